"""Fill rates beside simulations that share no line with them; tolerances are in percentage points."""

from __future__ import annotations

import numpy as np
import pytest

from ctsopt.inventory.fill_rate import fill_rate, safety_stock
from ctsopt.inventory.order_service import order_service
from ctsopt.inventory.reorder_point import reorder_point_for_fill_rate
from ctsopt.inventory.service_measures import cycle_service_level, expected_backorders, on_hand_expected, ready_rate
from tests.inventory.single_point import Share, ratio, reviewed, watched

DAYS = 1_500_000


def gamma_days(mean, sd, days=DAYS, seed=11):
    return np.random.default_rng(seed).gamma(mean**2 / sd**2, sd**2 / mean, days)


def agrees(simulated: Share, formula, points=0.1):
    """Within the stated points, and within the noise of the simulation (twice its 95 % interval)."""
    assert simulated.half <= points / 100, "the simulation is too short to tell"
    assert abs(simulated.value - float(formula)) <= min(points / 100, 2 * simulated.half + 1e-5)


@pytest.mark.parametrize(("s", "lot", "lead", "mean", "sd", "published"), [
    (600.0, 500.0, 6, 100.0, 60.0, 0.7999),
    (700.0, 100.0, 6, 100.0, 60.0, 0.7142),
    (565.8925, 500.0, 5, 100.0, 30.0, 0.9495),
])
def test_lots(s, lot, lead, mean, sd, published):
    days = reviewed(gamma_days(mean, sd, 2 * DAYS), s, lot, lead)
    agrees(days.fill_rate(), fill_rate(s, mean, sd, lead, lot_size=lot), points=0.12)
    assert published == pytest.approx(float(fill_rate(s, mean, sd, lead, lot_size=lot)), abs=0.0012)


def test_waits():
    days = reviewed(gamma_days(100.0, 60.0), 600.0, 500.0, 6)
    for wait in (1, 2, 4, 6):
        agrees(days.fill_rate(wait), fill_rate(600.0, 100.0, 60.0, 6.0, lot_size=500.0, wait=wait))


@pytest.mark.parametrize(("level", "review", "lead"), [(1239.688, 5, 7), (1100.0, 7, 2), (760.6, 1, 5)])
def test_order_up_to(level, review, lead):
    sd = 60.0 if review == 1 else 30.0
    days = reviewed(gamma_days(100.0, sd, 2 * DAYS), level, 0.0, lead, review)
    agrees(days.fill_rate(), fill_rate(level, 100.0, sd, lead, policy="rs", review_time=review))


@pytest.mark.parametrize(("b", "mean", "ratio_", "lead", "review", "lot", "interval"), [
    (0.95, 100.0, 36.0, 6, 1, 200.0, 0.0), (0.98, 10.0, 22.5, 5, 1, 0.0, 5.0), (0.90, 3.0, 30.0, 10, 7, 20.0, 0.0),
])
def test_safety_stock_keeps_its_promise(b, mean, ratio_, lead, review, lot, interval):
    stock = float(safety_stock(b, mean, ratio_, lead, review, lot, interval))
    days = reviewed(gamma_days(mean, np.sqrt(ratio_ * mean), 4 * DAYS if mean < 10 else 2 * DAYS),
                    stock + mean * (lead + review), max(lot, mean * interval), lead, review)
    agrees(days.fill_rate(), b, points=0.2)


@pytest.mark.parametrize("wait", [1, 3, 5, 8])
def test_waits_longer_than_the_lead_time(wait):
    """Reviewed every seven days, lead time two: who waits longer than two days may be served by the next order."""
    days = reviewed(gamma_days(100.0, 60.0), 700.0, 0.0, 2, 7)
    agrees(days.fill_rate(wait), fill_rate(700.0, 100.0, 60.0, 2.0, policy="rs", review_time=7.0, wait=wait))


@pytest.mark.slow
def test_random_lead_times():
    """Three or seven days, orders too far apart to cross: the mixture is exact, its two moments miss by a point."""
    demand = gamma_days(100.0, 30.0, 2 * DAYS)
    mixture = {"lead_time": [3.0, 7.0], "lead_time_probabilities": [0.5, 0.5]}
    found = reorder_point_for_fill_rate(0.95, 100.0, 30.0, lot_size=2000.0, **mixture)
    assert float(found.reorder_point) == pytest.approx(554.7, abs=0.05)
    simulated = reviewed(demand, float(found.reorder_point), 2000.0, [3, 7]).fill_rate()
    agrees(simulated, 0.95)
    moments = reorder_point_for_fill_rate(0.95, 100.0, 30.0, 5.0, lead_time_sd=2.0, lot_size=2000.0)
    assert float(moments.reorder_point) == pytest.approx(516.3, abs=0.05)
    assert reviewed(demand, float(moments.reorder_point), 2000.0, [3, 7]).fill_rate().value == pytest.approx(
        0.9404, abs=0.0015)


