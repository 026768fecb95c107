"""The clock of an order: cut-off, working days of sites and modes, and the chance that it comes in time.

An order that comes after the cut-off, or on a day on which the site does not work, counts as one of the site's next
working day. From then on processing, waits and making take working days of the site, each transit takes working days of
its mode, and the stay at a cross-dock working days of the cross-dock; what is handed over on a day that is none waits
for the next. The promise is counted in working days of the site from the day for which the order counts, or in calendar
days from the day of the order.

The chance to be on time is taken over the day and the time of the order (table `order_times`): of an ordinary week, or,
where `settings.first_day` says when the horizon begins, of every day of it, with holidays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ctsopt.inventory.lead_time import on_time_probability
from ctsopt.keys import BLANK, Bools, Floats, Ints, Positions
from ctsopt.networks.calendars import WEEKDAYS, Calendars, first_day, hours, weekday_of, weekdays
from ctsopt.networks.schema import ALL
from ctsopt.networks.working_time import WorkingTime
from ctsopt.tables.typed import Tables

_DIGITS = 9
_ROOMS_AT_ONCE = 2_000_000
"""Pairs of a group of ways and a moment of the order that are looked at together: 16 MB for each figure of them."""


@dataclass(frozen=True, eq=False)
class Trips:
    """What the clock needs to know of each way of a delivery, one element per way.

    Attributes
    ----------
    site, via, mode_in, mode_out, tier : int array
        Codes; via and mode_in are blank without a cross-dock.
    working : bool array
        The promise counts working days.
    promised : float array
        Days; infinite without a promise.
    fixed, passing : float array
        Days at the site from order to dispatch, and at the cross-dock.
    mean_in, mean, sd : float array
        Days of transit: mean to the cross-dock, mean and standard deviation of all.
    distribution : int array
        Code of its distribution.
    """

    site: Ints
    via: Ints
    mode_in: Ints
    mode_out: Ints
    tier: Ints
    working: Bools
    promised: Floats
    fixed: Floats
    passing: Floats
    mean_in: Floats
    mean: Floats
    sd: Floats
    distribution: Ints

    def take(self, at: Positions) -> Trips:
        """Some of the ways."""
        return Trips(*(getattr(self, name)[at] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Slowest:
    """The moment of an order at which it takes longest: weekday, whether after the cut-off, and days until it comes."""

    weekday: str
    late: bool
    days: float


class _Orders(NamedTuple):
    """Moments at which orders come: day, whether after the cut-off, share of the orders; shape (ways, moments)."""

    day: Floats
    late: Bools
    share: Floats


@dataclass(frozen=True, eq=False)
class Timed:
    """Ways with the clock of their network; None where every day is a working day and there is no cut-off."""

    clock: Clock | None
    trips: Trips

    def chance(self, wait: float = 0.0) -> Floats:
        """Probability of each way that an order keeps its promise, after a wait of so many days at the site."""
        trips = self.trips
        if self.clock is None:
            room = trips.promised - (trips.fixed + trips.passing)
            return on_time_probability(room - wait, trips.mean, trips.sd, trips.distribution)
        return self.clock.chance(trips, wait)

    def slowest(self, way: int) -> str:
        """When an order of a way takes longest and how long, in words; blank where it makes no difference."""
        if self.clock is None:
            return ""
        worst = self.clock.slowest(self.trips.take(np.array([way])))
        late = " after the cut-off" if worst.late else ""
        return f"; ordered on a {worst.weekday}{late}, it takes {worst.days:g} calendar days"


class Clock:
    """The clock of a network in which some site or mode has a calendar or a cut-off.

    Parameters
    ----------
    t : Tables
        Free of faults.
    """

    def __init__(self, t: Tables) -> None:
        self._calendars = Calendars.of(t)
        self._first = first_day(t)
        cutoffs = np.array([hours(text) if text else 24.0 for text in t.text("sites", "cutoff")])
        self._cutoffs, code = np.unique(cutoffs, return_inverse=True)
        self._cutoff_of_site = code.astype(np.int32)
        horizon = 0 if self._first is None else int(np.ceil(t.number("periods", "days").sum()))
        self._days = max(7, horizon)
        self._coming = _coming(t, self._cutoffs)

    def chance(self, trips: Trips, wait: float = 0.0) -> Floats:
        """Probability of each way that an order keeps its promise, after a wait of so many days at the site."""
        kind, first = _numbered(len(trips.site), *(getattr(trips, name) for name in trips.__dataclass_fields__))
        sample = trips.take(first)
        answer = np.ones(len(first))
        timed = np.flatnonzero(np.isfinite(sample.promised))
        if len(timed):
            answer[timed] = self._chance(sample.take(timed), wait)
        return np.asarray(answer[kind])

    def _chance(self, trips: Trips, wait: float) -> Floats:
        """The same, of ways that have a promise and are all different."""
        group, one = self._groups(trips)
        values, weight = self._rooms(replace(trips.take(one), fixed=trips.fixed[one] + wait))
        chance = np.zeros(len(trips.site))
        for room, share in zip(values, weight[:, group], strict=True):
            there = np.flatnonzero(share)
            chance[there] += share[there] * on_time_probability(
                room + trips.mean_in[there], trips.mean[there], trips.sd[there], trips.distribution[there])
        return np.minimum(chance, 1.0)

    def slowest(self, trips: Trips) -> Slowest:
        """When an order of the first way takes longest at its mean transit."""
        one = trips.take(np.zeros(1, dtype=np.int64))
        time = self._working_time(one, self._first)
        orders = self._orders(one)
        sent = self._handed_over(time, one, self._counts_from(time, one, orders.day, orders.late))
        days = np.where(orders.share > 0, self._come(time, one, sent) - orders.day, -1.0)[0]
        worst = int(days.argmax())
        return Slowest(WEEKDAYS[weekday_of(self._first, worst // 2)], bool(orders.late[0, worst]),
                       float(np.ceil(days[worst] - 1e-9)))

    def arrivals(self, trips: Trips, day: np.datetime64, hour: float) -> pd.DataFrame:
        """When an order comes that is placed on a day at an hour, at the mean transit of each way.

        Returns
        -------
        DataFrame
            counts_from, sent, arrives (days; part of a day counts as a day), calendar_days, working_days, promised,
            kept.
        """
        ordered = np.zeros((len(trips.site), 1))
        late = (hour > self._cutoffs[self._cutoff_of_site[trips.site]] + 1e-9)[:, None]
        time = self._working_time(trips, day)
        begin = self._counts_from(time, trips, ordered, late)
        sent = self._handed_over(time, trips, begin)
        come = self._come(time, trips, sent)
        site = self._calendars.of_site[trips.site][:, None]
        worked = time.worked(site, come) - time.worked(site, begin)
        taken = np.where(trips.working[:, None], worked, come)
        found = {"counts_from": begin, "sent": sent, "arrives": come}
        return pd.DataFrame({**{name: (day + np.ceil(moment[:, 0]).astype(np.int64)).astype("datetime64[s]")
                                for name, moment in found.items()},
                             "calendar_days": np.ceil(come[:, 0]), "working_days": np.ceil(worked[:, 0] - 1e-9),
                             "promised": trips.promised, "kept": taken[:, 0] <= trips.promised + 1e-9})

    # ---- moments ---------------------------------------------------------------------------------------------------

    def _groups(self, trips: Trips) -> tuple[Positions, Positions]:
        """Ways whose orders go through the same hours, whatever their transit: group of each, one way of each group."""
        over = trips.via != BLANK
        of_site, of_mode = self._calendars.of_site, self._calendars.of_mode
        docked = (np.where(over, codes, BLANK) for codes in (of_mode[trips.mode_in], of_site[trips.via]))
        return _numbered(len(trips.site), of_site[trips.site], self._cutoff_of_site[trips.site], trips.tier,
                         trips.working, trips.promised, trips.fixed, of_mode[trips.mode_out], *docked, trips.mean_in,
                         trips.passing)

    def _rooms(self, trips: Trips) -> tuple[Floats, Floats]:
        """Days that are left for the last transit: all that occur, and how often each does, shape (values, ways)."""
        time = self._working_time(trips, self._first)
        step = max(1, _ROOMS_AT_ONCE // (2 * self._days))
        parts = []
        for begin in range(0, len(trips.site), step):
            some = trips.take(np.arange(begin, min(begin + step, len(trips.site))))
            parts.append(pd.DataFrame({"way": np.repeat(np.arange(begin, begin + len(some.site)), 2 * self._days),
                                       "room": np.round(self._room(time, some), _DIGITS).ravel(),
                                       "share": self._orders(some).share.ravel()}))
        rows = pd.concat(parts) if len(parts) > 1 else parts[0]
        code, values = pd.factorize(rows["room"].to_numpy())
        count = len(trips.site)
        weight: Floats = np.bincount(code * count + rows["way"].to_numpy(), rows["share"].to_numpy(dtype=float),
                                     len(values) * count).astype(np.float64)
        return np.asarray(values, dtype=np.float64), weight.reshape(len(values), count)

    def _room(self, time: WorkingTime, trips: Trips) -> Floats:
        """Days that are left for the last transit, shape (ways, moments of the order)."""
        orders = self._orders(trips)
        begin = self._counts_from(time, trips, orders.day, orders.late)
        site, mode = (codes[:, None] for codes in (self._calendars.of_site[trips.site],
                                                   self._calendars.of_mode[trips.mode_out]))
        promised = np.broadcast_to(trips.promised[:, None], begin.shape)
        limit = np.where(trips.working[:, None], time.until(site, begin, promised), orders.day + promised)
        sent = time.from_then(mode, self._handed_over(time, trips, begin))
        return time.worked(mode, limit) - time.worked(mode, sent)

    def _counts_from(self, time: WorkingTime, trips: Trips, ordered: Floats, late: Bools) -> Floats:
        """Day for which each order counts: its own, or the next working day of the site."""
        calendar = np.broadcast_to(self._calendars.of_site[trips.site][:, None], ordered.shape)
        works = time.works[calendar, ordered.astype(np.int64)]
        return time.from_then(calendar, np.where(works & late, ordered + 1.0, ordered))

    def _handed_over(self, time: WorkingTime, trips: Trips, begin: Floats) -> Floats:
        """When the goods are handed over to the last mode."""
        shape = begin.shape

        def step(calendar: Ints, moment: Floats, days: Floats) -> Floats:
            return time.after(np.broadcast_to(calendar[:, None], shape), moment, np.broadcast_to(days[:, None], shape))

        of_site, of_mode = self._calendars.of_site, self._calendars.of_mode
        moment = step(of_site[trips.site], begin, trips.fixed)
        over = trips.via != BLANK
        if over.any():
            docked = step(of_mode[np.where(over, trips.mode_in, 0)], moment, trips.mean_in)
            docked = step(of_site[np.where(over, trips.via, 0)], docked, trips.passing)
            moment = np.where(over[:, None], docked, moment)
        return moment

    def _come(self, time: WorkingTime, trips: Trips, sent: Floats) -> Floats:
        """When the goods come, at the mean of the last transit."""
        mode = np.broadcast_to(self._calendars.of_mode[trips.mode_out][:, None], sent.shape)
        return time.after(mode, sent, np.broadcast_to((trips.mean - trips.mean_in)[:, None], sent.shape))

    def _orders(self, trips: Trips) -> _Orders:
        """The moments at which orders come: of each day, by the cut-off and after it."""
        shape = len(trips.site), 2 * self._days
        weekday = np.array([weekday_of(self._first, day) for day in range(self._days)])
        coming = self._coming[trips.tier, self._cutoff_of_site[trips.site]][:, weekday]
        share = coming / np.bincount(weekday, minlength=7)[weekday][:, None]
        return _Orders(np.broadcast_to(np.repeat(np.arange(float(self._days)), 2), shape),
                       np.broadcast_to(np.tile([False, True], self._days), shape), share.reshape(shape))

    def _working_time(self, trips: Trips, first: np.datetime64 | None) -> WorkingTime:
        """Working days from the first order to the last moment that any of the ways may ask for."""
        steps = np.ceil(trips.fixed + trips.passing + trips.mean_in + trips.mean)
        longest = float(np.max(steps + np.where(np.isfinite(trips.promised), trips.promised, 0.0)))
        # At least one day a week is worked; holidays and days of their own come on top of that.
        more = 800 if self._calendars.dated else 0
        return self._calendars.over(first, self._days + int(7 * (longest + 4)) + more)


def _coming(t: Tables, cutoffs: Floats) -> Floats:
    """Share of a tier's orders that come on each weekday, by a cut-off and after it: (tiers, cut-offs, 7, 2)."""
    tiers, frame = len(t.axes["tier"]), t.frames["order_times"]
    share = np.empty((tiers, len(cutoffs), 7, 2))
    share[..., 0] = cutoffs[:, None] / 24 / 7  # where nothing is said: every hour of the week alike
    share[..., 1] = 1 / 7 - share[..., 0]
    at = np.array([hours(text) for text in frame["at"]])
    on = np.array([weekdays(text) for text in frame["days"]], dtype=float).reshape(-1, 7)
    day = on / np.maximum(on.sum(axis=1, keepdims=True), 1.0) * frame["share"].to_numpy(dtype=float)[:, None]
    for code, tier in enumerate(t.axes["tier"].labels):
        rows = np.flatnonzero((frame["tier"] == tier).to_numpy(dtype=bool))
        rows = rows if len(rows) else np.flatnonzero((frame["tier"] == ALL).to_numpy(dtype=bool))
        if len(rows):
            early = at[rows][None, :] <= cutoffs[:, None] + 1e-9
            share[code, ..., 0] = early @ day[rows]
            share[code, ..., 1] = ~early @ day[rows]
    return share


def _numbered(size: int, *columns: np.ndarray[tuple[int], np.dtype[Any]]) -> tuple[Positions, Positions]:
    """Rows that are alike, numbered in the order in which they first come, and the first row of each.

    Rows are told apart by one number that all their columns are mixed into. Should two that differ have the same one,
    which is seen below, column after column is taken apart.
    """
    columns = tuple(column for column in columns if (column != column[:1]).any())
    mixed = np.zeros(size, dtype=np.uint64)
    for column in columns:
        mixed = (mixed ^ column.astype(np.float64).view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    code, first = _first_of(mixed)
    if not all(np.array_equal(column, column[first][code]) for column in columns):
        exact = np.zeros(len(mixed), dtype=np.int64)
        for column in columns:
            own, labels = pd.factorize(column)
            exact = pd.factorize(exact * len(labels) + own)[0].astype(np.int64)
        return _first_of(exact)
    return code, first


def _first_of(values: np.ndarray[tuple[int], np.dtype[Any]]) -> tuple[Positions, Positions]:
    code, labels = pd.factorize(values)
    first = np.empty(len(labels), dtype=np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]  # the last one written is the first one there
    return code.astype(np.int64), first
