"""What is given before the rule begins: floors, then orders to be won, then what was confirmed before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.shortage.levels import Rise
from ctsopt.shortage.settling import Sources, settle

ENOUGH = 1e-9
"""Share of what is asked that is taken for nothing."""


@dataclass(frozen=True, eq=False)
class Given:
    """What each line has before the rule begins.

    Attributes
    ----------
    floor : float array
        What its floor gives.
    low : float array
        That, and what is committed.
    floor_not_kept, win_not_kept, gain_not_kept : bool array
        Lines whose floor, full quantity or confirmed quantity there is not enough for.
    """

    floor: Floats
    low: Floats
    floor_not_kept: Bools
    win_not_kept: Bools
    gain_not_kept: Bools


def given_before(floor: Floats, high: Floats, confirmed: Floats, strategy: np.typing.NDArray[np.object_],
                 rank: Positions, turn: Positions, sources: Sources) -> Given:
    """Floors first, in equal parts where they do not all fit; then commitments, by rank and then by order date.

    Parameters
    ----------
    floor, high, confirmed : float array
        What each line is to get at least, at most, and what was confirmed [units].
    strategy : array of str
        win, gain, share or lose.
    """
    nothing = np.zeros(len(floor))
    floor = np.where(strategy == "lose", 0.0, np.minimum(floor, high))
    kept = floor
    if floor.any():
        kept = settle(Rise.between(nothing, floor, floor, nothing), sources).share
    order = np.lexsort((turn, rank))
    low = kept
    wanted = np.select([strategy == "win", strategy == "gain"], [high, np.minimum(confirmed, high)], 0.0)
    for name in ("win", "gain"):
        more = np.where(strategy == name, np.maximum(wanted - low, 0.0), 0.0)
        if more.any():
            low = settle(Rise.in_turn(low, order, more[order]), sources).share
    return Given(kept, low, _less(kept, floor), (strategy == "win") & _less(low, wanted),
                 (strategy == "gain") & _less(low, wanted))


def _less(got: Floats, wanted: Floats) -> Bools:
    return np.asarray(got < wanted * (1 - ENOUGH), dtype=bool)
