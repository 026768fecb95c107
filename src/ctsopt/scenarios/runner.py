"""A pack is run: every case is solved once, by whoever there is, and what is done is kept whatever happens next."""

from __future__ import annotations

import logging
import math
import os
import shutil
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pandas as pd

from ctsopt.errors import CtsError, FileError, SolverError, UsageError, nearest_name
from ctsopt.networks.network import Network
from ctsopt.programs.status import Status
from ctsopt.results.solution import Solution
from ctsopt.scenarios.cache import Cache, Entry, case_key, fingerprint
from ctsopt.scenarios.crew import Crew, crew_of, worker_died
from ctsopt.scenarios.outcome import PackResult, Solutions, table
from ctsopt.scenarios.progress import Event, Watch
from ctsopt.scenarios.resolve import why_no_plan
from ctsopt.scenarios.worker import Answer
from ctsopt.solving.options import Options

if TYPE_CHECKING:
    from ctsopt.scenarios.pack import Case, Pack

_log = logging.getLogger("ctsopt.scenarios")

_AHEAD = 8
"""Cases whose networks are made ready, and held, before there is somebody to solve them."""

_DIED = "its process ended; out of memory?"
_BROKE = "the executor that was handed in broke: a process of it ended; out of memory?"
_SHORTFALLS = "shortfalls.parquet"
_HEAD = ("outcome", "message", "cost", "bound", "gap", "gap_money", "seconds")


def run(pack: Pack | str | os.PathLike[str], workers: int | None = None, executor: Executor | None = None,
        cache: str | os.PathLike[str] | None = None, only: Iterable[str] | None = None, watch: Watch | None = None,
        seed: int = 0) -> PackResult:
    """Solve every case of a pack that was not solved before.

    A case starts from the open sites of its parent's plan, never from that of whatever happened to be solved before
    it, so that the answers do not depend on how many workers there are. Where the parent has no plan the case starts
    from nothing. Cases with the same network are solved once, for the first of them.

    Parameters
    ----------
    pack : Pack, or path of a pack file
    workers : int, optional
        Processes, each with one thread of the solver; by default one per core that this process may use, and no more
        than cases. 1 solves in this process. With an executor: how many cases it is given at the same time.
    executor : concurrent.futures.Executor, optional
        Whoever else is to do the work, such as `client.get_executor()` of dask.distributed. It is not shut down.
    cache : path, optional
        Folder of answers. By default $CTSOPT_CACHE, else `ctsopt` below $XDG_CACHE_HOME, else `~/.cache/ctsopt`.
    only : iterable of str, optional
        Names of cases. Those whose plans they start from are solved, too, and the first of those that are the same,
        so that the answers are those of the whole pack.
    watch : callable, optional
        Told of every case that begins and of every one that is done; see `ctsopt.scenarios.progress.Event`.
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
        from ctsopt.scenarios.pack import read_pack

        pack = read_pack(Path(pack))
    options = _options(pack.options, seed)
    cases = _chosen(pack, only)
    store = Cache(cache)
    folders: list[Path] = []

    def folder() -> Path:
        folders.append(store.draft())
        return folders[-1]

    crew = crew_of(workers, executor, len(cases), folder)
    running = _Run(pack, cases, options, store, crew, watch)
    try:
        running.all()
    except KeyboardInterrupt:
        _log.warning("interrupted: what is done is kept")
    finally:
        crew.end()
        running.keep_what_is_done()
        for path in folders:
            shutil.rmtree(path, ignore_errors=True)
    return running.result()


def _options(given: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Keywords of `ctsopt.solve`, all of them, with their defaults resolved."""
    known = [name for name in Options.__dataclass_fields__ if name not in ("seed", "log")]
    for name in given:
        if name in ("seed", "log", "threads"):
            raise UsageError(f"the option {name!r} belongs to whoever runs the pack, not to the pack")
        if name not in known:
            near = nearest_name(name, known)
            raise UsageError(f"a pack has no option {name!r}" + (f"; did you mean {near!r}?" if near else
                                                                 f"; there are {', '.join(known)}"))
    return Options(**given, seed=seed).record()


