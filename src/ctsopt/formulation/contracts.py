"""Contracts: volumes and shares of flows that were agreed, and limits on what the plan costs and emits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.errors import InfeasibleError
from ctsopt.formulation.cells import Cell
from ctsopt.formulation.columns import CO2, HELD, KEPT, SIDE, TARIFF
from ctsopt.formulation.family import Figures, Variables, rows
from ctsopt.keys import BLANK, Floats, Keys, Positions
from ctsopt.networks.agreements import ROW, Agreements, Count, counted, row_axes
from ctsopt.programs.algebra import Expr, Rows

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@rows("volume of a contract", limit=True, sources={SIDE: ("contracts.quantity", "periods.days")},
      cell=Cell("contracts", "quantity", ("contract",), "agreement", "units", "the volume of the contract {}"))
def contract_volume(x: Variables, net: Network) -> Rows | None:
    """sum of the goods in scope <= or >= quantity * horizon/365   [units]

    Every contract of kind max_volume or min_volume, for each name where `each` is agreed, in every period where `per`
    says so (then days/365). What is counted, goods made, delivered, received or moved, is said by `of`.
    """
    agreed = _of_kind(net, "min_volume", "max_volume")
    if not len(agreed):
        return None
    index, used = _used(x, net, agreed)
    place = _place(agreed, index)
    days = net.tables.column("periods", "days")
    span = np.where(index["period"] == BLANK, net.horizon, days[index["period"]])
    limit = agreed.frame["quantity"].to_numpy(dtype=float)[place] * span / 365
    least = (agreed.frame["kind"] == "min_volume").to_numpy(dtype=bool)[place]
    return _bound(used, np.where(least, limit, -np.inf), np.where(least, np.inf, limit))


@dataclass(frozen=True, eq=False)
class Shares:
    """Contracts on shares by their rows: goods in scope, what they are a share of, what is agreed and how it binds."""

    used: Expr
    whole: Expr
    quantity: Floats
    limit: np.ndarray[tuple[int], np.dtype[np.object_]]


def shares(x: Variables, net: Network) -> Shares | None:
    """The two sides of every contract on a share; None where there is none."""
    agreed = _of_kind(net, "share")
    if not len(agreed):
        return None
    index, used = _used(x, net, agreed)
    if not len(index):
        return None
    # The whole is the goods of any site: it is the same for each of them.
    anywhere = {"site": np.full(len(index), BLANK, dtype=np.int32)}
    coarse = Keys({**index.columns, **anywhere}, index.axes).distinct(*ROW)
    whole = _sum(x, coarse, _counts(net, agreed.whole()))
    place = _place(agreed, index)
    return Shares(used, whole.at(index, anywhere), agreed.frame["quantity"].to_numpy(dtype=float)[place],
                  agreed.frame["limit"].to_numpy(dtype=object)[place])


def share_figures(x: Variables, net: Network, plan: Floats) -> Figures | None:
    """The shares that contracts speak of; NaN where there are no goods to take a share of."""
    parts = shares(x, net)
    if parts is None:
        return None
    used, whole = parts.used.value(plan), parts.whole.value(plan)
    share = np.divide(used, whole, out=np.full(len(used), np.nan), where=whole > 0)
    return Figures(parts.used.index, share, np.where(parts.limit == "at_most", -np.inf, parts.quantity),
                   np.where(parts.limit == "at_least", np.inf, parts.quantity))


@rows("share of a contract", limit=share_figures, sources={"": ("contracts.quantity",)},
      cell=Cell("contracts", "quantity", ("contract",), "agreement", "units", "the share of the contract {}",
                yearly=False, rate=False, mend=""))
def contract_share(x: Variables, net: Network) -> Rows | None:
    """sum of the goods in scope - quantity * sum of the same goods of any site, origin and mode <=, >= or = 0   [units]

    Every contract of kind share, for each name where `each` is agreed, in every period where `per` says so.
    """
    parts = shares(x, net)
    if parts is None:
        return None
    limit = parts.limit
    return _bound(parts.used - parts.whole * parts.quantity, np.where(limit == "at_most", -np.inf, 0.0),
                  np.where(limit == "at_least", np.inf, 0.0))


@rows("cap on CO2", limit=True, sources={SIDE: ("settings.carbon_cap",), "": CO2},
      cell=Cell("settings", "carbon_cap", (), "cap", "kg CO2", "the cap on CO2"))
def carbon_cap(x: Variables, net: Network) -> Rows | None:
    """sum co2[w] * (move[w,t] + deliver[w,t]) <= carbon_cap * horizon/365   [kg]"""
    cap = float(net.settings["carbon_cap"]) * net.horizon / 365
    if not np.isfinite(cap):
        return None
    return (x.move * net.ways.moves["co2"]).total() + (x.deliver * net.ways.deliveries["co2"]).total() <= cap


def budget_figures(x: Variables, net: Network, plan: Floats) -> Figures | None:
    """What the plan costs without penalties: its row has neither constants nor the declared curves of stock."""
    most = float(net.settings["budget"]) * net.horizon / 365
    if not np.isfinite(most):
        return None
    cash = float(sum(part.amount(plan).sum() for part in x.cash))
    return Figures(Keys.single(), np.array([cash]), np.array([-np.inf]), np.array([most]))


@rows("budget", limit=budget_figures, cell=Cell("settings", "budget", (), "cap", "currency", "the budget"),
      sources={SIDE: ("settings.budget",), "open": ("sites.fixed_cost", "sites.opening_cost", "sites.closing_cost"),
               "make": ("site_products.make_cost",), "level": ("capacity_levels.fixed_cost",),
               "use_lane": ("lanes.fixed_cost",), "carry": HELD, "stock_volume": KEPT, "stock_segment": KEPT,
               "config": (*KEPT, "site_products.stock_fixed_cost"),
               "": (*TARIFF, "sites.handling_in", "sites.handling_out")})
def budget(x: Variables, net: Network) -> Rows | None:
    """sum of all cost lines but penalties <= budget * horizon/365   [money]"""
    most = float(net.settings["budget"]) * net.horizon / 365
    if not np.isfinite(most):
        return None
    cost = Expr.constants(Keys.single(), 0.0)
    for part in x.cash:
        cost = cost + part.total()
    return cost <= most


def _of_kind(net: Network, *kinds: str) -> Agreements:
    agreed = net.derived.agreements
    return agreed.take(agreed.frame["kind"].isin(kinds).to_numpy(dtype=bool))


def _counts(net: Network, agreed: Agreements) -> list[Count]:
    made, ways = net.derived.supply.made(net.axes), net.ways
    blocks = {"make": made, "move": ways.moves.index, "deliver": ways.deliveries.index}
    return list(counted(net.content, agreed, blocks))


def _used(x: Variables, net: Network, agreed: Agreements) -> tuple[Keys, Expr]:
    """Goods in scope by the rows of the contracts, those without any goods included."""
    counts = _counts(net, agreed)
    index = _rows_of(net, agreed, counts)
    return index, _sum(x, index, counts)


def _sum(x: Variables, index: Keys, counts: list[Count]) -> Expr:
    """What is counted, added up to the rows of `index`; what belongs to none of them is left out."""
    blocks = {"make": x.make, "move": x.move, "deliver": x.deliver}
    total = Expr.constants(index, 0.0)
    for count in counts:
        row = index.find(count.row)
        hit = np.flatnonzero(row >= 0)
        if len(hit):
            keys = count.row.take(hit)
            total = total + blocks[count.block].pick(count.flow[hit]).per(index, on=keys.columns)
    return total


def _rows_of(net: Network, agreed: Agreements, counts: list[Count]) -> Keys:
    """Rows of contracts: one for each name that has goods in scope where `each` is agreed, else one; and periods."""
    frame, axes = agreed.frame, row_axes(net.content)
    number = frame["number"].to_numpy(dtype=np.int32)
    apart = agreed.apart()
    whole, timed = number[~apart], number[(frame["per"] == "period").to_numpy(dtype=bool)]
    columns = {n: np.concatenate([np.full(len(whole), BLANK, dtype=np.int32), *(c.row[n] for c in counts)])
               for n in ROW}
    columns["contract"] = np.concatenate([whole, *(c.row["contract"] for c in counts)])
    columns["period"] = np.full(len(columns["contract"]), BLANK, dtype=np.int32)
    index = Keys.make(axes, **columns).distinct(*ROW)
    periods = len(axes["period"])
    by_period = np.isin(index["contract"], timed)
    row = np.repeat(np.arange(len(index)), np.where(by_period, periods, 1))
    within = np.arange(len(row)) - np.searchsorted(row, row)
    spread = {n: codes[row] for n, codes in index.columns.items()}
    return Keys.make(axes, **{**spread, "period": np.where(by_period[row], within, BLANK)})


def _place(agreed: Agreements, index: Keys) -> Positions:
    """Place among `agreed` of the contract of each row."""
    return np.searchsorted(agreed.frame["number"].to_numpy(dtype=np.int64), index["contract"])


def _bound(expression: Expr, lower: Floats, upper: Floats) -> Rows | None:
    """Rows between bounds; none where no contract tells anything apart that there is."""
    if not len(expression.index):
        return None
    rows = Rows(replace(expression, constant=None), lower, upper)
    _require_flows(rows)
    return rows


def _require_flows(rows: Rows) -> None:
    """Nothing can be asked of flows that there are none of."""
    bare = np.bincount(rows.lhs.rows, minlength=len(rows.lhs.index)) == 0
    missing = np.flatnonzero(bare & ((rows.lower > 0) | (rows.upper < 0)))
    if len(missing):
        keys = rows.lhs.index.labels()
        frame = pd.DataFrame([("volume of a contract", " / ".join(k for k in keys[row] if k), "contract_volume",
                               float(rows.lower[row])) for row in missing.tolist()],
                             columns=["what", "who", "row", "shortfall"])
        lines = [f"  {row.who}: {row.shortfall:,.6g} units are asked for" for row in frame.head(8).itertuples()]
        raise InfeasibleError("\n".join(["no way of the network is in the scope of these contracts, so that nothing "
                                         "can be sent under them", *lines,
                                         "correct the scope, or add the lanes that it speaks of"]), frame)


ROWS = (contract_volume, contract_share, carbon_cap, budget)
