"""How far the few orders of a new customer are believed, and how far those of customers alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def gamma_prior(orders: ArrayLike, months: ArrayLike) -> tuple[float, float, float]:
    """Mean, shape and rate of the orders a month of customers alike, by moments.

    Shape and rate are infinite where the customers differ by no more than chance: all of them get the mean.

    Examples
    --------
    >>> gamma_prior([0, 4], [1, 1])
    (2.0, 2.0, 1.0)
    """
    k, e = np.asarray(orders, dtype=float), np.asarray(months, dtype=float)
    if (k < 0).any() or (e < 0).any() or not e.sum() > 0:
        raise ValueError("orders and months may not be below zero, and some customer needs months")
    mean = float(k.sum() / e.sum())
    spread = float((((k - mean * e) ** 2).sum() - mean * e.sum()) / (e**2).sum())
    return (mean, mean**2 / spread, mean / spread) if spread > 0 else (mean, np.inf, np.inf)


def order_rate(orders: ArrayLike, months: ArrayLike, prior: tuple[float, float, float]) -> pd.DataFrame:
    """Orders a month between a customer's own and the mean of those alike: rate, credibility (0 to 1) and variance.

    Examples
    --------
    >>> order_rate([2], [3], (2.0, 4.0, 2.0))
       rate  credibility  variance
    0   1.2          0.6      1.44
    """
    k, e = np.asarray(orders, dtype=float), np.asarray(months, dtype=float)
    mean, a, b = prior
    if np.isinf(b):
        return pd.DataFrame({"rate": np.full(k.shape, mean), "credibility": 0.0, "variance": mean})
    rate = (a + k) / (b + e)
    return pd.DataFrame({"rate": rate, "credibility": e / (e + b), "variance": rate * (1 + 1 / (b + e))})
