"""The second path of a solve: rules written in Pyomo, and any solver that Pyomo drives.

Rules are compiled back into the program, so that whatever comes after (polish, reading back, the check against the
tables) treats their rows as any others. A solver by name is given the Pyomo model of that program.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.errors import UsageError
from ctsopt.keys import Floats
from ctsopt.programs.program import Program
from ctsopt.programs.status import StoppedBy
from ctsopt.solving.options import DIRECT, Options
from ctsopt.solving.search import Search

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@dataclass(frozen=True, eq=False)
class Twin:
    """A program and, where one is needed, its Pyomo model; how many of its columns are not those of rules."""

    program: Program
    model: Any = None
    own: int = -1

    def rule_variables(self, plan: Floats) -> dict[str, float]:
        """Values of the variables that rules have added, by name and key."""
        if self.own < 0:
            return {}
        names = list(self.program.column_names())[self.own:]
        return dict(zip(names, plan[self.own:].tolist(), strict=True))


def require_solver(options: Options) -> None:
    """Raise UsageError where the solver asked for is not there; `direct` always is."""
    if options.solver == DIRECT:
        return
    from ctsopt.programs.pyomo_solver import require

    require(options.solver, options.solver_options)


def twin(net: Network, program: Program, rules: Sequence[Any], options: Options) -> Twin:
    """The program with the rules written in Pyomo, and its Pyomo model where a solver by name is to be given one.

    Raises
    ------
    UsageError
        If a rule is no function of a model and a network, or does what a rule may not do.
    """
    strange = [rule for rule in rules if not callable(rule)]
    if strange:
        raise UsageError(f"pyomo_rules: functions f(model, net) are needed, not {type(strange[0]).__name__}")
    if rules:
        from ctsopt.programs.pyomo_rules import with_rules

        return Twin(*with_rules(program, rules, net), own=program.columns)
    if options.solver == DIRECT:
        return Twin(program)
    from ctsopt.programs.pyomo import to_pyomo

    return Twin(program, to_pyomo(program))


def search_by_name(pair: Twin, options: Options) -> Search:
    """Find the best plan with a solver by name.

    Lazy rows are all handed over, unless `links` is "capacity". The bound is the one that the solver reports as
    proven; -inf where it reports none. `stopped_by` is "gap" only where plan and bound prove the gap asked for, and
    "solver" where the solver ended by itself without that proof.
    """
    from ctsopt.programs.pyomo_solver import run

    program, lazy = pair.program, options.links != "capacity"
    end = run(program, pair.model, options.solver, options.solver_options, gap=options.gap, abs_gap=options.abs_gap,
              seed=options.seed, time_limit=options.time_limit, log=options.log, relax=options.relax, lazy=lazy)
    rows = np.ones(program.row_count, dtype=bool) if lazy else ~program.lazy
    stopped = _proven(program, end.plan, end.bound, end.stopped_by, options)
    detail = end.detail if math.isfinite(end.bound) or end.plan is None else f"{end.detail}; it reports no bound"
    return Search(end.plan, end.bound, stopped, detail, rows, 0, 0, 0)


def _proven(program: Program, plan: Floats | None, bound: float, stopped: StoppedBy, options: Options) -> StoppedBy:
    """Whether a solver that calls its plan optimal has proven the gap asked for."""
    if stopped != "gap":
        return stopped
    if plan is None:
        return "error"
    cost = float(program.arrays.cost @ plan) + program.arrays.offset
    allowed = max(options.gap * abs(cost), options.abs_gap, 1e-6 * max(1.0, abs(cost)))
    return "gap" if cost - bound <= allowed * (1 + 1e-9) else "solver"
