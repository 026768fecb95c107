"""Ranges of a program's figures: counted on a program that fits on a page, and what is said where they are wide."""

from __future__ import annotations

import pytest

import ctsopt as cts
from ctsopt import examples
from ctsopt.formulation import build as formulation
from ctsopt.networks.schema import BY_NAME
from ctsopt.programs.ranges import SIDE
from tests.small import chain, lanes, table


def ranges(**tables):
    return cts.program(cts.network(chain(**tables))).ranges()


def line(found, part, name):
    frame = found.frame()
    rows = frame[(frame["part"] == part) & (frame["name"] == name)]
    assert len(rows) == 1, (part, name)
    return rows.iloc[0]


def test_two_dcs_by_hand():
    """A box takes 1/50 of a pallet; East may pass min(1300, 60,000/50) = 1200 pallets, West 300, the plant 1200."""
    found = cts.program(cts.read(examples.path("two_dcs"))).ranges()
    through = line(found, "matrix", "site_throughput")
    assert (through["least"], through["most"], through["ratio"]) == (pytest.approx(0.02), 1200, pytest.approx(60000))
    assert through["most_at"].endswith("x open[East]") or through["most_at"].endswith("x open[Plant]")
    assert "sites.capacity" in through["most_from"]
    assert "products.pallet_units" in through["least_from"]
    # 60,000 and 40,000 a year of site_fixed; the least cost of all is 0.20 a box of handling at the plant.
    fixed, every = line(found, "cost", "site_fixed"), line(found, "cost", "all")
    assert (fixed["count"], fixed["least"], fixed["most"]) == (2, 40000, 60000)
    assert (every["least"], every["most"], every["most_at"]) == (pytest.approx(0.2), 60000, "site_fixed of open[East]")
    # Four requests of 10,000 and 20,000, each with a lower and an upper side.
    demand = line(found, "sides", "serve_demand")
    assert (demand["count"], demand["least"], demand["most"], demand["least_from"]) == (8, 1e4, 2e4, "demand.quantity")
    assert found.warnings == []
    assert "no range is wider" in str(found)


def test_a_wide_range_is_said_with_its_columns():
    """A tariff in thousandths beside a fixed cost of 10^9, as if it were in cents: both columns are named."""
    found = ranges(modes=table({"mode": "truck", "per_weight": 1e-3}),
                   sites=table({"site": "P", "kind": "plant"},
                               {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": 1e9}))
    assert line(found, "cost", "all")["ratio"] == pytest.approx(1e12)
    (warning,) = found.warnings
    assert warning.startswith("warning: the figures of all (cost) run from 0.001 at ")
    assert "1e+09 at site_fixed of open[D] (from sites.fixed_cost)" in warning
    assert "modes.per_weight" in warning
    assert str(found).endswith(warning)


def test_a_large_number_for_no_limit():
    """The minimum of 1e10 a year beside units that weigh 0.1: the row of the site runs over 11 digits."""
    found = ranges(products=table({"product": "goods", "weight": 0.1}),
                   sites=table({"site": "P", "kind": "plant"},
                               {"site": "D", "kind": "dc", "status": "candidate", "capacity_unit": "kg",
                                "min_throughput": 1e10}))
    least = line(found, "matrix", "site_minimum")
    assert (least["least"], least["most"]) == (pytest.approx(0.1), 1e10)
    assert [w for w in found.warnings if "sites.min_throughput" in w and "products.weight" in w]


def test_exactly_1e9_is_not_wide():
    found = ranges(sites=table({"site": "P", "kind": "plant"},
                               {"site": "D", "kind": "dc", "status": "candidate", "fixed_cost": 1e9}))
    assert line(found, "cost", "all")["ratio"] == 1e9
    assert found.warnings == []


def test_users_own_rules_are_in_it():
    def no_more_than_half(x, net):
        """deliver[w] <= 50   [units]"""
        return 3e-10 * x.deliver <= 1.5e-8

    found = cts.program(cts.network(chain()), extra=[no_more_than_half]).ranges()
    assert line(found, "matrix", "no_more_than_half")["least"] == pytest.approx(3e-10)
    assert line(found, "sides", "no_more_than_half")["most_from"] == ""


def test_every_family_says_where_its_figures_come_from():
    """A new family, or a column that is renamed, must show up here; the columns are those of the data dictionary."""
    sources = formulation.sources()
    assert set(sources["matrix"]) == {family.__name__ for family in formulation.ROWS}
    assert set(sources["cost"]) == {cost.__name__ for cost in formulation.COSTS}
    variables = {family.__name__ for family in (*formulation.VARIABLES, *formulation.STOCK)}
    assert set(sources["bounds"]) <= variables
    for families in sources.values():
        for name, sources in families.items():
            assert set(sources) <= {*variables, SIDE, ""}, name
            for column in (column for columns in sources.values() for column in columns):
                place, _, title = column.partition(".")
                assert title in {c.name for c in BY_NAME[place].columns}, column


def test_figures_other_than_one_have_a_source():
    """Where a coefficient is not 1 it comes from some table."""
    net = cts.network(chain(
        sites=table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc", "capacity": 900, "min_throughput": 2}),
        capacity_levels=table({"site": "D", "level": "s", "capacity": 300, "fixed_cost": 7}),
        modes=table({"mode": "truck", "serves": "moves", "per_shipment": 5, "whole_loads": "yes", "load_weight": 30},
                    {"mode": "van", "per_weight": 2, "capacity": 5000, "co2": 3}),
        lanes=lanes("P-D-truck", "D-C-van", distance=10, fixed_cost=3, min_volume=4, max_volume=400, duty_rate=0.5),
        products=table({"product": "goods", "weight": 2, "unit_value": 4}),
        settings={"carbon_price": 2, "carbon_cap": 1e5, "budget": 1e6}))
    frame = cts.program(net).ranges().frame()
    assert set(frame["name"]) >= {"level_capacity", "site_minimum", "lane_use", "lane_minimum", "whole_loads",
                                  "mode_capacity", "carbon_cap", "budget", "duty", "carbon", "lane_fixed"}
    odd = frame[(frame["name"] != "all") & (frame["most"] != 1) & (frame["most_from"] == "")]
    assert odd[["part", "name", "most", "most_at"]].to_numpy().tolist() == []
