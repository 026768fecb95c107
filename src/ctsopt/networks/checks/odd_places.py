"""What looks odd about places, distances and times: far from all others, longer than any road, slower than a walk.

Guesses, never in the way. Each names the figure that was expected, and what the figure would be if the guess is right.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.networks.checks.lanes import coordinates
from ctsopt.networks.checks.odd_numbers import SENTINELS
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.geography import EARTH_RADIUS_KM, great_circle
from ctsopt.tables.raw import number_text
from ctsopt.tables.rules import Fault
from ctsopt.tables.typed import Tables

REMOTE = 1000.0
"""Kilometres to the nearest other place above which a place may lie where it was not meant to."""

NEARER = 8.0
"""A turned place must be so many times nearer to another one to be guessed at."""

DETOUR = 5.0
"""Times the great circle above which a stated distance may be in another unit or a slip."""

LONGEST = 30_000.0
"""A stated distance above this is longer than any voyage."""

SHORT = 50.0
"""Great-circle distances (km or miles) below which detours say nothing."""

UNITS = ((1000.0, "metres"), (100.0, "hundreds of metres"), (1e5, "centimetres"))
"""Units in which distances are exported, by the factor that they come out too long."""

WALK = 40.0
"""Distance a day below which transit times may be in hours: 500 km in 20 hours would read as 25 km a day."""

HOURS = 24.0


@rule("sites", "customers")
def place_far_from_all_others(t: Tables) -> Iterator[Fault]:
    """A place that is far from all others is not near one with its coordinates exchanged, or with another sign."""
    places = [(table, t.number(table, "latitude"), t.number(table, "longitude")) for table in ("sites", "customers")]
    for table, latitude, longitude in places:
        known = np.flatnonzero(~np.isnan(latitude) & ~np.isnan(longitude))
        if not len(known):
            continue
        nearest = _Nearest(places, table)
        at = latitude[known], longitude[known]
        here = nearest.to(*at, known)
        rows, words = [], []
        for word, turned in _turned(*at).items():
            there = nearest.to(*turned, known)
            hit = np.flatnonzero((here > REMOTE) & (there * NEARER < here) & np.isfinite(there))
            rows.append(known[hit])
            words += [f"{name}: {_km(away)} from the nearest {'site' if table == 'customers' else 'other place'}, "
                      f"{_km(near)} {word}" for name, away, near in
                      zip(t.text(table, table[:-1])[known[hit]], here[hit], there[hit], strict=True)]
        found, first = np.unique(np.concatenate(rows), return_index=True)
        yield Fault(table, "latitude", "the place is far from all others, and would be near one with its coordinates "
                    "turned", "if so, turn them", found, [words[i] for i in first], severity="odd")


def _km(distance: float) -> str:
    return f"{distance:,.0f} km"


def _turned(latitude: Floats, longitude: Floats) -> dict[str, tuple[Floats, Floats]]:
    """Other places that may have been meant; NaN where there is no such place."""
    possible = np.abs(longitude) <= 90
    return {"with latitude and longitude exchanged": (np.where(possible, longitude, np.nan), latitude),
            "with the other sign of its longitude": (latitude, -longitude),
            "with the other sign of its latitude": (-latitude, longitude)}


class _Nearest:
    """Distance in km to the nearest other place: of a customer, to the nearest site; of a site, to any other place."""

    def __init__(self, places: list[tuple[str, Floats, Floats]], table: str) -> None:
        from scipy.spatial import cKDTree

        parts, owners = [], []
        for name, latitude, longitude in places:
            known = np.flatnonzero(~np.isnan(latitude) & ~np.isnan(longitude))
            if table == "customers" and name == "customers":
                continue
            parts.append(_on_sphere(latitude[known], longitude[known]))
            owners.append(known if name == table else np.full(len(known), -1))
        self._owner = np.concatenate([*owners, [-2, -2]])
        points = np.concatenate(parts)
        self._count = len(points)
        self._tree = cKDTree(points) if self._count else None

    def to(self, latitude: Floats, longitude: Floats, who: Positions) -> Floats:
        """Distance from each point to the nearest place but itself; infinite where there is none."""
        away = np.full(len(latitude), np.inf)
        fine = np.flatnonzero(~np.isnan(latitude))
        if self._tree is None or not len(fine):
            return away
        chord, place = self._tree.query(_on_sphere(latitude[fine], longitude[fine]), k=[1, 2])
        itself = self._owner[np.minimum(place, self._count)] == who[fine][:, None]
        nearest = np.where(itself, np.inf, chord).min(axis=1)
        finite = np.isfinite(nearest)
        away[fine[finite]] = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(nearest[finite] / 2, 1.0))
        return away


def _on_sphere(latitude: Floats, longitude: Floats) -> Floats:
    """Points of the unit sphere; a chord c stands for a great circle of 2 R asin(c / 2)."""
    lat, lon = np.radians(latitude), np.radians(longitude)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


@rule("sites", "customers")
def place_without_a_place(t: Tables) -> Iterator[Fault]:
    """No place lies at latitude 0 and longitude 0, in the sea off Africa, where nothing was known."""
    for table in ("sites", "customers"):
        yield Fault(table, "latitude", "latitude and longitude are both 0, a point in the sea",
                    "if the place is not known, leave both blank",
                    (t.number(table, "latitude") == 0) & (t.number(table, "longitude") == 0), severity="odd")


def _air(t: Tables, table: str) -> Floats:
    """Great-circle distance between the named ends of each row, in the unit of distances; NaN where unknown."""
    start = coordinates(t, "sites", t.codes(table, "origin", "site"))
    air = np.full(t.count(table), np.nan)
    for places, axis in (("sites", "site"), ("customers", "customer")):
        end = coordinates(t, places, t.codes(table, "destination", axis))
        found = great_circle(start[0], start[1], end[0], end[1], str(t.settings["distance_unit"]))
        air = np.where(np.isnan(air), found, air)
    return air


@rule("sites", "customers")
def lane_longer_than_any_road(t: Tables) -> Iterator[Fault]:
    """A stated distance is not many times the great circle between the ends."""
    air, stated = _air(t, "lanes"), t.number("lanes", "distance")
    yield Fault("lanes", "distance", f"longer than {LONGEST:,.0f}, half way round the earth and half of it again",
                "is it in metres? 800,000 m are 800 km", (stated > LONGEST) & ~(air > SHORT)
                & ~np.isin(stated, SENTINELS), severity="odd")
    rows = np.flatnonzero((air > SHORT) & (stated > 0) & ~np.isin(stated, SENTINELS))
    if not len(rows):
        return
    ratio = stated[rows] / air[rows]
    road = float(t.settings["circuity"])
    whole = 2 * int(np.sum(ratio > DETOUR)) > len(rows)
    far = rows[(ratio > DETOUR) & (whole | (stated[rows] - air[rows] > REMOTE))]
    middle = float(np.median(stated[far] / air[far])) / road if len(far) else 1.0
    unit = next((word for factor, word in UNITS if factor / 2 < middle < factor * 2), "")
    guess = f"are they in {unit}?" if whole and unit else "correct the distance, or leave it blank"
    factor = next((factor for factor, word in UNITS if word == unit), 1.0)
    meant = f", {{:,.0f}} if it is in {unit}" if whole and unit else ""
    shown = [f"{number_text(stated[r])}, great circle {air[r]:,.0f}{meant.format(stated[r] / factor)}" for r in far]
    yield Fault("lanes", "distance", f"more than {DETOUR:g} times the great circle between the ends, where some "
                f"{road:g} times would be expected", guess, far, shown, severity="odd")


@rule("sites", "customers")
def miles_or_kilometres(t: Tables) -> Iterator[Fault]:
    """Stated distances are not all 1.6 times what roads usually are, as kilometres read as miles would be."""
    air, stated = _air(t, "lanes"), t.number("lanes", "distance")
    rows = np.flatnonzero((air > SHORT) & (stated > 0))
    if t.settings["distance_unit"] == "mi" and len(rows) >= 5:
        ratio = np.quantile(stated[rows] / air[rows], [0.1, 0.5, 0.9])
        if ratio[0] > 1.6 and ratio[2] < 2.9:
            yield Fault("lanes", "distance", f"the distances are {ratio[1]:.2f} times the great circle in miles, where "
                        "some 1.2 times would be expected", f"are they in km? They would be {ratio[1] / 1.609:.2f} "
                        "times (settings.distance_unit)", rows, severity="odd")


@rule("sites", "customers")
def slower_than_a_walk(t: Tables) -> Iterator[Fault]:
    """Transit times are days: a truck does some 600 km in one."""
    air, time = _air(t, "rates"), t.number("rates", "transit_time")
    rows = np.flatnonzero((air > SHORT) & (time > 1))
    if len(rows):
        slow = rows[air[rows] / time[rows] < WALK]
        if 2 * len(slow) > len(rows):
            yield Fault("rates", "transit_time", f"goods would go less than {WALK:g} a day",
                        "are the times in hours?", slow,
                        [f"{number_text(time[r])} days for {air[r]:,.0f}, {time[r] / HOURS:.2g} if in hours"
                         for r in slow], severity="odd")


@rule()
def whole_days_of_hours(t: Tables) -> Iterator[Fault]:
    """Times are days: 24, 48 and 72 are hours."""
    for table, column in (("promises", "lead_time"), ("sites", "processing_time"), ("modes", "fixed_time")):
        values = t.number(table, column)
        some: Bools = np.isfinite(values) & (values > 0)
        if some.any() and (values[some] % HOURS == 0).all():
            yield Fault(table, column, "every time is a multiple of 24 days", "are they in hours? 48 hours are 2 days",
                        some, [f"{number_text(v)} days, {number_text(v / HOURS)} if in hours" for v in values[some]],
                        severity="odd")


@rule("products", "modes")
def unit_heavier_than_a_load(t: Tables) -> Iterator[Fault]:
    """One unit weighs less than the largest load."""
    weight, load = t.number("products", "weight"), t.number("modes", "load_weight")
    largest = float(np.max(load, initial=0.0))
    if np.isfinite(largest) and largest > 0:
        heavy = np.flatnonzero(weight > largest)
        yield Fault("products", "weight", f"one unit weighs more than the largest load, {number_text(largest)} kg",
                    "is the weight in grams?", heavy,
                    [f"{number_text(w)} kg, {number_text(w / 1000)} if in grams" for w in weight[heavy]],
                    severity="odd")


@rule("products")
def charge_above_value(t: Tables) -> Iterator[Fault]:
    """What a rate charges for a unit is not many times what the unit is worth."""
    value = t.number("products", "unit_value")
    dearest = float(np.max(value, initial=0.0))
    if dearest <= 0:
        return
    charge = t.number("rates", "per_unit")
    at = t.codes("rates", "product")
    worth = np.where(at >= 0, np.append(value[np.argsort(t.codes("products", "product"))], 0.0)[at], dearest)
    rows = np.flatnonzero((charge > DETOUR * worth) & (worth > 0))
    yield Fault("rates", "per_unit", f"more than {DETOUR:g} times what the goods are worth",
                "is the charge for a pallet or a load, or the value for something smaller?", rows,
                [f"{number_text(charge[r])} a unit, which is worth {number_text(worth[r])}" for r in rows],
                severity="odd")
