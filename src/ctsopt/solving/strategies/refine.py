"""Certified refinement: stock decided with the network, by straight lines below the declared curves.

A program with lines below the curves gives a bound that holds for the curves; every plan that it finds is valued by the
curves, and the least is kept. Where the lines are too far below, they are brought to the curve at the plan's volumes,
and the search goes on. The first plan is that of the network designed without stock, with its stock added. From it,
and from every new best plan, steps lead to plans nearby that keep less stock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.errors import NoPlanError
from ctsopt.formulation.stock.cuts import SegmentCuts, cuttable
from ctsopt.formulation.stock.segments import Breakpoints
from ctsopt.formulation.stock.starts import starting
from ctsopt.keys import Bools, Floats
from ctsopt.programs.program import Program
from ctsopt.programs.status import StoppedBy
from ctsopt.solving.options import DIRECT
from ctsopt.solving.polish import Polished
from ctsopt.solving.strategies.by_name import ByName
from ctsopt.solving.strategies.direct import Direct
from ctsopt.solving.strategies.first_plan import FirstPlan
from ctsopt.solving.strategies.incumbent import Incumbent
from ctsopt.solving.strategies.kept_root import KeptRoot
from ctsopt.solving.strategies.site_moves import SiteMoves
from ctsopt.solving.strategies.stocked_value import StockedValue
from ctsopt.solving.strategies.strategy import Found, Problem, Watch

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_DESIGN_SHARE = 0.25
"""Share of the time limit for the network without stock."""

_ROOT_SHARE, _ROOT_ROUNDS = 0.4, 4
"""Share of the time, and number of rounds, for refinement at the linear relaxation."""

_FIXED_SHARE = 0.3
"""Share of the time that is left for a search with the sites of the best plan."""

_NEARBY_SHARE = 0.15
"""Share of the time that is left for steps from the best plan to better ones nearby."""

_MOVES = 1e9
"""Work for other sites, in the measure of `SiteMoves`: about ten seconds."""

_OF_GAP = 0.5
"""Share of the gap that the search of a round may leave; the lines may leave the rest."""

_STEP = 0.3
"""Share of the gap as it stands that a round may leave, while that is more."""

_STALLED = 25
"""Rounds in a row after which the search ends where neither the bound nor the best plan moves, whatever the solver says
about either."""

_KEPT = 20
"""Plans of a round that are valued: the last ones, which are the best."""

_NONE_FITS = ("no plan was found whose stock fits into `sites.storage_capacity` and `settings.budget`, and it was not "
              "proven that there is none: raise the storage or the budget a little, or ask for a smaller gap")

Make = Callable[[Breakpoints], Program]


class Refinement:
    """The search for the least plan cost of a network with stock.

    Parameters
    ----------
    net : Network
    make : function
        From breakpoints to a program with lines below the curves. The program of the problem is the one without them,
        and its value is a `StockedValue`.
    """

    def __init__(self, net: Network, make: Make) -> None:
        self._net, self._make = net, make

    def find(self, problem: Problem) -> Found:
        """Search until the gap asked for is proven for the curves, or a limit is reached; see `Strategy`."""
        return _Run(self._net, self._make, problem).find()


class _Run:
    """One refinement."""

    def __init__(self, net: Network, make: Make, problem: Problem) -> None:
        assert isinstance(problem.value, StockedValue)
        self._net, self._make, self._problem = net, make, problem
        self._base, self._options, self._value = problem.program, problem.options, problem.value
        # What is known and to be decided is about plans with their stock by the curves, not about a search within.
        self._inner = replace(problem.options, known_bound=None, decide=None)
        self._teller = problem.watch.teller
        self._stock, self._declared = self._value.stock, self._value.declared
        self._begin = time.monotonic()
        self._known = Incumbent(net, self._base, self._value, self._options, self._teller)
        self._design = math.inf
        self._effort = np.zeros(3, dtype=np.int64)
        self._nearby = SiteMoves(net, self._base, self._stock, self._value.cost, self._value.holds)
        self._consolidated = math.inf
        self._root, self._interrupted = KeptRoot(self._declared, self._inner), False

    @property
    def _left(self) -> float:
        limit = self._options.time_limit
        return math.inf if limit is None else limit - (time.monotonic() - self._begin)

    def find(self) -> Found:
        """The whole of it."""
        if self._options.relax:
            return self._relaxed()
        known, start = self._known, self._problem.start
        found = self._design_then_stock()
        if start is not None and len(start[0]) == self._base.columns and self._options.stock == "in_plan":
            known.take_as_it_is(start[1])
        if found.stopped_by in ("infeasible", "unbounded", "error", "interrupt") or (
                self._options.stock == "after" and known.best is not None):
            return self._result(replace(found, bound=known.bound), self._base, 0, 0, found.plan)
        self._consolidate()
        points = Breakpoints.first(self._declared)
        if known.best is not None:
            points = points.near(self._declared, self._stock.of(known.best.plan).volume, 0.0)
        points, rounds = self._at_the_root(points)
        self._consolidate()
        self._move()
        found = replace(found, bound=known.bound)
        if known.enough or self._left <= 0 or self._heard:
            stopped: StoppedBy = self._enough() or ("interrupt" if self._heard else "time_limit")
            return self._result(replace(found, stopped_by=stopped), self._base, rounds, 0, None)
        points = self._with_sites_fixed(points)
        self._consolidate()
        return self._refined(points, rounds, found)

    def _refined(self, points: Breakpoints, rounds: int, found: Found) -> Found:
        """Rounds of search with whole columns, each with lines nearer to the curves."""
        known, gap = self._known, self._options.gap
        least, most, stalled = max(_OF_GAP * self._options.gap, 1e-9), 1.0, 0
        while True:
            rounds += 1
            gap = max(least, min(_STEP * known.gap, gap if found.nodes else 1.0, most))
            program, before = self._make(points), (known.bound, known.cost)
            found, plan = self._round(program, points, gap)
            self._consolidate()
            if self._done(found):
                break
            finer = self._finer(points, plan)
            stalled = stalled + 1 if (known.bound, known.cost) == before else 0
            if stalled == _STALLED or (len(finer.layer) == len(points.layer) and gap <= least):
                found = replace(found, stopped_by="tolerance")
                break
            if len(finer.layer) == len(points.layer):
                most = gap * _STEP  # where no line is any nearer to its curve, only a smaller gap leads on
            points = finer
        found = known.looked_again(found, self._left)
        stopped = self._enough() or found.stopped_by
        if known.best is None and stopped == "gap":  # what a round has proven is about lines; its plan does not hold
            stopped = "time_limit"
        return self._result(replace(found, stopped_by=stopped, bound=known.bound), program, rounds,
                            len(points.segments(self._declared)), plan)

    # ---- parts of the search ---------------------------------------------------------------------------------------

    def _design_then_stock(self) -> Found:
        """The network without stock, and its stock: a plan and a bound (stock costs nothing at the least)."""
        limit = None if self._options.time_limit is None else _DESIGN_SHARE * self._options.time_limit
        self._teller.phase("search")
        options = replace(self._inner, time_limit=limit)
        problem = Problem(self._base, options, self._problem.start, self._watch())
        found = self._search(problem, first=FirstPlan(self._base))
        self._known.proven(problem, found)
        self._known.take(self._base, found.plan)
        self._design = self._known.cost
        self._teller.phase("stock")
        return found

    def _at_the_root(self, points: Breakpoints) -> tuple[Breakpoints, int]:
        """Refine at the linear relaxation, which takes little time, as long as its bound rises."""
        known, limit, rounds = self._known, self._left, 0
        while rounds < _ROOT_ROUNDS and self._options.solver == DIRECT and not known.enough and not self._heard:
            left = self._left - (1 - _ROOT_SHARE) * limit if math.isfinite(limit) else math.inf
            if left <= 0:
                break
            rounds += 1
            program, before = self._make(points), known.bound
            plan = self._relaxation(program, points, self._cuts(program, points), left)
            if plan is None:
                break
            rough = known.own(plan)
            known.take(program, self._with_stock(program, points, rough))
            known.take_as_it_is(rough)
            self._near(rough)
            finer = points.near(self._declared, self._stock.of(rough).volume, 0.0)
            if known.best is not None:
                finer = finer.near(self._declared, self._stock.of(known.best.plan).volume, 0.0)
            if len(finer.layer) == len(points.layer) or (
                    rounds > 1 and known.bound - before < 0.1 * self._options.gap * abs(known.bound)):
                break
            points = finer
        return points, rounds

    def _relaxation(self, program: Program, points: Breakpoints, cuts: SegmentCuts | None,
                    left: float) -> Floats | None:
        """The relaxation of a program with lines, which begins where the last one ended; None where it has no end."""
        self._teller.phase("relaxation")
        try:
            relaxed, plan = self._root.solve(program, points.segments(self._declared), cuts, time.monotonic() + left)
        except KeyboardInterrupt:  # between two runs
            self._interrupted = True
            return None
        self._interrupted |= relaxed.outcome.stopped_by == "interrupt"
        self._effort += (0, relaxed.iterations, relaxed.rounds)
        self._known.raised(relaxed.outcome.bound)
        self._teller.bound(self._known.bound)
        return plan

    def _consolidate(self) -> None:
        """Keep less stock, where that costs less, in a best plan that has not been looked at yet."""
        known = self._known
        if known.best is None or self._settled or known.cost >= self._consolidated:
            return
        self._take(self._nearby.better(known.best.plan, self._share))
        self._consolidated = known.cost

    def _near(self, rough: Floats) -> None:
        """Look for a plan with the sites of a relaxation."""
        if not self._settled:
            self._take(self._nearby.near(rough, self._known.cost, self._share))
            self._consolidated = min(self._consolidated, self._known.cost)

    def _move(self) -> None:
        """Look for a better plan with other sites."""
        known = self._known
        if known.best is None or self._settled:
            return
        self._take(self._nearby.moved(known.best.plan, _MOVES, self._share))
        self._consolidated = known.cost

    @property
    def _heard(self) -> bool:
        """Whether Ctrl-C was pressed: what is there by then is the answer."""
        return self._nearby.interrupted or self._interrupted

    @property
    def _settled(self) -> bool:
        """Whether plans nearby are not to be looked for."""
        return self._options.solver != DIRECT or self._known.enough or self._left <= 0 or self._heard

    @property
    def _share(self) -> float:
        """Seconds for plans nearby."""
        return self._left if math.isinf(self._left) else _NEARBY_SHARE * self._left

    def _take(self, found: Floats | None) -> None:
        """Keep a plan that steps have led to."""
        known = self._known
        if found is not None:
            points = Breakpoints.first(self._declared).near(self._declared, self._stock.of(found).volume, 0.0)
            program = self._make(points)
            known.take(program, self._with_stock(program, points, found))
            known.take_as_it_is(found)

    def _with_sites_fixed(self, points: Breakpoints) -> Breakpoints:
        """Look for a better plan with the sites of the best one, which is a much smaller search."""
        best = self._known.best
        if best is None or self._options.solver != DIRECT:
            return points
        program = self._make(points)
        block = program.variables["open"]
        fixed = program.fixed("open", np.round(best.plan[block.span]))
        limit = None if math.isinf(self._left) else _FIXED_SHARE * self._left
        options = replace(self._inner, gap=_OF_GAP * self._options.gap, time_limit=limit)
        plans: list[Floats] = []
        begin = starting(program, self._stock, points.segments(self._declared), best.plan)
        active, cuts = self._needed(program, points, anew=False)
        found = self._search(Problem(fixed, options, begin, self._watch(plans), cuts, active=active))
        for plan in [*plans[-_KEPT:], *([] if found.plan is None else [found.plan])]:
            if self._known.promising(plan):
                self._known.take(program, plan)
        assert self._known.best is not None
        return points.near(self._declared, self._stock.of(self._known.best.plan).volume, 0.0)

    def _with_stock(self, program: Program, points: Breakpoints, rough: Floats) -> Floats:
        """A plan of a program: flows as they are, whole columns as they round, and the stock that goes with them."""
        own = np.where(self._base.arrays.integer, np.round(rough), rough)
        plan = np.zeros(program.columns)
        plan[:len(own)] = own
        columns, values = starting(program, self._stock, points.segments(self._declared), own)
        plan[columns] = values
        return plan

    def _cuts(self, program: Program, points: Breakpoints) -> SegmentCuts | None:
        if not cuttable(self._net) or "stock_volume" not in program.variables or self._options.links == "capacity":
            return None
        return SegmentCuts(self._net, self._declared, points.segments(self._declared), program)

    def _needed(self, program: Program, points: Breakpoints, *,
                anew: bool) -> tuple[Bools | None, SegmentCuts | None]:
        """Rows and cuts that the relaxation of a program with lines needs, by that of the program itself or by the
        last one that was solved; None where there was none.
        """
        cuts = self._cuts(program, points)
        if self._options.solver != DIRECT or self._options.links in ("all", "capacity") or (
                "stock_volume" not in program.variables):
            return None, cuts
        segments = points.segments(self._declared)
        if anew and not self._root.knows(segments) and self._left > 0:
            self._relaxation(program, points, cuts, _ROOT_SHARE * self._left)
            return self._root.active, cuts
        return self._root.carried(program, segments, cuts), cuts

    def _round(self, program: Program, points: Breakpoints, gap: float) -> tuple[Found, Floats | None]:
        """One search with lines; the bound it proves, and its plans valued by the curves."""
        active, cuts = self._needed(program, points, anew=True)
        limit = None if self._options.time_limit is None else max(self._left, 0.01)
        options = replace(self._inner, gap=gap, abs_gap=_OF_GAP * self._options.abs_gap, time_limit=limit)
        best = self._known.best
        begin = None if best is None else starting(program, self._stock, points.segments(self._declared), best.plan)
        plans: list[Floats] = []
        problem = Problem(program, options, begin, self._watch(plans), cuts, active=active)
        found = self._search(problem)
        self._known.proven(problem, found)
        for plan in plans[-_KEPT:]:
            if self._known.promising(plan):
                self._known.take(program, plan)
        return found, self._known.take(program, found.plan)

    def _search(self, problem: Problem, first: FirstPlan | None = None) -> Found:
        if self._heard:
            return Found(None, -math.inf, "interrupt", "Interrupted", ~problem.program.lazy, 0, 0, 0)
        # Plans are made whole and valued anew in any case; the bound is what counts here.
        direct = problem.options.solver == DIRECT
        found = (Direct(strict=problem.program is self._base, twice=False, first=first) if direct else
                 ByName()).find(problem)
        self._teller.bound(self._known.bound)
        self._effort += (found.nodes, found.iterations, found.rounds)
        return found

    def _watch(self, plans: list[Floats] | None = None) -> Watch:
        return Watch(self._teller.nested(), None if plans is None else plans.append)

    def _finer(self, points: Breakpoints, plan: Floats | None) -> Breakpoints:
        """With lines on the curves at the volumes of the last plan, and of the best."""
        best = self._known.best
        active = max(int((self._stock.of(best.plan).active).sum()) if best is not None else 1, 1)
        for one in (plan, None if best is None else best.plan):
            if one is None:
                continue
            own = one[:self._base.columns]
            value = self._value
            allowed = 0.1 * self._options.gap * abs(value.cost(own)) / active if value.holds(own) else 0.0
            points = points.near(self._declared, self._stock.of(own).volume, allowed)
        return points

    def _enough(self) -> StoppedBy | None:
        """Why the search may end; None where it may not."""
        return "gap" if self._known.within else "decided" if self._known.enough else None

    def _done(self, found: Found) -> bool:
        return self._known.enough or found.stopped_by not in ("gap", "solver", "tolerance") or self._left <= 0

    def _relaxed(self) -> Found:
        program, known = self._make(Breakpoints.first(self._declared)), self._known
        found = self._search(Problem(program, self._inner, None, self._watch()))
        known.bound = found.bound
        if found.plan is not None:
            own = known.own(found.plan)
            known.best = Polished(own, self._value.cost(own), "not applied: a relaxation")
        return self._result(found, program, 1, 0, found.plan)

    def _result(self, found: Found, program: Program, rounds: int, segments: int, values: Floats | None) -> Found:
        nodes, iterations, lazy = self._effort.tolist()
        best = self._known.best
        assert best is not None or found.stopped_by not in ("gap", "solver")
        if best is None and found.stopped_by == "tolerance":
            raise NoPlanError(_NONE_FITS, found.stopped_by)
        notes = {"stock": {"rounds": rounds, "segments": segments, "design_then_stock": self._design}}
        return replace(found, plan=None if best is None else best.plan, nodes=nodes, iterations=iterations, rounds=lazy,
                       settled=best, program=program, values=values, notes=notes)
