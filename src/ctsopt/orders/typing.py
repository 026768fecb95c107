"""From columns as they stand to typed ones: what cannot be read is blank, and said; nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.errors import Finding
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.orders.files import Cells, RawLines
from ctsopt.orders.mapping import Form
from ctsopt.tables.columns import Column, Table
from ctsopt.tables.dates import SLIPS as DATE_SLIPS
from ctsopt.tables.numerals import parse, slips, tried
from ctsopt.tables.raw import Texts
from ctsopt.tables.typed import Days

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?")
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
LISTED = 1000
"""Rows that a finding lists; the others are counted."""


@dataclass(frozen=True, eq=False)
class Typed:
    """One typed table.

    Attributes
    ----------
    frame : DataFrame
        Every column of the schema; texts as categories, moments to the second.
    rows : int array
        Row numbers as the user sees them.
    bad : mapping of str to bool array
        Cells that could not be read: they are blank in the frame.
    given : frozenset of str
        Columns that are there.
    findings : list of Finding
    """

    frame: pd.DataFrame
    rows: Positions
    bad: dict[str, Bools]
    given: frozenset[str]
    findings: list[Finding] = field(default_factory=list)

    def blank(self, column: str) -> Bools:
        """Where a cell is blank or could not be read."""
        values = self.frame[column]
        if isinstance(values.dtype, pd.CategoricalDtype):
            return np.asarray(values == "", dtype=bool)
        return np.asarray(values.isna(), dtype=bool)


def typed(table: Table, raw: RawLines) -> Typed:
    """Type every column of a table; an absent one takes its default."""
    filled = np.zeros(len(raw.rows), dtype=bool)
    for cells in raw.columns.values():
        filled |= ~_blank(cells)
    found = Typed(pd.DataFrame(), raw.rows[filled], {}, frozenset({*raw.columns, *raw.form.constants}), [*raw.findings])
    columns: dict[str, Any] = {}
    for column in table.columns:
        cells = raw.columns.get(column.name, Texts.repeated(raw.form.constants.get(column.name, ""), len(raw.rows)))
        if not filled.all():  # a line that is blank throughout is no row
            cells = cells.take(filled) if isinstance(cells, Texts) else cells[filled]
        columns[column.name] = _Casting(table, column, raw.form, found).cast(cells)
    return Typed(pd.DataFrame(columns), found.rows, found.bad, found.given, found.findings)


def _blank(cells: Cells) -> Bools:
    return cells.blank() if isinstance(cells, Texts) else np.asarray(pd.isna(cells), dtype=bool)


@dataclass
class _Casting:
    """One column on its way."""

    table: Table
    column: Column
    form: Form
    found: Typed

    def cast(self, cells: Cells) -> Any:
        if isinstance(cells, Texts) and self.column.name in self.form.values:
            theirs = self.form.values[self.column.name]
            cells = cells.relabelled([theirs.get(label, label) for label in cells.labels])
        kind = self.column.kind
        if kind == "number":
            return self._number(cells)
        if kind == "date":
            return self._moment(cells)
        assert isinstance(cells, Texts)
        if kind == "choice":
            return self._choice(cells)
        return self._flag(cells) if kind == "yes_no" else self._text(cells)

    def report(self, rule: str, mask: Bools, message: str, mend: str, shown: Iterable[Any]) -> None:
        """A finding on the marked rows, whose cells are blank from here on."""
        if not mask.any():
            return
        rows = self.found.rows[mask]
        self.found.findings.append(Finding(
            rule, self.table.name, self.column.name, f"{message}: {self.column.meaning}", mend, rows[:LISTED].tolist(),
            [str(value) for value in shown][:LISTED], severity="warning", total=len(rows)))
        before = self.found.bad.get(self.column.name)
        self.found.bad[self.column.name] = mask if before is None else before | mask

    def _number(self, cells: Cells) -> Floats:
        column = self.column
        if isinstance(cells, Texts):
            labels = [self._plain(label) for label in cells.labels]
            parsed, wrong = parse(labels)
            for slip, here in slips(labels, wrong):
                mask = cells.where(here)
                self.report(slip.rule, mask, slip.message, slip.mend, cells.labels[cells.codes[mask][:LISTED]])
            cells = parsed[cells.codes]
        values = np.asarray(cells, dtype=np.float64).copy()
        for rule, mask, words in (("infinite_number", np.isinf(values), "the number has no end"),
                                  ("below_bound", values < column.low, f"must be at least {column.low:g}"),
                                  ("above_bound", values > column.high, f"must be at most {column.high:g}")):
            mask &= ~(self.found.bad.get(column.name, np.zeros(len(values), dtype=bool)))
            self.report(rule, mask, words, "correct the number, or its sign", values[mask][:LISTED])
            values[mask] = np.nan
        default = column.default
        if isinstance(default, float) and not np.isnan(default):
            values[np.isnan(values)] = default
        return values

    def _plain(self, label: str) -> str:
        """A number in our form, where the mapping says what its marks are."""
        if (self.form.decimal, self.form.thousands) == (".", "") or not label:
            return label
        head, mark, tail = label.partition(self.form.decimal)
        if self.form.thousands and re.fullmatch(r"[+-]?\d{1,3}(?:" + re.escape(self.form.thousands) + r"\d{3})+", head):
            head = head.replace(self.form.thousands, "")
        if "." in head + tail:
            return label if self.form.decimal == "." else f"{head}{mark}{tail} "
        return head + ("." if mark else "") + tail

    def _moment(self, cells: Cells) -> Days:
        if not isinstance(cells, Texts):
            return np.asarray(cells.astype("datetime64[s]"))
        labels = pd.Series(cells.labels, dtype=object)
        stated = (labels != "").to_numpy()
        read = stated if self.form.dates else np.array([bool(_MOMENT.fullmatch(label)) for label in labels], dtype=bool)
        moments = np.full(len(labels), np.datetime64("NaT"), dtype="datetime64[s]")
        if read.any():
            parsed = pd.to_datetime(labels[read].astype(str), format=self.form.dates or "ISO8601", errors="coerce")
            moments[read] = parsed.to_numpy().astype("datetime64[s]")
        odd = (moments < np.datetime64("1900-01-01")) | (moments > np.datetime64("2199-12-31"))
        moments[odd] = np.datetime64("NaT")
        for slip, here in tried(DATE_SLIPS, cells.labels.tolist(), stated & np.isnat(moments)):
            mask = cells.where(here)
            mend = (f"the mapping says {self.form.dates}" if self.form.dates else
                    "write it so, or say in the mapping how dates are written, such as `dates: \"%d.%m.%Y\"`")
            message = "the cell is no moment of the calendar" if slip.rule == "time_of_day" else slip.message
            self.report("no_such_day" if slip.rule == "time_of_day" else slip.rule, mask, message, mend,
                        cells.labels[cells.codes[mask][:LISTED]])
        return moments[cells.codes]

    def _choice(self, cells: Texts) -> Any:
        choices = self.column.choices
        unknown = np.array([label not in choices and label != "" for label in cells.labels], dtype=bool)
        mask = cells.where(unknown)
        self.report("unknown_choice", mask, f"must be one of {', '.join(choices)}",
                    "write one of them, or say in the mapping under `values` what theirs mean",
                    cells.labels[cells.codes[mask][:LISTED]])
        default = str(self.column.default or "")
        return _categories(cells.relabelled(["" if wrong else label or default
                                             for label, wrong in zip(cells.labels, unknown, strict=True)]))

    def _flag(self, cells: Texts) -> Bools:
        folded = [label.casefold() for label in cells.labels]
        mask = cells.where([f != "" and f not in _YES_NO for f in folded])
        self.report("not_yes_or_no", mask, "must be yes or no", "write yes or no",
                    cells.labels[cells.codes[mask][:LISTED]])
        return np.array([_YES_NO.get(f, self.column.default) for f in folded], dtype=bool)[cells.codes]

    def _text(self, cells: Texts) -> Any:
        lost = np.array(["\ufffd" in label for label in cells.labels], dtype=bool)
        mask = cells.where(lost)
        self.report("lost_character", mask, "a letter was lost in a conversion, and \ufffd stands in its place",
                    "read the file in its own encoding", cells.labels[cells.codes[mask][:LISTED]])
        default = str(self.column.default or "")
        return _categories(cells.relabelled([label or default for label in cells.labels]) if default else cells)


def _categories(cells: Texts) -> pd.Categorical:
    """Texts as pandas keeps them, each distinct text once; the blank one is always among them."""
    labels, codes = cells.labels, cells.codes
    if "" not in labels:
        labels = np.append(labels, "")
    return pd.Categorical.from_codes(codes.astype(np.int32), categories=pd.Index(labels, dtype="str"))
