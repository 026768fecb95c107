"""The rules of sharing what is short: pure functions over arrays, one value per order line.

Every rule is a `Rise`: how shares grow with a level. `share_out` applies one to pools; over sites and dates
`ctsopt.shortage.settling` applies the same rises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import known
from ctsopt.keys import Floats, Positions
from ctsopt.shortage.levels import Rise, joined, pool_levels, positions, running, sums


@dataclass(frozen=True, eq=False)
class Lines:
    """What the rules look at: one value for each order line.

    Attributes
    ----------
    asked : float array
        What is asked for.
    low, high : float array
        What the line gets in any case, and what it gets at most.
    pool : int array
        Lines that may compete with each other have one pool.
    rank : int array
        0 is the best rank.
    basis : float array
        What shares are proportional to: asked, consumed or contracted.
    weight : float array
        Weight of the line's tier.
    penalty : float array
        What a unit short costs.
    turn : int array
        Place of each line where everything else is equal: by order date, then key. Distinct.
    protected : float array
        Units that are kept for the ranks above the line's own.
    """

    asked: Floats
    low: Floats
    high: Floats
    pool: Positions
    rank: Positions
    basis: Floats
    weight: Floats
    penalty: Floats
    turn: Positions
    protected: Floats = field(default_factory=lambda: np.zeros(0))

    def __len__(self) -> int:
        return len(self.asked)


def proportional(lines: Lines) -> Rise:
    """Equal parts of the basis, which is what is asked unless history or contracts were chosen."""
    return Rise.between(lines.low, lines.high, lines.basis, np.zeros(len(lines)))


def weighted(lines: Lines) -> Rise:
    """Parts of the basis times the weight of the tier, at most what is asked."""
    return Rise.between(lines.low, lines.high, lines.weight * lines.basis, np.zeros(len(lines)))


def uniform(lines: Lines) -> Rise:
    """The same number of units for every line, at most what is asked (constrained equal awards)."""
    return Rise.between(lines.low, lines.high, np.ones(len(lines)), np.zeros(len(lines)))


def equal_losses(lines: Lines) -> Rise:
    """Every line is short by the same number of units, at most by all it asks (constrained equal losses)."""
    return Rise.between(lines.low, lines.high, np.ones(len(lines)), lines.asked)


def contested(lines: Lines) -> Rise:
    """Equal awards up to half of what is asked, then equal losses: the rule of the contested garment (Talmud)."""
    half, count = lines.asked / 2, len(lines)
    top = np.zeros(count)
    most = np.zeros(int(lines.pool.max(initial=-1)) + 1)
    np.maximum.at(most, lines.pool, half)
    top = most[lines.pool]
    line = np.arange(count)
    low, high = np.minimum(lines.low, half), np.minimum(lines.high, half)
    more_low, more_high = np.maximum(lines.low - half, 0.0), np.maximum(lines.high - half, 0.0)
    ones = np.ones(2 * count)
    return Rise.pieces(low + more_low, np.append(line, line), np.append(low, more_low), np.append(high, more_high),
                       ones, np.append(np.zeros(count), half - 2 * top))


def max_min(lines: Lines) -> Rise:
    """The least share of what is asked is as large as it can be, then the next, and so on."""
    return Rise.between(lines.low, lines.high, lines.asked, np.zeros(len(lines)))


def value(lines: Lines) -> Rise:
    """The dearest shortage first; equal penalties by rank, then by order date, then by key."""
    order = np.lexsort((lines.turn, lines.rank, -lines.penalty))
    return Rise.in_turn(lines.low, positions(order), (lines.high - lines.low)[order])


EVEN: dict[str, Callable[[Lines], Rise]] = {
    "proportional": proportional, "weighted": weighted, "uniform": uniform, "equal_losses": equal_losses,
    "contested": contested, "max_min": max_min, "value": value}
"""Rules that look at no rank; each may also be the rule inside a rank."""

RULES = ("priority", *EVEN, "protected")
"""Names of all rules."""

COMPARED = ("priority", "proportional", "weighted", "uniform", "equal_losses", "value")
"""The rules that stand side by side."""


def rise_of(lines: Lines, rule: str, inside: npt.NDArray[np.object_] | str = "proportional") -> Rise:
    """How shares rise under a rule; `inside` names the rule inside a rank, for each line or for all."""
    known(rule, RULES, "rule")
    if rule == "protected":
        raise UsageError("the rule protected looks at one pool at a time: use protected_shares")
    if rule != "priority":
        return EVEN[rule](lines)
    named = np.full(len(lines), inside, dtype=object) if isinstance(inside, str) else inside
    parts = []
    for name in dict.fromkeys(named.tolist()):
        known(name, tuple(EVEN), "rule inside a rank")
        own = named == name
        rise = EVEN[name](lines)
        parts.append(replace(rise.kept(own[rise.line]), base=np.where(own, rise.base, 0.0)))
    return joined(parts, len(lines)).in_stages(lines.rank, lines.pool)


def protected_shares(lines: Lines, supply: Floats) -> Floats:
    """Orders in turn: each takes what is left above the units that are kept for the ranks above its own.

    What is kept and not called for stays unshared: it waits for orders of those ranks.
    """
    count = len(lines)
    share = lines.low.copy()
    order = np.lexsort((lines.turn, lines.pool))
    pool = lines.pool[order]
    new = np.append(True, pool[1:] != pool[:-1]) if count else np.zeros(0, dtype=bool)
    room = (lines.high - lines.low)[order]
    free = (supply - sums(lines.pool, lines.low, len(supply)))[pool]
    taken, rank, kept = room.copy(), lines.rank[order], lines.protected[order]
    for this in np.unique(rank)[::-1]:
        # Better ranks are served in full as long as this one is: what they take is known without looking at them.
        own = rank == this
        before = running(taken, new) - taken
        taken = np.where(own, np.clip(free - before - kept, 0.0, room), taken)
    share[order] += taken
    return share


def share_out(supply: npt.ArrayLike, asked: npt.ArrayLike, rule: str = "proportional", *,
              pool: npt.ArrayLike | None = None, floor: npt.ArrayLike = 0.0, cap: npt.ArrayLike = np.inf,
              rank: npt.ArrayLike | None = None, weight: npt.ArrayLike = 1.0, penalty: npt.ArrayLike = 0.0,
              basis: npt.ArrayLike | None = None, protected: npt.ArrayLike = 0.0,
              inside: str = "proportional") -> Floats:
    """Share what there is among lines by a rule: real numbers, no cases.

    Parameters
    ----------
    supply : float or array
        What there is, in each pool [units].
    asked : array
        What each line asks for [units].
    rule : str
        priority, proportional, weighted, uniform, equal_losses, contested, max_min, value or protected.
    pool : int array, optional
        Pool of each line; one pool for all by default.
    floor, cap : float or array
        What a line gets at least and at most [units]. Floors must fit.
    rank, weight, penalty, basis, protected : arrays, optional
        What `priority`, `weighted`, `value`, `proportional` and `protected` look at. Rank 1 is the best.
    inside : str
        Rule inside a rank.

    Returns
    -------
    float array
        The share of each line.

    Examples
    --------
    >>> share_out(100, [60, 50, 40], "equal_losses").round(4).tolist()
    [43.3333, 33.3333, 23.3333]
    """
    amounts = np.atleast_1d(np.asarray(supply, dtype=np.float64))
    wanted = _amounts("asked", asked)
    count = len(wanted)
    pools = np.zeros(count, dtype=np.int64) if pool is None else positions(pool)
    high = np.minimum(wanted, np.broadcast_to(_amounts("cap", cap), count))
    low = np.minimum(np.broadcast_to(_amounts("floor", floor), count), high)
    if (sums(pools, low, len(amounts)) > amounts * (1 + 1e-12)).any():
        raise UsageError("the floors come to more than there is: lower them, or leave them to allocate, which shares "
                         "what there is within the floors")
    shares = wanted if basis is None else _amounts("basis", basis)
    heavy = np.broadcast_to(_amounts("weight", weight), count)
    if ((wanted > 0) & ((shares == 0) | (heavy == 0))).any():
        raise UsageError("a line that asks for something has a basis or a weight of 0: it could never get a share")
    _, ranks = np.unique(np.zeros(count) if rank is None else np.asarray(rank), return_inverse=True)
    lines = Lines(wanted, low, high, pools, positions(ranks), shares, heavy,
                  np.broadcast_to(np.asarray(penalty, dtype=np.float64), count), np.arange(count),
                  np.broadcast_to(_amounts("protected", protected), count))
    if rule == "protected":
        return protected_shares(lines, amounts)
    rise = rise_of(lines, rule, inside)
    return rise.at(pool_levels(rise, pools, amounts)[pools])


def _amounts(name: str, given: npt.ArrayLike) -> Floats:
    array = np.atleast_1d(np.asarray(given, dtype=np.float64))
    wrong = ~(array >= 0)
    if wrong.any():
        raise UsageError(f"{name} is {array[wrong].flat[0]:g}: it must be at least 0")
    return array
