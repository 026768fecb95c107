"""Key figures of a plan: the rows of a comparison of scenarios, in the order in which planners read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.formulation.build import COSTS
from ctsopt.results.lines import lines_with
from ctsopt.results.service_figures import service_rows

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

COLUMNS = ["section", "kpi", "by", "unit", "value", "text"]
"""Columns of the table of key figures; `kpi` and `by` are its key."""

WITHIN = (1.0, 2.0, 3.0)
"""Days within which the share of demand is stated where nothing else is asked for."""

Row = tuple[str, str, str, float, str]


def kpis(solution: Solution, within: Sequence[float] = WITHIN, distances: Sequence[float] = ()) -> pd.DataFrame:
    """Key figures of a plan, see `Solution.kpis`."""
    for name, values in (("within", within), ("distances", distances)):
        if any(not np.isfinite(value) or value < 0 for value in values) or len(set(values)) < len(values):
            raise UsageError(f"{name} = {tuple(values)}: give different numbers, none below 0")
    sections = (("solve", _solve(solution)), ("network", _network(solution)), ("cost", _cost(solution)),
                ("service", _service(solution, within, distances)), ("utilisation", _utilisation(solution)),
                ("stock", _stock(solution)), ("transport", _transport(solution)))
    rows = [(section, *row) for section, rows in sections for row in rows]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.astype({"value": float})


def _row(kpi: str, unit: str, value: float, by: str = "", text: str = "") -> Row:
    return kpi, by, unit, float(value), text


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan


# ---- what is proven --------------------------------------------------------------------------------------------


def _solve(solution: Solution) -> Iterator[Row]:
    money = str(solution.net.settings["currency"])
    yield _row("status", "", np.nan, text=solution.status.solution)
    yield _row("stopped_by", "", np.nan, text=solution.status.stopped_by)
    yield _row("bound", money, solution.bound)
    yield _row("gap_money", money, solution.gap_money)
    yield _row("gap", "share of total cost", solution.gap)
    yield _row("seconds", "s", sum(solution.record.get("seconds", {}).values()))


def _network(solution: Solution) -> Iterator[Row]:
    sites = solution.sites
    for kpi, chosen in (("sites_open", sites["open"]), ("sites_opened", sites["decision"] == "opened"),
                        ("sites_closed", sites["decision"] == "closed")):
        for kind in ("", *sorted(set(sites["kind"]))):
            names = sites.loc[chosen & (sites["kind"].eq(kind) if kind else True), "site"]
            yield _row(kpi, "sites", len(names), kind, ", ".join(names) if kind else "")


# ---- what it costs ---------------------------------------------------------------------------------------------


def _cost(solution: Solution) -> Iterator[Row]:
    money = str(solution.net.settings["currency"])
    amounts = solution.costs.set_index("line")["amount"]
    known = [cost.__name__ for cost in COSTS]
    for line in [*known, *(line for line in amounts.index if line not in known)]:
        yield _row("cost_line", money, amounts.get(line, 0.0), line)
    yield _row("cash_cost", money, solution.cash_cost)
    yield _row("penalty", money, solution.penalty)
    yield _row("total_cost", money, solution.total_cost)
    yield _row("one_off_cash", f"{money}, paid once", solution.sites["one_off_cash"].sum())
    delivered = _delivered(solution)
    units, weight = delivered["quantity"].sum(), delivered["weight"].sum()
    yield _row("units_delivered", "units", units)
    yield _row("weight_delivered", "kg", weight)
    yield _row("average_cost_per_unit", f"{money} per unit delivered, an average", _share(solution.cash_cost, units))
    yield _row("average_cost_per_kg", f"{money} per kg delivered, an average", _share(solution.cash_cost, weight))


def _delivered(solution: Solution) -> pd.DataFrame:
    """Flows to customers with their weight and value."""
    flows = solution.flows
    delivered = flows[flows["kind"] == "delivery"]
    products = solution.net.tables["products"].set_index("product")
    per_unit = {name: delivered["product"].map(products[name]).astype(float) for name in ("weight", "unit_value")}
    return delivered.assign(weight=delivered["quantity"] * per_unit["weight"],
                            value=delivered["quantity"] * per_unit["unit_value"])


# ---- what customers get ----------------------------------------------------------------------------------------


def _service(solution: Solution, within: Sequence[float], distances: Sequence[float]) -> Iterator[Row]:
    delivered, service = _delivered(solution), solution.service
    volume, demand = delivered["quantity"], float(service["demand"].sum())
    unit = str(solution.net.settings["distance_unit"])
    for days in within:
        near = volume[delivered["lead_time"] <= days + 1e-9].sum()
        yield _row("demand_within_days", "share of demand, mean lead time", _share(near, demand), f"{days:g}")
    for distance in distances:
        near = volume[delivered["distance"] <= distance + 1e-9].sum()
        yield _row("demand_within_distance", f"share of demand, {unit}", _share(near, demand), f"{distance:g}")
    total = float(volume.sum())
    yield _row("lead_time_achieved", "days, mean by volume", _share((volume * delivered["lead_time"]).sum(), total))
    yield _row("distance", f"{unit}, mean by volume", _share((volume * delivered["distance"]).sum(), total))
    timed = service[np.isfinite(service["lead_time"])]
    tiers = _tiers(solution)
    yield from _by_tier("promises_kept", "share of demand", service, service["kept"], "demand", tiers)
    yield from _by_tier("on_time_share_achieved", "share of volume with a lead time", timed,
                        timed["on_time_share_achieved"], "delivered", tiers)
    yield from _by_tier("on_time_expected", "share of volume with a lead time", timed, timed["on_time_expected"],
                        "delivered", tiers)
    yield from _by_tier("served_fraction_achieved", "share of demand", service, service["served_fraction_achieved"],
                        "demand", tiers)
    yield from service_rows(solution, within)


def _tiers(solution: Solution) -> list[str]:
    """Tiers by rank."""
    return solution.net.tables["tiers"].sort_values(["rank", "tier"], kind="stable")["tier"].tolist()


def _by_tier(kpi: str, unit: str, frame: pd.DataFrame, figure: pd.Series, weight: str, tiers: list[str]
             ) -> Iterator[Row]:
    """A figure of promises, weighted, over all tiers and by tier; nothing where no promise is of that kind."""
    for tier in ("", *tiers):
        some = (frame[weight] > 0) & (frame["tier"].eq(tier) if tier else True)
        volume = frame.loc[some, weight]
        yield _row(kpi, unit, _share((volume * figure[some].astype(float)).sum(), volume.sum()), tier)


# ---- what is used ----------------------------------------------------------------------------------------------


def _utilisation(solution: Solution) -> Iterator[Row]:
    """Open sites with a capacity."""
    sites = solution.sites
    used = sites[sites["open"] & sites["utilisation"].notna()]
    kinds = sorted(set(sites["kind"]))
    for kind in kinds:
        yield _row("utilisation_mean", "share of capacity, open sites", used.loc[used["kind"] == kind,
                                                                               "utilisation"].mean(), kind)
    for kind in kinds:
        some = used[used["kind"] == kind].sort_values(["utilisation", "site"], ascending=[False, True])
        highest = some.head(1)
        yield _row("utilisation_highest", "share of capacity, open sites", highest["utilisation"].max(), kind,
                   "".join(highest["site"]))


def _stock(solution: Solution) -> Iterator[Row]:
    """Stock carried between periods, then cycle, safety and pipeline stock."""
    yield from _carried(solution)
    yield from _kept(solution)


def _carried(solution: Solution) -> Iterator[Row]:
    carried, net = solution.carried, solution.net
    days = net.tables["periods"].set_index("period")["days"]
    products = net.tables["products"].set_index("product")
    mean = (carried["opening"] + carried["closing"]) / 2 * carried["period"].map(days).astype(float) / net.horizon
    value = mean * carried["product"].map(products["unit_value"]).astype(float)
    flow = float(_delivered(solution)["value"].sum()) * 365 / net.horizon
    yield _row("carried_stock_units", "units, mean over the horizon", mean.sum())
    yield _row("carried_stock_value", f"{net.settings['currency']}, mean over the horizon", value.sum())
    yield _row("carried_stock_turns", "value delivered a year per value carried", _share(flow, float(value.sum())))


def _kept(solution: Solution) -> Iterator[Row]:
    """Cycle, safety and pipeline stock; 0 where none is planned."""
    stock, net = solution.stock, solution.net
    money, products = str(net.settings["currency"]), net.tables["products"].set_index("product")
    unit_value = stock["product"].map(products["unit_value"]).astype(float)
    held = stock["cycle"] + stock["safety"]
    for part in ("cycle", "safety", "pipeline"):
        yield _row(f"{part}_stock_units", "units, mean over the horizon", stock[part].sum())
    for part in ("cycle", "safety", "pipeline"):
        yield _row(f"{part}_stock_value", f"{money}, mean over the horizon", (stock[part] * unit_value).sum())
    out, kept = float((stock["volume"] * unit_value).sum()), float((held * unit_value).sum())
    yield _row("stock_turns", "value that goes out a year per value of cycle and safety stock", _share(365 * out, kept))
    yield _row("days_of_supply", "days, value of cycle and safety stock per value that goes out a day",
               _share(kept, out))
    cube = solution.cube
    by_tier = cube[cube["line"].isin(lines_with("safety"))].groupby("tier", observed=True)["amount"].sum()
    for tier in _tiers(solution):
        yield _row("safety_stock_cost", f"{money} of the horizon", by_tier.get(tier, 0.0), tier)
    sites = net.tables["sites"]
    by_site = stock["value"].groupby(stock["site"], observed=True).sum()
    for site in sites.loc[sites["kind"].isin(["plant", "dc"]), "site"]:
        yield _row("stock_value", f"{money}, cycle, safety and inbound pipeline", by_site.get(site, 0.0), site)


def _transport(solution: Solution) -> Iterator[Row]:
    flows, net = solution.flows, solution.net
    modes = net.tables["modes"]
    units = float(_delivered(solution)["quantity"].sum())
    yield _row("co2", "kg", flows["co2"].sum())
    yield _row("co2_per_unit", "kg per unit delivered", _share(float(flows["co2"].sum()), units))
    yield from _by_mode("last_mile", str(net.settings["currency"]), modes.loc[modes["serves"] != "moves", "mode"],
                        flows.groupby("mode_out")["last_mile"].sum())
    weight = solution.lanes.groupby("mode")["weight"].sum()
    yield from _by_mode("weight_carried", "kg on all legs", modes["mode"], weight)
    yield from _by_mode("loads", "loads paid for whole", modes.loc[modes["whole_loads"].astype(bool), "mode"],
                        solution.loads.groupby("mode")["loads"].sum())


def _by_mode(kpi: str, unit: str, modes: Iterable[str], figure: pd.Series) -> Iterator[Row]:
    for mode in modes:
        yield _row(kpi, unit, figure.get(mode, 0.0), mode)
