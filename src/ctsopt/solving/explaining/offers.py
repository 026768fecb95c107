"""What can be promised instead: each offer is tried before it is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.keys import Bools
from ctsopt.networks.lanes import usable_sites
from ctsopt.networks.schema import NAMES_SEPARATOR
from ctsopt.solving.explaining.conflict import smallest
from ctsopt.solving.explaining.explanation import Offer, rows_of
from ctsopt.solving.explaining.mends import granted, limit_edits, merged, share_edits
from ctsopt.solving.explaining.shares import Claims
from ctsopt.solving.explaining.why import Why

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.programs.program import Program

Edits = list[Mapping[str, Any]]
Keeps = Callable[[Edits], bool]
Option = tuple[str, Mapping[str, Any], float]
"""Something that is not used today: its name, the edit that makes it available, its cost a year by the tables."""

_DAYS = 30
"""So many days more than promised are tried."""


def dearest(program: Program) -> float:
    """More than a unit costs by any way, so that nothing is left unserved to save money."""
    cost = program.arrays.cost
    each = (cost[program.variables[name].span] for name in ("make", "move", "deliver"))
    return 2 * sum(float(part.max(initial=0.0)) for part in each) + 1


class Shop:
    """Makes the offers for a network of which it is known what goes short.

    Parameters
    ----------
    net : Network
    wanted : Claims
    found : Why
    keeps : callable
        Whether a plan exists for the network with some edits.
    deadline : float
        Time (of `time.monotonic`) at which the search for offers ends.
    dearest : float
        More than a unit costs by any way.
    """

    def __init__(self, net: Network, wanted: Claims, found: Why, keeps: Keeps, deadline: float, dearest: float
                 ) -> None:
        self.net, self.wanted, self.found, self.keeps = net, wanted, found, keeps
        self.deadline, self.dearest = deadline, dearest
        self.short = found.share > 0
        self.given: Edits = [edit for way in found.given if way.member.giving is not None and way.share is not None
                             for edit in limit_edits(net, way.member.giving, way.share)]

    def offers(self) -> list[Offer]:
        """Offers that were tried, best tier first."""
        made: list[Offer] = []
        for draft in self._drafts():
            if time.monotonic() > self.deadline:
                break
            if self.keeps(list(draft.edits)):
                made.append(replace(draft, name=f"A{len(made) + 1}"))
        return made

    def _drafts(self) -> Iterator[Offer]:
        ranks = {tier: level for tier, level in zip(self.wanted.tier.tolist(), self.wanted.level.tolist(), strict=True)}
        failing = sorted({int(tier) for tier in self.wanted.tier[self.short]}, key=lambda tier: ranks[tier])
        for tier in failing:
            yield from self._share(tier)
            yield from self._time(tier)
        yield from self._limits()
        for kind in ("site", "mode", "lane"):
            yield from self._more(kind, failing)

    def _others(self, mine: Bools) -> Edits:
        """Edits that grant what goes short elsewhere."""
        return [*self.given, *granted(self.net, self.wanted, self.found.value, self.short & ~mine)]

    def _of_tier(self, tier: int) -> Bools:
        return np.asarray(self.short & (self.wanted.tier == tier))

    def _share(self, tier: int) -> Iterator[Offer]:
        """The same speed at the highest share."""
        mine, name = self._of_tier(tier), str(self.net.axes["tier"].labels[tier])
        asked = np.flatnonzero(self.net.requests.measures["quantity"] > 0)
        of_request = np.zeros(len(self.net.requests))
        of_request[asked] = np.where(mine[self.wanted.claimant], self.found.value, 0.0)[: len(asked)]
        edits, kept = share_edits(self.net, name, of_request, self.dearest)
        if edits and kept > 0:
            late = mine & (self.wanted.customer < 0)
            edits += granted(self.net, self.wanted, self.found.value, late)
            yield self._offer("share", name, f"{name}: the same speed for {kept:.1%} of the demand", kept, "share",
                              [*edits, *self._others(mine)])
        elif not edits:
            yield self._offer("share", name, f"{name}: the share on time that can be kept", np.nan, "share",
                              [*granted(self.net, self.wanted, self.found.value, mine), *self._others(mine)])

    def _time(self, tier: int) -> Iterator[Offer]:
        """The same share in the shortest time: a whole day, or a time that another tier is promised."""
        mine, name = self._of_tier(tier), str(self.net.axes["tier"].labels[tier])
        promise = np.unique(self.net.requests.measures["promise"][np.isin(
            self.net.requests.index["customer"], self.wanted.customer[mine & (self.wanted.customer >= 0)])])
        late = self.wanted.late_promise[mine[self.wanted.customer < 0]]
        promise = np.union1d(promise[promise >= 0], late).astype(np.int64)
        limit = self.net.promises.measures["lead_time"]
        promise = promise[np.isfinite(limit[promise])]
        if not len(promise):
            return
        least = float(limit[promise].min())
        known = limit[np.isfinite(limit)]
        days = np.unique(np.concatenate([known, np.arange(np.floor(least) + 1, np.floor(least) + _DAYS + 1)]))
        days = days[days > least]
        others = self._others(mine)
        rows = {(key[0], key[1]): float(limit[at]) for key, at in
                zip(self.net.promises.index.take(promise).labels(), promise.tolist(), strict=True)}

        def edits(within: float) -> Edits:
            return [*({"table": "promises", "where": {"tier": t, "product_class": c},
                       "set": {"lead_time": max(within, was)}} for (t, c), was in rows.items()), *others]

        first, last = 0, len(days) - 1
        if not self.keeps(merged(edits(float(days[last])))):
            return
        while first < last:
            middle = (first + last) // 2
            if self.keeps(merged(edits(float(days[middle])))):
                last = middle
            else:
                first = middle + 1
        yield self._offer("time", name, f"{name}: the same share within {days[first]:g} days", float(days[first]),
                          "days", edits(float(days[first])))

    def _limits(self) -> Iterator[Offer]:
        """Each limit of a conflict, moved by as much as is enough."""
        for conflict in self.found.conflicts:
            for way in conflict.ways:
                giving = way.member.giving
                edits = limit_edits(self.net, giving, way.share) if giving is not None and way.share is not None else []
                if not edits or giving is None or way.share is None or giving.limit is None:
                    continue
                moved = giving.sign * giving.size * way.share
                amount = float(moved[np.argmax(np.abs(moved))])
                to = ", ".join(f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)
                               for edit in edits for value in edit.get("set", {}).values())
                words = f"{way.member.words}: {giving.limit.table}.{giving.limit.column}" + (f" {to}" if to else "")
                rest = self._others(way.keeps) if way.keeps is not None else granted(
                    self.net, self.wanted, self.found.value, self.short)
                yield self._offer("limit", "", words, amount, giving.limit.unit, [*edits, *rest])

    def _more(self, kind: str, failing: Sequence[int]) -> Iterator[Offer]:
        """What is not there to be used today: the smallest part of it that is enough, the dearest left out first."""
        options = {"site": self._sites, "mode": self._modes, "lane": self._lanes}[kind](failing)
        edits_of = _together if kind == "mode" else _each
        if not options or not self.keeps([*self.given, *edits_of(options)]):
            return

        def fails(some: Sequence[Option]) -> bool:
            """Without the options that are left out there is no plan: a conflict is turned upside down."""
            return time.monotonic() < self.deadline and self.keeps([*self.given, *edits_of(some)])

        ranked = sorted(options, key=lambda option: -option[2])
        few, _ = smallest(ranked, fails)
        words = {"site": "with the sites", "mode": "with the modes", "lane": "with the lanes"}[kind]
        price = sum(option[2] for option in few)
        told = f", {price:,.0f} {self.net.settings['currency']} a year by the tables" if kind != "mode" else ""
        yield self._offer(kind, "", f"all promises {words} {', '.join(option[0] for option in few)}{told}", price,
                          str(self.net.settings["currency"]), [*self.given, *edits_of(few)])

    def _sites(self, failing: Sequence[int]) -> list[Option]:
        frame = self.net.tables["sites"][~usable_sites(self.net.content)]
        rate, life = float(self.net.settings["discount_rate"]), float(self.net.settings["life"])
        annuity = rate / (1 - (1 + rate) ** -life) if rate > 0 else 1 / life
        return [(row.site, {"table": "sites", "where": {"site": row.site}, "set": {"status": "candidate",
                                                                                   "may_open": "yes"}},
                 float(row.fixed_cost + row.opening_cost * annuity)) for row in rows_of(frame)]

    def _modes(self, failing: Sequence[int]) -> list[Option]:
        tiers = self.net.tables["tiers"].set_index("tier")["modes"]
        serve = self.net.tables["modes"].set_index("mode")["serves"]
        found: list[Option] = []
        for tier in failing:
            name = str(self.net.axes["tier"].labels[tier])
            has = [mode for mode in str(tiers[name]).split(NAMES_SEPARATOR) if mode]
            more = [mode for mode, what in serve.items() if what != "moves" and has and mode not in has]
            found += [(f"{mode} for {name}", {"table": "tiers", "where": {"tier": name},
                                              "set": {"modes": NAMES_SEPARATOR.join([*has, str(mode)])}}, 0.0)
                      for mode in more]
        return found

    def _lanes(self, failing: Sequence[int]) -> list[Option]:
        frame = self.net.tables["lanes"]
        frame = frame[frame["status"] == "closed"]
        keys = ("origin", "destination", "mode")
        return [(f"{row.origin} to {row.destination}" + (f" by {row.mode}" if row.mode != "*" else ""),
                 {"table": "lanes", "where": {key: getattr(row, key) for key in keys}, "set": {"status": "open"}},
                 float(row.fixed_cost)) for row in rows_of(frame)]

    def _offer(self, kind: str, tier: str, words: str, figure: float, unit: str, edits: Edits) -> Offer:
        priced = kind in ("site", "lane")
        also = "" if not self._more_than(kind, edits) else " (what else goes short is granted)"
        return Offer("", kind, tier, words + also, figure, unit, figure if priced else float("nan"),
                     tuple(merged(edits)))

    def _more_than(self, kind: str, edits: Edits) -> bool:
        return kind != "share" and any(edit["table"] == "demand" for edit in edits)


def _each(options: Sequence[Option]) -> Edits:
    return [option[1] for option in options]


def _together(options: Sequence[Option]) -> Edits:
    """One edit for each tier, with all modes that it is given."""
    modes: dict[str, list[str]] = {}
    for _, edit, _ in options:
        known = modes.setdefault(str(edit["where"]["tier"]), [])
        known += [mode for mode in str(edit["set"]["modes"]).split(NAMES_SEPARATOR) if mode not in known]
    return [{"table": "tiers", "where": {"tier": tier}, "set": {"modes": NAMES_SEPARATOR.join(all_of)}}
            for tier, all_of in modes.items()]


