"""What a notebook shows of a network, a solution or a comparison: a heading, a few lines, a small table."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ROWS = 12
"""So many rows of a table are shown; a last line says how many more there are."""


def shown_in_notebook(heading: str, lines: Iterable[str], frame: pd.DataFrame | None = None) -> str:
    """A fragment of HTML. Every text is escaped.

    Parameters
    ----------
    heading : str
    lines : iterable of str
        Shown below the heading, one each.
    frame : DataFrame, optional
        A small table, of texts; numbers are to be in words already.
    """
    parts = [f"<strong>{escape(heading)}</strong>", *(f"<div>{escape(line)}</div>" for line in lines)]
    if frame is not None and len(frame):
        parts.append(frame.head(ROWS).to_html(index=False, escape=True, border=0))
        if len(frame) > ROWS:
            parts.append(f"<div>and {len(frame) - ROWS:,} more</div>")
    return "<div>" + "".join(parts) + "</div>"
