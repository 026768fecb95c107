"""The benchmarks: their cases have the sizes they promise, and builders that disagree are found out."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks import plain, search
from benchmarks.cases import CASES, DELIVERY_MODES, PRODUCTS, TIERS
from benchmarks.compare import Disagreement, require_same_program
from benchmarks.search import CASES as CASES_OF_SEARCH
from benchmarks.search import Figures, drawn
from ctsopt import solve
from ctsopt.formulation.build import build
from ctsopt.networks.network import network
from tests.known_answer.converters import location_tables, two_stage_tables
from tests.known_answer.shared_data import numbers

ROOT = Path(__file__).parents[2]


def test_sizes_of_the_dense_case():
    """4 plants, 10 dcs, 100 customers, 5 products, 2 modes, 3 tiers: every column, row and coefficient counted."""
    case = CASES["dense-10k"]
    plants, dcs, customers = case.plants, case.dcs, case.customers
    sites, makes, moves, requests = plants + dcs, plants * PRODUCTS, plants * dcs * PRODUCTS, customers * PRODUCTS
    deliveries, pairs, tiers = dcs * requests * DELIVERY_MODES, dcs * requests, len(TIERS)
    arrays = build(network(case.tables())).arrays
    columns = sites + makes + moves + deliveries + requests
    rows = requests + (makes + dcs * PRODUCTS) + makes + sites + pairs + tiers + tiers
    coefficients = ((deliveries + requests) + (makes + 2 * moves + deliveries) + makes + (moves + deliveries + sites)
                    + (deliveries + pairs) + requests + deliveries)
    assert (columns, rows, coefficients) == (10_734, 5_610, 56_654)
    assert arrays.matrix.shape == (rows, columns)
    assert arrays.matrix.nnz == coefficients


@pytest.mark.parametrize("name", ["sparse-10k", "sparse-100k", "dense-100k"])
def test_density(name):
    case = CASES[name]
    net = network(case.tables())
    case.require_size(len(net.ways.deliveries))
    with pytest.raises(SystemExit, match="of 2"):
        CASES["sparse-10k"].require_size(1000)  # 0.5 % of 200,000 cells
    served = set(net.ways.deliveries.index["customer"].tolist())
    assert len(served) == case.customers


def test_builders_that_disagree_are_found_out():
    def made(coefficients, optimum):
        return {"program": {"columns": 3, "coefficients": coefficients}, "optimum": optimum}

    require_same_program("case", {"a": made(7.0, 10.0), "b": made(7.0 + 1e-10, 10.0 + 1e-7)})
    with pytest.raises(Disagreement, match=r"coefficients is 7 by a, 7\.001 by b"):
        require_same_program("case", {"a": made(7.0, 10.0), "b": made(7.001, 10.0)})
    with pytest.raises(Disagreement, match=r"optimum is 10 by a, 10\.1 by b"):
        require_same_program("case", {"a": made(7.0, 10.0), "b": made(7.0, 10.1)})


@pytest.mark.parametrize("single_source", [False, True])
def test_the_forms_of_a_location_problem_are_the_same_problem(single_source):
    """Both textbook forms and ctsopt have the same least cost; six sites, and twelve customers."""
    problem = drawn(6, 12, fixed=60.0, room=2.0)
    costs = [plain.run(plain.location(problem, form, single_source=single_source), 0.0, 60.0).cost
             for form in plain.FORMS]
    sol = solve(network(location_tables(problem, single_source=single_source)), gap=0.0)
    assert costs == pytest.approx([sol.total_cost] * 2)


def test_the_forms_of_two_stages_are_the_same_problem(tmp_path):
    """A plant of 30 at 100 and one of 40 at 90; depots of 25 at 10 and 50 at 40; customers ask for 12 and 9.

    Plant 0 sends 21 to depot 0 at 1, plant 1 at 2, which costs more than the 10 that it saves; from there 12 and 9 go
    on at 1 and 4.
    """
    figures = [2, 2, 2, 12, 9, 30, 100, 40, 90, 1, 5, 2, 3, 25, 10, 50, 40, 1, 4, 2, 1]
    path = tmp_path / "case.txt"
    path.write_text(" ".join(str(figure) for figure in figures))
    least = 100 + 10 + 21 * 1 + 12 * 1 + 9 * 4
    costs = [plain.run(plain.two_stages(numbers(path), form), 0.0, 60.0).cost for form in plain.FORMS]
    assert costs == [least, least]
    assert solve(network(two_stage_tables(path)), gap=0.0).total_cost == pytest.approx(least)


def test_a_ratio_with_its_allowance():
    """0.3 s beside 0.1 s: 3 times, or once with 0.2 s given; beside 0.5 s nothing is given."""
    short, longer = (Figures(10, 1e-4, 1, 0.3, better, 9.0) for better in (0.1, 0.5))
    assert (short.ratio, short.allowed) == pytest.approx((3.0, 1.0))
    assert (longer.ratio, longer.allowed) == pytest.approx((0.6, 0.6))


def test_a_ratio_that_has_grown_by_half_fails_the_smoke_run(monkeypatch, tmp_path):
    names = [name for name, case in CASES_OF_SEARCH.items() if case.smoke]
    monkeypatch.setattr(search, "measure", lambda _name, runs: Figures(10, 1e-4, runs, ctsopt, 1.0, 2.0))
    kept = {name: asdict(Figures(10, 1e-4, 3, 1.0, 1.0, 2.0)) for name in names}
    monkeypatch.setattr(search, "KEPT", tmp_path / "kept.json")
    search.KEPT.write_text(json.dumps(kept))
    ctsopt = 1.49
    assert search.smoke() == 0
    ctsopt = 1.51
    assert search.smoke() == 1
