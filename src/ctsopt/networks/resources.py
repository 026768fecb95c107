"""What ways share besides sites: lanes with limits, lanes on which loads are paid for whole, modes with a capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctsopt.keys import BLANK, Axis, Bools, Coded, Floats, Ints, Keys, Positions
from ctsopt.networks.lanes import Legs
from ctsopt.networks.rates import Rates
from ctsopt.networks.schema import ALL
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


def signatures(t: Tables, shared: Resources, ways: Coded) -> tuple[npt.NDArray[np.int64], Bools]:
    """Which shared resources each way takes, as a number (0 = none), and whether one of them has a minimum."""
    size = len(ways)
    marks: list[Ints] = []
    minimum = np.zeros(size, dtype=bool)
    limited = np.isfinite(t.frames["modes"]["capacity"].to_numpy(dtype=float))
    named, wants_more = _named_in_contracts(t, shared.places)
    for leg in legs_of(t, shared.places, ways):
        every = Keys(dict(leg.keys.columns) | {"mode": np.full(len(leg.keys), BLANK, dtype=np.int32)}, leg.keys.axes)
        for index, keys in ((shared.lanes, leg.keys), (shared.lanes, every), (shared.loads, leg.keys)):
            found = index.index.find(keys)
            marks.append(_mark(size, leg.way, found))
            if "min_volume" in index.measures:
                minimum[leg.way] |= np.append(index.measures["min_volume"] > 0, False)[found]
        mode, scoped = leg.keys["mode"], named["mode"][leg.keys["mode"]]
        scoped = scoped | named["origin"][leg.keys["origin"]] | named["destination"][leg.keys["destination"]]
        marks.append(_mark(size, leg.way, np.where(limited[mode] | scoped, mode, BLANK)))
        marks += [_mark(size, leg.way, np.where(scoped, leg.keys[end], BLANK)) for end in ("origin", "destination")]
        minimum[leg.way] |= scoped & wants_more
    floor = t.frames["sites"]["min_throughput"].to_numpy(dtype=float) > 0
    at, via = named["site"], ways.index["via"]
    marks.append(np.where(np.append(floor | at, False)[via], via, BLANK).astype(np.int32))
    minimum |= np.append(floor | (at & (wants_more | named["each"])), False)[via]
    # Most networks share nothing, and most ways of the others: only what is marked is sorted.
    used = [mark for mark in marks if (mark != BLANK).any()]
    signature = np.zeros(size, dtype=np.int64)
    if used:
        some = np.flatnonzero(np.logical_or.reduce([mark != BLANK for mark in used]))
        _, number = np.unique(np.stack([mark[some] for mark in used]), axis=1, return_inverse=True)
        signature[some] = number.ravel() + 1
    return signature, minimum


def _mark(size: int, way: Positions, found: npt.ArrayLike) -> Ints:
    mark = np.full(size, BLANK, dtype=np.int32)
    mark[way] = np.asarray(found, dtype=np.int32)
    return mark


def _named_in_contracts(t: Tables, places: Axis) -> tuple[dict[str, Bools], bool]:
    """Modes, ends of lanes and sites that a contract on flows names, and whether one of these contracts asks for more.

    A contract for each site names them all: what leaves one counts for another, so that `each` stands for both senses.
    """
    frame = t.frames["contracts"]
    frame = frame[frame["kind"].isin(["min_volume", "max_volume", "share"])]
    axes = {"mode": t.axes["mode"], "origin": t.axes["site"], "destination": places, "site": t.axes["site"]}
    named = {name: np.isin(np.arange(len(axis)), axis.codes(frame[name])) for name, axis in axes.items()}
    named["each"] = np.full(len(t.axes["site"]), ((frame["site"] == ALL) & (frame["each_or_total"] == "each")).any())
    named["site"] |= named["each"]
    more = (frame["kind"] == "min_volume") | ((frame["kind"] == "share") & (frame["limit"] != "at_most"))
    return named, bool(more.any())


