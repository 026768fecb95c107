"""What is found while the ways are made, in the planner's words: all of it at once, and how to mend it."""

from __future__ import annotations

import pytest

import ctsopt as cts
from ctsopt.errors import Finding
from ctsopt.networks import way_findings
from tests.small import chain, lanes, rates, table

GOLD = {"tiers": table({"tier": "gold"})}


def finding(tables: dict, rule: str) -> Finding:
    """The finding of a rule."""
    found = [f for f in cts.check(tables) if f.rule == rule]
    assert len(found) == 1, [f.rule for f in cts.check(tables)]
    return found[0]


def test_a_promise_out_of_reach_names_the_fastest_way():
    """Van 3 days from P (deviation 0.6), 5 from D: within 2 days z = -1 / 0.6 = -1.667, P = 0.0478."""
    tables = chain(**GOLD, sites=table({"site": "P", "kind": "plant"},
                                       {"site": "D", "kind": "dc", "processing_time": 2}),
                   promises=table({"tier": "gold", "lead_time": 2}), lanes=lanes("P-D", "D-C", "P-C"),
                   modes=table({"mode": "van", "fixed_time": 3, "per_weight": 1, "transit_cv": 0.2,
                                "transit_distribution": "normal"}))
    found = finding(tables, "unreachable_customer")
    assert (found.severity, found.table) == ("error", "demand")
    assert list(found.values) == ["C (gold, goods, year), promised 2 days: the fastest way is from P by van, 3.00 days "
                                  "on average, on time 4.8%"]
    assert "relax lead_time" in found.mend
    with pytest.raises(cts.DataError, match="fastest way is from P by van"):
        cts.network(tables)


def test_a_customer_without_any_lane():
    tables = chain(customers=table({"customer": "C"}, {"customer": "E"}),
                   demand=table({"customer": "C", "quantity": 1}, {"customer": "E", "quantity": 1}))
    assert list(finding(tables, "unreachable_customer").values) == ["E (standard, goods, year): no lane reaches it"]


def test_the_fastest_way_over_a_cross_dock():
    tables = chain(**GOLD, sites=table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock"}),
                   promises=table({"tier": "gold", "lead_time": 1}), lanes=lanes("P-X", "X-C"),
                   modes=table({"mode": "van", "fixed_time": 2, "per_weight": 1}))
    assert "the fastest way is from P over X by van, 4.00 days" in finding(tables, "unreachable_customer").values[0]


@pytest.mark.parametrize(("served", "each", "severity"), [
    (0.5, 0.0, "warning"), (0.5, 0.2, "error"), (1.0, 0.0, "error")])
def test_demand_that_need_not_be_served_is_only_a_warning(served, each, severity):
    """E cannot be reached: that is allowed where half of the tier's demand may stay unserved, but not half of E's."""
    tables = chain(tiers=table({"tier": "gold", "shortage_cost": 5}),
                   customers=table({"customer": "C"}, {"customer": "E"}),
                   promises=table({"tier": "gold", "served_fraction": served, "served_fraction_each": each}),
                   demand=table({"customer": "C", "quantity": 1}, {"customer": "E", "quantity": 1}))
    assert finding(tables, "unreachable_customer").severity == severity


def test_all_that_is_unreachable_is_counted():
    """Each of 300 customers is a fault; the first ones are written out."""
    names = [f"C{k:03}" for k in range(300)]
    tables = chain(customers=table({"customer": "C"}, *({"customer": n} for n in names)),
                   demand=table({"customer": "C", "quantity": 1}, *({"customer": n, "quantity": 1} for n in names)))
    found = finding(tables, "unreachable_customer")
    assert found.count == 300
    assert "C000 (standard, goods, year): no lane reaches it" in str(cts.check(tables))


def test_a_way_without_a_rate():
    """The truck has no tariff: lanes P-D and D-C are named, each with its product; a price of 0 mends it."""
    tables = chain(modes=table({"mode": "truck"}))
    found = finding(tables, "way_without_rate")
    assert list(found.values) == ["D to C by truck, goods", "P to D by truck, goods"]
    assert "with 0 where it is free" in found.mend
    priced = tables | {"rates": rates(P_D=0, D_C=0)}
    assert not cts.check(priced).errors
    half = tables | {"rates": rates(P_D=0)}
    assert list(finding(half, "way_without_rate").values) == ["D to C by truck, goods"]


