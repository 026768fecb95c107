"""Stock shared by tiers under critical levels: fill rates that levels give, and levels that fill rates need.

Tier t is served from stock only while more than K_t units are on hand, K_1 = 0 <= K_2 <= ... (tier 1 is the best). How
the fill rates follow is in `ctsopt.inventory.rationing`: that of the lowest tier is exact, those of the others lie
within 0.4 points of simulations of gamma demand, also of lumpy demand in small lots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import at_least_zero, checked_fill_rate, known
from ctsopt.inventory.rationing import Stocks, class_fill_rates
from ctsopt.inventory.safety_stock import SHORTEST_REVIEW

Floats = npt.NDArray[np.float64]

METHODS = ("exact", "nested", "share")

_ROUNDING = 1e-9
"""Fill rates that differ by less are the same."""


class CriticalLevels(NamedTuple):
    """A reorder point for all, and the stock below which each tier is no longer served.

    `levels[0]` is 0; `levels[t]` is compared with the units on hand (not with those on order).
    """

    reorder_point: float
    levels: Floats


def critical_level_fill_rates(reorder_point: float, levels: npt.ArrayLike, volume: npt.ArrayLike,
                              variance_to_mean: float, lead_time: float, review_time: float, lot_size: float = 0.0,
                              order_interval: float = 0.0, lead_time_sd: float = 0.0, wait: float = 0.0) -> Floats:
    """Fill rate of each tier under the (R, s, nQ) policy with critical levels and gamma demand.

    Parameters
    ----------
    reorder_point : float
        s, units. It may lie below a critical level: then the lower tiers start with a backlog.
    levels : array-like
        Critical level of each tier from best to worst, units; the first is 0, none is below the one before.
    volume : array-like
        Of each tier, units per day, > 0.
    variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait : float
        As in `safety_stock`, of all demand together; `variance_to_mean` > 0.

    Returns
    -------
    float array
        One fill rate per tier. Within a day orders are served as they come; were a day's orders released together,
        best tiers first, all of the shortage would fall on the lowest tier, another 1 to 3 points.

    Raises
    ------
    UsageError
        Levels that do not begin with 0 or fall, tiers without volume, a negative argument.

    Notes
    -----
    Nahmias and Demmy (1981) and Deshpande, Cohen and Donohue (2003) for critical levels, Arslan, Graves and Roemer
    (2007) for many tiers.

    Examples
    --------
    >>> critical_level_fill_rates(767.6, [0.0, 71.1], [30.0, 70.0], 36.0, 6.0, 1.0, 500.0).round(4)
    array([0.979, 0.9  ])
    """
    stock = _stock(volume, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait)
    if not np.isfinite(reorder_point):
        raise UsageError(f"reorder_point is {reorder_point}: a number of units is needed")
    (level,) = at_least_zero(levels=np.atleast_1d(np.asarray(levels, dtype=np.float64)))
    if level.shape != stock.volume.shape[1:] or level[0] != 0 or (np.diff(level) < 0).any():
        raise UsageError(f"critical levels need one number for each of {stock.volume.shape[1]} tiers, from 0 for the "
                         f"best upwards, not {level.tolist()}")
    return _rates(stock, reorder_point, level)


def critical_levels(fill_rate: npt.ArrayLike, volume: npt.ArrayLike, variance_to_mean: float, lead_time: float,
                    review_time: float, lot_size: float = 0.0, order_interval: float = 0.0, lead_time_sd: float = 0.0,
                    wait: float = 0.0, method: str = "exact", *,
                    allow_negative_safety_stock: bool = False) -> CriticalLevels:
    """Reorder point and critical levels with which each tier gets its fill rate.

    Parameters
    ----------
    fill_rate : array-like
        Of each tier, above 0 and below 1, from best to worst.
    volume, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait
        As in `critical_level_fill_rates`.
    method : {"exact", "nested", "share"}
        `exact`: layer by layer from the lowest tier, so that `critical_level_fill_rates` gives the fill rates.
        Else by a rule, from the reorder points s_t with which all demand would get the fill rate of tier t:
        K_(t+1) − K_t = (s_t − s_(t+1)) · √W_t (`nested`, on the safe side unless a tier's demand is very lumpy) or
        · W_t (`share`, too little).
    allow_negative_safety_stock : bool
        Let the reorder point of the lowest tier lie below mean demand over the protection interval.

    Returns
    -------
    CriticalLevels
        With `reorder_point` = that of the lowest tier + its critical level.

    Raises
    ------
    UsageError
        As `critical_level_fill_rates`; tiers that are not ordered; an unknown method.

    Examples
    --------
    >>> found = critical_levels([0.99, 0.90], [10.0, 90.0], 36.0, 6.0, 1.0, 100.0)
    >>> found.levels.round(1)
    array([ 0. , 58.2])
    """
    method = known(method, METHODS, "method")
    stock = _stock(volume, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait)
    rate = np.atleast_1d(checked_fill_rate(fill_rate))
    if rate.shape != stock.volume.shape[1:] or (rate <= 0).any() or (np.diff(rate) > 0).any():
        raise UsageError(f"fill rates above 0 are needed for {stock.volume.shape[1]} tiers, from best to worst, not "
                         f"{rate.tolist()}")
    floor = -np.inf if allow_negative_safety_stock else float(stock.total[0] * stock.whole[0])
    lowest = max(_reorder_point(stock, rate[-1]), floor)
    layers = np.zeros(len(rate) - 1)
    if method == "exact":
        for tier in range(len(layers) - 1, -1, -1):
            layers[tier] = _layer(stock, lowest, layers, tier, rate[tier])
    else:
        points = [max(_reorder_point(stock, each), floor) for each in rate]
        share = np.cumsum(stock.volume[0])[:-1] / stock.total[0]
        layers = -np.diff(points) * (np.sqrt(share) if method == "nested" else share)
    return CriticalLevels(lowest + float(layers.sum()), np.concatenate([[0.0], np.cumsum(layers)]))


def _stock(volume: npt.ArrayLike, variance_to_mean: float, lead_time: float, review_time: float, lot_size: float,
           order_interval: float, lead_time_sd: float, wait: float) -> Stocks:
    """One stock, whose reorder point and levels are still open."""
    volumes, *rest = at_least_zero(volume=np.atleast_1d(np.asarray(volume, dtype=np.float64)),
                                   variance_to_mean=variance_to_mean, lead_time=lead_time, review_time=review_time,
                                   lot_size=lot_size, order_interval=order_interval, lead_time_sd=lead_time_sd,
                                   wait=wait)
    ratio, lead, review, lot, interval, lead_sd, promised = (np.reshape(value, 1) for value in rest)
    if volumes.ndim != 1 or not (volumes > 0).all() or ratio == 0:
        raise UsageError("every tier needs a volume above 0, and demand a variance_to_mean above 0")
    review = np.maximum(review, SHORTEST_REVIEW)
    if promised >= lead + review:
        raise UsageError(f"customers wait {promised[0]:g} days, and goods are there after {lead[0] + review[0]:g}: "
                         "nothing is served from stock")
    return Stocks(np.zeros(1), np.zeros((1, len(volumes))), volumes[None, :], ratio, lead, review,
                  np.maximum(lot, volumes.sum() * interval), lead_sd, promised)


def _rates(stock: Stocks, reorder_point: float, level: Floats) -> Floats:
    levels = level[None, :]
    return np.asarray(class_fill_rates(replace(stock, reorder_point=np.array([reorder_point]), levels=levels))[0])


def _reorder_point(stock: Stocks, fill_rate: float) -> float:
    """Where all demand gets a fill rate; it rises from 0 with a backlog of a lot and a review."""
    one = replace(stock, volume=stock.total[:, None])
    mean, spread = float(stock.total[0] * stock.whole[0]), float(np.sqrt(stock.variance(stock.whole)[0]))
    return _rising(lambda s: float(_rates(one, s, np.zeros(1))[0]) - fill_rate,
                   -float(stock.lot[0] + stock.total[0] * stock.review_time[0]), mean + spread)


def _layer(stock: Stocks, low: float, layers: Floats, tier: int, fill_rate: float) -> float:
    """What must be held for the tiers up to this one beyond the stock of the next."""
    those = np.concatenate([[stock.volume[0, :tier + 1].sum()], stock.volume[0, tier + 1:]])
    part = replace(stock, volume=those[None, :])

    def excess(size: float) -> float:
        tried = np.concatenate([[0.0, size], size + np.cumsum(layers[tier + 1:])])
        return float(_rates(part, low + tried[-1], tried)[0]) - fill_rate

    return 0.0 if excess(0.0) >= -_ROUNDING else _rising(excess, 0.0, float(np.sqrt(stock.variance(stock.whole)[0])))


def _rising(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a rising function that is not above 0 at `low`."""
    from scipy.optimize import brentq

    while function(high) < 0:
        low, high = high, high + 2 * (high - low)
    return float(brentq(function, low, high, xtol=1e-9, rtol=1e-12))
