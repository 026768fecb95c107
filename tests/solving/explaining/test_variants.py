"""What real use showed to be explained wrongly, with other figures: the right limit, its amount and nobody else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from tests.often import sampled
from tests.small import Tables, lanes, table

SEEDS = range(10)


def made(seed: int, **quantity: float) -> Tables:
    """Werk makes all; the customers, in an order of their own, want so much."""
    names = list(np.random.default_rng(seed).permutation(list(quantity)))
    return {"sites": table({"site": "Werk", "kind": "plant"}),
            "customers": table(*({"customer": name} for name in names)),
            "demand": table(*({"customer": name, "quantity": quantity[name]} for name in names)),
            "rates": table({"per_unit": 3})}


def only(explanation: cts.Explanation, short: dict[str, float], limit: tuple[str, str, str], amount: float,
         unit: str) -> None:
    """Just so much goes short, by one limit, which has to move by so much."""
    found = explanation.shortfalls.groupby("customer")["shortfall"].sum()
    assert found.to_dict() == pytest.approx(short, rel=1e-6)
    (row,) = explanation.limits.to_dict("records")
    assert (row["table"], row["row"], row["column"], row["unit"]) == (*limit, unit)
    assert row["amount"] == pytest.approx(amount, rel=1e-5)
    assert row["proven"]
    promised = explanation.conflicts.loc[explanation.conflicts["kind"] == "promise", "member"].tolist()
    assert promised == [f"what {name} is promised" for name in short]


@pytest.mark.parametrize("seed", sampled(SEEDS, 5))
def test_a_lane_minimum(seed):
    """Who is behind the lane wants less than its minimum; whoever is not is served."""
    wants, other, more = (int(n) for n in np.random.default_rng(seed).integers(10, 900, 3))
    tables = made(seed, A=wants, B=other)
    tables["sites"] = table({"site": "Werk", "kind": "plant"}, {"site": "Nord", "kind": "dc"})
    tables["lanes"] = pd.concat([lanes("Werk-Nord", "Nord-B"), lanes("Nord-A", min_volume=wants + more)])
    only(cts.explain(tables), {"A": wants}, ("lanes", "Nord / A / *", "min_volume"), -more, "units")


@pytest.mark.parametrize("seed", sampled(SEEDS, 5))
@pytest.mark.parametrize("weight", [1, 25, 0.4])
def test_the_capacity_of_a_mode(seed, weight):
    """A place with rail alone wants more than rail carries; the amount is in kg, whatever a unit weighs."""
    room, more, other = (int(n) for n in np.random.default_rng(seed).integers(10, 900, 3))
    tables = made(seed, RailTown=room + more, RoadTown=other)
    tables["modes"] = table({"mode": "rail", "capacity": room * weight}, {"mode": "road"})
    tables["lanes"] = lanes("Werk-RailTown-rail", "Werk-RoadTown-road", "Werk-RoadTown-rail")
    tables["products"] = table({"product": "p", "weight": weight})
    only(cts.explain(tables), {"RailTown": more}, ("modes", "rail", "capacity"), more * weight, "kg")


@pytest.mark.parametrize("seed", sampled(SEEDS, 5))
def test_a_cap_on_co2(seed):
    """Units of 1 kg over some distance: kg CO2 a tonne and kilometre."""
    wants, distance, part = (int(n) for n in np.random.default_rng(seed).integers(2, 90, 3))
    needed = 100 * wants / 1000 * distance * 0.1
    tables = made(seed, A=100 * wants)
    tables |= {"modes": table({"mode": "lkw", "co2": 0.1}), "settings": {"carbon_cap": needed * part / 100},
               "lanes": lanes("Werk-A-lkw", distance=distance)}
    only(cts.explain(tables), {"A": 100 * wants * (1 - part / 100)}, ("settings", "", "carbon_cap"),
         needed * (1 - part / 100), "kg CO2")


@pytest.mark.parametrize("seed", sampled(SEEDS, 5))
def test_a_budget(seed):
    """Each unit costs 3; a part of it is paid for."""
    wants, part = (int(n) for n in np.random.default_rng(seed).integers(2, 90, 2))
    tables = made(seed, A=wants) | {"lanes": lanes("Werk-A"), "settings": {"budget": 3 * wants * part / 100}}
    only(cts.explain(tables), {"A": wants * (1 - part / 100)}, ("settings", "", "budget"),
         3 * wants * (1 - part / 100), "USD")


@pytest.mark.parametrize("seed", sampled(SEEDS, 5))
def test_a_plant_in_its_peak(seed):
    """Enough for the year, not for the second half; stock at the plant does not lift what may leave it."""
    low, high, days = (int(n) for n in np.random.default_rng(seed).integers([10, 600, 150], [90, 900, 210]))
    capacity = low + high + 50
    tables = made(seed, A=low + high)
    tables["sites"] = table({"site": "Werk", "kind": "plant", "storage_capacity": 50, "capacity": capacity})
    tables["periods"] = table({"period": "H1", "days": 365 - days}, {"period": "H2", "days": days})
    tables["products"] = table({"product": "p", "unit_value": 10, "holding_rate": 0.2})
    tables["demand"] = table({"customer": "A", "product": "p", "period": "H1", "quantity": low},
                             {"customer": "A", "product": "p", "period": "H2", "quantity": high})
    tables["lanes"] = lanes("Werk-A")
    short = high - capacity * days / 365
    explanation = cts.explain(tables)
    only(explanation, {"A": short}, ("sites", "Werk", "capacity"), short, "units")
    assert explanation.limits["period"].tolist() == ["H2"]


@pytest.mark.parametrize("seed", sampled(SEEDS, 5))
def test_single_sources_that_do_not_fit(seed):
    """As much room as is wanted, but no customers fill a site: each single source is named, and both sites."""
    half = int(np.random.default_rng(seed).integers(20, 300))
    tables = made(seed, A=7 * half, B=4 * half, C=4 * half)  # sites of 9 and 6: 7, 4, 8, 11 and 15 can be had
    tables["customers"]["single_source"] = "customer"
    tables["sites"] = table({"site": "Werk", "kind": "plant"}, {"site": "Nord", "kind": "dc", "capacity": 9 * half},
                            {"site": "Sued", "kind": "dc", "capacity": 6 * half})
    tables["lanes"] = lanes("Werk-Nord", "Werk-Sued", *(f"{d}-{c}" for d in ("Nord", "Sued") for c in "ABC"))
    explanation = cts.explain(tables)
    found = explanation.conflicts[explanation.conflicts["kind"] == "limit"]
    assert set(zip(found["row"], found["column"], strict=True)) == {
        *((c, "single_source") for c in "ABC"), ("Nord", "capacity"), ("Sued", "capacity")}
    assert found["smallest"].all()
    sources = explanation.limits[explanation.limits["column"] == "single_source"]
    assert sources["amount"].tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("seed", sampled(SEEDS, 5))
def test_a_dc_that_nothing_supplies(seed):
    """It is out of reach, with the site; whoever is served by the plant is not named."""
    wants, other = (int(n) for n in np.random.default_rng(seed).integers(1, 900, 2))
    tables = made(seed, A=wants, B=other)
    tables["sites"] = table({"site": "Werk", "kind": "plant"}, {"site": "Nord", "kind": "dc"})
    tables["lanes"] = lanes("Nord-A", "Werk-B")
    explanation = cts.explain(tables)
    assert explanation.rung == "reach"
    assert explanation.unreached[["customer", "site", "quantity"]].to_numpy().tolist() == [["A", "Nord", wants]]
    assert "nothing" in explanation.unreached["why"].iloc[0]
