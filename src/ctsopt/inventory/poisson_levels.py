"""Critical levels for single units of Poisson demand under continuous review: exact where backorders wait their turn.

The stock position is uniform on r+1, .., r+Q. Short of the position i less K_T, demand D of the lead time leaves
B = max(D − i + K_T, 0) units short below the level of the lowest tier; each of them belongs to the better tiers with
probability W_(T−1), so that Binomial(B, W_(T−1) / W_T) are passed on to the layer above, and so on. Where the position
begins below the level (i < K_T), B counts the units of earlier demand, too: they are a mixture like all others.

Backorders are filled in the order in which they came to a layer ("threshold clearing"). Where better tiers' backorders
are filled first, the lowest tier does as well, and the others did at least as well in every case that was simulated.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import at_least_zero, checked_fill_rate
from ctsopt.inventory.critical_levels import CriticalLevels

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

_ROUNDING = 1e-12
"""A fill rate that is short by so little is attained."""


def poisson_critical_level_fill_rates(reorder_point: int, lot: int, levels: npt.ArrayLike, volume: npt.ArrayLike,
                                      lead_time: float) -> Floats:
    """Fill rate of each tier under the (r, Q) policy with critical levels, for Poisson demand of single units.

    Parameters
    ----------
    reorder_point : int
        r: as the stock position falls to r, a lot is ordered. It may lie below a critical level.
    lot : int
        Q, units, >= 1.
    levels : array-like of int
        Critical level of each tier from best to worst; the first is 0, none is below the one before.
    volume : array-like
        Of each tier, units per day.
    lead_time : float
        Days.

    Returns
    -------
    float array
        One fill rate per tier: the probability that a customer finds the stock above the tier's level.

    Raises
    ------
    UsageError
        Numbers of units that are not whole, levels that do not begin with 0 or fall, tiers without volume.

    Notes
    -----
    Two tiers: Deshpande, Cohen and Donohue (2003), of which Nahmias and Demmy (1981) is the case of one outstanding
    order; many: Arslan, Graves and Roemer (2007).

    Examples
    --------
    >>> poisson_critical_level_fill_rates(12, 8, [0, 2], [0.3, 0.7], 10.0).round(6)
    array([0.983074, 0.84529 ])
    """
    volumes = _volumes(volume)
    level = _whole("levels", levels)
    r, q = (int(_whole(name, value)[0]) for name, value in (("reorder_point", reorder_point), ("lot", lot)))
    if level.shape != volumes.shape or level[0] != 0 or (np.diff(level) < 0).any():
        raise UsageError(f"critical levels need one number for each of {len(volumes)} tiers, from 0 for the best "
                         f"upwards, not {level.tolist()}")
    served, short = _lowest(r - int(level[-1]), q, float(volumes.sum()) * lead_time)
    rates = np.empty(len(volumes))
    rates[-1] = served
    share = np.cumsum(volumes)
    for tier in range(len(volumes) - 2, -1, -1):
        layer = int(level[tier + 1] - level[tier])
        short = _thinned(short, share[tier] / share[tier + 1])
        # Without a layer of its own a tier is served when the next one is.
        rates[tier] = short[:layer].sum() if layer else rates[tier + 1]
        short = _behind(short, layer)
    return np.minimum(rates, 1.0)


def poisson_critical_levels(fill_rate: npt.ArrayLike, lot: int, volume: npt.ArrayLike,
                            lead_time: float) -> CriticalLevels:
    """Least reorder point and critical levels in whole units with which each tier gets its fill rate.

    Parameters
    ----------
    fill_rate : array-like
        Of each tier, below 1, from best to worst.
    lot, volume, lead_time
        As in `poisson_critical_level_fill_rates`.

    Returns
    -------
    CriticalLevels
        Fill rates come in steps: those attained are at least those asked for.

    Raises
    ------
    UsageError
        As `poisson_critical_level_fill_rates`; tiers that are not ordered.

    Examples
    --------
    >>> poisson_critical_levels([0.99, 0.90], 200, [30.0, 70.0], 2.0)
    CriticalLevels(reorder_point=191.0, levels=array([ 0., 10.]))
    """
    volumes, rate = _volumes(volume), np.atleast_1d(checked_fill_rate(fill_rate))
    if rate.shape != volumes.shape or (np.diff(rate) > 0).any():
        raise UsageError(f"fill rates are needed for {len(volumes)} tiers, from best to worst, not {rate.tolist()}")
    q, mean = int(_whole("lot", lot)[0]), float(volumes.sum()) * lead_time
    lowest = _least_reorder_point(rate[-1], q, mean)
    served, short = _lowest(lowest, q, mean)
    layers = np.zeros(len(volumes) - 1)
    share = np.cumsum(volumes)
    for tier in range(len(layers) - 1, -1, -1):
        short = _thinned(short, share[tier] / share[tier + 1])
        if served < rate[tier] - _ROUNDING:
            # A layer of n units serves whoever finds fewer than n short.
            layers[tier] = 1 + int(np.searchsorted(np.cumsum(short), rate[tier] - _ROUNDING))
            served = float(short[:int(layers[tier])].sum())
        short = _behind(short, int(layers[tier]))
    return CriticalLevels(lowest + float(layers.sum()), np.concatenate([[0.0], np.cumsum(layers)]))


def _lowest(reorder_point: int, lot: int, mean: float) -> tuple[float, Floats]:
    """Share of demand that finds stock, and the chance of 0, 1, 2, .. units short."""
    positions = np.arange(reorder_point + 1, reorder_point + lot + 1)
    largest = int(mean + 12 * np.sqrt(mean) + 40)
    units = np.arange(largest + 1)
    chance = np.exp(units * np.log(mean) - mean - special.gammaln(units + 1)) if mean > 0 else (units == 0) * 1.0
    served = special.pdtr(positions - 1, mean)[positions > 0].sum() / lot if mean > 0 else np.mean(positions > 0)
    # Short by n where demand is n more than the position: a convolution with the uniform distribution of positions.
    spread = np.convolve(chance, np.full(lot, 1.0 / lot))
    values = np.arange(len(spread)) - (reorder_point + lot)
    short = np.bincount(np.maximum(values, 0), weights=spread)
    return float(served), short.astype(np.float64)


def _thinned(short: Floats, share: float) -> Floats:
    """Chance of 0, 1, 2, .. where each of the units short belongs to the better tiers with probability `share`."""
    n, k = np.arange(len(short))[:, None], np.arange(len(short))[None, :]
    ways = np.where(k <= n, special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(np.abs(n - k) + 1),
                    -np.inf)
    with np.errstate(under="ignore"):
        chance = np.exp(ways + special.xlogy(k, share) + special.xlog1py(np.maximum(n - k, 0), -share))
    return np.asarray(short @ chance)


def _behind(short: Floats, layer: int) -> Floats:
    """What is short behind a layer of so many units."""
    return np.bincount(np.maximum(np.arange(len(short)) - layer, 0), weights=short).astype(np.float64)


def _least_reorder_point(fill_rate: float, lot: int, mean: float) -> int:
    low, high = -lot, int(mean + 12 * np.sqrt(mean) + 40)
    while low < high:
        middle = (low + high) // 2
        if _lowest(middle, lot, mean)[0] >= fill_rate - _ROUNDING:
            high = middle
        else:
            low = middle + 1
    return low


def _volumes(volume: npt.ArrayLike) -> Floats:
    (volumes,) = at_least_zero(volume=np.atleast_1d(np.asarray(volume, dtype=np.float64)))
    if volumes.ndim != 1 or not (volumes > 0).all():
        raise UsageError("every tier needs a volume above 0")
    return volumes


def _whole(name: str, values: npt.ArrayLike) -> Positions:
    found = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if not np.isfinite(found).all() or (found != np.rint(found)).any() or (name == "lot" and (found < 1).any()):
        least = ", at least 1" if name == "lot" else ""
        raise UsageError(f"{name} is {np.asarray(values).tolist()}: whole units are needed{least}")
    return found.astype(np.int64)
