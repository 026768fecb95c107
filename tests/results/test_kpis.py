"""Key figures: worked by hand, and the same as the tables they sum up."""

from __future__ import annotations

import math

import pandas as pd
import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.results.kpis import KPIS
from ctsopt.results.service_figures import customer_service
from ctsopt.testing import random_network
from tests.small import chain, lanes, solved, table
from tests.stock_networks import one_dc


def value(frame: pd.DataFrame, kpi: str, by: str = "") -> float:
    """The one figure of that key."""
    found = frame.loc[(frame["kpi"] == kpi) & (frame["by"] == by), "value"]
    assert len(found) == 1, (kpi, by)
    return float(found.iloc[0])


def text(frame: pd.DataFrame, kpi: str, by: str = "") -> str:
    found = frame.loc[(frame["kpi"] == kpi) & (frame["by"] == by), "text"]
    assert len(found) == 1, (kpi, by)
    return str(found.iloc[0])


@pytest.fixture(scope="module")
def two_dcs():
    return cts.solve(cts.read(examples.path("two_dcs")), gap=0.0)


@pytest.mark.parametrize("figure", KPIS, ids=lambda figure: figure.name)
def test_every_key_figure_has_every_mark(figure):
    """A name of its own, a section of the table, whose it is, and a meaning on one line for who reads it."""
    assert [other.name for other in KPIS].count(figure.name) == 1
    assert figure.section in ("solve", "network", "cost", "service", "utilisation", "stock", "transport")
    assert figure.meaning
    assert "\n" not in figure.meaning
    assert figure.unit or figure.meaning.startswith("in `text`")


def test_two_dcs_as_on_paper(two_dcs):
    """See models/two_dcs/README.md: 55,000 of 60,000 boxes come in 0.7 or 0.9 days, 5,000 in 1.5; (2 x 20,000 x 100 +
    ...) box km in thousands: 2,000 + 4,000 + 2,500 + 1,000 + 1,000 = 10,500 over 60 = 175 km.
    """
    frame = two_dcs.kpis(within=(1, 2), distances=(100,))
    assert (text(frame, "status"), text(frame, "stopped_by")) == ("optimal", "gap")
    assert (value(frame, "sites_open"), value(frame, "sites_open", "dc")) == (3, 2)
    assert (text(frame, "sites_opened", "dc"), text(frame, "sites_open", "plant")) == ("West", "Plant")
    assert value(frame, "sites_closed") == 0
    assert value(frame, "total_cost") == pytest.approx(633500)
    assert value(frame, "average_cost_per_unit") == pytest.approx(633500 / 60000)
    assert value(frame, "average_cost_per_kg") == pytest.approx(633500 / 600000)
    assert value(frame, "one_off_cash") == pytest.approx(100000)
    assert value(frame, "demand_within_days", "1") == pytest.approx(55 / 60)
    assert value(frame, "demand_within_days", "2") == 1
    assert value(frame, "demand_within_distance", "100") == pytest.approx(0.5)
    assert value(frame, "lead_time_achieved") == pytest.approx(0.85)
    assert value(frame, "distance") == pytest.approx(175)
    assert value(frame, "utilisation_mean", "dc") == pytest.approx((900 / 1300 + 1) / 2)
    assert (value(frame, "utilisation_highest", "dc"), text(frame, "utilisation_highest", "dc")) == (1, "West")
    assert math.isnan(value(frame, "utilisation_mean", "plant"))
    assert value(frame, "weight_carried", "truck") == pytest.approx(600000)
    assert {value(frame, "promises_kept", tier) for tier in ("", "gold", "standard")} == {1}
    assert value(frame, "on_time_share_achieved", "gold") == 1


