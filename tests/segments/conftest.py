"""Published order books: a shop of gifts in the United Kingdom, and one of office goods in the United States."""

from __future__ import annotations

import lzma

import pandas as pd
import pytest

from ctsopt.orders.book import read_orders
from tests.known_answer.shared_data import data


@pytest.fixture(scope="session")
def retail(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Sale lines of onlineretail as they stand: no return is matched."""
    path = tmp_path_factory.mktemp("segments") / "lines.csv"
    path.write_bytes(lzma.decompress(data("onlineretail", "online_retail.csv.xz").read_bytes()))
    names = {"order": "InvoiceNo", "product": "StockCode", "quantity": "Quantity", "order_date": "InvoiceDate",
             "unit_price": "UnitPrice", "customer": "CustomerID"}
    return read_orders(path, mapping={"order_lines": {"columns": names}}, returns="ignore").lines


@pytest.fixture(scope="session")
def superstore() -> pd.DataFrame:
    """All lines of superstore; the cost of a unit is what is left of its sales without the profit."""
    raw = pd.read_csv(data("superstore", "Sample_Superstore.csv"), encoding="latin-1")
    dates = pd.to_datetime(raw["Order Date"], format="%m/%d/%Y")
    lines = pd.DataFrame({
        "order": raw["Order ID"], "customer": raw["Customer ID"], "product": raw["Product ID"],
        "order_date": dates.dt.strftime("%Y-%m-%d"), "quantity": raw["Quantity"], "amount": raw["Sales"],
        "unit_cost": (raw["Sales"] - raw["Profit"]) / raw["Quantity"]})
    return read_orders(lines).lines
