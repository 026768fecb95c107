"""Small networks without a plan: what is named, by how much, and what can be promised instead, by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.networks.network import even_impossible
from ctsopt.solving.explaining.ladder import edited
from tests.small import Tables, chain, lanes, rates, table

WERK, NORD, SUED = {"site": "Werk", "kind": "plant"}, {"site": "Nord", "kind": "dc"}, {"site": "Sued", "kind": "dc"}


def customers(**quantity: float) -> Tables:
    return {"customers": table(*({"customer": name} for name in quantity)),
            "demand": table(*({"customer": name, "quantity": units} for name, units in quantity.items())),
            "rates": table({"per_unit": 1})}


def rail(weight: float) -> Tables:
    """Rail carries 150 units; RailTown wants 250 and has rail only."""
    return {**customers(RailTown=250, RoadTown=100), "sites": table(WERK),
            "modes": table({"mode": "rail", "capacity": 150 * weight}, {"mode": "road"}),
            "lanes": lanes("Werk-RailTown-rail", "Werk-RoadTown-road", "Werk-RoadTown-rail"),
            "products": table({"product": "p", "weight": weight})}


def packing() -> Tables:
    """Sites of 550 and 450, customers of 400, 300 and 300 with one source each: no two of the sums fit."""
    tables = customers(A=400, B=300, C=300)
    tables["customers"]["single_source"] = "customer"
    return {**tables, "sites": table(WERK, {**NORD, "capacity": 550}, {**SUED, "capacity": 450}),
            "lanes": lanes("Werk-Nord", "Werk-Sued", *(f"{d}-{c}" for d in ("Nord", "Sued") for c in "ABC"))}


def storage() -> Tables:
    """100 in H1, 900 in H2; the plant makes 600 in each half, so that 300 have to be kept and 200 can be."""
    return {"sites": table({**WERK, "storage_capacity": 0}, {**NORD, "storage_capacity": 200}),
            "site_products": table({"site": "Werk", "product": "p", "make_capacity": 1200},
                                   {"site": "Nord", "product": "p"}),
            "customers": table({"customer": "A"}), "periods": table({"period": "H1", "days": 182.5},
                                                                    {"period": "H2", "days": 182.5}),
            "demand": table({"customer": "A", "product": "p", "period": "H1", "quantity": 100},
                            {"customer": "A", "product": "p", "period": "H2", "quantity": 900}),
            "products": table({"product": "p"}), "lanes": lanes("Werk-Nord", "Nord-A"), "rates": table({"per_unit": 1})}


PLANTED: dict[str, tuple[Tables, set[tuple[str, str, str]], dict[str, float]]] = {
    "lane minimum": (
        {**customers(A=400, B=600), "sites": table(WERK, NORD),
         "lanes": pd.concat([lanes("Werk-Nord", "Nord-B"), lanes("Nord-A", min_volume=500)])},
        {("lanes", "Nord / A / *", "min_volume")}, {"A": 400}),
    "lane maximum": (
        {**customers(A=400), "sites": table(WERK), "lanes": lanes("Werk-A", max_volume=250)},
        {("lanes", "Werk / A / *", "max_volume")}, {"A": 150}),
    "mode capacity": (rail(1), {("modes", "rail", "capacity")}, {"RailTown": 100}),
    "mode capacity, 25 kg": (rail(25), {("modes", "rail", "capacity")}, {"RailTown": 100}),
    "cap on CO2": (
        {**customers(A=1000), "sites": table(WERK), "lanes": lanes("Werk-A-lkw", distance=100),
         "modes": table({"mode": "lkw", "co2": 0.1}), "settings": {"carbon_cap": 1}},
        {("settings", "", "carbon_cap")}, {"A": 900}),
    "budget": (
        {**customers(A=1000), "sites": table(WERK), "lanes": lanes("Werk-A"), "settings": {"budget": 600}},
        {("settings", "", "budget")}, {"A": 400}),
    "what can be made": (
        {**customers(A=100), "sites": table(WERK), "lanes": lanes("Werk-A"),
         "site_products": table({"site": "Werk", "make_capacity": 70})},
        {("site_products", "Werk / goods", "make_capacity")}, {"A": 30}),
    "site capacity": (
        chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 70})),
        {("sites", "D", "capacity")}, {"C": 30}),
    "capacity levels": (
        chain(capacity_levels=table({"site": "D", "level": "s", "capacity": 60}, {"site": "D", "level": "l",
                                                                                "capacity": 75})),
        {("capacity_levels", "D", "capacity")}, {"C": 25}),
    "storage": (storage(), {("sites", "Nord", "storage_capacity"), ("site_products", "Werk / p", "make_capacity")},
                {"A": 100}),
    "packing": (packing(), {("customers", name, "single_source") for name in "ABC"}
                | {("sites", "Nord", "capacity"), ("sites", "Sued", "capacity")}, {"B": 25, "C": 25}),
    "max_sources": (
        {"sites": table(*({"site": s, "kind": "plant", "capacity": 60} for s in "PQ")),
         "customers": table({"customer": "C", "max_sources": 1}), "demand": table({"customer": "C", "quantity": 100}),
         "rates": rates(P_C=1, Q_C=1)},
        {("customers", "C", "single_source"), ("sites", "P", "capacity"), ("sites", "Q", "capacity")}, {"C": 40}),
    "number of sites": (
        {"sites": table(*({"site": s, "kind": "plant", "status": "candidate", "capacity": 60} for s in "PQ")),
         "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": 100}),
         "rates": rates(P_C=1, Q_C=1), "contracts": table(
             {"contract": "one", "kind": "sites_in_group", "limit": "at_most", "quantity": 1})},
        {("contracts", "one", "quantity"), ("sites", "P", "capacity"), ("sites", "Q", "capacity")}, {"C": 40}),
    "most of a contract": (
        {**customers(A=100), "sites": table(WERK), "lanes": lanes("Werk-A"), "contracts": table(
            {"contract": "deal", "kind": "max_volume", "customer": "A", "quantity": 80})},
        {("contracts", "deal", "quantity")}, {"A": 20}),
    "one site for all": (
        {"sites": table(*({"site": s, "kind": "plant"} for s in "PQ")),
         "customers": table(*({"customer": c, "group": "g"} for c in "AB")),
         "demand": table(*({"customer": c, "quantity": 100} for c in "AB")), "rates": rates(P_A=1, Q_B=1),
         "contracts": table({"contract": "same", "kind": "same_site", "group": "g"})},
        {("contracts", "same", "kind")}, {"A": 100}),
}


@cache
def explained(case: str) -> cts.Explanation:
    """The explanation of a planted case, made once."""
    return cts.explain(PLANTED[case][0])


def limits_of(explanation: cts.Explanation) -> set[tuple[str, str, str]]:
    found = explanation.conflicts[explanation.conflicts["kind"] == "limit"]
    return set(found[["table", "row", "column"]].itertuples(index=False, name=None))


def short(explanation: cts.Explanation) -> dict[str, float]:
    units = explanation.shortfalls.groupby("customer")["shortfall"].sum()
    return {str(name): pytest.approx(float(amount), rel=1e-6) for name, amount in units.items()}


def require_true(tables: Tables, explanation: cts.Explanation) -> None:
    """With what is named granted, and with each offer, there is a plan that keeps every promise."""
    for offer in (None, *explanation.offers):
        plan = cts.solve(edited(even_impossible(tables), explanation.edits(offer)), gap=0.5)
        assert plan.service["kept"].all(), offer


@pytest.mark.parametrize("case", PLANTED)
def test_the_limit_that_was_planted_is_named_and_nothing_else(case):
    _, limits, shortfall = PLANTED[case]
    explanation = explained(case)
    assert explanation.rung == "together"
    assert limits_of(explanation) == limits
    if case == "one site for all":  # A or B, whichever: the other one is served
        assert list(short(explanation).values()) in ([100], [50, 50])
    else:
        assert short(explanation) == shortfall
    assert explanation.conflicts["smallest"].all()


@pytest.mark.slow
@pytest.mark.parametrize("case", PLANTED)
def test_with_what_is_granted_and_with_each_offer_there_is_a_plan(case):
    require_true(PLANTED[case][0], explained(case))


AMOUNTS = {"lane minimum": [-100], "lane maximum": [150], "mode capacity": [100], "mode capacity, 25 kg": [2500],
           "cap on CO2": [9], "budget": [400], "what can be made": [30], "site capacity": [30], "capacity levels": [25],
           "packing": [1, 1, 1, 50, 150], "max_sources": [1, 40, 40], "number of sites": [1, 40, 40],
           "most of a contract": [20]}


@pytest.mark.parametrize("case", AMOUNTS)
def test_by_how_much_each_limit_would_have_to_give_way(case):
    found = explained(case).limits
    assert sorted(found["amount"]) == pytest.approx(AMOUNTS[case])
    assert found["enough"].all()


def test_a_plant_whose_capacity_lasts_for_the_year_but_not_for_the_half():
    """1,200 a year are 601.64 in the 183 days of H2, of which 900 are wanted; 1,795.08 a year are enough."""
    tables = {"sites": table({**WERK, "storage_capacity": 50, "capacity": 1200}), "customers": table({"customer": "A"}),
              "periods": table({"period": "H1", "days": 182}, {"period": "H2", "days": 183}),
              "products": table({"product": "p", "unit_value": 10, "holding_rate": 0.2}), "lanes": lanes("Werk-A"),
              "demand": table({"customer": "A", "product": "p", "period": "H1", "quantity": 100},
                              {"customer": "A", "product": "p", "period": "H2", "quantity": 900}),
              "rates": table({"per_unit": 1})}
    explanation = cts.explain(tables)
    row = explanation.limits.iloc[0]
    assert (row["table"], row["row"], row["column"], row["period"]) == ("sites", "Werk", "capacity", "H2")
    assert row["amount"] == pytest.approx(900 - 1200 * 183 / 365)
    raised = next(offer for offer in explanation.offers if offer.kind == "limit")
    assert raised.edits[0]["set"]["capacity"] == pytest.approx(900 * 365 / 183, rel=1e-6)
    require_true(tables, explanation)


def two_tiers(**columns: Any) -> Tables:
    """Gold A and standard B want 100 each from a dc that holds 150."""
    return chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 150}),
                 customers=table({"customer": "A", "tier": "gold"}, {"customer": "B", "tier": "basic"}),
                 tiers=table({"tier": "gold", "rank": 1}, {"tier": "basic", "rank": 2}),
                 lanes=lanes("P-D", "D-A", "D-B"),
                 demand=table({"customer": "A", "quantity": 100}, {"customer": "B", "quantity": 100}), **columns)


def test_the_better_tier_is_served_first_and_not_named():
    explanation = cts.explain(two_tiers())
    assert short(explanation) == {"B": 50}
    assert explanation.conflicts.loc[explanation.conflicts["kind"] == "promise", "row"].tolist() == ["basic", "gold"]


def test_equal_ranks_are_one_level_and_share_evenly():
    tables = two_tiers()
    tables["tiers"]["rank"] = 1
    assert short(cts.explain(tables)) == {"A": 25, "B": 25}


def test_customers_of_a_tier_go_short_by_the_same_share():
    """300 of 400 and 200: each gets half."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 300}),
                   customers=table({"customer": "A"}, {"customer": "B"}), lanes=lanes("P-D", "D-A", "D-B"),
                   demand=table({"customer": "A", "quantity": 400}, {"customer": "B", "quantity": 200}))
    assert short(cts.explain(tables)) == {"A": 200, "B": 100}


