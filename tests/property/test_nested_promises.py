"""What keeps the stricter promise keeps the looser one: a plan is handed on with its flows, and nothing costs more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.results.read_back import decided
from ctsopt.solving.start import start_of
from tests.often import of_the_day, sampled
from tests.property.edits import Tables, changed, tables
from tests.stock_networks import random_stock

_WIDE = {"gap": 0.9}
"""A search that stops at the first plan: what is not handed on is not found."""

Less = Callable[[Tables], Tables]

LESS: dict[str, Less] = {
    "a longer lead time": lambda made: changed(made, "promises", lead_time=lambda v: v * 1.5),
    "less reliability": lambda made: changed(made, "promises", reliability=lambda v: v * 0.7),
    "a smaller share on time": lambda made: changed(made, "promises", on_time_share=lambda v: v * 0.5),
    "less to serve": lambda made: changed(made, "promises", served_fraction=lambda v: v.where(v == 1, v * 0.7)),
    "all of it": lambda made: changed(made, "promises", lead_time=lambda v: v * 2, reliability=lambda v: v * 0.9,
                                      served_fraction=lambda v: v * 0.95)}


def best(made: Tables, **options: Any) -> cts.Solution | None:
    """The plan of a network; None where there is none."""
    try:
        return cts.solve(cts.network(made), **options)
    except (cts.InfeasibleError, cts.DataError):
        return None


def less_costs_no_more(seed: int, name: str) -> None:
    made = tables(seed)
    strict = best(made)
    if strict is None:
        return
    loose = best(LESS[name](made), start=decided(strict), **_WIDE)
    assert loose is not None
    assert loose.total_cost <= strict.total_cost * (1 + 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "name"), sampled(
    [(seed, name) for seed in range(12) for name in LESS], every=10))
def test_less_never_costs_more(seed: int, name: str) -> None:
    less_costs_no_more(seed, name)


@pytest.mark.parametrize("seed", of_the_day(60))
def test_less_never_costs_more_today(seed: int) -> None:
    less_costs_no_more(seed, list(LESS)[seed % len(LESS)])


def less_of_stock(seed: int, sharing: str) -> tuple[float, float, float]:
    """What a plan costs, what its flows cost where a sixth less is promised from stock, and the plan that is found."""
    made = random_stock(seed, sharing, "curve")
    strict = cts.solve(cts.network(made), gap=0.2)
    net = cts.network(changed(made, "promises", fill_rate=lambda v: v * 5 / 6))
    program = build(net)
    start = start_of(net, program, decided(strict))
    assert start is not None
    assert len(start[0]) == program.columns
    there = sum(float(part.amount(start[1]).sum()) for line in program.costs.values() for part in line.parts)
    return strict.total_cost, there, cts.solve(net, start=decided(strict), **_WIDE).total_cost


STOCKED = [(seed, sharing) for seed in (30, 33, 34, 36) for sharing in ("pooled", "separate", "rationed")]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "sharing"), sampled(STOCKED, every=9))
def test_with_stock_the_flows_of_the_stricter_plan_are_valued_anew(seed: int, sharing: str) -> None:
    strict, there, loose = less_of_stock(seed, sharing)
    assert loose <= there * (1 + 1e-9)
    assert sharing != "pooled" or there <= strict * (1 + 1e-9)


@pytest.mark.parametrize("seed", of_the_day(30))
def test_with_stock_today(seed: int) -> None:
    strict, there, loose = less_of_stock(seed, ("pooled", "separate", "rationed")[seed % 3])
    assert loose <= there * (1 + 1e-9)
    assert seed % 3 or there <= strict * (1 + 1e-9)
