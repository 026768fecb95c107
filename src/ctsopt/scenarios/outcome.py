"""What a run of a pack leaves behind: one row per case, and the solutions, read when they are looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.errors import UsageError, nearest_name
from ctsopt.results.solution import Solution
from ctsopt.results.store import load
from ctsopt.scenarios.spreadsheet import harmless, write_csv

if TYPE_CHECKING:
    from ctsopt.scenarios.cache import Cache
    from ctsopt.scenarios.comparison import Comparison
    from ctsopt.scenarios.pack import Pack

COLUMNS = {"scenario": "str", "parent": "str", "kind": "str", "role": "str", "state": "str", "key": "str",
           "start": "str", "outcome": "str", "message": "str", "cost": "float64", "bound": "float64", "gap": "float64",
           "gap_money": "float64", "seconds": "float64", "from_cache": "bool"}
"""Columns of the table of a run, with their types."""

FAILED = ("infeasible", "error")
"""Outcomes of cases that failed; one that a limit or Ctrl-C ended has not."""


class Solutions(Mapping[str, Solution]):
    """Solutions by the name of their case; each is read from the cache when it is looked at, and the last few kept.

    Parameters
    ----------
    cache : Cache
    keys : mapping of str to str
        Key in the cache of each case that has a plan.
    others : mapping of str to str
        What became of the cases that have none.
    """

    _KEPT = 4

    def __init__(self, cache: Cache, keys: Mapping[str, str], others: Mapping[str, str]) -> None:
        self._cache, self._keys, self._others = cache, dict(keys), dict(others)
        self._read: dict[str, Solution] = {}

    def __getitem__(self, name: str) -> Solution:
        if name in self._others:
            raise UsageError(f"{name} has no plan: {self._others[name]}")
        if name not in self._keys:
            near = nearest_name(name, [*self._keys, *self._others])
            raise UsageError(f"there is no case {name!r} in this run" + (f"; did you mean {near!r}?" if near else ""))
        key = self._keys[name]
        if key not in self._read:
            entry = self._cache.look(key)
            if entry is None or entry.solution is None:
                raise UsageError(f"the solution of {name} is no longer in the cache {self._cache.folder}: run the pack "
                                 "again")
            self._read[key] = load(entry.solution)
            for old in list(self._read)[: -self._KEPT]:
                del self._read[old]
        return self._read[key]

    def __contains__(self, name: object) -> bool:
        return name in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


@dataclass(frozen=True, eq=False)
class PackResult:
    """What came of a pack.

    Attributes
    ----------
    pack : Pack
    rows : DataFrame
        One row per case, in pack order: scenario, parent, kind, role (see `Case`), state, key (of its answer in the
        cache), start (the case whose open sites the search started from; blank for none), outcome, message, cost and
        bound (money), gap
        (share), gap_money, seconds (what it took when it was solved), from_cache (it was not solved now). Outcomes:
        `proven` (optimal to 1e-6), `gap` (within the gap asked for), `time_limit` (ended by the clock; the bound
        holds all the same), `infeasible`, `error`, `interrupted`.
    solutions : mapping of str to Solution
        Those cases that have a plan.
    notes : tuple of str
        What else is worth knowing, such as entries of the cache that were damaged.
    shortfalls : DataFrame
        Promises that cannot be kept, for the cases that are infeasible: scenario, and the columns of
        `InfeasibleError.shortfalls`.
    unkept : str
        Why the run ended before its time, where answers could not be kept; blank otherwise.
    """

    pack: Pack
    rows: pd.DataFrame
    solutions: Mapping[str, Solution]
    notes: tuple[str, ...] = ()
    shortfalls: pd.DataFrame = field(default_factory=pd.DataFrame)
    unkept: str = ""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C, or a disk that is full, ended the run before every case was done."""
        return bool((self.rows["outcome"] == "interrupted").any())

    @property
    def failed(self) -> list[str]:
        """Names of the cases that failed: infeasible, or an error."""
        return self.rows.loc[self.rows["outcome"].isin(FAILED), "scenario"].tolist()

    def compare(self, against: str | None = None) -> Comparison:
        """The cases beside each other; see `ctsopt.compare`."""
        from ctsopt.scenarios.comparison import compare

        return compare(self, against)

    def write(self, folder: str | Path) -> Path:
        """Write `cases.csv`, and `shortfalls.csv` where a case is infeasible, into a folder.

        A text that a spreadsheet would take for a formula gets an apostrophe before it.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        write_csv(harmless(self.rows), target / "cases.csv")
        if len(self.shortfalls):
            write_csv(harmless(self.shortfalls), target / "shortfalls.csv")
        else:
            (target / "shortfalls.csv").unlink(missing_ok=True)
        return target

    def __str__(self) -> str:
        counts = self.rows["outcome"].value_counts()
        words = ", ".join(f"{count} {str(outcome).replace('_', ' ')}" for outcome, count in counts.items())
        return f"{self.pack.name}: {len(self.rows)} cases: {words}"


def table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The table of a run; a number that is missing is not a number, a text that is missing is blank."""
    of_kind: dict[str, Any] = {"float64": math.nan, "bool": False, "str": ""}
    blank = {name: of_kind[kind] for name, kind in COLUMNS.items()}
    return pd.DataFrame([{**blank, **row} for row in rows], columns=list(COLUMNS)).astype(COLUMNS)
