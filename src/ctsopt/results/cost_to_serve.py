"""Cost-to-serve: sums over the cost cube that end in the total of the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.results.cube import UNASSIGNED

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

DIMENSIONS = ("tier", "customer", "product", "product_class", "period")
"""Keys of the table `units`: those by which demand is known."""

OF_DEMAND = ("region", "group", "profile")
"""Keys that follow from the customer, and the profile from the row of demand."""

OF_WAYS = ("site", "origin", "mode")
"""The site that delivers; where a cost arises (the site, or where a move begins); and the mode by which it arises."""

BY = (*DIMENSIONS, *OF_DEMAND, *OF_WAYS)
"""Everything by which cost-to-serve can be asked for."""

NONE_LABEL = "(none)"
"""Costs that have no such key: those of making have no mode, some customers no region."""

UNASSIGNED_LABEL = "unassigned"


def cost_to_serve(cube: pd.DataFrame, units: pd.DataFrame, lines: Sequence[str], penalties: Sequence[str],
                  by: Sequence[str], order: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Cost-to-serve by some keys, one column per cost line, ending in a row `total`.

    Parameters
    ----------
    cube : DataFrame
        The cost cube.
    units : DataFrame
        Units delivered, by keys that hold those of `by`.
    lines, penalties : sequences of str
        Cost lines of the plan in P&L order, and those of them that are penalties.
    by : sequence of str
        Keys of the rows.
    order : mapping of str to sequence of str
        Order of the names of some keys, such as tiers by rank; the others stand in the order of the alphabet.

    Returns
    -------
    DataFrame
        Index: the keys, with a row `unassigned` for costs that serve nobody, and a last row `total`. Columns: units,
        the cost lines, cost (cash), the penalties, total (cash and penalties), cost_per_unit (cash / units).
    """
    by = [by] if isinstance(by, str) else list(by)
    for name in by:
        if name not in BY:
            raise UsageError(f"by = {name!r}: one or more of {', '.join(BY)}" + did_you_mean(name, BY))
    if not by or len(set(by)) < len(by):
        raise UsageError(f"by = {by!r}: give one or more different keys of {', '.join(BY)}")
    amounts = cube[[*by, "line", "customer", "amount"]] if "customer" not in by else cube[[*by, "line", "amount"]]
    plain = amounts.assign(**{n: _named(amounts[n]) for n in by})
    idle = (cube["customer"] == UNASSIGNED).to_numpy()
    plain.loc[idle, by] = UNASSIGNED
    pivot = plain.pivot_table(index=by, columns="line", values="amount", aggfunc="sum", observed=True, fill_value=0.0)
    frame = pivot.reindex(columns=list(lines), fill_value=0.0).fillna(0.0)
    volume = units.assign(**{n: _named(units[n]) for n in by}).groupby(by, observed=True)["units"].sum()
    frame = frame.reindex(_ordered(frame.index.union(volume.index, sort=True), by, order), fill_value=0.0)
    frame.insert(0, "units", volume.reindex(frame.index, fill_value=0.0))
    total = frame.sum().to_frame().T
    frame = pd.concat([*_unassigned_last(frame, by), total.set_axis(_labels("total", by))])
    cash = [line for line in lines if line not in penalties]
    frame["cost"] = frame[cash].sum(axis=1)
    frame["total"] = frame[list(lines)].sum(axis=1)
    # What arises at one place or by one mode is a part of what a unit costs: no cost of a unit.
    whole = np.array([not set(by) & {"origin", "mode"}] * (len(frame) - 1) + [True])
    frame["cost_per_unit"] = frame["cost"] / frame["units"].where(whole & (frame["units"] > 0))
    frame.columns.name = None
    return frame[["units", *cash, "cost", *penalties, "total", "cost_per_unit"]]


def with_keys(net: Network, frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """A table by customer, tier, product and period with those of `OF_DEMAND` that are asked for."""
    customers = net.tables["customers"].set_index("customer")
    added: dict[str, Any] = {name: frame["customer"].astype(object).map(customers[name]).fillna("")
                             for name in ("region", "group") if name in by}
    if "profile" in by:
        keys = ["customer", "tier", "product", "period"]
        profile = net.tables.column("demand", "profile")[net.requests.measures["row"]]
        of_request = pd.Series(profile, index=pd.MultiIndex.from_frame(net.requests.index.frame()[keys]))
        found = of_request.reindex(pd.MultiIndex.from_frame(frame[keys].astype(object)))
        added["profile"] = found.fillna("").to_numpy()
    return frame.assign(**added)


def units_by_way(flows: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    """Units delivered, by `DIMENSIONS` and by site, origin (the same) and mode of the last leg."""
    last = flows.loc[flows["kind"] == "delivery", ["tier", "customer", "product", "period", "origin", "mode_out",
                                                    "quantity"]]
    classes = last["product"].astype(object).map(products.set_index("product")["product_class"])
    return last.rename(columns={"mode_out": "mode", "quantity": "units"}).assign(
        site=last["origin"], product_class=classes)


def _ordered(index: pd.Index[Any], by: Sequence[str], order: Mapping[str, Sequence[str]]) -> pd.Index[Any]:
    """The index with the names of some keys in a given order."""
    places = []
    for name in reversed(by):
        names = index.get_level_values(name)
        known = pd.Index([*order.get(name, sorted(set(names) - {UNASSIGNED})), UNASSIGNED], dtype=object)
        places.append(known.get_indexer(names))
    return index[np.lexsort(places)]


def _named(column: pd.Series[Any]) -> pd.Series[Any]:
    """Names as plain objects, with a word where there is none."""
    names = column.astype(object)
    return names.mask(names == "", NONE_LABEL)


def _labels(word: str, by: Sequence[str]) -> pd.Index[Any]:
    """The index of a single row that stands for several keys at once."""
    if len(by) == 1:
        return pd.Index([word], name=by[0])
    return pd.MultiIndex.from_tuples([(word, *[""] * (len(by) - 1))], names=list(by))


def _unassigned_last(frame: pd.DataFrame, by: Sequence[str]) -> list[pd.DataFrame]:
    """The rows of customers, and the row of costs that serve nobody."""
    idle = frame.index.get_level_values(0) == UNASSIGNED
    rest = frame[idle]
    return [frame[~idle], rest.set_axis(_labels(UNASSIGNED_LABEL, by))] if len(rest) else [frame]
