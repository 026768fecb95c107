"""How far a piece of work is, told to whoever asked to be told. The library itself prints nothing."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

_log = logging.getLogger("ctsopt.solve")
_EVERY, _LOG_EVERY = 0.25, 10.0

_BEFORE = ("reading", "checking", "ways", "building")
"""Phases in which nobody expects a plan."""


_SAYS_NOTHING = 10.0
"""A bound that leaves the plan such a gap (a thousand per cent) is not worth a place on the line."""


@dataclass(frozen=True)
class Progress:
    """How far reading or solving is.

    Attributes
    ----------
    phase : str
        What is being done: `reading`, `checking`, `ways` (making and pricing them), `building`, `first plan`,
        `relaxation`, `search`, `stock`, `polish` (making the plan whole), `read back`.
    seconds : float
        Since the call began.
    plan : float
        Cost of the best plan so far; infinite where there is none.
    bound : float
        Proven: no plan costs less; -infinite where nothing is proven.
    nodes : int
        Nodes of branch and bound so far.
    """

    phase: str
    seconds: float = 0.0
    plan: float = math.inf
    bound: float = -math.inf
    nodes: int = 0

    @property
    def gap(self) -> float:
        """What the plan may be above the least possible, as a share of it; not a number where that is not known."""
        if not math.isfinite(self.plan) or not math.isfinite(self.bound):
            return math.nan
        above = max(self.plan - self.bound, 0.0)
        return above / abs(self.plan) if self.plan else (0.0 if above == 0 else math.inf)

    def __str__(self) -> str:
        return f"{self.seconds:5.0f} s · {self.words}"

    @property
    def words(self) -> str:
        """Phase, plan, bound, gap and nodes, as far as they are known, in one line without the clock."""
        parts = [self.phase]
        if math.isfinite(self.plan):
            parts.append(f"plan {self.plan:,.0f}")
        elif self.phase not in _BEFORE:
            parts.append("no plan yet")
        if math.isfinite(self.bound) and not self.gap >= _SAYS_NOTHING:
            parts.append(f"bound {self.bound:,.0f}")
        if self.gap < _SAYS_NOTHING:
            parts.append(f"gap {self.gap:.2%}")
        if self.nodes:
            parts.append(f"{self.nodes:,} nodes")
        return " · ".join(parts)


Tell = Callable[[Progress], None]
"""Something that is told of the progress."""


class Teller:
    """Gathers what is known, and tells it: at once where a phase begins or a plan is better, else now and then.

    Parameters
    ----------
    tell : callable, optional
        Told of the progress. What it raises ends the work.
    """

    def __init__(self, tell: Tell | None = None) -> None:
        self._tell = tell
        self._begin = self._logged = time.monotonic()
        self._told = -math.inf
        self._now, self._before = Progress(""), 0

    def phase(self, name: str) -> None:
        """Another phase begins."""
        self._now = replace(self._now, phase=name)
        self._before = self._now.nodes
        self._say(at_once=True)

    def plan(self, cost: float) -> None:
        """A plan was found."""
        if cost < self._now.plan:
            self._now = replace(self._now, plan=cost)
            self._say(at_once=True)

    def bound(self, value: float) -> None:
        """Something was proven."""
        if value > self._now.bound:
            self._now = replace(self._now, bound=value)
            self._say(at_once=False)

    def search(self, value: float, bound: float, nodes: int) -> None:
        """The state of a search of this phase."""
        best = self._now.plan
        self._now = replace(self._now, plan=min(best, value), bound=max(self._now.bound, bound),
                            nodes=self._before + nodes)
        self._say(at_once=value < best)

    def nested(self) -> Teller:
        """For a search within a search, whose plans and bounds are not those of the whole: it tells of nodes only."""
        return _Nested(self)

    def _say(self, *, at_once: bool) -> None:
        clock = time.monotonic()
        self._now = replace(self._now, seconds=clock - self._begin)
        if self._tell is not None and (at_once or clock - self._told >= _EVERY):
            self._told = clock
            self._tell(self._now)
        if clock - self._logged >= _LOG_EVERY:
            self._logged = clock
            _log.info("%s", self._now)


class _Nested(Teller):
    def __init__(self, outer: Teller) -> None:
        super().__init__()
        self._outer = outer

    def phase(self, name: str) -> None:
        """That of the outer search goes on; so do its nodes."""
        self._outer._before = self._outer._now.nodes

    def plan(self, cost: float) -> None:
        """Not one of the outer search."""

    def bound(self, value: float) -> None:
        """Not one of the outer search."""

    def search(self, value: float, bound: float, nodes: int) -> None:
        """Only the effort counts."""
        self._outer.search(math.inf, -math.inf, nodes)
