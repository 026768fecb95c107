"""What contracts count: the oracle and ctsopt against figures worked out by hand (in each docstring)."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.equivalence.test_oracle_by_hand import optimum, table
from tests.often import sampled

__all__ = ["optimum"]  # the fixture: the oracle, and ctsopt


def lanes(*pairs: str) -> dict:
    return {"lanes": table(*({"origin": p.split("-")[0], "destination": p.split("-")[1], "distance": 1}
                             for p in pairs))}


def contract(**cells: object) -> dict:
    return {"contracts": table({"contract": "k", "kind": "share", "limit": "at_least"} | cells)}


def two_plants(**more: object) -> dict:
    """1,000 units for A, made at 1 in P or 2 in Q, moved at 1 to D and delivered at 1: 3,000 without a contract."""
    return {"sites": table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"}, {"site": "D", "kind": "dc"}),
            "customers": table({"customer": "A"}), "demand": table({"customer": "A", "quantity": 1000}),
            "rates": table({"per_unit": 1}),
            "site_products": table({"site": "P", "make_cost": 1}, {"site": "Q", "make_cost": 2}),
            **lanes("P-D", "Q-D", "D-A"), **more}


@pytest.mark.parametrize(("scope", "cost"), sampled([
    ({"site": "Q", "quantity": 0.3}, 3300),  # 300 made in Q, at 1 more than in P
    ({"origin": "Q", "quantity": 0.3}, 3300),
    ({"origin": "Q", "destination": "D", "quantity": 0.3}, 3300),  # of what D receives
    ({"site": "Q", "of": "moved", "quantity": 0.3}, 3300),
    ({"site": "Q", "limit": "exactly", "quantity": 0.25}, 3250),
    ({"site": "P", "limit": "at_most", "quantity": 0.6}, 3400),
    ({"site": "*", "each_or_total": "each", "limit": "at_least", "of": "made", "quantity": 0.4}, 3400),
    ({"site": "*", "each_or_total": "each", "limit": "at_most", "quantity": 0.9}, None),  # D delivers all
    ({"site": "D", "limit": "at_least", "quantity": 1}, 3000),
    ({"site": "D", "of": "received", "quantity": 1}, 3000),
    ({"site": "Q", "kind": "min_volume", "quantity": 300}, 3300),
    ({"kind": "min_volume", "mode": "standard", "quantity": 1000}, 3000),  # delivered, though moved besides
    ({"kind": "min_volume", "mode": "standard", "quantity": 1500}, None),
    ({"kind": "max_volume", "site": "D", "quantity": 1000}, 3000),
    ({"kind": "max_volume", "site": "P", "of": "moved", "quantity": 700}, 3300),
], 2))
def test_a_unit_counts_once(optimum, scope, cost):
    result = optimum(two_plants(**contract(**scope)))
    assert result.status == "infeasible" if cost is None else result.total == pytest.approx(cost)


def two_dcs(*more: str, **tables: object) -> dict:
    """A wants 400 and B 600; North delivers at 1 a unit, South at 3: 1,000 without a contract."""
    return {"sites": table({"site": "P", "kind": "plant"}, {"site": "North", "kind": "dc"},
                           {"site": "South", "kind": "dc"}),
            "customers": table({"customer": "A"}, {"customer": "B"}),
            "demand": table({"customer": "A", "quantity": 400}, {"customer": "B", "quantity": 600}),
            "rates": table({"origin": "P", "per_unit": 0}, {"origin": "North", "per_unit": 1},
                           {"origin": "South", "per_unit": 3}),
            **lanes("P-North", "P-South", "North-A", "North-B", "South-A", "South-B", *more), **tables}


@pytest.mark.parametrize(("scope", "cost"), sampled([
    ({"site": "North", "limit": "at_most", "quantity": 0.4}, 2200),  # 400 x 1 + 600 x 3
    ({"site": "North", "customer": "B", "limit": "at_most", "quantity": 0.5}, 1600),  # 300 of B's 600 at 2 more
    ({"site": "North", "destination": "B", "limit": "at_most", "quantity": 0.5}, 1600),
    ({"destination": "South", "quantity": 0.3}, 1600),  # of all that is received
    ({"site": "South", "of": "received", "quantity": 0.3}, 1600),
    ({"site": "*", "each_or_total": "each", "limit": "at_most", "quantity": 0.75}, 1500),
    ({"site": "P", "quantity": 1}, 1000),  # makes all
    ({"site": "P", "customer": "A", "quantity": 0.1}, None),  # delivers nothing
], 2))
def test_a_dc_counts_what_it_delivers(optimum, scope, cost):
    result = optimum(two_dcs(**contract(**scope)))
    assert result.status == "infeasible" if cost is None else result.total == pytest.approx(cost)


@pytest.mark.parametrize(("scope", "cost"), sampled([
    ({"site": "X", "quantity": 0.3}, 600),  # 300 over the dock at 2 more
    ({"site": "X", "destination": "A", "quantity": 0.3}, 240),  # of A's 400
    ({"origin": "X", "quantity": 0.3}, 600),
    ({"destination": "X", "kind": "min_volume", "quantity": 50}, 100),
    ({"site": "X", "of": "received", "kind": "min_volume", "quantity": 50}, 100),
    ({"site": "D", "quantity": 1}, 0),  # whatever goes over the dock leaves D
    ({"site": "*", "each_or_total": "each", "quantity": 0.2}, 400),  # D 800, the dock 200
    ({"site": "*", "each_or_total": "each", "limit": "at_most", "quantity": 0.9}, 200),
    ({"mode": "rail", "of": "delivered", "kind": "min_volume", "quantity": 50}, 100),  # to the dock
    ({"mode": "ship", "kind": "min_volume", "quantity": 1001}, None),  # moves only, 1,000 units
    ({"mode": "ship", "kind": "min_volume", "quantity": 1000}, 0),
], 2))
def test_a_cross_dock_counts_what_is_delivered_over_it(optimum, scope, cost):
    """P ships 1,000 to D for nothing, D delivers by van for nothing, or over the dock X at 2."""
    tables = {"sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"},
                             {"site": "X", "kind": "crossdock"}),
              "customers": table({"customer": "A"}, {"customer": "B"}),
              "demand": table({"customer": "A", "quantity": 400}, {"customer": "B", "quantity": 600}),
              "modes": table({"mode": "ship", "serves": "moves"}, {"mode": "rail", "serves": "moves"},
                             {"mode": "van", "serves": "deliveries"}),
              "rates": table({"per_unit": 0}, {"origin": "X", "per_unit": 2}),
              "lanes": table(*({"origin": o, "destination": d, "mode": m, "distance": 1} for o, d, m in (
                  ("P", "D", "ship"), ("D", "X", "rail"), ("D", "A", "van"), ("D", "B", "van"), ("X", "A", "van"),
                  ("X", "B", "van")))), **contract(**scope)}
    result = optimum(tables)
    assert result.status == "infeasible" if cost is None else result.total == pytest.approx(cost)


@pytest.mark.slow
def test_the_share_stands_among_the_limits():
    """300 of 1,000 made in Q; North 400 of 1,000, of which A's 400 are a whole of its own."""
    made = cts.solve(cts.network(two_plants(**contract(site="Q", quantity=0.3)))).limits
    assert made.to_dict("list") == {"limit": ["contract_share"], "key": ["k"], "of": ["made"],
                                    "used": [pytest.approx(0.3)], "least": [0.3], "most": [float("inf")]}
    tables = two_dcs(contracts=table(
        {"contract": "a", "kind": "share", "site": "North", "limit": "at_most", "quantity": 0.4},
        {"contract": "b", "kind": "share", "site": "North", "customer": "*", "each_or_total": "each",
         "limit": "at_most", "quantity": 0.5}))
    limits = cts.solve(cts.network(tables)).limits.set_index("key")
    assert limits["of"].tolist() == ["delivered"] * 3  # it is not said: North makes nothing
    assert limits.loc["a", ["used", "most"]].tolist() == pytest.approx([0.4, 0.4])
    assert 400 * limits.loc["b / A", "used"] + 600 * limits.loc["b / B", "used"] == pytest.approx(400)


