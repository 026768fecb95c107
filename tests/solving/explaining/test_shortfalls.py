"""Promises that cannot be kept: which, for whom, by how much, in the planner's words."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.small import chain, lanes, rates, solved, table


def shortfalls(tables: dict, **options) -> list[tuple]:
    with pytest.raises(cts.InfeasibleError) as error:
        solved(tables, **options)
    frame = error.value.shortfalls
    assert frame.columns.tolist() == ["what", "who", "row", "shortfall", "unit", "customer", "tier", "product",
                                      "period", "asked", "share"]
    text = str(error.value)
    assert "the promises cannot all be kept" in text
    assert "relax these promises, or add capacity, lanes, modes or sites" in text
    assert all(row.what in text and row.who in text for row in frame.head(8).itertuples())
    return [(r.what, r.who, round(r.shortfall, 6)) for r in frame.itertuples()]


def test_demand_above_capacity():
    """D holds 70 of 100."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 70}))
    assert shortfalls(tables) == [("demand that cannot be served", "C / standard / goods / year", 30)]


def test_demand_above_what_can_be_made():
    """Q makes enough, but has no lane."""
    tables = chain(site_products=table({"site": "P", "make_capacity": 60}, {"site": "Q"}),
                   sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"},
                               {"site": "Q", "kind": "plant"}))
    assert shortfalls(tables) == [("demand that cannot be served", "C / standard / goods / year", 40)]


def test_a_promise_on_time():
    """The fast site holds 50 of the 80 that must be on time: short by 30 of them."""
    tables = {"sites": table({"site": "F", "kind": "plant", "capacity": 50}, {"site": "S", "kind": "plant"}),
              "customers": table({"customer": "C", "tier": "gold"}),
              "demand": table({"customer": "C", "quantity": 100}), "tiers": table({"tier": "gold"}),
              "promises": table({"tier": "gold", "lead_time": 2, "on_time_form": "share_certain",
                                 "on_time_share": 0.8}),
              "rates": table({"origin": "F", "destination": "C", "transit_time": 1},
                             {"origin": "S", "destination": "C", "transit_time": 9})}
    found = shortfalls(tables)
    assert [what for what, *_ in found] == ["promise on time"]
    assert found[0][1:] == ("gold / *", 30)
    (gold,) = cts.explain(tables).by_tier.to_dict("records")
    assert (gold["short"], gold["late"], gold["share"]) == (0, pytest.approx(30), 1)  # all of it is delivered


