"""What a way costs: every rule of the page "How tables become a plan", with the arithmetic beside it.

Plant P delivers to customer C over 10 km by the mode truck unless a test says otherwise; the product weighs 3 kg.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import ctsopt as cts
from tests.small import chain, lanes, table

if TYPE_CHECKING:
    import pandas as pd


def network(**tables) -> cts.Network:
    return cts.network(tables_of(**tables))


def tables_of(*, truck: dict | None = None, drop: float | None = 20, card: list[dict] | None = None,
              **tables) -> dict:
    """P to C by truck with this tariff, in drops of this size, with these rows of rates."""
    made = chain(sites=table({"site": "P", "kind": "plant", "zone": "south"}),
                 products=table({"product": "bolt", "weight": 3, "volume": 0.5}),
                 customers=table({"customer": "C", "zone": "north"}),
                 demand=table({"customer": "C", "product": "bolt", "quantity": 100, "order_size": drop}),
                 modes=table({"mode": "truck", **(truck or {})}), lanes=lanes("P-C", distance=10))
    if card is not None:
        made["rates"] = table(*({"origin": "P", "destination": "C"} | row for row in card))
    return made | tables


def unit_cost(net: cts.Network) -> float:
    """Last mile of the only way."""
    values = net.ways.deliveries.measures["last_mile"]
    assert len(values) == 1
    return float(values[0])


def faults(tables: dict) -> dict[str, list[str]]:
    """Values of each error, by rule."""
    return {f.rule: list(f.values) for f in cts.check(tables).errors}


# ---- the mode's own tariff -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("truck", "expected"), [
    ({"per_weight": 2}, 6),  # 3 kg at 2
    ({"per_weight_distance": 0.1}, 3),  # 3 kg x 10 km x 0.1
    ({"per_shipment": 50}, 2.5),  # 50 / 20
    ({"per_weight": 1, "minimum_charge": 100}, 5),  # 60 is below 100: 100 / 20
    ({"per_weight": 1, "minimum_charge": 59}, 3),
    ({"per_weight": 1, "minimum_charge": 100, "fuel_surcharge": 0.2}, 6),  # fuel comes on top of the minimum
    ({"per_distance": 2}, 1),  # no load stated, a vehicle of its own: 2 x 10 / 20
    ({"per_distance": 2, "load_weight": 600}, 0.1),  # a tenth of a load of 20: 2 / 20
    ({"per_distance": 2, "load_weight": 600, "load_factor": 0.5}, 0.2),  # loads are half full
    ({"per_distance": 2, "load_volume": 50}, 0.2),  # 10 of 50 m3: 4 / 20
    ({"per_distance": 2, "load_weight": 600, "load_volume": 50, "load_factor": 0.5}, 0.4),  # volume binds
    ({"per_distance": 2, "load_weight": 600, "load_volume": 500}, 0.1),  # weight binds
    ({"per_distance": 2, "load_weight": 30}, 2),  # 60 kg are two loads of 20: 40 / 20
    # 10 + 60 x 0.5 + 60 x 10 x 0.01 + 20 x 0.1 = 48, x 1.25 = 60, / 20
    ({"per_shipment": 10, "per_weight": 0.5, "per_weight_distance": 0.01, "per_distance": 2, "load_weight": 600,
      "minimum_charge": 47, "fuel_surcharge": 0.25}, 3),
    ({"per_shipment": 10, "per_weight": 0.5, "per_weight_distance": 0.01, "per_distance": 2, "load_weight": 600,
      "minimum_charge": 64, "fuel_surcharge": 0.25}, 4),
])
def test_tariff_of_a_mode(truck, expected):
    assert unit_cost(network(truck=truck)) == pytest.approx(expected)


def test_distance_in_miles_is_not_converted_when_stated():
    assert unit_cost(network(truck={"per_weight_distance": 0.1}, settings={"distance_unit": "mi"})) == pytest.approx(3)


# ---- drops ---------------------------------------------------------------------------------------------------------


def test_minimum_charge_over_a_profile():
    """Drops of 2, 10, 50 at 1.5 a kg, at least 40: charges 40, 45, 225; shares 0.5, 0.3, 0.2: 78.5 a drop of 14 units.

    The mean drop of 14 would cost 63 and 4.5 a unit, which is too little."""
    profile = table(*({"profile": "mixed", "size": s, "share": p} for s, p in ((2, 0.5), (10, 0.3), (50, 0.2))))
    net = network(truck={"per_weight": 1.5, "minimum_charge": 40}, order_profiles=profile, demand=table(
        {"customer": "C", "product": "bolt", "quantity": 100, "profile": "mixed"}))
    assert unit_cost(net) == pytest.approx(78.5 / 14)


def test_two_profiles_do_not_mix():
    profiles = table({"profile": "b", "size": 10, "share": 0.5}, {"profile": "a", "size": 1, "share": 1},
                     {"profile": "b", "size": 30, "share": 0.5})
    net = network(truck={"per_shipment": 60}, order_profiles=profiles, lanes=lanes("P-C", "P-E", "P-F", distance=10),
                  customers=table(*({"customer": c} for c in "CEF")), demand=table(
                      {"customer": "C", "product": "bolt", "quantity": 1, "profile": "b"},  # 60 / 20
                      {"customer": "E", "product": "bolt", "quantity": 1, "profile": "a"},  # 60 / 1
                      {"customer": "F", "product": "bolt", "quantity": 1, "order_size": 6}))  # 60 / 6
    frame = net.ways.deliveries.frame().set_index("customer")
    assert frame["last_mile"].to_dict() == pytest.approx({"C": 3, "E": 60, "F": 10})


@pytest.mark.parametrize("truck", [{"per_weight": 2}, {"per_weight_distance": 0.1},
                                   {"per_distance": 2, "load_weight": 600}])
def test_a_plain_amount_needs_no_drop_size(truck):
    assert unit_cost(network(truck=truck, drop=None)) == unit_cost(network(truck=truck, drop=20))


@pytest.mark.parametrize("truck", [{"per_shipment": 1}, {"per_weight": 1, "minimum_charge": 1}, {"per_distance": 2}])
def test_a_charge_by_the_drop_needs_its_size(truck):
    assert faults(tables_of(truck=truck, drop=None)) == {"drop_size_needed": ["C / bolt by truck"]}


# ---- rates in place of the tariff ----------------------------------------------------------------------------------


def test_rates_replace_all_of_the_tariff_but_fuel():
    truck = {"per_shipment": 1000, "per_weight": 9, "per_distance": 9, "per_weight_distance": 9, "minimum_charge": 9999,
             "fuel_surcharge": 0.1}
    assert unit_cost(network(truck=truck, card=[{"per_unit": 2}], drop=None)) == pytest.approx(2.2)


@pytest.mark.parametrize(("row", "expected"), [
    ({"per_unit": 2}, 2), ({"per_weight": 2}, 6), ({"per_shipment": 50}, 2.5),
    ({"per_unit": 1, "per_weight": 1, "per_shipment": 10, "minimum_charge": 89}, 4.5),  # 10 + 20 + 60 = 90
    ({"per_unit": 1, "per_weight": 1, "per_shipment": 10, "minimum_charge": 100}, 5),
    ({}, 0),
])
def test_a_row_of_rates(row, expected):
    assert unit_cost(network(card=[row])) == pytest.approx(expected)


def test_a_lane_without_any_rate_is_a_fault_and_free_must_be_said():
    assert faults(tables_of()) == {"way_without_rate": ["P to C by truck, bolt"]}
    free = tables_of(rates=table({"mode": "truck", "per_unit": 0}))
    assert unit_cost(cts.network(free)) == 0


BREAKS = [{"from_weight": 0, "per_weight": 1.0}, {"from_weight": 100, "per_weight": 0.6}]


@pytest.mark.parametrize(("drop", "next_break", "charge"), [
    (33, "no", 99), (34, "no", 61.2), (100 / 3, "no", 60), (30, "no", 90), (30, "yes", 60), (15, "yes", 45),
    (20, "yes", 60), (34, "yes", 61.2)])
def test_weight_breaks(drop, next_break, charge):
    """1.0 a kg, from 100 kg on 0.6; 3 kg a unit. As 100 kg a shipment costs 60."""
    net = network(truck={"bill_next_break": next_break}, drop=drop, card=BREAKS)
    assert unit_cost(net) == pytest.approx(charge / drop)


def test_any_higher_break_may_be_billed_and_each_has_its_own_charges():
    """60 kg at 2: 120. As 100 kg at 1.5: 150. As 500 kg at 0.1 + 20 + 20 units x 0.5 = 80, its minimum 85."""
    card = [{"from_weight": 0, "per_weight": 2}, {"from_weight": 100, "per_weight": 1.5},
            {"from_weight": 500, "per_weight": 0.1, "per_shipment": 20, "per_unit": 0.5, "minimum_charge": 85}]
    assert unit_cost(network(truck={"bill_next_break": "yes", "fuel_surcharge": 1.0}, card=card)) == pytest.approx(8.5)
    assert unit_cost(network(card=card)) == pytest.approx(6)


def test_below_the_lowest_break():
    """60 kg where breaks start at 90: no rate, or billed as 90 kg at 1 = 90 (as 300 at 0.5 = 150)."""
    card = [{"from_weight": 90, "per_weight": 1}, {"from_weight": 300, "per_weight": 0.5}]
    assert faults(tables_of(card=card)) == {"below_first_break": ["C / bolt by truck"]}
    assert unit_cost(network(truck={"bill_next_break": "yes"}, card=card)) == pytest.approx(4.5)


def test_one_drop_of_a_profile_below_the_lowest_break_is_a_fault():
    profile = table({"profile": "two", "size": 10, "share": 0.5}, {"profile": "two", "size": 100, "share": 0.5})
    demand = table({"customer": "C", "product": "bolt", "quantity": 100, "profile": "two"})
    tables = tables_of(card=[{"from_weight": 90, "per_weight": 1}], order_profiles=profile, demand=demand)
    assert faults(tables) == {"below_first_break": ["C / bolt by truck"]}


# ---- bands of distance ---------------------------------------------------------------------------------------------

BANDS = [{"from_distance": 0, "per_unit": 1}, {"from_distance": 100, "per_unit": 3},
         {"from_distance": 500, "per_unit": 4}]


@pytest.mark.parametrize(("distance", "expected"), [(0, 1), (99.9, 1), (100, 3), (499, 3), (500, 4), (9e9, 4)])
def test_bands_of_distance(distance, expected):
    assert unit_cost(network(card=BANDS, lanes=lanes("P-C", distance=distance))) == pytest.approx(expected)


def test_breaks_within_bands():
    """The band is found first, then the break in it: 60 kg over 150 km."""
    card = [{"from_distance": 0, "from_weight": 0, "per_weight": 1},
            {"from_distance": 0, "from_weight": 50, "per_weight": 0.5},
            {"from_distance": 100, "from_weight": 0, "per_weight": 4},
            {"from_distance": 100, "from_weight": 61, "per_weight": 2}]
    assert unit_cost(network(card=card)) == pytest.approx(1.5)
    assert unit_cost(network(card=card, lanes=lanes("P-C", distance=150))) == pytest.approx(12)
    assert unit_cost(network(card=card, lanes=lanes("P-C", distance=150), drop=21)) == pytest.approx(6)


def test_a_lane_shorter_than_the_first_band():
    tables = tables_of(card=[{"from_distance": 50, "per_unit": 1}])
    assert faults(tables) == {"below_first_distance": ["P to C by truck, bolt"]}


@pytest.mark.slow
def test_a_distance_that_nothing_states():
    blank = lanes("P-C")
    for truck in ({"per_distance": 1, "load_weight": 9}, {"per_weight_distance": 1}):
        assert faults(tables_of(truck=truck, lanes=blank)) == {"unknown_distance": ["P to C by truck, bolt"]}
    assert faults(tables_of(card=BANDS, lanes=blank)) == {"unknown_distance": ["P to C by truck, bolt"]}
    assert unit_cost(network(card=BANDS[:1], lanes=blank)) == 1  # one band from 0 on asks for no distance
    assert unit_cost(network(truck={"per_weight": 2}, lanes=blank)) == 6


# ---- which row wins ------------------------------------------------------------------------------------------------

NAMES = ("origin", "destination", "mode", "product")


def rows(*patterns: str) -> pd.DataFrame:
    """Rows `origin destination mode product` priced 1, 2, 3, ... in order."""
    return table(*(dict(zip(NAMES, pattern.split(), strict=True)) | {"per_unit": k}
                   for k, pattern in enumerate(patterns, start=1)))


@pytest.mark.parametrize(("patterns", "winner"), [
    (["* * * *", "P * * *"], 2),  # 0, 2
    (["P * * *", "south * * *"], 1),  # a name 2 beats a zone 1
    (["* north * *", "* * * *"], 1),
    (["south north * *", "* C * bolt"], 2),  # 1 + 1 beside 2 + 2
    (["P C * *", "P C truck *", "P C truck bolt"], 3),  # 4, 6, 8
    (["* * truck bolt", "south * truck *"], 1),  # 4 beside 3
    (["P C * *", "* * truck bolt", "P north truck *"], 3),  # 4 and 4 tie below a winner of 5
    (["Q C truck bolt", "P E truck bolt", "north south * *", "* * * *"], 4),  # names and zones of others
])
def test_the_row_with_most_names_wins(patterns, winner):
    """P lies in the zone south, C in north; Q and E the other way round."""
    tables = tables_of(sites=table({"site": "P", "kind": "plant", "zone": "south"},
                                   {"site": "Q", "kind": "dc", "zone": "north"}),
                       customers=table({"customer": "C", "zone": "north"}, {"customer": "E", "zone": "south"}),
                       rates=rows(*patterns))
    frame = cts.network(tables).ways.deliveries.frame()
    assert frame.set_index(["site", "customer"]).loc[("P", "C"), "last_mile"] == winner


@pytest.mark.parametrize("patterns", [
    ["P * * *", "* C * *"], ["P * * *", "south north * *"], ["P C * *", "* C truck *"], ["* C * bolt", "P C * *"]])
def test_a_tie_is_a_fault(patterns):
    assert faults(tables_of(rates=rows(*patterns))) == {"ambiguous_rate": ["P to C by truck, bolt"]}


def test_breaks_and_bands_of_one_set_of_names_are_no_tie():
    card = [{"from_weight": w, "from_distance": d, "per_unit": 1} for w in (0, 10) for d in (0, 5)]
    assert unit_cost(network(card=card)) == 1


def test_a_zone_means_customers_on_deliveries_and_sites_on_moves():
    """D and C both lie in the zone north: the move to D and the delivery to C find the same row; D-C finds its own."""
    tables = chain(sites=table({"site": "P", "kind": "plant", "zone": "south"},
                               {"site": "D", "kind": "dc", "zone": "north"}),
                   customers=table({"customer": "C", "zone": "north"}), modes=table({"mode": "truck"}),
                   lanes=lanes("P-D", "D-C", "P-C"),
                   rates=table({"origin": "south", "destination": "north", "per_unit": 5},
                               {"origin": "north", "destination": "north", "per_unit": 1}))
    net = cts.network(tables)
    assert net.ways.moves.measures["line_haul"].tolist() == [5]
    assert net.ways.deliveries.frame().set_index("site")["last_mile"].to_dict() == {"P": 5, "D": 1}


def test_rates_by_product():
    demand = table(*({"customer": "C", "product": p, "quantity": 1} for p in ("bolt", "nut", "gear")))
    card = [{"per_unit": 7}, {"product": "nut", "per_unit": 2}, {"product": "gear", "per_weight": 2}]
    net = network(card=card, demand=demand, products=table(
        {"product": "bolt", "weight": 3}, {"product": "nut", "weight": 1}, {"product": "gear", "weight": 4}))
    assert net.ways.deliveries.frame().set_index("product")["last_mile"].to_dict() == {"bolt": 7, "nut": 2, "gear": 8}


# ---- full loads ----------------------------------------------------------------------------------------------------


def move_cost(truck: dict, card: list[dict] | None = None, **product) -> float:
    """Line haul of a unit moved from P to D, 10 km."""
    tables = chain(products=table({"product": "bolt", "weight": 3} | product),
                   demand=table({"customer": "C", "product": "bolt", "quantity": 1}),
                   modes=table({"mode": "truck", "serves": "moves", **truck},
                               {"mode": "van", "serves": "deliveries", "per_weight": 1}),
                   lanes=lanes("P-D", "D-C", distance=10))
    if card:
        tables["rates"] = table(*({"origin": "P", "destination": "D"} | row for row in card))
    values = cts.network(tables).ways.moves.measures["line_haul"]
    assert len(values) == 1
    return float(values[0])


@pytest.mark.parametrize(("truck", "card", "expected"), [
    ({"per_shipment": 400, "load_weight": 1200}, None, 1),  # 400 units a load
    ({"per_shipment": 400, "load_weight": 1200, "load_factor": 0.8}, None, 1.25),  # 320 units
    ({"per_distance": 40, "load_weight": 1200}, None, 1),  # one load for 400 money
    ({"per_distance": 40, "load_weight": 1200, "load_factor": 0.8}, None, 1.25),
    ({"per_shipment": 400, "load_weight": 1200, "load_volume": 50, "volume": 0.5}, None, 4),  # 100 units fill 50 m3
    ({"per_weight": 1, "minimum_charge": 2400, "load_weight": 1200}, None, 6),  # 1200 is below 2400
    ({"per_weight": 2}, None, 6),  # a plain amount needs no load
    ({"per_weight": 2, "fuel_surcharge": 0.5}, None, 9),
    ({"load_weight": 1200}, [{"per_weight": 1}, {"from_weight": 1200, "per_weight": 0.5}], 1.5),
    ({"load_weight": 1200, "load_factor": 0.9}, [{"per_weight": 1}, {"from_weight": 1200, "per_weight": 0.5}], 3),
    ({"load_weight": 1200, "load_factor": 0.9, "bill_next_break": "yes"},
     [{"per_weight": 1}, {"from_weight": 1200, "per_weight": 0.5}], 600 / 360),
    ({"load_weight": 1200}, [{"per_shipment": 100}, {"from_distance": 10, "per_shipment": 800}], 2),
])
def test_moves_ship_full_loads(truck, card, expected):
    volume = {"volume": truck["volume"]} if "volume" in truck else {}
    assert move_cost({k: v for k, v in truck.items() if k != "volume"}, card, **volume) == pytest.approx(expected)


def test_a_charge_by_the_load_needs_a_load():
    tables = chain(modes=table({"mode": "truck", "per_shipment": 1}), demand=table(
        {"customer": "C", "quantity": 1, "order_size": 1}))
    assert faults(tables) == {"load_needed": ["P to D by truck"]}


# ---- transit -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("truck", "card", "mean", "sd"), [
    ({"fixed_time": 1}, None, 1, 0),
    ({"fixed_time": 1, "speed": 4}, None, 3.5, 0),  # 1 + 10 / 4
    ({"fixed_time": 1, "speed": 4, "transit_cv": 0.2}, None, 3.5, 0.7),
    ({"fixed_time": 1, "transit_cv": 0.2}, [{"transit_time": 2}], 2, 0.4),  # the row's time, the mode's variation
    ({"fixed_time": 1, "transit_cv": 0.2}, [{"transit_time": 2, "transit_sd": 0.3}], 2, 0.3),
    ({"fixed_time": 1, "transit_cv": 0.2}, [{"transit_sd": 0.3}], 1, 0.3),
    ({"fixed_time": 1}, [{"transit_time": 2}, {"from_weight": 30, "transit_time": 9}], 2, 0),  # first row of the band
    ({"fixed_time": 1}, [{"transit_time": 2}, {"from_distance": 10, "transit_time": 9}], 9, 0),
    ({"fixed_time": 1}, [{"from_weight": 30, "transit_time": 9}, {"transit_time": 2}], 2, 0),  # whatever their order
])
def test_transit(truck, card, mean, sd):
    """P(T <= mean + sd) of a normal with this mean and deviation is 0.841345; 1 where it is fixed."""
    if card is None:
        truck = {"per_weight": 1, **truck}
    net = network(truck={"transit_distribution": "normal", **truck}, card=card, tiers=table({"tier": "gold"}),
                  customers=table({"customer": "C", "tier": "gold"}),
                  promises=table({"tier": "gold", "lead_time": mean + sd, "reliability": 0.5}))
    way = net.ways.deliveries.measures
    assert way["lead_time"].tolist() == pytest.approx([mean])
    assert way["on_time"].tolist() == pytest.approx([0.8413447 if sd else 1.0], abs=1e-6)
