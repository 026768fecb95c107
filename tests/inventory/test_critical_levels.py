"""Critical levels: reference values, simulations, and the cases in which a naive formula goes wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.rationing import Point, simulated
from ctsopt.errors import UsageError
from ctsopt.inventory.critical_levels import critical_level_fill_rates, critical_levels
from ctsopt.inventory.poisson_levels import poisson_critical_level_fill_rates, poisson_critical_levels
from ctsopt.inventory.safety_stock import safety_stock
from tests.inventory.rationing import simulate_batches, simulate_units

LEAD, REVIEW = 6.0, 1.0


def reorder_point(fill_rate, sd, lot):
    """Of all demand: 100 a day."""
    return critical_levels([fill_rate], [100.0], sd**2 / 100, LEAD, REVIEW, lot,
                           allow_negative_safety_stock=True).reorder_point


# ---- gamma demand, review every day ----------------------------------------------------------------------------------

GAMMA = [  # sd a day, lot, share of tier 1, critical level; a simulation of 2 million days, standard error 0.0002
    (60, 100, 0.3, 63.7, 0.9832),
    (60, 500, 0.3, 71.1, 0.9791),
    (60, 500, 0.6, 142.2, 0.9867),
    (60, 500, 0.1, 74.9, 0.9925),
    (30, 500, 0.3, 39.6, 0.9845),
    (100, 500, 0.1, 132.2, 0.9854),
]


def point(volume, sd, lead, lot):
    return Point(np.asarray(volume), np.zeros(len(volume)), sd**2 / sum(volume), lead, 1, float(lot))


@pytest.mark.parametrize(("sd", "lot", "share", "level", "reference"), GAMMA)
def test_fill_rates_of_two_tiers(sd, lot, share, level, reference):
    s = reorder_point(0.90, sd, lot) + level
    rates = critical_level_fill_rates(s, [0, level], [100 * share, 100 - 100 * share], sd**2 / 100, LEAD, REVIEW, lot)
    assert rates[0] == pytest.approx(reference, abs=0.0015)
    assert rates[1] == pytest.approx(0.9, abs=1e-9)


@pytest.mark.parametrize(("sd", "lot", "share"), [(60, 100, 0.1), (60, 500, 0.6), (100, 500, 0.1)])
def test_levels_of_two_tiers(sd, lot, share):
    """The level with which tier 1 gets 99 %, tier 2 90 %: in a simulation."""
    volume = [100 * share, 100 - 100 * share]
    found = critical_levels([0.99, 0.90], volume, sd**2 / 100, LEAD, REVIEW, lot, allow_negative_safety_stock=True)
    assert found.reorder_point == pytest.approx(reorder_point(0.90, sd, lot) + found.levels[-1], abs=1e-6)
    rates, errors = simulated(point(volume, sd, 6, lot), found.reorder_point, found.levels)
    assert (np.abs(rates - [0.99, 0.90]) <= 0.001 + 3 * errors).all()


RULES = [  # lot, shares, fill rates; stock of the rules `nested` and `share`
    (100, (0.3, 0.7), (0.99, 0.90), 245, 193),
    (100, (0.1, 0.9), (0.99, 0.90), 196, 150),
    (500, (0.3, 0.7), (0.99, 0.90), 126, 68),
    (500, (0.6, 0.4), (0.99, 0.90), 180, 139),
    (500, (0.2, 0.3, 0.5), (0.99, 0.96, 0.90), 130, 75),
    (100, (0.1, 0.2, 0.7), (0.995, 0.98, 0.90), 249, 187),
]


@pytest.mark.parametrize(("lot", "shares", "rates", "nested", "share"), RULES)
def test_the_two_rules(lot, shares, rates, nested, share):
    """Stock in units, and what the formula says about its fill rates: nested keeps all promises, share does not."""
    volume = 100 * np.array(shares)
    stock, attained = {}, {}
    for method in ("share", "exact", "nested"):
        found = critical_levels(rates, volume, 36.0, LEAD, REVIEW, lot, method=method, allow_negative_safety_stock=True)
        stock[method] = found.reorder_point - 700
        attained[method] = critical_level_fill_rates(found.reorder_point, found.levels, volume, 36.0, LEAD, REVIEW, lot)
    assert stock["nested"] == pytest.approx(nested, abs=0.51)
    assert stock["share"] == pytest.approx(share, abs=0.51)
    assert stock["share"] < stock["exact"] < stock["nested"]
    assert (attained["nested"] >= np.array(rates) - 1e-6).all()
    assert attained["exact"] == pytest.approx(np.array(rates), abs=1e-6)
    assert attained["share"][0] < rates[0] - 0.002


SIMULATED = [  # lot, shares, levels: the rule `nested`; its fill rates in a simulation of 4 million days
    (100, (0.3, 0.7), (0.99, 0.90), (0.9964, 0.9000)),
    (500, (0.6, 0.4), (0.99, 0.90), (0.9933, 0.9003)),
    (500, (0.2, 0.3, 0.5), (0.99, 0.96, 0.90), (0.9947, 0.9694, 0.9003)),
    (100, (0.1, 0.2, 0.7), (0.995, 0.98, 0.90), (0.9981, 0.9918, 0.9005)),
]


@pytest.mark.parametrize(("lot", "shares", "rates", "reference"), SIMULATED)
def test_beside_a_simulation(lot, shares, rates, reference):
    """A simulation here, the reference values of another, and the formula."""
    volume = 100 * np.array(shares)
    found = critical_levels(rates, volume, 36.0, LEAD, REVIEW, lot, method="nested", allow_negative_safety_stock=True)
    found_here, errors = simulated(point(volume, 60, 6, lot), found.reorder_point, found.levels)
    formula = critical_level_fill_rates(found.reorder_point, found.levels, volume, 36.0, LEAD, REVIEW, lot)
    assert (np.abs(found_here - reference) <= 0.001 + 3 * errors).all()
    assert (np.abs(formula - found_here) <= 0.001 + 3 * errors).all()


@pytest.mark.slow
@pytest.mark.parametrize(("sd", "lot", "share", "level", "reference"), GAMMA)
def test_beside_a_long_simulation(sd, lot, share, level, reference):
    s = reorder_point(0.90, sd, lot) + level
    found, _ = simulated(point([100 * share, 100 - 100 * share], sd, 6, lot), s, [0, level], days=400, seed=7)
    assert found == pytest.approx([reference, 0.9], abs=0.0015)


@pytest.mark.slow
def test_reorder_point_below_the_critical_level():
    """Trap 24: with s − K = −30, tier 2 begins each cycle with a backlog, and its fill rate follows the simulation.

    A formula that takes the position for at least K finds 0.11 for tier 2 (s − K counted as 0).
    """
    volume, ratio = [40.0, 60.0], 9.0
    rates = critical_level_fill_rates(50.0, [0.0, 80.0], volume, ratio, 1.0, 1.0, 150.0)
    found, errors = simulated(point(volume, 30, 1, 150), 50.0, [0.0, 80.0])
    assert (np.abs(rates - found) <= 0.001 + 3 * errors).all()
    assert critical_level_fill_rates(80.0, [0.0, 80.0], volume, ratio, 1.0, 1.0, 150.0)[1] > 0.11


def test_a_batch_once_a_day_hurts_the_lowest_tier():
    """Trap 18: released together, best tiers first, a day's orders cost the lowest tier 1 to 3 points more."""
    volume = np.array([30.0, 70.0])
    found = critical_levels([0.99, 0.90], volume, 36.0, LEAD, REVIEW, 100.0, method="nested")
    rates = simulate_batches(found.reorder_point, found.levels, volume, 36.0, 6, 100.0, days=600, replications=400)
    assert 0.868 - 0.003 <= rates[1] <= 0.896 + 0.003


