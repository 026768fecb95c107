"""A plan as a graph: the figures of the worked example, and money that adds up to the cost lines."""

from __future__ import annotations

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from tests.small import chain, lanes, solved, table


def total(graph, name):
    return sum(value for _, _, value in graph.edges(data=name))


def test_two_dcs_as_on_paper():
    """15,000 boxes to West at 1.00; D gets 5,000 from each DC, at 5.00 from East and 2.90 from West."""
    sol = cts.solve(cts.read(examples.path("two_dcs")), gap=0.0)
    graph = sol.graph()
    assert graph.number_of_edges() == 7
    truck = graph.edges["Plant", "West", "truck"]
    assert (truck["quantity"], truck["weight"], truck["transport"], truck["distance"]) == (15000, 150000, 15000, 800)
    assert graph.edges["East", "D", "carrier"]["transport"] == pytest.approx(25000)
    assert graph.edges["West", "D", "carrier"]["transport"] == pytest.approx(14500)
    west, d = graph.nodes["West"], graph.nodes["D"]
    assert (west["decision"], west["throughput"], west["kind"]) == ("opened", 300, "dc")
    assert (d["delivered"], d["unserved"], d["demand"]) == (10000, 0, 10000)
    amounts = sol.costs.set_index("line")["amount"]
    assert total(graph, "transport") == pytest.approx(amounts["line_haul"] + amounts["last_mile"], rel=1e-12)
    assert graph.out_degree("Plant", weight="quantity") == 60000


def test_legs_over_a_cross_dock_are_taken_apart():
    """P to X by truck at 1 a unit (line_haul), X to C by van at 3 (last_mile): 100 units on both lanes, in whole loads
    of 30 kg from P: 4 loads.
    """
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock"}),
                   modes=table({"mode": "truck", "serves": "moves", "per_weight": 1, "per_shipment": 2,
                                "whole_loads": "yes", "load_weight": 30}, {"mode": "van", "per_weight": 3}),
                   lanes=pd.concat([lanes("P-X-truck"), lanes("X-C-van")]))
    sol = solved(tables)
    graph = sol.graph()
    assert sorted(graph.edges(keys=True)) == [("P", "X", "truck"), ("X", "C", "van")]
    first, last = graph.edges["P", "X", "truck"], graph.edges["X", "C", "van"]
    assert (first["quantity"], first["transport"], first["loads"]) == (100, pytest.approx(100), 4)
    assert (last["quantity"], last["transport"], last["loads"]) == (100, pytest.approx(300), 0)
