"""Williams, Model Building in Mathematical Programming, example 19 (Distribution 1)."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.known_answer.converters import williams_tables
from tests.known_answer.shared_data import answer, data


def test_distribution_1():
    tables = williams_tables(data("gurobi_williams", "williams_distribution_1.json"))
    published = answer("gurobi_williams", "williams_distribution_1.json", "min cost")
    plan = cts.solve(cts.network(tables))
    assert published.agrees(plan.total_cost), plan.total_cost
    moves = plan.flows.query("kind == 'move'")
    deliveries = plan.flows.query("kind == 'delivery'")
    assert deliveries["quantity"].sum() == pytest.approx(215_000)
    from_factories = deliveries[deliveries["origin"].isin(["Liverpool", "Brighton"])]
    assert moves["quantity"].sum() + from_factories["quantity"].sum() == pytest.approx(215_000)
