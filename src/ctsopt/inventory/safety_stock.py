"""Safety stock that a fill rate needs, for whole arrays at once: what the plan prices stock with."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ctsopt.inventory.arguments import at_least_zero, checked_fill_rate
from ctsopt.inventory.gamma import mean_shortage

Floats = npt.NDArray[np.float64]

SHORTEST_REVIEW = 0.01
"""Days. Stock that is reviewed more often is counted as reviewed so often."""

_STEPS = 200


class _Points(NamedTuple):
    """What the fill rate depends on beside the reorder point, one element for each stock."""

    target: Floats          # 1 - fill rate
    volume: Floats
    review: Floats
    lot: Floats
    middle: Floats          # mean demand over the protection interval
    shape: Floats           # of demand over the protection interval
    scale: Floats
    shape_before: Floats    # of demand over the part before the goods of the last review come
    scale_before: Floats

    def at(self, chosen: npt.NDArray[np.bool_]) -> _Points:
        return _Points(*(column[chosen] for column in self))

    def shortage(self, reorder_point: Floats) -> tuple[Floats, Floats]:
        """Share of demand that is not served at once (it may be below 0 or above 1), and its derivative."""
        value, slope = mean_shortage(self.shape, self.scale, reorder_point, self.lot)
        value_before, slope_before = mean_shortage(self.shape_before, self.scale_before, reorder_point, self.lot)
        per_review = self.volume * self.review
        return (value - value_before) / per_review, (slope - slope_before) / per_review


def safety_stock(fill_rate: npt.ArrayLike, volume: npt.ArrayLike, variance_to_mean: npt.ArrayLike,
                 lead_time: npt.ArrayLike, review_time: npt.ArrayLike, lot_size: npt.ArrayLike,
                 order_interval: npt.ArrayLike, lead_time_sd: npt.ArrayLike = 0.0,
                 wait: npt.ArrayLike = 0.0) -> Floats:
    """Safety stock with which the (R, s, nQ) policy reaches a fill rate under gamma demand.

    Stock is reviewed every R days; when its position is at most s, as few lots of Q as bring it above s are ordered.
    Demand over t days has mean m t and variance q m t + (s_L m)². With the protection interval T = max(L + R − w, 0)
    and its part before the goods of the last review come, L' = max(L − w, 0), the reorder point s solves

        fill rate = 1 − {[E2_T(s) − E2_T(s+Q)] − [E2_L'(s) − E2_L'(s+Q)]} / (Q m R),  E2_t(x) = E[max(D_t − x, 0)²] / 2

    and the safety stock is max(0, s − m T). With Q = 0 the brackets become E1_T(s) − E1_L'(s), over m R.

    Parameters
    ----------
    fill_rate : array-like
        Share of demand to be shipped from stock at once (within `wait`), in [0, 1). At 0 no stock is needed.
    volume : array-like
        m, units per day. At 0 there is no stock; as it falls to 0 the stock does not.
    variance_to_mean : array-like
        q, variance of demand over its mean, units.
    lead_time : array-like
        L, days from a review until what it orders is available.
    review_time : array-like
        R, days; below 0.01 it counts as 0.01.
    lot_size : array-like
        Least lot, units.
    order_interval : array-like
        Days of demand in a lot: Q = max(lot_size, m × order_interval).
    lead_time_sd : array-like
        s_L, standard deviation of the lead time, days. No order comes before an earlier one; where they may, take
        `crossing_lead_time_sd` in its place.
    wait : array-like
        w, days that customers are told to wait.

    Returns
    -------
    float array
        Units, of the shape of the arguments broadcast together. 0 where demand and lead time are certain, and where
        the stated times leave nothing to protect (L + R <= w).

    Raises
    ------
    UsageError
        A fill rate outside [0, 1), or another argument that is negative, infinite or not a number.

    Notes
    -----
    Hadley and Whitin (1963) for the (R, s, nQ) policy, Sobel (2004) for periodic review without lots. The root is found
    by Newton's method on the logarithm of the shortage, kept within a bracket. It is the only one: below a fill rate of
    1 the formula rises with s.

    An uncertain lead time gives demand over L' and over T gammas of different scale. Where its spread is not small
    beside the lead time itself, two moments are a rough picture: the stock may even fall a little as s_L rises.

    Examples
    --------
    >>> safety_stock(0.95, 100.0, 36.0, 6.0, 1.0, 200.0, 0.0, wait=[0.0, 1.0, 2.0]).round(1)
    array([160.6, 141.9, 121.7])
    """
    b, m, q, lead, review, least, interval, sd, wait = np.broadcast_arrays(checked_fill_rate(fill_rate), *at_least_zero(
        volume=volume, variance_to_mean=variance_to_mean, lead_time=lead_time,
        review_time=review_time, lot_size=lot_size, order_interval=order_interval, lead_time_sd=lead_time_sd,
        wait=wait))
    needed = (b > 0) & (m > 0) & ((q > 0) | (sd > 0)) & (lead + review > wait)
    stock = np.zeros(b.shape)
    if needed.any():
        b, m, q, lead, review, least, interval, sd, wait = (
            part[needed] for part in (b, m, q, lead, review, least, interval, sd, wait))
        review = np.maximum(review, SHORTEST_REVIEW)
        whole = np.maximum(lead + review - wait, 0.0)
        stock[needed] = _solve(_Points(1.0 - b, m, review, np.maximum(least, m * interval), m * whole,
                                       *_gamma(m, q, sd, whole), *_gamma(m, q, sd, np.maximum(lead - wait, 0.0))))
    return stock


def _gamma(volume: Floats, ratio: Floats, lead_time_sd: Floats, days: Floats) -> tuple[Floats, Floats]:
    """Shape and scale of demand over `days`; over no days there is none (shape 0)."""
    some = days > 0
    scale = ratio + np.divide(lead_time_sd**2 * volume, days, out=np.zeros_like(days), where=some)
    scale = np.where(some, scale, 1.0)
    return volume * days / scale, scale


def _solve(points: _Points) -> Floats:
    """Distance from the mean demand to the reorder point, where it is above; else 0."""
    found = points.middle.copy()
    value, _ = points.shortage(found)
    active = np.flatnonzero(value > points.target)
    part = points.at(value > points.target)
    low, high, s = part.middle.copy(), np.full(len(active), np.inf), part.middle.copy()
    last = np.full(len(active), np.inf)
    for _ in range(_STEPS):
        if not len(active):
            break
        s, step, low, high = _newton(part, s, low, high)
        # Where steps no longer shrink, they are the rounding of the formula.
        done = (np.abs(step) <= 1e-15 * s) | ((np.abs(step) < 1e-7 * s) & (np.abs(step) >= last / 2))
        found[active[done]] = s[done]
        go = ~done
        active, part, s, low, high, last = active[go], part.at(go), s[go], low[go], high[go], np.abs(step[go])
    found[active] = s
    return np.maximum(found - points.middle, 0.0)


def _newton(points: _Points, s: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """One step from `s`: the next point, the step, and the bracket with what `s` has told."""
    value, slope = points.shortage(s)
    short = value > points.target
    low, high = np.where(short, s, low), np.where(short, high, s)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        step = -np.log(value / points.target) * value / slope
    fine = np.isfinite(step) & (slope < 0) & (value > 0)
    near = fine & (np.abs(step) < 1e-7 * s)     # rounding may have put the root just outside the bracket
    inside = fine & (s + step > low) & (s + step < high)
    width = np.where(np.isinf(high), 2 * (s - points.middle) + points.scale * np.sqrt(np.maximum(points.shape, 1.0)),
                     (high - low) / 2)
    step = np.where(near | inside, step, low + width - s)
    return s + step, step, low, high
