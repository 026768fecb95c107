"""A program as the strategies for large ones see it, by its marks: what is decided first, what may come in later."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.program import Arrays, Program
from ctsopt.programs.scaling import column_units, holding, quantity_scale
from ctsopt.solving.bounds.duality import Duality
from ctsopt.solving.bounds.relaxation import Relaxation, demands

_FIRST = 6
"""Columns of each demand that are there from the start: those that seem cheapest."""


@dataclass(frozen=True, eq=False)
class Parts:
    """A program without the columns that are left out.

    Attributes
    ----------
    arrays : Arrays
    lazy : bool array
        Rows that only strengthen.
    priced : bool array
        Columns that may come in later.
    whole : int array
        Whole columns.
    kept : int array
        The columns in those of the program.
    duality : Duality
    """

    arrays: Arrays
    lazy: Bools
    priced: Bools
    whole: Positions
    kept: Positions
    duality: Duality
    _columns: int

    def spread(self, plan: Floats) -> Floats:
        """A plan in the columns of the program."""
        every = np.zeros(self._columns)
        every[self.kept] = plan
        return every

    def begin(self) -> Bools:
        """Of each demand the columns that seem cheapest: their own cost, and a share of what is paid once."""
        arrays = self.arrays
        matrix = sp.csc_array(arrays.matrix)
        guess = arrays.cost + matrix.T @ _by_the_unit(arrays, self.lazy)
        demand = demands(matrix, arrays, self.lazy, self.priced)
        some = np.flatnonzero(demand >= 0)
        order = some[np.lexsort((guess[some], demand[some]))]
        of = demand[order]
        first = np.flatnonzero(np.append(True, of[1:] != of[:-1])) if len(order) else order
        rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
        chosen = ~self.priced
        chosen[order[rank < _FIRST]] = True
        return chosen

    def relaxation(self, begin: Bools, *, links: bool = True) -> Relaxation:
        """A relaxation that has some of the columns from the start."""
        return Relaxation(self.arrays, self.duality, self.lazy, self.priced, begin, links=links)


def parts(program: Program) -> Parts | str:
    """The parts of a program, or why it is none for these strategies."""
    arrays, blocks = program.arrays, list(program.variables.values())
    kept = np.arange(program.columns) if arrays.left_out is None else np.flatnonzero(~arrays.left_out)
    priced = np.concatenate([np.full(len(b.index), b.variable.priced) for b in blocks])
    free = arrays.integer & (arrays.upper > arrays.lower)
    if not free.any():
        return "nothing is chosen that is paid once"
    counted = arrays.integer & ((arrays.lower < 0) | (arrays.upper > 1))
    if counted.any():
        return f"more is whole than yes and no: {', '.join(b.name for b in blocks if counted[b.span].any())}"
    some = replace(arrays.with_columns(kept), left_out=None)
    if column_units(some, quantity_scale(some)) is not None:
        return "quantities are far apart"
    priced = priced[kept] & ~some.integer & (some.lower == 0)
    lazy = program.lazy
    return Parts(some, lazy, priced, np.flatnonzero(some.integer), kept, Duality(some, lazy), program.columns)


def only_whole(arrays: Arrays, lazy: Bools) -> Bools:
    """Rows that hold whole columns alone."""
    return np.asarray(~holding(arrays.matrix, ~arrays.integer) & holding(arrays.matrix, arrays.integer) & ~lazy)


def _by_the_unit(arrays: Arrays, lazy: Bools) -> Floats:
    """What a unit of each row costs where goods need something that is paid once, if all of its room is used."""
    by_row = sp.csr_array(arrays.matrix)
    row = np.repeat(np.arange(by_row.shape[0]), np.diff(by_row.indptr))
    cost = arrays.cost[by_row.indices]
    needs = np.flatnonzero(arrays.integer[by_row.indices] & (by_row.data < 0) & (cost > 0) & ~lazy[row])
    charge = np.zeros(by_row.shape[0])
    charge[row[needs]] = cost[needs] / -by_row.data[needs]
    return charge
