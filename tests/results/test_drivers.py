"""Drivers: how the cost of a site, a lane, a load and a tier is shared; each figure worked out by hand."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.small import table

# Time-driven activity-based costing, Kaplan and Anderson (2004): a department of 560,000 a quarter can work 700,000
# minutes, 0.80 a minute. 9,800 orders of 40 minutes, 280 inquiries of 220 minutes and 500 credit checks of 250 minutes
# cost 313,600, 49,280 (61,600 minutes) and 100,000 (125,000 minutes); 121,400 minutes, 97,120, are not used.
DEPARTMENT = {
    "sites": table({"site": "P", "kind": "plant", "fixed_cost": 560_000, "capacity": 700_000}),
    "customers": table({"customer": "orders"}, {"customer": "inquiries"}, {"customer": "credit"}),
    "demand": table({"customer": "orders", "quantity": 392_000, "order_size": 40.0},
                    {"customer": "inquiries", "quantity": 61_600, "order_size": 220.0},
                    {"customer": "credit", "quantity": 125_000, "order_size": 250.0}),
    "modes": table({"mode": "m"}),
    "rates": table({"origin": "P", "destination": "*", "mode": "m", "per_unit": 0.0, "transit_time": 1}),
    "settings": {"open_lanes": "all"},
}


@pytest.fixture(scope="module")
def department() -> cts.Solution:
    return cts.solve(cts.network(DEPARTMENT))


def shares(solution: cts.Solution, line: str = "site_fixed") -> dict[str, float]:
    return {str(k): float(v) for k, v in solution.cost_to_serve(by="customer")[line].items()}


def test_unused_capacity_is_nobodys(department):
    assert shares(department.with_drivers(idle="unassigned")) == pytest.approx(
        {"orders": 313_600, "inquiries": 49_280, "credit": 100_000, "unassigned": 97_120, "total": 560_000})


def test_the_users_share_it_as_usual(department):
    minutes = {"orders": 392_000, "inquiries": 61_600, "credit": 125_000, "total": 578_600}
    assert shares(department) == pytest.approx({k: 560_000 * v / 578_600 for k, v in minutes.items()})


def test_by_orders(department):
    """9,800, 280 and 500 orders."""
    assert shares(department.with_drivers({"site_fixed": "orders"})) == pytest.approx(
        {"orders": 560_000 * 9800 / 10_580, "inquiries": 560_000 * 280 / 10_580, "credit": 560_000 * 500 / 10_580,
         "total": 560_000})


def test_by_customers(department):
    assert shares(department.with_drivers({"site_fixed": "customers"})) == pytest.approx(
        {"orders": 560_000 / 3, "inquiries": 560_000 / 3, "credit": 560_000 / 3, "total": 560_000})


# P serves A with 10 light units and 30 heavy ones, and B with 20 light ones.
WEIGHED = {
    "products": table({"product": "light", "weight": 1.0, "volume": 2.0, "unit_value": 10.0, "pallet_units": 10.0},
                      {"product": "heavy", "weight": 5.0, "volume": 1.0, "unit_value": 100.0, "pallet_units": 5.0}),
    "sites": table({"site": "P", "kind": "plant", "fixed_cost": 600.0}),
    "customers": table({"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "gold"}),
    "tiers": table({"tier": "gold", "program_cost": 100.0}),
    "demand": table({"customer": "A", "product": "light", "quantity": 10.0},
                    {"customer": "A", "product": "heavy", "quantity": 30.0},
                    {"customer": "B", "product": "light", "quantity": 20.0}),
    "modes": table({"mode": "m"}),
    "rates": table({"origin": "P", "destination": "*", "mode": "m", "per_unit": 1.0, "transit_time": 1}),
    "lanes": table({"origin": "P", "destination": "A", "mode": "*", "fixed_cost": 90.0},
                   {"origin": "P", "destination": "B", "mode": "*"}),
}


@pytest.fixture(scope="module")
def weighed() -> cts.Solution:
    return cts.solve(cts.network(WEIGHED))


@pytest.mark.parametrize(("driver", "of_a", "of_b"), [
    ("throughput", 40, 20), ("units", 40, 20), ("weight", 160, 20), ("volume", 50, 40), ("value", 3100, 200),
    ("pallets", 7, 2), ("customers", 1, 1)])
def test_what_drives_the_cost_of_a_site(weighed, driver, of_a, of_b):
    found = shares(weighed.with_drivers({"site_fixed": driver}))
    assert found == pytest.approx({"A": 600 * of_a / (of_a + of_b), "B": 600 * of_b / (of_a + of_b), "total": 600})


def test_what_drives_the_cost_of_a_lane_and_of_a_tier(weighed):
    """The lane serves A alone: its products share it by value, 100 to 3,000. The tier serves both alike."""
    other = weighed.with_drivers({"lane_fixed": "value", "tier_program": "customers"})
    assert shares(other, "lane_fixed") == pytest.approx({"A": 90, "B": 0, "total": 90})
    by_product = other.cost_to_serve(by="product")["lane_fixed"]
    assert by_product.to_dict() == pytest.approx({"light": 90 * 100 / 3100, "heavy": 90 * 3000 / 3100, "total": 90})
    assert shares(other, "tier_program") == pytest.approx({"A": 50, "B": 50, "total": 100})
    assert shares(weighed, "tier_program") == pytest.approx({"A": 100 * 40 / 60, "B": 100 * 20 / 60, "total": 100})


# Loads of 10 kg at 50 each: A takes 12 kg, B 9 kg, so that P sends 2 to A and 1 to B over D.
LOADED = {
    "sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
    "customers": table({"customer": "A"}, {"customer": "B"}),
    "demand": table({"customer": "A", "quantity": 12.0}, {"customer": "B", "quantity": 9.0}),
    "modes": table({"mode": "truck", "serves": "moves", "load_weight": 10.0, "whole_loads": "yes"},
                   {"mode": "van", "serves": "deliveries"}),
    "rates": table({"origin": "P", "destination": "D", "mode": "truck", "per_shipment": 50.0, "transit_time": 1},
                   {"origin": "D", "destination": "*", "mode": "van", "per_unit": 1.0, "transit_time": 1}),
    "lanes": table({"origin": "D", "destination": "A", "mode": "*"}, {"origin": "D", "destination": "B", "mode": "*"}),
}


def test_loads_and_their_unfilled_part():
    """21 kg in 3 loads for 150: 30 kg are paid for, 5 each, and 9 kg of them are empty."""
    solution = cts.solve(cts.network(LOADED))
    assert shares(solution, "loads") == pytest.approx({"A": 150 * 12 / 21, "B": 150 * 9 / 21, "total": 150})
    assert shares(solution.with_drivers(idle="unassigned"), "loads") == pytest.approx(
        {"A": 60, "B": 45, "unassigned": 45, "total": 150})


def test_totals_stay(weighed):
    other = weighed.with_drivers({"site_fixed": "customers"}, idle="unassigned")
    assert other.total_cost == weighed.total_cost
    assert other.cube["amount"].sum() == pytest.approx(weighed.total_cost, rel=1e-12)


def test_it_works_on_a_solution_that_was_saved(weighed, tmp_path):
    weighed.save(tmp_path / "plan")
    again = cts.load(tmp_path / "plan").with_drivers({"site_fixed": "weight"})
    assert shares(again) == pytest.approx({"A": 600 * 160 / 180, "B": 600 * 20 / 180, "total": 600})


@pytest.mark.parametrize(("drivers", "words"), [
    ({"last_mile": "weight"}, "'last_mile' is not a cost line that is shared"),
    ({"site_fixd": "weight"}, "did you mean 'site_fixed'"),
    ({"site_fixed": "wieght"}, "did you mean 'weight'"),
    ({"tier_program": "throughput"}, "does not drive tier_program"),
    ({"site_fixed": "orders"}, "3 rows of demand have neither order_size nor profile")])
def test_what_cannot_be(weighed, drivers, words):
    with pytest.raises(cts.UsageError, match=words):
        weighed.with_drivers(drivers)


def test_idle_is_one_of_two(weighed):
    with pytest.raises(cts.UsageError, match="idle = 'nobody': one of share, unassigned"):
        weighed.with_drivers(idle="nobody")
