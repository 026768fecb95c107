"""The direct path: a program's arrays handed to HiGHS in one call, run, interrupted, read back.

The only module that imports highspy.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp

from ctsopt.errors import SolverError
from ctsopt.keys import Bools, Floats, Ints, Positions
from ctsopt.programs.kept import Kept
from ctsopt.programs.outcome import Outcome, Progress
from ctsopt.programs.program import Arrays
from ctsopt.programs.scaling import (
    column_units,
    holding,
    largest_money,
    money_scale,
    quantity_scale,
    row_scales,
    row_units,
)
from ctsopt.programs.status import StoppedBy

THREADS = 1
"""HiGHS shares one thread scheduler in a process, so that the number is fixed here: packs use processes instead."""

_NEARLY = 1e-6
"""By so much the rows of an optimal linear program may be off, in HiGHS' scale. Its value is that of the duals."""

_PRICED = 1e-7
"""A dual above this, in HiGHS' scale, is not its way of saying 0."""

_SMALLEST = 1e-12
"""The smallest coefficient that HiGHS can be told to keep, where columns have units of their own."""

_NOT_SET = highspy.HighsModelStatus.kNotset

_TALKS = (1, 16)
"""From this version on HiGHS says who it is whenever a model is made."""

AT_LOWER, BASIC = 0, 1
"""Numbers in a basis: at its lower end; in the basis, so that a row is slack."""

_CONSOLE = threading.Lock()

_STOPS: dict[Any, StoppedBy] = {
    highspy.HighsModelStatus.kOptimal: "gap",
    highspy.HighsModelStatus.kModelEmpty: "gap",
    highspy.HighsModelStatus.kTimeLimit: "time_limit",
    highspy.HighsModelStatus.kInterrupt: "interrupt",
    highspy.HighsModelStatus.kHighsInterrupt: "interrupt",  # type: ignore[attr-defined]
    highspy.HighsModelStatus.kInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnboundedOrInfeasible: "infeasible",
    highspy.HighsModelStatus.kUnbounded: "unbounded",
}


@dataclass(frozen=True, eq=False)
class Basis:
    """Where a run of a linear program ended, in the solver's own words for each of its columns and rows."""

    columns: list[Any]
    rows: list[Any]

    @classmethod
    def of(cls, columns: Ints, rows: Ints) -> Basis:
        """From the solver's numbers: AT_LOWER, BASIC, and others."""
        words = {number: highspy.HighsBasisStatus(number) for number in np.unique(np.append(columns, rows)).tolist()}
        return cls([words[number] for number in columns.tolist()], [words[number] for number in rows.tolist()])

    def numbers(self) -> tuple[Ints, Ints]:
        """The solver's numbers for columns and rows."""
        columns, rows = (np.array([int(status) for status in part], dtype=np.int32)
                         for part in (self.columns, self.rows))
        return columns, rows


