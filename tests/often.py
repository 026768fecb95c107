"""How many of many cases run when: a few with every commit, some before a change is taken, all in the long run.

tests/README.md says what the three runs are. What tests draw at random follows from one number, the seed, which is the
day of the last commit unless `--seed` gives another; it stands at the head of every run. A case that the long run found
is written down where the fixed cases are: as a seed of the list, or as an `@example`.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest

_run = {"seed": 0, "long": False}
"""Of this run: set once, before tests are collected."""


def draw_from(seed: int, long: bool) -> None:
    """From here on tests draw from this seed, in the long run more than in others."""
    _run.update(seed=seed, long=long)


def day() -> int:
    """The day of the last commit, as 20261130: a commit draws the same everywhere. Today, where there is no commit."""
    try:
        said = subprocess.run(["git", "log", "-1", "--format=%cs"], cwd=Path(__file__).parent, capture_output=True,
                              text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        said = ""
    return int(said.replace("-", "") or f"{datetime.now(UTC):%Y%m%d}")


def sampled(cases: Iterable[Any], every: int, quick: int | None = None) -> list[Any]:
    """All cases; one of each `every` runs before a change is taken, the others are marked `long`.

    Which one it is goes round with the seed, so that in the course of as many days all have their turn. Where `quick`
    is given, the first that many of them run with every commit, too, and the others are marked `slow`. What only the
    long run takes in is not even made in another one, but where nothing else is left.
    """
    marked, all_cases = [], list(cases)
    for at, case in enumerate(all_cases):
        others = bool((at - _run["seed"]) % every)
        if others and not _run["long"] and len(all_cases) >= every:
            continue
        marks = [pytest.mark.sampled, *([pytest.mark.long] if others else [])]
        if quick is not None and at >= quick * every:
            marks.append(pytest.mark.slow)
        values = case if isinstance(case, tuple) else (case,)
        marked.append(pytest.param(*values, marks=marks))
    return marked


def of_the_day(count: int) -> list[Any]:
    """That many seeds for the long run, which follow from the seed of the run; no two days have one in common.

    Any other run sees one of them, and leaves it out.
    """
    return [pytest.param(1000 * _run["seed"] + at, marks=[pytest.mark.slow, pytest.mark.long])
            for at in range(count if _run["long"] else 1)]


def times(few: int, long: int) -> int:
    """How many of what a test makes itself, in the long run and before it."""
    return long if _run["long"] else few


def drawn(examples: int, **others: Any) -> hypothesis.settings:
    """Settings of hypothesis: examples that follow from the seed, in the long run ten times as many."""
    return hypothesis.settings(max_examples=examples * (10 if _run["long"] else 1), deadline=None, **others)


def fixed(examples: int, **others: Any) -> hypothesis.settings:
    """Settings of hypothesis for what takes long: the same few examples in every run; in the long run ten times as
    many, which follow from the seed."""
    return hypothesis.settings(drawn(examples), derandomize=not _run["long"], **others)
