"""Edits of a network's tables: which cells they change, from what to what, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.keys import Bools
from ctsopt.networks.everyday import parts_of
from ctsopt.networks.schema import BY_NAME, SETTINGS, Column
from ctsopt.tables.edits.filters import as_text, is_yes, row_keys, select
from ctsopt.tables.edits.grammar import edit_of
from ctsopt.tables.edits.parts import CHANGES, EVERYDAY, Condition, Edit, EditFault
from ctsopt.tables.numerals import parse
from ctsopt.tables.raw import number_text

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

CHANGE_COLUMNS = ["table", "key", "column", "old", "new", "source", "order"]


@dataclass(frozen=True, eq=False)
class Edited:
    """Tables after edits.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        What `ctsopt.network` takes: every table that was given or touched, and the settings.
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
class _Bench:
    """Tables while they are worked on."""

    frames: dict[str, pd.DataFrame]
    touched: set[str] = field(default_factory=set)
    written: dict[tuple[str, str], list[tuple[int, str, npt.NDArray[np.object_]]]] = field(default_factory=dict)
    changes: list[pd.DataFrame] = field(default_factory=list)
    faults: list[tuple[int, EditFault]] = field(default_factory=list)
    order: int = 0

    def fault(self, edit: Edit, rule: str, path: tuple[str | int, ...], message: str, mend: str, value: str = "",
              candidates: Sequence[str] = (), column: str = "", *, warning: bool = False) -> None:
        self.faults.append((self.order, EditFault(rule, path, edit.table, column, message, mend, value,
                                                  tuple(candidates), "warning" if warning else "error")))


def apply_edits(net: Network, edits: Sequence[Edit]) -> Edited:
    """Apply edits one after another; nothing is solved and no network is made.

    Parameters
    ----------
    net : Network
    edits : sequence of Edit
        In order. Two of the same level may not set the same cell, unless the later one says `on_conflict: last`.
    """
    frames = {name: net.tables[name] for name in BY_NAME if name != SETTINGS.name}
    frames[SETTINGS.name] = pd.DataFrame([dict(net.settings)])
    bench = _Bench(frames, set(net.given))
    for order, edit in enumerate(edits):
        bench.order = order
        if edit.op == "merge":
            _merge(bench, edit)
        elif edit.op == "split":
            _split(bench, edit)
        elif edit.op in EVERYDAY:
            _everyday(bench, edit)
        else:
            _apply(bench, edit)
    tables: dict[str, Any] = {name: bench.frames[name].replace(math.inf, np.nan)
                              for name in BY_NAME if name in bench.touched and name != SETTINGS.name}
    tables[SETTINGS.name] = {name: value for name, value in bench.frames[SETTINGS.name].iloc[0].items()
                             if value != math.inf}
    none = pd.DataFrame({name: pd.Series(dtype=int if name == "order" else object) for name in CHANGE_COLUMNS})
    changes = pd.concat(bench.changes, ignore_index=True) if bench.changes else none
    return Edited(tables, changes, bench.faults)


def with_edits(net: Network, edits: Sequence[Edit | Mapping[str, Any]]) -> Edited:
    """Edits in Python: mappings in the grammar of pack files, or `Edit`s."""
    read: list[Edit] = []
    faults: list[tuple[int, EditFault]] = []
    for number, item in enumerate(edits):
        if isinstance(item, Edit):
            read.append(item)
            continue
        edit, found = edit_of(item, level=number)
        faults += [(number, fault) for fault in found]
        if edit is not None:
            read.append(edit)
    if any(fault.severity == "error" for _, fault in faults):
        return Edited({}, pd.DataFrame(columns=CHANGE_COLUMNS), faults)
    done = apply_edits(net, read)
    return replace(done, faults=faults + done.faults)


