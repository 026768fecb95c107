"""Menus and bundles: figures by hand, envelopes, and the two ways in which changes meet."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.errors import UsageError
from ctsopt.quoting.menu import bundle, is_stale, price_menu, repriced
from ctsopt.testing import random_network
from tests.often import sampled

TWO = Path(__file__).parents[2] / "models" / "two_dcs"


@pytest.fixture(scope="module")
def base() -> cts.Solution:
    return cts.solve(cts.read(TWO), gap=0)


def test_a_menu_has_four_kinds_of_cell(base):
    """D: within 0.5 days nothing arrives; within a day express at 2.5 a unit more; within 1.5 days it is so today."""
    menu = price_menu(base, "D", lead_time=[0.5, 1, 1.5, 2])
    assert menu["cell"].tolist() == ["impossible", "priced", "kept already", "kept already"]
    assert menu["point"].tolist()[1:] == [25_000, 0, 0]
    assert "the fastest way is from East by express, 0.90 days" in menu["why"][0]
    with pytest.raises(UsageError, match="one or two axes"):
        price_menu(base, "D", speed=[1])


def test_a_grid_of_two_axes(base):
    menu = price_menu(base, "D", lead_time=[1, 2], reliability=[0.5, 0.95])
    assert menu[["lead_time", "reliability"]].to_numpy().tolist() == [[1, 0.5], [1, 0.95], [2, 0.5], [2, 0.95]]
    assert menu["point"].tolist() == [25_000, 25_000, 0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(30), every=15))
def test_a_stricter_promise_never_costs_less(seed):
    try:
        plan = cts.solve(cts.network(random_network(seed)), gap=0.02)
    except (cts.InfeasibleError, cts.DataError):
        return
    name = str(plan.net.tables["customers"]["customer"].iloc[0])
    menu = price_menu(plan, name, lead_time=[1, 3, 6], reliability=[0.5, 0.9], width=0.5)
    for column in ("low", "point"):
        grid = menu.pivot_table(index="lead_time", columns="reliability", values=column, dropna=False).fillna(1e18)
        assert (grid.diff().iloc[1:] <= 1e-6).all(axis=None)
        assert (grid.diff(axis=1).iloc[:, 1:] >= -1e-6).all(axis=None)


def sites(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def shared_site() -> cts.Solution:
    """A and B are served from far; within a day from a site that costs 100, and 5 each more."""
    net = cts.network({
        "sites": sites({"site": "P", "kind": "plant"}, {"site": "Far", "kind": "dc"},
                       {"site": "Near", "kind": "dc", "status": "candidate", "fixed_cost": 100}),
        "customers": sites({"customer": "A", "tier": "slow"}, {"customer": "B", "tier": "slow"}),
        "tiers": sites({"tier": "slow", "rank": 2}, {"tier": "fast", "rank": 1}),
        "promises": sites({"tier": "slow", "lead_time": 9}, {"tier": "fast", "lead_time": 1}),
        "demand": sites({"customer": "A", "quantity": 5}, {"customer": "B", "quantity": 5}),
        "lanes": sites(*({"origin": o, "destination": d} for o, d in (
            ("P", "Far"), ("P", "Near"), ("Far", "A"), ("Far", "B"), ("Near", "A"), ("Near", "B")))),
        "rates": sites(*({"origin": o, "destination": d, "per_unit": cost, "transit_time": days}
                         for o, d, cost, days in (("P", "Far", 0, 1), ("P", "Near", 0, 1), ("Far", "A", 1, 3),
                                                  ("Far", "B", 1, 3), ("Near", "A", 2, 0.1), ("Near", "B", 2, 0.1)))),
        "settings": {"processing_time": 0}})
    return cts.solve(net, gap=0)


def test_one_upgrade_pays_for_another():
    """105 each, 110 together: interaction -100, and 55 each; after the first is signed the second costs 5."""
    plan = shared_site()
    a, b = cts.Change("A", tier="fast"), cts.Change("B", tier="fast")
    both = bundle(plan, a, b)
    assert both.shares["alone"].tolist() == [105, 105]
    assert (both.together.point, both.interaction.point) == (110, -100)
    assert both.shares["share"].tolist() == [55, 55]
    assert both.pairs["point"].tolist() == [-100]
    assert is_stale(plan, [b], [a])
    assert repriced(plan, [a], b, lenses="additions").cost.point == pytest.approx(5)


def fast_lane(used_by_c: float) -> cts.Solution:
    """One site; a fast mode of 10 units at 2, a slow one at 1, air at 20; C uses the fast one already."""
    net = cts.network({
        "sites": sites({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
        "customers": sites(*({"customer": c, "tier": "fast" if c == "C" else "slow"} for c in "ABC")),
        "tiers": sites({"tier": "slow", "rank": 2}, {"tier": "fast", "rank": 1}),
        "promises": sites({"tier": "slow", "lead_time": 9}, {"tier": "fast", "lead_time": 1}),
        "demand": sites({"customer": "A", "quantity": 6}, {"customer": "B", "quantity": 6},
                        {"customer": "C", "quantity": used_by_c}),
        "modes": sites({"mode": "move", "serves": "moves"}, {"mode": "fast", "serves": "deliveries", "capacity": 10},
                       {"mode": "slow", "serves": "deliveries"}, {"mode": "air", "serves": "deliveries"}),
        "lanes": sites({"origin": "P", "destination": "D", "mode": "move"},
                       *({"origin": "D", "destination": c, "mode": "*"} for c in "ABC")),
        "rates": sites({"origin": "P", "destination": "D", "mode": "move", "per_unit": 0, "transit_time": 1},
                       *({"origin": "D", "destination": "*", "mode": m, "per_unit": cost, "transit_time": days}
                         for m, cost, days in (("fast", 2, 0.5), ("slow", 1, 5), ("air", 20, 0.2)))),
        "settings": {"processing_time": 0}})
    return cts.solve(net, gap=0)


def test_who_is_displaced_is_counted():
    """C uses 5 of the fast lane's 10: A's 6 units cost 6 more, and push one unit of somebody to air, which is 18."""
    plan = fast_lane(5)
    found = cts.quote(plan, cts.Change("A", tier="fast"), lenses="flows")
    assert found.cost.point == 24
    assert found.by_part["own"] + found.by_part["displaced"] == pytest.approx(24)


def test_two_cheap_upgrades_are_dear_together():
    """6 each while the lane has room for one; together two units go by air: 48, interaction +36."""
    plan = fast_lane(1e-9)
    both = bundle(plan, cts.Change("A", tier="fast"), cts.Change("B", tier="fast"), lens="flows")
    assert both.shares["alone"].tolist() == pytest.approx([6, 6])
    assert both.together.point == pytest.approx(48)
    assert both.interaction.point == pytest.approx(36)
