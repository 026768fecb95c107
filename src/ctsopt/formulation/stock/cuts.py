"""Cuts that hold the volume of a segment to the deliveries that could be in it.

A segment that is chosen by a share z holds of each request at most that share: u <= sum v min(x, z), where x is the
share of the request that the point delivers and v its daily volume. A plan whose deliveries are whole then lies in the
one segment that holds its volume, whatever the shape of the curve, already in the linear relaxation: the row that a
formulation with every delivery split by segments would imply, found only where it is violated (a flow cover inequality;
Padberg, Van Roy and Wolsey 1985).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.formulation.stock.decisions import own_segments
from ctsopt.formulation.stock.declared import Declared
from ctsopt.formulation.stock.segments import Segments
from ctsopt.keys import BLANK, Floats, Positions, matching

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.programs.program import Program

_VIOLATED = 1e-3
"""A cut is put in where it is violated by more than this share of the volume in the segment."""


class SegmentCuts:
    """Cuts of one program, found so far.

    A pair is a segment and a request that it may hold. Two segments of one point, and two requests that it delivers,
    of 5 and 3 units a day, are four pairs:

        pair   segment_of   share_of   daily
          0        0            0        5        the point delivers the share x0 of request 0
          1        0            1        3        and x1 of request 1, whichever segment is in use
          2        1            0        5
          3        1            1        3

    The cut of segment 0 says u0 <= 5 min(x0, z0) + 3 min(x1, z0). At a plan with x = (1, 0.2) and z0 = 0.5 the lesser
    ones are z0 and x1: the row u0 <= 5 z0 + 3 x1, which is linear, is violated where u0 is above 2.5 + 0.6.

    Parameters
    ----------
    net : Network
    made : Declared
    segments : Segments
        Of the program.
    program : Program
    """

    def __init__(self, net: Network, made: Declared, segments: Segments, program: Program) -> None:
        size = len(segments)
        self._volume = program.variables["stock_volume"].start + np.arange(size)
        self._on = columns_on(made, segments, program)
        self._shares, point, request = _shares(net, made, program)
        self._moved = _moved(net, made, segments, program)
        self._segment_of, self._share_of, self._daily = _pairs(net, made, segments, point, request)
        self._rows: list[sp.csr_array] = []
        self._cut: list[Positions] = []
        self._shape = program.columns

    def known(self) -> sp.csr_array:
        """The rows found so far, each at least 0."""
        return sp.csr_array(sp.vstack(self._rows)) if self._rows else sp.csr_array((0, self._shape))

    def violated(self, plan: Floats) -> sp.csr_array | None:
        """New rows that a plan violates; None where there are none."""
        volume, on = plan[self._volume], plan[self._on]
        share, chosen = np.clip(self._shares @ plan, 0.0, 1.0)[self._share_of], on[self._segment_of]
        by_share = share < chosen  # of each pair, which of the two is the lesser
        most = np.bincount(self._segment_of, weights=self._daily * np.where(by_share, share, chosen),
                           minlength=len(volume)) + self._moved @ plan
        wanted = np.flatnonzero(volume - most > _VIOLATED * np.maximum(volume, 1e-6))
        if not len(wanted):
            return None
        row_of = np.full(len(volume), BLANK)
        row_of[wanted] = np.arange(len(wanted))
        row = row_of[self._segment_of]  # of each pair; blank where its segment keeps its cut
        some, rest = np.flatnonzero((row >= 0) & by_share), np.flatnonzero((row >= 0) & ~by_share)
        gather = sp.csr_array((self._daily[some], (row[some], self._share_of[some])),
                              shape=(len(wanted), self._shares.shape[0]))  # 3 x1
        by_choice = np.bincount(row[rest], weights=self._daily[rest], minlength=len(wanted))  # 5 z0
        own = sp.csr_array((np.concatenate([by_choice, np.full(len(wanted), -1.0)]), (
            np.tile(np.arange(len(wanted)), 2), np.concatenate([self._on[wanted], self._volume[wanted]]))),
            shape=(len(wanted), self._shape))
        rows = sp.csr_array(gather @ self._shares + own + self._moved[wanted])
        self._rows.append(rows)
        self._cut.append(wanted)
        return rows

    def take_over(self, before: SegmentCuts, which: Positions, parent: Positions,
                  columns: int) -> tuple[Positions, Positions]:
        """Take over cuts of a program with fewer segments: what holds for a segment holds for every part of it.

        Parameters
        ----------
        before : SegmentCuts
        which : int array
            Which of its rows.
        parent : int array
            For each segment of this program the one of that program that it is part of.
        columns : int
            Columns that both programs begin with, flows among them.

        Returns
        -------
        row, child : int arrays
            For each new row the one of `which` that it comes from, and its segment.
        """
        if not before._rows:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        every, cut = before.known()[which], np.concatenate(before._cut)[which]
        row, child = matching(cut, parent)
        order = np.lexsort((child, row))
        row, child = row[order], child[order]
        by_choice = np.asarray(every[np.arange(len(cut)), before._on[cut]]).ravel()[row]
        goods = sp.coo_array(every)
        flows = (goods.col < columns) & (goods.data != 0)
        base = sp.csr_array((goods.data[flows], (goods.row[flows], goods.col[flows])), shape=(len(cut), self._shape))
        at = np.arange(len(row))
        own = sp.csr_array((np.concatenate([by_choice, np.full(len(row), -1.0)]),
                            (np.tile(at, 2), np.concatenate([self._on[child], self._volume[child]]))),
                           shape=(len(row), self._shape))
        self._rows.append(sp.csr_array(base[row] + own))
        self._cut.append(child)
        return row, child


def cuttable(net: Network) -> bool:
    """Whether volumes are sums of deliveries: not where the peak of several periods counts."""
    return net.settings["stock_level"] != "peak" or len(net.axes["period"]) == 1


def columns_on(made: Declared, segments: Segments, program: Program) -> Positions:
    """Column that says whether each segment is in use: its own, or that of its configuration."""
    config = program.variables["config"]
    place = config.index.find(made.stocking.configurations.index)[made.layers.configuration[segments.layer]]
    columns = config.start + place
    if "stock_segment" in program.variables:
        own = np.flatnonzero(own_segments(made, segments))
        columns[own] = program.variables["stock_segment"].start + np.arange(len(own))
    return np.asarray(columns, dtype=np.int64)


def _shares(net: Network, made: Declared, program: Program) -> tuple[sp.csr_array, Positions, Positions]:
    """Share of each request that each point delivers, as rows over the columns of a program; its point and request."""
    request = net.ways.deliveries.measures["request"][made.deliveries.way].astype(np.int64)
    some = np.flatnonzero(made.needed[made.deliveries.point])
    code, place = np.unique(made.deliveries.point[some] * len(net.requests) + request[some], return_inverse=True)
    point, wanted = np.divmod(code, len(net.requests))
    columns = program.variables["deliver"].start + made.deliveries.way[some]
    share = 1.0 / net.requests.measures["quantity"][request[some]]
    return sp.csr_array((share, (place.ravel(), columns)), shape=(len(code), program.columns)), point, wanted


def _pairs(net: Network, made: Declared, segments: Segments, point: Positions,
           request: Positions) -> tuple[Positions, Positions, Floats]:
    """The pairs: segment, row of shares, and daily volume of every request that every segment may hold."""
    volumes, wanted = made.layers.volumes, net.requests
    of_segment = made.layers.volume[segments.layer]
    segment_of, share_of = matching(volumes.point[of_segment], point)
    volume, service = of_segment[segment_of], made.stocking.request_class[request[share_of]]
    period, here = wanted.index["period"][request[share_of]], volumes.index["period"][volume]
    best = made.stocking.configurations.measures["service_class"][made.layers.configuration[segments.layer]]
    best = np.maximum(best, volumes.best[of_segment])  # a pool of one class serves none that is better
    fits = (best[segment_of] <= service) & (service <= volumes.worst[volume]) & ((here == BLANK) | (here == period))
    segment_of, share_of, volume, period = segment_of[fits], share_of[fits], volume[fits], period[fits]
    days = np.where(volumes.index["period"][volume] == BLANK, net.horizon, net.tables.column("periods", "days")[period])
    spread = np.where(volumes.index["measure"][volume] == 1, made.stocking.request_variance[request[share_of]], 1.0)
    return segment_of, share_of, wanted.measures["quantity"][request[share_of]] / days * spread


def _moved(net: Network, made: Declared, segments: Segments, program: Program) -> sp.csr_array:
    """Daily volume of goods moved on that each segment may hold, as rows over the columns of a program."""
    volumes, of_segment = made.layers.volumes, made.layers.volume[segments.layer]
    row, item = matching(volumes.point[of_segment], made.moves.point)
    volume, service = of_segment[row], made.moves.service_class[item]
    period, here = net.ways.moves.index["period"][made.moves.way[item]], volumes.index["period"][volume]
    fits = (volumes.best[volume] <= service) & (service <= volumes.worst[volume])
    fits &= (here == BLANK) | (here == period)
    row, item, volume = row[fits], item[fits], volume[fits]
    period, here = period[fits], here[fits]
    days = np.where(here == BLANK, net.horizon, net.tables.column("periods", "days")[period])
    spread = np.where(volumes.index["measure"][volume] == 1, made.moves.variance[item], 1.0)
    columns = program.variables["move"].start + made.moves.way[item]
    return sp.csr_array((spread / days, (row, columns)), shape=(len(segments), program.columns))
