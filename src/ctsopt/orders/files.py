"""From files and frames to columns as they stand: texts, each distinct text once, numbers, moments, and row numbers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.errors import DataError, Finding, Findings, UsageError
from ctsopt.keys import Floats, Positions
from ctsopt.orders.mapping import PLAIN, Form, Forms
from ctsopt.orders.schema import SCHEMA
from ctsopt.tables.columns import Table
from ctsopt.tables.raw import Texts, cell_text, clean_text, column_values
from ctsopt.tables.typed import Days

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

Cells = Texts | Floats | Days
Source = str | os.PathLike[str] | Mapping[str, pd.DataFrame] | pd.DataFrame
WORKBOOKS, FILES = (".xlsx", ".xlsm"), (".csv", ".parquet")
NULLS: dict[str, Any] = {"null_values": [""], "strings_can_be_null": False}


@dataclass(frozen=True, eq=False)
class RawLines:
    """One table as it was found.

    Attributes
    ----------
    columns : mapping of str to Texts, numbers or moments
        By our names.
    rows : int array
        Line of the file, row of the sheet, or position in the frame.
    form : Form
        How it is written.
    findings : tuple of Finding
    ragged : int array
        Lines that could not be read, as they have another number of cells than the header.
    """

    columns: dict[str, Cells]
    rows: Positions
    form: Form = PLAIN
    findings: tuple[Finding, ...] = ()
    ragged: Positions = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def read_raw(source: Source, forms: Forms) -> dict[str, RawLines]:
    """Every table that is there.

    Parameters
    ----------
    source : path, DataFrame, or mapping of str to DataFrame
        A folder of CSV and Parquet files, one such file (the order lines), a workbook, the frame of order lines, or
        frames by table.
    forms : mapping of str to Form

    Raises
    ------
    UsageError
        If there is nothing of that name.
    DataError
        If a file cannot be read at all, or its headers are not those that are expected.
    """
    if isinstance(source, pd.DataFrame):
        source = {"order_lines": source}
    if isinstance(source, Mapping):
        for name in source:
            SCHEMA.known(name)
        return {name: _of_frame(SCHEMA.by_name[name], frame, forms.get(name, PLAIN), "the DataFrame", 0)
                for name, frame in source.items()}
    path = Path(source)
    if not path.exists():
        raise UsageError(f"there is no folder or file {path}")
    if path.suffix.lower() in WORKBOOKS:
        return _of_workbook(path, forms)
    if path.is_file():
        return {"order_lines": _of_file(SCHEMA.by_name["order_lines"], path, forms.get("order_lines", PLAIN))}
    found = {}
    for table in SCHEMA.tables:
        form = forms.get(table.name, PLAIN)
        names = [form.file] if form.file else [f"{table.name}{suffix}" for suffix in FILES]
        there = [path / name for name in names if (path / name).is_file()]
        if len(there) > 1:
            raise UsageError(f"{path} holds the table {table.name} twice, in {' and '.join(p.name for p in there)}")
        if form.file and not there:
            raise UsageError(f"there is no file {path / form.file}, which the mapping names for {table.name}")
        if there:
            found[table.name] = _of_file(table, there[0], form)
    return found


def _of_workbook(path: Path, forms: Forms) -> dict[str, RawLines]:
    with pd.ExcelFile(path) as book:
        sheets = {table.name: forms.get(table.name, PLAIN).sheet or table.name for table in SCHEMA.tables}
        for table, form in forms.items():
            if form.sheet and form.sheet not in book.sheet_names:
                raise UsageError(f"{path} has no sheet {form.sheet}, which the mapping names for {table}")
        return {name: _of_frame(SCHEMA.by_name[name], book.parse(sheet, dtype=object, keep_default_na=False,
                                                                 na_values=[""]),
                                forms.get(name, PLAIN), f"the sheet {sheet}", 2)
                for name, sheet in sheets.items() if sheet in book.sheet_names}


def _of_file(table: Table, path: Path, form: Form) -> RawLines:
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        theirs = names_of(table, pq.read_schema(path).names, form, path.name)
        return _of_arrow(table, pq.read_table(path, columns=[*theirs.values()]), theirs, form, 1, path.name)
    header = header_of(path, form)
    return _of_csv(table, path, names_of(table, header, form, path.name), form)


def header_of(path: Path, form: Form) -> list[str]:
    """The first line of a CSV file, as names."""
    import csv

    try:
        with path.open(encoding="utf-8-sig" if form.encoding.lower() in {"utf-8", "utf8"} else form.encoding,
                       newline="") as file:
            return [name.strip().removeprefix("\ufeff").removeprefix("ï»¿")
                    for name in next(csv.reader(file, delimiter=form.delimiter), [])]
    except (UnicodeDecodeError, LookupError) as error:
        raise DataError(Findings([_encoding(path, form, str(error))])) from error


def _encoding(path: Path, form: Form, why: str) -> Finding:
    return Finding("wrong_encoding", path.stem, "", f"{path.name} is not {form.encoding} text: {why}",
                   "say in the mapping how it is encoded, such as `encoding: latin-1` (ctsopt orders propose looks)",
                   place=path.name)


def names_of(table: Table, header: Sequence[str], form: Form, place: str) -> dict[str, str]:
    """Our names of the columns that are there, with theirs.

    Raises
    ------
    DataError
        If a column that the mapping names is not there, a required one is named by nobody, or two have one header.
    """
    ours = [c.name for c in table.columns]
    theirs = dict(form.columns) if form.columns else {name: name for name in header if name in ours}
    findings = [Finding("missing_column", table.name, our, f"{place} has no column {their!r}, which the mapping names",
                        "correct the name in the mapping", (), (their,), header)
                for our, their in theirs.items() if their not in header]
    findings += [Finding("missing_column", table.name, c.name, f"there is no column {c.name} in {place}: {c.meaning}",
                         "add it, or say in a mapping which column holds it (ctsopt orders propose looks)", (), (),
                         header)
                 for c in table.columns if c.required and c.name not in theirs and c.name not in form.constants]
    findings += [Finding("duplicate_column", table.name, their, "several columns have this header",
                         "rename all but one")
                 for their in set(theirs.values()) if list(header).count(their) > 1]
    if findings:
        raise DataError(Findings(findings))
    return theirs


def _of_frame(table: Table, frame: pd.DataFrame, form: Form, place: str, first: int) -> RawLines:
    plain = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    plain = plain.set_axis([cell_text(label) for label in plain.columns], axis=1)
    theirs = names_of(table, list(plain.columns), form, place)
    columns: dict[str, Cells] = {}
    for our, their in theirs.items():
        series, column = plain[their], table.column(our)
        if column.kind == "date" and pd.api.types.is_datetime64_any_dtype(series):
            columns[our] = series.to_numpy().astype("datetime64[s]")
        else:
            columns[our] = column_values(series, column.kind)
    return RawLines(columns, np.arange(first, first + len(plain), dtype=np.int64), form,
                    _unused(table, plain.columns, theirs, place))


def _unused(table: Table, header: Sequence[str] | pd.Index[str], theirs: Mapping[str, str],
            place: str) -> tuple[Finding, ...]:
    left = [name for name in header if name not in theirs.values() and not str(name).startswith("_")]
    if not left:
        return ()
    return (Finding("unused_column", table.name, "", f"{place} has columns that are not read",
                    "name them in the mapping, if they hold something that is wanted", (), left, severity="odd"),)


def _of_csv(table: Table, path: Path, theirs: dict[str, str], form: Form) -> RawLines:
    """By pyarrow; numbers and moments at once where every cell is one, else by their texts."""
    import pyarrow as pa

    kinds: dict[str, Any] = {}
    text = pa.dictionary(pa.int32(), pa.string())
    for our, their in theirs.items():
        kind = table.column(our).kind
        quick = kind == "number" and (form.decimal, form.thousands) == (".", "") and our not in form.values
        kinds[their] = (pa.float64() if quick else pa.timestamp("s") if kind == "date" and not form.dates else text)
    try:
        read, ragged = _arrow_csv(path, kinds, form, {})
    except pa.ArrowInvalid:
        try:
            read, ragged = _arrow_csv(path, dict.fromkeys(kinds, text), form, {})
        except pa.ArrowInvalid as error:
            raise DataError(Findings([Finding("broken_csv", table.name, "", f"{path.name} cannot be read: {error}",
                                              "look for a quotation mark that is not closed, or another encoding",
                                              place=path.name)])) from error
    except UnicodeDecodeError as error:
        raise DataError(Findings([_encoding(path, form, str(error))])) from error
    found = _of_arrow(table, read, theirs, form, 2, path.name)
    return _with_ragged(table, found, ragged) if len(ragged) else found


def _arrow_csv(path: Path, kinds: dict[str, Any], form: Form, options: dict[str, Any]) -> tuple[pa.Table, Positions]:
    import pyarrow.csv as csv  # type: ignore[import-untyped]

    ragged: list[int | None] = []

    def skip(row: Any) -> str:
        ragged.append(row.number)
        return "skip"

    header = header_of(path, form)
    read = csv.read_csv(
        path, csv.ReadOptions(encoding=form.encoding, column_names=header, skip_rows=1, block_size=1 << 24, **options),
        csv.ParseOptions(delimiter=form.delimiter, ignore_empty_lines=False, invalid_row_handler=skip,
                         newlines_in_values=True),
        csv.ConvertOptions(column_types=kinds, include_columns=[*kinds], **NULLS))
    if ragged and not options:  # their numbers are only known to one thread
        return _arrow_csv(path, kinds, form, {"use_threads": False})
    return read, np.array(ragged, dtype=np.int64)


def _with_ragged(table: Table, found: RawLines, ragged: Positions) -> RawLines:
    """Lines are numbered as in the file, those that could not be read included."""
    rows = np.setdiff1d(np.arange(2, 2 + len(found.rows) + len(ragged)), ragged)
    finding = Finding("ragged_row", table.name, "", "the line has another number of cells than the header",
                      "put text that holds the separator between quotation marks; write one for each blank cell",
                      ragged.tolist(), [""] * len(ragged), severity="warning")
    return RawLines(found.columns, rows, found.form, (*found.findings, finding), ragged)


def _of_arrow(table: Table, read: pa.Table, theirs: dict[str, str], form: Form, first: int, place: str) -> RawLines:
    columns = {our: _cells(read.column(their), table.column(our).kind) for our, their in theirs.items()}
    rows = np.arange(first, first + read.num_rows, dtype=np.int64)
    return RawLines(columns, rows, form, _unused(table, read.column_names, theirs, place))


def _cells(cells: pa.ChunkedArray, kind: str) -> Cells:
    """A column of Arrow as texts, numbers or moments."""
    import pyarrow as pa
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    if kind == "number" and (pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type)
                             or pa.types.is_decimal(cells.type)):
        return np.asarray(cells.cast(pa.float64()).to_numpy(), dtype=np.float64)
    if kind == "date" and pa.types.is_temporal(cells.type):
        return np.asarray(cells.cast(pa.timestamp("s")).to_numpy().astype("datetime64[s]"))
    if not pa.types.is_dictionary(cells.type):
        cells = pc.dictionary_encode(cells.cast(pa.string()))
    whole = cells.unify_dictionaries()
    if whole.num_chunks == 0:
        return Texts.repeated("", 0)
    codes = pc.fill_null(pa.chunked_array([chunk.indices for chunk in whole.chunks]), -1)
    labels = [*whole.chunk(0).dictionary.cast(pa.string()).to_pylist(), ""]  # a blank cell has the code -1: the last
    found = Texts(np.asarray(codes.to_numpy(), dtype=np.int64), np.array(labels, dtype=object))
    return found.relabelled([clean_text(label or "") for label in labels])
