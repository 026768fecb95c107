"""Reading: a folder of CSV or Parquet files with a file of settings, a workbook, or a dict of DataFrames."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.errors import Finding, UsageError, did_you_mean, nearest_name
from ctsopt.keys import Bools
from ctsopt.tables.columns import Column, Table
from ctsopt.tables.csv_files import EMPTY_MEND, read_csv, unreadable
from ctsopt.tables.excel import read_workbook, refusal
from ctsopt.tables.handed_out import HandedOut
from ctsopt.tables.raw import Objects, Raw, RawSetting, RawTable, cell_text, clean_text, is_own, raw_table
from ctsopt.tables.schema import Schema
from ctsopt.tables.settings_file import read_settings

Source = str | os.PathLike[str] | Mapping[str, Any]

WORKBOOKS = (".xlsx", ".xlsm")
MOST_ROWS_OF_PARQUET = 100_000_000
"""Rows of a Parquet file: a few bytes can stand for any number of equal rows."""

_OF_CELLS = ("error_cell", "several_values", "bytes_for_text")
_SETTING_SHEET = (Column("setting", "text", "Name of the setting."), Column("value", "text", "Its value."))


class _Reading:
    """What one reading has gathered so far."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.tables: dict[str, RawTable] = {}
        self.settings: list[RawSetting] = []
        self.partial: set[str] = set()
        self.meant: set[str] = set()
        self.findings: list[Finding] = []

    def add(self, name: str, place: str, header: Sequence[str], columns: Sequence[Any], rows: Any, *,
            header_row: int | None, findings: Iterable[Finding] = ()) -> None:
        """Take a table, or the settings, with what was found on the way to it."""
        found = list(findings)
        table = self.schema.by_name[name]
        if name == self.schema.settings_name:
            table = Table(name, table.meaning, _SETTING_SHEET)
        raw, headers = raw_table(table, place, header, columns, rows, header_row=header_row)
        bad: dict[str, Bools] = {}
        for finding in (*found, *headers):
            if finding.rule in _OF_CELLS:
                reported = np.isin(raw.rows, np.array(finding.rows))
                bad[finding.column] = bad.get(finding.column, False) | reported
        self.findings += [*found, *headers]
        if any(f.rule == "ragged_row" for f in found):
            self.partial.add(name)
        if name == self.schema.settings_name:
            self._take_settings(raw)
        else:
            self.tables[name] = RawTable(name, place, raw.columns, raw.rows, bad)

    def fail(self, name: str, findings: Iterable[Finding]) -> None:
        """A table is there and cannot be read."""
        self.findings += findings
        self.partial.add(name)

    def unknown(self, rule: str, what: str, name: str, place: Path | str) -> None:
        """Something that is named like no table. The table it may be meant for counts as read in part."""
        free = self.schema.names
        near = nearest_name(name, free)
        if near:
            self.meant.add(near)
        message = (f"settings belong into {self.schema.settings_file}" if name == self.schema.settings_name
                   else f"{place} holds {what}, but there is no table of that name")
        self.findings.append(Finding(rule, name, "", message, f"use one of {', '.join(free)}; or start the name with _ "
                                     "to keep it as your own", (), (name,), free))

    def _take_settings(self, raw: RawTable) -> None:
        missing = [name for name in ("setting", "value") if name not in raw.columns]
        if missing:
            self.findings.append(Finding("missing_column", self.schema.settings_name, missing[0], f"there is no column "
                                         f"{missing[0]}", "the settings have two columns, setting and value"))
            return
        names, values = (column_text(raw.columns[name]) for name in ("setting", "value"))
        self.settings += [RawSetting(name, text, int(row))
                          for name, text, row in zip(names, values, raw.rows, strict=True) if not is_own(name)]

    def result(self) -> tuple[Raw, list[Finding]]:
        """Everything, with a finding for each required table that is not there."""
        for table in self.schema.tables:
            if not table.optional and table.name not in self.tables and table.name not in self.partial:
                self.findings.append(Finding("missing_table", table.name, "", f"there is no table {table.name}",
                                             f"add it: {table.meaning}"))
        partial = self.partial | (self.meant - self.tables.keys())
        return Raw(self.schema, self.tables, tuple(self.settings), frozenset(partial)), self.findings


