"""What becomes of jobs: a row of each, and the solutions, read when they are looked at."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pandas as pd

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.networks.network import Network
from ctsopt.programs.status import Status
from ctsopt.results.read_back import decided
from ctsopt.results.solution import Solution
from ctsopt.results.store import load
from ctsopt.running import reasons
from ctsopt.running.bounds import Bound
from ctsopt.running.cache import DECIDED, Cache, Entry, fingerprint
from ctsopt.running.worker import Answer

COLUMNS = {"job": "str", "key": "str", "start": "str", "outcome": "str", "message": "str", "cost": "float64",
           "bound": "float64", "gap": "float64", "gap_money": "float64", "seconds": "float64", "from_cache": "bool"}
"""Columns of the rows, with their types."""

HEAD = ("outcome", "message", "cost", "bound", "gap", "gap_money", "seconds")
"""Columns that an entry of the cache holds."""

_KPIS = "kpis.parquet"
"""File of an entry: the key figures of its plan, which take longer to work out than to read."""


class Solutions(Mapping[str, Solution]):
    """Solutions by the name of their case; each is read from the cache when it is looked at, and kept while there is
    room for it.

    Parameters
    ----------
    cache : Cache
    keys : mapping of str to str
        Key in the cache of each case that has a plan.
    others : mapping of str to str
        What became of the cases that have none.
    bounds : mapping of str to Bound
        Of cases whose bound another case has proven.
    """

    _ROOM = 64 * 1024 ** 2
    """Bytes of files whose solutions are kept: of small plans all, so that each is read once; of large ones few."""

    _KEPT = 4
    """So many are kept in any case."""

    def __init__(self, cache: Cache, keys: Mapping[str, str], others: Mapping[str, str],
                 bounds: Mapping[str, Bound]) -> None:
        self._cache, self._keys, self._others, self._bounds = cache, dict(keys), dict(others), dict(bounds)
        self._read: dict[str, Solution] = {}
        self._bounded: dict[str, Solution] = {}
        self._sizes: dict[str, int] = {}

    def __getitem__(self, name: str) -> Solution:
        if name in self._others:
            raise UsageError(f"{name} has no plan: {self._others[name]}")
        if name not in self._keys:
            raise UsageError(f"there is no case {name!r} in this run"
                             + did_you_mean(name, [*self._keys, *self._others]))
        key = self._keys[name]
        if key not in self._read:
            folder = self._folder(name)
            self._read[key] = load(folder)
            self._sizes[key] = sum(file.stat().st_size for file in folder.rglob("*"))
            self._make_room()
        if name not in self._bounds:
            return self._read[key]
        if name not in self._bounded:
            self._bounded[name] = self._bounds[name].of(self._read[key])
        return self._bounded[name]

    def kpis(self, name: str) -> pd.DataFrame:
        """The key figures of a plan, as `Solution.kpis()` gives them; kept beside it since it was solved."""
        if name in self._bounds:
            return self[name].kpis()
        return pd.read_parquet(self._folder(name).parent / _KPIS)

    def save(self, name: str, target: Path) -> None:
        """Write a solution into a new folder: that of the cache as it is, which was found to be whole.

        Raises
        ------
        UsageError
            If there is no such solution any more.
        """
        if name not in self._keys:
            self[name]  # says why there is none
        if name in self._bounds:
            self[name].save(target)
        else:
            shutil.copytree(self._folder(name), target)

    def _folder(self, name: str) -> Path:
        entry = self._cache.look(self._keys[name])
        if entry is None or entry.solution is None:
            raise UsageError(f"the solution of {name} is no longer in the cache {self._cache.folder}: run the pack "
                             "again")
        return entry.solution

    def _make_room(self) -> None:
        for old in list(self._read)[: -self._KEPT]:
            if sum(self._sizes[key] for key in self._read) <= self._ROOM:
                return
            del self._read[old]
            self._bounded = {name: plan for name, plan in self._bounded.items() if self._keys[name] != old}

    def __contains__(self, name: object) -> bool:
        return name in self._keys

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


@dataclass(frozen=True, eq=False)
class Answers:
    """What became of jobs.

    Attributes
    ----------
    rows : DataFrame
        One row per job, in order: job, key (of its answer in the cache), start (the job whose plan the search started
        from; blank for none), outcome, message, cost and bound (money), gap (share), gap_money, seconds (what it took
        when it was solved), from_cache (it was not solved now).
    solutions : Solutions
        Of those that have a plan.
    notes : tuple of str
        What else is worth knowing, such as entries of the cache that were damaged.
    reasons : mapping of str to DataFrame
        Of jobs whose promises cannot be kept: the tables of `ctsopt.running.reasons`, each with the column job.
    unkept : str
        Why the run ended before its time, where answers could not be kept; blank otherwise.
    """

    rows: pd.DataFrame
    solutions: Solutions
    notes: tuple[str, ...] = ()
    reasons: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    unkept: str = ""


def table(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows as a table; a number that is missing is not a number, a text that is missing is blank."""
    of_kind: dict[str, Any] = {"float64": math.nan, "bool": False, "str": ""}
    blank = {name: of_kind[kind] for name, kind in COLUMNS.items()}
    return pd.DataFrame([{**blank, **row} for row in rows], columns=list(COLUMNS)).astype(COLUMNS)


def keep(cache: Cache, key: str, net: Network, answer: Answer, origin: str, options: Mapping[str, Any]) -> Entry:
    """The answer in the cache; where another run was first, its answer is the one that counts.

    Parameters
    ----------
    cache : Cache
    key : str
    net : Network
        What was solved.
    answer : Answer
        With a plan, or with the proof that there is none.
    origin : str
        Key of the answer whose plan the search started from; blank where it started from nothing.
    options : mapping

    Raises
    ------
    FileError
        If it cannot be written.
    """
    head: dict[str, Any] = {"outcome": answer.outcome, "message": answer.message, "cost": math.nan,
                            "bound": answer.bound, "gap": math.nan, "gap_money": math.nan, "seconds": answer.seconds,
                            "start": origin, "options": dict(options), "made_by": dict(fingerprint())}
    solution: Solution | None = None
    if answer.tables is None:
        head["bound"] = math.nan
    else:
        status = Status(*cast("tuple[Any, Any, str]", answer.status))
        solution = Solution(net, answer.tables, status, answer.bound, answer.record)
        head |= {"cost": solution.total_cost, "gap": solution.gap, "gap_money": solution.gap_money}

    def fill(folder: Path) -> None:
        if solution is not None:
            solution.save(folder / "solution")
            solution.kpis().to_parquet(folder / _KPIS, index=False)
            decided(solution).to_parquet(folder / DECIDED, index=False)
        reasons.write(answer.reasons, folder)

    return cache.put(key, head, fill)
