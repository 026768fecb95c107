"""The tables of an order book: lines, shipments, returns, who orders, what is ordered, units, currencies, aliases."""

from __future__ import annotations

import math

from ctsopt.tables.columns import Column, Table, choice, date, key, number, text, yes_no
from ctsopt.tables.schema import Schema

BLANK = math.nan
STATES = ("open", "shipped", "cancelled", "blocked")
COMPLETE = ("no", "line", "order")
STRATEGIES = ("win", "gain", "share", "lose")


def _blank(name: str, meaning: str, unit: str, *, low: float = 0.0, high: float = math.inf) -> Column:
    """A number that stays blank where it is not known: what needs it is blank then, never 0."""
    return number(name, meaning, unit, BLANK, low=low, high=high, blank="not known")


ORDER_LINES = Table("order_lines", "Lines of orders.", (
    key("order", "Number of the order."),
    key("line", "Line of the order.", default="", blank="counted from 1 within the order"),
    text("customer", "Who ordered; blank: not known, and the line counts for its product alone."),
    Column("product", "text", "What was ordered.", required=True),
    date("order_date", "When it was ordered.", required=True),
    date("requested_date", "When it is wanted.", blank="not known: demand falls on the order date"),
    number("quantity", "How much was ordered, in `unit`; below 0: sent back.", "units", None, low=-math.inf),
    _blank("unit_price", "Price of one `unit`.", "money", low=-math.inf),
    _blank("amount", "What the line comes to before the discount; where there is no unit_price, the price is amount "
           "over quantity.", "money", low=-math.inf),
    number("discount", "What is taken off the whole line.", "money", 0.0, low=-math.inf),
    _blank("unit_cost", "Cost of one `unit`.", "money", low=-math.inf),
    text("currency", "Currency of the money in the row; blank: that of the book."),
    text("channel", "How it was ordered."),
    text("requested_service", "Service that was asked for."),
    text("system", "System that wrote the row; its names are looked up in the table aliases."),
    text("ship_to", "Where it goes; blank: the customer."),
    text("unit", "Unit of measure of the quantity; blank: that of the product."),
    choice("status", "State of the line.", STATES, "shipped"),
    date("confirmed_date", "When it was confirmed for.", blank="not known"),
    _blank("confirmed_quantity", "How much of it was confirmed.", "units"),
    _blank("penalty", "What a unit short costs.", "money"),
    choice("complete_only", "Whether the line, or the whole order, is taken in full or not at all.", COMPLETE, "no"),
    number("minimum", "The least that is taken of it, if anything.", "units", 0.0),
    number("case_size", "Units in a case: whole cases are given.", "units", 1.0, low=1e-9),
    yes_no("accepts_substitute", "The customer takes a substitute.", default=False),
    choice("strategy", "What it may lose when goods are short.", STRATEGIES, "share"),
), optional=False)

SHIPMENTS = Table("shipments", "What left for which line, and when it arrived.", (
    key("order", "Order."),
    key("line", "Line of the order."),
    key("shipment", "Number of the shipment.", default="1", blank="the only one"),
    date("ship_date", "When it left.", required=True),
    date("delivery_date", "When it arrived.", blank="not known"),
    number("quantity", "How much left, in the unit of its line.", "units", None),
    text("mode", "How it went."),
    text("site", "From where."),
    yes_no("expedited", "It went by a faster way than usual.", default=False),
    _blank("freight_cost", "What its transport cost.", "money"),
))

RETURNS = Table("returns", "What was sent back.", (
    key("return", "Number of the return."),
    text("order", "Order that it belongs to, where it is known."),
    text("line", "Line that it belongs to, where it is known."),
    Column("customer", "text", "Who sent it back.", required=True),
    Column("product", "text", "What was sent back.", required=True),
    date("date", "When.", required=True),
    number("quantity", "How much.", "units", None, low=1e-9),
    text("reason", "Why."),
    _blank("credit", "What was paid back; blank: the price of the sale that it is matched to.", "money"),
    text("system", "System that wrote the row."),
))

CUSTOMER_MASTER = Table("customer_master", "Customers.", (
    key("customer", "Customer."),
    text("name", "Its name."), text("group", "Group that it belongs to."), text("region", "Region."),
    text("channel", "Channel."), text("industry", "Industry."), text("size", "Class of size."),
    text("country", "Country."),
    _blank("payment_days", "Days until it pays.", "days"),
    date("contract_start", "First day of its contract.", blank="none"),
    date("contract_end", "Last day of its contract.", blank="none"),
    _blank("strategic", "Strategic weight, 0 to 5.", "", high=5.0),
    _blank("stock_out_sensitivity", "How much a stock-out hurts, 0 to 5.", "", high=5.0),
    text("tier", "Its tier today."),
    date("active_from", "First day on which it could order.", blank="the day of its first order"),
))

SHIP_TOS = Table("ship_tos", "Places that goods go to.", (
    key("ship_to", "Place."),
    Column("customer", "text", "Whose it is.", required=True),
    text("postcode", "Postcode."), text("city", "City."), text("country", "Country."),
    _blank("latitude", "Latitude.", "degrees", low=-90.0, high=90.0),
    _blank("longitude", "Longitude.", "degrees", low=-180.0, high=180.0),
    text("zone", "Zone of tariffs."),
))

PRODUCT_MASTER = Table("product_master", "Products.", (
    key("product", "Product."),
    text("product_class", "Its class."),
    text("unit", "Unit in which it is counted; blank: whatever a line without a unit means."),
    _blank("unit_cost", "Cost of one unit.", "money"),
    _blank("unit_value", "Value of one unit in stock.", "money"),
    _blank("weight", "Weight of one unit.", "kg"),
    _blank("volume", "Volume of one unit.", "m3"),
    yes_no("brand_protecting", "Being short of it hurts the brand.", default=False),
    text("substitute_group", "Products of one group stand in for each other."),
    date("obsolete_from", "When it is given up.", blank="never"),
))

UNITS = Table("units", "How many units of a product one unit of measure is.", (
    key("product", "Product.", wildcard=True, default="*", blank="all products without a row of their own"),
    key("unit", "Unit of measure, as lines name it."),
    number("factor", "Units of the product in one of it.", "units", None, low=1e-9),
))

CURRENCIES = Table("currencies", "What one unit of a currency is in the currency of the book.", (
    key("currency", "Currency, as lines name it."),
    number("rate", "Money of the book for one of it.", "money", None, low=1e-9),
))

ALIASES = Table("aliases", "Names that systems have for one customer or product.", (
    key("system", "System that uses the name.", wildcard=True, default="*", blank="every system"),
    Column("kind", "choice", "What it names.", required=True, choices=("customer", "product"), is_key=True),
    key("name", "The name."),
    Column("is", "text", "The identity that is meant.", required=True),
    _blank("confidence", "How sure that is.", "share", high=1.0),
    text("decided_by", "Who decided it."),
    date("decided_on", "When.", blank="not known"),
))

SCHEMA = Schema("book of orders", (ORDER_LINES, SHIPMENTS, RETURNS, CUSTOMER_MASTER, SHIP_TOS, PRODUCT_MASTER, UNITS,
                                   CURRENCIES, ALIASES))
"""What is known of orders. Everything but the lines is optional."""
