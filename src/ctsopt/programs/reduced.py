"""A smaller program with the same least cost: columns that follow from others are gone, and rows that then say nothing.

Every plan of the smaller program is spread to one of the whole program, column by column, so that whoever reads the
plan, its duals or its names knows nothing of it. Two ways to make one are `whole_moves` and `merging`.

    move the whole of C (30 units) or nothing           two customers with the same ways
    deliver[A,C] = 30 source[C,A]                       deliver[A,C1] = 0.4 * both      deliver[A,C2] = 0.6 * both
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Ints, Positions
from ctsopt.programs.program import Arrays, Program

_ROUNDING = 1e-12
"""Share of the sum of its terms below which a coefficient is the rounding of that sum."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """A program, and how its plans are those of the program that it was made of.

    Attributes
    ----------
    arrays : Arrays
        The program that a solver is given.
    lazy : bool array
        For each of its rows, whether it only strengthens.
    lift : sparse array
        The values of all columns from those of this program: `lift @ plan`.
    gather : sparse array
        The values of this program's columns from those of all.
    place : int array
        For each row of the whole program the row that it is part of; -1 where it is gone.
    notes : mapping
        What was done, for the record.
    """

    arrays: Arrays
    lazy: Bools
    lift: sp.csr_array
    gather: sp.csr_array
    place: Positions
    notes: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, program: Program) -> Reduced:
        """A program as it is, without the columns that are left out."""
        return cls.of_arrays(program.arrays, program.lazy)

    @classmethod
    def of_arrays(cls, arrays: Arrays, lazy: Bools) -> Reduced:
        """The same of arrays, with which of their rows only strengthen."""
        every = len(arrays.cost)
        kept = np.arange(every) if arrays.left_out is None else np.flatnonzero(~arrays.left_out)
        if len(kept) < every:
            arrays = replace(arrays.with_columns(kept), left_out=None)
        lift = sp.csr_array((np.ones(len(kept)), (kept, np.arange(len(kept)))), shape=(every, len(kept)))
        return cls(arrays, lazy, lift, sp.csr_array(lift.T), np.arange(len(lazy)))

    def spread(self, plan: Floats) -> Floats:
        """The values of all columns."""
        return np.asarray(self.lift @ plan)

    def start(self, columns: Ints | Positions, values: Floats) -> tuple[Positions, Floats]:
        """Columns and values to start from, in this program; those that it has not are left out."""
        known = np.zeros(self.lift.shape[0], dtype=bool)
        known[columns] = True
        every = np.zeros(len(known))
        every[columns] = values
        whole = np.asarray(self.gather @ (~known).astype(float)) == 0
        return np.flatnonzero(whole), np.asarray(self.gather @ every)[whole]

    def of_rows(self, matrix: sp.csr_array) -> sp.csr_array:
        """Rows of the whole program in the columns of this one."""
        return sp.csr_array(matrix @ self.lift)

    def rows(self, active: Bools, lazy: Bools) -> Bools:
        """Which rows of the whole program are in, where some of this one are; what is gone says nothing."""
        return np.where(self.place >= 0, active[self.place], ~lazy)

    def then(self, lift: sp.csr_array, gather: sp.csr_array, arrays: Arrays, rows: Positions,
             notes: Mapping[str, int]) -> Reduced:
        """A further step: its own `lift` and `gather`, and for each row of this program its row in `arrays`, or -1."""
        lazy = np.zeros(len(arrays.row_lower), dtype=bool)
        stays = rows >= 0
        lazy[rows[stays]] = self.lazy[stays]
        place = np.where(self.place >= 0, rows[self.place], -1)
        return Reduced(arrays, lazy, sp.csr_array(self.lift @ lift), sp.csr_array(gather @ self.gather), place,
                       {**self.notes, **notes})


def lifted(matrix: sp.csr_array, lift: sp.csr_array) -> sp.csr_array:
    """Rows in the columns of a smaller program, without what is left of terms that cancel."""
    product = sp.csr_array(matrix @ lift)
    size = sp.csr_array(abs(matrix) @ abs(lift))
    product.sort_indices()
    size.sort_indices()
    if product.nnz == size.nnz:  # else some terms have cancelled to nothing already
        product.data[np.abs(product.data) <= _ROUNDING * size.data] = 0.0
    else:
        off = sp.csr_array(abs(product) > _ROUNDING * size)
        product = sp.csr_array(product.multiply(off))
    product.eliminate_zeros()
    return product
