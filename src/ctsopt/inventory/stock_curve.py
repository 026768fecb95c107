"""Stock over volume between straight lines: lower and upper envelopes whose errors are certified.

A mixed-integer program holds straight lines. Its bound is proven where they lie nowhere above the curve, and what a
plan costs is known from above where they lie nowhere below. So an envelope has two sides, and neither is the cost.

Of the square root, which is concave, chords are below and tangents above. With r = b / a, over a piece from a to b

    a chord is short by at most      1 − 1 / cosh(ln r / 4)   of the root,   (√b − √a)² / (4 (√a + √b))   in units,
    tangents at a and b are over by  cosh(ln r / 4) − 1       of the root,   (b^¼ − a^¼)² / 2             in units.

Stock for a fill rate, kept at 0 or above, is not concave: a chord may lie above it. The lines of its envelopes are
moved until they do not, and their errors are read off at the corners of the declared curve, between which it is
straight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.curves import Curves, grid
from ctsopt.inventory.safety_stock import safety_stock

Floats = npt.NDArray[np.float64]

_ROUNDING = 1e-12
"""Share of its terms by which a sum may be off."""


@dataclass(frozen=True, eq=False)
class Segments:
    """Straight lines, each over its own segment of volumes; segments follow each other without gaps.

    Attributes
    ----------
    start, end : float array
        Volumes, units per day; the segment is above `start` and up to `end`.
    intercept, slope : float array
        The line is intercept + slope × volume.
    """

    start: Floats
    end: Floats
    intercept: Floats
    slope: Floats

    def __len__(self) -> int:
        return len(self.slope)

    def value(self, volume: npt.ArrayLike) -> Floats:
        """Value of the line of the segment that each volume is on.

        Raises
        ------
        UsageError
            A volume below the first segment or above the last, or not a number.
        """
        at = np.asarray(volume, dtype=np.float64)
        outside = ~((at >= self.start[0]) & (at <= self.end[-1]))
        if outside.any():
            raise UsageError(f"a volume of {at[outside].flat[0]:g} is not on the curve, which goes from "
                             f"{self.start[0]:g} to {self.end[-1]:g}")
        place = np.minimum(np.searchsorted(self.end, at), len(self) - 1)
        return np.asarray(self.intercept[place] + self.slope[place] * at)


@dataclass(frozen=True, eq=False)
class PiecewiseCurve:
    """A curve between straight lines.

    Attributes
    ----------
    lower, upper : Segments
        Nowhere above the curve, and nowhere below. At volume 0 a stock is 0, and its curve begins just above.
    max_rel_error : float
        The most by which a line is away from the curve, as a share of the curve.
    max_error : float
        The same in units of the curve.
    """

    lower: Segments
    upper: Segments
    max_rel_error: float
    max_error: float


def stock_curve(fill_rate: float, largest: float, variance_to_mean: float, lead_time: float, review_time: float,
                lot_size: float = 0.0, order_interval: float = 0.0, lead_time_sd: float = 0.0, wait: float = 0.0, *,
                max_rel_error: float = 0.01) -> PiecewiseCurve:
    """Safety stock over daily volume between straight lines.

    The curve is the declared one: `safety_stock` at the volumes 2^(j/8) from 2^-6 on and straight lines between; below
    2^-6 units per day that at 2^-6.

    Parameters
    ----------
    fill_rate : float
        At least 0 and below 1.
    largest : float
        The curve goes up to the first declared volume that is not below this, units per day.
    variance_to_mean, lead_time, review_time, lot_size, order_interval, lead_time_sd, wait : float
        As in `safety_stock`.
    max_rel_error : float
        How far the lines may be away from the curve, as a share of it. The segments are as long as that allows, from
        the smallest volume on; with 0 there is one between each two corners of the curve that are not in line.

    Returns
    -------
    PiecewiseCurve
        With the errors attained. Where no stock is needed (its floor at 0), both lines are 0.

    Raises
    ------
    UsageError
        An error that is negative or not a number, a largest volume of 0 or less, and as `safety_stock`.

    Examples
    --------
    >>> curve = stock_curve(0.95, 2000.0, 30.0, 6.0, 1.0, order_interval=5.0, max_rel_error=0.05)
    >>> len(curve.lower), float(curve.lower.value(50.0)) <= 80.4 <= float(curve.upper.value(50.0))
    (6, True)
    """
    if not (math.isfinite(largest) and largest > 0):
        raise UsageError(f"largest is {largest}: a volume above 0, in units per day, is needed")
    declared = grid(largest)
    stock = safety_stock(fill_rate, declared, variance_to_mean, lead_time, review_time, lot_size, order_interval,
                         lead_time_sd, wait)
    return envelope(np.append(0.0, declared), np.append(stock[0], stock), max_rel_error)


def envelope(volume: npt.ArrayLike, value: npt.ArrayLike, max_rel_error: float = 0.01) -> PiecewiseCurve:
    """Straight lines below and above a curve that is made of straight lines itself.

    Parameters
    ----------
    volume : array-like
        Corners, rising from 0 or above.
    value : array-like
        Value at each corner, >= 0; at volume 0 what the curve comes to just above it.
    max_rel_error : float
        As in `stock_curve`.

    Returns
    -------
    PiecewiseCurve

    Raises
    ------
    UsageError
        Corners that do not rise, fewer than two, values that are negative or not numbers.

    Notes
    -----
    Between two corners curve and line are straight, so that error over curve rises or falls all the way: the largest is
    at a corner. A segment without a corner inside has no error.
    """
    x, y = np.asarray(volume, dtype=np.float64), np.asarray(value, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2 or not (x[0] >= 0 and (np.diff(x) > 0).all()
                                                               and np.isfinite(x[-1])):
        raise UsageError("a curve needs two or more corners, with volumes that rise from 0 or above")
    if not (np.isfinite(y) & (y >= 0)).all():
        raise UsageError("the values of the curve must be at least 0 and finite")
    share = _share(max_rel_error, zero=True)
    lower, short, below = _side(x, y, share, 1.0)
    upper, over, above = _side(x, y, share, -1.0)
    return PiecewiseCurve(lower, upper, max(short, over), max(below, above))


def chord_error(ratio: npt.ArrayLike) -> Floats:
    """By what share of √v a chord from a to ratio × a is short of it at most: 1 − 1 / cosh(ln ratio / 4).

    Examples
    --------
    >>> chord_error([2.0, 4.0]).round(7)
    array([0.0148286, 0.057191 ])
    """
    return np.asarray(1 - 1 / np.cosh(np.log(_ratio(ratio)) / 4))


def tangent_error(ratio: npt.ArrayLike) -> Floats:
    """By what share of √v the tangents at a and ratio × a are over it at most: cosh(ln ratio / 4) − 1.

    Examples
    --------
    >>> tangent_error([2.0, 4.0]).round(7)
    array([0.0150518, 0.0606602])
    """
    return np.asarray(np.cosh(np.log(_ratio(ratio)) / 4) - 1)


def chord_gap(low: npt.ArrayLike, high: npt.ArrayLike) -> Floats:
    """By how much a chord of √v from `low` to `high` is short of it at most: (√high − √low)² / (4 (√low + √high)).

    Examples
    --------
    >>> chord_gap([1.0, 1.0, 0.0], [2.0, 4.0, 16.0]).round(6)
    array([0.017767, 0.083333, 1.      ])
    """
    start, end = np.sqrt(np.asarray(low, dtype=np.float64)), np.sqrt(np.asarray(high, dtype=np.float64))
    if not ((start >= 0) & (start < end)).all():
        raise UsageError("a chord goes from a volume of 0 or above to a larger one")
    return np.asarray((end - start) ** 2 / (4 * (start + end)))


def square_root_curve(smallest: float, largest: float, max_rel_error: float = 0.01) -> PiecewiseCurve:
    """√v between chords and tangents, as few as keep a relative error.

    Parameters
    ----------
    smallest, largest : float
        Volumes (or variances) above 0 between which the lines are valid.
    max_rel_error : float
        Above 0 and below 1. All pieces have the same ratio of ends, and so the same error.

    Returns
    -------
    PiecewiseCurve

    Raises
    ------
    UsageError
        Volumes that are not above 0 and rising, or an error outside (0, 1).

    Examples
    --------
    >>> [len(square_root_curve(1.0, 1000.0, error).lower) for error in (0.05, 0.01, 0.001)]
    [6, 13, 39]
    """
    if not (0 < smallest < largest < math.inf):
        raise UsageError(f"volumes from {smallest} to {largest}: two numbers above 0 are needed, the smaller one first")
    share = _share(max_rel_error, zero=False)
    span = math.log(largest / smallest)
    chords = _pieces(span, 4 * math.acosh(1 / (1 - share)))
    tangents = _pieces(span, 4 * math.acosh(1 + share))
    ends = np.geomspace(smallest, largest, chords + 1)
    middle = np.geomspace(smallest, largest, 2 * tangents + 1)
    at, edges = middle[1::2], middle[::2]
    over = (np.sqrt(edges[1:]) - np.sqrt(at)) ** 2 / (2 * np.sqrt(at))
    return PiecewiseCurve(_chords(ends), _tangents(at, edges),
                          max(float(chord_error(ends[1] / ends[0])), float(tangent_error(edges[1] / edges[0]))),
                          max(float(chord_gap(ends[:-1], ends[1:]).max()), float(over.max())))


def square_root_curve_from_zero(largest: float, pieces: int) -> PiecewiseCurve:
    """√v from 0 on between chords and tangents of equal error in units: √largest / (2 pieces²) at most.

    Parameters
    ----------
    largest : float
        Volume (or variance) up to which the lines are valid.
    pieces : int
        How many chords, and how many tangents. They meet the root at largest × (k / pieces)^4.

    Returns
    -------
    PiecewiseCurve
        Its relative error is not bounded: near 0 the tangent stays above 0.

    Raises
    ------
    UsageError
        A volume that is not above 0, or fewer pieces than one.

    Examples
    --------
    >>> round(square_root_curve_from_zero(1.0, 10).max_error, 6)
    0.005
    """
    if not (0 < largest < math.inf) or pieces < 1 or int(pieces) != pieces:
        raise UsageError(f"largest = {largest}, pieces = {pieces}: a volume above 0 and a whole number from 1 up are "
                         "needed")
    ends = largest * (np.arange(int(pieces) + 1) / pieces) ** 4
    between = np.concatenate([[0.0], np.sqrt(ends[1:-1] * ends[2:]), [largest]])
    return PiecewiseCurve(_chords(ends), _tangents(ends[1:], between), math.inf, math.sqrt(largest) / (2 * pieces**2))


def _side(x: Floats, y: Floats, share: float, sign: float) -> tuple[Segments, float, float]:
    """One side of an envelope (1: below, -1: above), its largest relative error and its largest error."""
    curve = Curves(x, sign * y[None, :], np.zeros(1))
    bounds, lines, relative, absolute = [0], [], 0.0, 0.0
    while bounds[-1] < len(x) - 1:
        first = bounds[-1]
        ends = np.arange(first + 1, len(x))
        found = curve.lines(np.zeros(len(ends), dtype=np.int64), np.full(len(ends), x[first]), x[ends])
        error = sign * y[None, first:] - (found.intercept[:, None] + found.slope[:, None] * x[None, first:])
        error[np.arange(first, len(x))[None, :] > ends[:, None]] = 0.0
        # What the sum intercept + slope × volume may be off by is no error of the line.
        rounding = _ROUNDING * (np.abs(found.intercept) + np.abs(found.slope) * x[ends])
        error = np.where(error > rounding[:, None], error, 0.0)
        part = np.divide(error, y[None, first:], out=np.where(error > 0, np.inf, 0.0), where=y[None, first:] > 0)
        worst = part.max(axis=1)
        # The segment between two neighbouring corners has no error, so that there is always one.
        last = int(np.flatnonzero(worst <= max(share, _ROUNDING))[-1])
        bounds.append(int(ends[last]))
        lines.append((sign * found.intercept[last], sign * found.slope[last]))
        relative, absolute = max(relative, float(worst[last])), max(absolute, float(error[last].max()))
    intercept, slope = np.array(lines).T
    return Segments(x[bounds[:-1]], x[bounds[1:]], intercept, slope), relative, absolute


def _chords(ends: Floats) -> Segments:
    roots = np.sqrt(ends)
    slope = 1 / (roots[:-1] + roots[1:])
    return Segments(ends[:-1], ends[1:], roots[:-1] - ends[:-1] * slope, slope)


def _tangents(at: Floats, ends: Floats) -> Segments:
    return Segments(ends[:-1], ends[1:], np.sqrt(at) / 2, 1 / (2 * np.sqrt(at)))


def _pieces(span: float, most: float) -> int:
    """Least number of pieces of a span that are none longer than `most`."""
    return max(1, math.ceil(span / most - 1e-9))


def _ratio(ratio: npt.ArrayLike) -> Floats:
    found = np.asarray(ratio, dtype=np.float64)
    if not ((found >= 1) & np.isfinite(found)).all():
        raise UsageError("the ratio of the ends of a piece must be at least 1 and finite")
    return found


def _share(max_rel_error: float, *, zero: bool) -> float:
    if not (0 <= max_rel_error < 1 and (zero or max_rel_error > 0)):
        raise UsageError(f"max_rel_error is {max_rel_error}: a share {'from 0' if zero else 'above 0'} and below 1 is "
                         "needed (0.01 for 1 %)")
    return float(max_rel_error)
