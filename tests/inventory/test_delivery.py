"""On-time delivery with waits for stock: a published figure, certain transit, and a simulation of orders."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from ctsopt.errors import UsageError
from ctsopt.inventory.delivery import on_time_delivery
from ctsopt.inventory.fill_rate import fill_rate, window_fill_rate
from ctsopt.inventory.lead_time import on_time_probability


def single(wait):
    """Base stock 8 of single units, one a day, lead time 5."""
    return window_fill_rate(wait, 7, 1.0, 1.0, 5.0, policy="sq", lot_size=1, distribution="poisson")


def test_published():
    """Processing 1 day, transit lognormal (2, cv .5), promise 5 days: .939011 (simulated .939262), product .828294."""
    found = on_time_delivery(5.0, single, 2.0, 1.0, processing_time=1.0, longest_wait=5.0)
    assert float(found) == pytest.approx(0.939011, abs=6e-7)
    product = float(fill_rate(7, 1.0, 1.0, 5.0, policy="sq", lot_size=1, distribution="poisson")) * float(
        on_time_probability(4.0, 2.0, 1.0))
    assert product == pytest.approx(0.828294, abs=6e-7)


@pytest.mark.parametrize("distribution", ["lognormal", "gamma"])
@pytest.mark.parametrize(("limit", "mean", "sd"), [(3.0, 2.0, 1.0), (9.0, 2.0, 1.0), (6.0, 4.0, 0.2), (12.0, 3.0, 5.0)])
def test_against_quadrature_over_transit(distribution, limit, mean, sd):
    spread = np.sqrt(np.log1p((sd / mean) ** 2))
    law = (stats.lognorm(spread, scale=mean / np.sqrt(1 + (sd / mean) ** 2)) if distribution == "lognormal"
           else stats.gamma((mean / sd) ** 2, scale=sd**2 / mean))
    slack = limit - 1.0
    pieces = sorted({0.0, max(slack - 5.0, 0.0), min(mean, slack), slack})
    by_time = sum(integrate.quad(lambda x: float(single(slack - x)) * law.pdf(x), a, b, epsrel=1e-9)[0]
                  for a, b in pairwise(pieces))
    found = on_time_delivery(limit, single, mean, sd, distribution, processing_time=1.0, longest_wait=5.0)
    assert float(found) == pytest.approx(by_time, abs=1e-8)


def test_certain_transit():
    """Without spread: the window that is left after processing and transit, and nothing where none is left."""
    found = on_time_delivery([2.9, 3.0, 4.0, 30.0], single, 2.0, 0.0, processing_time=1.0, longest_wait=5.0)
    assert found == pytest.approx([0.0, 0.866628, 0.948866, 1.0], abs=6e-7)


def test_orders_that_wait_and_travel():
    """A million orders: each waits until its unit is there, then travels."""
    rng = np.random.default_rng(41)
    time = np.cumsum(rng.exponential(1.0, 1_000_000))
    wait = np.zeros(len(time))
    wait[8:] = np.maximum(time[:-8] + 5.0 - time[8:], 0.0)     # the unit ordered eight orders earlier
    spread = np.sqrt(np.log(1.25))
    total = 1.0 + wait + rng.lognormal(np.log(2.0) - spread**2 / 2, spread, len(time))
    for limit in (4.0, 5.0, 7.0):
        share = np.mean(total <= limit)
        found = on_time_delivery(limit, single, 2.0, 1.0, processing_time=1.0, longest_wait=5.0)
        assert float(found) == pytest.approx(share, abs=0.0015)


def test_window_must_be_a_share():
    with pytest.raises(UsageError, match="outside 0 to 1"):
        on_time_delivery(5.0, lambda wait: 2 + wait, 2.0, 1.0)
    with pytest.raises(UsageError, match="limit is -1"):
        on_time_delivery(-1.0, single, 2.0, 1.0)
