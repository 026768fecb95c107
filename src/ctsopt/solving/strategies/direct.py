"""The direct strategy: cut and branch. Lazy rows come in where the linear relaxation violates them, then HiGHS
branches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from ctsopt.errors import SolverError
from ctsopt.keys import Bools, Floats
from ctsopt.programs.highs import Highs
from ctsopt.programs.outcome import Outcome, Progress
from ctsopt.programs.program import Arrays, Program
from ctsopt.programs.scaling import quantity_scale
from ctsopt.programs.sentinel import admit
from ctsopt.programs.status import StoppedBy
from ctsopt.progress import Teller
from ctsopt.solving.options import Options
from ctsopt.solving.second_look import second_look
from ctsopt.solving.strategies.first_plan import FirstPlan
from ctsopt.solving.strategies.strategy import Cuts, Found, Problem, Start

_VIOLATED = 1e-6
"""A lazy row is brought in where it is violated by more than this share of its largest coefficient."""

_WHOLE = (1e-8, 1e-6)
"""How near to whole a column must be, at the strictest and at the loosest. Times all demand, HiGHS' usual 1e-6 lets
goods through a closed site; where HiGHS fails with a stricter figure, as it does now and then, it is run again with
its own."""

_AGAIN = 1e-10
"""The strictest figure that HiGHS takes, for a second search."""

_DIGITS = 1e-13
"""Share of the largest figure of a program below which a tolerance would be lost in the rounding of the sums: HiGHS
then takes rounding for a broken row, and proves bounds that do not hold."""

_ROUNDING = 1e-9
"""Share of the cost of a plan by which a bound that equals it may be off."""

_BEFORE = "within the gap before any branching"

_WORTH = 1e-5
"""Cuts are looked for as long as a round lifts the bound by this share."""

_ROUNDS = 1000
"""Rounds in which cuts are looked for, whatever the solver says the bound is."""

_ROOT_SHARE = 0.5
"""Share of the time limit that the rounds of lazy rows may take, so that time is left to find a plan."""


class Direct:
    """Find the best plan of a program by the links asked for.

    Parameters
    ----------
    strict : bool
        Ask for columns nearer to whole than HiGHS usually does: there is less to make whole afterwards.
    twice : bool
        Have a second look at the bound of a small program. That there is no plan is always looked at again.
    first : FirstPlan, optional
        Looks for a plan before the search, and near the relaxation. Where such a plan is within the gap of the
        relaxation, there is no branching; where the search finds no better one, it is the plan.
    """

    def __init__(self, *, strict: bool = True, twice: bool = True, first: FirstPlan | None = None) -> None:
        self._strict, self._twice, self._first = strict, twice, first

    def find(self, problem: Problem) -> Found:
        """See `Strategy`.

        Raises
        ------
        SolverError
            If the solver is one that gives wrong answers, or fails.
        """
        admit()
        begun, options = time.monotonic(), problem.options
        first = None if options.relax else self._first
        try:
            found = _search(problem, self._strict, first)
            if found.stopped_by == "infeasible" or self._twice:
                found = look_again(problem, found, begun, begun + _limit(options))
        except KeyboardInterrupt:  # between two runs: HiGHS hears those that come while it works
            found = Found(None, -math.inf, "interrupt", "Interrupted", ~problem.program.lazy, 0, 0, 0)
        return found if first is None else _better(problem.program, found, first)


class SearchOn:
    """Search again, from a plan that was made whole and then cost more than the gap asked for.

    The plan that the solver had proven used its tolerance: a little of a site times a large coefficient. With all lazy
    rows in, which have the smallest coefficients, and its strictest tolerance, it cannot use as much.

    Parameters
    ----------
    found : Found
        The first search; its bound stays proven.
    """

    def __init__(self, found: Found) -> None:
        self._found = found

    def find(self, problem: Problem) -> Found:
        """See `Strategy`; the start is the plan made whole."""
        found, arrays, options = self._found, problem.program.arrays, problem.options
        try:
            end = _branch(arrays, options, problem.start, time.monotonic() + _limit(options), problem.watch.teller,
                          _strict(arrays, _AGAIN))
        except SolverError as error:
            return replace(found, plan=None, stopped_by="tolerance", detail=str(error))
        except KeyboardInterrupt:
            return replace(found, plan=None, stopped_by="interrupt", detail="Interrupted")
        return replace(end, bound=max(end.bound, found.bound), rows=np.ones(problem.program.row_count, dtype=bool),
                       nodes=found.nodes + end.nodes, iterations=found.iterations + end.iterations,
                       rounds=found.rounds)


def _better(program: Program, found: Found, first: FirstPlan) -> Found:
    """The plan of the search, or the first plan where that is better."""
    if first.plan is None:
        return found
    if found.stopped_by == "infeasible":  # the plan shows that it is not: nothing that was proven counts
        return replace(found, plan=first.plan, bound=-math.inf, stopped_by="error")
    cost = math.inf if found.plan is None else float(program.arrays.cost @ found.plan) + program.arrays.offset
    return found if cost <= first.cost else replace(found, plan=first.plan)


def look_again(problem: Problem, found: Found, begun: float, deadline: float) -> Found:
    """A second look at a search (see `second_look`), with the rows and cuts that it had."""
    searched = problem.program.arrays.with_rows(found.rows)
    searched = searched if problem.cuts is None else searched.with_more(problem.cuts.known())
    return second_look(searched, problem.options, found, begun, deadline)


def _limit(options: Options) -> float:
    return math.inf if options.time_limit is None else options.time_limit


def _search(problem: Problem, strictly: bool, first: FirstPlan | None) -> Found:
    program, options, start, cuts = problem.program, problem.options, problem.start, problem.cuts
    teller, keep = problem.watch.teller, problem.watch.keep
    begin, limit = time.monotonic(), _limit(options)
    deadline = begin + limit
    arrays, lazy = program.arrays, program.lazy
    active = np.ones(len(lazy), dtype=bool) if options.links == "all" else ~lazy
    rounds = iterations = 0
    bound, cost = -math.inf, math.inf
    if first is not None:
        teller.phase("first plan")
        first.find(start, limit)
        bound, cost = first.bound, first.cost
        teller.bound(bound)
        if first.interrupted:
            return Found(None, bound, "interrupt", "Interrupted", active, 0, 0, 0)
        ends = _ends(cost, bound, options)
        if ends is not None:
            return Found(first.plan, bound, ends, _BEFORE, active, 0, 0, 0)
    if (options.links == "lazy" and lazy.any()) or cuts is not None:
        teller.phase("relaxation")
        root, active, rounds, iterations = _root(arrays, lazy & (options.links == "lazy"), active, options,
                                                 deadline if options.relax else begin + _ROOT_SHARE * limit, cuts)
        # Rounds that take too long are left off: the rows that are in by then still tighten the search for a plan.
        bound = max(root.bound, bound)
        teller.bound(bound)
        # So are those of a relaxation on which the solver gives up: the search may still find a plan, or prove none.
        left = root.stopped_by in ("time_limit", "error") and not options.relax
        if (root.stopped_by != "gap" and not left) or options.relax:
            return Found(root.plan if root.stopped_by == "gap" else None, bound, root.stopped_by, root.detail,
                          active, 0, iterations, rounds)
        if first is not None and root.plan is not None and _ends(cost, bound, options) is None:
            first.near(root.plan, limit)
            cost = first.cost
            if first.interrupted:
                return Found(None, bound, "interrupt", "Interrupted", active, 0, iterations, rounds)
    ends = _ends(cost, bound, options)
    if ends is not None:
        return Found(None if first is None else first.plan, bound, ends, _BEFORE, active, 0, iterations, rounds)
    teller.phase("search")
    if first is not None and first.plan is not None:
        start = np.arange(program.columns), first.plan
    usual = _WHOLE[1]
    strict = _strict(arrays, _WHOLE[0]) if strictly else usual
    searched = arrays.with_rows(active)
    searched = searched if cuts is None else searched.with_more(cuts.known())
    try:
        end = _branch(searched, options, start, deadline, teller, strict, keep=keep)
    except SolverError:
        end = _branch(searched, options, start, deadline, teller, usual, keep=keep)
    if end.plan is not None:  # HiGHS does not tell of its last step
        teller.plan(float(arrays.cost @ end.plan) + arrays.offset)
    teller.bound(end.bound)
    return replace(end, bound=max(end.bound, bound), rows=active, iterations=iterations + end.iterations, rounds=rounds)


def _ends(cost: float, bound: float, options: Options) -> StoppedBy | None:
    """Why a search may end with a plan of some cost (infinite: none) and a bound; None where it goes on."""
    bound = max(bound, options.known)
    if cost < math.inf and cost - bound <= max(options.gap * abs(cost), options.abs_gap, _ROUNDING * abs(cost)):
        return "gap"
    return "decided" if options.decided(cost, bound) else None


def _strict(arrays: Arrays, wanted: float) -> float:
    """How near to whole a column may be asked to be: as near as wanted, and no nearer than the figures allow."""
    sides = np.abs(np.concatenate([arrays.row_lower, arrays.row_upper]))
    largest = max(float(sides[np.isfinite(sides)].max(initial=1.0)),
                  float(np.abs(arrays.matrix.data).max(initial=1.0))) / quantity_scale(arrays)
    return float(np.clip(_DIGITS * largest, wanted, _WHOLE[1]))


def _branch(arrays: Arrays, options: Options, start: Start | None, deadline: float,
            teller: Teller | None, whole: float,
            keep: Callable[[Floats], None] | None = None) -> Found:
    """Branch and bound, or the linear relaxation, of these rows."""
    model = Highs(arrays, relax=options.relax, log=options.log, mip_rel_gap=options.gap,
                  mip_abs_gap=max(float(options.abs_gap), 1e-9), random_seed=options.seed,
                  mip_feasibility_tolerance=whole)
    if start is not None and not options.relax:
        model.start_from(start[0].astype(np.int32), start[1])
    end = model.run(deadline - time.monotonic(), None if teller is None else _watch(teller, options), keep)
    if end.stopped_by == "interrupt" and not model.interrupted:  # by what is known or decided
        end = replace(end, stopped_by=_ends(end.value, end.bound, options) or "interrupt")
    return Found(end.plan, end.bound, "interrupt" if model.interrupted else end.stopped_by, end.detail,
                  np.ones(len(arrays.row_lower), dtype=bool), end.nodes, end.iterations, 0,
                  None if options.relax else whole, model.small[1])


def _watch(teller: Teller, options: Options) -> Callable[[Progress], bool]:
    """Tells of a search, and ends it where that is enough by what the solver does not know."""

    def watch(at: Progress) -> bool:
        teller.search(at.value, at.bound, at.nodes)
        asked = options.known_bound is not None or options.decide is not None
        return asked and _ends(at.value, at.bound, options) is not None

    return watch


def _root(arrays: Arrays, lazy: Bools, active: Bools, options: Options, deadline: float,
          cuts: Cuts | None) -> tuple[Outcome, Bools, int, int]:
    """Linear relaxation with the lazy rows and cuts that it needs; which rows are active, and the effort."""
    active = active & ~lazy
    candidates = np.flatnonzero(lazy)
    matrix = sp.csr_array(arrays.matrix[candidates])
    lower, upper = arrays.row_lower[candidates], arrays.row_upper[candidates]
    scale = np.maximum(np.asarray(abs(matrix).max(axis=1).todense(), dtype=np.float64).ravel(), 1e-9)
    inside = np.zeros(len(candidates), dtype=bool)
    begin = arrays.with_rows(active)
    model = Highs(begin if cuts is None else begin.with_more(cuts.known()), relax=True, log=options.log,
                  random_seed=options.seed)
    rounds = iterations = 0
    bound = before = -math.inf
    while True:
        outcome = model.run(deadline - time.monotonic())
        rounds, iterations = rounds + 1, iterations + outcome.iterations
        if model.interrupted:  # perhaps so late that the run ended by itself
            outcome = replace(outcome, stopped_by="interrupt")
        if outcome.stopped_by != "gap" or outcome.plan is None:
            break
        bound = outcome.bound  # every round proves one, as rows only come in
        value = matrix @ outcome.plan
        excess = np.maximum(value - upper, lower - value) / scale
        violated = np.flatnonzero(~inside & (excess > _VIOLATED * model.quantity))
        rising = outcome.bound - before > _WORTH * abs(outcome.bound)
        worth = cuts is not None and rounds <= _ROUNDS and (len(violated) > 0 or rising)
        before = max(before, outcome.bound)
        more = cuts.violated(outcome.plan) if cuts is not None and worth else None
        if not len(violated) and more is None:
            break
        inside[violated] = True
        if len(violated):
            model.add_rows(sp.csr_array(matrix[violated]), lower[violated], upper[violated])
        if more is not None:
            model.add_rows(more, np.zeros(more.shape[0]), np.full(more.shape[0], np.inf))
    active[candidates[inside]] = True
    return replace(outcome, bound=max(outcome.bound, bound)), active, rounds, iterations
