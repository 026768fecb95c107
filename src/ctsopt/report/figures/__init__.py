"""Figures of plans and comparisons: functions that return figures of plotly, for notebooks and for the report.

Each needs `plotly`, which `pip install 'ctsopt[report]'` brings. The `_table` of a figure holds what it shows.
"""

from __future__ import annotations

from ctsopt.report.figures import drawings
from ctsopt.report.figures.bridges import cost_bridge_table
from ctsopt.report.figures.customers import customer_table, whale_table
from ctsopt.report.figures.drawing import of_plotly
from ctsopt.report.figures.stock import stock_table
from ctsopt.report.figures.to_serve import tier_table, waterfall_table

__all__ = [
    "bridge", "cost_bridge", "cost_bridge_table", "cost_lines", "customer_table", "differences", "frontier", "quadrant",
    "regret", "risks", "service_map", "sourcing_map", "stock", "stock_table", "tier_costs", "tier_table", "tornado",
    "waterfall", "waterfall_table", "whale", "whale_table",
]

bridge = of_plotly(drawings.bridge)
cost_bridge = of_plotly(drawings.cost_bridge)
cost_lines = of_plotly(drawings.cost_lines)
differences = of_plotly(drawings.differences)
frontier = of_plotly(drawings.frontier)
quadrant = of_plotly(drawings.quadrant)
regret = of_plotly(drawings.regret)
risks = of_plotly(drawings.risks)
service_map = of_plotly(drawings.service_map)
sourcing_map = of_plotly(drawings.sourcing_map)
stock = of_plotly(drawings.stock)
tier_costs = of_plotly(drawings.tier_costs)
tornado = of_plotly(drawings.tornado)
waterfall = of_plotly(drawings.waterfall)
whale = of_plotly(drawings.whale)
