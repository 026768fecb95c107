"""Stock of tiers by policy: reference values, identities, and networks whose best design depends on the policy."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from ctsopt.errors import UsageError
from ctsopt.inventory.critical_levels import critical_level_fill_rates, critical_levels
from ctsopt.inventory.reserve import reserve
from ctsopt.inventory.safety_stock import safety_stock
from ctsopt.inventory.tier_stock import (
    pooled_sd,
    square_root_tier_parts,
    square_root_tier_stock,
    tier_stock,
)

LOT = {"variance_to_mean": 36.0, "lead_time": 6.0, "review_time": 1.0}


@pytest.mark.parametrize(("policy", "method", "units"), [
    ("separate", "nested", 42.3205), ("pooled", "nested", 50.0), ("rationed", "nested", 35.0),
    ("rationed", "share", 27.5)])
def test_one_place_two_tiers(policy, method, units):
    """V = (100, 300), k = (2.5, 1): 25 + √300; 2.5 · 20; 1.5 · 10 + 20; 2.5 · 5 + 15."""
    assert float(square_root_tier_stock([2.5, 1.0], [100.0, 300.0], policy, method)) == pytest.approx(units, abs=5e-5)


def test_order_of_the_policies():
    """share <= nested <= min(pooled, separate), for factors that fall from tier to tier."""
    rng = np.random.default_rng(1)
    factor = -np.sort(-rng.uniform(0, 3, (500, 4)), axis=1)
    variance = rng.uniform(0, 50, (500, 4)) * (rng.random((500, 4)) < 0.8)
    found = {(p, m): square_root_tier_stock(factor, variance, p, m) for p, m in (
        ("rationed", "share"), ("rationed", "nested"), ("pooled", "nested"), ("separate", "nested"))}
    share, nested, pooled, separate = found.values()
    assert (share <= nested + 1e-12).all()
    assert (nested <= np.minimum(pooled, separate) + 1e-12).all()
    assert (nested < 0.95 * np.minimum(pooled, separate)).any()


def test_parts_of_the_tiers():
    """Holding cost 2, sd (3, 4, 12), k (1, 1.5, 2), all served at k = 2: 2 · 2 · 13 = 52, shared layer by layer.

    Layer 0-1: 26 by 9 : 16 : 144. Layer 1-1.5: 13 by 16 : 144. Layer 1.5-2: 13, the best tier's alone.
    """
    parts = 2 * square_root_tier_parts([2.0, 1.5, 1.0], [144.0, 16.0, 9.0])
    assert parts[::-1] == pytest.approx([1.3846, 3.7615, 46.8538], abs=5e-5)
    assert parts.sum() == pytest.approx(52)
    apart = 2 * square_root_tier_parts([2.0, 1.5, 1.0], [144.0, 16.0, 9.0], "separate")
    assert apart[::-1] == pytest.approx([6, 12, 48])


@pytest.mark.parametrize(("policy", "method"), [("pooled", "nested"), ("rationed", "nested"), ("rationed", "share"),
                                                ("separate", "nested")])
def test_parts_add_up_and_are_marginal_by_layer(policy, method):
    """Parts add up to the stock, nobody pays for a tier that is better, and tiers alike share by variance (9 : 16)."""
    rng = np.random.default_rng(2)
    factor, variance = -np.sort(-rng.uniform(0, 3, (100, 5)), axis=1), rng.uniform(0, 9, (100, 5))
    parts = square_root_tier_parts(factor, variance, policy, method)
    assert parts.sum(axis=1) == pytest.approx(square_root_tier_stock(factor, variance, policy, method))
    worse = factor.copy()
    worse[:, 0] += 1.0
    if policy != "separate":
        assert square_root_tier_parts(worse, variance, policy, method)[:, 1:] == pytest.approx(parts[:, 1:])
        alike = square_root_tier_parts([2.0, 2.0], [9.0, 16.0], policy, method)
        assert alike == pytest.approx([2 * 9 / 5, 2 * 16 / 5])


def test_a_better_tier_with_a_smaller_factor():
    """It gets the larger factor of the one below: the two are one layer, 1.5 · √(4 + 5) = 4.5."""
    assert square_root_tier_parts([1.0, 1.5], [4.0, 5.0], "rationed") == pytest.approx([2.0, 2.5])
    assert float(square_root_tier_stock([1.0, 1.5], [4.0, 5.0], "pooled")) == pytest.approx(4.5)


def test_no_demand_needs_no_stock():
    assert square_root_tier_parts([2.0, 1.0], [0.0, 0.0], "rationed").tolist() == [0, 0]
    assert square_root_tier_parts([2.0, 1.0], [0.0, 0.0], "rationed", "share").tolist() == [0, 0]
    assert square_root_tier_parts([2.0, 1.0], [0.0, 4.0], "pooled").tolist() == [0, 2]
    assert tier_stock([0.95, 0.9], [0.0, 0.0], **LOT, method="share") == 0


# ---- the square-root law, and where it ends --------------------------------------------------------------------------


def test_the_square_root_law_of_a_given_factor():
    """Four demands of sd 10 a day, four days, k = 2: one place 80, two 113.137, four 160."""
    for places, units in ((1, 80.0), (2, 113.137), (4, 160.0)):
        assert places * 2 * pooled_sd([10.0] * (4 // places)) * math.sqrt(4) == pytest.approx(units, abs=5e-4)
    for n, rho in ((4, 0.0), (4, 0.3), (9, 0.5), (3, 1.0)):
        assert pooled_sd([7.0] * n, rho) == pytest.approx(7 * math.sqrt(n + n * (n - 1) * rho))
    assert pooled_sd([3.0, 4.0], [[1, -1], [-1, 1]]) == pytest.approx(1.0)
    assert pooled_sd([3.0, 4.0]) == pytest.approx(5.0)


def test_no_square_root_law_of_a_fill_rate():
    """Trap 14. In lots of five days' demand 25 times the volume takes 1.25 times the stock (the root would say 5),
    and at 2000 a day none at all: lots alone keep 95 %.
    """
    def stock(volume):
        found = critical_levels([0.95], [volume], 30.0, 6.0, 1.0, order_interval=5.0, allow_negative_safety_stock=True)
        return found.reorder_point - 7 * volume

    assert [stock(2.0), stock(50.0), stock(2000.0)] == pytest.approx([64, 80, -1265], abs=0.51)
    planned = safety_stock(0.95, [2.0, 50.0, 2000.0], 30.0, 6.0, 1.0, 0.0, 5.0)
    assert planned == pytest.approx([64, 80, 0], abs=0.51)
    # So planned stock is not concave: a place with 275 units a day needs less than the mean of 50 and 500.
    low, middle, high = safety_stock(0.95, [50.0, 275.0, 500.0], 30.0, 6.0, 1.0, 0.0, 5.0)
    assert middle < (low + high) / 2


# ---- fill rates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "shares", "rates", "separate", "pooled"), [
    (1, (0.3, 0.7), (0.99, 0.90), 367, 341), (1, (0.1, 0.9), (0.99, 0.90), 309, 341),
    (5, (0.3, 0.7), (0.99, 0.90), 222, 233), (5, (0.6, 0.4), (0.99, 0.90), 269, 233),
    (5, (0.2, 0.3, 0.5), (0.99, 0.96, 0.90), 343, 233), (1, (0.1, 0.2, 0.7), (0.995, 0.98, 0.90), 517, 396)])
def test_separate_and_pooled_stock(days, shares, rates, separate, pooled):
    """100 units a day with sd 60, lots of one or five days' demand; a separate stock orders for itself."""
    volume = 100 * np.array(shares)
    found = {p: tier_stock(rates, volume, **LOT, order_interval=days, policy=p) for p in ("separate", "pooled")}
    assert found == pytest.approx({"separate": separate, "pooled": pooled}, abs=0.51)


