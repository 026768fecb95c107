"""What ways share besides sites: lanes with limits, lanes on which loads are paid for whole, modes with a capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctsopt.keys import BLANK, Axis, Coded, Floats, Keys, Positions
from ctsopt.networks.lanes import Legs
from ctsopt.networks.rates import Rates
from ctsopt.networks.way_findings import Notes
from ctsopt.tables.typed import Tables


@dataclass(frozen=True, eq=False)
class Resources:
    """Shared resources of ways.

    Attributes
    ----------
    lanes : Coded
        Rows of `lanes` with a fixed cost or a limit: keys origin, destination (a place), mode (blank: all modes
        together); measures fixed_cost, min_volume, max_volume (per year).
    loads : Coded
        Lanes on which loads are whole: keys origin, destination, mode; measures cost (money), weight (kg) and volume
        (m3) of one load.
    places : Axis
        Sites, then customers: where a lane may end.
    """

    lanes: Coded
    loads: Coded
    places: Axis


@dataclass(frozen=True, eq=False)
class LegUse:
    """One leg of some ways: `way` holds their positions, `keys` origin, destination (a place) and mode of the leg."""

    way: Positions
    keys: Keys


def resources(t: Tables, rates: Rates, between: Legs, outbound: Legs, notes: Notes) -> Resources:
    """The shared resources of a network; what is wrong with its whole loads becomes findings."""
    places = Axis("place", [*t.axes["site"].labels, *t.axes["end"].labels])
    return Resources(_limited_lanes(t, places), _load_lanes(t, places, rates, between, outbound, notes), places)


def legs_of(t: Tables, places: Axis, ways: Coded) -> tuple[LegUse, LegUse]:
    """The last leg of every way, and the first leg of those over a cross-dock."""
    keys = ways.index
    start, via = keys["site" if "site" in keys.columns else "origin"], keys["via"]
    end = keys["destination"] if "destination" in keys.columns else keys["customer"] + np.int32(len(t.axes["site"]))
    over = np.flatnonzero(via != BLANK)
    axes = {"origin": t.axes["site"], "destination": places, "mode": t.axes["mode"]}
    last = Keys.make(axes, origin=np.where(via == BLANK, start, via), destination=end, mode=keys["mode_out"])
    first = Keys.make(axes, origin=start[over], destination=via[over], mode=keys["mode_in"][over])
    return LegUse(np.arange(len(keys)), last), LegUse(over, first)


def _limited_lanes(t: Tables, places: Axis) -> Coded:
    frame = t.frames["lanes"]
    limited = (frame["fixed_cost"] > 0) | (frame["min_volume"] > 0) | np.isfinite(frame["max_volume"])
    frame = frame[limited & (frame["status"] == "open")]
    axes = {"origin": t.axes["site"], "destination": places, "mode": t.axes["mode"]}
    keys = Keys.make(axes, origin=axes["origin"].codes(frame["origin"]),
                     destination=places.codes(frame["destination"]), mode=axes["mode"].codes(frame["mode"]))
    return Coded(keys, {c: frame[c].to_numpy(dtype=float) for c in ("fixed_cost", "min_volume", "max_volume")})


def _load_lanes(t: Tables, places: Axis, rates: Rates, between: Legs, outbound: Legs, notes: Notes) -> Coded:
    modes = t.frames["modes"]
    whole = modes["whole_loads"].to_numpy(dtype=bool)
    parts, cost = [], []
    for legs, shift in ((between, 0), (outbound, len(t.axes["site"]))):
        some = legs.take(whole[legs.mode])
        parts.append((some.origin, some.destination + np.int32(shift), some.mode))
        cost.append(_cost_of_load(t, rates, some, notes))
    origin, destination, mode = (np.concatenate([part[k] for part in parts]) for k in range(3))
    axes = {"origin": t.axes["site"], "destination": places, "mode": t.axes["mode"]}
    filling = modes["load_factor"].to_numpy(dtype=float)[mode]
    loads = {c: modes[f"load_{c}"].to_numpy(dtype=float)[mode] * filling for c in ("weight", "volume")}
    endless = np.isinf(loads["weight"]) & np.isinf(loads["volume"])
    if endless.any():
        notes.add("load_needed", "modes", "loads are paid for whole, and the mode does not say what a load holds",
                  "give the mode load_weight or load_volume",
                  *_counted(t.axes["mode"].names(np.unique(mode[endless])).tolist()))
    return Coded(Keys.make(axes, origin=origin, destination=destination, mode=mode),
                 {"cost": np.concatenate(cost), **loads})


def _cost_of_load(t: Tables, rates: Rates, legs: Legs, notes: Notes) -> Floats:
    """Cost of one load on each leg, which must not depend on the product."""
    products = len(t.axes["product"])
    leg, product = (a.ravel() for a in np.meshgrid(np.arange(len(legs)), np.arange(products), indexing="ij"))
    match = rates.match(legs.origin[leg], legs.destination[leg], legs.mode[leg], product.astype(np.int32),
                        legs.distance[leg], to_customers=legs.to_customers)
    band = np.maximum(match.band, 0)
    cost = rates.per_load(band, legs.mode[leg], legs.distance[leg]).reshape(len(legs), products)
    differs = np.asarray(np.ptp(cost, axis=1) > 1e-9 * np.maximum(1.0, cost.max(axis=1)))
    if differs.any():
        notes.add("load_cost_differs", "rates", "loads are paid for whole, but their cost differs by product",
                  "give one row of rates for all products on lanes of the mode", *_lane_names(t, legs.take(differs)))
    broken = np.asarray((rates.breaks(band).reshape(len(legs), products) > 1).any(axis=1))
    if broken.any():
        notes.add("whole_loads_with_breaks", "rates", "loads are paid for whole, but the rate has weight breaks",
                  "give one row with from_weight 0, or a mode without whole_loads",
                  *_lane_names(t, legs.take(broken)))
    return cost[:, 0] if products else np.zeros(len(legs))


def _lane_names(t: Tables, legs: Legs) -> tuple[list[str], int]:
    """Lanes in words."""
    sites, ends = t.axes["site"], t.axes["end" if legs.to_customers else "site"]
    lanes = zip(sites.names(legs.origin), ends.names(legs.destination), t.axes["mode"].names(legs.mode), strict=True)
    return _counted([f"{start} to {end} by {mode}" for start, end, mode in lanes])


def _counted(names: list[str]) -> tuple[list[str], int]:
    return names, len(names)
