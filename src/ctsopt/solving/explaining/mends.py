"""From what gives way to the cells of the tables: edits in the grammar of pack files."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.formulation.cells import Edit
from ctsopt.keys import Floats
from ctsopt.networks.requests import demanded
from ctsopt.solving.explaining.elastic import Giving
from ctsopt.solving.explaining.explanation import rows_of
from ctsopt.solving.explaining.shares import Claims

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_SAME = 1e-2
"""Part of the last digit by which a figure may be off for being computed."""



def rounded(amount: float, *, up: bool = True, digits: int = 8) -> float:
    """An amount with so many digits, never less (or never more) than it is."""
    if amount == 0 or not math.isfinite(amount):
        return amount
    step = 10.0 ** (math.floor(math.log10(abs(amount))) + 1 - digits)
    whole = math.ceil(amount / step - _SAME) if up else math.floor(amount / step + _SAME)
    return float(f"{whole * step:.{digits}g}")


def share_kept(short: float) -> float:
    """The share that is kept, rounded down to 0.1 %."""
    return max(math.floor((1.0 - short) * 1000 + 1e-6) / 1000, 0.0)


def limit_edits(net: Network, giving: Giving, share: Floats) -> list[Edit]:
    """Edits that let a limit give way; none where there is no cell for it."""
    limit = giving.limit
    if limit is None or not limit.mend:
        return []
    mend = limit.mend
    where = dict(zip(limit.keys, (part or "*" for part in giving.key), strict=True))
    if callable(mend):
        return mend(net, giving.key, float(share.max(initial=0.0)))
    if mend == "drop":
        return [{"table": limit.table, "where": where, "drop": True}]
    if isinstance(mend, Mapping):
        return [{"table": limit.table, "where": where, "set": dict(mend)}]
    amount = _in_the_table(net, giving, share)
    if limit.table == "settings":
        return [{"table": "settings", "set": {limit.column: _moved(float(net.settings[limit.column]), amount)}}]
    if mend == "add":
        return [{"table": limit.table, "where": where, "add": {limit.column: rounded(amount)}}]
    frame = net.tables[limit.table]
    at = np.logical_and.reduce([(frame[name] == value).to_numpy(dtype=bool) for name, value in where.items()])
    now = float(frame.loc[at, limit.column].iloc[0])
    return [{"table": limit.table, "where": where, "set": {limit.column: _moved(now, amount)}}]


def _moved(now: float, amount: float) -> float:
    """A figure that was moved by an amount, in round numbers that leave room."""
    return max(rounded(now + amount, up=amount > 0), 0.0)


def _in_the_table(net: Network, giving: Giving, share: Floats) -> float:
    """What the figure of the table has to move by: per year where it is, at its worst period."""
    assert giving.limit is not None
    span = np.full(len(share), net.horizon)
    if "period" in giving.names:
        days = dict(zip(net.axes["period"].labels.tolist(), net.tables.column("periods", "days").tolist(), strict=True))
        of_period = [row[giving.names.index("period")] for row in giving.rows]
        span = np.array([days.get(name, net.horizon) for name in of_period])
    yearly = 365 / span if giving.limit.yearly else np.ones(len(share))
    moves = giving.sign * giving.size * share * yearly
    return float(moves[np.argmax(np.abs(moves))])


def granted(net: Network, wanted: Claims, value: Floats, claimants: np.ndarray[Any, np.dtype[np.bool_]]) -> list[Edit]:
    """Edits that grant the shortfalls of some claimants: less demand where all of it is promised, else a lower promise.

    Parameters
    ----------
    net : Network
    wanted : Claims
    value : float array
        Share that goes short, by column of the claims.
    claimants : bool array
    """
    asked = np.flatnonzero(net.requests.measures["quantity"] > 0)
    short = np.where(claimants[wanted.claimant], value, 0.0)
    of_request = np.zeros(len(net.requests))
    of_request[asked] = short[: len(asked)]
    promise = net.requests.measures["promise"]
    partly = demanded(net.promises, promise, "served_fraction") < 1
    edits = _less_demand(net, of_request * ~partly) + _less_promised(net, of_request * partly)
    late = short[len(asked):]
    if len(late) and late.any():
        edits += _later(net, wanted, late)
    return edits


def _less_demand(net: Network, short: Floats) -> list[Edit]:
    at = np.flatnonzero(short > 0)
    quantity = net.requests.measures["quantity"][at]
    keys = net.requests.index.take(at).frame()
    left = [max(rounded(float(units), up=False), 0.0) for units in (quantity * (1 - short[at])).tolist()]
    return [{"table": "demand", "where": {n: getattr(key, n) for n in ("customer", "product", "period")},
             "set": {"quantity": units}} for key, units in zip(rows_of(keys), left, strict=True)]


def promise_rows(net: Network, promise: Any) -> list[dict[str, str]]:
    """Rows of the table `promises` behind some of the network's promises."""
    return [{"tier": tier, "product_class": product_class} for tier, product_class, _ in
            net.promises.index.take(np.asarray(promise, dtype=np.int64)).labels()]


