"""Answers on disk, by content: what was solved once is not solved again, and an interrupted pack resumes.

An entry is a folder, named by the key of its case. It is written under another name, with a manifest that holds the
SHA-256 of each of its files, and renamed when it is whole. A reader trusts nothing that does not agree with its
manifest: after a crash, a full disk or a power cut an entry is whole, or it is noticed, set aside and solved again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctsopt.errors import UsageError
from ctsopt.files import broken, seal, told
from ctsopt.folders import default_folder

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger("ctsopt.run")

_FORMAT = 2
_HEAD, _SOLUTION = "case.json", "solution"

DECIDED = "decided.parquet"
"""File of an entry: what its plan decides, by keys that other networks know, too."""

_DAY = 86400.0
_HOME = Path(__file__).parents[1]

FACES = ("__main__.py", "cli*.py", "terminal.py", "working.py", "report", "comparing", "quoting", "sensitivity",
         "shortage", "testing.py", "_[!_]*")
"""Files and rooms at the top of ctsopt that nothing here imports: they show answers, and no answer depends on them."""


@dataclass(frozen=True)
class Entry:
    """One whole entry: what is known of a case that was solved, or proven to have no plan.

    Attributes
    ----------
    key : str
    folder : Path
    head : mapping
        outcome, message, cost, bound, gap, gap_money, seconds, start (key of the case it started from), made_by.
    """

    key: str
    folder: Path
    head: Mapping[str, Any]

    @property
    def solution(self) -> Path | None:
        """The folder of its saved solution, where there is a plan."""
        folder = self.folder / _SOLUTION
        return folder if folder.is_dir() else None

    def plan(self) -> dict[str, bool] | None:
        """Which sites are open in its plan; None where there is none."""
        import pandas as pd

        if self.solution is None:
            return None
        sites = pd.read_parquet(self.solution / "sites.parquet", columns=["site", "open"])
        return dict(zip(sites["site"].tolist(), sites["open"].astype(bool).tolist(), strict=True))


    def decided(self) -> pd.DataFrame | None:
        """All that its plan decides, as `read_back.decided` gives it; None where there is none."""
        import pandas as pd

        return None if self.solution is None else pd.read_parquet(self.folder / DECIDED)


class Cache:
    """A folder of entries that any number of runs may use at the same time.

    Parameters
    ----------
    folder : path, optional
        By default $CTSOPT_CACHE, else `ctsopt` among the user's caches (on Linux `~/.cache`).

    Attributes
    ----------
    notes : list of str
        Entries that were found damaged and set aside.

    Raises
    ------
    UsageError
        If the folder cannot be made or written to.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = Path(folder) if folder is not None else default_folder()
        self.notes: list[str] = []
        try:
            for part in (self._cases, self._drafts, self._damaged):
                part.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"the cache {self.folder} cannot be used ({error.strerror}): give another folder, by the "
                             "argument cache or the variable CTSOPT_CACHE") from error
        self.sweep()

    @property
    def _cases(self) -> Path:
        return self.folder / "cases"

    @property
    def _drafts(self) -> Path:
        return self.folder / "drafts"

    @property
    def _damaged(self) -> Path:
        return self.folder / "damaged"

    def place(self, key: str) -> Path:
        """The folder of an entry."""
        return self._cases / key

    def look(self, key: str) -> Entry | None:
        """The entry of a key if it is there and whole; one that is not is set aside."""
        place = self.place(key)
        if not os.path.lexists(place):
            return None
        fault = _fault(place, key)
        if fault is None:
            return Entry(key, place, json.loads((place / _HEAD).read_text(encoding="utf-8")))
        if os.path.lexists(place):  # else another run has just set it aside
            self._set_aside(place, key, fault)
        return None

    def draft(self) -> Path:
        """A new folder for this process alone; whoever asked for it removes it, else it is swept when we are gone."""
        return Path(tempfile.mkdtemp(prefix=f"{_machine()}-{os.getpid()}-", dir=self._drafts))

    def put(self, key: str, head: Mapping[str, Any], fill: Callable[[Path], None]) -> Entry:
        """Make an entry; one that is there already and whole stays, and is returned.

        Parameters
        ----------
        key : str
        head : mapping
            Plain values.
        fill : callable
            Writes further files into the folder it is given.

        Raises
        ------
        FileError
            If it cannot be written; nothing of it stays.
        """
        with told(self.place(key)):
            draft = self.draft()
            try:
                fill(draft)
                (draft / _HEAD).write_text(json.dumps(head, indent=1) + "\n", encoding="utf-8")
                seal(draft, format=_FORMAT, key=key)
                return self._settle(key, draft)
            finally:
                shutil.rmtree(draft, ignore_errors=True)  # it is elsewhere now, or not wanted

    def _settle(self, key: str, draft: Path) -> Entry:
        """Give a draft its name, unless another run was first."""
        for _ in range(10):
            there = self.look(key)
            if there is not None:
                return there
            with contextlib.suppress(OSError):  # another run was first, since we looked
                draft.rename(self.place(key))
        raise OSError(f"the entry {self.place(key)} of the cache can neither be read nor replaced")

    def _set_aside(self, place: Path, key: str, fault: str) -> None:
        target = Path(tempfile.mkdtemp(prefix=f"{key[:16]}-", dir=self._damaged))
        try:
            place.rename(target / key)
        except FileNotFoundError:  # another run has just done it
            target.rmdir()
            return
        if _fault(target / key, key) is None:
            # Between our look and our move, another run had put a whole one there.
            with contextlib.suppress(OSError):
                (target / key).rename(place)
            shutil.rmtree(target)
            return
        note = f"the entry {key[:16]} of the cache was damaged ({fault}): set aside as {target}"
        _log.warning(note)
        self.notes.append(note)

    def sweep(self) -> None:
        """Remove drafts of runs that are gone, and what was set aside, or never finished, more than a day ago."""
        for part in self._drafts.iterdir():
            if _gone(part.name) or _old(part):
                shutil.rmtree(part, ignore_errors=True)
        for part in self._damaged.iterdir():
            if _old(part):
                shutil.rmtree(part, ignore_errors=True)


