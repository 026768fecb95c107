"""The sentinel at the door: a handful of tiny programs with known answers, run before a solver is believed.

A release of a solver may call a program infeasible that has a plan, or a plan the best that is not; no plan that it
finds would show that. Each release (and each build of it) is asked once, and what it said is remembered in the folder
of the cache, where that can be written. The known answers were found by trying every choice of the whole columns, each
with a linear program by another solver (`tests/programs/test_sentinel.py`).
"""

from __future__ import annotations

import contextlib
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ctsopt.errors import NoPlanError, UntrustedSolverError
from ctsopt.folders import default_folder
from ctsopt.programs import highs
from ctsopt.programs.program import Arrays

ADMITTED = ("1.15.1",)
"""Releases of HiGHS that have passed everything of docs/solver-versions.md."""

_REVISION = 1
"""Goes up when the programs below change, so that what is remembered is asked anew."""

_FILE = "solver.json"

_INF = math.inf

_NEAR = 1e-6
"""Share by which an answer may be off."""


@dataclass(frozen=True)
class Small:
    """A tiny program: minimise the price of the columns, each at least 0.

    Attributes
    ----------
    answer : float
        The least that it comes to; infinite where there is no plan.
    columns : tuple
        Price, upper bound and whether it is whole (1), of each.
    rows : tuple
        Lower and upper side, and coefficients by column, of each.
    """

    answer: float
    columns: tuple[tuple[float, float, int], ...]
    rows: tuple[tuple[float, float, Mapping[int, float]], ...]

    def arrays(self) -> Arrays:
        """The same as arrays."""
        price, upper, whole = (np.array(part) for part in zip(*self.columns, strict=True))
        matrix = np.zeros((len(self.rows), len(price)))
        for number, (_, _, terms) in enumerate(self.rows):
            matrix[number, list(terms)] = list(terms.values())
        low, high = (np.array([row[side] for row in self.rows], dtype=np.float64) for side in (0, 1))
        return Arrays(sp.csc_array(matrix), price.astype(np.float64), 0.0, np.zeros(len(price)),
                      upper.astype(np.float64), whole.astype(bool), low, high)


PROGRAMS = (
    # Lots of 4, 5 and 6 at 3, 4 and 6: at least 5, and the first or the last among them.
    Small(6.0, ((3, 1, 1), (4, 1, 1), (6, 1, 1)), ((5, _INF, {0: 4, 1: 5, 2: 6}), (1, _INF, {0: 1, 2: 1}))),
    # 2 a + 2 b = 3 has no whole plan, and 1.5 as a linear program.
    Small(_INF, ((1, 5, 1), (1, 5, 1)), ((3, 3, {0: 2, 1: 2}),)),
    Small(1.5, ((1, 5, 0), (1, 5, 0)), ((3, 3, {0: 2, 1: 2}),)),
    # Parts of stock networks (docs/solver-versions.md): HiGHS 1.16.0 gives 2,047.78, and no plan at all.
    Small(1855.0630136986304, (
        (0.2, _INF, 0), (0.2, _INF, 0), (0.2, _INF, 0), (0, 0, 0), (0, 1, 1), (0, 1, 1), (100, 1, 1), (200, 1, 1),
        (200, 1, 1), (700, 1, 1), (30, _INF, 0), (30, _INF, 0), (-20, _INF, 0),
    ), (
        (3517, 3517, {0: 1, 1: 1, 3: 1}), (3749, 3749, {2: 1}),
        (0, 0, {1: -0.0027397260273972603, 2: -0.0027397260273972603, 10: 1, 11: 1, 12: 1}),
        (-_INF, 0, {6: -1, 7: 1, 8: 1, 9: 1}), (-_INF, 0, {7: -10.3, 10: 1}), (-_INF, 0, {8: -10, 11: 1}),
        (-_INF, 0, {9: -19.90684933497534, 12: 1}), (-_INF, 1, {4: 1, 5: 1}), (-_INF, 0, {0: 1, 4: -4000}),
        (-_INF, 0, {1: 1, 5: -4000}),
    )),
    Small(10360.340191780822, (
        (0.3, _INF, 0), (0.3, _INF, 0), (0.3, _INF, 0), (0.3, _INF, 0), (0.3, _INF, 0), (0, 0, 0), (0, 1, 1),
        (0, 1, 1), (30, 1, 1), (200, 1, 1), (4000, 1, 1), (4000, 1, 1), (0, 1, 1), (0, 1, 1), (2000, 1, 1),
        (2000, 1, 1), (2000, 1, 1), (30, _INF, 0), (20, _INF, 0), (300, _INF, 0), (300, _INF, 0), (200, _INF, 0),
        (200, _INF, 0), (200, _INF, 0),
    ), (
        (627, 627, {0: 1, 3: 1, 5: 1}), (2086, 2086, {4: 1}), (6115, 6115, {2: 1}),
        (0, 0, {0: -0.0027, 2: -0.0027397260273972603, 17: 1, 18: 1}),
        (0, 0, {3: -0.0027397260273972603, 4: -0.0027397260273972603, 21: 1, 22: 1, 23: 1}),
        (-_INF, 0, {9: -1, 14: 1, 15: 1, 16: 1}), (-_INF, 0, {10: -17, 17: 1}), (-_INF, 0, {11: -20, 18: 1}),
        (-_INF, 0, {14: -6, 21: 1}), (-_INF, 0, {15: -6, 22: 1}), (-_INF, 0, {16: -7.432876719761644, 23: 1}),
        (0, _INF, {10: -16.75, 17: 1}), (0, _INF, {11: -17, 18: 1}), (0, _INF, {14: -5.66, 21: 1}),
        (0, _INF, {15: -5.715068493150685, 22: 1}), (0, _INF, {16: -7, 23: 1}), (-_INF, 0, {3: 1, 4: 1, 9: -3000}),
        (-_INF, 0, {4: 1, 14: -2100, 15: -2100, 16: -2100}), (-_INF, 0, {2: 1, 10: -6120, 11: -6120}),
        (-_INF, 1, {6: 1, 7: 1}), (-_INF, 0, {0: 1, 6: -630}), (-_INF, 0, {3: 1, 7: -630}),
    )),
)

