"""A second look at what a solver says that no plan contradicts, where it is cheap.

That there is no plan, and that no plan costs less than a bound, are words of the solver. Another run without presolve,
which is where solvers go wrong, may find a plan that shows the contrary; then that run is believed. What it does not
show is not proven by it either: the bound of the first run stays what is reported.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace

import numpy as np

from ctsopt.errors import SolverError
from ctsopt.keys import Floats
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Arrays
from ctsopt.programs.scaling import solver_units
from ctsopt.programs.status import StoppedBy
from ctsopt.solving.options import Options
from ctsopt.solving.strategies.strategy import Found

_log = logging.getLogger("ctsopt.solve")

SMALL = 2000
"""Coefficients up to which a bound is looked at again: some hundredths of a second."""

_SECONDS, _TIMES = 1.0, 2.0
"""Time for a second look: the more of some seconds, and of a multiple of what the first took."""

_OFF = 1e-6
"""Share by which two answers may differ."""


def second_look(arrays: Arrays, options: Options, found: Found, begun: float, deadline: float) -> Found:
    """What was found, or what a run without presolve says where its plan contradicts that.

    Parameters
    ----------
    arrays : Arrays
        The program that was searched.
    options : Options
    found : Found
    begun : float
        When the search began, on the monotonic clock.
    deadline : float
        When it has to end.
    """
    claims = found.stopped_by == "gap" and not options.relax and arrays.matrix.nnz <= SMALL and (
        bool(arrays.integer.any()) and math.isfinite(found.bound))
    if found.stopped_by != "infeasible" and not claims:
        return found
    now = time.monotonic()
    seconds = min(deadline - now, max(_SECONDS, _TIMES * (now - begun)))
    if seconds <= 0:
        return found
    again = _without_presolve(arrays, options, found.plan, seconds)
    if again is None or again.plan is None or not _holds(arrays, again.plan):
        return found
    cost = float(arrays.cost @ again.plan) + arrays.offset
    if found.stopped_by != "infeasible" and cost >= found.bound - _OFF * max(found.least, abs(cost), abs(found.bound)):
        return found
    said = "there is no plan" if found.stopped_by == "infeasible" else f"no plan costs less than {found.bound:,.9g}"
    _log.warning("the solver says that %s, and then finds one of %.9g: the first is not believed", said, cost)
    stopped: StoppedBy = "gap" if again.stopped_by == "gap" else "tolerance"
    return replace(again, stopped_by=stopped, nodes=found.nodes + again.nodes,
                   iterations=found.iterations + again.iterations, rows=found.rows, rounds=found.rounds,
                   tolerance=found.tolerance)


def _without_presolve(arrays: Arrays, options: Options, plan: Floats | None, seconds: float) -> Found | None:
    """The same search without presolve; None where the solver fails or Ctrl-C was heard."""
    model = Highs(arrays, relax=options.relax, log=options.log, mip_rel_gap=options.gap,
                  mip_abs_gap=max(float(options.abs_gap), 1e-9), random_seed=options.seed, presolve="off")
    if plan is not None:
        whole = np.flatnonzero(arrays.integer)
        model.start_from(whole.astype(np.int32), plan[whole])
    try:
        end = model.run(seconds)
    except SolverError:
        return None
    if model.interrupted:
        return None
    return Found(end.plan, end.bound, end.stopped_by, end.detail, np.ones(0, dtype=bool), end.nodes, end.iterations, 0,
                  None, model.small[1])


def _holds(arrays: Arrays, plan: Floats) -> bool:
    """Whether a plan keeps every row and bound, and its whole columns are whole, by the program's own figures."""
    units = solver_units(arrays)
    activity = np.asarray(arrays.matrix @ plan)
    off = _OFF * np.maximum(np.asarray(abs(arrays.matrix) @ np.maximum(np.abs(plan), units)), 1e-12)
    rows = (activity >= arrays.row_lower - off) & (activity <= arrays.row_upper + off)
    columns = (plan >= arrays.lower - _OFF * units) & (plan <= arrays.upper + _OFF * units)
    whole = plan[arrays.integer]
    return bool(rows.all() and columns.all() and (np.abs(whole - np.round(whole)) <= _OFF).all())
