"""Single sources. C wants 60 a and 40 b. D1 delivers both at 1 a unit but holds 70; D2 delivers a at 2, b at 4."""

from __future__ import annotations

import pytest

from tests.small import costs, flows, rates, solved, table

LINKS = ("lazy", "all", "capacity")


def sourced(rule: str, **more) -> dict:
    return {"sites": table({"site": "P", "kind": "plant"}, {"site": "D1", "kind": "dc", "capacity": 70},
                           {"site": "D2", "kind": "dc"}),
            "products": table({"product": "a"}, {"product": "b"}),
            "customers": table({"customer": "C", "single_source": rule}),
            "demand": table({"customer": "C", "product": "a", "quantity": 60},
                            {"customer": "C", "product": "b", "quantity": 40}),
            "rates": rates(P_D1=0, P_D2=0, D1_C=1, D2_C_a=2, D2_C_b=4)} | more


@pytest.mark.slow
@pytest.mark.parametrize("links", LINKS)
@pytest.mark.parametrize(("rule", "total", "sources"), [
    # D1: 40 b and 30 a; D2: 30 a at 2.
    ("no", 130, {("D1", "a"): 30, ("D1", "b"): 40, ("D2", "a"): 30}),
    # a by D2 120 + b by D1 40 = 160; a by D1 60 + b by D2 160 = 220; both by D1 is too much.
    ("product", 160, {("D2", "a"): 60, ("D1", "b"): 40}),
    # D1 cannot hold 100: all by D2, 120 + 160.
    ("customer", 280, {("D2", "a"): 60, ("D2", "b"): 40}),
])
def test_single_source(rule, total, sources, links):
    solution = solved(sourced(rule), links=links)
    assert solution.total_cost == pytest.approx(total)
    delivered = solution.flows[solution.flows["kind"] == "delivery"]
    assert delivered.groupby(["origin", "product"])["quantity"].sum().to_dict() == pytest.approx(sources)


@pytest.mark.slow
def test_a_source_holds_over_all_periods():
    """As above in two periods, D1 open to 70 a year: 35 in each half. Product a (30 and 30) and b (20 and 20)."""
    halves = table({"period": "t", "days": 182.5}, {"period": "u", "days": 182.5})
    demand = table(*({"customer": "C", "product": p, "period": t, "quantity": q} for t in "tu" for p, q in (
        ("a", 30), ("b", 20))))
    assert solved(sourced("product", periods=halves, demand=demand)).total_cost == pytest.approx(160)
    # All of a in t and all of b in u would fit D1 half by half, but b (40) is above 35 in u.
    demand = table({"customer": "C", "product": "a", "period": "t", "quantity": 30},
                   {"customer": "C", "product": "b", "period": "u", "quantity": 30})
    assert solved(sourced("customer", periods=halves, demand=demand)).total_cost == pytest.approx(60)


def test_one_source_may_use_several_ways():
    """All from one stock site, directly and over a cross-dock that holds 20: the source is the stock site."""
    tables = {"sites": table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock", "capacity": 20}),
              "customers": table({"customer": "C", "single_source": "customer"}),
              "demand": table({"customer": "C", "quantity": 50}), "rates": rates(P_X=1, X_C=1, P_C=5)}
    solution = solved(tables)
    assert costs(solution) == pytest.approx({"line_haul": 20, "last_mile": 20 + 150})
    assert flows(solution, "via") == pytest.approx({"X": 20, "": 30})


def test_each_customer_may_have_another_source():
    """D1 holds 70: C (60) from it, E (50) from D2 at 2; the other way round E saves 50, C 60."""
    tables = sourced("customer", products=table({"product": "a"}),
                     customers=table({"customer": "C", "single_source": "customer"},
                                     {"customer": "E", "single_source": "customer"}),
                     demand=table({"customer": "C", "quantity": 60, "product": "a"},
                                  {"customer": "E", "quantity": 50, "product": "a"}),
                     rates=rates(P_D1=0, P_D2=0, D1_C=1, D2_C=2, D1_E=1, D2_E=2))
    assert solved(tables).total_cost == pytest.approx(60 + 100)
