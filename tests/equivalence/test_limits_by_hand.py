"""Levels, limits, loads and contracts: the oracle and ctsopt against figures worked out by hand (in each docstring)."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.equivalence.test_oracle_by_hand import FREE, chain, lines, optimum, table
from tests.oracle import OracleResult

__all__ = ["optimum"]  # the fixture: the oracle, and ctsopt


def fan(*origins: str, kind: str = "plant", **tables: object) -> dict:
    """Sites of one kind, each with a free lane to A (60 units) and B (40)."""
    return {"sites": table(*({"site": s, "kind": kind} for s in origins)),
            "customers": table({"customer": "A"}, {"customer": "B"}), "rates": FREE,
            "demand": table({"customer": "A", "quantity": 60}, {"customer": "B", "quantity": 40}),
            "lanes": table(*({"origin": s, "destination": c, "distance": 1} for s in origins for c in "AB"))} | tables


def carried(result: OracleResult, column: str) -> dict:
    quantity = result.flows.groupby(column).quantity.sum()
    return {k: float(v) for k, v in quantity.items() if v > 1e-6}


def test_two_whole_loads_of_which_the_second_is_nearly_empty(optimum):
    """101 units of 2 kg are 202 kg; a load holds 0.8 x 250 = 200 kg, so there are two. A load costs 5 + 0.5 x 10 = 10,
    with a tenth of fuel 11: 22. The goods pay 0.1 a kg, 20.2, with fuel 22.22. One unit less needs a load less."""
    mode = {"mode": "truck", "whole_loads": "yes", "load_weight": 250, "load_factor": 0.8, "per_shipment": 5,
            "per_distance": 0.5, "per_weight": 0.1, "fuel_surcharge": 0.1}
    tables = chain(modes=table(mode), products=table({"product": "x", "weight": 2}),
                   demand=table({"customer": "C", "quantity": 101}))
    assert lines(optimum(tables)) == pytest.approx({"loads": 22, "last_mile": 22.22})
    tables["demand"] = table({"customer": "C", "quantity": 100})
    assert lines(optimum(tables)) == pytest.approx({"loads": 11, "last_mile": 22})


def test_whole_loads_hold_volume_and_have_a_minimum_charge(optimum):
    """Two products share loads of 1000 kg and 3 m3: 10 x 1 kg x 0.5 m3 + 20 x 10 kg x 0.01 m3 = 210 kg and 5.2 m3, two
    loads by volume; each costs max(30, 8), for the rate has no amount per distance. Periods do not share a load."""
    tables = chain(modes=table({"mode": "truck", "whole_loads": "yes", "load_weight": 1000, "load_volume": 3,
                                "per_distance": 7}),
                   products=table({"product": "x", "volume": 0.5}, {"product": "y", "weight": 10, "volume": 0.01}),
                   rates=table({"minimum_charge": 30, "per_shipment": 8}),
                   demand=table({"customer": "C", "product": "x", "quantity": 10},
                                {"customer": "C", "product": "y", "quantity": 20}))
    assert lines(optimum(tables)) == pytest.approx({"loads": 60})
    tables |= {"periods": table({"period": "1", "days": 100}, {"period": "2", "days": 265}),
               "demand": table({"customer": "C", "product": "x", "period": "1", "quantity": 1},
                               {"customer": "C", "product": "x", "period": "2", "quantity": 1})}
    assert lines(optimum(tables)) == pytest.approx({"loads": 60})


def test_whole_loads_on_the_first_leg_to_a_dock(optimum):
    """60 for A and 40 for B ride together to the dock: one load of 100 at 50; from there 1 a unit."""
    tables = fan("P", sites=table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock"}),
                 modes=table({"mode": "rail", "serves": "moves", "whole_loads": "yes", "load_weight": 100},
                             {"mode": "van", "serves": "deliveries", "per_weight": 1}),
                 rates=table({"mode": "rail", "per_shipment": 50}),
                 lanes=table(*({"origin": o, "destination": d, "distance": 1} for o, d in ("PX", "XA", "XB"))))
    assert lines(optimum(tables)) == pytest.approx({"loads": 50, "last_mile": 100})


def test_a_fixed_lane_cost_makes_one_dc_serve_two_customers(optimum):
    """Near lanes P-A and Q-B cost 0, far ones 1 a unit. Without fixed costs 0. With 50 a year on each lane into Q's
    B and on P's B lane 0: Q serves B for 50, or P for 40; half a year of it is 25 against 40."""
    tables = fan("P", "Q", rates=table({"per_unit": 0}, {"origin": "P", "destination": "B", "per_unit": 1},
                                       {"origin": "Q", "destination": "A", "per_unit": 1}))
    assert lines(optimum(tables)) == {}
    tables["lanes"]["fixed_cost"] = [0, 0, 0, 50]
    assert lines(optimum(tables)) == pytest.approx({"last_mile": 40})
    tables["periods"] = table({"period": "half", "days": 182.5})
    assert lines(optimum(tables)) == pytest.approx({"lane_fixed": 25})


