"""AMPL book, multi and multmip1: three products share a limit on each lane; then each lane has a fixed cost."""

from __future__ import annotations

import json

import pytest

import ctsopt as cts
from tests.known_answer.converters import multi_tables
from tests.known_answer.shared_data import answer, data


def solved(*, lane_fixed_cost: bool) -> cts.Solution:
    tables = multi_tables(data("ampl_multi", "ampl_multi.json"), lane_fixed_cost=lane_fixed_cost)
    return cts.solve(cts.network(tables), gap=1e-8)


def test_products_share_the_limit_of_a_lane():
    plan = solved(lane_fixed_cost=False)
    published = answer("ampl_multi", "multi", "min variable cost, joint lane limit 625")
    assert published.agrees(plan.total_cost), plan.total_cost
    assert published.agrees(plan.bound), plan.bound
    by_lane = plan.flows.groupby(["origin", "destination"])["quantity"].sum()
    assert by_lane.max() == pytest.approx(625)  # the limit binds, over all products together
    assert plan.flows["quantity"].sum() == pytest.approx(6900)


@pytest.mark.slow
def test_lanes_have_a_fixed_cost():
    plan = solved(lane_fixed_cost=True)
    published = answer("ampl_multi", "multmip1", "with lane fixed costs")
    assert published.agrees(plan.total_cost), plan.total_cost
    assert published.agrees(plan.bound), plan.bound
    case = json.loads(data("ampl_multi", "ampl_multi.json").read_text())
    fixed = {(o, d): cost for o, row in zip(case["origins"], case["lane_fixed_cost"], strict=True)
             for d, cost in zip(case["destinations"], row, strict=True)}
    used = plan.flows.loc[plan.flows["quantity"] > 1e-6, ["origin", "destination"]].drop_duplicates()
    paid = plan.costs.set_index("line")["amount"]["lane_fixed"]
    assert paid == pytest.approx(sum(fixed[lane] for lane in used.itertuples(index=False, name=None)))
