"""Business keys coded to integers: the one kind of index that tables, variables, rows and costs share.

An `Axis` holds the names of one kind of thing (sites, customers, ...). `Keys` are rows of codes over axes. A `Measure`
is a number per key, a `Coded` table is keys with several measures. Codes are made once, when the network is built;
whatever follows (looking up, adding up) is integer arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ctsopt.errors import KeyMismatch
from ctsopt.ranks import rank, room

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int32]
Positions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_Integers = npt.NDArray[np.integer[Any]]

On = Mapping[str, "str | Ints"]

BLANK = -1
"""Code of a blank key, such as the `via` of a direct way."""


class Axis:
    """The names of one kind of thing, in canonical order; the code of a name is its position.

    Parameters
    ----------
    name : str
        What the names are names of, in the singular: `site`, `customer`.
    labels : sequence of str
        Distinct names.
    """

    def __init__(self, name: str, labels: Sequence[str]) -> None:
        self.name = name
        self.labels: npt.NDArray[np.object_] = np.array([str(label) for label in labels], dtype=object)
        self._index: pd.Index[str] | None = None
        if len(set(self.labels)) < len(self.labels):
            raise KeyMismatch(f"the names on the axis {name} are not distinct")

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        return f"Axis({self.name!r}, {len(self)} labels)"

    def codes(self, values: Any) -> Ints:
        """Codes of `values` (array-like of str); -1 where a name is not on the axis."""
        import pandas as pd

        if self._index is None:
            self._index = pd.Index(self.labels, dtype=object)
        found = self._index.get_indexer(pd.Index(np.asarray(values, dtype=object), dtype=object))
        return np.asarray(found, dtype=np.int32)

    def names(self, codes: npt.ArrayLike) -> npt.NDArray[np.object_]:
        """Names of `codes`; an empty text for a blank."""
        padded = np.append(self.labels, "")
        return np.asarray(padded[np.asarray(codes)], dtype=object)


@dataclass(frozen=True, eq=False)
class Keys:
    """Rows of business keys.

    Attributes
    ----------
    columns : mapping of str to int32 array
        Codes per key column, all of one length. Several columns may lie on one axis (origin, via, destination).
    axes : mapping of str to Axis
        The axis of each column.
    """

    columns: Mapping[str, Ints]
    axes: Mapping[str, Axis]
    _cache: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def make(cls, axes: Mapping[str, Axis], **columns: npt.ArrayLike) -> Keys:
        """Keys from code arrays; `axes` maps each column to its axis."""
        coded = {name: np.ascontiguousarray(codes, dtype=np.int32) for name, codes in columns.items()}
        return cls(coded, {name: axes[name] for name in coded})

    @classmethod
    def single(cls) -> Keys:
        """The keys of a single thing that has no key, such as one row over the whole network."""
        return cls({}, {})

    def __len__(self) -> int:
        if isinstance(self.columns, _Taken):
            return self.columns.size
        return len(next(iter(self.columns.values()))) if self.columns else 1

    def __getitem__(self, name: str) -> Ints:
        return self.columns[name]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the key columns."""
        return tuple(self.columns)

    def take(self, positions: Ints | Positions | Bools) -> Keys:
        """The keys at `positions` (integers or a mask)."""
        if not self.columns and np.arange(1)[positions].shape != (1,):
            raise KeyMismatch("a single thing without a key can be neither left out nor repeated")
        return Keys({name: codes[positions] for name, codes in self.columns.items()}, self.axes)

    def where(self, mask: Bools) -> Keys:
        """The keys for which `mask` holds, as `take`; a column is made when it is first looked at."""
        if len(mask) != len(self):
            raise KeyMismatch(f"a mask of {len(mask)} for {len(self)} keys")
        return Keys(_Taken(self.columns, mask), self.axes) if self.columns else self.take(mask)

    def select(self, *names: str, **renamed: str) -> Keys:
        """Only these columns, one row for each row here; `new=old` renames a column."""
        pairs = {**{name: name for name in names}, **renamed}
        return Keys({new: self.columns[old] for new, old in pairs.items()},
                    {new: self.axes[old] for new, old in pairs.items()})

    def distinct(self, *names: str, **renamed: str) -> Keys:
        """The distinct keys of these columns, in canonical order."""
        chosen = self.select(*names, **renamed)
        if not chosen.columns:
            return chosen
        if chosen._space > room(len(chosen)):
            return chosen.grouped(*chosen.names)[0]
        used = np.zeros(chosen._space, dtype=bool)
        used[chosen._combined(chosen.columns)] = True
        code = np.flatnonzero(used)
        columns: dict[str, Ints] = {}
        for name in reversed(chosen.names):
            code, digit = np.divmod(code, len(chosen.axes[name]) + 1)
            columns[name] = (digit - 1).astype(np.int32)
        return Keys({name: columns[name] for name in chosen.names}, chosen.axes)

    def grouped(self, *names: str, **renamed: str) -> tuple[Keys, Ints]:
        """The distinct keys of these columns as `distinct`, and the position in them of every key here."""
        chosen = self.select(*names, **renamed)
        if not chosen.columns:
            raise KeyMismatch("no key columns to tell keys apart by")
        place, count = chosen._ranked()
        one = np.empty(count, dtype=np.int32)
        one[place] = np.arange(len(place), dtype=np.int32)
        return chosen.take(one), place

    def frame(self) -> pd.DataFrame:
        """The keys as text, one column per key column."""
        import pandas as pd

        return pd.DataFrame({name: self.axes[name].names(codes) for name, codes in self.columns.items()},
                            index=pd.RangeIndex(len(self)))

    def labels(self, positions: npt.ArrayLike | None = None) -> list[tuple[str, ...]]:
        """The keys (or those at `positions`) as tuples of text."""
        some = self if positions is None else self.take(np.asarray(positions, dtype=np.int64))
        if not self.columns:
            return [()] * len(some)
        return list(zip(*(self.axes[n].names(c).tolist() for n, c in some.columns.items()), strict=True))

    def same(self, other: Keys) -> bool:
        """Whether both hold the same keys in the same order."""
        if self is other:
            return True
        return (len(self) == len(other) and set(self.names) == set(other.names)
                and all(self.axes[name] is other.axes[name] and np.array_equal(codes, other[name])
                        for name, codes in self.columns.items()))

    def locate(self, fine: Keys, on: On | None = None) -> Positions:
        """Position in these keys of every key of `fine`; strict.

        Parameters
        ----------
        fine : Keys
            Keys that hold at least the columns of these.
        on : mapping of str to str or codes, optional
            For a column here, the column of `fine` to read where it has another name (`{"site": "via"}`), or codes
            on the axis of the column here, one for each key of `fine`.

        Raises
        ------
        KeyMismatch
            If `fine` lacks a column, or asks for a key that is not here.
        """
        return self.places(fine, on).astype(np.int64)

    def places(self, fine: Keys, on: On | None = None) -> Ints:
        """As `locate`, in half the memory."""
        found = self._found(fine, on)
        if len(found) and found.min() < 0:
            bad = np.flatnonzero(found < 0)
            examples = ", ".join("/".join(k) for k in dict.fromkeys(fine.labels(bad[:5])))
            raise KeyMismatch(f"no {list(self.names)} entry for {len(bad)} keys of {list(fine.names)}, "
                              f"such as {examples}")
        return found

    def find(self, fine: Keys, on: On | None = None) -> Positions:
        """As `locate`, with -1 where a key is not here."""
        return self._found(fine, on).astype(np.int64)

    def _found(self, fine: Keys, on: On | None) -> Ints:
        source = {name: (on or {}).get(name, name) for name in self.names}
        named = {name: old for name, old in source.items() if isinstance(old, str)}
        lacking = [old for old in named.values() if old not in fine.columns]
        if lacking:
            raise KeyMismatch(f"{list(fine.names)} has no key column {', '.join(lacking)}")
        foreign = [name for name, old in named.items() if fine.axes[old] is not self.axes[name]]
        if foreign:
            raise KeyMismatch(f"key columns {foreign} are coded on other axes")
        if not self.columns:
            return np.zeros(len(fine), dtype=np.int32)
        wanted = {name: fine.columns[old] if isinstance(old, str) else self._codes(name, old, len(fine))
                  for name, old in source.items()}
        return self._lookup(self._combined(wanted))

    def _codes(self, name: str, codes: Ints, size: int) -> Ints:
        """Codes given for a column, one for each of `size` keys, all of them on its axis or blank."""
        if np.shape(codes) != (size,):
            raise KeyMismatch(f"{np.shape(codes)} codes of {name} for {size} keys")
        if size and (codes.min() < BLANK or codes.max() >= len(self.axes[name])):
            raise KeyMismatch(f"codes of {name} that are not on its axis ({codes.min()} to {codes.max()}, for "
                              f"{len(self.axes[name])} names)")
        return codes.astype(np.int32, copy=False)

    @property
    def _space(self) -> int:
        """Number of possible keys."""
        return math.prod(len(self.axes[name]) + 1 for name in self.columns)

    def _combined(self, columns: Mapping[str, Ints]) -> _Integers:
        """One integer per key (mixed radix; a blank counts as 0).

        On axes of 2 sites and 3 customers a key is (site + 1) x 4 + (customer + 1), of 3 x 4 = 12 possible ones. The
        ones are added in the end, all at once: 1 x 4 + 1 is the shift.

            site        0   0   1  -1
            customer    0   2   1   1
            combined    5   7  10   2
        """
        space = self._space
        if space >= 2**62:
            raise KeyMismatch(f"the key space of {list(self.names)} is too large to be coded")
        first, *others = columns.items()
        combined: _Integers = first[1].astype(np.int32 if space < 2**31 else np.int64)
        shift = 1
        for name, codes in others:
            radix = len(self.axes[name]) + 1
            shift = shift * radix + 1
            combined *= radix
            combined += codes
        combined += shift
        return combined

    def _ranked(self) -> tuple[Ints, int]:
        """Position of every key among the distinct ones in canonical order, and how many these are.

        Columns are taken in one by one. What there is so far is numbered anew where a table of all combinations with
        the next column would be too large; only where there are too many even so, keys are sorted.

            site           7  2  7  5                    four keys, of 1000 sites
            rank so far    2  0  2  1    space 3         numbered anew, before 50 products come in
            product        0  9  0  9
            code         103 10 103 61   space 3 x 51    rank x 51 + product + 1
            rank           2  0  2  1    count 3         the distinct keys: 2/9, 5/9, 7/0
        """
        code: _Integers = np.zeros(len(self), dtype=np.int32)
        space, most = 1, room(len(self))
        for name, codes in self.columns.items():
            radix = len(self.axes[name]) + 1
            if space * radix > most:
                code, space = rank(code, space)
            space *= radix
            if space >= 2**31:
                code = code.astype(np.int64)
            code *= radix
            code += codes
            code += 1
        return rank(code, space)

    def _lookup(self, wanted: _Integers) -> Ints:
        if "dense" in self._cache or self._space <= room(len(self) + len(wanted)):
            return np.asarray(self._dense()[wanted])
        keys, order = self._sorted()
        if not len(keys):
            return np.full(len(wanted), -1, dtype=np.int32)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, order[place], np.int32(-1))

    def _dense(self) -> Ints:
        """For every possible key its position, or -1."""
        if "dense" not in self._cache:
            keys, place = self._combined(self.columns), np.arange(len(self), dtype=np.int32)
            dense = np.full(self._space, -1, dtype=np.int32)
            dense[keys] = place
            if not np.array_equal(dense[keys], place):
                raise KeyMismatch(f"the keys {list(self.names)} are not distinct")
            self._cache["dense"] = dense
        table: Ints = self._cache["dense"]
        return table

    def _sorted(self) -> tuple[_Integers, Ints]:
        """The keys in ascending order of their integers, and their positions."""
        if "sorted" not in self._cache:
            keys = self._combined(self.columns)
            order = np.argsort(keys, kind="stable").astype(np.int32)
            keys = keys[order]
            if (keys[1:] == keys[:-1]).any():
                raise KeyMismatch(f"the keys {list(self.names)} are not distinct")
            self._cache["sorted"] = keys, order
        ranked: tuple[_Integers, Ints] = self._cache["sorted"]
        return ranked


