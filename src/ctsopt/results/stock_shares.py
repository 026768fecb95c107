"""Who bears the stock of a plan: cycle stock by volume, safety stock by the layered rule.

One pool held at the best fill rate is layered: what the worst class alone would need is shared by all, what the next
better one needs beyond that by it and all better ones, and so on; within a layer by variance of demand (the
Aumann-Shapley share of a square root). Rationed stock has the same layers by its policy; separate stock is each
class's own. The shares add up exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.formulation.declared import Sources, matching
from ctsopt.formulation.stock_value import StockModel
from ctsopt.keys import BLANK, Floats, Positions

if TYPE_CHECKING:
    from ctsopt.network.network import Network
    from ctsopt.results.tracing import Trace

Value = Callable[[Positions, Floats], Floats]
"""From layers and their volumes to an amount of each."""


@dataclass(frozen=True, eq=False)
class Charges:
    """Amounts of stock and who bears them.

    Attributes
    ----------
    amount : float array
    layer : int array
        The layer that each is of; -1 for what a stock point costs as a whole.
    point : int array
    best, worst : int arrays
        The classes that bear it.
    period : int array
        Blank: the horizon.
    """

    amount: Floats
    layer: Positions
    point: Positions
    best: Positions
    worst: Positions
    period: Positions

    @classmethod
    def joined(cls, parts: list[Charges]) -> Charges:
        """All of some charges."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts])
                     for name in ("amount", "layer", "point", "best", "worst", "period")))


def cycle_charges(model: StockModel, plan: Floats, value: Value) -> Charges:
    """Cycle stock: each layer by all whose goods it holds."""
    layers, valued = model.declared.layers, model.of(plan)
    on = np.flatnonzero(valued.active & layers.cycles)
    return _plain(model, on, value(on, valued.volume[layers.volume[on]]))


def safety_charges(model: StockModel, plan: Floats, value: Value) -> Charges:
    """Safety stock: layers as they are, and pooled stock taken apart into layers."""
    layers, valued = model.declared.layers, model.of(plan)
    chosen = model.declared.stocking.configurations.measures["service_class"][layers.configuration]
    own = np.flatnonzero(valued.active & (chosen < 0))
    plain = _plain(model, own, value(own, valued.volume[layers.volume[own]]))
    return Charges.joined([plain, _taken_apart(model, plan, value, np.flatnonzero(valued.active & (chosen >= 0)))])


def fixed_charges(model: StockModel, plan: Floats) -> Charges:
    """Fixed cost of each stock point: by all whose goods it holds."""
    amount = model.fixed(plan)
    point = np.flatnonzero(amount > 0)
    worst = np.full(len(point), len(model.declared.stocking.fill_rate))
    none = np.full(len(point), BLANK)
    return Charges(amount[point], none, point, np.zeros(len(point), dtype=np.int64), worst, none)


def _plain(model: StockModel, layer: Positions, amount: Floats) -> Charges:
    volumes = model.declared.layers.volumes
    at = model.declared.layers.volume[layer]
    return Charges(amount, layer, volumes.point[at], volumes.best[at], volumes.worst[at],
                   volumes.index["period"][at].astype(np.int64))


def _taken_apart(model: StockModel, plan: Floats, value: Value, active: Positions) -> Charges:
    """Pooled stock: for each class served or better than one that is, what it needs beyond the next worse class."""
    layers, of, present = model.declared.layers, model.declared.stocking.configurations.measures, (
        model.declared.stocking.present)
    valued, volumes = model.of(plan), layers.volumes
    alike = _code(model, np.arange(len(layers)), of["service_class"][layers.configuration])
    order = np.argsort(alike)
    at = layers.volume[active]
    point = volumes.point[at]
    row, service = np.nonzero(present[point] & (np.arange(present.shape[1]) >= of["service_class"][
        layers.configuration[active]][:, None]))
    sibling = order[np.searchsorted(alike, _code(model, active[row], service), sorter=order)]
    needed = value(sibling, valued.volume[at][row])
    last = np.append(row[1:] != row[:-1], True) if len(row) else np.zeros(0, dtype=bool)
    beyond = needed - np.where(last, 0.0, np.append(needed[1:], 0.0)[:len(needed)])
    return Charges(beyond, active[row], point[row], np.zeros(len(row), dtype=np.int64), service,
                   volumes.index["period"][at][row].astype(np.int64))


def _code(model: StockModel, layer: Positions, service: Positions) -> Positions:
    """One number for each layer and class: layers alike but for the class of their configuration differ by it only."""
    layers, of = model.declared.layers, model.declared.stocking.configurations.measures
    configuration = layers.configuration[layer]
    sizes = [int(of[c].max(initial=0)) + 1 for c in ("level", "wait")]
    code = of["point"][configuration]
    code = (code * sizes[0] + of["level"][configuration]) * sizes[1] + of["wait"][configuration].astype(np.int64)
    keys = layers.volumes.index
    at = layers.volume[layer]
    periods = len(keys.axes["period"]) + 1
    code = (code * 2 + keys["measure"][at]) * periods + keys["period"][at] + 1
    return np.asarray(code * (len(model.declared.stocking.fill_rate) + 1) + service + 1, dtype=np.int64)


def shares(net: Network, model: StockModel, plan: Floats, charges: Charges, traced: Trace, *,
           by_variance: bool) -> sp.csr_array:
    """Share of each request in each charge; goods moved on count for the requests in which they end."""
    requests = len(net.requests)
    total = sp.csr_array((len(charges.amount), requests))
    ways = net.ways
    for name, coded, sources in (("deliver", ways.deliveries, model.declared.deliveries),
                                 ("move", ways.moves, model.declared.moves)):
        flow = model.flow(name, plan)[sources.way]
        used = sources.where(flow > 0)
        if not len(used.way):
            continue
        weight = flow[flow > 0] * (used.variance if by_variance else 1.0)
        taken = _taken(charges, used, weight, coded.index["period"][used.way].astype(np.int64))
        if name == "deliver":
            ends = sp.csr_array((np.ones(len(used.way)), (np.arange(len(used.way)),
                                                          coded.measures["request"][used.way])),
                                shape=(len(used.way), requests))
        else:
            ends = sp.csr_array(traced.share[traced.at(coded.index.take(used.way), "destination")])
        total = total + taken @ ends
    weights: Floats = np.asarray(total.sum(axis=1), dtype=np.float64).ravel()
    if by_variance and (weights <= 0).any():  # demand that does not vary: by volume
        plain = shares(net, model, plan, charges, traced, by_variance=False)
        flat = weights <= 0
        return sp.csr_array(sp.diags_array((~flat).astype(float) / np.where(flat, 1.0, weights)) @ total
                            + sp.diags_array(flat.astype(float)) @ plain)
    return sp.csr_array(sp.diags_array(1.0 / np.where(weights > 0, weights, 1.0)) @ total)


def _taken(charges: Charges, used: Sources, weight: Floats, period: Positions) -> sp.csr_array:
    """Weight of each flow in each charge, shape (charges, flows)."""
    row, item = matching(charges.point, used.point)
    fits = (charges.best[row] <= used.service_class[item]) & (used.service_class[item] <= charges.worst[row])
    fits &= (charges.period[row] == BLANK) | (charges.period[row] == period[item])
    row, item = row[fits], item[fits]
    return sp.csr_array((weight[item], (row, item)), shape=(len(charges.amount), len(used.way)))
