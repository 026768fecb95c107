"""The strategy of a solver by name: any that Pyomo drives is given the Pyomo model of the program."""

from __future__ import annotations

import math

import numpy as np

from ctsopt.keys import Floats
from ctsopt.programs.program import Program
from ctsopt.programs.status import StoppedBy
from ctsopt.solving.options import DIRECT, Options
from ctsopt.solving.strategies.strategy import Found, Problem


class ByName:
    """Find the best plan with a solver by name.

    Lazy rows are all handed over, unless `links` is "capacity". The bound is the one that the solver reports as
    proven; -inf where it reports none. `stopped_by` is "gap" only where plan and bound prove the gap asked for, and
    "solver" where the solver ended by itself without that proof. Start, cuts and watch are not passed on.
    """

    def find(self, problem: Problem) -> Found:
        """See `Strategy`."""
        from ctsopt.programs.pyomo import leave_out, to_pyomo
        from ctsopt.programs.pyomo_solver import run

        problem.watch.teller.phase("search")
        program, options = problem.program, problem.options
        lazy = options.links != "capacity"
        model = to_pyomo(program)
        leave_out(program, model)
        end = run(program, model, options.solver, options.solver_options, gap=options.gap,
                  abs_gap=options.abs_gap, seed=options.seed, time_limit=options.time_limit, log=options.log,
                  relax=options.relax, lazy=lazy)
        rows = np.ones(program.row_count, dtype=bool) if lazy else ~program.lazy
        stopped = _proven(program, end.plan, end.bound, end.stopped_by, options)
        detail = end.detail if math.isfinite(end.bound) or end.plan is None else f"{end.detail}; it reports no bound"
        return Found(end.plan, end.bound, stopped, detail, rows, 0, 0, 0)


def require_solver(options: Options) -> None:
    """Raise UsageError where the solver asked for is not there; `direct` always is."""
    if options.solver == DIRECT:
        return
    from ctsopt.programs.pyomo_solver import require

    require(options.solver, options.solver_options)


def _proven(program: Program, plan: Floats | None, bound: float, stopped: StoppedBy, options: Options) -> StoppedBy:
    """Whether a solver that calls its plan optimal has proven the gap asked for."""
    if stopped != "gap":
        return stopped
    if plan is None:
        return "error"
    cost = float(program.arrays.cost @ plan) + program.arrays.offset
    allowed = max(options.gap * abs(cost), options.abs_gap, 1e-6 * max(1.0, abs(cost)))
    return "gap" if cost - bound <= allowed * (1 + 1e-9) else "solver"
