"""Roots of many functions at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_STEPS = 200


def root_between(function: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    """Where each of many functions crosses zero between `low` and `high`, at which it has different signs.

    Parameters
    ----------
    function : callable
        Takes an array of one point for each function, gives their values.
    low, high : float array
        Ends of the brackets, of the same shape.

    Returns
    -------
    float array
        To the last digits that the function has. A bracket whose ends have the same sign gives the end that is
        nearer to zero.

    Notes
    -----
    Chandrupatla (1997): quadratic interpolation where it is safe, halving where it is not.
    """
    a, b = np.array(high, dtype=np.float64), np.array(low, dtype=np.float64)
    fa, fb = function(a), function(b)
    c, fc = a.copy(), fa.copy()
    share = np.full(a.shape, 0.5)
    for _ in range(_STEPS):
        x = a + share * (b - a)
        fx = function(x)
        same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        best = np.where(np.abs(fa) < np.abs(fb), a, b)
        width = np.abs(b - a)
        least = 4e-16 * np.abs(best)
        if np.all((width <= 2 * least) | (fa == 0) | (fb == 0)):
            break
        share = _next_share((a, fa), (b, fb), (c, fc), least / np.where(width > 0, width, 1.0))
    return np.where(np.abs(fa) < np.abs(fb), a, b)


def _next_share(a: tuple[Floats, Floats], b: tuple[Floats, Floats], c: tuple[Floats, Floats], least: Floats) -> Floats:
    """How far from a to b the next point lies."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        xi = (a[0] - b[0]) / (c[0] - b[0])
        phi = (a[1] - b[1]) / (c[1] - b[1])
        safe = (phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi)
        share = (a[1] / (b[1] - a[1]) * c[1] / (b[1] - c[1])
                 + (c[0] - a[0]) / (b[0] - a[0]) * a[1] / (c[1] - a[1]) * b[1] / (c[1] - b[1]))
    share = np.where(safe & np.isfinite(share), share, 0.5)
    edge = np.minimum(least, 0.5)
    return np.clip(share, edge, 1 - edge)
