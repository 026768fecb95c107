"""Lenses: what may move in the answer to a change, and the plan that is best under each.

==========  =====================================================================================================
frozen      sites and every other design decision, sources, and what all other customers are sent
flows       every design decision, and the sources of the others; all flows and stock are free
additions   nothing that today's plan has is taken away; sites, sizes and lanes may be added
switch      nothing is held; each site opened or closed, and each customer served from elsewhere, costs so much more
redesign    nothing is held: what a network drawn anew would cost
==========  =====================================================================================================

The answer to a quote is the difference to the plan that is run, not to the best plan there could be: both are plans, so
that a price that covers the difference loses nothing against going on as today, whatever has been proven.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from ctsopt.errors import InfeasibleError, NoPlanError
from ctsopt.formulation.build import decisions_alone
from ctsopt.solving import solve
from ctsopt.solving.fixing import Fix

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.results.solution import Solution
    from ctsopt.solving.explaining.explanation import Explanation

Lens = Literal["frozen", "flows", "additions", "switch", "redesign"]

LENSES: tuple[Lens, ...] = get_args(Lens)
"""From what moves least to what moves most; `switch` stands beside the row, not in it."""

ROW: tuple[Lens, ...] = ("frozen", "flows", "additions", "redesign")
"""Lenses of which each allows all that the one before it allows."""

SMALLEST = 1e-7
"""Share of the base's cost below which a difference is smaller than can be computed."""

_DESIGN = ("open", "level", "use_lane", "group_source")
_EXACT: Literal["exactly"] = "exactly"


@dataclass(frozen=True, eq=False)
class Answer:
    """What a change costs under one lens.

    Attributes
    ----------
    lens : str
        What may move.
    low, point, high : float
        Difference to the cost of today's plan [money over the horizon]: nobody can do it for less than `low` under this
        lens; `point` is that of a plan that is known; NaN where there is none. Only under `redesign`, where two least
        costs are compared, is `high` above `point`.
    proof : str
        How it is proven.
    plan : Solution or None
        The plan behind `point`.
    seconds : float
        How long it took.
    explanation : Explanation or None
        Why there is no plan.
    """

    lens: Lens
    low: float
    point: float
    high: float
    proof: str
    plan: Solution | None
    seconds: float
    explanation: Explanation | None = None

    @property
    def possible(self) -> bool:
        """Whether there is a plan."""
        return self.plan is not None


