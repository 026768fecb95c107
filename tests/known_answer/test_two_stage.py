"""Plants and depots to open (Fernandes et al. 2014): the linear relaxation over two echelons has a known value."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.known_answer.cases import BEST_TOTAL, MINUTE, RELAXATION, TWO_STAGE, WITHIN
from tests.known_answer.converters import two_stage_tables
from tests.known_answer.rules import enough_capacity
from tests.known_answer.shared_data import answer, data
from tests.often import sampled


def network(name: str) -> cts.Network:
    return cts.network(two_stage_tables(data("tscflp_fernandes2014", name)))


@pytest.mark.parametrize("name", sampled(TWO_STAGE, every=5))
def test_relaxation_with_capacity_links(name):
    """`links="capacity"` leaves capacity x open as the only tie between flow and opening, as in the published bound."""
    published = answer("tscflp_fernandes2014", name, RELAXATION)
    plan = cts.solve(network(name), relax=True, links="capacity")
    assert published.agrees(plan.total_cost), plan.total_cost


@pytest.mark.slow
def test_room_for_all_demand_changes_no_relaxation():
    """The rule says what the rows that are there say together: the published value stands."""
    name = TWO_STAGE[0]
    plan = cts.solve(network(name), relax=True, links="capacity", extra=[enough_capacity])
    assert answer("tscflp_fernandes2014", name, RELAXATION).agrees(plan.total_cost), plan.total_cost


@pytest.mark.slow
@pytest.mark.parametrize(("name", "links"), sampled([
    (name, links) for name in ("PSC1-C1-50.txt", "PSC4-C1-50.txt", "PSC1-C2-50.txt") for links in ("lazy", "capacity")],
    every=6))
def test_a_plan_near_the_best_known(name, links):
    """Half a percent is proven: of the best known plan the bound is not above it, and the plan at most as far off."""
    best = answer("tscflp_fernandes2014", name, BEST_TOTAL)
    plan = cts.solve(network(name), gap=WITHIN, time_limit=MINUTE, links=links)
    assert plan.bound <= best.value + best.tolerance
    assert plan.total_cost <= (1 + WITHIN) * best.value
