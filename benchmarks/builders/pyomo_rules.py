"""Pyomo, written by hand as its documentation teaches: sets of text keys, rules, sums over grouped keys.

The terms of each row are grouped in dictionaries first, so that no rule searches; the garbage collector is left on, as
it is for everybody. Of Pyomo's interfaces that keep a HiGHS model in memory this is the newer one, `contrib.solver`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pyomo.environ as pyo
from pyomo.contrib.solver.solvers.highs import Highs

if TYPE_CHECKING:
    import highspy

    from benchmarks.ready import Ready


def build(data: Ready) -> pyo.ConcreteModel:
    """A ConcreteModel of named, indexed components."""
    names = data.names
    sites = names["site"].tolist()
    site = {column: dict(zip(sites, values.tolist(), strict=True)) for column, values in data.site.items()}
    tiers = names["tier"].tolist()
    tier = {column: dict(zip(tiers, values.tolist(), strict=True)) for column, values in data.tier.items()}
    makes, make = _rows(data, data.make, site="site", product="product")
    moves, move = _rows(data, data.move, origin="site", destination="site", mode="mode", product="product")
    ways, way = _rows(data, data.deliver, site="site", customer="customer", tier="tier", mode="mode", product="product")
    wants, want = _rows(data, data.request, customer="customer", tier="tier", product="product")

    model = pyo.ConcreteModel()
    model.open = pyo.Var(sites, domain=pyo.Binary)
    for s in sites:
        if site["lower"][s] == site["upper"][s]:
            model.open[s].setlb(site["lower"][s])
    model.make = pyo.Var(makes, domain=pyo.NonNegativeReals)
    model.move = pyo.Var(moves, domain=pyo.NonNegativeReals)
    model.deliver = pyo.Var(ways, domain=pyo.NonNegativeReals)
    model.unserved = pyo.Var(wants, domain=pyo.NonNegativeReals)
    total = pyo.quicksum

    by_want, by_node, by_site, by_pair, by_tier = (defaultdict(list) for _ in range(5))
    for key in ways:
        s, c, k, _, p = key
        by_want[c, k, p].append(key)
        by_node[s, p].append(key)
        by_site[s].append(key)
        by_pair[s, c, k, p].append(key)
        by_tier[k].append(key)
    into, out, moved_from = defaultdict(list), defaultdict(list), defaultdict(list)
    for key in moves:
        o, d, _, p = key
        into[d, p].append(key)
        out[o, p].append(key)
        moved_from[o].append(key)
    demand = defaultdict(float)
    want_of_tier = defaultdict(list)
    for key in wants:
        demand[key[1]] += want["quantity"][key]
        want_of_tier[key[1]].append(key)
    nodes = list(dict.fromkeys([*makes, *into, *out, *by_node]))

    @model.Constraint(wants)
    def serve_demand(m, c, k, p):
        return total(m.deliver[w] for w in by_want[c, k, p]) + m.unserved[c, k, p] == want["quantity"][c, k, p]

    @model.Constraint(nodes)
    def site_balance(m, s, p):
        made = [m.make[s, p]] if (s, p) in make["cost"] else []
        return total(made) + total(m.move[w] for w in into[s, p]) == (
            total(m.move[w] for w in out[s, p]) + total(m.deliver[w] for w in by_node[s, p]))

    @model.Constraint([key for key in makes if make["capacity"][key] < float("inf")])
    def make_capacity(m, s, p):
        return m.make[s, p] <= make["capacity"][s, p]

    @model.Constraint(sites)
    def site_throughput(m, s):
        return (total(move["load"][w] * m.move[w] for w in moved_from[s])
                + total(way["load"][w] * m.deliver[w] for w in by_site[s]) <= site["limit"][s] * m.open[s])

    @model.Constraint([key for key in by_pair if site["upper"][key[0]] > site["lower"][key[0]]])
    def deliver_from_open(m, s, c, k, p):
        return total(m.deliver[w] for w in by_pair[s, c, k, p]) <= want["quantity"][c, k, p] * m.open[s]

    @model.Constraint(tiers)
    def served_fraction(m, k):
        return total(m.unserved[w] for w in want_of_tier[k]) <= (1 - tier["served_fraction"][k]) * demand[k]

    @model.Constraint([k for k in tiers if tier["share"][k] == tier["share"][k]])
    def tier_on_time(m, k):
        credit = way["certain"] if tier["certain"][k] else way["on_time"]
        return total((credit[w] - tier["share"][k]) * m.deliver[w] for w in by_tier[k]) >= 0

    model.cost = pyo.Objective(expr=(
        total(site["cost"][s] * model.open[s] for s in sites) + total(make["cost"][w] * model.make[w] for w in makes)
        + total((move["line_haul"][w] + move["handling_in"][w] + move["handling_out"][w]) * model.move[w]
                for w in moves)
        + total((way["last_mile"][w] + way["handling_out"][w]) * model.deliver[w] for w in ways)
        + total(tier["shortage_cost"][w[1]] * model.unserved[w] for w in wants)))
    return model


def _rows(data: Ready, table: dict, **keys: str) -> tuple[list[tuple], dict[str, dict]]:
    """Keys of a table as tuples of text, and its other columns by key."""
    columns = [data.names[kind][table[column]].tolist() for column, kind in keys.items()]
    tuples = list(zip(*columns, strict=True))
    return tuples, {column: dict(zip(tuples, values.tolist(), strict=True)) for column, values in table.items()
                    if column not in keys and column != "request"}


def hand_over(model: pyo.ConcreteModel) -> highspy.Highs:
    """The model inside HiGHS, as Pyomo leaves it before it solves."""
    solver = Highs()
    solver.set_instance(model)
    return solver._solver_model