@pytest.mark.slow
def test_shares_of_two_dcs():
    """West can send 300 pallets, 15,000 units, so East delivers 45,000 of 60,000: 75 %. With 600 pallets in West half
    may be asked of it: B's 10,000 units go from West, 656,000 instead of 627,000."""
    net = cts.read("models/two_dcs")

    def with_share(limit: str, quantity: float, capacity: float = 300) -> cts.Network:
        sites = net.tables["sites"]
        sites.loc[sites["site"] == "West", "capacity"] = capacity
        row = table({"contract": "a", "kind": "share", "site": "East", "limit": limit, "quantity": quantity})
        return net.with_table("sites", sites).with_table("contracts", row)

    assert cts.solve(with_share("at_least", 0.55)).total_cost == pytest.approx(633_500)
    assert cts.solve(with_share("at_most", 0.75)).total_cost == pytest.approx(633_500)
    with pytest.raises(cts.InfeasibleError):
        cts.solve(with_share("at_most", 0.5))
    assert cts.solve(with_share("at_most", 0.5, 600)).total_cost == pytest.approx(656_000)


def test_the_free_way_to_a_customer_may_not_hide_the_dock(optimum):
    """Where every site counts by itself at most 0.6, the direct way, never dearer, may not take the dock's place: of
    100 units 40 go over the dock X at 1."""
    tables = {"sites": table({"site": "D", "kind": "plant"}, {"site": "X", "kind": "crossdock"}),
              "customers": table({"customer": "A"}), "demand": table({"customer": "A", "quantity": 100}),
              "rates": table({"per_unit": 0}, {"origin": "X", "per_unit": 1}), **lanes("D-A", "D-X", "X-A"),
              **contract(site="*", each_or_total="each", limit="at_most", quantity=0.6)}
    assert optimum(tables).total == pytest.approx(40)
