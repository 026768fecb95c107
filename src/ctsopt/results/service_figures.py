"""What customers get, as figures: of all of them, of a tier, and of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ctsopt.keys import Bools, Floats
    from ctsopt.results.solution import Solution

OTHER_SITES = "other sites"
"""Stands among the tiers of stock for goods that are moved to other sites."""

TIME_TOLERANCE = 1e-9
"""Days by which a lead time may exceed a limit and still count as within it: the rounding of sums."""


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan


def demand_within(solution: Solution, days: float, tier: str = "") -> float:
    """Share of demand that is delivered in at most so many days, by the mean lead time of its way.

    Parameters
    ----------
    solution : Solution
    days : float
    tier : str
        Of this tier only; blank for all.
    """
    flows, service = solution.flows, solution.service
    of_tier = (flows["tier"] == tier) if tier else True
    near = (flows["kind"] == "delivery") & (flows["lead_time"] <= days + TIME_TOLERANCE) & of_tier
    demand = service.loc[service["tier"] == tier, "demand"] if tier else service["demand"]
    return _share(float(flows.loc[near, "quantity"].sum()), float(demand.sum()))


def demand_on_time(solution: Solution, tier: str = "") -> float:
    """Share of the demand with a promised lead time that is expected to come within it; what is not served does not."""
    service = solution.service
    some = service[np.isfinite(service["lead_time"]) & (service["tier"].eq(tier) if tier else True)]
    on_time = (some["delivered"] * some["on_time_expected"]).fillna(0.0)  # nothing is delivered, nothing on time
    return _share(float(on_time.sum()), float(some["demand"].sum()))


def demand_served(solution: Solution, tier: str = "") -> float:
    """Share of demand that is delivered at all."""
    service = solution.service
    some = service[service["tier"] == tier] if tier else service
    served = (some["demand"] * some["served_fraction_achieved"]).sum()
    return _share(float(served), float(some["demand"].sum()))


def fill_rate(solution: Solution) -> float:
    """Expected share of what customers get from stock that is there when they ask for it, weighted by volume.

    That of the plan's own stock, lots and lead times. Not a number where no stock is planned.
    """
    stock = solution.tables.get("stock")
    if stock is None or "exact_fill_rate" not in stock:
        return np.nan
    some = stock[stock["exact_fill_rate"].notna() & (stock["tiers"] != OTHER_SITES)]
    return _share(float((some["volume"] * some["exact_fill_rate"]).sum()), float(some["volume"].sum()))


def customer_service(solution: Solution) -> pd.DataFrame:
    """Each customer with demand: customer, tier, demand, delivered (units), lead_time (days, mean by volume), on_time
    (expected share of the volume that has a promised lead time), served (share of demand).
    """
    requests, flows = solution.net.requests, solution.flows
    wanted = pd.DataFrame({"customer": requests.index.frame()["customer"], "tier": requests.index.frame()["tier"],
                           "demand": requests.measures["quantity"]})
    demand = wanted.groupby("customer", sort=True).agg(tier=("tier", "first"), demand=("demand", "sum"))
    delivered = flows[flows["kind"] == "delivery"]
    volume: Floats = delivered["quantity"].to_numpy(dtype=float)
    timed = delivered["on_time"].notna().to_numpy() & _has_lead_time(solution, delivered)
    sums = pd.DataFrame({
        "customer": delivered["customer"].to_numpy(), "volume": volume, "timed": volume * timed,
        "days": volume * delivered["lead_time"].to_numpy(dtype=float),
        "on_time": np.where(timed, volume * delivered["on_time"].to_numpy(dtype=float), 0.0)})
    by = sums.groupby("customer").sum().reindex(demand.index, fill_value=0.0)
    missing = solution.shortage.groupby("customer")["unserved"].sum().reindex(demand.index, fill_value=0.0)
    frame = demand[demand["demand"] > 0].assign(
        delivered=by["volume"], lead_time=by["days"] / by["volume"].where(by["volume"] > 0),
        on_time=by["on_time"] / by["timed"].where(by["timed"] > 0), served=1 - missing / demand["demand"])
    return frame.reset_index()


def _has_lead_time(solution: Solution, delivered: pd.DataFrame) -> Bools:
    """Whether a lead time is promised for each delivery."""
    requests, promises = solution.net.requests, solution.net.promises
    promise = requests.measures["promise"]
    # One more promise, of nothing, stands last: that is where -1 leads.
    days = np.append(promises.measures["lead_time"], np.inf)[promise]
    keys = ["customer", "tier", "product", "period"]
    known = requests.index.frame()[keys].assign(has=np.isfinite(days)).drop_duplicates(keys)
    has = delivered[keys].merge(known, on=keys, how="left", validate="many_to_one")["has"]
    return np.asarray(has, dtype=np.bool_)
