"""Everyday what-ifs as single edits: close, open or keep sites, and dearer fuel; each comes to plain edits of cells.

    {"close": ["East", "West"]}            {"open": {"group": "northern"}}
    {"keep": "all"}                        {"fuel": {"freight": "15 %"}, "where": {"mode": "truck"}}

What belongs together is changed together, so that a site that is closed leaves no cost of closing behind that has no
effect any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.tables.edits.parts import Condition, Edit
from ctsopt.tables.raw import number_text

if TYPE_CHECKING:
    import pandas as pd

OF_SITES = ("close", "open", "keep")
"""Operations on sites that are named: closed, open for good, as they are today."""

EVERYDAY = (*OF_SITES, "fuel")
"""Operations that come to several plain ones."""

ALL = "all"
"""In place of names: every site."""

FUEL = ("freight", "surcharge")
"""What fuel makes dearer: whatever a mode charges, or the surcharge alone."""

_NEVER_CHOSEN = {"may_close": "", "may_open": "", "opening_cost": "", "closing_cost": ""}
_CLOSING = {"status": "closing", "may_close": "", "may_open": "", "opening_cost": ""}


def spelled_out(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """An edit with its table and filter written out, where it is one of an everyday operation; else as it is."""
    ops = [op for op in EVERYDAY if op in mapping]
    if not ops:
        return mapping
    op, value = ops[0], mapping[ops[0]]
    found = {"table": table_of(op), **mapping}
    if op in OF_SITES and len(ops) == 1:
        named = isinstance(value, Mapping)
        found["where"] = dict(value) if named else {} if value == ALL else {"site": value}
        found[op] = "yes"
    return found


def table_of(op: str) -> str:
    """The table that an everyday operation is about."""
    return "sites" if op in OF_SITES else "modes"


def factor_of(text: str) -> float:
    """A rise as a share: `15 %` and `0.15` are the same; not a number where it is none."""
    plain = text.strip()
    percent = plain.endswith("%")
    try:
        number = float(plain.removesuffix("%").strip().removeprefix("+"))
    except ValueError:
        return float("nan")
    return number / 100 if percent else number


def recovery(rate: float, life: float) -> float:
    """Yearly share of an amount that is paid once: r / (1 - (1 + r)^-n), 1/n where r is 0 (capital recovery factor)."""
    return rate / (1 - (1 + rate) ** -life) if rate > 0 else 1 / life


def parts_of(edit: Edit, frames: Mapping[str, pd.DataFrame], chosen: pd.DataFrame) -> list[Edit]:
    """The edits of cells that an everyday operation comes to, for the rows that it selects."""
    made: Mapping[str, Callable[[], list[Edit]]] = {
        "close": lambda: _closed(chosen),
        "open": lambda: _opened(frames, chosen), "keep": lambda: _kept(chosen), "fuel": lambda: _fuel(edit, chosen)}
    return [replace(part, source=edit.source, level=edit.level, on_conflict=edit.on_conflict)
            for part in made[edit.op]() if part.rows or part.where[0].values]


def _set(rows: pd.DataFrame, values: Mapping[str, str]) -> Edit:
    return Edit("sites", "set", dict(values), where=(Condition("site", "is", tuple(rows["site"])),))


def _opened(frames: Mapping[str, pd.DataFrame], chosen: pd.DataFrame) -> list[Edit]:
    """Open for good. What opening costs once is borne each year as it would be if the plan had opened the site."""
    settings = frames["settings"].iloc[0]
    yearly = recovery(float(settings["discount_rate"]), float(settings["life"]))
    new = chosen[(chosen["status"] == "candidate") & (chosen["opening_cost"] > 0)]
    cost = new["fixed_cost"] + yearly * new["opening_cost"]
    rows = tuple({"site": site, "fixed_cost": number_text(float(amount))}
                 for site, amount in zip(new["site"], cost, strict=True))
    return [*([Edit("sites", "update", rows=rows)] if rows else []), _set(chosen, {"status": "open", **_NEVER_CHOSEN})]


def _closed(chosen: pd.DataFrame) -> list[Edit]:
    """Closed for good. What is open today costs what closing it costs once, and no more from then on."""
    today = chosen["status"].isin(["open", "closing"])
    return [_set(chosen[today], _CLOSING), _set(chosen[~today], {"status": "closed", **_NEVER_CHOSEN})]


def _kept(chosen: pd.DataFrame) -> list[Edit]:
    """As it is today: what is open stays open, what is not is not opened."""
    return [_set(chosen[chosen["status"] == "open"], _NEVER_CHOSEN),
            _set(chosen[chosen["status"] == "candidate"], {**_NEVER_CHOSEN, "may_open": "no"})]


def _fuel(edit: Edit, chosen: pd.DataFrame) -> list[Edit]:
    """A mode charges its tariff times 1 + surcharge: the whole of it rises, or the surcharge alone."""
    before = chosen["fuel_surcharge"].to_numpy(dtype=float)
    after = before
    for what, text in edit.values.items():
        rise = 1.0 + factor_of(text)
        after = (1.0 + after) * rise - 1.0 if what == "freight" else after * rise
    rows = tuple({"mode": mode, "fuel_surcharge": number_text(float(np.round(value, 12)))}
                 for mode, value in zip(chosen["mode"], after.tolist(), strict=True))
    return [Edit("modes", "update", rows=rows)]
