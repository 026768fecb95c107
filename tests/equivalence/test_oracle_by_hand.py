"""The oracle, and ctsopt, against figures worked out by hand (the working stands in each docstring)."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import ctsopt as cts
from tests.oracle import LINES, OracleResult
from tests.oracle import optimum as optimum_of_the_oracle
from tests.oracle_ways import probability

NORMAL_95, NORMAL_60 = 1.6448536269514722, 0.2533471031357997  # standard normal quantiles, any statistical table


def optimum_of_ctsopt(tables: dict, settings: dict | None = None) -> OracleResult:
    """The answer of ctsopt in the shape of the oracle's."""
    try:
        sol = cts.solve(cts.network({**tables, "settings": settings or {}}), gap=0, abs_gap=1e-6)
    except cts.InfeasibleError:
        return OracleResult(math.nan, {}, (), "infeasible")
    except cts.DataError as error:
        if {f.rule for f in error.findings.errors} <= {"no_usable_site", "unreachable_customer", "demand_above_supply"}:
            return OracleResult(math.nan, {}, (), "infeasible")
        raise
    by_line = dict.fromkeys(LINES, 0.0) | sol.costs.set_index("line")["amount"].to_dict()
    opened = tuple(sorted(sol.sites.loc[sol.sites["open"] > 0, "site"]))
    return OracleResult(sol.total_cost, by_line, opened, "optimal", sol.flows)


@pytest.fixture(params=[optimum_of_the_oracle, optimum_of_ctsopt], ids=["oracle", "ctsopt"])
def optimum(request):
    """The function under test."""
    return request.param


def table(*rows: dict) -> pd.DataFrame:
    return pd.DataFrame(list(rows))


FREE = table({"per_unit": 0})


def chain(**tables: pd.DataFrame) -> dict:
    """Plant P, customer C, 100 units, one lane of 10 km; the tables given are added or take the place of these."""
    return {"sites": table({"site": "P", "kind": "plant"}), "customers": table({"customer": "C"}),
            "demand": table({"customer": "C", "quantity": 100}),
            "lanes": table({"origin": "P", "destination": "C", "distance": 10})} | tables


def lines(result: OracleResult) -> dict[str, float]:
    """The cost lines that are not 0."""
    assert result.status == "optimal"
    assert sum(result.by_line.values()) == pytest.approx(result.total, rel=1e-9, abs=1e-9)
    return {line: amount for line, amount in result.by_line.items() if abs(amount) > 1e-9}


def test_bare_tables_take_every_default(optimum):
    """100 units x 2 per unit by the only mode, which only `rates` names; goods, year and standard are implied."""
    tables = chain(rates=table({"origin": "P", "destination": "C", "per_unit": "2"}))
    del tables["lanes"]
    tables["sites"] = table({"site": "P", "kind": "plant", "latitude": 0, "longitude": 0})
    tables["customers"] = table({"customer": "C", "latitude": 0, "longitude": 1})
    assert lines(optimum(tables)) == pytest.approx({"last_mile": 200})


@pytest.mark.parametrize(("unit", "length"), [("km", 111.195080), ("mi", 69.093419)])
def test_great_circle_times_circuity(optimum, unit, length):
    """One degree of the equator is 6371.0088 x pi / 180 = 111.195080 km = 69.093419 mi (/ 1.609344); x 1.5, 1 kg a
    unit, 0.1 per kg and distance, 100 units."""
    tables = chain(sites=table({"site": "P", "kind": "plant", "latitude": 0, "longitude": 0}),
                   customers=table({"customer": "C", "latitude": 0, "longitude": 1}),
                   lanes=table({"origin": "P", "destination": "C"}),
                   modes=table({"mode": "truck", "per_weight_distance": 0.1}))
    result = optimum(tables, {"circuity": 1.5, "distance_unit": unit})
    assert result.total == pytest.approx(100 * 0.1 * 1.5 * length, rel=1e-7)