def test_rationed_stock_by_hand():
    """S(.99, 30) − S(.90, 30) + S(.90, 100), as plans count it: larger volumes of all ask for less. By shares
    0.3 S(.99, 100) + 0.7 S(.90, 100).
    """
    def s(b, m):
        return float(safety_stock(b, m, 36.0, 6.0, 1.0, 100.0, 0.0))

    rates, volume = [0.99, 0.90], [30.0, 70.0]
    assert tier_stock(rates, volume, **LOT, lot_size=100.0) == pytest.approx(s(.99, 30) - s(.90, 30) + s(.90, 100))
    assert tier_stock(rates, volume, **LOT, lot_size=100.0, method="share") == pytest.approx(
        0.3 * s(.99, 100) + 0.7 * s(.90, 100))
    exact = critical_levels(rates, volume, 36.0, 6.0, 1.0, 100.0)
    assert tier_stock(rates, volume, **LOT, lot_size=100.0, method="exact") == pytest.approx(exact.reorder_point - 700)


@pytest.mark.parametrize(("lot", "shares", "rates"), [
    (100, (0.3, 0.7), (0.99, 0.90)), (100, (0.1, 0.9), (0.99, 0.90)), (500, (0.3, 0.7), (0.99, 0.90)),
    (500, (0.6, 0.4), (0.99, 0.90)), (500, (0.2, 0.3, 0.5), (0.99, 0.96, 0.90)),
    (100, (0.1, 0.2, 0.7), (0.995, 0.98, 0.90))])
