"""The least plan cost of a single-sourced network, by trying every assignment; imports nothing of ctsopt.

For networks of one plant, dcs supplied by it directly, and customers that take everything (or each product) from one
site. What a site costs depends only on who is served from it: it is worked out once for each set of them, with every
lead time of replenishment and quoted wait, by the cheapest ways that these allow. The rest is a sum over all
assignments. Linear costs come from the ways of the oracle, stock from stock_oracle.py.
"""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import NamedTuple

from tests.oracle_tables import Network, room
from tests.oracle_ways import SHIFT
from tests.stock_oracle import Flow, Point, Stock

Unit = tuple[str, str]
"""A customer and a product, or a customer and "" for all that it takes: what has one source."""


class Plan(NamedTuple):
    """Cost and source of every unit; `linear` is the cost without stock."""

    total: float
    linear: float
    sources: dict[Unit, str]


class SiteCost(NamedTuple):
    """What a site costs for what it serves: with stock, and of that what is not stock; and its flows."""

    total: float
    linear: float
    flows: tuple[Flow, ...]


IMPOSSIBLE = SiteCost(math.inf, math.inf, ())


class Enumeration:
    """All plans of a network. `after` values the stock of the plan that is cheapest without it."""

    def __init__(self, net: Network, *, ignore_stock: bool = False) -> None:
        self.net, self.stock, self.ignore_stock = net, Stock(net), ignore_stock
        self.years = self.stock.days / 365
        self.dcs = [s for s, row in net.sites.items() if row["kind"] == "dc"]
        self.plant = next(s for s in net.sites if s not in self.dcs)
        self.check()
        self.units: dict[Unit, list[dict]] = {}
        for r in net.demand:
            kind = net.customers[r["customer"]]["single_source"]
            self.units.setdefault((r["customer"], r["product"] if kind == "product" else ""), []).append(r)
        self.site_cost = cache(self._site_cost)

    def check(self) -> None:
        """Refuse what this enumeration does not look at."""
        net = self.net
        assert len(net.sites) == len(self.dcs) + 1
        assert net.sites[self.plant]["kind"] == "plant"
        assert all(row["single_source"] != "no" for row in net.customers.values())
        assert all(m.origin == self.plant and not m.via for m in self.stock.moves)
        assert not net.levels
        assert not net.contracts
        assert all(row["served_fraction"] == 1 and row["on_time_form"] == "each_order" for row in net.promises.values())
        assert not any(mode["whole_loads"] or mode["capacity"] < math.inf for mode in net.modes.values())
        assert all(lane["fixed_cost"] == lane["min_volume"] == 0 and lane["max_volume"] == math.inf
                   for lane in net.lanes.values())
        assert all(row["make_capacity"] == math.inf and row["opening_stock"] == 0 for row in net.site_products.values())
        assert net.sites[self.plant]["capacity"] == math.inf
        assert net.settings["carbon_cap"] == net.settings["budget"] == math.inf

    # -------------------------------------------------------------------------------------------- one site

    def _site_cost(self, site: str, units: frozenset[Unit]) -> SiteCost:
        rows = [r for unit in sorted(units) for r in self.units[unit]]
        fixed = self.fixed(site, used=bool(units) or site == self.plant)
        if not self.fits(site, rows):
            return IMPOSSIBLE
        out = self.moved_out(units) if site == self.plant else []
        total = linear = fixed
        flows: tuple[Flow, ...] = ()
        for group in self.stock.groups:
            goods = self.stock.groups[group]
            part = self.cheapest(Point(site, group), [r for r in rows if r["product"] in goods],
                                 [f for f in out if f.way.product in goods])
            total, linear, flows = total + part.total, linear + part.linear, flows + part.flows
        return SiteCost(total, linear, flows)

    def fixed(self, site: str, *, used: bool) -> float:
        """Money over the horizon for a site that is used, or is not."""
        row, rate, life = self.net.sites[site], self.net.settings["discount_rate"], self.net.settings["life"]
        spread = rate / (1 - (1 + rate) ** -life) if rate else 1 / life
        if row["status"] == "candidate":
            return (row["fixed_cost"] + row["opening_cost"] * spread) * self.years if used else 0.0
        if used or not row["may_close"]:
            return row["fixed_cost"] * self.years
        return row["closing_cost"] * spread * self.years

    def fits(self, site: str, rows: list[dict]) -> bool:
        limit = self.net.sites[site]["capacity"]
        return all(sum(room(self.net, site, r["product"]) * r["quantity"] for r in rows if r["period"] == t)
                   <= limit * days / 365 * (1 + SHIFT) for t, days in self.net.periods.items())

    def moved_out(self, own: frozenset[Unit]) -> list[Flow]:
        """What the plant sends to dcs: the demand that it does not serve itself, by any of its ways."""
        rows = [r for unit, some in self.units.items() if unit not in own for r in some]
        moves = {m.product: m for m in self.stock.moves}
        return [Flow("move", moves[r["product"]], r["period"], r["quantity"]) for r in rows if r["product"] in moves]

    def cheapest(self, point: Point, rows: list[dict], out: list[Flow]) -> SiteCost:
        """The cheapest configuration of a point, and the ways in and out that it allows."""
        if point not in self.stock.levels:
            choices = [(math.inf, 0)]
        else:
            several = len(self.stock.levels[point]) > 1
            choices = [(c.lead_time if several else math.inf, c.wait) for c in self.stock.configurations(point)]
        best = IMPOSSIBLE
        for lead_time, wait in choices:
            flows = self.ways(point, rows, lead_time, wait)
            if flows is None:
                continue
            linear = sum(self.linear(f) for f in flows)
            kept = 0.0
            if self.stock.planned and point in self.stock.levels and not self.ignore_stock:
                kept = self.stock.kept(point, [*flows, *out]).total
            if linear + kept < best.total:
                best = SiteCost(linear + kept, linear, tuple(flows))
        return best

    def ways(self, point: Point, rows: list[dict], lead_time: float, wait: int) -> list[Flow] | None:
        """The cheapest flows for these rows of demand, None where there are none."""
        flows: list[Flow] = []
        for r in rows:
            deliveries = [d for d in self.stock.deliveries if (d.origin, d.destination, d.product)
                          == (point.site, r["customer"], r["product"]) and self.stock.may_wait(d, wait)]
            flows += [Flow("delivery", d, r["period"], r["quantity"]) for d in deliveries[:1]]
            moves = [m for m in self.stock.moves if (m.destination, m.product) == (point.site, r["product"])
                     and self.stock.lead_time(m) <= lead_time + SHIFT]
            if not deliveries or (point.site != self.plant and not moves):
                return None
            flows[-1] = min((flows[-1]._replace(way=d) for d in deliveries), key=self.linear)
            if point.site != self.plant:
                flows.append(min((Flow("move", m, r["period"], r["quantity"]) for m in moves), key=self.linear))
        return flows

    def linear(self, flow: Flow) -> float:
        """Money for a flow without stock on hand: its way, its pipeline, and making what is delivered."""
        way, kind = flow.way, flow.kind
        per_unit = sum((way.costs[flow.period] if kind == "delivery" else way.costs).values())
        if kind == "delivery":
            per_unit += self.stock.stated(self.plant, way.product, "make_cost", 0.0)
        return per_unit * flow.quantity + self.stock.pipeline(flow)

    # -------------------------------------------------------------------------------------------- all plans

    def plans(self) -> list[Plan]:
        """Every plan that keeps its promises, the cheapest first."""
        names, sites = list(self.units), [self.plant, *self.dcs]
        reach = [[s for s in sites if self.serves(s, unit)] for unit in names]
        found = []
        for sources in itertools.product(*reach):
            parts = [self.site_cost(s, frozenset(u for u, source in zip(names, sources, strict=True) if source == s))
                     for s in sites]
            total = sum(part.total for part in parts)
            if total < math.inf:
                found.append(Plan(total, sum(part.linear for part in parts), dict(zip(names, sources, strict=True))))
        return sorted(found, key=lambda plan: plan.total)

    def serves(self, site: str, unit: Unit) -> bool:
        return all(self.ways(Point(site, ""), [r], math.inf, 0) is not None for r in self.units[unit])

    def flows(self, plan: Plan) -> list[Flow]:
        """Flows of a plan."""
        return [f for s in self.net.sites
                for f in self.site_cost(s, frozenset(u for u, source in plan.sources.items() if source == s)).flows]


def after(net: Network) -> Plan:
    """The plan that is cheapest without stock on hand, with its stock on top."""
    blind, seeing = Enumeration(net, ignore_stock=True), Enumeration(net)
    best = blind.plans()[0]
    stock = sum(amount for line, amount in seeing.stock.value(blind.flows(best)).items() if line != "pipeline_stock")
    return Plan(best.linear + stock, best.linear, best.sources)
