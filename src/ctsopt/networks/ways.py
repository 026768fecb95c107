"""The derived tables: every way to move and to deliver, with its cost lines, lead time and on-time probability.

Sparse and pruned: a way that breaks an `each_order` promise, that nothing can supply, or that leads to no customer does
not exist. Each one that was taken away is counted with its reason. That one way is never worse than another is for the
program to say, which has all costs and rows (`ctsopt.programs.dominance`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.errors import Finding
from ctsopt.inventory.lead_time import DISTRIBUTIONS
from ctsopt.keys import BLANK, Bools, Coded, Floats, Ints, Keys, Positions, matching
from ctsopt.networks import way_findings
from ctsopt.networks.agreements import Agreements, agreements, without_goods
from ctsopt.networks.calendars import are_used
from ctsopt.networks.chain import Chain
from ctsopt.networks.clock import Clock, Timed, Trips
from ctsopt.networks.lanes import Legs, legs
from ctsopt.networks.rates import Match, Rates
from ctsopt.networks.reach import Reach, can_supply, reachable
from ctsopt.networks.requests import FORMS, demanded, promises, requests
from ctsopt.networks.resources import Resources, resources
from ctsopt.networks.schema import NAMES_SEPARATOR
from ctsopt.networks.stock.findings import nominal_volumes, replenishment
from ctsopt.networks.stock.points import Stocking, planned, stocking
from ctsopt.networks.supply import Supply, supply
from ctsopt.networks.way import Ways
from ctsopt.tables.typed import Tables

if TYPE_CHECKING:
    import pandas as pd



@dataclass(frozen=True, eq=False)
class Derived:
    """What follows from the tables: promises and requests with coded keys, who makes what, and the ways.

    Attributes
    ----------
    reachable : float array, shape (sites, periods)
        All demand that can be reached downstream of a site, in its capacity unit.
    roomless : float array, shape (sites, periods)
        The same in units, of the products that take no capacity there.
    stocking : Stocking or None
        Who keeps cycle and safety stock; None where none is planned.
    resources : Resources
        Limited lanes, lanes with whole loads.
    agreements : Agreements
        Contracts on flows, and what they count.
    ways : Ways
    pruned : DataFrame
        Ways taken away: kind, reason, ways.
    unreached : DataFrame
        Requests that no way can serve as promised, with the link that is missing (see `networks.chain`).
    findings : list of Finding
    """

    promises: Coded
    requests: Coded
    supply: Supply
    reachable: Floats
    roomless: Floats
    stocking: Stocking | None
    resources: Resources
    agreements: Agreements
    ways: Ways
    pruned: pd.DataFrame
    unreached: pd.DataFrame
    findings: list[Finding]


@dataclass
class _Draft:
    """Ways while they are made: codes, legs of each way, and the notes on what was wrong or taken away."""

    columns: dict[str, Ints]
    leg_in: Ints
    leg_out: Ints

    def take(self, keep: Bools | Positions) -> _Draft:
        return _Draft({n: c[keep] for n, c in self.columns.items()}, self.leg_in[keep], self.leg_out[keep])


def derive(t: Tables) -> Derived:
    """Make the derived tables of a network whose tables are free of faults."""
    promised = promises(t)
    wanted = requests(t, promised)
    who, rates = supply(t), Rates(t)
    between, outbound = legs(t, to_customers=False), legs(t, to_customers=True)
    notes = way_findings.Notes(t)
    moves = _moves(t, who, between)
    supplied = can_supply(who, moves.columns)
    deliveries = _deliveries(t, who, wanted, supplied, between, outbound, notes)
    priced, timed = _price_deliveries(t, rates, who, wanted, promised, deliveries, between, outbound, notes)
    kept = _kept_promises(promised, wanted, priced, notes)
    lost = np.bincount(priced.measures["request"][kept], minlength=len(wanted)) == 0
    chain = Chain(who, supplied, between, outbound, promised, wanted, priced,
                  lost & (wanted.measures["quantity"] > 0), _tier_modes(t), timed)
    out_of_reach = notes.unreachable(chain)
    priced = priced.take(kept)
    moves, reach = _useful_moves(t, who, wanted, supplied, moves, priced, notes)
    priced_moves = _price_moves(t, rates, who, moves, between, notes)
    everything = Ways(priced_moves, priced)
    shared = resources(t, rates, between, outbound, notes)
    agreed = agreements(t, shared.places, priced)
    without_goods(t, agreed, {"make": who.made(t.axes), "move": priced_moves.index, "deliver": priced.index}, notes)
    keepers = stocking(t, who, promised, wanted, everything)
    notes.many_stock_decisions(0 if keepers is None else keepers.decisions)
    nominal_volumes(t, keepers, notes)
    replenishment(t, keepers, notes)
    return Derived(promised, wanted, who, reach.of_site, reach.roomless, keepers, shared, agreed,
                   everything, notes.pruned(), out_of_reach, notes.findings)


def before_pruning(t: Tables, wanted: Coded, promised: Coded) -> tuple[Coded, Timed]:
    """The ways of some requests, those that break their promise too, with what the clock of an order needs to know."""
    who, notes = supply(t), way_findings.Notes(t)
    between, outbound = legs(t, to_customers=False), legs(t, to_customers=True)
    supplied = can_supply(who, _moves(t, who, between).columns)
    draft = _deliveries(t, who, wanted, supplied, between, outbound, notes)
    return _price_deliveries(t, Rates(t), who, wanted, promised, draft, between, outbound, notes)


# ---- candidates ------------------------------------------------------------------------------------------------


def _moves(t: Tables, who: Supply, between: Legs) -> _Draft:
    """Moves between stocking points, direct or over one cross-dock, for every product that both ends handle.

    Nothing is moved to where a product is made to order: that is no stocking point.
    """
    start, end = ~who.crossdock[between.origin], ~who.crossdock[between.destination]
    direct = np.flatnonzero(start & end)
    first, second = np.flatnonzero(start & ~end), np.flatnonzero(~start & end)
    into, out_of = matching(between.destination[first], between.origin[second])
    leg_in = np.concatenate([np.full(len(direct), BLANK), first[into]]).astype(np.int32)
    leg_out = np.concatenate([direct, second[out_of]]).astype(np.int32)
    origin = np.where(leg_in == BLANK, between.origin[leg_out], _at(between.origin, leg_in))
    destination = between.destination[leg_out]
    stocks = who.handles & ~who.to_order
    way, product = np.nonzero(who.handles[origin] & stocks[destination] & (origin != destination)[:, None])
    leg_in, leg_out = leg_in[way], leg_out[way]
    columns = {"origin": origin[way], "via": np.where(leg_in == BLANK, BLANK, between.origin[leg_out]),
               "destination": destination[way], "mode_in": _at(between.mode, leg_in), "mode_out": between.mode[leg_out],
               "product": product}
    return _Draft({n: c.astype(np.int32) for n, c in columns.items()}, leg_in, leg_out)


def _deliveries(t: Tables, who: Supply, wanted: Coded, supplied: Bools, between: Legs, outbound: Legs,
                notes: way_findings.Notes) -> _Draft:
    """Deliveries for each request: every site that can have the product x every path to the customer."""
    direct = np.flatnonzero(~who.crossdock[outbound.origin])
    last = np.flatnonzero(who.crossdock[outbound.origin])
    first = np.flatnonzero(who.crossdock[between.destination] & ~who.crossdock[between.origin])
    into, out_of = matching(between.destination[first], outbound.origin[last])
    if notes.limit_vias(len(into)):
        into, out_of = into[:0], out_of[:0]  # the finding keeps the network from being solved: no need to make them
    leg_in = np.concatenate([np.full(len(direct), BLANK), first[into]]).astype(np.int32)
    leg_out = np.concatenate([direct, last[out_of]]).astype(np.int32)
    path, request = matching(outbound.destination[leg_out], wanted.index["customer"])
    leg_in, leg_out = leg_in[path], leg_out[path]
    site = np.where(leg_in == BLANK, outbound.origin[leg_out], _at(between.origin, leg_in))
    product, tier = wanted.index["product"][request], wanted.index["tier"][request]
    offered = who.handles[site, product] & (wanted.measures["quantity"][request] > 0)
    reasons = (("the tier is not served by the mode", ~_tier_modes(t)[tier, outbound.mode[leg_out]]),
               ("nothing can supply the site with the product", ~supplied[site, product]))
    for reason, gone in reasons:
        notes.prune("delivery", reason, int((offered & gone).sum()))
        offered &= ~gone
    keep = np.flatnonzero(offered)
    request, leg_in, leg_out = request[keep], leg_in[keep], leg_out[keep]
    columns = {"site": site[keep], "via": np.where(leg_in == BLANK, BLANK, outbound.origin[leg_out]),
               **{n: wanted.index[n][request] for n in ("customer", "tier")}, "mode_in": _at(between.mode, leg_in),
               "mode_out": outbound.mode[leg_out], **{n: wanted.index[n][request] for n in ("product", "period")},
               "request": request}
    return _Draft({n: c.astype(np.int32) for n, c in columns.items()}, leg_in, leg_out)


def _tier_modes(t: Tables) -> Bools:
    """Whether a mode may run the last leg to a tier, shape (tiers, modes)."""
    allowed = np.ones((len(t.axes["tier"]), len(t.axes["mode"])), dtype=bool)
    for code, names in enumerate(t.frames["tiers"]["modes"]):
        if names:
            allowed[code] = np.isin(np.arange(allowed.shape[1]), t.axes["mode"].codes(names.split(NAMES_SEPARATOR)))
    return allowed


def _at(codes: Ints, leg: Ints) -> Ints:
    """A code of each leg; blank where there is no leg."""
    return np.append(codes, np.int32(BLANK))[leg]


# ---- prices and times ------------------------------------------------------------------------------------------


def _price_deliveries(t: Tables, rates: Rates, who: Supply, wanted: Coded, promised: Coded, draft: _Draft,
                      between: Legs, outbound: Legs, notes: way_findings.Notes) -> tuple[Coded, Timed]:
    columns, request = draft.columns, draft.columns["request"]
    product, mode = columns["product"], columns["mode_out"]
    start = np.where(columns["via"] == BLANK, columns["site"], columns["via"]).astype(np.int32)
    distance = outbound.distance[draft.leg_out]
    match = rates.match(start, columns["customer"], mode, product, distance, to_customers=True)
    notes.legs(match, start, columns["customer"], mode, product, to_customers=True)
    demand = wanted.measures["row"][request]
    size = t.frames["demand"]["order_size"].to_numpy(dtype=float)[demand]
    profile = rates.profile_names.get_indexer(t.frames["demand"]["profile"].to_numpy(dtype=object))[demand]
    last_mile = _quiet(rates.per_unit_of_drop, match, mode, product, distance, size, profile)
    notes.unpriced_drops(match, last_mile, np.isnan(size) & (profile < 0), demand, mode)
    mean, sd, unknown = rates.transit(np.maximum(match.band, 0), mode, distance)
    notes.untimed(unknown, start, columns["customer"], mode, to_customers=True)
    inbound = _inbound(rates, draft, between, columns["site"], notes)
    at = columns["site"], product
    passing = np.where(columns["via"] == BLANK, 0.0, who.processing[columns["via"]])
    here = who.processing[columns["site"]] + np.where(who.to_order[at], who.make_days[at], 0.0)
    mean, sd = mean + inbound["mean"], np.hypot(sd, inbound["sd"])
    promise = wanted.measures["promise"][request]
    code = np.array([DISTRIBUTIONS.index(d) for d in t.frames["modes"]["transit_distribution"]])[mode]
    timed = Timed(Clock(t) if are_used(t) else None, Trips(
        columns["site"], columns["via"], columns["mode_in"], mode, columns["tier"],
        np.append(promised.measures["working"], False)[promise], demanded(promised, promise, "lead_time"),
        here, passing, inbound["mean"], mean, sd, code))
    on_time, wanted_on_time = timed.chance(), demanded(promised, promise, "reliability")

    def keeps(wait: int) -> Bools:
        return np.asarray(timed.chance(wait) >= wanted_on_time - 1e-12)

    waits = {"in_transit": mean + passing, "wait": _longest_wait(t, promised, promise, keeps)} if planned(t) else {}
    keys = Keys.make({n: t.axes[_AXIS.get(n, n)] for n in columns if n != "request"},
                     **{n: c for n, c in columns.items() if n != "request"})
    return Coded(keys, {
        "last_mile": last_mile, "line_haul": inbound["cost"], **_handling(t, who, columns),
        **_duty_and_co2(t, draft, product, between, outbound), "lead_time": here + passing + mean, "on_time": on_time,
        "distance": np.nan_to_num(distance) + inbound["distance"],
        "certain": on_time >= wanted_on_time - 1e-12, "request": request, **waits}), timed


def _longest_wait(t: Tables, promised: Coded, promise: Ints, keeps: Callable[[int], Bools]) -> Floats:
    """Longest whole wait for stock, up to that of the settings, with which each way still keeps its promise.

    Without a promise on lead time any; none under the share forms, which count ways and not orders.
    """
    form = np.append(promised.measures["form"], FORMS.index("each_order"))[promise]
    longest, kept = np.zeros(len(promise)), form == FORMS.index("each_order")
    for wait in range(1, int(float(t.settings["longest_wait"])) + 1):
        kept = kept & keeps(wait)
        longest[kept] = wait
    return longest


_AXIS = {"origin": "site", "destination": "site", "via": "site", "mode_in": "mode", "mode_out": "mode"}


def _inbound(rates: Rates, draft: _Draft, between: Legs, origin: Ints, notes: way_findings.Notes) -> dict[str, Floats]:
    """Cost of a unit, transit and distance of the first leg of ways over a cross-dock; zeros for direct ways."""
    size = len(draft.leg_in)
    parts = {n: np.zeros(size) for n in ("cost", "mean", "sd", "distance")}
    over = np.flatnonzero(draft.leg_in != BLANK)
    if len(over):
        leg, product = draft.leg_in[over], draft.columns["product"][over]
        found = _full_loads(rates, between, leg, product, notes)
        for name, values in zip(parts, found, strict=True):
            parts[name][over] = values
    return parts


def _full_loads(rates: Rates, between: Legs, leg: Ints, product: Ints,
                notes: way_findings.Notes) -> tuple[Floats, Floats, Floats, Floats]:
    """Cost of a unit in full loads, mean and standard deviation of transit, distance, of legs between sites."""
    mode, distance = between.mode[leg], between.distance[leg]
    ends = between.origin[leg], between.destination[leg]
    match = rates.match(*ends, mode, product, distance, to_customers=False)
    notes.legs(match, *ends, mode, product, to_customers=False)
    cost = _quiet(rates.per_unit_of_load, match, mode, product, distance)
    notes.unpriced_loads(match, cost, *ends, mode)
    mean, sd, unknown = rates.transit(np.maximum(match.band, 0), mode, distance)
    notes.untimed(unknown, *ends, mode, to_customers=False)
    return cost, mean, sd, np.nan_to_num(distance)


def _quiet(price: object, match: Match, *arguments: object) -> Floats:
    """Price with the bands of a match; NaN where no band holds (a finding says so)."""
    assert callable(price)
    money = np.asarray(price(np.maximum(match.band, 0), *arguments), dtype=np.float64)
    money[match.band < 0] = np.nan
    return money


def _handling(t: Tables, who: Supply, columns: dict[str, Ints]) -> dict[str, Floats]:
    """Handling of a unit along a way, and the capacity units it takes at its start and its cross-dock."""
    sites, product, via = t.frames["sites"], columns["product"], columns["via"]
    into, out = (sites[c].to_numpy(dtype=float) for c in ("handling_in", "handling_out"))
    start = columns["site"] if "site" in columns else columns["origin"]
    load, via_load = who.load(start, product), who.load(via, product)
    received = via_load * into[via]
    if "destination" in columns:
        received = received + who.load(columns["destination"], product) * into[columns["destination"]]
    return {"handling_in": received, "handling_out": load * out[start] + via_load * out[via], "load": load,
            "via_load": via_load}


def _duty_and_co2(t: Tables, draft: _Draft, product: Ints, between: Legs, last: Legs) -> dict[str, Floats]:
    """Duty and CO2 of a unit along a way, both legs together."""
    value, weight = (t.frames["products"][c].to_numpy(dtype=float)[product] for c in ("unit_value", "weight"))
    rate = t.frames["modes"]["co2"].to_numpy(dtype=float)
    duty, co2 = np.zeros(len(product)), np.zeros(len(product))
    for leg, lanes in ((draft.leg_in, between), (draft.leg_out, last)):
        there = leg != BLANK
        duty += np.where(there, _figure(lanes.duty_rate, leg), 0.0) * value
        emitted = _figure(np.nan_to_num(lanes.distance), leg) * _figure(rate[lanes.mode], leg)
        co2 += np.where(there, emitted, 0.0) * weight / 1000
    return {"duty": duty, "co2": co2}


def _figure(figures: Floats, leg: Ints) -> Floats:
    """A figure of each leg; 0 where there is no leg."""
    return np.append(figures, 0.0)[leg]


def _price_moves(t: Tables, rates: Rates, who: Supply, draft: _Draft, between: Legs,
                 notes: way_findings.Notes) -> Coded:
    """Moves with cost and time; one per period in which their destination has demand to reach."""
    columns = {n: c for n, c in draft.columns.items() if n != "period"}
    cost, mean, sd, distance = _full_loads(rates, between, draft.leg_out, columns["product"], notes)
    inbound = _inbound(rates, draft, between, columns["origin"], notes)
    wait = np.where(columns["via"] == BLANK, 0.0, who.processing[columns["via"]])
    measures = {"line_haul": cost + inbound["cost"], **_handling(t, who, columns),
                **_duty_and_co2(t, draft, columns["product"], between, between),
                "lead_time": mean + inbound["mean"] + wait, "transit_sd": np.hypot(sd, inbound["sd"]),
                "distance": distance + inbound["distance"]}
    keys = Keys.make({n: t.axes[_AXIS.get(n, n)] for n in draft.columns}, **draft.columns)
    return Coded(keys, measures)


# ---- pruning ---------------------------------------------------------------------------------------------------


def _kept_promises(promised: Coded, wanted: Coded, ways: Coded, notes: way_findings.Notes) -> Bools:
    """Deliveries that break no `each_order` promise."""
    form = np.append(promised.measures["form"], FORMS.index("each_order"))[wanted.measures["promise"]]
    keep = ways.measures["certain"] | (form[ways.measures["request"]] != FORMS.index("each_order"))
    notes.prune("delivery", "breaks the promise on lead time", int((~keep).sum()))
    return np.asarray(keep)


def _useful_moves(t: Tables, who: Supply, wanted: Coded, supplied: Bools, draft: _Draft, ways: Coded,
                  notes: way_findings.Notes) -> tuple[_Draft, Reach]:
    """Moves that something supplies and that lead to demand, period by period, and the demand each site can reach."""
    reach = reachable(t, who, wanted, draft.columns, ways)
    periods = len(t.axes["period"])
    columns = draft.columns
    fed = supplied[columns["origin"], columns["product"]]
    notes.prune("move", "nothing can supply the origin with the product", int((~fed).sum()) * periods)
    leads = reach.of_product[columns["destination"], columns["product"]] > 0
    notes.prune("move", "leads to no demand", int((fed[:, None] & ~leads).sum()))
    way, period = np.nonzero(fed[:, None] & leads)
    chosen = draft.take(way)
    chosen.columns["period"] = period.astype(np.int32)
    return chosen, reach
