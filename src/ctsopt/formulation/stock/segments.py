"""Segments of the declared curves: where a program's straight lines begin and end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctsopt.formulation.stock.declared import Declared
from ctsopt.formulation.stock.layers import LINES
from ctsopt.inventory.curves import Curves, Lines
from ctsopt.keys import Axis, Bools, Floats, Positions

_ROUGH = 0.02
"""A first segment whose chord would be above the curve by more than this share of the curve's end is cut there."""

_APART = 1e-6
"""Points are at least this share of the layer's largest volume apart, and from 0: a segment of dust is no segment, and
a coefficient of its size has made a solver prove a bound that does not hold."""

_CLOSE = 1e-9
"""A line that is this near to its curve, as a share of the curve, is on it."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Segments of some layers, in order.

    Attributes
    ----------
    layer : int array
        Layer of each segment.
    number : int array
        Number of the segment in its layer, from 0.
    low, high : float arrays
        Volumes at its ends.
    lines : dict of str to Lines
        Lines below each cost line, in money; `load` in capacity units.
    several : bool array
        Whether the layer has more than one segment.
    axis : Axis
        Numbers of segments, from 1.
    """

    layer: Positions
    number: Positions
    low: Floats
    high: Floats
    lines: dict[str, Lines]
    several: Bools
    axis: Axis

    def __len__(self) -> int:
        return len(self.layer)

    @property
    def intercept(self) -> Floats:
        """Money of the lines at volume 0, all cost lines together."""
        return np.asarray(sum(self.lines[line].intercept for line in LINES))

    @property
    def slope(self) -> Floats:
        """Money for each unit of volume, all cost lines together."""
        return np.asarray(sum(self.lines[line].slope for line in LINES))


@dataclass(frozen=True, eq=False)
class Breakpoints:
    """Volumes at which the segments of layers meet.

    Attributes
    ----------
    layer : int array
        In ascending order.
    volume : float array
        Ascending within a layer; the first is 0, the last the most that the layer can come to.
    """

    layer: Positions
    volume: Floats

    @classmethod
    def first(cls, declared: Declared) -> Breakpoints:
        """One segment a layer; two where its chord would be far above the curve."""
        layers = declared.layers
        point = declared.stocking.configurations.measures["point"][layers.configuration]
        some = np.flatnonzero(declared.needed[point] & (declared.most[layers.volume] > 0))
        most = declared.most[layers.volume[some]]
        made = cls(np.repeat(some, 2), np.stack([np.zeros(len(some)), most], axis=1).ravel())
        return made.with_points(*_deepest(declared, some, most))

    def with_points(self, layer: Positions, volume: Floats) -> Breakpoints:
        """With some more points in; points that are there, or next to one, are not put in again."""
        order = np.lexsort((np.concatenate([self.volume, volume]), np.concatenate([self.layer, layer])))
        layers, volumes = np.concatenate([self.layer, layer])[order], np.concatenate([self.volume, volume])[order]
        old = (order < len(self.layer))
        last = np.zeros(int(layers.max(initial=0)) + 1)
        np.maximum.at(last, self.layer, self.volume)
        near = (np.diff(volumes) <= _APART * last[layers[1:]]) & (layers[1:] == layers[:-1])
        drop = np.zeros(len(layers), dtype=bool)
        drop[1:] |= near & ~old[1:]
        drop[:-1] |= near & old[1:] & ~old[:-1]
        return Breakpoints(layers[~drop], volumes[~drop])

    def segments(self, declared: Declared) -> Segments:
        """The segments between the points, with their lines."""
        begins = np.flatnonzero(self.layer[1:] == self.layer[:-1])
        layer, low, high = self.layer[begins], self.volume[begins], self.volume[begins + 1]
        first = np.append(True, layer[1:] != layer[:-1]) if len(layer) else np.zeros(0, dtype=bool)
        start = np.flatnonzero(first)
        number = np.arange(len(layer)) - np.repeat(start, np.diff(np.append(start, len(layer))))
        count = np.bincount(layer, minlength=len(declared.layers))
        lines = {line: declared.money[line].lines(layer, low, high) for line in LINES}
        if declared.load is not None:
            lines["load"] = declared.load.lines(layer, low, high)
        axis = Axis("segment", [str(i + 1) for i in range(int(number.max(initial=0)) + 1)])
        return Segments(layer, number, low, high, lines, count[layer] > 1, axis)

    def near(self, declared: Declared, volume: Floats, tolerance: float) -> Breakpoints:
        """With points where a plan lies, in every layer whose lines are below its curve there.

        Where the curve is not above its chords, the corners beside the volume are put in as well: between two corners
        that are next to each other the line is the curve. A volume next to the end of a segment is looked at from both
        sides, as a solver's tolerance lets it take the cheaper of the two lines there.

        Parameters
        ----------
        volume : float array
            Volumes of a plan, one for each of the volumes of the layers.
        tolerance : float
            Money by which a line may be below its curve.
        """
        here = volume[declared.layers.volume]
        segments = self.segments(declared)
        beside = _APART * np.maximum(declared.most[declared.layers.volume], 1.0)[segments.layer]
        inside = (here[segments.layer] > 0) & (segments.low <= here[segments.layer] + beside) & (
            here[segments.layer] <= segments.high + beside)
        at = np.flatnonzero(inside)
        layer = segments.layer[at]
        x = np.clip(here[layer], segments.low[at], segments.high[at])
        below, bent = np.zeros(len(at)), np.zeros(len(at), dtype=bool)
        for line, curves in self._curves(declared):
            lines = segments.lines[line]
            value = curves.value(layer, x)
            off = value - (lines.intercept[at] + lines.slope[at] * x)
            start = curves.above(layer, segments.low[at])
            low = lines.intercept[at] + lines.slope[at] * segments.low[at]
            bent |= start - low > _CLOSE * np.maximum(np.abs(start), 1e-12)
            below = np.maximum(below, off)
        wanted = below > tolerance
        layer, x, bent = layer[wanted], x[wanted], bent[wanted]
        down, up = declared.money[LINES[0]].corners(x[bent])
        most = declared.most[declared.layers.volume[layer[bent]]]
        return self.with_points(np.concatenate([layer, layer[bent], layer[bent]]),
                                np.concatenate([x, down, np.minimum(up, most)]))

    @staticmethod
    def _curves(declared: Declared) -> list[tuple[str, Curves]]:
        load = [("load", declared.load)] if declared.load is not None else []
        return [*declared.money.items(), *load]


def _deepest(declared: Declared, layer: Positions, most: Floats) -> tuple[Positions, Floats]:
    """Where a curve is furthest below its chord, for the layers where that is far."""
    one, other = (declared.money[line] for line in LINES)
    total = Curves(one.volumes, one.table + other.table, one.root + other.root)
    volumes = total.volumes
    start, end = total.above(layer, np.zeros(len(layer))), total.above(layer, most)
    chord = start[:, None] + (end - start)[:, None] * np.minimum(volumes / most[:, None], 1.0)
    curve = total.table[layer] + total.root[layer][:, None] * np.sqrt(volumes)
    over = np.where(volumes < most[:, None], chord - curve, 0.0)
    corner = over.argmax(axis=1)
    deep = over[np.arange(len(layer)), corner] > _ROUGH * np.maximum(end, start)
    return layer[deep], volumes[corner[deep]]
