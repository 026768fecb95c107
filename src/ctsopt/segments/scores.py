"""What a customer is worth and how dear it is to serve, as ranks among others, and the four fields of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctsopt.keys import Floats

WEIGHTS: Mapping[str, float] = {"net_value": 0.5, "strategic": 0.2, "growth": 0.15, "concentration": 0.15}
"""Weights of the value score, by feature of the profiles."""

_FIELDS = np.array([["automate", "reprice"], ["protect", "redesign"]], dtype=object)


def percentile(values: pd.Series, among: pd.Series) -> pd.Series:
    """Share of `among` that is below each value, and half of the share that equals it; blanks have no rank.

    Examples
    --------
    >>> percentile(pd.Series([10.0, 20.0, 25.0]), among=pd.Series([10.0, 20.0, 20.0, 40.0])).to_list()
    [0.125, 0.5, 0.75]
    """
    return pd.Series(_rank(values.to_numpy(dtype=float), among.to_numpy(dtype=float)), index=values.index)


def _rank(values: Floats, among: Floats) -> Floats:
    known = np.sort(among[~np.isnan(among)])
    if not len(known):
        return np.full(len(values), np.nan)
    place = np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")
    return np.where(np.isnan(values), np.nan, place / (2 * len(known)))


def value_score(
    profiles: pd.DataFrame, weights: Mapping[str, float] = WEIGHTS, *, among: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Weighed mean of the ranks of several features.

    Parameters
    ----------
    profiles : DataFrame
        One row a customer, with the features as columns.
    weights : mapping of str to float
        Weight of each feature; they need not add up to 1.
    among : DataFrame, optional
        Profiles with which customers are compared, as they were when the segments were made: else the growth of
        others lowers the score of a customer that is as it was. Those of `profiles`, if not given.

    Returns
    -------
    DataFrame
        By customer: the rank in each feature, `score` (0 to 1), and `blank`: names of the features that are not known
        of it, whose weight went to the others. A customer of which none is known has no score.

    Examples
    --------
    >>> table = pd.DataFrame({"net_value": [90.0, 10.0], "growth": [0.1, float("nan")]}, index=["Ada", "Bo"])
    >>> value_score(table, {"net_value": 0.6, "growth": 0.4})
         net_value  growth  score   blank
    Ada       0.75     0.5   0.65
    Bo        0.25     NaN   0.25  growth
    """
    weight = pd.Series(dict(weights), dtype=float)
    if not (weight >= 0).all() or not weight.sum() > 0:
        raise ValueError("weights may not be below zero, and one has to be above it")
    others = profiles if among is None else among
    absent = [name for name in weights if name not in profiles or name not in others]
    if absent:
        raise ValueError(f"profiles have no column {', '.join(absent)}; leave it out of the weights")
    ranks = pd.DataFrame({name: percentile(profiles[name], others[name]) for name in weights}, index=profiles.index)
    known = ranks.notna().to_numpy()
    share = known @ weight.to_numpy()
    total = np.where(known, ranks.to_numpy(), 0.0) @ weight.to_numpy()
    score = np.divide(total, share, out=np.full(len(ranks), np.nan), where=share > 0)
    blank = sum((np.where(known[:, i], "", name + " ").astype(object) for i, name in enumerate(weights)),
                start=np.full(len(ranks), "", dtype=object))
    return ranks.assign(score=score, blank=pd.Series(blank, index=ranks.index, dtype="str").str.strip())


def cost_score(
    cost_per_unit: pd.Series, classes: pd.Series, *, among: pd.DataFrame | None = None
) -> pd.Series:
    """Rank of the cost of a unit among customers of the same class: distance, for one, is nobody's fault.

    Parameters
    ----------
    cost_per_unit : Series
        By customer.
    classes : Series
        Class of customers that can be compared, by customer: region and channel, say.
    among : DataFrame, optional
        Columns cost_per_unit and class of the customers to compare with, as they were when the segments were made.

    Returns
    -------
    Series
        0 to 1 by customer; blank where the class has nobody to compare with, or the cost is not known.

    Examples
    --------
    >>> cost = pd.Series({"Ada": 2.0, "Bo": 4.0, "Cy": 9.0})
    >>> cost_score(cost, pd.Series({"Ada": "near", "Bo": "near", "Cy": "far"})).to_dict()
    {'Ada': 0.25, 'Bo': 0.75, 'Cy': 0.5}
    """
    own = pd.DataFrame({"cost_per_unit": cost_per_unit, "class": classes.reindex(cost_per_unit.index)})
    others = own if among is None else among
    known = others.dropna(subset=["cost_per_unit"])
    # Classes are few; customers are ranked as arrays within each.
    of_class = {name: rows.to_numpy(dtype=float) for name, rows in known.groupby("class")["cost_per_unit"]}
    found = pd.Series(np.nan, index=own.index)
    for name, rows in own.groupby("class")["cost_per_unit"]:
        found.loc[rows.index] = _rank(rows.to_numpy(dtype=float), of_class.get(name, np.zeros(0)))
    return found


def quadrant(value: pd.Series, cost: pd.Series, cuts: tuple[float, float] | None = None) -> pd.Series:
    """Field of each customer: protect, redesign, automate or reprice.

    Parameters
    ----------
    value, cost : Series
        Worth and cost to serve, by customer; scores or figures.
    cuts : tuple of float, optional
        From which value, and from which cost, on it is high. The medians, if not given.

    Returns
    -------
    Series
        protect (worth much, cheap to serve), redesign (worth much, dear), automate (worth little, cheap), reprice
        (worth little, dear); blank where one of the two is not known.

    Examples
    --------
    >>> value = pd.Series({"Ada": 0.9, "Bo": 0.8, "Cy": 0.2, "Di": 0.1})
    >>> quadrant(value, pd.Series({"Ada": 0.1, "Bo": 0.7, "Cy": 0.3, "Di": 0.9})).to_dict()
    {'Ada': 'protect', 'Bo': 'redesign', 'Cy': 'automate', 'Di': 'reprice'}
    """
    dear = cost.reindex(value.index)
    at, dear_at = cuts if cuts is not None else (value.median(), dear.median())
    field = _FIELDS[(value >= at).to_numpy().astype(int), (dear >= dear_at).to_numpy().astype(int)]
    known = (value.notna() & dear.notna()).to_numpy()
    return pd.Series(np.where(known, field, ""), index=value.index, dtype="str", name="quadrant")
