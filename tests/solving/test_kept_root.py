"""Relaxations of one program with lines after the other, each begun where the last one ended."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.formulation.family import Variables
from ctsopt.formulation.stock.cuts import SegmentCuts
from ctsopt.formulation.stock.declared import declared
from ctsopt.formulation.stock.segments import Breakpoints
from ctsopt.programs.algebra import Rows
from ctsopt.programs.program import Program
from ctsopt.solving.options import Options
from ctsopt.solving.strategies.direct import Direct
from ctsopt.solving.strategies.kept_root import KeptRoot
from ctsopt.solving.strategies.strategy import Problem
from tests.often import sampled
from tests.stock_networks import POLICIES, Tables, random_stock, two_dc_pooling
from tests.test_stock_bruteforce import SEEDS


def rounds(tables: Tables, seed: int = 0, count: int = 3) -> list[tuple[float, float, Program]]:
    """Bounds of relaxations with more and more points, at random volumes: with what was kept, and with nothing, not
    even cuts; and the programs.
    """
    net, rng = cts.network(tables), np.random.default_rng(seed)
    made = declared(net)
    root, points, found = KeptRoot(made, Options()), Breakpoints.first(made), []
    for _ in range(count):
        program, segments = build(net, (), points), points.segments(made)
        kept, plan = root.solve(program, segments, SegmentCuts(net, made, segments, program), math.inf)
        anew, _ = KeptRoot(made, Options()).solve(program, segments, None, math.inf)
        assert plan is not None
        assert root.knows(segments)
        found.append((kept.outcome.bound, anew.outcome.bound, program))
        points = points.near(made, made.most * rng.uniform(0.0, 1.0, len(made.most)), 0.0)
    return found


@pytest.mark.parametrize("sharing", POLICIES)
@pytest.mark.parametrize("seed", sampled(SEEDS, 12))
def test_what_is_kept_cuts_no_plan_off(seed: int, sharing: str) -> None:
    """Never below the relaxation with every lazy row, nor above the least cost of the program: no cut that was taken
    over, and no basis to begin at, makes a bound that does not hold."""
    for kept, anew, program in rounds(random_stock(seed, sharing), seed):
        least = Direct().find(Problem(program, Options(gap=1e-7)))
        assert least.plan is not None
        cost = float(program.arrays.cost @ least.plan) + program.arrays.offset
        assert anew - 1e-7 * abs(anew) <= kept <= cost + 1e-6 * abs(cost)


@pytest.mark.parametrize(("cross", "cost"), [(10.0, 70.0), (15.0, 20 + 4 * 200**0.5)])
def test_no_bound_is_above_the_plan(cross: float, cost: float) -> None:
    """Two centres of 200 a day each at 2 sqrt(V): 70 by one of them, 76.57 by both where it is far between them."""
    bounds = [kept for kept, _, _ in rounds(two_dc_pooling(cross))]
    assert max(bounds) <= cost + 1e-6
    assert bounds[0] > 0.75 * cost


def test_the_same_program_again_takes_no_steps() -> None:
    net = cts.network(two_dc_pooling(15.0))
    made = declared(net)
    points, root = Breakpoints.first(made), KeptRoot(made, Options())
    program, segments = build(net, (), points), points.segments(made)
    before, again = (root.solve(program, segments, None, math.inf)[0] for _ in range(2))
    assert before.iterations > 0
    assert again.iterations == 0
    assert again.outcome.bound == pytest.approx(before.outcome.bound, rel=1e-12)


def test_a_row_without_a_key_is_found_again() -> None:
    """One row for all goods has no key: half of them from each centre cost 20 + 4 sqrt(200), one alone 70."""

    def halves(x: Variables, net: cts.Network) -> Rows:
        first = 1.0 * (x.deliver.index["site"] == list(net.axes["site"].labels).index("North"))
        return (x.deliver * (first - 0.5)).total() == 0.0

    plan = cts.solve(cts.network(two_dc_pooling(10.0)), gap=1e-6, extra=[halves])
    assert plan.total_cost == pytest.approx(20 + 4 * 200**0.5, rel=1e-6)
