"""What stands over the columns of the workbook: words with their unit, and how the numbers are shown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ctsopt.report.schema import COLUMNS
from ctsopt.results import schema
from ctsopt.results.schema import Kind

FORMATS: Mapping[Kind, str] = {
    "money": "#,##0.00;[Red]-#,##0.00", "units": "#,##0.00", "share": "0.00%", "days": "0.00", "distance": "#,##0.0",
    "count": "#,##0", "number": "#,##0.000", "text": "General", "flag": "General"}
"""How numbers of a kind are shown, in the codes of spreadsheets."""


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
    kind: Kind


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
        self._settings = {"currency": currency, "distance_unit": distance_unit}
        self._lines = frozenset(lines)

    def of(self, name: str, *, numeric: bool) -> Column:
        """The column of that name; one that is not known is text, or a number without a unit."""
        known = COLUMNS.get(name) or schema.Column(name, "number", "")
        if known.kind in ("text", "flag"):
            known = schema.Column(name, "number", known.meaning)
        if name in self._lines:
            known = schema.Column(name, "money", known.meaning)
        words, unit = known.header, self._settings.get(known.unit, known.unit)
        if not numeric:
            return Column(name, words, "text")
        return Column(name, f"{words} ({unit})" if unit else words, known.kind)
