"""Why a case has no plan, and what can be promised instead: as plain tables, for any process and any file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.networks.schema import NAMES_SEPARATOR

if TYPE_CHECKING:
    from ctsopt.errors import InfeasibleError
    from ctsopt.solving.explaining.explanation import Offer

TABLES = ("shortfalls", "reasons", "by_tier", "conflicts", "limits", "volumes", "unreached", "offers")
"""Tables of a case without a plan; those that would be empty are left out."""

_OFFERS = ["offer", "kind", "tier", "words", "figure", "unit", "price", "edits"]

UNTRIED = "what can be promised instead was not sought: the time of the case was used up"
"""The reason that stands where offers would be, had there been time for them."""


def reasons_of(error: InfeasibleError, seconds: float) -> dict[str, pd.DataFrame]:
    """What is known of a case whose promises cannot be kept, by table.

    Parameters
    ----------
    error : InfeasibleError
    seconds : float
        Time for the offers, each of which is solved; 0 for none.
    """
    found = error.explanation
    if found is None:
        return {} if error.shortfalls is None else {"shortfalls": error.shortfalls}
    offers = found.offers_within(seconds)
    lines = [*found.why().splitlines(), *([UNTRIED] if seconds <= 0 else [])]
    volumes = found.volumes.assign(tiers=[NAMES_SEPARATOR.join(tiers) for tiers in found.volumes["tiers"]])
    frames = {"shortfalls": found.shortfalls, "by_tier": found.by_tier, "conflicts": found.conflicts,
              "limits": found.limits, "volumes": volumes, "unreached": found.unreached, "offers": _table(offers),
              "reasons": pd.DataFrame({"line": range(1, len(lines) + 1), "words": lines})}
    return {name: frames[name].infer_objects().reset_index(drop=True) for name in TABLES if len(frames[name])}


def _table(offers: Sequence[Offer]) -> pd.DataFrame:
    return pd.DataFrame([(offer.name, offer.kind, offer.tier, offer.words, offer.figure, offer.unit, offer.price,
                          json.dumps([dict(edit) for edit in offer.edits], ensure_ascii=False)) for offer in offers],
                        columns=_OFFERS)


def write(frames: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write the tables into a folder."""
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)


def read(folder: Path) -> dict[str, pd.DataFrame]:
    """The tables that a folder holds."""
    return {name: pd.read_parquet(file) for name in TABLES if (file := folder / f"{name}.parquet").is_file()}


def together(of_case: Mapping[str, Mapping[str, pd.DataFrame]], column: str) -> dict[str, pd.DataFrame]:
    """Each table of all cases, with a first column that names the case."""
    found = {}
    for name in TABLES:
        parts = {case: frames[name] for case, frames in of_case.items() if name in frames}
        if parts:
            found[name] = pd.concat([frame.assign(**{column: case})[[column, *frame.columns]]
                                     for case, frame in parts.items()], ignore_index=True)
    return found


def document(frames: Mapping[str, pd.DataFrame]) -> dict[str, list[dict[str, Any]]]:
    """The tables as rows, the edits of an offer as a list."""
    rows = {name: frames[name].to_dict("records") if name in frames else [] for name in TABLES}
    for row in rows["offers"]:
        row["edits"] = json.loads(row["edits"])
    return {name: [{str(key): value for key, value in row.items()} for row in of_table]
            for name, of_table in rows.items()}
