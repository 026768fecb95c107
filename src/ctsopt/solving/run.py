"""From a network to a solution: prepare, find, settle, read back, recheck, record."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.errors import CtsError, InfeasibleError, SolverError, UsageError
from ctsopt.formulation.build import STOCK, VARIABLES, build
from ctsopt.formulation.dominance import left_out, without_dominated
from ctsopt.formulation.family import CostFamily, RowFamily
from ctsopt.formulation.stock.declared import declared
from ctsopt.formulation.stock.segments import Breakpoints
from ctsopt.keys import Floats
from ctsopt.networks.network import Network
from ctsopt.programs.highs import version as highs_version
from ctsopt.programs.program import Program
from ctsopt.programs.sentinel import admit, admitted
from ctsopt.programs.status import OPTIMAL_WITHIN, Status
from ctsopt.progress import Tell, Teller
from ctsopt.results.read_back import read_back
from ctsopt.results.solution import Solution
from ctsopt.solving.checking.recheck import recheck
from ctsopt.solving.explaining.ladder import SECONDS, Case
from ctsopt.solving.fixing import Fix, as_fixes, fixed
from ctsopt.solving.options import DIRECT, Links, Options, StockPlan, Way, as_gap
from ctsopt.solving.polish import Polished
from ctsopt.solving.settle import settle
from ctsopt.solving.start import Given, start_of
from ctsopt.solving.strategies.auto import Auto
from ctsopt.solving.strategies.by_name import ByName, require_solver
from ctsopt.solving.strategies.columns import Columns
from ctsopt.solving.strategies.direct import Direct
from ctsopt.solving.strategies.first_plan import FirstPlan
from ctsopt.solving.strategies.refine import Refinement
from ctsopt.solving.strategies.stocked_value import StockedValue
from ctsopt.solving.strategies.strategy import Found, Problem, Strategy, Watch

if TYPE_CHECKING:
    from ctsopt.programs.pyomo_rules import PyomoRule

_log = logging.getLogger("ctsopt.solve")

_DECISIONS = frozenset(family.__name__ for family in VARIABLES)
_STOCK = frozenset(family.__name__ for family in STOCK)
"""Names of the variables of a network's program; all others are those of rules."""


def program(net: Network, extra: Sequence[RowFamily] = (), extra_costs: Sequence[CostFamily] = ()) -> Program:
    """The mixed-integer program of a network, to look at, to write as an LP file, or to hand to Pyomo.

    Parameters
    ----------
    net : Network
    extra : sequence of functions, optional
        Row families of your own, `f(x, net) -> Rows`.
    extra_costs : sequence of functions, optional
        Cost lines of your own, `f(x, net) -> Expr`, see `solve`.

    Returns
    -------
    Program
    """
    _require_network(net)
    points = None if net.derived.stocking is None else Breakpoints.first(declared(net))
    return build(net, extra, points, extra_costs)


