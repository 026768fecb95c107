"""What stands beside a quote, by hand: who is displaced, what would be saved, states of demand, and near ties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.errors import UsageError
from ctsopt.quoting.beside import beside

TWO = Path(__file__).parents[2] / "models" / "two_dcs"


@pytest.fixture(scope="module")
def gold() -> cts.Solution:
    """C is gold: 633,500, with West open."""
    return cts.solve(cts.read(TWO), gap=0)


def lanes(places: dict[str, float], reach: dict[str, str], **more: Any) -> dict[str, pd.DataFrame]:
    """Two customers, Eager (6 units) and Early (5 units); depots pass goods on at so much a unit."""
    depots = list(places)
    distance = {depot: 1000 if depot == "Slow" else 100 for depot in depots}
    to = [(depot, name) for depot in depots for name in reach[depot].split()]
    return {
        "products": pd.DataFrame([{"product": "box", "product_class": "all", "weight": 1, "volume": 0.01,
                                   "pallet_units": 1}]),
        "sites": pd.DataFrame([{"site": "Plant", "kind": "plant", "status": "open", "capacity_unit": "units"}, *(
            {"site": depot, "kind": "dc", "status": "open", "capacity_unit": "units", "handling_out": cost} | (
                more.get(depot, {})) for depot, cost in places.items())]),
        "site_products": pd.DataFrame([{"site": "Plant", "product": "box", "make_cost": 0}]),
        "tiers": pd.DataFrame([{"tier": "quick", "rank": 1}, {"tier": "calm", "rank": 2}]),
        "promises": pd.DataFrame([{"tier": "quick", "product_class": "*", "lead_time": 1},
                                  {"tier": "calm", "product_class": "*", "lead_time": 5}]),
        "customers": pd.DataFrame([{"customer": "Eager", "tier": "calm", "group": "duo"},
                                   {"customer": "Early", "tier": "quick", "group": "duo"}]),
        "demand": pd.DataFrame([{"customer": "Eager", "product": "box", "quantity": 6, "order_size": 1},
                                {"customer": "Early", "product": "box", "quantity": 5, "order_size": 1}]),
        "modes": pd.DataFrame([{"mode": "van", "speed": 500}]),
        "rates": pd.DataFrame([{"mode": "van", "from_distance": 0, "from_weight": 0, "per_weight": 0}]),
        "lanes": pd.DataFrame([{"origin": "Plant", "destination": depot, "mode": "van", "distance": 100}
                               for depot in depots]
                              + [{"origin": depot, "destination": name, "mode": "van", "distance": distance[depot]}
                                 for depot, name in to]),
    }


def test_an_upgrade_that_takes_the_room_of_somebody_else():
    """Fast takes 10 at 2, Slow costs 1, air 20. Eager's own is 6; one unit of Early goes by air, 18 more: 24 in all."""
    base = cts.solve(cts.network(lanes({"Fast": 2, "Slow": 1, "Air": 20},
                                       {"Fast": "Eager Early", "Slow": "Eager Early", "Air": "Early"},
                                       Fast={"capacity": 10})), gap=0)
    assert base.cash_cost == pytest.approx(16)
    found = cts.quote(base, cts.Change("Eager", tier="quick"), lenses=["frozen", "flows"])
    assert found.answers["frozen"].proof == "impossible"  # with Early's deliveries as they are there is room for 5
    assert found.answers["flows"].point == pytest.approx(24)
    assert found.by_part[["own", "displaced"]].to_dict() == pytest.approx({"own": 6, "displaced": 18})
    early = found.touched.set_index("customer").loc["Early"]
    assert (early["who"], early["units_moved"], early["cost"]) == ("other", pytest.approx(1), pytest.approx(18))
    assert found.nested
    assert found.peers.empty  # Early has it already


def test_peers_are_those_of_the_same_group_and_promise():
    tables = lanes({"Fast": 2, "Slow": 1}, {"Fast": "Eager Early", "Slow": "Eager Early"})
    tables["customers"]["tier"] = "calm"
    base = cts.solve(cts.network(tables), gap=0)
    found = cts.quote(base, cts.Change("Eager", tier="quick"), lenses="flows")
    assert found.cost.point == pytest.approx(6)
    assert found.peers[["customer", "group", "tier", "units"]].to_numpy().tolist() == [["Early", "duo", "calm", 5]]
    assert found.peers["per_unit"].tolist() == pytest.approx([1])
    assert cts.quote(base, cts.Change(group="duo", tier="quick"), lenses="flows").peers.empty


def test_average_avoidable_and_alone():
    """Three customers of one network (fixed 100 and 60; c = 10 20 30, 50 40 15): the published game G1.

    c(1), c(2), c(3) = 110, 100, 75; c(12), c(13), c(23) = 130, 125, 115; c(N) = 160. Last-in 45, 35, 30.
    """
    base = cts.solve(cts.network(game([100, 60], [[10, 20, 30], [50, 40, 15]])), gap=0)
    assert base.cash_cost == pytest.approx(160)
    one = beside(base, ["C1"])
    assert (one.avoidable_now.point, one.avoidable.point, one.alone.point) == pytest.approx((10, 45, 110))
    assert one.average == pytest.approx(100 / 3 + 10)
    assert one.flags == ("others subsidise them by at least 1.67",)  # it saves 45 to go, and is charged 43 1/3
    two = beside(base, ["C2", "C3"])
    assert (two.avoidable.point, two.alone.point) == (pytest.approx(50), pytest.approx(115))
    # 2/3 of 100 beside their own 20 and 30 is 1 2/3 more than they would cost by themselves
    assert two.flags == ("they subsidise others by at least 1.67",)