def two_modes(form: str) -> dict:
    """Parcel P = 0.95 at 8, LTL P = 0.60 at 3, both normal within 3 days; one unit; 80 % on time."""
    modes = table(
        {"mode": "parcel", "fixed_time": 3 - NORMAL_95 * 0.5, "transit_cv": 0.5 / (3 - NORMAL_95 * 0.5),
         "transit_distribution": "normal", "per_weight": 8},
        {"mode": "ltl", "fixed_time": 3 - NORMAL_60 * 1.0, "transit_cv": 1 / (3 - NORMAL_60),
         "transit_distribution": "normal", "per_weight": 3})
    promise = {"tier": "gold", "lead_time": 3, "on_time_form": form, "reliability": 0.94, "on_time_share": 0.8}
    return chain(modes=modes, tiers=table({"tier": "gold"}), promises=table(promise),
                 demand=table({"customer": "C", "quantity": 1}))


def test_on_time_expected(optimum):
    """0.95 y + 0.60 (1 - y) = 0.80 gives y = 0.2 / 0.35 = 0.571429; cost 3 + 5 y = 5.857143."""
    result = optimum(two_modes("share_expected"))
    assert result.total == pytest.approx(5.857143, abs=5e-7)
    share = result.flows.set_index("mode_out").quantity
    assert share.to_dict() == pytest.approx({"parcel": 0.571429, "ltl": 0.428571}, abs=5e-7)


def test_on_time_certain(optimum):
    """Only parcel counts (0.95 >= 0.94): 80 % by parcel, 0.8 x 8 + 0.2 x 3 = 7."""
    assert optimum(two_modes("share_certain")).total == pytest.approx(7.0, rel=1e-9)


def test_on_time_of_each_order(optimum):
    """LTL (0.60) may not be used at all: 8."""
    assert optimum(two_modes("each_order")).total == pytest.approx(8.0, rel=1e-9)


def test_two_legs_add_up_to_a_lognormal(optimum):
    """Means 1 and 2, deviations 0.3 and 0.4: mean 3, deviation 0.5. Lead time 4 less 0.3 at the plant and 0.2 at the
    dock leaves 3.5 days. s^2 = ln(1 + 0.25 / 9) = 0.0273990, mu = ln 3 - s^2 / 2 = 1.0849128,
    z = (1.2527630 - 1.0849128) / 0.1655264 = 1.014039, P = 0.844718. A sure direct way costs 9, the dock 1 + 2 = 3:
    0.9 on time needs a share (0.9 - P) / (1 - P) = 0.356008 of the sure way; cost of 100 units 300 + 600 x 0.356008."""
    p = 0.844718
    tables = chain(
        sites=table({"site": "P", "kind": "plant", "processing_time": None},
                    {"site": "X", "kind": "crossdock", "processing_time": 0.2}),
        modes=table({"mode": "rail", "serves": "moves", "fixed_time": 1, "transit_cv": 0.3, "per_weight": 1,
                     "transit_distribution": "normal"},
                    {"mode": "van", "serves": "deliveries", "fixed_time": 2, "transit_cv": 0.2, "per_weight": 2},
                    {"mode": "air", "serves": "deliveries", "fixed_time": 3.7, "per_weight": 9}),
        lanes=table({"origin": "P", "destination": "X", "mode": "*", "distance": 1},
                    {"origin": "X", "destination": "C", "mode": "van", "distance": 1},
                    {"origin": "P", "destination": "C", "mode": "air", "distance": 1}),
        tiers=table({"tier": "gold"}),
        promises=table({"tier": "gold", "lead_time": 4, "on_time_form": "share_expected", "on_time_share": 0.9}))
    result = optimum(tables, {"processing_time": 0.3})
    share = (0.9 - p) / (1 - p)
    assert result.total == pytest.approx(300 + 600 * share, rel=1e-5)
    assert result.by_line["line_haul"] == pytest.approx(100 * (1 - share), rel=1e-5)
    assert result.flows.set_index("mode_out").on_time["van"] == pytest.approx(p, abs=1e-6)


