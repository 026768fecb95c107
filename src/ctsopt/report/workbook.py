"""The workbook: plans as tables for people who check them, every table reconciled with the cost of its plan."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from ctsopt.comparing.comparison import Comparison
from ctsopt.comparing.outcome import PackResult
from ctsopt.errors import FileError
from ctsopt.report.columns import Column, Columns
from ctsopt.report.decision import write_decision
from ctsopt.report.sheets import Book, Formula, Line, Placed
from ctsopt.report.summary import UNKEPT_TABLES
from ctsopt.report.tables import Contents, contents, summary
from ctsopt.results.lines import stock_lines
from ctsopt.results.solution import Solution

DECISION, SUMMARY, FIGURES, TO_SERVE, CUSTOMERS, PROMISES, FLOWS, SITES, STOCK, CHANGED, UNKEPT, EVIDENCE = (
    "Decision", "Summary", "Key figures", "Cost to serve", "Customers", "Promises", "Flows", "Sites", "Stock",
    "What changed", "Cannot be kept", "Evidence")

_TOTAL = "cost of the plan (Summary)"


def write_workbook(source: PackResult | Solution, path: str | Path, comparison: Comparison | None = None) -> Path:
    """Write a workbook (.xlsx) with the plans of a pack, or with one plan.

    Sheets: what there is to decide, with a chart; summary, key figures, cost to serve, customers, promises, flows,
    sites, stock (where there is any), what changed (of a pack), evidence. Numbers are numbers, units stand in the
    headers, texts are texts, whatever they begin with. Below every table live formulas reconcile it with the cost of
    each plan, or its units: a difference of 0 is green, anything else red. On paper every sheet is landscape and as
    wide as a page. The same plans make the same file, byte for byte.

    Parameters
    ----------
    source : PackResult or Solution
    path : path
        A file that is there is written over. The folder is made.
    comparison : Comparison, optional
        That of the pack, where it is at hand already, or where it is to be against another scenario.

    Returns
    -------
    Path

    Raises
    ------
    UsageError
        If XlsxWriter is not installed (`pip install 'ctsopt[report]'`), or no scenario has a plan.
    FileError
        If the file cannot be written; one that was there before stays as it was.
    """
    told, target = contents(source, comparison), Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    names = [DECISION, SUMMARY, FIGURES, TO_SERVE, CUSTOMERS, PROMISES, FLOWS, SITES]
    if {"stock", "stock_cost", "carried"} & told.frames.keys():
        names.append(STOCK)
    if isinstance(source, PackResult):
        names += [CHANGED, *([UNKEPT] if source.reasons else [])]
    draft = target.with_name(f"{target.name}.part")
    book = Book(draft, [*names, EVIDENCE], Columns(told.currency, told.distance_unit, told.lines), told.name)
    try:
        write_decision(book.sheets[DECISION], source, told.comparison, told.name)
        _Writing(book, told).all(names)
        book.close()
        draft.replace(target)
    except OSError as error:
        raise FileError(f"{target} cannot be written ({error.strerror or error}); is it open in another program?"
                        ) from error
    finally:
        book.end()
        draft.unlink(missing_ok=True)
    return target


class _Writing:
    """One workbook while it is written. The summary comes first on paper and last in time: it holds all checks."""

    _FIRST = 4
    """Row of the first scenario of the summary, from 0: title, words, blank, title of the table, header."""

    def __init__(self, book: Book, told: Contents) -> None:
        self.book, self.told, self.table = book, told, summary(told)
        self.plan = Placed(SUMMARY, self._FIRST + 1, len(self.table),
                           {name: place for place, name in enumerate(self.table.columns)})
        self.amounts: list[dict[str, float]] = [
            {str(line): float(amount) for line, amount in row.items()}
            for row in told.frames["costs"][told.lines].to_dict("records")]
        self.of_costs: Placed | None = None

    def all(self, names: Sequence[str]) -> None:
        """Every sheet, in the order in which they lean on each other."""
        self.figures()
        self.cost_to_serve()
        self.customers()
        self.promises()
        self.flows()
        self.sites()
        if STOCK in names:
            self.stock()
        if CHANGED in names:
            self.changed()
        if UNKEPT in names:
            self.unkept()
        self.evidence()
        self.summary()

    # ---- formulas ------------------------------------------------------------------------------------------------

    def _of_plan(self, column: str, number: int) -> Formula:
        """A figure of the summary."""
        return Formula(f"={self.plan.cell(column, number - 1)}", float(self.table[column].iloc[number - 1]))

    @staticmethod
    def _sum(placed: Placed, frame: pd.DataFrame, columns: Sequence[str], number: int) -> Formula:
        """What the columns of a table add up to for one scenario."""
        mine = frame.loc[frame["no."] == number, list(columns)].to_numpy(dtype=float)
        terms = "+".join(f"SUMIF({placed.range('no.')},{number},{placed.range(name)})" for name in columns)
        return Formula(f"={terms or '0'}", math.fsum(mine[~pd.isna(mine)].ravel().tolist()))

    def _others(self, number: int, without: Sequence[str]) -> Formula:
        """The cost lines that a table does not hold, from the table of cost lines."""
        assert self.of_costs is not None  # it is the first that is written
        rest = [line for line in self.told.lines if line not in without]
        cells = "+".join(self.of_costs.cell(line, number - 1) for line in rest)
        return Formula(f"={cells or '0'}", math.fsum(self.amounts[number - 1][line] for line in rest))

    def _reconciled(self, sheet: str, what: str, placed: Placed, frame: pd.DataFrame,
                    columns: Mapping[str, str]) -> None:
        """A table with some cost lines and all others come to the cost of each plan.

        `columns` says which column holds which cost line.
        """
        lines = [Line(name, [self._sum(placed, frame, list(columns), number),
                             self._others(number, list(columns.values()))], self._of_plan("cost", number))
                 for number, name in enumerate(self.told.names, start=1)]
        self.book.sheets[sheet].reconcile(what, ["sum of the table", "all other cost lines"], _TOTAL, lines)

    def _matched(self, sheet: str, what: str, placed: Placed, frame: pd.DataFrame, column: str, of_plan: str,
                 whole: str) -> None:
        """A column adds up to a figure of the summary, for each scenario."""
        lines = [Line(name, [self._sum(placed, frame, [column], number)], self._of_plan(of_plan, number))
                 for number, name in enumerate(self.told.names, start=1)]
        self.book.sheets[sheet].reconcile(what, ["sum of the table"], whole, lines)

    # ---- sheets --------------------------------------------------------------------------------------------------

    def figures(self) -> None:
        """Key figures side by side, a column for each plan."""
        sheet, kpis = self.book.sheets[FIGURES], self.told.comparison.kpis[self.told.names].reset_index()
        sheet.head("Key figures", "One row for each figure, one column for each plan. Shares are fractions; a cost per "
                   "unit is an average, and no price.")
        kpis = kpis[kpis["kpi"] != "seconds"].reset_index(drop=True)  # times differ from run to run
        keys = kpis.columns.tolist()[:4]
        # A scenario may have the name of a column.
        frame = kpis.set_axis([*keys, *range(len(self.told.names))], axis=1)
        placed = sheet.table("Key figures of each plan", frame, keys=4, named=[
            *(Column(name, name, "text") for name in keys),
            *(Column(name, name, "number") for name in self.told.names)])
        of_costs = kpis["kpi"] == "cost_line"
        lines = [Line(name, [Formula(f'=SUMIF({placed.range("kpi")},"cost_line",{placed.range(place)})',
                                     math.fsum(frame.loc[of_costs, place].tolist()))], self._of_plan("cost", place + 1))
                 for place, name in enumerate(self.told.names)]
        sheet.reconcile("rows cost_line", ["sum of the rows"], _TOTAL, lines)

    def cost_to_serve(self) -> None:
        """Cost lines of each plan, then by tier."""
        sheet, frames = self.book.sheets[TO_SERVE], self.told.frames
        sheet.head("Cost to serve", "Every amount is traced to the customer that it was spent for; what serves nobody "
                   "is unassigned. A cost per unit is an average, and no price.")
        costs = frames["costs"]
        self.of_costs = sheet.table("Cost lines of each plan", costs, keys=2)
        lines = [Line(name, [Formula(f"=SUM({self.of_costs.cell(self.told.lines[0], number - 1)}:"
                                     f"{self._local(self.of_costs.cell(self.told.lines[-1], number - 1))})",
                                     math.fsum(self.amounts[number - 1].values()))],
                      self._of_plan("cost", number)) for number, name in enumerate(self.told.names, start=1)]
        sheet.reconcile("cost lines", ["sum of the cost lines"], _TOTAL, lines)
        frame = frames["tiers"]
        placed = sheet.table("By tier", frame)
        self._matched(TO_SERVE, "cost to serve by tier", placed, frame, "total", "cost", _TOTAL)
        self._matched(TO_SERVE, "units by tier", placed, frame, "units", "delivered", "units delivered (Summary)")

    def customers(self) -> None:
        """What every customer costs."""
        sheet, frame = self.book.sheets[CUSTOMERS], self.told.frames["customers"]
        sheet.head("Customers", "What was spent for each of them; what serves nobody is unassigned. A cost per unit is "
                   "an average, and no price.")
        placed = sheet.table("By customer", frame, keys=3)
        self._matched(CUSTOMERS, "cost to serve by customer", placed, frame, "total", "cost", _TOTAL)

    @staticmethod
    def _local(cell: str) -> str:
        """The cell without its sheet, for the end of a range."""
        return cell.rpartition("!")[2]

    def promises(self) -> None:
        """What is promised beside what the plan gives."""
        sheet, frame = self.book.sheets[PROMISES], self.told.frames["service"]
        sheet.head("Promises", "A column holds what is promised, the column of the same name with 'achieved' what the "
                   "plan gives. On time: by ways that keep the lead time with the reliability (certain), on average "
                   "(expected).")
        placed = sheet.table("Promises of each plan", frame, keys=3)
        self._matched(PROMISES, "units delivered", placed, frame, "delivered", "delivered", "units delivered (Summary)")
        self._matched(PROMISES, "units of demand", placed, frame, "demand", "demand", "units of demand (Summary)")

    def flows(self) -> None:
        """Everything that moves."""
        sheet, frame = self.book.sheets[FLOWS], self.told.frames["flows"]
        sheet.head("Flows", "One row for each way and period that carries goods: moves between sites, deliveries to "
                   "customers. CO2 in kg.")
        placed = sheet.table("Flows of each plan", frame, keys=2)
        self._reconciled(FLOWS, "cost of flows", placed, frame, self.told.shown["flows"])

    def sites(self) -> None:
        """What is decided for each site, and what it costs."""
        sheet, frame = self.book.sheets[SITES], self.told.frames["sites"]
        sheet.head("Sites", "Costs of opening and closing are those of the horizon; one-off cash is paid once and is "
                   "in no cost.")
        placed = sheet.table("Sites of each plan", frame, keys=3)
        self._reconciled(SITES, "cost of sites", placed, frame, self.told.shown["sites"])

    def stock(self) -> None:
        """Stock, and what it costs."""
        sheet, frames = self.book.sheets[STOCK], self.told.frames
        sheet.head("Stock", "Costs are those of holding stock over the horizon, by the site where it lies or from "
                   "where it is on its way.")
        if "stock_cost" in frames:
            frame = frames["stock_cost"]
            wide = frame.pivot_table(index=["no.", "scenario", "site"], columns="line", values="amount", aggfunc="sum",
                                     fill_value=0.0, sort=False).rename_axis(columns=None).reset_index()
            lines = [line for line in stock_lines() if line in wide]
            placed = sheet.table("Cost of stock by site", wide[["no.", "scenario", "site", *lines]], keys=3)
            self._reconciled(STOCK, "cost of stock", placed, wide, {line: line for line in lines})
        if "stock" in frames:
            frame = frames["stock"]
            placed = sheet.table("Cycle, safety and pipeline stock", frame)
            self._reconciled(STOCK, "cost of stock by product", placed, frame,
                             {line: line for line in stock_lines() if line in frame})
        if "carried" in frames:
            frame = frames["carried"]
            placed = sheet.table("Stock carried between periods", frame)
            self._reconciled(STOCK, "cost of carried stock", placed, frame,
                             {"cost": self.told.shown["carried"]["cost"]})

    def changed(self) -> None:
        """What each scenario changes in the model, and what that does to each cost line."""
        sheet, against = self.book.sheets[CHANGED], self.told.comparison.against
        sheet.head("What changed", f"Every scenario beside {against}: cost lines, bridges by override, and the cells "
                   "that were changed in the model.")
        apart = self.told.comparison.differences
        number = {name: place for place, name in enumerate(self.told.names, start=1)}
        frame = apart.assign(**{"no.": apart["scenario"].map(number)})[["no.", "scenario", "line", "amount"]]
        frame = frame[frame["amount"] != 0].reset_index(drop=True)
        placed = sheet.table(f"Cost lines less those of {against}", frame, keys=2)
        others = [name for name in self.told.names if name != against]
        base = self._of_plan("cost", number[against])
        sheet.reconcile("differences of cost lines", ["sum of the table", f"cost of {against}"], _TOTAL, [
            Line(name, [self._sum(placed, frame, ["amount"], number[name]), base], self._of_plan("cost", number[name]))
            for name in others])
        self._bridges(number)
        cells = self.told.changes
        if len(cells):
            frame = cells.assign(**{"no.": cells["scenario"].map(number)})
            frame = frame[["no.", "scenario", "source", "table", "key", "column", "old", "new"]]
            placed = sheet.table("Cells changed in the model", frame)
            whole = Formula(f"=SUM({self.plan.range('cells_changed')})", float(self.table["cells_changed"].sum()))
            sheet.reconcile("cells changed", ["rows of the table"], "cells changed (Summary)", [
                Line("all scenarios", [Formula(f"=COUNTA({placed.range('table')})", float(len(frame)))], whole)])

    def _bridges(self, number: Mapping[str, int]) -> None:
        """Bridges by override, each from the cost of one plan to that of another."""
        sheet, bridges = self.book.sheets[CHANGED], self.told.comparison.bridges
        made = bridges[(bridges["method"] != "lines") & (bridges["note"] == "")]
        if made.empty:
            return
        frame = made.drop(columns=["note"]).reset_index(drop=True)
        placed = sheet.table("Bridges by override", frame)
        lines = []
        for key, rows in frame.groupby(["bridge", "method"], sort=False):
            base, to = rows["from"].iloc[0], rows["to"].iloc[0]
            between = rows.index[rows["kind"].isin(["override", "interaction"])]
            cells = (placed.cell("point", int(place)) for place in between)
            lines.append(Line(", ".join(map(str, key)), [
                self._of_plan("cost", number[base]),
                Formula("=" + "+".join(cells), math.fsum(frame.loc[between, "point"].tolist()))],
                self._of_plan("cost", number[to])))
        sheet.reconcile("bridges", ["cost where it begins", "sum of its parts"], "cost where it ends (Summary)", lines)

    def unkept(self) -> None:
        """Why the promises of a scenario cannot all be kept, and what can be promised instead."""
        sheet = self.book.sheets[UNKEPT]
        sheet.head("Promises that cannot be kept", "Who is promised what, what is the nearest that can be kept, and "
                   "what it would take. Each offer was solved; its edits are in the grammar of pack files.")
        for name, title in {"reasons": "Why", **UNKEPT_TABLES}.items():
            if name in self.told.evidence:
                sheet.table(title, self.told.evidence[name], keys=1)
                sheet.words("")

    def evidence(self) -> None:
        """What the figures rest on."""
        sheet, evidence = self.book.sheets[EVIDENCE], self.told.evidence
        sheet.head("Evidence", "No plan costs less than the proven bound. The hash names the tables that were solved.")
        rows = self.told.comparison.scenarios
        rows = rows[rows["cost"].notna()].reset_index(drop=True)
        frame = rows[["scenario", "outcome", "bound", "gap_money", "cost", "hash"]].copy()
        frame.insert(0, "no.", range(1, len(frame) + 1))
        placed = sheet.table("Bounds and plans", frame, keys=2)
        lines = [Line(name, [Formula(f"={placed.cell('bound', place)}", float(frame["bound"].iloc[place])),
                             Formula(f"={placed.cell('gap_money', place)}", float(frame["gap_money"].iloc[place]))],
                      self._of_plan("cost", place + 1)) for place, name in enumerate(self.told.names)]
        sheet.reconcile("bounds", ["proven bound", "gap"], _TOTAL, lines)
        for name, title in (("cases", "Cases of the run"), ("options", "Options"), ("versions", "Versions"),
                            ("findings", "Findings")):
            if name in evidence and len(evidence[name]):
                sheet.table(title, evidence[name])
                sheet.words("")

    def summary(self) -> None:
        """One row per scenario, and all checks."""
        sheet = self.book.sheets[SUMMARY]
        against = self.told.comparison.against
        sheet.head(self.told.name, f"Amounts in {self.told.currency} over the horizon. Differences are against "
                   f"{against} and proven to lie between 'at least' and 'at most'.")
        placed = sheet.table("Scenarios", self.table, keys=2)
        if placed.first != self.plan.first:
            raise AssertionError("the summary is not where the other sheets look for it: our fault")
        whole = {name: float(self.table[name].sum()) for name in ("cash_cost", "penalty", "cost")}
        parts = [Formula(f"=SUM({placed.range(name)})", whole[name]) for name in ("cash_cost", "penalty")]
        sheet.reconcile("all plans", ["cash costs", "penalties"], "costs of the plans", [
            Line("all scenarios", parts, Formula(f"=SUM({placed.range('cost')})", whole["cost"]))])
        sheet.words("All checks of this workbook; green: everything agrees to the cent.")
        sheet.overview()
