"""Bounds that hold for other jobs, too: what costs so much at the least costs no less where more is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ctsopt.programs.status import OPTIMAL_WITHIN, Status
from ctsopt.results.solution import Solution
from ctsopt.running.cache import Entry
from ctsopt.running.job import Job


@dataclass(frozen=True)
class Bound:
    """A bound of a job that another one has proven.

    Attributes
    ----------
    value : float
        Money.
    origin : str
        The job that has proven it.
    """

    value: float
    origin: str

    def figures(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What it changes in the row of a job."""
        cost = float(row["cost"])
        apart = max(cost - self.value, 0.0)
        gap = apart / abs(cost) if cost else 0.0
        return {"bound": self.value, "gap_money": apart, "gap": gap,
                "outcome": "proven" if gap <= OPTIMAL_WITHIN else row["outcome"]}

    def of(self, solution: Solution) -> Solution:
        """The plan with this bound; its record says whose it is."""
        close = solution.total_cost - self.value <= OPTIMAL_WITHIN * abs(solution.total_cost)
        status = Status("optimal", "gap", solution.status.detail) if close else solution.status
        return replace(solution, bound=self.value, status=status,
                       record={**solution.record, "bound_from": self.origin})


def handed_on(jobs: Sequence[Job], plans: Mapping[str, Entry]) -> tuple[dict[str, Bound], list[str]]:
    """Bounds that are better than a job's own, and words on those that cannot be right.

    They follow from the answers alone, and so do not depend on who solved what first.
    """
    bounds: dict[str, Bound] = {}
    notes: list[str] = []
    for job in jobs:
        known = [(float(plans[name].head["bound"]), name) for name in job.looser if name in plans]
        if job.name not in plans or not known:
            continue
        best, origin = max(known, key=lambda each: each[0])
        cost, own = (float(plans[job.name].head[name]) for name in ("cost", "bound"))
        if best > cost + OPTIMAL_WITHIN * abs(cost):
            notes.append(f"{job.name} costs {cost:,.2f}, less than {origin} is proven to cost, which asks for less: "
                         "one of them is wrong. Please report it")
        elif best > own:
            bounds[job.name] = Bound(min(best, cost), origin)
    return bounds, notes
