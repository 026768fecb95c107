"""What looks odd: each guess names its rows, what was expected and what the figure would be; clean tables give none."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.networks.checks import RULES, odd_numbers, odd_places
from ctsopt.testing import random_network
from tests.small import chain, table

PLACES = {
    "sites": table({"site": "Werk", "kind": "plant", "latitude": 48.1, "longitude": 11.6},
                   {"site": "Nord", "kind": "dc", "latitude": 53.5, "longitude": 10.0}),
    "customers": table({"customer": "A", "latitude": 51.05, "longitude": 13.74},
                       {"customer": "B", "latitude": 53.55, "longitude": 10.1}),
    "demand": table({"customer": "A", "quantity": 100}, {"customer": "B", "quantity": 200}),
    "lanes": table({"origin": "Werk", "destination": "Nord", "distance": 800},
                   {"origin": "Nord", "destination": "A", "distance": 500},
                   {"origin": "Nord", "destination": "B", "distance": 10},
                   {"origin": "Werk", "destination": "A", "distance": 460}),
    "modes": table({"mode": "lkw", "per_weight_distance": 0.001, "speed": 500})}
"""Places some hundred kilometres apart; nothing odd."""


def odd(made: dict) -> list[tuple[str, str, str, list]]:
    """Rule, table, column and rows of whatever looks odd; nothing else is found."""
    found = cts.check(made)
    assert not found.errors, str(found)
    assert all(len(list(f.lines())) == 1 for f in found.odd)
    return [(f.rule, f.table, f.column, list(f.rows)) for f in found.odd]


def changed(name: str, **columns: object) -> dict:
    return {**PLACES, name: PLACES[name].assign(**columns)}


@pytest.mark.slow
def test_nothing_odd_is_found_where_nothing_is():
    assert odd(PLACES) == []
    assert odd(chain()) == []
    assert [name for name in examples.names() if cts.check(examples.path(name)).odd] == []


def test_every_rule_is_tested_here():
    mine = {rule.name for rule in RULES if rule.check.__module__ in (odd_numbers.__name__, odd_places.__name__)}
    text = Path(__file__).read_text(encoding="utf-8")
    assert {name for name in mine if f'"{name}"' not in text} == set()
    assert len(mine) == 12


@pytest.mark.slow
def test_distances_in_metres():
    """611 km of great circle, 800,000 stated: 800 if it is in metres."""
    made = changed("lanes", distance=[800_000, 500_000, 10_000, 460_000])
    assert odd(made) == [("lane_longer_than_any_road", "lanes", "distance", [0, 1, 3])]
    line = next(cts.check(made).odd[0].lines())
    assert line.startswith("looks odd [lane_longer_than_any_road] lanes.distance: more than 5 times the great circle")
    assert "row 0: 800000, great circle 611, 800 if it is in metres" in line
    assert cts.solve(cts.network(made)).total_cost == pytest.approx(208_000)  # never in the way


def test_one_distance_that_slipped():
    assert odd(changed("lanes", distance=[800, 500, 10, 46_000])) == [
        ("lane_longer_than_any_road", "lanes", "distance", [3])]


def test_kilometres_read_as_miles():
    road = [(k, 1 + k) for k in range(5)]
    made = {"sites": table(*({"site": f"s{k}", "kind": "plant", "latitude": 40, "longitude": -100 + 2 * k}
                             for k in range(5))),
            "customers": table(*({"customer": f"c{k}", "latitude": 42, "longitude": -100 + 2 * k} for k in range(6))),
            "demand": table(*({"customer": f"c{k}", "quantity": 1} for k in range(6))),
            "lanes": table(*({"origin": f"s{a}", "destination": f"c{b}", "distance": 335} for a, b in road),
                           {"origin": "s0", "destination": "c0", "distance": 267}),
            "rates": table({"per_unit": 1}), "settings": {"distance_unit": "mi"}}
    assert [(rule, column) for rule, _, column, _ in odd(made)] == [("miles_or_kilometres", "distance")]
    assert odd({**made, "lanes": made["lanes"].assign(distance=made["lanes"]["distance"] / 1.609)}) == []


@pytest.mark.parametrize(("table_", "row", "how", "words"), [
    ("customers", 1, "swap", "with latitude and longitude exchanged"),
    ("customers", 0, "longitude", "with the other sign of its longitude"),
    ("customers", 0, "latitude", "with the other sign of its latitude"),
    ("sites", 1, "swap", "with latitude and longitude exchanged")])
def test_coordinates_that_were_turned(table_, row, how, words):
    frame = PLACES[table_].copy()
    lat, lon = frame.loc[row, ["latitude", "longitude"]]
    if how == "longitude":  # in Germany the other longitude is at sea, 1,000 km off; so the network is moved west
        west = {n: PLACES[n].assign(longitude=PLACES[n]["longitude"] - 100) for n in ("sites", "customers")}
        frame = west[table_].copy()
        frame.loc[row, "longitude"] = 100 - lon
        made = {**PLACES, **west, "lanes": PLACES["lanes"].drop(columns="distance"), table_: frame}
    else:
        turned = (lon, lat) if how == "swap" else (-lat, lon)
        frame.loc[row, ["latitude", "longitude"]] = turned
        made = {**PLACES, "lanes": PLACES["lanes"].drop(columns="distance"), table_: frame}
    assert odd(made) == [("place_far_from_all_others", table_, "latitude", [row])]
    assert words in next(cts.check(made).odd[0].lines())


def test_all_customers_without_the_minus_of_their_longitude():
    west = PLACES["sites"].assign(longitude=[-111.6, -110.0])
    made = {**PLACES, "sites": west, "customers": PLACES["customers"].assign(longitude=[113.74, 110.1]),
            "lanes": PLACES["lanes"].drop(columns="distance")}
    assert odd(made) == [("place_far_from_all_others", "customers", "latitude", [0, 1])]


def test_a_point_in_the_sea():
    frame = PLACES["customers"].assign(latitude=[51.05, 0], longitude=[13.74, 0])
    assert odd({**PLACES, "customers": frame, "lanes": PLACES["lanes"].drop(columns="distance")}) == [
        ("place_without_a_place", "customers", "latitude", [1])]


@pytest.mark.parametrize(("name", "columns", "expected"), [
    ("lanes", {"distance": [800, 2_147_483_647, 10, 460]}, ("sentinel", "lanes", "distance", [1])),
    ("sites", {"capacity": [999_999, 500]}, ("sentinel", "sites", "capacity", [0])),
    ("modes", {"fuel_surcharge": [2]}, ("outside_plausible_range", "modes", "fuel_surcharge", [0])),
    ("sites", {"processing_time": [24, 48]}, ("whole_days_of_hours", "sites", "processing_time", [0, 1])),
    ("modes", {"load_weight": [0.5]}, ("unit_heavier_than_a_load", "products", "weight", [])),
])
def test_single_figures(name, columns, expected):
    assert expected in odd(changed(name, **columns))


def test_lead_times_and_transit_times_in_hours():
    made = {**PLACES, "tiers": table({"tier": "t"}), "promises": table({"tier": "t", "lead_time": 48})}
    assert odd(made) == [("whole_days_of_hours", "promises", "lead_time", [0])]
    timed = {**PLACES, "rates": table({"origin": "Werk", "destination": "Nord", "mode": "lkw", "transit_time": 20},
                                      {"origin": "Werk", "destination": "A", "mode": "lkw", "transit_time": 12})}
    assert odd(timed) == [("slower_than_a_walk", "rates", "transit_time", [0, 1])]


def test_a_charge_above_the_value_of_the_goods():
    made = {**PLACES, "products": table({"product": "goods", "unit_value": 10}),
            "rates": table({"origin": "Werk", "destination": "Nord", "per_unit": 400})}
    assert odd(made) == [("charge_above_value", "rates", "per_unit", [0])]


def test_one_figure_a_thousand_times_below_its_peers():
    """Ten customers that want about 5,000, one of them written in thousands."""
    names = [f"c{k}" for k in range(10)]
    made = {"sites": table({"site": "P", "kind": "plant"}), "customers": table(*({"customer": c} for c in names)),
            "demand": table(*({"customer": c, "quantity": 4000.0 + 300 * k} for k, c in enumerate(names))),
            "rates": table({"per_unit": 1}), "settings": {"open_lanes": "all"}}
    made["sites"]["delivers"] = "yes"
    assert odd(made) == []
    made["demand"].loc[7, "quantity"] = 6.1
    assert odd(made) == [("far_from_its_peers", "demand", "quantity", [7])]
    assert "6.1 beside some 5200" in next(cts.check(made).odd[0].lines())


def folder(tmp_path: Path, **texts: str) -> Path:
    net = tmp_path / "net"
    shutil.rmtree(net, ignore_errors=True)
    net.mkdir()
    for name, frame in PLACES.items():
        frame.to_csv(net / f"{name}.csv", index=False)
    for name, text in texts.items():
        (net / f"{name}.csv").write_text(text)
    return net


def test_points_that_separate_thousands(tmp_path):
    found = cts.check(folder(tmp_path, demand="customer,quantity\nA,1.200\nB,2.350\n"))
    assert [(f.rule, f.column, f.rows) for f in found] == [("point_before_thousands", "quantity", [2, 3])]
    assert "1.775 on average, or 1775 if the points separate thousands" in str(found)
    assert not cts.check(folder(tmp_path, demand="customer,quantity\nA,1.200\nB,2.35\n"))


@pytest.mark.parametrize(("text", "rule"), [
    ("1.200.000", "thousands_separator"), ("1.200.000,5", "thousands_separator"), ("12-", "trailing_minus"),
    ("1,5 -", "trailing_minus"), ("1.2.2024", "date_for_number"), ("03.04.25", "date_for_number")])
def test_numbers_of_other_systems(tmp_path, text, rule):
    found = cts.check(folder(tmp_path, demand=f'customer,quantity\nA,"{text}"\nB,2\n'))
    assert [(f.rule, f.column, f.rows, f.values) for f in found.errors] == [(rule, "quantity", [2], [text])]


def test_a_report_with_a_title_and_a_total(tmp_path):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, frame in PLACES.items():
        sheet = book.create_sheet(name)
        if name == "sites":
            sheet.append(["Stammdaten Werke"])
            sheet.append([])
        if name == "demand":
            sheet.append(["Report", "2025"])
        for row in [frame.columns.tolist(), *frame.to_numpy(dtype=object).tolist()]:
            sheet.append(row)
    book["demand"].append(["Gesamt", 300])
    book.save(tmp_path / "sap.xlsx")
    found = cts.check(tmp_path / "sap.xlsx")
    assert [(f.rule, f.table, f.message) for f in found] == [
        ("header_below_title", "sites", "the header is in row 3, below a title"),
        ("header_below_title", "demand", "the header is in row 2, below a title")]
    book["sites"].delete_rows(1, 2)
    book["demand"].delete_rows(1)
    book.save(tmp_path / "sap.xlsx")
    totals = [f for f in cts.check(tmp_path / "sap.xlsx") if f.rule == "total_row"]
    assert [(f.table, f.column, f.rows, f.values) for f in totals] == [("demand", "customer", [4], ["Gesamt"])]
    assert "its quantity is the sum of theirs, 300" in totals[0].message


# ---------------------------------------------------------------------------------------- drawn networks, with a fault

SEEDS = range(12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks_are_not_odd(seed):
    assert cts.check(random_network(seed, availability=seed % 2 == 0)).odd == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_planted_fault_is_found_where_it_is(seed):
    made, draw = random_network(seed), np.random.default_rng(seed)
    lanes = made["lanes"]
    if "distance" in lanes and pd.to_numeric(lanes["distance"]).notna().any():
        row = int(draw.choice(np.flatnonzero(pd.to_numeric(lanes["distance"]).notna())))
        far = lanes.assign(distance=pd.to_numeric(lanes["distance"]).astype(float))
        far.loc[row, "distance"] = 2_147_483_647.0
        assert ("sentinel", [row]) in [(f.rule, list(f.rows)) for f in cts.check({**made, "lanes": far}).odd]
    demand = made["demand"]
    counts = demand["product"].value_counts() if "product" in demand else pd.Series({"goods": len(demand)})
    product = counts.index[0]
    rows = np.flatnonzero(demand["product"] == product) if "product" in demand else np.arange(len(demand))
    rows = rows[pd.to_numeric(demand["quantity"]).to_numpy()[rows] > 0]
    if len(rows) > 5:
        level = demand.assign(quantity=pd.to_numeric(demand["quantity"]).astype(float))
        level.loc[rows, "quantity"] = draw.uniform(1000, 5000, len(rows))
        level.loc[rows[2], "quantity"] = 3.0
        assert ("far_from_its_peers", [int(rows[2])]) in [
            (f.rule, list(f.rows)) for f in cts.check({**made, "demand": level}).odd]
