"""Simulations of one stock, without a loop over time. They know nothing of the formulas, only of the time line:

review at the start of a day, before demand; an order is available at the start of the day L later; then demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BATCHES = 100


@dataclass(frozen=True)
class Share:
    """A ratio of two sums, with the half width of its 95 % confidence interval."""

    value: float
    half: float


def ratio(part, whole) -> Share:
    """Ratio estimator over batches: sum of the parts over sum of the wholes."""
    size = len(part) // BATCHES * BATCHES
    parts = part[:size].reshape(BATCHES, -1).sum(axis=1)
    wholes = whole[:size].reshape(BATCHES, -1).sum(axis=1)
    value = parts.sum() / wholes.sum()
    spread = np.std(parts - value * wholes, ddof=1) / np.sqrt(BATCHES) / wholes.mean()
    return Share(float(value), float(1.96 * spread))


@dataclass(frozen=True)
class Days:
    """A stock that is reviewed every R days, day by day: demand up to each day, and what has come by its start."""

    needed: np.ndarray      # cumulative demand before each day, and one more
    come: np.ndarray        # cumulative supply that is there at the start of each day

    def fill_rate(self, wait: int = 0) -> Share:
        """Share of units that are there within `wait` days of their day."""
        days = len(self.come) - wait
        come, before, after = self.come[wait:], self.needed[:days], self.needed[1 : days + 1]
        short = np.maximum(after - come, 0) - np.maximum(before - come, 0)
        demand = after - before
        found = ratio(short, demand)
        return Share(1 - found.value, found.half)

    def at_end(self, review: int):
        """Stock less backlog at the ends of review periods."""
        return (self.come - self.needed[1:])[review - 1 :: review]


def reviewed(demand, reorder_point: float, lot: float, lead_time, review: int = 1, seed: int = 5) -> Days:
    """(R, s, nQ), or (R, S) where the lot is 0. `lead_time`: days, or a list of days that are equally likely."""
    rng = np.random.default_rng(seed)
    needed = np.concatenate([[0.0], np.cumsum(demand)])
    reviews = np.arange(0, len(demand), review)
    whole = demand.dtype.kind == "i"
    if lot:
        start = rng.integers(0, lot) if whole else rng.uniform(0, lot)
        position = reorder_point + lot - np.mod(needed[reviews] + start, lot)
    else:
        position = np.full(len(reviews), float(reorder_point))
    covered = position + needed[reviews]        # all that is ordered so far serves demand up to here
    days = np.full(len(reviews), lead_time) if np.ndim(lead_time) == 0 else rng.choice(lead_time, len(reviews))
    arrives = reviews + days
    quantity = np.diff(covered, prepend=0.0)
    come = np.cumsum(np.bincount(arrives, weights=quantity, minlength=len(demand)))[: len(demand)]
    warm = int(3 * (np.max(lead_time) + review) + 2 * (lot / demand.mean()))
    warm = -(-warm // review) * review
    return Days(needed[warm:], come[warm:])


def watched(rng, orders: int, per_day: float, draw, reorder_point: int, lot: int, lead_time: float):
    """(s, Q) watched all the time, orders at random: fill, line fill and ready rate as the arriving orders see them."""
    time = np.cumsum(rng.exponential(1 / per_day, orders))
    size = draw(orders)
    needed = np.concatenate([[0], np.cumsum(size)])
    position = reorder_point + lot - np.mod(needed + rng.integers(0, lot), lot)
    seen = np.searchsorted(time, time - lead_time, side="right")     # orders of customers before the lead time began
    warm = int(np.searchsorted(time, 3 * lead_time))
    stock = (position + needed)[seen] - needed[:-1]
    stock, size = stock[warm:], size[warm:]
    ones = np.ones(len(size))
    return (ratio(np.minimum(size, np.maximum(stock, 0)).astype(float), size.astype(float)),
            ratio((stock >= size).astype(float), ones), ratio((stock > 0).astype(float), ones))