@dataclass(frozen=True, eq=False)
class Question:
    """A changed network beside the plan that is run.

    Attributes
    ----------
    base : Solution
        The plan that is run.
    net : Network
        The network with the change.
    changed : frozenset of str
        Customers that the change is about.
    width : float
        How wide an interval may be, as a share of the answer.
    time_limit : float
        Seconds for the search under each lens.
    seed : int
        Seed of the solver.
    kappa : float
        What each switch costs under the lens `switch` [money over the horizon].
    """

    base: Solution
    net: Network
    changed: frozenset[str]
    width: float = 0.1
    time_limit: float = 60.0
    seed: int = 0
    kappa: float = 0.0

    # ---- what is held ------------------------------------------------------------------------------------------------

    def held(self, lens: Lens) -> list[Fix]:
        """The decisions of today's plan that a lens holds."""
        fixes = [self._at_most_unserved]
        if lens in ("switch", "redesign"):
            return fixes
        how: Any = "at_least" if lens == "additions" else _EXACT
        for name in _DESIGN:
            rows = self._decided(name)
            if rows is not None and not rows.empty:
                sizes = name == "level" and lens == "additions"
                fixes.append(self._no_smaller(rows) if sizes else Fix(name, rows, how))
        sources = self._of_others("source")
        if sources is not None:
            fixes.append(Fix("source", sources, how))
        if lens == "frozen":
            deliveries = self._of_others("deliver")
            if deliveries is not None:
                fixes.append(Fix("deliver", deliveries, _EXACT))
        return fixes

    def _decided(self, name: str) -> pd.DataFrame | None:
        """What today's plan decides of one kind; None where one of the two networks has nothing of it to decide."""
        return self.base.decisions(name) if name in self._both else None

    @cached_property
    def _both(self) -> set[str]:
        """Decisions of today's network that the changed one has, too: without any delivery it lacks some."""
        return set(decisions_alone(self.base.net).variables) & set(decisions_alone(self.net).variables)

    def _of_others(self, name: str) -> pd.DataFrame | None:
        rows = self._decided(name)
        if rows is None:
            return None
        others = rows[~rows["customer"].isin(list(self.changed)).to_numpy()]
        return None if others.empty else others

    def _no_smaller(self, levels: pd.DataFrame) -> Fix:
        """Sizes below today's are not to be had."""
        sizes = self.base.net.tables["capacity_levels"].set_index(["site", "level"])["capacity"]
        room = sizes.reindex(pd.MultiIndex.from_frame(levels[["site", "level"]])).to_numpy(dtype=float)
        here = levels["value"].to_numpy(dtype=float) > 0.5
        today = pd.Series(np.where(here, room, 0.0)).groupby(levels["site"].to_numpy(dtype=object)).transform("max")
        return Fix("level", levels[room < today.to_numpy()].assign(value=0.0), "at_most")

    @cached_property
    def _at_most_unserved(self) -> Fix:
        """Of each request at most what today's plan leaves unserved of it, and of what is new nothing."""
        return Fix("unserved", self.unserved, "at_most")

    @cached_property
    def unserved(self) -> pd.DataFrame:
        """Requests of the changed network, and the units of each that may stay unserved."""
        keys = self.net.requests.index.frame().astype(object)
        today = self.base.decisions("unserved").astype({"customer": object, "product": object, "period": object})
        left = today.groupby(["customer", "product", "period"])["value"].sum()
        at = pd.MultiIndex.from_frame(keys[["customer", "product", "period"]])
        return keys.assign(value=np.maximum(left.reindex(at).fillna(0.0).to_numpy(dtype=float), 0.0))

    @cached_property
    def penalty_at_most(self) -> float:
        """Penalties that a plan of the changed network may bear; what they are in a bound is not known better."""
        cost = self.net.tables["tiers"].set_index("tier")["shortage_cost"].fillna(0.0)
        each = cost.reindex(self.unserved["tier"]).to_numpy(dtype=float)
        return float((each * self.unserved["value"].to_numpy(dtype=float)).sum())

    # ---- what it comes to --------------------------------------------------------------------------------------------

    def answers(self, lenses: Sequence[Lens]) -> Iterator[Answer]:
        """Answers under lenses, the one that holds most first; each begins with the plan of the one before it."""
        before: Answer | None = None
        for lens in (each for each in LENSES if each in lenses):
            answer = self.answer(lens, before)
            yield answer
            if answer.possible and lens in ROW:
                before = answer

    def answer(self, lens: Lens, before: Answer | None = None) -> Answer:
        """The answer under one lens.

        Parameters
        ----------
        lens : str
            What may move.
        before : Answer, optional
            That of a lens that holds more: its plan is one here, too.
        """
        began, tighter = time.monotonic(), None if before is None else before.plan
        try:
            plan = self._searched(lens, tighter)
        except NoPlanError as error:
            if tighter is None:
                return Answer(lens, math.nan, math.nan, math.nan, f"not known: {error}", None, time.monotonic() - began)
            plan = tighter
        except InfeasibleError as error:
            return Answer(lens, math.nan, math.nan, math.nan, "impossible", None, time.monotonic() - began,
                          error.explanation)
        return self._answer(lens, plan, tighter, time.monotonic() - began)

    def _searched(self, lens: Lens, tighter: Solution | None) -> Solution:
        """The plan under a lens; again, closer, where the answer turns out smaller than the gap was made for."""
        cash = self.base.cash_cost
        start = tighter or self.base
        guess = abs(tighter.cash_cost - cash) if tighter is not None else 0.01 * abs(cash)
        for _ in range(3):
            wanted = max(self.width * guess, SMALLEST * abs(cash))
            start = self._solved(lens, start, wanted)
            found = abs(start.cash_cost - cash)
            if start.gap_money <= max(self.width * found, SMALLEST * abs(cash)) * (1 + 1e-9):
                break
            if start.record["options"]["time_limit"] is not None and start.status.stopped_by == "time_limit":
                break
            guess = found
        return start

    def _solved(self, lens: Lens, start: Solution, wanted: float) -> Solution:
        extra = [switches(self.base, self.kappa)] if lens == "switch" else []
        return solve(self.net, gap=0.0, abs_gap=wanted, time_limit=self.time_limit, seed=self.seed, start=start,
                     fix=self.held(lens), extra_costs=extra)

    def _answer(self, lens: Lens, plan: Solution, tighter: Solution | None, seconds: float) -> Answer:
        cash, least = self.base.cash_cost, SMALLEST * abs(self.base.cash_cost)
        bound = plan.bound - self.penalty_at_most
        if tighter is not None and lens in ROW and tighter.cash_cost < plan.cash_cost - least:
            plan = tighter  # within the gap that was asked for it is a better plan
        point = plan.cash_cost - cash
        if lens == "switch":
            return Answer(lens, -math.inf, point, point, "a plan; held against a redesign alone", plan, seconds)
        low = min(bound - cash, point)
        high = point
        if lens == "redesign":
            high = max(point, plan.cash_cost - (self.base.bound - self.base.penalty))
        return Answer(lens, low, point, high, _proof(lens, low, point, high, least), plan, seconds)


