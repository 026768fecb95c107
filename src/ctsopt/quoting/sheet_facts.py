"""The facts of a quote sheet, in the order in which a sales person asks for them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ctsopt.certified import Certified
from ctsopt.quoting.change import PROMISED
from ctsopt.quoting.effects import PARTS
from ctsopt.quoting.lenses import SMALLEST
from ctsopt.quoting.menu import IMPOSSIBLE, KEPT, OPEN
from ctsopt.quoting.quote import quote as quote_of
from ctsopt.quoting.sheet_parts import Fact, Grid, Row
from ctsopt.quoting.sheet_words import Tongue

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.quoting.quote import Quote
    from ctsopt.quoting.terms import Terms
    from ctsopt.solving.explaining.explanation import Explanation, Offer

MOST = 3
"""Rows of a kind that one page has room for; the rest is counted."""


@dataclass(frozen=True)
class Facts:
    """What a quote says, in a language."""

    quote: Quote
    t: Tongue
    terms: Terms

    def page(self) -> dict[str, Any]:
        """The values of the template."""
        rows = [[self.cost], [self.changes, self.affected], [self.price]] if self.quote.possible else []
        beside = [*self.compare(), *self.cheaper(), *self.menu()]
        last = [[self.sure]] if self.quote.possible else []
        return {"who": self.t.listed(list(self.quote.changed)), "today": self.today, "proposed": self.proposed,
                "terms": self.conditions, "answer": self.answer,
                "facts": [*rows, *([fact] for fact in beside), *last], "assumed": self.assumed}

    # ---- the header --------------------------------------------------------------------------------------------------

    @property
    def today(self) -> str:
        """What they are promised today."""
        tiers = self._tiers(self.quote.base.net)
        told = self.t.listed([self._tier(self.quote.base.net, tier) for tier in tiers], 2) or self.t.say("joins")
        return f"{self.t.say('today')}: {told}"

    @property
    def proposed(self) -> str:
        """What is proposed."""
        return "; ".join(dict.fromkeys(part for change in self.quote.changes for part in self._said(change)))

    def _said(self, change: Any) -> Iterator[str]:
        say, number = self.t.say, self.t.number
        if change.tier:
            yield self._tier(self.quote.net, change.tier)
        elif change.promised or change.modes:
            mine = self._tiers(self.quote.net)
            yield say("own", promises="; ".join(self._promise(self.quote.net, tier) for tier in mine[:2]))
        if change.modes:
            yield say("by_modes", x=say("or").join(change.modes))
        if change.volume is not None:
            yield say("volume", x=number(change.volume, 4))
        if change.drop_size is not None:
            yield say("drop_size", x=number(change.drop_size, 2))
        yield from (say(word) for word, holds in (("leaves", change.leaves), ("joining", change.joins),
                                                  ("edits", change.edits)) if holds)

    def _tiers(self, net: Network) -> list[str]:
        rows = net.tables["customers"]
        mine = rows["customer"].isin(list(self.quote.changed)).to_numpy()
        return list(dict.fromkeys(rows.loc[mine, "tier"].astype(str)))

    def _tier(self, net: Network, tier: str) -> str:
        return self.t.say("to", tier=tier, promises=self._promise(net, tier))

    def _promise(self, net: Network, tier: str) -> str:
        """What a tier is promised, by product class."""
        rows = net.tables["promises"]
        mine = rows[(rows["tier"] == tier).to_numpy()].sort_values("product_class", key=lambda names: names == "*")
        several, said = len(mine) > 1, dict[str, list[str]]()
        for row in mine.to_dict("records"):
            figures = ", ".join(self._figures(row)) or self.t.say("no_promise")
            goods = str(row["product_class"])
            goods = goods if goods != "*" else self.t.say("other_goods" if several else "all_goods")
            said.setdefault(figures, []).append(goods)
        return "; ".join(self.t.say("class", goods=" + ".join(goods), figures=figures).strip()
                         for figures, goods in said.items()) or self.t.say("no_promise")

    def _figures(self, row: dict[Any, Any]) -> Iterator[str]:
        for name in PROMISED:
            value = float(row[name])
            told = math.isfinite(value) and not (name == "served_fraction" and value == 1)
            if told and not (name == "on_time_share" and value == row["reliability"]):
                yield self._value(name, value)

    @property
    def conditions(self) -> list[str]:
        """Length of the contract, volumes, currency, how long it is valid."""
        say, number, quote = self.t.say, self.t.number, self.quote
        years = quote.changes[0].years
        return [self.terms.name or say("draft"), say("one_year") if years == 1 else say("years", x=number(years, 2)),
                say("units", x=number(quote.units)), say("currency", x=str(quote.net.settings["currency"])),
                *([say("valid", x=self.terms.valid_until)] if self.terms.valid_until else [])]

    # ---- 1: can it be kept -------------------------------------------------------------------------------------------

    @property
    def answer(self) -> dict[str, Any]:
        """Whether it can be kept."""
        say, quote = self.t.say, self.quote
        if not quote.possible:
            found = quote.explanation
            if found is None or found.rung == "not known":
                return {"kind": "changes", "head": say("open"), "lines": []}
            return {"kind": "no", "head": say("no"), "lines": [*self._why(found), *self._nearest]}
        kept = quote.already
        assert kept is not None
        how = [say("delivered", modes=say("and").join(kept.modes))] if kept.modes else []
        if not math.isnan(kept.on_time):
            how.append(say("on_time", x=self.t.share(kept.on_time)))
        if not math.isnan(kept.headroom):
            how.append(say("headroom", x=self.t.number(kept.headroom, 2)))
        if kept.kept:
            return {"kind": "yes", "head": say("kept"), "lines": [say("free"), " ".join(how)]}
        built = not quote.physical.empty
        return {"kind": "changes" if built else "yes", "head": say("yes_changes" if built else "yes"),
                "lines": [" ".join(how)] if how else []}

    def _why(self, found: Explanation) -> list[str]:
        """Why not, from the fields of the explanation."""
        said = [self._unreached(row) for row in found.unreached.to_dict("records")] or [
            self._short(row) for row in found.shortfalls.to_dict("records")]
        return self._few(list(dict.fromkeys(said)))

    def _unreached(self, row: dict[Any, Any]) -> str:
        key = "unreached_too_slow" if row["link"] == "too_slow" else "unreached"
        return self.t.say(key, customer=str(row["customer"]), product=str(row["product"]), site=str(row["site"]),
                          mode=str(row["mode"]), days=self.t.number(float(row["days"]), 2),
                          promised=self.t.number(float(row["promised"]), 2))

    def _short(self, row: dict[Any, Any]) -> str:
        who = ", ".join(str(row[name]) for name in ("customer", "product") if row[name]) or str(row["who"])
        unit = self.t.say("goods_unit") if row["unit"] == "units" else str(row["unit"])
        return self.t.say("short" if row["asked"] > 0 else "short_all", who=who, unit=unit,
                          x=self.t.number(float(row["shortfall"]), 2), asked=self.t.number(float(row["asked"]), 2))

    @cached_property
    def _offered(self) -> list[str]:
        found = self.quote.explanation
        return [] if found is None else list(dict.fromkeys(self._offer(offer) for offer in found.offers))

    @property
    def _nearest(self) -> list[str]:
        return [f"{self.t.say('offers')}: {self._offered[0]}."] if self._offered else [self.t.say("no_offer")]

    def _offer(self, offer: Offer) -> str:
        say = self.t.say
        mine = offer.tier in ("", *self._tiers(self.quote.net))
        who = "" if mine else f"{offer.tier}: "
        if offer.kind == "share":
            known = not math.isnan(offer.figure)
            return who + (say("offer_share", x=self.t.share(offer.figure)) if known else say("offer_share_unknown"))
        if offer.kind == "time":
            return who + self._days("offer_time", offer.figure)
        names = self.t.listed(list(dict.fromkeys(_named(edit) for edit in offer.edits if edit["table"] != "demand")), 3)
        if offer.kind == "limit":
            return say("offer_limit", names=names, x=self.t.number(abs(offer.figure), 2), unit=offer.unit)
        return say(f"offer_{offer.kind}", names=names, x=self.t.money(offer.price))

    def _few(self, lines: list[str]) -> list[str]:
        more = len(lines) - MOST
        return lines if more <= 0 else [*lines[:MOST], self.t.say("more_rows", x=self.t.number(more))]

    # ---- 2 to 5: cost, what changes, who is affected, price ----------------------------------------------------------

    @property
    def cost(self) -> Fact:
        """What it costs by what may move, a year and a unit."""
        say, quote = self.t.say, self.quote
        rows = []
        for lens, answer in quote.answers.items():
            if answer.possible:
                year = quote.yearly_of(answer)
                cells = [*(self.t.money(v) for v in (year.low, year.point, year.high)), self._each(year.point)]
            else:
                cells = ["", say("not_possible" if answer.explanation is not None else "not_known"), "", ""]
            rows.append(Row((say(lens), *cells), answer is quote.headline))
        head = tuple(say(word) for word in ("what", "least", "point", "most", "unit"))
        parts = quote.by_part * (365 / quote.net.horizon)
        own, displaced = (self.t.money(float(parts[name])) for name in PARTS[:2])
        moved = [] if abs(quote.cost.point) <= SMALLEST * abs(quote.base.cash_cost) else [
            say("parts", own=own, displaced=displaced, rest=self.t.money(float(parts[list(PARTS[2:])].sum())))]
        return Fact(say("cost"), table=Grid(head, rows), note=" ".join([say("basis"), *moved]))

    def _each(self, value: float) -> str:
        units = self.quote.units
        return self.t.each(value / units) if units else ""

    @property
    def changes(self) -> Fact:
        """What must change."""
        say, money = self.t.say, self.t.money
        said = []
        for row in self.quote.physical.to_dict("records"):
            before, after = float(row["before"]), float(row["after"])
            if row["what"] == "stock":
                told = money if row["name"] == "value" else self.t.number
                said.append(say(f"stock_{row['name']}", before=told(before), after=told(after)))
            else:
                said.append(say(f"{row['what']}_{'up' if after > before else 'down'}", name=str(row["name"])))
        once = math.fsum(change.one_off for change in self.quote.changes)
        spent = [say("spent_once", x=money(once))] if once else []
        return Fact(say("changes"), [] if said or spent else [say("nothing_built")], [*self._few(said), *spent])

    @property
    def affected(self) -> Fact:
        """Whose deliveries change: their own, and those of others."""
        say, rows = self.t.say, self.quote.touched
        yearly = 365 / self.quote.net.horizon
        others = rows[(rows["who"] == "other").to_numpy()].sort_values("units_moved", ascending=False)
        theirs = rows[(rows["who"] == "changed").to_numpy() & (rows["sites_after"] != "").to_numpy()].to_dict("records")
        own = [say("own_way", customer=str(row["customer"]), sites=str(row["sites_after"]),
                   modes=str(row["modes_after"])) for row in theirs]
        named = [say("other", customer=str(row["customer"]), units=self.t.number(float(row["units_moved"])),
                     cost=self.t.money(float(row["cost"]) * yearly)) for row in others.to_dict("records")]
        head = {0: say("nobody"), 1: say("one_other")}.get(len(named), say("others", x=self.t.number(len(named))))
        return Fact(say("affected"), [head], [*self._few(named), *self._few(own)])

    @property
    def price(self) -> Fact:
        """Which price covers it."""
        say, quote = self.t.say, self.quote
        rows, known = [], bool(quote.prices["of_revenue"].notna().any())
        for row in quote.prices.to_dict("records"):
            share = (self.t.share(float(row["of_revenue"]), 2),) if known else ()
            unit = self.t.each(float(row["per_unit"])) if quote.units else ""
            rows.append(Row((say(f"price_{row['basis']}"), self.t.number(float(row["per_year"]), 2), unit, *share),
                            row["basis"] == "recommended"))
        head = ("", say("per_year"), say("unit"), *((say("of_revenue"),) if known else ()))
        return Fact(say("price"), table=Grid(head, rows), note=" ".join(self._verdicts()))

    @property
    def recommended(self) -> float:
        """The recommended price [money a year]."""
        prices = self.quote.prices
        return float(prices.loc[(prices["basis"] == "recommended").to_numpy(), "per_year"].iloc[0])

    def _verdicts(self) -> Iterator[str]:
        say, quote, terms = self.t.say, self.quote, self.terms
        prices = [change.price for change in quote.changes if change.price is not None]
        asked = math.fsum(prices) if prices else None
        if asked is not None:
            yield say("asked", x=self.t.money(asked))
            yield say(quote.verdict().replace(" ", "_"))
        revenue, margin = (math.fsum(getattr(change, name) or 0.0 for change in quote.changes)
                           for name in ("revenue", "margin"))
        if revenue and all(change.margin is not None for change in quote.changes if change.revenue is not None):
            price = self.recommended if asked is None else asked
            after = (margin + price - quote.yearly.high) / (revenue + price)
            yield say("margin", before=self.t.share(margin / revenue), after=self.t.share(after),
                      which=say("which_recommended" if asked is None else "which_asked"))
        if terms.chance is not None:
            least, most = (self.t.share(end) for end in (terms.chance.least, terms.chance.most))
            yield say("chance" if least == most else "chance_between", **{"least": least} | (
                {} if least == most else {"most": most}))

    # ---- 6 and 7: what stands beside it ------------------------------------------------------------------------------

    def compare(self) -> Iterator[Fact]:
        """What they cost as they are served today."""
        quote, say = self.quote, self.t.say
        today = set(quote.base.net.tables["demand"]["customer"])
        mine = today & set(quote.changed)
        if not self.terms.compare or not quote.possible or not mine or mine == today:
            return  # nobody is served today, or nobody else is
        found, year = quote.beside, 365 / quote.net.horizon
        rows = []
        for name in ("average", "avoidable_now", "avoidable", "alone"):
            value = getattr(found, name)
            known = value if isinstance(value, Certified) else Certified(value, value, value)
            rows.append(Row((say(name), *(self.t.money(end * year) for end in (known.low, known.point, known.high)),
                             self.t.each(known.point / found.units) if found.units else "")))
        names = quote.peers["customer"].astype(str).tolist()
        alike = say("peers", names=self.t.listed(names)) if names else say("no_peers")
        head = ("", *(say(word) for word in ("least", "point", "most", "unit")))
        yield Fact(say("compare"), table=Grid(head, rows), note=f"{say('compare_note')} {alike}")

    def cheaper(self) -> Iterator[Fact]:
        """The offers of what is impossible; and the tiers that cost less."""
        say = self.t.say
        if not self.quote.possible and len(self._offered) > 1:
            yield Fact(say("offers"), points=self._few(self._offered))
        change = self.quote.changes[0]
        of_service = bool(change.tier or change.promised or change.modes) and len(self.quote.changes) == 1
        if self.terms.ladder and of_service:
            rows = [Row((self._tier(self.quote.base.net, tier), self.t.money(cost), self._each(cost)))
                    for tier, cost in self._rungs()]
            head = (say("promise"), say("per_year"), say("unit"))
            title = say("ladder" if self.quote.possible else "ladder_instead")
            yield Fact(title, [] if rows else [say("none_cheaper")], table=Grid(head, rows) if rows else None,
                       note=say("ladder_note") if rows else "")

    def _rungs(self) -> Iterator[tuple[str, float]]:
        """Other tiers that can be kept with the sites of today, and cost less than what is asked for."""
        change, base = self.quote.changes[0], self.quote.base
        today = self._tiers(base.net)
        least = SMALLEST * abs(base.cash_cost)
        asked = self.quote.yearly.point if self.quote.possible else math.inf
        tiers = base.net.tables["tiers"].sort_values(["rank", "tier"])["tier"].astype(str).tolist()
        for tier in [tier for tier in tiers if tier != change.tier and [tier] != today][:MOST]:
            other = replace(change, tier=tier, modes=(), label="", lead_time=None, reliability=None, on_time_share=None,
                            fill_rate=None, served_fraction=None)
            asked_so: dict[str, Any] = dict(self.quote.options)
            found = quote_of(base, other, lenses=["flows"], **asked_so)
            if found.possible and found.yearly.point < asked - least:
                yield tier, 0.0 if abs(found.cost.point) <= least and not other.one_off else found.yearly.point

    def menu(self) -> Iterator[Fact]:
        """Other promises of a menu with one or two axes: the second one goes across."""
        frame, say = self.terms.menu, self.t.say
        if frame is None:
            return
        axes = [name for name in frame.columns if name in PROMISED]
        down, across = axes[0], axes[1:]
        cells = frame.assign(said=[self._cell(row) for row in frame.to_dict("records")])
        if across:
            wide = cells.pivot(index=down, columns=across[0], values="said")
            head = ("", *(self._value(across[0], value) for value in wide.columns))
        else:
            wide, head = cells.set_index(down)[["said"]], ("", say("point"))
        rows = [Row((self._value(down, float(str(at))), *map(str, row))) for at, row in
                zip(wide.index, wide.to_numpy(), strict=True)]
        yield Fact(say("menu"), table=Grid(head, rows), note=say("menu_note"))

    def _cell(self, row: dict[Any, Any]) -> str:
        kind = {KEPT: "menu_kept", IMPOSSIBLE: "menu_impossible", OPEN: "menu_open"}.get(row["cell"])
        return self.t.money(float(row["point"])) if kind is None else self.t.say(kind)

    def _value(self, name: str, value: Any) -> str:
        number = float(value)
        return self._days(name, number) if name == "lead_time" else self.t.say(name, x=self.t.share(number))

    def _days(self, key: str, days: float) -> str:
        return self.t.say(f"{key}_one") if days == 1 else self.t.say(key, x=self.t.number(days, 2))

    # ---- 8 and 9: how sure it is, and what it rests on ---------------------------------------------------------------

    @property
    def sure(self) -> Fact:
        """How sure the cost is, and which price covers the most that it can be."""
        say, year = self.t.say, self.quote.yearly
        if not math.isfinite(year.low):
            line = say("at_most", high=self.t.money(year.high))
        elif year.width <= SMALLEST * abs(self.quote.base.cash_cost):
            line = say("exact")
        else:
            line = say("within", low=self.t.money(year.low), high=self.t.money(year.high))
        price = self.recommended
        covered = [say("covered", x=self.t.number(price, 2), unit=self._each(price))] if price > 0 and (
            self.quote.units) else []
        return Fact(say("sure"), [" ".join([line, *covered])])

    @property
    def assumed(self) -> list[str]:
        """What it rests on."""
        net = self.quote.base.net
        rests = [self.t.say("depends", x=", ".join(self.terms.depends_on))] if self.terms.depends_on else []
        return [self.t.say("assumed", name=str(net.settings["name"]), days=self.t.number(net.horizon)), *rests]


def _named(edit: Any) -> str:
    """What an edit is about, by its names."""
    if edit["table"] == "lanes":
        return f"{edit['where']['origin']} → {edit['where']['destination']}"
    if "modes" in edit.get("set", {}):
        return str(edit["set"]["modes"]).replace("|", ", ")
    return " ".join(str(value) for value in edit.get("where", {}).values() if value != "*")
