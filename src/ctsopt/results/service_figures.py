"""What customers get, as figures: by tier, promised beside achieved, and the worst of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from ctsopt.keys import Bools, Floats
    from ctsopt.results.solution import Solution

Row = tuple[str, str, str, float, str]

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


def service_rows(solution: Solution, within: Sequence[float]) -> Iterator[Row]:
    """Key figures of service by tier, promised beside achieved, and of the customers that are served worst.

    Yields
    ------
    tuple
        kpi, by, unit, value, text.
    """
    tiers = solution.net.tables["tiers"].sort_values(["rank", "tier"], kind="stable")["tier"].tolist()
    for days in within:
        for tier in tiers:
            yield ("demand_within_days", f"{days:g} / {tier}", "share of demand, mean lead time",
                   demand_within(solution, days, tier), "")
    for tier in ("", *tiers):
        yield "demand_on_time", tier, "share of demand with a lead time", demand_on_time(solution, tier), ""
    yield from _promised(solution, tiers)
    yield from _lead_times(solution, tiers)
    yield from _worst_customers(solution)


def _promised(solution: Solution, tiers: Sequence[str]) -> Iterator[Row]:
    """What is promised, weighted by demand, beside the rows with what is achieved."""
    service = solution.service
    timed = service[np.isfinite(service["lead_time"])]
    on_time = timed["on_time_share"].where(timed["on_time_form"] != "each_order", 1.0)
    for kpi, unit, frame, figure in (
            ("lead_time_promised", "days, mean by demand with a lead time", timed, timed["lead_time"]),
            ("on_time_share_promised", "share of demand with a lead time", timed, on_time),
            ("served_fraction_promised", "share of demand", service, service["served_fraction"])):
        for tier in ("", *tiers):
            some = frame["tier"].eq(tier) if tier else pd.Series(True, index=frame.index)
            demand = frame.loc[some, "demand"]
            yield kpi, tier, unit, _share(float((demand * figure[some]).sum()), float(demand.sum())), ""


def _lead_times(solution: Solution, tiers: Sequence[str]) -> Iterator[Row]:
    """Mean lead time by tier, and the longest one that goods are delivered in, with its customer."""
    flows = solution.flows
    delivered = flows[(flows["kind"] == "delivery") & (flows["quantity"] > 0)]
    for tier in tiers:
        some = delivered[delivered["tier"] == tier]
        total = float((some["quantity"] * some["lead_time"]).sum())
        yield ("lead_time_achieved", tier, "days, mean by volume", _share(total, float(some["quantity"].sum())), "")
    for tier in ("", *tiers):
        some = (delivered[delivered["tier"] == tier] if tier else delivered)
        longest = some.sort_values(["lead_time", "customer"], ascending=[False, True], kind="stable").head(1)
        yield "lead_time_longest", tier, "days", float(longest["lead_time"].max()), "".join(longest["customer"])


def _worst_customers(solution: Solution) -> Iterator[Row]:
    """The customer who waits longest on average, and the one for whom least of the demand comes on time."""
    figures = customer_service(solution)
    for kpi, unit, column, ascending in (
            ("slowest_customer", "days, mean by volume", "lead_time", False),
            ("least_on_time_customer", "share of volume with a lead time", "on_time", True),
            ("least_served_customer", "share of demand", "served", True)):
        known = figures[figures[column].notna()]
        worst = known.sort_values([column, "customer"], ascending=[ascending, True], kind="stable").head(1)
        yield kpi, "", unit, float(worst[column].max()), "".join(worst["customer"])


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
