"""Cells to typed tables: expectations are written out by hand, beside the schema they check."""

from __future__ import annotations

import math
import time

import numpy as np
import pandas as pd
import pytest

from ctsopt.errors import Finding, Findings
from ctsopt.networks.schema import BY_NAME, SCHEMA, SETTINGS, TABLES
from ctsopt.tables.cast import cast_tables
from ctsopt.tables.io import read_tables
from ctsopt.tables.typed import Tables
from tests.networks import example

INF, NAN = math.inf, math.nan

# Every number: lowest and highest value allowed. "+" stands for "above 0".
BOUNDS: dict[tuple[str, str], tuple[float | str, float]] = {
    ("periods", "days"): ("+", 3660),
    ("products", "weight"): (0, INF), ("products", "volume"): (0, INF), ("products", "pallet_units"): ("+", INF),
    ("products", "unit_value"): (0, INF), ("products", "holding_rate"): (0, 10),
    ("products", "variance_to_mean"): (0, INF),
    ("sites", "latitude"): (-90, 90), ("sites", "longitude"): (-180, 180), ("sites", "fixed_cost"): (0, INF),
    ("sites", "opening_cost"): (0, INF), ("sites", "closing_cost"): (0, INF), ("sites", "capacity"): (0, INF),
    ("sites", "handling_in"): (0, INF), ("sites", "handling_out"): (0, INF), ("sites", "processing_time"): (0, 365),
    ("sites", "min_throughput"): (0, INF), ("sites", "storage_capacity"): (0, INF),
    ("capacity_levels", "capacity"): (0, INF), ("capacity_levels", "fixed_cost"): (0, INF),
    ("site_products", "make_cost"): (0, INF), ("site_products", "make_capacity"): (0, INF),
    ("site_products", "make_days"): (0, 3660), ("site_products", "opening_stock"): (0, INF),
    ("site_products", "review_time"): (0, 365), ("site_products", "order_interval"): (0, 3660),
    ("site_products", "lot_size"): (0, INF), ("site_products", "replenishment_days"): (0, 3660),
    ("site_products", "replenishment_sd"): (0, 3660), ("site_products", "replenishment_fill_rate"): (0, 0.9999),
    ("site_products", "nominal_volume"): ("+", INF), ("site_products", "stock_fixed_cost"): (0, INF),
    ("customers", "latitude"): (-90, 90), ("customers", "longitude"): (-180, 180),
    ("customers", "max_sources"): (1, INF),
    ("tiers", "rank"): (0, INF), ("tiers", "shortage_cost"): (0, INF), ("tiers", "program_cost"): (0, INF),
    ("promises", "lead_time"): (0, 3660), ("promises", "reliability"): (0, 1), ("promises", "on_time_share"): (0, 1),
    ("promises", "served_fraction"): (0, 1), ("promises", "served_fraction_each"): (0, 1),
    ("promises", "fill_rate"): (0, 0.9999), ("promises", "safety_factor"): (0, 10),
    ("demand", "quantity"): (0, INF), ("demand", "order_size"): ("+", INF),
    ("demand", "variance_to_mean"): (0, INF),
    ("order_times", "share"): (0, 1), ("order_profiles", "size"): ("+", INF), ("order_profiles", "share"): (0, 1),
    ("modes", "speed"): ("+", INF), ("modes", "fixed_time"): (0, 365), ("modes", "transit_cv"): (0, 5),
    ("modes", "per_distance"): (0, INF), ("modes", "per_weight"): (0, INF), ("modes", "per_weight_distance"): (0, INF),
    ("modes", "per_shipment"): (0, INF), ("modes", "minimum_charge"): (0, INF), ("modes", "fuel_surcharge"): (0, 5),
    ("modes", "load_weight"): ("+", INF), ("modes", "load_volume"): ("+", INF), ("modes", "load_factor"): (0.001, 1),
    ("modes", "capacity"): (0, INF), ("modes", "co2"): (0, INF),
    ("lanes", "distance"): (0, INF), ("lanes", "fixed_cost"): (0, INF), ("lanes", "min_volume"): (0, INF),
    ("lanes", "max_volume"): (0, INF), ("lanes", "duty_rate"): (0, 10),
    ("rates", "from_distance"): (0, INF), ("rates", "from_weight"): (0, INF), ("rates", "per_unit"): (0, INF),
    ("rates", "per_weight"): (0, INF), ("rates", "per_shipment"): (0, INF), ("rates", "minimum_charge"): (0, INF),
    ("rates", "transit_time"): (0, 365), ("rates", "transit_sd"): (0, 365),
    ("contracts", "quantity"): (0, INF),
}
SETTING_BOUNDS: dict[str, tuple[float, float]] = {
    "circuity": (1, 3), "discount_rate": (0, 1), "life": (0.1, 100), "processing_time": (0, 365),
    "max_via_ways": (0, INF), "carbon_price": (0, INF), "carbon_cap": (0, INF), "budget": (0, INF),
    "holding_rate": (0, 10), "lead_time_levels": (1, 3), "longest_wait": (0, 30), "review_time": (0, 365),
    "order_interval": (0, 3660),
}
CHOICES: dict[tuple[str, str], tuple[str, ...]] = {
    ("sites", "kind"): ("plant", "supplier", "dc", "crossdock"),
    ("sites", "status"): ("open", "candidate", "closed"), ("sites", "delivers"): ("yes", "no"),
    ("sites", "capacity_unit"): ("units", "kg", "m3", "pallets"),
    ("site_products", "ending"): ("same", "free", "value"),
    ("site_products", "stock_sharing"): ("pooled", "separate", "rationed"),
    ("customers", "single_source"): ("no", "customer", "product"),
    ("promises", "on_time_form"): ("each_order", "share_certain", "share_expected"),
    ("promises", "per"): ("horizon", "period"), ("promises", "calendar"): ("working", "calendar"),
    ("modes", "serves"): ("moves", "deliveries", "both"),
    ("modes", "transit_distribution"): ("lognormal", "gamma", "normal"),
    ("lanes", "status"): ("open", "closed"),
    ("contracts", "kind"): ("sites_in_group", "min_volume", "max_volume", "share", "same_site"),
    ("contracts", "of"): ("made", "delivered", "received", "moved"),
    ("contracts", "each_or_total"): ("each", "total"), ("contracts", "per"): ("horizon", "period"),
    ("contracts", "limit"): ("at_most", "at_least", "exactly"),
}
SETTING_CHOICES = {"distance_unit": ("km", "mi"), "open_lanes": ("listed", "all", "tiered"),
                   "stock_rule": ("curve", "square_root"), "stock_level": ("average", "peak", "each"),
                   "pipeline_on": ("moves", "all", "none"), "stock_sharing": ("pooled", "separate", "rationed"),
                   "order_crossing": ("no", "yes"), "early_dispatch": ("no", "yes")}
