"""The cost cube: amounts that serve nobody, penalties, sites shared by what goes through them, and what adds up."""

from __future__ import annotations

import pytest

import ctsopt as cts
from ctsopt.results.cube import KEYS, UNASSIGNED
from ctsopt.testing import random_network
from tests.often import sampled
from tests.results.given import by, read
from tests.small import chain, costs, lanes, rates, solved, table


def test_an_open_site_that_idles_serves_nobody():
    """E is open, costs 70 and passes nothing; P costs 30 and is shared by C (60) and F (40)."""
    tables = chain(sites=table({"site": "P", "kind": "plant", "fixed_cost": 30},
                               {"site": "E", "kind": "dc", "fixed_cost": 70}),
                   customers=table({"customer": "C"}, {"customer": "F"}), lanes=lanes("P-C", "P-F", "P-E", "E-C"),
                   demand=table({"customer": "C", "quantity": 60}, {"customer": "F", "quantity": 40}))
    cube = solved(tables).cube
    assert by(cube, "customer", "line") == pytest.approx({
        ("C", "last_mile"): 60, ("F", "last_mile"): 40, ("C", "site_fixed"): 18, ("F", "site_fixed"): 12,
        (UNASSIGNED, "site_fixed"): 70})
    idle = cube[cube["customer"] == UNASSIGNED]
    assert idle[["origin", "driver", "behaviour"]].astype(str).to_numpy().tolist() == [["E", "idle", "fixed"]]


def test_a_site_is_shared_by_the_room_that_goods_take():
    """D counts kg: 10 units of 1 kg and 10 of 4 kg share 100 as 20 and 80; the plant counts units: 50 and 50."""
    tables = chain(products=table({"product": "light", "weight": 1}, {"product": "heavy", "weight": 4}),
                   sites=table({"site": "P", "kind": "plant", "fixed_cost": 100},
                               {"site": "D", "kind": "dc", "fixed_cost": 100, "capacity_unit": "kg"}),
                   demand=table(*({"customer": "C", "product": p, "quantity": 10} for p in ("light", "heavy"))))
    cube = solved(tables).cube
    fixed = cube[cube["line"] == "site_fixed"]
    assert by(fixed, "origin", "product") == pytest.approx({
        ("D", "light"): 20, ("D", "heavy"): 80, ("P", "light"): 50, ("P", "heavy"): 50})


def test_a_site_that_passes_only_what_takes_no_room_is_shared_by_units():
    """D counts m3 and passes 30 and 10 units without volume: it does not idle, so that 100 is shared as 75 and 25."""
    tables = chain(products=table({"product": "goods", "volume": 0}),
                   sites=table({"site": "P", "kind": "plant"},
                               {"site": "D", "kind": "dc", "fixed_cost": 100, "capacity_unit": "m3"}),
                   customers=table({"customer": "C"}, {"customer": "F"}), lanes=lanes("P-D", "D-C", "D-F"),
                   demand=table({"customer": "C", "quantity": 30}, {"customer": "F", "quantity": 10}))
    cube = solved(tables).cube
    assert by(cube[cube["line"] == "site_fixed"], "customer") == pytest.approx({"C": 75, "F": 25})


