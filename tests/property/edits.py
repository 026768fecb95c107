"""Edits of the tables of a random network that should, or should not, change the optimum."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

import ctsopt as cts
from ctsopt.testing import random_network

Tables = dict[str, Any]

NAMED = {"site": "sites", "customer": "customers", "product": "products", "tier": "tiers", "period": "periods",
         "mode": "modes", "profile": "order_profiles", "contract": "contracts"}
"""Kinds of names and the tables that hold them."""

IMPOSSIBLE = {"unreachable_customer", "demand_above_supply", "contract_impossible"}
"""Faults which say that no plan can be; any other one would be a fault of the edit."""

REFERENCES = {"origin", "destination", "modes", *NAMED}
"""Columns in which names stand."""


@cache
def tables(seed: int, **features: bool) -> Tables:
    """The tables of a seed; edits copy what they change."""
    return random_network(seed, **features)


def optimum(made: Tables) -> float:
    """The least cost; infinite where the promises cannot be kept."""
    try:
        return cts.solve(cts.network(made), gap=0.0).total_cost
    except cts.InfeasibleError:
        return math.inf
    except cts.DataError as error:
        if {f.rule for f in error.findings.errors} <= IMPOSSIBLE:
            return math.inf
        raise


@cache
def base(seed: int, **features: bool) -> float:
    """The least cost of a seed."""
    return optimum(tables(seed, **features))


def changed(made: Tables, table: str, **columns: Any) -> Tables:
    """With columns (or settings) changed by functions of the old values; one that is not there stays away."""
    if table == "settings":
        return {**made, table: {name: columns[name](value) if name in columns else value
                                for name, value in made[table].items()}}
    if table not in made:
        return made
    frame = made[table].copy()
    for name, change in columns.items():
        if name in frame:
            frame[name] = change(frame[name])
    return {**made, table: frame}


def renamed(made: Tables) -> Tables:
    """Every name another one, in the opposite order of spelling, across all tables."""
    names = {str(name) for kind, table in NAMED.items() if table in made for name in made[table][kind]}
    new = {name: f"{len(names) - k:03} was {name}" for k, name in enumerate(sorted(names))}

    def rename(cell: object) -> object:
        return "|".join(new.get(part, part) for part in cell.split("|")) if isinstance(cell, str) else cell

    return {name: frame if name == "settings" else frame.assign(
        **{c: frame[c].map(rename, na_action="ignore") for c in frame if c in REFERENCES})
        for name, frame in made.items()}


def shuffled(made: Tables, seed: int) -> Tables:
    """Rows and columns of every table in another order (periods keep theirs, which has a meaning)."""
    rng = np.random.default_rng(seed)
    return {name: frame if name in ("settings", "periods") else
            frame.iloc[rng.permutation(len(frame))][list(rng.permutation(frame.columns))].reset_index(drop=True)
            for name, frame in made.items()}


def halved(made: Tables, customer: str) -> Tables:
    """A customer in two halves, each with half of its demand (and of what lanes hold) and the same lanes and rates."""
    other = customer + " half"

    def twice(frame: pd.DataFrame, column: str) -> pd.DataFrame:
        mine = frame[frame[column] == customer]
        return pd.concat([frame, mine.assign(**{column: other})], ignore_index=True)

    result = dict(made)
    for name, column in (("customers", "customer"), ("demand", "customer"), ("lanes", "destination"),
                         ("rates", "destination")):
        if name in result and column in result[name]:
            result[name] = twice(result[name], column)
    for name, column, amount in (("demand", "customer", "quantity"), ("lanes", "destination", "max_volume")):
        if amount in result[name]:
            here = result[name][column].isin([customer, other])
            result[name] = changed(result, name, **{amount: lambda v, here=here: v.where(~here, v / 2)})[name]
    return result


SCALED = {
    "demand": ("quantity",), "site_products": ("make_capacity", "opening_stock"), "modes": ("capacity",),
    "sites": ("capacity", "min_throughput", "storage_capacity", "fixed_cost", "opening_cost", "closing_cost"),
    "capacity_levels": ("capacity", "fixed_cost"), "lanes": ("fixed_cost", "min_volume", "max_volume"),
    "tiers": ("program_cost",), "settings": ("carbon_cap", "budget")}
"""Everything that is in proportion to the size of the business, but volumes of contracts."""


def doubled(made: Tables) -> Tables:
    """Twice the demand, the capacities and limits, and the costs that are there whatever the volume.

    Networks with whole loads have no double: loads are whole, and as large as they are.
    """
    result = made
    for table, columns in SCALED.items():
        result = changed(result, table, **{c: lambda v: v * 2 for c in columns})
    if "contracts" in result:
        volume = result["contracts"]["kind"].isin(["min_volume", "max_volume"])
        result = changed(result, "contracts", quantity=lambda v: v.where(~volume, v * 2))
    return result


def in_twelve(made: Tables, seed: int) -> Tables:
    """The one year of a network in twelve unequal periods, each with its share of the demand."""
    share = np.random.default_rng(seed).dirichlet(np.full(12, 3.0))
    periods = pd.DataFrame({"period": [f"T{k + 1}" for k in range(12)], "days": 365 * share})
    demand = made["demand"].drop(columns="period", errors="ignore").merge(periods, how="cross")
    demand["quantity"] = demand["quantity"] * demand["days"] / 365
    return {**made, "periods": periods, "demand": demand.drop(columns="days")}


def holding(made: Tables, rate: float) -> Tables:
    """Stock that costs a share of its value to hold; goods have a value."""
    goods = made["products"]
    if "unit_value" not in goods:
        goods = goods.assign(unit_value=10.0)
    return {**made, "products": goods, "settings": {**made["settings"], "holding_rate": rate}}
