"""A small model, and pack files over it, for tests of reading, checking and expanding."""

from __future__ import annotations

from pathlib import Path

import ctsopt as cts
from tests.small import table

KEYS = ("NO", "00123", "010", "1E10", "1_000", "2026-01-01", "on", "1e3", "12:30", "10%")
"""Names that other readers of YAML take for numbers, dates, times, or yes and no."""

HEAD = "schema: ctsopt/pack/1\nmodel: model\n"


def model() -> cts.Network:
    """Plant P, dcs D and E (a candidate); gold customers NO and 010, standard ones 00123 and 1E10; 100 units each.

    Every lane is 100 km by truck, which costs 1 a km and load of 20 000 kg, van 1 a kg; both with 0.25 on top.
    """
    return cts.network({
        "sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "fixed_cost": 50},
                       {"site": "E", "kind": "dc", "status": "candidate", "fixed_cost": 40, "capacity": 300}),
        "customers": table({"customer": "NO", "tier": "gold", "region": "NO"},
                           {"customer": "010", "tier": "gold", "region": "IL"},
                           {"customer": "00123", "tier": "standard", "region": "on"},
                           {"customer": "1E10", "tier": "standard", "region": "10%"}),
        "demand": table(*({"customer": c, "quantity": 100} for c in ("NO", "010", "00123", "1E10"))),
        "tiers": table({"tier": "gold", "rank": 1}, {"tier": "standard", "rank": 2}),
        "promises": table({"tier": "gold", "lead_time": 1}, {"tier": "standard", "lead_time": 2}),
        "modes": table({"mode": "truck", "speed": 500, "per_distance": 1, "load_weight": 20000, "fuel_surcharge": 0.25},
                       {"mode": "van", "speed": 500, "per_weight": 1, "fuel_surcharge": 0.25}),
        "lanes": table(*({"origin": "P", "destination": d, "mode": "truck", "distance": 100} for d in "DE"),
                       *({"origin": o, "destination": c, "mode": "*", "distance": 100} for o in "DE"
                         for c in ("NO", "010", "00123", "1E10")))})


def folder(path: Path) -> Path:
    """A folder with the model in it."""
    model().write(path / "model")
    return path


def pack_file(path: Path, text: str, name: str = "pack.yaml") -> Path:
    """A pack file in the folder of the model."""
    file = path / name
    file.write_text(text, encoding="utf-8")
    return file
