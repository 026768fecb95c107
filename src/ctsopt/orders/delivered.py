"""Asked against delivered: lead time, on time, in full, and what a short shipment is followed by."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from ctsopt.keys import Floats, Positions
from ctsopt.orders.book import Orders
from ctsopt.orders.periods import quantiles
from ctsopt.orders.shipped import line_of

SHRUNK = 0.5
"""An order below this part of the customer's mean has shrunk."""


def delivered(book: Orders, codes: Positions, count: int, reference: Literal["requested", "confirmed"],
              as_of: pd.Timestamp) -> dict[str, Floats]:
    """Features that need shipments; none where there are none.

    A line is measured where its reference date is past; one of which nothing was sent is neither on time nor in full.
    """
    if not len(book.shipments):
        return {}
    at = line_of(book.shipments, book.lines)
    sent = book.shipments[at >= 0]
    at = at[at >= 0]
    lines = book.lines
    n = len(lines)
    quantity = sent["quantity"].to_numpy()
    arrived = sent["delivery_date"].where(sent["delivery_date"].notna(), sent["ship_date"]).to_numpy()
    arrival = arrived.astype("datetime64[D]").astype(np.int64)
    due = lines[f"{reference}_date"].to_numpy().astype("datetime64[D]")
    measured = ~np.isnat(due) & (due < np.datetime64(as_of, "D"))
    due_day = np.where(np.isnat(due), np.iinfo(np.int64).max, due.astype(np.int64))
    last = np.full(n, np.iinfo(np.int64).min)
    np.maximum.at(last, at, arrival)
    shipped = np.bincount(at, quantity, minlength=n)
    in_time = np.bincount(at, quantity * (arrival <= due_day[at]), minlength=n)
    ordered = lines["stated_quantity"].to_numpy()
    some = shipped > 0
    taken = lines["order_date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    days = np.where(some, last - np.where(some, taken, 0), 0).astype(float)
    days[~some] = np.nan
    p50, p95 = quantiles(codes, count, days, (0.5, 0.95))

    def share(of: Floats, whole: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.bincount(codes, of, minlength=count) / np.bincount(codes, whole, minlength=count))

    counts = (measured | some).astype(float)  # what is not due and not sent yet says nothing
    fast = np.bincount(at, quantity * sent["expedited"].to_numpy(dtype=bool), minlength=n)
    return {
        "order_to_delivery_p50": p50, "order_to_delivery_p95": p95,
        "on_time": share(measured * some * (last <= due_day), measured.astype(float)),
        "fill": share(np.minimum(shipped, ordered) * counts, ordered * counts),
        "otif": share(measured * (in_time >= ordered - 1e-9), measured.astype(float)),
        "expedite_share": share(fast.astype(float), shipped.astype(float)),
        "shrinking": _shrinking(lines, codes, count, short=(shipped < ordered - 1e-9) & measured),
    }


def _shrinking(lines: pd.DataFrame, codes: Positions, count: int, short: np.ndarray) -> Floats:
    """Share of the two orders after a short one that are below half of the mean order; NaN without a short one."""
    width = len(lines["order"].cat.categories) + 1
    order, distinct = pd.factorize(codes * width + lines["order"].cat.codes.to_numpy().astype(np.int64))
    n = len(distinct)
    owner = np.asarray(distinct) // width
    size = np.bincount(order, lines["quantity"].to_numpy(), minlength=n)
    failed = np.bincount(order, short, minlength=n) > 0
    day = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(day, order, lines["order_date"].to_numpy().astype("datetime64[s]").astype(np.int64))
    turn = np.lexsort((day, owner))
    owner, size, failed = owner[turn], size[turn], failed[turn]
    mean = np.bincount(owner, size, minlength=count) / np.maximum(np.bincount(owner, minlength=count), 1)
    small = size < SHRUNK * mean[owner]
    followed, shrunk = np.zeros(count), np.zeros(count)
    for step in (1, 2):
        after = np.flatnonzero(failed[:-step] & (owner[:-step] == owner[step:])) if n > step else np.zeros(0, dtype=int)
        followed += np.bincount(owner[after], minlength=count)
        shrunk += np.bincount(owner[after], small[after + step], minlength=count)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(shrunk / followed)
