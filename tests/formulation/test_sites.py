"""Sites: capacities in their unit and period, opening and closing, groups, and what may pass a closed site."""

from __future__ import annotations

import pytest

import ctsopt as cts
from tests.small import chain, costs, flows, is_open, lanes, rates, solved, table

LINKS = ("lazy", "all", "capacity")


def two_routes(limit: float, **cheap) -> dict:
    """The cheap way P-D-C costs 2 a unit, the dear one E-C 5 a unit (a plant); D holds what is given."""
    return chain(sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": limit, **cheap},
                             {"site": "E", "kind": "plant"}),
                 lanes=lanes("P-D", "D-C", "E-C"), rates=rates(E_C=5))


def test_capacity_of_a_site():
    """60 of the 100 units through D at 2, the other 40 from E at 5: 120 + 200."""
    solution = solved(two_routes(60))
    assert solution.total_cost == pytest.approx(320)
    assert flows(solution, "origin", "destination") == pytest.approx({("P", "D"): 60, ("D", "C"): 60, ("E", "C"): 40})
    row = solution.sites.set_index("site").loc["D"]
    assert (row["throughput"], row["utilisation"]) == pytest.approx((60, 1.0))


@pytest.mark.parametrize(("unit", "units"), [("units", 60), ("kg", 20), ("m3", 30), ("pallets", 80)])
def test_capacity_unit(unit, units):
    """60 units; 60 kg of 3 kg a unit = 20 units; 60 m3 of 2 m3 = 30; 8 pallets of 10 units = 80."""
    limit = 8 if unit == "pallets" else 60
    tables = two_routes(limit, capacity_unit=unit) | {
        "products": table({"product": "bolt", "weight": 3, "volume": 2, "pallet_units": 10}),
        "modes": table({"mode": "truck", "per_weight": 1 / 3})}
    solution = solved(tables)
    assert flows(solution, "origin")["D"] == pytest.approx(units)
    assert solution.total_cost == pytest.approx(2 * units + 5 * (100 - units))
    assert solution.sites.set_index("site").at["D", "throughput"] == pytest.approx(limit)


def test_capacity_counts_by_days():
    """365 a year is 73 in 73 days and 292 in 292; 100 wanted in each: 27 from E, then none."""
    tables = two_routes(365) | {
        "periods": table({"period": "short", "days": 73}, {"period": "long", "days": 292}),
        "demand": table({"customer": "C", "period": "short", "quantity": 100},
                        {"customer": "C", "period": "long", "quantity": 100})}
    solution = solved(tables)
    assert flows(solution, "origin", "period") == pytest.approx({
        ("P", "short"): 73, ("D", "short"): 73, ("E", "short"): 27, ("P", "long"): 100, ("D", "long"): 100})
    assert solution.total_cost == pytest.approx(2 * 173 + 5 * 27)


@pytest.mark.slow
@pytest.mark.parametrize(("fixed", "opened", "total"), [(299, True, 499), (301, False, 500)])
@pytest.mark.parametrize("links", LINKS)
def test_a_candidate_opens_where_it_saves_its_cost(fixed, opened, total, links):
    """By D 100 units cost 200 in place of 500: D opens if it costs less than 300."""
    tables = two_routes(float("nan"), status="candidate", fixed_cost=fixed)
    solution = solved(tables, links=links)
    assert ("D" in is_open(solution)) is opened
    assert solution.total_cost == pytest.approx(total)


# Capital recovery factors at 8 %: tables of engineering economics print 0.3880 for 3 years and 0.2505 for 5.
@pytest.mark.parametrize(("rate", "life", "factor"), [(0.08, 3, 0.388034), (0.08, 5, 0.250456), (0.0, 4, 0.25)])
def test_opening_is_paid_as_an_annuity(rate, life, factor):
    """1000 money, over a horizon of 730 days: two annuities; yearly fixed cost 10 counts twice."""
    tables = two_routes(float("nan"), status="candidate", opening_cost=1000, fixed_cost=10)
    tables |= {"settings": {"discount_rate": rate, "life": life},
               "periods": table({"period": "two years", "days": 730}),
               "demand": table({"customer": "C", "quantity": 1000})}
    assert costs(solved(tables)) == pytest.approx(
        {"site_opening": 2000 * factor, "site_fixed": 20, "line_haul": 1000, "last_mile": 1000}, rel=2e-6)


