"""The runner: every case once, from its parent's plan, whoever does the work; what fails is a row."""

from __future__ import annotations

import io
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.comparing import outcome
from ctsopt.comparing.outcome import run
from ctsopt.results.store import load
from ctsopt.running import answers, crew, runner, worker
from ctsopt.running.job import Job, behind
from ctsopt.running.progress import Event, watching
from ctsopt.testing import random_network
from tests.running.packs import Pack, cheap, impossible, same_tables, searches
from tests.solving.test_solve import hard


@pytest.fixture
def solves(monkeypatch):
    """Networks solved in this process, with what they start from."""
    calls, real = [], worker.solve_case

    def spy(net, options, start, **named):
        calls.append((net, dict(options), start))
        return real(net, options, start, **named)

    monkeypatch.setattr(worker, "solve_case", spy)
    return calls


def five() -> Pack:
    """min(5 q, fixed + q): 130, 500 - its dc costs 600 -, 50 for 10 units, the first again, and one with no plan."""
    return Pack({"today": cheap(), "dear": cheap(fixed=600), "few": cheap(10, 50), "again": cheap(),
                 "impossible": impossible()}, parents={"few": "dear"})


@pytest.mark.slow
def test_one_row_per_case(tmp_path, solves):
    result = run(five(), workers=1, cache=tmp_path)
    rows = result.rows.set_index("scenario")
    assert list(result.rows.columns) == list(outcome.COLUMNS)
    assert rows.index.tolist() == ["today", "dear", "few", "again", "impossible"]
    assert rows["cost"].tolist()[:4] == pytest.approx([130, 500, 50, 130])
    assert rows["bound"].tolist()[:4] == pytest.approx([130, 500, 50, 130])
    assert rows["outcome"].tolist() == ["proven"] * 4 + ["infeasible"]
    assert rows["start"].tolist() == ["", "today", "dear", "", "today"]
    assert rows["parent"].tolist() == ["", "today", "dear", "today", "today"]
    assert rows["from_cache"].tolist() == [False, False, False, True, False]
    assert rows.loc["again", "key"] == rows.loc["today", "key"]
    assert "the promises cannot all be kept" in rows.loc["impossible", "message"]
    told = result.shortfalls[["scenario", "what", "who", "row", "shortfall"]]
    assert told.to_dict("records") == [{
        "scenario": "impossible", "what": "demand that cannot be served", "who": "C / standard / goods / year",
        "row": "serve_demand", "shortfall": pytest.approx(30)}]
    words = result.reasons["reasons"]
    assert "the capacity of D (30 units more would be enough)" in {line.strip() for line in words["words"]}
    assert result.offers[["scenario", "kind", "figure"]].to_dict("records") == [
        {"scenario": "impossible", "kind": "share", "figure": pytest.approx(0.7)},
        {"scenario": "impossible", "kind": "limit", "figure": pytest.approx(30)}]
    assert result.failed == ["impossible"]
    assert not result.interrupted
    assert str(result) == "test: 5 cases: 4 proven, 1 infeasible"
    assert len(solves) == 4  # `again` is `today`


@pytest.mark.slow
def test_a_case_starts_from_the_open_sites_of_its_parent(tmp_path, solves):
    """`few` from `dear`, where D is shut, and not from `today`, where it is open; the baseline from nothing."""
    run(five(), workers=1, cache=tmp_path)
    assert [start for _, _, start in solves] == [None, {"P": True, "D": True}, {"P": True, "D": False},
                                                 {"P": True, "D": True}]
    assert all(options["gap"] == 0.0 and options["seed"] == 0 for _, options, _ in solves)


@pytest.mark.slow
def test_a_case_whose_parent_failed_starts_from_nothing(tmp_path, solves):
    pack = Pack({"today": impossible(), "child": cheap()})
    rows = run(pack, workers=1, cache=tmp_path).rows
    assert rows["outcome"].tolist() == ["infeasible", "proven"]
    assert rows["start"].tolist() == ["", ""]
    assert solves[1][2] is None


