"""From what a search found to the plan that is reported: made whole, searched on where that took too much, or refused
in the planner's words.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.errors import CtsError, InfeasibleError, NoPlanError, SolverError, UsageError
from ctsopt.formulation.preference import preference
from ctsopt.programs.program import Program
from ctsopt.programs.status import OPTIMAL_WITHIN, StoppedBy
from ctsopt.solving.options import DIRECT, Options
from ctsopt.solving.polish import Polished, clean, polish
from ctsopt.solving.strategies.direct import SearchOn
from ctsopt.solving.strategies.strategy import Found, Problem

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_log = logging.getLogger("ctsopt.solve")

_ROUNDING = 1e-9
"""Share of its cost by which a plan may seem cheaper than it is."""


def settle(net: Network, problem: Problem, found: Found, spent: float,
           impossible: Callable[[Program], CtsError]) -> tuple[Found, Polished]:
    """The plan made whole, and what is proven of it.

    Parameters
    ----------
    net : Network
    problem : Problem
    found : Found
    spent : float
        Seconds of the time limit that the search took.
    impossible : callable
        The error for a program without a plan.

    Raises
    ------
    InfeasibleError, NoPlanError, SolverError
        If there is no plan, or it is none.
    """
    program, options = problem.program, problem.options
    if found.settled is not None:
        _require_bound(found, found.settled)
        return _with_known(found, found.settled, options)
    cut_off = found.plan is None and found.stopped_by in ("time_limit", "interrupt", "decided")
    if cut_off and problem.start is not None and problem.value is None:
        found = _fall_back(net, problem, found)
    _require_plan(program if found.program is None else found.program, found, options, impossible)
    settled = _settle(net, program, found, options)
    if found.stopped_by in ("gap", "decided") and not options.relax and not _enough(found, settled, options):
        found, settled = _search_on(net, problem, found, settled, spent)
    return _with_known(found, settled if options.relax else _no_dearer(net, problem, found, settled), options)


def _no_dearer(net: Network, problem: Problem, found: Found, settled: Polished) -> Polished:
    """The plan to start from, where it is a plan of this network and costs less."""
    program, start = problem.program, problem.start
    if start is None or len(start[0]) < program.columns:
        return settled
    cost = float(program.arrays.cost @ start[1]) + program.arrays.offset
    if cost >= settled.cost - _ROUNDING * abs(settled.cost):
        return settled
    own = polish(program, start[1], preference(net, program))
    if own is None or own.cost >= settled.cost:
        return settled
    _require_bound(found, own)
    return own


def _with_known(found: Found, settled: Polished, options: Options) -> tuple[Found, Polished]:
    """With the bound that is known from elsewhere, and what that comes to.

    Raises
    ------
    UsageError
        If the plan costs less: it shows that this is no bound.
    """
    if options.relax:
        return found, settled
    if settled.cost < options.known - 1e-6 * max(found.least, abs(settled.cost)):
        raise UsageError(f"known_bound = {options.known:,.4f}: a plan costs {settled.cost:,.4f}, so that it is no "
                         "bound of this network")
    stopped = _enough(found, settled, options) if found.stopped_by in ("gap", "solver", "decided") else None
    return replace(found, bound=max(found.bound, options.known), stopped_by=stopped or found.stopped_by), settled


def _fall_back(net: Network, problem: Problem, found: Found) -> Found:
    """The plan to start from, where the search was stopped before it found one of its own."""
    assert problem.start is not None
    plan = np.zeros(problem.program.columns)
    plan[problem.start[0]] = problem.start[1]
    none = polish(problem.program, plan, preference(net, problem.program)) is None
    return found if none else replace(found, plan=plan)


def _require_plan(program: Program, found: Found, options: Options,
                  impossible: Callable[[Program], CtsError]) -> None:
    """Say in the planner's words why there is no plan."""
    if found.plan is not None:
        return
    if found.stopped_by == "infeasible":
        raise _why_none(impossible(program), options)
    if found.stopped_by == "decided":
        raise NoPlanError(f"no plan costs at most {options.decide:,.2f}, which was proven before any plan was found; "
                          "leave `decide` out to have one", found.stopped_by)
    if found.stopped_by == "interrupt":
        raise NoPlanError("interrupted before any plan was found", found.stopped_by)
    if found.stopped_by == "time_limit":
        raise NoPlanError("the time limit was reached before any plan was found; allow more time",
                          found.stopped_by)
    if found.stopped_by == "unbounded":
        raise SolverError("the cost can fall without end: a negative cost in the tables or in a rule of your own?")
    raise SolverError(f"the solver ended without a plan: {found.detail}")


def _why_none(error: CtsError, options: Options) -> CtsError:
    """Why there is no plan; what is fixed is named, as it may be the reason."""
    if not options.fix:
        return error
    held = ", ".join(f"{len(fix.values):,} of {fix.decision} {fix.how.replace('_', ' ')}" for fix in options.fix)
    return InfeasibleError(f"no plan keeps what is fixed ({held}); with that, {error}",
                           getattr(error, "shortfalls", None), getattr(error, "explanation", None))


def _settle(net: Network, program: Program, found: Found, options: Options) -> Polished:
    assert found.plan is not None
    if options.relax:
        plan = clean(program.arrays, found.plan)
        return Polished(plan, float(program.arrays.cost @ plan) + program.arrays.offset, "not applied: a relaxation")
    settled = polish(program, found.plan, preference(net, program))
    if settled is None:
        raise SolverError("the plan found holds only within the solver's tolerance: no plan with whole sites is near "
                          "it; look for very large or very small figures in the tables")
    _require_bound(found, settled)
    return settled


def _require_bound(found: Found, settled: Polished) -> None:
    """A plan that costs less than what was proven to be the least shows that the proof is none."""
    if settled.cost < found.bound - 1e-6 * max(found.least, abs(settled.cost)):
        raise SolverError(f"the plan costs {settled.cost:,.4f}, less than the bound {found.bound:,.4f} that the solver "
                          "gave as proven; look for very large or very small figures in the tables")


def _enough(found: Found, settled: Polished, options: Options) -> StoppedBy | None:
    """Why the plan that is reported is enough: it is within the gap asked for, to the accuracy that `optimal` has, or
    what was to be decided is; None where it is not.
    """
    size, bound = max(abs(settled.cost), found.least), max(found.bound, options.known)
    if settled.cost - bound <= max(options.gap * size, options.abs_gap) + OPTIMAL_WITHIN * size:
        return "gap"
    return "decided" if options.decided(settled.cost, bound) else None


def _search_on(net: Network, problem: Problem, found: Found, settled: Polished,
               spent: float) -> tuple[Found, Polished]:
    """A second search where making the plan whole cost more than the gap; the better plan, and what is proven of it."""
    options, program = problem.options, problem.program
    if options.solver != DIRECT:
        return replace(found, stopped_by="tolerance"), settled
    _log.info("made whole, the plan costs %.9g against a bound of %.9g: searching on", settled.cost, found.bound)
    problem.watch.teller.phase("search")
    whole = np.flatnonzero(program.arrays.integer)
    left = None if options.time_limit is None else max(options.time_limit - spent, 1e-3)
    again = SearchOn(found).find(replace(problem, options=replace(options, time_limit=left),
                                         start=(whole, settled.plan[whole])))
    if again.plan is not None:
        better = _settle(net, program, again, options)
        settled = better if better.cost < settled.cost else settled
    enough = _enough(again, settled, options)
    if enough is not None:
        again = replace(again, stopped_by=enough)
    elif again.stopped_by not in ("time_limit", "interrupt"):
        again = replace(again, stopped_by="tolerance")
    return again, settled
