"""One plan as a row, and as a column, of a comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.comparing.order import verdict
from ctsopt.comparing.sourcing import resourced
from ctsopt.errors import UsageError

if TYPE_CHECKING:
    from ctsopt.certified import Certified
    from ctsopt.results.solution import Solution

_KEYS = ["section", "kpi", "by", "unit"]


_KINDS = {"dc": "dcs", "crossdock": "crossdocks", "plant": "plants", "supplier": "suppliers"}
"""Kinds of sites in the order in which they are told, with what several of them are called."""


def require_plan(name: str, solution: Solution, base: Solution) -> None:
    """Refuse what cannot be compared: another currency or horizon, a relaxation."""
    try:
        solution - base
    except UsageError as error:
        raise UsageError(f"{name} cannot be compared: {error}") from error
    if solution.record.get("options", {}).get("relax"):
        raise UsageError(f"{name} is a linear relaxation, not a plan")


def _outcome(solution: Solution) -> str:
    return "proven" if solution.status.solution == "optimal" else solution.status.stopped_by


def row_of(name: str, solution: Solution, base: Solution, dearer: Certified) -> dict[str, Any]:
    """The row of a plan in `Comparison.scenarios`, but for ranks and parents."""
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
        "open_kinds": kinds_of(solution.sites),
        "sites_opened": ", ".join(sorted(now - before)), "sites_closed": ", ".join(sorted(before - now)),
        "customers_resourced": changed, "volume_moved": moved,
        "seconds": sum(solution.record.get("seconds", {}).values()), "hash": solution.net.hash}


def _delivered(solution: Solution) -> tuple[float, float]:
    """Units delivered, and their mean lead time in days."""
    flow = solution.flows[solution.flows["kind"] == "delivery"]
    volume = float(flow["quantity"].sum())
    return volume, float((flow["quantity"] * flow["lead_time"]).sum()) / volume if volume > 0 else np.nan


def kinds_of(sites: pd.DataFrame) -> str:
    """Open sites by kind, in words: `6 dcs, 1 plant`."""
    counts = sites.loc[sites["open"], "kind"].value_counts()
    return ", ".join(f"{counts[kind]} {kind if counts[kind] == 1 else several}" for kind, several in _KINDS.items()
                     if counts.get(kind, 0))


def kpi_column(kpis: pd.DataFrame) -> pd.Series[Any]:
    """Figures, or words where a row has no figure."""
    frame = kpis.set_index(_KEYS)
    known = frame["value"].notna() | (frame["text"] == "")
    return frame["value"].astype(object).where(known, frame["text"])


def side_by_side(columns: Mapping[str, pd.Series[Any]]) -> pd.DataFrame:
    """Key figures of all plans, one column each."""
    keys = dict.fromkeys(key for column in columns.values() for key in column.index)
    index = pd.MultiIndex.from_tuples(list(keys), names=_KEYS)
    return pd.DataFrame({name: column.reindex(index) for name, column in columns.items()}, index=index)
