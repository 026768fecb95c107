"""HiGHS: the arrays as handed over, options, limits, Ctrl-C, status; sentinels are programs on which solvers err."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import scipy.sparse as sp

from ctsopt.errors import SolverError
from ctsopt.programs.highs import Highs, version
from ctsopt.programs.program import Arrays
from ctsopt.programs.status import Status
from tests.ctrl_c import press_in_a_linear_program, press_in_a_search

INF = np.inf


def arrays(cost, matrix, lower, upper, whole=(), offset=0.0, bounds=None) -> Arrays:
    cost = np.asarray(cost, dtype=float)
    ends = bounds or [(0.0, INF)] * len(cost)
    return Arrays(sp.csr_array(np.asarray(matrix, dtype=float).reshape(len(lower), len(cost))), cost, offset,
                  np.array([e[0] for e in ends], dtype=float), np.array([e[1] for e in ends], dtype=float),
                  np.isin(np.arange(len(cost)), whole), np.asarray(lower, dtype=float), np.asarray(upper, dtype=float))


def hard(size: int = 60) -> Arrays:
    """A market split: as many whole 0/1 columns as a search cannot finish; slacks give a plan at once."""
    rng = np.random.default_rng(1)
    rows = size // 10
    weights = rng.integers(1, 100, (rows, size)).astype(float)
    goal = np.floor(weights.sum(axis=1) / 2)
    matrix = np.hstack([weights, np.eye(rows), -np.eye(rows)])
    cost = np.concatenate([np.zeros(size), np.ones(2 * rows)])
    ends = [(0.0, 1.0)] * size + [(0.0, INF)] * (2 * rows)
    return arrays(cost, matrix, goal, goal, whole=range(size), bounds=ends)


def big_linear(size: int = 700) -> Arrays:
    """A dense linear program that takes seconds."""
    rng = np.random.default_rng(0)
    matrix = rng.random((size, size)) * (rng.random((size, size)) < 0.3)
    return arrays(-rng.random(size), matrix, np.full(size, -INF), np.full(size, 50.0), bounds=[(0.0, 10.0)] * size)


# min 2 b + 99999 y, a + b = 10, a <= 100 y, y in {0, 1}: y costs more than it saves, so that b = 10 for 20.
TRICKLE = {"cost": [0, 2, 99999], "matrix": [[1, 1, 0], [1, 0, -100]], "lower": [10, -INF], "upper": [10, 0],
           "whole": [2], "bounds": [(0, INF), (0, INF), (0, 1)]}


def test_a_big_coefficient_lets_nothing_trickle_through():
    outcome = Highs(arrays(**TRICKLE), mip_rel_gap=0.0).run()
    assert (outcome.stopped_by, outcome.value) == ("gap", pytest.approx(20))
    assert outcome.bound == pytest.approx(20)
    assert outcome.plan == pytest.approx([0, 10, 0])


def test_the_relaxation_of_the_trickle():
    """Half-open: a = 10 by y = 0.1 for 9999.9, or b at 2 a unit: 20 all the same; with b at 2000, 9999.9."""
    assert Highs(arrays(**TRICKLE), relax=True).run().value == pytest.approx(20)
    dear = TRICKLE | {"cost": [0, 2000, 99999]}
    assert Highs(arrays(**dear), relax=True).run().value == pytest.approx(9999.9)
    assert Highs(arrays(**dear), mip_rel_gap=0.0).run().value == pytest.approx(20000)


@pytest.mark.parametrize(("program", "value"), [
    # Knapsack of 10: 6 and 4 for 50 + 40; 6 and 3 give 80, 4 and 3 give 70, all three weigh 13.
    ({"cost": [-50, -40, -30], "matrix": [[6, 4, 3]], "lower": [-INF], "upper": [10], "whole": [0, 1, 2],
      "bounds": [(0, 1)] * 3}, -90),
    # Largest whole point of 3 x + 3 y <= 7 is 2, its relaxation 7/3.
    ({"cost": [-1, -1], "matrix": [[3, 3]], "lower": [-INF], "upper": [7], "whole": [0, 1]}, -2),
    # An offset counts, a negative lower bound too, a free column too.
    ({"cost": [1, 1], "matrix": [[1, 2]], "lower": [-4], "upper": [INF], "offset": 100,
      "bounds": [(-3, 5), (-INF, INF)]}, 100 - 3 - 0.5),
    # No rows at all.
    ({"cost": [2, -1], "matrix": [], "lower": [], "upper": [], "bounds": [(1, 5), (0, 7)]}, 2 - 7),
])
def test_small_programs_by_hand(program, value):
    outcome = Highs(arrays(**program), mip_rel_gap=0.0).run()
    assert outcome.stopped_by == "gap"
    assert outcome.value == pytest.approx(value)
    assert outcome.bound == pytest.approx(value)


def test_duals():
    """min 2 x + 3 y, x + y >= 4, x <= 3: one more unit costs 3, one more of x saves 1."""
    outcome = Highs(arrays([2, 3], [[1, 1]], [4], [INF], bounds=[(0, 3), (0, INF)])).run()
    assert outcome.row_dual == pytest.approx([3])
    assert outcome.col_dual == pytest.approx([-1, 0])
    assert Highs(arrays(**TRICKLE)).run().row_dual is None


@pytest.mark.parametrize(("program", "word"), [
    ({"cost": [1], "matrix": [[1]], "lower": [5], "upper": [INF], "bounds": [(0, 3)]}, "infeasible"),
    ({"cost": [-1], "matrix": [[1]], "lower": [5], "upper": [INF]}, "unbounded"),
    ({"cost": [1], "matrix": [[2]], "lower": [1], "upper": [1], "whole": [0]}, "infeasible"),
])
def test_why_there_is_no_plan(program, word):
    outcome = Highs(arrays(**program)).run()
    assert outcome.stopped_by == word
    assert outcome.plan is None or word == "unbounded"


def test_an_option_that_is_refused_is_an_error():
    with pytest.raises(SolverError, match="refused the option no_such_option"):
        Highs(arrays(**TRICKLE), no_such_option=1)
    with pytest.raises(SolverError, match="refused the option mip_rel_gap"):
        Highs(arrays(**TRICKLE), mip_rel_gap="small")


def test_numbers_that_highs_does_not_take_are_an_error():
    with pytest.raises(SolverError, match="did not take the program"):
        Highs(arrays([1.0], [[np.inf]], [0], [1]))


def test_time_limit_keeps_the_plan_and_its_bound():
    begin = time.monotonic()
    outcome = Highs(hard(), mip_rel_gap=0.0).run(1.5)
    assert time.monotonic() - begin < 15
    assert outcome.stopped_by == "time_limit"
    assert outcome.plan is not None
    assert outcome.bound <= outcome.value
    assert outcome.bound >= -1e-9
    program = hard()
    assert program.matrix @ outcome.plan == pytest.approx(program.row_lower)


def test_every_run_has_its_own_time_limit():
    """Lazy rows are added to one model round by round: HiGHS itself would count the seconds of all rounds together."""
    model = Highs(big_linear(300))
    for _ in range(2):  # what a run takes where others use the machine too
        model.change_cost(-np.random.default_rng(2).random(300))
        begin = time.monotonic()
        model.run()
    limit = max(1.0, 4 * (time.monotonic() - begin))
    stops, spent = set(), time.monotonic()
    seeds = iter(range(1000))
    while time.monotonic() - spent < 1.5 * limit:
        model.change_cost(-np.random.default_rng(next(seeds)).random(300))
        stops.add(model.run(limit).stopped_by)
    assert stops == {"gap"}


def test_every_search_has_its_own_time_limit():
    """A search that is stopped at 1.5 seconds leaves the next one its 0.1, and no 1.6: it is counted anew."""
    model = Highs(hard(), mip_rel_gap=0.0)
    before = model.run(1.5)
    model.change_cost(2 * hard().cost)
    spent = model._highs.getRunTime()
    after = model.run(0.1)
    assert before.stopped_by == after.stopped_by == "time_limit"
    assert model._highs.getRunTime() - spent < 0.75 * spent


def test_ctrl_c_is_heard_in_a_linear_program():
    model = press_in_a_linear_program(Highs(big_linear(200), relax=True))
    outcome = model.run(60.0)
    assert (outcome.stopped_by, outcome.bound) == ("interrupt", -INF)
    assert model.interrupted


def test_ctrl_c_in_a_search_keeps_its_best_plan(monkeypatch):
    monkeypatch.setattr(Highs, "run", press_in_a_search(lambda progress: progress.value < INF))
    begin = time.monotonic()
    outcome = Highs(hard(), mip_rel_gap=0.0).run(60.0)
    assert time.monotonic() - begin < 30
    assert outcome.stopped_by == "interrupt"
    assert outcome.plan is not None
    assert outcome.bound < outcome.value


def test_a_run_in_another_thread():
    """Only the main thread hears Ctrl-C; a worker thread may solve too."""
    found = []
    worker = threading.Thread(target=lambda: found.append(Highs(arrays(**TRICKLE), mip_rel_gap=0.0).run().value))
    worker.start()
    worker.join()
    assert found == [pytest.approx(20)]


def test_progress_is_told():
    seen = []
    outcome = Highs(hard(), mip_rel_gap=0.0).run(1.5, watch=seen.append)
    assert seen
    assert all(p.bound <= p.value + 1e-9 for p in seen)
    assert seen[-1].value >= outcome.value - 1e-9
    assert [p.seconds for p in seen] == sorted(p.seconds for p in seen)


def test_a_start_is_taken_up():
    """With its whole columns given and no time to search, the start is the plan."""
    program = hard()
    whole = np.arange(60, dtype=np.int32)
    model = Highs(program, mip_rel_gap=0.0)
    start = np.zeros(60)
    model.start_from(whole, start)
    outcome = model.run(0.05)
    assert outcome.plan is not None
    assert outcome.value <= program.row_lower.sum() + 1e-6


def test_rows_bounds_sides_and_costs_can_be_changed():
    """min x + y, x + y >= 4: 4; with x >= 3, y >= 2: 5; x >= 6: 8; cost 2 x + y - 1: 13; x + y >= 20: 12 + 14 - 1."""
    model = Highs(arrays([1, 1], [[1, 1]], [4], [INF]))
    assert model.run().value == pytest.approx(4)
    model.add_rows(sp.csr_array(np.eye(2)), np.array([3.0, 2.0]), np.array([INF, INF]))
    assert model.run().value == pytest.approx(5)
    model.change_bounds(np.array([0]), np.array([6.0]), np.array([INF]))
    assert model.run().value == pytest.approx(8)
    model.change_cost(np.array([2.0, 1.0]), -1.0)
    assert model.run().value == pytest.approx(13)
    model.change_sides(np.array([0]), np.array([20.0]), np.array([INF]))
    assert model.run().value == pytest.approx(25)


def test_words():
    assert version().startswith("1.")
    assert str(Status("feasible", "time_limit", "Time limit reached")) == "feasible (stopped by time limit)"


@pytest.mark.parametrize(("off", "stopped", "bound"), [(3.6e-7, "gap", 6.0), (1e-3, "error", -np.inf)])
def test_an_optimal_basis_whose_plan_is_off_proves_its_value_or_nothing(off, stopped, bound):
    """Never a bound without end: it would pass for the proof that any plan is the best."""
    model = Highs(arrays([2, 3], [[1, 1]], [3], [np.inf]), relax=True)
    real = model._highs

    class Off:
        def __getattr__(self, name):
            return getattr(real, name)

        def getInfo(self):
            info = real.getInfo()
            info.primal_solution_status, info.max_primal_infeasibility = 1, off
            return info

    model._highs = Off()
    end = model.run()
    assert (end.stopped_by, end.bound) == (stopped, bound)
    assert (end.plan is None) == (stopped == "error")


def test_a_start_that_is_off_its_bounds_by_rounding_is_taken():
    """Two of x, whole and at most 2, are a unit of rounding above it: HiGHS refuses such a start altogether."""
    arrays = Arrays(sp.csc_array([[1.0, 1.0]]), np.array([1.0, 3.0]), 0.0, np.zeros(2), np.array([2.0, 9.0]),
                    np.array([True, False]), np.array([5.0]), np.array([np.inf]))
    model = Highs(arrays)
    model.start_from(np.array([0, 1], dtype=np.int32), np.array([2.0 + 1e-5, 3.0]))
    assert model.run().value == 2 + 9
