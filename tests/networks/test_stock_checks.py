"""Rules about cycle and safety stock: each one broken once, in a row that is known."""

from __future__ import annotations

import pandas as pd
import pytest

from ctsopt.errors import Finding
from ctsopt.networks.checks import RULES, stock
from ctsopt.networks.schema import TABLES
from tests.networks.test_checks import Broken, Edit, Sources, edited, findings, summary

E, W = "error", "warning"

# Rows of the example: promises 0 gold, 1 silver small, 2 silver large; products 0 00123 (small), 1 1E10 (large);
# site_products 0 Plant 00123, 1 Plant 1E10 (to order), 2 Mine 00123 (a supplier), 3 West 1E10 (not stocked), 4 new.
PROMISED: tuple[Edit, ...] = (
    ("products", 0, "variance_to_mean", "4"), ("products", 1, "variance_to_mean", "2.5"),
    ("promises", 0, "fill_rate", "0.98"), ("promises", 1, "fill_rate", "0.95"), ("promises", 2, "fill_rate", "0.9"))


def stocked(*edits: Edit, **settings: object) -> Sources:
    """The example with promises on availability."""
    return edited(*PROMISED, *edits, **settings)


def rows_of(product: str, *, without: int | None = None) -> list[Edit]:
    """How much every row of demand of a product varies, but for one."""
    of = {"00123": (0, 2, 3, 4), "1E10": (1, 5)}[product]
    return [("demand", row, "variance_to_mean", "3") for row in of if row != without]


def at_na(product: str, **cells: str) -> list[Edit]:
    """A row of `site_products` for NA (a dc)."""
    row = {"00123": 4, "1E10": 5}[product]
    return [("site_products", row, c, text) for c, text in {"site": "NA", "product": product, **cells}.items()]


def in_group(name: str) -> list[Edit]:
    """Both products in one stock group."""
    return [("products", row, "stock_group", name) for row in (0, 1)]


Expected = set[tuple[str, str, tuple[int, ...], str]]