YES_NO = [("sites", "may_open"), ("sites", "may_close"), ("site_products", "can_stock"), ("modes", "bill_next_break"),
          ("modes", "whole_loads"), ("calendar_days", "working")]
# What a blank cell becomes; every other column is required.
BLANKS: dict[tuple[str, str], object] = {
    ("products", "product_class"): "all", ("products", "weight"): 1.0, ("products", "volume"): 0.0,
    ("products", "pallet_units"): INF, ("products", "unit_value"): 0.0,
    ("products", "holding_rate"): NAN, ("products", "variance_to_mean"): NAN, ("products", "stock_group"): "",
    ("sites", "latitude"): NAN, ("sites", "longitude"): NAN, ("sites", "region"): "", ("sites", "zone"): "",
    ("sites", "group"): "", ("sites", "status"): "open", ("sites", "may_open"): True, ("sites", "may_close"): False,
    ("sites", "delivers"): "",
    ("sites", "fixed_cost"): 0.0, ("sites", "opening_cost"): 0.0, ("sites", "closing_cost"): 0.0,
    ("sites", "capacity"): INF, ("sites", "capacity_unit"): "units", ("sites", "handling_in"): 0.0,
    ("sites", "handling_out"): 0.0, ("sites", "processing_time"): NAN,
    ("sites", "min_throughput"): 0.0, ("sites", "storage_capacity"): INF,
    ("capacity_levels", "capacity"): INF, ("capacity_levels", "fixed_cost"): 0.0,
    ("site_products", "make_cost"): 0.0, ("site_products", "make_capacity"): INF, ("site_products", "make_days"): 0.0,
    ("site_products", "can_stock"): True, ("site_products", "opening_stock"): 0.0, ("site_products", "ending"): "same",
    ("site_products", "review_time"): NAN, ("site_products", "order_interval"): NAN, ("site_products", "lot_size"): 0.0,
    ("site_products", "stock_sharing"): "", ("site_products", "replenishment_days"): NAN,
    ("site_products", "replenishment_sd"): NAN, ("site_products", "replenishment_fill_rate"): NAN,
    ("site_products", "nominal_volume"): NAN, ("site_products", "stock_fixed_cost"): 0.0,
    ("customers", "latitude"): NAN, ("customers", "longitude"): NAN, ("customers", "region"): "",
    ("customers", "zone"): "", ("customers", "group"): "", ("customers", "single_source"): "no",
    ("customers", "max_sources"): INF,
    ("tiers", "rank"): 1.0, ("tiers", "modes"): "", ("tiers", "shortage_cost"): NAN, ("tiers", "program_cost"): 0.0,
    ("promises", "product_class"): "*", ("promises", "lead_time"): INF, ("promises", "on_time_form"): "each_order",
    ("promises", "reliability"): 0.95, ("promises", "on_time_share"): 0.95, ("promises", "served_fraction"): 1.0,
    ("promises", "served_fraction_each"): 0.0, ("promises", "per"): "horizon",
    ("promises", "calendar"): "working", ("sites", "calendar"): "", ("sites", "cutoff"): "",
    ("modes", "calendar"): "", ("order_times", "tier"): "*", ("calendars", "days"): "mo-fr",
    ("calendars", "holidays"): "", ("calendar_days", "working"): False,
    ("promises", "fill_rate"): NAN, ("promises", "safety_factor"): NAN,
    ("demand", "variance_to_mean"): NAN, ("demand", "order_size"): NAN, ("demand", "profile"): "",
    ("modes", "serves"): "both", ("modes", "speed"): INF, ("modes", "fixed_time"): 0.0, ("modes", "transit_cv"): 0.0,
    ("modes", "transit_distribution"): "lognormal", ("modes", "per_distance"): 0.0, ("modes", "per_weight"): 0.0,
    ("modes", "per_weight_distance"): 0.0, ("modes", "per_shipment"): 0.0, ("modes", "minimum_charge"): 0.0,
    ("modes", "fuel_surcharge"): 0.0, ("modes", "load_weight"): INF, ("modes", "load_volume"): INF,
    ("modes", "load_factor"): 1.0, ("modes", "bill_next_break"): False,
    ("modes", "whole_loads"): False, ("modes", "capacity"): INF, ("modes", "co2"): 0.0,
    ("lanes", "fixed_cost"): 0.0, ("lanes", "min_volume"): 0.0, ("lanes", "max_volume"): INF,
    ("lanes", "duty_rate"): 0.0, ("lanes", "mode"): "*", ("lanes", "distance"): NAN, ("lanes", "status"): "open",
    ("rates", "origin"): "*", ("rates", "destination"): "*", ("rates", "mode"): "*", ("rates", "product"): "*",
    ("rates", "from_distance"): 0.0, ("rates", "from_weight"): 0.0, ("rates", "per_unit"): 0.0,
    ("rates", "per_weight"): 0.0, ("rates", "per_shipment"): 0.0, ("rates", "minimum_charge"): 0.0,
    ("rates", "transit_time"): NAN, ("rates", "transit_sd"): NAN,
    ("contracts", "group"): "", ("contracts", "limit"): "at_most", ("contracts", "each_or_total"): "total",
    ("contracts", "per"): "horizon", ("contracts", "quantity"): NAN,
    **{("contracts", scope): "" for scope in ("of", "customer", "site", "origin", "destination", "mode", "product")},
}
ONLY_ONE = {("site_products", "product"): "products", ("customers", "tier"): "tiers", ("demand", "product"): "products",
            ("demand", "period"): "periods"}
