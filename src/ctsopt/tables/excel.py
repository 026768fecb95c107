"""Workbooks: one sheet per table, read as values, written so that text stays text."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.errors import Finding, UsageError
from ctsopt.keys import Positions
from ctsopt.tables.archive import CHART, DAMAGE, Part, refusal, sheet_parts
from ctsopt.tables.csv_files import Sheet
from ctsopt.tables.raw import Objects, cell_text, clean_text, is_own
from ctsopt.tables.schema import Schema

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "read_workbook", "refusal", "write_workbook"]

MOST_ROWS = 1_048_576
"""Rows of a sheet, by the file format."""

MOST_COLUMNS = 1000
"""Columns of a sheet with content; a table has some twenty."""

_TITLE_ROWS = 20
"""Rows with content among which the header is looked for."""

_ZEROS_BY_FORMAT = re.compile(r"0{2,}")
_NUMBER, _ERROR = "n", "e"
_SAVE_AGAIN = "open the workbook in a spreadsheet program and save it again, or use a folder of CSV files"
_OWN = "or start its name with _ to keep it as your own"


class _Damaged(Exception):
    """What the reader of a workbook tripped over."""


def read_workbook(path: Path, schema: Schema) -> Iterator[tuple[str, Sheet | None, list[Finding]]]:
    """Every sheet of a workbook that is not the user's own: name, content (None where there is none), findings.

    A blank name stands for the workbook as a whole: it cannot be read.
    """
    from openpyxl import load_workbook

    with ExitStack() as opened:
        files = [opened.enter_context(path.open("rb")) for _ in range(2)]  # the reader leaves those open that it opens
        raw = None
        try:
            with _reading():
                parts = sheet_parts(path)
                book = load_workbook(files[0], read_only=True, data_only=True)
                if any(part.formulas for part in parts):
                    raw = load_workbook(files[1], read_only=True)
                sheets = iter(list(zip(book.worksheets, raw.worksheets if raw else book.worksheets, strict=True)))
        except _Damaged as error:
            yield "", None, [Finding("unreadable_workbook", path.name, "", f"{path.name} is damaged: {error}",
                                     _SAVE_AGAIN)]
            return
        for part in parts:
            content = next(sheets, None) if part.kind not in ("", CHART) else None
            if not is_own(part.name):
                yield _of_part(path, schema, part, parts, content, formulas=raw is not None and part.formulas)


def _of_part(path: Path, schema: Schema, part: Part, parts: Sequence[Part], content: Any, *, formulas: bool
             ) -> tuple[str, Sheet | None, list[Finding]]:
    twin = _kept(part, parts)
    if twin is not part:
        return twin.name, None, [Finding(
            "duplicate_sheet", twin.name, "", f"{path.name} holds this table twice, as the sheets "
            f"{twin.name!r} and {part.name!r}", f"delete one of the two sheets, {_OWN}", (), (part.name,))]
    if content is None:
        what = "a chart" if part.kind == CHART else "listed, but its content is missing"
        return part.name, None, [Finding("sheet_without_cells", part.name, "", f"the sheet is {what}",
                                         f"replace it by a sheet with cells, {_OWN}")]
    return part.name, *_one_sheet(schema, part, content[0], content[1] if formulas else None)


def _kept(part: Part, parts: Sequence[Part]) -> Part:
    """Of the sheets whose names differ in capitals or blanks at the ends alone, the one that is read."""
    name = clean_text(part.name).casefold()
    return min((p for p in parts if clean_text(p.name).casefold() == name), key=lambda p: p.name != name)


def _one_sheet(schema: Schema, part: Part, sheet: Any, formulas: Any) -> tuple[Sheet | None, list[Finding]]:
    try:
        with _reading():
            rows = _rows(sheet)
            with_formulas = _rows(formulas) if formulas is not None else []
    except _Damaged as error:
        return None, [Finding("damaged_sheet", part.name, "", f"the sheet is damaged: {error}", _SAVE_AGAIN)]
    content, findings = _read_sheet(schema, part.name, rows)
    findings += _formulas_without_value(part.name, rows, with_formulas)
    if content is not None:
        findings += [*_merged(part, content.header), *_hidden(part, rows)]
    return content, findings


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever the reader trips over is damage in the file; only calls of the reader stand in here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which carry no data
            yield
    except (*DAMAGE, OSError) as error:
        raise _Damaged(f"{type(error).__name__}: {error}") from error


def _rows(sheet: Any) -> list[Any]:
    """All rows from the first on, without blank cells at their ends.

    The stored size of a sheet is not trusted: writers get it wrong.
    """
    sheet.reset_dimensions()
    rows = list(islice(map(_trimmed, sheet.iter_rows()), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise ValueError(f"it has rows beyond {MOST_ROWS}, the last one of the format")
    return rows


def _trimmed(row: Sequence[Any]) -> Sequence[Any]:
    width = len(row)
    while width and row[width - 1].value is None:
        width -= 1
    return row if width == len(row) else row[:width]


def _merged(part: Part, header: Sequence[str]) -> Iterator[Finding]:
    """Of merged cells only the first holds a value; the others would read as blank."""
    from openpyxl.utils import range_boundaries

    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for area in part.merged:
        left, top, right, _ = (edge or 1 for edge in range_boundaries(area))
        names = [name for name in header[left - 1:right] if name.strip() and not is_own(clean_text(name))]
        if names:
            rule = "merged_header" if top == 1 else "merged_cells"
            found.setdefault((rule, clean_text(names[0])), []).append((top, area))
    for (rule, column), places in found.items():
        yield Finding(rule, part.name, column, "cells of the header are merged: each column needs a name of its own"
                      if rule == "merged_header" else "the cells are merged: only the first of them holds the value",
                      "take the merging back, and fill in every cell", [row for row, _ in places],
                      [area for _, area in places])


def _hidden(part: Part, rows: Sequence[Any]) -> Iterator[Finding]:
    """What a look at the sheet does not show is read all the same."""
    if part.hidden:
        yield Finding("hidden_sheet", part.name, "", "the sheet is hidden, and it is read",
                      f"show it, {_OWN}", severity="warning")
    hidden = [row for row in part.hidden_rows if row <= len(rows) and rows[row - 1]]
    if hidden:
        yield Finding("hidden_rows", part.name, "", "the rows are hidden, by a filter or by hand, and they are read",
                      "show them, or delete them", hidden, [cell_text(rows[row - 1][0].value) for row in hidden],
                      severity="warning")


def _read_sheet(schema: Schema, name: str, all_rows: Sequence[Any]) -> tuple[Sheet | None, list[Finding]]:
    """Cells as text with row numbers; None where the sheet is blank."""
    lines = [(number, row) for number, row in enumerate(all_rows, start=1)
             if any(cell.value is not None for cell in row)]
    if not lines:
        return None, []
    number, first = lines[0]
    below = _header_below(schema, name, lines)
    if below is not None:
        return None, [below]
    if number != 1:
        return None, [Finding("header_not_first", name, "", "the first row of the sheet is blank",
                              "put the header into row 1", (number,), (cell_text(first[0].value),))]
    header = [cell_text(cell.value) for cell in first]
    width = max(len(row) for _, row in lines)
    if width > MOST_COLUMNS:
        wide = [n for n, row in lines if len(row) > MOST_COLUMNS]
        return None, [Finding("too_many_columns", name, "", f"the sheet has cells beyond column {MOST_COLUMNS}",
                              "delete them: a table has one column for each name of the data dictionary", wide,
                              [f"{len(row)} columns" for _, row in lines if len(row) > MOST_COLUMNS])]
    header += [""] * (width - len(header))
    body = lines[1:]
    errors: list[tuple[int, int, str]] = []
    columns: list[Objects] = []
    for j in range(width):
        cells = [row[j] if j < len(row) else None for _, row in body]
        texts = ["" if cell is None else cell_text(cell.value) for cell in cells]
        for i, cell in enumerate(cells):
            if cell is not None and cell.data_type == _ERROR:
                errors.append((j, i, texts[i]))
        columns.append(np.array(texts, dtype=object))
    rows: Positions = np.array([n for n, _ in body], dtype=np.int64)
    findings = [*_error_cells(name, header, rows, errors), *_hidden_zeros(name, header, body)]
    for j, i, _ in errors:
        columns[j][i] = ""
    return Sheet(header, columns, rows), findings


def _header_below(schema: Schema, name: str, lines: Sequence[tuple[int, Any]]) -> Finding | None:
    """A finding where the header stands below a title, as in the reports of many systems."""
    known = {column.name for column in schema.by_name[name].columns} if name in schema.by_name else set()

    def names(row: Any) -> list[str]:
        return [text for cell in row if (text := clean_text(cell_text(cell.value)))]

    def is_header(row: Any) -> bool:
        told = names(row)
        return 2 * sum(text in known for text in told) > len(told)

    if any(text in known for text in names(lines[0][1])):
        return None
    for number, row in lines[1:_TITLE_ROWS]:
        if is_header(row):
            title = (names(lines[0][1]) or [""])[0]
            return Finding("header_below_title", name, "", f"the header is in row {number}, below a title",
                           f"delete the rows above it, so that row 1 is the header ({', '.join(names(row)[:3])})",
                           (lines[0][0],), (title,))
    return None


def _error_cells(table: str, header: Sequence[str], rows: Positions,
                 errors: Sequence[tuple[int, int, str]]) -> Iterator[Finding]:
    for j in sorted({j for j, _, _ in errors}):
        if not is_own(header[j]):
            here = [(i, text) for column, i, text in errors if column == j]
            yield Finding("error_cell", table, header[j], "the cell holds an error of the spreadsheet program",
                          "correct the formula, or write the value",
                          [int(rows[i]) for i, _ in here], [text for _, text in here])


def _hidden_zeros(table: str, header: Sequence[str], body: Sequence[tuple[int, Any]]) -> Iterator[Finding]:
    """Numbers that show leading zeros by their format alone: 123 shown as 00123 is read as 123."""
    for j, name in enumerate(header):
        here = [(n, row[j]) for n, row in body if j < len(row) and row[j].data_type == _NUMBER
                and row[j].value is not None and _ZEROS_BY_FORMAT.fullmatch(row[j].number_format or "")]
        if here and not is_own(name):
            yield Finding("zeros_by_format", table, name, "the cell is a number whose leading zeros are its format "
                          "alone; it is read without them", "format the column as text and write the name in full",
                          [n for n, _ in here], [cell_text(cell.value) for _, cell in here], severity="warning")


def _formulas_without_value(table: str, rows: Sequence[Any], with_formulas: Sequence[Any]) -> list[Finding]:
    """Formulas whose value was never stored, as in a workbook that a program wrote: they would read as blank."""
    faults: list[tuple[int, str]] = []
    for number, (row, values) in enumerate(zip(with_formulas, rows, strict=False), start=1):
        faults += [(number, cell_text(cell.value)) for j, cell in enumerate(row)
                   if cell.data_type == "f" and (j >= len(values) or values[j].value is None)]
    if not faults:
        return []
    return [Finding("formula_without_value", table, "", "the workbook holds no value for the formula",
                    "open it in a spreadsheet program and save it, or write values",
                    [n for n, _ in faults], [text for _, text in faults])]


def write_workbook(path: Path, sheets: Mapping[str, tuple[Sequence[str], Sequence[Sequence[Any]]]]) -> None:
    """Write sheets given as header and columns; text is stored as text, whatever it begins with.

    Raises
    ------
    UsageError
        If a table has more rows than a sheet holds.
    """
    from openpyxl import Workbook

    for name, (_, columns) in sheets.items():
        rows = len(columns[0])
        if rows >= MOST_ROWS:
            raise UsageError(f"{name} has {rows} rows, more than a sheet holds; write CSV or Parquet")
    book = Workbook(write_only=True)
    for name, (header, columns) in sheets.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        sheet.append(list(header))
        for row in zip(*(_cells(sheet, column) for column in columns), strict=True):
            sheet.append(row)
    book.save(path)


def _cells(sheet: Worksheet, values: Sequence[Any]) -> list[Any]:
    """Values for a sheet, with marked cells where the writer would change them.

    Texts that look like a formula or an error are marked as text. Numbers that need 17 digits are written out: the
    writer would round them to 16.
    """
    from openpyxl.cell import WriteOnlyCell

    special: dict[str | float, Any] = {}
    for text in {v for v in values if isinstance(v, str)}:
        if text[:1] in "=#":
            cell = WriteOnlyCell(sheet, value=text)
            cell.data_type = "s"
            special[text] = cell
    for number in {v for v in values if isinstance(v, float) and float(f"{v:.16g}") != v}:
        cell = WriteOnlyCell(sheet, value=repr(number))
        cell.data_type = _NUMBER
        special[number] = cell
    return [None if v == "" else special.get(v, v) if isinstance(v, str | float) else v for v in values]
