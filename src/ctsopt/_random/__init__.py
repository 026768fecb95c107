"""The tables of a random network; the features are those of `ctsopt.testing`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from ctsopt._random import availability, business, limits, places, stock, times, transport
from ctsopt._random.draw import Draw
from ctsopt.networks.schema import BY_NAME

Tables = dict[str, Any]
AWKWARD = {"D1": "NA", "north": "NO", "bolt": "00123", "C1": "1E10"}


def make(seed: int, features: Mapping[str, bool]) -> Tables:
    """The tables of a network of this seed with these features."""
    draw = Draw(seed, features)
    for table, maker in MAKERS.items():
        frame = maker(draw, draw.rng(table))
        if frame is not None:
            draw.tables[table] = frame.reset_index(drop=True)
        for what, added in (("limits", LIMITS), ("stock", STOCK)):
            if table in added and table in draw.tables:
                added[table](draw, draw.rng(f"{table}, {what}"))
        if table in AVAILABILITY:  # makes the table where there is none yet
            AVAILABILITY[table](draw, draw.rng(f"{table}, availability"))
        if table in TIMES and table in draw.tables:
            TIMES[table](draw, draw.rng(f"{table}, times"))
    private = {name: [c for c in frame if str(c).startswith("_")] for name, frame in draw.tables.items()}
    tables: Tables = {name: frame.drop(columns=private[name]).replace(np.inf, np.nan)  # no limit is a blank
                      for name, frame in draw.tables.items() if len(frame)}
    for name in ("sites", "customers"):
        tables[name]["region"] = [f"R{place % 2 + 1}" for place in range(len(tables[name]))]
    if features["awkward_keys"]:
        tables = {name: frame.replace(AWKWARD) for name, frame in tables.items()}
    if features["blanks"]:
        tables = {name: blanked(name, frame, tables) for name, frame in tables.items()}
    return {"settings": settings(draw, draw.rng("settings")), **tables}


def settings(draw: Draw, rng: np.random.Generator) -> dict[str, Any]:
    """Settings: only those that differ from the default."""
    chosen: dict[str, Any] = {"name": f"random {draw.seed}", "circuity": float(rng.choice([1.0, 1.15, 1.3])),
                              "discount_rate": float(rng.choice([0.0, 0.05, 0.11])), "life": float(rng.integers(3, 15))}
    if draw.seed % 2:
        chosen["currency"] = "EUR"
    if draw.on["miles"]:
        chosen["distance_unit"] = "mi"
    if draw.on["open_lanes"]:
        chosen["open_lanes"] = draw.open_lanes
    if draw.on["processing"]:
        chosen["processing_time"] = 0.25
    if draw.on["stock"]:
        chosen["holding_rate"] = float(draw.rng("settings, stock").choice([0.08, 0.15, 0.25]))
    chosen |= availability.settings(draw, draw.rng("settings, availability"))
    chosen |= times.settings(draw, draw.rng("settings, times"))
    return chosen | limits.settings(draw, draw.rng("settings, limits"))


def contracts(draw: Draw, rng: np.random.Generator) -> pd.DataFrame | None:
    """Limits on open sites, then agreements on flows."""
    rows = [*places.contracts(draw, rng), *limits.contracts(draw, draw.rng("contracts, limits"))]
    frame = pd.DataFrame(rows, columns=limits.CONTRACTS).dropna(axis="columns", how="all")
    defaults = {c: BY_NAME["contracts"].column(str(c)).default for c in frame}
    return frame.fillna({c: default for c, default in defaults.items() if default is not None}) if rows else None


def blanked(name: str, frame: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The table with blanks where a cell holds the default, without the columns in which nothing is left."""
    table = BY_NAME[name]
    only = {singular: tables[plural].iloc[0, 0] for singular, plural in
            (("product", "products"), ("period", "periods"), ("tier", "tiers")) if len(tables[plural]) == 1}
    kept = {}
    for label, values in frame.items():
        column = table.column(str(label))
        default = only.get(column.name, column.default) if column.refers and not column.wildcard else column.default
        if column.kind == "yes_no":
            default = "yes" if default else "no"
        shown = values if column.required else values.mask(values == default)
        if shown.notna().any():
            kept[column.name] = shown
    return pd.DataFrame(kept)


LIMITS: Mapping[str, Callable[[Draw, np.random.Generator], None]] = {
    "products": limits.products, "demand": limits.modes, "tiers": limits.tiers, "customers": limits.customers,
    "sites": limits.sites, "lanes": limits.lanes}
"""What is added to some tables once all that it needs is made, by a stream of its own."""

STOCK: Mapping[str, Callable[[Draw, np.random.Generator], None]] = {
    "products": stock.products, "sites": stock.sites, "site_products": stock.site_products}
"""What stock over periods adds to some tables."""

AVAILABILITY: Mapping[str, Callable[[Draw, np.random.Generator], None]] = {
    "products": availability.products, "promises": availability.promises, "demand": availability.demand,
    "sites": availability.sites, "site_products": availability.site_products}
"""What promises on availability add to some tables."""

TIMES: Mapping[str, Callable[[Draw, np.random.Generator], None]] = {
    "modes": times.modes, "promises": times.promises, "sites": times.sites}
"""What working days and cut-offs add to some tables."""

MAKERS: Mapping[str, Callable[[Draw, np.random.Generator], pd.DataFrame | None]] = {
    "periods": business.periods, "products": business.products, "modes": transport.modes, "tiers": business.tiers,
    "promises": business.promises, "customers": business.customers, "demand": business.demand,
    "order_profiles": business.order_profiles, "sites": places.sites,
    "capacity_levels": limits.capacity_levels, "site_products": places.site_products,
    "lanes": transport.lanes, "contracts": contracts, "rates": transport.rates,
    "calendars": times.calendars, "calendar_days": times.calendar_days, "order_times": times.order_times}
"""The functions that make the tables, in an order in which each finds what it needs."""
