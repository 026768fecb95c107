"""Modes, lanes and rates of a random network."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import pandas as pd

from ctsopt._random.draw import Draw, Floats, cross, some, tame
from ctsopt.networks.schema import ALL

RATE_PATTERNS: Mapping[int, tuple[str, ...]] = {
    0: ("****",), 1: ("z***", "*z**"), 2: ("n***", "*n**", "zz**", "**n*", "***n"),
    3: ("z*n*", "*z*n", "nz**", "zn**"), 4: ("nn**", "zzn*", "*nn*"), 5: ("nzn*", "z*nn"), 6: ("nnn*", "nn*n"),
    7: ("znnn",), 8: ("nnnn",)}
"""Names of a rate (origin, destination, mode, product: n = name, z = zone) by how specific they are.

One pattern of each count at most is drawn, so that no two rates can tie.
"""


def modes(draw: Draw, rng: np.random.Generator) -> pd.DataFrame:
    """One mode for all lanes, or a truck for moves (and sometimes deliveries) and two faster and dearer modes."""
    count = int(rng.integers(2, 4)) if draw.on["several_modes"] else 1
    frame = pd.DataFrame({"mode": ["truck", "parcel", "air"][:count]})
    frame["serves"] = ["both" if count == 1 else rng.choice(["moves", "both"], p=[0.2, 0.8]), "deliveries",
                       rng.choice(["deliveries", "both"])][:count]
    frame["speed"] = np.array([500.0, 800.0, 2500.0])[:count] + np.round(rng.uniform(-100, 200, count))
    frame["fixed_time"] = np.array([0.6, 0.4, 0.2])[:count] + np.round(rng.uniform(0, 0.4, count), 2)
    if draw.on["uncertain_transit"]:
        frame["transit_cv"] = np.round(rng.uniform(0.05, 0.35, count), 2)
        frame["transit_distribution"] = rng.choice(["lognormal", "gamma", "normal"], count)
    dear = np.array([1.0, 1.8, 3.5])[:count]
    frame["per_weight"] = tame(dear * rng.uniform(0.01, 0.08, count))
    frame["per_weight_distance"] = tame(dear * rng.uniform(2e-4, 9e-4, count))
    if draw.on["fuel"]:
        frame["fuel_surcharge"] = np.round(rng.uniform(0.03, 0.25, count), 2)
    if draw.on["shipment_charges"]:
        frame["per_shipment"] = tame(rng.uniform(1, 8, count), 2)
        frame["minimum_charge"] = tame(dear * rng.uniform(8, 25, count), 2)
    if draw.on["next_break"]:
        frame["bill_next_break"] = np.where(some(rng, count, 0.7, first=True), "yes", "no")
    return add_loads(draw, rng, frame)


def add_loads(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Loads of modes; those that serve moves need one where a tariff is no plain amount per unit."""
    count = len(frame)
    by_shipment = draw.on["shipment_charges"] or draw.on["weight_breaks"]
    loaded = np.full(count, draw.on["loads"]) | ((frame["serves"] != "deliveries").to_numpy() & by_shipment)
    own = (frame["mode"] == "parcel").to_numpy() & draw.on["own_vehicle"]
    loaded &= ~own
    weight, volume = tame(rng.uniform(2000, 9000, count), 2), tame(rng.uniform(10, 40, count), 2)
    by = rng.choice(["weight", "volume", "both"], count) if not draw.on["roomless"] else np.full(count, "weight")
    frame["load_weight"] = np.where(loaded & (by != "volume"), weight, np.inf)
    frame["load_volume"] = np.where(loaded & (by != "weight"), volume, np.inf)
    frame["load_factor"] = np.where(loaded, np.round(rng.uniform(0.6, 0.95, count), 2), 1.0)
    frame["per_distance"] = np.where(loaded, tame(rng.uniform(0.7, 2, count), 2), 0.0)
    frame.loc[own, "per_distance"] = tame(rng.uniform(0.03, 0.1), 2)
    frame.loc[own, ["per_weight", "per_weight_distance"]] = 0.0
    return frame