def test_one_tier_and_equal_promises_need_no_level():
    """One tier is the plain (R, s, nQ) policy: 0.80056 at s = 600, Q = 500. Equal promises: no reserve."""
    assert critical_level_fill_rates(600.0, [0.0], [100.0], 36.0, LEAD, REVIEW, 500.0) == pytest.approx([0.8005605585])
    assert critical_level_fill_rates(600.0, [0.0, 0.0], [40.0, 60.0], 36.0, LEAD, REVIEW, 500.0) == pytest.approx(
        [0.8005605585] * 2, abs=1e-6)
    found = critical_levels([0.95, 0.95, 0.95], [20.0, 30.0, 50.0], 36.0, LEAD, REVIEW, 100.0)
    assert found.levels == pytest.approx([0, 0, 0], abs=1e-6)


def test_lead_times_that_vary():
    """One tier is planned as by `safety_stock`; lead times that vary by half a day take more stock."""
    for lead_sd in (0.0, 0.5, 2.0):
        stock = float(safety_stock(0.95, 100.0, 36.0, 6.0, 1.0, 200.0, 0.0, lead_sd))
        found = critical_levels([0.95], [100.0], 36.0, LEAD, REVIEW, 200.0, lead_time_sd=lead_sd)
        assert found.reorder_point == pytest.approx(700 + stock)
    two = [critical_levels([0.99, 0.9], [40.0, 60.0], 36.0, LEAD, REVIEW, 200.0, lead_time_sd=sd).reorder_point
           for sd in (0.0, 0.5)]
    assert two[1] > two[0] + 10


