"""Local search: from a design to better ones, a site less, a site more, or one for another at a time."""

from __future__ import annotations

import logging

import numpy as np

from ctsopt.keys import Floats
from ctsopt.solving.plans.moves import Learned, missed, moves_from
from ctsopt.solving.plans.valued import Designs
from ctsopt.solving.strategies.prices import Ways

_log = logging.getLogger("ctsopt.solve")

_WORTH = 1e-5
"""A design is better where it saves this share of the cost."""


def better(designs: Designs, ways: Ways, design: Floats, work: float, tries: int) -> Floats:
    """A design near another one from which no move that was tried leads to a better one; or where the work ended.

    Parameters
    ----------
    designs : Designs
    ways : Ways
        Of the same program.
    design : float array
        Where to begin: it has a plan.
    work : float
        Most work, in the measure of `designs`.
    tries : int
        Moves in a row that are tried in vain.
    """
    best, end, learned = designs.value(design), designs.work + work, Learned(len(design))
    while True:
        flows = designs.flows(design)
        if flows is None:
            return design
        mark = designs.session.mark()
        moves, found = moves_from(designs, ways, design, flows), False
        tried = np.zeros(len(moves.change), dtype=bool)
        for turn in range(min(tries, len(tried))):
            if designs.over or designs.work >= end:
                return design
            change = moves.change + learned.of(moves)
            # By turns as estimated and as learned: what is learned of two sites may be the fault of one.
            k = int(np.argmin(np.where(tried, np.inf, moves.change if turn % 2 else change)))
            other, tried[k] = moves.to(design, k), True
            if mark is not None:
                designs.session.back_to(mark)
            value = designs.value(other)
            learned.add(moves, k, missed(value, best) - float(change[k]))
            if value < best - _WORTH * abs(best):
                _log.debug("design of %.9g", value)
                design, best, found = other, value, True
                break
        if not found:
            return design
