"""Tables as they stand in a file: text (or typed numbers), row numbers, nothing guessed and nothing filled in."""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.errors import Finding
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.tables.columns import Kind, Table
from ctsopt.tables.schema import Schema

Objects = npt.NDArray[np.object_]

EXACT_INTEGER = 1e15
"""Whole floats below this are written without a decimal point."""

_SEVERAL = (list, tuple, set, frozenset, dict, np.ndarray, pd.Series, pd.DataFrame)
_OWN_NAMES = frozenset({"comment", "comments", "note", "notes", "readme"})


@dataclass(frozen=True, eq=False)
class Texts:
    """A column of text, each distinct text once: what is done to texts is done to `labels`.

    Attributes
    ----------
    codes : int array
        For each row the position of its text in `labels`.
    labels : object array of str
        Distinct texts, stripped, in Unicode normal form C; a blank cell is the empty text.
    """

    codes: Positions
    labels: Objects

    @classmethod
    def of(cls, values: Objects) -> Texts:
        """From an array of str."""
        codes, labels = _factorize(values)
        clean = [clean_text(label) for label in labels]
        found = cls(codes, labels)
        return found if clean == labels.tolist() else found.relabelled(clean)

    @classmethod
    def repeated(cls, text: str, count: int) -> Texts:
        """`count` rows of one text."""
        return cls(np.zeros(count, dtype=np.int64), np.array([text], dtype=object))

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Positions | Bools) -> Texts:
        """Some of the rows."""
        return Texts(self.codes[rows], self.labels)

    def values(self) -> Objects:
        """One text per row."""
        return np.asarray(self.labels[self.codes], dtype=object)

    def blank(self) -> Bools:
        """Where the cell is blank."""
        return self.where(self.labels == "")

    def relabelled(self, labels: Sequence[str]) -> Texts:
        """The same rows with other texts; texts that have become equal are one."""
        again, distinct = _factorize(np.array(labels, dtype=object))
        return Texts(again[self.codes], distinct)

    def where(self, labels: npt.ArrayLike) -> Bools:
        """Rows whose text is marked in `labels` (one mark per distinct text)."""
        return np.asarray(np.asarray(labels, dtype=bool)[self.codes], dtype=bool)


@dataclass(frozen=True, eq=False)
class RawTable:
    """One table as it was found.

    Attributes
    ----------
    name, place : str
        Name in the schema; file, sheet or frame it was found in.
    columns : mapping of str to Texts or float array
        The columns of the schema that are there. NaN stands for a blank number.
    rows : int array
        Row numbers as the user sees them.
    bad : mapping of str to bool array
        Cells that were reported already, and count as blank.
    """

    name: str
    place: str
    columns: Mapping[str, Texts | Floats]
    rows: Positions
    bad: Mapping[str, Bools] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class RawSetting:
    """One setting as it was found, with its row."""

    name: str
    text: str
    row: int


@dataclass(frozen=True, eq=False)
class Raw:
    """Everything that was found.

    Attributes
    ----------
    schema : Schema
        What was looked for.
    tables : mapping of str to RawTable
    settings : sequence of RawSetting
    partial : frozenset of str
        Tables that could not be read, or not in full: nothing may be concluded from what is missing in them.
    """

    schema: Schema
    tables: Mapping[str, RawTable]
    settings: Sequence[RawSetting] = ()
    partial: frozenset[str] = frozenset()


def is_own(name: str) -> bool:
    """Whether a column, file or sheet of this name is the user's own: it is not read."""
    return name.startswith("_") or name.casefold() in _OWN_NAMES


def clean_text(text: str) -> str:
    """Without blanks at the ends; letters with accents in one spelling (Unicode normal form C)."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def cell_text(value: Any) -> str:
    """Text of one cell of a workbook or a frame: whole numbers without a point, dates in ISO form, blanks as ''."""
    if isinstance(value, str):
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return number_text(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, dt.datetime):
        return _date_text(value)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number; blank for NaN."""
    if math.isnan(value):
        return ""
    return str(int(value)) if abs(value) < EXACT_INTEGER and value == int(value) else repr(float(value))


