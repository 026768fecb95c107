"""What the command line prints: results on standard output, everything else on standard error.

Tables are drawn by rich where a person looks, and are plain aligned text where a program or a file reads.
"""

from __future__ import annotations

import errno
import io
import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from ctsopt.errors import (
    CtsError,
    DataError,
    FileError,
    Findings,
    InfeasibleError,
    NoPlanError,
    UntrustedSolverError,
    UsageError,
    legible,
)

if TYPE_CHECKING:
    import pandas as pd

OK, OUR_FAULT, USAGE, DATA, PROMISES, NO_PLAN, SOME_FAILED, FILES, INTERRUPTED = 0, 1, 2, 3, 4, 5, 6, 7, 130
"""Exit codes."""

_CODES: tuple[tuple[type[BaseException], int, str], ...] = (
    (FileError, FILES, "file"),
    (UsageError, USAGE, "usage"),
    (DataError, DATA, "data"),
    (InfeasibleError, PROMISES, "promises"),
    (NoPlanError, NO_PLAN, "no plan"),
    (UntrustedSolverError, USAGE, "solver"),
    (KeyboardInterrupt, INTERRUPTED, "interrupted"),
    (OSError, USAGE, "file"),
)

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
"""What a disk says for which whoever calls is not to blame."""


def never_lose_a_letter() -> None:
    """Letters that the console or the file behind it cannot hold are replaced, there and not in the result."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


class Terminal:
    """Where a command writes.

    Parameters
    ----------
    as_json : bool
        Standard output gets one JSON document and nothing else.
    quiet, verbose : bool
        Fewer notes on standard error, or more (with the traceback of a failure).
    """

    _documents = 0

    def __init__(self, *, as_json: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.verbose = verbose
        self.interrupted = False
        self.doing = ""
        self._saved: str | None = None
        self._error: dict[str, Any] = {}

    @contextmanager
    def keeping(self, folder: Path) -> Iterator[None]:
        """What is found is shown even where it cannot be saved, or Ctrl-C ends the saving: `kept` and `code` say so."""
        try:
            yield
        except BrokenPipeError:
            raise
        except (OSError, UsageError) as error:
            self.unwritten(_message(error, FILES), *_code_of(error))
        except KeyboardInterrupt:
            self.unwritten(f"interrupted while {folder} was written: what is not there is not saved", INTERRUPTED,
                           "interrupted")
        else:
            self._saved = str(folder)
            self.note(f"saved in {folder}")

    def unwritten(self, message: str, code: int = FILES, kind: str = "file") -> None:
        """Something could not be kept; the result is shown all the same."""
        self._error = self._error or {"error": {"kind": kind, "message": message}, "exit_code": code}
        sys.stderr.write(f"{legible(message)}\n")

    def kept(self) -> dict[str, Any]:
        """Part of a document: where the result was saved, and what could not be."""
        return {"saved": self._saved, **self._error}

    def code(self, otherwise: int) -> int:
        """The exit code, where something could not be kept; else another."""
        return int(self._error.get("exit_code", otherwise))

    @contextmanager
    def noticing_ctrl_c(self) -> Iterator[None]:
        """Remember that Ctrl-C was pressed, whatever the library then makes of it."""

        def notice(signum: int, frame: FrameType | None) -> None:
            self.interrupted = True
            signal.default_int_handler(signum, frame)

        before = signal.signal(signal.SIGINT, notice)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def write(self, text: str) -> None:
        """A part of the result, for people; nothing under `--json`."""
        if not self.as_json:
            sys.stdout.write(legible(text) + "\n")

    def note(self, text: str) -> None:
        """A remark beside the result; nothing under `--quiet`."""
        if not self.quiet:
            sys.stderr.write(legible(text) + "\n")

    def document(self, content: Mapping[str, Any]) -> None:
        """The whole result, for programs; nothing unless `--json`."""
        if self.as_json:
            Terminal._documents += 1
            ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
            sys.stdout.write(json.dumps(plain(content), indent=2, allow_nan=False, ensure_ascii=ascii_only) + "\n")

    def usage(self) -> None:
        """The document of a call that was refused before any command began; nothing where there is one."""
        if not Terminal._documents:
            self.document({"error": {"kind": "usage", "message": "wrong usage: standard error says what"},
                           "exit_code": USAGE})

    def table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[str]], *, texts: int = 1,
              total: bool = True) -> None:
        """A table whose first `texts` columns are text and the rest amounts; with a `total`, the last row is a sum.

        A table without rows is not shown, if it has none.
        """
        if self.as_json or not (rows or total):
            return
        sums = rows[-1:] if total else []
        if not (sys.stdout.isatty() and _drawn(title, header, rows[:len(rows) - len(sums)], sums, texts)):
            lines = _aligned(header, rows[:len(rows) - len(sums)], sums, texts)
            sys.stdout.write("\n".join([title, *lines]) + "\n")

    @contextmanager
    def log_on_standard_error(self) -> Iterator[None]:
        """Under `--verbose`, what libraries below Python write to standard output goes to standard error meanwhile."""
        if not self.verbose:
            yield
            return
        sys.stdout.flush()
        kept = os.dup(1)
        os.dup2(2, 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)

    def fail(self, error: BaseException) -> int:
        """Say what went wrong, in the user's words, and return the exit code.

        An error of no known kind is ours: its message asks to report it, and `--verbose` shows where it arose.
        """
        code, kind = _code_of(error)
        if self.interrupted:
            code, kind = INTERRUPTED, "interrupted"
        message = _message(error, code)
        if code == INTERRUPTED and not isinstance(error, CtsError):
            message = f"interrupted while {self.doing}" if self.doing else "interrupted"
        content: dict[str, Any] = {"kind": kind, "message": message}
        if isinstance(error, DataError):
            content["findings"] = records(error.findings.frame())
        if isinstance(error, InfeasibleError) and error.shortfalls is not None:
            content["shortfalls"] = records(error.shortfalls)
        if self.verbose:
            sys.stderr.write("".join(traceback.format_exception(error)))
        sys.stderr.write(f"{legible(message)}\n")
        if isinstance(error, InfeasibleError) and error.explanation is not None and self.as_json:
            try:  # offers are sought now: the reasons are told before, and what goes wrong meanwhile is a failure, too
                content |= error.explanation.document()
            except (Exception, KeyboardInterrupt) as fault:
                return self.fail(fault)
        self.document({"error": content, "exit_code": code})
        return code


def _code_of(error: BaseException) -> tuple[int, str]:
    """Exit code and kind of an error; one of no known kind is ours."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return FILES, "file"
    return next(((c, k) for known, c, k in _CODES if isinstance(error, known)), (OUR_FAULT, "ours"))


