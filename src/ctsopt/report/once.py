"""Tables of a plan that several parts of a report show: worked out once for each plan."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.results.solution import Solution

def once(work: Callable[[Solution], pd.DataFrame]) -> Callable[[Solution], pd.DataFrame]:
    """The same function, which remembers its table as long as there is the plan; each caller gets one of its own."""
    made: WeakKeyDictionary[Solution, pd.DataFrame] = WeakKeyDictionary()

    @wraps(work)
    def remembered(solution: Solution) -> pd.DataFrame:
        if solution not in made:
            made[solution] = work(solution)
        return made[solution].copy(deep=False)

    return remembered