def pairs(draw: Draw, rng: np.random.Generator) -> pd.DataFrame:
    """Pairs of places between which lanes may run, `_all` where `open_lanes` makes the lane by itself."""
    customers, makers = draw.names("customers"), draw.makers
    dcs, docks = (draw.names("sites", {"kind": (kind,)}) for kind in ("dc", "crossdock"))
    supply = 0.15 if draw.on["dc_to_dc"] else 0.7  # a dc is replenished from another one where it must be
    tiers = draw.open_lanes == "tiered"
    blocks = [(makers, dcs, supply, True), (dcs, customers, 0.8, True), (makers, docks, 0.8, not tiers),
              (docks, dcs, 0.5, not tiers), (dcs, docks, 0.5, tiers), (docks, customers, 0.6, True)]
    blocks += [(makers, customers, 0.4, True)] if draw.on["direct"] else []
    blocks += [(dcs, dcs, 0.8, False)] if draw.on["dc_to_dc"] else []
    blocks += [(makers, draw.names("sites", {"kind": ("plant",)}), 0.8, False)] if draw.on["into_plants"] else []
    frames = []
    for origins, destinations, chance, free in blocks:
        block = cross(origins, destinations, ("origin", "destination"))
        frames.append(block.assign(_keep=rng.random(len(block)) < chance, _all=free))
    frame = pd.concat(frames, ignore_index=True)
    frame = frame[frame["origin"] != frame["destination"]].reset_index(drop=True)
    frame["_moves"] = ~frame["destination"].isin(customers)
    frame["_all"] &= frame["_moves"] | frame["origin"].isin(delivering(draw))
    last = dict(zip(customers, cycle(draw.safe[1:]), strict=False))  # who surely serves each customer
    chain = dict(zip(draw.safe, [*draw.safe[1:], ""], strict=True))
    frame["_safe"] = (frame["destination"].map(last) == frame["origin"]) | (
        frame["origin"].map(chain) == frame["destination"])
    frame["_keep"] = frame["_safe"] | (frame["_keep"] & ~(frame["origin"].eq("D1") & draw.on["dc_to_dc"]))
    return frame


def delivering(draw: Draw) -> list[str]:
    """Sites from which `open_lanes` makes lanes to customers: there are always dcs."""
    frame = draw.tables["sites"]
    stated = frame.get("delivers", pd.Series("", frame.index))
    return frame.loc[(stated == "yes") | ((stated == "") & frame["kind"].isin(["dc", "crossdock"])), "site"].tolist()


def lanes(draw: Draw, rng: np.random.Generator) -> pd.DataFrame:
    """Lanes with distances; some by mode, some closed."""
    frame = pairs(draw, rng)
    if draw.on["open_lanes"]:
        frame["_keep"] &= ~frame["_all"] | (rng.random(len(frame)) < 0.25)
    frame = frame[frame["_keep"]].reset_index(drop=True)
    frame["mode"], frame["status"], frame["distance"] = ALL, "open", distances(draw, rng, frame)
    if draw.on["lanes_by_mode"]:
        chosen = some(rng, len(frame), 0.3)
        both = rng.random(len(frame)) < 0.4  # rows by mode decide over the row for all modes
        frame = pd.concat([frame[~chosen | both], by_mode(draw, rng, frame[chosen])], ignore_index=True)
    if draw.on["closed_lanes"]:
        closed = ~frame["_safe"] & some(rng, len(frame), 0.2)
        closed &= frame["mode"] == ALL
        frame.loc[closed, "status"] = "closed"
        exceptions = by_mode(draw, rng, frame[(frame["mode"] == ALL) & ~frame["_safe"] & some(rng, len(frame), 0.4)])
        exceptions["status"] = exceptions["status"].map({"open": "closed", "closed": "open"})
        frame = pd.concat([frame, exceptions[rng.random(len(exceptions)) < 0.6]])
    return frame.drop_duplicates(["origin", "destination", "mode"])


