"""Edits of a network: the plain ones, and those of its own on tiers, sites and fuel, which come to plain ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ctsopt.networks.everyday import FUEL, OF_SITES, factor_of, parts_of, spelled_out
from ctsopt.networks.schema import BY_NAME, SCHEMA
from ctsopt.tables.edits import edits
from ctsopt.tables.edits.edits import Bench, Edited, counted
from ctsopt.tables.edits.filters import as_text
from ctsopt.tables.edits.grammar import Grammar, Operation
from ctsopt.tables.edits.parts import Condition, Edit
from ctsopt.tables.edits.reader import Reader, scalar
from ctsopt.tables.typed import Tables

MOST_RISE = 4.0
"""Share by which fuel may rise in an edit: what is above was meant in per cent."""

_SPLIT = ("tier", "into", "where")


def apply_edits(content: Tables, made: Sequence[Edit]) -> Edited:
    """Apply edits to the tables of a network one after another; nothing is solved and no network is made.

    Parameters
    ----------
    content : Tables
    made : sequence of Edit
        In order. Two of the same level may not set the same cell, unless the later one says `on_conflict: last`.
    """
    return edits.apply_edits(GRAMMAR, content, made)


def with_edits(content: Tables, made: Sequence[Edit | Mapping[str, Any]]) -> Edited:
    """Edits in Python: mappings in the grammar of pack files, or `Edit`s."""
    return edits.with_edits(GRAMMAR, content, made)


# ---- how they are written --------------------------------------------------------------------------------------


def _read_nothing(read: Reader, value: Any) -> dict[str, str]:
    """The filter says it all."""
    return {}


def _read_merge(read: Reader, value: Any) -> dict[str, str]:
    """`merge: {silver: gold}`."""
    return {scalar(old): scalar(new) for old, new in read.mapping("merge", value, "tiers to tiers").items()}


def _read_split(read: Reader, value: Any) -> dict[str, str]:
    """`split: {tier: silver, into: silver_plus}`; `where` beside it selects the customers that change."""
    value = read.mapping("split", value, "tiers to tiers")
    if not value:
        return {}
    for key in value:
        if key not in _SPLIT[:2]:
            read.fault("unknown_key", ("split", str(key)), "split has tier and into", "write where beside split to say "
                       "which customers change", str(key), _SPLIT)
    for key in _SPLIT[:2]:
        if not scalar(value.get(key)):
            read.fault("blank", ("split",), f"split lacks {key}", "write split: {tier: silver, into: silver_plus}")
    return {key: scalar(value.get(key)) for key in _SPLIT[:2]}


def _read_fuel(read: Reader, value: Any) -> dict[str, str]:
    """`fuel: {freight: 15 %}`: by how much whatever is charged rises, or the surcharge alone."""
    found = {}
    for key, item in read.mapping("fuel", value, "columns to values").items():
        text, path = scalar(item), ("fuel", str(key))
        rise = factor_of(text)
        if key not in FUEL:
            read.fault("unknown_key", path, "fuel says what rises: freight (all that a mode charges) or surcharge",
                       "write fuel: {freight: 15 %} or fuel: {surcharge: 15 %}", str(key), FUEL)
        elif not -1 <= rise <= MOST_RISE:
            read.fault("not_a_share", path, "a rise is a share, such as 15 % or 0.15", "write 15 % for fifteen per "
                       "cent", text, (), "fuel_surcharge")
        found[str(key)] = text
    return found


# ---- what they come to -----------------------------------------------------------------------------------------


def _merge(bench: Bench, edit: Edit) -> None:
    """Customers of a tier go to another one; its promises and its row go."""
    for old, new in edit.values.items():
        if not _known_tiers(bench, edit, {old: ("merge", old), new: ("merge", old)}) or old == new:
            continue
        here = Condition("tier", "is", (old,))
        parts = [Edit("customers", "set", {"tier": new}, where=(here,)), Edit("promises", "drop", where=(here,)),
                 Edit("tiers", "drop", where=(here,))]
        _primitives(bench, edit, parts)


def _split(bench: Bench, edit: Edit) -> None:
    """A new tier with the promises of an old one, for the customers that the filter selects."""
    old, new = edit.values["tier"], edit.values["into"]
    if not _known_tiers(bench, edit, {old: ("split", "tier")}):
        return
    if new in set(bench.frames["tiers"]["tier"]):
        bench.fault(edit, "duplicate_key", ("split", "into"), "there is a tier of this name already",
                    "choose another name", new)
        return
    chosen = bench.select(edit, "customers") & (bench.frames["customers"]["tier"] == old).to_numpy(dtype=bool)
    if not counted(bench, edit, chosen):
        return
    parts = []
    for name in ("tiers", "promises"):
        frame = bench.frames[name]
        columns = {c.name: c for c in BY_NAME[name].columns}
        copies = frame[frame["tier"] == old]
        texts = {c: as_text(columns[c], copies[c]) for c in columns}
        rows = tuple({c: "" if texts[c][i] == "no limit" else str(texts[c][i]) for c in columns} | {"tier": new}
                     for i in range(len(copies)))
        parts += [Edit(name, "insert", rows=rows)] if rows else []
    moved = bench.frames["customers"].loc[chosen, "customer"]
    parts.append(Edit("customers", "set", {"tier": new}, where=(Condition("customer", "is", tuple(moved)),)))
    _primitives(bench, edit, parts)


def _primitives(bench: Bench, edit: Edit, parts: Sequence[Edit]) -> None:
    for part in parts:
        whole = replace(part, source=edit.source, level=edit.level, on_conflict="last")
        if part.op != "insert" and not bench.select(whole).any():
            continue  # a tier without customers, or without promises
        bench.apply(whole)


def _everyday(bench: Bench, edit: Edit) -> None:
    """Close, open or keep sites; dearer fuel. A name that no row has is a fault, though others are found."""
    frame = bench.frames[edit.table]
    key = BY_NAME[edit.table].keys[0]
    known = set(frame[key])
    for condition in edit.where:
        for name in condition.values if condition.column == key and condition.test == "is" else ():
            if name not in known:
                bench.fault(edit, "unknown_name", (edit.op,), f"there is no {key} of this name", "correct the name",
                            name, tuple(frame[key][:10_000]), key)
                return
    chosen = bench.select(edit)
    if counted(bench, edit, chosen):
        for part in parts_of(edit, bench.frames, frame[chosen]):
            bench.apply(part)


def _known_tiers(bench: Bench, edit: Edit, names: Mapping[str, tuple[str, str]]) -> bool:
    known = bench.frames["tiers"]["tier"].tolist()
    missing = {name: path for name, path in names.items() if name not in known}
    for name, path in missing.items():
        bench.fault(edit, "unknown_name", path, "there is no tier of this name", "correct the name", name, known,
                    "tier")
    return not missing


GRAMMAR = Grammar(SCHEMA, {each.name: each for each in (
    Operation("merge", "tiers", _read_merge, _merge, takes_where=False),
    Operation("split", "tiers", _read_split, _split, where_on="customers"),
    *(Operation(name, "sites", _read_nothing, _everyday, implied=True) for name in OF_SITES),
    Operation("fuel", "modes", _read_fuel, _everyday, implied=True))}, spelled_out)
"""How edits of a network are written."""

OPS = GRAMMAR.ops
edit_of, group_of = GRAMMAR.edit_of, GRAMMAR.group_of
