"""Rules about tables as a whole: one function per rule, run all at once."""

from __future__ import annotations

from ctsopt.networks.checks import (
    contracts,
    lanes,
    names,
    odd_numbers,
    odd_places,
    sense,
    service,
    sites,
    stock,
    supply,
    times,
)
from ctsopt.networks.checks.registry import RULES, check_tables, rule

__all__ = ["RULES", "check_tables", "contracts", "lanes", "names", "odd_numbers",
           "odd_places", "rule", "sense", "service",
           "sites", "stock", "supply", "times"]
