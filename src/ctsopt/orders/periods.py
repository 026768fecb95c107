"""Calendars: demand on a full grid of periods, those without demand included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError, unknown_name
from ctsopt.keys import Bools, Floats, Positions

if TYPE_CHECKING:
    import pandas as pd

Bucket = Literal["day", "week", "month", "quarter"]
Moments = npt.NDArray[np.datetime64]


def bucket_of(moments: Moments, bucket: Bucket) -> Positions:
    """Number of the period of each moment; weeks run from Monday to Sunday."""
    if bucket not in get_args(Bucket):
        raise UsageError(unknown_name("bucket", bucket, get_args(Bucket)))
    days = moments.astype("datetime64[D]")
    if bucket in {"day", "week"}:
        number = days.astype(np.int64)
        return np.asarray(number if bucket == "day" else (number + 3) // 7, dtype=np.int64)  # 1970 began on a Thursday
    months = days.astype("datetime64[M]").astype(np.int64)
    return np.asarray(months if bucket == "month" else months // 3, dtype=np.int64)


def first_day(period: int, bucket: Bucket) -> np.datetime64:
    """First day of a period."""
    if bucket in {"day", "week"}:
        return np.datetime64(period if bucket == "day" else 7 * period - 3, "D")
    months = np.array([period if bucket == "month" else 3 * period], dtype="datetime64[M]")
    day: np.datetime64 = months.astype("datetime64[D]")[0]
    return day


def span(start: pd.Timestamp, end: pd.Timestamp, bucket: Bucket, *, whole: bool) -> tuple[int, int]:
    """First and last period from one moment to another; with `whole` without those that are covered in part."""
    days = np.array([start, end], dtype="datetime64[D]")
    first, last = bucket_of(days, bucket).tolist()
    if whole:
        first += int(first_day(first, bucket) < days[0])
        last -= int(first_day(last + 1, bucket) > days[1] + 1)
    if last < first:
        raise UsageError(f"no whole {bucket} lies between {start:%Y-%m-%d} and {end:%Y-%m-%d}; take a shorter bucket")
    return first, last


def series(codes: Positions, count: int, period: Positions, units: Floats, begins: Positions, last: int,
           ) -> dict[str, Floats]:
    """What the periods of each thing are like, on the grid from its first period to the last one.

    Parameters
    ----------
    codes, period, units : arrays
        One entry for each line: whose it is, its period, its units.
    count : int
        How many things there are.
    begins : int array
        First period of each thing.
    last : int

    Returns
    -------
    dict of str to float array
        periods, periods_with_demand, adi, cv2 (of the periods with demand, n - 1), mean and sd of all periods.
    """
    inside: Bools = (period >= begins[codes]) & (period <= last)
    codes, period, units = codes[inside], period[inside], units[inside]
    base = int(period.min()) if len(period) else 0
    width = last - base + 1
    cells, place = np.unique(codes * width + (period - base), return_inverse=True)
    totals = np.bincount(place, units, minlength=len(cells))
    owner = cells // max(width, 1)
    some = totals > 0
    owner, totals = owner[some], totals[some]
    n = np.bincount(owner, minlength=count).astype(float)
    grid = np.maximum(last - begins + 1, 0).astype(float)
    total = np.bincount(owner, totals, minlength=count)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = total / n
        spread = np.bincount(owner, (totals - mean[owner]) ** 2, minlength=count)
        cv2 = np.where(n > 1, spread / (n - 1) / mean**2, np.nan)
        level = total / grid
        all_spread = np.bincount(owner, (totals - level[owner]) ** 2, minlength=count) + (grid - n) * level**2
        sd = np.where(grid > 1, np.sqrt(all_spread / (grid - 1)), np.nan)
        adi = np.where(n > 0, grid / n, np.nan)
    return {"periods": grid, "periods_with_demand": n, "adi": adi, "cv2": cv2, "mean": level, "sd": sd}


def quantiles(codes: Positions, count: int, values: Floats, shares: tuple[float, ...]) -> list[Floats]:
    """Quantiles of the values of each thing, between neighbours as numpy takes them; NaN where there are none."""
    known = ~np.isnan(values)
    codes, values = codes[known], values[known]
    ordered = values[np.lexsort((values, codes))]
    n = np.bincount(codes, minlength=count)
    start = np.r_[0, np.cumsum(n)[:-1]]
    found = []
    for share in shares:
        at = share * np.maximum(n - 1, 0)
        below, above = np.floor(at).astype(np.int64), np.ceil(at).astype(np.int64)
        result = np.full(count, np.nan)
        some = n > 0
        low, high = ordered[(start + below)[some]], ordered[(start + above)[some]]
        result[some] = low + (at - below)[some] * (high - low)
        found.append(result)
    return found