@pytest.mark.parametrize(("limit", "cost"), [
    ({}, 0.0),  # all by the free lane P-A
    ({"max_volume": 45}, 15.0),  # 15 of A's 60 by Q at 1
    ({"min_volume": 61}, 60.0),  # A wants 60 only: the lane cannot be used at all
    ({"min_volume": 60}, 0.0),
])
def test_least_and_most_of_a_lane(optimum, limit, cost):
    """A takes 60; P is free, Q costs 1 a unit; B's lanes are all free."""
    tables = fan("P", "Q", rates=table({"per_unit": 0}, {"origin": "Q", "destination": "A", "per_unit": 1}))
    tables["lanes"] = tables["lanes"].assign(**{c: [v, None, None, None] for c, v in limit.items()})
    assert sum(lines(optimum(tables)).values()) == pytest.approx(cost)


def test_a_limit_of_all_modes_together(optimum):
    """Air at 1 and sea at 2 together carry 70 a year from P: 70 x 1, and 30 from Q at 9."""
    tables = chain(modes=table({"mode": "air", "per_weight": 1}, {"mode": "sea", "per_weight": 2}),
                   sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"}),
                   lanes=table({"origin": "P", "destination": "C", "distance": 1, "max_volume": 70},
                               {"origin": "Q", "destination": "C", "distance": 1}),
                   rates=table({"origin": "Q", "per_unit": 9}))
    assert lines(optimum(tables)) == pytest.approx({"last_mile": 70 + 270})
    tables["lanes"]["mode"] = ["air", "*"]  # a row of its own leaves P no lane by sea
    assert lines(optimum(tables)) == pytest.approx({"last_mile": 70 + 270})


def test_capacity_of_a_mode(optimum):
    """Sea (1 a kg) carries 150 kg a year on all lanes: 75 of 100 units of 2 kg; the others go by air at 5 a kg."""
    tables = fan("P", products=table({"product": "x", "weight": 2}), rates=table({"mode": "rail", "per_unit": 99}),
                 modes=table({"mode": "sea", "per_weight": 1, "capacity": 150}, {"mode": "air", "per_weight": 5}))
    del tables["rates"]
    assert lines(optimum(tables)) == pytest.approx({"last_mile": 150 + 250})


def test_a_level_that_is_too_small(optimum):
    """100 units: small (99 a year, 10) is too small, large (200, 30) is taken on top of the site's 5. In half a year
    large passes 100, and costs 15 + 2.5."""
    tables = chain(rates=FREE, sites=table({"site": "P", "kind": "plant", "fixed_cost": 5}),
                   capacity_levels=table({"site": "P", "level": "small", "capacity": 99, "fixed_cost": 10},
                                         {"site": "P", "level": "large", "capacity": 200, "fixed_cost": 30}))
    assert lines(optimum(tables)) == pytest.approx({"site_fixed": 35})
    tables["periods"] = table({"period": "half", "days": 182.5})
    assert lines(optimum(tables)) == pytest.approx({"site_fixed": 17.5})
    tables["demand"] = table({"customer": "C", "quantity": 101})
    assert optimum(tables).status == "infeasible"


@pytest.mark.parametrize(("least", "opened", "cost"), [(0, ("P", "Q"), 0), (40, ("P", "Q"), 0), (41, ("P",), 40)])
def test_a_minimum_closes_a_site(optimum, least, opened, cost):
    """P serves A and Q serves B for nothing, P serves B at 1 a unit, Q cannot serve A. Q passes 40 a year at most."""
    tables = fan("P", "Q", rates=table({"per_unit": 0}, {"origin": "P", "destination": "B", "per_unit": 1}),
                 sites=table({"site": "P", "kind": "plant"},
                             {"site": "Q", "kind": "plant", "may_close": "yes", "min_throughput": least}))
    tables["lanes"] = tables["lanes"].iloc[[0, 1, 3]]
    result = optimum(tables)
    assert (result.open_sites, result.total) == (opened, pytest.approx(cost))


