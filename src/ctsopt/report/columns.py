"""What stands over the columns of the workbook: words with their unit, and how the numbers are shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

MONEY, UNITS, SHARE, DAYS, DISTANCE, COUNT, NUMBER, TEXT = (
    "money", "units", "share", "days", "distance", "count", "number", "text")

FORMATS: Mapping[str, str] = {
    MONEY: "#,##0.00;[Red]-#,##0.00", UNITS: "#,##0.00", SHARE: "0.00%", DAYS: "0.00", DISTANCE: "#,##0.0",
    COUNT: "#,##0", NUMBER: "#,##0.000", TEXT: "General"}
"""How numbers of a kind are shown, in the codes of spreadsheets."""

ADDITIVE = (MONEY, UNITS, COUNT)
"""Kinds whose sum means something."""

_KINDS: Mapping[str, tuple[str, ...]] = {
    MONEY: ("cost", "bound", "gap_money", "low", "point", "high", "cash", "penalty", "cash_cost", "total", "amount",
            "fixed_cost", "opening_cost", "closing_cost", "one_off_cash", "used_up", "value"),
    UNITS: ("units", "demand", "delivered", "quantity", "unserved", "opening", "closing", "cycle", "safety", "pipeline",
            "exact_safety"),
    SHARE: ("gap", "served", "within_1", "within_2", "within_3", "on_time", "utilisation", "open_share",
            "customers_resourced", "volume_moved", "served_fraction", "served_fraction_achieved",
            "served_fraction_each", "served_fraction_each_achieved", "reliability", "on_time_certain",
            "on_time_expected", "on_time_share", "on_time_share_achieved", "fill_rate", "fill_rate_given",
            "exact_fill_rate"),
    DAYS: ("lead_time", "lead_time_achieved", "lead_time_longest", "lead_time_sd", "wait", "days_of_supply"),
    COUNT: ("no.", "sites_open", "best_rank", "worst_rank", "promises", "promises_kept", "cells_changed", "order",
            "rank"),
    DISTANCE: ("distance",)}

_WORDS: Mapping[str, str] = {
    "cost": "cost", "bound": "proven bound", "gap_money": "gap", "gap": "gap", "low": "at least", "point": "difference",
    "high": "at most", "cost_per_unit": "average cost per unit", "penalty": "penalties", "co2": "CO2",
    "best_rank": "rank, from", "worst_rank": "rank, to", "customers_resourced": "customers re-sourced",
    "within_1": "within 1 day", "within_2": "within 2 days", "within_3": "within 3 days"}


@dataclass(frozen=True)
class Column:
    """A column of a table in the workbook.

    Attributes
    ----------
    name : str
        Of the column in the frame.
    header : str
        With its unit.
    kind : str
        One of the keys of `FORMATS`.
    """

    name: str
    header: str
    kind: str


class Columns:
    """Columns by name, for one currency and unit of distance.

    Parameters
    ----------
    currency, distance_unit : str
    lines : collection of str
        Names of cost lines: they are money.
    """

    def __init__(self, currency: str, distance_unit: str, lines: Collection[str]) -> None:
        self.currency = currency
        self._kinds = {name: kind for kind, names in _KINDS.items() for name in names} | dict.fromkeys(lines, MONEY)
        self._units = {MONEY: currency, UNITS: "units", DAYS: "days", DISTANCE: distance_unit, SHARE: "share"}
        self._own = {
            "co2": (NUMBER, "kg"), "weight": (NUMBER, "kg"), "cost_per_unit": (NUMBER, currency),
            "turns": (NUMBER, "a year"), "volume": (NUMBER, "units a day"), "seconds": (NUMBER, "s"),
            "throughput": (NUMBER, "capacity units"), "capacity": (NUMBER, "capacity units"),
            "gap": (SHARE, "share of cost")}

    def of(self, name: str, *, numeric: bool) -> Column:
        """The column of that name; one that is not known is text, or a number without a unit."""
        kind, unit = self._own.get(name, (self._kinds.get(name, NUMBER), ""))
        if not numeric:
            return Column(name, _WORDS.get(name, name.replace("_", " ")), TEXT)
        unit = unit or self._units.get(kind, "")
        words = _WORDS.get(name, name.replace("_", " "))
        return Column(name, f"{words} ({unit})" if unit else words, kind)
