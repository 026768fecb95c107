"""Whole cases from real shares, without the luck of whose row comes first.

Largest remainders, first over the ranks of a pool, then over the customers inside a rank; ties go to the better rank,
then to the earlier order, then to the key. Over several sites a case is given only where it can be sent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.shortage.levels import Rise, running, sums
from ctsopt.shortage.settling import Settled, Sources, settle

TIE = 9
"""Remainders are the same where they agree to so many decimals of a case."""


@dataclass(frozen=True, eq=False)
class Whole:
    """Whole cases.

    Attributes
    ----------
    cases : float array
        Cases of each line.
    won : bool array
        Whether the line's customer got a case more than its share holds in full, by its remainder.
    by_key : bool array
        Whether that was decided by nothing but the key of an order.
    """

    cases: Floats
    won: Bools
    by_key: Bools


@dataclass(frozen=True, eq=False)
class Claims:
    """What rounding looks at, one value for each order line.

    Attributes
    ----------
    share, low, most : float array
        Share, floor and what is asked for, in cases.
    rank, turn : int array
        Rank, and the place where all else is equal; `early` is that place without the key.
    group : int array
        Lines of one customer that are rounded together.
    """

    share: Floats
    low: Floats
    most: Floats
    rank: Positions
    turn: Positions
    early: Positions
    group: Positions


def whole_cases(claims: Claims, settled: Settled, sources: Sources) -> Whole:
    """Round the shares of each customer, then give its cases to its lines in turn.

    Parameters
    ----------
    claims : Claims
        The lines. All lines of a group are of one kind.
    settled : Settled
        The shares, with the pools that they were settled in.
    sources : Sources
        What there is, in cases.
    """
    count = int(claims.group.max(initial=-1)) + 1
    first = _first_of(claims.group, claims.turn, count)
    share, low, most = (sums(claims.group, part, count)
                        for part in (claims.share, claims.low, np.floor(claims.most + 10.0**-TIE)))
    pool, rank, turn, early = settled.pool[first], claims.rank[first], claims.turn[first], claims.early[first]
    base = np.minimum(np.floor(share + 10.0**-TIE), most)
    rest = share - base
    broken = (base + 10.0**-TIE < low) & (base < most)
    order = np.lexsort((turn, rank, -np.round(rest, TIE), ~broken))
    won, tied = _winners(pool, rank, rest, early, order, broken)
    by_gain = order[np.argsort(~won[order], kind="stable")]
    by_rank = np.lexsort((turn, rank))
    one = np.minimum(1.0, most - base)
    line = np.concatenate([by_rank, by_gain, by_rank])
    room = np.concatenate([base[by_rank], one[by_gain], (most - base - one)[by_rank]])
    whole_sources = Sources(np.floor(sources.supply + 10.0**-TIE), sources.kind[first], sources.kinds,
                            sources.way_kind, sources.way_source, sources.way_cost)
    got = np.round(settle(Rise.in_turn(np.zeros(count), line, room), whole_sources).share)
    gained = got > base
    return Whole(_to_lines(got, claims), gained[claims.group], tied[claims.group])


def _winners(pool: Positions, rank: Positions, rest: Floats, early: Positions, order: Positions,
             broken: Bools) -> tuple[Bools, Bools]:
    """Who gets a case for a remainder: ranks share those of their pool, customers those of their rank."""
    _, tier = np.unique(np.stack([pool, rank]), axis=1, return_inverse=True)
    tier = tier.ravel()
    tiers = int(tier.max(initial=-1)) + 1
    first = np.full(tiers, len(tier))
    np.minimum.at(first, tier, np.arange(len(tier)))
    of_tier = sums(tier, rest, tiers)
    sure = np.floor(of_tier + 10.0**-TIE)
    left = of_tier - sure
    pools = pool[first]
    spare = np.floor(np.bincount(pools, weights=left) + 10.0**-TIE)
    in_order = np.lexsort((rank[first], -np.round(left, TIE), pools))
    place = running(np.ones(tiers), np.append(True, np.diff(pools[in_order]) != 0)[:tiers])
    extra = np.zeros(tiers)
    extra[in_order] = place <= spare[pools[in_order]]
    cases = sure + extra
    inside = order[np.argsort(tier[order], kind="stable")]
    place = running(np.ones(len(inside)), np.append(True, np.diff(tier[inside]) != 0)[:len(inside)])
    won = np.zeros(len(tier), dtype=bool)
    won[inside] = place <= cases[tier[inside]]
    return won, _tied(tier, rest, early, broken, won, tiers)


def _tied(tier: Positions, rest: Floats, early: Positions, broken: Bools, won: Bools, tiers: int) -> Bools:
    """Customers that won or lost a case only by their key: somebody equal in everything else fared otherwise."""
    _, alike = np.unique(np.stack([tier, np.round(rest * 10**TIE).astype(np.int64), early, broken]), axis=1,
                         return_inverse=True)
    alike = alike.ravel()
    size, winners = np.bincount(alike), np.bincount(alike, weights=won)
    return np.asarray((winners[alike] > 0) & (winners[alike] < size[alike]), dtype=bool)


def _to_lines(got: Floats, claims: Claims) -> Floats:
    """A customer's cases for its lines in turn, at most what each asks for."""
    order = np.lexsort((claims.turn, claims.group))
    group, room = claims.group[order], np.floor(claims.most[order] + 10.0**-TIE)
    before = running(room, np.append(True, np.diff(group) != 0)[:len(group)]) - room
    cases = np.zeros(len(group))
    cases[order] = np.clip(got[group] - before, 0.0, room)
    return cases


def _first_of(group: Positions, turn: Positions, count: int) -> Positions:
    """The line of each group whose turn comes first."""
    order = np.lexsort((turn, group))
    first = np.zeros(count, dtype=np.int64)
    first[group[order][::-1]] = order[::-1]
    return first