@pytest.mark.slow
def test_solutions_are_read_when_they_are_looked_at(tmp_path):
    result = run(five(), workers=1, cache=tmp_path)
    assert list(result.solutions) == ["today", "dear", "few", "again"]
    assert len(result.solutions) == 4
    assert result.solutions["few"].total_cost == pytest.approx(50)
    assert result.solutions["few"].net == cheap(10, 50)
    assert "impossible" not in result.solutions
    with pytest.raises(cts.UsageError, match="impossible has no plan: infeasible"):
        result.solutions["impossible"]
    with pytest.raises(cts.UsageError, match="did you mean 'today'"):
        result.solutions["todya"]
    key = result.rows.set_index("scenario").loc["dear", "key"]
    (tmp_path / "cases" / key / "solution" / "costs.parquet").unlink()
    with pytest.raises(cts.UsageError, match="run the pack again"):
        result.solutions["dear"]


def test_each_plan_is_read_once_and_its_figures_are_kept(tmp_path, monkeypatch):
    """A comparison, its key figures and the folder of a run: two plans, two readings, nothing worked out again."""
    pack = cts.Pack.of(cheap(), [cts.Scenario("few", {"table": "demand", "scale": {"quantity": 0.1}})],
                       solve={"gap": 0.0})
    result = cts.run(pack, workers=1, cache=tmp_path)
    entry = tmp_path / "cases" / result.rows["key"].iloc[1]
    expected = load(entry / "solution").kpis()
    pd.testing.assert_frame_equal(pd.read_parquet(entry / "kpis.parquet"), expected)
    reads = []
    monkeypatch.setattr(answers, "load", lambda folder: reads.append(folder) or load(folder))
    monkeypatch.setattr(cts.Solution, "kpis", lambda *_: pytest.fail("the key figures are worked out again"))
    found = result.compare()
    assert found.scenarios["cost"].tolist() == pytest.approx([130, 40])
    assert found.kpis["few"].xs("cost_line", level="kpi").tolist() == \
        expected.loc[expected["kpi"] == "cost_line", "value"].tolist()
    for name in result.solutions:
        result.solutions.save(name, tmp_path / "saved" / name)
    assert len(reads) == 2
    assert load(tmp_path / "saved" / "few").total_cost == pytest.approx(40)
    with pytest.raises(cts.UsageError, match="did you mean 'few'"):
        result.solutions.save("fwe", tmp_path / "saved" / "fwe")


def test_of_large_plans_the_last_few_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(answers.Solutions, "_ROOM", 0)
    monkeypatch.setattr(answers.Solutions, "_KEPT", 2)
    solutions = run(five(), workers=1, cache=tmp_path).solutions
    first = {name: solutions[name] for name in ("today", "dear", "few")}
    assert solutions["few"] is first["few"]
    assert solutions["dear"] is first["dear"]
    assert solutions["today"] is not first["today"]


@pytest.mark.slow
def test_what_was_solved_is_not_solved_again(tmp_path, solves):
    first = run(five(), workers=1, cache=tmp_path)
    solves.clear()
    second = run(five(), workers=1, cache=tmp_path)
    assert solves == []
    assert second.rows["from_cache"].all()
    pd.testing.assert_frame_equal(first.rows.drop(columns="from_cache"), second.rows.drop(columns="from_cache"))
    other = five()
    other.options = {"gap": 0.5}
    run(other, workers=1, cache=tmp_path)
    assert len(solves) == 4
    solves.clear()
    run(five(), workers=1, cache=tmp_path, seed=7)
    assert [options["seed"] for _, options, _ in solves] == [7] * 4


