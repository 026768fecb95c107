"""Cycle service, ready rate, backorders and stock on hand: published figures and identities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from ctsopt.errors import UsageError
from ctsopt.inventory.fill_rate import fill_rate
from ctsopt.inventory.service_measures import (
    backlog_service_level,
    cycle_service_level,
    expected_backorders,
    on_hand_expected,
    ready_rate,
)

CASE = (600.0, 100.0, 60.0, 6.0)


def test_published():
    """(R, s, nQ) = (1, 600, 500), L = 6: simulated .7557 of periods without backlog, 181.77 on hand."""
    assert float(cycle_service_level(*CASE, lot_size=500.0)) == pytest.approx(0.756534, abs=6e-7)
    assert float(expected_backorders(*CASE, lot_size=500.0)) == pytest.approx(32.1203, abs=6e-5)
    assert float(on_hand_expected(*CASE, lot_size=500.0)) == pytest.approx(182.1203, abs=6e-5)
    assert float(backlog_service_level(*CASE, lot_size=500.0)) == pytest.approx(1 - 32.1203 / 100, abs=6e-7)


def test_published_single_units():
    """Poisson, λL = 5, base stock 8: E[B] = .122109, which is the mean wait where one unit a day is asked for."""
    options = {"policy": "sq", "lot_size": 1, "distribution": "poisson"}
    assert float(expected_backorders(7, 1.0, 1.0, 5.0, **options)) == pytest.approx(0.122109, abs=6e-7)
    assert float(on_hand_expected(7, 1.0, 1.0, 5.0, **options)) == pytest.approx(8 - 5 + 0.122109, abs=6e-7)
    same = [float(measure(7, 1.0, 1.0, 5.0, **options)) for measure in (fill_rate, ready_rate)]
    assert same == pytest.approx([0.866628, 0.866628], abs=6e-7)       # single units: fill rate = ready rate


def test_safety_stock_lot_and_backorders():
    """Trap: on hand at the end of the day is safety stock + Q/2 + backorders; over all time there is m R/2 more."""
    options = {"lot_size": 400.0, "review_time": 5.0}
    end = float(on_hand_expected(*CASE, **options)) - float(expected_backorders(*CASE, **options))
    assert end == pytest.approx(600 - 100 * 11 + 200)
    average = float(on_hand_expected(*CASE, when="average", **options)) - float(
        expected_backorders(*CASE, when="average", **options))
    assert average - end == pytest.approx(100 * 5 / 2)


def test_average_backorders_are_the_integral_of_the_shortage():
    """Over a review period the backorders rise from those after L days to those after L + R."""
    options = {"lot_size": 400.0, "review_time": 5.0}
    by_time, _ = integrate.quad(lambda days: float(expected_backorders(
        600.0, 100.0, 60.0, days, policy="sq", lot_size=400.0)), 6.0, 11.0, epsrel=1e-10)
    assert float(expected_backorders(*CASE, when="average", **options)) == pytest.approx(by_time / 5, rel=1e-9)


@pytest.mark.parametrize(("options", "by_hand"), [
    ({"policy": "sq", "lot_size": 500.0, "distribution": "normal"}, stats.norm.cdf(0.0)),
    ({"policy": "rs", "distribution": "normal"}, stats.norm.cdf(-100 / (60 * math.sqrt(7)))),
    ({"policy": "rs", "review_time": 2.0}, stats.gamma(800 / 36, scale=36).cdf(600)),
])
def test_cycles(options, by_hand):
    assert float(cycle_service_level(*CASE, **options)) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("lot", [1, 7])
def test_cycles_of_whole_units(lot):
    """P(D <= y), as a mean over the positions 5, .., 4 + Q after ordering, demand over 3 + 2 days."""
    found = cycle_service_level(4, 1.2, 0.0, 3.0, lot_size=lot, review_time=2.0, distribution="poisson")
    assert float(found) == pytest.approx(stats.poisson(6.0).cdf(np.arange(5, 5 + lot)).mean())
    level = cycle_service_level(5, 1.2, 0.0, 3.0, policy="rs", review_time=2.0, distribution="poisson")
    assert float(level) == pytest.approx(stats.poisson(6.0).cdf(5))


def test_three_measures_are_three_figures():
    """Trap: ready rate and cycle service are no fill rate. In orders of several units the ready rate says too much."""
    options = {"policy": "sq", "lot_size": 10, "distribution": "negative_binomial"}
    fill, ready, cycle = (float(measure(18, 1.0, 3.0, 7.0, **options))
                          for measure in (fill_rate, ready_rate, cycle_service_level))
    assert ready - fill > 0.05
    assert cycle == pytest.approx(stats.nbinom(7 / 8, 1 / 9).cdf(18))
    assert len({round(fill, 2), round(ready, 2), round(cycle, 2)}) == 3


def test_ready_rate_over_a_review_period():
    by_time, _ = integrate.quad(lambda days: float(ready_rate(600.0, 100.0, 60.0, days, policy="sq", lot_size=400.0)),
                                6.0, 11.0, epsrel=1e-10)
    assert float(ready_rate(*CASE, lot_size=400.0, review_time=5.0)) == pytest.approx(by_time / 5, rel=1e-9)


def test_little():
    """Backorders are what arrives per day times how long it waits: ∫ of what is not shipped within w days, by w."""
    case = (8, 1.0, 1.0, 5.0)
    options = {"policy": "sq", "lot_size": 1, "distribution": "poisson"}
    wait, _ = integrate.quad(lambda w: 1 - float(fill_rate(*case, wait=w, **options)), 0.0, 5.0, epsrel=1e-10)
    assert float(expected_backorders(*case, **options)) == pytest.approx(1.0 * wait, rel=1e-9)


def test_backlog_level_may_be_negative():
    assert float(backlog_service_level(100.0, *CASE[1:], lot_size=500.0)) < 0


def test_mixture_of_lead_times():
    leads = {"lead_time": [3.0, 7.0], "lead_time_probabilities": [0.5, 0.5]}
    for measure in (cycle_service_level, ready_rate, expected_backorders, on_hand_expected, backlog_service_level):
        both = [float(measure(600.0, 100.0, 60.0, lead, lot_size=500.0)) for lead in (3.0, 7.0)]
        assert float(measure(600.0, 100.0, 60.0, lot_size=500.0, **leads)) == pytest.approx(sum(both) / 2)


def test_unknown_time():
    with pytest.raises(UsageError, match="did you mean 'average'"):
        on_hand_expected(*CASE, when="averag")
