"""Coasts and borders as lines on a plane: a map that needs no network.

The lines travel with the package (see NOTICE). The plane is Albers' equal-area conic projection, fitted to the places
that are shown (J. P. Snyder, Map Projections: A Working Manual, U.S. Geological Survey, 1987, p. 100), or the
equirectangular one where they lie around the equator or around the world.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from ctsopt.keys import Bools, Floats

EARTH = 6371.0
"""Radius of the earth in kilometres."""

_WIDE = 120.0
"""Degrees of longitude from which on places are spread around the world."""

_FLAT = 0.15
"""Constant of the cone below which it is nearly a cylinder."""

_MARGIN = 0.06
"""Room around the places, as a share of the larger extent."""

_LEAST_EXTENT = 60.0
"""Kilometres that a map shows at least."""


@dataclass(frozen=True)
class Projection:
    """A plane for places: kilometres east and north of its middle.

    Attributes
    ----------
    longitude, latitude : float
        The middle, in degrees.
    cone : float
        Constant of the cone; 0 for the equirectangular projection.
    scale : float
        Of the cone: cos² of the first parallel + 2 n sin of it; of the other one: cos of the middle latitude.
    """

    longitude: float
    latitude: float
    cone: float
    scale: float

    @classmethod
    def around(cls, longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> Projection:
        """The plane that suits some places."""
        places, north = (np.asarray(each, dtype=np.float64) for each in (longitude, latitude))
        middle = _middle(places)
        spread = float(np.ptp(_turned(places, middle)))
        low, high = float(north.min()), float(north.max())
        one, two = (np.deg2rad(low + share * (high - low)) for share in (1 / 6, 5 / 6))
        cone = float(np.sin(one) + np.sin(two)) / 2
        centre = (low + high) / 2
        if spread > _WIDE or abs(cone) < _FLAT:
            return cls(middle, centre, 0.0, float(np.cos(np.deg2rad(centre))))
        return cls(middle, centre, cone, float(np.cos(one) ** 2 + 2 * cone * np.sin(one)))

    def __call__(self, longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Kilometres east and north of the middle."""
        east = np.deg2rad(_turned(np.asarray(longitude, dtype=np.float64), self.longitude))
        north = np.deg2rad(np.asarray(latitude, dtype=np.float64))
        middle = np.deg2rad(self.latitude)
        if self.cone == 0.0:
            return EARTH * east * self.scale, EARTH * (north - middle)
        radius, of_middle = (EARTH * np.sqrt(np.maximum(self.scale - 2 * self.cone * np.sin(angle), 0.0)) / self.cone
                             for angle in (north, middle))
        angle = self.cone * east
        return radius * np.sin(angle), of_middle - radius * np.cos(angle)


def _middle(longitude: Floats) -> float:
    """The middle of the shortest arc that holds all longitudes, in degrees."""
    around = np.sort(np.mod(longitude, 360.0))
    gaps = np.diff(around, append=around[0] + 360.0)
    widest = int(gaps.argmax())
    start = around[(widest + 1) % len(around)]
    return float(np.mod(start + (360.0 - gaps[widest]) / 2 + 180.0, 360.0) - 180.0)


def _turned(longitude: Floats, middle: float) -> Floats:
    """Degrees east of the middle, from -180 to 180."""
    return np.asarray(np.mod(longitude - middle + 180.0, 360.0) - 180.0, dtype=np.float64)


@lru_cache(maxsize=1)
def _lines() -> dict[str, tuple[Floats, Floats]]:
    """Longitudes and latitudes of each group of lines, with not a number between two lines."""
    packed = files("ctsopt.report").joinpath("data", "outlines.json.gz").read_bytes()
    content: dict[str, Any] = json.loads(gzip.decompress(packed))
    groups = {}
    for name in ("countries", "states"):
        parts = [np.cumsum(np.asarray(line, dtype=np.float64).reshape(-1, 2), axis=0) * content["step"]
                 for line in content[name]]
        points = np.concatenate([np.vstack([part, [[np.nan, np.nan]]]) for part in parts])
        groups[name] = points[:, 0], points[:, 1]
    return groups


def frame_of(x: Floats, y: Floats) -> tuple[float, float, float, float]:
    """The window around some points of a plane: left, right, bottom, top, with room around them."""
    room = max(float(np.ptp(x)), float(np.ptp(y)), _LEAST_EXTENT) * _MARGIN
    half = [max(float(np.ptp(each)) / 2, _LEAST_EXTENT / 2) + room for each in (x, y)]
    at = [float(each.min() + each.max()) / 2 for each in (x, y)]
    return at[0] - half[0], at[0] + half[0], at[1] - half[1], at[1] + half[1]


def outlines(projection: Projection, window: tuple[float, float, float, float]) -> dict[str, tuple[Floats, Floats]]:
    """The coasts and borders in a window of the plane.

    Parameters
    ----------
    projection : Projection
    window : tuple of float
        Left, right, bottom, top, in kilometres.

    Returns
    -------
    dict of str to (x, y)
        For `countries` and `states`: kilometres, with not a number between two lines. What lies outside is left out,
        but for the first point beyond the edge.
    """
    return {name: _clipped(*projection(longitude, latitude), longitude - projection.longitude, window)
            for name, (longitude, latitude) in _lines().items()}


def _clipped(x: Floats, y: Floats, east: Floats, window: tuple[float, float, float, float]) -> tuple[Floats, Floats]:
    """Lines without the steps that cannot be seen, or that run around the back of the earth."""
    left, right, bottom, top = window
    turn = np.floor((east + 180.0) / 360.0)
    start, end = slice(0, -1), slice(1, None)
    seen: Bools = ((np.maximum(x[start], x[end]) >= left) & (np.minimum(x[start], x[end]) <= right)
                   & (np.maximum(y[start], y[end]) >= bottom) & (np.minimum(y[start], y[end]) <= top)
                   & (turn[start] == turn[end]))
    begins = seen & ~np.r_[False, seen[:-1]]
    first, second = np.flatnonzero(begins), np.flatnonzero(seen) + 1
    # A line is the start of its first step, and the end of every step; before each new line there is a gap.
    order = np.concatenate([first - 0.5, first.astype(float), second.astype(float)])
    place = np.concatenate([np.full(len(first), -1), first, second])
    kept = place[np.argsort(order)]
    blank = kept < 0
    return np.where(blank, np.nan, x[kept])[1:], np.where(blank, np.nan, y[kept])[1:]
