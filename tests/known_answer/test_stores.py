"""San Francisco stores (spopt): how many, and where. Limits on the number of sites, and a promise."""

from __future__ import annotations

import pandas as pd
import pytest

import ctsopt as cts
from tests.known_answer.converters import stores_tables
from tests.known_answer.shared_data import answer, data


@pytest.mark.parametrize("limit", ["exactly", "at_most"])
def test_four_stores_nearest_to_the_people(limit):
    """p-median, p = 4: every store brings people nearer, so at most four are four. Distances were turned into km."""
    tables = stores_tables(data("spopt_sf"))
    tables["contracts"] = pd.DataFrame({"contract": ["stores"], "kind": "sites_in_group", "limit": limit,
                                        "quantity": 4.0})
    plan = cts.solve(cts.network(tables), gap=1e-8)
    published = answer("spopt_sf", "p-median p=4", "demand x metres")
    assert published.agrees(1000 * plan.total_cost), plan.total_cost
    assert published.agrees(1000 * plan.bound), plan.bound


def test_fewest_stores_within_5000_metres():
    """Set covering: at 1 km a day, 5 days promised are 5 km; a store costs 1, the road nothing."""
    tables = stores_tables(data("spopt_sf"))
    tables["sites"]["fixed_cost"] = 1.0
    tables["rates"] = pd.DataFrame({"mode": ["road"], "per_unit": [0.0]})
    tables["tiers"] = pd.DataFrame({"tier": ["standard"]})
    tables["promises"] = pd.DataFrame({"tier": ["standard"], "lead_time": [5.0]})
    plan = cts.solve(cts.network(tables), gap=1e-8)
    assert answer("spopt_sf", "LSCP 5000 m", "fewest stores").agrees(plan.total_cost), plan.total_cost