class _Taken(Mapping[str, Ints]):
    """Columns where a mask holds; each is made when it is first looked at."""

    def __init__(self, columns: Mapping[str, Ints], mask: Bools) -> None:
        self._columns, self._mask = columns, mask
        self._made: dict[str, Ints] = {}
        self.size = int(np.count_nonzero(mask))

    def __getitem__(self, name: str) -> Ints:
        if name not in self._made:
            self._made[name] = self._columns[name][self._mask]
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


@dataclass(frozen=True, eq=False)
class Measure:
    """A number per key, ready to be multiplied with an expression over the same or finer keys."""

    index: Keys
    values: Floats


@dataclass(frozen=True, eq=False)
class Coded:
    """Keys with measures: a table whose keys are coded."""

    index: Keys
    measures: Mapping[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, name: str) -> Measure:
        return Measure(self.index, np.asarray(self.measures[name], dtype=np.float64))

    def take(self, positions: Ints | Positions | Bools) -> Coded:
        """The rows at `positions` (integers or a mask)."""
        return Coded(self.index.take(positions), {n: v[positions] for n, v in self.measures.items()})

    def frame(self) -> pd.DataFrame:
        """Keys as text beside the measures."""
        import pandas as pd

        measures = pd.DataFrame(dict(self.measures), index=pd.RangeIndex(len(self)))
        return pd.concat([self.index.frame(), measures], axis=1)


def matching(left: npt.ArrayLike, right: npt.ArrayLike) -> tuple[Positions, Positions]:
    """Positions of all pairs with equal codes, ordered by the left one.

    Of b, a, b on the left and a, b, b on the right these are five:

        position in left     0 0 1 2 2
        position in right    1 2 0 1 2
    """
    left, right = np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)
    order = np.argsort(right, kind="stable")
    begin = np.searchsorted(right, left, side="left", sorter=order)
    count = np.searchsorted(right, left, side="right", sorter=order) - begin
    where = np.repeat(np.arange(len(left)), count)
    within = np.arange(len(where)) - np.repeat(np.cumsum(count) - count, count)
    return where, order[np.repeat(begin, count) + within]