def test_goods_without_room_cannot_circulate_either(optimum):
    """Sites in m3, goods of no volume: only 10 units are to be had by the way D to E, however often they go round."""
    tables = chain(
        sites=table({"site": "D", "kind": "plant", "capacity_unit": "m3"},
                    {"site": "E", "kind": "plant", "capacity_unit": "m3"}), rates=FREE,
        demand=table({"customer": "C", "quantity": 10}),
        lanes=table(*({"origin": o, "destination": d, "distance": 1} for o, d in ("DE", "ED", "EC"))),
        contracts=table({"contract": "k", "kind": "min_volume", "origin": "D", "destination": "E", "quantity": 10}))
    assert optimum(tables).status == "optimal"
    tables["contracts"]["quantity"] = 11
    assert optimum(tables).status == "infeasible"


def test_goods_cannot_circulate_to_fill_a_minimum(optimum):
    """D passes to E and E to D for nothing, and only E reaches C (10 units). D needs 11 to be open, and it has a saving
    of 3 a unit over the direct way to E; but only 10 can be reached downstream, so it stays closed: 30."""
    tables = chain(
        sites=table({"site": "P", "kind": "plant"},
                    {"site": "D", "kind": "dc", "status": "candidate", "min_throughput": 11},
                    {"site": "E", "kind": "dc"}),
        demand=table({"customer": "C", "quantity": 10}),
        rates=table({"per_unit": 0}, {"origin": "P", "destination": "E", "per_unit": 3}),
        lanes=table(*({"origin": o, "destination": d, "distance": 1} for o, d in ("PD", "PE", "DE", "ED", "EC"))))
    assert lines(optimum(tables)) == pytest.approx({"line_haul": 30})
    tables["sites"].loc[1, "min_throughput"] = 10
    assert lines(optimum(tables)) == {}


