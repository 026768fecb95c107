"""A linear model of HiGHS that grows and shrinks: columns come in, slack rows go out, and the basis is kept."""

from __future__ import annotations

import numpy as np

from ctsopt.keys import Bools, Positions
from ctsopt.programs.highs import BASIC, Highs

_NO_LIMIT = 2**31 - 1


class Growing(Highs):
    """A linear model whose rows and columns come and go; see `Highs` for how it is made."""

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns that are there."""
        return int(self._highs.getNumRow()), int(self._highs.getNumCol())

    def slack_rows(self) -> Bools:
        """Rows that are in the basis: the plan would be the same without them."""
        return np.array([int(status) == BASIC for status in self._highs.getBasis().row_status])

    def drop_rows(self, rows: Positions) -> None:
        """Drop rows that are slack (see `slack_rows`); the basis is kept."""
        basis, keep = self._highs.getBasis(), np.ones(len(self._rows), dtype=bool)
        keep[rows] = False
        statuses = basis.row_status
        self._require(self._highs.deleteRows(len(rows), rows.astype(np.int32)), "kept rows")
        basis.row_status = [statuses[row] for row in np.flatnonzero(keep).tolist()]
        self._rows = self._rows[keep]
        self._require(self._highs.setBasis(basis), "refused a basis")

    def forget(self) -> None:
        """Begin the next run from nothing."""
        self._require(self._highs.clearSolver(), "kept a basis")

    def limit_steps(self, steps: int | None) -> None:
        """How many steps of the simplex method a run may take; None for as many as it needs."""
        self.set(simplex_iteration_limit=_NO_LIMIT if steps is None else steps)

    def stop_above(self, cost: float) -> None:
        """End a run as soon as its duals show that the plan will cost more than this, in the model's own columns."""
        self.set(objective_bound=cost * self._money if np.isfinite(cost) else np.inf)

    @property
    def stopped_above(self) -> bool:
        """Whether the last run ended because its plan would have cost more (see `stop_above`)."""
        return bool(self._highs.getModelStatus().name == "kObjectiveBound")

    @property
    def reached(self) -> float:
        """Cost at which the last run ended, whether that is the least or not."""
        return float(self._highs.getInfo().objective_function_value) / self._money