def _message(error: BaseException, code: int) -> str:
    if isinstance(error, DataError):
        return str(error.findings)
    if isinstance(error, OSError) and not isinstance(error, CtsError):
        return f"cannot use {error.filename}: {error.strerror}" if error.filename else str(error)
    if code != OUR_FAULT:
        return str(error)
    name = "" if isinstance(error, CtsError) else f"{type(error).__name__}: "
    return (f"{name}{error}\nThis is a fault of ctsopt, not of your tables. Please report it with the output of "
            "`ctsopt version` and, if you can, the tables; --verbose shows where it arose.")


def amount(value: float, *, cents: bool = False) -> str:
    """A number with thousands separators; `cents` adds two decimals."""
    if math.isnan(value):
        return ""
    return f"{value:z,.2f}" if cents else f"{value:z,.0f}"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries of plain values."""
    return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: no numpy numbers; what is missing or not finite becomes null."""
    import pandas as pd

    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, Findings):
        return records(value.frame())
    if isinstance(value, pd.DataFrame):
        return records(value)
    if isinstance(value, str):
        return legible(value)
    if value is None or value is pd.NA or isinstance(value, bool):
        return None if value is pd.NA else value
    if hasattr(value, "item"):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int) else str(value)


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]], sums: Sequence[Sequence[str]], texts: int
             ) -> list[str]:
    """Lines of plain text: text to the left, amounts to the right, a rule above sums."""
    widths = [max(len(cell) for cell in column) for column in zip(header, *rows, *sums, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [c.ljust(w) if i < texts else c.rjust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return "  ".join(padded).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return [line(header), rule, *map(line, rows), *([rule] if sums else []), *map(line, sums)]


def _drawn(title: str, header: Sequence[str], rows: Sequence[Sequence[str]], sums: Sequence[Sequence[str]], texts: int
           ) -> bool:
    """Draw the table, unless the terminal is so narrow that amounts would be cut."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE)
    for i, name in enumerate(header):
        table.add_column(name, justify="left" if i < texts else "right", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    table.add_section()
    for row in sums:
        table.add_row(*map(Text, row), style="bold")
    console = Console()
    fits = console.measure(table, options=console.options.update_width(sys.maxsize)).maximum <= console.width
    if fits:
        console.print(table)
    return fits
