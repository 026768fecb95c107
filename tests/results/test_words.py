"""What a plan says of itself: only what applies, in figures that are known beforehand."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from tests.small import chain, lanes, solved, table
from tests.stock_networks import one_dc


def lines(solution):
    return str(solution).splitlines()


@pytest.fixture(scope="module")
def two_dcs():
    return cts.solve(cts.read(examples.path("two_dcs")), gap=0.0)


def test_two_dcs(two_dcs):
    """305,000 of 633,500 is 48.145 %, the rest 51.855 %: of 48.1 and 51.8 the larger remainder goes up."""
    assert lines(two_dcs)[3:] == [
        "  to serve  cash by tier",
        "    gold: 305,000 (48.1%) for 30,000 units, on average 10.17 a unit",
        "    standard: 328,500 (51.9%) for 30,000 units, on average 10.95 a unit",
        "  promises  2 of 2 kept",
        "    gold / all classes: 100.0% served of 100% promised; every order within 1 day, 95% sure",
        "    standard / all classes: 100.0% served of 100% promised; every order within 2 days, 95% sure",
        "  sites     open: 2 of 2 dc, 1 of 1 plant",
        "    opened: West",
        "  at limit  site capacity West"]


def test_a_promise_that_is_not_kept_comes_first(two_dcs):
    broken = two_dcs.service.assign(kept=[True, False])
    words = lines(replace(two_dcs, tables={**two_dcs.tables, "service": broken}))
    start = words.index("  promises  1 of 2 kept")
    assert words[start + 1].startswith("    standard / ")
    assert words[start + 1].endswith(" - NOT KEPT")
    assert words[start + 2].startswith("    gold / ")


def test_three_equal_tiers_add_up():
    """100 over three tiers: 33.34 + 33.33 + 33.33, and 33.4 + 33.3 + 33.3 %."""
    tables = chain(sites=table({"site": "D", "kind": "plant", "fixed_cost": 97}), lanes=lanes("D-A", "D-B", "D-C"),
                   tiers=table(*({"tier": t, "rank": r} for t, r in (("gold", 1), ("iron", 2), ("tin", 3)))),
                   customers=table({"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "iron"},
                                   {"customer": "C", "tier": "tin"}),
                   demand=table(*({"customer": c, "quantity": 1} for c in "ABC")))
    words = lines(solved(tables))
    start = words.index("  to serve  cash by tier")
    assert words[start + 1:start + 4] == ["    gold: 33.34 (33.4%) for 1 units, on average 33.34 a unit",
                                          "    iron: 33.33 (33.3%) for 1 units, on average 33.33 a unit",
                                          "    tin: 33.33 (33.3%) for 1 units, on average 33.33 a unit"]


def test_levels_and_loads():
    """The small level is full. 100 kg in loads of 30: 4 of them at 5."""
    tables = chain(capacity_levels=table({"site": "D", "level": "small", "capacity": 100, "fixed_cost": 10},
                                         {"site": "D", "level": "large", "capacity": 400, "fixed_cost": 50}),
                   modes=table({"mode": "truck", "serves": "moves", "per_shipment": 5, "whole_loads": "yes",
                                "load_weight": 30}, {"mode": "van", "per_weight": 1}),
                   lanes=pd.concat([lanes("P-D-truck"), lanes("D-C-van")]))
    words = lines(solved(tables))
    assert "    levels: D small" in words
    assert "  loads     4 by truck for 20.00 USD" in words
    assert "  at limit  site capacity D" in words


@pytest.mark.slow
def test_carried_stock_and_what_binds():
    """50 of 100 units are made in the half year before, where the plant makes all that it can in both."""
    tables = chain(periods=table({"period": "low", "days": 182.5}, {"period": "high", "days": 182.5}),
                   demand=table({"customer": "C", "period": "high", "quantity": 100}),
                   products=table({"product": "goods", "unit_value": 4}), settings={"holding_rate": 0.1},
                   site_products=table({"site": "P", "product": "goods", "make_capacity": 100}))
    words = lines(solved(tables))
    assert "  stock     carried between periods: at most 50 units (end of low), for 10.00 USD" in words
    assert words[-1] == "  at limit  make_capacity P / goods / low, P / goods / high"


def test_a_contract_that_is_just_kept_and_one_that_is_not_felt():
    """E is dearer than D by 1 a unit: it gets just the 30 units that its contract wants; 90 at most bind nobody."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, *({"site": s, "kind": "dc"} for s in "DE")),
                   lanes=pd.concat([lanes("P-D", "D-C", "E-C"), lanes("P-E")]),
                   rates=table({"origin": "P", "destination": "E", "per_unit": 2}),
                   contracts=table({"contract": "least", "kind": "min_volume", "site": "E", "quantity": 30},
                                   {"contract": "most", "kind": "max_volume", "site": "D", "quantity": 90}))
    sol = solved(tables)
    assert sol.total_cost == pytest.approx(70 * 2 + 30 * 3)
    (bound,) = [line for line in lines(sol) if line.startswith("  at limit")]
    assert "contract_volume least" in bound
    assert "most" not in bound


def test_a_plan_with_everything_fits_on_a_screen(two_dcs):
    """Forty promises and sites: the first ones, and a count of the rest."""
    service = pd.concat([two_dcs.service] * 20, ignore_index=True)
    sites = pd.concat([two_dcs.sites.assign(decision="opened", level="L")] * 20, ignore_index=True)
    words = lines(replace(two_dcs, tables={**two_dcs.tables, "service": service, "sites": sites}))
    assert len(words) <= 24
    assert "    ... and 32 more, see the table service" in words
    assert [w for w in words if w.startswith("    opened: ") and w.endswith(" and 52 more")]


@pytest.mark.slow
def test_stock_that_is_planned():
    """T3 in layers: 20 units for gold, 15 for silver; a unit is worth 365 and held for 1 over the day."""
    words = lines(solved(one_dc("rationed")))
    start = words.index("  in stock  0 units of cycle stock, 35 of safety stock; worth 12,775.00, for 35.00 USD")
    assert words[start + 1:start + 3] == ["    at DC 35",
                                          "    safety stock for fill rate 0.99 (gold) 20, 0.9 (silver) 15"]


@pytest.mark.slow
def test_storage_that_is_full():
    """Room for 35 units is just enough."""
    tables = one_dc("rationed")
    tables["sites"]["storage_capacity"] = [float("inf"), 35.0]
    assert lines(solved(tables))[-1] == "  at limit  storage DC / day"
