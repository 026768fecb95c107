"""Units of stock over volume: the declared curve of every product in every layer."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.stock.layers import Layers, UnitCurves
from ctsopt.inventory.curves import STEPS, Curves, grid
from ctsopt.inventory.declared_stock import Declared, declared_stock
from ctsopt.inventory.demand import crossing_lead_time_sd
from ctsopt.inventory.reserve import DOUBLINGS, largest_reserve
from ctsopt.inventory.safety_stock import safety_stock
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.networks.stock.points import SHARING, Stocking

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@dataclass(frozen=True, eq=False)
class Policies:
    """How each product is replenished at each site, shape (sites, products).

    Attributes
    ----------
    review, interval : float arrays
        Days.
    lot : float array
        Units.
    nominal : float array
        Units per day; not a number where none is stated.
    fixed : float array
        Money per year.
    """

    review: Floats
    interval: Floats
    lot: Floats
    nominal: Floats
    fixed: Floats


def policies(net: Network) -> Policies:
    """Replenishment of each product at each site: as stated, else as usual."""
    shape, listed = net.derived.supply.handles.shape, net.tables["site_products"]
    at = net.axes["site"].codes(listed["site"]), net.axes["product"].codes(listed["product"])

    def column(name: str, usual: float) -> Floats:
        values = np.full(shape, usual)
        stated = listed[name].to_numpy(dtype=float)
        values[at] = np.where(np.isnan(stated), usual, stated)
        return values

    return Policies(column("review_time", float(net.settings["review_time"])),
                    column("order_interval", float(net.settings["order_interval"])), column("lot_size", 0.0),
                    column("nominal_volume", np.nan), column("stock_fixed_cost", 0.0))


@dataclass(frozen=True, eq=False)
class _Members:
    """One row for each product in each layer, with what its curve depends on."""

    layer: Positions
    product: Positions
    configuration: Positions
    share: Floats
    q: Floats
    lead: Floats
    sd: Floats
    wait: Floats
    review: Floats
    interval: Floats
    lot: Floats

    @property
    def interval_protected(self) -> Floats:
        """Protection interval in days."""
        return np.maximum(self.lead + self.review - self.wait, 0.0)

    def at(self, rows: Positions) -> _Members:
        """Some of the rows."""
        return _Members(*(getattr(self, field.name)[rows] for field in fields(self)))


def spread(net: Network, lead_time_sd: Floats, volume: Floats, review: Floats, lot: Floats, interval: Floats) -> Floats:
    """Standard deviation of lead times as it counts in stock: less where orders may overtake each other."""
    crossing = net.settings["order_crossing"] == "yes"
    return crossing_lead_time_sd(lead_time_sd, volume, review, lot, interval) if crossing else lead_time_sd


def leaves_early(net: Network) -> bool:
    """Whether goods leave before a quoted wait is over, and are counted so."""
    return net.settings["early_dispatch"] == "yes" and net.settings["stock_rule"] == "curve"


def unit_curves(net: Network, stocking: Stocking, layers: Layers, largest: float) -> UnitCurves:
    """Units of cycle and safety stock over the volume of each layer, up to volumes of `largest`."""
    member = _members(net, stocking, layers)
    volumes = np.append(0.0, grid(largest))
    at, none = member.layer, np.zeros(len(member.layer))
    early = leaves_early(net)
    cycle = np.where(layers.cycles[at][:, None], _cycle(member, volumes, early=early), 0.0)
    if net.settings["stock_rule"] == "curve":
        safety, cover = _kept(net, stocking, member, layers.upper[at], len(volumes) - 1)
        some = np.flatnonzero(layers.lower[at] >= 0)
        safety[some] = cover[some] = _reserve(net, stocking, member.at(some), layers.upper[at[some]],
                                              layers.lower[at[some]], volumes)
        kept = Curves(volumes, safety, none)
        covered = Curves(volumes, cover, none) if early else kept
        return UnitCurves(at, member.product, Curves(volumes, cycle, none), kept, covered)
    variance = layers.volumes.index["measure"][layers.volume[at]] == 1
    k = factors(net, stocking, member.configuration, layers.upper[at]) - factors(
        net, stocking, member.configuration, layers.lower[at])
    own = member.share[:, None] * volumes
    late = spread(net, *(column[:, None] if column.ndim == 1 else column for column in (
        member.sd, own, member.review, member.lot, member.interval)))
    drift = np.where(variance, 0.0, k)[:, None] * late * own
    root = np.where(variance, k * member.share * np.sqrt(member.interval_protected), 0.0)
    kept = Curves(volumes, drift, root)
    return UnitCurves(at, member.product, Curves(volumes, cycle, none), kept, kept)


def _members(net: Network, stocking: Stocking, layers: Layers) -> _Members:
    """Every product of the group of every layer."""
    group = layers.volumes.index["stock_group"][layers.volume]
    order = np.argsort(stocking.group, kind="stable")
    count = np.bincount(stocking.group, minlength=len(stocking.axes["stock_group"]))
    start = np.cumsum(count) - count
    layer = np.repeat(np.arange(len(layers)), count[group])
    within = np.arange(len(layer)) - np.repeat(np.cumsum(count[group]) - count[group], count[group])
    product = order[start[group[layer]] + within]
    site, usual = layers.volumes.index["site"][layers.volume[layer]], policies(net)
    configuration, of = layers.configuration[layer], stocking.configurations.measures
    return _Members(layer, product, configuration, stocking.mix[product], stocking.variance_to_mean[product],
                    of["lead_time"][configuration], of["lead_time_sd"][configuration],
                    of["wait"][configuration].astype(float), usual.review[site, product],
                    usual.interval[site, product], usual.lot[site, product])


def _cycle(member: _Members, volumes: Floats, *, early: bool) -> Floats:
    own = member.share[:, None] * volumes
    lot = np.maximum(member.lot[:, None], own * member.interval[:, None])
    gone = own * member.wait[:, None] if early else 0.0
    return np.where(member.share[:, None] > 0, np.maximum((lot + own * member.review[:, None]) / 2 - gone, 0.0), 0.0)


def _kept(net: Network, stocking: Stocking, member: _Members, service: Positions, corners: int) -> Declared:
    """Safety stock at the fill rate of a class (-1: none), at volume 0 and so many declared volumes."""
    rate = np.append(stocking.fill_rate, 0.0)[service]
    rows = np.stack([rate, member.q, member.lead, member.review, member.lot, member.interval, member.sd,
                     member.wait, member.share], axis=1)
    solved = declared_stock(rows, corners, crossing=net.settings["order_crossing"] == "yes", early=leaves_early(net))
    # The first unit on the shelf has the price of the next.
    level = (np.concatenate([table[:, :1], table], axis=1) for table in solved)
    return Declared(*(np.where(service[:, None] >= 0, table, 0.0) for table in level))


def _reserve(net: Network, stocking: Stocking, member: _Members, service: Positions, below: Positions,
             volumes: Floats) -> Floats:
    """What is kept for classes down to `service` beyond the stock of the class `below` (see `inventory.reserve`).

    Volumes of all demand, up to 2^12 times that of these classes, are declared volumes, too. A reserve is on hand as a
    whole, also where goods leave before a quoted wait is over.
    """
    corners = len(volumes) - 1 + STEPS * DOUBLINGS
    better, worse = (_kept(net, stocking, member, classes, corners).cover[:, 1:] for classes in (service, below))
    most = better - worse
    own = member.share[:, None] * volumes[1:]

    def excess(times: float) -> Floats:
        first = STEPS * round(np.log2(times))
        return most[:, first:first + own.shape[1]]

    table = largest_reserve(excess, own, member.q[:, None], (member.lead + member.review - member.wait)[:, None])
    return np.concatenate([table[:, :1], table], axis=1)


def factors(net: Network, stocking: Stocking, configuration: Positions, service: Positions) -> Floats:
    """Safety factor of a class under the square-root rule, in a configuration; 0 for class -1.

    Where a better class of a point that shares stock has the smaller factor, it gets the largest of those below it: a
    pool is for all of them, and layers never take stock away.
    """
    table = _factor_table(net, stocking)
    shared = stocking.sharing[stocking.configurations.measures["point"]] != SHARING.index("separate")
    merged = np.maximum.accumulate(np.where(_here(stocking), table, 0.0)[:, ::-1], axis=1)[:, ::-1]
    table = np.where(shared[:, None], merged, table)
    return np.asarray(np.append(table, np.zeros((len(table), 1)), axis=1)[configuration, service])


def merged_layers(net: Network, stocking: Stocking) -> Bools:
    """Points at which layers of rationed stock are one, because the better class has the smaller safety factor."""
    table, point = _factor_table(net, stocking), stocking.configurations.measures["point"]
    here = _here(stocking) & (stocking.sharing[point] == SHARING.index("rationed"))[:, None]
    below = np.maximum.accumulate(np.where(here, table, 0.0)[:, ::-1], axis=1)[:, ::-1]
    found = np.zeros(len(stocking.points), dtype=bool)
    found[point[(here & (table < below)).any(axis=1)]] = True
    return found


def _here(stocking: Stocking) -> Bools:
    here: Bools = stocking.present[stocking.configurations.measures["point"]]
    return here


def _factor_table(net: Network, stocking: Stocking) -> Floats:
    """Safety factors, shape (configurations, classes): as stated, else what the fill rate needs at nominal volume."""
    of, usual = stocking.configurations.measures, policies(net)
    keys = stocking.configurations.index
    member = stocking.group == keys["stock_group"][:, None]
    configuration, product = np.nonzero(member)
    site = keys["site"][configuration]
    stated = usual.nominal[site, product]
    nominal = np.zeros(len(keys))
    np.add.at(nominal, configuration, np.nan_to_num(stated))
    m, q = stocking.mix[product] * nominal[configuration], stocking.variance_to_mean[product]
    lead, sd, wait = (of[c][configuration].astype(float) for c in ("lead_time", "lead_time_sd", "wait"))
    review, lot, interval = (column[site, product] for column in (usual.review, usual.lot, usual.interval))
    sd = spread(net, sd, m, review, lot, interval)
    policy = (column[:, None] for column in (m, q, lead, review, lot, interval, sd, wait))
    safety = safety_stock(stocking.fill_rate, *policy)
    deviation = np.sqrt(q * m * np.maximum(lead + review - wait, 0.0) + (sd * m) ** 2)[:, None]
    table = np.zeros((len(keys), len(stocking.fill_rate)))
    np.maximum.at(table, configuration, np.where(deviation > 0, safety / np.where(deviation > 0, deviation, 1.0), 0.0))
    return np.where(np.isnan(stocking.factor), table, stocking.factor)
