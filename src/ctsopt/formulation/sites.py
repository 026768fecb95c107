"""Sites: what goes through an open site, and how many of them there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.cells import Cell
from ctsopt.formulation.columns import DEMAND, SIDE, SIZE
from ctsopt.formulation.family import Variables, rows, strengthens
from ctsopt.keys import BLANK, Axis, Bools, Floats, Keys
from ctsopt.networks.schema import ALL
from ctsopt.programs.algebra import Expr, Rows, Variable

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_SIDES = {"at_most": (False, True), "at_least": (True, False), "exactly": (True, True)}


def _within_reach(net: Network, index: Keys) -> Bools:
    """Sites and periods whose capacity is less than all that could come: the others bind at what there is."""
    capacity, days = net.tables.column("sites", "capacity"), net.tables.column("periods", "days")
    site, period = index["site"], index["period"]
    return np.asarray(capacity[site] * days[period] / 365 < net.derived.reachable[site, period])


@rows("capacity of a site, and none while it is closed", sources={"open": ("sites.capacity", *DEMAND), "": SIZE},
      cell=Cell("sites", "capacity", ("site",), "capacity", "capacity_unit", "the capacity of {}", when="open"),
      stands=_within_reach)
def site_throughput(x: Variables, net: Network) -> Rows:
    """sum load * (moved out + delivered + passing via) <= min(capacity * days[t]/365, demand reachable downstream)
    * open[s]   [capacity_unit]

    Every site s, period t. Demand reachable downstream is that of the period and, where stock may be carried, of later
    ones, opening stock downstream included; at a cross-dock as often as it can pass.
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


@rows("no goods through a closed site", sources={"open": DEMAND})
def site_roomless(x: Variables, net: Network) -> Rows | None:
    """sum moved out + delivered + passing via <= demand reachable downstream * open[s]   [units]

    Every site s and period t, of the products that take no capacity there: site_throughput does not see them, they may
    not pass a closed site either, nor circulate to fill a minimum. Left out where neither can be.
    """
    binds = x.choice | _asks_for_volume(net)
    flows = []
    for flow, ways, start in ((x.move, net.ways.moves, "origin"), (x.deliver, net.ways.deliveries, "site")):
        for load, end in (("load", start), ("via_load", "via")):
            site = ways.index[end]
            weightless = (site != BLANK) & binds[site] & (ways.measures[load] == 0)
            flows.append((flow.where(weightless), end))
    columns = {"site": np.concatenate([part.index[end] for part, end in flows]),
               "period": np.concatenate([part.index["period"] for part, _ in flows])}
    if not len(columns["site"]):
        return None
    index = Keys.make(net.axes, **columns).distinct("site", "period")
    first, *others = (part.per(index, on={"site": end}) for part, end in flows)
    limit = net.derived.roomless[index["site"], index["period"]]
    return sum(others, start=first) <= x.open.at(index) * limit


def _asks_for_volume(net: Network) -> bool:
    """Whether goods could circulate to keep something: a minimum, or a share of all flows."""
    figures = (("sites", "min_throughput"), ("lanes", "min_volume"))
    return (any(bool((net.tables.column(table, column) > 0).any()) for table, column in figures)
            or bool(np.isin(net.tables.column("contracts", "kind"), ["min_volume", "share"]).any()))


@strengthens("site_throughput")
@rows("no delivery from a closed site", sources={"open": DEMAND})
def deliver_from_open(x: Variables, net: Network) -> Rows | None:
    """sum_w deliver[w,t] from site s <= quantity[c,k,p,t] * open[s]   [units]

    Every request and site that may serve it; only strengthens.
    """
    return _only_from_open(x, net, x.deliver, "site")


@strengthens("site_throughput")
@rows("no delivery over a closed cross-dock", sources={"open": DEMAND})
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


