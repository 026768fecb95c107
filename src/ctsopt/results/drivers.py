"""Drivers: by what the cost of a site, lane, load or tier as a whole is shared among those who use it.

Costs of flows need none: they are direct (deliveries) or go where the goods go (moves, making, stock). A driver is
what a customer takes of the thing that costs: activity-based costing's resource driver (Kaplan and Anderson,
"Time-driven activity-based costing", 2004, for practical capacity and its unused part).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import scipy.sparse as sp

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.keys import Floats, Positions

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

Idle = Literal["share", "unassigned"]

USUAL: Mapping[str, str] = {"site": "throughput", "lane": "units", "mode": "units", "demand": "units"}
"""By what a cost line without a mark is shared, by what it is the cost of."""

_OWN = ("throughput", "loads")
"""Drivers that only some lines know: capacity units of a site, shares of a load."""


@dataclass(frozen=True)
class Allocation:
    """How costs of things as a whole are shared.

    Attributes
    ----------
    drivers : mapping of str to str
        Driver by cost line, where it is not the usual one.
    idle : {"share", "unassigned"}
        What unused capacity costs is shared among the users, or belongs to nobody.
    """

    drivers: Mapping[str, str] = field(default_factory=dict)
    idle: Idle = "share"

    def __post_init__(self) -> None:
        if self.idle not in get_args(Idle):
            raise UsageError(f"idle = {self.idle!r}: one of {', '.join(get_args(Idle))}")

    def require(self, usual: Mapping[str, str]) -> None:
        """Refuse drivers of lines that are not shared, and those that a line does not know.

        Parameters
        ----------
        usual : mapping of str to str
            The usual driver of every cost line that is shared.
        """
        for line, driver in self.drivers.items():
            if line not in usual:
                raise UsageError(f"drivers: {line!r} is not a cost line that is shared ({', '.join(usual)})"
                                 + did_you_mean(line, usual))
            known = [*MEASURES, "customers", *([usual[line]] if usual[line] in _OWN else [])]
            if driver not in known:
                raise UsageError(f"drivers: {driver!r} does not drive {line}: one of {', '.join(known)}"
                                 + did_you_mean(driver, known))


def _orders(net: Network) -> Floats:
    """Orders per unit of each request."""
    demand = net.tables["demand"]
    size = demand["order_size"].to_numpy(dtype=float).copy()
    profiles = net.tables["order_profiles"]
    of_profile = (profiles["size"] * profiles["share"]).groupby(profiles["profile"]).sum()
    of_profile /= profiles.groupby("profile")["share"].sum()
    named = demand["profile"].to_numpy(dtype=object) != ""
    size[named] = of_profile.reindex(demand.loc[named, "profile"]).to_numpy(dtype=float)
    lacking = int(np.isnan(size).sum())
    if lacking:
        raise UsageError(f"the driver orders needs the size of an order: {lacking:,} rows of demand have neither "
                         "order_size nor profile")
    return np.asarray(1 / size[net.requests.measures["row"]])


def _of_product(column: str) -> Callable[[Network], Floats]:
    def measure(net: Network) -> Floats:
        return np.asarray(net.tables.column("products", column)[net.requests.index["product"]], dtype=np.float64)

    return measure


MEASURES: Mapping[str, Callable[[Network], Floats]] = {
    "units": lambda net: np.ones(len(net.requests)),
    "weight": _of_product("weight"),
    "volume": _of_product("volume"),
    "value": _of_product("unit_value"),
    "pallets": lambda net: 1 / _of_product("pallet_units")(net),
    "orders": _orders,
}
"""Drivers that count the units of a request: how much each unit of a request takes."""


def weighed(net: Network, units: sp.csr_array, request: Positions, driver: str) -> sp.csr_array:
    """Units of each end in each thing (things x ends), weighed by a driver; `request` is that of each end.

    `customers` gives each customer that uses the thing the same weight, spread over its ends by their units.
    """
    if driver != "customers":
        return sp.csr_array(units @ sp.diags_array(MEASURES[driver](net)[request]))
    entries = sp.coo_array(units)
    customer = net.requests.index["customer"][request[entries.col]]
    _, cell = np.unique(entries.row.astype(np.int64) * len(net.axes["customer"]) + customer, return_inverse=True)
    total = np.bincount(cell, weights=entries.data)[cell]
    shares = entries.data / np.where(total > 0, total, 1.0)
    return sp.csr_array(sp.coo_array((shares, (entries.row, entries.col)), shape=units.shape))