@pytest.mark.parametrize(("fixed", "closed"), [(349, False), (351, True)])
def test_closing(fixed, closed):
    """Closing D costs 200 x 1/4 = 50 and 300 more for the goods: it closes where it saves more than 350."""
    tables = two_routes(float("nan"), may_close="yes", closing_cost=200, fixed_cost=fixed)
    solution = solved(tables | {"settings": {"discount_rate": 0, "life": 4}})
    assert costs(solution) == pytest.approx({"site_closing": 50, "last_mile": 500} if closed else
                                            {"site_fixed": 349, "line_haul": 100, "last_mile": 100})
    row = solution.sites.set_index("site").loc["D"]
    assert (row["decision"], row["one_off_cash"]) == (("closed", 200) if closed else ("stays open", 0))


@pytest.mark.parametrize(("status", "may"), [("closed", "yes"), ("candidate", "no")])
def test_a_site_that_may_not_open_has_no_ways(status, may):
    solution = solved(two_routes(float("nan"), status=status, may_open=may))
    assert solution.total_cost == pytest.approx(500)
    assert "D" not in is_open(solution)


def test_an_open_site_that_may_not_close_is_paid_for_though_it_idles():
    assert costs(solved(two_routes(0, fixed_cost=70))) == pytest.approx({"site_fixed": 70, "last_mile": 500})


GROUP = table({"site": "P", "kind": "plant"},
              *({"site": s, "kind": "dc", "group": "east", "status": "candidate", "fixed_cost": f}
                for s, f in (("D1", 10), ("D2", 20), ("D3", 30))))
GROUP_RATES = rates(P_D1=0, P_D2=0, P_D3=0, D1_A=1, D2_A=2, D3_A=3, D1_B=5, D2_B=1, D3_B=0)


@pytest.mark.slow
@pytest.mark.parametrize(("limit", "quantity", "opened", "total"), [
    # Each of A and B wants 10. Alone: D1 10 + 10 + 50 = 70, D2 20 + 20 + 10 = 50, D3 30 + 30 + 0 = 60.
    # Two: D1 D2 30 + 10 + 10 = 50, D1 D3 40 + 10 + 0 = 50, D2 D3 50 + 20 + 0 = 70. Three: 60 + 10 + 0 = 70.
    ("at_most", 1, {"D2"}, 50),
    ("at_least", 3, {"D1", "D2", "D3"}, 70),
    ("exactly", 1, {"D2"}, 50),
    ("exactly", 3, {"D1", "D2", "D3"}, 70),
    ("at_least", 2, None, 50),
])
def test_number_of_sites_in_a_group(limit, quantity, opened, total):
    tables = {"sites": GROUP, "rates": GROUP_RATES, "customers": table({"customer": "A"}, {"customer": "B"}),
              "demand": table({"customer": "A", "quantity": 10}, {"customer": "B", "quantity": 10}),
              "contracts": table({"contract": "K", "kind": "sites_in_group", "group": "east", "limit": limit,
                                  "quantity": quantity}),
              "lanes": lanes("P-D1", "P-D2", "P-D3")}
    solution = solved(tables)
    assert solution.total_cost == pytest.approx(total)
    if opened:
        assert is_open(solution) == {"P"} | opened
    else:
        assert len(is_open(solution) - {"P"}) >= quantity


def test_all_sites_are_a_group():
    """`*` counts the plant too: at most 2 leaves one dc."""
    tables = {"sites": GROUP, "rates": GROUP_RATES, "customers": table({"customer": "A"}, {"customer": "B"}),
              "demand": table({"customer": "A", "quantity": 10}, {"customer": "B", "quantity": 10}),
              "contracts": table({"contract": "K", "kind": "sites_in_group", "limit": "at_most", "quantity": 2})}
    assert is_open(solved(tables)) == {"P", "D2"}