@pytest.mark.parametrize(("distribution", "p"), [
    ("gamma", 1 - 3 * math.exp(-2)),  # mean 2, sd sqrt 2: shape 2, scale 1, P(X <= 2) = 1 - 3 / e^2
    ("normal", 0.5),  # the mean of a normal is its median
    ("lognormal", 0.624902),  # s^2 = ln 1.5; P(X <= mean) = Phi(s / 2) = Phi(0.318381) = (1 + erf(0.225129)) / 2
])
def test_probability(distribution, p):
    """P that a transit of mean 2 and deviation sqrt 2 takes at most 2 days."""
    assert probability(2.0, math.sqrt(2), distribution, 2.0) == pytest.approx(p, abs=5e-6)


def test_minimum_charge_over_a_profile(optimum):
    """Drops of 1, 10, 40 units of 2 kg at 1.5 a kg, minimum 20: 20, 30, 120. Shares 0.5, 0.3, 0.2: 10 + 9 + 24 = 43 a
    drop, of 0.5 + 3 + 8 = 11.5 units; with 10 % fuel 47.3 / 11.5 a unit. (An average drop would give 3.3.)"""
    tables = chain(
        products=table({"product": "bolt", "weight": 2}),
        modes=table({"mode": "ltl", "per_weight": 1.5, "minimum_charge": 20, "fuel_surcharge": 0.1}),
        order_profiles=table(*({"profile": "mixed", "size": s, "share": f} for s, f in ((1, .5), (10, .3), (40, .2)))),
        demand=table({"customer": "C", "quantity": 100, "profile": "mixed"}))
    assert lines(optimum(tables)) == pytest.approx({"last_mile": 100 * 47.3 / 11.5})


@pytest.mark.parametrize(("size", "next_break", "unit_cost"), [
    (40, "no", 1.0),  # 40 kg in the first break: 40 x 1.0
    (90, "no", 1.0),  # 90 x 1.0
    (90, "yes", 60 / 90),  # billed as 100 kg at 0.6: 60
    (50, "yes", 1.0),  # 50 is less than 60
    (120, "yes", 0.6),
])
def test_weight_breaks(optimum, size, next_break, unit_cost):
    """Breaks at 0 kg (1.0 a kg) and 100 kg (0.6 a kg), one kg a unit."""
    rates = table(*({"origin": "P", "from_weight": w, "per_weight": r} for w, r in ((0, 1.0), (100, 0.6))))
    tables = chain(rates=rates, modes=table({"mode": "ltl", "bill_next_break": next_break, "per_shipment": 999}),
                   demand=table({"customer": "C", "quantity": 100, "order_size": size}))
    assert optimum(tables).total == pytest.approx(100 * unit_cost)


@pytest.mark.parametrize(("dropped", "rate"), [
    ((), 7), ((7,), 6), ((7, 6), 5), ((7, 6, 5), 4), ((7, 6, 5, 4), 3), ((7, 6, 5, 4, 3), 2),
    ((7, 6, 5, 4, 3, 2), 0.5)])
def test_the_most_specific_rate_wins(optimum, dropped, rate):
    """Every row matches the lane; names count 2, zones 1: rows of 8, 5, 4, 3, 2, 1 points, then the mode's tariff.

    The band from 10 km on holds for a lane of 10 km, not the band from 11 km on."""
    rows = {7: ("P", "C", "truck", "goods"), 6: ("P", "C", "*", "*"), 5: ("north", "*", "truck", "*"),
            4: ("north", "south", "*", "*"), 3: ("*", "south", "*", "*"), 2: ("*", "*", "*", "*")}
    kept = [dict(zip(("origin", "destination", "mode", "product"), names, strict=True))
            | {"from_distance": start, "per_unit": amount}
            for amount0, names in rows.items() if amount0 not in dropped
            for start, amount in ((0, 70), (10, amount0), (11, 80))]
    tables = chain(sites=table({"site": "P", "kind": "plant", "zone": "north"}),
                   customers=table({"customer": "C", "zone": "south"}),
                   modes=table({"mode": "truck", "per_weight": 0.5}))
    if kept:
        tables["rates"] = pd.DataFrame(kept)
    assert optimum(tables).total == pytest.approx(100 * rate)