def test_a_cross_dock_is_shared_by_what_passes_it():
    """C gets its 30 over X from P, F its 10 from D, which got them over X: 30 to 10; G passes by."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"},
                               {"site": "X", "kind": "crossdock", "fixed_cost": 100}),
                   customers=table(*({"customer": c} for c in "CFG")), lanes=lanes("P-X", "X-C", "X-D", "D-F", "P-G"),
                   demand=table(*({"customer": c, "quantity": q} for c, q in (("C", 30), ("F", 10), ("G", 99)))))
    cube = solved(tables).cube
    assert by(cube[cube["line"] == "site_fixed"], "customer") == pytest.approx({"C": 75, "F": 25})


def test_a_site_is_shared_over_the_horizon():
    """10 units in the first period and 30 in the second share 100 as 25 and 75."""
    tables = chain(sites=table({"site": "P", "kind": "plant", "fixed_cost": 365}), lanes=lanes("P-C"),
                   periods=table({"period": "t", "days": 80}, {"period": "u", "days": 20}),
                   demand=table({"customer": "C", "period": "t", "quantity": 10},
                                {"customer": "C", "period": "u", "quantity": 30}))
    cube = solved(tables).cube
    assert by(cube[cube["line"] == "site_fixed"], "period") == pytest.approx({"t": 25, "u": 75})


def test_penalties_stand_apart_and_with_the_customer_concerned():
    tables = chain(tiers=table({"tier": "gold", "shortage_cost": 2}), lanes=lanes("P-D", "D-C"),
                   customers=table({"customer": "C"}, {"customer": "F"}), rates=rates(P_D=1, D_C=0, D_F=9),
                   promises=table({"tier": "gold", "served_fraction": 0.75}),
                   demand=table({"customer": "C", "quantity": 50}, {"customer": "F", "quantity": 50}))
    solution = solved(tables)
    assert costs(solution) == pytest.approx({"line_haul": 75, "last_mile": 225, "shortage": 50})
    table_ = solution.cost_to_serve(by="customer")
    assert table_["shortage"].to_dict() == pytest.approx({"C": 0, "F": 50, "total": 50})
    assert table_["cost"].to_dict() == pytest.approx({"C": 50, "F": 250, "total": 300})
    assert table_["total"].to_dict() == pytest.approx({"C": 50, "F": 300, "total": 350})
    assert set(solution.cube.loc[solution.cube["behaviour"] == "penalty", "line"]) == {"shortage"}


def test_who_demands_nothing_pays_nothing():
    """F wants nothing, G something that is not served: F costs 0, G only a penalty."""
    tables = chain(tiers=table({"tier": "gold", "shortage_cost": 1}), lanes=lanes("P-D", "D-C"),
                   sites=table({"site": "P", "kind": "plant", "fixed_cost": 50}, {"site": "D", "kind": "dc"}),
                   customers=table(*({"customer": c} for c in "CFG")), rates=rates(P_D=1, D_C=1, D_F=1, D_G=99),
                   promises=table({"tier": "gold", "served_fraction": 0.5}),
                   demand=table(*({"customer": c, "quantity": q} for c, q in (("C", 10), ("F", 0), ("G", 10)))))
    assert solved(tables).cost_to_serve(by="customer")["total"].to_dict() == pytest.approx(
        {"C": 70, "F": 0, "G": 10, "total": 80})


@pytest.mark.slow
def test_two_halves_of_a_ship_to_cost_what_the_whole_costs():
    """Splitting customer C into two of 30 changes no line, and the halves pay half each (proportional tracing)."""
    def tables(*parts: tuple[str, float]) -> dict:
        ends = [*parts, ("F", 25)]
        return {"sites": table({"site": "P", "kind": "plant", "fixed_cost": 100},
                               {"site": "D", "kind": "dc", "fixed_cost": 40, "handling_out": 0.5},
                               {"site": "E", "kind": "dc", "capacity": 50}),
                "customers": table(*({"customer": c} for c, _ in ends)),
                "demand": table(*({"customer": c, "quantity": q, "order_size": 5} for c, q in ends)),
                "modes": table({"mode": "truck", "per_weight": 1}, {"mode": "van", "per_shipment": 6,
                                                                    "serves": "deliveries"}),
                "lanes": table({"origin": "P", "destination": "D", "mode": "truck"},
                               {"origin": "P", "destination": "E", "mode": "truck"},
                               *({"origin": s, "destination": c, "mode": "van"} for s in "DE" for c, _ in ends))}

    whole, halves = solved(tables(("C", 60))), solved(tables(("C1", 30), ("C2", 30)))
    assert costs(halves) == pytest.approx(costs(whole))
    one, two = (s.cost_to_serve(by="customer")["total"] for s in (whole, halves))
    assert two["C1"] + two["C2"] + two["F"] == pytest.approx(one["C"] + one["F"])
    assert two["total"] == pytest.approx(one["total"])


def test_the_cube_is_long_and_complete():
    tables = read(cts.network(chain()), made={("P",): 100}, moved={("P", "D"): 100}, delivered={("D", "C"): 100})
    cube = tables["cube"]
    assert cube.columns.tolist() == [*KEYS, "quantity", "amount"]
    row = cube[cube["line"] == "line_haul"].iloc[0]
    assert [str(row[k]) for k in KEYS] == ["line_haul", "variable", "year", "C", "standard", "goods", "all", "D", "P",
                                           "D", "truck", "traced units"]
    assert (row["quantity"], row["amount"]) == (100, 100)
    assert not cube.isna().any().any()


def random_solution(seed: int, **features: bool) -> cts.Solution:
    """A plan for the network of a seed, or of the first one after it whose promises can be kept."""
    for tried in range(seed, 1000, 100):
        try:
            return cts.solve(cts.network(random_network(tried, dc_to_dc=True, **features)), gap=0.01)
        except (cts.DataError, cts.InfeasibleError):
            continue
    raise AssertionError("no network that can be served")


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(range(12), every=4))
def test_on_solved_random_networks(seed):
    """All features at random, dcs that feed one another, weightless goods: the cube is the cost, line by line."""
    adds_up(random_solution(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 3])
def test_on_random_networks_with_stock(seed):
    """What it costs to hold stock, and what is used up of opening stock, is in the cube, too."""
    solution = random_solution(seed, opening_stock=True)
    assert solution.carried["cost"].sum() > 0
    assert "carried_stock" in set(solution.cube["line"])
    adds_up(solution)


def adds_up(solution: cts.Solution) -> None:
    total = solution.total_cost
    assert by(solution.cube, "line") == pytest.approx(
        {k: v for k, v in solution.costs.set_index("line")["amount"].items() if v}, rel=1e-9, abs=1e-9 * total)
    assert (solution.cube["amount"] >= -1e-9 * total).all()
    for keys in (["tier"], ["customer"], ["product_class", "tier"], ["period", "product", "customer"]):
        frame = solution.cost_to_serve(by=keys)
        assert frame["total"].iloc[-1] == pytest.approx(total, rel=1e-9)
        assert frame["total"].iloc[:-1].sum() == pytest.approx(total, rel=1e-9)
        assert frame["units"].iloc[-1] == pytest.approx(
            solution.flows.loc[solution.flows["kind"] == "delivery", "quantity"].sum())
