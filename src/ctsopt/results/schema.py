"""What stands in every table of results: unit, kind and meaning of every column, in the words of the input schema.

Workbook, report and docs take headers, formats and meanings from here. Tables of comparisons are described beside them,
in `ctsopt.comparing.schema`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["money", "units", "share", "days", "distance", "count", "number", "text", "flag"]

UNITS: Mapping[str, str] = {"money": "currency", "units": "units", "share": "share", "days": "days",
                            "distance": "distance_unit"}
"""Unit of a kind where a column has none of its own; `currency` and `distance_unit` are settings."""

ADDITIVE = ("money", "units", "count")
"""Kinds whose sum means something."""


@dataclass(frozen=True)
class Column:
    """A column of a table of results.

    Attributes
    ----------
    name : str
    kind : str
        What its values are; numbers of a kind are shown alike.
    meaning : str
    own_unit : str
        Unit, where it is not that of its kind.
    words : str
        What stands over it where people read it; blank: its name.
    """

    name: str
    kind: Kind
    meaning: str
    own_unit: str = ""
    words: str = ""

    @property
    def unit(self) -> str:
        """Its unit; blank for texts and plain numbers."""
        return self.own_unit or UNITS.get(self.kind, "")

    @property
    def header(self) -> str:
        """What stands over it, without its unit."""
        return self.words or self.name.replace("_", " ")


@dataclass(frozen=True)
class Table:
    """A table of results.

    Attributes
    ----------
    name : str
    row : str
        What it has one row for.
    columns : tuple of Column
    lines : bool
        Whether cost lines follow as columns of their own, in money.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    lines: bool = False

    def __contains__(self, name: object) -> bool:
        return any(column.name == name for column in self.columns)


def text(name: str, meaning: str, words: str = "") -> Column:
    """A column of names or words."""
    return Column(name, "text", meaning, words=words)


_PERIOD = text("period", "period")
_PRODUCT = text("product", "product")
_SITE = text("site", "site")
_TIER = text("tier", "service tier")
_CUSTOMER = text("customer", "customer")
_QUANTITY = Column("quantity", "units", "goods")

