"""What each design column of a program lets through: the flows that are 0 where it is 0."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.program import Program


def design_columns(program: Program) -> Positions:
    """Whole columns that are decisions on the network itself, in the order of the program."""
    spans = [block.span for block in program.variables.values() if block.variable.design]
    return np.concatenate([np.empty(0, dtype=np.int64), *(np.arange(span.start, span.stop) for span in spans)])


class Gates:
    """Which flows a design lets through.

        a + b <= 100 y,  y = 0:  a and b are 0

    Parameters
    ----------
    program : Program

    Attributes
    ----------
    design : int array
        Its design columns.
    lower, upper : float array
        What each of them may be.
    room : float array
        The most that goes through each of them, in the unit of its row; infinite where no row says so.
    load : sparse array
        For each design column (rows) and column of the program, what one unit takes of that room; 0 where it needs
        none.
    """

    def __init__(self, program: Program) -> None:
        arrays = program.arrays
        self.design = design_columns(program)
        self.lower, self.upper = arrays.lower[self.design], arrays.upper[self.design]
        self._may_close = arrays.lower <= 0
        by_row = sp.csr_array(arrays.matrix)
        of_design = sp.csr_array(by_row[:, self.design])
        one = (np.diff(of_design.indptr) == 1) & ~program.lazy & (arrays.row_upper <= 0) & (
            arrays.row_lower == -np.inf)
        least = np.asarray(by_row.min(axis=1).todense(), dtype=float).ravel()
        rows = np.flatnonzero(one)
        place, size = of_design.indices[of_design.indptr[rows]], of_design.data[of_design.indptr[rows]]
        alone = (size < 0) & (least[rows] >= size)
        rows, place, size = rows[alone], place[alone], size[alone]
        self.rows, self.of_row = rows, place
        self.room = np.full(len(self.design), np.inf)
        np.minimum.at(self.room, place, -size)
        goods = sp.csr_array(by_row[rows]).tocoo()
        kept = ~arrays.integer[goods.col] & (goods.data > 0)
        self.load = sp.csr_array((goods.data[kept], (place[goods.row[kept]], goods.col[kept])),
                                 shape=(len(self.design), program.columns))
        self._shuts = sp.csr_array((self.load > 0).astype(float).T)

    @property
    def free(self) -> Bools:
        """Design columns about which there is a choice."""
        return self.lower < self.upper

    def closed(self, values: Floats) -> Bools:
        """Columns that a design shuts."""
        return np.asarray((self._shuts @ (values <= 0).astype(float) > 0) & self._may_close)
