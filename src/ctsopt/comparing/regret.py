"""Scenarios in states of demand: what each costs there, and by how much the best one there would have been cheaper.

Each scenario is solved in each state on its own: what may be decided may be decided anew there. Regret of a scenario in
a state is its least cost less the smallest least cost there of all scenarios that promise the same: without that, the
loosest promises would always be the least regretted (L. J. Savage, The Theory of Statistical
Decision, J. Am. Stat. Assoc. 46, 1951); minimax regret picks the scenario whose largest regret is smallest. Every least
cost c lies between a bound l and the cost u of a plan, so the regret of s lies between
max(0, l_s - min u_r) and max(0, u_s - min l_r) over the other scenarios r.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.certified import Certified

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_ENDS = ("low", "point", "high")
CELLS = ["scenario", "promises", "state", "probability", "cost_low", "cost_point", "cost_high", "regret_low",
         "regret_point", "regret_high"]
REGRET = ["scenario", "promises", "worst_low", "worst_point", "worst_high", "minimax", "expected_low",
          "expected_point", "expected_high"]
_GROUP = ["promises", "state"]


def promises_of(net: Network) -> str:
    """What is promised to whom, whatever the tiers are called: two networks of one text promise the same."""
    tables = net.tables
    promises = tables["promises"].sort_values(["tier", "product_class"], kind="stable")
    terms = promises.drop(columns="tier").to_csv(index=False, header=False, lineterminator="\n").splitlines()
    of_tier = pd.Series(terms, index=promises["tier"], dtype=object).groupby(level=0).agg("\n".join)
    customers = tables["customers"].sort_values("customer", kind="stable")
    given = customers["tier"].map(of_tier).fillna("")
    classes = tables["products"][["product", "product_class"]]
    return "\n".join([*customers["customer"], *given, *classes["product"], *classes["product_class"]])


def cells_of(least: Mapping[str, tuple[str, str, Certified]], probabilities: Mapping[str, float],
             promises: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Cost and regret of every scenario in every state.

    Parameters
    ----------
    least : mapping of str to (scenario, state, Certified)
        Least cost (money) of each case that is a scenario in a state.
    probabilities : mapping of str to float
        Of the states; a state that is not named has none.
    promises : mapping of str to str, optional
        The first scenario that promises the same, of each; without it all promise the same.

    Returns
    -------
    DataFrame
        scenario, promises, state, probability, cost_low, _point, _high, regret_low, _point, _high (money).
        Regret is that among the scenarios that promise the same and have a plan in the state.
    """
    same = promises or {}
    rows = [(scenario, same.get(scenario, ""), state, probabilities.get(state, np.nan), cost.low, cost.point, cost.high)
            for scenario, state, cost in least.values()]
    cells = pd.DataFrame(rows, columns=CELLS[:7])
    if cells.empty:
        return pd.DataFrame(columns=CELLS)
    by = cells.groupby(_GROUP, sort=False)
    least_high, least_low = (_least_of_others(cells, end) for end in ("cost_high", "cost_low"))
    cells["regret_low"] = (cells["cost_low"] - least_high).clip(lower=0.0)
    cells["regret_point"] = cells["cost_point"] - by["cost_point"].transform("min")
    cells["regret_high"] = (cells["cost_high"] - least_low).clip(lower=0.0)
    return cells


def _least_of_others(cells: pd.DataFrame, column: str) -> pd.Series[float]:
    """The smallest figure of others that promise the same in the same state; infinite where there is no other."""
    by = cells.groupby(_GROUP, sort=False)[column]
    first = by.transform("min")
    place = by.rank(method="first")
    rest = cells[column].where(place > 1, np.inf)
    second = rest.groupby([cells[name] for name in _GROUP], sort=False).transform("min")
    return first.where(place > 1, second)


def regret_of(cells: pd.DataFrame) -> pd.DataFrame:
    """Worst regret and expected cost of every scenario that has a plan in every state.

    Returns
    -------
    DataFrame
        scenario, promises; worst_low, _point, _high; minimax: `proven` where no other scenario that promises the same
        can have a smaller worst regret, `possible` where it may be the smallest, else blank, and blank where no other
        promises the same, but others something else: there is nothing to choose between; expected_low, _point,
        _high: not a number where the states have no probabilities.
    """
    if cells.empty:
        return pd.DataFrame(columns=REGRET)
    whole = cells.groupby("scenario")["state"].transform("count") == cells["state"].nunique()
    some = cells[whole]
    if some.empty:
        return pd.DataFrame(columns=REGRET)
    names = list(dict.fromkeys(some["scenario"]))
    by = some.groupby("scenario", sort=False)
    table = pd.DataFrame({f"worst_{end}": by[f"regret_{end}"].max() for end in _ENDS}).reindex(names)
    table["promises"] = by["promises"].first()
    others = {end: _least_of_others(table.assign(state=""), f"worst_{end}") for end in ("low", "high")}
    alone = (table.groupby("promises")["worst_low"].transform("size") == 1) & (table["promises"].nunique() > 1)
    table["minimax"] = np.select([alone, table["worst_high"] <= others["low"], table["worst_low"] <= others["high"]],
                                 ["", "proven", "possible"], "")
    for end in _ENDS:
        weighted = some[f"cost_{end}"] * some["probability"]
        table[f"expected_{end}"] = weighted.groupby(some["scenario"]).sum(min_count=some["state"].nunique())
    return table.rename_axis("scenario").reset_index()[REGRET]
