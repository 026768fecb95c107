"""The commands on networks whose answers are known."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import ctsopt as cts
from ctsopt import examples
from tests.cli.start import run
from tests.small import chain, lanes, table

SOURCE = Path(__file__).parents[2] / "src"


@pytest.fixture
def two_dcs(tmp_path: Path) -> Path:
    return examples.copy("two_dcs", tmp_path / "two_dcs")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} must stand once in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("words", [("-h",), ("--help",), ("solve", "-h"), ("template", "--help")])
def test_help(words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage:")


def test_help_lists_the_exit_codes() -> None:
    assert "5 stopped by a limit without a plan" in " ".join(run("-h").stdout.split())


@pytest.mark.parametrize("words", [("version",), ("--version",)])
def test_version(words: tuple[str, ...]) -> None:
    lines = dict(line.split(maxsplit=1) for line in run(*words).stdout.splitlines())
    assert lines["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"ctsopt", "highspy", "pandas", "pyomo"} <= lines.keys()


def test_version_as_json() -> None:
    assert json.loads(run("version", "--json").stdout)["python"] == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize("words", [("solv",), ("solve",), ("solve", "two_dcs", "--gap", "-1"), ("check", "--no-such"),
                                   ("solve", "two_dcs", "--links", "some"), ("check", "two_dcs", "-q", "-v")])
def test_wrong_usage_is_2(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_an_unknown_network_names_the_examples() -> None:
    result = run("solve", "no_such_network")
    assert result.exit_code == 2
    assert "two_dcs" in result.stderr


def test_new_copies_every_file(tmp_path: Path) -> None:
    result = run("new", "two_dcs", tmp_path / "mine")
    assert result.exit_code == 0
    original = examples.path("two_dcs")
    assert {p.name: p.read_bytes() for p in (tmp_path / "mine").iterdir()} == {
        p.name: p.read_bytes() for p in original.iterdir() if p.is_file()}


def test_new_never_overwrites_unasked(two_dcs: Path) -> None:
    (two_dcs / "sites.csv").write_text("mine", encoding="utf-8")
    assert run("new", "two_dcs", two_dcs).exit_code == 2
    assert (two_dcs / "sites.csv").read_text(encoding="utf-8") == "mine"
    assert run("new", "two_dcs", two_dcs, "--force").exit_code == 0
    assert (two_dcs / "sites.csv").read_bytes() == (examples.path("two_dcs") / "sites.csv").read_bytes()


def test_new_proposes_the_nearest_name(tmp_path: Path) -> None:
    result = run("new", "two_dc", tmp_path / "mine")
    assert result.exit_code == 2
    assert "did you mean 'two_dcs'?" in result.stderr
    assert not (tmp_path / "mine").exists()


def test_check_of_sound_tables(two_dcs: Path) -> None:
    result = run("check", two_dcs)
    assert result.exit_code == 0
    assert result.stdout.strip() == "no findings"


@pytest.fixture
def faulty(two_dcs: Path) -> Path:
    """Seven demand rows of a customer that does not exist."""
    with (two_dcs / "demand.csv").open("a", encoding="utf-8") as file:
        first = (two_dcs / "demand.csv").read_text(encoding="utf-8").splitlines()
        columns = first[0].split(",")
        row = dict(zip(columns, first[1].split(","), strict=True))
        for i in range(7):
            file.write(",".join({**row, "customer": f"A{i}", "quantity": "10"}[c] for c in columns) + "\n")
    return two_dcs


def test_summary_shows_what_a_network_holds(two_dcs: Path) -> None:
    shown = run("summary", two_dcs).stdout.splitlines()
    assert shown[0] == "two_dcs holds"
    assert "  customers   4: gold 2, standard 2" in shown
    document = json.loads(run("summary", two_dcs, "--json").stdout)
    demand = [row for row in document["summary"] if row["section"] == "demand" and not row["by"]]
    assert {row["item"]: row["value"] for row in demand} == {"requests": 4, "quantity": 60_000, "weight": 600_000}
    assert [row["sites"] for row in document["requests"]] == [2, 2, 2, 2]


def test_check_lists_first_rows_and_a_count(faulty: Path) -> None:
    result = run("check", faulty)
    assert result.exit_code == 3
    assert "demand.customer" in result.stdout
    assert "... and 2 more rows" in result.stdout
    assert "7 errors, 0 warnings" in result.stdout


def test_check_as_json_gives_every_row(faulty: Path) -> None:
    result = run("check", faulty, "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["errors"], document["warnings"]) == (3, 7, 0)
    assert [f["value"] for f in document["findings"]] == [f"A{i}" for i in range(7)]
    assert [f["row"] for f in document["findings"]] == list(range(6, 13))  # four demand rows, below a header


def test_solve_of_faulty_tables_is_3(faulty: Path) -> None:
    result = run("solve", faulty)
    assert result.exit_code == 3
    assert "7 errors, 0 warnings" in result.stderr
    assert result.stdout == ""


@pytest.mark.slow
def test_solve_shows_a_profit_and_loss_account_by_tier(two_dcs: Path) -> None:
    result = run("solve", two_dcs)
    assert result.exit_code == 0
    assert "633,500.00 USD" in result.stdout.split("Cost-to-serve")[0]
    account = {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines() if line[:1].isalpha()}
    assert account["units"] == ["30,000", "30,000", "60,000"]
    assert account["production"][-1] == "240,000"
    assert account["last_mile"][-1] == "157,500"
    assert result.stdout.splitlines()[-1].split() == ["total", "305,000", "328,500", "633,500"]


@pytest.mark.slow
def test_solve_takes_the_name_of_an_example() -> None:
    result = run("solve", "two_dcs", "--json", "--by", "tier,customer")
    document = json.loads(result.stdout)
    assert document["total_cost"] == pytest.approx(633_500, rel=1e-9)
    assert document["bound"] <= document["total_cost"] * (1 + 1e-9)
    assert document["status"]["solution"] == "optimal"
    assert document["cost_to_serve"][-1]["total"] == pytest.approx(633_500, rel=1e-9)
    # A, C are gold and B, D standard: 7.90, 8.70 and a third of each DC's cost by pallets (README of two_dcs)
    gold = {r["customer"]: r["total"] for r in document["cost_to_serve"] if r["tier"] == "gold"}
    assert gold["A"] == pytest.approx(158_000 + 60_000 * 20 / 45, rel=1e-9)
    assert gold["C"] == pytest.approx(87_000 + 50_000 * 10 / 15, rel=1e-9)


@pytest.mark.slow
def test_many_groups_stand_below_each_other(two_dcs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctsopt.cli.FEW_GROUPS", 4)
    result = run("solve", two_dcs, "--by", "customer,tier")
    assert result.exit_code == 0
    lines = [line.split() for line in result.stdout.split("Cost-to-serve")[1].splitlines()]
    assert lines[1] == ["customer", "tier", "units", "cost_per_unit", "cost", "total"]
    assert lines[3][:4] == ["A", "gold", "20,000", "9.23"]  # 7.90, and 60,000 x 20,000 / 45,000 spread over 20,000
    assert lines[-1] == ["total", "60,000", "10.56", "633,500", "633,500"]


@pytest.mark.slow
def test_displayed_rows_add_up_to_the_displayed_total(tmp_path: Path) -> None:
    """100 of fixed cost over three customers of equal size, who pay 1 a unit besides."""
    tables = chain(sites=table({"site": "D", "kind": "plant", "fixed_cost": 100}), lanes=lanes("D-A", "D-B", "D-C"),
                   customers=table(*({"customer": c} for c in "ABC")),
                   demand=table(*({"customer": c, "quantity": 1} for c in "ABC")))
    path = cts.network(tables).write(tmp_path / "three")
    account = {line.split()[0]: line.split()[1:] for line in run("solve", path, "--by", "customer").stdout.splitlines()
               if line[:1].isalpha()}
    assert account["site_fixed"] == ["33.34", "33.33", "33.33", "100.00"]
    assert account["last_mile"] == ["1.00", "1.00", "1.00", "3.00"]
    assert account["total"] == ["34.34", "34.33", "34.33", "103.00"]


@pytest.mark.slow
def test_solve_writes_what_it_found(two_dcs: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "answer"
    assert run("solve", two_dcs, "-o", out).exit_code == 0
    with (out / "costs.csv").open(encoding="utf-8") as file:
        costs = {row["line"]: float(row["amount"]) for row in csv.DictReader(file)}
    assert costs["site_fixed"] == pytest.approx(100_000, rel=1e-9)
    with (out / "kpis.csv").open(encoding="utf-8") as file:
        figures = {(row["kpi"], row["by"]): row for row in csv.DictReader(file)}
    assert float(figures["total_cost", ""]["value"]) == pytest.approx(633_500, rel=1e-9)
    assert figures["sites_opened", "dc"]["text"] == "West"
    assert sum(costs.values()) == pytest.approx(633_500, rel=1e-9)
    with (out / "cost_to_serve.csv").open(encoding="utf-8") as file:
        assert float(list(csv.DictReader(file))[-1]["total"]) == pytest.approx(633_500, rel=1e-9)
    assert cts.load(out / "solution").total_cost == pytest.approx(633_500, rel=1e-12)


def test_promises_that_cannot_be_kept_are_4(tmp_path: Path) -> None:
    """P makes 50 units of the 80 for A and B: gold has its 40, basic 10 of 40."""
    tables = chain(
        sites=table({"site": "P", "kind": "plant", "capacity": 50}, {"site": "D", "kind": "dc"}),
        tiers=table({"tier": "gold", "rank": 1}, {"tier": "basic", "rank": 2}),
        customers=table({"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "basic"}),
        demand=table({"customer": "A", "quantity": 40}, {"customer": "B", "quantity": 40}),
        lanes=lanes("P-D", "D-A", "D-B"))
    for name, frame in tables.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    result = run("solve", tmp_path, "--json")
    assert result.exit_code == 4
    assert "Traceback" not in result.stderr
    document = json.loads(result.stdout)
    assert (document["exit_code"], document["error"]["kind"]) == (4, "promises")
    assert 30 in [pytest.approx(v) for row in document["error"]["shortfalls"] for v in row.values()]
    (basic,) = [row for row in document["error"]["by_tier"] if row["short"]]
    assert (basic["tier"], basic["short"], basic["short_customers"]) == ("basic", pytest.approx(30), 1)
    (volume,) = document["error"]["volumes"]
    assert (volume["asked"], volume["most"], volume["row"]) == (80, 50, "P")
    assert "sites" in {edit["table"] for offer in document["error"]["offers"] for edit in offer["edits"]}


@pytest.mark.slow
def test_a_time_limit_before_any_plan_is_5() -> None:
    result = run("solve", "retail_us", "--time-limit", "0.001")
    assert result.exit_code == 5
    assert result.stdout == ""
    assert "time limit" in result.stderr


def test_a_fault_of_ours_is_1_and_asks_for_a_report(two_dcs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a row too many")

    monkeypatch.setattr(cts, "solve", broken)
    result = run("solve", two_dcs)
    assert result.exit_code == 1
    assert "Please report it" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Traceback" in run("solve", two_dcs, "-v").stderr


def test_an_interrupt_before_any_plan_is_130(two_dcs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cts, "solve", interrupted)
    assert run("solve", two_dcs).exit_code == 130


PRESS_CTRL_C = """
import sys, ctsopt.cli
from ctsopt.programs import sentinel
from ctsopt.programs.highs import Highs
from ctsopt.solving.strategies import first_plan
from tests.ctrl_c import press_in_a_search
sentinel.admit()  # Ctrl-C is for the search, not for the question whether the solver is to be believed
first_plan._SMALL = 10**9  # no plan before the search
Highs.run = press_in_a_search(lambda progress: (progress.value < float("inf")) == {with_plan})
sys.argv = ["ctsopt", "solve", "retail_us", "--gap", "0", "-q"]
ctsopt.cli.main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("with_plan", [False, True])
def test_ctrl_c_during_the_search_is_130_and_keeps_a_plan_that_there_is(with_plan: bool) -> None:
    done = subprocess.run([sys.executable, "-c", PRESS_CTRL_C.format(with_plan=with_plan)], capture_output=True,
                          text=True, check=False, timeout=120, cwd=SOURCE.parent,
                          env={**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{SOURCE.parent}"})
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    if with_plan:
        assert "interrupted" in done.stdout.splitlines()[0]
        assert done.stdout.splitlines()[-1].startswith("total")
    else:
        assert (done.stdout, done.stderr) == ("", "interrupted before any plan was found\n")


@pytest.mark.slow
def test_a_gap_in_percent(two_dcs: Path) -> None:
    assert run("solve", two_dcs, "--gap", "1%").exit_code == 0
    wrong = run("solve", two_dcs, "--gap", "few")
    assert wrong.exit_code == 2
    assert "0.01 or 1%" in wrong.stderr


def test_template_makes_tables_that_are_read_back(tmp_path: Path) -> None:
    assert run("template", tmp_path / "mine").exit_code == 0
    assert run("template", tmp_path / "mine").exit_code == 2
    result = run("check", tmp_path / "mine")
    assert result.exit_code == 3  # three tables must have rows
    assert all(table in result.stdout for table in ("sites", "customers", "demand"))


def test_template_makes_a_workbook(tmp_path: Path) -> None:
    assert run("template", tmp_path / "mine.xlsx").exit_code == 0
    assert run("check", tmp_path / "mine.xlsx").exit_code == 3


def ctsopt(*words: str, stdout: int = subprocess.PIPE, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own: what is printed below Python (by the solver) is seen too."""
    return subprocess.run([sys.executable, "-m", "ctsopt", *words], text=True, check=False, timeout=120, stdout=stdout,
                          stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(SOURCE), **environment})


@pytest.mark.slow
def test_json_has_standard_output_to_itself() -> None:
    done = ctsopt("solve", "two_dcs", "--json", "-v")
    assert done.returncode == 0
    assert json.loads(done.stdout)["total_cost"] == pytest.approx(633_500, rel=1e-9)
    assert done.stderr


@pytest.mark.slow
def test_quiet_leaves_standard_error_empty() -> None:
    done = ctsopt("solve", "two_dcs", "-q")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "drawn"), [("100", True), ("40", False)])
def test_a_terminal_gets_a_drawn_table_where_it_fits(columns: str, drawn: bool) -> None:
    ours, theirs = pty.openpty()
    done = ctsopt("solve", "two_dcs", "-q", stdout=theirs, COLUMNS=columns)
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.returncode == 0, done.stderr
    assert ("─" in shown) is drawn
    assert "633,500" in shown.splitlines()[-2] + shown.splitlines()[-1]


def test_results_are_not_written_among_the_tables_of_a_network(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    assert run("new", "two_dcs", str(folder)).exit_code == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = run("solve", str(folder), "-o", str(folder))
    assert done.exit_code == 2
    assert "another folder" in done.output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_solver_that_lies_is_no_fault_of_ctsopt(monkeypatch, two_dcs: Path) -> None:
    """Another release of it has to be installed, which is what the message says: wrong usage, and nothing to report."""
    from ctsopt.programs import highs, sentinel

    monkeypatch.setattr(sentinel, "_said", {highs.build(): "it says 2"})
    result = run("solve", two_dcs, "--json")
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert error["kind"] == "solver"
    assert error["message"].endswith("pip install 'highspy==1.15.1'")
