"""Lead times as random variables: percentiles and on-time probabilities of transit.

Transit time is given by its mean and standard deviation. With cv = sd / mean, the lognormal has s² = ln(1 + cv²) and
m = ln(mean) - s²/2; the gamma has shape 1/cv² and scale mean·cv²; the normal is itself (it can be negative and
understates upper percentiles: use it only where data say so).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from ctsopt.errors import UsageError

Floats = npt.NDArray[np.float64]

DISTRIBUTIONS = ("lognormal", "gamma", "normal")
"""Distributions of transit time, in the order of their codes."""


def on_time_probability(limit: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
                        distribution: npt.ArrayLike | str = "lognormal") -> Floats:
    """Probability that a transit time is at most `limit`.

    Parameters
    ----------
    limit, mean, sd : array-like
        Days; they are broadcast together. Where `sd` (or `mean`) is 0 the transit time is fixed.
    distribution : str or array of codes
        One of `DISTRIBUTIONS`, or a code per element (its position there).

    Returns
    -------
    float array
        Probability in [0, 1].

    Examples
    --------
    >>> float(on_time_probability(4.0, 3.0, 0.75).round(4))
    0.9017
    """
    limit, mean, sd, code = _broadcast(limit, mean, sd, distribution)
    # A limit met to the last digit counts as met: sums of times carry rounding errors.
    chance = np.where(limit >= mean - 1e-9 * np.maximum(1.0, mean), 1.0, 0.0)
    for k in range(len(DISTRIBUTIONS)):
        part = (code == k) & (sd > 0) & (mean > 0)
        if part.any():
            chance[part] = _below(k, limit[part], mean[part], sd[part])
    return chance


def transit_percentile(probability: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
                       distribution: npt.ArrayLike | str = "lognormal") -> Floats:
    """Transit time that is not exceeded with `probability`.

    Parameters
    ----------
    probability : array-like
        In (0, 1).
    mean, sd : array-like
        Days.
    distribution : str or array of codes
        One of `DISTRIBUTIONS`, or a code per element.

    Returns
    -------
    float array
        Days.

    Examples
    --------
    >>> float(transit_percentile(0.95, 3.0, 0.75).round(4))
    4.3636
    """
    probability, mean, sd, code = _broadcast(probability, mean, sd, distribution)
    days = mean.copy()
    for k in range(len(DISTRIBUTIONS)):
        part = (code == k) & (sd > 0) & (mean > 0)
        if part.any():
            days[part] = _percentile(k, probability[part], mean[part], sd[part])
    return days


def _broadcast(first: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
               distribution: npt.ArrayLike | str) -> tuple[Floats, Floats, Floats, npt.NDArray[np.int64]]:
    if isinstance(distribution, str) and distribution not in DISTRIBUTIONS:
        raise UsageError(f"there is no distribution {distribution!r}: one of {', '.join(DISTRIBUTIONS)}")
    code = DISTRIBUTIONS.index(distribution) if isinstance(distribution, str) else distribution
    parts = np.broadcast_arrays(np.asarray(first, float), np.asarray(mean, float), np.asarray(sd, float),
                                np.asarray(code, dtype=np.int64))
    return parts[0], parts[1].copy(), parts[2], parts[3]


def _below(kind: int, limit: Floats, mean: Floats, sd: Floats) -> Floats:
    if DISTRIBUTIONS[kind] == "normal":
        return np.asarray(special.ndtr((limit - mean) / sd))
    positive = np.maximum(limit, 0.0)
    if DISTRIBUTIONS[kind] == "gamma":
        return np.asarray(special.gammainc((mean / sd) ** 2, positive * mean / sd**2))
    spread = np.sqrt(np.log1p((sd / mean) ** 2))
    with np.errstate(divide="ignore"):
        return np.asarray(special.ndtr((np.log(positive / mean) + spread**2 / 2) / spread))


def _percentile(kind: int, probability: Floats, mean: Floats, sd: Floats) -> Floats:
    if DISTRIBUTIONS[kind] == "normal":
        return np.asarray(mean + sd * special.ndtri(probability))
    if DISTRIBUTIONS[kind] == "gamma":
        return np.asarray(special.gammaincinv((mean / sd) ** 2, probability) * sd**2 / mean)
    spread = np.sqrt(np.log1p((sd / mean) ** 2))
    return np.asarray(mean * np.exp(spread * special.ndtri(probability) - spread**2 / 2))
