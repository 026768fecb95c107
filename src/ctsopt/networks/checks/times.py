"""Rules about working days and times of day: calendars, cut-offs, and when orders come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ctsopt.errors import UsageError
from ctsopt.keys import Bools
from ctsopt.networks.calendars import are_used, holidays, hours, weekdays
from ctsopt.networks.checks.registry import rule
from ctsopt.networks.checks.service import SHARES_ADD_UP_TO
from ctsopt.tables.dates import parse_dates
from ctsopt.tables.raw import number_text
from ctsopt.tables.rules import Fault, names_of
from ctsopt.tables.typed import Tables

_PATTERN = "write weekdays, such as mo-fr or mo-th,sa"
_TIME = "write a time of day, such as 14:00"
_ANY_YEAR = 2024


def _where(t: Tables, table: str, column: str, wrong: Callable[[str], bool]) -> Bools:
    """Rows with such a text; blanks are none."""
    texts = t.texts(table, column)
    return texts.where([bool(label) and wrong(label) for label in texts.labels])


@rule("calendars")
def unknown_calendar(t: Tables) -> Iterator[Fault]:
    """What a site or mode names as its calendar is a name in `calendars`, or weekdays."""
    known = set(names_of(t, "calendars"))
    for table in ("sites", "modes"):
        yield Fault(table, "calendar", "there is no such calendar, and it is no pattern of weekdays either",
                    f"{_PATTERN}, or give it a row in calendars",
                    _where(t, table, "calendar", lambda name: name not in known and weekdays(name) is None),
                    candidates=sorted(known))


@rule()
def no_weekdays(t: Tables) -> Iterator[Fault]:
    """Weekdays are written as weekdays."""
    for table in ("calendars", "order_times"):
        yield Fault(table, "days", "the text is no pattern of weekdays", _PATTERN,
                    _where(t, table, "days", lambda text: weekdays(text) is None))


@rule()
def no_time_of_day(t: Tables) -> Iterator[Fault]:
    """A cut-off and the time at which orders come are times of day."""
    for table, column in (("sites", "cutoff"), ("order_times", "at")):
        yield Fault(table, column, "the text is no time of day", _TIME,
                    _where(t, table, column, lambda text: bool(np.isnan(hours(text)))))


@rule()
def unknown_holidays(t: Tables) -> Iterator[Fault]:
    """Holidays are those of a country, or of a part of one, that are known."""
    texts = t.texts("calendars", "holidays")
    said: dict[str, list[str]] = {}
    for label in texts.labels:
        if label:
            try:
                holidays(label, _ANY_YEAR)
            except UsageError as error:
                said.setdefault(str(error), []).append(label)
    for words, labels in said.items():
        mend = "install it" if "pip install" in words else "write a code such as DE, DE-BY or US-NY"
        yield Fault("calendars", "holidays", words, f"{mend}, or leave it blank and list the days in calendar_days",
                    texts.where(np.isin(texts.labels.astype(str), labels)))


@rule()
def no_first_day(t: Tables) -> Iterator[Fault]:
    """The first day of the horizon is a day."""
    stated = str(t.settings["first_day"])
    if stated and parse_dates([stated])[1][0]:
        yield Fault("settings", "first_day", f"{stated!r} is no day", "write it as 2027-01-01")


@rule("sites", "modes", "calendars", "calendar_days")
def dates_without_first_day(t: Tables) -> Iterator[Fault]:
    """Holidays count towards the chance to be on time only where the horizon has dates."""
    dated = any(t.texts("calendars", "holidays").labels) or t.count("calendar_days") > 0
    if dated and are_used(t) and not str(t.settings["first_day"]):
        yield Fault("settings", "first_day", "the network has holidays, but not the day on which its horizon begins: "
                    "promises are held against ordinary weeks (ctsopt.arrival knows the dates)",
                    "write the first day of the first period as 2027-01-01", severity="warning")


@rule()
def shares_of_order_times(t: Tables) -> Iterator[Fault]:
    """The shares of the times at which orders of a tier come add up to 1."""
    texts = t.texts("order_times", "tier")
    total = np.bincount(texts.codes, t.number("order_times", "share"), minlength=len(texts.labels))
    rows = np.flatnonzero(texts.where(np.abs(total - 1) > SHARES_ADD_UP_TO))
    values: Sequence[str] = [f"{texts.labels[c]}: {number_text(round(total[c], 9))}" for c in texts.codes[rows]]
    yield Fault("order_times", "share", "the shares of the times at which orders come do not add up to 1",
                "correct the shares", rows, values)


@rule("sites", "modes")
def times_without_effect(t: Tables) -> Iterator[Fault]:
    """What is said of calendars and of the times of orders has an effect."""
    used = {label for table in ("sites", "modes") for label in t.texts(table, "calendar").labels}
    texts = t.texts("calendars", "calendar")
    yield Fault("calendars", "calendar", "no site and no mode has the calendar", "name it in sites.calendar or "
                "modes.calendar, or delete it", texts.where([label not in used for label in texts.labels]),
                severity="warning")
    if t.count("order_times") and not are_used(t):
        yield Fault("order_times", "", "no site has a cut-off, no site or mode a calendar: when orders come makes no "
                    "difference", "fill in sites.cutoff or a calendar, or delete the table", severity="warning")


