"""Ends of lanes that are customers, told apart from sites of the same name.

Where a site and a customer bear one name, it means the site as the end of a lane, and `customer:NAME` means the
customer, in the tables and in every result that lists ends. Elsewhere a customer keeps its plain name.
"""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np

from ctsopt.tables.raw import Texts
from ctsopt.tables.schema import TypedColumns

PREFIX = "customer:"
TABLES_WITH_ENDS = ("lanes", "rates", "contracts")
"""Tables whose column `destination` may name a customer."""


def end_names(customers: Iterable[str], sites: Container[str]) -> list[str]:
    """How each customer is named as the end of a lane."""
    return [PREFIX + name if name in sites else name for name in customers]


def in_short(destinations: Texts, customers: Container[str], sites: Container[str]) -> Texts:
    """Without the prefix where it is not needed, so that a customer has one name in a table."""
    def short(label: str) -> str:
        name = label.removeprefix(PREFIX)
        return name if label.startswith(PREFIX) and name in customers and name not in sites else label

    labels = destinations.labels.tolist()
    shorter = [short(label) for label in labels]
    return destinations if shorter == labels else Texts.of(np.array(shorter, dtype=object)[destinations.codes])


def settle(tables: TypedColumns) -> None:
    """Customers that need no prefix as ends of lanes have none."""
    sites, customers = (set(tables[name][key].labels) for name, key in (("sites", "site"), ("customers", "customer")))
    for name in TABLES_WITH_ENDS:
        tables[name]["destination"] = in_short(tables[name]["destination"], customers, sites)
