"""Business keys coded to integers: the one kind of index that tables, variables, rows and costs share.

An `Axis` holds the names of one kind of thing (sites, customers, ...). `Keys` are rows of codes over axes. A `Measure`
is a number per key, a `Coded` table is keys with several measures. Codes are made once, when the network is built;
whatever follows (looking up, adding up) is integer arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ctsopt.errors import KeyMismatch

if TYPE_CHECKING:
    import pandas as pd

Ints = npt.NDArray[np.int32]
Positions = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

On = Mapping[str, "str | Ints"]

BLANK = -1
"""Code of a blank key, such as the `via` of a direct way."""

_DENSE_LIMIT = 1 << 22


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
    _cache: dict[tuple[str, ...], Any] = field(default_factory=dict, repr=False)

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

    def select(self, *names: str, **renamed: str) -> Keys:
        """Only these columns, one row for each row here; `new=old` renames a column."""
        pairs = {**{name: name for name in names}, **renamed}
        return Keys({new: self.columns[old] for new, old in pairs.items()},
                    {new: self.axes[old] for new, old in pairs.items()})

    def distinct(self, *names: str, **renamed: str) -> Keys:
        """The distinct keys of these columns, in canonical order."""
        chosen = self.select(*names, **renamed)
        _, first = np.unique(chosen._combined(chosen.columns), return_index=True)
        return chosen.take(first)

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
        found = self.find(fine, on)
        if (found < 0).any():
            bad = np.flatnonzero(found < 0)
            examples = ", ".join("/".join(k) for k in dict.fromkeys(fine.labels(bad[:5])))
            raise KeyMismatch(f"no {list(self.names)} entry for {len(bad)} keys of {list(fine.names)}, "
                              f"such as {examples}")
        return found

    def find(self, fine: Keys, on: On | None = None) -> Positions:
        """As `locate`, with -1 where a key is not here."""
        source = {name: (on or {}).get(name, name) for name in self.names}
        named = {name: old for name, old in source.items() if isinstance(old, str)}
        lacking = [old for old in named.values() if old not in fine.columns]
        if lacking:
            raise KeyMismatch(f"{list(fine.names)} has no key column {', '.join(lacking)}")
        foreign = [name for name, old in named.items() if fine.axes[old] is not self.axes[name]]
        if foreign:
            raise KeyMismatch(f"key columns {foreign} are coded on other axes")
        if not self.columns:
            return np.zeros(len(fine), dtype=np.int64)
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
        return codes

    def _combined(self, columns: Mapping[str, Ints]) -> Positions:
        """One integer per key (mixed radix; a blank counts as 0)."""
        combined: Positions | None = None
        size = 1
        for name, codes in columns.items():
            radix = len(self.axes[name]) + 1
            size *= radix
            if size >= 2**62:
                raise KeyMismatch(f"the key space of {list(self.names)} is too large to be coded")
            shifted = codes.astype(np.int64) + 1
            combined = shifted if combined is None else combined * radix + shifted
        return combined if combined is not None else np.zeros(len(self), dtype=np.int64)

    def _lookup(self, wanted: Positions) -> Positions:
        if self.names not in self._cache:
            self._cache[self.names] = self._table()
        dense, keys, order = self._cache[self.names]
        if dense is not None:
            return np.asarray(dense[wanted], dtype=np.int64)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, order[place], -1) if len(keys) else np.full(len(wanted), -1)

    def _table(self) -> tuple[Ints | None, Positions, Positions]:
        """A dense look-up table where the key space is small, else sorted keys."""
        keys = self._combined(self.columns)
        space = 1
        for axis in self.axes.values():
            space *= len(axis) + 1
        if space <= max(8 * len(keys), _DENSE_LIMIT):
            dense = np.full(space, -1, dtype=np.int32)
            dense[keys] = np.arange(len(keys), dtype=np.int32)
            if np.count_nonzero(dense >= 0) != len(keys):
                raise KeyMismatch(f"the keys {list(self.names)} are not distinct")
            return dense, keys, keys
        order = np.argsort(keys, kind="stable")
        ranked = keys[order]
        if (ranked[1:] == ranked[:-1]).any():
            raise KeyMismatch(f"the keys {list(self.names)} are not distinct")
        return None, ranked, order


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
