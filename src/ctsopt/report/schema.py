"""Columns that only pages and workbooks show, and every column that they show by its name."""

from __future__ import annotations

from collections.abc import Mapping

from ctsopt.comparing import schema as comparing
from ctsopt.results import schema as results
from ctsopt.results.schema import Column, Table, by_column

_OF_PLANS = Table("summary", "plan", (
    Column("no.", "count", "number of the plan in the workbook"),
    Column("on_time", "share", "share of demand with a promised lead time that comes within it"),
    Column("within_1", "share", "share of demand within a day", words="within 1 day"),
    Column("within_2", "share", "share of demand within two days", words="within 2 days"),
    Column("within_3", "share", "share of demand within three days", words="within 3 days"),
    Column("lead_time_longest", "days", "the slowest way that goods are delivered on"),
    Column("cells_changed", "count", "cells of the model that the scenario changes"),
    Column("order", "count", "order in which the changes are made")))

_OF_CUSTOMERS = Table("customers", "customer, or product and tier", (
    Column("share_of_units", "share", "share of all units"), Column("share_of_cost", "share", "share of all cost"),
    Column("share", "share", "share of the whole"),
    Column("at_one_rate", "money", "what it would cost at the average of all"),
    Column("surplus", "money", "value less cost"), Column("cumulative", "money", "sum so far"),
    Column("slack", "days", "promised lead time less the one achieved"),
    Column("promised", "days", "promised lead time"), Column("promised_before", "days", "promised before"),
    Column("served_before", "share", "share that was served before"),
    Column("stock", "units", "cycle and safety stock"), Column("stock_before", "units", "stock before"),
    Column("stock_more", "units", "stock more than before"),
    Column("stock_share", "share", "share of the stock"), Column("in_stock", "share", "promised fill rate"),
    Column("in_stock_before", "share", "fill rate promised before")))

TABLES = (_OF_PLANS, _OF_CUSTOMERS)

COLUMNS: Mapping[str, Column] = by_column((*comparing.TABLES, *TABLES, *results.TABLES))
"""Every column by its name."""
