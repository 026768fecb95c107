"""Declared stock of a network: layers with their curves in money, units and capacity units, before any plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from ctsopt.formulation.stock.curves import policies, unit_curves
from ctsopt.formulation.stock.layers import LINES, Layers, UnitCurves, layers
from ctsopt.inventory.curves import Curves
from ctsopt.keys import BLANK, Bools, Floats, Ints, Keys, Positions, matching
from ctsopt.networks.stock.points import Stocking
from ctsopt.networks.supply import holding_cost

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.networks.ways import Derived

_MADE: WeakKeyDictionary[Derived, Declared] = WeakKeyDictionary()
"""Curves take time to solve, and a network is built several times in one search."""


@dataclass(frozen=True, eq=False)
class Sources:
    """What adds to the volume of stock points: deliveries and goods moved to other sites.

    Attributes
    ----------
    way : int array
        Positions among the deliveries (or moves).
    point, service_class : int arrays
    variance : float array
        Variance to mean of each.
    """

    way: Positions
    point: Positions
    service_class: Positions
    variance: Floats

    def where(self, mask: Bools) -> Sources:
        """Those for which `mask` holds."""
        return Sources(self.way[mask], self.point[mask], self.service_class[mask], self.variance[mask])


@dataclass(frozen=True, eq=False)
class Declared:
    """Declared stock of a network.

    Attributes
    ----------
    stocking : Stocking
    layers : Layers
    units : UnitCurves
    money : dict of str to Curves
        Cycle and safety stock of each layer, in money over the horizon.
    load : Curves or None
        Capacity units of each layer, where the storage of a site is limited.
    most : float array
        The largest volume that each volume can come to.
    fixed : float array
        Fixed cost of stocking at each point, in money over the horizon.
    deliveries, moves : Sources
        What adds to volumes.
    """

    stocking: Stocking
    layers: Layers
    units: UnitCurves
    money: dict[str, Curves]
    load: Curves | None
    most: Floats
    fixed: Floats
    deliveries: Sources
    moves: Sources

    @property
    def needed(self) -> Bools:
        """Points whose configuration matters: stock there costs something or takes room that is limited."""
        point = self.stocking.configurations.measures["point"][self.layers.configuration]
        costs = np.zeros(len(self.layers), dtype=bool)
        for curves in (*self.money.values(), *([self.load] if self.load is not None else [])):
            costs |= (curves.table > 0).any(axis=1) | (curves.root > 0)
        result = self.fixed > 0
        result[point[costs]] = True
        return result


def declared(net: Network) -> Declared:
    """The declared stock of a network in which stock is planned."""
    if net.derived not in _MADE:
        _MADE[net.derived] = _declared(net)
    return _MADE[net.derived]


def _declared(net: Network) -> Declared:
    stocking = net.derived.stocking
    assert stocking is not None
    made = layers(net, stocking)
    deliveries, moves = _deliveries(net, stocking), _moves(net, stocking)
    most = _most(net, made, deliveries, moves)
    units = unit_curves(net, stocking, made, float(most.max(initial=1.0)))
    days = net.tables.column("periods", "days")
    period = made.volumes.index["period"][made.volume[units.layer]]
    lasting = np.where(period == BLANK, days.sum(), days[np.maximum(period, 0)]) / 365
    price = holding_cost(net.content)[units.product] * lasting
    money = {line: units.weighted(price, line, len(made)) for line in LINES}
    fixed = np.zeros(len(stocking.points))
    site, product = np.nonzero(stocking.stocked)
    np.add.at(fixed, stocking.point_of(site.astype(np.int32), product.astype(np.int32)),
              policies(net).fixed[site, product] * net.horizon / 365)
    return Declared(stocking, made, units, money, _load(net, made, units), most, fixed, deliveries, moves)


def _load(net: Network, made: Layers, units: UnitCurves) -> Curves | None:
    """Capacity units of each layer at sites with limited storage; None where there is no such site."""
    site = made.volumes.index["site"][made.volume[units.layer]]
    limited = np.isfinite(net.tables.column("sites", "storage_capacity"))[site]
    if not limited.any():
        return None
    room = np.where(limited, net.derived.supply.load(site, units.product.astype(np.int32)), 0.0)
    both = [units.weighted(room, line, len(made)) for line in LINES]
    return Curves(both[0].volumes, both[0].table + both[1].table, both[0].root + both[1].root)


def _deliveries(net: Network, stocking: Stocking) -> Sources:
    keys, request = net.ways.deliveries.index, net.ways.deliveries.measures["request"]
    point = stocking.point_of(keys["site"], keys["product"])
    way = np.flatnonzero(point >= 0)
    return Sources(way, point[way], stocking.request_class[request[way]].astype(np.int64),
                   stocking.request_variance[request[way]])


def _moves(net: Network, stocking: Stocking) -> Sources:
    keys = net.ways.moves.index
    service = stocking.outbound_class[keys["origin"], keys["product"]]
    point = np.where(service >= 0, stocking.point_of(keys["origin"], keys["product"]), -1)
    way = np.flatnonzero(point >= 0)
    return Sources(way, point[way], service[way].astype(np.int64), stocking.variance_to_mean[keys["product"][way]])


def _most(net: Network, made: Layers, deliveries: Sources, moves: Sources) -> Floats:
    """The largest daily volume of each: all requests of its classes that its point can serve, and all that moves on."""
    wanted, request = net.requests, net.ways.deliveries.measures["request"][deliveries.way].astype(np.int64)
    _, first = np.unique(deliveries.point * len(wanted) + request, return_index=True)
    request = request[first]
    on, everything = _moved(net, moves)
    point = np.concatenate([deliveries.point[first], moves.point[on]])
    service = np.concatenate([deliveries.service_class[first], moves.service_class[on]])
    quantity = np.concatenate([wanted.measures["quantity"][request], everything])
    spread = np.concatenate([deliveries.variance[first], moves.variance[on]])
    period = np.concatenate([wanted.index["period"][request], net.ways.moves.index["period"][moves.way[on]]])
    days, level = net.tables.column("periods", "days"), net.settings["stock_level"]
    daily = quantity / (net.horizon if level == "average" else days[period])
    volumes = made.volumes
    most = np.zeros(len(volumes.index))
    for chosen in ([None] if level == "average" else range(len(days))):
        total = np.zeros(len(volumes.index))
        some = np.arange(len(point)) if chosen is None else np.flatnonzero(period == chosen)
        row, item = matching(volumes.point, point[some])
        item = some[item]
        fits = (service[item] >= volumes.best[row]) & (service[item] <= volumes.worst[row])
        here = volumes.index["period"][row]
        fits &= (here == BLANK) | (here == period[item])
        row, item = row[fits], item[fits]
        factor = np.where(volumes.index["measure"][row] == 1, spread[item], 1.0)
        np.add.at(total, row, daily[item] * factor)
        most = np.maximum(most, total)
    return most * (1 + 1e-9)


def _moved(net: Network, moves: Sources) -> tuple[Positions, Floats]:
    """One move of each product from each point (and in each period, where these are told apart), and all demand of it.

    What moves on in one period may be for a later one, or replace opening stock.
    """
    keys = net.ways.moves.index
    product, period = keys["product"][moves.way].astype(np.int64), keys["period"][moves.way]
    if net.settings["stock_level"] == "average":
        period = np.zeros_like(period)
    code = (moves.point * len(net.axes["product"]) + product) * len(net.axes["period"]) + period
    _, first = np.unique(code, return_index=True)
    demand = np.bincount(net.requests.index["product"], weights=net.requests.measures["quantity"],
                         minlength=len(net.axes["product"]))
    return first, (demand + net.derived.supply.opening.sum(axis=0))[product[first]]


def everything_of(net: Network, group: Ints, point: Positions, points: Keys) -> Floats:
    """All demand, and opening stock, of the products of the group of each point."""
    demand = np.bincount(net.requests.index["product"], weights=net.requests.measures["quantity"],
                         minlength=len(net.axes["product"])) + net.derived.supply.opening.sum(axis=0)
    of_group = np.bincount(group, weights=demand, minlength=len(points.axes["stock_group"]))
    return np.asarray(of_group[points["stock_group"][point]])
