"""Ctrl-C: the best plan is kept, or it is said that there is none. SIGINT goes to this very process."""

from __future__ import annotations

import math
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

import ctsopt as cts
from ctsopt.formulation.preference import preference
from ctsopt.programs.highs import Highs
from ctsopt.solving import polish
from ctsopt.solving.strategies import direct
from ctsopt.solving.strategies.relaxation import Relaxed
from tests.ctrl_c import press_in_a_linear_program, press_in_a_search
from tests.programs.test_highs import big_linear
from tests.small import solved
from tests.solving.test_solve import PAIR, hard


@pytest.mark.slow
def test_ctrl_c_during_a_search_keeps_the_best_plan(monkeypatch):
    """Pressed once a plan is there: what comes back is whole, checked, and has its bound and gap."""
    net = hard(30, seed=1)
    monkeypatch.setattr(Highs, "run", press_in_a_search(lambda progress: progress.value < 1e18))
    begin = time.process_time()  # of the work, not of the clock: a busy machine takes longer
    solution = cts.solve(net, gap=0.0, time_limit=600.0)
    assert time.process_time() - begin < 90
    assert solution.status.stopped_by == "interrupt"
    assert solution.status.solution == "feasible"
    assert solution.bound <= solution.total_cost
    assert 0 < solution.gap < 1
    assert solution.service["kept"].all()


def test_ctrl_c_in_the_first_linear_program_is_told(monkeypatch):
    """No plan can be there yet: an error of ours with the reason, and no bare KeyboardInterrupt."""

    class LongRoot(direct.Relaxation):
        def solve(self, _deadline):
            end = press_in_a_linear_program(Highs(big_linear(200), relax=True)).run(60.0)
            return Relaxed(end, -math.inf, ~self._model.lazy, 1, 0)

        once = solve

    monkeypatch.setattr(direct, "Relaxation", LongRoot)
    with pytest.raises(cts.NoPlanError, match="interrupted before any plan was found") as error:
        solved(PAIR)
    assert error.value.stopped_by == "interrupt"


@pytest.mark.slow
def test_a_late_ctrl_c_is_not_taken_for_a_plan_that_fails(monkeypatch):
    """The first one while the plan is made whole changes nothing, a second one ends the work."""
    real, presses = Highs.run, [0]

    def pressed(self, *arguments, **options):
        outcome = real(self, *arguments, **options)
        if presses[0] and not self._mip:
            presses[0] -= 1
            return replace(outcome, stopped_by="interrupt", plan=None)
        return outcome

    net, plan = cts.network(PAIR), cts.solve(cts.network(PAIR), gap=0.0)
    monkeypatch.setattr(Highs, "run", pressed)
    presses[0] = 1
    program = cts.program(net)
    values = np.zeros(program.columns)
    values[program.variables["open"].span] = 1.0
    settled = polish.polish(program, values, preference(net, program))
    assert settled.cost == pytest.approx(plan.total_cost)
    presses[0] = 2
    with pytest.raises(KeyboardInterrupt):
        polish.polish(program, values, preference(net, program))


def test_a_solve_after_an_interrupt_works():
    """The handler of the process is as it was before."""
    before = signal.getsignal(signal.SIGINT)
    assert press_in_a_linear_program(Highs(big_linear(200), relax=True)).run(60.0).stopped_by == "interrupt"
    assert signal.getsignal(signal.SIGINT) is before
    assert solved(PAIR).total_cost == pytest.approx(80)
