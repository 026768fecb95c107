"""Which promises and limits conflict, and by how much each limit would have to give way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Arrays
from ctsopt.solving.explaining.conflict import smallest
from ctsopt.solving.explaining.elastic import Elastic
from ctsopt.solving.explaining.members import Member, limit_members, promise_members, short_by_claimant
from ctsopt.solving.explaining.shares import LARGE, NOTHING, Claims, fair_shares

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_ROOM = 1e-9
"""Share by which a shortfall that is granted may still move."""

_MOST = 6
"""So many conflicts are looked for."""

_PROVEN = 1e-4
"""Share by which an amount may be above what is proven to be the least."""

_SHARES = 0.6
"""Part of the time in which it is settled what goes short; the reasons have the rest."""

_CLEARLY = 1e-5
"""Shares that go short in a linear program, all in all, which are no error of rounding."""

_SEARCH = 0.5
"""Part of what is left of the time in which a conflict is made smallest; the amounts have the rest."""

_PATIENCE = 10.0
"""Seconds for one question with whole columns."""


@dataclass(frozen=True, eq=False)
class Way:
    """How a limit would have to give way for the conflict to go, the other members as they are.

    Attributes
    ----------
    member : Member
    share : float array or None
        For each of the limit's columns the share of what it asks; None where it is not enough by itself.
    proven : bool
        Whether it is proven that less is not enough (or that it is not enough by itself).
    least : float
        What is proven to be needed, of `all_in_all`.
    keeps : bool array or None
        Claimants who are kept in full then, while the others go short; None where no promise has to do with it.
    """

    member: Member
    share: Floats | None
    proven: bool
    least: float = 0.0
    keeps: Bools | None = None

    @property
    def all_in_all(self) -> float:
        """The shares of its columns together; infinite where it is not enough by itself."""
        return np.inf if self.share is None else float(self.share.sum())


@dataclass(frozen=True, eq=False)
class Found:
    """A conflict.

    Attributes
    ----------
    members : list of Member
    smallest : bool
        Whether it is proven that without any one of its members the others can hold.
    ways : list of Way
        How each limit would have to give way.
    explains : bool array or None
        Claimants whose shortfall it explains; None for a conflict among limits alone.
    own : bool array or None
        Those of them who are members of it. The limits alone may leave others short, too.
    """

    members: list[Member]
    smallest: bool
    ways: list[Way]
    explains: Bools | None = None
    own: Bools | None = None


class Questions:
    """The elastic program, asked with some members let go and some shortfalls granted."""

    def __init__(self, arrays: Arrays, deadline: float) -> None:
        self.arrays, self.deadline, self.until = arrays, deadline, deadline
        self.lower, self.upper = arrays.lower.copy(), arrays.upper.copy()
        self.granted = arrays.lower.copy(), arrays.upper.copy()
        self.linear = Highs(arrays, relax=True)
        self.whole = Highs(arrays, mip_rel_gap=1e-6) if arrays.integer.any() else None

    def grant(self, columns: Positions, share: Floats) -> None:
        """Let some columns give way by so much in every question from now on."""
        self.granted[1][columns] = share

    def give(self, member: Member, share: Floats) -> None:
        """Let a limit give way in every question from now on."""
        if member.giving is not None and member.giving.bound:
            self.granted[0][member.columns] = 0.0
        else:
            self.granted[1][member.columns] = share * (1 + _ROOM) + np.where(share > 0, _ROOM, 0.0)

    def can_hold(self, let_go: Sequence[Member]) -> bool | None:
        """Whether a plan exists once some members are let go; None where that is not known."""
        if self._left() <= 0:
            return None
        self._bounds(let_go)
        self._costs(None)
        # A search sees at once what the linear program takes long to find out: it is reduced first.
        outcome = self.linear.run(self._left()) if self.whole is None else self.whole.run(min(self._left(), _PATIENCE))
        if outcome.stopped_by == "infeasible":
            return False
        return True if outcome.plan is not None else None

    def least(self, columns: Positions, let_go: Sequence[Member]) -> tuple[Floats | None, bool, float]:
        """The least that some columns have to give way, all in all, once some members are let go.

        The plan (None where none exists even so, or none was found), whether that is proven, and what is proven.
        """
        if self._left() <= 0:
            return None, False, 0.0
        self._bounds(let_go)
        self._costs(columns)
        model = self.whole or self.linear
        outcome = model.run(min(self._left(), _PATIENCE))
        met = outcome.stopped_by == "gap" and outcome.value - outcome.bound <= _PROVEN * max(abs(outcome.value), 1e-3)
        sure = self._left() > 0 and (met or outcome.stopped_by == "infeasible")
        bound = max(outcome.bound, 0.0) if np.isfinite(outcome.bound) else 0.0
        return (None if outcome.plan is None else np.asarray(outcome.plan)), sure, bound

    def binding(self, members: Sequence[Member]) -> list[Member] | None:
        """Of a large program a few members that fail together even where what is whole may be in parts: linear programs
        are answered soon, one after the other. None where these do not prove that the members fail.
        """
        if self.whole is None or len(self.arrays.cost) < LARGE:
            return None
        priced = self._priced(members, members)
        if priced is None:
            return None
        few = [member for member in members if member.kind == "promise" or priced[member.columns].any()]
        if self._priced(few, members) is None:
            few = list(members)
        return smallest(few, lambda held: self._priced(held, members) is not None)[0]

    def _priced(self, held: Sequence[Member], members: Sequence[Member]) -> Bools | None:
        """Columns that the proof takes that some members fail; None where they are not proven to."""
        keep = {id(member) for member in held}
        promises = [member.columns for member in held if member.kind == "promise"]
        if not promises or self._left() <= 0:
            return None
        self._bounds([member for member in members if id(member) not in keep or member.kind == "promise"])
        self._costs(np.concatenate(promises))
        outcome = self.linear.run(min(self._left(), _PATIENCE))
        return outcome.col_priced if outcome.bound > _CLEARLY else None

    def hurry(self, part: float) -> None:
        """From now on ask within a part of the time that is left."""
        now = time.monotonic()
        self.until = now + part * (self.deadline - now)

    def _left(self) -> float:
        return self.until - time.monotonic()

    def _costs(self, columns: Positions | None) -> None:
        cost = np.zeros(len(self.arrays.cost))
        if columns is not None:
            cost[columns] = 1.0
        for model in (self.linear, self.whole):
            if model is not None:
                model.change_cost(cost)

    def _bounds(self, let_go: Sequence[Member]) -> None:
        lower, upper = self.granted[0].copy(), self.granted[1].copy()
        for member in let_go:
            if member.giving is not None and member.giving.bound:
                lower[member.columns] = 0.0
            else:
                upper[member.columns] = np.where(self.arrays.integer[member.columns], 1e6, np.inf)
        changed = np.flatnonzero((lower != self.lower) | (upper != self.upper)).astype(np.int32)
        if len(changed):
            for model in (self.linear, self.whole):
                if model is not None:
                    model.change_bounds(changed, lower[changed], upper[changed])
        self.lower, self.upper = lower, upper


def conflict_of(ask: Questions, members: Sequence[Member], let_go: Sequence[Member] = ()) -> Found | None:
    """A smallest conflict among members; None where they are not known to conflict."""
    return _fewest(ask, members, let_go) if ask.can_hold(let_go) is False else None


def _fewest(ask: Questions, members: Sequence[Member], let_go: Sequence[Member]) -> Found:
    """A smallest conflict among members that are known to fail together."""

    def fails(held: Sequence[Member]) -> bool | None:
        keep = {id(member) for member in held}
        answer = ask.can_hold([*let_go, *(m for m in members if id(m) not in keep)])
        return None if answer is None else not answer

    found, proven = smallest(members, fails)
    return Found(found, proven, [])


def how_to_give_way(ask: Questions, found: Found, let_go: Sequence[Member] = ()) -> Found:
    """By how much each limit of a conflict would have to give way, by itself."""
    ways = []
    place = {id(member): at for at, member in enumerate(found.members)}
    # While there is time: limits of the whole network first, then what a designer changes first.
    for member in sorted(reversed(found.members), key=lambda m: m.giving is not None and len(m.giving.key) > 0):
        if member.kind == "promise":
            continue
        if member.giving is not None and member.giving.bound:
            can = ask.can_hold([*let_go, member])
            ways.append(Way(member, np.ones(1) if can else None, can is not None))
            continue
        plan, sure, bound = ask.least(member.columns, [*let_go, member])
        ways.append(Way(member, None if plan is None else np.asarray(plan[member.columns]), sure, bound))
    return replace(found, ways=sorted(ways, key=lambda way: place[id(way.member)]))


@dataclass(frozen=True, eq=False)
class Why:
    """Why not everything can be kept.

    Attributes
    ----------
    conflicts : list of Found
        Those among limits alone first.
    given : list of Way
        Limits that have to give way whatever is promised, and how far.
    share : float array
        Share of each claimant that goes short.
    value : float array
        The same by column of the claims.
    proven : bool
        Whether the shares are proven to be the least; False where the time ran out.
    complete : bool
        Whether every shortfall is explained by a conflict.
    """

    conflicts: list[Found]
    given: list[Way]
    share: Floats
    value: Floats
    proven: bool
    complete: bool


def why(net: Network, model: Elastic, wanted: Claims, names: Sequence[str], deadline: float) -> Why | None:
    """What goes short, which conflicts are behind it, and how limits would have to give way; None where the time ran
    out before any plan with shortfalls was found.
    """
    every = Member("promise", np.append(model.short, model.late), "all promises")
    ask = Questions(model.arrays, deadline)
    conflicts, given = _among_limits(ask, model, every)
    arrays = replace(model.arrays, lower=ask.granted[0].copy(), upper=ask.granted[1].copy())
    arrays.upper[model.short], arrays.upper[model.late] = 1.0, np.inf
    now = time.monotonic()
    shares = fair_shares(arrays, wanted, now + _SHARES * (deadline - now))
    if shares is None:
        return None
    share = short_by_claimant(wanted, shares.value)
    short = share > NOTHING
    value = np.where(short[wanted.claimant], shares.value, 0.0)
    more, complete = _of_promises(ask, net, model, wanted, names, value, short)
    return Why([*conflicts, *more], given, np.where(short, share, 0.0), value, shares.proven, complete)


def _among_limits(ask: Questions, model: Elastic, promises: Member) -> tuple[list[Found], list[Way]]:
    """Conflicts that no promise given up would end; the limit that has the least to give way does so from then on."""
    limits = limit_members(model)
    conflicts: list[Found] = []
    given: list[Way] = []
    while len(conflicts) < _MOST:
        found = conflict_of(ask, limits, [promises])
        if found is None or not found.members:
            break
        found = how_to_give_way(ask, found, [promises])
        conflicts.append(found)
        enough = [way for way in found.ways if way.share is not None]
        if not enough:
            break
        least = min(enough, key=lambda way: way.all_in_all)
        given.append(least)
        assert least.share is not None
        ask.give(least.member, least.share)
    return conflicts, given


def _of_promises(ask: Questions, net: Network, model: Elastic, wanted: Claims, names: Sequence[str], value: Floats,
                 short: Bools) -> tuple[list[Found], bool]:
    """Conflicts until every shortfall is explained; what is explained is granted before the next one is looked for."""
    open_ones = short.copy()
    conflicts: list[Found] = []
    while open_ones.any() and len(conflicts) < _MOST:
        kept, failing = promise_members(net, wanted, names, open_ones)
        ask.hurry(_SEARCH)
        every = [*kept, *limit_members(model), *failing]
        few = ask.binding(every)
        if few is None:
            found = conflict_of(ask, every)
        else:
            inside = {id(member) for member in few}
            found = _fewest(ask, few, [member for member in every if id(member) not in inside])
        ask.hurry(1.0)
        if found is None:
            return conflicts, False
        mine = np.zeros(len(short), dtype=bool)
        for member in found.members:
            if member.claimants is not None:
                mine[member.claimants] = True
        explained = open_ones & (mine | ~_still_short(ask, wanted, found, open_ones))
        found = replace(found, explains=explained, own=open_ones & mine)
        conflicts.append(_ways(ask, wanted, value, short, found))
        open_ones &= ~explained
        _only(ask, wanted, value, short, short & ~open_ones)
    return conflicts, not open_ones.any()


def _ways(ask: Questions, wanted: Claims, value: Floats, short: Bools, found: Found) -> Found:
    """By how much each limit would have to give way by itself for all whom the conflict explains to be kept; where
    nothing is enough for them, for those who are members of it. The others go short as far as they have to.
    """
    assert found.own is not None
    assert found.explains is not None
    every, own = found.own | found.explains, found.own
    _only(ask, wanted, value, short, short & ~every)
    ways = [replace(way, keeps=every) for way in how_to_give_way(ask, found).ways]
    if (own != every).any() and any(way.share is None for way in ways):
        _only(ask, wanted, value, short, short & ~own)
        again = replace(found, members=[way.member for way in ways if way.share is None])
        fewer = {id(way.member): replace(way, keeps=own) for way in how_to_give_way(ask, again).ways}
        ways = [fewer.get(id(way.member), way) for way in ways]
    return replace(found, ways=ways)


def _only(ask: Questions, wanted: Claims, value: Floats, short: Bools, claimants: Bools) -> None:
    """Grant the shortfalls of some claimants, and of nobody else who goes short."""
    _grant(ask, wanted, np.zeros(len(value)), short)
    _grant(ask, wanted, value, claimants)


def _grant(ask: Questions, wanted: Claims, value: Floats, claimants: Bools) -> None:
    """Grant some claimants' shortfalls."""
    at = claimants[wanted.claimant]
    ask.grant(wanted.column[at], np.where(value[at] > 0, value[at] + _ROOM, 0.0))


def _still_short(ask: Questions, wanted: Claims, found: Found, open_ones: Bools) -> Bools:
    """Who would still go short if the limits of a conflict were no limits."""
    at = open_ones[wanted.claimant]
    free = Member("promise", wanted.column[at], "")
    plan, _, _ = ask.least(free.columns, [free, *(m for m in found.members if m.kind == "limit")])
    if plan is None:
        return np.zeros(len(open_ones), dtype=bool)
    value = np.zeros(len(wanted.column))
    value[at] = plan[free.columns]
    return np.asarray(short_by_claimant(wanted, value) > NOTHING)
