"""Certified amounts: interval arithmetic by hand, and a verdict only where both ends agree."""

from __future__ import annotations

import math

import pytest

from ctsopt import Certified, UsageError


def test_the_least_cost_lies_between_bound_and_plan():
    assert Certified.of_plan(bound=98, cost=100) == Certified(98, 100, 100)
    # A bound a rounding error above the cost is no contradiction.
    assert Certified.of_plan(bound=100.0000001, cost=100) == Certified(100, 100, 100)


def test_sums_and_differences_add_up_the_doubt():
    base, new = Certified(98, 100, 100), Certified(109, 112, 112)
    assert new - base == Certified(9, 12, 14)  # 109 - 100, 112 - 100, 112 - 98
    assert new + base == Certified(207, 212, 212)
    assert -base == Certified(-100, -100, -98)
    assert base - base == Certified(-2, 0, 2)  # two plans of equal cost need not be the same plan


def test_scaling():
    base = Certified(98, 100, 104)
    assert base * 2 == Certified(196, 200, 208)
    assert 2 * base == base * 2
    assert base * -1 == Certified(-104, -100, -98)
    assert base * 0 == Certified(0, 0, 0)
    assert base.width == 6


@pytest.mark.parametrize(("price", "verdict"), [(14, "pays"), (13.9, "not proven"), (9, "not proven"), (8.9, "loses")])
def test_verdict(price, verdict):
    assert Certified(9, 12, 14).verdict(price) == verdict


@pytest.mark.parametrize("ends", [(2, 1, 3), (1, 4, 3), (3, 2, 1), (math.nan, 1, 2), (1, math.nan, 2)])
def test_ends_out_of_order_are_refused(ends):
    with pytest.raises(UsageError, match="low <= point <= high"):
        Certified(*ends)


def test_an_open_end():
    open_end = Certified(-math.inf, 100, 100)
    assert open_end.verdict(100) == "pays"
    assert open_end.verdict(99) == "not proven"
    assert (open_end + Certified(1, 1, 1)).low == -math.inf
    assert (open_end - open_end).width == math.inf


def test_words():
    assert str(Certified(1234.5, 2000, 3000)) == "2,000.00 (proven between 1,234.50 and 3,000.00)"
