"""A figure before plotly has it: its traces and its layout as plain values, and as the JSON text of a page.

plotly looks at every number of a figure of its own, one by one, when it is made and again when it is written. A page
of many figures needs neither: it writes the plain values. A notebook gets the figure of plotly, which is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, Literal, ParamSpec

from ctsopt.report.extra import require

if TYPE_CHECKING:
    import plotly.graph_objects as go

Way = ParamSpec("Way")


class Trace(dict[str, Any]):
    """A trace of plotly as plain values; one that several figures share is written once."""

    def __init__(self, kind: Literal["bar", "scatter"], **looks: Any) -> None:
        super().__init__(type=kind, **looks)

    @cached_property
    def text(self) -> str:
        """As JSON."""
        return to_json(self)


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure in the looks of the report.

    Attributes
    ----------
    traces : sequence of Trace
    layout : dict
        Beside what all figures share.
    looks : dict
        What all figures share.
    """

    traces: Sequence[Trace]
    layout: dict[str, Any]
    looks: dict[str, Any]

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.layout["height"])

    @cached_property
    def layout_text(self) -> str:
        """The layout as JSON."""
        return to_json(self.layout)

    @property
    def weight(self) -> int:
        """Letters of its JSON text."""
        return len(self.layout_text) + sum(len(trace.text) + 1 for trace in self.traces)

    def of_plotly(self) -> go.Figure:
        """The figure of plotly, which has looked at every value."""
        made: go.Figure = require("plotly.graph_objects").Figure(
            [dict(trace) for trace in self.traces], self.layout | {"template": {"layout": self.looks}})
        return made


def bar(**looks: Any) -> Trace:
    """Bars."""
    return Trace("bar", **looks)


def scatter(**looks: Any) -> Trace:
    """Marks and lines."""
    return Trace("scatter", **looks)


def of_plotly(draw: Callable[Way, Drawing]) -> Callable[Way, go.Figure]:
    """The same function, with a figure of plotly for its drawing."""

    @wraps(draw)
    def drawn(*args: Way.args, **kwargs: Way.kwargs) -> go.Figure:
        return draw(*args, **kwargs).of_plotly()

    drawn.__annotations__ = {**draw.__annotations__, "return": "go.Figure"}
    return drawn


def to_json(content: Any) -> str:
    """Plain values as one line of JSON; a figure that is no number is a fault."""
    return json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
