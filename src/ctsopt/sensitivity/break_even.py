"""At which figure of a cost another network is the better one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.certified import Certified
from ctsopt.errors import UsageError
from ctsopt.keys import Floats
from ctsopt.networks.network import Network
from ctsopt.programs.program import Arrays
from ctsopt.results.solution import Solution
from ctsopt.sensitivity.envelope import SAME, Answered, Line, least_known, pieces, proven, trace
from ctsopt.sensitivity.parameter import Parameter, number, open_sites, site_changes
from ctsopt.solving import program, solve
from ctsopt.solving.options import as_gap


@dataclass(frozen=True, eq=False)
class BreakEven:
    """The least cost as one figure of cost varies, with every switch of plan.

    Attributes
    ----------
    parameter : Parameter
        What varies.
    low, high : float
        From where to where.
    pieces : DataFrame
        The plans of which the least known cost is made: from, to (figures), cost_from, cost_to (money), slope (money
        for each unit of the figure), sites (those that are open).
    switches : DataFrame
        Where one plan takes over from another: at; low and high, between which neither is better by more than what is
        not proven; cost (money); opens, closes (sites; blank where only goods go other ways).
    asked : DataFrame
        Figures that were solved: value, bound, cost.
    plans : tuple of Solution
        One for each of the pieces.
    """

    parameter: Parameter
    low: float
    high: float
    pieces: pd.DataFrame
    switches: pd.DataFrame
    asked: pd.DataFrame
    plans: tuple[Solution, ...]
    answers: tuple[Answered[Solution], ...]

    def cost_at(self, value: float) -> Certified:
        """The least possible cost at a figure between `low` and `high`, without another solve.

        Raises
        ------
        UsageError
            If the figure is not between them.
        """
        if not self.low <= number("value", value) <= self.high:
            raise UsageError(f"value = {value!r}: it was varied from {self.low:g} to {self.high:g}")
        return Certified.of_plan(proven(list(self.answers), value), least_known(list(self.answers), value))

    @property
    def gap_money(self) -> float:
        """By how much another plan could be cheaper at most, over the whole range, in money."""
        places = {*self.asked["value"], *self.switches["at"]}
        return max(self.cost_at(float(value)).width for value in places)

    def nearest(self, today: float) -> float:
        """How far the nearest switch is from a figure, as a share of it; infinite where there is none.

        Raises
        ------
        UsageError
            If the figure is 0, or is not between `low` and `high`.
        """
        if number("today", today) == 0 or not self.low <= today <= self.high:
            raise UsageError(f"today = {today!r}: a figure other than 0, from {self.low:g} to {self.high:g}")
        away = np.abs(self.switches["at"].to_numpy(dtype=float) - today)
        return float(away.min()) / abs(today) if len(away) else np.inf

    def __str__(self) -> str:
        lines = [f"{self.parameter} from {self.low:g} to {self.high:g}"]
        if self.switches.empty:
            return f"{lines[0]}: the same plan is best throughout, " + str(self.pieces["sites"].iloc[0])
        for row in self.switches.itertuples(index=False):
            changes = (("opens", str(row.opens)), ("closes", str(row.closes)))
            what = [f"{word} {names}" for word, names in changes if names]
            lines.append(f"switch at {row.at:,.6g} ({row.low:,.6g} to {row.high:,.6g}), cost {row.cost:,.2f}: "
                         + (", ".join(what) or "goods go other ways"))
        return "\n".join(lines)


def break_even(net: Network, parameter: Mapping[str, Any], low: float, high: float, *, gap: float | str = 0.0,
               abs_gap: float = 0.0, time_limit: float | None = None, seed: int = 0) -> BreakEven:
    """Every figure of a cost, within a range, at which another plan becomes the cheapest.

    The least cost is a concave function of such a figure: the least of one straight line for each plan. Comparing the
    best plans of both ends is not enough, as a third one may be better in between; so the crossing of two lines is
    solved until nothing cheaper lies there.

    Parameters
    ----------
    net : Network
    parameter : mapping
        Which figure, as an axis of a sweep is written: `table`, `column`, `op` (`set`, the usual one, `scale`, `add`)
        and `where`, such as `{"table": "sites", "where": {"site": "West"}, "column": "fixed_cost"}`.
    low, high : float
        The range.
    gap, abs_gap, time_limit, seed
        Of each solve, see `ctsopt.solve`. What is not proven makes the switches wider.

    Returns
    -------
    BreakEven

    Raises
    ------
    UsageError
        If the figure changes more than what plans cost, such as a demand or a promise, or a cost is no straight line in
        it (a minimum charge); or if stock for fill rates is planned.
    InfeasibleError
        If the promises cannot be kept.
    """
    varied, low, high = Parameter.of(parameter), number("low", low), number("high", high)
    if not low < high:
        raise UsageError(f"low = {low:g}, high = {high:g}: give a range, from below to above")
    if net.derived.stocking is not None:
        raise UsageError("stock for fill rates is planned, and its cost is no straight line: leave fill rates out, or "
                         "solve the network at single figures, with Network.with_edits and ctsopt.solve")
    ends = _ends(net, varied, low, high)

    def ask(value: float) -> Answered[Solution]:
        found = solve(varied.at(net, value), gap=gap, abs_gap=abs_gap, time_limit=time_limit, seed=seed)
        values = found.tables["values"]["value"].to_numpy(dtype=float)
        line = Line(low, high, *(float(each.cost @ values) + each.offset for each in ends))
        _require_straight(varied, line.cost(value), found.total_cost)
        return Answered(value, found, line, found.bound)

    share = as_gap(gap)
    answers = trace(ask, low, high, lambda cost: max(share * abs(cost), abs_gap))
    return _told(varied, low, high, answers)


def _told(varied: Parameter, low: float, high: float, answers: list[Answered[Solution]]) -> BreakEven:
    parts = pieces(answers)
    opened = [open_sites(each.plan) for each, _, _ in parts]
    rows = [(start, end, each.line.cost(start), each.line.cost(end), each.line.slope, ", ".join(sorted(sites)))
            for (each, start, end), sites in zip(parts, opened, strict=True)]
    made = pd.DataFrame(rows, columns=["from", "to", "cost_from", "cost_to", "slope", "sites"])
    switches = []
    for (one, _, at), (other, _, _) in pairwise(parts):
        cost = one.line.cost(at)
        wide = (cost - proven(answers, at)) / (one.line.slope - other.line.slope)
        switches.append((at, max(at - wide, low), min(at + wide, high), cost))
    frame = pd.DataFrame(switches, columns=["at", "low", "high", "cost"], dtype=float)
    changes = site_changes(opened).iloc[1:].reset_index(drop=True)
    asked = pd.DataFrame([(each.value, each.bound, each.line.cost(each.value)) for each in answers],
                         columns=["value", "bound", "cost"])
    return BreakEven(varied, low, high, made, pd.concat([frame, changes], axis="columns"), asked,
                     tuple(each.plan for each, _, _ in parts), tuple(answers))


def _ends(net: Network, varied: Parameter, low: float, high: float) -> tuple[Arrays, Arrays]:
    """The programs of both ends, which differ in what plans cost alone, along straight lines."""
    first, middle, last = (program(varied.at(net, value)).arrays for value in (low, (low + high) / 2, high))
    if not (_same_plans(first, middle) and _same_plans(first, last)):
        raise UsageError(f"{varied} changes more than what a plan costs: which plans there are, or what they may use; "
                         "solve the network at single figures, with Network.with_edits and ctsopt.solve")
    for one, mid, other in ((first.cost, middle.cost, last.cost), (first.offset, middle.offset, last.offset)):
        _require_straight(varied, np.asarray(mid), (np.asarray(one) + np.asarray(other)) / 2)
    if np.array_equal(first.cost, last.cost) and first.offset == last.offset:
        raise UsageError(f"{varied} changes nothing that a plan costs")
    return first, last


def _same_plans(one: Arrays, other: Arrays) -> bool:
    if one.matrix.shape != other.matrix.shape:
        return False
    sides = ("lower", "upper", "integer", "row_lower", "row_upper")
    return (abs(one.matrix - other.matrix).nnz == 0
            and all(np.array_equal(getattr(one, side), getattr(other, side)) for side in sides))


def _require_straight(varied: Parameter, cost: Floats | float, straight: Floats | float) -> None:
    if not np.allclose(cost, straight, rtol=1e3 * SAME, atol=1e3 * SAME):
        raise UsageError(f"what a plan costs is no straight line in {varied}, as with minimum charges: solve the "
                         "network at single figures, with Network.with_edits and ctsopt.solve")
