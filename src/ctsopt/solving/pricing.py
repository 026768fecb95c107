"""Linear programs of very many columns: solved by some of them, to which those are added that would make it cheaper.

A plan uses few ways of all that there are. With the duals of the program of those few, every other column has a reduced
cost; where none is below 0 the plan is the best of all columns (Dantzig and Wolfe 1960). Those whose reduced cost is 0
are taken in, too: they may be in other plans of the same cost. So what is left out is 0 in every plan of least cost.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.highs import Highs
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Arrays

_MANY = 20_000
"""Columns that a plan does not use, from which on they are left out at first."""

_ROUNDS = 20
"""After so many rounds all columns are taken in."""


class Priced:
    """A linear program, in which a solver is given the columns that it needs.

    Everything that goes in or comes out is about all columns.

    Parameters
    ----------
    arrays : Arrays
        Its whole columns are fixed.
    plan : float array
        The columns that it uses are there from the start.
    """

    def __init__(self, arrays: Arrays, plan: Floats) -> None:
        self._arrays = arrays
        idle = ~arrays.integer & (arrays.lower == 0) & (plan <= 0)
        self._in = ~idle if np.count_nonzero(idle) > _MANY else np.ones(len(plan), dtype=bool)
        self._make()

    def _make(self) -> None:
        self._columns = np.flatnonzero(self._in)
        every = len(self._columns) == len(self._in)
        self.model = Highs(self._arrays if every else self._arrays.with_columns(self._columns), relax=True)

    def best(self) -> Outcome:
        """The best plan of all columns, with duals."""
        for _ in range(_ROUNDS):
            outcome = self.model.run()
            if self._in.all() or outcome.stopped_by == "interrupt":
                return self._spread(outcome)
            missing = None if outcome.stopped_by != "gap" else self._missing(outcome)
            if missing is None:
                break
            if not missing.any():
                return self._spread(outcome)
            self._in |= missing
            self._make()
        self._in[:] = True
        self._make()
        return self.model.run()

    def _missing(self, outcome: Outcome) -> Bools | None:
        """Columns whose reduced cost is not above 0, of those that are left out; None where that cannot be told."""
        arrays = self._arrays
        if outcome.row_dual is None:
            return None
        reduced = arrays.cost - np.asarray(arrays.matrix.T @ outcome.row_dual)
        dear = self.model.priced(reduced)
        return None if dear is None else ~self._in & ~dear & (arrays.upper > 0)

    def bounded(self, arrays: Arrays) -> None:
        """The same program with other bounds of its columns; the next run begins where the last one ended."""
        other = np.flatnonzero((arrays.lower != self._arrays.lower) | (arrays.upper != self._arrays.upper))
        self._arrays = arrays
        self.change_bounds(other, arrays.lower[other], arrays.upper[other])

    def change_bounds(self, columns: Positions, lower: Floats, upper: Floats) -> None:
        """Change the bounds of columns; those that are left out stay at 0."""
        place = np.cumsum(self._in) - 1
        there = self._in[columns]
        self.model.change_bounds(place[columns[there]].astype(np.int32), lower[there], upper[there])

    def again(self, cost: Floats) -> Outcome:
        """The best plan by another cost, of the columns that are there."""
        self.model.change_cost(cost[self._columns])
        return self._spread(self.model.run())

    def _spread(self, outcome: Outcome) -> Outcome:
        """An outcome about all columns; those that are left out are at 0, and no plan of the same cost uses them."""
        if self._in.all() or outcome.plan is None:
            return outcome
        plan, priced = np.zeros(len(self._in)), np.ones(len(self._in), dtype=bool)
        plan[self._columns] = outcome.plan
        if outcome.col_priced is not None:
            priced[self._columns] = outcome.col_priced
        return replace(outcome, plan=plan, col_dual=None, col_priced=priced)
