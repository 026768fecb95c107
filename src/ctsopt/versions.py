"""What a bug report must say: the versions of everything that computes."""

from __future__ import annotations

import platform
import sys
from functools import cache
from importlib import metadata
from typing import TextIO

PACKAGES = ("ctsopt", "numpy", "pandas", "scipy", "highspy", "pyomo", "ruamel.yaml", "openpyxl", "pyarrow", "typer",
            "rich")
"""Packages whose versions matter to a result or to a file that is read or written."""


def versions() -> dict[str, str]:
    """Versions of Python, of the machine's system and of the packages that ctsopt computes with.

    Returns
    -------
    dict of str to str
        Name to version, `not installed` where a package is missing. Nothing is imported.
    """
    found = {"python": platform.python_version(), "system": platform.platform()}
    return found | {name: _version(name) for name in PACKAGES}


@cache
def _version(name: str) -> str:
    """Looked up once: what runs does not change, and every solve keeps it in its record."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def show_versions(file: TextIO | None = None) -> None:
    """Print the versions, one a line, to paste into a bug report.

    Parameters
    ----------
    file : text stream, optional
        Where to; standard output by default.
    """
    found = versions()
    width = max(map(len, found))
    stream = sys.stdout if file is None else file
    stream.writelines(f"{name:<{width}}  {version}\n" for name, version in found.items())
