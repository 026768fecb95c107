"""From what was found in the elastic program to the tables of an explanation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.formulation.build import keeps
from ctsopt.keys import Floats
from ctsopt.networks.requests import demanded
from ctsopt.solving.explaining.elastic import Giving
from ctsopt.solving.explaining.explanation import BY_TIER, CONFLICTS, LIMITS, SHORTFALLS
from ctsopt.solving.explaining.members import Member
from ctsopt.solving.explaining.shares import NOTHING, Claims
from ctsopt.solving.explaining.why import Found, Way, Why

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


def claimant_names(net: Network, wanted: Claims) -> list[str]:
    """Name of each claimant: a customer, or a promise on the share on time."""
    customers = net.axes["customer"].names(wanted.customer[wanted.customer >= 0]).tolist()
    promised = [" / ".join(part for part in key if part) for key in net.promises.index.labels(wanted.late_promise)]
    return [*customers, *(f"{name} on time" for name in promised)]


def shortfalls(net: Network, wanted: Claims, found: Why) -> pd.DataFrame:
    """What goes short, in the planner's words."""
    asked = np.flatnonzero(net.requests.measures["quantity"] > 0)
    value = found.value[: len(asked)]
    at = asked[value > NOTHING]
    keys, quantity = net.requests.index.take(at).frame(), net.requests.measures["quantity"][at]
    partly = demanded(net.promises, net.requests.measures["promise"][at], "served_fraction") < 1
    share = value[value > NOTHING]
    names = ["customer", "tier", "product", "period"]
    frame = keys[names].assign(
        what=np.where(partly, "promise on served demand", "demand that cannot be served"),
        row=np.where(partly, keeps("served_fraction"), keeps("demand")), shortfall=share * quantity, unit="units",
        asked=quantity, share=share, who=[" / ".join(key) for key in keys[names].itertuples(index=False)])
    late = found.value[len(asked):]
    promise = net.promises.index.take(wanted.late_promise[late > NOTHING])
    units = wanted.weight[len(asked):][late > NOTHING]
    of_late = promise.frame()[["tier", "period"]].assign(
        what="promise on time", row=keeps("on_time_share"), shortfall=late[late > NOTHING] * units, unit="units",
        asked=units, share=late[late > NOTHING], customer="", product="",
        who=[" / ".join(part for part in key if part) for key in promise.labels()])
    given = pd.DataFrame([record for way in found.given for record in _given(net, way)], columns=SHORTFALLS)
    order = frame.sort_values(["tier", "share"], ascending=[True, False], kind="stable")
    rank = net.tables["tiers"].set_index("tier")["rank"]
    order = order.iloc[np.argsort(order["tier"].map(rank).to_numpy(dtype=float), kind="stable")]
    parts = [part[SHORTFALLS] for part in (given, order, of_late) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=SHORTFALLS)


def by_tier(net: Network, short: pd.DataFrame) -> pd.DataFrame:
    """Shortfalls added up by tier, best first, with the tiers that are kept in full.

    Parameters
    ----------
    net : Network
    short : DataFrame
        See `Explanation.shortfalls`. What is short of a promise on the share on time has no customer: it is delivered.
    """
    quantity = net.requests.measures["quantity"]
    asked = net.requests.index.frame()[["tier", "customer"]].assign(asked=quantity)[quantity > 0]
    of_tier = asked.groupby("tier").agg(asked=("asked", "sum"), customers=("customer", "nunique"))
    missing = short[short["customer"] != ""].groupby("tier")
    late = short[(short["customer"] == "") & (short["row"] == keeps("on_time_share"))].groupby("tier")
    rank = net.tables["tiers"].set_index("tier")["rank"]
    frame = of_tier.assign(
        rank=rank.reindex(of_tier.index), late=late["shortfall"].sum().reindex(of_tier.index, fill_value=0.0),
        short=missing["shortfall"].sum().reindex(of_tier.index, fill_value=0.0),
        short_customers=missing["customer"].nunique().reindex(of_tier.index, fill_value=0))
    frame = frame.assign(share=1 - frame["short"] / frame["asked"]).reset_index()
    return frame.sort_values(["rank", "tier"], kind="stable", ignore_index=True)[BY_TIER]


def _given(net: Network, way: Way) -> list[tuple[Any, ...]]:
    """A limit that has to give way whatever is promised."""
    giving = way.member.giving
    assert giving is not None
    assert way.share is not None
    name = ", ".join(part for part in giving.key if part) or "the network"
    return [(way.member.words, name, giving.family, float(share * size), _unit(net, giving), "", "", "",
             _period(net, giving, row), np.nan, float(share))
            for row, share, size in zip(giving.rows, way.share, giving.size, strict=True) if share > NOTHING]


def conflicts(net: Network, found: Why) -> pd.DataFrame:
    """Members of each conflict."""
    records = [(number + 1, member.words, member.kind, *_place(member), conflict.smallest)
               for number, conflict in enumerate(found.conflicts) for member in reversed(conflict.members)]
    return pd.DataFrame(records, columns=CONFLICTS)


def limits(net: Network, found: Why) -> pd.DataFrame:
    """Limits of each conflict with the amounts that would be enough."""
    records = []
    for number, conflict in enumerate(found.conflicts):
        for way in conflict.ways:
            giving = way.member.giving
            assert giving is not None
            table, row, column = _place(way.member)
            amounts: Floats = np.zeros(1) if way.share is None else giving.sign * giving.size * way.share
            some = np.flatnonzero(amounts) if way.share is not None else np.zeros(1, dtype=np.int64)
            records += [(number + 1, way.member.words, table, row, column, _period(net, giving, giving.rows[at]),
                         _unit(net, giving), float(amounts[at]) if way.share is not None else np.nan,
                         _proven(way, float(amounts[at])), way.share is not None, way.proven, _kept(conflict, way))
                        for at in some.tolist()]
    return pd.DataFrame(records, columns=LIMITS)


def _proven(way: Way, amount: float) -> float:
    """What is proven to be needed of an amount: of several periods together, told in proportion to their amounts."""
    if way.share is None:
        return np.nan
    return amount if way.proven else amount * min(way.least / way.all_in_all, 1.0)


def _kept(conflict: Found, way: Way) -> str:
    """For whom it is enough: the members of the conflict, all whom it explains, or its members alone."""
    if way.keeps is None or conflict.own is None or conflict.explains is None:
        return "these"
    if (conflict.explains & ~conflict.own).any():
        return "others too" if (way.keeps & ~conflict.own).any() else "these alone"
    return "these"


def _place(member: Member) -> tuple[str, str, str]:
    giving = member.giving
    if giving is None:
        return "promises", member.tier, ""
    if giving.limit is None:
        return "", giving.family, ""
    return giving.limit.table, " / ".join(part or "*" for part in giving.key), giving.limit.column


def _period(net: Network, giving: Giving, row: tuple[str, ...]) -> str:
    """Period of a row, where there are several."""
    return row[giving.names.index("period")] if "period" in giving.names and len(net.axes["period"]) > 1 else ""


def _unit(net: Network, giving: Giving) -> str:
    """Unit of a limit's amounts."""
    return giving.own[1] if giving.limit is None else giving.limit.unit_at(net, giving.key)
