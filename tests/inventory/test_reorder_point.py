"""Reorder points and safety factors: textbook examples, whole units, floors, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ctsopt.errors import UsageError
from ctsopt.inventory.fill_rate import fill_rate, safety_stock
from ctsopt.inventory.reorder_point import reorder_point_for_fill_rate, safety_factor
from ctsopt.inventory.roots import root_between


@pytest.mark.parametrize(("lot", "mean", "sd", "target", "factor", "point"), [
    (200.0, 50.0, 11.4, 0.99, 0.5757, 56.56),       # Silver, Pyke and Peterson style: table value .58
    (100.0, 100.0, 25.0, 0.98, 1.02124, 125.53),    # Nahmias, jars of mustard: z = 1.02, R = 126
])
def test_textbook_examples(lot, mean, sd, target, factor, point):
    found = float(safety_factor(target, lot, sd, method="classic").safety_factor)
    assert found == pytest.approx(factor, abs=5e-5)
    assert mean + found * sd == pytest.approx(point, abs=0.006)
    classic = reorder_point_for_fill_rate(target, mean, sd, 1.0, policy="sq", lot_size=lot, method="classic",
                                          distribution="normal")
    assert float(classic.reorder_point) == pytest.approx(point, abs=0.006)
    assert float(classic.fill_rate) == pytest.approx(target)


def test_fill_rate_is_no_cycle_service():
    """Trap: in the second example .98 of units takes s = 125.53, of cycles 151.34; s = 125.53 keeps .846."""
    assert 100 + 25 * stats.norm.ppf(0.98) == pytest.approx(151.34, abs=0.005)
    assert stats.norm.cdf(float(safety_factor(0.98, 100.0, 25.0, method="classic").safety_factor)) == pytest.approx(
        0.846, abs=5e-4)


@pytest.mark.parametrize(("lot", "classic", "there", "exact"), [
    (10.0, 2.0221, 0.9864, 1.8674), (25.0, 1.6631, 0.9812, 1.6368), (50.0, 1.3602, 0.98005, 1.3591),
    (100.0, 1.0212, 0.98000, 1.0212),
])
def test_small_lots(lot, classic, there, exact):
    """sd 25, target .98: the classic factor is too high where the lot is small, and what it attains."""
    factor = float(safety_factor(0.98, lot, 25.0, method="classic").safety_factor)
    assert factor == pytest.approx(classic, abs=5e-5)
    assert float(safety_factor(0.98, lot, 25.0).safety_factor) == pytest.approx(exact, abs=5e-5)
    attained = fill_rate(100 + 25 * factor, 100.0, 25.0, 1.0, policy="sq", lot_size=lot, distribution="normal",
                         method="without_undershoot")
    assert float(attained) == pytest.approx(there, abs=5e-5)


def test_negative_factors_are_floored_and_reported():
    """Trap: Q (1 − β)/sd above 0.3989 means a negative factor, as Q = 400, sd = 25, β = .95: G(k) = .8, k = −.6737."""
    found = safety_factor([0.95, 0.98], [400.0, 100.0], 25.0, method="classic")
    assert found.floored.tolist() == [True, False]
    assert found.safety_factor == pytest.approx([0.0, 1.02124], abs=5e-6)
    free = safety_factor(0.95, 400.0, 25.0, method="classic", allow_negative=True)
    assert not free.floored
    k = float(free.safety_factor)
    assert stats.norm.pdf(k) - k * stats.norm.sf(k) == pytest.approx(0.8)
    assert k < -0.6
    exact = safety_factor(0.95, 400.0, 25.0, allow_negative=True)
    assert float(exact.safety_factor) == pytest.approx(k, abs=1e-6)        # so long a lot has one shortage at most


def test_factors_without_end():
    """Trap: dk/dβ = Q / (sd (1 − Φ(k))): the last tenths of a per cent are dear, and all of demand is out of reach."""
    factor = safety_factor([0.99, 0.999, 0.9999, 0.99999], 100.0, 25.0).safety_factor
    slope = np.diff(factor) / np.diff([0.99, 0.999, 0.9999, 0.99999])
    assert (slope[1:] / slope[:-1] > 7).all()
    for target in (1.0, 1.2, -0.1, math.nan):
        with pytest.raises(UsageError, match="below 1"):
            safety_factor(target, 100.0, 25.0)
        with pytest.raises(UsageError, match="below 1"):
            reorder_point_for_fill_rate(target, 100.0, 60.0, 6.0)
    assert safety_factor(0.0, 100.0, 25.0, allow_negative=True).safety_factor == -math.inf


@pytest.mark.parametrize(("options", "mean", "sd"), [
    ({"policy": "sq", "lot_size": 1, "distribution": "poisson"}, 1.0, 1.0),
    ({"policy": "sq", "lot_size": 7, "distribution": "negative_binomial"}, 1.0, 3.0),
    ({"lot_size": 10, "distribution": "negative_binomial"}, 1.0, 3.0),
    ({"policy": "rs", "review_time": 7.0, "distribution": "poisson"}, 40.0, 6.0),
])
def test_whole_units(options, mean, sd):
    """Trap: the fill rate moves in steps, so the least whole reorder point attains more, one unit less too little."""
    targets = np.array([0.01, 0.5, 0.9, 0.95, 0.98, 0.999])
    found = reorder_point_for_fill_rate(targets, mean, sd, 5.0, **options)
    assert (found.reorder_point == np.rint(found.reorder_point)).all()
    assert (found.fill_rate >= targets).all()
    assert (fill_rate(found.reorder_point - 1, mean, sd, 5.0, **options) < targets).all()
    assert found.fill_rate == pytest.approx(fill_rate(found.reorder_point, mean, sd, 5.0, **options))


def test_published_base_stock():
    """Poisson, λL = 5: base stock 8 fills .866628, base stock 10 .968172. For .95 it takes 10 (9 fill .931906)."""
    found = reorder_point_for_fill_rate([0.86, 0.95], 1.0, 1.0, 5.0, policy="sq", lot_size=1, distribution="poisson")
    assert found.reorder_point.tolist() == [7.0, 9.0]
    assert found.fill_rate == pytest.approx([0.866628, 0.968172], abs=6e-7)


@pytest.mark.parametrize("options", [
    {"lot_size": 200.0}, {"policy": "rs", "review_time": 3.0}, {"lot_size": 200.0, "policy": "sq"},
    {"lot_size": 1e-6}, {"lot_size": 5000.0, "distribution": "normal"}, {"lot_size": 50.0, "lead_time_sd": 2.0},
    {"lot_size": 200.0, "wait": 2.5}, {"lot_size": 200.0, "method": "classic"},
])
def test_attains_its_target(options):
    targets = np.array([0.001, 0.3, 0.9, 0.99, 0.9999])
    found = reorder_point_for_fill_rate(targets, 100.0, 60.0, 6.0, **options)
    assert found.fill_rate == pytest.approx(targets, abs=1e-12)
    assert fill_rate(found.reorder_point, 100.0, 60.0, 6.0, **options) == pytest.approx(targets, abs=1e-12)
    assert (np.diff(found.reorder_point) > 0).all()


def test_the_two_definitions_of_safety_stock():
    """Trap: s − m L or s − m (L + R). Here it is over the whole protection interval, as in the plan."""
    targets = np.array([0.9, 0.95, 0.99])
    point = reorder_point_for_fill_rate(targets, 100.0, 60.0, 6.0, lot_size=200.0).reorder_point
    stock = safety_stock(targets, 100.0, 36.0, 6.0, 1.0, 200.0, 0.0)
    assert point - 100.0 * 7.0 == pytest.approx(stock, abs=1e-8)
    waiting = reorder_point_for_fill_rate(targets, 100.0, 60.0, 6.0, lot_size=200.0, wait=2.0).reorder_point
    assert waiting - 100.0 * 5.0 == pytest.approx(safety_stock(targets, 100.0, 36.0, 6.0, 1.0, 200.0, 0.0, wait=2.0),
                                                  abs=1e-8)


def test_no_stock_at_all():
    """Where even a position that is never above 0 serves enough, because customers wait, that is the answer."""
    found = reorder_point_for_fill_rate(0.9, 100.0, 60.0, 6.0, lot_size=20.0, policy="sq", wait=6.0)
    assert float(found.reorder_point) == pytest.approx(-2.0)      # nine tenths of the lot are above 0
    free = reorder_point_for_fill_rate(0.2, 100.0, 0.0, 6.0, policy="rs", review_time=7.0, wait=9.5)
    assert (float(free.reorder_point), float(free.fill_rate)) == (0.0, pytest.approx(0.5))


def test_roots():
    """Powers, where the steepness differs by twenty orders of magnitude."""
    powers = np.arange(1.0, 21.0)
    found = root_between(lambda x: x**powers - 0.5, np.zeros(20), np.full(20, 10.0))
    assert found == pytest.approx(0.5 ** (1 / powers), rel=1e-15)


@pytest.mark.parametrize(("call", "words"), [
    (lambda: safety_factor(0.9, 0.0, 25.0), "above 0"), (lambda: safety_factor(0.9, 10.0, 0.0), "above 0"),
    (lambda: safety_factor(0.9, 10.0, 5.0, method="clasic"), "did you mean 'classic'"),
    (lambda: reorder_point_for_fill_rate(0.9, 1.0, 3.0, 7.0, lot_size=10, distribution="auto", orders_per_day=0.2),
     "one distribution"),
])
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(UsageError, match=words):
        call()
