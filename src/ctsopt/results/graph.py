"""A plan as a graph of networkx: what flows on every lane, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ctsopt.networks.graph import build, graph, lanes
from ctsopt.results.lines import tariffs

if TYPE_CHECKING:
    import networkx as nx

    from ctsopt.results.solution import Solution

_LANE = ["origin", "destination", "mode"]


def plan_graph(solution: Solution) -> nx.MultiDiGraph:
    """A plan as a graph, see `Solution.graph`."""
    used = legs_with_money(solution)
    loads = solution.loads.groupby(_LANE, observed=True)["loads"].sum().rename("loads")
    used = used.merge(loads.reset_index(), on=_LANE, how="left").fillna({"loads": 0.0})
    edges = used.merge(lanes(solution.net), on=_LANE, how="left", validate="one_to_one")
    whole = graph(solution.net)
    sites = solution.sites.set_index("site")[["open", "decision", "throughput", "utilisation", "level"]]
    customers = solution.net.tables["customers"].set_index("customer")[[]]
    delivered = solution.flows[solution.flows["kind"] == "delivery"].groupby("customer", observed=True)["quantity"]
    missing = solution.shortage.groupby("customer", observed=True)["unserved"].sum()
    customers = customers.assign(delivered=delivered.sum().reindex(customers.index, fill_value=0.0),
                                 unserved=missing.reindex(customers.index, fill_value=0.0))
    customers.index = pd.Index(solution.net.axes["end"].labels)
    made = build(edges, {"sites": sites, "customers": customers})
    made.add_nodes_from(whole.nodes(data=True))
    made.graph.update(whole.graph)
    return made


def legs_with_money(solution: Solution) -> pd.DataFrame:
    """Goods by lane over the horizon: origin, destination, mode, quantity, weight (kg), transport (money).

    Transport is the tariff of the legs (line_haul and last_mile), without loads that are paid for whole. A delivery
    over a cross-dock carries line_haul on its first leg and last_mile on its last one; of a move over a cross-dock the
    line_haul of both legs stands on the first.
    """
    flows = solution.flows
    flows = flows.assign(between=flows[tariffs("between")].sum(axis=1), last=flows[tariffs("last")].sum(axis=1))
    direct, over = flows[flows["via"] == ""], flows[flows["via"] != ""]
    parts = [direct.assign(mode=direct["mode_out"], transport=direct["between"] + direct["last"]),
             over.assign(destination=over["via"], mode=over["mode_in"], transport=over["between"]),
             over.assign(origin=over["via"], mode=over["mode_out"], transport=over["last"])]
    weight = solution.net.tables["products"].set_index("product")["weight"]
    legs = pd.concat(parts, ignore_index=True)
    legs["weight"] = legs["quantity"] * legs["product"].map(weight).astype(float)
    return legs.groupby(_LANE, observed=True)[["quantity", "weight", "transport"]].sum().reset_index()
