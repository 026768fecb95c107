"""Key figures of a plan: the rows of a comparison of scenarios, in the order in which planners read them.

A figure is a function from a plan to its values; its marks say what the tables, the workbook and the docs show of it
(see `ctsopt.results.kpi`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.formulation import build
from ctsopt.results import service_kpis
from ctsopt.results.kpi import Asked, Figures, Kpi, Value, kpi, share
from ctsopt.results.lines import lines_with, tariffs

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

COLUMNS = ["section", "kpi", "by", "unit", "value", "text"]
"""Columns of the table of key figures; `kpi` and `by` are its key."""

WITHIN = (1.0, 2.0, 3.0)
"""Days within which the share of demand is stated where nothing else is asked for."""


def kpis(solution: Solution, within: Sequence[float] = WITHIN, distances: Sequence[float] = ()) -> pd.DataFrame:
    """Key figures of a plan, see `Solution.kpis`."""
    for name, values in (("within", within), ("distances", distances)):
        if any(not np.isfinite(value) or value < 0 for value in values) or len(set(values)) < len(values):
            raise UsageError(f"{name} = {tuple(values)}: give different numbers, none below 0")
    asked = Asked(solution, tuple(within), tuple(distances))
    rows = [row for figure in KPIS for row in figure.rows(asked)]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"value": float})


# ---- what is proven --------------------------------------------------------------------------------------------


@kpi("solve")
def status(asked: Asked) -> Figures:
    """in `text`: optimal or feasible"""
    return np.nan, asked.solution.status.solution


@kpi("solve")
def stopped_by(asked: Asked) -> Figures:
    """in `text`: why the search stopped"""
    return np.nan, asked.solution.status.stopped_by


@kpi("solve", "currency")
def bound(asked: Asked) -> Figures:
    """proven: no plan costs less"""
    return asked.solution.bound


@kpi("solve", "currency")
def gap_money(asked: Asked) -> Figures:
    """`total_cost` - `bound`"""
    return asked.solution.gap_money


@kpi("solve", "share of total cost")
def gap(asked: Asked) -> Figures:
    """`gap_money` as a share of the cost"""
    return asked.solution.gap


@kpi("solve", "s")
def seconds(asked: Asked) -> Figures:
    """time of the run"""
    return float(sum(asked.solution.record.get("seconds", {}).values()))


# ---- sites -----------------------------------------------------------------------------------------------------


def _sites(asked: Asked, chosen: pd.Series[bool]) -> Figures:
    sites = asked.solution.sites
    found: dict[str, Value] = {"": float(chosen.sum())}
    for kind in sorted(set(sites["kind"])):
        names = sites.loc[chosen & sites["kind"].eq(kind), "site"]
        found[kind] = float(len(names)), ", ".join(names)
    return found


@kpi("network", "sites", by="kind")
def sites_open(asked: Asked) -> Figures:
    """number of open sites; names in `text`"""
    return _sites(asked, asked.solution.sites["open"])


@kpi("network", "sites", by="kind")
def sites_opened(asked: Asked) -> Figures:
    """number of sites that the plan opens; names in `text`"""
    return _sites(asked, asked.solution.sites["decision"] == "opened")


@kpi("network", "sites", by="kind")
def sites_closed(asked: Asked) -> Figures:
    """number of sites that the plan closes; names in `text`"""
    return _sites(asked, asked.solution.sites["decision"] == "closed")


# ---- what it costs ---------------------------------------------------------------------------------------------


@kpi("cost", "currency", by="line")
def cost_line(asked: Asked) -> Figures:
    """every cost line, 0 where it does not arise; they add up to `total_cost`"""
    amounts = asked.solution.costs.set_index("line")["amount"]
    known = [cost.__name__ for cost in build.COSTS]
    return {line: float(amounts.get(line, 0.0))
            for line in [*known, *(line for line in amounts.index if line not in known)]}


@kpi("cost", "currency")
def cash_cost(asked: Asked) -> Figures:
    """all cost lines but penalties"""
    return asked.solution.cash_cost


@kpi("cost", "currency")
def penalty(asked: Asked) -> Figures:
    """penalties for demand that is not served"""
    return asked.solution.penalty


@kpi("cost", "currency")
def total_cost(asked: Asked) -> Figures:
    """the value that is minimised, `cash_cost` and `penalty`"""
    return asked.solution.total_cost


@kpi("cost", "currency, paid once")
def one_off_cash(asked: Asked) -> Figures:
    """paid once for opening and closing, not annuitised"""
    return float(asked.solution.sites["one_off_cash"].sum())


@kpi("cost", "units")
def units_delivered(asked: Asked) -> Figures:
    """what reaches customers"""
    return float(asked.delivered["quantity"].sum())


@kpi("cost", "kg")
def weight_delivered(asked: Asked) -> Figures:
    """weight of what reaches customers"""
    return float(asked.delivered["weight"].sum())


@kpi("cost", "currency per unit delivered, an average")
def average_cost_per_unit(asked: Asked) -> Figures:
    """`cash_cost` over what is delivered: an average, no price"""
    return share(asked.solution.cash_cost, asked.delivered["quantity"].sum())


@kpi("cost", "currency per kg delivered, an average")
def average_cost_per_kg(asked: Asked) -> Figures:
    """`cash_cost` over the weight that is delivered: an average, no price"""
    return share(asked.solution.cash_cost, asked.delivered["weight"].sum())


# ---- what is used ----------------------------------------------------------------------------------------------


def _kinds(asked: Asked) -> list[str]:
    return sorted(set(asked.solution.sites["kind"]))


@kpi("utilisation", "share of capacity, open sites", by="kind")
def utilisation_mean(asked: Asked) -> Figures:
    """mean of the open sites with a capacity"""
    return {kind: asked.used.loc[asked.used["kind"] == kind, "utilisation"].mean() for kind in _kinds(asked)}


@kpi("utilisation", "share of capacity, open sites", by="kind")
def utilisation_highest(asked: Asked) -> Figures:
    """the fullest open site with a capacity, which is in `text`"""
    found: dict[str, Value] = {}
    for kind in _kinds(asked):
        some = asked.used[asked.used["kind"] == kind]
        highest = some.sort_values(["utilisation", "site"], ascending=[False, True]).head(1)
        found[kind] = highest["utilisation"].max(), "".join(highest["site"])
    return found


# ---- stock -----------------------------------------------------------------------------------------------------


def _carried(asked: Asked) -> pd.DataFrame:
    """Stock carried between periods: units and value of the mean over the horizon."""
    carried, net = asked.solution.carried, asked.solution.net
    days = net.tables["periods"].set_index("period")["days"]
    value = net.tables["products"].set_index("product")["unit_value"]
    mean = (carried["opening"] + carried["closing"]) / 2 * carried["period"].map(days).astype(float) / net.horizon
    return pd.DataFrame({"units": mean, "value": mean * carried["product"].map(value).astype(float)})


@kpi("stock", "units, mean over the horizon")
def carried_stock_units(asked: Asked) -> Figures:
    """carried between periods; cycle and safety stock are not in it"""
    return float(_carried(asked)["units"].sum())


@kpi("stock", "currency, mean over the horizon")
def carried_stock_value(asked: Asked) -> Figures:
    """the same at the unit_value"""
    return float(_carried(asked)["value"].sum())


@kpi("stock", "value delivered a year per value carried")
def carried_stock_turns(asked: Asked) -> Figures:
    """unit_value delivered in a year over the value carried"""
    flow = float(asked.delivered["value"].sum()) * 365 / asked.solution.net.horizon
    return share(flow, float(_carried(asked)["value"].sum()))


def _unit_value(asked: Asked) -> pd.Series[float]:
    """Of each row of the table of stock."""
    products = asked.solution.net.tables["products"].set_index("product")
    return asked.solution.stock["product"].map(products["unit_value"]).astype(float)


def _of_stock(part: str, unit: str, meaning: str, *, value: bool) -> Kpi:
    """Cycle, safety or pipeline stock, in units or in money; 0 where none is planned."""
    def figures(asked: Asked) -> Figures:
        units = asked.solution.stock[part]
        return float((units * _unit_value(asked)).sum()) if value else float(units.sum())

    return Kpi(f"{part}_stock_{'value' if value else 'units'}", "stock", f"{unit}, mean over the horizon", "", meaning,
               figures)


PARTS = tuple(_of_stock(part, unit, meaning.format(part), value=value) for value, unit, meaning in (
    (False, "units", "{} stock; 0 where no stock is planned"), (True, "currency", "{} stock at the unit_value"))
    for part in ("cycle", "safety", "pipeline"))


def _out_and_kept(asked: Asked) -> tuple[float, float]:
    """Value that goes out a day, and of cycle and safety stock."""
    stock, value = asked.solution.stock, _unit_value(asked)
    return float((stock["volume"] * value).sum()), float(((stock["cycle"] + stock["safety"]) * value).sum())


@kpi("stock", "value that goes out a year per value of cycle and safety stock")
def stock_turns(asked: Asked) -> Figures:
    """of cycle and safety stock, by value: what goes out in a year over what is there"""
    out, kept = _out_and_kept(asked)
    return share(365 * out, kept)


@kpi("stock", "days, value of cycle and safety stock per value that goes out a day")
def days_of_supply(asked: Asked) -> Figures:
    """the other way round, in days"""
    out, kept = _out_and_kept(asked)
    return share(kept, out)


@kpi("stock", "currency of the horizon", by="tier")
def safety_stock_cost(asked: Asked) -> Figures:
    """cost of safety stock, by the tiers that need it"""
    cube = asked.solution.cube
    by_tier = cube[cube["line"].isin(lines_with("safety"))].groupby("tier", observed=True)["amount"].sum()
    return {tier: float(by_tier.get(tier, 0.0)) for tier in asked.tiers}


@kpi("stock", "currency, cycle, safety and inbound pipeline", by="site")
def stock_value(asked: Asked) -> Figures:
    """value of cycle, safety and inbound pipeline stock"""
    stock, sites = asked.solution.stock, asked.solution.net.tables["sites"]
    by_site = stock["value"].groupby(stock["site"], observed=True).sum()
    return {site: float(by_site.get(site, 0.0)) for site in sites.loc[sites["kind"].isin(["plant", "dc"]), "site"]}


# ---- transport -------------------------------------------------------------------------------------------------


@kpi("transport", "kg")
def co2(asked: Asked) -> Figures:
    """CO2 of all transport"""
    return float(asked.solution.flows["co2"].sum())


@kpi("transport", "kg per unit delivered")
def co2_per_unit(asked: Asked) -> Figures:
    """`co2` over what is delivered"""
    return share(float(asked.solution.flows["co2"].sum()), float(asked.delivered["quantity"].sum()))


def _by_mode(modes: Iterable[str], figure: pd.Series[float]) -> Figures:
    return {mode: float(figure.get(mode, 0.0)) for mode in modes}


@kpi("transport", "currency", by="mode")
def last_mile(asked: Asked) -> Figures:
    """tariff of the last leg, by its mode"""
    flows, modes = asked.solution.flows, asked.solution.net.tables["modes"]
    paid = flows[tariffs("last")].sum(axis=1).groupby(flows["mode_out"]).sum()
    return _by_mode(modes.loc[modes["serves"] != "moves", "mode"], paid)


@kpi("transport", "kg on all legs", by="mode")
def weight_carried(asked: Asked) -> Figures:
    """weight of the goods on all legs"""
    return _by_mode(asked.solution.net.tables["modes"]["mode"], asked.solution.lanes.groupby("mode")["weight"].sum())


@kpi("transport", "loads paid for whole", by="mode")
def loads(asked: Asked) -> Figures:
    """loads that are paid for whole"""
    modes = asked.solution.net.tables["modes"]
    return _by_mode(modes.loc[modes["whole_loads"].astype(bool), "mode"],
                    asked.solution.loads.groupby("mode")["loads"].sum())


KPIS: tuple[Kpi, ...] = (
    status, stopped_by, bound, gap_money, gap, seconds, sites_open, sites_opened, sites_closed, cost_line, cash_cost,
    penalty, total_cost, one_off_cash, units_delivered, weight_delivered, average_cost_per_unit, average_cost_per_kg,
    *service_kpis.KPIS, utilisation_mean, utilisation_highest, carried_stock_units, carried_stock_value,
    carried_stock_turns, *PARTS, stock_turns, days_of_supply, safety_stock_cost, stock_value, co2, co2_per_unit,
    last_mile, weight_carried, loads)
"""All of them, in the order in which they are read."""
