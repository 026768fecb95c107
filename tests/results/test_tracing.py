"""Tracing: worked examples with and without cycles, and both forms of proportional mixing on many plans."""

from __future__ import annotations

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.results.cube import UNASSIGNED
from ctsopt.results.read_back import read_back
from tests.often import sampled
from tests.results.given import by, read
from tests.small import rates, table


def network(sites, customers: dict[str, float], prices: dict[str, float], **tables) -> cts.Network:
    return cts.network({"sites": sites, "customers": table(*({"customer": c} for c in customers)),
                        "demand": table(*({"customer": c, "quantity": q} for c, q in customers.items())),
                        "rates": rates(**prices)} | tables)


@pytest.fixture(scope="module")
def acyclic() -> dict:
    """P1 makes 60 at 5 (fixed 120), P2 40 at 6 (80); D1 fixed 80, 0.5 a unit; D2 fixed 150, 0.25 a unit."""
    net = network(
        table({"site": "P1", "kind": "plant", "fixed_cost": 120}, {"site": "P2", "kind": "plant", "fixed_cost": 80},
              {"site": "D1", "kind": "dc", "fixed_cost": 80, "handling_out": 0.5},
              {"site": "D2", "kind": "dc", "fixed_cost": 150, "handling_out": 0.25}),
        {"A": 30, "B": 30, "C": 40},
        {"P1_D1": 1, "P1_D2": 2, "P2_D2": 1.75, "D1_A": 2, "D1_B": 3, "D2_B": 1.5, "D2_C": 2.5},
        site_products=table({"site": "P1", "make_cost": 5}, {"site": "P2", "make_cost": 6}))
    return read(net, made={("P1",): 60, ("P2",): 40},
                moved={("P1", "D1"): 40, ("P1", "D2"): 20, ("P2", "D2"): 40},
                delivered={("D1", "A"): 30, ("D1", "B"): 10, ("D2", "B"): 20, ("D2", "C"): 40})


def test_a_network_without_cycles(acyclic):
    """A unit costs 7 at P1, 8 at P2, 10.5 at D1, 12.25 at D2: A 30 x 12.5, B 10 x 13.5 + 20 x 13.75, C 40 x 14.75."""
    assert by(acyclic["cube"], "customer") == pytest.approx({"A": 375, "B": 410, "C": 590})
    assert acyclic["costs"]["amount"].sum() == pytest.approx(1375)


def test_where_the_goods_of_a_customer_come_from(acyclic):
    """A third of what D2 holds is from P1: of B's 30 units, 10 + 20 / 3 = 16.667 are from P1, 13.333 from P2."""
    cube = acyclic["cube"]
    made = cube[cube["line"] == "production"].groupby(["customer", "origin"], observed=True)["quantity"].sum()
    assert made["B"].to_dict() == pytest.approx({"P1": 50 / 3, "P2": 40 / 3})
    assert made["A"].to_dict() == pytest.approx({"P1": 30})
    parents = acyclic["parents"].set_index(["site", "parent"])["ratio"].to_dict()
    assert parents == pytest.approx({("D1", "P1"): 1, ("D2", "P1"): 1 / 3, ("D2", "P2"): 2 / 3,
                                     ("P1", "made here"): 1, ("P2", "made here"): 1})


def test_lines_without_cycles(acyclic):
    assert by(acyclic["cube"], "line") == pytest.approx({
        "production": 540, "line_haul": 40 + 40 + 70, "handling_out": 20 + 15, "site_fixed": 430, "last_mile": 220})


def test_a_cycle():
    """D1 gets 40 at 10 and 10 from D2, D2 gets 60 at 12 and 10 from D1, a transfer costs 1; D1 serves 40, D2 60.

    50 u1 - 10 u2 = 410 and 70 u2 - 10 u1 = 730: u1 = 36000 / 3400 = 10.588235, u2 = 40600 / 3400 = 11.941176.
    """
    net = network(table({"site": "PA", "kind": "plant"}, {"site": "PB", "kind": "plant"}, {"site": "D1", "kind": "dc"},
                        {"site": "D2", "kind": "dc"}), {"A": 40, "B": 60},
                  {"PA_D1": 0, "PB_D2": 0, "D1_D2": 1, "D2_D1": 1, "D1_A": 0, "D2_B": 0},
                  site_products=table({"site": "PA", "make_cost": 10}, {"site": "PB", "make_cost": 12}))
    tables = read(net, made={("PA",): 40, ("PB",): 60}, delivered={("D1", "A"): 40, ("D2", "B"): 60},
                  moved={("PA", "D1"): 40, ("PB", "D2"): 60, ("D1", "D2"): 10, ("D2", "D1"): 10})
    assert by(tables["cube"], "customer") == pytest.approx({"A": 423.529, "B": 716.471}, abs=5e-4)
    assert by(tables["cube"], "customer") == pytest.approx({"A": 40 * 360 / 34, "B": 60 * 406 / 34})
    assert tables["cube"]["amount"].sum() == pytest.approx(1140)


