"""What is shown within a case: its phases, plans and bounds, whoever solves it, and never at the cost of its answer."""

from __future__ import annotations

import io
import itertools
import math
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctsopt.comparing.outcome import run
from ctsopt.progress import Progress
from ctsopt.running.progress import Event, watching
from ctsopt.running.within import Listening, telling
from tests.often import drawn
from tests.running.packs import Pack, cheap, same_tables

SEARCH = Progress("search", 12.0, 175_306.0, 173_604.0, 31)


def two() -> Pack:
    """130 and 50, see `cheap`."""
    return Pack({"today": cheap(), "few": cheap(10, 50)})


def phases(events: list[Event], name: str) -> list[str]:
    """The phases of a case in the order in which they were told."""
    states = [event.state.phase for event in events if event.scenario == name and event.state is not None]
    return [phase for phase, _ in itertools.groupby(states)]


# ---- a pack ----------------------------------------------------------------------------------------------------------


def test_each_case_tells_its_phases_and_its_plan_between_its_beginning_and_its_end(tmp_path):
    events: list[Event] = []
    result = run(two(), workers=1, cache=tmp_path, watch=events.append)
    kinds = [(event.scenario, event.kind) for event in events]
    assert [kind for kind, _ in itertools.groupby(kinds)] == [
        (name, kind) for name in ("today", "few") for kind in ("begun", "working", "done")]
    for name, cost in (("today", 130.0), ("few", 50.0)):
        told = phases(events, name)
        assert told[0] == "building"
        assert told[-1] == "read back"
        last = [event.state for event in events if event.scenario == name and event.state is not None][-1]
        assert (last.plan, last.bound) == pytest.approx((cost, cost))
        assert result.rows.set_index("scenario")["cost"][name] == pytest.approx(cost)


@pytest.mark.slow
def test_processes_tell_what_this_one_would_and_give_the_same_answers(tmp_path):
    """Everything that is told before an answer is heard before it is handed on."""
    here: list[Event] = []
    there: list[Event] = []
    alone = run(two(), workers=1, cache=tmp_path / "one", watch=here.append)
    pair = run(two(), workers=2, cache=tmp_path / "two", watch=there.append)
    same_tables(alone, pair)
    for name in ("today", "few"):
        assert phases(there, name) == ["reading", *phases(here, name)]
        kinds = [event.kind for event in there if event.scenario == name]
        assert [kind for kind, _ in itertools.groupby(kinds)] == ["begun", "working", "done"]
    assert list((tmp_path / "two" / "drafts").iterdir()) == []


def test_an_executor_of_the_users_own_tells_nothing_within_a_case(tmp_path):
    events: list[Event] = []
    with ThreadPoolExecutor(1) as pool:
        result = run(two(), workers=1, executor=pool, cache=tmp_path, watch=events.append)
    assert [event.kind for event in events] == ["begun", "done", "begun", "done"]
    assert result.rows["cost"].tolist() == pytest.approx([130, 50])


def test_a_watch_that_fails_within_a_case_ends_the_run_and_spoils_no_answer(tmp_path):
    """The case is solved to its end and kept, as if nobody had looked on; the fault is the caller's to see."""
    def watch(event: Event) -> None:
        if event.kind == "working":
            raise OSError("nobody reads")

    with pytest.raises(OSError, match="nobody reads"):
        run(two(), workers=1, cache=tmp_path, watch=watch)
    again = run(two(), workers=1, cache=tmp_path)
    assert again.rows["from_cache"].tolist() == [True, False]
    assert again.rows["cost"].tolist() == pytest.approx([130, 50])


# ---- the file --------------------------------------------------------------------------------------------------------

figure = st.floats(allow_nan=False)
states = st.builds(Progress, st.text(), st.floats(0, 1e6), figure, figure, st.integers(0, 2**40))


@drawn(40)
@given(st.lists(states, max_size=6), st.lists(st.booleans(), min_size=6, max_size=6))
def test_all_that_is_written_is_heard_once_whenever_it_is_listened_to(told, listened):
    answer: Future[int] = Future()
    heard: list[Progress] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "0.states"
        tell, listening = telling(path), Listening(path, answer, heard.append)
        for count, (state, now) in enumerate(zip(told, listened, strict=False), 1):
            tell(state)
            if now:
                assert listening.hear()
                assert heard == told[:count]
        answer.set_result(0)
        assert not listening.hear()
        assert heard == told
        assert not path.exists()


def test_a_line_that_was_cut_is_not_shown_and_costs_no_other(tmp_path):
    path, heard = tmp_path / "0.states", []
    listening = Listening(path, Future(), heard.append)
    assert listening.hear()
    tell = telling(path)
    tell(SEARCH)
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write(whole[:20])
    assert listening.hear()
    assert heard == [SEARCH]
    with path.open("ab") as file:
        file.write(b"\n[1]\nnull\n\xff\n")
    tell(SEARCH)
    assert listening.hear()
    assert heard == [SEARCH, SEARCH]


def test_whoever_cannot_write_solves_on(tmp_path):
    telling(tmp_path / "no such folder" / "0.states")(SEARCH)
    assert list(tmp_path.iterdir()) == []


# ---- how it is shown -------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def working(name: str, state: Progress) -> Event:
    return Event("working", name, 0, 3, state=state)


def shown(monkeypatch, columns: int, *events: Event) -> str:
    """What a terminal of so many columns shows while the cases are solved."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with watching(stream) as watch:
        for event in events:
            watch(event)
    return stream.getvalue()


def test_the_line_has_phase_plan_bound_and_gap_of_the_case_that_began_first(monkeypatch):
    text = shown(monkeypatch, 120, Event("begun", "today", 0, 3), Event("begun", "few", 0, 3),
                 working("few", Progress("building")), working("today", SEARCH))
    assert "today · search · plan 175,306 · bound 173,604 · gap 0.97% · 31 nodes · also few" in text
    assert "0/3" in text


def test_the_line_is_cut_where_a_narrow_terminal_ends(monkeypatch):
    text = shown(monkeypatch, 60, Event("begun", "today", 0, 3), working("today", SEARCH))
    assert "today · search · plan 175,306 · bound" in text
    assert "nodes" not in text
    assert "…" in text


def test_elsewhere_a_line_per_case_and_where_it_is_asked_for_a_line_per_phase():
    events = [Event("begun", "today", 0, 1), working("today", Progress("building", 0.2)),
              working("today", Progress("search", 2.0)), working("today", SEARCH),
              working("today", Progress("read back", 13.0, 175_306.0, 175_306.0, 31)),
              Event("done", "today", 1, 1, "proven", "", 13.1)]
    plain, wordy = io.StringIO(), io.StringIO()
    for stream, asked in ((plain, False), (wordy, True)):
        with watching(stream, phases=asked) as watch:
            for event in events:
                watch(event)
    assert plain.getvalue() == "done 1/1 · today · 13 s · proven optimal\n"
    assert wordy.getvalue().splitlines() == [
        "working · today · 2 s · search · no plan yet",
        "working · today · 13 s · read back · plan 175,306 · bound 175,306 · gap 0.00% · 31 nodes",
        "done 1/1 · today · 13 s · proven optimal"]


def test_words_are_the_line_without_its_clock():
    assert str(SEARCH) == "   12 s · search · plan 175,306 · bound 173,604 · gap 0.97% · 31 nodes"
    assert SEARCH.words == "search · plan 175,306 · bound 173,604 · gap 0.97% · 31 nodes"
    assert math.isnan(Progress("search").gap)
