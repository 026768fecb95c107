"""Plans that are given, not optimal: what tracing makes of flows that a test writes down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.programs.program import Program
from ctsopt.results.read_back import read_back

if TYPE_CHECKING:
    import pandas as pd

Flows = Mapping[tuple[str, ...], float]


def read(net: cts.Network, *, made: Flows, moved: Flows, delivered: Flows,
         unserved: Flows | None = None) -> dict[str, pd.DataFrame]:
    """Every table of the plan with these flows; keys start with (site, product, period), (origin, destination), ...

    A flow goes to the first way whose key starts, or is made up, as given: (origin, destination) of moves, (site,
    customer) of deliveries, (site,) of what is made, (customer,) of what is not served. Every site is open.
    """
    program = build(net)
    plan = np.zeros(program.columns)
    plan[program.variables["open"].span] = program.variables["open"].variable.upper
    put(program, plan, "make", made, ("site",))
    put(program, plan, "move", moved, ("origin", "destination"))
    put(program, plan, "deliver", delivered, ("site", "customer"))
    put(program, plan, "unserved", unserved or {}, ("customer",))
    return read_back(net, program, plan)


def put(program: Program, plan: np.ndarray, name: str, flows: Flows, ends: tuple[str, ...]) -> None:
    """Write flows into the columns of one block."""
    block = program.variables[name]
    columns = {key: block.start + k for k, key in reversed(list(enumerate(block.index.select(*ends).labels())))}
    for key, quantity in flows.items():
        plan[columns[key]] = quantity


def by(cube: pd.DataFrame, *keys: str) -> dict:
    """Amounts of the cube by some keys, those that are not 0."""
    sums = cube.groupby(list(keys) if len(keys) > 1 else keys[0], observed=True)["amount"].sum()
    return {k: float(v) for k, v in sums.items() if abs(v) > 1e-12}