TABLES: tuple[Table, ...] = (
    Table("costs", "cost line, in P&L order", (
        text("line", "cost line"), text("behaviour", "variable, step, fixed, one_off or penalty"),
        Column("amount", "money", "what the line comes to in the plan"))),
    Table("flows", "way and period that carries goods", (
        text("kind", "move or delivery"), text("origin", "where the goods start"), text("via", "cross-dock, or blank"),
        text("destination", "where they arrive"), text("customer", "customer of a delivery"),
        text("tier", "tier of a delivery"), text("mode_in", "mode of the first leg; blank for direct ways"),
        text("mode_out", "mode of the last leg"), _PRODUCT, _PERIOD, _QUANTITY,
        Column("lead_time", "days", "mean lead time"),
        Column("on_time", "share", "probability of a lead time within the promise"),
        Column("distance", "distance", "distance of the way"), Column("co2", "number", "CO2 emitted", "kg", "CO2")),
        lines=True),
    Table("sites", "site", (
        _SITE, text("kind", "plant, supplier, dc or crossdock"), text("status", "status today"),
        Column("open", "flag", "whether the plan has it open"),
        Column("open_share", "share", "a fraction only in a linear relaxation"),
        text("decision", "stays open, opened, closed or not opened"),
        Column("throughput", "number", "what goes through it over the horizon", "capacity units"),
        Column("capacity", "number", "capacity over the horizon; that of the level, where it is the lesser",
               "capacity units"),
        Column("utilisation", "share", "throughput over capacity; blank where there is no limit"),
        text("capacity_unit", "what capacity is counted in"), text("level", "chosen level; blank where there is none"),
        Column("fixed_cost", "money", "fixed cost over the horizon, with that of the level"),
        Column("opening_cost", "money", "annuity of opening it, for the horizon"),
        Column("closing_cost", "money", "annuity of closing it, for the horizon"),
        Column("one_off_cash", "money", "what is paid once for opening or closing; in no cost"))),
    Table("production", "site, product and period that makes or buys", (
        _SITE, _PRODUCT, _PERIOD, _QUANTITY, Column("amount", "money", "cost of making or buying"),
        Column("capacity", "units", "most that can be made in the period"))),
    Table("service", "promise, and tier and class of demand without one", (
        _TIER, text("product_class", "class of products; * where they are together"),
        text("period", "period; blank: the horizon"), Column("demand", "units", "demand that it covers"),
        Column("delivered", "units", "what of it is delivered"),
        Column("served_fraction", "share", "promised share of demand"),
        Column("served_fraction_achieved", "share", "share of demand that is served"),
        Column("served_fraction_each", "share", "promised share of each customer's demand"),
        Column("served_fraction_each_achieved", "share", "share of the least served customer"),
        Column("lead_time", "days", "promised lead time"),
        Column("lead_time_achieved", "days", "mean lead time by volume"),
        text("on_time_form", "each_order, share_certain or share_expected"),
        Column("reliability", "share", "probability with which an order is on time; blank where the form has none"),
        Column("on_time_certain", "share", "share by ways that keep the lead time with the reliability"),
        Column("on_time_expected", "share", "mean probability of being on time"),
        Column("on_time_share", "share", "promised share on time; blank where the form has none"),
        Column("on_time_share_achieved", "share", "share on time, as the form counts it"),
        Column("kept", "flag", "whether the promise is kept"))),
    Table("lanes", "lane, mode, product and period with goods; ways over a cross-dock are taken apart", (
        text("origin", "where the lane begins"), text("destination", "where it ends"), text("mode", "mode"), _PRODUCT,
        _PERIOD, _QUANTITY, Column("weight", "number", "weight of the goods", "kg"))),
    Table("loads", "lane and period with loads that are paid for whole", (
        text("origin", "where the lane begins"), text("destination", "where it ends"), text("mode", "mode"), _PERIOD,
        Column("loads", "count", "loads that are paid for"), Column("cost", "money", "what they cost"))),
    Table("carried", "site, product and period with stock carried over its beginning or end", (
        _SITE, _PRODUCT, _PERIOD, Column("opening", "units", "stock when the period begins"),
        Column("closing", "units", "stock when it ends"), Column("cost", "money", "of holding the mean of both"),
        Column("used_up", "money", "opening stock that is used up and paid for, in the last period"))),
    Table("limits", "limit with a fixed figure: capacities, contracts, caps, storage, budget, rules of your own", (
        text("limit", "family of rows"), text("key", "whose limit it is"),
        text("of", "goods that a contract on flows counts: made, delivered, received or moved; blank for other limits"),
        Column("used", "number", "what the plan uses, in the unit of the rows; of a share of a contract, the share"),
        Column("least", "number", "least that is asked for; minus infinity where nothing is"),
        Column("most", "number", "most that is allowed; infinity where there is no limit"))),
    Table("stock", "site, product and service class with stock, where stock is planned", (
        _SITE, _PRODUCT, text("service_class", "class of tiers with one fill rate; blank for goods on the way that no "
                              "stock is sized on"),
        Column("fill_rate", "share", "promised fill rate of the class"),
        text("tiers", "tiers that are served from it; other sites"), text("sharing", "pooled, separate or rationed"),
        Column("lead_time", "days", "of replenishment, in the configuration that the plan has chosen"),
        Column("lead_time_sd", "days", "its standard deviation"), Column("wait", "days", "quoted to customers"),
        Column("volume", "number", "what goes out", "units a day"),
        Column("cycle", "units", "cycle stock, mean over the horizon"),
        Column("safety", "units", "safety stock, mean over the horizon"),
        Column("pipeline", "units", "on the way in, or out where that is ours"),
        Column("value", "money", "unit value of the three"), Column("cost", "money", "sum of the cost lines of stock"),
        Column("days_of_supply", "days", "cycle and safety stock over what goes out"),
        Column("turns", "number", "what goes out in a year over cycle and safety stock", "a year"),
        Column("reserve", "units", "units on hand that are kept for better classes, where stock is rationed"),
        Column("fill_rate_given", "share", "fill rate of the class; above the promise where stock is pooled"),
        Column("exact_safety", "units", "safety stock by the formula at the plan's own lots, variances and times"),
        Column("exact_fill_rate", "share", "fill rate by the formula at the plan's own lots, variances and times")),
        lines=True),
    Table("shortage", "demand that is not served in full", (
        _CUSTOMER, _TIER, _PRODUCT, _PERIOD, Column("demand", "units", "what is asked for"),
        Column("unserved", "units", "what is not served"), Column("penalty", "money", "its shortage cost"))),
    Table("cube", "amount of a cost line at what it serves", (
        text("line", "cost line"), text("behaviour", "variable, step, fixed, one_off or penalty"), _PERIOD,
        text("customer", "customer; `__unassigned__`: nobody"), _TIER, _PRODUCT, text("product_class", "its class"),
        text("site", "site that delivers the goods"), text("origin", "where the amount arises, or its move begins"),
        text("destination", "where that move ends"), text("mode", "mode by which it arises"),
        text("driver", "by what it was shared: direct, traced units, throughput, idle, circulation, ..."),
        Column("quantity", "number", "what the driver counts"),
        Column("amount", "money", "amount"))),
    Table("parents", "origin of the goods at a stocking point", (
        _SITE, _PRODUCT, _PERIOD,
        text("parent", "a site, `made here`, or `in stock` when the period begins"),
        text("via", "cross-dock, or blank"), text("mode", "mode of the last leg"), _QUANTITY,
        Column("ratio", "share", "share of all that comes in"))),
    Table("units", "customer, tier, product and period with demand", (
        _TIER, _CUSTOMER, _PRODUCT, text("product_class", "its class"), _PERIOD,
        Column("units", "units", "units delivered"))),
    Table("values", "column of the program", (Column("value", "number", "its value in the plan"),)),
    Table("cost_to_serve", "what is asked for by `by`, then `unassigned` (nobody's) and `total`", (
        Column("units", "units", "units delivered"), Column("cost", "money", "cash: all lines but penalties"),
        Column("total", "money", "cash and penalties"),
        Column("cost_per_unit", "number", "cost / units: an average, no price", "currency", "average cost per unit")),
        lines=True),
    Table("kpis", "key figure", (
        text("section", "solve, network, cost, service, utilisation, stock or transport"),
        text("kpi", "name of the figure"), text("by", "whose it is; blank: all together"),
        text("unit", "unit of the value"), Column("value", "number", "the figure; blank where it cannot be measured"),
        text("text", "words and names"))),
    Table("shadow_prices", "cell of the tables that binds", (
        text("table", "table"), text("column", "column"), text("key", "key of its row"),
        text("relaxation", "raise or lower"), text("unit", "unit of the step"),
        Column("saves", "money", "what one unit more, or less, saves over the horizon"))),
    Table("ranges", "kind of figures of the program", (
        text("part", "matrix, sides, cost or bounds"), text("name", "family of rows, cost line or variables"),
        Column("count", "count", "figures that are neither 0 nor infinite"),
        Column("least", "number", "least absolute figure"), Column("most", "number", "largest absolute figure"),
        Column("ratio", "number", "most over least"), text("least_at", "where the least stands"),
        text("most_at", "where the largest stands"), text("least_from", "columns of the tables that it comes from"),
        text("most_from", "columns of the tables that it comes from"))),
)
"""Tables of a solution, then what it and its program can be asked for."""