REQUIRED = {(t.name, c.name) for t in TABLES for c in t.columns} - set(BLANKS) - set(ONLY_ONE)


def cast(tables: dict[str, object]) -> tuple[Tables, list[Finding]]:
    raw, found = read_tables(tables, SCHEMA)
    typed, more = cast_tables(raw)
    return typed, [*found, *more]


def with_cell(table: str, column: str, text: object, row: int = 0) -> dict[str, object]:
    """The example with another text in one cell; a column that is not there is added."""
    sources = example.sources()
    frame = sources[table]
    assert isinstance(frame, pd.DataFrame)
    if column not in frame:
        frame[column] = ""
    frame.loc[row, column] = text
    return sources


def of_cell(found: list[Finding], table: str, column: str) -> list[tuple[str, list[int | None], list[str]]]:
    return [(f.rule, list(f.rows), list(f.values)) for f in found if (f.table, f.column) == (table, column)]


def test_the_lists_here_cover_the_schema():
    numbers = {(t.name, c.name) for t in TABLES for c in t.columns if c.kind == "number"}
    assert set(BOUNDS) == numbers
    assert {(t.name, c.name) for t in TABLES for c in t.columns if c.kind == "choice"} == set(CHOICES)
    assert {(t.name, c.name) for t in TABLES for c in t.columns if c.kind == "yes_no"} == set(YES_NO)
    assert set(SETTING_BOUNDS) == {c.name for c in SETTINGS.columns if c.kind == "number"}
    assert set(SETTING_CHOICES) == {c.name for c in SETTINGS.columns if c.kind == "choice"}
    assert {("periods", "period"), ("sites", "kind"), ("demand", "quantity"), ("order_profiles", "share"),
            ("contracts", "kind"), ("lanes", "origin"), ("promises", "tier")} <= REQUIRED
    assert len(REQUIRED) == 27


