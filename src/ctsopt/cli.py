"""The command `ctsopt`: each verb calls the library and shows what it returns; nothing is computed here."""

from __future__ import annotations

import sys
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ctsopt import cli_orders, cli_packs, cli_promise, cli_quote, cli_sensitivity, cli_shortage, examples
from ctsopt.cli_parts import (
    AsJson,
    Force,
    NetworkPath,
    Quiet,
    Verbose,
    network_path,
    require_elsewhere,
    terminal_of,
    write_report,
)
from ctsopt.terminal import DATA, INTERRUPTED, OK, PROMISES, USAGE, Terminal, amount, never_lose_a_letter, records
from ctsopt.versions import show_versions, versions
from ctsopt.working import working

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.results.solution import Solution

FEW_GROUPS = 6
"""Up to so many groups stand side by side as a profit-and-loss account; more of them stand below each other."""

EXIT_CODES = """Exit codes: 0 done; 1 a fault of ctsopt; 2 wrong usage, or a refused solver; 3 faults in the tables;
4 the promises cannot be kept; 5 stopped by a limit without a plan; 6 some scenario of a pack failed (the others are
done all the same); 7 a file cannot be written or is damaged (what was found is shown); 130 interrupted (what was found
by then is shown and kept)."""

app = typer.Typer(
    name="ctsopt", help="Supply networks, service tiers and cost-to-serve: from tables to a proven plan.",
    epilog=EXIT_CODES, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})

Links = Literal["auto", "lazy", "all", "capacity"]
StockPlan = Literal["in_plan", "after"]


app.add_typer(cli_packs.pack_app, name="pack")
app.add_typer(cli_orders.orders_app, name="orders")


def main() -> None:
    """Run the command line."""
    never_lose_a_letter()
    try:
        app()
    except SystemExit as left:
        if left.code == USAGE and "--json" in sys.argv:
            Terminal(as_json=True).usage()
        raise


def _print_version(wanted: bool) -> None:
    if wanted:
        show_versions()
        raise typer.Exit


@app.callback()
def _options(
    version_: Annotated[bool, typer.Option("--version", callback=_print_version, is_eager=True,
                                           help="Show versions and leave.")] = False,
) -> None:
    pass


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Example network or pack to copy, such as retail_us.")],
    to: Annotated[Path | None, typer.Argument(metavar="DIR", help="Folder of the copy; NAME by default.",
                                              show_default=False)] = None,
    force: Force = False, as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Copy an example network, or a pack of scenarios over one, into a folder of your own."""
    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        made = examples.copy(name, to or Path(name), force=force)
        following = f"run {made / name}.yaml" if name in examples.packs() else f"solve {made}"
        terminal.note(f"{made} is a copy of the example {name}; next: ctsopt {following}")
        terminal.document({"path": str(made)})


@app.command()
def check(
    path: NetworkPath,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """List everything that is wrong with the tables, at once."""
    import ctsopt as cts

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the tables were checked"
        findings = cts.check(network_path(path))
        terminal.write(str(findings))
        terminal.document({"errors": sum(f.count for f in findings.errors),
                           "warnings": sum(f.count for f in findings.warnings), "odd": len(findings.odd),
                           "findings": findings})
        raise typer.Exit(DATA if findings.errors else OK)


@app.command()
def summary(
    path: NetworkPath,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Show what a network holds: sizes, demand, choices, limits, what was left out and why."""
    import ctsopt as cts
    from ctsopt.formulation.dominance import counted, left_out, without_dominated

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the tables were read"
        net = cts.read(network_path(path))
        held = net.summary()
        if not net.findings.errors:
            beaten = left_out(without_dominated(net, cts.program(net)))
            held = held.with_left_out(counted(beaten))
        terminal.write(str(held))
        terminal.document({"name": held.name, "summary": held.frame(), "requests": held.requests,
                           "findings": net.findings})


