"""What can still be promised: receipts at sites, split into quotas of tiers, and how an order eats into them.

A receipt is so many units at a site from a day on. Each is split into cells, one for each quota::

    receipt   day   gold  silver  open        an order of silver, wanted by day 6 and one day away:
       0        0     10       6     4          on time: receipts with day + 1 <= 6, the newest first,
       1        5     15       9     6          then late ones, the earliest first; in each of them
       2       10     25      15    10          the own quota, what is open, then lesser tiers' quotas
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

OPEN = ""
"""Name of the quota that all tiers may take from."""

NOTHING = 1e-9
"""Units below this are none."""

NONE, NESTED, PROTECTED = CONSUMPTION = ("none", "nested", "protected")
"""What a tier may take beyond its own quota and the open one: nothing; lesser tiers' quotas; what is not protected."""


class Part(NamedTuple):
    """Some units of one cell, and the day on which they are with the customer."""

    receipt: int
    quota: int
    quantity: float
    day: float


class Request(NamedTuple):
    """An order line as it asks for a promise.

    Attributes
    ----------
    requested : float
        Day on which it is wanted; infinite: any.
    rank : float
        Rank of its tier.
    placed : float
        Day on which it was ordered.
    """

    order: str
    line: str
    customer: str
    product: str
    quantity: float
    tier: str = ""
    requested: float = math.inf
    site: str = ""
    rank: float = 1.0
    placed: float = math.inf
    strategy: str = "share"
    complete: str = "no"
    minimum: float = 0.0
    case_size: float = 1.0


@dataclass(frozen=True)
class Plan:
    """What a book is opened with; it does not change until a new one takes its place.

    Attributes
    ----------
    receipts : sequence of (site, product, day, quantity, source)
        Receipts in units, and days from now.
    tiers : sequence of (tier, rank)
        Tiers that hold a quota, the best first.
    cells : sequence of sequence of float
        Units of each receipt (row) in the quota of each tier, and last in the open one.
    kept : sequence of sequence of float
        What of that no other tier may take.
    shelves : sequence of (site, product, day, receipt)
        From when which receipt can leave which site; a receipt may be had at several (what is still to be made).
    ways : sequence of (site, customer, product, days, cost)
        Who may be served from where; blank: all. None at all: every site serves everybody in 0 days.
    consumption : str
        none, nested or protected.
    """

    receipts: Sequence[tuple[str, str, float, float, str]]
    tiers: Sequence[tuple[str, float]]
    cells: Sequence[Sequence[float]]
    kept: Sequence[Sequence[float]]
    shelves: Sequence[tuple[str, str, float, int]]
    ways: Sequence[tuple[str, str, str, float, float]]
    consumption: str

    def as_text(self) -> dict[str, Any]:
        """Lists and texts, for a journal."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @classmethod
    def from_text(cls, text: dict[str, Any]) -> Plan:
        """The plan that a journal holds."""
        rows = {name: [tuple(row) for row in text[name]] for name in ("receipts", "tiers", "shelves", "ways")}
        return cls(**rows, cells=text["cells"], kept=text["kept"], consumption=str(text["consumption"]))


class Way(NamedTuple):
    """What reaches a customer from one site: days of arrival, rising, and the receipt that each is of."""

    days: list[float]
    receipts: list[int]


Candidates = list[tuple[int, float]]
"""Receipts and the days on which they arrive, in the order in which they are taken."""


class Shelves:
    """Cells that are used up by promises, and given back.

    Parameters
    ----------
    plan : Plan
        What there is.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.left = [list(row) for row in plan.cells]
        self._undo: list[tuple[int, int, float]] = []
        self._kept = plan.kept
        self._shelves: dict[tuple[str, str], Way] = {}
        for site, product, day, receipt in sorted(plan.shelves, key=lambda row: row[2]):
            shelf = self._shelves.setdefault((site, product), Way([], []))
            shelf.days.append(day)
            shelf.receipts.append(receipt)
        seen = Counter(receipt for *_, receipt in plan.shelves)
        self._shared = {receipt for receipt, places in seen.items() if places > 1}
        self._sites: dict[str, list[str]] = {}
        for site, product in self._shelves:
            self._sites.setdefault(product, []).append(site)
        self._quotas = {tier: self._in_turn(place) for place, (tier, _) in enumerate(plan.tiers)}
        self._allowed = _best_rows(plan.ways)
        self._by_product = any(product for _, _, product, *_ in plan.ways)
        self._alike = _alike(plan.ways)
        self._ways: dict[tuple[str, str, str], list[Way]] = {}
        self._arrivals: dict[tuple[str, str, float], Way] = {}

    def _in_turn(self, place: int) -> list[tuple[int, bool]]:
        """Quotas that a tier may take from, in turn, and whether what is protected of them stays."""
        own, tiers = [(place, False), (len(self.plan.tiers), False)], self.plan.tiers
        if self.plan.consumption == NONE:
            return own
        lesser = [other for other in range(len(tiers) - 1, -1, -1) if tiers[other][1] > tiers[place][1]]
        return [*own, *((other, self.plan.consumption == PROTECTED) for other in lesser)]

    def quotas_of(self, tier: str) -> list[tuple[int, bool]]:
        """Quotas in turn; a tier without a quota of its own has what is open."""
        return self._quotas.get(tier) or [(len(self.plan.tiers), False)]

    def ways(self, customer: str, product: str, site: str) -> list[Way]:
        """From where a customer may be served: the cheapest way first, then the quickest, then by name."""
        customer = self._alike.get(customer, "")
        key = (customer, product, site)
        found = self._ways.get(key)
        if found is None:
            sites = [name for name in self._sites.get(product, []) if site in ("", name)]
            open_to_all = not self.plan.ways
            rows = {name: (0.0, 0.0) if open_to_all else self._row(name, customer, product) for name in sites}
            allowed = sorted((row[1], row[0], name) for name, row in rows.items() if row is not None)
            found = self._ways[key] = [self._way(name, product, days) for _, days, name in allowed]
        return found

    def _row(self, site: str, customer: str, product: str) -> tuple[float, float] | None:
        keys = ((site, customer, product), (site, customer, ""), (site, "", product), (site, "", ""))
        for key in keys if self._by_product else keys[1::2]:
            if key in self._allowed:
                return self._allowed[key]
        return None

    def _way(self, site: str, product: str, days: float) -> Way:
        key = (site, product, days)
        found = self._arrivals.get(key)
        if found is None:
            shelf = self._shelves[site, product]
            found = self._arrivals[key] = Way([day + days for day in shelf.days], shelf.receipts)
        return found

    def seek(self, request: Request, *, late: bool = True) -> list[Part]:
        """What can be promised, without taking it.

        Backward: of what is in time the newest first, so that what is there early stays for who wants it early; then
        what comes late, the earliest first.
        """
        quotas, requested = self.quotas_of(request.tier), request.requested
        ways = self.ways(request.customer, request.product, request.site)
        parts: list[Part] = []
        wanted = self._eat(_in_time(ways, requested), quotas, request.requested, request.quantity, parts)
        if late and wanted > NOTHING and requested < math.inf:
            for one in _after(ways, requested):
                wanted = self._eat([one], quotas, requested, wanted, parts)
                if wanted <= NOTHING:
                    break
        return _in_whole(parts, request)

    def _eat(self, candidates: Candidates, quotas: list[tuple[int, bool]], requested: float, wanted: float,
             parts: list[Part]) -> float:
        """Take from receipts in turn, quota by quota; what is still wanted."""
        left, shared = self.left, self._shared
        for quota, fenced in quotas:
            for receipt, day in candidates:
                free = left[receipt][quota]
                if free <= NOTHING:
                    continue
                if fenced:
                    free -= self._kept[receipt][quota]
                if receipt in shared:
                    free -= sum(part.quantity for part in parts if part.receipt == receipt and part.quota == quota)
                if free <= NOTHING:
                    continue
                amount = free if free < wanted else wanted
                parts.append(Part(receipt, quota, amount, day if day > requested or requested == math.inf
                                  else requested))
                wanted -= amount
                if wanted <= NOTHING:
                    return 0.0
        return wanted

    def take(self, parts: Iterable[Part]) -> None:
        """Use up cells."""
        left, undo = self.left, self._undo
        for receipt, quota, quantity, _ in parts:
            row = left[receipt]
            undo.append((receipt, quota, row[quota]))
            row[quota] -= quantity

    def give_back(self, parts: Iterable[Part]) -> None:
        """What was promised is free again."""
        for receipt, quota, quantity, _ in parts:
            self.left[receipt][quota] += quantity

    def mark(self) -> int:
        """A place to come back to; what was taken before it stays."""
        return len(self._undo)

    def back_to(self, mark: int) -> None:
        """As it was at the mark, to the last bit."""
        while len(self._undo) > mark:
            receipt, quota, amount = self._undo.pop()
            self.left[receipt][quota] = amount

    def settle(self) -> None:
        """There is no way back before here."""
        self._undo.clear()


