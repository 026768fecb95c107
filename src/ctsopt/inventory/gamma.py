"""Gamma demand: tail, first and second partial expectation, and the mean shortage over a lot.

A gamma of mean m and variance v has shape a = m²/v and scale b = v/m. With z = x/b, F the upper tail P(D > x) and
t = z^a e^-z / Γ(a+1) (the step between the tails of shape a and a + 1),

    E[max(D − x, 0)]        = b  [(a − z) F + a t]
    E[max(D − x, 0)²] / 2   = b² [((z − a)² + a) F + a (a + 1 − z) t] / 2

Both are the usual sums of three tails (Burgin 1975), ordered so that large shapes do not cancel.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

_NARROW = 0.15
"""A lot below this share of the length on which the shortage bends is integrated by quadrature: the difference of the
two second-order partial expectations would lose the digits that they have in common."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2

_SMOOTH_SHAPE = 8.0
_NEAR_ZERO = 1e-7
"""So near to 0 the bend is smaller than what the difference loses."""

_LARGE_SHAPE = 20.0


def tail_and_step(shape: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Upper tail F(z; shape) of a gamma of scale 1, and the step z^shape e^-z / Γ(shape + 1) to the tail of shape + 1.

    `z` > 0, `shape` >= 0.
    """
    return special.gammaincc(shape, z), _step(shape, z)


def partial_expectations(shape: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
    """Tail, first and second-order partial expectation at `z` > 0 of a gamma of scale 1."""
    tail, step = tail_and_step(shape, z)
    first = (shape - z) * tail + shape * step
    second = (((z - shape) ** 2 + shape) * tail + shape * (shape + 1 - z) * step) / 2
    return tail, first, second


def mean_shortage(shape: Floats, scale: Floats, low: Floats, lot: Floats) -> tuple[Floats, Floats]:
    """Mean of E[max(D − y, 0)] over y from `low` to `low + lot`, and its derivative by `low`.

    Parameters
    ----------
    shape, scale : float array
        Of the demand; where `shape` is 0 there is none.
    low : float array
        Reorder point, units, > 0.
    lot : float array
        Units, >= 0; at 0 the figures are those at `low`.

    Returns
    -------
    value, slope : float array
        Units, and units per unit (between −1 and 0).
    """
    value, slope = np.empty_like(low), np.empty_like(low)
    bend = scale * np.sqrt(np.maximum(shape, 1.0))
    smooth = np.where(shape < _SMOOTH_SHAPE, np.minimum(low, bend), bend)   # at small shapes x^shape bends at 0
    narrow = (lot < _NARROW * smooth) | (low + lot < _NEAR_ZERO * scale)
    for part, rule in ((narrow, _by_quadrature), (~narrow, _by_difference)):
        if part.any():
            value[part], slope[part] = rule(shape[part], scale[part], low[part], lot[part])
    return value, slope


def _by_quadrature(shape: Floats, scale: Floats, low: Floats, lot: Floats) -> tuple[Floats, Floats]:
    """Gauss and Legendre with four nodes: over so short a lot its error is below the rounding."""
    z = (low + np.multiply.outer(_NODES, lot)) / scale
    tail, step = tail_and_step(np.broadcast_to(shape, z.shape), z)
    return scale * over_nodes(_WEIGHTS, (shape - z) * tail + shape * step), -over_nodes(_WEIGHTS, tail)


def over_nodes(weights: Floats, values: Floats) -> Floats:
    """Weighted sum over the first axis, term by term.

    A product of matrices would round by how many other values are worked out beside, and a plan depend on them.
    """
    total = weights[0] * values[0]
    for weight, part in zip(weights[1:], values[1:], strict=True):
        total = total + weight * part
    return np.asarray(total)


def _by_difference(shape: Floats, scale: Floats, low: Floats, lot: Floats) -> tuple[Floats, Floats]:
    z, width = low / scale, lot / scale
    _, first, second = partial_expectations(shape, z)
    _, first_above, second_above = partial_expectations(shape, z + width)
    return scale * (second - second_above) / width, (first_above - first) / width


def _step(shape: Floats, z: Floats) -> Floats:
    """z^a e^-z / Γ(a+1), by Stirling's series where a is large: a log z − z would cancel against log Γ."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        small = np.exp(shape * np.log(z) - z - special.gammaln(shape + 1))
        a = np.maximum(shape, _LARGE_SHAPE)
        rest = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / a**2) / a**2) / a**2) / a
        large = np.exp(-a * _log_distance((z - a) / a) - rest) / np.sqrt(2 * np.pi * a)
        return np.where(shape < _LARGE_SHAPE, small, large)


def _log_distance(u: Floats) -> Floats:
    """u − log(1 + u) without cancellation at small u: with v = u/(2+u), log(1+u) = 2 (v + v³/3 + v⁵/5 + ...)."""
    near = np.abs(u) < 0.3
    v = np.where(near, u / (2 + u), 0.0)
    square = v * v
    series = np.zeros_like(v)
    for k in range(21, 1, -2):
        series = series * square + 1 / k
    return np.where(near, u * v - 2 * v * square * series, u - np.log1p(u))
