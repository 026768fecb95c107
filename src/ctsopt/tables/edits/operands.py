"""What the plain operations of an edit take: values by column, or rows, in the edit or in a CSV file beside it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ctsopt.tables.columns import Column
from ctsopt.tables.csv_files import read_csv
from ctsopt.tables.edits.parts import Path as Place
from ctsopt.tables.edits.reader import Reader, scalar
from ctsopt.tables.raw import clean_text, number_text


def operands(read: Reader, op: str, value: Any) -> tuple[dict[str, str], tuple[dict[str, str], ...]]:
    """What a plain operation takes: values by column, or rows."""
    if op == "drop":
        if scalar(value).casefold() not in ("yes", "true"):
            read.fault("not_yes", (op,), "drop takes the rows away that where selects", "write drop: true",
                       scalar(value))
        return {}, ()
    if op in ("insert", "update"):
        return {}, _rows(read, op, value)
    found = {}
    for name, item in read.mapping(op, value, "columns to values").items():
        column = read.column(str(name), (op, str(name)))
        if column is not None:
            found[str(name)] = _value(read, op, column, scalar(item), (op, str(name)))
    return found, ()


def _value(read: Reader, op: str, column: Column, text: str, path: Place) -> str:
    """A value of an operation, checked by what the column is."""
    if column.kind == "number":
        if text or op != "set":
            number = read.number(text, path, column.name)
            if op == "set":
                _in_bounds(read, column, number, path)
            elif op == "scale" and number < 0:
                read.fault("below_bound", path, "a factor is not negative", "write a factor such as 1.1", text, (),
                           column.name)
        return text
    if op != "set":
        read.fault("not_a_number_column", path, f"{op} works on numbers, and {column.name} is "
                   + {"key": "a name", "reference": "a name", "names": "a list of names", "choice": "a word",
                      "yes_no": "yes or no", "text": "text", "date": "a date"}[column.kind], "use set",
                   column=column.name)
    elif column.kind == "date":
        if text:
            read.day(text, path, column.name)
    elif column.kind == "choice" and text and text not in column.choices:
        read.fault("unknown_choice", path, f"must be one of {', '.join(column.choices)}", "write one of them", text,
                   column.choices, column.name)
    elif column.kind == "yes_no" and text.casefold() not in ("yes", "no", "true", "false", "1", "0", ""):
        read.fault("not_yes_or_no", path, "must be yes or no", "write yes or no", text, ("yes", "no"), column.name)
    return text


def _in_bounds(read: Reader, column: Column, number: float, path: Place) -> None:
    if column.low <= number <= column.high or np.isnan(number):
        return
    share = column.unit.startswith("share") and 1 < number <= 100
    read.fault("share_above_one" if share else "below_bound" if number < column.low else "above_bound", path,
               (f"must be at least {number_text(column.low)}" if np.isinf(column.high) else
                f"must be between {number_text(column.low)} and {number_text(column.high)}") + f": {column.meaning}",
               f"write {number_text(round(number / 100, 12))} for {number_text(number)} %" if share else
               "correct the number", number_text(number), (), column.name)


def _rows(read: Reader, op: str, value: Any) -> tuple[dict[str, str], ...]:
    """Rows written in the edit, or in a CSV file beside it."""
    if isinstance(value, Mapping) and set(value) == {"file"}:
        return _rows_of_file(read, op, scalar(value["file"]))
    if not isinstance(value, list | tuple) or not value:
        read.fault("not_a_list", (op,), f"{op} takes a list of rows, or a file", f"write {op}: [{{...}}], or {op}: "
                   "{file: rows.csv}", "" if isinstance(value, list | tuple | Mapping) else scalar(value))
        return ()
    rows = []
    for number, row in enumerate(value):
        path: Place = (op, number)
        if not isinstance(row, Mapping):
            read.fault("not_a_mapping", path, "a row maps columns to values", "write {column: value}", scalar(row))
            continue
        cells = {}
        for name, item in row.items():
            column = read.column(str(name), (*path, str(name)))
            if column is not None:
                cells[str(name)] = _value(read, "set", column, scalar(item), (*path, str(name)))
        rows.append(cells)
        _need_keys(read, op, cells, path)
    return tuple(rows)


def _rows_of_file(read: Reader, op: str, name: str) -> tuple[dict[str, str], ...]:
    path = (read.folder or Path()) / name
    if not path.is_file():
        read.fault("missing_file", (op, "file"), "there is no such file", "correct the name: it is relative to the "
                   "pack file", name, tuple(p.name for p in path.parent.glob("*.csv")) if path.parent.is_dir() else ())
        return ()
    try:
        data = path.read_bytes()
    except OSError as error:
        read.fault("unreadable_file", (op, "file"), f"it cannot be read: {error.strerror or error}", "allow it to be "
                   "read, or close the program that holds it", name)
        return ()
    sheet, findings = read_csv(data, read.table, os.fspath(path.name))
    for finding in findings:
        read.fault(finding.rule, (op, "file"), finding.message, finding.mend, "", (), finding.column)
    if sheet is None:
        return ()
    header = [clean_text(name) for name in sheet.header]
    if any(read.column(name, (op, "file")) is None for name in header):
        return ()
    columns = [[clean_text(str(cell)) for cell in cells] for cells in sheet.columns]
    rows = tuple(dict(zip(header, cells, strict=True)) for cells in zip(*columns, strict=True))
    if rows:
        _need_keys(read, op, rows[0], (op, "file"))
    return rows


def _need_keys(read: Reader, op: str, cells: Mapping[str, str], path: Place) -> None:
    """A row that is updated is found by all its keys."""
    if op != "update":
        return
    missing = [key for key in read.schema.by_name[read.table].keys if key not in cells]
    if missing:
        read.fault("missing_key", path, f"the row lacks {', '.join(missing)}", "rows are updated by their whole key")
