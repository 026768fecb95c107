"""Segments by rules: ordered filters over profiles, whose thresholds are found once and kept."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ctsopt.errors import DataError, Findings
from ctsopt.tables.columns import Column, Table
from ctsopt.tables.edits.filters import select
from ctsopt.tables.edits.grammar import Grammar
from ctsopt.tables.edits.parts import COMPARISONS, Edit, EditFault, Group
from ctsopt.tables.schema import Schema

_TABLE = "profiles"


@dataclass(frozen=True)
class Rules:
    """Rules of segments with frozen thresholds; `freeze` makes them.

    Attributes
    ----------
    segments : mapping of str to mapping
        `where` and, if given, `note` by segment; the first that fits wins. A threshold that was asked for as a quantile
        has both: {gte: {quantile: 0.8, value: 1200.0}}.
    otherwise : str
        Segment of whoever fits none.
    """

    segments: Mapping[str, Mapping[str, Any]]
    otherwise: str

    def assign(self, profiles: pd.DataFrame) -> pd.Series:
        """Segment of each row of profiles, by the thresholds that were frozen.

        A blank fits no comparison: who has no figure goes on to the next rule.
        """
        table, schema = _readable(profiles)
        groups, faults = _groups(self.segments, schema)
        _refuse(faults)
        found = np.full(len(table), self.otherwise, dtype=object)
        open_rows = np.ones(len(table), dtype=bool)
        for name, group in groups.items():
            fits = open_rows & select(schema, {_TABLE: table}, Edit(_TABLE, "drop", where=group.where))
            found[fits] = name
            open_rows &= ~fits
        return pd.Series(found, index=profiles.index, dtype="str", name="segment")

    def as_yaml(self) -> str:
        """Text of a file, the rules in their order; what it holds, frozen again by whatever profiles, is the same."""
        from ruamel.yaml import YAML

        yaml = YAML()
        yaml.width = 4096
        stream = io.BytesIO()
        yaml.dump({"segments": dict(self.segments), "otherwise": self.otherwise}, stream)
        return stream.getvalue().decode()


def freeze(rules: Mapping[str, Any], profiles: pd.DataFrame) -> Rules:
    """Find the thresholds that rules ask for as quantiles, and keep them.

    Parameters
    ----------
    rules : mapping
        `segments`: name to {where: {...}, note: ...} in the order in which they are tried, `where` as in packs (value,
        list, gte, gt, lte, lt, ne, like, is_null). A threshold may be {quantile: 0.8}: that share of the known figures
        is below it. One that has a value already keeps it. `otherwise`: the segment of the rest.
    profiles : DataFrame
        One row a customer (or product), with the columns that the rules name.

    Raises
    ------
    DataError
        With every fault of the rules at once.

    Examples
    --------
    >>> table = pd.DataFrame({"units": [10.0, 20.0, 30.0, 90.0]}, index=["Ada", "Bo", "Cy", "Di"])
    >>> large = {"where": {"units": {"gte": {"quantile": 0.5}}}}
    >>> rules = freeze({"segments": {"large": large}, "otherwise": "small"}, table)
    >>> rules.segments["large"]["where"]
    {'units': {'gte': {'quantile': 0.5, 'value': 25.0}}}
    >>> rules.assign(table * 3).to_dict()
    {'Ada': 'large', 'Bo': 'large', 'Cy': 'large', 'Di': 'large'}
    """
    faults = _shape(rules)
    _refuse(faults)
    table, schema = _readable(profiles)
    segments: dict[str, dict[str, Any]] = {}
    for name, rule in rules["segments"].items():
        where = {str(column): _frozen(wanted, table, (str(name), "where", str(column)), faults)
                 for column, wanted in rule["where"].items()}
        segments[str(name)] = {**rule, "where": where}
    if not faults:
        faults += _groups(segments, schema)[1]
    _refuse(faults)
    return Rules(segments, str(rules["otherwise"]))


def _shape(rules: Mapping[str, Any]) -> list[EditFault]:
    """Faults of what is there at all."""
    segments = rules.get("segments")
    if not isinstance(segments, Mapping) or not segments or set(rules) - {"segments", "otherwise"}:
        return [_fault((), "rules have segments and otherwise",
                       "write segments: {name: {where: {...}}}, otherwise: name")]
    faults = []
    if not rules.get("otherwise") or str(rules["otherwise"]) in map(str, segments):
        faults.append(_fault(("otherwise",), "the segment of whoever fits no rule needs a name of its own",
                             "write otherwise: name"))
    for name, rule in segments.items():
        if not isinstance(rule, Mapping) or not isinstance(rule.get("where"), Mapping) or not rule["where"]:
            faults.append(_fault((str(name),), "a rule says where it holds; without a condition it would hold for all",
                                 "write where: {column: value}; the rest is called by otherwise"))
        elif set(rule) - {"where", "note"}:
            faults.append(_fault((str(name),), "a rule has where and note", "delete what else it has"))
    return faults


def _frozen(wanted: Any, table: pd.DataFrame, path: tuple[str, ...], faults: list[EditFault]) -> Any:
    """What is wanted of a column, with the values of its quantiles."""
    if not isinstance(wanted, Mapping):
        return wanted
    return {test: _with_value(value, table, (*path, str(test)), faults) if isinstance(value, Mapping) else value
            for test, value in wanted.items()}


def _with_value(value: Mapping[str, Any], table: pd.DataFrame, path: tuple[str, ...],
                faults: list[EditFault]) -> Any:
    column, share = path[-2], value.get("quantile")
    if path[-1] not in COMPARISONS or set(value) - {"quantile", "value"} or not _is_share(share):
        faults.append(_fault(path, "a threshold is a number, or a quantile from 0 to 1 after gte, gt, lte or lt",
                             "write {gte: {quantile: 0.8}}", column))
        return value
    if "value" in value:
        return dict(value)
    if column not in table or not pd.api.types.is_float_dtype(table[column]) or not table[column].notna().any():
        faults.append(_fault(path, f"{column} holds no numbers that a quantile could be taken of",
                             "name another column", column))
        return value
    return {"quantile": share, "value": float(table[column].quantile(float(str(share))))}


def _is_share(share: object) -> bool:
    return isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1


def _groups(segments: Mapping[str, Mapping[str, Any]], schema: Schema) -> tuple[dict[str, Group], list[EditFault]]:
    """The filters of all rules, and what is wrong with them."""
    groups, faults = {}, []
    for name, rule in segments.items():
        where = {column: _plain(wanted) for column, wanted in rule["where"].items()}
        group, wrong = Grammar(schema).group_of({"table": _TABLE, "where": where})
        faults += [replace(fault, path=(name, *fault.path)) for fault in wrong]
        if group is not None:
            groups[name] = group
    return groups, faults


def _plain(wanted: Any) -> Any:
    """What is wanted of a column as packs write it: thresholds by their values alone."""
    if not isinstance(wanted, Mapping):
        return wanted
    return {test: value["value"] if isinstance(value, Mapping) else value for test, value in wanted.items()}


def _readable(profiles: pd.DataFrame) -> tuple[pd.DataFrame, Schema]:
    """Profiles with cells as filters read them, and their columns described."""
    named = profiles.index.name is not None and profiles.index.name not in profiles
    table = (profiles.reset_index() if named else profiles.reset_index(drop=True)).rename(columns=str)
    columns, cells = [], {}
    for name in map(str, table):
        kind = table[name].dtype
        if pd.api.types.is_bool_dtype(kind):
            columns.append(Column(name, "yes_no", ""))
            cells[name] = table[name]
        elif pd.api.types.is_datetime64_any_dtype(kind):
            columns.append(Column(name, "date", ""))
            cells[name] = table[name]
        elif pd.api.types.is_numeric_dtype(kind):
            columns.append(Column(name, "number", ""))
            cells[name] = table[name].astype(float)
        else:
            columns.append(Column(name, "text", ""))
            cells[name] = table[name].astype("str")
    return pd.DataFrame(cells), Schema("profiles", (Table(_TABLE, "Profiles.", tuple(columns)),))


def _fault(path: tuple[str, ...], message: str, mend: str, column: str = "") -> EditFault:
    return EditFault("rule_of_segments", path, _TABLE, column, message, mend)


def _refuse(faults: list[EditFault]) -> None:
    if faults:
        raise DataError(Findings([fault.finding(": ".join(map(str, ("segments", *fault.path)))) for fault in faults]))
