"""Which strategy a program is searched by: by its size, and by what is chosen in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ctsopt.programs.program import Program
from ctsopt.solving.strategies.columns import Columns
from ctsopt.solving.strategies.direct import Direct
from ctsopt.solving.strategies.first_plan import FirstPlan
from ctsopt.solving.strategies.strategy import Found, Problem

LARGE = 50_000
"""Columns from which on rows and columns come in as they are needed. On tiered networks and plain location problems
that is quicker; where single customers are large beside the room of a site, the direct search may be better."""


class Auto:
    """Search by rows and columns as they are needed where a program is large and its design alone is whole; else
    directly. Which it was, and why, stands in the notes.
    """

    def find(self, problem: Problem) -> Found:
        """See `Strategy`."""
        why = why_direct(problem.program)
        if problem.options.relax:
            why = "a relaxation is asked for"
        if why is None:
            found = Columns().find(problem)
            said = found.notes["strategy"]
            assert isinstance(said, dict)
            return replace(found, notes={**found.notes, "strategy": {**said, "asked": "auto"}})
        found = Direct(first=FirstPlan(problem.program, problem.watch.teller.plan, problem.options.gap)).find(problem)
        return replace(found, notes={**found.notes, "strategy": {"asked": "auto", "taken": "direct", "why": why}})


def why_direct(program: Program) -> str | None:
    """Why a program is searched directly; None where it is large and its design alone is whole."""
    arrays = program.arrays
    count = len(arrays.cost) - (0 if arrays.left_out is None else int(arrays.left_out.sum()))
    if count < LARGE:
        return f"it has {count:,} columns, fewer than {LARGE:,}"
    free = arrays.integer & (arrays.upper > arrays.lower)
    others = [block.name for block in program.variables.values()
              if not block.variable.design and np.any(free[block.span])]
    return f"more is whole than the design: {', '.join(others)}" if others else None
