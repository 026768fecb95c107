"""The example networks that travel with the package: which there are, where they are, and a copy to work on."""

from __future__ import annotations

import shutil
from pathlib import Path

from ctsopt.errors import UsageError, nearest_name

_PACKAGED = Path(__file__).parent / "_models"
_IN_SOURCE_TREE = Path(__file__).parents[2] / "models"


def folder() -> Path:
    """The folder of the example networks: inside an installed package, else at the top of the source tree."""
    return _PACKAGED if _PACKAGED.is_dir() else _IN_SOURCE_TREE


def names() -> list[str]:
    """Names of the example networks, sorted."""
    return sorted(p.parent.name for p in folder().glob("*/model.yaml"))


def path(name: str) -> Path:
    """The folder of the example network `name`.

    Raises
    ------
    UsageError
        If there is no such network; the message lists those there are.
    """
    known = names()
    if name not in known:
        near = nearest_name(name, known)
        raise UsageError(f"there is no example network {name!r}" + (f"; did you mean {near!r}?" if near else "")
                         + f" (there are: {', '.join(known) or 'none'})")
    return folder() / name


def copy(name: str, to: Path, *, force: bool = False) -> Path:
    """Copy the example network `name` into the folder `to`, to be edited there.

    Parameters
    ----------
    name : str
        One of `names()`.
    to : Path
        Folder that the copy becomes. Its parents are made.
    force : bool
        Write into a folder that exists; files of the same names are replaced, others stay.

    Raises
    ------
    UsageError
        If there is no such network, or `to` exists and `force` is not set.
    """
    source = path(name)
    if to.exists() and not to.is_dir():
        raise UsageError(f"{to} is a file; name a folder")
    if to.exists() and not force:
        raise UsageError(f"{to} exists; name another folder, or use --force (force=True) to write into it")
    shutil.copytree(source, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    return to
