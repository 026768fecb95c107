"""An append-only journal: one line of JSON an entry, each with a sum, so that a torn or changed line is seen."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO
from zlib import crc32

from ctsopt.errors import FileError, Finding
from ctsopt.files import told

Entry = dict[str, Any]

SCHEMA = "ctsopt/promises/1"
"""Form of the journal: the first entry says it."""

_TEXT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


class Journal:
    """Entries on disk. What is not on disk has not happened.

    Parameters
    ----------
    path : Path
        The file. It is made where it is not there.
    safe : bool
        Wait after each writing until the disk has it, which survives a power cut, too; else what survives is the end of
        this process at any moment.

    Attributes
    ----------
    entries : list of dict
        What the file held when it was opened.
    findings : list of Finding
        A last line that was cut off, and is dropped.
    """

    def __init__(self, path: Path, *, safe: bool = False) -> None:
        self.path, self._safe = path, safe
        with told(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("ab+")
            _for_us_alone(self._file, path)
            self._file.seek(0)
            data = self._file.read()
        try:
            self.entries, self.findings, whole = _read(data, path)
        except FileError:
            self._file.close()
            raise
        if whole < len(data):
            self._file.truncate(whole)
        self._size = whole

    def write(self, entries: Iterable[Entry]) -> None:
        """Put entries behind the others; all of them are there when it returns.

        Raises
        ------
        FileError
            Where the disk does not take them, or somebody else has written to the file: nothing is added.
        """
        data = b"".join(_line(entry) for entry in entries)
        with told(self.path):
            if os.fstat(self._file.fileno()).st_size != self._size:
                raise FileError(f"{self.path} was written to by another program since it was opened: open it again")
            try:
                self._file.write(data)
                self._file.flush()
                if self._safe:
                    os.fsync(self._file.fileno())
            except BaseException:
                self._file.truncate(self._size)
                raise
        self._size += len(data)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _for_us_alone(file: BinaryIO, path: Path) -> None:
    """Two programs that promise from one journal would promise the same goods. The system lets go when we end."""
    if sys.platform == "win32":  # there the size is looked at before each writing, which is nearly as good
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise FileError(f"{path} is open in another program: let it end first") from None


def _line(entry: Entry) -> bytes:
    text = _TEXT.encode(entry).encode()
    return b'{"sum":"%08x","entry":%s}\n' % (crc32(text), text)


def _read(data: bytes, path: Path) -> tuple[list[Entry], list[Finding], int]:
    """Entries, what was dropped, and how many bytes are whole.

    Raises
    ------
    FileError
        Where a line before the last one is not what was written.
    """
    entries: list[Entry] = []
    whole = 0
    for number, line in enumerate(data.splitlines(keepends=True), start=1):
        entry = _entry(line)
        if entry is None:
            if whole + len(line) < len(data):
                raise FileError(f"{path}: line {number} is not what was written there: take the file from a copy")
            return entries, [Finding("torn_line", path.name, "", "the last line was cut off, and is dropped: whoever "
                                     "asked had no answer", "ask again", (number,), ("",), severity="warning")], whole
        entries.append(entry)
        whole += len(line)
    return entries, [], whole


def _entry(line: bytes) -> Entry | None:
    """What a line holds; None where it is not whole."""
    head, tail = b'{"sum":"', b"}\n"
    if not line.startswith(head) or not line.endswith(tail):
        return None
    text = line[len(head) + len(b'00000000","entry":'):-len(tail)]
    if line[len(head):len(head) + 8] != b"%08x" % crc32(text):
        return None
    found: Entry = json.loads(text)
    return found
