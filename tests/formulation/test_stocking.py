"""Configurations in the program: lead times, waits and classes that the flows allow, priced by hand.

All by the square root: a stock of variance V a day, factor k and T days of protection is k x sqrt(T x V) units,
at 1 a unit.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import ctsopt as cts
from tests.small import costs, flows, is_open, solved, table
from tests.stock_networks import Tables, by_hand


def one_customer(days: float = 1.0, *, transit: float = 0.0, **more: Any) -> Tables:
    """100 units of variance 100 from a dc that is replenished in so many days; factor 2."""
    customers = pd.DataFrame({"customer": ["C"], "tier": "gold", "units": 100.0, "variance": 100.0})
    promises = table({"tier": "gold", "fill_rate": 0.95, "safety_factor": 2.0, **more})
    deliveries = pd.DataFrame({"origin": "DC", "destination": ["C"], "per_unit": 0.0, "transit_time": transit})
    return by_hand(1.0, days, {"DC": 0.0}, customers, promises, deliveries)


def ways_in(extra: float) -> Tables:
    """Goods come in within 1 day for `extra` in all, or within 9 for nothing."""
    tables = one_customer()
    tables["site_products"] = table({"site": "Plant"}, {"site": "DC"})
    tables["modes"] = table({"mode": "plane"}, {"mode": "boat"})
    tables["settings"] = tables["settings"] | {"lead_time_levels": 2}
    tables["rates"] = table(
        {"origin": "Plant", "destination": "DC", "mode": "plane", "per_unit": extra / 100, "transit_time": 1},
        {"origin": "Plant", "destination": "DC", "mode": "boat", "per_unit": 0, "transit_time": 9},
        {"origin": "DC", "destination": "C", "mode": "plane", "per_unit": 0},
        {"origin": "DC", "destination": "C", "mode": "boat", "per_unit": 0})
    return tables


@pytest.mark.slow
@pytest.mark.parametrize(("extra", "mode", "cost", "days"), [(30, "plane", 50, 1), (39.9, "plane", 59.9, 1),
                                                              (50, "boat", 60, 9)])
def test_a_faster_way_in_is_bought_for_the_stock_that_it_saves(extra: float, mode: str, cost: float,
                                                               days: float) -> None:
    """2 x sqrt(100) = 20 with one day, 2 x sqrt(900) = 60 with nine: worth up to 40."""
    sol = solved(ways_in(extra))
    assert sol.total_cost == pytest.approx(cost)
    assert flows(sol, "kind", "mode_out")[("move", mode)] == pytest.approx(100)
    assert sol.stock["lead_time"].tolist() == [days]


@pytest.mark.slow
def test_with_one_lead_time_it_is_that_of_the_slowest_way() -> None:
    """Nothing is saved by the plane: 60 whatever comes how."""
    tables = ways_in(30)
    tables["settings"] = tables["settings"] | {"lead_time_levels": 1}
    assert solved(tables).total_cost == pytest.approx(60)


@pytest.mark.slow
def test_one_unit_by_the_slow_way_sets_the_lead_time() -> None:
    """At most 99 units fit on the plane: the boat carries the hundredth, and all stock is for nine days."""
    tables = ways_in(10)
    tables["lanes"] = table({"origin": "Plant", "destination": "DC", "mode": "plane", "max_volume": 99 * 365})
    sol = solved(tables)
    assert sol.stock["lead_time"].tolist() == [9]
    assert sol.total_cost == pytest.approx(60)


@pytest.mark.slow
@pytest.mark.parametrize(("promised", "wait", "cost"), [(1.0, 0, 40.0), (2.0, 1, 1200**0.5), (3.5, 2, 800**0.5)])
def test_slack_in_the_promise_shortens_the_protection_interval(promised: float, wait: int, cost: float) -> None:
    """Four days of replenishment, one to the customer: of 2 days one is left, of 3.5 two. 2 x sqrt((4 - w) x 100)."""
    tables = one_customer(4.0, transit=1.0, lead_time=promised)
    tables["settings"] = tables["settings"] | {"longest_wait": 2}
    sol = solved(tables)
    assert sol.stock["wait"].tolist() == [wait]
    assert sol.total_cost == pytest.approx(cost)


@pytest.mark.slow
def test_no_wait_is_quoted_unless_it_may_be() -> None:
    assert solved(one_customer(4.0, transit=1.0, lead_time=3.5)).total_cost == pytest.approx(40.0)


@pytest.mark.slow
def test_the_nearest_promise_sets_the_wait_of_all() -> None:
    """B is promised a day and takes one to reach: A's slack is of no use from the same dc, 2 x sqrt(4 x 200)."""
    tables = one_customer(4.0)
    customers = pd.DataFrame({"customer": list("AB"), "tier": ["slow", "fast"], "units": 100.0, "variance": 100.0})
    promises = table(*({"tier": t, "fill_rate": 0.95, "safety_factor": 2.0, "lead_time": days}
                       for t, days in (("slow", 3), ("fast", 1))))
    deliveries = pd.DataFrame({"origin": "DC", "destination": list("AB"), "per_unit": 0.0, "transit_time": 1.0})
    tables = by_hand(1.0, 4.0, {"DC": 0.0}, customers, promises, deliveries)
    tables["settings"] = tables["settings"] | {"longest_wait": 2}
    sol = solved(tables)
    assert set(sol.stock["wait"]) == {0}
    assert sol.total_cost == pytest.approx(2 * 800**0.5)


