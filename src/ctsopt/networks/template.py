"""Empty tables of a network, to fill in."""

from __future__ import annotations

import os
from pathlib import Path

from ctsopt.networks.schema import SCHEMA
from ctsopt.tables.template import write_template


def template(path: str | os.PathLike[str]) -> Path:
    """Write every table without rows, the settings with their defaults, and what each column means.

    Parameters
    ----------
    path : path
        A folder, or a file ending in `.xlsx`. Nothing that exists is replaced.

    Raises
    ------
    UsageError
        If the workbook, or one of the files in the folder, exists.
    """
    return write_template(path, SCHEMA)