def _chosen(pack: Pack, only: Iterable[str] | None) -> list[Case]:
    """The cases to solve, parents before children."""
    cases = list(pack.cases)
    by_name: dict[str, Case] = {}
    for case in cases:
        if case.parent is not None and case.parent not in by_name:
            raise UsageError(f"the case {case.name!r} does not come after its parent {case.parent!r}")
        by_name[case.name] = case
    if only is None:
        return cases
    first: dict[str, str] = {}
    for name, digest in ((case.name, pack.hashes.get(case.name)) for case in cases):
        first.setdefault(digest or name, name)
    wanted: set[str] = set()
    for name in [only] if isinstance(only, str) else only:
        if name not in by_name:
            near = nearest_name(name, list(by_name))
            raise UsageError(f"the pack has no case {name!r}" + (f"; did you mean {near!r}?" if near else ""))
        wanted |= _needed(name, by_name, {name: first[pack.hashes.get(name) or name] for name in by_name})
    return [case for case in cases if case.name in wanted]


def _needed(name: str, by_name: Mapping[str, Case], first: Mapping[str, str]) -> set[str]:
    """A case, the first with the same network, which is the one that is solved, and what that one starts from."""
    needed = {name}
    walk: str | None = first[name]
    while walk is not None:
        needed |= {walk, first[walk]}
        walk = by_name[first[walk]].parent
    return needed


@dataclass(frozen=True, eq=False)
class _Ready:
    """A case whose network is made, waiting for its parent or for somebody who is free."""

    case: Case
    key: str
    net: Network


