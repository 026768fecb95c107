"""One allocation as arrays: floors, commitments, the rule, orders that are taken in full or not at all, whole cases."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.errors import DataError, Finding, Findings, UsageError
from ctsopt.inventory.arguments import known
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.shortage.commitments import Given, given_before
from ctsopt.shortage.complete import best_orders
from ctsopt.shortage.levels import Rise, positions, sums
from ctsopt.shortage.order_book import OrderBook, turns
from ctsopt.shortage.rules import EVEN, RULES, Lines, protected_shares, rise_of
from ctsopt.shortage.settling import Parts, Settled, Sources, settle
from ctsopt.shortage.whole import Claims, Whole, whole_cases

BASES = ("orders", "history", "contracted")
ROUNDING = ("largest_remainder", "none")
ENOUGH = 1e-9


@dataclass(frozen=True)
class Options:
    """How an allocation is made.

    Attributes
    ----------
    rule, inside : str
        The rule, and the rule inside a rank where the policy names none.
    basis : str
        What shares are proportional to: orders, history or contracted.
    rounding : str
        largest_remainder, or none.
    usual : float
        Orders above so many times what the customer usually takes are capped at that; infinite: none are.
    """

    rule: str = "priority"
    inside: str = "proportional"
    basis: str = "orders"
    rounding: str = "largest_remainder"
    usual: float = np.inf

    def __post_init__(self) -> None:
        known(self.rule, RULES, "rule")
        known(self.inside, tuple(EVEN), "rule inside a rank")
        known(self.basis, BASES, "basis of shares")
        known(self.rounding, ROUNDING, "rounding")


@dataclass(frozen=True, eq=False)
class Shares:
    """What came out, one value for each open line, in cases of its product.

    Attributes
    ----------
    asked : float array
        What the line asks for; `counted` is what of it counts, where orders are capped at what is usual.
    lines : Lines
        What the rule looked at.
    given : Given
        What was given before the rule began.
    rise : Rise
        How shares rose.
    settled : Settled
        Shares and pools.
    whole : Whole
        Whole cases.
    left_out : bool array
        Lines that could not be served in full, or not by their minimum, and therefore get nothing.
    guessed : bool array
        Whether the basis of the line is the mean of its tier because nothing else is known.
    """

    asked: Floats
    counted: Floats
    lines: Lines
    given: Given
    rise: Rise
    settled: Settled
    whole: Whole
    left_out: Bools
    guessed: Bools


def share_book(book: OrderBook, options: Options) -> Shares:
    """Share the supply of an order book among its lines."""
    frame, sources, size = book.lines, in_cases(book), book.lines["case_size"].to_numpy()
    asked = frame["quantity"].to_numpy() / size
    counted = capped(book, options.usual) / size
    lines, guessed = _lines(book, sources, counted, options)
    strategy = frame["strategy"].to_numpy(dtype=object)
    floor = frame["floor"].to_numpy() * counted
    given = given_before(floor, lines.high, frame["confirmed_quantity"].to_numpy() / size, strategy, lines.rank,
                         lines.turn, sources)
    lines = replace(lines, low=given.low)
    high, fixed, left_out = _taken_in_full(book, lines, sources, options)
    lines = replace(lines, high=high, low=np.where(fixed, high, np.minimum(lines.low, high)))
    rise, settled, left_out = _by_rule(book, lines, sources, options, left_out)
    lines = replace(lines, high=np.where(left_out, 0.0, lines.high))
    whole = _whole(book, lines, settled, sources, options)
    return Shares(asked, counted, lines, given, rise, settled, whole, left_out, guessed)


def in_cases(book: OrderBook) -> Sources:
    """The sources with their supply in cases."""
    size = book.lines.groupby("product")["case_size"].first()
    return book.sources.with_supply(book.sources.supply / book.supply["product"].map(size).fillna(1.0).to_numpy())


def capped(book: OrderBook, usual: float) -> Floats:
    """What of each line counts [units]: a customer that asks for far more than usual counts with what is usual.

    Its earlier lines count first; lines that were confirmed by hand count in full.
    """
    frame, asked = book.lines, book.lines["quantity"].to_numpy(dtype=np.float64)
    if usual == np.inf:
        return asked
    keys = ["customer", "product"]
    history = book.history.set_index(keys)["consumption"]
    known_use = history.reindex(pd.MultiIndex.from_frame(frame[keys])).to_numpy()
    order = np.argsort(turns(frame)[0])
    open_ = np.where(frame["confirmed_by_hand"], 0.0, asked)
    total = pd.Series(open_).groupby([frame[k] for k in keys]).transform("sum").to_numpy()
    before = pd.Series(open_[order]).groupby([frame[k].to_numpy()[order] for k in keys]).cumsum().to_numpy()
    earlier = np.empty(len(frame))
    earlier[order] = before - open_[order]
    over = (total > usual * known_use) & ~frame["confirmed_by_hand"].to_numpy()
    return np.where(over, np.clip(known_use - earlier, 0.0, asked), asked)


def _lines(book: OrderBook, sources: Sources, counted: Floats, options: Options) -> tuple[Lines, Bools]:
    frame = book.lines
    high = np.minimum(counted, frame["cap"].to_numpy() * counted)
    basis, guessed = _basis(book, counted, options.basis)
    penalty = frame["penalty"].to_numpy(dtype=np.float64)
    if options.rule == "value" or options.inside == "value" or (frame["rule_inside"] == "value").any():
        _require(frame, np.isnan(penalty), "no_penalty", "penalty", "nothing says what a unit short costs, and the "
                 "rule value looks at it", "fill it in")
    rank = np.unique(frame["rank"].to_numpy(), return_inverse=True)[1]
    kept = frame.groupby("tier").agg(rank=("rank", "first"), protected=("protected", "max"))
    above = np.array([kept["protected"][kept["rank"] < r].sum() for r in np.unique(frame["rank"])])
    size = frame["case_size"].to_numpy()
    turn, _ = turns(frame)
    lines = Lines(counted, np.zeros(len(frame)), high, sources.components(), positions(rank), basis,
                  frame["weight"].to_numpy(dtype=np.float64), np.nan_to_num(penalty) * size, turn,
                  (above[rank] if len(above) else np.zeros(0)) / size)
    return lines, guessed


def _basis(book: OrderBook, counted: Floats, basis: str) -> tuple[Floats, Bools]:
    """What shares are proportional to; who has no history gets the mean of its tier for the product."""
    frame = book.lines
    if basis == "orders":
        return counted, np.zeros(len(frame), dtype=bool)
    column = "consumption" if basis == "history" else "contracted"
    found = book.history.set_index(["customer", "product"])[column]
    keys = pd.MultiIndex.from_frame(frame[["customer", "product"]])
    usual = pd.Series(found.reindex(keys).to_numpy(), index=frame.index)
    usual = usual.where(usual > 0)
    guessed = usual.isna().to_numpy()
    usual = usual.fillna(usual.groupby([frame["tier"], frame["product"]]).transform("mean"))
    usual = usual.fillna(usual.groupby(frame["product"]).transform("mean"))
    _require(frame, (usual.isna() & (counted > 0)).to_numpy(), "no_history", "product",
             f"nobody's {column} of the product is known, and shares are by it",
             "fill it in in the table history, or share by orders")
    group = positions(frame.groupby(["customer", "product"], sort=False).ngroup().to_numpy())
    asked = sums(group, counted, len(frame))
    part = np.divide(counted, asked[group], out=np.zeros(len(frame)), where=asked[group] > 0)
    return usual.fillna(1.0).to_numpy() / frame["case_size"].to_numpy() * part, guessed


def _require(frame: pd.DataFrame, wrong: Bools, rule: str, column: str, message: str, mend: str) -> None:
    if wrong.any():
        rows = frame[wrong]
        shown = rows[column].astype(object).where(rows[column].notna(), "").map(str).tolist()
        raise DataError(Findings([Finding(rule, "orders", column, message, mend, rows["row"].tolist(), shown)]))


def least_of(book: OrderBook, lines: Lines) -> Floats:
    """The least that each line takes, if anything, in cases."""
    frame = book.lines
    minimum = np.ceil(frame["minimum"].to_numpy() / frame["case_size"].to_numpy() - ENOUGH)
    return np.where(frame["complete_only"] == "no", np.minimum(minimum, lines.asked), lines.asked)


def _taken_in_full(book: OrderBook, lines: Lines, sources: Sources, options: Options) -> tuple[Floats, Bools, Bools]:
    """Under `value` a program chooses among the orders that are taken in full or not at all."""
    complete = (book.lines["complete_only"] != "no").to_numpy()
    if options.rule != "value" or not complete.any():
        return lines.high, np.zeros(len(lines), dtype=bool), np.zeros(len(lines), dtype=bool)
    group = bundles(book)
    taken = best_orders(lines, group, complete, sources)
    return np.where(complete & ~taken, 0.0, lines.high), complete & taken, complete & ~taken


def bundles(book: OrderBook) -> Positions:
    """Lines that are taken together have one number: those of an order of which only all is taken."""
    frame = book.lines
    name = np.where(frame["complete_only"] == "order", "o" + frame["order"].astype(str),
                    "l" + pd.Series(np.arange(len(frame))).astype(str))
    return positions(np.unique(name.astype(str), return_inverse=True)[1])


def _by_rule(book: OrderBook, lines: Lines, sources: Sources, options: Options,
             left_out: Bools) -> tuple[Rise, Settled, Bools]:
    """Apply the rule; lines that would get less than they take are left out, the worst of each pool first."""
    least, group = least_of(book, lines), bundles(book)
    out, asked_most = left_out.copy(), lines.high
    rise, settled = _applied(book, lines, sources, options)
    while (short := _short_of_least(settled.share, least, group)).any():
        fill = np.divide(settled.share, least, out=np.ones(len(lines)), where=least > 0)
        worst = np.lexsort((-lines.turn, -lines.rank, fill))
        worst = worst[short[worst]]
        _, first = np.unique(settled.pool[worst], return_index=True)
        dropped = np.isin(group, group[worst[first]])
        out |= dropped
        lines = replace(lines, high=np.where(dropped, 0.0, lines.high), low=np.where(dropped, 0.0, lines.low))
        rise, settled = _applied(book, lines, sources, options)
    share = _offered_again(replace(lines, high=asked_most), settled.share, least, group, out & ~left_out, sources)
    return rise, replace(settled, share=share), out & (share <= ENOUGH)


def _offered_again(lines: Lines, share: Floats, least: Floats, group: Positions, out: Bools,
                   sources: Sources) -> Floats:
    """What is left, offered by rank and turn to the lines that were left out: each takes it if it is enough for it."""
    order, waiting = np.lexsort((lines.turn, lines.rank)), out
    while waiting.any():
        queue = order[waiting[order]]
        got = settle(Rise.in_turn(share, queue, lines.high[queue]), sources).share
        lacks = waiting & (got < least * (1 - ENOUGH))
        lacking = np.isin(group, group[lacks])
        share = np.where(waiting & ~lacking, got, share)
        failed = queue[lacking[queue]]
        _, first = np.unique(lines.pool[failed], return_index=True)
        waiting = waiting & lacking & ~np.isin(group, group[failed[first]])
    return share


def _short_of_least(share: Floats, least: Floats, group: Positions) -> Bools:
    """Lines that get something, but not what they take at least; and those that are taken with one that does not."""
    less = share < least * (1 - ENOUGH)
    served = sums(group, np.asarray(share > ENOUGH, dtype=np.float64), int(group.max(initial=-1)) + 1) > 0
    return np.asarray(less & served[group], dtype=bool)


def _applied(book: OrderBook, lines: Lines, sources: Sources, options: Options) -> tuple[Rise, Settled]:
    strategy = book.lines["strategy"].to_numpy(dtype=object)
    lose = positions(strategy == "lose")
    if options.rule == "protected":
        return _protected(lines, sources, lose)
    own: npt.NDArray[np.object_] = book.lines["rule_inside"].to_numpy(dtype=object)
    rise = rise_of(lines, options.rule, np.where(own == "", options.inside, own))
    if lose.any():
        rise = rise.in_stages(lose, lines.pool)
    return rise, settle(rise, sources)


def _protected(lines: Lines, sources: Sources, lose: Positions) -> tuple[Rise, Settled]:
    parts = Parts(sources)
    if parts.unsure().any():
        raise UsageError("the rule protected keeps units of one stock: here some lines may be served from sites or on "
                         "days that others may not; share each site by itself, or choose another rule")
    pool = parts.of_kind[sources.kind]
    supply = sums(parts.of_source, sources.supply, parts.count)
    turn = np.empty(len(lines), dtype=np.int64)
    turn[np.lexsort((lines.turn, lose))] = np.arange(len(lines))
    share = protected_shares(replace(lines, pool=pool, turn=turn), supply)
    level = np.where(sums(pool, lines.high - share, parts.count) > ENOUGH, 0.0, np.inf)
    nothing = np.zeros(0)
    return Rise(share, positions(nothing), nothing, nothing, nothing), Settled(share, pool, level, supply,
                                                                               parts.of_source)


def _whole(book: OrderBook, lines: Lines, settled: Settled, sources: Sources, options: Options) -> Whole:
    if options.rounding == "none":
        nothing = np.zeros(len(lines), dtype=bool)
        return Whole(settled.share, nothing, nothing)
    frame = book.lines
    alone = (least_of(book, lines) > 0) | (frame["strategy"] != "share").to_numpy()
    names = pd.DataFrame({"customer": frame["customer"], "kind": sources.kind, "rank": lines.rank,
                          "product": frame["product"], "alone": np.where(alone, np.arange(len(frame)), -1)})
    group = positions(names.groupby(list(names), sort=False).ngroup().to_numpy())
    most = np.minimum(lines.high, np.ceil(settled.share - ENOUGH)) if options.rule == "protected" else lines.high
    _, early = turns(frame)
    return whole_cases(Claims(settled.share, lines.low, most, lines.rank, lines.turn, early, group), settled, sources)
