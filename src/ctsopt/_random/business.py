"""Periods, products, tiers, promises, customers and demand of a random network."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctsopt._random import stock
from ctsopt._random.draw import Draw, Floats, located, some, tame
from ctsopt.networks.schema import ALL, NAMES_SEPARATOR


def periods(draw: Draw, rng: np.random.Generator) -> pd.DataFrame:
    """One year, or some periods that are no year together."""
    if not draw.on["several_periods"]:
        return pd.DataFrame({"period": ["year"], "days": [365.0]})
    days = rng.choice([31.0, 59.0, 92.0, 120.0, 184.0], size=rng.integers(2, 4), replace=False)
    return pd.DataFrame({"period": [f"T{i + 1}" for i in range(len(days))], "days": days})


def products(draw: Draw, rng: np.random.Generator) -> pd.DataFrame:
    """Products with weight, volume and pallets."""
    names = ["bolt", "nut", "gear"][: rng.integers(2, 4) if draw.on["several_products"] else 1]
    count = len(names)
    frame = pd.DataFrame({"product": names, "product_class": rng.choice(["A", "B"], count)})
    frame["weight"] = tame(rng.uniform(1, 15, count))
    frame["volume"] = tame(rng.uniform(0.005, 0.08, count), 2)
    frame["pallet_units"] = tame(rng.uniform(10, 120, count), 2)
    if draw.on["roomless"]:
        frame.loc[0, ["volume", "pallet_units"]] = (0.0, np.inf)
    return frame


def tiers(draw: Draw, rng: np.random.Generator) -> pd.DataFrame:
    """Tiers in the order of their rank, with modes and shortage cost."""
    names = ["gold", "silver", "bronze"][: rng.integers(2, 4) if draw.on["several_tiers"] else 1]
    frame = pd.DataFrame({"tier": names, "rank": np.arange(1.0, len(names) + 1)})
    if draw.on["tier_modes"]:
        usual = draw.modes("deliveries")
        picks = [[m for m, keep in zip(usual, some(rng, len(usual), 0.5, first=True), strict=True) if keep]
                 for _ in names]
        frame["modes"] = [NAMES_SEPARATOR.join(pick) for pick in picks]
    if draw.on["served_fraction"]:
        frame["shortage_cost"] = tame(rng.uniform(2, 20, len(names)), 2)
    return frame


def promises(draw: Draw, rng: np.random.Generator) -> pd.DataFrame | None:
    """Promises by tier (and class): a higher tier is never promised a longer lead time."""
    forms = [form for form in ("each_order", "share_certain", "share_expected") if draw.on[form]]
    if not forms and not draw.on["served_fraction"]:
        return None
    names = draw.names("tiers")
    frame = covered(draw, rng, names)
    count = len(frame)
    if forms:
        least = days_needed(draw)[[names.index(t) for t in frame["tier"]]]
        frame["lead_time"] = np.round(least * rng.uniform(0.8, 1.2, count), 2)
        frame["on_time_form"] = rng.permutation(np.resize(rng.permutation(forms), count))
        frame["reliability"] = rng.choice([0.75, 0.85, 0.9, 0.95], count)
        frame["on_time_share"] = np.round(rng.uniform(0.65, 0.95, count), 2)
    if draw.on["served_fraction"]:
        below = some(rng, count, 0.7, first=True)
        frame["served_fraction"] = np.where(below, np.round(rng.uniform(0.5, 0.95, count), 2), 1.0)
    if draw.on["served_fraction_each"]:
        frame["served_fraction_each"] = np.round(rng.uniform(0.4, 0.9, count) * frame["served_fraction"], 2)
    if draw.on["per_period"]:
        frame["per"] = np.where(some(rng, count, 0.8, first=True), "period", "horizon")
    return frame


def days_needed(draw: Draw) -> Floats:
    """Days in which the fastest mode of each tier comes 420 far, half as much again from rank to rank."""
    modes, tiers = draw.tables["modes"].set_index("mode"), draw.tables["tiers"]
    deviation = 1.4 * modes["transit_cv"] if draw.on["uncertain_transit"] else 0.0
    days = (modes["fixed_time"] + 420 / modes["speed"]) * (1 + deviation) + (0.5 if draw.on["processing"] else 0.0)
    usual = NAMES_SEPARATOR.join(draw.modes("deliveries"))
    allowed = tiers["modes"] if draw.on["tier_modes"] else [usual] * len(tiers)
    fastest = np.array([days[names.split(NAMES_SEPARATOR)].min() for names in allowed])
    least: Floats = np.maximum.accumulate(fastest) * 1.5 ** np.arange(len(tiers))
    return least


def covered(draw: Draw, rng: np.random.Generator, names: list[str]) -> pd.DataFrame:
    """The keys of promises: all classes of a tier, or one class by itself; the lowest tier may lack the rest."""
    frame = pd.DataFrame({"tier": names, "product_class": ALL})
    if draw.on["class_promises"]:
        own = sorted(set(draw.tables["products"]["product_class"]))[:1]
        chosen = pd.DataFrame({"tier": names, "product_class": own[0]})[some(rng, len(names), 0.6, first=True)]
        lowest_unpromised = (frame["tier"] == names[-1]) & (rng.random() < 0.4) & (names[-1] in set(chosen["tier"]))
        frame = pd.concat([frame[~lowest_unpromised], chosen], ignore_index=True)
    return frame


def customers(draw: Draw, rng: np.random.Generator) -> pd.DataFrame:
    """Customers with zone, tier and sourcing."""
    count = int(rng.integers(3, 7))
    frame = located(draw, rng, pd.DataFrame({"customer": [f"C{i + 1}" for i in range(count)]}))
    names = draw.names("tiers")
    frame["tier"] = [*names, *rng.choice(names, count - len(names))]
    frame["single_source"] = "no"
    for name in ("product", "customer"):
        if draw.on[f"single_source_{name}"]:
            frame.loc[some(rng, count, {"product": 0.8, "customer": 0.4}[name]), "single_source"] = name
    return frame


def demand(draw: Draw, rng: np.random.Generator) -> pd.DataFrame:
    """Demand by customer, product and period, with drop sizes."""
    frame = draw.tables["customers"][["customer"]].merge(draw.tables["products"][["product"]], how="cross")
    frame = frame[(rng.random(len(frame)) < 0.85) | ~frame["customer"].duplicated()]
    frame = frame.merge(draw.tables["periods"], how="cross")
    count = len(frame)
    season = stock.seasons(draw, draw.rng("demand, stock"), frame)
    usual = rng.uniform(100, 900, count) * frame["days"] / 365
    frame["quantity"] = tame(usual * rng.uniform(0.3, 1.7, count) * season)
    frame["order_size"] = tame(rng.uniform(1, 30, count), 2)
    if draw.on["profiles"]:
        frame["profile"] = np.where(some(rng, count, 0.6, first=True), rng.choice(["small", "mixed"], count), "")
        frame.loc[frame["profile"] != "", "order_size"] = np.nan
    return frame.drop(columns="days")


def order_profiles(draw: Draw, rng: np.random.Generator) -> pd.DataFrame | None:
    """Two distributions of drop sizes."""
    if not draw.on["profiles"]:
        return None
    shares = [0.55, 0.45, 0.5, 0.3, 0.2]
    sizes = tame(np.array([1, 5, 3, 20, 60]) * rng.uniform(0.8, 1.2, 5), 2)
    return pd.DataFrame({"profile": ["small"] * 2 + ["mixed"] * 3, "size": sizes, "share": shares})
