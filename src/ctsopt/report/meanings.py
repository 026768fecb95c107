"""What a sweep varies, in words: the figure, whose it is, and its value with the unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ctsopt.networks.schema import BY_NAME

if TYPE_CHECKING:
    from ctsopt.packs.pack import Pack
    from ctsopt.tables.edits.parts import Edit

_MOST = 3
"""Values of a filter that are named."""


def of_cases(pack: Pack) -> dict[str, tuple[str, str]]:
    """Of every case of a sweep over one axis at a time: what is varied, and its value."""
    return {case.name: words_of(case.edits[-1], next(iter(case.axes.values())))
            for case in pack.cases if len(case.axes) == 1 and case.edits and not case.state}


def what_it_is(pack: Pack, scenario: str) -> str:
    """The note of a scenario; where it has none, what its own edits do."""
    case = pack[scenario]
    if case.note:
        return case.note
    before = len(pack[case.parent].edits) if case.parent else 0
    told = [_in_words(edit) for edit in case.edits[before:]]
    return "; ".join(told[:_MOST]) + (" and more" if len(told) > _MOST else "")


def _in_words(edit: Edit) -> str:
    table = edit.table.replace("_", " ")
    if edit.op in ("merge", "split"):
        return f"{edit.op} {table}: {', '.join(f'{old} into {new}' for old, new in edit.values.items())}"
    if edit.op in ("insert", "update"):
        keys = [str(next(iter(row.values()))) for row in edit.rows[:_MOST]]
        word = "new" if edit.op == "insert" else "other"
        return f"{word} {table}: {', '.join(keys)}{' and more' if len(edit.rows) > _MOST else ''}"
    if edit.op == "drop":
        return f"without {_whose(edit)}"
    parts = []
    for column, value in edit.values.items():
        what, shown = words_of(replace(edit, values={column: value}), value)
        parts.append(f"{what}: {shown}")
    return ", ".join(parts) or f"{edit.op} {table}"


def words_of(edit: Edit, value: str) -> tuple[str, str]:
    """What an edit of one column changes, and how: `lead time, gold (days)` and `2`."""
    column = next(iter(edit.values), "")
    unit = _unit(edit.table, column)
    of = "" if edit.table == "settings" else _whose(edit)
    shown = unit and edit.op != "scale" and not unit.startswith("share")
    what = column.replace("_", " ") + (f", {of}" if of else "") + (f" ({unit})" if shown else "")
    return what, _value(edit.op, value, percent=unit.startswith("share"))


def _whose(edit: Edit) -> str:
    """Which rows an edit is about: the values that its filter names, or the table."""
    table = edit.table.replace("_", " ")
    whose = [value for each in edit.where if each.test in ("is", "in_group") for value in each.values]
    if not whose:
        return f"some {table}" if edit.where else f"all {table}"
    return ", ".join(whose[:_MOST]) + (" and others" if len(whose) > _MOST else "")


def _unit(table: str, column: str) -> str:
    known = BY_NAME.get(table)
    return next((each.unit for each in known.columns if each.name == column), "") if known else ""


def _value(op: str, written: str, *, percent: bool) -> str:
    try:
        number = float(written)
    except ValueError:
        return written or "blank"
    if op == "scale":
        return f"{100 * (number - 1):+.4g} %"
    if percent:
        shown = f"{100 * number:{'+' if op == 'add' else ''}.5g}"
        return f"{shown} points" if op == "add" else _LIMITS.get(op, "") + f"{shown} %"
    return f"{number:+g}" if op == "add" else _LIMITS.get(op, "") + written


_LIMITS: Mapping[str, str] = {"cap_min": "at least ", "cap_max": "at most "}
