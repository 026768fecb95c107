"""Substitutes for what is short: only where the customer takes one, each with what it costs and who is to be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import Axis, Keys
from ctsopt.programs.algebra import Variable
from ctsopt.programs.program import Program
from ctsopt.shortage import schema
from ctsopt.shortage.programs import solved, typed

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.shortage.allocation import Allocation


def offer_substitutes(alloc: Allocation, substitutes: pd.DataFrame) -> pd.DataFrame:
    """Substitutes for short lines, from what an allocation leaves over: a proposal, worth what it saves.

    Parameters
    ----------
    alloc : Allocation
        Nothing of it changes.
    substitutes : DataFrame
        product, substitute, ratio (units of the substitute for one of the product), cost (money a unit of the
        product), needs_consent.

    Returns
    -------
    DataFrame
        order, line, customer, product, quantity (of the product that is made good), substitute, units (of the
        substitute), site, available_on, cost, saved (penalty, where known), needs_consent.

    Notes
    -----
    Where penalties are known the total of penalties saved less costs is the most that can be had; where they are not,
    the most units are made good. A substitute that costs more than it saves is not offered.
    """
    rules, = typed((schema.SUBSTITUTES, substitutes))
    frame, table = alloc.book.lines, alloc.table
    takes = (frame["accepts_substitute"] & (table["short"] > 1e-6)).to_numpy()
    lines = table[takes][["order", "line", "customer", "product", "short"]].assign(
        needed=frame["needed"].fillna(np.inf)[takes], penalty=frame["penalty"][takes])
    left = alloc.left_over[~alloc.left_over["why"].str.startswith("it ")]
    left = left.merge(alloc.book.supply[["site", "product", "available_on", "day"]]).reset_index(names="source")
    lines = lines.reset_index(drop=True).reset_index(names="need")
    ways = lines.merge(rules, on="product").merge(left, left_on="substitute", right_on="product", suffixes=("", "_sub"))
    ways = ways[ways["day"] <= ways["needed"]]
    gain = np.where(ways["penalty"].isna(), 1.0, ways["penalty"] - ways["cost"])
    ways, gain = ways[gain > 0].reset_index(drop=True), gain[gain > 0]
    amount = np.zeros(0)
    if len(ways):
        axes = {"need": Axis("need", [str(i) for i in range(len(lines))]),
                "source": Axis("source", [str(i) for i in range(len(left))])}
        program = Program("substitutes")
        give = program.add_variable("give", Variable(Keys.make(axes, need=ways["need"], source=ways["source"])))
        got, out = give.by("need"), (give * ways["ratio"].to_numpy()).by("source")
        program.add_rows("demand_of", got <= lines["short"].to_numpy()[got.index["need"]])
        program.add_rows("supply_of", out <= left["quantity"].to_numpy()[out.index["source"]])
        program.add_cost("saved", give * -gain, "variable")
        amount = np.round(solved(program, "who is offered a substitute"), 9)
    found = ways.assign(quantity=amount)
    found = found[found["quantity"] > 1e-6].reset_index(drop=True)
    return found[["order", "line", "customer", "product", "quantity", "substitute"]].assign(
        units=found["quantity"] * found["ratio"], site=found["site"], available_on=found["available_on"],
        cost=found["quantity"] * found["cost"], saved=found["quantity"] * found["penalty"],
        needs_consent=found["needs_consent"])
