"""What a search for the best plan of a program comes to."""

from __future__ import annotations

from dataclasses import dataclass

from ctsopt.keys import Bools, Floats
from ctsopt.programs.status import StoppedBy


@dataclass(frozen=True, eq=False)
class Search:
    """What a search found.

    Attributes
    ----------
    plan : float array or None
        Best plan, not yet polished.
    bound : float
        Proven: no plan costs less.
    stopped_by, detail : str
    rows : bool array
        Rows of the program that were in the last model.
    nodes, iterations, rounds : int
        Effort: branch-and-bound nodes, simplex iterations, rounds of lazy rows.
    tolerance : float or None
        How near to whole the columns had to be in the search that gave the plan; None where there was none.
    least : float
        Amount of money of which a millionth is nothing.
    """

    plan: Floats | None
    bound: float
    stopped_by: StoppedBy
    detail: str
    rows: Bools
    nodes: int
    iterations: int
    rounds: int
    tolerance: float | None = None
    least: float = 1.0
