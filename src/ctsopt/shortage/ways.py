"""Who may be served from what: by product, by site and by date."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctsopt.shortage.levels import positions
from ctsopt.shortage.settling import Sources
from ctsopt.tables.columns import ALL


def kinds_and_ways(lines: pd.DataFrame, supply: pd.DataFrame, eligible: pd.DataFrame | None) -> Sources:
    """Lines that may be served from the same supplies are of one kind.

    Parameters
    ----------
    lines : DataFrame
        `customer`, `product`, `needed` (day, NaN: no limit), `site` (blank: any).
    supply : DataFrame
        `site`, `product`, `day`, `quantity`.
    eligible : DataFrame or None
        `site`, `customer`, `product`, `days`, `cost`; None where every site serves everybody in 0 days.
    """
    who = lines["customer"] if eligible is not None and (eligible["customer"] != ALL).any() else ""
    named = pd.DataFrame({"customer": who, "product": lines["product"],
                          "needed": lines["needed"].fillna(np.inf), "own": lines["site"]}, index=lines.index)
    group = named.groupby(list(named), sort=False)
    kind = positions(group.ngroup().to_numpy())
    kinds = named.drop_duplicates().reset_index(drop=True).reset_index(names="kind")
    stock = supply[["site", "product", "day"]].reset_index(names="source")
    ways = kinds.merge(stock, on="product", how="inner")
    ways = ways[(ways["own"] == "") | (ways["own"] == ways["site"])]
    ways = ways.assign(days=0.0, cost=0.0) if eligible is None else _allowed(ways, eligible)
    ways = ways[ways["day"] + ways["days"] <= ways["needed"]]
    ways = ways.sort_values(["kind", "source"], kind="stable")
    sources = Sources(supply["quantity"].to_numpy(dtype=np.float64), kind, len(kinds),
                      ways["kind"].to_numpy(dtype=np.int64), ways["source"].to_numpy(dtype=np.int64),
                      ways["cost"].to_numpy(dtype=np.float64))
    return merged(sources)


def merged(sources: Sources) -> Sources:
    """Kinds that may be served from the same sources at the same costs are one: it is they that programs look at."""
    names = [str(i) for i in range(sources.kinds)]
    ways = pd.DataFrame({"kind": sources.way_kind, "source": sources.way_source, "cost": sources.way_cost})
    texts = ways["source"].astype(str) + ":" + ways["cost"].astype(str)
    signature = texts.groupby(ways["kind"]).agg(",".join).reindex(range(len(names)), fill_value="").to_numpy()
    _, first, new = np.unique(signature.astype(str), return_index=True, return_inverse=True)
    kept = np.isin(sources.way_kind, first)
    return Sources(sources.supply, positions(new[sources.kind]), len(first), positions(new[sources.way_kind[kept]]),
                   sources.way_source[kept], sources.way_cost[kept])


def _allowed(ways: pd.DataFrame, eligible: pd.DataFrame) -> pd.DataFrame:
    """The ways that the table allows; of several rows for one way the one that says most holds."""
    parts = []
    for worth, (customer, product) in enumerate(((True, True), (True, False), (False, True), (False, False))):
        rows = eligible[((eligible["customer"] != ALL) == customer) & ((eligible["product"] != ALL) == product)]
        keys = ["site", *(["customer"] if customer else []), *(["product"] if product else [])]
        parts.append(ways.merge(rows[[*keys, "days", "cost"]], on=keys, how="inner").assign(worth=worth))
    found = pd.concat(parts).sort_values("worth", kind="stable")
    return found.drop_duplicates(["kind", "source"])
