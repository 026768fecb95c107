"""What is found once it is known who keeps stock of what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.networks.way_findings import Notes
from ctsopt.tables.typed import Tables

if TYPE_CHECKING:
    from ctsopt.networks.stock.points import Stocking


def nominal_volumes(t: Tables, stocking: Stocking | None, notes: Notes) -> None:
    """Stock points that serve a fill rate whose safety factor nothing states, and that no nominal volume works out."""
    if stocking is None or t.settings["stock_rule"] != "square_root":
        return
    listed = t.frames["site_products"]
    point = stocking.point_of(t.axes["site"].codes(listed["site"]), t.axes["product"].codes(listed["product"]))
    known = np.append(np.zeros(len(stocking.points), dtype=bool), False)
    known[point[listed["nominal_volume"].notna().to_numpy(dtype=bool)]] = True
    asked = stocking.present & ((stocking.fill_rate > 0) & np.isnan(stocking.factor))
    missing = np.flatnonzero(asked.any(axis=1) & ~known[:-1])
    if not len(missing):
        return
    who = [_promised_to(t, rate) for rate in stocking.fill_rate]
    keys = [f"{site}, {group}: " + "; ".join(who[c] for c in np.flatnonzero(asked[at]))
            for at, (site, group) in zip(missing, stocking.points.labels(missing), strict=True)]
    notes.add("nominal_volume_missing", "site_products", "with stock_rule = square_root the safety factor of a fill "
              "rate is worked out at a daily volume, and none is given", "give nominal_volume (of a stock group: for "
              "one of its products at least), or promises.safety_factor", keys, len(keys))


def replenishment(t: Tables, stocking: Stocking | None, notes: Notes) -> None:
    """Stock points whose replenishment takes no time at all, and those whose orders may overtake each other, unsaid."""
    if stocking is None:
        return
    site, product = np.nonzero(stocking.stocked)
    point = stocking.point_of(site.astype(np.int32), product.astype(np.int32))
    of, points = stocking.configurations.measures, len(stocking.points)
    promised = np.zeros(points, dtype=bool)
    promised[np.nonzero(stocking.present & (stocking.fill_rate > 0))[0]] = True
    days, sd = np.zeros(points), np.zeros(points)
    np.maximum.at(days, of["point"], of["lead_time"])
    np.maximum.at(sd, of["point"], of["lead_time_sd"])
    review, interval, lot = (_stated(t, c, site, product) for c in ("review_time", "order_interval", "lot_size"))
    here = promised[point]
    _note(stocking, notes, point, here & (days[point] + review == 0), "replenished_at_once", "goods come at once, in 0 "
          "days, and stock is reviewed all the time: no safety stock is needed, and none is planned",
          "give replenishment_days, or transit times of the ways in, or a review_time")
    if not t.settings["order_crossing"]:
        often = here & (lot == 0) & (sd[point] > 2 * np.maximum(review, interval))
        _note(stocking, notes, point, often, "orders_may_overtake", "the lead time varies by more than twice the days "
              "between two orders, and stock is sized as if no order ever came before an earlier one: where orders may "
              "overtake each other much less is enough", "set settings.order_crossing to yes where they may, to no "
              "where they may not")


def _note(stocking: Stocking, notes: Notes, point: Positions, found: Bools, rule: str, message: str, mend: str) -> None:
    """A finding on the points of some products."""
    some = np.unique(point[found])
    if len(some):
        notes.add(rule, "site_products", message, mend, [", ".join(label) for label in stocking.points.labels(some)],
                  len(some), "warning")


def _stated(t: Tables, column: str, site: Positions, product: Positions) -> Floats:
    """How products are replenished at sites: as listed, else as usual."""
    listed = t.frames["site_products"]
    usual = np.full((len(t.axes["site"]), len(t.axes["product"])), float(t.settings.get(column, 0.0)))
    at = t.axes["site"].codes(listed["site"]), t.axes["product"].codes(listed["product"])
    values = listed[column].to_numpy(dtype=float)
    usual[at] = np.where(np.isnan(values), usual[at], values)
    return np.asarray(usual[site, product])


def _promised_to(t: Tables, rate: float) -> str:
    """A fill rate without a factor, and the promises that state it."""
    frame = t.frames["promises"]
    mine = frame[(frame["fill_rate"] == rate) & frame["safety_factor"].isna()]
    promises = [f"{row.tier} / {row.product_class}" for row in mine.itertuples()]
    return f"fill rate {rate:g} of " + (", ".join(promises) or "goods for other sites")
