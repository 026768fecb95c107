"""Who can be supplied with what, and how much demand lies downstream of each site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from ctsopt.keys import BLANK, Bools, Coded, Floats, Ints, Positions
from ctsopt.networks.supply import Supply
from ctsopt.tables.typed import Tables


def can_supply(who: Supply, moves: Mapping[str, Ints]) -> Bools:
    """Whether a product can be had at a site: made or in stock there, or moved in from where it can be had.

    Returns
    -------
    bool array, shape (sites, products)
    """
    have = who.makes | (who.carries & (who.opening > 0))
    while True:
        arrives = have[moves["origin"], moves["product"]]
        more = have.copy()
        more[moves["destination"][arrives], moves["product"][arrives]] = True
        if (more == have).all():
            return have
        have = more


@dataclass(frozen=True, eq=False)
class Reach:
    """Demand that can be reached downstream of each site, over any number of moves.

    Where stock can be carried, demand of later periods counts too, and opening stock downstream, which may be
    replaced.

    Attributes
    ----------
    of_site : float array, shape (sites, periods)
        In the site's capacity unit; at a cross-dock, what can pass it, as often as it can pass.
    roomless : float array, shape (sites, periods)
        The same in units, of the products that take no capacity at the site.
    of_product : float array, shape (sites, products, periods)
        Units, at stocking points.
    """

    of_site: Floats
    roomless: Floats
    of_product: Floats


def reachable(t: Tables, who: Supply, wanted: Coded, moves: Mapping[str, Ints], deliveries: Coded) -> Reach:
    """Demand that can be reached downstream of each site."""
    sites, products = who.handles.shape
    goals, total = _goals(t, who, wanted), len(wanted)
    periods = goals.units.shape[1]
    keys, request = deliveries.index, deliveries.measures["request"]
    point = keys["site"].astype(np.int64) * products + keys["product"]
    direct = _reached(np.concatenate([point, goals.stocked]),
                      np.concatenate([request, np.arange(total, len(goals.product))]),
                      (sites * products, len(goals.product)))
    node = [moves[end].astype(np.int64) * products + moves["product"] for end in ("origin", "destination")]
    circle, reached = _closure(direct, node)
    of_product = (reached @ goals.units).toarray()[circle].reshape(sites, products, periods)
    passing = _over_crossdocks(who, moves, deliveries, circle, reached)
    of_site, roomless = (
        np.einsum("spt,sp->st", of_product, factor[who.unit]) + _weighed(who, factor, passing, goals)
        for factor in (who.factor, (who.factor == 0).astype(float)))
    return Reach(of_site, roomless, of_product)


def _closure(direct: sp.csr_array, node: list[Positions]) -> tuple[Ints, sp.csr_array]:
    """The circle of each point, and what each circle can reach, shape (circles, goals).

    Points that supply each other in a circle, as dcs do that all replenish one another, reach the same: they are taken
    together, so that a full mesh of dcs takes no more than one of them.
    """
    onward = _reached(node[0], node[1], (direct.shape[0], direct.shape[0]))
    circles, circle = connected_components(onward, directed=True, connection="strong")
    member = _reached(circle, np.arange(len(circle)), (circles, len(circle)))
    reached, onward = _ones(sp.csr_array(member @ direct)), _ones(sp.csr_array(member @ onward @ member.T))
    while (more := _ones(sp.csr_array(reached + onward @ reached))).nnz > reached.nnz:
        reached = more
    return circle, reached


@dataclass(frozen=True, eq=False)
class _Goals:
    """What goods may be wanted for: each request, and after them each opening stock that is to be replaced.

    `units` has shape (goals, periods), `product` the product of each goal, `stocked` the point (site x products +
    product) of each opening stock.
    """

    units: sp.csr_array
    product: Ints
    stocked: Positions


def _goals(t: Tables, who: Supply, wanted: Coded) -> _Goals:
    periods, quantity = len(t.axes["period"]), wanted.measures["quantity"]
    first, last = wanted.index["period"], wanted.index["period"]
    site, product = np.nonzero(who.carries & (who.opening > 0))
    if who.carries.any():  # goods of a period may be for any later one
        first = np.zeros_like(last)
    begin = np.concatenate([first, np.zeros(len(site), dtype=np.int32)])
    end = np.concatenate([last, np.full(len(site), periods - 1, dtype=np.int32)])
    count = end - begin + 1
    goal = np.repeat(np.arange(len(begin)), count)
    period = np.arange(len(goal)) - np.repeat(np.cumsum(count) - count, count) + begin[goal]
    amount = np.concatenate([quantity, who.opening[site, product]])
    units = sp.csr_array((amount[goal], (goal, period)), shape=(len(begin), periods))
    of_product = np.concatenate([wanted.index["product"], product.astype(np.int32)])
    return _Goals(units, of_product, site * who.handles.shape[1] + product)


def _over_crossdocks(who: Supply, moves: Mapping[str, Ints], deliveries: Coded, circle: Ints,
                     reached: sp.csr_array) -> sp.csr_array:
    """How often the goods of each goal can pass each cross-dock, shape (sites, goals)."""
    sites, products = who.handles.shape
    via = deliveries.index["via"]
    over = via != BLANK
    passing = _reached(via[over], deliveries.measures["request"][over], (sites, reached.shape[1]))
    moved = moves["via"] != BLANK
    if moved.any():
        node = circle[moves["destination"][moved].astype(np.int64) * products + moves["product"][moved]]
        passing = _ones(passing + _reached(moves["via"][moved], node, (sites, reached.shape[0])) @ reached)
        passing = sp.csr_array(sp.diags_array(_passes(who, moves, deliveries)) @ passing)
    return passing


def _passes(who: Supply, moves: Mapping[str, Ints], deliveries: Coded) -> Floats:
    """Most times that a unit passes each cross-dock, shape (sites,).

    Once, unless goods that were moved over it can be sent over it again: by a move from where they are then, or by
    their delivery. A unit leaves each site at most once, so it passes no more often than there are senders over it.
    """
    sites = len(who.crossdock)
    onward = _reached(moves["origin"], moves["destination"], (sites, sites))
    behind = sp.csr_array(sp.eye_array(sites))
    while (more := _ones(sp.csr_array(behind + onward @ behind))).nnz > behind.nnz:
        behind = more
    passes = np.ones(sites)
    for dock in np.unique(moves["via"][moves["via"] != BLANK]).tolist():
        over = moves["via"] == dock
        senders = np.union1d(moves["origin"][over], deliveries.index["site"][deliveries.index["via"] == dock])
        if behind[np.unique(moves["destination"][over])][:, senders].nnz:
            passes[dock] = len(senders)
    return passes


def _weighed(who: Supply, factor: Floats, passing: sp.csr_array, goals: _Goals) -> Floats:
    """Demand that can pass each cross-dock, shape (sites, periods), in what `factor` counts for its capacity unit."""
    result = np.zeros((len(who.unit), goals.units.shape[1]))
    for unit in np.unique(who.unit[who.crossdock]):
        here = who.crossdock & (who.unit == unit)
        weighed = sp.csr_array(goals.units.multiply(factor[unit][goals.product][:, None]))
        result[here] = (passing[np.flatnonzero(here)] @ weighed).toarray()
    return result


def _reached(row: Ints | Positions, column: Ints | Positions, shape: tuple[int, int]) -> sp.csr_array:
    return _ones(sp.csr_array(sp.coo_array((np.ones(len(row)), (row, column)), shape=shape)))


def _ones(matrix: sp.csr_array) -> sp.csr_array:
    matrix.data[:] = 1.0
    return matrix
