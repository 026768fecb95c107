"""Plants and depots to open (Fernandes et al. 2014): the linear relaxation over two echelons has a known value."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.known_answer.converters import two_stage_tables
from tests.known_answer.shared_data import answer, data

INSTANCES = [f"PSC{number}-C{group}-50.txt" for group in (1, 2) for number in range(1, 6)]


@pytest.mark.parametrize("name", INSTANCES)
def test_relaxation_with_capacity_links(name):
    """`links="capacity"` leaves capacity x open as the only tie between flow and opening, as in the published bound."""
    published = answer("tscflp_fernandes2014", name, "LP relaxation, capacity links only")
    plan = cts.solve(cts.network(two_stage_tables(data("tscflp_fernandes2014", name))), relax=True, links="capacity")
    assert published.agrees(plan.total_cost), plan.total_cost
