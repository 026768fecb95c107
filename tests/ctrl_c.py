"""Ctrl-C at a moment of the solver's work, not of the clock: the same on a fast machine and on a slow one."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from ctsopt.programs.highs import Highs
from ctsopt.programs.outcome import Progress


def press(model: Highs) -> None:
    """Press Ctrl-C from within a callback of the solver, which goes on only when the main thread has heard it."""
    os.kill(os.getpid(), signal.SIGINT)
    deadline = time.monotonic() + 20
    while not model.interrupted and time.monotonic() < deadline:
        time.sleep(0.005)
    assert model.interrupted


def press_in_a_linear_program(model: Highs) -> Highs:
    """The model, in whose first run Ctrl-C is pressed as soon as the simplex method asks whether to go on."""

    def look(_event: Any) -> None:
        if not model.interrupted:
            press(model)

    model._highs.cbSimplexInterrupt += look
    return model


def press_in_a_search(when: Callable[[Progress], bool]) -> Callable[..., Any]:
    """What stands in for `Highs.run`: Ctrl-C is pressed in the first search of which `when` is true."""
    real = Highs.run

    def run(model: Highs, time_limit: float = float("inf"), watch: Callable[[Progress], None] | None = None,
            *others: Any) -> Any:
        def look(progress: Progress) -> None:
            if watch is not None:
                watch(progress)
            if not model.interrupted and when(progress):
                press(model)

        return real(model, time_limit, look, *others)

    return run
