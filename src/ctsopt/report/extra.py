"""Packages that only reports need: they are looked for when a report is made, and not before."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ctsopt.errors import UsageError

INSTALL = "pip install 'ctsopt[report]'"
"""What to run where one of them is missing."""

MISSING = f"no report and no workbook: they need plotly, jinja2 and XlsxWriter, see {INSTALL}"

_MODULES = ("plotly", "jinja2", "xlsxwriter")


def installed() -> bool:
    """Whether everything that reports need is installed; nothing is imported."""
    return all(find_spec(name) is not None for name in _MODULES)


def require(module: str) -> Any:
    """A module of the extra `report`.

    Raises
    ------
    UsageError
        If its package is not installed; the message is one line that says what to install.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        raise UsageError(f"reports need {module.partition('.')[0]}, which is not installed: {INSTALL}") from None
