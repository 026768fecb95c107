"""Stock of a plan checked: its units and costs against what is worked out anew, and what configurations allow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.results.lines import lines_with
from ctsopt.solving.checking.kept import StockBook

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

_TOLERANCE = 1e-6

STOCK_CHECKED = ("cycle", "safety", "fixed", "pipeline")
"""Parts of the cost of stock whose amounts are worked out anew here."""


def stock_faults(solution: Solution) -> Iterator[str]:
    """What the stock of a plan says otherwise than its tables, in words; nothing where stock is not planned."""
    if solution.net.derived.stocking is None:
        return
    book = StockBook(solution)
    yield from _rules(book)
    kept = book.kept()
    yield from _units(solution, kept)
    yield from _money(solution, book, kept)


def kept_units(solution: Solution) -> pd.DataFrame:
    """Cycle and safety stock worked out anew: site, product, period (blank: always), cycle, safety (units)."""
    columns = ["site", "product", "period", "cycle", "safety"]
    if solution.net.derived.stocking is None:
        return pd.DataFrame({c: pd.Series(dtype=str if c in columns[:3] else float) for c in columns})
    return StockBook(solution).kept()[columns]


def _units(solution: Solution, kept: pd.DataFrame) -> Iterator[str]:
    """The units of the table of stock."""
    keys = ["site", "product"]
    horizon = solution.net.horizon
    anew = kept.assign(**{c: kept[c] * kept["days"] / horizon for c in ("cycle", "safety")}).groupby(keys)[
        ["cycle", "safety"]].sum()
    shown = solution.stock.groupby(keys, observed=True)[["cycle", "safety"]].sum()
    index = anew.index.union(shown.index)
    anew, shown = (part.reindex(index, fill_value=0.0) for part in (anew, shown))
    scale = np.maximum(shown.to_numpy().max(initial=0.0) * 1e-3, anew.abs().to_numpy())
    bad = ((anew - shown).abs().to_numpy() > _TOLERANCE * np.maximum(scale, 1e-9)).any(axis=1)
    yield from (f"stock of {'/'.join(key)} is {shown.loc[key].sum():,.6g} units, but its volumes ask for "
                f"{anew.loc[key].sum():,.6g}" for key in index[bad][:3])


def _money(solution: Solution, book: StockBook, kept: pd.DataFrame) -> Iterator[str]:
    """The cost lines."""
    reported = solution.costs.set_index("line")["amount"]
    price = kept["price"] * kept["days"] / 365
    anew = (float((kept["cycle"] * price).sum()), float((kept["safety"] * price).sum()), book.fixed(), book.pipeline())
    scale = float(solution.costs["amount"].abs().sum())
    for part, amount in zip(STOCK_CHECKED, anew, strict=True):
        lines = list(lines_with(part))
        shown = float(reported.reindex(lines).fillna(0.0).sum())
        if not abs(shown - amount) <= _TOLERANCE * max(abs(shown), abs(amount), min(1.0, scale)):
            yield (f"the cost line {' and '.join(lines)} is {shown:,.2f}, but its volumes and flows ask for "
                   f"{amount:,.2f}")


def _rules(book: StockBook) -> Iterator[str]:
    """What is not as the configuration of a stock point says."""
    yield from (f"goods leave {'/'.join(key)}, which has no stock" for key in book.without[:3])
    idle = book.configured.index.difference(book.points)
    yield from (f"{'/'.join(key)} has stock, but nothing leaves it" for key in idle[:3])
    stock = book.solution.stock
    short = stock[stock["fill_rate_given"] < stock["fill_rate"] - 1e-12]
    yield from (f"{row.site} gives {row.tiers} a fill rate of {row.fill_rate_given:g}, less than the "
                f"{row.fill_rate:g} promised" for row in short.head(3).itertuples())
    yield from _slow(book)
    yield from _late(book)


def _slow(book: StockBook) -> Iterator[str]:
    """Goods that come in by a way slower than the lead time of the configuration."""
    flow, net = book.solution.flows, book.net
    moves = flow[flow["kind"] == "move"]
    moves = moves.assign(group=moves["product"].map(book.group))
    keys = pd.MultiIndex.from_frame(moves[["destination", "group"]])
    moves, keys = moves[keys.isin(book.configured.index)], keys[keys.isin(book.configured.index)]
    days = moves["lead_time"].to_numpy(dtype=float) + book.fixed_days(moves)
    longest = book.configured["lead_time"].reindex(keys).to_numpy(dtype=float)
    replenished = book.listed[["replenishment_days"]].reset_index()
    replenished["group"] = replenished["product"].map(book.group)
    stated = replenished.groupby(["site", "group"])["replenishment_days"].max()
    free = np.isfinite(stated.reindex(keys).to_numpy(dtype=float))
    slow = moves[~free & (days > longest + 1e-6)]
    yield from (f"{row.product} comes from {row.origin} to {row.destination} by a way slower than the lead time of "
                "its stock" for row in slow.head(3).itertuples())
    known = stated.dropna().reindex(book.configured.index).dropna()
    other = known.index[np.abs(known - book.configured["lead_time"].reindex(known.index)) > 1e-9]
    yield from (f"the lead time of {'/'.join(key)} is not the one that is stated" for key in other[:3])
    usual = str(net.settings["stock_sharing"])
    listed = book.listed["stock_sharing"].reset_index()
    listed["group"] = listed["product"].map(book.group)
    said = listed[listed["stock_sharing"] != ""].groupby(["site", "group"])["stock_sharing"].first().reindex(
        book.configured.index).fillna(usual)
    wrong = book.configured.index[(said != book.configured["sharing"]).to_numpy(dtype=bool)]
    yield from (f"the stock of {'/'.join(key)} is not shared as stated" for key in wrong[:3])


def _late(book: StockBook) -> Iterator[str]:
    """Deliveries from a point that quotes a wait, by ways that the wait makes late."""
    waits = book.configured["wait"]
    if not (waits > 0).any():
        return
    flow = book.flow[book.flow["kind"] == "delivery"]
    quoted = waits.reindex(pd.MultiIndex.from_frame(flow[["site", "group"]])).to_numpy(dtype=float)
    ways = book.net.ways.deliveries.frame().rename(columns={"site": "origin"})
    keys = ["origin", "via", "customer", "tier", "mode_in", "mode_out", "product", "period"]
    most = ways.set_index(keys)["wait"].reindex(pd.MultiIndex.from_frame(flow[keys])).to_numpy(dtype=float)
    late = flow[~(quoted <= most + 1e-9)]
    yield from (f"{row.customer} is served from {row.site}, whose wait breaks the promise"
                for row in late.head(3).itertuples())
