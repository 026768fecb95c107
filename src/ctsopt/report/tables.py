"""What the sheets of a workbook hold: the plans of a pack, or one plan, as frames with a number for each scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.comparing.comparison import Comparison, compare
from ctsopt.comparing.outcome import PackResult
from ctsopt.errors import UsageError
from ctsopt.formulation.build import marks_of_lines
from ctsopt.formulation.family import LineMarks
from ctsopt.results.lines import shown_in, stock_lines
from ctsopt.results.service_figures import demand_on_time, demand_served, demand_within, fill_rate
from ctsopt.results.solution import Solution

if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLES = ("costs", "tiers", "customers", "service", "flows", "sites", "stock", "stock_cost", "carried")


@dataclass(eq=False)
class Contents:
    """Everything that is written.

    Attributes
    ----------
    name : str
    comparison : Comparison
    names : list of str
        Scenarios with a plan, in order; their place, from 1, is their number.
    frames : dict of str to DataFrame
        Tables of all plans, each with `no.` and `scenario`.
    figures : DataFrame
        Of each plan: what the summary shows beside the comparison.
    lines : list of str
        Cost lines, in P&L order; penalties last.
    shown : dict of str to dict of str to str
        Columns of the tables flows, sites and carried that show a cost line, with that line.
    changes : DataFrame
        Cells that each scenario changes.
    evidence : dict of str to DataFrame
        Versions, options, findings.
    """

    name: str
    comparison: Comparison
    names: list[str]
    frames: dict[str, pd.DataFrame]
    figures: pd.DataFrame
    lines: list[str]
    shown: dict[str, dict[str, str]]
    currency: str
    distance_unit: str
    changes: pd.DataFrame
    evidence: dict[str, pd.DataFrame] = field(default_factory=dict)


def contents(source: PackResult | Solution, comparison: Comparison | None = None) -> Contents:
    """Gather what a workbook shows.

    Raises
    ------
    UsageError
        If no scenario has a plan, or it is neither the result of a pack nor a plan.
    """
    if isinstance(source, PackResult):
        if not len(source.solutions):
            raise UsageError("no scenario has a plan: there is nothing to write")
        plans, name = source.solutions, source.pack.name
    elif isinstance(source, Solution):
        name = str(source.net.settings["name"]) or "plan"
        plans = {name: source}
    else:
        raise UsageError(f"the result of a pack or a plan is needed, not {type(source).__name__}")
    if comparison is None:
        comparison = source.compare() if isinstance(source, PackResult) else compare(plans)
    rows = comparison.scenarios
    names = rows.loc[rows["cost"].notna(), "scenario"].tolist()
    parts: dict[str, list[pd.DataFrame]] = {table: [] for table in _TABLES}
    figures, penal, lines = [], dict[str, bool](), dict[str, None]()
    for number, scenario in enumerate(names, start=1):
        plan = plans[scenario]
        lines |= dict.fromkeys(plan.costs["line"].tolist())
        penal |= {line: kind == "penalty" for line, kind in zip(plan.costs["line"], plan.costs["behaviour"],
                                                                 strict=True)}
        figures.append(_figures(scenario, plan))
        for table, frame in _tables(plan):
            frame.insert(0, "no.", number)
            frame.insert(1, "scenario", scenario)
            parts[table].append(frame)
    ordered = [line for line in lines if not penal[line]] + [line for line in lines if penal[line]]
    frames = {table: pd.concat(found, ignore_index=True) for table, found in parts.items() if found}
    frames["flows"] = _without_nothing(frames["flows"])
    for table in ("costs", "tiers", "customers"):
        frames[table] = _with_all_lines(frames[table], ordered)
    settings = plans[names[0]].net.settings
    changes, evidence = _evidence(source, plans[names[0]])
    return Contents(name, comparison, names, frames, pd.DataFrame(figures), ordered,
                    _shown(frames, ordered), comparison.currency,
                    str(settings["distance_unit"]), changes, evidence)


def _shown(frames: Mapping[str, pd.DataFrame], lines: list[str]) -> dict[str, dict[str, str]]:
    """Columns of some tables that show one of the cost lines; those of a user's own bear the name of their line."""
    found = {}
    for table in ("flows", "sites", "carried"):
        known = {column: names[0] for column, names in shown_in(table).items() if column in frames.get(table, ())}
        own = {line: line for line in lines if line in frames.get(table, ())
               and marks_of_lines().get(line, LineMarks()).shown_on is None}
        found[table] = known | own
    return found


def _figures(name: str, plan: Solution) -> dict[str, Any]:
    delivered = plan.flows[plan.flows["kind"] == "delivery"]
    return {"scenario": name, "demand": float(plan.service["demand"].sum()),
            "delivered": float(delivered["quantity"].sum()), "on_time": demand_on_time(plan),
            "served": demand_served(plan), "fill_rate": fill_rate(plan),
            **{f"within_{days}": demand_within(plan, days) for days in (1, 2, 3)},
            "lead_time_longest": float(delivered["lead_time"].max()), "co2": float(plan.flows["co2"].sum())}


