"""Partial expectations and lead-time demand: published figures, scipy.stats, and the traps of units and shapes."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from ctsopt.errors import UsageError
from ctsopt.inventory.demand import (
    choose_distribution,
    crossing_lead_time_demand,
    lead_time_demand,
    partial_expectation,
    second_partial_expectation,
    upper_tail,
)
from ctsopt.inventory.discrete import compound_poisson_pmf
from ctsopt.inventory.over_lot import mean_over_lot


@pytest.mark.parametrize(("x", "mean", "sd", "distribution", "first"), [
    (100, 60.0, 40.0, "gamma", 4.972362087847), (20, 10.0, 15.0, "gamma", 2.820733668661),
    (6, 4.0, 3.0, "negative_binomial", 0.537463721462), (12, 7.0, math.sqrt(63), "negative_binomial", 1.556153513047),
    (8, 5.0, 0.0, "poisson", 0.122109292575),
])
def test_published_losses(x, mean, sd, distribution, first):
    assert float(partial_expectation(x, mean, sd, distribution)) == pytest.approx(first, abs=1e-12)


@pytest.mark.parametrize(("x", "mean", "sd", "second"), [
    (100, 60.0, 40.0, 162.168050733), (20, 10.0, 15.0, 53.270674998747),
])
def test_published_second_losses(x, mean, sd, second):
    assert float(second_partial_expectation(x, mean, sd)) == pytest.approx(second, abs=1e-9)


@pytest.mark.parametrize(("mean", "sd"), [(60.0, 40.0), (10.0, 15.0), (0.05, 1.0), (400.0, 3.0), (1e6, 1e4)])
@pytest.mark.parametrize("distribution", ["gamma", "normal"])
@pytest.mark.parametrize("k", [-2.5, 0.0, 0.7, 2.0, 4.0])
def test_against_integrals_of_the_tail(distribution, mean, sd, k):
    """E[(D−x)+] = ∫ P(D > y) dy and E[(D−x)+²]/2 = ∫ (y − x) P(D > y) dy, from x on."""
    other = stats.norm(mean, sd) if distribution == "normal" else stats.gamma((mean / sd) ** 2, scale=sd**2 / mean)
    x = mean + k * sd
    first = second = 0.0
    step = max(2 * sd, sd**2 / mean) if distribution == "gamma" else 2 * sd
    edges = [x + i * step for i in range(80)]
    if x < 0 and distribution == "gamma":
        edges = [x, *[i * step for i in range(80)]]
    for low, high in pairwise(edges):
        if other.sf(low) < 1e-30:
            break
        first += integrate.quad(other.sf, low, high, epsabs=1e-13 * sd, epsrel=1e-11, limit=200)[0]
        second += integrate.quad(lambda y: (y - x) * other.sf(y), low, high, epsabs=1e-13 * sd**2, epsrel=1e-11,
                                 limit=200)[0]
    assert float(partial_expectation(x, mean, sd, distribution)) == pytest.approx(first, rel=1e-8)
    assert float(second_partial_expectation(x, mean, sd, distribution)) == pytest.approx(second, rel=1e-8)
    assert float(upper_tail(x, mean, sd, distribution)) == pytest.approx(other.sf(x), rel=1e-11)


@pytest.mark.parametrize(("mean", "sd"), [(4.0, 3.0), (7.0, math.sqrt(63)), (0.3, 1.4), (900.0, 60.0), (3.0, 0.0)])
@pytest.mark.parametrize("x", [-3.0, 0.0, 1.0, 2.5, 6.0, 12.0, 1000.25])
def test_whole_units_against_sums(mean, sd, x):
    """Negative binomial by brute sum; with a variance of at most the mean it is a Poisson (trap)."""
    law = stats.nbinom(mean**2 / (sd**2 - mean), mean / sd**2) if sd**2 > mean else stats.poisson(mean)
    n = np.arange(20_000)
    chance, excess = law.pmf(n), np.maximum(n - x, 0.0)
    for distribution in ("negative_binomial", "poisson") if sd**2 <= mean else ("negative_binomial",):
        assert float(partial_expectation(x, mean, sd, distribution)) == pytest.approx(
            chance @ excess, rel=1e-9, abs=1e-14)
        assert float(second_partial_expectation(x, mean, sd, distribution)) == pytest.approx(
            chance @ excess**2 / 2, rel=1e-9, abs=1e-14)
        assert float(upper_tail(x, mean, sd, distribution)) == pytest.approx(law.sf(math.floor(x)), rel=1e-9, abs=1e-14)


def test_tiny_shapes_do_not_underflow():
    """Trap: variation 3 and above. At cv = 1000 demand is 0 but for one day in many: shape 1e-6, scale 1e6.

    There F(x) = a E1(x/b) + O(a²), so that E[(D − x)+] = a b [e^-z − z E1(z)].
    """
    z = np.array([0.01, 1.0, 5.0])
    e1 = np.array([4.037929576538114, 0.21938393439552029, 0.001148295591275326])
    found = partial_expectation(1e6 * z, 1.0, 1000.0)
    assert found == pytest.approx(np.exp(-z) - z * e1, rel=1e-4)
    assert upper_tail(1e6 * z, 1.0, 1000.0) == pytest.approx(1e-6 * e1, rel=1e-4)


def test_certain_demand():
    for distribution in ("gamma", "normal", "negative_binomial"):
        sd = 0.0 if distribution != "negative_binomial" else 1.0
        mean = 0.0 if distribution == "negative_binomial" else 5.0
        assert partial_expectation([-1.0, 3.0, 7.0], mean, sd, distribution).tolist() == [
            mean + 1, max(mean - 3, 0), 0.0]


@pytest.mark.parametrize("distribution", ["gamma", "normal"])
@pytest.mark.parametrize("low", [-700.0, -100.0, 0.0, 30.0, 600.0, 900.0])
@pytest.mark.parametrize("lot", [0.0, 1e-9, 3.0, 24.0, 25.0, 300.0, 5000.0])
@pytest.mark.parametrize("sd", [0.0, 160.0])
def test_mean_over_a_lot(distribution, low, lot, sd):
    """The mean of the loss over a lot, by 400 nodes in the pieces between 0, the mean, and the ends."""
    loss, tail = mean_over_lot(low, lot, 600.0, sd, distribution)
    ends = [0.0, *sorted((e - low) / lot for e in (0.0, 600.0) if low < e < low + lot), 1.0]

    def mean(measure):
        def at(u):
            return measure(low + u * lot, 600.0, sd, distribution)

        return sum(float(integrate.fixed_quad(at, a, b, n=400)[0]) for a, b in pairwise(ends))

    assert float(loss) == pytest.approx(mean(partial_expectation), rel=1e-9)
    if not (sd == 0 and low == 600.0):
        assert float(tail) == pytest.approx(mean(upper_tail), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("distribution", ["poisson", "negative_binomial"])
@pytest.mark.parametrize(("low", "lot"), [(3, 1), (0, 6), (-4, 9), (12, 40)])
@pytest.mark.parametrize("mean", [0.0, 6.0])
def test_mean_over_a_lot_of_whole_units(distribution, low, lot, mean):
    loss, tail = mean_over_lot(float(low), float(lot), mean, 4.0, distribution)
    positions = np.arange(low + 1, low + lot + 1)
    at_least = upper_tail(positions - 1, mean, 4.0, distribution) if mean else positions <= 0
    assert float(loss) == pytest.approx(partial_expectation(positions, mean, 4.0, distribution).mean(), rel=1e-11)
    assert float(tail) == pytest.approx(at_least.mean(), rel=1e-11)


def test_lead_time_in_its_units():
    """P = 10, L = 5, σ = 2, s_L = .5: the sd is 30.98387. A worked answer in print takes L σ² for (L + P) σ²."""
    mean, sd = lead_time_demand(60.0, 2.0, 5.0, 0.5, 10.0)
    assert float(mean + 1.96 * sd) == pytest.approx(960.728, abs=5e-4)
    assert float(sd) == pytest.approx(math.sqrt(15 * 4 + 3600 * 0.25))


def test_weeks_and_days_agree():
    """Trap: the standard deviation of a week is √7 of a day's, while lead times and their spread go by 7."""
    daily = lead_time_demand(100.0, 30.0, 14.0, 3.5, 7.0)
    weekly = lead_time_demand(700.0, 30.0 * math.sqrt(7), 2.0, 0.5, 1.0)
    assert [float(v) for v in daily] == pytest.approx([float(v) for v in weekly], rel=1e-14)


