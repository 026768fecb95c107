"""Part of the oracle: working days and cut-offs, day by day.

Written from docs/calendars.md alone; imports nothing of ctsopt. A moment is a date and a part of the day that leads up
to the next date, as one number; every step walks from day to day.
"""

from __future__ import annotations

import datetime as dt
import math
from functools import cache

import holidays

from tests.oracle_tables import Network

NAMES = ["mo", "tu", "we", "th", "fr", "sa", "su"]
EXACT = 1e-9


def weekdays(text: str) -> frozenset:
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        day = NAMES.index(first)
        found.add(day)
        while last and NAMES[day] != last:
            day = (day + 1) % 7
            found.add(day)
    return frozenset(found)


@cache
def public(code: str, year: int) -> frozenset:
    return frozenset(holidays.country_holidays(code, years=year))


class Days:
    """The working days of a calendar; day 0 is the first of the horizon, or a Monday of no date."""

    def __init__(self, net: Network, name: str) -> None:
        row = net.calendars.get(name)
        self.week = weekdays(row["days"] if row else name or "mo-su")
        self.code = row["holidays"] if row else ""
        self.own = {dt.date.fromisoformat(day): working for (calendar, day), working in net.calendar_days.items()
                    if calendar == name}
        first = net.settings["first_day"]
        self.first = dt.date.fromisoformat(first) if first else None

    def weekday(self, day: int) -> int:
        return day % 7 if self.first is None else (self.first + dt.timedelta(day)).weekday()

    def works(self, day: int) -> bool:
        if self.first is not None:
            date = self.first + dt.timedelta(day)
            if date in self.own:
                return self.own[date]
            if self.code and date in public(self.code, date.year):
                return False
        return self.weekday(day) in self.week

    def wait(self, moment: float) -> float:
        """Until a working day, if the one that the moment leads up to is none."""
        day = math.ceil(moment - EXACT)
        if self.works(day):
            return moment
        while not self.works(day):
            day += 1
        return float(day)

    def walk(self, moment: float, days: float) -> float:
        moment = self.wait(moment)
        while days > EXACT:
            following = math.floor(moment + EXACT) + 1
            if self.works(following):
                step = min(days, following - moment)
                moment, days = moment + step, days - step
            else:
                moment = float(following)
        return moment

    def between(self, start: float, end: float) -> float:
        """Working days from one moment to a later one, or less than nothing to an earlier one."""
        if end < start:
            return -self.between(end, start)
        worked, moment = 0.0, start
        while moment < end - EXACT:
            following = math.floor(moment + EXACT) + 1
            worked += (min(following, end) - moment) if self.works(following) else 0.0
            moment = min(float(following), end)
        return worked

    def last(self, start: float, days: float) -> float:
        """The last moment up to which no more than so many days are worked."""
        moment = start
        while True:
            following = math.floor(moment + EXACT) + 1
            if self.works(following):
                if days < following - moment - EXACT:
                    return moment + days
                days -= following - moment
            moment = float(following)


def used(net: Network) -> bool:
    return any(s["calendar"] or s["cutoff"] for s in net.sites.values()) or any(m["calendar"] for m in
                                                                               net.modes.values())


def clock(text: str) -> float:
    hour, minute = text.split(":")[:2]
    return int(hour) + int(minute) / 60


def coming(net: Network, tier: str, cutoff: str) -> dict:
    """Share of a tier's orders on each weekday, by the cut-off (False) and after it (True)."""
    rows = [r for r in net.order_times if r["tier"] == tier] or [r for r in net.order_times if r["tier"] == "*"]
    share = {(day, late): 0.0 for day in range(7) for late in (False, True)}
    for row in rows:
        days = weekdays(row["days"])
        for day in days:
            late = bool(cutoff) and clock(row["at"]) > clock(cutoff)
            share[day, late] += row["share"] / len(days)
    if not rows:
        for day in range(7):
            early = clock(cutoff) / 24 if cutoff else 1.0
            share[day, False], share[day, True] = early / 7, (1 - early) / 7
    return share


def rooms(net: Network, tier: str, promise: dict, stops: tuple, at_site: float) -> list[tuple[float, float]]:
    """Days left for the last transit, and the share of orders that have them.

    `stops`: the site's name; for each leg but the last its mode, mean transit, cross-dock and stay; the last mode.
    """
    site, *docks, last = stops
    days = Days(net, net.sites[site]["calendar"])
    span = max(7, math.ceil(sum(net.periods.values()))) if net.settings["first_day"] else 7
    share = coming(net, tier, net.sites[site]["cutoff"])
    often = {w: sum(days.weekday(d) == w for d in range(span)) for w in range(7)}
    final, found = Days(net, net.modes[last]["calendar"]), {}
    for day in range(span):
        for late in (False, True):
            weight = share[days.weekday(day), late] / often[days.weekday(day)]
            if not weight:
                continue
            begin = days.wait(float(day + 1 if late and days.works(day) else day))
            moment = days.walk(begin, at_site)
            for mode, mean, dock, stay in docks:
                moment = Days(net, net.modes[mode]["calendar"]).walk(moment, mean)
                moment = Days(net, net.sites[dock]["calendar"]).walk(moment, stay)
            limit = days.last(begin, promise["lead_time"]) if promise["calendar"] == "working" else \
                day + promise["lead_time"]
            left = round(final.between(final.wait(moment), limit), 9)
            found[left] = found.get(left, 0.0) + weight
    return list(found.items())


def room_of(net: Network, tier: str, promise: dict, stops: tuple, at_site: float, kept: dict) -> list:
    """The same, worked out once."""
    key = (tier, promise["lead_time"], promise["calendar"], stops, at_site)
    if key not in kept:
        kept[key] = rooms(net, tier, promise, stops, at_site)
    return kept[key]


