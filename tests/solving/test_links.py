"""How deliveries are tied to open sites where nothing is said: by what the linear relaxation shows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.build import build
from ctsopt.programs.reduced import Reduced
from ctsopt.solving.options import Options
from ctsopt.solving.strategies.direct import chosen
from ctsopt.solving.strategies.first_plan import FirstPlan
from ctsopt.solving.strategies.relaxation import Relaxation, Relaxed
from ctsopt.solving.strategies.strategy import Problem
from tests.small import rates, solved, table

FULL = {"sites": table(*({"site": name, "kind": "plant", "status": "candidate", "fixed_cost": 10, "capacity": 50}
                         for name in "AB")),
        "customers": table({"customer": "C"}, {"customer": "D"}),
        "demand": table({"customer": "C", "quantity": 60}, {"customer": "D", "quantity": 40}),
        "rates": rates(A_C=1, A_D=2, B_C=3, B_D=3)}
"""100 units, and room for 50 at each of two sites: both are open, in the relaxation too. A sends 50 to C at 1, B the
rest at 3: 50 + 150 + 20."""

ROOMY = {**FULL, "sites": FULL["sites"].assign(capacity=1000, fixed_cost=50),
         "rates": rates(A_C=1, A_D=3, B_C=3, B_D=1)}
"""With room for all at each site, 0.6 of A and 0.4 of B are enough in the first relaxation: 100 + 50. C may have more
from A than A is open for, and D from B: with these two links both are open, at 100 + 100. One alone costs 230 at the
least."""


def test_a_relaxation_that_is_whole_is_the_plan(monkeypatch):
    """One round, no node, and nothing else is looked for."""
    monkeypatch.setattr(FirstPlan, "find", None)
    sol = solved(FULL)
    assert sol.total_cost == sol.bound == pytest.approx(220)
    assert (sol.status.solution, sol.record["rounds"], sol.record["nodes"]) == ("optimal", 1, 0)


def root(tables: dict, links: str = "auto") -> tuple[Reduced, Problem, Relaxed]:
    program = build(cts.network(tables))
    model, options = Reduced.of(program), Options(links=links)
    return model, Problem(program, options), Relaxation(model, ~model.lazy, model.lazy, options).solve(np.inf)


def test_the_first_round_and_the_last():
    """The links that are broken at first are those of A and C, and of B and D."""
    model, problem, relaxed = root(ROOMY)
    assert (relaxed.first, relaxed.outcome.bound, relaxed.rounds) == (pytest.approx(150), pytest.approx(200), 2)
    index = problem.program.rows["deliver_from_open"].index.take(np.flatnonzero(relaxed.active[model.lazy]))
    pairs = zip(*(index.axes[name].labels[index[name]] for name in ("site", "customer")), strict=True)
    assert sorted(pairs) == [("A", "C"), ("B", "D")]


def test_what_the_root_shows_chooses_the_links():
    """Two of four links are needed, which is very many: all. Were it one of twenty, that one; did they lift the bound
    by no more than a thousandth, none. Where links are asked for by name, those that are in stay."""
    model, problem, relaxed = root(ROOMY)
    assert chosen(model, problem, relaxed).all()
    assert (chosen(model, problem, replace(relaxed, first=199.9)) == ~model.lazy).all()
    assert (chosen(model, root(ROOMY, "lazy")[1], relaxed) == relaxed.active).all()
    none = replace(relaxed, active=~model.lazy)
    assert (chosen(model, problem, none) == none.active).all()


@pytest.mark.parametrize("links", ["auto", "lazy", "all", "capacity"])
def test_the_plan_is_the_same(links):
    assert solved(ROOMY, links=links).total_cost == pytest.approx(200)
    assert solved(FULL, links=links).total_cost == pytest.approx(220)
