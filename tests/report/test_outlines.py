"""Maps: the projection beside a book, the outlines beside places that are known."""

from __future__ import annotations

import importlib.util
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from ctsopt.networks.geography import great_circle
from ctsopt.report import outlines
from ctsopt.report.outlines import EARTH, Projection

ROOT = Path(__file__).parents[2]


def test_albers_as_in_snyder() -> None:
    """Snyder 1987, p. 291: parallels 29.5 and 45.5, origin 23 N 96 W; 35 N 75 W is at x = 0.2952720, y = 0.2416774."""
    one, two = np.deg2rad([29.5, 45.5])
    cone = (np.sin(one) + np.sin(two)) / 2
    assert cone == pytest.approx(0.6028370, abs=5e-8)
    x, y = Projection(-96.0, 23.0, cone, np.cos(one) ** 2 + 2 * cone * np.sin(one))(-75.0, 35.0)
    assert (x / EARTH, y / EARTH) == (pytest.approx(0.2952720, abs=5e-8), pytest.approx(0.2416774, abs=5e-8))


@pytest.mark.parametrize("north", [10.0, 35.0, 60.0])
def test_a_cone_keeps_areas(north: float) -> None:
    """A cell of a tenth of a degree has the area (sin b - sin a) x width x R² of the sphere."""
    plane = Projection.around([-10.0, 40.0], [5.0, 70.0])
    step, east = 0.1, 20.0
    x, y = plane([east, east + step, east + step, east], [north, north, north + step, north + step])
    area = 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))
    sphere = EARTH ** 2 * np.deg2rad(step) * (np.sin(np.deg2rad(north + step)) - np.sin(np.deg2rad(north)))
    assert area == pytest.approx(sphere, rel=1e-5)


def test_places_on_both_sides_of_the_date_line_lie_side_by_side() -> None:
    """170 E and 170 W on 60 N are 20 degrees apart: 1,112 km at half the radius, not 340 degrees."""
    plane = Projection.around([170.0, -170.0], [59.9, 60.1])
    x, _ = plane([170.0, -170.0], [60.0, 60.0])
    assert x[1] - x[0] == pytest.approx(float(great_circle(60, 170, 60, -170)), rel=0.01)


@pytest.mark.parametrize(("group", "north", "east", "near"), [
    ("states", 36.9990, -109.0452, 2.0),     # the Four Corners monument
    ("states", 49.0, -110.0, 5.0),           # Canada along the 49th parallel
    ("countries", 50.7547, 6.0208, 5.0),     # Vaalserberg: the Netherlands, Belgium, Germany
    ("countries", -34.8333, 20.0, 8.0),      # Cape Agulhas, the southern tip of Africa
])
def test_borders_run_where_they_do(group: str, north: float, east: float, near: float) -> None:
    longitude, latitude = outlines._lines()[group]
    # Between two points of a line as well: a hundred on every step.
    share = np.linspace(0, 1, 101)[:, None]
    lon, lat = (each[:-1] + share * (each[1:] - each[:-1]) for each in (longitude, latitude))
    assert np.nanmin(great_circle(lat, lon, north, east)) < near


def test_what_is_drawn_lies_in_the_window_and_does_not_jump() -> None:
    for places in (([-122.0, -71.0, -80.0], [47.0, 42.0, 26.0]), ([-70.0, 140.0, -160.0], [36.0, 60.0, -40.0])):
        plane = Projection.around(*places)
        left, right, bottom, top = window = outlines.frame_of(*plane(*places))
        drawn = outlines.outlines(plane, window)
        assert len(drawn["states"][0]) > 1000
        for x, y in drawn.values():
            assert not (np.isnan(x[:-1]) & np.isnan(x[1:])).any()
            ends = np.stack([[x[:-1], x[1:]], [y[:-1], y[1:]]])
            real = ~np.isnan(ends).any(axis=(0, 1))
            (x0, x1), (y0, y1) = ends[:, :, real]
            assert ((np.maximum(x0, x1) >= left) & (np.minimum(x0, x1) <= right)).all()
            assert ((np.maximum(y0, y1) >= bottom) & (np.minimum(y0, y1) <= top)).all()
            assert np.hypot(x1 - x0, y1 - y0).max() < 1500


def test_the_outlines_are_small_and_their_sources_are_named() -> None:
    assert len(files("ctsopt.report").joinpath("data").joinpath("outlines.json.gz").read_bytes()) < 400_000
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert "us-atlas 3.0.1" in notice
    assert "world-atlas 2.0.2" in notice
    assert "Copyright 2013-2019 Michael Bostock" in notice


def test_how_the_outlines_are_made() -> None:
    """TopoJSON by hand: steps from (10, 20), scaled by 0.5 and moved by (-180, -90); a thinned line; steps of 0.01."""
    spec = importlib.util.spec_from_file_location("make_outlines", ROOT / "tools" / "make_outlines.py")
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    topology = {"transform": {"scale": [0.5, 0.5], "translate": [-180, -90]}, "arcs": [[[10, 20], [2, 0], [0, -4]]],
                "objects": {"all": {"geometries": [{"id": 1, "arcs": [[0, -3]]}, {"id": "2", "arcs": [[[4]]]}]}}}
    [line] = tool.decoded(topology)
    assert line.tolist() == [[-175, -80], [-174, -80], [-174, -82]]
    assert tool.used(topology, "all", ["1"], among=True) == {0, 2}
    assert tool.used(topology, "all", ["1"], among=False) == {4}
    bent = np.array([[0, 0], [1, 0.04], [2, 0], [2, 1.0]])
    assert tool.thinned(bent, 0.05).tolist() == [[0, 0], [2, 0], [2, 1]]
    assert tool.thinned(bent, 0.03).tolist() == bent.tolist()
    assert tool.coded([bent, np.array([[0.001, 0], [0.002, 0]])], 0.05) == [[0, 0, 200, 0, 0, 100]]
