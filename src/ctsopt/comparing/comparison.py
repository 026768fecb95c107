"""Plans side by side: what was changed, what it costs, and which differences are proven.

Every difference of two plans is an interval, because each is known only up to its proven gap: A is cheaper than B if
and only if A's cost is below B's bound. Scenarios are therefore in partial order; what cannot be told apart is a tie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.certified import Certified
from ctsopt.comparing.bridges import TORNADO, Ledger, bridge_tables
from ctsopt.comparing.facts import Facts, facts_of
from ctsopt.comparing.order import order_of, ranks_of, verdict
from ctsopt.comparing.pareto import fronts
from ctsopt.comparing.plan_rows import kpi_column, require_plan, row_of, side_by_side
from ctsopt.comparing.regret import cells_of, promises_of, regret_of
from ctsopt.errors import UsageError, did_you_mean
from ctsopt.networks.difference import difference
from ctsopt.packs.roles import BASIS, SENSITIVITY
from ctsopt.results.measures import MEASURES, service_of
from ctsopt.results.solution import Solution

if TYPE_CHECKING:
    from pathlib import Path

    from ctsopt.comparing.outcome import PackResult

TABLES = ("scenarios", "inputs", "differences", "order", "bases", "kpis", "states", "regret", "bridges", "tornado",
          "pareto")
"""Tables of a comparison, as they are written."""

_INPUTS = ["scenario", "table", "key", "column", "old", "new"]
_DIFFERENCES = ["scenario", "line", "amount", "parent_amount"]
_ENDS = ("low", "point", "high")
_RANKS = ("best_rank", "worst_rank")
_OF_A_RUN = ("parent", "kind", "role", "tags", "outcome", "message", "key")
_OF_PARENT = ("parent_low", "parent_point", "parent_high", "parent_verdict", "parent_opened", "parent_closed")


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Plans compared with one of them.

    Attributes
    ----------
    against : str
        The scenario that the others are compared with: the optimised baseline, as a rule.
    currency : str
    inputs : DataFrame
        What each scenario changes in the tables: scenario, table, key, column, old, new.
    scenarios : DataFrame
        One row per scenario, in order; those without a plan have an outcome and a message only. Columns: outcome; cost,
        bound, gap_money (money), gap (share); the proven interval of the difference to `against` (low, point, high:
        money by which the scenario is dearer) and verdict (`cheaper`, `dearer`, `tie`, `same`); parent, the scenario
        that it extends, and the same against that one: parent_low, _point, _high, parent_verdict, parent_opened,
        parent_closed (sites; all blank where there is none, or it has no plan); role: `basis` (what others are held
        against, and the model as it stands), `choice`, or `sensitivity` (something that may happen: no idea, however
        cheap); best_rank and worst_rank among the plans that are no sensitivities; cash_cost, penalty and the cost
        lines; what is served, which promises are kept; lead_time (days, mean by volume); cost_per_unit (an average,
        no price); sites open, by kind in open_kinds, opened and closed against
        `against`; customers_resourced (share of the customers whose main source is another one), volume_moved (share
        of the volume that comes from another site); seconds; hash of the network.
    differences : DataFrame
        Cost lines of each scenario less those of `against`, and less those of its parent: scenario, line, amount,
        parent_amount. They add up to `point` and `parent_point`; single lines have no proof of their own.
    order : DataFrame
        Every pair of plans, in both directions: scenario, other, low, point, high (money by which the scenario is
        dearer), verdict.
    bases : DataFrame
        Where an as-is plan is named: each scenario's difference to it in two steps, as proven intervals. Columns:
        scenario; better_use_low, _point, _high (from the as-is plan to `against`); idea_low, _point, _high (from
        `against` to the scenario); total_low, _point, _high (from the as-is plan to the scenario).
    kpis : DataFrame
        Key figures (rows) of all plans (columns).
    states : DataFrame
        Where scenarios are solved in states of demand: scenario, promises (the first scenario that promises the same),
        state, probability, cost and regret as intervals; regret among scenarios that promise the same.
    regret : DataFrame
        One row per scenario that has a plan in every state: promises, as in `states`; worst_low, _point, _high (its
        largest regret), minimax
        (`proven`, `possible` or blank), expected_low, _point, _high (cost, where states have probabilities).
    bridges : DataFrame
        Bridges that the pack asks for, by cost line and by override, see `ctsopt.comparing.bridges`: bridge, method,
        from, to, part, kind, low, point, high, cash, penalty (money), note. The parts add up.
    tornado : DataFrame
        Sweeps of one thing at a time: sweep, from, axis, value, scenario, low, point, high, verdict, swing, rank.
    pareto : DataFrame
        Cost against service, by every measure, that of the pack first: measure, scenario, service, cost, bound, status
        (`front`, `dominated` where that is proven, `perhaps dominated`), dominated_by.
    as_is : str
        The plan of today as it is run, blank where there is none.
    notes : tuple of str
        What else has to be said: that the plans are compared with another one than the pack says, and why.
    """

    against: str
    currency: str
    inputs: pd.DataFrame
    scenarios: pd.DataFrame
    differences: pd.DataFrame
    order: pd.DataFrame
    bases: pd.DataFrame
    kpis: pd.DataFrame
    states: pd.DataFrame
    regret: pd.DataFrame
    bridges: pd.DataFrame
    tornado: pd.DataFrame
    pareto: pd.DataFrame
    as_is: str = ""
    notes: tuple[str, ...] = ()

    @property
    def parents(self) -> dict[str, str]:
        """The scenario that each scenario extends, where that is known and has a plan."""
        some = self.scenarios[self.scenarios["parent_point"].notna()]
        return dict(zip(some["scenario"], some["parent"], strict=True))

    def from_parent(self, scenario: str) -> Certified:
        """How much dearer a scenario is than the one that it extends, as a proven interval.

        Raises
        ------
        UsageError
            If there is no such plan, or none that it extends.
        """
        _require(scenario, list(self.parents), "difference from the parent of")
        rows = self.scenarios[self.scenarios["scenario"] == scenario]
        return Certified(*(float(rows[f"parent_{end}"].iloc[0]) for end in _ENDS))

    def difference(self, scenario: str) -> Certified:
        """How much dearer a scenario is than `against`, as a proven interval.

        Raises
        ------
        UsageError
            If there is no plan of that name.
        """
        rows = self.scenarios[(self.scenarios["scenario"] == scenario) & self.scenarios["cost"].notna()]
        if rows.empty:
            _require(scenario, self.scenarios.loc[self.scenarios["cost"].notna(), "scenario"].tolist(), "difference of")
        return Certified(*(float(rows[end].iloc[0]) for end in _ENDS))

    def write(self, folder: str | Path) -> Path:
        """Write every table as CSV into a folder, which is made; a table without rows is not written.

        A text that a spreadsheet would take for a formula gets an apostrophe before it.
        """
        from pathlib import Path

        from ctsopt.tables.spreadsheet import harmless, write_csv

        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            frame: pd.DataFrame = getattr(self, name)
            if name == "kpis":
                frame = frame.reset_index()
            if len(frame):
                write_csv(harmless(frame), target / f"{name}.csv")
            else:
                (target / f"{name}.csv").unlink(missing_ok=True)
        return target

    def __repr__(self) -> str:
        known = int(self.scenarios["cost"].notna().sum())
        return (f"<Comparison of {known} {'plan' if known == 1 else 'plans'} against {self.against!r}: "
                f"{', '.join(name for name in TABLES if len(getattr(self, name)))}>")

    def __str__(self) -> str:
        from ctsopt.comparing.words import in_words

        return in_words(self)

    def _repr_html_(self) -> str:
        from ctsopt.comparing.words import in_notebook

        return in_notebook(self)


