"""The strategy for large programs: its plans and bounds are those of the direct one, and its bounds rest on sums."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.solving.bounds.duality import implied
from ctsopt.solving.bounds.parts import parts
from ctsopt.solving.bounds.relaxation import Relaxation, Relaxed
from ctsopt.solving.options import Options
from ctsopt.solving.strategies import auto, columns
from ctsopt.solving.strategies.columns import Columns
from ctsopt.solving.strategies.direct import Direct
from ctsopt.solving.strategies.strategy import Problem
from ctsopt.testing import random_network
from tests.often import of_the_day, sampled
from tests.small import chain, lanes, rates, solved, table
from tests.solving.test_solve import PAIR

ROOM = chain(sites=table({"site": "P", "kind": "plant"},
                         {"site": "D", "kind": "dc", "capacity": 40, "status": "candidate", "fixed_cost": 10},
                         {"site": "E", "kind": "dc", "status": "candidate", "fixed_cost": 30}),
             lanes=lanes("P-D", "D-C", "P-E", "E-C"), rates=rates(P_D=1, D_C=1, P_E=2, E_C=3))
"""100 units for C. By E alone 30 + 5 * 100 = 530; by both 10 + 30 + 2 * 40 + 5 * 60 = 420, which is the least."""


def square(sites: int, customers: int, seed: int) -> cts.Network:
    """Sites on a square that hold a fifth of all demand each, and cost about as much as what they save."""
    rng = np.random.default_rng(seed)
    names, buyers = [f"S{k}" for k in range(sites)], [f"C{k}" for k in range(customers)]
    here, there = rng.random((sites, 2)), rng.random((customers, 2))
    far = np.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1)).ravel().round(3)
    wanted = rng.integers(5, 35, customers)
    return cts.network({
        "settings": {"name": "square", "open_lanes": "listed"},
        "sites": table(*({"site": s, "kind": "supplier", "status": "candidate", "fixed_cost": float(f),
                          "capacity": int(wanted.sum() // 5)} for s, f in
                         zip(names, rng.uniform(60, 120, sites).round(1), strict=True))),
        "customers": table(*({"customer": c} for c in buyers)),
        "demand": table(*({"customer": c, "quantity": int(q)} for c, q in zip(buyers, wanted, strict=True))),
        "modes": table({"mode": "road", "per_weight_distance": 10.0}),
        "lanes": table(*({"origin": s, "destination": c, "distance": float(d)} for (s, c), d in
                         zip([(s, c) for s in names for c in buyers], far, strict=True)))})


def cost_of(program, plan) -> float:
    return float(program.arrays.cost @ plan) + program.arrays.offset


def agrees(program, **options) -> dict[str, object]:
    """What the strategy says of itself, once its plan and bound are those of the direct search."""
    problem = Problem(program, Options(gap=0.0, **options))
    found, direct = Columns().find(problem), Direct().find(problem)
    if direct.plan is None:
        assert found.plan is None
        return dict(found.notes["strategy"])
    best = cost_of(program, direct.plan)
    size = max(1.0, abs(best))
    assert found.plan is not None
    assert found.bound <= best + 1e-7 * size
    assert cost_of(program, found.plan) == pytest.approx(best, rel=1e-6)
    assert found.stopped_by == "gap"
    return dict(found.notes["strategy"])


def test_a_relaxation_that_is_left_unfinished_still_leads_to_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first relaxation is left after one round, as a time limit leaves it: the bound is what that round proved, and
    the plan is found without it."""
    whole = Relaxation.solve
    asked: list[Relaxation] = []

    def short(self: Relaxation, *args: float, **given: float) -> Relaxed:
        asked.append(self)
        return replace(whole(self, rounds=1), ended=True) if len(asked) == 1 else whole(self, *args, **given)

    monkeypatch.setattr(Relaxation, "solve", short)
    agrees(build(square(6, 30, 3)))
    assert len(asked) > 1


def test_plans_and_bounds_worked_out_by_hand():
    for tables, least in ((PAIR, 80), (ROOM, 420)):
        plan = solved(tables, strategy="columns")
        assert plan.total_cost == pytest.approx(least)
        assert plan.bound == pytest.approx(least, rel=1e-8)
        assert (plan.status.solution, plan.status.stopped_by) == ("optimal", "gap")
        assert plan.record["strategy"]["taken"] == "columns"


@pytest.fixture(params=["by itself", "what is left by the solver"])
def branching(request, monkeypatch):
    """Branching to the end, or after one node the solver's search of what is left."""
    if request.param == "by itself":
        monkeypatch.setattr(columns, "_SMALL", 0)
    else:
        monkeypatch.setattr(columns, "_NODES", 1)
    return request.param


def test_it_proves_what_the_direct_search_proves_where_there_is_much_to_branch_on(branching):
    program = build(square(10, 25, 1))
    said = agrees(program)
    assert said["taken"] == "columns"
    assert (said["handed_over"] > 0) == (branching != "by itself")
    assert said["columns_in"] < program.columns  # 6 ways of each customer at first, and those that pay


