"""Designs and what they cost: which sites are open, with the best flows for them, by a session."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

import numpy as np

from ctsopt.errors import SolverError
from ctsopt.keys import Bools, Floats
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Program
from ctsopt.programs.scaling import holding
from ctsopt.programs.session import Session
from ctsopt.solving.plans.gates import Gates

_log = logging.getLogger("ctsopt.solve")

_PER_RUN, _PER_COEFFICIENT, _PER_COLUMN = 5e5, 0.3, 100.0
"""What a run costs beside its steps: in any case, for each coefficient of the program, and for each column that the
solver holds. A step costs 1 for each row."""


_MANY_ROWS = 6_000
"""With more rows than this every design is solved from nothing, which is quicker."""


class Designs:
    """Values of the designs of one program, by linear programs that begin where the last one ended.

    Other whole columns (loads, sizes, lanes that are paid once) may be in parts, and those that cost nothing (sources)
    are left out with their rows, so that a value is at most what the design costs.

    Parameters
    ----------
    program : Program
    used : bool array, optional
        Columns to begin with; the others come in where a plan needs them.
    deadline : float
        When to stop, by `time.monotonic`.
    tell : callable, optional
        Given every design that costs less than those before, and its flows.

    Attributes
    ----------
    gates : Gates
    work : float
        What was done so far: a measure of effort that is the same on every machine, about 1e8 a second.
    rows : bool array
        Rows of the program that are looked at.
    last : Outcome or None
        Flows and duals of the design that was valued last; None where it has no plan.
    """

    def __init__(self, program: Program, used: Bools | None = None, deadline: float = math.inf,
                 tell: Callable[[Floats, Outcome], None] | None = None) -> None:
        self.program, self.gates, self._deadline, self._tell = program, Gates(program), deadline, tell
        self.rows = ~program.lazy & ~_about_what_is_free(program)
        self.arrays = program.arrays.with_rows(self.rows)
        self.session = Session(self.arrays, columns=used)
        self._shut = np.zeros(program.columns, dtype=bool)
        self._known: dict[bytes, float] = {}
        self.failed = False
        self.last: Outcome | None = None

    @property
    def work(self) -> float:
        """See above."""
        session = self.session
        return (float(session.steps) * len(self.arrays.row_lower) + _PER_COLUMN * session.carried
                + session.runs * (_PER_COEFFICIENT * self.arrays.matrix.nnz + _PER_RUN))

    @property
    def over(self) -> bool:
        """Whether the time is over, or nobody wants to know any more."""
        return self.failed or self.session.interrupted or time.monotonic() >= self._deadline

    def value(self, values: Floats) -> float:
        """The least that a plan with this design costs; infinite where there is none."""
        key = np.round(values).astype(np.int8).tobytes()
        if key not in self._known:
            outcome, least = self._solved(values, values), min(self._known.values(), default=math.inf)
            self._known[key] = math.inf if outcome is None else outcome.value
            if outcome is not None and outcome.value < least and self._tell is not None:
                self._tell(values, outcome)
        return self._known[key]

    def best(self, most: int) -> list[Floats]:
        """The designs that were valued and cost least, the best first."""
        order = sorted((value, key) for key, value in self._known.items() if value < math.inf)
        return [np.frombuffer(key, dtype=np.int8).astype(float) for _, key in order[:most]]

    def flows(self, values: Floats) -> Outcome | None:
        """The flows and duals of a design; None where it has no plan."""
        return self._solved(values, values)

    def between(self, lower: Floats, upper: Floats) -> Outcome | None:
        """The best of all designs between two, where a site may be open in part."""
        return self._solved(lower, upper)

    def _solved(self, lower: Floats, upper: Floats) -> Outcome | None:
        arrays, gates, session = self.arrays, self.gates, self.session
        self.last = None
        if self.over:
            return None
        shut = gates.closed(upper)
        changed = np.flatnonzero(shut != self._shut)
        session.bound(gates.design, lower, upper)
        if len(changed):
            session.bound(changed, arrays.lower[changed], np.where(shut, 0.0, arrays.upper)[changed])
            self._shut = shut
        try:
            cold = len(self.arrays.row_lower) > _MANY_ROWS
            outcome = session.solve(seconds=self._deadline - time.monotonic(), cold=cold)
        except SolverError as error:  # no search is lost for a plan that would have been welcome
            _log.info("designs are valued no more: %s", error)
            self.failed = True
            return None
        self.last = outcome if outcome.stopped_by == "gap" and outcome.plan is not None else None
        return self.last


def _about_what_is_free(program: Program) -> Bools:
    """Rows that hold a whole column which costs nothing and is no design: they say what follows from the flows."""
    arrays = program.arrays
    free = np.zeros(program.columns, dtype=bool)
    for block in program.variables.values():
        here = arrays.integer[block.span] & (arrays.cost[block.span] == 0)
        free[block.span] = here & (not block.variable.design)
    return holding(arrays.matrix, free)
