"""Rules about what can be made and kept in stock: enough of it, and where it may lie."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctsopt.keys import Bools, Floats
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.checks.service import promised_fraction
from ctsopt.networks.checks.sites import MAKERS, of_site
from ctsopt.networks.lanes import usable_sites
from ctsopt.networks.schema import YEAR
from ctsopt.tables.raw import number_text
from ctsopt.tables.rules import Fault
from ctsopt.tables.typed import Tables


@rule("sites", "products", "periods", "customers", "tiers", "promises", "site_products")
def demand_above_supply(t: Tables) -> Iterator[Fault]:
    """Plants and suppliers that may be used can make what is demanded of every product, in every period.

    Of a product that can be stocked, they can make it by then, or it is there when the first period begins.
    """
    columns = (("sites", "kind"), ("sites", "status"), ("site_products", "make_capacity"), ("periods", "days"),
               ("site_products", "opening_stock"))
    if any(t.bad(*column).any() for column in columns):
        return
    shape = (len(t.axes["product"]), len(t.axes["period"]))
    if not all(shape):
        return
    total, forced = _demanded(t, shape)
    days = np.zeros(shape[1])
    days[t.codes("periods", "period")] = t.number("periods", "days")
    made = _make_capacity(t)[:, None] * np.where(days > 0, days, np.inf) / YEAR
    kept = kept_products(t)[:, None]
    total, forced, made = (np.where(kept, each.cumsum(axis=1), each) for each in (total, forced, made))
    made = made + np.where(kept, _opening_stock(t)[:, None], 0.0)
    most = made * (1 + 1e-9)
    for severity, here in (("error", forced > most), ("warning", (total > most) & (forced <= most))):
        p, s = np.nonzero(here)
        values = [f"{t.axes['product'].labels[i]} {'by the end of' if kept[i, 0] and shape[1] > 1 else 'in'} "
                  f"{t.axes['period'].labels[j]}: {number_text(round(total[i, j], 6))} demanded, "
                  f"{number_text(round(made[i, j], 6))} can be made"
                  for i, j in zip(p, s, strict=True)]
        if values:
            yield Fault("demand", "quantity", "more is demanded than can be made"
                        + (", and it is promised in full" if severity == "error" else ""),
                        "raise make_capacity in site_products, add a plant or supplier, or promise less",
                        values=values, severity="error" if severity == "error" else "warning")


def _demanded(t: Tables, shape: tuple[int, int]) -> tuple[Floats, Floats]:
    """Units of each product and period: all of them, and those that are promised in full."""
    product, period = t.codes("demand", "product"), t.codes("demand", "period")
    known = (product >= 0) & (period >= 0)
    at = product[known].astype(np.int64) * shape[1] + period[known]
    quantity = np.nan_to_num(t.number("demand", "quantity"))[known]
    of_all, in_full = (np.bincount(at, weights, minlength=shape[0] * shape[1]).astype(np.float64).reshape(shape)
                       for weights in (quantity, quantity * (promised_fraction(t)[known] >= 1)))
    return of_all, in_full


def _make_capacity(t: Tables) -> Floats:
    """Units of each product that can be made in a year at all sites that may be used."""
    makers = t.equal("sites", "kind", *MAKERS) & usable_sites(t)
    if not t.count("site_products"):
        return np.full(len(t.axes["product"]), np.inf if makers.any() else 0.0)
    here = of_site(t, makers, "site_products").astype(bool) & (t.codes("site_products", "product") >= 0)
    capacity = np.zeros(len(t.axes["product"]))
    np.add.at(capacity, t.codes("site_products", "product")[here], t.number("site_products", "make_capacity")[here])
    return capacity


@rule("sites", "products")
def opening_stock_nowhere(t: Tables) -> Iterator[Fault]:
    """Opening stock lies where the product may be stocked, at a site that is open today."""
    some = t.number("site_products", "opening_stock") > 0
    today = of_site(t, t.equal("sites", "status", "open"), "site_products").astype(bool)
    known = t.codes("site_products", "site") >= 0
    for wrong, why, mend in (
            (~today, "the site is not open today, so that nothing can be in stock there",
             "correct sites.status, or leave opening_stock blank"),
            (today & ~keeps_stock(t), "no stock of the product can be kept there (a cross-dock, can_stock = no, a "
             "storage_capacity of 0, or a plant that does not make it)",
             "correct these, or leave opening_stock blank")):
        yield Fault("site_products", "opening_stock", why, mend, some & wrong & known)


@rule("sites", "products")
def opening_stock_above_storage(t: Tables) -> Iterator[Fault]:
    """Opening stock fits into the storage of its site."""
    room = {"kg": t.number("products", "weight"), "m3": t.number("products", "volume"),
            "pallets": 1.0 / t.number("products", "pallet_units"), "units": np.ones(t.count("products"))}
    here, product = t.codes("site_products", "site"), t.codes("site_products", "product")
    stock = t.number("site_products", "opening_stock")
    known = (here >= 0) & (product >= 0) & (stock > 0)
    filled = np.zeros(len(t.axes["site"]) + 1)
    for unit, taken in room.items():
        of_product = np.zeros(len(t.axes["product"]) + 1)
        of_product[t.codes("products", "product")] = taken
        mine = known & of_site(t, t.equal("sites", "capacity_unit", unit), "site_products").astype(bool)
        np.add.at(filled, here[mine], stock[mine] * of_product[product[mine]])
    capacity = t.number("sites", "storage_capacity")
    over = filled[t.codes("sites", "site")] > capacity * (1 + 1e-9)
    yield Fault("sites", "storage_capacity", "the opening stock of site_products takes more room than there is",
                "raise storage_capacity, or lower opening_stock", over & (capacity > 0))


@rule("products")
def stock_without_value(t: Tables) -> Iterator[Fault]:
    """Stock that is paid for at its value has one."""
    worthless = np.zeros(len(t.axes["product"]) + 1, dtype=bool)
    worthless[t.codes("products", "product")[t.number("products", "unit_value") == 0]] = True
    worthless[-1] = False
    paid = t.equal("site_products", "ending", "value") & (t.number("site_products", "opening_stock") > 0)
    yield Fault("site_products", "ending", "stock is to be paid for at its value, and the product has no unit_value",
                "give products.unit_value, or set ending to free",
                paid & worthless[t.codes("site_products", "product")])


@rule()
def ending_without_opening(t: Tables) -> Iterator[Fault]:
    """What is asked of the stock at the end speaks of stock that was there at the beginning."""
    yield Fault("site_products", "ending", "it has no effect: there is no opening stock",
                "give opening_stock, or leave ending blank",
                t.equal("site_products", "ending", "free", "value") & ~(t.number("site_products", "opening_stock") > 0)
                & ~t.bad("site_products", "opening_stock"), severity="warning")


@rule("products", "sites", "site_products")
def stock_costs_nothing(t: Tables) -> Iterator[Fault]:
    """Stock that is carried from period to period costs something."""
    rate = t.number("products", "holding_rate")
    rate = np.where(np.isnan(rate), float(t.settings["holding_rate"]), rate)
    free = t.number("products", "unit_value") * rate == 0
    if t.count("periods") > 1 and len(free) and free.all() and kept_products(t).any():
        yield Fault("products", "unit_value", "stock is carried from one period to the next for nothing: no product "
                    "has a unit_value with a holding_rate",
                    "give unit_value and settings.holding_rate; where no stock may be carried, set "
                    "sites.storage_capacity to 0", severity="warning")


def keeps_stock(t: Tables) -> Bools:
    """For each row of `site_products`: whether stock of the product can be carried at the site."""
    keeps = of_site(t, _storing_sites(t), "site_products").astype(bool) & t.flag("site_products", "can_stock")
    maker = of_site(t, t.equal("sites", "kind", *MAKERS), "site_products").astype(bool)
    return keeps & ~(maker & (t.number("site_products", "make_capacity") <= 0))


def kept_products(t: Tables) -> Bools:
    """Products of which stock can be carried somewhere from one period to the next."""
    stores = _storing_sites(t)
    dcs = stores & t.equal("sites", "kind", "dc")
    if not t.count("site_products"):
        return np.full(len(t.axes["product"]), bool(stores.any()))
    # A dc keeps every product that it does not list with can_stock = no.
    product, known = t.codes("site_products", "product"), t.codes("site_products", "product") >= 0
    refused = of_site(t, dcs, "site_products").astype(bool) & ~t.flag("site_products", "can_stock") & known
    kept = np.bincount(product[refused], minlength=len(t.axes["product"])) < dcs.sum()
    kept[product[keeps_stock(t) & known]] = True
    return np.asarray(kept)


def _storing_sites(t: Tables) -> Bools:
    return usable_sites(t) & ~t.equal("sites", "kind", "crossdock") & ~(t.number("sites", "storage_capacity") <= 0)


def _opening_stock(t: Tables) -> Floats:
    """Units of each product in stock when the first period begins."""
    stock = np.zeros(len(t.axes["product"]))
    here = (t.codes("site_products", "product") >= 0) & keeps_stock(t)
    np.add.at(stock, t.codes("site_products", "product")[here],
              np.nan_to_num(t.number("site_products", "opening_stock"))[here])
    return stock
