"""Rules about contracts, sizes of sites, limits on lanes and modes, sources, duty and CO2."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctsopt.keys import Bools, Floats
from ctsopt.networks.agreements import FLOWS
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.checks.sites import MAKERS
from ctsopt.networks.lanes import usable_sites
from ctsopt.networks.schema import ALL
from ctsopt.tables.raw import number_text
from ctsopt.tables.rules import Fault
from ctsopt.tables.typed import Tables

_SCOPES = ("customer", "site", "origin", "destination", "mode", "product")


def _of_flows(t: Tables) -> Bools:
    return t.equal("contracts", "kind", *FLOWS)


def _names(t: Tables, column: str) -> Bools:
    """Contracts that name something in a scope column."""
    return ~t.equal("contracts", column, "")


@rule("sites", "customers")
def contract_group_empty(t: Tables) -> Iterator[Fault]:
    """The group of a contract has at least one site (sites_in_group) or customer (all other kinds)."""
    sites = [g for g in t.axes["site_group"].labels if g]
    customers = sorted(set(t.text("customers", "group")) - {""})
    group, of_sites = t.text("contracts", "group"), t.equal("contracts", "kind", "sites_in_group")
    for kind, mask, groups, everything in (("site", of_sites, sites, ALL), ("customer", ~of_sites, customers, "")):
        known = np.isin(group, np.array([*groups, everything, ""], dtype=object))
        yield Fault("contracts", "group", f"no {kind} belongs to this group",
                    f"correct the name, or name the group in {kind}s.group", mask & ~known, candidates=groups)


@rule()
def contract_group_missing(t: Tables) -> Iterator[Fault]:
    """Contracts on a common site name the group of customers."""
    yield Fault("contracts", "group", "this kind of contract is about a group of customers", "name the group",
                t.equal("contracts", "kind", "same_site") & t.equal("contracts", "group", ""))


@rule()
def contract_quantity_missing(t: Tables) -> Iterator[Fault]:
    """Contracts on numbers of sites, volumes and shares say how many; a common site needs no quantity."""
    quantity, common = t.number("contracts", "quantity"), t.equal("contracts", "kind", "same_site")
    yield Fault("contracts", "quantity", "the contract does not say how much", "fill in the quantity; 0 means none",
                np.isnan(quantity) & ~common & ~t.equal("contracts", "kind", "") & ~t.bad("contracts", "quantity"))
    yield Fault("contracts", "quantity", "a quantity has no effect on this kind", "leave it blank",
                (quantity > 0) & common, severity="warning")


@rule()
def contract_not_whole(t: Tables) -> Iterator[Fault]:
    """A number of sites is a whole number."""
    quantity = t.number("contracts", "quantity")
    yield Fault("contracts", "quantity", "a number of sites must be whole", "write a whole number",
                np.isfinite(quantity) & (quantity != np.floor(quantity))
                & t.equal("contracts", "kind", "sites_in_group"))


@rule()
def contract_share_above_one(t: Tables) -> Iterator[Fault]:
    """A share is at most 1."""
    yield Fault("contracts", "quantity", "a share is at most 1", "write 0.3 for 30 %",
                t.equal("contracts", "kind", "share") & (t.number("contracts", "quantity") > 1))


@rule()
def contract_share_of_nothing(t: Tables) -> Iterator[Fault]:
    """A share names the site, the lane or the mode whose share it is."""
    named = np.logical_or.reduce([_names(t, c) for c in ("site", "origin", "destination", "mode")])
    yield Fault("contracts", "kind", "nothing says whose share is meant: it would always be the whole",
                "name a site, origin, destination or mode", t.equal("contracts", "kind", "share") & ~named)


@rule()
def contract_scope_without_effect(t: Tables) -> Iterator[Fault]:
    """Scope columns speak of flows, not of numbers of sites or a common site."""
    named = np.logical_or.reduce([_names(t, c) for c in _SCOPES])
    yield Fault("contracts", "kind",
                "customer, site, origin, destination, mode and product have no effect on this kind",
                "leave them blank", named & ~_of_flows(t), severity="warning")
    yield Fault("contracts", "of", "this kind counts no goods, so that this has no effect", "leave it blank",
                _names(t, "of") & ~_of_flows(t), severity="warning")


@rule("sites", "customers")
def contract_counts_other_goods(t: Tables) -> Iterator[Fault]:
    """Goods made know only where; goods received or moved know no customer; goods delivered end at one."""
    of = {name: t.equal("contracts", "of", name) & _of_flows(t) for name in ("made", "received", "moved")}
    to_customers = _names(t, "customer") | _names(t, "group") | (t.codes("contracts", "destination", "customer") >= 0)
    on_lanes = _names(t, "destination") | _names(t, "mode")
    yield Fault("contracts", "of", "goods made have no customer, destination and mode yet",
                "leave these blank, or leave `of` blank", of["made"] & (to_customers | on_lanes))
    yield Fault("contracts", "of", "goods between sites have no customer yet", "leave customer, group and a "
                "destination that is a customer blank, or write delivered", (of["received"] | of["moved"])
                & to_customers)
    makes = np.ones(len(t.axes["site"]) + 1, dtype=bool)
    makes[t.codes("sites", "site")] = t.equal("sites", "kind", *MAKERS)
    makes[-1] = True
    for column in ("site", "origin"):
        yield Fault("contracts", column, "a dc or cross-dock makes nothing", "name a plant or supplier, or write "
                    "delivered, received or moved in `of`", of["made"] & ~makes[t.codes("contracts", column)])


@rule()
def contract_each_of_nothing(t: Tables) -> Iterator[Fault]:
    """`each` needs a `*` whose names are meant one by one."""
    starred = np.logical_or.reduce([t.equal("contracts", c, ALL) for c in ("customer", "site", "product")])
    yield Fault("contracts", "each_or_total", "nothing is meant one by one",
                "write * in customer, site or product, or each_or_total = total",
                t.equal("contracts", "each_or_total", "each") & ~starred & _of_flows(t))


@rule("sites")
def contract_impossible(t: Tables) -> Iterator[Fault]:
    """A contract neither asks for more sites than may be open, nor for fewer than have to be."""
    most, least = _sites_of_groups(t)
    quantity = t.number("contracts", "quantity")
    of_sites = t.equal("contracts", "kind", "sites_in_group")
    wants_more = of_sites & t.equal("contracts", "limit", "at_least", "exactly") & (quantity > most)
    wants_less = of_sites & t.equal("contracts", "limit", "at_most", "exactly") & (quantity < least)
    for wrong, count, what, mend in (
            (wants_more & (most > 0), most, "sites of the group may be open",
             "ask for fewer, or add sites to the group"),
            (wants_less, least, "sites of the group stay open in any case", "allow more, or set may_close to yes")):
        rows = np.flatnonzero(wrong)
        values = [f"{number_text(quantity[r])}, but {number_text(count[r])} {what}" for r in rows]
        yield Fault("contracts", "quantity", "the contract cannot be kept", mend, rows, values)


def _sites_of_groups(t: Tables) -> tuple[Floats, Floats]:
    """For each contract, how many sites of its group may be open, and how many cannot be closed."""
    may = usable_sites(t)
    must = t.equal("sites", "status", "open") & ~t.flag("sites", "may_close")
    group, wanted = t.codes("sites", "group"), t.codes("contracts", "group")
    everything = t.equal("contracts", "group", ALL, "")
    found = []
    for sites in (may, must):
        count = np.bincount(group[sites & (group >= 0)], minlength=len(t.axes["site_group"]) + 1).astype(np.float64)
        found.append(np.where(everything, float(sites.sum()), count[wanted]))
    return found[0], found[1]


@rule()
def lane_minimum_above_maximum(t: Tables) -> Iterator[Fault]:
    """The least that goes by a lane is not above the most."""
    yield Fault("lanes", "min_volume", "min_volume is above max_volume", "lower it, or raise max_volume",
                t.number("lanes", "min_volume") > t.number("lanes", "max_volume"))


@rule()
def site_minimum_above_capacity(t: Tables) -> Iterator[Fault]:
    """The least that leaves a site is not above its capacity."""
    yield Fault("sites", "min_throughput", "min_throughput is above capacity", "lower it, or raise the capacity",
                t.number("sites", "min_throughput") > t.number("sites", "capacity"))


@rule()
def sources_not_whole(t: Tables) -> Iterator[Fault]:
    """A number of sources is a whole number; a single-sourced customer needs none."""
    most = t.number("customers", "max_sources")
    few = np.isfinite(most)
    yield Fault("customers", "max_sources", "a number of sites must be whole", "write a whole number",
                few & (most != np.floor(most)))
    yield Fault("customers", "max_sources", "the customer is single-sourced, so that this has no effect",
                "leave max_sources blank, or set single_source to no",
                few & ~t.equal("customers", "single_source", "no"), severity="warning")


@rule("sites")
def level_without_choice(t: Tables) -> Iterator[Fault]:
    """Levels belong to sites that a plan may use."""
    use = np.append(usable_sites(t), True)[t.codes("capacity_levels", "site")]
    yield Fault("capacity_levels", "site", "the site stays closed, so that its levels have no effect",
                "remove the row, or change the status of the site", ~use, severity="warning")


@rule()
def duty_without_value(t: Tables) -> Iterator[Fault]:
    """Duty is paid on the value of goods."""
    if (t.number("lanes", "duty_rate") > 0).any():
        yield Fault("products", "unit_value", "duty is a share of the value, and the product has none",
                    "give unit_value", t.number("products", "unit_value") == 0, severity="warning")


@rule()
def carbon_without_modes(t: Tables) -> Iterator[Fault]:
    """A carbon price or cap needs modes that say what they emit."""
    priced = float(t.settings["carbon_price"]) > 0 or np.isfinite(float(t.settings["carbon_cap"]))
    if priced and not (t.number("modes", "co2") > 0).any():
        yield Fault("modes", "co2", "CO2 is priced or capped, but no mode emits any", "give co2 in modes",
                    severity="warning")
