"""What is known of the plans of a comparison beside themselves: whose child each is, what it is for, how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ctsopt.packs.roles import CHOICE
from ctsopt.running.answers import Solutions

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.comparing.outcome import PackResult
    from ctsopt.packs.bridging import BridgePlan, TornadoPlan
    from ctsopt.results.solution import Solution


@dataclass(frozen=True)
class Facts:
    """What is known of the plans beside themselves.

    Attributes
    ----------
    rows : DataFrame or None
        Of a run: scenario, parent, kind, role, state, tags, outcome, message, key.
    probabilities : mapping of str to float
        Of each state of demand.
    bridges : sequence of BridgePlan
    tornados : sequence of TornadoPlan
    pareto : str
        Measure of service that the pack asks for.
    notes : sequence of str
        What else has to be said of the plans.
    kpis : callable
        The key figures of a plan, from its name and the plan: those that are kept, or worked out.
    """

    rows: pd.DataFrame | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict)
    bridges: Sequence[BridgePlan] = ()
    tornados: Sequence[TornadoPlan] = ()
    pareto: str = ""
    notes: Sequence[str] = ()
    kpis: Callable[[str, Solution], pd.DataFrame] = lambda name, solution: solution.kpis()

    def aside(self) -> set[str]:
        """Cases that were solved for bridges alone."""
        return set() if self.rows is None else set(self.rows.loc[self.rows["kind"] == "bridge", "scenario"])

    def states(self) -> dict[str, tuple[str, str]]:
        """Scenario and state of every case that is a scenario in a state."""
        if self.rows is None:
            return {}
        cells = self.rows[self.rows["state"] != ""]
        return {row["scenario"]: (row["parent"], row["state"]) for row in cells.to_dict("records")}

    def key(self, name: str) -> str:
        """What tells whether two cases are the same one; blank where it is not known."""
        return self._told(name, "key")

    def parent(self, name: str) -> str:
        """The case that a case extends, blank where there is none or it is not known."""
        return self._told(name, "parent")

    def role(self, name: str) -> str:
        """What a case is for: `basis`, `choice`, or `sensitivity`; a choice where nothing is known."""
        return self._told(name, "role") or CHOICE

    def asked(self, name: str) -> bool:
        """Whether the run was to solve a case; True where it is not known what it was to solve."""
        return self.rows is None or bool((self.rows["scenario"] == name).any())

    def _told(self, name: str, column: str) -> str:
        return self._texts.get(column, {}).get(name, "")

    @cached_property
    def _texts(self) -> dict[str, dict[str, str]]:
        """What the rows say, by column and scenario: it is asked for every pair of plans."""
        if self.rows is None:
            return {}
        columns = [column for column in ("key", "parent", "role") if column in self.rows]
        rows = self.rows.drop_duplicates("scenario")
        return {column: dict(zip(rows["scenario"], rows[column].astype(str), strict=True)) for column in columns}


def facts_of(result: PackResult) -> Facts:
    """What a run knows beside the plans."""
    tags = {case.name: ", ".join(case.tags) for case in result.pack.cases}
    rows = result.rows.assign(tags=result.rows["scenario"].map(tags).fillna(""))
    pack = result.pack
    kept = result.solutions

    def kpis(name: str, solution: Solution) -> pd.DataFrame:
        return kept.kpis(name) if isinstance(kept, Solutions) else solution.kpis()

    return Facts(rows, dict(pack.probabilities), pack.bridges, pack.tornados, pack.compare.get("pareto", ""), kpis=kpis)


