"""Any solver that Pyomo drives, by name: what it is told, and what it says when it ends."""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from pyomo.common.log import LoggingIntercept
from pyomo.opt import SolverStatus, TerminationCondition

from ctsopt.errors import SolverError, UsageError, did_you_mean
from ctsopt.keys import Floats
from ctsopt.programs.highs import Highs, forget_threads
from ctsopt.programs.program import Arrays, Program
from ctsopt.programs.pyomo import component_name, variables
from ctsopt.programs.status import StoppedBy

_log = logging.getLogger("ctsopt.solve")


@dataclass(frozen=True)
class _Words:
    """What a solver calls our options; blank where it has none.

    `always` is set unless the user says otherwise, `quiet` where no log is wanted.
    """

    gap: str
    abs_gap: str = ""
    seed: str = ""
    always: Mapping[str, Any] = field(default_factory=dict)
    quiet: Mapping[str, Any] = field(default_factory=dict)


_HIGHS = _Words("mip_rel_gap", "mip_abs_gap", "random_seed", {"threads": 1})
# Pyomo reads SCIP's log from a pipe by a thread that cannot run while SCIP does: once the pipe is full (64 KiB), both
# wait for ever (Pyomo 6.10, PySCIPOpt 6.3). So no line for every hundred nodes, and no log at all unless asked for.
_SCIP = _Words("limits/gap", "limits/absgap", "randomization/randomseedshift", {"display/freq": -1},
               {"display/verblevel": 0})
_WORDS = {"highs": _HIGHS, "appsi_highs": _HIGHS, "scip_direct": _SCIP, "scip_persistent": _SCIP, "scip": _SCIP,
          "cbc": _Words("ratioGap", "allowableGap", "randomCbcSeed"), "glpk": _Words("mipgap")}
"""Solvers whose options we know. The time limit is Pyomo's own option for every solver."""

_INSTALL = {
    "highs": "pip install highspy", "appsi_highs": "pip install highspy",
    "scip_direct": "pip install pyscipopt", "scip_persistent": "pip install pyscipopt",
    "scip": "put the program scip on the PATH, or pip install pyscipopt and say solver='scip_direct'",
    "cbc": "put the program cbc on the PATH (Debian: coinor-cbc; conda: coin-or-cbc)",
    "glpk": "put the program glpsol on the PATH (Debian: glpk-utils; conda: glpk)",
    "gurobi": "pip install gurobipy, and a licence", "gurobi_direct": "pip install gurobipy, and a licence",
    "cplex": "put the program cplex on the PATH", "cplex_direct": "pip install cplex, and a licence",
    "xpress_direct": "pip install xpress, and a licence", "appsi_gurobi": "pip install gurobipy, and a licence",
}

_STOPS: dict[Any, StoppedBy] = {
    TerminationCondition.optimal: "gap",
    TerminationCondition.globallyOptimal: "gap",
    TerminationCondition.maxTimeLimit: "time_limit",
    TerminationCondition.infeasible: "infeasible",
    TerminationCondition.infeasibleOrUnbounded: "infeasible",
    TerminationCondition.unbounded: "unbounded",
    TerminationCondition.userInterrupt: "interrupt",
    TerminationCondition.resourceInterrupt: "interrupt",
}

_FAR = 1e-3
"""Farther than this from whole is no tolerance of a solver."""

_NO_PLAN = ("infeasible", "unbounded")


@dataclass(frozen=True, eq=False)
class Ended:
    """What a solver left behind.

    Attributes
    ----------
    plan : float array or None
        Value of each column of the program; None where the solver gave no plan.
    bound : float
        Bound that the solver reports as proven; -inf where it reports none.
    stopped_by : str
        `gap` where the solver calls its plan optimal, which means by its own options.
    detail : str
        The solver's own word for it.
    """

    plan: Floats | None
    bound: float
    stopped_by: StoppedBy
    detail: str


def require(name: str, options: Mapping[str, Any]) -> None:
    """Raise UsageError where Pyomo knows no solver of this name, it is not there, or HiGHS knows no such option."""
    names = sorted(n for n in pyo.SolverFactory if not n.startswith("_"))
    if name not in names:
        raise UsageError(f"solver = {name!r}: neither 'direct' nor a solver that Pyomo knows"
                         + did_you_mean(name, ["direct", *names]))
    with LoggingIntercept(io.StringIO(), "pyomo"):  # that it is not there is said once, below
        there = pyo.SolverFactory(name).available(exception_flag=False)
    if not there:
        raise UsageError(f"solver = {name!r}: it is not installed here, or has no licence; "
                         + _INSTALL.get(name, "install it so that Pyomo finds it"))
    if _WORDS.get(name) is _HIGHS:
        _require_highs_options(options)


