"""Great-circle distances, beside a published figure and the spherical law of cosines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ctsopt.networks.geography import EARTH_RADIUS_KM, KM_PER_MILE, great_circle

CITIES = {"Nashville": (36.12, -86.67), "Los Angeles": (33.94, -118.40), "Oslo": (59.9139, 10.7522),
          "Lima": (-12.0464, -77.0428), "Suva": (-18.1416, 178.4419), "Apia": (-13.8506, -171.7513)}


def cosines(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Central angle by the law of cosines, times the mean radius 6371.0088 km."""
    a, b = (tuple(map(math.radians, place)) for place in (start, end))
    (north, east), (to_north, to_east) = a, b
    return 6371.0088 * math.acos(math.sin(north) * math.sin(to_north)
                                 + math.cos(north) * math.cos(to_north) * math.cos(to_east - east))


def test_a_published_distance():
    """Nashville to Los Angeles: 2887.2599506 km on a sphere of 6372.8 km (Rosetta Code, "Haversine formula")."""
    found = float(great_circle(*CITIES["Nashville"], *CITIES["Los Angeles"]))
    assert found == pytest.approx(2887.2599506 * 6371.0088 / 6372.8, rel=1e-10)


@pytest.mark.parametrize("pair", [("Oslo", "Lima"), ("Nashville", "Oslo"), ("Suva", "Apia"), ("Lima", "Suva")])
def test_against_the_law_of_cosines(pair):
    """Suva and Apia lie on two sides of the date line."""
    start, end = (CITIES[name] for name in pair)
    assert float(great_circle(*start, *end)) == pytest.approx(cosines(start, end), rel=1e-9)
    assert float(great_circle(*end, *start)) == pytest.approx(cosines(start, end), rel=1e-9)
    assert float(great_circle(*start, *end, "mi")) == pytest.approx(cosines(start, end) / 1.609344, rel=1e-9)


def test_special_places():
    half = math.pi * EARTH_RADIUS_KM
    assert float(great_circle(10, 20, 10, 20)) == 0
    assert float(great_circle(10, 20, -10, -160)) == pytest.approx(half)  # antipodes
    assert float(great_circle(90, 0, -90, 77)) == pytest.approx(half)  # pole to pole
    assert float(great_circle(0, 179.5, 0, -179.5)) == pytest.approx(half / 180)  # a degree across the date line
    assert math.isnan(float(great_circle(math.nan, 0, 0, 0)))


def test_a_metre_apart():
    """The law of cosines loses such distances; the haversine does not: 1e-5 degrees are 1.11195 m."""
    assert float(great_circle(50, 8, 50.00001, 8)) == pytest.approx(0.001111951, rel=1e-6)


def test_arrays_are_broadcast():
    table = great_circle(np.array([[0.0], [10.0]]), 0.0, np.array([0.0, 10.0, 20.0]), 0.0)
    degree = math.pi * EARTH_RADIUS_KM / 180
    assert table == pytest.approx(degree * np.array([[0, 10, 20], [10, 0, 10]]))


def test_constants():
    """Mean radius (2 a + b) / 3 of the ellipsoid GRS 80; the international mile."""
    assert pytest.approx((2 * 6378.137 + 6356.752314) / 3, abs=5e-5) == EARTH_RADIUS_KM
    assert KM_PER_MILE == 1.609344
