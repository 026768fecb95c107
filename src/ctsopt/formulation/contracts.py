"""Contracts: volumes and shares of flows that were agreed, and limits on what the plan costs and emits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.formulation.family import Variables
from ctsopt.keys import BLANK, Axis, Bools, Coded, Floats, Ints, Keys
from ctsopt.network.resources import legs_of
from ctsopt.network.schema import ALL
from ctsopt.program.algebra import Expr, Rows

if TYPE_CHECKING:
    from ctsopt.network.network import Network

_SCOPES = {"customer": "customer", "site": "site", "product": "product"}
"""Scope columns in which `*` may stand for each name, and their axes."""

_WHENCE = ("site", "origin", "destination", "mode")
"""Scope columns that a share leaves out of what it is a share of."""


def contract_volume(x: Variables, net: Network) -> Rows | None:
    """sum of the flows in scope <= or >= quantity * horizon/365   [units]

    Every contract of kind max_volume or min_volume, for each name where `each` is agreed, in every period where `per` says so
    (then days/365).
    """
    parts = [_volume(x, net, row) for row in _agreed(net, ("min_volume", "max_volume"))]
    return _stack([part for part in parts if part is not None])


def contract_share(x: Variables, net: Network) -> Rows | None:
    """sum of the flows in scope - quantity * sum of the same flows of any site, lane and mode <=, >= or = 0   [units]

    Every contract of kind share, for each name where `each` is agreed, in every period where `per` says so.
    """
    parts = [_share(x, net, row) for row in _agreed(net, ("share",))]
    return _stack([part for part in parts if part is not None])


def carbon_cap(x: Variables, net: Network) -> Rows | None:
    """sum co2[w] * (move[w,t] + deliver[w,t]) <= carbon_cap * horizon/365   [kg]"""
    cap = float(net.settings["carbon_cap"]) * net.horizon / 365
    if not np.isfinite(cap):
        return None
    return (x.move * net.ways.moves["co2"]).total() + (x.deliver * net.ways.deliveries["co2"]).total() <= cap


def budget(x: Variables, net: Network) -> Rows | None:
    """sum of all cost lines but penalties <= budget * horizon/365   [money]"""
    most = float(net.settings["budget"]) * net.horizon / 365
    if not np.isfinite(most):
        return None
    cost = Expr.constants(Keys.single(), 0.0)
    for part in x.cash:
        cost = cost + part.total()
    return cost <= most


def _agreed(net: Network, kinds: tuple[str, ...]) -> list[Any]:
    frame = net.tables["contracts"].reset_index(drop=True)
    frame["number"] = frame.index
    return list(frame[frame["kind"].isin(kinds)].itertuples())


def _volume(x: Variables, net: Network, row: Any) -> Rows | None:
    flows = _in_scope(x, net, row, row)
    if flows is None:
        return None
    total, index = flows
    days = net.tables["periods"]["days"].to_numpy(dtype=float)
    span = np.where(index["period"] == BLANK, net.horizon, days[index["period"]])
    agreed: Floats = float(row.quantity) * span / 365
    return total >= agreed if row.kind == "min_volume" else total <= agreed


def _share(x: Variables, net: Network, row: Any) -> Rows | None:
    whole = _in_scope(x, net, row, row._replace(**dict.fromkeys(_WHENCE, "")))
    if whole is None:
        return None
    total, index = whole
    mine = _in_scope(x, net, row, row, index)
    part = mine[0] if mine is not None else Expr.constants(index, 0.0)
    difference = part - total * float(row.quantity)
    if row.limit == "exactly":
        return difference == 0.0
    return difference <= 0.0 if row.limit == "at_most" else difference >= 0.0


def _in_scope(x: Variables, net: Network, row: Any, scope: Any, index: Keys | None = None) -> tuple[Expr, Keys] | None:
    """Units in scope of a contract by its rows: contract, and each name and period that it tells apart."""
    parts = []
    deliveries_only = bool(row.customer or row.group) or not any(getattr(row, name) for name in _WHENCE)
    flows = [(x.deliver, net.ways.deliveries)] + ([] if deliveries_only else [(x.move, net.ways.moves)])
    for flow, ways in flows:
        keep = np.flatnonzero(_fits(net, scope, ways))
        parts.append((flow.pick(keep), _row_codes(net, row, ways.index.take(keep))))
    if index is None:
        axes = {**{n: net.axes[n] for n in _SCOPES}, "period": net.axes["period"],
                "contract": Axis("contract", net.tables["contracts"]["contract"].tolist())}
        columns = {n: np.concatenate([codes[n] for _, codes in parts]) for n in parts[0][1]}
        if not len(columns["contract"]):
            return None
        index = Keys.make(axes, **columns).distinct(*columns)
    total = Expr.constants(index, 0.0)
    for part, codes in parts:
        if len(part.index):
            total = total + part.per(index, on=codes)
    return total, index


def _row_codes(net: Network, row: Any, keys: Keys) -> dict[str, Ints]:
    """Under which row of the contract each flow counts."""
    size = len(keys)
    blank = np.full(size, BLANK, dtype=np.int32)
    codes = {"contract": np.full(size, row.number, dtype=np.int32)}
    for name in _SCOPES:
        each = getattr(row, name) == ALL and row.each_or_total == "each"
        column = "origin" if name == "site" and "origin" in keys.columns else name
        codes[name] = keys[column] if each and column in keys.columns else blank
    codes["period"] = keys["period"] if row.per == "period" else blank
    return codes


def _fits(net: Network, scope: Any, ways: Coded) -> Bools:
    """Ways in scope: site, customer or group, product, and one leg that fits origin, destination and mode together."""
    keys = ways.index
    fits = np.ones(len(keys), dtype=bool)
    start = "site" if "site" in keys.columns else "origin"
    for name, column in (("site", start), ("customer", "customer"), ("product", "product")):
        wanted = getattr(scope, name)
        if wanted and wanted != ALL and column in keys.columns:
            fits &= keys[column] == net.axes[name].codes([wanted])[0]
    if scope.group and "customer" in keys.columns:
        member = (net.tables["customers"]["group"] == scope.group).to_numpy(dtype=bool)
        fits &= member[keys["customer"]]
    if scope.origin or scope.destination or scope.mode:
        fits &= _leg_fits(net, scope, ways)
    return fits


def _leg_fits(net: Network, scope: Any, ways: Coded) -> Bools:
    places = net.derived.resources.places
    axes = {"origin": net.axes["site"], "destination": places, "mode": net.axes["mode"]}
    some = np.zeros(len(ways), dtype=bool)
    for leg in legs_of(net, places, ways):
        here = np.ones(len(leg.way), dtype=bool)
        for name, axis in axes.items():
            wanted = getattr(scope, name)
            if wanted:
                here &= leg.keys[name] == axis.codes([wanted])[0]
        some[leg.way[here]] = True
    return some


def _stack(parts: list[Rows]) -> Rows | None:
    """Rows of several contracts as one family."""
    if not parts:
        return None
    shift = np.cumsum([0, *(len(part.lhs.index) for part in parts)])
    first = parts[0].lhs.index
    index = Keys({n: np.concatenate([part.lhs.index[n] for part in parts]) for n in first.names}, first.axes)
    lhs = Expr(index, np.concatenate([part.lhs.rows + np.int32(s) for part, s in zip(parts, shift, strict=False)]),
               np.concatenate([part.lhs.col for part in parts]), np.concatenate([part.lhs.coef for part in parts]))
    return Rows(lhs, np.concatenate([part.lower for part in parts]), np.concatenate([part.upper for part in parts]))


ROWS = (contract_volume, contract_share, carbon_cap, budget)
