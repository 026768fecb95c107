"""What must hold of stock on random networks, whatever their figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build
from tests.often import sampled
from tests.stock_networks import Tables, random_stock

LINES = ("cycle_stock", "safety_stock", "stock_fixed", "pipeline_stock")
CASES = [(seed, sharing, rule) for seed, (sharing, rule) in enumerate(
    [("pooled", "curve"), ("separate", "curve"), ("rationed", "curve"), ("pooled", "square_root"),
     ("separate", "square_root"), ("rationed", "square_root"), ("rationed", "curve"), ("pooled", "curve")], start=10)]


def plan_of(tables: Tables, **options: Any) -> cts.Solution:
    return cts.solve(cts.network(tables), **{"gap": 0.02, **options})


def valued(tables: Tables, values: np.ndarray) -> dict[str, float]:
    """Cost lines of stock of a plan that is given, in another network with the same ways."""
    net = cts.network(tables)
    program = build(net)
    return {name: float(sum(part.amount(values).sum() for part in program.costs[name].parts))
            for name in LINES if name in program.costs}


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "sharing", "rule"), sampled(CASES, every=4))
def test_table_and_cube_add_up_to_every_line(seed: int, sharing: str, rule: str) -> None:
    """By line; by line and site; and by line and tier, where every row of the table is of one tier."""
    solution = plan_of(random_stock(seed, sharing, rule))
    amounts = solution.costs.set_index("line")["amount"]
    sums = solution.cube.groupby("line", observed=True)["amount"].sum()
    for line in LINES:
        assert solution.stock[line].sum() == pytest.approx(amounts.get(line, 0.0), rel=1e-9)
        assert sums.get(line, 0.0) == pytest.approx(amounts.get(line, 0.0), rel=1e-9)
    assert solution.stock["cost"].sum() == pytest.approx(sum(amounts.get(line, 0.0) for line in LINES), rel=1e-9)
    for line in ("cycle_stock", "safety_stock", "stock_fixed"):
        by_site = solution.cube[solution.cube["line"] == line].groupby("origin", observed=True)["amount"].sum()
        in_table = solution.stock.groupby("site")[line].sum()
        assert in_table.reindex(by_site.index).to_numpy() == pytest.approx(by_site.to_numpy(), rel=1e-9, abs=1e-9)
    frame = solution.kpis()
    assert frame.loc[frame["kpi"] == "safety_stock_cost", "value"].sum() == pytest.approx(
        amounts.get("safety_stock", 0.0), rel=1e-9)
    assert frame.loc[frame["kpi"] == "stock_value", "value"].sum() == pytest.approx(solution.stock["value"].sum())


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "sharing", "rule"), sampled(CASES[:6], every=6))
def test_order_of_rows_changes_nothing(seed: int, sharing: str, rule: str) -> None:
    tables = random_stock(seed, sharing, rule)
    shuffled = {name: frame.sample(frac=1, random_state=seed) if isinstance(frame, pd.DataFrame) and name != "periods"
                else frame for name, frame in tables.items()}
    one, two = cts.network(tables), cts.network(shuffled)
    assert one.hash == two.hash
    pd.testing.assert_frame_equal(cts.solve(one, gap=0.02).stock, cts.solve(two, gap=0.02).stock)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "sharing"), sampled([
    (20, "pooled"), (21, "separate"), (22, "pooled"), (23, "separate")], every=2))
def test_a_better_fill_rate_never_needs_less(seed: int, sharing: str) -> None:
    """The same flows, every fill rate a third nearer to 1: no less safety stock, and the same cycle stock."""
    tables = random_stock(seed, sharing, "curve")
    solution = plan_of(tables)
    values = solution.tables["values"]["value"].to_numpy(dtype=float)
    promises = tables["promises"].assign(fill_rate=1 - (1 - tables["promises"]["fill_rate"]) * 2 / 3)
    one, two = valued(tables, values), valued(tables | {"promises": promises}, values)
    assert two["safety_stock"] >= one["safety_stock"] - 1e-9
    assert two["cycle_stock"] == pytest.approx(one["cycle_stock"], rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "sharing"), [(24, "pooled"), (25, "separate"), (26, "pooled")])
def test_a_longer_lead_time_never_needs_less(seed: int, sharing: str) -> None:
    """The same flows with two days more of replenishment."""
    tables = random_stock(seed, sharing, "curve")
    dc = tables["site_products"]["site"] != "P"
    short, long = (tables | {"site_products": tables["site_products"].assign(
        replenishment_days=np.where(dc, days, np.nan), replenishment_sd=np.nan)} for days in (4.0, 6.0))
    solution = plan_of(short)
    values = solution.tables["values"]["value"].to_numpy(dtype=float)
    one, two = valued(short, values), valued(long, values)
    assert two["safety_stock"] >= one["safety_stock"] - 1e-9
    assert two["cycle_stock"] == pytest.approx(one["cycle_stock"], rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [30, 31, 32])
def test_the_peak_needs_at_least_the_average(seed: int) -> None:
    """Cycle stock rises with volume; the volume of the peak is at least the average one at every point and class."""
    tables = random_stock(seed, "separate", "curve")
    tables["periods"] = pd.DataFrame({"period": ["low", "high"], "days": [215.0, 150.0]})
    demand = tables["demand"].drop(columns="period").groupby(["customer", "product"], as_index=False).first()
    tables["demand"] = pd.concat([demand.assign(period=t, quantity=demand["quantity"] * share)
                                  for t, share in (("low", 0.4), ("high", 0.6))])
    average, peak = (tables | {"settings": tables["settings"] | {"stock_level": level}}
                     for level in ("average", "peak"))
    values = plan_of(average).tables["values"]["value"].to_numpy(dtype=float)
    one, two = valued(average, values), valued(peak, values)
    assert two["cycle_stock"] >= one["cycle_stock"] - 1e-9
    assert {k: two.get(k) for k in ("pipeline_stock", "stock_fixed")} == {k: one.get(k) for k in (
        "pipeline_stock", "stock_fixed")}
