"""Merging: demands that are the same but for their size are one demand, and their flows are shared out again by size.

    C1 asks for 40, C2 for 60; from A both cost 2 a unit, from B both 3; nothing else tells them apart

    deliver[A,C1] + deliver[B,C1] == 40                 deliver[A] + deliver[B] == 100
    deliver[A,C2] + deliver[B,C2] == 60
    deliver[A,C1] <= 40 open[A],  and so on             deliver[A] <= 100 open[A],  and so on

Two fifths of what comes from A then go to C1, three fifths to C2. Whatever is proposed is checked coefficient by
coefficient: the sum of merged rows has the same coefficient for every merged column, and each row says of the shared
out plan what the sum says, in proportion. Whole columns are never merged, so that nothing rests on their being whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.program import Arrays
from ctsopt.programs.reduced import Reduced

_Marks = npt.NDArray[np.uint64]

_DIGITS = 2.0**40
"""Figures are compared to twelve digits: what a solver, too, takes for the same."""

_SAME = 1e-11
"""Share of the sum of its terms by which a coefficient may be off from what it has to be."""

_ROUNDS = 6
"""Rounds in which what differs is told apart, by the columns of a row and the rows of a column in turn."""

_SEED = 20_001


@dataclass(frozen=True, eq=False)
class _Groups:
    """Which columns and rows are the same, and how much of its group each one is.

    Attributes
    ----------
    column, row : int arrays
        Number of the group of each.
    of_column, of_row : float arrays
        Share of the group; the shares of a group add up to 1.
    """

    column: Positions
    row: Positions
    of_column: Floats
    of_row: Floats


def merged(reduced: Reduced) -> Reduced:
    """The same program with demands merged that are the same but for their size; as it is, where there are none."""
    groups = _groups(reduced.arrays)
    if groups is None:
        return reduced
    arrays, columns = reduced.arrays, len(reduced.arrays.cost)
    count = int(groups.column.max()) + 1
    lift = sp.csr_array((groups.of_column, (np.arange(columns), groups.column)), shape=(columns, count))
    gather = sp.csr_array((np.ones(columns), (groups.column, np.arange(columns))), shape=(count, columns))
    smaller = _added(arrays, groups, gather)
    if not _exact(arrays, smaller, groups, lift, gather):
        return reduced
    return reduced.then(lift, gather, smaller, groups.row, {"merged": columns - count})


def _added(arrays: Arrays, groups: _Groups, gather: sp.csr_array) -> Arrays:
    """The rows of each group added up, with one column of each group of them."""
    _, first = np.unique(groups.column, return_index=True)
    add = _adding(groups)
    matrix = sp.csc_array(sp.csr_array(add @ sp.csr_array(arrays.matrix))[:, first])
    return Arrays(matrix, arrays.cost[first], arrays.offset, np.asarray(gather @ arrays.lower),
                  np.asarray(gather @ arrays.upper), arrays.integer[first], np.asarray(add @ arrays.row_lower),
                  np.asarray(add @ arrays.row_upper))


def _adding(groups: _Groups) -> sp.csr_array:
    """Adds the rows of each group."""
    rows = len(groups.row)
    return sp.csr_array((np.ones(rows), (groups.row, np.arange(rows))), shape=(int(groups.row.max()) + 1, rows))


def _exact(arrays: Arrays, smaller: Arrays, groups: _Groups, lift: sp.csr_array, gather: sp.csr_array) -> bool:
    """Whether plans of the one are plans of the other, at the same cost."""
    matrix, share = sp.csr_array(arrays.matrix), groups.of_row
    added = sp.csr_array(_adding(groups) @ matrix)
    wide = sp.csr_array(sp.csr_array(smaller.matrix) @ gather)
    shared = sp.csr_array(sp.diags_array(share) @ sp.csr_array(smaller.matrix)[groups.row])
    several = np.bincount(groups.column)[groups.column] > 1
    pairs = ((lift @ smaller.lower, arrays.lower), (lift @ smaller.upper, arrays.upper),
             (share * smaller.row_lower[groups.row], arrays.row_lower),
             (share * smaller.row_upper[groups.row], arrays.row_upper), (smaller.cost[groups.column], arrays.cost))
    return (not (several & arrays.integer).any()
            and _same_matrix(added, wide) and _same_matrix(sp.csr_array(matrix @ lift), shared)
            and all(_same(np.asarray(one), other) for one, other in pairs))


def _same(one: Floats, other: Floats) -> bool:
    both = np.isinf(one) | np.isinf(other)
    off = np.abs(np.where(both, 0.0, one) - np.where(both, 0.0, other)) > _SAME * np.abs(np.where(both, 0.0, other))
    return not off.any() and bool((one[both] == other[both]).all())


def _same_matrix(one: sp.csr_array, other: sp.csr_array) -> bool:
    off = sp.csr_array(one - other)
    size = sp.csr_array(abs(one) + abs(other))
    return not sp.csr_array(abs(off) > _SAME * size).nnz


# ---- what is proposed -----------------------------------------------------------------------------------------------


def _groups(arrays: Arrays) -> _Groups | None:
    """Groups of columns and rows that look the same; None where there are none."""
    demand = (arrays.row_lower == arrays.row_upper) & (arrays.row_lower > 0)
    by_row = sp.csr_array(arrays.matrix)
    alike = _alike(arrays, by_row, demand)
    if not alike.any():
        return None
    mine = np.zeros(len(arrays.cost), dtype=bool)
    mine[by_row[np.flatnonzero(alike)].indices] = True
    size = _sizes(arrays, by_row, mine)
    column, row = _told_apart(arrays, by_row, mine, size)
    groups = np.unique(column, return_inverse=True)[1], np.unique(row, return_inverse=True)[1]
    if int(groups[0].max()) + 1 == len(column):
        return None
    amount = np.ones(len(column))  # of a column: what its demand asks for
    of = by_row[np.flatnonzero(alike)]
    amount[of.indices] = np.repeat(size[alike], np.diff(of.indptr))
    return _Groups(groups[0], groups[1], _shares(amount, groups[0]), _shares(size, groups[1]))


def _shares(amount: Floats, group: Positions) -> Floats:
    """The part of the sum of its group that each amount is."""
    return np.asarray(amount / np.bincount(group, weights=amount)[group])


def _alike(arrays: Arrays, by_row: sp.csr_array, demand: Bools) -> Bools:
    """Demands of flows alone whose flows cost the same as those of another one."""
    flow = (~arrays.integer & (arrays.lower == 0))[by_row.indices]
    row = np.repeat(np.arange(by_row.shape[0]), np.diff(by_row.indptr))
    demand = demand & (np.bincount(row[~flow], minlength=by_row.shape[0]) == 0) & (np.diff(by_row.indptr) > 0)
    mark = _sum(_mixed(_bits(arrays.cost)[by_row.indices], _bits(by_row.data)), row, by_row.shape[0])
    _, group, count = np.unique(mark[demand], return_inverse=True, return_counts=True)
    alike = np.zeros(len(demand), dtype=bool)
    alike[demand] = count[group] > 1
    return alike


def _sizes(arrays: Arrays, by_row: sp.csr_array, mine: Bools) -> Floats:
    """What each row counts in: its side, or where that is 0 what its other columns take."""
    ends = np.abs(np.stack([arrays.row_upper, arrays.row_lower]))
    ends[~np.isfinite(ends)] = 0.0
    side = np.where(ends[0] > 0, ends[0], ends[1])
    others = np.asarray(abs(by_row) @ (~mine).astype(float))
    return np.where(side > 0, side, np.where(others > 0, others, 1.0))


def _told_apart(arrays: Arrays, by_row: sp.csr_array, mine: Bools, size: Floats) -> tuple[_Marks, _Marks]:
    """Marks of columns and rows: those with the same mark are the same in all that they share with others."""
    random = np.random.default_rng(_SEED)
    rows, columns = by_row.shape
    row, col = np.repeat(np.arange(rows), np.diff(by_row.indptr)), by_row.indices.astype(np.int64)
    own = random.integers(0, 2**63, columns, dtype=np.uint64)
    column = np.where(mine, _mixed(_bits(arrays.cost), _bits(np.isinf(arrays.upper).astype(float))), own)
    inside = mine[col]
    coef = _bits(np.where(inside, by_row.data, by_row.data / size[row]))
    kind = _mixed(_bits(arrays.row_lower / size), _bits(arrays.row_upper / size))
    untouched = np.bincount(row[inside], minlength=rows) == 0
    kind[untouched] = random.integers(0, 2**63, int(untouched.sum()), dtype=np.uint64)
    mark, before = kind, 0
    for _ in range(_ROUNDS):
        mark = kind + _sum(_mixed(coef, column[col]), row, rows)
        seen = _sum(_mixed(coef[inside], mark[row[inside]]), col[inside], columns)
        column = np.where(mine, _mixed(column, seen), column)
        count = len(np.unique(column[mine]))
        if count == before:
            break
        before = count
    return column, mark


def _bits(values: Floats) -> _Marks:
    """Numbers that are the same where values agree to twelve digits."""
    mantissa, exponent = np.frexp(values)
    finite = np.isfinite(values)
    digits = np.round(np.where(finite, mantissa, np.sign(mantissa)) * _DIGITS).astype(np.int64)
    return (digits * 4099 + np.where(finite, exponent, 5000)).astype(np.uint64)


def _mixed(one: _Marks, other: _Marks) -> _Marks:
    """One number of two, by the finaliser of splitmix64: sums of such numbers tell sets of pairs apart."""
    value = one * np.uint64(0x9E3779B97F4A7C15) + other
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def _sum(values: _Marks, group: Positions, count: int) -> _Marks:
    """Sums by group, beyond 2^64 from the start again."""
    total = np.zeros(count, dtype=np.uint64)
    np.add.at(total, group, values)
    return total
