"""Where cost lines are shown beside the table of costs: in which column of which table, by their marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.errors import UsageError
from ctsopt.formulation.build import marks_of_lines
from ctsopt.keys import Floats
from ctsopt.programs.program import CostBlock, Program

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from ctsopt.formulation.family import Leg, LineMarks
    from ctsopt.results.plan import Plan

FLOWS = ("make", "move", "deliver", "unserved")
"""Variables by whose keys amounts are known where they arise: they need no driver."""

_WAYS = ("move", "deliver")


def lines_with(*stock: str) -> tuple[str, ...]:
    """The cost lines of these parts of stock, part by part."""
    marks = marks_of_lines()
    return tuple(name for part in stock for name, each in marks.items() if each.stock == part)


def tariffs(leg: Leg) -> list[str]:
    """The cost lines that are the tariff of a leg of the ways."""
    return [name for name, each in marks_of_lines().items() if each.leg == leg]


def stock_lines() -> tuple[str, ...]:
    """The cost lines of stock, in P&L order."""
    return tuple(name for name, each in marks_of_lines().items() if each.stock)


def shown_in(table: str, program: Program | None = None) -> dict[str, list[str]]:
    """The cost lines that each column of a table shows, in P&L order; those of a program of its own come last."""
    columns: dict[str, list[str]] = {}
    for name, marks in marks_of_lines(program).items():
        place = _place(name, marks, program)
        if place.partition(".")[0] == table:
            columns.setdefault(place.partition(".")[2], []).append(name)
    return columns


def places(program: Program | None = None) -> dict[tuple[str, str], list[str]]:
    """Table and column of everything that shows cost lines, with those lines; of a program, its own ones too."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, marks in marks_of_lines(program).items():
        table, _, column = _place(name, marks, program).partition(".")
        if table:
            found.setdefault((table, column), []).append(name)
    return found


def _place(name: str, marks: LineMarks, program: Program | None) -> str:
    block = program.costs.get(name) if program is not None else None
    place = marks.shown_on
    if place is None:
        place = _usual(block, program) if block is not None and program is not None else ""
    return place if not place or "." in place else f"{place}.{name}"


def _usual(block: CostBlock, program: Program) -> str:
    """Where a line is shown that does not say so."""
    if any(program.variables[name].holds(part.col).any() for name in _WAYS for part in block.parts):
        return "flows"
    of_sites = all("site" in part.index.names for part in block.parts)
    on_flows = any(program.variables[name].holds(part.col).any() for name in FLOWS for part in block.parts)
    return "sites" if of_sites and not on_flows else ""


def of_sites(plan: Plan, lines: Iterable[str]) -> Floats:
    """What cost lines over sites come to at each site."""
    total = np.zeros(len(plan.index("open")))
    for name in lines:
        for part, amount in plan.line(name) if name in plan.program.costs else []:
            np.add.at(total, part.index["site"], amount)
    return total


def require_free(name: str, columns: Iterable[Hashable]) -> None:
    """Refuse a cost line whose name is that of another column of the table that shows it."""
    if name in columns:
        raise UsageError(f"the cost line {name} of your own bears the name of a column of the tables of a solution: "
                         "give it another name")
