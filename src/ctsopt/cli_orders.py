"""The commands on order books: what is in an export, and whether it can be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ctsopt.cli_parts import AsJson, Quiet, Verbose, terminal_of
from ctsopt.terminal import DATA, OK, amount, records

orders_app = typer.Typer(name="orders", help="Order books: read, clean, profile.", no_args_is_help=True)

Book = Annotated[Path, typer.Argument(metavar="PATH", help="Folder of tables, .csv or .parquet file of order lines, or "
                                                           ".xlsx workbook.")]


@orders_app.command("check")
def check(
    path: Book,
    mapping: Annotated[Path | None, typer.Option("-m", "--mapping", metavar="FILE", show_default=False,
                                                 help="How the columns of the export are named and written.")] = None,
    returns: Annotated[Literal["match", "net", "ignore"], typer.Option(help="What becomes of returns.")] = "match",
    duplicates: Annotated[Literal["keep", "drop"], typer.Option(help="What becomes of equal rows.")] = "keep",
    bucket: Annotated[Literal["day", "week", "month", "quarter"], typer.Option(help="Period of adi and cv2.")] = "week",
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", show_default=False,
                                             help="Folder for profiles, audit, rows set aside and returns.")] = None,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Read an order book, and say what becomes of every row; exit code 3 where something is worth a look."""
    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the order book was read"
        from ctsopt.orders.book import read_orders
        from ctsopt.orders.profiles import profiles

        book = read_orders(path, mapping=mapping, returns=returns, duplicates=duplicates)
        found = profiles(book, bucket=bucket)
        findings = book.findings + found.findings
        if findings:
            terminal.note(str(findings))
        terminal.write(repr(book).split("\n", 1)[0] + "\n")
        terminal.table("Rows", ["rule", "rows", "units", "money", "done"], [
            [row["rule"], amount(row["rows"]), amount(row["units"]), amount(row["money"]), row["done"]]
            for row in records(book.audit)], total=False)
        if out is not None:
            from ctsopt.files import renew

            tables = {"profiles": found.table.reset_index(), "audit": book.audit, "set_aside": book.set_aside,
                      "returns": book.returns}

            def fill(folder: Path) -> list[str]:
                for name, frame in tables.items():
                    frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
                return [f"{name}.csv" for name in tables]

            with terminal.keeping(out):
                renew(out, fill)
        terminal.document({"customers": len(found.table), "lines": len(book.lines), "start": str(book.start),
                           "end": str(book.end), "currency": book.currency, "audit": book.audit,
                           "findings": findings} | terminal.kept())
        raise typer.Exit(terminal.code(DATA if findings.errors or findings.warnings else OK))


@orders_app.command("propose")
def propose(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="CSV file of order lines.")],
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Propose how the columns of an export are named and written; nothing is read by it."""
    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the export was looked at"
        from ctsopt.orders.proposal import propose_mapping

        text = propose_mapping(path)
        terminal.write(text)
        terminal.document({"mapping": text})
