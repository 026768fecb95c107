"""Plans side by side: what was changed, what it costs, and which differences are proven.

Every difference of two plans is an interval, because each is known only up to its proven gap: A is cheaper than B if
and only if A's cost is below B's bound. Scenarios are therefore in partial order; what cannot be told apart is a tie.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.certified import Certified
from ctsopt.errors import UsageError, nearest_name
from ctsopt.network.difference import difference
from ctsopt.results.solution import Solution

if TYPE_CHECKING:
    from pathlib import Path

    from ctsopt.keys import Floats

TABLES = ("scenarios", "differences", "order", "kpis", "inputs")
"""Tables of a comparison, as they are written."""

_KEYS = ["section", "kpi", "by", "unit"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """Plans compared with one of them.

    Attributes
    ----------
    against : str
        The scenario that the others are compared with.
    currency : str
    inputs : DataFrame
        What each scenario changes in the tables: scenario, table, key, column, old, new.
    scenarios : DataFrame
        One row per scenario: outcome, cost (money), bound, gap_money, gap; the proven interval of the difference to
        `against` (low, point, high), verdict (`cheaper`, `dearer`, `tie`, blank where there is no plan); best_rank and
        worst_rank among all plans; cost lines; what is served, which promises are kept; sites open, opened and closed
        against `against`; customers_resourced (share whose main source is another one), volume_moved (share of the
        volume that comes from another site); seconds.
    differences : DataFrame
        Cost lines of each scenario less those of `against`: scenario, line, amount. They add up to `point`; single
        lines have no proof of their own.
    order : DataFrame
        Every pair of plans: scenario, other, low, high (money by which the scenario is dearer), verdict.
    kpis : DataFrame
        Key figures (rows) of all plans (columns).
    """

    against: str
    currency: str
    inputs: pd.DataFrame
    scenarios: pd.DataFrame
    differences: pd.DataFrame
    order: pd.DataFrame
    kpis: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def difference(self, scenario: str) -> Certified:
        """How much dearer a scenario is than `against`, as a proven interval."""
        row = self.scenarios[self.scenarios["scenario"] == scenario]
        return Certified(*(float(row[end].iloc[0]) for end in ("low", "point", "high")))

    def write(self, folder: str | Path) -> Path:
        """Write every table as CSV into a folder, which is made."""
        from pathlib import Path

        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        for name in TABLES:
            frame: pd.DataFrame = getattr(self, name)
            frame.to_csv(target / f"{name}.csv", index=name == "kpis", lineterminator="\n")
        return target

    def __str__(self) -> str:
        from ctsopt.scenarios.words import in_words

        return in_words(self)


def compare(solutions: Mapping[str, Solution], against: str | None = None,
            outcomes: pd.DataFrame | None = None) -> Comparison:
    """Compare plans.

    Parameters
    ----------
    solutions : mapping of str to Solution
        Plans by name of their scenario, in order. All in one currency, over horizons of one length.
    against : str, optional
        What the others are compared with; the first one by default.
    outcomes : DataFrame, optional
        Rows of a run (scenario, parent, kind, state, outcome, message, key, tags), scenarios without a plan included.

    Raises
    ------
    UsageError
        If there is no such scenario, no plan at all, or the plans cannot be compared.
    """
    if not solutions:
        raise UsageError("there is no plan to compare")
    base = against if against is not None else next(iter(solutions))
    if base not in solutions:
        near = nearest_name(base, list(solutions))
        raise UsageError(f"against = {base!r}: there is no plan of that name"
                         + (f"; did you mean {near!r}?" if near else ""))
    for name, solution in solutions.items():
        solution - solutions[base]  # raises where currency or horizon differ
        if solution.record.get("options", {}).get("relax"):
            raise UsageError(f"{name} is a linear relaxation, not a plan")
    rows = pd.DataFrame([_row(name, solution, solutions[base]) for name, solution in solutions.items()])
    order = _order(solutions)
    rows = rows.merge(_ranks(order, list(solutions)), on="scenario", validate="one_to_one")
    if outcomes is not None:
        told = outcomes[[c for c in outcomes if c == "scenario" or c not in rows]]
        rows = told.merge(rows, on="scenario", how="left")
    else:
        rows.insert(1, "outcome", [_outcome(solution) for solution in solutions.values()])
    return Comparison(base, str(solutions[base].net.settings["currency"]), _inputs(solutions, base), rows,
                      _lines(solutions, base), order, _kpis(solutions))


def _outcome(solution: Solution) -> str:
    return "proven" if solution.status.solution == "optimal" else solution.status.stopped_by


def verdict(dearer: Certified) -> str:
    """What is proven about a difference: `dearer`, `cheaper`, `same` (exactly), or `tie` where it cannot be told."""
    if dearer.low > 0:
        return "dearer"
    if dearer.high < 0:
        return "cheaper"
    return "same" if dearer.low == dearer.high == 0 else "tie"


def _row(name: str, solution: Solution, base: Solution) -> dict[str, object]:
    dearer = solution - base if solution is not base else Certified(0.0, 0.0, 0.0)
    service, sites, there = solution.service, solution.sites.set_index("site"), base.sites.set_index("site")
    demand = float(service["demand"].sum())
    now, before = set(sites.index[sites["open"]]), set(there.index[there["open"]])
    moved, resourced = _resourced(solution, base)
    served = 1 - float(solution.shortage["unserved"].sum()) / demand if demand > 0 else np.nan
    row: dict[str, object] = {
        "scenario": name, "cost": solution.total_cost, "bound": solution.bound, "gap_money": solution.gap_money,
        "gap": solution.gap, "low": dearer.low, "point": dearer.point, "high": dearer.high,
        "verdict": verdict(dearer), "cash_cost": solution.cash_cost, "penalty": solution.penalty}
    row |= {str(line): float(amount) for line, amount in solution.costs.set_index("line")["amount"].items()}
    row |= {"served": served, "promises_kept": int(service["kept"].sum()), "promises": len(service),
            "lead_time": _mean_lead_time(solution), "sites_open": len(now),
            "sites_opened": ", ".join(sorted(now - before)), "sites_closed": ", ".join(sorted(before - now)),
            "customers_resourced": resourced, "volume_moved": moved,
            "seconds": sum(solution.record.get("seconds", {}).values()), "hash": solution.net.hash}
    return row


def _mean_lead_time(solution: Solution) -> float:
    flow = solution.flows[solution.flows["kind"] == "delivery"]
    volume = float(flow["quantity"].sum())
    return float((flow["quantity"] * flow["lead_time"]).sum()) / volume if volume > 0 else np.nan


def _resourced(solution: Solution, base: Solution) -> tuple[float, float]:
    """Share of the volume that comes from another site, and of customers whose main source is another one.

    Of customers that both plans serve; a customer's volume is compared as shares of its sites.
    """
    now, before = (_sources(each) for each in (solution, base))
    customers = now.index.intersection(before.index)
    if not len(customers):
        return np.nan, np.nan
    sites = now.columns.union(before.columns)
    one, other = (each.reindex(index=customers, columns=sites, fill_value=0.0) for each in (now, before))
    volume = one.sum(axis=1)
    apart = (one.div(volume, axis=0) - other.div(other.sum(axis=1), axis=0)).abs().sum(axis=1) / 2
    changed = one.to_numpy().argmax(axis=1) != other.to_numpy().argmax(axis=1)
    return float((apart * volume).sum() / volume.sum()), float(np.mean(changed))


def _sources(solution: Solution) -> pd.DataFrame:
    flow = solution.flows[solution.flows["kind"] == "delivery"]
    summed = flow.groupby(["customer", "origin"], observed=True)["quantity"].sum()
    return summed[summed > 0].unstack().fillna(0.0)


def _order(solutions: Mapping[str, Solution]) -> pd.DataFrame:
    """Every pair once in each direction."""
    names = list(solutions)
    cost: Floats = np.array([s.total_cost for s in solutions.values()])
    bound: Floats = np.minimum([s.bound for s in solutions.values()], cost)
    one, other = (index.ravel() for index in np.indices((len(names), len(names))))
    apart = one != other
    one, other = one[apart], other[apart]
    low, high = bound[one] - cost[other], cost[one] - bound[other]
    words = np.select([low > 0, high < 0, (low == 0) & (high == 0)], ["dearer", "cheaper", "same"], "tie")
    labels = np.array(names, dtype=object)
    return pd.DataFrame({"scenario": labels[one], "other": labels[other], "low": low, "high": high, "verdict": words})


def _ranks(order: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The ranks that each plan may have, 1 = cheapest: so many are proven cheaper, so many are proven dearer."""
    proven = order.groupby("scenario")["verdict"]
    behind = proven.apply(lambda v: int((v == "dearer").sum())).reindex(names, fill_value=0)
    ahead = proven.apply(lambda v: int((v == "cheaper").sum())).reindex(names, fill_value=0)
    return pd.DataFrame({"scenario": names, "best_rank": (behind + 1).to_numpy(),
                         "worst_rank": (len(names) - ahead).to_numpy()})


