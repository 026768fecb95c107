"""Who uses what costs as a whole: what goes through each site, by each lane or mode, or to whom, for each end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from ctsopt.keys import BLANK, Bools, Coded, Floats, Keys
from ctsopt.results.drivers import weighed
from ctsopt.results.lane_shares import LANE, lane_shares
from ctsopt.results.plan import Plan
from ctsopt.results.tracing import Trace

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

Kind = Literal["site", "lane", "mode", "demand"]

_WHERE: dict[Kind, tuple[str, ...]] = {"site": ("site", "period"), "lane": (*LANE, "period"),
                                       "mode": ("mode", "period"), "demand": ("customer", "tier", "product", "period")}
"""Key columns that the goods which use a thing are found by."""

_WHOSE = ("customer", "tier", "product")
"""Key columns by which those who use it are told apart; a blank stands for all of them."""


def kind_of(index: Keys) -> Kind:
    """What the keys of a cost line are keys of; columns that say nothing about goods are left aside."""
    if "site" in index.names:
        return "site"
    if {"origin", "destination"} <= set(index.names):
        return "lane"
    return "mode" if "mode" in index.names else "demand"


class Users:
    """What goes through sites, by lanes and modes and to customers, for each end of a plan."""

    def __init__(self, net: Network, plan: Plan, traced: Trace, moved: tuple[Coded, Floats],
                 delivered: tuple[Coded, Floats]) -> None:
        self._net, self._plan, self._traced, self.ends = net, plan, traced, traced.ends
        self._moved, self._delivered = moved, delivered
        self._throughput = self._through(plan.index("open"))

    def of(self, keys: Keys, driver: str) -> sp.csr_array:
        """Weight of each end in each of the keys, by a driver."""
        keys, kind = self._placed(keys), kind_of(keys)
        # A blank mode of a lane stands for all modes together; any other blank, for everything.
        names = [name for name in _WHERE[kind] if name in keys.names
                 and (kind == "lane" or (keys[name] != BLANK).all())]
        index, place = keys.grouped(*names) if names else (Keys.single(), np.zeros(len(keys), dtype=np.int32))
        if driver == "throughput":
            weight = self._throughput[index["site"]] if names == ["site"] else self._through(index)
        elif kind == "site":
            weight = self._passing(index, counted="units")
        elif kind == "demand":
            weight = self._delivered_to(index)
        else:
            weight = lane_shares(self._net, self._traced, self._moved, self._delivered, index,
                                 in_loads=driver == "loads")
        weight = self._only_of(keys, sp.csr_array(sp.csr_array(weight)[place]), names)
        return weight if driver in ("throughput", "loads") else weighed(self._net, weight, self.ends.request, driver)

    def _placed(self, keys: Keys) -> Keys:
        """Keys whose destinations, if they have any, are coded as those of lanes are: sites, then customers."""
        places = self._net.derived.resources.places
        if kind_of(keys) != "lane" or keys.axes["destination"] is places:
            return keys
        axis, codes = keys.axes["destination"], keys["destination"]
        if axis is self._net.axes["end"]:
            codes = np.where(codes == BLANK, BLANK, codes + len(self._net.axes["site"])).astype(np.int32)
        else:
            codes = places.codes(axis.names(codes))
        return Keys({**keys.columns, "destination": codes}, {**keys.axes, "destination": places})

    def _only_of(self, keys: Keys, weight: sp.csr_array, names: list[str]) -> sp.csr_array:
        """The weights of those customers, tiers and products that the keys name."""
        wanted, named = self._net.requests.index, [n for n in _WHOSE if n in keys.names and n not in names]
        if not named:
            return weight
        cells = sp.coo_array(weight)
        keep: Bools = np.ones(len(cells.data), dtype=bool)
        for name in named:
            asked = keys[name][cells.row]
            keep &= (asked == BLANK) | (asked == wanted[name][self.ends.request[cells.col]])
        return sp.csr_array(sp.coo_array((cells.data[keep], (cells.row[keep], cells.col[keep])), shape=cells.shape))

    def _delivered_to(self, index: Keys) -> sp.csr_array:
        """Units delivered to each of the keys."""
        ways, quantity = self._delivered
        row = index.find(ways.index)
        known = row >= 0
        return sp.csr_array(sp.coo_array((quantity[known], (row[known], self.ends.at(ways)[known])),
                                         shape=(len(index), len(self.ends))))

    def used(self, keys: Keys, *, in_loads: bool) -> Floats:
        """Share of the capacity of each of the keys that is used; 1 where it has no limit."""
        keys, kind, timed = self._placed(keys), kind_of(keys), "period" in keys.names
        if kind == "site" and not timed:
            return self._used_of_site()[keys["site"]]
        if in_loads:
            filled = np.asarray(self.of(keys, "loads").sum(axis=1)).ravel()
            paid = self._plan.of("loads")[self._plan.index("loads").locate(keys)]
            return np.asarray(np.minimum(1.0, filled / paid))
        if kind == "lane" and not timed and "mode" in keys.names:
            lanes = self._net.derived.resources.lanes
            place = lanes.index.find(keys)
            most = np.append(lanes.measures["max_volume"], np.inf)[place] * self._net.horizon / 365
            units = np.asarray(self.of(keys, "units").sum(axis=1)).ravel()
            return np.asarray(np.where(np.isfinite(most), np.minimum(1.0, units / np.maximum(most, 1e-12)), 1.0))
        return np.ones(len(keys))

    def _used_of_site(self) -> Floats:
        """Over the horizon, by the smaller of the site's capacity and that of its level."""
        capacity = self._net.tables.column("sites", "capacity").astype(np.float64)
        if "level" in self._plan.program.variables:
            chosen = self._plan.of("level") > 0.5
            of_level = self._net.tables.column("capacity_levels", "capacity")[chosen]
            site = self._plan.index("level")["site"][chosen]
            capacity[site] = np.minimum(capacity[site], of_level)
        through = np.asarray(self._throughput.sum(axis=1)).ravel()
        most = capacity * self._net.horizon / 365
        return np.asarray(np.where(np.isfinite(most), np.minimum(1.0, through / np.maximum(most, 1e-12)), 1.0))

    def codes(self, keys: Keys) -> dict[str, npt.NDArray[np.int32]]:
        """Where an amount arises, as columns of the cube."""
        keys, kind = self._placed(keys), kind_of(keys)
        timed = {"period": keys["period"]} if "period" in keys.names and kind != "demand" else {}
        if kind == "site":
            return {"origin": keys["site"]} | timed
        if kind == "mode":
            return {"mode": keys["mode"]} | timed
        if kind == "demand":
            return {}
        sites = np.int32(len(self._net.axes["site"]))
        place = keys["destination"]
        codes = {"origin": keys["origin"], "destination": np.where(place < sites, place, BLANK).astype(np.int32),
                 "customer_end": np.where(place >= sites, place - sites, BLANK).astype(np.int32)}
        return codes | timed | ({"mode": keys["mode"]} if "mode" in keys.names else {})

    def _through(self, index: Keys) -> sp.csr_array:
        """Capacity units through each site (and period) for each end, shape (keys, ends).

        Units, where nothing that goes through a site takes room there.
        """
        loads, units = self._passing(index, counted="load"), self._passing(index, counted="units")
        weightless = np.asarray(loads.sum(axis=1)).ravel() <= 0
        return sp.csr_array(loads + sp.diags_array(weightless.astype(float)) @ units)

    def _passing(self, index: Keys, counted: str) -> sp.csr_array:
        """What goes through each site (and period) for each end, in capacity units or in units."""
        (moves, units_moved), (deliveries, units_delivered) = self._moved, self._delivered
        shape = (len(index), self._traced.share.shape[1])
        ends = self._traced.share[self._traced.at(moves.index, "destination")]
        to_end = self._traced.ends.at(deliveries)
        total = sp.csr_array(shape)
        for load, at_move, at_delivery in (("load", "origin", "site"), ("via_load", "via", "via")):
            of_move, of_delivery = ((ways.measures[load] if counted == "load" else np.ones(len(ways)))
                                    for ways in (moves, deliveries))
            site = index.find(moves.index, {"site": at_move})
            here = np.flatnonzero(site >= 0)
            gather = sp.coo_array(((units_moved * of_move)[here], (site[here], here)), shape=(shape[0], len(moves)))
            site = index.find(deliveries.index, {"site": at_delivery})
            there = site >= 0
            straight = sp.coo_array(((units_delivered * of_delivery)[there], (site[there], to_end[there])),
                                    shape=shape)
            total = total + sp.csr_array(gather) @ ends + sp.csr_array(straight)
        return sp.csr_array(total)
