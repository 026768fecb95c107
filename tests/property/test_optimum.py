"""What must be true of every network's optimum: on random networks, drawn by seed so that a failure can be repeated."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

import ctsopt as cts
from tests.often import fixed, sampled
from tests.property.edits import Tables, base, changed, doubled, halved, optimum, renamed, shuffled, tables

SEEDS = st.integers(0, 15)
"""Few enough that one optimum serves several tests."""

few = fixed(2)
many = fixed(1, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])


def to(table: str, **columns: Callable[[Any], Any]) -> Callable[[Tables], Tables]:
    """Columns of a table, or settings, changed."""
    return lambda made: changed(made, table, **columns)


def looser(made: Tables) -> Tables:
    """More where a contract says at most, less where it says at least."""
    frame = made["contracts"].copy()
    limit = frame["limit"] if "limit" in frame else pd.Series("at_most", frame.index)
    share, limit = frame["kind"] == "share", limit.fillna("at_most")
    less = (frame["kind"] == "min_volume") | (share & (limit == "at_least"))
    more = (frame["kind"] == "max_volume") | (share & (limit == "at_most"))
    quantity = frame["quantity"].where(~less, frame["quantity"] * 0.6)
    quantity = quantity.where(~more, quantity * 1.5)
    return {**made, "contracts": frame.assign(quantity=quantity.where(~share, quantity.clip(upper=1)))}


# What a planner may grant: the feature without which there is nothing to grant, a seed where it is worth something,
# and the edit of the tables.
EASIER: dict[str, tuple[str, int, Callable[[Tables], Tables]]] = {
    "a later promise": ("each_order", 6, to("promises", lead_time=lambda v: v * 1.4)),
    "less reliability": ("each_order", 6, to("promises", reliability=lambda v: v * 0.8)),
    "a lower share on time": ("share_expected", 6, to("promises", on_time_share=lambda v: v * 0.7)),
    "less to serve": ("served_fraction", 1, to("promises", served_fraction=lambda v: v.where(v == 1, v * 0.8),
                                               served_fraction_each=lambda v: v * 0.5)),
    "less to serve to each": ("served_fraction_each", 2, to("promises", served_fraction_each=lambda v: v * 0.5)),
    "a promise over the horizon": ("per_period", 2, to("promises", per=lambda v: v.where(v.isna(), "horizon"))),
    "no single sources": ("single_source_customer", 1,
                          to("customers", single_source=lambda v: v.where(v.isna(), "no"))),
    "one source more": ("max_sources", 21, to("customers", max_sources=lambda v: v + 1)),
    "more room": ("capacities", 6, to("sites", capacity=lambda v: v * 1.5)),
    "larger levels": ("levels", 1, to("capacity_levels", capacity=lambda v: v * 1.3)),
    "less need go through": ("min_throughput", 10, to("sites", min_throughput=lambda v: v * 0.6)),
    "more can be made": ("make_capacity", 1, to("site_products", make_capacity=lambda v: v * 1.5)),
    "products kept at more sites": ("unstocked", 10, to("site_products", can_stock=lambda v: v.where(v.isna(), "yes"))),
    "sites may close": ("closable", 2, to("sites", may_close=lambda v: v.where(v.isna(), "yes"))),
    "more storage": ("storage", 1, to("sites", storage_capacity=lambda v: v * 1.5 + 10)),
    "stock may be used up": ("opening_stock", 1, to("site_products", ending=lambda v: "free")),
    "more on a lane": ("lane_maximum", 6, to("lanes", max_volume=lambda v: v * 1.5)),
    "less need go by a lane": ("lane_minimum", 6, to("lanes", min_volume=lambda v: v * 0.6)),
    "more by a mode": ("mode_capacity", 35, to("modes", capacity=lambda v: v * 1.5)),
    "looser contracts": ("max_contracts", 4, looser),
    "more CO2": ("carbon_cap", 21, to("settings", carbon_cap=lambda v: v * 1.3)),
    "more money": ("budget", 26, to("settings", budget=lambda v: v * 1.2)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sampled(EASIER, every=3))
def test_a_grant_pays(name):
    feature, seed, grant = EASIER[name]
    assert optimum(grant(tables(seed, **{feature: True}))) < base(seed, **{feature: True}) * (1 - 1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", sampled(EASIER, every=6))
@few
@given(seed=st.integers(0, 10_000))
def test_a_grant_never_costs_more(name, seed):
    feature, _, grant = EASIER[name]
    cost = base(seed, **{feature: True})
    assume(math.isfinite(cost))
    assert optimum(grant(tables(seed, **{feature: True}))) <= cost * (1 + 1e-6)


def candidate_pays(seed: int) -> None:
    """D2 closed, and D2 as a candidate that may be opened."""
    made = tables(seed)
    here = made["sites"]["site"] == "D2"
    assume(here.any())
    if "opening_stock" in made.get("site_products", ()):  # there is none where the site is not open today
        there = made["site_products"]["site"] == "D2"
        made = changed(made, "site_products", opening_stock=lambda v: v.mask(there, 0.0))
    closed = {**made, "sites": made["sites"].assign(status=made["sites"].get("status", pd.Series("open", here.index))
                                                    .mask(here, "closed"))}
    offered = {**made, "sites": closed["sites"].assign(status=closed["sites"]["status"].mask(here, "candidate"))}
    if "may_open" in offered["sites"]:
        offered["sites"]["may_open"] = offered["sites"]["may_open"].mask(here, "yes")
    without = optimum(closed)
    assert optimum(offered) <= without * (1 + 1e-6) + 1e-6 if math.isfinite(without) else True


@pytest.mark.slow
@few
@given(seed=SEEDS)
def test_another_candidate_never_costs_more(seed):
    candidate_pays(seed)


@pytest.mark.slow
@few
@given(seed=SEEDS)
def test_the_order_of_rows_changes_nothing(seed):
    assert optimum(shuffled(tables(seed), seed)) == pytest.approx(base(seed), rel=1e-6)


@pytest.mark.slow
@few
@given(seed=SEEDS)
def test_names_change_nothing(seed):
    assert optimum(renamed(tables(seed))) == pytest.approx(base(seed), rel=1e-6)


@pytest.mark.slow
@few
@given(seed=SEEDS, links=st.sampled_from(["all", "capacity"]))
def test_links_change_nothing(seed, links):
    assume(math.isfinite(base(seed)))
    assert cts.solve(cts.network(tables(seed)), gap=0.0, links=links).total_cost == pytest.approx(base(seed), rel=1e-6)


@pytest.mark.slow
@few
@given(seed=SEEDS)
def test_the_relaxation_is_a_bound(seed):
    assume(math.isfinite(base(seed)))
    relaxed = cts.solve(cts.network(tables(seed)), relax=True)
    assert relaxed.total_cost <= base(seed) * (1 + 1e-6)


def split_in_two(seed: int) -> None:
    """Of a customer who may take goods from several sites, without what counts for each ship-to by itself: one source
    for both halves would be another promise, a lane that is used at all costs each of them as much."""
    free = dict.fromkeys(PER_SHIP_TO, False)
    made, cost = tables(seed, **free), base(seed, **free)
    rule = made["customers"].get("single_source", pd.Series("no", made["customers"].index)).fillna("no")
    several = made["customers"].loc[rule == "no", "customer"]
    assume(len(several) and math.isfinite(cost))
    assert optimum(halved(made, several.iloc[0])) == pytest.approx(cost, rel=1e-6)


PER_SHIP_TO = ("whole_loads", "lane_fixed", "lane_minimum", "max_sources", "max_contracts", "min_contracts",
               "share_contracts")


@pytest.mark.slow
@few
@given(seed=SEEDS)
def test_two_halves_of_a_ship_to_cost_what_the_whole_costs(seed):
    split_in_two(seed)


def twice(seed: int) -> None:
    cost = base(seed, whole_loads=False)
    assert optimum(doubled(tables(seed, whole_loads=False))) == pytest.approx(2 * cost, rel=1e-6)


@pytest.mark.slow
@few
@given(seed=SEEDS)
def test_twice_the_business_costs_twice_as_much(seed):
    twice(seed)


@pytest.mark.slow
@many
@given(seed=st.integers(0, 10_000))
def test_all_of_it_more_often(seed):
    candidate_pays(seed)
    assert optimum(renamed(shuffled(tables(seed), seed))) == pytest.approx(base(seed), rel=1e-6)
    twice(seed)
    split_in_two(seed)
