"""Empty tables to fill in: a folder of CSV files or a workbook, with what every column means."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctsopt.errors import UsageError
from ctsopt.tables.columns import ALL, NAMES_SEPARATOR, Column, Table
from ctsopt.tables.raw import number_text
from ctsopt.tables.schema import Schema
from ctsopt.tables.writing import GUIDE_SHEET, new_file, new_folder

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

GUIDE_FILE = f"{GUIDE_SHEET}.md"
_ROWS_WITH_LISTS = 10_000
"""Rows of a sheet whose cells offer a list of choices."""


def write_template(path: str | os.PathLike[str], schema: Schema) -> Path:
    """Write every table without rows, the settings with their defaults, and what each column means.

    Parameters
    ----------
    path : path
        A folder, or a file ending in `.xlsx`. Nothing that exists is replaced.
    schema : Schema

    Raises
    ------
    UsageError
        If the workbook, or one of the files in the folder, exists.
    """
    target = Path(path)
    if target.suffix.lower() == ".xlsx":
        new_file(target, lambda draft: _workbook(draft, schema))
    elif target.suffix and not target.exists():
        raise UsageError(f"{target}: give a folder, or a file ending in .xlsx")
    else:
        new_folder(target, lambda draft: _folder(draft, schema))
    return target


def guide(schema: Schema) -> str:
    """What every table and column means, as a page in Markdown."""
    settings = f", and `{schema.settings_file}` for the settings" if schema.settings else ""
    lines = [f"# Tables of a {schema.thing}", "",
             f"One CSV or Parquet file per table{settings}; or one workbook with a sheet per table. "
             "Columns that are not needed may be left out. Columns whose name starts with `_`, and those called "
             "`comment` or `note`, are yours and are not read.", ""]
    for table in schema.by_name.values():
        lines += [f"## {table.name}", "", table.meaning, "", "| column | meaning | unit | allowed | blank |",
                  "|---|---|---|---|---|"]
        for column in table.columns:
            name = f"**{column.name}**" if column.is_key else column.name
            cells = (name, column.meaning, column.unit, allowed(column), default_text(column))
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def allowed(column: Column) -> str:
    """What a cell of the column may hold."""
    if column.kind == "choice":
        return ", ".join(column.choices)
    if column.kind == "yes_no":
        return "yes, no"
    if column.kind == "date":
        return "day, such as 2027-03-31"
    if column.kind == "number":
        low, high = math.isfinite(column.low), math.isfinite(column.high)
        least = "above 0" if 0 < column.low <= 1e-6 else f"at least {number_text(column.low)}"
        most = f"at most {number_text(column.high)}"
        return ", ".join([least] * low + [most] * high)
    rows = " or ".join(column.refers)
    several = f", separated by {NAMES_SEPARATOR}" if column.kind == "names" else ""
    return (f"name in {rows}{several}" if rows else "text") + (f", or {ALL}" if column.wildcard else "")


def default_text(column: Column) -> str:
    """What a blank cell means."""
    if column.required:
        return "required"
    if column.blank:
        return column.blank
    if isinstance(column.default, bool):
        return "yes" if column.default else "no"
    return number_text(column.default) if isinstance(column.default, float) else str(column.default)


def comment(column: Column) -> str:
    """Everything about a column, for the comment of its header."""
    unit = f"Unit: {column.unit}." if column.unit else ""
    may = allowed(column)
    blank = "Required." if column.required else f"Blank: {default_text(column) or 'none'}."
    return "\n".join(filter(None, (column.meaning, unit, f"Allowed: {may}." if may else "", blank)))


def _folder(folder: Path, schema: Schema) -> None:
    for table in schema.tables:
        header = ",".join(column.name for column in table.columns)
        (folder / f"{table.name}.csv").write_bytes(f"{header}\n".encode())
    if schema.settings:
        (folder / schema.settings_file).write_bytes("".join(_settings_lines(schema.settings)).encode())
    (folder / GUIDE_FILE).write_bytes(guide(schema).encode())


def _settings_lines(settings: Table) -> Iterator[str]:
    for column in settings.columns:
        unit = f" [{column.unit}]" if column.unit else ""
        blank = f"blank: {column.blank}" if column.default == math.inf else ""
        may = "; ".join(filter(None, (allowed(column) if column.kind != "text" else "", blank)))
        value = "" if blank or column.default == "" else f" {default_text(column)}"
        yield f"# {column.meaning}{unit}{f' ({may})' if may else ''}\n{column.name}:{value}\n"


def _workbook(path: Path, schema: Schema) -> None:
    from openpyxl import Workbook

    book = Workbook()
    page = book.active
    assert page is not None
    book.remove(page)
    _guide_sheet(book.create_sheet(GUIDE_SHEET), schema)
    if schema.settings:
        _settings_sheet(book.create_sheet(schema.settings_name), schema.settings)
    for table in schema.tables:
        _table_sheet(book.create_sheet(table.name), table)
    book.active = 0
    book.save(path)


def _guide_sheet(sheet: Worksheet, schema: Schema) -> None:
    sheet.append(["table", "column", "meaning", "unit", "allowed", "blank"])
    for table in schema.by_name.values():
        sheet.append([table.name, "", table.meaning])
        for c in table.columns:
            sheet.append([table.name, c.name, c.meaning, c.unit, allowed(c), default_text(c)])
    _style(sheet, [16, 22, 90, 26, 40, 30])


def _settings_sheet(sheet: Worksheet, settings: Table) -> None:
    sheet.append(["setting", "value", "_unit", "_meaning"])
    for c in settings.columns:
        sheet.append([c.name, None if c.default == math.inf else c.default, c.unit, c.meaning])
    for row, c in enumerate(settings.columns, start=2):
        _offer(sheet, c, f"B{row}")
    _style(sheet, [20, 16, 20, 90])


def _table_sheet(sheet: Worksheet, table: Table) -> None:
    from openpyxl.comments import Comment
    from openpyxl.utils import get_column_letter

    sheet.append([column.name for column in table.columns])
    _style(sheet, [max(12, len(column.name) + 3) for column in table.columns])
    for number, column in enumerate(table.columns, start=1):
        note = Comment(comment(column), "ctsopt", height=160, width=320)
        sheet.cell(1, number).comment = note
        letter = get_column_letter(number)
        _offer(sheet, column, f"{letter}2:{letter}{_ROWS_WITH_LISTS}")
        if column.kind in {"key", "reference", "names", "text"}:
            sheet.column_dimensions[letter].number_format = "@"
        elif column.kind == "date":
            sheet.column_dimensions[letter].number_format = "yyyy-mm-dd"


def _offer(sheet: Worksheet, column: Column, cells: str) -> None:
    """Let some cells offer what a column with a closed list may hold."""
    from openpyxl.worksheet.datavalidation import DataValidation

    choices = column.choices or (("yes", "no") if column.kind == "yes_no" else ())
    if choices:
        offer = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
        offer.add(cells)
        sheet.add_data_validation(offer)


def _style(sheet: Worksheet, widths: list[Any]) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for number, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.cell(1, number).font = Font(bold=True)
    sheet.freeze_panes = "A2"