@pytest.mark.slow
@pytest.mark.parametrize(("unit", "links"), [
    ("m3", "lazy"), ("m3", "all"), ("m3", "capacity"), ("pallets", "capacity")])
def test_goods_that_take_no_room_may_not_pass_a_closed_site(unit, links):
    """The product takes no m3 and no pallet: through D 200, and 1000 for D; 500 from E."""
    tables = two_routes(float("nan"), status="candidate", fixed_cost=1000, capacity_unit=unit)
    tables |= {"products": table({"product": "licence", "weight": 1, "volume": 0})}
    solution = solved(tables, links=links)
    assert costs(solution) == pytest.approx({"last_mile": 500})
    tables["lanes"] = lanes("P-D", "D-C")
    tables["rates"] = rates(P_D=1)
    assert costs(solved(tables, links=links)) == pytest.approx({"site_fixed": 1000, "line_haul": 100, "last_mile": 100})


@pytest.mark.slow
@pytest.mark.parametrize("links", LINKS)
def test_moves_over_a_closed_site_that_take_no_room(links):
    """D takes kg and is passed on moves only (P-D-F-C, 3 a unit): the weightless product needs D open (400)."""
    tables = chain(products=table({"product": "licence", "weight": 0}),
                   sites=table({"site": "P", "kind": "plant"}, {"site": "F", "kind": "dc"},
                               {"site": "E", "kind": "plant"},
                               {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": 100,
                                "capacity_unit": "kg"}),
                   rates=rates(P_D=1, D_F=1, F_C=1, E_C=5))
    tables.pop("lanes")
    assert costs(solved(tables, links=links)) == pytest.approx({"site_fixed": 100, "line_haul": 200, "last_mile": 100})
    tables["sites"].loc[3, "fixed_cost"] = 300
    assert costs(solved(tables, links=links)) == pytest.approx({"last_mile": 500})


@pytest.mark.parametrize("status", ["open", "candidate"])
def test_goods_may_pass_a_cross_dock_twice(status):
    """Only from D is C reached in time: goods pass X from P to D, and again from D to C. 4 legs at 1, 200 through X."""
    dock = {"site": "X", "kind": "crossdock", "status": status, "fixed_cost": 7}
    tables = chain(
        sites=table({"site": "P", "kind": "plant"}, dock, {"site": "D", "kind": "dc"}),
        modes=table(*({"mode": m, "serves": s, "fixed_time": t, "per_weight": 1} for m, s, t in (
            ("slow", "moves", 5), ("fast", "moves", 1), ("van", "deliveries", 1)))),
        lanes=lanes("P-X-slow", "X-D-slow", "D-X-fast", "X-C-van"),
        tiers=table({"tier": "gold"}), promises=table({"tier": "gold", "lead_time": 3}))
    solution = solved(tables)
    assert solution.total_cost == pytest.approx(407)
    assert solution.sites.set_index("site").at["X", "throughput"] == pytest.approx(200)


def test_capacity_of_a_cross_dock_counts_every_pass():
    """As above with room for 150 passes: 75 units can be served."""
    tables = chain(
        sites=table({"site": "P", "kind": "plant"}, {"site": "X", "kind": "crossdock", "capacity": 150},
                    {"site": "D", "kind": "dc"}),
        modes=table(*({"mode": m, "serves": s, "fixed_time": t, "per_weight": 1} for m, s, t in (
            ("slow", "moves", 5), ("fast", "moves", 1), ("van", "deliveries", 1)))),
        lanes=lanes("P-X-slow", "X-D-slow", "D-X-fast", "X-C-van"),
        tiers=table({"tier": "gold"}), promises=table({"tier": "gold", "lead_time": 3}))
    with pytest.raises(cts.InfeasibleError) as error:
        solved(tables)
    assert error.value.shortfalls["shortfall"].tolist() == pytest.approx([25])