def test_two_conflicts_that_have_nothing_to_do_with_each_other():
    """Werk has 70 for A, P has 50 for B."""
    tables = {**customers(A=100, B=100, E=10),
              "sites": table({**WERK, "capacity": 70}, {"site": "P", "kind": "plant", "capacity": 50}),
              "lanes": lanes("Werk-A", "P-B", "Werk-E")}
    tables["demand"].loc[2, "quantity"] = 0
    explanation = cts.explain(tables)
    assert short(explanation) == {"A": 30, "B": 50}
    assert explanation.limits.sort_values("row")[["row", "amount"]].to_numpy().tolist() == [["P", 50], ["Werk", 30]]
    assert explanation.complete
    assert cts.solve(edited(even_impossible(tables), explanation.edits()), gap=0.5).service["kept"].all()


def test_what_can_be_promised_in_place_of_a_time_that_is_too_short():
    """By truck it takes 3 days, by air 1: promised are 2 by truck. Three days, or air for gold."""
    tables = chain(tiers=table({"tier": "gold", "modes": "truck"}), promises=table({"tier": "gold", "lead_time": 2}),
                   modes=table({"mode": "truck", "per_weight": 1, "fixed_time": 3},
                               {"mode": "air", "per_weight": 9, "fixed_time": 1}),
                   lanes=lanes("P-D-truck", "D-C-truck", "D-C-air"))
    explanation = cts.explain(tables)
    assert explanation.rung == "reach"
    offers = {offer.kind: offer for offer in explanation.offers}
    assert offers["time"].figure == 3
    assert offers["mode"].edits == ({"table": "tiers", "where": {"tier": "gold"}, "set": {"modes": "truck|air"}},)


