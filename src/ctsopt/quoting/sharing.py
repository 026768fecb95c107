"""The game of a network: what it costs to serve each coalition of groups of customers, worked out by solving it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.certified import Certified
from ctsopt.errors import InfeasibleError, UsageError
from ctsopt.networks.network import Network
from ctsopt.networks.requests import demanded
from ctsopt.quoting.games import MOST, Game, coalitions
from ctsopt.results.solution import Solution
from ctsopt.solving import solve
from ctsopt.solving.fixing import Fix

if TYPE_CHECKING:
    import pandas as pd


def cost_game(base: Solution | Network, by: str | Mapping[str, Sequence[str]] = "tier", *, run: str = "long",
              gap: float = 1e-4, time_limit: float | None = None, seed: int = 0) -> Game:
    """What it costs to serve each coalition of groups of customers.

    Parameters
    ----------
    base : Solution or Network
        The plan that is run, whose sites are held in the short run; a network will do for the long run.
    by : str or mapping of str to sequence of str
        A column of the table of customers (tier, region, group, zone, customer), or names of groups with their
        customers. At most eight groups; customers in none of them are served always, and what that costs is the cost
        of the empty coalition.
    run : {"long", "short"}
        Long: sites may open and close. Short: sites and every other design decision are as in the base.
    gap, time_limit, seed
        Of each solve; see `ctsopt.solve`. What is not proven is in the intervals of the costs.

    Returns
    -------
    Game
        Costs are cash over the horizon, between proven ends.

    Raises
    ------
    UsageError
        If there are too many groups, or the short run has no plan to hold.
    InfeasibleError
        If a coalition cannot be served by itself.
    """
    if run not in ("long", "short"):
        raise UsageError(f"run = {run!r}: long or short")
    if run == "short" and not isinstance(base, Solution):
        raise UsageError("the short run holds the sites of a plan: give a Solution")
    net = base.net if isinstance(base, Solution) else base
    groups = _groups(net.tables["customers"], by)
    if len(groups) > MOST:
        raise UsageError(f"{len(groups)} groups: at most {MOST}, since every coalition of them is solved; put some "
                         "together")
    served = set().union(*groups.values())
    always = [name for name in net.tables["customers"]["customer"] if name not in served]
    held = _design(base) if run == "short" and isinstance(base, Solution) else []
    costs: dict[frozenset[str], Certified] = {}
    for some in [frozenset[str](), *coalitions(list(groups))]:
        names = [*always, *(name for group in some for name in groups[group])]
        costs[some] = _cost(net, names, held, gap, time_limit, seed, some)
    return Game(list(groups), costs)


def _groups(customers: pd.DataFrame, by: str | Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    if not isinstance(by, str):
        return {name: list(names) for name, names in by.items()}
    if by not in customers:
        raise UsageError(f"customers have no column {by!r}: tier, region, group, zone or customer")
    return {str(name): rows["customer"].tolist() for name, rows in customers.groupby(by) if name}


def _design(base: Solution) -> list[Fix]:
    from ctsopt.results.read_back import variables_in

    known = variables_in(base).variables
    return [Fix(name, base.decisions(name)) for name in ("open", "level", "use_lane") if name in known]


def _cost(net: Network, names: Sequence[str], held: Sequence[Fix], gap: float, time_limit: float | None, seed: int,
          some: frozenset[str]) -> Certified:
    gone = sorted(set(net.tables["customers"]["customer"]) - set(names))
    edit = {"table": "demand", "where": {"customer": gone}, "scale": {"quantity": 0}}
    changed = net.with_edits(edit) if gone else net
    try:
        plan = solve(changed, gap=gap, time_limit=time_limit, seed=seed, fix=held)
    except InfeasibleError as error:
        who = " and ".join(sorted(some)) or "nobody"
        raise InfeasibleError(f"serving {who} alone: {error}", error.shortfalls, error.explanation) from error
    return Certified(min(plan.bound - _penalty_at_most(changed), plan.cash_cost), plan.cash_cost, plan.cash_cost)


def _penalty_at_most(net: Network) -> float:
    """Penalties that any plan may bear: what a bound says of cash is no more than the bound less these."""
    wanted = net.requests
    may_lack = wanted.measures["quantity"] * (1 - demanded(net.promises, wanted.measures["promise"], "served_fraction"))
    cost = np.nan_to_num(net.tables.column("tiers", "shortage_cost"))[wanted.index["tier"]]
    return float((may_lack * cost).sum())
