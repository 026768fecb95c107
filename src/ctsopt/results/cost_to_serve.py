"""Cost-to-serve: sums over the cost cube that end in the total of the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError, nearest_name
from ctsopt.results.cube import UNASSIGNED

DIMENSIONS = ("tier", "customer", "product", "product_class", "period")
"""Keys by which demand is known, so that units and cost per unit can be stated."""

UNASSIGNED_LABEL = "unassigned"


def cost_to_serve(cube: pd.DataFrame, units: pd.DataFrame, lines: Sequence[str], penalties: Sequence[str],
                  by: Sequence[str], order: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Cost-to-serve by some keys, one column per cost line, ending in a row `total`.

    Parameters
    ----------
    cube : DataFrame
        The cost cube.
    units : DataFrame
        Units delivered, by `DIMENSIONS`.
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
        if name not in DIMENSIONS:
            near = nearest_name(name, DIMENSIONS)
            raise UsageError(f"by = {name!r}: one or more of {', '.join(DIMENSIONS)}"
                             + (f"; did you mean {near!r}?" if near else ""))
    if not by or len(set(by)) < len(by):
        raise UsageError(f"by = {by!r}: give one or more different keys of {', '.join(DIMENSIONS)}")
    amounts = cube[[*by, "line", "customer", "amount"]] if "customer" not in by else cube[[*by, "line", "amount"]]
    plain = amounts.assign(**{n: amounts[n].astype(object) for n in by})
    idle = (cube["customer"] == UNASSIGNED).to_numpy()
    plain.loc[idle, by] = UNASSIGNED
    pivot = plain.pivot_table(index=by, columns="line", values="amount", aggfunc="sum", observed=True, fill_value=0.0)
    frame = pivot.reindex(columns=list(lines), fill_value=0.0).fillna(0.0)
    volume = units.groupby(by, observed=True)["units"].sum()
    frame = frame.reindex(_ordered(frame.index.union(volume.index, sort=True), by, order), fill_value=0.0)
    frame.insert(0, "units", volume.reindex(frame.index, fill_value=0.0))
    total = frame.sum().to_frame().T
    frame = pd.concat([*_unassigned_last(frame, by), total.set_axis(_labels("total", by))])
    cash = [line for line in lines if line not in penalties]
    frame["cost"] = frame[cash].sum(axis=1)
    frame["total"] = frame[list(lines)].sum(axis=1)
    frame["cost_per_unit"] = frame["cost"] / frame["units"].where(frame["units"] > 0)
    frame.columns.name = None
    return frame[["units", *cash, "cost", *penalties, "total", "cost_per_unit"]]


def _ordered(index: pd.Index[Any], by: Sequence[str], order: Mapping[str, Sequence[str]]) -> pd.Index[Any]:
    """The index with the names of some keys in a given order."""
    places = []
    for name in reversed(by):
        names = index.get_level_values(name)
        known = pd.Index([*order.get(name, sorted(set(names) - {UNASSIGNED})), UNASSIGNED], dtype=object)
        places.append(known.get_indexer(names))
    return index[np.lexsort(places)]


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
