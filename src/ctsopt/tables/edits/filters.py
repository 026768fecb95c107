"""Which rows of a table an edit selects, and how cells and keys are written."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ctsopt.keys import Bools, Floats
from ctsopt.tables.columns import Column, Table
from ctsopt.tables.dates import date_text, parse_dates
from ctsopt.tables.edits.parts import Condition, Edit
from ctsopt.tables.raw import number_text
from ctsopt.tables.schema import Schema

if TYPE_CHECKING:
    import pandas as pd

_COMPARE = {"gte": np.greater_equal, "gt": np.greater, "lte": np.less_equal, "lt": np.less}


def select(schema: Schema, frames: Mapping[str, pd.DataFrame], edit: Edit, table: str = "") -> Bools:
    """Rows of a table for which all conditions of an edit hold."""
    frame = frames[table or edit.table]
    chosen = np.ones(len(frame), dtype=bool)
    for condition in edit.where:
        column = schema.by_name[table or edit.table].column(condition.column)
        chosen &= _holds(schema, frames, edit, column, frame[condition.column], condition)
    return chosen


def _holds(schema: Schema, frames: Mapping[str, pd.DataFrame], edit: Edit, column: Column, cells: pd.Series[Any],
           condition: Condition) -> Bools:
    test, values = condition.test, condition.values
    if test == "in_group":
        members: set[str] = set()
        for name in values:
            group = edit.groups[name]
            inner = replace(edit, table=group.table, where=group.where)
            key = schema.by_name[group.table].keys[0]
            members |= set(frames[group.table].loc[select(schema, frames, inner), key])
        return np.asarray(cells.isin(members))
    if column.kind == "number":
        return _number_holds(column, cells.to_numpy(dtype=float), test, values)
    if column.kind == "date" and test in _COMPARE:
        day = parse_dates(values[:1])[0][0]
        return np.asarray(_COMPARE[test](cells.to_numpy().astype("datetime64[D]"), day))
    text = as_text(column, cells)
    if test == "is_null":
        return np.asarray((text == "") == is_yes(values[0]), dtype=bool)
    if test == "like":
        labels, codes = np.unique(text.astype(str), return_inverse=True)
        fits = [any(fnmatch.fnmatchcase(label, value.replace("%", "*")) for value in values) for label in labels]
        return np.asarray(fits, dtype=bool)[codes]
    wanted = [_yes_no(value) for value in values] if column.kind == "yes_no" else list(values)
    found = np.isin(text.astype(str), wanted)
    return np.asarray(~found if test == "ne" else found, dtype=bool)


def _number_holds(column: Column, cells: Floats, test: str, values: Sequence[str]) -> Bools:
    blank = np.isnan(cells) | (np.isinf(cells) & (column.default == math.inf))
    if test == "is_null":
        return np.asarray(blank == is_yes(values[0]))
    if test in _COMPARE:
        with np.errstate(invalid="ignore"):
            return np.asarray(_COMPARE[test](cells, float(values[0])))
    found = np.zeros(len(cells), dtype=bool)
    for value in values:
        found |= blank if value == "" else np.isclose(cells, float(value), rtol=1e-12, atol=0.0)
    return ~found if test == "ne" else found


def is_yes(text: str) -> bool:
    """Whether a cell says yes."""
    return _yes_no(text) == "yes"


def _yes_no(text: str) -> str:
    return {"true": "yes", "1": "yes", "yes": "yes"}.get(text.casefold(), "no")


def as_text(column: Column, cells: pd.Series[Any]) -> npt.NDArray[np.object_]:
    """Cells as a user would write them; no limit is said in words."""
    if column.kind == "yes_no":
        return np.where(cells.to_numpy(dtype=bool), "yes", "no").astype(object)
    if column.kind == "number":
        distinct, place = np.unique(cells.to_numpy(dtype=float), return_inverse=True)
        labels = ["" if math.isnan(v) else "no limit" if math.isinf(v) else number_text(v) for v in distinct.tolist()]
        return np.array(labels, dtype=object)[place]
    if column.kind == "date":
        codes, distinct = np.unique(cells.to_numpy().astype("datetime64[D]"), return_inverse=True)[::-1]
        return np.array([date_text(day) for day in distinct], dtype=object)[codes]
    return cells.fillna("").to_numpy(dtype=object)


def row_keys(table: Table, frame: pd.DataFrame) -> npt.NDArray[np.object_]:
    """The key of each row in words; blank where rows have none, as settings."""
    if not table.keys:
        return np.full(len(frame), "", dtype=object)
    first, *others = (as_text(table.column(name), frame[name]) for name in table.keys)
    return np.asarray(sum((" / " + part for part in others), start=first), dtype=object)
