"""Plans side by side: what was changed, what it costs, and which differences are proven.

Every difference of two plans is an interval, because each is known only up to its proven gap: A is cheaper than B if
and only if A's cost is below B's bound. Scenarios are therefore in partial order; what cannot be told apart is a tie.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.certified import Certified
from ctsopt.errors import UsageError, nearest_name
from ctsopt.network.difference import difference
from ctsopt.results.solution import Solution
from ctsopt.scenarios.bridges import TORNADO, Ledger, bridge_tables
from ctsopt.scenarios.bridging import BridgePlan, TornadoPlan
from ctsopt.scenarios.order import order_of, ranks_of, verdict
from ctsopt.scenarios.pareto import MEASURES, fronts, service_of
from ctsopt.scenarios.regret import cells_of, regret_of
from ctsopt.scenarios.sourcing import resourced

if TYPE_CHECKING:
    from pathlib import Path

    from ctsopt.scenarios.outcome import PackResult

TABLES = ("scenarios", "inputs", "differences", "order", "bases", "kpis", "states", "regret", "bridges", "tornado",
          "pareto")
"""Tables of a comparison, as they are written."""

_KEYS = ["section", "kpi", "by", "unit"]
_INPUTS = ["scenario", "table", "key", "column", "old", "new"]
_ENDS = ("low", "point", "high")
_RANKS = ("best_rank", "worst_rank")
_OF_A_RUN = ("parent", "kind", "tags", "outcome", "message", "key")


@dataclass(frozen=True, eq=False)
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
        money by which the scenario is dearer) and verdict (`cheaper`, `dearer`, `tie`, `same`); best_rank and
        worst_rank among all plans; cash_cost, penalty and the cost lines; what is served, which promises are kept;
        lead_time (days, mean by volume); cost_per_unit (an average, no price); sites open, opened and closed against
        `against`; customers_resourced (share of the customers whose main source is another one), volume_moved (share
        of the volume that comes from another site); seconds; hash of the network.
    differences : DataFrame
        Cost lines of each scenario less those of `against`: scenario, line, amount. They add up to `point`; single
        lines have no proof of their own.
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
        Where scenarios are solved in states of demand: scenario, state, probability, cost and regret as intervals.
    regret : DataFrame
        One row per scenario that has a plan in every state: worst_low, _point, _high (its largest regret), minimax
        (`proven`, `possible` or blank), expected_low, _point, _high (cost, where states have probabilities).
    bridges : DataFrame
        Bridges that the pack asks for, by cost line and by override, see `ctsopt.scenarios.bridges`: bridge, method,
        from, to, part, kind, low, point, high, cash, penalty (money), note. The parts add up.
    tornado : DataFrame
        Sweeps of one thing at a time: sweep, from, axis, value, scenario, low, point, high, verdict, swing, rank.
    pareto : DataFrame
        Cost against service, by every measure, that of the pack first: measure, scenario, service, cost, bound, status
        (`front`, `dominated` where that is proven, `perhaps dominated`), dominated_by.
    as_is : str
        The plan of today as it is run, blank where there is none.
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

        from ctsopt.scenarios.spreadsheet import harmless, write_csv

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

    def __str__(self) -> str:
        from ctsopt.scenarios.words import in_words

        return in_words(self)

    def _repr_html_(self) -> str:
        from ctsopt.scenarios.words import in_notebook

        return in_notebook(self)


@dataclass(frozen=True)
class Facts:
    """What is known of the plans beside themselves.

    Attributes
    ----------
    rows : DataFrame or None
        Of a run: scenario, parent, kind, state, tags, outcome, message, key.
    probabilities : mapping of str to float
        Of each state of demand.
    bridges : sequence of BridgePlan
    tornados : sequence of TornadoPlan
    pareto : str
        Measure of service that the pack asks for.
    """

    rows: pd.DataFrame | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    bridges: Sequence[BridgePlan] = ()
    tornados: Sequence[TornadoPlan] = ()
    pareto: str = ""

    def aside(self) -> set[str]:
        """Cases that were solved for bridges alone."""
        return set() if self.rows is None else set(self.rows.loc[self.rows["kind"] == "bridge", "scenario"])

    def states(self) -> dict[str, tuple[str, str]]:
        """Scenario and state of every case that is a scenario in a state."""
        if self.rows is None:
            return {}
        cells = self.rows[self.rows["state"] != ""]
        return {row["scenario"]: (row["parent"], row["state"]) for row in cells.to_dict("records")}

    def key(self, name: str) -> str:
        """What tells whether two cases are the same one; blank where it is not known."""
        found = [] if self.rows is None else self.rows.loc[self.rows["scenario"] == name, "key"].tolist()
        return str(found[0]) if found else ""


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
    from ctsopt.scenarios.outcome import PackResult

    if isinstance(solutions, PackResult):
        pack, facts = solutions.pack, facts_of(solutions)
        solutions = solutions.solutions
        # What the pack wishes for may have no plan, or was not solved this time.
        against = against or next((name for name in (pack.compare.get("against"), pack.baseline)
                                   if name is not None and name in solutions), None)
        wished = pack.compare.get("as_is")
        as_is = as_is or (wished if wished is not None and wished in solutions else None)
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


def facts_of(result: PackResult) -> Facts:
    """What a run knows beside the plans."""
    tags = {case.name: ", ".join(case.tags) for case in result.pack.cases}
    rows = result.rows.assign(tags=result.rows["scenario"].map(tags).fillna(""))
    pack = result.pack
    return Facts(rows, dict(pack.probabilities), pack.bridges, pack.tornados, pack.compare.get("pareto", ""))


def _require(name: str, names: list[str], what: str) -> None:
    if name not in names:
        near = nearest_name(name, names)
        raise UsageError(f"{what} {name!r}: there is no plan of that name"
                         + (f"; did you mean {near!r}?" if near else f" (there are: {', '.join(names)})"))


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
        for name in solutions:
            solution = self.base if name == base else solutions[name]
            _require_plan(name, solution, self.base)
            self.ledger.add(name, solution)
            if name in names:
                self._look(name, solution)
        self.cells = cells_of({name: (*in_state[name], least) for name, least in self.least.items()
                               if name in in_state}, facts.probabilities)

    def _look(self, name: str, solution: Solution) -> None:
        self.rows.append(_row(name, solution, self.base, self._dearer(name, self.base_name)))
        self.lines[name] = solution.costs.set_index("line")["amount"]
        self.kpis[name] = _kpi_column(solution)
        self.service[name] = service_of(solution, self.measures)
        self.demand[name] = float(solution.service["demand"].sum())
        if name != self.base_name:
            self.inputs.append(difference(self.base.net, solution.net).assign(scenario=name))

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
        rows = pd.DataFrame(self.rows).merge(ranks_of(order, self.names), on="scenario", validate="one_to_one")
        place = rows.columns.tolist().index("verdict") + 1
        rows = rows[[*rows.columns[:place], *_RANKS, *rows.columns[place:-len(_RANKS)]]]
        if self.facts.rows is not None:
            told = self.facts.rows[(self.facts.rows["state"] == "") & (self.facts.rows["kind"] != "bridge")]
            kept = [name for name in _OF_A_RUN if name in told]
            rows = told[["scenario", *kept]].merge(rows.drop(columns=["outcome"]), on="scenario", how="left")
        inputs = pd.concat(self.inputs, ignore_index=True) if self.inputs else pd.DataFrame(columns=_INPUTS)
        return Comparison(
            self.base_name, str(self.base.net.settings["currency"]), inputs[_INPUTS], rows, self._differences(), order,
            self._bases(), _side_by_side(self.kpis), self.cells, regret_of(self.cells),
            bridge_tables(self.facts.bridges, self.ledger, self.solutions), self._tornado(),
            self._fronts(),
            self.as_is or "")

    def _fronts(self) -> pd.DataFrame:
        """Of the scenarios that may be chosen: the bars of tornados show what may happen."""
        bars = {name for plan in self.facts.tornados for _, _, name in plan.bars}
        chosen = [name for name in self.names if name not in bars]
        return fronts({name: self.service[name] for name in chosen},
                      {name: (self.least[name].low, self.least[name].high) for name in chosen}, self.demand)

    def _tornado(self) -> pd.DataFrame:
        def told(name: str, other: str) -> tuple[Certified, str]:
            apart = self._dearer(name, other)
            return apart, verdict(apart)

        parts = [self.ledger.tornado(plan, told) for plan in self.facts.tornados]
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TORNADO)

    def _differences(self) -> pd.DataFrame:
        amounts = pd.DataFrame(self.lines).fillna(0.0)
        amounts = amounts.loc[list(dict.fromkeys(line for each in self.lines.values() for line in each.index))]
        apart = amounts.sub(amounts[self.base_name], axis=0)
        frame = apart.rename_axis("line").reset_index().melt(id_vars="line", var_name="scenario", value_name="amount")
        return frame[frame["scenario"] != self.base_name][["scenario", "line", "amount"]].reset_index(drop=True)

    def _bases(self) -> pd.DataFrame:
        parts = ("better_use", "idea", "total")
        rows = []
        for name in self.names if self.as_is is not None else ():
            if self.as_is is not None and name != self.as_is:
                steps = (self._dearer(self.base_name, self.as_is), self._dearer(name, self.base_name),
                         self._dearer(name, self.as_is))
                rows.append({"scenario": name} | {f"{part}_{end}": getattr(step, end)
                                                  for part, step in zip(parts, steps, strict=True) for end in _ENDS})
        return pd.DataFrame(rows, columns=["scenario", *(f"{part}_{end}" for part in parts for end in _ENDS)])


def _require_plan(name: str, solution: Solution, base: Solution) -> None:
    try:
        solution - base
    except UsageError as error:
        raise UsageError(f"{name} cannot be compared: {error}") from error
    if solution.record.get("options", {}).get("relax"):
        raise UsageError(f"{name} is a linear relaxation, not a plan")


def _outcome(solution: Solution) -> str:
    return "proven" if solution.status.solution == "optimal" else solution.status.stopped_by


def _row(name: str, solution: Solution, base: Solution, dearer: Certified) -> dict[str, Any]:
    service, sites, there = solution.service, solution.sites.set_index("site"), base.sites.set_index("site")
    demand = float(service["demand"].sum())
    now, before = set(sites.index[sites["open"]]), set(there.index[there["open"]])
    moved, changed = resourced(solution, base)
    unserved = float(solution.shortage["unserved"].sum())
    volume, lead_time = _delivered(solution)
    row: dict[str, Any] = {
        "scenario": name, "outcome": _outcome(solution), "cost": solution.total_cost, "bound": solution.bound,
        "gap_money": solution.gap_money, "gap": solution.gap, "low": dearer.low, "point": dearer.point,
        "high": dearer.high, "verdict": verdict(dearer, alike=solution is base),
        "cash_cost": solution.cash_cost, "penalty": solution.penalty}
    row |= {str(line): float(amount) for line, amount in solution.costs.set_index("line")["amount"].items()}
    return row | {
        "served": 1 - unserved / demand if demand > 0 else np.nan, "promises": len(service),
        "promises_kept": int(service["kept"].sum()), "lead_time": lead_time,
        "cost_per_unit": solution.total_cost / volume if volume > 0 else np.nan, "sites_open": len(now),
        "sites_opened": ", ".join(sorted(now - before)), "sites_closed": ", ".join(sorted(before - now)),
        "customers_resourced": changed, "volume_moved": moved,
        "seconds": sum(solution.record.get("seconds", {}).values()), "hash": solution.net.hash}


def _delivered(solution: Solution) -> tuple[float, float]:
    """Units delivered, and their mean lead time in days."""
    flow = solution.flows[solution.flows["kind"] == "delivery"]
    volume = float(flow["quantity"].sum())
    return volume, float((flow["quantity"] * flow["lead_time"]).sum()) / volume if volume > 0 else np.nan


def _kpi_column(solution: Solution) -> pd.Series[Any]:
    """Figures, or words where a row has no figure."""
    frame = solution.kpis().set_index(_KEYS)
    known = frame["value"].notna() | (frame["text"] == "")
    return frame["value"].astype(object).where(known, frame["text"])


def _side_by_side(columns: Mapping[str, pd.Series[Any]]) -> pd.DataFrame:
    keys = dict.fromkeys(key for column in columns.values() for key in column.index)
    index = pd.MultiIndex.from_tuples(list(keys), names=_KEYS)
    return pd.DataFrame({name: column.reindex(index) for name, column in columns.items()}, index=index)