def test_full_loads_and_own_vehicle(optimum):
    """Move: a load is 0.8 x min(1000 / 2 kg, 10 / 0.01 m3) = 400 units; 5 a km x 300 km = 1500 a load, 3.75 a unit.
    Delivery: the van states no load, so a drop of 20 units is a van of 1 a km x 30 km = 30: 1.5 a unit."""
    tables = chain(
        products=table({"product": "bolt", "weight": 2, "volume": 0.01}),
        sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
        modes=table({"mode": "truck", "serves": "moves", "per_distance": 5, "load_weight": 1000, "load_volume": 10,
                     "load_factor": 0.8},
                    {"mode": "van", "serves": "deliveries", "per_distance": 1}),
        lanes=table({"origin": "P", "destination": "D", "mode": "", "distance": 300},
                    {"origin": "D", "destination": "C", "mode": "", "distance": 30}),
        demand=table({"customer": "C", "quantity": 100, "order_size": 20}))
    assert lines(optimum(tables)) == pytest.approx({"line_haul": 375, "last_mile": 150})


def test_capital_recovery(optimum):
    """CRF of 8 % over 5 years = 0.08 / (1 - 1.08^-5) = 0.250456. Half a year: a candidate for 1000 and 400 a year costs
    (250.456 + 400) / 2; closing the open site for 200 costs 25.0456 and saves 2000 / 2."""
    tables = chain(
        rates=FREE, periods=table({"period": "H1", "days": 182.5}),
        sites=table({"site": "P", "kind": "plant", "status": "open", "may_close": "yes", "fixed_cost": 2000,
                     "closing_cost": 200},
                    {"site": "Q", "kind": "plant", "status": "candidate", "fixed_cost": 400, "opening_cost": 1000}),
        lanes=table({"origin": "P", "destination": "C", "distance": 10},
                    {"origin": "Q", "destination": "C", "distance": 10}))
    result = optimum(tables, {"discount_rate": 0.08, "life": 5})
    assert result.open_sites == ("Q",)
    assert lines(result) == pytest.approx({"site_fixed": 200, "site_opening": 125.228, "site_closing": 25.0456},
                                          rel=1e-5)
    tables["contracts"] = table({"contract": "both", "kind": "sites_in_group", "group": "*", "limit": "exactly",
                                 "quantity": 2})
    assert optimum(tables, {"life": 5}).total == pytest.approx(1000 + 200 + 125.228, rel=1e-5)


def dock_twice() -> dict:
    """P to D over dock X and from D back over X to C: D stocks, so only that keeps a lead time of 1 day."""
    sites = table({"site": "P", "kind": "plant", "handling_out": 0.1, "handling_in": 90},
                  {"site": "X", "kind": "crossdock", "handling_in": 0.2, "handling_out": 0.3, "capacity_unit": "kg",
                   "status": "candidate", "fixed_cost": 50},
                  {"site": "D", "kind": "dc", "handling_in": 4, "handling_out": 5, "capacity_unit": "pallets"})
    return chain(
        sites=sites, products=table({"product": "bolt", "weight": 2, "pallet_units": 40}),
        lanes=table({"origin": "P", "destination": "X", "mode": "slow", "distance": 1},
                    {"origin": "X", "destination": "D", "mode": "fast", "distance": 1},
                    {"origin": "D", "destination": "X", "mode": "fast", "distance": 1},
                    {"origin": "X", "destination": "C", "mode": "fast", "distance": 1}),
        modes=table({"mode": "slow", "fixed_time": 2, "per_weight": 0.5}, {"mode": "fast", "per_weight": 0.25}),
        tiers=table({"tier": "gold"}), promises=table({"tier": "gold", "lead_time": 1}))