def in_order(answers: Sequence[Answer], nested: bool) -> list[Answer]:
    """Answers whose proofs are taken together.

    What nobody can do more cheaply under a lens that allows more nobody can under one that allows less. Where every
    plan of the changed network is one of today's, a redesign costs at least nothing.

    Raises
    ------
    AssertionError
        If they contradict each other: a fault of the solver, or of ctsopt.
    """
    made = {answer.lens: answer for answer in answers if answer.possible}
    row = [made[lens] for lens in ROW if lens in made]
    lowest = -math.inf
    for answer in reversed(row):
        low = max(answer.low, lowest, 0.0 if nested and answer.lens == "redesign" else -math.inf)
        slack = SMALLEST * max(abs(answer.plan.cash_cost) if answer.plan else 0.0, 1.0)
        assert low <= answer.point + 2 * slack, f"{answer.lens}: at least {low}, and a plan for {answer.point}"
        low = min(low, answer.point)
        made[answer.lens] = replace(answer, low=low, proof=_proof(answer.lens, low, answer.point, answer.high, slack))
        lowest = low
    if "switch" in made and "redesign" in made:
        made["switch"] = replace(made["switch"], low=min(made["redesign"].low, made["switch"].point))
    for tight, loose in pairwise(row):
        slack = 2 * SMALLEST * max(abs(tight.plan.cash_cost) if tight.plan else 0.0, 1.0)
        assert loose.point <= tight.point + slack, f"{loose.lens} costs more than {tight.lens}"
    return [made.get(answer.lens, answer) for answer in answers]


def _proof(lens: Lens, low: float, point: float, high: float, least: float) -> str:
    """How an interval is proven, in a few words."""
    if high - low <= 2 * least:
        return "exact"
    if lens == "redesign":
        return "between two proven ends"
    return "the plan is known; nobody can do it for less than low"


def switches(base: Solution, kappa: float) -> Any:
    """A cost line of changes to today's plan: sites opened or closed, customers taken from the source they have.

    What stays as it is saves what changing it would cost; the sum of these is the same for every plan.
    """
    from ctsopt.formulation.family import line
    from ctsopt.results.read_back import variables_in
    from ctsopt.solving.fixing import positions

    sourced = "source" in variables_in(base).variables
    today = {name: base.decisions(name) for name in ("open", *(("source",) if sourced else ()))}

    def chosen(index: Any, name: str) -> Any:
        """1 at the keys that today's plan has, else 0."""
        had, at = today[name][today[name]["value"] > 0.5], np.zeros(len(index))
        place = positions(index, had)
        at[place[place >= 0]] = 1.0
        return at

    @line("penalty")
    def switching(x: Any, net: Network) -> Any:
        """kappa for each site opened or closed and each source that a customer is taken from   [money]"""
        parts = [x.open * (kappa * (1.0 - 2.0 * chosen(x.open.index, "open")))]
        if sourced and x.source is not None:
            parts.append(x.source * (-kappa * chosen(x.source.index, "source")))
        return tuple(parts)

    return switching
