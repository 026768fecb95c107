"""Who bears the stock of a plan: cycle stock by volume, safety stock by the layered rule.

One pool held at the best fill rate is layered: what the worst class alone would need is shared by all, what the next
better one needs beyond that by it and all better ones, and so on; within a layer by variance of demand (the
Aumann-Shapley share of a square root). Rationed stock has the same layers by its policy; separate stock is each
class's own. The shares add up exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.formulation.stock.declared import Sources
from ctsopt.formulation.stock.value import StockModel, Valued
from ctsopt.keys import BLANK, Floats, Positions, matching

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.results.tracing import Trace

Value = Callable[[Positions, Floats], Floats]
"""From layers and their volumes to an amount of each."""


@dataclass(frozen=True, eq=False)
class Charges:
    """Parts of the stock of a plan and who bears them.

    Attributes
    ----------
    layer, less : int arrays
        Each part is what a layer comes to, less what another layer comes to; -1: nothing.
    volume : float array
        At which both are taken.
    point : int array
    best, worst : int arrays
        The classes that bear it.
    period : int array
        Blank: the horizon.
    """

    layer: Positions
    less: Positions
    volume: Floats
    point: Positions
    best: Positions
    worst: Positions
    period: Positions

    def __len__(self) -> int:
        return len(self.layer)

    @classmethod
    def joined(cls, parts: list[Charges]) -> Charges:
        """All of some charges."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__annotations__))

    def at(self, some: Positions) -> Charges:
        """Some of them."""
        return Charges(*(getattr(self, name)[some] for name in self.__annotations__))

    def amount(self, value: Value) -> Floats:
        """What each part comes to."""
        total = np.zeros(len(self))
        for layer, sign in ((self.layer, 1.0), (self.less, -1.0)):
            on = np.flatnonzero(layer >= 0)
            total[on] += sign * value(layer[on], self.volume[on])
        return total


def cycle_charges(model: StockModel, plan: Floats) -> Charges:
    """Cycle stock: each layer by all whose goods it holds."""
    layers, valued = model.declared.layers, model.of(plan)
    return _plain(model, valued, np.flatnonzero(valued.active & layers.cycles))


def safety_charges(model: StockModel, plan: Floats) -> Charges:
    """Safety stock: layers as they are, and pooled stock taken apart into layers."""
    layers, valued = model.declared.layers, model.of(plan)
    chosen = model.declared.stocking.configurations.measures["service_class"][layers.configuration]
    own, pooled = (np.flatnonzero(valued.active & mask) for mask in (chosen < 0, chosen >= 0))
    return Charges.joined([_plain(model, valued, own), _taken_apart(model, valued, pooled)])


def fixed_charges(model: StockModel, plan: Floats) -> Charges:
    """Each stock point with any volume as a whole: by all whose goods it holds."""
    point = np.flatnonzero(model.of(plan).configuration != BLANK)
    worst, none = np.full(len(point), len(model.declared.stocking.fill_rate)), np.full(len(point), BLANK)
    return Charges(none, none, np.zeros(len(point)), point, np.zeros(len(point), dtype=np.int64), worst, none)


def _plain(model: StockModel, valued: Valued, layer: Positions) -> Charges:
    volumes = model.declared.layers.volumes
    at = model.declared.layers.volume[layer]
    return Charges(layer, np.full(len(layer), BLANK), valued.volume[at], volumes.point[at], volumes.best[at],
                   volumes.worst[at], volumes.index["period"][at].astype(np.int64))


