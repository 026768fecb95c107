"""From the plan of a search to the plan that is reported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

import ctsopt as cts
from ctsopt.formulation.preference import preference
from ctsopt.keys import Axis, Keys
from ctsopt.programs.algebra import Expr, Variable
from ctsopt.programs.program import Arrays, Program
from ctsopt.solving import pricing
from ctsopt.solving.polish import clean, closed_columns, polish
from tests.small import chain, rates, table
from tests.solving.test_solve import hard


def trickle(cost_of_a: float = 0.0) -> Program:
    """min 2 b + 99999 y, a + b = 10, a <= 100 y: a solver that holds y to 1e-6 lets 1e-4 of a through."""
    one = Keys.make({"site": Axis("site", ["S"])}, site=[0])
    program = Program()
    a, b = (program.add_variable(name, Variable(one)) for name in "ab")
    y = program.add_variable("y", Variable(one, upper=1.0, integer=True, design=True))
    program.add_rows("need", a + b == 10.0)
    program.add_rows("link", a <= y * 100.0)
    program.add_cost("flow", b * 2.0 + a * cost_of_a, "variable")
    program.add_cost("fixed", y * 99999.0, "fixed")
    return program


def test_a_trickle_through_a_closed_site_is_gone():
    settled = polish(trickle(), np.array([1e-4, 9.9999, 1e-6]), np.zeros(3))
    assert settled.plan.tolist() == [0, 10, 0]
    assert settled.cost == 20


def test_what_a_closed_site_holds_at_nothing_is_nothing():
    """y = 0 holds a at 0, b is free; y = 1 holds neither. The same where the row is written the other way round."""
    program = trickle()
    program.add_rows("turned", expression(program, "y") * 7.0 - expression(program, "b") >= 0.0)
    for y, closed in ((0.0, [True, True, False]), (1.0, [False, False, False])):
        assert closed_columns(program.arrays, np.array([0.0, 0.0, y])).tolist() == closed
    assert closed_columns(trickle().arrays, np.zeros(3)).tolist() == [True, False, False]


def test_a_trickle_that_is_more_than_dust_is_gone_where_nothing_may_pass():
    """7e-9 of 124,110 units made a second source of a customer with one."""
    arrays = trickle().arrays
    assert clean(arrays, np.array([7e-9, 10 - 7e-9, 0.0])).tolist() == [0, 10 - 7e-9, 0]
    assert clean(arrays, np.array([7e-9, 10 - 7e-9, 1.0])).tolist() == [7e-9, 10 - 7e-9, 1]
    assert clean(arrays, np.array([7e-9, 10 - 7e-9, 0.5])).tolist() == [7e-9, 10 - 7e-9, 0.5]  # a relaxation


def test_a_plan_that_holds_only_by_the_tolerance_opens_what_it_touches():
    """b is held at 9.9999 at most, so that with y = 0 there is no plan: with y = 1 there is, at 99999."""
    program = trickle()
    program.add_rows("short", expression(program, "b") <= 9.9999)
    settled = polish(program, np.array([1e-4, 9.9999, 1e-6]), np.zeros(3))
    assert (settled.plan.tolist(), settled.cost) == ([10, 0, 1], 99999)


def test_a_plan_that_holds_nowhere_is_no_plan():
    """b is held at 9 at most, and y stays 0, which closes a."""
    program = trickle()
    program.add_rows("short", expression(program, "b") <= 9.0)
    assert polish(program, np.array([1.0, 9.0, 0.0]), np.zeros(3)) is None


def expression(program: Program, name: str) -> Expr:
    """The variables of a block."""
    block = program.variables[name]
    return Expr.block(block.index, block.start)


def test_a_site_left_open_that_nothing_needs_is_closed():
    """At 3 a unit a is not worth its while: y = 1 costs 99999 for nothing."""
    settled = polish(trickle(cost_of_a=3.0), np.array([0.0, 10.0, 1.0]), np.zeros(3))
    assert (settled.plan.tolist(), settled.cost) == ([0, 10, 0], 20)


def test_a_site_that_an_agreement_wants_stays_open():
    program = trickle(cost_of_a=3.0)
    program.add_rows("agreed", expression(program, "y") >= 1.0)
    settled = polish(program, np.array([0.0, 10.0, 1.0]), np.zeros(3))
    assert (settled.plan.tolist(), settled.cost) == ([0, 10, 1], 20 + 99999)


def test_among_equal_costs_the_preference_decides():
    """Two ways at 2 a unit, at most 6 by each, 10 wanted: the preferred one is full, whichever it is."""
    two = Keys.make({"site": Axis("site", ["S", "T"])}, site=[0, 1])
    program = Program()
    x = program.add_variable("x", Variable(two, upper=6.0))
    program.add_rows("need", x.total() == 10.0)
    program.add_cost("flow", x * 2.0, "variable")
    for liked, expected in (([1.0, 5.0], [6, 4]), ([5.0, 1.0], [4, 6])):
        settled = polish(program, np.array([5.0, 5.0]), np.array(liked))
        assert settled.plan == pytest.approx(expected)
        assert (settled.cost, settled.tie_rule) == (pytest.approx(20), "applied")


def test_the_preference_never_costs_money():
    """The dearer way is liked much more: the cheap one is full all the same."""
    two = Keys.make({"site": Axis("site", ["S", "T"])}, site=[0, 1])
    program = Program()
    x = program.add_variable("x", Variable(two, upper=6.0))
    program.add_rows("need", x.total() >= 10.0)
    program.add_cost("flow", x * np.array([2.0, 2.001]), "variable")
    settled = polish(program, np.array([4.0, 6.0]), np.array([1e6, 1.0]))
    assert settled.plan == pytest.approx([6, 4])


def test_preference_is_days_under_way():
    """P-D takes 3 days, D-C 2: a unit weighs 3 on the move and 2 on the delivery, and a little for a fixed order."""
    tables = chain(rates=table({"origin": "P", "destination": "D", "per_unit": 1, "transit_time": 3},
                               {"origin": "D", "destination": "C", "per_unit": 1, "transit_time": 2}))
    net = cts.network(tables)
    program = cts.program(net)
    weights = preference(net, program)
    assert weights[program.variables["move"].span] == pytest.approx([3], abs=1e-3)
    assert weights[program.variables["deliver"].span] == pytest.approx([2], abs=1e-3)
    assert (weights > 0).all()
    assert len(set(weights[program.variables["deliver"].span])) == len(program.variables["deliver"].index)


def test_dust_is_swept_to_the_bounds():
    program = cts.program(cts.network(chain(rates=rates(P_D=1, D_C=1))))
    plan = np.full(program.columns, 1e-12)
    plan[program.variables["deliver"].span] = -1e-8
    assert (clean(program.arrays, plan)[program.variables["deliver"].span] == 0).all()
    assert (clean(program.arrays, plan)[program.variables["open"].span] == 1).all()  # both are open for good


@pytest.mark.parametrize("open_too", [False, True])
def test_few_of_many_columns_give_the_plan_of_all(monkeypatch, open_too):
    """From the best plan, and with every candidate open: the same plan, though a solver is given fewer columns."""
    net = hard(5)
    program = cts.program(net)
    best = cts.solve(net, gap=0.0)
    plan = best.tables["values"]["value"].to_numpy(dtype=float).copy()
    if open_too:
        plan[program.variables["open"].span] = 1.0
    every = polish(program, plan, preference(net, program))
    given = []
    real = pricing.Highs
    monkeypatch.setattr(pricing, "_MANY", 0)
    monkeypatch.setattr(pricing, "Highs", lambda arrays, **options: (given.append(len(arrays.cost)),
                                                                    real(arrays, **options))[1])
    some = polish(program, plan, preference(net, program))
    assert max(given) < program.columns
    assert some.plan == pytest.approx(every.plan, abs=1e-6)
    assert (some.cost, some.tie_rule) == (pytest.approx(every.cost, rel=1e-12), every.tie_rule)


def test_columns_that_make_it_cheaper_are_taken_in(monkeypatch):
    """100 units from P over D at 1 + 1, or over E at 1 + 3: the plan to begin with takes the dear way, 400."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, *({"site": dc, "kind": "dc"} for dc in "DE")),
                   lanes=table(*({"origin": o, "destination": d, "mode": "*"} for o, d in ("PD", "DC", "PE", "EC"))),
                   rates=rates(P_D=1, D_C=1, P_E=1, E_C=3))
    net = cts.network(tables)
    program = cts.program(net)
    plan = np.zeros(program.columns)
    for name, key in (("open", None), ("make", None), ("move", "E"), ("deliver", "E")):
        block = program.variables[name]
        frame = block.index.frame()
        here = np.ones(len(frame), dtype=bool) if key is None else (
            frame["destination" if name == "move" else "site"] == key).to_numpy()
        plan[block.span] = np.where(here, 1.0 if name == "open" else 100.0, 0.0)
    monkeypatch.setattr(pricing, "_MANY", 0)
    assert polish(program, plan, preference(net, program)).cost == pytest.approx(200)


def test_other_bounds_begin_where_the_last_run_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """10 units of which ways at 1, 2 and 3 take 6 each: 6 + 4 x 2 = 14; without the first 6 x 2 + 4 x 3 = 24; and back.
    The third way is left out until it is needed."""
    monkeypatch.setattr(pricing, "_MANY", 0)
    none = np.zeros(3)
    arrays = Arrays(sp.csc_array(np.ones((1, 3))), np.array([1.0, 2.0, 3.0]), 0.0, none, np.full(3, 6.0),
                    none.astype(bool), np.array([10.0]), np.array([10.0]))
    flows = pricing.Priced(arrays, np.array([6.0, 4.0, 0.0]))
    assert flows.best().value == pytest.approx(14.0)
    flows.bounded(replace(arrays, upper=np.array([0.0, 6.0, 6.0])))
    shut = flows.best()
    assert shut.value == pytest.approx(24.0)
    assert shut.plan is not None
    assert shut.plan.tolist() == pytest.approx([0.0, 6.0, 4.0])
    flows.bounded(arrays)
    again = flows.best()
    assert again.value == pytest.approx(14.0)
    assert again.iterations <= 3
