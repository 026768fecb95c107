"""Layers of stock: for every configuration of a stock point, which volumes it stocks, by which declared curves.

A layer is one curve over one volume. Pooled stock is one layer; separate stock has one for each class; rationed stock
has one for each class, over its own volume and that of all better ones. Under the square-root rule safety stock is over
the variance of demand, and has layers of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.inventory.curves import Curves
from ctsopt.keys import BLANK, Axis, Bools, Floats, Keys, Positions
from ctsopt.networks.stock.points import SHARING, Stocking, class_labels

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

ALL = "all"
"""Label of the volume of all classes together."""

MEASURES = ("units", "variance")
"""What a layer's volume counts: units per day, or variance of demand per day."""

LINES = ("cycle_stock", "safety_stock")
"""Cost lines that declared curves make up."""


@dataclass(frozen=True, eq=False)
class Volumes:
    """The volumes that layers are over.

    Attributes
    ----------
    index : Keys
        site, stock_group, service_class (the worst of a rationed layer; `all`), measure, period (blank: the horizon).
    point : int array
        Stock point of each.
    best, worst : int arrays
        The classes that it adds up, from the best to the worst.
    """

    index: Keys
    point: Positions
    best: Positions
    worst: Positions


@dataclass(frozen=True, eq=False)
class Layers:
    """Layers of all configurations.

    Attributes
    ----------
    volumes : Volumes
    volume, configuration : int arrays
        For each layer, the position of its volume and of its configuration.
    upper, lower : int arrays
        Its safety stock is that of class `upper`; where `lower` is a class and not -1, the reserve that is kept for the
        classes down to `upper` beyond the stock of class `lower`.
    cycles : bool array
        Whether it bears the cycle stock.
    """

    volumes: Volumes
    volume: Positions
    configuration: Positions
    upper: Positions
    lower: Positions
    cycles: Bools

    def __len__(self) -> int:
        return len(self.volume)


def layers(net: Network, stocking: Stocking) -> Layers:
    """The layers of every configuration, and the volumes that they are over."""
    parts = [_of(stocking, sharing) for sharing in range(len(SHARING))]
    configuration, best, worst, lower, cycles = (np.concatenate(column) for column in zip(*parts, strict=True))
    chosen = stocking.configurations.measures["service_class"][configuration]
    upper = np.where(chosen >= 0, chosen, worst)
    pooled = chosen >= 0
    label = np.where(pooled, len(stocking.fill_rate), worst)
    measures = (0,) if net.settings["stock_rule"] == "curve" else (0, 1)
    periods = np.arange(len(net.axes["period"])) if net.settings["stock_level"] == "each" else np.array([BLANK])
    size, kinds = len(configuration), len(measures) * len(periods)
    item = np.repeat(np.arange(size), kinds)
    measure, period = (np.tile(column.ravel(), size) for column in np.meshgrid(measures, periods, indexing="ij"))
    point = stocking.configurations.measures["point"][configuration][item]
    axes = {**stocking.points.axes, "service_class": Axis("service_class", [*class_labels(stocking.fill_rate,
                                                                                        stocking.factor), ALL]),
            "measure": Axis("measure", MEASURES), "period": net.axes["period"]}
    keys = Keys.make(axes, site=stocking.points["site"][point], stock_group=stocking.points["stock_group"][point],
                     service_class=label[item], measure=measure, period=period)
    index, place = keys.grouped(*keys.names)
    one = np.empty(len(index), dtype=np.int64)
    one[place] = np.arange(len(place))
    volumes = Volumes(index, point[one], best[item][one], worst[item][one])
    return Layers(volumes, place.astype(np.int64), configuration[item], upper[item], lower[item],
                  cycles[item] & (measure == 0))


def _of(stocking: Stocking, sharing: int) -> tuple[Positions, ...]:
    """Layers of the points that share in one way: configuration, best and worst class, class below, cycle stock."""
    point = stocking.configurations.measures["point"]
    mine = np.flatnonzero(stocking.sharing[point] == sharing)
    present = stocking.present
    last = present.shape[1] - 1 - np.argmax(present[:, ::-1], axis=1)
    if SHARING[sharing] == "pooled":
        first = np.zeros(len(mine), dtype=np.int64)
        return mine, first, last[point[mine]], np.full(len(mine), BLANK), np.ones(len(mine), dtype=bool)
    row, worst = np.nonzero(present[point[mine]])
    configuration = mine[row]
    if SHARING[sharing] == "separate":
        return configuration, worst, worst, np.full(len(row), BLANK), np.ones(len(row), dtype=bool)
    bottom = worst == last[point[configuration]]
    below = np.where(bottom, BLANK, np.append(worst[1:], BLANK))
    return configuration, np.zeros(len(row), dtype=np.int64), worst, below, bottom


@dataclass(frozen=True, eq=False)
class UnitCurves:
    """Units of stock of each product in each layer.

    Attributes
    ----------
    layer, product : int arrays
        One row for each member of the group of each layer.
    cycle, safety : Curves
        Units over the volume of the layer, in the order of the rows.
    cover : Curves
        Units by which the reorder point is above mean demand over the protection interval: the safety stock, unless
        goods leave before their quoted wait is over.
    """

    layer: Positions
    product: Positions
    cycle: Curves
    safety: Curves
    cover: Curves

    def weighted(self, weights: Floats, line: str, layers: int) -> Curves:
        """For each layer the sum of its members' units times a weight each (money, capacity units)."""
        import scipy.sparse as sp

        curves = self.cycle if line == "cycle_stock" else self.safety
        gather = sp.csr_array((weights, (self.layer, np.arange(len(self.layer)))), shape=(layers, len(self.layer)))
        return Curves(curves.volumes, np.asarray(gather @ curves.table), np.asarray(gather @ curves.root))
