"""A pack is run, and what that leaves behind: one row per case, and the solutions, read when they are looked at."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.errors import UsageError, legible
from ctsopt.packs.jobs import jobs_of
from ctsopt.packs.pack import Pack, read_pack
from ctsopt.results.solution import Solution
from ctsopt.running import runner
from ctsopt.running.progress import Watch
from ctsopt.running.reasons import TABLES
from ctsopt.tables.spreadsheet import harmless, write_csv

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison

COLUMNS = {"scenario": "str", "parent": "str", "kind": "str", "role": "str", "state": "str", "key": "str",
           "start": "str", "outcome": "str", "message": "str", "cost": "float64", "bound": "float64", "gap": "float64",
           "gap_money": "float64", "seconds": "float64", "from_cache": "bool"}
"""Columns of the table of a run, with their types."""

FAILED = ("infeasible", "error")
"""Outcomes of cases that failed; one that a limit or Ctrl-C ended has not."""


@dataclass(frozen=True, eq=False)
class PackResult:
    """What came of a pack.

    Attributes
    ----------
    pack : Pack
    rows : DataFrame
        One row per case, in pack order: scenario, parent, kind, role (see `Case`), state, key (of its answer in the
        cache), start (the case whose open sites the search started from; blank for none), outcome, message, cost and
        bound (money), gap (share), gap_money, seconds (what it took when it was solved), from_cache (it was not solved
        now). Outcomes: `proven` (optimal to 1e-6), `gap` (within the gap asked for), `time_limit` (ended by the clock;
        the bound holds all the same), `infeasible`, `error`, `interrupted`.
    solutions : mapping of str to Solution
        Those cases that have a plan.
    notes : tuple of str
        What else is worth knowing, such as entries of the cache that were damaged.
    reasons : mapping of str to DataFrame
        Of the cases that are infeasible: why, and what can be promised instead. Tables by name, each with the column
        scenario: `shortfalls`, `by_tier`, `conflicts`, `limits`, `volumes`, `unreached` (see `Explanation`), `reasons`
        (the sentences: line, words), `offers` (offer, kind, tier, words, figure, unit, price, edits as JSON). Those
        that would be empty are not there.
    unkept : str
        Why the run ended before its time, where answers could not be kept; blank otherwise.
    """

    pack: Pack
    rows: pd.DataFrame
    solutions: Mapping[str, Solution]
    notes: tuple[str, ...] = ()
    reasons: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    unkept: str = ""

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C, or a disk that is full, ended the run before every case was done."""
        return bool((self.rows["outcome"] == "interrupted").any())

    @property
    def failed(self) -> list[str]:
        """Names of the cases that failed: infeasible, or an error."""
        return self.rows.loc[self.rows["outcome"].isin(FAILED), "scenario"].tolist()

    @property
    def shortfalls(self) -> pd.DataFrame:
        """Promises that cannot be kept: scenario, and the columns of `InfeasibleError.shortfalls`."""
        return self._of_reasons("shortfalls")

    @property
    def offers(self) -> pd.DataFrame:
        """What can be promised instead of what cannot be kept; each was solved."""
        return self._of_reasons("offers")

    def edits(self, scenario: str, offer: str) -> list[dict[str, Any]]:
        """Edits of an offer, for a scenario that extends the one that cannot be kept, or for `Network.with_edits`.

        Raises
        ------
        UsageError
            If there is no such offer.
        """
        table = self.offers
        mine = table[table["scenario"] == scenario] if len(table) else table
        known = dict(zip(mine["offer"], mine["edits"], strict=True)) if len(mine) else {}
        if offer not in known:
            raise UsageError(f"{scenario} has no offer {offer!r}; there are {', '.join(known) or 'none'}")
        edits: list[dict[str, Any]] = json.loads(known[offer])
        return edits

    def instead(self) -> list[str]:
        """What can be promised instead, a line for each offer below one for its scenario."""
        lines: list[str] = []
        for scenario, mine in self.offers.groupby("scenario", sort=False) if len(self.offers) else ():
            lines += [f"{legible(str(scenario))}: what can be promised instead, or would let it be kept:",
                      *(f"  {offer}  {legible(words)}" for offer, words in zip(mine["offer"], mine["words"],
                                                                              strict=True))]
        return lines

    def _of_reasons(self, name: str) -> pd.DataFrame:
        return self.reasons[name] if name in self.reasons else pd.DataFrame()

    def compare(self, against: str | None = None) -> Comparison:
        """The cases beside each other; see `ctsopt.compare`."""
        from ctsopt.comparing.comparison import compare

        return compare(self, against)

    def write(self, folder: str | Path) -> Path:
        """Write `cases.csv`, and the tables of `reasons` where a case is infeasible, into a folder.

        A text that a spreadsheet would take for a formula gets an apostrophe before it.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        write_csv(harmless(self.rows), target / "cases.csv")
        for name in TABLES:
            if name in self.reasons:
                write_csv(harmless(self.reasons[name]), target / f"{name}.csv")
            else:
                (target / f"{name}.csv").unlink(missing_ok=True)
        return target

    def __str__(self) -> str:
        counts = self.rows["outcome"].value_counts()
        words = ", ".join(f"{count} {str(outcome).replace('_', ' ')}" for outcome, count in counts.items())
        return f"{self.pack.name}: {len(self.rows)} cases: {words}"


def run(pack: Pack | str | os.PathLike[str], workers: int | None = None, executor: Executor | None = None,
        cache: str | os.PathLike[str] | None = None, only: Iterable[str] | None = None, watch: Watch | None = None,
        seed: int = 0) -> PackResult:
    """Solve every case of a pack that was not solved before.

    A case starts from the open sites of its parent's plan, never from that of whatever happened to be solved before
    it, so that the answers do not depend on how many workers there are. Where the parent has no plan the case starts
    from nothing. Cases with the same network are solved once, for the first of them.

    Along a sweep whose cases differ in what is promised alone, a looser case starts from the cheapest plan of the
    stricter ones, with its flows, and costs no more than that; where stock is planned, than that costs here. Where no
    stock is planned, a stricter one takes over the bound of a looser one that is better.

    Parameters
    ----------
    pack : Pack, or path of a pack file
    workers : int, optional
        Processes, each with one thread of the solver; by default one per core that this process may use, and no more
        than cases. 1 solves in this process. With an executor: how many cases it is given at the same time.
    executor : concurrent.futures.Executor, optional
        Whoever else is to do the work, such as `client.get_executor()` of dask.distributed. It is not shut down.
    cache : path, optional
        Folder of answers. By default $CTSOPT_CACHE, else `ctsopt` among the user's caches (on Linux `~/.cache`).
    only : iterable of str, optional
        Names of cases. Those whose plans they start from are solved, too, and the first of those that are the same,
        so that the answers are those of the whole pack.
    watch : callable, optional
        Told of every case that begins, of how far it is meanwhile (with an executor not), and of every one that is
        done; see `ctsopt.running.progress.Event`.
    seed : int
        Seed of the solver's random choices.

    Returns
    -------
    PackResult
        A case that failed is a row of it, and so is one that Ctrl-C, or a full disk, kept from being solved.

    Raises
    ------
    UsageError
        If an argument or an option of the pack is not valid, the cache cannot be used, or no worker can start.
    DataError
        If the pack file has faults; `findings` lists all of them.
    """
    if isinstance(pack, (str, os.PathLike)):
        pack = read_pack(Path(pack))
    answers = runner.run(jobs_of(pack, seed), workers, executor, cache, only, watch)
    cases = {case.name: case for case in pack.cases}
    told = [cases[name] for name in answers.rows["job"]]
    of_case = pd.DataFrame({"scenario": [case.name for case in told], "parent": [case.parent or "" for case in told],
                            "kind": [case.kind for case in told], "role": [case.role for case in told],
                            "state": [case.state or "" for case in told]})
    rows = pd.concat([of_case, answers.rows], axis=1)[list(COLUMNS)].astype(COLUMNS)
    return PackResult(pack, rows, answers.solutions, answers.notes,
                      {name: frame.rename(columns={"job": "scenario"}) for name, frame in answers.reasons.items()},
                      answers.unkept)
