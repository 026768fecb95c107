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
def base(seed: int) -> float:
    """The least cost of a seed."""
    return optimum(tables(seed))


def changed(made: Tables, table: str, **columns: Any) -> Tables:
    """With columns changed by functions of the old values; a column that is not there stays away."""
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
    """A customer in two halves, each with half of its demand and the same lanes and rates."""
    other = customer + " half"

    def twice(frame: pd.DataFrame, column: str) -> pd.DataFrame:
        mine = frame[frame[column] == customer]
        return pd.concat([frame, mine.assign(**{column: other})], ignore_index=True)

    result = dict(made)
    for name, column in (("customers", "customer"), ("demand", "customer"), ("lanes", "destination"),
                         ("rates", "destination")):
        if name in result and column in result[name]:
            result[name] = twice(result[name], column)
    demand = result["demand"]
    result["demand"] = demand.assign(quantity=demand["quantity"].where(
        ~demand["customer"].isin([customer, other]), demand["quantity"] / 2))
    return result


def doubled(made: Tables) -> Tables:
    """Twice the demand, the capacities and the costs of sites."""
    result = changed(made, "demand", quantity=lambda v: v * 2)
    result = changed(result, "sites", **{c: lambda v: v * 2 for c in (
        "capacity", "fixed_cost", "opening_cost", "closing_cost")})
    return changed(result, "site_products", make_capacity=lambda v: v * 2)
