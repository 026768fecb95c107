"""How a column and a table of the data dictionary are written down."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Kind = Literal["key", "reference", "number", "choice", "yes_no", "names", "text", "date"]
Basis = Literal["", "per_year", "per_period", "once", "per_unit"]

ALL = "*"
"""Stands for "all of them" where a column allows it."""

NAMES_SEPARATOR = "|"
"""Separates the names in a column that holds several."""

UNLIMITED = "no limit"
"""What a blank cell means where a number is a limit."""


@dataclass(frozen=True)
class Column:
    """One column of an input table.

    Attributes
    ----------
    name : str
        Header in the file, name in every table, report and message.
    kind : str
        `key` (text, part of the row's key), `reference` (text, a key elsewhere), `number`, `choice`, `yes_no`,
        `names` (several names separated by `|`), `text`, `date` (a day, written 2027-03-31).
    meaning : str
        One sentence.
    unit, basis : str
        Unit of a number; basis says over what it is counted and how it scales to the horizon.
    required : bool
        A blank cell is a fault. Otherwise `default` is taken, and `blank` says what that means.
    low, high : float
        Inclusive bounds of a number.
    plausible : pair of float, optional
        Range outside of which a number above 0 looks odd; `guess` says what it may have been meant to be.
    most : float
        What no real figure comes near, whatever is sold in whatever units.
    choices : tuple of str
        Valid texts of a `choice`.
    refers : tuple of str
        Tables in whose first key the value must be found; `ALL` where `wildcard`.
    axis : str
        Kind of names that a text is of, where it is no key and refers to no table.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    basis: Basis = ""
    required: bool = False
    default: object = None
    blank: str = ""
    low: float = -math.inf
    high: float = math.inf
    most: float = math.inf
    choices: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    wildcard: bool = False
    is_key: bool = False
    plausible: tuple[float, float] | None = None
    guess: str = ""
    axis: str = ""

    def within(self, low: float, high: float, guess: str) -> Column:
        """The column with its plausible range."""
        return replace(self, plausible=(low, high), guess=guess)

    def on(self, axis: str) -> Column:
        """The column as one whose texts are names of that kind."""
        return replace(self, axis=axis)


@dataclass(frozen=True)
class StandIn:
    """Rows that stand for a table that is absent.

    Attributes
    ----------
    name : str
        Key of the only row.
    numbers : mapping of str to float
        Its other cells.
    named_in : tuple of (str, str)
        Tables and columns: the rows are the names that these hold, and `name` only where they hold none.
    """

    name: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    named_in: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Table:
    """One input table: its columns in order, and what a row stands for.

    Attributes
    ----------
    name, meaning : str
    columns : tuple of Column
    optional : bool
        The table may be absent.
    axis : str
        Kind of names that its first key holds, where they are looked up.
    in_row_order : bool
        The order of the rows is content; those of other tables are sorted by key.
    stand_in : StandIn, optional
        What stands for the table where it is absent.
    no_rows : str
        What a header without rows comes to, where somebody may have meant something else.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    optional: bool = True
    axis: str = ""
    in_row_order: bool = False
    stand_in: StandIn | None = None
    no_rows: str = ""

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the columns that together identify a row."""
        return tuple(c.name for c in self.columns if c.is_key)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(c for c in self.columns if c.name == name)


def key(name: str, meaning: str, refers: tuple[str, ...] = (), *, wildcard: bool = False, default: str | None = None,
        blank: str = "") -> Column:
    """Part of the key of a row: text; `refers` as in `Column`. Without a default a blank cell is a fault."""
    return Column(name, "key", meaning, refers=refers, wildcard=wildcard, is_key=True, required=default is None,
                  default=default, blank=blank)


def reference(name: str, meaning: str, refers: tuple[str, ...], default: str | None = None, blank: str = "",
              *, wildcard: bool = False) -> Column:
    """A text that is a key elsewhere. Without a default a blank cell is a fault."""
    return Column(name, "reference", meaning, refers=refers, required=default is None, default=default, blank=blank,
                  wildcard=wildcard)


def number(name: str, meaning: str, unit: str, default: float | None = 0.0, basis: Basis = "", low: float = 0.0,
           high: float = math.inf, blank: str = "", *, most: float = math.inf, is_key: bool = False) -> Column:
    """A number of at least 0, unless `low` says otherwise.

    With `default=None` a blank cell is a fault; with NaN it stays blank.
    """
    return Column(name, "number", meaning, unit, basis, required=default is None, default=default, blank=blank,
                  low=low, high=high, most=most, is_key=is_key)


def choice(name: str, meaning: str, choices: tuple[str, ...], default: str | None, blank: str = "") -> Column:
    """One of some texts. With `default=None` a blank cell is a fault; with "" it stays blank."""
    return Column(name, "choice", meaning, choices=choices, required=default is None, default=default, blank=blank)


def yes_no(name: str, meaning: str, *, default: bool) -> Column:
    """Yes or no."""
    return Column(name, "yes_no", meaning, default=default)


def text(name: str, meaning: str, default: str = "") -> Column:
    """Free text."""
    return Column(name, "text", meaning, default=default)


def date(name: str, meaning: str, *, required: bool = False, blank: str = "") -> Column:
    """A day. A blank one is not a time, and a fault where it is `required`."""
    return Column(name, "date", meaning, required=required, blank=blank)
