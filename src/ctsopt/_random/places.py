"""Sites of a random network, what they make and stock, and limits on how many are open."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from ctsopt._random.draw import Draw, Floats, cross, located, some, tame
from ctsopt.networks.schema import ALL


def sites(draw: Draw, rng: np.random.Generator) -> pd.DataFrame:
    """Makers, dcs and cross-docks; the safe ones have room for everything."""
    least = len(draw.safe) - 1 + draw.on["closed_sites"] + draw.on["unstocked"]
    counts = {"P": int(rng.integers(2, 4)), "D": max(int(rng.integers(2, 5)), least),
              "X": int(rng.integers(1, 3)) if draw.on["cross_docks"] else 0}
    names = [f"{letter}{i + 1}" for letter, count in counts.items() for i in range(count)]
    frame = located(draw, rng, pd.DataFrame({"site": names}))
    letter = frame["site"].str[0]
    frame["kind"] = letter.map({"P": "plant", "D": "dc", "X": "crossdock"})
    if draw.on["suppliers"]:
        frame.loc[np.flatnonzero(letter == "P")[some(rng, counts["P"], 0.5)], "kind"] = "supplier"
    frame["group"] = np.where((letter == "D") & (rng.random(len(frame)) < 0.8), "network", "")
    frame["fixed_cost"] = tame(rng.uniform(200, 1500, len(frame)), 2)
    frame = add_room(draw, rng, add_status(draw, rng, frame))
    return add_delivers(draw, draw.rng("sites, delivers"), frame) if draw.on["open_lanes"] else frame


def add_delivers(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Some makers deliver by lanes that are not listed, and some sites that need not do not."""
    maker, free = frame["kind"].isin(["plant", "supplier"]), ~frame["site"].isin(draw.safe)
    chance = rng.random(len(frame))
    frame["delivers"] = np.select([maker & (chance < 0.5) & draw.on["direct"], ~maker & free & (chance < 0.25)],
                                  ["yes", "no"], "")
    return frame