def test_first_legs_are_checked_too():
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock"}),
                   modes=table({"mode": "rail", "serves": "moves"},
                               {"mode": "van", "serves": "deliveries", "per_weight": 1}),
                   lanes=lanes("P-X", "X-C"))
    assert list(finding(tables, "way_without_rate").values) == ["P to X by rail, goods"]


def test_drop_size_needed():
    tables = chain(modes=table({"mode": "parcel", "serves": "deliveries", "per_shipment": 5},
                               {"mode": "truck", "serves": "moves", "per_weight": 1}))
    found = finding(tables, "drop_size_needed")
    assert list(found.values) == ["C / goods by parcel"]
    assert "order_size" in found.mend


def test_load_needed():
    """Between sites a charge per shipment needs the size of a load, which the mode does not state."""
    tables = chain(modes=table({"mode": "van", "serves": "deliveries", "per_weight": 1},
                               {"mode": "truck", "serves": "moves", "per_shipment": 5}))
    found = finding(tables, "load_needed")
    assert list(found.values) == ["P to D by truck"]
    assert "load_weight or load_volume" in found.mend


def test_unknown_transit_time():
    """No coordinates and no stated distance: a speed says nothing; a transit time in rates mends it."""
    tables = chain(modes=table({"mode": "truck", "per_weight": 1, "speed": 500}))
    found = finding(tables, "unknown_transit_time")
    assert sorted(found.values) == ["D to C by truck", "P to D by truck"]
    timed = table(*({"origin": o, "destination": d, "per_unit": 1, "transit_time": 2} for o, d in ("PD", "DC")))
    assert not cts.check(tables | {"rates": timed}).errors


def test_ambiguous_rates_between_sites():
    tables = chain(rates=table({"origin": "P", "per_unit": 1}, {"destination": "D", "per_unit": 1}))
    assert list(finding(tables, "ambiguous_rate").values) == ["P to D by truck, goods"]


def test_too_many_ways_over_cross_docks():
    """Two plants x one cross-dock x two customers are 4 paths."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"},
                               {"site": "X", "kind": "crossdock"}), lanes=lanes("P-X", "Q-X", "X-C", "X-E"),
                   customers=table({"customer": "C"}, {"customer": "E"}),
                   demand=table({"customer": "C", "quantity": 1}, {"customer": "E", "quantity": 1}))
    assert not cts.check(tables | {"settings": {"max_via_ways": 4}}).errors
    found = finding(tables | {"settings": {"max_via_ways": 3}}, "too_many_via_ways")
    assert "4 paths over cross-docks" in found.message


def test_everything_at_once():
    """A lane without a rate, a tie, an unreachable customer, an unknown distance: one reading finds all four."""
    tables = chain(customers=table(*({"customer": c} for c in "CEFG")), lanes=lanes("P-D", "D-C", "D-E", "D-F"),
                   demand=table(*({"customer": c, "quantity": 1} for c in "CEFG")), modes=table({"mode": "truck"}),
                   rates=table({"origin": "P", "destination": "D", "per_unit": 1},
                               {"origin": "D", "destination": "E", "per_unit": 1},
                               {"destination": "E", "product": "goods", "mode": "truck", "per_unit": 1},
                               {"origin": "D", "destination": "E", "product": "goods", "per_unit": 1},
                               {"origin": "D", "destination": "E", "mode": "truck", "per_unit": 1},
                               {"origin": "D", "destination": "F", "from_distance": 5, "per_unit": 1}))
    rules = {f.rule for f in cts.check(tables).errors}
    assert rules == {"way_without_rate", "ambiguous_rate", "unknown_distance", "unreachable_customer"}


def by_whole_loads(**columns: object) -> dict:
    """Products x and y from P over D to C by a truck whose loads are paid for whole."""
    mode = {"mode": "truck", "whole_loads": "yes", "load_weight": 100, "per_shipment": 5}
    return chain(modes=table({k: v for k, v in (mode | columns).items() if v is not None}),
                 products=table({"product": "x"}, {"product": "y"}),
                 demand=table({"customer": "C", "product": "x", "quantity": 1},
                              {"customer": "C", "product": "y", "quantity": 1}))


def test_whole_loads_need_a_load():
    found = finding(by_whole_loads(load_weight=None), "load_needed")
    assert (found.table, list(found.values)) == ("modes", ["truck"])
    assert not cts.check(by_whole_loads()).errors


def test_a_load_that_costs_differently_by_product():
    """A rate of 7 a shipment for x alone on the lane from P; y pays the mode's 5. By unit they may differ."""
    differs = by_whole_loads() | {"rates": table({"origin": "P", "product": "x", "per_shipment": 7})}
    assert list(finding(differs, "load_cost_differs").values) == ["P to D by truck"]
    same = by_whole_loads() | {"rates": table({"origin": "P", "product": "x", "per_shipment": 5, "per_unit": 3})}
    assert not cts.check(same).errors


