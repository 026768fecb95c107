"""The command that quotes: what a change of service costs against the plan that is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ctsopt.cli_parts import AsJson, NetworkPath, Quiet, Verbose, network_path, terminal_of
from ctsopt.terminal import OK, PROMISES, Terminal, amount, records

if TYPE_CHECKING:
    from ctsopt.quoting.quote import Quote
    from ctsopt.quoting.record import Verified


def quote(
    path: Annotated[str, typer.Argument(metavar="PATH", show_default=False,
                                        help="Folder of tables, .xlsx workbook, or name of an example network; with "
                                             "--verify the tables of today, which may be left out.")] = "",
    *,
    customer: Annotated[list[str] | None, typer.Option("-c", "--customer", metavar="NAME", show_default=False,
                                                       help="Customer that the change is about; again for more.")
                        ] = None,
    group: Annotated[str, typer.Option(metavar="NAME", show_default=False, help="All customers of this group.")] = "",
    plan: Annotated[Path | None, typer.Option(metavar="DIR", show_default="the network is solved",
                                              help="The plan that is run, saved by `ctsopt solve -o`.")] = None,
    tier: Annotated[str, typer.Option(metavar="TIER", show_default=False, help="To this tier.")] = "",
    lead_time: Annotated[float | None, typer.Option(metavar="DAYS", show_default=False,
                                                    help="To this lead time.")] = None,
    reliability: Annotated[float | None, typer.Option(metavar="SHARE", show_default=False,
                                                      help="To this reliability of each way.")] = None,
    on_time_share: Annotated[float | None, typer.Option(metavar="SHARE", show_default=False,
                                                        help="To this on-time share.")] = None,
    fill_rate: Annotated[float | None, typer.Option(metavar="SHARE", show_default=False,
                                                    help="To this fill rate.")] = None,
    mode: Annotated[list[str] | None, typer.Option(metavar="MODE", show_default="all modes",
                                                   help="Mode that may deliver; again for more.")] = None,
    volume: Annotated[float | None, typer.Option(metavar="FACTOR", show_default=False,
                                                 help="Factor on the demand.")] = None,
    drop_size: Annotated[float | None, typer.Option(metavar="UNITS", show_default=False,
                                                    help="Units in a drop.")] = None,
    leaves: Annotated[bool, typer.Option("--leaves", help="They are no longer served.")] = False,
    years: Annotated[float, typer.Option(metavar="YEARS", help="Years of the contract.")] = 1.0,
    one_off: Annotated[float, typer.Option(metavar="MONEY", help="What is spent once beside.")] = 0.0,
    price: Annotated[float | None, typer.Option(metavar="MONEY", show_default=False,
                                                help="What is asked for it in a year.")] = None,
    revenue: Annotated[float | None, typer.Option(metavar="MONEY", show_default=False,
                                                  help="Revenue with them in a year.")] = None,
    margin: Annotated[float | None, typer.Option(metavar="MONEY", show_default=False,
                                                 help="Margin with them in a year.")] = None,
    lens: Annotated[list[str] | None, typer.Option(metavar="LENS", show_default="flows, additions, redesign",
                                                        help="What may move: frozen, flows, additions, switch, "
                                                             "redesign, or all; again for more.")] = None,
    kappa: Annotated[float, typer.Option(metavar="MONEY", help="For each site opened or closed, under switch.")] = 0.0,
    time_limit: Annotated[float, typer.Option(metavar="SECONDS", help="For the search under each lens.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the solver.")] = 0,
    record: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False,
                                                help="Add the quote to this record.")] = None,
    author: Annotated[str, typer.Option(metavar="NAME", show_default=False, help="Who quotes, for the record.")] = "",
    sheet: Annotated[Path | None, typer.Option(metavar="FILE", show_default=False,
                                               help="Write the quote as one page of HTML, for a sales person.")] = None,
    language: Annotated[str, typer.Option(metavar="LANGUAGE", help="Of the sheet: en or de.")] = "en",
    verify: Annotated[Path | None, typer.Option(metavar="RECORD", show_default=False,
                                                help="Make the last quote of a record again, or --name, and say which "
                                                     "cells have changed since.")] = None,
    name: Annotated[str, typer.Option(metavar="QUOTE", show_default=False, help="A quote of the record: Q-1.")] = "",
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """Quote a change of service: what it costs, what it needs, whom it touches, and what to charge."""
    import ctsopt as cts
    from ctsopt.errors import UsageError
    from ctsopt.inventory.arguments import known
    from ctsopt.quoting import record as records_
    from ctsopt.quoting.quote import ORDINARY
    from ctsopt.quoting.sheet import write_sheet
    from ctsopt.quoting.sheet_words import LANGUAGES
    from ctsopt.quoting.terms import Terms

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        if verify is not None:
            terminal.doing = "the quote was made again"
            today = cts.read(network_path(path)) if path else None
            raise typer.Exit(_verified(terminal, records_.verify(verify, name, today)))
        if not path:
            raise UsageError("which network? give its PATH, or --verify RECORD")
        if record is not None and not author.strip():
            raise UsageError("a record says who quotes: give --author NAME")
        known(language, LANGUAGES, "language")
        change = cts.Change(customer or (), group, tier, lead_time, reliability, on_time_share, fill_rate,
                            modes=mode or (), volume=volume, drop_size=drop_size, leaves=leaves, years=years,
                            one_off=one_off, price=price, revenue=revenue, margin=margin)
        terminal.doing = "the change was priced"
        base = cts.load(plan) if plan is not None else cts.read(network_path(path))
        found = cts.quote(base, change, lenses="all" if lens and "all" in lens else lens or ORDINARY, kappa=kappa,
                          time_limit=time_limit, seed=seed)
        _show(terminal, found)
        kept = {} if record is None else {"quote": records_.record(found, record, author=author)}
        if kept:
            terminal.write(f"recorded as {kept['quote']}")
        if sheet is not None:
            with terminal.keeping(sheet):
                write_sheet(found, sheet, language, Terms(name=kept.get("quote", "")))
        terminal.document(document(found) | kept | terminal.kept())
        raise typer.Exit(terminal.code(OK if found.possible else PROMISES))


def prices(
    path: NetworkPath,
    plan: Annotated[Path | None, typer.Option(metavar="DIR", show_default="the network is solved",
                                              help="The plan that is run, saved by `ctsopt solve -o`.")] = None,
    customer: Annotated[list[str] | None, typer.Option("-c", "--customer", metavar="NAME", show_default="all",
                                                       help="Customer; again for more.")] = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="FILE", show_default=False,
                                             help="File for the list as CSV.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the solver.")] = 0,
    as_json: AsJson = False, quiet: Quiet = False, verbose: Verbose = False,
) -> None:
    """List what every customer costs one tier up and one tier down, with today's sites."""
    import ctsopt as cts

    with terminal_of(as_json=as_json, quiet=quiet, verbose=verbose) as terminal:
        terminal.doing = "the list was priced"
        base = cts.load(plan) if plan is not None else cts.solve(cts.read(network_path(path)), seed=seed)
        found = cts.price_list(base, customers=customer, seed=seed)
        if out is not None:
            with terminal.keeping(out):
                found.to_csv(out, index=False, lineterminator="\n")
        terminal.table("One tier up and one tier down, the cheapest a unit first",
                       ["customer", "tier", "to", "cost", "a unit", ""], [
            [row["customer"], row["tier"], row["to"], amount(row["point"]), f"{row['per_unit']:,.4g}", row["verdict"]]
            for row in records(found)], texts=3, total=False)
        terminal.document({"currency": base.net.settings["currency"], "prices": found} | terminal.kept())
        raise typer.Exit(terminal.code(OK))


