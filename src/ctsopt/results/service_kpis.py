"""Key figures of service: how quick, how much, promised beside achieved, and the worst of them."""

from __future__ import annotations

import numpy as np

from ctsopt.results import service_figures as measured
from ctsopt.results.kpi import Asked, Figures, Kpi, Value, kpi, share


@kpi("service", "share of demand, mean lead time", by="days, and days / tier")
def demand_within_days(asked: Asked) -> Figures:
    """share of demand that is delivered with a mean lead time of at most so many days"""
    all_tiers = {f"{days:g}": measured.demand_within(asked.solution, days) for days in asked.within}
    return all_tiers | {f"{days:g} / {tier}": measured.demand_within(asked.solution, days, tier)
                        for days in asked.within for tier in asked.tiers}


@kpi("service", "share of demand, distance_unit", by="distance")
def demand_within_distance(asked: Asked) -> Figures:
    """share of demand that is delivered over at most so far"""
    delivered, demand = asked.delivered, float(asked.solution.service["demand"].sum())
    return {f"{distance:g}": share(delivered.loc[delivered["distance"] <= distance + 1e-9, "quantity"].sum(), demand)
            for distance in asked.distances}


@kpi("service", "days, mean by volume", by="tier")
def lead_time_achieved(asked: Asked) -> Figures:
    """mean lead time over the units delivered"""
    delivered = asked.delivered
    days = delivered["quantity"] * delivered["lead_time"]
    of_tier = {tier: delivered["tier"] == tier for tier in asked.tiers}
    return {"": share(days.sum(), delivered["quantity"].sum())} | {
        tier: share(days[some].sum(), delivered.loc[some, "quantity"].sum()) for tier, some in of_tier.items()}


@kpi("service", "days, mean by demand with a lead time", by="tier")
def lead_time_promised(asked: Asked) -> Figures:
    """promised lead time, weighted by demand, where one is promised"""
    return asked.by_tier(asked.timed, asked.timed["lead_time"], "demand")


@kpi("service", "days", by="tier")
def lead_time_longest(asked: Asked) -> Figures:
    """the slowest way that goods are delivered on; its customer in `text`"""
    delivered = asked.delivered[asked.delivered["quantity"] > 0]
    found: dict[str, Value] = {}
    for tier in ("", *asked.tiers):
        some = delivered[delivered["tier"] == tier] if tier else delivered
        longest = some.sort_values(["lead_time", "customer"], ascending=[False, True], kind="stable").head(1)
        found[tier] = float(longest["lead_time"].max()), "".join(longest["customer"])
    return found


@kpi("service", "distance_unit, mean by volume")
def distance(asked: Asked) -> Figures:
    """mean distance over the units delivered"""
    delivered = asked.delivered
    return share((delivered["quantity"] * delivered["distance"]).sum(), delivered["quantity"].sum())


@kpi("service", "share of demand with a lead time", by="tier")
def demand_on_time(asked: Asked) -> Figures:
    """share of the demand with a promised lead time that is expected to come within it; what is not served does not"""
    return {tier: measured.demand_on_time(asked.solution, tier) for tier in ("", *asked.tiers)}


@kpi("service", "share of demand", by="tier")
def promises_kept(asked: Asked) -> Figures:
    """share of demand whose promises are kept"""
    return asked.by_tier(asked.solution.service, asked.solution.service["kept"], "demand")


@kpi("service", "share of demand with a lead time", by="tier")
def on_time_share_promised(asked: Asked) -> Figures:
    """promised share on time, weighted by demand; a form of `each_order` promises a share of 1"""
    timed = asked.timed
    return asked.by_tier(timed, timed["on_time_share"].where(timed["on_time_form"] != "each_order", 1.0), "demand")


@kpi("service", "share of volume with a lead time", by="tier")
def on_time_share_achieved(asked: Asked) -> Figures:
    """share of the units delivered under a promised lead time that is on time, as the promise counts it"""
    return asked.by_tier(asked.timed, asked.timed["on_time_share_achieved"], "delivered")


@kpi("service", "share of volume with a lead time", by="tier")
def on_time_expected(asked: Asked) -> Figures:
    """the same by the mean probability of each way"""
    return asked.by_tier(asked.timed, asked.timed["on_time_expected"], "delivered")


@kpi("service", "share of demand", by="tier")
def served_fraction_promised(asked: Asked) -> Figures:
    """promised share of demand, weighted by demand"""
    return asked.by_tier(asked.solution.service, asked.solution.service["served_fraction"], "demand")


@kpi("service", "share of demand", by="tier")
def served_fraction_achieved(asked: Asked) -> Figures:
    """share of demand that is delivered"""
    return asked.by_tier(asked.solution.service, asked.solution.service["served_fraction_achieved"], "demand")


def _worst(asked: Asked, column: str, *, least: bool) -> Value:
    """The worst figure of all customers, and who it is."""
    known = asked.customers[asked.customers[column].notna()]
    worst = known.sort_values([column, "customer"], ascending=[least, True], kind="stable").head(1)
    return float(worst[column].max()) if len(worst) else np.nan, "".join(worst["customer"])


@kpi("service", "days, mean by volume")
def slowest_customer(asked: Asked) -> Figures:
    """longest mean lead time of a customer, who is in `text`"""
    return _worst(asked, "lead_time", least=False)


@kpi("service", "share of volume with a lead time")
def least_on_time_customer(asked: Asked) -> Figures:
    """least expected share of a customer's volume on time, who is in `text`"""
    return _worst(asked, "on_time", least=True)


@kpi("service", "share of demand")
def least_served_customer(asked: Asked) -> Figures:
    """least share of a customer's demand served, who is in `text`"""
    return _worst(asked, "served", least=True)


KPIS: tuple[Kpi, ...] = (
    demand_within_days, demand_within_distance, demand_on_time, promises_kept, lead_time_promised,
    lead_time_achieved, lead_time_longest, distance, on_time_share_promised, on_time_share_achieved, on_time_expected,
    served_fraction_promised, served_fraction_achieved, slowest_customer, least_on_time_customer,
    least_served_customer)
