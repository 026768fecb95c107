"""Dominance: a column that another one of the same program beats in everything need not be given to a solver.

Column i gives way to column j where a plan may have x_i + x_j on j and nothing on i, whatever the rest of it is: j
costs no more, and in no row does j do more harm than i. In a row `<=` a larger coefficient harms, in a row `>=` a
smaller one, in an equation and between two sides any other. Nothing is known here of what columns and rows mean: a cost
line or a family of rows that is added tomorrow is compared like those of today.

    open lanes P-C by air (9 a unit) and by sea (2 a unit)       deliver_air   deliver_sea
    cost                                                                   9             2   sea costs less
    serve_demand[C]                  == 100                                1             1   equal, as has to be
    site_throughput[P]               <= 500                                1             1   no more harm
    at_least_by_air                  >= 30                                 1             0   sea harms: both stay
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import scipy.sparse as sp

from ctsopt.errors import KeyMismatch
from ctsopt.keys import Bools, Floats, Ints, Positions
from ctsopt.programs.program import Arrays, Program

_AT_ONCE = 2**16
"""Columns that are compared at once, but for a group that is larger."""

_DIGITS = 2.0**40
"""Coefficients are compared to twelve digits: what a solver, too, takes for the same."""

_FREE, _UP, _DOWN, _BOTH = 0, 1, -1, 2
"""Senses of a row: it does not count, has an upper side, a lower one, or two."""


def stand_ins(program: Program, name: str, prefer: Floats, ordered: Mapping[str, Floats] | None = None) -> Positions:
    """For each column of a block, the one of it that stands in for it.

    Both have to be of continuous variables from 0 up without an upper bound: what is whole, fixed or bounded stays, and
    nothing is moved to it.

    Parameters
    ----------
    program : Program
    name : str
        Name of the block of variables.
    prefer : float array
        Of columns that beat each other the one with the least of this stays, then the first.
    ordered : mapping of str to float array, optional
        Attributes of the columns that may not become less. Rows that differ by one (`RowBlock.ordered_by`) let a whole
        plan use the column with more of it wherever it may use the other, and are not compared.

    Returns
    -------
    int array
        Position in the block: a column's own where it stays. Without those that give way the least cost of a whole plan
        is the same, and any whole plan may have what is on them on those that stand in for them.

    Raises
    ------
    KeyMismatch
        If rows are ordered by an attribute that is not given.
    """
    ordered = {} if ordered is None else ordered
    arrays, span = program.arrays, program.variables[name].span
    sense = _senses(program, arrays, ordered)
    columns = _of_columns(arrays, span)
    cost = arrays.cost[span]
    free = ~arrays.integer[span] & (arrays.lower[span] == 0) & (arrays.upper[span] == np.inf)
    instead = np.arange(len(cost))
    for some, group in _alike(columns, sense, np.flatnonzero(free)):
        gone, others = _beaten(columns, sense, some, group, cost, prefer, tuple(ordered.values()))
        instead[gone] = others
    return instead


def _senses(program: Program, arrays: Arrays, ordered: Mapping[str, Floats]) -> Ints:
    """The sense of each row; rows that are ordered by an attribute do not count."""
    upper, lower = np.isfinite(arrays.row_upper), np.isfinite(arrays.row_lower)
    sense = np.select([upper & lower, upper, lower], [_BOTH, _UP, _DOWN], _FREE).astype(np.int32)
    for block in program.rows.values():
        if block.ordered_by:
            if block.ordered_by not in ordered:
                raise KeyMismatch(f"the rows {block.name} are ordered by {block.ordered_by}, which is not an attribute "
                                  f"of the columns that are compared ({', '.join(ordered) or 'none is'})")
            sense[block.span] = _FREE
    return sense


def _of_columns(arrays: Arrays, span: slice) -> sp.csr_array:
    """Coefficients of some columns that follow each other, one row for each column; nothing is copied."""
    matrix = arrays.matrix if arrays.matrix.format == "csc" else arrays.matrix.tocsc()
    ends = matrix.indptr[span.start:span.stop + 1]
    some = slice(ends[0], ends[-1])
    return sp.csr_array((matrix.data[some], matrix.indices[some], ends - ends[0]),
                        shape=(span.stop - span.start, matrix.shape[0]))


def _alike(columns: sp.csr_array, sense: Ints, free: Positions) -> Iterator[tuple[Positions, Ints]]:
    """Columns that may be equal in every row with two sides, some thousands at a time, with the number of their group.

    Groups are found by the sum of random weights of these rows. That two columns which differ have the same sum costs
    time and is no fault: all rows are compared afterwards.
    """
    weight = np.where(sense == _BOTH, np.random.default_rng(0).random(len(sense)) + 1.0, 0.0)
    mark = (columns @ weight)[free]
    order = np.argsort(mark, kind="stable")
    mark = mark[order]
    new = np.append(True, mark[1:] != mark[:-1]) if len(mark) else np.zeros(0, dtype=bool)
    group = np.cumsum(new, dtype=np.int32) - np.int32(1)
    several = np.flatnonzero(np.bincount(group)[group] > 1)
    some, group = free[order[several]], group[several]
    begin = 0
    while begin < len(some):
        end = int(np.searchsorted(group, group[min(begin + _AT_ONCE, len(some)) - 1], side="right"))
        yield some[begin:end], group[begin:end]
        begin = end


def _beaten(columns: sp.csr_array, sense: Ints, some: Positions, group: Ints, cost: Floats, prefer: Floats,
            attributes: tuple[Floats, ...]) -> tuple[Positions, Positions]:
    """Those of some columns that give way to another one of their group, and which one that is.

    In rounds: the first of each group stays, and those that give way to it are gone. The order is one in which a column
    that beats another comes first: by cost, then by the sum of harms.
    """
    part = _rounded(columns[some])
    harm = part @ np.where((sense == _UP) | (sense == _DOWN), sense, 0).astype(float)
    less = [-values[some] for values in attributes]
    left = np.lexsort((some, prefer[some], *less, harm, cost[some], group))
    gone, others = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    while len(left):
        first = np.append(True, group[left[1:]] != group[left[:-1]])
        leader, left = left[first][np.cumsum(first) - 1][~first], left[~first]
        gives = cost[some[leader]] <= cost[some[left]]
        for values in less:
            gives &= values[leader] <= values[left]
        at = np.flatnonzero(gives)
        gives[at[_harmed(part, sense, leader[at], left[at])]] = False
        gone.append(left[gives])
        others.append(leader[gives])
        left = left[~gives]
    return some[np.concatenate(gone)], some[np.concatenate(others)]


def _rounded(columns: sp.csr_array) -> sp.csr_array:
    """With coefficients that differ by less than the rounding of their sums made equal."""
    mantissa, exponent = np.frexp(columns.data)
    columns.data = np.ldexp(np.round(mantissa * _DIGITS) / _DIGITS, exponent)
    return columns


def _harmed(columns: sp.csr_array, sense: Ints, other: Positions, one: Positions) -> Bools:
    """For each pair, whether any row is harmed where what is on `one` goes to `other`."""
    difference = sp.csr_array(columns[other] - columns[one])
    of_row = sense[difference.indices]
    harms = ((of_row == _BOTH) & (difference.data != 0)) | (of_row * difference.data > 0)
    pair = np.repeat(np.arange(len(one)), np.diff(difference.indptr))
    return np.bincount(pair[harms], minlength=len(one)) > 0
