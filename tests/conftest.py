"""Settings that every test shares."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import hypothesis

if TYPE_CHECKING:
    import pytest

# A terminal's width and colours must not change what a test sees.
os.environ.setdefault("COLUMNS", "120")
os.environ.setdefault("NO_COLOR", "1")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so would every program that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# A limit by the clock on each example says how busy the machine is.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` takes in the many cases alike that the suite leaves to the long run."""
    parser.addoption("--long", action="store_true", help="run the tests marked long, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked long, unless it was asked for, by `--long` or by its mark."""
    if config.getoption("--long") or "long" in config.getoption("markexpr"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("long")]