@pytest.mark.parametrize(("table", "column"), BOUNDS)
def test_lower_bound_of_a_number(table: str, column: str):
    low, _ = BOUNDS[table, column]
    inside, outside = ("0.001", "0") if low == "+" else (str(low), str(float(low) - 0.0005))
    assert of_cell(cast(with_cell(table, column, inside))[1], table, column) == []
    assert of_cell(cast(with_cell(table, column, outside))[1], table, column) == [("below_bound", [0], [outside])]


@pytest.mark.parametrize(("table", "column"), [k for k, (_, high) in BOUNDS.items() if high < INF])
def test_upper_bound_of_a_number(table: str, column: str):
    high = BOUNDS[table, column][1]
    outside = str(high + 0.5)
    assert of_cell(cast(with_cell(table, column, str(high)))[1], table, column) == []
    rule = "share_above_one" if BY_NAME[table].column(column).unit.startswith("share") else "above_bound"
    assert of_cell(cast(with_cell(table, column, outside))[1], table, column) == [(rule, [0], [outside])]


@pytest.mark.parametrize(("table", "column"), [k for k, (_, high) in BOUNDS.items() if high == INF])
def test_a_number_without_upper_bound_is_not_a_word_for_no_limit(table: str, column: str):
    assert of_cell(cast(with_cell(table, column, "1e13"))[1], table, column) == []
    assert of_cell(cast(with_cell(table, column, "1e14"))[1], table, column) == [("too_large", [0], ["1e14"])]


