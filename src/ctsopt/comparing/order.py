"""What is proven of the differences of plans: A is cheaper than B if and only if A's cost is below B's bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.certified import Certified

if TYPE_CHECKING:
    from ctsopt.keys import Floats

_ENDS = ("low", "point", "high")


def verdict(dearer: Certified, *, alike: bool = False) -> str:
    """What is proven about a difference: `dearer`, `cheaper`, `same` (exactly), or `tie` where it cannot be told."""
    if alike or dearer.low == dearer.high == 0:
        return "same"
    if dearer.low > 0:
        return "dearer"
    return "cheaper" if dearer.high < 0 else "tie"


def order_of(least: Mapping[str, Certified], keys: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Every pair of plans once in each direction: what is proven of their difference.

    Parameters
    ----------
    least : mapping of str to Certified
        Least cost (money) by name.
    keys : mapping of str to str, optional
        Cases with one key, if it is not blank, are the same case.

    Returns
    -------
    DataFrame
        scenario, other; low, point, high: money by which the scenario is dearer; verdict.
    """
    names = list(least)
    low: Floats = np.array([least[name].low for name in names])
    cost: Floats = np.array([least[name].high for name in names])
    known = keys or {}
    key = np.array([known.get(name) or f"\0{place}" for place, name in enumerate(names)], dtype=object)
    one, other = (index.ravel() for index in np.indices((len(names), len(names))))
    apart = one != other
    one, other = one[apart], other[apart]
    alike = (key[one] == key[other]).astype(bool)
    ends = [np.where(alike, 0.0, end) for end in (low[one] - cost[other], cost[one] - cost[other],
                                                  cost[one] - low[other])]
    words = np.select([(ends[0] == 0) & (ends[2] == 0), ends[0] > 0, ends[2] < 0], ["same", "dearer", "cheaper"], "tie")
    labels = np.array(names, dtype=object)
    return pd.DataFrame({"scenario": labels[one], "other": labels[other], **dict(zip(_ENDS, ends, strict=True)),
                         "verdict": words})


def ranks_of(order: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The ranks that each plan may have, 1 = cheapest: so many are proven cheaper, so many are proven dearer."""
    counts = pd.crosstab(order["scenario"], order["verdict"]).reindex(index=names, columns=["dearer", "cheaper"],
                                                                      fill_value=0)
    return pd.DataFrame({"scenario": names, "best_rank": counts["dearer"].to_numpy() + 1,
                         "worst_rank": len(names) - counts["cheaper"].to_numpy()})
