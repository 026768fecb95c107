"""Promises: how much is served, and how much of it is on time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.columns import DEMAND, SIDE
from ctsopt.formulation.family import Variables, rows
from ctsopt.keys import Bools, Keys
from ctsopt.networks.requests import FORMS, demanded
from ctsopt.programs.algebra import Expr, Rows

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@rows("promise on served demand", promise="served_fraction",
      sources={SIDE: (*DEMAND, "promises.served_fraction")})
def served_fraction(x: Variables, net: Network) -> Rows | None:
    """sum unserved <= (1 - served_fraction[k,g]) * sum quantity * assigned   [units]

    Every tier k and class g of products (together where the class is *).
    """
    promised = net.promises.measures
    binding = (promised["served_fraction"] < 1) & (promised["served_fraction"] > promised["served_fraction_each"])
    return _served(x, net, binding, "served_fraction")


@rows("promise on each customer's served demand", promise="served_fraction_each",
      sources={SIDE: (*DEMAND, "promises.served_fraction_each")})
def served_fraction_each(x: Variables, net: Network) -> Rows | None:
    """sum_{p in g} unserved[c] <= (1 - served_fraction_each[k,g]) * sum quantity * assigned   [units]

    Every customer c of tier k, class g.
    """
    promised = net.promises.measures
    binding = (promised["served_fraction"] < 1) & (promised["served_fraction_each"] > 0)
    return _served(x, net, binding, "served_fraction_each")


def _served(x: Variables, net: Network, binding: Bools, name: str) -> Rows | None:
    promise = net.requests.measures["promise"]
    covered = np.append(binding, False)[promise]
    if not covered.any():
        return None
    at = promise[covered]
    keys = net.promises.index.take(at)
    customer = net.requests.index["customer"][covered]
    columns = {"customer": customer} if name == "served_fraction_each" else {"tier": keys["tier"]}
    axes = {**net.promises.index.axes, "customer": net.axes["customer"]}
    fine = Keys.make(axes, **columns, product_class=keys["product_class"], period=keys["period"])
    index = fine.distinct(*fine.names)
    on = {"product_class": keys["product_class"], "period": keys["period"]}
    allowed = 1.0 - demanded(net.promises, promise, name)
    volume = x.assigned.at(net.requests.index) * net.requests["quantity"] * allowed
    return x.unserved.where(covered).per(index, on=on) <= volume.where(covered).per(index, on=on)


@rows("promise on time", promise="on_time_share",
      sources={"deliver": ("promises.on_time_share", "promises.lead_time", "modes.transit_cv")})
def tier_on_time(x: Variables, net: Network) -> Rows | None:
    """sum credit[w] * deliver[w,t] >= on_time_share[k,g] * sum deliver[w,t]   [units]

    Every tier k, class g with a share on time; credit is 1 where P >= reliability (share_certain), or P
    (share_expected).
    """
    ways, promise = net.ways.deliveries.measures, net.requests.measures["promise"]
    form = np.append(net.promises.measures["form"], 0)[promise]
    share = demanded(net.promises, promise, "on_time_share")
    shared = (form != FORMS.index("each_order")) & (share > 0)
    asked = np.isfinite(demanded(net.promises, promise, "lead_time")) & shared
    timed = asked[ways["request"]]
    if not timed.any():
        return None
    request = ways["request"][timed]
    certain = (form == FORMS.index("share_certain"))[request]
    credit = np.where(certain, ways["certain"][timed], ways["on_time"][timed]) - share[request]
    credit[np.abs(credit) < 1e-9] = 0.0  # a probability that equals the share but for rounding neither helps nor harms
    used = np.zeros(len(promise), dtype=bool)
    used[request] = True
    keys = net.promises.index.take(promise)
    index = keys.take(used).distinct(*keys.names)
    on = {name: keys[name][request] for name in keys.names}
    on_time: Expr = (x.deliver.where(timed) * credit).per(index, on=on)
    return on_time >= 0.0


ROWS = (served_fraction, served_fraction_each, tier_on_time)