def solve(net: Network, gap: float | str = 1e-4, abs_gap: float = 0.0, time_limit: float | None = None, seed: int = 0,
          log: bool = False, relax: bool = False, links: Links = "auto", extra: Sequence[RowFamily] = (),
          start: Given | None = None, solver: str = DIRECT,
          solver_options: Mapping[str, Any] | None = None, pyomo_rules: Sequence[PyomoRule] = (),
          stock: StockPlan = "in_plan", progress: Tell | None = None, fix: Fix | Sequence[Fix] = (),
          known_bound: float | None = None, decide: float | None = None,
          extra_costs: Sequence[CostFamily] = (), dominance: bool = True, strategy: Way = "direct") -> Solution:
    """Find the least-cost plan that keeps the promises.

    Parameters
    ----------
    net : Network
    gap : float or str
        Stop when the plan is proven to cost at most this share more than the least possible: 0.01, or "1%".
    abs_gap : float
        Stop when it is proven to cost at most this much more, in money. Whichever is met first counts.
    time_limit : float, optional
        Seconds for the search. The best plan found by then is kept, with its bound and gap.
    seed : int
        Seed of the solver's random choices.
    log : bool
        Show the solver's own log.
    relax : bool
        Solve the linear relaxation: sites may be partly open. A lower bound, not a plan.
    links : {"auto", "lazy", "all", "capacity"}
        Rows that tie deliveries to open sites beyond their capacity: as the linear relaxation shows that it is quicker,
        brought in where violated, all from the start, or none. The plans are the same, the time is not.
    extra : sequence of functions, optional
        Row families of your own, `f(x, net) -> Rows`.
    start : Solution, or mapping of site to bool, optional
        A plan to start from, of this network or a neighbour: whatever has the same keys here. Where it is a plan of
        this network, too, the search begins with it, and the plan that is found costs no more; else with its sites and
        sources. A mapping says which sites are open. A solver by name is not given it: it is the plan where that solver
        finds none that costs less.
    solver : str
        `direct` (HiGHS, given the arrays), or the name of any solver that Pyomo drives, such as `highs` or
        `scip_direct`. The plan is made whole, checked and reported the same way; the bound is the one that the solver
        reports. All links are handed over, unless `links` is "capacity".
    solver_options : mapping, optional
        Options of a solver by name, in its own words. `gap`, `abs_gap` and `seed` are passed on to HiGHS, SCIP, CBC
        and GLPK; to any other solver say them here. `time_limit` is passed on to all.
    pyomo_rules : sequence of functions, optional
        Rules of your own written in Pyomo, `f(model, net)`: they add constraints and variables to the model that
        `to_pyomo` gives, and may fix or tighten its variables. They are compiled back into the program, so that any
        solver can be used. The values of the variables they add stand in `record["rule_variables"]`.
    stock : {"in_plan", "after"}
        Where a fill rate is promised: stock is decided together with the network, or added to the network that is best
        without it. Both plans are valued the same way; the bound of the second one leaves stock out, so that its gap is
        wide.
    progress : callable, optional
        Called with a `ctsopt.Progress` (phase, seconds, plan, bound, gap, nodes) whenever a phase begins or a better
        plan is found, and a few times a second while HiGHS searches; also from another thread than the caller's. What
        it raises ends the solve.
    fix : Fix or sequence of Fix, optional
        Decisions that are held, see `ctsopt.Fix`: as they are in another plan, or at figures of your own.
    known_bound : float, optional
        A cost below which there is no plan of this network under these fixes and rules, known from elsewhere. It counts
        as proven: the search ends where it proves the gap asked for.
    decide : float, optional
        End as soon as it is known whether a plan costs at most this much: a plan does, or none can.
    extra_costs : sequence of functions, optional
        Cost lines of your own, `f(x, net) -> Expr`: amounts of money by key, minimised with the others and reported
        under the function's name. `ctsopt.formulation.family.line("penalty")` marks one that is never cash.
    dominance : bool
        Leave out of what a solver is given every delivery that another one of the same site is never worse than, in any
        row and cost line of the program. The least cost is the same; the search takes longer without.
    strategy : {"auto", "direct", "columns"}
        How the program is searched. `auto`: by `columns` where it is large and sites are all that is chosen, else
        directly. `direct`: cut and branch by HiGHS. `columns`: for large networks whose choice is
        which sites are open; rows and columns come in as they are needed, branching is our own, and bounds are worked
        out from duals over the whole program. A program that is none for it is searched directly, and
        `record["strategy"]` says why.

    Returns
    -------
    Solution

    Raises
    ------
    InfeasibleError
        If the promises cannot all be kept; `shortfalls` says which fall short, and by how much, `explanation` why, and
        what can be promised instead.
    NoPlanError
        If a limit was reached, or Ctrl-C pressed, before any plan was found.
    UsageError
        If an option is not valid, a solver is not there, or a rule does what rules may not do.
    SolverError
        If the solver fails or its release is refused (docs/solver-versions.md), or a plan does not agree with the
        tables.
    """
    options = Options(as_gap(gap), abs_gap, time_limit, seed, log, relax, links, solver, stock, solver_options or {},
                      as_fixes(fix), known_bound, decide, dominance, strategy)
    _require_network(net)
    net.tables.warn_of_lost_edits()
    admit()
    require_solver(options)
    seconds, teller = {"begin": time.monotonic()}, Teller(progress)
    teller.phase("building")
    make = _Maker(net, options, extra, pyomo_rules, extra_costs)
    problem = _problem(net, make(None), options, start, teller)
    _lap(seconds, "build")
    _log.info("built %d columns, %d rows in %.2f s", problem.program.columns, problem.program.row_count,
              seconds["build"])
    found = _strategy(net, make, problem).find(problem)
    _lap(seconds, "search")
    teller.phase("polish")
    found, settled = settle(net, problem, found, seconds["search"],
                            lambda program: _impossible(case(net, make, program)))
    _lap(seconds, "polish")
    teller.plan(settled.cost)
    teller.phase("read back")
    solution = Solution(net, read_back(net, problem.program, settled.plan), _status(found, settled, relax=relax),
                        min(max(found.bound, _least(problem.program)), settled.cost), {})
    unchecked = recheck(solution, whole=not relax, program=problem.program)
    _lap(seconds, "read_back")
    seconds.pop("begin")
    record = _record(net, problem, found, settled, make) | {"seconds": seconds, "unchecked_lines": unchecked}
    return Solution(net, solution.tables, solution.status, solution.bound, record)


@dataclass(frozen=True, eq=False)
class _Maker:
    """Makes the program of a network with rules of the user's own: for some breakpoints, or without stock decisions."""

    net: Network
    options: Options
    extra: Sequence[RowFamily]
    rules: Sequence[PyomoRule]
    extra_costs: Sequence[CostFamily]

    def __call__(self, points: Breakpoints | None) -> Program:
        program = build(self.net, self.extra, points, self.extra_costs)
        given: Sequence[Any] = self.rules
        strange = [rule for rule in given if not callable(rule)]
        if strange:
            raise UsageError(f"pyomo_rules: functions f(model, net) are needed, not {type(strange[0]).__name__}")
        if self.rules:
            from ctsopt.programs.pyomo_rules import with_rules

            program, _ = with_rules(program, self.rules, self.net)  # rules see every way
        program = fixed(program, self.options.fix, _DECISIONS, _STOCK)
        return without_dominated(self.net, program) if self.options.dominance else program


