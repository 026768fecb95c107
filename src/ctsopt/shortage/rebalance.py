"""Stock moved between sites before anybody goes short: how much, at what cost, and who is worse off where it leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctsopt.errors import DataError, Finding, Findings
from ctsopt.keys import Axis, Floats, Keys
from ctsopt.programs.algebra import Variable
from ctsopt.programs.program import Program
from ctsopt.shortage import schema
from ctsopt.shortage.days import day, days
from ctsopt.shortage.programs import DECIMALS, codes, solved, typed

NOTHING = 1e-6


@dataclass(frozen=True, eq=False)
class Rebalancing:
    """A proposal: nothing is moved by it.

    Attributes
    ----------
    moves : DataFrame
        origin, destination, product, quantity, cost.
    served : DataFrame
        order, line, customer, site, asked, before (what it would get without a move), got, penalty; `site` is where the
        order is served from.
    worse_off : DataFrame
        The rows of `served` that get less than before.
    cost, penalty : float
        Of the moves, and of what stays short.
    """

    moves: pd.DataFrame
    served: pd.DataFrame
    worse_off: pd.DataFrame
    cost: float
    penalty: float


def rebalance(supply: pd.DataFrame, orders: pd.DataFrame, transfers: pd.DataFrame, *,
              as_of: str | None = None) -> Rebalancing:
    """Move stock where it saves more than it costs, and arrives in time.

    Parameters
    ----------
    supply : DataFrame
        As in `allocate`: what each site has.
    orders : DataFrame
        As in `allocate`, with `site` (where the order is served from) and `penalty` (money a unit short).
    transfers : DataFrame
        origin, destination, days, cost_per_unit, fixed_cost, minimum.
    as_of : str, optional
        The date of day 0; needed where tables hold dates.

    Returns
    -------
    Rebalancing
    """
    stock, lines, ways = typed((schema.SUPPLY, supply), (schema.ORDERS, orders), (schema.TRANSFERS, transfers))
    lines["product"] = lines["product"].where(lines["product"] != "", stock["product"].iloc[0] if len(stock) else "")
    today = day(as_of)
    ready, faults = days("supply", "available_on", stock["available_on"].tolist(), stock.index.tolist(), today)
    wanted, more = days("orders", "requested_date", lines["requested_date"].tolist(), lines.index.tolist(), today)
    blanks = ((lines["penalty"].isna(), "no_penalty", "penalty", "nothing says what a unit short costs"),
              (lines["site"] == "", "no_site_of_order", "site", "nothing says which site serves the order"))
    lost = [Finding(rule, "orders", column, message, "fill it in", lines.index[blank].tolist(), [""] * int(blank.sum()))
            for blank, rule, column, message in blanks if blank.any()]
    if faults or more or lost:
        raise DataError(Findings([*faults, *more, *lost]))
    free = stock[stock["status"] != "quality_hold"].assign(day=ready[(stock["status"] != "quality_hold").to_numpy()])
    lines["needed"] = np.where(np.isnan(wanted), np.inf, wanted)
    before = _least_cost(free, lines, ways.iloc[:0])
    after = _least_cost(free, lines, ways)
    served = lines[["order", "line", "customer", "site"]].assign(
        asked=lines["quantity"], before=before.got, got=after.got,
        penalty=(lines["quantity"] - after.got) * lines["penalty"])
    return Rebalancing(after.moves, served, served[served["got"] < served["before"] - 1e-6].reset_index(drop=True),
                       float(after.moves["cost"].sum()), float(served["penalty"].sum()))


@dataclass(frozen=True, eq=False)
class _Plan:
    moves: pd.DataFrame
    got: Floats


def _least_cost(stock: pd.DataFrame, lines: pd.DataFrame, ways: pd.DataFrame) -> _Plan:
    """Each supply serves an order from its own site, or over one transfer that is there in time."""
    stock = stock.reset_index(drop=True).reset_index(names="source")
    need = lines.reset_index(drop=True).reset_index(names="need")[["need", "site", "product", "needed"]]
    direct = stock.merge(need, on=["site", "product"]).assign(way=-1, days=0.0)
    moved = stock.merge(ways.reset_index(names="way"), left_on="site", right_on="origin").merge(
        need, left_on=["destination", "product"], right_on=["site", "product"])
    columns = ["source", "need", "way", "day", "days", "needed"]
    both = pd.concat([direct[columns], moved[columns]], ignore_index=True)
    both = both[both["day"] + both["days"] <= both["needed"]]
    cost = np.append(ways["cost_per_unit"].to_numpy(), 0.0)[both["way"]]
    saved = lines["penalty"].to_numpy()[both["need"]]
    goods = sorted(stock["product"].unique().tolist())
    axes = {"source": Axis("source", [str(i) for i in range(len(stock))]),
            "need": Axis("need", [str(i) for i in range(len(lines))]),
            "way": Axis("way", [str(i) for i in range(len(ways))]), "product": Axis("product", goods)}
    program = Program("rebalance")
    product = codes(stock["product"], goods)[both["source"]]
    serve = program.add_variable("serve", Variable(Keys.make(
        axes, source=both["source"], need=both["need"], way=both["way"], product=product)))
    out, into = serve.by("source"), serve.by("need")
    program.add_rows("supply_of", out <= stock["quantity"].to_numpy()[out.index["source"]])
    program.add_rows("demand_of", into <= lines["quantity"].to_numpy()[into.index["need"]])
    # Of two equal plans the one that moves less: a moved unit costs at least a trifle.
    trifle = 1e-9 * max(float(np.abs(saved).max(initial=1.0)), 1.0)
    program.add_cost("cost", serve * (cost - saved + trifle * (both["way"].to_numpy() >= 0)), "variable")
    over = serve.where((both["way"] >= 0).to_numpy())
    bound = (ways["fixed_cost"].to_numpy() > 0) | (ways["minimum"].to_numpy() > 0)
    if bound.any() and len(over.index):
        total = over.by("way")
        total = total.where(bound[total.index["way"]])
        way = total.index["way"]
        used = program.add_variable("used", Variable(total.index, 0.0, 1.0, integer=True))
        most = min(float(stock["quantity"].sum()), float(lines["quantity"].sum()))
        program.add_rows("only_where_used", total - used * most <= 0.0)
        program.add_rows("least_moved", total - used * np.minimum(ways["minimum"].to_numpy(), most + 1)[way] >= 0.0)
        program.add_cost("fixed", used * ways["fixed_cost"].to_numpy()[way], "fixed")
    plan = solved(program, "how stock is moved") if program.columns else np.zeros(0)
    got = np.zeros(len(lines))
    got[into.index["need"]] = np.round(into.value(plan), DECIMALS)
    return _Plan(_moves(both, stock, ways, plan[:len(both)]), got)


def _moves(both: pd.DataFrame, stock: pd.DataFrame, ways: pd.DataFrame, plan: Floats) -> pd.DataFrame:
    flow = both.assign(quantity=np.round(plan, DECIMALS), product=stock["product"].to_numpy()[both["source"]])
    flow = flow[(flow["way"] >= 0) & (flow["quantity"] > NOTHING)]
    sums = flow.groupby(["way", "product"], as_index=False)["quantity"].sum()
    chosen = ways.iloc[sums["way"]].reset_index(drop=True)
    first = ~sums["way"].duplicated()
    return pd.DataFrame({"origin": chosen["origin"], "destination": chosen["destination"], "product": sums["product"],
                         "quantity": sums["quantity"], "cost": sums["quantity"] * chosen["cost_per_unit"]
                         + chosen["fixed_cost"] * first})
