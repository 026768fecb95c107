"""ABC by what an item is worth, XYZ by how much its demand varies, and the table of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.segments.demand_classes import demand_by_period

if TYPE_CHECKING:
    from collections.abc import Sequence

_ABC, _XYZ = ("A", "B", "C"), ("X", "Y", "Z")


def abc(values: pd.Series, cuts: Sequence[float] = (0.8, 0.95)) -> pd.Series:
    """Class A, B or C of every item by the share of the value that comes before it, the largest first.

    The item that crosses a cut belongs to the better class. Items of equal value stand in the order of their keys.
    Shares are those of all value above zero; an item with none (a loss, say) is C.

    Examples
    --------
    >>> abc(pd.Series({"rug": 10.0, "tea": 70.0, "cup": 15.0, "mat": 5.0})).to_dict()
    {'rug': 'B', 'tea': 'A', 'cup': 'A', 'mat': 'C'}
    """
    _rising(cuts)
    if values.isna().any():
        raise ValueError(f"{values.index[int(np.argmax(values.isna()))]} has no value, so it has no class")
    if not values.index.is_unique:
        raise ValueError(f"{values.index[values.index.duplicated()][0]} is there twice; add its rows up first")
    ranked = values.clip(lower=0.0).astype(float).sort_index().sort_values(ascending=False, kind="stable")
    through = ranked.cumsum()
    before = through.shift(1, fill_value=0.0)
    # Compared as money: a share is a division more, and one that is 80 % by hand may come out below it.
    place = sum((before >= cut * through.iloc[-1]).astype(int) for cut in cuts) if len(ranked) else ranked.astype(int)
    letter = pd.Series(np.array(_ABC, dtype=object)[place], index=ranked.index, dtype="str")
    return letter.where(ranked > 0, "C").reindex(values.index).rename("abc")


def xyz(
    sizes: pd.DataFrame, periods: int, cuts: Sequence[float] = (0.5, 1.0), *, ddof: int = 1
) -> pd.DataFrame:
    """Coefficient of variation of an item's demand over all periods, those without demand included, and its class.

    Parameters
    ----------
    sizes : DataFrame
        Columns item, period and quantity. Rows of one item and period are added up.
    periods : int
        Periods of the grid, more than `ddof`.
    cuts : sequence of float
        Cuts of X against Y and of Y against Z; a figure at a cut is above it.
    ddof : int
        1 for the deviation of a sample, 0 for that of a population.

    Returns
    -------
    DataFrame
        By item: cv and xyz. An item without demand has no row.

    Examples
    --------
    >>> demand = pd.DataFrame({"item": "A", "period": [1, 4], "quantity": [4.0, 4.0]})
    >>> xyz(demand, 4, ddof=0).to_dict("index")
    {'A': {'cv': 1.0, 'xyz': 'Z'}}
    """
    _rising(cuts)
    if periods <= ddof:
        raise ValueError(f"how demand varies cannot be seen in a grid of {periods} period(s)")
    some = demand_by_period(sizes, periods)
    by_item = some.groupby(level="item")
    mean = by_item.sum() / periods
    apart = ((some - mean.reindex(some.index.get_level_values("item")).to_numpy()) ** 2).groupby(level="item").sum()
    variance = (apart + (periods - by_item.size()) * mean**2) / (periods - ddof)
    cv = np.sqrt(variance) / mean
    return pd.DataFrame({"cv": cv, "xyz": pd.cut(cv, [-np.inf, *cuts, np.inf], right=False, labels=list(_XYZ))
                        .astype("str")})


def abc_xyz(values: pd.Series, variability: pd.Series) -> pd.DataFrame:
    """Nine fields of classes: items and value in each, and their shares.

    Parameters
    ----------
    values : Series
        Value by item, classed by `abc`.
    variability : Series
        Class X, Y or Z by item, as `xyz` gives it. Items that have a value and no demand stand under none.

    Returns
    -------
    DataFrame
        abc, xyz, items, share_of_items, value, share_of_value; all nine fields, then none where there are such items.

    Examples
    --------
    >>> value = pd.Series({"tea": 70.0, "cup": 15.0, "rug": 10.0, "mat": 5.0})
    >>> fields = abc_xyz(value, pd.Series({"tea": "X", "cup": "Z", "rug": "Z", "mat": "Z"}))
    >>> fields[fields["items"] > 0][["abc", "xyz", "items", "share_of_value"]].to_dict("split")["data"]
    [['A', 'X', 1, 0.7], ['A', 'Z', 1, 0.15], ['B', 'Z', 1, 0.1], ['C', 'Z', 1, 0.05]]
    """
    strange = variability.index.difference(values.index)
    if len(strange):
        raise ValueError(f"{strange[0]} has demand and no value")
    of = pd.DataFrame({"abc": abc(values), "xyz": variability.reindex(values.index).fillna("none"), "value": values})
    columns = [*_XYZ, "none"] if (of["xyz"] == "none").any() else list(_XYZ)
    fields = pd.MultiIndex.from_product([_ABC, columns], names=["abc", "xyz"])
    table = of.groupby(["abc", "xyz"])["value"].agg(["size", "sum"]).reindex(fields, fill_value=0).reset_index()
    table.columns = pd.Index(["abc", "xyz", "items", "value"])
    table.insert(3, "share_of_items", table["items"] / len(values))
    return table.assign(share_of_value=table["value"] / values.sum())


def _rising(cuts: Sequence[float]) -> None:
    if len(cuts) != 2 or not 0 < cuts[0] < cuts[1]:
        raise ValueError(f"two rising cuts above zero are needed, not {list(cuts)}")
