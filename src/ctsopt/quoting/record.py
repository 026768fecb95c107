"""A record of quotes: what was said, on which tables and plan, by whom, and whether it comes out the same again.

A file of JSON, one line an entry, to which lines are only added. Each line's `sum` is over its entry and the sum of the
line before it, so that a line that was changed, taken out or moved is seen. The plan that a quote compares with is
saved once, beside the file in the folder `bases`: with it, and nothing else, a quote is made again.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from ctsopt.errors import FileError, UsageError, unknown_name
from ctsopt.files import told
from ctsopt.networks.difference import difference
from ctsopt.quoting.change import Change
from ctsopt.quoting.lenses import SMALLEST
from ctsopt.quoting.quote import Quote, quote
from ctsopt.results.store import load
from ctsopt.versions import versions

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.results.solution import Solution

SCHEMA = "ctsopt/quotes/1"
"""Form of the entries; each says it."""

BASES = "bases"
"""Folder beside the record in which the plans that are run are saved."""

Entry = dict[str, Any]
Remark = Literal["approval", "override", "superseded"]


def record(quote: Quote, path: str | Path, *, author: str) -> str:
    """Add a quote to a record.

    Parameters
    ----------
    quote : Quote
    path : path
        The file; it is made where it is not there.
    author : str
        Who quotes.

    Returns
    -------
    str
        The name of the quote in the record: Q-1, Q-2, ...

    Raises
    ------
    FileError
        If the record is damaged, or cannot be written.
    """
    path = Path(path)
    before = entries(path)
    name = f"Q-{sum(entry['kind'] == 'quote' for entry in before) + 1}"
    base = _kept(quote.base, path)
    answers = {lens: {"low": _number(a.low), "point": _number(a.point), "high": _number(a.high), "proof": a.proof,
                      "cash": None if a.plan is None else a.plan.cash_cost,
                      "bound": None if a.plan is None else a.plan.bound} for lens, a in quote.answers.items()}
    _add(path, before, {
        "schema": SCHEMA, "kind": "quote", "quote": name, "at": _now(), "author": author,
        "changes": [_plain(change) for change in quote.changes], "options": dict(quote.options), "base": base,
        "base_cash": quote.base.cash_cost, "base_bound": _number(quote.base.bound),
        "tables": quote.base.net.content.content_hash(), "changed_tables": quote.net.content.content_hash(),
        "cells": difference(quote.base.net, quote.net).astype(str).to_dict("records"), "versions": versions(),
        "lens": quote.headline.lens, "nested": quote.nested, "answers": answers})
    return name


def remark(path: str | Path, name: str, kind: Remark, *, author: str, reason: str, by: str = "") -> None:
    """Add what became of a quote: an approval, an override, or that another quote takes its place.

    Parameters
    ----------
    path : path
        The record.
    name : str
        The quote.
    kind : {"approval", "override", "superseded"}
    author, reason : str
        Who says so, and why; neither may be blank.
    by : str
        The quote that takes its place, where it is superseded.

    Raises
    ------
    UsageError
        If a quote is not in the record, or something is missing.
    """
    path, before = Path(path), entries(Path(path))
    if kind not in get_args(Remark):
        raise UsageError(unknown_name("remark", kind, list(get_args(Remark))))
    if not author.strip() or not reason.strip():
        raise UsageError("say who remarks it, and the reason")
    known = [entry["quote"] for entry in before if entry["kind"] == "quote"]
    for each in (name, *((by,) if kind == "superseded" else ())):
        if each not in known:
            raise UsageError(unknown_name("quote", each, known))
    _add(path, before, {"schema": SCHEMA, "kind": kind, "quote": name, "at": _now(), "author": author,
                        "reason": reason} | ({"by": by} if kind == "superseded" else {}))


def entries(path: str | Path) -> list[Entry]:
    """All entries of a record, in order; none where there is no file yet.

    Raises
    ------
    FileError
        If a line is not what was written.
    """
    path, found, before = Path(path), list[Entry](), ""
    if not path.exists():
        return found
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            whole = json.loads(line)
            entry, given = whole["entry"], whole["sum"]
        except (ValueError, KeyError, TypeError):
            raise FileError(f"{path}: line {number} cannot be read: take the file from a copy") from None
        before = _sum(entry, before)
        if given != before:
            raise FileError(f"{path}: line {number} is not what was written there, or a line before it is missing: "
                            "take the file from a copy")
        found.append(entry)
    return found


@dataclass(frozen=True, eq=False)
class Verified:
    """Whether a quote comes out as it was recorded.

    Attributes
    ----------
    name : str
        The quote.
    answers : DataFrame
        lens, what (low, point, high), then, now, same.
    versions : DataFrame
        Packages of another version than then: package, then, now.
    cells : DataFrame
        Cells of the tables that have changed since: table, key, column, old, new; empty where no network was given.
    remarks : list of dict
        Approvals, overrides and what takes its place.
    """

    name: str
    answers: pd.DataFrame
    versions: pd.DataFrame
    cells: pd.DataFrame
    remarks: list[Entry]

    @property
    def reproduced(self) -> bool:
        """Whether every point and every bound comes out the same."""
        return bool(self.answers["same"].all())

    @property
    def stale(self) -> bool:
        """Whether the tables have changed since, or another quote has taken its place."""
        return not self.cells.empty or any(entry["kind"] == "superseded" for entry in self.remarks)


def verify(path: str | Path, name: str = "", net: Network | None = None) -> Verified:
    """Make a quote of a record again, from the plan that was kept, and compare.

    Parameters
    ----------
    path : path
        The record.
    name : str
        The quote; by default the last one.
    net : Network, optional
        The tables of today: cells in which they differ from those of then are listed.

    Raises
    ------
    FileError
        If the record, or the plan beside it, is damaged.
    UsageError
        If there is no such quote.
    """
    path, found = Path(path), entries(path)
    quotes = {entry["quote"]: entry for entry in found if entry["kind"] == "quote"}
    if not quotes:
        raise UsageError(f"{path}: there is no quote in it")
    name = name or list(quotes)[-1]
    if name not in quotes:
        raise UsageError(unknown_name("quote", name, list(quotes)))
    then = quotes[name]
    base = load(path.parent / BASES / then["base"])
    options = dict(then["options"])
    again = quote(base, *(Change(**change) for change in then["changes"]), lenses=list(then["answers"]), **options)
    rows = []
    least = 2 * SMALLEST * abs(then["base_cash"])
    for lens, said in then["answers"].items():
        answer = again.answers[lens]
        for what in ("low", "point", "high"):
            was, now = said[what], _number(getattr(answer, what))
            rows.append((lens, what, was, now, _same(was, now, least)))
    old, here = then["versions"], versions()
    moved = [(each, old.get(each, ""), here.get(each, "")) for each in sorted({*old, *here})
             if old.get(each) != here.get(each)]
    cells = difference(base.net, base.net if net is None else net)
    return Verified(name, pd.DataFrame(rows, columns=["lens", "what", "then", "now", "same"]),
                    pd.DataFrame(moved, columns=["package", "then", "now"]), cells,
                    [entry for entry in found if entry["quote"] == name and entry["kind"] != "quote"])


def _same(was: float | None, now: float | None, least: float) -> bool:
    if was is None or now is None:
        return was is now
    return abs(was - now) <= least


def _number(value: float) -> float | None:
    """JSON has no infinity and no NaN: None is what is not known."""
    return float(value) if math.isfinite(value) else None


def _plain(change: Change) -> dict[str, Any]:
    return {name: value for name, value in json.loads(json.dumps(asdict(change))).items() if value is not None}


def _kept(base: Solution, path: Path) -> str:
    """The base, saved once; its name is made of its tables and its plan."""
    values = base.tables["values"]["value"].to_numpy(dtype=float)
    digest = hashlib.sha256(base.net.content.content_hash().encode() + values.astype("<f8").tobytes()).hexdigest()[:16]
    folder = path.parent / BASES / digest
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        base.save(folder)
    return digest


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _text(content: Any) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False, sort_keys=True, allow_nan=False)


def _sum(entry: Entry, before: str) -> str:
    return hashlib.sha256((before + _text(entry)).encode()).hexdigest()


def _add(path: Path, before: list[Entry], entry: Entry) -> None:
    last = ""
    for each in before:
        last = _sum(each, last)
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(_text({"entry": entry, "sum": _sum(entry, last)}) + "\n")
