"""Cost against service: which plans lie on the front, and which are proven to be dominated.

A plan B dominates a scenario A for certain where it serves at least as well as A's plan and costs less than A's bound,
below which no plan of A can be (or no more than the bound, and it serves better). Where B only costs less than the plan
of A that is in hand, a longer search might still turn A's cost below B's: that is no proof. Only plans for the same
demand are held against each other: with less to deliver, less is no merit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ctsopt.keys import Floats

SAME_SERVICE = 1e-9
"""Shares that differ by less are the same: they are sums of flows."""

COLUMNS = ["measure", "scenario", "service", "cost", "bound", "status", "dominated_by"]


def fronts(service: Mapping[str, Mapping[str, float]], costs: Mapping[str, tuple[float, float]],
           demand: Mapping[str, float]) -> pd.DataFrame:
    """Every scenario by every measure, and whether it lies on the front.

    Parameters
    ----------
    service : mapping of str to mapping of str to float
        Service by measure, of each scenario.
    costs : mapping of str to (bound, cost)
        Money, of each scenario.
    demand : mapping of str to float
        Units, of each scenario.

    Returns
    -------
    DataFrame
        measure, scenario, service (share), cost, bound (money), status, dominated_by. Status is `front` where no plan
        here serves as well for less, `dominated` where that is proven, `perhaps dominated` where a plan serves as well
        for less, and the gap leaves it open whether it would still if both were solved to the end.
    """
    names = list(service)
    measures = list(dict.fromkeys(measure for figures in service.values() for measure in figures))
    ends: Floats = np.array([costs[name] for name in names], dtype=float).reshape(len(names), 2)
    units: Floats = np.array([demand[name] for name in names], dtype=float)
    parts = [_front(measure, names, np.array([service[name][measure] for name in names]), ends, units)
             for measure in measures]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _front(measure: str, names: Sequence[str], figure: Floats, ends: Floats, units: Floats) -> pd.DataFrame:
    known = np.flatnonzero(~np.isnan(figure))
    figure, units, bound, cost = figure[known], units[known], ends[known, 0], ends[known, 1]
    labels = np.array(names, dtype=object)[known]
    # Row: the scenario that is looked at. Column: the plan that may be better.
    alike = np.isclose(units[None, :], units[:, None], rtol=1e-9, atol=0.0)
    as_good = alike & (figure[None, :] >= figure[:, None] - SAME_SERVICE)
    better = alike & (figure[None, :] > figure[:, None] + SAME_SERVICE)
    proven = as_good & ((cost[None, :] < bound[:, None]) | (better & (cost[None, :] <= bound[:, None])))
    seems = as_good & ((cost[None, :] < cost[:, None]) | (better & (cost[None, :] <= cost[:, None])))
    status = np.select([proven.any(axis=1), seems.any(axis=1)], ["dominated", "perhaps dominated"], "front")
    some = np.where(proven.any(axis=1)[:, None], proven, seems)
    cheapest = np.where(some, cost[None, :], np.inf).argmin(axis=1) if len(known) else known
    by = np.where(some.any(axis=1), labels[cheapest], "") if len(known) else labels
    return pd.DataFrame({"measure": measure, "scenario": labels, "service": figure, "cost": cost, "bound": bound,
                         "status": status, "dominated_by": by}, columns=COLUMNS)