def _require_highs_options(options: Mapping[str, Any]) -> None:
    """Pyomo does not look whether HiGHS took an option, so they are tried on a model of one column."""
    if options.get("threads", 1) != 1:
        raise UsageError("solver_options: HiGHS works with one thread here: all its runs in a process share the same "
                         "threads; run several processes instead")
    none = np.empty(0)
    trial = Highs(Arrays(sp.csc_array((0, 1)), np.zeros(1), 0.0, np.zeros(1), np.ones(1), np.zeros(1, dtype=bool),
                         none, none))
    for option, value in options.items():
        try:
            trial.set(**{option: value})
        except SolverError as fault:
            raise UsageError(f"solver_options: {fault}") from fault


def run(program: Program, model: pyo.ConcreteModel, name: str, options: Mapping[str, Any], *, gap: float,
        abs_gap: float, seed: int, time_limit: float | None, log: bool, relax: bool, lazy: bool) -> Ended:
    """Solve a Pyomo model of a program with a solver by name. The model is changed as `relax` and `lazy` say.

    Parameters
    ----------
    program : Program
    model : ConcreteModel
        Made by `to_pyomo` (or `with_rules`) from the program.
    name : str
        Name of the solver in Pyomo.
    options : mapping
        Options in the solver's own words; they take precedence.
    gap, abs_gap, seed
        Passed on to solvers whose words for them are known (see `passed_on`).
    time_limit : float or None
        Seconds, by Pyomo's own option.
    log : bool
        Show the solver's log.
    relax : bool
        Leave out that variables are whole.
    lazy : bool
        Hand over the lazy rows too.

    Raises
    ------
    SolverError
        If the solver does not take the model or an option, or ends with an error.
    """
    if not lazy:
        for block in (block for block in program.rows.values() if block.lazy):
            model.rows.component(component_name(block.name)).deactivate()
    if relax:
        pyo.TransformationFactory("core.relax_integer_vars").apply_to(model)
    solver = pyo.SolverFactory(name)
    told = {**passed_on(name, gap=gap, abs_gap=abs_gap, seed=seed, log=log), **options}
    extra: dict[str, Any] = {}
    if time_limit is not None:
        extra["timelimit"] = max(1, math.ceil(time_limit)) if name == "glpk" else time_limit  # glpk takes whole seconds
    said = io.StringIO()
    if _WORDS.get(name) is _HIGHS:
        forget_threads()
    try:
        with LoggingIntercept(said, "pyomo", logging.WARNING):
            results = solver.solve(model, load_solutions=False, tee=log, options=told, **extra)
    except Exception as fault:
        given = f" (solver_options: {', '.join(options)})" if options else ""
        why = "; ".join([str(fault), *said.getvalue().splitlines()])
        raise SolverError(f"{name} did not take the program or ended with an error{given}: {why}") from fault
    if said.getvalue():
        _log.info("%s: %s", name, said.getvalue().strip())
    condition = results.solver.termination_condition
    stopped = _STOPS.get(condition, "error")
    plan = None if stopped in _NO_PLAN else _plan(program, model, results)
    detail = f"{name}: {condition}"
    if plan is not None and not relax and _broken(program, plan):
        plan, detail = None, f"{detail}; what it gives as its plan has broken numbers where whole ones are asked for"
    if stopped == "error" and plan is not None:
        stopped = "solver"
    return Ended(plan, _bound(results), stopped, detail)


def _broken(program: Program, plan: Floats) -> bool:
    """Whether columns that are to be whole are far from it, as where CBC, stopped early, gives a relaxation."""
    whole = plan[program.arrays.integer]
    return bool((np.abs(whole - np.round(whole)) > _FAR).any())


def passed_on(name: str, *, gap: float, abs_gap: float, seed: int, log: bool = False) -> dict[str, Any]:
    """Our options in the words of the solver; empty for a solver whose words are not known."""
    words = _WORDS.get(name)
    if words is None:
        return {}
    named = {words.gap: gap, words.seed: seed} | ({words.abs_gap: abs_gap} if abs_gap > 0 else {})
    return {**words.always, **({} if log else words.quiet), **{word: value for word, value in named.items() if word}}


def _plan(program: Program, model: pyo.ConcreteModel, results: Any) -> Floats | None:
    if not len(results.solution):
        return None
    columns = variables(program, model)
    results.solver.status = SolverStatus.ok  # a plan is read however the solver ended: what it is worth is found out
    model.solutions.load_from(results)
    values = np.array([v.value for v in columns], dtype=np.float64)  # None becomes NaN
    lower, upper = program.arrays.lower, program.arrays.upper
    return np.where(np.isnan(values), np.clip(0.0, lower, upper), values)  # NaN: in no row, at no cost


def _bound(results: Any) -> float:
    bound = results.problem.lower_bound
    number = float(bound) if isinstance(bound, Real) else -math.inf
    return number if number < math.inf else -math.inf
