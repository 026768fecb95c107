"""The order book as a transport problem of its own: csv and scipy only, nothing of ctsopt and nothing of the converter.

It was written first, to find the reading of the rules that gives the published number; the rules are in order_book.py.
Each order may be split between plants; as every capacity is a whole number of orders, an optimum without splits exists.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scipy.optimize import linprog
from scipy.sparse import coo_array

Row = Mapping[str, str]


@dataclass(frozen=True)
class Options:
    """Which costs count, and two variations; the same words as in the converter.

    `days_matter = False` drops the promise, `repeats = False` the rows that stand in the file a second time.
    """

    freight: bool = False
    below_lowest: str = "lowest_band"
    capacity_share: float = 1.0
    days_matter: bool = True
    repeats: bool = True


def charges(folder: Path, options: Options) -> dict[tuple[int, int], float]:
    """Cheapest freight of (line of the order file, plant); only pairs that keep every rule but capacity are keys."""
    makes = {(row["Plant Code"], row["Product ID"]) for row in _rows(folder, "products_per_plant")}
    serves = {(row["Plant Code"], row["Customers"]) for row in _rows(folder, "vmi_customers")}
    dedicated = {plant for plant, _ in serves}
    ports = defaultdict(set)
    for row in _rows(folder, "plant_ports"):
        ports[row["Plant Code"]].add(row["Port"])
    freight = _freight_tables(folder)
    found = {}
    for line, order in enumerate(_rows(folder, "orders_1000"), start=2):
        for plant in ports:
            if (plant, order["Product ID"]) not in makes:
                continue
            if plant in dedicated and (plant, order["Customer"]) not in serves:
                continue
            offers = [offer for port in ports[plant] for offer in _offers(order, freight[port], options)]
            if offers:
                found[line, int(plant)] = min(offers)
    return found


def _freight_tables(folder: Path) -> dict[str, dict[tuple[str, ...], list[Row]]]:
    """Per port of origin: tables (carrier, service, mode of transport), each a list of bands from light to heavy."""
    tables: dict[str, dict[tuple[str, ...], list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(folder, "freight_rates"):
        tables[row["orig_port_cd"]][row["Carrier"], row["svc_cd"], row["mode_dsc"]].append(row)
    for of_port in tables.values():
        for bands in of_port.values():
            bands.sort(key=lambda band: float(band["minm_wgh_qty"]))
    return tables


def _offers(order: Row, tables: Mapping[tuple[str, ...], list[Row]], options: Options) -> list[float]:
    """What each carrier of a port asks for an order it can deliver in time."""
    if order["Service Level"] == "0":
        return [0.0]
    offers = []
    for (_, service, _), bands in tables.items():
        late = float(bands[0]["tpt_day_cnt"]) > float(order["Maximum delivery time"])
        if service == order["Service Level"] and not (late and options.days_matter):
            offers.append(_charge(float(order["Weight"]), bands, options))
    return offers


def _charge(weight: float, bands: list[Row], options: Options) -> float:
    """Charge of a shipment in one freight table: max(minimum cost, rate x weight) of its band."""
    assert weight <= float(bands[-1]["max_wgh_qty"]), f"{weight} kg is above the last band"
    if not options.freight:
        return 0.0
    own = [band for band in bands if float(band["minm_wgh_qty"]) <= weight][-1:]
    billed = [(band, weight) for band in own or bands[:1]]
    if options.below_lowest == "next_break":
        billed = [(band, weight) for band in own]
        billed += [(band, at) for band in bands if (at := float(band["minm_wgh_qty"])) > weight]
    return min(max(float(band["minimum cost"]), float(band["rate"]) * at) for band, at in billed)


def least_cost(folder: Path, options: Options) -> float:
    """Least cost of the order book: one row per order (served once), one per plant (orders <= capacity)."""
    orders = list(_rows(folder, "orders_1000"))
    cost = {int(row["WH"]): float(row["Cost/unit"]) for row in _rows(folder, "wh_costs")}
    capacity = {int(row["Plant ID"]): math.floor(int(row["Daily Capacity"]) * options.capacity_share)
                for row in _rows(folder, "wh_capacities")}
    pairs = charges(folder, options)
    lines = [line for line, order in enumerate(orders, start=2)
             if options.repeats or order not in orders[: line - 2]]
    row_of = {line: row for row, line in enumerate(lines)}
    plants = {plant: row for row, plant in enumerate(capacity)}
    chosen = [(line, plant) for line, plant in pairs if line in row_of]
    columns = range(len(chosen))
    ones = [1.0] * len(chosen)
    once = coo_array((ones, ([row_of[line] for line, _ in chosen], columns)), shape=(len(lines), len(chosen)))
    used = coo_array((ones, ([plants[plant] for _, plant in chosen], columns)), shape=(len(plants), len(chosen)))
    paid = [cost[plant] * float(orders[line - 2]["Unit quantity"]) + pairs[line, plant] for line, plant in chosen]
    result = linprog(paid, A_ub=used, b_ub=list(capacity.values()), A_eq=once, b_eq=[1.0] * len(lines),
                     method="highs")
    assert result.status == 0, result.message
    return float(result.fun)


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