def test_without_lots_and_with_a_wait():
    """A lot of 0 is the limit of small ones; a promised wait of a day is a lead time shorter by a day."""
    volume = [30.0, 70.0]
    small = critical_level_fill_rates(800.0, [0.0, 60.0], volume, 36.0, LEAD, REVIEW, 1e-3)
    assert critical_level_fill_rates(800.0, [0.0, 60.0], volume, 36.0, LEAD, REVIEW) == pytest.approx(small, abs=1e-5)
    waiting = critical_level_fill_rates(800.0, [0.0, 60.0], volume, 36.0, LEAD, REVIEW, 100.0, wait=2.0)
    assert waiting == pytest.approx(critical_level_fill_rates(800.0, [0.0, 60.0], volume, 36.0, 4.0, REVIEW, 100.0))


def test_safety_stock_is_not_negative_unless_allowed():
    """Trap 5: in lots of 5000, 90 % is reached 420 units below mean demand. By default stock is not planned there."""
    args = ([0.95, 0.90], [50.0, 50.0], 36.0, LEAD, REVIEW, 5000.0)
    assert critical_levels(*args).reorder_point >= 700
    low = critical_levels(*args, allow_negative_safety_stock=True)
    assert low.reorder_point - low.levels[-1] < 700
    rates = critical_level_fill_rates(low.reorder_point, low.levels, [50.0, 50.0], 36.0, LEAD, REVIEW, 5000.0)
    assert rates == pytest.approx([0.95, 0.90], abs=1e-6)


