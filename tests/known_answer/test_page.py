"""The page of known answers: complete, made from the figures, and the figures fit what is published."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tests.known_answer.cases import CASES, LEFT_OUT, NOT_YET, WITHIN
from tests.known_answer.measure import Figure, identity, load, measure
from tests.known_answer.page import PAGE, in_order, is_long, main, network
from tests.known_answer.report import page, reached
from tests.known_answer.shared_data import Answer, answer, answers

FIGURES = load()
LONG = [pytest.param(case, ask, id=" ".join(identity(case, ask))) for case in CASES for ask in case.asks
        if is_long(case, ask)]


def test_every_published_answer_is_a_case_or_is_left_out():
    table = answers()
    there = set(table[["case", "instance", "quantity"]].itertuples(index=False, name=None))
    solved = {case.key for case in CASES if case.key[2]}
    assert solved <= there
    assert {key[:2] for key in there - solved if key[0] not in LEFT_OUT} == NOT_YET
    assert {key[0] for key in there} >= set(LEFT_OUT)
    assert not {key[0] for key in solved} & set(LEFT_OUT)


def test_every_solve_was_measured():
    assert list(FIGURES) == [identity(case, ask) for case in CASES for ask in case.asks]


def test_the_page_is_made_from_the_figures():
    assert PAGE.read_text(encoding="utf-8") == page(FIGURES.values())


@pytest.mark.parametrize("figure", [pytest.param(figure, id=" ".join(key)) for key, figure in FIGURES.items()])
def test_the_figure_fits_the_published_answer(figure):
    """A published optimum is met, or lies between bound and value. A bound is not above the best known plan."""
    number = answer(figure.case, figure.instance, figure.quantity) if figure.quantity else Answer.printed(
        figure.published)
    assert Answer.printed(figure.published) == number
    assert figure.bound <= number.value + number.tolerance
    if figure.proves != "best known":
        assert figure.value >= number.value - number.tolerance
    if figure.stopped_by == "gap":
        assert figure.gap <= figure.gap_asked + 1e-9
    if figure.time_limit is None:
        assert reached(figure) == "proven"


def figure(value: float, bound: float, published: str = "1000", *, relax: bool = False) -> Figure:
    """A figure of which just the numbers matter."""
    fields = dict.fromkeys((field.name for field in dataclasses.fields(Figure)), 0)
    return Figure(**{**fields, "value": value, "bound": bound, "published": published, "relax": relax})


@pytest.mark.parametrize(("value", "bound", "word"), [
    (1000.0, 1000.0, "proven"), (1000.0, 998.0, "value"), (1004.9, 1000.0, "within 0.5 %"),
    (1005.1, 1000.0, "not reached"), (990.0, 980.0, "within 0.5 %"),
])
def test_what_was_reached_in_a_word(value, bound, word):
    assert reached(figure(value, bound)) == word


def test_a_relaxation_is_met_or_not():
    assert reached(figure(1000.0005, 1000.0005, relax=True)) == "proven"
    assert reached(figure(1001.0, 1001.0, relax=True)) == "not reached"


def test_gap_and_distance():
    found = figure(1010.0, 999.9)
    assert found.gap == pytest.approx(0.01)
    assert found.above == pytest.approx(0.01)


@pytest.mark.slow
def test_the_command_measures_what_is_named(tmp_path, monkeypatch, capsys):
    """One case is solved again; its figure and its line on the page are new, all else stays."""
    monkeypatch.setattr("tests.known_answer.page.MEASURED", tmp_path / "measured.json")
    monkeypatch.setattr("tests.known_answer.page.PAGE", tmp_path / "page.md")
    assert main(["--only", "multmip1"]) == 0
    assert "ampl_multi multmip1, lazy: 229850.000000" in capsys.readouterr().err
    line = next(line for line in (tmp_path / "page.md").read_text(encoding="utf-8").splitlines() if "multmip1" in line)
    assert re.match(r"\| multmip1 \| 229,850 \| `lazy` \| 229,850.0 \| (229,850.0|229,849.9) \| 0 % \| 0 % \|", line)
    assert line.endswith("| proven |")
    assert [key[1] for key in load(tmp_path / "measured.json")] == ["multmip1"]


def test_figures_stand_in_the_order_of_the_cases():
    assert list(in_order(dict(reversed(FIGURES.items())))) == list(FIGURES)


@pytest.mark.long
@pytest.mark.parametrize(("case", "ask"), LONG)
def test_long(case, ask):
    """The published answer lies between bound and value; a two-stage plan is near the best known one."""
    found = measure(case, ask, network(case), 0.0)
    number = Answer.printed(found.published)
    assert found.bound <= number.value + number.tolerance
    if found.relax or found.proves != "best known":
        assert found.value >= number.value - number.tolerance
    if case.group == "Two stages":
        assert found.above <= WITHIN
