"""Who gets what, by which rule, and why: the tables of an allocation."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import Findings, UsageError
from ctsopt.keys import Floats
from ctsopt.shortage.days import day, days, shown_day
from ctsopt.shortage.order_book import OrderBook, order_book
from ctsopt.shortage.rules import COMPARED
from ctsopt.shortage.settling import cheapest_flow
from ctsopt.shortage.sharing import Options, Shares, in_cases, share_book

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.tables.io import Source

NOTHING = 1e-6
"""Amounts below this are none, in cases."""


@dataclass(frozen=True, eq=False)
class Allocation:
    """What there is, shared among order lines by a rule.

    Attributes
    ----------
    book : OrderBook
        The tables that it was made from.
    options : Options
        How it was made.
    shares : Shares
        The arrays behind the tables.
    """

    book: OrderBook
    options: Options
    shares: Shares

    @property
    def rule(self) -> str:
        """The rule."""
        return self.options.rule

    @property
    def findings(self) -> Findings:
        """What is worth a look in the tables."""
        return self.book.findings

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per open order line, in the order in which they were given.

        order, line, customer, tier, product, rank, asked, counted (what of it counts where orders are capped at what is
        usual), share (a real number), whole (whole cases) and short, all in units, and the pool in which the line
        competes.
        """
        frame, size = self.book.lines, self.case_size
        columns = {name: frame[name] for name in ("order", "line", "customer", "tier", "product", "rank")}
        amounts = {"asked": self.shares.asked, "counted": self.shares.counted, "share": self.shares.settled.share,
                   "whole": self.shares.whole.cases}
        table = pd.DataFrame(columns | {name: values * size for name, values in amounts.items()})
        pool = np.unique(self.shares.settled.pool, return_inverse=True)[1]
        return table.assign(short=table["asked"] - table["whole"], pool=pool + 1)

    @property
    def case_size(self) -> Floats:
        """Units in a case, for each line."""
        return self.book.lines["case_size"].to_numpy(dtype=np.float64)

    @cached_property
    def sent(self) -> pd.DataFrame:
        """What goes from which supply to which line: site, product, available_on, order, line, customer, quantity.

        Of all ways to send what was shared, one that costs least (`eligible.cost`).
        """
        shares, sources = self.shares, in_cases(self.book)
        flow = cheapest_flow(sources, replace(shares.settled, share=shares.whole.cases))
        line, source, amount = _to_lines(sources.way_kind, sources.way_source, flow, sources.kind, shares.whole.cases,
                                         np.lexsort((shares.lines.turn, shares.lines.rank)))
        kept = amount > NOTHING
        supply = self.book.supply.iloc[source[kept]].reset_index(drop=True)
        lines = self.book.lines.iloc[line[kept]].reset_index(drop=True)
        return pd.concat([supply[["site", "product", "available_on"]], lines[["order", "line", "customer"]]],
                         axis=1).assign(quantity=amount[kept] * self.case_size[line[kept]])

    @cached_property
    def left_over(self) -> pd.DataFrame:
        """Supply that nobody gets: site, product, available_on, quantity, why."""
        supply, keys = self.book.supply, ["site", "product", "available_on"]
        used = self.sent.groupby(keys)["quantity"].sum().reindex(pd.MultiIndex.from_frame(supply[keys])).fillna(0.0)
        left = supply[keys].assign(quantity=supply["quantity"].to_numpy() - used.to_numpy())
        wanted = self.table.groupby("product")["short"].sum().reindex(left["product"]).fillna(-1.0).to_numpy()
        left["why"] = np.select([wanted < 0, wanted <= NOTHING, np.full(len(left), self.rule == "protected")],
                                ["nobody ordered it", "everybody has what was asked",
                                 "it is kept for better ranks"], "no case, minimum or complete order fits it, or it "
                                "cannot reach who is short")
        held = self.book.held.assign(why=self.book.held["why"].astype(str))
        return pd.concat([left[left["quantity"] > NOTHING], held[[*keys, "quantity", "why"]]], ignore_index=True)

    @cached_property
    def not_kept(self) -> pd.DataFrame:
        """Floors and commitments that there is not enough for: order, line, customer, what, promised, got."""
        shares, frame, size = self.shares, self.book.lines, self.case_size
        wanted = {"floor": (shares.given.floor_not_kept, frame["floor"] * shares.counted),
                  "win": (shares.given.win_not_kept, shares.counted),
                  "gain": (shares.given.gain_not_kept, np.minimum(frame["confirmed_quantity"] / size, shares.counted))}
        parts = [frame.loc[lost, ["order", "line", "customer"]].assign(
            what=name, promised=(np.asarray(amount) * size)[lost], got=(shares.whole.cases * size)[lost])
            for name, (lost, amount) in wanted.items()]
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def capped(self) -> pd.DataFrame:
        """Lines that ask for far more than their customer usually takes: order, line, customer, asked, counted."""
        over = self.table["counted"] < self.table["asked"] - NOTHING
        return self.table.loc[over, ["order", "line", "customer", "product", "asked", "counted"]].reset_index(drop=True)

    @property
    def penalty(self) -> float:
        """What everything that is short costs, where penalties are known."""
        cost = self.book.lines["penalty"].fillna(0.0).to_numpy() * self.table["short"].to_numpy()
        return float(cost.sum())

    @property
    def policy_hash(self) -> str:
        """SHA-256 of the policy as it held for the lines: tiers, ranks, weights, floors, caps, rules."""
        names = ["tier", "product_class", "rank", "weight", "floor", "cap", "protected", "rule_inside"]
        rows = self.book.lines[names].drop_duplicates().sort_values(names)
        return hashlib.sha256(rows.to_csv(index=False).encode()).hexdigest()

    def under(self, rule: str) -> Allocation:
        """The same supply and orders under another rule."""
        options = replace(self.options, rule=rule)
        return Allocation(self.book, options, share_book(self.book, options))

    def one_case(self, more: int) -> Allocation:
        """The same with one case more (or fewer) in every pool that is short, at its largest supply."""
        settled, book = self.shares.settled, self.book
        size = book.supply["product"].map(book.lines.groupby("product")["case_size"].first()).fillna(1.0).to_numpy()
        order = np.lexsort((book.sources.supply, settled.source_pool))
        last = order[np.append(settled.source_pool[order][1:] != settled.source_pool[order][:-1], True)]
        last = last[np.isfinite(settled.level[settled.source_pool[last]])] if len(order) else order
        supply = book.sources.supply.copy()
        supply[last] = np.maximum(supply[last] + more * size[last], 0.0)
        changed = replace(book, sources=book.sources.with_supply(supply))
        return Allocation(changed, self.options, share_book(changed, self.options))

    def compare(self, rules: Iterable[str] = COMPARED) -> pd.DataFrame:
        """The rules side by side, the chosen one marked: one column per rule, what each line gets (see `fairness`)."""
        from ctsopt.shortage.fairness import compared

        return compared(self, rules)

    @cached_property
    def reasons(self) -> pd.DataFrame:
        """Why: one row per order line of every pool that is short (see `ctsopt.shortage.reasons`)."""
        from ctsopt.shortage.reasons import reasons

        return reasons(self)

    @cached_property
    def fairness(self) -> pd.DataFrame:
        """How even the shares are, per tier and in all (see `ctsopt.shortage.fairness`)."""
        from ctsopt.shortage.fairness import fairness

        return fairness(self)

    def shown_day(self, value: float) -> str:
        """A day as it was given."""
        return shown_day(value, self.book.today)

    def __repr__(self) -> str:
        asked, got = self.table["asked"].sum(), self.table["whole"].sum()
        short = int((self.table["short"] > NOTHING).sum())
        return (f"Allocation by {self.rule}: {got:,.10g} of {asked:,.10g} units asked, {short} of {len(self.table)} "
                f"lines short")


