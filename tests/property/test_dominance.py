"""Leaving dominated deliveries out of the search leaves the least cost as it is, whatever is in the network."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.formulation.dominance import left_out, without_dominated
from ctsopt.formulation.family import Variables
from ctsopt.programs.algebra import Rows
from ctsopt.testing import random_network
from tests.often import sampled
from tests.stock_networks import POLICIES, RULES, random_stock

GAP, STOCKED = 1e-6, 1e-4
"""Gap that is asked for, without stock and with it."""

IMPOSSIBLE = {"unreachable_customer", "demand_above_supply", "contract_impossible"}


def of_ones_own(seed: int) -> Callable[[Variables, cts.Network], Rows | None]:
    """A row of one's own by mode, by customer, or way by way: some of it at most, at least or exactly as much."""

    def own_rule(x: Variables, net: cts.Network) -> Rows | None:
        """sum weight[w] * deliver[w] at most, at least or exactly a share of sum deliver[w]   [units]"""
        rng = np.random.default_rng(seed)
        keys = x.deliver.index
        if not len(keys):
            return None
        by = str(rng.choice(["mode_out", "customer", "way"]))
        size = len(keys) if by == "way" else len(keys.axes[by])
        of = rng.choice([0.0, 0.5, 1.0], size)
        weight = of if by == "way" else of[keys[by]]
        share = float(rng.uniform(0.1, 0.9))
        off = (x.deliver * (weight - share)).total()
        return (off <= 0.0, off >= 0.0, off == 0.0)[rng.integers(0, 3)]

    return own_rule


def least(net: cts.Network, **options: object) -> tuple[float, float]:
    """What the least cost lies between; infinite where there is no plan."""
    gap = GAP if net.derived.stocking is None else STOCKED
    try:
        found = cts.solve(net, gap=gap, **options)
    except cts.InfeasibleError:
        return math.inf, math.inf
    assert found.gap <= 2 * gap
    assert (found.record["left_out"] == 0) or found.record["options"]["dominance"]
    return found.bound, found.total_cost


def compare(tables: dict, rule: Callable[..., Rows | None] | None) -> None:
    try:
        net = cts.network(tables)
    except cts.DataError as error:  # now and then a random customer is out of reach
        if {f.rule for f in error.findings.errors} <= IMPOSSIBLE:
            return
        raise
    extra = [] if rule is None else [rule]
    (low, cost), (bound, with_all) = (least(net, extra=extra, dominance=dominance) for dominance in (True, False))
    assert cost >= bound or cost == pytest.approx(bound, rel=1e-9)
    assert with_all >= low or with_all == pytest.approx(low, rel=1e-9)


def every_feature(seed: int) -> None:
    """As drawn, every third time with stock, and every other time with a row of one's own."""
    compare(random_network(seed, availability=seed % 3 == 0), of_ones_own(seed) if seed % 2 else None)


def without_stock(seed: int) -> None:
    """As drawn, with a row of one's own."""
    compare(random_network(seed), of_ones_own(seed))


def stocked(seed: int) -> dict:
    """A network in which stock is decided, with a bike beside the van: quicker, and cheaper, as cheap, or dearer."""
    tables = random_stock(seed, POLICIES[seed % 3], RULES[seed % 2])
    rng = np.random.default_rng([seed, 11])
    bike = pd.DataFrame({"mode": ["bike"], "serves": "deliveries", "speed": 600.0, "fixed_time": 0.25,
                         "per_weight_distance": rng.choice([0.00018, 0.0002, 0.00025]), "transit_cv": 0.0})
    return tables | {"modes": pd.concat([tables["modes"], bike], ignore_index=True),
                     "settings": tables["settings"] | {"longest_wait": int(rng.integers(0, 3))}}


def with_stock(seed: int) -> None:
    """Every third time there is a row of one's own."""
    compare(stocked(seed), of_ones_own(seed) if seed % 3 == 2 else None)


@pytest.mark.parametrize("seed", [2001, 2003, 2007])
def test_a_rule_of_ones_own_with_and_without_dominance(seed):
    without_stock(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(2000, 2200), every=40))
def test_every_feature_with_and_without_dominance(seed):
    every_feature(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(100), every=20))
def test_stock_with_and_without_dominance(seed):
    with_stock(seed)


def test_the_draws_hold_ways_that_are_left_out():
    """Or the tests above would show nothing: with stock, and without."""
    for made in ([stocked(seed) for seed in range(3)], [random_network(seed) for seed in range(2000, 2003)]):
        nets = [cts.network(tables) for tables in made]
        assert all(left_out(without_dominated(net, build(net))) > 0 for net in nets)
