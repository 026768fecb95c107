"""The size of the business changes nothing but the figures: a thousand million pieces, or a millionth of one."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.testing import random_network
from tests.often import sampled
from tests.property.edits import IMPOSSIBLE, Tables

SIZES = {"demand": ["quantity"], "capacity_levels": ["capacity", "fixed_cost"], "modes": ["capacity"],
         "sites": ["capacity", "fixed_cost", "opening_cost", "closing_cost", "min_throughput", "storage_capacity"],
         "site_products": ["make_capacity", "opening_stock"], "tiers": ["program_cost"],
         "lanes": ["fixed_cost", "min_volume", "max_volume"]}
"""Columns that go with the size of the business; costs per unit, distance and shipment do not."""

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


@pytest.mark.parametrize("seed", [6, 7, 24, 28])
def test_the_cost_goes_with_the_size_of_the_business(seed):
    """With quantities as they are, HiGHS gave a wrong optimum or none at 1e7, for both links, in each of these."""
    goes_with_the_size(seed, FACTORS, ("lazy", "capacity"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(100, 115), every=4))
def test_the_cost_goes_with_the_size_of_the_business_often(seed):
    """Larger factors would take some capacity over the largest number that a table may hold."""
    goes_with_the_size(seed, (1e-9, 1e-6, 1e4, 1e6), ("lazy", "capacity"))