class _Run:
    """One run of a pack: which cases are still to be made ready, wait, are with a worker, or are done."""

    def __init__(self, pack: Pack, cases: list[Case], options: dict[str, Any], cache: Cache, crew: Crew,
                 watch: Watch | None) -> None:
        self._pack, self._cases, self._options = pack, cases, options
        self._cache, self._crew, self._watch = cache, crew, watch
        self._unread = deque(cases)
        self._waiting: list[_Ready] = []
        self._flying: dict[Future[Answer], tuple[_Ready, str]] = {}
        self._keys: dict[str, str] = {}
        self._first: dict[str, str] = {}
        self._done: dict[str, Entry | Answer] = {}
        self._from_cache: set[str] = set()
        self._twins: dict[str, list[str]] = {}
        self._unkept = ""

    # ---- the loop ------------------------------------------------------------------------------------------------

    def all(self) -> None:
        """Solve every case."""
        while len(self._done) < len(self._cases) and not self._unkept:
            self._hand_out()
            ahead = bool(self._unread) and len(self._waiting) < _AHEAD
            # A short wait at a time: where it is without end, Ctrl-C is not heard on every system.
            finished = wait(self._flying, timeout=0.0 if ahead else 1.0, return_when=FIRST_COMPLETED).done
            if finished:
                self._collect(finished)
            elif ahead:
                self._make_ready(self._unread.popleft())

    def _make_ready(self, case: Case) -> None:
        """Resolve a case: it is in the cache, the same as one before it, or waits to be solved."""
        net, digest = None, self._pack.hashes.get(case.name)
        if digest is None:
            net = self._network(case)
            if net is None:
                return
            digest = net.hash
        key = case_key(digest, self._options, fingerprint())
        self._keys[case.name] = key
        first = self._first.setdefault(key, case.name)
        if first in self._done:
            self._twins[first] = [case.name]
            self._finish(first, self._done[first])
        elif first != case.name:
            self._twins.setdefault(first, []).append(case.name)
        else:
            entry = self._cache.look(key)
            if entry is not None:
                self._from_cache.add(case.name)
                self._finish(case.name, entry)
            else:
                net = self._network(case) if net is None else net
                if net is not None and net.hash != digest:
                    raise SolverError(f"the network of {case.name} is not the one that was checked: our fault")
                if net is not None:
                    self._waiting.append(_Ready(case, key, net))

    def _network(self, case: Case) -> Network | None:
        """The network of a case; None where it has faults, which are its row."""
        try:
            return self._pack.network(case)
        except CtsError as error:
            why = why_no_plan(error)
            words = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
            self._finish(case.name, Answer("infeasible", why) if why else Answer("error", words))
            return None

    def _hand_out(self) -> None:
        """Give cases whose parents are done to those who are free, in pack order."""
        free = self._crew.slots - len(self._flying)
        able = [ready for ready in self._waiting if ready.case.parent is None or ready.case.parent in self._done]
        for ready in able[:max(free, 0)]:
            self._waiting.remove(ready)
            self._begin(ready)

    def _begin(self, ready: _Ready) -> None:
        start, origin = self._start(ready)
        self._tell(Event("begun", ready.case.name, len(self._done), len(self._cases)))
        try:
            future = self._crew.submit(ready.net, self._options, start)
        except Exception as error:
            if isinstance(error, OSError):
                self._unkept = self._unkept or str(error)
            elif not worker_died(error):
                raise
            future = Future()
            future.set_exception(error)
        self._flying[future] = ready, origin

    def _start(self, ready: _Ready) -> tuple[dict[str, bool] | None, str]:
        """Sites that are open in the parent's plan, of those that this case has; and the key of that plan."""
        parent = self._done.get(ready.case.parent) if ready.case.parent is not None else None
        plan = parent.plan() if isinstance(parent, Entry) else None
        if plan is None or not isinstance(parent, Entry):
            return None, ""
        sites = ready.net.axes["site"].labels.tolist()
        return {site: plan[site] for site in sites if site in plan}, parent.key

    def _collect(self, finished: Iterable[Future[Answer]]) -> None:
        """Keep the answers that have come; see to those whose worker died."""
        suspects = []
        for future in finished:
            error = _error_of(future)
            if error is not None and worker_died(error):
                suspects.append(self._flying.pop(future)[0])
            else:
                self._keep(future, error)
        if not self._crew.mends:
            for ready in suspects:
                self._finish(ready.case.name, Answer("error", _BROKE))
        elif suspects:
            self._after_a_death(suspects)

    def _keep(self, future: Future[Answer], error: BaseException | None) -> None:
        # It is in the air until it is kept, so that Ctrl-C in between loses nothing.
        ready, origin = self._flying[future]
        name = ready.case.name
        if isinstance(error, FileError):
            self._unkept = self._unkept or str(error)
            self._finish(name, Answer("error", str(error)))
        elif error is not None:
            _log.error("%s: %r", name, error)
            self._finish(name, Answer("error", f"{type(error).__name__}: {error}"))
        else:
            self._finish(name, self._kept(ready, future.result(), origin))
        del self._flying[future]

    def _kept(self, ready: _Ready, answer: Answer, origin: str) -> Entry | Answer:
        """The answer as an entry of the cache, if it is one to keep."""
        if answer.trace:
            _log.error("%s failed unexpectedly:\n%s", ready.case.name, answer.trace)
        if answer.tables is None and answer.outcome != "infeasible":
            return answer
        try:
            return _put(self._cache, ready, answer, origin, self._options)
        except FileError as error:
            # Others would be solved in vain: the run ends, with what it has.
            self._unkept = self._unkept or str(error)
            return Answer("error", f"it was solved ({answer.outcome.replace('_', ' ')}), but cannot be kept: {error}",
                          answer.seconds)

    def _after_a_death(self, suspects: list[_Ready]) -> None:
        """A process died, and the others of its pool with it: whose case it was shows when they run one by one."""
        while self._flying:
            for future in wait(self._flying, timeout=1.0).done:
                error = _error_of(future)
                if error is not None and worker_died(error):
                    suspects.append(self._flying.pop(future)[0])
                else:
                    self._keep(future, error)
        self._crew.renew()
        _log.warning("a worker process ended; solving again, one by one: %s", [one.case.name for one in suspects])
        order = [case.name for case in self._cases]
        for ready in sorted(suspects, key=lambda one: order.index(one.case.name)):
            self._begin(ready)
            future = next(iter(self._flying))
            while not wait(self._flying, timeout=1.0).done:
                pass
            error = _error_of(future)
            if error is not None and worker_died(error):
                del self._flying[future]
                self._finish(ready.case.name, Answer("error", _DIED))
                self._crew.renew()
            else:
                self._keep(future, error)

    def keep_what_is_done(self) -> None:
        """After an interruption: the answers that had come before it are kept."""
        for future in [future for future in self._flying if future.done()]:
            if _error_of(future) is None:
                self._keep(future, None)

    # ---- what is done --------------------------------------------------------------------------------------------

    def _finish(self, name: str, what: Entry | Answer) -> None:
        """Note what became of a case, and of those with the same network."""
        for each in [name, *self._twins.pop(name, [])]:
            if each in self._done:
                continue
            self._done[each] = what
            twin = each != name
            if twin:
                self._from_cache.add(each)
            row = self._row_of(what)
            self._tell(Event("done", each, len(self._done), len(self._cases), row["outcome"], row["message"],
                             row["seconds"], row.get("gap", math.nan), each in self._from_cache, name if twin else ""))

    def _tell(self, event: Event) -> None:
        if self._watch is not None:
            self._watch(event)

    def _row_of(self, what: Entry | Answer | None) -> dict[str, Any]:
        if what is None:
            return {"outcome": "interrupted", "message": "not solved: the run " + (
                "ended, since its answers cannot be kept" if self._unkept else "was interrupted")}
        if isinstance(what, Answer):
            return {"outcome": what.outcome, "message": what.message, "seconds": what.seconds}
        head = {name: what.head[name] for name in _HEAD}
        names = {key: name for name, key in reversed(self._keys.items())}
        return {**head, "start": names.get(what.head["start"], "")}

    def result(self) -> PackResult:
        """The table, and where the solutions are."""
        rows, keys, others, shortfalls = [], {}, {}, []
        for case in self._cases:
            what = self._done.get(case.name)
            row = self._row_of(what)
            if isinstance(what, Entry) and what.solution is not None:
                keys[case.name] = what.key
            else:
                others[case.name] = f"{row['outcome']}: {row['message']}"
            if isinstance(what, Entry) and (what.folder / _SHORTFALLS).is_file():
                frame = pd.read_parquet(what.folder / _SHORTFALLS)
                frame.insert(0, "scenario", case.name)
                shortfalls.append(frame)
            rows.append({"scenario": case.name, "parent": case.parent or "", "kind": case.kind, "role": case.role,
                         "state": case.state or "", "key": self._keys.get(case.name, ""), **row,
                         "from_cache": case.name in self._from_cache})
        return PackResult(self._pack, table(rows), Solutions(self._cache, keys, others), tuple(self._cache.notes),
                          pd.concat(shortfalls, ignore_index=True) if shortfalls else pd.DataFrame(), self._unkept)


