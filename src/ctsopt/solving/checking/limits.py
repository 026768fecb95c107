"""Limits on lanes, modes, sites, sources and contracts, checked from the tables and the flows of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.networks.schema import ALL
from ctsopt.solving.checking.contracts import contract_figures
from ctsopt.solving.checking.stock import kept_units

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.results.solution import Solution

_TOLERANCE = 1e-6


def limit_faults(solution: Solution) -> Iterator[str]:
    """What breaks a limit, in words; nothing where the plan keeps them all."""
    legs = _legs(solution)
    yield from _lanes(solution.net, legs)
    yield from _modes(solution.net, legs)
    yield from _loads(solution, legs)
    yield from _site_sizes(solution, legs)
    yield from _stock(solution)
    yield from _storage(solution)
    yield from _sources(solution)
    yield from _site_counts(solution)
    yield from _contracts(solution)
    yield from _caps(solution)


def unit_of(net: Network) -> float:
    """Quantity of goods of which a millionth is nothing: 1, or the usual demand if that is less, or 1 % of it.

    The program is solved in units that go with the size of the business (`ctsopt.programs.scaling`), and so is the plan
    exact to them only.
    """
    demand = net.tables["demand"]["quantity"].to_numpy(dtype=float)
    usual = float(np.median(demand[demand > 0])) if (demand > 0).any() else 1.0
    return max(min(1.0, usual), usual / 100)


def _measured(net: Network, legs: pd.DataFrame) -> dict[str, float]:
    """The same in each unit that capacity is counted in, by the goods that are carried."""
    quantity = float(legs["quantity"].sum())
    each = {"kg": "weight", "m3": "volume"}
    ratio = {name: float(legs[measure].sum()) / quantity if quantity > 0 else 1.0 for name, measure in each.items()}
    return {name: unit_of(net) * ratio.get(name, 1.0) for name in ("units", "kg", "m3", "pallets")}


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows with their columns as attributes."""
    yield from frame.itertuples()


def _over(used: float, most: float, unit: float) -> bool:
    return used > most + _TOLERANCE * max(unit, abs(most))


def _under(used: float, least: float, unit: float) -> bool:
    return used < least - _TOLERANCE * max(unit, abs(least))


def _legs(solution: Solution) -> pd.DataFrame:
    """Flows leg by leg, with the row of the flow they belong to: way, origin, destination, mode, quantity, weight,
    volume.
    """
    flow = solution.flows.reset_index(names="way")
    over = flow[flow["via"] != ""]
    legs = pd.concat([flow.assign(origin=flow["via"].where(flow["via"] != "", flow["origin"]), mode=flow["mode_out"]),
                      over.assign(destination=over["via"], mode=over["mode_in"])], ignore_index=True)
    products = solution.net.tables["products"].set_index("product")
    for measure in ("weight", "volume"):
        legs[measure] = legs["quantity"] * legs["product"].map(products[measure]).astype(float)
    return legs[["way", "origin", "destination", "mode", "product", "period", "quantity", "weight", "volume"]]


def _lanes(net: Network, legs: pd.DataFrame) -> Iterator[str]:
    lanes = net.tables["lanes"]
    lanes = lanes[np.isfinite(lanes["max_volume"]) | (lanes["min_volume"] > 0)]
    if lanes.empty:
        return
    by_mode = legs.groupby(["origin", "destination", "mode"], observed=True)["quantity"].sum()
    by_lane = legs.groupby(["origin", "destination"], observed=True)["quantity"].sum()
    share, unit = net.horizon / 365, unit_of(net)
    for lane in _rows(lanes[lanes["status"] == "open"]):
        ends = (lane.origin, lane.destination)
        used = by_lane.get(ends, 0.0) if lane.mode == ALL else by_mode.get((*ends, lane.mode), 0.0)
        little = used > _TOLERANCE * unit and _under(used, lane.min_volume * share, unit)
        if little or _over(used, lane.max_volume * share, unit):
            yield (f"the lane {lane.origin} to {lane.destination} by {lane.mode} carries {used:,.6g} units against its "
                   "limits")


