"""Limits on lanes, modes, sites and sources of a random network, whole loads, contracts, duty and CO2."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ctsopt._random.draw import Draw, some, tame
from ctsopt._random.places import busiest, peak
from ctsopt.networks.schema import ALL

CONTRACTS = ["contract", "kind", "of", "group", "customer", "site", "origin", "destination", "mode", "product",
             "each_or_total", "limit", "quantity", "per"]


def products(draw: Draw, rng: np.random.Generator) -> None:
    """Values on which duty is paid."""
    if draw.on["duty"]:
        frame = draw.tables["products"]
        frame["unit_value"] = tame(rng.uniform(5, 40, len(frame)), 2)


def modes(draw: Draw, rng: np.random.Generator) -> None:
    """Whole loads, capacities and CO2; one mode of each kind has no capacity, faster modes emit more."""
    frame = draw.tables["modes"]
    count = len(frame)
    if draw.on["whole_loads"]:
        loaded = (np.isfinite(frame["load_weight"]) | np.isfinite(frame["load_volume"])).to_numpy()
        frame["whole_loads"] = np.where(loaded & ((rng.random(count) < 0.5) | (np.arange(count) == 0)), "yes", "no")
    if draw.on["mode_capacity"]:
        limited = np.array([False, True, rng.random() < 0.5])[:count] if count > 1 else np.array([True])
        share = rng.uniform(0.3, 1.5, count) if count > 1 else np.array([6.0])
        frame["capacity"] = np.where(limited, tame(share * peak(draw, "weight")), np.inf)
    if draw.on["carbon_price"] or draw.on["carbon_cap"]:
        frame["co2"] = tame(np.array([0.08, 0.25, 0.9])[:count] * rng.uniform(0.6, 1.5, count), 2)


def sites(draw: Draw, rng: np.random.Generator) -> None:
    """Minimums of some sites that need not be open, and of others little."""
    frame = draw.tables["sites"]
    if draw.on["min_throughput"]:
        free = (frame["status"].eq("candidate") | frame["may_close"].eq("yes")).to_numpy()
        share = np.where(free, rng.uniform(0.1, 0.6, len(frame)), 0.02)
        least = tame(share * [busiest(draw)[unit] for unit in frame["capacity_unit"]], 2)
        chosen = some(rng, len(frame), 0.4, first=True) & (frame["site"] != "P1").to_numpy()
        capacity = frame["capacity"].to_numpy(dtype=float) if "capacity" in frame else np.inf
        frame["min_throughput"] = np.where(chosen, np.minimum(least, tame(0.8 * np.minimum(capacity, 1e9))), 0.0)


def capacity_levels(draw: Draw, rng: np.random.Generator) -> pd.DataFrame | None:
    """Two or three sizes of some dcs and makers; the largest has room for everything."""
    if not draw.on["levels"]:
        return None
    sized = draw.tables["sites"][some(rng, len(draw.tables["sites"]), 0.4, first=True)]
    rows = []
    for site, unit in zip(sized["site"], sized["capacity_unit"], strict=True):
        shares = [*np.sort(rng.uniform(0.1, 0.9, rng.integers(1, 3))), 1.2]
        costs = np.cumsum(rng.uniform(100, 1500, len(shares)))
        rows += [(site, f"L{k + 1}", tame(share * busiest(draw)[unit])[0], tame(cost, 2)[0])
                 for k, (share, cost) in enumerate(zip(shares, costs, strict=True))]
    return pd.DataFrame(rows, columns=["site", "level", "capacity", "fixed_cost"])


def customers(draw: Draw, rng: np.random.Generator) -> None:
    """Groups of customers, and the most sources of some."""
    frame = draw.tables["customers"]
    if draw.on["same_site"] or draw.on["share_contracts"]:
        frame["group"] = np.where(rng.random(len(frame)) < 0.35, "chain", "")
        frame.loc[0, "group"] = "chain"
    if draw.on["max_sources"]:
        free = (frame["single_source"] == "no").to_numpy()
        frame["max_sources"] = np.where(free & some(rng, len(frame), 0.7, first=True),
                                        rng.choice([1.0, 2.0], len(frame), p=[0.3, 0.7]), np.inf)


def tiers(draw: Draw, rng: np.random.Generator) -> None:
    """Cost of running each tier."""
    if draw.on["program_cost"]:
        draw.tables["tiers"]["program_cost"] = tame(rng.uniform(50, 900, len(draw.tables["tiers"])), 2)


def lanes(draw: Draw, rng: np.random.Generator) -> None:
    """Fixed costs, minimums, maximums and duty of some lanes that are open; safe ones have no limit."""
    frame = draw.tables["lanes"]
    count, year = len(frame), peak(draw)
    spare = ~frame["_safe"].to_numpy(dtype=bool)
    share = np.where(frame["_moves"], 0.5, 1 / len(draw.tables["customers"]))
    if draw.on["lane_fixed"]:
        frame["fixed_cost"] = np.where(rng.random(count) < 0.6, tame(rng.uniform(20, 500, count), 2), 0.0)
    if draw.on["lane_minimum"]:
        frame["min_volume"] = np.where(spare & (rng.random(count) < 0.5),
                                       tame(rng.uniform(0.1, 0.9, count) * share * year, 2), 0.0)
    if draw.on["lane_maximum"]:
        least = frame["min_volume"].to_numpy(dtype=float) if draw.on["lane_minimum"] else 0.0
        most = np.maximum(least, tame(rng.uniform(0.1, 0.8, count) * share * year, 2))
        frame["max_volume"] = np.where(spare & (rng.random(count) < 0.6), most, np.inf)
    if draw.on["duty"]:
        frame["duty_rate"] = np.where(rng.random(count) < 0.5, np.round(rng.uniform(0.01, 0.2, count), 2), 0.0)


def contracts(draw: Draw, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Agreements on flows, each with a scope drawn from what there is."""
    rows: list[dict[str, Any]] = []
    year = min_year(draw)
    for kind, low, high in (("max_volume", 0.25, 0.9), ("min_volume", 0.02, 0.12)):
        if draw.on[f"{kind[:3]}_contracts"]:
            for number in range(int(rng.integers(1, 3))):
                scope = scope_of(draw, rng, kind)
                few = len(draw.tables["customers"]) if scope.get("customer") == ALL else 1
                rows.append({"contract": f"{kind[:3]} {number}", "kind": kind, **scope,
                             "quantity": tame(rng.uniform(low, high) * year / few, 2)[0]})
    if draw.on["share_contracts"]:
        for number in range(int(rng.integers(1, 3))):
            limit = str(rng.choice(["at_most", "at_least", "exactly"], p=[0.5, 0.42, 0.08]))
            share = rng.uniform(0.45, 0.95) if limit == "at_most" else rng.uniform(0.03, 0.25)
            rows.append({"contract": f"share {number}", "kind": "share", "limit": limit,
                         "quantity": float(np.round(share, 2)), **scope_of(draw, rng, "share")})
    for row in rows:
        say_what(draw, draw.rng(f"contract {row['contract']}, counted"), row)
    if draw.on["same_site"]:
        rows.append({"contract": "chain", "kind": "same_site", "group": "chain"})
    return rows


