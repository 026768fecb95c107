"""Rules about sites: where they are, what they make, what may open and close."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctsopt.keys import Bools, Floats, Ints
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.lanes import usable_sites
from ctsopt.tables.rules import Fault
from ctsopt.tables.typed import Tables

MAKERS = ("plant", "supplier")

_MEASURES = {"kg": ("weight", "weighs nothing"), "m3": ("volume", "has no volume"),
             "pallets": ("pallet_units", "takes no pallet place")}


def of_site(t: Tables, values: Ints | Floats | Bools, table: str) -> Ints | Floats | Bools:
    """A value per row of `sites`, looked up for each row of another table by its column `site`; 0 where unknown."""
    place = np.zeros(len(t.axes["site"]) + 1, dtype=values.dtype)
    place[t.codes("sites", "site")] = values
    place[-1] = 0
    return place[t.codes(table, "site")]


@rule()
def coordinates_incomplete(t: Tables) -> Iterator[Fault]:
    """Latitude and longitude are given together."""
    for table in ("sites", "customers"):
        for missing, given in (("latitude", "longitude"), ("longitude", "latitude")):
            alone = np.isnan(t.number(table, missing)) & ~np.isnan(t.number(table, given))
            yield Fault(table, missing, f"{given} is given without {missing}", "give both, or neither",
                        alone & ~t.bad(table, missing))


@rule()
def coordinates_at_zero(t: Tables) -> Iterator[Fault]:
    """No place lies at latitude 0 and longitude 0, in the sea: zeros usually stand for unknown coordinates."""
    for table in ("sites", "customers"):
        at_zero = (t.number(table, "latitude") == 0) & (t.number(table, "longitude") == 0)
        yield Fault(table, "latitude", "latitude and longitude are both 0, a point in the sea",
                    "leave both blank where they are not known", at_zero, severity="warning")


@rule()
def yes_no_without_effect(t: Tables) -> Iterator[Fault]:
    """`may_close` speaks of open sites, `may_open` of candidates."""
    status_known = ~t.bad("sites", "status")
    yield Fault("sites", "may_close", "only a site that is open can be closed",
                "set status to open, or may_close to no",
                t.flag("sites", "may_close") & ~t.equal("sites", "status", "open") & status_known, severity="warning")
    yield Fault("sites", "may_open", "may_open = no says something about candidates only",
                "leave it blank, or set status to candidate or closed",
                ~t.flag("sites", "may_open") & ~t.equal("sites", "status", "candidate") & status_known,
                severity="warning")


@rule()
def cost_without_effect(t: Tables) -> Iterator[Fault]:
    """An opening cost is paid for candidates that may open, a closing cost for open sites that may or do close."""
    opens = t.equal("sites", "status", "candidate") & t.flag("sites", "may_open")
    closes = t.equal("sites", "status", "open") & t.flag("sites", "may_close") | t.equal("sites", "status", "closing")
    for column, paid, who in (("opening_cost", opens, "a candidate that may open"),
                              ("closing_cost", closes, "a site that is open today and may close")):
        yield Fault("sites", column, f"the cost has no effect: the site is not {who}", "correct status, may_open or "
                    "may_close, or leave the cost blank", (t.number("sites", column) > 0) & ~paid, severity="warning")


@rule("sites")
def delivers_without_effect(t: Tables) -> Iterator[Fault]:
    """`delivers` speaks of the lanes that `open_lanes` makes."""
    if t.settings["open_lanes"] == "listed":
        yield Fault("sites", "delivers", "this speaks of the lanes that settings.open_lanes makes, and it makes none",
                    "leave it blank, or set open_lanes to all or tiered", ~t.equal("sites", "delivers", ""),
                    severity="warning")
    elif not (t.equal("sites", "delivers", "yes") | t.equal("sites", "kind", "dc", "crossdock")).any() and (
            t.settings["open_lanes"] == "tiered"):
        yield Fault("settings", "open_lanes", "the lanes are tiered, and there is no dc: no lane to customers is made",
                    "write all, or let a plant deliver in sites.delivers", severity="warning")


@rule("sites")
def no_usable_site(t: Tables) -> Iterator[Fault]:
    """At least one site is open or may be opened."""
    if not usable_sites(t).any() and not t.bad("sites", "status").any():
        yield Fault("sites", "status", "no site is open or may be opened", "open a site, or let a candidate open")


@rule("sites")
def made_at_dc(t: Tables) -> Iterator[Fault]:
    """Only plants and suppliers make goods."""
    here = of_site(t, t.equal("sites", "kind", "dc", "crossdock"), "site_products").astype(bool)
    capacity = t.number("site_products", "make_capacity")
    for column, stated in (("make_cost", t.number("site_products", "make_cost") != 0),
                           ("make_days", t.number("site_products", "make_days") != 0),
                           ("make_capacity", np.isfinite(capacity) & (capacity > 0))):
        yield Fault("site_products", column, "a dc or cross-dock makes nothing", "leave it blank, or make the site a "
                    "plant or supplier in sites.kind", here & stated & ~t.bad("site_products", column))


@rule("sites")
def product_at_crossdock(t: Tables) -> Iterator[Fault]:
    """A cross-dock neither makes nor stocks anything, so a row about it has no effect."""
    here = of_site(t, t.equal("sites", "kind", "crossdock"), "site_products").astype(bool)
    yield Fault("site_products", "site", "the row has no effect: a cross-dock passes every product on",
                "delete the row, or make the site a dc", here, severity="warning")


@rule("sites", "products")
def plant_makes_nothing(t: Tables) -> Iterator[Fault]:
    """Once `site_products` has rows, a plant or supplier makes just what is listed for it."""
    if not t.count("site_products"):
        return
    made = np.zeros(len(t.axes["site"]) + 1, dtype=bool)
    made[t.codes("site_products", "site")[~(t.number("site_products", "make_capacity") <= 0)]] = True
    idle = t.equal("sites", "kind", *MAKERS) & usable_sites(t) & ~made[t.codes("sites", "site")]
    yield Fault("sites", "site", "the site makes nothing: site_products has rows, but none for it",
                "list what it makes in site_products", idle, severity="warning")


@rule("sites", "products")
def capacity_unit_without_measure(t: Tables) -> Iterator[Fault]:
    """Where a site counts in kg, m3 or pallets, every product weighs, measures or fills something."""
    counted = np.isfinite(t.number("sites", "capacity"))
    for column in ("handling_in", "handling_out"):
        counted |= t.number("sites", column) > 0
    for unit, (column, what) in _MEASURES.items():
        sites = t.text("sites", "site")[counted & t.equal("sites", "capacity_unit", unit)]
        if not len(sites):
            continue
        amount = t.number("products", column)
        nothing = np.flatnonzero(np.isinf(amount) if column == "pallet_units" else amount == 0)
        names = t.text("products", "product")[nothing].tolist()
        yield Fault("products", column, f"the product {what}, so it takes no capacity and pays no handling at "
                    f"{len(sites)} {'site' if len(sites) == 1 else 'sites'} that count in {unit}, such as {sites[0]}",
                    f"give it a {column}, or count in units there", nothing, names, severity="warning")
