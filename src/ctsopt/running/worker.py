"""What a worker does: one case, from plain tables to plain tables. No object of a solver crosses a process border."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctsopt.errors import CtsError, InfeasibleError, NoPlanError
from ctsopt.files import told
from ctsopt.networks.network import Network, network
from ctsopt.progress import Progress, Tell
from ctsopt.running.cache import fingerprint
from ctsopt.running.reasons import reasons_of
from ctsopt.running.within import telling

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.synchronize import Event

    import pandas as pd

_log = logging.getLogger("ctsopt.run")

SOLVED = ("proven", "gap", "time_limit")
"""Outcomes with which there may be a plan."""


@dataclass(frozen=True)
class Task:
    """One case to solve, as plain data.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        The tables that the network was given, and its settings as a dict.
    hash : str
        That of the network.
    options : mapping
        Keywords of `ctsopt.solve`.
    start : mapping of site to bool, DataFrame or None
        Which sites are open in the plan to start from, or all that it decides (`read_back.decided`).
    made_by : mapping
        `fingerprint()` where the case was made ready.
    """

    tables: Mapping[str, Any]
    hash: str
    options: Mapping[str, Any]
    start: Mapping[str, bool] | pd.DataFrame | None
    made_by: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What came of a case, as plain data.

    Attributes
    ----------
    outcome : {"proven", "gap", "time_limit", "infeasible", "error"}
    message : str
        What there is to say about it, in one line.
    seconds : float
        By the clock, from the tables to the answer.
    tables : mapping of str to DataFrame, or None
        Those of the solution, where there is a plan.
    status : tuple of str
        The fields of its `Status`.
    bound : float
    record : mapping
    reasons : mapping of str to DataFrame
        Why no plan keeps every promise, and what can be promised instead: see `ctsopt.running.reasons`.
    trace : str
        Where an unexpected error came from.
    """

    outcome: str
    message: str = ""
    seconds: float = 0.0
    tables: Mapping[str, pd.DataFrame] | None = None
    status: tuple[str, ...] = ()
    bound: float = float("-inf")
    record: Mapping[str, Any] = field(default_factory=dict)
    reasons: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    trace: str = ""


def begin(lifeline: Connection, started: Event) -> None:
    """Make this process a worker: deaf to Ctrl-C, which is the runner's to hear, and ended with the runner.

    Parameters
    ----------
    lifeline : Connection
        The end to read of a pipe that nobody writes to. Its other end is closed when the runner wants its workers
        ended, or is no more, whatever killed it.
    started : Event
        Set when this process is ready to work.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        with contextlib.suppress(EOFError, OSError):
            lifeline.recv_bytes()
        os._exit(1)  # the main thread may be inside the solver

    threading.Thread(target=watch, name="ctsopt-lifeline", daemon=True).start()
    started.set()


def work(task: Task, tell: Tell | None = None) -> Answer:
    """Solve one case in a worker; whatever goes wrong with it is in the answer."""
    begun = time.monotonic()
    here = fingerprint()
    strange = [f"{name} {here.get(name)} instead of {value}" for name, value in task.made_by.items()
               if here.get(name) != value and name != "code"]
    if not strange and here != task.made_by:
        strange = ["other files of ctsopt"]
    if strange:
        return Answer("error", f"the worker has {', '.join(strange)}: install the same there as here, "
                      "or run again if it was changed in the meantime")
    if tell is not None:
        tell(Progress("reading"))
    try:
        net = network(task.tables)
    except Exception as error:
        return _failed(error, begun)
    if net.hash != task.hash:
        return Answer("error", "the network that reached the worker is not the one that was sent: our fault")
    return solve_case(net, task.options, task.start, begun, tell)


def work_by_file(letter: Path, states: Path | None = None) -> Path:
    """Solve the case in a file; the file that holds the answer takes its place. `states` is told how far it is."""
    reply = letter.with_suffix(".answer")
    tell = telling(states) if states is not None else None
    answer = pickle.dumps(work(pickle.loads(letter.read_bytes()), tell), pickle.HIGHEST_PROTOCOL)
    with told(reply):
        reply.write_bytes(answer)
    letter.unlink()
    return reply


def solve_case(net: Network, options: Mapping[str, Any], start: Mapping[str, bool] | pd.DataFrame | None,
               begun: float | None = None, tell: Tell | None = None) -> Answer:
    """Solve one case; whatever goes wrong with it is in the answer.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed, whether the search had found a plan by then or not.
    """
    from ctsopt.solving import solve

    begun = time.monotonic() if begun is None else begun
    try:
        solution = solve(net, start=start, progress=tell, **options)
    except InfeasibleError as error:
        limit = options.get("time_limit")
        left = math.inf if limit is None else max(limit - (time.monotonic() - begun), 0.0)
        reasons = reasons_of(error, left)
        return Answer("infeasible", _line(error), time.monotonic() - begun, reasons=reasons)
    except NoPlanError as error:
        if error.stopped_by == "interrupt":
            raise KeyboardInterrupt from error
        return Answer("time_limit", _line(error), time.monotonic() - begun)
    except Exception as error:
        return _failed(error, begun)
    status = solution.status
    if status.stopped_by == "interrupt":
        raise KeyboardInterrupt
    outcome, message = "gap", ""
    if status.solution == "optimal":
        outcome = "proven"
    elif status.stopped_by == "time_limit":
        outcome = "time_limit"
    elif status.stopped_by not in ("gap", "decided"):
        message = f"the gap asked for is not proven: stopped by {status.stopped_by} ({status.detail})"
    return Answer(outcome, message, time.monotonic() - begun, dict(solution.tables),
                  (status.solution, status.stopped_by, status.detail), solution.bound, dict(solution.record))


def _failed(error: Exception, begun: float) -> Answer:
    """The answer for a case with which something went wrong that nobody wanted."""
    trace = "" if isinstance(error, CtsError) else traceback.format_exc()
    return Answer("error", _line(error), time.monotonic() - begun, trace=trace)


def _line(error: Exception) -> str:
    """An error in one line: our own by their words alone, others with their kind."""
    words = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
    return words if isinstance(error, CtsError) else f"{type(error).__name__}: {words}".rstrip(": ")
