"""Scales that bring a program into the range in which a solver's absolute tolerances make sense.

A solver calls a reduced cost below 1e-7 zero, drops coefficients below 1e-9, and lets a row be off by 1e-7 or a whole
column by 1e-8, whatever their size. Money counted in millions, capacity in cubic metres of small screws, or demand for
a thousand million pieces would make that too much or too little. All factors are powers of two, so that scaling costs
no digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import Bools, Floats, Ints

if TYPE_CHECKING:
    import scipy.sparse as sp

    from ctsopt.programs.program import Arrays

USUAL_QUANTITIES = (1.0, 1e5)
"""Range of the usual side of a row within which quantities are left as they are."""

_APART, _FAINT = 1e6, 1e-2
"""Where the largest quantity that is asked for is more than the first times the smallest, or the smallest is less than
the second of what counts as one, each column has a unit of its own: a demand of 0.01 beside one of 1e8 would be within
the tolerance of the solver, or be drowned by the rounding of its coefficients."""

_SWEEPS = 12
"""Rows between what is asked for and the column that is furthest from it, at the most."""

_TYPICAL = 100.0
"""What the usual side of a row becomes where it is outside."""

_USUAL = (1e-2, 1e4)
"""Range of unit costs within which money is left as it is."""

_DEAREST = 1e10
"""The largest cost that a solver is given: with more it loses the cheap ones, and itself (goods of 1e12 a unit)."""

_SMALL_ROW = 1e-2
"""Rows whose largest coefficient is below this are scaled up."""


def quantity_scale(arrays: Arrays) -> float:
    """Units of goods that count as one: 1 where the usual row side is as in `USUAL_QUANTITIES`, else near side / 100.

    Only rows that hold a continuous column are looked at, and of these the ones that make something flow: a limit may
    be far from anything that flows. Without such rows the limits have to do.
    """
    side = np.maximum(arrays.row_lower, -arrays.row_upper)  # above 0 where nothing at all would break the row
    if not (side > 0).any():
        side = np.minimum(-arrays.row_lower, arrays.row_upper)
    side[side == np.inf] = 0.0
    low, high = USUAL_QUANTITIES
    fine = np.count_nonzero((side > low) & (side <= high))  # a side of 1 may count sites
    if 4 * np.count_nonzero((side > high) | ((side > 0) & (side < low))) <= fine:
        return 1.0  # so many are usual that the middle one is; finding it takes longer
    sides = side[(side > 0) & holding(arrays.matrix, ~arrays.integer)]
    if not len(sides):
        return 1.0
    usual = float(np.median(sides))
    return 1.0 if low <= usual <= high else float(2.0 ** np.round(np.log2(usual / _TYPICAL)))


def column_units(arrays: Arrays, quantity: float) -> Floats | None:
    """Units of each column where the quantities that are asked for are far apart (`_APART`); None where they are not.

    A column in a row with a demand counts in that demand. The others follow: what flows into a balance counts in the
    largest of what flows out of it, and a column in several rows in the smallest of these. Whole columns count as 1;
    where one says who delivers all of a demand, its coefficient in a balance is what flows.
    """
    side = np.maximum(arrays.row_lower, -arrays.row_upper)
    side[side == np.inf] = 0.0
    some, goods = np.flatnonzero(side > 0), ~arrays.integer
    if _near(side[some], quantity) or _near(side[some[holding(arrays.matrix, goods)[some]]], quantity):
        return None  # the first is quicker, and enough nearly always
    by_row = arrays.matrix.tocoo()
    balance = (arrays.row_lower == 0) & (arrays.row_upper == 0)
    kept = (goods[by_row.col] | balance[by_row.row]) & (by_row.data != 0)
    row, col, size = by_row.row[kept], by_row.col[kept], np.abs(by_row.data[kept])
    flows = goods[col]
    asked = flows & (side[row] > 0)
    units = _least(col[asked], side[row[asked]] / size[asked], len(goods))
    units = _followed(np.where(goods, units, 1.0), row, col, size, balance)
    units = _followed(units, row[flows], col[flows], size[flows], np.ones(len(side), dtype=bool))
    units = np.where(np.isfinite(units), units, quantity)
    return np.where(goods, 2.0 ** np.round(np.log2(units)), 1.0)


def _near(sides: Floats, quantity: float) -> bool:
    """Whether the quantities that are asked for are near enough to each other, and to what counts as one."""
    if not len(sides):
        return True
    least, most = float(sides.min()), float(sides.max())
    return most <= _APART * least and least >= _FAINT * quantity


def solver_units(arrays: Arrays) -> Floats:
    """How much of each column the solver counts as 1."""
    quantity = quantity_scale(arrays)
    own = column_units(arrays, quantity)
    return np.where(arrays.integer, 1.0, quantity) if own is None else own


def _followed(units: Floats, row: Ints, col: Ints, size: Floats, rows: Bools) -> Floats:
    """With units for the columns that share one of some rows with a column that has one."""
    for _ in range(_SWEEPS):
        known = np.isfinite(units[col])
        if known.all():
            break
        largest = np.zeros(len(rows))
        np.maximum.at(largest, row[known], size[known] * units[col[known]])
        new = ~known & rows[row] & (largest[row] > 0)
        if not new.any():
            break
        units = np.minimum(units, _least(col[new], largest[row[new]] / size[new], len(units)))
    return units


def _least(place: Ints, value: Floats, count: int) -> Floats:
    """The least value at each place; infinite where there is none."""
    least = np.full(count, np.inf)
    np.minimum.at(least, place, value)
    return least


def row_units(matrix: sp.csr_array | sp.csc_array, units: Floats, integer: Bools) -> Floats:
    """Factor of each row that brings its largest flow near 1, where the columns count in units; 1 for rows without."""
    of = matrix.tocoo()
    kept = ~integer[of.col]
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, of.row[kept], np.abs(of.data[kept]) * units[of.col[kept]])
    return np.where(largest > 0, 2.0 ** -np.round(np.log2(np.where(largest > 0, largest, 1.0))), 1.0)


def holding(matrix: sp.csr_array | sp.csc_array, columns: Bools) -> Bools:
    """For each row, whether it holds any of the columns."""
    if matrix.format == "csc":
        result = np.zeros(matrix.shape[0], dtype=bool)
        result[matrix.indices[np.repeat(columns, np.diff(matrix.indptr))]] = True
        return result
    rows = matrix.tocoo().row
    return np.bincount(rows[columns[matrix.indices]], minlength=matrix.shape[0]) > 0


def money_scale(cost: Floats, integer: Bools) -> float:
    """Factor for the objective: 1 where the usual unit cost is between a cent and ten thousand, else near 1/cost; less
    where the largest cost would be beyond what a solver can tell from others.
    """
    largest = float(np.abs(cost).max(initial=0.0))
    factor = _usual_money(cost, integer)
    return factor if largest * factor <= _DEAREST else float(2.0 ** -np.ceil(np.log2(largest / _DEAREST)))


def _usual_money(cost: Floats, integer: Bools) -> float:
    prices = np.abs(cost[(cost != 0) & ~integer])
    if not len(prices):
        prices = np.abs(cost[cost != 0])
    if not len(prices):
        return 1.0
    if 2 * np.count_nonzero((prices >= _USUAL[0]) & (prices <= _USUAL[1])) > len(prices) + 1:
        return 1.0  # so many are usual that the middle one is; finding it takes longer
    usual = float(np.median(prices))
    return 1.0 if _USUAL[0] <= usual <= _USUAL[1] else float(2.0 ** -np.round(np.log2(usual)))


def largest_money(cost: Floats) -> float:
    """Factor for the objective that brings its largest coefficient near ten thousand."""
    largest = float(np.abs(cost).max(initial=0.0))
    return float(2.0 ** -np.round(np.log2(largest / _USUAL[1]))) if largest > 0 else 1.0


def row_scales(matrix: sp.csr_array | sp.csc_array) -> Floats:
    """Factor for each row: 1, or what brings the largest coefficient of a row of small ones near 1."""
    row = matrix.indices if matrix.format == "csc" else matrix.tocoo().row
    doubtful = np.zeros(matrix.shape[0], dtype=bool)
    doubtful[row[(matrix.data < _SMALL_ROW) & (matrix.data > -_SMALL_ROW)]] = True
    if not doubtful.any():
        return np.ones(matrix.shape[0])
    terms = np.flatnonzero(doubtful[row])
    largest = np.zeros(matrix.shape[0])
    np.maximum.at(largest, row[terms], np.abs(matrix.data[terms]))
    small = (largest > 0) & (largest < _SMALL_ROW)
    return np.where(small, 2.0 ** -np.round(np.log2(np.where(small, largest, 1.0))), 1.0)
