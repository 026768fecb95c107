"""Two stages, several products (Mauri et al. 2021): just an optimum is published; scipy is the other program."""

from __future__ import annotations

import numpy as np
import pytest

import ctsopt as cts
from tests.known_answer.cases import FIVE_PRODUCTS, five_products
from tests.known_answer.converters import MultiProduct, multi_product_tables, read_multi_product
from tests.known_answer.multi_product import least_cost
from tests.known_answer.rules import enough_capacity_for_products, product_capacity
from tests.known_answer.shared_data import answer

BY_HAND = """
1 2 1 2
3 4
5 6 100
1 2
10 20
7 1 50
9 9 60
1
1
2
2
"""
"""One plant, two depots, one customer who wants 3 and 4. The plant makes 5 and 6; depot 1 passes 7 and 1, depot 2
passes 9 and 9. Fixed costs 100, 50, 60. Product 1 costs 1 to depot 1 and 2 to depot 2, product 2 costs 10 and 20.
On to the customer it is 1 for product 1 and 2 for product 2, from either depot."""


def drawn(seed: int) -> MultiProduct:
    """3 plants, 5 depots, 8 customers, 3 products. Two plants, and four depots, are enough for what is wanted."""
    rng = np.random.default_rng(seed)
    plants, depots, customers, products = (
        np.array([f"{letter}{n:03d}" for n in range(1, count + 1)], dtype=object)
        for letter, count in (("P", 3), ("D", 5), ("C", 8), ("G", 3)))
    demand = rng.integers(10, 21, (8, 3)).astype(float)
    return MultiProduct(
        (plants, depots, customers, products), demand,
        made=np.ceil(demand.sum(axis=0) * rng.uniform(0.5, 0.8, (3, 3))),
        passed=np.ceil(demand.sum(axis=0) * rng.uniform(0.25, 0.5, (5, 3))),
        fixed=rng.integers(300, 900, 8).astype(float),
        inbound=rng.integers(5, 30, (3, 3, 5)).astype(float),
        outbound=rng.integers(5, 30, (3, 5, 8)).astype(float))


def test_worked_by_hand(tmp_path):
    """Depot 2 alone: 3 x (2 + 1) + 4 x (20 + 2) + 100 + 60 = 257. Both, all of product 1 and one of product 2 by
    depot 1: 3 x 2 + 12 + 3 x 22 + 100 + 110 = 294. Depot 1 alone would do for 204, but for its capacity for product 2.
    """
    (tmp_path / "case").write_text(BY_HAND)
    case = read_multi_product(tmp_path / "case")
    plan = cts.solve(cts.network(multi_product_tables(case)), gap=1e-9)
    assert plan.total_cost == pytest.approx(257, rel=1e-9)
    assert plan.sites.set_index("site")["open"].to_dict() == {"D001": False, "D002": True, "P001": True}
    assert least_cost(case, tied=True, whole=True) == pytest.approx(257, rel=1e-9)


def test_a_number_too_few_is_found(tmp_path):
    (tmp_path / "case").write_text(BY_HAND.rstrip().removesuffix("2"))
    with pytest.raises(ValueError, match="case has 22 numbers; 23 are needed"):
        read_multi_product(tmp_path / "case")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_small_ones_agree_with_scipy(seed):
    """Relaxations with and without the tie of every product, and the optimum, which is the same with both."""
    case = drawn(seed)
    net = cts.network(multi_product_tables(case))
    rule = [product_capacity(case)]
    loose = cts.solve(net, relax=True, links="capacity").total_cost
    tight = cts.solve(net, relax=True, links="capacity", extra=rule).total_cost
    assert loose == pytest.approx(least_cost(case, tied=False), rel=1e-6)
    assert tight == pytest.approx(least_cost(case, tied=True), rel=1e-6)
    assert tight > loose + 1
    best = least_cost(case, tied=True, whole=True)
    assert cts.solve(net, gap=1e-9).total_cost == pytest.approx(best, rel=1e-6)
    assert cts.solve(net, gap=1e-9, extra=rule).total_cost == pytest.approx(best, rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_room_for_all_demand_changes_neither_relaxation_nor_optimum(seed):
    case = drawn(seed)
    net = cts.network(multi_product_tables(case))
    tied, enough = product_capacity(case), enough_capacity_for_products(case)
    relaxed = cts.solve(net, relax=True, links="capacity", extra=[tied, enough])
    assert relaxed.total_cost == pytest.approx(least_cost(case, tied=True), rel=1e-6)
    plan = cts.solve(net, gap=1e-9, extra=[tied, enough])
    assert plan.total_cost == pytest.approx(least_cost(case, tied=True, whole=True), rel=1e-6)
    open_sites = plan.sites.set_index("site")["open"]
    room = np.array([[case.made, case.passed][k][open_sites[names].to_numpy()].sum(axis=0)
                     for k, names in enumerate(case.names[:2])])
    assert (room >= case.demand.sum(axis=0)).all()


@pytest.mark.slow
def test_relaxation_of_the_published_instance():
    """As scipy has it, and below the published optimum."""
    case = five_products()
    plan = cts.solve(cts.network(multi_product_tables(case)), relax=True, links="capacity")
    assert plan.total_cost == pytest.approx(least_cost(case, tied=False), rel=1e-6)
    best = answer("tscflp_mp_mauri2021", FIVE_PRODUCTS, "best known total (proven optimal)").value
    assert 0.98 * best < plan.total_cost < best
