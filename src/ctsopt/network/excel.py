"""Workbooks: one sheet per table, read as values, written so that text stays text."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.errors import Finding, UsageError
from ctsopt.keys import Positions
from ctsopt.network.csv_files import Sheet
from ctsopt.network.raw import Objects, cell_text, is_own

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

LARGEST = 1 << 30
"""Most bytes of an unpacked workbook."""

MOST_ROWS = 1_048_576
"""Rows of a sheet, by the file format."""

_OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZEROS_BY_FORMAT = re.compile(r"0{2,}")
_NUMBER, _ERROR = "n", "e"


def refusal(path: Path) -> str:
    """Why this file is not read as a workbook; an empty text where it may be."""
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        return "is empty"
    if head == _OLD_OR_ENCRYPTED:
        return "is protected by a password or in the format before 2007 (.xls); save it as a plain .xlsx"
    try:
        with zipfile.ZipFile(path) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                return "is not an Excel workbook (.xlsx)"
            size = sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        return "is not an Excel workbook (.xlsx), or is damaged"
    if size > LARGEST:
        return f"unpacks to {size / 1e9:.1f} GB, more than the limit of {LARGEST / 1e9:.1f} GB; use CSV or Parquet"
    return ""


def read_workbook(path: Path) -> Iterator[tuple[str, Sheet | None, list[Finding]]]:
    """Every sheet of a workbook that is not the user's own: name, content (None where blank), findings.

    Raises
    ------
    UsageError
        If the file is damaged in a way that `refusal` does not see.
    """
    from openpyxl import load_workbook

    formulas = _has_formulas(path)
    with _reading(path):
        book = load_workbook(path, read_only=True, data_only=True)
        unsaved = load_workbook(path, read_only=True) if formulas else None
    try:
        for sheet in book.worksheets:
            if is_own(sheet.title):
                continue
            with _reading(path):
                rows = _rows(sheet)
                with_formulas = _rows(unsaved[sheet.title]) if unsaved is not None else []
            content, findings = _read_sheet(sheet.title, rows)
            findings += _formulas_without_value(sheet.title, rows, with_formulas)
            yield sheet.title, content, findings
    finally:
        book.close()
        if unsaved is not None:
            unsaved.close()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Whatever the reader trips over is damage in the file; only calls of the reader stand in here."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions, which carry no data
            yield
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, SyntaxError, EOFError, OSError,
            zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(f"{path} is damaged ({type(error).__name__}: {error}); open it in a spreadsheet program and "
                         "save it again") from error


def _rows(sheet: Any) -> list[Any]:
    """All rows from the first on. The stored size of a sheet is not trusted: writers get it wrong."""
    sheet.reset_dimensions()
    return list(sheet.iter_rows())


def _has_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(re.search(rb"<f[ >/]", archive.read(name)) for name in archive.namelist()
                   if name.startswith("xl/worksheets/"))


def _read_sheet(name: str, all_rows: Sequence[Any]) -> tuple[Sheet | None, list[Finding]]:
    """Cells as text with row numbers; None where the sheet is blank."""
    lines = [(number, row) for number, row in enumerate(all_rows, start=1)
             if any(cell.value is not None for cell in row)]
    if not lines:
        return None, []
    number, first = lines[0]
    if number != 1:
        return None, [Finding("header_not_first", name, "", "the first row of the sheet is blank",
                              "put the header into row 1", (number,), (cell_text(first[0].value),))]
    header = [cell_text(cell.value) for cell in first]
    width = max(len(row) for _, row in lines)
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
