"""Which flows a configuration of a stock point allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.columns import DEMAND
from ctsopt.formulation.family import Variables, rows, strengthens
from ctsopt.formulation.stock.decisions import segment_on
from ctsopt.formulation.stock.declared import Declared, Sources, everything_of
from ctsopt.keys import BLANK, Axis, Floats, Keys, Positions, matching
from ctsopt.programs.algebra import Expr, Rows, Terms

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@dataclass(frozen=True, eq=False)
class _Asking:
    """Flows out of stock points and what they ask of the configuration.

    Attributes
    ----------
    way, point : int arrays
    keys : Keys
        site, stock_group, service_class (blank: any), wait: the longest that is allowed.
    """

    way: Positions
    point: Positions
    keys: Keys


@rows("what a configuration of stock may deliver", sources={"config": DEMAND}, ordered_by="wait")
def deliver_from_stock(x: Variables, net: Network) -> Rows | None:
    """sum of deliveries and goods moved out <= M * sum of the configurations that allow them   [units]

    Every stock point and distinct set of configurations: those with a class as good, and with a wait that leaves the
    promise kept. M is all their demand over the horizon.
    """
    if x.config is None or x.stock is None:
        return None
    made = x.stock.declared
    waits = _waits(made)
    out, moved = (_asking(made, sources, wait, waits) for sources, wait in (
        (made.deliveries, net.ways.deliveries.measures["wait"]), (made.moves, None)))
    both = Keys({n: np.concatenate([out.keys[n], moved.keys[n]]) for n in out.keys.names}, out.keys.axes)
    if not len(both):
        return None
    index = both.distinct(*both.names)
    flow = Expr(out.keys, x.deliver.pick(out.way).terms).per(index)
    flow = flow + Expr(moved.keys, x.move.pick(moved.way).terms).per(index)
    return flow <= _allowing(x, made, index) * _most(net, index, out, moved)


@rows("lead time of a configuration of stock", sources={"config": (*DEMAND, "site_products.opening_stock")})
def replenish_from(x: Variables, net: Network) -> Rows | None:
    """moves by ways slower than lead time L <= M * sum of the configurations with a longer lead time   [units]

    Every stock point with several lead times, and each of them but the longest.
    """
    if x.config is None or x.stock is None:
        return None
    stocking = x.stock.declared.stocking
    keys = net.ways.moves.index
    way = np.flatnonzero(stocking.move_level > 0)
    point = stocking.point_of(keys["destination"][way], keys["product"][way])
    some = x.stock.declared.needed[point]
    way, point = way[some], point[some]
    if not len(way):
        return None
    level = stocking.move_level[way]
    item = np.repeat(np.arange(len(way)), level)  # a slow way is slower than each of the shorter lead times
    asked = np.arange(len(item)) - np.repeat(np.cumsum(level) - level, level) + 1
    axes = {**stocking.points.axes, "level": Axis("level", [str(i + 1) for i in range(int(level.max()) + 1)])}
    index = Keys.make(axes, site=stocking.points["site"][point[item]],
                      stock_group=stocking.points["stock_group"][point[item]], level=asked)
    slow = Expr(index, x.move.pick(way[item]).terms).by("site", "stock_group", "level")
    offered = stocking.configurations.measures
    row, chosen = matching(stocking.points.locate(slow.index), offered["point"])
    fits = offered["level"][chosen] >= slow.index["level"][row]
    most = np.zeros(len(slow.index))
    np.maximum.at(most, slow.index.locate(index), everything_of(net, stocking.group, point[item], stocking.points))
    return slow <= _sum_of(x, slow.index, row[fits], chosen[fits], stocking.configurations.index) * most


@strengthens(anchor="deliver_from_stock")
@rows("what a configuration of stock may deliver to a customer", sources={"config": DEMAND}, ordered_by="wait")
def deliver_from_config(x: Variables, net: Network) -> Rows | None:
    """deliveries of a request from a stock point <= quantity * sum of the configurations that allow them   [units]

    Every request, stock point and distinct set of configurations: only strengthens.
    """
    if x.config is None or x.stock is None:
        return None
    made = x.stock.declared
    out = _asking(made, made.deliveries, net.ways.deliveries.measures["wait"], _waits(made))
    if not len(out.way):
        return None
    requests = net.ways.deliveries.index.take(out.way)
    keys = Keys({**requests.select("customer", "tier", "product", "period").columns, **out.keys.columns},
                {**requests.axes, **out.keys.axes})
    flow = Expr(keys, x.deliver.pick(out.way).terms).by(*keys.names)
    quantity = net.requests.measures["quantity"][net.requests.index.locate(flow.index)]
    return flow <= _allowing(x, made, flow.index) * quantity


@strengthens(anchor="stock_curve")
@rows("what a layer of stock may deliver to a customer", sources={"": DEMAND})
def deliver_from_layer(x: Variables, net: Network) -> Rows | None:
    """deliveries of a request from a stock point <= quantity * sum of the segments of a layer of its class   [units]

    Every request, stock point and layer that holds its class: only strengthens.
    """
    if x.stock_segment is None or x.stock is None or x.stock_volume is None:
        return None
    made = x.stock.declared
    volumes, request = made.layers.volumes, net.ways.deliveries.measures["request"]
    some = made.needed[made.deliveries.point]
    way, point, service = (c[some] for c in (made.deliveries.way, made.deliveries.point, made.deliveries.service_class))
    on = segment_on(x).by("site", "stock_group", "service_class", "measure", "period")
    known = volumes.index.find(on.index)
    item, row = matching(point, volumes.point[known])
    volume, period = known[row], net.ways.deliveries.index["period"][way[item]]
    fits = (volumes.best[volume] <= service[item]) & (service[item] <= volumes.worst[volume])
    here = volumes.index["period"][volume]
    fits &= (volumes.index["measure"][volume] == 0) & ((here == BLANK) | (here == period))
    item, row = item[fits], row[fits]
    if not len(item):
        return None
    keys = net.ways.deliveries.index.take(way[item]).select("customer", "tier", "product", "period")
    label = on.index["service_class"][row]
    index = Keys({**keys.columns, "site": volumes.index["site"][known[row]], "service_class": label},
                 {**keys.axes, "site": volumes.index.axes["site"], "service_class": on.index.axes["service_class"]})
    flow = Expr(index, x.deliver.pick(way[item]).terms).by(*index.names)
    first = np.empty(len(flow.index), dtype=np.int64)
    first[flow.index.locate(index)] = np.arange(len(index))
    quantity = net.requests.measures["quantity"][request[way[item[first]]]]
    layer = on.pick(row[first])
    rows: Rows = flow <= Expr(flow.index, layer.terms, layer.constant) * quantity
    return rows


def _waits(made: Declared) -> Axis:
    """Waits that may be quoted, in days."""
    longest = int(made.stocking.configurations.measures["wait"].max(initial=0))
    return Axis("wait", [str(days) for days in range(longest + 1)])


def _asking(made: Declared, sources: Sources, wait: Floats | None, waits: Axis) -> _Asking:
    """What some flows ask of the configuration of their stock point, where that matters."""
    stocking = made.stocking
    some = made.needed[sources.point]
    way, point, service = sources.way[some], sources.point[some], sources.service_class[some]
    longest = np.zeros(len(stocking.points), dtype=np.int64)
    np.maximum.at(longest, stocking.configurations.measures["point"], stocking.configurations.measures["wait"])
    kept = np.zeros(len(way)) if wait is None else wait[way]  # goods for other sites do not wait
    asked = np.minimum(kept, longest[point]).astype(np.int64)
    chosen = np.zeros(len(stocking.points), dtype=bool)
    chosen[stocking.configurations.measures["point"][stocking.configurations.measures["service_class"] >= 0]] = True
    axes = {**stocking.points.axes, "service_class": made.layers.volumes.index.axes["service_class"], "wait": waits}
    keys = Keys.make(axes, site=stocking.points["site"][point], stock_group=stocking.points["stock_group"][point],
                     service_class=np.where(chosen[point], service, BLANK), wait=asked)
    return _Asking(way, point, keys)


def _allowing(x: Variables, made: Declared, index: Keys) -> Expr:
    """For each key of site, stock_group, service_class and wait, the sum of the configurations that allow it."""
    offered = made.stocking.configurations.measures
    row, chosen = matching(made.stocking.points.locate(index), offered["point"])
    service = index["service_class"][row]
    fits = (offered["wait"][chosen] <= index["wait"][row]) & (
        (service == BLANK) | (offered["service_class"][chosen] <= service))
    return _sum_of(x, index, row[fits], chosen[fits], made.stocking.configurations.index)


def _sum_of(x: Variables, index: Keys, row: Positions, chosen: Positions, configurations: Keys) -> Expr:
    """For each key, the sum of the configurations paired with it."""
    assert x.config is not None
    place = x.config.index.locate(configurations.take(chosen))
    picked = x.config.pick(place)
    return Expr(index, tuple(Terms(row.astype(np.int32), part.col, part.coef) for part in picked.terms))


def _most(net: Network, index: Keys, out: _Asking, moved: _Asking) -> Floats:
    """All that can go by each key over the horizon: its requests once each, and all demand of what is moved on."""
    request = net.ways.deliveries.measures["request"][out.way].astype(np.int64)
    row = index.locate(out.keys)
    _, first = np.unique(row * len(net.requests) + request, return_index=True)
    most = np.zeros(len(index))
    np.add.at(most, row[first], net.requests.measures["quantity"][request[first]])
    if len(moved.way):
        stocking = net.derived.stocking
        assert stocking is not None
        onward = np.zeros(len(index))
        np.maximum.at(onward, index.locate(moved.keys),
                      everything_of(net, stocking.group, moved.point, stocking.points))
        most = most + onward
    return most


ROWS = (deliver_from_stock, replenish_from, deliver_from_config, deliver_from_layer)
