"""The linear relaxation with the lazy rows and cuts that it needs, brought in where it violates them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.highs import Basis, Highs
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Arrays
from ctsopt.programs.reduced import Reduced
from ctsopt.solving.options import Options
from ctsopt.solving.strategies.strategy import Cuts

_VIOLATED = 1e-6
"""A lazy row is brought in where it is violated by more than this share of its largest coefficient."""

_NEARLY = 1e-6
"""How near to whole the columns of a relaxation are where it may be a plan."""

_WORTH = 1e-5
"""Cuts are looked for as long as a round lifts the bound by this share."""

_ROUNDS = 1000
"""Rounds in which cuts are looked for, whatever the solver says the bound is."""


@dataclass(frozen=True, eq=False)
class Relaxed:
    """The last relaxation: what it left behind, the bound of the first, which rows were in, and the effort."""

    outcome: Outcome
    first: float
    active: Bools
    rounds: int
    iterations: int


@dataclass(frozen=True, eq=False)
class Ended:
    """A round that came to its end.

    Attributes
    ----------
    plan : float array
        In the columns of what the solver is given.
    basis : Basis
    order : int array
        What the rows of the basis are: rows of the program, or -1, -2, ... for the cuts.
    """

    plan: Floats
    basis: Basis
    order: Positions


class Relaxation:
    """Rounds of the linear relaxation, each with more rows.

    Parameters
    ----------
    model : Reduced
        What the solver is given.
    rows, candidates : bool arrays
        Its rows that are in from the start, and those that are brought in where they are violated.
    options : Options
    cuts : Cuts, optional
        Rows to be found beside the lazy ones, in the columns of the whole program.
    most : int, optional
        The rounds end where more than so many candidates are in.
    enough : callable, optional
        Asked whether the search may end with a relaxation whose columns are whole; given its values and its bound.
    worth : float
        Cuts are looked for as long as a round lifts the bound by this share.
    keeps : bool
        Whether somebody will ask where the last round ended.
    """

    def __init__(self, model: Reduced, rows: Bools, candidates: Bools, options: Options, cuts: Cuts | None = None,
                 most: int | None = None, enough: Callable[[Floats, float], bool] | None = None,
                 worth: float = _WORTH, keeps: bool = False) -> None:
        self._worth, self._keeps, self._order = worth, keeps, [np.flatnonzero(rows)]
        self._ended: Ended | None = None
        self._model, self._rows, self._cuts, self._enough = model, rows, cuts, enough
        self._most = len(model.lazy) if most is None else most
        arrays = model.arrays
        self._candidates = np.flatnonzero(candidates)
        matrix = sp.csr_array(arrays.matrix)
        self._matrix = sp.csr_array(matrix[self._candidates])
        self._lower, self._upper = arrays.row_lower[self._candidates], arrays.row_upper[self._candidates]
        largest = np.asarray(abs(self._matrix).max(axis=1).todense(), dtype=np.float64).ravel()
        self._scale = np.maximum(largest, 1e-9)
        self._inside = np.zeros(len(self._candidates), dtype=bool)
        self._before = self._first = self._bound = -math.inf
        self._rounds = self._iterations = 0
        known = with_known(arrays.with_rows(rows), model, cuts)
        self._cut(len(known.row_lower) - len(self._order[0]))
        self._solver = Highs(known, relax=True, log=options.log, random_seed=options.seed)

    def begin_at(self, basis: Basis) -> None:
        """Begin at a basis of the rows that are in: those of the program in its order, then the cuts that are known."""
        self._solver.begin_at(basis)

    def ended_at(self) -> Ended | None:
        """The last round that came to an end; None where there was none."""
        return self._ended

    def _cut(self, count: int) -> None:
        """So many cuts more are in."""
        before = sum(int((part < 0).sum()) for part in self._order)
        self._order.append(-1 - before - np.arange(count))

    def once(self, deadline: float) -> Relaxed:
        """One round alone, with the rows that are in."""
        return self._relaxed(self._round(deadline))

    def solve(self, deadline: float) -> Relaxed:
        """All rounds, up to a moment on the monotonic clock."""
        while True:
            outcome = self._round(deadline)
            if outcome.stopped_by != "gap" or outcome.plan is None or self._whole(outcome.plan, outcome.bound):
                break
            if self._inside.sum() > self._most or not self._more(outcome.plan, outcome.bound):
                break
        return self._relaxed(outcome)

    def _round(self, deadline: float) -> Outcome:
        outcome = self._solver.run(deadline - time.monotonic())
        self._rounds, self._iterations = self._rounds + 1, self._iterations + outcome.iterations
        if self._solver.interrupted:  # perhaps so late that the run ended by itself
            return replace(outcome, stopped_by="interrupt")
        if outcome.stopped_by == "gap" and outcome.plan is not None:
            self._bound = outcome.bound  # every round proves one, as rows only come in
            self._first = self._bound if self._rounds == 1 else self._first
            basis = self._solver.basis() if self._keeps else None
            self._ended = None if basis is None else Ended(outcome.plan, basis, np.concatenate(self._order))
        return outcome

    def _relaxed(self, outcome: Outcome) -> Relaxed:
        active = self._rows.copy()
        active[self._candidates[self._inside]] = True
        return Relaxed(replace(outcome, bound=max(outcome.bound, self._bound)), self._first, active, self._rounds,
                       self._iterations)

    def _whole(self, plan: Floats, bound: float) -> bool:
        """Whether the relaxation is a plan already, and a good one."""
        return self._enough is not None and is_whole(self._model.arrays, plan) and self._enough(plan, bound)

    def _more(self, plan: Floats, bound: float) -> bool:
        """Bring in what a relaxation violates; whether there is anything."""
        value = self._matrix @ plan
        excess = np.maximum(value - self._upper, self._lower - value) / self._scale
        violated = np.flatnonzero(~self._inside & (excess > _VIOLATED * self._solver.quantity))
        cuts = self._found(plan, bound, rows=len(violated) > 0)
        if len(violated):
            self._inside[violated] = True
            self._order.append(self._candidates[violated])
            self._solver.add_rows(sp.csr_array(self._matrix[violated]), self._lower[violated], self._upper[violated])
        if cuts is not None:
            self._cut(cuts.shape[0])
            self._solver.add_rows(cuts, np.zeros(cuts.shape[0]), np.full(cuts.shape[0], np.inf))
        return len(violated) > 0 or cuts is not None

    def _found(self, plan: Floats, bound: float, *, rows: bool) -> sp.csr_array | None:
        """Cuts that a relaxation violates, while they lift the bound."""
        rising = bound - self._before > self._worth * abs(bound)
        self._before = max(self._before, bound)
        if self._cuts is None or self._rounds > _ROUNDS or not (rows or rising):
            return None
        found = self._cuts.violated(self._model.spread(plan))
        return None if found is None else self._model.of_rows(found)


def is_whole(arrays: Arrays, plan: Floats) -> bool:
    """Whether the whole columns of a relaxation are nearly whole."""
    part = plan[arrays.integer]
    return bool((np.abs(part - np.round(part)) <= _NEARLY).all())


def with_known(arrays: Arrays, model: Reduced, cuts: Cuts | None) -> Arrays:
    """With the cuts that are known already."""
    return arrays if cuts is None else arrays.with_more(model.of_rows(cuts.known()))
