"""A known-answer test that skips proves nothing: with CTSOPT_REQUIRE_DATA=1 every skip in this folder is a failure."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def _no_skip(report: Report) -> Report:
    """The report, turned into a failure where it is a skip and the data are required."""
    if os.environ.get("CTSOPT_REQUIRE_DATA") == "1" and report.skipped:
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"CTSOPT_REQUIRE_DATA=1: a known-answer test may not be skipped. {why}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report of one phase of a test of this folder."""
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Report of the collection of a file of this folder (a whole file may be skipped there)."""
    return _no_skip((yield))
