"""Demand over a time: what it exceeds a stock by (partial expectations), and its spread where lead times vary too."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from ctsopt.errors import UsageError
from ctsopt.inventory import discrete, gamma
from ctsopt.inventory.arguments import at_least_zero, checked_probabilities, known
from ctsopt.inventory.loss import second_order_loss, unit_normal_loss

Floats = npt.NDArray[np.float64]

DISTRIBUTIONS = ("gamma", "normal", "negative_binomial", "poisson")
"""Distributions of demand that mean and standard deviation describe. The last two are of whole units."""

WHOLE_UNITS = ("negative_binomial", "poisson")

_NORMAL_BELOW = 0.12
"""Coefficient of variation up to which a normal misses a fill rate of 98 % by at most 0.1 points."""


class LeadTimeDemand(NamedTuple):
    """Demand over the lead time (and the review time): mean and standard deviation, units."""

    mean: Floats
    sd: Floats


def partial_expectation(x: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
                        distribution: str = "gamma") -> Floats:
    """E[max(D − x, 0)]: the units by which demand exceeds x.

    Parameters
    ----------
    x : array-like
        Stock, units; it may be negative.
    mean, sd : array-like
        Of demand D over the time that is looked at, units. Where `sd` is 0 a `gamma` or `normal` is certain.
    distribution : str
        One of `DISTRIBUTIONS`. A `poisson` has no other spread than its mean: `sd` is not used. A
        `negative_binomial` with a variance of at most the mean is a Poisson.

    Returns
    -------
    float array
        Units, of the shape of the arguments broadcast together.

    Raises
    ------
    UsageError
        An unknown distribution, or a mean or `sd` that is negative or no number.

    Notes
    -----
    Burgin (1975) for the gamma, Hadley and Whitin (1963) for normal and Poisson.

    Examples
    --------
    >>> float(partial_expectation(100.0, 60.0, 40.0).round(6))
    4.972362
    """
    return _moments(x, mean, sd, distribution)[1]


def second_partial_expectation(x: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
                               distribution: str = "gamma") -> Floats:
    """E[max(D − x, 0)²] / 2: half the squared units by which demand exceeds x.

    Parameters
    ----------
    x, mean, sd, distribution
        As in `partial_expectation`.

    Returns
    -------
    float array
        Squared units.

    Raises
    ------
    UsageError
        As in `partial_expectation`.

    Examples
    --------
    >>> float(second_partial_expectation(100.0, 60.0, 40.0).round(6))
    162.168051
    """
    return _moments(x, mean, sd, distribution)[2]


def upper_tail(x: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike, distribution: str = "gamma") -> Floats:
    """Probability that demand exceeds x.

    Parameters
    ----------
    x, mean, sd, distribution
        As in `partial_expectation`.

    Returns
    -------
    float array
        In [0, 1].

    Raises
    ------
    UsageError
        As in `partial_expectation`.

    Examples
    --------
    >>> float(upper_tail(7, 5.0, 0.0, "poisson").round(6))
    0.133372
    """
    return _moments(x, mean, sd, distribution)[0]


def lead_time_demand(mean: npt.ArrayLike, sd: npt.ArrayLike, lead_time: npt.ArrayLike,
                     lead_time_sd: npt.ArrayLike = 0.0, review_time: npt.ArrayLike = 0.0) -> LeadTimeDemand:
    """Mean and standard deviation of demand over a random lead time and the review time, where orders do not cross.

    Parameters
    ----------
    mean, sd : array-like
        Of demand, units per day and units per square root of a day.
    lead_time, lead_time_sd : array-like
        Mean and standard deviation of the lead time, days.
    review_time : array-like
        Days; 0 where stock is watched all the time.

    Returns
    -------
    LeadTimeDemand
        Mean m (L + R) and standard deviation √((L + R) σ² + m² s_L²), units.

    Raises
    ------
    UsageError
        A negative figure, or one that is no number.

    Notes
    -----
    Hadley and Whitin (1963). Where orders overtake each other it states too much: `crossing_lead_time_demand`.

    Examples
    --------
    >>> mean, sd = lead_time_demand(60.0, 2.0, 5.0, 0.5, review_time=10.0)
    >>> float(mean), float(sd.round(5))
    (900.0, 30.98387)
    """
    m, sigma, lead, lead_sd, review = at_least_zero(
        mean=mean, sd=sd, lead_time=lead_time, lead_time_sd=lead_time_sd, review_time=review_time)
    days = lead + review
    return LeadTimeDemand(m * days, np.sqrt(days * sigma**2 + (m * lead_sd) ** 2))


def crossing_lead_time_demand(mean: npt.ArrayLike, sd: npt.ArrayLike, lead_times: npt.ArrayLike,
                              probabilities: npt.ArrayLike, order_interval: float = 1.0) -> LeadTimeDemand:
    """Mean and standard deviation of what is on order, where orders are frequent and may overtake each other.

    Every `order_interval` days the demand since the last order is ordered, with a lead time of its own. An order placed
    j intervals ago is still open with probability P_j = P(lead time > j × interval): it counts in the variance with
    P_j (1 − P_j) times its squared mean, in place of the variance of one lead time for all.

    Parameters
    ----------
    mean, sd : array-like
        Of demand, units per day and units per square root of a day.
    lead_times, probabilities : array-like
        Days that a lead time may take, and their probabilities, which sum to 1.
    order_interval : float
        Days between two orders, above 0.

    Returns
    -------
    LeadTimeDemand
        Units. For the stock of a base-stock policy this is the demand over the lead time.

    Raises
    ------
    UsageError
        Probabilities that do not sum to 1, a negative figure, or an interval that is not above 0.

    Notes
    -----
    Robinson, Bradley and Thomas (2001) on order crossover.

    Examples
    --------
    >>> mean, sd = crossing_lead_time_demand(100.0, 30.0, [3, 7], [0.5, 0.5])
    >>> float(mean), float((sd**2).round(6))
    (500.0, 14500.0)
    """
    m, sigma, days = at_least_zero(mean=mean, sd=sd, lead_times=lead_times)
    chance = checked_probabilities(probabilities, days)
    if not order_interval > 0:
        raise UsageError(f"order_interval is {order_interval:g}: it must be above 0 days")
    placed = order_interval * np.arange(int(np.ceil(days.max() / order_interval)) + 1)
    late = (days[:, None] > placed * (1 + 1e-12)).T @ chance
    variance = order_interval * sigma**2 * late.sum() + (m * order_interval) ** 2 * (late * (1 - late)).sum()
    return LeadTimeDemand(m * order_interval * late.sum(), np.sqrt(variance))


def crossing_lead_time_sd(lead_time_sd: npt.ArrayLike, volume: npt.ArrayLike, review_time: npt.ArrayLike,
                          lot_size: npt.ArrayLike = 0.0, order_interval: npt.ArrayLike = 0.0) -> Floats:
    """Standard deviation by which lead times spread what is on order, where orders may overtake each other.

    Where orders come in the order in which they were placed, one late order holds up all that follow: the lead time
    spreads demand by (m s_L)². Where each comes when it comes, the times of many orders even out. With d days between
    two orders, d = max(R, lot / m, order interval), what is on order then has the variance m² d ∫F(1 − F) of lead
    times; for normal ones ∫F(1 − F) is s_L / √π, and for any s_L / √3 at most. A spread that is small beside d changes
    the order of none: s_L stays.

    Parameters
    ----------
    lead_time_sd : array-like
        s_L, days.
    volume : array-like
        m, units per day.
    review_time, lot_size, order_interval : array-like
        R, days; least lot, units; days of demand in a lot.

    Returns
    -------
    float array
        Days, √(s_L min(s_L, d / √π)): to be taken in place of s_L.

    Raises
    ------
    UsageError
        A negative figure, or one that is no number.

    Notes
    -----
    Robinson, Bradley and Thomas (2001) on order crossover; `crossing_lead_time_demand` for known probabilities. As d
    falls to 0 every unit is ordered by itself, and the spread of lead times does not matter (Palm 1938).

    Examples
    --------
    >>> crossing_lead_time_sd(3.0, 100.0, 1.0, order_interval=[0.0, 5.0, 30.0]).round(3)
    array([1.301, 2.909, 3.   ])
    """
    spread, m, review, lot, interval = np.broadcast_arrays(*at_least_zero(
        lead_time_sd=lead_time_sd, volume=volume, review_time=review_time, lot_size=lot_size,
        order_interval=order_interval))
    days = np.maximum(review, interval)
    rare = lot > days * m
    apart = np.divide(lot, m, out=np.full(m.shape, np.inf), where=rare & (m > 0))
    return np.asarray(np.sqrt(spread * np.minimum(spread, np.where(rare, apart, days) / np.sqrt(np.pi))))


def choose_distribution(mean: npt.ArrayLike, sd: npt.ArrayLike,
                        orders_per_day: npt.ArrayLike = np.inf) -> npt.NDArray[np.str_]:
    """The distribution that suits demand over the protection interval: what `distribution="auto"` takes.

    Parameters
    ----------
    mean, sd : array-like
        Of demand over the protection interval (lead time and review time), units.
    orders_per_day : array-like
        Order lines per day, where demand comes in whole units. Below 1 such demand is intermittent.

    Returns
    -------
    str array
        `negative_binomial` for intermittent demand in whole units; else `normal` where sd / mean is below 0.12 (there
        it misses a fill rate of 98 % by at most 0.1 points), and `gamma` everywhere else.

    Raises
    ------
    UsageError
        A negative figure, or one that is no number.

    Examples
    --------
    >>> choose_distribution([100.0, 100.0, 3.0], [10.0, 60.0, 4.0], [20.0, 20.0, 0.2]).tolist()
    ['normal', 'gamma', 'negative_binomial']
    """
    m, sigma, orders = np.broadcast_arrays(*at_least_zero(mean=mean, sd=sd), np.asarray(orders_per_day, float))
    return np.where(orders < 1, "negative_binomial", np.where(sigma < _NORMAL_BELOW * m, "normal", "gamma"))


def _moments(x: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike, distribution: str
             ) -> tuple[Floats, Floats, Floats]:
    """P(D > x), E[max(D − x, 0)] and E[max(D − x, 0)²]/2."""
    known(distribution, DISTRIBUTIONS, "distribution of demand")
    m, sigma = at_least_zero(mean=mean, sd=sd)
    level, m, sigma = np.broadcast_arrays(np.asarray(x, dtype=np.float64), m, sigma)
    if not np.isfinite(level).all():
        raise UsageError("a stock is not a number")
    certain = m <= 0
    if distribution == "normal":
        certain = sigma <= 0
    elif distribution == "gamma":
        certain = certain | (sigma <= 0)
    found = (np.empty(level.shape), np.empty(level.shape), np.empty(level.shape))
    rules = {"gamma": _gamma_moments, "normal": _normal_moments}
    for part, rule in ((certain, _certain_moments), (~certain, rules.get(distribution, _whole_moments))):
        if part.any():
            spread = np.sqrt(m[part]) if distribution == "poisson" else sigma[part]
            for values, one in zip(found, rule(level[part], m[part], spread), strict=True):
                values[part] = one
    return found


def _certain_moments(x: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats, Floats]:
    short = np.maximum(mean - x, 0.0)
    return (mean > x).astype(np.float64), short, short**2 / 2


def _normal_moments(x: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats, Floats]:
    z = (x - mean) / sd
    return special.ndtr(-z), sd * unit_normal_loss(z), sd**2 * second_order_loss(z)


def _gamma_moments(x: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats, Floats]:
    scale = sd**2 / mean
    shape = mean / scale
    tail, first, second = gamma.partial_expectations(shape, np.maximum(x / scale, 1e-300))
    short, above = mean - x, x > 0
    return (np.where(above, tail, 1.0), np.where(above, scale * first, short),
            np.where(above, scale**2 * second, (short**2 + sd**2) / 2))


def _whole_moments(x: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats, Floats]:
    """Between two whole numbers the excess falls in a straight line, as fast as the tail says."""
    whole = np.floor(x)
    tail, first, twice = discrete.partial_expectations(whole, mean, sd**2)
    part = x - whole
    second = twice + first / 2
    return tail, first - part * tail, second - part * first + part**2 * tail / 2
