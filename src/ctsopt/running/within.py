"""How far a case is, told from one process to another by a file that grows by a line at a time.

Whoever solves the case only writes, and never waits for whoever reads. A line that is lost, cut or late is a line that
is not shown: no answer depends on it.
"""

from __future__ import annotations

import contextlib
import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from ctsopt.progress import Progress, Tell


def telling(path: Path) -> Tell:
    """Something to be told of the progress, which writes it to a file."""
    def tell(state: Progress) -> None:
        line = json.dumps([state.phase, state.seconds, state.plan, state.bound, state.nodes])
        # The disk may be full: what cannot be shown is no reason to give up a case.
        with contextlib.suppress(OSError), path.open("ab") as file:
            file.write(f"{line}\n".encode())

    return tell


class Listening:
    """What somebody writes about a case until there is an answer.

    Parameters
    ----------
    path : Path
        The file, which is there once something is told.
    answer : Future
        Done when nothing more is told.
    tell : callable
        Told of what is heard.
    """

    def __init__(self, path: Path, answer: Future[Any], tell: Tell) -> None:
        self._path, self._answer, self._tell = path, answer, tell
        self._read = 0

    def hear(self) -> bool:
        """Tell what is new; whether more may come."""
        done = self._answer.done()  # asked first, so that what was written before the answer is still heard
        for line in self._new():
            state = _state(line)
            if state is not None:
                self._tell(state)
        if done:
            with contextlib.suppress(OSError):  # it goes with its folder, then
                self._path.unlink(missing_ok=True)
        return not done

    def _new(self) -> list[bytes]:
        """The lines that are whole, and were not read before."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                text = file.read()
        except OSError:
            return []
        whole = text[:text.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole.splitlines()


def _state(line: bytes) -> Progress | None:
    """The state that a line tells; None where the line was cut, as on a full disk."""
    try:
        phase, seconds, plan, bound, nodes = json.loads(line)
        return Progress(str(phase), float(seconds), float(plan), float(bound), int(nodes))
    except (ValueError, TypeError):
        return None
