"""Writing tables: a folder of CSV or Parquet files with the settings, or a workbook; read back, they are the same."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.files import beside, swap, whole_file
from ctsopt.tables.columns import Column, Table
from ctsopt.tables.dates import date_text
from ctsopt.tables.excel import refusal, write_workbook
from ctsopt.tables.raw import number_text
from ctsopt.tables.schema import Schema
from ctsopt.tables.typed import Setting, Tables

Format = Literal["csv", "parquet"]

GUIDE_SHEET = "README"
"""Sheet of a template that explains the others."""


def write(tables: Tables, path: str | os.PathLike[str], format: Format = "csv") -> Path:
    """Write the tables that were given, so that reading them gives the same content hash.

    Columns that are blank throughout are left out. Everything is written beside the target first; what stands there
    is replaced only when that has succeeded. Files that are none of the tables stay; comments in the settings file and
    columns of the user's own are not written.

    Parameters
    ----------
    tables : Tables
    path : path
        A folder, or a file ending in `.xlsx`.
    format : {"csv", "parquet"}
        Type of the files in a folder.

    Raises
    ------
    UsageError
        If the folder or workbook exists and holds no tables of the schema, or other sheets beside them.
    """
    target = Path(path)
    if format not in ("csv", "parquet"):
        raise UsageError(f"format {format!r} is not known; use 'csv' or 'parquet', or a path ending in .xlsx")
    schema = tables.schema
    frames = {name: _used(tables, name) for name in schema.names if name in tables.given}
    if target.suffix.lower() == ".xlsx":
        sheets: dict[str, Any] = {}
        if schema.settings:
            given = _settings(tables)
            sheets[schema.settings_name] = (["setting", "value"], [list(given), list(given.values())])
        for name, frame in frames.items():
            columns = [_plain(schema.by_name[name].column(c), frame[c]) for c in frame.columns]
            sheets[name] = (list(frame.columns), columns)
        replace_workbook(target, schema, lambda draft: write_workbook(draft, sheets))
        return target

    def fill(folder: Path) -> None:
        if schema.settings:
            write_settings(folder / schema.settings_file, _settings(tables))
        for name, frame in frames.items():
            if format == "parquet":
                _days_as_days(schema.by_name[name], frame).to_parquet(folder / f"{name}.parquet", index=False)
            else:
                (folder / f"{name}.csv").write_bytes(csv_bytes(schema.by_name[name], frame))

    replace_folder(target, schema, fill)
    return target


def csv_bytes(table: Table, frame: pd.DataFrame) -> bytes:
    """The frame as CSV: UTF-8, lines end with a line feed, numbers with as many digits as they need."""
    texts = {c: _texts(table.column(c), frame[c]) for c in frame.columns}
    return pd.DataFrame(texts, columns=frame.columns).to_csv(index=False, lineterminator="\n").encode()


def write_settings(path: Path, settings: Mapping[str, Setting]) -> None:
    """Write settings as YAML."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = 4096
    stream = io.BytesIO()
    yaml.dump(dict(settings), stream)
    path.write_bytes(stream.getvalue())