BY_NAME: Mapping[str, Table] = {table.name: table for table in TABLES}


def described(name: str, frame: pd.DataFrame, settings: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Kind, unit and meaning of the columns of a table, as files and documents carry them.

    Parameters
    ----------
    name : str
    frame : DataFrame
        The table, with the cost lines that it has as columns: they are money.
    settings : mapping
        Of the network: its currency and unit of distance stand in the units.
    """
    table = BY_NAME[name]
    columns = {column.name: column for column in table.columns}
    if table.lines:
        numbers = frame.select_dtypes("number").columns.astype(str)
        columns = {line: Column(line, "money", "cost line") for line in numbers} | columns
    return {label: {"kind": column.kind, "unit": str(settings.get(column.unit, column.unit)),
                    "meaning": column.meaning}
            for label in frame.columns.astype(str) if (column := columns.get(label)) is not None}


def by_column(tables: Iterable[Table]) -> dict[str, Column]:
    """Columns by name alone, for who shows columns of several tables side by side; the first table that has one counts.

    Columns of numbers come before texts of the same name.
    """
    found: dict[str, Column] = {}
    for wanted in (False, True):
        for column in (column for table in tables for column in table.columns):
            if (column.kind == "text") == wanted:
                found.setdefault(column.name, column)
    return found