def _lines(solutions: Mapping[str, Solution], base: str) -> pd.DataFrame:
    amounts = pd.DataFrame({name: s.costs.set_index("line")["amount"] for name, s in solutions.items()}).fillna(0.0)
    lines = list(dict.fromkeys(line for s in solutions.values() for line in s.costs["line"]))
    apart = amounts.reindex(lines).sub(amounts[base].reindex(lines), axis=0)
    frame = apart.rename_axis("line").reset_index().melt(id_vars="line", var_name="scenario", value_name="amount")
    return frame[frame["scenario"] != base][["scenario", "line", "amount"]].reset_index(drop=True)


def _inputs(solutions: Mapping[str, Solution], base: str) -> pd.DataFrame:
    parts = [difference(solutions[base].net, s.net).assign(scenario=name)
             for name, s in solutions.items() if name != base]
    columns = ["scenario", "table", "key", "column", "old", "new"]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns, dtype=object)


def _kpis(solutions: Mapping[str, Solution]) -> pd.DataFrame:
    """Figures, or words where a row has no figure, one column per scenario."""
    columns = {}
    keys: dict[tuple[str, ...], None] = {}
    for name, solution in solutions.items():
        frame = solution.kpis().set_index(_KEYS)
        known = frame["value"].notna() | (frame["text"] == "")
        columns[name] = frame["value"].astype(object).where(known, frame["text"])
        keys |= dict.fromkeys(frame.index)
    index = pd.MultiIndex.from_tuples(list(keys), names=_KEYS)
    return pd.DataFrame({name: column.reindex(index) for name, column in columns.items()}, index=index)
