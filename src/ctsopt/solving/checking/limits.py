"""Limits on lanes, modes, sites, sources and contracts, checked from the tables and the flows of a plan."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.networks.schema import ALL
from ctsopt.solving.checking.contracts import contract_figures
from ctsopt.solving.checking.goods import TOLERANCE, Goods, sums
from ctsopt.solving.checking.stock import kept_units

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution


def limit_faults(goods: Goods) -> Iterator[str]:
    """What breaks a limit, in words; nothing where the plan keeps them all."""
    yield from _lanes(goods)
    yield from _modes(goods)
    yield from _loads(goods)
    yield from _levels(goods)
    yield from _least(goods)
    yield from _stock(goods)
    yield from _storage(goods.solution)
    yield from _sources(goods)
    yield from _site_counts(goods)
    yield from _contracts(goods)
    yield from _caps(goods.solution)


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Rows with their columns as attributes."""
    yield from frame.itertuples()


def _over(used: float, most: float, unit: float) -> bool:
    return used > most + TOLERANCE * max(unit, abs(most))


def _under(used: float, least: float, unit: float) -> bool:
    return used < least - TOLERANCE * max(unit, abs(least))


def _legs(goods: Goods) -> pd.DataFrame:
    """Flows leg by leg: origin, destination, mode, product, period, quantity, weight, volume."""
    flow, over = goods.solution.flows, goods.docked
    measures = {name: goods.quantity * goods.size[unit][goods.flow["product"]]
                for name, unit in (("quantity", "units"), ("weight", "kg"), ("volume", "m3"))}
    flow = flow[["origin", "via", "destination", "mode_in", "mode_out", "product", "period"]].assign(**measures)
    docked = flow[over]
    legs = pd.concat([flow.assign(origin=flow["via"].where(over, flow["origin"]), mode=flow["mode_out"]),
                      docked.assign(destination=docked["via"], mode=docked["mode_in"])], ignore_index=True)
    return legs.drop(columns=["via", "mode_in", "mode_out"])


def _lanes(goods: Goods) -> Iterator[str]:
    lanes, net = goods.net.tables["lanes"], goods.net
    lanes = lanes[np.isfinite(lanes["max_volume"]) | (lanes["min_volume"] > 0)]
    if lanes.empty:
        return
    legs = _legs(goods)
    by_mode = legs.groupby(["origin", "destination", "mode"], observed=True)["quantity"].sum()
    by_lane = legs.groupby(["origin", "destination"], observed=True)["quantity"].sum()
    share, unit = net.horizon / 365, goods.unit
    for lane in _rows(lanes[lanes["status"] == "open"]):
        ends = (lane.origin, lane.destination)
        used = by_lane.get(ends, 0.0) if lane.mode == ALL else by_mode.get((*ends, lane.mode), 0.0)
        little = used > TOLERANCE * unit and _under(used, lane.min_volume * share, unit)
        if little or _over(used, lane.max_volume * share, unit):
            yield (f"the lane {lane.origin} to {lane.destination} by {lane.mode} carries {used:,.6g} units against its "
                   "limits")


def _modes(goods: Goods) -> Iterator[str]:
    """A unit over a cross-dock uses the capacity of the modes of both its legs."""
    mode = np.concatenate([goods.flow["mode_out"], goods.flow["mode_in"][goods.docked]])
    heavy = goods.quantity * goods.size["kg"][goods.flow["product"]]
    weight = sums(mode[mode >= 0], np.concatenate([heavy, heavy[goods.docked]])[mode >= 0], len(goods.axes["mode"]))
    capacity = goods.net.tables.column("modes", "capacity") * goods.net.horizon / 365
    over = weight > capacity + TOLERANCE * np.maximum(goods.measured["kg"], np.abs(capacity))
    yield from (f"the mode {name} carries more than its capacity" for name in goods.axes["mode"].labels[over])


def _loads(goods: Goods) -> Iterator[str]:
    if not goods.net.tables.column("modes", "whole_loads").any():
        return
    modes, legs = goods.net.tables["modes"].set_index("mode"), _legs(goods)
    whole = legs[legs["mode"].map(modes["whole_loads"]).astype(bool)]
    keys = ["origin", "destination", "mode", "period"]
    carried = whole.groupby(keys, observed=True)[["weight", "volume"]].sum()
    paid = goods.solution.loads.set_index(keys)["loads"].reindex(carried.index, fill_value=0.0)
    for measure, counted in (("weight", "kg"), ("volume", "m3")):
        holds = modes[f"load_{measure}"] * modes["load_factor"]
        room = holds.reindex(carried.index.get_level_values("mode"))
        bought = paid.to_numpy() * room.to_numpy(dtype=float)
        short = carried[measure].to_numpy() > bought * (1 + TOLERANCE) + TOLERANCE * goods.measured[counted]
        yield from (f"{'/'.join(key)} needs more loads than are paid for" for key in carried.index[short][:3])


