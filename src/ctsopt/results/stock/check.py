"""The exact check of declared stock: the fill-rate formula at a plan's own lots, variances and lead times.

The declared curves know one variance to mean of each product, the mix of a group, the longest lead time that a
configuration allows, and straight lines between declared volumes. Here the formula is worked out for what the plan
really does. It stands beside the declared figures; it is in no cost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.formulation.stock.curves import leaves_early, policies, spread
from ctsopt.formulation.stock.value import StockModel
from ctsopt.inventory.fill_rate import fill_rate
from ctsopt.inventory.on_hand import held_stock
from ctsopt.inventory.rationing import Stocks, class_fill_rates
from ctsopt.inventory.reserve import largest_reserve
from ctsopt.inventory.safety_stock import SHORTEST_REVIEW, safety_stock
from ctsopt.keys import BLANK, Floats, Keys, Positions, matching
from ctsopt.networks.stock.points import SHARING
from ctsopt.results.plan import Plan
from ctsopt.results.stock.shares import class_shares, safety_charges

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


def exact_check(net: Network, model: StockModel, plan: Plan, index: Keys,
                point: Positions) -> tuple[Floats, Floats, Floats]:
    """Exact safety stock and fill rate of each row of the table of stock.

    Parameters
    ----------
    index : Keys
        site, product, service_class.
    point : int array
        Stock point of each; -1 where there is none.

    Returns
    -------
    units : float array
        Safety stock that the formula asks for, shared by the same layers; not a number where no stock is kept, or a
        class has a safety factor but no fill rate.
    rates : float array
        Fill rate that the declared safety stock gives; of rationed stock with its layers as critical levels.
    reserve : float array
        Units on hand that are kept for better classes; 0 where stock is not rationed.
    """
    check = _Check(net, model, plan)
    units, (rates, kept) = _units(net, model, plan.values, check, index), _rates(model, plan.values, check, index)
    stated = np.append(model.declared.stocking.factor, np.nan)[index["service_class"]]
    rate = np.append(model.declared.stocking.fill_rate, np.nan)[index["service_class"]]
    empty = np.append(model.of(plan.values).configuration, BLANK)[point] < 0
    units = np.where(empty | (np.isfinite(stated) & (rate == 0)), np.nan, units)
    return units, np.where(point < 0, np.nan, rates), np.where(point < 0, np.nan, kept)


class _Check:
    """What the formula asks for beside the fill rate: of a product in a layer of stock, as the plan has it."""

    def __init__(self, net: Network, model: StockModel, plan: Plan) -> None:
        self._net, self._model = net, model
        self._products = len(net.axes["product"])
        self._code, self._volume, self._ratio = self._volumes(plan.values)
        self._lead, self._sd = _in_use(net, model, plan)

    def _volumes(self, plan: Floats) -> tuple[Positions, Floats, Floats]:
        """Units per day of each product in each volume of the layers, and their variance to mean."""
        net, model = self._net, self._model
        volumes, days = model.declared.layers.volumes, net.tables.column("periods", "days")
        level, periods = net.settings["stock_level"], len(days)
        codes, amounts, spreads = [], [], []
        for name, coded, sources in (("deliver", net.ways.deliveries, model.declared.deliveries),
                                     ("move", net.ways.moves, model.declared.moves)):
            units = model.flow(name, plan)[sources.way]
            used, units = sources.where(units > 0), units[units > 0]
            period = coded.index["period"][used.way].astype(np.int64)
            item, row = matching(used.point, volumes.point)
            fits = (volumes.best[row] <= used.service_class[item]) & (used.service_class[item] <= volumes.worst[row])
            fits &= (volumes.index["period"][row] == BLANK) | (volumes.index["period"][row] == period[item])
            item, row = item[fits], row[fits]
            daily = units[item] / (net.horizon if level == "average" else days[period[item]])
            apart = period[item] if level == "peak" else 0
            codes.append((row * self._products + coded.index["product"][used.way[item]]) * periods + apart)
            amounts.append(daily)
            spreads.append(daily * used.variance[item])
        code, place = np.unique(np.concatenate(codes), return_inverse=True)
        mean = np.bincount(place, weights=np.concatenate(amounts), minlength=len(code))
        spread = np.bincount(place, weights=np.concatenate(spreads), minlength=len(code))
        distinct, place = np.unique(code // periods, return_inverse=True)
        most, of_all = np.zeros(len(distinct)), np.zeros(len(distinct))
        np.maximum.at(most, place, mean)
        np.add.at(of_all, place, mean)
        return distinct, most, np.bincount(place, weights=spread, minlength=len(distinct)) / np.where(
            of_all > 0, of_all, 1.0)

    def members(self, layer: Positions) -> tuple[Positions, Positions, Positions]:
        """Products that really are in some layers: position among the layers, product, and where its volume stands."""
        volume = self._model.declared.layers.volume[layer]
        item, place = matching(volume, self._code // self._products)
        return item, self._code[place] % self._products, place

    def policy(self, layer: Positions, product: Positions, place: Positions, times: float = 1.0) -> tuple[Floats, ...]:
        """What the formulas take of products in layers, from (so many times) the volume to the wait."""
        made, usual = self._model.declared, policies(self._net)
        configuration = made.layers.configuration[layer]
        of = made.stocking.configurations.measures
        site = made.layers.volumes.index["site"][made.layers.volume[layer]]
        lead, sd = self._lead[site, product], self._sd[site, product]
        unknown = np.isnan(lead)  # nothing came in: as the configuration says
        lead = np.where(unknown, of["lead_time"][configuration], lead)
        sd = np.where(unknown, of["lead_time_sd"][configuration], sd)
        ordering = (usual.review[site, product], usual.lot[site, product], usual.interval[site, product])
        volume = self._volume[place] * times
        return (volume, self._ratio[place], lead, *ordering, spread(self._net, sd, volume, *ordering),
                of["wait"][configuration].astype(np.float64))

    def safety(self, service: Positions, layer: Positions, product: Positions, place: Positions) -> Floats:
        """Safety stock that the formula asks for at the fill rate of a class (-1: none)."""
        rate = np.append(self._model.declared.stocking.fill_rate, 0.0)
        policy = self.policy(layer, product, place)
        units = safety_stock(rate[service], *policy)
        if leaves_early(self._net):
            units = held_stock(units, *policy).safety
        return np.where(service >= 0, units, 0.0)

    def layer(self, layer: Positions, product: Positions, place: Positions) -> Floats:
        """Units that the formula asks for in a layer: of its class, or kept for it beyond the next."""
        layers, rate = self._model.declared.layers, self._model.declared.stocking.fill_rate
        units = self.safety(layers.upper[layer], layer, product, place)
        kept = layers.lower[layer] >= 0
        some = layer[kept], product[kept], place[kept]

        def excess(times: float) -> Floats:
            policy = self.policy(*some, times)
            return safety_stock(rate[layers.upper[some[0]]], *policy) - safety_stock(rate[layers.lower[some[0]]],
                                                                                     *policy)

        volume, ratio, lead, review, _, _, _, wait = self.policy(*some)
        units[kept] = largest_reserve(excess, volume, ratio, lead + review - wait)
        return units


def _in_use(net: Network, model: StockModel, plan: Plan) -> tuple[Floats, Floats]:
    """Lead time and its deviation of each product at each site: as stated, else of the ways that goods come by.

    Not a number where neither is known.
    """
    who, moves = net.derived.supply, net.ways.moves
    lead, sd = np.full(who.handles.shape, -np.inf), np.zeros(who.handles.shape)
    on = np.flatnonzero(model.flow("move", plan.values) > 0)
    keys = moves.index.take(on)
    days = moves.measures["lead_time"][on] + who.processing[keys["origin"]]
    days = days + np.where(who.to_order, who.make_days, 0.0)[keys["origin"], keys["product"]]
    np.maximum.at(lead, (keys["destination"], keys["product"]), days)
    np.maximum.at(sd, (keys["destination"], keys["product"]), moves.measures["transit_sd"][on])
    makes = plan.index("make").take(plan.of("make") > 0)
    at = makes["site"], makes["product"]
    lead[at] = np.maximum(lead[at], who.make_days[at])
    listed = net.tables["site_products"]
    at = net.axes["site"].codes(listed["site"]), net.axes["product"].codes(listed["product"])
    for column, values in (("replenishment_days", lead), ("replenishment_sd", sd)):
        stated = listed[column].to_numpy(dtype=float)
        if column == "replenishment_days":
            sd[at] = np.where(np.isnan(stated), sd[at], 0.0)
        values[at] = np.where(np.isnan(stated), values[at], stated)
    return np.where(np.isinf(lead), np.nan, lead), sd


def _units(net: Network, model: StockModel, plan: Floats, check: _Check, index: Keys) -> Floats:
    """Safety stock that the formula asks for, layer by layer as declared stock has them, in units of each row."""
    made, charges = model.declared, safety_charges(model, plan)
    layers = made.layers
    charges = charges.at(np.flatnonzero(layers.volumes.index["measure"][layers.volume[charges.layer]] == 0))
    item, product, place = check.members(charges.layer)
    layer, less = charges.layer[item], charges.less[item]
    units = check.layer(layer, product, place)
    units -= check.safety(np.where(less >= 0, layers.upper[less], BLANK), layer, product, place)
    days = net.tables.column("periods", "days")
    lasting = np.where(charges.period == BLANK, net.horizon, days[np.maximum(charges.period, 0)])[item] / net.horizon
    split = sp.csr_array(class_shares(net, model, plan, charges, by_variance=True)[item])
    row = np.repeat(np.arange(len(item)), np.diff(split.indptr))
    site = made.stocking.points["site"][charges.point[item[row]]]
    found = index.find(Keys.make(index.axes, site=site, product=product[row], service_class=split.indices))
    total = np.zeros(len(index))
    np.add.at(total, found[found >= 0], ((units * lasting)[row] * split.data)[found >= 0])
    return total


def _rates(model: StockModel, plan: Floats, check: _Check, index: Keys) -> tuple[Floats, Floats]:
    """Fill rate that the declared safety stock gives to each row, and what is kept for better classes.

    Means by volume over periods that stand apart.
    """
    made, valued = model.declared, model.of(plan)
    layers = made.layers
    row = np.flatnonzero(valued.active[made.units.layer])
    layer = made.units.layer[row]
    held = made.units.cover.value(row, valued.volume[layers.volume[layer]])
    worst, period = layers.volumes.worst[layers.volume[layer]], layers.volumes.index["period"][layers.volume[layer]]
    classes, products = len(made.stocking.fill_rate) + 1, len(index.axes["product"])
    periods = int(period.max(initial=0)) + 2
    code = ((layers.configuration[layer] * classes + worst) * periods + period + 1) * products + made.units.product[row]
    distinct, group = np.unique(code, return_inverse=True)
    total = np.bincount(group, weights=held, minlength=len(distinct))  # of units and of variance together
    plain = np.flatnonzero(layers.volumes.index["measure"][layers.volume[layer]] == 0)
    item, product, place = check.members(layer[plain])
    same = product == made.units.product[row][plain[item]]
    item, product, place = plain[item[same]], product[same], place[same]
    layer, held = layer[item], total[group[item]]
    policy = check.policy(layer, product, place)
    given, volume, kept = _fill_rate(held, *policy), policy[0].copy(), np.zeros(len(layer))
    point = made.stocking.configurations.measures["point"][layers.configuration[layer]]
    some = np.flatnonzero(made.stocking.sharing[point] == SHARING.index("rationed"))
    of = layer[some]
    stock = layers.configuration[of] * periods + layers.volumes.index["period"][layers.volume[of]] + 1
    given[some], volume[some], kept[some] = _rationed(
        stock * products + product[some], layers.upper[of], held[some], [column[some] for column in policy])
    first, second = (_on_rows(model, index, layer, product, column, volume) for column in (given, kept))
    return first, second


def _rationed(stock: Positions, service: Positions, held: Floats, policy: list[Floats]
              ) -> tuple[Floats, Floats, Floats]:
    """Fill rate, volume and critical level of each class of rationed stocks: one row for each class of a stock.

    Demand is that of the classes down to each; the worst has that of all, and the stock that is not a reserve.
    """
    order = np.lexsort((service, stock))
    _, first, count = np.unique(stock[order], return_index=True, return_counts=True)
    rates, volumes, kept = (np.empty(len(stock)) for _ in range(3))
    for classes in np.unique(count):
        rows = order[first[count == classes][:, None] + np.arange(classes)]
        total, ratio, lead, review, lot, interval, sd, wait = (column[rows[:, -1]] for column in policy)
        volume = np.maximum(np.diff(policy[0][rows], axis=1, prepend=0.0), 0.0)
        levels = np.cumsum(held[rows], axis=1) - held[rows]
        in_time = lead + review <= wait
        review = np.maximum(review, SHORTEST_REVIEW)
        point = held[rows].sum(axis=1) + total * np.maximum(lead + review - wait, 0.0)
        given = class_fill_rates(Stocks(point, levels, volume, ratio, lead, review,
                                        np.maximum(lot, total * interval), sd, wait))
        rates[rows], volumes[rows], kept[rows] = np.where(in_time[:, None], 1.0, given), volume, levels
    return rates, volumes, kept


def _fill_rate(safety: Floats, volume: Floats, ratio: Floats, lead: Floats, review: Floats, lot: Floats,
               interval: Floats, sd: Floats, wait: Floats) -> Floats:
    in_time = lead + review <= wait  # what is ordered when demand comes is there within the wait: nobody is short
    review = np.maximum(review, SHORTEST_REVIEW)
    point = safety + volume * np.maximum(lead + review - wait, 0.0)
    given = fill_rate(point, volume, np.sqrt(ratio * volume), lead, review_time=review,
                      lot_size=np.maximum(lot, volume * interval), lead_time_sd=sd, wait=wait)
    return np.where(in_time, 1.0, given)


def _on_rows(model: StockModel, index: Keys, layer: Positions, product: Positions, given: Floats,
             volume: Floats) -> Floats:
    """Figures of layers on the rows whose classes they are of: of pooled stock all, else the worst of the layer."""
    made = model.declared
    layers, of = made.layers, made.stocking.configurations.measures
    pooled = of["service_class"][layers.configuration[layer]] >= 0
    keys = layers.volumes.index
    code, mine = (site.astype(np.int64) * len(index.axes["product"]) + what for site, what in (
        (keys["site"][layers.volume[layer]], product), (index["site"], index["product"])))
    row, item = matching(mine, code)
    worst = layers.volumes.worst[layers.volume[layer[item]]]
    fits = (index["service_class"][row] >= 0) & (pooled[item] | (worst == index["service_class"][row]))
    row, item = row[fits], item[fits]
    weight = np.bincount(row, weights=volume[item], minlength=len(index))
    total = np.bincount(row, weights=(volume * given)[item], minlength=len(index))
    return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)