def say_what(draw: Draw, rng: np.random.Generator, row: dict[str, Any]) -> None:
    """Half of the contracts say which goods they count: some kind that fits their scope, and that is there."""
    end, start = row.get("destination"), row.get("site", row.get("origin"))
    if end in set(draw.names("customers")) or {"customer", "group"} & {*row}:
        fits = ["delivered"]
    elif end:
        fits = ["received", "moved"]
    elif start in draw.makers and "mode" not in row:
        fits = ["made", "moved"]
    else:
        fits = ["delivered", *(["moved", "received"] if row.get("limit", row["kind"]) in ("max_volume", "at_most")
                               else [])]
    if rng.random() < 0.5:
        row["of"] = str(rng.choice(fits))


def min_year(draw: Draw) -> float:
    """Units in a year at the pace of the whole horizon."""
    return float(draw.tables["demand"]["quantity"].sum() * 365 / draw.tables["periods"]["days"].sum())


def scope_of(draw: Draw, rng: np.random.Generator, kind: str) -> dict[str, Any]:
    """What a contract is about: a site, a lane, a mode or a dock, of all goods or of some."""
    lanes = draw.tables.get("lanes", pd.DataFrame({"status": []}))
    lanes = lanes[lanes["status"] == "open"]
    lane = lanes.sample(1, random_state=rng).iloc[0] if len(lanes) else {"origin": "D1", "destination": "C1"}
    safe = kind != "max_volume"  # a minimum is best on what is sure to be there
    site = str(rng.choice(draw.safe[1:] if safe else draw.names("sites", {"kind": ("dc", "plant", "supplier")})))
    mode = str(rng.choice(draw.modes("deliveries")))
    some_scopes: list[dict[str, Any]] = [
        {"site": site}, {"site": site, "customer": ALL, "each_or_total": str(rng.choice(["each", "total"]))},
        {"mode": mode}, {"origin": site, "mode": mode}, {"origin": str(lane["origin"])},
        {"destination": str(lane["destination"])},
        {"origin": str(lane["origin"]), "destination": str(lane["destination"])},
        {"site": site, "product": ALL, "each_or_total": "each"},
        {"site": site, "customer": str(rng.choice(draw.names("customers")))}]
    if kind != "min_volume":
        some_scopes += [{"site": ALL, "customer": ALL, "each_or_total": "each"}, {"site": ALL, "each_or_total": "each"}]
    if "group" in draw.tables["customers"]:
        some_scopes.append({"site": site, "group": "chain"})
    scope = dict(some_scopes[rng.integers(len(some_scopes))])
    if draw.on["several_periods"] and rng.random() < 0.4:
        scope["per"] = "period"
    return scope


def settings(draw: Draw, rng: np.random.Generator) -> dict[str, Any]:
    """Carbon price, carbon cap and budget, in proportion to what is moved."""
    chosen: dict[str, Any] = {}
    goods = draw.tables["demand"].merge(draw.tables["products"], on="product")
    years = draw.tables["periods"]["days"].sum() / 365
    tonnes, units = float((goods["quantity"] * goods["weight"]).sum()) / 1000 / years, min_year(draw)
    if draw.on["carbon_price"]:
        chosen["carbon_price"] = tame(rng.uniform(0.1, 3), 2)[0]
    if draw.on["carbon_cap"]:
        lengths = 400 if draw.on["miles"] else 640
        usual = tonnes * lengths * draw.tables["modes"]["co2"].median()
        chosen["carbon_cap"] = tame(rng.uniform(0.6, 1.6) * usual, 3)[0]
    if draw.on["budget"]:
        chosen["budget"] = tame(rng.uniform(8, 22) * units, 3)[0]
    return chosen
