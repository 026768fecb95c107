"""Jobs are run: each is solved once, by whoever there is, and what is done is kept whatever happens next."""

from __future__ import annotations

import logging
import math
import os
import shutil
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctsopt.errors import CtsError, FileError, InfeasibleError, SolverError
from ctsopt.networks.network import Network
from ctsopt.progress import Progress
from ctsopt.running import reasons
from ctsopt.running.answers import HEAD, Answers, Solutions, keep, table
from ctsopt.running.bounds import handed_on
from ctsopt.running.cache import Cache, Entry, case_key, fingerprint, key_from
from ctsopt.running.crew import Crew, crew_of, worker_died
from ctsopt.running.job import Job, behind, chosen, in_order
from ctsopt.running.progress import Event, Watch
from ctsopt.running.worker import Answer

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger("ctsopt.run")

_AHEAD = 8
"""Jobs whose networks are made ready, and held, before there is somebody to solve them."""

_LISTEN = 0.25
"""Seconds after which those who solve are asked again how far they are, where somebody wants to know."""

_ROUNDING = 1e-9
"""Share of a cost by which two plans that are the same may differ."""

_DIED = "its process ended; out of memory?"
_BROKE = "the executor that was handed in broke: a process of it ended; out of memory?"


def run(jobs: Sequence[Job], workers: int | None = None, executor: Executor | None = None,
        cache: str | os.PathLike[str] | None = None, only: Iterable[str] | None = None, watch: Watch | None = None,
        ) -> Answers:
    """Solve every job that was not solved before.

    A job starts from the open sites of its parent's plan, or from the cheapest plan of the stricter ones, never from
    that of whatever happened to be solved before it, so that the answers do not depend on how many workers there are.
    Where neither has a plan the job starts from nothing. Jobs with the same network are solved once, for the first of
    them. An answer from the cache that costs more than that of a stricter job is looked for again, from there.

    Parameters
    ----------
    jobs : sequence of Job
        Each after its parent.
    workers, executor, cache, only, watch
        See `ctsopt.run`.

    Raises
    ------
    UsageError
        If an argument is not valid, the cache cannot be used, or no worker can start.
    """
    wanted = chosen(jobs, only)
    store = Cache(cache)
    folders: list[Path] = []

    def folder() -> Path:
        folders.append(store.draft())
        return folders[-1]

    crew = crew_of(workers, executor, len(wanted), folder)
    running = _Run(wanted, store, crew, watch)
    try:
        running.all()
    except KeyboardInterrupt:
        _log.warning("interrupted: what is done is kept")
    finally:
        crew.end()
        running.keep_what_is_done()
        for path in folders:
            shutil.rmtree(path, ignore_errors=True)
    return running.answers()


@dataclass(frozen=True, eq=False)
class _Ready:
    """A job whose network is made, waiting for its parent or for somebody who is free."""

    job: Job
    key: str
    net: Network