def _modes(net: Network, legs: pd.DataFrame) -> Iterator[str]:
    weight = legs.groupby("mode", observed=True)["weight"].sum()
    unit = _measured(net, legs)["kg"]
    for mode in _rows(net.tables["modes"]):
        if _over(weight.get(mode.mode, 0.0), mode.capacity * net.horizon / 365, unit):
            yield f"the mode {mode.mode} carries more than its capacity"


def _loads(solution: Solution, legs: pd.DataFrame) -> Iterator[str]:
    modes = solution.net.tables["modes"].set_index("mode")
    whole = legs[legs["mode"].map(modes["whole_loads"]).astype(bool)]
    keys = ["origin", "destination", "mode", "period"]
    carried = whole.groupby(keys, observed=True)[["weight", "volume"]].sum()
    paid = solution.loads.set_index(keys)["loads"].reindex(carried.index, fill_value=0.0)
    unit = _measured(solution.net, legs)
    for measure, counted in (("weight", "kg"), ("volume", "m3")):
        holds = modes[f"load_{measure}"] * modes["load_factor"]
        room = holds.reindex(carried.index.get_level_values("mode"))
        bought = paid.to_numpy() * room.to_numpy(dtype=float)
        short = carried[measure].to_numpy() > bought * (1 + _TOLERANCE) + _TOLERANCE * unit[counted]
        yield from (f"{'/'.join(key)} needs more loads than are paid for" for key in carried.index[short][:3])


def _site_sizes(solution: Solution, legs: pd.DataFrame) -> Iterator[str]:
    unit = _measured(solution.net, legs)
    net, sites = solution.net, solution.sites.set_index("site")
    levels = net.tables["capacity_levels"]
    share = net.horizon / 365
    room = levels.set_index(["site", "level"])["capacity"]
    for site in _rows(sites.loc[sites.index.isin(levels["site"]) & sites["open"].astype(bool)]):
        if not site.level:
            yield f"{site.Index} is open without a level"
        elif _over(site.throughput, room[site.Index, site.level] * share, unit[site.capacity_unit]):
            yield f"{site.Index} is over the capacity of its level"
    least = net.tables["sites"].set_index("site")["min_throughput"] * share
    wanted = (1 - _TOLERANCE) * least.reindex(sites.index) - _TOLERANCE * sites["capacity_unit"].map(unit).astype(float)
    below = sites["open"].astype(bool) & (sites["throughput"] < wanted)
    yield from (f"{name} is open below its minimum" for name in sites.index[below][:3])


def _stock(solution: Solution) -> Iterator[str]:
    """Stock goes on from period to period, and ends as agreed."""
    net, stock = solution.net, solution.carried.set_index(["site", "product", "period"])
    if stock.empty:
        return
    periods = net.tables["periods"]["period"].tolist()
    closing = stock["closing"].unstack().reindex(columns=periods).fillna(0.0)
    opening = stock["opening"].unstack().reindex(columns=periods).fillna(0.0)
    listed = net.tables["site_products"].set_index(["site", "product"]).reindex(closing.index)
    is_open = pd.Series(closing.index.get_level_values("site")).map(solution.sites.set_index("site")["open"]).to_numpy()
    given = listed["opening_stock"].fillna(0.0).to_numpy(dtype=float) * is_open.astype(float)
    before = np.column_stack([given, closing.to_numpy()[:, :-1]])
    room = _TOLERANCE * np.maximum(unit_of(net), before)
    bad = (np.abs(opening.to_numpy() - before) > room).any(axis=1)
    last, same = closing.to_numpy()[:, -1], (listed["ending"].fillna("same") == "same").to_numpy(dtype=bool)
    bad |= (last > given + room[:, 0]) | (same & (last < given - room[:, 0]))
    yield from (f"stock of {'/'.join(key)} does not go on from period to period as it should"
                for key in closing.index[bad][:3])