@pytest.mark.slow
def test_many_tiers_with_lead_times_that_vary():
    """Four tiers get what they are promised; every level is above the one before."""
    volume, rates = [5.0, 10.0, 25.0, 60.0], [0.995, 0.98, 0.95, 0.85]
    found = critical_levels(rates, volume, 20.0, 4.0, 1.0, 200.0, lead_time_sd=0.7, allow_negative_safety_stock=True)
    assert (np.diff(found.levels) > 0).all()
    assert critical_level_fill_rates(found.reorder_point, found.levels, volume, 20.0, 4.0, 1.0, 200.0,
                                     lead_time_sd=0.7) == pytest.approx(rates, abs=1e-6)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: critical_level_fill_rates(1.0, [0, 5], [1.0], 1.0, 1.0, 1.0), "one number for each of 1 tiers"),
    (lambda: critical_level_fill_rates(1.0, [1, 5], [1.0, 1.0], 1.0, 1.0, 1.0), "from 0 for the best"),
    (lambda: critical_level_fill_rates(1.0, [0, 5, 4], [1.0] * 3, 1.0, 1.0, 1.0), "from 0 for the best"),
    (lambda: critical_level_fill_rates(math.nan, [0], [1.0], 1.0, 1.0, 1.0), "reorder_point is nan"),
    (lambda: critical_level_fill_rates(1.0, [0, 5], [1.0, 0.0], 1.0, 1.0, 1.0), "volume above 0"),
    (lambda: critical_level_fill_rates(1.0, [0], [1.0], 1.0, 1.0, 1.0, wait=2.0), "nothing is served from stock"),
    (lambda: critical_levels([0.9, 0.95], [1.0, 1.0], 1.0, 1.0, 1.0), "from best to worst"),
    (lambda: critical_levels([0.9, 0.0], [1.0, 1.0], 1.0, 1.0, 1.0), "above 0"),
    (lambda: critical_levels([1.0], [1.0], 1.0, 1.0, 1.0), "fill_rate is 1"),
    (lambda: critical_levels([0.9], [1.0], 1.0, 1.0, 1.0, method="nestd"), "did you mean 'nested'"),
    (lambda: poisson_critical_level_fill_rates(3.5, 2, [0], [1.0], 1.0), "reorder_point is 3.5: whole units"),
    (lambda: poisson_critical_level_fill_rates(3, 0, [0], [1.0], 1.0), "lot is 0: whole units are needed, at least 1"),
    (lambda: poisson_critical_level_fill_rates(3, 2, [0, 2, 1], [1.0] * 3, 1.0), "from 0 for the best"),
    (lambda: poisson_critical_level_fill_rates(3, 2, [0], [0.0], 1.0), "volume above 0"),
    (lambda: poisson_critical_levels([0.9, 0.95], 2, [1.0, 1.0], 1.0), "from best to worst"),
])
def test_wrong_calls(call, message):
    with pytest.raises(UsageError, match=message):
        call()


# ---- single units of Poisson demand ----------------------------------------------------------------------------------

POISSON = [  # (r, Q, levels, shares), lead time demand 10; formula; simulation: better tiers' backorders go first
    ((10, 8, [0, 0], [0.3, 0.7]), (0.8453, 0.8453), (0.8449, 0.8437)),
    ((12, 8, [0, 2], [0.3, 0.7]), (0.983074, 0.845290), (0.9837, 0.8437)),
    ((14, 8, [0, 4], [0.3, 0.7]), (0.9988, 0.8453), (0.9991, 0.8437)),
    ((14, 1, [0, 3], [0.3, 0.7]), (0.9903, 0.6968), (0.9979, 0.6946)),
    ((16, 20, [0, 3], [0.3, 0.7]), (0.9997, 0.9839), (0.9997, 0.9840)),
    ((14, 8, [0, 2, 4], [0.2, 0.3, 0.5]), (0.9987, 0.9667, 0.8453), (0.9991, 0.9668, 0.8440)),
    ((15, 20, [0, 1, 3], [0.1, 0.3, 0.6]), (0.9997, 0.9967, 0.9735), (0.9996, 0.9970, 0.9733)),
]


@pytest.mark.parametrize(("stock", "formula", "simulated"), POISSON)
def test_poisson_fill_rates(stock, formula, simulated):
    found = poisson_critical_level_fill_rates(*stock, 10.0)
    assert found == pytest.approx(formula, abs=5.1e-5)
    assert found[-1] == pytest.approx(simulated[-1], abs=0.0023)
    assert found[0] <= simulated[0] + 5e-4


def by_hand(r, lot, level, share, mean):
    """Two tiers, term by term as printed (Deshpande, Cohen and Donohue 2003)."""
    second = np.mean([stats.poisson.cdf(i - level - 1, mean) for i in range(r + 1, r + lot + 1)])
    first = np.mean([sum(stats.poisson.pmf(i - level + j, mean) * stats.binom.cdf(level - 1, j, share)
                         for j in range(200)) for i in range(r + 1, r + lot + 1)])
    return [second + first, second]


