"""Why a solve stopped, apart from what it has in hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Solution = Literal["optimal", "feasible", "none"]
StoppedBy = Literal["gap", "time_limit", "interrupt", "infeasible", "unbounded", "tolerance", "solver", "decided",
                    "error"]

OPTIMAL_WITHIN = 1e-6
"""A plan whose proven relative gap is at most this counts as optimal."""


@dataclass(frozen=True)
class Status:
    """Two-part status of a solve.

    Attributes
    ----------
    solution : {"optimal", "feasible", "none"}
        What there is: a plan proven optimal (relative gap at most 1e-6), a plan with a gap, or none.
    stopped_by : {"gap", "time_limit", "interrupt", "infeasible", "unbounded", "tolerance", "solver", "decided", ...}
        Why the solver stopped: `gap` means that the gap asked for is proven, `tolerance` that it was proven only
        for a plan that holds within the solver's tolerance, and that the plan made whole costs more, `solver` that a
        solver by name ended by itself and its bound does not prove that gap, `decided` that it was known by then
        whether a plan costs at most the amount to decide about, `error` that it failed.
    detail : str
        The solver's own word for it.
    """

    solution: Solution
    stopped_by: StoppedBy
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.solution} (stopped by {self.stopped_by.replace('_', ' ')})"
