"""What looks odd in a column of numbers: far from its peers, outside what is plausible, a sentinel, a total.

Guesses, never in the way. Each names the figure that was expected, and what the figure would be if the guess is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.schema import TABLES, Column
from ctsopt.tables.raw import number_text
from ctsopt.tables.rules import Fault
from ctsopt.tables.typed import Tables

SENTINELS = (99_999.0, 999_999.0, 9_999_999.0, 99_999_999.0, 999_999_999.0, 9_999_999_999.0, 2_147_483_647.0,
             4_294_967_295.0)
"""What routers and exports write where there is no figure, or no limit."""

TOTALS = ("total", "totals", "grand total", "gesamt", "summe", "gesamtergebnis", "sum", "total general", "somme",
          "totaal", "totale", "suma", "yhteensä", "\u03a3")
"""Names of rows that add up the others, in capitals or not."""

PEERS = 5
"""So many others a figure is held against."""

FAR = 2.3
"""Decades (a factor of 200) from the middle of its peers: a figure in another unit."""

NEAR = 1.0
"""Decades from their middle within which all the peers lie: where they are wider apart, nothing is said."""


@rule()
def outside_plausible_range(t: Tables) -> Iterator[Fault]:
    """A number lies in the range that the data dictionary calls plausible."""
    for table in TABLES:
        for column in table.columns:
            if column.plausible is not None and t.count(table.name):
                yield from _outside(t, table.name, column, *column.plausible)


def _outside(t: Tables, table: str, column: Column, low: float, high: float) -> Iterator[Fault]:
    values = t.number(table, column.name)
    finite = np.isfinite(values) & (values > 0) & ~_sentinel(values)
    for far, edge, word in ((finite & (values < low), low, "at least"), (finite & (values > high), high, "at most")):
        yield Fault(table, column.name, f"{word} {number_text(edge)} {column.unit} would be expected",
                    column.guess or "look at the unit", far, severity="odd")


@rule()
def sentinel(t: Tables) -> Iterator[Fault]:
    """A figure such as 999999 or 2147483647 stands for no figure, or no limit, in other programs."""
    for table in TABLES:
        for column in table.columns:
            if column.kind == "number" and t.count(table.name):
                blank = column.blank or "0"
                yield Fault(table.name, column.name, "other programs write this where there is no figure or no limit",
                            f"if so, leave the cell blank ({blank})", _sentinel(t.number(table.name, column.name)),
                            severity="odd")


def _sentinel(values: Floats) -> Bools:
    return np.isin(values, SENTINELS)


_ALONE: Sequence[tuple[str, str, tuple[str, ...]]] = (
    ("demand", "quantity", ("product",)), ("products", "weight", ()), ("products", "volume", ()),
    ("products", "unit_value", ()), ("sites", "fixed_cost", ("kind",)), ("sites", "opening_cost", ("kind",)),
    ("rates", "per_unit", ("mode",)), ("rates", "per_weight", ("mode",)), ("rates", "per_shipment", ("mode",)),
    ("rates", "transit_time", ("mode",)), ("site_products", "make_cost", ("product",)))
"""Columns in which rows of the same names are of one size, with those names."""


@rule()
def far_from_its_peers(t: Tables) -> Iterator[Fault]:
    """No single figure lies hundreds of times above or below all its peers, which lie together."""
    for table, column, by in _ALONE:
        values = t.number(table, column)
        some = np.flatnonzero(np.isfinite(values) & (values > 0) & ~_sentinel(values))
        if len(some) > PEERS:
            rows, middle = _alone(np.log10(values[some]), _groups(t, table, by)[some])
            at = some[rows]
            shown = [f"{number_text(v)} beside some {number_text(float(f'{10 ** m:.2g}'))}"
                     for v, m in zip(values[at].tolist(), middle.tolist(), strict=True)]
            yield Fault(table, column, "hundreds of times above or below its peers",
                        "look at its unit and its decimal point", at, shown, severity="odd")


def _groups(t: Tables, table: str, by: tuple[str, ...]) -> Positions:
    group = np.zeros(t.count(table), dtype=np.int64)
    for name in by:
        texts = t.texts(table, name)
        group = group * (len(texts.labels) + 1) + texts.codes
    return group


def _alone(sizes: Floats, group: Positions) -> tuple[Positions, Floats]:
    """Rows that are far from the median of their group, where nearly all others are near it; and those medians."""
    order = np.lexsort((sizes, group))
    starts = np.flatnonzero(np.append(True, group[order][1:] != group[order][:-1]))
    counts = np.diff(np.append(starts, len(order)))
    middle = np.repeat(sizes[order][starts + counts // 2], counts)
    away = np.abs(sizes[order] - middle)
    owner = np.repeat(np.arange(len(starts)), counts)
    far = np.bincount(owner, away >= FAR)
    between = np.bincount(owner, (away > NEAR) & (away < FAR))
    fits = (counts > PEERS) & (far <= np.maximum(1, counts // 20)) & (between == 0)
    hit = np.flatnonzero((away >= FAR) & fits[owner])
    return np.asarray(order[hit], dtype=np.int64), middle[hit]


@rule()
def total_row(t: Tables) -> Iterator[Fault]:
    """No row adds up the others, as reports have it in their last line."""
    for table in TABLES:
        name = table.keys[0]
        texts = t.texts(table.name, name)
        rows = np.flatnonzero(texts.where([label.casefold().rstrip(": ") in TOTALS for label in texts.labels]))
        if table.name != "periods" and len(rows) and t.count(table.name) > len(rows):
            yield Fault(table.name, name, f"a row of this name is a total of the others{_sums(t, table.name, rows)}",
                        "if so, delete it", rows, severity="odd")


def _sums(t: Tables, table: str, rows: Positions) -> str:
    """Which column the row adds up, where one can be seen to be added up."""
    others = np.ones(t.count(table), dtype=bool)
    others[rows] = False
    for column in next(each for each in TABLES if each.name == table).columns:
        if column.kind == "number":
            values = t.number(table, column.name)
            whole = float(np.nansum(values[others]))
            if whole > 0 and np.isfinite(whole) and np.isclose(values[rows], whole).all():
                return f": its {column.name} is the sum of theirs, {number_text(whole)}"
    return ""
