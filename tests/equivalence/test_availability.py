"""Promises on availability in random networks of every kind: ctsopt against the oracle.

With the square root rule both find the least cost; with either rule the oracle values the stock of the plan that ctsopt
found, whatever it is, and comes to the same on every line.
"""

from __future__ import annotations

import pytest

import ctsopt as cts
from ctsopt.testing import random_network
from tests.equivalence.choose_seeds import solved
from tests.often import sampled
from tests.oracle_tables import read
from tests.stock_networks import POLICIES
from tests.stock_oracle import LINES, Flow, Stock

QUICK = (1, 10, 57, 59)
"""Pooled, with waits; rationed, two periods each by itself; rationed and separate with a stock group, of which sites
stock a part."""

SEEDS = (2, 12, 17, 21, 23, 26, 29, 31, 34, 35, 44, 45, 47, 58, 89, 108)
"""With those above 20 networks that can keep their promises, all small enough for the oracle."""

IMPOSSIBLE = (3, 7)


def tables_of(seed: int, rule: str) -> dict:
    tables = random_network(seed, availability=True)
    tables["settings"]["stock_rule"] = rule
    if rule == "square_root":
        tables["settings"]["order_crossing"] = "no"  # of lots the oracle does not know how they spread orders
    return tables


def stock_lines(tables: dict, sol: cts.Solution) -> dict[str, float]:
    """Cost lines of stock for the flows of a solution, by the oracle."""
    stock = Stock(read({name: frame for name, frame in tables.items() if name != "settings"}, tables["settings"]))
    ways = {(kind, w.origin, w.via, w.destination, w.mode_in, w.mode_out, w.product): w
            for kind, some in (("move", stock.moves), ("delivery", stock.deliveries)) for w in some}
    return stock.value([Flow(r.kind, ways[r.kind, r.origin, r.via, r.destination, r.mode_in, r.mode_out, r.product],
                             r.period, r.quantity) for r in sol.flows.itertuples()])


def compare(seed: int) -> None:
    tables = tables_of(seed, "square_root")
    expected = solved(tables)
    sol = cts.solve(cts.network(tables), gap=1e-6)
    assert expected.status == "optimal"
    assert sol.total_cost == pytest.approx(expected.total, rel=2e-6)
    assert sol.bound <= expected.total * (1 + 1e-7)
    shown = dict.fromkeys(LINES, 0.0) | sol.costs.set_index("line")["amount"].to_dict()
    assert {line: shown[line] for line in LINES} == pytest.approx(stock_lines(tables, sol), rel=1e-7,
                                                                  abs=1e-8 * sol.total_cost)
    assert sum(expected.by_line[line] for line in LINES) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", QUICK)
def test_same_optimum(seed: int) -> None:
    compare(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(SEEDS, every=8))
def test_same_optimum_of_more_networks(seed: int) -> None:
    compare(seed)


@pytest.mark.parametrize("seed", IMPOSSIBLE)
def test_neither_finds_a_plan(seed: int) -> None:
    tables = tables_of(seed, "square_root")
    assert solved(tables).status == "infeasible"
    with pytest.raises(cts.InfeasibleError):
        cts.solve(cts.network(tables))


def same_stock(seed: int) -> None:
    tables = tables_of(seed, "curve")
    sol = cts.solve(cts.network(tables), gap=0.01)
    shown = dict.fromkeys(LINES, 0.0) | sol.costs.set_index("line")["amount"].to_dict()
    assert {line: shown[line] for line in LINES} == pytest.approx(stock_lines(tables, sol), rel=1e-7,
                                                                  abs=1e-8 * sol.total_cost)


@pytest.mark.slow
@pytest.mark.parametrize("seed", QUICK)
def test_stock_by_the_declared_curves(seed: int) -> None:
    same_stock(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", sampled(SEEDS, every=8))
def test_stock_of_more_networks_by_the_declared_curves(seed: int) -> None:
    same_stock(seed)


@pytest.mark.long
def test_how_stock_is_shared_differs() -> None:
    assert {tables_of(seed, "curve")["settings"]["stock_sharing"] for seed in (*QUICK, *SEEDS)} == set(POLICIES)