def test_ways_over_a_dock(optimum):
    """A unit (2 kg, 1/40 pallet): move 1.0 + 0.5, delivery 0.5 + 0.5; out of P 0.1, out of D 5 / 40, X twice 0.6;
    into D 4 / 40, X twice 0.4. Fixed 50. Without the promise P delivers over X: 1.0 and 0.5, out 0.1 + 0.6, in 0.4."""
    tables = dock_twice()
    assert lines(optimum(tables)) == pytest.approx(
        {"line_haul": 200, "last_mile": 50, "handling_out": 10 + 12.5 + 120, "handling_in": 10 + 80, "site_fixed": 50})
    del tables["promises"]
    assert lines(optimum(tables)) == pytest.approx(
        {"line_haul": 100, "last_mile": 50, "handling_out": 70, "handling_in": 40, "site_fixed": 50})


def test_capacity_counts_every_passing(optimum):
    """Each unit passes X twice at 2 kg: 400 kg of throughput serve 100 units, 399 kg do not."""
    tables = dock_twice()
    tables["sites"]["capacity"] = [math.nan, 400, math.nan]
    assert optimum(tables).status == "optimal"
    tables["sites"]["capacity"] = [math.nan, 399, math.nan]
    assert optimum(tables).status == "infeasible"


def test_yearly_figures_in_unequal_periods(optimum):
    """73 and 292 days: a plant of 1000 a year makes 200 and 800. Cheap P (1 a unit) is full in the first period: 50 of
    250 come from supplier S at 3; in the second P makes all 100."""
    tables = chain(
        rates=FREE, periods=table({"period": "a", "days": 73}, {"period": "b", "days": 292}),
        sites=table({"site": "P", "kind": "plant"}, {"site": "S", "kind": "supplier"}),
        site_products=table({"site": "P", "make_cost": 1, "make_capacity": 1000}, {"site": "S", "make_cost": 3}),
        demand=table(*({"customer": "C", "period": t, "quantity": q} for t, q in (("a", 250), ("b", 100)))),
        lanes=table(*({"origin": s, "destination": "C", "distance": 1} for s in "PS")))
    assert lines(optimum(tables)) == pytest.approx({"production": 300, "procurement": 150})


def shortage(per: str, each: float) -> dict:
    """Customers A (60 units at 10) and B (40 at 2) of one tier, two periods of equal demand; shortage costs 5."""
    return {"sites": table({"site": "P", "kind": "plant"}), "customers": table({"customer": "A"}, {"customer": "B"}),
            "periods": table({"period": "1", "days": 100}, {"period": "2", "days": 100}),
            "tiers": table({"tier": "t", "shortage_cost": 5}),
            "promises": table({"tier": "t", "served_fraction": 0.7, "served_fraction_each": each, "per": per}),
            "rates": table({"destination": "A", "per_unit": 10}, {"destination": "B", "per_unit": 2}),
            "lanes": table(*({"origin": "P", "destination": c, "distance": 1} for c in "AB")),
            "demand": table(*({"customer": c, "period": t, "quantity": q} for c, t, q in (
                ("A", "1", 60), ("B", "1", 40), ("A", "2", 20), ("B", "2", 80))))}


@pytest.mark.parametrize(("per", "each", "short"), [
    ("horizon", 0.0, 60),  # 30 % of 200
    ("period", 0.0, 50),  # 30 of the first 100; all 20 of A in the second (B is cheaper to serve than to leave)
    ("horizon", 0.5, 40),  # half of A's 80
    ("period", 0.5, 40),  # 30 + 10
])
def test_served_fractions(optimum, per, each, short):
    """All served costs 80 x 10 + 120 x 2 = 1040; each unit of A left out saves 10 and costs 5."""
    result = optimum(shortage(per, each))
    assert lines(result) == pytest.approx({"last_mile": 1040 - 10 * short, "shortage": 5 * short})