def column_text(cells: Any) -> Objects:
    """The texts of a raw column."""
    return np.asarray(cells.values(), dtype=object)


def read_tables(source: Source, schema: Schema) -> tuple[Raw, list[Finding]]:
    """Read everything as it stands, with what is wrong with files, sheets and headers.

    Parameters
    ----------
    source : path or mapping of str to DataFrame
        A folder of CSV or Parquet files with the file of settings, a workbook (.xlsx), or frames by table name; the
        key `settings` holds a dict, or a DataFrame with columns setting and value.
    schema : Schema
        The tables that are looked for.

    Raises
    ------
    UsageError
        If the source does not exist or is of no such kind.
    """
    reading = _Reading(schema)
    if isinstance(source, Mapping):
        _read_frames(source, reading)
        return reading.result()
    path = Path(source)
    if not path.exists():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise UsageError(f"there is no folder or file {path}"
                         + did_you_mean(path.name, names, shown=lambda near: str(path.parent / near)))
    try:
        if path.is_dir():
            _read_folder(path, reading)
        elif path.suffix.lower() in WORKBOOKS:
            _read_workbook(path, reading)
        else:
            raise UsageError(f"{path} is neither a folder nor a workbook (.xlsx); a {schema.thing} is a folder of "
                             f"CSV or Parquet files{_with_settings(schema)}, or one workbook")
    except OSError as error:
        raise UsageError(f"{error.filename or path} cannot be read: {error.strerror or error}") from error
    return reading.result()


def _read_folder(folder: Path, reading: _Reading) -> None:
    files: dict[str, str] = {}
    schema = reading.schema
    for path in sorted(folder.iterdir()):
        name, suffix = path.stem, path.suffix.lower()
        if path.name.startswith(".") or is_own(name) or (path.is_dir() and suffix not in {".csv", ".parquet", ".yaml"}):
            continue
        if schema.settings and path.name == schema.settings_file:
            if _is_file(path, schema.settings_name, reading):
                settings, found = read_settings(path, schema.settings_name)
                reading.settings += settings
                reading.findings += found
        elif suffix not in {".csv", ".parquet"}:
            reading.findings += _left_out(path, schema)
        elif name not in schema.names:
            reading.unknown("unknown_file", path.name, name, folder)
        elif name in files:
            reading.findings.append(Finding(
                "two_files", name, "", f"the folder holds this table twice, in {files[name]} and {path.name}",
                "delete one of the two files, or start its name with _", (), (path.name,)))
        else:
            files[name] = path.name
            if _is_file(path, name, reading):
                _read_file(path, name, reading)


def _is_file(path: Path, name: str, reading: _Reading) -> bool:
    """Whether there is a file to be read: neither a folder, nor a pipe that never ends, nor a link to nothing."""
    if path.is_file():
        return True
    link = path.is_symlink() and not path.exists()
    what = "is a link that leads nowhere" if link else "is a folder" if path.is_dir() else "is not a file"
    reading.fail(name, [Finding("unreadable_file", name, "", f"{path.name} {what}",
                                "put a file in its place, or start its name with _", (), (path.name,))])
    return False


def _read_file(path: Path, name: str, reading: _Reading) -> None:
    try:
        if path.suffix.lower() == ".parquet":
            _read_parquet(path, reading)
            return
        sheet, found = read_csv(path.read_bytes(), name, path.name)
    except OSError as error:
        reading.fail(name, [unreadable(path, name, error)])
        return
    if sheet is None:
        reading.fail(name, found)
    else:
        reading.add(name, path.name, sheet.header, sheet.columns, sheet.rows, header_row=1, findings=found)


def _left_out(path: Path, schema: Schema) -> list[Finding]:
    """A warning for a file that is named like a table and has a type that is not read."""
    stem = path.name.split(".", 1)[0]
    if schema.settings and path.suffix.lower() in {".yaml", ".yml"}:
        only = schema.settings_file
        return [Finding("unknown_file", path.name, "", f"the settings are read from {only} alone",
                        f"rename it to {only}, or start its name with _", (), (path.name,), (only,))]
    if stem in schema.by_name and path.suffix.lower() != ".md":
        return [Finding("file_not_read", stem, "", f"{path.name} is not read: tables in a folder are .csv or .parquet",
                        "save it as CSV, or start its name with _", severity="warning")]
    return []


