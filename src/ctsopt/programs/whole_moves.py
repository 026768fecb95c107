"""Flows that are all or nothing: where something has one source, what comes from a source is all of it, or none.

    deliver[A,C] + deliver[B,C] == 30                        all of it comes from somewhere
    deliver[A,C] <= 30 source[C,A],  the same of B           from a source only
    source[C,A] + source[C,B] <= 1                           of which there is one

Added up, 30 <= 30 (source[C,A] + source[C,B]) <= 30: every row holds with equality, and the flow is 30 times the
source. A search then has one column for each source, and cuts on its rows are those of a knapsack. Nothing is known
here of what columns and rows mean.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.program import Arrays
from ctsopt.programs.reduced import Reduced, lifted
from ctsopt.programs.scaling import quantity_scale

_SAME = 1e-9
"""Share by which the two figures of a whole move, from its demand and from its tie to the source, may differ."""


@dataclass(frozen=True, eq=False)
class _Terms:
    """The coefficients by row, those of columns that can be nothing but 0 left out."""

    row: Positions
    col: Positions
    coef: Floats
    rows: int

    @classmethod
    def of(cls, arrays: Arrays) -> _Terms:
        by_row = sp.csr_array(arrays.matrix)
        row = np.repeat(np.arange(by_row.shape[0]), np.diff(by_row.indptr))
        live = (by_row.data != 0) & ((arrays.upper != 0) | (arrays.lower != 0))[by_row.indices]
        return cls(row[live], by_row.indices[live].astype(np.int64), by_row.data[live], by_row.shape[0])

    def count(self, of: Bools) -> Positions:
        """For each row how many of its terms are among these."""
        return np.bincount(self.row[of], minlength=self.rows)

    def all_in(self, of: Bools) -> Bools:
        """For each row, whether all of its terms are among these."""
        return np.asarray(self.count(~of) == 0)


def whole_moves(reduced: Reduced) -> Reduced:
    """The same program, flows that are all or nothing gone; as it is, where there are none."""
    arrays = reduced.arrays
    if not arrays.integer.any():
        return reduced
    moved, source, amount = _found(arrays)
    if not len(moved):
        return reduced
    columns = len(arrays.cost)
    keep = np.ones(columns, dtype=bool)
    keep[moved] = False
    place = np.cumsum(keep) - 1
    kept = np.flatnonzero(keep)
    lift = sp.csr_array((np.concatenate([np.ones(len(kept)), amount]),
                         (np.concatenate([kept, moved]), np.concatenate([place[kept], place[source]]))),
                        shape=(columns, len(kept)))
    gather = sp.csr_array((np.ones(len(kept)), (place[kept], kept)), shape=(len(kept), columns))
    smaller, rows = _smaller(arrays, lift, kept)
    return reduced.then(lift, gather, smaller, rows, {"moved_whole": len(moved)})


def _found(arrays: Arrays) -> tuple[Positions, Positions, Floats]:
    """Columns of flows that are all or nothing, the whole column that each follows, and its amount."""
    terms = _Terms.of(arrays)
    flow = ~arrays.integer & (arrays.lower == 0)
    demand = ((arrays.row_lower == arrays.row_upper) & (arrays.row_lower > 0)
              & terms.all_in(flow[terms.col] & (terms.coef > 0)))
    asked = demand[terms.row]
    at, col = terms.row[asked], terms.col[asked]
    amount = arrays.row_lower[at] / terms.coef[asked]
    source = _tied(arrays, terms, flow, col, amount)
    choice = _chosen(arrays, terms)
    of = np.where(source >= 0, choice[source], -1)
    # Of each demand all sources have to be known, each another one, and all in one choice.
    first = np.full(terms.rows, -1)
    first[at] = of
    good = (of >= 0) & (of == first[at]) & (amount <= arrays.upper[col] * (1 + _SAME))
    pairs = np.unique(at[good] * (len(arrays.cost) + 1) + source[good], return_counts=True)
    alone = np.zeros(len(at), dtype=bool)
    key = at * (len(arrays.cost) + 1) + source
    alone[good] = pairs[1][np.searchsorted(pairs[0], key[good])] == 1
    whole = np.bincount(at[~alone], minlength=terms.rows) == 0
    taken = whole[at]
    _, once = np.unique(col[taken], return_index=True)
    return col[taken][once], source[taken][once], amount[taken][once]


def _tied(arrays: Arrays, terms: _Terms, flow: Bools, col: Positions, amount: Floats) -> Positions:
    """For each of some flows the whole column of 0 or 1 without which it is 0, and with which the amount; or -1."""
    yes_no = arrays.integer & (arrays.lower >= 0) & (arrays.upper <= 1)
    is_flow, is_switch = flow[terms.col] & (terms.coef > 0), yes_no[terms.col] & (terms.coef < 0)
    tie = ((arrays.row_upper == 0) & (terms.count(is_flow) == 1) & (terms.count(is_switch) == 1)
           & terms.all_in(is_flow | is_switch))
    one, other = is_flow & tie[terms.row], is_switch & tie[terms.row]
    row_flow, row_switch = np.full(terms.rows, -1), np.full(terms.rows, -1)
    row_flow[terms.row[one]], row_switch[terms.row[other]] = np.flatnonzero(one), np.flatnonzero(other)
    rows = np.flatnonzero(tie)
    at_flow, at_switch = row_flow[rows], row_switch[rows]
    most = -terms.coef[at_switch] / terms.coef[at_flow]
    wanted = np.full(len(arrays.cost), np.nan)
    wanted[col] = amount
    fits = np.abs(most - wanted[terms.col[at_flow]]) <= _SAME * most
    source = np.full(len(arrays.cost), -1)
    source[terms.col[at_flow[fits]]] = terms.col[at_switch[fits]]
    return source[col]


def _chosen(arrays: Arrays, terms: _Terms) -> Positions:
    """For each column a row that lets only one of its columns be 1; -1 where there is none."""
    counted = arrays.integer[terms.col] & (arrays.lower >= 0)[terms.col] & (terms.coef == 1)
    rows = (arrays.row_upper == 1) & terms.all_in(counted)
    choice = np.full(len(arrays.cost), -1)
    some = rows[terms.row]
    choice[terms.col[some]] = terms.row[some]
    return choice


def _smaller(arrays: Arrays, lift: sp.csr_array, kept: Positions) -> tuple[Arrays, Positions]:
    """The program in the columns that are kept, and the new place of each row: -1 where it says nothing any more.

    A row that has lost all flows is in the units in which a solver counted them; what all of comes from somewhere is 1.
    """
    before = sp.csr_array(arrays.matrix)
    matrix = lifted(before, lift)
    flows = (~arrays.integer).astype(float)
    had, has = before.astype(bool) @ flows > 0, matrix.astype(bool) @ flows[kept] > 0
    lower, upper = arrays.row_lower, arrays.row_upper
    lost, even = had & ~has, (lower == upper) & (lower > 0)
    factor = np.where(lost, np.where(even, 1 / np.where(even, lower, 1.0), 1 / quantity_scale(arrays)), 1.0)
    stays = (np.diff(matrix.indptr) > 0) | (lower > 0) | (upper < 0)
    rows = np.where(stays, np.cumsum(stays) - 1, -1)
    matrix = sp.diags_array(factor[stays]) @ matrix[stays]
    return replace(arrays.with_columns(kept), matrix=sp.csc_array(matrix), cost=np.asarray(lift.T @ arrays.cost),
                   row_lower=lower[stays] * factor[stays], row_upper=upper[stays] * factor[stays]), rows
