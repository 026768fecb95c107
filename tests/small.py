"""Small networks as tables, for figures that are worked out by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import ctsopt as cts

Tables = dict[str, Any]


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """A table of these rows; a column that a row lacks is blank there."""
    return pd.DataFrame(list(rows))


def chain(**tables: Any) -> Tables:
    """Plant P, dc D, customer C with 100 units; a mode that costs 1 a kg; lanes P-D and D-C; a unit weighs 1 kg.

    The tables given are added, or take the place of these.
    """
    return {"sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
            "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": 100}),
            "modes": table({"mode": "truck", "per_weight": 1}),
            "lanes": lanes("P-D", "D-C")} | tables


def lanes(*names: str, **columns: Any) -> pd.DataFrame:
    """Lanes written `origin-destination` or `origin-destination-mode`."""
    parts = [name.split("-") for name in names]
    return table(*({"origin": p[0], "destination": p[1], "mode": p[2] if len(p) > 2 else "*", **columns}
                   for p in parts))


def rates(**per_unit: float) -> pd.DataFrame:
    """Plain amounts per unit, written `P_D=1` for a lane, or `P_D_bolt=1` for a product on it."""
    parts = [(name.split("_"), amount) for name, amount in per_unit.items()]
    return table(*({"origin": p[0], "destination": p[1], "product": p[2] if len(p) > 2 else "*", "per_unit": amount}
                   for p, amount in parts))


def solved(tables: Tables, **options: Any) -> cts.Solution:
    """The optimum of these tables."""
    return cts.solve(cts.network(tables), **{"gap": 0.0, **options})


def costs(solution: cts.Solution) -> dict[str, float]:
    """The cost lines that are not 0; they add up to the total."""
    amounts = solution.costs.set_index("line")["amount"]
    assert amounts.sum() == pytest.approx(solution.total_cost, rel=1e-12)
    assert solution.cost_to_serve().loc["total", "total"] == pytest.approx(solution.total_cost, rel=1e-9)
    return {str(line): float(amount) for line, amount in amounts.items() if abs(amount) > 1e-9}


def flows(solution: cts.Solution, *keys: str) -> dict[Any, float]:
    """Quantities by some columns of the flows."""
    quantity = solution.flows.groupby(list(keys) if len(keys) > 1 else keys[0])["quantity"].sum()
    return {key: float(units) for key, units in quantity.items()}


def is_open(solution: cts.Solution) -> set[str]:
    """Names of the open sites."""
    return set(solution.sites.loc[solution.sites["open"], "site"])
