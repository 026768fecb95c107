"""Measures of a stock beside its fill rate: cycle service, ready rate, backorders, stock on hand."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import numpy.typing as npt

from ctsopt.inventory.arguments import known
from ctsopt.inventory.demand import upper_tail
from ctsopt.inventory.policy import PolicyOptions, Stock, measure

Floats = npt.NDArray[np.float64]

WHEN = ("end", "average")
"""At the end of a review period (just before goods may come), or on average over all time."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


def cycle_service_level(reorder_point: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike, lead_time: npt.ArrayLike,
                        **options: Unpack[PolicyOptions]) -> Floats:
    """Probability that a replenishment cycle passes without a backlog. It is no fill rate, and per cycle, not per unit.

    Parameters
    ----------
    reorder_point, mean, sd, lead_time, options
        As in `fill_rate`.

    Returns
    -------
    float array
        `sq`: P(D_L <= s). `rs`: P(D_{L+R} <= S). `rsnq`: the share of review periods that end without a backlog,
        1 − [E1(s) − E1(s+Q)]/Q with demand over L + R.

    Raises
    ------
    UsageError
        As in `fill_rate`.

    Examples
    --------
    >>> float(cycle_service_level(600.0, 100.0, 60.0, 6.0, lot_size=500.0).round(6))
    0.756534
    """
    return measure(_no_backlog, reorder_point, mean, sd, lead_time, options)


def ready_rate(reorder_point: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike, lead_time: npt.ArrayLike,
               **options: Unpack[PolicyOptions]) -> Floats:
    """Share of time with stock on hand. Where demand comes in orders of several units it is above the fill rate.

    Parameters
    ----------
    reorder_point, mean, sd, lead_time, options
        As in `fill_rate`.

    Returns
    -------
    float array
        In [0, 1]: 1 − the mean of P(D_t >= y) over the positions y, with t = L for `sq`, else over t from L to L + R.

    Raises
    ------
    UsageError
        As in `fill_rate`.

    Examples
    --------
    >>> float(ready_rate(18, 1.0, 3.0, 7.0, policy="sq", lot_size=10, distribution="negative_binomial").round(2))
    0.95
    """
    return measure(_ready, reorder_point, mean, sd, lead_time, options)


def expected_backorders(reorder_point: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike, lead_time: npt.ArrayLike,
                        *, when: str = "end", **options: Unpack[PolicyOptions]) -> Floats:
    """Units that customers wait for.

    Parameters
    ----------
    reorder_point, mean, sd, lead_time, options
        As in `fill_rate`.
    when : str
        `end` of a review period, or the `average` over all time (the same with `sq`).

    Returns
    -------
    float array
        Units. The mean wait of a unit is the average over the daily demand (Little 1961), days.

    Raises
    ------
    UsageError
        As in `fill_rate`, or an unknown `when`.

    Examples
    --------
    >>> float(expected_backorders(600.0, 100.0, 60.0, 6.0, lot_size=500.0).round(4))
    32.1203
    """
    known(when, WHEN, "time to look at stock")
    return measure(_backlog_at_end if when == "end" else _backlog, reorder_point, mean, sd, lead_time, options)


def on_hand_expected(reorder_point: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike, lead_time: npt.ArrayLike, *,
                     when: str = "end", **options: Unpack[PolicyOptions]) -> Floats:
    """Units on hand: the mean position, less the demand on its way through the lead time, plus what is backordered.

    Parameters
    ----------
    reorder_point, mean, sd, lead_time, options
        As in `fill_rate`.
    when : str
        `end` of a review period: safety stock + Q/2 + backorders, safety stock = s − m (L + R). The `average` over all
        time has m R/2 more, and the backorders of that time.

    Returns
    -------
    float array
        Units.

    Raises
    ------
    UsageError
        As in `fill_rate`, or an unknown `when`.

    Examples
    --------
    >>> float(on_hand_expected(600.0, 100.0, 60.0, 6.0, lot_size=500.0).round(4))
    182.1203
    """
    known(when, WHEN, "time to look at stock")

    def rule(stock: Stock) -> Floats:
        at_end = when == "end"
        days = stock.lead + stock.review * (1.0 if at_end else 0.5)
        position = stock.low + (stock.width + 1 if stock.whole else stock.width) / 2
        return position - stock.mean * days + (_backlog_at_end(stock) if at_end else _backlog(stock))

    return measure(rule, reorder_point, mean, sd, lead_time, options)


def backlog_service_level(reorder_point: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
                          lead_time: npt.ArrayLike, **options: Unpack[PolicyOptions]) -> Floats:
    """1 − backlog at the end of a review period over the demand of a period ("gamma service level").

    Parameters
    ----------
    reorder_point, mean, sd, lead_time, options
        As in `fill_rate`; with `sq` the period is one day.

    Returns
    -------
    float array
        At most 1; negative where more than the demand of a period is waiting.

    Raises
    ------
    UsageError
        As in `fill_rate`.

    Notes
    -----
    Schneider (1981).

    Examples
    --------
    >>> float(backlog_service_level(600.0, 100.0, 60.0, 6.0, lot_size=500.0).round(6))
    0.678797
    """
    def rule(stock: Stock) -> Floats:
        period = np.where(stock.review > 0, stock.review, 1.0)
        return 1 - _backlog_at_end(stock) / (stock.mean * period)

    return measure(rule, reorder_point, mean, sd, lead_time, options)


def _no_backlog(stock: Stock) -> Floats:
    if stock.policy == "rsnq":
        if stock.whole:     # no backlog means D <= y, while the tail over whole lots is that of D >= y
            stock = stock._replace(point=stock.point + 1)
        return 1 - stock.over_lot(stock.protection())[1]
    return 1 - upper_tail(stock.point, *stock.demand(stock.protection()), stock.distribution)


def _ready(stock: Stock) -> Floats:
    return 1 - _over_time(stock, 1)


def _backlog_at_end(stock: Stock) -> Floats:
    return stock.over_lot(stock.protection())[0]


def _backlog(stock: Stock) -> Floats:
    return _over_time(stock, 0)


def _over_time(stock: Stock, which: int) -> Floats:
    """Mean over the times of a review period, at which L to L + R days of demand are against the position."""
    if stock.policy == "sq":
        return stock.over_lot(stock.lead)[which]
    times = stock.lead + np.multiply.outer(_NODES, stock.review)
    values = stock.over_lot(times)[which]
    return np.asarray(np.tensordot(_WEIGHTS, values, axes=1))
