"""The check from the tables: a plan that is spoilt in one number is not reported. One test for each way to be wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.solving.checking.recheck import recheck
from tests.small import rates, solved, table

# P and Q make a (P at most 80 a year), S buys b in; D holds 150 a year, Z is closed, Y may not open; gold wants a half
# on time and a half served; C takes everything from one site, E each product from one. Two halves of a year.
NETWORK = {
    "sites": table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant", "fixed_cost": 10},
                   {"site": "S", "kind": "supplier"}, {"site": "D", "kind": "dc", "capacity": 150},
                   {"site": "F", "kind": "dc", "status": "candidate", "fixed_cost": 4, "opening_cost": 5},
                   {"site": "G", "kind": "dc", "may_close": "yes", "fixed_cost": 500, "closing_cost": 7},
                   {"site": "Z", "kind": "dc", "status": "closed"},
                   {"site": "Y", "kind": "dc", "status": "candidate", "may_open": "no"}),
    "products": table({"product": "a"}, {"product": "b"}),
    "periods": table({"period": "t", "days": 182.5}, {"period": "u", "days": 182.5}),
    "site_products": table({"site": "P", "product": "a", "make_cost": 1, "make_capacity": 80},
                           {"site": "Q", "product": "a", "make_cost": 2},
                           {"site": "S", "product": "b", "make_cost": 3}),
    "customers": table({"customer": "C", "tier": "gold", "single_source": "customer"},
                       {"customer": "E", "tier": "silver", "single_source": "product"}),
    "tiers": table({"tier": "gold", "shortage_cost": 50}, {"tier": "silver"}),
    "promises": table({"tier": "gold", "lead_time": 5, "on_time_form": "share_expected", "on_time_share": 0.5,
                       "served_fraction": 0.5}),
    "demand": table(*({"customer": c, "product": p, "period": t, "quantity": 20} for c in "CE" for p in "ab"
                      for t in "tu")),
    "rates": rates(P_D=1, Q_D=1, S_D=1, D_C=2, D_E=2, P_F=1, S_F=1, F_E=1, Q_F=1, G_E=9, P_G=1, S_G=1)}


@pytest.fixture(scope="module")
def good() -> cts.Solution:
    solution = solved(NETWORK)
    recheck(solution)
    return solution


@pytest.mark.slow
def test_served_to_each_customer():
    """G and H together are served by three quarters, as promised, but H by a half where 0.6 is promised to each."""
    tables = {"sites": table({"site": "P", "kind": "plant"}), "rates": rates(P_G=1, P_H=1),
              "customers": table({"customer": "G"}, {"customer": "H"}),
              "tiers": table({"tier": "gold", "shortage_cost": 9}),
              "promises": table({"tier": "gold", "served_fraction": 0.7, "served_fraction_each": 0.6}),
              "demand": table({"customer": "G", "quantity": 10}, {"customer": "H", "quantity": 10})}
    short = pd.DataFrame([("H", "gold", "goods", "year", 10.0, 5.0, 45.0)], columns=[
        "customer", "tier", "product", "period", "demand", "unserved", "penalty"])
    with pytest.raises(cts.SolverError, match=r"to gold, class .*, is not kept: served_fraction_each"):
        recheck(spoilt(solved(tables), "shortage", lambda f: short))


def spoilt(solution: cts.Solution, name: str, change: Callable[[pd.DataFrame], pd.DataFrame | None]) -> cts.Solution:
    """The solution with one table changed."""
    frame = solution.tables[name].copy()
    changed = change(frame)
    return cts.Solution(solution.net, {**solution.tables, name: frame if changed is None else changed}, solution.status,
                        solution.bound, solution.record)


def put(column: str, value: object, **where: object) -> Callable[[pd.DataFrame], None]:
    """Change a column in the first row that matches (a number is added to a number)."""
    def change(frame: pd.DataFrame) -> None:
        rows = frame.index
        for key, wanted in where.items():
            rows = rows.intersection(frame.index[frame[key] == wanted])
        assert len(rows), where
        if isinstance(frame[column].dtype, pd.CategoricalDtype):
            frame[column] = frame[column].astype(object)
        old = frame.loc[rows[0], column]
        frame.loc[rows[0], column] = old + value if isinstance(value, float) else value
    return change


def more(**columns: object) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """One row more: the first one with other values."""
    return lambda frame: pd.concat([frame, frame.iloc[:1].assign(**columns)], ignore_index=True)


def unserved(customer: str, tier: str, requests: int) -> pd.DataFrame:
    """Some requests of 20 units that are not served."""
    some = [(customer, tier, p, t, 20.0, 20.0, 0.0) for p in "ab" for t in "tu"][:requests]
    return pd.DataFrame(some, columns=["customer", "tier", "product", "period", "demand", "unserved", "penalty"])


CASES = {
    # _demand
    "a delivery too much": ("flows", put("quantity", 1.0, kind="delivery", customer="C"), "differ from its demand"),
    "unserved that was served": ("shortage", lambda f: unserved("C", "gold", 1), "unserved of C/a/t differ"),
    "a delivery that nobody wants": ("flows", more(kind="delivery", customer="nobody"), "that nobody demands"),
    "a delivery that is no number": ("flows", put("quantity", np.nan, kind="delivery", customer="C"), "differ"),
    # names
    "a move to nowhere": ("flows", put("destination", "X", kind="move"), "there is no destination 'X'"),
    "a mode that is not there": ("flows", put("mode_out", "X", kind="delivery"), "there is no mode_out 'X'"),
    # _balance
    "goods that come from nowhere": ("flows", put("quantity", -1.0, kind="move"), "does not go out"),
    "something made that goes nowhere": ("production", put("quantity", 1.0, site="S"), "comes into S/b/t does not go"),
    # _throughput
    "a site over its capacity": ("flows", put("quantity", 80.0, kind="delivery", origin="D", period="u"),
                                 "D is over its capacity in u"),
    # _making
    "more made than can be": ("production", put("quantity", 40.5, site="P", period="t"), "P makes more a than it can"),
    "made at a dc": ("production", put("site", "D", site="S"), "made at a site that makes nothing"),
    "made where it is not listed": ("production", put("product", "b", site="P"), "P makes more b than it can"),
    # _costs
    "a cost line": ("costs", put("amount", 3.0, line="procurement"), "cost line procurement is"),
    "a line of flows": ("flows", put("line_haul", 3.0, kind="move"), "cost line line_haul is"),
    "a fixed cost": ("sites", put("fixed_cost", 3.0, site="Q"), "cost line site_fixed is"),
    "an annuity": ("sites", put("opening_cost", 3.0, site="F"), "cost line site_opening is"),
    "a closing": ("sites", put("closing_cost", 3.0, site="G"), "cost line site_closing is"),
    "a line that is there twice": ("costs", lambda f: pd.concat([f, f[f["line"] == "last_mile"]], ignore_index=True),
                                   "cost line last_mile is"),
    "an amount that is no number": ("costs", put("amount", np.nan, line="procurement"), "cost line procurement is"),
    # _cube
    "the cube": ("cube", put("amount", 0.01, line="last_mile"), "cost cube of last_mile adds up to"),
    # _closed
    "goods through a closed site": ("sites", put("open", False, site="F"), "goods pass F, which is closed"),
    "a site open against its status": ("sites", put("open", True, site="Z"), "Z is open or closed against its status"),
    "a candidate that may not open": ("sites", put("open", True, site="Y"), "Y is open or closed against its status"),
    "a site closed that may not close": ("sites", put("open", False, site="P"), "P is open or closed against"),
    # _single_sources
    "a second source of a customer": ("flows", put("origin", "F", kind="delivery", customer="C"), "C has several"),
    # _promises
    "a promise that is not kept": ("service", put("kept", False, tier="gold"), "the promise to gold, class .*, is not"),
    "too little served": ("shortage", lambda f: unserved("C", "gold", 3), "to gold, .* is not kept: served_fraction"),
    "silver must be served": ("shortage", lambda f: unserved("E", "silver", 1), "E is not served in full, though"),
    "too late": ("flows", lambda f: f.assign(on_time=f["on_time"].where(f["tier"] != "gold", 0.4)),
                 "the promise to gold, class .*, is not kept: on time"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_spoilt_plan_is_not_reported(good, case):
    name, change, message = CASES[case]
    with pytest.raises(cts.SolverError, match=f"the plan does not agree with the tables.*{message}"):
        recheck(spoilt(good, name, change))


def test_a_second_source_of_a_product(good):
    """E may take a from one site and b from another, but a from one only."""
    flow = good.flows
    mine = flow[(flow["customer"] == "E") & (flow["product"] == "a")]
    assert mine["origin"].nunique() == 1
    with pytest.raises(cts.SolverError, match=r"\('E', 'a'\) has several sources"):
        recheck(spoilt(good, "flows", put("origin", "D" if mine["origin"].iloc[0] != "D" else "F", customer="E",
                                          product="a")))


def test_weightless_goods_through_a_closed_site():
    """What takes no room shows in units."""
    tables = {"sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "status": "candidate",
                                                             "capacity_unit": "m3"}),
              "customers": table({"customer": "C"}), "demand": table({"customer": "C", "quantity": 5}),
              "rates": rates(P_D=1, D_C=1)}
    solution = solved(tables)
    with pytest.raises(cts.SolverError, match="goods pass D, which is closed"):
        recheck(spoilt(solution, "sites", put("open", False, site="D")))


def test_a_relaxation_may_leave_sites_partly_open(good):
    """Statuses, single sources and promises are of whole plans; balances and costs hold all the same."""
    closed = spoilt(good, "sites", put("open", False, site="F"))
    recheck(closed, whole=False)
    with pytest.raises(cts.SolverError, match="cost line"):
        recheck(spoilt(good, "costs", put("amount", 3.0, line="procurement")), whole=False)


def test_the_first_faults_are_listed(good):
    with pytest.raises(cts.SolverError) as error:
        recheck(spoilt(good, "flows", lambda f: f.iloc[0:0]))
    assert str(error.value).count(";") >= 3


@pytest.mark.slow
@pytest.mark.parametrize("size", [1e-9, 1e-6, 1.0, 1e9])
def test_a_millionth_of_a_business_is_checked_as_strictly(size: float):
    """Of 100 sizes delivered a thousandth is missing; then a dc that holds 100 sizes carries a thousandth more."""
    solution = solved({"sites": table({"site": "P", "kind": "plant", "capacity": 100 * size}),
                       "customers": table({"customer": "C"}), "rates": rates(P_C=1),
                       "demand": table({"customer": "C", "quantity": 100 * size})})
    with pytest.raises(cts.SolverError, match="C/goods/year differ from its demand"):
        recheck(spoilt(solution, "flows", lambda f: f.assign(quantity=f["quantity"] * 0.999)))
    with pytest.raises(cts.SolverError, match="P is over its capacity in year"):
        recheck(spoilt(solution, "flows", lambda f: f.assign(quantity=f["quantity"] * 1.001)))
    with pytest.raises(cts.SolverError, match="the cost line last_mile is"):
        recheck(spoilt(solution, "costs", lambda f: f.assign(amount=f["amount"] * 1.001)))
    with pytest.raises(cts.SolverError, match="the cost cube of last_mile adds up to"):
        recheck(spoilt(solution, "cube", lambda f: f.assign(amount=f["amount"] * 1.001)))


@pytest.mark.parametrize("large", [1e4, 1e8, 1e12])
def test_a_small_customer_that_is_not_served_beside_a_large_one(large):
    """A hundredth of a unit beside millions: nothing of the total, and all that the customer asked for."""
    solution = solved({"sites": table({"site": "P", "kind": "plant"}), "rates": rates(P_G=1, P_H=1),
                       "customers": table({"customer": "G"}, {"customer": "H"}),
                       "demand": table({"customer": "G", "quantity": large}, {"customer": "H", "quantity": 0.01})})
    recheck(solution)
    with pytest.raises(cts.SolverError, match="delivered and unserved of H/goods/year differ from its demand"):
        recheck(spoilt(solution, "flows", lambda f: f[f["customer"] != "H"]))