@pytest.mark.parametrize("gap", [0.01, 0.1])
def test_within_a_gap_no_more_is_proven_than_holds(branching, gap):
    """What a gap leaves off is not looked at, so that the least cost may be there."""
    program = build(square(8, 20, 3))
    least = cost_of(program, Direct().find(Problem(program, Options(gap=0.0))).plan)
    found = Columns().find(Problem(program, Options(gap=gap)))
    cost = cost_of(program, found.plan)
    assert found.bound <= least * (1 + 1e-9) <= cost * (1 + 2e-9)
    assert cost - found.bound <= gap * cost


def test_the_same_program_gives_the_same_answer():
    program = build(square(8, 20, 2))
    one, other = (Columns().find(Problem(program, Options(gap=0.01))) for _ in range(2))
    assert (one.plan == other.plan).all()
    assert (one.bound, one.nodes, one.iterations) == (other.bound, other.nodes, other.iterations)


def test_whatever_the_duals_are_the_bound_holds():
    """Duals drawn at random, of either sign and any size, prove no more than the least cost, 420."""
    some = parts(build(cts.network(ROOM)))
    rng = np.random.default_rng(0)
    for size in (1e-3, 1.0, 1e3):
        duals = rng.normal(size=(20, len(some.lazy))) * size
        proven = [some.duality.prove(each, some.arrays.lower, some.duality.upper).bound for each in duals]
        assert max(proven) <= 420
        assert min(proven) > -math.inf
    assert some.duality.prove(np.zeros(len(some.lazy)), some.arrays.lower, some.duality.upper).bound <= 0


def test_the_most_that_a_column_can_be_follows_from_the_rows():
    """C asks for 100, D lets 40 pass; P lets 100 pass, by either way, so that it makes no more than 200."""
    program = build(cts.network(ROOM))
    most = implied(program.arrays, ~program.lazy)
    deliver = program.variables["deliver"]
    by_site = {site: most[deliver.span][k] for k, (site, *_) in enumerate(deliver.index.labels())}
    assert by_site == pytest.approx({"D": 40, "E": 100})
    assert most[program.variables["move"].span] == pytest.approx([100, 100])
    assert most[program.variables["make"].span] == pytest.approx([200])


def test_what_is_none_for_it_is_searched_directly_and_says_so():
    plan = solved(chain(), strategy="columns")
    assert plan.total_cost == pytest.approx(200)
    assert plan.record["strategy"] == {"asked": "columns", "taken": "direct",
                                       "why": "nothing is chosen that is paid once"}


def test_a_network_that_cannot_be_served_is_refused_in_the_same_words():
    tables = ROOM | {"sites": table({"site": "P", "kind": "plant"},
                                    *({"site": s, "kind": "dc", "capacity": 40, "status": "candidate"} for s in "DE"))}
    said = []
    for strategy in ("direct", "columns"):
        with pytest.raises(cts.InfeasibleError) as refused:
            cts.solve(cts.network(tables), strategy=strategy)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_auto_goes_by_size_and_by_what_is_chosen(monkeypatch):
    """PAIR has a few columns, of which only its two sites are to be chosen; with a single source, that as well."""
    plan = solved(PAIR, strategy="auto")
    assert plan.total_cost == pytest.approx(80)
    assert plan.record["strategy"]["taken"] == "direct"
    assert "fewer than 50,000" in plan.record["strategy"]["why"]
    monkeypatch.setattr(auto, "LARGE", 1)
    plan = solved(PAIR, strategy="auto")
    assert (plan.total_cost, plan.record["strategy"]["taken"]) == (pytest.approx(80), "columns")
    customers = table({"customer": "A", "single_source": "customer"}, {"customer": "B"})
    plan = solved(PAIR | {"customers": customers}, strategy="auto")
    assert plan.total_cost == pytest.approx(80)
    assert plan.record["strategy"]["why"] == "more is whole than the design: source"


def test_an_unknown_strategy_is_refused():
    with pytest.raises(cts.UsageError, match="strategy = 'colums': one of auto, direct, columns"):
        cts.solve(cts.network(chain()), strategy="colums")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*sampled(range(40), every=13), *of_the_day(260)])
def test_bounds_hold_and_plans_are_the_best_on_random_networks(seed):
    """Whatever the network has, stock left out: what the strategy cannot take, it says, and is the direct search."""
    try:
        program = build(cts.network(random_network(seed)))
    except (cts.DataError, cts.InfeasibleError):
        return
    agrees(program)


@pytest.mark.slow
@pytest.mark.usefixtures("branching")
@pytest.mark.parametrize("seed", [*sampled(range(12), every=12), *of_the_day(40)])
def test_bounds_hold_and_plans_are_the_best_where_sites_are_chosen(seed):
    program = build(square(6 + seed % 7, 15 + seed % 11, seed))
    assert agrees(program)["taken"] == "columns"
    found = Columns().find(Problem(program, Options(gap=0.03)))
    assert found.bound <= cost_of(program, Direct().find(Problem(program, Options(gap=0.0))).plan) * (1 + 1e-9)