def add_status(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Which sites may be opened or closed; safe ones are open or may be opened."""
    count, safe = len(frame), frame["site"].isin(["P1", "D1"]).to_numpy()
    frame["status"], frame["may_open"], frame["may_close"] = "open", "yes", "no"
    if draw.on["candidates"]:
        chosen = ~safe & some(rng, count, 0.5)
        chosen[frame.index[frame["site"] == "D2"]] = True
        frame.loc[chosen, "status"] = "candidate"
        frame.loc[chosen & (rng.random(count) < 0.15) & ~frame["site"].isin(draw.safe), "may_open"] = "no"
        frame["opening_cost"] = np.where(chosen, tame(rng.uniform(500, 6000, count), 2), 0.0)
    if draw.on["closable"]:
        chosen = (frame["status"] == "open").to_numpy() & (frame["site"] != "P1").to_numpy() & some(rng, count, 0.7)
        chosen[frame.index[frame["site"] == "D1"]] = True
        frame.loc[chosen, "may_close"] = "yes"
        frame["closing_cost"] = np.where(chosen, tame(rng.uniform(100, 3000, count), 2), 0.0)
    if draw.on["closed_sites"]:
        last = frame.index[frame["kind"] == "dc"][-1]  # never one of the safe ones: there is one dc more
        frame.loc[last, ["status", "may_close"]] = ("closing" if draw.on["closable"] else "closed", "no")
    return frame


def add_room(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Capacity and handling in the unit of each site, and processing times."""
    count = len(frame)
    goods = draw.tables["products"]
    room = {"units": 1.0, "kg": goods["weight"].max(), "m3": goods["volume"].max(),
            "pallets": 1 / goods["pallet_units"].min()}
    room = {unit: most for unit, most in room.items() if most > 0}
    units = rng.choice(list(room), count) if draw.on["capacity_units"] else np.full(count, "units")
    largest = np.array([room[unit] for unit in units])
    at_peak = busiest(draw)
    frame["capacity_unit"] = units
    if draw.on["capacities"]:
        safe = frame["site"].isin(draw.safe).to_numpy()
        shares = np.where(safe, 1.1, rng.uniform(0.1, 0.6, count))
        limited = rng.random(count) < 0.8
        frame["capacity"] = np.where(limited, tame(shares * [at_peak[unit] for unit in units]), np.inf)
    if draw.on["handling"]:
        frame["handling_in"] = tame(rng.uniform(0.02, 0.3, count) / largest, 2)
        frame["handling_out"] = tame(rng.uniform(0.05, 0.7, count) / largest, 2)
    if draw.on["processing"]:
        frame["processing_time"] = np.where(rng.random(count) < 0.6, np.round(rng.uniform(0.1, 0.8, count), 2), np.nan)
    return frame


def busiest(draw: Draw) -> dict[str, float]:
    """Peak of all demand in each capacity unit."""
    return {"units": peak(draw), "kg": peak(draw, "weight"), "m3": peak(draw, "volume"),
            "pallets": peak(draw, "_pallets")}


def peak(draw: Draw, measure: str = "", product: str = "") -> float:
    """Yearly demand at the pace of the busiest period, in units or a measure of products; of one product or of all."""
    goods = draw.tables["products"].assign(_pallets=lambda p: 1 / p["pallet_units"])
    frame = draw.tables["demand"].merge(draw.tables["periods"], on="period").merge(goods, on="product")
    frame = frame[frame["product"] == product] if product else frame
    pace = frame["quantity"] * 365 / frame["days"] * (frame[measure] if measure else 1.0)
    return max(1.0, float(pace.groupby(frame["period"]).sum().max())) if len(frame) else 1.0


def room_of(draw: Draw, unit: pd.Series, product: pd.Series) -> Floats:
    """Capacity units that a unit of each product takes, counted in each unit."""
    goods = draw.tables["products"].set_index("product").loc[product]
    taken: Floats = np.select([(unit == name).to_numpy() for name in ("kg", "m3", "pallets")],
                              [goods["weight"], goods["volume"], 1 / goods["pallet_units"]], 1.0)
    return taken


def steady(draw: Draw, product: str) -> float:
    """Least yearly pace of making a product that keeps up with its demand where stock may be built up."""
    days = draw.tables["periods"].set_index("period")["days"]
    demand = draw.tables["demand"]
    wanted = demand[demand["product"] == product].groupby("period")["quantity"].sum().reindex(days.index, fill_value=0)
    return max(1.0, float((wanted.cumsum() / days.cumsum()).max() * 365))


def site_products(draw: Draw, rng: np.random.Generator) -> pd.DataFrame | None:
    """What makers make (P1: everything), and what dcs (but D1) do not handle."""
    goods, makers = draw.names("products"), draw.makers
    frames = []
    if draw.on["make_lists"]:
        frames.append(made(draw, rng, cross(makers, goods, ("site", "product"))))
    elif draw.on["unstocked"] or draw.on["opening_stock"]:
        frames.append(cross(makers, goods, ("site", "product")))
    if draw.on["unstocked"]:
        dcs = [d for d in draw.names("sites", {"kind": ("dc",)}) if d not in draw.safe]
        held = cross(dcs, goods, ("site", "product"))
        held["can_stock"] = np.where(some(rng, len(held), 0.3, first=True), "no", "yes")
        frames.append(held)
    if not frames:
        return None
    frame = pd.concat(frames, ignore_index=True)
    return frame.fillna({"make_cost": 0.0, "make_capacity": np.inf, "can_stock": "yes", "make_days": 0.0})


def made(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Who makes what: P1 everything, the others some of it; costs, capacities, make to order."""
    frame = frame[(frame["site"] == "P1") | (rng.random(len(frame)) < 0.75)].reset_index(drop=True)
    first, count = (frame["site"] == "P1").to_numpy(), len(frame)
    frame["make_cost"] = tame(rng.uniform(2, 12, count))
    frame["make_capacity"] = np.where(~first & (rng.random(count) < 0.15), 0.0, np.inf)
    if draw.on["make_capacity"]:
        pace = steady if draw.on["stock"] else partial(peak, measure="")
        limit = np.where(first, 1.1, rng.uniform(0.1, 0.5, count)) * [pace(draw, product=p) for p in frame["product"]]
        limited = rng.random(count) < 0.8
        frame["make_capacity"] = np.where(limited, np.minimum(frame["make_capacity"], tame(limit)),
                                          frame["make_capacity"])
    if draw.on["make_to_order"]:
        frame["can_stock"] = np.where(~first & (rng.random(count) < 0.5), "no", "yes")
        frame["make_days"] = np.where(rng.random(count) < 0.7, np.round(rng.uniform(0.3, 2, count), 1), 0.0)
    return frame


def contracts(draw: Draw, rng: np.random.Generator) -> list[dict[str, object]]:
    """Limits that can be met on the number of open dcs, and sometimes of all sites."""
    if not draw.on["sites_in_group"]:
        return []
    sites = draw.tables["sites"]
    rows: list[dict[str, object]] = []
    for name, group in (("dcs", "network"), ("all", ALL)):
        members = sites[sites["group"].eq(group) | (group == ALL)]
        barred = members["status"].isin(["closing", "closed"])
        barred |= members["status"].eq("candidate") & members["may_open"].eq("no")
        fixed = members["status"].eq("open") & members["may_close"].eq("no")
        low, high = int(fixed.sum()), int((~barred).sum())
        if high == low or (name == "all" and rng.random() < 0.6):
            continue
        limit = str(rng.choice(["at_most", "at_least", "exactly"]))
        rows.append({"contract": name, "kind": "sites_in_group", "group": group, "limit": limit,
                     "quantity": float(rng.integers(max(low, 1), high + 1))})
    return rows
