"""Explanations of random shortages against a linear program of scipy that is written down on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

import ctsopt as cts
from ctsopt.networks.network import even_impossible
from ctsopt.solving.explaining.ladder import edited
from tests.often import sampled
from tests.small import Tables, table

SEEDS = range(200)


@dataclass
class Shortage:
    """Two plants, three customers in two tiers, rail and road; some limits are too small."""

    demand: np.ndarray[Any, Any]
    rank: np.ndarray[Any, Any]
    lanes: list[tuple[int, int, int]]
    limits: dict[str, tuple[np.ndarray[Any, Any], float]]

    def least(self, cost: np.ndarray[Any, Any], held: set[str], short: np.ndarray[Any, Any]) -> float | None:
        """The least of a sum of shares that go short (each at most `short`), under some of the limits."""
        ways, customers = len(self.lanes), len(self.demand)
        serve = np.zeros((customers, ways + customers))
        for way, (_, customer, _) in enumerate(self.lanes):
            serve[customer, way] = 1
        serve[:, ways:] = np.diag(self.demand)
        rows = [np.append(self.limits[name][0], np.zeros(customers)) for name in sorted(held)]
        sides = [self.limits[name][1] for name in sorted(held)]
        found = linprog(np.append(np.zeros(ways), cost), A_ub=np.array(rows) if rows else None, b_ub=sides or None,
                        A_eq=serve, b_eq=self.demand, bounds=[(0, None)] * ways + [(0, s) for s in short])
        return float(found.fun) if found.status == 0 else None


def drawn(seed: int) -> tuple[Shortage, Tables]:
    """A shortage, and its tables."""
    rng = np.random.default_rng(seed)
    demand, rank = rng.integers(20, 200, 3).astype(float), np.array([1, int(rng.integers(1, 3)), 2])
    lanes = [(s, c, m) for s in range(2) for c in range(3) for m in range(2) if rng.random() < 0.7]
    lanes += [(0, c, 0) for c in range(3) if not any(lane[1] == c for lane in lanes)]
    weight, co2, price = float(rng.integers(1, 9)), rng.integers(1, 9, 2) / 10, rng.integers(1, 9, 2).astype(float)
    site, mode = np.array([lane[0] for lane in lanes]), np.array([lane[2] for lane in lanes])
    total = demand.sum()
    limits = {
        "Werk": (1.0 * (site == 0), float(rng.integers(1, 9)) / 10 * total),
        "Nord": (1.0 * (site == 1), float(rng.integers(1, 9)) / 10 * total),
        "rail": (weight * (mode == 0), float(rng.integers(2, 12)) / 10 * total * weight),
        "carbon_cap": (co2[mode] * weight / 10, float(rng.integers(2, 12)) / 100 * total * weight * co2.mean()),
        "budget": (price[mode], float(rng.integers(2, 12)) / 10 * total * price.mean()),
    }
    names, places, modes = "ABC", ("Werk", "Nord"), ("rail", "road")
    tables = {
        "settings": {"carbon_cap": limits["carbon_cap"][1], "budget": limits["budget"][1]},
        "sites": table(*({"site": p, "kind": "plant", "capacity": limits[p][1]} for p in places)),
        "products": table({"product": "p", "weight": weight}),
        "modes": table(*({"mode": m, "capacity": limits["rail"][1] if m == "rail" else None, "co2": co2[k]}
                         for k, m in enumerate(modes))),
        "tiers": table({"tier": "gold", "rank": 1}, {"tier": "basic", "rank": 2}),
        "customers": table(*({"customer": n, "tier": "gold" if r == 1 else "basic"}
                             for n, r in zip(names, rank, strict=True))),
        "demand": table(*({"customer": n, "quantity": q} for n, q in zip(names, demand, strict=True))),
        "lanes": table(*({"origin": places[s], "destination": names[c], "mode": modes[m], "distance": 100}
                         for s, c, m in lanes)),
        "rates": table(*({"mode": m, "per_unit": price[k]} for k, m in enumerate(modes))),
    }
    return Shortage(demand, rank, lanes, limits), tables


def shares(explanation: cts.Explanation) -> np.ndarray[Any, Any]:
    known = explanation.shortfalls.set_index("customer")["share"]
    return np.array([float(known.get(name, 0.0)) for name in "ABC"])


def by_level(case: Shortage, short: np.ndarray[Any, Any]) -> list[float]:
    return [float((case.demand * short)[case.rank == rank].sum()) for rank in (1, 2)]


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(SEEDS, 50))
def test_a_random_shortage(seed):
    """The least goes short, best tier first; the conflict is one, and a smallest one; what is offered can be kept."""
    case, tables = drawn(seed)
    explanation = cts.explain(tables)
    found, every, ones = shares(explanation), set(case.limits), np.ones(3)
    first = case.least(case.demand * (case.rank == 1), every, ones)
    second = case.least(case.demand * (case.rank == 2) + 1e4 * case.demand * (case.rank == 1), every, ones)
    assert first is not None
    assert second is not None
    assert by_level(case, found) == pytest.approx([first, second - 1e4 * first], abs=1e-3)
    assert (explanation.rung == "kept") == (found.max() == 0)
    assert case.least(np.zeros(3), every, found + 1e-7) is not None
    for _, part in explanation.conflicts.groupby("conflict"):
        members = set(part.loc[part["kind"] == "limit", "row"].where(lambda r: r != "", part["column"]))
        conflict_is_a_smallest_one(case, members, part, found, explanation)
    for offer in (None, *explanation.offers):
        net = edited(even_impossible(tables), explanation.edits(offer))
        assert cts.solve(net, gap=0.9).service["kept"].all(), offer


def conflict_is_a_smallest_one(case: Shortage, limits: set[str], part: Any, found: np.ndarray[Any, Any],
                               explanation: cts.Explanation) -> None:
    """Its members fail together; without any limit of it, they hold. What other conflicts explain is granted."""
    if part["conflict"].iloc[0] > 1:  # then earlier ones are granted, of which the fields do not say whose they were
        return
    said = part.loc[part["kind"] == "promise", "member"].tolist()
    gold = {name for name, rank in zip("ABC", case.rank, strict=True) if rank == 1}
    bound = np.ones(3)
    for at, name in enumerate("ABC"):
        tier = "gold" if name in gold else "basic"
        others = any(words.endswith(f"of {tier} are promised") for words in said)
        if f"what {name} is promised" in said or (others and found[at] == 0):
            bound[at] = 0
    assert case.least(np.zeros(3), limits, bound) is None
    for name in limits:
        assert case.least(np.zeros(3), limits - {name}, bound) is not None, name


@pytest.mark.parametrize("seed", sampled(range(40), 20))
def test_order_and_names_change_nothing(seed):
    """Rows in another order, customers and sites by other names: the same shares, limits and amounts."""
    _, tables = drawn(seed)
    names = {"A": "Zeta", "B": "Eta", "C": "Beta", "Werk": "Omega", "Nord": "Alpha"}
    turned = {name: part if isinstance(part, dict) else part.iloc[::-1].replace(names) for name, part in tables.items()}
    one, two = cts.explain(tables), cts.explain(turned)
    short = one.shortfalls.replace(names).set_index("customer")["share"].sort_index()
    other = two.shortfalls.set_index("customer")["share"].sort_index()
    assert short.index.tolist() == other.index.tolist()
    assert short.tolist() == pytest.approx(other.tolist(), abs=1e-6)
    keys = ["table", "row", "column"]
    amounts = [e.limits.replace(names).set_index(keys)["amount"].dropna().sort_index() for e in (one, two)]
    assert amounts[0].index.tolist() == amounts[1].index.tolist()
    assert amounts[0].tolist() == pytest.approx(amounts[1].tolist(), rel=1e-5)


FACTORS: dict[str, dict[tuple[str, str], float]] = {
    "money": {("settings", "budget"): 100, ("rates", "per_unit"): 100},
    "weight": {("products", "weight"): 25, ("modes", "capacity"): 25, ("modes", "co2"): 1 / 25},
    "co2": {("settings", "carbon_cap"): 1000, ("modes", "co2"): 1000},
    "volume": {("demand", "quantity"): 12, ("sites", "capacity"): 12, ("modes", "capacity"): 12,
               ("settings", "carbon_cap"): 12, ("settings", "budget"): 12},
}


@pytest.mark.slow
@pytest.mark.parametrize("unit", FACTORS)
@pytest.mark.parametrize("seed", sampled(SEEDS, 100))
def test_the_unit_of_account_changes_amounts_alone(seed, unit):
    """Money by 100, weights by 25, CO2 by 1,000 or units by the dozen: the same customers, shares, causes."""
    _, tables = drawn(seed)
    scaled = {name: dict(part) if isinstance(part, dict) else part.copy() for name, part in tables.items()}
    for (name, column), factor in FACTORS[unit].items():
        scaled[name][column] = scaled[name][column] * factor
    one, two = cts.explain(tables), cts.explain(scaled)
    assert shares(one) == pytest.approx(shares(two), abs=1e-6)
    assert one.conflicts.equals(two.conflicts)
    amounts = [e.limits.set_index(["conflict", "table", "row", "column"])["amount"] for e in (one, two)]
    changed = amounts[1] / amounts[0]
    of_unit = {"money": {"budget": 100.0}, "weight": {"capacity kg": 25.0}, "co2": {"carbon_cap": 1000.0}}
    for (_, table_name, _, column), ratio in changed.dropna().items():
        known = 12.0 if unit == "volume" else of_unit[unit].get("capacity kg" if table_name == "modes" else column, 1.0)
        assert ratio == pytest.approx(known, rel=1e-3)
