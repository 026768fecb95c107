"""The commands on packs of scenarios: check, expand and diff, run, compare."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ctsopt.cli_parts import AsJson, PackPath, Quiet, Verbose, pack_path, require_elsewhere, terminal_of, write_report
from ctsopt.errors import UsageError
from ctsopt.terminal import DATA, INTERRUPTED, OK, SOME_FAILED, Terminal

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.comparing.comparison import Comparison
    from ctsopt.comparing.outcome import PackResult
    from ctsopt.packs.pack import Pack

SHOWN = 40
"""Cells of a scenario that `ctsopt pack diff` shows."""

pack_app = typer.Typer(no_args_is_help=True, rich_markup_mode=None,
                       help="Look at a pack of scenarios before anything is solved.")


@pack_app.command("check")
def pack_check(path: PackPath, as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """List everything that is wrong with a pack, and with the network of each scenario, at once."""
    from ctsopt.packs.pack import check_pack

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the pack was checked"
        findings = check_pack(pack_path(path))
        terminal.write(str(findings))
        terminal.document({"errors": sum(f.count for f in findings.errors),
                           "warnings": sum(f.count for f in findings.warnings), "odd": len(findings.odd),
                           "findings": findings})
        raise typer.Exit(DATA if findings.errors else OK)


@pack_app.command("expand")
def pack_expand(path: PackPath, as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """List the cases of a pack: what each starts from, how many cells it changes, and why it is there."""
    from ctsopt.comparing.folder import changes_of, pack_document
    from ctsopt.comparing.words import aligned, shown

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        pack = _read(terminal, path)
        cells = changes_of(pack, pack.names)["scenario"].value_counts()
        rows = [[shown(case.name), case.kind, shown(case.parent or ""), f"{cells.get(case.name, 0):,}",
                 shown(", ".join(case.tags), 30), shown(case.note, 80)] for case in pack.cases]
        terminal.write("\n".join([f"{pack.name}: {len(pack)} cases", *aligned(
            ["case", "kind", "starts from", "cells", "tags", "note"], rows, "lllrll")]))
        terminal.document(pack_document(pack))


@pack_app.command("diff")
def pack_diff(
    path: PackPath,
    scenario: Annotated[str | None, typer.Argument(metavar="SCENARIO", show_default="every case",
                                                   help="Name of a case.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE.csv", show_default=False,
                                             help="Write every cell into a CSV file.")] = None,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Show what a scenario changes in the tables, cell by cell, and which override does it."""
    from ctsopt.comparing.folder import changes_of
    from ctsopt.tables.spreadsheet import harmless, write_csv

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        pack = _read(terminal, path)
        names = [pack[scenario].name] if scenario is not None else pack.names
        changes = changes_of(pack, names)
        if out is not None:
            write_csv(harmless(changes), out)
            terminal.note(f"{len(changes):,} cells written to {out}")
        for name in names:
            _write_changes(terminal, name, changes[changes["scenario"] == name])
        terminal.document({"pack": pack.name, "changes": changes})


def _write_changes(terminal: Terminal, name: str, cells: pd.DataFrame) -> None:
    from ctsopt.comparing.words import aligned, shown

    columns = ["table", "key", "column", "old", "new", "source"]
    some = cells.head(SHOWN).to_dict("records")
    lines = [f"{shown(name)}: {len(cells):,} cells"]
    if some:
        lines += aligned(columns, [[shown(row[c]) for c in columns] for row in some], "llllll")
    if len(cells) > SHOWN:
        lines.append(f"... and {len(cells) - SHOWN:,} more: -o FILE.csv or --json gives all of them")
    terminal.write("\n".join([*lines, ""]))


