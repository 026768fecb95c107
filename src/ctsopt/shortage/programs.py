"""What the small programs of a shortage share: tables that are read, programs that are solved, one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from ctsopt.errors import DataError, Finding, Findings, SolverError
from ctsopt.keys import Floats
from ctsopt.programs.algebra import Expr
from ctsopt.programs.highs import Highs
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Arrays, Program
from ctsopt.tables.cast import cast_frame
from ctsopt.tables.columns import Table

EXACT = 1e-9
KEPT = 1e-6
"""Share of a goal that may be lost while yes-or-no decisions are sought."""

DECIMALS = 8
"""Amounts of a plan are as sure as this."""


def typed(*tables: tuple[Table, pd.DataFrame]) -> list[pd.DataFrame]:
    """The tables with their types.

    Raises
    ------
    DataError
        With every fault of all of them.
    """
    found: list[pd.DataFrame] = []
    findings: list[Finding] = []
    for table, frame in tables:
        known, _, faults = cast_frame(table, frame)
        found.append(known.reset_index(drop=True))
        findings += faults
    if Findings(findings).errors:
        raise DataError(Findings(findings))
    return found


def solved(program: Program, what: str) -> Floats:
    """The best plan of a program that always has one."""
    return _plan_of(Highs(program.arrays, mip_rel_gap=0.0, mip_abs_gap=EXACT).run(), what)


def in_sequence(program: Program, goals: list[Expr], cost: Expr, what: str) -> Floats:
    """The plan that has the most of the first goal, then of the second, and so on, and then the least cost.

    After each goal the program keeps to the plans that reach it: columns and rows that have a price are held where they
    are. No goal ever stands for another by a large weight, and none is given up by a little for the next.
    """
    arrays, aims = program.arrays, [-_coefficients(goal, program.columns) for goal in goals]
    aims.append(_coefficients(cost, program.columns))
    if arrays.integer.any():
        arrays = _whole_ones_held(arrays, aims, what)
    plan = np.zeros(program.columns)
    for aim in aims:
        outcome = Highs(replace(arrays, cost=aim), relax=True).run()
        plan = _plan_of(outcome, what)
        arrays = _held(arrays, outcome, plan)
    return plan


def _coefficients(expr: Expr, columns: int) -> Floats:
    return np.bincount(expr.col, weights=expr.coef, minlength=columns).astype(np.float64)


def _plan_of(outcome: Outcome, what: str) -> Floats:
    if outcome.plan is None or outcome.stopped_by != "gap":
        raise SolverError(f"{what} was not found: {outcome.detail}")
    return outcome.plan


def _held(arrays: Arrays, outcome: Outcome, plan: Floats) -> Arrays:
    """The program with only its best plans: what has a price stays at the side or bound where it is."""
    assert outcome.row_priced is not None
    assert outcome.col_priced is not None
    activity = arrays.matrix @ plan
    at_upper = np.abs(arrays.row_upper - activity) <= np.abs(activity - arrays.row_lower)
    side = np.where(at_upper, arrays.row_upper, arrays.row_lower)
    bound = np.where(np.abs(arrays.upper - plan) <= np.abs(plan - arrays.lower), arrays.upper, arrays.lower)
    rows, columns = outcome.row_priced, outcome.col_priced
    return replace(arrays, row_lower=np.where(rows, side, arrays.row_lower),
                   row_upper=np.where(rows, side, arrays.row_upper), lower=np.where(columns, bound, arrays.lower),
                   upper=np.where(columns, bound, arrays.upper))


def _whole_ones_held(arrays: Arrays, aims: list[Floats], what: str) -> Arrays:
    """The program with its yes-or-no decisions as they are in the plan that is best in sequence."""
    plan, kept = np.zeros(len(aims[0])), arrays
    for aim in aims:
        outcome = Highs(replace(kept, cost=aim), mip_rel_gap=0.0, mip_abs_gap=EXACT).run()
        plan = _plan_of(outcome, what)
        reached = float(aim @ plan)
        kept = kept.with_more(sp.csr_array(-aim[None, :]))
        kept.row_lower[-1] = -reached - KEPT * max(abs(reached), 1.0)
    whole = np.round(plan)
    return replace(arrays, lower=np.where(arrays.integer, whole, arrays.lower),
                   upper=np.where(arrays.integer, whole, arrays.upper))


def codes(names: npt.ArrayLike, labels: list[str]) -> npt.NDArray[np.int32]:
    """Places of names among labels; -1 where a name is not there."""
    return np.asarray(pd.Index(labels, dtype=object).get_indexer(pd.Index(np.asarray(names, dtype=object))),
                      dtype=np.int32)
