"""Requests: what each customer wants in which tier, and the promise that covers it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctsopt.keys import BLANK, Axis, Coded, Ints, Keys
from ctsopt.networks.schema import ALL
from ctsopt.tables.typed import Tables

_DEMANDED = {"served_fraction": 1.0, "served_fraction_each": 1.0, "lead_time": np.inf, "reliability": 0.0,
             "on_time_share": 0.0, "fill_rate": np.nan, "safety_factor": np.nan}
"""What holds for demand without a promise: it is served in full, at any lead time."""

FORMS = ("each_order", "share_certain", "share_expected")
"""Forms of the promise on lead time, in the order of their codes."""


def promises(t: Tables) -> Coded:
    """Promises with coded keys (tier, product_class, period); the period is blank where they hold over the horizon."""
    frame = t.frames["promises"]
    classes = Axis("product_class", [*sorted(set(t.frames["products"]["product_class"])), ALL])
    periods = len(t.axes["period"])
    each_period = (frame["per"] == "period").to_numpy(dtype=bool)
    repeat = np.where(each_period, periods, 1)
    row = np.repeat(np.arange(len(frame)), repeat)
    within = np.arange(len(row)) - np.repeat(np.cumsum(repeat) - repeat, repeat)
    axes = {"tier": t.axes["tier"], "product_class": classes, "period": t.axes["period"]}
    keys = Keys.make(axes, tier=t.axes["tier"].codes(frame["tier"])[row],
                     product_class=classes.codes(frame["product_class"])[row],
                     period=np.where(each_period[row], within, BLANK))
    measures = {c: frame[c].to_numpy(dtype=float)[row] for c in _DEMANDED}
    measures["working"] = (frame["calendar"] == "working").to_numpy(dtype=bool)[row]
    measures["form"] = frame["on_time_form"].map({f: i for i, f in enumerate(FORMS)}).to_numpy(dtype=np.int32)[row]
    return Coded(keys, measures)


def requests(t: Tables, promised: Coded) -> Coded:
    """Demand with coded keys (customer, tier, product, period), in canonical order.

    Measures: quantity (units), row (of the table `demand`), promise (row of `promised` that covers it, -1 where none).
    """
    frame = t.frames["demand"]
    customer = t.axes["customer"].codes(frame["customer"])
    tier_of = t.axes["tier"].codes(t.frames["customers"]["tier"])
    tier, product = tier_of[customer], t.axes["product"].codes(frame["product"])
    period = t.axes["period"].codes(frame["period"])
    axes = {name: t.axes[name] for name in ("customer", "tier", "product", "period")}
    keys = Keys.make(axes, customer=customer, tier=tier, product=product, period=period)
    order = np.lexsort((period, product, customer))
    measures = {"quantity": frame["quantity"].to_numpy(dtype=float), "row": np.arange(len(frame)),
                "promise": _covering(t, promised, tier, product, period)}
    return Coded(keys, measures).take(order)


def _covering(t: Tables, promised: Coded, tier: Ints, product: Ints, period: Ints) -> Ints:
    """Row of `promised` that covers each demand: of its class, else of all classes; of its period or the horizon."""
    classes = promised.index.axes["product_class"]
    of_product = classes.codes(t.frames["products"]["product_class"])
    wanted = pd.DataFrame({"tier": tier, "product_class": of_product[product], "period": period})
    everything = np.full(len(tier), classes.codes([ALL])[0], dtype=np.int32)
    found = np.full(len(tier), BLANK, dtype=np.int32)
    for class_code in (everything, wanted["product_class"].to_numpy(dtype=np.int32)):
        for of_period in (np.full(len(tier), BLANK, dtype=np.int32), period):
            keys = Keys.make(promised.index.axes, tier=tier, product_class=class_code, period=of_period)
            here = promised.index.find(keys).astype(np.int32)
            found = np.where(here >= 0, here, found)
    return found


def demanded(promised: Coded, promise: Ints, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """A promise's figure for each request; what holds without a promise where none covers it."""
    figures = np.append(promised[name].values, _DEMANDED[name])
    return np.asarray(figures[promise])
