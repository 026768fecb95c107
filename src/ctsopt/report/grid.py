"""Tables as the report shows them: headers with units, numbers as people read them, nothing that could be markup."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ctsopt.report.figures.theme import percent, short

MOST_ROWS = 1000
"""Rows of one table that a report shows; what more there is, is counted and said."""

MOST_LETTERS = 120
"""Letters of one cell."""

SHARES = frozenset({
    "gap", "served", "customers_resourced", "volume_moved", "share_of_units", "share_of_cost", "utilisation", "service",
    "probability", "served_fraction", "served_fraction_achieved", "on_time_share", "on_time_share_achieved",
    "on_time_expected", "on_time_certain", "reliability", "fill_rate", "fill_rate_given",
    "exact_fill_rate", "share", "in_stock", "in_stock_before", "served_before", "stock_share"})
MONEY = frozenset({
    "cost", "bound", "gap_money", "low", "point", "high", "cash_cost", "penalty", "cash", "total", "cost_per_unit",
    "amount", "at_one_rate", "surplus", "cumulative", "value", "fixed_cost", "opening_cost", "closing_cost",
    "one_off_cash", "swing", "worst_low", "worst_point", "worst_high", "expected_low", "expected_point",
    "expected_high", "cost_low", "cost_point", "cost_high", "regret_low", "regret_point", "regret_high",
    "better_use_low", "better_use_point", "better_use_high", "idea_low", "idea_point", "idea_high", "total_low",
    "total_point", "total_high", "parent_low", "parent_point", "parent_high"})
_UNITS = {"lead_time": "days", "slack": "days", "seconds": "s", "wait": "days", "days_of_supply": "days",
          "cycle": "units", "safety": "units", "pipeline": "units", "exact_safety": "units",
          "lead_time_sd": "days", "volume": "units a day", "turns": "a year",
          "promised": "days", "promised_before": "days", "stock": "units", "stock_before": "units",
          "stock_more": "units"}


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
        Of the columns that hold money: those of `MONEY`, and those that are named.
    where : str
        Where rows are that are not shown.
    most : int
        Rows that are shown.
    money : sequence of str
    names : sequence of str
        Columns whose headers are names, and no words of ours.
    """
    amounts = MONEY | set(money)
    own = set(names)
    header = tuple(short(column, MOST_LETTERS) if column in own else _header(str(column), currency, amounts)
                   for column in frame.columns)
    shown = frame.head(most)
    columns = [[cell(value, str(column)) for value in shown.iloc[:, place]]
               for place, column in enumerate(frame.columns)]
    rows = tuple(zip(*columns, strict=True)) if columns else ()
    timed = frozenset(place for place, column in enumerate(frame.columns) if column == "seconds")
    return Grid(name, header, rows, len(frame) - len(shown), where, timed)


def _header(column: str, currency: str, amounts: frozenset[str] | set[str]) -> str:
    words = short(column.replace("_", " "), MOST_LETTERS)
    if column in amounts and currency:
        return f"{words} ({short(currency, 20)})"
    return f"{words} ({_UNITS[column]})" if column in _UNITS else words


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
    if column in SHARES:
        return percent(value, 2)
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:,.2f}" if abs(value) >= 10 else f"{value:,.4f}".rstrip("0").rstrip(".")
