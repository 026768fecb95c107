"""Other sites for a plan with stock: by hand, and on random networks never worse than where they begin."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build, stock_of
from ctsopt.keys import Floats
from ctsopt.programs.program import Program
from ctsopt.solving.options import Options
from ctsopt.solving.polish import polish
from ctsopt.solving.strategies.direct import Direct
from ctsopt.solving.strategies.site_moves import SiteMoves
from ctsopt.solving.strategies.strategy import Problem
from tests.often import sampled
from tests.stock_networks import POLICIES, Tables, random_stock, table
from tests.test_stock_bruteforce import SEEDS


class Moves:
    """The plan of a network designed without stock, or with some sites, and the moves from it."""

    def __init__(self, tables: Tables, opened: dict[str, float] | None = None) -> None:
        self.net = cts.network(tables)
        self.program: Program = build(self.net)
        program = self.program
        if opened is not None:
            block = program.variables["open"]
            sites = self.net.axes["site"].labels
            values = np.array([opened.get(str(sites[code]), 1.0) for code in block.index["site"]])
            program = program.fixed("open", values)
        found = Direct().find(Problem(program, Options(gap=1e-9)))
        assert found.plan is not None
        made = polish(program, found.plan, np.zeros(program.columns))
        assert made is not None
        self.begin, stock = made.plan, stock_of(self.program, self.net)
        assert stock is not None
        self.moves = SiteMoves(self.net, self.program, stock, self.cost, lambda plan: stock.fits(plan, self.program))

    def cost(self, plan: Floats) -> float:
        return float(sum(part.amount(plan).sum() for line in self.program.costs.values() for part in line.parts))

    def opened(self, plan: Floats) -> dict[str, float]:
        block = self.program.variables["open"]
        labels = self.net.axes["site"].labels[block.index["site"]]
        return dict(zip(map(str, labels), plan[block.span].tolist(), strict=True))

    def is_plan(self, plan: Floats) -> bool:
        arrays = self.program.arrays
        value, size = arrays.matrix @ plan, abs(arrays.matrix) @ np.abs(plan)
        allowed = 1e-6 * np.maximum(size, 1.0)
        return bool((plan[arrays.integer] == np.round(plan[arrays.integer])).all()
                    and (value >= arrays.row_lower - allowed).all() and (value <= arrays.row_upper + allowed).all()
                    and (plan >= arrays.lower).all() and (plan <= arrays.upper).all())


def two_candidates() -> Tables:
    """North costs 1,000 a year and South 400; freight and stock are the same. With the plant there may be two
    sites at most."""
    return {
        "settings": {"stock_sharing": "pooled", "holding_rate": 0.25, "order_interval": 0, "review_time": 1},
        "products": table({"product": "goods", "unit_value": 1000, "variance_to_mean": 20}),
        "sites": table({"site": "P", "kind": "plant"},
                       *({"site": d, "kind": "dc", "status": "candidate", "fixed_cost": cost}
                         for d, cost in (("North", 1000), ("South", 400)))),
        "contracts": table({"contract": "one", "kind": "sites_in_group", "limit": "at_most", "quantity": 2}),
        "tiers": table({"tier": "gold", "rank": 1}),
        "promises": table({"tier": "gold", "fill_rate": 0.95}),
        "customers": table({"customer": "A", "tier": "gold"}),
        "demand": table({"customer": "A", "quantity": 3650}),
        "modes": table({"mode": "truck"}),
        "rates": table(*({"origin": a, "destination": b, "mode": "truck", "per_unit": 1, "transit_time": 1}
                         for d in ("North", "South") for a, b in (("P", d), (d, "A")))),
    }


def test_a_dearer_site_is_swapped_for_a_cheaper_one_where_there_may_be_only_one() -> None:
    """The new site has the stock and freight of the old one, and costs 600 less."""
    one = Moves(two_candidates(), {"North": 1.0, "South": 0.0})
    end = one.moves.moved(one.begin, 1e9, math.inf)
    assert end is not None
    assert one.cost(one.begin) - one.cost(end) == pytest.approx(600.0)
    assert one.opened(end) == {"P": 1.0, "North": 0.0, "South": 1.0}
    assert one.is_plan(end)


def test_no_work_is_no_move() -> None:
    one = Moves(two_candidates(), {"North": 1.0, "South": 0.0})
    assert one.moves.moved(one.begin, 0.0, math.inf) is None


def test_a_relaxation_says_where_to_begin() -> None:
    """South is open by three quarters: the plan nearest to that has it, and not North."""
    one = Moves(two_candidates(), {"North": 1.0, "South": 0.0})
    relaxed, block = one.begin.copy(), one.program.variables["open"]
    labels = one.net.axes["site"].labels[block.index["site"]]
    relaxed[block.span] = [{"P": 1.0, "North": 0.25, "South": 0.75}[str(label)] for label in labels]
    end = one.moves.near(relaxed, one.cost(one.begin), math.inf)
    assert end is not None
    assert one.opened(end)["North"] == 0.0
    assert one.cost(one.begin) - one.cost(end) == pytest.approx(600.0)


@pytest.mark.parametrize("sharing", POLICIES)
@pytest.mark.parametrize("seed", sampled(SEEDS, 12))
def test_never_worse_and_a_plan(seed: int, sharing: str) -> None:
    """Every row of the program holds, whole columns are whole, and what is found costs less by the curves."""
    one = Moves(random_stock(seed, sharing))
    for end in (one.moves.moved(one.begin, 2e7, math.inf), one.moves.near(0.6 * one.begin, math.inf, math.inf)):
        if end is not None:
            assert one.is_plan(end)
    end = one.moves.moved(one.begin, 2e7, math.inf)
    assert end is None or one.cost(end) < one.cost(one.begin)


@pytest.mark.parametrize("seed", sampled(SEEDS, 18))
def test_same_input_same_plan(seed: int) -> None:
    ends = [(one := Moves(random_stock(seed))).moves.moved(one.begin, 2e7, math.inf) for _ in range(2)]
    assert (ends[0] is None) == (ends[1] is None)
    if ends[0] is not None and ends[1] is not None:
        assert (ends[0] == ends[1]).all()
