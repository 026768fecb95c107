"""From a network to a solution: build, search, polish, read back, check."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.errors import NoPlanError, SolverError, UsageError, nearest_name
from ctsopt.formulation.build import build
from ctsopt.formulation.family import RowFamily
from ctsopt.formulation.preference import preference
from ctsopt.formulation.stock.declared import declared
from ctsopt.formulation.stock.segments import Breakpoints
from ctsopt.keys import Floats, Keys, Positions
from ctsopt.networks.network import Network
from ctsopt.programs.highs import version as highs_version
from ctsopt.programs.program import Program
from ctsopt.programs.sentinel import admit, admitted
from ctsopt.programs.status import OPTIMAL_WITHIN, Status
from ctsopt.progress import Tell, Teller
from ctsopt.results.read_back import read_back
from ctsopt.results.solution import Solution
from ctsopt.solving.checking.recheck import recheck
from ctsopt.solving.options import DIRECT, Links, Options, StockPlan, as_gap
from ctsopt.solving.polish import Polished, clean, polish
from ctsopt.solving.search import Search
from ctsopt.solving.shortfall import explain
from ctsopt.solving.strategies.by_name import Twin, require_solver, search_by_name, twin
from ctsopt.solving.strategies.direct import search, search_on
from ctsopt.solving.strategies.first_plan import FirstPlan
from ctsopt.solving.strategies.refine import Refinement

if TYPE_CHECKING:
    from ctsopt.programs.pyomo_rules import PyomoRule

_log = logging.getLogger("ctsopt.solve")


def program(net: Network, extra: Sequence[RowFamily] = ()) -> Program:
    """The mixed-integer program of a network, to look at, to write as an LP file, or to hand to Pyomo.

    Parameters
    ----------
    net : Network
    extra : sequence of functions, optional
        Row families of your own, `f(x, net) -> Rows`. With any of them no dominated way is left out, because a rule
        of one's own may tell ways apart that cost alone does not.

    Returns
    -------
    Program
    """
    _require_network(net)
    net = net.unpruned() if extra else net
    return build(net, extra, None if net.derived.stocking is None else Breakpoints.first(declared(net)))


def solve(net: Network, gap: float | str = 1e-4, abs_gap: float = 0.0, time_limit: float | None = None, seed: int = 0,
          log: bool = False, relax: bool = False, links: Links = "lazy", extra: Sequence[RowFamily] = (),
          start: Solution | Mapping[str, bool] | None = None, solver: str = DIRECT,
          solver_options: Mapping[str, Any] | None = None, pyomo_rules: Sequence[PyomoRule] = (),
          stock: StockPlan = "in_plan", progress: Tell | None = None) -> Solution:
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
    links : {"lazy", "all", "capacity"}
        Rows that tie deliveries to open sites beyond their capacity: brought in where violated, all from the start,
        or none. The plans are the same, the time is not.
    extra : sequence of functions, optional
        Row families of your own, `f(x, net) -> Rows`.
    start : Solution or mapping of site to bool, optional
        Which sites are open in a plan to start from. A solver by name is not given it: it is the plan where that
        solver is stopped before it finds one.
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
        solver can be used. As with `extra`, no dominated way is left out. The values of the variables they add stand
        in `record["rule_variables"]`.
    stock : {"in_plan", "after"}
        Where a fill rate is promised: stock is decided together with the network, or added to the network that is best
        without it. Both plans are valued the same way; the bound of the second one leaves stock out, so that its gap is
        wide.

    progress : callable, optional
        Called with a `ctsopt.Progress` (phase, seconds, plan, bound, gap, nodes) whenever a phase begins or a better
        plan is found, and a few times a second while HiGHS searches; also from another thread than the caller's. What
        it raises ends the solve.

    Returns
    -------
    Solution

    Raises
    ------
    InfeasibleError
        If the promises cannot all be kept; `shortfalls` says which fall short, and by how much.
    NoPlanError
        If a limit was reached, or Ctrl-C pressed, before any plan was found.
    UsageError
        If an option is not valid, a solver is not there, or a rule does what rules may not do.
    SolverError
        If the solver fails or its release is refused (docs/solver-versions.md), or a plan does not agree with the
        tables.
    """
    options = Options(as_gap(gap), abs_gap, time_limit, seed, log, relax, links, solver, stock, solver_options or {})
    _require_network(net)
    net.tables.warn_of_lost_edits()
    admit()
    require_solver(options)
    if extra or pyomo_rules:
        net = net.unpruned()
    seconds, teller = {"begin": time.monotonic()}, Teller(progress)
    teller.phase("building")
    pair = twin(net, build(net, extra), pyomo_rules, options)
    model = pair.program
    begin = _start(net, model, start)
    _lap(seconds, "build")
    _log.info("built %d columns, %d rows in %.2f s", model.columns, model.row_count, seconds["build"])
    if net.derived.stocking is not None:
        return _with_stock(net, pair, extra, pyomo_rules, options, begin, seconds, teller)
    if options.solver == DIRECT:
        found = search(model, options, begin, teller, first=FirstPlan(model, teller.plan))
    else:
        teller.phase("search")
        found = search_by_name(pair, options)
    _lap(seconds, "search")
    teller.phase("polish")
    if begin is not None and found.plan is None and found.stopped_by in ("time_limit", "interrupt"):
        found = _fall_back(net, model, found, begin)
    _require_plan(net, model, found)
    settled = _settle(net, model, found, options)
    if found.stopped_by == "gap" and not options.relax and not _within(found, settled, options):
        limit = math.inf if time_limit is None else time_limit - seconds["search"]
        found, settled = _search_on(net, model, found, settled, options, limit, teller)
    _lap(seconds, "polish")
    teller.plan(settled.cost)
    teller.phase("read back")
    return _solution(net, pair, (pair, settled.plan), found, settled, options, seconds, (extra, pyomo_rules))


