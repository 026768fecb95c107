"""The stock of a plan is worked out anew: a plan that is spoilt in one figure is not reported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import ctsopt as cts
from ctsopt.solving.checking.kept import StockBook
from ctsopt.solving.checking.recheck import recheck
from tests.small import solved, table
from tests.solving.test_recheck import put, spoilt
from tests.stock_formulas import safety_stock
from tests.stock_networks import POLICIES, Tables, one_dc

if TYPE_CHECKING:
    import pandas as pd


def network() -> Tables:
    """Goods come in 2 days (dear) or 6, leave in half a day, may be quoted a day of wait; the promise is 2 days."""
    return {
        "settings": {"stock_sharing": "rationed", "holding_rate": 0.2, "review_time": 1, "order_interval": 5,
                     "pipeline_on": "all", "lead_time_levels": 2, "longest_wait": 1, "processing_time": 0},
        "sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "storage_capacity": 900}),
        "site_products": table({"site": "P"}, {"site": "D", "stock_fixed_cost": 50}),
        "products": table({"product": "goods", "unit_value": 100, "variance_to_mean": 30}),
        "tiers": table({"tier": "gold", "rank": 1}, {"tier": "silver", "rank": 2}),
        "customers": table({"customer": "G", "tier": "gold"}, {"customer": "S", "tier": "silver"}),
        "demand": table({"customer": "G", "quantity": 730}, {"customer": "S", "quantity": 1460}),
        "promises": table({"tier": "gold", "fill_rate": 0.95, "lead_time": 1.2},
                          {"tier": "silver", "fill_rate": 0.8, "lead_time": 1.2}),
        "modes": table({"mode": "truck"}, {"mode": "barge"}),
        "rates": table({"origin": "P", "destination": "D", "mode": "truck", "per_unit": 9, "transit_time": 2},
                       {"origin": "P", "destination": "D", "mode": "barge", "per_unit": 1, "transit_time": 6},
                       *({"origin": "D", "destination": c, "mode": "truck", "per_unit": 1, "transit_time": 0.5}
                         for c in "GS"))}


@pytest.fixture(scope="module")
def good() -> cts.Solution:
    solution = solved(network())
    assert solution.stock["lead_time"].tolist() == [6, 6]
    recheck(solution)
    return solution


def multiplied(column: str, factor: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda frame: frame.assign(**{column: frame[column] * factor})


@pytest.mark.parametrize(("name", "change", "words"), [
    ("stock", multiplied("safety", 1.001), "stock of D/goods is .* units, but its volumes ask for"),
    ("stock", multiplied("cycle", 0.9), "stock of D/goods is .* units, but its volumes ask for"),
    ("stock", multiplied("safety_stock", 1.1), "safety_stock is .* but safety_stock in the table stock adds up to"),
    ("stock", put("fill_rate_given", -0.2), "gives gold a fill rate of 0.75, less than the 0.95 promised"),
    ("stock", lambda f: f.assign(lead_time=2.0), "by a way slower than the lead time of its stock"),
    ("stock", lambda f: f.assign(sharing="pooled"), "stock of D/goods is not shared as stated"),
    ("stock", lambda f: f.assign(wait=1.0), "G is served from D, whose wait breaks the promise"),
    ("stock", lambda f: f.iloc[:0], "goods leave D/goods, which has no stock"),
    ("costs", put("amount", 5.0, line="pipeline_stock"), "cost line pipeline_stock is .* flows ask for"),
    ("costs", put("amount", 5.0, line="stock_fixed"), "cost line stock_fixed is 55.00, but .* ask for 50.00"),
    ("costs", put("amount", 5.0, line="cycle_stock"), "cost line cycle_stock"),
])
def test_spoilt_stock_is_not_reported(good: cts.Solution, name: str,
                                      change: Callable[[pd.DataFrame], pd.DataFrame | None], words: str) -> None:
    with pytest.raises(cts.SolverError, match=words):
        recheck(spoilt(good, name, change))


@pytest.mark.slow
def test_a_lead_time_that_is_stated_is_the_one_to_have() -> None:
    tables = network()
    tables["site_products"] = table({"site": "P"}, {"site": "D", "replenishment_days": 4})
    solution = solved(tables)
    with pytest.raises(cts.SolverError, match="the lead time of D/goods is not the one that is stated"):
        recheck(spoilt(solution, "stock", lambda f: f.assign(lead_time=5.0)))


def test_storage_holds_cycle_and_safety_stock(good: cts.Solution) -> None:
    """Cycle stock (5 + 1) x 6 / 2, and the layers of rationed stock."""
    units = 18 + safety_stock(0.95, 2, 30, 6, 1, 0, 5) - safety_stock(0.8, 2, 30, 6, 1, 0, 5)
    used = good.limits.set_index("limit").loc["storage"]
    assert used["key"] == "D / year"
    assert (used["used"], used["most"]) == (pytest.approx(good.stock[["cycle", "safety"]].sum().sum()), 900)
    assert used["used"] >= units
    sites = good.net.tables["sites"]
    sites.loc[sites["site"] == "D", "storage_capacity"] = used["used"] - 0.01
    with pytest.raises(cts.SolverError, match="stock at D/year is above the storage capacity"):
        recheck(replace(good, net=good.net.with_table("sites", sites)))


@pytest.mark.slow
@pytest.mark.parametrize(("sharing", "units"), [("separate", 42.3205), ("pooled", 50.0), ("rationed", 35.0)])
def test_worked_out_anew_by_the_square_root(sharing: str, units: float) -> None:
    """2.5 x 10 + sqrt(300); 2.5 x 20; 1.5 x 10 + 20."""
    kept = StockBook(solved(one_dc(sharing))).kept()
    assert kept["safety"].sum() == pytest.approx(units, abs=5e-5)


@pytest.mark.slow
@pytest.mark.parametrize("sharing", POLICIES)
def test_worked_out_anew_between_declared_volumes(sharing: str) -> None:
    """2 and 4 a day are declared volumes, 6 lies between 2^(20/8) and 2^(21/8)."""
    tables = network()
    tables["settings"] = tables["settings"] | {"stock_sharing": sharing}

    def units(b: float, m: float) -> float:
        return safety_stock(b, m, 30, 6, 1, 0, 5)

    low, high = 2 ** (20 / 8), 2 ** (21 / 8)
    share = (6 - low) / (high - low)
    both = {b: (1 - share) * units(b, low) + share * units(b, high) for b in (0.95, 0.8)}
    expected = {"pooled": both[0.95], "separate": units(0.95, 2) + units(0.8, 4),
                "rationed": units(0.95, 2) - units(0.8, 2) + both[0.8]}
    kept = StockBook(solved(tables)).kept()
    assert kept["safety"].sum() == pytest.approx(expected[sharing], rel=1e-9)
    assert kept["cycle"].sum() == pytest.approx(18)
