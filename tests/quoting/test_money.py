"""The arithmetic of a quote, on figures worked by hand."""

from __future__ import annotations

import math

import pytest

from ctsopt.certified import Certified
from ctsopt.errors import UsageError
from ctsopt.networks.everyday import recovery
from ctsopt.quoting.money import best_offer, chance_to_pay, keeps_margin, with_one_off


def test_an_interval_of_two_plans_and_its_break_even():
    """New 1,016,800 to 1,018,400, base 999,200 to 1,000,000: 16,800 to 19,200; over 60,000 units .28 to .32."""
    cost = Certified.of_plan(1_016_800, 1_018_400) - Certified.of_plan(999_200, 1_000_000)
    assert (cost.low, cost.point, cost.high) == (16_800, 18_400, 19_200)
    assert (cost.low / 60_000, cost.high / 60_000) == (0.28, 0.32)


def test_what_is_spent_once():
    """30,000 at 8 % over 3 years is 11,641 a year; break-even (19,200 + 11,641) / 60,000 = 0.5140."""
    assert round(recovery(0.08, 3), 6) == 0.388034
    yearly = with_one_off(Certified(16_800, 18_400, 19_200), 30_000, 0.08, 3)
    assert round(yearly.high / 60_000, 4) == 0.5140


def test_a_break_even_price_makes_the_margin_thinner():
    assert round(keeps_margin(19_200, 63_000, 420_000, 60_000, 0.15), 5) == 0.37647
    with pytest.raises(UsageError):
        keeps_margin(1, 1, 1, 0, 0.1)


def test_chance_over_states_has_three_values():
    states = [(0.5, Certified(15, 16, 18)), (0.3, Certified(20, 21, 23)), (0.2, Certified(26, 27, 28))]
    chance = chance_to_pay(21, states)
    assert (chance.least, chance.most) == (0.5, 0.8)
    assert (chance.cost.low, chance.cost.high) == pytest.approx((18.7, 21.5))
    with pytest.raises(UsageError, match=r"add up to 0\.5"):
        chance_to_pay(21, states[:1])


def test_the_price_with_the_largest_expected_gain():
    """Cost 18,000, a = -6, b = 2e-4: 29,048.30, accepted with .54744, gain 6,048.30; no price near it gains more."""
    price, accepted, gain = best_offer(18_000, 2e-4, -6)
    assert (round(price, 2), round(accepted, 5), round(gain, 2)) == (29_048.30, 0.54744, 6_048.30)
    for other in (price * 0.98, price * 1.02):
        assert (other - 18_000) / (1 + math.exp(-6 + 2e-4 * other)) < gain
