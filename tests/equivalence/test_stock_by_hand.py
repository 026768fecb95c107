"""Stock over periods: the oracle and ctsopt against figures worked out by hand (in each docstring)."""

from __future__ import annotations

import pytest

from tests.equivalence.test_oracle_by_hand import FREE, chain, lines, optimum, table

__all__ = ["optimum"]  # the fixture: the oracle, and ctsopt

HALVES = table({"period": "low", "days": 182.5}, {"period": "high", "days": 182.5})


def season(low: float, high: float, **tables: object) -> dict:
    """Plant P makes at most 200 a year, 100 in each half, at 1 a unit; C wants so much in the low and the high half.

    A unit is worth 10 and costs 20 % of it a year to hold.
    """
    return chain(periods=HALVES, rates=FREE, products=table({"product": "x", "unit_value": 10, "holding_rate": 0.2}),
                 site_products=table({"site": "P", "product": "x", "make_cost": 1.0, "make_capacity": 200}),
                 demand=table({"customer": "C", "period": "low", "quantity": low},
                              {"customer": "C", "period": "high", "quantity": high})) | tables


def test_built_up_before_the_season(optimum):
    """100 can be made in each half; 40 and 130 are wanted, so 30 are made early. In each half the mean stock is 15,
    half a year of 10 x 0.2: 2 x 15 x 0.5 x 2 = 30. The 170 are made at 1 each."""
    assert lines(optimum(season(40, 130))) == pytest.approx({"production": 170, "carried_stock": 30})


def test_nothing_is_carried_where_the_pace_is_enough(optimum):
    assert lines(optimum(season(100, 100))) == pytest.approx({"production": 200})


def test_stock_is_not_carried_back(optimum):
    """130 are wanted in the first half and 100 can be made by then: there is no plan, though 170 of 200 are wanted."""
    assert optimum(season(130, 40)).status == "infeasible"


def test_more_than_can_be_made_by_then(optimum):
    """80 + 121 are wanted, 200 can be made. One less, and 80 + 20 are made early: mean 10 and 10, 20 of cost."""
    assert optimum(season(80, 121)).status == "infeasible"
    assert lines(optimum(season(80, 120))) == pytest.approx({"production": 200, "carried_stock": 20})


def test_the_network_holds_at_its_own_rate(optimum):
    """The product states no rate: the setting's 0.4 doubles the 30. Where it states 0, stock costs nothing."""
    tables = season(40, 130, products=table({"product": "x", "unit_value": 10}))
    assert lines(optimum(tables, {"holding_rate": 0.4})) == pytest.approx({"production": 170, "carried_stock": 60})
    tables["products"]["holding_rate"] = 0
    assert lines(optimum(tables, {"holding_rate": 0.4})) == pytest.approx({"production": 170})


def test_over_three_unequal_periods(optimum):
    """73, 146 and 146 days: 100, 200 and 200 can be made (500 a year). 60, 230 and 200 are wanted, so 30 lie at the end
    of the first period. (0 + 30) / 2 for 0.2 years and (30 + 0) / 2 for 0.4 years: 3 + 6 = 9, at 2 a year: 18."""
    tables = season(0, 0, periods=table(*({"period": t, "days": d} for t, d in (("a", 73), ("b", 146), ("c", 146)))),
                    demand=table(*({"customer": "C", "period": t, "quantity": q}
                                   for t, q in (("a", 60), ("b", 230), ("c", 200)))))
    tables["site_products"]["make_capacity"] = 500
    assert lines(optimum(tables)) == pytest.approx({"production": 490, "carried_stock": 18})


def test_stock_pays_where_a_cheap_source_is_small(optimum):
    """Q makes as much as is wanted, at 5. P's 60 spare units of the low half cost 1 + 2 x 0.5 x 0.5 x 2 = 2 to make and
    hold: they take the place of 60 of the 90 that Q would make. P makes 200, Q 30."""
    tables = season(40, 190, sites=table({"site": "P", "kind": "plant"}, {"site": "Q", "kind": "plant"}),
                    lanes=table(*({"origin": s, "destination": "C", "distance": 1} for s in "PQ")))
    listed = {"site": "Q", "product": "x", "make_cost": 5.0}
    tables["site_products"] = table(*tables["site_products"].to_dict("records"), listed)
    assert lines(optimum(tables)) == pytest.approx({"production": 200 + 150, "carried_stock": 60})
    tables["site_products"].loc[1, "make_cost"] = 1.9  # now holding costs more than it saves
    assert lines(optimum(tables)) == pytest.approx({"production": 140 + 90 * 1.9})


