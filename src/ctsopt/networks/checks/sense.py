"""Rules about what can hardly be meant: it has a meaning, and nobody would want it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctsopt.networks.checks.registry import rule
from ctsopt.networks.schema import BY_NAME, TABLES, YEAR
from ctsopt.tables.rules import Fault
from ctsopt.tables.typed import Tables

LONG_LOT = 100.0
"""Years for which one replenishment order lasts, above which a lot size is worth a look."""

ENDLESS_LOT = 10_000.0
"""Years for which one replenishment order lasts, above which a lot size is none."""

FEW = 8
"""Names that a message lists."""


@rule("periods", "products", "demand", "site_products")
def lot_lasts_for_ages(t: Tables) -> Iterator[Fault]:
    """One replenishment order does not last for a hundred years of all demand for the product."""
    product = t.codes("demand", "product")
    known = product >= 0
    units = np.bincount(product[known], np.nan_to_num(t.number("demand", "quantity"))[known],
                        minlength=len(t.axes["product"]))
    years = t.number("periods", "days").sum() / YEAR
    at = t.codes("site_products", "product")
    yearly = np.where(at >= 0, units[at], 0.0) / years if years > 0 else np.zeros(len(at))
    lot = t.number("site_products", "lot_size")
    lasts = np.divide(lot, yearly, out=np.zeros(len(lot)), where=yearly > 0)
    words = "one order of this size covers all demand for the product for more than {:,.0f} years"
    mend = "state the least quantity of one order, in units of the product"
    yield Fault("site_products", "lot_size", words.format(ENDLESS_LOT), mend, lasts > ENDLESS_LOT)
    yield Fault("site_products", "lot_size", words.format(LONG_LOT), mend, (lasts > LONG_LOT) & (lasts <= ENDLESS_LOT),
                severity="warning")


@rule()
def beyond_anything_real(t: Tables) -> Iterator[Fault]:
    """No weight, volume or distance is beyond anything that is sold or travelled."""
    for table in TABLES:
        for column in table.columns:
            if column.most < np.inf:
                yield Fault(table.name, column.name, f"more than {column.most:,.0f} {column.unit} is beyond anything "
                            f"real: {column.meaning}", "correct the number, or its unit",
                            t.number(table.name, column.name) > column.most)


@rule("promises", "tiers", "customers")
def tiers_without_promises(t: Tables) -> Iterator[Fault]:
    """Where tiers are named, something is promised to one of them."""
    default = BY_NAME["customers"].column("tier").default
    named = [name for name in dict.fromkeys([*t.texts("tiers", "tier").labels, *t.texts("customers", "tier").labels])
             if name and name != default]
    if named and not t.count("promises"):
        shown = ", ".join(named[:FEW]) + (f" and {len(named) - FEW} more" if len(named) > FEW else "")
        yield Fault("promises", "", f"nothing is promised to the tiers {shown}: they are served at the least cost, at "
                    "whatever lead time", "add the table promises, or leave the tiers out", severity="warning")
