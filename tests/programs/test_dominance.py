"""Columns that give way to another one of their program, worked out by hand and on random programs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ctsopt.errors import KeyMismatch
from ctsopt.keys import Axis, Keys
from ctsopt.programs.algebra import Rows, Variable
from ctsopt.programs.dominance import stand_ins
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Program
from tests.often import sampled

INF = math.inf


def program(cost, rows, ordered_by=None, **variable) -> Program:
    """min cost @ x, low <= row @ x <= high for each (row, low, high), x >= 0 in a block of its own."""
    made = Program()
    axis = Axis("way", [f"w{i:02}" for i in range(len(cost))])
    x = made.add_variable("x", Variable(Keys.make({"way": axis}, way=np.arange(len(cost))), **variable))
    made.add_cost("cost", x * np.array(cost, dtype=float), "variable")
    for number, (row, low, high) in enumerate(rows):
        total = (x * np.array(row, dtype=float)).total()
        made.add_rows(f"row{number}", Rows(total, np.array([low]), np.array([high])),
                      ordered_by=(ordered_by or {}).get(number, ""))
    return made


def gone(cost, *rows, prefer=None, ordered=None, ordered_by=None, **variable) -> list[bool]:
    """Which of some columns give way, all of them in a row `sum x == 10`."""
    made = program(cost, [([1] * len(cost), 10, 10), *rows], ordered_by, **variable)
    prefer = np.zeros(len(cost)) if prefer is None else np.array(prefer, dtype=float)
    given = {name: np.array(values, dtype=float) for name, values in (ordered or {}).items()}
    return (stand_ins(made, "x", prefer, given) != np.arange(len(cost))).tolist()


@pytest.mark.parametrize(("cost", "rows", "expected"), [
    ([5, 6], [], [False, True]),
    ([6, 5], [], [True, False]),
    ([5, 5], [], [False, True]),  # equal in all: the first
    ([5, 6], [([1, 0], -INF, 8)], [False, False]),  # the cheap one takes what is limited
    ([5, 6], [([0, 1], -INF, 8)], [False, True]),
    ([5, 6], [([2, 2], -INF, 8)], [False, True]),  # both take as much
    ([5, 6], [([2, 3], -INF, 8)], [False, True]),
    ([5, 6], [([3, 2], -INF, 8)], [False, False]),
    ([5, 5], [([1, 0], -INF, 8)], [True, False]),  # of equal cost, the one that takes nothing
    ([5, 6], [([0, 1], 3, INF)], [False, False]),  # three of the dear one are asked for
    ([5, 6], [([1, 0], 3, INF)], [False, True]),
    ([5, 6], [([-1, 2], 0, INF)], [False, False]),  # a third of the dear one
    ([5, 6], [([0, 1], 3, 3)], [False, False]),  # an equation
    ([5, 6], [([2, 2], 3, 3)], [False, True]),
    ([5, 6], [([0, 1], 0, 8)], [False, False]),  # two sides
    ([5, 6], [([1, 0], 0, 8)], [False, False]),
    ([5, 6], [([1, 0], -INF, INF)], [False, True]),  # a row without sides says nothing
    ([5, 6, 7], [([1, 0, 0], -INF, 8)], [False, False, True]),  # the second beats the third
    ([1, 2, 3, 4], [([9, 1, 0, 2], -INF, 8)], [False, False, False, True]),
    ([5, 6], [([1 + 2**-50, 1], -INF, 8)], [False, True]),  # no more than the rounding of a sum
    ([5, 6], [([1 + 2**-20, 1], -INF, 8)], [False, False]),
])
def test_costs_and_rows(cost, rows, expected):
    assert gone(cost, *rows) == expected


@pytest.mark.parametrize(("variable", "expected"), [
    ({"upper": np.array([INF, 3.0])}, [False, False]),  # bounded: it may be named by somebody who fixed it
    ({"upper": np.array([3.0, INF])}, [False, False]),  # the cheap one cannot take it all
    ({"lower": np.array([0.0, 1.0])}, [False, False]),
    ({"lower": np.array([0.0, -1.0])}, [False, False]),
    ({"lower": np.array([1.0, 0.0])}, [False, False]),
    ({"upper": np.array([0.0, INF])}, [False, False]),  # the cheap one is fixed at nothing
    ({"upper": np.array([INF, 0.0])}, [False, False]),  # fixed: stays by its name
    ({"integer": True}, [False, False]),
])
def test_whole_bounded_and_fixed_columns_stay(variable, expected):
    assert gone([5, 6], **variable) == expected


def test_of_two_that_beat_each_other_the_preferred_one_stays_and_then_the_first():
    assert gone([5, 5], prefer=[2, 1]) == [True, False]
    assert gone([5, 5], prefer=[1, 1]) == [False, True]
    assert gone([5, 6], prefer=[2, 1]) == [False, True]  # what is worse in cost is no equal
    assert gone([5] * 7, prefer=[3, 2, 2, 3, 2, 3, 3]).index(False) == 1


def test_an_attribute_may_not_become_less():
    """Rows by days of wait: the first column may be used with a configuration that quotes a day, the second with none.

    Compared as they are, the rows keep both; ordered by the wait, the second goes for the first, never the reverse.
    """
    rows = [([1, 0], -INF, 8), ([0, 1], -INF, 8)]
    wait, by = {"wait": [1, 0]}, {1: "wait", 2: "wait"}
    assert gone([5, 6], *rows) == [False, False]
    assert gone([5, 6], *rows, ordered=wait, ordered_by=by) == [False, True]
    assert gone([6, 5], *rows, ordered=wait, ordered_by=by) == [False, False]
    assert gone([5, 5], *rows, ordered=wait, ordered_by=by) == [False, True]
    assert gone([6, 5], ordered=wait) == [False, False]  # the attribute counts without any row
    assert gone([5, 5], ordered={"wait": [0, 1]}) == [True, False]


def test_an_attribute_that_nobody_knows_is_an_error():
    with pytest.raises(KeyMismatch, match="the rows row1 are ordered by wait, which is not an attribute"):
        gone([5, 6], ([1, 0], -INF, 8), ordered_by={1: "wait"})


def test_equations_part_the_columns_into_groups():
    """Two requests: the dear column of each goes, whatever the other request costs."""
    made = program([1, 2, 8, 9], [([1, 1, 0, 0], 5, 5), ([0, 0, 1, 1], 5, 5)])
    assert stand_ins(made, "x", np.zeros(4)).tolist() == [0, 0, 2, 2]


def test_no_columns():
    assert stand_ins(program([], []), "x", np.zeros(0)).tolist() == []


def test_what_is_left_out_is_nothing_and_the_solver_is_not_given_it():
    """10 of the cheapest: 50; reduced costs of what is left out are not asked for."""
    made = program([6, 5, 7], [([1, 1, 1], 10, INF)])
    thin = made.without("x", np.array([2, 1, 2])).without("x", np.array([0, 1, 1]))
    assert thin.left_out.tolist() == [True, False, True]
    assert thin.stand_in.tolist() == [1, 1, 1]
    outcome = Highs(thin.arrays).run()
    assert outcome.plan.tolist() == [0, 10, 0]
    assert outcome.col_dual.tolist() == [0, 0, 0]
    assert Highs(made.arrays).run().value == outcome.value == 50
    assert made.left_out is None
    held = thin.fixed("x", np.array([3.0, 12.0, 4.0]))
    assert Highs(held.arrays).run().plan.tolist() == [0, 12, 0]


def test_rows_bounds_costs_and_starts_are_in_the_columns_of_the_program():
    """At most 4 of the second, then none of it is cheaper than the third; the first is left out throughout."""
    thin = program([1, 5, 7], [([1, 1, 1], 10, INF)]).without("x", np.array([1, 1, 2]))
    model = Highs(thin.arrays)
    model.add_rows(thin.matrix()[[0]] * 0.5, np.array([8.0]), np.array([INF]))
    assert model.run().plan.tolist() == [0, 16, 0]
    model.change_bounds(np.array([0, 1], dtype=np.int32), np.zeros(2), np.array([9.0, 4.0]))
    assert model.run().plan.tolist() == [0, 4, 12]
    model.change_cost(np.array([0.0, 9.0, 8.0]))
    assert model.run().plan.tolist() == [0, 0, 16]


def drawn(seed: int) -> Program:
    """A random program: some ways for each of two requests, rows of every sense, whole columns that switch them."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(4, 12))
    axis = {"way": Axis("way", [f"w{i:02}" for i in range(size)])}
    made = Program()
    x = made.add_variable("x", Variable(Keys.make(axis, way=np.arange(size))))
    z = made.add_variable("z", Variable(Keys.single(), upper=1.0, integer=True))
    made.add_cost("cost", (x * rng.choice([1.0, 2.0, 3.0], size), z * float(rng.integers(0, 9))), "variable")
    request = rng.integers(0, 2, size)
    for k in (0, 1):
        made.add_rows(f"serve{k}", x.where(request == k).total() == (10.0 if (request == k).any() else 0.0))
    for k in range(int(rng.integers(0, 5))):
        total = (x * rng.choice([-1.0, 0.0, 0.0, 1.0, 2.0], size)).total()
        switched = total - z * float(rng.choice([0.0, 0.0, 12.0]))
        side = float(rng.integers(-5, 20))
        made.add_rows(f"row{k}", (switched <= side, switched >= side - 8, Rows(switched, np.array([side - 9]),
                                                                            np.array([side])))[rng.integers(0, 3)])
    return made


