"""Who would be in which tier if tiers followed cost-to-serve: writes tiers_by_cost_to_serve.csv beside this file.

A customer is dear or cheap to serve by what its goods cost in the plan of today, over what the same goods cost its
channel on average. Stores at 95 % or less are promised silver, stores at 110 % or more bronze; online customers at
110 % or more get silver in place of gold. All others stay where they are.

    python scenarios/tier_structures/make_tiers.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import ctsopt as cts
from ctsopt import examples

if TYPE_CHECKING:
    import pandas as pd

CHEAP, DEAR = 0.95, 1.10


def ratios(sol: cts.Solution) -> pd.Series:
    """Cost-to-serve of every customer over what its goods cost its channel on average."""
    served = sol.cost_to_serve(by=["customer", "product"]).reset_index()
    served["channel"] = served["customer"].map(sol.net.tables["customers"].set_index("customer")["group"])
    served = served[(served["units"] > 0) & served["channel"].notna()].copy()  # without the row of the total
    channel = served.groupby(["channel", "product"])[["cost", "units"]].transform("sum")
    served["average"] = served["units"] * channel["cost"] / channel["units"]
    sums = served.groupby("customer")[["cost", "average"]].sum()
    return sums["cost"] / sums["average"]


def tiers(sol: cts.Solution) -> pd.DataFrame:
    """Customers that change, and their new tier."""
    customers = sol.net.tables["customers"].set_index("customer")
    ratio = ratios(sol).reindex(customers.index)
    online = customers["group"] == "online"
    new = np.select([online & (ratio >= DEAR), ~online & (ratio <= CHEAP), ~online & (ratio >= DEAR)],
                    ["silver", "silver", "bronze"], customers["tier"])
    changed = customers.assign(tier=new)[new != customers["tier"]]
    return changed.reset_index()[["customer", "tier"]]


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    plan = cts.solve(cts.read(examples.path("retail_us")), gap=1e-4, links="all")
    tiers(plan).to_csv(folder / "tiers_by_cost_to_serve.csv", index=False, lineterminator="\n")
