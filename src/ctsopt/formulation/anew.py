"""Cost lines worked out anew, from the tables of a network and of a plan: nothing here has seen an expression.

The recheck compares these amounts with those of the program's own expressions. What is charged by the unit is taken
from the charges of the ways, and multiplied by the flows as they are reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.formulation.family import Anew
from ctsopt.keys import Bools, Floats, Ints, Keys
from ctsopt.networks.everyday import recovery

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

Frames = Mapping[str, pd.DataFrame]


def of_ways(charge: str) -> Anew:
    """What flows come to by a charge of their ways, in money a unit; NaN where there is no such way."""

    def amount(net: Network, tables: Frames) -> float:
        flow, total = tables["flows"], 0.0
        for kind, ways in (("move", net.ways.moves), ("delivery", net.ways.deliveries)):
            if charge in ways.measures:
                mine, axes = _is(flow, "kind", kind), ways.index.axes
                keys = Keys({name: axes[name].codes(_texts(flow, "origin" if name == "site" else name)[mine])
                             for name in ways.index.names}, axes)
                each = np.append(ways.measures[charge], np.nan)[ways.index.find(keys)]
                total += float(each @ _numbers(flow, "quantity")[mine])
        return total

    return amount


def handling(column: str) -> Anew:
    """Goods that enter (handling_in) or leave (handling_out) a site or a cross-dock, in its capacity unit."""

    def amount(net: Network, tables: Frames) -> float:
        flow, sites, products = tables["flows"], net.axes["site"], net.axes["product"]
        via = _texts(flow, "via")
        over = via != ""
        ends = _is(flow, "kind", "move") if column == "handling_in" else np.ones(len(flow), dtype=bool)
        end = _texts(flow, "destination" if column == "handling_in" else "origin")
        site = sites.codes(np.concatenate([end[ends], via[over]]))
        product, quantity = products.codes(_texts(flow, "product")), _numbers(flow, "quantity")
        product, quantity = (np.concatenate([part[ends], part[over]]) for part in (product, quantity))
        return float(_in_capacity_units(net, site, product, quantity) @ _of(net, "sites", column, site))

    return amount


def _in_capacity_units(net: Network, site: Ints, product: Ints, quantity: Floats) -> Floats:
    """Quantities in the capacity unit of the site that they are at."""
    counted, size = np.append(net.tables.column("sites", "capacity_unit"), "")[site], np.ones(len(site))
    for name, each in (("kg", _of(net, "products", "weight", product)), ("m3", _of(net, "products", "volume", product)),
                       ("pallets", 1 / _of(net, "products", "pallet_units", product))):
        size = np.where(counted == name, each, size)
    return size * quantity


def made_by(kind: str) -> Anew:
    """What is made at plants, or bought from suppliers."""

    def amount(net: Network, tables: Frames) -> float:
        made, axes = tables["production"], {name: net.axes[name] for name in ("site", "product")}
        at = Keys({name: axis.codes(_texts(made, name)) for name, axis in axes.items()}, axes)
        mine = np.append(net.tables.column("sites", "kind"), "")[at["site"]] == kind
        listed = Keys({name: axis.codes(net.tables.column("site_products", name)) for name, axis in axes.items()}, axes)
        each = np.append(net.tables.column("site_products", "make_cost"), np.nan)[listed.find(at)]
        return float(np.nan_to_num(each[mine]) @ _numbers(made, "quantity")[mine])

    return amount


def _is(frame: pd.DataFrame, column: str, text: str) -> Bools:
    return np.asarray(_texts(frame, column) == text)


def _texts(frame: pd.DataFrame, column: str) -> npt.NDArray[np.object_]:
    return frame[column].to_numpy(dtype=object)


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    return frame[column].to_numpy(dtype=float)


def _of(net: Network, table: str, column: str, codes: Ints) -> Floats:
    """A column of numbers by the codes of its rows; NaN where there is no such row."""
    return np.append(net.tables.column(table, column), np.nan)[codes]


def open_sites(net: Network, tables: Frames) -> float:
    """Fixed cost of what is open, levels included."""
    plan = tables["sites"]
    chosen = [key for key in zip(plan["site"], plan["level"], strict=True) if key[1]]
    of_level = 0.0
    if chosen:
        levels = net.tables["capacity_levels"].set_index(["site", "level"])["fixed_cost"]
        of_level = float(levels.loc[chosen].sum())
    return (_on(net, plan, "fixed_cost", _numbers(plan, "open")) + of_level) * net.horizon / 365


def opened_sites(net: Network, tables: Frames) -> float:
    """Opening candidates, as an annuity."""
    plan = tables["sites"]
    opened = _numbers(plan, "open_share") * _is(plan, "status", "candidate")
    return _on(net, plan, "opening_cost", opened) * _annuity(net)


def closed_sites(net: Network, tables: Frames) -> float:
    """Closing sites that are open today, as an annuity."""
    plan = tables["sites"]
    today = _is(plan, "status", "open") | _is(plan, "status", "closing")
    return _on(net, plan, "closing_cost", (1 - _numbers(plan, "open_share")) * today) * _annuity(net)


def _on(net: Network, plan: pd.DataFrame, column: str, share: Floats) -> float:
    return float(_of(net, "sites", column, net.axes["site"].codes(_texts(plan, "site"))) @ share)


def _annuity(net: Network) -> float:
    return recovery(float(net.settings["discount_rate"]), float(net.settings["life"])) * net.horizon / 365


def paid_lanes(line: str) -> Anew:
    """Lanes that carry goods, and those that the cube charges without any, at their fixed cost in the table."""

    def amount(net: Network, tables: Frames) -> float:
        keys, cube = ["origin", "destination", "mode"], tables["cube"]
        used = pd.concat([tables["lanes"][keys].astype(str), cube.loc[cube["line"] == line, keys].astype(str)])
        used = pd.concat([used.assign(mode=used["mode"].replace("", "*")), used.assign(mode="*")]).drop_duplicates()
        listed = net.tables["lanes"]
        paid = listed[listed["status"] == "open"].merge(used, on=keys)
        return float(paid["fixed_cost"].sum()) * net.horizon / 365

    return amount


def paid_loads(net: Network, tables: Frames) -> float:
    """Loads by what each of them costs on its lane."""
    loads, lanes = tables["loads"], net.derived.resources.loads
    if loads.empty:
        return 0.0
    names = list(lanes.index.names)
    each = lanes.index.frame()[names].assign(each=lanes.measures["cost"]).set_index(names)["each"]
    wanted = each.reindex(pd.MultiIndex.from_frame(loads[names].astype(object)))
    return float(wanted.to_numpy(dtype=float) @ loads["loads"].to_numpy(dtype=float))


def served_tiers(net: Network, tables: Frames) -> float:
    """Programs of the tiers that have demand."""
    tiers = np.unique(net.axes["tier"].codes(_texts(tables["units"], "tier")))
    return float(_of(net, "tiers", "program_cost", tiers).sum()) * net.horizon / 365


def emitted(net: Network, tables: Frames) -> float:
    """CO2 of the flows at its price."""
    return float(tables["flows"]["co2"].sum()) * float(net.settings["carbon_price"])


def not_served(net: Network, tables: Frames) -> float:
    """Demand that is not served, at the cost of its tier, where not everything is promised."""
    short = tables["shortage"]
    tier = net.axes["tier"].codes(_texts(short, "tier"))
    return float(_of(net, "tiers", "shortage_cost", tier) @ _numbers(short, "unserved"))


def held(net: Network, tables: Frames) -> float:
    """Stock carried between periods, at the mean of both ends of each."""
    return float(tables["carried"]["cost"].sum())


def used_up(net: Network, tables: Frames) -> float:
    """Opening stock that is used up and paid for."""
    return float(tables["carried"]["used_up"].sum())
