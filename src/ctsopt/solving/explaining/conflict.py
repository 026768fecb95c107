"""A smallest conflict: members that cannot hold together, while any of them left out the others can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

Fails = Callable[[Sequence[T]], "bool | None"]
"""Whether some members cannot all hold: True where that is proven, False where they can, None where it is not known."""


def smallest(members: Sequence[T], fails: Fails[T]) -> tuple[list[T], bool]:
    """A smallest conflict among members that fail together; those that come first are left out first.

    Parts are left out by halves, and kept as soon as what is left is not proven to fail: at every moment the members
    that are left are known to fail. It takes about k log(n / k) questions for k of n members.

    Parameters
    ----------
    members : sequence
        They are known to fail together.
    fails : callable
        Asked of some of the members, in their order.

    Returns
    -------
    list
        Members of the conflict, in their order.
    bool
        Whether it is proven that without any one of them the others can hold.
    """
    left, proven = list(members), True
    waiting = [list(members)]
    while waiting:
        part = waiting.pop()
        without = [m for m in left if all(m is not p for p in part)]
        answer = fails(without)
        if answer:
            left = without
        elif len(part) > 1:
            half = len(part) // 2
            waiting += [part[half:], part[:half]]
        else:
            proven = proven and answer is not None
    return left, proven
