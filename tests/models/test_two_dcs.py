"""The worked example: every figure below stands in models/two_dcs/README.md, where it is derived on paper."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import ctsopt as cts

MODEL = Path(__file__).parents[2] / "models" / "two_dcs"

LINES = {
    "production": 240_000.0,
    "line_haul": 37_500.0,
    "handling_in": 25_500.0,
    "handling_out": 63_000.0,
    "site_fixed": 100_000.0,
    "site_opening": 10_000.0,
    "last_mile": 157_500.0,
}
"""Cost lines of the best plan; every other line is 0."""

DELIVERIES = {
    ("East", "A", "carrier"): 20_000.0,
    ("East", "B", "carrier"): 20_000.0,
    ("West", "C", "carrier"): 10_000.0,
    ("West", "D", "carrier"): 5_000.0,
    ("East", "D", "carrier"): 5_000.0,
}

LAST_MILE = {
    ("East", "A", "carrier"): 2.00, ("West", "A", "express"): 10.00,
    ("East", "B", "carrier"): 2.90, ("West", "B", "carrier"): 5.00,
    ("East", "C", "express"): 10.00, ("West", "C", "carrier"): 2.00,
    ("East", "D", "carrier"): 5.00, ("West", "D", "carrier"): 2.90,
}
"""Money per box of every way that keeps its promise and is not beaten."""

BEATEN = {("East", "A", "express"): 10.00, ("West", "C", "express"): 10.00}
"""Express where the carrier from the same DC keeps the promise too."""


@pytest.fixture(scope="module")
def net() -> cts.Network:
    return cts.read(MODEL)


@pytest.fixture(scope="module")
def sol(net: cts.Network) -> cts.Solution:
    return cts.solve(net, gap=1e-9)


def edited(net: cts.Network, table: str, key: str, row: str, column: str, value: object) -> cts.Network:
    """The network with one cell changed."""
    frame = net.tables[table].copy()
    chosen = frame[key] == row
    assert chosen.sum() == 1
    frame.loc[chosen, column] = value
    return net.with_table(table, frame)


def open_dcs(sol: cts.Solution) -> set[str]:
    delivered = sol.flows[(sol.flows["kind"] == "delivery") & (sol.flows["quantity"] > 1e-6)]
    return set(delivered["origin"])


def test_no_finding(net: cts.Network) -> None:
    assert len(net.findings) == 0


def test_unit_costs(net: cts.Network, sol: cts.Solution) -> None:
    ways = net.ways.deliveries.frame().set_index(["site", "customer", "mode_out"])["last_mile"]
    assert ways.to_dict() == pytest.approx(LAST_MILE | BEATEN, rel=1e-12)
    assert sol.record["left_out"] == len(BEATEN)
    moves = net.ways.moves.frame().set_index("destination")["line_haul"]
    assert moves.to_dict() == pytest.approx({"East": 0.50, "West": 1.00}, rel=1e-12)


def test_total_and_every_cost_line(sol: cts.Solution) -> None:
    assert sol.status.solution == "optimal"
    assert sol.total_cost == pytest.approx(633_500.0, rel=1e-9)
    assert sol.bound == pytest.approx(633_500.0, rel=1e-6)
    assert sol.penalty == pytest.approx(0.0, abs=1e-9)
    lines = sol.costs.groupby("line", observed=True)["amount"].sum()
    expected = pd.Series(LINES).reindex(lines.index, fill_value=0.0)
    assert set(LINES) <= set(lines.index)
    assert lines.to_numpy() == pytest.approx(expected.to_numpy(), rel=1e-9, abs=1e-6)


def test_flows(sol: cts.Solution) -> None:
    flows = sol.flows[sol.flows["quantity"] > 1e-6]
    delivered = flows[flows["kind"] == "delivery"]
    got = {(str(s), str(c), str(m)): q for s, c, m, q in zip(
        delivered["origin"], delivered["destination"], delivered["mode_out"], delivered["quantity"], strict=True)}
    assert got == pytest.approx(DELIVERIES, rel=1e-9)
    moved = flows[flows["kind"] == "move"].groupby("destination", observed=True)["quantity"].sum()
    assert moved.to_dict() == pytest.approx({"East": 45_000.0, "West": 15_000.0}, rel=1e-9)


def test_cost_to_serve_by_tier(sol: cts.Solution) -> None:
    table = sol.cost_to_serve(by=["tier"])
    assert table.loc["gold", "total"] == pytest.approx(305_000.0, rel=1e-9)
    assert table.loc["standard", "total"] == pytest.approx(328_500.0, rel=1e-9)
    assert table.loc["gold", "units"] == pytest.approx(30_000.0, rel=1e-9)
    assert table.iloc[-1]["total"] == pytest.approx(633_500.0, rel=1e-9)


def test_without_the_one_day_promise_east_is_enough(net: cts.Network) -> None:
    sol = cts.solve(edited(net, "promises", "tier", "gold", "lead_time", 2.0), gap=1e-9)
    assert sol.total_cost == pytest.approx(622_000.0, rel=1e-9)
    assert open_dcs(sol) == {"East"}


def test_east_alone_pays_for_express(net: cts.Network) -> None:
    sol = cts.solve(edited(net, "sites", "site", "West", "status", "closed"), gap=1e-9)
    assert sol.total_cost == pytest.approx(662_000.0, rel=1e-9)


def test_without_express_both_must_be_open(net: cts.Network) -> None:
    sol = cts.solve(edited(net, "tiers", "tier", "gold", "modes", "carrier"), gap=1e-9)
    assert sol.total_cost == pytest.approx(633_500.0, rel=1e-9)


def test_west_alone_is_too_small(net: cts.Network) -> None:
    with pytest.raises(cts.InfeasibleError):
        cts.solve(edited(net, "sites", "site", "East", "status", "closed"), gap=1e-9)


def test_east_alone_without_express_is_too_late_for_c(net: cts.Network) -> None:
    """Known from the tables: C has no way left, so there is no network to solve."""
    carrier = edited(net, "tiers", "tier", "gold", "modes", "carrier")
    with pytest.raises(cts.DataError) as caught:
        edited(carrier, "sites", "site", "West", "status", "closed")
    assert [(f.rule, f.table) for f in caught.value.findings.errors] == [("unreachable_customer", "demand")]


@pytest.mark.parametrize("pallets", [400.0, 1300.0])
def test_a_bigger_west(net: cts.Network, pallets: float) -> None:
    sol = cts.solve(edited(net, "sites", "site", "West", "capacity", pallets), gap=1e-9)
    assert sol.total_cost == pytest.approx(627_000.0, rel=1e-9)


@pytest.mark.slow
def test_west_alone_when_big_enough(net: cts.Network) -> None:
    """The one alternative that the plan never chooses: East is made too dear to keep."""
    big = edited(net, "sites", "site", "West", "capacity", 1300.0)
    sol = cts.solve(edited(big, "sites", "site", "East", "fixed_cost", 1_000_000.0), gap=1e-9)
    assert sol.total_cost == pytest.approx(806_000.0, rel=1e-9)
    assert open_dcs(sol) == {"West"}
    lines = sol.costs.groupby("line", observed=True)["amount"].sum()
    assert lines["site_closing"] == pytest.approx(5_000.0, rel=1e-9)
