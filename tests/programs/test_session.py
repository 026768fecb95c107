"""A session says what a program solved anew says, whatever has been changed, held or added in between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import linprog

import ctsopt as cts
from ctsopt.errors import KeyMismatch
from ctsopt.formulation.build import build
from ctsopt.keys import Keys
from ctsopt.programs.program import Arrays
from ctsopt.programs.session import Session, columns_of, rows_of
from ctsopt.testing import random_network
from tests.often import of_the_day, sampled


def cold(arrays: Arrays) -> float | None:
    """The least cost of a linear program by scipy; None where there is no plan."""
    rows, low, high = sp.csr_array(arrays.matrix), arrays.row_lower, arrays.row_upper
    same, up, down = low == high, (high < np.inf) & (low != high), (low > -np.inf) & (low != high)
    found = linprog(arrays.cost, sp.vstack([rows[up], -rows[down]]), np.append(high[up], -low[down]), rows[same],
                    low[same], np.column_stack([arrays.lower, arrays.upper]))
    assert found.status in (0, 2)
    return float(found.fun) + arrays.offset if found.status == 0 else None


def two_ways() -> Arrays:
    """10 units are wanted; by x at 1 each, at most 4 of them, and by y at 3 each: 4 + 18 = 22. A way z is nowhere."""
    return Arrays(sp.csc_array([[1.0, 1.0], [1.0, 0.0]]), np.array([1.0, 3.0]), 0.0, np.zeros(2),
                  np.full(2, np.inf), np.zeros(2, dtype=bool), np.array([10.0, -np.inf]), np.array([np.inf, 4.0]))


def test_what_is_asked_one_after_the_other_by_hand():
    session = Session(two_ways())
    first = session.solve()
    assert first.value == pytest.approx(22.0)
    assert first.row_dual == pytest.approx([3.0, -2.0])
    assert first.col_dual == pytest.approx([0.0, 0.0])
    session.sides(np.array([0]), np.array([12.0]), np.array([np.inf]))
    assert session.solve().value == pytest.approx(28.0)
    session.costs(np.array([1]), np.array([0.5]))
    assert session.solve().value == pytest.approx(6.0)
    session.costs(np.array([1]), np.array([3.0]))
    session.bound(np.array([0]), np.array([0.0]), np.array([1.0]))
    assert session.solve().value == pytest.approx(34.0)
    new = session.add_columns(sp.csc_array([[1.0], [0.0]]), np.array([2.0]), np.zeros(1), np.array([5.0]))
    assert session.solve().value == pytest.approx(1 + 10 + 18)
    session.add_rows(sp.csr_array([[0.0, 0.0, 1.0]]), np.array([-np.inf]), np.array([3.0]))
    last = session.solve()
    assert last.value == pytest.approx(1 + 6 + 24)
    assert last.plan[new] == pytest.approx([3.0])


def test_no_plan_is_said_and_forgotten():
    session = Session(two_ways())
    session.hold(np.array([0, 1]), np.array([4.0, 5.0]))
    assert session.solve().stopped_by == "infeasible"
    session.bound(np.array([1]), np.array([0.0]), np.array([np.inf]))
    assert session.solve().value == pytest.approx(22.0)


def test_columns_and_rows_come_in_where_they_are_needed():
    """With x alone and without its row of 4 there is a plan of 10; the row comes in, there is none, y has the rest."""
    session = Session(two_ways(), columns=np.zeros(2, dtype=bool), rows=np.array([True, False]))
    assert session.inside == (1, 1)
    assert session.solve().value == pytest.approx(22.0)
    assert session.inside == (2, 2)


def test_a_row_without_which_there_is_no_end_comes_in():
    """What z brings in is bounded by a row of 3 alone, which was left out."""
    arrays = Arrays(sp.csc_array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), np.array([1.0, 3.0, -2.0]), 0.0, np.zeros(3),
                    np.full(3, np.inf), np.zeros(3, dtype=bool), np.array([10.0, -np.inf]), np.array([np.inf, 3.0]))
    assert Session(arrays, rows=np.array([True, False])).solve().value == pytest.approx(10 - 6)


def test_back_at_a_mark_nothing_is_left_to_do():
    """Steps are counted: from the basis of the same question, after others, there are none."""
    session = Session(two_ways())
    session.solve()
    mark = session.mark()
    session.sides(np.array([0]), np.array([3.0]), np.array([np.inf]))
    session.solve()
    session.sides(np.array([0]), np.array([10.0]), np.array([np.inf]))
    session.back_to(mark)
    assert session.solve().iterations == 0


def test_keys_name_columns_and_rows_and_strange_ones_are_refused():
    net = cts.network(random_network(3))
    program = build(net)
    site = Keys.make(net.axes, site=np.array([1]))
    assert columns_of(program, "open", site).tolist() == [program.variables["open"].start + 1]
    assert len(rows_of(program, "serve_demand")) == len(program.rows["serve_demand"].index)
    with pytest.raises(KeyMismatch, match="1 of 1 keys are none of open"):
        columns_of(program, "open", Keys.make(net.axes, site=np.array([-1])))


@pytest.mark.parametrize("seed", [*sampled(range(30), every=15, quick=1), *of_the_day(60)])
def test_every_answer_is_that_of_a_program_solved_anew(seed):
    """Six questions each, of few columns and rows: sites held, quantities, costs, a row and a column more."""
    try:
        program = build(cts.network(random_network(seed)))
    except (cts.DataError, cts.InfeasibleError):
        return
    draw, arrays = np.random.default_rng(seed), program.arrays
    session = Session(arrays, columns=draw.random(program.columns) < 0.3,
                      rows=~program.lazy & (draw.random(program.row_count) < 0.9))
    sites, asked = columns_of(program, "open"), rows_of(program, "serve_demand")
    for question in range(6):
        arrays = replace(arrays, lower=arrays.lower.copy(), upper=arrays.upper.copy(), cost=arrays.cost.copy(),
                         row_lower=arrays.row_lower.copy(), row_upper=arrays.row_upper.copy())
        if question in (1, 3):
            design = np.clip((draw.random(len(sites)) < 0.8).astype(float), program.arrays.lower[sites],
                             program.arrays.upper[sites])
            arrays.lower[sites] = arrays.upper[sites] = design
            session.hold(sites, design)
        if question == 2:
            arrays.row_lower[asked] *= 0.7
            arrays.row_upper[asked] *= 0.7
            session.sides(asked, arrays.row_lower[asked], arrays.row_upper[asked])
            arrays.lower[sites], arrays.upper[sites] = program.arrays.lower[sites], program.arrays.upper[sites]
            session.bound(sites, arrays.lower[sites], arrays.upper[sites])
        if question == 4:
            some = np.flatnonzero(draw.random(len(arrays.cost)) < 0.2)
            arrays.cost[some] *= draw.uniform(0.5, 2.0, len(some))
            session.costs(some, arrays.cost[some])
        if question == 5:
            more = sp.csc_array((np.ones(1), ([asked[0]], [0])), shape=(len(arrays.row_lower), 1))
            session.add_columns(more, np.array([0.5]), np.zeros(1), np.array([2.0]))
            row = sp.csr_array((np.ones(len(sites)), (np.zeros(len(sites), dtype=int), sites)),
                               shape=(1, len(arrays.cost) + 1))
            session.add_rows(row, np.zeros(1), np.array([len(sites) - 0.5]))
            arrays = replace(arrays, matrix=sp.vstack([sp.hstack([arrays.matrix, more]), row], format="csc"),
                             cost=np.append(arrays.cost, 0.5), lower=np.append(arrays.lower, 0.0),
                             upper=np.append(arrays.upper, 2.0), integer=np.append(arrays.integer, False),
                             row_lower=np.append(arrays.row_lower, 0.0),
                             row_upper=np.append(arrays.row_upper, len(sites) - 0.5))
        wanted, outcome = cold(arrays), session.solve()
        if wanted is None:
            assert outcome.stopped_by == "infeasible", question
            continue
        assert outcome.value == pytest.approx(wanted, rel=1e-6, abs=1e-4), question
        assert float(arrays.cost @ outcome.plan) + arrays.offset == pytest.approx(wanted, rel=1e-6, abs=1e-4)
