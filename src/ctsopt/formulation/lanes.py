"""Lanes and modes: limits on what goes by them, lanes that cost to be used at all, loads that are paid for whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.cells import Cell
from ctsopt.formulation.columns import DEMAND, SIDE
from ctsopt.formulation.family import Variables, bounds, rows
from ctsopt.keys import BLANK, Bools, Coded, Floats, Keys
from ctsopt.networks.resources import LegUse, legs_of
from ctsopt.programs.algebra import Expr, Rows, Variable

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


def use_lane(net: Network) -> Variable | None:
    """use_lane[origin,destination,mode] in {0, 1}: a lane with a fixed cost or a minimum is used.   [yes/no]"""
    lanes = net.derived.resources.lanes
    switched = (lanes.measures["fixed_cost"] > 0) | (lanes.measures["min_volume"] > 0)
    return Variable(lanes.index.take(switched), upper=1.0, integer=True) if switched.any() else None


@bounds("demand.quantity", "modes.load_weight", "modes.load_volume")
def loads(net: Network) -> Variable | None:
    """loads[origin,destination,mode,period] whole: loads that are paid for.   [loads]"""
    lanes = net.derived.resources.loads.index
    if not len(lanes):
        return None
    periods = len(net.axes["period"])
    columns = {name: np.repeat(codes, periods) for name, codes in lanes.columns.items()}
    axes = {**lanes.axes, "period": net.axes["period"]}
    return Variable(Keys.make(axes, **columns, period=np.tile(np.arange(periods), len(lanes))), integer=True)


@rows("most that goes by a lane", limit=True, sources={SIDE: ("lanes.max_volume", "periods.days")},
      cell=Cell("lanes", "max_volume", ("origin", "destination", "mode"), "capacity", "units",
                "the most that may go by the lane {}", links=("lane_use",), when="use_lane"))
def lane_volume(x: Variables, net: Network) -> Rows | None:
    """sum units on lane l <= max_volume[l] * horizon/365   [units]

    Every lane with a most; with mode * all modes together.
    """
    lanes = net.derived.resources.lanes
    limit = _over_horizon(net, lanes.measures["max_volume"])
    capped = np.isfinite(limit)
    if not capped.any():
        return None
    return on_lanes(x, net, lanes.index.take(capped)) <= limit[capped]


def _below_all_demand(net: Network, index: Keys) -> Bools:
    """Lanes whose most is less than all that could go by them."""
    return _over_horizon(net, _of(net.derived.resources.lanes, index)["max_volume"]) < _all_goods(net)


@rows("nothing by a lane that is not used", stands=_below_all_demand,
      sources={"use_lane": ("lanes.max_volume", *DEMAND, "site_products.opening_stock")})
def lane_use(x: Variables, net: Network) -> Rows | None:
    """sum units on lane l <= min(max_volume[l] * horizon/365, all demand and opening stock) * use_lane[l]   [units]"""
    if x.use_lane is None:
        return None
    lanes = _of(net.derived.resources.lanes, x.use_lane.index)
    limit = np.minimum(_over_horizon(net, lanes["max_volume"]), _all_goods(net))
    return on_lanes(x, net, x.use_lane.index) <= x.use_lane * limit


@rows("least that goes by a lane", sources={"use_lane": ("lanes.min_volume", "periods.days")},
      cell=Cell("lanes", "min_volume", ("origin", "destination", "mode"), "capacity", "units",
                "the least that goes by the lane {}", when="use_lane"))
def lane_minimum(x: Variables, net: Network) -> Rows | None:
    """sum units on lane l >= min_volume[l] * horizon/365 * use_lane[l]   [units]"""
    if x.use_lane is None:
        return None
    least = _over_horizon(net, _of(net.derived.resources.lanes, x.use_lane.index)["min_volume"])
    wanted = least > 0
    if not wanted.any():
        return None
    index = x.use_lane.index.take(wanted)
    return on_lanes(x, net, index) >= x.use_lane.where(wanted) * least[wanted]


@rows("weight of loads that are paid for whole",
      sources={"loads": ("modes.load_weight", "modes.load_factor"), "": ("products.weight",)})
def whole_loads(x: Variables, net: Network) -> Rows | None:
    """sum weight on lane l <= load_weight * load_factor * loads[l,t]   [kg]

    Every lane and period on which loads are paid for whole, where a load has a weight.
    """
    return _held(x, net, "weight")


@rows("volume of loads that are paid for whole",
      sources={"loads": ("modes.load_volume", "modes.load_factor"), "": ("products.volume",)})
def whole_loads_volume(x: Variables, net: Network) -> Rows | None:
    """sum volume on lane l <= load_volume * load_factor * loads[l,t]   [m3]

    Every lane and period on which loads are paid for whole, where a load has a volume.
    """
    return _held(x, net, "volume")


@rows("capacity of a mode", limit=True,
      cell=Cell("modes", "capacity", ("mode",), "capacity", "kg", "the capacity of the mode {}"),
      sources={SIDE: ("modes.capacity", "periods.days"), "": ("products.weight",)})
def mode_capacity(x: Variables, net: Network) -> Rows | None:
    """sum weight on all legs of mode m <= capacity[m] * horizon/365   [kg]"""
    limit = _over_horizon(net, net.tables.column("modes", "capacity"))
    capped = np.flatnonzero(np.isfinite(limit))
    if not len(capped):
        return None
    index = Keys.make(net.axes, mode=capped)
    total: Expr | None = None
    for flow, ways in _flows(x, net):
        for leg in legs_of(net.content, net.derived.resources.places, ways):
            mine = np.isin(leg.keys["mode"], capped)
            at = leg.way[mine]
            part = (flow * _per_unit(net, ways, "weight")).pick(at).per(index, on={"mode": leg.keys["mode"][mine]})
            total = part if total is None else total + part
    assert total is not None
    return total <= limit[capped]


def on_lanes(x: Variables, net: Network, index: Keys, measure: str = "") -> Expr:
    """Units (or weight, volume) on each lane of `index`; a blank mode there stands for all modes together."""
    total = Expr.constants(index, 0.0)
    for flow, ways in _flows(x, net):
        weighed = flow * _per_unit(net, ways, measure) if measure else flow
        for leg in legs_of(net.content, net.derived.resources.places, ways):
            for keys in (leg.keys, _any_mode(leg)):
                on = {name: keys[name] for name in ("origin", "destination", "mode")}
                found = index.find(ways.index.take(leg.way), on)
                hit = found >= 0
                if hit.any():
                    total = total + weighed.pick(leg.way[hit]).per(index, on={n: c[hit] for n, c in on.items()})
    return total


def _any_mode(leg: LegUse) -> Keys:
    blank = np.full(len(leg.keys), BLANK, dtype=np.int32)
    return Keys({**leg.keys.columns, "mode": blank}, leg.keys.axes)


def _flows(x: Variables, net: Network) -> tuple[tuple[Expr, Coded], ...]:
    return (x.move, net.ways.moves), (x.deliver, net.ways.deliveries)


def _per_unit(net: Network, ways: Coded, measure: str) -> Floats:
    figures: Floats = net.tables.column("products", measure)[ways.index["product"]]
    return figures


def _held(x: Variables, net: Network, measure: str) -> Rows | None:
    if x.loads is None:
        return None
    lanes = net.derived.resources.loads
    room: Floats = lanes.measures[measure][lanes.index.locate(x.loads.index)]
    bounded = np.isfinite(room)
    if not bounded.any():
        return None
    index = x.loads.index.take(bounded)
    return on_lanes(x, net, index, measure) <= x.loads.where(bounded) * room[bounded]


def _of(table: Coded, index: Keys) -> dict[str, Floats]:
    """Measures of a table at the keys of `index`."""
    at = table.index.locate(index)
    return {name: values[at] for name, values in table.measures.items()}


def _all_goods(net: Network) -> float:
    return float(net.requests.measures["quantity"].sum() + net.derived.supply.opening.sum())


def _over_horizon(net: Network, per_year: Floats) -> Floats:
    return per_year * (net.horizon / 365)


VARIABLES = (use_lane, loads)
ROWS = (lane_volume, lane_use, lane_minimum, whole_loads, whole_loads_volume, mode_capacity)
