"""First part of the oracle: from plain tables, as a user gives them, to dictionaries with every default filled in.

Written from docs/how-it-works.md and the data dictionary alone; imports nothing of ctsopt. Loops and dictionaries on
purpose: this file is read beside the page, not timed.

Readings where the page leaves room (each a planner's choice, marked in the code with its letter):

A. A blank product, period or tier is the only one of its table, whatever its name.
B. A lane is named by `rates` only where both ends are exact names, not zones.
C. A row of `lanes` with the mode's name hides the row with `*` altogether: a blank distance in it is great-circle.
D. A shipment billed at a higher break pays that break's `per_unit` on its own units: only the weight is replaced.
E. P is about the transit time: a lognormal of the transit, shifted by processing and make days.
F. A plant that makes to order (`can_stock = no`) is no stocking point, so nothing can be moved to it.
G. Where both `profile` and `order_size` are given, the profile decides (ctsopt refuses both).
H. A site that is not open has no flow at all, even of a product that takes no room in its capacity_unit.
I. "As often as it can pass" a cross-dock: once; but where goods moved over it can come to a site that sends over it,
   as often as there are sites that send over it.
J. `each` makes a row for each name that any goods in scope have; with `per = period`, one in every period. Without
   `each` there is a row whether or not there is any flow.
K. The whole of a share with `each` site is the goods of all sites; customers and products stay apart.
L. A site with opening stock of a product has it, whether or not anything supplies it.
M. "Where stock may be carried": where any stocking point of the network may keep any product. Downstream of a site
   lies the site itself, too: goods may leave it, come back, and replace its opening stock.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pandas as pd

TEXT, NUMBER = "<text>", "<number>"  # required, no default
INF, NAN = math.inf, math.nan

DEFAULTS: dict[str, dict[str, Any]] = {
    "settings": {"distance_unit": "km", "circuity": 1.2, "discount_rate": 0.08, "life": 10.0, "processing_time": 0.0,
                 "open_lanes": "listed", "holding_rate": 0.0, "carbon_price": 0.0, "carbon_cap": INF, "budget": INF,
                 "stock_rule": "curve", "stock_level": "average", "pipeline_on": "moves", "lead_time_levels": 1.0,
                 "longest_wait": 0.0, "review_time": 1.0, "order_interval": 0.0, "stock_sharing": "pooled",
                 "order_crossing": "no", "early_dispatch": "no", "first_day": ""},
    "periods": {"period": TEXT, "days": NUMBER},
    "products": {"product": TEXT, "product_class": "all", "weight": 1.0, "volume": 0.0, "pallet_units": INF,
                 "unit_value": 0.0, "holding_rate": NAN, "variance_to_mean": NAN, "stock_group": ""},
    "sites": {"site": TEXT, "kind": TEXT, "latitude": NAN, "longitude": NAN, "zone": "", "group": "",
              "status": "open", "delivers": "", "may_open": True, "may_close": False, "fixed_cost": 0.0,
              "opening_cost": 0.0, "closing_cost": 0.0, "capacity": INF, "min_throughput": 0.0, "storage_capacity": INF,
              "capacity_unit": "units", "handling_in": 0.0, "handling_out": 0.0, "processing_time": NAN,
              "calendar": "", "cutoff": ""},
    "capacity_levels": {"site": TEXT, "level": TEXT, "capacity": INF, "fixed_cost": 0.0},
    "site_products": {"site": TEXT, "product": "goods", "make_cost": 0.0, "make_capacity": INF, "make_days": 0.0,
                      "can_stock": True, "opening_stock": 0.0, "ending": "same", "review_time": NAN,
                      "order_interval": NAN, "lot_size": 0.0, "stock_sharing": "", "replenishment_days": NAN,
                      "replenishment_sd": NAN, "replenishment_fill_rate": NAN, "nominal_volume": NAN,
                      "stock_fixed_cost": 0.0},
    "customers": {"customer": TEXT, "latitude": NAN, "longitude": NAN, "zone": "", "group": "",
                  "tier": "standard", "single_source": "no", "max_sources": INF},
    "tiers": {"tier": TEXT, "modes": "", "shortage_cost": NAN, "program_cost": 0.0},
    "promises": {"tier": TEXT, "product_class": "*", "lead_time": INF, "on_time_form": "each_order",
                 "reliability": 0.95, "on_time_share": 0.95, "served_fraction": 1.0, "served_fraction_each": 0.0,
                 "per": "horizon", "fill_rate": NAN, "safety_factor": NAN, "calendar": "working"},
    "calendars": {"calendar": TEXT, "days": "mo-fr", "holidays": ""},
    "calendar_days": {"calendar": TEXT, "day": TEXT, "working": False},
    "order_times": {"tier": "*", "days": TEXT, "at": TEXT, "share": NUMBER},
    "demand": {"customer": TEXT, "product": "goods", "period": "year", "quantity": NUMBER, "order_size": NAN,
               "profile": "", "variance_to_mean": NAN},
    "order_profiles": {"profile": TEXT, "size": NUMBER, "share": NUMBER},
    "modes": {"mode": TEXT, "serves": "both", "speed": INF, "fixed_time": 0.0, "transit_cv": 0.0,
              "transit_distribution": "lognormal", "per_distance": 0.0, "per_weight": 0.0,
              "per_weight_distance": 0.0, "per_shipment": 0.0, "minimum_charge": 0.0, "fuel_surcharge": 0.0,
              "load_weight": INF, "load_volume": INF, "load_factor": 1.0, "whole_loads": False, "capacity": INF,
              "co2": 0.0, "bill_next_break": False, "calendar": ""},
    "lanes": {"origin": TEXT, "destination": TEXT, "mode": "*", "distance": NAN, "status": "open", "fixed_cost": 0.0,
              "min_volume": 0.0, "max_volume": INF, "duty_rate": 0.0},
    "rates": {"origin": "*", "destination": "*", "mode": "*", "product": "*", "from_distance": 0.0,
              "from_weight": 0.0, "per_unit": 0.0, "per_weight": 0.0, "per_shipment": 0.0, "minimum_charge": 0.0,
              "transit_time": NAN, "transit_sd": NAN},
    "contracts": {"contract": TEXT, "kind": TEXT, "of": "", "group": "", "customer": "", "site": "", "origin": "",
                  "destination": "", "mode": "", "product": "", "each_or_total": "total", "limit": "at_most",
                  "quantity": 0.0, "per": "horizon"},
}


class Network(NamedTuple):
    """Tables as dictionaries by key; `site_products`, `lanes` and `promises` by tuples of keys."""

    settings: dict
    periods: dict
    products: dict
    sites: dict
    site_products: dict
    customers: dict
    tiers: dict
    promises: dict
    demand: list
    profiles: dict
    modes: dict
    lanes: dict
    rates: list
    contracts: list
    levels: dict
    calendars: dict
    calendar_days: dict
    order_times: list


# ------------------------------------------------------------------------------------------------ tables


def blank(value: Any) -> bool:
    return bool(pd.isna(value)) or str(value).strip() == ""


def cell(value: Any, default: Any) -> Any:
    if blank(value):
        if default in (TEXT, NUMBER):
            raise ValueError("a required cell is blank")
        return default
    if isinstance(default, bool):
        return str(value).strip().lower() in ("yes", "true", "1", "1.0")
    return float(value) if default == NUMBER or isinstance(default, float) else str(value)


def rows(tables: dict, name: str, **defaults: Any) -> list[dict]:
    """Rows of a table as dictionaries with every column filled."""
    if name not in tables:
        return []
    columns = DEFAULTS[name] | defaults
    return [{c: cell(record.get(c), default) for c, default in columns.items()}
            for record in tables[name].to_dict("records")]


def only(table: dict, otherwise: str) -> str:
    return next(iter(table)) if len(table) == 1 else otherwise  # reading A


def read(tables: dict, settings: dict) -> Network:
    """The network, with the defaults of the data dictionary."""
    given = {c: cell(settings.get(c), default) for c, default in DEFAULTS["settings"].items()}
    periods = {r["period"]: r["days"] for r in rows(tables, "periods")} or {"year": 365.0}
    products = {r["product"]: r for r in rows(tables, "products")}
    products = products or {"goods": DEFAULTS["products"] | {"product": "goods"}}
    tiers = {r["tier"]: r for r in rows(tables, "tiers")} or {"standard": DEFAULTS["tiers"] | {"tier": "standard"}}
    product, period, tier = only(products, "goods"), only(periods, "year"), only(tiers, "standard")
    profiles: dict = {}
    for r in rows(tables, "order_profiles"):
        profiles.setdefault(r["profile"], []).append((r["size"], r["share"]))
    lanes, rates = rows(tables, "lanes"), rows(tables, "rates")
    modes = {r["mode"]: r for r in rows(tables, "modes")}
    named = {r["mode"] for r in lanes + rates} - {"*"} or {"standard"}
    modes = modes or {m: DEFAULTS["modes"] | {"mode": m} for m in named}
    return Network(
        given, periods, products, {r["site"]: r for r in rows(tables, "sites")},
        {(r["site"], r["product"]): r for r in rows(tables, "site_products", product=product)},
        {r["customer"]: r for r in rows(tables, "customers", tier=tier)}, tiers,
        {(r["tier"], r["product_class"]): r for r in rows(tables, "promises")},
        rows(tables, "demand", product=product, period=period), profiles, modes,
        {(r["origin"], r["destination"], r["mode"]): r for r in lanes}, rates, rows(tables, "contracts"),
        {(r["site"], r["level"]): r for r in rows(tables, "capacity_levels")},
        {r["calendar"]: r for r in rows(tables, "calendars")},
        {(r["calendar"], r["day"]): r["working"] for r in rows(tables, "calendar_days")}, rows(tables, "order_times"))


# ------------------------------------------------------------------------------------------------ who may do what


def usable(net: Network, site: str) -> bool:
    row = net.sites[site]
    return row["status"] == "open" or (row["status"] == "candidate" and row["may_open"])


def makes(net: Network, site: str, product: str) -> bool:
    if net.sites[site]["kind"] not in ("plant", "supplier"):
        return False
    row = net.site_products.get((site, product))
    return not net.site_products or (row is not None and row["make_capacity"] > 0)


def stocks(net: Network, site: str, product: str) -> bool:
    """Whether the site is a stocking point of the product (reading F)."""
    row = net.site_products.get((site, product))
    may = row is None or row["can_stock"]
    return may and (net.sites[site]["kind"] == "dc" or makes(net, site, product))


def keeps(net: Network, site: str, product: str) -> bool:
    """Whether stock may be carried at the site from one period to the next."""
    return usable(net, site) and stocks(net, site, product) and net.sites[site]["storage_capacity"] > 0


def opening_stock(net: Network, site: str, product: str) -> float:
    """Units there when the first period begins (ctsopt refuses it where no stock may be kept)."""
    row = net.site_products.get((site, product))
    return row["opening_stock"] if row is not None and keeps(net, site, product) else 0.0


def sends(net: Network, site: str, product: str) -> bool:
    """Stocking points, and plants and suppliers that make to order."""
    return usable(net, site) and (stocks(net, site, product) or makes(net, site, product))


def room(net: Network, site: str, product: str) -> float:
    """One unit of product in the site's capacity_unit."""
    row = net.products[product]
    return {"units": 1.0, "kg": row["weight"], "m3": row["volume"],
            "pallets": 1.0 / row["pallet_units"]}[net.sites[site]["capacity_unit"]]


def promise_of(net: Network, tier: str, product: str) -> tuple[str, str] | None:
    """Key of the promise that covers a product for a tier: its class, or else the class `*`."""
    for key in ((tier, net.products[product]["product_class"]), (tier, "*")):
        if key in net.promises:
            return key
    return None
