"""Solve a case and write down what was reached, in figures that can be checked again."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import ctsopt as cts
from ctsopt.versions import versions
from tests.known_answer.cases import Ask, Case

MEASURED = Path(__file__).with_name("measured.json")
LIBRARIES = ("python", "numpy", "scipy", "highspy")


@dataclass(frozen=True)
class Figure:
    """What one solve reached.

    Attributes
    ----------
    group, case, instance, quantity : str
        Which case, see `Case.key`.
    proves : str
        What the published number is.
    published : str
        The number to be met, as it is printed; that of another program where the quantity is "".
    links, rule, relax, gap_asked, time_limit : see `Ask`
    columns, rows : int
        Size of the program.
    value, bound : float
        Cost of the plan and what is proven, in the units of the published number.
    solution, stopped_by : str
        Status of the solve.
    nodes : int
        Branch-and-bound nodes.
    seconds : float
        By the clock: model, search, tables of the answer.
    processor : float
        Seconds of processor time of the same.
    relaxation : float
        Seconds of processor time of the linear relaxation with capacity links, for comparison.
    versions : str
        Of Python and the libraries that count.
    """

    group: str
    case: str
    instance: str
    quantity: str
    proves: str
    published: str
    links: str
    rule: str
    relax: bool
    gap_asked: float
    time_limit: float | None
    columns: int
    rows: int
    value: float
    bound: float
    solution: str
    stopped_by: str
    nodes: int
    seconds: float
    processor: float
    relaxation: float
    versions: str

    @property
    def gap(self) -> float:
        """How much cheaper another plan could be at most, as a share of the plan's cost."""
        return max(self.value - self.bound, 0.0) / abs(self.value)

    @property
    def above(self) -> float:
        """How much more the plan costs than the published number, as a share of it."""
        return self.value / float(self.published) - 1


def identity(case: Case, ask: Ask) -> tuple[str, ...]:
    """What tells one solve from all others."""
    return (*case.key, ask.links, ask.rule, str(ask.relax))


def identity_of(figure: Figure) -> tuple[str, ...]:
    """The same of a figure."""
    return figure.case, figure.instance, figure.quantity, figure.links, figure.rule, str(figure.relax)


def measure(case: Case, ask: Ask, net: cts.Network, relaxation: float) -> Figure:
    """Solve a case once."""
    clock, processor = time.monotonic(), time.process_time()
    plan = cts.solve(net, gap=ask.gap, time_limit=ask.time_limit, relax=ask.relax, links=ask.links,
                     extra=case.extra(ask))
    clock, processor = time.monotonic() - clock, time.process_time() - processor
    about = versions()
    return Figure(
        group=case.group, case=case.key[0], instance=case.key[1], quantity=case.key[2], proves=case.proves,
        published=case.number(ask), links=ask.links, rule=ask.rule, relax=ask.relax,
        gap_asked=ask.gap, time_limit=ask.time_limit, columns=plan.record["columns"], rows=plan.record["rows"],
        value=case.scale * plan.total_cost, bound=case.scale * plan.bound, solution=plan.status.solution,
        stopped_by=plan.status.stopped_by, nodes=plan.record["nodes"], seconds=clock, processor=processor,
        relaxation=processor if ask.relax else relaxation,
        versions=", ".join(f"{name} {about[name]}" for name in LIBRARIES))


def relaxation_time(case: Case, ask: Ask, net: cts.Network) -> float:
    """Processor seconds of the linear relaxation with capacity links."""
    begin = time.process_time()
    cts.solve(net, relax=True, links="capacity", extra=case.extra(ask))
    return time.process_time() - begin


def load(path: Path = MEASURED) -> dict[tuple[str, ...], Figure]:
    """The figures that were written down, by identity."""
    if not path.is_file():
        return {}
    return {identity_of(figure): figure for figure in (Figure(**row) for row in json.loads(path.read_text()))}


def save(figures: Mapping[tuple[str, ...], Figure], path: Path = MEASURED) -> None:
    """Write the figures down."""
    path.write_text(json.dumps([asdict(figure) for figure in figures.values()], indent=1) + "\n", encoding="utf-8")