def test_a_star_promise_covers_the_other_classes_together(optimum):
    """Classes x (10 units) and y (30) fall under `*`, z has its own row: 25 % of 40 may be missed, all 10 of x (which
    costs 9, y 6) go; z, 5 units at 4, is served in full. 30 x 6 + 5 x 4 = 200, shortage 10."""
    tables = chain(
        products=table(*({"product": p, "product_class": p} for p in "xyz")),
        tiers=table({"tier": "t", "shortage_cost": 1}),
        promises=table({"tier": "t", "product_class": None, "served_fraction": 0.75},
                       {"tier": "t", "product_class": "z"}),
        rates=table(*({"product": p, "per_unit": r} for p, r in zip("xyz", (9, 6, 4), strict=True))),
        demand=table(*({"customer": "C", "product": p, "quantity": q} for p, q in (("x", 10), ("y", 30), ("z", 5)))))
    assert lines(optimum(tables)) == pytest.approx({"last_mile": 200, "shortage": 10})


@pytest.mark.parametrize(("single", "cost"), [("no", 120 + 2 * 20), ("product", 100 + 2 * 40), ("customer", 2 * 140)])
def test_single_source(optimum, single, cost):
    """P can send 120 at 1, Q anything at 2; C wants 100 of x in two periods of 50 and 40 of y.

    Split: 120 at 1, 20 at 2. By product: x (100) or y (40) from P, not both: x from P 100 + 80. By customer: 140 > 120,
    so all from Q."""
    tables = chain(
        periods=table({"period": "1", "days": 182.5}, {"period": "2", "days": 182.5}),
        products=table({"product": "x"}, {"product": "y"}),
        customers=table({"customer": "C", "single_source": single}),
        sites=table({"site": "P", "kind": "plant", "capacity": 120}, {"site": "Q", "kind": "plant"}),
        lanes=table(*({"origin": s, "destination": "C", "distance": 1} for s in "PQ")),
        rates=table({"origin": "P", "per_unit": 1}, {"origin": "Q", "per_unit": 2}),
        demand=table(*({"customer": "C", "product": p, "period": t, "quantity": q}
                       for p, q in (("x", 50), ("y", 20)) for t in "12")))
    assert optimum(tables).total == pytest.approx(cost)


@pytest.mark.parametrize(("lead_time", "cost"), [(4.5, 100), (3.9, 300)])
def test_make_to_order(optimum, lead_time, cost):
    """P makes to order in 3 days and takes 1 day at 1 a unit; Q has stock at 3 a unit. Nothing is moved to P."""
    tables = chain(
        sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"}),
        site_products=table({"site": "P", "make_days": 3, "can_stock": False}, {"site": "Q"}),
        lanes=table(*({"origin": s, "destination": "C", "distance": 1} for s in "PQ"),
                    {"origin": "Q", "destination": "P", "distance": 1}),
        rates=table({"origin": "P", "per_unit": 1, "transit_time": 1}, {"origin": "Q", "per_unit": 3}),
        tiers=table({"tier": "t"}), promises=table({"tier": "t", "lead_time": lead_time}))
    assert optimum(tables).total == pytest.approx(cost)


def test_a_closed_lane_and_the_modes_of_a_tier(optimum):
    """Air (1 a unit) is not in the tier's modes, road (2) is closed by name, rail (3) is open by `*`: 300. With `*`
    closed and road open by name: 200."""
    modes = table(*({"mode": m, "per_weight": c} for m, c in (("air", 1), ("road", 2), ("rail", 3))))
    tables = chain(modes=modes, tiers=table({"tier": "t", "modes": "road|rail"}))
    row = {"origin": "P", "destination": "C", "distance": 5}
    tables["lanes"] = table(row | {"mode": "*"}, row | {"mode": "road", "status": "closed"})
    assert optimum(tables).total == pytest.approx(300)
    tables["lanes"] = table(row | {"mode": "*", "status": "closed"}, row | {"mode": "road"})
    assert optimum(tables).total == pytest.approx(200)


