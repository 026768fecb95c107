"""Order lines of random size: published figures, brute sums, and orders of several lines."""

from __future__ import annotations

import numpy as np
import pytest

from ctsopt.errors import UsageError
from ctsopt.inventory.discrete import compound_poisson_pmf
from ctsopt.inventory.fill_rate import fill_rate
from ctsopt.inventory.order_service import line_fill_rate, order_fill_rate, order_service
from ctsopt.inventory.service_measures import ready_rate

SIZE = np.arange(1, 200)
GEOMETRIC = 0.2 * 0.8 ** (SIZE - 1)
GEOMETRIC = GEOMETRIC / GEOMETRIC.sum()


def test_published_geometric():
    """Orders 0.2 a day, mean size 5, L = 7, (18, 10). Without memory, units and lines are filled alike."""
    found = order_service(18, 10, 0.2, SIZE, GEOMETRIC, 7.0)
    assert found.fill_rate == pytest.approx(0.889587, abs=6e-7)
    assert found.line_fill_rate == pytest.approx(found.fill_rate, abs=1e-12)
    assert found.ready_rate == pytest.approx(0.946686, abs=6e-7)


def test_published_mixed():
    """Orders 0.5 a day of 1 (80 %) or 10 units: units .892894, lines .917490, time with stock .951912."""
    found = order_service(12, 15, 0.5, [1, 10], [0.8, 0.2], 4.0)
    assert list(found) == pytest.approx([0.892894, 0.917490, 0.951912], abs=1e-6)
    assert line_fill_rate(12, 15, 0.5, [1, 10], [0.8, 0.2], 4.0) == found.line_fill_rate


@pytest.mark.parametrize(("s", "published"), [(12, 0.75954), (18, 0.87833), (26, 0.95498), (35, 0.98651)])
def test_published_lumpy_reviewed(s, published):
    assert order_service(s, 10, 0.2, SIZE, GEOMETRIC, 7.0, review_time=1.0).fill_rate == pytest.approx(
        published, abs=6e-6)


@pytest.mark.parametrize(("s", "lot", "review"), [
    (12, 15, 0.0), (3, 4, 0.0), (-6, 15, 0.0), (12, 15, 5.0), (-20, 3, 1.0),
])
def test_against_sums(s, lot, review):
    """Every position, demand and order by itself; over a review period as (R, s, nQ): 1 − [E1_T − E1_L] / (m R)."""
    size, chance, rate, lead = np.array([1, 10]), np.array([0.8, 0.2]), 0.5, 4.0
    found = order_service(s, lot, rate, size, chance, lead, review_time=review)
    n = np.arange(400)
    if review:
        short = 0.0
        for days, sign in ((lead + review, 1), (lead, -1)):
            pmf = compound_poisson_pmf(rate * days, size, chance, 400)
            short += sign * np.mean([pmf @ np.maximum(n - y, 0) for y in range(s + 1, s + lot + 1)])
        assert found.fill_rate == pytest.approx(1 - short / (rate * 2.8 * review), abs=1e-10)
        return
    pmf = compound_poisson_pmf(rate * lead, size, chance, 400)
    units = lines = ready = 0.0
    for y in range(s + 1, s + lot + 1):
        stock = y - n
        units += pmf @ (np.minimum(np.maximum(stock, 0)[:, None], size) @ chance) / 2.8 / lot
        lines += pmf @ ((stock[:, None] >= size) @ chance) / lot
        ready += pmf @ (stock > 0) / lot
    assert list(found) == pytest.approx([units, lines, ready], abs=1e-12)


def test_logarithmic_orders_are_the_negative_binomial():
    """ρ = 9: sizes (8/9)^k / (k ln 9), ln 9 / 8 orders per unit. Two ways to the same fill and ready rate."""
    size = np.arange(1, 600)
    chance = (8 / 9) ** size / size
    options = {"policy": "sq", "lot_size": 10, "distribution": "negative_binomial"}
    found = order_service(18, 10, np.log(9) / 8, size, chance / chance.sum(), 7.0)
    assert found.fill_rate == pytest.approx(float(fill_rate(18, 1.0, 3.0, 7.0, **options)), abs=1e-9)
    assert found.ready_rate == pytest.approx(float(ready_rate(18, 1.0, 3.0, 7.0, **options)), abs=1e-9)


def test_single_units_are_the_poisson():
    found = order_service(4, 6, 1.0, [1], [1.0], 5.0)
    assert list(found) == pytest.approx([0.764224] * 3, abs=6e-7)


def test_orders_of_many_lines():
    """Trap: ten lines at .98 each are .817 of the orders."""
    assert float(order_fill_rate([0.98] * 10)) == pytest.approx(0.817, abs=5e-4)
    assert order_fill_rate([[0.9, 0.8], [1.0, 0.5]]).tolist() == pytest.approx([0.72, 0.5])


@pytest.mark.parametrize(("changes", "words"), [
    ({"sizes": [2, 4], "lot_size": 6}, "multiples of 2"), ({"orders_per_day": 0.0}, "without orders"),
    ({"lot_size": 0}, "lot_size at least 1"), ({"reorder_point": 1.5}, "must be whole"),
    ({"lead_time": -1.0}, "lead_time is -1"), ({"sizes": [0, 1]}, "whole numbers of at least 1"),
])
def test_what_cannot_be_is_refused(changes, words):
    case = {"reorder_point": 12, "lot_size": 15, "orders_per_day": 0.5, "sizes": [1, 10], "probabilities": [0.8, 0.2],
            "lead_time": 4.0}
    with pytest.raises(UsageError, match=words):
        order_service(**{**case, **changes})
    with pytest.raises(UsageError, match="between 0 and 1"):
        order_fill_rate([0.9, 1.1])
