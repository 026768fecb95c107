"""The size of the business changes nothing but the figures: a thousand million pieces, or a millionth of one."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ctsopt as cts
from ctsopt.testing import random_network
from tests.often import fixed, of_the_day, sampled
from tests.property.edits import IMPOSSIBLE, Tables
from tests.small import lanes, rates, table
from tests.stock_networks import random_stock

SIZES = {"demand": ["quantity"], "capacity_levels": ["capacity", "fixed_cost"], "modes": ["capacity"],
         "sites": ["capacity", "fixed_cost", "opening_cost", "closing_cost", "min_throughput", "storage_capacity"],
         "site_products": ["make_capacity", "opening_stock"], "tiers": ["program_cost"],
         "lanes": ["fixed_cost", "min_volume", "max_volume"]}
"""Columns that go with the size of the business; costs per unit, distance and shipment do not."""

MODEL = Path(__file__).parents[2] / "models" / "two_dcs"

FACTORS = (1e-6, 1e4, 1e7)


def sized(made: Tables, factor: float) -> Tables:
    """The same business, `factor` times as large."""
    result = dict(made)
    for name, columns in SIZES.items():
        if name in made:
            result[name] = made[name].assign(**{c: pd.to_numeric(made[name][c]) * factor for c in columns
                                                if c in made[name]})
    if "contracts" in made:
        volumes = made["contracts"]["kind"].isin(["min_volume", "max_volume"])
        quantity = pd.to_numeric(made["contracts"]["quantity"])
        result["contracts"] = made["contracts"].assign(quantity=quantity.where(~volumes, quantity * factor))
    limits = {name: float(made["settings"][name]) * factor for name in ("carbon_cap", "budget")
              if name in made["settings"]}
    return {**result, "settings": {**made["settings"], **limits}}


def least_cost(made: Tables, links: str) -> float:
    """The least cost; infinite where the promises cannot be kept."""
    try:
        return cts.solve(cts.network(made), gap=0.0, links=links).total_cost
    except cts.InfeasibleError:
        return math.inf
    except cts.DataError as error:
        if {f.rule for f in error.findings.errors} <= IMPOSSIBLE:
            return math.inf
        raise


def goes_with_the_size(seed: int, factors: tuple[float, ...], links: tuple[str, ...]) -> None:
    """Loads are whole whatever the size of the business, and vehicles too: networks without them."""
    made = random_network(seed, whole_loads=False, own_vehicle=False)
    cost = least_cost(made, "lazy")
    for factor in factors:
        for way in links:
            assert least_cost(sized(made, factor), way) / factor == pytest.approx(cost, rel=1e-6), (factor, way)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "links"), sampled([(s, way) for s in (6, 7, 24, 28) for way in ("lazy", "capacity")],
                                                    every=8))
def test_the_cost_goes_with_the_size_of_the_business(seed, links):
    """With quantities as they are, HiGHS gave a wrong optimum or none at 1e7, for both links, in each of these."""
    goes_with_the_size(seed, FACTORS, (links,))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [*sampled(range(100, 115), every=15), *of_the_day(30)])
def test_the_cost_goes_with_the_size_of_the_business_often(seed):
    """Larger factors would take some capacity over the largest number that a table may hold."""
    goes_with_the_size(seed, (1e-9, 1e-6, 1e4, 1e6), ("lazy", "capacity"))


# ---- figures that are far apart -------------------------------------------------------------------------------------


def far_apart(demands: list[float], **others: object) -> Tables:
    """P makes for 1 a unit and moves to D, which delivers for 0.15 to customers of all sizes; no capacities."""
    names = [f"C{i}" for i in range(len(demands))]
    return {"sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
            "customers": pd.DataFrame({"customer": names}),
            "demand": pd.DataFrame({"customer": names, "quantity": demands}),
            "lanes": lanes("P-D", *(f"D-{c}" for c in names)),
            "rates": rates(P_D=1.0, **{f"D_{c}": 0.15 for c in names}), **others}


def served_in_full(made: Tables) -> cts.Solution:
    """1.15 times all demand; every customer gets what it asks for, and nobody is short."""
    sol = cts.solve(cts.network(made))
    wanted = made["demand"].set_index("customer")["quantity"]
    assert sol.total_cost == pytest.approx(1.15 * wanted.sum(), rel=1e-9)
    delivered = sol.flows[sol.flows["kind"] == "delivery"].groupby("customer", observed=True)["quantity"].sum()
    assert delivered.reindex(wanted.index).to_numpy() == pytest.approx(wanted.to_numpy(), rel=1e-6)
    assert sol.shortage.empty
    assert sol.service["kept"].all()
    assert sol.bound == pytest.approx(sol.total_cost, rel=1e-6)
    return sol


@pytest.mark.slow
@pytest.mark.parametrize("demands", [[1e6, 1e-3, 1e-3], [1e8, 0.1, 0.1], [1e8, 0.01], [1e5, *[0.01] * 6],
                                     [1e12, 1e4], [1e12, 1e-3, 1.0]])
def test_a_small_customer_beside_a_large_one_is_served(demands):
    """Called infeasible, with a shortfall of the large one; or the small one was left out, and called served."""
    served_in_full(far_apart(demands))


@pytest.mark.parametrize("small", [[0.00335, 0.00174], [0.0002], [3.0, 0.04]])
def test_small_customers_are_served_whole_from_elsewhere(small):
    """E is 0.1 a unit nearer to the small ones, D 0.1 nearer to the large one; each has one source: 1.15 a unit."""
    demands = [*small, 1.18e7]
    made = far_apart(demands)
    names = made["customers"]["customer"].tolist()
    made["customers"]["single_source"] = "customer"
    made["sites"] = table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "may_close": "yes"},
                          {"site": "E", "kind": "dc", "may_close": "yes"})
    made["lanes"] = lanes("P-D", "P-E", *(f"{site}-{c}" for site in "DE" for c in names))
    near = {"D": names[-1:], "E": names[:-1]}
    made["rates"] = rates(P_D=1.0, P_E=1.0, **{f"{site}_{c}": 0.15 if c in near[site] else 0.25
                                               for site in "DE" for c in names})
    sol = served_in_full(made)
    moved = sol.flows[sol.flows["kind"] == "move"].groupby("destination", observed=True)["quantity"].sum()
    assert moved["E"] == pytest.approx(sum(small), rel=1e-6)


sizes = st.floats(-3, 12).map(lambda power: float(f"{10 ** power:.3g}"))


@pytest.mark.slow
@given(st.lists(sizes, min_size=1, max_size=8))
@fixed(6)
def test_demand_of_any_sizes_is_served(demands):
    served_in_full(far_apart(demands))


@pytest.mark.slow
@given(sizes, sizes, st.floats(-2, 12))
@fixed(3)
def test_stock_of_goods_of_any_value(large, small, power):
    """A lot of 30 days and a review of 1: 15.5 days of all demand at 20 % of the value a year; nothing else is kept, as
    demand of variance to mean 0 over a certain lead time needs no safety stock."""
    value = float(f"{10 ** power:.3g}")
    made = far_apart([large, small], products=table({"product": "goods", "unit_value": value, "variance_to_mean": 0.0}),
                     tiers=table({"tier": "standard"}), promises=table({"tier": "standard", "fill_rate": 0.95}),
                     settings={"holding_rate": 0.2, "order_interval": 30, "review_time": 1})
    sol = cts.solve(cts.network(made))
    stock = 0.2 * value * 15.5 * (large + small) / 365
    found = sol.costs.set_index("line")["amount"]
    assert found["cycle_stock"] + found["safety_stock"] == pytest.approx(stock, rel=1e-6)
    assert sol.total_cost == pytest.approx(1.15 * (large + small) + stock, rel=1e-6)
    assert sol.shortage.empty


@pytest.mark.slow
@pytest.mark.parametrize("quantity", [1e9, 1e12])
def test_one_huge_demand_without_capacities(quantity):
    """At 7.90 a box (docs of two_dcs) beside the others, which cost what they did."""
    net = cts.read(MODEL)
    net = net.with_table("site_products", net.tables["site_products"].assign(make_capacity=math.inf))
    net = net.with_table("sites", net.tables["sites"].assign(capacity=math.inf))
    without, demand = cts.solve(net, gap=0.0).total_cost, net.tables["demand"].copy()
    mine = demand["customer"] == "A"
    before = float(demand.loc[mine, "quantity"].sum())
    demand.loc[mine, "quantity"] = quantity
    sol = cts.solve(net.with_table("demand", demand), gap=0.0)
    assert sol.total_cost - without == pytest.approx(7.90 * (quantity - before), rel=1e-9)


@pytest.mark.slow
def test_goods_of_a_million_millions_beside_usual_ones():
    """Where nearly all cost is the stock of one product, it goes with its value."""
    made, costs = random_stock(6, "rationed"), []
    for value in (1e8, 1e12):
        usual = made["products"]["unit_value"]
        products = made["products"].assign(unit_value=usual.where(usual.index > 0, value))
        costs.append(cts.solve(cts.network({**made, "products": products}), gap=1e-6).total_cost)
    assert costs[1] == pytest.approx(1e4 * costs[0], rel=1e-3)
