"""Cycle and safety stock in the program: configurations, and straight lines below the declared curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.columns import DEMAND, HELD, KEPT
from ctsopt.formulation.family import Variables, line, rows
from ctsopt.formulation.stock.declared import Declared, declared
from ctsopt.formulation.stock.segments import Segments
from ctsopt.formulation.stock.value import Curved
from ctsopt.keys import Bools, Keys
from ctsopt.networks.supply import holding_cost
from ctsopt.programs.algebra import Expr, Rows, Terms, Variable

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


# ---- variables -------------------------------------------------------------------------------------------------


def config(net: Network, segments: Segments) -> Variable | None:
    """config[site,stock_group,configuration] in {0, 1}: lead time, wait and class of a stock point.   [yes/no]"""
    made = declared(net)
    keys = made.stocking.configurations
    some = made.needed[keys.measures["point"]]
    return Variable(keys.index.where(some), upper=1.0, integer=True) if some.any() else None


def stock_segment(net: Network, segments: Segments) -> Variable | None:
    """stock_segment[site,stock_group,configuration,service_class,measure,period,segment] in {0, 1}.   [yes/no]

    The volume of the layer lies in the segment. Where a configuration has a single layer with a single segment,
    `config` says as much.
    """
    made = declared(net)
    own = own_segments(made, segments)
    return Variable(_keys(made, segments).where(own), upper=1.0, integer=True) if own.any() else None


def stock_volume(net: Network, segments: Segments) -> Variable | None:
    """stock_volume[site,stock_group,configuration,service_class,measure,period,segment] >= 0.   [units/day]

    The daily volume of the layer, where it lies in the segment (measure `variance`: its variance).
    """
    return Variable(_keys(declared(net), segments)) if len(segments) else None


def own_segments(made: Declared, segments: Segments) -> Bools:
    """Segments that need a decision of their own: a layer of several, or one that may be empty while others are not."""
    layers = np.bincount(made.layers.configuration[np.unique(segments.layer)],
                         minlength=len(made.stocking.configurations))
    alone = layers[made.layers.configuration[segments.layer]] == 1
    free = np.zeros(len(segments), dtype=bool)
    for lines in segments.lines.values():
        free |= lines.intercept > 0
    return np.asarray(segments.several | (free & ~alone))


def _keys(made: Declared, segments: Segments) -> Keys:
    index = made.layers.volumes.index.take(made.layers.volume[segments.layer])
    of = made.stocking.configurations.index
    axes = {**index.axes, "configuration": of.axes["configuration"], "segment": segments.axis}
    return Keys.make(axes, site=index["site"], stock_group=index["stock_group"],
                     configuration=of["configuration"][made.layers.configuration[segments.layer]],
                     service_class=index["service_class"], measure=index["measure"], period=index["period"],
                     segment=segments.number)


# ---- rows ------------------------------------------------------------------------------------------------------


@rows("one configuration of a stock point")
def one_configuration(x: Variables, net: Network) -> Rows | None:
    """sum_w config[s,g,w] <= open[s]   [yes/no]

    Every stock point (s, g) at which stock costs anything.
    """
    if x.config is None:
        return None
    chosen = x.config.by("site", "stock_group")
    return chosen <= x.open.at(chosen.index)


@rows("volume of a layer of stock",
      sources={"": ("periods.days", "products.variance_to_mean", "demand.variance_to_mean")})
def stock_volume_is(x: Variables, net: Network) -> Rows | None:
    """sum_w,i stock_volume[s,g,w,k,.,i] = daily volume of the classes of layer k   [units/day]

    Every stock point (s, g) and layer k; at least that of every period where stock_level is peak.
    """
    if x.stock is None or x.stock_volume is None:
        return None
    taken = x.stock_volume.by("site", "stock_group", "service_class", "measure", "period")
    known = taken.index.find(x.stock.declared.layers.volumes.index)
    daily = x.stock.volume.where(known[x.stock.row_volume] >= 0)
    volumes = taken.pick(known[x.stock.row_volume][known[x.stock.row_volume] >= 0])
    rows = Expr(daily.index, volumes.terms, volumes.constant) - daily
    return rows >= 0.0 if net.settings["stock_level"] == "peak" else rows == 0.0


@rows("volume of a segment, and none beside it", sources={"": DEMAND})
def stock_curve(x: Variables, net: Network) -> Rows | None:
    """stock_volume[...,i] <= end of segment i * stock_segment[...,i]   [units/day]

    Every segment i; of config where the layer has one segment.
    """
    if x.stock_volume is None or x.segments is None:
        return None
    return x.stock_volume <= segment_on(x) * x.segments.high


@rows("least volume of a segment", sources={"": DEMAND})
def stock_curve_from(x: Variables, net: Network) -> Rows | None:
    """stock_volume[...,i] >= begin of segment i * stock_segment[...,i]   [units/day]

    Every segment i but the first of a layer.
    """
    if x.stock_volume is None or x.segments is None:
        return None
    later = x.segments.low > 0
    rows = x.stock_volume.where(later) >= segment_on(x).where(later) * x.segments.low[later]
    return rows if later.any() else None


@rows("one segment of a layer of stock")
def one_segment(x: Variables, net: Network) -> Rows | None:
    """sum_i stock_segment[s,g,w,k,i] <= config[s,g,w]   [yes/no]

    Every layer k of a configuration w with decisions on its segments.
    """
    if x.stock_segment is None:
        return None
    assert x.config is not None
    chosen = x.stock_segment.by("site", "stock_group", "configuration", "service_class", "measure", "period")
    return chosen <= x.config.at(chosen.index)


def segment_on(x: Variables) -> Expr:
    """For each segment, whether the volume lies in it: a decision of its own, or the configuration."""
    assert x.stock_volume is not None
    assert x.config is not None
    assert x.stock is not None
    assert x.segments is not None
    keys, own = x.stock_volume.index, own_segments(x.stock.declared, x.segments)
    parts = [x.config.at(keys.where(~own)).per(keys)]
    if x.stock_segment is not None:
        parts.append(x.stock_segment.per(keys))
    return Expr(keys, tuple(part for one in parts for part in one.terms))


# ---- costs -----------------------------------------------------------------------------------------------------


@line("variable", stock="cycle", shown_on="stock", sources={"": KEPT})
def cycle_stock(x: Variables, net: Network) -> Expr | None:
    """unit_value[p] * holding_rate[p] * horizon/365 * cycle stock of each layer   [money]

    The line below the declared curve; what a plan is charged is the curve at its own volumes (docs/stock.md).
    """
    return _curved(x, "cycle_stock")


@line("variable", stock="safety", shown_on="stock", sources={"": KEPT})
def safety_stock(x: Variables, net: Network) -> Expr | None:
    """unit_value[p] * holding_rate[p] * horizon/365 * safety stock of each layer   [money]

    The line below the declared curve; what a plan is charged is the curve at its own volumes (docs/stock.md).
    """
    return _curved(x, "safety_stock")


@line("fixed", stock="fixed", shown_on="stock", sources={"config": ("site_products.stock_fixed_cost",)})
def stock_fixed(x: Variables, net: Network) -> Expr | None:
    """stock_fixed_cost[s,p] * horizon/365 * sum_w config[s,g,w]   [money]

    Every stock point with any volume, summed over its products.
    """
    if x.stock is None or not (x.stock.declared.fixed > 0).any():
        return None
    some = x.stock.declared.fixed > 0
    points = x.stock.declared.stocking.points.where(some)
    model = x.stock
    terms: tuple[Terms, ...] = ()
    if x.config is not None:
        known = points.find(x.config.index) >= 0
        terms = (x.config.where(known).per(points) * model.declared.fixed[some]).terms
    return Curved(points, terms, None, lambda plan: model.fixed(plan)[some])


@line("variable", stock="pipeline", shown_on="stock",
      sources={"": (*HELD, "modes.speed", "modes.fixed_time", "rates.transit_time", "lanes.distance")})
def pipeline_stock(x: Variables, net: Network) -> tuple[Expr, ...] | None:
    """unit_value[p] * holding_rate[p] * days in transit[w] / 365 * (move[w,t] + deliver[w,t])   [money]

    Moves, or all ways, by pipeline_on.
    """
    if x.stock is None or net.settings["pipeline_on"] == "none":
        return None
    price = holding_cost(net.content) / 365
    flows = [(x.move, net.ways.moves.index, net.ways.moves.measures["lead_time"])]
    if net.settings["pipeline_on"] == "all":
        flows.append((x.deliver, net.ways.deliveries.index, net.ways.deliveries.measures["in_transit"]))
    parts = []
    for flow, index, days in flows:
        cost = days * price[index["product"]]
        if (cost > 0).any():
            parts.append((flow * cost).where(cost > 0))
    return tuple(parts) or None


def stored(x: Variables, net: Network) -> Expr | None:
    """Capacity units of cycle and safety stock at each site and period, by the lines below the declared curves."""
    if x.stock_volume is None or x.segments is None or "load" not in x.segments.lines:
        return None
    lines = x.segments.lines["load"]
    below = (x.stock_volume * lines.slope + segment_on(x) * lines.intercept).by("site", "period")
    below = below.where(np.isfinite(net.tables.column("sites", "storage_capacity"))[below.index["site"]])
    if net.settings["stock_level"] == "each" or not len(below.index):
        return below if len(below.index) else None
    periods = len(net.axes["period"])
    item = np.repeat(np.arange(len(below.index)), periods)
    spread = below.pick(item)
    period = np.tile(np.arange(periods, dtype=np.int32), len(below.index))
    return Expr(Keys({"site": below.index["site"][item], "period": period}, below.index.axes), spread.terms)


def _curved(x: Variables, name: str) -> Expr | None:
    """A line of stock over its volumes: the segments' lines where they are in the program, and the curve."""
    if x.stock is None:
        return None
    index = x.stock.declared.layers.volumes.index
    terms: tuple[Terms, ...] = ()
    if x.stock_volume is not None and x.segments is not None:
        lines = x.segments.lines[name]
        below = x.stock_volume * lines.slope + segment_on(x) * lines.intercept
        terms = below.per(index).terms
    return Curved(index, terms, None, x.stock.amounts(name))


VARIABLES = (config, stock_segment, stock_volume)
ROWS = (one_configuration, stock_volume_is, one_segment, stock_curve, stock_curve_from)
COSTS = (cycle_stock, safety_stock, stock_fixed, pipeline_stock)
