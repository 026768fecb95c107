"""Second part of the oracle: the ways of moving and delivering, with cost, time and probability.

Written from docs/how-it-works.md alone; imports nothing of ctsopt. The letters are the readings listed in
oracle_tables.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from scipy import stats

from tests import oracle_times
from tests.oracle_tables import DEFAULTS, INF, Network, promise_of, room, sends, stocks, usable

SHIFT = 1e-9  # two sums of the same days may differ in the last bit


@dataclass
class Way:
    """A way to move (destination is a site) or to deliver (a customer); `costs` holds money per unit and line."""

    origin: str
    via: str
    destination: str
    mode_in: str
    mode_out: str
    product: str
    on_time: float
    costs: dict  # line -> amount; deliveries: period -> line -> amount
    legs: list  # (origin, destination, mode)
    co2: float  # kg per unit


class Tariff(NamedTuple):
    """What a lane, mode and product costs: weight breaks, vehicle cost per load, and transit time."""

    breaks: list
    vehicle: float
    mode: dict
    mean: float
    sd: float


# ------------------------------------------------------------------------------------------------ lanes and rates


def great_circle(net: Network, origin: str, destination: str) -> float:
    ends = [net.sites[e] if e in net.sites else net.customers[e] for e in (origin, destination)]
    (a, x), (b, y) = [(math.radians(e["latitude"]), math.radians(e["longitude"])) for e in ends]
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin((y - x) / 2) ** 2
    km = 2 * 6371.0088 * math.asin(math.sqrt(h))
    return km / (1.609344 if net.settings["distance_unit"] == "mi" else 1.0) * net.settings["circuity"]


def in_open_lanes(net: Network, origin: str, destination: str) -> bool:
    """Whether `open_lanes` makes this lane."""
    word, one = net.settings["open_lanes"], net.sites[origin]
    if word == "listed":
        return False
    maker = one["kind"] in ("plant", "supplier")
    if destination in net.customers:
        alone = word == "all" and all(s["kind"] in ("plant", "supplier") for s in net.sites.values())
        return one["delivers"] == "yes" or (one["delivers"] == "" and (not maker or alone))
    two = net.sites[destination]["kind"]
    if word == "tiered":
        return (maker and two == "dc") or (one["kind"], two) == ("dc", "crossdock")
    return one["kind"] != "dc" and two in ("dc", "crossdock") and (one["kind"], two) != ("crossdock", "crossdock")


def lane_distance(net: Network, origin: str, destination: str, mode: str) -> float | None:
    """Distance of the lane by this mode, NaN where it cannot be told, None where there is no such lane."""
    serves = net.modes[mode]["serves"]
    if serves not in ("both", "moves" if destination in net.sites else "deliveries"):
        return None
    row = net.lanes.get((origin, destination, mode)) or net.lanes.get((origin, destination, "*"))  # reading C
    named = any((r["origin"], r["destination"]) == (origin, destination) and r["mode"] in (mode, "*")
                for r in net.rates)  # reading B
    if row is not None and row["status"] == "closed":
        return None
    if row is None and not named and not in_open_lanes(net, origin, destination):
        return None
    if row is not None and not math.isnan(row["distance"]):
        return row["distance"]
    return great_circle(net, origin, destination)


def names_matched(net: Network, rate: dict, lane: tuple, product: str) -> int | None:
    """How specific a row of rates is for a lane, or None where it does not match."""
    count = 0
    for column, name in zip(("origin", "destination"), lane[:2], strict=True):
        place = net.sites[name] if name in net.sites else net.customers[name]
        if rate[column] == name:
            count += 2
        elif rate[column] != "*" and rate[column] == place["zone"]:
            count += 1
        elif rate[column] != "*":
            return None
    for column, name in (("mode", lane[2]), ("product", product)):
        if rate[column] == name:
            count += 2
        elif rate[column] != "*":
            return None
    return count


def winning_rates(net: Network, lane: tuple, product: str, distance: float) -> list[dict]:
    """Rows of the winning set of names in the lane's distance band, by weight; empty where none matches."""
    counted = [(names_matched(net, r, lane, product), r) for r in net.rates]
    best = max((n for n, _ in counted if n is not None), default=None)
    winners = [r for n, r in counted if n is not None and n == best]
    if len({(r["origin"], r["destination"], r["mode"], r["product"]) for r in winners}) > 1:
        raise ValueError(f"two sets of names are equally specific for {lane}, {product}")
    bands = [r["from_distance"] for r in winners if r["from_distance"] <= (0.0 if math.isnan(distance) else distance)]
    if winners and not bands:
        raise ValueError(f"no distance band for {lane}, {product}")
    return sorted((r for r in winners if r["from_distance"] == max(bands)), key=lambda r: r["from_weight"])


