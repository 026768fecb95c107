"""A cost line or a row added as CONTRIBUTING says, one function and its name, is part of every answer."""

from __future__ import annotations

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation import build as formulation
from ctsopt.formulation.family import Variables, line
from ctsopt.programs.algebra import Expr, Rows
from tests.small import chain, lanes, table


@line("variable")
def airport_fee(x: Variables, net: cts.Network) -> Expr:
    """5 * deliver[w,t] of ways by air.   [money]"""
    return x.deliver * np.where(by_air(net), 5.0, 0.0)


def least_by_air(x: Variables, net: cts.Network) -> Rows:
    """sum of deliveries by air >= 0.3 * sum of deliveries   [units]"""
    return (x.deliver * (by_air(net) - 0.3)).total() >= 0.0


@line("fixed")
def rent(x: Variables, net: cts.Network) -> Expr:
    """50 * open[s].   [money]"""
    return x.open * 50.0


def by_air(net: cts.Network) -> np.ndarray:
    return np.asarray(net.ways.deliveries.index["mode_out"] == net.axes["mode"].codes(["air"])[0], dtype=float)


def two_modes(air: float, sea: float) -> cts.Network:
    """100 units from P to C, by air or by sea, at so much a unit."""
    return cts.network(chain(sites=table({"site": "P", "kind": "plant"}), lanes=lanes("P-C"),
                             demand=table({"customer": "C", "quantity": 100}),
                             modes=table({"mode": "air", "per_weight": air}, {"mode": "sea", "per_weight": sea})))


def test_a_cost_by_mode(monkeypatch):
    """Air costs 1 and a fee of 5 a unit, sea 2: 200 by sea."""
    monkeypatch.setattr(formulation, "COSTS", (*formulation.COSTS, airport_fee))
    assert cts.solve(two_modes(1, 2)).total_cost == pytest.approx(200)


def test_a_row_by_mode(monkeypatch):
    """Sea costs 1, air 2, and 30 % go by air: 70 + 60."""
    monkeypatch.setattr(formulation, "ROWS", (*formulation.ROWS, least_by_air))
    assert cts.solve(two_modes(2, 1)).total_cost == pytest.approx(130)


def test_a_cost_by_site_has_a_driver(monkeypatch):
    """100 units at 1, and 50 for the one site, all of it C's."""
    monkeypatch.setattr(formulation, "COSTS", (*formulation.COSTS, rent))
    solution = cts.solve(two_modes(1, 2))
    assert solution.total_cost == pytest.approx(150)
    cube = solution.cube.groupby(["line", "customer"], observed=True)["amount"].sum()
    assert cube["rent", "C"] == pytest.approx(50)
