"""Terms of many rows laid down as one sparse matrix, column by column, without a list of all coordinates in between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Floats, Ints, Positions
from ctsopt.programs.algebra import Terms


@dataclass(frozen=True, eq=False)
class _Part:
    """Terms in ascending order of their columns.

    Attributes
    ----------
    columns : slice or int array
        The distinct columns.
    count : int array or None
        Number of terms in each of them; None where it is one in each.
    start : int
        Row of the matrix at which the expressions of the terms start.
    row : int array
        Position of the expression of each term.
    coef : float array
    """

    columns: slice | Ints
    count: Positions | None
    start: int
    row: Ints
    coef: Floats

    def places(self, free: Positions) -> Positions:
        """Where the terms go, each to the first free place of its column; these places are then taken."""
        first = np.array(free[self.columns])
        free[self.columns] += 1 if self.count is None else self.count
        if self.count is None:
            return first
        ends = np.cumsum(self.count)
        return np.repeat(first - ends + self.count, self.count) + np.arange(ends[-1])


def stacked(terms: Iterable[tuple[int, Terms]], shape: tuple[int, int]) -> sp.csc_array:
    """The matrix of some terms.

    Parameters
    ----------
    terms : pairs of int and Terms
        Each with the row at which its expressions start.
    shape : pair of int
        Rows and columns.
    """
    parts = [part for start, some in terms for part in _parts(start, some)]
    ends = np.zeros(shape[1] + 1, dtype=np.int64)
    for part in parts:
        ends[1:][part.columns] += 1 if part.count is None else part.count
    np.cumsum(ends, out=ends)
    row, coef, free = np.empty(ends[-1], dtype=np.int32), np.empty(ends[-1]), ends[:-1].copy()
    for part in parts:
        places = part.places(free)
        row[places], coef[places] = part.row + np.int32(part.start), part.coef
    matrix = sp.csc_array((coef, row, ends.astype(np.int32)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def _parts(start: int, terms: Terms) -> Iterator[_Part]:
    """The terms in ascending order of their columns; nothing where there are none."""
    col, size = terms.col, len(terms.col)
    if not size:
        return
    if terms.first is not None:
        yield _Part(slice(terms.first, terms.first + size), None, start, terms.rows, terms.coef)
    elif (col[1:] > col[:-1]).all():
        yield _Part(col, None, start, terms.rows, terms.coef)
    else:
        low = int(col.min())
        offset = col - low
        width = int(offset.max()) + 1
        # Numbers of 16 bits are sorted by their digits, in much less time.
        order = np.argsort(offset.astype(np.uint16) if width <= 2**16 else offset, kind="stable")
        yield _Part(slice(low, low + width), np.bincount(offset, minlength=width), start, terms.rows[order],
                    terms.coef[order])