def worse(one: int, other: int, made: Program) -> bool:
    """Whether what is on one column may go to another: the definition, row by row."""
    arrays, matrix = made.arrays, made.arrays.matrix.toarray()
    if arrays.cost[other] > arrays.cost[one]:
        return False
    for row, (low, high) in zip(matrix, zip(arrays.row_lower, arrays.row_upper, strict=True), strict=True):
        change = row[other] - row[one]
        if (change > 0 and math.isfinite(high)) or (change < 0 and math.isfinite(low)):
            return False
    return True


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed):
    """As many columns stay as the definition leaves, each that goes has one that stays, and the optimum is the same."""
    made = drawn(seed)
    size = len(made.variables["x"].index)
    instead = stand_ins(made, "x", np.zeros(size))
    beaten = instead != np.arange(size)
    pairs = {(i, j) for i in range(size) for j in range(size) if i != j and worse(i, j, made)}
    strictly = {i for i, j in pairs if (j, i) not in pairs or j < i}
    assert set(np.flatnonzero(beaten).tolist()) == strictly
    assert all((i, instead[i]) in pairs and not beaten[instead[i]] for i in np.flatnonzero(beaten))
    whole, thin = (Highs(p.arrays, mip_rel_gap=0.0).run() for p in (made, made.without("x", instead)))
    assert whole.stopped_by == thin.stopped_by
    assert whole.value == pytest.approx(thin.value, rel=1e-9)


@pytest.mark.parametrize("seed", sampled(range(60, 1060), every=100))
def test_random_programs_more_often(seed):
    test_random_programs(seed)
