"""Shortage as a mean over the stock positions that ordering in lots leads to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from ctsopt.inventory import discrete, gamma
from ctsopt.inventory.demand import WHOLE_UNITS
from ctsopt.inventory.loss import second_order_loss, unit_normal_loss

Floats = npt.NDArray[np.float64]

_NARROW = 0.15
"""Below this width, in standard deviations, a difference of second-order losses has too few digits left."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


def mean_over_lot(low: npt.ArrayLike, lot: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
                  distribution: str) -> tuple[Floats, Floats]:
    """Shortage and tail, each a mean over the positions that ordering in lots leads to.

    The position after ordering is uniform on (low, low + lot], in whole units on low + 1, .., low + lot. A lot of 0
    means the position `low` itself (in whole units a lot of 1 above `low` is one position).

    Returns
    -------
    loss, tail : float array
        Mean of E[max(D − y, 0)], units; mean of P(D > y), in whole units of P(D >= y).
    """
    low, lot, mean, sd = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (low, lot, mean, sd)))
    if distribution in WHOLE_UNITS:
        return _over_whole_lot(low, lot, mean, sd, distribution)
    loss, tail = np.empty(low.shape), np.empty(low.shape)
    certain = (sd <= 0) | (mean <= 0) if distribution == "gamma" else sd <= 0
    rules = {"gamma": _gamma_over_lot, "normal": _normal_over_lot}
    for part, rule in ((certain, _certain_over_lot), (~certain, rules[distribution])):
        if part.any():
            loss[part], tail[part] = rule(low[part], lot[part], mean[part], sd[part])
    return loss, tail


def _certain_over_lot(low: Floats, lot: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    short = np.maximum(mean - low, 0.0)
    under = np.minimum(short, lot)      # the part of the lot at which demand is short
    some = lot > 0
    width = np.where(some, lot, 1.0)
    return (np.where(some, under * (short - under / 2) / width, short),
            np.where(some, under / width, (mean > low).astype(np.float64)))


def _normal_over_lot(low: Floats, lot: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    z, width = (low - mean) / sd, lot / sd
    nodes = z + np.multiply.outer(_NODES, width)
    narrow = width < _NARROW
    some = np.where(narrow, 1.0, width)
    first = unit_normal_loss(z) - unit_normal_loss(z + width)
    second = second_order_loss(z) - second_order_loss(z + width)
    return (sd * np.where(narrow, _WEIGHTS @ unit_normal_loss(nodes), second / some),
            np.where(narrow, _WEIGHTS @ special.ndtr(-nodes), first / some))


def _gamma_over_lot(low: Floats, lot: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    """Below 0 the shortage is the mean demand and the backlog; the rest of the lot lies above 0."""
    scale = sd**2 / mean
    rest = np.clip(low + lot, 0.0, lot)
    loss, slope = gamma.mean_shortage(mean / scale, scale, np.maximum(low, 1e-300 * scale), rest)
    below = lot - rest
    share = np.divide(below, lot, out=(low <= 0).astype(np.float64), where=lot > 0)
    return share * (mean - low - below / 2) + (1 - share) * loss, share - (1 - share) * slope


def _over_whole_lot(low: Floats, lot: Floats, mean: Floats, sd: Floats, distribution: str) -> tuple[Floats, Floats]:
    none = mean <= 0
    m = np.where(none, 1.0, mean)
    variance = m if distribution == "poisson" else np.where(none, 1.0, sd**2)
    width = np.maximum(lot, 1.0)
    _, first, second = discrete.partial_expectations(low, m, variance)
    _, first_above, second_above = discrete.partial_expectations(low + width, m, variance)
    short, rest = np.maximum(-low, 0.0), np.maximum(-low - width, 0.0)
    loss_none = (short * (short - 1) - rest * (rest - 1)) / 2
    return (np.where(none, loss_none, second - second_above) / width,
            np.where(none, short - rest, first - first_above) / width)