@pytest.mark.parametrize(("storage", "carried"), [(None, 60), (60, 60), (45, 45), (0, 0)])
def test_storage_bounds_what_is_built_up(optimum, storage, carried):
    """As above, with room for so much at P: each unit carried costs 2 in place of 5."""
    tables = season(40, 190, sites=table({"site": "P", "kind": "plant", "storage_capacity": storage},
                                         {"site": "Q", "kind": "plant", "storage_capacity": 0}),
                    lanes=table(*({"origin": s, "destination": "C", "distance": 1} for s in "PQ")))
    listed = {"site": "Q", "product": "x", "make_cost": 5.0}
    tables["site_products"] = table(*tables["site_products"].to_dict("records"), listed)
    expected = {"production": 140 + carried + (90 - carried) * 5, "carried_stock": carried}
    assert lines(optimum(tables)) == pytest.approx({k: v for k, v in expected.items() if v})


@pytest.mark.parametrize(("unit", "room", "early"), [("kg", 90, (10, 20)), ("m3", 6, (15, 15)), ("units", 25, None)])
def test_two_products_share_a_store(optimum, unit, room, early):
    """Of x (1 kg, 0.3 m3) and y (4 kg, 0.1 m3), each made at a pace of 100 a half, 100 + e and 100 + f are wanted in
    the high half: e = 10 and f = 20 weigh 90 kg, e = f = 15 fill 6 m3. 15 + 11 do not fit into 25 units. A unit of x
    costs 0.5 x 2 x 0.5 to hold in each half, one of y twice that."""
    e, f = early or (15, 11)
    tables = season(0, 0, sites=table({"site": "P", "kind": "plant", "capacity_unit": unit, "storage_capacity": room}),
                    products=table({"product": "x", "weight": 1, "volume": 0.3, "unit_value": 10, "holding_rate": 0.2},
                                   {"product": "y", "weight": 4, "volume": 0.1, "unit_value": 20, "holding_rate": 0.2}),
                    site_products=table(*({"site": "P", "product": p, "make_capacity": 200} for p in "xy")),
                    demand=table(*({"customer": "C", "product": p, "period": "high", "quantity": 100.0 + q}
                                   for p, q in (("x", e), ("y", f)))))
    result = optimum(tables)
    if early is None:
        assert result.status == "infeasible"
        return
    assert lines(result) == pytest.approx({"carried_stock": e + 2 * f})
    tables["demand"].loc[0, "quantity"] += 0.5
    assert optimum(tables).status == "infeasible"


def stocked(ending: str, low: float, high: float, **columns: object) -> dict:
    """`season` with 40 units in stock at P when the first half begins."""
    tables = season(low, high)
    tables["site_products"] = tables["site_products"].assign(opening_stock=40, ending=ending)
    tables["products"] = tables["products"].assign(**columns)
    return tables


@pytest.mark.parametrize(("ending", "value", "expected"), [
    ("same", 10, {"production": 80, "carried_stock": 40}),
    ("free", 10, {"production": 40, "carried_stock": 20}),
    ("value", 2, {"production": 80, "carried_stock": 8}),
    ("value", 1, {"production": 40, "carried_stock": 2, "stock_change": 40}),
])
def test_what_is_left_at_the_end(optimum, ending, value, expected):
    """40 are there, 40 are wanted in each half. The low half is served from stock, so that the mean is 20 in it.

    In the high half 80 are made where 40 are to be left: its mean is 20, too. 0.2 x 10 for half a year of 20 + 20 is
    40; where nothing is left, 40 are made and 20 is the cost of holding. Of a value v: used up, 40 + 40 v + 2 v;
    replaced, 80 + 4 v. That is 82 against 84 for 1, 124 against 88 for 2.
    """
    assert lines(optimum(stocked(ending, 40, 40, unit_value=value))) == pytest.approx(expected)


@pytest.mark.parametrize(("ending", "expected"), [
    ("free", {"production": 130, "carried_stock": 20}),
    ("same", {"production": 170, "carried_stock": 40}),
])
def test_a_season_at_once_is_served_from_opening_stock(optimum, ending, expected):
    """130 in the first half: 40 from stock, 90 made. 40 in the second, and 40 to be left where `same`."""
    assert lines(optimum(stocked(ending, 130, 40))) == pytest.approx(expected)


def test_no_more_may_be_left_than_there_was(optimum):
    """A contract takes at least 60 from P in each half, 40 and 40 are wanted: what is left over has no place to go."""
    tables = stocked("free", 40, 40)
    tables["sites"] = tables["sites"].assign(min_throughput=120)
    assert optimum(tables).status == "infeasible"


def leftover(fixed: float, ending: str, **columns: object) -> dict:
    """A dc D with 40 units, which nothing supplies; P delivers at 1 a unit, D free. C wants 40 in the year.

    A unit is worth 10 and costs 5 % of it to hold: 20 on average for a year cost 10, 40 cost 20.
    """
    return chain(sites=table({"site": "P", "kind": "plant"},
                             {"site": "D", "kind": "dc", "fixed_cost": fixed, **columns}),
                 products=table({"product": "x", "unit_value": 10, "holding_rate": 0.05}),
                 site_products=table({"site": "P", "product": "x"},
                                     {"site": "D", "product": "x", "opening_stock": 40, "ending": ending}),
                 rates=table({"per_unit": 0}, {"origin": "P", "per_unit": 1}),
                 demand=table({"customer": "C", "quantity": 40}),
                 lanes=table(*({"origin": s, "destination": "C", "distance": 1} for s in "PD")))


