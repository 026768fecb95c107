"""What a bug report must say: the versions of everything that computes."""

from __future__ import annotations

import platform
import sys
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
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


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
