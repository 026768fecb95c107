"""From the values of a program's columns to the tables of a solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.formulation.build import build, decisions_alone, marks_of_lines
from ctsopt.keys import Floats, Keys
from ctsopt.programs.program import Program
from ctsopt.results import tables
from ctsopt.results.cost_to_serve import DIMENSIONS
from ctsopt.results.cube import KEYS, cost_cube
from ctsopt.results.plan import Plan
from ctsopt.results.stock.tables import stock

if TYPE_CHECKING:
    from ctsopt.networks.network import Network
    from ctsopt.results.drivers import Allocation
    from ctsopt.results.solution import Solution


def read_back(net: Network, program: Program, values: Floats) -> dict[str, pd.DataFrame]:
    """Every table of a solution, see `ctsopt.results.solution.TABLES`."""
    plan = Plan(program, values)
    flow = tables.flows(net, plan)
    cube, parents = cost_cube(net, plan)
    return {"costs": plan.costs(), "flows": flow, "production": tables.production(net, plan),
            "sites": tables.sites(net, plan), "service": tables.service(net, plan), "lanes": tables.lanes(net, flow),
            "loads": tables.loads(net, plan), "carried": tables.carried(net, plan), "limits": tables.limits(net, plan),
            "stock": stock(net, plan), "shortage": tables.shortage(net, plan), "cube": cube, "parents": parents,
            "units": _units(net, flow), "values": pd.DataFrame({"value": values})}


def cube_of(solution: Solution, allocation: Allocation) -> pd.DataFrame:
    """The cost cube of a solution with costs shared otherwise: from the program's own cost expressions.

    Cost lines of a user's own stay as they are: their expressions are not kept with the plan.
    """
    net, program = solution.net, build(solution.net)
    values = solution.tables["values"]["value"].to_numpy(dtype=float)
    anew = cost_cube(net, Plan(program, values[:program.columns]), allocation)[0]
    own = solution.cube[~solution.cube["line"].isin(list(marks_of_lines()))]
    if own.empty:
        return anew
    both = pd.concat([part.astype({name: object for name in KEYS}) for part in (anew, own)], ignore_index=True)
    return both.astype({name: "category" for name in KEYS})


def decisions_of(solution: Solution, name: str) -> pd.DataFrame:
    """The decisions of one kind in a plan: their key columns and `value`.

    Raises
    ------
    UsageError
        If the plan decides nothing of that name.
    """
    program = variables_in(solution)
    if name not in program.variables:
        raise UsageError(f"the plan has no decisions {name!r}" + did_you_mean(name, program.variables, listed=True))
    block = program.variables[name]
    values = solution.tables["values"]["value"].to_numpy(dtype=float)[block.span]
    return block.index.frame().assign(value=values)


def decided(solution: Solution) -> pd.DataFrame:
    """All that a plan decides and is not 0: decision, the keys of all decisions (blank where not its own), value."""
    program = variables_in(solution)
    values = solution.tables["values"]["value"].to_numpy(dtype=float)
    parts = []
    for name, block in program.variables.items():
        value = values[block.span]
        some = np.flatnonzero(value)
        keys = block.index.take(some).frame().astype(object)
        parts.append(keys.assign(decision=name, value=value[some]))
    frame = pd.concat(parts, ignore_index=True)
    texts = ["decision", *(name for name in frame if name not in ("decision", "value"))]
    return frame[[*texts, "value"]].fillna(dict.fromkeys(texts, "")).astype(dict.fromkeys(texts, "str"))


def variables_in(solution: Solution) -> Program:
    """The variables whose values a solution holds, in their order."""
    return decisions_alone(solution.net)


def _units(net: Network, flow: pd.DataFrame) -> pd.DataFrame:
    """Units delivered by the keys of cost-to-serve; every demanded combination is there, with 0 where nothing is."""
    wanted, delivered = net.requests.index, (flow["kind"] == "delivery").to_numpy(dtype=bool)
    keys = Keys({name: axis.codes(flow[name].to_numpy(dtype=object)[delivered]) for name, axis in wanted.axes.items()},
                wanted.axes)
    frame = wanted.frame()
    frame["product_class"] = net.tables.column("products", "product_class")[wanted["product"]]
    frame["units"] = np.bincount(wanted.locate(keys), flow["quantity"].to_numpy(dtype=float)[delivered], len(wanted))
    return frame[[*DIMENSIONS, "units"]]