CASES: list[tuple[str, Sources, Expected]] = [
    ("variance_to_mean_missing", stocked(("products", 1, "variance_to_mean", "")),
     {("products", "variance_to_mean", (1,), E)}),
    ("variance_to_mean_missing", stocked(("products", 1, "variance_to_mean", ""), *rows_of("1E10", without=5)),
     {("products", "variance_to_mean", (1,), E)}),
    ("variance_to_mean_missing", stocked(("products", 1, "variance_to_mean", ""), *rows_of("1E10")), set()),
    # a row without any demand need not say how it varies
    ("variance_to_mean_missing", stocked(("products", 1, "variance_to_mean", ""), *rows_of("1E10", without=5),
                                         ("demand", 5, "quantity", "0")), set()),
    # only small is promised to be at hand: large need not say, but for a group
    ("variance_to_mean_missing", edited(*PROMISED[:1], PROMISED[3]), set()),
    ("variance_to_mean_missing", edited(*PROMISED[:1], PROMISED[3], *in_group("both")),
     {("products", "variance_to_mean", (1,), E)}),
    ("variance_to_mean_missing", edited(*PROMISED[:1], PROMISED[3],
                                        *at_na("1E10", replenishment_fill_rate="0.9")),
     {("products", "variance_to_mean", (1,), E)}),
    ("variance_to_mean_missing", edited(*PROMISED[1:2], ("promises", 1, "fill_rate", "0")), set()),
    ("variance_to_mean_missing", edited(("promises", 1, "safety_factor", "2"), stock_rule="square_root"),
     {("products", "variance_to_mean", (0,), E)}),
    ("promised_stock_costs_nothing", stocked(("products", 0, "unit_value", ""), ("products", 1, "holding_rate", "")),
     {("products", "unit_value", (0,), W), ("products", "holding_rate", (1,), W)}),
    ("promised_stock_costs_nothing", stocked(("products", 1, "holding_rate", ""), holding_rate=0.2), set()),
    ("promised_stock_costs_nothing", edited(("products", 0, "unit_value", ""), drop=("promises",)), set()),
    ("fill_rate_near_one", stocked(("promises", 0, "fill_rate", "0.9995"), *at_na(
        "00123", replenishment_fill_rate="0.9991")),
     {("promises", "fill_rate", (0,), W), ("site_products", "replenishment_fill_rate", (4,), W)}),
    ("fill_rate_near_one", stocked(("promises", 0, "fill_rate", "0.999")), set()),
    # Anna's 4,000 a year come in orders of 350: 11.4; Boris and Chloé order 17 times, 1E10 has one class in its group
    ("few_orders_for_rationed_stock", stocked(("products", 0, "variance_to_mean", "700"), stock_sharing="rationed"),
     {("promises", "fill_rate", (0,), W)}),
    ("few_orders_for_rationed_stock", stocked(("products", 0, "variance_to_mean", "700"), *at_na(
        "00123", stock_sharing="rationed")), {("promises", "fill_rate", (0,), W)}),
    ("few_orders_for_rationed_stock", stocked(("products", 0, "variance_to_mean", "660"), stock_sharing="rationed"),
     set()),
    ("few_orders_for_rationed_stock", stocked(("products", 0, "variance_to_mean", "700")), set()),
    ("stock_column_without_effect", edited(*at_na("1E10", replenishment_days="9")), {("promises", "fill_rate", (), W)}),
    ("stock_column_without_effect", edited(review_time=7), {("promises", "fill_rate", (), W)}),
    ("stock_column_without_effect", edited(stock_sharing="rationed"), {("promises", "fill_rate", (), W)}),
    ("stock_column_without_effect", stocked(*at_na("00123", lot_size="9"), review_time=7), set()),
    # what a product is like is no promise: it may be known before any is made
    ("stock_column_without_effect", edited(*PROMISED[:2], *in_group("both"), *rows_of("1E10")), set()),
    # the fill rate is told as a slip; what depends on it is not told as well
    ("stock_column_without_effect", edited(("promises", 0, "fill_rate", "98"), review_time=7), set()),
    ("no_effect_under_this_rule", stocked(("promises", 0, "safety_factor", "2"), *at_na(
        "00123", nominal_volume="50")),
     {("promises", "safety_factor", (0,), W), ("site_products", "nominal_volume", (4,), W)}),
    ("no_effect_under_this_rule", stocked(("promises", 0, "safety_factor", "2"), stock_rule="square_root"), set()),
    ("stock_setting_not_whole", stocked(lead_time_levels=1.5, longest_wait=0.5),
     {("settings", "lead_time_levels", (), E), ("settings", "longest_wait", (), E)}),
    ("stock_setting_not_whole", stocked(lead_time_levels=3, longest_wait=2), set()),
    ("stock_group_is_product", stocked(("products", 0, "stock_group", "1E10")),
     {("products", "stock_group", (0,), E)}),
    ("stock_group_is_product", stocked(*in_group("1E10")), set()),
    ("stock_sharing_differs", stocked(*in_group("both"), *at_na("00123", stock_sharing="rationed"),
                                      *at_na("1E10", stock_sharing="separate")),
     {("site_products", "stock_sharing", (4, 5), E)}),
    # 1E10 has no row at NA: it is shared as usual there
    ("stock_sharing_differs", stocked(*in_group("both"), *at_na("00123", stock_sharing="rationed")),
     {("site_products", "stock_sharing", (4,), E)}),
    ("stock_sharing_differs", stocked(*in_group("both"), *at_na("00123", stock_sharing="rationed"),
                                      stock_sharing="rationed"), set()),
    ("stock_sharing_differs", stocked(*in_group("both"), *at_na("00123", stock_sharing="rationed"),
                                      *at_na("1E10", can_stock="no")), set()),
    # the Plant makes 1E10 to order
    ("stock_sharing_differs", stocked(*in_group("both"), ("site_products", 0, "stock_sharing", "rationed")), set()),
    ("stock_sharing_differs", stocked(*at_na("00123", stock_sharing="rationed"),
                                      *at_na("1E10", stock_sharing="separate")), set()),
    ("stock_not_kept_here", stocked(("site_products", 2, "replenishment_fill_rate", "0.9"),
                                    ("site_products", 2, "stock_sharing", "pooled"),
                                    ("site_products", 1, "review_time", "7"), ("site_products", 3, "lot_size", "9"),
                                    ("site_products", 0, "lot_size", "9")),
     {("site_products", "replenishment_fill_rate", (2,), W), ("site_products", "stock_sharing", (2,), W),
      ("site_products", "review_time", (1,), W), ("site_products", "lot_size", (3,), W)}),
    # the Plant makes nothing of it; a cross-dock is told as such
    ("stock_not_kept_here", stocked(("site_products", 0, "lot_size", "9"), ("site_products", 0, "make_capacity", "0"),
                                    ("site_products", 4, "site", "Dock"), ("site_products", 4, "product", "00123"),
                                    ("site_products", 4, "lot_size", "9")), {("site_products", "lot_size", (0,), W)}),
    ("spread_without_lead_time", stocked(*at_na("00123", replenishment_sd="2")),
     {("site_products", "replenishment_sd", (4,), W)}),
    ("spread_without_lead_time", stocked(*at_na("00123", replenishment_sd="2", replenishment_days="5")), set()),
    ("no_room_for_stock", stocked(("sites", 0, "storage_capacity", "0"), ("sites", 2, "storage_capacity", "0")),
     {("sites", "storage_capacity", (2,), W)}),
    ("no_room_for_stock", edited(("sites", 2, "storage_capacity", "0")), set()),
    ("early_dispatch_without_effect", stocked(early_dispatch="yes"), {("settings", "early_dispatch", (), W)}),
    ("early_dispatch_without_effect", stocked(early_dispatch="yes", longest_wait=2, stock_rule="square_root"),
     {("settings", "early_dispatch", (), W)}),
    ("early_dispatch_without_effect", stocked(early_dispatch="yes", longest_wait=2), set()),
    ("early_dispatch_without_effect", edited(early_dispatch="yes"), set()),  # no fill rate: told as such
    ("stock_of_each_period", stocked(stock_level="each"), {("settings", "stock_level", (), W)}),
    ("stock_of_each_period", stocked(stock_level="peak"), set()),
    ("safety_factor_of_better_class", stocked(
        ("promises", 0, "safety_factor", "1"), ("promises", 1, "safety_factor", "1.2"), stock_rule="square_root",
        stock_sharing="rationed"), {("promises", "safety_factor", (0,), W)}),
    # of a product class of its own, or not rationed, or not by factors
    ("safety_factor_of_better_class", stocked(
        ("promises", 1, "safety_factor", "1"), ("promises", 2, "safety_factor", "1.2"), stock_rule="square_root",
        stock_sharing="rationed"), set()),
    ("safety_factor_of_better_class", stocked(
        ("promises", 0, "safety_factor", "1"), ("promises", 1, "safety_factor", "1.2"),
        *at_na("00123", stock_sharing="separate"), stock_rule="square_root"), set()),
    ("safety_factor_of_better_class", stocked(
        ("promises", 0, "safety_factor", "1"), ("promises", 1, "safety_factor", "1.2"), stock_sharing="rationed"),
     set()),
    # of equal fill rates the larger factor is the better class
    ("safety_factor_of_better_class", stocked(
        ("promises", 0, "safety_factor", "1"), ("promises", 1, "safety_factor", "1.2"),
        ("promises", 1, "fill_rate", "0.98"), stock_rule="square_root", stock_sharing="rationed"), set()),
]


