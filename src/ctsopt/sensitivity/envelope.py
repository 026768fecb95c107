"""The least of straight lines: every switch between plans as one figure of cost varies, and what is proven between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from ctsopt.keys import Floats

P = TypeVar("P")

SAME = 1e-9
"""Share of the cost by which two amounts may differ and still be the same."""


@dataclass(frozen=True)
class Line:
    """What one plan costs as the figure varies: `at_low` at the lower end, `at_high` at the upper one."""

    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def slope(self) -> float:
        """Money for each unit of the figure."""
        return (self.at_high - self.at_low) / (self.high - self.low)

    def cost(self, value: float) -> float:
        """What the plan costs at a figure."""
        share = (value - self.low) / (self.high - self.low)
        return (1 - share) * self.at_low + share * self.at_high

    def crossing(self, other: Line) -> float | None:
        """Where both cost the same; None where they are as steep as each other."""
        first, last = self.at_low - other.at_low, self.at_high - other.at_high
        if abs(first - last) <= SAME * max(abs(self.at_low), abs(self.at_high), 1e-9):
            return None
        return self.low + first / (first - last) * (self.high - self.low)


@dataclass(frozen=True)
class Answered(Generic[P]):
    """The answer at one figure: a plan with its line, and what no plan costs less than."""

    value: float
    plan: P
    line: Line
    bound: float


def trace(solve: Callable[[float], Answered[P]], low: float, high: float,
          slack: Callable[[float], float]) -> list[Answered[P]]:
    """Answers from which the least cost is known over the whole range, in the order of the figure.

    The least cost is a concave function of the figure, made of straight pieces. Where the lines of two neighbours cross
    the figure is asked for: either no plan is cheaper there by more than `slack`, and between the neighbours there are
    no other plans; or there is a new line, and it goes on at both sides of it.
    """
    ends = [solve(low), solve(high)]
    found, waiting = list(ends), [(ends[0], ends[1])]
    while waiting:
        left, right = waiting.pop()
        at = left.line.crossing(right.line)
        if at is None or not left.value < at < right.value:
            continue
        cost = left.line.cost(at)
        if min(at - left.value, right.value - at) <= SAME * (high - low):
            continue
        middle = solve(at)
        found.append(middle)
        if cost - middle.line.cost(at) > max(slack(cost), SAME * abs(cost)):
            waiting += [(left, middle), (middle, right)]
    return sorted(found, key=lambda each: each.value)


def pieces(answers: list[Answered[P]]) -> list[tuple[Answered[P], float, float]]:
    """The plans of which the least known cost is made: plan, from, to."""
    low, high = answers[0].line.low, answers[0].line.high
    at = low
    # Of the plans that are cheapest at the lower end, the one that rises least is so just above it.
    best = min(answers, key=lambda each: (round(each.line.at_low, 6), each.line.slope))
    made: list[tuple[Answered[P], float, float]] = []
    while True:
        ahead = [(where, each.line.slope, each) for each in answers if each.line.slope < best.line.slope
                 for where in [best.line.crossing(each.line)] if where is not None and at <= where < high]
        if not ahead:
            return [*made, (best, at, high)]
        where, _, following = min(ahead, key=lambda each: each[:2])
        if where > at:
            made.append((best, at, where))
        best, at = following, where


def least_known(answers: list[Answered[P]], value: float) -> float:
    """What the cheapest known plan costs at a figure."""
    return min(each.line.cost(value) for each in answers)


def proven(answers: list[Answered[P]], value: float) -> float:
    """What no plan costs less than at a figure: a concave function lies above its chords."""
    bounds: Floats = np.array([each.bound for each in answers])
    return min(float(np.interp(value, [each.value for each in answers], bounds)), least_known(answers, value))
