"""Storage and budget that are used to the last unit by stock on its curves, whose lines say that there is room left."""

from __future__ import annotations

import math

import numpy as np
import pytest

import ctsopt as cts
from tests.often import sampled
from tests.stock_networks import two_dc_pooling

OPENED, UNITS = 10.0, 400.0
"""Money a day of a centre; units a day of all customers, half of them at home with each centre."""


def tables(cross: float, room: float, budget: float = math.inf) -> dict:
    """A centre that serves q a day keeps 2 sqrt(q) units, for as much money; from the other one it is cross/100."""
    made = two_dc_pooling(cross)
    made["customers"] = made["customers"].drop(columns="single_source")
    made["sites"]["storage_capacity"] = [None, room, room]
    made["settings"]["budget"] = budget * 365
    return made


def least(cross: float, room: float) -> float:
    """Least cost: all at one centre, else as much as it has room for, or half; in between the cost is concave."""

    def both(q: float) -> float:
        return 2 * OPENED + 2 * math.sqrt(q) + 2 * math.sqrt(UNITS - q) + cross / 100 * (q - UNITS / 2)

    if room >= 2 * math.sqrt(UNITS):
        return min(OPENED + 2 * math.sqrt(UNITS) + cross / 100 * UNITS / 2, both(UNITS / 2))
    return min(both((room / 2)**2), both(UNITS / 2))


def test_a_centre_that_is_filled_by_hand():
    """Room for 35 is room for 306.25 a day; the other 93.75 keep 19.36: 20 + 35 + 19.36 + 1.06 is less than halves."""

    assert least(1.0, 35.0) == pytest.approx(20 + 35 + 2 * math.sqrt(93.75) + 1.0625)
    plan = cts.solve(cts.network(tables(1.0, 35.0)), gap=1e-4)
    assert plan.total_cost == pytest.approx(75.4274, rel=1e-4)
    assert plan.gap <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(100), every=50))
def test_what_fits_to_the_last_unit_is_found(seed):
    rng = np.random.default_rng(seed)
    cross, room = float(rng.choice([0.0, 0.5, 1.0, 3.0])), float(rng.uniform(28.3, 41.0))
    expected = least(cross, room)
    plan = cts.solve(cts.network(tables(cross, room)), gap=1e-4)
    assert plan.total_cost == pytest.approx(expected, rel=1e-4)
    assert plan.gap <= 1.001e-4
    within = cts.solve(cts.network(tables(cross, room, expected * 1.0001)), gap=1e-4)
    assert within.total_cost == pytest.approx(expected, rel=1e-4)
