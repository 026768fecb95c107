"""Why no plan keeps the promises: the same program with priced shortfalls, and which of them cannot be avoided."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from ctsopt.errors import CtsError, InfeasibleError, SolverError
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Arrays, Program
from ctsopt.programs.scaling import holding

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_WORDS = {
    "serve_demand": "demand that cannot be served",
    "served_fraction": "promise on served demand",
    "served_fraction_each": "promise on each customer's served demand",
    "tier_on_time": "promise on time",
    "single_source": "single source",
    "sites_in_group": "number of sites in a group",
    "same_site": "common site of a group of customers",
    "site_minimum": "least that goes through a site",
    "mode_capacity": "capacity of a mode",
    "contract_volume": "volume of a contract",
    "contract_share": "share of a contract",
    "carbon_cap": "cap on CO2",
    "budget": "budget",
}
"""Families that may give way, in the planner's words."""

_DEMAND_PRICE = 2.0
"""Price of demand that cannot be served, where that of a promise on as many units is 1: promises give way first."""


_SITES = ("single_source", "sites_in_group")
"""Families that count sites."""


def explain(net: Network, program: Program) -> CtsError:
    """The error that says which promises and agreements cannot be kept together, and by how much they fall short.

    Each promise, agreement and demand may fall short at a price in proportion to its size (the units that it is about);
    the plan with the least shortfall is shown. It is one smallest set among possibly several.
    """
    rows = _soft_rows(program)
    size = _sizes(net, program, rows)
    elastic = _elastic(program, rows, size)
    model = Highs(elastic, mip_rel_gap=1e-3)
    outcome = model.run(60.0)
    if outcome.plan is None and outcome.stopped_by in ("time_limit", "interrupt"):
        return InfeasibleError("the promises cannot all be kept; the search for those that fall short was stopped by "
                               + outcome.stopped_by.replace("_", " "))
    if outcome.plan is None:
        return SolverError("no plan exists even if every promise may fall short: look at capacities, site statuses "
                           "and rules of your own that contradict each other")
    slack = outcome.plan[program.columns:]
    slack = slack[:len(rows)] + slack[len(rows):]
    # Sites come out whole; goods within the tolerance of a solver that may count them in larger units than one.
    least = np.where(_counting(program, rows), 1.0, model.goods(size))
    frame = _in_words(program, rows, np.where(slack > 1e-6 * least, slack, 0.0))
    if frame.empty:
        return SolverError("the solver found no plan, yet every promise can be kept: look for very large or very small "
                           "figures")
    lines = [f"  {row.what}: {row.who} {'off' if row.row in _SITES else 'short'} by {row.shortfall:,.6g} "
             f"{'sites' if row.row in _SITES else 'units'}" for row in frame.head(8).itertuples()]
    more = [f"  ... and {len(frame) - 8} more"] if len(frame) > 8 else []
    text = ["the promises cannot all be kept; the least that has to give way is", *lines, *more,
            "relax these promises, or add capacity, lanes, modes or sites"]
    return InfeasibleError("\n".join(text), frame)


def _soft_rows(program: Program) -> Positions:
    """Rows that may give way."""
    soft: Bools = np.zeros(program.row_count, dtype=bool)
    for name in _WORDS:
        if name in program.rows:
            soft[program.rows[name].span] = True
    return np.flatnonzero(soft)


def _sizes(net: Network, program: Program, rows: Positions) -> Floats:
    """Units of demand that each row is about; of a row that is about none, its side, or 1."""
    quantity = net.requests.measures["quantity"]
    request = np.full(program.columns, -1, dtype=np.int64)
    request[program.variables["deliver"].span] = net.ways.deliveries.measures["request"]
    request[program.variables["unserved"].span] = np.arange(len(quantity))
    column = np.flatnonzero(request >= 0)
    of_request = sp.csr_array(sp.coo_array((np.ones(len(column)), (column, request[column])),
                                           shape=(program.columns, len(quantity))))
    touched = sp.csr_array(abs(program.arrays.matrix[rows]) @ of_request)
    touched.data[:] = 1.0
    units = touched @ quantity
    sides = np.stack([program.arrays.row_lower[rows], program.arrays.row_upper[rows]])
    side = np.where(np.isfinite(sides), np.abs(sides), 0.0).max(axis=0, initial=1.0)
    return np.asarray(np.where(units > 0, units, side))


def _counting(program: Program, rows: Positions) -> Bools:
    """Whether each row is about whole columns only, so that it falls short by a whole number."""
    return ~holding(program.arrays.matrix, ~program.arrays.integer)[rows]


def _elastic(program: Program, rows: Positions, size: Floats) -> Arrays:
    """The program with a column that takes up the shortfall and one for the excess of each row that may give way."""
    arrays = program.arrays
    demand = program.rows["serve_demand"].span
    price = np.where((rows >= demand.start) & (rows < demand.stop), _DEMAND_PRICE, 1.0) / size
    ones = sp.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(program.row_count, len(rows)))
    matrix = sp.csr_array(sp.hstack([arrays.matrix, ones, -ones]))
    zeros, unlimited = np.zeros(2 * len(rows)), np.full(2 * len(rows), np.inf)
    elastic = replace(arrays, matrix=matrix, offset=0.0,
                      cost=np.concatenate([np.zeros(program.columns), price, price]),
                      lower=np.concatenate([arrays.lower, zeros]), upper=np.concatenate([arrays.upper, unlimited]),
                      integer=np.concatenate([arrays.integer, np.tile(_counting(program, rows), 2)]))
    return elastic.with_rows(~program.lazy)


def _in_words(program: Program, rows: Positions, slack: Floats) -> pd.DataFrame:
    """What falls short: what, who, row, shortfall; the largest first."""
    records = []
    for name, words in _WORDS.items():
        block = program.rows.get(name)
        if block is None:
            continue
        mine = np.flatnonzero((rows >= block.span.start) & (rows < block.span.stop) & (slack > 0))
        if not len(mine):
            continue
        keys = block.index.labels(rows[mine] - block.start)
        records += [(words, " / ".join(k for k in key if k) or "the network", name, float(amount))
                    for key, amount in zip(keys, slack[mine], strict=True)]
    frame = pd.DataFrame(records, columns=["what", "who", "row", "shortfall"])
    return frame.sort_values(["row", "shortfall"], ascending=[True, False], ignore_index=True)
