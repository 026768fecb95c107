"""Least disturbance: of all plans that cost the same, the one that is nearest to today's.

A solver picks any of them, and would say that customers are touched whom nothing touches. So the flows are searched
once more, with every decision of the plan held and its cost not exceeded, for the least sum of what is moved::

    minimise  sum |x - today|    with  A x as before,  cost x <= cost of the plan
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from ctsopt.formulation.build import build
from ctsopt.programs.program import Arrays, Program
from ctsopt.programs.session import Session
from ctsopt.results.read_back import read_back, variables_in
from ctsopt.results.solution import Solution
from ctsopt.solving.checking.recheck import recheck
from ctsopt.solving.fixing import matched

if TYPE_CHECKING:
    from ctsopt.keys import Floats, Positions

_FLOWS = ("make", "move", "deliver")
_WAY = ["site", "via", "customer", "mode_in", "mode_out", "product", "period"]
_NOTHING = 1e-7
"""Share of all flows below which nothing has moved, and of the cost by which it may be exceeded."""


def least_disturbed(base: Solution, plan: Solution) -> Solution:
    """A plan of the same cost and decisions, whose flows are as near to those of the base as can be.

    Plans with planned stock, or with cost lines of a user's own, are left as they are: their cost is not linear in the
    flows, or not known from the tables.
    """
    program = build(plan.net)
    values = plan.tables["values"]["value"].to_numpy(dtype=float)
    if plan.net.derived.stocking is not None or len(values) != program.columns or plan.record.get("extra_costs"):
        return plan
    columns, today = _today(base, plan, program)
    size = max(float(np.abs(today).sum()), 1.0)
    if float(np.abs(values[columns] - today).sum()) <= _NOTHING * size:
        return plan
    arrays = _nearest(program.arrays, values, columns, today)
    found = Session(arrays).solve()
    if found.plan is None:
        return plan
    steady = found.plan[:program.columns]
    if np.abs(steady[columns] - today).sum() >= np.abs(values[columns] - today).sum() - _NOTHING * size:
        return plan
    steady = np.where(np.abs(steady) < 1e-9, 0.0, steady)
    tables = read_back(plan.net, program, steady)
    near = Solution(plan.net, tables, plan.status, plan.bound, {**plan.record, "least_disturbance": True})
    recheck(near, program=program)
    return near


def _today(base: Solution, plan: Solution, program: Program) -> tuple[Positions, Floats]:
    """Columns of flows, and what today's plan has there; a delivery is the same one whatever its tier is called."""
    old, given = variables_in(base), base.tables["values"]["value"].to_numpy(dtype=float)
    columns, values = [], []
    for name in _FLOWS:
        block, was = program.variables.get(name), old.variables.get(name)
        if block is None:
            continue
        here = np.zeros(len(block.index))
        if was is not None and name == "deliver":
            here = _delivered(base, plan)
        elif was is not None:
            place = matched(block.index, was.index)
            here[place[place >= 0]] = given[was.span][place >= 0]
        columns.append(np.arange(block.span.start, block.span.stop))
        values.append(here)
    return np.concatenate(columns), np.concatenate(values)


def _delivered(base: Solution, plan: Solution) -> Floats:
    """What today's plan delivers by each way of the other network."""
    was = base.decisions("deliver").astype(dict.fromkeys(_WAY, object))
    now = plan.decisions("deliver").astype(dict.fromkeys(_WAY, object))
    total = was.groupby(_WAY, sort=False)["value"].sum()
    places = now.groupby(_WAY, sort=False)["value"].transform("size").to_numpy(dtype=float)
    found = total.reindex(pd.MultiIndex.from_frame(now[_WAY])).fillna(0.0).to_numpy(dtype=float)
    return np.asarray(found / places, dtype=np.float64)


def _nearest(arrays: Arrays, values: Floats, columns: Positions, today: Floats) -> Arrays:
    """The program of least disturbance: more and less of each flow are columns of their own, behind the others."""
    held, many = arrays.integer, len(columns)
    lower, upper = (np.where(held, np.round(values), end) for end in (arrays.lower, arrays.upper))
    pick = sp.csr_array((np.ones(many), (np.arange(many), columns)), shape=(many, len(values)))
    one = sp.eye_array(many, format="csr")
    none = sp.csr_array((arrays.matrix.shape[0] + 1, 2 * many))
    cost = sp.csr_array(arrays.cost[None, :])
    top = sp.hstack([sp.vstack([sp.csr_array(arrays.matrix), cost]), none])
    matrix = sp.vstack([top, sp.hstack([pick, -one, one])], format="csc")
    most = float(arrays.cost @ values)
    more = np.full(many, np.inf)
    return replace(
        arrays, matrix=matrix, cost=np.concatenate([np.zeros(len(values)), np.ones(2 * many)]), offset=0.0,
        lower=np.concatenate([lower, np.zeros(2 * many)]), upper=np.concatenate([upper, more, more]),
        integer=np.zeros(len(values) + 2 * many, dtype=bool), left_out=None,
        row_lower=np.concatenate([arrays.row_lower, [-np.inf], today]),
        row_upper=np.concatenate([arrays.row_upper, [most + 1e-9 * abs(most)], today]))
