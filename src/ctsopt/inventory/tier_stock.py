"""Safety stock of tiers that share a place: separate, pooled, or rationed; and what each tier's part of it is.

Tiers are ordered from best to worst along the last axis. With a safety factor k_t for each, V_t the variance of demand
of tier t over the protection interval, V the sum of all and V_1..t that of the best t tiers:

* `separate`: each tier has its own stock, sum of k_t √V_t.
* `pooled`: everybody is served alike, at the best factor ("round-up"), k_1 √V.
* `rationed`: the last units are kept for better tiers. By nested layers, sum of (k_t − k_(t+1)) √V_1..t: what the best
  t tiers are promised beyond the next is held for their demand alone. By shares, sum of (V_t / V) k_t √V: of each
  layer only their share of all demand; this is optimistic.

Where k falls from tier to tier, share <= nested <= min(pooled, separate): V_1..t <= V, the root is subadditive, and
V_1..t / V is at most its root. A tier with a smaller factor than a worse one gets that one's: the two are one layer.
The names of the policies are those of Deshpande, Cohen and Donohue (2003); critical levels and their fill rates are in
`ctsopt.inventory.critical_levels`.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import at_least_zero, checked_fill_rate, known
from ctsopt.inventory.critical_levels import critical_levels
from ctsopt.inventory.reserve import reserve
from ctsopt.inventory.safety_stock import safety_stock

Floats = npt.NDArray[np.float64]

POLICIES = ("separate", "pooled", "rationed")
METHODS = ("nested", "exact", "share")


def tier_stock(fill_rate: npt.ArrayLike, volume: npt.ArrayLike, variance_to_mean: float, lead_time: float,
               review_time: float, lot_size: float = 0.0, order_interval: float = 0.0, lead_time_sd: float = 0.0,
               wait: float = 0.0, policy: str = "rationed", method: str = "nested") -> float:
    """Safety stock of a product at a place, for tiers that are promised different fill rates.

    Parameters
    ----------
    fill_rate : array-like
        Of each tier, in [0, 1), from best to worst.
    volume : array-like
        Of each tier, units per day.
    variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait : float
        As in `safety_stock`, of the product.
    policy : {"separate", "pooled", "rationed"}
    method : {"nested", "exact", "share"}
        How rationed stock is counted: `nested` as the stock of all at the lowest fill rate, and for each better tier
        the `reserve` that is kept for the tiers down to it (what plans are priced with); `exact` with the critical
        levels that the tiers need at these volumes (`critical_levels`); `share` as the mean of S(b_t, m_1..T) weighted
        with volume.

    Returns
    -------
    float
        Units above mean demand over the protection interval.

    Raises
    ------
    UsageError
        Tiers that are not ordered, arguments of different length, an unknown policy or method, and as `safety_stock`.

    Notes
    -----
    A separate stock of a tier is replenished for its own demand, in its own lots.

    With fill rates, `nested` may come to more than `pooled`: the reserve of the better tiers is enough whatever the
    volume of the others, and at their own volume less may be needed. `exact` never does.

    Examples
    --------
    >>> [round(tier_stock([0.99, 0.90], [30.0, 70.0], 36.0, 6.0, 1.0, 100.0, policy=p)) for p in POLICIES]
    [325, 341, 268]
    """
    policy, method = known(policy, POLICIES, "policy"), known(method, METHODS, "method")
    rate, volumes = _tiers(fill_rate, volume)

    def stock(b: npt.ArrayLike, m: npt.ArrayLike) -> Floats:
        return safety_stock(b, m, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd,
                            wait)

    if policy == "separate":
        return float(stock(rate, volumes).sum())
    together = float(volumes.sum())
    if policy == "pooled":
        return float(stock(rate[0], together))
    if method == "share":
        return float(volumes @ stock(rate, together)) / together if together > 0 else 0.0
    if method == "exact":
        found = critical_levels(rate, volumes, variance_to_mean, lead_time, review_time, lot_size, order_interval,
                                lead_time_sd, wait)
        return found.reorder_point - together * max(lead_time + review_time - wait, 0.0)
    best = np.cumsum(volumes)
    kept = reserve(rate[:-1], rate[1:], best[:-1], variance_to_mean, lead_time, review_time, lot_size, order_interval,
                   lead_time_sd, wait)
    return float(stock(rate[-1], together) + kept.sum())


def square_root_tier_stock(safety_factor: npt.ArrayLike, variance: npt.ArrayLike, policy: str = "rationed",
                           method: str = "nested") -> Floats:
    """Safety stock of tiers with given safety factors, by roots of variance.

    Parameters
    ----------
    safety_factor : array-like, shape (..., tiers)
        k of each tier >= 0, standard deviations, from best to worst.
    variance : array-like, shape (..., tiers)
        Of each tier's demand over the protection interval, squared units. Demands of tiers are independent.
    policy : {"separate", "pooled", "rationed"}
    method : {"nested", "share"}
        How rationed stock is counted.

    Returns
    -------
    float array, shape (...)
        Units.

    Raises
    ------
    UsageError
        A negative argument, or an unknown policy or method.

    Examples
    --------
    >>> [float(square_root_tier_stock([2.5, 1.0], [100.0, 300.0], p)) for p in ("pooled", "rationed")]
    [50.0, 35.0]
    """
    return np.asarray(square_root_tier_parts(safety_factor, variance, policy, method).sum(axis=-1), dtype=np.float64)


def square_root_tier_parts(safety_factor: npt.ArrayLike, variance: npt.ArrayLike, policy: str = "pooled",
                           method: str = "nested") -> Floats:
    """What part of the safety stock each tier is the reason for: layer by layer, by variance within a layer.

    The stock of a pool grows with the factor in layers: what lies between k_(t+1) and k_t is there for the best t tiers
    only, and they share it by their variances (the share of each in a root, by Aumann and Shapley; Euler's theorem).
    Parts follow the policy: in a pool a layer has the deviation of all demand, in nested layers only that of the
    tiers that it is held for.

    Parameters
    ----------
    safety_factor, variance, policy, method
        As in `square_root_tier_stock`.

    Returns
    -------
    float array, shape (..., tiers)
        Units; their sum over tiers is the stock.

    Examples
    --------
    >>> square_root_tier_parts([2.0, 1.5, 1.0], [144.0, 16.0, 9.0]).round(4)
    array([23.4269,  1.8808,  0.6923])
    """
    policy = known(policy, POLICIES, "policy")
    method = known(method, ("nested", "share"), "method of safety factors")
    factor, spread = np.broadcast_arrays(*at_least_zero(safety_factor=safety_factor, variance=variance))
    if factor.ndim == 0:
        raise UsageError("safety_factor and variance need one number for each tier, from best to worst")
    if policy == "separate":
        return np.asarray(factor * np.sqrt(spread))
    factor = np.maximum.accumulate(factor[..., ::-1], axis=-1)[..., ::-1]
    total = spread.sum(axis=-1, keepdims=True)
    if policy == "rationed" and method == "share":
        return np.asarray(np.divide(spread * factor, np.sqrt(total), out=np.zeros_like(spread), where=total > 0))
    layer = factor - np.concatenate([factor[..., 1:], np.zeros_like(factor[..., :1])], axis=-1)
    best = np.cumsum(spread, axis=-1)
    deviation = np.sqrt(total) if policy == "pooled" else np.sqrt(best)
    per_variance = np.divide(layer * deviation, best, out=np.zeros_like(best), where=best > 0)
    # Tier t takes part in the layers t, t+1, .. of all that are at most as good.
    parts: Floats = spread * np.cumsum(per_variance[..., ::-1], axis=-1)[..., ::-1]
    return parts


def pooled_sd(sd: npt.ArrayLike, correlation: npt.ArrayLike = 0.0) -> float:
    """Standard deviation of the sum of demands.

    Parameters
    ----------
    sd : array-like
        Of each demand, units.
    correlation : float or array-like, shape (demands, demands)
        Of every pair, or a matrix.

    Returns
    -------
    float
        Units. For n alike, sd √(n + n (n − 1) correlation); n independent ones need 1/√n of the stock that they need
        apart: with a **given safety factor**. With a given fill rate the factor falls with volume, too, and more than
        the root is saved (Eppen 1979 for the root).

    Raises
    ------
    UsageError
        A negative `sd`, or correlations that no demands can have.

    Examples
    --------
    >>> pooled_sd([10.0] * 4), pooled_sd([10.0] * 4, 1.0)
    (20.0, 40.0)
    """
    (each,) = at_least_zero(sd=np.atleast_1d(np.asarray(sd, dtype=np.float64)))
    pairs = np.asarray(correlation, dtype=np.float64)
    if pairs.ndim == 0:
        pairs = np.where(np.eye(len(each), dtype=bool), 1.0, pairs)
    if pairs.shape != (len(each), len(each)):
        raise UsageError(f"correlation has the shape {pairs.shape}: one number, or a row and a column for each of "
                         f"{len(each)} demands, is needed")
    if not (np.allclose(np.diag(pairs), 1.0) and np.allclose(pairs, pairs.T)
            and np.linalg.eigvalsh(pairs).min() >= -1e-9 * len(each)):
        raise UsageError("these correlations do not go together: no demands can have them")
    return math.sqrt(max(float(each @ pairs @ each), 0.0))


def _tiers(fill_rate: npt.ArrayLike, volume: npt.ArrayLike) -> tuple[Floats, Floats]:
    rate = np.atleast_1d(checked_fill_rate(fill_rate))
    (volumes,) = at_least_zero(volume=np.atleast_1d(np.asarray(volume, dtype=np.float64)))
    if rate.ndim != 1 or rate.shape != volumes.shape:
        raise UsageError(f"fill_rate and volume need one number for each tier, not {rate.shape} and {volumes.shape}")
    if (np.diff(rate) > 0).any():
        raise UsageError(f"tiers are ordered from the best fill rate to the worst, not {rate.tolist()}")
    return rate, volumes
