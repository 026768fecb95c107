"""A plan before the search: it keeps every row, is not far from the best, and is never lost."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, reject
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.solving.options import Options
from ctsopt.solving.strategies import direct, first_plan
from ctsopt.solving.strategies.first_plan import FirstPlan
from ctsopt.solving.strategies.prices import Ways
from ctsopt.solving.strategies.strategy import Problem
from ctsopt.testing import random_network
from tests.often import fixed
from tests.small import chain, lanes, rates, table
from tests.solving.test_solve import PAIR, hard


@pytest.fixture
def no_program_is_small(monkeypatch):
    """A plan is looked for in programs of any size."""
    monkeypatch.setattr(first_plan, "_SMALL", 0)


def made(net: cts.Network) -> FirstPlan:
    first = FirstPlan(build(net))
    first.find(None, math.inf)
    return first


def cost_of(program, plan) -> float:
    return float(program.arrays.cost @ plan) + program.arrays.offset


@pytest.mark.slow
@fixed(5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_a_first_plan_of_any_network_keeps_every_row_and_costs_no_less_than_the_best(no_program_is_small, seed):
    """Rows by their own arithmetic; where the search proves that there is no plan, there is no first plan either."""
    try:
        program = build(cts.network(random_network(seed)))
    except (cts.DataError, cts.InfeasibleError):
        reject()
    first = FirstPlan(program)
    first.find(None, math.inf)
    best = direct.Direct().find(Problem(program, Options(gap=0.0)))
    if best.plan is None:
        assert first.plan is None
        return
    assert first.bound <= cost_of(program, best.plan) * (1 + 1e-9)
    if first.plan is None:
        return
    arrays = program.arrays
    activity = arrays.matrix @ first.plan
    size = np.maximum(1.0, abs(arrays.matrix) @ np.abs(first.plan))
    assert (activity <= arrays.row_upper + 1e-6 * size).all()
    assert (activity >= arrays.row_lower - 1e-6 * size).all()
    assert (first.plan[arrays.integer] == np.round(first.plan[arrays.integer])).all()
    assert first.cost == pytest.approx(cost_of(program, first.plan))
    assert cost_of(program, best.plan) <= first.cost * (1 + 1e-9)


@pytest.mark.usefixtures("no_program_is_small")
def test_prices_prove_what_the_linear_relaxation_does():
    """Without lazy rows, within a thousandth: 60 of 100 units go the dear way (5 a unit), as 40 fit the other (2)."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 40},
                               {"site": "E", "kind": "dc"}),
                   lanes=lanes("P-D", "D-C", "P-E", "E-C"), rates=rates(P_D=1, D_C=1, P_E=2, E_C=3))
    program = build(cts.network(tables))
    on = np.where(program.arrays.integer, 1.0, 0.0)
    proven = Ways(program).prove(on, 200)
    assert 0.99 * 380 < proven <= 380


@pytest.mark.usefixtures("no_program_is_small")
def test_a_plan_by_hand():
    """None open: 100. One: 90. Both: 80. Each of these is a plan; the first one is no dearer than all sites open."""
    first = made(cts.network(PAIR))
    assert 80 - 1e-6 <= first.cost <= 100 + 1e-6