def case_key(network_hash: str, options: Mapping[str, Any], made_by: Mapping[str, str]) -> str:
    """SHA-256 of everything on which the answer to a case depends, but for the plan that the search starts from.

    Parameters
    ----------
    network_hash : str
        Hash of the resolved tables.
    options : mapping
        How to solve: plain values, all of them.
    made_by : mapping
        `fingerprint()` of what solves.
    """
    content = {"format": _FORMAT, "network": network_hash, "options": dict(options), "made_by": dict(made_by)}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def key_from(key: str, start: str) -> str:
    """The key of an answer that is better than that of `key`, since its search started from the plan of `start`."""
    return hashlib.sha256(f"{key}\0{start}".encode()).hexdigest()


@lru_cache(maxsize=1)
def fingerprint() -> Mapping[str, str]:
    """Versions of everything that computes, and a hash of ctsopt itself but for its faces.

    The hash is there because the version of ctsopt does not change while somebody works on it.
    """
    from ctsopt.versions import versions

    found = versions()
    known = {name: found[name] for name in ("ctsopt", "numpy", "pandas", "scipy", "highspy", "pyomo")}
    digest = hashlib.sha256()
    for file in sorted(_HOME.rglob("*.py")):
        place = file.relative_to(_HOME)
        if any(fnmatch(place.parts[0], face) for face in FACES):
            continue
        content = file.read_bytes()
        digest.update(f"{place.as_posix()}\0{len(content)}\0".encode() + content)
    return {"python": ".".join(found["python"].split(".")[:2]), **known, "code": digest.hexdigest()}


def _fault(place: Path, key: str) -> str | None:
    """Why a folder is not a whole entry of this key; None where it is."""
    why = broken(place, format=_FORMAT, key=key)
    return why or (None if (place / _HEAD).is_file() else f"{_HEAD} is missing")


@lru_cache(maxsize=1)
def _machine() -> str:
    return re.sub(r"[^A-Za-z0-9]", "_", platform.node())[:40] or "here"


def _gone(name: str) -> bool:
    """Whether a draft is one of a process of this machine that is no more; False where that is not known."""
    machine, _, rest = name.partition("-")
    pid = rest.partition("-")[0]
    if os.name != "posix" or machine != _machine() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    return False


def _old(part: Path) -> bool:
    try:
        return time.time() - part.stat().st_mtime > _DAY
    except FileNotFoundError:  # another run has swept it
        return False
