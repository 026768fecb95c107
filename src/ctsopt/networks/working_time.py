"""Working time: how much of it lies between two moments, and when a given amount of it is over.

A moment is a number of days; whole numbers are the days themselves. Working time runs from one day to the next where
the latter is a working day, and stands still before every other day. For Monday to Friday:

    day       Thu  Fri  Sat  Sun  Mon  Tue
    moment     3    4    5    6    7    8
    worked     4    5    5    5    6    7

so that one working day after Friday it is Monday, and half a one after Friday it is half a day before Monday. Where
every day is a working day, working time is time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ctsopt.keys import Bools, Floats, Ints, Positions

_EXACT = 9
"""Digits of a moment: sums of times carry rounding errors, and 4.0000000001 is not another day than 4."""


@dataclass(frozen=True, eq=False)
class WorkingTime:
    """The working days of some calendars over a span of days, the first of which has the number 0.

    Parameters
    ----------
    works : bool array, shape (calendars, days)
        Whether each day is a working day.
    """

    works: Bools
    _worked: Positions = field(init=False, repr=False)
    _next: Positions = field(init=False, repr=False)
    _line: Positions = field(init=False, repr=False)

    def __post_init__(self) -> None:
        calendars, days = self.works.shape
        worked = np.cumsum(self.works, axis=1)
        upcoming = np.where(self.works, np.arange(days), days)
        upcoming = np.minimum.accumulate(upcoming[:, ::-1], axis=1)[:, ::-1]
        object.__setattr__(self, "_worked", worked)
        object.__setattr__(self, "_next", upcoming)
        # One line that rises from calendar to calendar, so that one search serves all of them.
        object.__setattr__(self, "_line", (worked + np.arange(calendars)[:, None] * (days + 2)).ravel())

    def worked(self, calendar: Ints, moment: Floats) -> Floats:
        """Working time up to a moment."""
        day = np.floor(moment).astype(np.int64)
        before = self._worked[calendar, day]
        onward = self._worked[calendar, np.minimum(day + 1, self.works.shape[1] - 1)] - before
        return np.asarray(before + (moment - day) * onward)

    def from_then(self, calendar: Ints, moment: Floats) -> Floats:
        """The moment itself where it leads up to a working day, else the next working day."""
        day = np.ceil(moment).astype(np.int64)
        return np.asarray(np.where(self.works[calendar, day], moment, self._next[calendar, day]))

    def after(self, calendar: Ints, moment: Floats, days: Floats) -> Floats:
        """When so many working days are over, from the moment (or the next working day) on."""
        begin = self.from_then(calendar, moment)
        end = self._search(calendar, self.worked(calendar, begin) + days, "left")
        return np.asarray(np.round(np.where(days > 0, end, begin), _EXACT), dtype=np.float64)

    def until(self, calendar: Ints, moment: Floats, days: Floats) -> Floats:
        """The last moment at which no more than so many working days are over."""
        return np.round(self._search(calendar, self.worked(calendar, moment) + days, "right"), _EXACT)

    def _search(self, calendar: Ints, wanted: Floats, side: Literal["left", "right"]) -> Floats:
        """First day on which that much is worked (`left`) or more (`right`), less what is over by its end."""
        days = self.works.shape[1]
        wanted = np.round(wanted, _EXACT)
        found = np.searchsorted(self._line, wanted + calendar * (days + 2.0), side=side)
        day = found - calendar.astype(np.int64) * days
        if (day >= days).any():
            raise OverflowError("the working days end before the time that is asked for")
        return np.asarray(day - (self._worked[calendar, day] - wanted))
