"""Fill rate of a stock, and the stock that a fill rate needs."""

from __future__ import annotations

from ctsopt.inventory.safety_stock import safety_stock

__all__ = ["safety_stock"]
