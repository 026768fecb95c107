"""Lanes: which exist, by which modes, and how long they are. A lane is written `origin-destination-mode distance`."""

from __future__ import annotations

import math

import pytest

import ctsopt as cts
from ctsopt.networks.lanes import legs
from tests.small import chain, lanes, table

MODES = table({"mode": "rail", "serves": "moves", "per_weight": 1},
              {"mode": "van", "serves": "deliveries", "per_weight": 1}, {"mode": "truck", "per_weight": 1})


def exist(tables: dict, *, to_customers: bool) -> list[str]:
    """All lanes in words."""
    net = cts.network(tables)
    found = legs(net.content, to_customers=to_customers)
    ends = net.axes["customer" if to_customers else "site"]
    return [f"{o}-{d}-{m}" + ("" if math.isnan(x) else f" {x:g}") for o, d, m, x in zip(
        net.axes["site"].names(found.origin), ends.names(found.destination), net.axes["mode"].names(found.mode),
        found.distance, strict=True)]


def test_a_star_is_every_mode_that_serves_the_lane():
    tables = chain(modes=MODES)
    assert exist(tables, to_customers=False) == ["P-D-rail", "P-D-truck"]
    assert exist(tables, to_customers=True) == ["D-C-truck", "D-C-van"]


def test_a_row_with_the_modes_name_decides_over_a_star_for_distance_too():
    listed = table({"origin": "P", "destination": "D"}, {"origin": "D", "destination": "C", "distance": 50},
                   {"origin": "D", "destination": "C", "mode": "van", "distance": 70})
    assert exist(chain(modes=MODES, lanes=listed), to_customers=True) == ["D-C-truck 50", "D-C-van 70"]


@pytest.mark.parametrize(("rows", "left"), [
    ([("*", "closed")], []),
    ([("*", "open"), ("van", "closed")], ["D-C-truck"]),
    ([("*", "closed"), ("van", "open")], ["D-C-van"]),
    ([("van", "closed")], []),
])
def test_closed_lanes(rows, left):
    listed = table({"origin": "P", "destination": "C"}, *({"origin": "D", "destination": "C", "mode": m, "status": s}
                                                          for m, s in rows))
    found = exist(chain(modes=MODES, lanes=listed), to_customers=True)
    assert [lane for lane in found if lane.startswith("D")] == left


def test_a_row_of_rates_that_names_both_ends_is_a_lane():
    """A zone makes no lane; `*` as the mode means every mode that serves it; a closed lane stays closed."""
    rated = table({"origin": "P", "destination": "D"}, {"origin": "D", "destination": "C", "mode": "van"},
                  {"origin": "D", "destination": "E", "mode": "truck"},
                  {"origin": "D", "destination": "E", "mode": "van"}, {"origin": "P", "destination": "north"})
    tables = chain(modes=MODES, rates=rated, customers=table({"customer": "C"}, {"customer": "E", "zone": "north"}),
                   lanes=table({"origin": "D", "destination": "E", "mode": "van", "status": "closed"}))
    assert exist(tables, to_customers=False) == ["P-D-rail", "P-D-truck"]
    assert exist(tables, to_customers=True) == ["D-C-van", "D-E-truck"]


PLACES = table(*({"site": s, "kind": k, "latitude": 0, "longitude": x} for s, k, x in (
    ("P", "plant", 0), ("S", "supplier", 1), ("D", "dc", 2), ("E", "dc", 3), ("X", "crossdock", 4),
    ("Y", "crossdock", 5))))
ONE_DEGREE = 111.195080  # 6371.0088 x pi / 180


