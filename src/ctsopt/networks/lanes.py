"""Legs: which lanes exist between sites and to customers, by which modes, and how long they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctsopt.keys import Bools, Floats, Ints
from ctsopt.networks.geography import great_circle
from ctsopt.tables.typed import Tables

_EVERY_MODE = -1


@dataclass(frozen=True, eq=False)
class Legs:
    """Lanes that exist, one per origin, destination and mode.

    Attributes
    ----------
    origin, destination, mode : int32 arrays
        Codes; destinations are sites or customers, see `to_customers`.
    distance : float array
        In settings.distance_unit; NaN where neither a lane nor coordinates state it.
    duty_rate : float array
        Share of unit_value that is paid on goods that come in by the lane.
    to_customers : bool
        Whether the destinations are customers.
    """

    origin: Ints
    destination: Ints
    mode: Ints
    distance: Floats
    duty_rate: Floats
    to_customers: bool

    def __len__(self) -> int:
        return len(self.origin)

    def take(self, keep: Bools | Ints) -> Legs:
        """Some of the legs."""
        return Legs(self.origin[keep], self.destination[keep], self.mode[keep], self.distance[keep],
                    self.duty_rate[keep], self.to_customers)


def usable_sites(t: Tables) -> Bools:
    """For each site, whether a plan may use it: open today, or a candidate that may be opened."""
    sites = t.frames["sites"]
    status = sites["status"].to_numpy(dtype=object)
    return np.asarray((status == "open") | ((status == "candidate") & sites["may_open"].to_numpy(dtype=bool)))


def legs(t: Tables, *, to_customers: bool, existing: bool = True) -> Legs:
    """Lanes to customers, or between sites, from `lanes`, `rates` and settings.open_lanes, in canonical order.

    A row of `lanes` that names the mode decides over one for all modes, both over a row of `rates`, and all over
    `open_lanes`. With `existing=False` also those that are closed, or whose sites are.
    """
    parts = [_listed(t, to_customers=to_customers), _rated(t, to_customers=to_customers)]
    if t.settings["open_lanes"] != "listed":
        parts.append(_opened(t, to_customers=to_customers))
    found = pd.concat(parts, ignore_index=True)
    found = _expand_modes(t, found, to_customers=to_customers)
    usable = usable_sites(t) | (not existing)
    keep = usable[found["origin"]]
    if not to_customers:
        keep &= usable[found["destination"]] & (found["origin"] != found["destination"]).to_numpy()
    found = found[keep]
    found = found.sort_values(["origin", "destination", "mode", "priority"], kind="stable")
    found = found.drop_duplicates(["origin", "destination", "mode"])
    found = found[found["open"] | (not existing)]
    origin, destination, mode = (found[c].to_numpy(dtype=np.int32) for c in ("origin", "destination", "mode"))
    distance = found["distance"].to_numpy(dtype=np.float64, copy=True)
    unknown = np.isnan(distance)
    distance[unknown] = _road_distance(t, origin[unknown], destination[unknown], to_customers=to_customers)
    return Legs(origin, destination, mode, distance, found["duty_rate"].to_numpy(dtype=np.float64), to_customers)


def _frame(origin: Ints, destination: Ints, mode: Ints, priority: int | Ints, distance: object = np.nan,
           status: object = True, duty_rate: object = 0.0) -> pd.DataFrame:
    frame = pd.DataFrame({"origin": origin, "destination": destination, "mode": mode, "priority": priority,
                          "distance": distance, "open": status, "duty_rate": duty_rate})
    return frame[(frame["origin"] >= 0) & (frame["destination"] >= 0)]


def _ends(t: Tables, table: str, *, to_customers: bool) -> tuple[Ints, Ints, Ints]:
    """Codes of origin, destination and mode of a table; -1 where it is not a name of that kind."""
    frame = t.frames[table]
    destinations = t.axes["end" if to_customers else "site"]
    return (t.axes["site"].codes(frame["origin"]), destinations.codes(frame["destination"]),
            t.axes["mode"].codes(frame["mode"]))


def _listed(t: Tables, *, to_customers: bool) -> pd.DataFrame:
    frame = t.frames["lanes"]
    origin, destination, mode = _ends(t, "lanes", to_customers=to_customers)
    return _frame(origin, destination, mode, np.where(mode == _EVERY_MODE, 1, 0).astype(np.int32),
                  frame["distance"].to_numpy(dtype=float), (frame["status"] == "open").to_numpy(dtype=bool),
                  frame["duty_rate"].to_numpy(dtype=float))


def _rated(t: Tables, *, to_customers: bool) -> pd.DataFrame:
    origin, destination, mode = _ends(t, "rates", to_customers=to_customers)
    return _frame(origin, destination, mode, 2)


def delivers(t: Tables) -> Bools:
    """For each site, whether settings.open_lanes makes lanes from it to customers.

    By default goods pass a dc or cross-dock on their way, with its handling, wherever there is one.
    """
    stated, kind = (t.frames["sites"][c].to_numpy(dtype=object) for c in ("delivers", "kind"))
    last = np.isin(kind, ["dc", "crossdock"])
    by_default = last | ((t.settings["open_lanes"] == "all") & ~last.any())
    return np.asarray((stated == "yes") | ((stated == "") & by_default))


def _opened(t: Tables, *, to_customers: bool) -> pd.DataFrame:
    """Lanes that settings.open_lanes makes."""
    kind = t.frames["sites"]["kind"].to_numpy(dtype=object)
    places = np.arange(len(kind), dtype=np.int32)
    if to_customers:
        ends = np.arange(len(t.axes["customer"]), dtype=np.int32)
        origin, destination = (a.ravel() for a in np.meshgrid(places[delivers(t)], ends, indexing="ij"))
    else:
        origin, destination = (a.ravel() for a in np.meshgrid(places, places, indexing="ij"))
        maker, dc, dock = np.isin(kind, ["plant", "supplier"]), kind == "dc", kind == "crossdock"
        if t.settings["open_lanes"] == "tiered":
            inner = (maker[origin] & dc[destination]) | (dc[origin] & dock[destination])
        else:
            inner = (maker[origin] & (dc | dock)[destination]) | (dock[origin] & dc[destination])
        origin, destination = origin[inner], destination[inner]
    return _frame(origin, destination, np.full(len(origin), _EVERY_MODE, dtype=np.int32), 3)


def _expand_modes(t: Tables, found: pd.DataFrame, *, to_customers: bool) -> pd.DataFrame:
    """One row per mode that serves the lane, in place of `*`; rows with a mode that does not serve it go."""
    serves = t.frames["modes"]["serves"].to_numpy(dtype=object)
    fitting = np.flatnonzero(np.isin(serves, ["both", "deliveries" if to_customers else "moves"])).astype(np.int32)
    every = (found["mode"] == _EVERY_MODE).to_numpy()
    named = found[~every & np.isin(found["mode"], fitting)]
    starred = found[every]
    spread = starred.loc[starred.index.repeat(len(fitting))].assign(mode=np.tile(fitting, len(starred)))
    return pd.concat([named, spread], ignore_index=True)


def _road_distance(t: Tables, origin: Ints, destination: Ints, *, to_customers: bool) -> Floats:
    sites, ends = t.frames["sites"], t.frames["customers" if to_customers else "sites"]
    place = [frame[c].to_numpy(dtype=float)[codes] for frame, codes in ((sites, origin), (ends, destination))
             for c in ("latitude", "longitude")]
    air = great_circle(place[0], place[1], place[2], place[3], str(t.settings["distance_unit"]))
    return air * float(t.settings["circuity"])
