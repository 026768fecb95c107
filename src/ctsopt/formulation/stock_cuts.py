"""Cuts that lift the straight lines below the declared curves of stock, where a plan's deliveries are whole.

The cost of stock as a function of the set of requests that a point serves has falling differences where its curve is
concave: taken in any order, each request costs at least what it adds to those before it. That gives a row for each
order; the order of falling shares gives the one that is violated most, and the row of an unsplit plan is exact there
(Edmonds 1970; Atamtürk and Narayanan 2008, extended polymatroid inequalities). Where a curve is not concave, a concave
one below it takes its place. For pooled stock the layers of rationed stock, which are never dearer, are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.formulation.declared import Declared, matching
from ctsopt.formulation.stock_layers import LINES
from ctsopt.inventory.curves import Curves
from ctsopt.keys import BLANK, Floats, Positions

if TYPE_CHECKING:
    from ctsopt.network.network import Network
    from ctsopt.program.program import Program

_VIOLATED = 1e-6
"""A cut is put in where it is violated by more than this share of the stock that it is about."""


@dataclass(frozen=True, eq=False)
class _Items:
    """Concave curves over the volume of some classes; those of one volume add up to less than its stock costs.

    Attributes
    ----------
    volume : int array
        Which of the layers' volumes.
    worst : int array
        Its classes are those of the volume up to this one.
    curves : Curves
        In money, one for each item.
    """

    volume: Positions
    worst: Positions
    curves: Curves


class StockCuts:
    """Cuts for the stock of one network, found so far.

    Parameters
    ----------
    net : Network
    made : Declared
    base : Program
        The program without lines: its columns are the first ones of any program of the network.
    """

    def __init__(self, net: Network, made: Declared, base: Program) -> None:
        self._columns = base.columns
        self.volumes = len(made.layers.volumes.index)
        self._items = _items(net, made)
        self._shares, point, request = _shares(net, made, base)
        self._item, self._source, self._size = _pairs(net, made, self._items, point, request)
        self._volume: Positions = np.empty(0, dtype=np.int64)
        self._rows = sp.csr_array((0, self._columns))

    def __len__(self) -> int:
        return len(self._volume)

    def find(self, money: Floats, plan: Floats) -> int:
        """Add the cuts that a plan violates.

        Parameters
        ----------
        money : float array
            What the stock of each volume costs in the program.
        plan : float array
            Values of the columns, the first of which are those of the program without lines.

        Returns
        -------
        int
            How many were added.
        """
        share = np.clip(self._shares @ plan[:self._columns], 0.0, 1.0)
        order = np.lexsort((-share[self._source], self._item))
        item, source = self._item[order], self._source[order]
        start = np.append(True, item[1:] != item[:-1]) if len(item) else np.zeros(0, dtype=bool)
        total = np.cumsum(self._size[order])
        base = np.maximum.accumulate(np.where(start, total - self._size[order], 0.0))
        volume = np.minimum(total - base, self._items.curves.volumes[-1])
        value = self._items.curves.value(item, volume)
        added = value - np.where(start, 0.0, np.append(0.0, value[:-1])[:len(value)])
        at = self._items.volume[item]
        least = np.bincount(at, weights=added * share[source], minlength=self.volumes)
        missing = np.flatnonzero(least - money > _VIOLATED * np.maximum(least, 1e-9))
        if not len(missing):
            return 0
        place = np.full(self.volumes, BLANK)
        place[missing] = np.arange(len(missing))
        some = np.flatnonzero(place[at] >= 0)
        gather = sp.csr_array((added[some], (place[at[some]], source[some])), shape=(len(missing), len(share)))
        self._rows = sp.csr_array(sp.vstack([self._rows, gather @ self._shares]))
        self._volume = np.concatenate([self._volume, missing])
        return len(missing)

    def rows(self, money: sp.csr_array, since: int = 0) -> sp.csr_array:
        """Left sides of the cuts from number `since` on, each at least 0, in the columns of a program.

        Parameters
        ----------
        money : sparse array, shape (volumes, columns)
            What the stock of each volume costs in that program.
        """
        mine = sp.csr_array(self._rows[since:])
        wider = sp.csr_array((mine.data, mine.indices, mine.indptr), shape=(mine.shape[0], money.shape[1]))
        return sp.csr_array(money[self._volume[since:]] - wider)


def money_of(program: Program, volumes: int) -> sp.csr_array:
    """What the stock of each volume costs in a program with lines, shape (volumes, columns)."""
    terms = [part for line in LINES for one in program.costs[line].parts for part in one.terms]
    row, col, coef = (np.concatenate([np.empty(0, dtype=kind), *columns]) for kind, columns in (
        (np.int64, [part.rows for part in terms]), (np.int64, [part.col for part in terms]),
        (np.float64, [part.coef for part in terms])))
    return sp.csr_array(sp.coo_array((coef, (row, col)), shape=(volumes, program.columns)))


def _items(net: Network, made: Declared) -> _Items:
    """The curves of every volume: the least of its configurations; for pooled stock in layers, one for each class."""
    layers, of = made.layers, made.stocking.configurations.measures
    volumes = made.money[LINES[0]].volumes
    some = np.flatnonzero(_cuttable(net, made)[layers.volumes.point[layers.volume]])
    chosen = of["service_class"][layers.configuration[some]]
    worst = np.where(chosen >= 0, chosen, layers.volumes.worst[layers.volume[some]])
    classes = len(made.stocking.fill_rate) + 1
    code, place = np.unique(layers.volume[some] * classes + worst, return_inverse=True)
    table, root = (sum(getattr(made.money[line], name)[some] for line in LINES) for name in ("table", "root"))
    place = place.ravel()
    alone = np.bincount(place, minlength=len(code)) == 1
    alone = np.repeat(True, len(code)) if alone.all() else np.repeat(False, len(code))
    table = np.where(alone[place][:, None], table, table + root[:, None] * np.sqrt(volumes))
    least, roots = np.full((len(code), len(volumes)), np.inf), np.zeros(len(code))
    np.minimum.at(least, place, table)
    roots[place] = np.where(alone[place], root, 0.0)
    volume, worst = np.divmod(code, classes)
    pooled = np.zeros(len(code), dtype=bool)
    pooled[place] = chosen >= 0
    # The layers of pooled stock: what a class needs beyond the next worse one, which is the next row.
    below = np.append(volume[1:] == volume[:-1], False) & pooled if len(code) else pooled
    beyond = np.where(below[:, None], least - np.append(least[1:], least[:1], axis=0), least)
    roots = np.where(below, roots - np.append(roots[1:], roots[:1]), roots)
    # Their volumes are less than the pool's, so that they may not fall.
    rising = np.minimum.accumulate(beyond[:, ::-1], axis=1)[:, ::-1]
    beyond = np.where(below[:, None], rising, beyond)
    return _Items(volume, worst, Curves(volumes, _concave(volumes, beyond, made.most[volume]), roots))


def _cuttable(net: Network, made: Declared) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Points whose stock costs something and is for deliveries alone; none where the peak of several periods counts."""
    result = made.needed.copy()
    result[made.moves.point] = False
    if net.settings["stock_level"] == "peak" and len(net.axes["period"]) > 1:
        result[:] = False
    return result


