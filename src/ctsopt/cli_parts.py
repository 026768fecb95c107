"""What the commands share: options, where a network or pack is, the output of a command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ctsopt import examples
from ctsopt.errors import UsageError
from ctsopt.terminal import Terminal

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.comparing.comparison import Comparison
    from ctsopt.comparing.outcome import PackResult
    from ctsopt.results.solution import Solution

NetworkPath = Annotated[str, typer.Argument(
    metavar="PATH", help="Folder of tables, .xlsx workbook, or name of an example network.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Only the result.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Also the solver's log, and where a failure arose.")]
Force = Annotated[bool, typer.Option("--force", help="Write into a folder that exists.")]
PackPath = Annotated[str, typer.Argument(metavar="PACK", help="Pack file, or name of an example pack.")]


@contextmanager
def terminal_of(*, as_json: bool = False, quiet: bool = False, verbose: bool = False) -> Iterator[Terminal]:
    """The output of one command; an error becomes a message and an exit code."""
    terminal = Terminal(as_json=as_json, quiet=quiet, verbose=verbose)
    try:
        if quiet and verbose:
            raise UsageError("--quiet and --verbose exclude each other")
        with terminal.noticing_ctrl_c():
            yield terminal
    except (typer.Exit, BrokenPipeError):
        raise
    except (Exception, KeyboardInterrupt) as error:
        raise typer.Exit(terminal.fail(error)) from error


def network_path(text: str) -> Path:
    """What the user named: a folder or file that exists, else an example network."""
    path = Path(text)
    if path.exists():
        return path
    if text in examples.names():
        return examples.path(text)
    raise UsageError(f"there is no folder or file {text}, and no example network of that name "
                     f"(examples: {', '.join(examples.names()) or 'none'})")


def require_elsewhere(source: Path, out: Path | None) -> None:
    """Results have names of their own tables, such as sites: they may not be written among the tables of a network."""
    if out is not None and ((out / "model.yaml").exists() or out.resolve() == source.resolve()):
        raise UsageError(f"{out} holds the tables of a network; give -o another folder")


def pack_path(text: str) -> Path:
    """What the user named: a pack file that exists, else a pack that travels with the package."""
    path = Path(text)
    if path.is_file():
        return path
    if text in examples.packs():
        return examples.pack(text)
    if path.is_dir() and (path / f"{path.resolve().name}.yaml").is_file():
        return path / f"{path.resolve().name}.yaml"
    raise UsageError(f"there is no pack file {text}, and no example pack of that name "
                     f"(examples: {', '.join(examples.packs()) or 'none'})")


def write_report(terminal: Terminal, source: PackResult | Solution, folder: Path,
                 comparison: Comparison | None = None, *, wanted: bool = True) -> None:
    """Write the page and the workbook beside the tables; where the packages for them are missing, say so.

    Those of an earlier run go first: they would contradict the tables.
    """
    from ctsopt.comparing.folder import REPORT, WORKBOOK
    from ctsopt.report.extra import MISSING, installed

    for name in (REPORT, WORKBOOK):
        (folder / name).unlink(missing_ok=True)
    if not wanted:
        return
    if not installed():
        terminal.note(MISSING)
        return
    from ctsopt.report import write_html, write_workbook

    for path in (write_html(source, folder / REPORT, comparison),
                 write_workbook(source, folder / WORKBOOK, comparison)):
        terminal.note(f"written: {path}")


def write_tables(tables: Mapping[str, pd.DataFrame], out: Path) -> None:
    """Each table as a CSV file of its name, all of them or none."""
    from ctsopt.files import renew

    def fill(folder: Path) -> list[str]:
        for name, frame in tables.items():
            frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
        return [f"{name}.csv" for name in tables]

    renew(out, fill)
