"""Declared curves and the lines below them."""

from __future__ import annotations

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.inventory.curves import Curves, grid


def curves(function: object, largest: float = 64.0, root: float = 0.0) -> Curves:
    """One curve: a function of volume at the declared volumes, as at the first one below it."""
    volumes = grid(largest)
    table = np.array([function(m) for m in volumes])  # type: ignore[operator]
    return Curves(np.append(0.0, volumes), np.append(table[0], table)[None, :], np.array([root]))


def at(curve: Curves, *volumes: float) -> list[float]:
    return curve.value(np.zeros(len(volumes), dtype=np.int64), np.array(volumes)).tolist()


def test_declared_volumes_are_eighth_roots_of_powers_of_two() -> None:
    """From 2^-6 on, up to the first that is not below what is asked for."""
    volumes = grid(10.0)
    assert volumes[0] == 2.0**-6
    assert volumes[-1] == pytest.approx(2 ** (27 / 8))  # 10.37
    assert volumes[1:] / volumes[:-1] == pytest.approx(np.full(len(volumes) - 1, 2 ** (1 / 8)))
    assert grid(8.0)[-1] == 8.0


def test_a_volume_without_end_cannot_be_planned() -> None:
    with pytest.raises(cts.UsageError, match="inf units per day"):
        grid(np.inf)


def test_straight_between_declared_volumes_and_level_below_the_first() -> None:
    """Of the square: 0 at 0, 2^-12 up to 2^-6, 16 at 4, half way between at the middle."""
    square = curves(lambda m: m * m)
    middle = (1 + 2 ** (1 / 8)) / 2
    assert at(square, 0.0, 1e-9, 2.0**-6, 4.0, middle) == pytest.approx(
        [0.0, 2.0**-12, 2.0**-12, 16.0, (1 + 2 ** (1 / 4)) / 2], rel=1e-12)
    assert square.above(np.array([0]), np.array([0.0])).tolist() == [2.0**-12]


def test_a_square_root_is_on_top_and_exact() -> None:
    """3 m + 5 sqrt(m) at 7, which is no declared volume."""
    assert at(curves(lambda m: 3 * m, root=5.0), 7.0) == pytest.approx([21 + 5 * 7**0.5], rel=1e-12)


def test_beyond_the_curve_is_an_error() -> None:
    with pytest.raises(cts.UsageError, match="beyond the curve, which ends at 64"):
        at(curves(lambda m: m), 65.0)


def test_neighbours_of_a_volume() -> None:
    """Between 4 and 2^(17/8); at 4 itself those on its two sides."""
    below, above = curves(lambda m: m).corners(np.array([4.1, 4.0, 0.001]))
    assert below == pytest.approx([4.0, 2 ** (15 / 8), 0.0])
    assert above == pytest.approx([2 ** (17 / 8), 2 ** (17 / 8), 2.0**-6])


def line(curve: Curves, low: float, high: float) -> tuple[float, float, float]:
    found = curve.lines(np.array([0]), np.array([low]), np.array([high]))
    return float(found.intercept[0]), float(found.slope[0]), float(found.error[0])


def test_chord_of_the_square_root_with_its_certified_error() -> None:
    """From 1 to 4: 2/3 + m/3, at most 1/12 below (at m = 9/4: 3/2 less 17/12)."""
    assert line(curves(lambda m: 0.0, root=1.0), 1.0, 4.0) == pytest.approx((2 / 3, 1 / 3, 1 / 12), rel=1e-12)


def test_a_chord_above_its_curve_is_lowered() -> None:
    """max(0, m - 4) from 0 to 8: the chord m/2 is 2 above at 4. Lowered, it is 2 below at both ends."""
    assert line(curves(lambda m: max(0.0, m - 4.0)), 0.0, 8.0) == pytest.approx((-2.0, 0.5, 2.0), rel=1e-12)


@pytest.mark.parametrize(("function", "root"), [
    (lambda m: max(0.0, 10 - abs(m - 10)), 0.0), (lambda m: max(0.0, 8 - m), 3.0), (lambda m: (m - 5) ** 2, 0.5),
    (lambda m: np.sin(m) + 2, 1.0)])
@pytest.mark.parametrize(("low", "high"), [(0.0, 64.0), (0.0, 0.01), (3.0, 3.2), (4.0, 32.0), (7.0, 7.0)])
def test_lines_are_nowhere_above_and_as_far_below_as_they_say(function: object, root: float, low: float,
                                                              high: float) -> None:
    """On 100,001 points; the most seen comes within 1e-4 of the certified figure or stays below it."""
    curve = curves(function, root=root)
    intercept, slope, error = line(curve, low, high)
    volume = np.linspace(low, high, 100_001)
    distance = curve.above(np.zeros(len(volume), dtype=np.int64), volume) - (intercept + slope * volume)
    assert distance.min() >= -1e-9
    assert distance.max() <= error + 1e-9


def test_what_rounding_leaves_of_nothing_is_nothing() -> None:
    """A straight line through 0: its intercept would be some 1e-16."""
    curve = Curves(np.array([0.0, *grid(64.0)]), np.append(0.0, 0.1 * grid(64.0))[None, :] * 3, np.zeros(1))
    for low, high in ((0.3, 17.7), (1.1, 40.3), (0.7, 55.5)):
        assert line(curve, low, high)[0] == 0.0
