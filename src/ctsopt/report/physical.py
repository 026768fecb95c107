"""From one plan to another: what opens and closes, who is served from elsewhere, what each tier gains and loses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.comparing.sourcing import moves_of
from ctsopt.report.figures.customers import promised
from ctsopt.report.figures.stock import has_stock

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

MEASURES = ("days", "promised", "served", "in_stock")
"""What a tier gets: mean lead time and promised lead time (days), share of its demand that is served, and share that is
promised from stock at once."""

_SMALLEST = {"days": 0.005, "promised": 0.005, "served": 5e-5, "in_stock": 5e-5}
"""Changes below these are not told: they would be shown as none."""


@dataclass(frozen=True)
class Step:
    """What is otherwise in one plan than in another.

    Attributes
    ----------
    opened, closed : tuple of str
        Sites, by name.
    moved, of : int
        Customers whose main source is another site, and the customers that both plans serve.
    stock, stock_before : float
        Units of cycle and safety stock on average; not a number where none is planned.
    tiers : DataFrame
        Indexed by the tier that customers are in before: each of `MEASURES`, and the same with `_before`.
    """

    opened: tuple[str, ...]
    closed: tuple[str, ...]
    moved: int
    of: int
    stock: float
    stock_before: float
    tiers: pd.DataFrame

    def changed(self, tier: str) -> list[str]:
        """Measures of a tier that are otherwise, as far as that can be seen."""
        row = self.figures(tier)
        return [name for name in MEASURES if _differs(row[name], row[f"{name}_before"], _SMALLEST[name])]

    def figures(self, tier: str) -> dict[str, float]:
        """What a tier gets, and got before."""
        return {str(name): float(value) for name, value in self.tiers.to_dict("index")[tier].items()}

    def gains(self, tier: str) -> int:
        """1 where a tier is better served by whatever changes, -1 where it is worse served, 0 where both are so."""
        row = self.figures(tier)
        signs = {np.sign((row[name] - row[f"{name}_before"]) * (-1 if name in ("days", "promised") else 1))
                 for name in self.changed(tier)}
        signs = {1 if np.isnan(sign) and np.isnan(row["promised_before"]) else -1 if np.isnan(sign) else int(sign)
                 for sign in signs}
        return signs.pop() if len(signs) == 1 else 0


def _differs(now: float, before: float, least: float) -> bool:
    if np.isnan(now) or np.isnan(before):
        return bool(np.isnan(now) != np.isnan(before))
    return abs(now - before) >= least


def step(plan: Solution, before: Solution) -> Step:
    """What is otherwise in a plan than in one before it."""
    now, then = (set(each.sites.loc[each.sites["open"], "site"]) for each in (plan, before))
    _, moved, of = moves_of(plan, before)
    return Step(tuple(sorted(now - then)), tuple(sorted(then - now)), moved, of, _stock(plan), _stock(before),
                tiers_of(plan, before))


def _stock(plan: Solution) -> float:
    return float(plan.tables["stock"][["cycle", "safety"]].to_numpy().sum()) if has_stock(plan) else np.nan


def tiers_of(plan: Solution, before: Solution) -> pd.DataFrame:
    """What the customers of each tier get in a plan, and got before; customers count for the tier they were in."""
    net = before.net.tables
    tier_of = net["customers"].set_index("customer")["tier"].astype(str)
    order = net["tiers"].sort_values(["rank", "tier"], kind="stable")["tier"].astype(str)
    now, then = (_shares(each, tier_of) for each in (plan, before))
    known = [tier for tier in order if tier in then.index]
    return now.reindex(known).join(then.reindex(known).add_suffix("_before"))


def _shares(plan: Solution, tier_of: pd.Series[Any]) -> pd.DataFrame:
    flows = plan.flows[plan.flows["kind"] == "delivery"]
    units = flows["quantity"].astype(float)
    lead_time, in_stock = (promised(plan, flows, column) for column in ("lead_time", "fill_rate"))
    frame = pd.DataFrame({"customer": flows["customer"].astype(str), "units": units,
                          "days": units * flows["lead_time"], "timed": units.where(lead_time.notna()),
                          "promised": units * lead_time, "stocked": units.where(in_stock.notna()),
                          "in_stock": units * in_stock})
    lost = plan.shortage[["customer", "unserved"]].astype({"customer": str})
    by = pd.concat([frame, lost], ignore_index=True).groupby("customer").sum()
    sums = by.groupby(tier_of.reindex(by.index)).sum()

    def over(part: str, whole: Sequence[str]) -> pd.Series[float]:
        total = sums[list(whole)].sum(axis=1)
        share: pd.Series[float] = sums[part] / total.where(total > 0)
        return share

    return pd.DataFrame({"days": over("days", ["units"]), "promised": over("promised", ["timed"]),
                         "served": over("units", ["units", "unserved"]), "in_stock": over("in_stock", ["stocked"])})