def test_whole_loads_with_weight_breaks():
    breaks = table({"origin": "D", "per_shipment": 7}, {"origin": "D", "from_weight": 50, "per_shipment": 7})
    found = finding(by_whole_loads() | {"rates": breaks}, "whole_loads_with_breaks")
    assert list(found.values) == ["D to C by truck"]


def stock_by_factors(**tables: object) -> dict:
    """Plant P and dc D serve gold (fill rate 0.98) and silver (0.95), bolts and nuts are one group, screws another."""
    return chain(
        products=table(*({"product": p, "variance_to_mean": 2, "unit_value": 5, "stock_group": g}
                         for p, g in (("bolt", "small"), ("nut", "small"), ("screw", "")))),
        tiers=table({"tier": "gold"}, {"tier": "silver", "rank": 2}),
        promises=table({"tier": "gold", "fill_rate": 0.98}, {"tier": "silver", "fill_rate": 0.95}),
        customers=table({"customer": "C", "tier": "gold"}, {"customer": "E", "tier": "silver"}),
        demand=table(*({"customer": c, "product": p, "quantity": 9} for c in "CE" for p in ("bolt", "nut", "screw"))),
        lanes=lanes("P-D", "D-C", "D-E", "P-C"),
        settings={"stock_rule": "square_root", "holding_rate": 0.2}) | tables


def test_fill_rates_without_a_volume_to_work_out_their_safety_factor():
    """P delivers to C (gold) alone. A group needs the volume of one of its products."""
    both = "fill rate 0.98 of gold / *; fill rate 0.95 of silver / *"
    found = finding(stock_by_factors(), "nominal_volume_missing")
    assert (found.severity, found.table, found.count) == ("error", "site_products", 4)
    assert list(found.values) == [f"D, screw: {both}", f"D, small: {both}", "P, screw: fill rate 0.98 of gold / *",
                                  "P, small: fill rate 0.98 of gold / *"]
    some = table(*({"site": s, "product": p, "nominal_volume": v} for s, p, v in (
        ("D", "nut", 0.5), ("D", "bolt", None), ("P", "screw", 2), ("P", "bolt", None), ("P", "nut", None))))
    found = finding(stock_by_factors(site_products=some), "nominal_volume_missing")
    assert list(found.values) == [f"D, screw: {both}", "P, small: fill rate 0.98 of gold / *"]


def test_a_safety_factor_needs_no_volume_but_stock_for_other_sites_does():
    stated = table({"tier": "gold", "fill_rate": 0.98, "safety_factor": 2}, {"tier": "silver", "safety_factor": 1})
    assert cts.check(stock_by_factors(promises=stated)).errors == []
    assert cts.check(stock_by_factors(settings={"stock_rule": "curve"})).errors == []
    for_d = table(*({"site": "P", "product": p, "replenishment_fill_rate": 0.9} for p in ("bolt", "nut", "screw")))
    found = finding(stock_by_factors(promises=stated, site_products=for_d), "nominal_volume_missing")
    assert list(found.values) == ["P, screw: fill rate 0.9 of goods for other sites",
                                  "P, small: fill rate 0.9 of goods for other sites"]


