"""From text to typed tables, by the schema: cells, keys, defaults, absent tables; every fault is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.errors import Finding
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.tables.cells import Cells, Work, cast_column, stands_for_the_only_one
from ctsopt.tables.columns import ALL, Column, Table
from ctsopt.tables.raw import Raw, RawSetting, RawTable, Texts, cell_text, number_text, raw_table
from ctsopt.tables.schema import Schema
from ctsopt.tables.typed import Setting, Tables, sorted_positions

_FEW = 64
"""Rows up to which a column with one text throughout is made once for all networks."""


def cast_tables(raw: Raw) -> tuple[Tables, list[Finding]]:
    """Typed tables with defaults filled in, and what is wrong with single cells and with keys.

    A cell with a fault is left blank, so that everything else can still be looked at.
    """
    schema = raw.schema
    settings, findings = _cast_settings(schema, raw.settings)
    works = {t.name: _cast_table(t, raw.tables.get(t.name, _absent(t)), listed=t.name in schema.listed)
             for t in schema.tables}
    absent = {name for name, work in works.items() if not len(work.raw)}
    partial = set(raw.partial) | {name for name, work in works.items() if _no_keys(work)}
    findings += [found for table in schema.tables if table.name in (absent & raw.tables.keys()) - partial
                 for found in _without_rows(table)]
    for table in schema.tables:
        if table.name in absent and table.stand_in is not None:
            of_the_header = works[table.name].findings
            works[table.name] = _standing_in(table, works)
            works[table.name].findings += of_the_header
    partial |= {t.name for t in schema.tables if not t.optional and t.name in absent}
    if schema.settle is not None:
        schema.settle({name: work.columns for name, work in works.items()})
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
    given = frozenset(schema.names) - absent
    return Tables(schema, frames, rows, settings, given, bad, frozenset(partial)), findings


def _without_rows(table: Table) -> list[Finding]:
    """A header is there and no row."""
    if not table.optional:
        return [Finding("empty_table", table.name, "", "the table has no rows", f"fill it in: {table.meaning}")]
    if table.no_rows:
        return [Finding("empty_table", table.name, "", "the table has a header and no rows, as if it were not there: "
                        + table.no_rows, "fill it in, or delete it", severity="warning")]
    return []


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


def _standing_in(table: Table, works: Mapping[str, Work]) -> Work:
    """The rows that stand for an absent table, as the schema says."""
    stand_in = table.stand_in
    assert stand_in is not None
    cells = [works[name].columns[column] for name, column in stand_in.named_in]
    named = {str(label) for texts in cells if isinstance(texts, Texts) for label in texts.labels}
    names = sorted(named - {"", ALL}) or [stand_in.name]
    columns: dict[str, Texts | Floats] = {table.keys[0]: Texts.of(np.array(names, dtype=object))}
    columns |= {name: np.full(len(names), value) for name, value in stand_in.numbers.items()}
    return _cast_table(table, RawTable(table.name, "", columns, np.arange(len(names))))


def _cast_settings(schema: Schema, entries: Sequence[RawSetting]) -> tuple[dict[str, Setting], list[Finding]]:
    if schema.settings is None:
        return {}, []
    table = schema.settings
    known = {c.name: c for c in table.columns}
    values: dict[str, Setting] = {}
    findings = []
    for name, count in Counter(e.name for e in entries).items():
        rows = [e.row for e in entries if e.name == name]
        if name not in known:
            findings.append(Finding("unknown_setting", table.name, name, "there is no such setting",
                                    "correct the name, or start it with _ to keep it as your own", rows,
                                    [name] * count, tuple(known)))
        elif count > 1:
            findings.append(Finding("duplicate_key", table.name, name, f"the setting is given {count} times",
                                    "keep one of them", rows, [e.text for e in entries if e.name == name]))
    given = {e.name: e for e in reversed(entries)}
    for column in table.columns:
        entry = given.get(column.name, RawSetting(column.name, "", 0))
        work = Work(table, RawTable(table.name, "", {column.name: Texts.repeated(entry.text, 1)},
                                        np.array([entry.row])))
        cast_column(work, column)
        findings += work.findings
        cells = work.columns[column.name]
        value = cells.values()[0] if isinstance(cells, Texts) else float(cells[0])
        bad = column.name in work.bad
        values[column.name] = _default_setting(column) if bad else value
    return values, findings


def _default_setting(column: Column) -> Setting:
    assert isinstance(column.default, str | float)
    return column.default


def _cast_table(table: Table, raw: RawTable, *, listed: bool = False) -> Work:
    work = Work(table, raw, listed, bad=dict(raw.bad))
    for column in table.columns:
        cast_column(work, column)
    return work


def _take_the_only_one(work: Work, works: Mapping[str, Work], partial: set[str]) -> None:
    """Blank products, periods and tiers: the only one there is; where there are several, a finding."""
    for column in work.table.columns:
        cells = work.columns[column.name]
        if not stands_for_the_only_one(column) or not isinstance(cells, Texts):
            continue
        blank = cells.blank() & ~work.bad_of(column.name)
        if not blank.any():
            continue
        target = column.refers[0]
        found = works[target].columns[works[target].table.keys[0]]
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


def _no_keys(work: Work) -> bool:
    """Whether a key column is missing from a table that is there."""
    return bool(work.raw.place) and any(c.required and c.name not in work.raw.columns
                                        for c in work.table.columns if c.is_key)


def _find_duplicates(work: Work) -> None:
    """Rows with one key; every one of them is listed."""
    if len(work.raw) < 2:
        return
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
    shown = [_in_words(work.columns[name], order) for name in keys]
    values = [", ".join(parts) for parts in zip(*shown, strict=True)]
    groups = len(set(values))
    work.findings.append(Finding(
        "duplicate_key", work.table.name, ", ".join(keys) if len(keys) > 1 else keys[0],
        f"{len(order)} rows share {groups} {'key' if groups == 1 else 'keys'}", "keep one row for each, or add them up",
        work.raw.rows[order].tolist(), values))


def _in_words(cells: Cells, rows: Positions) -> list[str]:
    if isinstance(cells, Texts):
        return [str(text) for text in cells.take(rows).values()]
    return [str(day) for day in cells[rows]] if cells.dtype.kind == "M" else [number_text(n) for n in cells[rows]]


def _order(work: Work) -> Positions:
    if work.table.in_row_order:
        return np.arange(len(work.raw), dtype=np.int64)
    return sorted_positions([work.columns[name] for name in work.table.keys])


def _frame(work: Work, order: Positions) -> pd.DataFrame:
    columns = {}
    for column in work.table.columns:
        cells = work.columns[column.name]
        columns[column.name] = (_text_array(cells.take(order)) if isinstance(cells, Texts) else
                                cells[order].astype("datetime64[s]") if cells.dtype.kind == "M" else cells[order])
    return pd.DataFrame(columns, index=pd.RangeIndex(len(order)))


def _text_array(cells: Texts) -> Any:
    """Texts as pandas keeps them; most columns of a small network have no rows, or a few with one text."""
    if len(cells.labels) == 1 and len(cells) <= _FEW:
        return _repeated(str(cells.labels[0]), len(cells))
    return pd.Series(cells.labels, dtype="str").array.take(cells.codes)


@lru_cache(maxsize=1024)
def _repeated(text: str, count: int) -> Any:
    return pd.Series([text] * count, dtype="str").array
