"""The tables of a solution: flows, production, sites, lanes, service, shortage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.formulation.build import marks_of_rows, variables_of
from ctsopt.formulation.family import Figures, Variables
from ctsopt.formulation.sites import throughput
from ctsopt.keys import Bools, Floats, Keys, Positions
from ctsopt.networks.supply import CAPACITY_UNITS
from ctsopt.programs.algebra import Expr
from ctsopt.results.lines import of_sites, require_free, shown_in
from ctsopt.results.plan import Plan

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_ENDS = ["kind", "origin", "via", "destination", "customer", "tier", "mode_in", "mode_out", "product", "period"]
_MEASURES = ["lead_time", "on_time", "distance", "co2"]


def flows(net: Network, plan: Plan) -> pd.DataFrame:
    """Everything that moves: one row per way and period that carries goods.

    Columns: kind (move, delivery), origin, via, destination, customer, tier, mode_in, mode_out, product, period,
    quantity (units), lead_time (days), on_time (probability), distance, and money by cost line.
    """
    lines = list(shown_in("flows", plan.program))
    parts = []
    for kind, name, ways in (("move", "move", net.ways.moves), ("delivery", "deliver", net.ways.deliveries)):
        quantity = plan.of(name)
        used = np.flatnonzero(quantity > 0)
        frame = ways.index.take(used).frame()
        if kind == "delivery":
            frame = frame.rename(columns={"site": "origin"})
            frame["destination"] = net.axes["end"].names(ways.index["customer"][used])
        frame["kind"] = kind
        frame["quantity"] = quantity[used]
        for column in _MEASURES:
            frame[column] = ways.measures[column][used] if column in ways.measures else np.nan
        frame["co2"] *= quantity[used]
        amounts = plan.amounts_on(name)
        for line in lines:
            require_free(line, frame)
            frame[line] = amounts[line][used] if line in amounts else 0.0
        parts.append(frame)
    both = pd.concat(parts, ignore_index=True)
    texts = both.reindex(columns=_ENDS).fillna("")
    return pd.concat([texts, both[["quantity", *_MEASURES, *lines]]], axis=1)


def production(net: Network, plan: Plan) -> pd.DataFrame:
    """What is made or bought: site, product, period, quantity (units), amount (money), capacity (units)."""
    quantity, index = plan.of("make"), plan.index("make")
    days = net.tables.column("periods", "days")[index["period"]]
    at = index["site"], index["product"]
    frame = index.frame()
    frame["quantity"], frame["amount"] = quantity, net.derived.supply.make_cost[at] * quantity
    frame["capacity"] = net.derived.supply.make_capacity[at] * days / 365
    return frame[frame["quantity"] > 0].reset_index(drop=True)


def sites(net: Network, plan: Plan) -> pd.DataFrame:
    """Every site: what is decided, what goes through it, what it costs.

    Columns: site, kind, status (today), open (yes/no), decision, throughput and capacity (capacity_unit over the
    horizon; that of the level where it is the lesser), utilisation (share), capacity_unit, level (blank: none),
    fixed_cost (the level's included), opening_cost and closing_cost (money of the horizon), one_off_cash (money, paid
    once, not annuitised).
    """
    table = net.tables["sites"]
    opened = plan.of("open")
    status = net.tables.column("sites", "status")
    is_open, was_open = opened > 0.5, (status == "open") | (status == "closing")
    through = _throughput(net, plan)
    level, of_level = _levels(net, plan)
    capacity = np.minimum(table["capacity"].to_numpy(dtype=float), of_level) * net.horizon / 365
    one_off = {c: table[f"{c}_cost"].to_numpy(dtype=float) for c in ("opening", "closing")}
    starts = opened * (status == "candidate")
    ends = (1 - opened) * was_open
    words = np.select([is_open & was_open, is_open, was_open], ["stays open", "opened", "closed"], "not opened")
    used = np.where(np.isinf(capacity), np.nan, through / np.maximum(capacity, 1e-12))
    frame = pd.DataFrame({
        "site": table["site"], "kind": table["kind"], "status": table["status"], "open": is_open, "open_share": opened,
        "decision": words,
        "throughput": through, "capacity": capacity, "utilisation": used,
        "capacity_unit": np.asarray(CAPACITY_UNITS)[net.derived.supply.unit],
        "level": level})
    for column, lines in shown_in("sites", plan.program).items():
        require_free(column, frame)
        frame[column] = of_sites(plan, lines)
    frame["one_off_cash"] = one_off["opening"] * starts + one_off["closing"] * ends
    return frame


def _throughput(net: Network, plan: Plan) -> Floats:
    """Capacity units through each site over the horizon."""
    blocks = plan.program.variables
    x = Variables()
    x.move, x.deliver = (Expr.block(blocks[name].index, blocks[name].start) for name in ("move", "deliver"))
    return throughput(x, net, blocks["open"].index).value(plan.values)


def lanes(net: Network, flow: pd.DataFrame) -> pd.DataFrame:
    """Goods by lane: each leg of every way, with ways over a cross-dock taken apart.

    Columns: origin, destination, mode, product, period, quantity (units), weight (kg).
    """
    flow = flow[["origin", "via", "destination", "mode_in", "mode_out", "product", "period", "quantity"]]
    docked = (flow["via"] != "").to_numpy(dtype=bool)
    direct, over = flow[~docked], flow[docked]
    legs = [direct.assign(mode=direct["mode_out"]), over.assign(destination=over["via"], mode=over["mode_in"]),
            over.assign(origin=over["via"], mode=over["mode_out"])]
    keys = ["origin", "destination", "mode", "product", "period"]
    frame = pd.concat([leg[[*keys, "quantity"]] for leg in legs], ignore_index=True)
    frame = frame.groupby(keys, sort=True, observed=True)["quantity"].sum().reset_index()
    product = net.axes["product"].codes(frame["product"])
    frame["weight"] = frame["quantity"] * net.tables.column("products", "weight")[product]
    return frame


def _levels(net: Network, plan: Plan) -> tuple[npt.NDArray[np.object_], Floats]:
    """The level that each site has, blank where it has none, and its capacity in a year."""
    names, capacity = np.full(len(net.axes["site"]), "", dtype=object), np.full(len(net.axes["site"]), np.inf)
    if "level" in plan.program.variables:
        chosen = plan.index("level").take(plan.of("level") > 0.5)
        table = net.tables["capacity_levels"].set_index(["site", "level"])["capacity"]
        labels = [tuple(label) for label in chosen.labels()]
        names[chosen["site"]] = [level for _, level in labels]
        capacity[chosen["site"]] = table.loc[labels].to_numpy(dtype=float)
    return names, capacity


def loads(net: Network, plan: Plan) -> pd.DataFrame:
    """Loads that are paid for whole: origin, destination, mode, period, loads, cost (money)."""
    columns = ["origin", "destination", "mode", "period", "loads", "cost"]
    if "loads" not in plan.program.variables:
        return pd.DataFrame({c: pd.Series(dtype=float if c in ("loads", "cost") else str) for c in columns})
    frame = plan.index("loads").frame()
    frame["loads"] = plan.of("loads")
    frame["cost"] = _shown(plan, "loads", "cost", "loads")
    return frame[frame["loads"] > 0].reset_index(drop=True)[columns]


def carried(net: Network, plan: Plan) -> pd.DataFrame:
    """Stock that is carried between periods, where there is any.

    Columns: site, product, period, opening and closing (units at the beginning and the end of the period), cost (money
    for holding the mean of both), used_up (money: opening stock that is paid for, in the last period).
    """
    columns = ["site", "product", "period", "opening", "closing", "cost", "used_up"]
    if "carry" not in plan.program.variables:
        return pd.DataFrame({c: pd.Series(dtype=str if c in columns[:3] else float) for c in columns})
    keys, who = plan.index("carry"), net.derived.supply
    periods, products = net.tables.column("periods", "days"), net.tables["products"]
    closing = np.zeros((*who.handles.shape, len(periods)))
    closing[keys["site"], keys["product"], keys["period"]] = plan.of("carry")
    opened = who.opening * who.carries * plan.of("open")[:, None]
    opening = np.concatenate([opened[:, :, None], closing[:, :, :-1]], axis=2)
    value = products["unit_value"].to_numpy(dtype=float)
    rate = products["holding_rate"].fillna(float(net.settings["holding_rate"])).to_numpy(dtype=float)
    some = (opening > 0) | (closing > 0)
    some[:, :, -1] |= opened > 0
    at = site, product, period = np.nonzero(some)
    frame = Keys.make(net.axes, site=site, product=product, period=period).frame()
    frame["opening"], frame["closing"] = opening[at], closing[at]
    frame["cost"] = (opening[at] + closing[at]) / 2 * (value * rate)[product] * periods[period] / 365
    last = (period == len(periods) - 1) & (who.ending[site, product] == "value")
    frame["used_up"] = np.where(last, (opened[site, product] - closing[at]) * value[product], 0.0)
    return frame[columns]


def _shown(plan: Plan, table: str, column: str, variable: str) -> Floats:
    """What the cost lines of a column come to on each of the variables of one name."""
    amounts = plan.amounts_on(variable)
    none = np.zeros(len(plan.of(variable)))
    return np.asarray(sum((amounts[line] for line in shown_in(table)[column] if line in amounts), start=none))


def limits(net: Network, plan: Plan) -> pd.DataFrame:
    """Limits with a fixed figure beside what the plan uses: limit, key, of, used, least, most."""
    x, parts = variables_of(plan.program, net), []
    for name, marks in marks_of_rows(plan.program).items():
        block = plan.program.rows.get(name)
        found: Figures | None = None
        if callable(marks.limit):
            found = marks.limit(x, net, plan.values)
        elif marks.limit and block is not None and not block.lazy:
            found = Figures(block.index, block.rows.lhs.value(plan.values), block.rows.lower, block.rows.upper)
        if found is not None and len(found.used):
            parts.append(pd.DataFrame({"limit": name, "key": _names(found.index), "of": _counted(net, found.index),
                                       "used": found.used, "least": found.least, "most": found.most}))
    kinds = {"limit": "str", "key": "str", "of": "str", "used": "float64", "least": "float64", "most": "float64"}
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(kinds))
    return frame.astype(kinds)


def _counted(net: Network, index: Keys) -> list[str]:
    """What the contracts of some rows count, also where they leave it open; blank for other rows."""
    if "contract" not in index.names:
        return [""] * len(index)
    agreed = net.derived.agreements.frame
    meant = dict(zip(agreed["number"].tolist(), agreed["of"].tolist(), strict=True))
    return [str(meant.get(number, "")) for number in index["contract"].tolist()]


def _names(keys: Keys) -> list[str]:
    """Keys in one text each, blanks left out."""
    return [" / ".join(part for part in key if part) for key in keys.labels()]


def shortage(net: Network, plan: Plan) -> pd.DataFrame:
    """Demand that the plan does not serve: customer, tier, product, period, demand, unserved (units), penalty
    (money).
    """
    unserved = plan.of("unserved")
    frame = net.requests.index.frame()
    frame["demand"], frame["unserved"] = net.requests.measures["quantity"], unserved
    frame["penalty"] = _shown(plan, "shortage", "penalty", "unserved")
    return frame[frame["unserved"] > 0].reset_index(drop=True)


def service(net: Network, plan: Plan) -> pd.DataFrame:
    """Every promise beside what the plan gives.

    A column with a name of the table `promises` holds what is promised; the same name with `_achieved` holds what the
    plan gives. Columns: tier, product_class, period (blank: horizon), demand, delivered (units), served_fraction,
    served_fraction_each (achieved by the least served customer), lead_time (days; achieved on average), on_time_form,
    reliability, on_time_share (achieved as the form counts it), on_time_certain, on_time_expected (share by ways that
    keep the lead time with the reliability, mean on-time probability), and `kept`. Demand that no promise covers has
    rows of its own, with nothing promised but to be served.
    """
    wanted, ways, promised = net.requests, net.ways.deliveries, net.promises
    promise = wanted.measures["promise"]
    request = ways.measures["request"]
    delivered = plan.of("deliver")
    keys = _service_keys(net)
    of_request = _service_row(net, keys)
    of_way = of_request[request]

    def sums(row: Positions, weights: Floats) -> Floats:
        return np.bincount(row, weights=weights, minlength=len(keys)).astype(np.float64)

    demand, volume = sums(of_request, wanted.measures["quantity"]), sums(of_way, delivered)
    share = np.where(volume > 0, volume, np.nan)
    frame = keys.frame()
    frame["demand"], frame["delivered"] = demand, volume
    figures = {n: np.full(len(keys), v) for n, v in (("served_fraction", 1.0), ("served_fraction_each", 0.0),
                                                     ("lead_time", np.inf), ("reliability", np.nan),
                                                     ("on_time_share", np.nan), ("form", 0.0))}
    covered = promise >= 0
    for name, column in figures.items():
        column[of_request[covered]] = promised.measures[name][promise[covered]]
    frame["served_fraction"] = figures["served_fraction"]
    frame["served_fraction_achieved"] = 1 - sums(of_request, plan.of("unserved")) / np.where(demand > 0, demand, np.nan)
    frame["served_fraction_each"] = figures["served_fraction_each"]
    frame["served_fraction_each_achieved"] = _least_served(net, plan, of_request, len(keys))
    frame["lead_time"] = figures["lead_time"]
    frame["lead_time_achieved"] = sums(of_way, delivered * ways.measures["lead_time"]) / share
    frame["on_time_form"] = np.array(["each_order", "share_certain", "share_expected"])[figures["form"].astype(int)]
    timed = np.isfinite(figures["lead_time"])
    frame["reliability"] = np.where(timed & (figures["form"] < 2), figures["reliability"], np.nan)
    frame["on_time_certain"] = sums(of_way, delivered * ways.measures["certain"]) / share
    frame["on_time_expected"] = sums(of_way, delivered * ways.measures["on_time"]) / share
    frame["on_time_share"] = np.where(timed & (figures["form"] > 0), figures["on_time_share"], np.nan)
    frame["on_time_share_achieved"] = np.where(frame["on_time_form"] == "share_expected", frame["on_time_expected"],
                                               frame["on_time_certain"])
    frame["kept"] = _kept(frame)
    return frame[demand > 0].reset_index(drop=True)


def _kept(frame: pd.DataFrame, tolerance: float = 1e-6) -> Bools:
    kept = frame["served_fraction_achieved"].fillna(1.0) >= frame["served_fraction"] - tolerance
    kept &= frame["served_fraction_each_achieved"].fillna(1.0) >= frame["served_fraction_each"] - tolerance
    asked = np.where(frame["on_time_form"] == "each_order", 1.0, frame["on_time_share"])
    timed = np.isfinite(frame["lead_time"]) & frame["on_time_share_achieved"].notna()
    return np.asarray(kept & (~timed | (frame["on_time_share_achieved"] >= asked - tolerance)))


def _service_keys(net: Network) -> Keys:
    """Keys of the service table: the promises, then tier x class of demand that none covers."""
    wanted, promised = net.requests, net.promises.index
    classes = promised.axes["product_class"].codes(net.tables.column("products", "product_class"))
    bare = wanted.measures["promise"] < 0
    columns = {"tier": np.concatenate([promised["tier"], wanted.index["tier"][bare]]),
               "product_class": np.concatenate([promised["product_class"], classes[wanted.index["product"][bare]]]),
               "period": np.concatenate([promised["period"], np.full(int(bare.sum()), -1)])}
    return Keys.make(promised.axes, **columns).distinct("tier", "product_class", "period")


def _service_row(net: Network, keys: Keys) -> Positions:
    """Row of the service table for each request."""
    wanted, promised = net.requests, net.promises.index
    promise = wanted.measures["promise"]
    classes = promised.axes["product_class"].codes(net.tables.column("products", "product_class"))
    bare = promise < 0
    columns = {"tier": wanted.index["tier"], "product_class": classes[wanted.index["product"]],
               "period": np.full(len(wanted), -1, dtype=np.int32)}
    for name, codes in columns.items():
        if (~bare).any():
            columns[name] = np.where(bare, codes, promised[name][promise])
    return keys.locate(Keys.make(promised.axes, **columns))


def _least_served(net: Network, plan: Plan, of_request: Positions,
                  size: int) -> Floats:
    """Served fraction of the least served customer of each row of the service table."""
    customers = len(net.axes["customer"])
    cell = of_request * customers + net.requests.index["customer"]
    distinct, place = np.unique(cell, return_inverse=True)
    demand = np.bincount(place, weights=net.requests.measures["quantity"], minlength=len(distinct))
    missing = np.bincount(place, weights=plan.of("unserved"), minlength=len(distinct))
    served = 1 - missing[demand > 0] / demand[demand > 0]
    least = np.full(size, np.inf)
    np.minimum.at(least, distinct[demand > 0] // customers, served)
    return np.where(np.isinf(least), np.nan, least)


