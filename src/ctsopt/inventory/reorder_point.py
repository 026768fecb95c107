"""The reorder point and the safety factor that a fill rate needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Unpack

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import at_least_zero, checked_fill_rate, known
from ctsopt.inventory.demand import WHOLE_UNITS
from ctsopt.inventory.fill_rate import fill_rate as fill_rate_of
from ctsopt.inventory.loss import unit_normal_loss_inverse
from ctsopt.inventory.over_lot import mean_over_lot
from ctsopt.inventory.policy import PolicyOptions
from ctsopt.inventory.roots import root_between

Floats = npt.NDArray[np.float64]

_DOUBLINGS = 200


class ReorderPoint(NamedTuple):
    """A reorder point and the fill rate that it attains.

    Attributes
    ----------
    reorder_point : float array
        Units; with policy `rs` the order-up-to level.
    fill_rate : float array
        That of the reorder point: in whole units it is above the target, which lies between two steps.
    """

    reorder_point: Floats
    fill_rate: Floats


class SafetyFactor(NamedTuple):
    """Safety stock over the standard deviation of lead-time demand.

    Attributes
    ----------
    safety_factor : float array
        Standard deviations.
    floored : bool array
        Where the formula asks for a negative factor, and 0 stands instead.
    """

    safety_factor: Floats
    floored: npt.NDArray[np.bool_]


def reorder_point_for_fill_rate(fill_rate: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
                                lead_time: npt.ArrayLike, *, method: str = "exact", wait: npt.ArrayLike = 0.0,
                                **options: Unpack[PolicyOptions]) -> ReorderPoint:
    """The least reorder point whose fill rate is at least `fill_rate`.

    Parameters
    ----------
    fill_rate : array-like
        Target, at least 0 and below 1.
    mean, sd, lead_time, method, wait, options
        As in `fill_rate`. With `lead_time_probabilities` the targets must have the shape of the result.

    Returns
    -------
    ReorderPoint
        Reorder points, units (whole ones for `negative_binomial` and `poisson`), and the fill rates that they attain. A
        reorder point is no lower than −`lot_size`, from which no order brings the position above 0; it may well
        be below the mean demand over the protection interval (a negative safety stock).

    Raises
    ------
    UsageError
        A target of 1 or above, `auto` for demand in whole units, or as in `fill_rate`.

    Examples
    --------
    >>> found = reorder_point_for_fill_rate(0.95, 100.0, 60.0, 6.0, lot_size=200.0)
    >>> float(found.reorder_point.round(1))
    860.6
    >>> whole = reorder_point_for_fill_rate(0.95, 1.0, 1.0, 5.0, policy="sq", lot_size=1, distribution="poisson")
    >>> float(whole.reorder_point), float(whole.fill_rate.round(6))
    (9.0, 0.968172)
    """
    target = checked_fill_rate(fill_rate)
    distribution = options.get("distribution", "gamma")
    if distribution == "auto" and "orders_per_day" in options:
        raise UsageError("a reorder point needs one distribution: name it, instead of 'auto' with orders_per_day")

    def attained(point: Floats) -> Floats:
        return fill_rate_of(point, mean, sd, lead_time, method=method, wait=wait, **options)

    lot = np.asarray(options.get("lot_size", 0.0), dtype=np.float64)
    target, least, low = np.broadcast_arrays(target, attained(-lot), -lot)
    high = _above(attained, target, low)
    point = _bisected(attained, target, low, high) if distribution in WHOLE_UNITS else root_between(
        lambda s: attained(s) - target, low, high)
    point = np.where(least >= target, low, point)
    return ReorderPoint(point, attained(point))


def safety_factor(fill_rate: npt.ArrayLike, lot_size: npt.ArrayLike, sd: npt.ArrayLike, *, method: str = "exact",
                  allow_negative: bool = False) -> SafetyFactor:
    """Safety factor of normal lead-time demand for a fill rate, policy (s, Q), demand unit by unit.

    Parameters
    ----------
    fill_rate : array-like
        Target, at least 0 and below 1.
    lot_size : array-like
        Q, units, above 0.
    sd : array-like
        Standard deviation of demand over the lead time, units, above 0.
    method : str
        `exact`: G(k) − G(k + Q/sd) = Q (1 − fill rate)/sd. `classic`: G(k) = Q (1 − fill rate)/sd, which counts
        shortages that last for several orders again and asks for too much where Q is below 2 sd.
    allow_negative : bool
        Where the cycle stock alone serves more than the target, the factor is negative: stock runs out before each
        delivery, as planned. Without leave it is 0, and `floored` tells.

    Returns
    -------
    SafetyFactor
        Reorder point = mean demand over the lead time + factor × sd.

    Raises
    ------
    UsageError
        A target of 1 or above (its factor is infinite), or a lot or `sd` that is not above 0.

    Notes
    -----
    Brown (1959) for the classic form; Hadley and Whitin (1963) for the exact one.

    Examples
    --------
    >>> float(safety_factor(0.98, 100.0, 25.0, method="classic").safety_factor.round(5))
    1.02124
    >>> found = safety_factor(0.5, 100.0, 25.0)
    >>> float(found.safety_factor), bool(found.floored)
    (0.0, True)
    """
    known(method, ("exact", "classic"), "method")
    target, lot, spread = np.broadcast_arrays(checked_fill_rate(fill_rate), *at_least_zero(lot_size=lot_size, sd=sd))
    if not ((lot > 0).all() and (spread > 0).all()):
        raise UsageError("a safety factor needs a lot_size and an sd above 0")
    width = lot / spread
    wanted = width * (1 - target)
    factor = unit_normal_loss_inverse(wanted)
    if method == "exact":
        zero, one = np.zeros_like(width), np.ones_like(width)
        factor = root_between(lambda k: mean_over_lot(k, width, zero, one, "normal")[1] - (1 - target),
                              -width - 40.0, factor)
        factor = np.where(target > 0, factor, -np.inf)
    floored = (factor < 0) & (not allow_negative)
    return SafetyFactor(np.where(floored, 0.0, factor), np.asarray(floored))


def _above(attained: Callable[[Floats], Floats], target: Floats, start: Floats) -> Floats:
    """A whole number of units, from which the target is attained."""
    step = np.ones_like(target)
    for _ in range(_DOUBLINGS):
        short = attained(start + step) < target
        if not short.any():
            return start + step
        step = np.where(short, 2 * step, step)
    raise UsageError("no reorder point attains the fill rate: is a lead time or a standard deviation far too large?")


def _bisected(attained: Callable[[Floats], Floats], target: Floats, low: Floats, high: Floats) -> Floats:
    """The least whole reorder point that attains the target; `low` does not, `high` does."""
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        enough = attained(middle) >= target
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