def test_stock_that_plans_count_keeps_the_promises(lot, shares, rates):
    """Reserves as critical levels: every tier gets what it is promised, with less than pooled stock."""
    volume = 100 * np.array(shares)
    steps = reserve(rates[:-1], rates[1:], np.cumsum(volume)[:-1], 36.0, 6.0, 1.0, lot, 0.0)
    levels = np.concatenate([[0.0], np.cumsum(steps)])
    stock = tier_stock(rates, volume, **LOT, lot_size=lot)
    assert stock == pytest.approx(levels[-1] + float(safety_stock(rates[-1], 100.0, 36.0, 6.0, 1.0, lot, 0.0)))
    attained = critical_level_fill_rates(700 + stock, levels, volume, 36.0, 6.0, 1.0, lot)
    assert (attained >= np.array(rates) - 1e-9).all()
    assert stock < tier_stock(rates, volume, **LOT, lot_size=lot, policy="pooled")


def test_layers_may_exceed_a_pool():
    """In lots of 20 days' demand 400 units a day need no stock at all for 97.6 %; their best 150 by themselves do."""
    args = {"variance_to_mean": 60.0, "lead_time": 17.0, "review_time": 1.0, "order_interval": 20.0}
    rates, volume = [0.976, 0.815], [150.0, 250.0]
    assert tier_stock(rates, volume, **args, policy="pooled") == 0
    alone = float(safety_stock(0.976, 150.0, 60.0, 17.0, 1.0, 0.0, 20.0))
    assert alone > 100
    assert float(safety_stock(0.815, 150.0, 60.0, 17.0, 1.0, 0.0, 20.0)) == 0
    assert tier_stock(rates, volume, **args) == pytest.approx(alone)
    assert tier_stock(rates, volume, **args, method="exact") == pytest.approx(0, abs=1e-6)


def test_one_tier_is_plain_safety_stock():
    plain = float(safety_stock(0.95, 100.0, 36.0, 6.0, 1.0, 200.0, 0.0))
    for policy, method in itertools.product(("separate", "pooled", "rationed"), ("nested", "share", "exact")):
        assert tier_stock(0.95, 100.0, **LOT, lot_size=200.0, policy=policy, method=method) == pytest.approx(plain)


# ---- networks whose best design depends on the policy ----------------------------------------------------------------