def replace_folder(target: Path, schema: Schema, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a new folder beside the target, then put its files in the place of the old ones.

    Raises
    ------
    UsageError
        If the target is a file, or a folder with content and none of the tables in it.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file; name a folder, or a file ending in .xlsx")
    old = {p.name for p in target.iterdir()} if target.exists() else set()
    mine = old & _files(schema)
    if old and not mine:
        raise UsageError(f"{target} has content that is not a {schema.thing}; name a new or an empty folder")
    with beside(target) as draft:
        fill(draft)
        fresh = [p.name for p in draft.iterdir()]
        kept = draft / ".replaced"
        kept.mkdir()
        target.mkdir(exist_ok=True)
        swap(target, draft, kept, sorted(mine), fresh)


def new_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write files and put them into the folder `target`, none of them in the place of another.

    Raises
    ------
    UsageError
        If the target is a file, or one of the files exists.
    """
    if target.exists() and not target.is_dir():
        raise UsageError(f"{target} is a file; name a folder, or a file ending in .xlsx")
    with beside(target) as draft:
        fill(draft)
        there = sorted(p.name for p in draft.iterdir() if (target / p.name).exists())
        if there:
            raise UsageError(f"{target} holds {', '.join(there)} already; name another folder")
        target.mkdir(exist_ok=True)
        swap(target, draft, draft, [], [p.name for p in draft.iterdir()])


def new_file(target: Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a file that does not exist.

    Raises
    ------
    UsageError
        If it exists.
    """
    if target.exists():
        raise UsageError(f"{target} exists; name another file")
    whole_file(target, fill)


def replace_workbook(target: Path, schema: Schema, fill: Callable[[Path], None]) -> None:
    """Let `fill` write a new file beside the target, then put it in its place.

    Raises
    ------
    UsageError
        If the target is something else than a workbook of ctsopt, which would be lost.
    """
    if target.exists():
        foreign = _foreign_sheets(target, schema)
        if foreign:
            raise UsageError(f"{target} holds {foreign}, which would be lost; name another file")
    whole_file(target, fill)


def _foreign_sheets(path: Path, schema: Schema) -> str:
    """What a workbook holds beside the tables; a plain word where it is no workbook."""
    from openpyxl import load_workbook

    if path.is_dir():
        return "a folder"
    if refusal(path):
        return "something that is not a workbook"
    book = load_workbook(path, read_only=True)
    names = [n for n in book.sheetnames if n not in schema.by_name and n != GUIDE_SHEET]
    known = [n for n in book.sheetnames if n in schema.by_name]
    book.close()
    if names:
        return "the sheets " + ", ".join(names)
    return "" if known else f"no table of a {schema.thing}"


def _files(schema: Schema) -> set[str]:
    """Names of the files that a folder of these tables may hold."""
    tables = {f"{name}{suffix}" for name in schema.names for suffix in (".csv", ".parquet")}
    return tables | ({schema.settings_file} if schema.settings else set())


def _settings(tables: Tables) -> dict[str, Setting]:
    """Settings that differ from their default."""
    return {c.name: _whole(tables.settings[c.name]) for c in tables.schema.settings_columns
            if tables.settings[c.name] != c.default}


def _days_as_days(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """Dates without a time of day, for Parquet."""
    return frame.assign(**{c.name: frame[c.name].dt.date for c in table.columns
                           if c.kind == "date" and c.name in frame.columns})


def _used(tables: Tables, name: str) -> pd.DataFrame:
    """The table without the columns that are blank throughout and need not be there."""
    frame = tables.frames[name]
    kept = [c.name for c in tables.schema.by_name[name].columns
            if c.is_key or c.required or not _blank(c, frame[c.name]).all()]
    return frame[kept]


def _blank(column: Column, values: pd.Series[Any]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if column.kind == "number":
        numbers = values.to_numpy(dtype=np.float64)
        return np.asarray(np.isnan(numbers) | np.isposinf(numbers))
    if column.kind == "date":
        return np.asarray(values.isna())
    return np.asarray(values == "", dtype=bool) if column.kind != "yes_no" else np.zeros(len(values), dtype=bool)


def _texts(column: Column, values: pd.Series[Any]) -> Any:
    """Values as text for CSV."""
    if column.kind == "yes_no":
        return np.where(values.to_numpy(dtype=bool), "yes", "no")
    if column.kind == "date":
        codes, distinct = pd.factorize(values.to_numpy(), use_na_sentinel=False)
        return np.array([date_text(day) for day in np.asarray(distinct)] or [""], dtype=object)[codes]
    if column.kind != "number":
        return values.to_numpy(dtype=object)
    codes, distinct = pd.factorize(np.where(_blank(column, values), np.nan, values.to_numpy(dtype=np.float64)),
                                   use_na_sentinel=False)
    return np.array([number_text(number) for number in distinct] or [""], dtype=object)[codes]


def _plain(column: Column, values: pd.Series[Any]) -> list[Any]:
    """Values as Python objects for a workbook; None where blank."""
    if column.kind == "yes_no":
        return ["yes" if flag else "no" for flag in values]
    blank = _blank(column, values)
    if column.kind == "date":
        values = values.dt.date
    plain = values.to_numpy(dtype=np.float64).tolist() if column.kind == "number" else values.tolist()
    return [None if none else _whole(v) for v, none in zip(plain, blank, strict=True)]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value
