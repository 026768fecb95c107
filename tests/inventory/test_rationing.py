"""Rationed stock with lots: every class gets what it is promised, and the formula knows what it gets."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.rationing import Point, drawn, formula, simulated
from ctsopt.inventory.rationing import Stocks, class_fill_rates
from ctsopt.inventory.reserve import reserve
from ctsopt.inventory.safety_stock import safety_stock
from tests import stock_formulas

SHORT = 0.003
"""What a simulated class may lack of its promise, and the formula of the simulation, beside three standard errors."""

LARGE_LOTS = [  # units per day, promises, lot; reserve that was kept, and fill rates simulated with it (± 0.002)
    ((2.0, 100.0), (0.98, 0.90), 500.0, 0.0, (0.9613, 0.963)),
    ((1.0, 100.0), (0.995, 0.80), 1000.0, 2.2256, (0.9897, 0.981)),
]


def large_lots(volume, rates, lot):
    return Point(np.array(volume), np.array(rates), 10.0, 7, 1, lot)


@pytest.mark.parametrize(("volume", "rates", "lot", "kept", "found"), LARGE_LOTS)
def test_a_lot_of_all_is_no_lot_of_the_better_class(volume, rates, lot, kept, found):
    """As if gold had the lot for itself no reserve, or one of 2.2 units, would do: 2 and 0.5 points too little."""
    point = large_lots(volume, rates, lot)
    bottom = float(safety_stock(rates[1], sum(volume), *point.supply()))
    assert bottom == 0
    assert formula(point, sum(volume) * 8 + kept, np.array([0.0, kept])) == pytest.approx(found, abs=0.002)
    reorder_point, levels = point.declared()
    assert reorder_point - sum(volume) * 8 == pytest.approx(levels[1])
    assert levels[1] > kept + 4
    rate, error = simulated(point, reorder_point, levels, replications=2000)
    assert (rate >= np.array(rates) - SHORT).all()
    assert (np.abs(formula(point, reorder_point, levels) - rate) <= SHORT + 3 * error).all()


@pytest.mark.parametrize("seed", range(6))
def test_drawn_points_get_what_is_promised(seed):
    """As `python -m benchmarks.rationing`, a few points of it."""
    point = drawn(np.random.default_rng(100 + seed))
    reorder_point, levels = point.declared()
    exact = formula(point, reorder_point, levels)
    rate, error = simulated(point, reorder_point, levels, days=60, replications=1500, seed=seed)
    assert (rate >= point.fill_rate - SHORT - 3 * error).all()
    assert (np.abs(exact - rate) <= SHORT + 3 * error).all()


@pytest.mark.slow
def test_by_the_formula_no_drawn_point_is_short():
    """Promises less 0.3 points; the worst class gets its own, or more where no stock is needed for it."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        point = drawn(rng)
        rate = formula(point, *point.declared())
        assert (rate >= point.fill_rate - SHORT).all(), point


def test_the_reserve_by_hand():
    """The most of sqrt((m + a) / (M + a)) (S(b, M) - S(b', M)), a = 10 / (2 * 8), term by term with other functions."""
    for volume, better, worse, lot in ((2.0, 0.98, 0.90, 500.0), (1.0, 0.995, 0.8, 1000.0), (30.0, 0.99, 0.9, 100.0)):
        by_hand = stock_formulas.plain_reserve(better, worse, volume, 10.0, 7.0, 1.0, lot, 0.0)
        assert float(reserve(better, worse, volume, 10.0, 7.0, 1.0, lot, 0.0)) == pytest.approx(by_hand, rel=1e-9)
        single = stock_formulas.safety_stock(better, volume, 10.0, 7.0, 1.0, lot, 0.0) - stock_formulas.safety_stock(
            worse, volume, 10.0, 7.0, 1.0, lot, 0.0)
        assert by_hand >= single


def test_reserves_of_nothing():
    """No volume, one promise for both, demand that is certain, or a wait longer than all: nothing is kept."""
    assert reserve(0.99, 0.9, 0.0, 10.0, 7.0, 1.0, 100.0, 0.0) == 0
    assert reserve(0.9, 0.9, 5.0, 10.0, 7.0, 1.0, 100.0, 0.0) == 0
    assert reserve(0.99, 0.9, 5.0, 0.0, 7.0, 1.0, 100.0, 0.0) == 0
    assert reserve(0.99, 0.9, 5.0, 10.0, 7.0, 1.0, 100.0, 0.0, 0.0, 9.0) == 0


def one(**stated):
    usual = {"reorder_point": 900.0, "levels": [0.0, 60.0], "volume": [30.0, 70.0], "ratio": 36.0, "lead_time": 6.0,
             "review_time": 1.0, "lot": 300.0, "lead_time_sd": 0.0, "wait": 0.0} | stated
    return class_fill_rates(Stocks(*(np.array([value], dtype=float) for value in usual.values())))[0]


def test_what_fill_rates_do_as_stock_grows():
    """More of a reserve on top of the same stock helps the better class alone; a class of no volume changes nothing."""
    rates = np.array([one(reorder_point=840.0 + k, levels=[0.0, k]) for k in (0.0, 20.0, 60.0, 120.0)])
    assert (np.diff(rates[:, 0]) > 0.001).all()
    assert rates[:, 1] == pytest.approx(rates[0, 1], abs=1e-12)
    assert rates[0, 0] == rates[0, 1]
    three = one(levels=[0.0, 0.0, 60.0], volume=[0.0, 30.0, 70.0])
    assert three[1:] == pytest.approx(one(), abs=1e-3)


def test_many_stocks_at_a_time_are_those_alone():
    """More than are worked out at a time; each has its own figures."""
    points = np.linspace(700.0, 1000.0, 230)
    many = class_fill_rates(Stocks(points, np.tile([0.0, 60.0], (230, 1)), np.tile([30.0, 70.0], (230, 1)),
                                   *(np.full(230, value) for value in (36.0, 6.0, 1.0, 300.0, 0.0, 0.0))))
    for place in (0, 199, 200, 229):
        assert many[place] == pytest.approx(one(reorder_point=points[place]), abs=1e-12)