@pytest.mark.slow
def test_a_damaged_entry_is_solved_again(tmp_path, solves):
    first = run(five(), workers=1, cache=tmp_path)
    solves.clear()
    key = first.rows.set_index("scenario").loc["dear", "key"]
    flows = tmp_path / "cases" / key / "solution" / "flows.parquet"
    flows.write_bytes(flows.read_bytes()[:-100])
    second = run(five(), workers=1, cache=tmp_path)
    assert [net for net, *_ in solves] == [cheap(fixed=600)]
    assert "solution/flows.parquet is not as it was written" in second.notes[0]
    assert second.rows["from_cache"].tolist() == [True, False, True, True, True]
    same = ["scenario", "key", "start", "outcome", "cost", "bound", "gap_money"]
    pd.testing.assert_frame_equal(first.rows[same], second.rows[same])


@pytest.mark.slow
def test_only_some_cases_and_those_they_start_from(tmp_path):
    pack = five()
    rows = run(pack, workers=1, cache=tmp_path, only=["few"]).rows
    assert rows["scenario"].tolist() == ["today", "dear", "few"]
    assert pack.asked == ["today", "dear", "few"]
    assert run(pack, workers=1, cache=tmp_path, only="again").rows["scenario"].tolist() == ["today", "again"]
    with pytest.raises(cts.UsageError, match="did you mean 'dear'"):
        run(pack, workers=1, cache=tmp_path, only=["daer"])


@pytest.mark.slow
def test_hashes_that_are_known_spare_the_networks(tmp_path):
    """Of a pack that was checked: what is in the cache is not resolved again; `again` is `today`, which is solved."""
    pack = five()
    pack.hashes = {name: net.hash for name, net in pack.networks.items()}
    first = run(pack, workers=1, cache=tmp_path)
    assert pack.asked == ["today", "dear", "few", "impossible"]
    pack.asked.clear()
    second = run(pack, workers=1, cache=tmp_path)
    assert pack.asked == []
    pd.testing.assert_frame_equal(first.rows.drop(columns="from_cache"), second.rows.drop(columns="from_cache"))
    pack.networks = {"today": cheap(), "x": cheap(20), "y": cheap(20), "z": cheap(30), "w": cheap(40)}
    pack.hashes = {name: net.hash for name, net in pack.networks.items()}
    pack.parents = {"x": "today", "y": "w", "z": "y"}
    pack.networks = {name: pack.networks[name] for name in ("today", "x", "w", "y", "z")}
    rows = run(pack, workers=1, cache=tmp_path, only=["z"]).rows
    assert rows["scenario"].tolist() == ["today", "x", "y", "z"]
    assert rows["start"].tolist() == ["", "today", "today", "x"]
    pack.networks["w"] = cheap(77)
    with pytest.raises(cts.SolverError, match="the network of w is not the one that was checked"):
        run(pack, workers=1, cache=tmp_path, only=["w"])


@pytest.mark.slow
def test_a_pack_file_is_run(tmp_path):
    """min(5 q, fixed + q): 130 by the dc; 500 where it costs 600; for 10 units 50 or, by the dc for 30, 40."""
    cheap().write(tmp_path / "model")
    (tmp_path / "pack.yaml").write_text("""\
schema: ctsopt/pack/1
pack: small
model: model
solve: {gap: 0}
overrides:
  dear_dc: [{table: sites, where: {site: D}, set: {fixed_cost: 600}}]
  few: [{table: demand, scale: {quantity: 0.1}}]
scenarios:
  dear: {apply: [dear_dc]}
  dear_few: {extends: dear, apply: [few]}
  few: {apply: [few]}
""")
    rows = run(tmp_path / "pack.yaml", workers=1, cache=tmp_path / "cache").rows.set_index("scenario")
    assert rows["cost"].to_dict() == pytest.approx({"today": 130, "dear": 500, "dear_few": 50, "few": 40})
    assert rows["start"].to_dict() == {"today": "", "dear": "today", "dear_few": "dear", "few": "today"}
    assert rows["kind"].to_dict() == {"today": "baseline", "dear": "scenario", "dear_few": "scenario",
                                      "few": "scenario"}
    again = run(str(tmp_path / "pack.yaml"), workers=2, cache=tmp_path / "cache").rows
    assert again["from_cache"].all()
    (tmp_path / "pack.yaml").write_text("schema: ctsopt/pack/1\npack: small\nmodel: modle\n")
    with pytest.raises(cts.DataError, match=r"pack.yaml:3"):
        run(tmp_path / "pack.yaml", cache=tmp_path / "cache")