@pytest.mark.parametrize("name", SETTING_BOUNDS)
def test_bounds_of_settings(name: str):
    low, high = SETTING_BOUNDS[name]
    for value, rules in ((low, []), (low - 0.05, ["below_bound"]), (min(high, 1e13), [])):
        found = cast({**example.tables(), "settings": {name: value}})[1]
        assert [f.rule for f in found if f.table == "settings"] == rules
    if high < INF:
        found = cast({**example.tables(), "settings": {name: high * 1000}})[1]
        assert [(f.rule, f.column, list(f.values)) for f in found] == [
            ("above_bound", name, [str(int(high * 1000))])]


@pytest.mark.parametrize(("table", "column", "choice"), [(*k, c) for k, cs in CHOICES.items() for c in cs])
def test_every_choice_is_taken_and_a_slip_of_it_is_not(table: str, column: str, choice: str):
    typed, found = cast(with_cell(table, column, choice))
    assert of_cell(found, table, column) == []
    row = typed.rows[table].tolist().index(0)
    assert typed.frames[table][column][row] == choice
    slip = choice.capitalize()
    found = cast(with_cell(table, column, slip))[1]
    assert of_cell(found, table, column) == [("unknown_choice", [0], [slip])]
    assert found[0].nearest(slip) == choice


@pytest.mark.parametrize(("name", "choice"), [(n, c) for n, cs in SETTING_CHOICES.items() for c in cs])
def test_every_choice_of_a_setting(name: str, choice: str):
    typed, found = cast({**example.tables(), "settings": {name: choice}})
    assert found == []
    assert typed.settings[name] == choice
    found = cast({**example.tables(), "settings": {name: choice + "x"}})[1]
    assert [(f.rule, f.column, f.nearest(choice + "x")) for f in found] == [("unknown_choice", name, choice)]


@pytest.mark.parametrize(("table", "column"), YES_NO)
def test_yes_and_no(table: str, column: str):
    for text, value in (("yes", True), ("TRUE", True), ("1", True), ("No", False), ("false", False), ("0", False)):
        typed, found = cast(with_cell(table, column, text))
        assert of_cell(found, table, column) == []
        assert typed.frames[table][column][typed.rows[table].tolist().index(0)] == value
    assert of_cell(cast(with_cell(table, column, "ja"))[1], table, column) == [("not_yes_or_no", [0], ["ja"])]


@pytest.mark.parametrize(("table", "column"), BLANKS)
def test_a_blank_cell_takes_the_default(table: str, column: str):
    typed, found = cast(with_cell(table, column, "", row=0))
    assert [f for f in found if f.rule != "duplicate_key"] == []
    row = typed.rows[table].tolist().index(0)
    value, expected = typed.frames[table][column][row], BLANKS[table, column]
    assert value == expected or (value != value and expected != expected)


@pytest.mark.parametrize(("table", "column"), sorted(BLANKS))
def test_an_absent_column_takes_the_default(table: str, column: str):
    sources = example.sources()
    sources[table] = sources[table].drop(columns=column, errors="ignore")
    typed, found = cast(sources)
    assert [f for f in found if f.rule != "duplicate_key"] == []
    values, expected = typed.frames[table][column], BLANKS[table, column]
    assert all(v == expected or (v != v and expected != expected) for v in values)


@pytest.mark.parametrize(("table", "column"), sorted(REQUIRED))
def test_a_required_cell_and_a_required_column(table: str, column: str):
    assert of_cell(cast(with_cell(table, column, " "))[1], table, column) == [("blank", [0], [""])]
    sources = example.sources()
    sources[table] = sources[table].drop(columns=column)
    assert of_cell(cast(sources)[1], table, column) == [("missing_column", [], [])]


