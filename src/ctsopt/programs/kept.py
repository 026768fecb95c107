"""Columns of a program that a solver is given, where some are left out."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Ints, Positions
from ctsopt.programs.program import Arrays

_Values = TypeVar("_Values", Floats, Bools)


class Kept:
    """The columns that a solver is given, and their places there.

    Parameters
    ----------
    left_out : bool array or None
        The others.
    """

    def __init__(self, left_out: Bools | None) -> None:
        self._kept = None if left_out is None or not left_out.any() else ~left_out
        self._place = None if self._kept is None else np.cumsum(self._kept, dtype=np.int32) - np.int32(1)

    def of_arrays(self, arrays: Arrays) -> Arrays:
        """The program with these columns alone."""
        return arrays if self._kept is None else arrays.with_columns(self._kept)

    def of_rows(self, matrix: sp.csr_array) -> sp.csr_array:
        """Some rows in these columns alone."""
        return matrix if self._kept is None else sp.csr_array(matrix[:, self._kept])

    def of(self, values: Floats) -> Floats:
        """The values of these columns."""
        return values if self._kept is None else values[self._kept]

    def places(self, columns: Ints | Positions, *values: Floats) -> tuple[Any, ...]:
        """Places of those of some columns that the solver has, and their values."""
        if self._kept is None or self._place is None:
            return columns, *values
        there = self._kept[columns]
        return self._place[columns[there]], *(each[there] for each in values)

    def spread(self, values: _Values) -> _Values:
        """Values of all columns: 0 where the solver has none."""
        if self._kept is None:
            return values
        every = np.zeros(len(self._kept), dtype=values.dtype)
        every[self._kept] = values
        return every
