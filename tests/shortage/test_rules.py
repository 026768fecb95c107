"""Rules on one pool: shares that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ctsopt.errors import UsageError
from ctsopt.shortage.rules import share_out
from tests.known_answer.shared_data import data

ASKED = [60, 50, 40]
ONE = {"rank": [1, 2, 3], "weight": [3, 2, 1], "penalty": [5, 3, 1]}


@pytest.mark.parametrize(("supply", "rule", "shares"), [
    (100, "priority", [60, 40, 0]),
    (100, "proportional", [40, 100 / 3, 80 / 3]),
    (100, "weighted", [56.25, 31.25, 12.5]),
    (120, "weighted", [60, 300 / 7, 120 / 7]),
    (100, "uniform", [100 / 3, 100 / 3, 100 / 3]),
    (130, "uniform", [45, 45, 40]),
    (100, "equal_losses", [130 / 3, 100 / 3, 70 / 3]),
    (20, "equal_losses", [15, 5, 0]),
    (100, "max_min", [40, 100 / 3, 80 / 3]),
    (100, "value", [60, 40, 0]),
    (200, "uniform", [60, 50, 40]),
    (0, "equal_losses", [0, 0, 0]),
])
def test_a_hundred_units_for_three_lines(supply, rule, shares):
    assert share_out(supply, ASKED, rule, **ONE) == pytest.approx(shares, abs=1e-12)


def test_floors_of_half_and_the_price_of_one_more():
    with_floors = share_out([100, 101], [*ASKED, *ASKED], "value", pool=[0, 0, 0, 1, 1, 1], penalty=[5, 3, 1] * 2,
                            floor=[30, 25, 20] * 2)
    assert with_floors[:3] == pytest.approx([55, 25, 20])
    assert [5, 3, 1] @ (with_floors[3:] - with_floors[:3]) == pytest.approx(5)


@pytest.mark.parametrize(("estate", "rule", "shares"), [
    (100, "uniform", [100 / 3] * 3), (300, "uniform", [100] * 3),
    (100, "equal_losses", [0, 0, 100]), (300, "equal_losses", [0, 100, 200]),
    (100, "contested", [100 / 3] * 3), (200, "contested", [50, 75, 75]), (300, "contested", [50, 100, 150]),
])
def test_claims_of_100_200_and_300(estate, rule, shares):
    assert share_out(estate, [100, 200, 300], rule) == pytest.approx(shares, abs=1e-12)


def test_the_tables_of_claims():
    table = np.genfromtxt(data("claims_problems", "talmud_aumann_maschler_1985.csv"), delimiter=",", names=True)
    for row in table:
        claims = [row["claim1"], row["claim2"], row["claim3"]]
        assert share_out(row["estate"], claims, "contested") == pytest.approx(
            [row["talmud1"], row["talmud2"], row["talmud3"]], abs=1e-9)


@pytest.mark.parametrize("estate", [10.0, 55.0, 100.0, 140.0])
def test_the_contested_garment_of_two(estate):
    """Each concedes what exceeds the own claim; what both claim is halved (Aumann and Maschler 1985)."""
    claims = np.array([60.0, 90.0])
    conceded = np.maximum(estate - claims[::-1], 0)
    expected = conceded + (estate - conceded.sum()) / 2
    assert share_out(estate, claims, "contested") == pytest.approx(expected)


def test_an_inflated_order_pays_under_proportional_and_equal_losses_not_under_uniform():
    assert share_out(100, [60, 90]) == pytest.approx([40, 60])
    assert share_out(100, [60, 80], "equal_losses") == pytest.approx([40, 60])
    assert share_out(100, [60, 90], "uniform") == pytest.approx([50, 50])


def test_orders_in_turn_leave_what_is_kept_for_better_ranks():
    """11 are kept for rank 1 (see protection): 20 for rank 2, who come first, find 30 - 11 = 19."""
    assert share_out(30, [20, 8, 5], "protected", rank=[2, 1, 2], protected=[11, 0, 11]).tolist() == [19, 8, 0]


def test_priority_inside_by_another_rule():
    assert share_out(70, [30, 60, 20], "priority", rank=[1, 2, 2], inside="uniform") == pytest.approx([30, 20, 20])
    assert share_out(70, [30, 60, 20], "priority", rank=[1, 2, 2], inside="equal_losses") == pytest.approx([30, 40, 0])


def test_many_pools_at_once_are_what_each_is_by_itself():
    draw = np.random.default_rng(1)
    pool, asked = draw.integers(0, 40, 300), draw.uniform(1, 50, 300)
    supply, rank = draw.uniform(0, 300, 40), draw.integers(1, 4, 300)
    for rule in ("proportional", "uniform", "equal_losses", "contested", "priority"):
        together = share_out(supply, asked, rule, pool=pool, rank=rank)
        for p in range(0, 40, 7):
            own = pool == p
            assert together[own] == pytest.approx(share_out(supply[p], asked[own], rule, rank=rank[own]))


@pytest.mark.parametrize(("arguments", "said"), [
    ({"supply": 10, "asked": [1, -2]}, "asked is -2"),
    ({"supply": 10, "asked": [1, 2], "rule": "proportionate"}, "did you mean 'proportional'"),
    ({"supply": 1, "asked": [5, 5], "floor": [1, 1]}, "floors come to more than there is"),
    ({"supply": 10, "asked": [5, 9], "weight": [0, 1], "rule": "weighted"}, "weight of 0"),
])
def test_what_is_wrong_is_said(arguments, said):
    with pytest.raises(UsageError, match=said):
        share_out(**arguments)
