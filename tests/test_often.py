"""The suite's own rules: which run takes in what, what is drawn from the seed, and the budget of a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import often

pytest_plugins = ["pytester"]

CONFTEST = (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8")

TESTS = """
import os
import pytest
from hypothesis import given, strategies as st
from tests.often import fixed, of_the_day, sampled

def busy(seconds):
    began = sum(os.times()[:2])
    while sum(os.times()[:2]) < began + seconds:
        pass

@pytest.fixture(scope="module")
def shared():
    busy(0.3)

@pytest.fixture(scope="session")
def whole():
    busy(0.3)

@pytest.fixture
def own():
    busy(0.3)

def test_quick(shared, whole): pass
def test_its_own_fixture(own): pass
def test_too_long(): busy(0.3)
@pytest.mark.slow
def test_marked(): busy(0.3)
@pytest.mark.parametrize("case", sampled(range(6), every=2, quick=1))
def test_cases(case): pass
@pytest.mark.slow
@pytest.mark.parametrize("hand", range(5))
def test_by_hand(hand): pass
@pytest.mark.parametrize("seed", of_the_day(3))
def test_of_the_day(seed): pass

seen = []
@given(st.integers(0, 10**9))
@fixed(2)
def test_fixed(number): seen.append(number)
@given(st.integers(0, 10**9))
def test_drawn(number): seen.append(number)
def test_seen(): print("seen", seen)
"""


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """A suite of a few tests under the conftest of this one, in a folder as this one: pytest itself starts above it.

    The folder's name begins as this one's, since pytest looks for the options of a conftest in such folders alone, if
    the value of an option looks like the path of a test.
    """
    folder = pytester.mkdir("tests_of_a_few")
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (folder / "test_suite.py").write_text(TESTS, encoding="utf-8")
    pytester.makeini(f"[pytest]\ntestpaths = {folder.name}\npythonpath = {Path(__file__).parents[1]}\n"
                     "markers =\n    slow: x\n    long: x\n    sampled: x\n")
    return pytester


def names(suite: pytest.Pytester, *options: str) -> set[str]:
    """Tests that a run takes in."""
    lines = suite.runpytest_subprocess("--collect-only", "-q", *options).outlines
    return {line.partition("::")[2].removeprefix("test_") for line in lines if "::" in line}


@pytest.mark.slow
def test_three_runs_each_take_in_the_one_before(suite: pytest.Pytester) -> None:
    """Every other case stands for all six, the first of these with every commit; another seed takes the others. Of five
    slow cases one is drawn, and all may be asked for.
    """
    every_commit = names(suite, "-m", "not slow", "--seed", "8")
    assert {name for name in every_commit if "[" in name} == {"cases[0]"}
    change = names(suite, "--seed", "8")
    by_hand = {name for name in change if name.startswith("by_hand")}
    assert len(by_hand) == 1
    assert change - every_commit - by_hand == {"marked", "cases[2]", "cases[4]"}
    others = {f"by_hand[{at}]" for at in range(5)} - by_hand
    assert names(suite, "--seed", "8", "--long") - change == others | {
        "cases[1]", "cases[3]", "cases[5]", "of_the_day[8000]", "of_the_day[8001]", "of_the_day[8002]"}
    assert names(suite, "--seed", "8", "--slow-cases", "0") - change == others
    assert {name for name in names(suite, "--seed", "7") if "cases[" in name} == {"cases[1]", "cases[3]", "cases[5]"}


@pytest.mark.slow
def test_few_of_many_cases_are_drawn_by_the_seed(suite: pytest.Pytester) -> None:
    """Two of the six cases and of the three seeds, what has no cases as ever; not the same two for every seed."""
    runs = [names(suite, "--long", "--few", "2", "--seed", str(seed)) for seed in (1, 2, 3, 4, 1)]
    cases = [{name for name in run if name.startswith("cases[")} for run in runs]
    assert [len(some) for some in cases] == [2] * 5
    assert len(runs[0]) == 7 + 2 + 2 + 2
    assert runs[0] == runs[4]
    assert len(set().union(*cases)) > 2


@pytest.mark.slow
def test_what_takes_too_long_without_its_mark_fails(suite: pytest.Pytester) -> None:
    """Fixtures of a test count for it, shared ones for nobody; what stands in the report says what to do."""
    result = suite.runpytest_subprocess("--budget", "0.2", "-k", "not seen")
    result.assert_outcomes(passed=8, failed=2, deselected=1 + 3 + 2)
    failed = {line for line in result.outlines if line.startswith("FAILED")}
    assert {re.search(r"::test_(\w+)", line)[1] for line in failed} == {"its_own_fixture", "too_long"}
    result.stdout.fnmatch_lines("*it passed, but took 0.3 s of processor time*@pytest.mark.slow*")
    suite.runpytest_subprocess("--budget", "0", "-k", "test_too_long").assert_outcomes(
        passed=1, deselected=15)


@pytest.mark.slow
def test_the_same_seed_draws_the_same(suite: pytest.Pytester) -> None:
    def seen(*options: str) -> list[int]:
        result = suite.runpytest_subprocess("-s", "-k", "fixed or drawn or seen", *options)
        line = next(line for line in result.outlines if "seen [" in line)
        return [int(number) for number in re.findall(r"\d+", line.partition("seen")[2])]

    one, again, other = seen("--seed", "1"), seen("--seed", "1"), seen("--seed", "2")
    assert one == again
    assert one[:2] == other[:2]  # fixed
    assert one[2:] != other[2:]
    long, other = seen("--long", "--seed", "1"), seen("--long", "--seed", "2")
    assert len(long) >= 20 + 100 > len(one)
    assert long[:2] != other[:2]


def test_the_day_is_that_of_the_commit() -> None:
    assert re.fullmatch(r"20\d\d[01]\d[0-3]\d", str(often.day()))
