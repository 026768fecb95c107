"""Sheets of a workbook: tables with safe cells, and lines that reconcile them by live formulas."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.report.columns import FORMATS, Column, Columns
from ctsopt.report.extra import require
from ctsopt.results.schema import ADDITIVE

MOST_ROWS = 1_048_576
"""Rows that a sheet holds."""

LONGEST_TEXT = 2_000
"""Characters of a cell; spreadsheets take 32,767, nobody reads them."""

_WIDEST, _NARROWEST, _LOOKED_AT = 46, 8, 400
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn")
_JOINERS = "‌‍"
"""Some writing systems need these two, which cannot be seen."""

_LINE, _DEFAULT = 125, 9
"""Characters of a line of text, and of a column whose width nobody sets."""

_A4, _A3 = 9, 8
"""Sizes of paper, in the numbers of spreadsheets."""

_FIXED = datetime(2020, 1, 1)
"""Written as the time of making, so that the same figures make the same file."""


def safe(value: object) -> str:
    """Text for a cell: no character that cannot be seen, none that turns the writing round, and not too long."""
    text = str(value)
    if len(text) <= LONGEST_TEXT and text.isprintable():
        return text
    shown = "".join(_visible(letter) for letter in text[:LONGEST_TEXT])
    return shown if len(text) <= LONGEST_TEXT else f"{shown} … [cut here; it has {len(text):,} characters]"


def _visible(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Zl", "Zp") or letter in "\t\n\r":
        return " "
    return "�" if category in _INVISIBLE and letter not in _JOINERS else letter


@dataclass(frozen=True)
class Formula:
    """A live formula and what it comes to now, for programs that do not compute."""

    text: str
    value: float


@dataclass(frozen=True)
class Placed:
    """A table on its sheet: where the cells of each column are."""

    sheet: str
    first: int
    rows: int
    columns: Mapping[Hashable, int]

    def range(self, name: Hashable) -> str:
        """All cells of a column, for a formula on any sheet."""
        at = require("xlsxwriter.utility").xl_range_abs
        return _on(self.sheet, at(self.first, self.columns[name], self.first + max(self.rows, 1) - 1,
                                  self.columns[name]))

    def cell(self, name: Hashable, row: int) -> str:
        """One cell of a column."""
        at = require("xlsxwriter.utility").xl_rowcol_to_cell
        return _on(self.sheet, at(self.first + row, self.columns[name], row_abs=True, col_abs=True))


def _on(sheet: str, cells: str) -> str:
    return f"'{sheet}'!{cells}"


@dataclass(frozen=True)
class Line:
    """A line that reconciles: what a table adds up to, with what stands elsewhere, beside what it has to be.

    Attributes
    ----------
    label : str
        Scenario, or what else the line is about.
    parts : sequence of Formula
        They add up to `whole`; as many as the block has headers for.
    whole : Formula
    """

    label: str
    parts: Sequence[Formula]
    whole: Formula

    @property
    def difference(self) -> float:
        """To the cent."""
        return round(math.fsum(part.value for part in self.parts) - self.whole.value, 2) + 0.0


class Book:
    """A workbook that is written row by row.

    Parameters
    ----------
    path : Path
    names : sequence of str
        Sheets, in order.
    columns : Columns
    title, subject : str
        Properties of the file.
    """

    def __init__(self, path: Path, names: Sequence[str], columns: Columns, title: str) -> None:
        self._book = require("xlsxwriter").Workbook(str(path), {
            "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
            "constant_memory": True})
        self._book.set_properties({"title": safe(title)[:200], "author": "ctsopt", "created": _FIXED})
        self.columns = columns
        self.formats = {kind: self._book.add_format({"num_format": code}) for kind, code in FORMATS.items()}
        self.title = self._book.add_format({"bold": True, "font_size": 14})
        self.wrapped = self._book.add_format({"text_wrap": True, "valign": "top"})
        self.heading = self._book.add_format({"bold": True, "font_size": 11})
        self.header = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1,
                                             "bg_color": "#E8EEF4"})
        self.header_of_numbers = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1,
                                                        "bg_color": "#E8EEF4", "align": "right"})
        self.number = self._book.add_format({"num_format": "0", "align": "left"})
        self.total = self._book.add_format({"num_format": FORMATS["money"], "bold": True, "top": 1})
        self.label = self._book.add_format({"bold": True, "top": 1})
        self.green = self._book.add_format({"bg_color": "#C6EFCE", "font_color": "#005C1A"})
        self.red = self._book.add_format({"bg_color": "#FF4D4D", "font_color": "#FFFFFF"})
        self.name = title
        self._closed = False
        self.checks: list[tuple[str, str, str, float]] = []
        self.sheets = {name: Sheet(self, name, self._book.add_worksheet(name)) for name in names}

    def chart(self) -> Any:
        """A chart of bars that is in no sheet yet."""
        return self._book.add_chart({"type": "bar"})

    def close(self) -> None:
        """Write the file."""
        for sheet in self.sheets.values():
            sheet.end()
        self._closed = True
        try:
            self._book.close()
        except require("xlsxwriter.exceptions").FileCreateError as error:
            raise OSError(str(error)) from error

    def end(self) -> None:
        """Leave no file of a workbook behind that was not written to its end; does nothing to one that was."""
        if not self._closed:
            self._closed = True
            with suppress(OSError, require("xlsxwriter.exceptions").FileCreateError):  # the fault is known already
                self._book.close()


class Sheet:
    """One sheet, filled from top to bottom."""

    def __init__(self, book: Book, name: str, sheet: Any) -> None:
        self._book, self.name, self._sheet = book, name, sheet
        self._row, self._widths, self._frozen = 0, dict[int, int](), False
        self._headers: list[int] = []
        self._free = False

    def head(self, title: str, words: str, *, free: bool = False) -> None:
        """What the sheet is, and how to read it; a `free` one has no panes that stay in sight."""
        self._free = self._frozen = free
        self._text(0, title, self._book.title)
        self._row += 1
        self._text(0, words)
        self._row += 2

    def heading(self, text: str) -> None:
        """What the lines below are about."""
        self._text(0, text, self._book.heading)
        self._row += 1

    def bars(self, title: str, placed: Placed, names: str, values: str) -> None:
        """A chart of one column of a table, a bar for each row, below what is written."""
        chart = self._book.chart()
        chart.add_series({
            "name": safe(title), "categories": f"={placed.range(names)}", "values": f"={placed.range(values)}",
            "data_labels": {"value": True, "num_format": "#,##0"}, "fill": {"color": "#1f5fa8"}, "gap": 60,
            "invert_if_negative": True, "invert_if_negative_color": "#2f855a"})
        chart.set_title({"name": safe(title), "name_font": {"size": 11}, "overlay": False})
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True, "label_position": "low", "crossing": "max"})
        chart.set_x_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#d9dfe5"}}})
        high = 3 + 2 * placed.rows
        chart.set_size({"width": 820, "height": 20 * high + 60})
        self._sheet.insert_chart(self._row + 1, 0, chart)
        self._row += high + 5

    def shaded(self, placed: Placed, names: Sequence[str]) -> None:
        """Numbers of some columns on a ground from green, cheap, to orange, dear."""
        self._sheet.conditional_format(
            placed.first, placed.columns[names[0]], placed.first + placed.rows - 1, placed.columns[names[-1]],
            {"type": "3_color_scale", "min_color": "#97d0ae", "mid_color": "#ffffff", "max_color": "#f5bc86",
             "mid_type": "num", "mid_value": 0})

    def paragraph(self, text: str) -> None:
        """Text that may take several lines."""
        for line in textwrap.wrap(text, _LINE) or [""]:
            self.words(line)

    def words(self, text: str) -> None:
        """A line of text."""
        self._text(0, text)
        self._row += 1

    def table(self, title: str, frame: pd.DataFrame, keys: int = 0, named: Sequence[Column] = ()) -> Placed:
        """Write a table.

        Parameters
        ----------
        title : str
        frame : DataFrame
            More rows than a sheet holds are added up in a row for each scenario, and that is said.
        keys : int
            Columns that stay in sight on the right of a wide table, where it is the first of the sheet.
        named : sequence of Column
            What the columns are, where that does not follow from their names.
        """
        columns = list(named) or [self._book.columns.of(name, numeric=_numeric(frame[name])) for name in frame.columns]
        self._text(0, title, self._book.heading)
        self._row += 1
        header = self._row
        self._headers.append(header)
        for place, column in enumerate(columns):
            left = column.kind == "text" or column.name == "no."
            self._text(place, column.header, self._book.header if left else self._book.header_of_numbers)
            self._wide(place, min(len(column.header), 16))
        self._row += 1
        if not self._frozen:
            self._frozen = True
            self._sheet.freeze_panes(self._row, keys)
            self._sheet.autofilter(header, 0, header + max(len(frame), 1), max(len(columns) - 1, 0))
        shown = self._fitting(frame, columns)
        placed = Placed(self.name, self._row, len(shown), {name: place for place, name in enumerate(frame.columns)})
        self._cells(shown, columns)
        return placed

    def _fitting(self, frame: pd.DataFrame, columns: Sequence[Column]) -> pd.DataFrame:
        """The rows that there is room for; the rest in one row for each scenario, so that sums stay what they are."""
        room = MOST_ROWS - self._row
        reserve = 2 * (frame["no."].nunique() if "no." in frame else 1) + 10
        if len(frame) <= room - reserve:
            return frame
        kept, rest = frame.iloc[:room - 2 * reserve], frame.iloc[room - 2 * reserve:]
        additive = [column.name for column in columns if column.kind in ADDITIVE and column.name != "no."]
        keys = ["no.", "scenario"] if "no." in frame else []
        by = rest.groupby(keys, sort=False, observed=True) if keys else None
        sums = by[additive].sum().reset_index() if by is not None else rest[additive].sum().to_frame().T
        counts = by.size().tolist() if by is not None else [len(rest)]
        first = next(column.name for column in columns if column.kind == "text" and column.name not in keys)
        sums[first] = [f"{count:,} further rows, added up: a sheet holds {MOST_ROWS:,}" for count in counts]
        return pd.concat([kept, sums.reindex(columns=frame.columns)], ignore_index=True)

    def _cells(self, frame: pd.DataFrame, columns: Sequence[Column]) -> None:
        formats = [self._book.number if column.name == "no." else self._book.formats[column.kind] for column in columns]
        for place, column in enumerate(columns):
            self._wide(place, _width(frame.iloc[:, place], column))
        cells = [_plain(frame.iloc[:, place], column) for place, column in enumerate(columns)]
        number, text = self._sheet.write_number, self._sheet.write_string
        form = self._book.wrapped if self._free else None
        for here, row in enumerate(zip(*cells, strict=True), start=self._row):
            for place, value in enumerate(row):
                if value.__class__ is float:
                    number(here, place, value, formats[place])
                elif value is not None and (value or form is not None):
                    text(here, place, value, form)
        self._row += len(frame)

    def reconcile(self, what: str, parts: Sequence[str], whole: str, lines: Sequence[Line]) -> None:
        """Lines at the end of a table, with the difference in a cell that is green at 0 and red at anything else.

        Parameters
        ----------
        what : str
            What is reconciled.
        parts : sequence of str
            What each part of a line is.
        whole : str
            What the parts have to add up to.
        lines : sequence of Line
        """
        cell = require("xlsxwriter.utility").xl_rowcol_to_cell
        for place, words in enumerate([what, *parts, whole, "difference"]):
            self._text(place, words, self._book.header_of_numbers if place else self._book.header)
        self._row += 1
        first, last = self._row, len(parts) + 2
        for line in lines:
            self._text(0, line.label, self._book.label)
            self._wide(0, min(len(line.label), 28))
            for place, formula in enumerate([*line.parts, line.whole], start=1):
                self._formula(place, formula, self._book.total)
            sums = "+".join(cell(self._row, place) for place in range(1, last - 1))
            self._formula(last, Formula(f"=ROUND({sums}-{cell(self._row, last - 1)},2)", line.difference),
                          self._book.total)
            self._row += 1
        if lines:
            spot = require("xlsxwriter.utility").xl_range_abs(first, last, self._row - 1, last)
            self._coloured(first, last, self._row - 1)
            self._book.checks.append((self.name, what, _on(self.name, spot),
                                      math.fsum(abs(line.difference) for line in lines)))
        self._row += 1

    def overview(self) -> None:
        """All reconciliations of the workbook, each with the sum of its differences."""
        checks = list(self._book.checks)
        for place, words in enumerate(["sheet", "what is reconciled", "sum of the differences"]):
            self._text(place, words, self._book.header)
        self._row += 1
        first = self._row
        for sheet, what, cells, value in checks:
            self._text(0, sheet)
            self._text(1, what)
            self._formula(2, Formula(f"=SUMPRODUCT(ABS({cells}))", value), self._book.total)
            self._row += 1
        if checks:
            self._coloured(first, 2, self._row - 1)
        self._row += 1

    def _coloured(self, first: int, column: int, last: int) -> None:
        for rule in ({"type": "errors", "format": self._book.red},
                     {"type": "cell", "criteria": "==", "value": 0, "format": self._book.green},
                     {"type": "cell", "criteria": "!=", "value": 0, "format": self._book.red}):
            self._sheet.conditional_format(first, column, last, column, rule)

    def _text(self, place: int, text: object, form: Any = None) -> None:
        if text != "" or form is not None:
            self._sheet.write_string(self._row, place, safe(text), form)

    def _formula(self, place: int, formula: Formula, form: Any) -> None:
        self._sheet.write_formula(self._row, place, formula.text, form, formula.value)
        self._wide(place, 16)

    def _wide(self, place: int, width: int) -> None:
        self._widths[place] = min(max(self._widths.get(place, _NARROWEST), width + 2), _WIDEST)

    def _paper(self) -> None:
        """Landscape, as wide as a page, and as many of them as it takes; what the rows mean stands on each of them."""
        self._sheet.set_landscape()
        self._sheet.set_paper(_A4 if sum(self._widths.values()) <= 2 * _LINE else _A3)
        self._sheet.fit_to_pages(1, 0)
        self._sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self._sheet.set_footer(f"&L&8{safe(self._book.name).replace('&', '&&')[:80]}&C&8&A&R&8&P / &N")
        # Of several tables the header of the first one would mislead over the others.
        self._sheet.repeat_rows(self._headers[0] if len(self._headers) == 1 and not self._free else 0)
        wide = [self._widths.get(place, _DEFAULT) for place in range(_LINE)]
        of_text = next(place for place in range(_LINE) if sum(wide[:place + 1]) >= _LINE or place == _LINE - 1)
        self._sheet.print_area(0, 0, max(self._row - 1, 1), max([*self._widths, of_text]))

    def end(self) -> None:
        """Set the widths, and how it is printed."""
        self._paper()
        for place, width in self._widths.items():
            self._sheet.set_column(place, place, width)


def _numeric(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column)) and not pd.api.types.is_bool_dtype(column)


def _plain(column: pd.Series[Any], kind: Column) -> list[float | str | None]:
    """Numbers, texts that are safe, or None where there is nothing; what has no limit says so."""
    if kind.kind != "text" and _numeric(column):
        numbers = column.to_numpy(dtype=np.float64)
        plain: list[float | str | None] = numbers.tolist()
        for place in np.flatnonzero(~np.isfinite(numbers)).tolist():
            plain[place] = None if np.isnan(numbers[place]) else "no limit"
        return plain
    values = column.tolist()
    # A text is made safe once, however many rows have it.
    texts = {value: safe(value) for value in {value for value in values if value.__class__ is str}}
    return [texts[value] if value.__class__ is str else _cell(value, of_text=kind.kind == "text") for value in values]


def _cell(value: Any, *, of_text: bool) -> float | str | None:
    """What stands in a cell for a value that is no text, or is one of another kind."""
    if of_text and isinstance(value, bool):
        return "yes" if value else "no"
    if of_text or isinstance(value, str):
        return None if pd.isna(value) else safe(value)
    number = float(value)
    return number if math.isfinite(number) else None if math.isnan(number) else "no limit"


def _width(column: pd.Series[Any], kind: Column) -> int:
    """Characters that the cells need; the first ones are looked at, and the largest number."""
    if kind.kind == "text":
        return max((len(str(value)) for value in column.head(_LOOKED_AT).tolist()), default=0)
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    largest = float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    return len(f"{largest:,.0f}") + 4
