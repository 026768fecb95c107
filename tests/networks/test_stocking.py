"""Who keeps stock, in which classes and configurations: worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.networks.stock.points import SHARING, Stocking
from tests.small import chain, lanes, table
from tests.stock_networks import Tables


def stocking(tables: Tables) -> Stocking:
    found = cts.network(tables).derived.stocking
    assert found is not None
    return found


def tables(**more: Any) -> Tables:
    """Plant P, dc D, gold G and silver S; goods come in within 2, 3, 7 or 8 days, by modes of their own."""
    names = ["a", "b", "c", "d"]
    return chain(customers=table({"customer": "G", "tier": "gold"}, {"customer": "S", "tier": "silver"}),
                 tiers=table({"tier": "gold"}, {"tier": "silver"}),
                 demand=table({"customer": "G", "quantity": 300}, {"customer": "S", "quantity": 100}),
                 products=table({"product": "goods", "weight": 1, "unit_value": 10, "variance_to_mean": 2}),
                 promises=table({"tier": "gold", "fill_rate": 0.95}, {"tier": "silver", "fill_rate": 0.8}),
                 modes=table(*({"mode": m, "per_weight": 1} for m in names)), lanes=lanes("D-G-a", "D-S-a"),
                 rates=table(*({"origin": "P", "destination": "D", "mode": m, "per_unit": 1, "transit_time": t,
                                "transit_sd": sd} for m, t, sd in zip(names, (2, 3, 7, 8), (0.5, 1, 3, 2),
                                                                       strict=True))),
                 site_products=table({"site": "P", "make_days": 4}, {"site": "D"}),
                 settings={"holding_rate": 0.2}) | more


def configurations(found: Stocking, *columns: str) -> list[tuple[Any, ...]]:
    return list(zip(*(found.configurations.measures[c].tolist() for c in columns), strict=True))


def test_nobody_keeps_stock_where_no_fill_rate_is_promised() -> None:
    assert cts.network(tables(promises=table({"tier": "gold", "lead_time": 9}))).derived.stocking is None


def test_stock_points_deliver_or_keep_stock_for_others() -> None:
    """D delivers. The plant delivers nothing: it is a point once it states a fill rate for other sites."""
    assert stocking(tables()).points.labels() == [("D", "goods")]
    kept = table({"site": "P", "replenishment_fill_rate": 0.9}, {"site": "D"})
    found = stocking(tables(site_products=kept))
    assert found.points.labels() == [("D", "goods"), ("P", "goods")]
    assert found.fill_rate.tolist() == [0.95, 0.9, 0.8]
    assert found.present.tolist() == [[True, False, True], [False, True, False]]
    assert found.outbound_class[1, 0] == 1 or found.outbound_class[0, 0] == 1


def test_classes_are_distinct_fill_rates_best_first() -> None:
    found = stocking(tables())
    assert found.fill_rate.tolist() == [0.95, 0.8]
    assert found.request_class.tolist() == [0, 1]
    same = stocking(tables(promises=table({"tier": "gold", "fill_rate": 0.9}, {"tier": "silver", "fill_rate": 0.9})))
    assert same.fill_rate.tolist() == [0.9]
    half = stocking(tables(promises=table({"tier": "gold", "fill_rate": 0.9})))
    assert half.fill_rate.tolist() == [0.9, 0.0]  # silver without a promise is served, from no safety stock


def test_with_the_square_root_a_class_is_a_fill_rate_and_a_factor() -> None:
    found = stocking(tables(settings={"stock_rule": "square_root"}, promises=table(
        {"tier": "gold", "fill_rate": 0.9, "safety_factor": 1}, {"tier": "silver", "fill_rate": 0.9,
                                                                  "safety_factor": 2})))
    assert found.fill_rate.tolist() == [0.9, 0.9]
    assert found.factor.tolist() == [2, 1]


@pytest.mark.parametrize(("count", "expected"), [
    (1, [(8, 3)]), (2, [(3, 1), (8, 3)]), (3, [(3, 1), (7, 3), (8, 3)])])
def test_lead_times_are_cut_at_the_largest_gaps(count: int, expected: list[tuple[float, float]]) -> None:
    """Gaps of 1, 4 and 1: the largest, then the later of the equal ones; a level has the largest deviation up to it."""
    found = stocking(tables(settings={"lead_time_levels": count, "stock_sharing": "separate"}))
    assert configurations(found, "lead_time", "lead_time_sd") == expected


def test_moves_need_the_level_that_their_lead_time_is_in() -> None:
    found = stocking(tables(settings={"lead_time_levels": 2, "stock_sharing": "separate"}))
    assert found.move_level.tolist() == [0, 0, 1, 1]
    stated = stocking(tables(settings={"lead_time_levels": 2},
                             site_products=table({"site": "P"}, {"site": "D", "replenishment_days": 4})))
    assert stated.move_level.tolist() == [0, 0, 0, 0]


def test_processing_and_making_to_order_are_in_the_lead_time() -> None:
    """8 days on the way, 0.5 of processing at P; with 4 days of making where P makes to order."""
    sites = table({"site": "P", "kind": "plant", "processing_time": 0.5}, {"site": "D", "kind": "dc"})
    assert stocking(tables(sites=sites)).configurations.measures["lead_time"].max() == 8.5
    ordered = table({"site": "P", "make_days": 4, "can_stock": "no"}, {"site": "D"})
    assert stocking(tables(sites=sites, site_products=ordered)).configurations.measures["lead_time"].max() == 12.5


def test_a_stated_lead_time_is_the_only_one() -> None:
    listed = table({"site": "P"}, {"site": "D", "replenishment_days": 5, "replenishment_sd": 1.5})
    found = stocking(tables(settings={"lead_time_levels": 3, "stock_sharing": "separate"}, site_products=listed))
    assert configurations(found, "lead_time", "lead_time_sd") == [(5, 1.5)]
    sure = stocking(tables(site_products=table({"site": "P"}, {"site": "D", "replenishment_days": 5})))
    assert set(configurations(sure, "lead_time_sd")) == {(0,)}


def test_where_it_is_made_the_lead_time_is_that_of_making() -> None:
    kept = table({"site": "P", "make_days": 4, "replenishment_fill_rate": 0.9}, {"site": "D"})
    found = stocking(tables(site_products=kept, settings={"stock_sharing": "separate"}))
    at_plant = found.configurations.index["site"] == found.points.axes["site"].codes(["P"])
    assert found.configurations.measures["lead_time"][at_plant].tolist() == [4]


def test_pooled_stock_chooses_a_class_other_stock_does_not() -> None:
    assert configurations(stocking(tables()), "lead_time", "service_class") == [(8, 0), (8, 1)]
    for sharing in ("separate", "rationed"):
        found = stocking(tables(settings={"stock_sharing": sharing}))
        assert configurations(found, "lead_time", "service_class") == [(8, -1)]
        assert SHARING[found.sharing[0]] == sharing


def test_a_site_may_share_otherwise_than_usual() -> None:
    found = stocking(tables(site_products=table({"site": "P"}, {"site": "D", "stock_sharing": "rationed"})))
    assert SHARING[found.sharing[0]] == "rationed"


@pytest.mark.parametrize(("promised", "waits"), [(2.0, [0]), (3.0, [0, 1]), (9.0, [0, 1, 2])])
def test_waits_that_may_be_quoted(promised: float, waits: list[int]) -> None:
    """1.5 days to the customer: of 2 days promised half a day is left, of 3 days 1.5, of 9 more than the 2 that may be.
    """
    rows = tables()["rates"]
    out = table(*({"origin": "D", "destination": c, "mode": "a", "per_unit": 1, "transit_time": 1.5} for c in "GS"))
    promises = table({"tier": "gold", "fill_rate": 0.95, "lead_time": promised},
                     {"tier": "silver", "fill_rate": 0.95, "lead_time": promised})
    found = stocking(tables(settings={"longest_wait": 2}, promises=promises, rates=pd.concat([rows, out]),
                            lanes=lanes("D-G-a")))
    assert sorted({w for (w,) in configurations(found, "wait")}) == waits


def test_variance_to_mean_of_products_and_requests() -> None:
    """The product states 2; without it the mean of the demand rows by quantity: (300 x 4 + 100 x 8) / 400 = 5."""
    demand = table({"customer": "G", "quantity": 300, "variance_to_mean": 4},
                   {"customer": "S", "quantity": 100, "variance_to_mean": 8})
    found = stocking(tables(demand=demand))
    assert found.variance_to_mean.tolist() == [2]
    assert found.request_variance.tolist() == [4, 8]
    bare = stocking(tables(demand=demand, products=table({"product": "goods", "weight": 1, "unit_value": 10})))
    assert bare.variance_to_mean.tolist() == [5]
    plain = stocking(tables())
    assert plain.request_variance.tolist() == [2, 2]


def test_groups_and_their_mix() -> None:
    """300 bolts and 100 nuts are a group; a product by itself is one of its own, named like it."""
    goods = table(*({"product": p, "weight": 1, "unit_value": 1, "variance_to_mean": 2, "stock_group": g}
                    for p, g in (("bolt", "metal"), ("nut", "metal"), ("rope", ""))))
    demand = table(*({"customer": "G", "product": p, "quantity": q} for p, q in (("bolt", 300), ("nut", 100),
                                                                                  ("rope", 50))))
    both = table(*({"site": s, "product": p} for s in "PD" for p in ("bolt", "nut", "rope")))
    found = stocking(tables(products=goods, demand=demand, site_products=both))
    assert found.points.labels() == [("D", "metal"), ("D", "rope")]
    assert found.mix.tolist() == [0.75, 0.25, 1.0]


def test_labels_of_configurations_say_what_they_are() -> None:
    found = stocking(tables(settings={"lead_time_levels": 2}))
    assert [label for _, _, label in found.configurations.index.labels()] == [
        "lead 3 fill 0.95", "lead 3 fill 0.8", "lead 8 fill 0.95", "lead 8 fill 0.8"]


def test_order_of_rows_says_nothing() -> None:
    shuffled = tables()
    for name in ("rates", "modes", "customers", "demand", "promises"):
        shuffled[name] = shuffled[name].iloc[::-1]
    one, two = stocking(tables()), stocking(shuffled)
    assert one.configurations.index.labels() == two.configurations.index.labels()
    assert np.array_equal(one.move_level, two.move_level)
