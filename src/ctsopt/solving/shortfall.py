"""Why no plan keeps the promises: the same program with priced shortfalls, and which of them cannot be avoided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from ctsopt.errors import CtsError, InfeasibleError, SolverError
from ctsopt.formulation.build import marks_of_rows
from ctsopt.keys import Bools, Floats, Keys, Positions
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Arrays, Program
from ctsopt.programs.scaling import holding

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


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
    frame = _in_words(net, program, rows, np.where(slack > 1e-6 * least, slack, 0.0))
    if frame.empty:
        return SolverError("the solver found no plan, yet every promise can be kept: look for very large or very small "
                           "figures")
    lines = [f"  {row.what}: {row.who} {'off' if row.unit == 'sites' else 'short'} by {row.shortfall:,.6g} {row.unit}"
             for row in frame.head(8).itertuples()]
    more = [f"  ... and {len(frame) - 8} more"] if len(frame) > 8 else []
    text = ["the promises cannot all be kept; the least that has to give way is", *lines, *more,
            "relax these promises, or add capacity, lanes, modes or sites"]
    return InfeasibleError("\n".join(text), frame.drop(columns="unit"))


def _soft_rows(program: Program) -> Positions:
    """Rows that may give way."""
    return np.flatnonzero(_prices(program) > 0)


def _prices(program: Program) -> Floats:
    """Price of a shortfall of each row in proportion to its size; 0 where it may not give way."""
    prices, marks = np.zeros(program.row_count), marks_of_rows(program)
    for name, block in program.rows.items():
        prices[block.span] = 0.0 if block.lazy else marks[name].gives_way
    return prices


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
    price = _prices(program)[rows] / size
    ones = sp.csr_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(program.row_count, len(rows)))
    matrix = sp.csr_array(sp.hstack([arrays.matrix, ones, -ones]))
    zeros, unlimited = np.zeros(2 * len(rows)), np.full(2 * len(rows), np.inf)
    elastic = replace(arrays, matrix=matrix, offset=0.0,
                      cost=np.concatenate([np.zeros(program.columns), price, price]),
                      lower=np.concatenate([arrays.lower, zeros]), upper=np.concatenate([arrays.upper, unlimited]),
                      integer=np.concatenate([arrays.integer, np.tile(_counting(program, rows), 2)]))
    return elastic.with_rows(~program.lazy)


def _in_words(net: Network, program: Program, rows: Positions, slack: Floats) -> pd.DataFrame:
    """What falls short: what, who, row, shortfall and its unit; by the names of rows, the largest first."""
    parts, marks = [], marks_of_rows(program)
    for name, block in program.rows.items():
        mine = np.flatnonzero((rows >= block.span.start) & (rows < block.span.stop) & (slack > 0))
        if len(mine):
            place = rows[mine] - block.start
            who = [" / ".join(part for part in key if part) or "the network" for key in block.index.labels(place)]
            parts.append(pd.DataFrame({"what": marks[name].words, "who": who, "row": name, "shortfall": slack[mine],
                                       "unit": _units(net, marks[name].unit, block.index.take(place))}))
    frame = pd.concat(parts) if parts else pd.DataFrame(columns=["what", "who", "row", "shortfall", "unit"])
    return frame.sort_values(["row", "shortfall"], ascending=[True, False], ignore_index=True, kind="stable")


def _units(net: Network, unit: str, keys: Keys) -> Sequence[str]:
    """The unit of each row in the words of the network: its currency, or the capacity unit of the site."""
    if unit == "capacity_unit" and "site" in keys.names:
        return list(net.tables.column("sites", "capacity_unit")[keys["site"]])
    return [str(net.settings["currency"]) if unit == "money" else unit] * len(keys)
