"""The linear relaxation of a large program by some of its rows and columns, in one HiGHS model that is kept.

Lazy rows come in where the plan breaks them, columns where they would make it cheaper (Dantzig and Wolfe 1960), rows
that have long been slack go out again. What is proven rests on duals alone, worked out over the whole program (see
`Duality`), so that a relaxation may be left at any moment: each round proves something.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ctsopt.errors import SolverError
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.growing import Growing
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Arrays
from ctsopt.solving.bounds.duality import Duality, Proof

_VIOLATED = 1e-6
"""A lazy row comes in where it is broken by more than this share of its largest coefficient."""

_WORTH = 1e-10
"""A column comes in where it may make the plan cheaper by this share of its cost."""

_AT_ONCE = 3
"""Columns that come in for one demand in a round, the most."""

_AGE, _CROWD = 6, 300
"""Rounds that a row is slack before it goes out, and how many there must be for it to be worth the while."""

_DEAR, _DEARER, _TIMES = 10.0, 100.0, 3
"""What is missing costs so many times the dearest way; so many times more where some is still missing, and how often
that is tried."""

_STILL = 1e-7
"""A quantity that is missing, as a share of what is asked for."""

_PATIENCE = 2
"""Rounds in which a bound has to rise."""

_ROUNDS = 200
"""Rounds after which a relaxation is left whatever it says."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """Where a relaxation was left.

    Attributes
    ----------
    value : float
        Cost of its plan; infinite where there is none.
    bound : float
        Proven: no plan within the bounds of the whole columns costs less; infinite where there is none at all.
    plan : float array or None
        Values of all columns.
    reduced : float array or None
        Reduced costs that go with the bound, see `Proof`.
    serves : bool
        Whether nothing is missing: the plan keeps every row that is not lazy.
    ended : bool
        Whether it was left because time is over, Ctrl-C was heard, or the solver failed.
    """

    value: float
    bound: float
    plan: Floats | None
    reduced: Floats | None
    serves: bool
    ended: bool = False


class Relaxation:
    """A relaxation that is kept, and asked for many bounds of its whole columns.

    Parameters
    ----------
    arrays : Arrays
        Without columns that are left out.
    duality : Duality
        Of the same program.
    lazy : bool array
        Rows that only strengthen.
    priced : bool array
        Columns of which there are many: they may come in later. 0 is within their bounds.
    begin : bool array
        Those that are there from the start.
    links : bool
        Whether lazy rows come in. Where all whole columns are held they are not needed.
    """

    def __init__(self, arrays: Arrays, duality: Duality, lazy: Bools, priced: Bools, begin: Bools, *,
                 links: bool = True) -> None:
        self._arrays, self._duality, self._links = arrays, duality, links
        self._by_column = sp.csc_array(arrays.matrix)
        self._by_row = sp.csr_array(arrays.matrix)
        self._weak = self._by_row[duality.rows]
        largest = np.asarray(abs(self._weak).max(axis=1).todense(), dtype=np.float64).ravel()
        self._largest = np.maximum(largest, 1e-9)
        self._columns, self._rows = np.flatnonzero(~priced | begin), np.flatnonzero(~lazy)
        self._hard = len(self._rows)
        self._column_at, self._row_at = (np.full(size, -1, dtype=np.int64) for size in (len(priced), len(lazy)))
        self._column_at[self._columns] = np.arange(len(self._columns))
        self._row_at[self._rows] = np.arange(len(self._rows))
        self._age = np.zeros(len(self._rows), dtype=np.int64)
        self.lower, self.upper = arrays.lower.copy(), duality.upper.copy()
        self.model = Growing(arrays.with_rows(self._rows).with_columns(self._columns), relax=True)
        self.rounds = self.iterations = 0
        self._demand = demands(self._by_column, arrays, lazy, priced)
        self._missing = self._price = np.empty(0)
        self._wanted = np.empty(0)
        self._most = _most(arrays, duality.upper)
        asked = np.unique(self._demand[self._demand >= 0])
        self._allow_missing(self._row_at[asked], arrays.row_lower[asked])

    @property
    def active(self) -> tuple[Bools, Bools]:
        """Rows and columns of the program that are there."""
        return self._row_at >= 0, self._column_at >= 0

    def hold(self, columns: Positions, lower: Floats, upper: Floats) -> None:
        """Bounds of some whole columns from here on."""
        some = np.flatnonzero((self.lower[columns] != lower) | (self.upper[columns] != upper))
        if len(some):
            self.lower[columns[some]], self.upper[columns[some]] = lower[some], upper[some]
            self.model.change_bounds(self._column_at[columns[some]].astype(np.int32), lower[some], upper[some])

    def solve(self, enough: float = math.inf, near: float = 1e-9, rounds: int = _ROUNDS,
              worth: float = 0.0, deadline: float = math.inf) -> Relaxed:
        """The relaxation within the bounds that are held.

        Parameters
        ----------
        enough : float
            A bound at which it may be left.
        near : float
            How near the bound may be to the value, as a share, for it to be left.
        rounds : int
            The most rounds of rows and columns.
        worth : float
            Share by which the bound has to rise in a few rounds for it not to be left.
        deadline : float
            When it is left, on the monotonic clock.
        """
        best = Relaxed(math.inf, -math.inf, None, None, serves=False)
        dearer, rises = 0, [-math.inf] * _PATIENCE
        for _ in range(rounds):
            outcome = self._run(deadline)
            if outcome is None:
                return Relaxed(best.value, best.bound, best.plan, best.reduced, best.serves, ended=True)
            if outcome.stopped_by == "infeasible":
                if self._allow_all():
                    continue
                return Relaxed(math.inf, math.inf, None, None, serves=False)
            plan, serves, proof, broken = self._read(outcome)
            tight = proof.bound > best.bound
            best = Relaxed(outcome.value, max(proof.bound, best.bound), plan,
                           proof.reduced if tight or best.reduced is None else best.reduced, serves)
            rises.append(best.bound)
            tired = serves and best.bound - rises[-1 - _PATIENCE] <= worth * abs(best.bound)
            if best.bound >= enough or tired:
                break
            wanted = self._wanted_columns(proof, outcome.value)
            if not len(broken) and serves and outcome.value - best.bound <= near * abs(outcome.value):
                break
            if not len(broken) and not len(wanted):
                if serves or dearer == _TIMES or best.bound > self._most:
                    break
                dearer += 1
                self._ask(_DEARER**dearer)
                continue
            self._take_in(wanted, broken)
        if dearer:
            self._ask(1.0)
        self._thin_out()
        if best.bound > self._most:  # more than any plan can cost: there is none
            return Relaxed(math.inf, math.inf, None, None, serves=False)
        return best

    def tried(self, steps: int, deadline: float = math.inf) -> float:
        """About what the value comes to after some steps of the simplex method: a guess, which proves nothing."""
        self.model.limit_steps(steps)
        try:
            outcome = self.model.run(deadline - time.monotonic())
        except SolverError:
            return -math.inf
        finally:
            self.model.limit_steps(None)
        self.iterations += outcome.iterations
        return math.inf if outcome.stopped_by == "infeasible" else self.model.reached

    def _run(self, deadline: float) -> Outcome | None:
        """One run; None where it did not come to an end. What the solver fails on it is given once more, afresh."""
        for _ in range(2):
            if time.monotonic() >= deadline:
                return None
            try:
                outcome = self.model.run(deadline - time.monotonic())
            except SolverError:
                return None
            self.rounds, self.iterations = self.rounds + 1, self.iterations + outcome.iterations
            if self.model.interrupted or self.model.stopped_above:
                return None
            if outcome.stopped_by in ("gap", "infeasible"):
                return outcome
            self.model.forget()
        return None

    def _read(self, outcome: Outcome) -> tuple[Floats, bool, Proof, Positions]:
        """The plan in all columns, whether it serves, what its duals prove, and the lazy rows that it breaks."""
        assert outcome.plan is not None
        assert outcome.row_dual is not None
        plan = np.zeros(len(self._column_at))
        there = np.flatnonzero(self._column_at >= 0)
        plan[there] = outcome.plan[self._column_at[there]]
        missing = outcome.plan[self._missing.astype(np.int64)]
        serves = bool((missing <= _STILL * self._wanted).all())
        duals = np.zeros(len(self._row_at))
        duals[self._rows] = outcome.row_dual
        proof = self._duality.prove(duals, self.lower, self.upper)
        return plan, serves, proof, self._broken(plan)

    def _broken(self, plan: Floats) -> Positions:
        if not self._links or not len(self._duality.rows):
            return np.empty(0, dtype=np.int64)
        value, rows = self._weak @ plan, self._duality.rows
        over = np.maximum(value - self._arrays.row_upper[rows], self._arrays.row_lower[rows] - value) / self._largest
        return rows[(over > _VIOLATED * self.model.quantity) & (self._row_at[rows] < 0)]

    # ---- rows and columns ------------------------------------------------------------------------------------------

    def _wanted_columns(self, proof: Proof, value: float) -> Positions:
        """Columns that are to come in: of each demand those that promise most."""
        some = np.flatnonzero(proof.short & (self._column_at < 0))
        gain = -proof.plain[some] * self.upper[some]
        some, gain = some[gain > _WORTH * abs(value)], gain[gain > _WORTH * abs(value)]
        demand = self._demand[some]
        order = np.lexsort((proof.plain[some], demand))
        ranked = demand[order]
        begin = np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1])) if len(order) else order
        rank = np.arange(len(order)) - np.repeat(begin, np.diff(np.append(begin, len(order))))
        return np.sort(some[order[(rank < _AT_ONCE) | (ranked < 0)]])

    def _take_in(self, columns: Positions, rows: Positions) -> None:
        """Columns with the lazy rows that tie them, and more rows."""
        if self._links and len(columns):
            ties = self._duality.link[columns]
            rows = np.union1d(rows, self._duality.rows[ties[ties >= 0]])
            rows = rows[self._row_at[rows] < 0]
        if len(columns):
            self._add_columns(columns)
        if len(rows):
            self._add_rows(rows)

    def _add_columns(self, columns: Positions) -> None:
        arrays, first = self._arrays, self.model.size[1]
        part = sp.csc_array(self._by_column[:, columns].tocsr()[self._rows])
        self.model.add_columns(part, arrays.cost[columns], arrays.lower[columns], arrays.upper[columns])
        self._column_at[columns] = first + np.arange(len(columns))

    def _add_rows(self, rows: Positions) -> None:
        part = self._by_row[rows].tocoo()
        there = self._column_at[part.col]
        kept = there >= 0
        matrix = sp.csr_array((part.data[kept], (part.row[kept], there[kept])), shape=(len(rows), self.model.size[1]))
        self.model.add_rows(matrix, self._arrays.row_lower[rows], self._arrays.row_upper[rows])
        self._row_at[rows] = len(self._rows) + np.arange(len(rows))
        self._rows = np.concatenate([self._rows, rows])
        self._age = np.concatenate([self._age, np.zeros(len(rows), dtype=np.int64)])

    def _thin_out(self) -> None:
        """Drop lazy rows that have long been slack."""
        if len(self._rows) - self._hard < _CROWD:
            return
        slack = self.model.slack_rows()
        self._age = np.where(slack, self._age + 1, 0)
        old = np.flatnonzero(self._age >= _AGE)
        old = old[old >= self._hard]
        if len(old) < _CROWD:
            return
        self.model.drop_rows(old)
        keep = np.ones(len(self._rows), dtype=bool)
        keep[old] = False
        self._row_at[self._rows[old]] = -1
        self._rows, self._age = self._rows[keep], self._age[keep]
        self._row_at[self._rows] = np.arange(len(self._rows))

    # ---- what is missing -------------------------------------------------------------------------------------------

    def _allow_missing(self, rows: Positions, sides: Floats) -> None:
        """Let some of the sides be missing, at a cost that no plan would pay, as columns of the model alone."""
        count, first = len(rows), self.model.size[1]
        flows = np.abs(self._arrays.cost[~self._arrays.integer])
        sign = np.where(sides < 0, -1.0, 1.0)
        matrix = sp.csc_array((sign, (rows, np.arange(count))), shape=(len(self._rows), count))
        price = np.full(count, _DEAR * float(flows.max(initial=1.0)))
        self.model.add_columns(matrix, price, np.zeros(count), np.full(count, np.inf))
        self._missing = np.concatenate([self._missing, first + np.arange(count)])
        self._price = np.concatenate([self._price, price])
        self._wanted = np.concatenate([self._wanted, np.maximum(np.abs(sides), 1.0)])

    def _allow_all(self) -> bool:
        """Let something be missing in every row that columns may still come into; False where it may be already."""
        if self._column_at.min(initial=0) >= 0 or len(self._missing) >= self._hard:
            return False
        rows = np.arange(self._hard)
        sides = np.where(np.isfinite(self._arrays.row_lower[self._rows[:self._hard]]), 1.0, -1.0)
        self._allow_missing(np.concatenate([rows, rows]), np.concatenate([sides, -sides]))
        return True

    def _ask(self, times: float) -> None:
        """What is missing costs so many times what it cost at first."""
        self.model.change_costs(self._missing.astype(np.int64), self._price * times)


def demands(by_column: sp.csc_array, arrays: Arrays, lazy: Bools, priced: Bools) -> Positions:
    """For each column that may come in later the row that asks for it; -1 where none does."""
    asks = ~lazy & (arrays.row_lower > 0)
    column = np.repeat(np.arange(len(priced)), np.diff(by_column.indptr))
    mine = np.flatnonzero(priced[column] & asks[by_column.indices] & (by_column.data > 0))
    demand = np.full(len(priced), -1, dtype=np.int64)
    demand[column[mine]] = by_column.indices[mine]
    return demand


def _most(arrays: Arrays, upper: Floats) -> float:
    """What no plan can cost more than: every column at its dearer end."""
    some = np.flatnonzero(arrays.cost)
    dearer = np.maximum(arrays.cost[some] * arrays.lower[some], arrays.cost[some] * upper[some])
    return float(dearer.sum()) * (1 + 1e-9) + arrays.offset + 1.0