def test_goods_that_only_circulate_are_unassigned():
    """10 units go round between D1 and D2, from which nothing leaves: 20 money that serve nobody."""
    net = network(table({"site": "P", "kind": "plant"}, {"site": "D1", "kind": "dc", "handling_out": 1},
                        {"site": "D2", "kind": "dc"}), {"A": 5},
                  {"P_D1": 1, "D1_D2": 1, "D2_D1": 1, "D1_A": 1, "P_A": 3})
    tables = read(net, made={("P",): 5}, moved={("D1", "D2"): 10, ("D2", "D1"): 10}, delivered={("P", "A"): 5})
    cube = tables["cube"]
    assert by(cube, "customer", "line") == pytest.approx({
        ("A", "last_mile"): 15, (UNASSIGNED, "line_haul"): 20, (UNASSIGNED, "handling_out"): 10})
    assert set(cube.loc[cube["customer"] == UNASSIGNED, "driver"]) == {"circulation"}


def test_a_ring_beside_a_chain():
    """The same ring as above on one product leaves the other product's tracing alone."""
    net = network(table({"site": "P", "kind": "plant"}, {"site": "D1", "kind": "dc"}, {"site": "D2", "kind": "dc"}),
                  {"A": 5}, {"P_D1": 1, "D1_D2": 1, "D2_D1": 1, "D1_A": 1})
    tables = read(net, made={("P",): 5}, delivered={("D1", "A"): 5},
                  moved={("P", "D1"): 5, ("D1", "D2"): 2, ("D2", "D1"): 2})
    assert by(tables["cube"], "customer") == pytest.approx({"A": 5 + 5 + 4})  # all of the ring serves A


DCS, PLANTS, CUSTOMERS = ("D1", "D2", "D3", "D4"), ("P1", "P2", "P3"), ("A", "B", "C", "E", "F")


@pytest.fixture(scope="module")
def meshed() -> tuple[cts.Network, object]:
    """3 plants, 4 dcs with lanes between all of them, 5 customers, 2 products, 2 periods; every price another."""
    rng = np.random.default_rng(5)
    pairs = [(a, b) for a in (*PLANTS, *DCS) for b in (*DCS, *CUSTOMERS)
             if a != b and (b in DCS or a in DCS)]
    prices = table(*({"origin": a, "destination": b, "product": p, "per_unit": round(rng.uniform(0.1, 5), 3)}
                     for a, b in pairs for p in ("x", "y")))
    sites = table(*({"site": s, "kind": "plant" if s in PLANTS else "dc", "fixed_cost": rng.integers(10, 999),
                     "handling_in": rng.uniform(0, 1), "handling_out": rng.uniform(0, 1),
                     "capacity_unit": rng.choice(["units", "kg", "m3"])} for s in (*PLANTS, *DCS)))
    made = table(*({"site": s, "product": p, "make_cost": rng.uniform(1, 9)} for s in PLANTS for p in ("x", "y")))
    net = cts.network({
        "sites": sites, "site_products": made, "rates": prices,
        "products": table({"product": "x", "weight": 2, "volume": 0.3}, {"product": "y", "weight": 5, "volume": 0.1}),
        "periods": table({"period": "t", "days": 100}, {"period": "u", "days": 265}),
        "customers": table(*({"customer": c} for c in CUSTOMERS)),
        "demand": table(*({"customer": c, "product": p, "period": t, "quantity": 10} for c in CUSTOMERS
                          for p in ("x", "y") for t in ("t", "u")))})
    return net, build(net)