def test_crossing_orders():
    """Trap: orders of every day overtake each other, and the usual variance (44,500) is three times the true one."""
    demand = gamma_days(100.0, 30.0)
    days = reviewed(demand, 0.0, 0.0, [3, 7])
    open_orders = days.needed[:-1] - days.come          # position 0: what is short has been ordered and not come
    assert float(np.var(open_orders)) == pytest.approx(14_500.0, rel=0.01)
    assert float(np.mean(open_orders)) == pytest.approx(500.0, rel=0.002)


@pytest.mark.parametrize(("s", "published"), [(12, 0.7607), (18, 0.8788), (26, 0.9547), (35, 0.9861)])
def test_lumpy_demand(s, published):
    """Orders of 0.2 a day, sizes geometric with mean 5, L = 7, R = 1, Q = 10. Two moments are within 0.8 points."""
    chance = 0.2 * 0.8 ** np.arange(120)
    exact = order_service(s, 10, 0.2, np.arange(1, 121), chance / chance.sum(), 7.0, review_time=1.0).fill_rate
    rng = np.random.default_rng(3)
    orders = rng.poisson(0.2, 2 * DAYS)
    demand = np.bincount(np.repeat(np.arange(2 * DAYS), orders), weights=rng.geometric(0.2, orders.sum()),
                         minlength=2 * DAYS).astype(np.int64)
    agrees(reviewed(demand, s, 10, 7).fill_rate(), exact, points=0.2)
    assert exact == pytest.approx(published, abs=0.0016)
    fitted = fill_rate(s, 1.0, 3.0, 7.0, lot_size=10, distribution="negative_binomial")
    assert float(fitted) == pytest.approx(exact, abs=0.008)


@pytest.mark.parametrize(("s", "lot", "per_day", "lead", "sizes"), [
    (18, 10, 0.2, 7.0, "geometric"), (12, 15, 0.5, 4.0, "mixed"), (7, 1, 1.0, 5.0, "single"),
])
def test_orders_as_they_arrive(s, lot, per_day, lead, sizes):
    """Watched all the time: fill, line fill and ready rate of the orders themselves."""
    rng = np.random.default_rng(17)
    laws = {"geometric": (np.arange(1, 151), 0.2 * 0.8 ** np.arange(150), lambda n: rng.geometric(0.2, n)),
            "mixed": (np.array([1, 10]), np.array([0.8, 0.2]), lambda n: rng.choice([1, 10], n, p=[0.8, 0.2])),
            "single": (np.array([1]), np.array([1.0]), lambda n: np.ones(n, dtype=np.int64))}
    size, chance, draw = laws[sizes]
    found = order_service(s, lot, per_day, size, chance / chance.sum(), lead)
    for simulated, formula in zip(watched(rng, 1_000_000, per_day, draw, s, lot, lead), found, strict=True):
        agrees(simulated, formula, points=0.25)


def test_negative_binomial_watched_all_the_time():
    """A negative binomial is a stream of orders with logarithmic sizes: ρ = 9, so sizes follow (8/9)^k/k."""
    rng = np.random.default_rng(23)
    per_day = 1.0 * np.log(9) / 8
    fill, _, ready = watched(rng, 1_000_000, per_day, lambda n: rng.logseries(8 / 9, n), 18, 10, 7.0)
    options = {"policy": "sq", "lot_size": 10, "distribution": "negative_binomial"}
    agrees(fill, fill_rate(18, 1.0, 3.0, 7.0, **options), points=0.3)
    agrees(ready, ready_rate(18, 1.0, 3.0, 7.0, **options), points=0.25)


def test_other_measures():
    """(R, s, nQ) = (1, 600, 500): periods without backlog .7557, on hand at the end of the day 181.77 (published)."""
    at_end = reviewed(gamma_days(100.0, 60.0, 2 * DAYS), 600.0, 500.0, 6).at_end(1)
    ones = np.ones(len(at_end))
    case = (600.0, 100.0, 60.0, 6.0)
    agrees(ratio((at_end >= 0).astype(float), ones), cycle_service_level(*case, lot_size=500.0), points=0.15)
    on_hand, backlog = ratio(np.maximum(at_end, 0), ones), ratio(np.maximum(-at_end, 0), ones)
    assert abs(on_hand.value - float(on_hand_expected(*case, lot_size=500.0))) <= 2 * on_hand.half < 1.0
    assert abs(backlog.value - float(expected_backorders(*case, lot_size=500.0))) <= 2 * backlog.half < 0.6


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_any_stock(seed):
    """Six more stocks, drawn at random, eight million days each."""
    rng = np.random.default_rng(seed)
    mean, cv = rng.uniform(1, 50), rng.uniform(0.3, 2.0)
    lead, review = int(rng.integers(0, 15)), int(rng.integers(1, 8))
    lot = float(rng.choice([0.0, mean * rng.uniform(0.5, 20)]))
    b = rng.uniform(0.6, 0.98)
    s = mean * (lead + review) + float(safety_stock(b, mean, mean * cv**2, lead, review, lot, 0.0))
    days = reviewed(gamma_days(mean, cv * mean, 8_000_000, seed), s, lot, lead, review)
    formula = fill_rate(s, mean, cv * mean, lead, review_time=review, lot_size=lot)
    agrees(days.fill_rate(), formula)
    assert float(formula) >= b - 1e-9
