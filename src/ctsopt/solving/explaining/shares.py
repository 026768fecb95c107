"""How much of what is promised can be kept together: best tier first, and evenly over the customers of a tier.

One objective after the other, never a weighted sum: the least share of a level that goes short, then the least share
that the worst-off customer of it goes short, then the next worse-off, all fixed before the next level is looked at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import BLANK, Floats, Positions
from ctsopt.programs.highs import Highs
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Arrays
from ctsopt.solving.explaining.elastic import Elastic

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

NOTHING = 1e-6
"""A share of what was asked that counts as none."""

_PRICED = 1e-9
"""A dual above this shows that a claimant cannot be better off."""

LARGE, _CLOSE, _WITHIN = 5_000, 1e-6, 1e-4
"""From so many columns on the least share is looked for to 0.01 % of it, which counts as proven everywhere."""

_PART = 0.6
"""Part of what is left of the time that a level may use: the better tiers come first in this, too."""


@dataclass(frozen=True, eq=False)
class Claims:
    """Whose promises they are: each column that may go short belongs to one claimant of one level of tiers.

    Attributes
    ----------
    column : int array
        Columns that may go short.
    claimant : int array
        Claimant of each column.
    weight : float array
        Units of demand that each column is about.
    level, tier : int arrays
        Level of each claimant, 0 the best, and its tier.
    customer : int array
        The customer that each claimant is; -1 for a promise to a whole tier.
    late_promise : int array
        Row of the promises behind each of those.
    """

    column: Positions
    claimant: Positions
    weight: Floats
    level: Positions
    tier: Positions
    customer: Positions
    late_promise: Positions


@dataclass(frozen=True, eq=False)
class Shares:
    """What goes short.

    Attributes
    ----------
    value : float array
        Share that goes short, by column of the claims.
    proven : bool
        Whether it is proven that less cannot go short; else the time ran out.
    """

    value: Floats
    proven: bool


def claims(net: Network, model: Elastic) -> Claims:
    """A claimant for each customer with demand, and one for each promise on the share on time; levels by rank."""
    wanted = net.requests
    rank = net.tables.column("tiers", "rank")
    _, level = np.unique(rank, return_inverse=True)
    asked = wanted.measures["quantity"] > 0
    customer = wanted.index["customer"][asked]
    known, claimant = np.unique(customer, return_inverse=True)
    tier_of = np.zeros(len(net.axes["customer"]), dtype=np.int64)
    tier_of[wanted.index["customer"]] = wanted.index["tier"]
    of_late = net.promises.index["tier"][model.late_promise]
    tier = np.append(tier_of[known], of_late).astype(np.int64)
    return Claims(np.append(model.short[asked], model.late),
                  np.append(claimant, len(known) + np.arange(len(model.late))),
                  np.append(wanted.measures["quantity"][asked], model.late_size), np.asarray(level[tier]), tier,
                  np.append(known, np.full(len(of_late), BLANK)).astype(np.int64), model.late_promise)


def fair_shares(arrays: Arrays, wanted: Claims, deadline: float) -> Shares | None:
    """The least that goes short, level by level and evenly within each; None where no plan was found in time.

    Parameters
    ----------
    arrays : Arrays
        The elastic program with the bounds of the columns that may go short lifted.
    wanted : Claims
    deadline : float
        Time (of `time.monotonic`) at which the search ends.
    """
    return _Sequence(arrays, wanted, deadline).run()


class _Sequence:
    """A program with a column for the worst share, and rows that hold what was found.

    The rows are: for each claimant, that its share is at most the worst one; for each claimant, that it is at most
    what was found; for each level, the same. They have no limit until they are needed.
    """

    def __init__(self, arrays: Arrays, wanted: Claims, deadline: float) -> None:
        self.wanted, self.deadline, self.proven = wanted, deadline, True
        self.claimants, self.levels = len(wanted.level), int(wanted.level.max(initial=-1)) + 1
        total = np.bincount(wanted.claimant, wanted.weight, minlength=self.claimants)
        self.part = wanted.weight / total[wanted.claimant]
        of_level = np.bincount(wanted.level, total, minlength=self.levels)
        self.of_level = wanted.weight / of_level[wanted.level[wanted.claimant]]
        self.worst, self.begin = len(arrays.cost), arrays.matrix.shape[0]
        self.arrays = self._widened(arrays)
        self.until, self.sure = deadline, False
        self.plan: Floats | None = None
        self.linear = Highs(self.arrays, relax=True)
        self.integer = np.flatnonzero(arrays.integer)
        gap = _CLOSE if self.worst < LARGE else _WITHIN
        self.whole = Highs(self.arrays, mip_rel_gap=gap, mip_abs_gap=NOTHING) if len(self.integer) else None

    def run(self) -> Shares | None:
        for level in range(self.levels):
            now = time.monotonic()
            part = 1.0 if level + 1 == self.levels else _PART
            self.until = now + part * (self.deadline - now)
            if not self._level(level):
                break
        return None if self.plan is None else Shares(self.plan[self.wanted.column], self.proven)

    def _widened(self, arrays: Arrays) -> Arrays:
        column, claimant = self.wanted.column, self.wanted.claimant
        claimants, level = np.arange(self.claimants), self.wanted.level[claimant]
        height = 2 * self.claimants + self.levels
        row = np.concatenate([claimant, claimants, self.claimants + claimant, 2 * self.claimants + level])
        columns = np.concatenate([column, np.full(self.claimants, self.worst), column, column])
        values = np.concatenate([self.part, -np.ones(self.claimants), self.part, self.of_level])
        more = sp.csr_array(sp.coo_array((values, (row, columns)), shape=(height, self.worst + 1)))
        wide = sp.csr_array(sp.hstack([arrays.matrix, sp.csr_array((self.begin, 1))]))
        return Arrays(sp.csr_array(sp.vstack([wide, more])), np.append(arrays.cost, 0.0), 0.0,
                      np.append(arrays.lower, 0.0), np.append(arrays.upper, np.inf), np.append(arrays.integer, False),
                      np.append(arrays.row_lower, np.full(height, -np.inf)),
                      np.append(arrays.row_upper, np.full(height, np.inf)))

    def _level(self, level: int) -> bool:
        """Least share of the level, then evenly; both are fixed. False where the time ran out."""
        mine = np.flatnonzero(self.wanted.level == level)
        columns = np.flatnonzero(self.wanted.level[self.wanted.claimant] == level)
        least = self._least_of_level(level, self.wanted.column[columns], self.of_level[columns])
        self.proven &= least is not None and self.sure
        if least is None:
            return False
        self._at_most(np.array([2 * self.claimants + level]), np.array([least]))
        done = least <= NOTHING or self._even(mine)
        assert self.plan is not None
        short = np.bincount(self.wanted.claimant, self.plan[self.wanted.column] * self.part, minlength=self.claimants)
        self._at_most(self.claimants + mine, np.asarray(short[mine], dtype=np.float64))
        return done

    def _least_of_level(self, level: int, columns: Positions, weight: Floats) -> float | None:
        """The least share of a level. Large programs begin with the linear one: where the sites of its cheapest plan
        do as well, nothing is left to be searched.
        """
        if self.whole is None or self.worst < LARGE:
            return self._least(columns, weight, self.whole or self.linear)
        before = self.plan
        bound = self._least(columns, weight, self.linear)
        if bound is None:
            self.plan = before
            return None if before is None else self._least(columns, weight, self.whole)
        row = np.array([2 * self.claimants + level])
        self._at_most(row, np.array([bound + NOTHING / 2]))
        cheapest = self._run(self.arrays.cost, self.linear)
        self._at_most(row, np.array([np.inf]))
        used = cheapest.plan if cheapest.plan is not None else self.plan
        assert used is not None
        reached = None
        for nearly in (1 - _CLOSE, 0.9, 0.7, 0.5):  # open whatever is used at all, then only what is used by more
            self._hold(np.floor(used + nearly))
            reached = self._least(columns, weight, self.linear)
            if reached is not None:
                break
        self._hold(None)
        if reached is None:
            self.plan = before
        elif reached - bound <= max(_WITHIN * reached, NOTHING):
            return reached
        return self._least(columns, weight, self.whole)

    def _even(self, mine: Positions) -> bool:
        """The share of the worst-off, then of the next: whoever cannot be better off is fixed."""
        found = None
        if self.whole is not None:  # evenness beyond the worst-off is looked for with the sites of that plan
            self._at_most(mine, np.zeros(len(mine)))
            found = self._least(np.array([self.worst]), np.ones(1), self.whole)
            self._at_most(mine, np.full(len(mine), np.inf))
            if found is None:
                return False
            self._hold(self.plan)
        free = mine
        while len(free):
            self._at_most(free, np.zeros(len(free)))
            found = self._least(np.array([self.worst]), np.ones(1), self.linear)
            self._at_most(free, np.full(len(free), np.inf))
            if found is None or found <= NOTHING:
                break
            stuck = free[np.abs(self.dual[self.begin + free]) > _PRICED] if self.dual is not None else free
            stuck = stuck if len(stuck) else free
            self._at_most(self.claimants + stuck, np.full(len(stuck), found))
            free = np.setdiff1d(free, stuck)
        if self.whole is not None:
            self._hold(None)
        return found is not None

    def _hold(self, plan: Floats | None) -> None:
        """Hold the whole columns of the linear program at a plan, or free them again."""
        at = self.integer.astype(np.int32)
        lower, upper = self.arrays.lower[at], self.arrays.upper[at]
        if plan is not None:
            lower = upper = np.clip(np.round(plan[at]), lower, upper)
        self.linear.change_bounds(at, lower, upper)

    def _least(self, columns: Positions, weight: Floats, model: Highs) -> float | None:
        """The least of a sum of columns; None where the time ran out."""
        cost = np.zeros(self.worst + 1)
        np.add.at(cost, columns, weight)
        outcome = self._run(cost, model)
        within = max(_WITHIN * abs(outcome.value), NOTHING)
        self.sure = outcome.plan is not None and outcome.value - outcome.bound <= within
        if outcome.plan is None:
            return None
        self.plan, self.dual = outcome.plan, outcome.row_dual
        return max(float(cost @ outcome.plan), 0.0)

    def _run(self, cost: Floats, model: Highs) -> Outcome:
        model.change_cost(cost)
        if model is self.whole and self.plan is not None:  # what was found last keeps all that is fixed since
            model.start_from(np.arange(len(cost), dtype=np.int32), self.plan)
        return model.run(self.until - time.monotonic())

    def _at_most(self, rows: Positions, upper: Floats) -> None:
        at = (self.begin + rows).astype(np.int32)
        for model in (self.linear, self.whole):
            if model is not None:
                model.change_sides(at, np.full(len(at), -np.inf), upper)
