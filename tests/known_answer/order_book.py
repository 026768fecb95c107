"""The order book as a network of ctsopt.

Rules of the order book, as found by reproducing the published number (see order_book_lp.py):

* a plant may serve an order if it lists the product (`products_per_plant`) and the customer (`vmi_customers`). All 19
  plants are listed there: 16 with all 48 customers, three (2, 6, 10) with a few only. A plant that were not listed
  would serve everybody.
* the warehouse cost of an order is its quantity x the plant's cost per unit; the capacity counts orders a day.
* a plant ships over the ports that `plant_ports` links it to; an order needs a carrier there that keeps its promise.
* freight is max(minimum cost, rate x weight) in the table's weight band. An order with service level 0 has no carrier,
  and no freight table has that service: the customer collects at the port, and no freight is paid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctsopt.errors import DataError
from ctsopt.networks.schema import ALL
from tests.known_answer.converters import Tables
from tests.known_answer.order_book_faults import order_book_findings
from tests.known_answer.order_book_files import COLLECT, OrderBook, eligible_plants


def order_book_tables(book: OrderBook, *, freight: bool = True, below_lowest: str = "lowest_band",
                      capacity_share: float = 1.0) -> Tables:
    """The order book as a network of one day.

    * The capacity of a plant counts orders, its cost counts pieces. So a **product is one line of the order file and
      its unit is the order**: weight = the order's weight, make_cost = quantity x the plant's cost per piece, demand 1.
      Capacity in units is then capacity in orders, with no conversion. `site_products` lists the plants that make the
      order's product and may serve its customer.
    * A **port** is a cross-dock: it has no stock, and each freight table starts there. Plants reach their ports by the
      mode `to_port`, without cost or time. Freight tables are rates with weight breaks, a minimum charge and a transit
      time; carrier x service x mode of transport is a mode.
    * A **ship-to** is customer x promised days, so that a promise is a tier (`days_7`: 7 days). Orders that the
      customer collects are ship-tos of their own: their lanes are of mode `collect` (no cost, no time).
    * One period of one day; a daily capacity is 365 times as much a year.

    Parameters
    ----------
    book : OrderBook
        The files.
    freight : bool
        False: carriers are free, and warehouse cost alone is left. Their days still count.
    below_lowest : {"lowest_band", "next_break"}
        What an order below its table's lowest break pays (the tables start at 68 to 100 kg, 95 % of the orders are
        lighter): `lowest_band` = the lowest band is taken to start at 0 kg. `next_break` = as if it weighed the lowest
        break; every order may then be billed at a higher break, too (`modes.bill_next_break`).
    capacity_share : float
        Share of each daily capacity that can be used, rounded down to whole orders.

    Raises
    ------
    DataError
        The files have faults that leave an order without a way.
    """
    findings = order_book_findings(book)
    if findings.errors:
        raise DataError(findings)
    names = _names(book)
    modes = ["to_port", *names.freight["mode"].unique(), "collect"]
    promises = names.orders[["tier", "promise"]].drop_duplicates()
    return {
        "settings": pd.DataFrame({"setting": ["name"], "value": ["order book"]}),
        "periods": pd.DataFrame({"period": ["day"], "days": [1.0]}),
        "products": names.orders[["unit", "weight"]].rename(columns={"unit": "product"}),
        "sites": _sites(book, capacity_share),
        "site_products": _site_products(book, names.orders),
        "customers": names.orders[["ship_to", "group", "tier"]].drop_duplicates().rename(
            columns={"ship_to": "customer"}),
        "tiers": promises[["tier"]],
        "promises": promises.rename(columns={"promise": "lead_time"}),
        "demand": names.orders[["ship_to", "unit"]].set_axis(["customer", "product"], axis=1).assign(
            period="day", quantity=1.0, order_size=1.0),
        "modes": pd.DataFrame({
            "mode": modes, "serves": ["moves"] + ["deliveries"] * (len(modes) - 1),
            "bill_next_break": "yes" if below_lowest == "next_break" else "no"}),
        "lanes": _lanes(book, names),
        "rates": _rates(names.freight, freight_paid=freight, from_zero=below_lowest == "lowest_band"),
    }


@dataclass(frozen=True)
class _Named:
    """Orders and freight with the names that the network uses."""

    orders: pd.DataFrame
    freight: pd.DataFrame


def _names(book: OrderBook) -> _Named:
    orders, freight = book.orders, book.freight
    orders = orders.assign(
        unit="line_" + orders["line"].astype(str).str.zfill(4),
        tier="days_" + orders["promise"].astype(str),
        group="customer_" + orders["customer"].astype(str))
    collected = np.where(orders["service"] == COLLECT, "_collect", "")
    orders["ship_to"] = orders["group"] + "_" + orders["tier"] + collected
    freight = freight.assign(
        origin="port_" + freight["port"].astype(str),
        mode="carrier_" + freight["carrier"].astype(str) + "_service_" + freight["service"].astype(str) + "_mode_"
        + freight["transport"].astype(str))
    return _Named(orders, freight)


def _sites(book: OrderBook, capacity_share: float) -> pd.DataFrame:
    ports = np.union1d(book.links["port"], book.freight["port"])
    plants = pd.DataFrame({
        "site": "plant_" + book.plants["plant"].astype(str), "kind": "plant",
        "capacity": np.floor(book.plants["capacity"] * capacity_share) * 365.0})
    return pd.concat([plants, pd.DataFrame({"site": [f"port_{p}" for p in ports], "kind": "crossdock"})],
                     ignore_index=True)


def _site_products(book: OrderBook, orders: pd.DataFrame) -> pd.DataFrame:
    pairs = eligible_plants(book).merge(orders[["line", "unit", "quantity"]], on="line").merge(book.plants, on="plant")
    return pd.DataFrame({"site": "plant_" + pairs["plant"].astype(str), "product": pairs["unit"],
                         "make_cost": pairs["quantity"] * pairs["cost"]})


def _lanes(book: OrderBook, names: _Named) -> pd.DataFrame:
    to_port = pd.DataFrame({"origin": "plant_" + book.links["plant"].astype(str),
                            "destination": "port_" + book.links["port"].astype(str), "mode": "to_port"})
    ship_tos = names.orders[["ship_to", "service"]].drop_duplicates().rename(columns={"ship_to": "destination"})
    carried = names.freight[["origin", "mode", "service"]].drop_duplicates().merge(ship_tos, on="service")
    collected = to_port[["destination"]].drop_duplicates().rename(columns={"destination": "origin"}).merge(
        ship_tos[ship_tos["service"] == COLLECT], how="cross").assign(mode="collect")
    lanes = pd.concat([to_port, carried, collected], ignore_index=True)[["origin", "destination", "mode"]]
    return lanes.assign(distance=0.0)


def _rates(freight: pd.DataFrame, *, freight_paid: bool, from_zero: bool) -> pd.DataFrame:
    bands = freight[["origin", "mode", "from_weight", "rate", "minimum_charge", "days"]].rename(
        columns={"rate": "per_weight", "days": "transit_time"})
    if from_zero:
        lowest = bands.groupby(["origin", "mode"])["from_weight"].transform("min")
        bands["from_weight"] = bands["from_weight"].where(bands["from_weight"] > lowest, 0.0)
    if not freight_paid:
        bands[["per_weight", "minimum_charge"]] = 0.0
    free = pd.DataFrame({"origin": ALL, "mode": ["to_port", "collect"], "from_weight": 0.0, "per_weight": 0.0})
    return pd.concat([bands, free], ignore_index=True)
