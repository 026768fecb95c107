"""Who is supplied from elsewhere: two plans compared by the sites that serve each customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.results.solution import Solution


def resourced(solution: Solution, base: Solution) -> tuple[float, float]:
    """Share of the volume that comes from another site, and of customers whose main source is another one.

    Of customers that both plans serve; a customer's volume is compared as shares of its sites.
    """
    moved, changed, of = moves_of(solution, base)
    return moved, changed / of if of else np.nan


def moves_of(solution: Solution, base: Solution) -> tuple[float, int, int]:
    """Share of the volume that comes from another site; customers whose main source is another one; and of how many."""
    now, before = (_sources(each) for each in (solution, base))
    customers = now.index.intersection(before.index)
    if not len(customers):
        return np.nan, 0, 0
    sites = now.columns.union(before.columns)
    one, other = (each.reindex(index=customers, columns=sites, fill_value=0.0) for each in (now, before))
    volume = one.sum(axis=1)
    apart = (one.div(volume, axis=0) - other.div(other.sum(axis=1), axis=0)).abs().sum(axis=1) / 2
    changed = one.to_numpy().argmax(axis=1) != other.to_numpy().argmax(axis=1)
    return float((apart * volume).sum() / volume.sum()), int(changed.sum()), len(customers)


def _sources(solution: Solution) -> pd.DataFrame:
    flow = solution.flows[solution.flows["kind"] == "delivery"]
    summed = flow.groupby(["customer", "origin"], observed=True)["quantity"].sum()
    return summed[summed > 0].unstack().fillna(0.0)