def _levels(goods: Goods) -> Iterator[str]:
    """A site with levels has one while it is open, and fits into it."""
    levels, sites = goods.net.tables["capacity_levels"], goods.solution.sites
    if levels.empty:
        return
    share, room = goods.net.horizon / 365, levels.set_index(["site", "level"])["capacity"]
    through = dict(zip(goods.axes["site"].labels, goods.through[1].sum(axis=1), strict=True))
    for site in _rows(sites[sites["site"].isin(levels["site"]) & sites["open"].astype(bool)]):
        if not site.level:
            yield f"{site.site} is open without a level"
        elif _over(through[site.site], room[site.site, site.level] * share, goods.measured[site.capacity_unit]):
            yield f"{site.site} is over the capacity of its level"


def _least(goods: Goods) -> Iterator[str]:
    """An open site has its minimum throughput."""
    column = goods.net.tables.column
    least = column("sites", "min_throughput") * goods.net.horizon / 365
    unit = np.array([goods.measured[name] for name in column("sites", "capacity_unit")])
    below = goods.open & (goods.through[1].sum(axis=1) < (1 - TOLERANCE) * least - TOLERANCE * unit)
    yield from (f"{name} is open below its minimum" for name in goods.axes["site"].labels[below][:3])


def _stock(goods: Goods) -> Iterator[str]:
    """Stock goes on from period to period, and ends as agreed."""
    net, solution = goods.net, goods.solution
    if solution.carried.empty:
        return
    stock = solution.carried.set_index(["site", "product", "period"])
    periods = net.tables["periods"]["period"].tolist()
    closing = stock["closing"].unstack().reindex(columns=periods).fillna(0.0)
    opening = stock["opening"].unstack().reindex(columns=periods).fillna(0.0)
    listed = net.tables["site_products"].set_index(["site", "product"]).reindex(closing.index)
    is_open = pd.Series(closing.index.get_level_values("site")).map(solution.sites.set_index("site")["open"]).to_numpy()
    given = listed["opening_stock"].fillna(0.0).to_numpy(dtype=float) * is_open.astype(float)
    before = np.column_stack([given, closing.to_numpy()[:, :-1]])
    room = TOLERANCE * np.maximum(goods.unit, before)
    bad = (np.abs(opening.to_numpy() - before) > room).any(axis=1)
    last, same = closing.to_numpy()[:, -1], (listed["ending"].fillna("same") == "same").to_numpy(dtype=bool)
    bad |= (last > given + room[:, 0]) | (same & (last < given - room[:, 0]))
    yield from (f"stock of {'/'.join(key)} does not go on from period to period as it should"
                for key in closing.index[bad][:3])


def _storage(solution: Solution) -> Iterator[str]:
    """Stock at the end of every period, with cycle and safety stock, fits into its storage."""
    net = solution.net
    if solution.carried.empty and net.derived.stocking is None:
        return
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
    over = filled.to_numpy(dtype=float) > capacity * (1 + TOLERANCE) + TOLERANCE
    yield from (f"stock at {'/'.join(key)} is above the storage capacity" for key in filled.index[over][:3])


def _sources(goods: Goods) -> Iterator[str]:
    flow, column = goods.flow.take(goods.delivered), goods.net.tables.column
    sources = flow.distinct("customer", "origin")["customer"]
    counted = np.bincount(sources[sources >= 0], minlength=len(goods.axes["customer"]))
    many = counted > np.where(column("customers", "single_source") == "no", column("customers", "max_sources"), np.inf)
    yield from (f"{name} has more sources than it may" for name in goods.axes["customer"].labels[many][:3])
    contracts = goods.net.tables["contracts"]
    group = goods.of("customers", "group", flow["customer"])
    for contract in _rows(contracts[contracts["kind"] == "same_site"]):
        if len(np.unique(flow["origin"][group == contract.group])) > 1:
            yield f"the group {contract.group} of contract {contract.contract} has several sources"


def _site_counts(goods: Goods) -> Iterator[str]:
    """The number of open sites of a group; without a group, of all."""
    group, contracts = goods.net.tables.column("sites", "group"), goods.net.tables["contracts"]
    for contract in _rows(contracts[contracts["kind"] == "sites_in_group"]):
        members = (group == contract.group) | (contract.group in ("", ALL))
        count, agreed = int((goods.open & members).sum()), float(contract.quantity)
        if (contract.limit != "at_least" and count > agreed) or (contract.limit != "at_most" and count < agreed):
            yield f"the contract {contract.contract} is not kept: {count} sites are open"


def _contracts(goods: Goods) -> Iterator[str]:
    if goods.net.derived.agreements.frame.empty:
        return
    figures = contract_figures(goods.solution)
    used, agreed = (figures[c].to_numpy(dtype=float) for c in ("used", "agreed"))
    room = TOLERANCE * np.maximum(goods.unit, np.abs(agreed))
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