def test_open_lanes(optimum):
    """P (0, 0), D (0, 1), C (0, 2), one degree 111.195 km, circuity 1, 0.01 per kg and km. To C over D for 1.11195 and
    the rate out of D, 0.1 a unit; from D to E there is no lane. P itself, to C for 2.2239 a unit, delivers only where
    that is said: then D is used while its rate stays below 1.11195."""
    tables = {
        "sites": table(*({"site": s, "kind": k, "latitude": 0, "longitude": x}
                         for s, k, x in (("P", "plant", 0), ("D", "dc", 1), ("E", "dc", 1.5)))),
        "customers": table({"customer": "C", "latitude": 0, "longitude": 2}),
        "modes": table({"mode": "truck", "per_weight_distance": 0.01}),
        "rates": table({"origin": "D", "per_unit": 0.1}, {"origin": "E", "per_unit": 0.01}),
        "demand": table({"customer": "C", "quantity": 100})}
    result = optimum(tables, {"open_lanes": "all", "circuity": 1.0})
    assert lines(result) == pytest.approx({"line_haul": 111.195080, "last_mile": 10}, rel=1e-7)
    del tables["rates"]
    tables["sites"] = tables["sites"].iloc[:2].assign(handling_out=[0, 0.5])
    through_d = {"line_haul": 111.195080, "handling_out": 50, "last_mile": 111.195080}
    for word in ("all", "tiered"):
        assert lines(optimum(tables, {"open_lanes": word, "circuity": 1.0})) == pytest.approx(through_d, rel=1e-7)
    tables["sites"]["delivers"] = ["yes", None]  # past the handling of D
    result = optimum(tables, {"open_lanes": "all", "circuity": 1.0})
    assert lines(result) == pytest.approx({"last_mile": 222.390160}, rel=1e-7)


def test_a_closed_site_and_a_barred_candidate_have_no_ways(optimum):
    """P is closed, Q may not open: nothing reaches C, whose demand must be served."""
    tables = chain(
        rates=FREE,
        sites=table({"site": "P", "kind": "plant", "status": "closed", "fixed_cost": 7},
                    {"site": "Q", "kind": "plant", "status": "candidate", "may_open": "no"}),
        lanes=table(*({"origin": s, "destination": "C", "distance": 1} for s in "PQ")))
    assert optimum(tables).status == "infeasible"


def test_a_product_without_room_needs_an_open_site(optimum):
    """Capacity in m3 and a product of no volume: the site must still be open (50) to be used."""
    tables = chain(rates=FREE, sites=table({"site": "P", "kind": "plant", "status": "candidate", "fixed_cost": 50,
                                            "capacity_unit": "m3", "capacity": 1, "handling_out": 9}))
    assert lines(optimum(tables)) == pytest.approx({"site_fixed": 50})


@pytest.mark.parametrize(("each", "feasible"), [(0.6, True), (0.61, False)])
def test_a_product_out_of_reach_may_be_what_a_customer_goes_without(optimum, each, feasible):
    """C wants 60 x and 40 y; only Q makes y and has no lane: 60 % can be served, 40 go at a penalty
    of 2. With F's 100, 80 % of the tier is served."""
    tables = chain(tiers=table({"tier": "gold", "shortage_cost": 2}), rates=FREE,
                   products=table({"product": "x"}, {"product": "y"}),
                   sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"}),
                   promises=table({"tier": "gold", "served_fraction": 0.7, "served_fraction_each": each}),
                   demand=table({"customer": "C", "product": "x", "quantity": 60},
                                {"customer": "C", "product": "y", "quantity": 40},
                                {"customer": "F", "product": "x", "quantity": 100}),
                   customers=table({"customer": "C"}, {"customer": "F"}),
                   lanes=table(*({"origin": "P", "destination": c, "distance": 1} for c in "CF")))
    tables["site_products"] = table({"site": "P", "product": "x"}, {"site": "Q", "product": "y"})
    result = optimum(tables)
    assert lines(result) == pytest.approx({"shortage": 80}) if feasible else result.status == "infeasible"
