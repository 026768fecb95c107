"""Rules about tables as a whole: each one broken once, in a row that is known."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from ctsopt.errors import Finding
from ctsopt.networks.checks import RULES, check_tables, odd_numbers, odd_places, stock
from ctsopt.networks.checks.names import REPORT_ROWS
from ctsopt.networks.schema import SCHEMA, TABLES
from ctsopt.results.cost_to_serve import UNASSIGNED_LABEL
from ctsopt.results.cube import UNASSIGNED
from ctsopt.tables.cast import cast_tables
from ctsopt.tables.io import read_tables
from tests.networks import example

Sources = dict[str, object]
Edit = tuple[str, int, str, object]


def findings(sources: Sources) -> list[Finding]:
    """Everything found before the ways are made."""
    raw, found = read_tables(sources, SCHEMA)
    typed, of_cells = cast_tables(raw)
    return [*found, *of_cells, *check_tables(typed)]


def edited(*edits: Edit, drop: tuple[str, ...] = (), **settings: object) -> Sources:
    """The example with other cells: table, row (a new one where there is none), column, text."""
    sources = example.sources()
    for table, row, column, text in edits:
        frame = sources[table]
        assert isinstance(frame, pd.DataFrame)
        if row >= len(frame):
            frame = frame.reindex(range(row + 1), fill_value="")
        if column not in frame:
            frame[column] = ""
        frame.loc[row, column] = text
        sources[table] = frame
    sources["settings"] = {**example.SETTINGS, **settings}
    return {name: frame for name, frame in sources.items() if name not in drop}


def summary(found: list[Finding]) -> set[tuple[str, str, str, tuple[int | None, ...], str]]:
    return {(f.rule, f.table, f.column, tuple(f.rows), f.severity) for f in found}


def test_the_example_is_free_of_findings():
    assert findings(example.sources()) == []


# ---- references ------------------------------------------------------------------------------------------------------

# table, column, a slip in row 0, the name that is meant, the rule
REFERENCES = [
    ("site_products", "site", "Plnt", "Plant", "unknown_reference"),
    ("site_products", "product", "0123", "00123", "unknown_reference"),
    ("customers", "tier", "golden", "gold", "unknown_reference"),
    ("tiers", "modes", "parcels", "parcel", "unknown_mode_of_tier"),
    ("promises", "tier", "Gold", "gold", "unknown_reference"),
    ("promises", "product_class", "smal", "small", "unknown_product_class"),
    ("demand", "customer", "Ana", "Anna", "unknown_reference"),
    ("demand", "product", "0123", "00123", "unknown_reference"),
    ("demand", "period", "Winter", "winter", "unknown_reference"),
    ("demand", "profile", "mixd", "mixed", "unknown_reference"),
    ("lanes", "origin", "plant", "Plant", "unknown_reference"),
    ("lanes", "destination", "Chloe", "Chloé", "unknown_reference"),
    ("lanes", "mode", "rial", "rail", "unknown_reference"),
    ("rates", "origin", "nort", "north", "unknown_rate_place"),
    ("rates", "destination", "Coast", "coast", "unknown_rate_place"),
    ("rates", "mode", "parcell", "parcel", "unknown_reference"),
    ("rates", "product", "1E1", "1E10", "unknown_reference"),
    ("contracts", "group", "wst", "west", "contract_group_empty"),
    ("contracts", "customer", "Ana", "Anna", "unknown_reference"),
    ("contracts", "site", "Wst", "West", "unknown_reference"),
    ("contracts", "origin", "plant", "Plant", "unknown_reference"),
    ("contracts", "destination", "Chloe", "Chloé", "unknown_reference"),
    ("contracts", "mode", "rial", "rail", "unknown_reference"),
    ("contracts", "product", "0123", "00123", "unknown_reference"),
    ("capacity_levels", "site", "Wst", "West", "unknown_reference"),
    ("order_times", "tier", "Gold", "gold", "unknown_reference"),
    ("calendar_days", "calendar", "offce", "office", "unknown_reference"),
]


def test_every_reference_of_the_schema_is_in_the_list():
    by_schema = {(t.name, c.name) for t in TABLES for c in t.columns if c.refers}
    free = {("promises", "product_class"), ("rates", "origin"), ("rates", "destination"), ("contracts", "group")}
    assert {(t, c) for t, c, *_ in REFERENCES} == by_schema | free


@pytest.mark.parametrize(("table", "column", "slip", "meant", "rule"), REFERENCES)
def test_a_name_that_is_not_there(table: str, column: str, slip: str, meant: str, rule: str):
    hits = [f for f in findings(edited((table, 0, column, slip))) if f.rule == rule]
    assert [(f.table, f.column, list(f.rows), list(f.values), f.severity) for f in hits] == [
        (table, column, [0], [slip], "error")]
    assert hits[0].nearest(slip) == meant


@pytest.mark.parametrize(("table", "column"), [("lanes", "mode"), ("rates", "origin"), ("rates", "destination"),
                                               ("rates", "mode"), ("rates", "product"), ("promises", "product_class")])
def test_a_star_is_no_unknown_name(table: str, column: str):
    found = findings(edited((table, 0, column, "*")))
    assert not [f for f in found if f.rule.startswith("unknown")]


@pytest.mark.parametrize(("table", "column"), [
    (t.name, c.name) for t in TABLES for c in t.columns
    if (c.refers or c.name == "zone") and c.kind != "names" and not c.wildcard])
def test_a_star_stands_for_nothing_elsewhere(table: str, column: str):
    hits = {(f.rule, f.table, f.column) for f in findings(edited((table, 0, column, "*"))) if 0 in f.rows}
    assert ("reserved_name", table, column) in hits


def test_a_reference_to_a_table_that_cannot_be_read_is_not_told():
    sources = edited()
    sources["sites"] = sources["sites"].rename(columns={"site": "name"})
    assert {f.table for f in findings(sources)} == {"sites"}


# ---- one rule at a time ----------------------------------------------------------------------------------------------

E, W = "error", "warning"


def deal(kind: str, **cells: str) -> Sources:
    """The example with a third contract."""
    given = {"contract": "deal", "kind": kind, **cells}
    return edited(*(("contracts", 2, column, text) for column, text in given.items()))


CASES: list[tuple[str, Sources, set[tuple[str, str, tuple[int, ...], str]]]] = [
    ("lane_from_customer", edited(("lanes", 14, "origin", "Anna"), ("lanes", 14, "destination", "Boris")),
     {("lanes", "origin", (14,), E)}),
    ("site_is_customer", edited(("customers", 3, "customer", "NA"), ("customers", 3, "tier", "gold")),
     {("lanes", "destination", (0, 3), W)}),
    ("zone_is_place", edited(("sites", 2, "zone", "Anna"), ("customers", 1, "zone", "Mine")),
     {("sites", "zone", (2,), E), ("customers", "zone", (1,), E)}),
    ("names_alike", edited(("customers", 3, "customer", "an na"), ("customers", 3, "tier", "gold")),
     {("customers", "customer", (0, 3), W)}),
    ("coordinates_incomplete", edited(("sites", 0, "longitude", ""), ("customers", 2, "latitude", "")),
     {("sites", "longitude", (0,), E), ("customers", "latitude", (2,), E)}),
    ("coordinates_at_zero", edited(("sites", 1, "latitude", "0"), ("sites", 1, "longitude", "0")),
     {("sites", "latitude", (1,), W)}),
    ("yes_no_without_effect", edited(("sites", 3, "may_close", "yes"), ("sites", 0, "may_open", "no")),
     {("sites", "may_close", (3,), W), ("sites", "may_open", (0,), W)}),
    ("cost_without_effect", edited(("sites", 0, "opening_cost", "5"), ("sites", 4, "closing_cost", "5")),
     {("sites", "opening_cost", (0,), W), ("sites", "closing_cost", (4,), W)}),
    ("made_at_dc", edited(("site_products", 3, "make_cost", "1"), ("site_products", 3, "make_capacity", "9"),
                          ("site_products", 3, "make_days", "2")),
     {("site_products", c, (3,), E) for c in ("make_cost", "make_capacity", "make_days")}),
    ("product_at_crossdock", edited(("site_products", 4, "site", "Dock"), ("site_products", 4, "product", "00123")),
     {("site_products", "site", (4,), W)}),
    ("plant_makes_nothing", edited(("site_products", 2, "make_capacity", "0")), {("sites", "site", (1,), W)}),
    ("capacity_unit_without_measure", edited(("products", 0, "weight", "0"), ("products", 1, "volume", "0"),
                                             ("products", 1, "pallet_units", "")),
     {("products", "weight", (0,), W), ("products", "volume", (1,), W), ("products", "pallet_units", (1,), W)}),
    ("contract_not_whole", edited(("contracts", 0, "quantity", "1.5")), {("contracts", "quantity", (0,), E)}),
    ("customer_without_demand", edited(("customers", 3, "customer", "Dora"), ("customers", 3, "tier", "gold")),
     {("customers", "customer", (3,), W)}),
    ("profile_and_order_size", edited(("demand", 1, "order_size", "3")), {("demand", "order_size", (1,), W)}),
    ("order_size_above_quantity", edited(("demand", 0, "order_size", "4001")), {("demand", "order_size", (0,), W)}),
    ("profile_shares", edited(("order_profiles", 1, "share", "0.2")), {("order_profiles", "share", (0, 1), E)}),
    ("unknown_calendar", edited(("sites", 1, "calendar", "offce"), ("modes", 0, "calendar", "mo-fri,weekend")),
     {("sites", "calendar", (1,), E), ("modes", "calendar", (0,), E)}),
    ("no_weekdays", edited(("calendars", 0, "days", "weekdays"), ("order_times", 1, "days", "mo-fr-su")),
     {("calendars", "days", (0,), E), ("order_times", "days", (1,), E)}),
    ("no_time_of_day", edited(("sites", 2, "cutoff", "2 pm"), ("order_times", 0, "at", "24:30")),
     {("sites", "cutoff", (2,), E), ("order_times", "at", (0,), E)}),
    ("unknown_holidays", edited(("calendars", 0, "holidays", "Atlantis")), {("calendars", "holidays", (0,), E)}),
    ("no_first_day", edited(first_day="1.1.2027"), {("settings", "first_day", (), E)}),
    ("dates_without_first_day", edited(first_day=""), {("settings", "first_day", (), W)}),
    ("shares_of_order_times", edited(("order_times", 1, "share", "0.5")), {("order_times", "share", (0, 1), E)}),
    ("times_without_effect", edited(("sites", 1, "calendar", ""), ("sites", 1, "cutoff", "")),
     {("calendars", "calendar", (0,), W), ("order_times", "", (), W)}),
    ("unused_profile", edited(("order_profiles", 2, "profile", "big"), ("order_profiles", 2, "size", "9"),
                              ("order_profiles", 2, "share", "1")), {("order_profiles", "profile", (2,), W)}),
    ("served_fraction_each_above", edited(("promises", 1, "served_fraction_each", "0.96")),
     {("promises", "served_fraction_each", (1,), E)}),
    ("share_without_lead_time", edited(("promises", 1, "lead_time", "")), {("promises", "lead_time", (1,), E)}),
    ("promise_without_effect", edited(("promises", 0, "on_time_share", "0.9"), ("promises", 2, "reliability", "0.9")),
     {("promises", "on_time_share", (0,), W), ("promises", "reliability", (2,), W)}),
    ("tier_without_mode", edited(("tiers", 0, "modes", "rail")), {("tiers", "modes", (0,), E)}),
    ("tier_without_customers", edited(("tiers", 2, "tier", "bronze"), ("tiers", 2, "rank", "3")),
     {("tiers", "tier", (2,), W)}),
    ("unused_promise", edited(("promises", 3, "tier", "gold"), ("promises", 3, "product_class", "small"),
                              ("promises", 4, "tier", "gold"), ("promises", 4, "product_class", "large")),
     {("promises", "", (0,), W)}),
    ("lane_to_itself", edited(("lanes", 13, "destination", "NA"), ("rates", 3, "destination", "Mine")),
     {("lanes", "destination", (13,), E), ("rates", "destination", (3,), E)}),
    ("lane_into_supplier", edited(("lanes", 13, "destination", "Mine"), ("lanes", 9, "destination", "Mine"),
                                  ("rates", 3, "origin", "Plant"), ("rates", 3, "destination", "Mine")),
     {("lanes", "destination", (13,), E), ("rates", "destination", (3,), E)}),
    ("lane_between_crossdocks", edited(("sites", 5, "site", "Pier"), ("sites", 5, "kind", "crossdock"),
                                       ("lanes", 14, "origin", "Dock"), ("lanes", 14, "destination", "Pier")),
     {("lanes", "destination", (14,), W)}),
    ("mode_does_not_serve", edited(("lanes", 4, "mode", "parcel"), ("lanes", 6, "mode", "rail"),
                                   ("rates", 3, "mode", "parcel")),
     {("lanes", "mode", (4,), E), ("lanes", "mode", (6,), E), ("rates", "mode", (3,), E)}),
    ("lane_shorter_than_air", edited(("lanes", 0, "distance", "400")), {("lanes", "distance", (0,), W)}),
    ("speed_per_hour", edited(("modes", 0, "speed", "80")), {("modes", "speed", (0,), W)}),
    ("unused_mode", edited(("modes", 3, "mode", "ship"), ("modes", 3, "serves", "moves"),
                           ("lanes", 1, "mode", "truck"), ("lanes", 3, "mode", "truck")),
     {("modes", "mode", (3,), W)}),
    ("unused_rate", edited(("rates", 4, "origin", "north"), ("rates", 4, "destination", "West"),
                           ("rates", 4, "mode", "rail"), ("rates", 5, "origin", "*"), ("rates", 5, "mode", "rail"),
                           ("rates", 5, "destination", "coast")), {("rates", "", (4, 5), W)}),
    ("name_of_report_row", edited(("customers", 0, "customer", "__unassigned__"), ("tiers", 1, "tier", "unassigned"),
                                  ("products", 0, "product_class", "total"), ("periods", 0, "period", "Total")),
     {("customers", "customer", (0,), E), ("tiers", "tier", (1,), E), ("products", "product_class", (0,), E)}),
    # rows 0 and 1 are one band; row 2 is the first of another one
    ("transit_of_later_break", edited(("rates", 1, "transit_time", "2"), ("rates", 1, "transit_sd", ""),
                                      ("rates", 2, "transit_sd", "0.3")), {("rates", "transit_time", (1,), W)}),
    ("transit_sd_without_time", edited(("rates", 0, "transit_time", "0"), ("rates", 1, "transit_time", "0"),
                                       ("rates", 1, "transit_sd", "0"), ("modes", 2, "speed", ""),
                                       ("modes", 2, "fixed_time", "")),
     {("rates", "transit_sd", (0,), W), ("modes", "transit_cv", (2,), W)}),
    # West may open, but is not open today; the Plant makes 1E10 to order
    ("opening_stock_nowhere", edited(("site_products", 0, "opening_stock", "5"),
                                     ("site_products", 1, "opening_stock", "5"),
                                     ("site_products", 3, "opening_stock", "5")),
     {("site_products", "opening_stock", (1,), E), ("site_products", "opening_stock", (3,), E)}),
    # 4000 units of 2.5 kg are 10000 kg
    ("opening_stock_above_storage", edited(("site_products", 4, "site", "NA"), ("site_products", 4, "product", "00123"),
                                           ("site_products", 4, "opening_stock", "4000"),
                                           ("site_products", 0, "opening_stock", "4000"),
                                           ("sites", 0, "storage_capacity", "4000"),
                                           ("sites", 2, "storage_capacity", "9999")),
     {("sites", "storage_capacity", (2,), E)}),
    ("stock_without_value", edited(("products", 0, "unit_value", ""), ("site_products", 0, "opening_stock", "5"),
                                   ("site_products", 0, "ending", "value"), ("site_products", 2, "opening_stock", "5"),
                                   ("site_products", 2, "ending", "free")), {("site_products", "ending", (0,), E)}),
    ("ending_without_opening", edited(("site_products", 0, "opening_stock", "5"),
                                      ("site_products", 0, "ending", "free"),
                                      ("site_products", 2, "ending", "free")), {("site_products", "ending", (2,), W)}),
    ("stock_costs_nothing", edited(("products", 0, "unit_value", ""), ("products", 1, "holding_rate", "")),
     {("products", "unit_value", (), W)}),
    ("contract_group_missing", deal("same_site"), {("contracts", "group", (2,), E)}),
    ("contract_quantity_missing", edited(("contracts", 0, "quantity", ""), ("contracts", 2, "contract", "common"),
                                         ("contracts", 2, "kind", "same_site"), ("contracts", 2, "group", "retail"),
                                         ("contracts", 2, "quantity", "1")),
     {("contracts", "quantity", (0,), E), ("contracts", "quantity", (2,), W)}),
    ("contract_share_above_one", deal("share", site="NA", quantity="30"), {("contracts", "quantity", (2,), E)}),
    ("contract_share_of_nothing", deal("share", product="00123", quantity="0.3"), {("contracts", "kind", (2,), E)}),
    ("contract_scope_without_effect", deal("same_site", group="retail", mode="rail"),
     {("contracts", "kind", (2,), W)}),
    ("delivers_without_effect", edited(("sites", 2, "delivers", "no")), {("sites", "delivers", (2,), W)}),
    ("contract_scope_without_effect", deal("same_site", group="retail", of="made"), {("contracts", "of", (2,), W)}),
    ("contract_counts_other_goods", deal("min_volume", of="made", site="Plant", mode="rail", quantity="1"),
     {("contracts", "of", (2,), E)}),
    ("contract_counts_other_goods", deal("min_volume", of="made", site="NA", quantity="1"),
     {("contracts", "site", (2,), E)}),
    ("contract_counts_other_goods", deal("min_volume", of="moved", site="Plant", customer="Anna", quantity="1"),
     {("contracts", "of", (2,), E)}),
    ("contract_counts_other_goods", deal("share", of="received", site="Plant", destination="Anna", quantity="1"),
     {("contracts", "of", (2,), E)}),
    ("contract_each_of_nothing", deal("max_volume", site="NA", each_or_total="each", quantity="9"),
     {("contracts", "each_or_total", (2,), E)}),
    ("lane_minimum_above_maximum", edited(("lanes", 1, "min_volume", "9"), ("lanes", 1, "max_volume", "8"),
                                          ("lanes", 2, "min_volume", "9")), {("lanes", "min_volume", (1,), E)}),
    ("site_minimum_above_capacity", edited(("sites", 2, "min_throughput", "80001"),
                                           ("sites", 3, "min_throughput", "70000")),
     {("sites", "min_throughput", (2,), E)}),
    ("sources_not_whole", edited(("customers", 0, "max_sources", "1.5"), ("customers", 1, "max_sources", "2")),
     {("customers", "max_sources", (0,), E), ("customers", "max_sources", (1,), W)}),
    ("level_without_choice", edited(("capacity_levels", 1, "site", "West"), ("sites", 3, "status", "closed")),
     {("capacity_levels", "site", (1,), W)}),
    ("duty_without_value", edited(("lanes", 0, "duty_rate", "0.1"), ("products", 1, "unit_value", "")),
     {("products", "unit_value", (1,), W)}),
    ("carbon_without_modes", edited(carbon_cap=5), {("modes", "co2", (), W)}),
]


@pytest.mark.parametrize(("rule", "sources", "expected"), CASES, ids=[c[0] for c in CASES])
def test_the_rule_finds_its_fault_where_it_is(rule: str, sources: Sources,
                                              expected: set[tuple[str, str, tuple[int, ...], str]]):
    found = {(t, c, rows, severity) for r, t, c, rows, severity in summary(findings(sources)) if r == rule}
    assert found == expected


TESTED_BELOW = {"unknown_reference", "unknown_mode_of_tier", "unknown_rate_place", "unknown_product_class",
                "contract_group_empty", "contract_impossible", "no_usable_site", "demand_above_supply", "no_demand",
                "shortage_cost_missing", "reliability_out_of_reach", "slower_than_lower_tier", "demand_without_promise",
                "lot_lasts_for_ages", "tiers_without_promises", "beyond_anything_real"}


def test_every_rule_is_tested_and_says_what_it_checks():
    """Those about stock are tested in test_stock_checks, what looks odd in test_odd."""
    elsewhere = {stock.__name__, odd_numbers.__name__, odd_places.__name__}
    assert {r.name for r in RULES if r.check.__module__ not in elsewhere} == {c[0] for c in CASES} | TESTED_BELOW
    assert all(r.meaning.endswith(".") or r.meaning.endswith(")") for r in RULES)


def only(rule: str, sources: Sources) -> list[Finding]:
    return [f for f in findings(sources) if f.rule == rule]


def test_the_names_of_rows_of_reports_are_those_that_reports_use():
    assert set(REPORT_ROWS) == {UNASSIGNED, UNASSIGNED_LABEL, "total"}


@pytest.mark.parametrize(("time", "sd", "speed", "hits"), [
    ("", "0.5", "", [3]), ("", "0", "", []), ("1", "0.5", "", []), ("", "0.5", "600", [])])
def test_a_spread_of_a_mode_that_takes_no_time(time: str, sd: str, speed: str, hits: list[int]):
    sources = edited(("rates", 3, "transit_time", time), ("rates", 3, "transit_sd", sd), ("modes", 0, "speed", speed),
                     ("modes", 0, "fixed_time", "0"))
    found = [f for f in only("transit_sd_without_time", sources) if f.table == "rates"]
    assert [row for f in found for row in f.rows] == hits


def test_a_transit_time_that_only_a_later_break_states():
    sources = edited(("rates", 4, "origin", "Mine"), ("rates", 4, "destination", "Dock"), ("rates", 4, "mode", "truck"),
                     ("rates", 4, "product", "00123"), ("rates", 4, "from_weight", "50"),
                     ("rates", 4, "transit_time", "3"))
    assert [(f.column, list(f.rows), list(f.values)) for f in only("transit_of_later_break", sources)] == [
        ("transit_time", [4], ["3"])]
    assert only("transit_of_later_break", edited()) == []  # both rows of the band say the same


def test_no_site_may_be_used():
    edits = [("sites", row, "status", "closed") for row in range(5)]
    assert [(f.table, f.severity) for f in only("no_usable_site", edited(*edits))] == [("sites", E)]
    assert only("no_usable_site", edited(*edits[1:])) == []


def test_nothing_is_demanded():
    edits = [("demand", row, "quantity", "0") for row in range(6)]
    assert [(f.table, f.column, f.severity) for f in only("no_demand", edited(*edits))] == [("demand", "quantity", W)]
    assert only("no_demand", edited(*edits[1:])) == []


# Winter (181 days): 8000 of 00123 are demanded, 4000 of them by gold without any slack. Plant and Mine make
# 70000 + 20000 in a year.
@pytest.mark.parametrize(("plant", "mine", "severity"), [
    ("8066.3", "8066.3", None),  # 16132.6 x 181/365 = 8000.0
    ("8066.2", "8066.2", W),  # 7999.9
    ("4033.2", "4033.2", W),  # 4000.01: gold's 4000 can still be made
    ("4033.1", "4033.1", E),  # 3999.9
    ("0", "0", E),
])
def test_more_demand_than_can_be_made(plant: str, mine: str, severity: str | None):
    # Boris and Chloé are silver: their small goods may go short (0.95 of the tier, half of each customer)
    sources = edited(("site_products", 0, "make_capacity", plant), ("site_products", 2, "make_capacity", mine))
    found = [f for f in only("demand_above_supply", sources) if "winter" in f.values[0]]
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity == E and plant == "0":
        assert found[0].values[0] == "00123 by the end of winter: 8000 demanded, 0 can be made"


def test_demand_without_any_plant():
    sources = edited(("sites", 0, "status", "closed"), ("sites", 1, "status", "closed"))
    values = [v for f in only("demand_above_supply", sources) if f.severity == E for v in f.values]
    assert values == ["00123 by the end of winter: 8000 demanded, 0 can be made",
                      "00123 by the end of summer: 10000 demanded, 0 can be made",
                      "1E10 by the end of summer: 1300 demanded, 0 can be made"]
    sources = edited(("sites", 0, "status", "closed"), ("sites", 1, "status", "closed"), drop=("site_products",))
    assert only("demand_above_supply", sources) != []
    assert only("demand_above_supply", edited(drop=("site_products",))) == []


@pytest.mark.slow
def test_contracts_that_cannot_be_kept():
    # West is the only site of its group; five sites, four of them open, of which NA may close
    def found(limit: str, quantity: str, group: str = "west") -> list[str]:
        sources = edited(("contracts", 0, "limit", limit), ("contracts", 0, "quantity", quantity),
                         ("contracts", 0, "group", group))
        return [v for f in only("contract_impossible", sources) for v in f.values]

    assert found("at_least", "1") == []
    assert found("at_least", "2") == ["2, but 1 sites of the group may be open"]
    assert found("exactly", "2") == ["2, but 1 sites of the group may be open"]
    assert found("at_least", "5", "*") == []
    assert found("at_least", "6", "*") == ["6, but 5 sites of the group may be open"]
    assert found("at_most", "3", "*") == []
    assert found("at_most", "2", "*") == ["2, but 3 sites of the group stay open in any case"]
    assert found("at_most", "0") == []
    # without a group, all sites are meant
    assert found("at_least", "5", "") == []
    assert found("at_least", "6", "") == ["6, but 5 sites of the group may be open"]
    assert found("at_most", "2", "") == ["2, but 3 sites of the group stay open in any case"]


def test_shortage_cost():
    def found(*edits: Edit) -> list[tuple[tuple[int | None, ...], list[str], str]]:
        return [(tuple(f.rows), list(f.values), f.severity) for f in only("shortage_cost_missing", edited(*edits))]

    assert found(("tiers", 1, "shortage_cost", "")) == [((1,), ["silver"], E)]
    assert found(("tiers", 1, "shortage_cost", "0")) == [((1,), ["0"], W)]
    assert found(("tiers", 0, "shortage_cost", "3")) == [((0,), ["3"], W)]
    assert found(("promises", 0, "served_fraction", "0.9"), ("promises", 0, "served_fraction_each", "0")) == [
        ((0,), ["gold"], E)]
    assert [f.rows for f in only("shortage_cost_missing", edited(drop=("promises",)))] == [[1]]


@pytest.mark.parametrize(("reliability", "edits", "hits"), [
    ("1", (), [0]), ("0.999", (), []), ("0", (), [0]), ("1", (("promises", 0, "lead_time", ""),), []),
    ("1", (("modes", 0, "transit_cv", "0"), ("modes", 1, "transit_cv", "0")), [0]),  # rates still state a spread
    ("1", (("modes", 0, "transit_cv", "0"), ("modes", 1, "transit_cv", "0"), ("rates", 0, "transit_sd", "0"),
           ("rates", 1, "transit_sd", "0")), []),
])
def test_reliability_of_nought_and_one(reliability: str, edits: tuple[Edit, ...], hits: list[int]):
    found = only("reliability_out_of_reach", edited(("promises", 0, "reliability", reliability), *edits))
    assert [row for f in found for row in f.rows] == hits


def test_gold_slower_than_silver():
    found = only("slower_than_lower_tier", edited(("promises", 0, "lead_time", "10")))
    assert [(f.column, list(f.rows), list(f.values), f.severity) for f in found] == [
        ("lead_time", [0], ["gold 10, silver 9 (large)"], W)]
    found = only("slower_than_lower_tier", edited(("promises", 0, "served_fraction", "0.92"),
                                                  ("promises", 0, "served_fraction_each", "0"),
                                                  ("tiers", 0, "shortage_cost", "1")))
    assert [(f.column, list(f.values)) for f in found] == [("served_fraction", ["gold 0.92, silver 0.95 (small)"])]
    for fill_rate, shown in (("0.9", "gold 0.9, silver 0.95 (small)"), ("", "gold 0, silver 0.95 (small)")):
        found = only("slower_than_lower_tier", edited(("promises", 0, "fill_rate", fill_rate),
                                                      ("promises", 1, "fill_rate", "0.95")))
        assert [(f.column, list(f.rows), list(f.values)) for f in found] == [("fill_rate", [0], [shown])]
    # a safety factor stands in the place of a fill rate; a slip in a cell is told once
    for column, text in (("safety_factor", "2"), ("fill_rate", "98")):
        assert only("slower_than_lower_tier", edited(("promises", 0, column, text),
                                                     ("promises", 1, "fill_rate", "0.95"))) == []
    # equal ranks are not compared
    assert only("slower_than_lower_tier", edited(("promises", 0, "lead_time", "10"), ("tiers", 1, "rank", "1"))) == []


def test_demand_that_no_promise_covers():
    found = only("demand_without_promise", edited(("promises", 0, "product_class", "small")))
    assert [(list(f.values), f.severity) for f in found] == [(["gold, large"], W)]
    assert only("demand_without_promise", edited(drop=("promises",))) == []


def test_rates_of_a_lane_make_the_lane():
    # the rate names both ends, so the lane exists and the mode is used, although `lanes` does not list it
    sources = edited(("rates", 4, "origin", "Mine"), ("rates", 4, "destination", "West"), ("rates", 4, "mode", "barge"),
                     ("modes", 3, "mode", "barge"), ("modes", 3, "serves", "moves"))
    assert only("unused_mode", sources) == []
    assert only("unused_rate", sources) == []


def test_with_all_lanes_open_no_mode_and_no_rate_is_unused():
    sources = edited(("modes", 3, "mode", "ship"), ("rates", 4, "origin", "north"), ("rates", 4, "destination", "West"),
                     ("rates", 4, "mode", "rail"), open_lanes="all")
    assert only("unused_mode", sources) == []
    assert only("unused_rate", sources) == []


def test_a_deliverer_that_no_tier_allows_is_unused():
    sources = edited(("tiers", 0, "modes", "truck"), ("tiers", 1, "modes", "truck"))
    assert [(f.rule, list(f.values)) for f in only("unused_mode", sources)] == [("unused_mode", ["parcel"])]


Broken = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.mark.parametrize("table", [t.name for t in TABLES])
@pytest.mark.parametrize("damage", [
    lambda f: f.iloc[:0], lambda f: f.assign(**{c: "" for c in f}), lambda f: f.assign(**{c: "?!" for c in f}),
    lambda f: f.iloc[:, :1], lambda f: f.iloc[:, 1:], lambda f: f.rename(columns=str.upper),
    lambda f: pd.DataFrame(), lambda f: f.assign(**{c: [None] * len(f) for c in f}),
    lambda f: f.assign(**{c: [(1, 2)] * len(f) for c in f}), lambda f: f.assign(**{c: -1.5 for c in f}),
], ids=["no rows", "blank", "nonsense", "first column", "without key", "capitals", "nothing", "none", "tuples",
        "minus"])
def test_no_damage_to_a_table_is_a_traceback(table: str, damage: Broken):
    sources = edited()
    sources[table] = damage(sources[table])
    for finding in findings(sources):
        assert finding.rule
        assert finding.mend
        assert list(finding.lines())