def test_a_site_that_may_not_open_at_its_table_cost():
    """D holds 70 of 100; E would hold the rest for 900 a year, and F for 500."""
    tables = chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 70},
                               {"site": "E", "kind": "dc", "status": "closed", "fixed_cost": 900},
                               {"site": "F", "kind": "dc", "status": "candidate", "may_open": "no", "fixed_cost": 500}),
                   lanes=lanes("P-D", "P-E", "P-F", "D-C", "E-C", "F-C"))
    offer = next(offer for offer in cts.explain(tables).offers if offer.kind == "site")
    assert offer.price == 500
    assert offer.edits[0]["where"] == {"site": "F"}


def test_nothing_is_said_where_every_promise_can_be_kept():
    explanation = cts.explain(cts.network(chain()))
    assert (explanation.rung, str(explanation), len(explanation.offers)) == ("kept", "every promise can be kept", 0)


def test_a_solve_carries_the_explanation():
    tables = PLANTED["site capacity"][0]
    with pytest.raises(cts.InfeasibleError, match=r"the capacity of D .30 units more would be enough.") as caught:
        cts.solve(cts.network(tables))
    assert caught.value.explanation.limits["amount"].tolist() == pytest.approx([30])
    plan = caught.value.explanation.plan()
    assert plan.total_cost == pytest.approx(140)


