"""Scales: money in millions, and capacity in cubic metres of small screws."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

import ctsopt as cts
from ctsopt.programs.highs import Highs
from ctsopt.programs.scaling import holding, money_scale, quantity_scale, row_scales
from ctsopt.tables.cells import LARGEST_NUMBER
from tests.programs.test_highs import INF, arrays
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


@pytest.mark.parametrize(("sides", "scale"), [
    ([1.0, 2.0, 99999.0], 1.0),
    ([0.0, 0.0, 0.0], 1.0),
    ([1e9, 1e9, 5.0], 2.0 ** 23),   # 1e7 = 2 ** 23.25
    ([1e-4, 1e-4, 5.0], 2.0 ** -20),  # 1e-6 = 2 ** -19.93
    ([1e9, 5.0, 5.0], 1.0)])
def test_quantities(sides: list[float], scale: float):
    """One row of goods for each side, and a row that counts sites, which has no say."""
    matrix = [[1, 0, 0, 5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert quantity_scale(arrays([1, 1, 1, 1], matrix, [*sides, 1], [INF] * 4, whole=[3])) == scale


def test_limits_have_no_say_in_the_scale_where_something_must_flow():
    """Three limits of 1e12 on two columns of which together 100 are wanted; without the want, the limits decide."""
    matrix = [[1, 1], [1, 0], [0, 1], [1, 1]]
    assert quantity_scale(arrays([1, 1], matrix, [100, -INF, -INF, -INF], [INF, 1e12, 1e12, 1e12])) == 1
    assert quantity_scale(arrays([1, 1], matrix[1:], [-INF] * 3, [1e12] * 3)) == 2.0 ** 33  # 1e10 = 2 ** 33.2


def test_rows_that_hold_a_column():
    matrix = sp.csr_array(np.array([[1.0, 0, 0], [0, 2.0, 3.0], [0, 0, 4.0]]))
    for form in (matrix, sp.csc_array(matrix)):
        assert holding(form, np.array([True, True, False])).tolist() == [True, True, False]


@pytest.mark.parametrize("size", [1e-7, 1.0, 1e7])
def test_everything_that_crosses_the_boundary_is_in_the_units_of_the_program(size: float):
    """min 2 a + 3 b + 50 size y, a + b >= 100 size, a <= 40 size, b <= 1000 size y: 80 + 180 + 50 = 310 sizes.

    Then a <= 10 size by a row that comes in later (340), then b >= 95 size by its bound (345), then 200 size wanted
    (10 and 190 for 640), then another objective (a + b: 200, and 7 more).
    """
    def program(relaxed: bool = False):
        return arrays([2, 3, 50 * size], [[1, 1, 0], [1, 0, 0], [0, 1, -1000 * size]], [100 * size, -INF, -INF],
                      [INF, 40 * size, 0], [] if relaxed else [2], bounds=[(0, INF), (0, 500 * size), (0, 1)])

    model = Highs(program(), mip_rel_gap=0.0)
    assert model.quantity == {1e-7: 2.0 ** -23, 1.0: 1.0, 1e7: 2.0 ** 23}[size]
    model.start_from(np.array([0, 1, 2]), np.array([40 * size, 60 * size, 1.0]))
    found = model.run()
    assert found.plan == pytest.approx([40 * size, 60 * size, 1], rel=1e-9)
    assert (found.value, found.bound) == (pytest.approx(310 * size), pytest.approx(310 * size))
    model.add_rows(sp.csr_array(np.array([[1.0, 0, 0]])), np.array([-INF]), np.array([10 * size]))
    assert model.run().value == pytest.approx(340 * size)
    model.change_bounds(np.array([1]), np.array([95 * size]), np.array([500 * size]))
    assert model.run().value == pytest.approx(345 * size)
    model.change_sides(np.array([0]), np.array([200 * size]), np.array([INF]))
    assert model.run().value == pytest.approx(640 * size)
    model.change_cost(np.array([1.0, 1.0, 0.0]), 7 * size)
    assert model.run().value == pytest.approx(207 * size)
    duals = Highs(program(relaxed=True)).run()  # one more unit costs 3 and a thousandth of 50 by b, a saves 1.05
    assert duals.row_dual == pytest.approx([3.05, -1.05, -0.05])
    assert duals.col_dual == pytest.approx([0, 0, 0], abs=1e-6 * size)
    assert duals.row_priced.tolist() == [True, True, True]
    assert duals.col_priced.tolist() == [False, False, False]


@pytest.mark.slow
@pytest.mark.parametrize("size", [1e-9, 1e7, 1e10])
def test_the_size_of_the_business_changes_nothing_else(size: float):
    """240 sizes: 200 for 100 units over D2, and 40 for D2 itself; all of it through an open site."""
    tables = two_ways(1.0)
    tables["sites"] = tables["sites"].assign(fixed_cost=tables["sites"]["fixed_cost"] * size)
    tables["demand"] = tables["demand"].assign(quantity=100 * size)
    for links in ("lazy", "all", "capacity"):
        sol = solved(tables, links=links)
        assert sol.total_cost == pytest.approx(240 * size, rel=1e-9)
        assert sol.flows["quantity"].to_numpy() == pytest.approx([100 * size, 100 * size], rel=1e-9)
        assert sol.record["tie_rule"] == "applied"


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


@pytest.mark.parametrize("links", ["lazy", "all", "capacity"])
def test_the_largest_number_that_is_taken_does_no_harm(links: str):
    """D2 at 1e13 stays shut, and D1 holds as much: 250. Ten times as much is a finding."""
    tables = two_ways(1.0)
    sites = tables["sites"].assign(capacity=LARGEST_NUMBER)
    sites.loc[2, "fixed_cost"] = LARGEST_NUMBER
    assert solved(tables | {"sites": sites}, links=links).total_cost == pytest.approx(250, rel=1e-9)
    sites.loc[2, "fixed_cost"] = 10 * LARGEST_NUMBER
    with pytest.raises(cts.DataError, match=r"a number beyond 1e\+13"):
        solved(tables | {"sites": sites})


@pytest.mark.slow
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
