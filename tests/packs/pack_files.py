"""A small model, and pack files over it, for tests of reading, checking and expanding."""

from __future__ import annotations

from pathlib import Path

import ctsopt as cts
from tests.small import table

KEYS = ("NO", "00123", "010", "1E10", "1_000", "2026-01-01", "on", "1e3", "12:30", "10%")
"""Names that other readers of YAML take for numbers, dates, times, or yes and no."""

HEAD = "schema: ctsopt/pack/1\nmodel: model\n"

OF_THE_DESIGN = """
schema: ctsopt/pack/1
pack: tier-structures
model: retail_us
baseline: today
solve: {abs_gap: 2500, time_limit: 120}
groups:
  key_accounts: {table: customers, where: {group: [big_store, online], region: ["Mid Atlantic", "New England"]}}
overrides:
  fuel_up_10:
    - {table: modes, where: {mode: [truckload, ltl]}, add: {fuel_surcharge: 0.10}, expect: {rows: ">=1"}}
  two_tiers:
    - {table: customers, where: {tier: silver}, set: {tier: bronze}}
    - {table: promises, where: {tier: silver}, drop: true}
    - {table: tiers, where: {tier: silver}, drop: true, expect: {rows: 1}}
  gold_2_days:
    - {table: promises, where: {tier: gold, product_class: apparel}, set: {lead_time: 1.5, reliability: 0.9}}
  new_dc_reno:
    - {table: sites, insert: [{site: Reno, kind: dc, status: candidate, fixed_cost: 410000, capacity: 90000}]}
  key_growth:
    - {table: demand, where: {customer: {in_group: key_accounts}}, scale: {quantity: 1.15}}
scenarios:
  two_tiers:    {apply: [two_tiers], tags: [structure], note: "merge silver into bronze"}
  gold_2_days:  {extends: two_tiers, apply: [gold_2_days, new_dc_reno], tags: [structure, offer]}
  stress:       {extends: gold_2_days, apply: [fuel_up_10, key_growth], tags: [stress]}
sweeps:
  gold_menu:
    from: two_tiers
    axes:
      lt: {table: promises, where: {tier: gold}, op: set, column: lead_time, values: [1, 2, 3]}
      fr: {table: promises, where: {tier: gold}, op: set, column: reliability, values: [0.90, 0.95, 0.98, 0.99, 0.995]}
    combine: product
    skip: [{lt: 1, fr: 0.995}]
    name: "gold_{lt}d_{fr}"
    max_cases: 50
states:
  low:  {probability: 0.3, apply: [{table: demand, scale: {quantity: 0.85}}]}
  mid:  {probability: 0.5}
  high: {probability: 0.2, apply: [{table: demand, scale: {quantity: 1.2}}]}
compare: {against: today, regret: states}
""".lstrip()
"""The pack of the design page, with the columns and groups that `models/retail_us` has."""


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
