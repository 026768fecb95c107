"""What all figures share: colours, fonts, the words of names and amounts."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.formulation.build import COSTS
from ctsopt.report.figures.drawing import Drawing, Trace

INK, FAINT, GRID, LAND = "#1b2733", "#52606d", "#d9dfe5", "#9aa7b3"

PALETTE = ("#1f5fa8", "#d9731a", "#2f855a", "#7a4aa0", "#b83280", "#0f7f8a", "#8a6d1f", "#c53030", "#4a5568", "#5a9bd5",
           "#f0a868", "#7fbf9a", "#b794d6", "#e28fb9", "#6cc3cb", "#cdb56a", "#8794a3", "#a3473f", "#3b3f8f", "#b5bd4c",
           "#1b2733")
"""Colours of categories; neighbours differ in lightness too."""

VERDICTS = {"cheaper": "#2f855a", "dearer": "#c2410c", "tie": "#66727e", "same": "#66727e"}
SYMBOLS = {"cheaper": "triangle-left", "dearer": "triangle-right", "tie": "circle", "same": "circle"}
DAYS = ("#0b3c6f", "#2b7bba", "#3fa796", "#e0a11b", "#c2410c")
"""Colours of bands from soon to late."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
SHOWN = 28
"""Characters of a name that a figure shows."""

_HUGE, _LARGE, _FINE = 1e7, 1e5, 1e3


def line_name(line: object) -> str:
    """A cost line in words: `site fixed`."""
    return str(line).replace("_", " ")


def line_colours(lines: Iterable[str]) -> dict[str, str]:
    """The colour of each cost line, the same one in every figure."""
    known = [cost.__name__ for cost in COSTS]
    own = [line for line in dict.fromkeys(lines) if line not in known]
    return {line: PALETTE[place % len(PALETTE)] for place, line in enumerate([*known, *own])}


def short(text: object, limit: int = SHOWN) -> str:
    """Text with at most so many characters, without any that are not meant to be seen."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
                    for letter in str(text)[: limit + 1])
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def label(text: object, limit: int = SHOWN) -> str:
    """A name as a figure shows it: short, and harmless where plotly would read markup."""
    return html.escape(short(text, limit), quote=False)


def labels(names: Sequence[object], limit: int = SHOWN) -> list[str]:
    """Names as figures show them, no two of which are alike."""
    shown, seen = [], dict[str, int]()
    for name in names:
        text = label(name, limit)
        seen[text] = seen.get(text, 0) + 1
        shown.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return shown


def scale_of(amounts: Iterable[float]) -> tuple[float, str]:
    """By what amounts of money are divided to be read, and the word for it: 1e6 and ` million`."""
    values = np.abs(np.asarray(list(amounts), dtype=float))
    most = float(values[np.isfinite(values)].max(initial=0.0))
    if most >= _HUGE:
        return 1e6, "million "
    return (1e3, "thousand ") if most >= _LARGE else (1.0, "")


def decimals_of(amounts: Iterable[float], scale: float) -> int:
    """Digits after the point with which amounts over a scale are written."""
    values = np.abs(np.asarray(list(amounts), dtype=float))
    most = float(values[np.isfinite(values)].max(initial=0.0)) / scale
    return 2 if scale > 1 or most < _FINE else 0


def amount(value: float, decimals: int = 0) -> str:
    """A figure with separators; blank where there is none."""
    return "" if math.isnan(value) else f"{value:,.{decimals}f}"


def signed(value: float, decimals: int = 0) -> str:
    """A difference with its sign; 0 has none."""
    return f"{value:+,.{decimals}f}" if round(value, decimals) else "0"


def percent(share: float, decimals: int = 1) -> str:
    """A share in percent, never 100 % where something is missing."""
    if math.isnan(share):
        return ""
    shown = f"{100 * share:.{decimals}f}"
    if share < 1 - 1e-9 and float(shown) >= 100:
        shown = f"{100 - 10.0 ** -decimals:.{decimals}f}"
    return f"{shown} %"


def listed(values: Iterable[Any], digits: int = 6) -> list[float | None]:
    """Numbers with so many digits after the point, as plotly wants them; None where there is none."""
    rounded = np.round(np.asarray(pd.Series(list(values), dtype="float64")), digits)
    return [float(value) if math.isfinite(value) else None for value in rounded]


def figure(traces: Sequence[Trace], *, x: str = "", y: str = "", height: int = 420, showlegend: bool = True,
           **layout: Any) -> Drawing:
    """A figure in the looks of the report.

    Parameters
    ----------
    traces : sequence of Trace
    x, y : str
        Titles of the axes, with their unit.
    height : int
        Pixels.
    showlegend : bool
    layout
        What else plotly's layout takes.
    """
    titled = {name: {**layout.get(name, {}), "title": {"text": title}}
              for name, title in (("xaxis", x), ("yaxis", y)) if title}
    return Drawing(traces, {"height": height, "showlegend": showlegend, **layout, **titled}, looks())


@lru_cache(maxsize=1)
def looks() -> dict[str, Any]:
    """What the layouts of all figures share: the template of plotly."""
    axis = {"gridcolor": GRID, "zerolinecolor": LAND, "linecolor": LAND, "automargin": True, "ticks": "outside",
            "tickcolor": GRID, "title": {"font": {"size": 12, "color": FAINT}, "standoff": 8}}
    return {"font": {"family": FONT, "size": 13, "color": INK}, "paper_bgcolor": "#ffffff", "plot_bgcolor": "#ffffff",
             "margin": {"l": 8, "r": 12, "t": 12, "b": 8}, "colorway": list(PALETTE), "xaxis": axis, "yaxis": axis,
             "hoverlabel": {"font": {"size": 12, "family": FONT}, "align": "left"}, "hovermode": "closest",
             "separators": ".,", "barcornerradius": 2,
             "legend": {"orientation": "h", "yanchor": "top", "y": -0.14, "x": 0, "font": {"size": 12}}}


def nothing(why: str) -> Drawing:
    """A figure that says why there is nothing to see."""
    return figure([], height=120, showlegend=False, xaxis={"visible": False}, yaxis={"visible": False},
                  annotations=[{"text": label(why, 120), "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5,
                                "y": 0.5}])
