"""What changes from plan to plan, worked out by hand; tables of prices; meanings; the report of one plan."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

import ctsopt as cts
from ctsopt import examples
from ctsopt.cli import app
from ctsopt.networks.edits import edit_of
from ctsopt.report import write_html
from ctsopt.report.meanings import words_of
from ctsopt.report.physical import MEASURES, step, tiers_of
from ctsopt.testing import random_network
from tests.often import times
from tests.report.pages import Elements


@pytest.fixture(scope="module")
def today() -> cts.Solution:
    return cts.solve(cts.read(examples.path("two_dcs")), gap=0)


@pytest.fixture(scope="module")
def patient() -> cts.Solution:
    net = cts.read(examples.path("two_dcs")).with_edits(
        {"table": "promises", "where": {"tier": "gold"}, "set": {"lead_time": 2}})
    return cts.solve(net, gap=0)


def test_from_one_plan_to_another(today: cts.Solution, patient: cts.Solution) -> None:
    """See models/two_dcs/README.md: with two days for gold West is not opened, and C, its customer, comes from East.

    East needs 0.7 and 1.36 days for A and C, of 20,000 and 10,000 units; from West C needs 0.7.
    """
    change = step(patient, today)
    assert (change.opened, change.closed) == ((), ("West",))
    assert (change.moved, change.of) == (1, 4)
    gold = change.figures("gold")
    by_hand = {}
    for plan, name in ((patient, "days"), (today, "days_before")):
        rows = [row for row in plan.flows.to_dict("records") if row["kind"] == "delivery" and row["customer"] in "AC"]
        by_hand[name] = sum(r["quantity"] * r["lead_time"] for r in rows) / sum(r["quantity"] for r in rows)
    assert {name: gold[name] for name in by_hand} == pytest.approx(by_hand)
    assert (gold["promised_before"], gold["promised"]) == (1, 2)
    assert (gold["served_before"], gold["served"]) == (1, 1)
    assert change.gains("gold") == -1
    back = step(today, patient)
    assert (back.opened, back.closed, back.moved) == (("West",), (), 1)
    assert back.gains("gold") == 1


def test_from_a_plan_to_itself_nothing_changes(today: cts.Solution) -> None:
    change = step(today, today)
    assert (change.opened, change.closed, change.moved) == ((), (), 0)
    assert [change.changed(tier) for tier in change.tiers.index] == [[], []]


@pytest.mark.slow
def test_tiers_add_up_to_the_plan_on_random_networks() -> None:
    """Mean lead time and share served of the tiers, weighted by what they take, are those of the whole plan."""
    looked_at = 0
    for seed in range(40):
        try:
            plan = cts.solve(cts.network(random_network(seed)), gap=0.05)
        except (cts.DataError, cts.InfeasibleError):  # a few cannot keep their promises
            continue
        tiers = tiers_of(plan, plan)
        flows = plan.flows[plan.flows["kind"] == "delivery"]
        units = flows.groupby(flows["tier"].astype(str))["quantity"].sum().reindex(tiers.index).fillna(0.0)
        assert (tiers["days"].fillna(0) * units).sum() == pytest.approx((flows["quantity"] * flows["lead_time"]).sum())
        demand = plan.service.groupby(plan.service["tier"].astype(str))["demand"].sum().reindex(tiers.index)
        lost = ((1 - tiers["served"].fillna(1)) * demand.fillna(0)).sum()
        assert lost == pytest.approx(plan.shortage["unserved"].sum(), abs=1e-6 * demand.sum())
        for name in MEASURES:
            assert tiers[name].equals(tiers[f"{name}_before"].rename(name))
        looked_at += 1
        if looked_at == times(2, long=8):
            break
    assert looked_at == times(2, long=8)


@pytest.mark.parametrize(("edit", "value", "said"), [
    ({"table": "promises", "where": {"tier": "gold"}, "set": {"lead_time": "2"}}, "2", ("lead time, gold (days)", "2")),
    ({"table": "promises", "where": {"tier": "gold"}, "set": {"fill_rate": "0.985"}}, "0.985",
     ("fill rate, gold", "98.5 %")),
    ({"table": "modes", "add": {"fuel_surcharge": "-0.1"}}, "-0.1", ("fuel surcharge, all modes", "-10 points")),
    ({"table": "demand", "scale": {"quantity": "1.15"}}, "1.15", ("quantity, all demand", "+15 %")),
    ({"table": "sites", "where": {"kind": "dc"}, "cap_max": {"capacity": "900"}}, "900",
     ("capacity, dc (capacity_unit per year)", "at most 900")),
    ({"table": "settings", "set": {"stock_sharing": "pooled"}}, "pooled", ("stock sharing", "pooled"))])
def test_what_a_sweep_varies_in_words(edit: dict[str, object], value: str, said: tuple[str, str]) -> None:
    made, faults = edit_of(edit, {})
    assert not faults
    assert made is not None
    assert words_of(made, value) == said


MENU = """
schema: ctsopt/pack/1
pack: asked
note: What would gold cost at another lead time?
model: two_dcs
solve: {gap: 0}
sweeps:
  menu:
    axes:
      days: {table: promises, where: {tier: gold}, op: set, column: lead_time, values: [1, 2]}
      level: {table: modes, where: {mode: carrier}, op: add, column: fuel_surcharge, values: [0, 0.1]}
