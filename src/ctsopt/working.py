"""What a person sees while a command works: one line that is drawn again on a terminal, else a line per phase."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ctsopt.progress import Progress, Tell

if TYPE_CHECKING:
    from typing import TextIO

    from rich.text import Text

_AFTER = 1.0
"""Seconds after which there is something to see: most networks are solved by then."""


class _Shown:
    """The state last told, from the beginning of the command on; its clock goes on between two states."""

    def __init__(self) -> None:
        self.begin = time.monotonic()
        self.state = Progress("")

    def take(self, state: Progress) -> None:
        """Take a state."""
        self.state = state

    def now(self) -> Progress:
        """The state as it is now."""
        return replace(self.state, seconds=time.monotonic() - self.begin)

    def __rich__(self) -> Text:
        from rich.text import Text

        line = str(self.now()) if self.state.phase and time.monotonic() - self.begin > _AFTER else ""
        return Text(line, no_wrap=True, overflow="ellipsis")


@contextmanager
def working(stream: TextIO) -> Iterator[Tell]:
    """Something to be told of the progress of a command; it shows nothing of one that is done within a second.

    On a terminal the line is wiped at the end. Elsewhere a line is written for each phase: when it begins, with what is
    known by then, or after the first second.
    """
    shown = _Shown()
    if not stream.isatty():
        with _a_line_per_phase(shown, stream) as tell:
            yield tell
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream)
    with Live(shown, console=console, refresh_per_second=4, transient=True, redirect_stdout=False,
              redirect_stderr=False):
        yield shown.take


@contextmanager
def _a_line_per_phase(shown: _Shown, stream: TextIO) -> Iterator[Tell]:
    lock, written = threading.Lock(), [""]

    def write() -> None:
        with lock:
            if shown.state.phase and written[0] != shown.state.phase:
                written[0] = shown.state.phase
                stream.write(f"{shown.now()}\n")
                stream.flush()

    def tell(state: Progress) -> None:
        shown.take(state)
        if time.monotonic() - shown.begin > _AFTER:
            write()

    late = threading.Timer(_AFTER, write)
    late.daemon = True
    late.start()
    try:
        yield tell
    finally:
        late.cancel()
