"""Flows of a plan by linear costs: whole columns held, stock at the slope of its curves, and only as configured."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.errors import SolverError
from ctsopt.formulation.stock.layers import LINES
from ctsopt.formulation.stock.value import StockModel, Valued
from ctsopt.keys import BLANK, Bools, Floats, Positions
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Arrays, Program
from ctsopt.solving.polish import clean, idle_columns

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_log = logging.getLogger("ctsopt.solve")

_WHOLE = 1e-9
"""How near to whole the columns that are left free have to be."""

_FREE = {"source": ("customer", "product"), "group_source": ("contract",)}
"""Whole columns that follow from the flows, and the keys of which each has one; all others are held."""


class StockedFlows:
    """Linear programs of one program without stock decisions.

    Parameters
    ----------
    net : Network
    program : Program
    stock : StockModel
        Of that program.

    Attributes
    ----------
    held : Arrays
        The program with whole columns held.
    row_dual : float array or None
        Duals of its rows, of the flows that were solved last.
    runs, steps : int
        Runs of the solver and steps of the simplex method so far.
    interrupted : bool
        Whether Ctrl-C was heard.
    """

    held: Arrays
    row_dual: Floats | None

    def __init__(self, net: Network, program: Program, stock: StockModel) -> None:
        self._net, self._program, self._stock = net, program, stock
        self._arrays = program.arrays.with_rows(~program.lazy)
        self._volumes = sp.csr_array((stock.volume.coef, (stock.volume.rows, stock.volume.col)),
                                     shape=(len(stock.rows), program.columns))
        deliver, move = (program.variables[name].start for name in ("deliver", "move"))
        deliveries, moves = stock.declared.deliveries, stock.declared.moves
        self._out = ((deliveries, deliver + deliveries.way), (moves, move + moves.way))
        self._model: Highs | None = None
        self.row_dual, self.interrupted = None, False
        self.runs = self.steps = 0

    def begin(self, plan: Floats) -> None:
        """Hold the whole columns as they are in a plan; those that follow from the flows are left free."""
        arrays, whole = self._arrays, np.round(plan)
        fixed = arrays.integer.copy()
        fixed[self._free()] = False
        self.held = replace(arrays, lower=np.where(fixed, whole, arrays.lower),
                            upper=np.where(fixed, whole, arrays.upper))
        if self._model is None:
            self._model = Highs(self.held, relax=True)
            self._is_shut = np.zeros(len(fixed), dtype=bool)
        else:
            columns = np.flatnonzero(arrays.integer)
            self._model.change_bounds(columns.astype(np.int32), self.held.lower[columns], self.held.upper[columns])

    def solved(self, shut: Bools, slope: Floats, seconds: float) -> tuple[Floats | None, Floats | None]:
        """Flows of least linear cost and reduced costs, without the columns that are shut; None where there are none.

        Where a single source comes out divided, the largest part gets all; the reduced costs are those before that.
        """
        assert self._model is not None
        changed = np.flatnonzero(shut != self._is_shut)
        if len(changed):
            self._model.change_bounds(changed.astype(np.int32), self.held.lower[changed],
                                      np.where(shut, 0.0, self.held.upper)[changed])
            self._is_shut = shut.copy()
        self._model.change_cost(self.held.cost + slope)
        flows, reduced = self._run(seconds)
        free = self._free()
        if flows is not None and len(free) and (np.abs(flows - np.round(flows))[free] > _WHOLE).any():
            one = self._largest(flows)
            self._model.change_bounds(free.astype(np.int32), one, one)
            flows, _ = self._run(seconds)
            self._model.change_bounds(free.astype(np.int32), self.held.lower[free], self.held.upper[free])
        if flows is None:
            return None, reduced
        flows = np.where(self._arrays.integer, np.round(flows), flows)
        # A site that nothing passes any more is closed where that saves money.
        flows[idle_columns(self._program, flows, self._model.small[0])] = 0.0
        return flows, reduced

    def _run(self, seconds: float) -> tuple[Floats | None, Floats | None]:
        assert self._model is not None
        try:
            outcome = self._model.run(max(seconds, 0.01))
        except SolverError as error:  # no step is lost that has been found before
            _log.info("steps to less stock end: %s", error)
            return None, None
        self.interrupted |= self._model.interrupted
        self.runs, self.steps, self.row_dual = self.runs + 1, self.steps + outcome.iterations, outcome.row_dual
        if outcome.stopped_by != "gap" or outcome.plan is None or self.interrupted:
            return None, None
        return clean(self.held, outcome.plan), outcome.col_dual

    def _free(self) -> Positions:
        """Whole columns that are not held."""
        blocks = [self._program.variables[name].span for name in _FREE if name in self._program.variables]
        return np.concatenate([np.empty(0, dtype=np.int64), *(np.arange(b.start, b.stop) for b in blocks)])

    def _largest(self, flows: Floats) -> Floats:
        """For each column that is left free: 1 for the largest of those of which there is to be one, else 0."""
        parts = [np.empty(0)]
        for name, keys in _FREE.items():
            if name in self._program.variables:
                block = self._program.variables[name]
                _, place = block.index.grouped(*keys)
                order = np.lexsort((-flows[block.span], place))
                first = order[np.append(True, place[order][1:] != place[order][:-1])] if len(order) else order
                one = np.zeros(len(place))
                one[first] = flows[block.span][first] > 0
                parts.append(one)
        return np.concatenate(parts)

    def slope(self, plan: Floats, valued: Valued) -> Floats:
        """What a unit more on each column costs in stock, at the volumes and configurations of a plan."""
        layers, stock = self._stock.declared.layers, self._stock
        on = np.flatnonzero(valued.active)
        of_volume = np.zeros(len(layers.volumes.index))
        for line in LINES:
            np.add.at(of_volume, layers.volume[on],
                      stock.declared.money[line].slope(on, valued.volume[layers.volume[on]]))
        here = np.asarray(self._volumes @ plan)
        order = np.lexsort((-here, stock.row_volume))  # of a peak, the highest period counts
        row = stock.row_volume[order]
        highest = order[np.append(True, row[1:] != row[:-1])] if len(order) else order
        weight = np.zeros(len(here))
        weight[highest] = of_volume[stock.row_volume[highest]]
        return np.asarray(self._volumes.T @ weight)

    def shut(self, plan: Floats, valued: Valued) -> Bools:
        """Columns that the configurations do not allow, or that would begin a layer of stock."""
        declared = self._stock.declared
        of, needed = declared.stocking.configurations.measures, declared.needed
        shut = np.zeros(len(plan), dtype=bool)
        for sources, columns in self._out:
            config = valued.configuration[sources.point]
            shut[columns] = (config == BLANK) | (sources.service_class < of["service_class"][config])
        sources, columns = self._out[0]
        config = valued.configuration[sources.point]
        shut[columns] |= self._net.ways.deliveries.measures["wait"][sources.way] < of["wait"][config]
        begun = np.zeros(len(valued.volume), dtype=bool)
        begun[declared.layers.volume[valued.active]] = True
        empty = (begun & (valued.volume <= 0))[self._stock.row_volume]
        shut |= (self._volumes.T @ empty.astype(float)) > 0
        for sources, columns in self._out:
            shut[columns] &= needed[sources.point]
        return shut | self._too_slow(valued)

    def _too_slow(self, valued: Valued) -> Bools:
        """Moves that are slower than the lead time of the stock that they come to."""
        stocking, keys = self._stock.declared.stocking, self._net.ways.moves.index
        into = np.flatnonzero(stocking.move_level > 0)
        point = stocking.point_of(keys["destination"][into], keys["product"][into])
        config = valued.configuration[point]
        level = stocking.configurations.measures["level"][config]
        slow = np.zeros(self._program.columns, dtype=bool)
        slow[self._program.variables["move"].start + into] = (
            (config != BLANK) & (stocking.move_level[into] > level) & self._stock.declared.needed[point])
        return slow

