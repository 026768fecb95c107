"""How a running pack shows itself: one line that is drawn again on a terminal, else one line per case.

The library itself prints nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ctsopt.progress import Progress

if TYPE_CHECKING:
    from typing import TextIO

_AFTER = 1.0
"""Seconds after which the phases of a case are worth a line each: most are solved by then."""

_BAR, _WIDE = 12, 110
"""Letters of the bar, and of a terminal that has room for one."""

Watch = Callable[["Event"], None]
"""Something that is told when a case begins, how far it is, and when it is done."""


@dataclass(frozen=True)
class Event:
    """A case has begun, is being solved, or is done.

    Attributes
    ----------
    kind : {"begun", "working", "done"}
        An executor of the user's own tells nothing between the two others.
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
    state : Progress or None
        How far the case is that is being solved.
    """

    kind: Literal["begun", "working", "done"]
    scenario: str
    done: int
    total: int
    outcome: str = ""
    message: str = ""
    seconds: float = math.nan
    gap: float = math.nan
    from_cache: bool = False
    same_as: str = ""
    state: Progress | None = None

    def __str__(self) -> str:
        if self.kind == "begun":
            return f"begun · {_shown(self.scenario)}"
        if self.state is not None:
            return f"working · {_shown(self.scenario)} · {str(self.state).strip()}"
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
def watching(stream: TextIO, *, phases: bool = False) -> Iterator[Watch]:
    """A watch that draws one line if `stream` is a terminal, and else writes one line per case that is done.

    The drawn line has the cases that are being solved, and how far the one is that began first. Where it cannot be
    drawn, `phases` asks for a line for each phase of a case, from its first second on.
    """
    if not stream.isatty():
        yield _Written(stream, phases=phases)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    console = Console(file=stream)
    # What is said is cut where the line ends, so that it takes the room of the bar on a narrow terminal.
    columns = (MofNCompleteColumn(), TimeElapsedColumn(), *([BarColumn(_BAR)] if console.width >= _WIDE else []),
               TextColumn("{task.description}", markup=False,
                          table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")))
    with Bar(*columns, console=console, transient=True, expand=True) as bar:
        row, running = bar.add_task("", total=None), dict[str, str]()

        def watch(event: Event) -> None:
            if event.kind == "done":
                running.pop(event.scenario, None)
                bar.console.print(str(event), markup=False, highlight=False)
            else:
                running[event.scenario] = event.state.words if event.state is not None else ""
            bar.update(row, total=event.total, completed=event.done, description=_line(running))

        yield watch


def _line(running: Mapping[str, str]) -> str:
    """How far the case is that began first, and which others are being solved."""
    names = [_shown(name, 30) for name in running]
    parts = [*names[:1], *[words for words in list(running.values())[:1] if words]]
    return " · ".join([*parts, *([f"also {_shown(', '.join(names[1:]))}"] if names[1:] else [])])


class _Written:
    """A watch that writes lines."""

    def __init__(self, stream: TextIO, *, phases: bool) -> None:
        self._stream, self._phases = stream, phases
        self._last: dict[str, str] = {}

    def __call__(self, event: Event) -> None:
        if event.kind == "done":
            self._last.pop(event.scenario, None)
        elif not self._is_news(event.scenario, event.state):
            return
        self._stream.write(f"{event}\n")
        self._stream.flush()

    def _is_news(self, scenario: str, state: Progress | None) -> bool:
        """Whether a case that takes its time has come to another phase."""
        if not self._phases or state is None or state.seconds <= _AFTER or self._last.get(scenario) == state.phase:
            return False
        self._last[scenario] = state.phase
        return True


def _shown(text: str, limit: int = 80) -> str:
    """The text, short, and without characters that a terminal would obey instead of showing them."""
    plain = "".join(letter if letter.isprintable() else "�" for letter in text[: limit + 1])
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"
