"""Designs and what they cost: which sites are open, with the best flows for them, by a session."""

from __future__ import annotations

import logging
import math
import time

import numpy as np

from ctsopt.errors import SolverError
from ctsopt.keys import Bools, Floats
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Program
from ctsopt.programs.session import Session
from ctsopt.solving.plans.gates import Gates

_log = logging.getLogger("ctsopt.solve")

_PER_SOLVE = 0.3
"""What a solve costs beside its steps, for each coefficient of the program, where a step costs 1 for each row."""


class Designs:
    """Values of the designs of one program, by linear programs that begin where the last one ended.

    Other whole columns (sources, loads, sizes, lanes that are paid once) may be in parts, so that a value is at most
    what the design costs.

    Parameters
    ----------
    program : Program
    used : bool array, optional
        Columns to begin with; the others come in where a plan needs them.
    deadline : float
        When to stop, by `time.monotonic`.

    Attributes
    ----------
    gates : Gates
    work : float
        What was done so far: a measure of effort that is the same on every machine, about 1e8 a second.
    last : Outcome or None
        Flows and duals of the design that was valued last; None where it has no plan.
    """

    def __init__(self, program: Program, used: Bools | None = None, deadline: float = math.inf) -> None:
        self.program, self.gates, self._deadline = program, Gates(program), deadline
        self.arrays = program.arrays.with_rows(~program.lazy)
        self.session = Session(self.arrays, columns=used)
        self._shut = np.zeros(program.columns, dtype=bool)
        self._known: dict[bytes, float] = {}
        self._solves, self.failed = 0, False
        self.last: Outcome | None = None

    @property
    def work(self) -> float:
        """See above."""
        return (float(self.session.steps) * len(self.arrays.row_lower)
                + self._solves * (_PER_SOLVE * self.arrays.matrix.nnz + 1e5))

    @property
    def over(self) -> bool:
        """Whether the time is over, or nobody wants to know any more."""
        return self.failed or self.session.interrupted or time.monotonic() >= self._deadline

    def value(self, values: Floats) -> float:
        """The least that a plan with this design costs; infinite where there is none."""
        key = np.round(values).astype(np.int8).tobytes()
        if key not in self._known:
            outcome = self._solved(values, values)
            self._known[key] = math.inf if outcome is None else outcome.value
        return self._known[key]

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
        self._solves += 1
        try:
            outcome = session.solve(seconds=self._deadline - time.monotonic())
        except SolverError as error:  # no search is lost for a plan that would have been welcome
            _log.info("designs are valued no more: %s", error)
            self.failed = True
            return None
        self.last = outcome if outcome.stopped_by == "gap" and outcome.plan is not None else None
        return self.last
