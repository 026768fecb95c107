"""Steps from a plan to those that keep less stock: by hand; on random networks never worse than where they begin."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build, stock_of
from ctsopt.formulation.preference import preference
from ctsopt.formulation.stock.declared import declared
from ctsopt.inventory.curves import Curves
from ctsopt.keys import Floats
from ctsopt.programs.program import Program
from ctsopt.solving.checking.recheck import recheck
from ctsopt.solving.options import Options
from ctsopt.solving.polish import polish
from ctsopt.solving.strategies.consolidate import Consolidation
from ctsopt.solving.strategies.direct import Direct
from ctsopt.solving.strategies.strategy import Problem
from tests.stock_networks import POLICIES, Tables, random_stock, table, two_dc_pooling
from tests.test_stock_bruteforce import SEEDS


class Nearby:
    """The plan of a network designed without stock, and the steps from it."""

    def __init__(self, tables: Tables) -> None:
        self.net = cts.network(tables)
        self.program: Program = build(self.net)
        found = Direct().find(Problem(self.program, Options(gap=1e-9)))
        assert found.plan is not None
        made = polish(self.program, found.plan, preference(self.net, self.program))
        assert made is not None
        self.begin = made.plan
        stock = stock_of(self.program, self.net)
        assert stock is not None
        self.stock = stock
        self.steps = Consolidation(self.net, self.program, stock, self.cost,
                                   lambda plan: stock.fits(plan, self.program))

    def cost(self, plan: Floats) -> float:
        return float(sum(part.amount(plan).sum() for line in self.program.costs.values() for part in line.parts))

    def end(self, seconds: float = math.inf) -> Floats:
        better = self.steps.better(self.begin, seconds)
        return self.begin if better is None else better


def two_points(fill: float = 0.95) -> Tables:
    """A (a little gold) and D (silver) are near North, B (gold) and C (silver) near South: a unit costs 10 more from
    the other one."""
    home = {"A": "North", "B": "South", "C": "South", "D": "North"}
    tier = {"A": "gold", "B": "gold", "C": "silver", "D": "silver"}
    return {
        "settings": {"stock_sharing": "pooled", "holding_rate": 0.25, "order_interval": 0, "review_time": 1},
        "products": table({"product": "goods", "unit_value": 1000, "variance_to_mean": 20}),
        "sites": table({"site": "P", "kind": "plant"}, *({"site": d, "kind": "dc"} for d in ("North", "South"))),
        "tiers": table({"tier": "gold", "rank": 1}, {"tier": "silver", "rank": 2}),
        "promises": table({"tier": "gold", "fill_rate": 0.99}, {"tier": "silver", "fill_rate": fill}),
        "customers": table(*({"customer": c, "tier": t} for c, t in tier.items())),
        "demand": table({"customer": "A", "quantity": 73}, {"customer": "B", "quantity": 3650},
                        {"customer": "C", "quantity": 3650}, {"customer": "D", "quantity": 7300}),
        "modes": table({"mode": "truck"}),
        "rates": table(*({"origin": "P", "destination": d, "mode": "truck", "per_unit": 1, "transit_time": 3}
                         for d in ("North", "South")),
                       *({"origin": d, "destination": c, "mode": "truck", "per_unit": 1 + 10 * (home[c] != d),
                          "transit_time": 1} for c in home for d in ("North", "South"))),
    }


@pytest.mark.parametrize(("cross", "cost", "sites"), [(10.0, 70.0, 1), (15.0, 20 + 4 * 200**0.5, 2)])
def test_two_centres_become_one_where_stock_costs_more_than_freight(cross: float, cost: float, sites: int) -> None:
    """T1: 10 a centre and 2 sqrt(V) of stock; one costs 10 + 40 + 2 x cross, two 20 + 4 sqrt(200) = 76.57."""
    one = Nearby(two_dc_pooling(cross))
    assert one.cost(one.begin) == pytest.approx(20 + 4 * 200**0.5, rel=1e-9)
    end = one.end()
    assert one.cost(end) == pytest.approx(cost, rel=1e-9)
    opened = one.program.variables["open"]
    assert end[opened.span].sum() == sites + 1  # and the plant


def test_the_best_class_leaves_a_pool_that_is_held_for_it() -> None:
    """A's 73 units of gold cost 730 more from South, and what D gets is then stocked at 0.95 instead of 0.99."""
    one = Nearby(two_points())
    before, after = one.stock.of(one.begin), one.stock.of(one.end())
    best = declared(one.net).stocking.configurations.measures["service_class"]
    assert best[before.configuration].tolist() == [0, 0]
    assert sorted(best[after.configuration].tolist()) == [0, 1]
    linear = [sum(line.parts[0].amount(plan).sum() for name, line in one.program.costs.items()
                  if name in ("line_haul", "last_mile")) for plan in (one.begin, one.end())]
    assert linear[1] - linear[0] == pytest.approx(730.0)


def test_solve_takes_the_steps() -> None:
    sol = cts.solve(cts.network(two_points()), gap=1e-6)
    assert sol.total_cost < sol.record["stock"]["design_then_stock"]
    assert sol.gap <= 1e-6


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS[:6])
def test_what_solve_reports_is_worked_out_anew(seed: int) -> None:
    """With a gap that the steps alone close; solve checks the plan against the tables before it is reported."""
    sol = cts.solve(cts.network(random_stock(seed)), gap=0.3)
    assert sol.total_cost <= sol.record["stock"]["design_then_stock"] * (1 + 1e-12)
    recheck(sol)


def test_no_time_is_no_step() -> None:
    one = Nearby(two_points())
    assert one.steps.better(one.begin, 0.0) is None


@pytest.mark.parametrize("sharing", POLICIES)
@pytest.mark.parametrize("seed", SEEDS[:12])
def test_never_worse_and_a_plan(seed: int, sharing: str) -> None:
    """Every row of the program holds, whole columns are whole, and what is found costs less by the curves."""
    one = Nearby(random_stock(seed, sharing))
    end = one.end()
    assert one.cost(end) <= one.cost(one.begin)
    arrays = one.program.arrays
    assert (end[arrays.integer] == np.round(end[arrays.integer])).all()
    value, size = arrays.matrix @ end, abs(arrays.matrix) @ np.abs(end)
    allowed = 1e-6 * np.maximum(size, 1.0)
    assert (value >= arrays.row_lower - allowed).all()
    assert (value <= arrays.row_upper + allowed).all()
    assert (end >= arrays.lower).all()
    assert (end <= arrays.upper).all()


def test_slopes_of_curves() -> None:
    """2 to 6 over a volume of 2, plus 3 sqrt(v): 2 + 3 / (2 sqrt(1)) at 1; nothing at 0."""
    curves = Curves(np.array([0.0, 2.0, 4.0]), np.array([[2.0, 6.0, 6.0]]), np.array([3.0]))
    slope = curves.slope(np.zeros(3, dtype=np.int64), np.array([0.0, 1.0, 4.0]))
    assert slope.tolist() == pytest.approx([0, 3.5, 0.75])


@pytest.mark.slow
def test_ctrl_c_between_two_linear_programs_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan that is there by then is reported, with the bound that is proven."""

    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Consolidation, "_step", pressed)
    sol = cts.solve(cts.network(two_points()), gap=1e-6)
    assert sol.status.stopped_by == "interrupt"
    assert sol.bound <= sol.total_cost
