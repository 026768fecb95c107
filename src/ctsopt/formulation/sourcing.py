"""Sourcing: customers that are served from one stocking site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.cells import Cell, more_sources
from ctsopt.formulation.columns import DEMAND, SIDE
from ctsopt.formulation.family import Variables, rows, strengthens
from ctsopt.formulation.variables import same_site_members, single_sourced
from ctsopt.keys import BLANK, Keys
from ctsopt.programs.algebra import Rows

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@rows("single source", sources={SIDE: ("customers.max_sources",)},
      cell=Cell("customers", "single_source", ("customer",), "rule", "sites", "the number of sources of {}",
                yearly=False, rate=False, mend=more_sources))
def single_source(x: Variables, net: Network) -> Rows | None:
    """sum_s source[c,s,p] <= 1, or max_sources[c]   [sites]

    Every customer c that is single-sourced (product p, or blank: all together) or has a limit on its sources.
    """
    if x.source is None:
        return None
    index = x.source.index.distinct("customer", "product")
    customers = net.tables["customers"]
    rule = customers["single_source"].to_numpy(dtype=object)[index["customer"]]
    most = customers["max_sources"].to_numpy(dtype=float)[index["customer"]]
    return x.source.per(index) <= np.where(rule == "no", np.floor(most), 1.0)


@rows("deliveries to a single-sourced customer from its source", sources={"source": DEMAND})
def source_use(x: Variables, net: Network) -> Rows | None:
    """sum deliver to c from s <= demand * source[c,s,p]   [units]

    Every single-sourced customer c and site s, over the horizon.
    """
    if x.source is None:
        return None
    product, single = single_sourced(net)
    pairs, request = x.source.index, net.requests.index
    rule = net.tables["customers"]["single_source"].to_numpy(dtype=object)[request["customer"]]
    under = np.where(rule == "product", request["product"], BLANK)
    wanted, place = Keys.make(net.axes, customer=request["customer"], product=under).grouped("customer", "product")
    demand = np.bincount(place, weights=net.requests.measures["quantity"])[wanted.locate(pairs)]
    return x.deliver.where(single).per(pairs, on={"product": product[single]}) <= x.source * demand


@strengthens("source_use")
@rows("each delivery to a single-sourced customer from its source", sources={"source": DEMAND})
def deliver_from_source(x: Variables, net: Network) -> Rows | None:
    """sum_w deliver[w,t] from site s <= quantity[c,k,p,t] * source[c,s,p]   [units]

    Every single-sourced request and site; only strengthens.
    """
    if x.source is None:
        return None
    _, single = single_sourced(net)
    mine = x.deliver.where(single)
    index = mine.index.distinct("site", "customer", "tier", "product", "period")
    rule = net.tables["customers"]["single_source"].to_numpy(dtype=object)[index["customer"]]
    under = np.where(rule == "product", index["product"], BLANK).astype(np.int32)
    return mine.per(index) <= x.source.at(index, on={"product": under}) * net.requests["quantity"]


@rows("no source that is closed")
def source_from_open(x: Variables, net: Network) -> Rows | None:
    """source[c,s,p] <= open[s]   [yes/no]

    Every single-sourced customer c and site s about which there is a choice.
    """
    if x.source is None:
        return None
    free = x.choice[x.source.index["site"]]
    return x.source.where(free) <= x.open.at(x.source.index.take(free)) if free.any() else None


@rows("common site of a group of customers",
      cell=Cell("contracts", "kind", ("contract",), "rule", "sites", "the one site for all of the contract {}",
                yearly=False, rate=False, mend="drop"))
def same_site(x: Variables, net: Network) -> Rows | None:
    """sum_s group_source[n,s] <= 1   [sites]

    Every contract n of kind same_site.
    """
    if x.group_source is None:
        return None
    return x.group_source.per(x.group_source.index.distinct("contract")) <= 1.0


@rows("deliveries to a group of customers from its site", sources={"group_source": DEMAND})
def same_site_use(x: Variables, net: Network) -> Rows | None:
    """sum deliver to c from s <= demand[c] * group_source[n,s]   [units]

    Every contract n of kind same_site, customer c of its group, and site s, over the horizon.
    """
    if x.group_source is None:
        return None
    members = same_site_members(net)
    pairs = members.distinct("site", "customer")
    demand = np.bincount(net.requests.index["customer"], weights=net.requests.measures["quantity"],
                         minlength=len(net.axes["customer"]))
    inside = np.flatnonzero(pairs.find(x.deliver.index) >= 0)
    delivered = x.deliver.pick(inside).per(pairs)
    limit = x.group_source.at(members, {"contract": members["contract"]}) * demand[members["customer"]]
    return delivered.at(members) <= limit


ROWS = (single_source, source_use, same_site, same_site_use, deliver_from_source, source_from_open)
