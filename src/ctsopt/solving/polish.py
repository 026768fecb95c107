"""From the plan of a search to the plan that is reported: whole numbers made whole, flows solved again, ties
settled.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Arrays, Program
from ctsopt.programs.scaling import column_units, quantity_scale, solver_units
from ctsopt.solving.pricing import Priced

_DUST, _TRICKLE = 1e-9, 1e-6
"""Shares of what a solver counts as 1 that are nothing: anywhere, and where the whole columns let nothing through."""

_NEARLY = 1e-6
"""How near to whole the whole columns of a plan are, or it is a plan of a relaxation."""

_TOUCHED = 1e-12
"""A whole column above this is not 0, when the plan that is rounded to the nearest does not hold."""


@dataclass(frozen=True, eq=False)
class Polished:
    """A plan whose whole numbers are whole.

    Attributes
    ----------
    plan : float array
    cost : float
    tie_rule : str
        `applied`, or why the plan of the first linear program was kept.
    """

    plan: Floats
    cost: float
    tie_rule: str


def polish(program: Program, plan: Floats, preference: Floats) -> Polished | None:
    """Round the whole columns, fix them, solve the linear program again; then choose among plans of equal cost.

    A solver's plan satisfies `open` only to a tolerance, and a tolerance times a large coefficient is a trickle
    through a closed site. Among the plans that then cost the least, the one with the least `preference` is chosen:
    every row and column with a dual is held, which keeps the cost, and the preference is minimised over what is left.

    Parameters
    ----------
    program : Program
    plan : float array
        A plan whose whole columns are nearly whole.
    preference : float array
        Secondary objective, one number per column.

    Returns
    -------
    Polished or None
        None where the rounded plan is no plan.
    """
    arrays, flows, first = _flows(program, plan)
    if first.plan is None:
        # What the rounding closed may carry a trickle that has nowhere else to go: whatever is touched is opened.
        plan = np.where(program.arrays.integer & (plan > _TOUCHED), np.ceil(plan - _TOUCHED), plan)
        arrays, flows, first = _flows(program, plan)
    idle = np.empty(0, dtype=np.int64)
    if first.plan is not None:
        idle = idle_columns(program, first.plan, flows.model.small[0])
    if len(idle):
        # Within the gap a search may leave a site open that nothing passes: it is closed where that saves money.
        without = np.where(np.isin(np.arange(program.columns), idle), 0.0, plan)
        arrays, flows, first = _closed(_fixed(program, without).with_rows(~program.lazy), arrays, flows, first)
    if first.plan is None:
        return None
    assert first.row_dual is not None
    # A dual shows that the row or column binds in every plan of the same cost.
    assert first.col_priced is not None
    assert first.row_priced is not None
    _hold(flows, arrays, first.plan, first.col_priced, np.where(first.row_priced, np.sign(first.row_dual), 0.0))
    second = flows.again(preference)
    best = clean(arrays, first.plan)
    if second.stopped_by != "gap" or second.plan is None:
        return Polished(best, _cost(arrays, best), f"not applied: {second.detail}")
    settled = clean(arrays, second.plan)
    allowed = 1e-9 * (float(np.abs(arrays.cost) @ np.abs(best)) + abs(arrays.offset))
    if _cost(arrays, settled) > _cost(arrays, best) + allowed:
        return Polished(best, _cost(arrays, best), "not applied: it would have cost more than rounding")
    return Polished(settled, _cost(arrays, settled), "applied")


def _flows(program: Program, plan: Floats) -> tuple[Arrays, Priced, Outcome]:
    """The linear program that is left when the whole columns are fixed, solved."""
    arrays = _fixed(program, plan).with_rows(~program.lazy)
    flows = Priced(arrays, plan)
    return arrays, *_solved(flows, arrays, plan)


def _closed(shut: Arrays, arrays: Arrays, flows: Priced, first: Outcome) -> tuple[Arrays, Priced, Outcome]:
    """The linear program with less that is open, from the basis of the one before, where that costs no more."""
    assert first.plan is not None
    flows.bounded(shut)
    flows, outcome = _solved(flows, shut, first.plan)
    if outcome.plan is not None and outcome.value <= first.value:
        return shut, flows, outcome
    flows.bounded(arrays)
    return arrays, flows, first


def _solved(flows: Priced, arrays: Arrays, plan: Floats) -> tuple[Priced, Outcome]:
    outcome = flows.best()
    if outcome.stopped_by == "interrupt":  # a late Ctrl-C was meant for the search: its plan is made whole all the same
        flows = Priced(arrays, plan)  # the interrupted one would stop again
        outcome = flows.best()
    if outcome.stopped_by == "interrupt":
        raise KeyboardInterrupt
    return flows, outcome if outcome.stopped_by == "gap" else replace(outcome, plan=None)


def idle_columns(program: Program, plan: Floats, unit: float) -> Positions:
    """Design columns at 1 that cost money and that the plan does not need: every row holds without them.

    `unit` is the quantity of which a thousand-millionth is nothing.
    """
    arrays = program.arrays
    design = np.concatenate([np.full(len(b.index), b.variable.design) for b in program.variables.values()])
    settled = np.where(arrays.integer, np.round(plan), plan)
    candidates = np.flatnonzero(design & (settled == 1) & (arrays.lower <= 0) & (arrays.cost > 0))
    columns = sp.csc_array(arrays.matrix[:, candidates])
    activity = arrays.matrix @ settled
    dropped = []
    for k, column in enumerate(candidates.tolist()):
        part = slice(columns.indptr[k], columns.indptr[k + 1])
        rows, without = columns.indices[part], activity[columns.indices[part]] - columns.data[part]
        tolerance = 1e-9 * np.maximum(unit, np.abs(without))  # of what is left: the column itself may be all demand
        low, high = arrays.row_lower[rows] - tolerance, arrays.row_upper[rows] + tolerance
        if ((without >= low) & (without <= high)).all():
            activity[rows] = without
            dropped.append(column)
    return np.array(dropped, dtype=np.int64)


def _fixed(program: Program, plan: Floats) -> Arrays:
    arrays = program.arrays
    whole = np.where(arrays.integer, np.round(plan), plan)
    upper = np.where(closed_columns(arrays, whole), 0.0, arrays.upper)
    held = replace(arrays, lower=np.where(arrays.integer, whole, arrays.lower),
                   upper=np.where(arrays.integer, whole, upper))
    return held if column_units(arrays, quantity_scale(arrays)) is None else _folded(held, whole)


def _folded(arrays: Arrays, whole: Floats) -> Arrays:
    """With what the whole columns take on the other side of each row, where quantities are far apart.

        move - 0.002 a - 1e7 b = 0,  a = 1, b = 0:  move = 0.002

    Beside the 1e7 of a customer that is served elsewhere a solver loses the 0.002.
    """
    matrix = arrays.matrix.tocsc(copy=True)
    taken = matrix @ np.where(arrays.integer, whole, 0.0)
    matrix.data[np.repeat(arrays.integer, np.diff(matrix.indptr))] = 0.0
    matrix.eliminate_zeros()
    return replace(arrays, matrix=matrix, row_lower=arrays.row_lower - taken, row_upper=arrays.row_upper - taken)


def closed_columns(arrays: Arrays, whole: Floats) -> Bools:
    """Continuous columns that some row holds at 0 once the whole columns are what they are in a plan.

        a + b <= 100 y,  y = 0:  a and b are 0, to the last digit, where a solver would let a millionth through

    Such a row leaves nothing over (its side less what the whole columns take is 0), and each of its other columns is
    at least 0 and takes of it. Both senses are looked at.
    """
    matrix = arrays.matrix.tocsr()
    flows = ~arrays.integer
    taken = matrix @ np.where(flows, 0.0, whole)
    entry_row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    flow, data = flows[matrix.indices], matrix.data
    closed = np.zeros(len(flows), dtype=bool)
    for sign, side in ((1.0, arrays.row_upper), (-1.0, arrays.row_lower)):
        with np.errstate(invalid="ignore"):
            full = np.isfinite(side) & (sign * (side - taken) <= 0)
        gives = flow & ((sign * data < 0) | (arrays.lower[matrix.indices] < 0))
        full[entry_row[gives]] = False
        closed[matrix.indices[flow & full[entry_row] & (sign * data > 0)]] = True
    return closed & (arrays.lower <= 0)


def _hold(flows: Priced, arrays: Arrays, plan: Floats, priced: Bools, sign: Floats) -> None:
    """Keep every column and row with a dual where it is: what is left free costs nothing."""
    columns = np.flatnonzero(priced)
    flows.change_bounds(columns, plan[columns], plan[columns])
    rows = np.flatnonzero(sign)
    side = np.where(sign[rows] > 0, arrays.row_lower[rows], arrays.row_upper[rows])
    activity = (arrays.matrix @ plan)[rows]
    side = np.where(np.isfinite(side), side, activity)
    flows.model.change_sides(rows.astype(np.int32), side, side)


def clean(arrays: Arrays, plan: Floats) -> Floats:
    """Within the bounds, without the dust of the arithmetic: at the bounds, and where a closed site lets it through.

    A site is closed to the tolerance of the solver, and that times its volume is more than the dust of one column.
    """
    clipped = np.clip(plan, arrays.lower, arrays.upper)
    size, unit = np.abs(clipped), solver_units(arrays)
    # What flows to a small customer beside a large one is no dust of the column that could carry both.
    dust = _DUST * np.where(arrays.integer, unit, unit[~arrays.integer].min(initial=np.inf))
    whole = np.where(arrays.integer, np.round(clipped), clipped)
    if (np.abs(whole - clipped)[arrays.integer] > _NEARLY).any():  # a relaxation: sites are partly open
        return np.where(size < dust, 0.0, clipped)
    return np.where(size < np.where(closed_columns(arrays, whole), _TRICKLE * unit, dust), 0.0, clipped)


def _cost(arrays: Arrays, plan: Floats) -> float:
    return float(arrays.cost @ plan) + arrays.offset