def only(rule: str, sources: Sources) -> list[Finding]:
    return [f for f in findings(sources) if f.rule == rule]


def test_the_example_with_promises_on_availability_is_free_of_findings():
    assert findings(stocked()) == []


@pytest.mark.parametrize(("rule", "sources", "expected"), CASES, ids=[f"{i} {c[0]}" for i, c in enumerate(CASES)])
def test_the_rule_finds_its_fault_where_it_is(rule: str, sources: Sources, expected: Expected):
    found = {(t, c, rows, severity) for r, t, c, rows, severity in summary(findings(sources)) if r == rule}
    assert found == expected


def test_every_rule_about_stock_is_broken_here():
    rules = {r.name for r in RULES if r.check.__module__ == stock.__name__}
    assert rules == {rule for rule, _, expected in CASES if expected}
    assert all(r.meaning.endswith(".") for r in RULES if r.name in rules)


def test_how_much_demand_says_nothing_of_its_variance():
    def told(*edits: Edit) -> list[str]:
        return [v for f in only("variance_to_mean_missing", stocked(("products", 0, "variance_to_mean", ""), *edits))
                for v in f.values]

    assert told() == ["00123: 4 of 4 rows of its demand say nothing either"]
    assert told(*rows_of("00123", without=3)) == ["00123: 1 of 4 rows of its demand say nothing either"]
    assert told(*rows_of("00123", without=3), ("demand", 3, "variance_to_mean", "-1")) == []  # told as a slip


