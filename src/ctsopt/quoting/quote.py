"""Quotes: what a change of service costs against the plan that is run, what it needs, whom it touches, its price."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.certified import Certified
from ctsopt.errors import DataError, Findings, UsageError, did_you_mean
from ctsopt.networks.edits import with_edits
from ctsopt.networks.network import Network, even_impossible
from ctsopt.quoting import effects
from ctsopt.quoting.already import Kept, kept_today
from ctsopt.quoting.beside import Beside, beside, peers
from ctsopt.quoting.change import Change, is_stricter
from ctsopt.quoting.lenses import LENSES, Answer, Lens, Question, in_order
from ctsopt.quoting.money import Chance, chance_to_pay, keeps_margin, with_one_off
from ctsopt.quoting.steady import least_disturbed
from ctsopt.results.solution import Solution
from ctsopt.solving import solve

if TYPE_CHECKING:
    from pathlib import Path

    from ctsopt.quoting.terms import Terms
    from ctsopt.solving.explaining.explanation import Explanation

HEADLINE: Lens = "additions"
"""The lens of the price: today's network stays, and may be added to."""

ORDINARY: tuple[Lens, ...] = ("flows", "additions", "redesign")


@dataclass(frozen=True, eq=False)
class Quote:
    """What a change costs, and all that stands behind the number.

    Attributes
    ----------
    base : Solution
        The plan that is run.
    changes : tuple of Change
        What is proposed.
    net : Network
        The network with the changes.
    changed : tuple of str
        The customers that they are about.
    answers : mapping of str to Answer
        By lens.
    nested : bool
        Whether every plan of the changed network is one of today's, so that the change cannot save anything.
    options : mapping
        With which it was asked: width, time_limit, seed, kappa.
    """

    base: Solution
    changes: tuple[Change, ...]
    net: Network
    changed: tuple[str, ...]
    answers: dict[Lens, Answer] = field(repr=False)
    nested: bool
    options: Mapping[str, float] = field(default_factory=dict, repr=False)

    # ---- the number --------------------------------------------------------------------------------------------------

    @property
    def lenses(self) -> pd.DataFrame:
        """What it costs by what may move: lens, low, point, high (money over the horizon), proof, seconds, and why not.

        `point` is the difference of a known plan to today's; nobody can do it for less than `low`. Both are cash:
        units that are not served are not in it, and are no more than today.
        """
        rows = [(a.lens, a.low, a.point, a.high, a.proof, a.seconds,
                 "" if a.explanation is None else a.explanation.why()) for a in self.answers.values()]
        return pd.DataFrame(rows, columns=["lens", "low", "point", "high", "proof", "seconds", "why"])

    @property
    def headline(self) -> Answer:
        """The answer that the price rests on: with additions, or what was asked for that comes nearest to it."""
        for lens in (HEADLINE, "flows", "frozen", "redesign"):
            if lens in self.answers:
                return self.answers[lens]
        return next(iter(self.answers.values()))

    @property
    def possible(self) -> bool:
        """Whether there is a plan under the headline's lens."""
        return self.headline.possible

    @property
    def cost(self) -> Certified:
        """The headline's cost a year of the horizon, without what is spent once beside it [money over the horizon].

        Raises
        ------
        UsageError
            Where there is no plan.
        """
        answer = self._answered()
        return Certified(answer.low, answer.point, answer.high)

    @property
    def yearly(self) -> Certified:
        """The cost a year, with what is spent once paid back over the contract [money a year]."""
        return self.yearly_of(self._answered())

    def yearly_of(self, answer: Answer) -> Certified:
        """The cost a year under a lens that has a plan, with what is spent once paid back over the contract."""
        cost = Certified(answer.low, answer.point, answer.high)
        rate = float(self.net.settings["discount_rate"])
        one_off = math.fsum(each.one_off for each in self.changes)
        return with_one_off(cost * (365 / self.net.horizon), one_off, rate, self.changes[0].years)

    @property
    def explanation(self) -> Explanation | None:
        """Why it is impossible under the headline's lens; its `offers` are what could be promised instead."""
        return self.headline.explanation

    @cached_property
    def already(self) -> Kept | None:
        """Whether today's plan keeps the proposed promise already, by which modes and with how much to spare."""
        if not self.possible:
            return None
        return kept_today(self.base, self.plan, self.changed, self.headline.point, self.touched["customer"].tolist())

    # ---- what stands behind it ---------------------------------------------------------------------------------------

    @cached_property
    def plan(self) -> Solution:
        """The headline's plan, as near to today's as its cost allows."""
        answer = self._answered()
        assert answer.plan is not None
        return least_disturbed(self.base, answer.plan)

    @cached_property
    def parts(self) -> pd.DataFrame:
        """The difference by line and part (own, displaced, shared, stock, one_off); adds up to the point exactly."""
        return effects.parts_of(self.base, self.plan, self.changed)

    @property
    def by_part(self) -> pd.Series[float]:
        """The difference by part."""
        return effects.sums_of(self.parts)

    @cached_property
    def physical(self) -> pd.DataFrame:
        """What has to be opened, closed, sized, stocked or used: what, name, before, after, unit."""
        return effects.physical(self.base, self.plan)

    @cached_property
    def touched(self) -> pd.DataFrame:
        """Customers whose deliveries differ, and how; see `ctsopt.quoting.effects.touched`."""
        return effects.touched(self.base, self.plan, self.changed)

    @property
    def improvement(self) -> Certified:
        """What could be saved without the change, under the headline's lens; no part of the price.

        The plan that is run need not be the best one; what is better without the change is nobody's to pay.
        """
        question = Question(self.base, self.base.net, frozenset())
        answer = question.answer(self.headline.lens)
        saved = -Certified(answer.low, answer.point, answer.point)
        return Certified(max(saved.low, 0.0), max(saved.point, 0.0), max(saved.high, 0.0))

    @cached_property
    def beside(self) -> Beside:
        """Average, avoidable and stand-alone cost of the customers as they are served today; three more solves.

        Raises
        ------
        UsageError
            Where all of them join, and none is served today.
        """
        today = set(self.base.net.tables["customers"]["customer"])
        mine = [name for name in self.changed if name in today]
        if not mine:
            raise UsageError("none of them is a customer today: there is no cost of today to stand beside the quote")
        return beside(self.base, mine)

    @property
    def peers(self) -> pd.DataFrame:
        """Customers of the same group and promise who do not get what is proposed: they may ask for the same."""
        return peers(self.base, self.net, self.changed)

    def sheet(self, language: str = "en", path: str | Path | None = None, terms: Terms | None = None) -> str:
        """The quote on one page of HTML for a sales person; see `ctsopt.quoting.sheet`.

        Parameters
        ----------
        language : {"en", "de"}
            Of the words and of the numbers.
        path : path, optional
            File to write it to.
        terms : Terms, optional
            What is on it beside the quote.
        """
        from ctsopt.quoting.sheet import sheet, write_sheet

        return sheet(self, language, terms) if path is None else write_sheet(self, path, language, terms)

    # ---- the price ---------------------------------------------------------------------------------------------------

    @property
    def units(self) -> float:
        """Units a year of the changed customers, after the change."""
        rows = self.net.tables["demand"]
        mine = rows.loc[rows["customer"].isin(list(self.changed)).to_numpy(), "quantity"]
        return float(mine.sum()) * 365 / self.net.horizon

    @cached_property
    def prices(self) -> pd.DataFrame:
        """What to charge on top of today's: basis, per_year (money), per_unit, of_revenue (share; NaN where not known).

        `break_even` at the proven most; `point` at the plan that is known; `keeps_margin` where revenue and margin of
        today are stated; `recommended` the larger of break-even and keeps_margin.
        """
        cost, units = self.yearly, self.units
        revenue = math.fsum(change.revenue or 0.0 for change in self.changes)
        margin = math.fsum(change.margin or 0.0 for change in self.changes)
        rows = [("point", cost.point), ("break_even", cost.high)]
        if revenue and units:
            rows.append(("keeps_margin", units * keeps_margin(cost.high, margin, revenue, units, margin / revenue)))
        rows.append(("recommended", max(value for name, value in rows if name != "point")))
        return pd.DataFrame([(name, value, value / units if units else math.nan,
                              value / revenue if revenue else math.nan) for name, value in rows],
                            columns=["basis", "per_year", "per_unit", "of_revenue"])

    def verdict(self, price: float | None = None) -> str:
        """Whether a price a year covers the cost: pays, loses, or not proven.

        Parameters
        ----------
        price : float, optional
            Money a year; by default what the changes ask for.
        """
        return self.yearly.verdict(self._asked(price))

    def chance(self, states: Sequence[tuple[float, Sequence[Mapping[str, Any]]]], price: float | None = None) -> Chance:
        """With what probability a price a year pays over states of demand; not proven either way is said apart.

        The design of the quote is fixed before the state is known: in each, today's plan has today's sites and
        decisions, and the quote's plan its own, and flows are free.

        Parameters
        ----------
        states : sequence of (float, edits)
            Probability of each, and what it changes in the tables, in the grammar of packs; nothing in the state that
            is planned for.
        price : float, optional
            Money a year; by default what the changes ask for.
        """
        from ctsopt.quoting.states import cost_in

        asked = self._asked(price)
        years, rate = 365 / self.net.horizon, float(self.net.settings["discount_rate"])
        one_off = math.fsum(each.one_off for each in self.changes)
        costs = [(weight, with_one_off(cost_in(self.base, self.plan, self.changed, list(edits)) * years, one_off, rate,
                                       self.changes[0].years)) for weight, edits in states]
        return chance_to_pay(asked, costs)

    def _asked(self, price: float | None) -> float:
        asked = [change.price for change in self.changes if change.price is not None]
        if price is None and not asked:
            raise UsageError("no price is asked for: give one")
        return math.fsum(asked) if price is None else price

    def _answered(self) -> Answer:
        if not self.possible:
            raise UsageError(f"{self}: there is no plan; explanation says why, and its offers what could be promised")
        return self.headline

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> list[str]:
        what = "; ".join(repr(change)[len("Change("):-1] for change in self.changes)
        head = self.headline
        if not head.possible:
            return [f"{what}: {head.proof}", *([] if head.explanation is None else [head.explanation.why()])]
        lines = [f"{what}: {head.point:+,.0f} with {head.lens} ({head.proof}; at least {head.low:+,.0f})"]
        if self.already is not None and self.already.kept:
            lines.append(self.already.says)
        for answer in self.answers.values():
            if answer is not head:
                said = f"{answer.low:+,.0f} .. {answer.point:+,.0f}" if answer.possible else answer.proof
                lines.append(f"  {answer.lens:<10} {said}")
        return lines

    def __repr__(self) -> str:
        return f"<Quote: {self._lines()[0]}>"


