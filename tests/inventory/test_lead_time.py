"""Lead times: the formulas beside scipy.stats, a simulation-checked table, and what happens at the edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from ctsopt.errors import UsageError
from ctsopt.inventory.lead_time import DISTRIBUTIONS, on_time_probability, transit_percentile


def reference(distribution: str, mean: float, sd: float):
    """The same distribution in scipy's own parameters."""
    if distribution == "normal":
        return stats.norm(mean, sd)
    if distribution == "gamma":
        return stats.gamma((mean / sd) ** 2, scale=sd**2 / mean)
    spread = math.sqrt(math.log(1 + (sd / mean) ** 2))
    return stats.lognorm(spread, scale=mean / math.sqrt(1 + (sd / mean) ** 2))


@pytest.mark.parametrize(("mean", "cv", "p", "percentile"), [
    (3, 0.25, 0.95, {"lognormal": 4.3636, "gamma": 4.3307, "normal": 4.2336}),
    (2, 0.50, 0.95, {"lognormal": 3.8906, "gamma": 3.8768, "normal": 3.6449}),
    (5, 0.30, 0.90, {"lognormal": 6.9766}),
])
def test_published_percentiles(mean, cv, p, percentile):
    """A table whose lognormal figures were confirmed by simulation (4.3653, 3.8936, 6.9768)."""
    for distribution, days in percentile.items():
        assert float(transit_percentile(p, mean, cv * mean, distribution)) == pytest.approx(days, abs=5e-5)


@pytest.mark.parametrize(("mean", "cv", "chance"), [(3, 0.25, 0.901735), (2, 0.5, 0.955766)])
def test_published_probabilities(mean, cv, chance):
    """P(T <= 4); simulated 0.901730 and 0.955655."""
    assert float(on_time_probability(4, mean, cv * mean)) == pytest.approx(chance, abs=5e-7)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@pytest.mark.parametrize(("mean", "sd"), [(3.0, 0.75), (0.2, 0.3), (40.0, 1.0), (1e-3, 1e-4), (2.0, 9.0)])
def test_against_scipy(distribution, mean, sd):
    other = reference(distribution, mean, sd)
    assert other.mean() == pytest.approx(mean)
    assert other.std() == pytest.approx(sd)
    limits = mean * np.array([0.0, 0.3, 0.9, 1.0, 1.5, 4.0, 100.0])
    assert on_time_probability(limits, mean, sd, distribution) == pytest.approx(other.cdf(limits), rel=1e-9, abs=1e-300)
    shares = np.array([1e-6, 0.05, 0.5, 0.9, 0.999])
    assert transit_percentile(shares, mean, sd, distribution) == pytest.approx(other.ppf(shares), rel=1e-9)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_percentile_and_probability_undo_each_other(distribution):
    shares = np.array([0.01, 0.5, 0.95, 0.999])
    days = transit_percentile(shares, 3.0, 0.75, distribution)
    assert on_time_probability(days, 3.0, 0.75, distribution) == pytest.approx(shares, rel=1e-12)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_a_fixed_time_is_kept_or_not(distribution):
    assert on_time_probability([2.9, 3.0, 3.1], 3.0, 0.0, distribution).tolist() == [0, 1, 1]
    assert transit_percentile([0.01, 0.99], 3.0, 0.0, distribution).tolist() == [3, 3]
    assert on_time_probability([-0.1, 0.0], 0.0, 0.0, distribution).tolist() == [0, 1]


def test_a_limit_that_is_met_to_the_last_digit_is_met():
    """0.1 + 0.2 days of transit are 0.30000000000000004 in the machine, and kept within 0.3."""
    assert float(on_time_probability(0.3, 0.1 + 0.2, 0.0)) == 1


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_limits_without_end_and_before_the_start(distribution):
    assert on_time_probability([np.inf], 3.0, 0.75, distribution).tolist() == [1]
    before = float(on_time_probability(-1.0, 3.0, 0.75, distribution))
    # Only the normal can be early by more than all of its time: z = -4 / 0.75 = -5.333.
    assert before == pytest.approx(stats.norm.cdf(-16 / 3) if distribution == "normal" else 0.0, abs=1e-20)


def test_a_code_for_each_element():
    """What an array of codes gives is what the names give one by one."""
    codes = np.array([0, 1, 2, 0])
    limit, sd = np.array([4.0, 4.0, 4.0, 4.0]), np.array([0.75, 0.75, 0.75, 0.0])
    expected = [0.901735, float(reference("gamma", 3, 0.75).cdf(4)), float(reference("normal", 3, 0.75).cdf(4)), 1.0]
    assert on_time_probability(limit, 3.0, sd, codes) == pytest.approx(expected, abs=5e-7)


def test_nothing_is_changed_in_place():
    mean = np.array([3.0, 2.0])
    transit_percentile(0.9, mean, 0.5)
    assert mean.tolist() == [3, 2]


def test_an_unknown_distribution():
    with pytest.raises(UsageError, match="no distribution 'weibull': one of lognormal, gamma, normal"):
        on_time_probability(4, 3, 1, "weibull")
