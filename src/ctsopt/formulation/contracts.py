"""Contracts: volumes and shares of flows that were agreed, and limits on what the plan costs and emits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.errors import InfeasibleError
from ctsopt.formulation.family import Variables
from ctsopt.keys import BLANK, Axis, Bools, Coded, Floats, Ints, Keys
from ctsopt.network.resources import legs_of
from ctsopt.network.schema import ALL
from ctsopt.program.algebra import Expr, Rows, stacked

if TYPE_CHECKING:
    from ctsopt.network.network import Network

_SCOPES = ("customer", "site", "product")
"""Scope columns in which `*` may stand for each name."""

_WHENCE = ("site", "origin", "destination", "mode")
"""Scope columns that a share leaves out of what it is a share of."""


def contract_volume(x: Variables, net: Network) -> Rows | None:
    """sum of the flows in scope <= or >= quantity * horizon/365   [units]

    Every contract of kind max_volume or min_volume, for each name where `each` is agreed, in every period where `per`
    says so (then days/365).
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
    if not np.isin(net.tables.column("contracts", "kind"), kinds).any():
        return []
    frame = net.tables["contracts"].reset_index(drop=True)
    frame["number"] = frame.index
    return list(frame[frame["kind"].isin(kinds)].itertuples())


def _volume(x: Variables, net: Network, row: Any) -> Rows | None:
    index = _told_apart(net, row)
    if index is None:
        return None
    total = _in_scope(x, net, row, row, index)
    days = net.tables["periods"]["days"].to_numpy(dtype=float)
    span = np.where(index["period"] == BLANK, net.horizon, days[index["period"]])
    agreed: Floats = float(row.quantity) * span / 365
    return total >= agreed if row.kind == "min_volume" else total <= agreed


def _share(x: Variables, net: Network, row: Any) -> Rows | None:
    index = _told_apart(net, row)
    if index is None:
        return None
    # The whole is the flows of any site: it is the same for each of them.
    anywhere = {"site": np.full(len(index), BLANK, dtype=np.int32)}
    coarse = Keys({**index.columns, **anywhere}, index.axes).distinct(*index.names)
    everything = row._replace(**dict.fromkeys(_WHENCE, ""))
    whole = _in_scope(x, net, row, everything, coarse, anywhere=True).at(index, anywhere)
    difference = _in_scope(x, net, row, row, index) - whole * float(row.quantity)
    if row.limit == "exactly":
        return difference == 0.0
    return difference <= 0.0 if row.limit == "at_most" else difference >= 0.0


def _told_apart(net: Network, row: Any) -> Keys | None:
    """Rows of a contract: one for each name that has flows in scope where `each` is agreed, else one; and periods."""
    axes = {**{n: net.axes[n] for n in _SCOPES}, "period": net.axes["period"],
            "contract": Axis("contract", net.tables["contracts"]["contract"].tolist())}
    blank = np.full(1, BLANK, dtype=np.int32)
    columns = {"contract": np.full(1, row.number, dtype=np.int32), **dict.fromkeys((*_SCOPES, "period"), blank)}
    if _apart(row):
        parts = [_codes(row, ways.index.take(_fits(net, row, ways))) for ways in _flows(net, row)]
        columns = {n: np.concatenate([part[n] for part in parts]) for n in columns}
        columns["period"] = np.full(len(columns["period"]), BLANK, dtype=np.int32)
    if not len(columns["contract"]):
        return None
    index = Keys.make(axes, **columns).distinct(*columns)
    if row.per != "period":
        return index
    periods = np.arange(len(axes["period"]), dtype=np.int32)
    spread = {n: np.repeat(codes, len(periods)) for n, codes in index.columns.items()}
    return Keys.make(axes, **{**spread, "period": np.tile(periods, len(index))})


def _apart(row: Any) -> list[str]:
    """Scope columns whose names are meant one by one."""
    return [name for name in _SCOPES if getattr(row, name) == ALL and row.each_or_total == "each"]


def _flows(net: Network, row: Any) -> list[Coded]:
    """Deliveries; moves too, where a contract names whence or how goods go, and no customer."""
    deliveries_only = bool(row.customer or row.group) or not any(getattr(row, name) for name in _WHENCE)
    return [net.ways.deliveries] if deliveries_only else [net.ways.deliveries, net.ways.moves]


def _in_scope(x: Variables, net: Network, row: Any, scope: Any, index: Keys, *, anywhere: bool = False) -> Expr:
    """Units in scope of a contract by its rows; `anywhere` takes the sites together."""
    total = Expr.constants(index, 0.0)
    for flow, ways in zip((x.deliver, x.move), _flows(net, row), strict=False):
        fits = np.flatnonzero(_fits(net, scope, ways))
        keys = ways.index.take(fits)
        codes = _codes(row, keys)
        if anywhere:
            codes["site"] = np.full(len(keys), BLANK, dtype=np.int32)
        hit = index.find(keys, codes) >= 0
        if hit.any():
            total = total + flow.pick(fits[hit]).per(index, on={n: c[hit] for n, c in codes.items()})
    return total


def _codes(row: Any, keys: Keys) -> dict[str, Ints]:
    """Under which row of the contract each flow counts."""
    size = len(keys)
    blank = np.full(size, BLANK, dtype=np.int32)
    codes = {"contract": np.full(size, row.number, dtype=np.int32), **dict.fromkeys(_SCOPES, blank)}
    for name in _apart(row):
        codes[name] = keys["origin" if name == "site" and "origin" in keys.columns else name]
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
    rows = stacked(parts)
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
