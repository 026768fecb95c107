"""Typed tables in canonical order, with their codes and their content hash: what checks and the network look at."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.errors import UsageError, unknown_name
from ctsopt.keys import Axis, Bools, Floats, Ints, Positions
from ctsopt.tables.columns import Column
from ctsopt.tables.handed_out import HandedOut
from ctsopt.tables.raw import Objects, RawTable, Texts
from ctsopt.tables.schema import Schema

Setting = str | float
Days = npt.NDArray[np.datetime64]

_COPIES_ON_WRITE = int(pd.__version__.split(".")[0]) >= 3


class Frames(Mapping[str, pd.DataFrame]):
    """The tables by name. Each look-up hands out a copy; an edit of it that goes nowhere gives a warning."""

    def __init__(self, content: Tables) -> None:
        self._content = content
        self._shown: dict[str, weakref.ref[HandedOut]] = {}

    def column(self, table: str, name: str) -> npt.NDArray[Any]:
        """A column as an array that cannot be written to: numbers, yes or no as bool, or objects of str."""
        return self._content.column(table, name)

    def __getitem__(self, name: str) -> pd.DataFrame:
        frames = self._content.frames
        if name not in frames:
            raise UsageError(unknown_name("table", name, frames))
        shown = HandedOut(frames[name].copy(deep=not _COPIES_ON_WRITE), name)
        self._shown[name] = weakref.ref(shown)
        return shown

    def __getstate__(self) -> dict[str, object]:
        return {"_content": self._content, "_shown": {}}

    def warn_of_lost_edits(self) -> None:
        """Warn where the copy last handed out was edited, is still there, and nothing was made of it."""
        for shown in self._shown.values():
            frame = shown()
            if frame is not None:
                frame.warn_of_loss(stacklevel=4)

    def __iter__(self) -> Iterator[str]:
        return iter(self._content.frames)

    def __len__(self) -> int:
        return len(self._content.frames)

    def __contains__(self, name: object) -> bool:
        return name in self._content.frames


class Tables:
    """Typed tables with row numbers.

    Parameters
    ----------
    schema : Schema
    frames : mapping of str to DataFrame
        Every table of the schema, all columns, sorted by key where the order of rows is no content.
    rows : mapping of str to int array
        Row numbers as the user sees them, in the order of the frames.
    settings : mapping of str to str or float
    given : frozenset of str
        Tables that the user gave; the others hold the defaults of the schema.
    bad : mapping of (table, column) to bool array
        Cells that were reported already: they hold a blank, and no rule speaks of them again.
    partial : frozenset of str
        Tables from whose lack of rows nothing may be concluded.
    """

    def __init__(self, schema: Schema, frames: Mapping[str, pd.DataFrame], rows: Mapping[str, Positions],
                 settings: Mapping[str, Setting], given: frozenset[str], bad: Mapping[tuple[str, str], Bools],
                 partial: frozenset[str]) -> None:
        self.schema = schema
        self.frames = dict(frames)
        self.rows = dict(rows)
        self.settings = dict(settings)
        self.given = given
        self.partial = partial
        self._bad = dict(bad)
        self._texts: dict[tuple[str, str], Texts] = {}
        self._columns: dict[tuple[str, str], npt.NDArray[Any]] = {}
        self._codes: dict[tuple[str, str, str], Ints] = {}
        self.axes = self._make_axes()

    def count(self, table: str) -> int:
        """Number of rows."""
        return len(self.frames[table])

    def texts(self, table: str, column: str) -> Texts:
        """A text column, each distinct text once."""
        key = (table, column)
        if key not in self._texts:
            cells = self.frames[table][column].to_numpy(dtype=object)
            codes, labels = pd.factorize(cells) if len(cells) else (np.zeros(0), cells)
            self._texts[key] = Texts(np.asarray(codes, dtype=np.int64), np.asarray(labels, dtype=object))
        return self._texts[key]

    def text(self, table: str, column: str) -> Objects:
        """A text column, one text per row."""
        return self.texts(table, column).values()

    def column(self, table: str, column: str) -> npt.NDArray[Any]:
        """A column as an array that cannot be written to: numbers, yes or no as bool, days, or objects of str."""
        key = (table, column)
        if key not in self._columns:
            values = self.frames[table][column]
            plain = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values)
            array = np.array(values.to_numpy() if plain else values.to_numpy(dtype=object))
            array.flags.writeable = False
            self._columns[key] = array
        return self._columns[key]

    def number(self, table: str, column: str) -> Floats:
        """A number column."""
        numbers: Floats = self.column(table, column)
        return numbers

    def days(self, table: str, column: str) -> Days:
        """A column of dates, as days; not a time where blank."""
        return self.frames[table][column].to_numpy().astype("datetime64[D]")

    def flag(self, table: str, column: str) -> Bools:
        """A yes-or-no column."""
        flags: Bools = self.column(table, column)
        return flags

    def equal(self, table: str, column: str, *texts: str) -> Bools:
        """Rows that hold one of these texts."""
        column_texts = self.texts(table, column)
        return column_texts.where([label in texts for label in column_texts.labels])

    def bad(self, table: str, column: str) -> Bools:
        """Cells that were reported already."""
        found = self._bad.get((table, column))
        return np.zeros(self.count(table), dtype=bool) if found is None else found

    def codes(self, table: str, column: str, axis: str | None = None) -> Ints:
        """Codes of a text column on an axis; -1 where it is blank, `*`, or a name of another kind.

        Parameters
        ----------
        table, column : str
        axis : str, optional
            Needed where the column may hold names of several kinds, such as lanes.destination.
        """
        axis = axis or self.schema.axis_of(table, column)
        key = (table, column, axis)
        if key not in self._codes:
            texts = self.texts(table, column)
            on = self.axes[self.schema.looked_up_on.get((column, axis), axis)]
            codes = on.codes(texts.labels)[texts.codes] if len(texts) else np.zeros(0, dtype=np.int32)
            codes.flags.writeable = False
            self._codes[key] = codes
        return self._codes[key]

    def _make_axes(self) -> dict[str, Axis]:
        axes = {t.axis: Axis(t.axis, _distinct(self.text(t.name, t.keys[0]), in_order=t.in_row_order))
                for t in self.schema.tables if t.axis}
        if self.schema.more_axes is not None:
            axes |= self.schema.more_axes(axes)
        for axis, sources in self.schema.axes_of_columns.items():
            axes[axis] = Axis(axis, _distinct(np.concatenate([self.texts(*source).labels for source in sources])))
        return axes

    def raw(self, name: str) -> RawTable:
        """A table as it would be read, with the row numbers it came with."""
        columns: dict[str, Texts | Floats] = {}
        for column in self.schema.by_name[name].columns:
            if column.kind == "number":
                columns[column.name] = self.number(name, column.name)
            elif column.kind == "yes_no":
                columns[column.name] = Texts.of(self.flag(name, column.name).astype(str).astype(object))
            elif column.kind == "date":
                texts = self.days(name, column.name).astype(str)
                columns[column.name] = Texts.of(np.where(texts == "NaT", "", texts).astype(object))
            else:
                columns[column.name] = self.texts(name, column.name)
        return RawTable(name, f"the {self.schema.thing}", columns, self.rows[name])

    def content_hash(self) -> str:
        """SHA-256 of the content with defaults resolved.

        Columns that hold their default throughout are left out, so that a column that a later version adds does not
        change the hash of a network that does not use it.
        """
        digest = hashlib.sha256()
        for setting in self.schema.settings_columns:
            value = self.settings[setting.name]
            if value != setting.default:
                text = value if isinstance(value, str) else np.float64(value + 0.0).tobytes().hex()
                digest.update(f"{self.schema.settings_name}\0{setting.name}\0{text}\0".encode())
        for table in self.schema.tables:
            for column in table.columns:
                content = self._bytes(table.name, column)
                if content:
                    digest.update(f"{table.name}\0{column.name}\0{len(content)}\0".encode())
                    digest.update(content)
        return digest.hexdigest()

    def _bytes(self, table: str, column: Column) -> bytes:
        """Canonical bytes of a column; none where it is blank or holds the default throughout."""
        if column.kind == "number":
            numbers = self.number(table, column.name) + 0.0
            numbers[np.isnan(numbers)] = np.nan
            default = not column.is_key and isinstance(column.default, float) and np.array_equal(
                numbers, np.full(len(numbers), column.default), equal_nan=True)
            return b"" if default else numbers.astype("<f8").tobytes()
        if column.kind == "date":
            days = self.days(table, column.name)
            return b"" if np.isnat(days).all() and not column.is_key else days.astype("<i8").tobytes()
        if column.kind == "yes_no":
            flags = self.flag(table, column.name)
            return b"" if (flags == column.default).all() else flags.tobytes()
        texts = self.texts(table, column.name)
        if not column.is_key and (texts.labels == column.default).all():
            return b""
        return "\0".join([*texts.values(), ""]).encode()


def _distinct(values: Objects, *, in_order: bool = False) -> list[str]:
    named = [str(v) for v in pd.unique(values) if v]
    return named if in_order else sorted(named)


def sorted_positions(columns: list[Any]) -> Positions:
    """Positions that put rows into the order of their keys; texts by code point, numbers by value."""
    ranks = []
    for column in columns:
        if isinstance(column, Texts):
            order = np.empty(len(column.labels), dtype=np.int64)
            order[sorted(range(len(column.labels)), key=column.labels.__getitem__)] = np.arange(len(column.labels))
            ranks.append(order[column.codes])
        else:
            ranks.append(column)
    return np.asarray(np.lexsort(ranks[::-1]), dtype=np.int64)
