"""How many units to keep for better ranks before their orders come: Littlewood's rule and its two extensions.

Demand of each rank is Poisson, or normal where a standard deviation is given. Values are those of a unit served.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import at_least_zero
from ctsopt.keys import Floats


def littlewood(ratio: float, mean: float, sd: float | None = None) -> float:
    """Units to keep for a better rank: as many as it calls for with a probability above `ratio`.

    Parameters
    ----------
    ratio : float
        Value of a unit to the lesser rank over its value to the better one.
    mean, sd : float
        Demand of the better rank; Poisson where no standard deviation is given, else normal.

    Returns
    -------
    float
        max{y: P(D >= y) > ratio}; y with P(D > y) = ratio for a normal demand.

    Examples
    --------
    >>> littlewood(0.4, 10)
    11.0
    """
    from scipy import stats

    if not 0 < ratio < 1:
        raise UsageError(f"ratio is {ratio:g}: the lesser rank's value over the better one's is between 0 and 1")
    at_least_zero(mean=mean, sd=0.0 if sd is None else sd)
    if sd is not None:
        return float(stats.norm.ppf(1 - ratio, mean, sd)) if sd > 0 else float(mean)
    # P(D >= y) > ratio means P(D <= y - 1) < 1 - ratio: y is the first number at which that is no longer so.
    return float(stats.poisson.ppf(1 - ratio, mean))


def protection_levels(values: npt.ArrayLike, means: npt.ArrayLike, sds: npt.ArrayLike, *,
                      method: str = "pooled") -> Floats:
    """Units to keep for each rank and all better ones together from the ranks below it.

    Parameters
    ----------
    values : array
        Value of a unit to each rank, the best first; falling.
    means, sds : arrays
        Normal demand of each rank.
    method : str
        `pooled` (EMSR-b: the better ranks are one, with their mean value) or `summed` (EMSR-a: Littlewood's numbers
        against each better rank, added up).

    Returns
    -------
    float array
        One level for each rank but the last.

    Examples
    --------
    >>> protection_levels([1050, 567, 534, 520], [17.3, 45.1, 39.6, 34], [5.8, 15, 13.2, 11.3]).round(2).tolist()
    [16.72, 50.94, 83.15]
    """
    from scipy import stats

    value, mean, sd = at_least_zero(values=values, means=means, sds=sds)
    if (np.diff(value) > 0).any():
        raise UsageError("values must fall from the best rank to the last")
    if method not in {"pooled", "summed"}:
        raise UsageError(f"there is no method {method!r}: pooled or summed")
    ranks = np.arange(1, len(value))
    if method == "summed":
        ratio = np.minimum(value[None, 1:] / value[:, None], 1.0)
        levels = stats.norm.ppf(1 - ratio, mean[:, None], sd[:, None])
        better = np.arange(len(value))[:, None] < ranks[None, :]
        return np.asarray(np.where(better, levels, 0.0).sum(axis=0), dtype=np.float64)
    total, spread = np.cumsum(mean)[:-1], np.sqrt(np.cumsum(sd**2))[:-1]
    average = np.cumsum(value * mean)[:-1] / total
    return np.asarray(stats.norm.ppf(1 - value[1:] / average, total, spread), dtype=np.float64)
