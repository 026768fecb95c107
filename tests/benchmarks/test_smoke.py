"""The benchmarks: their cases have the sizes they promise, and builders that disagree are found out."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cases import CASES, DELIVERY_MODES, PRODUCTS, TIERS
from benchmarks.compare import Disagreement, require_same_program
from ctsopt.formulation.build import build
from ctsopt.networks.network import network

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
