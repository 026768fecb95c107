"""The command on what is short: who gets what, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ctsopt.cli_parts import AsJson, Quiet, Verbose, network_path, terminal_of, write_tables
from ctsopt.terminal import OK, PROMISES, Terminal, amount, records

if TYPE_CHECKING:
    from ctsopt.shortage.allocation import Allocation

Rule = Literal["priority", "proportional", "weighted", "uniform", "equal_losses", "contested", "max_min", "value",
               "protected"]
Basis = Literal["orders", "history", "contracted"]

SHOWN = 40
"""Reasons that are shown; all of them are in the tables."""


def allocate(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="Folder or .xlsx workbook with the tables supply and "
                                                              "orders (and policy, customers, eligible, history).")],
    rule: Annotated[Rule, typer.Option(help="Rule by which what is short is shared.")] = "priority",
    inside: Annotated[str, typer.Option(metavar="RULE", help="Rule inside a rank.")] = "proportional",
    net: Annotated[str | None, typer.Option(metavar="PATH", show_default=False,
                                            help="Network that says tiers, ranks and product classes.")] = None,
    basis: Annotated[Basis, typer.Option(help="What shares are proportional to.")] = "orders",
    usual: Annotated[float, typer.Option(min=0.0, metavar="TIMES", show_default="no cap",
                                         help="Cap customers that ask for more than so many times the usual.")
                     ] = float("inf"),
    as_of: Annotated[str | None, typer.Option(metavar="DATE", show_default=False,
                                              help="Today; needed where tables hold dates.")] = None,
    horizon: Annotated[str, typer.Option(metavar="DAY", help="Last day or date whose supply is shared.",
                                         show_default="none")] = "inf",
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", show_default=False,
                                             help="Folder for all tables as CSV.")] = None,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Share what is short among order lines by a rule, and say why each line gets what it gets."""
    import ctsopt as cts
    from ctsopt.shortage.allocation import allocate_tables

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the tables were read"
        network = cts.read(network_path(net)) if net is not None else None
        alloc = allocate_tables(path, rule, inside=inside, net=network, basis=basis, usual=usual, as_of=as_of,
                                horizon=horizon)
        if alloc.findings:
            terminal.note(str(alloc.findings))
        tables = tables_of(alloc)
        if out is not None:
            with terminal.keeping(out):
                write_tables(tables, out)
        _show(terminal, alloc)
        lost = (alloc.not_kept["what"] == "win").any()
        document: dict[str, Any] = {"rule": alloc.rule, "asked": alloc.table["asked"].sum(),
                                    "got": alloc.table["whole"].sum(), "penalty": alloc.penalty,
                                    "policy_hash": alloc.policy_hash, **tables, "findings": alloc.findings}
        terminal.document(document | terminal.kept())
        raise typer.Exit(terminal.code(PROMISES if lost else OK))


def tables_of(alloc: Allocation) -> dict[str, Any]:
    """The tables of an allocation by name."""
    return {"allocation": alloc.table, "reasons": alloc.reasons, "fairness": alloc.fairness, "rules": alloc.compare(),
            "sent": alloc.sent, "left_over": alloc.left_over, "not_kept": alloc.not_kept, "capped": alloc.capped}


def _show(terminal: Terminal, alloc: Allocation) -> None:
    """Tiers, then the rules side by side, then the reasons of lines that are short."""
    rules = records(alloc.compare().sort_values("chosen", kind="stable"))
    terminal.write(f"{alloc!r}\n")
    terminal.table("Tiers (units)", ["tier", "lines", "in full", "asked", "got", "fill %"], [
        [row["tier"], str(row["lines"]), str(row["lines_in_full"]), amount(row["asked"]), amount(row["got"]),
         amount(100 * row["fill"])] for row in records(alloc.fairness)])
    terminal.table("Rules (the chosen one last)", ["rule", "in full", "least %", "Jain", "penalty"], [
        [row["rule"], str(row["lines_in_full"]), amount(100 * row["least"]), f"{row['jain']:.3f}",
         amount(row["penalty"])] for row in rules])
    short = alloc.reasons[alloc.reasons["short"] > 1e-6]
    lines = [f"{row['order']} {row['line']} ({row['customer']}): {row['text']}" for row in records(short.head(SHOWN))]
    if len(short) > SHOWN:
        lines.append(f"... and {len(short) - SHOWN} more")
    terminal.write("\n".join(lines))
    for row in records(alloc.not_kept):
        terminal.note(f"not kept: {row['what']} of {row['order']} {row['line']}: {row['got']:g} of {row['promised']:g}")
