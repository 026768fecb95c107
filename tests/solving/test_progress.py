"""What is told while a network is read and solved, and what a person sees of it."""

from __future__ import annotations

import io
import math
import time

import pytest

import ctsopt as cts
from ctsopt import progress, working
from ctsopt.progress import Progress, Teller
from tests.small import solved
from tests.solving.test_solve import PAIR, hard


@pytest.mark.parametrize(("plan", "bound", "nodes", "words"), [
    (1200.0, 900.0, 12, "3 s · search · plan 1,200 · bound 900 · gap 25.00% · 12 nodes"),
    (math.inf, 1000.0, 12, "search · no plan yet · bound 1,000 · 12 nodes"),
    (1200.0, -math.inf, 0, "search · plan 1,200"),
    (1000.0, 1001.0, 0, "gap 0.00%"),
])
def test_a_state_in_words(plan, bound, nodes, words):
    assert str(Progress("search", 3.0, plan, bound, nodes)).strip().endswith(words)


def test_nobody_expects_a_plan_while_tables_are_read():
    assert str(Progress("reading", 1.0)).strip() == "1 s · reading"


@pytest.fixture
def clock(monkeypatch):
    """Seconds that the test sets."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_phases_and_better_plans_are_told_at_once_and_bounds_a_few_times_a_second(clock):
    told: list[Progress] = []
    teller = Teller(told.append)
    teller.phase("search")
    teller.search(9.0, 5.0, 1)
    teller.search(9.0, 6.0, 2)  # too soon
    clock[0] += 0.3
    teller.search(math.inf, 5.5, 3)
    assert [(t.plan, t.bound, t.nodes) for t in told] == [(math.inf, -math.inf, 0), (9.0, 5.0, 1), (9.0, 6.0, 3)]
    assert [t.seconds for t in told] == pytest.approx([0.0, 0.0, 0.3])


def test_of_a_search_within_a_search_only_the_nodes_are_told(clock):
    told: list[Progress] = []
    teller = Teller(told.append)
    teller.phase("stock")
    teller.plan(20.0)
    for _ in range(2):  # five nodes each
        nested = teller.nested()
        nested.phase("relaxation")
        clock[0] += 1
        nested.search(7.0, 30.0, 5)
    assert (told[-1].phase, told[-1].plan, told[-1].bound, told[-1].nodes) == ("stock", 20.0, -math.inf, 10)


def test_the_log_gets_a_line_every_ten_seconds(caplog, clock):
    caplog.set_level("INFO", logger="ctsopt.solve")
    teller = Teller()
    for _ in range(25):
        clock[0] += 1
        teller.search(9.0, 8.0, 1)
    assert len(caplog.records) == 2


def test_a_solve_tells_its_phases_its_plans_and_its_bounds():
    told: list[Progress] = []
    solution = cts.solve(hard(), gap="1%", progress=told.append)
    assert [p for k, p in enumerate(t.phase for t in told) if k == 0 or told[k - 1].phase != p] == [
        "building", "first plan", "relaxation", "search", "polish", "read back"]
    assert [t.plan for t in told] == sorted((t.plan for t in told), reverse=True)
    assert [t.bound for t in told] == sorted(t.bound for t in told)
    assert [t.seconds for t in told] == sorted(t.seconds for t in told)
    assert told[-1].bound == pytest.approx(solution.bound, rel=1e-6)
    assert told[-1].gap <= 0.01 + 1e-9
    assert solution.record["options"]["gap"] == 0.01


def test_reading_tells_its_phases(tmp_path):
    told: list[Progress] = []
    cts.read(cts.network(PAIR).write(tmp_path / "pair"), progress=told.append)
    assert [t.phase for t in told] == ["reading", "checking", "ways"]


@pytest.mark.parametrize("phase", ["building", "search"])
def test_what_is_raised_by_who_is_told_ends_the_solve(phase):
    """At the beginning of the building, and in a call of the solver's own thread."""
    def stop(now: Progress) -> None:
        if now.phase == phase and (phase == "building" or now.bound > -math.inf):
            raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        cts.solve(hard(), gap=0.0, progress=stop)


@pytest.mark.parametrize("gap", ["1%", " 1 %", "0.01", 0.01])
def test_a_gap_in_percent(gap):
    assert solved(PAIR, gap=gap).record["options"]["gap"] == pytest.approx(0.01)


@pytest.mark.parametrize("gap", ["one", "%", "100%", "-1%", "nan"])
def test_a_gap_that_is_none(gap):
    with pytest.raises(cts.UsageError, match="gap"):
        solved(PAIR, gap=gap)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_one_line_that_is_wiped_at_the_end(monkeypatch):
    monkeypatch.setattr(working, "_AFTER", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with working.working(stream) as tell:
        tell(Progress("search", 2.0, 1200.0, 900.0, 12))
        deadline = time.monotonic() + 20
        while "search" not in stream.getvalue() and time.monotonic() < deadline:
            time.sleep(0.02)
    assert "search · plan 1,200 · bound 900 · gap 25.00% · 12 nodes" in stream.getvalue()
    assert stream.getvalue().rindex("\x1b[2K") > stream.getvalue().rindex("search")  # wiped


def test_elsewhere_there_is_a_line_for_each_phase_after_the_first_second(monkeypatch):
    stream = io.StringIO()
    with working.working(stream) as tell:
        tell(Progress("reading"))
        assert stream.getvalue() == ""  # what is done within a second shows nothing
        monkeypatch.setattr(working, "_AFTER", -1.0)
        for plan in (9.0, 8.0):
            tell(Progress("search", plan=plan))
        tell(Progress("polish", plan=8.0))
    assert [line.split(" · ", 1)[1] for line in stream.getvalue().splitlines()] == ["search · plan 9",
                                                                                    "polish · plan 8"]


def test_a_long_phase_is_shown_though_nothing_more_is_told(monkeypatch):
    monkeypatch.setattr(working, "_AFTER", 0.05)
    stream = io.StringIO()
    with working.working(stream) as tell:
        tell(Progress("relaxation", plan=8.0))
        deadline = time.monotonic() + 20
        while not stream.getvalue() and time.monotonic() < deadline:
            time.sleep(0.02)
    assert stream.getvalue().count("relaxation · plan 8") == 1
