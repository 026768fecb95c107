"""A small book of orders: a second schema, beside that of a network, for all that tables share."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ctsopt.tables.columns import StandIn, Table, choice, date, key, number, reference, text, yes_no
from ctsopt.tables.edits.grammar import Grammar
from ctsopt.tables.rules import Fault, Rules, unknown_references
from ctsopt.tables.schema import Schema
from ctsopt.tables.typed import Tables

ORDERS = Schema("book of orders", (
    Table("customers", "Who orders.", (
        key("customer", "Name of the customer."),
        text("region", "Region of the customer.").on("region"),
        choice("channel", "How it orders.", ("web", "phone"), "web"),
    ), optional=False, axis="customer"),
    Table("products", "What is ordered. Absent: one product `goods`.", (
        key("product", "Name of the product."),
        number("price", "Price of one unit.", "money per unit", 0.0, "per_unit"),
    ), axis="product", stand_in=StandIn("goods")),
    Table("orders", "Lines of orders.", (
        key("order", "Number of the order."),
        number("line", "Number of the line.", "lines", 1.0, low=1.0, is_key=True),
        reference("customer", "Who orders.", ("customers",)),
        reference("product", "What is ordered.", ("products",), "goods", "the only product"),
        date("ordered", "Day of the order.", required=True),
        date("wanted", "Day on which the goods are wanted.", blank="as soon as may be"),
        number("quantity", "Units ordered.", "units", None, low=1e-6),
        number("most", "Most that is taken.", "units", math.inf, blank="no limit"),
        yes_no("whole", "Sent whole or not at all.", default=False),
    ), optional=False),
), Table("settings", "Settings of the book.", (
    text("name", "Name of the book.", "orders"),
    number("grace", "Days after which an order counts as late.", "days", 0.0, high=30.0),
)), "book.yaml", axes_of_columns={"region": (("customers", "region"),)})

RULES = Rules()
GRAMMAR = Grammar(ORDERS)


@RULES.rule()
def unknown_reference(t: Tables) -> Iterator[Fault]:
    """A name that refers to a row of another table is found there."""
    return unknown_references(t)


@RULES.rule("orders")
def wanted_before_ordered(t: Tables) -> Iterator[Fault]:
    """Goods are wanted on the day of the order or later."""
    yield Fault("orders", "wanted", "the goods are wanted before they are ordered", "correct one of the two dates",
                t.days("orders", "wanted") < t.days("orders", "ordered"), severity="warning")


def frames() -> dict[str, object]:
    """Three lines of two orders, in no order."""
    return {
        "customers": pd.DataFrame({"customer": ["Bauer", "Adler"], "region": ["south", "north"]}),
        "products": pd.DataFrame({"product": ["tea", "salt"], "price": [4.5, 0.25]}),
        "orders": pd.DataFrame({
            "order": ["0012", "0011", "0011"], "line": [1, 2, 1], "customer": ["Bauer", "Adler", "Adler"],
            "product": ["tea", "salt", "tea"], "ordered": pd.to_datetime(["2027-03-02", "2027-02-28", "2027-02-28"]),
            "wanted": pd.to_datetime([None, "2027-03-05", "2027-03-01"]), "quantity": [10, 2.5, 4],
            "most": [np.nan, 3.0, np.nan], "whole": ["no", "yes", "no"]}),
        "settings": {"grace": 2},
    }
