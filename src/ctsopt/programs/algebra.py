"""Sparse linear algebra over business keys: the language in which row families and cost lines are written.

An `Expr` holds one linear expression per key of an index: three arrays of terms (row, column, coefficient) and a
constant per key. `per` adds up to coarser keys, `at` looks up for finer ones; both are strict, so that a missing key is
an error with its name and never a silent zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ctsopt.errors import KeyMismatch, UsageError
from ctsopt.keys import Bools, Floats, Ints, Keys, Measure, On, Positions

_Array = TypeVar("_Array", Ints, Floats)

Factor = float | int | Measure | npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Variable:
    """A block of variables, one per key.

    Attributes
    ----------
    index : Keys
        One variable per key.
    lower, upper : float or array
        Bounds.
    integer : bool
        The variables take whole numbers.
    design : bool
        A hint for the solve: the variables are decisions on the network itself (which sites are open).
    priced : bool
        Another: there are very many of these, of which a plan uses few. They may be left out at 0, until their
        reduced cost says that they would make a plan cheaper.
    """

    index: Keys
    lower: float | Floats = 0.0
    upper: float | Floats = np.inf
    integer: bool = False
    design: bool = False
    priced: bool = False


@dataclass(frozen=True, eq=False)
class Terms:
    """Some of the terms of expressions: coef[j] * x[col[j]] belongs to the expression at row[j].

    Attributes
    ----------
    row : int32 array or None
        None where term j belongs to expression j.
    col : int32 array
        Column of each term in the program.
    coef : float array
        Coefficient of each term.
    first : int or None
        Column of the first term where each following term has the next column.
    """

    row: Ints | None
    col: Ints
    coef: Floats
    first: int | None = None

    @property
    def rows(self) -> Ints:
        """Position of each term's expression."""
        return np.arange(len(self.col), dtype=np.int32) if self.row is None else self.row

    def scaled(self, factor: Floats) -> Terms:
        """With the expression at i multiplied by factor[i]."""
        return replace(self, coef=self.coef * (factor if self.row is None else factor[self.row]))

    def where(self, mask: Bools) -> Terms:
        """Those of the expressions for which `mask` holds."""
        if self.row is None:
            return Terms(None, self.col[mask], self.coef[mask])
        keep = mask[self.row]
        place = np.cumsum(mask, dtype=np.int32) - np.int32(1)
        return Terms(place[self.row[keep]], self.col[keep], self.coef[keep])


