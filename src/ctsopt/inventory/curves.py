"""Declared curves of stock over volume, many at a time: straight lines between fixed volumes, and square roots.

A declared curve is 0 at volume 0, has a first value just above it, and is made of straight lines from there to 2^-6 and
between the volumes 2^(j/8) from 2^-6 on, plus a multiple of the square root. A line below it over a segment is what a
mixed-integer program can hold; how far below is known exactly, because only the corners have to be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.int64]

STEPS = 8
"""Declared volumes to a doubling."""

FIRST = -48
"""The smallest declared volume is 2^(FIRST / STEPS)."""


def grid(largest: float) -> Floats:
    """Declared volumes up to the first that is not below `largest` (units per day)."""
    if not np.isfinite(largest):
        raise UsageError(f"a volume of {largest} units per day cannot be planned")
    last = int(np.ceil(np.log2(max(largest, 2.0 ** ((FIRST + 1) / STEPS))) * STEPS))
    return first_volumes(last + 1 - FIRST)


def first_volumes(count: int) -> Floats:
    """So many declared volumes, from the smallest on."""
    return np.asarray(2.0 ** (np.arange(FIRST, FIRST + count) / STEPS))


@dataclass(frozen=True, eq=False)
class Lines:
    """For each segment a straight line that is nowhere above the curve.

    Attributes
    ----------
    intercept, slope : float arrays
    error : float array
        The most by which the curve is above the line, on the segment.
    """

    intercept: Floats
    slope: Floats
    error: Floats


@dataclass(frozen=True, eq=False)
class Curves:
    """Declared curves.

    Attributes
    ----------
    volumes : float array
        Corners: 0, then declared volumes.
    table : float array, shape (curves, corners)
        Value at each corner; the first is that just above volume 0.
    root : float array, shape (curves,)
        What the square root of the volume is multiplied with, on top.
    """

    volumes: Floats
    table: Floats
    root: Floats

    def __len__(self) -> int:
        return len(self.root)

    def value(self, curve: Positions, volume: Floats) -> Floats:
        """Value of each curve at a volume; 0 at volume 0.

        Raises
        ------
        UsageError
            If a volume is beyond the last corner.
        """
        place, share = self._place(volume)
        low, high = self.table[curve, place], self.table[curve, place + 1]
        value = low + (high - low) * share + self.root[curve] * np.sqrt(np.maximum(volume, 0.0))
        return np.where(volume > 0, value, 0.0)

    def above(self, curve: Positions, volume: Floats) -> Floats:
        """As `value`, and at volume 0 what the curve comes to just above it."""
        place, share = self._place(volume)
        low, high = self.table[curve, place], self.table[curve, place + 1]
        return np.asarray(low + (high - low) * share + self.root[curve] * np.sqrt(np.maximum(volume, 0.0)))

    def slope(self, curve: Positions, volume: Floats) -> Floats:
        """How steep each curve is at a volume (on a corner: to its right), per unit of volume; 0 at volume 0."""
        place, _ = self._place(volume)
        rise = self.table[curve, place + 1] - self.table[curve, place]
        steep = rise / (self.volumes[place + 1] - self.volumes[place])
        root = np.sqrt(np.where(volume > 0, volume, 1.0))
        return np.where(volume > 0, steep + self.root[curve] / (2 * root), 0.0)

    def corners(self, volume: Floats) -> tuple[Floats, Floats]:
        """The corners next below and next above each volume (a corner itself: those on its two sides)."""
        at = np.searchsorted(self.volumes, volume)
        exact = self.volumes[np.minimum(at, len(self.volumes) - 1)] == volume
        below, upper = np.maximum(at - 1, 0), np.minimum(at + exact, len(self.volumes) - 1)
        return self.volumes[below], self.volumes[upper]

    def lines(self, curve: Positions, low: Floats, high: Floats) -> Lines:
        """For each curve a line below it on the segment from `low` to `high`: its chord, lowered where it has to be."""
        start, end = self.above(curve, low), self.above(curve, high)
        width = high - low
        slope = np.where(width > 0, (end - start) / np.where(width > 0, width, 1.0), 0.0)
        intercept = start - slope * low
        first, last = np.searchsorted(self.volumes, low, side="right"), np.searchsorted(self.volumes, high, side="left")
        inside = np.maximum(last - first, 0)
        item = np.repeat(np.arange(len(curve)), inside)
        corner = first[item] + np.arange(len(item)) - np.repeat(np.cumsum(inside) - inside, inside)
        volume = self.volumes[corner]
        # The square root is above its own chord, so that only the table can be below its one.
        ends = self.root[curve] * np.sqrt(np.stack([low, high]))
        steep = np.where(width > 0, (ends[1] - ends[0]) / np.where(width > 0, width, 1.0), 0.0)
        flat = ends[0] - steep * low
        over = (intercept - flat)[item] + (slope - steep)[item] * volume - self.table[curve[item], corner]
        most_over, most_under = np.zeros(len(curve)), np.zeros(len(curve))
        np.maximum.at(most_over, item, over)
        np.maximum.at(most_under, item, -over)
        roots = np.sqrt(low) + np.sqrt(high)
        bulge = self.root[curve] * (np.sqrt(high) - np.sqrt(low)) ** 2 / np.where(roots > 0, 4 * roots, 1.0)
        # What rounding leaves of nothing would be a coefficient 1e-13 times the others, which solvers stumble over.
        nothing = 1e-12 * np.maximum(np.abs(start), np.abs(end))
        intercept = intercept - most_over
        return Lines(np.where(np.abs(intercept) <= nothing, 0.0, intercept),
                     np.where(np.abs(slope) * width <= nothing, 0.0, slope), most_under + most_over + bulge)

    def _place(self, volume: Floats) -> tuple[Positions, Floats]:
        if len(volume) and volume.max() > self.volumes[-1] * (1 + 1e-9):
            raise UsageError(f"a volume of {volume.max():g} units per day is beyond the curve, which ends at "
                             f"{self.volumes[-1]:g}")
        place = np.clip(np.searchsorted(self.volumes, volume, side="right") - 1, 0, len(self.volumes) - 2)
        return place, (volume - self.volumes[place]) / (self.volumes[place + 1] - self.volumes[place])
