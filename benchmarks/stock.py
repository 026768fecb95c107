"""Stock in the network: the gap that is proven in a given time, by size of the network.

    python -m benchmarks.stock [--minutes 5] [--sites 20 50 100] [--modes 1 2]

Candidate distribution centres and customers lie at random in a square; every customer orders four products, each with a
promise of its own for each of three tiers. With two supply modes a centre may be replenished faster and dearer, which
shortens the lead time that its stock has to cover.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
import pandas as pd

import ctsopt as cts

TIERS = ("gold", "silver", "bronze")
PRODUCTS = ("A", "B", "C", "D")


def instance(sites: int, customers: int, modes: int = 1, sharing: str = "pooled", seed: int = 0) -> cts.Network:
    """A network with `sites` candidate centres, one plant and `customers` customers of three tiers."""
    rng = np.random.default_rng(seed)
    names = [f"D{i:03d}" for i in range(sites)]
    ends = [f"C{i:04d}" for i in range(customers)]
    place, shop = rng.uniform(0, 1000, (sites, 2)), rng.uniform(0, 1000, (customers, 2))
    plant = np.array([500.0, 500.0])
    tier = rng.choice(TIERS, customers, p=[0.2, 0.3, 0.5])
    quantity = rng.gamma(1.5, 1.0, (customers, len(PRODUCTS))) * np.array([2000, 800, 300, 100])
    to_shop = np.linalg.norm(place[:, None] - shop[None], axis=2)
    to_site = np.linalg.norm(place - plant, axis=1)
    fixed = rng.uniform(0.8, 1.2, sites) * 60000 * customers / 200
    lanes = [pd.DataFrame({"origin": "plant", "destination": names, "mode": "truck", "distance": to_site}),
             pd.DataFrame({"origin": np.repeat(names, customers), "destination": np.tile(ends, sites),
                           "mode": "van", "distance": to_shop.ravel()})]
    if modes > 1:
        lanes.append(lanes[0].assign(mode="express"))
    table = {
        "settings": {"name": f"stock {sites} x {customers}", "holding_rate": 0.25, "review_time": 1.0,
                     "order_interval": 5.0, "stock_sharing": sharing, "lead_time_levels": modes},
        "products": pd.DataFrame({"product": PRODUCTS, "product_class": PRODUCTS, "unit_value": [40, 120, 300, 800],
                                  "weight": [5, 5, 5, 5], "variance_to_mean": [60, 40, 20, 10]}),
        "sites": pd.DataFrame({"site": ["plant", *names], "kind": ["plant", *["dc"] * sites],
                               "status": ["open", *["candidate"] * sites], "fixed_cost": [0.0, *fixed],
                               "processing_time": 0.5}),
        "customers": pd.DataFrame({"customer": ends, "tier": tier}),
        "tiers": pd.DataFrame({"tier": TIERS, "rank": [1, 2, 3]}),
        "promises": pd.DataFrame([(k, p, days, rate) for k, days, rates in (
            ("gold", 2.5, (0.99, 0.985, 0.98, 0.97)), ("silver", 3.0, (0.97, 0.96, 0.95, 0.93)),
            ("bronze", 5.0, (0.94, 0.92, 0.90, 0.85))) for p, rate in zip(PRODUCTS, rates, strict=True)],
            columns=["tier", "product_class", "lead_time", "fill_rate"]),
        "demand": pd.DataFrame({"customer": np.repeat(ends, len(PRODUCTS)), "product": np.tile(PRODUCTS, customers),
                                "quantity": quantity.ravel().round(1).clip(10.0), "order_size": 10.0}),
        "modes": pd.DataFrame({"mode": ["truck", "express", "van"], "serves": ["moves", "moves", "deliveries"],
                               "speed": [150.0, 600.0, 400.0], "fixed_time": [3.0, 0.5, 0.2],
                               "per_weight_distance": [0.0002, 0.0006, 0.001]}),
        "lanes": pd.concat(lanes, ignore_index=True)}
    return cts.network(table)


def main() -> None:
    """Print a table of gaps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--sites", type=int, nargs="+", default=[20])
    parser.add_argument("--customers", type=int, default=200)
    parser.add_argument("--modes", type=int, nargs="+", default=[1])
    parser.add_argument("--sharing", nargs="+", default=["pooled", "separate", "rationed"])
    parser.add_argument("--gap", type=float, default=0.005)
    chosen = parser.parse_args()
    sys.stdout.write("| sites x customers | supply modes | sharing | whole columns | rounds | gap | seconds | "
                     "against design-then-stock |\n|---|---|---|---|---|---|---|---|\n")
    for sites in chosen.sites:
        for modes in chosen.modes:
            for sharing in chosen.sharing:
                sys.stdout.write(line(sites, chosen.customers, modes, sharing, 60 * chosen.minutes, chosen.gap) + "\n")
                sys.stdout.flush()


def line(sites: int, customers: int, modes: int, sharing: str, seconds: float, gap: float) -> str:
    """One row of the table."""
    net = instance(sites, customers, modes, sharing)
    begin = time.perf_counter()
    sol = cts.solve(net, gap=gap, time_limit=seconds)
    took, record = time.perf_counter() - begin, sol.record
    saved = 1 - sol.total_cost / record["stock"]["design_then_stock"]
    return (f"| {sites} x {customers} | {modes} | {sharing} | {int(cts.program(net).arrays.integer.sum()):,} | "
            f"{record['stock']['rounds']} | {sol.gap:.2%} | {took:.0f} | {saved:.2%} |")


if __name__ == "__main__":
    main()
