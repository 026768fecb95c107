"""Rules written in Pyomo: what they add is compiled back exactly, what they may not do is refused in words."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

from ctsopt.errors import UsageError
from ctsopt.keys import Axis, Keys
from ctsopt.programs.algebra import Variable
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Program
from ctsopt.programs.pyomo import compiled
from ctsopt.programs.pyomo_rules import with_rules


def small() -> Program:
    """min 3 a + 5 b + 10 y + 1, a + b = 10, a <= 8 y for two sites; y whole."""
    one = Keys.make({"site": Axis("site", ["N", "S"])}, site=[0, 1])
    program = Program("small")
    a, b = (program.add_variable(name, Variable(one, upper=20.0)) for name in "ab")
    y = program.add_variable("y", Variable(one, upper=1.0, integer=True))
    program.add_rows("need", a + b == 10.0)
    program.add_rows("link", a <= y * 8.0)
    program.add_cost("flow", a * 3.0 + b * 5.0 + 0.5, "variable")
    program.add_cost("fixed", y * 10.0, "fixed")
    return program


def least(program: Program) -> float:
    return Highs(program.arrays).run().value


def test_without_a_rule_the_program_is_what_it_was():
    """N and S each: by b alone 50, by a 8 x 3 + 2 x 5 + 10 = 44. So 2 x 44, and the constant 1: 89."""
    program, _ = with_rules(small(), [])
    assert least(program) == pytest.approx(89)
    assert (program.columns, program.row_count) == (6, 4)


def test_rows_columns_and_bounds_arrive_number_by_number():
    def rule(m, given):
        """sum a <= w   [units]"""
        assert given == "network"
        m.w = pyo.Var(bounds=(0, 7), domain=pyo.Integers)
        m.spare = pyo.Var(["p", "q"], [1, 2], bounds=(-1, None))
        m.a_most = pyo.Constraint(expr=sum(m.a[:]) + 2 <= 0.5 * m.w + 9)
        m.ranged = pyo.Constraint(["N", "S"], rule=lambda m, s: (1, m.a[s] - m.spare["p", 1], 6))
        m.b["N"].setub(4)
        m.y["S"].fix(1)

    program, _ = with_rules(small(), [rule], "network")
    assert list(program.variables) == ["a", "b", "y", "w", "spare"]
    assert list(program.rows) == ["need", "link", "a_most", "ranged"]
    assert list(program.row_names())[4:] == ["a_most", "ranged[N]", "ranged[S]"]
    assert list(program.column_names())[6:] == ["w", "spare[p,1]", "spare[p,2]", "spare[q,1]", "spare[q,2]"]
    matrix = program.matrix().toarray()
    assert matrix[4].tolist() == [1, 1, 0, 0, 0, 0, -0.5, 0, 0, 0, 0]
    assert matrix[6].tolist() == [0, 1, 0, 0, 0, 0, 0, -1, 0, 0, 0]
    arrays = program.arrays
    assert arrays.row_lower[4:].tolist() == [-np.inf, 1, 1]
    assert arrays.row_upper[4:].tolist() == [7, 6, 6]
    assert arrays.lower.tolist() == [0, 0, 0, 0, 0, 1, 0, -1, -1, -1, -1]
    assert arrays.upper.tolist() == [20, 20, 4, 20, 1, 1, 7, np.inf, np.inf, np.inf, np.inf]
    assert arrays.integer.tolist() == [False] * 4 + [True] * 3 + [False] * 4
    assert program.rows["a_most"].meaning == "sum a <= w   [units]"


def test_the_ruled_program_has_the_optimum_that_pyomo_finds():
    """At most 9 of a at N and S together: N by a (8 x 3 + 2 x 5 + 10 = 44), S by b (50), the constant 1: 95."""
    def rule(m):
        m.most = pyo.Constraint(expr=sum(m.a[:]) <= 9)

    program, model = with_rules(small(), [rule])
    pyo.SolverFactory("highs").solve(model)
    assert pyo.value(model.total_cost) == pytest.approx(95)
    assert least(program) == pytest.approx(95)


def test_the_rest_of_the_model_compiles_back_unchanged():
    def rule(m):
        m.most = pyo.Constraint(expr=sum(m.a[:]) <= 9)

    program, model = with_rules(small(), [rule])
    model.most.deactivate()
    ours, theirs = small().arrays, compiled(small(), model)
    assert (ours.matrix - theirs.matrix).nnz == 0
    assert (program.matrix()[:4] - ours.matrix).nnz == 0
    assert ours.cost.tolist() == theirs.cost.tolist()
    assert (ours.offset, theirs.offset) == (1, 1)


def test_blocks_lists_and_two_rules_that_share():
    def first(m):
        m.mine = pyo.Block()
        m.mine.z = pyo.Var(domain=pyo.Binary)
        m.mine.either = pyo.ConstraintList()
        m.mine.either.add(m.a["N"] <= 8 * m.mine.z)

    def second(m):
        m.mine.either.add(m.a["S"] <= 8 * (1 - m.mine.z))

    program, _ = with_rules(small(), [first, second])
    assert list(program.row_names())[4:] == ["mine.either[1]", "mine.either[2]"]
    assert program.variables["mine.z"].variable.integer
    assert least(program) == pytest.approx(95)  # one a alone, as above


def test_a_component_with_whole_and_other_members_becomes_two_blocks():
    def rule(m):
        m.v = pyo.VarList()
        m.v.add().domain = pyo.Reals
        m.v.add().domain = pyo.Binary
        m.sum = pyo.Constraint(expr=m.v[1] + m.v[2] + m.a["N"] == 3)

    program, _ = with_rules(small(), [rule])
    assert list(program.variables)[3:] == ["v", "v_whole"]
    assert program.matrix()[[4]].toarray().ravel().tolist() == [1, 0, 0, 0, 0, 0, 1, 1]
    assert program.arrays.integer[6:].tolist() == [False, True]


def outside():
    v = pyo.Var()
    v.construct()
    return v


def put(name, make):
    """A rule that puts a component on the model."""
    return lambda m: setattr(m, name, make(m))


REFUSED = [
    (put("q", lambda m: pyo.Constraint(expr=m.a["N"] * m.y["N"] <= 3)), r"q is not linear \(a\[N\]\*y\[N\]"),
    (put("q", lambda m: pyo.Constraint(expr=m.a["N"]**2 <= 3)), "q is not linear"),
    (put("q", lambda m: pyo.Constraint(expr=pyo.exp(m.a["N"]) <= 3)), "q is not linear"),
    (put("s", lambda m: pyo.SOSConstraint(var=m.a, sos=1)), "s is neither a variable nor a linear constraint"),
    (put("lone", lambda m: pyo.Var(domain=pyo.Set(initialize=[1, 5]))), "lone takes values of"),
    (put("o", lambda m: pyo.Objective(expr=m.a["N"])), "the objective stays total_cost"),
    (lambda m: m.total_cost.set_sense(pyo.maximize), "the objective stays total_cost"),
    (lambda m: m.total_cost.deactivate(), "the objective stays total_cost"),
    (lambda m: m.total_cost.set_value(m.total_cost.expr + m.a["S"]), r"the objective was changed \(a\[S\]\)"),
    (lambda m: m.total_cost.set_value(m.total_cost.expr + 7), r"the objective was changed \(its constant\)"),
    (lambda m: m.total_cost.set_value(m.a["N"]**2), "no longer linear"),
    (lambda m: m.costs.fixed["N"].set_value(11 * m.y["N"]), r"the objective was changed \(y\[N\]\)"),
    (lambda m: m.rows.link.deactivate(), r"rows that the tables ask for .* \(link\[N\], link\[S\]\)"),
    (lambda m: m.rows.link["S"].set_value(m.a["S"] <= 9 * m.y["S"]), r"rows that the tables ask for .* \(link\[S\]\)"),
    (lambda m: m.rows.need["N"].set_value(m.a["N"] + m.b["N"] == 9), r"rows that the tables ask for .* \(need\[N\]\)"),
    (lambda m: m.rows.del_component("need"), "rows that the tables ask for"),
    (lambda m: setattr(m.y["N"], "domain", pyo.Reals), r"made whole, or no longer are \(y\[N\]\)"),
    (lambda m: m.a["N"].setub(25), r"bounds were made wider, .* \(a\[N\]\)"),
    (lambda m: m.a["N"].setlb(None), r"bounds were made wider, .* \(a\[N\]\)"),
    (lambda m: m.y["N"].fix(2), r"no value is left for y\[N\]"),
    (lambda m: m.a["N"].fix(None), r"a\[N\] is fixed without a value"),
    (lambda m: (m.a["N"].setlb(5), m.a["N"].setub(4), None)[-1], r"no value is left for a\[N\]"),
    (lambda m: m.a["N"] <= 5, "the rule <lambda> gave .*Inequality.* back: what it wants belongs on the model"),
    (put("c", lambda m: pyo.Constraint(expr=outside() + m.a["N"] <= 3)), "is used, but does not stand in the model"),
]


@pytest.mark.parametrize(("rule", "says"), REFUSED)
def test_what_a_rule_may_not_do_is_said(rule, says):
    with pytest.raises(UsageError, match=says):
        with_rules(small(), [rule])


def test_a_new_variable_with_a_cost_is_refused_by_its_name():
    def rule(m):
        m.late = pyo.Var(bounds=(0, 1))
        m.total_cost.set_value(m.total_cost.expr + 4 * m.late)

    with pytest.raises(UsageError, match=r"the objective was changed \(late\)"):
        with_rules(small(), [rule])


def test_several_faults_are_named_together():
    def rule(m):
        m.p = pyo.Constraint(expr=m.a["N"] * m.b["N"] <= 1)
        m.q = pyo.Constraint(expr=m.a["S"] * m.b["S"] <= 1)
        m.s = pyo.SOSConstraint(var=m.a, sos=1)

    with pytest.raises(UsageError, match=r"(?s)s is neither.*p is not linear.*q is not linear"):
        with_rules(small(), [rule])


def test_a_fault_inside_a_rule_names_the_rule_and_the_keys():
    def misspelt(m):
        m.q = pyo.Constraint(expr=m.a["North"] <= 1)

    with pytest.raises(KeyError) as caught:
        with_rules(small(), [misspelt])
    assert caught.value.__notes__ == ["in the Pyomo rule misspelt; variables and their keys: a[site], b[site], y[site]"]


def test_a_rule_without_terms_that_cannot_hold():
    def rule(m):
        m.z = pyo.Var(bounds=(0, 1))
        m.never = pyo.Constraint(expr=0 * m.z >= 1)

    with pytest.raises(UsageError, match=r"no plan can keep them.*never"):
        with_rules(small(), [rule])