def _error_of(future: Future[Answer]) -> BaseException | None:
    """What went wrong on the way to an answer; None where it has come."""
    return CancelledError("whoever was to solve it gave it up") if future.cancelled() else future.exception()


def _put(cache: Cache, ready: _Ready, answer: Answer, origin: str, options: Mapping[str, Any]) -> Entry:
    """The answer in the cache; where another run was first, its answer is the one that counts."""
    head: dict[str, Any] = {"outcome": answer.outcome, "message": answer.message, "cost": math.nan,
                            "bound": answer.bound, "gap": math.nan, "gap_money": math.nan, "seconds": answer.seconds,
                            "start": origin, "options": dict(options), "made_by": dict(fingerprint())}
    solution: Solution | None = None
    if answer.tables is None:
        head["bound"] = math.nan
    else:
        status = Status(*cast("tuple[Any, Any, str]", answer.status))
        solution = Solution(ready.net, answer.tables, status, answer.bound, answer.record)
        head |= {"cost": solution.total_cost, "gap": solution.gap, "gap_money": solution.gap_money}

    def fill(folder: Path) -> None:
        if solution is not None:
            solution.save(folder / "solution")
        if answer.shortfalls is not None:
            answer.shortfalls.to_parquet(folder / _SHORTFALLS, index=False)

    return cache.put(ready.key, head, fill)
