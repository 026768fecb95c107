"""Calendars as the tables name them: which days are worked, by weekday, holidays and days of their own."""

from __future__ import annotations

import datetime as dt
import importlib
import math
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ctsopt.errors import UsageError
from ctsopt.keys import Bools, Ints
from ctsopt.networks.working_time import WorkingTime
from ctsopt.tables.dates import parse_dates
from ctsopt.tables.typed import Days, Tables

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.0+)?)?")
_MONDAY = np.datetime64("2001-01-01", "D")
"""Any Monday: an ordinary week has no date."""


def weekdays(text: str) -> Bools | None:
    """The days of a text such as `mo-fr` or `mo-th,sa`, shape (7,), Monday first; None where it is no such text."""
    chosen = np.zeros(7, dtype=bool)
    for part in re.split(r"[,|]", text):
        ends = [_weekday(word.strip().lower()) for word in part.split("-")]
        if len(ends) > 2 or -1 in ends:
            return None
        count = (ends[-1] - ends[0]) % 7 + 1  # from Saturday to Monday are three days
        chosen[(ends[0] + np.arange(count)) % 7] = True
    return chosen


def _weekday(word: str) -> int:
    """Number of a weekday, by at least two letters of its English name; -1 where it is none."""
    return next((day for day, name in enumerate(WEEKDAYS) if len(word) > 1 and name.lower().startswith(word)), -1)


def weekday_of(first: np.datetime64 | None, day: int) -> int:
    """Number of the weekday so many days after a day, Monday being 0; ordinary weeks begin on one."""
    return day % 7 if first is None else int((first - _MONDAY).astype(np.int64) + day) % 7


def hours(text: str) -> float:
    """Hours since midnight of a time such as 14:00; NaN where it is none."""
    match = _TIME.fullmatch(text)
    if match is None or int(match[1]) > 24 or int(match[2]) > 59 or int(match[3] or 0) > 59:
        return math.nan
    time = int(match[1]) + int(match[2]) / 60 + int(match[3] or 0) / 3600
    return time if time <= 24 else math.nan


@lru_cache(maxsize=256)
def holidays(code: str, year: int) -> tuple[dt.date, ...]:
    """Public holidays of a country or a part of it, such as `DE` or `US-NY`.

    Raises
    ------
    UsageError
        If the library `holidays` is not installed, or does not know the code.
    """
    try:
        library = importlib.import_module("holidays")
    except ModuleNotFoundError as error:
        raise UsageError("holidays need a library that is not installed: pip install 'ctsopt[calendar]'") from error
    country, _, part = code.partition("-")
    try:
        return tuple(sorted(library.country_holidays(country, subdiv=part or None, years=year)))
    except NotImplementedError:
        raise UsageError(f"no holidays are known of {code}") from None


def first_day(t: Tables) -> np.datetime64 | None:
    """First day of the horizon; None where the network has no dates."""
    stated = str(t.settings["first_day"])
    return parse_dates([stated])[0][0] if stated else None


def are_used(t: Tables) -> bool:
    """Whether any site or mode has a calendar or a cut-off."""
    columns = (("sites", "calendar"), ("sites", "cutoff"), ("modes", "calendar"))
    return any(label for table, column in columns for label in t.texts(table, column).labels)


@dataclass(frozen=True, eq=False)
class Calendars:
    """The calendars that sites and modes name, with their weekly pattern and their own days.

    Attributes
    ----------
    names : tuple of str
        The first one, without a name, is that of places and modes that state none: every day.
    week : bool array, shape (calendars, 7)
        Weekdays that are worked, Monday first.
    of_site, of_mode : int array
    """

    names: tuple[str, ...]
    week: Bools
    of_site: Ints
    of_mode: Ints
    _holidays: tuple[str, ...]
    _own: tuple[tuple[Days, Bools], ...]

    @staticmethod
    def of(t: Tables) -> Calendars:
        """The calendars of a network whose tables are free of faults."""
        texts = {table: t.text(table, "calendar") for table in ("sites", "modes")}
        names = ("", *sorted({name for column in texts.values() for name in column} - {""}))
        stated = t.frames["calendars"].set_index("calendar")
        listed = {name: (weekdays(days), code) for name, days, code in
                  zip(stated.index, stated["days"], stated["holidays"], strict=True)}
        patterns = [listed[name] if name in listed else (weekdays(name or "mo-su"), "") for name in names]
        days = t.frames["calendar_days"]
        own = [days[(days["calendar"] == name).to_numpy(dtype=bool)] for name in names]
        code = {name: np.int32(i) for i, name in enumerate(names)}
        week = np.stack([np.ones(7, dtype=bool) if pattern is None else pattern for pattern, _ in patterns])
        of_site, of_mode = (np.array([code[name] for name in column], dtype=np.int32) for column in texts.values())
        return Calendars(names, week, of_site, of_mode, tuple(holiday for _, holiday in patterns),
                         tuple((part["day"].to_numpy().astype("datetime64[D]"), part["working"].to_numpy(dtype=bool))
                               for part in own))

    @property
    def dated(self) -> bool:
        """Whether any has holidays or days of its own."""
        return any(self._holidays) or any(len(days) for days, _ in self._own)

    def over(self, first: np.datetime64 | None, count: int) -> WorkingTime:
        """Their working days from a day on; without one, of ordinary weeks that begin on a Monday.

        Holidays and days of their own are a matter of dates: in ordinary weeks there are none.
        """
        start = _MONDAY if first is None else first
        works = self.week[:, (weekday_of(start, 0) + np.arange(count)) % 7]
        if first is not None:
            for row, code, (own, working) in zip(works, self._holidays, self._own, strict=True):
                if code:
                    row[_places(_between(code, first, count), first, count)] = False
                place = (own - first).astype(np.int64)
                inside = (place >= 0) & (place < count)
                row[place[inside]] = working[inside]
        return WorkingTime(works)


def _between(code: str, first: np.datetime64, count: int) -> Days:
    """Holidays from a day on."""
    years = range(first.astype("datetime64[Y]").astype(int) + 1970,
                  (first + count).astype("datetime64[Y]").astype(int) + 1971)
    return np.array([day for year in years for day in holidays(code, year)], dtype="datetime64[D]")


def _places(days: Days, first: np.datetime64, count: int) -> Ints:
    place = (days - first).astype(np.int64)
    return np.asarray(place[(place >= 0) & (place < count)], dtype=np.int32)