@pytest.mark.parametrize(("table", "column"), ONLY_ONE)
def test_a_blank_name_is_the_only_one_there_is(table: str, column: str):
    target = ONLY_ONE[table, column]
    key = BY_NAME[target].keys[0]
    several = of_cell(cast(with_cell(table, column, ""))[1], table, column)
    assert several == [("which_one", [0], [""])]
    sources = example.sources()
    only = sources[target].iloc[:1].assign(**{key: "sole"})
    typed, found = cast({**sources, target: only, table: sources[table].drop(columns=column).iloc[:1]})
    assert [f for f in found if f.table == table] == []
    assert typed.frames[table][column].tolist() == ["sole"]
    without = {**sources, table: sources[table].drop(columns=column)}
    assert of_cell(cast(without)[1], table, column) == [("missing_column", [], [])]


def test_absent_tables_have_one_row_each():
    minimal = {"sites": pd.DataFrame({"site": ["S", "D"], "kind": ["plant", "dc"]}),
               "customers": pd.DataFrame({"customer": ["C"]}),
               "demand": pd.DataFrame({"customer": ["C"], "quantity": [5]})}
    typed, found = cast(minimal)
    assert found == []
    assert typed.frames["periods"].to_dict("records") == [{"period": "year", "days": 365.0}]
    assert typed.frames["products"]["product"].tolist() == ["goods"]
    assert typed.frames["tiers"]["tier"].tolist() == ["standard"]
    assert typed.frames["modes"]["mode"].tolist() == ["standard"]
    assert typed.frames["demand"].iloc[0][["product", "period"]].tolist() == ["goods", "year"]
    assert typed.given == {"sites", "customers", "demand"}
    lanes = pd.DataFrame({"origin": ["S", "S"], "destination": ["C", "D"], "mode": ["truck", "*"]})
    rates = pd.DataFrame({"origin": ["S"], "destination": ["C"], "mode": ["air"], "per_unit": [1]})
    typed, found = cast({**minimal, "lanes": lanes, "rates": rates})
    assert found == []
    assert typed.frames["modes"]["mode"].tolist() == ["air", "truck"]


@pytest.mark.parametrize(("text", "rule", "hint"), [
    ("1,5", "decimal_comma", "decimal point"), ("1.234,5", "thousands_separator", "1234.5"),
    ("1,234", "thousands_separator", "1234.5"), ("1 234 567", "thousands_separator", "1234.5"),
    ("1'234", "thousands_separator", "1234.5"), ("1_000", "thousands_separator", "1234.5"),
    ("inf", "word_for_number", "no limit"), ("NaN", "word_for_number", "no limit"),
    (".inf", "word_for_number", "no limit"), ("-.INF", "word_for_number", "no limit"), (".x", "not_a_number", "1234.5"),
    ("unlimited", "word_for_number", "no limit"), ("-", "word_for_number", "no limit"),
    ("95%", "percent_sign", "0.95 for 95%"), ("12 kg", "unit_in_cell", "alone"), ("$5", "unit_in_cell", "alone"),
    ("2024-02-01", "date_for_number", "write the number"), ("1-Feb", "date_for_number", "write the number"),
    ("twelve", "not_a_number", "1234.5"), ("0x10", "not_a_number", "1234.5"),
    ("١٢", "not_a_number", "1234.5"),
])
def test_what_is_not_a_number_and_how_to_mend_it(text: str, rule: str, hint: str):
    found = cast(with_cell("sites", "capacity", text, row=2))[1]
    assert of_cell(found, "sites", "capacity") == [(rule, [2], [text])]
    assert hint in found[0].mend


@pytest.mark.parametrize(("text", "value"), [
    ("5", 5.0), ("+5", 5.0), ("5.", 5.0), (".5", 0.5), ("1e3", 1000.0), ("1E-2", 0.01), (" 7 ", 7.0), ("-0", 0.0),
    ("0.1", 0.1), ("123456789.123456789", 123456789.12345679),
])
def test_what_is_a_number(text: str, value: float):
    typed, found = cast(with_cell("sites", "fixed_cost", text))
    assert found == []
    got = typed.number("sites", "fixed_cost")[typed.rows["sites"].tolist().index(0)]
    assert got == value
    assert math.copysign(1, got) == 1


