"""What stands behind the difference of two plans: whose cost it is, what changes physically, and who is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.formulation.build import marks_of_lines

if TYPE_CHECKING:
    from collections.abc import Collection

    from ctsopt.results.solution import Solution

PARTS = ("own", "displaced", "shared", "stock", "one_off")
"""Parts of a difference: the changed customers' own cost, that of others, fixed cost, stock, and what is paid once."""

NOTHING = 1e-6
"""Units below which a flow is none."""


def parts_of(base: Solution, plan: Solution, changed: Collection[str]) -> pd.DataFrame:
    """The difference in cash by cost line and part; it adds up to the difference of the two plans exactly.

    Columns: line, part (own, displaced, shared, stock, one_off), amount (money over the horizon).
    """
    marks, cubes = marks_of_lines(), []
    for sign, each in ((1.0, plan), (-1.0, base)):
        cube = each.cube
        cube = cube[(cube["behaviour"] != "penalty").to_numpy()]
        line, who = (cube[name].astype(object).to_numpy() for name in ("line", "customer"))
        stock = np.isin(line, [name for name, mark in marks.items() if mark.stock])
        behaviour = cube["behaviour"].astype(object).to_numpy()
        part = np.select([stock, behaviour == "one_off", behaviour == "fixed", np.isin(who, list(changed)), who != ""],
                         ["stock", "one_off", "shared", "own", "displaced"], "shared")
        cubes.append(pd.DataFrame({"line": line, "part": part, "amount": sign * cube["amount"].to_numpy(dtype=float)}))
    both = pd.concat(cubes, ignore_index=True)
    table = both.groupby(["line", "part"], sort=False, as_index=False)["amount"].sum()
    dust = table["amount"].abs() <= 1e-12 * abs(base.cash_cost)
    return pd.DataFrame(table.assign(amount=table["amount"].mask(dust, 0.0)))


def sums_of(parts: pd.DataFrame) -> pd.Series[float]:
    """The difference by part."""
    return parts.groupby("part")["amount"].sum().reindex(list(PARTS)).fillna(0.0)


def physical(base: Solution, plan: Solution) -> pd.DataFrame:
    """What has to be opened, closed, sized, stocked or used: what, name, before, after, unit."""
    rows: list[tuple[str, str, float, float, str]] = []
    for decision, what, unit in (("open", "site", "open"), ("level", "size", "chosen"), ("use_lane", "lane", "used")):
        was, now = (_decided(each, decision) for each in (base, plan))
        both = pd.concat([was, now], axis=1, keys=["before", "after"]).fillna(0.0)
        moved = both[(both["before"] - both["after"]).abs() > 0.5]
        rows += [(what, str(name), float(row["before"]), float(row["after"]), unit) for name, row in moved.iterrows()]
    for name, column, unit in (("stock", "value", "money"), ("stock", "units", "units")):
        before, after = (_stock(each, column) for each in (base, plan))
        if abs(after - before) > NOTHING * max(before, 1.0):
            rows.append((name, column, before, after, unit))
    return pd.DataFrame(rows, columns=["what", "name", "before", "after", "unit"])


def _decided(plan: Solution, name: str) -> pd.Series[float]:
    from ctsopt.results.read_back import variables_in

    if name not in variables_in(plan).variables:
        return pd.Series(dtype=float)
    rows = plan.decisions(name)
    keys = [column for column in rows if column != "value"]
    labels = rows[keys].astype(str).agg(" ".join, axis=1) if len(rows) else pd.Series(dtype=str)
    return pd.Series(rows["value"].to_numpy(dtype=float), labels.to_numpy())


def _stock(plan: Solution, column: str) -> float:
    table = plan.stock
    return float(table["value"].sum() if column == "value" else (table["cycle"] + table["safety"]).sum())


def touched(base: Solution, plan: Solution, changed: Collection[str]) -> pd.DataFrame:
    """Customers whose deliveries differ between two plans, and how.

    Columns: customer, who (changed or other), units_moved (units that come from another site or by another mode),
    sites_before, sites_after, modes_before, modes_after, lead_time_before, lead_time_after (days, mean of what is
    delivered), cost (money over the horizon: what the cost cube charges them more).
    """
    was, now = (_deliveries(each) for each in (base, plan))
    both = pd.concat([was["quantity"], now["quantity"]], axis=1, keys=["before", "after"]).fillna(0.0)
    gap = (both["after"] - both["before"]).abs().groupby(level="customer").sum()
    total = both.groupby(level="customer").sum()
    moved = (gap - (total["after"] - total["before"]).abs()) / 2
    size = NOTHING * np.maximum(total.max(axis=1), 1.0)
    names = [str(name) for name in gap.index[(gap > size).to_numpy()]]
    cost = _cost(plan).sub(_cost(base), fill_value=0.0)
    rows = [(name, "changed" if name in changed else "other", float(moved[name]), *_seen(was, now, name),
             float(cost.get(name, 0.0))) for name in names]
    return pd.DataFrame(rows, columns=["customer", "who", "units_moved", "sites_before", "sites_after", "modes_before",
                                       "modes_after", "lead_time_before", "lead_time_after", "cost"])


def _deliveries(plan: Solution) -> pd.DataFrame:
    """Deliveries by customer, site, mode, product and period, whatever the tier is called: quantity and unit-days."""
    flows = plan.flows
    sent = flows[(flows["kind"] == "delivery").to_numpy() & (flows["quantity"] > NOTHING).to_numpy()]
    keys = ["customer", "origin", "mode_out", "product", "period"]
    frame = pd.DataFrame({name: sent[name].astype(object) for name in keys} | {
        "quantity": sent["quantity"], "days": sent["quantity"] * sent["lead_time"]})
    return frame.groupby(keys)[["quantity", "days"]].sum()


def _seen(was: pd.DataFrame, now: pd.DataFrame, name: str) -> tuple[str, str, str, str, float, float]:
    texts, days = [], []
    for frame in (was, now):
        mine = frame.loc[[name]] if name in frame.index.get_level_values("customer") else frame.iloc[:0]
        texts.append([", ".join(sorted(set(mine.index.get_level_values(level)))) for level in ("origin", "mode_out")])
        units = float(mine["quantity"].sum())
        days.append(float(mine["days"].sum()) / units if units else float("nan"))
    (sites, modes), (sites_now, modes_now) = texts
    return sites, sites_now, modes, modes_now, days[0], days[1]


def _cost(plan: Solution) -> pd.Series[float]:
    cube = plan.cube
    cash = cube[(cube["behaviour"] != "penalty").to_numpy()]
    return pd.Series(cash["amount"].to_numpy(dtype=float)).groupby(cash["customer"].astype(object).to_numpy()).sum()
