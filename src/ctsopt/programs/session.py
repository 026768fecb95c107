"""A session: one linear program that stays in the solver and is asked again and again.

    session = Session(program.arrays.with_rows(~program.lazy))
    session.hold(columns_of(program, "open"), design)
    cost = session.solve().value

Bounds, sides of rows, costs, more rows and more columns go in; a plan, its value, duals and a basis come out. Every
solve begins where the last one ended, or at a basis that was kept, which is what makes the hundredth question cheap:
a site more or less, another quantity, another price. Everything that goes in or comes out is in the rows and columns of
the program, whatever the solver holds of them: columns may be left out until they would make a plan cheaper, or
possible at all (Dantzig and Wolfe 1960; Farkas 1902), and rows until a plan breaks them. The answers are those of the
whole program.

Nothing here knows what rows and columns stand for: who asks says which they are, by position or by block and keys.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from ctsopt.errors import KeyMismatch
from ctsopt.keys import Bools, Floats, Keys, Positions
from ctsopt.programs.highs import Basis, Highs
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Arrays, Program

_VIOLATED = 1e-6
"""A row comes in where a plan breaks it by more than this, in the scale of the solver."""

_EACH, _MANY = 1, 200
"""Columns that come in at a time for the same row that asks for something, once there are many."""

_ROUNDS = 500
"""After so many rounds of a solve everything comes in."""

_PROOF = 1e-9
"""Share of its terms by which a proof that there is no plan has to be above 0."""


@dataclass(frozen=True, eq=False)
class Mark:
    """Where a session was: its basis, and how often its program had been handed over anew by then."""

    basis: Basis
    handed: int


class Session:
    """One linear program that is kept, see above.

    Parameters
    ----------
    arrays : Arrays
        The program. That columns are whole is left out: who asks holds them where they are to be.
    columns : bool array, optional
        Columns that are in from the start. Others come in while they would make a plan cheaper. Whole columns are
        always in. All where it is left out.
    rows : bool array, optional
        Rows that are in from the start. Others come in when a plan breaks them. All where it is left out.
    seed : int
        Seed of the solver.

    Attributes
    ----------
    arrays : Arrays
        The program as it is now.
    steps, runs, carried : int
        Steps of the simplex method and runs of the solver so far, and the columns that it held in all of these runs
        together: the work that was done, which is the same on every machine.
    interrupted : bool
        Whether Ctrl-C was heard.
    """

    def __init__(self, arrays: Arrays, *, columns: Bools | None = None, rows: Bools | None = None,
                 seed: int = 0) -> None:
        out = arrays.left_out
        self.arrays = replace(arrays, matrix=arrays.matrix.tocsc(), cost=arrays.cost.copy(),
                              lower=arrays.lower.copy(), upper=arrays.upper.copy(), left_out=None,
                              row_lower=arrays.row_lower.copy(), row_upper=arrays.row_upper.copy())
        self._out = np.zeros(len(arrays.cost), dtype=bool) if out is None else out.copy()
        self._in = np.ones(len(arrays.cost), dtype=bool) if columns is None else (
            columns | arrays.integer | (arrays.lower != 0))
        self._kept = np.ones(len(arrays.row_lower), dtype=bool) if rows is None else rows.copy()
        if not self._in.any():
            self._in[:1] = True  # a solver does not look at the rows of a program without columns
        self._group = asked_by(self.arrays)
        self._seed, self.interrupted = seed, False
        self.steps = self.runs = self.carried = 0
        self._duals = np.zeros(len(arrays.row_lower))
        self._handed, self._by_row = 0, sp.csr_array(self.arrays.matrix) if not self._kept.all() else None
        self._make()

    def _make(self) -> None:
        """Hand over what is in."""
        self._handed += 1
        self._columns, self._rows = np.flatnonzero(self._in & ~self._out), np.flatnonzero(self._kept)
        self._place = np.full(len(self._in), -1, dtype=np.int64)
        self._place[self._columns] = np.arange(len(self._columns))
        self._row_place = np.full(len(self._kept), -1, dtype=np.int64)
        self._row_place[self._rows] = np.arange(len(self._rows))
        held = self.arrays.with_columns(self._columns).with_rows(self._rows)
        self._model = Highs(held, relax=True, random_seed=self._seed)
        if not self._model.one_unit and not self._in.all():
            self._in[:] = True  # units of columns that come in later would not be known
            self._make()

    # ---- what goes in ----------------------------------------------------------------------------------------------

    def bound(self, columns: Positions, lower: Floats, upper: Floats) -> None:
        """Change the bounds of columns."""
        self.arrays.lower[columns], self.arrays.upper[columns] = lower, upper
        self._enter(columns[np.asarray(lower) != 0])
        there = self._place[columns] >= 0
        if there.any():
            at = columns[there]
            self._model.change_bounds(self._place[at].astype(np.int32), self.arrays.lower[at], self.arrays.upper[at])

    def hold(self, columns: Positions, values: Floats) -> None:
        """Hold columns at values."""
        self.bound(columns, values, values)

    def sides(self, rows: Positions, lower: Floats, upper: Floats) -> None:
        """Change the sides of rows."""
        self.arrays.row_lower[rows], self.arrays.row_upper[rows] = lower, upper
        at = rows[self._row_place[rows] >= 0]
        if len(at):
            self._model.change_sides(self._row_place[at].astype(np.int32), self.arrays.row_lower[at],
                                     self.arrays.row_upper[at])

    def costs(self, columns: Positions, cost: Floats) -> None:
        """Change what columns cost."""
        self.arrays.cost[columns] = cost
        at = columns[self._place[columns] >= 0]
        if len(at):
            self._model.change_costs(self._place[at], self.arrays.cost[at])

    def add_rows(self, matrix: sp.csr_array, lower: Floats, upper: Floats) -> Positions:
        """Add rows over all columns; their positions."""
        arrays, first = self.arrays, len(self.arrays.row_lower)
        new = np.arange(first, first + len(lower))
        self.arrays = replace(arrays, matrix=sp.vstack([arrays.matrix, matrix], format="csc"),
                              row_lower=np.append(arrays.row_lower, lower),
                              row_upper=np.append(arrays.row_upper, upper))
        self._kept = np.append(self._kept, np.zeros(len(new), dtype=bool))
        self._row_place, self._by_row = np.append(self._row_place, np.full(len(new), -1)), None
        self._take_rows(new)
        return new

    def add_columns(self, matrix: sp.csc_array, cost: Floats, lower: Floats, upper: Floats) -> Positions:
        """Add columns over all rows; their positions."""
        arrays, first = self.arrays, len(self.arrays.cost)
        new, none = np.arange(first, first + len(cost)), np.zeros(len(cost), dtype=bool)
        self.arrays = replace(arrays, matrix=sp.hstack([arrays.matrix, matrix], format="csc"),
                              cost=np.append(arrays.cost, cost), lower=np.append(arrays.lower, lower),
                              upper=np.append(arrays.upper, upper), integer=np.append(arrays.integer, none))
        self._in, self._out = np.append(self._in, none), np.append(self._out, none)
        self._place = np.append(self._place, np.full(len(new), -1))
        self._group, self._by_row = np.append(self._group, np.full(len(new), -1)), None
        self._enter(new)
        return new

    # ---- what comes out --------------------------------------------------------------------------------------------

    def solve(self, *, steps: int | None = None, seconds: float = math.inf, cold: bool = False) -> Outcome:
        """The plan of least cost as things are now.

        Parameters
        ----------
        steps : int, optional
            Most steps of the simplex method.
        seconds : float
            Time limit.
        cold : bool
            Begin from nothing: of a program with very many rows, in which much has changed at once, the solver knows
            more before it begins than after many steps.

        Returns
        -------
        Outcome
            `stopped_by` is "gap" where the plan is one of least cost, "infeasible" where there is none, "time_limit"
            where the steps or the seconds were used up. Duals are those of all rows (0 where a row is not in), and
            reduced costs those of all columns.
        """
        deadline, done = time.monotonic() + seconds, 0
        if cold:
            self._model.forget()
        for turn in range(_ROUNDS + 1):
            if turn == _ROUNDS:
                self._enter(np.flatnonzero(~self._in))
            left = 2**31 - 1 if steps is None else max(steps - done, 0)
            self._model.set(simplex_iteration_limit=int(left))
            outcome = self._model.run(deadline - time.monotonic())
            done += outcome.iterations
            self.runs, self.carried = self.runs + 1, self.carried + len(self._columns)
            self.interrupted |= self._model.interrupted
            if outcome.stopped_by == "infeasible" and self._possible():
                continue
            if outcome.stopped_by == "unbounded" and not self._kept.all():
                self._take_rows(np.flatnonzero(~self._kept))  # by which of them it is bounded, no plan says
                continue
            if outcome.stopped_by != "gap" or outcome.plan is None or outcome.row_dual is None:
                outcome = self._spread(outcome)
                break
            outcome = self._spread(outcome)
            if not self._better(outcome):
                break
        self.steps += done
        if outcome.stopped_by == "error" and steps is not None and done >= steps:
            outcome = replace(outcome, stopped_by="time_limit")
        return replace(outcome, iterations=done)

    def mark(self) -> Mark | None:
        """Where the last solve ended, to come back to; None where there was none."""
        basis = self._model.basis()
        return None if basis is None else Mark(basis, self._handed)

    def back_to(self, mark: Mark) -> None:
        """Let the next solve begin where an earlier one of this session ended; bounds and the rest stay as they are."""
        if mark.handed == self._handed:
            self._model.begin_at(mark.basis)

    @property
    def inside(self) -> tuple[int, int]:
        """How many columns and rows the solver holds."""
        return len(self._columns), len(self._rows)

    @property
    def columns_in(self) -> Bools:
        """Columns that the solver holds."""
        return np.asarray(self._in & ~self._out)

    # ---- rows and columns that come in -----------------------------------------------------------------------------

    def _spread(self, outcome: Outcome) -> Outcome:
        """An outcome about all rows and columns."""
        if outcome.plan is None:
            return outcome
        plan = np.zeros(len(self._in))
        plan[self._columns] = outcome.plan
        if outcome.row_dual is None or outcome.row_priced is None or outcome.col_priced is None:
            return replace(outcome, plan=plan)
        dual, priced = np.zeros(len(self._kept)), np.zeros(len(self._kept), dtype=bool)
        dual[self._rows], priced[self._rows] = outcome.row_dual, outcome.row_priced
        self._duals = dual
        reduced = self.arrays.cost - np.asarray(self.arrays.matrix.T @ dual)
        dear = np.ones(len(self._in), dtype=bool)
        dear[self._columns] = outcome.col_priced
        return replace(outcome, plan=plan, row_dual=dual, row_priced=priced, col_dual=reduced, col_priced=dear)

    def _better(self, outcome: Outcome) -> bool:
        """Bring in the rows that a plan breaks, and the columns that would make it cheaper; whether there were any."""
        assert outcome.plan is not None
        before = len(self._columns) + len(self._rows)
        if not self._kept.all():
            self._take_rows(self._broken(outcome.plan))
        if not self._in.all():
            assert outcome.col_dual is not None
            cheap = self._model.priced(-outcome.col_dual)
            assert cheap is not None
            self._enter(self._foremost(np.flatnonzero(cheap & self._waiting), outcome.col_dual))
        return len(self._columns) + len(self._rows) > before

    @property
    def _waiting(self) -> Bools:
        """Columns that are not in, and may be used."""
        return np.asarray(~self._in & ~self._out & (self.arrays.upper > 0))

    def _broken(self, plan: Floats) -> Positions:
        rows = np.flatnonzero(~self._kept)
        if self._by_row is None:
            self._by_row = sp.csr_array(self.arrays.matrix)
        matrix = sp.csr_array(self._by_row[rows])
        value = matrix @ plan
        excess = np.maximum(value - self.arrays.row_upper[rows], self.arrays.row_lower[rows] - value)
        factors = self._model.factors(sp.csr_array(matrix[:, self._columns]))
        return np.asarray(rows[excess * factors > _VIOLATED])

    def _possible(self) -> bool:
        """Bring in columns of which a proof that there is no plan knows nothing; False where it holds with all."""
        waiting = np.flatnonzero(self._waiting)
        if not len(waiting):
            return False
        ray = self._model.ray()
        if ray is None:
            self._enter(waiting)
            return True
        weight = np.zeros(len(self._kept))
        weight[self._rows] = ray
        helps = -np.asarray(self.arrays.matrix.T @ weight)
        for sign in (1.0, -1.0):
            if self._proves(sign * weight, sign * helps):
                mine = waiting[sign * helps[waiting] < -_PROOF * np.abs(helps).max(initial=1.0)]
                if len(mine):  # and where one is missing, others of its kind are, too: a proof tells of few at a time
                    self._enter(np.union1d(mine, self._foremost(waiting, self._reduced())))
                return bool(len(mine))
        self._enter(waiting)
        return True

    def _reduced(self) -> Floats:
        """Costs of columns by the last duals that there were."""
        rows = len(self._duals)
        return np.asarray(self.arrays.cost - self.arrays.matrix[:rows].T @ self._duals)

    def _proves(self, weight: Floats, helps: Floats) -> bool:
        """Whether weights of the rows show that no plan of the columns that are in keeps them all."""
        arrays = self.arrays
        side = np.where(weight > 0, arrays.row_lower, arrays.row_upper)
        used = weight != 0
        end = np.where(helps > 0, arrays.lower, arrays.upper)
        some = self._in & ~self._out & (helps != 0)
        with np.errstate(invalid="ignore"):
            terms = np.concatenate([weight[used] * side[used], helps[some] * end[some]])
        return bool(np.isfinite(terms).all() and terms.sum() > _PROOF * np.abs(terms).sum())

    def _foremost(self, columns: Positions, reduced: Floats) -> Positions:
        """Of very many columns those with the least reduced cost for each row that asks for something."""
        if len(columns) <= _MANY:
            return columns
        group = self._group[columns]
        order = np.lexsort((reduced[columns], group))
        begin = np.append(True, group[order][1:] != group[order][:-1])
        first = np.maximum.accumulate(np.where(begin, np.arange(len(order)), 0))
        few = (np.arange(len(order)) - first < _EACH) | (group[order] < 0)
        return np.sort(columns[order[few]])

    def _take_rows(self, rows: Positions) -> None:
        """Bring in rows."""
        rows = rows[~self._kept[rows]]
        if not len(rows):
            return
        some = sp.csr_array((self.arrays.matrix if self._by_row is None else self._by_row)[rows][:, self._columns])
        self._model.add_rows(some, self.arrays.row_lower[rows], self.arrays.row_upper[rows])
        self._row_place[rows] = np.arange(len(self._rows), len(self._rows) + len(rows))
        self._rows, self._kept[rows] = np.append(self._rows, rows), True

    def _enter(self, columns: Positions) -> None:
        """Bring in columns."""
        columns = columns[~self._in[columns] & ~self._out[columns]]
        if not len(columns):
            return
        arrays = self.arrays
        self._in[columns] = True
        if not self._model.one_unit:
            self._make()
            return
        some = sp.csc_array(arrays.matrix[:, columns][self._rows])
        self._model.add_columns(some, arrays.cost[columns], arrays.lower[columns], arrays.upper[columns])
        self._place[columns] = np.arange(len(self._columns), len(self._columns) + len(columns))
        self._columns = np.append(self._columns, columns)


def columns_of(program: Program, name: str, keys: Keys | None = None) -> Positions:
    """Columns of the variables of a name: all of them, or those at some of its keys.

    Raises
    ------
    KeyMismatch
        If a key is none of the block.
    """
    block = program.variables[name]
    return block.start + _places(block.index, name, keys)


def rows_of(program: Program, name: str, keys: Keys | None = None) -> Positions:
    """Rows of a family: all of them, or those at some of its keys; see `columns_of`."""
    block = program.rows[name]
    return block.start + _places(block.index, name, keys)


def _places(index: Keys, name: str, keys: Keys | None) -> Positions:
    if keys is None:
        return np.arange(len(index))
    place = index.find(keys)
    if (place < 0).any():
        raise KeyMismatch(f"{int((place < 0).sum())} of {len(place)} keys are none of {name}")
    return np.asarray(place, dtype=np.int64)


def asked_by(arrays: Arrays) -> Positions:
    """For each column a row that asks for something and that it serves; -1 where there is none."""
    matrix = sp.csc_array(arrays.matrix)
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    asks = (matrix.data > 0) & (arrays.row_lower[matrix.indices] > 0)
    group = np.full(matrix.shape[1], -1, dtype=np.int64)
    group[column[asks]] = matrix.indices[asks]
    return group
