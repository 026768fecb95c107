"""From the text of one column to typed cells: numbers, bounds, choices, days, names; every fault is listed."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ctsopt.errors import Finding
from ctsopt.keys import Bools, Floats
from ctsopt.tables.columns import ALL, NAMES_SEPARATOR, Column, Table
from ctsopt.tables.dates import date_slips, parse_dates
from ctsopt.tables.numerals import parse, points_for_thousands, slips
from ctsopt.tables.raw import RawTable, Texts, number_text
from ctsopt.tables.typed import Days

LONGEST_NAME = 200
"""Characters of a name."""

LONGEST_TEXT = 2000
"""Characters of any other text."""

LARGEST_NUMBER = 1e13
"""Numbers beyond this stand for "no limit" in other programs; here a blank cell does.

Measured beside ordinary figures: a fixed cost or a capacity of 1e13 leaves the optimum as it is; with costs of 1e14
plans are not found now and then, and HiGHS takes no coefficient of 1e15.
"""

_UNSEEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u200b\u2028\u2029\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}

Cells = Texts | Floats | Bools | Days


@dataclass
class Work:
    """A table on its way: typed columns, cells reported already, and what is wrong.

    `listed`: its names stand in lists elsewhere.
    """

    table: Table
    raw: RawTable
    listed: bool = False
    columns: dict[str, Cells] = field(default_factory=dict)
    bad: dict[str, Bools] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def report(self, rule: str, column: str, mask: Bools, message: str, mend: str,
               candidates: Sequence[str] = ()) -> None:
        """One finding for the marked rows, which count as blank from here on."""
        if not mask.any():
            return
        self.findings.append(Finding(rule, self.table.name, column, message, mend, self.raw.rows[mask].tolist(),
                                     self.shown(column, mask), tuple(candidates)))
        self.bad[column] = self.bad_of(column) | mask

    def remark(self, rule: str, column: str, mask: Bools, message: str, mend: str) -> None:
        """One finding of what looks odd in the marked rows, which are taken as they stand."""
        self.findings.append(Finding(rule, self.table.name, column, message, mend, self.raw.rows[mask].tolist(),
                                     self.shown(column, mask), severity="odd"))

    def bad_of(self, column: str) -> Bools:
        """Cells of a column that were reported already."""
        found = self.bad.get(column)
        return np.zeros(len(self.raw), dtype=bool) if found is None else found

    def shown(self, column: str, mask: Bools) -> list[str]:
        """What stands in the marked rows, as it was found."""
        cells = self.raw.columns[column]
        return cells.take(mask).values().tolist() if isinstance(cells, Texts) else list(map(number_text, cells[mask]))


def cast_column(work: Work, column: Column) -> None:
    """Type one column; an absent one takes its default."""
    cells = work.raw.columns.get(column.name)
    if cells is None:
        if not column.required:
            work.columns[column.name] = _default_cells(column, len(work.raw))
            return
        if work.raw.place:
            work.findings.append(Finding(
                "missing_column", work.table.name, column.name, f"there is no column {column.name}",
                f"add it: {column.meaning}" + (f" [{column.unit}]" if column.unit else "")))
            work.bad[column.name] = np.ones(len(work.raw), dtype=bool)
        cells = Texts.repeated("", len(work.raw))
        raw = RawTable(work.table.name, "", {column.name: cells}, work.raw.rows)
        work = Work(work.table, raw, work.listed, work.columns, work.bad, work.findings)
    if column.kind == "number":
        _cast_number(work, column, cells)
        return
    assert isinstance(cells, Texts)
    if column.kind == "choice":
        _cast_choice(work, column, cells)
    elif column.kind == "yes_no":
        _cast_yes_no(work, column, cells)
    elif column.kind == "date":
        _cast_date(work, column, cells)
    else:
        _cast_name(work, column, cells)


def _default_cells(column: Column, count: int) -> Cells:
    """Blank cells of a column that may be left out."""
    if column.kind == "number":
        return np.full(count, _number(column.default) + 0.0)
    if column.kind == "yes_no":
        return np.full(count, column.default, dtype=bool)
    if column.kind == "date":
        return np.full(count, np.datetime64("NaT"), dtype="datetime64[D]")
    blank = column.kind == "names" or stands_for_the_only_one(column)
    return Texts.repeated("" if blank else str(column.default or ""), count)


def _cast_number(work: Work, column: Column, cells: Texts | Floats) -> None:
    name = column.name
    unlimited = column.default == math.inf
    if isinstance(cells, Texts):
        parsed, wrong = parse(cells.labels.tolist())
        for slip, labels in slips(cells.labels.tolist(), wrong):
            mend = f"{slip.mend} ({_blank_means(column)})" if slip.rule == "word_for_number" else slip.mend
            work.report(slip.rule, name, cells.where(labels), f"{slip.message}: {column.meaning}", mend)
        values, blank = parsed[cells.codes], cells.blank()
        if column.unit != "degrees" and np.sum(~blank) > 1 and points_for_thousands(cells.labels.tolist()):
            mean = float(np.nanmean(values))
            work.remark("point_before_thousands", name, ~blank, "every number has a point before exactly three digits: "
                        f"{number_text(round(mean, 3))} on average, or {number_text(round(1000 * mean))} if the points "
                        "separate thousands", "if so, write the numbers without them")
    else:
        values = cells.copy()
        blank = np.isnan(values) | ((values == math.inf) & unlimited)
    _require(work, column, blank)
    _check_bounds(work, column, np.where(blank | work.bad_of(name), np.nan, values))
    values = np.where(blank, math.nan if column.required else _number(column.default), values)
    values[work.bad_of(name)] = np.nan
    work.columns[name] = np.asarray(values, dtype=np.float64) + 0.0


def _check_bounds(work: Work, column: Column, values: Floats) -> None:
    """Bounds of the schema. NaN passes: it is blank, or was reported."""
    name, unit = column.name, f" {column.unit}" if column.unit else ""
    large = np.abs(values) > LARGEST_NUMBER
    work.report("too_large", name, large, f"a number beyond {LARGEST_NUMBER:g}",
                f"write a smaller number, or count in larger units ({_blank_means(column)})")
    low = "above 0" if 0 < column.low <= 1e-9 else f"at least {number_text(column.low)}"
    work.report("below_bound", name, (values < column.low) & ~large, f"must be {low}{unit}: {column.meaning}",
                "correct the number, or its sign")
    above = (values > column.high) & ~large
    if column.unit.startswith("share"):
        per_cent = above & (values > 1) & (values <= 100)
        above &= ~per_cent
        for first in values[per_cent][:1]:
            work.report("share_above_one", name, per_cent, f"a share, not per cent: {column.meaning}",
                        f"write {number_text(round(first / 100, 12))} for {number_text(first)} %")
    work.report("above_bound", name, above, f"must be at most {number_text(column.high)}{unit}: {column.meaning}",
                "correct the number, or its unit")


def _require(work: Work, column: Column, blank: Bools) -> None:
    if column.required:
        work.report("blank", column.name, blank & ~work.bad_of(column.name), f"the cell is blank: {column.meaning}",
                    "fill it in")


def _blank_means(column: Column) -> str:
    if column.required:
        return "a blank cell is not allowed here"
    return f"a blank cell means {column.blank or number_text(_number(column.default))}"


def _number(default: object) -> float:
    assert isinstance(default, float | int)
    return float(default)


def _cast_choice(work: Work, column: Column, cells: Texts) -> None:
    _require(work, column, cells.blank())
    unknown = [label not in column.choices and label != "" for label in cells.labels]
    work.report("unknown_choice", column.name, cells.where(unknown), f"must be one of {', '.join(column.choices)}",
                f"write one of them: {column.meaning}", column.choices)
    default = str(column.default or "")
    work.columns[column.name] = cells.relabelled(
        ["" if wrong else label or default for label, wrong in zip(cells.labels, unknown, strict=True)])


def _cast_yes_no(work: Work, column: Column, cells: Texts) -> None:
    folded = [label.casefold() for label in cells.labels]
    work.report("not_yes_or_no", column.name, cells.where([f != "" and f not in _YES_NO for f in folded]),
                f"must be yes or no: {column.meaning}", "write yes or no", ("yes", "no"))
    values = np.array([_YES_NO.get(f, column.default) for f in folded], dtype=bool)
    work.columns[column.name] = values[cells.codes] if len(cells) else np.zeros(0, dtype=bool)


def _cast_date(work: Work, column: Column, cells: Texts) -> None:
    """Days, written 2027-03-31; what else a text may mean is told, and never guessed."""
    labels = cells.labels.tolist()
    parsed, wrong = parse_dates(labels)
    for slip, here in date_slips(labels, wrong):
        work.report(slip.rule, column.name, cells.where(here), f"{slip.message}: {column.meaning}", slip.mend)
    _require(work, column, cells.blank())
    work.columns[column.name] = parsed[cells.codes]


def _cast_name(work: Work, column: Column, cells: Texts) -> None:
    """Keys, references, lists of names and free text; a blank one takes its default where that is one text."""
    name = column.name
    labels = cells.labels.tolist()
    limit = LONGEST_NAME if column.kind in {"key", "reference"} else LONGEST_TEXT
    faults = {
        "lost_character": ["\ufffd" in label for label in labels],
        "unseen_character": [_UNSEEN.search(label) is not None for label in labels],
        "too_long": [len(label) > limit for label in labels],
        "reserved_name": [label == ALL and not column.wildcard and column.default != ALL for label in labels],
    }
    if work.listed and column.is_key:
        faults["reserved_name"] = [label == ALL or NAMES_SEPARATOR in label for label in labels]
    messages = {
        "lost_character": ("a letter was lost when the file was converted, and \ufffd stands in its place",
                           "write the letter, and save the file as UTF-8"),
        "unseen_character": ("the text holds a character that cannot be seen", "type the text anew"),
        "too_long": (f"the text is longer than {limit} characters", "shorten it"),
        "reserved_name": (f"{ALL} and {NAMES_SEPARATOR} have a meaning of their own", "choose another name"),
    }
    for rule, wrong in faults.items():
        work.report(rule, name, cells.where(wrong), *messages[rule])
        labels = ["" if is_wrong else label for label, is_wrong in zip(labels, wrong, strict=True)]
    _require(work, column, cells.blank())
    if column.kind == "names":
        labels = [NAMES_SEPARATOR.join(sorted({p.strip() for p in label.split(NAMES_SEPARATOR)} - {""}))
                  for label in labels]
    elif not stands_for_the_only_one(column) and column.default:
        labels = [label or str(column.default) for label in labels]
    work.columns[name] = cells.relabelled(labels)


def stands_for_the_only_one(column: Column) -> bool:
    """Whether a blank cell stands for the only row of the table it refers to."""
    return bool(column.refers) and column.kind != "names" and column.default not in (None, "", ALL)