@pytest.mark.usefixtures("no_program_is_small")
def test_what_is_scarce_becomes_dearer():
    """Of 100 units, 40 fit through the cheap dc (2 a unit): 60 go the dear way (5 a unit), 380 in all."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 40},
                               {"site": "E", "kind": "dc"}),
                   lanes=lanes("P-D", "D-C", "P-E", "E-C"), rates=rates(P_D=1, D_C=1, P_E=2, E_C=3))
    assert made(cts.network(tables)).cost == pytest.approx(380, rel=0.05)
    assert cts.solve(cts.network(tables), gap=0).total_cost == pytest.approx(380)


@pytest.mark.usefixtures("no_program_is_small")
def test_as_many_sites_as_agreed():
    """At most one of two candidates: with one of them the plan costs 90."""
    tables = PAIR | {"contracts": table({"contract": "one", "kind": "sites_in_group", "group": "north",
                                         "limit": "at_most", "quantity": 1}),
                     "sites": PAIR["sites"].assign(group=["", "north", "north"])}
    first = made(cts.network(tables))
    assert 90 - 1e-6 <= first.cost <= 100 + 1e-6
    assert first.plan is not None
    assert first.plan[build(cts.network(tables)).variables["open"].span].sum() <= 2


@pytest.mark.usefixtures("no_program_is_small")
def test_flows_of_a_round_serve_all_demand_and_balance():
    program = build(cts.network(PAIR))
    arrays = program.arrays
    choice = Ways(program).choose(np.where(arrays.integer, 1.0, 0.0), 5)
    activity = arrays.matrix @ choice.flow
    for name in ("serve_demand", "site_balance"):
        span = program.rows[name].span
        assert activity[span] == pytest.approx(arrays.row_upper[span])


@pytest.mark.usefixtures("no_program_is_small")
def test_a_plan_is_kept_where_the_search_finds_none(monkeypatch):
    """The branching is cut off before it has begun: the plan made before it is the plan, the bound is the root's."""
    real = direct._branch

    def cut_off(arrays, options, start, deadline, *others, **more):
        return real(arrays, options, None, -math.inf, *others, **more)

    monkeypatch.setattr(direct, "_branch", cut_off)
    solution = cts.solve(hard(), gap=0.0, time_limit=60.0)
    assert solution.status.stopped_by == "time_limit"
    assert solution.service["kept"].all()
    assert 0 < solution.gap < 0.5


def test_a_whole_relaxation_is_the_plan_and_nothing_is_branched_on():
    """One of many dcs may be open, each of which costs its own number: the cheapest, 12 + 3 customers x 10 x 1."""
    names = [f"D{k}" for k in range(8)]
    tables = {
        "sites": table({"site": "P", "kind": "plant"},
                       *({"site": d, "kind": "dc", "status": "candidate", "group": "all", "fixed_cost": 20 - k}
                         for k, d in enumerate(names))),
        "customers": table(*({"customer": c, "single_source": "customer"} for c in "ABC")),
        "demand": table(*({"customer": c, "quantity": 10} for c in "ABC")),
        "rates": rates(**{f"P_{d}": 0 for d in names}, **{f"{d}_{c}": 1 for d in names for c in "ABC"}),
        "contracts": table({"contract": "one", "kind": "sites_in_group", "group": "all", "limit": "at_most",
                            "quantity": 1})}
    solution = cts.solve(cts.network(tables), gap=0.0)
    assert (solution.total_cost, solution.bound) == pytest.approx((13 + 30, 13 + 30))
    assert solution.status.stopped_by == "gap"
    assert solution.record["nodes"] == 0
    assert solution.record["tolerance"] is None  # HiGHS was not asked to branch


@pytest.mark.usefixtures("no_program_is_small")
def test_the_same_network_has_the_same_first_plan():
    one, other = made(hard()), made(hard())
    assert one.plan is not None
    assert (one.plan == other.plan).all()


@pytest.mark.usefixtures("no_program_is_small")
def test_ctrl_c_before_the_relaxation_keeps_the_first_plan(monkeypatch):
    def pressed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(direct.Relaxation, "solve", pressed)
    solution = cts.solve(hard(), gap=0.0)
    assert solution.status.stopped_by == "interrupt"
    assert solution.service["kept"].all()


@pytest.mark.usefixtures("no_program_is_small")
def test_who_says_that_there_is_no_plan_is_not_believed_where_there_is_one(monkeypatch):
    class Lies(direct.Relaxation):
        def solve(self, deadline):
            root = super().solve(deadline)
            return replace(root, outcome=replace(root.outcome, stopped_by="infeasible", plan=None, bound=math.inf))

    monkeypatch.setattr(direct, "Relaxation", Lies)
    monkeypatch.setattr(direct, "look_again", lambda _problem, found, *_: found)  # as where time has run out
    solution = cts.solve(hard(), gap=0.0)
    assert solution.status.stopped_by == "error"
    assert solution.bound < solution.total_cost


def test_a_start_names_the_sites_of_the_first_plan(monkeypatch):
    monkeypatch.setattr(first_plan, "_SMALL", 0)
    net = cts.network(PAIR)
    program = build(net)
    block = program.variables["open"]
    first = FirstPlan(program)
    first.find((np.arange(block.span.start, block.span.stop), np.array([0.0, 0.0, 1.0])), math.inf)
    assert first.cost == pytest.approx(100)  # the dcs of the start are closed; sites are in the order D1, D2, P
