"""How long a test may take: hooks of pytest, which `conftest.py` registers.

They are a plugin of their own because those of a `conftest.py` are not asked when a fixture of the whole session is
made: pytest makes it from the root, above the folder of tests.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

BUDGET = 5.0
"""Seconds of processor time that a test without the mark `slow` may take."""

_spent = pytest.StashKey[float]()
_shared = pytest.StashKey[float]()
"""Seconds of processor time before a test is called, and those of them for fixtures that serve other tests, too."""


def _processor_time() -> float:
    """Seconds of this process, and of those that it started and that have ended."""
    return sum(os.times()[:4])


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
                         ) -> Generator[None, object, object]:
    """What is made once for many tests counts for none of them."""
    began = _processor_time()
    try:
        return (yield)
    finally:
        stash = request.session.stash
        if fixturedef.scope != "function":
            stash[_shared] = stash.get(_shared, 0.0) + _processor_time() - began


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    """Fixtures of its own are a part of a test."""
    began, item.session.stash[_shared] = _processor_time(), 0.0
    yield
    item.stash[_spent] = _processor_time() - began - item.session.stash[_shared]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test that passes and takes too long fails all the same, and says what to do."""
    began = _processor_time()
    result = yield
    took, budget = item.stash[_spent] + _processor_time() - began, item.config.getoption("budget")
    if took > budget > 0 and not {"slow", "long"} & {mark.name for mark in item.iter_markers()}:
        pytest.fail(f"it passed, but took {took:.1f} s of processor time, and a test without a mark may take "
                    f"{budget:g}: let it do the same with less (a smaller network, fewer cases and the others by "
                    "tests/often.py, a fixture shared by the file), or mark it @pytest.mark.slow, so that it is left "
                    "out of what runs with every commit (tests/README.md). On a slower machine: --budget SECONDS.",
                    pytrace=False)
    return result
