"""A second look at what the solver says, and searches that end whatever it says."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.programs import sentinel
from ctsopt.programs.highs import Highs
from ctsopt.programs.reduced import Reduced
from ctsopt.solving.options import Options
from ctsopt.solving.second_look import SMALL, second_look
from ctsopt.solving.strategies import direct, relaxation
from ctsopt.solving.strategies.relaxation import Relaxation
from tests.programs.test_highs import INF, arrays
from tests.small import solved
from tests.solving.test_solve import PAIR
from tests.stock_networks import random_stock, two_dc_pooling

INFEASIBLE = {"plan": None, "value": INF, "bound": -INF, "stopped_by": "infeasible"}


def knapsack():
    """min 3 a + 4 b + 6 c, 4 a + 5 b + 6 c >= 5, a + c >= 1, whole: c alone, 6."""
    return arrays([3, 4, 6], [[4, 5, 6], [1, 0, 1]], [5, 1], [INF, INF], [0, 1, 2], bounds=[(0, 1)] * 3)


def looked(program, **said):
    """What the second look makes of a search that said something else than the truth."""
    options = Options(gap=0.0)
    found = direct._branch(program, options, None, time.monotonic() + 60, None, 1e-6)
    claimed = replace(found, **said)
    return claimed, second_look(program, options, claimed, time.monotonic(), math.inf)


def test_the_truth_is_left_as_it_is():
    claimed, after = looked(knapsack())
    assert after is claimed
    assert claimed.bound == pytest.approx(6)


@pytest.mark.parametrize("said", [{"plan": None, "bound": -INF, "stopped_by": "infeasible"},
                                  {"plan": np.array([1.0, 1.0, 0.0]), "bound": 7.0}])
def test_a_plan_that_shows_the_contrary_is_believed(said):
    """"No plan", and the plan of 7 called the best: c alone costs 6."""
    _, after = looked(knapsack(), **said)
    assert (after.stopped_by, after.bound) == ("gap", pytest.approx(6))
    assert after.plan == pytest.approx([0, 0, 1])


def test_no_plan_stays_no_plan():
    """2 a + 2 b = 3 has no whole plan."""
    program = arrays([1, 1], [[2, 2]], [3], [3], [0, 1], bounds=[(0, 5)] * 2)
    claimed, after = looked(program)
    assert after is claimed
    assert after.stopped_by == "infeasible"


def test_a_large_program_is_looked_at_only_where_there_is_said_to_be_no_plan():
    size = SMALL // 2 + 1
    program = arrays([1.0] * size, np.ones((2, size)), [1, 1], [INF, INF], [0], bounds=[(0, 1)] * size)
    claimed, after = looked(program, bound=2.0)
    assert after is claimed
    _, after = looked(program, plan=None, bound=-INF, stopped_by="infeasible")
    assert after.bound == pytest.approx(1)


def presolve_lies(change, monkeypatch):
    """HiGHS that says something false of every program with whole columns, unless presolve is off."""
    sentinel.admit()
    real_set, real_run = Highs.set, Highs.run

    def set_(self, **options):
        self.honest = getattr(self, "honest", False) or options.get("presolve") == "off"
        real_set(self, **options)

    def run(self, *arguments, **options):
        found = real_run(self, *arguments, **options)
        return found if self.honest or not self._mip else change(found)

    monkeypatch.setattr(Highs, "set", set_)
    monkeypatch.setattr(Highs, "run", run)


@pytest.mark.parametrize("change", [
    lambda f: replace(f, **INFEASIBLE), lambda f: replace(f, bound=f.bound * 1.05)], ids=["no plan", "bound"])
@pytest.mark.parametrize("stock", [False, True])
def test_a_presolve_that_lies_is_found_out(monkeypatch, change, stock):
    """80 without stock; 70 where one of two dcs is enough once stock is looked at (both worked out by hand)."""
    presolve_lies(change, monkeypatch)
    sol = cts.solve(cts.network(two_dc_pooling(10)), gap=1e-6) if stock else solved(PAIR)
    assert sol.total_cost == pytest.approx(70.0 if stock else 80.0, rel=1e-6)
    assert sol.bound <= sol.total_cost


# ---- no search goes on for ever --------------------------------------------------------------------------------------


LIES = {
    "no plan": lambda f: replace(f, plan=None, stopped_by="infeasible", bound=-INF),
    "optimal without a plan": lambda f: replace(f, plan=None, stopped_by="gap", bound=-INF, nodes=0),
    "a low bound, called the best": lambda f: replace(f, stopped_by="gap", bound=0.5 * f.bound, nodes=0),
    "no bound": lambda f: replace(f, stopped_by="gap", bound=-INF, nodes=0),
    "no number for a bound": lambda f: replace(f, stopped_by="gap", bound=math.nan, nodes=3),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_search_ends_whatever_the_solver_says(monkeypatch, lie):
    """With no time limit, on a network that is solved in some rounds otherwise; the plan, if any, is whole and checked.

    A low bound of a search without a node was asked for again and again, with the same gap.
    """
    net = cts.network(random_stock(22, "rationed", "curve"))  # five searches where none of them lies
    least, rounds = cts.solve(net, gap=1e-6).total_cost, []
    real = direct.Direct.find

    def false(strategy, problem):
        rounds.append(1)
        return LIES[lie](real(strategy, problem))

    monkeypatch.setattr(direct.Direct, "find", false)
    try:
        sol = cts.solve(net, gap=1e-6)
    except cts.CtsError:
        pass
    else:
        assert not sol.bound > sol.total_cost
        if sol.status.stopped_by == "gap":  # proven by relaxations, whatever the search said
            assert sol.total_cost == pytest.approx(least, rel=2e-6)
            assert sol.bound <= least * (1 + 1e-9)
        else:
            assert sol.status.stopped_by in ("tolerance", "infeasible")
    assert 1 <= len(rounds) <= 60


def test_cuts_end_whatever_the_solver_says_the_bound_is(monkeypatch):
    """A linear program whose bound rises by a thousandth every time, and cuts that are never satisfied."""
    import scipy.sparse as sp

    class Endless:
        def known(self):
            return sp.csr_array((0, 2))

        def violated(self, plan):
            return sp.csr_array(np.array([[1.0, 1.0]]))

    sentinel.admit()
    calls, real = [], Highs.run

    def run(self, *arguments, **options):
        calls.append(1)
        return replace(real(self, *arguments, **options), bound=1.001 ** len(calls))

    monkeypatch.setattr(Highs, "run", run)
    monkeypatch.setattr(relaxation, "_ROUNDS", 50)
    program = arrays([1, 1], [[1, 1]], [1], [INF], [])
    active = np.ones(1, dtype=bool)
    Relaxation(Reduced.of_arrays(program, ~active), active, ~active, Options(relax=True), Endless()).solve(math.inf)
    assert len(calls) == 51
