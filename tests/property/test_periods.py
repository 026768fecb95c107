"""A year in one piece and in twelve: flat demand costs the same; and ways that another one beats change nothing."""

from __future__ import annotations

import math

import pytest

import ctsopt as cts
from tests.often import of_the_day, sampled
from tests.property.edits import base, holding, in_twelve, optimum, tables

YEAR = {"several_periods": False, "whole_loads": False}
"""Whole loads are whole in every period, so that a year has fewer of them."""

QUICK = (0, 3)


def twelve(seed: int, rate: float) -> None:
    """Every limit is in proportion to the days, so that the year's plan is one for each period: nothing is carried.

    Conversely a plan for twelve periods is one for the year, because nothing is there before it or after it.
    """
    made = holding(tables(seed, **YEAR), rate)
    one, cut = optimum(made), optimum(in_twelve(made, seed))
    assert cut == pytest.approx(one, rel=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.25])
@pytest.mark.parametrize("seed", QUICK)
def test_twelve_unequal_periods_of_flat_demand_cost_what_the_year_costs(seed, rate):
    twelve(seed, rate)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*sampled(range(100, 140), every=20), *of_the_day(50)])
def test_twelve_unequal_periods_more_often(seed):
    twelve(seed, 0.25 * (seed % 2))


def pruned_and_not(seed: int, **features: bool) -> None:
    cost = base(seed, **features)
    if math.isfinite(cost):
        whole = cts.solve(cts.network(tables(seed, **features)), gap=0.0, dominance=False)
        assert whole.total_cost == pytest.approx(cost, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(30), every=6))
def test_ways_that_another_one_beats_change_nothing(seed):
    """One product, for speed."""
    pruned_and_not(seed, several_products=False)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*sampled(range(30, 300), every=54), *of_the_day(200)])
def test_ways_that_another_one_beats_change_nothing_in_300_networks(seed):
    pruned_and_not(seed)
