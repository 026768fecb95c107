"""How an edit of tables is written down: one operation on the rows of one table that a filter selects.

The grammar is that of pack files and of `Network.with_edits` alike. A scalar may be text or a number; names are
always text.

    {"table": "modes", "where": {"mode": ["truck", "ltl"]}, "add": {"fuel_surcharge": "0.10"}, "expect": {"rows": 2}}
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ctsopt.networks.everyday import FUEL, factor_of, spelled_out, table_of
from ctsopt.networks.schema import BY_NAME, SETTINGS, Column
from ctsopt.tables.csv_files import read_csv
from ctsopt.tables.edits.parts import (
    CHANGES,
    COMPARISONS,
    EVERYDAY,
    OF_SITES,
    OF_TIERS,
    OPS,
    TESTS,
    Condition,
    Edit,
    EditFault,
    Expect,
    Group,
)
from ctsopt.tables.edits.parts import Path as Place
from ctsopt.tables.numerals import parse, slips
from ctsopt.tables.raw import clean_text, number_text

_EXPECT = re.compile(r"(>=|<=|==)?\s*(\d+)")
MOST_RISE = 4.0
"""Share by which fuel may rise in an edit: what is above was meant in per cent."""

_SPLIT = ("tier", "into", "where")


class _Reader:
    """One edit while it is read: faults are gathered, never raised."""

    def __init__(self, groups: Mapping[str, Group], folder: Path | None) -> None:
        self.groups, self.folder, self.table = groups, folder, ""
        self.faults: list[EditFault] = []

    def fault(self, rule: str, path: Place, message: str, mend: str, value: str = "", candidates: Sequence[str] = (),
              column: str = "") -> None:
        self.faults.append(EditFault(rule, path, self.table, column, message, mend, value, tuple(candidates)))

    def column(self, name: str, path: Place, table: str = "") -> Column | None:
        known = _columns(table or self.table)
        if name not in known:
            self.fault("unknown_column", path, f"the table {table or self.table} has no column of that name",
                       "correct the name", name, tuple(known), name)
            return None
        return known[name]

    def number(self, text: str, path: Place, column: str) -> float:
        values, wrong = parse([text])
        if wrong[0] or text == "":
            slip = next((s for s, _ in slips([text], wrong)), None) if text else None
            self.fault(slip.rule if slip else "blank", path, slip.message if slip else "a number is missing",
                       slip.mend if slip else "write the number", text, (), column)
            return float("nan")
        return float(values[0])


def edit_of(mapping: Any, groups: Mapping[str, Group] | None = None, *, folder: str | None = None,
            source: str = "", level: int = 0) -> tuple[Edit | None, list[EditFault]]:
    """Read one edit.

    Parameters
    ----------
    mapping : mapping
        `table`, one operation, and where they are wanted `where`, `expect`, `on_conflict`.
    groups : mapping of str to Group, optional
        Groups that `in_group` may name.
    folder : str, optional
        Folder that file names in it are relative to.
    source, level
        See `Edit`.

    Returns
    -------
    Edit or None
        None where it has an error.
    list of EditFault
    """
    read = _Reader(groups or {}, Path(folder) if folder else None)
    if not isinstance(mapping, Mapping):  # what YAML or a caller gave
        read.fault("not_a_mapping", (), "an edit names a table and an operation", "write table: ... and set: ...",
                   clean_text(str(mapping)))
        return None, read.faults
    mapping = spelled_out(mapping)
    table = clean_text(str(mapping.get("table", "")))
    known = (*BY_NAME,)
    if table not in known:
        read.table = table
        what = "there is no table of that name" if table else "the edit names no table"
        read.fault("unknown_table", ("table",), what, f"use one of {', '.join(known)}", table, known)
        return None, read.faults
    read.table = table
    ops = [str(key) for key in mapping if key in OPS]
    for key in mapping:
        if key not in (*OPS, "table", "where", "expect", "on_conflict"):
            read.fault("unknown_key", (str(key),), "an edit has no such key", "correct or delete it", str(key),
                       (*OPS, "table", "where", "expect", "on_conflict"))
    if len(ops) != 1:
        read.fault("one_operation", (), "an edit has one operation" + (f", not {len(ops)}: {', '.join(ops)}" if ops
                   else ""), f"give one of {', '.join(OPS)}; write further ones as edits of their own")
        return None, read.faults
    op = ops[0]
    if op in EVERYDAY and table != table_of(op):
        read.fault("wrong_table", ("table",), f"{op} is an operation on {table_of(op)}", "delete the table", table)
        return None, read.faults
    where = _where(read, mapping.get("where", {}), ("where",), "customers" if op == "split" else "")
    expect = _expect(read, mapping.get("expect"))
    on_conflict = str(mapping.get("on_conflict", "error"))
    if on_conflict not in ("error", "last"):
        read.fault("unknown_choice", ("on_conflict",), "must be error or last", "write one of them", on_conflict,
                   ("error", "last"))
    values, rows = _operands(read, op, mapping[op])
    _fits(read, op, "where" in mapping)
    edit = Edit(table, op, values, rows, where, read.groups, expect, on_conflict, source, level)
    return (None if any(f.severity == "error" for f in read.faults) else edit), read.faults


def group_of(mapping: Any) -> tuple[Group | None, list[EditFault]]:
    """Read a group: `table` and `where`."""
    read = _Reader({}, None)
    read.table = clean_text(str(mapping.get("table", ""))) if isinstance(mapping, Mapping) else ""
    if read.table not in BY_NAME or read.table == SETTINGS.name:
        read.fault("unknown_table", ("table",), "a group is one of rows of a table", "name the table", read.table,
                   tuple(name for name in BY_NAME if name != SETTINGS.name))
        return None, read.faults
    for key in mapping:
        if key not in ("table", "where"):
            read.fault("unknown_key", (str(key),), "a group has table and where", "correct or delete it", str(key),
                       ("table", "where"))
    where = _where(read, mapping.get("where", {}), ("where",))
    return (None if read.faults else Group(read.table, where)), read.faults


def _columns(table: str) -> dict[str, Column]:
    return {column.name: column for column in BY_NAME[table].columns}


def _scalar(value: Any) -> str:
    """A scalar as text: YAML gives text, Python may give numbers, yes or no, or None."""
    if value is None or value is np.nan:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else number_text(float(value))
    return clean_text(str(value))


def _where(read: _Reader, mapping: Any, path: Place, table: str = "") -> tuple[Condition, ...]:
    if not isinstance(mapping, Mapping):
        read.fault("not_a_mapping", path, "where maps columns to values", "write where: {column: value}",
                   _scalar(mapping))
        return ()
    conditions = []
    for name, wanted in mapping.items():
        here = (*path, str(name))
        column = read.column(str(name), here, table)
        if column is None:
            continue
        if isinstance(wanted, Mapping):
            for test, value in wanted.items():
                conditions += _test(read, column, str(test), value, (*here, str(test)), table or read.table)
        else:
            values = wanted if isinstance(wanted, list | tuple) else [wanted]
            conditions += _test(read, column, "is", values, here, table or read.table)
    return tuple(conditions)


def _test(read: _Reader, column: Column, test: str, value: Any, path: Place, table: str) -> list[Condition]:
    if test not in TESTS:
        read.fault("unknown_test", path, "there is no such comparison", f"use one of {', '.join(TESTS[1:])}", test,
                   TESTS[1:], column.name)
        return []
    values = tuple(_scalar(v) for v in (value if isinstance(value, list | tuple) else [value]))
    numeric = column.kind == "number"
    if test in COMPARISONS and not numeric:
        read.fault("not_a_number_column", path, f"{test} compares numbers, and {column.name} holds text",
                   "use a value, a list or like", column=column.name)
        return []
    if test == "like" and numeric:
        read.fault("not_a_text_column", path, f"like looks at text, and {column.name} holds numbers",
                   "use gte, gt, lte or lt", column=column.name)
        return []
    if numeric and test in (*COMPARISONS, "is", "ne"):
        for item in values:
            if item:
                read.number(item, path, column.name)
    if column.kind == "choice" and test in ("is", "ne"):
        for item in values:
            if item not in column.choices:
                read.fault("unknown_choice", path, f"must be one of {', '.join(column.choices)}", "correct it", item,
                           column.choices, column.name)
    if test == "in_group":
        return _in_group(read, column, values, path, table)
    return [Condition(column.name, test, values)]


def _in_group(read: _Reader, column: Column, names: tuple[str, ...], path: Place, table: str) -> list[Condition]:
    tables = (table,) if column.is_key and not column.refers else column.refers
    for name in names:
        group = read.groups.get(name)
        if group is None:
            read.fault("unknown_group", path, "there is no group of that name", "define it under groups", name,
                       tuple(read.groups), column.name)
        elif group.table not in tables:
            read.fault("wrong_group", path, f"{name} is a group of {group.table}, and {column.name} names "
                       + (" or ".join(tables) or "none"), "use a column that names them", name, (), column.name)
    return [Condition(column.name, "in_group", names)]


def _expect(read: _Reader, value: Any) -> Expect | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"rows"}:
        read.fault("unknown_key", ("expect",), "expect says how many rows are meant", 'write expect: {rows: ">=1"}',
                   _scalar(value) if not isinstance(value, Mapping) else ", ".join(map(str, value)))
        return None
    match = _EXPECT.fullmatch(_scalar(value["rows"]))
    if match is None:
        read.fault("not_a_count", ("expect", "rows"), "a count of rows, with >= or <= before it where wanted",
                   'write 3, ">=1" or "<=5"', _scalar(value["rows"]))
        return None
    return Expect(match.group(1) or "==", int(match.group(2)))


def _operands(read: _Reader, op: str, value: Any) -> tuple[dict[str, str], tuple[dict[str, str], ...]]:
    if op == "drop":
        if _scalar(value).casefold() not in ("yes", "true"):
            read.fault("not_yes", (op,), "drop takes the rows away that where selects", "write drop: true",
                       _scalar(value))
        return {}, ()
    if op in OF_SITES:
        return {}, ()
    if op in ("insert", "update"):
        return {}, _rows(read, op, value)
    if not isinstance(value, Mapping) or not value:
        read.fault("not_a_mapping", (op,), f"{op} maps " + ("tiers to tiers" if op in OF_TIERS else
                   "columns to values"), f"write {op}: {{...}}", "" if isinstance(value, Mapping) else _scalar(value))
        return {}, ()
    if op == "merge":
        return {_scalar(old): _scalar(new) for old, new in value.items()}, ()
    if op == "split":
        return _split(read, value)
    if op == "fuel":
        return _fuel(read, value), ()
    found = {}
    for name, item in value.items():
        column = read.column(str(name), (op, str(name)))
        if column is not None:
            found[str(name)] = _value(read, op, column, _scalar(item), (op, str(name)))
    return found, ()


def _value(read: _Reader, op: str, column: Column, text: str, path: Place) -> str:
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
                      "yes_no": "yes or no", "text": "text"}[column.kind], "use set", column=column.name)
    elif column.kind == "choice" and text and text not in column.choices:
        read.fault("unknown_choice", path, f"must be one of {', '.join(column.choices)}", "write one of them", text,
                   column.choices, column.name)
    elif column.kind == "yes_no" and text.casefold() not in ("yes", "no", "true", "false", "1", "0", ""):
        read.fault("not_yes_or_no", path, "must be yes or no", "write yes or no", text, ("yes", "no"), column.name)
    return text


def _in_bounds(read: _Reader, column: Column, number: float, path: Place) -> None:
    if column.low <= number <= column.high or np.isnan(number):
        return
    share = column.unit.startswith("share") and 1 < number <= 100
    read.fault("share_above_one" if share else "below_bound" if number < column.low else "above_bound", path,
               (f"must be at least {number_text(column.low)}" if np.isinf(column.high) else
                f"must be between {number_text(column.low)} and {number_text(column.high)}") + f": {column.meaning}",
               f"write {number_text(round(number / 100, 12))} for {number_text(number)} %" if share else
               "correct the number", number_text(number), (), column.name)


def _split(read: _Reader, value: Mapping[str, Any]) -> tuple[dict[str, str], tuple[dict[str, str], ...]]:
    """`split: {tier: silver, into: silver_plus}`; `where` beside it selects the customers that change."""
    for key in value:
        if key not in _SPLIT[:2]:
            read.fault("unknown_key", ("split", str(key)), "split has tier and into", "write where beside split to say "
                       "which customers change", str(key), _SPLIT)
    for key in _SPLIT[:2]:
        if not _scalar(value.get(key)):
            read.fault("blank", ("split",), f"split lacks {key}", "write split: {tier: silver, into: silver_plus}")
    return {key: _scalar(value.get(key)) for key in _SPLIT[:2]}, ()


def _fuel(read: _Reader, value: Mapping[str, Any]) -> dict[str, str]:
    """`fuel: {freight: 15 %}`: by how much whatever is charged rises, or the surcharge alone."""
    found = {}
    for key, item in value.items():
        text, path = _scalar(item), ("fuel", str(key))
        rise = factor_of(text)
        if key not in FUEL:
            read.fault("unknown_key", path, "fuel says what rises: freight (all that a mode charges) or surcharge",
                       "write fuel: {freight: 15 %} or fuel: {surcharge: 15 %}", str(key), FUEL)
        elif not -1 <= rise <= MOST_RISE:
            read.fault("not_a_share", path, "a rise is a share, such as 15 % or 0.15", "write 15 % for fifteen per "
                       "cent", text, (), "fuel_surcharge")
        found[str(key)] = text
    return found


def _rows(read: _Reader, op: str, value: Any) -> tuple[dict[str, str], ...]:
    """Rows written in the edit, or in a CSV file beside it."""
    if isinstance(value, Mapping) and set(value) == {"file"}:
        return _rows_of_file(read, op, _scalar(value["file"]))
    if not isinstance(value, list | tuple) or not value:
        read.fault("not_a_list", (op,), f"{op} takes a list of rows, or a file", f"write {op}: [{{...}}], or {op}: "
                   "{file: rows.csv}", "" if isinstance(value, list | tuple | Mapping) else _scalar(value))
        return ()
    rows = []
    for number, row in enumerate(value):
        path: Place = (op, number)
        if not isinstance(row, Mapping):
            read.fault("not_a_mapping", path, "a row maps columns to values", "write {column: value}", _scalar(row))
            continue
        cells = {}
        for name, item in row.items():
            column = read.column(str(name), (*path, str(name)))
            if column is not None:
                cells[str(name)] = _value(read, "set", column, _scalar(item), (*path, str(name)))
        rows.append(cells)
        _need_keys(read, op, cells, path)
    return tuple(rows)


def _rows_of_file(read: _Reader, op: str, name: str) -> tuple[dict[str, str], ...]:
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


def _need_keys(read: _Reader, op: str, cells: Mapping[str, str], path: Place) -> None:
    """A row that is updated is found by all its keys."""
    if op != "update":
        return
    missing = [key for key in BY_NAME[read.table].keys if key not in cells]
    if missing:
        read.fault("missing_key", path, f"the row lacks {', '.join(missing)}", "rows are updated by their whole key")


def _fits(read: _Reader, op: str, has_where: bool) -> None:
    """What goes together with what."""
    if op in OF_TIERS and read.table != "tiers":
        read.fault("wrong_table", ("table",), f"{op} is an operation on tiers", "write table: tiers", read.table)
    if read.table == SETTINGS.name and (op not in CHANGES or has_where):
        read.fault("settings_are_one_row", ("table",), "settings have no rows", "use set, scale or add, without where")
    if op in ("insert", "update", "merge") and has_where:
        read.fault("where_without_effect", ("where",), f"{op} takes no where", "delete it")