def _impossible(this: Case) -> CtsError:
    """The error that says which promises and limits cannot be kept together."""
    found = this.explanation()
    if found.rung == "kept":
        return SolverError("the solver found no plan, yet every promise can be kept: look for very large or very small "
                           "figures")
    return InfeasibleError("\n".join([found.why(), "relax these promises, or add capacity, lanes, modes or sites; "
                                      "`ctsopt explain` says what can be promised instead"]), found.shortfalls, found)


def case(net: Network, like: _Maker | None = None, model: Program | None = None, seconds: float = SECONDS,
         extra: Sequence[RowFamily] = ()) -> Case:
    """A network without a plan, to be explained: with what is fixed, and the rules of one's own, that `like` has."""
    like = _Maker(net, Options(), extra, (), ()) if like is None else like
    options = like.options

    def make(other: Network) -> Program:
        points = None if other.derived.stocking is None else Breakpoints.first(declared(other))
        return replace(like, net=other)(points)

    def plan(other: Network, within: float) -> Solution:
        return solve(other, gap=max(options.gap, 1e-3), time_limit=within, seed=options.seed, extra=like.extra,
                     pyomo_rules=like.rules, extra_costs=like.extra_costs, fix=options.fix)

    return Case(net, make, plan, seconds, model)


def _problem(net: Network, program: Program, options: Options, start: Given | None,
             teller: Teller) -> Problem:
    value = None if net.derived.stocking is None else StockedValue(net, program)
    return Problem(program, options, start_of(net, program, start), Watch(teller), value=value)


def _strategy(net: Network, make: _Maker, problem: Problem) -> Strategy:
    """How the problem is searched."""
    if problem.value is not None:
        return Refinement(net, make)
    if problem.options.solver != DIRECT:
        return ByName()
    if problem.options.strategy != "direct":
        return Columns() if problem.options.strategy == "columns" else Auto()
    return Direct(first=FirstPlan(problem.program, problem.watch.teller.plan, problem.options.gap))


def _require_network(net: object) -> None:
    if not isinstance(net, Network):
        raise UsageError(f"a network is needed, not {type(net).__name__}: make one with ctsopt.read(path) or "
                         "ctsopt.network(tables)")


def _lap(seconds: dict[str, float], phase: str) -> None:
    now = time.monotonic()
    seconds[phase], seconds["begin"] = now - seconds["begin"], now


def _least(model: Program) -> float:
    """What a plan costs at the very least: every column at its cheaper bound."""
    arrays = model.arrays
    ends = np.where(arrays.cost > 0, arrays.lower, arrays.upper)
    priced = arrays.cost != 0
    return float(arrays.cost[priced] @ ends[priced]) + arrays.offset


def _status(found: Found, settled: Polished, *, relax: bool) -> Status:
    size = max(abs(settled.cost), 1e-9)
    proven = math.isfinite(found.bound) and settled.cost - found.bound <= OPTIMAL_WITHIN * size
    return Status("optimal" if proven and not relax else "feasible", found.stopped_by, found.detail)


def _record(net: Network, problem: Problem, found: Found, settled: Polished, make: _Maker) -> dict[str, Any]:
    """How the plan came about; the program is the one that was searched last."""
    from ctsopt.versions import versions

    program = problem.program if found.program is None else found.program
    values = settled.plan if found.values is None else found.values
    return {"versions": versions(), "highs": highs_version(), "highs_admitted": admitted(),
            "input_hash": net.hash, "options": problem.options.record(brief=True),
            "extra": [rule.__name__ for rule in make.extra], "nodes": found.nodes, "iterations": found.iterations,
            "rounds": found.rounds, "lazy_rows": int(found.rows[program.lazy].sum()), "columns": program.columns,
            "rows": program.row_count, "tie_rule": settled.tie_rule, "tolerance": found.tolerance,
            "extra_costs": [cost.__name__ for cost in make.extra_costs],
            "left_out": left_out(problem.program),
            "pyomo_rules": [getattr(rule, "__name__", type(rule).__name__) for rule in make.rules],
            "rule_variables": _rule_variables(program, values) if make.rules else {}, **found.notes}


def _rule_variables(program: Program, values: Floats) -> dict[str, float]:
    """Values of the variables that rules written in Pyomo have added, by name and key."""
    first = max(block.span.stop for name, block in program.variables.items() if name in _DECISIONS | _STOCK)
    names = list(program.column_names())[first:]
    return dict(zip(names, values[first:].tolist(), strict=True))