def tariff(net: Network, lane: tuple, product: str, distance: float) -> Tariff:
    """Weight breaks and transit of a lane (origin, destination, mode) for a product."""
    mode = net.modes[lane[2]]
    found = winning_rates(net, lane, product, distance)
    mean = mode["fixed_time"] + (distance / mode["speed"] if mode["speed"] < INF else 0.0)
    mean = found[0]["transit_time"] if found and not math.isnan(found[0]["transit_time"]) else mean
    sd = mode["transit_cv"] * mean
    sd = found[0]["transit_sd"] if found and not math.isnan(found[0]["transit_sd"]) else sd
    if found:
        return Tariff(found, 0.0, mode, mean, sd)
    by_distance = mode["per_weight_distance"] * distance if mode["per_weight_distance"] else 0.0
    own = {"from_weight": 0.0, "per_unit": 0.0, "per_weight": mode["per_weight"] + by_distance,
           "per_shipment": mode["per_shipment"], "minimum_charge": mode["minimum_charge"]}
    return Tariff([own], mode["per_distance"] * distance if mode["per_distance"] else 0.0, mode, mean, sd)


def states_load(mode: dict) -> bool:
    return mode["load_weight"] < INF or mode["load_volume"] < INF


def charge(t: Tariff, product: dict, units: float) -> float:
    """Charge of one shipment of so many units."""
    weight = units * product["weight"]
    share = max(weight / t.mode["load_weight"], units * product["volume"] / t.mode["load_volume"])
    loads = t.vehicle * (share / t.mode["load_factor"] if states_load(t.mode) else 1.0)

    def bill(row: dict, billed: float) -> float:  # reading D
        amount = row["per_shipment"] + row["per_unit"] * units + row["per_weight"] * billed + loads
        return max(row["minimum_charge"], amount)

    below = [r for r in t.breaks if r["from_weight"] <= weight]
    bills = [bill(below[-1], weight)] if below else []
    if t.mode["bill_next_break"]:
        bills += [bill(r, r["from_weight"]) for r in t.breaks if r["from_weight"] > weight]
    if not bills:
        raise ValueError(f"a shipment of {weight} kg is below the lowest break and has no rate")
    return min(bills) * (1.0 + t.mode["fuel_surcharge"])


def plain(t: Tariff) -> bool:
    """Whether the tariff is a plain amount per unit."""
    row = t.breaks[0]
    return (len(t.breaks) == 1 and row["from_weight"] == 0 and row["per_shipment"] == 0 and row["minimum_charge"] == 0
            and (t.vehicle == 0 or states_load(t.mode)))


def cost_beside_loads(t: Tariff, product: dict) -> float:
    """Money per unit that goods pay where the loads are paid for whole, besides."""
    if len(t.breaks) > 1 or not states_load(t.mode):
        raise ValueError("whole loads need a load and one weight break")
    row = t.breaks[0]
    return (row["per_unit"] + row["per_weight"] * product["weight"]) * (1 + t.mode["fuel_surcharge"])


def cost_of_load(t: Tariff) -> float:
    """Money for one whole load."""
    row = t.breaks[0]
    return max(row["minimum_charge"], row["per_shipment"] + t.vehicle) * (1 + t.mode["fuel_surcharge"])