def _read_parquet(path: Path, reading: _Reading) -> None:
    from pyarrow import ArrowException  # type: ignore[import-untyped]
    from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped]

    try:
        with ParquetFile(path) as file:
            if file.metadata.num_rows > MOST_ROWS_OF_PARQUET:
                reading.fail(path.stem, [Finding(
                    "too_many_rows", path.stem, "", f"{path.name} has {file.metadata.num_rows} rows, more than the "
                    f"limit of {MOST_ROWS_OF_PARQUET}", "leave out what the study does not need, or add rows up")])
                return
            content = file.read()
        content.validate(full=True)
        columns = [column.to_pandas(integer_object_nulls=True) for column in content.columns]
    except (ArrowException, OSError, ValueError, LookupError, TypeError) as error:
        reading.fail(path.stem, [Finding("broken_parquet", path.stem, "", f"{path.name} is not a Parquet file, or is "
                                         f"damaged: {str(error).partition(chr(10))[0]}", "write it again")])
        return
    reading.add(path.stem, path.name, content.column_names, columns, np.arange(content.num_rows), header_row=None)


def _read_workbook(path: Path, reading: _Reading) -> None:
    why = refusal(path)
    if why:
        reading.findings.append(Finding("unreadable_workbook", path.name, "", f"{path.name} {why}",
                                        "save it as .xlsx, or use a folder of CSV files"))
        reading.partial.update(reading.schema.names)
        return
    for name, sheet, found in read_workbook(path, reading.schema):
        if not name:
            reading.findings += found
            reading.partial.update(reading.schema.names)
        elif name not in reading.schema.by_name:
            if sheet is not None or any(f.rule != "sheet_without_cells" for f in found):
                reading.unknown("unknown_sheet", f"a sheet {name!r}", name, path.name)
        elif sheet is not None:
            reading.add(name, f"sheet {name}", sheet.header, sheet.columns, sheet.rows, header_row=1, findings=found)
        elif found:
            reading.fail(name, found)
        elif not reading.schema.by_name[name].optional:
            reading.fail(name, [Finding("empty_file", name, "", "the sheet is blank", EMPTY_MEND)])


def _read_frames(frames: Mapping[str, Any], reading: _Reading) -> None:
    for key, frame in frames.items():
        name = str(key)
        if is_own(name):
            continue
        if name not in reading.schema.by_name:
            reading.unknown("unknown_table", f"a table {name!r}", name, "the dict")
        elif isinstance(frame, RawTable):
            reading.tables[name] = frame
        elif name == reading.schema.settings_name and isinstance(frame, Mapping):
            texts = [(str(n), _setting_text(reading.schema, str(n), v)) for n, v in frame.items()]
            reading.settings += [RawSetting(clean_text(n), clean_text(text), row)
                                 for row, (n, text) in enumerate(texts) if not is_own(n)]
        elif isinstance(frame, pd.DataFrame):
            if isinstance(frame, HandedOut):
                frame.taken()
            plain = frame.reset_index() if any(n is not None for n in frame.index.names) else frame
            reading.add(name, "the DataFrame", [cell_text(label) for label in plain.columns],
                        [plain.iloc[:, j] for j in range(plain.shape[1])], np.arange(len(plain)), header_row=None)
        else:
            wanted = "a dict, or a pandas DataFrame" if name == reading.schema.settings_name else "a pandas DataFrame"
            reading.fail(name, [Finding("not_a_frame", name, "", f"the table is of the type {type(frame).__name__}",
                                        f"give {wanted}")])


def _with_settings(schema: Schema) -> str:
    return f" with {schema.settings_file}" if schema.settings else ""


def _setting_text(schema: Schema, name: str, value: Any) -> str:
    """Text of a setting in a dict; a typed infinity is blank where a blank means no limit, as in a typed column."""
    column = next((c for c in schema.settings_columns if c.name == name), None)
    unlimited = isinstance(value, float) and value == math.inf and column is not None and column.default == math.inf
    return "" if unlimited else cell_text(value)
