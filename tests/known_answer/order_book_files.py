"""The files of a real order book (folder brunel_mit1000) as they stand.

1,000 orders for one day, 19 plants, 11 ports, 33 freight tables (carrier x port x service x mode of transport). An
order is for one product of one customer, has a quantity (pieces), a weight (kg) and a promise (days).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

COLLECT = 0
"""Service level of the orders that the customer collects: they name no carrier, and no freight table has it."""

FIRST_LINE = 2
"""Line of the first row in a CSV file, as the user sees it."""


@dataclass(frozen=True)
class OrderBook:
    """The seven files as they stand, with `line` (of the file) and short names added to the orders."""

    orders: pd.DataFrame
    makes: pd.DataFrame
    serves: pd.DataFrame
    links: pd.DataFrame
    freight: pd.DataFrame
    plants: pd.DataFrame


def read_order_book(folder: Path) -> OrderBook:
    """Read the files of the folder; ids stay integers, as they stand in the files."""
    orders = pd.read_csv(folder / "orders_1000.csv").rename(columns={
        "Order ID": "order", "Origin Port": "port", "Carrier": "carrier", "Service Level": "service",
        "Customer": "customer", "Product ID": "product", "Plant Code": "plant", "Unit quantity": "quantity",
        "Weight": "weight", "Maximum delivery time": "promise"})
    orders["line"] = np.arange(len(orders)) + FIRST_LINE
    plants = pd.read_csv(folder / "wh_costs.csv").merge(
        pd.read_csv(folder / "wh_capacities.csv"), left_on="WH", right_on="Plant ID", validate="1:1", how="left")
    return OrderBook(
        orders=orders,
        makes=pd.read_csv(folder / "products_per_plant.csv").set_axis(["plant", "product"], axis=1),
        serves=pd.read_csv(folder / "vmi_customers.csv").set_axis(["plant", "customer"], axis=1),
        links=pd.read_csv(folder / "plant_ports.csv").set_axis(["plant", "port"], axis=1),
        freight=pd.read_csv(folder / "freight_rates.csv").rename(columns={
            "Carrier": "carrier", "orig_port_cd": "port", "mode_dsc": "transport", "max_wgh_qty": "to_weight",
            "minm_wgh_qty": "from_weight", "svc_cd": "service", "minimum cost": "minimum_charge", "tpt_day_cnt": "days",
        }),
        plants=plants.rename(columns={"WH": "plant", "Cost/unit": "cost", "Daily Capacity": "capacity"})[
            ["plant", "cost", "capacity"]],
    )


def eligible_plants(book: OrderBook) -> pd.DataFrame:
    """Pairs of order line and plant: the plant makes the product and may serve the customer."""
    unlisted = book.plants.loc[~book.plants["plant"].isin(book.serves["plant"]), ["plant"]]
    everybody = unlisted.merge(book.orders[["customer"]].drop_duplicates(), how="cross")
    serves = pd.concat([book.serves, everybody], ignore_index=True)
    pairs = book.orders[["line", "product", "customer"]].merge(book.makes.drop_duplicates(), on="product")
    return pairs.merge(serves.drop_duplicates(), on=["plant", "customer"])[["line", "plant"]]
