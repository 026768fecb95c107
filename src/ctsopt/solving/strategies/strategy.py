"""What a strategy of search is: it is given a problem, and finds a plan, a bound, or a reason why there is neither."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.program import Program
from ctsopt.programs.status import StoppedBy
from ctsopt.progress import Teller
from ctsopt.solving.options import Options
from ctsopt.solving.polish import Polished

if TYPE_CHECKING:
    import scipy.sparse as sp

Start = tuple[Positions, Floats]
"""Columns of a program and their values in a plan to start from."""


class Cuts(Protocol):
    """Rows that hold for every whole plan and are found while they are needed; each is at least 0."""

    def known(self) -> sp.csr_array:
        """The rows found so far."""

    def violated(self, plan: Floats) -> sp.csr_array | None:
        """New rows that a plan violates; None where there are none."""


class Value(Protocol):
    """What a plan costs, and whether it is one, where that is not linear."""

    def cost(self, plan: Floats) -> float:
        """Cost of a plan."""

    def holds(self, plan: Floats) -> bool:
        """Whether a plan keeps what the rows of the program do not say."""


@dataclass(frozen=True, eq=False)
class Watch:
    """Who looks on: a teller is told of the progress, `keep` is given every plan that is better than those before."""

    teller: Teller = field(default_factory=Teller)
    keep: Callable[[Floats], None] | None = None


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be solved.

    Attributes
    ----------
    program : Program
    options : Options
        How near, for how long, with which links.
    start : pair of arrays, optional
        Columns and values to start from.
    watch : Watch
    cuts : Cuts, optional
        Rows to be found for the linear relaxation, before branching.
    value : Value, optional
        What a plan costs where the program's own cost lines are not all of it.
    active : bool array, optional
        Rows to be searched with, where a relaxation has shown already which lazy ones and cuts are needed.
    """

    program: Program
    options: Options
    start: Start | None = None
    watch: Watch = field(default_factory=Watch)
    cuts: Cuts | None = None
    value: Value | None = None
    active: Bools | None = None


@dataclass(frozen=True, eq=False)
class Found:
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
    settled : Polished or None
        The plan made whole, where the strategy has done that itself.
    program : Program or None
        The program that was searched last, where it is another than that of the problem.
    values : float array or None
        Values of its columns in the best plan that it has.
    notes : mapping
        What the strategy says of itself, for the record.
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
    settled: Polished | None = None
    program: Program | None = None
    values: Floats | None = None
    notes: Mapping[str, object] = field(default_factory=dict)


class Strategy(Protocol):
    """A way to search."""

    def find(self, problem: Problem) -> Found:
        """The best plan that it finds, and what it proves."""
