"""Files that are whole or not there: written beside their place, put there when they are done, and sealed by hashes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ctsopt.errors import FileError

MANIFEST = "manifest.json"
"""Lists the files of a sealed folder, with size and SHA-256 of each."""

_SEAL = "sha256"
_NUMBERED = re.compile(r"^.*\[[Ee]rrno \d+\] ")


@contextmanager
def told(target: Path) -> Iterator[None]:
    """What the file system refuses while `target`, or a draft of it, is written is told with the name of the target.

    Raises
    ------
    FileError
        In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        why = error.why if isinstance(error, FileError) else _NUMBERED.sub("", error.strerror or str(error))
        if not why:  # of a file that is read meanwhile
            raise
        told = FileError(f"{target} cannot be written: {why}")
        told.why = why
        raise told from error


@contextmanager
def beside(target: Path) -> Iterator[Path]:
    """A temporary folder on the same disk as the target, which goes afterwards.

    Raises
    ------
    FileError
        If something within cannot be written: nothing of it stays.
    """
    with told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def whole_file(target: Path, fill: Callable[[Path], object]) -> Path:
    """Let `fill` write a file beside the target, then put it in its place.

    Raises
    ------
    FileError
        If it cannot be written; what stood there before stays.
    """
    with beside(target) as draft:
        fill(draft / target.name)
        (draft / target.name).replace(target)
    return target


def renew(target: Path, fill: Callable[[Path], Iterable[str]], gone: Callable[[], Iterable[str]] = lambda: ()) -> Path:
    """Let `fill` write into a folder beside the target, then put what it names into the target, in that order.

    Parameters
    ----------
    target : Path
        A folder, which is made.
    fill : callable
        Writes into the folder it is given, and names the files and folders there that are to be moved.
    gone : callable
        What else is to leave the target, asked when everything is written.

    Raises
    ------
    FileError
        If something cannot be written; the target is as it was.
    """
    with beside(target) as draft:
        fresh, kept = draft / "fresh", draft / "kept"
        fresh.mkdir()
        kept.mkdir()
        names = list(fill(fresh))
        target.mkdir(exist_ok=True)
        old = [name for name in dict.fromkeys([*names, *gone()]) if (target / name).exists()]
        swap(target, fresh, kept, old, names)
    return target


def swap(target: Path, draft: Path, kept: Path, old: Iterable[str], fresh: Iterable[str]) -> None:
    """Old files out, new files in; put everything back where that fails half-way."""
    moves = [(source / name, place / name)
             for names, source, place in ((old, target, kept), (fresh, draft, target)) for name in names]
    begun: list[tuple[Path, Path]] = []
    try:
        for before, after in moves:
            after.parent.mkdir(parents=True, exist_ok=True)
            # Noted first: Ctrl-C may come when the file has moved and before anybody knows of it.
            begun.append((before, after))
            before.replace(after)
    except BaseException:
        for before, after in reversed(begun):
            if os.path.lexists(after) and not os.path.lexists(before):
                after.replace(before)
        raise


# ---- seals -------------------------------------------------------------------------------------------------------


def sealed(content: Mapping[str, Any]) -> str:
    """Plain values as JSON that ends in the SHA-256 of itself."""
    body = json.dumps(content, indent=1, ensure_ascii=True)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return json.dumps({**content, _SEAL: digest}, indent=1, ensure_ascii=True) + "\n"


def unsealed(path: Path) -> dict[str, Any]:
    """What `sealed` made, from a file that is exactly as it was written.

    Raises
    ------
    ValueError
        If it is not, in words.
    OSError
        If it cannot be read.
    """
    data = path.read_bytes()
    try:
        content = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path.name} is damaged: it cannot be read") from error
    if not isinstance(content, dict) or _SEAL not in content:
        raise ValueError(f"{path.name} is damaged: its own checksum is missing")
    body = {name: value for name, value in content.items() if name != _SEAL}
    if sealed(body).encode() != data:
        raise ValueError(f"{path.name} is not as it was written")
    return body


def seal(folder: Path, **facts: object) -> None:
    """Write the manifest of a folder: its files, and facts that `broken` is to find there."""
    (folder / MANIFEST).write_text(sealed({**facts, "files": listing(folder)}), encoding="utf-8")


def broken(folder: Path, own: Callable[[str], bool] = lambda name: True, **facts: object) -> str:
    """Why a folder is not as it was sealed, with the name of the first file that is not; blank where it is.

    Parameters
    ----------
    folder : Path
    own : callable
        Whether a file that the manifest does not list is one too many, by its path within the folder.
    **facts
        What the manifest must say beside its files.
    """
    try:
        manifest = unsealed(folder / MANIFEST)
        listed = manifest.get("files")
        if not isinstance(listed, dict):
            return f"{MANIFEST} lists no files"
        for name, value in facts.items():
            if manifest.get(name) != value:
                return f"{MANIFEST} is of another {name}: {manifest.get(name)!r}, not {value!r}"
        found = listing(folder)
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except OSError as error:
        return f"{Path(error.filename).name if error.filename else 'it'} cannot be read: {error.strerror or error}"
    except ValueError as error:
        return str(error)
    for name in sorted(listed.keys() | found.keys() - {MANIFEST}):
        if name not in found:
            return f"{name} is missing"
        if name not in listed:
            if own(name):
                return f"{name} was not written with it"
        elif found[name] != listed[name]:
            return f"{name} is not as it was written"
    return ""


def listing(folder: Path) -> dict[str, dict[str, Any]]:
    """Size and SHA-256 of every file, by its path."""
    return {file.relative_to(folder).as_posix(): _facts(file) for file in sorted(folder.rglob("*"))
            if not file.is_dir()}


def _facts(file: Path) -> dict[str, Any]:
    if not file.is_file():  # a pipe never ends, a link may lead nowhere
        return {"size": -1, "sha256": ""}
    with file.open("rb") as stream:
        return {"size": file.stat().st_size, "sha256": hashlib.file_digest(stream, "sha256").hexdigest()}
