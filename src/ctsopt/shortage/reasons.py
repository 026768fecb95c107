"""Why a line got what it got: the step that decided, who got the last case instead, and what would have changed it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.shortage.levels import taken_at
from ctsopt.shortage.texts import sentences

if TYPE_CHECKING:
    from ctsopt.shortage.allocation import Allocation

NOTHING = 1e-6


def reasons(alloc: Allocation) -> pd.DataFrame:
    """One row per order line of every pool that is short, in the order of the lines.

    Parameters
    ----------
    alloc : Allocation
        What was shared.

    Returns
    -------
    DataFrame
        order, line, customer, tier, product, asked, got, short, rule, policy (tier and product class of its row),
        `step` (of `texts.STEPS`), `competitor` (the order that got the last case of the pool) and `because`, `next`
        (the order that gets the next case), `more_for_full` (units more in the pool that would serve the line in full),
        `rank_for_full` (the worst rank that is served in full, where ranks decide), `worse_rank_served` (an order of a
        worse rank that gets something while this one is short), `expected_on`, `expected_quantity` and
        `expected_certainty` of the next supply, `promise` (kept, broken or blank), and all of it as a `text`.
    """
    table, settled = alloc.table, alloc.shares.settled
    pool = settled.pool
    short_pool = np.bincount(pool, weights=table["short"] > NOTHING, minlength=len(settled.supply)) > 0
    kept = short_pool[pool]
    last, following = _marginal(alloc, -1), _marginal(alloc, 1)
    step, frame = _steps(alloc), alloc.book.lines
    names = ["order", "line", "customer", "tier", "product", "asked"]
    out = table[names].assign(
        got=table["whole"], short=table["short"], rule=alloc.rule,
        policy=frame["tier"] + " x " + frame["product_class"], step=step, competitor=_order_of(alloc, last[pool]),
        because=_because(alloc, last[pool]),
        next=_order_of(alloc, following[pool]), more_for_full=_more_for_full(alloc),
        rank_for_full=_rank_for_full(alloc), worse_rank_served=_worse_rank(alloc))
    out = pd.concat([out, _expected(alloc)], axis=1)
    out["promise"] = np.select([frame["confirmed_quantity"] <= 0, table["whole"] >= frame["confirmed_quantity"]],
                               ["", "kept"], "broken")
    out["text"] = sentences(out)
    return out[kept].reset_index(drop=True)


def last_pallet(alloc: Allocation, product: str) -> str:
    """Two lines for each pool of a product: who is the last one in, and who the first one out."""
    table = alloc.table
    pools = np.unique(alloc.shares.settled.pool[(table["product"] == product).to_numpy()])
    last, following = _marginal(alloc, -1), _marginal(alloc, 1)
    lines = []
    for pool in pools[following[pools] >= 0]:
        for which, name in ((last[pool], "last one in"), (following[pool], "first one out")):
            row = table.iloc[which] if which >= 0 else None
            lines.append(f"{name}: nobody" if row is None else
                         f"{name}: order {row['order']} of {row['customer']} ({row['whole']:g} of {row['asked']:g})")
    return "\n".join(lines) or f"nobody is short of {product}"


def _marginal(alloc: Allocation, more: int) -> Positions:
    """For each pool the line that would gain a case if there were one more (or lose one); -1 where nobody would."""
    settled, lines = alloc.shares.settled, alloc.shares.lines
    change = (alloc.one_case(more).shares.whole.cases - alloc.shares.whole.cases) * more
    order = np.lexsort((-more * lines.turn, -more * lines.rank, change))[::-1]
    order = order[change[order] > NOTHING]
    found = np.full(len(settled.supply), -1)
    found[settled.pool[order][::-1]] = order[::-1]
    return found


def _order_of(alloc: Allocation, line: Positions) -> npt.NDArray[np.object_]:
    names = alloc.book.lines["order"].to_numpy(dtype=object)
    return np.where(line >= 0, names[line], "").astype(object) if len(names) else np.zeros(0, dtype=object)


def _because(alloc: Allocation, other: Positions) -> npt.NDArray[np.object_]:
    """Why the last case went to the other line."""
    lines, whole, frame = alloc.shares.lines, alloc.shares.whole, alloc.book.lines
    own = np.arange(len(lines))
    same_rank = lines.rank[other] == lines.rank
    placed = frame["placed"].fillna(np.inf).to_numpy()
    ranked = alloc.rule in {"priority", "protected"}
    by_value = np.full(len(lines), alloc.rule == "value")
    rests = np.round(alloc.shares.settled.share - np.floor(alloc.shares.settled.share), 9)
    return np.select(
        [(other < 0) | (alloc.table["short"].to_numpy() <= NOTHING), other == own, alloc.shares.left_out,
         by_value & (lines.penalty[other] > lines.penalty),
         ranked & (lines.rank[other] < lines.rank), whole.won[other] & same_rank & (rests[other] > rests),
         (ranked | by_value | whole.won[other]) & (lines.rank[other] < lines.rank),
         (by_value | whole.won[other]) & same_rank & (placed[other] < placed),
         (by_value | whole.won[other]) & same_rank & (placed[other] == placed) & (lines.turn[other] < lines.turn)],
        ["", "it has the last case itself", "this one would not have been served in full", "a larger penalty",
         "a better rank", "a larger remainder", "a better rank", "an earlier order",
         "nothing but the name of the order"], "its share by the rule").astype(object)


def _steps(alloc: Allocation) -> npt.NDArray[np.object_]:
    """The step that decided about each line."""
    shares, frame, table = alloc.shares, alloc.book.lines, alloc.table
    sources = alloc.book.sources
    served = np.bincount(sources.way_kind, minlength=sources.kinds)[sources.kind] > 0
    there = frame["product"].isin(alloc.book.supply["product"]).to_numpy() & np.isfinite(frame["needed"]).to_numpy()
    whole, share, low = shares.whole.cases, shares.settled.share, shares.given.low
    strategy = frame["strategy"].to_numpy(dtype=object)
    complete = (frame["complete_only"] != "no").to_numpy()
    committed = (strategy == "lose") | ((low > shares.given.floor) & (share <= low + NOTHING))
    by_rule = {"value": "value", "protected": "protected"}.get(alloc.rule, "share")
    ranked = (alloc.rule == "priority") & ~_partial(shares.settled.share, shares.lines.low, shares.lines.high)
    return np.select(
        [table["short"] <= NOTHING, ~served & there, ~served, shares.left_out & complete, shares.left_out,
         (whole >= shares.counted - NOTHING) & (shares.counted < shares.asked - NOTHING), committed,
         (shares.given.floor > 0) & (share <= shares.given.floor + NOTHING), np.abs(whole - share) > NOTHING, ranked],
        ["full", "too_late", "no_site", "complete_only", "minimum", "history", "commitment", "floor", "case_rounding",
         "rank"], by_rule).astype(object)


def _partial(share: Floats, low: Floats, high: Floats) -> Bools:
    return np.asarray((share > low + NOTHING) & (share < high - NOTHING), dtype=bool)


def _more_for_full(alloc: Allocation) -> Floats:
    """Units more in the pool of each line that would serve it in full; NaN where no supply would, or it is."""
    shares = alloc.shares
    rise, settled = shares.rise, shares.settled
    end = np.full(len(shares.lines), -np.inf)
    np.maximum.at(end, rise.line, rise.end)
    needs = (alloc.table["short"].to_numpy() > NOTHING) & np.isfinite(end) & ~shares.left_out & (
        shares.lines.high >= shares.asked - NOTHING)
    more = np.full(len(end), np.nan)
    taken = taken_at(rise, settled.pool, settled.pool[needs], end[needs])
    more[needs] = np.round(np.maximum(taken - settled.supply[settled.pool[needs]], 0.0), 6)
    return more * alloc.case_size


def _rank_for_full(alloc: Allocation) -> Floats:
    """The worst rank of the pool such that it and all better ones are served in full, under the rule `priority`."""
    frame, table = alloc.book.lines, alloc.table
    if alloc.rule != "priority":
        return np.full(len(frame), np.nan)
    rank, pool = frame["rank"].to_numpy(dtype=np.float64), alloc.shares.settled.pool
    first_short = np.full(len(alloc.shares.settled.supply), np.inf)
    short = (table["short"] > NOTHING).to_numpy()
    np.minimum.at(first_short, pool[short], rank[short])
    best = np.full(len(first_short), -np.inf)
    full = rank < first_short[pool]
    np.maximum.at(best, pool[full], rank[full])
    found = best[pool]
    return np.where(short & np.isfinite(found), found, np.nan)


def _worse_rank(alloc: Allocation) -> npt.NDArray[np.object_]:
    """An order of a worse rank in the same pool that gets something, for short lines, where ranks or value decide."""
    shares, rank = alloc.shares, alloc.shares.lines.rank
    pool, served = shares.settled.pool, shares.whole.cases > NOTHING
    order = np.lexsort((-shares.lines.turn, rank))
    order = order[served[order]]
    worst = np.full(len(shares.settled.supply), -1)
    worst[pool[order]] = order
    other = worst[pool]
    told = (other >= 0) & (alloc.table["short"].to_numpy() > NOTHING) & (rank[other] > rank)
    told &= alloc.rule in {"priority", "value", "protected"}
    return np.where(told, _order_of(alloc, other), "").astype(object)


def _expected(alloc: Allocation) -> pd.DataFrame:
    """The next supply of the product after the day on which each line is wanted."""
    book = alloc.book
    later = pd.concat([book.supply, book.held[book.held["status"] != "quality_hold"]])
    later = later.sort_values("day", kind="stable")[["product", "day", "quantity", "certainty"]]
    last = float(book.supply["day"].max()) if len(book.supply) else 0.0
    wanted = pd.DataFrame({"product": book.lines["product"], "wanted": book.lines["needed"].fillna(last),
                           "at": np.arange(len(book.lines))}).sort_values("wanted", kind="stable")
    found = pd.merge_asof(wanted, later.assign(wanted=later["day"]), on="wanted", by="product", direction="forward",
                          allow_exact_matches=False).sort_values("at").reset_index(drop=True)
    return pd.DataFrame({"expected_on": [alloc.shown_day(v) for v in found["day"]],
                         "expected_quantity": found["quantity"], "expected_certainty": found["certainty"]})