def test_crossing():
    """Three or seven days, an order each day: 14,500 and not 44,500. Lead times all alike cannot cross."""
    mean, sd = crossing_lead_time_demand(100.0, 30.0, [3, 7], [0.5, 0.5])
    assert (float(mean), float(sd) ** 2) == pytest.approx((500.0, 14_500.0))
    assert float(lead_time_demand(100.0, 30.0, 5.0, 2.0).sd) ** 2 == pytest.approx(44_500.0)
    assert float(crossing_lead_time_demand(100.0, 30.0, [5], [1.0]).sd) ** 2 == pytest.approx(5 * 900.0)


def test_pooling():
    """Four stocks of sd 10 over L = 4 at k = 2: 80 in one place, 113.137 in two, 160 in four."""
    for places, stock in ((1, 80.0), (2, 113.137), (4, 160.0)):
        _, sd = lead_time_demand(0.0, 10.0 * math.sqrt(4 / places), 4.0)
        assert places * 2 * float(sd) == pytest.approx(stock, abs=5e-4)


def test_choice():
    assert choose_distribution([100.0, 100.0, 100.0], [11.9, 12.0, 200.0]).tolist() == ["normal", "gamma", "gamma"]
    assert choose_distribution(100.0, 11.0, [0.5, 3.0]).tolist() == ["negative_binomial", "normal"]


