"""What is found once it is known who keeps stock of what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.network.way_findings import Notes

if TYPE_CHECKING:
    from ctsopt.network.network import Network
    from ctsopt.network.stocking import Stocking


def nominal_volumes(net: Network, stocking: Stocking | None, notes: Notes) -> None:
    """Stock points that serve a fill rate whose safety factor nothing states, and that no nominal volume works out."""
    if stocking is None or net.settings["stock_rule"] != "square_root":
        return
    listed = net.tables["site_products"]
    point = stocking.point_of(net.axes["site"].codes(listed["site"]), net.axes["product"].codes(listed["product"]))
    known = np.append(np.zeros(len(stocking.points), dtype=bool), False)
    known[point[listed["nominal_volume"].notna().to_numpy(dtype=bool)]] = True
    asked = stocking.present & ((stocking.fill_rate > 0) & np.isnan(stocking.factor))
    missing = np.flatnonzero(asked.any(axis=1) & ~known[:-1])
    if not len(missing):
        return
    who = [_promised_to(net, rate) for rate in stocking.fill_rate]
    keys = [f"{site}, {group}: " + "; ".join(who[c] for c in np.flatnonzero(asked[at]))
            for at, (site, group) in zip(missing, stocking.points.labels(missing), strict=True)]
    notes.add("nominal_volume_missing", "site_products", "with stock_rule = square_root the safety factor of a fill "
              "rate is worked out at a daily volume, and none is given", "give nominal_volume (of a stock group: for "
              "one of its products at least), or promises.safety_factor", keys, len(keys))


def _promised_to(net: Network, rate: float) -> str:
    """A fill rate without a factor, and the promises that state it."""
    frame = net.tables["promises"]
    mine = frame[(frame["fill_rate"] == rate) & frame["safety_factor"].isna()]
    promises = [f"{row.tier} / {row.product_class}" for row in mine.itertuples()]
    return f"fill rate {rate:g} of " + (", ".join(promises) or "goods for other sites")
