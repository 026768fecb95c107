"""All promises anew: after supply has changed, or because some are to come before others.

Strategies are those of an allocation: whoever is to *gain* never has less than before where that can be had; whoever is
to *win* gets all of it in time, or is reported; then all who *share*, by rank and order date; whoever may *lose* comes
last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import pandas as pd

from ctsopt.shortage.ledger import Key, Promise
from ctsopt.shortage.shelves import NOTHING, OPEN, Part, Plan, Request, Shelves

_ORDER = ("win", "gain", "share", "lose")


def resettled(promises: Iterable[Promise], shelves: Shelves) -> list[Promise]:
    """Promises anew, by their strategies.

    Parameters
    ----------
    promises : iterable of Promise
        What was promised before.
    shelves : Shelves
        What there is, and nothing is taken from yet; what the promises take is taken there.
    """
    turn = sorted(promises, key=_turn)
    new: dict[Key, tuple[Part, ...]] = {}
    for promise in turn:
        if promise.request.strategy == "gain":
            shelves.take(promise.parts)
            new[_key(promise)] = promise.parts
    for strategy in _ORDER:
        for promise in turn:
            if promise.request.strategy == strategy:
                new[_key(promise)] = _better(promise, shelves, new.get(_key(promise), ()))
    return [replace(promise, parts=new[_key(promise)]) for promise in turn]


def moved(promises: Iterable[Promise], old: Plan, shelves: Shelves) -> list[Promise]:
    """Promises on other receipts: what is still there is kept, and what is lost is looked for elsewhere, in turn.

    Parameters
    ----------
    promises : iterable of Promise
        What was promised before.
    old : Plan
        The receipts that it was promised from.
    shelves : Shelves
        What there is now, and nothing is taken from yet.
    """
    turn = sorted(promises, key=_turn)
    receipts = {(site, product, day): number for number, (site, product, day, *_) in enumerate(shelves.plan.receipts)}
    quotas = {tier: place for place, (tier, _) in enumerate(shelves.plan.tiers)}
    names = [*(tier for tier, _ in old.tiers), OPEN]
    new: dict[Key, list[Part]] = {}
    for promise in turn:
        held = new[_key(promise)] = []
        for part in promise.parts:
            receipt = receipts.get(old.receipts[part.receipt][:3])
            quota = quotas.get(names[part.quota], len(quotas))
            if receipt is not None:
                amount = min(part.quantity, shelves.left[receipt][quota])
                found = [Part(receipt, quota, amount, part.day)] if amount > NOTHING else []
                shelves.take(found)
                held += found
    for promise in turn:
        held = new[_key(promise)]
        lost = promise.quantity - sum(part.quantity for part in held)
        if lost > NOTHING:
            found = shelves.seek(_as_asked(promise.request, lost))
            shelves.take(found)
            held += found
    return [replace(promise, parts=tuple(new[_key(promise)])) for promise in turn]


def _turn(promise: Promise) -> tuple[float, float, float, str, str]:
    request = promise.request
    return (request.rank, request.placed, promise.at, request.order, request.line)


def _key(promise: Promise) -> Key:
    return promise.request.order, promise.request.line


def _as_asked(request: Request, quantity: float) -> Request:
    """The part of an order that has lost its goods."""
    return request._replace(quantity=quantity, complete="no", minimum=0.0, case_size=min(request.case_size, quantity))


def _better(promise: Promise, shelves: Shelves, held: tuple[Part, ...]) -> tuple[Part, ...]:
    """What can be promised now; what is held stays where that is not at least as much by each day."""
    shelves.give_back(held)
    found = tuple(shelves.seek(promise.request))
    if held:
        one, other = replace(promise, parts=found), replace(promise, parts=held)
        days = {part.day for part in (*found, *held)}
        if any(one.by(day) < other.by(day) - NOTHING for day in days):
            found = held
    shelves.take(found)
    return found


def changes(before: Mapping[Key, Promise], after: Mapping[Key, Promise],
            shown: Callable[[float], str]) -> pd.DataFrame:
    """What became of each promise: one row for each line of which units or days have changed, or that is to win.

    Columns: order, line, customer, tier, strategy, asked, before, in_time_before, after, in_time (units), complete_on,
    change (kept, improved, later, less, lost, exception: to be won, and not to be had in full by its day).
    """
    rows = []
    for key, old in before.items():
        new, request = after[key], after[key].request
        rows.append((request.order, request.line, request.customer, request.tier, request.strategy, request.quantity,
                     old.quantity, old.in_time, new.quantity, new.in_time, shown(new.complete_on), _change(old, new)))
    return pd.DataFrame(rows, columns=["order", "line", "customer", "tier", "strategy", "asked", "before",
                                       "in_time_before", "after", "in_time", "complete_on", "change"])


def _change(old: Promise, new: Promise) -> str:
    if new.request.strategy == "win" and new.in_time < new.request.quantity - NOTHING:
        return "exception"
    if new.quantity <= NOTHING < old.quantity:
        return "lost"
    if new.quantity < old.quantity - NOTHING:
        return "less"
    days = {part.day for part in (*old.parts, *new.parts)}
    if any(new.by(day) < old.by(day) - NOTHING for day in days):
        return "later"
    if any(new.by(day) > old.by(day) + NOTHING for day in days):
        return "improved"
    return "kept"