def raw_table(table: Table, place: str, header: Sequence[str], values: Sequence[Any], rows: Positions, *,
              header_row: int | None = 1) -> tuple[RawTable, list[Finding]]:
    """A table from its header and its columns, with what is wrong with the header.

    Parameters
    ----------
    table : Table
        Its columns are looked for; the user's own are left out, others are findings.
    place : str
        File or sheet, for messages.
    header : sequence of str
    values : sequence of object array or Series
        One per name of the header.
    rows : int array
        Row numbers as the user sees them. Rows that are blank throughout are left out.
    header_row : int or None
        Row number of the header; None where it has none.
    """
    names = [clean_text(name) for name in header]
    findings = [*_repeated_headers(table, names, header_row)]
    known = {c.name: c.kind for c in table.columns}
    columns: dict[str, Texts | Floats] = {}
    for name, cells in zip(names, values, strict=True):
        if is_own(name) or name in columns:
            continue
        if name in known:
            single, several = _no_single_values(table, name, cells, rows)
            columns[name] = column_values(single, known[name])
            findings += several
        elif name or any(cell_text(cell).strip() for cell in cells):
            findings.append(_unknown_header(table, name, names, header_row))
    filled = np.zeros(len(rows), dtype=bool)
    for cells in columns.values():
        filled |= ~(cells.blank() if isinstance(cells, Texts) else np.isnan(cells))
    if not filled.all():
        columns = {n: c.take(filled) if isinstance(c, Texts) else c[filled] for n, c in columns.items()}
        rows = rows[filled]
    return RawTable(table.name, place, columns, rows), findings


def column_values(cells: Any, kind: Kind) -> Texts | Floats:
    """Cells as text; as numbers where the schema asks for a number and they are numbers already."""
    if kind == "date" and isinstance(cells, pd.Series) and pd.api.types.is_datetime64_any_dtype(cells):
        codes, labels = pd.factorize(cells, use_na_sentinel=False)
        return Texts(np.asarray(codes, dtype=np.int64), np.array([*labels], dtype=object)).relabelled(
            [cell_text(label) for label in labels])
    if isinstance(cells, pd.Series):
        if pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells):
            if kind == "number" and not pd.api.types.is_complex_dtype(cells):
                return np.asarray(cells.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
            cells = cells.astype(object)
        cells = cells.to_numpy(dtype=object)
    if kind == "number" and pd.api.types.infer_dtype(cells, skipna=True) in {"floating", "integer",
                                                                             "mixed-integer-float"}:
        return np.array([_as_float(cell) for cell in cells])
    if pd.api.types.infer_dtype(cells, skipna=False) != "string":
        cells = np.array([cell_text(cell) for cell in cells], dtype=object)
    return Texts.of(cells)


def _as_float(cell: Any) -> float:
    """A number as a float; whole numbers beyond all floats become one that is too large for any column."""
    try:
        return math.nan if cell is None or cell is pd.NA else float(cell)
    except OverflowError:
        return 1e300 if cell > 0 else -1e300


def _no_single_values(table: Table, name: str, cells: Any, rows: Positions) -> tuple[Any, list[Finding]]:
    """Blank the cells that hold several values, or bytes, and say where; they come from frames and Parquet files."""
    if isinstance(cells, pd.Series) and cells.dtype != object:
        return cells, []
    values = cells.to_numpy(dtype=object) if isinstance(cells, pd.Series) else cells
    if pd.api.types.infer_dtype(values, skipna=True) not in {"mixed", "mixed-integer", "bytes"}:
        return cells, []
    findings = []
    kept = values.copy()
    for kinds, rule, message, mend in (
            (_SEVERAL, "several_values", "the cell holds several values", "write one value in each cell"),
            ((bytes, bytearray), "bytes_for_text", "the cell holds bytes, not text", "write the column as text")):
        here = np.array([isinstance(cell, kinds) for cell in values], dtype=bool)
        if here.any():
            kept[here] = None
            findings.append(Finding(rule, table.name, name, message, mend, rows[here].tolist(),
                                    [str(cell) for cell in values[here]]))
    return kept, findings


def _factorize(values: Objects) -> tuple[Positions, Objects]:
    codes, labels = pd.factorize(np.asarray(values, dtype=object))
    return np.asarray(codes, dtype=np.int64), np.asarray(labels, dtype=object)


def _date_text(value: dt.datetime) -> str:
    midnight = value.time() == dt.time() and value.tzinfo is None
    return value.date().isoformat() if midnight else value.isoformat(sep=" ")


def _repeated_headers(table: Table, names: Iterable[str], row: int | None) -> Iterable[Finding]:
    for name, count in Counter(n for n in names if n and not is_own(n)).items():
        if count > 1:
            yield Finding("duplicate_column", table.name, name, f"{count} columns have this header",
                          "keep one of them, or start the names of the others with _",
                          () if row is None else (row,), (name,))


def _unknown_header(table: Table, name: str, names: Sequence[str], row: int | None) -> Finding:
    free = [c.name for c in table.columns if c.name not in names]
    rows = () if row is None else (row,)
    if not name:
        return Finding("column_without_header", table.name, "", "a column with values has no header",
                       "give it one of the names of the data dictionary, or delete it", rows, ("",))
    return Finding("unknown_column", table.name, name, f"{table.name} has no such column",
                   "correct the header, or start it with _ to keep it as a column of your own; "
                   f"not used yet: {', '.join(free) or 'none'}", rows, (name,), candidates=tuple(free))