def cost_of_full_loads(t: Tariff, product: dict) -> float:
    """Money per unit of a move, or of the first leg of a way over a cross-dock."""
    if t.mode["whole_loads"]:
        return cost_beside_loads(t, product)
    units = t.mode["load_factor"] * min(t.mode[load] / product[measure] if product[measure] else INF
                                        for load, measure in (("load_weight", "weight"), ("load_volume", "volume")))
    if units < INF:
        return charge(t, product, units) / units
    if not plain(t):
        raise ValueError("a move by a mode without a load needs a plain amount per unit")
    return charge(t, product, 1.0)


def cost_of_drops(net: Network, t: Tariff, row: dict) -> float:
    """Money per unit of a delivery of one row of demand."""
    product = net.products[row["product"]]
    sizes = net.profiles[row["profile"]] if row["profile"] else [(row["order_size"], 1.0)]  # reading G
    if t.mode["whole_loads"]:
        return cost_beside_loads(t, product)
    if plain(t):
        return charge(t, product, 1.0)
    if any(math.isnan(size) for size, _ in sizes):
        raise ValueError("a drop size is needed")
    return sum(share * charge(t, product, size) for size, share in sizes) / sum(share * size for size, share in sizes)


def probability(mean: float, sd: float, distribution: str, days: float) -> float:
    """Probability that a transit time is at most so many days."""
    if sd == 0:
        return 1.0 if mean <= days + SHIFT else 0.0
    if distribution == "lognormal":
        spread = math.sqrt(math.log(1 + (sd / mean) ** 2))
        return float(stats.lognorm(s=spread, scale=math.exp(math.log(mean) - spread**2 / 2)).cdf(days))
    if distribution == "gamma":
        return float(stats.gamma(a=(mean / sd) ** 2, scale=sd**2 / mean).cdf(days))
    return float(stats.norm(loc=mean, scale=sd).cdf(days))


# ------------------------------------------------------------------------------------------------ ways


def routes(net: Network, origin: str, destination: str, product: str) -> list[list[tuple[tuple, Tariff]]]:
    """Every route from origin to destination: one leg, or two over a cross-dock; a leg is (lane, tariff)."""

    def legs(one: str, two: str) -> list[tuple[tuple, Tariff]]:
        lanes = {(one, two, mode): lane_distance(net, one, two, mode) for mode in net.modes}
        return [(lane, tariff(net, lane, product, d)) for lane, d in lanes.items() if d is not None]

    docks = [s for s, row in net.sites.items() if row["kind"] == "crossdock" and usable(net, s)]
    return [[leg] for leg in legs(origin, destination)] + [
        [first, second] for dock in docks if dock not in (origin, destination)
        for first in legs(origin, dock) for second in legs(dock, destination)]


def processing(net: Network, site: str) -> float:
    row = net.sites[site]
    default = 0.0 if row["kind"] == "crossdock" else net.settings["processing_time"]
    return default if math.isnan(row["processing_time"]) else row["processing_time"]


def handling(net: Network, way: Way) -> dict:
    """Handling of a unit: out where it leaves, in where it enters, both at a cross-dock."""
    leaves = [s for s in (way.origin, way.via) if s]
    enters = [s for s in (way.via, way.destination) if s in net.sites]
    return {line: sum(net.sites[s][line] * room(net, s, way.product) for s in places)
            for line, places in (("handling_out", leaves), ("handling_in", enters))}


def duty_and_carbon(net: Network, way: Way) -> dict:
    """Duty of a unit on each leg, and the price of its CO2."""
    rows = [net.lanes.get(leg) or net.lanes.get((*leg[:2], "*")) for leg in way.legs]  # reading C
    rates = sum(row["duty_rate"] for row in rows if row)
    return {"duty": rates * net.products[way.product]["unit_value"], "carbon": net.settings["carbon_price"] * way.co2}


