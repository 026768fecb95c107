"""Third part of the oracle: levels, minimums, limits on lanes and modes, whole loads, sources, contracts and caps.

Written from docs/how-it-works.md alone; imports nothing of ctsopt. The letters are the readings listed in
oracle_tables.py.

Where something asks for volume (a minimum, or a share), goods could circulate to fill it. The page's bound on what goes
through a site, all demand reachable downstream, is then part of the model: `throughput_bound` works it out by walking
from site to site. Everywhere else it could not bind, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pyomo.environ as pyo

from tests.oracle_stock import all_goods, of_opening
from tests.oracle_tables import INF, Network, keeps, makes, room, usable
from tests.oracle_ways import Way, cost_of_load, lane_distance, tariff


def years(net: Network) -> float:
    return sum(net.periods.values()) / 365


def flow(program: Any) -> list[tuple[str, Way, str, Any]]:
    """Every variable of a flow: move or delivery, its way, its period."""
    x = program.model
    return [(kind, ways[w], t, v) for kind, block, ways in (("move", x.move, program.moves),
                                                           ("delivery", x.deliver, program.deliveries))
            for (w, t), v in block.items()]


# ------------------------------------------------------------------------------------------------ what leads where


def useful(net: Network, moves: list[Way], deliveries: list[Way], demand: dict) -> tuple[list[Way], list[Way]]:
    """Without the ways that the page prunes: from where nothing can be had, and moves from which nobody is reached."""
    have = {(s, p) for s in net.sites for p in net.products if usable(net, s) and makes(net, s, p)}
    have |= set(of_opening(net))  # reading L
    while True:
        more = {(m.destination, m.product) for m in moves if (m.origin, m.product) in have} - have
        if not more:
            break
        have |= more
    moves = [m for m in moves if (m.origin, m.product) in have]
    deliveries = [d for d in deliveries if (d.origin, d.product) in have]
    reached = {(s, p): reached_from(s, p, moves, deliveries)[0] for s in net.sites for p in net.products}
    wanted = {(c, p) for (c, p, _), quantity in demand.items() if quantity > 0}
    moves = [m for m in moves
             if any((c, m.product) in wanted for c in reached[m.destination, m.product])]
    return moves, deliveries


def reached_from(site: str, product: str, moves: list[Way], deliveries: list[Way]) -> tuple[set[str], set[str]]:
    """Customers, and sites, to which the product can come from a site, moved on as often as need be."""
    seen, todo, found = {site}, [site], set()
    while todo:
        here = todo.pop()
        found |= {d.destination for d in deliveries if (d.origin, d.product) == (here, product)}
        for m in moves:
            if (m.origin, m.product) == (here, product) and m.destination not in seen:
                seen.add(m.destination)
                todo.append(m.destination)
    return found, seen


def behind(program: Any, site: str, product: str) -> tuple[set[str], set[str]]:
    """Customers and sites reached from a site, or from a cross-dock by what passes it."""
    moves, deliveries = program.moves, program.deliveries
    if program.net.sites[site]["kind"] != "crossdock":
        return reached_from(site, product, moves, deliveries)
    customers = {d.destination for d in deliveries if (d.via, d.product) == (site, product)}
    sites: set[str] = set()
    for m in moves:
        if (m.via, m.product) == (site, product):
            more = reached_from(m.destination, product, moves, deliveries)
            customers, sites = customers | more[0], sites | more[1]
    return customers, sites


def wanted_from(program: Any, site: str, product: str, period: str) -> float:
    """Units of a product that may be wanted downstream of a site in a period: to be delivered then or, where stock may
    be carried, later, or to replace opening stock (reading M)."""
    net = program.net
    periods, (customers, sites) = list(net.periods), behind(program, site, product)
    if any(keeps(net, s, p) for s in net.sites for p in net.products):
        later = periods[periods.index(period):]
    else:
        later = [period]
    return (sum(program.demand.get((c, product, t), 0.0) for c in customers for t in later)
            + sum(units for (s, p), units in of_opening(net).items() if p == product and s in sites))


def passes(program: Any, site: str) -> int:
    """How often a unit can pass a site (reading I)."""
    onward: dict = {}
    for m in program.moves:
        onward.setdefault(m.origin, set()).add(m.destination)
    senders = {w.origin for w in program.moves + program.deliveries if w.via == site}
    reached = {m.destination for m in program.moves if m.via == site}
    while True:
        more = {d for s in reached for d in onward.get(s, ())} - reached
        if not more:
            break
        reached |= more
    return len(senders) if reached & senders else 1


def asks_for_volume(net: Network) -> bool:
    """Whether anything is easier to keep when goods circulate."""
    return (any(r["min_throughput"] > 0 for r in net.sites.values())
            or any(r["min_volume"] > 0 for r in net.lanes.values())
            or any(r["kind"] in ("min_volume", "share") for r in net.contracts))


def through(program: Any, site: str, period: str, products: list[str]) -> list:
    """(Product, variable) of everything that leaves or passes a site."""
    return [(w.product, v) for _, w, t, v in flow(program)
            if t == period and w.product in products and site in (w.origin, w.via)]


def taken(program: Any, site: str, period: str) -> Any:
    """Throughput of a site in its capacity unit."""
    net = program.net
    return sum(room(net, site, p) * v for p, v in through(program, site, period, list(net.products)))


def throughput_bound(program: Any) -> None:
    net, x = program.net, program.model
    if not asks_for_volume(net):
        return
    for s in net.sites:
        often = passes(program, s)
        for t in net.periods:
            reach = {p: often * wanted_from(program, s, p, t) for p in net.products}
            roomless = [p for p in net.products if room(net, s, p) == 0]
            x.rows.add(taken(program, s, t) <= sum(room(net, s, p) * q for p, q in reach.items()) * x.open[s])
            x.rows.add(sum(v for _, v in through(program, s, t, roomless))
                       <= sum(reach[p] for p in roomless) * x.open[s])


# ------------------------------------------------------------------------------------------------ sites


def levels(program: Any) -> None:
    net, x = program.net, program.model
    x.level = pyo.Var(list(net.levels), domain=pyo.Binary)
    for s in {site for site, _ in net.levels}:
        mine = [key for key in net.levels if key[0] == s]
        x.rows.add(sum(x.level[key] for key in mine) == x.open[s])
        for t, days in net.periods.items():
            for key in mine:  # without a capacity a level lets everything pass
                if net.levels[key]["capacity"] < INF:
                    most = net.levels[key]["capacity"] * days / 365
                    goods = [(k[1], q) for k, q in [*program.demand.items(), *of_opening(net).items()]]
                    wide = (len(net.sites) + 1) * sum(room(net, s, p) * q for p, q in goods)
                    x.rows.add(taken(program, s, t) <= most + max(0.0, wide - most) * (1 - x.level[key]))


def site_minimum(program: Any) -> None:
    net, x = program.net, program.model
    for s, row in net.sites.items():
        if row["min_throughput"] > 0:
            x.rows.add(sum(taken(program, s, t) for t in net.periods)
                       >= row["min_throughput"] * years(net) * x.open[s])


# ------------------------------------------------------------------------------------------------ lanes and modes


def lanes(program: Any) -> None:
    net, x = program.net, program.model
    limited = {k: r for k, r in net.lanes.items() if r["status"] == "open"}
    x.use_lane = pyo.Var([k for k, r in limited.items() if r["fixed_cost"] > 0 or r["min_volume"] > 0],
                         domain=pyo.Binary)
    for (o, d, m), row in limited.items():
        units = sum(v for _, w, _, v in flow(program)
                    if any(leg[:2] == (o, d) and m in ("*", leg[2]) for leg in w.legs))
        most = row["max_volume"] * years(net)
        if most < INF and not isinstance(units, int):
            x.rows.add(units <= most)
        if (o, d, m) in x.use_lane:
            x.rows.add(units <= min(most, all_goods(program)) * x.use_lane[o, d, m])
            x.rows.add(units >= row["min_volume"] * years(net) * x.use_lane[o, d, m])


def loads(program: Any) -> None:
    """Whole numbers of loads on each lane and period that hold weight and volume."""
    net, x = program.net, program.model
    carried: dict = {}
    for _, w, t, v in flow(program):
        for leg in w.legs:
            if net.modes[leg[2]]["whole_loads"]:
                carried.setdefault((*leg, t), []).append((net.products[w.product], v))
    x.loads = pyo.Var(list(carried), domain=pyo.NonNegativeIntegers)
    for key, some in carried.items():
        mode = net.modes[key[2]]
        for measure in ("weight", "volume"):
            if mode[f"load_{measure}"] < INF:
                x.rows.add(sum(product[measure] * v for product, v in some)
                           <= mode["load_factor"] * mode[f"load_{measure}"] * x.loads[key])


def mode_capacity(program: Any) -> None:
    net, x = program.net, program.model
    for m, row in net.modes.items():
        kg = sum(net.products[w.product]["weight"] * v for _, w, _, v in flow(program) for leg in w.legs
                 if leg[2] == m)
        if row["capacity"] < INF and not isinstance(kg, int):
            x.rows.add(kg <= row["capacity"] * years(net))


# ------------------------------------------------------------------------------------------------ sources


def max_sources(program: Any) -> None:
    net = program.net
    for c, row in net.customers.items():
        if row["max_sources"] < INF:
            few_sources(program, [c], row["max_sources"])


def same_site(program: Any) -> None:
    net = program.net
    for r in net.contracts:
        if r["kind"] == "same_site":
            few_sources(program, [c for c, row in net.customers.items() if row["group"] == r["group"]], 1)


def few_sources(program: Any, customers: list[str], most: float) -> None:
    """At most so many stocking sites serve these customers."""
    x = program.model
    demand = sum(q for (c, _, _), q in program.demand.items() if c in customers)
    used = []
    for s in program.net.sites:
        units = [v for kind, w, _, v in flow(program)
                 if kind == "delivery" and w.origin == s and w.destination in customers]
        if units:
            name = f"serves_{len(list(x.component_objects(pyo.Var)))}"
            x.add_component(name, pyo.Var(domain=pyo.Binary))
            used.append(x.component(name))
            x.rows.add(sum(units) <= demand * used[-1])
    if used:
        x.rows.add(sum(used) <= most)


# ------------------------------------------------------------------------------------------------ contracts and caps


class Goods(NamedTuple):
    """A flow of one period as a contract looks at it: sites that it counts for, the one where each site counts by
    itself, its legs, its customer (blank: none), product and variable.
    """

    sites: set
    own: str
    legs: list
    customer: str
    product: str
    period: str
    units: Any


def meant(program: Any, r: dict) -> str:
    """What a contract counts where it does not say so."""
    net = program.net
    named = [net.sites[s]["kind"] in ("plant", "supplier") for s in {r["site"], r["origin"]} if s in net.sites]
    if r["of"]:
        return r["of"]
    if r["customer"] or r["group"] or r["destination"] in net.customers:
        return "delivered"
    if r["destination"]:
        return "received"
    if named == [True] and r["site"] != "*" and not r["mode"]:
        return "made"
    if r["mode"] and not any(in_scope(net, r, goods) for goods in all_of(program, r, "delivered")):
        return "moved"
    return "delivered"


def all_of(program: Any, r: dict, of: str) -> list[Goods]:
    """All goods of the kind that a contract counts."""
    net, x = program.net, program.model
    if of == "made":
        return [Goods({s}, s, [(s, "", "")], "", p, t, x.make[s, p, t]) for s, p, t in x.make]
    receiver = r["destination"] or r["site"]
    at_dock = of == "received" and receiver in net.sites and net.sites[receiver]["kind"] == "crossdock"
    found = []
    for kind, w, t, v in flow(program):
        if kind != ("delivery" if of == "delivered" else "move") and not (at_dock and w.via):
            continue
        if at_dock and not w.via:
            continue
        sites, own = {w.origin, w.via} - {""}, w.origin
        if of == "delivered":
            own = w.via or w.origin
        if of == "received" and not r["destination"]:
            own = w.via if at_dock else w.destination
            sites = {own}
        found.append(Goods(sites, own, w.legs[:1] if at_dock else w.legs,
                           w.destination if kind == "delivery" else "", w.product, t, v))
    return found


def in_scope(net: Network, r: dict, goods: Goods) -> bool:
    """Whether goods are in the scope of a contract."""
    if r["customer"] not in ("", "*", goods.customer) or r["product"] not in ("", "*", goods.product):
        return False
    if r["group"] and (not goods.customer or net.customers[goods.customer]["group"] != r["group"]):
        return False
    if r["site"] not in ("", "*") and r["site"] not in goods.sites:
        return False
    return any(r["origin"] in ("", o) and r["destination"] in ("", d) and r["mode"] in ("", m)
               for o, d, m in goods.legs)


def contracts(program: Any) -> None:
    for r in program.net.contracts:
        if r["kind"] in ("min_volume", "max_volume", "share"):
            contract(program, r)


def contract(program: Any, r: dict) -> None:
    net = program.net
    for _, span, units, total in figures(program, r):
        agreed = r["quantity"] * (total if r["kind"] == "share" else sum(net.periods[t] for t in span) / 365)
        limit = {"min_volume": "at_least", "max_volume": "at_most"}.get(r["kind"], r["limit"])
        compare(program, units - agreed, limit)


def figures(program: Any, r: dict) -> Iterator[tuple[dict, list, Any, Any]]:
    """One row of a contract for each name that is told apart (reading J), in each period that is: names, periods, units
    in scope, and what these are a share of.
    """
    every = all_of(program, r, meant(program, r))
    of_whole = r | {"site": "", "origin": "", "mode": ""}
    if not (r["site"] or r["origin"] or r["mode"]):
        of_whole["destination"] = ""
    mine = [goods for goods in every if in_scope(program.net, r, goods)]
    whole = [goods for goods in every if in_scope(program.net, of_whole, goods)]
    apart = [c for c in ("customer", "site", "product") if r[c] == "*" and r["each_or_total"] == "each"]

    def name(goods: Goods, columns: list[str]) -> tuple:
        return tuple({"customer": goods.customer, "site": goods.own, "product": goods.product}[c] for c in columns)

    periods = list(program.net.periods)
    for names in {name(goods, apart) for goods in mine} if apart else {()}:
        rest = [(c, n) for c, n in zip(apart, names, strict=True) if c != "site"]  # reading K
        for span in [[t] for t in periods] if r["per"] == "period" else [periods]:
            units = sum(goods.units for goods in mine if goods.period in span and name(goods, apart) == names)
            total = sum(goods.units for goods in whole
                        if goods.period in span and name(goods, [c for c, _ in rest]) == tuple(n for _, n in rest))
            yield dict(zip(apart, names, strict=True)), span, units, total


def compare(program: Any, difference: Any, limit: str) -> None:
    """difference <=, >= or = 0; a plain number that breaks it makes the model infeasible."""
    x = program.model
    if isinstance(difference, (int, float)):
        difference = difference + 0 * next(iter(x.open.values()))
    x.rows.add(difference <= 0 if limit == "at_most" else difference >= 0 if limit == "at_least" else difference == 0)


def carbon_cap(program: Any) -> None:
    net = program.net
    if net.settings["carbon_cap"] < INF:
        co2 = sum(w.co2 * v for _, w, _, v in flow(program))
        compare(program, co2 - net.settings["carbon_cap"] * years(net), "at_most")


def budget(program: Any) -> None:
    net, x = program.net, program.model
    if net.settings["budget"] < INF:
        cash = sum(amount for line, amount in x.lines.items() if line != "shortage")
        compare(program, cash - net.settings["budget"] * years(net), "at_most")


FAMILIES = (throughput_bound, levels, site_minimum, lanes, loads, mode_capacity, max_sources, same_site, contracts,
            carbon_cap)


def costs(program: Any) -> dict:
    """The cost lines of this part; duty and carbon stand on the ways."""
    net, x = program.net, program.model
    of_load: dict = {}
    for _, w, _, _ in flow(program):
        for leg in w.legs:
            if net.modes[leg[2]]["whole_loads"] and leg not in of_load:
                of_load[leg] = cost_of_load(tariff(net, leg, w.product, lane_distance(net, *leg)))
    tiers = {net.customers[c]["tier"] for (c, _, _), quantity in program.demand.items() if quantity > 0}
    fixed = sum(r["fixed_cost"] * years(net) * x.open[s] for s, r in net.sites.items())
    return {"lane_fixed": sum(net.lanes[k]["fixed_cost"] * years(net) * v for k, v in x.use_lane.items()),
            "loads": sum(of_load[k[:3]] * v for k, v in x.loads.items()),
            "site_fixed": fixed + sum(net.levels[k]["fixed_cost"] * years(net) * v for k, v in x.level.items()),
            "tier_program": sum(net.tiers[k]["program_cost"] * years(net) for k in tiers)}
