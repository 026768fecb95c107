"""What duals prove: no plan costs less, whatever the duals are and wherever they come from.

    min c x,  l <= x <= u,  a <= A x <= b:   for any y,  c x >= sum_i min(y_i side) + sum_j min((c - A'y)_j x_j)

So nothing rests on what a solver says: its duals are taken as figures, and the sum is worked out over all columns and
rows of the program (weak duality). Where a column that is tied to a design column by a lazy row has a reduced cost
below 0, the row is given the dual that lifts it to 0, which the design column pays for: duals of a program of some of
its rows and columns then prove nearly as much for all of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.program import Arrays

_PASSES = 4
"""Times that rows are gone through for the most that a column can be."""

_ROUNDING = 1e-11
"""Share of the sizes that add up to a bound that is left off for their rounding."""

_SPARE = 1 + 1e-9
"""By so much the most that follows from a row is taken larger, for the rounding of the row."""


@dataclass(frozen=True, eq=False)
class Proof:
    """What some duals prove.

    Attributes
    ----------
    bound : float
        No plan costs less; -infinite where a column without end would make it cheaper.
    plain : float array
        Reduced cost of each column by the duals as they were given.
    reduced : float array
        Reduced cost of each column: a whole column that is moved by so much raises the bound by at least that.
    short : bool array
        Columns below 0 that lower the bound: with them, a program of some of the columns would be cheaper.
    """

    bound: float
    plain: Floats
    reduced: Floats
    short: Bools


class Duality:
    """The weak duality of a program.

    Parameters
    ----------
    arrays : Arrays
        Without columns that are left out.
    lazy : bool array
        Rows that only strengthen.
    """

    def __init__(self, arrays: Arrays, lazy: Bools) -> None:
        self._arrays = arrays
        self._columns = sp.csr_array(arrays.matrix.T)
        self.upper = implied(arrays, ~lazy)
        self.rows = np.flatnonzero(lazy)
        self._links = sp.csr_array(sp.csr_array(arrays.matrix)[self.rows])
        self.owner, ties = _owners(self._links, arrays, self.rows)
        self.link, self._size = _first_ties(self._links, ties, arrays)

    def prove(self, duals: Floats, lower: Floats, upper: Floats) -> Proof:
        """What duals prove about plans whose columns are between some bounds.

        Parameters
        ----------
        duals : float array
            One for each row of the program; those with a wrong sign (of a side that there is not) are taken as 0.
        lower, upper : float arrays
            Bounds of the columns; `upper` may be `self.upper`, or less.
        """
        arrays = self._arrays
        wrong = ((duals > 0) & ~np.isfinite(arrays.row_lower)) | ((duals < 0) & ~np.isfinite(arrays.row_upper))
        duals = np.where(wrong, 0.0, duals)
        plain = arrays.cost - self._columns @ duals
        below = np.flatnonzero((plain < 0) & (self.link >= 0))
        lift = np.zeros(len(self.rows))
        np.maximum.at(lift, self.link[below], -plain[below] / self._size[below])
        lifted = np.flatnonzero(lift)
        reduced = plain
        if len(lifted):
            reduced = plain + self._links[lifted].T @ lift[lifted]
            duals[self.rows[lifted]] -= lift[lifted]
        sides = np.where(duals > 0, arrays.row_lower, arrays.row_upper)
        some = np.flatnonzero(duals)
        by_rows = duals[some] * sides[some]
        moved = np.flatnonzero(reduced)
        by_columns = reduced[moved] * np.where(reduced[moved] > 0, lower[moved], upper[moved])
        size = float(np.abs(by_rows).sum() + np.abs(by_columns).sum())
        bound = float(by_rows.sum() + by_columns.sum()) + arrays.offset - _ROUNDING * size
        return Proof(bound if np.isfinite(bound) else -np.inf, plain, reduced,
                     self._short(plain, reduced, below, lower, upper))

    def _short(self, plain: Floats, reduced: Floats, below: Positions, lower: Floats, upper: Floats) -> Bools:
        """Columns below 0 that are to blame: their design column would be worth more with them."""
        worth = np.minimum(plain * lower, plain * np.where(np.isfinite(upper), upper, 0.0))
        less = np.minimum(reduced * lower, reduced * np.where(np.isfinite(upper), upper, 0.0)) < worth
        short = (plain < 0) & (self.link < 0) & (upper > 0) & ~self._arrays.integer
        owner = self.owner[self.link[below]]
        short[below] = less[owner] & (upper[below] > 0)
        return np.asarray(short)


def implied(arrays: Arrays, rows: Bools) -> Floats:
    """The most that each column can be in any plan: its bound, or what some of the rows leave for it.

    A column of a row can be no more than the side of the row less the least that all the others come to.
    """
    lower, upper = arrays.lower, arrays.upper.copy()
    matrix = sp.csr_array(arrays.matrix)[np.flatnonzero(rows)]
    matrix.eliminate_zeros()
    count = matrix.shape[0]
    row = np.repeat(np.arange(count), np.diff(matrix.indptr))
    for _ in range(_PASSES):
        endless = np.flatnonzero(~np.isfinite(upper))
        if not len(endless):
            break
        before = len(endless)
        for sign, side in ((1.0, arrays.row_upper[rows]), (-1.0, -arrays.row_lower[rows])):
            data = sign * matrix.data
            least = data * np.where(data > 0, lower[matrix.indices], upper[matrix.indices])
            known = np.isfinite(least)
            total = np.bincount(row, weights=np.where(known, least, 0.0), minlength=count)
            sizes = np.bincount(row, weights=np.where(known, np.abs(least), 0.0), minlength=count)
            open_ends = np.bincount(row[~known], minlength=count)
            ask = np.flatnonzero((data > 0) & ~np.isfinite(upper[matrix.indices]) & np.isfinite(side)[row]
                                 & (open_ends[row] == 0))
            at = row[ask]
            room = side[at] - (total[at] - least[ask]) + 1e-12 * (sizes[at] + np.abs(side[at]))
            np.minimum.at(upper, matrix.indices[ask], np.maximum(room, 0.0) / data[ask] * _SPARE)
        if np.count_nonzero(~np.isfinite(upper)) == before:
            break
    return np.asarray(np.maximum(upper, lower))


def _owners(links: sp.csr_array, arrays: Arrays, rows: Positions) -> tuple[Positions, Bools]:
    """The whole column that each lazy row ties others to, and whether the row is of that form: a x <= b y, a > 0."""
    row = np.repeat(np.arange(len(rows)), np.diff(links.indptr))
    whole = arrays.integer[links.indices]
    owner = np.full(len(rows), -1, dtype=np.int64)
    owner[row[whole]] = links.indices[whole]
    many = np.bincount(row[whole], minlength=len(rows)) != 1
    strange = np.bincount(row[~whole & (links.data <= 0)], minlength=len(rows)) > 0
    return owner, ~many & ~strange & np.isfinite(arrays.row_upper[rows])


def _first_ties(links: sp.csr_array, ties: Bools, arrays: Arrays) -> tuple[Positions, Floats]:
    """For each column the first lazy row that ties it (-1: none), and its coefficient there."""
    row = np.repeat(np.arange(links.shape[0]), np.diff(links.indptr))
    mine = np.flatnonzero(~arrays.integer[links.indices] & ties[row])[::-1]
    link, size = np.full(links.shape[1], -1, dtype=np.int64), np.ones(links.shape[1])
    link[links.indices[mine]], size[links.indices[mine]] = row[mine], links.data[mine]
    return link, size
