"""What volume cannot be had at all, without a solver: by hand, and against a linear program of scipy."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linprog

import ctsopt as cts
from ctsopt.networks.network import even_impossible
from ctsopt.solving.explaining.volume import volumes
from tests.often import sampled
from tests.small import Tables, chain, lanes, rates, table


def short(tables: Tables) -> list[tuple[object, ...]]:
    frame = volumes(even_impossible(tables))
    return [tuple(row) for row in frame[["tiers", "product", "asked", "most", "table", "row", "column"]].to_numpy()]


def test_a_site_on_the_way():
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 70}))
    assert short(tables) == [(["standard"], "goods", 100, 70, "sites", "D", "capacity")]


def test_pallets_are_counted_in_units():
    """A pallet holds 20: 3.5 of them are 70 units."""
    tables = chain(sites=table({"site": "P", "kind": "plant"},
                               {"site": "D", "kind": "dc", "capacity": 3.5, "capacity_unit": "pallets"}),
                   products=table({"product": "goods", "pallet_units": 20}))
    assert short(tables) == [(["standard"], "goods", 100, 70, "sites", "D", "capacity")]


def test_what_can_be_made_and_what_may_pass_hold_it_together():
    """P makes 30 a year for C, and Q 90, of which 45 may leave: 75 of 100."""
    tables = {"sites": table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant", "capacity": 45}),
              "site_products": table({"site": "P", "make_capacity": 30}, {"site": "Q", "make_capacity": 90}),
              "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": 100}),
              "rates": rates(P_C=1, Q_C=1)}
    assert short(tables) == [(["standard"], "goods", 100, 75, "site_products", "P / goods", "make_capacity"),
                             (["standard"], "goods", 100, 75, "sites", "Q", "capacity")]


def test_the_best_tiers_that_cannot_all_be_served_are_named():
    """150 are enough for gold (100), not for basic besides (200)."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 150}),
                   customers=table({"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "basic"}),
                   tiers=table({"tier": "gold", "rank": 1}, {"tier": "basic", "rank": 2}),
                   lanes=lanes("P-D", "D-A", "D-B"),
                   demand=table({"customer": "A", "quantity": 100}, {"customer": "B", "quantity": 100}))
    assert short(tables) == [(["gold", "basic"], "goods", 200, 150, "sites", "D", "capacity")]


def test_products_that_pass_one_site():
    """Each of the two would pass alone; both together do not: 60 and 60 by 100."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 100}),
                   products=table({"product": "a"}, {"product": "b"}),
                   demand=table({"customer": "C", "product": "a", "quantity": 60},
                                {"customer": "C", "product": "b", "quantity": 60}))
    assert short(tables) == [(["standard"], "", 120, 100, "sites", "D", "capacity")]


def test_a_share_that_is_promised_can_be_had():
    """70 of 100 are enough where 70 % are promised, and not for 71 %."""
    def promised(share: float) -> Tables:
        return chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 70}),
                     tiers=table({"tier": "gold", "shortage_cost": 1}),
                     promises=table({"tier": "gold", "served_fraction": share}))

    assert short(promised(0.7)) == []
    assert short(promised(0.71)) == [(["gold"], "goods", pytest.approx(71), 70, "sites", "D", "capacity")]


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_the_size_of_the_amounts_changes_nothing(scale):
    """Customers of very different size: 0.7 of 1 is missing beside a million that is served by another site."""
    tables = {"sites": table({"site": "P", "kind": "plant", "capacity": 0.3 * scale}, {"site": "Q", "kind": "plant"}),
              "customers": table({"customer": "A"}, {"customer": "B"}),
              "demand": table({"customer": "A", "quantity": 1000 * scale}, {"customer": "B", "quantity": 1e6 * scale}),
              "rates": rates(P_A=1, Q_B=1)}
    (row,) = short(tables)
    assert row[2:4] == (pytest.approx(1_001_000 * scale), pytest.approx(1_000_000.3 * scale))
    assert row[4:] == ("sites", "P", "capacity")


def drawn(seed: int) -> tuple[Tables, float]:
    """Plants, dcs, customers with some lanes; the largest flow as a linear program."""
    rng = np.random.default_rng(seed)
    plants, dcs, customers = 2, 3, 4
    room = rng.integers(20, 200, plants + dcs).astype(float)
    asked = rng.integers(20, 120, customers).astype(float)
    inbound = [(p, d) for p in range(plants) for d in range(dcs) if rng.random() < 0.7] or [(0, 0)]
    supplied = sorted({d for _, d in inbound})
    outbound = [(d, c) for d in supplied for c in range(customers) if rng.random() < 0.6]
    outbound += [(supplied[0], c) for c in range(customers) if all(lane[1] != c for lane in outbound)]
    ways = len(inbound) + len(outbound)
    upper = np.zeros((plants + dcs + customers, ways))
    equal = np.zeros((dcs, ways))
    for at, (p, d) in enumerate(inbound):
        upper[p, at], equal[d, at] = 1, 1
    for at, (d, c) in enumerate(outbound, len(inbound)):
        upper[plants + d, at], upper[plants + dcs + c, at], equal[d, at] = 1, 1, -1
    goal = np.append(np.zeros(len(inbound)), -np.ones(len(outbound)))
    most = -linprog(goal, A_ub=upper, b_ub=np.append(room, asked), A_eq=equal, b_eq=np.zeros(dcs)).fun
    tables = {"sites": table(*({"site": f"P{p}", "kind": "plant", "capacity": room[p]} for p in range(plants)),
                             *({"site": f"D{d}", "kind": "dc", "capacity": room[plants + d]} for d in range(dcs))),
              "customers": table(*({"customer": f"C{c}"} for c in range(customers))),
              "demand": table(*({"customer": f"C{c}", "quantity": q} for c, q in enumerate(asked))),
              "lanes": lanes(*(f"P{p}-D{d}" for p, d in inbound), *(f"D{d}-C{c}" for d, c in outbound)),
              "rates": table({"per_unit": 1})}
    return tables, min(float(most), float(asked.sum()))


@pytest.mark.parametrize("seed", sampled(range(60), 6))
def test_it_is_the_largest_flow(seed):
    """The capacities that are named hold the largest flow to what it is."""
    tables, most = drawn(seed)
    found = volumes(even_impossible(tables))
    asked = float(tables["demand"]["quantity"].sum())
    assert (len(found) > 0) == (most < asked * (1 - 1e-9))
    assert found["most"].tolist() == pytest.approx([most] * len(found))
    assert found["asked"].tolist() == pytest.approx([asked] * len(found))


def test_it_is_said_where_the_time_ran_out():
    explanation = cts.explain(chain(sites=table({"site": "P", "kind": "plant"},
                                                {"site": "D", "kind": "dc", "capacity": 70})), seconds=1e-9)
    assert explanation.rung == "not known"
    assert "  standard: at most 70 of 100 units of goods can be had at all, by sites.capacity of D" in str(explanation)


@pytest.mark.slow
def test_many_deliveries_take_no_time():
    """36,000 deliveries of retail_us within a second of processor time: a million within seconds."""
    net = cts.read(Path(__file__).parents[3] / "models" / "retail_us")
    begin = time.process_time()
    assert volumes(net).empty
    assert time.process_time() - begin < 1.0


def test_who_is_out_of_reach_is_told_though_not_all_of_the_tier_need_be_served():
    """Two of ten customers have no lane, and 90 % of 200 units are promised: at most 160 of 180, for want of lanes."""
    names = [f"C{at}" for at in range(10)]
    tables = {"sites": table({"site": "D", "kind": "plant", "capacity": 1000}),
              "tiers": table({"tier": "gold", "rank": 1, "shortage_cost": 5}),
              "promises": table({"tier": "gold", "served_fraction": 0.9}),
              "customers": table(*({"customer": n, "tier": "gold"} for n in names)),
              "demand": table(*({"customer": n, "quantity": 20} for n in names)),
              "lanes": table(*({"origin": "D", "destination": n} for n in names[:8])),
              "rates": table({"per_unit": 1})}
    found = cts.explain(tables)
    assert found.rung == "reach"
    assert found.unreached[["customer", "link"]].to_numpy().tolist() == [["C8", "no_lane"], ["C9", "no_lane"]]
    (volume,) = found.volumes.to_dict("records")
    assert (volume["asked"], volume["most"]) == (pytest.approx(180), pytest.approx(160))
    assert (volume["table"], volume["row"], volume["column"]) == ("lanes", "", "")
    assert cts.explain(tables | {"promises": table({"tier": "gold", "served_fraction": 0.8})}).rung == "kept"


@pytest.mark.parametrize("seed", sampled(range(60), 4))
def test_a_plan_exists_where_nothing_is_said_of_reach(seed):
    """Room is plenty: who has no lane is all that can be in the way, in each class of products or all together."""
    rng = np.random.default_rng(seed)
    names, classes = [f"C{at}" for at in range(6)], ["p", "q"]
    amount = rng.integers(1, 50, (6, 2)).astype(float)
    has = rng.random(6) < 0.7
    has[0] = True
    apart = bool(rng.random() < 0.5)
    share = rng.integers(1, 20, 2 if apart else 1) / 20
    tables = {"sites": table({"site": "D", "kind": "plant"}), "tiers": table({"tier": "t", "shortage_cost": 5}),
              "products": table(*({"product": p, "product_class": p} for p in classes)),
              "promises": table(*({"tier": "t", "product_class": c, "served_fraction": s}
                                  for c, s in zip(classes if apart else ["*"], share, strict=True))),
              "customers": table(*({"customer": n, "tier": "t"} for n in names)),
              "demand": table(*({"customer": n, "product": p, "quantity": amount[i, k]}
                                for i, n in enumerate(names) for k, p in enumerate(classes))),
              "lanes": table(*({"origin": "D", "destination": n} for n in np.array(names)[has])),
              "rates": table({"per_unit": 1})}
    asked, had = (part.sum(axis=0) if apart else np.array([part.sum()]) for part in (amount, amount[has]))
    fails = bool((had < share * asked - 1e-6).any())
    assert cts.explain(tables).rung == ("reach" if fails else "kept")
