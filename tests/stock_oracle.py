"""Cycle, safety and pipeline stock of a plan, valued from the tables and the plan's flows; imports nothing of ctsopt.

Written from docs/stock.md and the data dictionary alone. The tables and the ways are those of the oracle
(oracle_tables.py, oracle_ways.py), the formulas those of stock_formulas.py. Readings where the page leaves room:

C. With `square_root` classes are ranked by fill rate, then by safety factor.
D. `peak`: the period in which all classes of the point together have the most; its volumes count for every class.
E. Lead times and fixed costs of a group at a site are those of the members that are stocked there and can be delivered
   from there; units are those of all members in the mix, whatever is stocked.
F. A level's standard deviation is the largest of the ways up to it with one level, too.
G. Below NOTHING units a day a volume is rounding of a solver.
H. With `square_root` the variance of a flow is that of its own product in a group, too; a unit of the group is worth,
   and takes, the mean of its members by the mix.
I. With `square_root` the cycle stock is that of the declared curve, too.
J. Goods that are moved on to other sites are not kept waiting.
K. The classes of a point are those of all ways that leave it, and of goods that may be moved on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests import oracle_times
from tests.oracle_limits import useful
from tests.oracle_tables import Network, makes, promise_of, stocks, usable
from tests.oracle_ways import (
    SHIFT,
    Way,
    all_deliveries,
    all_moves,
    lane_distance,
    on_time_probability,
    processing,
    tariff,
)
from tests.stock_formulas import (
    cycle_stock,
    on_hand,
    on_the_grid,
    overtaking_sd,
    reserve,
    safety_factor,
    safety_stock,
)

LINES = ("cycle_stock", "safety_stock", "stock_fixed", "pipeline_stock")
NOTHING = 1e-9


class Flow(NamedTuple):
    """Goods on a way in a period; `kind` is move or delivery. The demand row of a delivery is that of its way."""

    kind: str
    way: Way
    period: str
    quantity: float


class Point(NamedTuple):
    """A site and a stock group."""

    site: str
    group: str


class Configuration(NamedTuple):
    """Lead time of replenishment, its standard deviation, quoted wait."""

    lead_time: float
    sd: float
    wait: int


class Class(NamedTuple):
    """A class of service; no factor where the fill rate decides."""

    fill_rate: float
    factor: float | None = None


class Layer(NamedTuple):
    """Volume and variance per day of a class."""

    volume: float
    variance: float


@dataclass(frozen=True)
class Kept:
    """What a point keeps: units (and in capacity units of the site: see `room`) and money by cost line."""

    configuration: Configuration | None
    units: dict[str, float]
    money: dict[str, float]
    volumes: dict[Class, float] = field(default_factory=dict)

    @property
    def total(self) -> float:
        return sum(self.money.values())


class Stock:
    """All that the tables say on stock."""

    def __init__(self, net: Network) -> None:
        self.net = net
        wanted = {(r["customer"], r["product"], r["period"]): r["quantity"] for r in net.demand}
        self.moves, self.deliveries = useful(net, all_moves(net), all_deliveries(net), wanted)
        self.senders = {(d.origin, d.product) for d in self.deliveries}
        self.senders |= {k for k, row in net.site_products.items() if not math.isnan(row["replenishment_fill_rate"])}
        self.planned = any(not math.isnan(r[c]) for r in net.promises.values() for c in ("fill_rate", "safety_factor"))
        self.days = sum(net.periods.values())
        demand = {p: sum(q for k, q in wanted.items() if k[1] == p) for p in net.products}
        self.groups: dict[str, list[str]] = {}
        for p, row in net.products.items():
            self.groups.setdefault(row["stock_group"] or p, []).append(p)
        self.share = {p: demand[p] / sum(demand[m] for m in some) if demand[p] else 0.0
                      for some in self.groups.values() for p in some}
        self.of_row = {(r["customer"], r["product"], r["period"]): r["variance_to_mean"] for r in net.demand}
        self.levels = {point: self._levels(point) for point in self.points()}

    # -------------------------------------------------------------------------------------------- from the tables

    def points(self) -> list[Point]:
        keepers = [s for s, row in self.net.sites.items() if usable(self.net, s) and row["kind"] in ("dc", "plant")]
        return [Point(s, g) for s in keepers for g in self.groups if self.members(Point(s, g))]

    def members(self, point: Point) -> list[str]:
        """Products of the group that are stocked at the site and can leave it (reading E)."""
        return [p for p in self.groups[point.group]
                if (point.site, p) in self.senders and stocks(self.net, point.site, p)]

    def stated(self, site: str, product: str, column: str, otherwise: Any) -> Any:
        value = self.net.site_products.get((site, product), {}).get(column)
        return otherwise if value is None or value == "" or value != value else value

    def review(self, site: str, product: str) -> float:
        return self.stated(site, product, "review_time", self.net.settings["review_time"])

    def ordering(self, site: str, product: str) -> tuple[float, float]:
        """Lot size and order interval."""
        return (self.stated(site, product, "lot_size", 0.0),
                self.stated(site, product, "order_interval", self.net.settings["order_interval"]))

    def sharing(self, point: Point) -> str:
        said = {self.stated(point.site, p, "stock_sharing", self.net.settings["stock_sharing"])
                for p in self.members(point)}
        if len(said) > 1:
            raise ValueError(f"the members of {point} share stock in different ways")
        return said.pop()

    def variance_to_mean(self, product: str) -> float:
        stated = self.net.products[product]["variance_to_mean"]
        if not math.isnan(stated):
            return stated
        rows = [r for r in self.net.demand if r["product"] == product and not math.isnan(r["variance_to_mean"])]
        return sum(r["quantity"] * r["variance_to_mean"] for r in rows) / sum(r["quantity"] for r in rows)

    def mix(self, point: Point, figure: Callable[[str], float]) -> float:
        """Mean of a figure over the members of the group."""
        return sum(self.share[p] * figure(p) for p in self.groups[point.group])

    def held(self, product: str) -> float:
        """Money for holding a unit for a year."""
        row = self.net.products[product]
        return row["unit_value"] * (self.net.settings["holding_rate"] if math.isnan(row["holding_rate"])
                                    else row["holding_rate"])

    def transit(self, way: Way) -> tuple[float, float]:
        """Mean and standard deviation of the transit of all legs."""
        legs = [tariff(self.net, leg, way.product, lane_distance(self.net, *leg)) for leg in way.legs]
        return sum(t.mean for t in legs), math.sqrt(sum(t.sd**2 for t in legs))

    def made_to_order(self, site: str, product: str) -> float:
        if stocks(self.net, site, product):
            return 0.0
        return self.stated(site, product, "make_days", 0.0)

    def lead_time(self, move: Way) -> float:
        """Lead time of a way in."""
        docks = processing(self.net, move.via) if move.via else 0.0
        return (processing(self.net, move.origin) + self.made_to_order(move.origin, move.product) + docks
                + self.transit(move)[0])

    def days_in_transit(self, way: Way) -> float:
        return self.transit(way)[0] + (processing(self.net, way.via) if way.via else 0.0)

    def _levels(self, point: Point) -> list[tuple[float, float]]:
        """Lead times of replenishment to choose from, with their standard deviations."""
        members = self.members(point)
        stated = [self.stated(point.site, p, "replenishment_days", None) for p in members]
        sds = [self.stated(point.site, p, "replenishment_sd", None) for p in members]
        sd = max((v for v in sds if v is not None), default=None)
        if any(v is not None for v in stated):
            return [(max(v for v in stated if v is not None), sd or 0.0)]
        made = [self.stated(point.site, p, "make_days", 0.0) for p in members if makes(self.net, point.site, p)]
        ways = [(self.lead_time(m), self.transit(m)[1]) for m in self.moves
                if m.destination == point.site and m.product in members]
        ways += [(days, 0.0) for days in made]
        days = sorted({round(lead, 9) for lead, _ in ways}) or [0.0]
        count = 1 if made else int(self.net.settings["lead_time_levels"])
        gaps = sorted(range(1, len(days)), key=lambda i: (round(days[i] - days[i - 1], 9), i), reverse=True)
        ends = [*sorted(i - 1 for i in gaps[:count - 1]), len(days) - 1]
        tops = [days[i] for i in ends]
        return [(top, max((s for lead, s in ways if lead <= top + SHIFT), default=0.0) if sd is None else sd)
                for top in tops]  # reading F

    def may_wait(self, delivery: Way, wait: int) -> bool:
        """Whether a delivery may come from a point that quotes this wait."""
        tier = self.net.customers[delivery.destination]["tier"]
        key = promise_of(self.net, tier, delivery.product)
        promise = self.net.promises[key] if key else None
        if wait == 0 or promise is None or promise["lead_time"] == math.inf:
            return True
        if promise["on_time_form"] != "each_order":
            return False
        route = [(leg, tariff(self.net, leg, delivery.product, lane_distance(self.net, *leg))) for leg in delivery.legs]
        assert not oracle_times.used(self.net)  # a wait is taken off the lead time as days that all count
        left = promise | {"lead_time": promise["lead_time"] - wait}
        chance = on_time_probability(self.net, route, delivery.product, tier, left, {})
        return chance >= promise["reliability"] - SHIFT

    def class_of(self, flow: Flow) -> Class | None:
        """Class of service of a flow; None where it is not served from stock that is sized on it."""
        if flow.kind == "move":
            rate = self.stated(flow.way.origin, flow.way.product, "replenishment_fill_rate", None)
            return None if rate is None else Class(rate)
        key = promise_of(self.net, self.net.customers[flow.way.destination]["tier"], flow.way.product)
        row = self.net.promises[key] if key else {"fill_rate": math.nan, "safety_factor": math.nan}
        rate = 0.0 if math.isnan(row["fill_rate"]) else row["fill_rate"]
        if self.net.settings["stock_rule"] == "curve" or math.isnan(row["safety_factor"]):
            return Class(rate)
        return Class(rate, row["safety_factor"])

    # -------------------------------------------------------------------------------------------- of a plan

    def configurations(self, point: Point, flows: Iterable[Flow] = ()) -> list[Configuration]:
        """Those that these flows allow, from the shortest lead time and wait."""
        members, flows = self.members(point), list(flows)
        needed = max((self.lead_time(f.way) for f in flows if f.kind == "move" and f.way.destination == point.site
                      and f.way.product in members), default=0.0)
        several = len(self.levels[point]) > 1
        moved_on = any(f.kind == "move" and f.way.origin == point.site and f.way.product in members
                       and self.class_of(f) is not None for f in flows)  # reading J
        out = [f.way for f in flows if f.kind == "delivery" and f.way.origin == point.site and f.way.product in members]
        return [Configuration(lead, sd, wait) for lead, sd in self.levels[point]
                if not several or needed <= lead + SHIFT
                for wait in range(int(self.net.settings["longest_wait"]) + 1)
                if (wait == 0 or not moved_on) and all(self.may_wait(way, wait) for way in out)]

    def layers(self, point: Point, flows: Iterable[Flow]) -> list[tuple[float, dict[Class, Layer]]]:
        """For each span of time: its days, and volume and variance per day of each class that is served."""
        members = self.members(point)
        by_period: dict[str, dict[Class, Layer]] = {t: {} for t in self.net.periods}
        for f in flows:
            served = self.class_of(f)
            if f.way.origin == point.site and f.way.product in members and served is not None:
                old = by_period[f.period].get(served, Layer(0.0, 0.0))
                by_period[f.period][served] = Layer(old.volume + f.quantity,
                                                    old.variance + f.quantity * self.of_flow(f))
        level = self.net.settings["stock_level"]
        if level == "average":
            return [(self.days, added(by_period.values(), self.days))]
        daily = {t: added([some], self.net.periods[t]) for t, some in by_period.items()}
        if level == "each":
            return [(self.net.periods[t], some) for t, some in daily.items()]
        return [(self.days, max(daily.values(), key=lambda some: sum(x.volume for x in some.values())))]  # reading D

    def of_flow(self, flow: Flow) -> float:
        """Variance to mean of a flow (`square_root`)."""
        row = self.of_row.get((flow.way.destination, flow.way.product, flow.period), math.nan)
        return self.variance_to_mean(flow.way.product) if math.isnan(row) else row  # reading H

    def kept(self, point: Point, flows: Iterable[Flow]) -> Kept:
        """Stock of a point for these flows, in the cheapest configuration that they allow."""
        flows = [f for f in flows if f.quantity > NOTHING * self.days]  # reading G
        spans = self.layers(point, flows)
        if not any(some for _, some in spans):
            return Kept(None, dict.fromkeys(LINES[:2], 0.0), dict.fromkeys(LINES[:3], 0.0))
        fixed = sum(self.stated(point.site, p, "stock_fixed_cost", 0.0) for p in self.members(point))
        best: Kept | None = None
        for configuration in self.configurations(point, flows):
            units = dict.fromkeys(LINES[:2], 0.0)
            money = dict.fromkeys(LINES[:2], 0.0) | {"stock_fixed": fixed * self.days / 365}
            for days, layers in spans:
                for line, (amount, held) in self.sized(point, configuration, layers).items():
                    units[line] = max(units[line], amount)
                    money[line] += held * days / 365
            served = {c: max(some[c].volume for _, some in spans if c in some) for _, some in spans for c in some}
            found = Kept(configuration, units, money, served)
            if best is None or found.total < best.total - 1e-9 * abs(best.total):
                best = found
        if best is None:
            raise ValueError(f"the flows of {point} allow no configuration")
        return best

    def sized(self, point: Point, configuration: Configuration,
              layers: dict[Class, Layer]) -> dict[str, tuple[float, float]]:
        """Units, and money for holding them for a year, by cost line."""
        sharing, curve = self.sharing(point), self.net.settings["stock_rule"] == "curve"
        if sharing == "rationed" and curve:
            layers = dict.fromkeys(self.classes(point), Layer(0.0, 0.0)) | layers
        ranked = sorted(((c, x) for c, x in layers.items()), key=lambda pair: rank(pair[0]), reverse=True)
        together = Layer(sum(x.volume for _, x in ranked), sum(x.variance for _, x in ranked))
        if sharing == "separate":
            parts = [self.safety(point, configuration, c, x) for c, x in ranked]
            cycles = [self.cycle(point, configuration, x.volume) for _, x in ranked]
        elif sharing == "pooled":
            sizes = [self.safety(point, configuration, c, together) for c, _ in ranked]
            parts = [max(sizes)]  # all get the largest factor of those that are served
            cycles = [self.cycle(point, configuration, together.volume)]
        elif curve:
            cycles, parts = [self.cycle(point, configuration, together.volume)], []
            volume = 0.0
            for t, (c, x) in enumerate(ranked):
                volume += x.volume
                worse = ranked[t + 1][0] if t + 1 < len(ranked) else None
                parts.append(self.safety(point, configuration, c, Layer(volume, 0.0), worse))
        else:
            cycles, parts = [self.cycle(point, configuration, together.volume)], []
            below = Layer(0.0, 0.0)
            for t, (_, x) in enumerate(ranked):
                below = Layer(below.volume + x.volume, below.variance + x.variance)
                sizes = [self.safety(point, configuration, c, below) for c, _ in ranked[t:]]
                parts.append(max(sizes))  # a class gets the larger factor of those below it
                if sizes[1:]:
                    less = max(sizes[1:])
                    parts.append((-less[0], -less[1]))
        return {line: (sum(u for u, _ in some), sum(m for _, m in some))
                for line, some in (("cycle_stock", cycles), ("safety_stock", parts))}

    def cycle(self, point: Point, configuration: Configuration, volume: float) -> tuple[float, float]:
        """Units and yearly money of the cycle stock of a daily volume."""
        gone = configuration.wait if self.leaves_early() else 0.0

        def of(p: str, m: float) -> float:
            units = cycle_stock(self.share[p] * m, self.review(point.site, p), *self.ordering(point.site, p))
            return max(units - self.share[p] * m * gone, 0.0)

        def first(p: str) -> float:
            return self.ordering(point.site, p)[0] / 2 if self.share[p] else 0.0

        return self.over_members(point, lambda p: on_the_grid(lambda m: of(p, m), volume, first(p)))  # reading I

    def over_members(self, point: Point, units: Any) -> tuple[float, float]:
        """Units of all members of the group, and money for holding them for a year."""
        amounts = {p: units(p) for p in self.groups[point.group]}
        return sum(amounts.values()), sum(self.held(p) * amount for p, amount in amounts.items())

    def classes(self, point: Point) -> set[Class]:
        """Classes of all that may leave a point (reading K)."""
        members = self.members(point)
        ways = [Flow("delivery", d, "", 0.0) for d in self.deliveries
                if d.origin == point.site and d.product in members]
        onward = [self.stated(point.site, p, "replenishment_fill_rate", None) for p in members]
        found = {c for c in map(self.class_of, ways) if c is not None}
        return found | {Class(rate) for rate in onward if rate is not None}

    def safety(self, point: Point, configuration: Configuration, served: Class, layer: Layer,
               worse: Class | None = None) -> tuple[float, float]:
        """Units and yearly money of the safety stock of a class; of the reserve beyond a worse one."""
        if self.net.settings["stock_rule"] == "square_root":
            review = max(self.review(point.site, p) for p in self.groups[point.group])
            exposed = max(configuration.lead_time + review - configuration.wait, 0.0)
            k = self.factor(point, configuration, served)

            def late(p: str, m: float) -> float:
                return self.late(point.site, p, configuration, self.share[p] * m) * self.share[p] * m

            root = self.over_members(point, lambda p: self.share[p] * math.sqrt(exposed * layer.variance))
            drift = self.over_members(point, lambda p: on_the_grid(lambda m: late(p, m), layer.volume, 0.0))
            return k * (root[0] + drift[0]), k * (root[1] + drift[1])

        def of(p: str, m: float) -> float:
            own = self.share[p] * m
            policy = (own, self.variance_to_mean(p), configuration.lead_time, self.review(point.site, p),
                      *self.ordering(point.site, p), configuration.wait,
                      self.late(point.site, p, configuration, own))
            if worse is not None:
                def all_need(times: int) -> float:
                    late = self.late(point.site, p, configuration, own * times)
                    rest = (own * times, *policy[1:-1], late)
                    return safety_stock(served.fill_rate, *rest) - safety_stock(worse.fill_rate, *rest)

                return reserve(all_need, own, policy[1], configuration.lead_time + policy[3] - configuration.wait)
            units = safety_stock(served.fill_rate, *policy)
            if not self.leaves_early() or not own:
                return units
            cycle = cycle_stock(own, self.review(point.site, p), *self.ordering(point.site, p))
            return min(on_hand(units, *policy), cycle + units) - max(cycle - own * configuration.wait, 0.0)

        return self.over_members(point, lambda p: on_the_grid(lambda m: of(p, m), layer.volume))

    def leaves_early(self) -> bool:
        return self.net.settings["early_dispatch"] == "yes" and self.net.settings["stock_rule"] == "curve"

    def late(self, site: str, product: str, configuration: Configuration, volume: float) -> float:
        """Standard deviation of the lead time that counts for a daily volume of a product."""
        if self.net.settings["order_crossing"] != "yes":
            return configuration.sd
        return overtaking_sd(configuration.sd, volume, self.review(site, product), *self.ordering(site, product))

    def factor(self, point: Point, configuration: Configuration, served: Class) -> float:
        """Safety factor of a class."""
        if served.factor is not None:
            return served.factor
        if served.fill_rate == 0:
            return 0.0
        members = self.groups[point.group]
        nominal = sum(self.stated(point.site, p, "nominal_volume", 0.0) for p in members)
        return max(safety_factor(served.fill_rate, self.share[p] * nominal, self.variance_to_mean(p),
                                 configuration.lead_time, self.review(point.site, p), *self.ordering(point.site, p),
                                 configuration.wait, self.late(point.site, p, configuration, self.share[p] * nominal))
                   for p in members)

    def pipeline(self, flow: Flow) -> float:
        """Money for what is on the way."""
        counted = {"moves": ("move",), "all": ("move", "delivery"), "none": ()}[self.net.settings["pipeline_on"]]
        if not self.planned or flow.kind not in counted:
            return 0.0
        return self.held(flow.way.product) * self.days_in_transit(flow.way) / 365 * flow.quantity

    def value(self, flows: list[Flow]) -> dict[str, float]:
        """Every cost line of stock of a whole plan."""
        lines = dict.fromkeys(LINES, 0.0)
        if not self.planned:
            return lines
        for point in self.levels:
            touching = [f for f in flows if point.site in (f.way.origin, f.way.destination)]
            for line, amount in self.kept(point, touching).money.items():
                lines[line] += amount
        lines["pipeline_stock"] = sum(self.pipeline(f) for f in flows)
        return lines


def rank(served: Class) -> tuple[float, float]:
    """Better classes are larger."""
    return served.fill_rate, served.factor or 0.0


def added(parts: Iterable[dict[Class, Layer]], days: float) -> dict[Class, Layer]:
    """Sum over periods, per day."""
    total: dict[Class, Layer] = {}
    for part in parts:
        for served, layer in part.items():
            old = total.get(served, Layer(0.0, 0.0))
            total[served] = Layer(old.volume + layer.volume / days, old.variance + layer.variance / days)
    return total
