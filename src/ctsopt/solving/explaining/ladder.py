"""The ladder: out of reach, which is plain from the tables; then what cannot be kept together, and why."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.errors import DataError, Findings, InfeasibleError, NoPlanError
from ctsopt.formulation.build import keeps
from ctsopt.networks.edits import with_edits
from ctsopt.networks.network import even_impossible
from ctsopt.programs.program import Program
from ctsopt.solving.explaining import told
from ctsopt.solving.explaining.elastic import Elastic, elastic
from ctsopt.solving.explaining.explanation import (
    CONFLICTS,
    LIMITS,
    SHORTFALLS,
    Explanation,
    Offer,
    Rung,
)
from ctsopt.solving.explaining.mends import granted, limit_edits, merged
from ctsopt.solving.explaining.offers import Shop, dearest
from ctsopt.solving.explaining.shares import Claims, claims
from ctsopt.solving.explaining.volume import volumes
from ctsopt.solving.explaining.why import Questions, Why, why

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.results.solution import Solution

SECONDS = 60.0
"""Time for an explanation with its offers."""

_REASONS = 0.75
"""Share of the time that the reasons may take: the offers have what is left of it."""

Make = Callable[["Network"], Program]
Solve = Callable[["Network", float], "Solution"]


@dataclass(eq=False)
class Case:
    """A network without a plan, and how programs and plans are made.

    Attributes
    ----------
    net : Network
    make : callable
        The program of a network.
    solve : callable
        The cheapest plan of a network, found within some seconds.
    seconds : float
        Time for the reasons and the offers together, and again for a plan that is asked for.
    program : Program or None
        The program that was searched, where there is one already.
    """

    net: Network
    make: Make
    solve: Solve
    seconds: float = SECONDS
    program: Program | None = None
    spent: float = field(default=0.0, init=False)
    """Seconds that the reasons took."""

    @cached_property
    def searched(self) -> Program:
        """The program of the network."""
        return self.make(self.net) if self.program is None else self.program

    @cached_property
    def elastic(self) -> Elastic:
        """The program with room to give way."""
        return elastic(self.net, self.searched)

    @cached_property
    def claims(self) -> Claims:
        """Whose promises they are."""
        return claims(self.net, self.elastic)

    @cached_property
    def found(self) -> Why | None:
        """What goes short, and why."""
        return self._sought(_REASONS * self.seconds)

    def _sought(self, seconds: float) -> Why | None:
        begin = time.monotonic()
        names = told.claimant_names(self.net, self.claims)
        found = why(self.net, self.elastic, self.claims, names, begin + seconds)
        self.spent = time.monotonic() - begin
        return found

    def explanation(self) -> Explanation:
        """Climb the ladder as far as it takes."""
        missing = self.net.derived.unreached
        missing = missing[missing["must"].to_numpy(dtype=bool)] if len(missing) else missing
        if len(missing):
            return self._told("reach", missing, _out_of_reach(missing), *_nothing())
        found = self.found
        if found is None:
            return Explanation("not known", missing, pd.DataFrame(columns=SHORTFALLS), *_nothing(), proven=False,
                               volumes=volumes(self.net))
        short = told.shortfalls(self.net, self.claims, found)
        if short.empty and not found.conflicts:
            return Explanation("kept", missing, short, *_nothing())
        return self._told("together", missing, short, told.conflicts(self.net, found), told.limits(self.net, found),
                          proven=found.proven, complete=found.complete)

    def _told(self, rung: Rung, missing: pd.DataFrame, short: pd.DataFrame, conflicts: pd.DataFrame,
              limits: pd.DataFrame, *, proven: bool = True, complete: bool = True) -> Explanation:
        return Explanation(rung, missing, short, conflicts, limits, proven, complete, volumes(self.net),
                           told.by_tier(self.net, short), self.offers, self.grants, self.plan)

    def plan(self, edits: list[Mapping[str, Any]]) -> Solution:
        """The cheapest plan of the edited network."""
        return self.solve(edited(self.net, edits), self.seconds)

    def grants(self) -> list[Mapping[str, Any]]:
        """Edits that grant every shortfall."""
        found = self.found
        if found is None:
            return []
        return list(merged([*given_way(self.net, found),
                            *granted(self.net, self.claims, found.value, np.ones(len(self.claims.level), dtype=bool))]))

    def offers(self, seconds: float = math.inf) -> list[Offer]:
        """What can be promised instead, each tried, as far as it is found within some seconds."""
        begin = time.monotonic() if seconds < math.inf else 0.0
        known = "found" in self.__dict__ or seconds >= self.seconds
        found = self.found if known else self._sought(_REASONS * seconds)
        if found is None:
            return []
        deadline = min(begin + seconds, time.monotonic() + max(self.seconds - self.spent, 0.0))
        return Shop(self.net, self.claims, found, lambda edits: self.keeps(edits, deadline), deadline,
                    dearest(self.searched)).offers()

    def keeps(self, edits: list[Mapping[str, Any]], deadline: float) -> bool:
        """Whether a plan exists for the edited network; not where that is not known by then."""
        try:
            net = edited(self.net, edits)
            if net.findings.errors:
                return False
            if net.derived.stocking is not None:  # whether stock finds its room is known of whole plans only
                self.solve(net, max(deadline - time.monotonic(), 1e-3))
                return True
        except (DataError, InfeasibleError, NoPlanError):
            return False
        model = elastic(net, self.make(net))
        return bool(Questions(model.arrays, deadline).can_hold([]))


def edited(net: Network, edits: list[Mapping[str, Any]]) -> Network:
    """A network with some edits, even where its promises still cannot be kept.

    Raises
    ------
    DataError
        If an edit, or a table, is written wrongly.
    """
    done = with_edits(net.content, edits)
    faults = [fault.finding(f"edit {number + 1}") for number, fault in done.faults]
    if any(fault.severity == "error" for fault in faults):
        raise DataError(Findings(faults))
    return even_impossible(done.tables)


def given_way(net: Network, found: Why) -> list[Mapping[str, Any]]:
    """Edits of the limits that have to give way whatever is promised."""
    return [edit for way in found.given if way.member.giving is not None and way.share is not None
            for edit in limit_edits(net, way.member.giving, way.share)]


def _nothing() -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.DataFrame(columns=CONFLICTS), pd.DataFrame(columns=LIMITS)


def _out_of_reach(missing: pd.DataFrame) -> pd.DataFrame:
    """Requests out of reach as shortfalls: all of them."""
    names = ["customer", "tier", "product", "period"]
    who = [" / ".join(key) for key in missing[names].itertuples(index=False)]
    return missing[names].assign(what="demand out of reach", who=who, row=keeps("demand"),
                                 shortfall=missing["quantity"], unit="units", asked=missing["quantity"],
                                 share=1.0)[SHORTFALLS].reset_index(drop=True)
