"""Differences of plans as certified intervals: what is proven, and what is not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ctsopt.errors import UsageError

Verdict = Literal["pays", "loses", "not proven"]


@dataclass(frozen=True)
class Certified:
    """An amount known to lie between two proven ends.

    Attributes
    ----------
    low, high : float
        Proven ends, in money.
    point : float
        Best estimate, between them; not an unbiased one for a difference of two plans.

    Examples
    --------
    >>> base, new = Certified.of_plan(bound=98.0, cost=100.0), Certified.of_plan(bound=109.0, cost=112.0)
    >>> new - base
    Certified(low=9.0, point=12.0, high=14.0)
    >>> (new - base).verdict(price=15.0)
    'pays'
    """

    low: float
    point: float
    high: float

    def __post_init__(self) -> None:
        if any(math.isnan(v) for v in (self.low, self.point, self.high)) or not self.low <= self.point <= self.high:
            raise UsageError("a certified amount needs low <= point <= high, not "
                             f"{self.low}, {self.point}, {self.high}")

    @classmethod
    def of_plan(cls, bound: float, cost: float) -> Certified:
        """The least possible cost, given a plan of that cost and a proven bound."""
        return cls(min(bound, cost), cost, cost)

    @property
    def width(self) -> float:
        """Distance between the ends."""
        return self.high - self.low

    def __add__(self, other: Certified) -> Certified:
        return Certified(self.low + other.low, self.point + other.point, self.high + other.high)

    def __neg__(self) -> Certified:
        return Certified(-self.high, -self.point, -self.low)

    def __sub__(self, other: Certified) -> Certified:
        return self + (-other)

    def __mul__(self, factor: float) -> Certified:
        ends = sorted((self.low * factor, self.high * factor))
        return Certified(ends[0], self.point * factor, ends[1])

    __rmul__ = __mul__

    def verdict(self, price: float) -> Verdict:
        """Whether a price covers the amount as a cost: proven to pay, proven to lose, or not proven.

        For a saving, ask the other way round: an investment pays if it is below `low`.
        """
        if price >= self.high:
            return "pays"
        return "loses" if price < self.low else "not proven"

    def __str__(self) -> str:
        return f"{self.point:,.2f} (proven between {self.low:,.2f} and {self.high:,.2f})"
