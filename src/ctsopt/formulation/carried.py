"""Stock that is carried from one period to the next: built up before a season, or there when the horizon begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.anew import held, used_up
from ctsopt.formulation.cells import Cell
from ctsopt.formulation.columns import HELD, KEPT, SIZE
from ctsopt.formulation.family import Figures, Variables, bounds, line, rows
from ctsopt.formulation.stock.decisions import stored
from ctsopt.keys import Bools, Floats, Keys
from ctsopt.networks.supply import holding_cost
from ctsopt.programs.algebra import Expr, Rows, Variable

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@bounds("sites.storage_capacity", "site_products.opening_stock")
def carry(net: Network) -> Variable | None:
    """carry[site,product,period] >= 0: stock at the end of a period.   [units]

    At stocking points that may keep stock, in every period but the last; in the last where there was opening stock.
    """
    who, periods = net.derived.supply, len(net.axes["period"])
    if periods == 1 and not who.opening.any():
        return None
    used = _used(net)
    keeps = np.repeat((who.carries & (used | (who.opening > 0)))[:, :, None], periods, axis=2)
    keeps[:, :, -1] = who.carries & (who.opening > 0)
    site, product, period = np.nonzero(keeps)
    return Variable(Keys.make(net.axes, site=site, product=product, period=period)) if len(site) else None


def storage_figures(x: Variables, net: Network, plan: Floats) -> Figures | None:
    """Stock at the end of every period, cycle and safety stock included, at open sites whose storage is limited."""
    capacity, periods = net.tables.column("sites", "storage_capacity"), len(net.axes["period"])
    load = np.zeros((len(capacity), periods))
    limited = np.isfinite(capacity) & (capacity > 0) & (x.open.value(plan) > 0)
    if x.carry is not None:
        keys = x.carry.index
        room = net.derived.supply.load(keys["site"], keys["product"])
        np.add.at(load, (keys["site"], keys["period"]), x.carry.value(plan) * room)
    if x.stock is not None:
        keys, units = x.stock.stored(plan)
        each = keys["period"] >= 0
        np.add.at(load, (keys["site"][each], keys["period"][each]), units[each])
        np.add.at(load, keys["site"][~each], units[~each][:, None])
    site, period = np.nonzero(limited[:, None] & (load > 0))
    return Figures(Keys.make(net.axes, site=site, period=period), load[site, period], np.full(len(site), -np.inf),
                   np.asarray(capacity[site]))


@rows("storage of a site", limit=storage_figures,
      cell=Cell("sites", "storage_capacity", ("site",), "capacity", "capacity_unit", "the storage of {}", yearly=False,
                when="open"),
      sources={"open": ("sites.storage_capacity",), "stock_volume": KEPT, "stock_segment": KEPT, "config": KEPT,
               "": SIZE})
def storage(x: Variables, net: Network) -> Rows | None:
    """sum load * (carry[s,p,t] + cycle and safety stock) <= storage_capacity[s] * open[s]   [capacity_unit]

    Every site s with a storage capacity, period t.
    """
    capacity = net.tables.column("sites", "storage_capacity")
    parts = [part for part in (_carried_load(x, net, capacity), stored(x, net)) if part is not None]
    if not parts:
        return None
    keys = [part.index for part in parts]
    index = Keys({n: np.concatenate([one[n] for one in keys]) for n in ("site", "period")}, keys[0].axes)
    index = index.distinct("site", "period")
    total = sum((part.per(index) for part in parts), start=Expr(index))
    return total <= x.open.at(index) * capacity[index["site"]]


def _carried_load(x: Variables, net: Network, capacity: Floats) -> Expr | None:
    """Capacity units that are carried from each period to the next, where storage is limited."""
    if x.carry is None:
        return None
    keys = x.carry.index
    bounded = np.isfinite(capacity)[keys["site"]]
    if not bounded.any():
        return None
    return (x.carry * net.derived.supply.load(keys["site"], keys["product"])).where(bounded).by("site", "period")


@rows("stock when the horizon ends", sources={"open": ("site_products.opening_stock",)},
      cell=Cell("site_products", "ending", ("site", "product"), "rule", "units", "the stock at the end at {}",
                yearly=False, rate=False, mend={"ending": "free"}))
def ending_stock(x: Variables, net: Network) -> Rows | None:
    """carry[s,p,T] = opening_stock[s,p] * open[s], or <= that where ending is free or value   [units]

    Every point with opening stock, T the last period.
    """
    if x.carry is None:
        return None
    last = x.carry.where(x.carry.index["period"] == len(net.axes["period"]) - 1)
    if not len(last.index):
        return None
    rows = last <= x.open.at(last.index) * _opening(net, last.index)
    same = net.derived.supply.ending[last.index["site"], last.index["product"]] == "same"
    return Rows(rows.lhs, np.where(same, rows.upper, -np.inf), rows.upper)


@line("variable", stock="carried", shown_on="carried.cost",
      sources={"open": (*HELD, "site_products.opening_stock"), "carry": HELD}, anew=held)
def carried_stock(x: Variables, net: Network) -> tuple[Expr, ...] | None:
    """unit_value[p] * holding_rate[p] * sum_t days[t]/365 * (carried in + carry[s,p,t]) / 2   [money]

    The mean of the stock before and after each period, for as long as the period lasts.
    """
    if x.carry is None:
        return None
    days = net.tables.column("periods", "days") / 365
    rate = holding_cost(net.content)
    keys = x.carry.index
    after = np.append(days, 0.0)[keys["period"] + 1]  # the last period's stock is held for half of it
    cost = rate[keys["product"]] * (days[keys["period"]] + after) / 2
    parts = [(x.carry * cost).where(cost > 0)]
    points = _stocked(net)
    if len(points):
        opening = _opening(net, points) * rate[points["product"]] * days[0] / 2
        parts.append((x.open.at(points) * opening).where(opening > 0))
    parts = [part for part in parts if len(part.index)]
    return tuple(parts) or None


@line("variable", stock="carried", shown_on="carried.used_up",
      sources={"open": ("products.unit_value", "site_products.opening_stock"), "carry": ("products.unit_value",)},
      anew=used_up)
def stock_change(x: Variables, net: Network) -> Expr | None:
    """unit_value[p] * (opening_stock[s,p] * open[s] - carry[s,p,T])   [money]

    Where ending is value: stock that is used up is paid for.
    """
    if x.carry is None:
        return None
    points = _stocked(net)
    value = net.tables.column("products", "unit_value")[points["product"]]
    paid = (net.derived.supply.ending[points["site"], points["product"]] == "value") & (value > 0)
    if not paid.any():
        return None
    index, value = points.where(paid), value[paid]
    last = x.carry.where(x.carry.index["period"] == len(net.axes["period"]) - 1)
    kept = last.pick(last.index.locate(_at_the_end(net, index)))
    ended = Expr(index, kept.terms, kept.constant)
    change: Expr = x.open.at(index) * (_opening(net, index) * value) - ended * value
    return change


def carried_in(x: Variables, net: Network, points: Keys) -> tuple[Expr, Expr]:
    """What each point has from the period before, and its opening stock in the first period."""
    assert x.carry is not None
    last = len(net.axes["period"]) - 1
    kept = x.carry.where(x.carry.index["period"] < last)
    before = kept.per(points, on={"period": kept.index["period"] + np.int32(1)})
    stocked = _stocked(net)
    opened = (x.open.at(stocked) * _opening(net, stocked)).per(points, on={"period": np.zeros(len(stocked), np.int32)})
    return before, opened


def next_period(keys: Keys) -> Keys:
    """The same points one period later; after the last period comes the first."""
    return Keys({**keys.columns, "period": (keys["period"] + np.int32(1)) % np.int32(len(keys.axes["period"]))},
                keys.axes)


def _stocked(net: Network) -> Keys:
    """Points with opening stock: site, product."""
    who = net.derived.supply
    site, product = np.nonzero(who.carries & (who.opening > 0))
    return Keys.make(net.axes, site=site, product=product)


def _at_the_end(net: Network, points: Keys) -> Keys:
    last = np.full(len(points), len(net.axes["period"]) - 1, dtype=np.int32)
    return Keys.make(net.axes, site=points["site"], product=points["product"], period=last)


def _opening(net: Network, points: Keys) -> Floats:
    return np.asarray(net.derived.supply.opening[points["site"], points["product"]])


def _used(net: Network) -> Bools:
    """Points (site, product) that something leaves or reaches."""
    used = np.zeros(net.derived.supply.handles.shape, dtype=bool)
    for keys, ends in ((net.ways.moves.index, ("origin", "destination")), (net.ways.deliveries.index, ("site",))):
        for end in ends:
            used[keys[end], keys["product"]] = True
    return used


VARIABLES = (carry,)
ROWS = (storage, ending_stock)
COSTS = (carried_stock, stock_change)
