"""Plans of a large program: whole columns are held, and the flows that go with them are a small linear program."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.solving.bounds.parts import Parts, only_whole
from ctsopt.solving.bounds.relaxation import Relaxation, Relaxed

_SHARES = (0.5, 0.05, 0.2, 0.8)
"""A whole column of a relaxation is 1 where it is above this; the first that gives a plan is followed by the others."""

_SURE, _NONE = 0.75, 1e-6
"""What is above the first is held at 1 in a dive, what is below the second is left as it is."""

_STEPS = 40
"""Steps of a dive, at most."""

_ROUNDS = 3
"""Rounds of columns that flows are asked for: they give a plan in any case."""

_HOLDS = 1e-9


class Designs:
    """The best plan so far, and a linear program that values choices of whole columns.

    Parameters
    ----------
    parts : Parts
    begin : bool array
        Columns that the linear program begins with.
    tell : callable
        Told the cost of every plan that is better than those before.
    good : callable
        Says of a cost whether no better plan need be looked for.
    deadline : float
        When flows are no longer looked for, on the monotonic clock.

    Attributes
    ----------
    cost : float
        Of the best plan; infinite where there is none.
    plan, chosen : float arrays or None
        The best plan, and its whole columns.
    tried : int
        Choices that were valued.
    """

    def __init__(self, parts: Parts, begin: Bools, tell: Callable[[float], None], good: Callable[[float], bool],
                 deadline: float) -> None:
        self._parts, self._tell, self._good, self._deadline = parts, tell, good, deadline
        self.flows = parts.relaxation(begin, links=False)
        arrays, whole = parts.arrays, parts.whole
        rows = np.flatnonzero(only_whole(arrays, parts.lazy))
        self._rules = sp.csr_array(sp.csr_array(arrays.matrix)[rows][:, whole])
        self._sides = arrays.row_lower[rows], arrays.row_upper[rows]
        self.lower, self.upper = arrays.lower[whole], arrays.upper[whole]
        self.cost = math.inf
        self.plan: Floats | None = None
        self.chosen: Floats | None = None
        self._seen: dict[bytes, float] = {}

    @property
    def tried(self) -> int:
        """Choices that were valued."""
        return len(self._seen)

    def allowed(self, chosen: Floats) -> bool:
        """Whether a choice keeps the rows that are about whole columns alone."""
        value = self._rules @ chosen
        return bool((value >= self._sides[0] - _HOLDS).all() and (value <= self._sides[1] + _HOLDS).all())

    def value(self, chosen: Floats) -> float:
        """Cost of the best flows with a choice of whole columns; infinite where there are none, or none cheaper."""
        key = chosen.astype(np.int32).tobytes()
        if key in self._seen:
            return self._seen[key]
        if not self.allowed(chosen):
            self._seen[key] = math.inf
            return math.inf
        self.flows.hold(self._parts.whole, chosen, chosen)
        self.flows.model.stop_above(self.cost)
        found = self.flows.solve(self.cost, rounds=_ROUNDS, deadline=self._deadline)
        cost = found.value if found.serves and not found.ended else math.inf
        self._seen[key] = cost
        if cost < self.cost and found.plan is not None:
            self.cost, self.plan, self.chosen = cost, found.plan, chosen.copy()
            self._tell(cost)
        return cost

    # ---- from a relaxation -----------------------------------------------------------------------------------------

    def rounded(self, relaxed: Floats, lower: Floats, upper: Floats) -> None:
        """Choices near the whole columns of a relaxation."""
        for share in _SHARES:
            if self._good(self.cost):
                break
            self.value(np.clip((relaxed > share).astype(float), lower, upper))

    def dive(self, relaxation: Relaxation, found: Relaxed, lower: Floats, upper: Floats) -> None:
        """Hold more and more whole columns of a relaxation until all are whole; its bounds are put back."""
        whole, low, high = self._parts.whole, lower.copy(), upper.copy()
        for _ in range(_STEPS):
            if found.plan is None or found.ended or found.bound >= self.cost:
                break
            at = found.plan[whole]
            part = (at > _NONE) & (at < 1 - _NONE) & (high > low)
            if not part.any():
                self.value(np.clip(np.round(at), lower, upper))
                break
            sure = part & (at >= min(_SURE, float(at[part].max())))
            low[sure] = 1.0
            relaxation.hold(whole, low, high)
            found = relaxation.solve(self.cost, rounds=1, deadline=self._deadline)
        relaxation.hold(whole, lower, upper)

    # ---- from the best plan ----------------------------------------------------------------------------------------

    def improve(self, free: Bools, most: int) -> int:
        """Open, close and swap, what seems worth most first; ends after so many choices, or where none is better.

        Parameters
        ----------
        free : bool array
            Whole columns about which there is still a choice.
        most : int

        Returns
        -------
        int
            Choices that were valued.
        """
        before = self.tried
        while self.chosen is not None and self.tried - before < most and not self._good(self.cost):
            cost, chosen = self.cost, self.chosen
            for move in self._moves(chosen, free):
                if self.tried - before >= most:
                    break
                other = chosen.copy()
                other[move] = 1 - other[move]
                self.value(other)
                if self.cost < cost * (1 - _HOLDS) or self._good(self.cost):
                    break
            else:
                break
        return self.tried - before

    def _moves(self, chosen: Floats, free: Bools) -> list[Positions]:
        """Columns to be changed together, by what the duals of the best plan promise."""
        self.flows.hold(self._parts.whole, chosen, chosen)
        self.flows.model.stop_above(math.inf)
        found = self.flows.solve(rounds=_ROUNDS, deadline=self._deadline)
        if found.reduced is None:
            return []
        worth = found.reduced[self._parts.whole]
        out = np.flatnonzero(free & (chosen > 0) & (self.lower < 1))
        into = np.flatnonzero(free & (chosen == 0) & (self.upper >= 1))
        out, into = out[np.argsort(-worth[out], kind="stable")], into[np.argsort(worth[into], kind="stable")]
        single = np.concatenate([into[worth[into] < 0], out])
        order = np.argsort(np.concatenate([worth[into[worth[into] < 0]], -worth[out]]), kind="stable")
        gain = worth[into][None, :] - worth[out][:, None]
        pairs = np.argsort(gain.ravel(), kind="stable")[:4 * len(chosen)]
        swaps = [np.array([out[k // len(into)], into[k % len(into)]]) for k in pairs.tolist()]
        return [np.array([column]) for column in single[order].tolist()] + swaps
