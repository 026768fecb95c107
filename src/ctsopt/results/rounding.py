"""Rounding for displays: what is shown adds up to the total that is shown. Nothing that is computed is rounded.

Largest remainders, also known as Hamilton's method of apportionment: every part is rounded down, and the units that are
then missing from the rounded total go to the parts with the largest remainders (M. L. Balinski, H. P. Young, Fair
Representation, 2nd ed., Brookings Institution Press 2001, chapter 2).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ctsopt.keys import Floats

if TYPE_CHECKING:
    import pandas as pd

_Integers = npt.NDArray[np.int64]


def largest_remainder(parts: npt.ArrayLike, decimals: int = 0) -> Floats:
    """The parts rounded so that they add up to their rounded sum.

    No part moves by a whole unit of the last digit shown, and a part that is a whole number of them does not move. Of
    equal remainders the first part goes up first. Parts below 0 are rounded down as well, that is away from 0, before
    the missing units are handed out.

    Parameters
    ----------
    parts : array_like
        Finite numbers, shape (n,).
    decimals : int
        Digits after the decimal point.

    Returns
    -------
    float array
        Shape (n,). The sum of the parts is the sum of the numbers as Python's `round` rounds it.

    Examples
    --------
    >>> largest_remainder([33.335, 33.335, 33.33], decimals=2).tolist()
    [33.34, 33.33, 33.33]
    """
    numbers = np.asarray(parts, dtype=np.float64)
    units = _apportioned(numbers * 10.0**decimals, round(round(math.fsum(numbers), decimals) * 10**decimals))
    return np.round(units / 10.0**decimals, decimals)


def rounded_table(cells: npt.ArrayLike, decimals: int = 0) -> Floats:
    """A table of amounts, rounded so that it adds up along its rows, along its columns and to its rounded total.

    The totals of the columns are apportioned first, then the cells of each column to its total. The total of a row is
    the sum of the cells that are shown in it; it may differ from the row's own rounded total by some units of the last
    digit.

    Parameters
    ----------
    cells : array_like
        Finite numbers, shape (rows, columns).
    decimals : int
        Digits after the decimal point.

    Returns
    -------
    float array
        Shape (rows, columns).
    """
    table = np.asarray(cells, dtype=np.float64)
    totals = largest_remainder([math.fsum(column) for column in table.T], decimals)
    shown = [_apportioned(column * 10.0**decimals, round(total * 10**decimals)) for column, total
             in zip(table.T, totals, strict=True)]
    return np.round(np.reshape(np.asarray(shown, dtype=np.float64), table.T.shape).T / 10.0**decimals, decimals)


def rounded_cost_to_serve(served: pd.DataFrame, decimals: int = 0) -> pd.DataFrame:
    """A table of cost-to-serve for display: its rows add up to the row `total`, its cost lines to cost and total.

    Parameters
    ----------
    served : DataFrame
        What `Solution.cost_to_serve` returns, its keys as index or as columns.
    decimals : int
        Digits after the decimal point of amounts. Units and cost_per_unit stay as they are.
    """
    names = list(served.columns)
    cost, total = names.index("cost"), names.index("total")
    cash, penalties = names[names.index("units") + 1:cost], names[cost + 1:total]
    shown = served.copy()
    lines = rounded_table(served[[*cash, *penalties]].to_numpy(dtype=float)[:-1], decimals)
    shown[[*cash, *penalties]] = np.vstack([lines, lines.sum(axis=0)])
    shown["cost"] = shown[cash].sum(axis=1)
    shown["total"] = shown["cost"] + shown[penalties].sum(axis=1)
    return shown.round(dict.fromkeys([*cash, *penalties, "cost", "total"], decimals))


def _apportioned(numbers: Floats, total: int) -> _Integers:
    """Whole numbers next to the numbers that add up to a total, which lies within one unit of theirs."""
    near = np.rint(numbers)
    # 0.29 * 100 is 28.999999999999996: what is whole but for the last bits is whole.
    whole = np.abs(numbers - near) <= 4 * np.spacing(np.maximum(1.0, np.abs(near)))
    down = np.where(whole, near, np.floor(numbers)).astype(np.int64)
    missing = total - int(down.sum())
    remainder = np.where(whole, 0.0, numbers - down)
    if missing >= 0:
        first = np.argsort(-remainder, kind="stable")[:missing]
        down[first] += 1
    else:
        # Several parts that were whole but for their last bits, and a total that was not.
        down[np.argsort(remainder, kind="stable")[:-missing]] -= 1
    return down
