"""An independent oracle: the optimum of a network, from the tables alone.

A Pyomo model written from docs/how-it-works.md and the data dictionary, importing nothing of ctsopt, with the simplest
valid formulation: no pruning but what the page demands, no dominance, no strengthening rows, a wide big-M. Clarity over
speed: for networks of a few sites and customers. oracle_tables.py reads the tables, oracle_ways.py makes the ways,
oracle_stock.py adds stock over periods, oracle_safety_stock.py cycle and safety stock, oracle_limits.py levels, limits,
loads and contracts, and the page's bound on what goes through a site: only where something asks for volume, because
elsewhere it cannot bind, and leaving it out there shows that it does not.

    optimum(tables, settings).total
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd
import pyomo.environ as pyo
from pyomo.contrib.solver.common.factory import SolverFactory
from pyomo.contrib.solver.common.results import SolutionStatus, TerminationCondition

from tests import oracle_limits as limits
from tests import oracle_safety_stock as availability
from tests import oracle_stock as stock
from tests.oracle_tables import INF, Network, makes, promise_of, read, room, usable
from tests.oracle_ways import SHIFT, Way, all_deliveries, all_moves

LINES = ("production", "procurement", "line_haul", "handling_in", "handling_out", "site_fixed", "site_opening",
         "site_closing", "carried_stock", "stock_change", "last_mile", "lane_fixed", "loads", "duty", "tier_program",
         "carbon", "cycle_stock", "safety_stock", "stock_fixed", "pipeline_stock", "shortage")
EXACT = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9, "mip_feasibility_tolerance": 1e-9,
         "mip_abs_gap": 1e-7, "threads": 1, "random_seed": 0}


@dataclass(frozen=True)
class OracleResult:
    """Optimum of a network: total, money per cost line, names of the open sites, and what flows where.

    `status` is `optimal` or `infeasible`. `flows` has one row per way and period in use (kind, origin, via,
    destination, mode_in, mode_out, product, period, on_time, quantity). `unserved` is keyed (customer, product,
    period).
    """

    total: float
    by_line: dict[str, float]
    open_sites: tuple[str, ...]
    status: str
    flows: pd.DataFrame = field(repr=False, default_factory=pd.DataFrame)
    unserved: dict = field(repr=False, default_factory=dict)


class Program(NamedTuple):
    """The network, its ways, and the Pyomo model over them (ways by position)."""

    net: Network
    moves: list[Way]
    deliveries: list[Way]
    demand: dict  # (customer, product, period) -> quantity
    model: Any


def optimum(tables: dict, settings: dict | None = None, gap: float = 1e-9) -> OracleResult:
    """The least cost of serving the network given by plain tables."""
    breakpoints: availability.Breakpoints = {}
    while True:
        program = build(read(tables, settings or {}), breakpoints)
        if not solve(program.model, gap):
            return OracleResult(math.nan, {}, (), "infeasible")
        if not availability.missing(program, breakpoints):
            break
    x = program.model
    by_line = {line: float(pyo.value(x.lines[line])) for line in LINES}
    unserved = {key: pyo.value(v) for key, v in x.unserved.items() if pyo.value(v) > 1e-9}
    is_open = tuple(sorted(s for s in program.net.sites if pyo.value(x.open[s]) > 0.5))
    return OracleResult(float(pyo.value(x.cost)), by_line, is_open, "optimal", flows(program), unserved)


def solve(model: Any, gap: float) -> bool:
    """Solve, round and fix the integers, solve what is left; False where infeasible."""
    highs = SolverFactory("highs")
    options = EXACT | {"mip_rel_gap": gap}
    whole = [v for v in model.component_data_objects(pyo.Var) if v.is_integer() and not v.fixed]
    for last in (False, True):
        result = highs.solve(model, solver_options=options, load_solutions=False,
                             raise_exception_on_nonoptimal_result=False)
        if result.termination_condition == TerminationCondition.provenInfeasible and not last:
            return False
        if result.solution_status != SolutionStatus.optimal:
            raise RuntimeError(f"the solver of the oracle stopped with {result.termination_condition}")
        result.solution_loader.load_vars()
        for v in whole:
            v.fix(round(v.value))
    return True


def build(net: Network, breakpoints: availability.Breakpoints) -> Program:
    """The whole program: variables, rows, costs."""
    x = pyo.ConcreteModel()
    demand = {(r["customer"], r["product"], r["period"]): r["quantity"] for r in net.demand}
    program = Program(net, *limits.useful(net, all_moves(net), all_deliveries(net), demand), demand, x)
    makers = [(s, p) for s in net.sites for p in net.products if usable(net, s) and makes(net, s, p)]
    x.open = pyo.Var(list(net.sites), domain=pyo.Binary, bounds=lambda _, s: open_bounds(net, s))
    x.make = pyo.Var(makers, list(net.periods), domain=pyo.NonNegativeReals)
    x.move = pyo.Var(range(len(program.moves)), list(net.periods), domain=pyo.NonNegativeReals)
    x.deliver = pyo.Var([(w, t) for w, way in enumerate(program.deliveries) for t in way.costs],
                        domain=pyo.NonNegativeReals)
    x.unserved = pyo.Var(list(demand), domain=pyo.NonNegativeReals)
    x.rows = pyo.ConstraintList()
    stock.variables(program)
    for family in (serve_demand, site_balance, site_throughput, make_capacity, single_source, sites_in_group,
                   unpromised, promises, *stock.FAMILIES, *limits.FAMILIES):
        family(program)
    x.lines = costs(program) | stock.costs(program) | limits.costs(program) | availability.build(program, breakpoints)
    limits.budget(program)
    x.cost = pyo.Objective(expr=sum(x.lines.values()))
    return program


def open_bounds(net: Network, site: str) -> tuple[int, int]:
    row = net.sites[site]
    if not usable(net, site):
        return 0, 0
    return (1, 1) if row["status"] == "open" and not row["may_close"] else (0, 1)


# ------------------------------------------------------------------------------------------------ rows


def serve_demand(program: Program) -> None:
    x = program.model
    for (c, p, t), quantity in program.demand.items():
        delivered = sum(x.deliver[w, t] for w, way in enumerate(program.deliveries)
                        if (way.destination, way.product) == (c, p))
        x.rows.add(delivered + x.unserved[c, p, t] == quantity)


def leaving(program: Program, site: str, product: str, period: str, *, passing: bool) -> list:
    """Flows of a product that leave a site; those that only pass it as a cross-dock too, where asked."""
    x = program.model
    places = [(x.move, program.moves), (x.deliver, program.deliveries)]
    return [block[w, period] for block, ways in places for w, way in enumerate(ways)
            if way.product == product and (way.origin == site or (passing and way.via == site))
            and (w, period) in block]


def site_balance(program: Program) -> None:
    net, x = program.net, program.model
    for s in net.sites:
        for p in net.products:
            for t in net.periods:
                out = leaving(program, s, p, t, passing=False)
                come = [x.move[w, t] for w, way in enumerate(program.moves) if (way.destination, way.product) == (s, p)]
                if (s, p, t) in x.make:
                    come.append(x.make[s, p, t])
                if (s, p, t) in x.carry:
                    come.append(stock.before(program, s, p, t))
                    out = [*out, x.carry[s, p, t]]
                if out or come:
                    x.rows.add(sum(come) == sum(out))


def site_throughput(program: Program) -> None:
    """Capacity in its unit, and nothing at all through a site that is not open (reading H).

    A unit may pass a cross-dock more than once (on a move and on its delivery), a stocking site at most once.
    """
    net, x = program.net, program.model
    for s, row in net.sites.items():
        for t, days in net.periods.items():
            out = {p: leaving(program, s, p, t, passing=True) for p in net.products}
            units = sum(sum(some) for some in out.values())
            if not any(out.values()):
                continue
            passes = len(net.sites) + 1
            x.rows.add(units <= passes * stock.all_goods(program) * x.open[s])
            taken = sum(room(net, s, p) * sum(some) for p, some in out.items() if room(net, s, p))
            if row["capacity"] < INF and not isinstance(taken, int):
                x.rows.add(taken <= row["capacity"] * days / 365 * x.open[s])


def make_capacity(program: Program) -> None:
    net, x = program.net, program.model
    for s, p, t in x.make:
        row = net.site_products.get((s, p))
        if row is not None and row["make_capacity"] < INF:
            x.rows.add(x.make[s, p, t] <= row["make_capacity"] * net.periods[t] / 365)


def single_source(program: Program) -> None:
    """One stocking site for all that a customer takes, or for each product of it, over the whole horizon."""
    net, x = program.net, program.model
    groups: dict = {}
    for w, way in enumerate(program.deliveries):
        kind = net.customers[way.destination]["single_source"]
        if kind != "no":
            key = (way.destination, way.product if kind == "product" else "")
            groups.setdefault(key, {}).setdefault(way.origin, []).extend((w, t) for t in way.costs)
    x.source = pyo.Var([(*key, s) for key, by_site in groups.items() for s in by_site], domain=pyo.Binary)
    for (c, product), by_site in groups.items():
        x.rows.add(sum(x.source[c, product, s] for s in by_site) <= 1)
        total = sum(q for key, q in program.demand.items() if key[0] == c and product in ("", key[1]))
        for s, flow in by_site.items():
            x.rows.add(sum(x.deliver[k] for k in flow) <= total * x.source[c, product, s])


def sites_in_group(program: Program) -> None:
    net, x = program.net, program.model
    for r in (r for r in net.contracts if r["kind"] == "sites_in_group"):
        members = [s for s, row in net.sites.items() if r["group"] in ("*", row["group"])]
        low = r["quantity"] if r["limit"] in ("at_least", "exactly") else 0
        high = r["quantity"] if r["limit"] in ("at_most", "exactly") else len(members)
        x.rows.add((low, sum(x.open[s] for s in members), high))


def unpromised(program: Program) -> None:
    """Demand without any promise is served in full."""
    net, x = program.net, program.model
    for c, p, t in program.demand:
        if promise_of(net, net.customers[c]["tier"], p) is None:
            x.rows.add(x.unserved[c, p, t] <= 0)


def promises(program: Program) -> None:
    """Served fractions and on-time shares of every promise, over the horizon or in each period."""
    net = program.net
    for key, promise in net.promises.items():
        covered = [k for k in program.demand if promise_of(net, net.customers[k[0]]["tier"], k[1]) == key]
        spans = [[t] for t in net.periods] if promise["per"] == "period" else [list(net.periods)]
        for span in spans:
            here = [k for k in covered if k[2] in span]
            served_fraction(program, here, promise["served_fraction"])
            for c in {k[0] for k in here}:
                served_fraction(program, [k for k in here if k[0] == c], promise["served_fraction_each"])
            if promise["lead_time"] < INF:
                tier_on_time(program, here, promise)


def served_fraction(program: Program, requests: list, fraction: float) -> None:
    x = program.model
    if requests:
        x.rows.add(sum(x.unserved[k] for k in requests) <= (1 - fraction) * sum(program.demand[k] for k in requests))


def tier_on_time(program: Program, requests: list, promise: dict) -> None:
    x = program.model
    flow = [(way, x.deliver[w, t]) for w, way in enumerate(program.deliveries) for t in way.costs
            if (way.destination, way.product, t) in requests]
    if promise["on_time_form"] == "each_order" or not flow:
        return
    if promise["on_time_form"] == "share_certain":
        counted = sum(v for way, v in flow if way.on_time >= promise["reliability"] - SHIFT)
    else:
        counted = sum(way.on_time * v for way, v in flow)
    x.rows.add(counted - promise["on_time_share"] * sum(v for _, v in flow) >= 0)


# ------------------------------------------------------------------------------------------------ costs


def costs(program: Program) -> dict:
    """One expression per cost line, money over the horizon."""
    net, x = program.net, program.model
    years = sum(net.periods.values()) / 365
    lines: dict = dict.fromkeys(LINES, 0.0)
    for s, row in net.sites.items():
        lines["site_fixed"] += row["fixed_cost"] * years * x.open[s]
        if row["status"] == "candidate":
            lines["site_opening"] += annuity(net, row["opening_cost"]) * years * x.open[s]
        if row["status"] == "closing" or (row["status"] == "open" and row["may_close"]):
            lines["site_closing"] += annuity(net, row["closing_cost"]) * years * (1 - x.open[s])
    for s, p, t in x.make:
        made = "production" if net.sites[s]["kind"] == "plant" else "procurement"
        row = net.site_products.get((s, p))
        lines[made] += (row["make_cost"] if row else 0.0) * x.make[s, p, t]
    for w, t in x.move:
        for line, amount in program.moves[w].costs.items():
            lines[line] += amount * x.move[w, t]
    for w, t in x.deliver:
        for line, amount in program.deliveries[w].costs[t].items():
            lines[line] += amount * x.deliver[w, t]
    for c, p, t in program.demand:
        penalty = net.tiers[net.customers[c]["tier"]]["shortage_cost"]
        lines["shortage"] += (0.0 if math.isnan(penalty) else penalty) * x.unserved[c, p, t]
    return lines


def annuity(net: Network, amount: float) -> float:
    """Yearly money of a one-off amount."""
    r, n = net.settings["discount_rate"], net.settings["life"]
    return amount * (r / (1 - (1 + r) ** -n) if r else 1 / n)


def flows(program: Program) -> pd.DataFrame:
    """Every way and period in use."""
    x = program.model
    used = [(kind, way, t, pyo.value(block[w, t]))
            for kind, block, ways in (("move", x.move, program.moves), ("delivery", x.deliver, program.deliveries))
            for w, way in enumerate(ways) for t in program.net.periods if (w, t) in block]
    names = ("origin", "via", "destination", "mode_in", "mode_out", "product", "on_time")
    return pd.DataFrame([{"kind": kind} | {n: getattr(way, n) for n in names} | {"period": t, "quantity": q}
                         for kind, way, t, q in used if q > 1e-9],
                        columns=["kind", *names, "period", "quantity"])
