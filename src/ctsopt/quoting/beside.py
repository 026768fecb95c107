"""What stands beside a quote: the customers' average, avoidable and stand-alone cost, who subsidises whom, and peers.

None of the three costs takes the place of another. The average share reports; what is avoidable is the floor of a price
and decides whether to let somebody go; what they would cost alone is the ceiling. Avoidable costs of several customers
do not add up to a total.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.certified import Certified
from ctsopt.quoting.change import edited
from ctsopt.quoting.lenses import SMALLEST, Lens, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctsopt.networks.network import Network
    from ctsopt.results.solution import Solution


@dataclass(frozen=True)
class Beside:
    """Costs of some customers as they are served today, in cash [money over the horizon].

    Attributes
    ----------
    units : float
        Units that they ask for over the horizon.
    average : float
        Their share of the cost of today's plan, by the cost cube.
    avoidable_now, avoidable : Certified
        What would be saved without them: with today's sites and decisions, and with a network drawn anew.
    alone : Certified
        What a network for them alone would cost; sites that may not close are in it.
    """

    units: float
    average: float
    avoidable_now: Certified
    avoidable: Certified
    alone: Certified

    @property
    def flags(self) -> tuple[str, ...]:
        """Subsidies that are proven: others pay for them, or they pay for others."""
        least = SMALLEST * max(abs(self.average), abs(self.alone.point), 1.0)
        found = []
        if self.avoidable.low - self.average > least:
            found.append(f"others subsidise them by at least {self.avoidable.low - self.average:,.2f}")
        if self.average - self.alone.high > least:
            found.append(f"they subsidise others by at least {self.average - self.alone.high:,.2f}")
        return tuple(found)


def beside(base: Solution, customers: Sequence[str], *, width: float = 0.1, time_limit: float = 60.0,
           seed: int = 0) -> Beside:
    """Average, avoidable and stand-alone cost of customers as they are served today.

    Parameters
    ----------
    base : Solution
        The plan that is run.
    customers : sequence of str
        Priced together.
    width, time_limit, seed
        As for `quote`.

    Raises
    ------
    DataError
        If nobody else is left, or the network without them has faults.
    """
    cube = base.cube
    mine = cube["customer"].isin(list(customers)).to_numpy() & (cube["behaviour"] != "penalty").to_numpy()
    average = float(cube.loc[mine, "amount"].sum())
    demand = base.net.tables["demand"]
    theirs = demand["customer"].isin(list(customers))
    others = list(dict.fromkeys(demand.loc[~theirs.to_numpy(), "customer"]))
    ends = []
    for names, lens in ((list(customers), "flows"), (list(customers), "redesign"), (others, "redesign")):
        ends.append(_without(base, names, lens, width, time_limit, seed))  # type: ignore[arg-type]
    now, anew, rest = ends
    cash = base.cash_cost
    # Alone: nothing of the base's own gap is in it, since it is a cost and no difference.
    alone = Certified(cash + rest.low, cash + rest.point, cash + rest.point)
    return Beside(float(demand.loc[theirs.to_numpy(), "quantity"].sum()), average, -now, -anew, alone)


def _without(base: Solution, names: list[str], lens: Lens, width: float, time_limit: float, seed: int) -> Certified:
    """What the plan costs more where some customers are not there; 0 where there are none to take away."""
    if not names:
        return Certified(0.0, 0.0, 0.0) if lens == "flows" else Certified(base.bound - base.total_cost, 0.0, 0.0)
    net = edited(base.net, [{"table": "demand", "where": {"customer": names}, "drop": True}])
    answer = Question(base, net, frozenset(names), width, time_limit, seed).answer(lens)
    return Certified(answer.low, answer.point, answer.high)


def peers(base: Solution, new: Network, changed: Sequence[str]) -> pd.DataFrame:
    """Customers who were promised the same and belong to the same group, and do not get what is proposed.

    Columns: customer, group, tier, units (over the horizon), cost (its share of today's plan), per_unit. Where there
    are some, they may ask for the same.
    """
    before, after = (net.tables["customers"].set_index("customer") for net in (base.net, new))
    was, now = (dict(zip(frame.index, frame["tier"].astype(str), strict=True)) for frame in (before, after))
    moved = [name for name in changed if name in was and name in now and was[name] != now[name]]
    of_them = {(before.at[name, "group"], before.at[name, "tier"]) for name in moved}
    keys = list(zip(before["group"], before["tier"], strict=True))
    like = np.array([key in of_them and bool(key[0]) for key in keys], dtype=bool)
    others = before[like & ~before.index.isin(list(changed))]
    demand = base.net.tables["demand"].groupby("customer")["quantity"].sum()
    cube = base.cube[(base.cube["behaviour"] != "penalty").to_numpy()]
    cost = cube["amount"].groupby(cube["customer"].astype(object)).sum()
    units = demand.reindex(others.index).fillna(0.0).to_numpy(dtype=float)
    share = cost.reindex(others.index).fillna(0.0).to_numpy(dtype=float)
    each = np.divide(share, units, out=np.full(len(units), np.nan), where=units > 0)
    return pd.DataFrame({"customer": others.index.to_numpy(dtype=object), "group": others["group"].to_numpy(),
                         "tier": others["tier"].to_numpy(), "units": units, "cost": share, "per_unit": each})
