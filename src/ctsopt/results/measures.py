"""Measures of service, each a share of demand: what plans can be ranked by beside their cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ctsopt.results.service_figures import demand_on_time, demand_served, demand_within, fill_rate

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

MEASURES = ("on_time", "served", "fill_rate", "within_1", "within_2", "within_3")
"""Measures of service, in shares of demand: what comes within its promised lead time, what comes at all, what is in
stock when it is asked for (where stock is planned), what comes within so many days."""


def is_measure(name: str) -> bool:
    """Whether a name is that of a measure: one of `MEASURES`, or `within_` and a number of days."""
    return name in MEASURES or not math.isnan(_days(name))


def _days(name: str) -> float:
    """The days of `within_2.5`; not a number where the name says none."""
    head, _, text = name.partition("_")
    number = text.replace(".", "", 1)
    return float(text) if head == "within" and number.isascii() and number.isdigit() else math.nan


def service_of(solution: Solution, measures: Sequence[str]) -> dict[str, float]:
    """Service of a plan by each measure; not a number where it has no meaning, as on time where nothing is promised."""
    fixed = {"on_time": demand_on_time, "served": demand_served, "fill_rate": fill_rate}
    return {name: fixed[name](solution) if name in fixed else demand_within(solution, _days(name)) for name in measures}
