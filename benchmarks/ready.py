"""What the rivals start from: the derived ways and tables of a case, with integer codes and text keys, ready for use.

Reading, pricing and pruning are done: a builder adds up and hands over, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.costs import annuity
from ctsopt.networks.requests import FORMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctsopt.networks.network import Network


@dataclass(frozen=True)
class Ready:
    """Columns of six tables as arrays, one period.

    Attributes
    ----------
    names : mapping of str to object array
        The text keys by kind (site, customer, product, tier, mode); codes below are positions in them.
    site : lower, upper (of open), cost (money, of open), limit (least of capacity and demand within reach)
    tier : shortage_cost, served_fraction, share (promised on time; NaN where no share is), certain (1: only ways count
        that keep the promise with its reliability; 0: every way by its probability)
    make : site, product, cost, capacity
    move : origin, destination, mode, product, line_haul, handling_in, handling_out, load
    deliver : site, customer, tier, mode, product, request, last_mile, handling_out, load, on_time, certain
    request : customer, tier, product, quantity
    """

    names: Mapping[str, np.ndarray]
    site: Mapping[str, np.ndarray]
    tier: Mapping[str, np.ndarray]
    make: Mapping[str, np.ndarray]
    move: Mapping[str, np.ndarray]
    deliver: Mapping[str, np.ndarray]
    request: Mapping[str, np.ndarray]

    def touch(self) -> float:
        """Look at every number once, so that no builder pays for bringing them into memory."""
        return float(sum(float(column.sum()) for table in fields(self) if table.name != "names"
                         for column in getattr(self, table.name).values()))


def ready(net: Network) -> Ready:
    """The tables of a network of one of the cases."""
    if len(net.axes["period"]) != 1 or (net.ways.deliveries.index["via"] >= 0).any():
        raise SystemExit("the benchmark's builders know one period and no cross-docks")
    moves, deliveries, wanted = net.ways.moves, net.ways.deliveries, net.requests
    who = net.derived.supply
    makes = np.nonzero(who.makes)
    return Ready(
        names={kind: net.axes[kind].labels for kind in ("site", "customer", "product", "tier", "mode")},
        site=_sites(net), tier=_tiers(net),
        make={"site": makes[0], "product": makes[1], "cost": who.make_cost[makes],
              "capacity": who.make_capacity[makes]},
        move=dict(_codes(moves.index, origin="origin", destination="destination", mode="mode_out", product="product"),
                  **{name: moves.measures[name] for name in ("line_haul", "handling_in", "handling_out", "load")}),
        deliver=dict(_codes(deliveries.index, site="site", customer="customer", tier="tier", mode="mode_out",
                            product="product"), request=deliveries.measures["request"].astype(np.int32),
                     **{name: deliveries.measures[name] for name in ("last_mile", "handling_out", "load", "on_time")},
                     certain=deliveries.measures["certain"].astype(float)),
        request=dict(_codes(wanted.index, customer="customer", tier="tier", product="product"),
                     quantity=wanted.measures["quantity"]))


def _codes(index: Mapping[str, np.ndarray], **columns: str) -> dict[str, np.ndarray]:
    return {new: np.array(index[old], dtype=np.int32) for new, old in columns.items()}


def _sites(net: Network) -> dict[str, np.ndarray]:
    sites = net.tables["sites"]
    candidate = (sites["status"] == "candidate").to_numpy(dtype=bool)
    cost = sites["fixed_cost"].to_numpy(dtype=float) * net.horizon / 365
    cost = cost + np.where(candidate, sites["opening_cost"].to_numpy(dtype=float) * annuity(net), 0.0)
    capacity = sites["capacity"].to_numpy(dtype=float) * net.horizon / 365
    return {"lower": np.where(candidate, 0.0, 1.0), "upper": np.ones(len(sites)), "cost": cost,
            "limit": np.minimum(capacity, net.derived.reachable[:, 0])}


def _tiers(net: Network) -> dict[str, np.ndarray]:
    promised = net.promises
    order = np.argsort(promised.index["tier"])
    form = promised.measures["form"][order]
    share = np.where(form == FORMS.index("each_order"), np.nan, promised.measures["on_time_share"][order])
    return {"shortage_cost": net.tables["tiers"]["shortage_cost"].to_numpy(dtype=float), "share": share,
            "served_fraction": promised.measures["served_fraction"][order],
            "certain": (form == FORMS.index("share_certain")).astype(float)}
