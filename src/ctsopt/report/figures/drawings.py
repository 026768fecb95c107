"""All figures as drawings, for a page; `ctsopt.report.figures` has them as figures of plotly."""

from __future__ import annotations

from ctsopt.report.figures.bridges import bridge, cost_bridge, cost_bridge_table
from ctsopt.report.figures.comparison import cost_lines, differences, frontier, risks
from ctsopt.report.figures.customers import customer_table, quadrant, whale, whale_table
from ctsopt.report.figures.maps import service_map, sourcing_map
from ctsopt.report.figures.regret import regret, tornado
from ctsopt.report.figures.stock import stock, stock_table
from ctsopt.report.figures.to_serve import tier_costs, tier_table, waterfall, waterfall_table

__all__ = [
    "bridge", "cost_bridge", "cost_bridge_table", "cost_lines", "customer_table", "differences", "frontier", "quadrant",
    "regret", "risks", "service_map", "sourcing_map", "stock", "stock_table", "tier_costs", "tier_table", "tornado",
    "waterfall", "waterfall_table", "whale", "whale_table",
]
