"""Fill rate of a stock under a replenishment policy, and the stock that a fill rate needs."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import known
from ctsopt.inventory.demand import partial_expectation, upper_tail
from ctsopt.inventory.policy import PolicyOptions, Stock, measure
from ctsopt.inventory.safety_stock import safety_stock

Floats = npt.NDArray[np.float64]

__all__ = ["METHODS", "fill_rate", "safety_stock", "window_fill_rate"]

METHODS = ("exact", "without_undershoot", "classic", "lost_sales")
"""Formulas of the fill rate; all but the first are approximations, kept under the names that they have in books."""

_STEP = 1e-3
"""Part of the lead time by which it is moved to see how the shortage grows."""


def fill_rate(reorder_point: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike, lead_time: npt.ArrayLike, *,
              method: str = "exact", wait: npt.ArrayLike = 0.0, **options: Unpack[PolicyOptions]) -> Floats:
    """Long-run share of demand that is shipped from stock at once, or within `wait` days.

    Reviewed at the start of a day, before its demand; what is ordered is available at the start of the day `lead_time`
    later, before that day's demand. Demand that is short waits (backorders), first come, first served.

    Parameters
    ----------
    reorder_point : array-like
        s, units, compared with the position (on hand + on order − backorders). With policy `rs` it is the order-up-to
        level S.
    mean, sd : array-like
        Of demand: units per day, and units per square root of a day (the standard deviation of one day's demand).
    lead_time : array-like
        L, days. With `lead_time_probabilities` the last axis lists what the lead time may be.
    method : str
        `exact` for independent demands over time and constant lead time. Approximations, by name: `without_undershoot`
        (policy `sq`: 1 − [E1(s) − E1(s+Q)]/Q, as if demand came unit by unit), `classic` (1 − E1(s)/Q, which counts
        shortages that last for several orders again; with a review period E1 over L + R, and the larger of Q and
        m R), `lost_sales` (demand that is short is lost; at most one order outstanding).
    wait : array-like
        w, days that customers wait without counting as short: the fill rate is that of a lead time shorter by w.
    policy : str
        `rsnq` (default), `rs` or `sq`.
    review_time : array-like
        R, days, above 0; not used with `sq`.
    lot_size : array-like
        Q, units. With `rsnq` 0 means whatever brings the position to s.
    distribution : str
        Of demand: `gamma` (default), `normal`, `negative_binomial`, `poisson`; `auto` chooses as
        `choose_distribution` says.
    lead_time_sd : array-like
        Days; demand over the lead time gets m² s_L² of variance more. Orders must not cross: where they may, take
        `crossing_lead_time_sd` in its place.
    lead_time_probabilities : array-like
        Probabilities of the lead times along the last axis of `lead_time`: better than `lead_time_sd` where known.
    orders_per_day : array-like
        For `auto`: order lines per day of demand that comes in whole units.

    Returns
    -------
    float array
        In [0, 1]; `classic` may be negative, which shows that it does not apply.

    Raises
    ------
    UsageError
        An unknown name, a negative figure, a mean of 0, a policy without what it needs, or parts of units where demand
        comes in whole units.

    Notes
    -----
    With E1_t(y) = E[max(D_t − y, 0)], and y uniform over the positions after ordering (s, s+Q],

        rsnq, rs   1 − mean over y of [E1_{L+R}(y) − E1_L(y)] / (m R)
        sq         the limit of this as R falls to 0: 1 − (d/dL) mean over y of E1_L(y) / m

    For the normal the limit is 1 − [E1(s) − E1(s+Q)]/Q − (σ²/2m) [F(s+Q) − F(s)]/Q, the last term being the undershoot
    of a Brownian demand. Hadley and Whitin (1963); Sobel (2004); Silver and Bischak (2011); Zhang and Zhang (2007).
    The normal misses by 3 to 5 points where demand often is above twice its mean: it would be negative as often.

    Examples
    --------
    >>> float(fill_rate(600.0, 100.0, 60.0, 6.0, lot_size=500.0).round(6))
    0.800561
    >>> float(fill_rate(600.0, 100.0, 60.0, 6.0, lot_size=500.0, wait=2.0).round(5))
    0.97239
    """
    known(method, METHODS, "method")
    if method == "without_undershoot" and options.get("policy", "rsnq") != "sq":
        raise UsageError("method 'without_undershoot' is for policy 'sq': a review period always has an undershoot")
    rule = {"exact": _exact, "without_undershoot": _without_undershoot, "classic": _classic, "lost_sales": _lost}
    return measure(rule[method], reorder_point, mean, sd, lead_time, options, wait)


def window_fill_rate(wait: npt.ArrayLike, reorder_point: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
                     lead_time: npt.ArrayLike, **options: Unpack[PolicyOptions]) -> Floats:
    """Long-run share of demand that is shipped within `wait` days of its order.

    Parameters
    ----------
    wait : array-like
        Days. With policy `sq`, a wait of the lead time serves all.
    reorder_point, mean, sd, lead_time, options
        As in `fill_rate`.

    Returns
    -------
    float array
        In [0, 1].

    Raises
    ------
    UsageError
        As in `fill_rate`.

    Notes
    -----
    First come, first served with backorders: exactly the fill rate of a lead time shorter by the wait.

    Examples
    --------
    >>> window_fill_rate([0, 1, 2], 7, 1.0, 1.0, 5.0, policy="sq", lot_size=1, distribution="poisson").round(6)
    array([0.866628, 0.948866, 0.988095])
    """
    return fill_rate(reorder_point, mean, sd, lead_time, wait=wait, **options)


def _exact(stock: Stock) -> Floats:
    if stock.policy == "sq":
        return np.clip(_watched(stock), 0.0, 1.0)
    short = stock.over_lot(stock.protection())[0] - stock.over_lot(stock.before())[0]
    return np.clip(1 - short / (stock.mean * stock.review), 0.0, 1.0)


def _watched(stock: Stock) -> Floats:
    """Policy `sq`. Whoever waits as long as the lead time gets what is ordered for him, if the position covers it."""
    edge = -1.0 if stock.whole else 0.0
    served = np.asarray(np.clip((stock.low + stock.width - edge) / stock.width, 0.0, 1.0))
    go = stock.lead > stock.wait
    if go.any():
        rules = {"poisson": _without_undershoot, "normal": _brownian}
        served[go] = rules.get(stock.distribution, _in_orders)(stock.at(go, stock.distribution))
    return served


def _without_undershoot(stock: Stock) -> Floats:
    return 1 - stock.over_lot(stock.before())[1]


def _brownian(stock: Stock) -> Floats:
    days = stock.before()
    below = 1 - upper_tail(stock.low, *stock.demand(days), "normal")
    below_above = 1 - upper_tail(stock.low + stock.width, *stock.demand(days), "normal")
    undershoot = stock.sd**2 / (2 * stock.mean)
    return _without_undershoot(stock) - undershoot * (below_above - below) / stock.width


def _in_orders(stock: Stock) -> Floats:
    """Demand in orders of random size: how fast the mean shortage grows with the lead time, by differences."""
    days = stock.before()
    step = _STEP * days
    far = stock.over_lot(days + 2 * step)[0] - stock.over_lot(days - 2 * step)[0]
    near = stock.over_lot(days + step)[0] - stock.over_lot(days - step)[0]
    served = 1 - (8 * near - far) / (12 * step * stock.mean)
    return np.where((stock.sd > 0) | stock.whole, served, _without_undershoot(stock))


def _classic(stock: Stock) -> Floats:
    periodic = stock.policy != "sq"
    days = stock.protection() if periodic else stock.before()
    demand, spread = stock.demand(days)
    per_order = np.maximum(stock.lot, stock.mean * stock.review) if periodic else stock.lot
    return 1 - partial_expectation(stock.point, demand, spread, stock.distribution) / per_order


def _lost(stock: Stock) -> Floats:
    """Of the demand of a cycle, Q and what is short in it, only what is short is lost."""
    return 1 / (2 - _exact(stock))
