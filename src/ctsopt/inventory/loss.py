"""Loss functions of the standard normal: what demand exceeds a level by, on average."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from ctsopt.errors import UsageError

Floats = npt.NDArray[np.float64]

_FAR = 12.0
"""From here on the asymptotic series is exact to the last digit, while the closed forms lose theirs."""

_TERMS = 25
_STEPS = 60


def unit_normal_loss(z: npt.ArrayLike) -> Floats:
    """G(z) = E[max(Z − z, 0)] = φ(z) − z (1 − Φ(z)) of a standard normal Z.

    Parameters
    ----------
    z : array-like
        Level in standard deviations above the mean.

    Returns
    -------
    float array
        Standard deviations. Never negative: above 0 it is φ(z) (1 − z M(z)) with Mills' ratio M, which keeps the digits
        that the textbook form loses.

    Notes
    -----
    Hadley and Whitin (1963); Mills (1926) for the ratio.

    Examples
    --------
    >>> unit_normal_loss([-1.0, 0.0, 1.0]).round(6)
    array([1.083315, 0.398942, 0.083315])
    """
    z = np.asarray(z, dtype=np.float64)
    y = np.abs(z)
    loss = _density(y) * _first_ratio(y)
    return np.where(z < 0, loss + y, loss)


def second_order_loss(z: npt.ArrayLike) -> Floats:
    """H(z) = E[max(Z − z, 0)²] / 2 = [(z² + 1)(1 − Φ(z)) − z φ(z)] / 2 of a standard normal Z.

    Parameters
    ----------
    z : array-like
        Level in standard deviations above the mean.

    Returns
    -------
    float array
        Squared standard deviations. H' = −G.

    Notes
    -----
    Hadley and Whitin (1963).

    Examples
    --------
    >>> second_order_loss([-1.0, 0.0, 1.0]).round(6)
    array([0.96233, 0.25   , 0.03767])
    """
    z = np.asarray(z, dtype=np.float64)
    y = np.abs(z)
    loss = _density(y) * _second_ratio(y)
    below = np.maximum(-z, 0.0)
    return np.where(z < 0, (below * below + 1) / 2 - loss, loss)


def unit_normal_loss_inverse(loss: npt.ArrayLike) -> Floats:
    """The level z at which the unit normal loss G(z) is `loss`.

    Parameters
    ----------
    loss : array-like
        Standard deviations. Above G(0) = 0.3989 the level is negative; at 0 and below it is infinite.

    Returns
    -------
    float array
        Standard deviations above the mean.

    Raises
    ------
    UsageError
        Where `loss` is not a number.

    Notes
    -----
    Newton's method on log G, which is concave: from the right it comes down to the root without overshooting.

    Examples
    --------
    >>> unit_normal_loss_inverse([2.0, 0.2, 1e-9]).round(6)
    array([-1.99131 ,  0.492887,  5.699073])
    """
    u = np.asarray(loss, dtype=np.float64)
    if np.isnan(u).any():
        raise UsageError("a loss is not a number: it must be one, or infinite")
    level = np.where(u > 0, -u, np.inf)
    right = (u > 0) & (u <= unit_normal_loss(0.0))
    level[right] = _right_of_mean(np.log(u[right]))
    left = (u > unit_normal_loss(0.0)) & np.isfinite(u)
    level[left] = _left_of_mean(u[left])
    return level


def _right_of_mean(log_loss: Floats) -> Floats:
    z = np.sqrt(np.maximum(-2 * (log_loss + math.log(math.sqrt(2 * math.pi))), 0.0))   # φ(z) = loss: G(z) is less
    for _ in range(_STEPS):
        ratio = _first_ratio(z)
        excess = -z * z / 2 - math.log(math.sqrt(2 * math.pi)) + np.log(ratio) - log_loss
        step = excess * ratio / _mills(z)
        z = np.maximum(z + step, 0.0)
        if np.all(np.abs(step) <= 4e-16 * z):
            break
    return z


def _left_of_mean(loss: Floats) -> Floats:
    """With y = −z > 0, G(−y) = G(y) + y: convex and rising, so Newton's steps come down from y = loss."""
    y = loss.copy()
    for _ in range(_STEPS):
        step = (unit_normal_loss(y) + y - loss) / special.ndtr(y)
        y = np.maximum(y - step, 0.0)
        if np.all(np.abs(step) <= 4e-16 * y):
            break
    return -y


def _density(z: Floats) -> Floats:
    with np.errstate(under="ignore", over="ignore"):
        return np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _mills(z: Floats) -> Floats:
    """(1 − Φ(z)) / φ(z)."""
    return math.sqrt(math.pi / 2) * special.erfcx(z / math.sqrt(2))


def _first_ratio(z: Floats) -> Floats:
    """G(z) / φ(z) for z >= 0: 1 − z M(z), far out 1/z² − 3/z⁴ + 15/z⁶ − ..."""
    near = np.minimum(z, _FAR)
    return np.where(z < _FAR, 1 - near * _mills(near), _series(z, first=True))


def _second_ratio(z: Floats) -> Floats:
    """H(z) / φ(z) for z >= 0: [(z² + 1) M(z) − z] / 2, far out (2/z³ − 12/z⁵ + 90/z⁷ − ...) / 2."""
    near = np.minimum(z, _FAR)
    return np.where(z < _FAR, ((near * near + 1) * _mills(near) - near) / 2, _series(z, first=False))


def _series(z: Floats, *, first: bool) -> Floats:
    """Asymptotic series: M(z) = Σ (−1)^k (2k−1)!! / z^(2k+1), put into the ratios above."""
    far = np.maximum(z, _FAR)
    total = np.zeros_like(far)
    with np.errstate(under="ignore", over="ignore"):
        inverse = 1 / (far * far)
        term = inverse.copy() if first else inverse / far
        for k in range(1, _TERMS):
            total = total + term * (1 if first else k)
            term = -term * (2 * k + 1) * inverse
    return total
