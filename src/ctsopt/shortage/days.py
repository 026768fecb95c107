"""Dates and counted days, as numbers of days from now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ctsopt.errors import Finding, UsageError
from ctsopt.keys import Floats


def day(as_of: str | dt.date | None) -> dt.date | None:
    """The date that is day 0."""
    if as_of is None or isinstance(as_of, dt.date):
        return as_of.date() if isinstance(as_of, dt.datetime) else as_of
    try:
        return dt.date.fromisoformat(as_of)
    except ValueError:
        raise UsageError(f"as_of is {as_of!r}: write the date of today, such as 2026-11-30") from None


def days(table: str, column: str, cells: Sequence[str], rows: Sequence[int],
         today: dt.date | None) -> tuple[Floats, list[Finding]]:
    """Days from today for each cell, NaN where it is blank, and what is wrong with them."""
    labels, codes = np.unique(np.asarray(cells, dtype=object).astype(str), return_inverse=True)
    read = [_read(label.strip(), today) for label in labels.tolist()]
    found = np.array([value for value, _ in read])[codes] if len(labels) else np.zeros(0)
    findings = []
    for rule, message, mend in _SLIPS:
        wrong = np.array([slip == rule for _, slip in read])[codes] if len(labels) else np.zeros(0, dtype=bool)
        if wrong.any():
            places = np.flatnonzero(wrong).tolist()
            findings.append(Finding(rule, table, column, message, mend, [rows[i] for i in places],
                                    [str(cells[i]) for i in places]))
    return found, findings


_SLIPS = (
    ("not_a_date", "neither a date nor a number of days", "write it as 2026-11-30, or as days from now"),
    ("no_today", "a date, and nothing says what today is", "say so with as_of, such as as_of=\"2026-11-30\""),
)


def _read(label: str, today: dt.date | None) -> tuple[float, str]:
    if not label:
        return np.nan, ""
    try:
        return float(label), ""
    except ValueError:
        pass
    stamp = pd.to_datetime(label, format="ISO8601", errors="coerce")
    if stamp is pd.NaT or not isinstance(stamp, pd.Timestamp):
        return np.nan, "not_a_date"
    if today is None:
        return np.nan, "no_today"
    return float((stamp.date() - today).days), ""


def shown_day(value: float, today: dt.date | None) -> str:
    """A day as it was given: a date where today is known, else a number."""
    if np.isnan(value):
        return ""
    if today is None:
        return f"day {value:g}"
    return (today + dt.timedelta(days=int(value))).isoformat()
