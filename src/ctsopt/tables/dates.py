"""Dates written as text: a day is written 2027-03-31, and what else a text may mean is said."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence

import numpy as np

from ctsopt.keys import Bools
from ctsopt.tables.numerals import Slip, tried
from ctsopt.tables.typed import Days

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_FIRST_YEAR, _LAST_YEAR = 1900, 2199

SLIPS = (
    Slip("time_of_day", re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*"), "the cell holds a time beside the date",
         "write the date alone: 2027-03-31"),
    Slip("no_such_day", re.compile(r"\d{4}-\d\d-\d\d"),
         f"the calendar has no such day between {_FIRST_YEAR} and {_LAST_YEAR}", "correct the date"),
    Slip("order_of_date", re.compile(r"\d{1,2}[./-]\d{1,2}[./-](\d{2}|\d{4})|\d{4}[./-]\d{1,2}[./-]\d{1,2}"),
         "the date is not written as year, month and day", "write 2027-03-31, for the last of March"),
    Slip("number_for_date", re.compile(r"\d{5}(\.\d+)?"),
         "the date is the count of days by which a spreadsheet program keeps it", "format the cells as dates"),
    Slip("not_a_date", re.compile(r".*", re.DOTALL), "the text is no date", "write one such as 2027-03-31"),
)
"""Tried in this order; the last one takes whatever is left."""


def parse_dates(labels: Sequence[str]) -> tuple[Days, Bools]:
    """Days of texts (not a time where blank or no date), and where a text is no date."""
    days = np.full(len(labels), np.datetime64("NaT", "D"), dtype="datetime64[D]")
    wrong = np.zeros(len(labels), dtype=bool)
    for i, label in enumerate(labels):
        match = _DAY.fullmatch(label)
        try:
            if match is None or not _FIRST_YEAR <= int(match[1]) <= _LAST_YEAR:
                wrong[i] = label != ""
            else:
                days[i] = np.datetime64(dt.date(int(match[1]), int(match[2]), int(match[3])))
        except ValueError:  # the 31st of June
            wrong[i] = True
    return days, wrong


def date_slips(labels: Sequence[str], wrong: Bools) -> Iterator[tuple[Slip, Bools]]:
    """Each kind of slip among the wrong texts, with the texts it applies to."""
    return tried(SLIPS, labels, wrong)


def date_text(day: np.datetime64) -> str:
    """A day as it is written; blank where there is none."""
    return "" if np.isnat(day) else str(day.astype("datetime64[D]"))
