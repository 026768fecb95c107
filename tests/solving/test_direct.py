"""The direct path: what the solver's tolerance gives away is searched for again, or said; Ctrl-C between two runs."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.errors import SolverError
from ctsopt.programs.highs import Highs
from ctsopt.solving import settle
from ctsopt.solving.options import Options
from ctsopt.solving.strategies import direct
from ctsopt.solving.strategies.strategy import Problem
from tests.small import rates, solved, table

SMALL = [f"C{k}" for k in range(5)]

HUB = {"sites": table({"site": "P", "kind": "plant"}, {"site": "D", "kind": "dc"},
                      {"site": "H", "kind": "dc", "status": "candidate", "fixed_cost": 1000}),
       "customers": table({"customer": "B"}, *({"customer": name} for name in SMALL)),
       "demand": table({"customer": "B", "quantity": 10_000}, *({"customer": name, "quantity": 1} for name in SMALL)),
       "rates": rates(P_D=1, P_H=1, D_B=1, H_B=1.5, **{f"H_{name}": 1 for name in SMALL},
                      **{f"D_{name}": 10_000 for name in SMALL})}
"""B takes 10,000 units over D at 2; five customers take 1 each, over the hub at 2 and 1,000 for it, or over D at
10,001. The hub could pass 10,005 units: open to a thousandth, it passes the five for 1, and B is served by D.
"""

TRUE = 2 * 10_000 + 2 * 5 + 1000
CLOSED = 2 * 10_000 + 10_001 * 5


@pytest.fixture
def careless(monkeypatch):
    """A first search that is content with the hub as far open as the five need: 5 / 10,005."""
    real = direct._branch

    def branch(arrays, options, start, deadline, watch, whole, keep=None):
        if whole < 1e-8:
            return real(arrays, options, start, deadline, watch, whole)
        relaxed = real(arrays, replace(options, relax=True), start, deadline, watch, whole)
        assert relaxed.bound == pytest.approx(2 * 10_005 + 1000 * 5 / 10_005)
        return replace(relaxed, tolerance=whole)

    monkeypatch.setattr(direct, "_branch", branch)


@pytest.mark.usefixtures("careless")
def test_a_plan_that_lived_by_the_tolerance_is_searched_on():
    """Made whole it costs 70,005, against a bound of 20,010.50; the second search finds the hub open for 21,010."""
    sol = solved(HUB, links="capacity")
    assert sol.total_cost == pytest.approx(TRUE)
    assert (sol.status.solution, sol.status.stopped_by) == ("optimal", "gap")
    assert sol.record["tolerance"] == pytest.approx(10_005e-13)  # 1e-10 would be lost in sums of 10,005


@pytest.mark.usefixtures("careless")
def test_where_the_second_search_finds_nothing_the_status_says_so(monkeypatch):
    def fails(*_arguments):
        raise SolverError("HiGHS ended with an error")

    real = direct._branch
    monkeypatch.setattr(direct, "_branch", lambda *a, keep=None: real(*a, keep=keep) if a[-1] == 1e-8 else fails())
    sol = solved(HUB, links="capacity")
    assert sol.total_cost == pytest.approx(CLOSED)
    assert (sol.status.solution, sol.status.stopped_by) == ("feasible", "tolerance")
    assert sol.bound <= TRUE
    assert sol.gap == pytest.approx((CLOSED - sol.bound) / CLOSED)
    assert sol.record["tolerance"] == 1e-8
    assert "as near as the solver's tolerance allows" in str(sol)


@pytest.mark.slow
def test_the_tolerance_stands_in_the_record(monkeypatch):
    """1e-8; where HiGHS fails with it, its own 1e-6; none where the relaxation is whole and nothing was branched on."""
    assert solved(HUB, links="all").record["tolerance"] == 1e-8
    assert solved(HUB).record["tolerance"] is None
    assert solved(HUB, relax=True).record["tolerance"] is None
    real = direct._branch

    def strict_fails(*arguments, keep=None):
        if arguments[-1] < 1e-6:
            raise SolverError("HiGHS ended with an error")
        return real(*arguments, keep=keep)

    monkeypatch.setattr(direct, "_branch", strict_fails)
    assert solved(HUB, links="all").record["tolerance"] == 1e-6


@pytest.mark.parametrize(("largest", "tolerance"), [(10.0, 1e-8), (1e5, 1e-8), (1e6, 1e-7), (3.8e7, 1e-6),
                                                    (1e12, 1e-6)])
def test_no_tolerance_below_the_rounding_of_the_sums(largest, tolerance):
    """A sum of 3.8e7 is known to 1e-8 or so: asked to hold rows to 1e-8 or 1e-7, HiGHS proved bounds above known
    plans.
    """
    program = cts.program(cts.network(HUB)).arrays
    wide = replace(program, row_upper=np.where(np.arange(len(program.row_upper)) == 0, largest, 1.0),
                   row_lower=np.full(len(program.row_lower), -np.inf),
                   matrix=program.matrix / np.abs(program.matrix.data).max())
    assert direct._strict(wide, 1e-8) == pytest.approx(tolerance)


def test_a_gap_that_is_kept_is_not_searched_again(monkeypatch):
    monkeypatch.setattr(settle, "SearchOn", None)
    assert solved(HUB, gap=0.01).status.stopped_by == "gap"


def press(*_arguments, **_options):
    """Ctrl-C, heard before the next line."""
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_between_two_rounds_of_lazy_rows(monkeypatch):
    """The hub is open by 5 / 10,005 at first, which none of its five customers may use in full: rows come in."""
    presses = []
    monkeypatch.setattr(Highs, "add_rows", lambda *_: (presses.append(1), press()))
    with pytest.raises(cts.NoPlanError, match="interrupted before any plan was found") as error:
        solved(HUB)
    assert error.value.stopped_by == "interrupt"
    assert presses == [1]


def test_ctrl_c_between_two_rounds_keeps_the_start(monkeypatch):
    monkeypatch.setattr(Highs, "add_rows", press)
    sol = solved(HUB, start={"P": True, "D": True, "H": True})
    assert sol.total_cost == pytest.approx(TRUE)
    assert (sol.status.solution, sol.status.stopped_by) == ("feasible", "interrupt")


def test_ctrl_c_while_the_solver_starts(monkeypatch):
    """It is heard before HiGHS' thread has begun, and neither lost nor raised while that thread goes on."""
    real = Highs._hearing

    def early(model):
        def start():
            press()
            return begin()

        begin = model._highs.startSolve
        model._highs.startSolve = start
        return real(model)

    monkeypatch.setattr(Highs, "_hearing", early)
    with pytest.raises(cts.NoPlanError) as error:
        solved(HUB)
    assert error.value.stopped_by == "interrupt"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_search_that_gave_the_plan_is_told():
    """Rows, bound and effort of both searches count."""
    program = cts.program(cts.network(HUB))
    problem = Problem(program, Options(0.0))
    first = direct.Direct().find(problem)
    start = np.arange(program.columns), np.asarray(first.plan)
    second = direct.SearchOn(replace(first, nodes=7)).find(replace(problem, start=start))
    assert (second.rows.all(), second.nodes >= 7, second.bound >= first.bound) == (True, True, True)
