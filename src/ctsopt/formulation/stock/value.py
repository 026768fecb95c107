"""What a plan's stock costs by the declared curves, at the plan's own volumes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.family import Variables
from ctsopt.formulation.stock.declared import Declared, Sources
from ctsopt.formulation.stock.layers import LINES
from ctsopt.keys import BLANK, Bools, Floats, Keys, Positions, matching
from ctsopt.networks.stock.points import class_labels
from ctsopt.programs.algebra import Expr
from ctsopt.programs.program import Program

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@dataclass(frozen=True, eq=False)
class Curved(Expr):
    """Expressions that lie nowhere above a curve; the amount of a plan is that of the curve.

    Attributes
    ----------
    curve : function
        From a plan (one number per column) to the amount of each key.
    """

    curve: Callable[[Floats], Floats] = lambda plan: np.zeros(0)

    def amount(self, plan: Floats) -> Floats:
        """The amount of each key in a plan."""
        return self.curve(plan)


@dataclass(frozen=True, eq=False)
class Valued:
    """The stock of a plan.

    Attributes
    ----------
    configuration : int array
        Of each point; -1 where nothing is stocked.
    volume : float array
        Of each of the volumes of the layers.
    active : bool array
        Layers of the configurations.
    """

    configuration: Positions
    volume: Floats
    active: Bools


class StockModel:
    """Stock of the plans of one program.

    Parameters
    ----------
    x : Variables
        deliver and move.
    net : Network
    declared : Declared
    """

    def __init__(self, x: Variables, net: Network, declared: Declared) -> None:
        self.declared = declared
        self._net, self._deliver, self._move = net, x.deliver, x.move
        self.rows, self.row_volume = self._rows()
        self.volume = self._volume_of(x)

    def _rows(self) -> tuple[Keys, Positions]:
        """Keys of daily volumes, and which of the layers' volumes each is of: in a peak, one for each period."""
        index = self.declared.layers.volumes.index
        if self._net.settings["stock_level"] != "peak":
            return index, np.arange(len(index))
        periods = len(self._net.axes["period"])
        volume = np.repeat(np.arange(len(index)), periods)
        keys = index.take(volume)
        period = np.tile(np.arange(periods, dtype=np.int32), len(index))
        return Keys({**keys.columns, "period": period}, keys.axes), volume

    def _volume_of(self, x: Variables) -> Expr:
        """Daily volume of each row: units, or their variance."""
        ways = self._net.ways
        parts = [part for flow, index, sources in ((x.deliver, ways.deliveries.index, self.declared.deliveries),
                                                   (x.move, ways.moves.index, self.declared.moves))
                 for part in self._parts(flow, index, sources)]
        total = Expr(self.rows)
        for part in parts:
            total = total + part
        return total

    def _parts(self, flow: Expr, index: Keys, sources: Sources) -> list[Expr]:
        """What some flows add to the volumes, in units and (where it is asked for) in variance."""
        if not len(sources.way):
            return []
        net, points = self._net, self.declared.stocking.points
        days, each = net.tables.column("periods", "days"), net.settings["stock_level"] != "average"
        period = index["period"][sources.way]
        axes = {**self.rows.axes}
        keys = Keys.make(axes, site=points["site"][sources.point], stock_group=points["stock_group"][sources.point],
                         service_class=sources.service_class,
                         period=period if each else np.full(len(period), BLANK))
        some = flow.pick(sources.way)
        parts = []
        for measure in range(int(self.rows["measure"].max(initial=0)) + 1):
            factor = (sources.variance if measure else 1.0) / (days[period] if each else net.horizon)
            daily = (Expr(keys, some.terms) * factor).by("site", "stock_group", "service_class", "period")
            parts.append(self._spread(daily, measure))
        return parts

    def _spread(self, daily: Expr, measure: int) -> Expr:
        """Daily volumes by class, added up to the rows that hold the class."""
        volumes, rows = self.declared.layers.volumes, self.rows
        point = self.declared.stocking.points.locate(daily.index)
        row, item = matching(volumes.point[self.row_volume], point)
        volume, service = self.row_volume[row], daily.index["service_class"][item]
        fits = (volumes.best[volume] <= service) & (service <= volumes.worst[volume])
        fits &= (rows["measure"][row] == measure) & (rows["period"][row] == daily.index["period"][item])
        row, item = row[fits], item[fits]
        return daily.pick(item).per(rows, on={"service_class": rows["service_class"][row], "measure":
                                              rows["measure"][row]})

    # ---- the value of a plan -------------------------------------------------------------------------------------

    def of(self, plan: Floats) -> Valued:
        """The configuration of every point that costs the least of those that the flows allow."""
        layers, of = self.declared.layers, self.declared.stocking.configurations.measures
        volume = np.zeros(len(layers.volumes.index))
        np.maximum.at(volume, self.row_volume, self.volume.value(plan))
        cost = np.zeros(len(of["point"]))
        for line in LINES:
            value = self.declared.money[line].value(np.arange(len(layers)), volume[layers.volume])
            np.add.at(cost, layers.configuration, value)
        allowed, used = self._allowed(plan)
        cost = np.where(allowed, cost, np.inf)
        order = np.lexsort((np.arange(len(cost)), cost, of["point"]))
        first = order[np.append(True, of["point"][order][1:] != of["point"][order][:-1])] if len(order) else order
        chosen = np.full(len(self.declared.stocking.points), BLANK, dtype=np.int64)
        chosen[of["point"][first]] = first
        chosen = np.where(used, chosen, BLANK)
        active = chosen[of["point"][layers.configuration]] == layers.configuration
        return Valued(chosen, volume, active)

    def _allowed(self, plan: Floats) -> tuple[Bools, Bools]:
        """Configurations that the flows of a plan allow, and points with any volume."""
        stocking, ways = self.declared.stocking, self._net.ways
        points = len(stocking.points)
        delivered, moved = self._deliver.value(plan) > 0, self._move.value(plan) > 0
        level, wait = np.zeros(points), np.full(points, np.inf)
        best, used = np.full(points, len(stocking.fill_rate)), np.zeros(points, dtype=bool)
        keys = ways.moves.index
        into = np.flatnonzero(moved & (stocking.move_level >= 0))
        np.maximum.at(level, stocking.point_of(keys["destination"][into], keys["product"][into]),
                      stocking.move_level[into])
        for sources, flows in ((self.declared.deliveries, delivered), (self.declared.moves, moved)):
            on = flows[sources.way]
            used[sources.point[on]] = True
            np.minimum.at(best, sources.point[on], sources.service_class[on])
        on = delivered[self.declared.deliveries.way]
        np.minimum.at(wait, self.declared.deliveries.point[on],
                      ways.deliveries.measures["wait"][self.declared.deliveries.way[on]])
        wait[self.declared.moves.point[moved[self.declared.moves.way]]] = 0.0  # goods for other sites do not wait
        of = stocking.configurations.measures
        allowed = (of["level"] >= level[of["point"]]) & (of["wait"] <= wait[of["point"]])
        return allowed & ((of["service_class"] < 0) | (of["service_class"] <= best[of["point"]])), used

    def flow(self, name: str, plan: Floats) -> Floats:
        """Units on each delivery (`deliver`) or move (`move`)."""
        return (self._deliver if name == "deliver" else self._move).value(plan)

    def amounts(self, line: str) -> Callable[[Floats], Floats]:
        """From a plan to the money of a line, for each of the volumes."""
        layers, curves = self.declared.layers, self.declared.money[line]

        def amounts(plan: Floats) -> Floats:
            valued = self.of(plan)
            on = np.flatnonzero(valued.active)
            total = np.zeros(len(layers.volumes.index))
            np.add.at(total, layers.volume[on], curves.value(on, valued.volume[layers.volume[on]]))
            return total

        return amounts

    def fixed(self, plan: Floats) -> Floats:
        """Fixed cost of stocking at each point that has any volume."""
        return np.where(self._allowed(plan)[1], self.declared.fixed, 0.0)

    def fits(self, plan: Floats, program: Program) -> bool:
        """Whether stock by the curves fits into the storage of its sites, to the last digit but rounding."""
        return not self.over_storage(plan, program).any()

    def over_storage(self, plan: Floats, program: Program) -> Floats:
        """Capacity units by which stock by the curves, with what is carried to the next period, is above the storage
        of each site in each period; 0 where there is room, or what is over is rounding.
        """
        rows = program.rows.get("storage")
        keys, load = self.stored(plan)
        capacity = self._net.tables.column("sites", "storage_capacity")
        periods = len(self._net.axes["period"])
        total = np.zeros((len(capacity), periods))
        for period in range(periods):
            here = (keys["period"] == BLANK) | (keys["period"] == period)
            np.add.at(total[:, period], keys["site"][here], load[here])
        if rows is not None:  # load carried <= capacity * open: what is left of it, on the left
            room = rows.rows.lhs.value(plan) - rows.rows.upper
            sites, at = rows.index["site"], rows.index["period"]
            opened = program.variables["open"]
            total[sites, at] += room + capacity[sites] * plan[opened.span][sites]
        over = total - capacity[:, None]
        return np.where(over > 1e-9 * capacity[:, None] + 1e-9, over, 0.0)

    def stored(self, plan: Floats) -> tuple[Keys, Floats]:
        """Capacity units in stock by site and period (blank: the horizon), where storage is limited."""
        layers = self.declared.layers
        valued = self.of(plan)
        on = np.flatnonzero(valued.active)
        keys = layers.volumes.index.take(layers.volume[on])
        index, place = keys.grouped("site", "period")
        load = np.zeros(len(index))
        if self.declared.load is not None:
            np.add.at(load, place, self.declared.load.value(on, valued.volume[layers.volume[on]]))
        return index, load


def labels_of_classes(declared: Declared) -> list[str]:
    """Names of the service classes, best first."""
    return class_labels(declared.stocking.fill_rate, declared.stocking.factor)
