"""Safety stock at declared volumes, solved once in a process: the cases of a pack have most of their rows in common."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ctsopt.inventory.curves import first_volumes
from ctsopt.inventory.demand import crossing_lead_time_sd
from ctsopt.inventory.on_hand import held_stock
from ctsopt.inventory.safety_stock import safety_stock

Floats = npt.NDArray[np.float64]

_ROOM = 64 * 1024**2
"""Bytes of solved rows that are kept; the oldest go first."""


class Declared(NamedTuple):
    """Units at each declared volume, shape (rows, volumes).

    Attributes
    ----------
    safety : float array
        Safety stock on hand; less than what covers where goods leave before a quoted wait is over.
    cover : float array
        Safety stock that the fill rate needs.
    """

    safety: Floats
    cover: Floats


class _Solved:
    """Rows that were solved, each as far as it was asked for."""

    def __init__(self, room: int) -> None:
        self._room, self._used = room, 0
        self._rows: OrderedDict[bytes, Floats] = OrderedDict()

    def known(self, key: bytes) -> Floats | None:
        """What is known of a row."""
        found = self._rows.get(key)
        if found is not None:
            self._rows.move_to_end(key)
        return found

    def put(self, key: bytes, table: Floats) -> None:
        """Keep a row, in place of what was known of it."""
        before = self._rows.pop(key, None)
        self._used += table.nbytes - (before.nbytes if before is not None else 0)
        self._rows[key] = table
        while self._used > self._room:
            self._used -= self._rows.popitem(last=False)[1].nbytes


_SOLVED = _Solved(_ROOM)


def declared_stock(rows: Floats, count: int, *, crossing: bool = False, early: bool = False) -> Declared:
    """Safety stock of each row at the first `count` declared volumes.

    A row is the same to the last bit whatever stands beside it and whatever was solved before: answers do not depend on
    the order of cases.

    Parameters
    ----------
    rows : float array, shape (rows, 9)
        Fill rate, variance to mean, lead time, review time, lot size, order interval, standard deviation of the lead
        time, wait (as in `safety_stock`), and the share of the volume that is the row's own.
    count : int
    crossing : bool
        Orders may overtake each other.
    early : bool
        Goods leave before a quoted wait is over.

    Examples
    --------
    >>> row = [0.95, 36.0, 6.0, 1.0, 200.0, 0.0, 0.0, 0.0, 1.0]
    >>> round(float(declared_stock(np.array([row]), 105).cover[0, -1]), 1)  # at 2^7 = 128 units per day
    180.1
    """
    alike, place = np.unique(rows, axis=0, return_inverse=True)
    mark = bytes([crossing, early])
    keys = [mark + row.tobytes() for row in alike]
    found = [_SOLVED.known(key) for key in keys]
    known = np.array([0 if table is None else table.shape[1] for table in found], dtype=np.int64)
    for start in np.unique(known[known < count]):
        some = np.flatnonzero(known == start)
        rest = _solve(alike[some], first_volumes(count)[start:], crossing=crossing, early=early)
        for row, fresh in zip(some.tolist(), np.moveaxis(rest, 1, 0), strict=True):
            before = found[row]
            found[row] = whole = fresh.copy() if before is None else np.concatenate([before, fresh], axis=1)
            _SOLVED.put(keys[row], whole)
    if not keys:
        return Declared(np.zeros((0, count)), np.zeros((0, count)))
    table = np.stack([each[:, :count] for each in found if each is not None], axis=1)[:, place.ravel()]
    return Declared(table[0], table[-1])


def _solve(rows: Floats, volumes: Floats, *, crossing: bool, early: bool) -> Floats:
    """Tables of safety stock on hand (where it is another one) and of what covers: (tables, rows, volumes)."""
    rate, ratio, lead, review, lot, interval, sd, wait, share = (column[:, None] for column in rows.T)
    own = share * volumes
    if crossing:
        sd = crossing_lead_time_sd(sd, own, review, lot, interval)
    policy = (own, ratio, lead, review, lot, interval, sd, wait)
    cover = safety_stock(rate, *policy)
    return np.stack([held_stock(cover, *policy).safety, cover] if early else [cover])
