"""What a network's plan holds for whom: supply, quotas of tiers, ways and ranks as the tables of a book of promises.

Design and execution then speak of one stock: what the plan keeps of a product at a site for a class of tiers is what is
promised to these tiers, and what it sends to them in a period is their quota of the receipts of that period.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

LEAST = 1e-6
"""Units below this are none."""


def planned_supply(plan: Solution, *, every: float = 7.0) -> dict[str, pd.DataFrame]:
    """Tables for `promise_book` from a plan.

    Parameters
    ----------
    plan : Solution
        A solved network.
    every : float
        Days between two receipts of a product at a site.

    Returns
    -------
    dict of str to DataFrame
        * `supply`: the stock on hand that the plan keeps on the average (cycle and safety) on day 0; what it sends from
          each site, cut into receipts, each of which is there at the end of its time (during it, stock serves);
          capacity that is left over (status `capacity`), `make_days` later.
        * `quotas`: for each site and product the parts of the tiers; on hand as the stock is kept for them, else as the
          plan sends to them. Stock that is kept separate is protected from all other tiers.
        * `eligible`: the ways of the plan, with their days and the last mile's cost of a unit.
        * `transfers`: the plan's moves, with their days, for what is still to be made.
        * `policy`, `customers`: the tiers and their ranks.

    Raises
    ------
    UsageError
        Where `every` is not above 0.
    """
    if not every > 0:
        raise UsageError(f"every is {every:g}: receipts come with more than 0 days between them")
    sent = plan.flows[plan.flows["kind"] == "delivery"].rename(columns={"origin": "site"})
    times = _times(plan, every)
    tables = plan.net.tables
    return {
        "supply": pd.concat([_on_hand(plan), _receipts(sent, times), _capacity(plan, times)], ignore_index=True),
        "quotas": pd.concat([_of_stock(plan, sent), _of_receipts(plan, sent)], ignore_index=True),
        "eligible": _ways(sent),
        "transfers": _moves(plan),
        "policy": tables["tiers"][["tier", "rank"]].copy(),
        "customers": tables["customers"][["customer", "tier"]].copy(),
    }


def _times(plan: Solution, every: float) -> pd.DataFrame:
    """Receipts of each period: the day of each, and its part of the period."""
    periods, begin, rows = plan.net.tables["periods"], 0.0, []
    for name, length in zip(periods["period"], periods["days"], strict=True):
        ends = np.append(np.arange(every, length - LEAST, every), length)
        rows.append(pd.DataFrame({"period": name, "day": begin + ends, "part": np.diff(ends, prepend=0.0) / length}))
        begin += length
    return pd.concat(rows, ignore_index=True)


def _on_hand(plan: Solution) -> pd.DataFrame:
    stock = plan.stock.assign(quantity=plan.stock["cycle"] + plan.stock["safety"])
    rows = stock.groupby(["site", "product"], as_index=False)["quantity"].sum()
    kept: pd.DataFrame = rows[rows["quantity"] > LEAST]
    return kept.assign(available_on="0", status="on_hand")


def _receipts(sent: pd.DataFrame, times: pd.DataFrame) -> pd.DataFrame:
    rows = sent.groupby(["site", "product", "period"], as_index=False)["quantity"].sum().merge(times, on="period")
    return _dated(rows, "planned")


def _capacity(plan: Solution, times: pd.DataFrame) -> pd.DataFrame:
    """What could be made beyond the plan, where there is a limit."""
    made = plan.production[np.isfinite(plan.production["capacity"])]
    rows = made.assign(quantity=made["capacity"] - made["quantity"]).merge(times, on="period")
    days = plan.net.tables["site_products"][["site", "product", "make_days"]]
    rows = rows.merge(days, on=["site", "product"], how="left")
    return _dated(rows.assign(day=rows["day"] + rows["make_days"].fillna(0.0)), "capacity")


def _dated(rows: pd.DataFrame, status: str) -> pd.DataFrame:
    rows = rows.assign(quantity=rows["quantity"] * rows["part"], available_on=rows["day"].map("{:.10g}".format),
                       status=status)
    return rows[rows["quantity"] > LEAST].reindex(columns=["site", "product", "available_on", "quantity", "status"])


def _of_stock(plan: Solution, sent: pd.DataFrame) -> pd.DataFrame:
    """Parts of what is on hand: each class of stock goes to its tiers as the plan sends to them."""
    stock = plan.stock.assign(kept=plan.stock["cycle"] + plan.stock["safety"])
    stock = stock[(stock["kept"] > LEAST) & stock["sharing"].isin(["separate", "rationed"])]
    if stock.empty:
        return pd.DataFrame({"site": [], "product": [], "status": [], "tier": [], "share": [], "protected": []})
    rows = stock.assign(tier=stock["tiers"].str.split(", ")).explode("tier")
    volume = sent.groupby(["site", "product", "tier"], as_index=False)["quantity"].sum()
    rows = rows.merge(volume, on=["site", "product", "tier"], how="inner")
    inside = rows.groupby(["site", "product", "service_class"])["quantity"].transform("sum")
    rows["share"] = rows["kept"] * rows["quantity"] / inside
    rows["share"] /= rows.groupby(["site", "product"])["share"].transform("sum")
    rows["protected"] = (rows["sharing"] == "separate").astype(float)
    return rows[["site", "product", "tier", "share", "protected"]].assign(status="on_hand")


def _of_receipts(plan: Solution, sent: pd.DataFrame) -> pd.DataFrame:
    rows = sent.groupby(["site", "product", "tier"], as_index=False)["quantity"].sum()
    rows["share"] = rows["quantity"] / rows.groupby(["site", "product"])["quantity"].transform("sum")
    separate = plan.stock.loc[plan.stock["sharing"] == "separate", ["site", "product"]].drop_duplicates()
    rows = rows.merge(separate.assign(protected=1.0), on=["site", "product"], how="left").fillna({"protected": 0.0})
    columns = ["site", "product", "status", "tier", "share", "protected"]
    found: pd.DataFrame = rows.assign(status="planned")[columns]
    return found


def _ways(sent: pd.DataFrame) -> pd.DataFrame:
    """Sites, customers and products that the plan brings together, by the quickest of its ways between them."""
    rows = sent.assign(cost=sent["last_mile"] / sent["quantity"].clip(lower=LEAST))
    rows = rows.sort_values("lead_time", kind="stable").drop_duplicates(["site", "customer", "product"])
    return rows.rename(columns={"lead_time": "days"}).reindex(columns=["site", "customer", "product", "days", "cost"])


def _moves(plan: Solution) -> pd.DataFrame:
    rows = plan.flows[plan.flows["kind"] == "move"].sort_values("lead_time", kind="stable")
    rows = rows.drop_duplicates(["origin", "destination"]).rename(columns={"lead_time": "days"})
    return rows[["origin", "destination", "days"]]