def test_lines_are_those_of_the_costs_and_add_up(two_dcs):
    frame = two_dcs.kpis()
    lines = frame[frame["kpi"] == "cost_line"].set_index("by")["value"]
    amounts = two_dcs.costs.set_index("line")["amount"]
    assert lines[amounts.index].tolist() == amounts.tolist()
    assert lines.drop(amounts.index).tolist() == [0] * (len(lines) - len(amounts))
    assert lines.sum() == two_dcs.total_cost == value(frame, "cash_cost") + value(frame, "penalty")
    assert frame.loc[frame["kpi"] == "last_mile", "value"].sum() == pytest.approx(amounts["last_mile"], rel=1e-12)


def test_keys_are_distinct_and_the_same_for_every_plan(two_dcs):
    """Gold promised 2 days: another plan, with one site less, has the same rows."""
    promises = two_dcs.net.tables["promises"]
    promises.loc[promises["tier"] == "gold", "lead_time"] = 2
    other = cts.solve(two_dcs.net.with_table("promises", promises), gap=0.0)
    assert other.total_cost == pytest.approx(622000)
    one, two = two_dcs.kpis(), other.kpis()
    assert not one.duplicated(["kpi", "by"]).any()
    assert one[["section", "kpi", "by", "unit"]].equals(two[["section", "kpi", "by", "unit"]])
    assert value(one, "sites_open") - value(two, "sites_open") == 1


@pytest.mark.slow
def test_stock_is_the_mean_over_the_horizon():
    """50 of 100 units are made in the half year before they are wanted: on average 25 units of value 4; turns 400/100.
    """
    tables = chain(periods=table({"period": "low", "days": 182.5}, {"period": "high", "days": 182.5}),
                   demand=table({"customer": "C", "period": "high", "quantity": 100}),
                   products=table({"product": "goods", "unit_value": 4}), settings={"holding_rate": 0.1},
                   site_products=table({"site": "P", "product": "goods", "make_capacity": 100}))
    sol = solved(tables)
    frame = sol.kpis()
    assert value(frame, "carried_stock_units") == pytest.approx(25)
    assert value(frame, "carried_stock_value") == pytest.approx(100)
    assert value(frame, "carried_stock_turns") == pytest.approx(4)
    assert value(frame, "cost_line", "carried_stock") == pytest.approx(10)  # 100 of value, 10 % a year
    assert math.isnan(value(solved(chain()).kpis(), "carried_stock_turns"))


def test_loads_and_co2():
    """100 kg in loads of 30 kg: 4 loads at 5. 10 km and then 20 km, 50 g per tonne and km: 0.1 t x 30 km x 0.05."""
    tables = chain(modes=table({"mode": "truck", "serves": "moves", "per_shipment": 5, "whole_loads": "yes",
                                "load_weight": 30, "co2": 0.05}, {"mode": "van", "per_weight": 1, "co2": 0.05}),
                   lanes=pd.concat([lanes("P-D-truck", distance=10), lanes("D-C-van", distance=20)]))
    frame = solved(tables).kpis()
    assert value(frame, "loads", "truck") == 4
    assert value(frame, "cost_line", "loads") == pytest.approx(20)
    assert value(frame, "co2") == pytest.approx(0.15)
    assert value(frame, "co2_per_unit") == pytest.approx(0.0015)
    assert frame.loc[frame["kpi"] == "loads", "by"].tolist() == ["truck"]


def test_demand_that_is_not_served_is_within_no_time():
    """60 of 100 units are served, at a penalty of 5 for the others; the promise of half of them is kept."""
    tables = chain(tiers=table({"tier": "gold", "shortage_cost": 5}), promises=table({"tier": "gold",
                                                                                     "served_fraction": 0.5}),
                   site_products=table({"site": "P", "product": "goods", "make_capacity": 60}),
                   customers=table({"customer": "C", "tier": "gold"}))
    frame = solved(tables).kpis()
    assert value(frame, "served_fraction_achieved") == pytest.approx(0.6)
    assert value(frame, "demand_within_days", "3") == pytest.approx(0.6)
    assert (value(frame, "penalty"), value(frame, "cash_cost")) == (pytest.approx(200), pytest.approx(120))
    assert value(frame, "promises_kept", "gold") == 1
    assert math.isnan(value(frame, "on_time_share_achieved"))  # no lead time is promised


