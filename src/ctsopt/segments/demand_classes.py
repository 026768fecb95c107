"""How regular demand is, and how much its sizes differ: smooth, erratic, intermittent or lumpy."""

from __future__ import annotations

import numpy as np
import pandas as pd


def demand_by_period(sizes: pd.DataFrame, periods: int) -> pd.Series:
    """Demand of each item (level item) in each period in which it has some; it has to fit the grid."""
    total = sizes.groupby(["item", "period"], sort=True, observed=True)["quantity"].sum()
    if (total < 0).any():
        item, period = total.index[int(np.argmax(total.to_numpy() < 0))]
        raise ValueError(f"demand of {item} in period {period} is below zero; match returns with their sales first")
    some = total[total > 0]
    count = some.groupby(level="item").size()
    if (count > periods).any():
        raise ValueError(f"{count.idxmax()} has demand in {count.max()} periods, and the grid has {periods}")
    return some


def classify_demand(
    sizes: pd.DataFrame, periods: int, *, adi_cut: float = 1.32, cv2_cut: float = 0.49, ddof: int = 1
) -> pd.DataFrame:
    """Demand class of every item, from its demand by period.

    Parameters
    ----------
    sizes : DataFrame
        Columns item, period and quantity. Rows of one item and period are added up.
    periods : int
        Periods of the grid, those without demand included.
    adi_cut, cv2_cut : float
        Cuts of the average demand interval and of the squared coefficient of variation; a figure at a cut is above it.
    ddof : int
        1 for the variance of a sample, 0 for that of a population.

    Returns
    -------
    DataFrame
        By item: adi (periods per period with demand), cv2 (of the sizes that are not zero) and demand_class. An item
        with one period of demand has no cv2, and its class is single; one without demand has no row.

    Examples
    --------
    >>> demand = pd.DataFrame({"item": "A", "period": [1, 4, 6, 10], "quantity": [5.0, 3.0, 4.0, 6.0]})
    >>> classify_demand(demand, 12).round(4)
          adi     cv2  demand_class
    item
    A     3.0  0.0823  intermittent
    """
    by_item = demand_by_period(sizes, periods).groupby(level="item")
    count = by_item.size()
    cv2 = (by_item.var(ddof=ddof) / by_item.mean() ** 2).where(count > 1)
    adi = periods / count
    often, alike = adi < adi_cut, cv2 < cv2_cut
    names = np.select(
        [count == 1, often & alike, often, alike], ["single", "smooth", "erratic", "intermittent"], "lumpy"
    )
    return pd.DataFrame({"adi": adi, "cv2": cv2, "demand_class": names})