@pytest.mark.parametrize(("most", "cost"), [(1, 40), (2, 0)])
def test_most_sources(optimum, most, cost):
    """C takes x (60) free from P and y (40) free from Q; the other way round 1 a unit."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"}),
                   products=table({"product": "x"}, {"product": "y"}),
                   customers=table({"customer": "C", "max_sources": most}),
                   lanes=table(*({"origin": s, "destination": "C", "distance": 1} for s in "PQ")),
                   rates=table({"per_unit": 0}, {"origin": "P", "product": "y", "per_unit": 1},
                               {"origin": "Q", "product": "x", "per_unit": 1}),
                   demand=table({"customer": "C", "product": "x", "quantity": 60},
                                {"customer": "C", "product": "y", "quantity": 40}))
    assert optimum(tables).total == pytest.approx(cost)


SHARES = [  # scope, limit, quantity, cost; P is free, Q costs 1 a unit
    ({"site": "P"}, "at_most", 0.7, 30),
    ({"site": "Q"}, "at_least", 0.25, 25),
    ({"site": "Q"}, "exactly", 1.0, 100),
    ({"site": "Q", "customer": "B"}, "at_least", 0.5, 20),  # half of B's 40
    ({"site": "Q", "customer": "*", "each_or_total": "each"}, "at_least", 0.5, 50),  # 30 and 20
    ({"site": "Q", "customer": "*", "each_or_total": "total"}, "at_least", 0.5, 50),
    ({"site": "*", "each_or_total": "each"}, "at_most", 0.6, 40),  # neither P nor Q more than 60 of 100
    ({"site": "*", "each_or_total": "each"}, "at_least", 0.3, 30),
    ({"site": "Q", "group": "south"}, "at_least", 0.1, 4),  # B alone
    ({"origin": "Q", "destination": "A"}, "at_least", 0.2, 12),  # of A's 60
    ({"destination": "A"}, "at_most", 0.6, 0),  # A's 60 of all 100
    ({"destination": "A"}, "at_most", 0.59, None),
]


@pytest.mark.parametrize(("scope", "limit", "quantity", "cost"), SHARES)
def test_shares(optimum, scope, limit, quantity, cost):
    tables = fan("P", "Q", rates=table({"origin": "P", "per_unit": 0}, {"origin": "Q", "per_unit": 1}),
                 customers=table({"customer": "A"}, {"customer": "B", "group": "south"}),
                 contracts=table({"contract": "k", "kind": "share", "limit": limit, "quantity": quantity} | scope))
    result = optimum(tables)
    assert result.status == "infeasible" if cost is None else result.total == pytest.approx(cost)


def test_a_share_of_each_differs_from_a_share_of_all(optimum):
    """Q costs 1 to A and 3 to B. Half of all: 50 to A. Half of each: 30 x 1 + 20 x 3."""
    tables = fan("P", "Q", rates=table({"origin": "P", "per_unit": 0}, {"origin": "Q", "per_unit": 1},
                                       {"origin": "Q", "destination": "B", "per_unit": 3}))
    row = {"contract": "k", "kind": "share", "limit": "at_least", "quantity": 0.5, "site": "Q", "customer": "*"}
    tables["contracts"] = table(row)
    assert optimum(tables).total == pytest.approx(50)
    tables["contracts"] = table(row | {"each_or_total": "each"})
    assert optimum(tables).total == pytest.approx(90)


VOLUMES = [  # scope, kind, quantity a year, cost; periods of 73 and 292 days, A 60 in the first, B 40 in the second
    ({"site": "Q"}, "min_volume", 70, 70),
    ({"site": "P"}, "max_volume", 70, 30),
    ({"site": "P", "per": "period"}, "max_volume", 100, 40),  # 20 of the 60, and 80: all 40
    ({"site": "Q", "per": "period"}, "min_volume", 50, 50),  # 10 and 40
    ({"customer": "*", "site": "P", "each_or_total": "each"}, "max_volume", 35, 30),  # 25 of A, 5 of B from Q
    ({"origin": "P", "mode": "van", "destination": "B"}, "max_volume", 25, 15),
    ({"site": "Q", "product": "goods"}, "min_volume", 12.5, 12.5),
    ({"site": "Q"}, "min_volume", 100.1, None),  # there are only 100
    ({"origin": "R"}, "min_volume", 1, None),  # nothing leaves R
    ({"customer": "B", "per": "period"}, "min_volume", 1, None),  # B wants nothing in the first period
]


@pytest.mark.parametrize(("scope", "kind", "quantity", "cost"), VOLUMES)
def test_volumes(optimum, scope, kind, quantity, cost):
    """P is free; Q costs 1 a unit."""
    tables = fan("P", "Q", periods=table({"period": "1", "days": 73}, {"period": "2", "days": 292}),
                 sites=table(*({"site": s, "kind": "plant"} for s in "PQR")), modes=table({"mode": "van"}),
                 rates=table({"origin": "P", "per_unit": 0}, {"origin": "Q", "per_unit": 1}),
                 demand=table({"customer": "A", "period": "1", "quantity": 60},
                              {"customer": "B", "period": "2", "quantity": 40}),
                 contracts=table({"contract": "k", "kind": kind, "quantity": quantity} | scope))
    result = optimum(tables)
    assert result.status == "infeasible" if cost is None else result.total == pytest.approx(cost)


def test_a_minimum_of_moves_counts_moves_too(optimum):
    """A contract on origin P counts the moves P-D (free) and the deliveries of P (1 a unit more than over D): of 100
    units at least 80 leave P; Q makes the others for nothing, P at 2."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"},
                               {"site": "D", "kind": "dc"}),
                   site_products=table({"site": "P", "make_cost": 2}, {"site": "Q"}), rates=FREE,
                   lanes=table(*({"origin": o, "destination": d, "distance": 1} for o, d in ("PD", "QD", "DC"))),
                   contracts=table({"contract": "k", "kind": "min_volume", "origin": "P", "quantity": 80}))
    assert lines(optimum(tables)) == pytest.approx({"production": 160})