@pytest.mark.parametrize("form", ["served_fraction", "served_fraction_each"])
def test_a_promise_on_served_demand_or_the_demand_behind_it(form):
    """70 can be served of 100, 90 % are promised: the promise is short by 20 units."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 70}),
                   tiers=table({"tier": "gold", "shortage_cost": 1}),
                   promises=table({"tier": "gold", "served_fraction": 0.9, "served_fraction_each": 0.9}
                                  if form == "served_fraction_each" else {"tier": "gold", "served_fraction": 0.9}))
    found = shortfalls(tables)
    assert found == [("promise on served demand", "C / gold / goods / year", 20)]


def test_single_sources():
    """Two sites of 60 for a customer of 100 who wants one source: 40 cannot be served."""
    tables = {"sites": table(*({"site": s, "kind": "plant", "capacity": 60} for s in "PQ")),
              "customers": table({"customer": "C", "single_source": "customer"}),
              "demand": table({"customer": "C", "quantity": 100}), "rates": rates(P_C=1, Q_C=1)}
    assert shortfalls(tables) == [("demand that cannot be served", "C / standard / goods / year", 40)]


def test_a_number_of_sites():
    """Two sites of 60 are needed for 100, one is allowed: 40 units cannot be served."""
    tables = {"sites": table(*({"site": s, "kind": "plant", "status": "candidate", "capacity": 60} for s in "PQ")),
              "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": 100}),
              "rates": rates(P_C=1, Q_C=1),
              "contracts": table({"contract": "one site", "kind": "sites_in_group", "limit": "at_most", "quantity": 1})}
    assert shortfalls(tables) == [("demand that cannot be served", "C / standard / goods / year", 40)]


def test_two_agreements_that_contradict_each_other():
    """At most one site of east, at least two of all three: the third may not open. One of them is short by one site."""
    sites = table({"site": "P", "kind": "plant", "group": "east", "status": "candidate"},
                  {"site": "Q", "kind": "plant", "group": "east", "status": "candidate"},
                  {"site": "R", "kind": "plant", "status": "closed"})
    tables = {"sites": sites, "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": 1}),
              "rates": rates(P_C=1, Q_C=1), "contracts": table(
                  {"contract": "few", "kind": "sites_in_group", "group": "east", "limit": "at_most", "quantity": 1},
                  {"contract": "many", "kind": "sites_in_group", "limit": "at_least", "quantity": 2})}
    found = shortfalls(tables)
    assert len(found) == 1  # whoever is served, and nobody can be: the limits contradict each other
    assert found[0] in [(f"the number of sites of the contract {name}", name, 1) for name in ("few", "many")]


def test_many_are_counted():
    """Eleven customers behind a dc that holds nothing: eight are written out, three counted, all in the table."""
    names = [f"C{k:02}" for k in range(11)]
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 0}),
                   customers=table(*({"customer": c} for c in names)), lanes=lanes("P-D", *(f"D-{c}" for c in names)),
                   demand=table(*({"customer": c, "quantity": 5} for c in names)))
    with pytest.raises(cts.InfeasibleError, match=r"\.\.\. and 3 more") as error:
        solved(tables)
    assert error.value.shortfalls["shortfall"].tolist() == pytest.approx([5] * 11)


@pytest.mark.parametrize("links", ["lazy", "all", "capacity"])
def test_whatever_the_links(links):
    tables = chain(sites=table({"site": "P", "kind": "plant"},
                               {"site": "D", "kind": "dc", "capacity": 70, "status": "candidate", "fixed_cost": 5}))
    assert shortfalls(tables, links=links) == [("demand that cannot be served", "C / standard / goods / year", 30)]


def test_a_rule_of_ones_own_that_contradicts_the_demand():
    """A rule that holds deliveries to 60 leaves 40 that cannot be served."""
    def at_most_sixty(x, net):
        return x.deliver.total() <= 60.0

    assert shortfalls(chain(), extra=[at_most_sixty]) == [
        ("demand that cannot be served", "C / standard / goods / year", 40)]


def test_a_relaxation_is_infeasible_too():
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 70}))
    assert shortfalls(tables, relax=True) == [("demand that cannot be served", "C / standard / goods / year", 30)]


def test_shortfalls_are_added_up_by_tier_where_they_are_many():
    """D holds 150 of 12 x 20: gold (5 customers) has its 100, basic has 50 of 140 and all seven of it go short."""
    gold, basic = [f"G{at}" for at in range(5)], [f"B{at}" for at in range(7)]
    names = [*gold, *basic]
    tables = {"sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 150}),
              "tiers": table({"tier": "gold", "rank": 1}, {"tier": "basic", "rank": 2}),
              "customers": table(*({"customer": n, "tier": "gold" if n in gold else "basic"} for n in names)),
              "demand": table(*({"customer": n, "quantity": 20} for n in names)),
              "lanes": table({"origin": "P", "destination": "D"}, *({"origin": "D", "destination": n} for n in names)),
              "rates": table({"per_unit": 1})}
    found = cts.explain(tables)
    assert found.by_tier.drop(columns=["short", "share"]).to_dict("records") == [
        {"tier": "gold", "rank": 1, "asked": 100, "late": 0, "customers": 5, "short_customers": 0},
        {"tier": "basic", "rank": 2, "asked": 140, "late": 0, "customers": 7, "short_customers": 7}]
    assert found.by_tier["short"].tolist() == pytest.approx([0, 90])
    assert found.by_tier["share"].tolist() == pytest.approx([1, 50 / 140])
    assert "by tier, best first:" not in found.why()  # seven lines are few enough to be read


def test_many_shortfalls_are_told_by_tier():
    """D makes 100 of the 200 units that ten customers ask for: ten lines are cut, the sum is told."""
    names = [f"C{at}" for at in range(10)]
    tables = {"sites": table({"site": "D", "kind": "plant", "capacity": 100}),
              "tiers": table({"tier": "gold", "rank": 1}),
              "customers": table(*({"customer": n, "tier": "gold"} for n in names)),
              "demand": table(*({"customer": n, "quantity": 20} for n in names)),
              "lanes": table(*({"origin": "D", "destination": n} for n in names)),
              "rates": table({"per_unit": 1})}
    text = cts.explain(tables).why()
    assert "by tier, best first:\n  gold: 10 of 10 customers short by 100 of 200 units; 50 % can be kept\n" in text
