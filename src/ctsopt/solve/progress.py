"""How a running search shows itself: one line that is rewritten on a terminal, nothing elsewhere (the log has it)."""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ctsopt.program.highs import Progress

_log = logging.getLogger("ctsopt.solve")
_AFTER, _EVERY, _LOG_EVERY = 1.0, 0.25, 10.0


class Watch(Protocol):
    """Something that is told of the progress of a search."""

    def __call__(self, progress: Progress) -> None:
        """Take note of the state of a search."""


@contextmanager
def watching(*, quiet: bool) -> Iterator[Watch]:
    """A watch that shows progress on a terminal from the first second on, and writes a log line every ten."""
    shown = not quiet and sys.stderr.isatty()
    state = {"begin": time.monotonic(), "drawn": 0.0, "logged": 0.0, "width": 0.0}

    def watch(progress: Progress) -> None:
        now = time.monotonic() - state["begin"]
        if shown and now > _AFTER and now - state["drawn"] > _EVERY:
            text = line(progress, now)
            sys.stderr.write("\r" + text.ljust(int(state["width"])))
            sys.stderr.flush()
            state["drawn"], state["width"] = now, float(len(text))
        if now - state["logged"] > _LOG_EVERY:
            _log.info(line(progress, now))
            state["logged"] = now

    try:
        yield watch
    finally:
        if state["width"]:
            sys.stderr.write("\r" + " " * int(state["width"]) + "\r")
            sys.stderr.flush()


def line(progress: Progress, seconds: float) -> str:
    """One line on the state of a search."""
    plan = f"best plan {progress.value:,.0f}" if math.isfinite(progress.value) else "no plan yet"
    bound = f"bound {progress.bound:,.0f}" if math.isfinite(progress.bound) else "no bound yet"
    gap = ""
    if math.isfinite(progress.value) and math.isfinite(progress.bound) and progress.value:
        gap = f" · gap {max(progress.value - progress.bound, 0.0) / abs(progress.value):.2%}"
    return f"{seconds:6.0f} s · {plan} · {bound}{gap} · {progress.nodes:,} nodes"
