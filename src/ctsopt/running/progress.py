"""How a running pack shows itself: a bar on a terminal, else one line per case. The library itself prints nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from typing import TextIO

Watch = Callable[["Event"], None]
"""Something that is told when a case begins and when it is done."""


@dataclass(frozen=True)
class Event:
    """A case has begun, or is done.

    Attributes
    ----------
    kind : {"begun", "done"}
    scenario : str
    done, total : int
        Cases that are done by now, and all of them.
    outcome, message : str
    seconds : float
        What the case took when it was solved.
    gap : float
        Proven gap as a share; not a number where there is no plan.
    from_cache : bool
        It did not have to be solved now.
    same_as : str
        Case before it with the same network.
    """

    kind: Literal["begun", "done"]
    scenario: str
    done: int
    total: int
    outcome: str = ""
    message: str = ""
    seconds: float = math.nan
    gap: float = math.nan
    from_cache: bool = False
    same_as: str = ""

    def __str__(self) -> str:
        if self.kind == "begun":
            return f"begun · {_shown(self.scenario)}"
        parts = [f"done {self.done}/{self.total}", _shown(self.scenario)]
        if self.same_as:
            parts.append(f"the same as {_shown(self.same_as)}")
        elif self.from_cache:
            parts.append("from the cache")
        elif not math.isnan(self.seconds):
            parts.append(f"{self.seconds:.0f} s" if self.seconds >= 10 else f"{self.seconds:.1f} s")
        if self.outcome == "proven":
            parts.append("proven optimal")
        elif not math.isnan(self.gap):
            parts.append(f"gap {100 * self.gap:.2g} %" + (" (time limit)" if self.outcome == "time_limit" else ""))
        else:
            parts.append(f"{self.outcome.replace('_', ' ')}: {_shown(self.message, 200)}")
        return " · ".join(parts)


@contextmanager
def watching(stream: TextIO) -> Iterator[Watch]:
    """A watch that draws a bar if `stream` is a terminal, and else writes one line per case that is done."""
    if not stream.isatty():
        yield lambda event: _write(stream, event)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        row, running = bar.add_task("", total=None), dict[str, None]()

        def watch(event: Event) -> None:
            if event.kind == "begun":
                running[event.scenario] = None
            else:
                running.pop(event.scenario, None)
                bar.console.print(str(event), markup=False, highlight=False)
            bar.update(row, total=event.total, completed=event.done, description=_shown(", ".join(running), 40))

        yield watch


def _write(stream: TextIO, event: Event) -> None:
    if event.kind == "done":
        stream.write(f"{event}\n")
        stream.flush()


def _shown(text: str, limit: int = 80) -> str:
    """The text, short, and without characters that a terminal would obey instead of showing them."""
    plain = "".join(letter if letter.isprintable() else "�" for letter in text[: limit + 1])
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"