def _to_lines(way_kind: np.typing.NDArray[np.int64], way_source: np.typing.NDArray[np.int64], flow: Floats,
              kind: np.typing.NDArray[np.int64], share: Floats,
              turn: np.typing.NDArray[np.int64]) -> tuple[np.typing.NDArray[np.int64], np.typing.NDArray[np.int64],
                                                          Floats]:
    """What comes to a kind of line, handed to its lines in turn: line, source and amount of each part."""
    ways = np.lexsort((way_source, way_kind))
    lines = turn[np.argsort(kind[turn], kind="stable")]
    parts = []
    for owner, amount in ((way_kind[ways], flow[ways]), (kind[lines], share[lines])):
        new = np.append(True, owner[1:] != owner[:-1])[:len(owner)]
        total = np.cumsum(amount)
        begin = np.flatnonzero(new)
        ends = total - np.repeat(np.append(0.0, total)[begin], np.diff(np.append(begin, len(owner))))
        parts.append(pd.DataFrame({"kind": owner, "end": np.round(ends, 9)}))
    both = pd.concat([parts[0].assign(way=np.arange(len(ways)), line=-1),
                      parts[1].assign(way=-1, line=np.arange(len(lines)))])
    both = both.sort_values(["kind", "end"], kind="stable").reset_index(drop=True)
    group = both["kind"]
    both["amount"] = both["end"] - both.groupby(group)["end"].shift(fill_value=0.0)
    for name in ("way", "line"):
        both[name] = both[name].where(both[name] >= 0).groupby(group).bfill()
    both = both[(both["amount"] > 0) & both["way"].notna() & both["line"].notna()]
    return lines[both["line"].astype(int)], way_source[ways[both["way"].astype(int)]], both["amount"].to_numpy()


