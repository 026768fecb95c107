"""Room in a figure: ends and ticks of axes, values beside bars, and labels that do not lie upon each other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ctsopt.report.figures.theme import INK, SHOWN, listed

WIDE, NARROW = 1060, 360
"""Pixels that a figure is wide on a desk, and on a telephone."""

LETTERS = 17
"""Of a name beside an axis on a telephone; as in `report.js`."""

MOST_LABELS = 60
"""Labels that are looked for a place: each is held against all others."""

_TICKS, _FEW = 6, 3
_BEYOND = 1.15
"""Steps from 0 to the end of an axis, at least."""

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_LETTER, _LINE, _MARK = 0.58, 1.25, 7.0
"""Width of a letter and height of a line over the size of the font; half the size of a mark, in pixels."""


def step_of(extent: float, most: int = _TICKS) -> float:
    """A round step with at most so many of them in the extent."""
    rough = extent / most if extent > 0 else 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * each for each in _STEPS if power * each >= rough * (1 - 1e-9))


def axis_of_bars(ends: Iterable[float], texts: Sequence[str] = (), names: Sequence[str] = (), *,
                 width: float = WIDE) -> dict[str, Any]:
    """An axis for bars from 0 to both sides, with room for their values, and a tick on each side where there are bars.

    Parameters
    ----------
    ends : iterable of float
        Where bars and whiskers end.
    texts : sequence of str
        Values that stand beyond the ends.
    names : sequence of str
        What stands to the left of the axis.
    width : float
        Pixels of the figure.
    """
    values = np.asarray([0.0, *ends], dtype=float)
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    extent = high - low or 1.0
    letters = LETTERS if width < WIDE else SHOWN
    plot = max(width - 40 - _LETTER * 13 * max((min(len(name), letters) for name in names), default=0), 120.0)
    text = 12 + _LETTER * 12 * max((len(re.sub("<[^>]*>", "", text)) for text in texts), default=0)
    sides = (low < 0) + (high > 0)
    # So much of the whole axis is taken by the texts of each side, whatever its scale.
    room = text * extent / max(plot - sides * text, 0.3 * plot)
    step = step_of(extent, _TICKS if width >= WIDE else _FEW)
    most = max(int(plot / (24 + _LETTER * 12 * len(f"{-step:,.10g}"))), 3)
    while (extent + sides * room) / step > most:
        step = step_of(2 * step, 1)
    # A tick at the very end of an axis would have no room for its number.
    left = min(low - room, -_BEYOND * step) if low < 0 else 0.0
    right = max(high + room, _BEYOND * step) if high > 0 else 0.0
    first, last = math.ceil(left / step - 1e-9), math.floor(right / step + 1e-9)
    ticks = listed(step * number for number in range(first, last + 1))
    return {"range": [left, right or 0.02 * extent], "tickmode": "array", "zeroline": True, "zerolinewidth": 2,
            "tickvals": ticks, "ticktext": [f"{tick:,.10g}" for tick in ticks if tick is not None]}


def of_bars(low: Sequence[float], high: Sequence[float], texts: Sequence[str], names: Sequence[str] = (),
            rows: Sequence[float] = (), notes: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """What of a layout bars with values need, on a desk and on a telephone: the axis, the values, other notes.

    Parameters
    ----------
    low, high : sequence of float
        Where each bar ends to the left and to the right, its whisker included.
    texts : sequence of str
        Values of the bars.
    names : sequence of str
        What stands to the left of the axis.
    rows : sequence of float
        Where the bars stand; 0, 1, ... by default.
    notes : sequence of dict
        Further annotations.
    """
    ends = [*(min(value, 0.0) for value in low), *(max(value, 0.0) for value in high)]
    wide, small = (axis_of_bars(ends, texts, names, width=width) for width in (WIDE, NARROW))
    return {"xaxis": wide, "annotations": [*beside_bars(low, high, texts, rows), *notes], **narrow(xaxis=small)}


def beside_bars(low: Sequence[float], high: Sequence[float], texts: Sequence[str],
                rows: Sequence[float] = ()) -> list[dict[str, Any]]:
    """Values as annotations beyond the ends of bars: to the right of those that go right, else to the left.

    Parameters
    ----------
    low, high : sequence of float
        Where each bar ends to the left and to the right, its whisker included.
    texts : sequence of str
    rows : sequence of float
        Where the bars stand; 0, 1, ... by default.
    """
    places = list(rows) or list(range(len(texts)))
    notes = []
    for place, left, right, text in zip(places, low, high, texts, strict=True):
        to_right = right > 0 or left >= 0
        notes.append({"x": float(right if to_right else left), "y": float(place), "text": text, "showarrow": False,
                      "xanchor": "left" if to_right else "right", "xshift": 5 if to_right else -5,
                      "font": {"size": 12, "color": INK}})
    return notes


@dataclass(frozen=True)
class Frame:
    """A part of a plane, and the pixels that it is shown on."""

    left: float
    right: float
    bottom: float
    top: float
    width: float
    height: float

    @classmethod
    def of_map(cls, window: tuple[float, float, float, float], width: float, height: float) -> Frame:
        """A map whose kilometres are as long in both directions: the window in the middle of the pixels."""
        left, right, bottom, top = window
        scale = min(width / (right - left), height / (top - bottom))
        wide, high = (width / scale - (right - left)) / 2, (height / scale - (top - bottom)) / 2
        return cls(left - wide, right + wide, bottom - high, top + high, width, height)

    def pixels(self, x: Sequence[float], y: Sequence[float]) -> list[tuple[float, float]]:
        """Where points are, from the left and from the top."""
        across, down = self.width / (self.right - self.left), self.height / (self.top - self.bottom)
        return [((one - self.left) * across, (self.top - other) * down) for one, other in zip(x, y, strict=True)]


_SIDES = (("left", "middle", 1, 0), ("right", "middle", -1, 0), ("center", "bottom", 0, -1), ("center", "top", 0, 1),
          ("left", "bottom", 1, -1), ("left", "top", 1, 1), ("right", "bottom", -1, -1), ("right", "top", -1, 1))
"""Where a label may stand: which of its sides is at the mark, and in which direction it lies."""


def beside_points(frame: Frame, x: Sequence[float], y: Sequence[float], texts: Sequence[str], size: int = 11,
                  clear: tuple[Sequence[float], Sequence[float]] = ((), ())) -> list[dict[str, Any]]:
    """Labels of points as annotations, none upon another label or mark, or beyond the frame; the first ones come first.

    A point whose label has no room anywhere has none: it says its name when it is pointed at. `clear` are the places
    of marks that have no label.
    """
    at = frame.pixels(x, y)
    marks = [(across - _MARK, down - _MARK, across + _MARK, down + _MARK)
             for across, down in [*at, *frame.pixels(*clear)]]
    taken: list[tuple[float, float, float, float]] = []
    notes = []
    for number, text in enumerate(texts[:MOST_LABELS]):
        wide, high = _LETTER * size * len(text), _LINE * size
        for side, end, across, down in _SIDES:
            middle = at[number][0] + across * (_MARK + wide / 2), at[number][1] + down * (_MARK + high / 2)
            box = middle[0] - wide / 2, middle[1] - high / 2, middle[0] + wide / 2, middle[1] + high / 2
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= frame.width and box[3] <= frame.height
            others = [*taken, *(mark for place, mark in enumerate(marks) if place != number)]
            if inside and not any(_meet(box, other) for other in others):
                taken.append(box)
                notes.append({"x": float(x[number]), "y": float(y[number]), "text": text, "showarrow": False,
                              "xanchor": side, "yanchor": end, "xshift": across * _MARK, "yshift": -down * _MARK,
                              "font": {"size": size, "color": INK}, "bgcolor": "rgba(255,255,255,0.7)",
                              "borderpad": 0})
                break
    return notes


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def narrow(**layout: Any) -> dict[str, Any]:
    """What of a layout is otherwise on a telephone; the script of the report takes it from there."""
    return {"meta": {"narrow": layout}}
