"""A network as a graph of networkx, for reach, components, shortest ways and drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ctsopt.networks.lanes import legs

if TYPE_CHECKING:
    import networkx as nx

    from ctsopt.networks.network import Network

_SITE = ["kind", "status", "latitude", "longitude", "region", "zone", "group", "capacity", "capacity_unit",
         "fixed_cost", "processing_time"]
_CUSTOMER = ["latitude", "longitude", "region", "zone", "group", "tier", "single_source"]


def graph(net: Network) -> nx.MultiDiGraph:
    """A network as a graph, see `Network.graph`."""
    demand = net.requests.index.frame().assign(demand=net.requests.measures["quantity"])
    demanded = demand.groupby("customer", observed=True)["demand"].sum()
    sites, customers = net.tables["sites"], net.tables["customers"]
    customers["kind"], customers["demand"] = "customer", customers["customer"].map(demanded).fillna(0.0)
    made = build(lanes(net), {"sites": sites.set_index("site")[_SITE].assign(demand=0.0),
                              "customers": customers.set_index(net.axes["end"].labels)[["kind", "demand", *_CUSTOMER]]})
    made.graph.update(name=str(net.settings["name"]), distance_unit=str(net.settings["distance_unit"]),
                      currency=str(net.settings["currency"]))
    return made


def lanes(net: Network) -> pd.DataFrame:
    """Every lane that exists: origin, destination, mode, to (site, customer), distance, duty_rate."""
    parts = []
    for to, axis in (("site", "site"), ("customer", "end")):
        found = legs(net.content, to_customers=to == "customer")
        parts.append(pd.DataFrame({
            "origin": net.axes["site"].names(found.origin), "destination": net.axes[axis].names(found.destination),
            "mode": net.axes["mode"].names(found.mode), "to": to, "distance": found.distance,
            "duty_rate": found.duty_rate}))
    return pd.concat(parts, ignore_index=True)


def build(edges: pd.DataFrame, nodes: dict[str, pd.DataFrame]) -> nx.MultiDiGraph:
    """A graph whose edges go from origin to destination, keyed by mode, with the other columns as attributes."""
    import networkx as nx

    names = [name for name in edges.columns if name not in {"origin", "destination"}]
    keyed = edges.assign(key=edges["mode"])
    made = nx.from_pandas_edgelist(keyed, "origin", "destination", names, nx.MultiDiGraph(), edge_key="key")
    for frame in nodes.values():
        made.add_nodes_from(frame.astype(object).to_dict("index").items())
    return made
