"""From text to typed tables, by the schema: numbers, bounds, choices, names, keys, defaults; every fault is listed."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ctsopt.errors import Finding
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.networks.ends import TABLES_WITH_ENDS, in_short
from ctsopt.networks.schema import ALL, BY_NAME, NAMES_SEPARATOR, SETTINGS, TABLES, Column, Table
from ctsopt.tables.numerals import parse, points_for_thousands, slips
from ctsopt.tables.raw import Raw, RawSetting, RawTable, Texts, cell_text, number_text, raw_table
from ctsopt.tables.typed import YEAR, Setting, Tables, sorted_positions

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

Cells = Texts | Floats | Bools


@dataclass
class _Work:
    """A table on its way: typed columns, cells reported already, and what is wrong."""

    table: Table
    raw: RawTable
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


def cast_tables(raw: Raw) -> tuple[Tables, list[Finding]]:
    """Typed tables with defaults filled in, and what is wrong with single cells and with keys.

    A cell with a fault is left blank, so that everything else can still be looked at.
    """
    settings, findings = _cast_settings(raw.settings)
    works = {t.name: _cast_table(t, raw.tables.get(t.name, _absent(t))) for t in TABLES}
    absent = {name for name, work in works.items() if not len(work.raw)}
    partial = set(raw.partial) | {name for name, work in works.items() if _no_keys(work)}
    for table in TABLES:
        if not table.optional and table.name in absent and table.name in raw.tables and table.name not in partial:
            findings.append(Finding("empty_table", table.name, "", "the table has no rows",
                                    f"fill it in: {table.meaning}"))
    if "site_products" in absent and "site_products" in raw.tables and "site_products" not in partial:
        findings.append(Finding("empty_table", "site_products", "", "the table has a header and no rows, as if it were "
                                "not there: every plant and supplier makes every product, without limit and cost",
                                "fill it in, or delete it", severity="warning"))
    for name in ("periods", "products", "tiers", "modes"):
        if name in absent:
            of_the_header = works[name].findings
            works[name] = _default_table(name, works)
            works[name].findings += of_the_header
    partial |= {t.name for t in TABLES if not t.optional and t.name in absent}
    _name_ends(works)
    for work in works.values():
        _take_the_only_one(work, works, partial)
        _find_duplicates(work)
        findings += work.findings
    frames, rows = {}, {}
    bad: dict[tuple[str, str], Bools] = {}
    for name, work in works.items():
        order = _order(work)
        frames[name] = _frame(work, order)
        rows[name] = work.raw.rows[order]
        bad |= {(name, column): mask[order] for column, mask in work.bad.items() if mask.any()}
    given = frozenset(t.name for t in TABLES) - absent
    return Tables(frames, rows, settings, given, bad, frozenset(partial)), findings


def _name_ends(works: Mapping[str, _Work]) -> None:
    """Customers that need no prefix as ends of lanes have none."""
    sites, customers = (set(_first_key(works[name])) for name in ("sites", "customers"))
    for name in TABLES_WITH_ENDS:
        destinations = works[name].columns["destination"]
        assert isinstance(destinations, Texts)
        works[name].columns["destination"] = in_short(destinations, customers, sites)


def _first_key(work: _Work) -> list[str]:
    names = work.columns[work.table.keys[0]]
    assert isinstance(names, Texts)
    return [str(label) for label in names.labels]


def cast_frame(table: Table, frame: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Bools], list[Finding]]:
    """One table that stands by itself, by its own schema: typed rows in their order, cells with faults, and the faults.

    Rows are numbered from 0, as in the frame; those that are blank throughout are left out.
    """
    plain = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    raw, findings = raw_table(table, "the DataFrame", [cell_text(label) for label in plain.columns],
                              [plain.iloc[:, j] for j in range(plain.shape[1])], np.arange(len(plain)), header_row=None)
    work = _cast_table(table, raw)
    _find_duplicates(work)
    typed = _frame(work, np.arange(len(raw), dtype=np.int64))
    return typed.set_index(pd.Index(raw.rows)), work.bad, [*findings, *work.findings]


def _absent(table: Table) -> RawTable:
    return RawTable(table.name, "", {}, np.zeros(0, dtype=np.int64))


def _default_table(name: str, works: Mapping[str, _Work]) -> _Work:
    """The table that stands for an absent one, as the schema says."""
    names = {"periods": ["year"], "products": ["goods"], "tiers": ["standard"]}.get(name) or _modes_named(works)
    columns: dict[str, Texts | Floats] = {BY_NAME[name].keys[0]: Texts.of(np.array(names, dtype=object))}
    if name == "periods":
        columns["days"] = np.array([YEAR])
    return _cast_table(BY_NAME[name], RawTable(name, "", columns, np.arange(len(names))))


def _modes_named(works: Mapping[str, _Work]) -> list[str]:
    named: set[str] = set()
    for name in ("lanes", "rates"):
        cells = works[name].columns["mode"]
        if isinstance(cells, Texts):
            named.update(cells.labels)
    return sorted(named - {"", ALL}) or ["standard"]


def _cast_settings(entries: Sequence[RawSetting]) -> tuple[dict[str, Setting], list[Finding]]:
    known = {c.name: c for c in SETTINGS.columns}
    values: dict[str, Setting] = {}
    findings = []
    for name, count in Counter(e.name for e in entries).items():
        rows = [e.row for e in entries if e.name == name]
        if name not in known:
            findings.append(Finding("unknown_setting", SETTINGS.name, name, "there is no such setting",
                                    "correct the name, or start it with _ to keep it as your own", rows,
                                    [name] * count, tuple(known)))
        elif count > 1:
            findings.append(Finding("duplicate_key", SETTINGS.name, name, f"the setting is given {count} times",
                                    "keep one of them", rows, [e.text for e in entries if e.name == name]))
    given = {e.name: e for e in reversed(entries)}
    for column in SETTINGS.columns:
        entry = given.get(column.name, RawSetting(column.name, "", 0))
        work = _Work(SETTINGS, RawTable(SETTINGS.name, "", {column.name: Texts.repeated(entry.text, 1)},
                                        np.array([entry.row])))
        _cast_column(work, column)
        findings += work.findings
        cells = work.columns[column.name]
        value = cells.values()[0] if isinstance(cells, Texts) else float(cells[0])
        bad = column.name in work.bad
        values[column.name] = _default_setting(column) if bad else value
    return values, findings


def _default_setting(column: Column) -> Setting:
    assert isinstance(column.default, str | float)
    return column.default


def _cast_table(table: Table, raw: RawTable) -> _Work:
    work = _Work(table, raw, bad=dict(raw.bad))
    for column in table.columns:
        _cast_column(work, column)
    return work


def _cast_column(work: _Work, column: Column) -> None:
    """Type one column; an absent one takes its default."""
    cells = work.raw.columns.get(column.name)
    if cells is None:
        if column.required and work.raw.place:
            work.findings.append(Finding(
                "missing_column", work.table.name, column.name, f"there is no column {column.name}",
                f"add it: {column.meaning}" + (f" [{column.unit}]" if column.unit else "")))
            work.bad[column.name] = np.ones(len(work.raw), dtype=bool)
        cells = Texts.repeated("", len(work.raw))
        work = _Work(work.table, RawTable(work.table.name, "", {column.name: cells}, work.raw.rows), work.columns,
                     work.bad, work.findings)
    if column.kind == "number":
        _cast_number(work, column, cells)
        return
    assert isinstance(cells, Texts)
    if column.kind == "choice":
        _cast_choice(work, column, cells)
    elif column.kind == "yes_no":
        _cast_yes_no(work, column, cells)
    else:
        _cast_name(work, column, cells)


def _cast_number(work: _Work, column: Column, cells: Texts | Floats) -> None:
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


def _check_bounds(work: _Work, column: Column, values: Floats) -> None:
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


def _require(work: _Work, column: Column, blank: Bools) -> None:
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



def _cast_choice(work: _Work, column: Column, cells: Texts) -> None:
    _require(work, column, cells.blank())
    unknown = [label not in column.choices and label != "" for label in cells.labels]
    work.report("unknown_choice", column.name, cells.where(unknown), f"must be one of {', '.join(column.choices)}",
                f"write one of them: {column.meaning}", column.choices)
    default = str(column.default or "")
    work.columns[column.name] = cells.relabelled(
        ["" if wrong else label or default for label, wrong in zip(cells.labels, unknown, strict=True)])


def _cast_yes_no(work: _Work, column: Column, cells: Texts) -> None:
    folded = [label.casefold() for label in cells.labels]
    work.report("not_yes_or_no", column.name, cells.where([f != "" and f not in _YES_NO for f in folded]),
                f"must be yes or no: {column.meaning}", "write yes or no", ("yes", "no"))
    values = np.array([_YES_NO.get(f, column.default) for f in folded], dtype=bool)
    work.columns[column.name] = values[cells.codes] if len(cells) else np.zeros(0, dtype=bool)


def _cast_name(work: _Work, column: Column, cells: Texts) -> None:
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
    if work.table.name == "modes" and column.is_key:
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
    elif not _only(column) and column.default:
        labels = [label or str(column.default) for label in labels]
    work.columns[name] = cells.relabelled(labels)


def _only(column: Column) -> bool:
    """Whether a blank cell stands for the only row of the table it refers to."""
    return bool(column.refers) and column.kind != "names" and column.default not in (None, "", ALL)


def _take_the_only_one(work: _Work, works: Mapping[str, _Work], partial: set[str]) -> None:
    """Blank products, periods and tiers: the only one there is; where there are several, a finding."""
    for column in work.table.columns:
        cells = work.columns[column.name]
        if not _only(column) or not isinstance(cells, Texts):
            continue
        blank = cells.blank() & ~work.bad_of(column.name)
        if not blank.any():
            continue
        target = column.refers[0]
        found = works[target].columns[BY_NAME[target].keys[0]]
        names = [label for label in found.labels if label] if isinstance(found, Texts) else []
        if len(names) == 1 and target not in partial:
            work.columns[column.name] = cells.relabelled([label or names[0] for label in cells.labels])
        elif target in partial or not names:
            work.bad[column.name] = work.bad_of(column.name) | blank
        elif column.name in work.raw.columns:
            work.report("which_one", column.name, blank, f"the cell is blank, and there are {len(names)} {target}",
                        f"write the {column.name}", names)
        else:
            work.findings.append(Finding(
                "missing_column", work.table.name, column.name, f"there is no column {column.name}, and there are "
                f"{len(names)} {target}", f"add it: {column.meaning}"))
            work.bad[column.name] = np.ones(len(work.raw), dtype=bool)


def _no_keys(work: _Work) -> bool:
    """Whether a key column is missing from a table that is there."""
    return bool(work.raw.place) and any(c.required and c.name not in work.raw.columns
                                        for c in work.table.columns if c.is_key)


def _find_duplicates(work: _Work) -> None:
    """Rows with one key; every one of them is listed."""
    keys = work.table.keys
    whole = np.ones(len(work.raw), dtype=bool)
    codes: dict[str, Positions] = {}
    for name in keys:
        cells = work.columns[name]
        whole &= ~work.bad_of(name)
        codes[name] = cells.codes if isinstance(cells, Texts) else np.asarray(pd.factorize(cells)[0], dtype=np.int64)
    repeated = whole.copy()
    repeated[whole] = pd.DataFrame({n: c[whole] for n, c in codes.items()}).duplicated(keep=False).to_numpy()
    if not repeated.any():
        return
    order = np.flatnonzero(repeated)
    shown = [[*map(number_text, c[order])] if not isinstance(c, Texts) else c.take(order).values().tolist()
             for c in (work.columns[name] for name in keys)]
    values = [", ".join(parts) for parts in zip(*shown, strict=True)]
    groups = len(set(values))
    work.findings.append(Finding(
        "duplicate_key", work.table.name, ", ".join(keys) if len(keys) > 1 else keys[0],
        f"{len(order)} rows share {groups} {'key' if groups == 1 else 'keys'}", "keep one row for each, or add them up",
        work.raw.rows[order].tolist(), values))


def _order(work: _Work) -> Positions:
    if work.table.name == "periods":
        return np.arange(len(work.raw), dtype=np.int64)
    return sorted_positions([work.columns[name] for name in work.table.keys])


def _frame(work: _Work, order: Positions) -> pd.DataFrame:
    columns = {}
    for column in work.table.columns:
        cells = work.columns[column.name]
        columns[column.name] = (pd.Series(cells.labels, dtype="str").array.take(cells.codes[order])
                                if isinstance(cells, Texts) else cells[order])
    return pd.DataFrame(columns, index=pd.RangeIndex(len(order)))
