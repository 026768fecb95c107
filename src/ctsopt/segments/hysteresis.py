"""Steps of customers between classes from review to review: up at once, down when it has lasted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence


def step(
    held: pd.DataFrame, score: pd.Series, thresholds: Sequence[float], *, band: float = 0.0, reviews: int = 2,
    one_step: bool = True,
) -> pd.DataFrame:
    """Class of each customer after one more review.

    Parameters
    ----------
    held : DataFrame
        By customer: `class` (how many thresholds it has passed: 0 is the lowest) and `below` (reviews running in which
        its score was too low for its class).
    score : Series
        By customer. One without a score keeps its class and its count.
    thresholds : sequence of float
        Rising.
    band : float
        A class is reached at its threshold plus the band, and lost below the threshold less the band.
    reviews : int
        How many reviews running the score has to be too low.
    one_step : bool
        Whether a customer falls by one class at most.

    Returns
    -------
    DataFrame
        As `held`.

    Examples
    --------
    >>> held = pd.DataFrame({"class": [1, 1], "below": [0, 1]}, index=["Ada", "Bo"])
    >>> step(held, pd.Series({"Ada": 0.4, "Bo": 0.4}), [0.5]).to_dict("index")
    {'Ada': {'class': 1, 'below': 1}, 'Bo': {'class': 0, 'below': 0}}
    """
    cuts = np.asarray(thresholds, dtype=float)
    if band < 0 or reviews < 1 or (np.diff(cuts) <= 0).any():
        raise ValueError("thresholds rise, the band is not below zero, and reviews are one or more")
    found = score.reindex(held.index).to_numpy(dtype=float)
    now, below = held["class"].to_numpy(), held["below"].to_numpy()
    reached, kept = np.searchsorted(cuts + band, found, "right"), np.searchsorted(cuts - band, found, "right")
    known = ~np.isnan(found)
    up, low = known & (reached > now), known & (kept < now)
    down = low & (below + 1 >= reviews)
    to = np.maximum(kept, now - 1) if one_step else kept
    after = np.where(up, reached, np.where(down, to, now))
    count = np.where(low & ~down, below + 1, np.where(known, 0, below))
    return pd.DataFrame({"class": after, "below": count}, index=held.index)
