"""What each feature of a random network does, undone in the tables: if the optimum never changes, it tests nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

Tables = dict
Edit = Callable[[Tables], Tables]


def settings(**changes: object) -> Edit:
    """Other settings (None: the default)."""

    def edit(tables: Tables) -> Tables:
        kept = {**tables["settings"], **changes}
        return {**tables, "settings": {k: v for k, v in kept.items() if v is not None}}

    return edit


def without(table: str, *columns: str) -> Edit:
    """Without these columns, or without the table."""

    def edit(tables: Tables) -> Tables:
        if not columns:
            return {name: frame for name, frame in tables.items() if name != table}
        frame = tables.get(table, pd.DataFrame())
        return {**tables, table: frame.drop(columns=[c for c in columns if c in frame])}

    return edit


def put(table: str, column: str, value: object, where: str = "index == index") -> Edit:
    """Another value in the rows of a condition (pandas.DataFrame.query)."""

    def edit(tables: Tables) -> Tables:
        frame = tables[table].copy()
        frame[column] = frame[column].astype(object) if column in frame else None
        frame.loc[frame.query(where).index, column] = value
        return {**tables, table: frame}

    return edit


def rows(table: str, where: str) -> Edit:
    """Only the rows of a condition; a column that is not there is blank."""
    columns = {"lanes": ("mode", "status"), "promises": ("product_class",)}[table]

    def edit(tables: Tables) -> Tables:
        frame = tables[table]
        shown = frame.assign(**{c: None for c in columns if c not in frame})
        return {**tables, table: frame.loc[shown.query(where).index]}

    return edit


def lanes_without(origin: tuple[str, ...], destination: tuple[str, ...]) -> Edit:
    """Every lane between these kinds of places (`customer` is one) closed in all its modes."""

    def edit(tables: Tables) -> Tables:
        sites = tables["sites"]
        places = {kind: list(some["site"]) for kind, some in sites.groupby("kind")}
        places["customer"] = list(tables["customers"]["customer"])
        one, two = ([name for kind in kinds for name in places.get(kind, [])] for kinds in (origin, destination))
        lanes = tables["lanes"]
        closed = pd.DataFrame({"origin": one}).merge(pd.DataFrame({"destination": two}), how="cross")
        kept = lanes[~(lanes["origin"].isin(one) & lanes["destination"].isin(two))]
        return {**tables, "lanes": pd.concat([kept, closed.assign(status="closed")], ignore_index=True)}

    return edit


def first_breaks(column: str, keys: list[str]) -> Edit:
    """Only the lowest break (or band) of each set of names."""

    def edit(tables: Tables) -> Tables:
        rates = tables["rates"]
        keys_here = [k for k in keys if k in rates]
        amounts = rates[column].astype(float).fillna(0.0)
        groups = [rates[k].astype(object).where(rates[k].notna(), "") for k in keys_here]
        lowest = amounts.groupby(groups).transform("min") if groups else amounts.min()
        return {**tables, "rates": rates[amounts == lowest].assign(**{column: 0.0})}

    return edit


def without_profiles(tables: Tables) -> Tables:
    """The mean size of a drop in place of its distribution."""
    profiles, demand = tables["order_profiles"], tables["demand"].drop(columns="profile").copy()
    mean = (profiles["size"] * profiles["share"]).groupby(profiles["profile"]).sum()
    means = tables["demand"]["profile"].map(mean)
    demand["order_size"] = np.where(means.notna(), means, demand.get("order_size", pd.Series(np.nan, demand.index)))
    return {**tables, "demand": demand}


def without_lead_time(form: str) -> Edit:
    """No lead time in the promises of this form (blank: each_order)."""

    def edit(tables: Tables) -> Tables:
        promises = tables["promises"].copy()
        stated = promises.get("on_time_form", pd.Series(None, promises.index, dtype=object))
        promises.loc[stated.where(stated.notna(), "each_order") == form, "lead_time"] = np.nan
        return {**tables, "promises": promises}

    return edit


def without_rate_lanes(tables: Tables) -> Tables:
    """Lanes that only rates name, closed."""
    rates, lanes = tables["rates"], tables["lanes"]
    keys = ["origin", "destination"]
    named = rates[(rates["origin"] != "*") & (rates["destination"] != "*")][keys].dropna().drop_duplicates()
    new = named[~named.set_index(keys).index.isin(lanes.set_index(keys).index)].assign(status="closed")
    places = {*tables["sites"]["site"], *tables["customers"]["customer"]}
    new = new[new["origin"].isin(places) & new["destination"].isin(places)]
    return {**tables, "lanes": pd.concat([lanes, new], ignore_index=True)}


def without_contracts(kind: str) -> Edit:
    """Without the contracts of a kind."""

    def edit(tables: Tables) -> Tables:
        if "contracts" not in tables:
            return tables
        return {**tables, "contracts": tables["contracts"][tables["contracts"]["kind"] != kind]}

    return edit


def without_stock(tables: Tables) -> Tables:
    """Nothing is kept from one period to the next."""
    empty = put("sites", "storage_capacity", 0.0)(tables)
    return without("site_products", "opening_stock", "ending")(empty) if "site_products" in empty else empty


MAKERS = ("plant", "supplier")
NAMES = ["origin", "destination", "mode", "product"]

ABLATIONS: dict[str, Edit] = {
    "several_periods": lambda t: {**t, "periods": t["periods"].assign(days=365.0)},
    "suppliers": put("sites", "status", "closed", "kind == 'supplier'"),
    "make_lists": without("site_products", "make_cost"),
    "make_capacity": put("site_products", "make_capacity", np.nan, "make_capacity > 0"),
    "make_to_order": without("site_products", "make_days", "can_stock"),
    "unstocked": without("site_products", "can_stock"),
    "direct": lanes_without(MAKERS, ("customer",)),
    "cross_docks": put("sites", "status", "closed", "kind == 'crossdock'"),
    "dc_to_dc": lanes_without(("dc",), ("dc",)),
    "into_plants": lanes_without(MAKERS, MAKERS),
    "candidates": without("sites", "opening_cost"),
    "closable": without("sites", "may_close"),
    "closed_sites": put("sites", "status", "open", "status == 'closed'"),
    "sites_in_group": without_contracts("sites_in_group"),
    "capacities": without("sites", "capacity"),
    "capacity_units": without("sites", "capacity_unit"),
    "roomless": without("products", "volume", "pallet_units"),
    "handling": without("sites", "handling_in", "handling_out"),
    "processing": lambda t: settings(processing_time=None)(without("sites", "processing_time")(t)),
    "coordinates": settings(circuity=2.0),
    "miles": settings(distance_unit=None),
    "open_lanes": settings(open_lanes=None),
    "lanes_by_mode": rows("lanes", "mode != mode or mode == '*' or status == 'closed'"),
    "closed_lanes": rows("lanes", "status != 'closed'"),
    "fuel": without("modes", "fuel_surcharge"),
    "shipment_charges": lambda t: without("modes", "per_shipment", "minimum_charge")(
        without("rates", "per_shipment", "minimum_charge")(t) if "rates" in t else t),
    "loads": without("modes", "per_distance"),
    "own_vehicle": put("modes", "per_distance", 0.0, "mode == 'parcel'"),
    "profiles": without_profiles,
    "rate_card": without("rates"),
    "weight_breaks": first_breaks("from_weight", [*NAMES, "from_distance"]),
    "next_break": lambda t: put("modes", "bill_next_break", "no")(
        {**t, "rates": t["rates"].assign(from_weight=t["rates"]["from_weight"].replace(12.5, 0.0))}),
    "distance_bands": first_breaks("from_distance", [*NAMES, "from_weight"]),
    "rate_lanes": without_rate_lanes,
    "rate_transit": without("rates", "transit_time", "transit_sd"),
    "uncertain_transit": lambda t: without("modes", "transit_cv")(
        without("rates", "transit_sd")(t) if "rates" in t else t),
    "tier_modes": without("tiers", "modes"),
    **{form: without_lead_time(form) for form in ("each_order", "share_certain", "share_expected")},
    "per_period": without("promises", "per"),
    "class_promises": rows("promises", "product_class != product_class or product_class == '*'"),
    "served_fraction": without("promises", "served_fraction"),
    "served_fraction_each": without("promises", "served_fraction_each"),
    "single_source_customer": put("customers", "single_source", "no", "single_source == 'customer'"),
    "single_source_product": put("customers", "single_source", "no", "single_source == 'product'"),
    "levels": without("capacity_levels"),
    "min_throughput": without("sites", "min_throughput"),
    "lane_fixed": without("lanes", "fixed_cost"),
    "lane_minimum": without("lanes", "min_volume"),
    "lane_maximum": without("lanes", "max_volume"),
    "mode_capacity": without("modes", "capacity"),
    "whole_loads": without("modes", "whole_loads"),
    "max_sources": without("customers", "max_sources"),
    "same_site": without_contracts("same_site"),
    "max_contracts": without_contracts("max_volume"),
    "min_contracts": without_contracts("min_volume"),
    "share_contracts": without_contracts("share"),
    "duty": without("lanes", "duty_rate"),
    "carbon_price": settings(carbon_price=None),
    "carbon_cap": settings(carbon_cap=None),
    "budget": settings(budget=None),
    "program_cost": without("tiers", "program_cost"),
    "stock": without_stock,
    "storage": put("sites", "storage_capacity", np.nan),
    "opening_stock": without("site_products", "opening_stock", "ending"),
}
"""For each feature an edit that takes its effect away."""