class _Run:
    """One run: which jobs are still to be made ready, wait, are with a worker, or are done."""

    def __init__(self, jobs: Sequence[Job], cache: Cache, crew: Crew, watch: Watch | None) -> None:
        self._jobs, self._cache, self._crew, self._watch = jobs, cache, crew, watch
        self._names = {job.name for job in jobs}
        self._unread, self._behind = deque(in_order(jobs)), behind(jobs)
        self._waiting: list[_Ready] = []
        self._flying: dict[Future[Answer], tuple[_Ready, str]] = {}
        self._keys: dict[str, str] = {}
        self._first: dict[str, str] = {}
        self._done: dict[str, Entry | Answer] = {}
        self._from_cache: set[str] = set()
        self._twins: dict[str, list[str]] = {}
        self._former: dict[str, str] = {}
        self._unkept = ""
        self._raised: list[Exception] = []

    # ---- the loop ------------------------------------------------------------------------------------------------

    def all(self) -> None:
        """Solve every job."""
        while len(self._done) < len(self._jobs) and not self._unkept:
            self._hand_out()
            ahead = bool(self._unread) and len(self._waiting) < _AHEAD
            finished = self._finished(at_once=ahead)
            if finished:
                self._collect(finished)
            elif ahead:
                self._make_ready(self._unread.popleft())
            if self._raised:
                raise self._raised[0]
        for job in in_order(self._jobs):
            strict, here = self._cheapest(job.no_dearer), self._cheapest([job.name])
            if strict is not None and here is not None and not self._unkept and _cost(strict) < _cost(here) - (
                    _ROUNDING * abs(_cost(here))):
                self._again(job, here, strict)

    def _cheapest(self, names: Sequence[str]) -> Entry | None:
        """The answer with the cheapest plan of some jobs; None where none has a plan."""
        done = [self._done.get(name) for name in names]
        return min((each for each in done if isinstance(each, Entry) and each.solution is not None), key=_cost,
                   default=None)

    def _again(self, job: Job, here: Entry, strict: Entry) -> None:
        """Solve a job, whose answer was there before, from a plan that asks for more and costs less."""
        alike = [name for name, key in self._keys.items() if key == here.key]
        key = key_from(here.key, strict.key)
        better = self._cache.look(key)
        net = self._network(job) if better is None else None
        if net is not None:
            self._done.pop(job.name)
            try:
                self._begin(_Ready(job, key, net))
                while self._flying:
                    self._collect(self._finished())
            finally:  # what there was is not lost, whatever comes of it
                better = self._cheapest([job.name])
                self._done[job.name] = here
        if better is not None and _cost(better) < _cost(here):
            self._former[here.key] = job.name
            for name in alike:
                self._done[name], self._keys[name] = better, better.key
            if net is not None:
                self._from_cache.discard(job.name)

    def _finished(self, *, at_once: bool = False) -> set[Future[Answer]]:
        """Those that are done by now, or a moment later; meanwhile, how far the others are is told."""
        # A short wait at a time: where it is without end, Ctrl-C is not heard on every system.
        timeout = 0.0 if at_once else 1.0 if self._watch is None else _LISTEN
        finished = wait(self._flying, timeout=timeout, return_when=FIRST_COMPLETED).done
        self._crew.listen()
        return finished

    def _make_ready(self, job: Job) -> None:
        """Resolve a job: it is in the cache, the same as one before it, or waits to be solved."""
        net, digest = None, job.hash
        if not digest:
            net = self._network(job)
            if net is None:
                return
            digest = net.hash
        key = case_key(digest, job.options, fingerprint())
        self._keys[job.name] = key
        first = self._first.setdefault(key, job.name)
        if first in self._done:
            self._twins[first] = [job.name]
            self._finish(first, self._done[first])
        elif first != job.name:
            self._twins.setdefault(first, []).append(job.name)
        else:
            entry = self._cache.look(key)
            if entry is not None:
                self._from_cache.add(job.name)
                self._finish(job.name, entry)
            else:
                net = self._network(job) if net is None else net
                if net is not None:
                    self._waiting.append(_Ready(job, key, net))

    def _network(self, job: Job) -> Network | None:
        """The network of a job; None where it has faults, which are its row."""
        try:
            return job.made()
        except SolverError:
            raise
        except CtsError as error:
            words = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
            self._finish(job.name, Answer("infeasible" if isinstance(error, InfeasibleError) else "error", words))
            return None

    def _hand_out(self) -> None:
        """Give jobs whose parents are done to those who are free: the longest row first, then in pack order."""
        free = self._crew.slots - len(self._flying)
        able = [ready for ready in self._waiting if self._waits_for(ready.job) <= self._done.keys()]
        able.sort(key=lambda ready: -self._behind[ready.job.name])
        for ready in able[:max(free, 0)]:
            self._waiting.remove(ready)
            self._begin(ready)

    def _waits_for(self, job: Job) -> set[str]:
        """Jobs of this run whose plans the search may start from."""
        return self._names & {*job.stricter, *([job.parent] if job.parent else [])}

    def _begin(self, ready: _Ready) -> None:
        start, origin = self._start(ready)
        self._tell(Event("begun", ready.job.name, len(self._done), len(self._jobs)))
        tell = partial(self._tell_within, ready.job.name) if self._watch is not None else None
        try:
            future = self._crew.submit(ready.net, ready.job.options, start, tell)
        except Exception as error:
            if isinstance(error, OSError):
                self._unkept = self._unkept or str(error)
            elif not worker_died(error):
                raise
            future = Future()
            future.set_exception(error)
        self._flying[future] = ready, origin

    def _start(self, ready: _Ready) -> tuple[dict[str, bool] | pd.DataFrame | None, str]:
        """The plan to start from, and its key: of a stricter job all of it, of the parent the sites that are open."""
        strict = self._cheapest(ready.job.no_dearer) or self._cheapest(ready.job.stricter)
        if strict is not None:
            return strict.decided(), strict.key
        parent = self._done.get(ready.job.parent) if ready.job.parent is not None else None
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
                self._finish(ready.job.name, Answer("error", _BROKE))
        elif suspects:
            self._after_a_death(suspects)

    def _keep(self, future: Future[Answer], error: BaseException | None) -> None:
        # It is in the air until it is kept, so that Ctrl-C in between loses nothing.
        ready, origin = self._flying[future]
        name = ready.job.name
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
            _log.error("%s failed unexpectedly:\n%s", ready.job.name, answer.trace)
        if answer.tables is None and answer.outcome != "infeasible":
            return answer
        try:
            return keep(self._cache, ready.key, ready.net, answer, origin, ready.job.options)
        except FileError as error:
            # Others would be solved in vain: the run ends, with what it has.
            self._unkept = self._unkept or str(error)
            return Answer("error", f"it was solved ({answer.outcome.replace('_', ' ')}), but cannot be kept: {error}",
                          answer.seconds)

    def _after_a_death(self, suspects: list[_Ready]) -> None:
        """A process died, and the others of its pool with it: whose case it was shows when they run one by one."""
        while self._flying:
            for future in self._finished():
                error = _error_of(future)
                if error is not None and worker_died(error):
                    suspects.append(self._flying.pop(future)[0])
                else:
                    self._keep(future, error)
        self._crew.renew()
        _log.warning("a worker process ended; solving again, one by one: %s", [one.job.name for one in suspects])
        order = [job.name for job in self._jobs]
        for ready in sorted(suspects, key=lambda one: order.index(one.job.name)):
            self._begin(ready)
            future = next(iter(self._flying))
            while not self._finished():
                pass
            error = _error_of(future)
            if error is not None and worker_died(error):
                del self._flying[future]
                self._finish(ready.job.name, Answer("error", _DIED))
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
            self._tell(Event("done", each, len(self._done), len(self._jobs), row["outcome"], row["message"],
                             row["seconds"], row.get("gap", math.nan), each in self._from_cache, name if twin else ""))

    def _tell(self, event: Event) -> None:
        if self._watch is not None:
            self._watch(event)

    def _tell_within(self, name: str, state: Progress) -> None:
        """How far a case is. What the watch raises ends the run once the case is done, not the case that is solved."""
        if not self._raised:
            try:
                self._tell(Event("working", name, len(self._done), len(self._jobs), state=state))
            except Exception as error:
                self._raised.append(error)

    def _row_of(self, what: Entry | Answer | None) -> dict[str, Any]:
        if what is None:
            return {"outcome": "interrupted", "message": "not solved: the run " + (
                "ended, since its answers cannot be kept" if self._unkept else "was interrupted")}
        if isinstance(what, Answer):
            return {"outcome": what.outcome, "message": what.message, "seconds": what.seconds}
        head = {name: what.head[name] for name in HEAD}
        names = {**self._former, **{key: name for name, key in reversed(self._keys.items())}}
        return {**head, "start": names.get(what.head["start"], "")}

    def answers(self) -> Answers:
        """The table, and where the solutions are."""
        rows, keys, others, why = [], {}, {}, {}
        bounds, notes = handed_on(self._jobs, {name: what for name, what in self._done.items()
                                               if isinstance(what, Entry) and what.solution is not None})
        for job in self._jobs:
            what = self._done.get(job.name)
            row = self._row_of(what)
            if job.name in bounds:
                row |= bounds[job.name].figures(row)
            if isinstance(what, Entry) and what.solution is not None:
                keys[job.name] = what.key
            else:
                others[job.name] = f"{row['outcome']}: {row['message']}"
            if what is not None:
                why[job.name] = reasons.read(what.folder) if isinstance(what, Entry) else what.reasons
            rows.append({"job": job.name, "key": self._keys.get(job.name, ""), **row,
                         "from_cache": job.name in self._from_cache})
        return Answers(table(rows), Solutions(self._cache, keys, others, bounds), (*self._cache.notes, *notes),
                       reasons.together(why, "job"), self._unkept)


def _cost(entry: Entry) -> float:
    return float(entry.head["cost"])


def _error_of(future: Future[Answer]) -> BaseException | None:
    """What went wrong on the way to an answer; None where it has come."""
    return CancelledError("whoever was to solve it gave it up") if future.cancelled() else future.exception()
