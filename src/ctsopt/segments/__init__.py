"""Classes and scores of customers and products, from their orders: pure functions over arrays and tables."""

from __future__ import annotations