def game(fixed: list[float], costs: list[list[float]]) -> dict[str, pd.DataFrame]:
    """Depots that may be opened, customers of one unit, and what connecting them costs."""
    depots, customers = [f"D{i + 1}" for i in range(len(fixed))], [f"C{i + 1}" for i in range(len(costs[0]))]
    tables = lanes(dict.fromkeys(depots, 0), dict.fromkeys(depots, " ".join(customers)))
    sites = tables["sites"].astype({"site": object})
    sites.loc[1:, "status"], sites.loc[1:, "fixed_cost"] = "candidate", fixed
    tables["sites"] = sites
    tables["customers"] = pd.DataFrame({"customer": customers, "tier": "calm"})
    tables["demand"] = pd.DataFrame({"customer": customers, "product": "box", "quantity": 1, "order_size": 1})
    modes = [{"mode": "van", "serves": "moves", "speed": 500},
             {"mode": "post", "serves": "deliveries", "speed": 500, "per_weight_distance": 1}]
    tables["modes"] = pd.DataFrame(modes)
    out = [{"origin": d, "destination": c, "mode": "post", "distance": costs[i][j]}
           for i, d in enumerate(depots) for j, c in enumerate(customers)]
    tables["lanes"] = pd.concat([tables["lanes"].iloc[:len(depots)], pd.DataFrame(out)], ignore_index=True)
    return tables


def test_what_would_be_saved_without_them(gold):
    """Without C, West closes: 11,500 more than with today's sites it would be; others pay for a part of C."""
    found = beside(gold, ["C"])
    rest = gold.net.with_edits({"table": "demand", "where": {"customer": "C"}, "drop": True})
    assert found.avoidable.point == gold.cash_cost - cts.solve(rest, gap=0).cash_cost
    assert found.avoidable_now.point < found.average < found.avoidable.point < found.alone.point
    assert found.flags == (f"others subsidise them by at least {found.avoidable.low - found.average:,.2f}",)


@pytest.mark.slow
def test_whether_a_price_pays_in_three_states(gold):
    """Express is 5 a unit dearer than the carrier, for what has no room at West: 15,000, less C's, of D's.

    Demand a tenth less: 3,000 units; as planned: 5,000; a tenth more: 7,000.
    """
    found = cts.quote(gold, cts.Change("D", tier="gold", price=25_000), lenses="additions")
    change = {"table": "demand", "scale": {"quantity": 0.9}}, {"table": "demand", "scale": {"quantity": 1.1}}
    states = [(0.3, [change[0]]), (0.5, []), (0.2, [change[1]])]
    chance = found.chance(states)
    assert (chance.cost.low, chance.cost.point) == pytest.approx((24_000, 24_000))
    assert (chance.least, chance.most) == (0.8, 0.8)
    assert found.chance(states, price=14_000).most == 0
    with pytest.raises(UsageError, match="cannot serve all that is promised"):
        found.chance([(1.0, [{"table": "sites", "where": {"site": "East"}, "set": {"capacity": 800}}])])


def test_a_near_tie_is_never_the_headline():
    """East alone is 192 cheaper than West alone; C within a day by carrier needs West. Anew: 192. Added: a site."""
    net = cts.read(TWO).with_edits(
        {"table": "customers", "set": {"tier": "standard"}},
        {"table": "sites", "where": {"site": "West"}, "set": {"capacity": 1300, "fixed_cost": 60_000}},
        {"table": "sites", "where": {"site": ["East", "West"]}, "set": {"opening_cost": 0, "closing_cost": 0}})
    east, west = (cts.solve(net, gap=0, fix=cts.Fix("open", {"East": i, "West": 1 - i})).cash_cost for i in (1, 0))
    rent = 60_000 + (west - east) - 192
    net = net.with_edits({"table": "sites", "where": {"site": "East"}, "set": {"fixed_cost": rent}})
    base = cts.solve(net, gap=0)
    assert base.cash_cost == pytest.approx(west - 192)
    found = cts.quote(base, cts.Change("C", lead_time=1, modes=["carrier"]))
    assert found.answers["redesign"].point == pytest.approx(192)
    assert found.answers["flows"].proof == "impossible"
    assert found.headline.lens == "additions"
    assert found.cost.point == pytest.approx(15_000)  # the rent of West, less what it saves for C and D
    assert found.physical[["what", "name"]].to_numpy().tolist() == [["site", "West"]]
    switched = [cts.quote(base, found.changes[0], lenses="switch", kappa=kappa).cost.point
                for kappa in (1.0, found.cost.point)]
    assert switched == pytest.approx([192, found.cost.point])  # two switches and the tie, or one and the site


def test_a_source_is_switched_at_a_price():
    """C has one source, East. West has become 1,000 cheaper for it: taken where a switch costs less."""
    net = cts.read(TWO).with_edits(
        {"table": "customers", "where": {"customer": "D"}, "set": {"single_source": "customer"}},
        {"table": "sites", "where": {"site": "West"}, "set": {"status": "open", "may_close": "no", "capacity": 3000}},
        {"table": "sites", "where": {"site": "East"}, "set": {"may_close": "no"}})
    held = cts.solve(net, gap=0, fix=cts.Fix("source", pd.DataFrame(
        {"customer": ["D", "D"], "site": ["East", "West"], "product": ["", ""], "value": [1.0, 0.0]})))
    free = cts.solve(net, gap=0)
    saved = held.cash_cost - free.cash_cost
    assert saved > 0
    costs = [cts.quote(held, cts.Change("B", volume=1.0), lenses="switch", kappa=kappa).cost.point
             for kappa in (saved * 0.9, saved * 1.1)]
    assert costs == pytest.approx([-saved, 0], abs=0.1)
