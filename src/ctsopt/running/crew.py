"""Who does the work: this process, processes of our own, or an executor that somebody hands in.

Each takes a case and gives a future of its `Answer`, so that the runner need not know which it is.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Event as Started
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ctsopt.errors import UsageError
from ctsopt.files import told
from ctsopt.networks.network import Network
from ctsopt.progress import Tell
from ctsopt.running import worker
from ctsopt.running.cache import fingerprint
from ctsopt.running.within import Listening
from ctsopt.running.worker import Answer, Task

if TYPE_CHECKING:
    import pandas as pd

_AT_ONCE = 32
"""Cases given at once to an executor of which nobody says how many workers it has."""


class Crew(Protocol):
    """Those who solve cases.

    Attributes
    ----------
    slots : int
        How many they may be given at the same time.
    mends : bool
        Whether they can be as before after one of them died.
    """

    slots: int
    mends: bool

    def submit(self, net: Network, options: Mapping[str, Any], start: Mapping[str, bool] | pd.DataFrame | None,
               tell: Tell | None = None) -> Future[Answer]:
        """Have a case solved; `tell` is told how far it is, by those who can, meanwhile or in `listen`."""

    def listen(self) -> None:
        """Tell what those who solve have said since; of a case whose answer is there, nothing more comes later."""

    def renew(self) -> None:
        """Be as before one of them died."""

    def end(self) -> None:
        """End what runs, and wait until it has ended."""


@dataclass
class Here:
    """Everything in the process that runs the pack: a case is solved before `submit` returns."""

    slots: int = 1
    mends: bool = True
    _pressed: bool = False

    def submit(self, net: Network, options: Mapping[str, Any], start: Mapping[str, bool] | pd.DataFrame | None,
               tell: Tell | None = None) -> Future[Answer]:
        """Solve a case.

        Raises
        ------
        KeyboardInterrupt
            If Ctrl-C was pressed, even while the solver completed the plan of the case before and did not mind.
        """
        if self._pressed:
            raise KeyboardInterrupt
        future: Future[Answer] = Future()
        with _noticing_ctrl_c() as pressed:
            future.set_result(worker.solve_case(net, options, start, tell=tell))
        self._pressed = pressed()
        return future

    def listen(self) -> None:
        """It was told while the case was solved."""

    def renew(self) -> None:
        """Nobody else is there who could die."""

    def end(self) -> None:
        """Nothing runs."""


@contextlib.contextmanager
def _noticing_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed within, whoever handles it: Python writes the number of each signal to a pipe."""
    if os.name != "posix" or threading.current_thread() is not threading.main_thread():
        yield lambda: False  # elsewhere it would have to be a socket
        return
    seen = bytearray()
    here, there = os.pipe()
    os.set_blocking(here, False)
    os.set_blocking(there, False)
    before = signal.set_wakeup_fd(there, warn_on_full_buffer=False)
    try:
        yield lambda: signal.SIGINT in seen
    finally:
        signal.set_wakeup_fd(before)
        with contextlib.suppress(BlockingIOError):
            seen += os.read(here, 4096)
        os.close(here)
        os.close(there)
        if before != -1 and seen:
            os.write(before, seen)  # an event loop that listens is told, too


class Processes:
    """Processes of our own, each with one thread of the solver; they end with this one, however it ends.

    They are started afresh (`spawn`): a fork would copy locks that threads of this process hold. Cases and answers
    travel by files, and only their names by the pool's pipes: a process that dies while it writes more to a pipe than
    fits in one piece leaves the pool waiting for the rest for ever.

    Parameters
    ----------
    slots : int
        How many.
    folder : Path
        Where the files go: nobody else may write there.
    """

    mends = True

    def __init__(self, slots: int, folder: Path) -> None:
        self.slots = slots
        self._folder = folder
        self._context = multiprocessing.get_context("spawn")
        self._numbers = itertools.count()
        self._could_start = False
        self._listening: list[Listening] = []
        self._open()

    def _open(self) -> None:
        watched, held = self._context.Pipe(duplex=False)
        self._ends = [watched, held]
        self._started: Started = self._context.Event()
        self._pool = ProcessPoolExecutor(self.slots, self._context, worker.begin, (watched, self._started))

    def submit(self, net: Network, options: Mapping[str, Any], start: Mapping[str, bool] | pd.DataFrame | None,
               tell: Tell | None = None) -> Future[Answer]:
        """Have a case solved by the next process that is free."""
        letter = self._folder / f"{next(self._numbers)}.pickle"
        with told(letter):
            letter.write_bytes(pickle.dumps(task(net, options, start), pickle.HIGHEST_PROTOCOL))
        states = letter.with_suffix(".states") if tell is not None else None
        with _deaf_children():
            posted = self._pool.submit(worker.work_by_file, letter, states)
        answer: Future[Answer] = Future()
        answer.set_running_or_notify_cancel()
        if states is not None and tell is not None:
            self._listening.append(Listening(states, answer, tell))
        posted.add_done_callback(lambda done: _open_letter(done, answer))
        return answer

    def listen(self) -> None:
        """Tell what the processes have written about their cases."""
        self._listening = [each for each in self._listening if each.hear()]

    def renew(self) -> None:
        """New processes in the place of those that were ended with the one that died."""
        self._could_start |= self._started.is_set()
        self.end()
        if not self._could_start:
            raise UsageError("the worker processes cannot start; in a script, put what runs the pack under "
                             "`if __name__ == \"__main__\":`, or use workers=1")
        self._open()

    def end(self) -> None:
        """End the processes, whatever they do, and wait for them."""
        for connection in self._ends:
            connection.close()
        self._ends = []
        self._pool.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started in here do not hear Ctrl-C, not even while they start; this one hears it a moment later."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _open_letter(posted: Future[Path], answer: Future[Answer]) -> None:
    """Settle the future of an answer from that of the file in which it comes."""
    try:
        letter = posted.result()
        answer.set_result(pickle.loads(letter.read_bytes()))
        letter.unlink()
    except BaseException as error:  # whatever it is, it belongs to whoever asks for the answer
        answer.set_exception(error)