def test_a_way_in_the_scope_of_a_minimum_is_not_pruned(optimum):
    """Direct by van 1, over the dock 0 + 5 by the same van; 30 a year have to leave the dock by van: 70 + 150."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock"}),
                   modes=table({"mode": "rail", "serves": "moves"}, {"mode": "van", "serves": "deliveries"}),
                   rates=table({"mode": "rail", "per_unit": 0}, {"origin": "P", "mode": "van", "per_unit": 1},
                               {"origin": "X", "mode": "van", "per_unit": 5}),
                   lanes=table(*({"origin": o, "destination": d, "distance": 1} for o, d in ("PX", "PC", "XC"))),
                   contracts=table({"contract": "k", "kind": "min_volume", "origin": "X", "mode": "van",
                                    "quantity": 30}))
    assert optimum(tables).total == pytest.approx(70 + 150)
    tables["contracts"] = table({"contract": "k", "kind": "share", "limit": "at_least", "origin": "X", "mode": "van",
                                 "quantity": 0.3})
    assert optimum(tables).total == pytest.approx(70 + 150)
    del tables["contracts"]
    tables["sites"]["min_throughput"] = [None, 30]  # the dock itself wants 30
    assert optimum(tables).total == pytest.approx(70 + 150)


def test_the_halves_of_a_split_ship_to_with_the_same_site_equal_the_whole(optimum):
    """P can send 60 of the 100 that C wants, Q all at 1 a unit: split 40. From one site: Q alone, 100, whether C is
    one customer or two halves of a group."""
    sites = table({"site": "P", "kind": "plant", "capacity": 60}, {"site": "Q", "kind": "plant"})
    rates = table({"origin": "P", "per_unit": 0}, {"origin": "Q", "per_unit": 1})
    whole = chain(sites=sites, rates=rates, lanes=table(*({"origin": s, "destination": "C", "distance": 1}
                                                          for s in "PQ")))
    assert optimum(whole).total == pytest.approx(40)
    whole["customers"] = table({"customer": "C", "single_source": "customer"})
    assert optimum(whole).total == pytest.approx(100)
    halves = fan("P", "Q", sites=sites, rates=rates,
                 customers=table({"customer": "A", "group": "g"}, {"customer": "B", "group": "g"}))
    assert optimum(halves).total == pytest.approx(40)
    halves["contracts"] = table({"contract": "k", "kind": "same_site", "group": "g"})
    assert optimum(halves).total == pytest.approx(100)


def two_modes() -> dict:
    """100 units of 5 kg over 200 km: air costs 1 a unit and emits 2 kg each (5 / 1000 x 200 x 2), sea 3 and 0.1 kg."""
    return chain(products=table({"product": "x", "weight": 5}),
                 modes=table({"mode": "air", "co2": 2}, {"mode": "sea", "co2": 0.1}),
                 rates=table({"mode": "air", "per_unit": 1}, {"mode": "sea", "per_unit": 3}),
                 lanes=table({"origin": "P", "destination": "C", "distance": 200}))


@pytest.mark.parametrize(("settings", "expected"), [
    ({}, {"last_mile": 100}),
    ({"carbon_price": 1.0}, {"last_mile": 100, "carbon": 200}),  # 3 against 3.1
    ({"carbon_price": 1.1}, {"last_mile": 300, "carbon": 11}),  # 3.2 against 3.11
    ({"carbon_cap": 105}, {"last_mile": 200}),  # half and half: 50 x 2 + 50 x 0.1
    ({"carbon_cap": 10}, {"last_mile": 300}),
    ({"carbon_cap": 9.9}, None),
])
def test_carbon(optimum, settings, expected):
    """A price that flips the mode at 2 / 1.9 = 1.0526 a kg, and caps that force it."""
    result = optimum(two_modes(), settings)
    assert (lines(result) if result.status == "optimal" else None) == (
        pytest.approx(expected) if expected else None)


def test_carbon_of_both_legs(optimum):
    """P-X 100 km by rail (0.5) and X-C 50 km by van (4), 5 kg: 0.25 + 1 kg a unit, at 2 a kg."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock"}), rates=FREE,
                   products=table({"product": "x", "weight": 5}),
                   modes=table({"mode": "rail", "serves": "moves", "co2": 0.5},
                               {"mode": "van", "serves": "deliveries", "co2": 4}),
                   lanes=table({"origin": "P", "destination": "X", "distance": 100},
                               {"origin": "X", "destination": "C", "distance": 50}))
    assert lines(optimum(tables, {"carbon_price": 2})) == pytest.approx({"carbon": 250})