def by_mode(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """The same lanes with a row, and a distance, for each mode that serves them."""
    serving = pd.DataFrame([(kind == "moves", mode) for kind in ("moves", "deliveries") for mode in draw.modes(kind)],
                           columns=["_moves", "mode"])
    spread = frame.drop(columns="mode").merge(serving, on="_moves")
    return spread.assign(distance=distances(draw, rng, spread))


def distances(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> Floats:
    """Stated distances: D1 neither near nor far, dcs and makers near their like. With coordinates most are blank."""
    count = len(frame)
    between = frame["origin"].str[0] == frame["destination"].str[0]
    near = np.select([frame["_safe"], between, frame["origin"].str.startswith("D")], [200, 30, 30], 50)
    far = np.select([frame["_safe"], between, frame["origin"].str.startswith("D")], [420, 120, 500], 700)
    stated = tame(rng.uniform(near, far) / (1.6 if draw.on["miles"] else 1.0))
    return np.where(rng.random(count) < 0.2, stated, np.nan) if draw.on["coordinates"] else stated


def rates(draw: Draw, rng: np.random.Generator) -> pd.DataFrame | None:
    """A rate card: sets of names of distinct specificity, each with its distance bands and weight breaks."""
    if not draw.on["rate_card"]:
        return None
    chosen = patterns(draw, rng)
    if draw.on["whole_loads"]:  # a load costs the same whatever is in it
        chosen = [pattern for pattern in chosen if pattern[3] == ALL] or ["****"]
    frame = pd.concat([rate_names(draw, rng, pattern) for pattern in chosen], ignore_index=True)
    frame["_level"] = rng.uniform(0.6, 4, len(frame))
    frame["_by_weight"] = rng.random(len(frame)) < 0.6
    low = 0.0 if not draw.on["next_break"] or (draw.tables["modes"]["bill_next_break"] == "no").any() else 12.5
    breaks = pd.DataFrame({"from_weight": [low, 47.5, 160.5] if draw.on["weight_breaks"] else [0.0]})
    bands = pd.DataFrame({"from_distance": [0.0, 155.5, 371.5] if draw.on["distance_bands"] else [0.0]})
    frame = frame.merge(bands, how="cross").merge(breaks, how="cross")
    return priced(draw, rng, frame)


def patterns(draw: Draw, rng: np.random.Generator) -> list[str]:
    """Patterns of names, one of each count at most; `+` stands for pairs of places that have no lane yet."""
    counts = rng.choice(len(RATE_PATTERNS), size=rng.integers(2, 5), replace=False)
    chosen = {int(count): str(rng.choice(RATE_PATTERNS[int(count)])) for count in counts}
    if draw.on["rate_lanes"]:
        chosen[4] = "++**"
    return list(chosen.values())


def priced(draw: Draw, rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Amounts and transit times of every row of rates."""
    count, weight = len(frame), float(draw.tables["products"]["weight"].mean())
    level = frame["_level"] * (1 + frame["from_distance"] / 500) * (1 - frame["from_weight"] / 300) * rng.uniform(
        0.9, 1.1, count)
    frame["per_unit"] = np.where(frame["_by_weight"], 0.0, tame(level))
    frame["per_weight"] = np.where(frame["_by_weight"], tame(level / weight), 0.0)
    if draw.on["weight_breaks"] or draw.on["shipment_charges"]:
        frame["per_shipment"] = tame(rng.uniform(0.5, 6, count), 2)
        frame["minimum_charge"] = tame(rng.uniform(5, 20, count), 2)
    if draw.on["rate_transit"]:
        frame["transit_time"] = np.where(rng.random(count) < 0.6, np.round(rng.uniform(0.3, 1.8, count), 2), np.nan)
        if draw.on["uncertain_transit"]:
            frame["transit_sd"] = np.where(rng.random(count) < 0.5, np.round(rng.uniform(0.1, 0.6, count), 2), np.nan)
    return frame


def rate_names(draw: Draw, rng: np.random.Generator, pattern: str) -> pd.DataFrame:
    """Up to four sets of names of this pattern, from lanes that are open by all modes (or not listed at all)."""
    listed = draw.tables["lanes"]
    if pattern[0] == "+":
        keys = ["origin", "destination"]
        every = pairs(draw, rng)
        listed = every[~every.set_index(keys).index.isin(listed.set_index(keys).index)]
    else:
        listed = listed[(listed["mode"] == ALL) & (listed["status"] == "open")]
    chosen = listed.sample(min(len(listed), 4), random_state=rng)[["origin", "destination", "_moves"]]
    kinds = {True: draw.modes("moves"), False: draw.modes("deliveries")}
    chosen["mode"] = [str(rng.choice(kinds[bool(moves)])) for moves in chosen["_moves"]]
    chosen["product"] = rng.choice(draw.names("products"), len(chosen))
    sites, customers = draw.tables["sites"], draw.tables["customers"]
    zone = {**dict(zip(sites["site"], sites["zone"], strict=True)),
            **dict(zip(customers["customer"], customers["zone"], strict=True))}
    for column, letter in zip(("origin", "destination", "mode", "product"), pattern, strict=True):
        if letter == "z":
            chosen[column] = chosen[column].map(zone)
        elif letter == "*":
            chosen[column] = ALL
    names = chosen.drop(columns="_moves").drop_duplicates()
    return names[(names != "").all(axis=1)]
