"""Who can be supplied, and how much demand lies downstream of each site: the limits that tie goods to open sites."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.small import chain, lanes, table


def reach(net: cts.Network) -> dict[str, list[float]]:
    """Demand reachable downstream of each site, by period."""
    return dict(zip(net.axes["site"].labels, net.derived.reachable.tolist(), strict=True))


def sites(*names: str, **more: dict):
    """Sites by their first letter: P, Q plants; D, E, F dcs; X, Y cross-docks."""
    kinds = {"P": "plant", "Q": "plant", "X": "crossdock", "Y": "crossdock"}
    return table(*({"site": n, "kind": kinds.get(n[0], "dc"), **more.get(n, {})} for n in names))


def test_a_chain_of_dcs():
    """P-D-E-C1 (10), D-C2 (5): all 15 through P and D, 10 through E."""
    tables = chain(sites=sites("P", "D", "E"), lanes=lanes("P-D", "D-E", "E-C1", "D-C2"),
                   customers=table({"customer": "C1"}, {"customer": "C2"}),
                   demand=table({"customer": "C1", "quantity": 10}, {"customer": "C2", "quantity": 5}))
    assert reach(cts.network(tables)) == {"P": [15], "D": [15], "E": [10]}


def test_a_ring_of_dcs():
    """D-E-F-D in a ring, each with a customer: every one of them can reach all."""
    tables = chain(sites=sites("P", "D", "E", "F"), lanes=lanes("P-D", "D-E", "E-F", "F-D", "D-C1", "E-C2", "F-C3"),
                   customers=table(*({"customer": f"C{k}"} for k in (1, 2, 3))),
                   demand=table(*({"customer": f"C{k}", "quantity": 10**k} for k in (1, 2, 3))))
    assert reach(cts.network(tables)) == {"P": [1110], "D": [1110], "E": [1110], "F": [1110]}


def test_demand_that_two_ways_reach_counts_once():
    tables = chain(sites=sites("P", "D", "E"), lanes=lanes("P-D", "P-E", "D-C", "E-C", "P-C"))
    assert reach(cts.network(tables)) == {"P": [100], "D": [100], "E": [100]}


@pytest.mark.parametrize(("storage", "first"), [
    ("0", [100 / 10 + 10 / 5, 230, 10]),  # nothing is kept: what goes in t is for t
    ("", [300 / 10 + 10 / 5, 630, 30]),  # what goes in t may also be for u
])
def test_periods_products_and_units(storage: str, first: list[float]):
    """D counts kg, E m3, P pallets of 10 (a) and of 5 (b). a: 2 kg, 0.1 m3; b: 3 kg, 0.5 m3; E does not stock b."""
    units = {"P": "pallets", "D": "kg", "E": "m3"}
    tables = chain(sites=sites("P", "D", "E", **{site: {"capacity_unit": unit, "storage_capacity": storage}
                                                 for site, unit in units.items()}),
                   products=table({"product": "a", "weight": 2, "volume": 0.1, "pallet_units": 10},
                                  {"product": "b", "weight": 3, "volume": 0.5, "pallet_units": 5}),
                   site_products=table({"site": "P", "product": "a"}, {"site": "P", "product": "b"},
                                       {"site": "E", "product": "b", "can_stock": "no"}),
                   periods=table({"period": "t", "days": 10}, {"period": "u", "days": 20}),
                   lanes=lanes("P-D", "P-E", "D-C", "E-C"),
                   demand=table(*({"customer": "C", "product": p, "period": t, "quantity": q} for p, t, q in (
                       ("a", "t", 100), ("a", "u", 200), ("b", "t", 10)))))
    found = reach(cts.network(tables))
    assert found["P"] == pytest.approx([first[0], 200 / 10])
    assert found["D"] == pytest.approx([first[1], 400])
    assert found["E"] == pytest.approx([first[2], 20])


def test_over_a_cross_dock():
    """C1 over X from P; C2 from D, which gets its goods over X; C3 from D by Y: X 30, Y 12."""
    tables = chain(sites=sites("P", "X", "Y", "D"), lanes=lanes("P-X", "X-C1", "X-D", "D-C2", "D-Y", "Y-C3"),
                   customers=table(*({"customer": f"C{k}"} for k in (1, 2, 3))),
                   demand=table(*({"customer": f"C{k}", "quantity": q} for k, q in ((1, 10), (2, 8), (3, 12)))))
    assert reach(cts.network(tables)) == {"P": [30], "X": [30], "Y": [12], "D": [20]}


def test_goods_that_can_pass_a_cross_dock_again_count_for_each_sender():
    """P-X-D, then D-X-C: two sites send over X, so that 100 units can pass it twice. Y is passed once."""
    tables = chain(sites=sites("P", "X", "Y", "D"), lanes=lanes("P-X", "X-D", "D-X", "X-C", "D-Y", "Y-C"))
    assert reach(cts.network(tables)) == {"P": [100], "X": [200], "Y": [100], "D": [100]}


def test_what_takes_no_room_counts_in_units():
    tables = chain(products=table({"product": "licence", "weight": 0}, {"product": "box", "weight": 2}),
                   sites=sites("P", "D", D={"capacity_unit": "kg"}),
                   demand=table({"customer": "C", "product": "licence", "quantity": 70},
                                {"customer": "C", "product": "box", "quantity": 5}))
    net = cts.network(tables)
    assert reach(net) == {"P": [75], "D": [10]}
    assert dict(zip(net.axes["site"].labels, net.derived.roomless.tolist(), strict=True)) == {"P": [0], "D": [70]}


def test_supply_over_several_moves():
    """The last dc of a line of five is supplied, the one beside it is not."""
    tables = chain(sites=sites("P", "D1", "D2", "D3", "D4", "D5", "E"),
                   lanes=lanes("P-D1", "D1-D2", "D2-D3", "D3-D4", "D4-D5", "D5-C", "E-C"))
    assert set(cts.network(tables).ways.deliveries.frame()["site"]) == {"D5"}
