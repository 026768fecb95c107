"""Distances on the earth."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the earth (IUGG), km."""

KM_PER_MILE = 1.609344
"""International mile."""


def great_circle(latitude: npt.ArrayLike, longitude: npt.ArrayLike, to_latitude: npt.ArrayLike,
                 to_longitude: npt.ArrayLike, unit: str = "km") -> npt.NDArray[np.float64]:
    """Great-circle distance by the haversine formula.

    Parameters
    ----------
    latitude, longitude, to_latitude, to_longitude : array-like
        Degrees, north and east positive; broadcast together.
    unit : {"km", "mi"}

    Returns
    -------
    float array
        Distance in `unit`; NaN where a coordinate is NaN.

    Examples
    --------
    >>> float(great_circle(0.0, 0.0, 0.0, 90.0).round(1))  # a quarter of the equator
    10007.6
    """
    lat, lon, to_lat, to_lon = (np.radians(np.asarray(a, dtype=np.float64))
                                for a in (latitude, longitude, to_latitude, to_longitude))
    half = np.sin((to_lat - lat) / 2) ** 2 + np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
    kilometres = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return np.asarray(kilometres / KM_PER_MILE if unit == "mi" else kilometres)
