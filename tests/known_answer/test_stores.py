"""San Francisco stores (spopt): how many, and where. Limits on the number of sites, and a promise."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.known_answer.cases import four_stores, stores_within_5_km
from tests.known_answer.shared_data import answer


@pytest.mark.slow
@pytest.mark.parametrize("limit", ["exactly", "at_most"])
def test_four_stores_nearest_to_the_people(limit):
    """p-median, p = 4: every store brings people nearer, so at most four are four. Distances were turned into km."""
    plan = cts.solve(cts.network(four_stores(limit)), gap=1e-8)
    published = answer("spopt_sf", "p-median p=4", "demand x metres")
    assert published.agrees(1000 * plan.total_cost), plan.total_cost
    assert published.agrees(1000 * plan.bound), plan.bound


def test_fewest_stores_within_5000_metres():
    plan = cts.solve(cts.network(stores_within_5_km()), gap=1e-8)
    assert answer("spopt_sf", "LSCP 5000 m", "fewest stores").agrees(plan.total_cost), plan.total_cost
