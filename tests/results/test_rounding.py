"""Displayed amounts add up to the displayed total: cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ctsopt.results.rounding import largest_remainder, rounded_cost_to_serve, rounded_table
from tests.often import drawn
from tests.small import chain, lanes, solved, table


@pytest.mark.parametrize(("parts", "decimals", "shown"), [
    ([33.335, 33.335, 33.33], 2, [33.34, 33.33, 33.33]),  # 33.34 + 33.34 + 33.33 would be 100.01
    ([1 / 3, 1 / 3, 1 / 3], 2, [0.34, 0.33, 0.33]),  # a tie: the first goes up
    ([0.4, 0.4, 0.4], 0, [1, 0, 0]),  # 1.2 is 1
    ([2.5, 2.5], 0, [3, 2]),
    ([10.0, 0.29, 0.71], 2, [10.0, 0.29, 0.71]),  # what is whole stays, also where its product with 100 is not
    ([1234.4, 1.4, 0.2], 0, [1235, 1, 0]),  # 1236.0; remainders 0.4, 0.4, 0.2: the first of equals
    ([1234.3, 1.4, 0.3], 0, [1234, 2, 0]),
    ([-1.5, 4.0], 0, [-2, 4]),  # 2.5 is 2 (to the even number): nothing is missing from -2 + 4
    ([-0.6, -0.6, -0.6], 0, [0, -1, -1]),  # -1.8 is -2: of -3, one unit goes back up
    ([1249.6, 2750.4], -3, [1000, 3000]),  # thousands: 0.2496 and 0.7504 of a unit
    ([1e9 + 0.335, 0.335], 2, [1e9 + 0.34, 0.33]),
    ([0.0, 0.0], 2, [0, 0]),
    ([], 2, []),
])
def test_by_hand(parts, decimals, shown):
    assert largest_remainder(parts, decimals).tolist() == shown


def test_seats_of_the_states_by_hamilton():
    """The method as it is usually taught: quotas 5.9, 2.3, 1.8 for 10 seats; 8 whole seats, two more to 0.9 and 0.8."""
    assert largest_remainder([5.9, 2.3, 1.8]).tolist() == [6, 2, 2]


def test_a_table_adds_up_both_ways():
    """Columns 1.0, 1.5, 1.5 make 4: the first 1.5 goes up. Their cells: thirds, then 1.5 = 0.6 + 0.9 as 2, as 1."""
    shown = rounded_table([[1 / 3, 0.6, 0.6], [2 / 3, 0.9, 0.9]])
    assert shown.tolist() == [[0, 1, 0], [1, 1, 1]]
    assert shown.sum(axis=0).tolist() == [1, 2, 1]


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)),
              elements=st.floats(-1e9, 1e9, allow_nan=False)), st.integers(0, 2))
@drawn(60)
def test_any_table_adds_up_and_no_cell_moves_by_more_than_a_unit(cells, decimals):
    unit = 10.0**-decimals
    shown = rounded_table(cells, decimals)
    assert (np.abs(shown - cells) < unit * 1.000001).all()
    total = round(math.fsum(math.fsum(column) for column in cells.T), decimals)
    assert round(float(shown.sum()) / unit) == pytest.approx(total / unit, abs=1e-3)


def test_a_cost_to_serve_table_adds_up_as_shown():
    """100 of fixed cost over three customers of equal size: 33.34 + 33.33 + 33.33, with 1 a unit of last mile each."""
    tables = chain(sites=table({"site": "D", "kind": "plant", "fixed_cost": 100}), lanes=lanes("D-A", "D-B", "D-C"),
                   customers=table(*({"customer": c} for c in "ABC")),
                   demand=table(*({"customer": c, "quantity": 1} for c in "ABC")))
    shown = rounded_cost_to_serve(solved(tables).cost_to_serve(by="customer"), decimals=2)
    assert shown["site_fixed"].tolist() == [33.34, 33.33, 33.33, 100]
    assert shown["total"].tolist() == [34.34, 34.33, 34.33, 103]
    assert shown["cost"].tolist() == shown["total"].tolist()
    assert shown["cost_per_unit"].tolist() == pytest.approx([103 / 3] * 4)
