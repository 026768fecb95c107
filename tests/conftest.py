"""Settings that every test shares: which tests run when, what they draw from, and how long one may take."""

from __future__ import annotations

import os
import random
import signal
from collections import defaultdict

import hypothesis
import pytest

from tests import budget, often

# A terminal's width and colours must not change what a test sees.
os.environ.setdefault("COLUMNS", "120")
os.environ.setdefault("NO_COLOR", "1")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every program that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# A limit by the clock on each example says how busy the machine is; and examples follow from the seed everywhere.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=False)
hypothesis.settings.load_profile("tests")


SLOW_CASES = 1
"""Slow cases of one test that run before a change is taken; other ones with another seed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """What a run takes in, what it draws from, and how long a test may take."""
    parser.addoption("--long", action="store_true", help="run the tests marked long, too")
    parser.addoption("--few", type=int, metavar="N", help="of each test with many cases take in N, which follow from "
                     "the seed")
    parser.addoption("--slow-cases", type=int, metavar="N", default=SLOW_CASES, help="of each test with slow cases "
                     f"take in N ({SLOW_CASES}), which follow from the seed, unless the run is long; 0 for all")
    parser.addoption("--seed", type=int, help="number that everything drawn at random follows from (the day of the "
                     "last commit, as 20261130)")
    parser.addoption("--budget", type=float, default=budget.BUDGET, help="seconds of processor time that a test "
                     f"without the mark slow may take ({budget.BUDGET:g}); 0 for any")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """One seed for all processes of a run: those that share the work get the options as they are left here."""
    if config.option.seed is None:
        config.option.seed = often.day()
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(config.option.seed)
    often.draw_from(config.option.seed, long=_takes_long(config))
    if not config.pluginmanager.has_plugin("budget"):
        config.pluginmanager.register(budget, "budget")


def pytest_report_header(config: pytest.Config) -> str:
    """The seed, for who wants to draw the same again."""
    return f"random tests draw from the seed {config.option.seed}: --seed {config.option.seed} draws the same again"


def _takes_long(config: pytest.Config) -> bool:
    return bool(config.getoption("--long")) or "long" in config.getoption("markexpr")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked long, unless it was asked for, by `--long` or by its mark; and most cases alike.

    Of the slow cases of a test, which `sampled` has not thinned out already, there are few in a run that is not long;
    `--few` leaves few of all cases.
    """
    long, few, slow = _takes_long(config), config.option.few, config.option.slow_cases
    left_out = set() if long else {item for item in items if item.get_closest_marker("long")}
    if few:
        left_out |= _all_but(few, config.option.seed, [item for item in items if item not in left_out])
    elif slow and not long:
        left_out |= _all_but(slow, config.option.seed, [
            item for item in items if item not in left_out and item.get_closest_marker("slow")
            and not item.get_closest_marker("sampled")])
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


def _all_but(few: int, seed: int, items: list[pytest.Item]) -> set[pytest.Item]:
    """All cases of each test but a few that the seed draws."""
    alike = defaultdict(list)
    for item in items:
        alike[item.nodeid.partition("[")[0]].append(item)
    return {case for name, cases in alike.items()
            for case in set(cases) - set(random.Random(f"{seed} {name}").sample(cases, min(few, len(cases))))}
