"""On-time delivery where goods may have to be waited for: wait for stock and transit together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import at_least_zero
from ctsopt.inventory.lead_time import on_time_probability, transit_percentile

Floats = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2
# Percentiles run off at both ends: nodes are crowded there, by t³ (10 − 15 t + 6 t²).
_WEIGHTS = _WEIGHTS * 30 * (_NODES * (1 - _NODES)) ** 2
_NODES = _NODES**3 * (10 - 15 * _NODES + 6 * _NODES**2)


def on_time_delivery(limit: npt.ArrayLike, window: Callable[[Floats], Floats], transit_mean: npt.ArrayLike,
                     transit_sd: npt.ArrayLike, transit_distribution: str = "lognormal", *,
                     processing_time: npt.ArrayLike = 0.0, longest_wait: npt.ArrayLike = 0.0) -> Floats:
    """Share of demand that arrives within `limit` days of its order, waits for stock included.

    Parameters
    ----------
    limit : array-like
        Days from order to delivery.
    window : callable
        Takes an array of waits >= 0, days, and gives the share of demand that is shipped within each: for
        instance `lambda wait: window_fill_rate(wait, ...)`.
    transit_mean, transit_sd, transit_distribution
        Of the transit time, days: as in `on_time_probability`.
    processing_time : array-like
        Days before goods can leave, whatever the stock.
    longest_wait : array-like
        Days after which `window` has a bend or is 1, such as the lead time of the stock (with a review period, lead
        and review time): states where to split the integral, and makes it exact there.

    Returns
    -------
    float array
        ∫ window(limit − processing − x) dF(x) over transit times x up to limit − processing; of the shape of the
        arguments broadcast together.

    Raises
    ------
    UsageError
        A negative time, or a `window` whose shares do not fall in [0, 1].

    Notes
    -----
    Independence of stock and transit is all it takes. The product of fill rate and on-time transit is less: who waits
    for stock may still be on time.

    Examples
    --------
    >>> from ctsopt.inventory.fill_rate import window_fill_rate
    >>> def window(wait):
    ...     return window_fill_rate(wait, 7, 1.0, 1.0, 5.0, policy="sq", lot_size=1, distribution="poisson")
    >>> float(on_time_delivery(5.0, window, 2.0, 1.0, processing_time=1.0, longest_wait=5.0).round(6))
    0.939011
    """
    limit, mean, sd, processing, longest = np.broadcast_arrays(*at_least_zero(
        limit=limit, transit_mean=transit_mean, transit_sd=transit_sd, processing_time=processing_time,
        longest_wait=longest_wait))
    slack = limit - processing
    certain = (sd <= 0) | (mean <= 0)
    whole = np.where(slack >= 0, on_time_probability(np.maximum(slack, 0.0), mean, sd, transit_distribution), 0.0)
    early = np.maximum(slack - longest, 0.0)
    sure = np.where((longest > 0) & (slack > longest), on_time_probability(early, mean, sd, transit_distribution), 0.0)
    # By share of transits: those in [0, sure] leave a wait beyond the longest, those in [sure, whole] a shorter one.
    total = np.zeros(limit.shape)
    for low, high in ((np.zeros_like(sure), sure), (sure, whole)):
        share = np.clip(low + np.multiply.outer(_NODES, high - low), 1e-300, 1 - 1e-16)
        time = np.where(certain, mean, transit_percentile(share, mean, sd, transit_distribution))
        served = window(np.maximum(slack - time, 0.0))
        if not ((served >= 0) & (served <= 1 + 1e-12)).all():
            raise UsageError("window gave a share outside 0 to 1")
        total = total + (high - low) * np.tensordot(_WEIGHTS, served, axes=1)
    return total
