"""One edit while it is read: faults are gathered with their place, never raised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ctsopt.tables.columns import Column
from ctsopt.tables.dates import date_slips, parse_dates
from ctsopt.tables.edits.parts import EditFault, Group
from ctsopt.tables.edits.parts import Path as Place
from ctsopt.tables.numerals import parse, slips
from ctsopt.tables.raw import clean_text, number_text
from ctsopt.tables.schema import Schema


class Reader:
    """One edit of a table while it is read."""

    def __init__(self, schema: Schema, groups: Mapping[str, Group], folder: Path | None) -> None:
        self.schema, self.groups, self.folder, self.table = schema, groups, folder, ""
        self.faults: list[EditFault] = []

    def fault(self, rule: str, path: Place, message: str, mend: str, value: str = "", candidates: Sequence[str] = (),
              column: str = "") -> None:
        """Note a fault."""
        self.faults.append(EditFault(rule, path, self.table, column, message, mend, value, tuple(candidates)))

    def column(self, name: str, path: Place, table: str = "") -> Column | None:
        """The column of that name; None and a fault where there is none."""
        known = {column.name: column for column in self.schema.by_name[table or self.table].columns}
        if name not in known:
            self.fault("unknown_column", path, f"the table {table or self.table} has no column of that name",
                       "correct the name", name, tuple(known), name)
            return None
        return known[name]

    def number(self, text: str, path: Place, column: str) -> float:
        """A number; not one and a fault where the text is none."""
        values, wrong = parse([text])
        if wrong[0] or text == "":
            slip = next((s for s, _ in slips([text], wrong)), None) if text else None
            self.fault(slip.rule if slip else "blank", path, slip.message if slip else "a number is missing",
                       slip.mend if slip else "write the number", text, (), column)
            return float("nan")
        return float(values[0])

    def day(self, text: str, path: Place, column: str) -> None:
        """A fault where the text is no date."""
        _, wrong = parse_dates([text])
        if wrong[0] or text == "":
            slip = next((s for s, _ in date_slips([text], wrong)), None) if text else None
            self.fault(slip.rule if slip else "blank", path, slip.message if slip else "a date is missing",
                       slip.mend if slip else "write the date", text, (), column)

    def mapping(self, op: str, value: Any, what: str) -> Mapping[Any, Any]:
        """What an operation maps to what; empty and a fault where it is no mapping."""
        if isinstance(value, Mapping) and value:
            return value
        self.fault("not_a_mapping", (op,), f"{op} maps {what}", f"write {op}: {{...}}",
                   "" if isinstance(value, Mapping) else scalar(value))
        return {}


def scalar(value: Any) -> str:
    """A scalar as text: YAML gives text, Python may give numbers, yes or no, or None."""
    if value is None or value is np.nan:
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else number_text(float(value))
    return clean_text(str(value))
