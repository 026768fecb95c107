"""The zip archive of a workbook, looked at before anything is unpacked: limits, damage, and what readers pass over."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from xml.etree import ElementTree
from xml.parsers import expat

LARGEST_FILE = 1 << 28
"""Most bytes of a workbook as it lies on the disk."""

LARGEST = 1 << 30
"""Most bytes of an unpacked workbook."""

MOST_PARTS = 10_000
"""Most parts of a workbook: sheets, styles, pictures."""

MOST_TIMES = 200
"""How many times its packed size a part may have, once it is larger than `TIMES_FROM`."""

TIMES_FROM = 10_000_000
"""Bytes of a part up to which it may be packed as tightly as the format allows (some 1000 times)."""

CHART = "chartsheet"

_OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK = "xl/workbook.xml"
_ENCRYPTED = 0x1
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEAD = 2048
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
_ROW = re.compile(rb"<(?:\w+:)?row\s([^>]*)>")
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_NUMBER = re.compile(rb'\br="([0-9]+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[ >/]")
DAMAGE = (LookupError, ValueError, TypeError, AttributeError, SyntaxError, EOFError, RuntimeError, ArithmeticError,
          AssertionError, zipfile.BadZipFile, zlib.error)
"""What readers of workbooks raise on damaged ones."""


@dataclass(frozen=True)
class Part:
    """A sheet as the workbook lists it.

    Attributes
    ----------
    name : str
    kind : str
        `worksheet`, `chartsheet` or another kind; blank where its content is missing.
    hidden : bool
    formulas : bool
        Whether any cell holds a formula.
    merged : tuple of str
        Ranges of merged cells, such as `A1:B1`.
    hidden_rows : tuple of int
    """

    name: str
    kind: str
    hidden: bool = False
    formulas: bool = False
    merged: tuple[str, ...] = ()
    hidden_rows: tuple[int, ...] = ()


def refusal(path: Path) -> str:
    """Why this file is not read as a workbook; an empty text where it may be. Nothing is unpacked for that."""
    with path.open("rb") as file:
        head = file.read(8)
    if not head:
        return "is empty"
    if head == _OLD_OR_ENCRYPTED:
        return "is protected by a password or in the format before 2007 (.xls); save it as a plain .xlsx"
    if path.stat().st_size > LARGEST_FILE:
        return f"has {_megabytes(path.stat().st_size)}, more than the limit of {_megabytes(LARGEST_FILE)}"
    try:
        with zipfile.ZipFile(path) as archive:
            return _refused_parts(archive.infolist()) or _refused_heads(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OSError):
        return "is not an Excel workbook (.xlsx), or is damaged"


def _refused_parts(parts: list[zipfile.ZipInfo]) -> str:
    """By the directory of the archive alone."""
    names = [part.filename for part in parts]
    if _WORKBOOK not in names:
        return "is not an Excel workbook (.xlsx)"
    if len(names) > MOST_PARTS:
        return f"has {len(names)} parts, more than the limit of {MOST_PARTS}"
    if len(set(names)) < len(names):
        return "is damaged: it holds two parts of one name"
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        return "is protected by a password"
    if any(part.compress_type not in _READABLE for part in parts):
        return "is packed in a way that workbooks are not"
    size = sum(part.file_size for part in parts)
    if size > LARGEST:
        return f"unpacks to {_megabytes(size)}, more than the limit of {_megabytes(LARGEST)}"
    for part in parts:
        if part.file_size > TIMES_FROM and part.file_size > MOST_TIMES * max(part.compress_size, 1):
            return (f"unpacks {part.filename} to more than {MOST_TIMES} times its packed size, as archives do that are "
                    "made to fill a memory")
    return ""


def _refused_heads(archive: zipfile.ZipFile) -> str:
    """The format has no document types (ECMA-376, part 2, 8.1.4): they could make a short text a long one."""
    for part in archive.infolist():
        with archive.open(part) as content:
            if _declares_a_type(content):
                return f"declares a document type in {part.filename}, which workbooks do not"
    return ""


class _Told(Exception):
    """What was looked for has been seen."""


def _declares_a_type(content: IO[bytes]) -> bool:
    """Whether XML has a document type before its first element, in whatever letters and after whatever comments.

    A part is read that far and no further. One that is no XML has none: what reads it will say so.
    """
    found: list[bool] = []

    def seen(declares: bool) -> Callable[..., None]:
        def stop(*_: object) -> None:
            found.append(declares)
            raise _Told
        return stop

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = seen(True), seen(False)
    try:
        while not found and (some := content.read(_HEAD)):
            parser.Parse(some)
    except (_Told, expat.ExpatError):
        pass
    return found == [True]


def sheet_parts(path: Path) -> list[Part]:
    """Every sheet that the workbook lists, in its order, charts and missing ones included.

    Raises
    ------
    Exception
        One of `DAMAGE`.
    """
    with zipfile.ZipFile(path) as archive:
        targets = {}
        for relation in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels")):
            targets[relation.get("Id", "")] = (relation.get("Target", ""), relation.get("Type", "").rpartition("/")[2])
        nodes = ElementTree.fromstring(archive.read(_WORKBOOK)).iter()
        listed = [node for node in nodes if _plain(node.tag) == "sheet"]
        there = set(archive.namelist())
        parts = []
        for node in listed:
            place = next((value for name, value in node.items() if _plain(name) == "id"), "")
            target, kind = targets.get(place, ("", ""))
            inside = posixpath.normpath(posixpath.join("xl", target)).lstrip("/")
            hidden = node.get("state", "visible") != "visible"
            if inside not in there:
                parts.append(Part(node.get("name", ""), ""))
            elif kind == CHART:
                parts.append(Part(node.get("name", ""), kind, hidden))
            else:
                parts.append(_worksheet(node.get("name", ""), kind, archive.read(inside), hidden=hidden))
    return parts


def _worksheet(name: str, kind: str, data: bytes, *, hidden: bool) -> Part:
    """What the content of a sheet says, but for its cells."""
    before, hidden_rows = 0, []
    for row in _ROW.finditer(data):
        number = _NUMBER.search(row[1])
        at = int(number[1]) if number else before + 1
        if at <= before:
            raise ValueError(f"row {at} of the sheet {name} comes after row {before}")
        if _HIDDEN.search(row[1]):
            hidden_rows.append(at)
        before = at
    return Part(name, kind, hidden, _FORMULA.search(data) is not None,
                tuple(found.decode() for found in _MERGE.findall(data)), tuple(hidden_rows))


def _plain(tag: str) -> str:
    """A name without its namespace."""
    return tag.rpartition("}")[2]


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size} bytes"
