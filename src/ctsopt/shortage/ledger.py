"""The state of a book of promises: what is left, and what is promised to whom. It is the fold of its journal.

Every change is an entry that holds the outcome (which cells, how much), so that reading a journal again decides nothing
anew: what was answered is what stands.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ctsopt.errors import UsageError
from ctsopt.shortage.journal import SCHEMA, Entry
from ctsopt.shortage.shelves import NOTHING, Part, Plan, Request, Shelves

Key = tuple[str, str]
"""Order and line."""

FIRM = math.inf
"""Until when a promise holds that was confirmed, or that holds without being confirmed."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What was promised to an order line.

    Attributes
    ----------
    request : Request
        What was asked.
    parts : tuple of Part
        Units and the days on which they are with the customer.
    at : float
        When it was promised [days].
    until : float
        When the promise lapses if nobody confirms it; infinite: it is firm.
    """

    request: Request
    parts: tuple[Part, ...]
    at: float
    until: float = FIRM

    @property
    def quantity(self) -> float:
        """Units promised."""
        return math.fsum(part.quantity for part in self.parts)

    @property
    def in_time(self) -> float:
        """Units that arrive by the day that was asked for."""
        return math.fsum(part.quantity for part in self.parts if part.day <= self.request.requested + NOTHING)

    @property
    def complete_on(self) -> float:
        """Day on which the last promised unit arrives; NaN where nothing is promised."""
        return max((part.day for part in self.parts), default=math.nan)

    def by(self, day: float) -> float:
        """Units that arrive by a day."""
        return math.fsum(part.quantity for part in self.parts if part.day <= day + NOTHING)


_TOO_MUCH = 1e-6
"""Units by which rounding may overdraw a cell."""


class Ledger:
    """What entries come to.

    Attributes
    ----------
    shelves : Shelves
        What is left.
    promises : dict of (order, line) to Promise
    now : float
        The time of the last entry [days].
    hold : float
        Days that a promise holds if nobody confirms it.
    about : dict
        What else was written when the book was opened: today, version.
    """

    def __init__(self, opening: Entry) -> None:
        if opening.get("op") != "open" or opening.get("schema") != SCHEMA:
            raise UsageError(f"this is not a journal of promises ({SCHEMA})")
        self.shelves = Shelves(Plan.from_text(opening["plan"]))
        self.promises: dict[Key, Promise] = {}
        self.now, self.hold = float(opening["at"]), _number(opening["hold"])
        self.about: Mapping[str, Any] = opening["about"]
        self._lapsing: list[tuple[float, Key]] = []

    def apply(self, entry: Entry) -> None:
        """Take an entry that is in the journal."""
        self.lapse(entry["at"])
        operation = entry["op"]
        if operation == "take":
            self._put(_promise(entry, entry["at"]))
        elif operation == "release":
            self._drop(tuple(entry["key"]))
        elif operation == "confirm":
            key: Key = tuple(entry["key"])
            self.promises[key] = replace(self.promises[key], until=FIRM)
        elif operation == "settle":
            self._settle(entry)
        else:
            raise UsageError(f"the journal holds {operation!r}, which this version does not know: use a newer one")

    def lapse(self, at: float) -> None:
        """Time goes on: promises that nobody confirmed are given back."""
        if at < self.now:
            raise UsageError(f"time goes back, from {self.now:g} to {at:g}: a book is written forward")
        self.now = at
        while self._lapsing and self._lapsing[0][0] <= at:
            until, key = heapq.heappop(self._lapsing)
            if key in self.promises and self.promises[key].until == until:
                self._drop(key)

    def _put(self, promise: Promise) -> None:
        self.shelves.take(promise.parts)
        self.shelves.settle()
        self.enter(promise)

    def enter(self, promise: Promise) -> None:
        """A promise whose parts are taken."""
        key = (promise.request.order, promise.request.line)
        self.promises[key] = promise
        if promise.until < FIRM:
            heapq.heappush(self._lapsing, (promise.until, key))

    def _drop(self, key: Key) -> None:
        self.shelves.give_back(self.promises.pop(key).parts)

    def _settle(self, entry: Entry) -> None:
        """All promises anew, and perhaps another plan."""
        self.shelves = Shelves(Plan.from_text(entry["plan"]) if "plan" in entry else self.shelves.plan)
        self.promises, self._lapsing = {}, []
        for row in entry["promises"]:
            self._put(_promise(row, row["at"]))

    def picture(self) -> dict[str, Any]:
        """All of the state, to be held against another."""
        return {"now": self.now, "left": self.shelves.left, "promises": dict(self.promises)}


def as_entry(promise: Promise) -> Entry:
    """A promise as it stands in a journal; what has no limit is null."""
    request = promise.request
    if request.requested == math.inf or request.placed == math.inf:
        request = request._replace(requested=_text(request.requested), placed=_text(request.placed))
    return {"request": request, "parts": promise.parts, "at": promise.at, "until": _text(promise.until)}


def fold(entries: Iterable[Entry]) -> Ledger:
    """The state that a journal comes to."""
    rest = iter(entries)
    ledger = Ledger(next(rest, {}))
    for entry in rest:
        ledger.apply(entry)
    if any(left < -_TOO_MUCH for row in ledger.shelves.left for left in row):
        raise UsageError("the journal promises more than there is: take it from a copy")
    return ledger


def _promise(entry: Entry, at: float) -> Promise:
    values: list[Any] = [math.inf if value is None else value for value in entry["request"]]
    request = Request(*values)
    return Promise(request, tuple(Part(*part) for part in entry["parts"]), at, _number(entry["until"]))


def _number(value: float | None) -> float:
    return math.inf if value is None else float(value)


def _text(value: float) -> Any:
    """A number for a journal, which has no word for what is infinite."""
    return None if value == math.inf else value
