"""The reports that several tests look at: each is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

import ctsopt as cts
from ctsopt.report import write_html
from tests.report import pages


@pytest.fixture(scope="session")
def every_panel(tmp_path_factory: pytest.TempPathFactory) -> cts.PackResult:
    """A pack on a network that fits on paper, with everything that a comparison can ask for."""
    return pages.run(tmp_path_factory.mktemp("every_panel"))


@pytest.fixture(scope="session")
def comparison(every_panel: cts.PackResult) -> cts.Comparison:
    return every_panel.compare()


@pytest.fixture(scope="session")
def page(every_panel: cts.PackResult, comparison: cts.Comparison, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its report."""
    return write_html(every_panel, tmp_path_factory.mktemp("page") / "report.html", comparison)


@pytest.fixture(scope="session")
def harmful_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report in which every name is an attack, with maps."""
    return write_html(pages.harmful(), tmp_path_factory.mktemp("harm") / "report.html")