def _verified(terminal: Terminal, found: Verified) -> int:
    """What came out when a quote was made again."""
    terminal.write(f"{found.name}: {'comes out as recorded' if found.reproduced else 'does not come out as recorded'}"
                   f"{'; it is stale' if found.stale else ''}")
    terminal.table("What it costs, then and now", ["lens", "what", "then", "now", "same"], [
        [row["lens"], row["what"].replace("low", "at least").replace("high", "at most"),
         *("" if row[each] is None or row[each] != row[each] else amount(row[each]) for each in ("then", "now")),
         "yes" if row["same"] else "no"] for row in records(found.answers)], texts=2, total=False)
    terminal.table("Cells that have changed since", ["table", "row", "column", "then", "now"], [
        [row["table"], row["key"], row["column"], row["old"], row["new"]]
        for row in records(found.cells)], texts=5, total=False)
    terminal.table("Other versions than then", ["package", "then", "now"], [
        [row["package"], row["then"], row["now"]] for row in records(found.versions)], texts=3, total=False)
    terminal.table("What became of it", ["what", "by", "reason"], [
        [entry["kind"], entry["author"], entry["reason"]] for entry in found.remarks], texts=3, total=False)
    terminal.document({"quote": found.name, "reproduced": found.reproduced, "stale": found.stale,
                       "answers": found.answers, "cells": found.cells, "versions": found.versions,
                       "remarks": found.remarks})
    return terminal.code(OK if found.reproduced else PROMISES)


def document(quote: Quote) -> dict[str, Any]:
    """A quote as plain fields."""
    said: dict[str, Any] = {"changes": [repr(change) for change in quote.changes], "customers": list(quote.changed),
                            "currency": quote.net.settings["currency"], "possible": quote.possible,
                            "lens": quote.headline.lens, "lenses": quote.lenses, "nested": quote.nested}
    if not quote.possible:
        found = quote.explanation
        return said | ({} if found is None else {"why": found.why(), "offers": [str(offer) for offer in found.offers]})
    kept = quote.already
    return said | {"low": quote.cost.low, "point": quote.cost.point, "high": quote.cost.high, "prices": quote.prices,
                   "parts": quote.parts, "physical": quote.physical, "touched": quote.touched,
                   "kept_today": kept is not None and kept.kept}


def _show(terminal: Terminal, quote: Quote) -> None:
    terminal.write(f"{quote}\n")
    if not quote.possible:
        if quote.explanation is not None:
            terminal.write("\n".join(str(offer) for offer in quote.explanation.offers))
        return
    terminal.table("What it costs by what may move", ["lens", "at least", "the plan", "at most", "proof"], [
        [row["lens"], amount(row["low"]), amount(row["point"]), amount(row["high"]), row["proof"]]
        for row in records(quote.lenses)], total=False)
    terminal.table("What to charge", ["basis", "a year", "a unit"], [
        [row["basis"].replace("_", " "), amount(row["per_year"]), f"{row['per_unit']:,.4g}"]
        for row in records(quote.prices)], total=False)
    terminal.table("What it is made of", ["part", "a horizon"], [
        [str(part).replace("_", " "), amount(value)] for part, value in quote.by_part.items()], total=False)
    terminal.table("What changes", ["what", "name", "before", "after"], [
        [row["what"], row["name"], amount(row["before"]), amount(row["after"])]
        for row in records(quote.physical)], texts=2, total=False)
    terminal.table("Who is touched", ["customer", "who", "units moved", "sites", "modes"], [
        [row["customer"], row["who"], amount(row["units_moved"]), f"{row['sites_before']} -> {row['sites_after']}",
         f"{row['modes_before']} -> {row['modes_after']}"]
        for row in records(quote.touched.head(20))], texts=2, total=False)
