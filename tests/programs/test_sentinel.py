"""The sentinel at the door: its answers are right, a solver that lies is refused in words, one that passed is known."""

from __future__ import annotations

import itertools
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import linprog

import ctsopt as cts
from ctsopt.programs import highs, sentinel
from ctsopt.programs.highs import Highs
from tests.small import chain


@pytest.fixture
def fresh(monkeypatch, tmp_path):
    """Nothing has been asked yet, in this process or before; what is learnt is forgotten again."""
    monkeypatch.setattr(sentinel, "_said", {})
    monkeypatch.setenv("CTSOPT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def enumerated(program: sentinel.Small) -> float:
    """The least over every choice of the whole columns, each by a linear program of scipy."""
    arrays = program.arrays()
    whole, matrix = np.flatnonzero(arrays.integer), arrays.matrix.toarray()
    upper, lower = np.isfinite(arrays.row_upper), np.isfinite(arrays.row_lower)
    sides = np.concatenate([arrays.row_upper[upper], -arrays.row_lower[lower]])
    least = np.inf
    for choice in itertools.product(*(range(int(arrays.upper[k]) + 1) for k in whole)):
        low, high = arrays.lower.copy(), arrays.upper.copy()
        low[whole] = high[whole] = choice
        found = linprog(arrays.cost, A_ub=np.vstack([matrix[upper], -matrix[lower]]), b_ub=sides,
                        bounds=list(zip(low, high, strict=True)))
        least = min(least, found.fun if found.status == 0 else np.inf)
    return least


LARGE = [p for p in sentinel.PROGRAMS if sum(whole for _, _, whole in p.columns) > 7]


@pytest.mark.parametrize("program", [p for p in sentinel.PROGRAMS if p not in LARGE], ids=lambda p: f"{p.answer:.6g}")
def test_the_known_answers_are_right(program: sentinel.Small) -> None:
    assert enumerated(program) == pytest.approx(program.answer, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("program", LARGE, ids=lambda p: f"{p.answer:.6g}")
def test_the_known_answer_of_the_larger_one_is_right(program: sentinel.Small) -> None:
    assert enumerated(program) == pytest.approx(program.answer, rel=1e-8)


def test_the_solver_in_use_is_believed_and_remembered(fresh) -> None:
    sentinel.admit()
    assert sentinel.admitted()
    known = json.loads((fresh / "solver.json").read_text())["passed"]
    assert known.startswith(f"HiGHS {highs.version()} (")


def test_what_has_passed_is_not_asked_again_until_the_programs_change(fresh, monkeypatch) -> None:
    sentinel.admit()
    asked = []
    monkeypatch.setattr(sentinel, "_lie", lambda: asked.append(1) or "")
    for revision, times in ((sentinel._REVISION, 0), (sentinel._REVISION + 1, 1)):
        sentinel._said.clear()
        monkeypatch.setattr(sentinel, "_REVISION", revision)
        sentinel.admit()
        assert len(asked) == times


@pytest.mark.parametrize("text", ["", "[]", "{\"passed\": 1}", "\x00"])
def test_a_damaged_memory_is_no_memory(fresh, monkeypatch, text: str) -> None:
    fresh.mkdir()
    (fresh / "solver.json").write_text(text)
    monkeypatch.setattr(sentinel, "_lie", lambda: "it says 2")
    with pytest.raises(cts.SolverError, match="it says 2"):
        sentinel.admit()


def test_where_nothing_can_be_written_the_solver_is_asked_each_time(fresh) -> None:
    fresh.write_text("a file where the folder should be")
    sentinel.admit()


def lying(change):
    """HiGHS, but for what it says of programs with whole columns."""
    real = Highs.run

    def run(self, *arguments, **options):
        found = real(self, *arguments, **options)
        return change(found) if self._mip else found

    return run


@pytest.mark.parametrize(("change", "says"), [
    (lambda f: replace(f, stopped_by="infeasible", plan=None, value=np.inf, bound=-np.inf),
     r"it says that there is no plan, where the least is 6\.0000"),
    (lambda f: replace(f, value=f.value * 1.1, bound=f.bound * 1.1), r"the least is 6\.6000, where the least is 6"),
    (lambda f: replace(f, bound=f.value * 1.1), r"that the least is 6\.0000, where the least is 6\.0000"),
    (lambda f: replace(f, stopped_by="error", plan=None, detail="Unknown"), 'it says "Unknown", where the least is 6'),
    (lambda f: replace(f, stopped_by="gap", value=1.0, plan=np.zeros(2)) if f.plan is None else f,
     r"that the least is 1\.0000, where there is none")])
def test_a_solver_that_lies_is_refused_in_words(fresh, monkeypatch, change, says: str) -> None:
    monkeypatch.setattr(Highs, "run", lying(change))
    net = cts.network(chain())
    for _ in range(2):
        with pytest.raises(cts.SolverError, match=rf"(?s)HiGHS {highs.version()} is not used, because it gives wrong "
                           rf"answers: .*{says}.*pip install 'highspy==1\.15\.1'"):
            cts.solve(net)
    assert not (fresh / "solver.json").exists()


def test_a_model_is_made_without_a_word(monkeypatch, capfd) -> None:
    """From 1.16 on HiGHS writes to the console whenever a model is made; here any version does."""
    real = highs.highspy.Highs

    def talking():
        os.write(1, b"Running HiGHS\n")
        return real()

    monkeypatch.setattr(highs.highspy, "Highs", talking)
    monkeypatch.setattr(highs, "_TALKS", (0, 0))
    os.write(1, b"before\n")
    assert highs._silent().version() == highs.version()
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "before\nafter\n"


def test_an_interrupt_is_no_lie(fresh, monkeypatch):
    """Ctrl-C while the solver is asked its questions: it is asked again the next time, and is called nothing."""
    def interrupted(model, *_):
        return replace(run(model), stopped_by="interrupt", plan=None)

    run = Highs.run
    monkeypatch.setattr(Highs, "run", interrupted)
    with pytest.raises(cts.NoPlanError, match="interrupted before any plan was found"):
        sentinel.admit()
    monkeypatch.setattr(Highs, "run", run)
    sentinel.admit()
