"""LP files: another reader finds the same program in them, under names that a person can read."""

from __future__ import annotations

import string

import highspy
import numpy as np
import pytest

import ctsopt as cts
from ctsopt.keys import Axis, Keys
from ctsopt.programs.algebra import Rows, Variable
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Program
from tests.small import chain, lanes, table


def read(path) -> highspy.Highs:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    return highs


def optimum(highs: highspy.Highs) -> float:
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs.getInfo().objective_function_value


def two(name: str, other: str = "other") -> Program:
    """min 2 x + 3 y + 10, x + y >= 4, y >= 1 and whole, x <= 9: 2 x 3 + 3 + 10 = 19."""
    keys = Keys.make({"site": Axis("site", [name, other])}, site=[0, 1])
    program = Program(f"of {name}")
    v = program.add_variable("v", Variable(keys, np.array([0.0, 1.0]), np.array([9.0, np.inf]), integer=True))
    program.add_rows("need", v.total() >= 4.0)
    program.add_rows("each", Rows(v, np.array([-1.0, 0.0]), np.array([8.0, 7.0])))
    program.add_cost("money", v * np.array([2.0, 3.0]) + 5.0, "variable")
    return program


ODD = ["a b", "[x]", "it's", 'say "so"', "Zürich", "漢字", "q" * 300, "1e5", "-5", "", "free", "a\nb", "a\tb", "\\n",
       *(f"p{c}q" for c in string.punctuation)]


@pytest.mark.parametrize("name", ODD)
def test_any_name_can_be_written_and_read(tmp_path, name):
    path = tmp_path / "odd.lp"
    two(name).write_lp(path)
    highs = read(path)
    assert (highs.getNumCol(), highs.getNumRow()) == (2, 5)  # the rows with two sides are written as two
    assert optimum(highs) == pytest.approx(19)


@pytest.mark.parametrize(("first", "second"), [("a b", "a_b"), ("é", "ü"), ("x" * 300 + "1", "x" * 300 + "2"),
                                               ("a b", "a_b~1"), ("[a]", "(a)")])
def test_names_that_become_the_same_stay_apart(tmp_path, first, second):
    path = tmp_path / "two.lp"
    two(first, second).write_lp(path)
    highs = read(path)
    lp = highs.getLp()
    assert len(set(lp.col_names_)) == 2
    assert len(set(lp.row_names_)) == 5
    assert optimum(highs) == pytest.approx(19)


def test_what_is_read_back_is_the_program(tmp_path):
    """Column by column and row by row, through HiGHS's reader."""
    path = tmp_path / "two.lp"
    program = two("A")
    program.write_lp(path)
    lp = read(path).getLp()
    assert lp.col_names_ == ["v(A)", "v(other)"]
    assert (list(lp.col_cost_), lp.offset_) == ([2, 3], 10)
    assert (list(lp.col_lower_), list(lp.col_upper_)) == ([0, 1], [9, np.inf])
    assert [int(kind) for kind in lp.integrality_] == [1, 1]
    assert lp.row_names_ == ["need", "each(A)", "each(A)_low", "each(other)", "each(other)_low"]
    assert list(lp.row_lower_) == [4, -np.inf, -1, -np.inf, 0]
    assert list(lp.row_upper_) == [np.inf, 8, np.inf, 7, np.inf]


def test_numbers_keep_every_digit(tmp_path):
    keys = Keys.make({"site": Axis("site", ["A"])}, site=[0])
    program = Program()
    x = program.add_variable("x", Variable(keys, 1 / 3))
    program.add_rows("r", x * 0.1 <= 1e17 / 3)
    program.add_cost("c", x * (2 / 3), "variable")
    path = tmp_path / "digits.lp"
    program.write_lp(path)
    lp = read(path).getLp()
    assert (lp.col_cost_[0], lp.col_lower_[0], lp.row_upper_[0]) == (2 / 3, 1 / 3, 1e17 / 3)
    assert lp.a_matrix_.value_[0] == 0.1


def test_nothing_to_minimise(tmp_path):
    keys = Keys.make({"site": Axis("site", ["A"])}, site=[0])
    program = Program()
    x = program.add_variable("x", Variable(keys, -np.inf))
    program.add_rows("r", x == 3.0)
    path = tmp_path / "plain.lp"
    program.write_lp(path)
    highs = read(path)
    assert optimum(highs) == 0
    assert list(highs.getSolution().col_value) == [3]


def test_a_network_has_the_same_optimum_and_readable_names(tmp_path):
    """A candidate (30 fixed) saves 2 a unit on 20 units: 2 x 20 + 30 = 70 beside 80."""
    tables = chain(sites=table({"site": "P 1", "kind": "plant"},
                               {"site": "D[é]", "kind": "dc", "status": "candidate", "fixed_cost": 30}),
                   demand=table({"customer": "C", "quantity": 20}), products=table({"product": "goods", "weight": 1}),
                   modes=table({"mode": "truck", "per_weight": 1}, {"mode": "air", "per_weight": 4}),
                   lanes=lanes("P 1-D[é]-truck", "D[é]-C-truck", "P 1-C-air"))
    program = cts.program(cts.network(tables))
    path = tmp_path / "network.lp"
    program.write_lp(path)
    highs = read(path)
    assert optimum(highs) == pytest.approx(70)
    assert "open(D(_))" in highs.getLp().col_names_
    assert "serve_demand(C,standard,goods,year)" in highs.getLp().row_names_
    assert optimum(highs) == pytest.approx(Highs(program.arrays, mip_rel_gap=0.0).run().value)
