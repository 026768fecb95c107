"""Stock shared by tiers under critical levels: fill rates that levels give, and levels that fill rates need.

Tier t is served from stock only while more than K_t units are on hand, K_1 = 0 <= K_2 <= ... (tier 1 is the best). All
tiers are one demand of volume m; a share W_t of it belongs to the best t tiers. The stock is a row of layers, each a
stage that supplies the next better one (Arslan, Graves and Roemer 2007): what is short below K_T is a mixture of
demands, of which those of better tiers are passed on to the layer K_T − K_(T−1), and so on.

The lowest tier's fill rate is exact: it is that of all demand with the reorder point s − K_T. For the others a part of
a shortage B belongs to the better tiers: under gamma demand with variance-to-mean q and independent tiers it is
B · Beta(w B / q, (1 − w) B / q). This is exact for the last B units of demand; that a time, and not a quantity, decides
where they begin makes it an approximation (within 0.5 points of simulations where the lowest tier gets 90 %).
Backorders are filled in the order in which they came to a layer. Filling those of better tiers first does these good,
the more so the less the lowest tier is served: with a reorder point below its level, several points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import at_least_zero, checked_fill_rate, known
from ctsopt.inventory.over_lot import mean_over_lot
from ctsopt.inventory.safety_stock import SHORTEST_REVIEW

Floats = npt.NDArray[np.float64]

METHODS = ("exact", "nested", "share")

_POINTS = 2000
"""Points at which a shortage is looked at; several layers cost the square of the fewer ones."""

_FEWER_POINTS = 300

_NEVER = 1e-14
"""Demand that is exceeded so seldom is the most there is."""


class CriticalLevels(NamedTuple):
    """A reorder point for all, and the stock below which each tier is no longer served.

    `levels[0]` is 0; `levels[t]` is compared with the units on hand (not with those on order).
    """

    reorder_point: float
    levels: Floats


class _Pool(NamedTuple):
    """All demand of a place, over the protection interval and over its part before the last review's goods come."""

    volume: Floats          # of each tier
    ratio: float
    per_review: float
    lot: float
    mean: float
    sd: float
    mean_before: float
    sd_before: float

    @property
    def share(self) -> Floats:
        """Share of demand of the best t tiers."""
        return np.asarray(np.cumsum(self.volume) / self.volume.sum())

    def short(self, low: Floats) -> Floats:
        """Share of demand that is not served at once by a stock with this reorder point."""
        return np.asarray((self._mean(low, 0) - self._mean_before(low, 0)) / self.per_review)

    def tail(self, low: Floats) -> Floats:
        """How much more often stock has run out at the end of an exposed review than at its beginning."""
        return self._mean(low, 1) - self._mean_before(low, 1)

    def most(self) -> float:
        """Demand over the protection interval that is all but never exceeded."""
        scale = self.sd**2 / self.mean
        return float(special.gammainccinv(self.mean / scale, _NEVER)) * scale

    def _mean(self, low: Floats, which: int) -> Floats:
        return mean_over_lot(low, np.float64(self.lot), np.float64(self.mean), np.float64(self.sd), "gamma")[which]

    def _mean_before(self, low: Floats, which: int) -> Floats:
        return mean_over_lot(low, np.float64(self.lot), np.float64(self.mean_before), np.float64(self.sd_before),
                             "gamma")[which]


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
    (2007) for many tiers. With e(B) the backlog of the best t tiers at a shortage B below K_T and F the share of time
    in which a stock runs out, the fill rate is 1 − ∫ [F_T − F_L'](s − K_T + B) de(B) / (W_t m R).

    Examples
    --------
    >>> critical_level_fill_rates(767.6, [0.0, 71.1], [30.0, 70.0], 36.0, 6.0, 1.0, 500.0).round(4)
    array([0.9811, 0.9   ])
    """
    pool = _pool(volume, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait)
    if not np.isfinite(reorder_point):
        raise UsageError(f"reorder_point is {reorder_point}: a number of units is needed")
    (level,) = at_least_zero(levels=np.atleast_1d(np.asarray(levels, dtype=np.float64)))
    if level.shape != pool.volume.shape or level[0] != 0 or (np.diff(level) < 0).any():
        raise UsageError(f"critical levels need one number for each of {len(pool.volume)} tiers, from 0 for the best "
                         f"upwards, not {level.tolist()}")
    return np.array([_fill_rate(pool, reorder_point - level[-1], np.diff(level), tier) for tier in range(len(level))])


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
    array([ 0. , 52.7])
    """
    method = known(method, METHODS, "method")
    pool = _pool(volume, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait)
    rate = np.atleast_1d(checked_fill_rate(fill_rate))
    if rate.shape != pool.volume.shape or (rate <= 0).any() or (np.diff(rate) > 0).any():
        raise UsageError(f"fill rates above 0 are needed for {len(pool.volume)} tiers, from best to worst, not "
                         f"{rate.tolist()}")
    floor = -np.inf if allow_negative_safety_stock else pool.mean
    lowest = max(_reorder_point(pool, rate[-1]), floor)
    layers = np.zeros(len(rate) - 1)
    if method == "exact":
        for tier in range(len(layers) - 1, -1, -1):
            layers[tier] = _layer(pool, lowest, layers, tier, rate[tier])
    else:
        points = [max(_reorder_point(pool, each), floor) for each in rate]
        layers = -np.diff(points) * (np.sqrt(pool.share[:-1]) if method == "nested" else pool.share[:-1])
    return CriticalLevels(lowest + float(layers.sum()), np.concatenate([[0.0], np.cumsum(layers)]))


def _pool(volume: npt.ArrayLike, variance_to_mean: float, lead_time: float, review_time: float, lot_size: float,
          order_interval: float, lead_time_sd: float, wait: float) -> _Pool:
    volumes, *rest = at_least_zero(volume=np.atleast_1d(np.asarray(volume, dtype=np.float64)),
                                   variance_to_mean=variance_to_mean, lead_time=lead_time, review_time=review_time,
                                   lot_size=lot_size, order_interval=order_interval, lead_time_sd=lead_time_sd,
                                   wait=wait)
    ratio, lead, review, lot, interval, lead_sd, promised = (float(value) for value in rest)
    if volumes.ndim != 1 or not (volumes > 0).all() or ratio == 0:
        raise UsageError("every tier needs a volume above 0, and demand a variance_to_mean above 0")
    review = max(review, SHORTEST_REVIEW)
    if promised >= lead + review:
        raise UsageError(f"customers wait {promised:g} days, and goods are there after {lead + review:g}: nothing is "
                         "served from stock")
    total = float(volumes.sum())
    whole, before = lead + review - promised, max(lead - promised, 0.0)
    spread = [np.sqrt(ratio * total * days + (lead_sd * total) ** 2) if days > 0 else 0.0 for days in (whole, before)]
    return _Pool(volumes, ratio, total * review, max(lot, total * interval), total * whole, float(spread[0]),
                 total * before, float(spread[1]))


def _fill_rate(pool: _Pool, low: float, layers: Floats, tier: int) -> float:
    """Fill rate of a tier where the lowest one has the reorder point `low`, with `layers` above it for better tiers."""
    if tier == len(layers):
        return 1.0 - float(pool.short(np.array([low]))[0])
    most = pool.most() - low
    passed = layers[tier:][::-1]
    if most <= passed[0]:
        return 1.0
    points = np.linspace(passed[0], most, (_POINTS if len(passed) == 1 else _FEWER_POINTS) + 1)
    share = pool.share[tier:]
    backlog = _backlog(points, passed, (share[:-1] / share[1:])[::-1], pool.ratio)
    short = np.diff(backlog) @ pool.tail(low + (points[:-1] + points[1:]) / 2)
    return 1.0 - float(short / (pool.share[tier] * pool.per_review))


def _backlog(shortage: Floats, layers: Floats, share: Floats, ratio: float) -> Floats:
    """Mean backlog of the best tiers at a shortage of all, behind layers from the lowest tier upwards.

    `share` of what is short at a layer belongs to the tiers that it is held for. Behind one layer K,
    E[max(B X − K, 0)] = B w P(X' > K/B) − K P(X > K/B), where X' has one more in the first parameter; behind several,
    ∫ P(B X > y) df(y − K) with f the backlog behind the others.
    """
    short = np.maximum(shortage, 1e-300)
    first, second = share[0] * short / ratio, (1 - share[0]) * short / ratio
    if len(layers) == 1:
        rest = np.clip(1 - layers[0] / short, 0.0, 1.0)
        found = (share[0] * short * special.betainc(second, first + 1, rest)
                 - layers[0] * special.betainc(second, first, rest))
        return np.where(shortage > layers[0], np.maximum(found, 0.0), 0.0)
    points = np.linspace(layers[0], max(float(shortage.max()), layers[0]), _FEWER_POINTS + 1)
    steps = np.diff(_backlog(points - layers[0], layers[1:], share[1:], ratio))
    middle = (points[:-1] + points[1:]) / 2
    rest = np.clip(1 - middle / short[:, None], 0.0, 1.0)
    return np.asarray(special.betainc(second[:, None], first[:, None], rest) @ steps)


def _reorder_point(pool: _Pool, fill_rate: float) -> float:
    """Where all demand gets a fill rate; it rises from 0 with a backlog of a lot and a review."""
    return _rising(lambda s: 1.0 - float(pool.short(np.array([s]))[0]) - fill_rate, -pool.lot - pool.per_review,
                   pool.mean + pool.sd)


def _layer(pool: _Pool, low: float, layers: Floats, tier: int, fill_rate: float) -> float:
    """What must be held for the tiers up to this one beyond the stock of the next."""
    def excess(size: float) -> float:
        tried = layers.copy()
        tried[tier] = size
        return _fill_rate(pool, low, tried, tier) - fill_rate

    return 0.0 if excess(0.0) >= 0 else _rising(excess, 0.0, pool.sd)


def _rising(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a rising function that is not above 0 at `low`."""
    from scipy.optimize import brentq

    while function(high) < 0:
        low, high = high, high + 2 * (high - low)
    return float(brentq(function, low, high, xtol=1e-9, rtol=1e-12))
