"""A book of promises: orders are answered as they come, from what is held for their tiers."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from ctsopt.errors import Findings, UsageError, unknown_name
from ctsopt.shortage import promised
from ctsopt.shortage.days import shown_day
from ctsopt.shortage.journal import Entry, Journal
from ctsopt.shortage.ledger import FIRM, Key, Ledger, Promise, as_entry
from ctsopt.shortage.promise_tables import Policy, one_request, opening, requests
from ctsopt.shortage.resettling import changes, moved, resettled
from ctsopt.shortage.shelves import NOTHING, Request, Shelves

if TYPE_CHECKING:
    from ctsopt.tables.io import Source

AT_ONCE = 5_000
"""Order lines whose entries are written together: an answer is given when its entry is in the journal."""


class PromiseBook:
    """What can be promised, and what was. It is made by `promise_book`, and read again by `open_book`.

    Attributes
    ----------
    findings : Findings
        What is worth a look in the tables, and a line of the journal that was cut off.
    today : date or None
        The date of day 0.
    """

    def __init__(self, ledger: Ledger, journal: Journal | None, findings: Findings) -> None:
        self._ledger, self._journal, self.findings = ledger, journal, findings
        today = ledger.about["today"]
        self.today = None if today is None else dt.date.fromisoformat(today)
        self._policy = Policy.from_text(ledger.about["policy"])

    # ---- what changes it ---------------------------------------------------------------------------------------------

    def take(self, order: str, customer: str, quantity: float, *, requested: float | str | dt.date = math.inf,
             at: float | str | dt.datetime | None = None, line: str = "1", product: str = "", tier: str = "",
             site: str = "", firm: bool = False, late: bool = True, **rest: Any) -> Promise:
        """Promise an order line what can be promised, and write it down.

        Parameters
        ----------
        order, line, customer, product, tier, site : str
            As in the table `orders`. A blank tier is the customer's; a blank product is the only one.
        quantity : float
            Units asked for.
        requested : float, str or date
            Day on which they are wanted. Infinite: whenever they can be had.
        at : float, str or datetime
            The time at which it is asked; by default that of the last entry.
        firm : bool
            The promise holds without being confirmed.
        late : bool
            What cannot be had in time is promised for later.
        **rest
            Other columns of the table `orders`: minimum, case_size, complete_only, strategy.

        Raises
        ------
        DataError, UsageError
            Where the order makes no sense, or has a promise already: nothing is changed.
        """
        row = {"order": order, "line": line, "customer": customer, "product": product, "quantity": quantity,
               "tier": tier, "site": site, "requested_date": requested} | rest
        asked = one_request(row, self._policy, self.today)
        return self._answers([asked], self._time(at), firm=firm, late=late)[0]

    def take_all(self, orders: Source | pd.DataFrame, *, at: float | str | dt.datetime | None = None,
                 firm: bool = False, late: bool = True, without: Collection[str] = ()) -> pd.DataFrame:
        """Promise many order lines, the one that was ordered first before the others (`order_date`, then name).

        Parameters
        ----------
        orders : DataFrame, path or mapping
            The table `orders`, or a folder or workbook that holds it. Lines that have a promise keep it.
        at, firm, late
            As in `take`.
        without : collection of str
            Orders that get no promise.

        Returns
        -------
        DataFrame
            One row for each open line, in the order in which they were given: order, line, customer, tier, product,
            asked, promised, in_time, short (units), complete_on, until, because.
        """
        source: Source = {"orders": orders} if isinstance(orders, pd.DataFrame) else orders
        asked, _ = requests(source, self._policy, self.today)
        time = self._time(at)
        turn = sorted((one for one in asked if _key(one) not in self._ledger.promises and one.order not in without),
                      key=lambda one: (one.placed, one.order, one.line))
        for lines in _together(turn):
            self._answers(lines, time, firm=firm, late=late)
        found = [self._ledger.promises.get(_key(one), Promise(one, (), time)) for one in asked]
        return promised.answers(self._ledger.shelves, found, self.shown)

    def confirm(self, order: str, line: str = "1", *, at: float | str | dt.datetime | None = None) -> Promise:
        """Make a promise firm: it lapses no more."""
        key = self._known(order, line, self._time(at))
        self._write([{"op": "confirm", "at": self._time(at), "key": key}])
        return self._ledger.promises[key]

    def release(self, order: str, line: str = "1", *, at: float | str | dt.datetime | None = None) -> None:
        """Take a promise back: what it held can be promised to others."""
        self._write([{"op": "release", "at": self._time(at), "key": self._known(order, line, self._time(at))}])

    def replan(self, source: Source, *, at: float | str | dt.datetime | None = None) -> pd.DataFrame:
        """Another supply, with its quotas, ways and policy: promises keep the receipts that are still there.

        What they have lost is looked for elsewhere, by rank and order date.

        Parameters
        ----------
        source : mapping of str to DataFrame, or path
            As for `promise_book`. Its days count from the same day 0; what was delivered is in neither supply nor
            promises (`release` it first).
        at : float, str or datetime
            When.

        Returns
        -------
        DataFrame
            What became of each promise, as `reprioritise` gives it.
        """
        plan, policy, findings = opening(source, self._ledger.shelves.plan.consumption, self.today)
        time, others = self._time(at), {"plan": plan.as_text(), "policy": policy.as_text()}
        self._ledger.lapse(time)
        new = moved(self._asked({}, policy), self._ledger.shelves.plan, Shelves(plan))
        told = self._settle(time, new, others)
        self.findings, self._policy = findings, policy
        return told

    def _asked(self, strategies: Mapping[str, str], policy: Policy) -> list[Promise]:
        """The promises as they stand, with strategies and ranks of today."""
        return [replace(old, request=old.request._replace(
            strategy=strategies.get(old.request.order, old.request.strategy),
            rank=policy.rank(old.request.tier, old.request.product))) for old in self._ledger.promises.values()]

    def reprioritise(self, strategies: Mapping[str, str] | None = None, *, at: float | str | dt.datetime | None = None
                     ) -> pd.DataFrame:
        """Promise everything anew, some orders before others.

        Parameters
        ----------
        strategies : mapping of str to str
            By order: win (in full and in time, or an exception), gain (never less than before), share (by rank and
            order date), lose (last). By default what the order said.
        at : float, str or datetime
            When.

        Returns
        -------
        DataFrame
            order, line, customer, tier, strategy, asked, before, in_time_before, after, in_time (units), complete_on,
            change: kept, improved, later, less, lost, or exception.
        """
        strategies = dict(strategies or {})
        for order, strategy in strategies.items():
            if strategy not in ("win", "gain", "share", "lose"):
                raise UsageError(f"{order}: there is no strategy {strategy!r}: win, gain, share or lose")
            if all(order != key[0] for key in self._ledger.promises):
                raise UsageError(unknown_name("order", order, sorted({key[0] for key in self._ledger.promises})))
        time = self._time(at)
        self._ledger.lapse(time)
        new = resettled(self._asked(strategies, self._policy), Shelves(self._ledger.shelves.plan))
        return self._settle(time, new, {})

    def close(self) -> None:
        """Let go of the journal; the book can be opened again."""
        if self._journal is not None:
            self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- what it says ------------------------------------------------------------------------------------------------

    def promise(self, order: str, line: str = "1") -> Promise:
        """The promise to an order line."""
        return self._ledger.promises[self._known(order, line, self._ledger.now)]

    @property
    def promises(self) -> pd.DataFrame:
        """Promises that stand, as `take_all` gives them."""
        return promised.answers(self._ledger.shelves, self._ledger.promises.values(), self.shown)

    @property
    def parts(self) -> pd.DataFrame:
        """What each promise is made of: which receipt at which site, from whose quota, and when it arrives."""
        return promised.parts(self._ledger, self.shown)

    @property
    def left(self) -> pd.DataFrame:
        """What can still be promised of each quota.

        site, product, available_on, tier (blank: open to all); quantity, left and protected in units.
        """
        return promised.left(self._ledger.shelves, self.shown)

    def alternatives(self, order: str, customer: str, quantity: float, *, requested: float | str | dt.date = math.inf,
                     substitutes: pd.DataFrame | None = None, **rest: Any) -> pd.DataFrame:
        """What could be promised instead; nothing is taken.

        Parameters
        ----------
        order, customer, quantity, requested, **rest
            As in `take`.
        substitutes : DataFrame, optional
            product, substitute, ratio (units of it for a unit of the product).

        Returns
        -------
        DataFrame
            One row for each way out that gives something: what (as asked, part in time, all at once later, another
            site, substitute), product, site, quantity (units), complete_on.
        """
        row = {"order": order, "customer": customer, "quantity": quantity, "requested_date": requested} | rest
        asked = one_request(row, self._policy, self.today)
        return promised.alternatives(self._ledger.shelves, asked, substitutes, self.shown)

    def shown(self, value: float) -> str:
        """A day as it was given: a date where day 0 has one."""
        return "" if math.isinf(value) else shown_day(value, self.today)

    def __repr__(self) -> str:
        promised = math.fsum(promise.quantity for promise in self._ledger.promises.values())
        left = math.fsum(math.fsum(row) for row in self._ledger.shelves.left)
        return f"<PromiseBook: {len(self._ledger.promises)} promises of {promised:g} units; {left:g} units are left>"

    # ---- within ------------------------------------------------------------------------------------------------------

    def _answers(self, asked: list[Request], at: float, *, firm: bool, late: bool) -> list[Promise]:
        """Promises to order lines in turn, written down together. Later ones see what the earlier ones took."""
        for request in asked:
            if _key(request) in self._ledger.promises:
                raise UsageError(f"order {request.order}, line {request.line} has a promise: release it first")
        self._ledger.lapse(at)
        until, shelves = FIRM if firm else at + self._ledger.hold, self._ledger.shelves
        mark = shelves.mark()
        try:
            made = [promise for lines in _by_order(asked) for promise in self._of_an_order(lines, at, until, late=late)]
            if self._journal is not None:
                self._journal.write({"op": "take", **as_entry(promise)} for promise in made)
        except BaseException:
            shelves.back_to(mark)
            raise
        shelves.settle()
        for promise in made:
            self._ledger.enter(promise)
        return made

    def _of_an_order(self, lines: list[Request], at: float, until: float, *, late: bool) -> list[Promise]:
        """Promises to the lines of an order, which may want all of them or nothing."""
        shelves, made = self._ledger.shelves, []
        mark = shelves.mark()
        for request in lines:
            parts = tuple(shelves.seek(request, late=late))
            shelves.take(parts)
            made.append(Promise(request, parts, at, until))
        if any(one.request.complete == "order" and one.quantity < one.request.quantity - NOTHING for one in made):
            shelves.back_to(mark)
            made = [replace(one, parts=()) for one in made]
        return made

    def _settle(self, at: float, new: list[Promise], others: Entry) -> pd.DataFrame:
        """All promises anew, in one entry: what became of each."""
        before = dict(self._ledger.promises)
        self._write([{"op": "settle", "at": at, "promises": [as_entry(promise) for promise in new]} | others])
        return changes(before, self._ledger.promises, self.shown)

    def _write(self, entries: list[Entry]) -> None:
        """First the journal, then the state: what is not written has not happened."""
        if self._journal is not None:
            self._journal.write(entries)
        for entry in entries:
            self._ledger.apply(entry)

    def _time(self, at: float | str | dt.datetime | None) -> float:
        if at is None:
            return self._ledger.now
        time = moment(at, self.today)
        if time < self._ledger.now:
            raise UsageError(f"at is day {time:g}, before the last entry, day {self._ledger.now:g}: a book is written "
                             "forward")
        return time

    def _known(self, order: str, line: str, at: float) -> Key:
        self._ledger.lapse(at)
        if (order, line) not in self._ledger.promises:
            raise UsageError(unknown_name("promise", f"{order} {line}", sorted(
                " ".join(key) for key in self._ledger.promises)))
        return order, line


def moment(at: float | str | dt.datetime, today: dt.date | None) -> float:
    """A time as a number of days from day 0."""
    if isinstance(at, int | float):
        return float(at)
    stamp = pd.to_datetime(at, format="ISO8601", errors="coerce") if isinstance(at, str) else pd.Timestamp(at)
    if pd.isna(stamp) or not isinstance(stamp, pd.Timestamp):
        raise UsageError(f"{at!r} is no time: write it as 2026-11-30T14:00, or as days from day 0")
    if today is None:
        raise UsageError(f"{at!r} is a date, and nothing says what day 0 is: say so with as_of")
    return float((stamp - pd.Timestamp(today)) / pd.Timedelta(days=1))


def _key(request: Request) -> Key:
    return request.order, request.line


def _together(asked: list[Request]) -> Iterator[list[Request]]:
    """Lines that are written down together: some thousands, and the lines of one order in one go."""
    part: list[Request] = []
    for one in asked:
        if len(part) >= AT_ONCE and one.order != part[-1].order:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _by_order(asked: list[Request]) -> Iterator[list[Request]]:
    """The lines of an order together, where it is taken in full or not at all; else each by itself."""
    for name, lines in groupby(asked, key=lambda one: one.order if one.complete == "order" else None):
        if name is None:
            yield from ([one] for one in lines)
        else:
            yield list(lines)
