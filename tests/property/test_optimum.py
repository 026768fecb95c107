"""What must be true of every network's optimum: on random networks, drawn by seed so that a failure can be repeated."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ctsopt as cts
from tests.property.edits import base, changed, doubled, halved, optimum, renamed, shuffled, tables

SEEDS = st.integers(0, 15)
"""Few enough that one optimum serves several tests."""

few = settings(max_examples=5, deadline=None, derandomize=True)
many = settings(max_examples=15, deadline=None, derandomize=True)

# What a planner may grant. Each changes one column of one table for the easier.
EASIER = {
    "a later promise": ("promises", {"lead_time": lambda v: v * 1.4}),
    "less reliability": ("promises", {"reliability": lambda v: v * 0.8}),
    "a lower share on time": ("promises", {"on_time_share": lambda v: v * 0.7}),
    "less to serve": ("promises", {"served_fraction": lambda v: v.where(v == 1, v * 0.8),
                                   "served_fraction_each": lambda v: v * 0.5}),
    "less to serve to each": ("promises", {"served_fraction_each": lambda v: v * 0.5}),
    "a promise over the horizon": ("promises", {"per": lambda v: v.where(v.isna(), "horizon")}),
    "no single sources": ("customers", {"single_source": lambda v: v.where(v.isna(), "no")}),
    "more room": ("sites", {"capacity": lambda v: v * 1.5}),
    "more can be made": ("site_products", {"make_capacity": lambda v: v * 1.5}),
    "stock everywhere": ("site_products", {"can_stock": lambda v: v.where(v.isna(), "yes")}),
    "sites may close": ("sites", {"may_close": lambda v: v.where(v.isna(), "yes")}),
}


def never_dearer(seed: int, name: str) -> None:
    table, columns = EASIER[name]
    before = tables(seed)
    assume(table in before and set(columns) & set(before[table]))
    easier = changed(before, table, **columns)
    assume(not easier[table].equals(before[table]))
    assert optimum(easier) <= base(seed) * (1 + 1e-6) + 1e-6


@pytest.mark.parametrize("name", EASIER)
@settings(few, max_examples=2)
@given(seed=SEEDS)
def test_a_grant_never_costs_more(name, seed):
    never_dearer(seed, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", EASIER)
@settings(many)
@given(seed=st.integers(0, 10_000))
def test_a_grant_never_costs_more_often(name, seed):
    never_dearer(seed, name)


def candidate_pays(seed: int) -> None:
    """D2 closed, and D2 as a candidate that may be opened."""
    made = tables(seed)
    here = made["sites"]["site"] == "D2"
    assume(here.any())
    closed = {**made, "sites": made["sites"].assign(status=made["sites"].get("status", pd.Series("open", here.index))
                                                    .mask(here, "closed"))}
    offered = {**made, "sites": closed["sites"].assign(status=closed["sites"]["status"].mask(here, "candidate"))}
    if "may_open" in offered["sites"]:
        offered["sites"]["may_open"] = offered["sites"]["may_open"].mask(here, "yes")
    without = optimum(closed)
    assert optimum(offered) <= without * (1 + 1e-6) + 1e-6 if math.isfinite(without) else True


@few
@given(seed=SEEDS)
def test_another_candidate_never_costs_more(seed):
    candidate_pays(seed)


@few
@given(seed=SEEDS)
def test_the_order_of_rows_changes_nothing(seed):
    assert optimum(shuffled(tables(seed), seed)) == pytest.approx(base(seed), rel=1e-6)


@few
@given(seed=SEEDS)
def test_names_change_nothing(seed):
    assert optimum(renamed(tables(seed))) == pytest.approx(base(seed), rel=1e-6)


@few
@given(seed=SEEDS)
def test_dominated_ways_change_nothing(seed):
    assume(math.isfinite(base(seed)))
    net = cts.network(tables(seed))
    assert cts.solve(net.unpruned(), gap=0.0).total_cost == pytest.approx(base(seed), rel=1e-6)


@few
@given(seed=SEEDS, links=st.sampled_from(["all", "capacity"]))
def test_links_change_nothing(seed, links):
    assume(math.isfinite(base(seed)))
    assert cts.solve(cts.network(tables(seed)), gap=0.0, links=links).total_cost == pytest.approx(base(seed), rel=1e-6)


@few
@given(seed=SEEDS)
def test_the_relaxation_is_a_bound(seed):
    assume(math.isfinite(base(seed)))
    relaxed = cts.solve(cts.network(tables(seed)), relax=True)
    assert relaxed.total_cost <= base(seed) * (1 + 1e-6)


@few
@given(seed=SEEDS)
def test_two_halves_of_a_ship_to_cost_what_the_whole_costs(seed):
    """Of a customer who may take goods from several sites; one source for both halves would be another promise."""
    made = tables(seed)
    rule = made["customers"].get("single_source", pd.Series("no", made["customers"].index)).fillna("no")
    free = made["customers"].loc[rule == "no", "customer"]
    assume(len(free))
    assert optimum(halved(made, free.iloc[0])) == pytest.approx(base(seed), rel=1e-6)


@few
@given(seed=SEEDS)
def test_twice_the_business_costs_twice_as_much(seed):
    assert optimum(doubled(tables(seed))) == pytest.approx(2 * base(seed), rel=1e-6)


@pytest.mark.slow
@many
@given(seed=st.integers(0, 10_000))
def test_all_of_it_more_often(seed):
    candidate_pays(seed)
    made, cost = tables(seed), optimum(tables(seed))
    assert optimum(renamed(shuffled(made, seed))) == pytest.approx(cost, rel=1e-6)
    assert optimum(doubled(made)) == pytest.approx(2 * cost, rel=1e-6)
    if math.isfinite(cost):
        assert cts.solve(cts.network(made).unpruned(), gap=0.0).total_cost == pytest.approx(cost, rel=1e-6)
