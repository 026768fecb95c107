"""Goods that hardly move, beside some that move all day: a plan is always found, and agrees with its tables.

The plan is charged by its curves; `recheck` works the same stock out anew from the tables, and a plan that does not
agree is refused. Stock that is declared in one way here and in another one there shows where volumes are smallest.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from tests.often import sampled
from tests.small import table
from tests.stock_formulas import cycle_stock, on_the_grid, safety_stock
from tests.stock_networks import POLICIES, RULES, Tables

LEVELS = ("average", "peak", "each")


def catalogue(seed: int, sharing: str, rule: str, level: str) -> Tables:
    """A plant, two dcs, three customers in two tiers; products of 0.1 to 1e5 units a year, alone or in groups."""
    rng = np.random.default_rng([seed, 11])
    names, dcs, customers = [f"p{k}" for k in range(rng.integers(2, 5))], ["D1", "D2"], ["A", "B", "C"]
    goods = pd.DataFrame({"product": names, "unit_value": np.round(10 ** rng.uniform(0, 3, len(names)), 2),
                          "variance_to_mean": np.round(10 ** rng.uniform(-0.5, 1.5, len(names)), 2)})
    goods["stock_group"] = rng.choice(["", "spares"], len(names))
    wanted = 10 ** rng.uniform(-1, 5, len(names))
    share = rng.dirichlet(np.ones(6), len(names)).ravel()
    demand = pd.DataFrame(list(product(names, customers, ["low", "high"])), columns=["product", "customer", "period"])
    demand["quantity"] = np.repeat(wanted, 6) * share
    at_dcs = pd.DataFrame(list(product(dcs, names)), columns=["site", "product"])
    at_dcs["lot_size"] = np.where(rng.random(len(at_dcs)) < 0.3, np.round(10 ** rng.uniform(-1, 2, len(at_dcs)), 1), 0)
    at_dcs["nominal_volume"] = 10 ** rng.uniform(-4, 2, len(at_dcs))
    legs = pd.DataFrame([("P", d, 2.0, float(rng.integers(1, 20))) for d in dcs]
                        + [(d, c, float(np.round(rng.uniform(1, 9), 1)), 1.0) for d in dcs for c in customers],
                        columns=["origin", "destination", "per_unit", "transit_time"])
    legs["transit_sd"] = np.where(legs["origin"] == "P", np.round(legs["transit_time"] * rng.choice([0, 0.4]), 1), 0)
    return {"settings": {"stock_rule": rule, "stock_sharing": sharing, "stock_level": level, "holding_rate": 0.2,
                         "review_time": float(rng.choice([0, 1, 7])), "longest_wait": int(rng.integers(0, 2)),
                         "order_interval": float(rng.choice([0, 5, 30])),
                         "order_crossing": str(rng.choice(["no", "yes"])),
                         "early_dispatch": str(rng.choice(["no", "yes"]))},
            "periods": table({"period": "low", "days": 215}, {"period": "high", "days": 150}), "products": goods,
            "sites": table({"site": "P", "kind": "plant"}, *({"site": d, "kind": "dc"} for d in dcs)),
            "site_products": pd.concat([pd.DataFrame({"site": "P", "product": names}), at_dcs]),
            "tiers": table({"tier": "gold", "rank": 1}, {"tier": "silver", "rank": 2}),
            "customers": pd.DataFrame({"customer": customers, "tier": ["gold", "silver", "silver"],
                                       "single_source": "customer"}),
            "promises": table({"tier": "gold", "fill_rate": 0.98}, {"tier": "silver", "fill_rate": 0.9}),
            "demand": demand, "rates": legs}


def agreed(tables: Tables, **options: Any) -> cts.Solution:
    """A plan that passed its own check: `solve` refuses one that did not. All that is wanted leaves some stock."""
    solution = cts.solve(cts.network(tables), gap=0.05, **options)
    days = float(tables["periods"]["days"].sum())
    out = solution.stock[solution.stock["site"] != "P"].groupby("product")["volume"].sum() * days
    assert out.to_dict() == pytest.approx(tables["demand"].groupby("product")["quantity"].sum().to_dict(), rel=1e-6)
    return solution


def cases() -> list[tuple[int, str, str, str]]:
    """Every policy under every rule and stock level, each with a catalogue of its own."""
    return [(seed, *names) for seed, names in enumerate(product(POLICIES, RULES, LEVELS))]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "sharing", "rule", "level"), sampled(cases()[::4], every=3))
def test_slow_movers_have_a_plan(seed: int, sharing: str, rule: str, level: str) -> None:
    agreed(catalogue(seed, sharing, rule, level))


@pytest.mark.long
@pytest.mark.parametrize("after", [False, True])
def test_slow_movers_have_a_plan_under_every_policy(after: bool) -> None:
    for seed, sharing, rule, level in cases()[after::2]:
        agreed(catalogue(seed + 100, sharing, rule, level), **({"stock": "after"} if after else {}))


def one_product(a_year: float, **settings: Any) -> Tables:
    """One dc, replenished in 5 days; goods of variance to mean 10, worth 100, held at 20 % a year; fill rate 95 %."""
    return {"settings": {"holding_rate": 0.2, "pipeline_on": "none"} | settings,
            "sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
            "products": table({"product": "p", "unit_value": 100, "variance_to_mean": 10}),
            "customers": table({"customer": "A"}), "demand": table({"customer": "A", "quantity": a_year}),
            "promises": table({"tier": "standard", "fill_rate": 0.95}),
            "rates": table({"origin": "P", "destination": "D", "per_unit": 1, "transit_time": 5},
                           {"origin": "D", "destination": "A", "per_unit": 1, "transit_time": 1})}


@pytest.mark.slow
@pytest.mark.parametrize("interval", [0, 30])
@pytest.mark.parametrize("a_year", [0.1, 2.0, 5.69, 5.72])
def test_stock_of_a_slow_mover(a_year: float, interval: float) -> None:
    """2^-6 units a day are 5.703 a year. Below, the safety stock is that of 2^-6, 17.9497 units without lots, and the
    cycle stock half of what a review and an order bring of its own demand."""
    sol = cts.solve(cts.network(one_product(a_year, order_interval=interval)), gap=0)
    row = sol.stock.iloc[0]
    safety = on_the_grid(lambda m: safety_stock(0.95, m, 10, 5, 1, 0, interval), a_year / 365)
    assert row["safety"] == pytest.approx(safety, rel=1e-9)
    if not interval and a_year < 5.7:
        assert row["safety"] == pytest.approx(17.9497, abs=5e-5)
    assert row["cycle"] == pytest.approx(a_year / 365 * (interval + 1) / 2, rel=1e-9)
    assert sol.total_cost == pytest.approx(2 * a_year + 20 * (row["safety"] + row["cycle"]), rel=1e-9)


@pytest.mark.slow
def test_lots_of_a_slow_mover() -> None:
    """Half a lot of 3 units and of a review. With lots of at least 0.02 and every 8 days the lot is that of the demand
    from 0.0025 units a day on: the line from half a lot to the declared stock at 2^-6."""
    tables = one_product(2.0) | {"site_products": table({"site": "P"}, {"site": "D", "lot_size": 3})}
    assert cts.solve(cts.network(tables), gap=0).stock["cycle"].iloc[0] == pytest.approx((3 + 2 / 365) / 2, rel=1e-9)
    tables = one_product(2.0, order_interval=8) | {"site_products": table({"site": "P"}, {"site": "D",
                                                                                          "lot_size": 0.02})}
    end, share = cycle_stock(2.0**-6, 1, 0.02, 8), 2 / 365 / 2.0**-6
    assert cts.solve(cts.network(tables), gap=0).stock["cycle"].iloc[0] == pytest.approx(
        (1 - share) * 0.01 + share * end, rel=1e-9)
