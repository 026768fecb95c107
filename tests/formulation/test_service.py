"""Promises: shares on time in both forms, and how much is served."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.small import chain, costs, flows, rates, solved, table

Z95, Z60 = 1.6448536269514722, 0.2533471031357997
"""Quantiles of the standard normal: P(Z <= Z95) = 0.95, P(Z <= Z60) = 0.60 (any table)."""


def parcel_or_ltl(form: str, **promise) -> dict:
    """One unit; within 5 days parcel arrives with P = 0.95 for 8, LTL with 0.60 for 3 (normal, deviation 1)."""
    modes = table(*({"mode": m, "transit_distribution": "normal"} for m in ("parcel", "ltl")))
    card = table(*({"origin": "P", "destination": "C", "mode": m, "per_unit": c, "transit_time": 5 - z, "transit_sd": 1}
                   for m, c, z in (("parcel", 8, Z95), ("ltl", 3, Z60))))
    return {"sites": table({"site": "P", "kind": "plant"}), "customers": table({"customer": "C", "tier": "gold"}),
            "demand": table({"customer": "C", "quantity": 1}), "modes": modes, "rates": card,
            "tiers": table({"tier": "gold"}),
            "promises": table({"tier": "gold", "lead_time": 5, "on_time_form": form, "reliability": 0.9,
                               "on_time_share": 0.8} | promise)}


def test_the_probabilities_are_the_ones_meant():
    frame = cts.network(parcel_or_ltl("share_expected")).ways.deliveries.frame().set_index("mode_out")
    assert frame["on_time"].to_dict() == pytest.approx({"parcel": 0.95, "ltl": 0.60}, abs=1e-12)


def test_share_expected():
    """0.95 y + 0.60 (1 - y) = 0.80: y = 0.20 / 0.35 = 0.571429 by parcel; cost 3 + 5 y = 5.857143."""
    solution = solved(parcel_or_ltl("share_expected"))
    assert flows(solution, "mode_out") == pytest.approx({"parcel": 0.571429, "ltl": 0.428571}, abs=5e-7)
    assert solution.total_cost == pytest.approx(5.857143, abs=5e-7)
    row = solution.service.iloc[0]
    assert (row["on_time_expected"], row["on_time_certain"]) == pytest.approx((0.8, 0.571429), abs=1e-6)
    assert (row["on_time_share"], row["on_time_share_achieved"]) == pytest.approx((0.8, 0.8), abs=1e-6)
    assert bool(row["kept"])


def test_share_certain():
    """Only parcel counts (0.95 >= 0.9): 80 % by parcel, 0.8 x 8 + 0.2 x 3."""
    solution = solved(parcel_or_ltl("share_certain"))
    assert solution.total_cost == pytest.approx(7.0)
    assert flows(solution, "mode_out") == pytest.approx({"parcel": 0.8, "ltl": 0.2})


@pytest.mark.slow
def test_each_order():
    """LTL may not be used at all; both may where 0.6 is enough."""
    assert solved(parcel_or_ltl("each_order")).total_cost == pytest.approx(8.0)
    assert solved(parcel_or_ltl("each_order", reliability=0.6)).total_cost == pytest.approx(3.0)


@pytest.mark.parametrize("form", ["share_certain", "share_expected"])
def test_a_share_that_no_mode_keeps_is_infeasible(form):
    """Expected: 0.95 at most. Certain: none is 0.96 sure. Short by 0.01 of a unit, or by all the share asked for."""
    with pytest.raises(cts.InfeasibleError, match="promise on time: gold") as error:
        solved(parcel_or_ltl(form, reliability=0.96, on_time_share=0.96))
    assert error.value.shortfalls["row"].tolist() == ["tier_on_time"]
    assert error.value.shortfalls["shortfall"].tolist() == pytest.approx(
        [0.96 if form == "share_certain" else 0.01], abs=1e-6)


@pytest.mark.slow
def test_no_promise_on_time_asks_for_nothing():
    assert solved(parcel_or_ltl("each_order", lead_time=None)).total_cost == pytest.approx(3.0)
    assert solved(parcel_or_ltl("share_expected", on_time_share=0)).total_cost == pytest.approx(3.0)


def classes(*promises: dict) -> dict:
    """100 of each of x (class X), y (Y), z (Z): parcel costs 8 and is on time, LTL costs 3 and is not."""
    return {"sites": table({"site": "P", "kind": "plant"}), "customers": table({"customer": "C", "tier": "gold"}),
            "products": table(*({"product": p, "product_class": p.upper()} for p in "xyz")),
            "demand": table(*({"customer": "C", "product": p, "quantity": 100} for p in "xyz")),
            "modes": table({"mode": "parcel", "fixed_time": 1}, {"mode": "ltl", "fixed_time": 9}),
            "rates": table({"origin": "P", "destination": "C", "mode": "parcel", "per_unit": 8},
                           {"origin": "P", "destination": "C", "mode": "ltl", "per_unit": 3},
                           {"origin": "P", "destination": "C", "mode": "parcel", "product": "z", "per_unit": 4}),
            "tiers": table({"tier": "gold"}),
            "promises": table(*({"tier": "gold", "lead_time": 5} | p for p in promises))}


def test_a_star_covers_the_classes_without_a_row_together():
    """y and z together want 100 of 200 on time: z, at 1 more, all 100. x by itself: 50 at 5 more. 900 + 100 + 250."""
    tables = classes({"product_class": "*", "on_time_form": "share_certain", "on_time_share": 0.5},
                     {"product_class": "X", "on_time_form": "share_certain", "on_time_share": 0.5})
    solution = solved(tables)
    assert solution.total_cost == pytest.approx(900 + 100 + 250)
    assert flows(solution, "product", "mode_out")["x", "parcel"] == pytest.approx(50)


def test_each_class_by_itself():
    """As above with rows for Y and Z: y needs 50 at 5 more, z 50 at 1 more."""
    tables = classes(*({"product_class": c, "on_time_form": "share_expected", "on_time_share": 0.5} for c in "XYZ"))
    assert solved(tables).total_cost == pytest.approx(900 + 250 + 250 + 50)


def test_a_promise_for_one_class_leaves_the_others_alone():
    assert solved(classes({"product_class": "X"})).total_cost == pytest.approx(800 + 300 + 300)


def served(**promise) -> dict:
    """C costs 1 a unit, E 10, each wants 100; a unit not served costs 2."""
    return {"sites": table({"site": "P", "kind": "plant"}), "rates": rates(P_C=1, P_E=10),
            "customers": table({"customer": "C", "tier": "gold"}, {"customer": "E", "tier": "gold"}),
            "demand": table({"customer": "C", "quantity": 100}, {"customer": "E", "quantity": 100}),
            "tiers": table({"tier": "gold", "shortage_cost": 2}), "promises": table({"tier": "gold"} | promise)}


@pytest.mark.parametrize(("promise", "to_e"), [
    ({"served_fraction": 0.7}, 40),  # 140 of 200: all of C, 40 of E
    ({"served_fraction": 0.7, "served_fraction_each": 0.5}, 50),
    ({"served_fraction": 0.7, "served_fraction_each": 0.2}, 40),
    ({"served_fraction": 0.3}, 0),  # C alone is 50 %
    ({"served_fraction": 0.0}, 0),
    ({"served_fraction": 1.0}, 100),
])
def test_served_fraction(promise, to_e):
    """C is served in full, as 1 is below 2; of E only what is promised."""
    solution = solved(served(**promise))
    assert costs(solution) == pytest.approx({"last_mile": 100 + 10 * to_e} | (
        {"shortage": 2 * (100 - to_e)} if to_e < 100 else {}))
    assert (solution.cash_cost, solution.penalty) == pytest.approx((100 + 10 * to_e, 2 * (100 - to_e)))
    assert solution.shortage["unserved"].sum() == pytest.approx(100 - to_e)
    assert solution.service["served_fraction_achieved"].tolist() == pytest.approx([(100 + to_e) / 200])
    assert solution.service["served_fraction_each_achieved"].tolist() == pytest.approx([to_e / 100])


def test_demand_that_no_promise_covers_is_served_in_full():
    """Silver has no promise: its customer at 10 a unit is served, though a unit short would cost 2."""
    tables = served(served_fraction=0.0) | {
        "tiers": table({"tier": "gold", "shortage_cost": 2}, {"tier": "silver", "shortage_cost": 2}),
        "customers": table({"customer": "C", "tier": "gold"}, {"customer": "E", "tier": "silver"})}
    assert costs(solved(tables)) == pytest.approx({"last_mile": 1100})


def test_a_cheap_shortage_is_not_chosen_where_all_is_promised():
    assert costs(solved(served())) == pytest.approx({"last_mile": 1100})


def two_periods(**promise) -> dict:
    """100 wanted in 36.5 days and in 328.5. F is fast, costs 1 and holds 200 a year (20, then 180); S is slow, at 2;
    G is fast, at 10."""
    return {"sites": table({"site": "F", "kind": "plant", "capacity": 200}, {"site": "S", "kind": "plant"},
                           {"site": "G", "kind": "plant"}),
            "customers": table({"customer": "C", "tier": "gold"}),
            "periods": table({"period": "t", "days": 36.5}, {"period": "u", "days": 328.5}),
            "demand": table({"customer": "C", "period": "t", "quantity": 100},
                            {"customer": "C", "period": "u", "quantity": 100}),
            "rates": table(*({"origin": s, "destination": "C", "per_unit": c, "transit_time": d} for s, c, d in (
                ("F", 1, 1), ("S", 2, 9), ("G", 10, 1)))),
            "tiers": table({"tier": "gold", "shortage_cost": 3}),
            "promises": table({"tier": "gold", "lead_time": 5} | promise)}


@pytest.mark.parametrize("form", ["share_certain", "share_expected"])
@pytest.mark.parametrize(("per", "total"), [
    ("horizon", 20 + 160 + 100),  # u: all 100 from F. That is half of 200 already: t takes F's 20, and S.
    ("period", 20 + 300 + 100 + 100),  # t needs 50 on time: 20 from F, 30 from G; 50 from S.
])
def test_on_time_over_the_horizon_or_in_every_period(form, per, total):
    tables = two_periods(on_time_form=form, on_time_share=0.5, per=per)
    assert solved(tables).total_cost == pytest.approx(total)


@pytest.mark.parametrize(("per", "total"), [
    ("horizon", 20 + 80 * 3 + 100),  # 120 of 200 from F; G at 10 is dearer than the 3 of a unit short
    ("period", 20 + 40 * 10 + 40 * 3 + 100),  # t: 60 served
])
def test_served_over_the_horizon_or_in_every_period(per, total):
    tables = two_periods(served_fraction=0.6, per=per)
    assert solved(tables).total_cost == pytest.approx(total)  # in each order on time, so that S has no way


def test_tier_modes_bind():
    """Gold only by parcel, silver by any."""
    tables = parcel_or_ltl("each_order", lead_time=None) | {
        "tiers": table({"tier": "gold", "modes": "parcel"}, {"tier": "silver"}),
        "customers": table({"customer": "C", "tier": "gold"}, {"customer": "E", "tier": "silver"}),
        "demand": table({"customer": "C", "quantity": 1}, {"customer": "E", "quantity": 1})}
    tables["rates"] = table(*({"origin": "P", "destination": c, "mode": m, "per_unit": q}
                              for c in "CE" for m, q in (("parcel", 8), ("ltl", 3))))
    solution = solved(tables)
    assert flows(solution, "customer", "mode_out") == {("C", "parcel"): 1, ("E", "ltl"): 1}


@pytest.mark.slow
def test_a_faster_site_is_worth_its_cost_only_under_a_promise():
    """D is near C (1 day) and costs 50; from P it takes 4 days. Without a promise the way from P at 1 is best."""
    tables = chain(sites=table({"site": "P", "kind": "plant"},
                               {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": 50}),
                   lanes=table({"origin": "P", "destination": "D", "distance": 300}, {"origin": "D", "destination": "C",
                               "distance": 100}, {"origin": "P", "destination": "C", "distance": 400}),
                   modes=table({"mode": "truck", "per_weight": 1, "speed": 100}), tiers=table({"tier": "gold"}))
    assert solved(tables).total_cost == pytest.approx(100)
    assert solved(tables | {"promises": table({"tier": "gold", "lead_time": 2})}).total_cost == pytest.approx(250)