def test_two_places_pooled_or_not():
    """Each place costs 10, four customers of variance 100, two at home in each; away from home t; stock 2 √V.

    t = 10: one place, 10 + 2 · 20 + 2 · 10 = 70. t = 15: two, 20 + 4 √200 = 76.568542. Without stock two would be best
    from t = 5 on, not from 13.284.
    """
    def best(t, factor):
        costs = []
        for plan in itertools.product((0, 1), repeat=4):
            used = set(plan)
            variance = [100.0 * plan.count(j) for j in used]
            away = sum(plan[i] != i // 2 for i in range(4))
            costs.append(10 * len(used) + t * away
                         + sum(float(square_root_tier_stock([factor], [v], "pooled")) for v in variance))
        return min(costs)

    assert best(10, 2.0) == pytest.approx(70)
    assert best(15, 2.0) == pytest.approx(76.568542)
    assert best(13.2842712, 2.0) == pytest.approx(20 + 4 * math.sqrt(200), abs=1e-6)
    assert best(5, 0.0) == pytest.approx(20) == best(100, 0.0)


@pytest.mark.parametrize(("policy", "method", "cost", "plan", "next_cost"), [
    ("separate", "nested", 166.3238, (1, 1, 1, 2), 168.6220), ("pooled", "nested", 163.2843, (1, 1, 1, 2), 168.6220),
    ("rationed", "nested", 160.5449, (1, 2, 1, 2), 160.8040), ("rationed", "share", 153.8088, (1, 2, 1, 2), 158.7389)])
def test_the_policy_changes_the_network(policy, method, cost, plan, next_cost):
    """Two places, two customers of each tier; customer A can be kept to only from place 1. Every plan counted."""
    opening, mean, variance = (30.0, 25.0), (20, 10, 30, 40), (100.0, 36.0, 64.0, 576.0)
    freight = ((0.5, 0.8, 0.6, 1.5), (1.2, 0.4, 0.9, 0.5))
    tier, factor, scale = (0, 0, 1, 1), [2.0, 1.0], 0.5 * math.sqrt(4)
    found = {}
    for rest in itertools.product((1, 2), repeat=3):
        chosen = (1, *rest)
        total = sum(mean[c] * freight[j - 1][c] for c, j in enumerate(chosen))
        for j in set(chosen):
            of_tier = [sum(variance[c] for c in range(4) if chosen[c] == j and tier[c] == t) for t in (0, 1)]
            # A place that serves only the lower tier is run at its factor.
            k = factor if of_tier[0] else [factor[1]] * 2
            total += opening[j - 1] + scale * float(square_root_tier_stock(k, of_tier, policy, method))
        found[chosen] = total
    ranked = sorted(found, key=found.get)
    assert ranked[0] == plan
    assert [found[ranked[0]], found[ranked[1]]] == pytest.approx([cost, next_cost], abs=5e-5)


@pytest.mark.parametrize(("call", "message"), [
    (lambda: tier_stock([0.9, 0.95], [1.0, 1.0], **LOT), "from the best fill rate to the worst"),
    (lambda: tier_stock([0.9], [1.0, 1.0], **LOT), "one number for each tier"),
    (lambda: tier_stock([1.0], [1.0], **LOT), "fill_rate is 1"),
    (lambda: tier_stock([0.9], [-1.0], **LOT), "volume is -1"),
    (lambda: tier_stock([0.9], [1.0], **LOT, policy="pool"), "did you mean 'pooled'"),
    (lambda: tier_stock([0.9], [1.0], **LOT, method="shares"), "did you mean 'share'"),
    (lambda: square_root_tier_stock(1.0, 4.0), "one number for each tier"),
    (lambda: square_root_tier_stock([-1.0], [4.0]), "safety_factor is -1"),
    (lambda: square_root_tier_stock([1.0], [4.0], method="exact"), "there is no method of safety factors 'exact'"),
    (lambda: pooled_sd([1.0, 1.0], -1.5), "do not go together"),
    (lambda: pooled_sd([1.0] * 3, [[1.0, 0.5], [0.5, 1.0]]), "a row and a column for each of 3 demands"),
])
def test_wrong_calls(call, message):
    with pytest.raises(UsageError, match=message):
        call()
