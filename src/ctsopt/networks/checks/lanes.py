"""Rules about lanes, modes and rates: what can run where, and what is never used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctsopt.keys import Axis, Bools, Floats, Ints, Positions
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.geography import great_circle
from ctsopt.networks.schema import ALL, NAMES_SEPARATOR
from ctsopt.tables.raw import number_text
from ctsopt.tables.rules import Fault
from ctsopt.tables.typed import Tables

SLOWEST_PER_DAY = 150.0
"""Distance per day below which a speed is probably meant per hour."""

SHORTER_THAN_AIR = 0.98
"""Share of the great-circle distance below which a stated distance is probably wrong."""


def _open(t: Tables) -> Bools:
    return t.equal("lanes", "status", "open")


def _kind_of(t: Tables, table: str, column: str, *kinds: str) -> Bools:
    """Rows whose origin or destination is a site of one of these kinds."""
    marked = np.zeros(len(t.axes["site"]) + 1, dtype=bool)
    marked[t.codes("sites", "site")[t.equal("sites", "kind", *kinds)]] = True
    marked[-1] = False
    return np.asarray(marked[t.codes(table, column, "site")])


def _named(t: Tables, table: str, where: Bools) -> tuple[Positions, list[str]]:
    """Positions of the marked lanes, and their ends in words."""
    rows = np.flatnonzero(where)
    origin, destination = t.text(table, "origin")[rows], t.text(table, "destination")[rows]
    return rows, [f"{o} to {d}" for o, d in zip(origin, destination, strict=True)]


@rule()
def lane_to_itself(t: Tables) -> Iterator[Fault]:
    """A lane, or a rate for one lane, ends elsewhere than it starts."""
    for table in ("lanes", "rates"):
        site = t.codes(table, "origin", "site")
        same = (site >= 0) & (site == t.codes(table, "destination", "site"))
        yield Fault(table, "destination", "the lane ends where it starts", "correct one of the ends", same)


@rule("sites")
def lane_into_supplier(t: Tables) -> Iterator[Fault]:
    """Nothing is delivered into a supplier. (A plant may receive what another site makes.)"""
    for table, makes_lane in (("lanes", _open(t)), ("rates", t.codes("rates", "origin", "site") >= 0)):
        yield Fault(table, "destination", "the lane ends at a supplier, which only sends",
                    "turn the lane round, or make the site a plant or dc",
                    _kind_of(t, table, "destination", "supplier") & makes_lane)


@rule("sites")
def lane_between_crossdocks(t: Tables) -> Iterator[Fault]:
    """A way passes at most one cross-dock, so a lane between two is never used."""
    rows, values = _named(t, "lanes", _kind_of(t, "lanes", "origin", "crossdock")
                          & _kind_of(t, "lanes", "destination", "crossdock") & _open(t))
    yield Fault("lanes", "destination", "the lane is never used: a way passes at most one cross-dock",
                "delete it, or make one of the sites a dc", rows, values, severity="warning")


@rule("sites", "customers", "modes")
def mode_does_not_serve(t: Tables) -> Iterator[Fault]:
    """The mode of a lane, or of a rate for one lane, serves that kind of lane."""
    serves = np.append(np.asarray(t.text("modes", "serves"), dtype=object), "")
    place = np.full(len(t.axes["mode"]) + 1, len(serves) - 1)
    place[t.codes("modes", "mode")] = np.arange(t.count("modes"))
    place[-1] = len(serves) - 1
    for table in ("lanes", "rates"):
        mode = serves[place[t.codes(table, "mode")]]
        from_site = t.codes(table, "origin", "site") >= 0
        if table == "lanes":
            from_site &= _open(t)
        for axis, wrong, kind in (("site", "deliveries", "between sites"), ("customer", "moves", "to a customer")):
            to = t.codes(table, "destination", axis) >= 0
            yield Fault(table, "mode", f"the mode serves {wrong} only, and the lane runs {kind}",
                        "choose another mode, or change modes.serves", from_site & to & (mode == wrong))


@rule("sites", "customers")
def lane_shorter_than_air(t: Tables) -> Iterator[Fault]:
    """A stated distance is not shorter than the great circle between the ends."""
    stated = t.number("lanes", "distance")
    start = coordinates(t, "sites", t.codes("lanes", "origin", "site"))
    for table, axis in (("sites", "site"), ("customers", "customer")):
        end = coordinates(t, table, t.codes("lanes", "destination", axis))
        air = great_circle(start[0], start[1], end[0], end[1], str(t.settings["distance_unit"]))
        rows = np.flatnonzero(stated < SHORTER_THAN_AIR * air)
        yield Fault("lanes", "distance", "the distance is shorter than the great circle between the ends",
                    f"correct the distance, its unit (settings.distance_unit is {t.settings['distance_unit']}), or the "
                    "coordinates", rows, [f"{number_text(stated[r])}, great circle {air[r]:.1f}" for r in rows],
                    severity="warning")


def coordinates(t: Tables, table: str, codes: Ints) -> tuple[Floats, Floats]:
    """Latitude and longitude of places by code; NaN where unknown."""
    axis = "site" if table == "sites" else "customer"
    found = []
    for column in ("latitude", "longitude"):
        values = np.full(len(t.axes[axis]) + 1, np.nan)
        values[t.codes(table, axis)] = t.number(table, column)
        values[-1] = np.nan
        found.append(values[codes])
    return found[0], found[1]


@rule()
def speed_per_hour(t: Tables) -> Iterator[Fault]:
    """Speeds are distances per day: a truck at 80 km/h does some 600 km in a day."""
    yield Fault("modes", "speed", f"less than {SLOWEST_PER_DAY:g} in a day: is it a speed per hour?",
                "write the distance travelled in a day, rests included", t.number("modes", "speed") < SLOWEST_PER_DAY,
                severity="warning")


@rule("sites", "customers", "lanes", "rates", "tiers")
def unused_mode(t: Tables) -> Iterator[Fault]:
    """Every mode can run on some lane, and a mode that only delivers is allowed to some tier."""
    if "modes" not in t.given:
        return
    used = np.zeros((2, t.count("modes")), dtype=bool)  # between sites, to customers
    serves = np.stack([~t.equal("modes", "serves", "deliveries"), ~t.equal("modes", "serves", "moves")])
    for table in ("lanes", "rates"):
        from_site = t.codes(table, "origin", "site") >= 0
        for kind, axis in enumerate(("site", "customer")):
            here = from_site & (t.codes(table, "destination", axis) >= 0)
            named = t.texts(table, "mode").take(here)
            present = set(named.values())
            used[kind] |= ALL in present
            used[kind] |= t.equal("modes", "mode", *present)
    if t.settings["open_lanes"] != "listed":
        used[:] = True
    lists = t.texts("tiers", "modes").labels
    allowed = np.full(t.count("modes"), "" in lists)
    for label in lists:
        allowed |= t.equal("modes", "mode", *label.split(NAMES_SEPARATOR))
    used[1] &= allowed
    yield Fault("modes", "mode", "no lane is run by this mode, or no tier allows it",
                "name it in lanes, rates or tiers.modes, or delete it", ~(used & serves).any(axis=0)
                & ~t.bad("modes", "serves") & ~t.equal("modes", "mode", ""), severity="warning")


@rule("sites", "customers", "lanes", "modes")
def unused_rate(t: Tables) -> Iterator[Fault]:
    """Every row of rates matches some lane (of those listed, where only listed lanes exist)."""
    if t.settings["open_lanes"] != "listed" or not t.count("rates"):
        return
    exact = t.codes("rates", "origin", "site") >= 0
    exact &= (t.codes("rates", "destination", "site") >= 0) | (t.codes("rates", "destination", "customer") >= 0)
    names = {c: Axis(c, t.texts("rates", c).labels.tolist()) for c in ("origin", "destination", "mode")}
    rates = {c: t.texts("rates", c).codes for c in names}
    lanes = {c: _texts_of_lanes(t, names[c], c, exact) for c in names}
    zones = {c: _zones_of_lanes(t, names[c], c, exact) for c in ("origin", "destination")}
    star = {c: np.full(len(lanes[c]), names[c].codes([ALL])[0]) for c in names}
    every = _starred_lanes(t, exact)
    size = len(names["destination"])
    matched = exact.copy()
    for start in (lanes["origin"], zones["origin"], star["origin"]):
        for end in (lanes["destination"], zones["destination"], star["destination"]):
            known = (start >= 0) & (end >= 0)
            if not known.any():
                continue
            pair, asked = start.astype(np.int64) * size + end, rates["origin"] * size + rates["destination"]
            for kind, fits in _modes_that_fit(t).items():
                matched |= np.isin(asked, pair[known & every[kind]]) & fits
            for mode in (lanes["mode"], star["mode"]):
                here = known & (mode >= 0)
                radix = len(names["mode"])
                matched |= np.isin(asked * radix + rates["mode"], (pair * radix + mode)[here])
    reported = np.logical_or.reduce([t.bad("rates", c) for c in names])
    rows, values = _named(t, "rates", ~matched & ~reported)
    yield Fault("rates", "", "the rate matches no lane",
                "correct origin, destination or mode, or list the lane in lanes", rows, values, severity="warning")


def _texts_of_lanes(t: Tables, axis: Axis, column: str, exact: Bools) -> Ints:
    """Codes of a column of `lanes` (open ones), then of the rates that name both ends: they make lanes, too."""
    parts = []
    for table, keep in (("lanes", _open(t)), ("rates", exact)):
        texts = t.texts(table, column).take(keep)
        parts.append(axis.codes(texts.labels)[texts.codes] if len(texts) else np.zeros(0, dtype=np.int32))
    return np.concatenate(parts)


def _zones_of_lanes(t: Tables, axis: Axis, column: str, exact: Bools) -> Ints:
    """As `_texts_of_lanes`, for the zone of the place; -1 where it has none."""
    parts = []
    for table, keep in (("lanes", _open(t)), ("rates", exact)):
        found = np.full(t.count(table), -1, dtype=np.int32)
        for places, key in (("sites", "site"), ("customers", "customer")):
            zone = np.full(len(t.axes[key]) + 1, -1, dtype=np.int32)
            texts = t.texts(places, "zone")
            zone[t.codes(places, key)] = np.where(texts.blank(), -1, axis.codes(texts.labels)[texts.codes])
            zone[-1] = -1
            found = np.maximum(found, zone[t.codes(table, column, key)])
        parts.append(found[keep])
    return np.concatenate(parts)


def _starred_lanes(t: Tables, exact: Bools) -> dict[str, Bools]:
    """Lanes for every mode, in the order of `_texts_of_lanes`: those that end at a site, and at a customer."""
    parts = (("lanes", _open(t)), ("rates", exact))
    return {axis: np.concatenate([(t.equal(table, "mode", ALL) & (t.codes(table, "destination", axis) >= 0))[keep]
                                  for table, keep in parts]) for axis in ("site", "customer")}


def _modes_that_fit(t: Tables) -> dict[str, Bools]:
    """Rates whose mode may run to a site, and to a customer."""
    found = {}
    for axis, serves in (("site", "moves"), ("customer", "deliveries")):
        names = t.text("modes", "mode")[t.equal("modes", "serves", serves, "both")]
        found[axis] = t.equal("rates", "mode", ALL, *names)
    return found


@rule()
def transit_of_later_break(t: Tables) -> Iterator[Fault]:
    """Transit times hold for a distance band: those of its first row count, whatever the weight."""
    if not t.count("rates"):
        return
    band = t.frames["rates"][["origin", "destination", "mode", "product", "from_distance"]]
    first = np.append(True, (band.iloc[1:].to_numpy() != band.iloc[:-1].to_numpy()).any(axis=1))
    at = np.flatnonzero(first)[np.cumsum(first) - 1]
    for column in ("transit_time", "transit_sd"):
        stated = t.number("rates", column)
        yield Fault("rates", column, "transit times do not depend on weight: only the first row of a distance band "
                    "counts, and it states another one", "state it in the first row of the band, or leave it "
                    "blank here",
                    ~first & ~np.isnan(stated) & (stated != stated[at]), severity="warning")


@rule()
def transit_sd_without_time(t: Tables) -> Iterator[Fault]:
    """A transit time of 0 is certain: a standard deviation has no effect."""
    at_once = (t.number("modes", "fixed_time") == 0) & np.isposinf(t.number("modes", "speed"))
    timed = np.zeros(len(t.axes["mode"]) + 1, dtype=bool)
    timed[t.codes("modes", "mode")] = at_once
    timed[-1] = bool(at_once.all())
    mean, varies = t.number("rates", "transit_time"), t.number("rates", "transit_sd") > 0
    yield Fault("rates", "transit_sd", "the transit time is 0, so that its standard deviation has no effect",
                "give a transit_time above 0, or leave transit_sd blank",
                varies & ((mean == 0) | (np.isnan(mean) & ~t.bad("rates", "transit_time")
                                         & timed[t.codes("rates", "mode")])), severity="warning")
    stated = set(t.texts("rates", "mode").take(mean > 0).values())
    none_stated = ~t.equal("modes", "mode", *stated) if ALL not in stated else np.zeros(t.count("modes"), dtype=bool)
    yield Fault("modes", "transit_cv", "the mode takes no time (fixed_time 0, no speed, no rate with a transit_time), "
                "so that its transit_cv has no effect", "give speed or fixed_time, or leave transit_cv blank",
                (t.number("modes", "transit_cv") > 0) & at_once & none_stated, severity="warning")