@rows("number of sites in a group", sources={SIDE: ("contracts.quantity",)},
      cell=Cell("contracts", "quantity", ("contract",), "rule", "sites", "the number of sites of the contract {}",
                yearly=False, rate=False))
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
    everyone = (wanted == ALL) | (wanted == "")
    contract, site = np.nonzero((wanted[:, None] == group) | everyone[:, None])
    axes = {"contract": Axis("contract", agreed["contract"].tolist()), "site": net.axes["site"]}
    count = x.open.at(Keys.make(axes, contract=contract, site=site)).per(
        Keys.make(axes, contract=np.arange(len(agreed))))
    sides = np.array([_SIDES[limit] for limit in agreed["limit"]])
    quantity = agreed["quantity"].to_numpy(dtype=float)
    return Rows(count, np.where(sides[:, 0], quantity, -np.inf), np.where(sides[:, 1], quantity, np.inf))


def level(net: Network) -> Variable | None:
    """level[site,level] in {0, 1}: the size of a site that has levels.   [yes/no]"""
    frame = net.tables["capacity_levels"]
    if frame.empty:
        return None
    names = Axis("level", sorted(set(frame["level"])))
    axes = {"site": net.axes["site"], "level": names}
    index = Keys.make(axes, site=net.axes["site"].codes(frame["site"]), level=names.codes(frame["level"]))
    return Variable(index, upper=1.0, integer=True)


@rows("one level of an open site")
def one_level(x: Variables, net: Network) -> Rows | None:
    """sum_l level[s,l] = open[s]   [yes/no]

    Every site with levels.
    """
    if x.level is None:
        return None
    index = x.level.index.distinct("site")
    return x.level.per(index) == x.open.at(index)


@rows("capacity of a level", sources={"level": ("capacity_levels.capacity", "periods.days"), "": SIZE},
      cell=Cell("capacity_levels", "capacity", ("site",), "capacity", "capacity_unit", "the capacity levels of {}",
                when="open", picks="level", mend="add"))
def level_capacity(x: Variables, net: Network) -> Rows | None:
    """sum load * (moved out + delivered + passing via) <= sum_l capacity[s,l] * days[t]/365 * level[s,l]
    [capacity_unit]

    Every site with levels and period; a level without capacity lets all demand pass that is reachable downstream.
    """
    if x.level is None:
        return None
    sites, periods = x.level.index.distinct("site"), len(net.axes["period"])
    index = Keys.make(net.axes, site=np.repeat(sites["site"], periods), period=np.tile(np.arange(periods), len(sites)))
    columns = {name: np.repeat(codes, periods) for name, codes in x.level.index.columns.items()}
    fine = Keys.make({**net.axes, **x.level.index.axes}, **columns,
                     period=np.tile(np.arange(periods), len(x.level.index)))
    days = net.tables.column("periods", "days")[fine["period"]]
    capacity = np.repeat(net.tables.column("capacity_levels", "capacity"), periods) * days / 365
    room: Floats = np.minimum(capacity, net.derived.reachable[fine["site"], fine["period"]])
    return _through(x, net, index) <= (x.level.at(fine) * room).per(index)


@rows("least that goes through a site", sources={"open": ("sites.min_throughput", "periods.days"), "": SIZE},
      cell=Cell("sites", "min_throughput", ("site",), "rule", "capacity_unit", "the least throughput of {}",
                when="open"))
def site_minimum(x: Variables, net: Network) -> Rows | None:
    """sum_t sum load * (moved out + delivered + passing via) >= min_throughput[s] * horizon/365 * open[s]
    [capacity_unit]

    Every site with a minimum.
    """
    least = net.tables.column("sites", "min_throughput") * net.horizon / 365
    wanted = np.flatnonzero(least > 0)
    if not len(wanted):
        return None
    index = x.open.index.take(wanted)
    return _through(x, net, index) >= x.open.pick(wanted) * least[wanted]


def _through(x: Variables, net: Network, index: Keys) -> Expr:
    """What leaves or passes some of the sites (and periods), in their capacity unit."""
    total = Expr.constants(index, 0.0)
    for flow, ways, start in ((x.move, net.ways.moves, "origin"), (x.deliver, net.ways.deliveries, "site")):
        for load, end in (("load", start), ("via_load", "via")):
            here = np.flatnonzero(index.find(flow.index, {"site": end}) >= 0)
            if len(here):
                total = total + (flow * ways[load]).pick(here).per(index, on={"site": end})
    return total


VARIABLES = (level,)
ROWS = (site_throughput, site_roomless, one_level, level_capacity, site_minimum, deliver_from_open, deliver_via_open,
        sites_in_group)
