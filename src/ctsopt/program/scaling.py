"""Scales that bring a program into the range in which a solver's absolute tolerances make sense.

A solver calls a reduced cost below 1e-7 zero and drops coefficients below 1e-9. Money counted in millions, or
capacity in cubic metres of small screws, would fall under that. All factors are powers of two, so that scaling costs
no digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import Bools, Floats

if TYPE_CHECKING:
    import scipy.sparse as sp

_USUAL = (1e-2, 1e4)
"""Range of unit costs within which money is left as it is."""

_SMALL_ROW = 1e-2
"""Rows whose largest coefficient is below this are scaled up."""


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