_said: dict[str, str] = {}
"""What each release said in this process: blank where all answers were right."""


def admit() -> None:
    """Believe the solver, or refuse it.

    Raises
    ------
    UntrustedSolverError
        If it gives a wrong answer to a program whose answer is known.
    NoPlanError
        If Ctrl-C came before it had answered.
    """
    build = highs.build()
    if build not in _said:
        _said[build] = "" if _remembered(build) else _lie()
        if not _said[build]:
            _remember(build)
    if _said[build]:
        raise UntrustedSolverError(
            f"HiGHS {highs.version()} is not used, because it gives wrong answers: {_said[build]}. Install a "
            f"release that has passed our tests: pip install 'highspy=={ADMITTED[-1]}'")


def admitted() -> bool:
    """Whether this release has passed all tests, and not only the few at the door."""
    return highs.version() in ADMITTED


def _lie() -> str:
    """The first wrong answer, in words; blank where there is none."""
    for program in PROGRAMS:
        arrays = program.arrays()
        found = highs.Highs(arrays, mip_rel_gap=_NEAR / 10, mip_abs_gap=1e-9).run()
        if found.stopped_by == "interrupt":  # no answer is no lie
            raise NoPlanError("interrupted before any plan was found", found.stopped_by)
        value = found.value if found.plan is not None else _INF
        if found.stopped_by == ("gap" if program.answer < _INF else "infeasible") and (
                value == program.answer or abs(value - program.answer) <= _NEAR * program.answer) and (
                value == _INF or found.bound <= program.answer * (1 + _NEAR)):
            continue
        said = "that there is no plan" if found.stopped_by == "infeasible" else (
            f"that the least is {value:,.4f}" if found.stopped_by == "gap" else f'"{found.detail}"')
        right = "there is none" if program.answer == _INF else f"the least is {program.answer:,.4f}"
        return f"of a small program it says {said}, where {right}"
    return ""


def _remembered(build: str) -> bool:
    with contextlib.suppress(OSError, ValueError):
        known = json.loads((default_folder() / _FILE).read_text(encoding="utf-8"))
        return isinstance(known, dict) and known.get("passed") == _token(build)
    return False


def _remember(build: str) -> None:
    with contextlib.suppress(OSError):  # asked again the next time
        folder = default_folder()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _FILE).write_text(json.dumps({"passed": _token(build)}), encoding="utf-8")


def _token(build: str) -> str:
    return f"{build}, programs {_REVISION}, {platform.system()} {platform.machine()}"
