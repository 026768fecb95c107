"""Scales: money in millions, and capacity in cubic metres of small screws."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import ctsopt as cts
from ctsopt.program.scaling import money_scale, row_scales
from tests.small import rates, solved, table

WHOLE = np.array([False, False, True])


@pytest.mark.parametrize(("prices", "scale"), [
    ([1.0, 3.0, 1e6], 1.0),       # the usual cost of a unit is 2
    ([0.0, 0.0, 0.5], 1.0),       # only sites cost anything
    ([2.0 ** -20, 2.0 ** -20, 1.0], 2.0 ** 20),
    ([2.0 ** 20, 2.0 ** 20, 1.0], 2.0 ** -20),
    ([0.0, 0.0, 0.0], 1.0)])
def test_money(prices: list[float], scale: float):
    assert money_scale(np.array(prices), WHOLE) == scale


def test_rows_of_small_figures_are_scaled_up_and_others_left():
    matrix = sp.csr_array(np.array([[2.0 ** -30, 0, -(2.0 ** -20)], [1e-9, 1, 0], [0, 0, 0]]))
    assert row_scales(matrix).tolist() == [2.0 ** 20, 1, 1]


def two_ways(factor: float) -> dict:
    """Over D1 100 units cost 250; over D2 they cost 200, and D2 itself 40."""
    return {"sites": table({"site": "P", "kind": "plant"}, {"site": "D1", "kind": "dc"},
                           {"site": "D2", "kind": "dc", "status": "candidate", "fixed_cost": 40 * factor}),
            "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": 100}),
            "modes": table({"mode": "truck"}),
            "rates": rates(P_D1=factor, P_D2=factor, D1_C=1.5 * factor, D2_C=1.0 * factor)}


@pytest.mark.parametrize("factor", [1e-10, 1e-6, 1.0, 1e6])
def test_the_unit_of_money_changes_nothing_else(factor: float):
    """240 in any unit of money."""
    sol = solved(two_ways(factor))
    assert sol.total_cost == pytest.approx(240 * factor, rel=1e-9)
    assert sol.bound == pytest.approx(240 * factor, rel=1e-9)
    assert sol.record["tie_rule"] == "applied"


def test_goods_of_half_a_cubic_millimetre_do_not_pass_a_closed_site():
    tables = two_ways(1.0) | {"products": table({"product": "chip", "volume": 5e-10})}
    tables["sites"] = tables["sites"].assign(capacity_unit="m3")
    assert solved(tables).total_cost == pytest.approx(240)


def test_a_small_flow_beside_a_large_one_does_not_trickle_through_a_closed_site():
    """C2 takes 8 units over the hub, which costs 1,000, or for 10,000 a unit: 2 x 1e7 + 3 x 8 + 1,000."""
    sol = solved({
        "sites": table({"site": "P", "kind": "plant"}, {"site": "D1", "kind": "dc"}, {"site": "D2", "kind": "dc"},
                       {"site": "H", "kind": "dc", "status": "candidate", "fixed_cost": 1000}),
        "customers": table({"customer": "C1"}, {"customer": "C2"}),
        "demand": table({"customer": "C1", "quantity": 1e7}, {"customer": "C2", "quantity": 8}),
        "modes": table({"mode": "truck"}),
        "rates": rates(P_D1=1, P_H=1, H_D1=1, H_D2=1, D1_C1=1, D2_C2=1, P_D2=1e4)})
    assert sol.total_cost == pytest.approx(20_001_024, rel=1e-12)
    assert isinstance(sol, cts.Solution)