def _with_stock(net: Network, base: Twin, extra: Sequence[RowFamily], pyomo_rules: Sequence[PyomoRule],
                options: Options, begin: tuple[Positions, Floats] | None, seconds: dict[str, float],
                teller: Teller) -> Solution:
    """Network and stock decided together."""

    def make(points: Breakpoints | None) -> Twin:
        return base if points is None else twin(net, build(net, extra, points), pyomo_rules, options)

    refined = Refinement(net, make, options, teller).run(begin)
    _lap(seconds, "search")
    if refined.settled is None:
        _require_plan(net, refined.last.program, refined.search)
        raise SolverError("the plan found holds only within the solver's tolerance: no plan with whole sites is near "
                          "it; look for very large or very small figures in the tables")
    _lap(seconds, "polish")
    _require_bound(refined.search, refined.settled)
    teller.phase("read back")
    last = (refined.last, refined.settled.plan if refined.plan is None else refined.plan)
    solution = _solution(net, base, last, refined.search, refined.settled, options, seconds, (extra, pyomo_rules))
    solution.record["stock"] = {"rounds": refined.rounds, "segments": refined.segments,  # type: ignore[index]
                                "design_then_stock": refined.design}
    return solution


def _solution(net: Network, pair: Twin, last: tuple[Twin, Floats], found: Search, settled: Polished, options: Options,
              seconds: dict[str, float], rules: tuple[Sequence[RowFamily], Sequence[PyomoRule]]) -> Solution:
    """The plan read back, checked against the tables, with the record of how it came about.

    `last` is the program that was searched last, with the values of its columns.
    """
    extra, pyomo_rules = rules
    model = pair.program
    solution = Solution(net, read_back(net, model, settled.plan), _status(found, settled, relax=options.relax),
                        min(max(found.bound, _least(model)), settled.cost), {})
    recheck(solution, whole=not options.relax)
    _lap(seconds, "read_back")
    seconds.pop("begin")
    record = _record(net, options, found, settled, seconds, [rule.__name__ for rule in extra], last[0].program)
    record["unpruned"] = bool(extra or pyomo_rules)
    record["pyomo_rules"] = [getattr(rule, "__name__", type(rule).__name__) for rule in pyomo_rules]
    record["rule_variables"] = last[0].rule_variables(last[1])
    return Solution(net, solution.tables, solution.status, solution.bound, record)


def _require_network(net: object) -> None:
    if not isinstance(net, Network):
        raise UsageError(f"a network is needed, not {type(net).__name__}: make one with ctsopt.read(path) or "
                         "ctsopt.network(tables)")


def _lap(seconds: dict[str, float], phase: str) -> None:
    now = time.monotonic()
    seconds[phase], seconds["begin"] = now - seconds["begin"], now


def _start(net: Network, model: Program,
           start: Solution | Mapping[str, bool] | None) -> tuple[Positions, Floats] | None:
    """Whole columns and their values in the plan to start from, within what the study allows."""
    if start is None:
        return None
    known = start.sites.set_index("site")["open"].to_dict() if isinstance(start, Solution) else dict(start)
    sites = net.axes["site"].labels.tolist()
    known_sites = set(sites)
    strange = [name for name in known if name not in known_sites]
    if strange and not isinstance(start, Solution):
        near = nearest_name(str(strange[0]), sites)
        raise UsageError(f"start: there is no site {strange[0]!r}" + (f"; did you mean {near!r}?" if near else ""))
    block = model.variables["open"]
    values = np.array([float(bool(known.get(name, False))) for name in sites])
    values = np.clip(values, np.asarray(block.variable.lower), np.asarray(block.variable.upper))
    columns = np.arange(block.span.start, block.span.stop)
    if not isinstance(start, Solution) or "source" not in model.variables:
        return columns, values
    sources = model.variables["source"]
    return (np.concatenate([columns, np.arange(sources.span.start, sources.span.stop)]),
            np.concatenate([values, _sources(start, sources.index)]))


