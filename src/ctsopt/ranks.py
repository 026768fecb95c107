"""Ranks of whole numbers: by a table of all possible ones where these are few, else sorted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_CELLS_PER_KEY = 16
"""A table of all possible keys is worth while where it has at most so many cells for each key looked at."""


def room(keys: int) -> int:
    """Cells of the largest table of all possible keys that is worth while for so many keys."""
    return max(_CELLS_PER_KEY * keys, 1 << 10)


def rank(code: npt.NDArray[np.integer[Any]], space: int) -> tuple[npt.NDArray[np.int32], int]:
    """Rank of each code among the distinct ones, and how many these are.

    Where there are few possible codes they are counted off in a table with a cell for each:

        code          7  2  7  5
        used          .  .  x  .  .  x  .  x      cells 0 to 7
        rank of cell  0  0  1  1  1  2  2  3      counted up to there
        rank          2  0  2  1                  that of its cell, less 1
    """
    if space > room(len(code)):
        distinct, place = np.unique(code, return_inverse=True)
        return place.astype(np.int32), len(distinct)
    used = np.zeros(space, dtype=bool)
    used[code] = True
    counted = np.cumsum(used, dtype=np.int32)
    return np.asarray(counted[code] - 1, dtype=np.int32), int(counted[-1]) if space else 0