@pytest.mark.parametrize("orders", [0.0, 0.7, 30.0, 1200.0])
def test_compound_poisson(orders):
    """Against the transform of the compound; 1,200 orders would vanish as e^-1200 without splitting."""
    sizes, chance = np.array([1, 3, 7]), np.array([0.5, 0.3, 0.2])
    count = int(orders * 6) + 40
    found = compound_poisson_pmf(orders, sizes, chance, count)
    spectrum = np.zeros(1 << 16)
    spectrum[sizes] = chance
    by_fft = np.fft.ifft(np.exp(orders * (np.fft.fft(spectrum) - 1))).real[:count]
    assert found == pytest.approx(by_fft, abs=1e-12)
    assert found[0] == pytest.approx(math.exp(-orders), abs=0, rel=1e-12)
    assert np.arange(count) @ found == pytest.approx(orders * 2.8, rel=1e-6, abs=1e-12)


def test_binomial_is_a_compound_of_logarithmic_orders():
    size = np.arange(1, 400)
    chance = (8 / 9) ** size / size / math.log(9)
    found = compound_poisson_pmf(7 * math.log(9) / 8, size, chance / chance.sum(), 120)
    assert found == pytest.approx(stats.nbinom(7 / 8, 1 / 9).pmf(np.arange(120)), rel=1e-9)


@pytest.mark.parametrize(("call", "words"), [
    (lambda: partial_expectation(1.0, 1.0, 1.0, "gama"), "did you mean 'gamma'"),
    (lambda: partial_expectation(1.0, -1.0, 1.0), "mean is -1"),
    (lambda: partial_expectation(math.nan, 1.0, 1.0), "not a number"),
    (lambda: lead_time_demand(1.0, 1.0, math.inf), "lead_time is inf"),
    (lambda: crossing_lead_time_demand(1.0, 1.0, [1, 2], [0.5, 0.4]), "sum to 0.9"),
    (lambda: crossing_lead_time_demand(1.0, 1.0, [1, 2], [1.0]), "one probability for each"),
    (lambda: crossing_lead_time_demand(1.0, 1.0, [1], [1.0], 0.0), "order_interval is 0"),
    (lambda: compound_poisson_pmf(1.0, [0.5], [1.0], 3), "whole numbers"),
    (lambda: compound_poisson_pmf(1.0, [1, 2], [0.7, 0.7], 3), "sum to 1.4"),
    (lambda: compound_poisson_pmf(-1.0, [1], [1.0], 3), "orders is -1"),
    (lambda: compound_poisson_pmf(1.0, [1, 2], [1.0], 3), "same length"),
])
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(UsageError, match=words):
        call()
