"""Profiles: features by hand, those of the published file, and what may not change them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ctsopt.orders.book import Orders, read_orders
from ctsopt.orders.dictionary import BY_NAME, FEATURES
from ctsopt.orders.periods import bucket_of, series, span
from ctsopt.orders.profiles import profiles
from tests.orders.test_book import RETAIL, lines, retail, retail_file

__all__ = ["retail", "retail_file"]


@pytest.fixture(scope="session")
def sales(retail_file) -> Orders:
    """The sale lines of the published file, returns left alone."""
    return read_orders(retail_file, mapping=RETAIL, returns="ignore")


def test_frequency_and_value_of_the_published_file(sales: Orders):
    table = profiles(sales, as_of="2011-12-10").table
    assert len(table) == 4_338
    assert [round(table["recency"].mean(), 3), table["recency"].median()] == [93.059, 51]
    assert [round(table["orders"].mean(), 3), table["orders"].median()] == [4.272, 2]
    assert [round(table["revenue"].mean(), 3), round(table["revenue"].median(), 3)] == [2_054.266, 674.485]
    assert (table["orders"] == 1).sum() == 1_493
    assert table.loc["12748", ["recency", "orders"]].tolist() == [1, 209]
    assert table.loc["14646", ["recency", "orders"]].tolist() == [2, 73]
    assert table.loc["17850", ["recency", "orders"]].tolist() == [373, 34]
    assert table.loc[["12748", "14646", "17850"], "revenue"].round(2).tolist() == [33_719.73, 280_206.02, 5_391.21]


def test_orders_of_the_published_file(sales: Orders):
    table = profiles(sales, as_of="2011-12-10").table
    gaps = (table["order_days"] - 1).sum()
    assert gaps == 12_425
    assert round((table["interval"] * (table["order_days"] - 1)).sum() / gaps, 4) == 45.6569
    sizes = table["order_size_cv"].dropna()
    assert [len(sizes), round(sizes.median(), 6), round(sizes.mean(), 6)] == [2_845, 0.541444, 0.585418]
    assert round(table.at["17850", "exposure"], 4) == 12.2875
    assert round(table["lines"].sum() / table["orders"].sum(), 4) == 21.4701
    assert round(table["units"].sum() / table["orders"].sum(), 4) == 278.8588


@pytest.mark.parametrize(("bucket", "whole", "answer"), [
    ("week", False, (120, 715, 654, 1_991, 185)), ("month", True, (757, 829, 762, 1_054, 255))])
def test_demand_of_products_by_period(sales: Orders, bucket, whole, answer):
    """Cut-offs 1.32 and 0.49 on the grid of the whole file."""
    sold = sales.lines
    first, last = span(sales.start, sales.end, bucket, whole=whole)
    assert last - first + 1 == (12 if whole else 54)
    codes, names = pd.factorize(sold["product"].astype(str))
    found = pd.DataFrame(series(codes, len(names), bucket_of(sold["demand_date"].to_numpy(), bucket),
                                sold["quantity"].to_numpy(), np.full(len(names), first), last), index=names)
    found = found[found["periods_with_demand"] > 0]
    often, even, one = found["adi"] < 1.32, found["cv2"] < 0.49, found["periods_with_demand"] == 1
    assert ((often & even & ~one).sum(), (often & ~even & ~one).sum(), (~often & even & ~one).sum(),
            (~often & ~even & ~one).sum(), one.sum()) == answer
    if bucket == "week":
        assert found.loc[["22423", "85123A", "84879"], "cv2"].round(6).tolist() == [0.217300, 0.622028, 0.660777]
        assert found.loc[["22423", "85123A", "84879"], "adi"].tolist() == [54 / 53] * 3


def test_a_product_bought_and_cancelled_is_no_erratic_product(retail: Orders, sales: Orders):
    """CV2 of product 23166 by week: 28.94 as it stands, 0.68 once the return has found its sale."""
    found = [profiles(book, by="product").table.at["23166", "cv2"] for book in (sales, retail)]
    assert [round(value, 2) for value in found] == [28.94, 0.68]


def test_customers_with_returns_alone_have_a_row(sales: Orders, retail_file):
    net = profiles(read_orders(retail_file, mapping=RETAIL)).table
    assert len(net) == 4_371
    assert round(net["net_revenue"].sum(), 2) == 8_300_065.81
    assert (net["net_revenue"].round(6) <= 0).sum() == 54


@pytest.mark.parametrize(("values", "answer"), [
    ([0, 5, 0, 0, 3, 0, 4, 0, 0, 0, 6, 0], (3.0, 0.0823)),
    ([10, 12, 9, 11, 10, 8, 13, 9, 10, 12, 11, 10], (1.0, 0.0192)),
    ([20, 2, 35, 1, 0, 50, 3, 4, 30, 1, 2, 60], (1.0909, 1.3220)),
    ([0, 0, 40, 0, 0, 0, 2, 0, 0, 0, 0, 90], (4.0, 1.0062))])
def test_four_series_by_hand(values, answer):
    months = np.arange(12)
    found = series(np.zeros(12, dtype=int), 1, months, np.array(values, dtype=float), np.zeros(1, dtype=int), 11)
    assert (round(found["adi"][0], 4), round(found["cv2"][0], 4)) == answer


def test_features_by_hand():
    """Two orders of one customer, 10 days apart, 4 and 2 units; the second arrives a day late, and short."""
    book = read_orders({
        "order_lines": lines(order=["A", "B"], line="1", order_date=["2027-03-01", "2027-03-11"], quantity=[4, 2],
                             requested_date=["2027-03-04", "2027-03-16"], unit_cost=[1.5, 1.5]),
        "shipments": pd.DataFrame({"order": ["A", "B"], "line": "1", "ship_date": ["2027-03-02", "2027-03-15"],
                                   "delivery_date": ["2027-03-04", "2027-03-17"], "quantity": [4, 1],
                                   "expedited": ["no", "yes"]}),
        "customer_master": pd.DataFrame({"customer": ["a"], "tier": ["gold"], "payment_days": [30]})})
    row = profiles(book, as_of="2027-03-31", lead_times={"gold": 4}).table.loc["a"]
    found = row[["orders", "interval", "units_per_order", "variance_to_mean", "requested_lead_time_p50", "on_time",
                 "otif", "order_to_delivery_p50", "gross_margin", "concentration", "rush_share",
                 "payment_days", "recency"]]
    assert found.astype(float).round(6).tolist() == [2, 10, 3, round(20 / 6, 6), 4, 0.5, 0.5, 4.5, 3, 1,
                                                     round(4 / 6, 6), 30, 20]
    assert round(row["order_size_cv"], 6) == round(2**0.5 / 3, 6)
    assert [round(row["fill"], 6), row["expedite_share"]] == [round(5 / 6, 6), 0.2]


def test_each_feature_is_in_the_dictionary_and_what_is_not_known_is_blank():
    found = profiles(read_orders(lines(order=["A"], order_date=["2027-03-01"]).drop(columns="unit_price")))
    assert list(found.table.columns) == [f.name for f in FEATURES] == list(BY_NAME)
    blank = ["revenue", "gross_margin", "fill", "requested_lead_time_p50", "net_value"]
    assert found.table.loc["a", blank].isna().all()
    assert {f.rule for f in found.findings} == {"no_figure_for_feature", "one_period"}


def drawn(seed: int, count: int = 60) -> pd.DataFrame:
    """Lines of five customers and four products, with returns among them."""
    draw = np.random.default_rng(seed)
    days = np.sort(draw.integers(0, 200, count))
    return pd.DataFrame({
        "order": [f"o{i // 2}" for i in range(count)], "customer": draw.choice(list("abcde"), count // 2).repeat(2),
        "product": draw.choice(list("wxyz"), count), "order_date": np.datetime64("2027-01-01") + days,
        "quantity": draw.choice([1, 2, 3, 5, -1, -2], count), "unit_price": draw.choice([1.0, 2.5], count)})


@pytest.mark.parametrize("seed", range(5))
def test_order_of_rows_names_and_scale_change_nothing(seed):
    frame = drawn(seed)
    plain = profiles(read_orders(frame)).table
    mixed = profiles(read_orders(frame.sample(frac=1, random_state=seed))).table
    pd.testing.assert_frame_equal(mixed[["orders", "cv2", "adi", "units"]], plain[["orders", "cv2", "adi", "units"]])
    other = profiles(read_orders(frame.assign(customer="k" + frame["customer"]))).table
    assert np.allclose(other.drop(columns=["first_order", "last_order", "estimated"]).to_numpy(float),
                       plain.drop(columns=["first_order", "last_order", "estimated"]).to_numpy(float), equal_nan=True)
    larger = profiles(read_orders(frame.assign(quantity=7 * frame["quantity"]))).table
    assert np.allclose(larger[["adi", "cv2", "order_size_cv"]], plain[["adi", "cv2", "order_size_cv"]], equal_nan=True)


@pytest.mark.parametrize("seed", range(5))
def test_returns_never_raise_value_and_two_names_are_one_customer(seed):
    frame = drawn(seed)
    sold = profiles(read_orders(frame, returns="ignore")).table["net_revenue"]
    kept = profiles(read_orders(frame)).table["net_revenue"]
    assert (kept <= sold.reindex(kept.index).fillna(0) + 1e-9).all()
    split = frame.assign(customer=np.where((frame["customer"] == "a") & (np.arange(len(frame)) % 4 < 2), "a2",
                                           frame["customer"]))
    alias = pd.DataFrame({"system": ["*"], "kind": ["customer"], "name": ["a2"], "is": ["a"]})
    pd.testing.assert_frame_equal(profiles(read_orders({"order_lines": split, "aliases": alias})).table,
                                  profiles(read_orders(frame)).table)


def test_shipments_of_lines_that_are_not_there_are_told():
    """The second shipment is of an order that nobody has; the others are measured as if it were not there."""
    book = read_orders({
        "order_lines": lines(order=["A"], line="1", order_date=["2027-03-01"], quantity=[4]),
        "shipments": pd.DataFrame({"order": ["A", "Z"], "line": "1", "ship_date": ["2027-03-02", "2027-03-03"],
                                   "quantity": [4, 1]})})
    told = [finding for finding in book.findings if finding.rule == "shipment_of_no_line"]
    assert [(finding.severity, finding.total, list(finding.values)) for finding in told] == [("warning", 1, ["Z 1"])]
    assert len(book.shipments) == 2
