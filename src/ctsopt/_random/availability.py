"""Promises on availability of a random network, and what stock they buy: fill rates, lots, lead times, sharing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ctsopt._random.draw import Draw, cross, some, tame


def settings(draw: Draw, rng: np.random.Generator) -> dict[str, Any]:
    """How stock is sized and shared."""
    if not draw.on["availability"]:
        return {}
    level = rng.choice(["average", "each"]) if draw.on["several_periods"] else "average"
    return {"stock_rule": str(rng.choice(["curve", "square_root"])), "stock_level": str(level),
            "stock_sharing": str(rng.choice(["pooled", "separate", "rationed"])),
            "pipeline_on": str(rng.choice(["moves", "all", "none"])), "lead_time_levels": int(rng.integers(1, 4)),
            "longest_wait": int(rng.integers(0, 3)), "review_time": float(rng.choice([1.0, 2.0, 7.0])),
            "order_interval": float(rng.choice([0.0, 3.0, 10.0])), "holding_rate": float(rng.choice([0.15, 0.25, 0.4])),
            "order_crossing": str(rng.choice(["no", "yes"])), "early_dispatch": str(rng.choice(["no", "no", "yes"]))}


def products(draw: Draw, rng: np.random.Generator) -> None:
    """Value and variance to mean; at times all products are one group."""
    if not draw.on["availability"]:
        return
    frame = draw.tables["products"]
    frame["unit_value"] = tame(rng.uniform(20, 120, len(frame)), 2)
    frame["variance_to_mean"] = tame(rng.uniform(2, 20, len(frame)), 2)
    frame["stock_group"] = "all" if rng.random() < 0.3 else ""


def promises(draw: Draw, rng: np.random.Generator) -> None:
    """A fill rate for every promise but at times the last, the lower the lower the tier."""
    if not draw.on["availability"]:
        return
    names = draw.names("tiers")
    frame = draw.tables.get("promises", pd.DataFrame({"tier": names, "product_class": "*"}))
    rates = pd.Series(np.round([0.99, 0.95, 0.88][:len(names)] - rng.uniform(0, 0.03, len(names)), 3), index=names)
    frame["fill_rate"] = rates.reindex(frame["tier"]).to_numpy()
    if len(frame) > 1 and rng.random() < 0.3:
        frame.loc[frame.index[-1], "fill_rate"] = np.nan
    draw.tables["promises"] = frame


def demand(draw: Draw, rng: np.random.Generator) -> None:
    """Some customers whose demand varies in a way of its own."""
    if not draw.on["availability"]:
        return
    frame = draw.tables["demand"]
    own = rng.random(len(frame)) < 0.3
    frame["variance_to_mean"] = np.where(own, tame(rng.uniform(2, 25, len(frame)), 2), np.nan)


def sites(draw: Draw, _: np.random.Generator) -> None:
    """Where stock is kept for a promise, a site without any storage could not serve anybody."""
    frame = draw.tables["sites"]
    if draw.on["availability"] and "storage_capacity" in frame:
        frame["storage_capacity"] = frame["storage_capacity"].where(frame["storage_capacity"] > 0, np.inf)


def site_products(draw: Draw, rng: np.random.Generator) -> None:
    """Lots, lead times, cost of stocking at all, and the volume at which safety factors are worked out."""
    if not draw.on["availability"]:
        return
    listed = draw.tables.get("site_products", cross(draw.makers, draw.names("products"), ("site", "product")))
    dcs = draw.names("sites", {"kind": ("dc",)})
    listed = listed.merge(cross(dcs, draw.names("products"), ("site", "product")), how="outer")
    for name, usual in (("make_cost", 0.0), ("make_capacity", np.inf), ("can_stock", "yes"), ("make_days", 0.0),
                        ("opening_stock", 0.0), ("ending", "same")):
        if name in listed:
            listed[name] = listed[name].fillna(usual)
    count = len(listed)
    days = draw.tables["periods"]["days"].sum()
    daily = draw.tables["demand"].groupby("product")["quantity"].sum() / days
    listed["nominal_volume"] = np.maximum(tame(listed["product"].map(daily).fillna(0.1) / 2), 0.01)
    listed["lot_size"] = np.where(rng.random(count) < 0.4, tame(rng.uniform(3, 60, count), 2), 0.0)
    listed["stock_fixed_cost"] = np.where(rng.random(count) < 0.4, tame(rng.uniform(20, 300, count), 2), 0.0)
    stated = some(rng, count, 0.25, first=True)
    listed["replenishment_days"] = np.where(stated, np.round(rng.uniform(1, 12, count), 1), np.nan)
    listed["replenishment_sd"] = np.where(stated & (rng.random(count) < 0.5), np.round(rng.uniform(0.2, 2, count), 1),
                                          np.nan)
    draw.tables["site_products"] = listed
