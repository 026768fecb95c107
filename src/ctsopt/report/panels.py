"""The parts of the report that put plans beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from ctsopt.packs.roles import SENSITIVITY
from ctsopt.report.figures import drawings
from ctsopt.report.figures.comparison import lines_of, measure_name, plans
from ctsopt.report.figures.drawing import Drawing
from ctsopt.report.figures.theme import line_name, short
from ctsopt.report.grid import Grid, grid
from ctsopt.report.prose import Sentence, listed_names, name, say

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison

_NAMED = 8
_ALIKE = 1e-6
_MOST_BRIDGES = 40
"""Scenarios whose bridge can be chosen."""


@dataclass(frozen=True)
class Variant:
    """One of the figures of a panel, and the tables behind it.

    Attributes
    ----------
    label : str
        What the reader chooses; blank where there is no choice.
    figure : Drawing or None
    grids : tuple of Grid
    see : tuple of (str, str)
        Identifier and name of tables elsewhere that hold the figures.
    """

    label: str
    figure: Drawing | None
    grids: tuple[Grid, ...] = ()
    see: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Panel:
    """A figure, or one of several to choose from, with a heading and what it says.

    Attributes
    ----------
    id, title : str
    lead : Sentence
    variants : tuple of Variant
    choose : str
        What is chosen, where there are several variants.
    """

    id: str
    title: str
    lead: Sentence
    variants: tuple[Variant, ...]
    choose: str = ""


def comparison_panels(comparison: Comparison, meanings: Mapping[str, tuple[str, str]]) -> Iterator[Panel]:
    """Everything that puts plans beside each other, in the order of the report; `meanings` says what sweeps vary."""
    yield _differences(comparison)
    if len(comparison.bases):
        yield _bases(comparison)
    yield _lines(comparison)
    yield from _bridges(comparison)
    yield from _fronts(comparison)
    yield from _risks(comparison)
    yield from _tornado(comparison, meanings)
    yield from _regret(comparison)
    yield _kpis(comparison)


def _differences(comparison: Comparison) -> Panel:
    rows, money = comparison.scenarios, comparison.currency
    own = plans(comparison)
    same = own[(own[["low", "point", "high"]] == 0).all(axis=1) & (own["scenario"] != comparison.against)
               & (own["role"] != SENSITIVITY)]["scenario"].tolist()
    words, parts = listed_names(same, _NAMED)
    lead = say("Cost of each plan less that of {}. The whiskers are what is proven of the least costs: a scenario is "
               "called cheaper or dearer only where they do not reach zero. Cheaper is about cost alone; a scenario "
               "with other demand costs more or less for that reason too."
               + (f" Of the same cost, and not drawn: {words}." if same else ""), name(comparison.against), *parts)
    shown = ["scenario", "role", "tags", "outcome", "cost", "bound", "gap", "point", "low", "high", "verdict",
             "parent", "parent_point", "parent_low", "parent_high", "parent_verdict", "best_rank", "worst_rank",
             "cost_per_unit", "served", "promises_kept", "promises", "lead_time", "sites_open", "sites_opened",
             "sites_closed", "customers_resourced", "volume_moved", "message"]
    kept = [column for column in shown if column in rows]
    return Panel("differences", "Cost of every scenario", lead, (Variant("", drawings.differences(comparison), (
        grid(rows[kept], "Scenarios", money, where="scenarios.csv"),)),))


def _bases(comparison: Comparison) -> Panel:
    lead = say("Each difference from {}, today as it is run, in two steps: better use of what is there, which needs no "
               "idea, and the idea itself. The steps add up; each is proven to lie between its two ends.",
               name(comparison.as_is))
    return Panel("bases", "Better use, and the idea", lead, (Variant("", None, (
        grid(comparison.bases, "Better use and the idea", comparison.currency, where="bases.csv"),)),))


def _lines(comparison: Comparison) -> Panel:
    rows, lines = plans(comparison), lines_of(comparison)
    table = rows[["scenario", *lines, "penalty", "cost"]]
    table = table.drop(columns=[line for line in lines if not rows[line].fillna(0.0).abs().gt(0).any()])
    lead = say("Every cost line of every plan; the parts of a bar add up to the cost of the plan, penalties included. "
               "Single lines have no proof of their own: another plan of the same cost may differ in them.")
    return Panel("lines", "Cost by line", lead, (Variant("", drawings.cost_lines(comparison), (
        grid(table, "Cost lines", comparison.currency, where="scenarios.csv", money=lines),)),))


def _bridges(comparison: Comparison) -> Iterator[Panel]:
    """By override, as the pack asks for; and by cost line for every scenario."""
    asked = comparison.bridges
    variants = []
    for (bridge, method), steps in asked[asked["method"] != "lines"].groupby(["bridge", "method"], sort=False):
        note = str(steps["note"].iloc[0])
        some = steps[steps["kind"] != ""]
        drawn = drawings.bridge(some, comparison.currency) if not note else None
        variants.append(Variant(short(f"{bridge}, {method}" + (f" ({note})" if note else "")), drawn,
                                (grid(steps.drop(columns=["bridge", "method", "from", "to"]), f"Bridge: {bridge}",
                                      comparison.currency, where="bridges.csv"),)))
    if variants:
        yield Panel("overrides", "Bridge by override", say(
            "What each override does to the cost on the way from one scenario to another. In steps, each is looked at "
            "alone, and what they do together beyond that is the interaction; by Shapley values, each has its mean "
            "effect over all orders. The steps add up; whiskers are what is proven."), tuple(variants), "Bridge")
    others = [each for each in plans(comparison)["scenario"] if each != comparison.against][:_MOST_BRIDGES]
    made = [(each, drawings.cost_bridge_table(comparison, each)) for each in others]
    if made:
        yield Panel("bridge", "Bridge by cost line", say(
            "From the cost of {} to that of another scenario, cost line by cost line. Red is dearer, green cheaper.",
            name(comparison.against)), tuple(
                Variant(short(each, 60), drawings.bridge(steps, comparison.currency),
                        (grid(steps[["part", "kind", "point"]], f"Bridge to {each}", comparison.currency),))
                for each, steps in made), "Bridge to")


def _fronts(comparison: Comparison) -> Iterator[Panel]:
    table = comparison.pareto
    if table.empty:
        return
    # By a measure by which all plans are alike there is nothing to choose.
    spread = table.groupby("measure", sort=False)["service"].agg(lambda service: service.max() - service.min())
    told = [measure for measure, apart in spread.items() if apart > _ALIKE] or spread.index.tolist()[:1]
    variants = tuple(
        Variant(measure_name(str(measure)), drawings.frontier(comparison, str(measure)),
                (grid(table[table["measure"] == measure], "Cost against service", comparison.currency,
                      where="pareto.csv"),))
        for measure in told)
    yield Panel("frontier", "Cost against service", say(
        "A plan is on the front where no plan of the same demand serves as well for less. It is proven dominated where "
        "another one that serves at least as well costs less than this one could at best. Plans of another demand "
        "are not held against these. Measures by which all plans are alike are not shown."), variants, "Service")


def _risks(comparison: Comparison) -> Iterator[Panel]:
    rows = plans(comparison)
    bars = set(comparison.tornado["scenario"])
    some = rows[(rows["role"] == SENSITIVITY) & rows["parent_point"].notna() & ~rows["scenario"].isin(bars)]
    if some.empty:
        return
    shown = ["scenario", "parent", "parent_point", "parent_low", "parent_high", "parent_verdict"]
    yield Panel("risks", "What may happen", say(
        "What costs, prices or demand may do, and nobody decides: cost of each such plan less that of the scenario "
        "that it starts from. The whiskers are what is proven."), (Variant("", drawings.risks(comparison), (
            grid(some[shown], "What may happen", comparison.currency, where="scenarios.csv"),)),))


def _tornado(comparison: Comparison, meanings: Mapping[str, tuple[str, str]]) -> Iterator[Panel]:
    if comparison.tornado.empty:
        return
    variants = tuple(
        Variant(short(sweep), drawings.tornado(comparison, str(sweep), meanings),
                (grid(part, f"One at a time: {sweep}", comparison.currency, where="tornado.csv"),))
        for sweep, part in comparison.tornado.groupby("sweep", sort=False))
    yield Panel("tornado", "One thing at a time", say(
        "What each value alone does to the cost; what moves it most stands at the top, and what changes nothing is not "
        "drawn. The whiskers are what is proven."), variants, "Sweep")


def _regret(comparison: Comparison) -> Iterator[Panel]:
    if comparison.regret.empty:
        return
    yield Panel("regret", "Regret over states of demand", say(
        "How much dearer a scenario is than the cheapest one in the same state; the bar is its worst, the whiskers "
        "what is proven of that. A star marks the smallest worst regret, in brackets where it is not proven."),
        (Variant("", drawings.regret(comparison), (
            grid(comparison.regret, "Worst regret and expected cost", comparison.currency, where="regret.csv"),
            grid(comparison.states, "Cost and regret in each state", comparison.currency, where="states.csv"))),))


def _kpis(comparison: Comparison) -> Panel:
    table = comparison.kpis.reset_index()
    of_time = table["kpi"] == "seconds"
    table = table[~of_time & (table["section"] != "solve")].drop(columns=["section"])
    figures_of = table[comparison.kpis.columns]
    nothing = figures_of.map(lambda value: value == 0 or pd.isna(value)).all(axis=1)
    table = table[~nothing].reset_index(drop=True)
    table["kpi"] = table["kpi"].map(line_name)
    return Panel("kpis", "Key figures side by side", say(
        "Service, sites, utilisation, stock and transport of every plan. Shares are fractions. A cost per unit is an "
        "average, and no price. What is nothing in every plan is left out."), (Variant("", None, (
            grid(table, "Key figures", where="kpis.csv", names=comparison.kpis.columns.tolist()),)),))

