"""Fifth part of the oracle: stock that a promise on availability buys, with the square root rule.

Written from docs/stock.md alone; imports nothing of ctsopt. What the tables say is read by stock_oracle.py. The square
root is a chain of chords, one binary for each: below the root, and exact at the breakpoints. `missing` looks where the
chords are below the root at a plan; with these volumes as breakpoints the plan is priced exactly, and an optimum that
is priced exactly is the optimum. Volumes are averages of the horizon, or of each period (`peak` is refused).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pyomo.environ as pyo

from tests.oracle_tables import INF, room
from tests.stock_formulas import LEAST_VOLUME, STEPS_PER_DOUBLING, cycle_stock
from tests.stock_oracle import LINES, Class, Configuration, Flow, Point, Stock, rank

Breakpoints = dict[tuple, set[float]]
START = [4.0**-k for k in range(8)]
"""First breakpoints, as shares of the largest variance."""


class Term(NamedTuple):
    """One root of a configuration: money for its units and room that they take, factor on the root and on the volume,
    classes it is over."""

    key: tuple
    money: float
    room: float
    root: float
    drift: float
    classes: tuple[Class, ...]


class Span(NamedTuple):
    """A stock point in a span of time: days, and for each class its flows, with variance to mean."""

    point: Point
    name: str
    days: float
    flows: dict[Class, list[tuple[Any, float]]]

    def volume(self, classes: Any) -> Any:
        return sum(v for c in classes for v, _ in self.flows[c]) / self.days

    def variance(self, classes: Any) -> Any:
        return sum(q * v for c in classes for v, q in self.flows[c]) / self.days


def every_flow(program: Any) -> list[tuple[Flow, Any]]:
    """Flows of one unit each, with their variables."""
    x = program.model
    return [(Flow(kind, ways[w], t, 1.0), v)
            for kind, block, ways in (("move", x.move, program.moves), ("delivery", x.deliver, program.deliveries))
            for (w, t), v in block.items()]


def spans(program: Any, stock: Stock, point: Point, flows: list[tuple[Flow, Any]]) -> list[Span]:
    """Who is served from a point, over the horizon or in each period."""
    level = program.net.settings["stock_level"]
    if level == "peak":
        raise ValueError("the oracle does not size stock on the peak")
    out = [(f, v) for f, v in flows if f.way.origin == point.site and f.way.product in stock.members(point)
           and stock.class_of(f) is not None]
    periods = program.net.periods
    some = [("", stock.days, set(periods))] if level == "average" else [(t, days, {t}) for t, days in periods.items()]
    found = []
    for name, days, within in some:
        classes: dict[Class, list] = {}
        for f, v in out:
            if f.period in within:
                classes.setdefault(stock.class_of(f), []).append((v, stock.of_flow(f)))
        found.append(Span(point, name, days, classes))
    return found


def build(program: Any, breakpoints: Breakpoints) -> dict:
    """Variables and rows of stock, and its cost lines."""
    x, stock = program.model, Stock(program.net)
    lines: dict[str, Any] = dict.fromkeys(LINES, 0.0)
    x.terms, x.taken = [], {}
    if not stock.planned:
        return lines
    x.stock = pyo.Block(pyo.Any)
    flows = every_flow(program)
    for point in stock.points():
        add_point(program, stock, point, flows, lines, breakpoints)
    storage(program)
    lines["pipeline_stock"] += sum(stock.pipeline(f) * v for f, v in flows)
    return lines


def add_point(program: Any, stock: Stock, point: Point, flows: list, lines: dict, breakpoints: Breakpoints) -> None:
    """One configuration where anything is served, the flows that it allows, and what it costs."""
    x, net = program.model, program.net
    parts = [span for span in spans(program, stock, point, flows) if span.flows]
    if not parts:
        return
    block = x.stock[point]
    classes = sorted({c for span in parts for c in span.flows}, key=rank, reverse=True)
    best: list[Class | None] = list(classes) if stock.sharing(point) == "pooled" else [None]
    choices = [(c, b) for c in stock.configurations(point) for b in best]
    block.choice = pyo.Var(range(len(choices)), domain=pyo.Binary)
    x.rows.add(sum(block.choice.values()) <= x.open[point.site])
    allow(program, stock, point, flows, choices)
    fixed = sum(stock.stated(point.site, p, "stock_fixed_cost", 0.0) for p in stock.members(point))
    lines["stock_fixed"] += fixed * stock.days / 365 * sum(block.choice.values())
    for span in parts:
        years = span.days / 365
        money, taken = cycle(program, stock, span)
        lines["cycle_stock"] += years * money
        for i, (configuration, chosen) in enumerate(choices):
            for term in terms(stock, span, configuration, chosen):
                key = (*point, span.name, i, *term.key)
                units = root(program, span, block.choice[i], term, key, breakpoints)
                lines["safety_stock"] += years * term.money * units
                taken += term.room * units
        for t in [span.name] if span.name else net.periods:
            x.taken[point.site, t] = x.taken.get((point.site, t), 0.0) + taken


def all_units(program: Any) -> float:
    """Most units that can be in a flow."""
    return (len(program.net.sites) + 1) * sum(program.demand.values()) + 1.0


def allow(program: Any, stock: Stock, point: Point, flows: list, choices: list) -> None:
    """Flows only where the configuration that is chosen allows them."""
    x, members = program.model, stock.members(point)
    choice, several = x.stock[point].choice, len(stock.levels[point]) > 1
    of_flow: dict[tuple[int, ...], list] = {}
    for f, v in flows:
        if f.way.product not in members or point.site not in (f.way.origin, f.way.destination):
            continue
        if f.way.origin == point.site:
            served = stock.class_of(f)
            if served is None:
                continue
            able = [i for i, (c, chosen) in enumerate(choices) if (chosen is None or rank(served) <= rank(chosen))
                    and (c.wait == 0 if f.kind == "move" else stock.may_wait(f.way, c.wait))]
        elif several:
            able = [i for i, (c, _) in enumerate(choices) if stock.lead_time(f.way) <= c.lead_time + 1e-9]
            if len(able) == len(choices):
                continue
            x.rows.add(v <= all_units(program) * (sum(choice[i] for i in able) + 1 - sum(choice.values())))
            continue
        else:
            continue
        of_flow.setdefault(tuple(able), []).append(v)
    for able, some in of_flow.items():
        x.rows.add(sum(some) <= all_units(program) * sum(choice[i] for i in able))


def storage(program: Any) -> None:
    """Cycle and safety stock, and what is carried to the next period, fit into the site."""
    net, x = program.net, program.model
    for (s, t), taken in x.taken.items():
        if net.sites[s]["storage_capacity"] < INF:
            carried = sum(room(net, s, p) * x.carry[s, p, t] for p in net.products if (s, p, t) in x.carry)
            x.rows.add(taken + carried <= net.sites[s]["storage_capacity"])


def cycle(program: Any, stock: Stock, span: Span) -> tuple[Any, Any]:
    """Yearly money of the cycle stock of a span, and its room: the declared curve, which is convex where any is."""
    x, point = program.model, span.point
    together = stock.sharing(point) != "separate"
    groups = [tuple(span.flows)] if together else [(c,) for c in span.flows]
    money: Any = 0.0
    taken: Any = 0.0
    for n, classes in enumerate(groups):
        block = x.stock[*point, span.name, "cycle", n]
        members = stock.groups[point.group]
        block.served, block.units = pyo.Var(domain=pyo.Binary), pyo.Var(members, domain=pyo.NonNegativeReals)
        volume = span.volume(classes)
        x.rows.add(volume * span.days <= all_units(program) * block.served)
        for p in members:
            if stock.share[p] == 0:  # nobody wants it: nothing is kept, whatever its lot
                continue
            for height, slope in lines_of_cycle(stock, point.site, p):
                x.rows.add(block.units[p] >= height * block.served + slope * volume)
            money += stock.held(p) * block.units[p]
            taken += room(program.net, point.site, p) * block.units[p]
    return money, taken


def lines_of_cycle(stock: Stock, site: str, product: str) -> list[tuple[float, float]]:
    """Lines (height at 0, slope) whose maximum is the declared cycle stock of a volume of the group: the lot, the order
    interval, and the piece of the grid (from 0 on) in which one takes over from the other."""
    share, review, (lot, interval) = stock.share[product], stock.review(site, product), stock.ordering(site, product)
    if not share:
        return [(0.0, 0.0)]

    def units(volume: float) -> float:
        return cycle_stock(share * volume, review, lot, interval) if volume else lot / 2

    lines = [(lot / 2, share * review / 2), (0.0, share * (interval + review) / 2)]
    if lot and interval:
        step = math.floor(STEPS_PER_DOUBLING * math.log2(lot / (interval * share)))
        low, high = (2 ** (k / STEPS_PER_DOUBLING) for k in (step, step + 1))
        low, high = (low, high) if low >= LEAST_VOLUME else (0.0, LEAST_VOLUME)
        slope = (units(high) - units(low)) / (high - low)
        lines.append((units(low) - slope * low, slope))
    return lines


def terms(stock: Stock, span: Span, configuration: Configuration, chosen: Class | None) -> list[Term]:
    """The roots of a configuration; `chosen` is the class whose factor all get where stock is pooled."""
    point, members = span.point, stock.groups[span.point.group]
    ranked = sorted(span.flows, key=rank, reverse=True)
    factors = [stock.factor(point, configuration, c) for c in ranked]
    exposed = max(configuration.lead_time + max(stock.review(point.site, p) for p in members) - configuration.wait, 0.0)
    money = stock.mix(point, stock.held)
    limited = stock.net.sites[point.site]["storage_capacity"] < INF
    space = stock.mix(point, lambda p: room(stock.net, point.site, p)) if limited else 0.0
    if chosen is not None:
        if factors != sorted(factors, reverse=True):
            raise ValueError("the oracle takes no pool in which a better class has the smaller factor")
        over = [(stock.factor(point, configuration, chosen), tuple(ranked))]
    elif stock.sharing(point) == "separate":
        over = [(k, (c,)) for k, c in zip(factors, ranked, strict=True)]
    else:
        factors = [max(factors[t:]) for t in range(len(factors))]
        over = [(k - below, tuple(ranked[:t + 1])) for t, (k, below) in
                enumerate(zip(factors, [*factors[1:], 0.0], strict=True))]
    return [Term((t,), money, space, k * math.sqrt(exposed), k * configuration.sd, classes)
            for t, (k, classes) in enumerate(over) if k > 0 and money + space > 0]


def root(program: Any, span: Span, choice: Any, term: Term, key: tuple, breakpoints: Breakpoints) -> Any:
    """Units of a root where the configuration is chosen: a chord of the root at the variance."""
    x = program.model
    most = max(q for some in span.flows.values() for _, q in some) * all_units(program) / span.days
    cuts = [0.0, *sorted({most * share for share in START} | breakpoints.get(key, set()))]
    pieces = range(len(cuts) - 1)
    block = x.stock["root", *key]
    block.on = pyo.Var(pieces, domain=pyo.Binary)
    block.variance = pyo.Var(pieces, domain=pyo.NonNegativeReals)
    block.volume = pyo.Var(domain=pyo.NonNegativeReals)
    x.rows.add(sum(block.on.values()) == choice)
    for k in pieces:
        x.rows.add(block.variance[k] >= cuts[k] * block.on[k])
        x.rows.add(block.variance[k] <= cuts[k + 1] * block.on[k])
    # where another configuration is chosen, this one has no volume; where this one is, all of it
    slack = all_units(program) / span.days * (1 - choice)
    x.rows.add(sum(block.variance.values()) >= span.variance(term.classes) - most * (1 - choice))
    x.rows.add(block.volume >= span.volume(term.classes) - slack)
    slopes = [(math.sqrt(cuts[k + 1]) - math.sqrt(cuts[k])) / (cuts[k + 1] - cuts[k]) for k in pieces]
    height = sum((math.sqrt(cuts[k]) - slopes[k] * cuts[k]) * block.on[k] + slopes[k] * block.variance[k]
                 for k in pieces)
    x.terms.append((key, term, height, sum(block.variance.values())))
    return term.root * height + term.drift * block.volume


def missing(program: Any, breakpoints: Breakpoints) -> bool:
    """Add the variances of the plan at which chords are below the root; whether there were any that matter."""
    total, found = abs(pyo.value(program.model.cost)), False
    for key, term, height, variance in program.model.terms:
        v = pyo.value(variance)
        units = term.root * (math.sqrt(max(v, 0.0)) - pyo.value(height))
        if v > 1e-9 and (term.money * units > 1e-9 * total or term.room * units > 1e-6):
            breakpoints.setdefault(key, set()).add(v)
            found = True
    return found
