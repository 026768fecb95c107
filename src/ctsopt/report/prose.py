"""Sentences whose numbers are looked up in tables, so that none of them can be made up."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ctsopt.report.figures.theme import percent, short

if TYPE_CHECKING:
    import pandas as pd

_MILLIONS = 1e6
"""From here on amounts are told in millions."""

_FINE = 1000.0
_SMALL = 1e-4


@dataclass(frozen=True)
class Figure:
    """A number in a sentence: how it is shown, and the cell that it comes from."""

    shown: str
    value: float
    table: str
    row: str
    column: str


@dataclass(frozen=True)
class Name:
    """A name in a sentence; or, `plain`, words of somebody else."""

    text: str
    plain: bool = False


Part = str | Figure | Name
Sentence = tuple[Part, ...]


def say(template: str, *parts: Part) -> Sentence:
    """A sentence with parts at its `{}`; what surrounds them has no digits."""
    words = template.split("{}")
    if len(words) != len(parts) + 1 or any(letter.isdigit() for letter in template):
        raise ValueError(f"{template!r} with {len(parts)} parts")
    between = zip(words[:-1], parts, strict=True)
    return tuple(part for pair in between for part in pair if part != "") + ((words[-1],) if words[-1] else ())


def name(text: object) -> Name:
    """A name, short."""
    return Name(short(text, 60))


def text_of(sentence: Sentence) -> str:
    """A sentence as plain text."""
    return "".join(part if isinstance(part, str) else part.shown if isinstance(part, Figure) else part.text
                   for part in sentence)


def listed_names(names: Sequence[object], most: int) -> tuple[str, list[Part]]:
    """A template that lists names, and its parts; of many only the first ones are named."""
    words = ", ".join(["{}"] * min(len(names), most)) + (" and others" if len(names) > most else "")
    return words, [name(each) for each in names[:most]]


def proven(ends: Sequence[Figure]) -> tuple[str, Sequence[Part]]:
    """An amount (point, low, high), and what is proven of it where that is not the same when it is shown."""
    point, low, high = ends
    if point.shown == low.shown == high.shown:
        return "{}", [point]
    return "{}, proven between {} and {}", [point, low, high]


def trimmed(shown: str) -> str:
    """A share as it is shown, without zeros at its end: `100 %`."""
    number, blank, unit = shown.partition(" ")
    return (number.rstrip("0").rstrip(".") if "." in number else number) + blank + unit


class Source:
    """Tables that sentences are made from.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        By name; the first column of each is the key of its rows.
    currency : str
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], currency: str) -> None:
        self._tables = {key: frame.set_index(frame.columns[0]) for key, frame in tables.items()}
        self.currency = currency

    def value(self, table: str, row: str, column: str) -> float:
        """The number in a cell."""
        found: Any = self._tables[table].loc[row, column]
        return float(found)

    def money(self, table: str, row: str, column: str, *, sign: bool = False) -> Figure:
        """An amount of money, in millions where it is large; with `sign`, whether it is more or less."""
        value = self.value(table, row, column)
        large = abs(value) >= _MILLIONS
        decimals = 2 if large or 0 < abs(value) < _FINE else 0
        shown = f"{value / 1e6 if large else value:{'+' if sign and value else ''},.{decimals}f}"
        return Figure(f"{shown}{' million' if large else ''} {short(self.currency, 12)}", value, table, row, column)

    def share(self, table: str, row: str, column: str, *, sign: bool = False) -> Figure:
        """A share, in percent; with `sign`, whether it is more or less."""
        value = self.value(table, row, column)
        small = 0 < abs(value) < _SMALL
        shown = f"{100 * value:.1g} %" if small else trimmed(percent(value, 2))
        return Figure(f"+{shown}" if sign and value > 0 else shown, value, table, row, column)

    def count(self, table: str, row: str, column: str, *, sign: bool = False) -> Figure:
        """A number of things; with `sign`, whether it is more or less."""
        value = self.value(table, row, column)
        return Figure(f"{value:{'+' if sign and value else ''},.0f}", value, table, row, column)

    def days(self, table: str, row: str, column: str) -> Figure:
        """A number of days, without zeros at its end."""
        value = self.value(table, row, column)
        shown = "" if math.isnan(value) else f"{value:,.2f}".rstrip("0").rstrip(".")
        return Figure(shown, value, table, row, column)
