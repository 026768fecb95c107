"""Raw arrays: the program written down as coordinates by hand, made sparse by scipy, handed over in one call.

As fast as a person writes it who knows this one program and gives up names, checks and the freedom to add a rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from benchmarks.ready import Ready


def build(data: Ready) -> dict[str, np.ndarray]:
    """Matrix by columns, costs, bounds, sides."""
    site, tier, make, move, deliver, request = (getattr(data, n) for n in (
        "site", "tier", "make", "move", "deliver", "request"))
    sites, products, requests = len(site["limit"]), len(data.names["product"]), len(request["quantity"])
    sizes = [sites, len(make["site"]), len(move["origin"]), len(deliver["site"]), requests]
    opened, made, moved, delivered, unserved = np.split(np.arange(sum(sizes), dtype=np.int32), np.cumsum(sizes)[:-1])
    rows, columns, values = [], [], []

    def add(row, column, value):
        rows.append(row.astype(np.int32, copy=False))
        columns.append(column)
        values.append(np.broadcast_to(np.asarray(value, dtype=float), len(column)))

    # serve_demand
    add(deliver["request"], delivered, 1.0)
    add(np.arange(requests), unserved, 1.0)
    count = requests
    # site_balance
    node = {"make": make["site"] * products + make["product"], "from": move["origin"] * products + move["product"],
            "to": move["destination"] * products + move["product"],
            "deliver": deliver["site"] * products + deliver["product"]}
    used = np.zeros(sites * products, dtype=bool)
    for nodes in node.values():
        used[nodes] = True
    row = count + np.cumsum(used, dtype=np.int32) - 1
    add(row[node["make"]], made, 1.0)
    add(row[node["to"]], moved, 1.0)
    add(row[node["from"]], moved, -1.0)
    add(row[node["deliver"]], delivered, -1.0)
    balance = slice(count, count := count + int(used.sum()))
    # make_capacity
    capped = np.flatnonzero(np.isfinite(make["capacity"]))
    add(count + np.arange(len(capped)), made[capped], 1.0)
    making = slice(count, count := count + len(capped))
    # site_throughput
    add(count + move["origin"], moved, move["load"])
    add(count + deliver["site"], delivered, deliver["load"])
    add(count + np.arange(sites), opened, -site["limit"])
    count += sites
    # deliver_from_open
    choice = site["upper"] > site["lower"]
    free = choice[deliver["site"]]
    free = slice(None) if free.all() else np.flatnonzero(free)
    pair = deliver["site"][free].astype(np.int64) * requests + deliver["request"][free]
    linked = np.zeros(sites * requests, dtype=bool)
    linked[pair] = True
    add((count + np.cumsum(linked, dtype=np.int32) - 1)[pair], delivered[free], 1.0)
    pairs = np.flatnonzero(linked)
    add(count + np.arange(len(pairs)), opened[pairs // requests], -request["quantity"][pairs % requests])
    count += len(pairs)
    # served_fraction
    demand = np.bincount(request["tier"], weights=request["quantity"], minlength=len(tier["share"]))
    add(count + request["tier"], unserved, 1.0)
    served = slice(count, count := count + len(demand))
    # tier_on_time
    timed = ~np.isnan(tier["share"])
    row = count + np.cumsum(timed, dtype=np.int32) - 1
    credit = np.where(tier["certain"][deliver["tier"]] > 0, deliver["certain"], deliver["on_time"])
    credit = credit - tier["share"][deliver["tier"]]
    on = np.flatnonzero(timed[deliver["tier"]])
    add(row[deliver["tier"][on]], delivered[on], credit[on])
    late = slice(count, count := count + int(timed.sum()))

    matrix = sp.coo_array((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
                          shape=(count, sum(sizes))).tocsc()
    lower, upper = np.full(count, -np.inf), np.zeros(count)
    lower[:requests] = upper[:requests] = request["quantity"]
    lower[balance] = 0.0
    upper[making] = make["capacity"][capped]
    upper[served] = (1 - tier["served_fraction"]) * demand
    lower[late], upper[late] = 0.0, np.inf
    cost = np.concatenate([site["cost"], make["cost"], move["line_haul"] + move["handling_in"] + move["handling_out"],
                           deliver["last_mile"] + deliver["handling_out"], tier["shortage_cost"][request["tier"]]])
    column_lower, column_upper = np.zeros(sum(sizes)), np.full(sum(sizes), np.inf)
    column_lower[:sites], column_upper[:sites] = site["lower"], site["upper"]
    whole = np.zeros(sum(sizes), dtype=np.int32)
    whole[:sites] = 1
    return {"matrix": matrix, "cost": cost, "lower": column_lower, "upper": column_upper, "row_lower": lower,
            "row_upper": upper, "whole": whole}


def hand_over(model: dict[str, np.ndarray]) -> highspy.Highs:
    """One call."""
    matrix, highs = model["matrix"], highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.passModel(matrix.shape[1], matrix.shape[0], matrix.nnz, int(highspy.MatrixFormat.kColwise),
                    int(highspy.ObjSense.kMinimize), 0.0, model["cost"], model["lower"], model["upper"],
                    model["row_lower"], model["row_upper"], matrix.indptr.astype(np.int32, copy=False),
                    matrix.indices.astype(np.int32, copy=False), matrix.data, model["whole"])
    return highs
