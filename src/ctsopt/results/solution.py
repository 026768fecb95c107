"""The answer: a plan as tidy tables, with its cost, its proof and how it came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ctsopt.certified import Certified
from ctsopt.errors import UsageError
from ctsopt.notebook import shown_in_notebook
from ctsopt.programs.status import Status
from ctsopt.results.cost_to_serve import OF_WAYS, cost_to_serve, units_by_way, with_keys
from ctsopt.results.drivers import Allocation, Idle
from ctsopt.results.words import cost_in_words, in_words, proof

if TYPE_CHECKING:
    from pathlib import Path

    import networkx as nx
    import pandas as pd

    from ctsopt.networks.network import Network

TABLES = ("costs", "flows", "production", "sites", "service", "lanes", "loads", "carried", "limits", "stock",
          "shortage", "cube", "parents", "units", "values")
"""Tables of a solution, as they are saved."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A plan for a network.

    Attributes
    ----------
    net : Network
        What was solved.
    tables : mapping of str to DataFrame
        The tables by name, see the properties below.
    status : Status
        Why the search stopped, apart from what it has.
    bound : float
        Proven: no plan costs less, in money over the horizon (penalties included).
    record : mapping
        Versions, input hash, options, effort, seconds per phase, the rule that settled ties.
    """

    net: Network
    tables: Mapping[str, pd.DataFrame]
    status: Status
    bound: float
    record: Mapping[str, Any] = field(default_factory=dict)

    # ---- cost and proof --------------------------------------------------------------------------------------

    @property
    def costs(self) -> pd.DataFrame:
        """Amount of every cost line, in P&L order: line, behaviour, amount (money)."""
        return self.tables["costs"]

    @property
    def total_cost(self) -> float:
        """Cost of the plan, penalties included: the value that the program minimises."""
        return float(self.costs["amount"].sum())

    @property
    def cash_cost(self) -> float:
        """Cost of the plan without penalties."""
        return float(self.costs.loc[self.costs["behaviour"] != "penalty", "amount"].sum())

    @property
    def penalty(self) -> float:
        """Penalties of the plan, such as the shortage cost of demand that is not served."""
        return float(self.costs.loc[self.costs["behaviour"] == "penalty", "amount"].sum())

    @property
    def gap_money(self) -> float:
        """How much cheaper another plan could be at most, in money."""
        return max(self.total_cost - self.bound, 0.0)

    @property
    def gap(self) -> float:
        """How much cheaper another plan could be at most, as a share of the plan's cost."""
        cost = abs(self.total_cost)
        return self.gap_money / cost if cost > 0 else (0.0 if self.gap_money == 0 else np.inf)

    @property
    def least_cost(self) -> Certified:
        """The least possible cost, between the proven bound and this plan's cost."""
        return Certified.of_plan(self.bound, self.total_cost)

    # ---- tables ----------------------------------------------------------------------------------------------

    @property
    def flows(self) -> pd.DataFrame:
        """Every way that carries goods, with quantity, times and money by cost line."""
        return self.tables["flows"]

    @property
    def production(self) -> pd.DataFrame:
        """What is made or bought where."""
        return self.tables["production"]

    @property
    def sites(self) -> pd.DataFrame:
        """Every site: decision, throughput, utilisation, fixed and one-off cost."""
        return self.tables["sites"]

    @property
    def service(self) -> pd.DataFrame:
        """Every promise beside what the plan gives, and whether it is kept."""
        return self.tables["service"]

    @property
    def lanes(self) -> pd.DataFrame:
        """Goods by lane and mode."""
        return self.tables["lanes"]

    @property
    def loads(self) -> pd.DataFrame:
        """Loads that are paid for whole, by lane and period."""
        return self.tables["loads"]

    @property
    def carried(self) -> pd.DataFrame:
        """Stock that is carried between periods, and what it costs."""
        return self.tables["carried"]

    @property
    def stock(self) -> pd.DataFrame:
        """Cycle, safety and pipeline stock by site, product and service class; empty where none is planned."""
        return self.tables["stock"]

    def decisions(self, name: str) -> pd.DataFrame:
        """The decisions of one kind, such as `open`, `level`, `deliver`: their key columns and `value`.

        All of them or some of the rows may be held in another solve, see `ctsopt.Fix`.

        Raises
        ------
        UsageError
            If the plan decides nothing of that name.
        """
        from ctsopt.results.read_back import decisions_of

        return decisions_of(self, name)

    @property
    def limits(self) -> pd.DataFrame:
        """Limits with a fixed figure (capacities, contracts, caps) beside what the plan uses."""
        return self.tables["limits"]

    @property
    def shortage(self) -> pd.DataFrame:
        """Demand that is not served."""
        return self.tables["shortage"]

    @property
    def cube(self) -> pd.DataFrame:
        """The cost cube: every amount at the customer, tier and product that it serves."""
        return self.tables["cube"]

    @property
    def parents(self) -> pd.DataFrame:
        """Where the goods at each stocking point come from, with the mixing ratios of the tracing."""
        return self.tables["parents"]

    @property
    def pruned(self) -> pd.DataFrame:
        """Ways that the search was not given, and why: kind, reason, ways. Beside those that the network left out, the
        ones that another one beats in every row and cost line of the program.
        """
        import pandas as pd

        from ctsopt.formulation.dominance import counted

        parts = (self.net.pruned, counted(int(self.record.get("left_out", 0))))
        return pd.concat([part for part in parts if len(part)] or [parts[1]], ignore_index=True)

    def with_drivers(self, drivers: Mapping[str, str] | None = None, idle: Idle = "share") -> Solution:
        """The same plan with costs of sites, lanes, loads and tiers shared by other drivers.

        Parameters
        ----------
        drivers : mapping of str to str, optional
            Driver by cost line, for lines that are to be shared otherwise than usual: `throughput` (capacity units of a
            site), `units`, `weight`, `volume`, `pallets`, `value`, `orders`, `customers`, `loads` (shares of a load).
            Lines of your own keep theirs.
        idle : {"share", "unassigned"}
            What happens to the cost of capacity that is paid for and not used (sites, levels, loads and lanes with a
            capacity): the users share it, or it is nobody's, in the row `unassigned`.

        Returns
        -------
        Solution
            With another cost cube, which adds up to the same costs, line by line.

        Raises
        ------
        UsageError
            If a line is not shared, a driver is not known to it, or the tables lack what a driver counts.
        """
        from ctsopt.results.read_back import cube_of

        return replace(self, tables={**self.tables, "cube": cube_of(self, Allocation(drivers or {}, idle))})

    def cost_to_serve(self, by: Sequence[str] | str = ("tier",)) -> pd.DataFrame:
        """Cost-to-serve by some keys, ending in the total of the plan.

        Parameters
        ----------
        by : sequence of str
            One or more of tier, customer, product, product_class, period; region and group of the customer, profile
            of the demand; site (which delivers, whatever was spent upstream of it), origin (the site at which a cost
            arises, or at which its move begins) and mode. `(none)` stands for what has no such key, such as making,
            which has no mode.

        Returns
        -------
        DataFrame
            Tiers in the order of their rank. Columns: units delivered (by origin and mode: those of the last leg), the
            cost lines, cost (cash), penalties, total, cost_per_unit (an average: no price; by origin and mode only in
            the last row). The row `unassigned` holds costs that serve nobody; the last row, `total`, equals
            `total_cost`.
        """
        penal = self.costs["behaviour"] == "penalty"
        tiers = self.net.tables["tiers"].sort_values(["rank", "tier"], kind="stable")["tier"].tolist()
        order = {"tier": tiers, "period": self.net.axes["period"].labels.tolist()}
        keys = [by] if isinstance(by, str) else list(by)
        units = self.tables["units"]
        if set(keys) & set(OF_WAYS):
            units = units_by_way(self.flows, self.net.tables["products"])
        cube, units = (with_keys(self.net, frame, keys) for frame in (self.cube, units))
        return cost_to_serve(cube, units, self.costs["line"].tolist(), self.costs.loc[penal, "line"].tolist(), keys,
                             order)

    def kpis(self, within: Sequence[float] = (1, 2, 3), distances: Sequence[float] = ()) -> pd.DataFrame:
        """Key figures of the plan: the rows of a comparison of scenarios.

        Parameters
        ----------
        within : sequence of float
            Days: share of demand whose mean lead time is at most so long.
        distances : sequence of float
            Share of demand that is delivered over at most so far, in settings.distance_unit.

        Returns
        -------
        DataFrame
            Columns: section (solve, network, cost, service, utilisation, stock, transport); kpi and by, which together
            are the key and are the same for every plan of networks with the same names; unit; value (not a number where
            there is nothing to measure); text (names, words). Shares are fractions. Costs are those of `costs`; a cost
            per unit or kg is an average and no price.

        Raises
        ------
        UsageError
            If a limit is below 0, not finite, or given twice.
        """
        from ctsopt.results.kpis import kpis

        return kpis(self, within, distances)

    def graph(self) -> nx.MultiDiGraph:
        """The plan as a graph of networkx.

        Returns
        -------
        networkx.MultiDiGraph
            The nodes of `Network.graph`, sites with open, decision, throughput, utilisation and level, customers with
            delivered and unserved (units). Edges are the lanes that carry goods, with quantity (units), weight (kg),
            transport (line_haul and last_mile, money), loads (paid for whole), distance.
        """
        from ctsopt.results.graph import plan_graph

        return plan_graph(self)

    # ---- words and files -------------------------------------------------------------------------------------

    def __sub__(self, other: Solution) -> Certified:
        """How much dearer the best plan here is than the best plan there, as a proven interval.

        Both networks must count in the same money over the same horizon.
        """
        if not isinstance(other, Solution):
            raise UsageError("a solution can be compared with another solution")
        for what, here, there in (("currency", self.net.settings["currency"], other.net.settings["currency"]),
                                  ("horizon", self.net.horizon, other.net.horizon)):
            if here != there:
                raise UsageError(f"the solutions differ in {what}: {here} and {there}")
        return self.least_cost - other.least_cost

    def __str__(self) -> str:
        return in_words(self)

    def __repr__(self) -> str:
        return f"<Solution {self.net.settings['name']}: {self.total_cost:,.2f}, {proof(self.status, self.gap)}>"

    def _repr_html_(self) -> str:
        costs = self.costs.assign(amount=[f"{amount:,.2f}" for amount in self.costs["amount"]])
        return shown_in_notebook(str(self).splitlines()[0], cost_in_words(self), costs)

    def save(self, path: str | Path) -> None:
        """Write the solution to a folder: the network and the tables as Parquet, the rest as JSON.

        Raises
        ------
        UsageError
            If the folder exists and holds something else than a saved solution.
        FileError
            If it cannot be written; what was there before is as it was.
        """
        from ctsopt.results.store import save

        save(self, path)