def _apply(bench: _Bench, edit: Edit) -> None:
    frame = bench.frames[edit.table]
    if edit.op == "insert":
        _insert(bench, edit)
        return
    if edit.op == "update":
        _update(bench, edit)
        return
    chosen = np.ones(len(frame), dtype=bool) if edit.table == SETTINGS.name else select(bench.frames, edit)
    if not _counted(bench, edit, chosen):
        return
    if edit.op == "drop":
        _drop(bench, edit, chosen)
        return
    for name, text in edit.values.items():
        column = next(c for c in BY_NAME[edit.table].columns if c.name == name)
        old = frame[name]
        new = _changed(edit.op, column, old, text)
        _write(bench, edit, column, chosen, new, ("where",) if edit.where else (edit.op, name))


def _counted(bench: _Bench, edit: Edit, chosen: Bools) -> bool:
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


def _near(bench: _Bench, edit: Edit) -> tuple[str, ...]:
    """What stands in the column of a filter on a single name."""
    if len(edit.where) == 1 and edit.where[0].test == "is" and len(edit.where[0].values) == 1:
        column = bench.frames["customers" if edit.op == "split" else edit.table][edit.where[0].column]
        return tuple(f"{edit.where[0].column} is {v}" for v in column.astype(str).unique()[:10_000])
    return ()


def _cast(column: Column, text: str) -> Any:
    """A cell of an edit as the tables hold it; blank is the default of the column."""
    if column.kind == "number":
        return float(parse([text])[0][0]) if text else (column.default if isinstance(column.default, float) else np.nan)
    if column.kind == "yes_no":
        return is_yes(text) if text else column.default
    return text


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


def _write(bench: _Bench, edit: Edit, column: Column, chosen: Bools, new: pd.Series[Any],
           path: tuple[str | int, ...]) -> None:
    """Write a column where rows are chosen, and note what has changed."""
    frame = bench.frames[edit.table]
    old = frame[column.name]
    keys = row_keys(edit.table, frame)
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


def _check_range(bench: _Bench, edit: Edit, column: Column, values: pd.Series[Any]) -> None:
    """An amount, factor or limit may carry a figure out of its range."""
    numbers = values.to_numpy(dtype=float)
    outside = np.isfinite(numbers) & ((numbers < column.low) | (numbers > column.high))
    if outside.any():
        bench.fault(edit, "out_of_range", (edit.op, column.name), f"{edit.op} takes {column.name} to "
                    f"{number_text(float(numbers[outside][0]))} in {int(outside.sum())} rows, outside "
                    f"{number_text(column.low)} to {number_text(column.high)}", "correct the figure, or cap it",
                    column=column.name)


def _note(bench: _Bench, edit: Edit, keys: npt.NDArray[np.object_], column: str, old: Any, new: Any) -> None:
    if len(keys):
        bench.changes.append(pd.DataFrame({"table": edit.table, "key": keys, "column": column, "old": old, "new": new,
                                           "source": edit.source, "order": bench.order}))