def _less_promised(net: Network, short: Floats) -> list[Edit]:
    """Lower served_fraction and served_fraction_each of the promises that go short."""
    frame = _by_promise(net, short)
    return [{"table": "promises", "where": {"tier": row.tier, "product_class": row.product_class},
             "set": {"served_fraction": share_kept(1 - row.served_fraction + row.share),
                     "served_fraction_each": share_kept(min(1 - row.served_fraction_each + row.worst, 1.0))}}
            for row in rows_of(frame[frame["share"] > 0])]


def _by_promise(net: Network, short: Floats) -> pd.DataFrame:
    """Tier, product_class and the share of all, and of the worst-off customer, that goes short."""
    wanted, promise = net.requests, net.requests.measures["promise"]
    known = promise >= 0
    frame = net.promises.index.take(promise[known]).frame()[["tier", "product_class", "period"]]
    frame = frame.assign(customer=wanted.index["customer"][known], asked=wanted.measures["quantity"][known],
                         short=(short * wanted.measures["quantity"])[known])
    for name in ("served_fraction", "served_fraction_each"):
        frame[name] = demanded(net.promises, promise[known], name)
    frame = frame[frame["asked"] > 0]
    keys = ["tier", "product_class", "period"]
    sums = frame.groupby(keys)[["asked", "short"]].sum()
    each = frame.groupby([*keys, "customer"])[["asked", "short"]].sum()
    found = pd.DataFrame({"share": sums["short"] / sums["asked"],
                          "worst": (each["short"] / each["asked"]).groupby(level=keys).max(),
                          **{n: frame.groupby(keys)[n].first() for n in ("served_fraction", "served_fraction_each")}})
    worst = {"share": "max", "worst": "max", "served_fraction": "first", "served_fraction_each": "first"}
    return found.reset_index().groupby(["tier", "product_class"], as_index=False).agg(worst)


def share_edits(net: Network, tier: str, short: Floats, penalty: float) -> tuple[list[Edit], float]:
    """Edits that promise a tier the highest share that can be kept, at the same speed; and the lowest of these shares.

    Parameters
    ----------
    net : Network
    tier : str
    short : float array
        Share of each request that goes short.
    penalty : float
        Shortage cost of the tier, where it has none.
    """
    frame = _by_promise(net, short)
    frame = frame[(frame["tier"] == tier) & (frame["share"] > 0)]
    edits: list[Edit] = []
    lowest = 1.0
    for row in rows_of(frame):
        kept = share_kept(1 - row.served_fraction + row.share)
        each = share_kept(1 - (row.served_fraction_each or row.served_fraction) + row.worst)
        lowest = min(lowest, kept)
        edits.append({"table": "promises", "where": {"tier": tier, "product_class": row.product_class},
                      "set": {"served_fraction": kept, "served_fraction_each": min(kept, each)}})
    bare = (net.requests.measures["promise"] < 0) & (
        net.axes["tier"].names(net.requests.index["tier"]) == tier) & (net.requests.measures["quantity"] > 0)
    if (short[bare] > 0).any():
        asked = net.requests.measures["quantity"][bare]
        units = pd.DataFrame({"customer": net.requests.index["customer"][bare], "asked": asked,
                              "short": short[bare] * asked}).groupby("customer").sum()
        kept = share_kept(float(units["short"].sum() / units["asked"].sum()))
        each = share_kept(float((units["short"] / units["asked"]).max()))
        lowest = min(lowest, kept)
        edits.append({"table": "promises", "insert": [{"tier": tier, "product_class": "*", "served_fraction": kept,
                                                       "served_fraction_each": min(kept, each)}]})
    priced = net.tables["tiers"].set_index("tier")["shortage_cost"]
    if edits and np.isnan(float(priced.get(tier, np.nan))):
        edits.append({"table": "tiers", "where": {"tier": tier}, "set": {"shortage_cost": rounded(penalty)}})
    return edits, lowest


def _later(net: Network, wanted: Claims, late: Floats) -> list[Edit]:
    """Lower on_time_share of the promises that are kept too late."""
    form = net.promises.measures["form"]
    edits: list[Edit] = []
    promised = wanted.late_promise
    for promise, share in zip(promised.tolist(), late.tolist(), strict=True):
        if share > 0:
            assert form[promise] > 0
            asked = float(net.promises.measures["on_time_share"][promise])
            edits.append({"table": "promises", "where": promise_rows(net, [promise])[0],
                          "set": {"on_time_share": share_kept(1 - asked + share)}})
    return edits


def merged(edits: Iterable[Edit]) -> list[Edit]:
    """Edits without those of cells that an earlier one has set."""
    seen: set[tuple[Any, ...]] = set()
    left: list[Edit] = []
    for edit in edits:
        where: Mapping[str, Any] = edit.get("where", {})
        cells = sorted(edit.get("set", edit.get("add", {})))
        name = (edit["table"], tuple(sorted(map(str, where.items()))), str(cells))
        if name not in seen or "insert" in edit:
            seen.add(name)
            left.append(edit)
    return left
