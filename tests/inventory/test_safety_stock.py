"""Safety stock of a fill rate: published reorder points, an independent solution of the formula, limits and edges."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from ctsopt.errors import UsageError
from ctsopt.inventory.fill_rate import safety_stock

FIELDS = ("fill_rate", "volume", "variance_to_mean", "lead_time", "review_time", "lot_size", "order_interval",
          "lead_time_sd", "wait")
USUAL = dict(zip(FIELDS, (0.95, 100.0, 36.0, 6.0, 1.0, 200.0, 0.0, 0.0, 0.0), strict=True))


def stock(**changes):
    return safety_stock(**{**USUAL, **changes})


def shortage(reorder_point, volume, ratio, lead, review, lot, sd, wait):
    """Share of demand short: the mean over the lot of E[max(D_T - y, 0)] - E[max(D_L' - y, 0)], by quadrature."""
    def first(days, y):
        if days <= 0:
            return np.maximum(-y, 0.0)
        mean, variance = volume * days, ratio * volume * days + (sd * volume) ** 2
        shape, scale = mean**2 / variance, variance / mean
        return mean * stats.gamma.sf(y, shape + 1, scale=scale) - y * stats.gamma.sf(y, shape, scale=scale)

    def both(y):
        return first(lead + review - wait, y) - first(lead - wait, y)

    per_review = volume * review
    if lot == 0:
        return both(reorder_point) / per_review
    whole, _ = integrate.fixed_quad(both, reorder_point, reorder_point + lot, n=200)
    return whole / lot / per_review


def test_published_reorder_points():
    """Target .95, demand 100 with standard deviation 60 a day, L = 6, R = 1, Q = 200, a wait of 0 to 5 days."""
    wait = np.array([0.0, 1.0, 2.0, 3.0, 5.0])
    reorder_point = stock(wait=wait) + 100.0 * (7.0 - wait)
    assert reorder_point == pytest.approx([860.6, 741.9, 621.7, 499.4, 245.1], abs=0.05)


@pytest.mark.parametrize(("case", "reorder_point"), [
    # A known gap table: 50 over L + R = 6, 11, 31 days without lots (Q = 0), target .90.
    ({"fill_rate": 0.90, "lead_time": 5.0, "lot_size": 0.0}, 600 + 160.6),
    ({"fill_rate": 0.90, "lead_time": 10.0, "lot_size": 0.0}, 1100 + 228.2),
    ({"fill_rate": 0.90, "lead_time": 30.0, "lot_size": 0.0}, 3100 + 402.3),
    # (R, S) of five days: S(.95), S(.98)
    ({"variance_to_mean": 9.0, "lead_time": 7.0, "review_time": 5.0, "lot_size": 0.0}, 1239.688),
    ({"fill_rate": 0.98, "variance_to_mean": 9.0, "lead_time": 7.0, "review_time": 5.0, "lot_size": 0.0}, 1300.009),
])
def test_published_order_up_to_levels(case, reorder_point):
    arguments = {**USUAL, **case}
    middle = arguments["volume"] * (arguments["lead_time"] + arguments["review_time"])
    assert float(stock(**case)) + middle == pytest.approx(reorder_point, abs=0.051)


@pytest.mark.parametrize("case", [
    (0.95, 100.0, 36.0, 6.0, 1.0, 500.0, 0.0, 0.0, 0.0),
    (0.99, 3.0, 30.0, 12.5, 7.0, 10.0, 0.0, 0.0, 2.0),
    (0.50, 0.02, 4.0, 3.0, 1.0, 1.0, 0.0, 0.0, 0.0),
    (0.9999, 20.0, 1.0, 1.0, 0.25, 0.0, 7.0, 0.0, 0.0),
    (0.97, 50.0, 5.0, 9.0, 1.0, 0.0, 2.0, 2.5, 0.0),
    (0.97, 50.0, 5.0, 2.0, 3.0, 25.0, 0.0, 1.0, 2.0),      # nothing is left of L
    (0.97, 50.0, 5.0, 2.0, 3.0, 25.0, 0.0, 1.0, 3.5),      # nor all of R
    (0.90, 2.0**-10, 100.0, 5.0, 1.0, 0.0, 30.0, 0.0, 0.0),
    (0.95, 1000.0, 0.5, 5.0, 0.01, 3.0, 0.0, 0.0, 0.0),
    (0.98, 100.0, 0.0, 6.0, 1.0, 50.0, 0.0, 1.5, 0.0),     # only the lead time is uncertain
])
def test_against_an_independent_solution(case):
    """brentq on the formula with scipy.stats and 200 nodes over the lot."""
    b, m, q, lead, review, least, interval, sd, wait = case
    lot, middle = max(least, m * interval), m * max(lead + review - wait, 0.0)
    spread = math.sqrt(q * m * (lead + review) + (sd * m) ** 2) + q
    root = optimize.brentq(lambda s: shortage(s, m, q, lead, review, lot, sd, wait) - (1 - b), middle,
                           middle + 40 * spread, xtol=1e-12, rtol=1e-14)
    assert float(safety_stock(*case)) == pytest.approx(root - middle, rel=1e-7)
    assert float(safety_stock(*case)) + middle == pytest.approx(root, rel=1e-9)


@pytest.mark.parametrize(("field", "values"), [
    ("fill_rate", np.concatenate([np.linspace(0.01, 0.99, 99), [0.999, 0.9999, 0.999999]])),
    ("lead_time", np.linspace(0.0, 60.0, 121)),
    ("lead_time_sd", np.linspace(0.0, 5.0, 51)),
    ("variance_to_mean", 2.0 ** np.arange(-10, 12)),
])
@pytest.mark.parametrize("lot_size", [0.0, 1e-3, 30.0, 200.0])
def test_rises_with(field, values, lot_size):
    found = stock(**{field: values, "lot_size": lot_size})
    assert (np.diff(found) >= 0).all()
    assert found[-1] > found[0]


def test_falls_with_the_wait_and_the_lot():
    assert (np.diff(stock(wait=np.linspace(0.0, 8.0, 33))) <= 0).all()
    assert (np.diff(stock(lot_size=np.concatenate([[0.0], 2.0 ** np.arange(-20, 14)]))) <= 0).all()


def test_falls_to_zero_with_a_long_lot():
    """With ten days of demand in a lot and customers content with one of two units, stock is short half of the time."""
    assert stock(fill_rate=0.5, order_interval=10.0) == 0.0
    assert stock(lot_size=1e12) == 0.0
    assert float(stock(fill_rate=0.99, lot_size=1e12)) == 0.0


@pytest.mark.parametrize(("lot", "b"), [(0.0, 0.9), (5.0, 0.95), (400.0, 0.99), (1.0, 0.9999)])
def test_limit_at_small_volume(lot, b):
    """As m falls to 0 the units short per unit are those of the gamma process' own jumps, of density e^(-x/q)/x.

    With x = s/q and H(x) = (x² E1(x) + (1-x) e^-x)/2 that is (q/Q) (H(x) - H(x + Q/q)), or e^-x - x E1(x) at Q = 0.
    """
    def share(x):
        if lot == 0:
            return math.exp(-x) - x * special.exp1(x)
        second = [(z**2 * special.exp1(z) + (1 - z) * math.exp(-z)) / 2 for z in (x, x + lot / 20)]
        return 20 / lot * (second[0] - second[1])

    limit = 20 * optimize.brentq(lambda x: share(x) - (1 - b), 1e-9, 60, xtol=1e-14)
    found = safety_stock(b, 2.0 ** np.arange(-30, -4), 20.0, 4.0, 1.0, lot, 0.0)
    away = np.abs(found - limit)
    assert away[0] <= 1e-6 * limit
    assert (np.diff(away) >= -1e-9 * limit).all()


def test_small_lots_lead_to_none():
    """The difference of second-order losses over a lot of 1e-9 would have no digit left."""
    lots = 10.0 ** np.arange(-12, 0)
    none = float(stock(lot_size=0.0))
    assert np.abs(stock(lot_size=lots) - (none - lots / 2)).max() < 1e-4       # s falls by half a lot at first
    assert float(stock(lot_size=1e-9)) == pytest.approx(none, rel=1e-11)


@pytest.mark.parametrize("lead_time", [2.0, 9.0])
@pytest.mark.parametrize("around", [0.15, 0.1499999])
def test_both_ways_to_average_over_a_lot_agree(lead_time, around):
    """At the size of lot where the way of computing changes, the value does not."""
    mean, sd = 100.0 * (lead_time + 1), 60.0 * math.sqrt(lead_time + 1)
    lots = around * sd * np.array([1 - 1e-9, 1 + 1e-9])
    below, above = stock(lead_time=lead_time, lot_size=lots)
    assert below + mean == pytest.approx(above + mean, rel=1e-9)


@pytest.mark.parametrize("nothing", [
    {"fill_rate": 0.0}, {"volume": 0.0}, {"variance_to_mean": 0.0}, {"wait": 7.0}, {"wait": 30.0},
    {"lead_time": 0.0, "review_time": 0.0},
])
def test_no_stock_where_nothing_asks_for_it(nothing):
    assert stock(**nothing) == 0.0


def test_review_is_at_least_a_hundredth_of_a_day():
    assert stock(review_time=0.0) == stock(review_time=0.01)
    assert stock(review_time=0.02) != stock(review_time=0.01)


def test_square_of_shapes_and_extremes_stay_finite():
    """Shapes of demand from 1e-7 to 1e9, in one call, without a warning."""
    volume, ratio, b = np.meshgrid(2.0 ** np.arange(-10.0, 25, 5), 10.0 ** np.arange(-2.0, 4), [0.01, 0.9, 0.9999])
    for lead_time in (0.0, 0.01, 30.0):
        found = safety_stock(b, volume, ratio, lead_time, 1.0, 10.0, 0.0)
        assert found.shape == volume.shape
        assert (np.isfinite(found) & (found >= 0)).all()
        assert (np.diff(found, axis=2) >= 0).all()


@pytest.mark.parametrize("wrong", [
    {"fill_rate": 1.0}, {"fill_rate": -0.1}, {"volume": -1.0}, {"lead_time": math.nan}, {"lot_size": math.inf},
    {"wait": [0.0, -1.0]},
])
def test_what_cannot_be_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(UsageError, match=name):
        stock(**wrong)


def test_twenty_thousand_at_once():
    rng = np.random.default_rng(7)
    volume, ratio = 2.0 ** rng.uniform(-10, 17, 20_000), 10.0 ** rng.uniform(-2, 2, 20_000)
    begun = time.process_time()
    found = safety_stock(rng.choice([0.9, 0.95, 0.99], 20_000), volume, ratio, rng.uniform(0, 40, 20_000), 1.0, 0.0, 2)
    assert time.process_time() - begun < 2.0        # 0.3 s on an idle core
    assert np.count_nonzero(found) > 10_000
