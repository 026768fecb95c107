"""The command that promises: what can be promised to each order, by a book that is kept in a journal."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ctsopt.cli_parts import AsJson, Quiet, Verbose, terminal_of, write_tables
from ctsopt.terminal import OK, PROMISES, Terminal, amount, records

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from ctsopt.shortage.book import PromiseBook

Consumption = Literal["none", "nested", "protected"]

SHOWN = 40
"""Answers that are shown; all of them are in the tables."""


def promise(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder or .xlsx workbook with the tables orders and "
                                                              "supply (and quotas, policy, customers, eligible).")],
    plan: Annotated[Path | None, typer.Option(metavar="DIR", show_default=False,
                                              help="A plan that `ctsopt solve -o` has saved: its stock and what it "
                                                   "sends take the place of supply and quotas.")] = None,
    journal: Annotated[Path | None, typer.Option(metavar="FILE", show_default="nothing is kept",
                                                 help="Journal of the book: it goes on where it ends, and orders that "
                                                      "have a promise keep it.")] = None,
    consumption: Annotated[Consumption, typer.Option(help="What a tier may take when its quota is used up.")
                           ] = "nested",
    hold: Annotated[float, typer.Option(min=0.0, metavar="DAYS", show_default="for good",
                                        help="Days that a promise holds if nobody confirms it.")] = math.inf,
    at: Annotated[str | None, typer.Option(metavar="TIME", show_default="day 0, or that of the last entry",
                                           help="The time at which is asked.")] = None,
    as_of: Annotated[str | None, typer.Option(metavar="DATE", show_default=False,
                                              help="Day 0; needed where tables hold dates.")] = None,
    confirm: Annotated[list[str] | None, typer.Option(metavar="ORDER", show_default=False,
                                                      help="Confirm all lines of the order; again for more.")] = None,
    release: Annotated[list[str] | None, typer.Option(metavar="ORDER", show_default=False,
                                                      help="Take back what was promised to the order; again for "
                                                           "more.")] = None,
    in_time_only: Annotated[bool, typer.Option("--in-time-only", help="Promise nothing that comes too late.")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", show_default=False,
                                             help="Folder for all tables as CSV.")] = None,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Promise dates and quantities to orders, from what is held for their tiers; nothing is promised twice."""
    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the tables were read"
        book = _book(path, plan, journal, consumption, hold, at, as_of)
        if book.findings:
            terminal.note(str(book.findings))
        terminal.doing = "orders were promised"
        with book:
            answers = _promised(book, path, _time(at), release or [], confirm or [], late=not in_time_only)
        tables = {"answers": answers, "parts": book.parts, "left": book.left}
        if out is not None:
            with terminal.keeping(out):
                write_tables(tables, out)
        _show(terminal, book, answers)
        terminal.document({"asked": answers["asked"].sum(), "promised": answers["promised"].sum(),
                           "in_time": answers["in_time"].sum(), **tables, "findings": book.findings} | terminal.kept())
        late = (answers["in_time"] < answers["asked"] - 1e-9).any()
        raise typer.Exit(terminal.code(PROMISES if late else OK))


def _promised(book: PromiseBook, path: Path, time: float | str | None, release: list[str], confirm: list[str], *,
              late: bool) -> pd.DataFrame:
    """Promises taken back, then new ones, then those that are firm now."""
    for order in release:
        _each_line(book, order, lambda name, line: book.release(name, line, at=time))
    answers = book.take_all(path, at=time, late=late, without=release)
    for order in confirm:
        _each_line(book, order, lambda name, line: book.confirm(name, line, at=time))
    return answers


def _book(path: Path, plan: Path | None, journal: Path | None, consumption: Consumption, hold: float, at: str | None,
          as_of: str | None) -> PromiseBook:
    import ctsopt as cts

    if journal is not None and journal.exists():
        return cts.open_book(journal)
    source = path if plan is None else cts.planned_supply(cts.load(plan))
    return cts.promise_book(source, consumption=consumption, hold=hold, at=_time(at) or 0.0, as_of=as_of,
                            journal=journal)


def _time(at: str | None) -> float | str | None:
    """Days from day 0, or a date."""
    try:
        return None if at is None else float(at)
    except ValueError:
        return at


def _each_line(book: PromiseBook, order: str, act: Callable[[str, str], object]) -> None:
    rows = book.promises
    lines = rows.loc[rows["order"] == order, "line"].tolist()
    for line in lines or ["1"]:  # of an order that has no promise it is said so
        act(order, line)


def _show(terminal: Terminal, book: PromiseBook, answers: pd.DataFrame) -> None:
    terminal.write(f"{book!r}\n")
    terminal.table("Promises (units)", ["order", "line", "customer", "tier", "asked", "promised", "in time",
                                        "complete on", "because"], [
        [row["order"], row["line"], row["customer"], row["tier"], amount(row["asked"]), amount(row["promised"]),
         amount(row["in_time"]), row["complete_on"], row["because"]]
        for row in records(answers.head(SHOWN))], texts=4, total=False)
    if len(answers) > SHOWN:
        terminal.write(f"... and {len(answers) - SHOWN} more")
