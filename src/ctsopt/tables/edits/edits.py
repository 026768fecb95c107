"""Edits of tables: which cells they change, from what to what, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.keys import Bools
from ctsopt.tables.columns import Column, Table
from ctsopt.tables.dates import parse_dates
from ctsopt.tables.edits.filters import as_text, is_yes, row_keys, select
from ctsopt.tables.edits.grammar import Grammar
from ctsopt.tables.edits.parts import CHANGES, Condition, Edit, EditFault
from ctsopt.tables.numerals import parse
from ctsopt.tables.raw import number_text
from ctsopt.tables.typed import Tables

CHANGE_COLUMNS = ["table", "key", "column", "old", "new", "source", "order"]


@dataclass(frozen=True, eq=False)
class Edited:
    """Tables after edits.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        What reading takes: every table that was given or touched, and the settings.
    changes : DataFrame
        Every cell that an edit changed: table, key of the row, column, old and new value as text, source, order
        (position of the edit). A new row has a line for each of its cells, with a blank old value; a row taken away
        has one line with a blank column.
    faults : list of (int, EditFault)
        Position of the edit, and what is wrong with it.
    """

    tables: Mapping[str, Any]
    changes: pd.DataFrame
    faults: list[tuple[int, EditFault]]


@dataclass
class Bench:
    """Tables while they are worked on."""

    grammar: Grammar
    frames: dict[str, pd.DataFrame]
    touched: set[str] = field(default_factory=set)
    written: dict[tuple[str, str], list[tuple[int, str, npt.NDArray[np.object_]]]] = field(default_factory=dict)
    changes: list[pd.DataFrame] = field(default_factory=list)
    faults: list[tuple[int, EditFault]] = field(default_factory=list)
    order: int = 0

    def fault(self, edit: Edit, rule: str, path: tuple[str | int, ...], message: str, mend: str, value: str = "",
              candidates: Sequence[str] = (), column: str = "", *, warning: bool = False) -> None:
        """Note what is wrong with the edit that is being carried out."""
        self.faults.append((self.order, EditFault(rule, path, edit.table, column, message, mend, value,
                                                  tuple(candidates), "warning" if warning else "error")))

    def table(self, name: str) -> Table:
        """The table of that name in the schema."""
        return self.grammar.schema.by_name[name]

    def select(self, edit: Edit, table: str = "") -> Bools:
        """Rows of a table for which all conditions of an edit hold."""
        return select(self.grammar.schema, self.frames, edit, table)

    def apply(self, edit: Edit) -> None:
        """Carry one edit out."""
        own = self.grammar.operations.get(edit.op)
        if own is not None:
            own.apply(self, edit)
        else:
            _apply(self, edit)


def apply_edits(grammar: Grammar, content: Tables, edits: Sequence[Edit]) -> Edited:
    """Apply edits one after another; nothing is checked but the edits themselves.

    Parameters
    ----------
    grammar : Grammar
    content : Tables
    edits : sequence of Edit
        In order. Two of the same level may not set the same cell, unless the later one says `on_conflict: last`.
    """
    frames, settings = dict(content.frames), grammar.schema.settings_name
    if settings:
        frames[settings] = pd.DataFrame([dict(content.settings)])
    bench = Bench(grammar, frames, set(content.given))
    for order, edit in enumerate(edits):
        bench.order = order
        bench.apply(edit)
    tables: dict[str, Any] = {name: bench.frames[name].replace(math.inf, np.nan)
                              for name in grammar.schema.names if name in bench.touched}
    if settings:
        tables[settings] = {name: value for name, value in bench.frames[settings].iloc[0].items() if value != math.inf}
    none = pd.DataFrame({name: pd.Series(dtype=int if name == "order" else object) for name in CHANGE_COLUMNS})
    changes = pd.concat(bench.changes, ignore_index=True) if bench.changes else none
    return Edited(tables, changes, bench.faults)


def with_edits(grammar: Grammar, content: Tables, edits: Sequence[Edit | Mapping[str, Any]]) -> Edited:
    """Edits in Python: mappings in the grammar of pack files, or `Edit`s."""
    read: list[Edit] = []
    faults: list[tuple[int, EditFault]] = []
    for number, item in enumerate(edits):
        if isinstance(item, Edit):
            read.append(item)
            continue
        edit, found = grammar.edit_of(item, level=number)
        faults += [(number, fault) for fault in found]
        if edit is not None:
            read.append(edit)
    if any(fault.severity == "error" for _, fault in faults):
        return Edited({}, pd.DataFrame(columns=CHANGE_COLUMNS), faults)
    done = apply_edits(grammar, content, read)
    return replace(done, faults=faults + done.faults)


def _apply(bench: Bench, edit: Edit) -> None:
    frame = bench.frames[edit.table]
    if edit.op == "insert":
        _insert(bench, edit)
        return
    if edit.op == "update":
        _update(bench, edit)
        return
    whole = edit.table == bench.grammar.schema.settings_name
    chosen = np.ones(len(frame), dtype=bool) if whole else bench.select(edit)
    if not counted(bench, edit, chosen):
        return
    if edit.op == "drop":
        _drop(bench, edit, chosen)
        return
    for name, text in edit.values.items():
        column = bench.table(edit.table).column(name)
        old = frame[name]
        new = _changed(edit.op, column, old, text)
        _write(bench, edit, column, chosen, new, ("where",) if edit.where else (edit.op, name))


def counted(bench: Bench, edit: Edit, chosen: Bools) -> bool:
    """Whether the filter selects as many rows as are meant; any at all, where nothing is said."""
    count = int(chosen.sum())
    if edit.expect is not None and not edit.expect.holds(count):
        bench.fault(edit, "unexpected_rows", ("expect", "rows"), f"the filter selects {count} rows, "
                    f"{edit.expect.relation.replace('==', 'just')} {edit.expect.rows} are meant",
                    "correct where, or what is expected")
        return False
    if count == 0 and edit.expect is None:
        bench.fault(edit, "no_rows", ("where",), "the filter selects no row",
                    "correct where, or write expect: {rows: 0} if that is meant", _words(edit.where),
                    _near(bench, edit))
        return False
    return True


def _words(where: Sequence[Condition]) -> str:
    return ", ".join(f"{c.column} {c.test} {'|'.join(c.values)}" for c in where)


def _near(bench: Bench, edit: Edit) -> tuple[str, ...]:
    """What stands in the column of a filter on a single name."""
    if len(edit.where) == 1 and edit.where[0].test == "is" and len(edit.where[0].values) == 1:
        own = bench.grammar.operations.get(edit.op)
        column = bench.frames[(own.where_on if own else "") or edit.table][edit.where[0].column]
        return tuple(f"{edit.where[0].column} is {v}" for v in column.astype(str).unique()[:10_000])
    return ()


def _cast(column: Column, text: str) -> Any:
    """A cell of an edit as the tables hold it; blank is the default of the column."""
    if column.kind == "number":
        return float(parse([text])[0][0]) if text else (column.default if isinstance(column.default, float) else np.nan)
    if column.kind == "yes_no":
        return is_yes(text) if text else column.default
    return pd.Timestamp(parse_dates([text])[0][0]) if column.kind == "date" else text


def _changed(op: str, column: Column, old: pd.Series[Any], text: str) -> pd.Series[Any]:
    """The whole column as it would be."""
    if op == "set":
        return pd.Series([_cast(column, text)] * len(old), index=old.index, dtype=old.dtype)
    number = float(text)
    if op == "scale":
        return old * number
    if op == "add":
        return old + number
    return old.clip(lower=number) if op == "cap_min" else old.clip(upper=number)


def _write(bench: Bench, edit: Edit, column: Column, chosen: Bools, new: pd.Series[Any],
           path: tuple[str | int, ...]) -> None:
    """Write a column where rows are chosen, and note what has changed."""
    frame = bench.frames[edit.table]
    old = frame[column.name]
    keys = row_keys(bench.table(edit.table), frame)
    before, after = as_text(column, old), as_text(column, new)
    moved = chosen & (before != after)
    _note_conflicts(bench, edit, column.name, keys[chosen], path)
    if not moved.any() and edit.op in CHANGES[1:]:
        bench.fault(edit, "no_effect", path, f"{edit.op} changes nothing: {column.name} is 0, blank or within the "
                    "limit in all rows that are selected", "delete the edit, or use set",
                    column=column.name, warning=True)
    if edit.op in CHANGES[1:]:
        _check_range(bench, edit, column, new[chosen])
    frame = frame.copy()
    frame[column.name] = new.where(chosen, old)
    bench.frames[edit.table] = frame
    bench.touched.add(edit.table)
    _note(bench, edit, keys[moved], column.name, before[moved], after[moved])


def _check_range(bench: Bench, edit: Edit, column: Column, values: pd.Series[Any]) -> None:
    """An amount, factor or limit may carry a figure out of its range."""
    numbers = values.to_numpy(dtype=float)
    outside = np.isfinite(numbers) & ((numbers < column.low) | (numbers > column.high))
    if outside.any():
        bench.fault(edit, "out_of_range", (edit.op, column.name), f"{edit.op} takes {column.name} to "
                    f"{number_text(float(numbers[outside][0]))} in {int(outside.sum())} rows, outside "
                    f"{number_text(column.low)} to {number_text(column.high)}", "correct the figure, or cap it",
                    column=column.name)


def _note(bench: Bench, edit: Edit, keys: npt.NDArray[np.object_], column: str, old: Any, new: Any) -> None:
    if len(keys):
        bench.changes.append(pd.DataFrame({"table": edit.table, "key": keys, "column": column, "old": old, "new": new,
                                           "source": edit.source, "order": bench.order}))


def _note_conflicts(bench: Bench, edit: Edit, column: str, keys: npt.NDArray[np.object_],
                    path: tuple[str | int, ...]) -> None:
    """A cell that two overrides of one level set, or that is set after another one scaled it, is a fault."""
    before = bench.written.setdefault((edit.table, column), [])
    if edit.op in ("set", "update") and edit.on_conflict == "error":
        for source, theirs in ((s, k) for level, s, k in before if level == edit.level and s != edit.source):
            clash = keys[pd.Index(keys).isin(theirs)]
            if len(clash):
                bench.fault(edit, "written_twice", path, f"{column} of {clash[0] or 'the settings'} was changed by "
                            f"{source} before", "take one of them out, or write on_conflict: last", column=column)
                break
    before.append((edit.level, edit.source, keys))


def _drop(bench: Bench, edit: Edit, chosen: Bools) -> None:
    frame = bench.frames[edit.table]
    keys = row_keys(bench.table(edit.table), frame)[chosen]
    bench.frames[edit.table] = frame[~chosen].reset_index(drop=True)
    bench.touched.add(edit.table)
    _note(bench, edit, keys, "", "row", "taken away")


def _insert(bench: Bench, edit: Edit) -> None:
    frame, columns = bench.frames[edit.table], bench.table(edit.table).columns
    rows = pd.DataFrame({c.name: pd.Series([_cast(c, row.get(c.name, "")) if c.name in row else _absent(c)
                                            for row in edit.rows], dtype=frame[c.name].dtype) for c in columns})
    keys, there = row_keys(bench.table(edit.table), rows), set(row_keys(bench.table(edit.table), frame).tolist())
    for number, key in enumerate(keys.tolist()):
        if key in there and bench.table(edit.table).keys:
            bench.fault(edit, "duplicate_key", ("insert", number), "there is a row with this key already",
                        "use update or set to change it", key)
        there.add(key)
    bench.frames[edit.table] = pd.concat([frame, rows], ignore_index=True)
    bench.touched.add(edit.table)
    for column in columns:
        given = np.array([bool(row.get(column.name)) for row in edit.rows])
        text = as_text(column, rows[column.name])
        _note(bench, edit, keys[given], column.name, "", text[given])


def _absent(column: Column) -> Any:
    """What stands for a cell that a new row does not give."""
    if column.kind == "number":
        return column.default if isinstance(column.default, float) else np.nan
    if column.kind == "date":
        return pd.NaT
    return column.default if column.kind == "yes_no" else str(column.default or "")


def _update(bench: Bench, edit: Edit) -> None:
    """Values by key, column by column."""
    table, frame = bench.table(edit.table), bench.frames[edit.table]
    keys = pd.Index(row_keys(bench.table(edit.table), frame))
    columns = {c.name: c for c in table.columns}
    typed = pd.DataFrame({k: [_cast(columns[k], row.get(k, "")) for row in edit.rows] for k in table.keys})
    wanted = row_keys(bench.table(edit.table), typed)
    place = keys.get_indexer(pd.Index(wanted))
    for number in np.flatnonzero(place < 0).tolist():
        bench.fault(edit, "unknown_row", ("update", number), "there is no row with this key",
                    "correct it, or insert it", str(wanted[number]), tuple(keys[:10_000]))
    for name in dict.fromkeys(name for row in edit.rows for name in row if name not in table.keys):
        given = np.array([name in row for row in edit.rows]) & (place >= 0)
        new = frame[name].copy()
        values = [_cast(columns[name], row[name]) for row, use in zip(edit.rows, given, strict=True) if use]
        new.iloc[place[given]] = values
        chosen = np.zeros(len(frame), dtype=bool)
        chosen[place[given]] = True
        _write(bench, edit, columns[name], chosen, new, ("update",))
