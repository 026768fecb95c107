"""The direct path: a program's arrays handed to HiGHS in one call, run, interrupted, read back.

The only module that imports highspy.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import scipy.sparse as sp

from ctsopt.errors import SolverError
from ctsopt.keys import Floats, Ints
from ctsopt.program.program import Arrays
from ctsopt.program.scaling import money_scale, row_scales
from ctsopt.program.status import StoppedBy

THREADS = 1
"""HiGHS shares one thread scheduler in a process, so that the number is fixed here: packs use processes instead."""

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


@dataclass(frozen=True)
class Progress:
    """How far a search is: seconds of the run, value of the best plan, proven bound, nodes."""

    seconds: float
    value: float
    bound: float
    nodes: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a run left behind.

    Attributes
    ----------
    stopped_by : str
        Why it stopped.
    detail : str
        The solver's own word for it.
    plan : float array or None
        Value of each column in the best plan; None where there is none.
    value, bound : float
        Objective of the plan and proven bound (equal for a linear program).
    row_dual, col_dual : float array or None
        Duals of rows and reduced costs of columns (linear programs).
    nodes, iterations : int
        Effort.
    """

    stopped_by: StoppedBy
    detail: str
    plan: Floats | None
    value: float
    bound: float
    row_dual: Floats | None
    col_dual: Floats | None
    nodes: int
    iterations: int


class Highs:
    """One HiGHS model. Options are set by name; an option that HiGHS refuses is an error.

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
        self._highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        self._interrupted = False
        self._mip = bool(arrays.integer.any()) and not relax
        self._money = money_scale(arrays.cost, arrays.integer)
        self._rows = row_scales(arrays.matrix)
        self.set(output_flag=log, threads=THREADS, **_in_scale(options, self._money))
        matrix = arrays.matrix.tocsc()
        if (self._rows != 1).any():
            matrix = sp.csc_array(sp.diags_array(self._rows) @ matrix)
        whole = arrays.integer.astype(np.int32) if self._mip else np.zeros(len(arrays.cost), dtype=np.int32)
        status = self._highs.passModel(
            len(arrays.cost), matrix.shape[0], matrix.nnz, int(highspy.MatrixFormat.kColwise),
            int(highspy.ObjSense.kMinimize), arrays.offset * self._money, arrays.cost * self._money, arrays.lower,
            arrays.upper, arrays.row_lower * self._rows, arrays.row_upper * self._rows,
            matrix.indptr.astype(np.int32, copy=False), matrix.indices.astype(np.int32, copy=False), matrix.data, whole)
        self._require(status, "did not take the program")

    def set(self, **options: object) -> None:
        """Set HiGHS options by name."""
        for name, value in options.items():
            self._require(self._highs.setOptionValue(name, value), f"refused the option {name} = {value!r}")

    def start_from(self, columns: Ints, values: Floats) -> None:
        """Give the values of some columns (all whole ones) as a start; HiGHS completes them."""
        self._require(self._highs.setSolution(len(columns), columns.astype(np.int32), values.astype(np.float64)),
                      "refused the start")

    def add_rows(self, matrix: sp.csr_array, lower: Floats, upper: Floats) -> None:
        """Add rows; the basis is kept."""
        scale = row_scales(matrix)
        self._rows = np.concatenate([self._rows, scale])
        if (scale != 1).any():
            matrix, lower, upper = sp.csr_array(sp.diags_array(scale) @ matrix), lower * scale, upper * scale
        self._require(self._highs.addRows(matrix.shape[0], lower, upper, matrix.nnz,
                                          matrix.indptr[:-1].astype(np.int32), matrix.indices.astype(np.int32),
                                          matrix.data), "refused rows")

    def change_bounds(self, columns: Ints, lower: Floats, upper: Floats) -> None:
        """Change the bounds of columns; the basis is kept."""
        self._require(self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper),
                      "refused bounds")

    def change_sides(self, rows: Ints, lower: Floats, upper: Floats) -> None:
        """Change the sides of rows; the basis is kept."""
        lower, upper = lower * self._rows[rows], upper * self._rows[rows]
        self._require(self._highs.changeRowsBounds(len(rows), rows.astype(np.int32), lower, upper), "refused sides")

    def change_cost(self, cost: Floats, offset: float = 0.0) -> None:
        """Change the objective; the basis is kept."""
        self._money = 1.0
        columns = np.arange(len(cost), dtype=np.int32)
        self._require(self._highs.changeColsCost(len(cost), columns, cost), "refused the objective")
        self._require(self._highs.changeObjectiveOffset(offset), "refused the objective")

    def run(self, time_limit: float = math.inf, watch: Callable[[Progress], None] | None = None) -> Outcome:
        """Solve. Ctrl-C stops the solver and keeps the best plan; `watch` is told of the progress of a search.

        Parameters
        ----------
        time_limit : float
            Seconds for this run.
        watch : callable, optional
            Called now and then with a `Progress`.
        """
        # HiGHS counts the seconds of all runs of a model together.
        self.set(time_limit=self._highs.getRunTime() + max(float(time_limit), 0.0))
        if self._mip and watch is not None:
            self._run_watched(watch)
        else:
            self._wait()
        return self._outcome()

    def _run_watched(self, watch: Callable[[Progress], None]) -> None:
        def look(event: Any) -> None:
            out = event.data_out
            watch(Progress(out.running_time, out.mip_primal_bound / self._money, out.mip_dual_bound / self._money,
                           int(out.mip_node_count)))

        self._highs.cbMipInterrupt += look
        try:
            self._wait()
        finally:
            self._highs.cbMipInterrupt -= look

    def _wait(self) -> None:
        """Run in a thread of its own so that the main thread can hear Ctrl-C at any moment."""
        self._highs.HandleUserInterrupt = True
        try:
            if threading.current_thread() is not threading.main_thread():
                status = self._highs.run()
            else:
                status = self._run_in_thread()
        finally:
            self._highs.HandleUserInterrupt = False
        if status == highspy.HighsStatus.kError:
            raise SolverError("HiGHS ended with an error: " + self._word())

    def _run_in_thread(self) -> Any:
        self._highs.startSolve()
        while True:
            try:
                ended, status = self._highs.wait(0.2)
            except KeyboardInterrupt:
                self._highs.cancelSolve()
                self._interrupted = True
                continue
            if ended:
                return status

    @property
    def priced(self) -> float:
        """A dual above this, in money per unit, is not the solver's way of saying 0."""
        return 1e-7 / self._money

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was heard during any run."""
        return self._interrupted

    def _outcome(self) -> Outcome:
        model_status = self._highs.getModelStatus()
        stopped: StoppedBy = _STOPS.get(model_status, "error")
        info, solution = self._highs.getInfo(), self._highs.getSolution()
        has_plan = info.primal_solution_status == int(highspy.SolutionStatus.kSolutionStatusFeasible)
        plan = np.array(solution.col_value, dtype=np.float64) if has_plan and len(solution.col_value) else None
        value = float(info.objective_function_value) / self._money if plan is not None else math.inf
        linear = not self._mip and stopped == "gap"
        bound = value if linear else (float(info.mip_dual_bound) / self._money if self._mip else -math.inf)
        row_dual, col_dual = None, None
        if linear and plan is not None:
            row_dual = np.array(solution.row_dual, dtype=np.float64) * self._rows / self._money
            col_dual = np.array(solution.col_dual, dtype=np.float64) / self._money
        return Outcome(stopped, self._word(), plan, value, bound, row_dual, col_dual,
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


def version() -> str:
    """Version of the HiGHS library in use."""
    return str(highspy.Highs().version())  # type: ignore[no-untyped-call]

