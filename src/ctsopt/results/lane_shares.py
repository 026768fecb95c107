"""Who uses a lane: what goes by each lane for each end, to share what the lane costs as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import BLANK, Coded, Floats, Keys, Positions
from ctsopt.networks.resources import legs_of
from ctsopt.results.tracing import Trace

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

LANE = ("origin", "destination", "mode")
"""Key columns of a lane; a blank mode stands for all modes together."""


def lane_shares(net: Network, traced: Trace, moved: tuple[Coded, Floats], delivered: tuple[Coded, Floats],
                index: Keys, *, in_loads: bool) -> sp.csr_array:
    """What goes by each lane of `index` for each end, shape (lanes, ends).

    Keys are those of a lane, or some of them (mode alone: all legs by it), with or without period. In units;
    `in_loads` (lanes on which loads are paid for whole), as shares of a load: the larger of those of its weight and its
    volume.
    """
    shape = (len(index), len(traced.ends))
    total = sp.csr_array(shape)
    for (ways, units), is_move in ((moved, True), (delivered, False)):
        for leg in legs_of(net.content, net.derived.resources.places, ways):
            keys = ways.index.take(leg.way)
            blank = np.full(len(leg.way), BLANK, dtype=np.int32)
            for mode in (leg.keys["mode"], blank)[:2 if "mode" in index.names else 1]:
                on = {"origin": leg.keys["origin"], "destination": leg.keys["destination"], "mode": mode}
                lane = index.find(keys, {name: codes for name, codes in on.items() if name in index.names})
                hit = np.flatnonzero(lane >= 0)
                if not len(hit):
                    continue
                way = leg.way[hit]
                weight = units[way] * (_of_load(net, ways, way, index, lane[hit]) if in_loads else 1.0)
                total = total + _gather(traced, ways, way, lane[hit], weight, shape, is_move=is_move)
    return sp.csr_array(total)


def _of_load(net: Network, ways: Coded, way: Positions, index: Keys, lane: Positions) -> Floats:
    """What a unit takes of a load."""
    loads = net.derived.resources.loads
    place = loads.index.locate(index)[lane]
    product = ways.index["product"][way]
    weight, volume = (net.tables["products"][c].to_numpy(dtype=float)[product] for c in ("weight", "volume"))
    return np.asarray(np.maximum(weight / loads.measures["weight"][place], volume / loads.measures["volume"][place]))


def _gather(traced: Trace, ways: Coded, way: Positions, lane: Positions, weight: Floats, shape: tuple[int, int], *,
            is_move: bool) -> sp.csr_array:
    if not is_move:
        return sp.csr_array(sp.coo_array((weight, (lane, traced.ends.at(ways.take(way)))), shape=shape))
    ends = traced.share[traced.at(ways.index.take(way), "destination")]
    onto = sp.csr_array(sp.coo_array((weight, (lane, np.arange(len(way)))), shape=(shape[0], len(way))))
    return sp.csr_array(onto @ ends)
