"""What is wrong with, or odd about, the files of the order book: ctsopt findings, one per rule.

All 1,000 lines of `orders_1000.csv` take part in the published number, the 43 repeated ones counted again: the sample
was drawn with replacement. No fault of the files is an error: every line has a plant, a port and a carrier in time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from ctsopt.errors import Finding, Findings, Severity
from tests.known_answer.order_book_files import COLLECT, FIRST_LINE, OrderBook, eligible_plants

ODD_WEIGHT = 10.0
"""A weight per piece this many times off the median of its product is a finding."""


def order_book_findings(book: OrderBook) -> Findings:
    """Every fault of the files at once; rows are lines of the CSV file. Only rules that some row breaks are listed."""
    return Findings(f for rule in RULES for f in rule(book) if f.rows)


def _finding(rule: str, place: str, rows: pd.Series, message: str, mend: str, severity: Severity = "error",
             ) -> Finding:
    """A finding about the given values; their index is the position in the file."""
    table, _, column = place.partition(".")
    values = tuple("" if blank else str(value) for value, blank in zip(rows, rows.isna(), strict=True))
    return Finding(rule, table, column, message, mend, tuple(int(i) + FIRST_LINE for i in rows.index), values,
                   severity=severity)


def _repeated(book: OrderBook) -> Iterator[Finding]:
    """The same order again."""
    orders = book.orders
    yield _finding("repeated_order", "orders_1000.Order ID", orders.loc[orders["order"].duplicated(), "order"],
                   "the order stands in an earlier row, too",
                   "delete the row; the published number counts it again", "warning")


def _plants(book: OrderBook) -> Iterator[Finding]:
    """Plants that cannot take part, and rows about plants that do not exist."""
    plants = book.plants
    yield _finding("no_capacity", "wh_costs.WH", plants.loc[plants["capacity"].isna(), "plant"],
                   "the plant has no daily capacity", "add it to wh_capacities")
    yield _finding("makes_nothing", "wh_costs.WH", plants.loc[~plants["plant"].isin(book.makes["plant"]), "plant"],
                   "no product is listed for the plant", "list its products in products_per_plant", "warning")
    for name, table in (("products_per_plant", book.makes), ("vmi_customers", book.serves),
                        ("plant_ports", book.links)):
        yield _finding("unknown_plant", f"{name}.Plant Code",
                       table.loc[~table["plant"].isin(plants["plant"]), "plant"],
                       "the plant has no cost", "add it to wh_costs and wh_capacities")
    links = book.links
    yield _finding("port_without_freight", "plant_ports.Port",
                   links.loc[~links["port"].isin(book.freight["port"]), "port"],
                   "no freight table starts at the port", "add its freight rates, or delete the link", "warning")


def _sources(book: OrderBook) -> Iterator[Finding]:
    """Orders that no plant can take."""
    orders = book.orders
    made = orders["product"].isin(book.makes["product"])
    yield _finding("product_not_made", "orders_1000.Product ID", orders.loc[~made, "product"],
                   "no plant makes the product", "list the product for a plant in products_per_plant")
    eligible = orders["line"].isin(eligible_plants(book)["line"])
    yield _finding("no_eligible_plant", "orders_1000.Customer", orders.loc[made & ~eligible, "customer"],
                   "no plant that makes the product may serve the customer",
                   "add the customer to such a plant in vmi_customers")


def _carriers(book: OrderBook) -> Iterator[Finding]:
    """Orders without a carrier in time, and orders that the freight tables do not price."""
    orders = book.orders
    collected = orders["service"] == COLLECT
    yield _finding("no_carrier_named", "orders_1000.Carrier", orders.loc[orders["carrier"].isna(), "carrier"],
                   "the order names no carrier (its service level is 0)",
                   "taken as collected by the customer: no freight is paid", "warning")
    unpriced = ~collected & ~orders["service"].isin(book.freight["service"])
    yield _finding("service_without_freight", "orders_1000.Service Level", orders.loc[unpriced, "service"],
                   "no freight table has this service", "add freight rates for the service")
    open_tables = _open_tables(book)
    eligible = orders["line"].isin(eligible_plants(book)["line"])
    late = eligible & ~collected & ~unpriced & ~orders["line"].isin(open_tables["line"])
    yield _finding("no_carrier_in_time", "orders_1000.Maximum delivery time", orders.loc[late, "promise"],
                   "no carrier from a port of an eligible plant keeps the promise",
                   "promise more days, or add a faster carrier")
    heaviest = book.freight.groupby(["carrier", "port", "service", "transport"])["to_weight"].max().min()
    yield _finding("above_highest_break", "orders_1000.Weight", orders.loc[orders["weight"] > heaviest, "weight"],
                   f"the order is heavier than {heaviest:g} kg, where a freight table ends",
                   "split the order, or add a weight band")
    lowest = open_tables.groupby("line")["lowest"].min().reindex(orders["line"]).set_axis(orders.index)
    yield _finding("below_lowest_break", "orders_1000.Weight", orders.loc[orders["weight"] < lowest, "weight"],
                   "the order is lighter than the lowest weight break of every freight table open to it",
                   "taken into the lowest band (or billed as its break: below_lowest)", "warning")


def _open_tables(book: OrderBook) -> pd.DataFrame:
    """Pairs of order line and freight table that keep the promise, with the lowest weight of the table."""
    key = ["carrier", "port", "service", "transport"]
    tables = book.freight.groupby(key, as_index=False).agg(days=("days", "min"), lowest=("from_weight", "min"))
    reach = eligible_plants(book).merge(book.links, on="plant").merge(tables, on="port")
    reach = reach.merge(book.orders[["line", "service", "promise"]], on=["line", "service"])
    return reach[reach["days"] <= reach["promise"]]


def _record(book: OrderBook) -> Iterator[Finding]:
    """Orders whose plant or port on record breaks the rules of the other files."""
    orders = book.orders
    pairs = pd.MultiIndex.from_frame(eligible_plants(book))
    wrong = ~pd.MultiIndex.from_frame(orders[["line", "plant"]]).isin(pairs)
    yield _finding("recorded_plant", "orders_1000.Plant Code", orders.loc[wrong, "plant"],
                   "the plant on record does not make the product, or may not serve the customer",
                   "correct the record; the plan chooses the plant anew", "warning")
    links = pd.MultiIndex.from_frame(book.links[["plant", "port"]])
    wrong = ~pd.MultiIndex.from_frame(orders[["plant", "port"]]).isin(links)
    yield _finding("recorded_port", "orders_1000.Origin Port", orders.loc[wrong, "port"],
                   "the port on record is not linked to the plant on record",
                   "correct the record; the plan chooses the port anew", "warning")


def _weights(book: OrderBook) -> Iterator[Finding]:
    """Weights that do not fit the other orders of the product."""
    orders = book.orders
    per_piece = orders["weight"] / orders["quantity"]
    ratio = per_piece / per_piece.groupby(orders["product"]).transform("median")
    odd = (ratio >= ODD_WEIGHT) | (ratio <= 1 / ODD_WEIGHT)
    yield _finding("odd_weight", "orders_1000.Weight", orders.loc[odd, "weight"],
                   f"the weight per piece is {ODD_WEIGHT:g} times off the median of the product's orders, or more",
                   "check weight and quantity; taken as they stand", "warning")


RULES: tuple[Callable[[OrderBook], Iterator[Finding]], ...] = (
    _repeated, _plants, _sources, _carriers, _record, _weights)
