"""The tables of a shortage: what there is, what is ordered, and by what policy it is shared."""

from __future__ import annotations

import math
from dataclasses import replace

from ctsopt.shortage.rules import EVEN
from ctsopt.tables.columns import Column, Table, choice, key, number, text, yes_no
from ctsopt.tables.schema import Schema

BLANK = math.nan


def _day(name: str, meaning: str, blank: str = "") -> Column:
    """A date (2026-11-30), or a day counted from now, which is day 0."""
    return Column(name, "text", f"{meaning} A date such as 2026-11-30, or a day counted from now (day 0).", "day",
                  default="", blank=blank)


SUPPLY = Table("supply", "What there is, or will be: one row for a product at a site from a day on.", (
    key("site", "Where it is.", default="stock", blank="the only site"),
    key("product", "What it is.", default="goods", blank="the only product"),
    key("available_on", "From when it can be sent. A date such as 2026-11-30, or a day counted from now (day 0).",
        default="0", blank="now"),
    number("quantity", "How much.", "units", None),
    choice("status", "What it is at present. What is on quality hold is not shared; what would still have to be made "
           "(capacity) can be promised, and reaches other sites by the table transfers.",
           ("on_hand", "in_transit", "planned", "capacity", "quality_hold"), "on_hand"),
    number("certainty", "How likely it is to be there on that day.", "share", 1.0, high=1.0),
), optional=False)

ORDERS = Table("orders", "Open order lines.", (
    key("order", "Name of the order."),
    key("line", "Line of the order.", default="1", blank="the only line"),
    Column("customer", "text", "Who ordered.", required=True),
    text("product", "What was ordered; blank: the only product that there is."),
    number("quantity", "How much was ordered.", "units", None),
    _day("order_date", "When it was ordered: the earlier order goes first where all else is equal.", "as the first"),
    _day("requested_date", "When it is wanted: supply that cannot be there by then is not shared.", "no limit"),
    number("confirmed_quantity", "How much of it was confirmed before.", "units", 0.0),
    number("unit_price", "Price of a unit.", "money", BLANK, blank="not known"),
    number("penalty", "What a unit short costs: the rule `value` looks at it.", "money", BLANK, blank="not known"),
    choice("complete_only", "Whether the line, or the whole order, is taken in full or not at all.",
           ("no", "line", "order"), "no"),
    number("minimum", "The least that is taken of it, if anything.", "units", 0.0),
    number("case_size", "Units in a case: whole cases are given.", "units", 1.0, low=1e-9),
    yes_no("accepts_substitute", "The customer takes a substitute.", default=False),
    choice("strategy", "win: in full, or it is reported; gain: not less than was confirmed; share: by the rule; lose: "
           "only what nobody else takes.", ("win", "gain", "share", "lose"), "share"),
    choice("status", "Only open lines get a share.", ("open", "shipped", "cancelled", "blocked"), "open"),
    text("tier", "Tier of the order, where it is not its customer's."),
    text("site", "Site that serves the order; blank: whichever may."),
    yes_no("confirmed_by_hand", "The quantity was asked about: it is not capped at what is usual.", default=False),
), optional=False)

POLICY = Table("policy", "By what rule each tier gets its share.", (
    key("tier", "Tier of the customer.", wildcard=True, default="*", blank="all tiers without a row of their own"),
    key("product_class", "Class of the product.", wildcard=True, default="*",
        blank="all classes without a row of their own"),
    number("rank", "1 is served first.", "rank", 1.0),
    number("weight", "Weight of the tier under the rule `weighted`.", "", 1.0, low=1e-9),
    number("floor", "What every line gets at least, of what it asks.", "share", 0.0, high=1.0),
    number("cap", "What a line gets at most, of what it asks.", "share", 1.0, high=1.0),
    number("protected", "What is kept for this tier from those below it, under the rule `protected`.", "units", 0.0),
    choice("rule_inside", "Rule inside the rank, under the rule `priority`.", tuple(EVEN), "",
           "what is named with the rule"),
))

