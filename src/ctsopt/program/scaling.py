"""Scales that bring a program into the range in which a solver's absolute tolerances make sense.

A solver calls a reduced cost below 1e-7 zero, drops coefficients below 1e-9, and lets a row be off by 1e-7 or a whole
column by 1e-8, whatever their size. Money counted in millions, capacity in cubic metres of small screws, or demand for
a thousand million pieces would make that too much or too little. All factors are powers of two, so that scaling costs
no digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import Bools, Floats

if TYPE_CHECKING:
    import scipy.sparse as sp

    from ctsopt.program.program import Arrays

USUAL_QUANTITIES = (1.0, 1e5)
"""Range of the usual side of a row within which quantities are left as they are."""

_TYPICAL = 100.0
"""What the usual side of a row becomes where it is outside."""

_USUAL = (1e-2, 1e4)
"""Range of unit costs within which money is left as it is."""

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


def holding(matrix: sp.csr_array | sp.csc_array, columns: Bools) -> Bools:
    """For each row, whether it holds any of the columns."""
    if matrix.format == "csc":
        result = np.zeros(matrix.shape[0], dtype=bool)
        result[matrix.indices[np.repeat(columns, np.diff(matrix.indptr))]] = True
        return result
    rows = matrix.tocoo().row
    return np.bincount(rows[columns[matrix.indices]], minlength=matrix.shape[0]) > 0


def money_scale(cost: Floats, integer: Bools) -> float:
    """Factor for the objective: 1 where the usual unit cost is between a cent and ten thousand, else near 1/cost."""
    prices = np.abs(cost[(cost != 0) & ~integer])
    if not len(prices):
        prices = np.abs(cost[cost != 0])
    if not len(prices):
        return 1.0
    if 2 * np.count_nonzero((prices >= _USUAL[0]) & (prices <= _USUAL[1])) > len(prices) + 1:
        return 1.0  # so many are usual that the middle one is; finding it takes longer
    usual = float(np.median(prices))
    return 1.0 if _USUAL[0] <= usual <= _USUAL[1] else float(2.0 ** -np.round(np.log2(usual)))


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