def stock_of_one(settings: dict, **listed: object) -> dict:
    """Dc D with one product and a fill rate, replenished by P."""
    return chain(products=table({"product": "x", "variance_to_mean": 2, "unit_value": 5}),
                 promises=table({"tier": "standard", "fill_rate": 0.95}),
                 site_products=table({"site": "P", "product": "x"}, {"site": "D", "product": "x"} | listed),
                 settings={"holding_rate": 0.2} | settings)


@pytest.mark.parametrize(("review", "listed", "found"), [
    (0, {}, True), (1, {}, False), (0, {"replenishment_days": 2}, False), (1, {"review_time": 0}, True),
    (0, {"review_time": 1}, False)])
def test_goods_that_come_at_once(review: int, listed: dict, found: bool):
    """No transit time is given: in 0 days. Nobody is short where the stock is reviewed all the time."""
    rules = [f.rule for f in cts.check(stock_of_one({"review_time": review}, **listed))]
    assert ("replenished_at_once" in rules) == found


@pytest.mark.parametrize(("settings", "listed", "found"), [
    ({}, {}, True), ({"order_crossing": "no"}, {}, False), ({"order_crossing": "yes"}, {}, False),
    ({"order_interval": 2}, {}, False), ({}, {"lot_size": 9}, False), ({}, {"replenishment_sd": 2}, False)])
def test_orders_that_may_overtake_each_other(settings: dict, listed: dict, found: bool):
    """Ordered every day; lead times vary by three days: it is asked which reading holds."""
    tables = stock_of_one(settings, **({"replenishment_days": 10, "replenishment_sd": 3} | listed))
    assert ("orders_may_overtake" in [f.rule for f in cts.check(tables)]) == found


@pytest.mark.parametrize(("sharing", "decisions"), [("pooled", 6), ("rationed", 10), ("separate", 10)])
def test_many_decisions_on_stock(monkeypatch: pytest.MonkeyPatch, sharing: str, decisions: int):
    """D and P stock two groups each. Pooled: D chooses between gold's fill rate and silver's, 2 x 2 + 2. Else: 4
    configurations, and a stock or layer for each of 2 x 2 + 2 classes.
    """
    tables = stock_by_factors(settings={"stock_rule": "curve", "holding_rate": 0.2, "stock_sharing": sharing})
    assert way_findings._STOCK_DECISIONS == 1000
    monkeypatch.setattr(way_findings, "_STOCK_DECISIONS", decisions)
    assert "many_stock_decisions" not in [f.rule for f in cts.check(tables)]
    monkeypatch.setattr(way_findings, "_STOCK_DECISIONS", decisions - 1)
    found = finding(tables, "many_stock_decisions")
    assert (found.severity, found.table) == ("warning", "site_products")
    assert found.message.startswith(f"{decisions} decisions on stock")
    assert "stock='after'" in found.mend


def test_contracts_that_count_nothing():
    """P makes, D delivers: P delivers to nobody, nothing is moved out of D. Of a closed site nothing is said."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"},
                               {"site": "E", "kind": "dc", "status": "closed"}),
                   contracts=table(*({"kind": "max_volume", "quantity": 1e6, **row} for row in (
                       {"contract": "made", "site": "P"}, {"contract": "to C", "site": "P", "customer": "C"},
                       {"contract": "out of D", "site": "D", "of": "moved"}, {"contract": "closed", "site": "E"}))))
    assert list(finding(tables, "contract_of_no_delivery").values) == ["to C"]
    assert list(finding(tables, "contract_without_goods").values) == ["out of D"]
    assert "of = made" in finding(tables, "contract_of_no_delivery").mend
    tables["contracts"] = table({"contract": "k", "kind": "max_volume", "quantity": 1, "site": "D", "of": "moved",
                                 "product": "*", "each_or_total": "each"})
    assert cts.solve(cts.network(tables)).limits.empty


def test_tiered_lanes_without_a_dc():
    """A plant alone delivers with `all`; with `tiered` it has to be told to."""
    place = {"latitude": 0, "longitude": 0}
    tables = chain(sites=table({"site": "P", "kind": "plant", **place}), customers=table({"customer": "C", **place}),
                   settings={"open_lanes": "tiered"})
    del tables["lanes"]
    assert "no lane to customers is made" in finding(tables, "delivers_without_effect").message
    tables["sites"]["delivers"] = "yes"
    assert not cts.check(tables).errors
