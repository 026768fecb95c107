"""Tables that may be opened in a spreadsheet: no text of them is taken for a formula, no number for a text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ctsopt.files import whole_file
from ctsopt.tables.numerals import parse

_STARTS = ("=", "+", "-", "@", "\t", "\r")


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before every text that a spreadsheet would take for a formula.

    Numbers stay as they are, and so does text that is a number, such as -5.
    """
    return pd.DataFrame({_cell(name): _column(frame[name]) for name in frame.columns})


def write_csv(frame: pd.DataFrame, target: Path) -> None:
    """Write a table as CSV: whole, or not at all.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    whole_file(target, lambda draft: frame.to_csv(draft, index=False, lineterminator="\n"))


def _column(column: pd.Series[Any]) -> pd.Series[Any]:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column
    return column.map(_cell)


def _cell(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(_STARTS) or not parse([value])[1][0]:
        return value
    return f"'{value}"
