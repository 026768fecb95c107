"""The best plan so far of a network with stock, and what is proven of it."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.preference import preference
from ctsopt.keys import Floats
from ctsopt.programs.program import Program
from ctsopt.progress import Teller
from ctsopt.solving.options import DIRECT, Options
from ctsopt.solving.polish import Polished, clean, polish
from ctsopt.solving.strategies.direct import look_again
from ctsopt.solving.strategies.stocked_value import StockedValue
from ctsopt.solving.strategies.strategy import Found, Problem

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_log = logging.getLogger("ctsopt.solve")

_WHOLE = 1e-9
"""How near to whole the columns of a relaxation have to be for it to be a plan as it is."""

_FITTED = 5
"""Times at most that a plan is looked at: as it is, and with ever less room and money, until it fits by the curves."""


@dataclass(frozen=True, eq=False)
class _Claim:
    """The search whose word the bound rests on, what was searched, and the bound without it."""

    problem: Problem
    found: Found
    before: float


class Incumbent:
    """Keeps the best plan by the curves, and the bound.

    Parameters
    ----------
    net : Network
    program : Program
        The program without lines, whose columns are the first of every program with lines.
    value : StockedValue
    options : Options
    teller : Teller
        Told of the progress.

    Attributes
    ----------
    best : Polished or None
        The best plan, in the columns of that program.
    bound : float
        Proven: no plan costs less.
    """

    def __init__(self, net: Network, program: Program, value: StockedValue, options: Options, teller: Teller) -> None:
        self._net, self._program, self._value = net, program, value
        self._options, self._teller = options, teller
        self.best: Polished | None = None
        self.bound = -math.inf
        self._claim: _Claim | None = None

    @property
    def cost(self) -> float:
        """Cost of the best plan; infinite where there is none."""
        return math.inf if self.best is None else self.best.cost

    @property
    def gap(self) -> float:
        """The share of its cost by which the best plan may be above the least possible, 1 at the most."""
        if self.best is None or not math.isfinite(self.bound):
            return 1.0
        return min(max(self.cost - self.bound, 0.0) / max(abs(self.cost), 1e-12), 1.0)

    @property
    def within(self) -> bool:
        """Whether the gap asked for is proven, by what is known from elsewhere, too."""
        if self.best is None:
            return False
        allowed = max(self._options.gap * abs(self.cost), self._options.abs_gap)
        return self.cost - max(self.bound, self._options.known) <= allowed + 1e-9 * abs(self.cost)

    @property
    def enough(self) -> bool:
        """Whether the search may end: the gap is proven, or what is to be decided is."""
        return self.within or self._options.decided(self.cost, max(self.bound, self._options.known))

    # ---- plans -----------------------------------------------------------------------------------------------------

    def own(self, plan: Floats) -> Floats:
        """The plan of a program with lines in the columns of that without."""
        return clean(self._program.arrays, plan[:self._program.columns])

    def promising(self, plan: Floats) -> bool:
        """Whether a plan of the solver, as it is, costs less by the curves than the best so far."""
        return self.best is None or self._value.cost(self.own(plan)) < self.cost

    def take(self, program: Program, plan: Floats | None) -> Floats | None:
        """Make a plan whole, value it by the curves, and keep it where it is the best; the plan made whole.

        Where storage or budget have no room for it by the curves, though they have by the lines, one nearby is kept.
        """
        whole = settled = None if plan is None else polish(program, plan, preference(self._net, program))
        for again in range(_FITTED):
            if settled is None:
                break
            own = settled.plan[:self._program.columns]
            self._keep(own, settled.tie_rule)
            better = self._value.cost(own) < self.cost
            tight = self._value.tightened(program, settled.plan, own, again) if better else None
            settled = None if tight is None else polish(tight, settled.plan, preference(self._net, program))
        return None if whole is None else whole.plan

    def take_as_it_is(self, rough: Floats) -> None:
        """Keep a plan of the relaxation whose whole columns happen to be whole, where it is the best."""
        whole = self._program.arrays.integer
        if (np.abs(rough[whole] - np.round(rough[whole])) <= _WHOLE).all() and self.promising(rough):
            self._keep(np.where(whole, np.round(rough), rough), "not applied: a plan that is kept as it is")

    def _keep(self, own: Floats, rule: str) -> None:
        cost = self._value.cost(own)
        if self._value.holds(own) and cost < self.cost:
            self.best = Polished(own, cost, rule)
            _log.info("plan of %.9g, bound %.9g", cost, self.bound)
            self._teller.plan(cost)
            self._teller.bound(self.bound)

    # ---- bounds ----------------------------------------------------------------------------------------------------

    def raised(self, bound: float) -> None:
        """A bound by a linear program, which is not looked at again."""
        if bound > self.bound:
            self.bound, self._claim = bound, None

    def proven(self, problem: Problem, found: Found) -> None:
        """The bound with what a search of whole plans says that it has proven."""
        if found.bound > self.bound:
            self._claim = _Claim(problem, found, self.bound)
            self.bound = found.bound

    def looked_again(self, found: Found, left: float) -> Found:
        """A second look at the search on whose word the bound rests, where there is time."""
        claim = self._claim
        if claim is None or self._options.solver != DIRECT or found.stopped_by == "interrupt":
            return found
        now = time.monotonic()
        again = look_again(claim.problem, claim.found, now, now + left)
        if again is claim.found:
            return found
        self.bound = max(claim.before, again.bound)
        self.take(claim.problem.program, again.plan)
        return replace(found, stopped_by="tolerance", detail=again.detail)
