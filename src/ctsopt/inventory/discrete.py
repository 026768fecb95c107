"""Demand in whole units: Poisson, negative binomial, and compound Poisson by Panjer's recursion.

With mean m, variance v and ρ = v/m >= 1, P(x) = P(D >= x) and p(x) = P(D = x), at a whole x >= 0

    E[max(D − x, 0)]                           = (m − x) P(x) + ρ x p(x)
    E[max(D − x, 0) max(D − x − 1, 0)] / 2     = {[(m − x)² + (ρ − 1) m + x] P(x) + ρ x (m + ρ − 2 − x) p(x)} / 2

for the negative binomial, and with ρ = 1 for the Poisson. Both follow from the recursion of their probabilities,
n p(n) = (1 − 1/ρ)(n − 1) p(n − 1) + (m/ρ) p(n − 1).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from ctsopt.errors import UsageError

Floats = npt.NDArray[np.float64]

_EQUAL = 1e-9
"""A variance to mean this near to 1 is a Poisson: the negative binomial has no shape there."""

_MOST_ORDERS = 500.0
"""Orders in one recursion: e^-orders is its first number, and must not vanish."""


def tail_and_probability(x: Floats, mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """P(D >= x) and P(D = x) at a whole x >= 0: negative binomial, Poisson where the variance is at most the mean."""
    x, mean, variance = np.broadcast_arrays(x, mean, variance)
    ratio = variance / mean
    tail, chance = np.empty(x.shape), np.empty(x.shape)
    poisson = ratio <= 1 + _EQUAL
    n, m = x[poisson], mean[poisson]
    tail[poisson] = np.where(n > 0, special.gammainc(np.maximum(n, 1), m), 1.0)
    chance[poisson] = np.exp(special.xlogy(n, m) - m - special.gammaln(n + 1))
    n, m, rho = x[~poisson], mean[~poisson], ratio[~poisson]
    shape = m / (rho - 1)
    some = np.maximum(n, 1.0)
    tail[~poisson] = np.where(n > 0, special.betainc(some, shape, 1 - 1 / rho), 1.0)
    # p(n) = (1-1/ρ)^n ρ^-shape / (n B(n, shape))
    log_chance = some * np.log1p(-1 / rho) - shape * np.log(rho) - special.betaln(some, shape) - np.log(some)
    chance[~poisson] = np.where(n > 0, np.exp(log_chance), np.exp(-shape * np.log(rho)))
    return tail, chance


def partial_expectations(x: Floats, mean: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
    """P(D > x), E[max(D − x, 0)] and E[max(D − x, 0) max(D − x − 1, 0)]/2 at any whole x."""
    x, mean, variance = np.broadcast_arrays(x, mean, variance)
    rho = np.maximum(variance / mean, 1.0)
    above = np.maximum(x, 0.0)
    tail, chance = tail_and_probability(above, mean, variance)
    first = (mean - above) * tail + rho * above * chance
    square = (mean - above) ** 2 + (rho - 1) * mean + above
    second = (square * tail + rho * above * (mean + rho - 2 - above) * chance) / 2
    below = x < 0
    short = mean - x
    return (np.where(below, 1.0, tail - chance), np.where(below, short, first),
            np.where(below, (short**2 + rho * mean - short) / 2, second))


def compound_poisson_pmf(orders: float, sizes: npt.ArrayLike, probabilities: npt.ArrayLike, count: int) -> Floats:
    """Probabilities of 0, 1, .., `count` − 1 units where a Poisson number of orders comes, each of a random whole size.

    Parameters
    ----------
    orders : float
        Mean number of orders over the time that is looked at.
    sizes, probabilities : array-like
        Whole sizes of at least 1 unit, and their probabilities, which sum to 1.
    count : int
        How many probabilities are wanted.

    Returns
    -------
    float array
        Of length `count`.

    Raises
    ------
    UsageError
        Sizes that are not whole or below 1, probabilities that do not sum to 1, or a negative number of orders.

    Notes
    -----
    Panjer (1981): p(n) = (orders/n) Σ_k k f(k) p(n − k). Many orders are split into parts, which
    are folded.

    Examples
    --------
    >>> compound_poisson_pmf(1.0, [1, 2], [0.5, 0.5], 3).round(6)
    array([0.367879, 0.18394 , 0.229925])
    """
    size, chance = checked_sizes(sizes, probabilities)
    if not (np.isfinite(orders) and orders >= 0):
        raise UsageError(f"the mean number of orders is {orders:g}: it must be at least 0 and finite")
    halvings = max(int(np.ceil(np.log2(max(orders, 1.0) / _MOST_ORDERS))), 0)
    part = orders / 2**halvings
    reach = int(min(size.max(), count))
    weighted = np.zeros(reach + 1)
    fits = size <= reach
    np.add.at(weighted, size[fits], part * size[fits] * chance[fits])
    backwards = weighted[:0:-1]
    pmf = np.zeros(reach + count)           # zeros in front: the recursion may look back before the first
    pmf[reach] = np.exp(-part)
    for n in range(1, count):
        pmf[reach + n] = backwards @ pmf[n : reach + n] / n
    found = pmf[reach:]
    for _ in range(halvings):
        found = np.convolve(found, found)[:count]
    return found


def checked_sizes(sizes: npt.ArrayLike, probabilities: npt.ArrayLike) -> tuple[npt.NDArray[np.int64], Floats]:
    """Order sizes as whole numbers and their probabilities, or an error that says what is wrong with them."""
    size, chance = np.atleast_1d(np.asarray(sizes, dtype=np.float64)), np.atleast_1d(np.asarray(probabilities, float))
    if size.ndim != 1 or size.shape != chance.shape or not len(size):
        raise UsageError("sizes and probabilities must be two lists of the same length")
    if not (np.isfinite(size).all() and (size >= 1).all() and (size == np.rint(size)).all()):
        raise UsageError("order sizes must be whole numbers of at least 1 unit")
    if not ((chance >= 0).all() and abs(chance.sum() - 1) <= 1e-9):
        raise UsageError(f"probabilities of order sizes sum to {chance.sum():g}: they must be at least 0 and sum to 1")
    return np.rint(size).astype(np.int64), chance