def compare(solutions: Mapping[str, Solution] | PackResult, against: str | None = None, as_is: str | None = None,
            facts: Facts | None = None) -> Comparison:
    """Compare plans.

    Parameters
    ----------
    solutions : mapping of str to Solution, or PackResult
        Plans by name of their scenario, in order; or what a run of a pack came to. All in one currency, over horizons
        of one length.
    against : str, optional
        What the others are compared with; by default what the pack says, else its baseline, else the first plan.
    as_is : str, optional
        The plan of today as it is run, with its flows fixed; by default what the pack says. It splits every difference
        in two: better use of what is there, and the idea of the scenario.
    facts : Facts, optional
        What is known beside the plans. A PackResult brings its own.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        If there is no such scenario, no plan at all, a plan is a relaxation, or the plans cannot be compared.
    """
    from ctsopt.comparing.outcome import PackResult

    if isinstance(solutions, PackResult):
        pack, facts = solutions.pack, facts_of(solutions)
        solutions = solutions.solutions
        wished = pack.compare.get("against") or pack.baseline
        against, notes = _instead(against, wished, pack.baseline, facts, solutions)
        today = pack.compare.get("as_is")
        if as_is is None and today is not None and today not in solutions:
            notes.append(f"no difference is split in better use and idea: {today}, today as it is run, "
                         f"{_why_none(today, facts)}")
        as_is = as_is or (today if today is not None and today in solutions else None)
        facts = replace(facts, notes=notes)
    facts = facts or Facts()
    in_state = facts.states()
    aside = facts.aside()
    names = [name for name in solutions if name not in in_state and name not in aside]
    if not names:
        raise UsageError("there is no plan to compare")
    base = against or names[0]
    _require(base, names, "against")
    if as_is is not None:
        _require(as_is, names, "as_is")
    return _Comparing(solutions, names, base, as_is, facts, in_state).comparison()


