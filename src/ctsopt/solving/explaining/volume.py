"""What volume cannot be had at all: the largest flow from what can be made to the customers of each tier.

No solver is needed. What can be made and what may pass each site are the capacities of a graph; a least cut of it names
those that bind. The graph leaves out every other limit, so that what is missing here is missing whatever else is given
up. Its capacities are whole numbers, but the cut is counted in the amounts themselves: every cut is one that no flow
can pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from ctsopt.keys import BLANK, Bools, Floats, Ints, Positions
from ctsopt.networks.requests import demanded
from ctsopt.solving.explaining.explanation import VOLUMES

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_FINE = 2**30
"""So many parts all demand is divided into."""

_SAME = 1e-7
"""Share of what is asked that counts as none."""


@dataclass(frozen=True, eq=False)
class _Layers:
    """One graph for each product and, where nothing can be kept for later, period; or one for all products together.

    Nodes are, layer by layer, the way into each site and the way out of it; then groups of requests that the same sites
    can serve; then the source and the sink.
    """

    net: Network
    together: bool

    @property
    def apart(self) -> bool:
        """Whether each period is a layer of its own."""
        supply = self.net.derived.supply
        return not supply.carries.any() and not (supply.opening > 0).any()

    def shape(self) -> tuple[int, int, int]:
        """Products (1 where they are together), periods (1 where goods can be kept) and sites."""
        axes = self.net.axes
        return (1 if self.together else len(axes["product"]), len(axes["period"]) if self.apart else 1,
                len(axes["site"]))

    def layer(self, product: Ints, period: Ints) -> Positions:
        """Layer of a product and period."""
        _, periods, _ = self.shape()
        first = np.zeros(len(product), dtype=np.int64) if self.together else product.astype(np.int64) * periods
        return np.asarray(first + period if self.apart else first, dtype=np.int64)

    def days(self) -> Floats:
        """Days of each period."""
        days = self.net.tables.column("periods", "days")
        return days if self.apart else np.array([days.sum()])

    def made(self) -> Floats:
        """What each site can make, shape (layers, sites)."""
        supply = self.net.derived.supply
        least = np.where(supply.makes, supply.make_capacity, 0.0).T[:, None, :] * self.days()[None, :, None] / 365
        if not self.apart:
            least = least + np.where(supply.handles, supply.opening, 0.0).T[:, None, :]
        least = least.sum(axis=0, keepdims=True) if self.together else least
        return np.asarray(least.reshape(-1, least.shape[2]))

    def passed(self) -> Floats:
        """What may leave or pass each site, in units, shape (layers, sites): of the lightest product, where all are
        together.
        """
        supply, products = self.net.derived.supply, self.shape()[0]
        capacity = self.net.tables.column("sites", "capacity")[:, None] * self.days() / 365
        takes = supply.factor[supply.unit].T
        takes = takes.min(axis=0, keepdims=True) if self.together else takes
        with np.errstate(divide="ignore", invalid="ignore"):
            units = np.where(takes[:, None, :] > 0, capacity.T[None] / takes[:, None, :], np.inf)
        return np.asarray(units.reshape(products * len(self.days()), -1))


@dataclass(frozen=True, eq=False)
class _Graph:
    """Edges with their amounts; groups of requests come after the sites."""

    made: Floats
    passed: Floats
    edges: tuple[Positions, Positions]
    group: Positions
    layer_of_group: Positions

    @property
    def nodes(self) -> int:
        """All nodes but the source and the sink, which come after them."""
        return 2 * self.made.size + len(self.layer_of_group)

    def reached(self, wanted: Floats) -> Bools:
        """Nodes on the source's side of a least cut, where each group wants so much."""
        points, groups, nodes = self.made.size, len(self.layer_of_group), self.nodes
        at = np.arange(points)
        total = float(wanted.sum())
        tail = np.concatenate([np.full(points, nodes), 2 * at, self.edges[0], 2 * points + np.arange(groups)])
        head = np.concatenate([2 * at, 2 * at + 1, self.edges[1], np.full(groups, nodes + 1)])
        amount = np.concatenate([self.made.ravel(), self.passed.ravel(), np.full(len(self.edges[0]), np.inf), wanted])
        whole = np.ceil(np.minimum(amount / total, 1.0) * _FINE).astype(np.int32)
        capacity = sp.csr_array(sp.coo_array((whole, (tail, head)), shape=(nodes + 2, nodes + 2)))
        left = sp.csr_array(capacity - maximum_flow(capacity, nodes, nodes + 1).flow)
        left.data = np.where(left.data > 0, 1, 0).astype(np.int32)
        left.eliminate_zeros()
        side = np.zeros(nodes + 2, dtype=bool)
        side[breadth_first_order(left, nodes, return_predecessors=False)] = True
        return side[:nodes]


def volumes(net: Network) -> pd.DataFrame:
    """Volume that cannot be had at all, best tiers first: of each product, and of all together.

    Parameters
    ----------
    net : Network

    Returns
    -------
    DataFrame
        One row for each capacity that binds: tiers (those that cannot all be served, best first), product (blank: of
        all together), period (blank: in all), asked (units that are promised to them), most (units that they can have
        at the most), table, row, column (of lanes blank: no way within the promise leads to the others).
    """
    records = [record for together in (False, True) for record in _short(net, _Layers(net, together))]
    return pd.DataFrame(records, columns=VOLUMES)


