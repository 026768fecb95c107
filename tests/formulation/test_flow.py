"""Flow of goods: demand, balance over any number of echelons, and what can be made. A leg costs 1 a unit."""

from __future__ import annotations

import pytest

from tests.small import chain, costs, flows, lanes, rates, solved, table


def test_demand_is_met_over_three_echelons():
    """100 units over P-D-E-C: three legs."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"},
                               {"site": "E", "kind": "dc"}),
                   lanes=lanes("P-D", "D-E", "E-C"))
    solution = solved(tables)
    assert costs(solution) == pytest.approx({"line_haul": 200, "last_mile": 100})
    assert flows(solution, "origin", "destination") == pytest.approx(
        {("P", "D"): 100, ("D", "E"): 100, ("E", "C"): 100})
    assert solution.production[["site", "quantity"]].to_numpy().tolist() == [["P", 100]]


def test_each_request_is_met_by_itself():
    """Two customers x two products x two periods; a unit of b costs 3 to deliver, in whatever period."""
    tables = chain(products=table({"product": "a", "weight": 1}, {"product": "b", "weight": 3}),
                   lanes=lanes("P-C", "P-E"), customers=table({"customer": "C"}, {"customer": "E"}),
                   periods=table({"period": "t", "days": 90}, {"period": "u", "days": 275}),
                   demand=table(*({"customer": c, "product": p, "period": t, "quantity": q} for c, p, t, q in (
                       ("C", "a", "t", 1), ("C", "b", "u", 20), ("E", "a", "u", 300), ("E", "b", "t", 4000)))))
    solution = solved(tables)
    assert flows(solution, "destination", "product", "period") == pytest.approx({
        ("C", "a", "t"): 1, ("C", "b", "u"): 20, ("E", "a", "u"): 300, ("E", "b", "t"): 4000})
    assert solution.total_cost == pytest.approx(301 + 3 * 4020)


def test_what_can_be_made_counts_by_days():
    """P makes 1000 a year at 1, Q any amount at 3; 300 wanted in 73 days and in 292. P 200, Q 100; then P 300."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "supplier"}),
                   lanes=lanes("P-C", "Q-C"),
                   site_products=table({"site": "P", "make_cost": 1, "make_capacity": 1000},
                                       {"site": "Q", "make_cost": 3}),
                   periods=table({"period": "t", "days": 73}, {"period": "u", "days": 292}),
                   demand=table({"customer": "C", "period": "t", "quantity": 300},
                                {"customer": "C", "period": "u", "quantity": 300}))
    solution = solved(tables)
    assert costs(solution) == pytest.approx({"production": 500, "procurement": 300, "last_mile": 600})
    assert flows(solution, "origin", "period") == pytest.approx({("P", "t"): 200, ("Q", "t"): 100, ("P", "u"): 300})
    made = solution.production.set_index(["site", "period"])
    assert made["capacity"].to_dict()["P", "t"] == pytest.approx(200)


def test_what_is_made_is_limited_product_by_product():
    """10 of each product; P makes 4 a and any b; Q, at 5 more, the other 6 a."""
    tables = chain(products=table({"product": "a"}, {"product": "b"}), lanes=lanes("P-C", "Q-C"),
                   sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"}),
                   site_products=table({"site": "P", "product": "a", "make_capacity": 4}, {"site": "P", "product": "b"},
                                       {"site": "Q", "product": "a", "make_cost": 5}),
                   demand=table({"customer": "C", "product": "a", "quantity": 10},
                                {"customer": "C", "product": "b", "quantity": 10}))
    assert costs(solved(tables)) == pytest.approx({"production": 30, "last_mile": 20})


def test_goods_may_go_between_plants_and_in_both_directions_between_dcs():
    """a is made at P, b at Q; D serves C, E serves F; only P-D and Q-E exist: both products cross D-E."""
    tables = {"sites": table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"},
                             {"site": "D", "kind": "dc"}, {"site": "E", "kind": "dc"}),
              "products": table({"product": "a"}, {"product": "b"}),
              "site_products": table({"site": "P", "product": "a"}, {"site": "Q", "product": "b"}),
              "customers": table({"customer": "C"}, {"customer": "F"}),
              "demand": table(*({"customer": c, "product": p, "quantity": 10} for c in "CF" for p in "ab")),
              "rates": rates(P_D=1, Q_E=1, D_E=1, E_D=1, D_C=0, E_F=0)}
    solution = solved(tables)
    assert costs(solution) == pytest.approx({"line_haul": 20 + 20 + 10 + 10})
    assert flows(solution, "origin", "destination", "product")["E", "D", "b"] == pytest.approx(10)


def test_demand_of_nothing_costs_nothing():
    solution = solved(chain(demand=table({"customer": "C", "quantity": 0})))
    assert solution.total_cost == 0
    assert (solution.gap, solution.flows.empty, str(solution.status)) == (0, True, "optimal (stopped by gap)")