def allocate(supply: pd.DataFrame, orders: pd.DataFrame, rule: str = "priority", *, inside: str = "proportional",
             policy: pd.DataFrame | None = None, customers: pd.DataFrame | None = None,
             products: pd.DataFrame | None = None, eligible: pd.DataFrame | None = None,
             history: pd.DataFrame | None = None, net: Network | None = None, basis: str = "orders",
             rounding: str = "largest_remainder", usual: float = np.inf, as_of: str | dt.date | None = None,
             horizon: float | str = np.inf) -> Allocation:
    """Share what there is among open orders by a rule; every short line has a reason.

    Floors come first, then commitments (`orders.strategy`), then the rule, then whole cases.

    Parameters
    ----------
    supply : DataFrame
        site, product, available_on, quantity (units), status, certainty. Only product and quantity are needed, and
        product only where there are several.
    orders : DataFrame
        order, customer, quantity (units), and what else is known: line, product, order_date, requested_date, penalty
        (money a unit), case_size, minimum, complete_only, strategy, confirmed_quantity, accepts_substitute.
    rule : str
        `priority` (by rank), `proportional`, `weighted`, `uniform` (equal awards), `equal_losses`, `contested`,
        `max_min` (the worst share first), `value` (the dearest shortage first) or `protected`.
    inside : str
        Rule inside a rank, where the policy names none.
    policy : DataFrame, optional
        tier, product_class, rank, weight, floor, cap, protected, rule_inside. By default the ranks of the network's
        tiers.
    customers, products : DataFrame, optional
        Tier of each customer, class of each product. By default those of the network.
    eligible : DataFrame, optional
        site, customer, product, days, cost: who may be served from where. By default every site serves everybody.
    history : DataFrame, optional
        customer, product, consumption, contracted (units).
    net : Network, optional
        Where tiers, ranks and product classes are taken from.
    basis : str
        What shares are proportional to: `orders`, `history` or `contracted`.
    rounding : str
        `largest_remainder`, or `none`: shares stay real numbers.
    usual : float
        Customers that ask for more than so many times what they usually take count with what they usually take,
        unless `orders.confirmed_by_hand`. Infinite: nobody is capped.
    as_of : str or date, optional
        The date of day 0; needed where tables hold dates.
    horizon : float or str
        Supply after this day (or date) is not shared.

    Returns
    -------
    Allocation
        With `table`, `reasons`, `fairness`, `left_over`, `not_kept`, `sent`, `compare(rules)`.

    Raises
    ------
    DataError
        With every fault of the tables at once.

    Examples
    --------
    >>> import pandas as pd
    >>> supply = pd.DataFrame({"quantity": [23]})
    >>> orders = pd.DataFrame({"order": ["1", "2"], "customer": ["Ada", "Ben"], "quantity": [20, 10]})
    >>> allocate(supply, orders, "proportional").table["whole"].tolist()
    [15.0, 8.0]
    """
    tables = {"supply": supply, "orders": orders, "policy": policy, "customers": customers, "products": products,
              "eligible": eligible, "history": history}
    return allocate_tables({name: frame for name, frame in tables.items() if frame is not None}, rule, inside=inside,
                           net=net, basis=basis, rounding=rounding, usual=usual, as_of=as_of, horizon=horizon)


def allocate_tables(source: Source, rule: str = "priority", *, inside: str = "proportional",
                    net: Network | None = None, basis: str = "orders", rounding: str = "largest_remainder",
                    usual: float = np.inf, as_of: str | dt.date | None = None,
                    horizon: float | str = np.inf) -> Allocation:
    """The same as `allocate`, from a folder of tables, a workbook, or frames by name.

    Parameters
    ----------
    source : path or mapping of str to DataFrame
        The tables supply and orders, and where wanted policy, customers, products, eligible and history.
    rule, inside, net, basis, rounding, usual, as_of, horizon
        As in `allocate`.
    """
    today = day(as_of)
    options = Options(rule, inside, basis, rounding, usual)
    book = order_book(source, net=net, today=today, horizon=_horizon(horizon, today))
    if rule == "priority" and net is None and "policy" not in book.given:
        raise UsageError("the rule priority needs ranks: give a policy (tier, rank) and the customers' tiers, or a "
                         "network")
    if usual < np.inf and "history" not in book.given:
        raise UsageError("orders are to be capped at what is usual, and nothing says what that is: give a history")
    return Allocation(book, options, share_book(book, options))


def _horizon(horizon: float | str, today: dt.date | None) -> float:
    found, faults = days("horizon", "horizon", [str(horizon)], [0], today)
    if faults:
        raise UsageError(f"horizon is {horizon!r}: {faults[0].message}; {faults[0].mend}")
    return float(found[0])
