"""Tables as the report shows them: headers with units, numbers as people read them, nothing that could be markup."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ctsopt.report.figures.theme import percent, short
from ctsopt.report.schema import COLUMNS

MOST_ROWS = 1000
"""Rows of one table that a report shows; what more there is, is counted and said."""

MOST_LETTERS = 120
"""Letters of one cell."""

@dataclass(frozen=True)
class Cell:
    """One cell: what is shown, and whether it is a number."""

    text: str
    number: bool = False


@dataclass(frozen=True)
class Grid:
    """A table to be shown.

    Attributes
    ----------
    name : str
        What it is called.
    header : tuple of str
    rows : tuple of tuple of Cell
    more : int
        Rows that are not shown.
    where : str
        Where all rows are, for people.
    timed : frozenset of int
        Columns that hold seconds: they differ from run to run.
    id : str
        Where the table can be referred to; blank where nothing does.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    more: int = 0
    where: str = ""
    timed: frozenset[int] = frozenset()
    id: str = ""


def grid(frame: pd.DataFrame, name: str, currency: str = "", *, where: str = "", most: int = MOST_ROWS,
         money: Sequence[str] = (), names: Sequence[str] = ()) -> Grid:
    """A table as the report shows it.

    Parameters
    ----------
    frame : DataFrame
    name : str
        Caption.
    currency : str
        Of the columns that hold money: those of the schema, and those that are named.
    where : str
        Where rows are that are not shown.
    most : int
        Rows that are shown.
    money : sequence of str
    names : sequence of str
        Columns whose headers are names, and no words of ours.
    """
    own = set(names)
    header = tuple(short(column, MOST_LETTERS) if column in own else _header(str(column), currency, money)
                   for column in frame.columns)
    shown = frame.head(most)
    columns = [[cell(value, str(column)) for value in shown.iloc[:, place]]
               for place, column in enumerate(frame.columns)]
    rows = tuple(zip(*columns, strict=True)) if columns else ()
    timed = frozenset(place for place, column in enumerate(frame.columns) if column == "seconds")
    return Grid(name, header, rows, len(frame) - len(shown), where, timed)


def _header(column: str, currency: str, money: Sequence[str]) -> str:
    words, known = short(column.replace("_", " "), MOST_LETTERS), COLUMNS.get(column)
    unit = "currency" if column in money else "" if known is None else known.unit
    if unit == "currency":
        return f"{words} ({short(currency, 20)})" if currency else words
    plain = known is None or known.kind in ("share", "distance") or unit in ("", words)
    return words if plain else f"{words} ({unit})"


def cell(value: Any, column: str = "") -> Cell:
    """A value as it is shown: text short, shares in percent, numbers with separators; blank where there is none."""
    if isinstance(value, str):
        return Cell(short(value, MOST_LETTERS))
    if value is None or value is pd.NA:
        return Cell("")
    if isinstance(value, bool) or str(getattr(value, "dtype", "")) == "bool":
        return Cell("yes" if value else "no")
    if isinstance(value, (int, float)) or hasattr(value, "dtype"):
        return Cell(number(float(value), column), number=True)
    return Cell(short(value, MOST_LETTERS))


def number(value: float, column: str = "") -> str:
    """A number as it is shown: shares in percent, large ones whole, others with at most four digits after the point."""
    if math.isnan(value):
        return ""
    if math.isinf(value):
        return "no limit" if value > 0 else "-no limit"
    known = COLUMNS.get(column)
    if known is not None and known.kind == "share":
        return percent(value, 2)
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 10 else f"{value:,.4f}".rstrip("0").rstrip(".")