@pytest.mark.slow
def test_faults_of_one_case_are_its_row(tmp_path, monkeypatch, caplog):
    """Tables with faults, and a fault of ours: each is told, and the pack goes on."""
    pack = five()
    pack.networks["dear"] = cts.UsageError("no such\n  thing")
    real = worker.solve_case

    def fails(net, options, start, **named):
        if net == cheap(10, 50):
            monkeypatch.setattr(sys.modules["ctsopt.solving"], "solve", lambda *_, **__: 1 / 0)
            answer = real(net, options, start, **named)
            monkeypatch.undo()
            return answer
        return real(net, options, start, **named)

    monkeypatch.setattr(worker, "solve_case", fails)
    result = run(pack, workers=1, cache=tmp_path)
    rows = result.rows.set_index("scenario")
    assert rows["outcome"].tolist() == ["proven", "error", "error", "proven", "infeasible"]
    assert rows.loc["dear", "message"] == "no such; thing"
    assert rows.loc["few", "message"] == "ZeroDivisionError: division by zero"
    assert "Traceback" in caplog.text
    assert rows.loc["few", "start"] == ""
    assert result.failed == ["dear", "few", "impossible"]
    again = run(five(), workers=1, cache=tmp_path).rows.set_index("scenario")
    assert again["outcome"].tolist() == ["proven"] * 4 + ["infeasible"]
    assert again["from_cache"].tolist() == [True, False, False, True, True]  # errors are not kept


@pytest.mark.slow
def test_many_cases_are_not_all_held_at_once(tmp_path):
    """While the first is solved, at most eight others wait."""
    nets = {f"n{k:02}": cheap(10 + k) for k in range(12)}
    pack, seen = Pack(nets), []

    def watch(event: Event) -> None:
        seen.append((event.kind, event.scenario, len(pack.asked)))

    with ThreadPoolExecutor(1) as pool:
        held = threading.Event()
        pool.submit(held.wait, 60)
        timer = threading.Timer(1.0, held.set)
        timer.start()
        result = run(pack, workers=1, executor=pool, cache=tmp_path, watch=watch)
        timer.join()
    assert seen[0] == ("begun", "n00", 1)
    assert seen[1] == ("done", "n00", 1 + runner._AHEAD)
    assert result.rows["cost"].tolist() == pytest.approx([30 + 10 + k for k in range(12)])


@pytest.mark.slow
def test_one_process_and_two_give_the_same_tables(tmp_path):
    alone = run(searches(), workers=1, cache=tmp_path / "one")
    assert set(alone.rows["outcome"]) == {"gap", "proven", "infeasible"}
    pair = run(searches(), workers=2, cache=tmp_path / "two")
    same_tables(alone, pair)
    assert list((tmp_path / "two" / "drafts").iterdir()) == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_dask_cluster_gives_the_same_tables(tmp_path):
    pytest.importorskip("distributed", reason="the extra [distributed] is not installed")
    alone = run(searches(), workers=1, cache=tmp_path / "one")
    with crew.dask_executor(workers=2) as executor:
        cluster = run(searches(), executor=executor, cache=tmp_path / "dask")
    same_tables(alone, cluster)


def test_dask_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (pytest.raises(cts.UsageError, match=r"pip install 'ctsopt\[distributed\]'"),
          crew.dask_executor()):
        pass