def test_a_share_in_per_cent_is_shown_as_a_share():
    found = cast(with_cell("promises", "reliability", "98"))[1]
    assert [(f.rule, f.mend) for f in found] == [("share_above_one", "write 0.98 for 98 %")]


def test_typed_numbers_may_be_infinite_where_blank_means_no_limit():
    sources = example.sources()
    sources["sites"] = sources["sites"].assign(capacity=[INF, NAN, 80000, 70000, 9000])
    typed, found = cast(sources)
    assert found == []
    assert sorted(typed.number("sites", "capacity")) == [9000, 70000, 80000, INF, INF]
    found = cast(with_cell("sites", "fixed_cost", "0") | {
        "sites": sources["sites"].assign(fixed_cost=[0, INF, -INF, 0, 0])})[1]
    assert of_cell(found, "sites", "fixed_cost") == [("too_large", [1, 2], ["inf", "-inf"])]


def test_a_typed_setting_may_be_infinite_where_blank_means_no_limit():
    typed, found = cast({**example.tables(), "settings": {"budget": INF, "carbon_cap": 5}})
    assert found == []
    assert (typed.settings["budget"], typed.settings["carbon_cap"]) == (INF, 5)
    found = cast({**example.tables(), "settings": {"life": INF, "budget": -INF, "carbon_cap": "inf"}})[1]
    assert {(f.rule, f.column) for f in found} == {("word_for_number", n) for n in ("life", "budget", "carbon_cap")}


@pytest.mark.parametrize(("name", "rule"), [
    ("a\tb", "unseen_character"), ("a\u200bb", "unseen_character"), ("a\ufeffb", "unseen_character"),
    ("a\ud800", "unseen_character"), ("x" * 201, "too_long"), ("*", "reserved_name")])
def test_names_that_cannot_be_told_apart_or_mean_something_else(name: str, rule: str):
    shown = name.replace("\ud800", "\ufffd")  # half a letter, which no console could show
    assert of_cell(cast(with_cell("customers", "customer", name))[1], "customers", "customer") == [(rule, [0], [shown])]


def test_the_longest_name_and_a_mode_with_a_bar():
    assert of_cell(cast(with_cell("customers", "customer", "x" * 200))[1], "customers", "customer") == []
    assert of_cell(cast(with_cell("modes", "mode", "a|b"))[1], "modes", "mode") == [("reserved_name", [0], ["a|b"])]


def test_two_spellings_of_an_accent_are_one_name():
    # é as one character in customers, as e and a combining accent in demand
    typed, found = cast(with_cell("demand", "customer", "Chloe\u0301", row=4))
    assert found == []
    assert set(typed.frames["demand"]["customer"]) == {"Anna", "Boris", "Chloé"}


def test_all_rows_of_a_repeated_key_are_listed():
    sources = example.sources()
    lanes = sources["lanes"]
    sources["lanes"] = pd.concat([lanes, lanes.iloc[[1, 1, 4]].assign(mode=["", "*", "truck"])], ignore_index=True)
    found = cast(sources)[1]
    assert [(f.rule, f.table, f.column) for f in found] == [("duplicate_key", "lanes", "origin, destination, mode")]
    assert list(found[0].rows) == [1, 4, 14, 15, 16]
    assert list(found[0].values) == ["Plant, West, *", "Mine, Dock, truck", "Plant, West, *", "Plant, West, *",
                                     "Mine, Dock, truck"]
    assert "2 keys" in found[0].message


