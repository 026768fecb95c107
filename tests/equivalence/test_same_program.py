"""One program, two paths: the Pyomo model compiles back to the arrays that HiGHS is given."""

from __future__ import annotations

import importlib
from functools import cache

import numpy as np
import pyomo.environ as pyo
import pytest

import ctsopt as cts
from ctsopt.errors import KeyMismatch
from ctsopt.keys import Axis, Keys
from ctsopt.programs.algebra import Expr, Rows, Variable
from ctsopt.programs.program import Program
from ctsopt.programs.pyomo import compiled, to_pyomo
from ctsopt.testing import assert_same_program, random_network
from tests.often import sampled
from tests.small import chain, lanes, rates, table

AWKWARD = ["NA", "a b", "[x]", "it's", 'say "so"', "Zürich", "漢", "l" * 300, "1e5", "a,b", "a.b", ""]


@cache
def made(seed: int, *, stocked: bool = False) -> Program:
    """The program of a seed's network, or of the first seed after it whose tables have no fault."""
    for tried in range(seed, seed + 1000, 100):
        try:
            return cts.program(cts.network(random_network(tried, availability=stocked)))
        except cts.DataError:
            continue
    raise AssertionError("no network without faults")


@pytest.mark.parametrize("seed", sampled(range(20), every=3, quick=1))
def test_random_networks(seed):
    assert made(seed).row_count > 0
    assert_same_program(made(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(12), every=3))
def test_random_networks_with_stock(seed):
    assert {"cycle_stock", "safety_stock"} <= set(made(seed, stocked=True).costs)
    assert_same_program(made(seed, stocked=True))


@pytest.mark.long
def test_every_family_is_among_those_compared():
    """Together the random networks have every family of rows and every cost line, lazy rows too."""
    from ctsopt.formulation.build import COSTS, ROWS

    rows, lines = set(), set()
    for program in [*map(made, range(20)), *(made(seed, stocked=True) for seed in range(12))]:
        rows |= {name for name, block in program.rows.items() if len(block.index)}
        lines |= set(program.costs)
    assert rows == {family.__name__ for family in ROWS}
    assert lines == {family.__name__ for family in COSTS}


def test_a_rule_of_ones_own_is_in_both():
    def between(x, net):
        """10 to 70 units, written as a range of a single row."""
        return Rows(x.deliver.total(), np.array([10.0]), np.array([70.0]))

    net = cts.network(chain())
    program = cts.program(net, extra=[between])
    assert_same_program(program)
    model = to_pyomo(program)
    assert (model.rows.between.lower, model.rows.between.upper) == (10, 70)


def blocks() -> Program:
    """Every kind of block: bounds, ranges, free rows, empty rows, no key, awkward keys, constants, zeros, two parts."""
    axes = {"site": Axis("site", AWKWARD), "customer": Axis("customer", ["x", "y"])}
    one = Keys.make(axes, site=np.arange(len(AWKWARD)))
    two = Keys.make(axes, site=np.repeat(np.arange(3), 2), customer=np.tile([0, 1], 3))
    program = Program("odd [names]")
    free = program.add_variable("free", Variable(one, -np.inf, np.linspace(1, 2, len(one))))
    whole = program.add_variable("whole", Variable(one, -3.0, 9.0, integer=True))
    yes = program.add_variable("yes", Variable(two, upper=np.array([0.0, 1, 1, 1, 0, 1]), integer=True))
    level = program.add_variable("level", Variable(Keys.single(), 2.0))
    spare = program.add_variable("spare", Variable(one))
    program.add_rows("ranged", Rows(free + whole, np.linspace(-2, -1, len(one)), np.linspace(5, 6, len(one))))
    program.add_rows("equal", yes.per(Keys.make(axes, site=[0, 1, 2])) == 1.0)
    program.add_rows("lazy_one", free <= 3.0, anchor="ranged")
    program.add_rows("scalar", level + yes.total() >= 4.0)
    program.add_rows("holds_anyway", Expr.constants(one, 1.0) >= 0.0)
    program.add_rows("no_sides", Rows(free * 2.0, np.full(len(one), -np.inf), np.full(len(one), np.inf)))
    program.add_rows("cancels", free - free + whole <= 4.0)
    program.add_cost("fixed", yes * 7.0 + 3.0, "fixed")
    program.add_cost("mixed", (free * 0.1, whole * np.linspace(0, 1, len(one)), level * 1e9), "variable")
    program.add_cost("nothing", spare * 0.0, "variable")
    return program


def test_a_variable_a_row_and_a_cost_line_may_share_a_name():
    program = blocks()
    free = Expr.block(program.variables["free"].index, 0)
    program.add_rows("free", free.total() >= -1.0)
    program.add_cost("free", free * 2.0, "variable")
    assert_same_program(program)
    model = to_pyomo(program)
    assert (model.free["NA"].ub, model.rows.free.lower) == (1, -1)
    model.free["a b"] = 0.5
    assert pyo.value(model.costs.free["a b"]) == 1


@pytest.mark.parametrize("name", ["rows", "costs", "total_cost"])
def test_a_variable_with_a_name_of_the_model_itself_is_refused(name):
    program = blocks()
    program.add_variable(name, Variable(Keys.single()))
    with pytest.raises(KeyMismatch, match=f"variables named {name}"):
        to_pyomo(program)


def test_every_kind_of_block():
    assert_same_program(blocks())


@pytest.mark.parametrize(("spoil", "what"), [
    (lambda m: m.rows.ranged["NA"].set_value((-2, 2 * m.free["NA"], 5)), "coefficients"),
    (lambda m: m.rows.ranged["NA"].set_value((m.rows.ranged["NA"].lower, m.rows.ranged["NA"].body, 99)), "row_upper"),
    (lambda m: m.free["a b"].setub(50), "upper"),
    (lambda m: setattr(m.yes["NA", "y"], "domain", pyo.Reals), "integer"),
    (lambda m: m.costs.fixed["NA", "x"].set_value(8 * m.yes["NA", "x"]), "cost"),
    (lambda m: m.rows.scalar.deactivate(), "coefficients"),
])
def test_a_difference_is_seen_and_named(monkeypatch, spoil, what):
    """The comparison itself: one number changed in the model is found."""

    def spoilt(program):
        model = to_pyomo(program)
        spoil(model)
        return model

    # `ctsopt.program` is the function, so that the module is looked up by its name.
    monkeypatch.setattr(importlib.import_module("ctsopt.programs.pyomo"), "to_pyomo", spoilt)
    with pytest.raises(AssertionError, match=f"^{what} differ"):
        assert_same_program(blocks())


def test_a_constraint_of_the_models_own_is_named():
    program = blocks()
    model = to_pyomo(program)
    model.mine = pyo.Constraint(expr=model.level <= 5)
    with pytest.raises(KeyMismatch, match="the model has mine, which the program has not"):
        compiled(program, model)


def test_business_keys_index_the_model():
    """A reader finds x.deliver by the names of the tables."""
    tables = chain(rates=rates(P_D=1, D_C=2), lanes=lanes("P-D", "D-C"),
                   products=table({"product": "bolt", "product_class": "A"}))
    model = to_pyomo(cts.program(cts.network(tables)))
    assert model.deliver["D", "", "C", "standard", "", "truck", "bolt", "year"].lb == 0
    assert ("C", "standard", "bolt", "year") in model.rows.serve_demand
    assert model.open["P"].is_binary()
    assert model.deliver.doc == "deliver[site, via, customer, tier, mode_in, mode_out, product, period]"
    assert model.rows.serve_demand.doc == "serve_demand[customer, tier, product, period]"
