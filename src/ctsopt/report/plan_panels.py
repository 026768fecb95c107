"""The parts of the report that show one plan: cost-to-serve, customers, stock, maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ctsopt.report.figures import drawings
from ctsopt.report.figures.customers import basis_of, customer_table, whale_table
from ctsopt.report.figures.maps import Ground
from ctsopt.report.figures.stock import has_stock, stock_table
from ctsopt.report.figures.theme import short
from ctsopt.report.grid import Grid, grid
from ctsopt.report.panels import Panel, Variant
from ctsopt.report.prose import say
from ctsopt.results.lines import stock_lines

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison
    from ctsopt.results.solution import Solution


PLANS = 6
"""Plans that are shown one by one where nothing else is asked for."""


@dataclass(frozen=True)
class PlanPart:
    """One plan in the report.

    Attributes
    ----------
    id, name : str
    panels : tuple of Panel
    """

    id: str
    name: str
    panels: tuple[Panel, ...]


def chosen(comparison: Comparison, most: int = PLANS) -> list[str]:
    """Plans that are shown one by one: that compared with, today as it is run, those on the front, the cheapest."""
    rows = comparison.scenarios[comparison.scenarios["cost"].notna()]
    first = comparison.pareto[comparison.pareto["measure"] == comparison.pareto["measure"].iloc[0]] \
        if len(comparison.pareto) else comparison.pareto
    front = first[first["status"] == "front"].sort_values("cost", kind="stable")["scenario"].tolist()
    cheapest = rows.sort_values("cost", kind="stable")["scenario"].tolist()
    known = set(rows["scenario"])
    order = [comparison.against, comparison.as_is, *front, *cheapest]
    return [name for name in dict.fromkeys(order) if name in known][:most]


def plan_part(name: str, number: int, solution: Solution) -> PlanPart:
    """Everything that is shown of one plan."""
    key = f"plan{number}"
    return PlanPart(key, name, tuple(_panels(solution, key)))


def _panels(solution: Solution, key: str) -> Iterator[Panel]:
    money = str(solution.net.settings["currency"])
    lines = solution.costs["line"].tolist()
    tiers = drawings.tier_table(solution)
    yield Panel(f"{key}-tiers", "What a tier costs to serve", say(
        "Cost for a unit delivered, line by line: an average that adds up, and no price. What serves nobody stands in "
        "a row of its own in the table."), (Variant("", drawings.tier_costs(solution), (
            grid(tiers, "P&L by tier", money, money=lines),)),))
    yield _waterfall(solution, key, tiers["tier"].iloc[:-1].tolist(), tuple(lines))
    see = ((f"{key}-customers", "the table of customers"),)
    yield _whale(solution, key)
    yield Panel(f"{key}-quadrant", "Size and cost-to-serve", say(
        "Customers by what they take and by what that costs to serve. The dashed lines stand at the median size and at "
        "the average cost. Small and dear is where another promise is worth a talk."),
        (Variant("", drawings.quadrant(solution), see=see),))
    yield from _stock(solution, key, money)
    if Ground.under(solution) is not None:
        yield Panel(f"{key}-service", "Service map", say(
            "Customers, as large as their volume. By days: the mean lead time. By slack: what is left of the promised "
            "lead time on the slowest way that serves the customer."),
            (Variant("days", drawings.service_map(solution, "days"), see=see),
             Variant("slack to the promise", drawings.service_map(solution, "slack"), see=see)), "Colour by")
        yield Panel(f"{key}-sourcing", "Sourcing map", say(
            "Who is served from where: lines have the colour of the site that the goods leave, dotted ones are moves "
            "between sites, hollow marks are sites that are not open."),
            (Variant("", drawings.sourcing_map(solution), (_sites(solution, money),), see),))
    else:
        yield Panel(f"{key}-sites", "Sites", say("The tables state no coordinates, so there is no map."),
                    (Variant("", None, (_sites(solution, money),)),))
    yield Panel(f"{key}-promises", "Promises", say("What is promised, and what the plan gives, in volume."),
                (Variant("", None, (grid(solution.service, "Promises and what the plan gives", money),)),))


def _waterfall(solution: Solution, key: str, tiers: list[str], lines: tuple[str, ...]) -> Panel:
    money = str(solution.net.settings["currency"])
    variants = []
    for tier in ("", *(tier for tier in tiers if tier != "unassigned")):
        steps = drawings.waterfall_table(solution, tier)
        variants.append(Variant(short(tier) if tier else "the whole plan", drawings.bridge(steps, money),
                                (grid(steps[["part", "kind", "point"]], "Waterfall", money, money=lines),)))
    return Panel(f"{key}-waterfall", "Cost-to-serve waterfall", say(
        "The cost lines, one upon the other, penalties included."), tuple(variants), "Cost of")


def _whale(solution: Solution, key: str) -> Panel:
    table = whale_table(solution)
    of = "value, which is units times unit value" if "value" in table else \
        "units, because not every product states a unit value"
    lead = say("The tables state no revenue, so everybody pays one rate here, which just covers the cost: a rate on "
               f"{of}. Customers that cost less than they would pay make the curve rise; those that cost more bring it "
               "down to zero. Its top is what some would pay for others.")
    return Panel(f"{key}-whale", "Who pays for whom at one rate (whale curve)", lead,
                 (Variant("", drawings.whale(solution), (_customers(solution, key),)),))


def _customers(solution: Solution, key: str) -> Grid:
    """Everything that the figures of customers show."""
    table = customer_table(solution)
    rest = table[["customer", "cost_per_unit", "lead_time", "slack", "source",
                  *(["units"] if basis_of(table) == "value" else [])]]
    both = whale_table(solution).merge(rest, on="customer", validate="one_to_one")
    made = grid(both, "Customers", str(solution.net.settings["currency"]), where="the saved plan and the workbook")
    return replace(made, id=f"{key}-customers")


def _stock(solution: Solution, key: str, money: str) -> Iterator[Panel]:
    if not has_stock(solution):
        return
    variants = [Variant(by, drawings.stock(solution, by), (grid(stock_table(solution, by), f"Stock by {by}", money),))
                for by in ("site", "tier", "product")]
    last = variants[0]
    every = grid(solution.tables["stock"], "Every stock point", money, money=stock_lines(),
                 where="the saved plan and the workbook")
    variants[0] = Variant(last.label, last.figure, (*last.grids, every))
    yield Panel(f"{key}-stock", "Stock", say(
        "Units on average: cycle stock of lots, safety stock against uncertainty at the promised fill rate, by volume, "
        "and what is on its way. Stock that several tiers share has all their names."), tuple(variants), "By")


def _sites(solution: Solution, money: str) -> Grid:
    shown = ["site", "kind", "decision", "level", "throughput", "capacity", "capacity_unit", "utilisation",
             "fixed_cost", "opening_cost", "closing_cost", "one_off_cash"]
    return grid(solution.sites[shown], "Sites", money)