@pytest.mark.parametrize("table", [t.name for t in TABLES])
def test_a_repeated_row_in_every_table(table: str):
    sources = example.sources()
    sources[table] = pd.concat([sources[table], sources[table].iloc[:1]], ignore_index=True)
    last = len(sources[table]) - 1
    assert [(f.rule, f.table, list(f.rows)) for f in cast(sources)[1]] == [("duplicate_key", table, [0, last])]


def test_a_repeated_key_of_numbers():
    sources = example.sources()
    sources["order_profiles"] = sources["order_profiles"].assign(size=["1", "1.0"])
    found = cast(sources)[1]
    assert [(f.rule, list(f.values)) for f in found] == [("duplicate_key", ["mixed, 1", "mixed, 1"])]


def test_settings_that_are_unknown_or_given_twice():
    frame = pd.DataFrame({"setting": ["currency", "curency", "currency", "_mine", "life"],
                          "value": ["EUR", "USD", "USD", 1, 5]})
    typed, found = cast({**example.tables(), "settings": frame})
    assert [(f.rule, f.column, list(f.rows), f.nearest("curency")) for f in found] == [
        ("duplicate_key", "currency", [0, 2], ""), ("unknown_setting", "curency", [1], "currency")]
    assert typed.settings["life"] == 5.0


def test_tables_are_sorted_by_key_and_periods_keep_their_order():
    typed, _ = cast(example.sources())
    assert typed.frames["periods"]["period"].tolist() == ["winter", "summer"]
    assert typed.frames["sites"]["site"].tolist() == ["Dock", "Mine", "NA", "Plant", "West"]
    assert typed.rows["sites"].tolist() == [4, 1, 2, 0, 3]
    rates = typed.frames["rates"]
    assert rates[["from_distance", "from_weight"]].to_numpy().tolist() == [[0, 0], [0, 0], [0, 30], [300, 0]]
    assert rates["origin"].tolist() == ["Mine", "north", "north", "north"]


def test_lists_of_names_have_one_spelling():
    typed, found = cast(with_cell("tiers", "modes", " truck | parcel|truck "))
    assert found == []
    assert typed.frames["tiers"]["modes"].tolist() == ["parcel|truck", ""]


def test_types_of_the_columns():
    typed, _ = cast(example.sources())
    sites = typed.frames["sites"]
    assert sites["capacity"].dtype == np.float64
    assert sites["may_close"].dtype == np.bool_
    assert set(map(type, sites["site"])) == {str}
    for table in TABLES:
        assert list(typed.frames[table.name].columns) == [c.name for c in table.columns]


def test_a_fault_in_one_table_is_not_told_again_of_others():
    sources = example.sources()
    sources["sites"] = sources["sites"].rename(columns={"site": "sitte"})
    typed, found = cast(sources)
    assert [(f.rule, f.column) for f in found] == [("unknown_column", "sitte"), ("missing_column", "site")]
    assert "sites" in typed.partial


def test_blank_names_are_not_told_of_while_their_table_cannot_be_read():
    sources = with_cell("customers", "tier", "")
    sources["tiers"] = sources["tiers"].rename(columns={"tier": "name"})
    assert {f.table for f in cast(sources)[1]} == {"tiers"}


def test_a_thousand_faults_take_less_than_two_seconds():
    rows = 1500
    sources = example.sources()
    names = [f"C{i}" for i in range(rows)]
    sources["customers"] = pd.DataFrame({"customer": names, "tier": "silver"})
    quantity = [f"{i},5" if i < 1000 else str(i) for i in range(rows)]
    sources["demand"] = pd.DataFrame({"customer": [n.lower() for n in names], "product": "00123", "period": "winter",
                                      "quantity": quantity})
    begin = time.process_time()
    _, found = cast(sources)
    text = str(Findings(found))
    frame = Findings(found).frame()
    assert time.process_time() - begin < 2
    assert [(f.rule, f.count) for f in found] == [("decimal_comma", 1000)]
    assert "row 0: '0,5'" in text
    assert "... and 995 more rows" in text
    assert len(frame) == 1000
