"""Cost lines worked out anew, from the tables of a network and of a plan: nothing here has seen an expression.

The recheck compares these amounts with those of the program's own expressions. What is charged by the unit is taken
from the charges of the ways, and multiplied by the flows as they are reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.formulation.family import Anew
from ctsopt.keys import Keys
from ctsopt.networks.everyday import recovery

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

Frames = Mapping[str, pd.DataFrame]


def of_ways(charge: str) -> Anew:
    """What flows come to by a charge of their ways, in money a unit; NaN where there is no such way."""

    def amount(net: Network, tables: Frames) -> float:
        flow, total = tables["flows"].rename(columns={"origin": "site"}), 0.0
        for kind, ways in (("move", net.ways.moves), ("delivery", net.ways.deliveries)):
            if charge in ways.measures:
                mine = flow[flow["kind"] == kind].rename(columns={} if "site" in ways.index.names
                                                         else {"site": "origin"})
                axes = ways.index.axes
                keys = Keys.make(axes, **{name: axes[name].codes(mine[name]) for name in ways.index.names})
                each = np.append(ways.measures[charge], np.nan)[ways.index.find(keys)]
                total += float(each @ mine["quantity"].to_numpy(dtype=float))
        return total

    return amount


def handling(column: str) -> Anew:
    """Goods that enter (handling_in) or leave (handling_out) a site or a cross-dock, in its capacity unit."""

    def amount(net: Network, tables: Frames) -> float:
        flow, sites = tables["flows"], net.tables["sites"].set_index("site")
        ends = flow[flow["kind"] == "move"] if column == "handling_in" else flow
        end, passing = "destination" if column == "handling_in" else "origin", flow[flow["via"] != ""]
        goods = pd.concat([ends.assign(at=ends[end]), passing.assign(at=passing["via"])], ignore_index=True)
        each = goods["at"].map(sites[column]).astype(float).to_numpy()
        return float(_in_capacity_units(net, goods, sites["capacity_unit"]) @ each)

    return amount


def _in_capacity_units(net: Network, goods: pd.DataFrame, unit: pd.Series[str]) -> np.ndarray[
        tuple[int], np.dtype[np.float64]]:
    """Quantities in the capacity unit of the site that they are at."""
    products = net.tables["products"].set_index("product")
    counted = goods["at"].map(unit).to_numpy(dtype=object)
    size = np.ones(len(goods))
    for name, column in (("kg", products["weight"]), ("m3", products["volume"]),
                         ("pallets", 1 / products["pallet_units"])):
        size = np.where(counted == name, goods["product"].map(column).to_numpy(dtype=float), size)
    return np.asarray(size * goods["quantity"].to_numpy(dtype=float))


def made_by(kind: str) -> Anew:
    """What is made at plants, or bought from suppliers."""

    def amount(net: Network, tables: Frames) -> float:
        made, listed = tables["production"], net.tables["site_products"]
        of_site = made["site"].map(net.tables["sites"].set_index("site")["kind"])
        mine = made[(of_site == kind).to_numpy(dtype=bool)]
        cost = listed.set_index(["site", "product"])["make_cost"]
        each = cost.reindex(pd.MultiIndex.from_frame(mine[["site", "product"]].astype(object))).fillna(0.0)
        return float(each.to_numpy(dtype=float) @ mine["quantity"].to_numpy(dtype=float))

    return amount


def open_sites(net: Network, tables: Frames) -> float:
    """Fixed cost of what is open, levels included."""
    plan, levels = tables["sites"], net.tables["capacity_levels"].set_index(["site", "level"])["fixed_cost"]
    chosen = [key for key in zip(plan["site"], plan["level"], strict=True) if key[1]]
    of_level = float(levels.loc[chosen].sum()) if chosen else 0.0
    return (_on(net, plan, "fixed_cost", plan["open"]) + of_level) * net.horizon / 365


def opened_sites(net: Network, tables: Frames) -> float:
    """Opening candidates, as an annuity."""
    plan = tables["sites"]
    return _on(net, plan, "opening_cost", plan["open_share"] * (plan["status"] == "candidate")) * _annuity(net)


def closed_sites(net: Network, tables: Frames) -> float:
    """Closing sites that are open today, as an annuity."""
    plan = tables["sites"]
    today = plan["status"].isin(["open", "closing"])
    return _on(net, plan, "closing_cost", (1 - plan["open_share"]) * today) * _annuity(net)


def _on(net: Network, plan: pd.DataFrame, column: str, share: pd.Series[float]) -> float:
    cost = plan["site"].map(net.tables["sites"].set_index("site")[column]).to_numpy(dtype=float)
    return float(cost @ share.to_numpy(dtype=float))


def _annuity(net: Network) -> float:
    return recovery(float(net.settings["discount_rate"]), float(net.settings["life"])) * net.horizon / 365


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
    cost = net.tables["tiers"].set_index("tier")["program_cost"]
    return float(cost.reindex(tables["units"]["tier"].unique()).sum()) * net.horizon / 365


def emitted(net: Network, tables: Frames) -> float:
    """CO2 of the flows at its price."""
    return float(tables["flows"]["co2"].sum()) * float(net.settings["carbon_price"])


def not_served(net: Network, tables: Frames) -> float:
    """Demand that is not served, at the cost of its tier, where not everything is promised."""
    short, cost = tables["shortage"], net.tables["tiers"].set_index("tier")["shortage_cost"]
    return float(short["tier"].map(cost).to_numpy(dtype=float) @ short["unserved"].to_numpy(dtype=float))


def held(net: Network, tables: Frames) -> float:
    """Stock carried between periods, at the mean of both ends of each."""
    return float(tables["carried"]["cost"].sum())


def used_up(net: Network, tables: Frames) -> float:
    """Opening stock that is used up and paid for."""
    return float(tables["carried"]["used_up"].sum())
