"""Branch and bound over the whole columns of a large program, by bounds that rest on duals alone.

The node with the least bound is next, and from each one goes down as far as bounds allow. A column is branched on by
what it has raised bounds so far, after a few tries of both of its branches (reliability; Achterberg, Koch and Martin,
Operations Research Letters 33, 2005). Whole columns whose reduced cost closes the gap are fixed for all that is below.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from ctsopt.keys import Floats, Positions
from ctsopt.programs.highs import Basis
from ctsopt.solving.bounds.designs import Designs
from ctsopt.solving.bounds.parts import Parts
from ctsopt.solving.bounds.relaxation import Relaxation, Relaxed

_WHOLE = 1e-6
"""How near to whole the columns of a node are where it is not branched on."""

_TRIED, _RELIABLE, _STEPS = 6, 4, 60
"""Columns of a node whose branches are tried, times that is done for each, and steps of the simplex method of a try."""

_LEAST = 1e-6
"""A rise of the bound that counts as none, as a share."""

_EVERY = 10
"""Nodes after which a plan is looked for near the relaxation."""

_OF_GAP = 0.05
"""Share of the gap asked for by which the bound of a node may be below its value, and has to rise in its rounds."""


@dataclass(order=True)
class _Node:
    bound: float
    number: int
    lower: Floats = field(compare=False)
    upper: Floats = field(compare=False)


class Tree:
    """A search that is under way.

    Parameters
    ----------
    parts : Parts
    relaxation : Relaxation
    designs : Designs
        Has the best plan, and looks for better ones.
    allowed : callable
        From the cost of a plan to the bound at which it is good enough.
    told : callable
        Told bound and nodes.

    Attributes
    ----------
    nodes : int
    """

    def __init__(self, parts: Parts, relaxation: Relaxation, designs: Designs, allowed: Callable[[float], float],
                 told: Callable[[float, int], None]) -> None:
        self._parts, self._relaxation, self._designs = parts, relaxation, designs
        self._allowed, self._told = allowed, told
        whole = parts.whole
        self._lower, self._upper = parts.arrays.lower[whole].copy(), parts.arrays.upper[whole].copy()
        self._rise, self._count = np.zeros((2, len(whole))), np.zeros((2, len(whole)))
        self._open: list[_Node] = []
        self._made = self.nodes = 0
        self._closed = math.inf
        self.ended = False

    @property
    def bound(self) -> float:
        """Proven: no plan costs less."""
        least = self._open[0].bound if self._open else math.inf
        return min(least, self._closed, self._designs.cost)

    @property
    def enough(self) -> float:
        """The bound at which the best plan is good enough."""
        return self._allowed(self._designs.cost)

    @property
    def done(self) -> bool:
        """Whether nothing is left to be looked at."""
        return not self._open

    @property
    def free(self) -> int:
        """Whole columns about which there is a choice."""
        return int(np.count_nonzero(self._upper > self._lower))

    @property
    def fixed(self) -> tuple[Floats, Floats]:
        """Bounds of the whole columns in any plan that is better by more than the gap."""
        return self._lower, self._upper

    def root(self, found: Relaxed) -> None:
        """Begin with a relaxation of all; columns that it fixes stay fixed."""
        self._found = found
        self._push(found.bound, self._lower, self._upper)
        self.narrow()

    def narrow(self) -> None:
        """Fix what the relaxation of all and the best plan leave no choice about."""
        self._lower, self._upper = self._narrowed(self._found, self._lower, self._upper)

    def run(self, nodes: int, deadline: float) -> None:
        """Go on for so many nodes, or until the best plan is good enough."""
        last = self.nodes + nodes
        while self._open and not self.ended and self.bound < self.enough and self.nodes < last:
            node = heapq.heappop(self._open)
            if node.bound >= self.enough:
                self._closed = min(self._closed, node.bound)
                continue
            self._down(node, last, deadline)
            self._told(self.bound, self.nodes)

    def _push(self, bound: float, lower: Floats, upper: Floats) -> None:
        self._made += 1
        heapq.heappush(self._open, _Node(bound, self._made, lower, upper))

    def _down(self, node: _Node, last: int, deadline: float) -> None:
        """From a node down, until it is closed."""
        bound = node.bound
        lower, upper = np.maximum(node.lower, self._lower), np.minimum(node.upper, self._upper)
        if (lower > upper).any():  # it has a value that costs too much
            self._closed = min(self._closed, max(bound, self.enough))
            return
        while True:
            if self.nodes >= last or time.monotonic() >= deadline:
                self._push(bound, lower, upper)
                self.ended |= time.monotonic() >= deadline
                return
            self.nodes += 1
            found = self._at(lower, upper, deadline)
            bound = max(bound, found.bound)
            if found.ended:
                self._push(bound, lower, upper)
                self.ended = True
                return
            if bound >= self.enough or found.plan is None:
                self._closed = min(self._closed, bound)
                return
            lower, upper = self._narrowed(found, lower, upper)
            at = found.plan[self._parts.whole]
            part = np.flatnonzero((at > _WHOLE) & (at < 1 - _WHOLE) & (upper > lower))
            if not len(part):
                self._leaf(np.clip(np.round(at), lower, upper), bound, lower, upper)
                return
            if self.nodes % _EVERY == 1:
                self._designs.rounded(at, lower, upper)
                self._designs.dive(self._relaxation, found, lower, upper)
                self._at(lower, upper, deadline)
                if bound >= self.enough:
                    self._closed = min(self._closed, bound)
                    return
            column = self._branch(found.bound, at, part, lower, upper, deadline)
            up = 1.0 if at[column] >= 0.5 else 0.0
            other = lower.copy(), upper.copy()
            other[0][column] = other[1][column] = 1 - up
            self._push(bound, *other)
            lower, upper = lower.copy(), upper.copy()
            lower[column] = upper[column] = up

    def _leaf(self, chosen: Floats, bound: float, lower: Floats, upper: Floats) -> None:
        """All that is chosen is whole: the plan is valued; where the bound falls short of it, the rest is split off."""
        self._designs.value(chosen)
        free = np.flatnonzero(upper > lower)
        if bound >= self.enough or not len(free):
            self._closed = min(self._closed, bound)
            return
        for column in free.tolist():  # what differs in this column first; the plan itself is what is left
            other = lower.copy(), upper.copy()
            other[0][column] = other[1][column] = 1 - chosen[column]
            self._push(bound, *other)
            lower, upper = lower.copy(), upper.copy()
            lower[column] = upper[column] = chosen[column]
        self._push(bound, lower, upper)

    def _at(self, lower: Floats, upper: Floats, deadline: float) -> Relaxed:
        """The relaxation of a node."""
        self._relaxation.hold(self._parts.whole, lower, upper)
        cost = self._designs.cost
        near = _OF_GAP * (cost - self.enough) / abs(cost) if math.isfinite(cost) and cost else 0.0
        return self._relaxation.solve(self.enough, max(near, 1e-9), worth=near, deadline=deadline)

    def _narrowed(self, found: Relaxed, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
        """Bounds that any plan keeps that is better by more than the gap: other values cost too much."""
        if found.reduced is None or not math.isfinite(self.enough):
            return lower, upper
        reduced = found.reduced[self._parts.whole]
        shut = (reduced > 0) & (found.bound + reduced >= self.enough) & (upper > lower)
        stays = (reduced < 0) & (found.bound - reduced >= self.enough) & (upper > lower)
        if shut.any() or stays.any():  # of what is left off this is known, and no more
            self._closed = min(self._closed, self.enough)
        return np.where(stays, upper, lower), np.where(shut, lower, upper)

    # ---- branching -------------------------------------------------------------------------------------------------

    def _branch(self, bound: float, at: Floats, part: Positions, lower: Floats, upper: Floats,
                deadline: float) -> int:
        """The column whose branches raise the bound most."""
        known = np.where(self._count > 0, self._rise / np.maximum(self._count, 1), np.inf)
        typical = known[np.isfinite(known)].mean() if np.isfinite(known).any() else 1.0
        known = np.where(np.isfinite(known), known, 1e3 * typical)
        guess = self._score(known[0, part] * at[part], known[1, part] * (1 - at[part]))
        some = part[np.argsort(-guess, kind="stable")[:_TRIED]]
        basis, best, most = None, int(some[0]), -1.0
        for column in some.tolist():
            if self._count[:, column].min() < _RELIABLE:
                basis = self._relaxation.model.basis() if basis is None else basis
                down, up = (self._tried(bound, column, value, at, lower, upper, basis, deadline) for value in (0, 1))
            else:
                down, up = known[0, column] * at[column], known[1, column] * (1 - at[column])
            score = float(self._score(np.array([down]), np.array([up]))[0])
            if score > most:
                best, most = column, score
        if basis is not None:
            self._relaxation.hold(self._parts.whole, lower, upper)
            self._relaxation.model.begin_at(basis)
        return best

    def _score(self, down: Floats, up: Floats) -> Floats:
        least = _LEAST * max(abs(self._designs.cost), 1e-9) if math.isfinite(self._designs.cost) else 1e-9
        return np.maximum(down, least) * np.maximum(up, least)

    def _tried(self, bound: float, column: int, value: int, at: Floats, lower: Floats, upper: Floats,
               basis: Basis | None, deadline: float) -> float:
        """By how much one branch raises the bound in a few steps; at most what is needed."""
        low, high = lower.copy(), upper.copy()
        low[column] = high[column] = value
        self._relaxation.hold(self._parts.whole, low, high)
        if basis is not None:
            self._relaxation.model.begin_at(basis)
        found = self._relaxation.tried(_STEPS, deadline)
        ceiling = self.enough if math.isfinite(self.enough) else math.inf
        rise = max(min(found, ceiling) - bound, 0.0)
        if not math.isfinite(rise):
            rise = abs(bound)
        share = at[column] if value == 0 else 1 - at[column]
        self._rise[value, column] += rise / max(float(share), _WHOLE)
        self._count[value, column] += 1
        return rise
