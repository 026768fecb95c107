"""Bridges: what lies between the costs of two plans, by cost line or by override, in parts that add up exactly.

By override the order matters: two overrides together may cost more, or less, than each alone. `steps` shows what each
override does alone, from the scenario that the bridge begins with, and the rest as `interaction`. `shapley` gives every
override its mean effect over all orders in which the overrides could be added (L. S. Shapley, A Value for n-Person
Games, 1953): the effect of i is the sum over all sets S without i of |S|! (n - |S| - 1)! / n! (Z(S + i) - Z(S)).

Every least cost Z lies between a bound and the cost of a plan. A part is a linear combination of least costs, so it
lies between the sums of those ends that make it smallest and largest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.certified import Certified
from ctsopt.errors import UsageError
from ctsopt.packs.bridging import BridgePlan, Members, TornadoPlan

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

INTERACTION = "interaction"
PARTS = ["part", "kind", "low", "point", "high", "cash", "penalty"]
COLUMNS = ["bridge", "method", "from", "to", *PARTS, "note"]
TORNADO = ["sweep", "from", "axis", "value", "scenario", "low", "point", "high", "verdict", "swing", "rank"]

Matrix = dict[str, dict[Members, float]]
"""Coefficient of the least cost of each set of overrides, by part."""


def rest_of(parts: Sequence[str]) -> str:
    """What the interaction is called: no override has this name."""
    return INTERACTION if INTERACTION not in parts else f"{INTERACTION} of {len(parts)} overrides"


def shares(parts: Sequence[str], method: str) -> Matrix:
    """Each part of a bridge as a linear combination of least costs.

    Parameters
    ----------
    parts : sequence of str
        Overrides, in order.
    method : {"steps", "shapley"}

    Returns
    -------
    dict
        Of each override, and of the interaction where steps leave one: coefficients by the set of overrides.
    """
    if method not in ("steps", "shapley"):
        raise UsageError(f"method = {method!r}: steps or shapley")
    count, nothing, whole = len(parts), frozenset[int](), frozenset(range(len(parts)))
    if method == "steps":
        found: Matrix = {part: {frozenset([place]): 1.0, nothing: -1.0} for place, part in enumerate(parts)}
        if count > 1:
            rest = {whole: 1.0, nothing: count - 1.0}
            found[rest_of(parts)] = rest | {frozenset([place]): -1.0 for place in range(count)}
        return found
    sets = [frozenset(place for place in range(count) if number >> place & 1) for number in range(2 ** count)]
    weight = [math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count) for size in range(count)]
    return {part: {members: weight[len(members) - 1] if place in members else -weight[len(members)]
                   for members in sets} for place, part in enumerate(parts)}


def contributions(values: Mapping[Members, Certified], parts: Sequence[str], method: str,
                  same: Callable[[Members], Hashable] = lambda members: members) -> dict[str, Certified]:
    """What each override contributes to the difference between nothing and all of them.

    Parameters
    ----------
    values : mapping of frozenset of int to Certified
        Least cost with some of the overrides, by their places: with `steps` none, each alone, and all; with `shapley`
        every set.
    parts : sequence of str
        Names of the overrides.
    method : {"steps", "shapley"}
    same : callable
        What tells that two sets lead to the same network: its cost then counts once, and cancels.

    Returns
    -------
    dict of str to Certified
        The points add up to the difference of the points of all and none.

    Examples
    --------
    Of f = x y, between (1, 1) and (2, 2), either step alone adds 1, both together 3.

    >>> f = {frozenset(): 1.0, frozenset([0]): 2.0, frozenset([1]): 2.0, frozenset([0, 1]): 4.0}
    >>> exact = {members: Certified(z, z, z) for members, z in f.items()}
    >>> {name: share.point for name, share in contributions(exact, ["x", "y"], "shapley").items()}
    {'x': 1.5, 'y': 1.5}
    >>> {name: share.point for name, share in contributions(exact, ["x", "y"], "steps").items()}
    {'x': 1.0, 'y': 1.0, 'interaction': 1.0}
    """
    return {part: _combined(row, values, same) for part, row in shares(parts, method).items()}


def _combined(row: Mapping[Members, float], values: Mapping[Members, Certified],
              same: Callable[[Members], Hashable]) -> Certified:
    factors: dict[Hashable, float] = {}
    first: dict[Hashable, Members] = {}
    for members, factor in row.items():
        key = same(members)
        factors[key] = factors.get(key, 0.0) + factor
        first.setdefault(key, members)
    ends = [(factor, values[first[key]]) for key, factor in factors.items() if abs(factor) > 1e-12]
    low = math.fsum(f * (v.low if f > 0 else v.high) for f, v in ends)
    point = math.fsum(f * v.point for f, v in ends)
    high = math.fsum(f * (v.high if f > 0 else v.low) for f, v in ends)
    return Certified(min(low, point), point, max(high, point))


def line_bridge(base: Solution, other: Solution) -> pd.DataFrame:
    """From the cost of one plan to that of another, cost line by cost line.

    Parameters
    ----------
    base, other : Solution
        Of networks with the same currency and horizon.

    Returns
    -------
    DataFrame
        part, kind (`start`, `line`, `end`, `difference`); low, point, high: least cost at both ends and their
        difference as proven intervals (money; single lines have a point only: another plan of the same cost may differ
        in them); cash and penalty: the parts of the point. Start and lines add up to the end.
    """
    apart = other - base
    before, after = (each.costs.set_index("line") for each in (base, other))
    lines = list(dict.fromkeys([*before.index, *after.index]))
    amount = (after["amount"].reindex(lines, fill_value=0.0) - before["amount"].reindex(lines, fill_value=0.0))
    behaviour = after["behaviour"].reindex(lines).fillna(before["behaviour"].reindex(lines))
    penal = (behaviour == "penalty").to_numpy()
    rows = pd.DataFrame({"part": lines, "kind": "line", "low": np.nan, "point": amount.to_numpy(), "high": np.nan,
                         "cash": np.where(penal, 0.0, amount), "penalty": np.where(penal, amount, 0.0)})
    rows = pd.concat([rows[~penal], rows[penal]])
    first, last = (_end(kind, each.least_cost, each.cash_cost, each.penalty)
                   for kind, each in (("start", base), ("end", other)))
    total = _end("difference", apart, other.cash_cost - base.cash_cost, other.penalty - base.penalty)
    return pd.concat([first, rows[rows["point"] != 0], last, total], ignore_index=True)[PARTS]


def _end(kind: str, amount: Certified, cash: float, penalty: float, part: str = "") -> pd.DataFrame:
    return pd.DataFrame([{"part": part or kind, "kind": kind, "low": amount.low, "point": amount.point,
                          "high": amount.high, "cash": cash, "penalty": penalty}])


class Ledger:
    """Least cost, cash and penalties of plans by the name of their case.

    Parameters
    ----------
    key : callable
        What tells that two cases are the same one; blank where it is not known.
    """

    def __init__(self, key: Callable[[str], str]) -> None:
        self.least: dict[str, Certified] = {}
        self._money: dict[str, tuple[float, float]] = {}
        self._key = key

    def add(self, name: str, solution: Solution) -> None:
        """Note a plan."""
        self.least[name] = solution.least_cost
        self._money[name] = solution.cash_cost, solution.penalty

    def override_bridge(self, plan: BridgePlan) -> pd.DataFrame:
        """From the cost of one scenario to that of another, override by override.

        Returns
        -------
        DataFrame
            part, kind (`start`, `override`, `interaction`, `end`, `difference`), low, point, high (money; proven
            interval of each part), cash, penalty. Start, overrides and interaction add up to the end. Empty where a
            case has no plan.
        """
        if self.lacking(plan):
            return pd.DataFrame(columns=PARTS)
        values = {members: self.least[name] for members, name in plan.cases.items()}

        def same(members: Members) -> Hashable:
            return self._key(plan.cases[members]) or members

        rows = shares(plan.parts, plan.method)
        parts = contributions(values, plan.parts, plan.method, same)
        cash_of, penalty_of = ({part: math.fsum(factor * self._money[plan.cases[members]][place]
                                                for members, factor in row.items()) for part, row in rows.items()}
                               for place in (0, 1))
        frames = [_end("override" if part in plan.parts else "interaction", share, cash_of[part], penalty_of[part],
                       part) for part, share in parts.items()]
        base, to = self.least[plan.base], self.least[plan.to]
        alike = self._key(plan.base) != "" and self._key(plan.base) == self._key(plan.to)
        apart = Certified(0.0, 0.0, 0.0) if alike else to - base
        (cash, penalty), (cash_to, penalty_to) = self._money[plan.base], self._money[plan.to]
        return pd.concat([_end("start", base, cash, penalty), *frames, _end("end", to, cash_to, penalty_to),
                          _end("difference", apart, cash_to - cash, penalty_to - penalty)], ignore_index=True)[PARTS]

    def lacking(self, plan: BridgePlan) -> list[str]:
        """Cases of a bridge that have no plan."""
        return [name for name in plan.cases.values() if name not in self.least]

    def tornado(self, plan: TornadoPlan, verdict: Callable[[str, str], tuple[Certified, str]],
                asked: Callable[[str], bool] = lambda _: True) -> pd.DataFrame:
        """What each value of each axis does alone; the axis that moves the cost most stands first.

        Parameters
        ----------
        plan : TornadoPlan
        verdict : callable
            The proven difference of two cases, and what it proves.
        asked : callable
            Whether a case was to be solved: of others there is no bar.

        Returns
        -------
        DataFrame
            sweep, from, axis, value, scenario; low, point, high (money by which it is dearer than the scenario that is
            varied; not a number where there is no plan), verdict; swing (money from the lowest to the highest point of
            the axis, the scenario itself counted as 0), rank of the axis by it.
        """
        rows = []
        for axis, value, name in plan.bars:
            if not asked(name):
                continue
            known = name in self.least and plan.base in self.least
            apart, word = verdict(name, plan.base) if known else (None, "")
            rows.append((plan.sweep, plan.base, axis, value, name,
                         *((apart.low, apart.point, apart.high) if apart else (np.nan,) * 3), word))
        frame = pd.DataFrame(rows, columns=TORNADO[:9])
        by = frame.groupby("axis", sort=False)["point"]
        frame["swing"] = by.transform("max").clip(lower=0.0) - by.transform("min").clip(upper=0.0)
        frame["rank"] = frame["swing"].fillna(-1.0).rank(method="dense", ascending=False).astype(int)
        return frame.sort_values("rank", kind="stable", ignore_index=True)[TORNADO]


def bridge_tables(plans: Sequence[BridgePlan], ledger: Ledger, solutions: Mapping[str, Solution],
                  asked: Callable[[str], bool] = lambda _: True) -> pd.DataFrame:
    """All bridges that are asked for, each by cost line and by override; `asked`: whether a case was to be solved.

    Returns
    -------
    DataFrame
        bridge, method (`lines`, `steps`, `shapley`), from, to, the columns of a bridge, and a note that says why where
        a bridge cannot be made.
    """
    found: list[pd.DataFrame] = []
    done: set[str] = set()
    for plan in plans:
        ends = plan.base in ledger.least and plan.to in ledger.least
        if ends and plan.name not in done:
            done.add(plan.name)
            found.append(_named(line_bridge(solutions[plan.base], solutions[plan.to]), plan, "lines"))
        lacking = ledger.lacking(plan)
        frame = ledger.override_bridge(plan)
        if lacking:
            frame = pd.DataFrame([{name: "" if name in ("part", "kind") else np.nan for name in PARTS}])
        found.append(_named(frame, plan, plan.method, _why(lacking, asked)))
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=COLUMNS)


def _why(lacking: Sequence[str], asked: Callable[[str], bool]) -> str:
    """Why there is no bridge: cases of it have no plan, or were not to be solved."""
    parts = {"no plan": [name for name in lacking if asked(name)],
             "not solved this time": [name for name in lacking if not asked(name)]}
    return "; ".join(f"{why}: {', '.join(names)}" for why, names in parts.items() if names)


def _named(frame: pd.DataFrame, plan: BridgePlan, method: str, note: str = "") -> pd.DataFrame:
    named = {"bridge": plan.name, "method": method, "from": plan.base, "to": plan.to, "note": note}
    return frame.assign(**named)[COLUMNS]