def emitted(net: Network, legs: list, product: str) -> float:
    """CO2 of a unit over all legs, kg."""
    some = [(lane_distance(net, *leg), net.modes[leg[2]]["co2"]) for leg in legs if net.modes[leg[2]]["co2"]]
    return sum(net.products[product]["weight"] / 1000 * distance * rate for distance, rate in some)


def make_way(net: Network, route: list, product: str, on_time: float) -> Way:
    (origin, first, mode_in), _ = route[0]
    (_, last, mode_out), _ = route[-1]
    via = first if len(route) == 2 else ""
    legs = [lane for lane, _ in route]
    return Way(origin, via, last, mode_in if via else "", mode_out, product, on_time, {}, legs,
               emitted(net, legs, product))


def all_moves(net: Network) -> list[Way]:
    """Every way to move a product from a site that sends it to a stocking point."""
    moves = []
    for p, product in net.products.items():
        for origin in (s for s in net.sites if sends(net, s, p)):
            for destination in (s for s in net.sites if s != origin and usable(net, s) and stocks(net, s, p)):
                for route in routes(net, origin, destination, p):
                    way = make_way(net, route, p, 1.0)
                    line_haul = sum(cost_of_full_loads(t, product) for _, t in route)
                    way.costs = {"line_haul": line_haul} | handling(net, way) | duty_and_carbon(net, way)
                    moves.append(way)
    return moves


def on_time_probability(net: Network, route: list, product: str, tier: str, promise: dict, kept: dict) -> float:
    """P that a delivery by this route keeps the lead time (reading E)."""
    lead_time = promise["lead_time"]
    if lead_time == INF:
        return 1.0
    origin = route[0][0][0]
    docks = [lane[0] for lane, _ in route[1:]]
    row = net.site_products.get((origin, product))
    to_order = not stocks(net, origin, product) and row is not None
    here = processing(net, origin) + (row["make_days"] if to_order else 0.0)
    mean, sd = sum(t.mean for _, t in route), math.sqrt(sum(t.sd**2 for _, t in route))
    shape = route[-1][1].mode["transit_distribution"]
    if not oracle_times.used(net):
        return probability(mean, sd, shape, lead_time - here - sum(processing(net, s) for s in docks))
    before = tuple((lane[2], t.mean, lane[1], processing(net, lane[1])) for lane, t in route[:-1])
    rooms = oracle_times.room_of(net, tier, promise, (origin, *before, route[-1][0][2]), here, kept)
    return sum(share * probability(mean, sd, shape, left + sum(t.mean for _, t in route[:-1]))
               for left, share in rooms)


def deliveries_to(net: Network, customer: str, product: str, wanted: list[dict], kept: dict) -> list[Way]:
    """Every way to deliver a product to a customer; `wanted` are the rows of demand, one per period."""
    tier = net.customers[customer]["tier"]
    modes = [m.strip() for m in net.tiers[tier]["modes"].split("|")] if net.tiers[tier]["modes"] else list(net.modes)
    key = promise_of(net, tier, product)
    promise = net.promises[key] if key else DEFAULTS["promises"]
    ways = []
    for origin in (s for s in net.sites if sends(net, s, product)):
        for route in routes(net, origin, customer, product):
            if route[-1][0][2] not in modes:
                continue
            p = on_time_probability(net, route, product, tier, promise, kept)
            if promise["on_time_form"] == "each_order" and p < promise["reliability"] - SHIFT:
                continue
            way = make_way(net, route, product, p)
            first = cost_of_full_loads(route[0][1], net.products[product]) if way.via else 0.0
            way.costs = {row["period"]: {"last_mile": cost_of_drops(net, route[-1][1], row), "line_haul": first}
                         | handling(net, way) | duty_and_carbon(net, way) for row in wanted}
            ways.append(way)
    return ways


def all_deliveries(net: Network) -> list[Way]:
    wanted: dict = {}
    for row in net.demand:
        wanted.setdefault((row["customer"], row["product"]), []).append(row)
    kept: dict = {}
    return [way for (customer, product), some in wanted.items()
            for way in deliveries_to(net, customer, product, some, kept)]