def _tables(plan: Solution) -> Iterator[tuple[str, pd.DataFrame]]:
    amounts = plan.costs.set_index("line")["amount"]
    yield "costs", amounts.to_frame().T.reset_index(drop=True).rename_axis(columns=None)
    for name, key in (("tiers", "tier"), ("customers", "customer")):
        served = plan.cost_to_serve(by=[key])
        yield name, served.drop(index="total").reset_index().rename(columns={"index": key})
    yield "service", plan.service.copy()
    yield "flows", _flows(plan)
    yield "sites", plan.sites.copy()
    if len(plan.carried):
        yield "carried", plan.carried.copy()
    stock = plan.tables.get("stock")
    if stock is not None and len(stock):
        yield "stock", stock.copy()
    of_stock = plan.cube[plan.cube["line"].isin(stock_lines())]
    if len(of_stock):
        by = of_stock.assign(site=of_stock["origin"].astype(object))
        yield "stock_cost", by.groupby(["site", "line"], sort=True, observed=True)["amount"].sum().reset_index()


def _flows(plan: Solution) -> pd.DataFrame:
    """Flows without columns in which there is nothing."""
    flows = plan.flows
    empty = [name for name in ("via", "mode_in") if (flows[name] == "").all()]
    return flows.drop(columns=empty).reset_index(drop=True)


def _without_nothing(frame: pd.DataFrame) -> pd.DataFrame:
    """Without costs and emissions of which there are none in any plan: of the largest table, a fifth of the cells."""
    amounts = [name for name in ("co2", *shown_in("flows")) if name in frame]
    return frame.drop(columns=[name for name in amounts if not frame[name].any()])


def _with_all_lines(frame: pd.DataFrame, lines: list[str]) -> pd.DataFrame:
    """Every cost line as a column; in P&L order, between what stands before and after them."""
    for line in lines:
        if line not in frame:
            frame[line] = 0.0
    frame[lines] = frame[lines].fillna(0.0)
    before = [name for name in frame if name in ("no.", "scenario", "tier", "customer", "units")]
    after = [name for name in ("total", "cost_per_unit") if name in frame]
    return frame[[*before, *lines, *after]]


def _evidence(source: PackResult | Solution, plan: Solution) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Cells that were changed; versions, options and findings."""
    from ctsopt.comparing.folder import changes_of
    from ctsopt.versions import versions

    made_by = plan.record.get("versions") or versions()
    found = {"versions": pd.DataFrame({"what": list(made_by), "version": [str(v) for v in made_by.values()]})}
    if isinstance(source, PackResult):
        pack = source.pack
        options: Mapping[str, Any] = pack.options
        told = [row for row in source.rows["scenario"].tolist() if not pack[row].bridge and not pack[row].state]
        changes = changes_of(pack, told)
        findings = pack.findings.frame()
        found |= source.reasons
        found["cases"] = source.rows[["scenario", "parent", "kind", "state", "outcome", "message", "cost", "bound",
                                      "gap_money", "key", "start"]]
    else:
        options = plan.record.get("options", {})
        changes, findings = pd.DataFrame(), plan.net.findings.frame()
    found["options"] = pd.DataFrame({"option": list(options), "value": [str(value) for value in options.values()]})
    found["findings"] = findings.astype(object).where(findings.notna(), "").astype(str)
    return changes, found


def summary(told: Contents) -> pd.DataFrame:
    """One row per scenario, those without a plan at the end with their reason."""
    rows = told.comparison.scenarios
    known = [name for name in ("scenario", "outcome", "message", "cash_cost", "penalty", "cost", "bound", "gap", "low",
                               "point", "high", "verdict", "best_rank", "worst_rank", "cost_per_unit", "lead_time",
                               "promises", "promises_kept", "sites_open", "sites_opened", "sites_closed",
                               "customers_resourced", "volume_moved") if name in rows]
    frame = rows[known].merge(told.figures, on="scenario", how="left", validate="one_to_one")
    counts = told.changes["scenario"].value_counts() if len(told.changes) else pd.Series(dtype=float)
    frame["cells_changed"] = frame["scenario"].map(counts).fillna(0).astype(float)
    with_plan = frame["cost"].notna()
    frame.insert(0, "no.", np.where(with_plan, with_plan.cumsum(), np.nan))
    frame = pd.concat([frame[with_plan], frame[~with_plan]], ignore_index=True)
    frame = frame.drop(columns=["fill_rate"] if frame["fill_rate"].isna().all() else [])
    if "message" in frame:  # at the end, where there is room
        frame["message"] = frame.pop("message")
    return frame