def test_levels_count_as_capacity():
    """The small level holds just the 100 units, at 10 a year; the large one would cost 50."""
    tables = chain(capacity_levels=table({"site": "D", "level": "small", "capacity": 100, "fixed_cost": 10},
                                         {"site": "D", "level": "large", "capacity": 400, "fixed_cost": 50}))
    sol = solved(tables)
    site = sol.sites.set_index("site").loc["D"]
    assert (site["level"], site["capacity"], site["utilisation"]) == ("small", 100, pytest.approx(1))
    assert value(sol.kpis(), "utilisation_mean", "dc") == pytest.approx(1)


def test_service_by_tier_stands_beside_what_is_promised(two_dcs):
    """Gold: A and C, 30,000 boxes in 0.7 days, promised 1. Standard: B's 20,000 and 5,000 of D's in 0.9 days, the other
    5,000 in 1.5; promised 2. D waits longest: (0.9 + 1.5) / 2 days.
    """
    frame = two_dcs.kpis(within=(0.9, 1.5))
    assert value(frame, "demand_within_days", "0.9") == pytest.approx(55 / 60)
    assert value(frame, "demand_within_days", "0.9 / gold") == 1
    assert value(frame, "demand_within_days", "0.9 / standard") == pytest.approx(25 / 30)
    assert value(frame, "demand_within_days", "1.5 / standard") == 1
    assert [value(frame, "lead_time_promised", tier) for tier in ("", "gold", "standard")] == [1.5, 1, 2]
    assert value(frame, "lead_time_achieved", "gold") == pytest.approx(0.7)
    assert value(frame, "lead_time_achieved", "standard") == pytest.approx((25 * 0.9 + 5 * 1.5) / 30)
    assert (value(frame, "lead_time_longest", "standard"), text(frame, "lead_time_longest", "standard")) == (1.5, "D")
    assert text(frame, "slowest_customer") == "D"
    assert value(frame, "slowest_customer") == pytest.approx(1.2)
    assert [value(frame, "on_time_share_promised", tier) for tier in ("", "gold", "standard")] == [1, 1, 1]
    assert [value(frame, "served_fraction_promised", tier) for tier in ("", "gold", "standard")] == [1, 1, 1]
    assert [value(frame, "demand_on_time", tier) for tier in ("", "gold", "standard")] == [1, 1, 1]


def test_what_is_not_served_is_not_on_time():
    """60 of C's 100 units come, all in time; B gets all 20. So 80 of 120 are on time, and 60 % of C's."""
    tables = chain(customers=table({"customer": "B", "tier": "gold"}, {"customer": "C", "tier": "silver"}),
                   demand=table({"customer": "B", "quantity": 20}, {"customer": "C", "quantity": 100}),
                   tiers=table({"tier": "gold", "rank": 1}, {"tier": "silver", "rank": 2, "shortage_cost": 9}),
                   promises=table({"tier": "gold", "lead_time": 9}, {"tier": "silver", "lead_time": 9,
                                                                     "served_fraction": 0.5}),
                   lanes=lanes("P-D", "D-C", "D-B"),
                   site_products=table({"site": "P", "product": "goods", "make_capacity": 80}))
    sol = solved(tables)
    frame = sol.kpis()
    assert value(frame, "demand_on_time") == pytest.approx(80 / 120)
    assert value(frame, "demand_on_time", "silver") == pytest.approx(0.6)
    assert value(frame, "on_time_expected", "silver") == pytest.approx(1)
    assert value(frame, "served_fraction_promised", "silver") == 0.5
    assert value(frame, "served_fraction_promised") == pytest.approx((20 + 50) / 120)
    assert (text(frame, "least_served_customer"), value(frame, "least_served_customer")) == ("C", pytest.approx(0.6))
    customers = customer_service(sol).set_index("customer")
    assert customers.loc["C", ["demand", "delivered", "on_time"]].tolist() == pytest.approx([100, 60, 1])
    assert customers["served"].to_dict() == pytest.approx({"B": 1, "C": 0.6})


