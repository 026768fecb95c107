"""Networks for stock in the plan: three small ones whose optimum can be worked out by hand, and random ones.

Tables as `ctsopt.network` takes them; imports nothing of ctsopt.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

Tables = dict[str, Any]
POLICIES = ("separate", "pooled", "rationed")
RULES = ("curve", "square_root")


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


# ------------------------------------------------------------------------------------------------ by hand


def by_hand(holding: float, days: float, fixed: dict[str, float], customers: pd.DataFrame, promises: pd.DataFrame,
            deliveries: pd.DataFrame, sharing: str = "pooled") -> Tables:
    """One day, one plant that supplies dcs for nothing, stock by the square root rule.

    Holding a unit costs `holding` a day; `fixed` is money a day of each dc; customers have tier, units and variance a
    day; replenishment takes so many days, without any review.
    """
    dcs = list(fixed)
    return {
        "settings": {"stock_rule": "square_root", "stock_sharing": sharing, "holding_rate": 1.0, "review_time": 0.0,
                     "order_interval": 0.0, "pipeline_on": "none"},
        "periods": table({"period": "day", "days": 1}),
        "products": table({"product": "goods", "unit_value": holding * 365}),
        "sites": table({"site": "Plant", "kind": "plant"},
                       *({"site": d, "kind": "dc", "may_close": "yes", "fixed_cost": fixed[d] * 365} for d in dcs)),
        "site_products": table({"site": "Plant"}, *({"site": d, "replenishment_days": days} for d in dcs)),
        "tiers": pd.DataFrame({"tier": sorted(set(promises["tier"]))}),
        "promises": promises,
        "customers": customers[["customer", "tier"]].assign(single_source="customer"),
        "demand": customers[["customer"]].assign(quantity=customers["units"],
                                                 variance_to_mean=customers["variance"] / customers["units"]),
        "rates": pd.concat([pd.DataFrame({"origin": "Plant", "destination": dcs, "per_unit": 0.0}), deliveries]),
    }


def two_dc_pooling(cross: float) -> Tables:
    """T1: four customers of variance 100, two at each dc, `cross` from the other dc; 10 a dc and 2 sqrt(V) of stock."""
    customers = pd.DataFrame({"customer": list("ABCD"), "tier": "standard", "units": 100.0, "variance": 100.0})
    home = dict(zip("ABCD", ["North", "North", "South", "South"], strict=True))
    deliveries = table(*({"origin": d, "destination": c, "per_unit": 0.0 if home[c] == d else cross / 100}
                         for d in ("North", "South") for c in home))
    promises = table({"tier": "standard", "safety_factor": 1.0})
    return by_hand(1.0, 4.0, {"North": 10.0, "South": 10.0}, customers, promises, deliveries)


def tiers_and_promise(sharing: str) -> Tables:
    """T2: two dcs at 30 and 25 a day, two tiers with promises of 2 and 3 days and safety factors 2 and 1."""
    customers = pd.DataFrame({"customer": list("ABCD"), "tier": ["gold", "gold", "silver", "silver"],
                              "units": [20.0, 10.0, 30.0, 40.0], "variance": [100.0, 36.0, 64.0, 576.0]})
    promises = table({"tier": "gold", "lead_time": 2.0, "fill_rate": 0.99, "safety_factor": 2.0},
                     {"tier": "silver", "lead_time": 3.0, "fill_rate": 0.9, "safety_factor": 1.0})
    freight = {"DC1": [0.5, 0.8, 0.6, 1.5], "DC2": [1.2, 0.4, 0.9, 0.5]}
    transit = {"DC1": [1.0, 2.0, 1.0, 3.0], "DC2": [3.0, 1.0, 2.0, 1.0]}
    deliveries = pd.concat([pd.DataFrame({"origin": d, "destination": list("ABCD"), "per_unit": freight[d],
                                          "transit_time": transit[d]}) for d in freight])
    return by_hand(0.5, 4.0, {"DC1": 30.0, "DC2": 25.0}, customers, promises, deliveries, sharing)


def one_dc(sharing: str) -> Tables:
    """T3: one dc, tiers of variance 100 and 300 with safety factors 2.5 and 1, one day of protection."""
    customers = pd.DataFrame({"customer": list("AB"), "tier": ["gold", "silver"], "units": [10.0, 30.0],
                              "variance": [100.0, 300.0]})
    promises = table({"tier": "gold", "fill_rate": 0.99, "safety_factor": 2.5},
                     {"tier": "silver", "fill_rate": 0.9, "safety_factor": 1.0})
    deliveries = pd.DataFrame({"origin": "DC", "destination": list("AB"), "per_unit": 0.0})
    return by_hand(1.0, 1.0, {"DC": 0.0}, customers, promises, deliveries, sharing)


# ------------------------------------------------------------------------------------------------ random


def random_stock(seed: int, sharing: str = "pooled", rule: str = "curve") -> Tables:
    """A plant and two or three dcs, four to seven customers in two tiers, each with one source.

    The same seed gives the same network but for what the policy and the rule need.
    """
    rng = np.random.default_rng([seed, 5])
    dcs = [f"D{i + 1}" for i in range(rng.integers(2, 4))]
    customers = [f"C{i + 1}" for i in range(rng.integers(4, 8))]
    products = ["bolt", "gear"] if len(customers) < 6 and rng.random() < 0.5 else ["bolt"]
    periods = pd.DataFrame({"period": ["low", "high"], "days": [215.0, 150.0]}) if rng.random() < 0.25 else (
        pd.DataFrame({"period": ["year"], "days": [365.0]}))
    tables: Tables = {"settings": settings(rng, sharing, rule, len(periods)), "periods": periods}
    tables["products"] = goods(rng, products)
    tables["sites"] = sites(rng, dcs)
    tables["tiers"] = table({"tier": "gold", "rank": 1}, {"tier": "silver", "rank": 2})
    tables["customers"] = places(rng, customers, products)
    tables["modes"] = modes(rng)
    tables["lanes"] = lanes(rng, dcs, customers)
    tables["demand"] = demand(rng, customers, products, periods)
    tables["promises"] = promises(rng, tables, rule)
    tables["site_products"] = stocking(rng, dcs, tables)
    return tables


def settings(rng: np.random.Generator, sharing: str, rule: str, periods: int) -> dict[str, Any]:
    level = str(rng.choice(["average", "peak", "each"]))
    return {"stock_rule": rule, "stock_sharing": sharing, "holding_rate": 0.25, "discount_rate": 0.0,
            "lead_time_levels": int(rng.integers(1, 3)), "longest_wait": int(rng.integers(0, 2)),
            "review_time": float(rng.choice([1, 1, 2, 7])), "order_interval": float(rng.choice([0, 0, 3, 7])),
            "pipeline_on": str(rng.choice(["moves", "all", "none"])), "processing_time": 0.25,
            "stock_level": level if periods > 1 else "average"}


def goods(rng: np.random.Generator, products: list[str]) -> pd.DataFrame:
    count = len(products)
    frame = pd.DataFrame({"product": products, "product_class": "A", "weight": np.round(rng.uniform(1, 6, count), 1)})
    frame["unit_value"] = np.round(rng.uniform(60, 260, count))
    frame["variance_to_mean"] = np.round(rng.uniform(3, 20, count), 1)
    frame["stock_group"] = "metal" if rng.random() < 0.4 else ""
    return frame


def sites(rng: np.random.Generator, dcs: list[str]) -> pd.DataFrame:
    """The plant, and dcs that may be closed or opened; one of them may be small."""
    frame = pd.DataFrame({"site": ["P", *dcs], "kind": ["plant", *["dc"] * len(dcs)]})
    status = rng.choice(["open", "candidate"], len(dcs))
    frame["status"] = ["open", *status]
    frame["may_close"] = ["no", *["yes"] * len(dcs)]
    frame["fixed_cost"] = [0.0, *np.round(rng.uniform(50, 700, len(dcs)), -1)]
    frame["opening_cost"] = [0.0, *np.where(status == "candidate", np.round(rng.uniform(50, 700, len(dcs)), -2), 0)]
    frame["capacity"] = [np.nan, *np.where(rng.random(len(dcs)) < 0.2, 9000.0, np.nan)]
    return frame


def places(rng: np.random.Generator, customers: list[str], products: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame({"customer": customers})
    frame["tier"] = ["gold", "silver", *rng.choice(["gold", "silver"], len(customers) - 2)]
    by_product = len(products) == 2 and len(customers) == 4
    frame["single_source"] = str(rng.choice(["customer", "product"])) if by_product else "customer"
    return frame


def modes(rng: np.random.Generator) -> pd.DataFrame:
    """A truck and perhaps rail to the dcs, a van and perhaps a courier to customers."""
    rows = [{"mode": "truck", "serves": "moves", "speed": 400.0, "fixed_time": 1.0, "per_weight_distance": 0.00025},
            {"mode": "van", "serves": "deliveries", "speed": 350.0, "fixed_time": 0.3, "per_weight_distance": 0.0002}]
    if rng.random() < 0.6:
        rows.append({"mode": "rail", "serves": "moves", "speed": 120.0, "fixed_time": 3.0,
                     "per_weight_distance": 0.00003})
    if rng.random() < 0.6:
        rows.append({"mode": "courier", "serves": "deliveries", "speed": 1000.0, "fixed_time": 0.2,
                     "per_weight_distance": 0.0003})
    frame = pd.DataFrame(rows)
    frame["transit_cv"] = np.where(frame["serves"] == "moves", float(rng.choice([0.0, 0.2])), 0.0)
    return frame


def lanes(rng: np.random.Generator, dcs: list[str], customers: list[str]) -> pd.DataFrame:
    """Lanes to every dc and from every dc to every customer; from the plant where there are only two dcs, at times."""
    spot = dict(zip(["P", *customers], rng.uniform(0, 600, (len(customers) + 1, 2)), strict=True))
    spot |= dict(zip(dcs, np.array([[60, 100], [540, 150], [250, 580]]) + rng.uniform(-60, 60, (3, 2)), strict=False))
    origins = ["P", *dcs] if len(dcs) == 2 and rng.random() < 0.5 else dcs
    pairs = [("P", d) for d in dcs] + [(o, c) for o in origins for c in customers]
    return table(*({"origin": o, "destination": d, "distance": float(np.round(30 + np.hypot(*(spot[o] - spot[d]))))}
                   for o, d in pairs))


def demand(rng: np.random.Generator, customers: list[str], products: list[str], periods: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame({"customer": customers}).merge(pd.DataFrame({"product": products}), how="cross")
    frame["_usual"] = np.exp(rng.uniform(np.log(1.5), np.log(20), len(frame))) / len(products)
    frame["variance_to_mean"] = np.where(rng.random(len(frame)) < 0.3, np.round(rng.uniform(2, 20, len(frame))), np.nan)
    frame = frame.merge(periods, how="cross")
    frame["quantity"] = np.round(frame["_usual"] * frame["days"] * np.where(frame["period"] == "high", 1.6, 1.0))
    return frame[["customer", "product", "period", "quantity", "variance_to_mean"]]


def promises(rng: np.random.Generator, tables: Tables, rule: str) -> pd.DataFrame:
    """A short promise for gold that only the nearer dcs can keep, and a longer one, or none, for silver."""
    to_customers = tables["lanes"]["destination"].isin(tables["customers"]["customer"])
    fast = tables["modes"].loc[tables["modes"]["serves"] == "deliveries"].iloc[-1]
    nearest = tables["lanes"].loc[to_customers].groupby("destination")["distance"].min()
    far = nearest[tables["customers"].set_index("customer")["tier"].reindex(nearest.index) == "gold"].max()
    days = 0.25 + fast["fixed_time"] + far * rng.choice([1.05, 1.3]) / fast["speed"]
    gold = float(np.ceil(days * 20) / 20) + float(rng.choice([0.0, 0.0, 1.0]))
    silver = float(rng.choice([np.nan, gold + 1.0]))
    frame = table({"tier": "gold", "lead_time": gold, "fill_rate": float(rng.choice([0.97, 0.98, 0.99]))},
                  {"tier": "silver", "lead_time": silver, "fill_rate": float(rng.choice([0.8, 0.85, 0.9, 0.93]))})
    factors = np.round([rng.uniform(1.6, 2.6), rng.uniform(0.3, 1.1)], 2)
    if rule == "square_root" and rng.random() < 0.6:
        frame["safety_factor"] = factors
    return frame


def stocking(rng: np.random.Generator, dcs: list[str], tables: Tables) -> pd.DataFrame:
    """Lot sizes, stated lead times, fixed costs of stock, and at times stock at the plant for the dcs."""
    frame = pd.DataFrame({"site": ["P", *dcs]}).merge(tables["products"][["product"]], how="cross")
    plant = frame["site"] == "P"
    volume = tables["demand"].groupby("product")["quantity"].sum() / 365
    frame["make_cost"] = np.where(plant, 0.2, 0.0)
    frame["make_days"] = np.where(plant, 2.0, 0.0)
    frame["nominal_volume"] = np.round(frame["product"].map(volume) / np.where(plant, 1, len(dcs)), 2)
    frame["stock_fixed_cost"] = np.where(plant, 0.0, np.round(rng.uniform(0, 300, len(frame)), -1))
    frame["lot_size"] = np.where(rng.random(len(frame)) < 0.4, np.round(rng.uniform(5, 40, len(frame))), 0.0)
    if rng.random() < 0.25:
        frame["replenishment_days"] = np.where(plant, np.nan, np.round(rng.uniform(2, 9)))
        frame["replenishment_sd"] = np.where(plant, np.nan, float(rng.choice([0.0, 1.0])))
    steady = len(tables["periods"]) == 1  # else the plant's stock would depend on what is carried at the dcs
    steady &= "safety_factor" not in tables["promises"]  # else a better class might have the smaller factor
    if steady and tables["settings"]["longest_wait"] == 0 and rng.random() < 0.4:
        frame["replenishment_fill_rate"] = np.where(plant, 0.9, np.nan)
    return frame