def _storage(solution: Solution) -> Iterator[str]:
    """Stock at the end of every period, with cycle and safety stock, fits into its storage."""
    net = solution.net
    sites, products = net.tables["sites"].set_index("site"), net.tables["products"].set_index("product")
    kept = kept_units(solution)
    always, names = kept[kept["period"] == ""], net.tables["periods"]["period"]
    parts = [solution.carried.assign(units=solution.carried["closing"]),
             kept[kept["period"] != ""].assign(units=lambda part: part["cycle"] + part["safety"]),
             always.drop(columns="period").assign(units=always["cycle"] + always["safety"]).merge(names, how="cross")]
    keys = ["site", "product", "period"]
    held = pd.concat([part[[*keys, "units"]].astype({c: object for c in keys}) for part in parts], ignore_index=True)
    if held.empty:
        return
    unit = held["site"].map(sites["capacity_unit"])
    factor = pd.Series(1.0, index=held.index)
    for name, column in (("kg", products["weight"]), ("m3", products["volume"]),
                         ("pallets", 1 / products["pallet_units"])):
        factor = factor.where(unit != name, held["product"].map(column).astype(float))
    filled = (held["units"] * factor).groupby([held["site"], held["period"]]).sum()
    capacity = sites["storage_capacity"].reindex(filled.index.get_level_values("site")).to_numpy(dtype=float)
    over = filled.to_numpy(dtype=float) > capacity * (1 + _TOLERANCE) + _TOLERANCE
    yield from (f"stock at {'/'.join(key)} is above the storage capacity" for key in filled.index[over][:3])


def _sources(solution: Solution) -> Iterator[str]:
    net = solution.net
    flow = solution.flows[solution.flows["kind"] == "delivery"]
    counted = flow.groupby("customer", observed=True)["origin"].nunique()
    customers = net.tables["customers"].set_index("customer")
    most = customers["max_sources"].where(customers["single_source"] == "no", np.inf)
    many = counted > most.reindex(counted.index)
    yield from (f"{name} has more sources than it may" for name in counted.index[many][:3])
    group = flow["customer"].map(customers["group"])
    contracts = net.tables["contracts"]
    for contract in _rows(contracts[contracts["kind"] == "same_site"]):
        if flow.loc[group == contract.group, "origin"].nunique() > 1:
            yield f"the group {contract.group} of contract {contract.contract} has several sources"


def _site_counts(solution: Solution) -> Iterator[str]:
    """The number of open sites of a group; without a group, of all."""
    net, sites = solution.net, solution.sites
    group = sites["site"].map(net.tables["sites"].set_index("site")["group"])
    contracts = net.tables["contracts"]
    for contract in _rows(contracts[contracts["kind"] == "sites_in_group"]):
        members = (group == contract.group) | (contract.group in ("", ALL))
        count, agreed = int((sites["open"].astype(bool) & members).sum()), float(contract.quantity)
        if (contract.limit != "at_least" and count > agreed) or (contract.limit != "at_most" and count < agreed):
            yield f"the contract {contract.contract} is not kept: {count} sites are open"


def _contracts(solution: Solution) -> Iterator[str]:
    figures = contract_figures(solution)
    used, agreed = (figures[c].to_numpy(dtype=float) for c in ("used", "agreed"))
    room = _TOLERANCE * np.maximum(unit_of(solution.net), np.abs(agreed))
    broken = (figures["limit"] != "at_least").to_numpy(dtype=bool) & (used > agreed + room)
    broken |= (figures["limit"] != "at_most").to_numpy(dtype=bool) & (used < agreed - room)
    yield from (f"the contract {name} is not kept" for name in figures.loc[broken, "contract"].drop_duplicates())


def _caps(solution: Solution) -> Iterator[str]:
    net = solution.net
    share = net.horizon / 365
    emitted, most = float(solution.flows["co2"].sum()), float(net.settings["carbon_cap"]) * share
    if _over(emitted, most, min(1.0, emitted)):
        yield "the plan emits more CO2 than the cap"
    if _over(solution.cash_cost, float(net.settings["budget"]) * share, min(1.0, abs(solution.cash_cost))):
        yield "the plan costs more than the budget"