def _note_conflicts(bench: _Bench, edit: Edit, column: str, keys: npt.NDArray[np.object_],
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


def _drop(bench: _Bench, edit: Edit, chosen: Bools) -> None:
    frame = bench.frames[edit.table]
    keys = row_keys(edit.table, frame)[chosen]
    bench.frames[edit.table] = frame[~chosen].reset_index(drop=True)
    bench.touched.add(edit.table)
    _note(bench, edit, keys, "", "row", "taken away")


def _insert(bench: _Bench, edit: Edit) -> None:
    frame, columns = bench.frames[edit.table], BY_NAME[edit.table].columns
    rows = pd.DataFrame({c.name: pd.Series([_cast(c, row.get(c.name, "")) if c.name in row else _absent(c)
                                            for row in edit.rows], dtype=frame[c.name].dtype) for c in columns})
    keys, there = row_keys(edit.table, rows), set(row_keys(edit.table, frame).tolist())
    for number, key in enumerate(keys.tolist()):
        if key in there and BY_NAME[edit.table].keys:
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
    return column.default if column.kind == "yes_no" else str(column.default or "")


def _update(bench: _Bench, edit: Edit) -> None:
    """Values by key, column by column."""
    table, frame = BY_NAME[edit.table], bench.frames[edit.table]
    keys = pd.Index(row_keys(edit.table, frame))
    columns = {c.name: c for c in table.columns}
    typed = pd.DataFrame({k: [_cast(columns[k], row.get(k, "")) for row in edit.rows] for k in table.keys})
    wanted = row_keys(edit.table, typed)
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


# ---- tiers -----------------------------------------------------------------------------------------------------


def _merge(bench: _Bench, edit: Edit) -> None:
    """Customers of a tier go to another one; its promises and its row go."""
    for old, new in edit.values.items():
        if not _known_tiers(bench, edit, {old: ("merge", old), new: ("merge", old)}) or old == new:
            continue
        here = Condition("tier", "is", (old,))
        parts = [Edit("customers", "set", {"tier": new}, where=(here,)), Edit("promises", "drop", where=(here,)),
                 Edit("tiers", "drop", where=(here,))]
        _primitives(bench, edit, parts)


def _split(bench: _Bench, edit: Edit) -> None:
    """A new tier with the promises of an old one, for the customers that the filter selects."""
    old, new = edit.values["tier"], edit.values["into"]
    if not _known_tiers(bench, edit, {old: ("split", "tier")}):
        return
    if new in set(bench.frames["tiers"]["tier"]):
        bench.fault(edit, "duplicate_key", ("split", "into"), "there is a tier of this name already",
                    "choose another name", new)
        return
    chosen = select(bench.frames, edit, "customers") & (bench.frames["customers"]["tier"] == old).to_numpy(dtype=bool)
    if not _counted(bench, edit, chosen):
        return
    parts = []
    for name in ("tiers", "promises"):
        frame = bench.frames[name]
        columns = {c.name: c for c in BY_NAME[name].columns}
        copies = frame[frame["tier"] == old]
        texts = {c: as_text(columns[c], copies[c]) for c in columns}
        rows = tuple({c: "" if texts[c][i] == "no limit" else str(texts[c][i]) for c in columns} | {"tier": new}
                     for i in range(len(copies)))
        parts += [Edit(name, "insert", rows=rows)] if rows else []
    moved = bench.frames["customers"].loc[chosen, "customer"]
    parts.append(Edit("customers", "set", {"tier": new}, where=(Condition("customer", "is", tuple(moved)),)))
    _primitives(bench, edit, parts)


def _primitives(bench: _Bench, edit: Edit, parts: Sequence[Edit]) -> None:
    for part in parts:
        whole = replace(part, source=edit.source, level=edit.level, on_conflict="last")
        if part.op != "insert" and not select(bench.frames, whole).any():
            continue  # a tier without customers, or without promises
        _apply(bench, whole)


def _everyday(bench: _Bench, edit: Edit) -> None:
    """Close, open or keep sites; dearer fuel. A name that no row has is a fault, though others are found."""
    frame = bench.frames[edit.table]
    key = BY_NAME[edit.table].keys[0]
    known = set(frame[key])
    for condition in edit.where:
        for name in condition.values if condition.column == key and condition.test == "is" else ():
            if name not in known:
                bench.fault(edit, "unknown_name", (edit.op,), f"there is no {key} of this name", "correct the name",
                            name, tuple(frame[key][:10_000]), key)
                return
    chosen = select(bench.frames, edit)
    if _counted(bench, edit, chosen):
        for part in parts_of(edit, bench.frames, frame[chosen]):
            _apply(bench, part)


def _known_tiers(bench: _Bench, edit: Edit, names: Mapping[str, tuple[str, str]]) -> bool:
    known = bench.frames["tiers"]["tier"].tolist()
    missing = {name: path for name, path in names.items() if name not in known}
    for name, path in missing.items():
        bench.fault(edit, "unknown_name", path, "there is no tier of this name", "correct the name", name, known,
                    "tier")
    return not missing
