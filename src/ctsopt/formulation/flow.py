"""Flow of goods: every demand is met or left unserved, and what comes into a stocking point goes out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.carried import carried_in, next_period
from ctsopt.formulation.cells import Cell
from ctsopt.formulation.columns import DEMAND, SIDE
from ctsopt.formulation.family import Variables, rows
from ctsopt.keys import Keys
from ctsopt.programs.algebra import Rows

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@rows("demand that cannot be served", promise="demand", goods="requests", sources={SIDE: DEMAND})
def serve_demand(x: Variables, net: Network) -> Rows:
    """sum_w deliver[w,t] + unserved[c,k,p,t] = quantity[c,k,p,t] * assigned[c,k]   [units]

    Every request (customer c, tier k).
    """
    wanted = net.requests
    return x.deliver.per(wanted.index) + x.unserved == x.assigned.at(wanted.index) * wanted["quantity"]


@rows("what comes into a site goes out again", goods="places", sources={"open": ("site_products.opening_stock",)})
def site_balance(x: Variables, net: Network) -> Rows:
    """make[s,p,t] + sum move into s + carried in = sum move out of s + sum deliver from s + carry[s,p,t]   [units]

    Every stocking point s, product p, period t; carried in is carry[s,p,t-1], in the first period the opening stock of
    an open site.
    """
    points = stocking_points(x, net)
    out = x.move.per(points, on={"site": "origin"}) + x.deliver.per(points)
    into = x.make.per(points) + x.move.per(points, on={"site": "destination"})
    if x.carry is None:
        return into == out
    before, opened = carried_in(x, net, points)
    return into + before + opened == out + x.carry.per(points)


@rows("what a site can make", limit=True, sources={SIDE: ("site_products.make_capacity", "periods.days")},
      cell=Cell("site_products", "make_capacity", ("site", "product"), "capacity", "units", "what {} can make"))
def make_capacity(x: Variables, net: Network) -> Rows | None:
    """make[s,p,t] <= make_capacity[s,p] * days[t]/365   [units]

    Where a capacity is given.
    """
    index = x.make.index
    days = net.tables.column("periods", "days")
    limit = net.derived.supply.make_capacity[index["site"], index["product"]] * days[index["period"]] / 365
    finite = np.isfinite(limit)
    return x.make.where(finite) <= limit[finite] if finite.any() else None


def stocking_points(x: Variables, net: Network) -> Keys:
    """Every (site, product, period) at which goods are made, moved, delivered or kept in stock."""
    moves, deliveries, made = x.move.index, x.deliver.index, x.make.index
    parts = [(moves, "origin"), (moves, "destination"), (deliveries, "site"), (made, "site")]
    if x.carry is not None:
        parts += [(x.carry.index, "site"), (next_period(x.carry.index), "site")]
    columns = {name: np.concatenate([keys[site if name == "site" else name] for keys, site in parts])
               for name in ("site", "product", "period")}
    return Keys.make(net.axes, **columns).distinct("site", "product", "period")


ROWS = (serve_demand, site_balance, make_capacity)
