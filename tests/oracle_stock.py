"""Fourth part of the oracle: stock that is carried from period to period.

Written from docs/how-it-works.md alone; imports nothing of ctsopt. The letters are the readings listed in
oracle_tables.py.
"""

from __future__ import annotations

import math
from typing import Any

import pyomo.environ as pyo

from tests.oracle_tables import INF, Network, keeps, opening_stock, room


def variables(program: Any) -> None:
    """Stock at the end of every period, wherever stock may be kept."""
    net, x = program.net, program.model
    points = [(s, p) for s in net.sites for p in net.products if keeps(net, s, p)]
    x.carry = pyo.Var(points, list(net.periods), domain=pyo.NonNegativeReals)


def before(program: Any, site: str, product: str, period: str) -> Any:
    """Stock when a period begins."""
    net, x = program.net, program.model
    place = list(net.periods).index(period)
    if place:
        return x.carry[site, product, list(net.periods)[place - 1]]
    return opening_stock(net, site, product) * x.open[site]


def storage(program: Any) -> None:
    """Stock at the end of a period fits into the site, in its capacity unit."""
    net, x = program.net, program.model
    for s, row in net.sites.items():
        for t in net.periods:
            kept = [room(net, s, p) * x.carry[s, p, t] for p in net.products if (s, p, t) in x.carry]
            if kept and row["storage_capacity"] < INF:
                x.rows.add(sum(kept) <= row["storage_capacity"] * x.open[s])


def ending_stock(program: Any) -> None:
    """Nothing is left at the end, but where there was something at the beginning."""
    net, x = program.net, program.model
    last = list(net.periods)[-1]
    for s, p, t in x.carry:
        if t == last:
            there = opening_stock(net, s, p) * x.open[s]
            same = (s, p) not in net.site_products or net.site_products[s, p]["ending"] == "same"
            x.rows.add(x.carry[s, p, t] == there if same else x.carry[s, p, t] <= there)


def all_goods(program: Any) -> float:
    """Units that can ever be anywhere: all that is wanted, and all that is there at the beginning."""
    return sum(program.demand.values()) + sum(of_opening(program.net).values())


def of_opening(net: Network) -> dict[tuple[str, str], float]:
    """Opening stock by site and product."""
    return {(s, p): opening_stock(net, s, p) for s in net.sites for p in net.products if opening_stock(net, s, p) > 0}


def holding_rate(net: Network, product: str) -> float:
    stated = net.products[product]["holding_rate"]
    return net.settings["holding_rate"] if math.isnan(stated) else stated


def costs(program: Any) -> dict:
    """Holding of the mean stock of each period, and what is used up of the opening stock."""
    net, x = program.net, program.model
    last = list(net.periods)[-1]
    held: Any = 0.0
    used: Any = 0.0
    for s, p, t in x.carry:
        value = net.products[p]["unit_value"]
        mean = (before(program, s, p, t) + x.carry[s, p, t]) / 2
        held += value * holding_rate(net, p) * net.periods[t] / 365 * mean
        if t == last and net.site_products.get((s, p), {}).get("ending") == "value":
            used += value * (opening_stock(net, s, p) * x.open[s] - x.carry[s, p, t])
    return {"carried_stock": held, "stock_change": used}


FAMILIES = (storage, ending_stock)
