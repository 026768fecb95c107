"""Sites: what goes through an open site, and how many of them there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.family import Variables, strengthens
from ctsopt.keys import BLANK, Axis, Floats, Keys
from ctsopt.network.schema import ALL
from ctsopt.program.algebra import Expr, Rows

if TYPE_CHECKING:
    from ctsopt.network.network import Network

_SIDES = {"at_most": (False, True), "at_least": (True, False), "exactly": (True, True)}


def site_throughput(x: Variables, net: Network) -> Rows:
    """sum load * (moved out + delivered + passing via) <= min(capacity * days[t]/365, demand reachable downstream)
    * open[s]   [capacity_unit]

    Every site s, period t.
    """
    sites, periods = len(x.open.index), len(net.axes["period"])
    index = Keys.make(net.axes, site=np.repeat(np.arange(sites), periods), period=np.tile(np.arange(periods), sites))
    capacity = net.tables.column("sites", "capacity")
    days = net.tables.column("periods", "days")
    limit: Floats = np.minimum(capacity[:, None] * days / 365, net.derived.reachable).ravel()
    return throughput(x, net, index) <= x.open.at(index) * limit


def throughput(x: Variables, net: Network, index: Keys) -> Expr:
    """What leaves or passes each site and period of `index`, in its capacity unit."""
    moves, deliveries = net.ways.moves, net.ways.deliveries
    through = ((x.move * moves["load"]).per(index, on={"site": "origin"})
               + (x.deliver * deliveries["load"]).per(index))
    for flow, ways in ((x.move, moves), (x.deliver, deliveries)):
        passing = ways.index["via"] != BLANK
        if passing.any():
            through = through + (flow * ways["via_load"]).where(passing).per(index, on={"site": "via"})
    return through


def site_roomless(x: Variables, net: Network) -> Rows | None:
    """sum moved out + delivered + passing via <= demand reachable downstream * open[s]   [units]

    Every site s with a choice and period t, of the products that take no capacity there: site_throughput does not
    see them, and they may not pass a closed site either.
    """
    flows = []
    for flow, ways, start in ((x.move, net.ways.moves, "origin"), (x.deliver, net.ways.deliveries, "site")):
        for load, end in (("load", start), ("via_load", "via")):
            site = ways.index[end]
            weightless = (site != BLANK) & x.choice[site] & (ways.measures[load] == 0)
            flows.append((flow.where(weightless), end))
    columns = {"site": np.concatenate([part.index[end] for part, end in flows]),
               "period": np.concatenate([part.index["period"] for part, _ in flows])}
    if not len(columns["site"]):
        return None
    index = Keys.make(net.axes, **columns).distinct("site", "period")
    first, *others = (part.per(index, on={"site": end}) for part, end in flows)
    limit = net.derived.roomless[index["site"], index["period"]]
    return sum(others, start=first) <= x.open.at(index) * limit


@strengthens("site_throughput")
def deliver_from_open(x: Variables, net: Network) -> Rows | None:
    """sum_w deliver[w,t] from site s <= quantity[c,k,p,t] * open[s]   [units]

    Every request and site that may serve it; only strengthens.
    """
    return _only_from_open(x, net, x.deliver, "site")


@strengthens("site_throughput")
def deliver_via_open(x: Variables, net: Network) -> Rows | None:
    """sum_w deliver[w,t] over cross-dock s <= quantity[c,k,p,t] * open[s]   [units]

    Every request and cross-dock; only strengthens.
    """
    passing = x.deliver.index["via"] != BLANK
    return _only_from_open(x, net, x.deliver.where(passing), "via") if passing.any() else None


def _only_from_open(x: Variables, net: Network, deliver: Expr, site: str) -> Rows | None:
    """Links to sites about which there is a choice."""
    bounds = x.choice[deliver.index[site]]
    if not bounds.any():
        return None
    linked = deliver.where(bounds).by("customer", "tier", "product", "period", site=site)
    return linked <= x.open.at(linked.index) * net.requests["quantity"]


def sites_in_group(x: Variables, net: Network) -> Rows | None:
    """sum_{s in group} open[s] at most, at least or exactly quantity   [sites]

    Every contract of kind sites_in_group.
    """
    if not len(net.tables.column("contracts", "kind")):
        return None
    agreed = net.tables["contracts"]
    agreed = agreed[agreed["kind"] == "sites_in_group"].reset_index(drop=True)
    if agreed.empty:
        return None
    group = net.tables.column("sites", "group")
    wanted = agreed["group"].to_numpy(dtype=object)
    contract, site = np.nonzero((wanted[:, None] == group) | (wanted == ALL)[:, None])
    axes = {"contract": Axis("contract", agreed["contract"].tolist()), "site": net.axes["site"]}
    count = x.open.at(Keys.make(axes, contract=contract, site=site)).per(
        Keys.make(axes, contract=np.arange(len(agreed))))
    sides = np.array([_SIDES[limit] for limit in agreed["limit"]])
    quantity = agreed["quantity"].to_numpy(dtype=float)
    return Rows(count, np.where(sides[:, 0], quantity, -np.inf), np.where(sides[:, 1], quantity, np.inf))


ROWS = (site_throughput, site_roomless, deliver_from_open, deliver_via_open, sites_in_group)