@pytest.mark.parametrize("case", PLANTED)
def test_no_solver_words(case):
    said = str(explained(case)).lower().replace("roadtown", "").split()
    assert not {"infeasible", "slack", "row", "elastic", "constraint", "variable"} & set(said)


@pytest.mark.parametrize("factors", [{"money": 100}, {"weight": 25}, {"co2": 1000}])
@pytest.mark.parametrize("case", ["budget", "cap on CO2", "mode capacity", "packing", "lane minimum"])
def test_units_change_nothing_but_amounts(case, factors):
    one, two = explained(case), cts.explain(other_units(PLANTED[case][0], **factors))
    assert limits_of(one) == limits_of(two)
    assert short(one) == short(two)
    shares = [dict(zip(e.shortfalls["who"], e.shortfalls["share"].round(9), strict=True)) for e in (one, two)]
    assert shares[0] == shares[1]


def other_units(tables: Tables, money: float = 1, weight: float = 1, co2: float = 1) -> Tables:
    """The same network with amounts of money, weights or CO2 counted in smaller units."""
    scaled = {name: frame.copy() for name, frame in tables.items()}
    scaled["settings"] = dict(tables.get("settings", {}))
    scaled["products"] = scaled.get("products", table({"product": "goods"}))
    factors = {("products", "weight"): weight, ("modes", "capacity"): weight, ("rates", "per_unit"): money,
               ("modes", "per_weight"): money / weight, ("modes", "co2"): co2 / weight}
    if "weight" not in scaled["products"]:
        scaled["products"]["weight"] = 1
    for (name, column), factor in factors.items():
        if name in scaled and column in scaled[name]:
            scaled[name][column] = scaled[name][column] * factor
    for name, factor in (("budget", money), ("carbon_cap", co2)):
        if name in scaled["settings"]:
            scaled["settings"][name] *= factor
    return scaled
