"""What is said of promises that cannot be kept: fields to read, sentences to show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ctsopt.errors import UsageError
from ctsopt.notebook import shown_in_notebook

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.results.solution import Solution

SHORTFALLS = ["what", "who", "row", "shortfall", "unit", "customer", "tier", "product", "period", "asked", "share"]
LIMITS = ["conflict", "limit", "table", "row", "column", "period", "unit", "amount", "least", "enough", "proven",
          "keeps"]
CONFLICTS = ["conflict", "member", "kind", "table", "row", "column", "smallest"]

_SHOWN = 8

_FOR = {"these": "", "others too": " for these and the others who go short by it",
        "these alone": " for these, while the others go short"}

VOLUMES = ["tiers", "product", "period", "asked", "most", "table", "row", "column"]
BY_TIER = ["tier", "rank", "asked", "short", "late", "share", "customers", "short_customers"]

Rung = Literal["kept", "reach", "together", "not known"]


def _no_volumes() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=VOLUMES)


def _no_offers(_: float) -> list[Offer]:
    return []


def _no_tiers() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=BY_TIER)


@dataclass(frozen=True)
class Offer:
    """What can be promised instead, or what would let a promise be kept; a plan with it was found.

    Attributes
    ----------
    name : str
        `A1`, `A2`, ...
    kind : {"share", "demand", "time", "limit", "site", "mode", "lane"}
    tier : str
        Tier whose promise it is about; blank where it is about a limit.
    words : str
    figure : float
        Share that can be kept, days, or the amount that a limit has to move.
    unit : str
    price : float
        Fixed and opening cost by the tables, in money per year and money; NaN where it has no price.
    edits : tuple
        In the grammar of pack files. Where something else cannot be kept either, its shortfall is granted.
    """

    name: str
    kind: str
    tier: str
    words: str
    figure: float
    unit: str
    price: float
    edits: tuple[Mapping[str, Any], ...] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why there is no plan that keeps every promise. Prints as sentences; the fields are for programs.

    Attributes
    ----------
    rung : {"kept", "reach", "together", "not known"}
        How far the explanation had to go: every promise can be kept; somebody is out of reach, which needs no solver
        to see; promises and limits cannot be kept together; the time ran out.
    unreached : DataFrame
        Requests out of reach: customer, tier, product, period, quantity, link, site, mode, days, promised, why.
    shortfalls : DataFrame
        What goes short at the least, best tier first and evenly within a tier: what, who, row (the family), shortfall,
        unit, customer, tier, product, period, asked, share.
    conflicts : DataFrame
        Members of each smallest conflict: conflict (number), member, kind (promise, limit), table, row, column,
        smallest (whether that is proven).
    limits : DataFrame
        The limits of each conflict with the amount that would be enough: conflict, limit, table, row, column, period,
        unit, amount (more than 0: more is needed; less: it asks for too much), least (what is proven to be needed of
        it), enough (whether it is so by itself), proven (whether less is proven not to be enough), keeps (for whom it
        is enough: "these", the members of the conflict; "others too" who go short by the same limits; "these alone",
        while the others go short).
    proven : bool
        Whether it is proven that less cannot go short; else the time ran out.
    complete : bool
        Whether every shortfall is explained by one of the conflicts.
    volumes : DataFrame
        What volume cannot be had at all, by the largest flow from what can be made: tiers, product, period, asked,
        most, table, row, column (see `ctsopt.solving.explaining.volume`). It needs no solver.
    by_tier : DataFrame
        The shortfalls added up, best tier first, with the tiers that are kept in full: tier, rank, asked (units), short
        (units that are missing), late (units short of what is promised to be on time), share (of what was asked, that
        is not missing), customers, short_customers.
    """

    rung: Rung
    unreached: pd.DataFrame
    shortfalls: pd.DataFrame
    conflicts: pd.DataFrame
    limits: pd.DataFrame
    proven: bool = True
    complete: bool = True
    volumes: pd.DataFrame = field(default_factory=_no_volumes)
    by_tier: pd.DataFrame = field(default_factory=_no_tiers)
    _offers: Callable[[float], list[Offer]] = field(default=_no_offers, repr=False)
    _grants: Callable[[], list[Mapping[str, Any]]] = field(default=list, repr=False)
    _plan: Callable[[list[Mapping[str, Any]]], Solution] | None = field(default=None, repr=False)

    @cached_property
    def offers(self) -> tuple[Offer, ...]:
        """What can be promised instead. Each was tried: it is worked out when it is first asked for."""
        return self.offers_within(math.inf)

    def offers_within(self, seconds: float) -> tuple[Offer, ...]:
        """Those offers that are found within so many seconds, where that is less than what is left of the time."""
        return tuple(self._offers(seconds)) if seconds > 0 else ()

    def edits(self, offer: Offer | str | None = None) -> list[Mapping[str, Any]]:
        """Edits of the tables for `Network.with_edits` or a pack, with which a plan exists.

        Parameters
        ----------
        offer : Offer or str, optional
            An offer, or its name. Without one: every shortfall that is named is granted.
        """
        if offer is None:
            return list(self._grants())
        if isinstance(offer, Offer):
            return list(offer.edits)
        known = {one.name: one for one in self.offers}
        if offer not in known:
            raise UsageError(f"there is no offer {offer!r}; there are {', '.join(known) or 'none'}")
        return list(known[offer].edits)

    def plan(self, offer: Offer | str | None = None) -> Solution:
        """The cheapest plan with an offer, or with every shortfall granted: a plan of the network that is edited so.

        It does not keep what was promised: it is never one to rank beside plans that do.
        """
        if self._plan is None:
            raise UsageError("there is nothing to relax: every promise can be kept")
        return self._plan(self.edits(offer))

    def document(self) -> dict[str, Any]:
        """All fields, as `--json` gives them."""
        return {"rung": self.rung, "proven": self.proven, "complete": self.complete, "unreached": self.unreached,
                "shortfalls": self.shortfalls, "conflicts": self.conflicts, "limits": self.limits,
                "volumes": self.volumes, "by_tier": self.by_tier,
                "offers": [{"name": o.name, "kind": o.kind, "tier": o.tier, "words": o.words, "figure": o.figure,
                            "unit": o.unit, "price": o.price, "edits": [dict(e) for e in o.edits]}
                           for o in self.offers]}

    def why(self) -> str:
        """The sentences without the offers."""
        return "\n".join(self._lines())

    def __str__(self) -> str:
        if self.rung in ("kept", "not known"):
            return self.why()
        told = [f"  {offer.name}  {offer.words}" for offer in self.offers]
        return "\n".join([self.why(), "what can be promised instead, or would let it be kept:",
                          *(told or ["  nothing was found"])])

    def _repr_html_(self) -> str:
        heading, *lines = str(self).splitlines()
        return shown_in_notebook(heading, lines)

    def _lines(self) -> list[str]:
        if self.rung == "kept":
            return ["every promise can be kept"]
        if self.rung == "not known":
            return self._not_known()
        if self.rung == "reach":
            return ["the promises cannot all be kept; out of reach are", *_few(self._unreached()), *self._tiers()]
        lines = ["the promises cannot all be kept; the least that has to give way is", *_few(self._short()),
                 *self._tiers()]
        if not self.proven:
            lines.append("perhaps less would be enough: the time ran out before that was settled")
            lines += _few(self._volumes())
        for number, part in self.conflicts.groupby("conflict", sort=True):
            lines += self._conflict(int(str(number)), part)
        if len(self.conflicts):
            lines.append("other conflicts may exist besides" if self.complete else
                         "not all of it could be explained within the time")
        return lines

    def _not_known(self) -> list[str]:
        if len(self.volumes):
            return ["the promises cannot all be kept; how much of them can be was not found within the time",
                    *_few(self._volumes())]
        return ["no plan was found within the time, and it is not known whether there is one; allow more time"]

    def _volumes(self) -> list[str]:
        """What cannot be had at all, each with the capacities that hold it."""
        said: dict[str, list[str]] = {}
        for row in rows_of(self.volumes):
            what = " ".join(part for part in (row.product, f"in {row.period}" if row.period else "") if part)
            head = (f"  {' and '.join(row.tiers)}: at most {_figure(row.most)} of {_figure(row.asked)} units"
                    f"{' of ' + what if what else ''} can be had at all, by")
            said.setdefault(head, []).append("lanes that are missing, or too slow" if not row.column else
                                             f"{row.table}.{row.column}{' of ' + row.row if row.row else ''}")
        return [f"{head} {', '.join(held[:_SHOWN])}{' and others' if len(held) > _SHOWN else ''}"
                for head, held in said.items()]

    def _tiers(self) -> list[str]:
        """Each tier in a line, where those who go short are too many to be listed."""
        if len(self.shortfalls) <= _SHOWN or self.by_tier.empty:
            return []
        lines = []
        for row in rows_of(self.by_tier):
            missing = (f"{row.short_customers:,} of {row.customers:,} customers short by {_figure(row.short)} of "
                       f"{_figure(row.asked)} units; {round(row.share * 100, 6):.4g} % can be kept")
            late = f"{_figure(row.late)} units short of what is promised to be on time"
            said = [*([missing] if row.short_customers else []), *([late] if row.late else [])]
            lines.append(f"  {row.tier}: {'; '.join(said) or 'all of it can be kept'}")
        return ["by tier, best first:", *lines]

    def _unreached(self) -> list[str]:
        return [f"  {row.customer} ({row.tier}, {row.product}, {row.period}): {row.why or 'as before'}"
                for row in rows_of(self.unreached)]

    def _short(self) -> list[str]:
        said = []
        for row in rows_of(self.shortfalls):
            asked = f" of {row.asked:,.6g}" if row.asked > 0 else ""
            kept = f"; {round(max(1 - row.share, 0.0) * 100, 6):.4g} % can be kept" if row.customer else ""
            said.append(f"  {row.what}: {row.who} {'off' if row.unit == 'sites' else 'short'} by {row.shortfall:,.6g}"
                        f"{asked} {row.unit}{kept}")
        return said

    def _conflict(self, number: int, part: pd.DataFrame) -> list[str]:
        sure = bool(part["smallest"].all())
        lines = ["these cannot hold together" + (", and without any one of them the others can:" if sure else
                                                 " (perhaps already some of them cannot):")]
        mine = self.limits[self.limits["conflict"] == number]
        without = set(mine.loc[~mine["enough"].astype(bool), "limit"])  # something can be done about the others: first
        members = sorted(part["member"], key=lambda member: member in without)
        return [*lines, *_few([f"  {member}{_amounts(mine[mine['limit'] == member])}" for member in members])]


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table as tuples with names."""
    return frame.itertuples(index=False)


def _amounts(amounts: pd.DataFrame) -> str:
    """By how much a limit would have to give way."""
    said = []
    for row in rows_of(amounts):
        if not row.enough and row.proven:
            return " (by itself, nothing that it gives way is enough)"
        if not row.enough:
            return " (by how much it would have to give way was not found within the time)"
        when = f" in {row.period}" if row.period else ""
        unit = row.unit.removesuffix("s") if abs(row.amount) == 1 else row.unit
        about = f"at most {_figure(row.amount)}, at least {_figure(row.least)}"
        said.append(f"{_figure(row.amount) if row.proven else about} {unit} {'more' if row.amount > 0 else 'less'}"
                    f"{when}")
    return f" ({', '.join(said)} would be enough{_FOR[amounts['keeps'].iloc[0]]})" if said else ""


def _figure(amount: float) -> str:
    """An amount without its sign, and never as a power of ten where it is large."""
    return f"{abs(amount):,.0f}" if abs(amount) >= 1e6 else f"{abs(amount):,.6g}"


def _few(lines: list[str]) -> list[str]:
    more = [f"  ... and {len(lines) - _SHOWN:,} more"] if len(lines) > _SHOWN else []
    return lines[:_SHOWN] + more