def _instead(against: str | None, wished: str, baseline: str, facts: Facts, solutions: Mapping[str, Solution]
             ) -> tuple[str | None, list[str]]:
    """What plans are compared with where what the pack wishes for has no plan, and words that say so."""
    if against is not None or wished in solutions:
        return against or wished, []
    names = [name for name in solutions if facts.role(name) and name not in facts.states()]
    other = baseline if baseline in solutions else names[0] if names else None
    return other, [f"compared with {other}, not with {wished} as the pack says: {wished} {_why_none(wished, facts)}"]


def _why_none(name: str, facts: Facts) -> str:
    return "has no plan" if facts.asked(name) else f"was not asked for (--only {name})"


def _require(name: str, names: list[str], what: str) -> None:
    if name not in names:
        raise UsageError(f"{what} {name!r}: there is no plan of that name" + did_you_mean(name, names, listed=True))


class _Comparing:
    """Every plan is looked at once: there may be many, and each is read from disk."""

    def __init__(self, solutions: Mapping[str, Solution], names: list[str], base: str, as_is: str | None, facts: Facts,
                 in_state: Mapping[str, tuple[str, str]]) -> None:
        self.names, self.base_name, self.as_is, self.facts = names, base, as_is, facts
        self.base, self.solutions = solutions[base], solutions
        self.ledger = Ledger(facts.key)
        self.least = self.ledger.least
        self.measures = tuple(dict.fromkeys([facts.pareto or MEASURES[0], *MEASURES]))
        self.service: dict[str, dict[str, float]] = {}
        self.demand: dict[str, float] = {}
        self.rows: list[dict[str, Any]] = []
        self.lines: dict[str, pd.Series[float]] = {}
        self.inputs: list[pd.DataFrame] = []
        self.kpis: dict[str, pd.Series[Any]] = {}
        self.open: dict[str, set[str]] = {}
        self.promises: dict[str, str] = {}
        for name in solutions:
            solution = self.base if name == base else solutions[name]
            require_plan(name, solution, self.base)
            self.ledger.add(name, solution)
            if name in in_state:
                self.promises[name] = promises_of(solution.net)
            if name in names:
                self._look(name, solution)
        self.choices = [name for name in names if self._role(name) != SENSITIVITY]
        cells = {name: (*in_state[name], least) for name, least in self.least.items()
                 if name in in_state and facts.role(in_state[name][0]) != SENSITIVITY}
        self.cells = cells_of(cells, facts.probabilities, self._promised(cells))

    def _look(self, name: str, solution: Solution) -> None:
        self.rows.append(row_of(name, solution, self.base, self._dearer(name, self.base_name)))
        self.lines[name] = solution.costs.set_index("line")["amount"]
        self.kpis[name] = kpi_column(self.facts.kpis(name, solution))
        self.open[name] = set(solution.sites.loc[solution.sites["open"], "site"])
        self.service[name] = service_of(solution, self.measures)
        self.demand[name] = float(solution.service["demand"].sum())
        if name != self.base_name:
            self.inputs.append(difference(self.base.net, solution.net).assign(scenario=name))

    def _role(self, name: str) -> str:
        """What a scenario is for here: what others are held against is no idea, whatever the pack calls it."""
        return BASIS if name in (self.base_name, self.as_is) else self.facts.role(name)

    def _promised(self, cells: Mapping[str, tuple[str, str, Certified]]) -> dict[str, str]:
        """Of every scenario in states, the first one that promises the same; by what its cases promise."""
        by: dict[str, list[str]] = {}
        for name, (scenario, _, _) in cells.items():
            by.setdefault(scenario, []).append(self.promises[name])
        first: dict[tuple[str, ...], str] = {}
        return {scenario: first.setdefault(tuple(sorted(set(told))), scenario) for scenario, told in by.items()}

    def _from_parent(self, name: str) -> dict[str, Any]:
        """What a scenario is beside the one that it extends; blank where that is not known, or has no plan."""
        parent = self.facts.parent(name)
        if parent not in self.open:
            return {"scenario": name, "parent_verdict": "", "parent_opened": "", "parent_closed": ""}
        apart, now, before = self._dearer(name, parent), self.open[name], self.open[parent]
        return {"scenario": name, **{f"parent_{end}": getattr(apart, end) for end in _ENDS},
                "parent_verdict": verdict(apart), "parent_opened": ", ".join(sorted(now - before)),
                "parent_closed": ", ".join(sorted(before - now))}

    def _dearer(self, name: str, other: str) -> Certified:
        """By how much one is dearer than another; exactly nothing where both are the same case."""
        if name == other or (self.facts.key(name) != "" and self.facts.key(name) == self.facts.key(other)):
            return Certified(0.0, 0.0, 0.0)
        least = self.base.least_cost if other == self.base_name else self.least[other]
        return self.least[name] - least

    def comparison(self) -> Comparison:
        """All tables."""
        order = order_of({name: self.least[name] for name in self.names},
                         {name: self.facts.key(name) for name in self.names})
        ranked = order[order["scenario"].isin(self.choices) & order["other"].isin(self.choices)]
        parents = pd.DataFrame(map(self._from_parent, self.names), columns=["scenario", *_OF_PARENT])
        parents = parents.astype({name: float for name in _OF_PARENT[:3]})
        rows = pd.DataFrame(self.rows).merge(parents, on="scenario", validate="one_to_one")
        rows = rows.merge(ranks_of(ranked, self.choices), on="scenario", how="left", validate="one_to_one")
        place, own = rows.columns.tolist().index("verdict") + 1, len(_OF_PARENT) + len(_RANKS)
        rows = rows[[*rows.columns[:place], *_OF_PARENT, *_RANKS, *rows.columns[place:-own]]]
        if self.facts.rows is not None:
            told = self.facts.rows[(self.facts.rows["state"] == "") & (self.facts.rows["kind"] != "bridge")]
            kept = [name for name in _OF_A_RUN if name in told]
            rows = told[["scenario", *kept]].merge(rows.drop(columns=["outcome"]), on="scenario", how="left")
        else:
            rows.insert(1, "parent", "")
        at = rows.columns.tolist().index("parent") + 1
        rows = rows.drop(columns="role", errors="ignore")
        rows.insert(at, "role", rows["scenario"].map(self._role))
        inputs = pd.concat(self.inputs, ignore_index=True) if self.inputs else pd.DataFrame(columns=_INPUTS)
        return Comparison(
            self.base_name, str(self.base.net.settings["currency"]), inputs[_INPUTS], rows, self._differences(), order,
            self._bases(), side_by_side(self.kpis), self.cells, regret_of(self.cells),
            bridge_tables(self.facts.bridges, self.ledger, self.solutions, self.facts.asked), self._tornado(),
            self._fronts(),
            self.as_is or "", tuple(self.facts.notes))

    def _fronts(self) -> pd.DataFrame:
        """Of the scenarios that may be chosen, not of those that show what may happen."""
        return fronts({name: self.service[name] for name in self.choices},
                      {name: (self.least[name].low, self.least[name].high) for name in self.choices}, self.demand)

    def _tornado(self) -> pd.DataFrame:
        def told(name: str, other: str) -> tuple[Certified, str]:
            apart = self._dearer(name, other)
            return apart, verdict(apart)

        parts = [self.ledger.tornado(plan, told, self.facts.asked) for plan in self.facts.tornados]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TORNADO)

    def _differences(self) -> pd.DataFrame:
        amounts = pd.DataFrame(self.lines).fillna(0.0)
        amounts = amounts.loc[list(dict.fromkeys(line for each in self.lines.values() for line in each.index))]
        apart = amounts.sub(amounts[self.base_name], axis=0)
        step = pd.DataFrame({name: amounts[name] - amounts[parent] if (parent := self.facts.parent(name)) in self.lines
                             else pd.Series(np.nan, index=amounts.index) for name in self.lines})
        frame, of_parent = (each.rename_axis("line").reset_index().melt(
            id_vars="line", var_name="scenario", value_name="amount") for each in (apart, step))
        frame = frame.assign(parent_amount=of_parent["amount"])
        return frame.loc[frame["scenario"] != self.base_name, _DIFFERENCES].reset_index(drop=True)

    def _bases(self) -> pd.DataFrame:
        parts = ("better_use", "idea", "total")
        rows = []
        for name in self.choices if self.as_is != self.base_name else ():
            if self.as_is is not None and name != self.as_is:
                steps = (self._dearer(self.base_name, self.as_is), self._dearer(name, self.base_name),
                         self._dearer(name, self.as_is))
                rows.append({"scenario": name} | {f"{part}_{end}": getattr(step, end)
                                                  for part, step in zip(parts, steps, strict=True) for end in _ENDS})
        return pd.DataFrame(rows, columns=["scenario", *(f"{part}_{end}" for part in parts for end in _ENDS)])


