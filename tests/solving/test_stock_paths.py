"""Every way to solve, look at and keep a plan, for networks in which stock is planned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.testing import assert_same_program, check_family
from tests.small import solved, table
from tests.stock_networks import Tables, one_dc, tiers_and_promise, two_dc_pooling


@pytest.fixture(scope="module")
def pooled() -> cts.Solution:
    """163.2843: A, B and C from DC1, D from DC2."""
    return solved(tiers_and_promise("pooled"))


def test_solver_by_name(pooled: cts.Solution) -> None:
    by_name = cts.solve(pooled.net, gap=0.0, solver="highs")
    assert by_name.total_cost == pytest.approx(163.2843, abs=5e-5)
    assert by_name.bound == pytest.approx(by_name.total_cost, rel=1e-6)
    assert by_name.stock["safety"].sum() == pytest.approx(pooled.stock["safety"].sum())


def test_relaxation_is_below_every_plan(pooled: cts.Solution) -> None:
    relaxed = cts.solve(pooled.net, relax=True)
    assert relaxed.bound <= pooled.total_cost + 1e-9
    assert relaxed.costs["amount"].sum() == pytest.approx(relaxed.stock["cost"].sum() + sum(
        a for line, a in zip(relaxed.costs["line"], relaxed.costs["amount"], strict=True) if "stock" not in line))


@pytest.mark.slow
@pytest.mark.parametrize(("sharing", "cost", "after"), [("pooled", 163.2843, 182.0898), ("separate", 166.3238, 171.0)])
def test_stock_after_the_network_is_never_cheaper(sharing: str, cost: float, after: float) -> None:
    """Without stock B goes to DC2, where it is 0.4 and not 0.8 a unit to deliver, and D costs 0.5 and not 1.5."""
    net = cts.network(tiers_and_promise(sharing))
    joint, apart = cts.solve(net, gap=0.0), cts.solve(net, gap=0.0, stock="after")
    assert (joint.total_cost, apart.total_cost) == pytest.approx((cost, after), abs=5e-5)
    assert apart.bound <= joint.bound + 1e-9


def test_kept_and_read_again(pooled: cts.Solution, tmp_path: Any) -> None:
    pooled.save(tmp_path / "plan")
    again = cts.load(tmp_path / "plan")
    pd.testing.assert_frame_equal(again.stock, pooled.stock)
    assert str(again) == str(pooled)
    assert again.kpis().equals(pooled.kpis()) or again.kpis().fillna("").equals(pooled.kpis().fillna(""))


def test_other_drivers_leave_stock_as_it_is(pooled: cts.Solution) -> None:
    other = pooled.with_drivers({"site_fixed": "customers"})
    sums = other.cube.groupby("line", observed=True)["amount"].sum()
    assert sums["safety_stock"] == pytest.approx(pooled.stock["safety_stock"].sum())
    assert sums.sum() == pytest.approx(pooled.total_cost)
    by = ["line", "tier"]
    one, two = (cube[cube["line"] == "safety_stock"].groupby(by, observed=True)["amount"].sum()
                for cube in (other.cube, pooled.cube))
    assert one.to_dict() == pytest.approx(two.to_dict())


def test_program_to_look_at(pooled: cts.Solution, tmp_path: Any) -> None:
    """Lines below the curves are in the program, in the LP file, and in the Pyomo model (where `config` is taken)."""
    program = cts.program(pooled.net)
    assert {"config", "stock_volume"} <= set(program.variables)
    assert {"one_configuration", "stock_volume_is", "deliver_from_stock"} <= set(program.rows)
    assert_same_program(program)
    model = cts.to_pyomo(program)
    assert len(model.config_) == len(program.variables["config"].index)
    program.write_lp(tmp_path / "stock.lp")
    words = (tmp_path / "stock.lp").read_text(encoding="utf-8")
    assert "config" in words
    assert "stock_volume" in words


@pytest.mark.slow
def test_rules_of_ones_own_see_no_decisions_on_stock_before_there_are_any() -> None:
    """The rule keeps a single dc: the network of T1 with a cross cost of 15, at 50 + 30 and not 76.57."""
    seen = []

    def one_dc_only(x: Any, net: cts.Network) -> Any:
        """sum open[s] <= 2   [yes/no]

        The plant, and one dc.
        """
        seen.append(x.config is None)
        return x.open.total() <= 2.0

    solution = solved(two_dc_pooling(15), extra=[one_dc_only])
    assert solution.total_cost == pytest.approx(80.0)
    assert set(seen) == {True, False}
    assert solution.stock["site"].nunique() == 1


def test_check_family_looks_at_the_program_with_lines() -> None:
    """Without the rule 76.568542 or a little less, by the lines below the curves, and 80 with it."""
    def one_dc_only(x: Any, net: cts.Network) -> Any:
        """sum open[s] <= 2   [yes/no]"""
        return x.open.total() <= 2.0

    def needs_configurations(x: Any, net: cts.Network) -> Any:
        """config[s,g,w] <= 1   [yes/no]"""
        return x.config <= 1.0

    net = cts.network(two_dc_pooling(15))
    found = check_family(one_dc_only, net).iloc[0]
    assert found["cost_without"] <= 76.568543
    assert found["cost_without"] <= found["cost_with"] <= 80.000001
    with pytest.raises(AssertionError, match="it cannot be built"):
        check_family(needs_configurations, net)


def test_rules_in_pyomo() -> None:
    import pyomo.environ as pyo

    def one_dc_only(model: Any, net: cts.Network) -> None:
        model.one = pyo.Constraint(expr=model.open["North"] + model.open["South"] <= 1)

    assert solved(two_dc_pooling(15), pyomo_rules=[one_dc_only]).total_cost == pytest.approx(80.0)


def split(capacity: float) -> Tables:
    """Two dcs with stock of 1 day of review: Near holds so much a year, Far costs 3 a unit more to deliver from."""
    return {
        "settings": {"holding_rate": 0.2, "review_time": 1, "order_interval": 7, "pipeline_on": "none"},
        "sites": table({"site": "P", "kind": "plant"}, {"site": "Near", "kind": "dc", "capacity": capacity},
                       {"site": "Far", "kind": "dc"}),
        "site_products": table({"site": "P"}, *({"site": s, "replenishment_days": 6} for s in ("Near", "Far"))),
        "products": table({"product": "goods", "unit_value": 100, "variance_to_mean": 0}),
        "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": 3650}),
        "promises": table({"tier": "standard", "fill_rate": 0.95}), "tiers": table({"tier": "standard"}),
        "rates": table({"origin": "P", "destination": "Near", "per_unit": 1},
                       {"origin": "P", "destination": "Far", "per_unit": 1},
                       {"origin": "Near", "destination": "C", "per_unit": 1},
                       {"origin": "Far", "destination": "C", "per_unit": 4})}


@pytest.mark.slow
def test_shadow_price_of_a_capacity_where_stock_is_cycle_stock_only() -> None:
    """Demand does not vary: cycle stock of 8/2 days is kept wherever the goods are, so that a unit more at Near saves
    3 a unit and nothing else. Were it kept at twice the price at Far, (4 x 20) / 365 a unit more."""
    solution = solved(split(2000))
    assert solution.stock["safety"].sum() == 0
    prices = cts.shadow_prices(solution).set_index(["table", "column", "key"])
    assert prices.loc[("sites", "capacity", "Near"), "saves"] == pytest.approx(3, rel=1e-6)
    longer = split(2000)
    longer["site_products"] = table({"site": "P"}, {"site": "Near", "replenishment_days": 6},
                                    {"site": "Far", "replenishment_days": 6, "order_interval": 15})
    solution = solved(longer)
    prices = cts.shadow_prices(solution).set_index(["table", "column", "key"])
    saves = prices.loc[("sites", "capacity", "Near"), "saves"]
    assert saves == pytest.approx(3 + 4 * 20 / 365, rel=1e-6)
    more = solved(longer | {"sites": split(2010)["sites"]})
    assert (solution.total_cost - more.total_cost) / 10 == pytest.approx(saves, rel=1e-6)


@pytest.mark.slow
def test_shadow_price_goes_along_the_declared_curve() -> None:
    """With demand that varies, the rate is the slope of the two curves between declared volumes: the difference of two
    plans whose volumes lie between the same ones."""
    tables = split(2000)
    tables["products"] = table({"product": "goods", "unit_value": 100, "variance_to_mean": 30})
    solution = solved(tables, gap=1e-9)
    assert (np.floor(8 * np.log2(solution.stock["volume"])) == np.floor(8 * np.log2([1650 / 365, 2000 / 365]))).all()
    more = solved(tables | {"sites": split(2001)["sites"]}, gap=1e-9)
    prices = cts.shadow_prices(solution).set_index(["table", "column", "key"])
    saves = prices.loc[("sites", "capacity", "Near"), "saves"]
    assert saves == pytest.approx(solution.total_cost - more.total_cost, rel=1e-5)
    assert saves != pytest.approx(3, rel=1e-3)


@pytest.mark.slow
def test_budget_counts_stock_by_its_curves() -> None:
    """50 in all, of stock; nothing else costs anything."""
    tables = one_dc("pooled")
    tables["settings"] = tables["settings"] | {"budget": 50.5 * 365}
    limits = solved(tables).limits.set_index("limit")
    assert limits.loc["budget", ["used", "most"]].tolist() == pytest.approx([50, 50.5])
    tables["settings"] = tables["settings"] | {"budget": 49.5 * 365}
    with pytest.raises(cts.CtsError):
        solved(tables)
