"""Rules about cycle and safety stock: what a promise on availability needs, and what has no effect without one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.checks.service import covering, promise_of_demand
from ctsopt.networks.checks.sites import MAKERS, of_site
from ctsopt.networks.schema import BY_NAME, SETTINGS, Column
from ctsopt.networks.stock.points import planned
from ctsopt.tables.raw import number_text
from ctsopt.tables.rules import Fault
from ctsopt.tables.typed import Tables

OF_POINTS = ("review_time", "order_interval", "lot_size", "stock_sharing", "replenishment_days", "replenishment_sd",
             "replenishment_fill_rate", "nominal_volume", "stock_fixed_cost")
"""Columns of `site_products` that speak of cycle and safety stock."""

_SETTINGS_OF_STOCK = ("stock_rule", "stock_level", "pipeline_on", "lead_time_levels", "longest_wait", "review_time",
                      "order_interval", "stock_sharing", "order_crossing", "early_dispatch")

NEAR_ONE = 0.999
"""Above this fill rate, safety stock rests on the far tail of the distribution of demand."""

FEW = 12.0
"""Orders a year below which rationed stock is known to be off: demand is taken to flow, and these orders are lumps."""


def buys_stock(t: Tables) -> Bools:
    """Promises that need safety stock."""
    by_factor = t.number("promises", "safety_factor") > 0
    return (t.number("promises", "fill_rate") > 0) | (by_factor & (t.settings["stock_rule"] == "square_root"))


def stock_groups(t: Tables) -> Positions:
    """Number of the stock group of each row of `products`; a product without one is a group of its own."""
    stated, own = t.text("products", "stock_group"), t.text("products", "product")
    _, group = np.unique(np.where(stated == "", own, stated).astype(str), return_inverse=True)
    return np.asarray(group, dtype=np.int64)


def _concerned(t: Tables, table: str, rows: Bools) -> Bools:
    """Rows of `products` that a marked row of another table is about."""
    found = np.zeros(len(t.axes["product"]) + 1, dtype=bool)
    found[t.codes(table, "product")[rows]] = True
    found[-1] = False
    return found[t.codes("products", "product")]


def _in_safety_stock(t: Tables) -> Bools:
    """Rows of `products` of which safety stock is kept: those promised to customers, those kept for other sites, and
    the others of their stock groups.
    """
    promised = np.append(buys_stock(t), False)[promise_of_demand(t)] & (t.number("demand", "quantity") > 0)
    wanted = _concerned(t, "demand", promised)
    if planned(t):
        for_sites = (t.number("site_products", "replenishment_fill_rate") > 0) & stocked_here(t)
        wanted |= _concerned(t, "site_products", for_sites)
    group = stock_groups(t)
    return np.bincount(group[wanted], minlength=group.max(initial=0) + 1)[group] > 0


def _stated(t: Tables, table: str, column: Column) -> Bools:
    """Rows in which the column says something else than a blank cell would."""
    if column.kind != "number":
        return ~t.equal(table, column.name, str(column.default))
    values, usual = t.number(table, column.name), column.default
    assert isinstance(usual, float)
    return ~np.isnan(values) if np.isnan(usual) else np.asarray(values != usual) & ~np.isnan(values)


@rule("products", "customers", "tiers", "promises", "demand", "site_products")
def variance_to_mean_missing(t: Tables) -> Iterator[Fault]:
    """Where a fill rate is promised, the product or all rows of its demand say how much demand varies."""
    rows = t.number("demand", "quantity") > 0
    silent = rows & np.isnan(t.number("demand", "variance_to_mean")) & ~t.bad("demand", "variance_to_mean")
    missing = np.isnan(t.number("products", "variance_to_mean")) & ~t.bad("products", "variance_to_mean")
    missing &= _in_safety_stock(t) & _concerned(t, "demand", silent)
    size = len(t.axes["product"]) + 1
    product = t.codes("products", "product")[missing]
    without, of_all = (np.bincount(t.codes("demand", "product")[mask] % size, minlength=size)[product]
                       for mask in (silent, rows))
    names = t.text("products", "product")[missing]
    values = [f"{name}: {n:,} of {m:,} rows of its demand say nothing either"
              for name, n, m in zip(names, without, of_all, strict=True)]
    yield Fault("products", "variance_to_mean", "a fill rate needs stock of the product, and nothing says how much its "
                "demand varies", "give variance_to_mean in products, or in every row of its demand (1: orders of one "
                "unit that come at random)", missing, values)


@rule("products", "customers", "tiers", "promises", "demand", "site_products")
def promised_stock_costs_nothing(t: Tables) -> Iterator[Fault]:
    """Stock that a promise buys costs something."""
    kept, names = _in_safety_stock(t), t.text("products", "product")
    worthless = kept & (t.number("products", "unit_value") == 0)
    rate = t.number("products", "holding_rate")
    free = kept & ~worthless & (np.where(np.isnan(rate), float(t.settings["holding_rate"]), rate) == 0)
    for column, mask, mend in (("unit_value", worthless, "give products.unit_value"),
                               ("holding_rate", free, "give settings.holding_rate, or that of the product")):
        here = mask & ~t.bad("products", column)
        yield Fault("products", column, f"a fill rate needs stock of the product, which costs nothing: its {column} "
                    "is 0", mend, here, names[here].tolist(), severity="warning")


@rule()
def fill_rate_near_one(t: Tables) -> Iterator[Fault]:
    """A fill rate is not so near to 1 that the far tail of demand decides."""
    for table, column in (("promises", "fill_rate"), ("site_products", "replenishment_fill_rate")):
        yield Fault(table, column, f"a fill rate above {NEAR_ONE} rests on the far tail of demand, of which little is "
                    "known, and its stock is dear", "promise less, such as 0.99", t.number(table, column) > NEAR_ONE,
                    severity="warning")


@rule("products", "customers", "tiers", "promises", "demand", "site_products", "periods")
def few_orders_for_rationed_stock(t: Tables) -> Iterator[Fault]:
    """A class of rationed stock orders so often that its demand can be taken to flow: at least once a month."""
    promise, quantity = promise_of_demand(t), t.number("demand", "quantity")
    rate = np.append(t.number("promises", "fill_rate"), np.nan)[promise]
    group = np.append(stock_groups(t), -1)[_row_of(t, "products", "product")[t.codes("demand", "product")]]
    rows = np.flatnonzero((quantity > 0) & (rate > 0) & (group >= 0) & _rationed(t)[t.codes("demand", "product")])
    classes, of = np.unique(np.stack([group[rows].astype(float), rate[rows]]), axis=1, return_inverse=True)
    lumps = np.bincount(of, quantity[rows] * _ratio(t)[rows] / 2)             # volume x mean size of an order
    volume = np.bincount(of, quantity[rows])
    orders = 365 / t.number("periods", "days").sum() * volume * volume / np.where(lumps > 0, lumps, np.nan)
    shared = np.isin(classes[0], classes[0][1:][classes[0][1:] == classes[0][:-1]])
    few = np.flatnonzero(shared & (orders < FEW))
    _, first = np.unique(of, return_index=True)
    product = t.text("demand", "product")[rows[first]]
    values = [f"{product[c]}: {orders[c]:.1f} orders a year at {classes[1][c]:g}" for c in few]
    yield Fault("promises", "fill_rate", f"stock is rationed, and a class of it orders less than {FEW:g} times a year "
                "(an order has half of variance_to_mean on average): what the class gets may be up to a point less "
                "than is worked out", "promise such a class by hand, let it share (stock_sharing: pooled), or correct "
                "variance_to_mean", promise[rows[first[few]]], values, severity="warning")


def _rationed(t: Tables) -> Bools:
    """For each product, and none: whether tiers share its stock by levels somewhere."""
    found = np.full(len(t.axes["product"]) + 1, t.settings["stock_sharing"] == "rationed")
    found[t.codes("site_products", "product")[t.equal("site_products", "stock_sharing", "rationed")]] = True
    found[-1] = False
    return found


def _ratio(t: Tables) -> Floats:
    """Variance to mean of each row of demand: its own, else that of its product."""
    usual = np.append(t.number("products", "variance_to_mean"), np.nan)
    of_row = t.number("demand", "variance_to_mean")
    return np.where(np.isnan(of_row), usual[_row_of(t, "products", "product")[t.codes("demand", "product")]], of_row)


@rule()
def stock_column_without_effect(t: Tables) -> Iterator[Fault]:
    """How stock is kept has an effect once a promise states a fill rate."""
    if planned(t) or t.bad("promises", "fill_rate").any() or t.bad("promises", "safety_factor").any():
        return
    values = []
    for column in map(BY_NAME["site_products"].column, OF_POINTS):
        count = int(_stated(t, "site_products", column).sum())
        if count:
            values.append(f"site_products.{column.name} in {count:,} {'row' if count == 1 else 'rows'}")
    values += [f"settings.{c}" for c in _SETTINGS_OF_STOCK if t.settings[c] != SETTINGS.column(c).default]
    if values:
        yield Fault("promises", "fill_rate", "it is said how stock is kept, and no promise states a fill rate: no "
                    "cycle, safety or pipeline stock is planned", "state promises.fill_rate, or leave these blank",
                    values=values, severity="warning")


@rule()
def no_effect_under_this_rule(t: Tables) -> Iterator[Fault]:
    """Safety factors and the volumes that they are worked out at belong to `stock_rule = square_root`."""
    if t.settings["stock_rule"] == "square_root":
        return
    for table, column in (("promises", "safety_factor"), ("site_products", "nominal_volume")):
        yield Fault(table, column, "it has no effect with stock_rule = curve: the fill rate decides",
                    "set settings.stock_rule to square_root, or leave it blank", ~np.isnan(t.number(table, column)),
                    severity="warning")


@rule()
def stock_setting_not_whole(t: Tables) -> Iterator[Fault]:
    """The number of lead times and the longest wait are whole."""
    for name, what in (("lead_time_levels", "a number of lead times"), ("longest_wait", "the longest wait in days")):
        value = float(t.settings[name])
        if value != np.floor(value):
            yield Fault("settings", name, f"{what} must be whole", "write a whole number", values=[number_text(value)])


@rule()
def early_dispatch_without_effect(t: Tables) -> Iterator[Fault]:
    """That goods leave before a quoted wait is over has an effect where waits are quoted, with `stock_rule = curve`."""
    if not planned(t) or t.settings["early_dispatch"] != "yes":
        return
    if t.settings["longest_wait"] == 0:
        yield Fault("settings", "early_dispatch", "it has no effect: no wait is quoted to anybody",
                    "give settings.longest_wait, or leave it blank", values=["yes"], severity="warning")
    elif t.settings["stock_rule"] == "square_root":
        yield Fault("settings", "early_dispatch", "it has no effect: with stock_rule = square_root stock is counted as "
                    "if goods were held to their day", "set settings.stock_rule to curve, or leave it blank",
                    values=["yes"], severity="warning")


@rule("products")
def stock_group_is_product(t: Tables) -> Iterator[Fault]:
    """No stock group has the name of a product outside it: that product is a group of this name by itself."""
    names, groups = t.text("products", "product"), t.text("products", "stock_group")
    outside = names[(groups != names) & (names != "")]
    yield Fault("products", "stock_group", "a product of this name is not in the group: the two could not be told "
                "apart", "rename the group, or write it in the row of that product as well",
                np.isin(groups.astype(str), outside.astype(str)) & (groups != ""))


@rule("products", "sites", "site_products")
def stock_sharing_differs(t: Tables) -> Iterator[Fault]:
    """The products of a stock group share stock in the same way at a site."""
    site, product = t.codes("site_products", "site"), t.codes("site_products", "product")
    group = np.full(len(t.axes["product"]) + 1, -1, dtype=np.int64)
    group[t.codes("products", "product")] = stock_groups(t)
    members = np.bincount(group[group >= 0], minlength=group.max(initial=0) + 1)
    known = np.flatnonzero((site >= 0) & (product >= 0) & ~t.bad("site_products", "stock_sharing"))
    pairs, pair = np.unique(site[known].astype(np.int64) * len(members) + group[product[known]], return_inverse=True)
    usual = str(t.settings["stock_sharing"])
    sharing = t.texts("site_products", "stock_sharing")
    labels = sorted({usual, *sharing.labels})
    code = np.array([labels.index(label or usual) for label in sharing.labels])[sharing.codes][known]
    low, high = np.full(len(pairs), len(labels)), np.full(len(pairs), -1)
    kept = stocked_here(t)[known]
    np.minimum.at(low, pair[kept], code[kept])
    np.maximum.at(high, pair[kept], code[kept])
    # A dc stocks every product without a row, too, and shares it as usual.
    dc = np.append(t.equal("sites", "kind", "dc"), False)[_row_of(t, "sites", "site")[pairs // len(members)]]
    unlisted = dc & (np.bincount(pair, minlength=len(pairs)) < members[pairs % len(members)])
    low = np.where(unlisted, np.minimum(low, labels.index(usual)), low)
    high = np.where(unlisted, np.maximum(high, labels.index(usual)), high)
    wrong = known[kept & (low < high)[pair]]
    values = [f"{s}, {p}: {how or usual}" for s, p, how in zip(
        *(t.text("site_products", c)[wrong] for c in ("site", "product", "stock_sharing")), strict=True)]
    yield Fault("site_products", "stock_sharing", "products of one stock group share their stock in different ways at "
                f"the site (without a row, or blank: {usual})", "give all of them the same stock_sharing there", wrong,
                values)


def _row_of(t: Tables, table: str, kind: str) -> Positions:
    """Row of the table of each name of a kind, and of none."""
    row = np.full(len(t.axes[kind]) + 1, -1, dtype=np.int64)
    codes = t.codes(table, kind)
    row[codes[codes >= 0]] = np.flatnonzero(codes >= 0)
    return row


def stocked_here(t: Tables) -> Bools:
    """For each row of `site_products`: whether cycle and safety stock of the product can be kept at the site."""
    plants, dcs = (of_site(t, t.equal("sites", "kind", kind), "site_products").astype(bool) for kind in ("plant", "dc"))
    makes = ~(t.number("site_products", "make_capacity") <= 0)
    return t.flag("site_products", "can_stock") & (dcs | (plants & makes))


@rule("sites")
def stock_not_kept_here(t: Tables) -> Iterator[Fault]:
    """Stock is described where some is kept: not at a supplier, nor where a product is made to order or not made."""
    of_place = of_site(t, t.equal("sites", "kind", "dc", *MAKERS), "site_products").astype(bool)
    for column in OF_POINTS:
        stated = _stated(t, "site_products", BY_NAME["site_products"].column(column))
        yield Fault("site_products", column, "it has no effect: no stock of the product is planned here (a supplier, "
                    "can_stock = no, or a plant that does not make it)", "leave it blank, or correct these",
                    stated & of_place & ~stocked_here(t), severity="warning")


@rule()
def spread_without_lead_time(t: Tables) -> Iterator[Fault]:
    """The standard deviation of a lead time of replenishment is given with the lead time."""
    alone = ~np.isnan(t.number("site_products", "replenishment_sd"))
    alone &= np.isnan(t.number("site_products", "replenishment_days")) & ~t.bad("site_products", "replenishment_days")
    yield Fault("site_products", "replenishment_sd", "it is given without replenishment_days: it stands in place of "
                "the standard deviation of every way in, and their lead times stay", "give replenishment_days as well, "
                "or leave it blank", alone, severity="warning")


@rule("sites")
def no_room_for_stock(t: Tables) -> Iterator[Fault]:
    """Where stock is planned, a dc has room for some."""
    if planned(t):
        yield Fault("sites", "storage_capacity", "a fill rate is promised, and no cycle or safety stock fits into the "
                    "site: nothing can be delivered from it that takes room", "give it room, or leave it blank",
                    t.equal("sites", "kind", "dc") & (t.number("sites", "storage_capacity") == 0), severity="warning")


@rule("periods")
def stock_of_each_period(t: Tables) -> Iterator[Fault]:
    """Stock that is sized period by period costs nothing to build up or to run down."""
    if planned(t) and t.settings["stock_level"] == "each" and t.count("periods") > 1:
        yield Fault("settings", "stock_level", "stock is sized on each period by itself, as if its volume had always "
                    "been the same: more stock in the next period is not bought, less is not given back",
                    "choose average or peak, unless periods are long beside the lead times of replenishment",
                    values=["each"], severity="warning")


@rule("tiers", "products", "promises")
def safety_factor_of_better_class(t: Tables) -> Iterator[Fault]:
    """Where stock is rationed, the class with the higher fill rate has the larger safety factor."""
    rationed = t.settings["stock_sharing"] == "rationed" or t.equal("site_products", "stock_sharing", "rationed").any()
    if t.settings["stock_rule"] != "square_root" or not rationed:
        return
    cover = covering(t)
    factor, fill = t.number("promises", "safety_factor"), np.nan_to_num(t.number("promises", "fill_rate"))
    given = np.append(~np.isnan(factor), False)[cover]
    ours, its = (np.where(given, np.append(column, 0.0)[cover], -1.0) for column in (factor, fill))
    # Worst class first; of equal fill rates the larger factor is the better class.
    order = np.lexsort((ours, its), axis=0)
    ours, its, row = (np.take_along_axis(each, order, axis=0) for each in (ours, its, cover))
    below = np.maximum.accumulate(ours, axis=0)[:-1]
    at = np.nonzero(ours[1:] < below)
    rows, first = np.unique(row[1:][at], return_index=True)
    values = [f"fill rate {number_text(f)}: {number_text(k)}, a lower one: {number_text(other)}"
              for f, k, other in zip(its[1:][at][first], ours[1:][at][first], below[at][first], strict=True)]
    yield Fault("promises", "safety_factor", "a promise with a lower fill rate has the larger safety factor: where "
                "their stock is rationed, the two are one layer with that factor", "raise the safety factor, or "
                "correct fill_rate", rows, values, severity="warning")
