"""The command on sensitivity: at which figure of a cost another network is the better one."""

from __future__ import annotations

from typing import Annotated

import typer

from ctsopt.cli_parts import AsJson, NetworkPath, Quiet, Verbose, network_path, terminal_of
from ctsopt.errors import UsageError
from ctsopt.terminal import OK, amount, records


def break_even(
    path: NetworkPath,
    figure: Annotated[str, typer.Argument(metavar="TABLE.COLUMN", help="Figure that varies: sites.fixed_cost.")],
    low: Annotated[float, typer.Option("--from", metavar="FIGURE", help="Lower end of the range.")],
    high: Annotated[float, typer.Option("--to", metavar="FIGURE", help="Upper end of the range.")],
    where: Annotated[list[str] | None, typer.Option("-w", "--where", metavar="COLUMN=VALUE", show_default="all rows",
                                                    help="Rows whose figure varies; again for more.")] = None,
    op: Annotated[str, typer.Option(metavar="set|scale|add", help="What is done with the figures of the tables.")
                  ] = "set",
    gap: Annotated[str, typer.Option(help="Proven gap of each solve, as a share of the cost.")] = "0%",
    time_limit: Annotated[float | None, typer.Option(min=0.0, metavar="SECONDS", show_default="none",
                                                     help="Seconds for each solve.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the solver.")] = 0,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Find every figure of a cost at which another plan becomes the cheapest."""
    import ctsopt as cts

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        table, _, column = figure.partition(".")
        pairs = [part.partition("=") for part in where or ()]
        if not column or not all(name and sign for name, sign, _ in pairs):
            raise UsageError("write the figure as sites.fixed_cost, and rows as --where site=West")
        terminal.doing = "the switches were sought"
        found = cts.break_even(cts.read(network_path(path)),
                               {"table": table, "column": column, "op": op,
                                "where": {name: value for name, _, value in pairs}},
                               low, high, gap=gap, time_limit=time_limit, seed=seed)
        terminal.write(f"{found}\n")
        terminal.table("The best plan by the figure", ["from", "to", "cost from", "cost to", "sites"], [
            [f"{row['from']:,.6g}", f"{row['to']:,.6g}", amount(row["cost_from"]), amount(row["cost_to"]), row["sites"]]
            for row in records(found.pieces)], texts=0, total=False)
        terminal.document({"parameter": str(found.parameter), "from": found.low, "to": found.high,
                           "gap_money": found.gap_money, "switches": found.switches, "pieces": found.pieces,
                           "asked": found.asked})
        raise typer.Exit(terminal.code(OK))
