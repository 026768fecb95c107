"""Facility location: which sites to open, one step of delivery. Published optima."""

from __future__ import annotations

import numpy as np
import pytest

import ctsopt as cts
from tests.known_answer.cases import HOLMBERG, SINGLE, SMALL, SPLIT
from tests.known_answer.converters import Location, Tables, location_tables, read_cap, read_mo, read_small, read_uflib
from tests.known_answer.shared_data import Answer, answer, data
from tests.often import sampled


def assert_optimum(tables: Tables, published: Answer, links: str = "auto") -> cts.Solution:
    """The plan costs what is published, and is proven: the bound is the published number, too."""
    plan = cts.solve(cts.network(tables), gap=1e-8, links=links)
    assert plan.status.solution == "optimal"
    assert published.agrees(plan.total_cost), (plan.total_cost, published)
    assert published.agrees(plan.bound), (plan.bound, published)
    return plan


def test_cap41_split():
    case = read_cap(data("orlib_cap", "cap41.txt"))
    assert_optimum(location_tables(case), answer("orlib_cap", "cap41.txt", SPLIT))


@pytest.mark.parametrize("name", SMALL)
def test_capacitated_split(name):
    case = read_small(data("orlib_cap", "small", name))
    assert_optimum(location_tables(case), answer("orlib_cap", SMALL[name], SPLIT))


@pytest.mark.parametrize("name", SMALL)
def test_capacitated_single_source(name):
    case = read_small(data("orlib_cap", "small", name))
    plan = assert_optimum(location_tables(case, single_source=True), answer("orlib_cap", SMALL[name], SINGLE))
    flows = plan.flows[plan.flows["quantity"] > 0]
    assert flows.groupby("destination")["origin"].nunique().eq(1).all()


@pytest.mark.parametrize("name", sampled(HOLMBERG, every=4))
def test_holmberg_single_source(name):
    case = read_small(data("sscflp_holmberg", name))
    assert_optimum(location_tables(case, single_source=True), answer("sscflp_holmberg", name, SINGLE))


@pytest.mark.parametrize("links", ["lazy", "all", pytest.param("capacity", marks=pytest.mark.slow)])
def test_without_capacities(links):
    """Without capacities only the demand bounds a site: the three ways to link flow to opening must agree."""
    case = read_uflib(data("uflib", "B1.1"))
    assert_optimum(location_tables(case), answer("uflib", "B1.1", "min cost"), links)


@pytest.mark.slow
def test_without_capacities_and_far_from_the_weak_relaxation():
    """MO1: the relaxation without links is a quarter below the optimum; with all of them the optimum is proven."""
    assert_optimum(location_tables(read_mo(data("uflib", "MO1"))), answer("uflib", "MO1", "min cost"), "all")


def test_a_capacity_is_no_part_of_the_form_without_capacities(tmp_path):
    (tmp_path / "one").write_text("1 1 5 7.5 1 3.5")
    with pytest.raises(ValueError, match="a capacity above 0"):
        read_mo(tmp_path / "one")


def test_no_demand_but_a_cost_has_no_rate_per_unit():
    case = Location(fixed=np.zeros(1), serving=np.array([[5.0], [3.0]]), capacity=np.ones(1),
                    demand=np.array([1.0, 0.0]))
    with pytest.raises(ValueError, match=r"customers \[2\] have no demand"):
        location_tables(case)


def test_no_demand_and_no_cost_needs_no_lane():
    """A customer without demand and cost keeps its row; the other one costs 5 for its 2 units, the site 7."""
    case = Location(fixed=np.array([7.0]), serving=np.array([[5.0], [0.0]]), capacity=np.array([9.0]),
                    demand=np.array([2.0, 0.0]))
    tables = location_tables(case)
    assert tables["customers"]["customer"].tolist() == ["C001", "C002"]
    assert tables["rates"]["per_unit"].tolist() == [2.5]
    assert cts.solve(cts.network(tables)).total_cost == pytest.approx(12.0, rel=1e-9)


@pytest.mark.parametrize(("printed", "tolerance"), [
    ("1010641.45", 1.01064145),  # 1e-6 of the number is more than half a hundredth
    ("3.5", 0.05),               # half a tenth is more than 1e-6
    ("23468", 0.023468),         # no decimals: exact
])
def test_tolerance_of_a_published_number(printed, tolerance):
    assert Answer.printed(printed).tolerance == pytest.approx(tolerance)