@pytest.mark.slow
def test_open_lanes_all():
    """From plants, suppliers and cross-docks to dcs and cross-docks (not between cross-docks), and from dcs and
    cross-docks to customers: goods of a plant pass one of them, unless the plant is said to deliver.
    """
    tables = chain(sites=PLACES, modes=table({"mode": "truck", "per_weight": 1}),
                   customers=table({"customer": "C", "latitude": 0, "longitude": 9}),
                   settings={"open_lanes": "all", "circuity": 1.0})
    del tables["lanes"]
    assert {lane.split("-truck")[0] for lane in exist(tables, to_customers=False)} == {
        "P-D", "P-E", "P-X", "P-Y", "S-D", "S-E", "S-X", "S-Y", "X-D", "X-E", "Y-D", "Y-E"}
    assert delivering(tables) == ["D", "E", "X", "Y"]
    assert delivering(tables | {"sites": PLACES.assign(delivers=["yes", "", "no", "", "", "yes"])}) == [
        "E", "P", "X", "Y"]
    listed = lanes("D-C", "S-C")  # what is listed exists in any case
    assert delivering(tables | {"sites": PLACES.assign(delivers="no"), "lanes": listed}) == ["D", "S"]


def delivering(tables: dict) -> list[str]:
    return sorted(lane.split("-")[0] for lane in exist(tables, to_customers=True))


def test_plants_deliver_where_nobody_else_can():
    """Without a dc and a cross-dock, `all` lets plants and suppliers deliver."""
    tables = chain(sites=PLACES.iloc[:2], modes=table({"mode": "truck", "per_weight": 1}),
                   customers=table({"customer": "C", "latitude": 0, "longitude": 9}), settings={"open_lanes": "all"})
    del tables["lanes"]
    assert delivering(tables) == ["P", "S"]


def test_open_lanes_tiered():
    """From plants and suppliers to dcs, from dcs to cross-docks, from both to customers: everything passes a dc."""
    tables = chain(sites=PLACES, modes=table({"mode": "truck", "per_weight": 1}),
                   customers=table({"customer": "C", "latitude": 0, "longitude": 9}),
                   settings={"open_lanes": "tiered", "circuity": 1.0})
    del tables["lanes"]
    assert {lane.split("-truck")[0] for lane in exist(tables, to_customers=False)} == {
        "P-D", "P-E", "S-D", "S-E", "D-X", "D-Y", "E-X", "E-Y"}
    assert delivering(tables) == ["D", "E", "X", "Y"]


def test_open_lanes_all_with_exceptions():
    """A listed lane adds what `all` has not (between dcs), gives a distance, or closes one."""
    tables = chain(sites=PLACES, modes=table({"mode": "truck", "per_weight": 1}),
                   customers=table({"customer": "C", "latitude": 0, "longitude": 9}),
                   settings={"open_lanes": "all", "circuity": 1.5},
                   lanes=table({"origin": "D", "destination": "E"}, {"origin": "P", "destination": "D", "distance": 7},
                               {"origin": "P", "destination": "E", "status": "closed"}))
    found = exist(tables, to_customers=False)
    assert "P-D-truck 7" in found
    assert f"D-E-truck {1.5 * ONE_DEGREE:g}" in found
    assert not any(lane.startswith("P-E") for lane in found)
    assert f"S-E-truck {3 * ONE_DEGREE:g}" in found


@pytest.mark.parametrize(("unit", "length"), [("km", 111.195080), ("mi", 69.093419)])
def test_distances_on_the_road(unit, length):
    """A degree of the equator, 111.195080 km = 69.093419 mi, times a circuity of 1.3; a stated distance is kept."""
    tables = chain(sites=PLACES, customers=table({"customer": "C", "latitude": 0, "longitude": 3}),
                   settings={"circuity": 1.3, "distance_unit": unit},
                   lanes=table({"origin": "P", "destination": "D", "distance": 5}, {"origin": "D", "destination": "C"}))
    assert exist(tables, to_customers=False) == ["P-D-truck 5"]
    assert exist(tables, to_customers=True) == [f"D-C-truck {1.3 * length:g}"]


def test_without_coordinates_the_distance_is_unknown():
    tables = chain()
    assert exist(tables, to_customers=True) == ["D-C-truck"]


@pytest.mark.parametrize("status", [{"status": "closed"}, {"status": "candidate", "may_open": "no"}])
def test_a_site_that_no_plan_may_use_has_no_lanes(status):
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", **status}),
                   lanes=lanes("P-D", "D-C", "P-C"))
    assert exist(tables, to_customers=False) == []
    assert exist(tables, to_customers=True) == ["P-C-truck"]
