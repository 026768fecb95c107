"""Service of order lines: orders of known sizes that come at random (compound Poisson), and orders of several lines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import at_least_zero
from ctsopt.inventory.discrete import checked_sizes, compound_poisson_pmf

Floats = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(12)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


class OrderService(NamedTuple):
    """How well one stock serves orders of random size.

    Attributes
    ----------
    fill_rate : float
        Share of units shipped from stock at once.
    line_fill_rate : float
        Share of order lines shipped whole at once.
    ready_rate : float
        Share of time with stock on hand; by far the easiest of the three to reach.
    """

    fill_rate: float
    line_fill_rate: float
    ready_rate: float


def order_service(reorder_point: int, lot_size: int, orders_per_day: float, sizes: npt.ArrayLike,
                  probabilities: npt.ArrayLike, lead_time: float, review_time: float = 0.0) -> OrderService:
    """Fill rate, line fill rate and ready rate where orders of random size come at random.

    Parameters
    ----------
    reorder_point, lot_size : int
        s and Q, whole units, Q at least 1. A base stock S is s = S − 1, Q = 1.
    orders_per_day : float
        Order lines per day, above 0.
    sizes, probabilities : array-like
        Whole sizes of an order line, units, and their probabilities, which sum to 1.
    lead_time : float
        L, days.
    review_time : float
        R, days; 0 where stock is watched all the time.

    Returns
    -------
    OrderService
        Shares in [0, 1]. Units of a line that is short are shipped as far as stock goes, the rest waits.

    Raises
    ------
    UsageError
        Figures that are negative or not whole where they must be; sizes and lot with a common divisor above 1, with
        which positions are not uniform (count in units of the divisor then).

    Notes
    -----
    The stock level is the position, uniform on s + 1, .., s + Q, less the demand over t days, by Panjer's recursion;
    t = L, or all times from L to L + R. An arriving order sees the level of a random time (Wolff 1982).

    Examples
    --------
    >>> found = order_service(12, 15, 0.5, [1, 10], [0.8, 0.2], 4.0)
    >>> [round(share, 5) for share in found]
    [0.89289, 0.91749, 0.95191]
    """
    size, chance = checked_sizes(sizes, probabilities)
    lead, review, rate = (float(part) for part in at_least_zero(
        lead_time=lead_time, review_time=review_time, orders_per_day=orders_per_day))
    if reorder_point != int(reorder_point) or lot_size != int(lot_size) or lot_size < 1:
        raise UsageError("reorder_point and lot_size must be whole, and lot_size at least 1")
    if rate <= 0:
        raise UsageError("orders_per_day is 0: without orders there is nothing to measure")
    common = int(np.gcd.reduce(np.append(size, int(lot_size))))
    if common > 1:
        raise UsageError(f"all order sizes and lot_size are multiples of {common}: count in units of {common}")
    times, weights = (lead + review * _NODES, _WEIGHTS) if review > 0 else (np.array([lead]), np.ones(1))
    level = np.array([_level(int(reorder_point), int(lot_size), rate * t, size, chance) for t in times])
    return _service(weights @ level, size, chance)


def line_fill_rate(reorder_point: int, lot_size: int, orders_per_day: float, sizes: npt.ArrayLike,
                   probabilities: npt.ArrayLike, lead_time: float, review_time: float = 0.0) -> float:
    """Share of order lines that are shipped whole at once.

    Parameters
    ----------
    reorder_point, lot_size, orders_per_day, sizes, probabilities, lead_time, review_time
        As in `order_service`.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    UsageError
        As in `order_service`.

    Examples
    --------
    >>> round(line_fill_rate(12, 15, 0.5, [1, 10], [0.8, 0.2], 4.0), 5)
    0.91749
    """
    found = order_service(reorder_point, lot_size, orders_per_day, sizes, probabilities, lead_time, review_time)
    return found.line_fill_rate


def order_fill_rate(line_fill_rates: npt.ArrayLike) -> Floats:
    """Share of orders with all their lines filled, where the stocks of the lines are independent.

    Parameters
    ----------
    line_fill_rates : array-like
        Line fill rates of the lines of an order, along the last axis.

    Returns
    -------
    float array
        Their product. Where the stocks are not independent, it is at most the least of them.

    Raises
    ------
    UsageError
        A rate outside [0, 1].

    Examples
    --------
    >>> float(order_fill_rate([0.98] * 10).round(3))
    0.817
    """
    rates = np.asarray(line_fill_rates, dtype=np.float64)
    if rates.ndim == 0 or not ((rates >= 0) & (rates <= 1)).all():
        raise UsageError("line fill rates must be a list of shares between 0 and 1")
    return np.asarray(np.prod(rates, axis=-1))


def _level(reorder_point: int, lot: int, orders: float, size: npt.NDArray[np.int64], chance: Floats) -> Floats:
    """P(stock level = 0 or less, 1, .., s + Q), the first number for all levels without stock."""
    highest = reorder_point + lot
    if highest <= 0:
        return np.ones(1)
    demand = compound_poisson_pmf(orders, size, chance, highest)
    positions = np.zeros(highest + 1)
    positions[max(reorder_point + 1, 0):] = 1 / lot
    # Level y = position − demand: a correlation, of which y = 1 .. highest are wanted.
    level = np.convolve(positions[::-1], demand)[:highest][::-1]
    return np.concatenate([[1 - level.sum()], level])


def _service(level: Floats, size: npt.NDArray[np.int64], chance: Floats) -> OrderService:
    stock = np.arange(len(level))
    within = np.zeros(len(level))
    fits = size < len(level)
    np.add.at(within, size[fits], chance[fits])
    served = np.minimum.outer(stock, size) @ chance
    return OrderService(float(level @ served / (size @ chance)), float(level @ np.cumsum(within)),
                        float(1 - level[0]))
