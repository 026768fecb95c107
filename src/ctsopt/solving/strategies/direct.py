"""The direct strategy: cut and branch. Lazy rows come in where the linear relaxation violates them, then HiGHS
branches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from ctsopt.errors import SolverError
from ctsopt.keys import Bools, Floats
from ctsopt.programs.highs import Highs
from ctsopt.programs.merging import merged
from ctsopt.programs.outcome import Progress
from ctsopt.programs.program import Arrays, Program
from ctsopt.programs.reduced import Reduced
from ctsopt.programs.scaling import quantity_scale
from ctsopt.programs.sentinel import admit
from ctsopt.programs.status import StoppedBy
from ctsopt.programs.whole_moves import whole_moves
from ctsopt.progress import Teller
from ctsopt.solving.options import Options
from ctsopt.solving.second_look import second_look
from ctsopt.solving.strategies.first_plan import FirstPlan
from ctsopt.solving.strategies.relaxation import Relaxation, Relaxed, is_whole, with_known
from ctsopt.solving.strategies.strategy import Found, Problem, Start

_WHOLE = (1e-8, 1e-6)
"""How near to whole a column must be, at the strictest and at the loosest. Times all demand, HiGHS' usual 1e-6 lets
goods through a closed site; where HiGHS fails with a stricter figure, as it does now and then, it is run again with
its own."""

_AGAIN = 1e-10
"""The strictest figure that HiGHS takes, for a second search."""

_DIGITS = 1e-13
"""Share of the largest figure of a program below which a tolerance would be lost in the rounding of the sums: HiGHS
then takes rounding for a broken row, and proves bounds that do not hold."""

_BEFORE = "within the gap before any branching"

_LEFT = ("gap", "time_limit", "error")
"""How a relaxation may end for a search to follow."""

_LARGE = 300_000
"""Coefficients up to which the first relaxation comes before a first plan."""

_LIFT = 1e-3
"""Share of the bound that lazy rows have to lift it by, or the search is quicker without them."""

_MANY = 0.1
"""Share of the lazy rows that the relaxation needs from which on the search is quicker with all."""

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
            found = _Search(problem, self._strict, first).find()
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
    cost = math.inf if found.plan is None else _cost(program, found.plan)
    return found if cost <= first.cost else replace(found, plan=first.plan)


def look_again(problem: Problem, found: Found, begun: float, deadline: float) -> Found:
    """A second look at a search (see `second_look`), with the rows and cuts that it had."""
    searched = problem.program.arrays.with_rows(found.rows)
    searched = searched if problem.cuts is None else searched.with_more(problem.cuts.known())
    return second_look(searched, problem.options, found, begun, deadline)


def _limit(options: Options) -> float:
    return math.inf if options.time_limit is None else options.time_limit


class _Search:
    """A first plan, the relaxation, and branching: each may end the search, or leave a bound and a plan to the next.

    Parameters
    ----------
    problem : Problem
    strictly : bool
        See `Direct`.
    first : FirstPlan or None
    """

    def __init__(self, problem: Problem, strictly: bool, first: FirstPlan | None) -> None:
        self._problem, self._strictly, self._first = problem, strictly, first
        self._options, self._teller = problem.options, problem.watch.teller
        self._limit = _limit(self._options)
        self._begin = time.monotonic()
        if first is not None:
            self._teller.phase("first plan")
        self._model = smaller(problem)
        self._in, self._candidates = rows_by_links(self._model, problem)
        self._bound, self._iterations, self._rounds = -math.inf, 0, 0

    @cached_property
    def _root(self) -> Relaxation | None:
        """The relaxation, where rows or cuts may come into it."""
        problem, candidates = self._problem, self._candidates
        if problem.active is not None or (not candidates.any() and problem.cuts is None):
            return None
        most = int(_MANY * candidates.sum()) if by_the_root(problem) else None
        return Relaxation(self._model, self._in, candidates, self._options, problem.cuts, most,
                          None if self._options.relax else self._enough)

    def find(self) -> Found:
        """The steps in turn, up to the one that ends the search."""
        for step in (self._whole_already, self._before, self._relaxed):
            ended = step()
            if ended is not None:
                return ended
        return self._branched()

    def _whole_already(self) -> Found | None:
        """The first relaxation of a program that is not large: where it is whole, no other plan need be looked for."""
        if self._first is None or self._model.arrays.matrix.nnz > _LARGE or self._root is None:
            return None
        root = self._root.once(self._begin + _ROOT_SHARE * self._limit)
        self._prove(root.outcome.bound)
        self._iterations, self._rounds = root.iterations, root.rounds
        end = root.outcome
        if end.stopped_by not in _LEFT:
            return self._found(None, end.stopped_by, end.detail)
        if end.stopped_by == "gap" and end.plan is not None and is_whole(self._model.arrays, end.plan):
            self._first.near(self._model.spread(end.plan), self._limit)
        return self._by_plan()

    def _before(self) -> Found | None:
        """A plan before more is known."""
        first = self._first
        if first is None:
            return None
        first.find(self._problem.start, self._limit)
        self._prove(first.bound)
        return self._by_plan()

    def _relaxed(self) -> Found | None:
        """The relaxation with the lazy rows and cuts that it needs, and a plan near it."""
        options = self._options
        if self._root is None:
            return self._by_plan()
        self._teller.phase("relaxation")
        share = 1.0 if options.relax else _ROOT_SHARE
        root = self._root.solve(self._begin + share * self._limit)
        end = root.outcome
        self._in = root.active if options.relax else chosen(self._model, self._problem, root)
        self._iterations, self._rounds = root.iterations, root.rounds
        # Rounds that take too long are left off: the rows that are in by then still tighten the search for a plan.
        self._prove(end.bound)
        # So are those of a relaxation on which the solver gives up: the search may still find a plan, or prove none.
        if end.stopped_by not in _LEFT or options.relax:
            plan = self._model.spread(end.plan) if end.plan is not None and end.stopped_by == "gap" else None
            return self._found(plan, end.stopped_by, end.detail)
        if self._first is not None and end.plan is not None and self._ends() is None:
            self._first.near(self._model.spread(end.plan), self._limit)
        return self._by_plan()

    def _enough(self, relaxed: Floats, bound: float) -> bool:
        """Whether a relaxation that is whole is a plan within the gap."""
        if self._first is None:
            return False
        self._first.near(self._model.spread(relaxed), self._limit)
        return self._first.interrupted or self._options.ends(self._first.cost, max(bound, self._bound)) is not None

    def _branched(self) -> Found:
        """Branch and bound, from the best plan so far."""
        problem, model, first = self._problem, self._model, self._first
        self._teller.phase("search")
        start = problem.start
        if first is not None and first.plan is not None:
            start = np.arange(problem.program.columns), first.plan
        searched = with_known(model.arrays.with_rows(self._in), model, problem.cuts)
        start = None if start is None else model.start(*start)
        keep = problem.watch.keep
        kept = None if keep is None else lambda plan: keep(model.spread(plan))
        deadline, usual = self._begin + self._limit, _WHOLE[1]
        strict = _strict(searched, _WHOLE[0]) if self._strictly else usual
        try:
            end = _branch(searched, self._options, start, deadline, self._teller, strict, keep=kept)
        except SolverError:
            end = _branch(searched, self._options, start, deadline, self._teller, usual, keep=kept)
        plan = None if end.plan is None else model.spread(end.plan)
        if plan is not None:  # HiGHS does not tell of its last step
            self._teller.plan(_cost(problem.program, plan))
        self._teller.bound(end.bound)
        self._bound, self._iterations = max(end.bound, self._bound), self._iterations + end.iterations
        return replace(self._found(plan, end.stopped_by, end.detail), nodes=end.nodes, tolerance=end.tolerance,
                       least=end.least)

    # ---- how far it is ---------------------------------------------------------------------------------------------

    def _prove(self, bound: float) -> None:
        self._bound = max(self._bound, bound)
        self._teller.bound(self._bound)

    def _ends(self) -> StoppedBy | None:
        return None if self._first is None else self._options.ends(self._first.cost, self._bound)

    def _by_plan(self) -> Found | None:
        """The end, where Ctrl-C was heard or the first plan is enough."""
        first = self._first
        if first is not None and first.interrupted:
            return self._found(None, "interrupt", "Interrupted")
        ends = self._options.ends(math.inf if first is None else first.cost, self._bound)
        return None if ends is None else self._found(None if first is None else first.plan, ends, _BEFORE)

    def _found(self, plan: Floats | None, stopped: StoppedBy, detail: str) -> Found:
        rows = self._model.rows(self._in, self._problem.program.lazy)
        return Found(plan, self._bound, stopped, detail, rows, 0, self._iterations, self._rounds,
                     notes={"presolve": dict(self._model.notes)})


def smaller(problem: Problem) -> Reduced:
    """The program as a solver is given it: what follows from the rest is left to `Reduced.spread`."""
    model = Reduced.of(problem.program)
    if problem.options.relax:  # where parts may move, the links decide how many
        return model
    return merged(whole_moves(model))


def rows_by_links(model: Reduced, problem: Problem) -> tuple[Bools, Bools]:
    """Rows that are in from the start, and those that are brought in where the relaxation violates them."""
    links, none = problem.options.links, np.zeros(len(model.lazy), dtype=bool)
    if problem.active is not None:
        there, place = none.copy(), model.place[problem.active]
        there[place[place >= 0]] = True
        return ~model.lazy | there, none
    if links == "all":
        return ~none, none
    return ~model.lazy, none if links == "capacity" else model.lazy


def by_the_root(problem: Problem) -> bool:
    """Whether what the relaxation shows decides which lazy rows the search has."""
    return problem.options.links == "auto" and not problem.options.relax and problem.cuts is None


def chosen(model: Reduced, problem: Problem, root: Relaxed) -> Bools:
    """The rows that the search has: those that were in, unless the relaxation shows that others are better.

    Rows that hardly lift the bound only make the search slower, and where very many are needed it is quicker with all.
    """
    if not by_the_root(problem):
        return root.active
    lazy, bound = model.lazy, root.outcome.bound
    if bound - root.first <= _LIFT * abs(bound):
        return ~lazy
    return np.ones(len(lazy), dtype=bool) if (root.active & lazy).sum() > _MANY * lazy.sum() else root.active


def _cost(program: Program, plan: Floats) -> float:
    return float(program.arrays.cost @ plan) + program.arrays.offset


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
        end = replace(end, stopped_by=options.ends(end.value, end.bound) or "interrupt")
    return Found(end.plan, end.bound, "interrupt" if model.interrupted else end.stopped_by, end.detail,
                  np.ones(len(arrays.row_lower), dtype=bool), end.nodes, end.iterations, 0,
                  None if options.relax else whole, model.small[1])


def _watch(teller: Teller, options: Options) -> Callable[[Progress], bool]:
    """Tells of a search, and ends it where that is enough by what the solver does not know."""

    def watch(at: Progress) -> bool:
        teller.search(at.value, at.bound, at.nodes)
        asked = options.known_bound is not None or options.decide is not None
        return asked and options.ends(at.value, at.bound) is not None

    return watch