def test_duty(optimum):
    """20 % of 7 into D, 10 % of 7 into C by air, none by the row of sea, whose freight is 1: of 100 units 140 + 70."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
                   products=table({"product": "x", "unit_value": 7}),
                   modes=table({"mode": "air"}, {"mode": "sea"}),
                   rates=table({"mode": "air", "per_unit": 0}, {"mode": "sea", "per_unit": 1}),
                   lanes=table({"origin": "P", "destination": "D", "distance": 1, "duty_rate": 0.2},
                               {"origin": "D", "destination": "C", "distance": 1, "duty_rate": 0.1},
                               {"origin": "P", "destination": "D", "mode": "sea", "distance": 1, "duty_rate": 0.1}))
    # Into D: air 1.4, sea 1 + 0.7; to C: air 0.7, sea 1 + 0.7.
    assert lines(optimum(tables)) == pytest.approx({"duty": 210})
    tables["lanes"].loc[2, "duty_rate"] = None  # sea into D: 1 and no duty
    assert lines(optimum(tables)) == pytest.approx({"duty": 70, "line_haul": 100})


def test_program_cost_of_tiers_with_demand(optimum):
    """Gold costs 1000 a year, and half a year 500; silver has no customer."""
    tables = chain(rates=FREE, periods=table({"period": "half", "days": 182.5}),
                   customers=table({"customer": "C", "tier": "gold"}),
                   tiers=table({"tier": "gold", "program_cost": 1000, "rank": 1},
                               {"tier": "silver", "program_cost": 300, "rank": 2}))
    assert lines(optimum(tables)) == pytest.approx({"tier_program": 500})


def test_a_budget_leaves_demand_unserved(optimum):
    """Each unit costs 2, and 5 where it is not served; half of them have to be. 120 a year, penalties apart, serve 60;
    100 serve 50."""
    tables = chain(rates=table({"per_unit": 2}), tiers=table({"tier": "t", "shortage_cost": 5}),
                   promises=table({"tier": "t", "served_fraction": 0.5}))
    assert lines(optimum(tables)) == pytest.approx({"last_mile": 200})
    assert lines(optimum(tables, {"budget": 120})) == pytest.approx({"last_mile": 120, "shortage": 200})
    assert optimum(tables, {"budget": 99}).status == "infeasible"


def test_a_budget_that_cannot_be_kept_is_named():
    """A site that stays open costs 80, the goods 200; 250 is 30 too little."""
    tables = chain(rates=table({"per_unit": 2}), sites=table({"site": "P", "kind": "plant", "fixed_cost": 80}))
    with pytest.raises(cts.InfeasibleError, match=r"the budget \(30 USD more would be enough\)"):
        cts.solve(cts.network(tables | {"settings": {"budget": 250}}))


def test_a_contract_on_flows_that_there_are_none_of_is_named():
    """R has no lane, and a year of 5 units is asked of it."""
    tables = chain(rates=FREE, sites=table({"site": "P", "kind": "plant"}, {"site": "R", "kind": "plant"}),
                   contracts=table({"contract": "deal", "kind": "min_volume", "of": "delivered", "origin": "R",
                                    "quantity": 5}))
    with pytest.raises(cts.InfeasibleError, match=r"deal: 5 units are asked for"):
        cts.solve(cts.network(tables))


def test_loads_and_limits_in_tables_and_files(tmp_path):
    """60 for A and 40 for B by loads of 50 at 7: two and one. Of the 100 kg a capacity of 120 allows, 100 are used."""
    tables = fan("P", modes=table({"mode": "truck", "whole_loads": "yes", "load_weight": 50, "capacity": 120}),
                 rates=table({"mode": "truck", "per_shipment": 7}),
                 contracts=table({"contract": "deal", "kind": "max_volume", "customer": "A", "quantity": 60}))
    sol = cts.solve(cts.network(tables))
    for answer in (sol, (sol.save(tmp_path / "plan"), cts.load(tmp_path / "plan"))[1]):
        loads = answer.loads.set_index("destination")
        assert loads["loads"].to_dict() == {"A": 2, "B": 1}
        assert loads["cost"].to_dict() == {"A": 14, "B": 7}
        limits = answer.limits.set_index(["limit", "key"])
        assert limits.loc[("mode_capacity", "truck"), ["used", "most"]].tolist() == pytest.approx([100, 120])
        assert limits.loc[("contract_volume", "deal"), ["used", "most"]].tolist() == pytest.approx([60, 60])
        by_customer = answer.cube.groupby(["line", "customer"], observed=True)["amount"].sum()
        assert by_customer["loads"].to_dict() == pytest.approx({"A": 14, "B": 7})
        assert answer.total_cost == pytest.approx(21)
