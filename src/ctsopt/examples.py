"""The example networks and packs that travel with the package: their names, their places, and a copy to work on."""

from __future__ import annotations

import shutil
from pathlib import Path

from ctsopt.errors import UsageError, unknown_name

_PACKAGE, _SOURCE_TREE = Path(__file__).parent, Path(__file__).parents[2]


def folder() -> Path:
    """The folder of the example networks: inside an installed package, else at the top of the source tree."""
    return _place("_models", "models")


def pack_folder() -> Path:
    """The folder of the example packs: inside an installed package, else at the top of the source tree."""
    return _place("_scenarios", "scenarios")


def _place(packaged: str, in_source_tree: str) -> Path:
    return _PACKAGE / packaged if (_PACKAGE / packaged).is_dir() else _SOURCE_TREE / in_source_tree


def names() -> list[str]:
    """Names of the example networks, sorted."""
    return sorted(p.parent.name for p in folder().glob("*/model.yaml"))


def packs() -> list[str]:
    """Names of the example packs, sorted. None of them is the name of an example network."""
    return sorted(p.stem for p in pack_folder().glob("*.yaml"))


def path(name: str) -> Path:
    """The folder of the example network `name`.

    Raises
    ------
    UsageError
        If there is no such network; the message lists those there are.
    """
    _require(name, names(), "example network")
    return folder() / name


def pack(name: str) -> Path:
    """The file of the example pack `name`.

    Raises
    ------
    UsageError
        If there is no such pack; the message lists those there are.
    """
    _require(name, packs(), "example pack")
    return pack_folder() / f"{name}.yaml"


def _require(name: str, known: list[str], what: str) -> None:
    if name not in known:
        raise UsageError(unknown_name(what, name, known))


def copy(name: str, to: Path, *, force: bool = False) -> Path:
    """Copy the example network or pack `name` into the folder `to`, to be edited there.

    Of a pack the copy holds NAME.yaml, and the tables that it reads.

    Parameters
    ----------
    name : str
        One of `names()` or `packs()`.
    to : Path
        Folder that the copy becomes. Its parents are made.
    force : bool
        Write into a folder that exists; files of the same names are replaced, others stay.

    Raises
    ------
    UsageError
        If there is no such network or pack, or `to` exists and `force` is not set.
    """
    _require(name, [*names(), *packs()], "example network or pack")
    if to.exists() and not to.is_dir():
        raise UsageError(f"{to} is a file; name a folder")
    if to.exists() and not force:
        raise UsageError(f"{to} exists; name another folder, or use --force (force=True) to write into it")
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    if name in names():
        shutil.copytree(path(name), to, dirs_exist_ok=True, ignore=ignore)
        return to
    to.mkdir(parents=True, exist_ok=True)
    shutil.copy(pack(name), to)
    if (pack_folder() / name).is_dir():
        shutil.copytree(pack_folder() / name, to / name, dirs_exist_ok=True, ignore=ignore)
    return to
