"""A network as a graph: counted by hand, and asked what networkx is good for."""

from __future__ import annotations

import networkx as nx
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from tests.small import chain, lanes, table


@pytest.fixture(scope="module")
def two_dcs():
    return cts.read(examples.path("two_dcs"))


def test_nodes_and_edges_of_two_dcs(two_dcs):
    """3 sites and 4 customers; the plant to 2 DCs by truck, 2 DCs to 4 customers by carrier and by express."""
    graph = two_dcs.graph()
    assert isinstance(graph, nx.MultiDiGraph)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (7, 2 + 16)
    west, a = graph.nodes["West"], graph.nodes["A"]
    assert (west["kind"], west["status"]) == ("dc", "candidate")
    assert (a["kind"], a["tier"], a["demand"]) == ("customer", "gold", 20000)
    assert graph.edges["East", "A", "carrier"] == {"mode": "carrier", "to": "customer", "distance": 100, "duty_rate": 0}
    assert graph.edges["Plant", "West", "truck"]["distance"] == 800
    assert (graph.graph["currency"], graph.graph["distance_unit"]) == ("USD", "km")


def test_shortest_way_and_reach(two_dcs):
    """To C: 400 + 600 km over East, 800 + 100 over West."""
    graph = two_dcs.graph()
    assert nx.shortest_path(graph, "Plant", "C", weight="distance") == ["Plant", "West", "C"]
    assert nx.shortest_path_length(graph, "Plant", "C", weight="distance") == 900
    assert nx.descendants(graph, "Plant") == {"East", "West", "A", "B", "C", "D"}
    assert set(nx.ancestors(graph, "A")) == {"Plant", "East", "West"}


def test_places_without_lanes_are_there_and_closed_lanes_are_not():
    """F has no lane; that from D to C is closed; a customer without demand wants 0."""
    tables = chain(sites=table(*({"site": s, "kind": k} for s, k in (("P", "plant"), ("D", "dc"), ("F", "dc")))),
                   customers=table({"customer": "C"}, {"customer": "E"}),
                   demand=table({"customer": "C", "quantity": 5}),
                   lanes=pd.concat([lanes("P-D", "D-E", "P-C"), lanes("D-C", status="closed")]))
    graph = cts.network(tables).graph()
    assert sorted(graph.edges(keys=True)) == [("D", "E", "truck"), ("P", "C", "truck"), ("P", "D", "truck")]
    assert graph.degree("F") == 0
    assert (graph.nodes["E"]["demand"], graph.nodes["C"]["demand"]) == (0, 5)