def quote(base: Solution | Network, *changes: Change, lenses: Sequence[str] | str = ORDINARY, width: float = 0.1,
          time_limit: float = 60.0, seed: int = 0, kappa: float = 0.0) -> Quote:
    """What a proposed change of service costs, and what stands behind the number.

    Parameters
    ----------
    base : Solution or Network
        The plan that is run; a network is solved first. Give the solution where there are several quotes.
    *changes : Change
        What is proposed; several are priced together.
    lenses : sequence of str
        What may move: `frozen` (nothing but how the customers themselves are served), `flows` (all flows and stock;
        sites as they are), `additions` (nothing that there is goes; sites may come: the headline), `switch` (anything,
        at `kappa` a site opened or closed), `redesign` (anything). `all` for all of them.
    width : float
        How wide an interval may be, as a share of the answer; a difference below 1e-7 of the base's cost is smaller
        than can be computed.
    time_limit : float
        Seconds for the search under each lens.
    seed : int
        Seed of the solver.
    kappa : float
        Money over the horizon for each site opened or closed and each customer taken from its source, under `switch`.

    Returns
    -------
    Quote
        With `lenses`, `cost`, `prices`, `parts`, `physical`, `touched`, `already`. Where a change is impossible,
        `explanation` says why, and what could be promised instead.

    Raises
    ------
    DataError
        If the changed tables have faults.
    UsageError
        If a name or an option is not known.

    Examples
    --------
    >>> import ctsopt as cts
    >>> from ctsopt import examples
    >>> base = cts.solve(cts.read(examples.path("two_dcs")), gap=0)
    >>> quote(base, Change("C", tier="standard"), lenses=["redesign"]).cost.point
    -11500.0
    """
    if not changes:
        raise UsageError("what is to be quoted? give a Change")
    wanted = tuple(LENSES if lenses == "all" else [lenses] if isinstance(lenses, str) else lenses)
    for lens in wanted:
        if lens not in LENSES:
            raise UsageError(f"there is no lens {lens!r}" + did_you_mean(lens, LENSES, listed=True))
    if not 0 < width < 1:
        raise UsageError(f"width = {width!r}: a share between 0 and 1")
    plan = base if isinstance(base, Solution) else solve(base, seed=seed)
    new, changed = changed_network(plan.net, changes)
    question = Question(plan, new, frozenset(changed), width, time_limit, seed, kappa)
    nested = is_stricter(plan.net, new, changed)
    found = in_order(list(question.answers([lens for lens in LENSES if lens in wanted])), nested)
    return Quote(plan, tuple(changes), new, changed, {answer.lens: answer for answer in found}, nested,
                 {"width": width, "time_limit": time_limit, "seed": seed, "kappa": kappa})


def changed_network(net: Network, changes: Sequence[Change]) -> tuple[Network, tuple[str, ...]]:
    """The network with changes made one after another, and the customers that they are about.

    A promise that the tables alone show to be impossible is let through: why it is so is then explained.
    """
    names: dict[str, None] = {}
    here = net
    for change in changes:
        joining = [str(row["customer"]) for row in change.joins.get("customers", ())]
        names |= dict.fromkeys([*change.names(here), *joining])
        done = with_edits(here.content, change.as_edits(here))
        found = Findings([fault.finding(f"{change!r}, edit {number + 1}") for number, fault in done.faults])
        if found.errors:
            raise DataError(found)
        here = even_impossible(done.tables)
    return here, tuple(names)
