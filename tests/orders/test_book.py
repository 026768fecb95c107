"""A book of orders: every row has one fate, returns find their sales, and the known answers of the published file."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ctsopt.orders.book import Orders, read_orders
from tests.known_answer.shared_data import data

RETAIL = {"order_lines": {"columns": {
    "order": "InvoiceNo", "product": "StockCode", "quantity": "Quantity", "order_date": "InvoiceDate",
    "unit_price": "UnitPrice", "customer": "CustomerID"}}}


def lines(**columns: object) -> pd.DataFrame:
    """Order lines of one customer and one product, unless said otherwise."""
    count = max(len(value) for value in columns.values() if isinstance(value, list))
    plain = {"order": [str(i) for i in range(count)], "customer": "a", "product": "tea", "order_date": "2027-03-01",
             "quantity": 1, "unit_price": 2.0}
    return pd.DataFrame(plain | columns)


@pytest.fixture(scope="session")
def retail_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file, unpacked."""
    path = tmp_path_factory.mktemp("retail") / "lines.csv"
    path.write_bytes(lzma.decompress(data("onlineretail", "online_retail.csv.xz").read_bytes()))
    return path


@pytest.fixture(scope="session")
def retail(retail_file: Path) -> Orders:
    """Cleaned, with returns matched."""
    return read_orders(retail_file, mapping=RETAIL)


def fates(book: Orders) -> dict[str, int]:
    """Rows of each rule."""
    return dict(zip(book.audit["rule"], book.audit["rows"], strict=True))


def test_each_row_of_the_published_file_has_one_fate(retail: Orders):
    found = fates(retail)
    assert found.pop("rows_in") == 541_909
    assert found.pop("equal_rows") == 5_270
    assert found["used"] == 397_884
    assert found["no_customer"] + found["return_without_customer"] + found["no_sale"] <= 135_080
    assert found["is_return"] == 8_905
    assert sum(found.values()) == 541_909
    assert len(retail.set_aside) == 541_909 - 397_884


def test_sale_lines_of_the_published_file(retail: Orders):
    sold = retail.lines
    assert sold[["order", "customer", "product"]].nunique().tolist() == [18_532, 4_338, 3_665]
    assert sold["quantity"].sum() == 5_167_812
    assert round((sold["quantity"] * sold["price"]).sum(), 2) == 8_911_407.90


def test_returns_of_the_published_file_find_their_sales(retail: Orders):
    back = retail.returns
    assert len(back) == 8_905
    assert (back["how"] == "alike").sum() == 2_787
    assert round((back["matched"] * back["price"]).sum(), 2) == 402_926.65
    kept = retail.lines[retail.lines["kept"] > 0]
    assert kept["customer"].nunique() == 4_327
    assert round(kept["revenue"].sum(), 2) == 8_508_481.25
    assert round(kept["revenue"].sum() - back["unmatched_value"].sum(), 2) == 8_300_065.81


def test_equal_rows_are_dropped_where_that_is_asked(retail_file: Path):
    book = read_orders(retail_file, mapping=RETAIL, duplicates="drop", returns="ignore")
    assert len(book.lines) == 392_690
    assert round(book.lines["revenue"].sum(), 2) == 8_886_657.04


def test_a_return_takes_the_latest_sale_that_is_not_later():
    book = read_orders(lines(order_date=["2027-03-01", "2027-03-02", "2027-03-02", "2027-03-04", "2027-03-05"],
                             quantity=[5, 5, -5, 5, -4]))
    assert book.lines["returned"].tolist() == [0, 5, 0]
    assert book.returns["how"].tolist() == ["alike", ""]
    assert book.returns["unmatched_value"].tolist() == [0, 8]


def test_a_return_that_names_its_line_takes_from_it_in_part():
    book = read_orders({
        "order_lines": lines(order=["A", "A"], line=["1", "2"], quantity=[10, 10]),
        "returns": pd.DataFrame({"return": ["r1", "r2"], "order": "A", "line": "1", "customer": "a", "product": "tea",
                                 "date": "2027-03-09", "quantity": [7, 6], "credit": [14.0, 12.0]})})
    assert book.lines["returned"].tolist() == [10, 0]
    assert book.returns["matched"].tolist() == [7, 3]
    assert book.returns["unmatched_value"].tolist() == [0, 6]


def test_units_aliases_and_currencies_become_one():
    book = read_orders({
        "order_lines": lines(order=["A", "B", "C", "D"], customer=["a", "A-1", "a", "a"], unit=["", "CS", "PAL", "CS"],
                             system=["", "erp", "", ""], currency=["EUR", "USD", "EUR", "EUR"], quantity=[3, 2, 1, 1],
                             unit_price=[2.0, 30.0, 4.0, 24.0]),
        "units": pd.DataFrame({"product": ["*"], "unit": ["CS"], "factor": [12]}),
        "currencies": pd.DataFrame({"currency": ["USD"], "rate": [0.8]}),
        "aliases": pd.DataFrame({"system": ["erp"], "kind": ["customer"], "name": ["A-1"], "is": ["a"]})})
    assert book.lines["customer"].astype(str).tolist() == ["a", "a", "a"]
    assert book.lines["quantity"].tolist() == [3, 24, 12]
    assert np.allclose(book.lines["revenue"], [6.0, 48.0, 24.0])
    assert book.currency == "EUR"
    assert fates(book) == {"rows_in": 4, "used": 3, "unknown_unit": 1}
    assert book.set_aside.to_dict("list") == {"row": [2], "rule": ["unknown_unit"]}