compare: {pareto: within_1}
"""


@pytest.fixture(scope="module")
def menu(tmp_path_factory: pytest.TempPathFactory) -> cts.PackResult:
    folder = tmp_path_factory.mktemp("menu")
    (folder / "asked.yaml").write_text(MENU, encoding="utf-8")
    return cts.run(folder / "asked.yaml", workers=1, cache=folder / "cache")


@pytest.mark.slow
def test_a_sweep_over_two_things_is_a_table_of_prices(menu: cts.PackResult, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    """Two days for gold save 11,500 of 633,500; ten points of fuel are a twelfth and a half of the last mile."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    text = write_html(menu, tmp_path / "report.html").read_text(encoding="utf-8")
    found = Elements(text)
    prices = next(text for attributes, text in found.of("table") if attributes.get("class") == "heat")
    rows = [line.split() for line in prices.splitlines() if line]
    last_mile = menu.solutions["today"].costs.set_index("line")["amount"]["last_mile"]
    assert "fuel surcharge, carrier, by lead time, gold (days)" in prices
    assert f"{0.1 / 1.25 * last_mile:+,.0f}" in prices
    assert "-11,500" in prices
    assert any("+10 points" in " ".join(row) for row in rows)
    assert "What would gold cost at another lead time?" in text[:text.index("<nav")]
    assert "1 January 1970" in text[:text.index("<nav")]
    told = " ".join(text for _, text in found.of("li"))
    assert "share of demand that comes within 1 day has" in told
    assert "in time" not in told


@pytest.mark.slow
def test_one_plan_from_the_shell(tmp_path: Path) -> None:
    out = tmp_path / "answer"
    done = CliRunner().invoke(app, ["solve", "two_dcs", "--gap", "0", "-o", str(out)])
    assert done.exit_code == 0, done.output
    found = Elements((out / "report.html").read_text(encoding="utf-8"))
    base = next(text for attributes, text in found.of("p") if attributes.get("class") == "base")
    assert base.startswith("two_dcs costs 633,500 USD over 365 days")
    assert "Open: 2 dcs (East, West); 1 plant (Plant)." in base
    assert any(text.startswith("No plan costs less than 633,500 USD") for _, text in found.of("li"))
    assert "comparison" not in {attributes.get("id") for _, attributes, _ in found.all}
    book = openpyxl.load_workbook(out / "workbook.xlsx")
    assert book.sheetnames[0] == "Decision"
    assert len(book["Decision"]._charts) == 1
    bare = CliRunner().invoke(app, ["solve", "two_dcs", "--gap", "0", "-o", str(out), "--no-report"])
    assert bare.exit_code == 0
    assert not (out / "report.html").exists()
    assert not (out / "workbook.xlsx").exists()


def test_neither_a_pack_nor_a_plan(tmp_path: Path) -> None:
    with pytest.raises(cts.UsageError, match="the result of a pack or a plan is needed, not dict"):
        write_html({}, tmp_path / "x.html")  # type: ignore[arg-type]
