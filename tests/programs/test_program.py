"""A program of named blocks: what it holds as arrays, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from ctsopt.errors import KeyMismatch
from ctsopt.keys import Axis, Keys
from ctsopt.programs.algebra import Expr, Rows, Variable
from ctsopt.programs.program import Program

AXES = {"site": Axis("site", ["A", "B"])}
SITES = Keys.make(AXES, site=[0, 1])


def small() -> Program:
    """min 3 a + 4 b + 5 z + 2 x 7, a + 2 z >= 1 (at A), b - z >= 0 (at B), a <= 9 lazily; z single and whole."""
    program = Program("small")
    x = program.add_variable("x", Variable(SITES, upper=np.array([8.0, 6.0])))
    z = program.add_variable("z", Variable(Keys.single(), -1.0, 4.0, integer=True))
    program.add_rows("cover", x + z.at(SITES) * np.array([2.0, -1.0]) >= np.array([1.0, 0.0]))
    program.add_rows("tight", x.where(np.array([True, False])) <= 9.0, anchor="cover")
    program.add_cost("flow", (x * np.array([3.0, 4.0]) + 7.0, z * 5.0), "variable")
    return program


def test_arrays():
    arrays = small().arrays
    assert arrays.matrix.toarray().tolist() == [[1, 0, 2], [0, 1, -1], [1, 0, 0]]
    assert arrays.cost.tolist() == [3, 4, 5]
    assert arrays.offset == 14
    assert (arrays.lower.tolist(), arrays.upper.tolist()) == ([0, 0, -1], [8, 6, 4])
    assert arrays.integer.tolist() == [False, False, True]
    assert arrays.row_lower.tolist() == [1, 0, -np.inf]
    assert arrays.row_upper.tolist() == [np.inf, np.inf, 9]


def test_names_and_sizes():
    program = small()
    assert list(program.column_names()) == ["x[A]", "x[B]", "z"]
    assert list(program.row_names()) == ["cover[A]", "cover[B]", "tight[A]"]
    assert program.lazy.tolist() == [False, False, True]
    assert "3 columns (1 whole), 3 rows (1 lazy), 5 coefficients" in repr(program)


def test_some_rows():
    assert small().arrays.with_rows(np.array([True, False, True])).matrix.toarray().tolist() == [[1, 0, 2], [1, 0, 0]]


def test_some_columns():
    """Those of B and z, in the order asked for; the rows stay as they are."""
    some = small().arrays.with_columns(np.array([2, 1]))
    assert some.matrix.toarray().tolist() == [[2, 0], [-1, 1], [0, 0]]
    assert (some.cost.tolist(), some.integer.tolist(), some.offset) == ([5, 4], [True, False], 14)
    assert (some.lower.tolist(), some.upper.tolist()) == ([-1, 0], [4, 6])
    assert some.row_lower.tolist() == [1, 0, -np.inf]


def test_the_same_variable_twice_in_a_row_adds_up():
    program = Program()
    x = program.add_variable("x", Variable(SITES))
    program.add_rows("twice", x + x * 2.0 <= 1.0)
    assert program.arrays.matrix.toarray().tolist() == [[3, 0], [0, 3]]


def test_a_row_without_terms_that_cannot_hold_is_refused():
    program = Program()
    x = program.add_variable("x", Variable(SITES))
    only_a = x.where(np.array([True, False])).per(SITES)
    for rows in (only_a >= 1.0, only_a <= -1.0, only_a == 2.0):
        with pytest.raises(KeyMismatch, match=r"1 rows of wanted have no terms and cannot hold, such as B"):
            program.add_rows("wanted", rows)
    for name, rows in (("least", only_a >= 0.0), ("most", only_a <= 3.0), ("just", only_a == 0.0)):
        program.add_rows(name, rows)
    assert program.row_count == 6
    with pytest.raises(KeyMismatch, match="2 rows of never have no terms"):
        program.add_rows("never", Expr.constants(SITES, 1.0) <= 0.0)


def test_a_lazy_family_needs_an_anchor_that_is_always_there():
    program = small()
    x = Expr.block(SITES, 0)
    with pytest.raises(KeyMismatch, match="loose is lazy, but its anchor nowhere is not in the program"):
        program.add_rows("loose", x <= 1.0, anchor="nowhere")
    with pytest.raises(KeyMismatch, match="loose is lazy, and so is its anchor tight"):
        program.add_rows("loose", x <= 1.0, anchor="tight")
    assert "loose" not in program.rows


@pytest.mark.parametrize("kind", ["variable", "rows", "cost"])
def test_a_name_is_taken_once(kind):
    program = small()
    x = Expr.block(SITES, 0)
    with pytest.raises(KeyMismatch, match="two"):
        {"variable": lambda: program.add_variable("x", Variable(SITES)),
         "rows": lambda: program.add_rows("cover", x <= 1.0),
         "cost": lambda: program.add_cost("flow", x, "variable")}[kind]()


def test_an_empty_program():
    arrays = Program().arrays
    assert arrays.matrix.shape == (0, 0)
    assert (arrays.offset, len(arrays.cost), len(arrays.row_lower)) == (0, 0, 0)


def test_rows_with_ranges():
    program = Program()
    x = program.add_variable("x", Variable(SITES))
    program.add_rows("range", Rows(x, np.array([1.0, -np.inf]), np.array([2.0, 5.0])))
    assert program.arrays.row_lower.tolist() == [1, -np.inf]
    assert program.arrays.row_upper.tolist() == [2, 5]
