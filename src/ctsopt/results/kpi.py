"""What a key figure is: its name, section, unit and meaning beside its formula.

The table of key figures, the comparison of plans, the workbook and the docs are made of these marks; none of them knows
a figure by its name. A figure is a function in `kpis.py` or `service_kpis.py`, marked `@kpi`, in the list at the end of
that file.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.results.service_figures import customer_service

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.results.solution import Solution

Row = tuple[str, str, str, str, float, str]
"""section, kpi, by, unit, value, text"""

Value = float | tuple[float, str]
"""A number (not a number where there is nothing to measure), and words or names where they belong to it."""

Figures = Value | Mapping[str, Value]
"""One value, or one for each of whom it is measured; a blank name is all together."""


@dataclass(eq=False)
class Asked:
    """A plan that key figures are asked of, with what several of them need.

    Attributes
    ----------
    solution : Solution
    within : tuple of float
        Days within which the share of demand is stated.
    distances : tuple of float
        Distances likewise.
    """

    solution: Solution
    within: tuple[float, ...] = ()
    distances: tuple[float, ...] = ()

    @cached_property
    def delivered(self) -> pd.DataFrame:
        """Flows to customers with their weight and value."""
        flows = self.solution.flows
        delivered = flows[flows["kind"] == "delivery"]
        products = self.solution.net.tables["products"].set_index("product")
        per_unit = {name: delivered["product"].map(products[name]).astype(float) for name in ("weight", "unit_value")}
        return delivered.assign(weight=delivered["quantity"] * per_unit["weight"],
                                value=delivered["quantity"] * per_unit["unit_value"])

    @cached_property
    def tiers(self) -> list[str]:
        """Tiers by rank."""
        return self.solution.net.tables["tiers"].sort_values(["rank", "tier"], kind="stable")["tier"].tolist()

    @cached_property
    def timed(self) -> pd.DataFrame:
        """Rows of the table of service with a promised lead time."""
        service = self.solution.service
        timed: pd.DataFrame = service[np.isfinite(service["lead_time"])]
        return timed

    @cached_property
    def customers(self) -> pd.DataFrame:
        """What each customer gets."""
        return customer_service(self.solution)

    @cached_property
    def used(self) -> pd.DataFrame:
        """Open sites with a capacity."""
        sites = self.solution.sites
        return sites[sites["open"] & sites["utilisation"].notna()]

    def by_tier(self, frame: pd.DataFrame, figure: pd.Series[float], weight: str) -> dict[str, Value]:
        """A figure of promises, weighted, over all tiers and by tier."""
        found: dict[str, Value] = {}
        for tier in ("", *self.tiers):
            some = (frame[weight] > 0) & (frame["tier"].eq(tier) if tier else True)
            volume = frame.loc[some, weight]
            found[tier] = share((volume * figure[some].astype(float)).sum(), volume.sum())
        return found


@dataclass(frozen=True)
class Kpi:
    """A key figure.

    Attributes
    ----------
    name, section, unit : str
        Unit of its values; `currency` and `distance_unit` in it stand for those of the settings.
    by : str
        Whose it is: kind, tier, mode, ...; blank: all together alone.
    meaning : str
    figures : function
        From the plan to its values.
    """

    name: str
    section: str
    unit: str
    by: str
    meaning: str
    figures: Callable[[Asked], Figures]

    def rows(self, asked: Asked) -> Iterator[Row]:
        """Its rows in the table of key figures."""
        settings = asked.solution.net.settings
        unit = self.unit
        for name in ("currency", "distance_unit"):
            unit = unit.replace(name, str(settings[name]))
        figures = self.figures(asked)
        for by, value in (figures if isinstance(figures, Mapping) else {"": figures}).items():
            number, text = value if isinstance(value, tuple) else (value, "")
            yield self.section, self.name, by, unit, float(number), text


def kpi(section: str, unit: str = "", by: str = "") -> Callable[[Callable[[Asked], Figures]], Kpi]:
    """Mark a key figure, see `Kpi`; its name is that of the function, its meaning the docstring."""
    def mark(figures: Callable[[Asked], Figures]) -> Kpi:
        return Kpi(figures.__name__, section, unit, by, " ".join((inspect.getdoc(figures) or "").split()), figures)

    return mark


def share(part: float, whole: float) -> float:
    """A part of a whole; not a number where there is no whole."""
    return part / whole if whole > 0 else np.nan