@pytest.mark.parametrize(("fixed", "ending", "may_close", "expected", "sites"), [
    (20, "free", "yes", {"site_fixed": 20, "carried_stock": 10}, ("D", "P")),  # 30 against 40 from P
    (35, "free", "yes", {"last_mile": 40}, ("P",)),  # 45 against 40: closed, and its stock is not the plan's
    (35, "free", "no", {"site_fixed": 35, "carried_stock": 10}, ("D", "P")),
    (20, "same", "yes", {"last_mile": 40}, ("P",)),  # what is used cannot be replaced: of no use
    (20, "same", "no", {"site_fixed": 20, "carried_stock": 20, "last_mile": 40}, ("D", "P")),
])
def test_a_site_is_closed_with_its_stock(optimum, fixed, ending, may_close, expected, sites):
    result = optimum(leftover(fixed, ending, may_close=may_close))
    assert lines(result) == pytest.approx(expected)
    assert result.open_sites == sites


def test_a_customer_whom_only_opening_stock_can_reach(optimum):
    """Without P's lane, D serves C with what it has: 40, not 41."""
    tables = leftover(0, "free")
    tables["lanes"] = tables["lanes"].iloc[1:]
    assert lines(optimum(tables)) == pytest.approx({"carried_stock": 10})
    tables["demand"]["quantity"] = 41
    assert optimum(tables).status == "infeasible"


@pytest.mark.parametrize(("at_d", "at_e", "feasible"), [(5, 25, True), (4, 25, False), (30, 19, False), (10, 20, True)])
def test_a_chain_of_dcs(optimum, at_d, at_e, feasible):
    """P keeps nothing; 30 must be made early, as above, and lie at D or at E. D can send 110 in a half, and 130 are
    wanted in the high one: 20 must lie at E. 170 at 1 + 1 for P-D and D-E."""
    sites = table({"site": "P", "kind": "plant", "storage_capacity": 0},
                  {"site": "D", "kind": "dc", "storage_capacity": at_d, "capacity": 220},
                  {"site": "E", "kind": "dc", "storage_capacity": at_e})
    tables = season(40, 130, sites=sites, rates=table({"per_unit": 1}, {"origin": "E", "per_unit": 0}),
                    lanes=table(*({"origin": o, "destination": d, "distance": 1} for o, d in ("PD", "DE", "EC"))))
    result = optimum(tables)
    if feasible:
        assert lines(result) == pytest.approx({"production": 170, "carried_stock": 30, "line_haul": 340})
    else:
        assert result.status == "infeasible"


def test_what_is_made_to_order_is_not_carried(optimum):
    tables = season(40, 130)
    tables["site_products"]["can_stock"] = "no"
    assert optimum(tables).status == "infeasible"
    tables["demand"]["quantity"] = [100, 100]
    assert lines(optimum(tables)) == pytest.approx({"production": 200})


def test_a_cross_dock_keeps_nothing(optimum):
    """P has no storage, X is a cross-dock: 130 cannot be served in the high half."""
    tables = season(40, 130, lanes=table(*({"origin": o, "destination": d, "distance": 1} for o, d in ("PX", "XC"))),
                    sites=table({"site": "P", "kind": "plant", "storage_capacity": 0},
                                {"site": "X", "kind": "crossdock"}))
    assert optimum(tables).status == "infeasible"
    tables["sites"]["storage_capacity"] = [None, None]
    assert lines(optimum(tables)) == pytest.approx({"production": 170, "carried_stock": 30})


@pytest.mark.parametrize(("rate", "expected"), [(0.2, {"loads": 50, "carried_stock": 25}), (1.0, {"loads": 100})])
def test_a_whole_load_is_filled_for_two_periods(optimum, rate, expected):
    """50 are wanted in each half, a load of 100 to the dc costs 50. Carrying 50 costs 2 x 25 x 0.5 x 5 x rate: 25 for
    0.2, 125 for 1."""
    tables = chain(periods=HALVES, sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"}),
                   products=table({"product": "x", "unit_value": 5, "holding_rate": rate}),
                   modes=table({"mode": "rail", "serves": "moves", "whole_loads": "yes", "load_weight": 100},
                               {"mode": "van", "serves": "deliveries"}),
                   rates=table({"mode": "rail", "per_shipment": 50}, {"mode": "van", "per_unit": 0}),
                   lanes=table(*({"origin": o, "destination": d, "distance": 1} for o, d in ("PD", "DC"))),
                   demand=table(*({"customer": "C", "period": t, "quantity": 50} for t in ("low", "high"))))
    assert lines(optimum(tables)) == pytest.approx(expected)


@pytest.mark.parametrize(("budget", "feasible"), [(200, True), (199.9, False)])
def test_stock_counts_for_the_budget(optimum, budget, feasible):
    """Built up before the season: 170 to make and 30 to hold."""
    assert optimum(season(40, 130), {"budget": budget}).status == ("optimal" if feasible else "infeasible")
