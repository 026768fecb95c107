"""What is made first when hours are short: by value, or tier by tier, and what the difference costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import known
from ctsopt.keys import Axis, Keys
from ctsopt.programs.algebra import Expr, Variable
from ctsopt.programs.program import Program
from ctsopt.shortage import schema
from ctsopt.shortage.programs import DECIMALS, codes, in_sequence, typed
from ctsopt.tables.columns import Table, key, number, text

DEMAND = Table("demand", "What is asked of each product, by tier.", (
    key("product", "Product."), key("tier", "Tier.", default="all"),
    number("quantity", "Units asked for.", "units", None),
    number("penalty", "What a unit short costs.", "money", 0.0),
    number("rank", "1 is made first.", "rank", 1.0),
    text("site", "Where it is made; blank: wherever it can be."),
))

RULES = ("value", "priority")


@dataclass(frozen=True, eq=False)
class Production:
    """What is made, for whom, and what it leaves short.

    Attributes
    ----------
    table : DataFrame
        product, tier, rank, asked, made, short, penalty: one row of demand each.
    hours : DataFrame
        site, resource, hours, used, overtime.
    penalty, overtime_cost : float
        What is short costs, and the overtime.
    """

    table: pd.DataFrame
    hours: pd.DataFrame
    penalty: float
    overtime_cost: float


def produce(demand: pd.DataFrame, resources: pd.DataFrame, use: pd.DataFrame, rule: str = "value") -> Production:
    """Share hours among products and tiers.

    Parameters
    ----------
    demand : DataFrame
        product, tier, quantity (units), penalty (money a unit short), rank.
    resources : DataFrame
        site, resource, hours, overtime_hours, overtime_cost (money an hour).
    use : DataFrame
        site, resource, product, hours (a unit), changeover_hours (before the first unit).
    rule : str
        `value`: the least penalty and overtime; `priority`: tier by tier, as much as hours allow.

    Returns
    -------
    Production

    Notes
    -----
    A product is made at every site that has a row of `use` for it; at a site it needs all resources that have one.
    """
    known(rule, RULES, "rule")
    wanted, has, takes = typed((DEMAND, demand), (schema.RESOURCES, resources), (schema.RESOURCE_USE, use))
    lost = sorted(set(wanted["product"]) - set(takes["product"]))
    if lost:
        raise UsageError(f"nothing says what hours {', '.join(lost)} takes: add it to resource_use")
    bare = takes.merge(has, on=["site", "resource"], how="left")["hours_y"].isna()
    if bare.any():
        raise UsageError(f"resource_use names {takes['resource'][bare].iloc[0]} at {takes['site'][bare].iloc[0]}, "
                         "which resources does not have")
    program, make, overtime = _program(wanted, has, takes)
    short = wanted["penalty"].to_numpy()
    made = make.by("need")
    cost = (made * -short[made.index["need"]]).total() + (overtime * has["overtime_cost"].to_numpy()).total()
    goals: list[Expr] = []
    if rule == "priority":
        rank = wanted["rank"].to_numpy()[made.index["need"]]
        goals = [made.where(rank == r).total() for r in np.unique(rank)]
    plan = in_sequence(program, goals, cost, "what is made")
    amount = np.zeros(len(wanted))
    amount[made.index["need"]] = np.round(made.value(plan), DECIMALS)
    table = wanted[["product", "tier", "rank"]].assign(asked=wanted["quantity"], made=amount)
    table["short"] = table["asked"] - table["made"]
    table["penalty"] = table["short"] * short
    extra = np.round(overtime.value(plan), DECIMALS)
    used = np.round(_used(program).value(plan), DECIMALS)
    hours = has[["site", "resource", "hours"]].assign(used=used, overtime=extra)
    return Production(table, hours, float(table["penalty"].sum()), float(extra @ has["overtime_cost"].to_numpy()))


def price_of_rule(demand: pd.DataFrame, resources: pd.DataFrame, use: pd.DataFrame) -> float:
    """What it costs to make tier by tier: penalty and overtime of the rule `priority` less those of `value`."""
    tiers, value = (produce(demand, resources, use, rule) for rule in ("priority", "value"))
    return tiers.penalty + tiers.overtime_cost - value.penalty - value.overtime_cost


def _program(wanted: pd.DataFrame, has: pd.DataFrame, takes: pd.DataFrame) -> tuple[Program, Expr, Expr]:
    """Units of each need made at each site; hours of each resource, with overtime and, where stated, changeovers."""
    sites = sorted(takes["site"].unique().tolist())
    products = sorted(takes["product"].unique().tolist())
    axes = {"need": Axis("need", [str(i) for i in range(len(wanted))]), "site": Axis("site", sites),
            "product": Axis("product", products), "resource": Axis("resource", [str(i) for i in range(len(has))])}
    at = takes[["site", "product"]].drop_duplicates()
    pairs = wanted.reset_index(names="need")[["need", "product", "site"]].merge(at, on="product", suffixes=("_", ""))
    pairs = pairs[(pairs["site_"] == "") | (pairs["site_"] == pairs["site"])]
    program = Program("production")
    keys = Keys.make(axes, need=pairs["need"], site=codes(pairs["site"], sites),
                     product=codes(pairs["product"], products))
    make = program.add_variable("make", Variable(keys))
    got = make.by("need")
    program.add_rows("demand_of", got <= wanted["quantity"].to_numpy()[got.index["need"]])
    every = Keys.make(axes, resource=np.arange(len(has)))
    overtime = program.add_variable("overtime", Variable(every, 0.0, has["overtime_hours"].to_numpy()))
    resource = pd.MultiIndex.from_frame(has[["site", "resource"]]).get_indexer(
        pd.MultiIndex.from_frame(takes[["site", "resource"]]))
    steps = Keys.make(axes, resource=resource, site=codes(takes["site"], sites),
                      product=codes(takes["product"], products))
    made = make.by("site", "product")
    hours = made.at(steps) * takes["hours"].to_numpy()
    changed = takes["changeover_hours"].to_numpy()
    if changed.any():
        begun = program.add_variable("begun", Variable(made.index, 0.0, 1.0, integer=True))
        most = pairs.assign(q=wanted["quantity"].to_numpy()[pairs["need"]]).groupby(["site", "product"])["q"].sum()
        names = made.index.frame()
        program.add_rows("only_after_changeover", made - begun * most.reindex(
            pd.MultiIndex.from_frame(names)).to_numpy() <= 0.0)
        hours = hours + begun.at(steps) * changed
    used = hours.per(every)
    program.add_rows("hours_of", used - overtime <= has["hours"].to_numpy())
    return program, make, overtime


def _used(program: Program) -> Expr:
    """Hours used of each resource, overtime included."""
    rows = program.rows["hours_of"].rows.lhs
    over = Expr.block(program.variables["overtime"].index, program.variables["overtime"].start)
    return rows + over
