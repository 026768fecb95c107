"""Which cases of a sweep ask for less than others: what keeps the stricter promise keeps the looser one, too.

Two cases are held against each other where their tables differ in promises alone, and only in figures of which it is
plain which one asks for more. Where stock is planned the flows of the stricter plan are flows of the looser one, too,
but they need not cost less there: a fill rate says with whom a tier shares its stock, and a site that more customers
may be served from may have to keep more goods, with longer lead times. Where all get the fill rate of the best, and
what a site may serve is the same, they do not cost more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.tables.numerals import parse

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.keys import Bools, Floats
    from ctsopt.packs.draft import Case
    from ctsopt.packs.pack import Pack

_ASKS_LESS = {"lead_time": 1.0, "reliability": -1.0, "on_time_share": -1.0, "served_fraction": -1.0,
              "served_fraction_each": -1.0, "fill_rate": -1.0}
"""Columns of promises, and the direction in which they ask for less: a longer lead time, a smaller share."""

_OF_STOCK = ("fill_rate", "safety_factor")
_OF_WAYS = ("lead_time", "reliability")
"""Columns that say which ways there are, and with them what a site may have to keep."""

_POOLED = (("settings", "stock_sharing", "pooled"), ("settings", "stock_rule", "curve"),
           ("site_products", "stock_sharing", "pooled"))
"""Where it says so, all get the fill rate of the best by the curve: less of it never asks for more stock."""
_MOST = 400
"""Cases that are held against each other; of larger sweeps every case is solved by itself."""

Cell = tuple[str, str]


@dataclass(frozen=True)
class Nest:
    """Where a case stands among those that differ from it by what is promised alone.

    Attributes
    ----------
    stricter : tuple of str
        Cases that ask for more, none of them for more than another that does: their plans keep what this one promises.
    looser : tuple of str
        Cases that ask for less: whatever they cost at the least, this one costs at the least, too. Empty where stock is
        planned: its curves are made for each network anew, so that less by a hair is not proven.
    no_dearer : tuple of str
        Those of the stricter cases whose plans surely cost no more here than there.
    """

    stricter: tuple[str, ...] = ()
    looser: tuple[str, ...] = ()
    no_dearer: tuple[str, ...] = ()


def nests(pack: Pack) -> dict[str, Nest]:
    """The cases of sweeps that lie within each other; those that do not are left out."""
    by_parent: dict[str | None, list[Case]] = {}
    for case in pack.cases:
        if case.kind == "sweep":
            by_parent.setdefault(case.parent, []).append(case)
    found: dict[str, Nest] = {}
    for cases in by_parent.values():
        if len(cases) > 1:
            found |= _among(pack, cases)
    return found


def _among(pack: Pack, cases: Sequence[Case]) -> dict[str, Nest]:
    """Nests among cases that start from the same one."""
    groups: dict[frozenset[tuple[str, ...]], list[tuple[str, dict[Cell, tuple[str, str]]]]] = {}
    for case in cases:
        rest, cells = _parted(pack.diff(case.name))
        groups.setdefault(rest, []).append((case.name, cells))
    promises = pack.base.content.frames["promises"]
    stocked = bool(promises[list(_OF_STOCK)].notna().any(axis=None))
    found: dict[str, Nest] = {}
    for rest, members in groups.items():
        if 1 < len(members) <= _MOST:
            names = [name for name, _ in members]
            columns, slack = _slack([cells for _, cells in members])
            plans_stock = stocked or "fill_rate" in columns or any(
                row[0] == "promises" and row[2] in ("", *_OF_STOCK) for row in rest)
            strict = _stricter(slack)
            covers = strict & ~(strict.astype(np.int64) @ strict.astype(np.int64) > 0)
            sure = covers & (_same_ways(columns, slack) & _pooled(pack, rest) if plans_stock else True)
            for place, name in enumerate(names):
                stricter, surely = (tuple(names[k] for k in np.flatnonzero(which[place])) for which in (covers, sure))
                nest = Nest(stricter, () if plans_stock else tuple(names[k] for k in np.flatnonzero(strict[:, place])),
                            surely)
                if nest != Nest():
                    found[name] = nest
    return found


def _parted(changes: pd.DataFrame) -> tuple[frozenset[tuple[str, ...]], dict[Cell, tuple[str, str]]]:
    """What a case changes beside promises that can be compared; and those, old and new."""
    rest: set[tuple[str, ...]] = set()
    cells: dict[Cell, tuple[str, str]] = {}
    for row in changes[["table", "key", "column", "old", "new"]].astype(str).itertuples(index=False, name=None):
        table, key, column, old, new = row
        if table == "promises" and column in _ASKS_LESS:
            cells[key, column] = old, new
        else:
            rest.add(row)
    return frozenset(rest), cells


def _pooled(pack: Pack, rest: frozenset[tuple[str, ...]]) -> bool:
    """Whether all stock is pooled by the curve, in cases that change this beside promises that can be compared."""
    content = pack.base.content
    for table, column, wanted in _POOLED:
        told = {content.settings[column]} if table == "settings" else set(content.frames[table][column])
        if not told <= {wanted, ""} or any(row[0] == table and row[2] in ("", column) for row in rest):
            return False
    return True


def _same_ways(columns: Sequence[str], slack: Floats) -> Bools:
    """Whether the case of a column and that of a row promise the same of what says which ways there are."""
    part = slack[:, [k for k, column in enumerate(columns) if column in _OF_WAYS]]
    return np.asarray((part[None, :, :] == part[:, None, :]).all(axis=2), dtype=np.bool_)


def _slack(told: Sequence[dict[Cell, tuple[str, str]]]) -> tuple[list[str], Floats]:
    """Columns of cells; for each case (rows) and cell (columns): the larger, the less is asked for."""
    cells = list(dict.fromkeys(cell for each in told for cell in each))
    before = {cell: old for each in told for cell, (old, _) in each.items()}
    texts = [[each[cell][1] if cell in each else before[cell] for cell in cells] for each in told]
    columns = [column for _, column in cells]
    known: Floats = np.array([_numbers(row) for row in texts], dtype=float).reshape(len(told), len(cells))
    known[np.isnan(known) & (np.array(columns, dtype=object) == "fill_rate")] = 0.0  # none is promised
    slack: Floats = known * np.array([_ASKS_LESS[column] for column in columns])
    return columns, slack


def _numbers(texts: Sequence[str]) -> Floats:
    """Cells as numbers; not a number where it is none, which is then neither more nor less than another."""
    known: Floats = np.array(parse(list(texts))[0], dtype=float)
    known[[place for place, text in enumerate(texts) if text == "no limit"]] = np.inf
    return known


def _stricter(slack: Floats) -> Bools:
    """Whether the case of a column asks for as much as that of a row in everything, and for more in something."""
    at_most = (slack[None, :, :] <= slack[:, None, :]).all(axis=2)
    less = (slack[None, :, :] < slack[:, None, :]).any(axis=2)
    return np.asarray(at_most & less, dtype=np.bool_)
