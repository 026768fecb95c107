"""Cost lines, in the order of a P&L: each is one expression that objective, report and cost-to-serve evaluate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation import carried
from ctsopt.formulation.anew import (
    closed_sites,
    emitted,
    handling,
    made_by,
    not_served,
    of_ways,
    open_sites,
    opened_sites,
    paid_lanes,
    paid_loads,
    served_tiers,
)
from ctsopt.formulation.columns import CO2, SIZE, TARIFF
from ctsopt.formulation.family import Variables, line
from ctsopt.formulation.stock import decisions
from ctsopt.keys import Floats
from ctsopt.networks.everyday import recovery
from ctsopt.networks.requests import demanded
from ctsopt.programs.algebra import Expr

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@line("variable", shown_on="production.amount", sources={"make": ("site_products.make_cost",)}, anew=made_by("plant"))
def production(x: Variables, net: Network) -> Expr | None:
    """make_cost[s,p] * make[s,p,t]   [money]

    Plants.
    """
    return _made(x, net, "plant")


@line("variable", shown_on="production.amount",
      sources={"make": ("site_products.make_cost",)}, anew=made_by("supplier"))
def procurement(x: Variables, net: Network) -> Expr | None:
    """make_cost[s,p] * make[s,p,t]   [money]

    Suppliers.
    """
    return _made(x, net, "supplier")


@line("variable", shown_on="flows", sources={"": TARIFF}, anew=of_ways("line_haul"), leg="between")
def line_haul(x: Variables, net: Network) -> tuple[Expr, ...] | None:
    """line_haul[w] * move[w,t] + line_haul[w] * deliver[w,t]   [money]

    Moves, and first legs of deliveries over a cross-dock.
    """
    return _moved_and_delivered(x, net, "line_haul")


@line("variable", shown_on="flows", sources={"": ("sites.handling_in", *SIZE)}, anew=handling("handling_in"))
def handling_in(x: Variables, net: Network) -> tuple[Expr, ...] | None:
    """handling_in[w] * move[w,t] + handling_in[w] * deliver[w,t]   [money]

    Goods received at a site or a cross-dock.
    """
    return _moved_and_delivered(x, net, "handling_in")


@line("variable", shown_on="flows", sources={"": ("sites.handling_out", *SIZE)}, anew=handling("handling_out"))
def handling_out(x: Variables, net: Network) -> tuple[Expr, ...] | None:
    """handling_out[w] * move[w,t] + handling_out[w] * deliver[w,t]   [money]

    Goods sent from a site or a cross-dock.
    """
    return _moved_and_delivered(x, net, "handling_out")


@line("fixed", driver="throughput", shown_on="sites.fixed_cost",
      sources={"open": ("sites.fixed_cost",), "level": ("capacity_levels.fixed_cost",)}, anew=open_sites,
      whole=True)
def site_fixed(x: Variables, net: Network) -> tuple[Expr, ...] | None:
    """fixed_cost[s] * horizon/365 * open[s] + fixed_cost[s,l] * horizon/365 * level[s,l]   [money]"""
    parts = [_of_sites(x, net, net.tables.column("sites", "fixed_cost") * _horizon(net) / 365)]
    if x.level is not None:
        cost = net.tables.column("capacity_levels", "fixed_cost") * _horizon(net) / 365
        parts.append((x.level * cost).where(cost > 0) if (cost > 0).any() else None)
    return tuple(part for part in parts if part is not None) or None


@line("one_off", driver="throughput", shown_on="sites.opening_cost",
      sources={"open": ("sites.opening_cost", "settings.life", "settings.discount_rate")}, anew=opened_sites)
def site_opening(x: Variables, net: Network) -> Expr | None:
    """opening_cost[s] * CRF * horizon/365 * open[s]   [money]

    Candidates.
    """
    cost = net.tables.column("sites", "opening_cost") * annuity(net)
    return _of_sites(x, net, np.where(net.tables.column("sites", "status") == "candidate", cost, 0.0))


@line("one_off", driver="throughput", shown_on="sites.closing_cost",
      sources={"open": ("sites.closing_cost", "settings.life", "settings.discount_rate")}, anew=closed_sites)
def site_closing(x: Variables, net: Network) -> Expr | None:
    """closing_cost[s] * CRF * horizon/365 * (1 - open[s])   [money]

    Open sites that may close, and those that close for certain.
    """
    status = net.tables.column("sites", "status")
    may = (status == "open") & net.tables.column("sites", "may_close") | (status == "closing")
    cost = np.where(may, net.tables.column("sites", "closing_cost") * annuity(net), 0.0)
    return ((-x.open + 1.0) * cost).where(cost > 0) if (cost > 0).any() else None


@line("fixed", driver="units", shown_on="", sources={"use_lane": ("lanes.fixed_cost",)},
      anew=paid_lanes("lane_fixed"), whole=True)
def lane_fixed(x: Variables, net: Network) -> Expr | None:
    """fixed_cost[l] * horizon/365 * use_lane[l]   [money]"""
    if x.use_lane is None:
        return None
    lanes = net.derived.resources.lanes
    cost = lanes.measures["fixed_cost"][lanes.index.locate(x.use_lane.index)] * net.horizon / 365
    return (x.use_lane * cost).where(cost > 0) if (cost > 0).any() else None


@line("step", driver="loads", shown_on="loads.cost",
      sources={"loads": ("modes.per_distance", "modes.per_shipment", "rates.per_shipment", "lanes.distance")},
      anew=paid_loads)
def loads(x: Variables, net: Network) -> Expr | None:
    """cost of a load[l] * loads[l,t]   [money]

    Lanes on which loads are paid for whole.
    """
    return x.loads * net.derived.resources.loads["cost"] if x.loads is not None else None


@line("variable", shown_on="flows", sources={"": ("lanes.duty_rate", "products.unit_value")}, anew=of_ways("duty"))
def duty(x: Variables, net: Network) -> tuple[Expr, ...] | None:
    """duty[w] * move[w,t] + duty[w] * deliver[w,t]   [money]"""
    return _moved_and_delivered(x, net, "duty")


@line("fixed", driver="units", shown_on="", anew=served_tiers)
def tier_program(x: Variables, net: Network) -> Expr | None:
    """program_cost[k] * horizon/365   [money]

    Every tier k with demand.
    """
    index = net.requests.index.distinct("tier")
    cost = net.tables.column("tiers", "program_cost")[index["tier"]] * net.horizon / 365
    return Expr.constants(index, cost) if (cost > 0).any() else None


@line("variable", shown_on="flows", sources={"": ("settings.carbon_price", *CO2)}, anew=emitted)
def carbon(x: Variables, net: Network) -> tuple[Expr, ...] | None:
    """carbon_price * co2[w] * (move[w,t] + deliver[w,t])   [money]"""
    price = float(net.settings["carbon_price"])
    parts = _moved_and_delivered(x, net, "co2") if price > 0 else None
    return tuple(part * price for part in parts) if parts else None


@line("variable", shown_on="flows",
      sources={"": (*TARIFF, "demand.order_size", "order_profiles.size")}, anew=of_ways("last_mile"), leg="last")
def last_mile(x: Variables, net: Network) -> Expr:
    """last_mile[w] * deliver[w,t]   [money]

    Last leg to the customer.
    """
    return x.deliver * net.ways.deliveries["last_mile"]


@line("penalty", shown_on="shortage.penalty", sources={"unserved": ("tiers.shortage_cost",)}, anew=not_served)
def shortage(x: Variables, net: Network) -> Expr | None:
    """shortage_cost[k] * unserved[c,k,p,t]   [money]

    Demand that the plan does not serve.
    """
    cost = net.tables.column("tiers", "shortage_cost")[x.unserved.index["tier"]]
    # Where everything is promised nothing may stay unserved, and no penalty needs to be stated.
    open_ended = demanded(net.promises, net.requests.measures["promise"], "served_fraction") < 1
    return (x.unserved.where(open_ended) * cost[open_ended]) if open_ended.any() else None


def annuity(net: Network) -> float:
    """Share of a one-off amount that the horizon bears: CRF(discount_rate, life) x horizon/365.

    CRF = r / (1 - (1 + r)^-n), 1/n where r is 0 (capital recovery factor of engineering economics).
    """
    return recovery(float(net.settings["discount_rate"]), float(net.settings["life"])) * _horizon(net) / 365


def _horizon(net: Network) -> float:
    return float(net.tables.column("periods", "days").sum())


def _made(x: Variables, net: Network, kind: str) -> Expr | None:
    site = x.make.index["site"]
    mine = net.tables.column("sites", "kind")[site] == kind
    cost = net.derived.supply.make_cost[site, x.make.index["product"]]
    return (x.make * cost).where(mine) if mine.any() else None


def _moved_and_delivered(x: Variables, net: Network, name: str) -> tuple[Expr, ...] | None:
    """The line on moves, and on deliveries, where it costs anything."""
    flows = ((x.move, net.ways.moves), (x.deliver, net.ways.deliveries))
    parts = tuple((flow * ways[name]).where(ways.measures[name] > 0) for flow, ways in flows
                  if (ways.measures[name] > 0).any())
    return parts or None


def _of_sites(x: Variables, net: Network, cost: Floats) -> Expr | None:
    return (x.open * cost).where(cost > 0) if (cost > 0).any() else None


COSTS = (production, procurement, line_haul, duty, handling_in, handling_out, site_fixed, site_opening, site_closing,
         *decisions.COSTS, *carried.COSTS, last_mile, lane_fixed, loads, tier_program, carbon, shortage)