def test_a_product_that_stands_in_no_table():
    """Without a table of products there is one, `goods`, of no value."""
    demand = pd.DataFrame({"customer": ["C"], "quantity": [5]})
    sources = {"sites": pd.DataFrame({"site": ["S"], "kind": ["plant"]}), "demand": demand,
               "customers": pd.DataFrame({"customer": ["C"]}),
               "lanes": pd.DataFrame({"origin": ["S"], "destination": ["C"]}),
               "promises": pd.DataFrame({"tier": ["standard"], "fill_rate": [0.9]})}
    assert [(f.rule, f.column, list(f.rows), list(f.values)) for f in findings(sources)] == [
        ("variance_to_mean_missing", "variance_to_mean", [], ["goods: 1 of 1 rows of its demand say nothing either"]),
        ("promised_stock_costs_nothing", "unit_value", [], ["goods"])]
    sources["demand"] = demand.assign(variance_to_mean=3)
    assert [f.rule for f in findings(sources)] == ["promised_stock_costs_nothing"]


def test_what_describes_stock_is_listed_once():
    found = only("stock_column_without_effect", edited(*PROMISED[:2], *rows_of("1E10"), *at_na(
        "00123", lot_size="9", stock_sharing="pooled", order_interval="0"), *at_na("1E10", stock_sharing="pooled"),
        pipeline_on="all"))
    assert [list(f.values) for f in found] == [[
        "site_products.order_interval in 1 row", "site_products.lot_size in 1 row",
        "site_products.stock_sharing in 2 rows", "settings.pipeline_on"]]


def test_a_lot_size_at_a_cross_dock_is_told_with_its_row():
    sources = stocked(("site_products", 4, "site", "Dock"), ("site_products", 4, "product", "00123"),
                      ("site_products", 4, "lot_size", "9"))
    assert [(f.rule, list(f.rows)) for f in findings(sources)] == [("product_at_crossdock", [4])]


@pytest.mark.parametrize(("text", "rule", "mend"), [
    ("98", "share_above_one", "write 0.98 for 98 %"), ("98%", "percent_sign", "write the share: 0.95 for 95%"),
    ("1", "above_bound", "correct the number"), ("-0.1", "below_bound", "correct the number"),
    ("NaN", "word_for_number", "no promise on availability")])
def test_a_fill_rate_that_is_none(text: str, rule: str, mend: str):
    found = findings(stocked(("promises", 0, "fill_rate", text)))
    assert [(f.rule, f.table, f.column, list(f.rows), list(f.values)) for f in found] == [
        (rule, "promises", "fill_rate", [0], [text])]
    assert mend in found[0].mend


NUMBERS = [("products", "variance_to_mean"), ("demand", "variance_to_mean"), ("promises", "fill_rate"),
           ("promises", "safety_factor"), *(("site_products", c) for c in stock.OF_POINTS if c != "stock_sharing")]


@pytest.mark.parametrize(("table", "column"), NUMBERS)
@pytest.mark.parametrize(("text", "rule"), [
    ("-1", "below_bound"), ("nan", "word_for_number"), ("inf", "word_for_number"), ("1e15", "too_large"),
    ("3 days", "unit_in_cell"), ("1,5", "decimal_comma")])
def test_a_number_about_stock_that_is_none_is_told_once(table: str, column: str, text: str, rule: str):
    found = [f for f in findings(stocked(*at_na("00123"), (table, 0, column, text))) if f.severity == E]
    assert [(f.rule, f.table, f.column, list(f.rows)) for f in found] == [(rule, table, column, [0])]


@pytest.mark.parametrize("table", [t.name for t in TABLES])
@pytest.mark.parametrize("damage", [
    lambda f: f.iloc[:0], lambda f: f.assign(**{c: "" for c in f}), lambda f: f.assign(**{c: "?!" for c in f}),
    lambda f: f.iloc[:, :1], lambda f: f.iloc[:, 1:], lambda f: f.assign(**{c: -1.5 for c in f})],
    ids=["no rows", "blank", "nonsense", "first column", "without key", "minus"])
def test_no_damage_to_a_table_is_a_traceback(table: str, damage: Broken):
    sources = stocked(*in_group("both"), *at_na("00123", stock_sharing="rationed", replenishment_fill_rate="0.9"),
                      ("promises", 0, "safety_factor", "1"), ("promises", 1, "safety_factor", "1.2"),
                      stock_rule="square_root", stock_sharing="rationed")
    sources[table] = damage(sources[table])
    for finding in findings(sources):
        assert finding.mend
        assert list(finding.lines())
