"""The commands on packs, on networks whose answers are known."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from tests.cli.start import GROWTH, HEAD, run, written

PACK = HEAD + """\
  gold_in_two_days: {tags: [promise], note: Why not, apply: [{table: promises, where: {tier: gold}, set: {lead_time: 2}}
  ]}
""" + GROWTH

# East alone is too small, West is too small, and two of the three sites are one DC.
STUCK_EDITS = ({"table": "sites", "where": {"site": "East"}, "set": {"capacity": "1000"}},
               {"table": "contracts", "insert": [{"contract": "one_dc", "kind": "sites_in_group", "group": "*",
                                                  "limit": "at_most", "quantity": "2"}]})
STUCK = f"  stuck: {{apply: {json.dumps(STUCK_EDITS)}}}\n"


class Done(NamedTuple):
    """A run of the pack that several tests look at: its folder, its cache, and what it printed."""

    out: Path
    cache: Path
    printed: Any


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    home = tmp_path_factory.mktemp("done")
    words = ("run", written(home, PACK), "--workers", "1", "--cache", home / "cache", "-o", home / "out")
    return Done(home / "out", home / "cache", run(*words))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_check_lists_every_fault_with_its_line(pack: Path) -> None:
    assert run("pack", "check", pack).exit_code == 0
    pack.write_text(PACK.replace("lead_time: 2", "lead_tme: 2").replace("quantity: 1.05", "quantity: many"),
                    encoding="utf-8")
    result = run("pack", "check", pack)
    assert result.exit_code == 3
    assert "small.yaml:6" in result.stdout
    assert "did you mean 'lead_time'" in result.stdout
    assert "small.yaml:8" in result.stdout
    document = json.loads(run("pack", "check", pack, "--json").stdout)
    assert document["errors"] == 2


@pytest.mark.slow
def test_expand_lists_the_cases(pack: Path) -> None:
    result = run("pack", "expand", pack)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "small: 3 cases"
    assert lines[4].split() == ["gold_in_two_days", "scenario", "today", "1", "promise", "Why", "not"]
    assert lines[5].split() == ["growth", "scenario", "today", "4"]
    document = json.loads(run("pack", "expand", pack, "--json").stdout)
    assert document["cases"][2]["edits"] == [
        {"table": "demand", "op": "scale", "values": {"quantity": "1.05"}, "on_conflict": "error", "source": "growth",
         "level": 1}]


@pytest.mark.slow
def test_diff_shows_cells_old_and_new(pack: Path, tmp_path: Path) -> None:
    result = run("pack", "diff", pack, "growth", "-o", tmp_path / "cells.csv")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "growth: 4 cells"
    assert "A / box / year" in result.stdout
    assert [(row["key"], row["old"], row["new"]) for row in rows(tmp_path / "cells.csv")] == [
        ("A / box / year", "20000", "21000"), ("B / box / year", "20000", "21000"),
        ("C / box / year", "10000", "10500"), ("D / box / year", "10000", "10500")]
    assert run("pack", "diff", pack, "grwth").exit_code == 2


@pytest.mark.slow
def test_run_prints_the_comparison_and_writes_its_tables(done: Done) -> None:
    out, _, result = done
    assert result.exit_code == 0, result.output
    assert "3 of 3 scenarios have a plan" in result.stdout
    assert "done 3/3" in result.stderr
    assert {p.name for p in out.iterdir()} == {
        "cases.csv", "scenarios.csv", "inputs.csv", "differences.csv", "order.csv", "kpis.csv", "pareto.csv",
        "changes.csv", "findings.csv", "pack.json", "run.json", "versions.json", "solutions", "report.html",
        "workbook.xlsx"}
    table = {row["scenario"]: row for row in rows(out / "scenarios.csv")}
    assert float(table["gold_in_two_days"]["point"]) == pytest.approx(-11_500)
    assert table["gold_in_two_days"]["verdict"] == "cheaper"
    assert [row["new"] for row in rows(out / "changes.csv") if row["scenario"] == "gold_in_two_days"] == ["2"]
    assert cts.load(out / "solutions" / "today").total_cost == pytest.approx(633_500)
    assert json.loads((out / "versions.json").read_text())["ctsopt"] == json.loads(
        run("version", "--json").stdout)["ctsopt"]


@pytest.mark.slow
def test_a_second_run_solves_nothing_and_writes_the_same(done: Done, pack: Path, tmp_path: Path) -> None:
    again = run("run", pack, "--workers", "1", "--cache", done.cache, "-o", tmp_path / "two")
    assert again.stderr.count("from the cache") == 3
    files = [p for p in done.out.glob("*.*") if p.name != "cases.csv"]
    assert len(files) >= 10
    assert [p.name for p in files if p.read_bytes() != (tmp_path / "two" / p.name).read_bytes()] == []


@pytest.mark.slow
def test_compare_reads_the_folder_of_a_run(done: Done, tmp_path: Path) -> None:
    result = run("compare", done.out, "-o", tmp_path / "again")
    assert result.exit_code == 0
    assert result.stdout == done.printed.stdout
    for name in ("scenarios.csv", "order.csv", "differences.csv", "inputs.csv", "kpis.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (done.out / name).read_bytes()
    other = json.loads(run("compare", done.out, "--against", "growth", "--json").stdout)
    assert other["against"] == "growth"
    by_name = {row["scenario"]: row for row in other["scenarios"]}
    assert by_name["today"]["verdict"] == "cheaper"


@pytest.mark.slow
def test_compare_puts_saved_solutions_side_by_side(tmp_path: Path) -> None:
    net = cts.read(examples.path("two_dcs"))
    cts.solve(net, gap=0.0).save(tmp_path / "now")
    assert run("solve", "two_dcs", "-o", tmp_path / "answer", "-q").exit_code == 0
    cts.solve(net.with_edits({"table": "demand", "scale": {"quantity": 0.5}}), gap=0.0).save(tmp_path / "half")
    document = json.loads(run("compare", tmp_path / "now", tmp_path / "answer", tmp_path / "half", "--as-is", "now",
                              "--json").stdout)
    assert [row["scenario"] for row in document["scenarios"]] == ["now", "answer", "half"]
    assert [row["verdict"] for row in document["scenarios"]] == ["same", "same", "cheaper"]
    assert document["as_is"] == "now"
    assert document["bases"] == []  # what everything is compared with is the plan of today itself
    document = json.loads(run("compare", tmp_path / "now", tmp_path / "answer", tmp_path / "half", "--as-is", "now",
                              "--against", "answer", "--json").stdout)
    assert [row["scenario"] for row in document["bases"]] == ["answer", "half"]


@pytest.mark.slow
def test_two_runs_side_by_side_have_the_names_of_their_folders(done: Done, tmp_path: Path) -> None:
    for name in ("before", "after"):
        shutil.copytree(done.out, tmp_path / name)
    document = json.loads(run("compare", tmp_path / "before", tmp_path / "after", "--json").stdout)
    assert [row["scenario"] for row in document["scenarios"]][::3] == ["before/today", "after/today"]


@pytest.mark.slow
def test_a_scenario_that_fails_is_exit_code_6_and_the_tables_are_written(pack: Path, tmp_path: Path) -> None:
    pack.write_text(PACK + STUCK, encoding="utf-8")
    result = run("run", pack, "--workers", "1", "-o", tmp_path / "out")
    assert result.exit_code == 6, result.output
    assert "3 of 4 scenarios have a plan" in result.stdout
    table = {row["scenario"]: row for row in rows(tmp_path / "out" / "scenarios.csv")}
    assert table["stuck"]["outcome"] == "infeasible"
    assert table["stuck"]["cost"] == ""
    assert float(table["growth"]["cost"]) > 633_500
    assert (tmp_path / "out" / "shortfalls.csv").is_file()
    only = run("run", pack, "--workers", "1", "--only", "growth", "-q")
    assert only.exit_code == 0
    assert "2 of 2 scenarios" in only.stdout


@pytest.mark.slow
def test_where_nothing_has_a_plan_that_is_said(pack: Path) -> None:
    pack.write_text(PACK.replace("model: two_dcs", "model: net"), encoding="utf-8")
    cts.read(examples.path("two_dcs")).with_edits(*STUCK_EDITS).write(pack.parent / "net")
    result = run("run", pack, "--workers", "1", "--json")
    assert result.exit_code == 6
    document = json.loads(result.stdout)
    assert document["comparison"] is None
    assert [row["outcome"] for row in document["cases"]] == ["infeasible"] * 3
    assert "no scenario has a plan" in run("run", pack, "--workers", "1").stdout


@pytest.mark.parametrize("words", [("run", "no_such_pack"), ("run", "three_bases", "--cache", "a", "--no-cache"),
                                   pytest.param(("run", "three_bases", "--only", "tody"), marks=pytest.mark.slow),
                                   ("compare", "no_such_folder"),
                                   ("pack", "check", "no_such_pack"), ("run", "three_bases", "--workers", "0")])
def test_wrong_usage_is_2(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_faults_of_a_pack_are_exit_code_3_before_anything_is_solved(pack: Path, cache: Path) -> None:
    pack.write_text(PACK.replace("schema", "shema"), encoding="utf-8")
    assert run("run", pack).exit_code == 3
    assert not (cache / "cases").exists()


@pytest.mark.slow
def test_no_cache_keeps_nothing(pack: Path, cache: Path) -> None:
    assert run("run", pack, "--workers", "1", "--no-cache", "-q").exit_code == 0
    kept = {path.name for path in cache.iterdir()} if cache.exists() else set()
    assert kept <= {"solver.json"}  # that the solver was asked whether it lies; no answers


def test_an_unknown_pack_names_the_examples() -> None:
    result = run("run", "no_such_pack")
    assert "tier_structures" in result.stderr


@pytest.mark.slow
def test_new_copies_a_pack_with_its_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("new", "three_bases", "mine")
    assert result.exit_code == 0
    assert "next: ctsopt run mine/three_bases.yaml" in result.stderr
    assert sorted(p.name for p in Path("mine").iterdir()) == ["three_bases", "three_bases.yaml"]
    assert run("pack", "check", "mine/three_bases.yaml").exit_code == 0


def test_no_pack_has_the_name_of_a_network() -> None:
    assert not set(examples.packs()) & set(examples.names())
    assert {"three_bases", "tier_structures"} <= set(examples.packs())


@pytest.mark.slow
def test_interrupted_is_130_and_what_is_done_is_shown(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ctsopt.running import worker

    real, calls = worker.solve_case, []

    def second_is_interrupted(*words, **named):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*words, **named)

    monkeypatch.setattr(worker, "solve_case", second_is_interrupted)
    assert run("run", pack, "--workers", "1").exit_code == 130


@pytest.mark.slow
def test_the_tables_of_three_bases_are_those_of_paper(tmp_path: Path) -> None:
    """West is there for nothing: 633,500 - 10,000; D all from East costs 5,000 boxes x 1.30 more."""
    result = run("run", "three_bases", "--workers", "1", "--only", "as_is", "--only", "gold_in_two_days", "-o",
                 tmp_path / "out", "-q")
    assert result.exit_code == 0, result.output
    table = pd.read_csv(tmp_path / "out" / "scenarios.csv").set_index("scenario")
    assert table.loc["today", "cost"] == pytest.approx(623_500)
    assert table.loc["as_is", "cost"] == pytest.approx(630_000)
    assert table.loc["gold_in_two_days", "cost"] == pytest.approx(622_000)
    bases = pd.read_csv(tmp_path / "out" / "bases.csv").set_index("scenario").loc["gold_in_two_days"]
    assert bases[["better_use_point", "idea_point", "total_point"]].tolist() == pytest.approx([-6_500, -1_500, -8_000])
