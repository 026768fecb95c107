"""Shares that rise with one number: the form in which every rule of sharing is written.

A rule says how the share of each line grows while a *level* rises: proportional shares rise as parts of what is asked,
equal shares rise unit by unit, a better rank rises before the next one. What there is decides how far the level rises.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ctsopt.keys import Bools, Floats, Positions


@dataclass(frozen=True, eq=False)
class Rise:
    """How the shares of lines rise with the level.

    Piece j adds room[j] to the share of line[j], evenly while the level goes from start[j] to end[j].

    Attributes
    ----------
    base : float array
        What each line gets at the lowest level.
    line : int array
        Line of each piece.
    start, end, room : float array
        Levels between which a piece is filled, and its size (above 0).
    """

    base: Floats
    line: Positions
    start: Floats
    end: Floats
    room: Floats

    @classmethod
    def between(cls, low: Floats, high: Floats, slope: Floats, offset: Floats) -> Rise:
        """Shares slope * level + offset, at least `low` and at most `high`; where low < high, slope is above 0."""
        return cls.pieces(low, np.arange(len(low)), low, high, slope, offset)

    @classmethod
    def pieces(cls, base: Floats, line: Positions, low: Floats, high: Floats, slope: Floats, offset: Floats) -> Rise:
        """Pieces that grow from `low` to `high` as slope * level + offset does."""
        rising = high > low
        low, high, slope, offset = (part[rising] for part in (low, high, slope, offset))
        return cls(base, line[rising], (low - offset) / slope, (high - offset) / slope, high - low)

    @classmethod
    def in_turn(cls, base: Floats, line: Positions, room: Floats) -> Rise:
        """Pieces that are filled one after the other, in the order in which they are given."""
        at = np.arange(len(line), dtype=np.float64)
        kept = room > 0
        return cls(base, line[kept], at[kept], at[kept] + 1, room[kept])

    @property
    def most(self) -> Floats:
        """What each line gets at the highest level."""
        return self.base + sums(self.line, self.room, len(self.base))

    def at(self, level: Floats) -> Floats:
        """Shares where each line has a level of its own."""
        reached = level[self.line]
        part = np.clip((np.minimum(reached, self.end) - self.start) / (self.end - self.start), 0.0, 1.0)
        return self.base + sums(self.line, self.room * part, len(self.base))

    def kept(self, mask: Bools) -> Rise:
        """Only some of the pieces."""
        return Rise(self.base, self.line[mask], self.start[mask], self.end[mask], self.room[mask])

    def in_stages(self, stage: Positions, pool: Positions) -> Rise:
        """The same pieces, those of one stage (a whole number for each line) only after those of the stages before.

        Levels of a stage go from `stage` to `stage + 1`, in each pool by itself, so that no weight is ever large.
        """
        if not len(self.line):
            return self
        turn = stage[self.line]
        _, group = np.unique(np.stack([pool[self.line], turn]), axis=1, return_inverse=True)
        group = group.ravel()
        first, last = np.full(group.max() + 1, np.inf), np.full(group.max() + 1, -np.inf)
        np.minimum.at(first, group, self.start)
        np.maximum.at(last, group, self.end)
        span = (last - first)[group]
        start, end = turn + (self.start - first[group]) / span, turn + (self.end - first[group]) / span
        return Rise(self.base, self.line, start, np.maximum(end, np.nextafter(start, np.inf)), self.room)


def joined(rises: list[Rise], lines: int) -> Rise:
    """The pieces of several rises over the same lines; what each line gets at the lowest level is added up."""
    base = np.zeros(lines)
    for rise in rises:
        base = base + rise.base
    line = np.concatenate([np.empty(0, dtype=np.int64), *(rise.line for rise in rises)])
    start, end, room = (np.concatenate([np.empty(0), *parts]) for parts in (
        [rise.start for rise in rises], [rise.end for rise in rises], [rise.room for rise in rises]))
    return Rise(base, line, start, end, room)


def pool_levels(rise: Rise, pool: Positions, supply: Floats) -> Floats:
    """Level of each pool at which its lines take what there is.

    Parameters
    ----------
    rise : Rise
        How the shares rise.
    pool : int array
        Pool of each line.
    supply : float array
        What there is in each pool.

    Returns
    -------
    float array
        Infinite where there is enough for all; the lowest level where there is not even enough for what every line
        gets at the lowest level.
    """
    count = len(supply)
    low = sums(pool, rise.base, count)
    most = sums(pool, rise.most, count)
    level = np.full(count, np.inf)
    short = most > supply
    live = short[pool[rise.line]]
    if not live.any():
        level[short] = -np.inf
        return level
    where, start, end, room = pool[rise.line][live], rise.start[live], rise.end[live], rise.room[live]
    before, after = _around(where, start, end, room, low, supply)
    full, waiting = end <= before[where], start >= after[where]
    steady = ~full & ~waiting
    slope = np.where(steady, room / (end - start), 0.0)
    gained = np.where(full, room, np.where(waiting, 0.0, slope * (before[where] - start)))
    total = low + sums(where, gained, count)
    pace = sums(where, slope, count)
    found = before + np.divide(supply - total, pace, out=np.zeros(count), where=pace > 0)
    level[short] = np.clip(found, before, after)[short]
    level[short & ~np.isfinite(before)] = -np.inf
    return level


def _around(where: Positions, start: Floats, end: Floats, room: Floats, low: Floats,
            supply: Floats) -> tuple[Floats, Floats]:
    """The two neighbouring levels, among those where a piece begins or ends, between which each pool is used up."""
    count = len(supply)
    at, pools, change, _ = _events(where, start, end, room, where[:0], start[:0])
    reached, new = _reached(at, pools, change, low)
    last = np.append(new[1:], True)
    beyond = (reached >= supply[pools]) | last
    place = np.flatnonzero(beyond)
    _, first = np.unique(pools[place], return_index=True)
    place = place[first]
    before, after = np.full(count, -np.inf), np.full(count, -np.inf)
    after[pools[place]] = at[place]
    before[pools[place]] = np.where(new[place], at[place], at[place - 1])
    return before, after


def taken_at(rise: Rise, pool: Positions, asked_pool: Positions, level: Floats) -> Floats:
    """What all lines of a pool take together at a level: one value for each pool and level that is asked for."""
    count = int(max(pool.max(initial=-1), asked_pool.max(initial=-1))) + 1
    low = sums(pool, rise.base, count)
    at, pools, change, query = _events(pool[rise.line], rise.start, rise.end, rise.room, asked_pool, level)
    reached, _ = _reached(at, pools, change, low)
    found = np.zeros(len(level))
    found[query[query >= 0]] = reached[query >= 0]
    return found


def _events(where: Positions, start: Floats, end: Floats, room: Floats, asked_pool: Positions,
            level: Floats) -> tuple[Floats, Positions, Floats, Positions]:
    """Levels where a piece begins or ends, or that are asked for, in order: level, pool, change of pace, question."""
    pace = room / (end - start)
    at = np.concatenate([start, end, level])
    pools = np.concatenate([where, where, asked_pool])
    change = np.concatenate([pace, -pace, np.zeros(len(level))])
    query = np.concatenate([np.full(2 * len(start), -1), np.arange(len(level))])
    order = np.lexsort((at, pools))
    return at[order], pools[order], change[order], query[order]


def _reached(at: Floats, pools: Positions, change: Floats, low: Floats) -> tuple[Floats, Bools]:
    """What each pool has taken at every event, and which events are the first of their pool."""
    new = np.append(True, pools[1:] != pools[:-1])[:len(pools)]
    pace = running(change, new)
    step = np.append(0.0, np.where(new[1:], 0.0, np.diff(at) * pace[:-1]))[:len(pools)]
    return low[pools] + running(step, new), new


def sums(of: Positions, values: Floats, count: int) -> Floats:
    """Sums of values by the number of what they belong to."""
    return np.bincount(of, weights=values, minlength=count).astype(np.float64)


def running(values: Floats, new: Bools) -> Floats:
    """Running sums that begin anew where `new` holds."""
    total = np.cumsum(values)
    begin = np.flatnonzero(new)
    carried = np.append(0.0, total)[begin]
    return np.asarray(total - np.repeat(carried, np.diff(np.append(begin, len(values)))), dtype=np.float64)


def positions(values: npt.ArrayLike) -> Positions:
    """Whole numbers as an array that points into other arrays."""
    return np.asarray(values, dtype=np.int64)
