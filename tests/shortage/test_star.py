"""The rule `value` gives what a network plan gives where one site serves everybody."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts


@pytest.mark.parametrize("seed", range(4))
def test_a_star_network_short_of_stock(seed):
    """One plant makes what there is; each customer is a tier of its own with its shortage cost and its floor."""
    draw = np.random.default_rng(seed)
    count = 5
    names = [f"C{i}" for i in range(count)]
    asked, floor = draw.integers(5, 40, count), draw.choice([0, 0.25], count)
    penalty = (draw.permutation(20)[:count] + 10).astype(float)
    there = int(draw.integers(int(np.ceil((asked * floor).sum())), int(asked.sum())))
    net = cts.network({
        "sites": pd.DataFrame({"site": ["P"], "kind": ["plant"], "status": ["open"]}),
        "site_products": pd.DataFrame({"site": ["P"], "product": ["goods"], "make_capacity": [there]}),
        "products": pd.DataFrame({"product": ["goods"]}),
        "customers": pd.DataFrame({"customer": names, "tier": names}),
        "tiers": pd.DataFrame({"tier": names, "rank": 1, "shortage_cost": penalty}),
        "promises": pd.DataFrame({"tier": names, "served_fraction": floor, "served_fraction_each": floor}),
        "demand": pd.DataFrame({"customer": names, "product": "goods", "quantity": asked}),
        "modes": pd.DataFrame({"mode": ["truck"]}),
        "rates": pd.DataFrame({"origin": "P", "destination": names, "per_unit": 0.0}),
        "lanes": pd.DataFrame({"origin": "P", "destination": names, "mode": "truck"})})
    plan = cts.solve(net, gap=1e-9)
    alloc = cts.allocate(pd.DataFrame({"quantity": [there]}), pd.DataFrame({
        "order": names, "customer": names, "quantity": asked, "penalty": penalty, "tier": names}), "value",
        policy=pd.DataFrame({"tier": names, "floor": floor}), rounding="none")
    assert plan.penalty == pytest.approx(alloc.penalty, rel=1e-6)
    flows = plan.flows[plan.flows["quantity"] > 0].groupby("destination")["quantity"].sum()
    assert flows.reindex(names).fillna(0).to_numpy() == pytest.approx(alloc.table["share"].to_numpy(), abs=1e-5)
