"""Designs and better ones nearby: values by hand and by another program, and what moves are estimated to come to."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.programs.highs import Highs
from ctsopt.solving.plans.gates import Gates, design_columns
from ctsopt.solving.plans.moves import Learned, Moves, moves_from
from ctsopt.solving.plans.search import good_designs
from ctsopt.solving.plans.slopes import by_slopes
from ctsopt.solving.plans.valued import Designs
from ctsopt.solving.strategies.prices import Ways
from tests.known_answer.converters import location_tables, read_small
from tests.known_answer.shared_data import data, published

FIXED = [30.0, 50.0, 40.0]
"""Of three sites that each make what two customers want, 10 and 20 units."""

PER_UNIT = [[1.0, 6.0], [4.0, 1.0], [5.0, 5.0]]


def three_sites() -> dict[str, object]:
    """One site for both costs 30 + 10 + 120 = 160, 50 + 40 + 20 = 110 or 40 + 150 = 190; the first two together 110."""
    sites, customers = ["A", "B", "C"], ["x", "y"]
    pairs = [(s, c) for s in sites for c in customers]
    return {"settings": {"name": "three", "open_lanes": "listed"},
            "products": pd.DataFrame({"product": ["g"], "weight": [1.0]}),
            "sites": pd.DataFrame({"site": sites, "kind": "supplier", "status": "candidate", "fixed_cost": FIXED,
                                   "capacity": 100.0}),
            "customers": pd.DataFrame({"customer": customers}),
            "demand": pd.DataFrame({"customer": customers, "quantity": [10.0, 20.0]}),
            "modes": pd.DataFrame({"mode": ["road"]}),
            "lanes": pd.DataFrame(pairs, columns=["origin", "destination"]).assign(mode="road"),
            "rates": pd.DataFrame(pairs, columns=["origin", "destination"]).assign(
                mode="road", per_unit=np.ravel(PER_UNIT))}


@pytest.fixture
def three():
    return build(cts.network(three_sites()))


def at(*places: int) -> np.ndarray:
    design = np.zeros(3)
    design[list(places)] = 1.0
    return design


def test_designs_cost_what_they_cost_by_hand(three):
    designs = Designs(three)
    assert [designs.value(at(k)) for k in range(3)] == pytest.approx([160.0, 110.0, 190.0])
    assert designs.value(at(0, 1)) == pytest.approx(110.0)
    assert designs.value(at()) == math.inf
    assert designs.best(1)[0].tolist() in ([0, 1, 0], [1, 1, 0])


def test_a_design_shuts_what_leaves_a_closed_site(three):
    gates = Gates(three)
    assert gates.design.tolist() == design_columns(three).tolist() == [0, 1, 2]
    span = three.variables["deliver"].span
    site = three.variables["deliver"].index["site"]
    assert gates.closed(at(1))[span].tolist() == (site != 1).tolist()


def test_moves_are_estimated_as_they_come_to_where_nothing_is_scarce(three):
    """From C alone, 190: A more is 40 + 30 + 10 + 100 = 180, B more 40 + 50 + 40 + 20 = 150, B for C 110."""
    designs, ways = Designs(three), Ways(three)
    moves = moves_from(designs, ways, at(2), designs.flows(at(2)))
    known = {(int(shut), int(opened)): change
             for shut, opened, change in zip(moves.shut, moves.opened, moves.change, strict=True)}
    assert known[-1, 0] == pytest.approx(180 - 190)
    assert known[-1, 1] == pytest.approx(150 - 190)
    assert known[2, 1] == pytest.approx(110 - 190)
    assert known[2, 0] == pytest.approx(160 - 190)


def test_what_was_off_is_believed_of_the_same_site_alone():
    moves = Moves(np.array([0, 0, 1]), np.array([-1, 2, 2]), np.zeros(3))
    learned = Learned(3)
    learned.add(moves, 0, 10.0)
    assert learned.of(moves) == pytest.approx([7.0, 7.0, 0.0])


def test_slopes_leave_costs_as_they_were(three):
    designs = Designs(three)
    assert list(by_slopes(designs, 5))
    assert designs.session.arrays.cost == pytest.approx(three.arrays.cost)


@pytest.mark.parametrize("case", ["cap71 p5", "cap61 p1"])
def test_designs_of_published_cases_come_to_the_optimum(case):
    """Capacities bind in the second; both by OR-Library. The same work gives the same designs."""
    name = case.split()[1]
    program = build(cts.network(location_tables(read_small(data("orlib_cap", "small", name)))))
    found = [good_designs(Designs(program), Ways(program), [np.ones(len(design_columns(program)))], 1e9, 1)[0]
             for _ in range(2)]
    assert (found[0] == found[1]).all()
    number = float(published("orlib_cap", f"small/{name} ({case.split()[0]})", "min cost, split deliveries"))
    assert Designs(program).value(found[0]) == pytest.approx(number, rel=5e-3)
    fixed = program.fixed("open", found[0])
    assert Designs(program).value(found[0]) == pytest.approx(Highs(fixed.arrays).run().value, rel=1e-6)
