"""What must be true of every plan: sums over its tables, by nothing but the tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import ctsopt as cts
from tests.often import fixed
from tests.property.edits import tables


def plan(seed: int) -> cts.Solution:
    """A plan within 1 % of a seed's network."""
    try:
        return cts.solve(cts.network(tables(seed)), gap=0.01)
    except (cts.InfeasibleError, cts.DataError):
        assume(False)
        raise


@pytest.mark.slow
@fixed(2)
@given(seed=st.integers(0, 10_000))
def test_costs_add_up_and_goods_are_conserved(seed):
    sums_agree(plan(seed))


@pytest.mark.slow
@fixed(2)
@given(seed=st.integers(0, 10_000))
def test_the_same_with_stock(seed):
    """Stock goes on from period to period, and its cost is in the cube."""
    try:
        solution = cts.solve(cts.network(tables(seed, opening_stock=True)), gap=0.01)
    except (cts.InfeasibleError, cts.DataError):
        assume(False)
        raise
    sums_agree(solution)
    stock = solution.carried
    days = stock["period"].map(solution.net.tables["periods"].set_index("period")["days"])
    goods = solution.net.tables["products"].set_index("product")
    rate = goods["holding_rate"].fillna(solution.net.settings["holding_rate"]) * goods["unit_value"]
    held = stock["product"].map(rate) * days / 365 * (stock["opening"] + stock["closing"]) / 2
    by_line = solution.costs.set_index("line")["amount"]
    assert by_line.get("carried_stock", 0.0) == pytest.approx(held.sum(), rel=1e-9, abs=1e-6)


@pytest.mark.long
@fixed(20)
@given(seed=st.integers(0, 1_000_000))
def test_costs_add_up_and_goods_are_conserved_often(seed):
    sums_agree(plan(seed))


def sums_agree(solution: cts.Solution) -> None:
    total, flow = solution.total_cost, solution.flows
    near = {"rel": 1e-9, "abs": 1e-9 * total}
    # costs: lines, cube, cost-to-serve, cash and penalty
    assert solution.costs["amount"].sum() == pytest.approx(total, **near)
    assert solution.cube.groupby("line", observed=True)["amount"].sum().reindex(solution.costs["line"]).fillna(
        0.0).to_numpy() == pytest.approx(solution.costs["amount"].to_numpy(), **near)
    assert solution.cash_cost + solution.penalty == pytest.approx(total, **near)
    assert solution.cost_to_serve(by="customer")["total"].iloc[:-1].sum() == pytest.approx(total, **near)
    assert 0 <= solution.gap <= 0.01
    # goods: demand, balance of every point
    demand = solution.net.tables["demand"].groupby("customer")["quantity"].sum()
    delivered = flow[flow["kind"] == "delivery"].groupby("customer")["quantity"].sum()
    unserved = solution.shortage.groupby("customer")["unserved"].sum()
    assert delivered.add(unserved, fill_value=0).reindex(demand.index, fill_value=0).to_numpy() == pytest.approx(
        demand.to_numpy(), rel=1e-6, abs=1e-6)
    keys = ["site", "product", "period"]
    stock = solution.carried
    into = pd.concat([solution.production[[*keys, "quantity"]], flow[flow["kind"] == "move"].rename(
        columns={"destination": "site"})[[*keys, "quantity"]],
        stock.rename(columns={"opening": "quantity"})[[*keys, "quantity"]]]).groupby(keys)["quantity"].sum()
    out = pd.concat([flow.rename(columns={"origin": "site"})[[*keys, "quantity"]], stock.rename(
        columns={"closing": "quantity"})[[*keys, "quantity"]]]).groupby(keys)["quantity"].sum()
    both = into.sub(out, fill_value=0)
    assert np.abs(both.to_numpy()).max(initial=0) <= 1e-6 * max(1.0, float(demand.sum()))
    # where goods come from: ratios of a point add up to 1; a way over a cross-dock is two lanes
    ratios = solution.parents.groupby(keys)["ratio"].sum()
    assert ratios.to_numpy() == pytest.approx(np.ones(len(ratios)))
    legs = flow["quantity"].sum() + flow.loc[flow["via"] != "", "quantity"].sum()
    assert solution.lanes["quantity"].sum() == pytest.approx(legs)
