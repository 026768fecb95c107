"""The goods of a plan by code: what is made, moved, delivered and not served, as the checks add it up.

Everything is read from the reported tables and the tables of the network. Names become positions in those tables, so
that a check is a sum over arrays: the checks run after every solve, of small networks too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.keys import Bools, Floats, Ints, Keys

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

TOLERANCE = 1e-6
"""Relative to the size of the figures compared."""

_AXES = {"origin": "site", "via": "site", "customer": "customer", "mode_in": "mode", "mode_out": "mode",
         "product": "product", "period": "period"}


class Goods:
    """The flows, production and shortage of a solution, coded.

    Parameters
    ----------
    solution : Solution
    """

    def __init__(self, solution: Solution) -> None:
        self.solution, self.net = solution, solution.net
        self.axes = solution.net.axes
        flow = solution.flows
        codes = self._codes(flow, **_AXES)
        self.moved: Bools = (flow["kind"] == "move").to_numpy(dtype=bool)
        ends = np.full(len(flow), -1, dtype=np.int32)
        ends[self.moved] = self.axes["site"].codes(_texts(flow, "destination")[self.moved])
        self.quantity: Floats = flow["quantity"].to_numpy(dtype=float)
        self.flow = Keys(codes | {"destination": ends},
                         {name: self.axes[axis] for name, axis in (_AXES | {"destination": "site"}).items()})
        self.delivered = ~self.moved
        self.docked: Bools = self.flow["via"] >= 0

    def _codes(self, frame: pd.DataFrame, **axes: str) -> dict[str, Ints]:
        return {column: self.axes[axis].codes(_texts(frame, column)) for column, axis in axes.items()}

    def keys(self, frame: pd.DataFrame, *columns: str) -> Keys:
        """Columns of a table that are named as their axis, coded; -1 where the network has no such name."""
        return Keys(self._codes(frame, **{c: c for c in columns}), {c: self.axes[c] for c in columns})

    def unknown(self) -> Iterator[str]:
        """Names in the flows that the network does not have: every check would leave them out."""
        flow = self.solution.flows
        must = {"origin": None, "product": None, "period": None, "mode_out": None, "customer": self.delivered,
                "destination": self.moved}
        for column, where in must.items():
            lost = self.flow[column] < 0
            yield from _named(flow, column, lost if where is None else lost & where)
        for column in ("via", "mode_in"):
            lost = self.flow[column] < 0
            if lost.any():
                yield from _named(flow, column, lost & (_texts(flow, column) != ""))

    def of(self, table: str, column: str, codes: Ints) -> npt.NDArray[Any]:
        """A column of a table of the network by the codes of its rows; blank, or no number, where there is no row."""
        values = self.net.tables.column(table, column)
        return np.append(values, "" if values.dtype == object else np.nan)[codes]

    # ---- figures that several checks look at -----------------------------------------------------------------

    @cached_property
    def unit(self) -> float:
        """Quantity of which a millionth is nothing: 1, or the usual demand if that is less, or 1 % of it.

        The program is solved in units that go with the size of the business (`ctsopt.programs.scaling`), and so is the
        plan exact to them only.
        """
        demand = self.net.tables.column("demand", "quantity")
        usual = float(np.median(demand[demand > 0])) if (demand > 0).any() else 1.0
        return max(min(1.0, usual), usual / 100)

    @cached_property
    def demand(self) -> Keys:
        """Keys of the table of demand, in its order."""
        axes = {c: self.axes[c] for c in ("customer", "product", "period")}
        return Keys({c: axis.codes(self.net.tables.column("demand", c)) for c, axis in axes.items()}, axes)

    @cached_property
    def unserved(self) -> Floats:
        """What is not served of each demand."""
        short = self.solution.shortage
        at = self.demand.find(self.keys(short, *self.demand.names))
        return sums(at[at >= 0], short["unserved"].to_numpy(dtype=float)[at >= 0], len(self.demand))

    @cached_property
    def size(self) -> dict[str, Floats]:
        """What a unit of each product counts in each unit that capacity is counted in."""
        column = self.net.tables.column
        return {"units": np.ones(len(self.axes["product"])), "kg": column("products", "weight"),
                "m3": column("products", "volume"), "pallets": 1 / column("products", "pallet_units")}

    @cached_property
    def measured(self) -> dict[str, float]:
        """`unit` in each unit that capacity is counted in, by the goods that are carried; each leg of a flow counts."""
        legs = self.quantity * np.where(self.docked, 2, 1)
        total = float(legs.sum())
        ratio = {c: float(legs @ self.size[c][self.flow["product"]]) / total if total > 0 else 1.0
                 for c in ("kg", "m3")}
        return {name: self.unit * ratio.get(name, 1.0) for name in self.size}

    def in_capacity_units(self, site: Ints, product: Ints, quantity: Floats) -> Floats:
        """Quantities in the capacity unit of the site that they are at."""
        counted, amount = self.of("sites", "capacity_unit", site), quantity.astype(float)
        for name in ("kg", "m3", "pallets"):
            mine = counted == name
            amount[mine] *= self.size[name][product[mine]]
        return amount

    @cached_property
    def through(self) -> tuple[Floats, Floats]:
        """Units, and capacity units, that leave each site or go over it in each period; shape (sites, periods)."""
        flow, over = self.flow, self.docked
        site, product, period = (np.concatenate([flow[first], flow[second][over]]) for first, second in (
            ("origin", "via"), ("product", "product"), ("period", "period")))
        quantity = np.concatenate([self.quantity, self.quantity[over]])
        shape = len(self.axes["site"]), len(self.axes["period"])
        known = (site >= 0) & (period >= 0)
        at = (site.astype(np.int64) * shape[1] + period)[known]
        amounts = (quantity, self.in_capacity_units(site, product, quantity))
        units, load = (sums(at, amount[known], shape[0] * shape[1]).reshape(shape) for amount in amounts)
        return units, load

    @cached_property
    def open(self) -> Bools:
        """Sites that the plan has open."""
        site = self.axes["site"].codes(_texts(self.solution.sites, "site"))
        is_open = np.zeros(len(self.axes["site"]), dtype=bool)
        is_open[site] = self.solution.sites["open"].to_numpy(dtype=bool)
        return is_open


def sums(place: npt.NDArray[np.integer[Any]], amount: Floats, count: int) -> Floats:
    """The amounts that fall on each place; what is no number stays seen."""
    return np.bincount(place, amount, minlength=count).astype(float)


def _texts(frame: pd.DataFrame, column: str) -> npt.NDArray[np.object_]:
    return frame[column].to_numpy(dtype=object)


def _named(frame: pd.DataFrame, column: str, where: Bools) -> Iterator[str]:
    names = pd.unique(_texts(frame, column)[where])[:3] if where.any() else ()
    yield from (f"there is no {column} {name!r}" for name in names)
