"""Stock on hand where customers are told to wait, and goods that are there leave before the wait is over."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ctsopt.inventory.arguments import at_least_zero
from ctsopt.inventory.gamma import mean_shortage, over_nodes
from ctsopt.inventory.safety_stock import SHORTEST_REVIEW

Floats = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


class HeldStock(NamedTuple):
    """Stock on hand, taken apart.

    Attributes
    ----------
    cycle, safety : float array
        Units: cycle stock less what leaves early, max((Q + m R) / 2 − m w, 0), and the rest of what is on hand.
    """

    cycle: Floats
    safety: Floats


def held_stock(safety_stock: npt.ArrayLike, volume: npt.ArrayLike, variance_to_mean: npt.ArrayLike,
               lead_time: npt.ArrayLike, review_time: npt.ArrayLike, lot_size: npt.ArrayLike,
               order_interval: npt.ArrayLike, lead_time_sd: npt.ArrayLike = 0.0,
               wait: npt.ArrayLike = 0.0) -> HeldStock:
    """Cycle and safety stock on hand, where goods that are there leave before a wait is over.

    Parameters
    ----------
    safety_stock, volume, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait
        As in `stock_on_hand`.

    Returns
    -------
    HeldStock
        They add up to `stock_on_hand`, but never to more than (Q + m R) / 2 + safety stock: what is short is not
        counted in stock that is held to its day either.

    Raises
    ------
    UsageError
        As in `stock_on_hand`.

    Examples
    --------
    >>> [part.round(1).tolist() for part in held_stock([11.4, 60.0], 20.0, 8.0, 6.0, 1.0, 0.0, [5.0, 0.0], wait=2.0)]
    [[20.0, 0.0], [17.8, 33.8]]
    """
    policy = (volume, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait)
    safety, m, least, review, interval, waited = np.broadcast_arrays(*at_least_zero(
        safety_stock=safety_stock, volume=volume, lot_size=lot_size, review_time=review_time,
        order_interval=order_interval, wait=wait))
    whole = np.where(m > 0, (np.maximum(least, m * interval) + m * review) / 2, 0.0)
    on_hand = np.minimum(stock_on_hand(safety_stock, *policy), whole + safety)
    cycle = np.maximum(whole - m * waited, 0.0)
    return HeldStock(cycle, np.maximum(on_hand - cycle, 0.0))


def stock_on_hand(safety_stock: npt.ArrayLike, volume: npt.ArrayLike, variance_to_mean: npt.ArrayLike,
                  lead_time: npt.ArrayLike, review_time: npt.ArrayLike, lot_size: npt.ArrayLike,
                  order_interval: npt.ArrayLike, lead_time_sd: npt.ArrayLike = 0.0,
                  wait: npt.ArrayLike = 0.0) -> Floats:
    """Mean units on hand under the (R, s, nQ) policy, where every order is filled as soon as there are goods.

    With the protection interval T = max(L + R − w, 0) the reorder point is s = m T + safety stock. After a review the
    position lies evenly between s and s + Q, and between the time L after it and the next such time, L + R, the stock
    is what demand since the review has left of it:

        on hand = mean over y in (s, s + Q), t in (L, L + R) of E[max(y − D_t, 0)]

    Parameters
    ----------
    safety_stock : array-like
        Units above mean demand over the protection interval, as `safety_stock` gives them.
    volume, variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait : array-like
        As in `safety_stock`.

    Returns
    -------
    float array
        Units. If every order were held to its day, they would be (Q + m R) / 2 + safety stock, and what is short.

    Raises
    ------
    UsageError
        An argument that is negative, infinite or not a number.

    Examples
    --------
    >>> from ctsopt.inventory.safety_stock import safety_stock
    >>> stock = 20.0, 8.0, 6.0, 1.0, 0.0, 5.0, 0.0, 2.0
    >>> float(stock_on_hand(safety_stock(0.95, *stock), *stock).round(1))
    37.8
    """
    safety, m, q, lead, review, least, interval, sd, wait = np.broadcast_arrays(*at_least_zero(
        safety_stock=safety_stock, volume=volume, variance_to_mean=variance_to_mean, lead_time=lead_time,
        review_time=review_time, lot_size=lot_size, order_interval=order_interval, lead_time_sd=lead_time_sd,
        wait=wait))
    review = np.maximum(review, SHORTEST_REVIEW)
    lot = np.maximum(least, m * interval)
    point = m * np.maximum(lead + review - wait, 0.0) + safety
    days = lead + np.multiply.outer(_NODES, review)
    mean, variance = m * days, q * m * days + (sd * m) ** 2
    short = over_nodes(_WEIGHTS, _short(mean, variance, point, lot))
    on_hand = point + lot / 2 - m * (lead + review / 2) + short
    return np.where(m > 0, np.maximum(on_hand, 0.0), 0.0)


def _short(mean: Floats, variance: Floats, point: Floats, lot: Floats) -> Floats:
    """Mean of E[max(D − y, 0)] over y from `point` to `point + lot`; of certain demand where there is no variance."""
    point, lot = (np.broadcast_to(part, mean.shape) for part in (point, lot))
    uncertain = variance > 0
    scale = np.divide(variance, mean, out=np.ones_like(mean), where=uncertain)
    short = np.maximum(mean - point, 0.0)
    under = np.minimum(short, lot)
    result = np.divide(under * (short - under / 2), lot, out=short, where=lot > 0)
    low = np.maximum(point, 1e-300 * scale)
    result[uncertain] = mean_shortage(*(part[uncertain] for part in (mean / scale, scale, low, lot)))[0]
    return result
