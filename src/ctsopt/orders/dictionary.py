"""What stands in a table of profiles: unit, meaning, field term and formula of every feature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Feature:
    """A column of the profiles.

    Attributes
    ----------
    name, unit, formula : str
    term : str
        What the field calls it.
    needs : tuple of str
        Columns of the order lines, or tables, without which it is blank.
    estimated : bool
        Whether it may be an estimate; `estimated` of the row then names it.
    """

    name: str
    unit: str
    formula: str
    term: str
    needs: tuple[str, ...] = ()
    estimated: bool = False


_PRICE, _COST, _SHIPPED = ("unit_price",), ("unit_price", "unit_cost"), ("shipments",)
_DUE = ("shipments", "requested_date")

FEATURES: tuple[Feature, ...] = (
    Feature("orders", "orders", "orders with goods that were kept", "frequency"),
    Feature("order_days", "days", "days with an order", "frequency"),
    Feature("lines", "lines", "order lines with goods that were kept", "lines"),
    Feature("units", "units", "units ordered less those that came back to their sale", "volume"),
    Feature("revenue", "money", "price x units less discount, less what came back to its sale", "monetary", _PRICE),
    Feature("unmatched_returns", "money", "value of returns that no sale was found for", "returns", _PRICE),
    Feature("net_revenue", "money", "revenue - unmatched_returns", "net sales", _PRICE),
    Feature("first_order", "date", "day of the first order", "tenure"),
    Feature("last_order", "date", "day of the last order", "recency"),
    Feature("recency", "days", "days from the last order day to as_of", "R of RFM"),
    Feature("interval", "days", "(last - first order day) / (order_days - 1)", "inter-order interval"),
    Feature("exposure", "months", "days from the first order day to as_of, over 30.4375", "exposure"),
    Feature("order_rate", "orders a month", "(orders - 1) / exposure", "order frequency"),
    Feature("units_per_order", "units", "units / orders", "drop size"),
    Feature("order_size_cv", "", "sd (n - 1) / mean of the units of orders", "order size variability"),
    Feature("lines_per_order", "lines", "lines / orders", "order complexity (picks)"),
    Feature("units_per_line", "units", "units / lines", "line size"),
    Feature("periods", "periods", "periods from the first one that counts to the end of the file", "calendar grid"),
    Feature("periods_with_demand", "periods", "periods with demand above 0", "calendar grid"),
    Feature("adi", "periods", "periods / periods_with_demand", "average demand interval"),
    Feature("cv2", "", "variance (n - 1) / mean^2 of the periods with demand; blank where there is one",
            "squared coefficient of variation"),
    Feature("variance_to_mean", "units", "sum of squares / sum of the units of orders (compound Poisson)",
            "variance-to-mean ratio"),
    Feature("requested_lead_time_p50", "days", "median over lines of requested - order date", "requested lead time",
            ("requested_date",)),
    Feature("requested_lead_time_p90", "days", "90 % of lines", "requested lead time", ("requested_date",)),
    Feature("requested_lead_time_sd", "days", "sd (n - 1) over lines", "requested lead time", ("requested_date",)),
    Feature("order_to_delivery_p50", "days", "median over lines of last delivery - order date", "order cycle time",
            _SHIPPED),
    Feature("order_to_delivery_p95", "days", "95 % of lines", "order cycle time", _SHIPPED),
    Feature("on_time", "share", "lines whose last delivery is not after the reference date / lines whose date is past",
            "on-time delivery", _DUE),
    Feature("fill", "share", "units shipped, at most those ordered / units ordered", "fill rate", _SHIPPED),
    Feature("otif", "share", "lines delivered in full by the reference date / lines with one that is past",
            "on time in full", _DUE),
    Feature("expedite_share", "share", "units shipped by a faster way / units shipped", "expediting", _SHIPPED),
    Feature("return_rate", "share", "units that came back / units ordered", "return rate"),
    Feature("rush_share", "share", "units wanted sooner than the lead time of the tier / units with a requested date",
            "rush orders", ("requested_date", "lead_times")),
    Feature("gross_margin", "money", "net_revenue - unit cost x units; blank where a cost is not known", "contribution",
            _COST),
    Feature("margin_rate", "share", "gross_margin / net_revenue", "margin", _COST),
    Feature("concentration", "share", "sum over products of its share of the product x the product's share of it",
            "dependence"),
    Feature("growth", "share", "revenue of the last half of the span / of the first half - 1; blank where that is 0",
            "growth", _PRICE),
    Feature("payment_days", "days", "of the master", "payment terms", ("customer_master",)),
    Feature("strategic", "", "of the master", "strategic weight", ("customer_master",)),
    Feature("stock_out_sensitivity", "", "of the master; else 5 x share of the two orders after a short one that "
            "are less than half of the customer's mean order", "stock-out sensitivity", ("customer_master",),
            estimated=True),
    Feature("cost_to_serve", "money", "of a plan, by customer", "cost-to-serve", ("cost_to_serve",)),
    Feature("cost_per_unit", "money a unit", "of a plan, by customer", "cost-to-serve", ("cost_to_serve",)),
    Feature("net_value", "money", "gross_margin - cost_to_serve", "net landed profit", ("cost_to_serve", *_COST)),
    Feature("estimated", "", "names of the features of the row that are estimates", "estimate"),
)
"""In the order of the columns."""

BY_NAME: Mapping[str, Feature] = {feature.name: feature for feature in FEATURES}


def features() -> pd.DataFrame:
    """The data dictionary of profiles: feature, unit, formula, term, needs, estimated."""
    return pd.DataFrame([(f.name, f.unit, f.formula, f.term, ", ".join(f.needs), f.estimated) for f in FEATURES],
                        columns=["feature", "unit", "formula", "term", "needs", "estimated"])