def _in_time(ways: list[Way], requested: float) -> Candidates:
    """The best way first; of each the newest receipt first."""
    found: Candidates = []
    for days, receipts in ways:
        until = bisect_right(days, requested + NOTHING)
        found += zip(receipts[:until][::-1], days[:until][::-1], strict=True)
    return found


def _after(ways: list[Way], requested: float) -> Candidates:
    """What arrives later: the earliest first, over all ways."""
    found = [(day, order, receipt) for order, (days, receipts) in enumerate(ways)
             for day, receipt in zip(days, receipts, strict=True) if day > requested + NOTHING]
    return [(receipt, day) for day, _, receipt in sorted(found)]


def _alike(ways: Sequence[tuple[str, str, str, float, float]]) -> dict[str, str]:
    """For each customer that has rows of its own the first one that has the same."""
    rows: dict[str, list[tuple[str, str, float, float]]] = {}
    for site, customer, product, days, cost in ways:
        if customer:
            rows.setdefault(customer, []).append((site, product, days, cost))
    first: dict[tuple[tuple[str, str, float, float], ...], str] = {}
    return {customer: first.setdefault(tuple(sorted(mine)), customer) for customer, mine in rows.items()}


def _best_rows(ways: Sequence[tuple[str, str, str, float, float]]) -> dict[tuple[str, str, str], tuple[float, float]]:
    return {(site, customer, product): (days, cost) for site, customer, product, days, cost in ways}


def _in_whole(parts: list[Part], request: Request) -> list[Part]:
    """What is left of it in whole cases, and nothing where that is less than the order takes."""
    if len(parts) == 1 and parts[0].quantity == request.quantity:
        return parts
    total = math.fsum(part.quantity for part in parts)
    size = request.case_size
    whole = total if total >= request.quantity - NOTHING else math.floor(total / size + NOTHING) * size
    if whole < request.minimum - NOTHING or (request.complete != "no" and whole < request.quantity - NOTHING):
        return []
    over = total - whole
    while parts and over > NOTHING:
        last = parts.pop()
        if last.quantity > over + NOTHING:
            parts.append(last._replace(quantity=last.quantity - over))
        over -= last.quantity
    return parts
