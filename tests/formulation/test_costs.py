"""Cost lines: one network in which every line has an amount, each worked out on paper."""

from __future__ import annotations

import pytest

import ctsopt as cts
from ctsopt.formulation.build import COSTS
from tests.small import costs, rates, solved, table

# Plant P supplies D (kg), supplier S over X (m3) E; C is served from D, F from E over Y (m3), G from the plant.
# A unit weighs 2 kg and takes 0.5 m3. The horizon is 73 days, a fifth of a year. Interest 0, life 5 years.
NETWORK = {
    "settings": {"discount_rate": 0, "life": 5},
    "periods": table({"period": "t", "days": 73}),
    "products": table({"product": "bolt", "weight": 2, "volume": 0.5}),
    "sites": table(
        {"site": "P", "kind": "plant", "handling_out": 0.1, "fixed_cost": 1000},
        {"site": "S", "kind": "supplier", "handling_out": 0.2},
        {"site": "D", "kind": "dc", "handling_in": 1, "handling_out": 2, "capacity_unit": "kg", "status": "candidate",
         "fixed_cost": 100, "opening_cost": 250},
        {"site": "E", "kind": "dc", "handling_in": 3, "handling_out": 4},
        {"site": "X", "kind": "crossdock", "handling_in": 5, "handling_out": 6, "capacity_unit": "m3"},
        {"site": "Y", "kind": "crossdock", "handling_in": 1, "handling_out": 3, "capacity_unit": "m3"},
        {"site": "Z", "kind": "dc", "may_close": "yes", "fixed_cost": 9999, "closing_cost": 500}),
    "site_products": table({"site": "P", "product": "bolt", "make_cost": 7},
                           {"site": "S", "product": "bolt", "make_cost": 8}),
    "customers": table(*({"customer": c, "tier": "gold"} for c in "CFGH")),
    "tiers": table({"tier": "gold", "shortage_cost": 11}),
    "promises": table({"tier": "gold", "served_fraction": 0.5}),
    "demand": table(*({"customer": c, "product": "bolt", "period": "t", "quantity": q} for c, q in (
        ("C", 10), ("F", 20), ("G", 30), ("H", 5)))),
    "rates": rates(P_D=0.5, S_X=0.25, X_E=0.75, E_Y=1.5, Y_F=2.5, D_C=3.5, P_G=4.5),
}
# With these costs per unit nobody would be served rather than pay 11; the promise is raised so that 60 of 65 are.
NETWORK["promises"]["served_fraction"] = 60 / 65

LINES = {
    "production": 7 * 40,  # C 10 and G 30 from P
    "procurement": 8 * 20,  # F 20 from S
    "line_haul": 10 * 0.5 + 20 * (0.25 + 0.75) + 20 * 1.5,  # P-D; S-X-E; E-Y, the first leg of the way to F
    "handling_in": 10 * 2 * 1 + 20 * (0.5 * 5 + 3) + 20 * 0.5 * 1,  # D in kg; X in m3 and E; Y
    "handling_out": 40 * 0.1 + 10 * 2 * 2 + 20 * 0.2 + 20 * 0.5 * 6 + 20 * (4 + 0.5 * 3),
    "site_fixed": 1000 / 5 + 100 / 5,  # P and D
    "site_opening": 250 / 5 / 5,
    "site_closing": 500 / 5 / 5,
    "last_mile": 20 * 2.5 + 10 * 3.5 + 30 * 4.5,
    "shortage": 5 * 11,  # H, whom no lane reaches
}


ELSEWHERE = {"duty", "carried_stock", "stock_change", "lane_fixed", "loads", "tier_program", "carbon",
             "cycle_stock", "safety_stock", "stock_fixed", "pipeline_stock"}
"""Lines whose figures by hand are in tests/equivalence (limits, loads, duty, CO2, stock over periods) and in
tests/results/test_stock.py (stock that is planned)."""


@pytest.fixture(scope="module")
def solution() -> cts.Solution:
    return solved(NETWORK)


def test_every_line(solution):
    assert set(LINES) | ELSEWHERE == {family.__name__ for family in COSTS}
    assert costs(solution) == pytest.approx(LINES)
    assert solution.total_cost == pytest.approx(sum(LINES.values()))


def test_order_and_behaviour(solution):
    assert solution.costs["line"].tolist() == list(LINES)
    assert dict(zip(solution.costs["line"], solution.costs["behaviour"], strict=True)) == dict.fromkeys(
        LINES, "variable") | {"site_fixed": "fixed", "site_opening": "one_off", "site_closing": "one_off",
                              "shortage": "penalty"}


def test_cash_and_penalty(solution):
    assert solution.penalty == pytest.approx(55)
    assert solution.cash_cost == pytest.approx(sum(LINES.values()) - 55)
    assert solution.sites.set_index("site")["one_off_cash"].to_dict() == {
        "P": 0, "S": 0, "D": 250, "E": 0, "X": 0, "Y": 0, "Z": 500}


def test_cost_to_serve_by_customer(solution):
    """Nothing is shared but the plant's fixed cost 200, by units: C 10, G 30 of 40. The closing serves nobody."""
    by = solution.cost_to_serve(by="customer")
    assert by["units"].to_dict() == pytest.approx(
        {"C": 10, "F": 20, "G": 30, "H": 0, "unassigned": 0, "total": 60})
    c = 10 * (7 + 0.1 + 0.5 + 2 + 4 + 3.5) + 50 + 20 + 10
    g = 30 * (7 + 0.1 + 4.5) + 150
    f = 20 * (8 + 0.2 + 0.25 + 2.5 + 3 + 0.75 + 3 + 4 + 1.5 + 0.5 + 1.5 + 2.5)
    assert by["cost"].to_dict() == pytest.approx(
        {"C": c, "F": f, "G": g, "H": 0, "unassigned": 20, "total": c + f + g + 20})
    assert by["shortage"].to_dict() == pytest.approx({"C": 0, "F": 0, "G": 0, "H": 55, "unassigned": 0, "total": 55})
    assert by.loc["unassigned", "site_closing"] == pytest.approx(20)
    assert by.loc["total", "total"] == pytest.approx(sum(LINES.values()))
    assert by.loc["G", "cost_per_unit"] == pytest.approx(g / 30)


def test_lanes_take_ways_over_a_cross_dock_apart(solution):
    lanes = solution.lanes.set_index(["origin", "destination"])
    assert lanes["quantity"].to_dict() == pytest.approx({
        ("P", "D"): 10, ("D", "C"): 10, ("P", "G"): 30, ("S", "X"): 20, ("X", "E"): 20, ("E", "Y"): 20, ("Y", "F"): 20})
    assert lanes["weight"].to_dict()["E", "Y"] == pytest.approx(40)


def test_throughput_in_the_sites_own_unit(solution):
    assert solution.sites.set_index("site")["throughput"].to_dict() == pytest.approx(
        {"P": 40, "S": 20, "D": 20, "E": 20, "X": 10, "Y": 10, "Z": 0})
