"""The stock oracle itself, against published figures and by hand; ctsopt is not looked at."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.stats import gamma

from tests.oracle_tables import Network, read
from tests.stock_enumeration import Enumeration
from tests.stock_formulas import cycle_stock, fill_rate, on_the_grid, partial_expectations, safety_stock
from tests.stock_networks import POLICIES, Tables, one_dc, table, tiers_and_promise, two_dc_pooling
from tests.stock_oracle import Point, Stock


def network(tables: Tables) -> Network:
    return read({name: frame for name, frame in tables.items() if name != "settings"}, tables["settings"])


@pytest.mark.parametrize(("s", "lot", "variance", "lead_time", "rate"), [
    (600, 500, 3600, 6, 0.8005605585), (700, 100, 3600, 6, 0.7148541787), (565.8925, 500, 900, 5, 0.9494913807)])
def test_fill_rate_of_the_lot_policy(s: float, lot: float, variance: float, lead_time: float, rate: float) -> None:
    """Daily review, 100 units a day, gamma: figures that one-dimensional quadrature and a simulation of 4 million days
    confirmed."""
    assert fill_rate(s, lot, 100, variance / 100, lead_time, 1) == pytest.approx(rate, abs=1e-9)


@pytest.mark.parametrize(("x", "mean", "sd", "first", "second"), [
    (100, 60, 40, 4.972362087847, 162.168050733), (20, 10, 15, 2.820733668661, 53.270674998747)])
def test_partial_expectations(x: float, mean: float, sd: float, first: float, second: float) -> None:
    found = partial_expectations(x, mean, sd**2)
    assert found == pytest.approx((first, second), rel=1e-10)
    law = gamma((mean / sd) ** 2, scale=sd**2 / mean)
    assert found[0] == pytest.approx(quad(law.sf, x, math.inf)[0], rel=1e-8)


@pytest.mark.parametrize(("lead_time", "units"), [(5, 160.6), (10, 228.2), (30, 402.3)])
def test_safety_stock_without_a_lot(lead_time: float, units: float) -> None:
    """100 a day with a deviation of 60, fill rate 90 %: published safety stock of the exact periodic formula."""
    assert safety_stock(0.9, 100, 36, lead_time, 1, 0, 0) == pytest.approx(units, abs=0.05)


@pytest.mark.parametrize(("wait", "units"), [(0, 160.6), (1, 141.9), (2, 121.7), (3, 99.4), (5, 45.1)])
def test_a_wait_shortens_the_protection_interval(wait: float, units: float) -> None:
    assert safety_stock(0.95, 100, 36, 6, 1, 200, 0, wait) == pytest.approx(units, abs=0.05)


def test_safety_stock_of_volumes() -> None:
    """Variance to mean 30, lots of five days: published 64, 80 and less than nothing, which is nothing."""
    assert [safety_stock(0.95, m, 30, 6, 1, 0, 5) for m in (2, 50, 2000)] == pytest.approx([64, 80, 0], abs=0.5)


def test_the_declared_curve_has_straight_lines_between_powers_of_two() -> None:
    """Of the square of the volume: exact at 2^(1/8) and 4, 2^(-12) below 2^(-6), half way between at the middle."""
    def square(m: float) -> float:
        return m * m

    assert on_the_grid(square, 2 ** (1 / 8)) == pytest.approx(2 ** (1 / 4), rel=1e-12)
    assert on_the_grid(square, 4.0) == pytest.approx(16.0, rel=1e-12)
    assert on_the_grid(square, (1 + 2 ** (1 / 8)) / 2) == pytest.approx((1 + 2 ** (1 / 4)) / 2, rel=1e-12)
    assert [on_the_grid(square, m) for m in (0.0, 1e-6, 2.0**-6)] == pytest.approx([0.0, 2.0**-12, 2.0**-12])
    assert on_the_grid(square, 2.0**-7, first=0.0) == pytest.approx(2.0**-13, rel=1e-12)
    assert cycle_stock(10, 1, 30, 2) == 20  # (30 + 10) / 2
    assert cycle_stock(20, 1, 30, 2) == 30  # (40 + 20) / 2


@pytest.mark.parametrize(("cross", "cost", "sites"), [(10, 70.0, 1), (15, 76.56854249492381, 2)])
def test_two_dc_pooling(cross: float, cost: float, sites: int) -> None:
    """One dc: 10 + 2 x 20 + 2 x cross. Two: 20 + 4 x sqrt(200)."""
    best = Enumeration(network(two_dc_pooling(cross))).plans()[0]
    assert best.total == pytest.approx(cost, abs=1e-9)
    assert len(set(best.sources.values())) == sites


@pytest.mark.parametrize(("sharing", "cost", "sources", "next_best"), [
    ("separate", 166.3238, "1112", (168.6220, "1122")), ("pooled", 163.2843, "1112", (168.6220, "1122")),
    ("rationed", 160.5449, "1212", (160.8040, "1112"))])
def test_tiers_and_promise(sharing: str, cost: float, sources: str, next_best: tuple[float, str]) -> None:
    """Published optimum and runner-up of the eight assignments that keep the promises."""
    plans = Enumeration(network(tiers_and_promise(sharing))).plans()
    shown = [(round(p.total, 4), "".join(s[-1] for s in p.sources.values())) for p in plans]
    assert len(plans) == 8
    assert shown[:2] == [(cost, sources), next_best]


@pytest.mark.parametrize(("sharing", "cost"), [("separate", 42.3205), ("pooled", 50.0), ("rationed", 35.0)])
def test_one_dc(sharing: str, cost: float) -> None:
    """2.5 x 10 + sqrt(300); 2.5 x 20; 1.5 x 10 + 20."""
    assert Enumeration(network(one_dc(sharing))).plans()[0].total == pytest.approx(cost, abs=5e-5)


@pytest.mark.parametrize("sharing", ["pooled", "rationed"])
def test_a_better_class_with_the_smaller_factor_gets_that_of_the_next(sharing: str) -> None:
    """Factors 1 and 2.5: both get 2.5, and 2.5 x sqrt(400) = 50."""
    tables = one_dc(sharing)
    tables["promises"]["safety_factor"] = [1.0, 2.5]
    assert Enumeration(network(tables)).plans()[0].total == pytest.approx(50.0)


def test_lead_times_are_cut_at_the_largest_gap() -> None:
    """Ways in of 2, 3, 7 and 8 days: with two levels 3 and 8, with one 8, with three 3, 7 and 8 (of equal gaps the
    later one); deviations are the largest up to there."""
    names = ["a", "b", "c", "d"]
    tables = {"sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
              "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": 365}),
              "products": table({"product": "goods", "variance_to_mean": 1}),
              "promises": table({"tier": "standard", "fill_rate": 0.9}),
              "rates": pd.concat([table({"origin": "D", "destination": "C", "mode": "a", "per_unit": 1.0}),
                                  pd.DataFrame({"origin": "P", "destination": "D", "mode": names, "per_unit": 1.0,
                                                "transit_time": [2, 3, 7, 8], "transit_sd": [0.5, 1, 3, 2]})])}
    expected = {1: [(8, 3)], 2: [(3, 1), (8, 3)], 3: [(3, 1), (7, 3), (8, 3)]}
    for count, levels in expected.items():
        stock = Stock(read(tables, {"lead_time_levels": count}))
        assert stock.levels == {Point("D", "goods"): levels}


@pytest.mark.parametrize("sharing", POLICIES)
def test_one_class_makes_no_difference(sharing: str) -> None:
    """Tiers with the same fill rate and factor are one class: sqrt(400), however stock is shared."""
    tables = one_dc(sharing)
    tables["promises"][["fill_rate", "safety_factor"]] = [0.9, 1.0]
    assert Enumeration(network(tables)).plans()[0].total == pytest.approx(20.0)
