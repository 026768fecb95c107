"""The reserve that is kept for better classes where all share one stock: how much, whatever the worse ones take."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ctsopt.inventory.safety_stock import safety_stock

Floats = npt.NDArray[np.float64]

DOUBLINGS = 12
"""All demand of a place is looked at from that of the better classes alone up to 2^12 times as much."""


def reserve(fill_rate: npt.ArrayLike, fill_rate_below: npt.ArrayLike, volume: npt.ArrayLike,
            variance_to_mean: npt.ArrayLike, lead_time: npt.ArrayLike, review_time: npt.ArrayLike,
            lot_size: npt.ArrayLike, order_interval: npt.ArrayLike, lead_time_sd: npt.ArrayLike = 0.0,
            wait: npt.ArrayLike = 0.0) -> Floats:
    """Units kept for classes with a better fill rate, so that they get it whatever the volume of the worse ones.

    With S the safety stock of one class of demand, m the volume of the better classes, M that of all and
    T = max(L + R − w, 0)

        reserve = max over M = m, 2 m, 4 m, .., 2^12 m of √((m + a) / (M + a)) × [S(b, M) − S(b', M)],   a = q / (2 T)

    What all demand needs for the better fill rate beyond the worse one is needed for a part of the demand only; the
    root of its share is on the safe side (demand over a time has a standard deviation, not only a mean). M is the
    volume at which this is most, because it is the lot that decides: to a small class with a large lot of its own
    little is ever short, but the lot is used up by all. a is half an order in the protection interval: of a class that
    orders seldom, one order counts.

    Parameters
    ----------
    fill_rate, fill_rate_below : array-like
        b of the classes that the reserve is for, b' of the next class, in [0, 1).
    volume, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait
        As in `safety_stock`, of the better classes together; the lot is that of all.

    Returns
    -------
    float array
        Units; 0 where there is no volume.

    Raises
    ------
    UsageError
        As `safety_stock`.

    Examples
    --------
    >>> reserve(0.98, 0.90, [2.0, 20.0], 10.0, 7.0, 1.0, 500.0, 0.0).round(1)
    array([ 6.3, 17.7])
    """
    m, q, lead, review, wait = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (
        volume, variance_to_mean, lead_time, review_time, wait)))

    def excess(times: float) -> Floats:
        policy = (m * times, q, lead, review, lot_size, order_interval, lead_time_sd, wait)
        return safety_stock(fill_rate, *policy) - safety_stock(fill_rate_below, *policy)

    return largest_reserve(excess, m, q, lead + review - wait)


def largest_reserve(excess: Callable[[float], Floats], volume: npt.ArrayLike, variance_to_mean: npt.ArrayLike,
                    days: npt.ArrayLike) -> Floats:
    """The reserve from what all need beyond the next class, where they have so many times the volume."""
    found = np.maximum(excess(1.0), 0.0)
    for doubling in range(1, DOUBLINGS + 1):
        part = share_of_excess(volume, doubling, variance_to_mean, days)
        found = np.maximum(found, excess(2.0**doubling) * part)
    return found


def share_of_excess(volume: npt.ArrayLike, doubling: int, variance_to_mean: npt.ArrayLike,
                    days: npt.ArrayLike) -> Floats:
    """√((m + a) / (2^doubling m + a)) with a = q / (2 T): of what all need beyond the next class, what is kept."""
    m, q, whole = (np.asarray(part, dtype=np.float64) for part in (volume, variance_to_mean, days))
    half = np.divide(q, 2.0 * whole, out=np.zeros(np.broadcast_shapes(q.shape, whole.shape)), where=whole > 0)
    top, bottom = m + half, 2.0**doubling * m + half
    return np.asarray(np.sqrt(np.divide(top, bottom, out=np.ones_like(bottom), where=bottom > 0)))