@app.command()
def solve(
    path: NetworkPath,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="DIR", show_default=False,
                                             help="Folder for report.html, workbook.xlsx, the saved solution and "
                                                  "its tables as CSV.")] = None,
    gap: Annotated[str, typer.Option(help="Stop at this proven gap, as a share of the cost: 0.01, or 1%.")] = "0.01%",
    abs_gap: Annotated[float, typer.Option(min=0.0, help="Stop at this proven gap, in money.")] = 0.0,
    time_limit: Annotated[float | None, typer.Option(min=0.0, metavar="SECONDS", show_default="none",
                                                     help="Stop after so many seconds.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the solver.")] = 0,
    links: Annotated[Links, typer.Option(help="How deliveries are tied to open sites.")] = "auto",
    stock: Annotated[StockPlan, typer.Option(help="Where fill rates are promised: stock decided with the network, or "
                                                  "added to the network that is best without it.")] = "in_plan",
    relax: Annotated[bool, typer.Option("--relax", help="Let yes-or-no decisions be fractions: a lower bound, not a "
                                                        "plan.")] = False,
    by: Annotated[str, typer.Option(metavar="KEY,KEY", help="Keys of the cost-to-serve table: tier, customer, "
                                                               "product, region, site, mode, ...")] = "tier",
    no_report: Annotated[bool, typer.Option("--no-report", help="With -o: write no report.html and no "
                                                                "workbook.xlsx.")] = False,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Find the cheapest plan that keeps the promises; show its cost, its proven gap and its cost-to-serve."""
    import ctsopt as cts
    from ctsopt.results.store import save_answer

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        source = network_path(path)
        require_elsewhere(source, out)
        quietly = quiet or verbose  # the solver's log and a line that is drawn again would mix
        terminal.doing = "the tables were read"
        with nullcontext() if quietly else working(sys.stderr) as tell:
            net = cts.read(source, progress=tell)
        if net.findings:
            terminal.note(str(net.findings))
        terminal.doing = "the plan was sought: none is kept"
        with nullcontext() if quietly else working(sys.stderr) as tell, terminal.log_on_standard_error():
            sol = cts.solve(net, gap=gap, abs_gap=abs_gap, time_limit=time_limit, seed=seed, links=links, relax=relax,
                            log=verbose, stock=stock, progress=tell)
        keys = [key.strip() for key in by.split(",")]
        served = sol.cost_to_serve(by=keys).reset_index()
        if out is not None:
            with terminal.keeping(out):
                with warnings.catch_warnings(record=True) as said:
                    warnings.simplefilter("always")
                    save_answer(sol, out, {"cost_to_serve": served, "kpis": sol.kpis()})
                for warning in said:
                    terminal.note(str(warning.message))
                write_report(terminal, sol, out, wanted=not (no_report or relax))
        terminal.write(f"{sol}\n")
        _show(terminal, served, keys, str(net.settings["currency"]))
        terminal.document(_summary(sol, served, keys) | {"findings": net.findings} | terminal.kept())
        raise typer.Exit(terminal.code(INTERRUPTED if terminal.interrupted else OK))


@app.command()
def explain(
    path: NetworkPath,
    seconds: Annotated[float, typer.Option(min=0.001, help="Time for the reasons and for what can be promised "
                                                           "instead, together.")] = 60.0,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Say why no plan keeps the promises, and what can be promised instead."""
    import ctsopt as cts

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the reasons were sought"
        found = cts.explain(network_path(path), seconds=seconds)
        terminal.write(f"{found}\n")
        if as_json:
            terminal.document(found.document())
        raise typer.Exit(OK if found.rung == "kept" else PROMISES)


@app.command()
def arrival(
    path: NetworkPath,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Customer who orders.")],
    time: Annotated[str, typer.Argument(metavar="TIME", help="When, as '2026-11-27 16:00'.")],
    product: Annotated[str, typer.Option(help="One product; without it all that the customer demands.")] = "",
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Say when an order comes: cut-off, working days and holidays counted day by day."""
    import ctsopt as cts

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        found = cts.arrival(cts.read(network_path(path)), time, customer, product=product)
        terminal.write(f"{found}\n")
        terminal.document({"ordered": found.ordered.isoformat(), "arrives": found.date.isoformat(), "ways": found.ways})
        raise typer.Exit(OK)


app.command()(cli_packs.run)
app.command()(cli_packs.compare)
app.command()(cli_quote.quote)
app.command()(cli_quote.prices)
app.command("break-even")(cli_sensitivity.break_even)
app.command()(cli_shortage.allocate)
app.command()(cli_promise.promise)


@app.command()
def template(
    to: Annotated[Path, typer.Argument(metavar="DIR|FILE.xlsx", help="Folder of CSV files, or workbook, to make.")],
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Write empty tables with every column, and what each one means, to fill in."""
    import ctsopt as cts

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        cts.template(to)
        terminal.note(f"{to} holds the empty tables; fill them in, then: ctsopt check {to}")
        terminal.document({"path": str(to)})


@app.command()
def version(as_json: AsJson = False) -> None:
    """Show the versions of ctsopt and of what it computes with."""
    with terminal_of(as_json=as_json) as terminal:
        if not as_json:
            show_versions()
        terminal.document(versions())


def _summary(sol: Solution, served: pd.DataFrame, keys: list[str]) -> dict[str, Any]:
    from ctsopt.results.schema import described

    tables = {"costs": sol.costs, "service": sol.service, "sites": sol.sites, "kpis": sol.kpis(),
              "cost_to_serve": served}
    return {
        "status": {"solution": sol.status.solution, "stopped_by": sol.status.stopped_by},
        "total_cost": sol.total_cost, "cash_cost": sol.cash_cost, "penalty": sol.penalty,
        "bound": sol.bound, "gap": sol.gap, "gap_money": sol.gap_money,
        **tables, "by": keys,
        "columns": {name: described(name, frame, sol.net.settings) for name, frame in tables.items()},
    }


def _show(terminal: Terminal, served: pd.DataFrame, keys: list[str], currency: str) -> None:
    """The cost-to-serve table: few groups side by side with every cost line, many groups below each other."""
    from ctsopt.results.rounding import rounded_cost_to_serve

    title = f"Cost-to-serve by {', '.join(keys)} ({currency} over the horizon)"
    groups = [" ".join(str(row[k]) for k in keys).strip() for row in records(served)]
    cents = bool(served["total"].iloc[-1] < 1e5)
    served = rounded_cost_to_serve(served, decimals=2 if cents else 0)
    if len(groups) > FEW_GROUPS:
        names = list(served.columns)
        columns = ["units", "cost_per_unit", *names[names.index("cost"):names.index("total")], "total"]
        cells = [[str(row[k]) for k in keys] + [amount(row[c], cents=cents or c == "cost_per_unit") for c in columns]
                 for row in served.to_dict("records")]
        terminal.table(title, [*keys, *columns], cells, texts=len(keys))
        return
    lines = [c for c in served.columns if c not in {*keys, "units", "cost_per_unit", "total"}]
    cells = [[line, *(amount(v, cents=cents or line == "cost_per_unit") for v in served[line])]
             for line in ("units", "cost_per_unit", *lines, "total")]
    terminal.table(title, ["", *groups], cells)