@pytest.mark.parametrize(("r", "lot", "level", "share", "mean"), [
    (12, 8, 2, 0.3, 10.0), (30, 25, 6, 0.15, 22.0), (5, 3, 5, 0.5, 4.0)])
def test_poisson_against_the_printed_sum(r, lot, level, share, mean):
    assert poisson_critical_level_fill_rates(r, lot, [0, level], [share, 1 - share], mean) == pytest.approx(
        by_hand(r, lot, level, share, mean), abs=1e-10)


@pytest.mark.parametrize(("r", "lot", "level", "share", "mean", "reserved"), [
    (1, 4, 3, 0.3, 3.0, 0.9160), (2, 3, 5, 0.4, 4.0, 0.8936), (0, 6, 3, 0.5, 3.0, 0.7368), (14, 8, 4, 0.3, 10.0, None)])
def test_poisson_position_below_the_level(r, lot, level, share, mean, reserved):
    """Trap 24. Where the position begins below the level, what is missing was asked for by all tiers alike.

    `reserved` is tier 1's fill rate where the position is taken for units kept for it alone: 3 to 6 points too low.
    """
    found = poisson_critical_level_fill_rates(r, lot, [0, level], [share, 1 - share], mean)
    simulated = simulate_units(r, lot, [0, level], share, mean, customers=200_000, threshold=True)
    assert found == pytest.approx(simulated, abs=0.0045)
    first = simulate_units(r, lot, [0, level], share, mean, customers=100_000, threshold=False)
    assert found[0] <= first[0] + 0.003
    assert found[1] == pytest.approx(first[1], abs=0.006)
    if reserved:
        assert found[0] - reserved > 0.025


def test_poisson_tiers_with_equal_promises_need_no_level():
    """The middle and the lowest tier are one; without any reserve all are served alike."""
    found = poisson_critical_levels([0.99, 0.90, 0.90], 8, [0.2, 0.3, 0.5], 10.0)
    assert found.levels[1:].tolist() == [found.levels[1]] * 2
    rates = poisson_critical_level_fill_rates(int(found.reorder_point), 8, found.levels, [0.2, 0.3, 0.5], 10.0)
    assert rates[1] == rates[2]
    assert (rates >= [0.99, 0.90, 0.90]).all()
    alike = poisson_critical_levels([0.9, 0.9], 8, [0.2, 0.8], 10.0)
    assert alike.levels.tolist() == [0, 0]


def test_poisson_levels():
    """Lead time demand 200 in lots of 200, promises 99 % and 90 %: safety stock by share of tier 1; by policy."""
    safety = {}
    for share in (0.1, 0.3, 0.5, 0.8):
        found = poisson_critical_levels([0.99, 0.90], 200, [100 * share, 100 - 100 * share], 2.0)
        safety[share] = found.reorder_point - 200
        rates = poisson_critical_level_fill_rates(int(found.reorder_point), 200, found.levels,
                                                  [100 * share, 100 - 100 * share], 2.0)
        assert (rates >= [0.99, 0.90]).all()
        fewer = poisson_critical_level_fill_rates(int(found.reorder_point) - 1, 200, found.levels - [0, 1],
                                                  [100 * share, 100 - 100 * share], 2.0)
        assert fewer[0] < 0.99
    assert safety == {0.1: -15, 0.3: -9, 0.5: -3, 0.8: 5}
    # Everybody at 99 %; everybody at 90 %; each tier with its own stock and lots.
    assert [poisson_critical_levels([b], 200, [100.0], 2.0).reorder_point - 200 for b in (0.99, 0.90)] == [11, -19]
    apart = {share: sum(poisson_critical_levels([b], round(200 * part), [100 * part], 2.0).reorder_point - 200 * part
                        for b, part in ((0.99, share), (0.90, 1 - share))) for share in (0.1, 0.3, 0.5, 0.8)}
    assert apart == pytest.approx({0.1: -10, 0.3: -4, 0.5: 1, 0.8: 8})
