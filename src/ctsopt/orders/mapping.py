"""How the columns of an export are named and written: a YAML file that is read strictly."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from ctsopt.errors import DataError, Finding, Findings
from ctsopt.orders.schema import SCHEMA
from ctsopt.tables.columns import Table
from ctsopt.tables.yaml_nodes import plain, read_source

_TEXTS = ("file", "sheet", "encoding", "delimiter", "decimal", "thousands", "dates")


@dataclass(frozen=True)
class Form:
    """How one table of an export is named and written.

    Attributes
    ----------
    file, sheet : str
        File in the folder, or sheet of the workbook; blank: those of the table's name.
    encoding, delimiter : str
        Of a CSV file.
    decimal, thousands : str
        Marks in numbers.
    dates : str
        How dates are written, such as `%d.%m.%Y %H:%M`; blank: 2027-03-31, with or without a time.
    columns : mapping of str to str
        Our name of a column to theirs; blank: the names are ours.
    values : mapping of str to mapping
        By column (our name), their text to ours.
    constants : mapping of str to str
        Columns (our name) that hold one text throughout.
    """

    file: str = ""
    sheet: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."
    thousands: str = ""
    dates: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


PLAIN = Form()
"""Our own names, points in numbers, dates as 2027-03-31."""

Forms = Mapping[str, Form]
"""By table."""


def read_mapping(source: str | os.PathLike[str] | Mapping[str, Any] | None) -> Forms:
    """Read a mapping: a YAML file, or what such a file holds.

    Raises
    ------
    DataError
        With everything that is wrong in it.
    """
    if source is None:
        return {}
    name = "mapping" if isinstance(source, Mapping) else os.fspath(source)
    content: Any = source
    if not isinstance(source, Mapping):
        read = read_source(source)
        if read.root is None or any(f.severity == "error" for f in read.findings):
            raise DataError(Findings(read.findings))
        content = plain(read.root)
    findings = list(_faults(content, name))
    if findings:
        raise DataError(Findings(findings))
    return {table: Form(**form) for table, form in content.items()}


def _faults(content: Any, name: str) -> Iterator[Finding]:
    known = [f.name for f in fields(Form)]
    if not isinstance(content, Mapping):
        yield Finding("broken_mapping", "", "", "the file holds no tables",
                      "write `order_lines:` and, below it, columns", place=name)
        return
    for table, form in content.items():
        if table not in SCHEMA.names:
            yield Finding("unknown_table", str(table), "", "there is no table of that name", "use one of "
                          + ", ".join(SCHEMA.names), (), (str(table),), SCHEMA.names, place=name)
        elif not isinstance(form, Mapping):
            yield Finding("broken_mapping", table, "", "the table has no settings", f"write some of {', '.join(known)}",
                          place=name)
        else:
            for key, value in form.items():
                yield from _of_setting(SCHEMA.by_name[table], str(key), value, name, known)


def _of_setting(table: Table, key: str, value: Any, name: str, known: list[str]) -> Iterator[Finding]:
    if key not in known:
        yield Finding("unknown_setting", table.name, key, "there is no such setting", f"use one of {', '.join(known)}",
                      (), (key,), known, place=name)
    elif (key in _TEXTS) == isinstance(value, Mapping | list):
        what = "one text" if key in _TEXTS else "names, each with what it stands for"
        yield Finding("broken_mapping", table.name, key, f"{what} belongs here", f"write {what}", place=name)
    elif key not in _TEXTS:
        columns = [c.name for c in table.columns]
        for wrong in [str(c) for c in value if str(c) not in columns]:
            yield Finding("unknown_column", table.name, wrong, "there is no such column (our name stands before the "
                          "colon, theirs behind it)", "use one of " + ", ".join(columns), (), (wrong,),
                          columns, place=name)