@pytest.mark.slow
def test_a_case_ended_by_the_clock_says_so_and_its_bounds_hold(tmp_path):
    """The least cost lies within what the short run and the long one prove: the intervals overlap."""
    nets = {"today": hard(30, seed=1)}
    short = run(Pack(nets, {"gap": 0.0, "time_limit": 1.0}), workers=1, cache=tmp_path).rows.loc[0]
    long = run(Pack(nets, {"gap": 0.0, "time_limit": 8.0}), workers=1, cache=tmp_path).rows.loc[0]
    assert short["outcome"] == "time_limit"
    assert short["bound"] < short["cost"]
    assert short["gap_money"] == pytest.approx(short["cost"] - short["bound"])
    assert max(short["bound"], long["bound"]) <= min(short["cost"], long["cost"]) + 1e-6
    again = run(Pack(nets, {"gap": 0.0, "time_limit": 1.0}), workers=1, cache=tmp_path).rows.loc[0]
    assert again["from_cache"]
    assert again["outcome"] == "time_limit"


@pytest.mark.slow
def test_no_plan_within_the_time_is_told_and_not_kept(tmp_path, solves):
    pack = Pack({"today": hard(30, seed=1), "child": cheap()}, {"gap": 0.0, "time_limit": 1e-6})
    first = run(pack, workers=1, cache=tmp_path).rows
    assert first["outcome"][0] == "time_limit"
    assert first.loc[0, ["cost", "bound"]].isna().all()
    assert "allow more time" in first["message"][0]
    assert first["start"][1] == ""
    run(pack, workers=1, cache=tmp_path)
    assert sum(net == hard(30, seed=1) for net, *_ in solves) == 2


def test_the_gap_may_be_asked_for_in_money(tmp_path):
    """One plan costs 1000 at most above another; any of both is within 10,000."""
    pack = Pack({"today": hard(8)}, {"gap": 0.0, "abs_gap": 500.0})
    row = run(pack, workers=1, cache=tmp_path).rows.loc[0]
    assert row["outcome"] in ("gap", "proven")
    assert row["gap_money"] <= 500.0


@pytest.mark.parametrize("seed", range(1, 7))
def test_tables_survive_the_way_to_a_worker(seed):
    """What a worker builds from plain tables is the network that was meant."""
    net = cts.network(random_network(seed))
    task = pickle.loads(pickle.dumps(crew.task(net, {"gap": 0.1}, None)))
    assert cts.network(task.tables) == net
    assert task.hash == net.hash


def test_a_worker_with_other_versions_refuses():
    task = crew.task(cheap(), {"gap": 0.0}, None)
    assert worker.work(task).outcome == "proven"
    older = type(task)(task.tables, task.hash, task.options, None, {**task.made_by, "highspy": "0.1"})
    assert worker.work(older).outcome == "error"
    assert "instead of 0.1: install the same there as here" in worker.work(older).message
    changed = type(task)(task.tables, task.hash, task.options, None, {**task.made_by, "code": "0"})
    assert "other files of ctsopt" in worker.work(changed).message
    wrong = type(task)(task.tables, "0", task.options, None, task.made_by)
    assert "not the one that was sent" in worker.work(wrong).message


@pytest.mark.parametrize(("options", "words"), [
    ({"seed": 1}, "belongs to whoever runs the pack"), ({"threads": 4}, "belongs to whoever runs the pack"),
    ({"tme_limit": 1}, "did you mean 'time_limit'"), ({"gap": 7}, "a share is meant"), ({"zzz": 1}, "there are: gap")])
def test_options_that_are_none(tmp_path, options, words):
    with pytest.raises(cts.UsageError, match=words):
        run(Pack({"today": cheap()}, options), cache=tmp_path)


@pytest.mark.parametrize("workers", [0, -1, True, 1.5])
def test_workers_that_are_none(tmp_path, workers):
    with pytest.raises(cts.UsageError, match="whole number from 1 up"):
        run(five(), workers=workers, cache=tmp_path)


def test_an_executor_that_is_none(tmp_path):
    with pytest.raises(cts.UsageError, match=r"client.get_executor\(\)"):
        run(five(), executor=object(), cache=tmp_path)


def test_a_child_before_its_parent_is_refused(tmp_path):
    pack = Pack({"a": cheap(), "b": cheap(50), "c": cheap(40)}, parents={"b": "c"})
    with pytest.raises(cts.UsageError, match="'b' does not come after its parent 'c'"):
        run(pack, cache=tmp_path)