def random_plan(net: cts.Network, program, seed: int) -> tuple[np.ndarray, dict]:
    """A balanced plan with cycles between dcs, and for each (product, period): throughput T and flows F, D by node.

    Each dc gets a share of its goods from other dcs and the rest from plants: T = D + shares @ T fixes the flows.
    """
    rng = np.random.default_rng(seed)
    plan = np.zeros(program.columns)
    plan[program.variables["open"].span] = 1
    column = {name: {key: block.start + k for k, key in enumerate(block.index.labels())}
              for name, block in program.variables.items()}
    flows = {}
    for product in ("x", "y"):
        for period in ("t", "u"):
            cut = rng.dirichlet(np.ones(len(DCS)), len(CUSTOMERS)) * (rng.random((len(CUSTOMERS), len(DCS))) < 0.6)
            cut[cut.sum(axis=1) == 0, 0] = 1
            direct = (10 * cut / cut.sum(axis=1, keepdims=True)).T  # dcs x customers
            share = rng.random((len(DCS), len(DCS))) * (rng.random((len(DCS), len(DCS))) < 0.5)
            np.fill_diagonal(share, 0)
            share *= 0.8 / np.maximum(share.sum(axis=0), 1)  # share[u, v]: of what v gets, from dc u
            through = np.linalg.solve(np.eye(len(DCS)) - share, direct.sum(axis=1))
            between = share * through
            outer = rng.dirichlet(np.ones(len(PLANTS)), len(DCS)).T * (through - between.sum(axis=0))
            flows[product, period] = direct, between, outer, through
            for u, site in enumerate(DCS):
                for c, customer in enumerate(CUSTOMERS):
                    key = (site, "", customer, "standard", "", "standard", product, period)
                    plan[column["deliver"][key]] = direct[u, c]
                for v, other in enumerate(DCS):
                    if u != v:
                        plan[column["move"][site, "", other, "", "standard", product, period]] = between[u, v]
            for u, site in enumerate(PLANTS):
                for v, other in enumerate(DCS):
                    plan[column["move"][site, "", other, "", "standard", product, period]] = outer[u, v]
                plan[column["make"][site, product, period]] = outer[u].sum()
    return plan, flows


def upstream(net: cts.Network, flows: dict) -> np.ndarray:
    """Money by customer from the other end: unit costs of nodes solve (diag(T) - F^T) u = cost that enters a node."""
    sites = net.tables["sites"].set_index("site")
    price = net.tables["rates"].set_index(["origin", "destination", "product"])["per_unit"]
    make = net.tables["site_products"].set_index(["site", "product"])["make_cost"]
    products = net.tables["products"].set_index("product")
    room = {(s, p): {"units": 1.0, "kg": products.at[p, "weight"], "m3": products.at[p, "volume"]}[
        sites.at[s, "capacity_unit"]] for s in sites.index for p in ("x", "y")}
    load = dict.fromkeys(sites.index, 0.0)
    for (p, _), (_, _, outer, through) in flows.items():
        for s, units in [*zip(DCS, through, strict=True), *zip(PLANTS, outer.sum(axis=1), strict=True)]:
            load[s] += units * room[s, p]
    fixed = {s: sites.at[s, "fixed_cost"] / load[s] for s in sites.index}  # money per capacity unit
    paid = np.zeros(len(CUSTOMERS))
    for (p, _), (direct, between, outer, through) in flows.items():
        leave = {s: (sites.at[s, "handling_out"] + fixed[s]) * room[s, p] for s in sites.index}
        enter = {s: sites.at[s, "handling_in"] * room[s, p] for s in DCS}
        at_plant = np.array([make[s, p] + leave[s] for s in PLANTS])
        cost = np.array([sum(outer[i, v] * (at_plant[i] + price[s, d, p] + enter[d]) for i, s in enumerate(PLANTS))
                         + sum(between[u, v] * (price[s, d, p] + enter[d]) for u, s in enumerate(DCS) if s != d)
                         + leave[d] * through[v] for v, d in enumerate(DCS)])
        unit = np.linalg.solve(np.diag(through) - between.T, cost)
        last = np.array([[price[s, c, p] for c in CUSTOMERS] for s in DCS])
        paid += (direct * (unit[:, None] + last)).sum(axis=0)
    return paid


@pytest.mark.slow
@pytest.mark.parametrize("chunk", sampled(range(10), every=5))
def test_downstream_shares_and_upstream_unit_costs_agree(meshed, chunk):
    """A hundred random plans with cycles: by customer both forms give the same, and every line adds up to 1e-9."""
    net, program = meshed
    for seed in range(10 * chunk, 10 * chunk + 10):
        plan, flows = random_plan(net, program, seed)
        arrays = program.arrays
        activity = arrays.matrix @ plan
        balance = program.rows["site_balance"].span
        assert np.abs(activity[balance]).max() < 1e-9  # the plan is one: what comes in goes out
        tables = read_back(net, program, plan)
        cube, lines = tables["cube"], tables["costs"].set_index("line")["amount"]
        assert by(cube, "customer") == pytest.approx(dict(zip(CUSTOMERS, upstream(net, flows), strict=True)), rel=1e-9)
        assert by(cube, "line") == pytest.approx({k: v for k, v in lines.items() if v}, rel=1e-9)
        assert cube["amount"].sum() == pytest.approx(arrays.cost @ plan + arrays.offset, rel=1e-9)
