"""How an edit of tables is written down: one operation on the rows of one table that a filter selects.

The grammar is that of pack files and of `Network.with_edits` alike. A scalar may be text or a number; names are
always text.

    {"table": "modes", "where": {"mode": ["truck", "ltl"]}, "add": {"fuel_surcharge": "0.10"}, "expect": {"rows": 2}}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ctsopt.tables.columns import Column
from ctsopt.tables.edits.operands import operands
from ctsopt.tables.edits.parts import CHANGES, COMPARISONS, PLAIN, TESTS, Condition, Edit, EditFault, Expect, Group
from ctsopt.tables.edits.parts import Path as Place
from ctsopt.tables.edits.reader import Reader, scalar
from ctsopt.tables.raw import clean_text
from ctsopt.tables.schema import Schema

_EXPECT = re.compile(r"(>=|<=|==)?\s*(\d+)")


@dataclass(frozen=True)
class Operation:
    """An operation of a schema's own, which comes to plain ones.

    Attributes
    ----------
    name, table : str
        The table whose rows it is about.
    read : function
        From a reader and what the edit says of it to the values of the `Edit`; faults are gathered in the reader.
    apply : function
        Carries it out on a `Bench`, the tables while they are edited.
    implied : bool
        An edit need not name the table.
    where_on : str
        Table whose rows `where` selects; blank: its own.
    takes_where : bool
    """

    name: str
    table: str
    read: Callable[[Reader, Any], dict[str, str]]
    apply: Callable[[Any, Edit], None]
    implied: bool = False
    where_on: str = ""
    takes_where: bool = True


@dataclass(frozen=True, eq=False)
class Grammar:
    """How edits of the tables of a schema are written down.

    Attributes
    ----------
    schema : Schema
    operations : mapping of str to Operation
        What it knows beside the plain ones.
    spelled_out : function
        An edit with what its operation implies written out.
    """

    schema: Schema
    operations: Mapping[str, Operation] = field(default_factory=dict)
    spelled_out: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict

    @property
    def ops(self) -> tuple[str, ...]:
        """Every operation."""
        return (*PLAIN, *self.operations)

    def edit_of(self, mapping: Any, groups: Mapping[str, Group] | None = None, *, folder: str | None = None,
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
        read = Reader(self.schema, groups or {}, Path(folder) if folder else None)
        edit = _edit(self, read, mapping, source, level)
        return (None if any(f.severity == "error" for f in read.faults) else edit), read.faults

    def group_of(self, mapping: Any) -> tuple[Group | None, list[EditFault]]:
        """Read a group: `table` and `where`."""
        read = Reader(self.schema, {}, None)
        read.table = clean_text(str(mapping.get("table", ""))) if isinstance(mapping, Mapping) else ""
        if read.table not in self.schema.names:
            read.fault("unknown_table", ("table",), "a group is one of rows of a table", "name the table", read.table,
                       self.schema.names)
            return None, read.faults
        for key in mapping:
            if key not in ("table", "where"):
                read.fault("unknown_key", (str(key),), "a group has table and where", "correct or delete it", str(key),
                           ("table", "where"))
        where = _where(read, mapping.get("where", {}), ("where",))
        return (None if read.faults else Group(read.table, where)), read.faults


def _edit(grammar: Grammar, read: Reader, mapping: Any, source: str, level: int) -> Edit | None:
    if not isinstance(mapping, Mapping):  # what YAML or a caller gave
        read.fault("not_a_mapping", (), "an edit names a table and an operation", "write table: ... and set: ...",
                   clean_text(str(mapping)))
        return None
    mapping = grammar.spelled_out(mapping)
    op = _table_and_operation(grammar, read, mapping)
    if not op:
        return None
    own = grammar.operations.get(op)
    where = _where(read, mapping.get("where", {}), ("where",), own.where_on if own else "")
    expect = _expect(read, mapping.get("expect"))
    on_conflict = str(mapping.get("on_conflict", "error"))
    if on_conflict not in ("error", "last"):
        read.fault("unknown_choice", ("on_conflict",), "must be error or last", "write one of them", on_conflict,
                   ("error", "last"))
    values, rows = (own.read(read, mapping[op]), ()) if own else operands(read, op, mapping[op])
    _fits(read, op, own, has_where="where" in mapping)
    return Edit(read.table, op, values, rows, where, read.groups, expect, on_conflict, source, level)


def _table_and_operation(grammar: Grammar, read: Reader, mapping: Mapping[str, Any]) -> str:
    """The one operation of an edit on a table that there is; blank where there is a fault."""
    table, known = clean_text(str(mapping.get("table", ""))), (*grammar.schema.by_name,)
    read.table = table
    if table not in known:
        what = "there is no table of that name" if table else "the edit names no table"
        read.fault("unknown_table", ("table",), what, f"use one of {', '.join(known)}", table, known)
        return ""
    keys = (*grammar.ops, "table", "where", "expect", "on_conflict")
    ops = [str(key) for key in mapping if key in grammar.ops]
    for key in mapping:
        if key not in keys:
            read.fault("unknown_key", (str(key),), "an edit has no such key", "correct or delete it", str(key), keys)
    if len(ops) != 1:
        read.fault("one_operation", (), "an edit has one operation" + (f", not {len(ops)}: {', '.join(ops)}" if ops
                   else ""), f"give one of {', '.join(grammar.ops)}; write further ones as edits of their own")
        return ""
    own = grammar.operations.get(ops[0])
    if own is not None and own.implied and table != own.table:
        read.fault("wrong_table", ("table",), f"{own.name} is an operation on {own.table}", "delete the table", table)
        return ""
    return ops[0]


def _where(read: Reader, mapping: Any, path: Place, table: str = "") -> tuple[Condition, ...]:
    if not isinstance(mapping, Mapping):
        read.fault("not_a_mapping", path, "where maps columns to values", "write where: {column: value}",
                   scalar(mapping))
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


def _test(read: Reader, column: Column, test: str, value: Any, path: Place, table: str) -> list[Condition]:
    if test not in TESTS:
        read.fault("unknown_test", path, "there is no such comparison", f"use one of {', '.join(TESTS[1:])}", test,
                   TESTS[1:], column.name)
        return []
    values = tuple(scalar(v) for v in (value if isinstance(value, list | tuple) else [value]))
    measured = {"number": "numbers", "date": "dates"}.get(column.kind, "")
    if test in COMPARISONS and not measured:
        read.fault("not_a_number_column", path, f"{test} compares numbers, and {column.name} holds text",
                   "use a value, a list or like", column=column.name)
        return []
    if test == "like" and measured:
        read.fault("not_a_text_column", path, f"like looks at text, and {column.name} holds {measured}",
                   "use gte, gt, lte or lt", column=column.name)
        return []
    if measured and test in (*COMPARISONS, "is", "ne"):
        for item in values:
            if item or test in COMPARISONS:
                (read.number if column.kind == "number" else read.day)(item, path, column.name)
    if column.kind == "choice" and test in ("is", "ne"):
        for item in values:
            if item not in column.choices:
                read.fault("unknown_choice", path, f"must be one of {', '.join(column.choices)}", "correct it", item,
                           column.choices, column.name)
    if test == "in_group":
        return _in_group(read, column, values, path, table)
    return [Condition(column.name, test, values)]


def _in_group(read: Reader, column: Column, names: tuple[str, ...], path: Place, table: str) -> list[Condition]:
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


def _expect(read: Reader, value: Any) -> Expect | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"rows"}:
        read.fault("unknown_key", ("expect",), "expect says how many rows are meant", 'write expect: {rows: ">=1"}',
                   scalar(value) if not isinstance(value, Mapping) else ", ".join(map(str, value)))
        return None
    match = _EXPECT.fullmatch(scalar(value["rows"]))
    if match is None:
        read.fault("not_a_count", ("expect", "rows"), "a count of rows, with >= or <= before it where wanted",
                   'write 3, ">=1" or "<=5"', scalar(value["rows"]))
        return None
    return Expect(match.group(1) or "==", int(match.group(2)))


def _fits(read: Reader, op: str, own: Operation | None, *, has_where: bool) -> None:
    """What goes together with what."""
    if own is not None and read.table != own.table:
        read.fault("wrong_table", ("table",), f"{op} is an operation on {own.table}", f"write table: {own.table}",
                   read.table)
    if read.table == read.schema.settings_name and (op not in CHANGES or has_where):
        read.fault("settings_are_one_row", ("table",), "settings have no rows", "use set, scale or add, without where")
    if has_where and (op in ("insert", "update") or (own is not None and not own.takes_where)):
        read.fault("where_without_effect", ("where",), f"{op} takes no where", "delete it")