ELIGIBLE = Table("eligible", "Which site may serve whom. Without the table every site serves everybody.", (
    key("site", "Site."),
    key("customer", "Customer.", wildcard=True, default="*", blank="all"),
    key("product", "Product.", wildcard=True, default="*", blank="all"),
    number("days", "Days from leaving to arriving.", "days", 0.0),
    number("cost", "Cost of sending a unit.", "money", 0.0),
))

HISTORY = Table("history", "What customers usually take: a basis of shares that no order of a crisis can blow up.", (
    key("customer", "Customer."),
    key("product", "Product.", default="goods", blank="the only product"),
    number("consumption", "What it usually takes, in the time that the orders are for.", "units", BLANK,
           blank="not known"),
    number("contracted", "What was agreed with it, in the same time.", "units", BLANK, blank="not known"),
))

CUSTOMERS = Table("customers", "Tier of each customer.", (
    key("customer", "Customer."), text("tier", "Its tier.")))

PRODUCTS = Table("products", "Class of each product.", (
    key("product", "Product."), text("product_class", "Its class.", "all")))

SCHEMA = Schema("shortage", (SUPPLY, ORDERS, POLICY, ELIGIBLE, HISTORY, CUSTOMERS, PRODUCTS))
"""What an allocation is made from."""

SUBSTITUTES = Table("substitutes", "What may take the place of a product.", (
    key("product", "Product that is short."),
    key("substitute", "Product that takes its place."),
    number("ratio", "Units of the substitute for a unit of the product.", "units", 1.0, low=1e-9),
    number("cost", "What it costs more to send the substitute, for a unit of the product.", "money", 0.0),
    yes_no("needs_consent", "The customer is asked first.", default=True),
))

TRANSFERS = Table("transfers", "Ways by which stock can be moved between sites in time.", (
    key("origin", "Site that gives."),
    key("destination", "Site that gets."),
    number("days", "Days that it takes.", "days", 0.0),
    number("cost_per_unit", "Cost of moving a unit.", "money", 0.0),
    number("fixed_cost", "Cost of moving anything at all.", "money", 0.0),
    number("minimum", "The least that is moved, if anything.", "units", 0.0),
))

QUOTAS = Table("quotas", "What part of each receipt is held for which tier. What no tier holds is open to all.", (
    key("site", "Site.", wildcard=True, default="*", blank="all sites without a row of their own"),
    key("product", "Product.", wildcard=True, default="*", blank="all products without a row of their own"),
    key("status", "Status of the receipt.", wildcard=True, default="*", blank="every status without a row of its own"),
    key("tier", "Tier that it is held for."),
    number("share", "Part of each receipt.", "share", None, high=1.0),
    number("protected", "Part of that which no other tier may take, under the consumption `protected`.", "share", 0.0,
           high=1.0),
))

RESOURCES = Table("resources", "Hours of machines or people that several products share.", (
    key("site", "Site.", default="site", blank="the only site"),
    key("resource", "Name of the resource."),
    number("hours", "Hours that it has.", "hours", None),
    number("overtime_hours", "Hours that it can have beyond that.", "hours", 0.0),
    number("overtime_cost", "What an hour of overtime costs.", "money", 0.0),
))

RESOURCE_USE = Table("resource_use", "Hours that a unit of a product takes.", (
    key("site", "Site.", default="site", blank="the only site"),
    key("resource", "Resource."),
    key("product", "Product."),
    number("hours", "Hours for a unit.", "hours", None, low=1e-9),
    number("changeover_hours", "Hours before the first unit.", "hours", 0.0),
))

_BOOK = (QUOTAS, POLICY, ELIGIBLE, CUSTOMERS, PRODUCTS, TRANSFERS)

PROMISING = Schema("promising", (SUPPLY, *_BOOK, replace(ORDERS, optional=True)))
"""What a book of promises is opened with; the orders may lie in the same folder."""

REQUESTS = Schema("requests", (ORDERS, *_BOOK, replace(SUPPLY, optional=True)))
"""What is asked of a book of promises; the tables that it was opened with may lie in the same folder."""
