"""The first sheet of a workbook: what there is to decide, as the first screen of the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.report.columns import Column
from ctsopt.report.front import Front, base_of, choices, front_of, others, risks
from ctsopt.report.meanings import of_cases
from ctsopt.report.menus import menus, sweeps_of
from ctsopt.report.one_plan import proof_of, service_table, tiers_in_words
from ctsopt.report.prose import Source, text_of
from ctsopt.report.summary import better_use, facts, regret, without

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison
    from ctsopt.comparing.outcome import PackResult
    from ctsopt.report.sheets import Sheet
    from ctsopt.results.solution import Solution


def write_decision(sheet: Sheet, source: PackResult | Solution, comparison: Comparison, name: str) -> None:
    """Fill the sheet for a pack, or for one plan that is called by a name."""
    from ctsopt.comparing.outcome import PackResult

    if isinstance(source, PackResult):
        _of_pack(sheet, source, comparison)
    else:
        _of_plan(sheet, source, comparison, name)


def _of_pack(sheet: Sheet, result: PackResult, comparison: Comparison) -> None:
    base, screen = result.solutions[comparison.against], front_of(result, comparison)
    source = Source({"facts": facts(comparison, base), "scenarios": comparison.scenarios, "bases": comparison.bases,
                     "regret": comparison.regret, **screen.tables}, comparison.currency)
    sheet.head(result.pack.name, result.pack.note or "What there is to decide.", free=True)
    for sentence in (base_of(base, comparison.against, source), *better_use(comparison, source)):
        sheet.paragraph(text_of(sentence))
    sheet.words("")
    table = _choices(screen, result, comparison, source)
    if len(table):
        money = comparison.currency
        placed = sheet.table("Choices: what each costs beside what it starts from, and what it changes", table, named=[
            Column("choice", "choice", "text"), Column("note", "what it is", "text"),
            Column("parent", "against", "text"),
            Column("point", f"difference ({money})", "money"), Column("low", f"at least ({money})", "money"),
            Column("high", f"at most ({money})", "money"), Column("share", "share of cost", "share"),
            Column("verdict", "proven", "text"), Column("opened", "opens", "text"), Column("closed", "closes", "text"),
            Column("moved", "customers re-sourced", "count"), Column("stock_more", "stock more (units)", "units"),
            Column("service", "service", "text")])
        sheet.bars(f"Difference to what each starts from, {money}", placed, "choice", "point")
    for sentence in (*others(screen), *without(result, comparison)):
        sheet.paragraph(text_of(sentence))
    sheet.words("")
    _menus(sheet, result, comparison, source)
    told = [text_of(sentence) for sentence in (*risks(screen, result, of_cases(result.pack), source),
                                               *regret(comparison, source))]
    if told:
        sheet.heading("What may happen, and nobody decides")
        for text in told:
            sheet.paragraph(text)
        sheet.words("")


_BESIDE = ("parent", "point", "low", "high", "share", "verdict")


def _choices(screen: Front, result: PackResult, comparison: Comparison, source: Source) -> pd.DataFrame:
    rows = {str(row["scenario"]): row for row in screen.tables["choices"].to_dict("records")}
    told: list[Mapping[str, Any]] = []
    for choice in choices(screen, result, comparison, source):
        row, each = rows[choice.name], screen.steps[choice.name]
        tiers = [text_of(sentence) for sentence in choice.service]
        told.append({"choice": choice.name, "note": choice.note, **{column: row[column] for column in _BESIDE},
                     "opened": ", ".join(each.opened), "closed": ", ".join(each.closed), "moved": float(each.moved),
                     "stock_more": float(row["stock_more"]), "service": " ".join(tiers)})
    return pd.DataFrame(told)


def _menus(sheet: Sheet, result: PackResult, comparison: Comparison, source: Source) -> None:
    """Tables of prices, coloured from cheap to dear."""
    point = comparison.scenarios.set_index("scenario")["parent_point"]
    for menu, cases in zip(menus(result.pack, comparison, source), sweeps_of(result.pack, comparison).values(),
                           strict=True):
        amounts = pd.DataFrame([(*place, point[case.name]) for place, case in zip(menu.places, cases, strict=True)],
                               columns=["line", "column", "amount"])
        wide = amounts.pivot_table(index="line", columns="column", values="amount", sort=False, dropna=False)
        wide = wide.reindex(columns=menu.columns).reset_index()
        head = f"{menu.across}, by {menu.down}" if menu.down else menu.across
        placed = sheet.table(f"{menu.title} ({comparison.currency} beyond {cases[0].parent})", wide, named=[
            Column("line", head, "text"), *(Column(column, column, "money") for column in menu.columns)])
        sheet.shaded(placed, menu.columns)
        sheet.words("")


def _of_plan(sheet: Sheet, plan: Solution, comparison: Comparison, name: str) -> None:
    by_tier = service_table(plan)
    source = Source({"facts": facts(comparison, plan), "scenarios": comparison.scenarios, "tiers": by_tier},
                    comparison.currency)
    sheet.head(name, "The plan in short.", free=True)
    for sentence in (base_of(plan, name, source), *proof_of(name, source), *tiers_in_words(by_tier, source)):
        sheet.paragraph(text_of(sentence))
    sheet.words("")
    costs = plan.costs.loc[plan.costs["amount"] != 0, ["line", "amount"]].reset_index(drop=True)
    placed = sheet.table("Cost by line", costs, named=[
        Column("line", "cost line", "text"), Column("amount", f"amount ({comparison.currency})", "money")])
    sheet.bars(f"Cost by line, {comparison.currency}", placed, "line", "amount")
