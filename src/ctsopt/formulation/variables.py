"""Decisions of the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import BLANK, Axis, Bools, Ints, Keys
from ctsopt.networks.requests import demanded
from ctsopt.programs.algebra import Expr, Variable

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


def open(net: Network) -> Variable:
    """open[site] in {0, 1}: the site is open over the horizon. Fixed where the study leaves no choice.   [yes/no]"""
    status = net.tables.column("sites", "status")
    today, candidate = status == "open", status == "candidate"
    lower = today & ~net.tables.column("sites", "may_close")
    upper = today | (candidate & net.tables.column("sites", "may_open"))
    index = Keys.make(net.axes, site=np.arange(len(status)))
    return Variable(index, lower.astype(float), upper.astype(float), integer=True, design=True)


def make(net: Network) -> Variable:
    """make[site,product,period] >= 0: made at a plant, or bought from a supplier.   [units]"""
    return Variable(net.derived.supply.made(net.axes))


def move(net: Network) -> Variable:
    """move[origin,via,destination,mode_in,mode_out,product,period] >= 0: moved between stocking points.   [units]"""
    return Variable(net.ways.moves.index)


def deliver(net: Network) -> Variable:
    """deliver[site,via,customer,tier,mode_in,mode_out,product,period] >= 0: delivered from stock.   [units]"""
    return Variable(net.ways.deliveries.index, priced=True)


def unserved(net: Network) -> Variable:
    """unserved[customer,tier,product,period] >= 0: demand that the plan does not serve.   [units]

    0 where all of it is promised.
    """
    promised = demanded(net.promises, net.requests.measures["promise"], "served_fraction")
    return Variable(net.requests.index, upper=np.where(promised >= 1, 0.0, np.inf))


def assigned(net: Network) -> Expr:
    """assigned[customer,tier]: 1, because a customer's tier is given.   [yes/no]"""
    return Expr.constants(net.requests.index.distinct("customer", "tier"))


def source(net: Network) -> Variable | None:
    """source[customer,site,product] in {0, 1}: the site that serves a single-sourced customer.   [yes/no]

    The product is blank where one site serves the customer with everything.
    """
    keys = net.ways.deliveries.index
    product, single = single_sourced(net)
    if not single.any():
        return None
    index = Keys({"customer": keys["customer"], "site": keys["site"], "product": product}, net.axes)
    return Variable(index.take(single).distinct("customer", "site", "product"), upper=1.0, integer=True)


def single_sourced(net: Network) -> tuple[Ints, Bools]:
    """For each delivery: the product under which its source is decided (blank: all together), and whether it is."""
    keys = net.ways.deliveries.index
    rule = net.tables.column("customers", "single_source")
    few = np.isfinite(net.tables.column("customers", "max_sources"))
    product = np.where((rule == "product")[keys["customer"]], keys["product"], np.int32(BLANK))
    return product, np.asarray(((rule != "no") | few)[keys["customer"]])


def group_source(net: Network) -> Variable | None:
    """group_source[contract,site] in {0, 1}: the site that serves a group of customers.   [yes/no]"""
    if not (net.tables.column("contracts", "kind") == "same_site").any():
        return None
    members = same_site_members(net)
    return Variable(members.distinct("contract", "site"), upper=1.0, integer=True) if len(members) else None


def same_site_members(net: Network) -> Keys:
    """Who may be served from where under each contract of kind same_site: contract, site, customer."""
    frame = net.tables["contracts"].reset_index(drop=True)
    names = Axis("contract", frame["contract"].tolist())
    agreed = np.flatnonzero((frame["kind"] == "same_site").to_numpy(dtype=bool))
    group = net.tables["customers"]["group"].to_numpy(dtype=object)
    number, customer = np.nonzero(frame["group"].to_numpy(dtype=object)[agreed][:, None] == group)
    pairs = net.ways.deliveries.index.distinct("site", "customer")
    order = np.argsort(pairs["customer"], kind="stable")
    begin = np.searchsorted(pairs["customer"][order], customer)
    count = np.searchsorted(pairs["customer"][order], customer, side="right") - begin
    item = np.repeat(np.arange(len(customer)), count)
    place = order[np.repeat(begin - np.cumsum(count) + count, count) + np.arange(len(item))]
    axes = {"contract": names, "site": net.axes["site"], "customer": net.axes["customer"]}
    return Keys.make(axes, contract=agreed[number][item], site=pairs["site"][place], customer=customer[item])


VARIABLES = (open, make, move, deliver, unserved, assigned, source, group_source)
