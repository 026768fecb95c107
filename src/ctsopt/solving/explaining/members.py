"""What can be part of a conflict: what somebody is promised, and each limit of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.solving.explaining.elastic import Elastic, Giving
from ctsopt.solving.explaining.shares import Claims

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_ONE_BY_ONE = 8
"""Up to so many customers that go short are looked at one by one, more of a tier together."""


@dataclass(frozen=True, eq=False)
class Member:
    """One business group: a promise to some customers of a tier, or a limit.

    Attributes
    ----------
    kind : {"promise", "limit"}
    columns : int array
        Columns of the elastic program that let it go.
    words : str
        The member in the user's words.
    tier : str
        Tier of a promise.
    claimants : int array
        Whose promises they are.
    giving : Giving or None
        The limit.
    """

    kind: Literal["promise", "limit"]
    columns: Positions
    words: str
    tier: str = ""
    claimants: Positions | None = None
    giving: Giving | None = None


def limit_members(model: Elastic) -> list[Member]:
    """Each limit; those that a designer changes last come first, the smaller ones of a family before the larger."""
    order = list(dict.fromkeys(giving.family for giving in reversed(model.limits) if giving.limit is not None))
    of_family = {name: place for place, name in enumerate(order)}
    ranked = sorted(model.limits, key=lambda g: (of_family.get(g.family, -1), float(g.size.sum()), g.key))
    return [Member("limit", giving.columns, limit_words(giving), giving=giving) for giving in ranked]


def limit_words(giving: Giving) -> str:
    """A limit in words."""
    if giving.limit is None:
        return giving.own[0]
    name = " to ".join(part for part in giving.key[:2] if part) if giving.limit.table == "lanes" else (
        ", ".join(part for part in giving.key if part))
    if giving.limit.table == "lanes" and len(giving.key) > 2 and giving.key[2]:
        name += f" by {giving.key[2]}"
    return giving.limit.words.format(name)


def promise_members(net: Network, wanted: Claims, names: Sequence[str],
                    open_ones: Bools) -> tuple[list[Member], list[Member]]:
    """Promises: what is kept in full of each tier together, and what goes short one by one where these are few.

    Parameters
    ----------
    net : Network
    wanted : Claims
    names : sequence of str
        Name of each claimant.
    open_ones : bool array
        Claimants that go short and are not explained yet.
    """
    kept_ones, failing = [], []
    tiers = net.axes["tier"].labels
    units = np.bincount(wanted.claimant, wanted.weight, minlength=len(wanted.level))
    level = dict(zip(wanted.tier.tolist(), wanted.level.tolist(), strict=True))
    for tier in sorted(level, key=lambda code: -level[code]):
        kept = np.flatnonzero((wanted.tier == tier) & ~open_ones)
        if len(kept):
            words = f"what {'the other customers' if (open_ones & (wanted.tier == tier)).any() else 'the customers'} of"
            kept_ones.append(_promise(wanted, kept, f"{words} {tiers[tier]} are promised", tiers[tier]))
    for tier in sorted(set(wanted.tier[open_ones].tolist()), key=lambda code: -level[code]):
        short = np.flatnonzero((wanted.tier == tier) & open_ones)
        short = short[np.argsort(units[short], kind="stable")]
        if len(short) > _ONE_BY_ONE:
            failing.append(_promise(wanted, short, f"what {len(short):,} customers of {tiers[tier]} are promised",
                                    tiers[tier]))
        else:
            failing += [_promise(wanted, np.array([one]), f"what {names[one]} is promised", tiers[tier])
                        for one in short.tolist()]
    return kept_ones, failing


def _promise(wanted: Claims, claimants: Positions, words: str, tier: str) -> Member:
    columns = wanted.column[np.isin(wanted.claimant, claimants)]
    return Member("promise", columns, words, tier, claimants)


def short_by_claimant(wanted: Claims, value: Floats) -> Floats:
    """Share of what was asked that goes short, for each claimant."""
    total = np.bincount(wanted.claimant, wanted.weight, minlength=len(wanted.level))
    return np.asarray(np.bincount(wanted.claimant, wanted.weight * value, minlength=len(wanted.level)) / total)