def _least(model: Program) -> float:
    """What a plan costs at the very least: every column at its cheaper bound."""
    arrays = model.arrays
    ends = np.where(arrays.cost > 0, arrays.lower, arrays.upper)
    priced = arrays.cost != 0
    return float(arrays.cost[priced] @ ends[priced]) + arrays.offset


def _fall_back(net: Network, model: Program, found: Search, begin: tuple[Positions, Floats]) -> Search:
    """The plan to start from, where the search was stopped before it found one of its own."""
    plan = np.zeros(model.columns)
    plan[begin[0]] = begin[1]
    return found if polish(model, plan, preference(net, model)) is None else replace(found, plan=plan)


def _sources(start: Solution, index: Keys) -> Floats:
    """1 for each source that the plan to start from uses."""
    flow = start.flows[start.flows["kind"] == "delivery"]
    wanted = index.frame()
    used = np.zeros(len(wanted), dtype=bool)
    for names, here in ((["customer", "origin"], wanted["product"] == ""),
                        (["customer", "origin", "product"], wanted["product"] != "")):
        keys = wanted.rename(columns={"site": "origin"})[names]
        used |= here.to_numpy() & pd.MultiIndex.from_frame(keys).isin(pd.MultiIndex.from_frame(flow[names]))
    return used.astype(float)


def _require_plan(net: Network, model: Program, found: Search) -> None:
    """Say in the planner's words why there is no plan."""
    if found.plan is not None:
        return
    if found.stopped_by == "infeasible":
        raise explain(net, model)
    if found.stopped_by == "interrupt":
        raise NoPlanError("interrupted before any plan was found", found.stopped_by)
    if found.stopped_by == "time_limit":
        raise NoPlanError("the time limit was reached before any plan was found; allow more time",
                          found.stopped_by)
    if found.stopped_by == "unbounded":
        raise SolverError("the cost can fall without end: a negative cost in the tables or in a rule of your own?")
    raise SolverError(f"the solver ended without a plan: {found.detail}")


def _settle(net: Network, model: Program, found: Search, options: Options) -> Polished:
    assert found.plan is not None
    if options.relax:
        plan = clean(model.arrays, found.plan)
        return Polished(plan, float(model.arrays.cost @ plan) + model.arrays.offset, "not applied: a relaxation")
    settled = polish(model, found.plan, preference(net, model))
    if settled is None:
        raise SolverError("the plan found holds only within the solver's tolerance: no plan with whole sites is near "
                          "it; look for very large or very small figures in the tables")
    _require_bound(found, settled)
    return settled


def _require_bound(found: Search, settled: Polished) -> None:
    """A plan that costs less than what was proven to be the least shows that the proof is none."""
    if settled.cost < found.bound - 1e-6 * max(found.least, abs(settled.cost)):
        raise SolverError(f"the plan costs {settled.cost:,.4f}, less than the bound {found.bound:,.4f} that the solver "
                          "gave as proven; look for very large or very small figures in the tables")


def _within(found: Search, settled: Polished, options: Options) -> bool:
    """Whether the plan that is reported is within the gap asked for, to the accuracy that `optimal` has."""
    size = max(abs(settled.cost), found.least)
    return settled.cost - found.bound <= max(options.gap * size, options.abs_gap) + OPTIMAL_WITHIN * size


def _search_on(net: Network, model: Program, found: Search, settled: Polished, options: Options,
               limit: float, teller: Teller) -> tuple[Search, Polished]:
    """A second search where making the plan whole cost more than the gap; the better plan, and what is proven of it."""
    if options.solver != DIRECT:
        return replace(found, stopped_by="tolerance"), settled
    _log.info("made whole, the plan costs %.9g against a bound of %.9g: searching on", settled.cost, found.bound)
    teller.phase("search")
    again = search_on(model, options, found, settled.plan, max(limit, 0.0), teller)
    if again.plan is not None:
        better = _settle(net, model, again, options)
        settled = better if better.cost < settled.cost else settled
    if _within(again, settled, options):
        again = replace(again, stopped_by="gap")
    elif again.stopped_by not in ("time_limit", "interrupt"):
        again = replace(again, stopped_by="tolerance")
    return again, settled


def _status(found: Search, settled: Polished, *, relax: bool) -> Status:
    size = max(abs(settled.cost), 1e-9)
    proven = math.isfinite(found.bound) and settled.cost - found.bound <= OPTIMAL_WITHIN * size
    return Status("optimal" if proven and not relax else "feasible", found.stopped_by, found.detail)


def _record(net: Network, options: Options, found: Search, settled: Polished, seconds: dict[str, float],
            extra: list[str], model: Program) -> dict[str, Any]:
    from ctsopt.versions import versions

    return {"versions": versions(), "highs": highs_version(), "highs_admitted": admitted(),
            "input_hash": net.hash, "options": options.record(),
            "extra": extra, "seconds": seconds, "nodes": found.nodes, "iterations": found.iterations,
            "rounds": found.rounds, "lazy_rows": int(found.rows[model.lazy].sum()), "columns": model.columns,
            "rows": model.row_count, "tie_rule": settled.tie_rule, "tolerance": found.tolerance}