def _taken_apart(model: StockModel, valued: Valued, active: Positions) -> Charges:
    """Pooled stock: for each class served or better than one that is, what it needs beyond the next worse class."""
    layers, of, present = model.declared.layers, model.declared.stocking.configurations.measures, (
        model.declared.stocking.present)
    volumes = layers.volumes
    alike = _code(model, np.arange(len(layers)), of["service_class"][layers.configuration])
    order = np.argsort(alike)
    at = layers.volume[active]
    point = volumes.point[at]
    row, service = np.nonzero(present[point] & (np.arange(present.shape[1]) >= of["service_class"][
        layers.configuration[active]][:, None]))
    sibling = order[np.searchsorted(alike, _code(model, active[row], service), sorter=order)]
    last = np.append(row[1:] != row[:-1], True) if len(row) else np.zeros(0, dtype=bool)
    less = np.where(last, BLANK, np.append(sibling[1:], BLANK)[:len(sibling)])
    return Charges(sibling, less, valued.volume[at][row], point[row], np.zeros(len(row), dtype=np.int64), service,
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


Ends = Callable[[str, Sources], sp.csr_array]
"""From flows (`deliver` or `move`) to what they count for, shape (flows, bearers)."""


def shares(net: Network, model: StockModel, plan: Floats, charges: Charges, traced: Trace, *,
           by_variance: bool) -> sp.csr_array:
    """Share of each end in each charge; goods moved on count for the ends to which they go."""

    def ends(name: str, used: Sources) -> sp.csr_array:
        if name == "move":
            return sp.csr_array(traced.share[traced.at(net.ways.moves.index.take(used.way), "destination")])
        return _one_each(traced.ends.at(net.ways.deliveries.take(used.way)), len(traced.ends))

    return _shared(net, model, plan, charges, ends, len(traced.ends), by_variance=by_variance)


def class_shares(net: Network, model: StockModel, plan: Floats, charges: Charges, *,
                 by_variance: bool) -> sp.csr_array:
    """Share of each service class in each charge."""
    classes = len(model.declared.stocking.fill_rate)
    return _shared(net, model, plan, charges, lambda _, used: _one_each(used.service_class, classes), classes,
                   by_variance=by_variance)


def _one_each(column: Positions, width: int) -> sp.csr_array:
    return sp.csr_array((np.ones(len(column)), (np.arange(len(column)), column)), shape=(len(column), width))


def _shared(net: Network, model: StockModel, plan: Floats, charges: Charges, ends: Ends, width: int, *,
            by_variance: bool) -> sp.csr_array:
    """Shares that add up to 1 for each charge.

    Where none of its classes is served in its period, those bear it that are served in another one, because of whom it
    is there; where none of them ever is, all do. Where no demand varies, it is shared by volume.
    """
    everyone = replace(charges, worst=np.full(len(charges), len(model.declared.stocking.fill_rate)))
    found = sp.csr_array((len(charges), width))
    open_ones = np.arange(len(charges))
    for bearers in (charges, _always(charges), _always(everyone)):
        for variance in (True, False) if by_variance else (False,):
            if not len(open_ones):
                return found
            weight = _weights(net, model, plan, bearers.at(open_ones), ends, width, by_variance=variance)
            total: Floats = np.asarray(weight.sum(axis=1), dtype=np.float64).ravel()
            some = total > 0
            place = sp.csr_array((1.0 / total[some], (open_ones[some], np.flatnonzero(some))),
                                 shape=(len(charges), len(open_ones)))
            found = sp.csr_array(found + place @ weight)
            open_ones = open_ones[~some]
    return found


def _always(charges: Charges) -> Charges:
    return replace(charges, period=np.full(len(charges), BLANK))


def _weights(net: Network, model: StockModel, plan: Floats, charges: Charges, ends: Ends, width: int, *,
             by_variance: bool) -> sp.csr_array:
    """Units, or their variance, of each bearer in each charge."""
    total = sp.csr_array((len(charges), width))
    for name, index, sources in (("deliver", net.ways.deliveries.index, model.declared.deliveries),
                                 ("move", net.ways.moves.index, model.declared.moves)):
        flow = model.flow(name, plan)[sources.way]
        used = sources.where(flow > 0)
        if len(used.way):
            weight = flow[flow > 0] * (used.variance if by_variance else 1.0)
            total = total + _taken(charges, used, weight, index["period"][used.way].astype(np.int64)) @ ends(name, used)
    return sp.csr_array(total)


def _taken(charges: Charges, used: Sources, weight: Floats, period: Positions) -> sp.csr_array:
    """Weight of each flow in each charge, shape (charges, flows)."""
    row, item = matching(charges.point, used.point)
    fits = (charges.best[row] <= used.service_class[item]) & (used.service_class[item] <= charges.worst[row])
    fits &= (charges.period[row] == BLANK) | (charges.period[row] == period[item])
    row, item = row[fits], item[fits]
    return sp.csr_array((weight[item], (row, item)), shape=(len(charges), len(used.way)))
