"""What is kept today already: a promise that costs nothing, and how much of today's slack it takes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ctsopt.quoting.effects import NOTHING
from ctsopt.quoting.lenses import SMALLEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ctsopt.networks.network import Network
    from ctsopt.results.solution import Solution


@dataclass(frozen=True)
class Kept:
    """How the proposed promise stands in the plan.

    Attributes
    ----------
    kept : bool
        Today's plan keeps it as it is: nothing moves, and it costs nothing.
    modes : tuple of str
        Modes by which the customers are delivered.
    on_time : float
        Share of their volume that is on time under the proposed promise; NaN where no time is promised.
    slowest : float
        Days of the slowest way that delivers to them.
    headroom : float
        Days from that to the promised ones: what the promise takes of today's slack; NaN where no time is promised.
    """

    kept: bool
    modes: tuple[str, ...]
    on_time: float
    slowest: float
    headroom: float

    @property
    def says(self) -> str:
        """In one line."""
        parts = [f"by {' and '.join(self.modes)}" if self.modes else "",
                 f"{self.on_time:.1%} on time" if not math.isnan(self.on_time) else "",
                 f"headroom {self.headroom:.2g} days" if not math.isnan(self.headroom) else ""]
        head = "kept today already, and costs nothing" if self.kept else "then"
        return f"  {head}: {', '.join(filter(None, parts))}"


def kept_today(base: Solution, plan: Solution, changed: Sequence[str], point: float, moved: Sequence[str]) -> Kept:
    """Whether today's plan keeps the proposed promise, and how.

    Parameters
    ----------
    base, plan : Solution
        The plan that is run, and the one that answers the change.
    changed : sequence of str
        The customers that it is about.
    point : float
        What it costs [money].
    moved : sequence of str
        Customers whose deliveries differ between the two.
    """
    names = set(changed)
    flows = plan.flows
    mine = flows[(flows["kind"] == "delivery").to_numpy() & flows["customer"].isin(list(names)).to_numpy()
                 & (flows["quantity"] > NOTHING).to_numpy()]
    units = mine["quantity"].to_numpy(dtype=float)
    timed = mine["on_time"].notna().to_numpy()
    on_time = float((mine["on_time"].to_numpy(dtype=float)[timed] * units[timed]).sum() / units[timed].sum()) if (
        timed.any()) else math.nan
    slowest = float(mine["lead_time"].max()) if len(mine) else math.nan
    promised = _promised(plan.net, names)
    free = abs(point) <= SMALLEST * abs(base.cash_cost)
    headroom = promised - slowest if math.isfinite(promised) else math.nan
    modes = tuple(sorted({str(mode) for mode in mine["mode_out"]}))
    return Kept(free and not moved, modes, on_time, slowest, headroom)


def _promised(net: Network, names: set[str]) -> float:
    """The tightest lead time that the changed customers are promised; infinite where none is."""
    tables = net.tables
    tiers = tables["customers"].loc[tables["customers"]["customer"].isin(names).to_numpy(), "tier"]
    rows = tables["promises"]
    days = rows.loc[rows["tier"].isin(set(tiers)).to_numpy(), "lead_time"]
    return float(days.min()) if len(days) else math.inf
