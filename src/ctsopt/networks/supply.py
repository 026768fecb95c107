"""What every site makes, handles and counts, product by product: small dense tables that the ways are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctsopt.keys import Axis, Bools, Floats, Ints, Keys
from ctsopt.networks.lanes import usable_sites
from ctsopt.tables.typed import Tables

CAPACITY_UNITS = ("units", "kg", "m3", "pallets")
"""Units in which a site's capacity and handling are counted, in the order of their codes."""


@dataclass(frozen=True, eq=False)
class Supply:
    """Sites x products.

    Attributes
    ----------
    makes, handles : bool arrays, shape (sites, products)
        Where a product is made; where it is a stocking point (or made to order).
    make_cost, make_capacity, make_days : float arrays, shape (sites, products)
        Money per unit, units per year, days.
    to_order : bool array, shape (sites, products)
        Made to order: make_days are part of the lead time.
    carries : bool array, shape (sites, products)
        Where stock may be carried from one period to the next.
    opening : float array, shape (sites, products)
        Units in stock when the first period begins.
    ending : object array of str, shape (sites, products)
        What is asked of the stock when the last period ends.
    crossdock : bool array, shape (sites,)
    processing : float array, shape (sites,)
        Days from order to dispatch; at a cross-dock, from arrival to dispatch.
    unit : int array, shape (sites,)
        Code of the site's capacity unit.
    factor : float array, shape (capacity units, products)
        Capacity units that one unit of a product takes.
    """

    makes: Bools
    handles: Bools
    make_cost: Floats
    make_capacity: Floats
    make_days: Floats
    to_order: Bools
    carries: Bools
    opening: Floats
    ending: npt.NDArray[np.object_]
    crossdock: Bools
    processing: Floats
    unit: Ints
    factor: Floats

    def load(self, site: Ints, product: Ints) -> Floats:
        """Capacity units of `site` that one unit of `product` takes; 0 for a blank site."""
        return np.asarray(np.where(site >= 0, self.factor[self.unit[site], product], 0.0))

    def made(self, axes: Mapping[str, Axis]) -> Keys:
        """What may be made: site, product, period."""
        site, product = np.nonzero(self.makes)
        periods = len(axes["period"])
        return Keys.make(axes, site=np.repeat(site, periods), product=np.repeat(product, periods),
                         period=np.tile(np.arange(periods), len(site)))


def supply(t: Tables) -> Supply:
    """Who makes and stocks what (see the page "How tables become a plan")."""
    sites, products, listed = t.frames["sites"], t.frames["products"], t.frames["site_products"]
    shape = (len(sites), len(products))
    kind = sites["kind"].to_numpy(dtype=object)
    maker = np.isin(kind, ["plant", "supplier"])
    cost, days, stock, opening = np.zeros(shape), np.zeros(shape), np.ones(shape, dtype=bool), np.zeros(shape)
    ending = np.full(shape, "same", dtype=object)
    capacity = np.zeros(shape) if len(listed) else np.full(shape, np.inf)
    at = t.axes["site"].codes(listed["site"]), t.axes["product"].codes(listed["product"])
    for table, column in ((cost, "make_cost"), (days, "make_days"), (capacity, "make_capacity"),
                          (opening, "opening_stock")):
        table[at] = listed[column].to_numpy(dtype=float)
    stock[at] = listed["can_stock"].to_numpy(dtype=bool)
    ending[at] = listed["ending"].to_numpy(dtype=object)
    usable = usable_sites(t)[:, None]
    makes = maker[:, None] & (capacity > 0) & usable
    handles = makes | ((kind == "dc")[:, None] & stock & usable)
    pallets = 1.0 / products["pallet_units"].to_numpy(dtype=float)
    factor = np.stack([np.ones(len(products)), products["weight"].to_numpy(dtype=float),
                       products["volume"].to_numpy(dtype=float), pallets])
    units = sites["capacity_unit"].map({name: code for code, name in enumerate(CAPACITY_UNITS)})
    roomy = sites["storage_capacity"].to_numpy(dtype=float) > 0
    carries = handles & stock & roomy[:, None]
    return Supply(makes, handles, cost, capacity, days, makes & ~stock, carries, opening, ending, kind == "crossdock",
                  _processing(t, kind == "crossdock"), units.to_numpy().astype(np.int32), factor)


def _processing(t: Tables, crossdock: Bools) -> Floats:
    """Processing time of each site: its own, else that of the settings, else none at a cross-dock."""
    stated = t.frames["sites"]["processing_time"].to_numpy(dtype=float)
    return np.where(np.isnan(stated), np.where(crossdock, 0.0, float(t.settings["processing_time"])), stated)


def holding_cost(t: Tables) -> Floats:
    """What it costs to hold one unit of each product for a year."""
    stated = t.column("products", "holding_rate")
    rate = np.where(np.isnan(stated), float(t.settings["holding_rate"]), stated)
    return np.asarray(t.column("products", "unit_value") * rate)