def test_as_many_workers_as_cores_but_not_more_than_cases(monkeypatch, tmp_path):
    monkeypatch.setattr(crew, "cores", lambda: 3)
    for cases, count in ((1, 1), (2, 2), (9, 3)):
        made = crew.crew_of(None, None, cases, lambda: tmp_path)
        assert made.slots == count
        made.end()


# ---- how it shows itself ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_line_per_case_on_a_stream_that_is_no_terminal(tmp_path):
    stream = io.StringIO()
    with watching(stream) as watch:
        run(five(), workers=1, cache=tmp_path, watch=watch)
    lines = stream.getvalue().splitlines()
    assert [line.split(" · ")[:2] for line in lines] == [
        ["done 1/5", "today"], ["done 2/5", "dear"], ["done 3/5", "few"], ["done 4/5", "again"],
        ["done 5/5", "impossible"]]
    assert lines[0].endswith("s · proven optimal")
    assert lines[3] == "done 4/5 · again · the same as today · proven optimal"
    assert "infeasible: the promises cannot all be kept" in lines[4]


def test_words_of_a_line():
    assert str(Event("done", "gold_1d", 7, 12, "gap", "", 41.3, 0.004)) == "done 7/12 · gold_1d · 41 s · gap 0.4 %"
    assert str(Event("done", "x", 1, 2, "time_limit", "", 2.0, 0.05)) == "done 1/2 · x · 2.0 s · gap 5 % (time limit)"
    assert str(Event("begun", "x", 1, 2)) == "begun · x"
    sly = str(Event("done", "\x1b[31m" + "n" * 10_000, 1, 2, "error", "a\nb\x07" + "m" * 10_000))
    assert "\x1b" not in sly
    assert "\n" not in sly
    assert len(sly) < 320


def test_a_bar_on_a_terminal():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with watching(stream) as watch:
        watch(Event("begun", "[bold]gold[/bold]", 0, 2))
        watch(Event("done", "[bold]gold[/bold]", 1, 2, "gap", "", 41.3, 0.004))
    assert "done 1/2 · [bold]gold[/bold] · 41 s · gap 0.4 %" in stream.getvalue()
    assert "1/2" in stream.getvalue()


@pytest.mark.slow
def test_the_library_prints_nothing(tmp_path, capfd):
    run(five(), workers=2, cache=tmp_path)
    assert capfd.readouterr() == ("", "")


# ---- tables on disk --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_table_is_written_and_harmless(tmp_path):
    """A text that a spreadsheet would run is text; numbers below 0 stay numbers."""
    pack = Pack({"=cmd|' /C calc'!A0": cheap(), "x": impossible()})
    result = run(pack, workers=1, cache=tmp_path / "cache")
    folder = result.write(tmp_path / "out")
    cases = pd.read_csv(folder / "cases.csv", keep_default_na=False)
    assert cases["scenario"].tolist() == ["'=cmd|' /C calc'!A0", "x"]
    assert cases["cost"].tolist() == ["130.0", ""]
    assert len(pd.read_csv(folder / "shortfalls.csv")) == 1
    assert pd.read_csv(folder / "limits.csv")["amount"].tolist() == pytest.approx([30])
    assert len(pd.read_csv(folder / "offers.csv")) == 2
    run(Pack({"x": cheap()}), workers=1, cache=tmp_path / "cache").write(tmp_path / "out")
    assert {path.name for path in folder.iterdir()} == {"cases.csv"}


def test_whoever_is_free_takes_what_most_wait_for():
    """A row of three behind `base`, and one job by itself: b waits for a, c for b by a stricter promise."""
    jobs = [Job("base", cheap(), {}), Job("alone", cheap(), {}, "base"), Job("c", cheap(), {}, "base", stricter=("b",)),
            Job("a", cheap(), {}, "base"), Job("b", cheap(), {}, "a", stricter=("base", "elsewhere"))]
    assert behind(jobs) == {"base": 3, "alone": 0, "c": 0, "a": 2, "b": 1}
