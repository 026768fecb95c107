"""What a case is for: what can be decided, or what may happen.

Only a choice can be called cheaper as an idea. That rents fall by a tenth, or that demand does, is nobody's decision:
such a case shows how much hangs on a figure. A tornado's cases, and those in states, are of that kind; a scenario or
sweep says so with `role`, and one that says nothing is of that kind where all it does of its own is to multiply, or to
add to, figures that are found and not chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ctsopt.tables.edits.parts import Edit

CHOICE, SENSITIVITY, BASIS = "choice", "sensitivity", "basis"
ROLES = (CHOICE, SENSITIVITY)
"""What a scenario or a sweep may say of itself."""

_RELATIVE = ("scale", "add")

FOUND: Mapping[str, frozenset[str]] = {table: frozenset(columns.split()) for table, columns in {
    "settings": "circuity discount_rate life holding_rate carbon_price",
    "periods": "days",
    "products": "weight volume unit_value holding_rate variance_to_mean pallet_units",
    "sites": "fixed_cost opening_cost closing_cost handling_in handling_out",
    "capacity_levels": "fixed_cost",
    "site_products": "make_cost replenishment_sd stock_fixed_cost",
    "tiers": "shortage_cost program_cost",
    "demand": "quantity variance_to_mean order_size",
    "order_profiles": "size share",
    "modes": "speed fixed_time transit_cv per_distance per_weight per_weight_distance per_shipment minimum_charge "
             "fuel_surcharge load_factor co2",
    "lanes": "distance fixed_cost duty_rate",
    "rates": "per_unit per_weight per_shipment minimum_charge transit_time transit_sd",
}.items()}
"""Columns of figures that are found: costs, prices, times, demand. All others are promises, limits, or decisions."""


def role_of(edits: Sequence[Edit | None]) -> str:
    """What a case that does not say it is for, by the edits that it has of its own.

    Parameters
    ----------
    edits : sequence of Edit or None
        Those beyond the ones of its parent; None stands for one that could not be read.
    """
    return SENSITIVITY if edits and all(edit is not None and _is_found(edit) for edit in edits) else CHOICE


def _is_found(edit: Edit) -> bool:
    columns = FOUND.get(edit.table, frozenset())
    return edit.op == "fuel" or (edit.op in _RELATIVE and edit.values.keys() <= columns)
