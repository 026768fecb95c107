"""Stock over the periods of a random network: seasons, storage, opening stock, what it costs to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt._random.draw import Draw, Floats, cross, tame
from ctsopt._random.places import busiest, room_of

if TYPE_CHECKING:
    import pandas as pd


def seasons(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> Floats:
    """Demand of each period over the usual one: a low one first, a high one last."""
    count = len(draw.tables["periods"])
    pace = np.linspace(0.5, 1.8, count) * rng.uniform(0.9, 1.1, count) if draw.on["stock"] else np.ones(count)
    return pace[frame["period"].map({t: k for k, t in enumerate(draw.names("periods"))}).to_numpy()]


def products(draw: Draw, rng: np.random.Generator) -> None:
    """A value of every product, and of some a holding rate of their own."""
    if not draw.on["stock"]:
        return
    frame = draw.tables["products"]
    frame["unit_value"] = tame(rng.uniform(2, 20, len(frame)), 2)
    frame["holding_rate"] = np.where(rng.random(len(frame)) < 0.3, np.round(rng.uniform(0.05, 0.3, len(frame)), 2),
                                     np.nan)


def sites(draw: Draw, rng: np.random.Generator) -> None:
    """Storage of some sites (`P1` has room for everything); none at all where nothing is carried."""
    if not draw.on["several_periods"]:
        return
    frame = draw.tables["sites"]
    if not draw.on["stock"]:
        frame["storage_capacity"] = 0.0
    elif draw.on["storage"]:
        most = tame(rng.uniform(0.002, 0.03, len(frame)) * [busiest(draw)[unit] for unit in frame["capacity_unit"]], 2)
        chance = rng.random(len(frame))
        frame["storage_capacity"] = np.where(chance < 0.35, 0.0, np.where(chance < 0.9, most, np.inf))
        frame.loc[frame["site"] == "P1", "storage_capacity"] = np.inf


def site_products(draw: Draw, rng: np.random.Generator) -> None:
    """Opening stock of some products at some sites that are open today and may keep it."""
    if not draw.on["opening_stock"]:
        return
    held = cross(draw.names("sites", {"kind": ("dc",)}), draw.names("products"), ("site", "product"))
    listed = draw.tables["site_products"].merge(held, how="outer")
    for name, usual in (("make_cost", 0.0), ("make_capacity", np.inf), ("can_stock", "yes"), ("make_days", 0.0)):
        listed[name] = listed[name].fillna(usual) if name in listed else usual
    site = draw.tables["sites"].set_index("site").loc[listed["site"]]
    storage = site["storage_capacity"].to_numpy(dtype=float) if "storage_capacity" in site else np.inf
    may = (site["status"] == "open").to_numpy() & (listed["can_stock"] == "yes").to_numpy()
    may &= (listed["make_capacity"] > 0).to_numpy() & (storage > 0)
    wanted = draw.tables["demand"].groupby("product")["quantity"].sum()
    units = rng.uniform(0.03, 0.2, len(listed)) * listed["product"].map(wanted).fillna(0.0).to_numpy()
    goods, room = len(draw.tables["products"]), room_of(draw, site["capacity_unit"], listed["product"])
    fits = np.divide(0.8 * storage, goods * room, out=np.full(len(listed), np.inf), where=room > 0)
    chosen = may & ((rng.random(len(listed)) < 0.6) | (listed["site"] == "P1").to_numpy())
    listed["opening_stock"] = np.where(chosen, tame(np.minimum(units, fits), 2), 0.0)
    listed["ending"] = np.where(listed["opening_stock"] > 0, rng.choice(["same", "free", "value"], len(listed)), "same")
    draw.tables["site_products"] = listed
