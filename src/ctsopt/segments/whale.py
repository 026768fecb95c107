"""Who earns what is earned: the whale curve, and the share that the largest have."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd


def whale(earned: pd.Series) -> pd.DataFrame:
    """What customers earn for the company, added up from the one that earns most to the one that loses most.

    Parameters
    ----------
    earned : Series
        By customer: margin, or what is left of it after the cost to serve. Customers of equal figures stand in the
        order of their keys.

    Returns
    -------
    DataFrame
        By customer: rank, earned, cumulative, share (cumulative over the total; blank where the total is not above
        zero). The curve is highest at the last customer that loses nothing.

    Examples
    --------
    >>> whale(pd.Series({"Ada": 50.0, "Bo": -20.0, "Cy": 70.0}))
         rank  earned  cumulative  share
    Cy      1    70.0        70.0    0.7
    Ada     2    50.0       120.0    1.2
    Bo      3   -20.0       100.0    1.0
    """
    _known(earned)
    ranked = earned.astype(float).sort_index().sort_values(ascending=False, kind="stable")
    through = ranked.cumsum()
    total = through.iloc[-1] if len(through) else 0.0
    share = through / total if total > 0 else through * np.nan
    return pd.DataFrame({"rank": np.arange(1, len(ranked) + 1), "earned": ranked, "cumulative": through,
                         "share": share})


def top_share(values: pd.Series, share: float = 0.2) -> float:
    """Share of the total that the largest have; how many they are is rounded up.

    Examples
    --------
    >>> top_share(pd.Series([60.0, 20.0, 10.0, 6.0, 4.0, 0.0]), 0.2)
    0.8
    """
    _known(values)
    # 0.07 x 100 is a little above 7 in binary figures, and would take an eighth one.
    count = math.ceil(round(share * len(values), 9))
    return float(values.nlargest(count).sum() / values.sum())


def _known(values: pd.Series) -> None:
    if values.isna().any():
        raise ValueError(f"{values.index[int(np.argmax(values.isna()))]} has no figure; leave it out and say so")
