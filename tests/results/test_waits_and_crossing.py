"""Orders that overtake each other, and goods that leave before a quoted wait is over: declared stock, simulated."""

from __future__ import annotations

import numpy as np
import pytest

import ctsopt as cts
from tests.inventory.single_point import reviewed
from tests.small import solved, table
from tests.stock_formulas import on_hand, overtaking_sd, safety_stock
from tests.stock_networks import Tables


def one_dc(a_day: float, variance_to_mean: float, listed: dict, promise: dict | None = None,
           **settings: object) -> Tables:
    """One dc with one customer; goods are worth 100 and held at 20 % a year, fill rate 95 %."""
    return {"settings": {"holding_rate": 0.2, "pipeline_on": "none"} | settings,
            "sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
            "site_products": table({"site": "P"}, {"site": "D"} | listed),
            "products": table({"product": "p", "unit_value": 100, "variance_to_mean": variance_to_mean}),
            "customers": table({"customer": "A"}), "demand": table({"customer": "A", "quantity": 365 * a_day}),
            "promises": table({"tier": "standard", "fill_rate": 0.95} | (promise or {})),
            "rates": table({"origin": "P", "destination": "D", "per_unit": 1},
                           {"origin": "D", "destination": "A", "per_unit": 1, "transit_time": 1})}


def gamma_days(mean: float, variance: float, days: int) -> np.ndarray:
    return np.random.default_rng(8).gamma(mean**2 / variance, variance / mean, days)


@pytest.fixture(scope="module")
def overtaken() -> dict[str, float]:
    """Declared safety stock of 100 units a day, 10 days of lead time with a standard deviation of 3, daily orders."""
    late = {"replenishment_days": 10, "replenishment_sd": 3}
    return {said: float(solved(one_dc(100, 3, late, order_crossing=said)).stock["safety"].iloc[0])
            for said in ("", "no", "yes")}


def test_orders_that_may_overtake_each_other_need_less(overtaken: dict[str, float]) -> None:
    """As was simulated elsewhere: 182 to 194 are enough; 484.8 where none may. Blank is no."""
    assert overtaken[""] == overtaken["no"] == pytest.approx(484.8, rel=2e-3)
    assert 182 <= overtaken["yes"] <= 194 * 1.03
    spread = overtaking_sd(3, 100, 1, 0, 0)
    assert spread**2 == pytest.approx(3 / np.sqrt(np.pi))
    assert overtaken["yes"] == pytest.approx(safety_stock(0.95, 100, 3, 10, 1, 0, 0, 0, spread), rel=2e-3)


@pytest.mark.parametrize(("said", "least", "most"), [("yes", 0.95, 0.965), ("no", 0.999, 1.0)])
def test_what_the_declared_stock_gives_where_orders_overtake(overtaken: dict[str, float], said: str, least: float,
                                                             most: float) -> None:
    """Lead times of 7 or 13 days, half each, each order by itself."""
    days = reviewed(gamma_days(100, 300, 400_000), 100 * 11 + overtaken[said], 0.0, [7, 13])
    assert least <= days.fill_rate().value <= most


@pytest.mark.slow
def test_lots_that_are_far_apart_overtake_nothing() -> None:
    """Lots of 30 days beside 3 days of spread: both readings are one."""
    late = {"replenishment_days": 10, "replenishment_sd": 3, "lot_size": 3000}
    one, other = (solved(one_dc(100, 3, late, order_crossing=said)).stock for said in ("no", "yes"))
    assert one["safety"].iloc[0] == pytest.approx(other["safety"].iloc[0], rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("said", "units"), [("no", 3 * 3), ("yes", 3 * np.sqrt(3 / np.sqrt(np.pi)))])
def test_a_safety_factor_where_orders_overtake(said: str, units: float) -> None:
    """Demand does not vary: k = 3 times the spread of lead times times one unit a day."""
    late = {"replenishment_days": 10, "replenishment_sd": 3}
    tables = one_dc(1, 0, late, {"safety_factor": 3}, order_crossing=said, stock_rule="square_root")
    assert solved(tables).stock["safety"].iloc[0] == pytest.approx(units, rel=1e-9)


def waiting(said: str, **settings: object) -> cts.Solution:
    """20 units a day of variance to mean 8, six days of lead time, two days of wait, lots of five days of demand."""
    return solved(one_dc(20, 8, {"replenishment_days": 6}, {"lead_time": 3}, longest_wait=2, early_dispatch=said,
                         **{"order_interval": 5} | settings))


def simulated(reorder_point: float, lot: float, lead_time: int, wait: int) -> tuple[float, float]:
    """Mean on hand over ten steps of a day, goods leaving as soon as they are there; share served within the wait."""
    steps, days = 10, 60_000
    demand = gamma_days(20 / steps, 160 / steps, steps * days)
    run = reviewed(demand, reorder_point, lot, lead_time * steps, steps)
    left = np.maximum(run.come - run.needed[1:], 0.0), np.maximum(run.come - run.needed[:-1], 0.0)
    return float((left[0].mean() + left[1].mean()) / 2), run.fill_rate(wait * steps).value


@pytest.mark.slow
def test_goods_that_leave_before_the_wait_is_over() -> None:
    """Held to their day: 60 of cycle and 11.4 of safety stock. On hand where they are not: 37.8; 37.0 at the ends of
    tenths of a day."""
    held, early = (waiting(said).stock.iloc[0] for said in ("no", "yes"))
    assert held["wait"] == early["wait"] == 2
    assert (held["cycle"], held["safety"]) == (pytest.approx(60), pytest.approx(11.4, abs=0.1))
    assert early["cycle"] == pytest.approx(60 - 2 * 20, rel=1e-9)
    cover = safety_stock(0.95, 20, 8, 6, 1, 0, 5, 2)
    assert early["cycle"] + early["safety"] == pytest.approx(on_hand(cover, 20, 8, 6, 1, 0, 5, 2), rel=5e-3)
    units, served = simulated(20 * 5 + cover, 100, 6, 2)
    assert early["cycle"] + early["safety"] == pytest.approx(units, rel=0.015)
    assert served == pytest.approx(0.95, abs=0.004)
    assert early["exact_safety"] == pytest.approx(early["safety"], rel=5e-3)
    assert early["exact_fill_rate"] == pytest.approx(held["exact_fill_rate"], abs=1e-12)


@pytest.mark.slow
def test_without_lots_there_is_less_than_the_wait_takes() -> None:
    """Ordered daily: cycle stock of 10 is gone, and 40 would leave early; what is left is on hand between two."""
    early = waiting("yes", order_interval=0).stock.iloc[0]
    cover = safety_stock(0.95, 20, 8, 6, 1, 0, 0, 2)
    assert early["cycle"] == 0
    units, _ = simulated(20 * 5 + cover, 0.0, 6, 2)
    assert early["safety"] == pytest.approx(units, rel=0.02)


@pytest.mark.slow
def test_a_lead_time_of_no_days_that_is_watched_all_the_time() -> None:
    """What is ordered when demand comes is there at once: no safety stock, and nobody is short. The same where it comes
    within the wait."""
    for row in (solved(one_dc(20, 8, {"replenishment_days": 0, "review_time": 0})).stock.iloc[0],
                solved(one_dc(20, 8, {"replenishment_days": 2, "review_time": 0}, {"lead_time": 3},
                              longest_wait=2)).stock.iloc[0]):
        assert (row["safety"], row["exact_safety"], row["exact_fill_rate"]) == (0, 0, 1)
        assert row["exact_fill_rate"] >= row["fill_rate_given"] == 0.95
