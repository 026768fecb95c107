"""Plans by designs: those of slopes and of a relaxation, then better ones nearby; counted in work, not in seconds."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ctsopt.keys import Floats
from ctsopt.solving.plans.nearby import better
from ctsopt.solving.plans.slopes import by_slopes
from ctsopt.solving.plans.valued import Designs
from ctsopt.solving.strategies.prices import Ways

_SLOPES, _LAST = 12, 4
"""Rounds of slopes, and how many of their last designs are valued."""

_SLOPES_SHARE = 0.25
"""Share of the work for slopes at the most."""

_FEW_ROWS = 6_000
"""Programs of more rows take too long for slopes where there is a design already."""

_TRIES = 40
"""Moves in a row that are tried in vain."""

_PARTS = (0.5, 0.2)
"""A site of a relaxation is there where more than this part of it is open."""


def good_designs(designs: Designs, ways: Ways, starts: Iterable[Floats], work: float, most: int) -> list[Floats]:
    """The best designs that are found with so much work, the best first; none where no design has a plan.

    Parameters
    ----------
    designs : Designs
    ways : Ways
        Of the same program.
    starts : designs
        Where to begin, besides those of slopes.
    work : float
        Most work, in the measure of `designs`.
    most : int
        How many.
    """
    end = designs.work + work
    for start in starts:
        if designs.work < end:
            designs.value(start)
    last: list[Floats] = []
    few = len(designs.arrays.row_lower) <= _FEW_ROWS or not designs.best(1)
    for design in by_slopes(designs, _SLOPES) if few else ():
        last.append(design)
        if designs.work > end - (1 - _SLOPES_SHARE) * work:
            break
    for design in last[:-_LAST - 1:-1]:
        if designs.work < end:
            designs.value(design)
    begin = designs.best(1)
    if begin and designs.work < end:
        better(designs, ways, begin[0], end - designs.work, _TRIES)
    return designs.best(most)


def rounded(designs: Designs, relaxed: Floats) -> list[Floats]:
    """Designs near the values of a relaxation."""
    gates = designs.gates
    parts = relaxed[gates.design]
    return [np.clip((parts > part).astype(float), gates.lower, gates.upper) for part in _PARTS]