def _concave(volumes: Floats, table: Floats, most: Floats) -> Floats:
    """Concave curves below others, the same where these are concave; up to the corner at or above `most`."""
    last = np.minimum(np.searchsorted(volumes, most), len(volumes) - 1)
    result = table.copy()
    slope = np.full(len(table), np.inf)
    later = np.arange(len(volumes)) <= last[:, None]
    for j in range(1, len(volumes)):
        steps = (table[:, j:] - result[:, j - 1:j]) / (volumes[j:] - volumes[j - 1])
        least = np.where(later[:, j:], steps, np.inf).min(axis=1)
        slope = np.minimum(slope, np.where(np.isfinite(least), least, slope))
        result[:, j] = result[:, j - 1] + slope * (volumes[j] - volumes[j - 1])
    return result


def _shares(net: Network, made: Declared, base: Program) -> tuple[sp.csr_array, Positions, Positions]:
    """Share of each request that each point delivers, as rows over the columns of a program; its point and request."""
    request = net.ways.deliveries.measures["request"][made.deliveries.way].astype(np.int64)
    some = np.flatnonzero(_cuttable(net, made)[made.deliveries.point])
    code, place = np.unique(made.deliveries.point[some] * len(net.requests) + request[some], return_inverse=True)
    point, wanted = np.divmod(code, len(net.requests))
    columns = base.variables["deliver"].start + made.deliveries.way[some]
    share = 1.0 / net.requests.measures["quantity"][request[some]]
    return sp.csr_array((share, (place.ravel(), columns)), shape=(len(code), base.columns)), point, wanted


def _pairs(net: Network, made: Declared, items: _Items, point: Positions,
           request: Positions) -> tuple[Positions, Positions, Floats]:
    """Item, row of shares and daily volume of every request in every item that holds it."""
    volumes, wanted = made.layers.volumes, net.requests
    item, source = matching(volumes.point[items.volume], point)
    volume, service = items.volume[item], made.stocking.request_class[request[source]]
    period, here = wanted.index["period"][request[source]], volumes.index["period"][volume]
    fits = (volumes.best[volume] <= service) & (service <= items.worst[item]) & ((here == BLANK) | (here == period))
    item, source, volume, period = item[fits], source[fits], volume[fits], period[fits]
    days = np.where(volumes.index["period"][volume] == BLANK, net.horizon, net.tables.column("periods", "days")[period])
    spread = np.where(volumes.index["measure"][volume] == 1, made.stocking.request_variance[request[source]], 1.0)
    return item, source, wanted.measures["quantity"][request[source]] / days * spread