@pytest.mark.slow
@pytest.mark.parametrize(("cross", "dcs"), [(4.0, {"West"}), (1.0, {"East", "West"})])
def test_a_pool_at_the_better_rate_is_dearer_for_all(cross: float, dcs: set[str]) -> None:
    """Gold of variance 100 (factor 3), silver of 900 (factor 1). Apart: 30 + 30, and gold's freight of 10 x `cross`;
    in one pool: 3 x sqrt(1000) = 94.87. With separate stock it does not matter who is where.
    """
    customers = pd.DataFrame({"customer": list("GS"), "tier": ["gold", "silver"], "units": 10.0,
                              "variance": [100.0, 900.0]})
    promises = table({"tier": "gold", "fill_rate": 0.99, "safety_factor": 3.0},
                     {"tier": "silver", "fill_rate": 0.9, "safety_factor": 1.0})
    deliveries = table({"origin": "West", "destination": "G", "per_unit": 0.0},
                       {"origin": "West", "destination": "S", "per_unit": 0.0},
                       {"origin": "East", "destination": "G", "per_unit": cross},
                       {"origin": "East", "destination": "S", "per_unit": 9.0})
    fixed = {"West": 0.0, "East": 0.0}
    sol = solved(by_hand(1.0, 1.0, fixed, customers, promises, deliveries, "pooled"))
    apart, together = 60 + 10 * cross, 3 * 1000**0.5
    assert sol.total_cost == pytest.approx(min(apart, together))
    assert set(sol.stock["site"]) == dcs
    assert solved(by_hand(1.0, 1.0, fixed, customers, promises, deliveries, "separate")).total_cost == pytest.approx(60)


@pytest.mark.slow
def test_stock_costs_nothing_where_the_dc_is_closed() -> None:
    """The first unit on the shelf costs: one dc with 20 x sqrt(2) of stock, though the other is for nothing."""
    customers = pd.DataFrame({"customer": list("AB"), "tier": "gold", "units": 100.0, "variance": 100.0})
    promises = table({"tier": "gold", "fill_rate": 0.95, "safety_factor": 2.0})
    deliveries = table(*({"origin": d, "destination": c, "per_unit": 0.0} for d in ("East", "West") for c in "AB"))
    tables = by_hand(1.0, 1.0, {"East": 1.0, "West": 0.0}, customers, promises, deliveries)
    sol = solved(tables)
    assert sol.total_cost == pytest.approx(20 * 2**0.5)
    assert is_open(sol) == {"Plant", "West"}
    assert set(sol.stock["site"]) == {"West"}


@pytest.mark.slow
def test_fixed_cost_of_stock_keeps_goods_together() -> None:
    """Products of two customers near two dcs: the second stock saves 30 of freight, and costs 40."""
    customers = pd.DataFrame({"customer": list("AB"), "tier": "gold", "units": 100.0, "variance": 0.0})
    promises = table({"tier": "gold", "fill_rate": 0.95, "safety_factor": 2.0})
    home = {"A": "East", "B": "West"}
    deliveries = table(*({"origin": d, "destination": c, "per_unit": 0.0 if home[c] == d else 0.3}
                         for d in ("East", "West") for c in "AB"))
    for fixed, cost in ((40.0, 70.0), (20.0, 40.0)):
        tables = by_hand(1.0, 1.0, {"East": 0.0, "West": 0.0}, customers, promises, deliveries)
        tables["site_products"] = tables["site_products"].assign(stock_fixed_cost=[0.0, 365 * fixed, 365 * fixed])
        sol = solved(tables)
        assert sol.total_cost == pytest.approx(cost)
        assert costs(sol)["stock_fixed"] == pytest.approx(fixed * sol.stock["site"].nunique())


@pytest.mark.slow
def test_storage_sends_stock_elsewhere() -> None:
    """100 + 100 of variance in one dc need 28.28 units; room is for 20 in each: one customer in each dc, 20 + 20."""
    customers = pd.DataFrame({"customer": list("AB"), "tier": "gold", "units": 100.0, "variance": 100.0})
    promises = table({"tier": "gold", "fill_rate": 0.95, "safety_factor": 2.0})
    deliveries = table(*({"origin": d, "destination": c, "per_unit": 0.0} for d in ("East", "West") for c in "AB"))
    tables = by_hand(1.0, 1.0, {"East": 0.0, "West": 0.0}, customers, promises, deliveries)
    assert solved(tables).total_cost == pytest.approx(800**0.5)
    tables["sites"]["storage_capacity"] = [float("inf"), 20.0, 20.0]
    sol = solved(tables)
    assert sol.total_cost == pytest.approx(40.0)
    assert sol.limits["used"].tolist() == pytest.approx([20, 20])
    tables["sites"]["storage_capacity"] = [float("inf"), 19.0, 19.0]
    with pytest.raises(cts.CtsError):
        solved(tables)