def run(
    path: PackPath,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", show_default=False,
                                             help="Folder for report.html, workbook.xlsx, the tables as CSV, "
                                                  "the pack resolved, and the plans.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, metavar="N", show_default="one per core",
                                                help="Processes that solve.")] = None,
    only: Annotated[list[str] | None, typer.Option("--only", metavar="NAME", show_default=False,
                                                   help="Solve this case, and those it starts from; again for "
                                                        "more.")] = None,
    against: Annotated[str | None, typer.Option(metavar="NAME", show_default="what the pack says",
                                                help="Scenario that the others are compared with.")] = None,
    cache: Annotated[Path | None, typer.Option("--cache", metavar="DIR", show_default="$CTSOPT_CACHE, or the user's",
                                               help="Folder of answers: what is in it is not solved again.")] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Solve everything, and keep no answers.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the solver.")] = 0,
    no_report: Annotated[bool, typer.Option("--no-report", help="With -o: write no report.html and no "
                                                                "workbook.xlsx.")] = False,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Solve every scenario of a pack and show them side by side; what was solved before is taken from the cache."""
    from ctsopt.comparing.folder import save_run
    from ctsopt.comparing.outcome import run as run_pack
    from ctsopt.folders import default_folder
    from ctsopt.running.progress import watching
    from ctsopt.running.reasons import document

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal, ExitStack() as stack:
        if cache is not None and no_cache:
            raise UsageError("--cache and --no-cache exclude each other")
        require_elsewhere(pack_path(path), out)
        place = stack.enter_context(tempfile.TemporaryDirectory(prefix="ctsopt-")) if no_cache else cache
        pack = _read(terminal, path, place or default_folder())
        terminal.doing = "the cases were solved: what was done is kept"
        with nullcontext() if quiet else watching(sys.stderr, phases=verbose) as watch:
            result = run_pack(pack, workers=workers, cache=place, only=only, watch=watch, seed=seed)
        terminal.doing = "the plans were compared: they are kept, run the pack again"
        comparison = result.compare(against) if len(result.solutions) else None
        if result.unkept:
            terminal.unwritten(result.unkept)
        if out is not None:
            terminal.note(f"writing into {out}: tables, plans"
                          + ("" if no_report or comparison is None else ", report and workbook"))
            with terminal.keeping(out):
                save_run(result, out, comparison)
                if comparison is not None and not no_report:
                    write_report(terminal, result, out, comparison)
        _show(terminal, result, comparison)
        terminal.document({"pack": pack.name, "cases": result.rows, **document(result.reasons),
                           "comparison": _document(comparison), "findings": pack.findings, "notes": result.notes,
                           **terminal.kept()})
        stopped = terminal.interrupted or (result.interrupted and not result.unkept)
        raise typer.Exit(terminal.code(INTERRUPTED if stopped else SOME_FAILED if result.failed else OK))


def compare(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Saved solutions, or folders of ctsopt run "
                                                                         "-o or ctsopt solve -o.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", show_default=False,
                                             help="Folder for the tables as CSV.")] = None,
    against: Annotated[str | None, typer.Option(metavar="NAME", show_default="the baseline, or the first one",
                                                help="Plan that the others are compared with.")] = None,
    as_is: Annotated[str | None, typer.Option("--as-is", metavar="NAME", show_default=False,
                                              help="Plan of today as it is run: it splits every difference in better "
                                                   "use and idea.")] = None,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Show plans that were solved before side by side."""
    from ctsopt.comparing.folder import read_saved

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the plans were compared"
        comparison = read_saved(folders).compare(against, as_is)
        if out is not None:
            comparison.write(out)
            terminal.note(f"saved in {out}")
        terminal.write(str(comparison))
        terminal.document(_document(comparison) or {})


def _read(terminal: Terminal, path: str, cache: str | Path | None = None) -> Pack:
    """The pack; its warnings are noted."""
    from ctsopt.packs.pack import read_pack

    terminal.doing = "the pack was read"
    pack = read_pack(pack_path(path), cache=cache)
    if pack.findings:
        terminal.note(str(pack.findings))
    return pack


def _show(terminal: Terminal, result: PackResult, comparison: Comparison | None) -> None:
    for note in result.notes:
        terminal.note(note)
    if comparison is not None:
        terminal.write("\n".join([str(comparison), *result.instead()]))
        return
    lines = [f"{row['scenario']}: {row['outcome'].replace('_', ' ')}. {row['message']}"
             for row in result.rows.to_dict("records")]
    terminal.write("\n".join(["no scenario has a plan", *lines, *result.instead()]))


def _document(comparison: Comparison | None) -> dict[str, Any] | None:
    """A comparison as plain values."""
    from ctsopt.comparing.comparison import TABLES

    if comparison is None:
        return None
    tables = {name: getattr(comparison, name) for name in TABLES}
    return {"against": comparison.against, "as_is": comparison.as_is or None, "currency": comparison.currency,
            **tables, "kpis": comparison.kpis.reset_index()}
