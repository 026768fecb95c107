"""Activity tracing: which customers the goods at each stocking point end with, over any number of echelons and cycles.

Proportional mixing (Bialek, "Tracing the flow of electricity", 1996, downstream-looking form): what leaves a point
carries its costs in proportion to quantity, whatever lane it takes. With T the outflow of a point, F the moves
between points and D the deliveries, the shares A of the ends in each point solve (diag(T) - F) A = D. Cycles
between points are allowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from ctsopt.formulation.carried import next_period
from ctsopt.keys import Bools, Coded, Floats, Ints, Keys, Positions

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_COLUMNS_AT_ONCE = 256
_NO_POINTS: dict[str, list[int]] = {"site": [], "product": [], "period": []}


@dataclass(frozen=True, eq=False)
class Ends:
    """Who bears a cost: a request, by the site that delivers it. One request has as many ends as sites deliver it.

    Attributes
    ----------
    request, site : int arrays
        Distinct pairs, in ascending order.
    """

    request: Positions
    site: Positions

    @classmethod
    def of(cls, deliveries: Coded) -> Ends:
        """The ends of some ways to deliver."""
        pairs = np.unique(np.stack([deliveries.measures["request"], deliveries.index["site"]]).astype(np.int64), axis=1)
        return cls(pairs[0], pairs[1])

    def __len__(self) -> int:
        return len(self.request)

    def at(self, deliveries: Coded) -> Positions:
        """The end of each way to deliver."""
        width = int(self.site.max(initial=0)) + 1
        wanted = deliveries.measures["request"].astype(np.int64) * width + deliveries.index["site"]
        return np.asarray(np.searchsorted(self.request * width + self.site, wanted), dtype=np.int64)

    def codes(self, end: Positions | Ints) -> dict[str, Positions]:
        """Request and delivering site of some ends, as the cube's codes."""
        return {"request": self.request[end], "site": self.site[end]}


@dataclass(frozen=True, eq=False)
class Trace:
    """Where goods end.

    Attributes
    ----------
    points : Keys
        Stocking points (site, product, period).
    ends : Ends
        Requests by the sites that deliver them.
    share : sparse array, shape (points, ends)
        Share of each point's outflow that goes to each end; a row adds up to 1, or is empty where nothing leaves for a
        customer (an idle point, or a pure circulation).
    """

    points: Keys
    ends: Ends
    share: sp.csr_array

    def at(self, keys: Keys, site: str) -> Positions:
        """Point of each of `keys`, by its key column `site`."""
        return self.points.locate(keys, {"site": site})


def trace(net: Network, moves: Coded, moved: Floats, deliveries: Coded, delivered: Floats, made: Keys,
          carried: tuple[Keys, Floats] | None = None) -> Trace:
    """Trace every unit to the request that it serves, and to the site that delivers it.

    Stock goes on to the same point one period later; after the last period it stands for the opening stock that it
    replaces, so that it goes on to the first.

    Parameters
    ----------
    net : Network
    moves, deliveries : Coded
        Ways that carry goods.
    moved, delivered : float arrays
        Units on each.
    made : Keys
        Where goods are made, so that those points are in the trace even if they are idle.
    carried : pair of Keys and float array, optional
        Points (site, product, period) and the stock there at the end of the period.
    """
    held, kept = carried if carried is not None else (Keys.make(made.axes, **_NO_POINTS), np.empty(0))
    later = next_period(held)
    parts = [(moves.index, "origin"), (moves.index, "destination"), (deliveries.index, "site"), (made, "site"),
             (held, "site"), (later, "site")]
    columns = {name: np.concatenate([keys[end if name == "site" else name] for keys, end in parts])
               for name in ("site", "product", "period")}
    points = Keys.make(net.axes, **columns).distinct("site", "product", "period")
    start, end = (np.concatenate([points.locate(moves.index, {"site": side}), points.locate(keys)])
                  for side, keys in (("origin", held), ("destination", later)))
    source = points.locate(deliveries.index)
    size, ends = len(points), Ends.of(deliveries)
    direct = _matrix(delivered, source, ends.at(deliveries), (size, len(ends)))
    onward = _matrix(np.concatenate([moved, kept]), start, end, (size, size))
    alive = _reaches(onward, direct)
    onward = sp.csr_array(onward @ sp.diags_array(alive.astype(float)))
    outflow = direct.sum(axis=1) + onward.sum(axis=1)
    scale = sp.diags_array(np.where(alive & (outflow > 0), 1.0 / np.where(outflow > 0, outflow, 1.0), 0.0))
    share = _solve(sp.csr_array(scale @ onward), sp.csr_array(scale @ direct))
    return Trace(points, ends, share)


def _matrix(values: Floats, row: Positions, column: Positions, shape: tuple[int, int]) -> sp.csr_array:
    return sp.csr_array(sp.coo_array((values, (row, column)), shape=shape))


def _reaches(onward: sp.csr_array, direct: sp.csr_array) -> Bools:
    """Points from which goods reach a customer; the others idle, or circulate among themselves."""
    alive = np.diff(direct.indptr) > 0
    while True:
        more = alive | (onward @ alive.astype(float) > 0)
        if (more == alive).all():
            return np.asarray(alive)
        alive = more


def _solve(onward: sp.csr_array, direct: sp.csr_array) -> sp.csr_array:
    """A = onward A + direct: by substitution where no goods go in a circle, else by a sparse factorisation."""
    groups, _ = connected_components(onward, directed=True, connection="strong")
    if groups == onward.shape[0] and not onward.diagonal().any():
        share, step = direct, direct
        while step.nnz:
            step = sp.csr_array(onward @ step)
            share = sp.csr_array(share + step)
        return share
    factor = splu(sp.csc_array(sp.eye_array(onward.shape[0]) - onward))
    blocks = []
    for first in range(0, direct.shape[1], _COLUMNS_AT_ONCE):
        columns = direct[:, first:first + _COLUMNS_AT_ONCE].toarray()
        blocks.append(sp.csr_array(factor.solve(columns)))
    return sp.csr_array(sp.hstack(blocks))
