"""Checks of what is handed to the formulas of stock."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError, did_you_mean

Floats = npt.NDArray[np.float64]


def at_least_zero(**arguments: npt.ArrayLike) -> list[Floats]:
    """The arguments as arrays of numbers >= 0, or an error with the name of the one that is not."""
    arrays = []
    for name, values in arguments.items():
        array = np.asarray(values, dtype=np.float64)
        wrong = ~(np.isfinite(array) & (array >= 0))
        if wrong.any():
            raise UsageError(f"{name} is {array[wrong].flat[0]:g}: it must be at least 0 and finite")
        arrays.append(array)
    return arrays


def checked_fill_rate(fill_rate: npt.ArrayLike) -> Floats:
    """Fill rates as an array; one of 1 or above has no finite stock."""
    array = np.asarray(fill_rate, dtype=np.float64)
    wrong = ~((array >= 0) & (array < 1))
    if wrong.any():
        raise UsageError(f"fill_rate is {array[wrong].flat[0]:g}: it must be at least 0 and below 1")
    return array


def checked_probabilities(probabilities: npt.ArrayLike, outcomes: Floats) -> Floats:
    """Probabilities, one for each of the outcomes along the last axis, which sum to 1."""
    chance = np.asarray(probabilities, dtype=np.float64)
    if outcomes.ndim == 0 or chance.shape != outcomes.shape[-1:]:
        raise UsageError("there must be one probability for each lead time")
    if not ((chance >= 0).all() and abs(chance.sum() - 1) <= 1e-9):
        raise UsageError(f"probabilities of lead times sum to {chance.sum():g}: they must be at least 0 and sum to 1")
    return chance


def known(name: str, names: tuple[str, ...], what: str) -> str:
    """`name`, if it is one of `names`; else an error with the nearest one."""
    if name not in names:
        raise UsageError(f"there is no {what} {name!r}: one of {', '.join(names)}"
                         + did_you_mean(name, names))
    return name
