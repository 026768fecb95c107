"""Customers of whom too little is known yet, and those who have stopped to order: both stand outside thresholds."""

from __future__ import annotations

import numpy as np
import pandas as pd


def lifecycle(
    first_order: pd.Series, last_order: pd.Series, as_of: pd.Timestamp, *, new_days: int = 90, dormant_days: int = 180
) -> pd.Series:
    """Whether each customer is new, active or dormant on a day.

    Parameters
    ----------
    first_order, last_order : Series
        Days of the first and of the last order, by customer.
    as_of : Timestamp
        The day; orders after it may not be there.
    new_days : int
        New is whose first order is at most so many days old.
    dormant_days : int
        Dormant is whose last order is more than so many days old. At least `new_days`.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2027-01-01", "2027-04-02"]), index=["Ada", "Bo"])
    >>> lifecycle(days, days, pd.Timestamp("2027-07-01")).to_dict()
    {'Ada': 'dormant', 'Bo': 'new'}
    """
    if not 0 <= new_days <= dormant_days:
        raise ValueError("dormant_days may not be below new_days, nor new_days below zero")
    day = pd.Timestamp(as_of).normalize()
    first, last = ((day - days.dt.normalize()).dt.days for days in (first_order, last_order.reindex(first_order.index)))
    unknown = first.isna() | last.isna() | (last < 0)
    if unknown.any():
        raise ValueError(f"{first.index[int(np.argmax(unknown))]} has no order up to {day:%Y-%m-%d}, or one after it")
    names = np.select([first <= new_days, last > dormant_days], ["new", "dormant"], "active")
    return pd.Series(names, index=first_order.index, dtype="str", name="lifecycle")
