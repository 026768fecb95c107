"""Why no plan keeps the promises: the same program with priced shortfalls, and which of them cannot be avoided."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from ctsopt.errors import CtsError, InfeasibleError, SolverError
from ctsopt.keys import Bools
from ctsopt.program.highs import Highs
from ctsopt.program.program import Arrays, Program

if TYPE_CHECKING:
    from ctsopt.network.network import Network

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


def explain(net: Network, program: Program) -> CtsError:
    """The error that says which promises and agreements cannot be kept together, and by how much they fall short.

    Each promise, agreement and demand may fall short at a price of its own, in proportion to its size; the plan with
    the least shortfall is shown. It is one smallest set among possibly several.
    """
    elastic, rows = _elastic(program)
    model = Highs(elastic, mip_rel_gap=1e-3)
    outcome = model.run(60.0)
    if outcome.plan is None:
        return SolverError("no plan exists even if every promise may fall short: look at capacities, site statuses "
                           "and rules of your own that contradict each other")
    slack = outcome.plan[program.columns:]
    frame = _in_words(program, rows, slack[:len(rows)] + slack[len(rows):])
    if frame.empty:
        return SolverError("the solver found no plan, yet every promise can be kept: look for very large or very small "
                           "figures")
    lines = [f"  {row.what}: {row.who} short by {row.shortfall:,.6g}" for row in frame.head(8).itertuples()]
    more = [f"  ... and {len(frame) - 8} more"] if len(frame) > 8 else []
    text = ["the promises cannot all be kept; the least that has to give way is", *lines, *more,
            "relax these promises, or add capacity, lanes, modes or sites"]
    return InfeasibleError("\n".join(text), frame)


def _elastic(program: Program) -> tuple[Arrays, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """The program with a column that takes up the shortfall and one for the excess of each row that may give way."""
    arrays = program.arrays
    soft: Bools = np.zeros(program.row_count, dtype=bool)
    for name in _WORDS:
        if name in program.rows:
            soft[program.rows[name].span] = True
    rows = np.flatnonzero(soft)
    sides = [np.where(np.isfinite(side), np.abs(side), 0.0)[rows] for side in (arrays.row_lower, arrays.row_upper)]
    size = np.maximum.reduce([np.ones(len(rows)), *sides])
    ones = sp.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(program.row_count, len(rows)))
    matrix = sp.csr_array(sp.hstack([arrays.matrix, ones, -ones]))
    zeros, unlimited = np.zeros(2 * len(rows)), np.full(2 * len(rows), np.inf)
    elastic = replace(arrays, matrix=matrix, offset=0.0,
                      cost=np.concatenate([np.zeros(program.columns), 1 / size, 1 / size]),
                      lower=np.concatenate([arrays.lower, zeros]), upper=np.concatenate([arrays.upper, unlimited]),
                      integer=np.concatenate([arrays.integer, zeros.astype(bool)]))
    return elastic.with_rows(~program.lazy), rows


def _in_words(program: Program, rows: np.ndarray[tuple[int], np.dtype[np.int64]],
              slack: np.ndarray[tuple[int], np.dtype[np.float64]]) -> pd.DataFrame:
    """What falls short: what, who, row, shortfall; the largest first."""
    records = []
    for name, words in _WORDS.items():
        block = program.rows.get(name)
        if block is None:
            continue
        mine = np.flatnonzero((rows >= block.span.start) & (rows < block.span.stop) & (slack > 1e-6))
        keys = block.index.labels()
        records += [(words, " / ".join(k for k in keys[row] if k) or "the network", name, float(amount))
                    for row, amount in zip((rows[mine] - block.start).tolist(), slack[mine], strict=True)]
    frame = pd.DataFrame(records, columns=["what", "who", "row", "shortfall"])
    return frame.sort_values(["row", "shortfall"], ascending=[True, False], ignore_index=True)
