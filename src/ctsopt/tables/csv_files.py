"""CSV files: every cell as text, every line accounted for.

Well-formed files go through the parser of pandas. It fills short lines, and loses count of lines where a cell holds a
line break, so separators and lines are counted; where the counts do not agree, the file is read line by line, and what
is wrong is told.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ctsopt.errors import Finding
from ctsopt.keys import Positions
from ctsopt.tables.raw import Objects

_HEAD, _MANY = 4096, 5  # more than a fifth of the first bytes is 0: two bytes a character, or no text
_ESCAPED = re.compile("[\udc80-\udcff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
EMPTY_MEND = "write the header and the rows, or delete the file"
_SPREADSHEET = "in a spreadsheet program save it as 'CSV UTF-8 (comma delimited)'"


@dataclass(frozen=True, eq=False)
class Sheet:
    """Header, columns of text and line numbers of a file, or of one sheet of a workbook."""

    header: list[str]
    columns: list[Objects]
    rows: Positions


def unreadable(path: Path, name: str, error: OSError) -> Finding:
    """What is said of a file that the system does not hand out."""
    return Finding("unreadable_file", name, "", f"{path.name} cannot be read: {error.strerror or error}",
                   "allow it to be read, close the program that holds it, or write it again", (), (path.name,))


def decode(data: bytes, table: str, place: str) -> tuple[str | None, list[Finding]]:
    """Text of a file that has to be UTF-8 (with or without a byte order mark); None with a finding where it is not."""
    def fault(rule: str, message: str, mend: str, rows: tuple[int, ...] = ()) -> tuple[None, list[Finding]]:
        return None, [Finding(rule, table, "", f"{place} {message}", mend, rows, ("",) * len(rows))]

    if data.startswith(_UTF16) or data.count(b"\0", 0, _HEAD) * _MANY > len(data[:_HEAD]):
        return fault("wrong_encoding", "is not UTF-8 text (it looks like UTF-16 or a binary file)", _SPREADSHEET)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return fault("wrong_encoding", f"is not UTF-8 text: line {line} holds the byte 0x{data[error.start]:02X}",
                     _SPREADSHEET, _lines_with(data.decode("utf-8", "surrogateescape"), _ESCAPED))
    if "\0" in text:
        return fault("nul_byte", "holds characters of code 0, as files do that were not written to the end",
                     "write the file again", _lines_with(text, re.compile("\0")))
    if not text.strip():
        return fault("empty_file", "is empty", EMPTY_MEND)
    return text, []


def _lines_with(text: str, pattern: re.Pattern[str]) -> tuple[int, ...]:
    """Numbers of the lines in which a pattern is found."""
    return tuple(n for n, line in enumerate(text.split("\n"), start=1) if pattern.search(line))


def read_csv(data: bytes, table: str, place: str) -> tuple[Sheet | None, list[Finding]]:
    """Read the bytes of a CSV file.

    Returns
    -------
    Sheet or None
        None where the file cannot be read at all.
    list of Finding
    """
    text, findings = decode(data, table, place)
    if text is None:
        return None, findings
    first = text.lstrip("\r\n").split("\n", 1)[0]
    if first.casefold().startswith("sep="):
        return None, [Finding("separator_line", table, "", f"{place} begins with a line for spreadsheet programs, not "
                              "with the header", "delete the first line", (1,), (first.strip(),))]
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if separator in first and "," not in first:
            return None, [Finding("wrong_separator", table, "", f"{place} is separated by {name}",
                                  f"save it with commas between the cells and points in numbers; {_SPREADSHEET}")]
    sheet = _fast(text)
    if sheet is None:
        return _careful(text, table, place)
    if not len(sheet.rows) and not any(name.strip() for name in sheet.header):
        return None, [Finding("empty_file", table, "", f"{place} is empty", EMPTY_MEND)]
    return sheet, []


def _fast(text: str) -> Sheet | None:
    """The whole file by pandas; None where any line is not plainly one row with as many cells as the header."""
    if "\r" in text and text.count("\r") != text.count("\r\n"):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            frame = pd.read_csv(io.StringIO(text), header=None, index_col=False, dtype=object, keep_default_na=False,
                                na_filter=False, skip_blank_lines=False, low_memory=False)
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError):
        return None
    columns = [frame[name].to_numpy(dtype=object) for name in frame.columns]
    inside = {mark: sum("".join(c).count(mark) for c in columns) if '"' in text else 0 for mark in ",\n"}
    lines = text.count("\n") + (not text.endswith("\n"))
    if inside["\n"] or lines != len(frame) or text.count(",") != len(frame) * (len(columns) - 1) + inside[","]:
        return None
    return Sheet([str(c[0]) for c in columns], [c[1:] for c in columns], np.arange(2, len(frame) + 1, dtype=np.int64))


def _careful(text: str, table: str, place: str) -> tuple[Sheet | None, list[Finding]]:
    """Line by line: lines of another length than the header are findings, unless the rest of the line is blank."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[int] = []
    cells: list[list[str]] = []
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                lines.append(begins)
                cells.append(row)
            begins = reader.line_num + 1
    except csv.Error as error:
        return None, [Finding("broken_csv", table, "", f"{place} cannot be read on from line {begins}: {error}",
                              "look for a quotation mark that is not closed", (begins,), ("",))]
    if not cells:
        return None, [Finding("empty_file", table, "", f"{place} is empty", EMPTY_MEND)]
    header, body = cells[0], cells[1:]
    while len(header) > 1 and not header[-1].strip():
        header.pop()
    width = len(header)
    odd = [i for i, row in enumerate(body) if len(row) < width or any(cell.strip() for cell in row[width:])]
    findings = []
    if odd:
        findings.append(Finding(
            "ragged_row", table, "", f"the line has another number of cells than the header ({width})",
            "put text that holds a comma between quotation marks; write a comma for each blank cell",
            [lines[1 + i] for i in odd], [",".join(body[i]) for i in odd]))
    good = set(range(len(body))) - set(odd) if odd else None
    kept = body if good is None else [row for i, row in enumerate(body) if i in good]
    numbers = lines[1:] if good is None else [line for i, line in enumerate(lines[1:]) if i in good]
    columns = [np.array([row[j] for row in kept], dtype=object) for j in range(width)]
    return Sheet(header, columns, np.array(numbers, dtype=np.int64)), findings
