"""The table of stock: units, money and shares that can be worked out by hand, and the exact check beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from tests.small import chain, costs, lanes, solved, table
from tests.stock_formulas import fill_rate, plain_reserve, safety_stock
from tests.stock_networks import Tables, by_hand, one_dc

LINES = ("cycle_stock", "safety_stock", "pipeline_stock", "stock_fixed")


def by_tier(solution: cts.Solution, column: str) -> dict[str, float]:
    return {str(tier): float(x) for tier, x in solution.stock.groupby("tiers")[column].sum().items()}


def tiers_of(fill_rates: dict[str, float], units: dict[str, float], **tables: Any) -> Tables:
    """A dc that is replenished in 6 days in lots of five days; goods of variance to mean 30, value 100, 20 % a year.

    Units are those of a day; `fill_rates` by tier, one customer each.
    """
    names = list(fill_rates)
    return chain(customers=table(*({"customer": f"C {t}", "tier": t} for t in names)),
                 tiers=table(*({"tier": t, "rank": k} for k, t in enumerate(names))),
                 demand=table(*({"customer": f"C {t}", "quantity": 365 * units[t]} for t in names)),
                 lanes=lanes("P-D", *(f"D-C {t}" for t in names)),
                 products=table({"product": "goods", "weight": 1, "unit_value": 100, "variance_to_mean": 30}),
                 promises=table(*({"tier": t, "fill_rate": b} for t, b in fill_rates.items())),
                 site_products=table({"site": "P"}, {"site": "D", "replenishment_days": 6}),
                 settings={"holding_rate": 0.2, "order_interval": 5, "review_time": 1, "pipeline_on": "none"}) | tables


@pytest.mark.slow
@pytest.mark.parametrize(("sharing", "gold", "silver"), [
    ("separate", 25.0, 300**0.5), ("pooled", 35.0, 15.0), ("rationed", 20.0, 15.0)])
def test_one_dc_with_two_tiers(sharing: str, gold: float, silver: float) -> None:
    """Variance 100 and 300, factors 2.5 and 1. Pooled: 1 x 20 is shared 5 to 15 by variance, 1.5 x 20 is gold's.
    Rationed: of the same layer of 20 gold bears 5, and 1.5 x 10 are its own."""
    sol = solved(one_dc(sharing))
    assert sol.total_cost == pytest.approx(gold + silver)
    assert by_tier(sol, "safety") == pytest.approx({"gold": gold, "silver": silver})
    assert by_tier(sol, "cost") == pytest.approx({"gold": gold, "silver": silver})
    assert by_tier(sol, "fill_rate_given") == pytest.approx({"gold": 0.99, "silver": 0.99 if sharing == "pooled" else
                                                             0.9})
    assert by_tier(sol, "volume") == pytest.approx({"gold": 10, "silver": 30})
    assert by_tier(sol, "days_of_supply") == pytest.approx({"gold": gold / 10, "silver": silver / 30})
    assert by_tier(sol, "value") == pytest.approx({"gold": 365 * gold, "silver": 365 * silver})
    assert set(sol.stock["sharing"]) == {sharing}
    in_cube = sol.cube[sol.cube["line"] == "safety_stock"].groupby("tier", observed=True)["amount"].sum()
    assert in_cube["gold"] == pytest.approx(gold)


@pytest.mark.slow
@pytest.mark.parametrize("sharing", ["pooled", "rationed"])
def test_a_better_class_with_the_smaller_factor_gets_the_larger(sharing: str) -> None:
    """Factors 1 and 2.5: 2.5 x 20 for both, shared by variance of 100 and 300."""
    tables = one_dc(sharing)
    tables["promises"]["safety_factor"] = [1.0, 2.5]
    assert by_tier(solved(tables), "safety") == pytest.approx({"gold": 12.5, "silver": 37.5})


@pytest.mark.slow
def test_three_tiers_in_one_pool_by_the_layered_rule() -> None:
    """Deviations 3, 4, 12 and factors 1, 1.5, 2 at 2 a unit: 52 in all. Layers of 26, 13 and 13: the first by variance
    9, 16, 144 of 169, the second by 16 and 144 of 160, the third to the best alone."""
    customers = pd.DataFrame({"customer": list("ABC"), "tier": ["tin", "iron", "gold"], "units": [10.0, 10.0, 10.0],
                              "variance": [9.0, 16.0, 144.0]})
    promises = table({"tier": "tin", "fill_rate": 0.8, "safety_factor": 1.0},
                     {"tier": "iron", "fill_rate": 0.9, "safety_factor": 1.5},
                     {"tier": "gold", "fill_rate": 0.95, "safety_factor": 2.0})
    deliveries = pd.DataFrame({"origin": "DC", "destination": list("ABC"), "per_unit": 0.0})
    sol = solved(by_hand(2.0, 1.0, {"DC": 0.0}, customers, promises, deliveries))
    expected = {"tin": 26 * 9 / 169, "iron": 26 * 16 / 169 + 13 * 16 / 160,
                "gold": 26 * 144 / 169 + 13 * 144 / 160 + 13}
    assert expected == pytest.approx({"tin": 1.3846, "iron": 3.7615, "gold": 46.8538}, abs=5e-5)
    assert by_tier(sol, "cost") == pytest.approx(expected)
    assert sol.cost_to_serve()["safety_stock"].iloc[:3].to_dict() == pytest.approx(expected)


@pytest.mark.slow
def test_cycle_stock_is_half_a_lot_and_half_a_review() -> None:
    """2 units a day in lots of five days, reviewed daily: (10 + 2) / 2; published safety stock of 64 units. With lots
    of at least 40: (40 + 2) / 2."""
    sol = solved(tiers_of({"gold": 0.95}, {"gold": 2}))
    row = sol.stock.iloc[0]
    assert row["cycle"] == pytest.approx(6)
    assert row["safety"] == pytest.approx(64, abs=0.5)
    assert row["safety"] == pytest.approx(safety_stock(0.95, 2, 30, 6, 1, 0, 5), rel=1e-9)
    assert (row["lead_time"], row["wait"], row["fill_rate"], row["tiers"]) == (6, 0, 0.95, "gold")
    assert costs(sol)["cycle_stock"] == pytest.approx(6 * 100 * 0.2)
    lots = tiers_of({"gold": 0.95}, {"gold": 2})
    lots["site_products"] = table({"site": "P"}, {"site": "D", "replenishment_days": 6, "lot_size": 40})
    assert solved(lots).stock["cycle"].tolist() == pytest.approx([21])


@pytest.mark.slow
def test_between_declared_volumes_there_are_straight_lines() -> None:
    """3 units a day lie between 2^(12/8) and 2^(13/8)."""
    low, high = 2 ** (12 / 8), 2 ** (13 / 8)
    share = (3 - low) / (high - low)
    units = [safety_stock(0.95, m, 30, 6, 1, 0, 5) for m in (low, high)]
    sol = solved(tiers_of({"gold": 0.95}, {"gold": 3}))
    assert sol.stock["safety"].iloc[0] == pytest.approx((1 - share) * units[0] + share * units[1], rel=1e-9)
    assert sol.stock["exact_safety"].iloc[0] == pytest.approx(safety_stock(0.95, 3, 30, 6, 1, 0, 5), rel=1e-7)
    assert sol.stock["exact_safety"].iloc[0] != pytest.approx(sol.stock["safety"].iloc[0], rel=1e-6)


@pytest.mark.slow
def test_exact_check_of_a_declared_volume_is_the_declared_figure() -> None:
    """A declared volume, the variance of the product, the stated lead time: nothing is left to differ."""
    row = solved(tiers_of({"gold": 0.95}, {"gold": 2})).stock.iloc[0]
    assert row["exact_safety"] == pytest.approx(row["safety"], rel=1e-7)
    assert row["exact_fill_rate"] == pytest.approx(0.95, abs=1e-7)


@pytest.mark.slow
def test_exact_check_takes_the_variance_of_the_demand_itself() -> None:
    """The product says 30, the demand 60: declared stock is for 30, the formula asks for that of 60."""
    tables = tiers_of({"gold": 0.95}, {"gold": 2})
    tables["demand"] = tables["demand"].assign(variance_to_mean=60)
    row = solved(tables).stock.iloc[0]
    declared, exact = safety_stock(0.95, 2, 30, 6, 1, 0, 5), safety_stock(0.95, 2, 60, 6, 1, 0, 5)
    assert (row["safety"], row["exact_safety"]) == pytest.approx((declared, exact), rel=1e-7)
    assert row["exact_fill_rate"] == pytest.approx(fill_rate(declared + 14, 10, 2, 60, 6, 1), abs=1e-9)
    assert row["exact_fill_rate"] < 0.95


@pytest.mark.slow
def test_exact_check_takes_the_lead_time_of_the_ways_in_use() -> None:
    """Goods may come in 3 days or in 8, dear: the one lead time is 8, in use are 3."""
    tables = tiers_of({"gold": 0.95}, {"gold": 2})
    tables["site_products"] = table({"site": "P"}, {"site": "D"})
    tables["lanes"] = lanes("D-C gold")
    tables["rates"] = table(
        {"origin": "P", "destination": "D", "mode": "truck", "per_unit": 1, "transit_time": 3},
        {"origin": "P", "destination": "D", "mode": "mule", "per_unit": 9, "transit_time": 8})
    tables["modes"] = table({"mode": "truck", "per_weight": 1}, {"mode": "mule", "per_weight": 1})
    row = solved(tables).stock.iloc[0]
    assert row["lead_time"] == 8
    assert row["safety"] == pytest.approx(safety_stock(0.95, 2, 30, 8, 1, 0, 5), rel=1e-9)
    assert row["exact_safety"] == pytest.approx(safety_stock(0.95, 2, 30, 3, 1, 0, 5), rel=1e-7)


@pytest.mark.slow
def test_rationed_stock_with_large_lots_gives_what_it_promises() -> None:
    """Gold is 2 of 102 units a day. In lots of 500 silver needs no safety stock for 90 %, and gold's own volume none
    for 98 %; but the lot is used up by all, and a reserve is kept, for gold alone. Without it gold got 96.1 %.
    """
    tables = tiers_of({"gold": 0.98, "silver": 0.9}, {"gold": 2, "silver": 100})
    tables["products"] = table({"product": "goods", "weight": 1, "unit_value": 50, "variance_to_mean": 10})
    tables["site_products"] = table({"site": "P"}, {"site": "D", "replenishment_days": 7, "lot_size": 500})
    tables["settings"] = tables["settings"] | {"stock_sharing": "rationed", "order_interval": 0}
    stock = solved(tables).stock.set_index("tiers")
    kept = plain_reserve(0.98, 0.9, 2, 10, 7, 1, 500, 0)
    assert 5 < kept < 8
    assert stock["safety"].to_dict() == pytest.approx({"gold": kept, "silver": 0}, rel=1e-9)
    assert stock["exact_safety"].to_dict() == pytest.approx({"gold": kept, "silver": 0}, rel=1e-9)
    assert stock["reserve"].to_dict() == pytest.approx({"gold": 0, "silver": kept}, rel=1e-9)
    assert stock["cycle"].sum() == pytest.approx((500 + 102) / 2)
    given = stock["exact_fill_rate"]
    assert 0.98 <= given["gold"] < 0.99
    assert given["silver"] == pytest.approx(fill_rate(816, 500, 102, 10, 7, 1), abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("counted", "units"), [("moves", 2 * 3), ("all", 2 * 3 + 2 * 0.5), ("none", 0)])
def test_pipeline_is_flow_times_days_in_transit(counted: str, units: float) -> None:
    """2 a day that travel 3 days to the dc and half a day to the customer; a unit is held for 20 a year."""
    tables = tiers_of({"gold": 0.95}, {"gold": 2})
    tables["settings"] = tables["settings"] | {"pipeline_on": counted, "processing_time": 1}
    tables["lanes"] = None
    tables["rates"] = table({"origin": "P", "destination": "D", "per_unit": 1, "transit_time": 3},
                            {"origin": "D", "destination": "C gold", "per_unit": 1, "transit_time": 0.5})
    sol = solved({name: frame for name, frame in tables.items() if frame is not None})
    assert sol.stock["pipeline"].sum() == pytest.approx(units)
    assert sol.stock["pipeline_stock"].sum() == pytest.approx(20 * units)
    assert costs(sol).get("pipeline_stock", 0) == pytest.approx(20 * units)


@pytest.mark.slow
def test_pipeline_is_split_by_what_goes_out() -> None:
    """Gold takes 6 of 8 units a day: three quarters of what is on the way."""
    tables = tiers_of({"gold": 0.95, "silver": 0.8}, {"gold": 6, "silver": 2})
    tables["settings"] = tables["settings"] | {"pipeline_on": "moves"}
    tables["rates"] = table({"origin": "P", "destination": "D", "per_unit": 1, "transit_time": 4})
    assert by_tier(solved(tables), "pipeline") == pytest.approx({"gold": 24, "silver": 8})


@pytest.mark.slow
def test_stock_for_other_sites() -> None:
    """The plant keeps stock for the dc at a fill rate of 90 %: a row of its own, for other sites."""
    tables = tiers_of({"gold": 0.95}, {"gold": 2})
    tables["site_products"] = table({"site": "P", "replenishment_fill_rate": 0.9, "make_days": 4},
                                    {"site": "D", "replenishment_days": 6})
    stock = solved(tables).stock.set_index("site")
    assert stock["tiers"].to_dict() == {"D": "gold", "P": "other sites"}
    assert stock.loc["P", ["fill_rate", "volume", "lead_time"]].tolist() == pytest.approx([0.9, 2, 4])
    assert stock.loc["P", "safety"] == pytest.approx(safety_stock(0.9, 2, 30, 4, 1, 0, 5), rel=1e-9)


@pytest.mark.slow
def test_tiers_with_one_fill_rate_are_one_class() -> None:
    row = solved(tiers_of({"gold": 0.95, "silver": 0.95}, {"gold": 1, "silver": 1})).stock
    assert row["tiers"].tolist() == ["gold | silver"]
    assert row["safety"].tolist() == pytest.approx([safety_stock(0.95, 2, 30, 6, 1, 0, 5)], rel=1e-9)


@pytest.mark.slow
def test_a_stock_group_is_in_the_mix_of_its_demand() -> None:
    """Of 8 units a day 6 are bolts: the curve of the group is that of 6 a day of bolts and 2 of nuts."""
    tables = tiers_of({"gold": 0.95}, {"gold": 1})
    tables["products"] = table(*({"product": p, "weight": 1, "unit_value": v, "variance_to_mean": 30,
                                  "stock_group": "metal"} for p, v in (("bolt", 100), ("nut", 10))))
    tables["demand"] = table({"customer": "C gold", "product": "bolt", "quantity": 365 * 6},
                             {"customer": "C gold", "product": "nut", "quantity": 365 * 2})
    tables["site_products"] = table(*({"site": s, "product": p, "replenishment_days": 6 if s == "D" else np.nan}
                                      for s in "PD" for p in ("bolt", "nut")))
    stock = solved(tables).stock.set_index("product")
    assert stock["safety"].to_dict() == pytest.approx({
        p: safety_stock(0.95, m, 30, 6, 1, 0, 5) for p, m in (("bolt", 6), ("nut", 2))}, rel=1e-9)
    assert stock["cycle"].to_dict() == pytest.approx({"bolt": 18, "nut": 6})
    assert stock["cost"].to_dict() == pytest.approx({
        p: (stock.loc[p, "cycle"] + stock.loc[p, "safety"]) * v * 0.2 for p, v in (("bolt", 100), ("nut", 10))})


@pytest.mark.slow
def test_a_class_that_is_served_in_one_period_bears_what_is_kept_for_it_in_the_other() -> None:
    """Gold orders in the second half only, and the pool is held at its fill rate in both: beyond what silver needs,
    the stock of the first half is there because of gold."""
    tables = tiers_of({"gold": 0.95, "silver": 0.8}, {"gold": 1, "silver": 1})
    tables["periods"] = table({"period": "one", "days": 182.5}, {"period": "two", "days": 182.5})
    tables["demand"] = table({"customer": "C gold", "period": "two", "quantity": 365},
                             {"customer": "C silver", "period": "one", "quantity": 365},
                             {"customer": "C silver", "period": "two", "quantity": 365})
    tables["settings"] = tables["settings"] | {"stock_level": "each", "stock_sharing": "pooled"}
    sol = solved(tables)
    full, part = safety_stock(0.95, 4, 30, 6, 1, 0, 5), safety_stock(0.95, 2, 30, 6, 1, 0, 5)
    low = {m: safety_stock(0.8, m, 30, 6, 1, 0, 5) for m in (2, 4)}
    gold = ((part - low[2]) + (full - low[4]) + low[4] / 2) / 2
    assert by_tier(sol, "safety") == pytest.approx({"gold": gold, "silver": (full + part) / 2 - gold}, rel=1e-9)
    in_cube = sol.cube[sol.cube["line"] == "safety_stock"].groupby("tier", observed=True)["amount"].sum()
    assert in_cube["gold"] == pytest.approx(20 * gold, rel=1e-9)


@pytest.mark.slow
def test_the_peak_counts_all_year() -> None:
    """2 a day in the first half and 4 in the second: stock is that of 4 a day."""
    tables = tiers_of({"gold": 0.95}, {"gold": 1})
    tables["periods"] = table({"period": "one", "days": 182.5}, {"period": "two", "days": 182.5})
    tables["demand"] = table({"customer": "C gold", "period": "one", "quantity": 365},
                             {"customer": "C gold", "period": "two", "quantity": 730})
    levels = {}
    for level in ("peak", "average", "each"):
        tables["settings"] = tables["settings"] | {"stock_level": level}
        levels[level] = solved(tables).stock["cycle"].sum()
    assert levels == pytest.approx({"peak": 12, "average": 9, "each": (6 + 12) / 2}, rel=1e-9)


@pytest.mark.slow
def test_fixed_cost_of_stock_is_shared_by_volume() -> None:
    """100 a year over half a year; gold takes 6 of 8 units."""
    tables = tiers_of({"gold": 0.95, "silver": 0.8}, {"gold": 3, "silver": 1})
    tables["periods"] = table({"period": "half", "days": 182.5})
    tables["site_products"] = table({"site": "P"}, {"site": "D", "replenishment_days": 6, "stock_fixed_cost": 100})
    sol = solved(tables)
    assert by_tier(sol, "stock_fixed") == pytest.approx({"gold": 37.5, "silver": 12.5})
    assert costs(sol)["stock_fixed"] == pytest.approx(50)


@pytest.mark.slow
def test_goods_that_are_made_to_order_are_in_no_stock_but_on_the_way() -> None:
    tables = tiers_of({"gold": 0.95}, {"gold": 2}, lanes=lanes("P-C gold"))
    tables["site_products"] = table({"site": "P", "can_stock": "no", "make_days": 3})
    tables["rates"] = table({"origin": "P", "destination": "C gold", "per_unit": 1, "transit_time": 5})
    tables["settings"] = tables["settings"] | {"pipeline_on": "all"}
    tables["sites"] = table({"site": "P", "kind": "plant"})
    row = solved(tables).stock.iloc[0]
    assert (row["cycle"], row["safety"], row["sharing"]) == (0, 0, "")
    assert row["pipeline"] == pytest.approx(10)
    assert np.isnan(row["exact_safety"])


def test_without_fill_rates_the_table_is_empty() -> None:
    sol = solved(chain())
    assert sol.stock.empty
    assert {"site", "product", "service_class", "safety", "exact_fill_rate", *LINES} <= set(sol.stock.columns)
    assert not set(LINES) & set(sol.costs["line"])