def _short(net: Network, layers: _Layers) -> list[tuple[object, ...]]:
    """What is short in some of the layers, for each level of tiers with those above it; each layer once."""
    if layers.together and len(net.axes["product"]) == 1:
        return []
    wanted, graph = net.requests, _graph(layers)
    quantity = wanted.measures["quantity"]
    promised = quantity * demanded(net.promises, wanted.measures["promise"], "served_fraction")
    rank = net.tables.column("tiers", "rank")[wanted.index["tier"]]
    names, ranks = net.axes["tier"].labels, net.tables.column("tiers", "rank")
    layer, count = layers.layer(wanted.index["product"], wanted.index["period"]), len(graph.made)
    known = np.zeros(count, dtype=bool)
    records: list[tuple[object, ...]] = []
    for level in np.unique(rank):
        mine = rank <= level
        units = np.bincount(graph.group[mine], quantity[mine], len(graph.layer_of_group))
        of_group = np.asarray(units, dtype=np.float64)
        asked = np.bincount(layer[mine], promised[mine], count)
        if not of_group.any():
            continue
        side = graph.reached(of_group)
        points = side[: 2 * graph.made.size].reshape(*graph.made.shape, 2)
        cut_made, cut_passed = ~points[..., 0], points[..., 0] & ~points[..., 1]
        served = side[2 * graph.made.size:]
        most = (np.where(cut_made, graph.made, 0.0) + np.where(cut_passed, graph.passed, 0.0)).sum(axis=1)
        most = most + np.bincount(graph.layer_of_group[served], of_group[served], count)
        tiers = [str(names[at]) for at in np.argsort(ranks, kind="stable") if ranks[at] <= level]
        for at in np.flatnonzero(~known & (most < asked * (1 - _SAME))).tolist():
            known[at] = True
            who = (tiers, *_named(net, layers, at), float(asked[at]), float(most[at]))
            records += [(*who, *place) for place in
                        _places(net, layers, at, cut_made[at] & (graph.made[at] > 0), cut_passed[at])]
    return records


def _named(net: Network, layers: _Layers, layer: int) -> tuple[str, str]:
    product, period = divmod(layer, len(layers.days()))
    several = layers.apart and len(net.axes["period"]) > 1
    return ("" if layers.together else str(net.axes["product"].labels[product]),
            str(net.axes["period"].labels[period]) if several else "")


def _places(net: Network, layers: _Layers, layer: int, made: Bools, passed: Bools) -> list[tuple[str, str, str]]:
    """Table, row and column of the capacities of a cut."""
    sites = net.axes["site"].labels
    product = "" if layers.together else " / " + str(net.axes["product"].labels[layer // len(layers.days())])
    found = [*(("site_products", f"{sites[at]}{product}", "make_capacity") for at in np.flatnonzero(made)),
             *(("sites", str(sites[at]), "capacity") for at in np.flatnonzero(passed))]
    if layers.made()[layer].any():
        return found or [("lanes", "", "")]  # no capacity is in the way: some have no way at all
    return found or [("site_products", product.removeprefix(" / "), "make_capacity")]


def _graph(layers: _Layers) -> _Graph:
    """The graph of a network; requests that the same sites can serve are one group."""
    net = layers.net
    made, passed = layers.made(), layers.passed()
    sites, moves, deliveries = made.shape[1], net.ways.moves, net.ways.deliveries
    wanted = net.requests
    into, out, last = [], [], []
    for ways, start, end in ((moves, "origin", "destination"), (deliveries, "site", "")):
        at = layers.layer(ways.index["product"], ways.index["period"]) * sites
        via = ways.index["via"]
        first, over = at + ways.index[start], via != BLANK
        into.append(2 * first[over] + 1)
        out.append(2 * (at + via)[over])
        last.append(np.where(over, at + via, first))
        if end:
            into.append(2 * last[-1] + 1)
            out.append(2 * (at + ways.index[end]))
    request = deliveries.measures["request"].astype(np.int64)
    pair = _pairs(request, last[-1], made.size)
    mark = np.random.default_rng(1).integers(1, 2**63, made.size, dtype=np.uint64)
    of_request = np.zeros(len(wanted), dtype=np.uint64)
    np.add.at(of_request, pair[0], mark[pair[1]])
    layer = layers.layer(wanted.index["product"], wanted.index["period"])
    _, one, group = np.unique(of_request + layer.astype(np.uint64), return_index=True, return_inverse=True)
    first_of = np.isin(pair[0], one)
    into.append(2 * pair[1][first_of] + 1)
    out.append(2 * made.size + group[pair[0][first_of]])
    edges = _pairs(np.concatenate(into), np.concatenate(out), 2 * made.size + len(one))
    return _Graph(made, passed, (edges[0], edges[1]), np.asarray(group), layer[one])


def _pairs(first: Positions, second: Positions, count: int) -> tuple[Positions, Positions]:
    """Each pair once; the second of them is less than `count`."""
    both = np.unique(first.astype(np.int64) * count + second)
    return both // count, both % count