class Borrowed:
    """An executor that somebody hands in: it is neither made anew nor shut down here.

    Parameters
    ----------
    executor : Executor
    slots : int, optional
        Cases that it is given at the same time.
    """

    mends = False

    def __init__(self, executor: Executor, slots: int | None) -> None:
        self.slots = slots or _AT_ONCE
        self._executor = executor
        self._given: list[Future[Answer]] = []

    def submit(self, net: Network, options: Mapping[str, Any], start: Mapping[str, bool] | pd.DataFrame | None,
               tell: Tell | None = None) -> Future[Answer]:
        """Hand a case on; nothing is heard of it before its answer."""
        future = self._executor.submit(worker.work, task(net, options, start))
        self._given = [*(one for one in self._given if not one.done()), future]
        return future

    def listen(self) -> None:
        """There is no way by which it could be told."""

    def renew(self) -> None:
        """Not ours to mend."""

    def end(self) -> None:
        """Take back what has not begun; what runs is not ours to end."""
        for future in self._given:
            future.cancel()


def task(net: Network, options: Mapping[str, Any], start: Mapping[str, bool] | pd.DataFrame | None) -> Task:
    """A case as plain data."""
    settings = {name: value for name, value in net.settings.items() if value != float("inf")}
    tables = {name: net.tables[name] for name in sorted(net.given - {"settings"})}
    return Task({**tables, "settings": settings}, net.hash, options, start, fingerprint())


def crew_of(workers: int | None, executor: Executor | None, cases: int, folder: Callable[[], Path]) -> Crew:
    """Who is to solve so many cases; `folder` makes one for files of this run, where that is needed.

    Raises
    ------
    UsageError
        If `workers` is not a whole number from 1 up, or `executor` is none.
    """
    if workers is not None and (type(workers) is not int or workers < 1):
        raise UsageError(f"workers = {workers!r}: give a whole number from 1 up, or None for one per core")
    if executor is not None:
        if not isinstance(executor, Executor):
            raise UsageError(f"executor: a concurrent.futures.Executor is needed, not {type(executor).__name__}; "
                             "of a dask client it is client.get_executor()")
        return Borrowed(executor, workers)
    count = min(workers or cores(), max(cases, 1))
    return Here() if count == 1 else Processes(count, folder())


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worker_died(error: BaseException) -> bool:
    """Whether this error of a future says that the process died in which the case was solved."""
    return isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker"


@contextlib.contextmanager
def dask_executor(address: str | None = None, workers: int | None = None) -> Iterator[Executor]:
    """An executor on a cluster of dask.distributed, for `run(pack, executor=...)`.

    Parameters
    ----------
    address : str, optional
        The scheduler's, such as `tcp://10.0.0.7:8786`. Without it a cluster is started on this machine, and ended.
    workers : int, optional
        Processes of that cluster; as many as cores by default.

    Raises
    ------
    UsageError
        If dask.distributed is not installed.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise UsageError("dask.distributed is not installed: pip install 'ctsopt[distributed]'") from error
    with contextlib.ExitStack() as stack:
        cluster: Any = address
        if cluster is None:
            # One thread each, and on the loopback only: nobody else is to reach it.
            cluster = stack.enter_context(distributed.LocalCluster(
                n_workers=workers or cores(), threads_per_worker=1, processes=True, host="127.0.0.1",
                dashboard_address=None))
        client = stack.enter_context(distributed.Client(cluster))
        yield stack.enter_context(client.get_executor(pure=False))
