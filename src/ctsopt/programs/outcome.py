"""What a solver says while it runs, and what a run leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

from ctsopt.keys import Bools, Floats
from ctsopt.programs.status import StoppedBy


@dataclass(frozen=True)
class Progress:
    """How far a search is: seconds of the run, value of the best plan, proven bound, nodes."""

    seconds: float
    value: float
    bound: float
    nodes: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run left behind.

    Attributes
    ----------
    stopped_by : str
        Why it stopped.
    detail : str
        The solver's own word for it.
    plan : float array or None
        Value of each column in the best plan; None where there is none.
    value, bound : float
        Objective of the plan and proven bound (equal for a linear program).
    row_dual, col_dual : float array or None
        Duals of rows and reduced costs of columns (linear programs); 0 for columns that are left out.
    row_priced, col_priced : bool array or None
        Where they are more than the solver's way of saying 0.
    nodes, iterations : int
        Effort.
    """

    stopped_by: StoppedBy
    detail: str
    plan: Floats | None
    value: float
    bound: float
    row_dual: Floats | None
    col_dual: Floats | None
    row_priced: Bools | None
    col_priced: Bools | None
    nodes: int
    iterations: int
