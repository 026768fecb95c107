"""Rules about demand and service: tiers, promises, drop sizes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ctsopt.keys import Bools, Floats, Ints, Positions
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.schema import ALL, BY_NAME, NAMES_SEPARATOR
from ctsopt.tables.raw import number_text
from ctsopt.tables.rules import Fault
from ctsopt.tables.typed import Tables

SHARES_ADD_UP_TO = 1e-6
"""How far the shares of a profile may be from 1 together."""

_SHARE_FORMS = ("share_certain", "share_expected")


def default(table: str, column: str) -> float:
    """Default of a number, by the schema."""
    value = BY_NAME[table].column(column).default
    assert isinstance(value, float)
    return value


def tier_and_class(t: Tables) -> tuple[Ints, Ints]:
    """Codes of tier and product class of each row of demand; -1 where unknown."""
    tier = np.full(len(t.axes["customer"]) + 1, -1, dtype=np.int32)
    tier[t.codes("customers", "customer")] = t.codes("customers", "tier")
    tier[-1] = -1
    of_product = np.full(len(t.axes["product"]) + 1, -1, dtype=np.int32)
    of_product[t.codes("products", "product")] = t.codes("products", "product_class")
    of_product[-1] = -1
    return tier[t.codes("demand", "customer")], of_product[t.codes("demand", "product")]


def covering(t: Tables) -> Positions:
    """Row of `promises` that holds for each tier and product class, shape (tiers, classes); -1 where there is none."""
    tier, product_class = t.codes("promises", "tier"), t.codes("promises", "product_class")
    rows = np.arange(t.count("promises"))
    found = np.full((len(t.axes["tier"]), len(t.axes["product_class"])), -1, dtype=np.int64)
    star = t.equal("promises", "product_class", ALL) & (tier >= 0)
    found[tier[star]] = rows[star][:, None]
    exact = (tier >= 0) & (product_class >= 0)
    found[tier[exact], product_class[exact]] = rows[exact]
    return found


def promise_of_demand(t: Tables) -> Positions:
    """Row of `promises` that holds for each row of demand; -1 where there is none or something is unknown."""
    tier, product_class = tier_and_class(t)
    padded = np.full((len(t.axes["tier"]) + 1, len(t.axes["product_class"]) + 1), -1, dtype=np.int64)
    padded[:-1, :-1] = covering(t)
    return padded[tier, product_class]


def promised_fraction(t: Tables) -> Floats:
    """Share of each row of demand that has to be served by itself; 1 without a promise."""
    whole = t.number("promises", "served_fraction") >= 1
    of_promise = np.where(whole, 1.0, t.number("promises", "served_fraction_each"))
    return np.append(of_promise, 1.0)[promise_of_demand(t)]


@rule()
def no_demand(t: Tables) -> Iterator[Fault]:
    """Something is demanded."""
    quantity = t.number("demand", "quantity")
    if len(quantity) and (quantity == 0).all():
        yield Fault("demand", "quantity", "every quantity is 0: the plan will do nothing", "fill in the quantities",
                    severity="warning")


@rule("demand", "customers")
def customer_without_demand(t: Tables) -> Iterator[Fault]:
    """Every customer demands something."""
    wants = np.zeros(len(t.axes["customer"]) + 1, dtype=bool)
    wants[t.codes("demand", "customer")] = True
    idle = ~wants[t.codes("customers", "customer")] & ~t.bad("customers", "customer")
    if t.count("demand"):
        yield Fault("customers", "customer", "the customer has no row in demand", "add its demand, or delete it", idle,
                    severity="warning")


@rule()
def profile_and_order_size(t: Tables) -> Iterator[Fault]:
    """Drop sizes are given once: by order_size, or by a profile."""
    both = ~t.equal("demand", "profile", "") & ~np.isnan(t.number("demand", "order_size"))
    yield Fault("demand", "order_size", "order_size and profile are both given; the profile decides",
                "leave one of them blank", both, severity="warning")


@rule()
def order_size_above_quantity(t: Tables) -> Iterator[Fault]:
    """A drop is not larger than the demand of the period."""
    quantity = t.number("demand", "quantity")
    yield Fault("demand", "order_size", "one drop is more than the demand of the whole period",
                "correct order_size, which is in units per drop, or quantity",
                (t.number("demand", "order_size") > quantity) & (quantity > 0), severity="warning")


@rule()
def profile_shares(t: Tables) -> Iterator[Fault]:
    """The shares of a profile add up to 1."""
    texts = t.texts("order_profiles", "profile")
    total = np.bincount(texts.codes, t.number("order_profiles", "share"), minlength=len(texts.labels))
    wrong = (np.abs(total - 1) > SHARES_ADD_UP_TO) & (texts.labels != "")
    rows = np.flatnonzero(texts.where(wrong))
    values = [f"{texts.labels[c]}: {number_text(round(total[c], 9))}" for c in texts.codes[rows]]
    yield Fault("order_profiles", "share", "the shares of a profile do not add up to 1",
                "correct the shares; they are shares of the drops, not of the volume", rows, values)


@rule("demand")
def unused_profile(t: Tables) -> Iterator[Fault]:
    """Every profile is used by some demand."""
    used = [*t.texts("demand", "profile").labels]
    yield Fault("order_profiles", "profile", "no demand uses the profile", "name it in demand.profile, or delete it",
                ~t.equal("order_profiles", "profile", *used, ""), severity="warning")


@rule("promises")
def shortage_cost_missing(t: Tables) -> Iterator[Fault]:
    """A tier that need not be served in full states what a unit not served costs."""
    partly = _tiers_with(t, t.number("promises", "served_fraction") < 1)
    price = t.number("tiers", "shortage_cost")
    missing = partly & np.isnan(price) & ~t.bad("tiers", "shortage_cost")
    yield Fault("tiers", "shortage_cost", "served_fraction is below 1, and no cost of a unit not served is given",
                "give a shortage_cost, or promise served_fraction 1", missing,
                t.text("tiers", "tier")[missing].tolist())
    yield Fault("tiers", "shortage_cost", "demand that is not served costs nothing: the plan will serve as little "
                "as is promised", "give a shortage_cost above 0", partly & (price == 0), severity="warning")
    yield Fault("tiers", "shortage_cost", "the cost has no effect: all demand of the tier has to be served",
                "promise a served_fraction below 1, or leave it blank", ~partly & (price > 0), severity="warning")


def _tiers_with(t: Tables, promises: Bools) -> Bools:
    """Tiers, row by row, of which one of the marked promises speaks."""
    marked = np.zeros(len(t.axes["tier"]) + 1, dtype=bool)
    marked[t.codes("promises", "tier")[promises]] = True
    marked[-1] = False
    return marked[t.codes("tiers", "tier")]


@rule()
def served_fraction_each_above(t: Tables) -> Iterator[Fault]:
    """What each customer is promised is not more than what the tier is promised as a whole."""
    each = t.number("promises", "served_fraction_each")
    yield Fault("promises", "served_fraction_each", "more than served_fraction: if each customer is served this much, "
                "so is the tier", "raise served_fraction to at least the same",
                each > t.number("promises", "served_fraction"))


@rule()
def share_without_lead_time(t: Tables) -> Iterator[Fault]:
    """A promise on the share that is on time says what on time means."""
    late = t.equal("promises", "on_time_form", *_SHARE_FORMS) & np.isposinf(t.number("promises", "lead_time"))
    yield Fault("promises", "lead_time", "a share on time is promised without a lead time",
                "give the lead_time in days, or choose each_order", late)


@rule()
def promise_without_effect(t: Tables) -> Iterator[Fault]:
    """`on_time_share` speaks of the share forms; `reliability` of a lead time that ways keep or miss."""
    timed = ~np.isposinf(t.number("promises", "lead_time"))
    given = {c: t.number("promises", c) != default("promises", c) for c in ("on_time_share", "reliability")}
    given = {c: mask & ~np.isnan(t.number("promises", c)) for c, mask in given.items()}
    yield Fault("promises", "on_time_share", "the share has no effect with on_time_form = each_order: every order has "
                "to be on time", "choose share_certain or share_expected, or leave it blank",
                given["on_time_share"] & t.equal("promises", "on_time_form", "each_order"), severity="warning")
    yield Fault("promises", "reliability", "the reliability has no effect with share_expected, or without a lead time",
                "choose another on_time_form, give a lead_time, or leave it blank",
                given["reliability"] & (t.equal("promises", "on_time_form", "share_expected") | ~timed),
                severity="warning")


@rule("modes", "tiers")
def reliability_out_of_reach(t: Tables) -> Iterator[Fault]:
    """A reliability of 1 is kept by no mode whose transit time varies; one of 0 is kept by every way."""
    reliability = t.number("promises", "reliability")
    counts = ~t.equal("promises", "on_time_form", "share_expected") & ~np.isposinf(t.number("promises", "lead_time"))
    varies = t.number("modes", "transit_cv") > 0
    if (t.number("rates", "transit_sd") > 0).any():
        varies |= True
    may = _modes_of_tiers(t)
    spread = np.append((may & varies).any(axis=1), False)[t.codes("promises", "tier")]
    yield Fault("promises", "reliability", "no way by a mode whose transit time varies is on time with certainty",
                "promise less than 1, such as 0.99", (reliability == 1) & counts & spread, severity="warning")
    yield Fault("promises", "reliability", "with reliability 0 every way counts as on time, however slow",
                "promise more than 0, such as 0.95", (reliability == 0) & counts, severity="warning")


def _modes_of_tiers(t: Tables) -> Bools:
    """Which rows of `modes` may deliver to a tier, shape (codes of tiers, rows of modes)."""
    delivers = ~t.equal("modes", "serves", "moves")
    found = np.zeros((len(t.axes["tier"]), t.count("modes")), dtype=bool)
    lists = t.texts("tiers", "modes")
    for code, label in enumerate(lists.labels):
        named = t.equal("modes", "mode", *label.split(NAMES_SEPARATOR)) if label else np.ones_like(delivers)
        tiers = t.codes("tiers", "tier")[lists.codes == code]
        found[tiers[tiers >= 0]] = named & delivers
    return found


@rule("modes", "customers")
def tier_without_mode(t: Tables) -> Iterator[Fault]:
    """Every tier with customers can be delivered to by some mode."""
    possible = np.append(_modes_of_tiers(t).any(axis=1), True)[t.codes("tiers", "tier")]
    in_use = t.equal("tiers", "tier", *t.texts("customers", "tier").labels)
    if not (t.bad("modes", "serves").any() or t.bad("tiers", "modes").any()):
        yield Fault("tiers", "modes", "none of the modes of the tier serves deliveries", "list a mode that serves "
                    "deliveries, or change modes.serves", ~possible & in_use)


@rule("customers")
def tier_without_customers(t: Tables) -> Iterator[Fault]:
    """Every tier has customers."""
    if "tiers" in t.given and not t.bad("customers", "tier").any():
        yield Fault("tiers", "tier", "no customer has this tier", "name it in customers.tier, or delete it",
                    ~t.equal("tiers", "tier", *t.texts("customers", "tier").labels, ""), severity="warning")


@rule("tiers", "products", "customers", "demand")
def slower_than_lower_tier(t: Tables) -> Iterator[Fault]:
    """For every product class, a tier of higher rank (1 = highest) is promised no less than one of lower rank."""
    cover = covering(t)
    rank = np.full(len(t.axes["tier"]), np.nan)
    codes = t.codes("tiers", "tier")
    rank[codes[codes >= 0]] = t.number("tiers", "rank")[codes >= 0]
    working = np.append(t.equal("promises", "calendar", "working"), False)[cover]
    for column, worse, message in (("lead_time", 1.0, "longer than for a tier of lower rank"),
                                   ("served_fraction", -1.0, "less than for a tier of lower rank"),
                                   ("fill_rate", -1.0, "less than for a tier of lower rank")):
        figure, compared = t.number("promises", column), ~t.bad("promises", column)
        if column == "fill_rate":  # a blank one promises nothing, unless a safety factor stands in its place
            figure, compared = np.nan_to_num(figure), compared & np.isnan(t.number("promises", "safety_factor"))
        has = np.append(compared, False)[cover]
        promised = np.where(has, np.append(figure, np.nan)[cover] * worse, np.inf)
        weak: dict[int, str] = {}
        for tier in range(len(rank)):
            # Working days and days of the calendar are not one measure.
            alike = True if column != "lead_time" else working == working[tier]
            lower = np.where((rank > rank[tier])[:, None] & alike, promised, np.inf)
            best = lower.argmin(axis=0)
            for product_class in np.flatnonzero(has[tier] & (promised[tier] > lower.min(axis=0))):
                other = best[product_class]
                weak.setdefault(int(cover[tier, product_class]), (
                    f"{t.axes['tier'].labels[tier]} {number_text(abs(promised[tier, product_class]))}, "
                    f"{t.axes['tier'].labels[other]} {number_text(abs(promised[other, product_class]))} "
                    f"({t.axes['product_class'].labels[product_class]})"))
        yield Fault("promises", column, f"{message} (rank 1 is the highest)",
                    "correct the promise, or the rank in tiers", np.array(list(weak), dtype=np.int64),
                    list(weak.values()), severity="warning")


@rule("tiers", "products", "customers", "promises", "demand")
def demand_without_promise(t: Tables) -> Iterator[Fault]:
    """Where there are promises, they cover all demand; what is not covered is served in full at any lead time."""
    tier, product_class = tier_and_class(t)
    if not t.count("promises"):
        return
    bare = (tier >= 0) & (product_class >= 0) & (promise_of_demand(t) < 0)
    pairs = np.unique(np.stack([tier[bare], product_class[bare]]), axis=1)
    values = [f"{t.axes['tier'].labels[a]}, {t.axes['product_class'].labels[b]}" for a, b in pairs.T]
    if values:
        yield Fault("promises", "tier", "customers of this tier demand this product class without a promise: it is "
                    "served in full, at any lead time", "add a promise, with product_class * for all classes",
                    values=values, severity="warning")


@rule("tiers", "products", "customers", "demand")
def unused_promise(t: Tables) -> Iterator[Fault]:
    """Every promise covers some demand."""
    used = np.zeros(t.count("promises") + 1, dtype=bool)
    used[promise_of_demand(t)] = True
    known = (t.codes("promises", "tier") >= 0) & ((t.codes("promises", "product_class") >= 0)
                                                  | t.equal("promises", "product_class", ALL))
    yield Fault("promises", "", "no demand is covered by the promise", "correct tier and product_class, or delete it",
                ~used[:-1] & known, severity="warning")