@dataclass(frozen=True, eq=False)
class Expr:
    """One linear expression per key.

    Attributes
    ----------
    index : Keys
        The keys, one expression each.
    terms : tuple of Terms
        What the expressions are sums of. Adding expressions up only lines them up here: nothing is copied.
    constant : float array or None
        A constant for each key; None where all are 0.
    """

    index: Keys
    terms: tuple[Terms, ...] = ()
    constant: Floats | None = None

    __array_ufunc__ = None  # an array on the left leaves the operation to the expression

    @classmethod
    def block(cls, index: Keys, start: int) -> Expr:
        """The variables of a block whose first column is `start`."""
        size = len(index)
        return cls(index, (Terms(None, np.arange(start, start + size, dtype=np.int32), np.ones(size), start),))

    @classmethod
    def constants(cls, index: Keys, value: Factor = 1.0) -> Expr:
        """A given number for each key: what a decision becomes where it is not one."""
        return cls(index, (), _spread(value, index))

    @property
    def rows(self) -> Ints:
        """Position of each term's expression."""
        return _joined([part.rows for part in self.terms], np.empty(0, dtype=np.int32))

    @property
    def col(self) -> Ints:
        """Column of each term in the program."""
        return _joined([part.col for part in self.terms], np.empty(0, dtype=np.int32))

    @property
    def coef(self) -> Floats:
        """Coefficient of each term."""
        return _joined([part.coef for part in self.terms], np.empty(0))

    def per(self, index: Keys, on: On | None = None) -> Expr:
        """Add up to the coarser keys of `index`.

        Parameters
        ----------
        index : Keys
            Keys to add up to; every key here must belong to one of them.
        on : mapping of str to str or codes, optional
            Column of this expression to read for a column of `index` of another name, as in `on={"site": "origin"}`,
            or codes, one for each key here.

        Raises
        ------
        KeyMismatch
            If a key here has no counterpart in `index`.
        """
        return self._added_up(index, index.places(self.index, on))

    def by(self, *names: str, **renamed: str) -> Expr:
        """Add up to the distinct keys of these columns; `new=old` renames a column.

        The same as `per` with `index.distinct(...)`, without looking the keys up.
        """
        index, place = self.index.grouped(*names, **renamed)
        return self._added_up(index, place)

    def _added_up(self, index: Keys, place: Ints) -> Expr:
        constant = None
        if self.constant is not None:
            constant = np.bincount(place, weights=self.constant, minlength=len(index)).astype(np.float64)
        moved = (replace(part, row=place if part.row is None else place[part.row]) for part in self.terms)
        return Expr(index, tuple(moved), constant)

    def at(self, index: Keys, on: On | None = None) -> Expr:
        """Look up for the finer keys of `index`: each of them gets a copy of the expression of its coarser key.

        Raises
        ------
        KeyMismatch
            If a key of `index` has no counterpart here.
        """
        return self._copies(index, self.index.places(index, on))

    def pick(self, positions: Positions) -> Expr:
        """Only the keys at some positions."""
        return self._copies(self.index.take(positions), positions.astype(np.int32))

    def _copies(self, index: Keys, place: Ints) -> Expr:
        """The expressions at `place`, under the keys of `index`."""
        constant = None if self.constant is None else self.constant[place]
        return Expr(index, tuple(_looked_up(part, place, len(self.index)) for part in self.terms), constant)

    def where(self, mask: Bools) -> Expr:
        """Only the keys for which `mask` holds."""
        if len(mask) != len(self.index):
            raise KeyMismatch(f"a mask of {len(mask)} for {len(self.index)} keys")
        if mask.all():
            return self
        return Expr(self.index.where(mask), tuple(part.where(mask) for part in self.terms),
                    None if self.constant is None else self.constant[mask])

    def total(self) -> Expr:
        """The sum over all keys, as an expression with a single key."""
        return self.per(Keys.single())

    def __mul__(self, factor: Factor) -> Expr:
        spread = _spread(factor, self.index)
        if np.isinf(spread).any():
            raise KeyMismatch(f"an infinite coefficient among {len(spread)} keys of {list(self.index.names)}")
        return Expr(self.index, tuple(part.scaled(spread) for part in self.terms),
                    None if self.constant is None else self.constant * spread)

    __rmul__ = __mul__

    def __neg__(self) -> Expr:
        return self * -1.0

    def __add__(self, other: Expr | Factor) -> Expr:
        if not isinstance(other, Expr):
            added = _spread(other, self.index)
            return replace(self, constant=added if self.constant is None else self.constant + added)
        if not self.index.same(other.index):
            raise KeyMismatch(f"expressions over different keys: {list(self.index.names)} ({len(self.index)}) and "
                              f"{list(other.index.names)} ({len(other.index)})")
        constant = self.constant if other.constant is None else (
            other.constant if self.constant is None else self.constant + other.constant)
        return Expr(self.index, self.terms + other.terms, constant)

    __radd__ = __add__

    def __sub__(self, other: Expr | Factor) -> Expr:
        return self + (-other if isinstance(other, Expr) else np.negative(_spread(other, self.index)))

    def __rsub__(self, other: Factor) -> Expr:
        return -self + other

    def __le__(self, other: Expr | Factor) -> Rows:
        return _rows(self - other, -np.inf, 0.0)

    def __ge__(self, other: Expr | Factor) -> Rows:
        return _rows(self - other, 0.0, np.inf)

    def __eq__(self, other: object) -> Rows:  # type: ignore[override]
        if not isinstance(other, (Expr, Measure, float, int, np.ndarray)):
            return NotImplemented
        return _rows(self - other, 0.0, 0.0)

    __hash__ = None  # type: ignore[assignment]

    def amount(self, plan: Floats) -> Floats:
        """What each key comes to in a plan, where the expression is part of a cost line: its value."""
        return self.value(plan)

    def value(self, plan: Floats) -> Floats:
        """The value of each expression at a plan (one number per column of the program)."""
        values = np.zeros(len(self.index)) if self.constant is None else self.constant.copy()
        for part in self.terms:
            amounts = part.coef * plan[part.col]
            values += amounts if part.row is None else np.bincount(part.row, weights=amounts, minlength=len(values))
        return values


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a program: lower <= expression <= upper, one per key; constants are moved to the sides."""

    lhs: Expr
    lower: Floats
    upper: Floats

    def __bool__(self) -> bool:
        raise UsageError("rows are neither true nor false: write low <= x <= high as two families, or as "
                         "Rows(x, low, high)")

    def only(self, mask: Bools) -> Rows:
        """Only the rows for which `mask` holds."""
        return Rows(self.lhs.where(mask), self.lower[mask], self.upper[mask])


def _rows(difference: Expr, lower: float, upper: float) -> Rows:
    shift = np.zeros(len(difference.index)) if difference.constant is None else -difference.constant
    return Rows(replace(difference, constant=None), lower + shift, upper + shift)


def stacked(parts: Sequence[Rows]) -> Rows:
    """The rows of all parts, one below the other; their keys have columns of the same names and axes."""
    shift = np.cumsum([0, *(len(part.lhs.index) for part in parts)], dtype=np.int32)
    first = parts[0].lhs.index
    index = Keys({name: np.concatenate([part.lhs.index[name] for part in parts]) for name in first.names}, first.axes)
    terms = tuple(Terms(some.rows + start, some.col, some.coef)
                  for part, start in zip(parts, shift[:-1], strict=True) for some in part.lhs.terms)
    return Rows(Expr(index, terms), np.concatenate([part.lower for part in parts]),
                np.concatenate([part.upper for part in parts]))


def _looked_up(part: Terms, place: Ints, size: int) -> Terms:
    """Copies of the terms of `size` expressions for finer keys, of which key i gets the expression at place[i]."""
    if part.row is None:
        return Terms(None, part.col[place], part.coef[place])
    order = np.argsort(part.row, kind="stable")
    held = np.bincount(part.row, minlength=size)
    first = np.cumsum(held) - held
    counts = held[place]
    row = np.repeat(np.arange(len(place), dtype=np.int32), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    term = order[np.repeat(first[place], counts) + within]
    return Terms(row, part.col[term], part.coef[term])


def _joined(arrays: list[_Array], none: _Array) -> _Array:
    """One array of several; the only one as it is, and `none` where there is none."""
    return arrays[0] if len(arrays) == 1 else np.concatenate([none, *arrays])


def _spread(factor: Factor, index: Keys) -> Floats:
    """A number for each key of `index`; a measure over coarser keys is looked up."""
    if isinstance(factor, Measure):
        spread = factor.values if factor.index is index else factor.values[factor.index.places(index)]
    else:
        spread = np.asarray(factor, dtype=np.float64)
        if spread.ndim == 0:
            spread = np.full(len(index), float(spread))
    if len(spread) != len(index):
        raise KeyMismatch(f"{len(spread)} numbers for {len(index)} keys of {list(index.names)}")
    if np.isnan(spread).any():
        raise KeyMismatch(f"a number is missing (NaN) among {len(index)} keys of {list(index.names)}")
    return spread