def test_without_a_promise_nothing_is_said_of_being_on_time():
    frame = solved(chain()).kpis()
    for kpi in ("demand_on_time", "lead_time_promised", "on_time_share_promised", "least_on_time_customer"):
        assert math.isnan(value(frame, kpi))
    assert text(frame, "least_on_time_customer") == ""
    assert value(frame, "served_fraction_promised") == 1


@pytest.mark.slow
def test_figures_of_random_networks_are_those_of_the_tables():
    """Six networks with whatever features: costs, carbon, loads and shares agree with where else they are stated."""
    solved_networks = 0
    for seed in range(60):
        try:
            net = cts.network(random_network(seed))
            sol = cts.solve(net, gap=0.01)
        except (cts.DataError, cts.InfeasibleError):  # a few cannot keep their promises
            continue
        frame, amounts = sol.kpis(), sol.costs.set_index("line")["amount"]
        lines = frame[frame["kpi"] == "cost_line"].set_index("by")["value"]
        assert lines[amounts.index].tolist() == amounts.tolist()
        assert lines.sum() == pytest.approx(sol.total_cost, rel=1e-9)
        assert value(frame, "co2") * float(net.settings["carbon_price"]) == pytest.approx(lines["carbon"], rel=1e-9)
        assert frame.loc[frame["kpi"] == "last_mile", "value"].sum() == pytest.approx(lines["last_mile"], rel=1e-9)
        assert value(frame, "carried_stock_units") >= 0
        missing = sol.shortage["unserved"].sum() / net.tables["demand"]["quantity"].sum()
        assert value(frame, "served_fraction_achieved") == pytest.approx(1 - missing, abs=1e-9)
        assert value(frame, "promises_kept") == pytest.approx(1)
        solved_networks += 1
        if solved_networks == 6:
            return
    raise AssertionError("fewer than six of sixty networks have a plan")


@pytest.mark.parametrize("within", [(-1,), (math.nan,), (math.inf,), (1, 1)])
def test_days_that_mean_nothing(two_dcs, within):
    with pytest.raises(cts.UsageError, match="within"):
        two_dcs.kpis(within=within)


@pytest.mark.slow
def test_stock_that_is_planned():
    """T3 in layers: 20 units of safety stock for gold, 15 for silver, worth 365 each; 40 units a day go out of 35."""
    frame = solved(one_dc("rationed")).kpis()
    assert value(frame, "safety_stock_units") == pytest.approx(35)
    assert value(frame, "cycle_stock_units") == 0
    assert value(frame, "safety_stock_value") == pytest.approx(35 * 365)
    assert value(frame, "stock_value", "DC") == pytest.approx(35 * 365)
    assert value(frame, "stock_value", "Plant") == 0
    assert value(frame, "days_of_supply") == pytest.approx(35 / 40)
    assert value(frame, "stock_turns") == pytest.approx(365 * 40 / 35)
    assert [value(frame, "safety_stock_cost", tier) for tier in ("gold", "silver")] == pytest.approx([20, 15])
    assert value(frame, "cost_line", "safety_stock") == pytest.approx(35)


@pytest.mark.slow
def test_a_plan_without_stock_has_the_same_rows():
    """Kept side by side: 0 units, and no turns of nothing."""
    tables = one_dc("rationed")
    with_stock = solved(tables).kpis()
    bare = solved(tables | {"promises": tables["promises"].drop(columns=["fill_rate", "safety_factor"])}).kpis()
    assert bare[["section", "kpi", "by", "unit"]].equals(with_stock[["section", "kpi", "by", "unit"]])
    assert value(bare, "safety_stock_units") == value(bare, "safety_stock_cost", "gold") == 0
    assert math.isnan(value(bare, "stock_turns"))