class Highs:
    """One HiGHS model. Options are set by name; an option that HiGHS refuses is an error.

    HiGHS is given the program in a scale of its own (`ctsopt.programs.scaling`), and without the columns that are left
    out; everything that goes in or comes out here is in the program's own units and columns.

    Parameters
    ----------
    arrays : Arrays
        The program.
    relax : bool
        Leave out that variables are whole.
    log : bool
        Let HiGHS write its log to the console.
    **options
        HiGHS options, such as `mip_rel_gap`, `random_seed`.
    """

    def __init__(self, arrays: Arrays, *, relax: bool = False, log: bool = False, **options: object) -> None:
        self._highs = _silent()
        self._interrupted = self._pressed = False
        self._mip = bool(arrays.integer.any()) and not relax
        self._columns = Kept(arrays.left_out)
        arrays = self._columns.of_arrays(arrays)
        self._integer = arrays.integer
        self.quantity = quantity_scale(arrays)
        self._own = column_units(arrays, self.quantity)
        self.quantity = self.quantity if self._own is None else 1.0
        units, matrix = self._units(), arrays.matrix
        cost = arrays.cost if isinstance(units, float) else arrays.cost * units
        self._money = self._money_of(cost)
        self.set(output_flag=log, threads=THREADS, **_in_scale(options, self._money))
        if self._own is not None:
            self.set(small_matrix_value=_SMALLEST)
        matrix, self._rows = self._scaled(matrix)
        matrix = matrix.tocsc()
        whole = arrays.integer.astype(np.int32) if self._mip else np.zeros(len(cost), dtype=np.int32)
        status = self._highs.passModel(
            len(cost), matrix.shape[0], matrix.nnz, int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize), arrays.offset * self._money, cost * self._money, arrays.lower / units,
            arrays.upper / units, arrays.row_lower * self._rows, arrays.row_upper * self._rows,
            matrix.indptr.astype(np.int32, copy=False), matrix.indices.astype(np.int32, copy=False), matrix.data, whole)
        self._require(status, "did not take the program")

    def _units(self, columns: Ints | None = None) -> Floats | float:
        """How much of each column (or of those given) HiGHS counts as 1."""
        if self._own is not None:
            return self._own if columns is None else self._own[columns]
        if self.quantity == 1:
            return 1.0
        return np.where(self._integer if columns is None else self._integer[columns], 1.0, self.quantity)

    def _scaled(self, matrix: sp.csc_array | sp.csr_array) -> tuple[sp.csc_array | sp.csr_array, Floats]:
        """Rows as HiGHS gets them, and the factor of each."""
        factor = np.ones(matrix.shape[0])
        if self._own is not None:
            factor = row_units(matrix, self._own, self._integer)
            return sp.diags_array(factor) @ matrix @ sp.diags_array(self._own), factor
        if self.quantity != 1:
            # A row of flows counts in units of goods, too, so that only coefficients of whole columns change.
            factor = np.where(holding(matrix, ~self._integer), 1 / self.quantity, 1.0)
            matrix = sp.diags_array(factor) @ matrix @ sp.diags_array(np.asarray(self._units()))
        small = row_scales(matrix)
        if (small != 1).any():
            matrix, factor = sp.diags_array(small) @ matrix, factor * small
        return matrix, factor

    def _money_of(self, cost: Floats) -> float:
        """Factor of the objective."""
        return money_scale(cost, self._integer) if self._own is None else largest_money(cost)

    def set(self, **options: object) -> None:
        """Set HiGHS options by name."""
        for name, value in options.items():
            self._require(self._highs.setOptionValue(name, value), f"refused the option {name} = {value!r}")

    def start_from(self, columns: Ints, values: Floats) -> None:
        """Give the values of some columns (all whole ones) as a start; HiGHS completes them."""
        columns, values = self._columns.places(columns, values)
        values = values.astype(np.float64) / self._units(columns)
        # By rounding a plan may be off its bounds, and HiGHS takes no start that is.
        held = self._highs.getLp()
        values = np.clip(values, np.asarray(held.col_lower_)[columns], np.asarray(held.col_upper_)[columns])
        self._require(self._highs.setSolution(len(columns), columns.astype(np.int32), values), "refused the start")

    def factors(self, matrix: sp.csr_array) -> Floats:
        """What one of each of some rows, which may be no rows of this model, is in HiGHS' scale."""
        return self._scaled(matrix)[1]

    def add_rows(self, matrix: sp.csr_array, lower: Floats, upper: Floats) -> None:
        """Add rows; the basis is kept."""
        scaled, factor = self._scaled(self._columns.of_rows(matrix))
        self._rows = np.concatenate([self._rows, factor])
        matrix, lower, upper = sp.csr_array(scaled), lower * factor, upper * factor
        self._require(self._highs.addRows(matrix.shape[0], lower, upper, matrix.nnz,
                                          matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32),
                                          matrix.data), "refused rows")

    def add_columns(self, matrix: sp.csc_array, cost: Floats, lower: Floats, upper: Floats) -> None:
        """Add columns that are not whole, with their coefficients in all rows; the basis is kept.

        For models of which no columns are left out, and whose columns have no units of their own (`one_unit`).
        """
        columns = sp.csc_array(sp.diags_array(self._rows) @ matrix * self.quantity)
        self._integer = np.append(self._integer, np.zeros(len(cost), dtype=bool))
        self._require(self._highs.addCols(len(cost), cost * self.quantity * self._money, lower / self.quantity,
                                          upper / self.quantity, columns.nnz, columns.indptr[:-1].astype(np.int32),
                                          columns.indices.astype(np.int32), columns.data), "refused columns")

    @property
    def one_unit(self) -> bool:
        """Whether all flows count in the same unit, so that others may be added."""
        return self._own is None

    def change_bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Change the bounds of columns; the basis is kept. Columns that are left out stay at 0."""
        columns, lower, upper = self._columns.places(columns, lower, upper)
        units = self._units(columns)
        self._require(self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower / units,
                                                   upper / units), "refused bounds")

    def change_sides(self, rows: Ints, lower: Floats, upper: Floats) -> None:
        """Change the sides of rows; the basis is kept."""
        lower, upper = lower * self._rows[rows], upper * self._rows[rows]
        self._require(self._highs.changeRowsBounds(len(rows), rows.astype(np.int32), lower, upper), "refused sides")

    def change_cost(self, cost: Floats, offset: float = 0.0) -> None:
        """Change the objective; the basis is kept."""
        cost = self._columns.of(cost) * self._units()
        self._money = self._money_of(cost)
        columns = np.arange(len(cost), dtype=np.int32)
        self._require(self._highs.changeColsCost(len(cost), columns, cost * self._money), "refused the objective")
        self._require(self._highs.changeObjectiveOffset(offset * self._money), "refused the objective")

    def change_costs(self, columns: Ints | Positions, cost: Floats) -> None:
        """Change what some columns cost; the basis and the scale of money are kept. No columns are left out."""
        units = self._units(columns.astype(np.int32))
        self._require(self._highs.changeColsCost(len(cost), columns.astype(np.int32), cost * units * self._money),
                      "refused the objective")

    def basis(self) -> Basis | None:
        """Where the last run of a linear program ended; None where there is nothing to begin from."""
        basis = self._highs.getBasis()
        return Basis(list(basis.col_status), list(basis.row_status)) if basis.valid else None

    def begin_at(self, basis: Basis) -> None:
        """Begin the next run where another ended. What has come in since is outside of it: columns at their lower end,
        rows with what they leave over.
        """
        one, info = highspy.HighsBasis(), self._highs.getLp()
        at = highspy.HighsBasisStatus
        one.col_status = basis.columns + [at.kLower] * (info.num_col_ - len(basis.columns))
        one.row_status = basis.rows + [at.kBasic] * (info.num_row_ - len(basis.rows))
        one.valid = True
        self._require(self._highs.setBasis(one), "refused where to begin")

    def forget(self) -> None:
        """Begin the next run from nothing."""
        self._require(self._highs.clearSolver(), "did not forget")

    def ray(self) -> Floats | None:
        """Weights of the rows that show that a linear program has no plan; None where the solver has none."""
        _, there, ray = self._highs.getDualRay()
        return np.array(ray, dtype=np.float64) * self._rows if there else None

    def run(self, time_limit: float = math.inf, watch: Callable[[Progress], bool | None] | None = None,
            keep: Callable[[Floats], None] | None = None) -> Outcome:
        """Solve. Ctrl-C stops the solver and keeps the best plan; `watch` is told of the progress of a search.

        Parameters
        ----------
        time_limit : float
            Seconds for this run.
        watch : callable, optional
            Called now and then with a `Progress`. Where it gives True, the search ends there.
        keep : callable, optional
            Given every plan that is better than those before.
        """
        # HiGHS counts the seconds of all runs of a linear model together, those of a search anew.
        spent = 0.0 if self._mip else self._highs.getRunTime()
        self.set(time_limit=spent + max(float(time_limit), 0.0))
        if self._mip and (watch is not None or keep is not None):
            self._run_watched(watch, keep)
        else:
            self._wait()
        return self._outcome()

    def _run_watched(self, watch: Callable[[Progress], bool | None] | None,
                     keep: Callable[[Floats], None] | None) -> None:
        raised: list[BaseException] = []

        def look(event: Any) -> None:
            out = event.data_out
            if watch is None or raised:
                return
            try:
                ends = watch(Progress(out.running_time, out.mip_primal_bound / self._money,
                                      out.mip_dual_bound / self._money, int(out.mip_node_count)))
            except BaseException as error:  # HiGHS cannot pass it on
                raised.append(error)
                self._cancel()
                return
            if ends:
                self._highs.cancelSolve()
                event.data_in.user_interrupt = True

        def take(event: Any) -> None:
            if keep is not None:
                keep(self._columns.spread(np.array(event.data_out.mip_solution, dtype=np.float64) * self._units()))

        self._highs.cbMipInterrupt += look
        self._highs.cbMipImprovingSolution += take
        try:
            self._wait()
        finally:
            self._highs.cbMipInterrupt -= look
            self._highs.cbMipImprovingSolution -= take
        if raised:
            raise raised[0]

    def _wait(self) -> None:
        """Run in a thread of its own so that the main thread can hear Ctrl-C at any moment."""
        self._highs.HandleUserInterrupt = True
        try:
            if threading.current_thread() is not threading.main_thread():
                status = self._highs.run()
            else:
                status = self._run_in_thread()
            if status == highspy.HighsStatus.kError and self._highs.getModelStatus() == _NOT_SET:
                # Somebody else has used HiGHS in this process with another number of threads: newer versions refuse.
                forget_threads()
                status = self._highs.run()
        finally:
            self._highs.HandleUserInterrupt = False
        if status == highspy.HighsStatus.kError:
            raise SolverError("HiGHS ended with an error: " + self._word())

    def _run_in_thread(self) -> Any:
        with self._hearing():
            self._highs.startSolve()
            while True:
                try:
                    ended, status = self._highs.wait(0.2)
                except KeyboardInterrupt:  # by a handler that somebody else has put there
                    self._cancel()
                    continue
                if ended:
                    return status
                if self._pressed:
                    self._highs.cancelSolve()  # HiGHS forgets what it was told before it began

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        """Ctrl-C stops the solver, instead of raising KeyboardInterrupt somewhere while the solver's thread goes on."""
        self._pressed = False
        if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return
        signal.signal(signal.SIGINT, lambda _number, _frame: self._cancel())
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _cancel(self) -> None:
        self._interrupted = self._pressed = True
        self._highs.cancelSolve()

    @property
    def small(self) -> tuple[float, float]:
        """Quantity and amount of money of which a millionth is nothing: 1, or less where the program's own are less."""
        least = self.quantity if self._own is None else float(self._own.min())
        return min(1.0, least), min(1.0, 1 / self._money)

    def goods(self, size: Floats) -> Floats:
        """Quantity of which a millionth is nothing, in rows that are each about some quantity."""
        if self._own is not None:
            return size
        return np.full(len(size), self.quantity) if self.quantity > 1 else np.minimum(size, 1.0)

    def priced(self, reduced: Floats) -> Bools | None:
        """Whether reduced costs of flows, which may be no columns of this model, are more than HiGHS' way of saying 0.

        None where columns have units of their own, so that this cannot be told of others.
        """
        return None if self._own is not None else reduced * self.quantity * self._money > _PRICED

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was heard during any run."""
        return self._interrupted

    def _outcome(self) -> Outcome:
        model_status = self._highs.getModelStatus()
        stopped: StoppedBy = _STOPS.get(model_status, "error")
        info, solution = self._highs.getInfo(), self._highs.getSolution()
        has_plan = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
        linear = not self._mip and stopped == "gap"
        # HiGHS calls a basis optimal whose plan is off by a little more than its tolerance once it is scaled back.
        has_plan |= linear and info.max_primal_infeasibility <= _NEARLY
        if linear and not has_plan:
            stopped, linear = "error", False
        plan = None
        if has_plan and len(solution.col_value):
            plan = self._columns.spread(np.array(solution.col_value, dtype=np.float64) * self._units())
        value = float(info.objective_function_value) / self._money if plan is not None else math.inf
        bound = value if linear else (float(info.mip_dual_bound) / self._money if self._mip else -math.inf)
        row_dual, col_dual, row_priced, col_priced = None, None, None, None
        if linear and plan is not None:
            row_dual, col_dual = (np.array(dual, dtype=np.float64) for dual in (solution.row_dual, solution.col_dual))
            row_priced, col_priced = np.abs(row_dual) > _PRICED, np.abs(col_dual) > _PRICED
            row_dual, col_dual = row_dual * self._rows / self._money, col_dual / self._units() / self._money
            col_dual, col_priced = self._columns.spread(col_dual), self._columns.spread(col_priced)
        return Outcome(stopped, self._word(), plan, value, bound, row_dual, col_dual, row_priced, col_priced,
                       max(int(info.mip_node_count), 0), max(int(info.simplex_iteration_count), 0))

    def _word(self) -> str:
        return str(self._highs.modelStatusToString(self._highs.getModelStatus()))

    def _require(self, status: Any, what: str) -> None:
        if status == highspy.HighsStatus.kError:
            raise SolverError(f"HiGHS {what}")


def _in_scale(options: dict[str, object], money: float) -> dict[str, object]:
    """The options with amounts of money in the scale of the model."""
    gap = options.get("mip_abs_gap")
    return options | {"mip_abs_gap": gap * money} if isinstance(gap, float) else options


def forget_threads() -> None:
    """End the threads that all models of a process share, so that the next one may have another number of them."""
    highspy.Highs.resetGlobalScheduler(True)


@cache
def version() -> str:
    """Version of the HiGHS library in use."""
    return str(_silent().version())


@cache
def build() -> str:
    """Version of the HiGHS library in use, and the state of its source that it was built from."""
    model = _silent()
    return f"HiGHS {model.version()} ({model.githash()})"


def _silent() -> Any:
    """A model of HiGHS, made without a word: from 1.16 on it writes two lines to the console before it can be told not
    to, where they would be part of what a program prints as JSON.
    """
    if (highspy.HIGHS_VERSION_MAJOR, highspy.HIGHS_VERSION_MINOR) < _TALKS:
        return highspy.Highs()  # type: ignore[no-untyped-call]
    with _CONSOLE:
        kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
        try:
            sys.stdout.flush()
            os.dup2(nowhere, 1)
            return highspy.Highs()  # type: ignore[no-untyped-call]
        finally:
            os.dup2(kept, 1)
            os.close(kept)
            os.close(nowhere)
