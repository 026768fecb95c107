"""A book of promises as tables: what was answered, what each promise is made of, what is left, what else there is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator

import pandas as pd

from ctsopt.shortage.ledger import Ledger, Promise
from ctsopt.shortage.shelves import NOTHING, OPEN, Request, Shelves

Shown = Callable[[float], str]
"""How a day is shown."""

ANSWERS = ("order", "line", "customer", "tier", "product", "asked", "promised", "in_time", "short", "complete_on",
           "until", "because")
PARTS = ("order", "line", "customer", "product", "site", "available_on", "arrives_on", "quantity", "quota", "source")


def answers(shelves: Shelves, promises: Iterable[Promise], shown: Shown) -> pd.DataFrame:
    """One row a promise, and why it is not all that was asked for."""
    rows = []
    for promise in promises:
        asked, quantity, in_time = promise.request, promise.quantity, promise.in_time
        because = "" if in_time >= asked.quantity - NOTHING else _because(shelves, asked, quantity, in_time)
        rows.append((asked.order, asked.line, asked.customer, asked.tier, asked.product, asked.quantity, quantity,
                     in_time, max(asked.quantity - quantity, 0.0), shown(promise.complete_on), shown(promise.until),
                     because))
    return pd.DataFrame(rows, columns=list(ANSWERS))


def parts(ledger: Ledger, shown: Shown) -> pd.DataFrame:
    """One row for each cell that a promise takes from."""
    plan, rows = ledger.shelves.plan, []
    for promise in ledger.promises.values():
        request = promise.request
        for receipt, quota, quantity, arrives in promise.parts:
            site, product, available, _, source = plan.receipts[receipt]
            rows.append((request.order, request.line, request.customer, product, site, shown(available), shown(arrives),
                         quantity, _quota(ledger.shelves, quota), source))
    return pd.DataFrame(rows, columns=list(PARTS))


def left(shelves: Shelves, shown: Shown) -> pd.DataFrame:
    """One row a cell."""
    plan = shelves.plan
    rows = [(site, product, shown(available), _quota(shelves, quota), plan.cells[place][quota],
             shelves.left[place][quota], plan.kept[place][quota])
            for place, (site, product, available, _, _) in enumerate(plan.receipts)
            for quota in range(len(plan.tiers) + 1) if plan.cells[place][quota] > NOTHING]
    return pd.DataFrame(rows, columns=["site", "product", "available_on", "tier", "quantity", "left", "protected"])


def alternatives(shelves: Shelves, asked: Request, substitutes: pd.DataFrame | None, shown: Shown) -> pd.DataFrame:
    """One row for each way out that gives something; the same outcome is told once."""
    rows = []
    for what, request, late in _instead(shelves, asked, substitutes):
        found = shelves.seek(request, late=late)
        if found:
            sites = sorted({shelves.plan.receipts[part.receipt][0] for part in found})
            rows.append((what, request.product, ", ".join(sites), math.fsum(part.quantity for part in found),
                         shown(max(part.day for part in found))))
    table = pd.DataFrame(rows, columns=["what", "product", "site", "quantity", "complete_on"])
    return table.drop_duplicates(["product", "site", "quantity", "complete_on"], ignore_index=True)


def _instead(shelves: Shelves, asked: Request, substitutes: pd.DataFrame | None
             ) -> Iterator[tuple[str, Request, bool]]:
    free = asked._replace(complete="no", minimum=0.0)
    yield "as asked", asked, True
    yield "part in time", free, False
    all_there = max((part.day for part in shelves.seek(free)), default=-math.inf)
    yield "all at once later", asked._replace(complete="line", requested=all_there), False
    if asked.site:
        yield "another site", free._replace(site=""), True
    if substitutes is not None:
        for row in substitutes[substitutes["product"] == asked.product].to_dict("records"):
            ratio = float(row.get("ratio", 1.0))
            yield "substitute", free._replace(product=row["substitute"], quantity=asked.quantity * ratio), True


def _quota(shelves: Shelves, place: int) -> str:
    return shelves.plan.tiers[place][0] if place < len(shelves.plan.tiers) else OPEN


def _because(shelves: Shelves, asked: Request, quantity: float, in_time: float) -> str:
    if not shelves.ways(asked.customer, asked.product, asked.site):
        return "no site that may serve the customer has the product"
    if quantity >= asked.quantity - NOTHING:
        return "the rest comes later than it is wanted" if in_time > NOTHING else "it comes later than it is wanted"
    if quantity <= NOTHING and (asked.complete != "no" or asked.minimum > 0):
        return "what is left is less than the order takes"
    return "the rest is promised to others or held for them"
