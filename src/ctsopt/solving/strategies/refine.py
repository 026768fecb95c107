"""Certified refinement: stock decided with the network, by straight lines below the declared curves.

A program with lines below the curves gives a bound that holds for the curves; every plan that it finds is valued by the
curves, and the least is kept. Where the lines are too far below, they are brought to the curve at the plan's volumes,
and the search goes on. The first plan is that of the network designed without stock, with its stock added. From it,
and from every new best plan, steps lead to plans nearby that keep less stock.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.build import stock_of
from ctsopt.formulation.preference import preference
from ctsopt.formulation.stock.cuts import SegmentCuts, cuttable
from ctsopt.formulation.stock.declared import declared
from ctsopt.formulation.stock.segments import Breakpoints
from ctsopt.formulation.stock.starts import starting
from ctsopt.formulation.stock.value import StockModel
from ctsopt.keys import Floats, Positions
from ctsopt.programs.program import Program
from ctsopt.programs.status import StoppedBy
from ctsopt.progress import Teller
from ctsopt.solving.options import DIRECT, Options
from ctsopt.solving.polish import Polished, clean, polish
from ctsopt.solving.search import Search
from ctsopt.solving.strategies.by_name import Twin, search_by_name
from ctsopt.solving.strategies.consolidate import Consolidation
from ctsopt.solving.strategies.direct import look_again, search
from ctsopt.solving.strategies.first_plan import FirstPlan

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_log = logging.getLogger("ctsopt.solve")

_DESIGN_SHARE = 0.25
"""Share of the time limit for the network without stock."""

_ROOT_SHARE, _ROOT_ROUNDS = 0.4, 4
"""Share of the time, and number of rounds, for refinement at the linear relaxation."""

_FIXED_SHARE = 0.3
"""Share of the time that is left for a search with the sites of the best plan."""

_NEARBY_SHARE = 0.15
"""Share of the time that is left for steps from the best plan to better ones nearby."""

_WHOLE = 1e-9
"""How near to whole the columns of a relaxation have to be for it to be a plan as it is."""

_OF_GAP = 0.5
"""Share of the gap that the search of a round may leave; the lines may leave the rest."""

_STEP = 0.3
"""Share of the gap as it stands that a round may leave, while that is more."""

_STALLED = 25
"""Rounds in a row after which the search ends where neither the bound nor the best plan moves, whatever the solver says
about either."""

_KEPT = 20
"""Plans of a round that are valued: the last ones, which are the best."""

Make = Callable[[Breakpoints | None], Twin]


@dataclass(frozen=True, eq=False)
class _Claim:
    """The search whose word the bound rests on, what was searched, and the bound without it."""

    program: Program
    cuts: SegmentCuts | None
    found: Search
    options: Options
    before: float


@dataclass(frozen=True, eq=False)
class Refined:
    """What the refinement found.

    Attributes
    ----------
    search : Search
        The last search, with the bound proven for the least plan cost, and the effort of all of them.
    settled : Polished or None
        The best plan, in the columns of the program without lines, valued by the curves.
    rounds, segments : int
        Rounds of refinement, and segments of the last one.
    design : float
        Cost of the network designed without stock, with its stock added; infinite where there is no such plan.
    last : Twin
        The program of the last round.
    plan : float array or None
        Values of its columns in the best plan of that round.
    """

    search: Search
    settled: Polished | None
    rounds: int
    segments: int
    design: float
    last: Twin
    plan: Floats | None


class Refinement:
    """The search for the least plan cost of one network.

    Parameters
    ----------
    net : Network
    make : function
        From breakpoints (or None: stock only valued) to a program.
    options : Options
    teller : Teller, optional
        Told of the progress.
    """

    def __init__(self, net: Network, make: Make, options: Options, teller: Teller | None = None) -> None:
        self._net, self._make, self._options = net, make, options
        self._teller = Teller() if teller is None else teller
        self._begin = time.monotonic()
        self.base = make(None)
        stock = stock_of(self.base.program, net)
        assert stock is not None
        self._stock: StockModel = stock
        self._declared = declared(net)
        self._best: Polished | None = None
        self._bound, self._design = -math.inf, math.inf
        self._effort = np.zeros(3, dtype=np.int64)
        self._nearby = Consolidation(net, self.base.program, stock, self._cost, self._holds)
        self._consolidated = math.inf
        self._claim: _Claim | None = None

    @property
    def _left(self) -> float:
        limit = self._options.time_limit
        return math.inf if limit is None else limit - (time.monotonic() - self._begin)

    def run(self, start: tuple[Positions, Floats] | None) -> Refined:
        """Search until the gap asked for is proven for the curves, or a limit is reached."""
        if self._options.relax:
            return self._relaxed()
        found = self._design_then_stock(start)
        if found.stopped_by in ("infeasible", "unbounded", "error", "interrupt") or (
                self._options.stock == "after" and self._best is not None):
            return self._result(replace(found, bound=self._bound), self.base, 0, 0, found.plan)
        self._consolidate()
        points = Breakpoints.first(self._declared)
        if self._best is not None:
            points = points.near(self._declared, self._stock.of(self._best.plan).volume, 0.0)
        points, rounds = self._at_the_root(points)
        self._consolidate()
        gap, found = self._options.gap, replace(found, bound=self._bound)
        if self._within() or self._left <= 0:
            stopped: StoppedBy = "gap" if self._within() else "time_limit"
            return self._result(replace(found, stopped_by=stopped), self.base, rounds, 0, None)
        points = self._with_sites_fixed(points)
        self._consolidate()
        least, most, stalled = max(_OF_GAP * self._options.gap, 1e-9), 1.0, 0
        while True:
            rounds += 1
            gap = max(least, min(_STEP * self._gap(), gap if found.nodes else 1.0, most))
            pair, before = self._make(points), self._reached()
            found, plan = self._round(pair, points, gap)
            self._consolidate()
            if self._done(found):
                break
            finer = self._finer(points, pair, plan)
            stalled = stalled + 1 if self._reached() == before else 0
            if stalled == _STALLED or (len(finer.layer) == len(points.layer) and gap <= least):
                found = replace(found, stopped_by="tolerance")
                break
            if len(finer.layer) == len(points.layer):
                most = gap * _STEP  # where no line is any nearer to its curve, only a smaller gap leads on
            points = finer
        found = self._looked_again(found)
        stopped = "gap" if self._within() else found.stopped_by
        return self._result(replace(found, stopped_by=stopped, bound=self._bound), pair, rounds,
                            len(points.segments(self._declared)), plan)

    # ---- parts of the search -----------------------------------------------------------------------------------

    def _design_then_stock(self, start: tuple[Positions, Floats] | None) -> Search:
        """The network without stock, and its stock: a plan and a bound (stock costs nothing at the least)."""
        limit = None if self._options.time_limit is None else _DESIGN_SHARE * self._options.time_limit
        self._teller.phase("search")
        options = replace(self._options, time_limit=limit)
        found = self._search(self.base, options, start, None, first=FirstPlan(self.base.program))
        self._proven(self.base.program, None, found, options)
        self._take(self.base.program, found.plan)
        self._design = math.inf if self._best is None else self._best.cost
        self._teller.phase("stock")
        return found

    def _at_the_root(self, points: Breakpoints) -> tuple[Breakpoints, int]:
        """Refine at the linear relaxation, which takes little time, as long as its bound rises."""
        limit, rounds = self._left, 0
        while rounds < _ROOT_ROUNDS and self._options.solver == DIRECT and not self._within():
            left = self._left - (1 - _ROOT_SHARE) * limit if math.isfinite(limit) else math.inf
            if left <= 0:
                break
            rounds += 1
            pair, before = self._make(points), self._bound
            options = replace(self._options, relax=True, time_limit=None if math.isinf(left) else left)
            found = self._search(pair, options, None, None, self._cuts(pair, points))
            if found.bound > self._bound:
                self._bound, self._claim = found.bound, None
            if found.plan is None:
                break
            rough = clean(self.base.program.arrays, found.plan[:self.base.program.columns])
            self._take(pair.program, self._with_stock(pair, points, rough))
            self._take_as_it_is(rough)
            finer = points.near(self._declared, self._stock.of(rough).volume, 0.0)
            if self._best is not None:
                finer = finer.near(self._declared, self._stock.of(self._best.plan).volume, 0.0)
            if len(finer.layer) == len(points.layer) or (
                    rounds > 1 and self._bound - before < 0.1 * self._options.gap * abs(self._bound)):
                break
            points = finer
        return points, rounds

    def _take_as_it_is(self, rough: Floats) -> None:
        """Keep a plan of the relaxation whose whole columns happen to be whole, where it is the best."""
        whole = self.base.program.arrays.integer
        if (np.abs(rough[whole] - np.round(rough[whole])) <= _WHOLE).all() and self._promising(rough):
            own = np.where(whole, np.round(rough), rough)
            if self._holds(own):
                self._best = Polished(own, self._cost(own), "not applied: a plan that is kept as it is")
                self._note()

    def _consolidate(self) -> None:
        """Keep less stock, where that costs less, in a best plan that has not been looked at yet."""
        if self._best is None or self._options.solver != DIRECT or self._within() or self._left <= 0 or (
                self._best.cost >= self._consolidated):
            return
        seconds = self._left if math.isinf(self._left) else _NEARBY_SHARE * self._left
        found = self._nearby.better(self._best.plan, seconds)
        if found is not None:
            points = Breakpoints.first(self._declared).near(self._declared, self._stock.of(found).volume, 0.0)
            pair = self._make(points)
            self._take(pair.program, self._with_stock(pair, points, found))
            self._take_as_it_is(found)
        self._consolidated = self._best.cost

    def _with_sites_fixed(self, points: Breakpoints) -> Breakpoints:
        """Look for a better plan with the sites of the best one, which is a much smaller search."""
        if self._best is None or self._options.solver != DIRECT:
            return points
        pair = self._make(points)
        block = pair.program.variables["open"]
        twin = Twin(pair.program.fixed("open", np.round(self._best.plan[block.span])))
        limit = None if math.isinf(self._left) else _FIXED_SHARE * self._left
        options = replace(self._options, gap=_OF_GAP * self._options.gap, time_limit=limit)
        plans: list[Floats] = []
        begin = starting(pair.program, self._stock, points.segments(self._declared), self._best.plan)
        found = self._search(twin, options, begin, plans.append, self._cuts(pair, points))
        for plan in [*plans[-_KEPT:], *([] if found.plan is None else [found.plan])]:
            if self._promising(plan):
                self._take(pair.program, plan)
        return points.near(self._declared, self._stock.of(self._best.plan).volume, 0.0)

    def _with_stock(self, pair: Twin, points: Breakpoints, rough: Floats) -> Floats:
        """A plan of a program: flows as they are, whole columns as they round, and the stock that goes with them."""
        own = np.where(self.base.program.arrays.integer, np.round(rough), rough)
        plan = np.zeros(pair.program.columns)
        plan[:len(own)] = own
        columns, values = starting(pair.program, self._stock, points.segments(self._declared), own)
        plan[columns] = values
        return plan

    def _cuts(self, pair: Twin, points: Breakpoints) -> SegmentCuts | None:
        if not cuttable(self._net) or "stock_volume" not in pair.program.variables or self._options.links == "capacity":
            return None
        return SegmentCuts(self._net, self._declared, points.segments(self._declared), pair.program)

    def _round(self, pair: Twin, points: Breakpoints, gap: float) -> tuple[Search, Floats | None]:
        """One search with lines; the bound it proves, and its plans valued by the curves."""
        limit = None if self._options.time_limit is None else max(self._left, 0.01)
        options = replace(self._options, gap=gap, abs_gap=_OF_GAP * self._options.abs_gap, time_limit=limit)
        begin = None if self._best is None else starting(
            pair.program, self._stock, points.segments(self._declared), self._best.plan)
        plans: list[Floats] = []
        cuts = self._cuts(pair, points)
        found = self._search(pair, options, begin, plans.append, cuts)
        self._proven(pair.program, cuts, found, options)
        for plan in plans[-_KEPT:]:
            if self._promising(plan):
                self._take(pair.program, plan)
        return found, self._take(pair.program, found.plan)

    def _search(self, pair: Twin, options: Options, start: tuple[Positions, Floats] | None,
                keep: Callable[[Floats], None] | None, cuts: SegmentCuts | None = None,
                first: FirstPlan | None = None) -> Search:
        if self._nearby.interrupted:
            return Search(None, -math.inf, "interrupt", "Interrupted", ~pair.program.lazy, 0, 0, 0)
        if options.solver == DIRECT:
            # Plans are made whole and valued anew in any case; the bound is what counts here.
            found = search(pair.program, options, start, self._teller.nested(), keep, cuts, strict=pair is self.base,
                           twice=False, first=first)
        else:
            found = search_by_name(pair, options)
        self._teller.bound(self._bound)
        self._effort += (found.nodes, found.iterations, found.rounds)
        return found

    def _proven(self, program: Program, cuts: SegmentCuts | None, found: Search, options: Options) -> None:
        """The bound with what a search of whole plans says that it has proven."""
        if found.bound > self._bound:
            self._claim = _Claim(program, cuts, found, options, self._bound)
            self._bound = found.bound

    def _reached(self) -> tuple[float, float]:
        return self._bound, math.inf if self._best is None else self._best.cost

    def _looked_again(self, found: Search) -> Search:
        """A second look at the search on whose word the bound rests, where there is time."""
        claim = self._claim
        if claim is None or self._options.solver != DIRECT or found.stopped_by == "interrupt":
            return found
        now = time.monotonic()
        again = look_again(claim.program, claim.options, claim.found, claim.cuts, now, now + self._left)
        if again is claim.found:
            return found
        self._bound = max(claim.before, again.bound)
        self._take(claim.program, again.plan)
        return replace(found, stopped_by="tolerance", detail=again.detail)

    def _promising(self, plan: Floats) -> bool:
        """Whether a plan of the solver, as it is, costs less by the curves than the best so far."""
        if self._best is None:
            return True
        rough = clean(self.base.program.arrays, plan[:self.base.program.columns])
        return self._cost(rough) < self._best.cost

    def _take(self, program: Program, plan: Floats | None) -> Floats | None:
        """Make a plan whole, value it by the curves, and keep it where it is the best; the plan made whole."""
        settled = None if plan is None else polish(program, plan, preference(self._net, program))
        if settled is None:
            return None
        own = settled.plan[:self.base.program.columns]
        cost = self._cost(own)
        if self._holds(own) and (self._best is None or cost < self._best.cost):
            self._best = Polished(own, cost, settled.tie_rule)
            self._note()
        return settled.plan

    def _note(self) -> None:
        assert self._best is not None
        _log.info("plan of %.9g, bound %.9g", self._best.cost, self._bound)
        self._teller.plan(self._best.cost)
        self._teller.bound(self._bound)

    def _cost(self, plan: Floats) -> float:
        """Plan cost: every linear line, and the declared curves at the plan's own volumes."""
        return float(sum(part.amount(plan).sum() for line in self.base.program.costs.values() for part in line.parts))

    def _holds(self, plan: Floats) -> bool:
        """Whether a plan keeps budget and storage with stock by the curves, not by the lines below them."""
        net, program = self._net, self.base.program
        cash = sum(part.amount(plan).sum() for line in program.costs.values() if line.behaviour != "penalty"
                   for part in line.parts)
        if cash > float(net.settings["budget"]) * net.horizon / 365 * (1 + 1e-9):
            return False
        return self._stock.fits(plan, program)

    def _finer(self, points: Breakpoints, pair: Twin, plan: Floats | None) -> Breakpoints:
        """With lines on the curves at the volumes of the last plan, and of the best."""
        active = max(int((self._stock.of(self._best.plan).active).sum()) if self._best is not None else 1, 1)
        for one in (plan, None if self._best is None else self._best.plan):
            if one is None:
                continue
            own = one[:self.base.program.columns]
            allowed = 0.1 * self._options.gap * abs(self._cost(own)) / active if self._holds(own) else 0.0
            points = points.near(self._declared, self._stock.of(own).volume, allowed)
        return points

    def _gap(self) -> float:
        if self._best is None or not math.isfinite(self._bound):
            return 1.0
        size = max(abs(self._best.cost), 1e-12)
        return min(max(self._best.cost - self._bound, 0.0) / size, 1.0)

    def _within(self) -> bool:
        if self._best is None:
            return False
        allowed = max(self._options.gap * abs(self._best.cost), self._options.abs_gap)
        return self._best.cost - self._bound <= allowed + 1e-9 * abs(self._best.cost)

    def _done(self, found: Search) -> bool:
        return self._within() or found.stopped_by not in ("gap", "solver", "tolerance") or self._left <= 0

    def _relaxed(self) -> Refined:
        pair = self._make(Breakpoints.first(self._declared))
        found = self._search(pair, self._options, None, None)
        self._bound = found.bound
        settled = None
        if found.plan is not None:
            own = clean(self.base.program.arrays, found.plan[:self.base.program.columns])
            settled = Polished(own, self._cost(own), "not applied: a relaxation")
        self._best = settled
        return self._result(found, pair, 1, 0, found.plan)

    def _result(self, found: Search, pair: Twin, rounds: int, segments: int, plan: Floats | None) -> Refined:
        nodes, iterations, lazy = self._effort.tolist()
        known = replace(found, plan=None if self._best is None else self._best.plan, nodes=nodes,
                        iterations=iterations, rounds=lazy)
        return Refined(known, self._best, rounds, segments, self._design, pair, plan)
