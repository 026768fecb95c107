"""Who keeps stock: stock points, service classes, and the configurations that each point may have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import BLANK, Axis, Bools, Coded, Floats, Ints, Keys, Positions
from ctsopt.networks.requests import demanded
from ctsopt.networks.stock.levels import Levels, levels
from ctsopt.tables.typed import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ctsopt.networks.supply import Supply
    from ctsopt.networks.way import Ways

SHARING = ("pooled", "separate", "rationed")
"""How tiers share stock, in the order of their codes."""


@dataclass(frozen=True, eq=False)
class Stocking:
    """Stock points and what may be chosen for each.

    Attributes
    ----------
    points : Keys
        site, stock_group.
    group : int array
        Stock group of each product.
    mix : float array
        Share of each product in the demand of its group.
    stocked : bool array, shape (sites, products)
        Where a product is stocked for deliveries or for other sites.
    fill_rate, factor : float arrays
        Of each service class, best first; the factor is not a number where none is stated.
    request_class : int array
        Service class of each request.
    outbound_class : int array, shape (sites, products)
        Service class of goods moved to other sites; -1 where no stock is kept for them.
    present : bool array, shape (points, classes)
        Classes that may be served from a point.
    sharing : int array
        Position in `SHARING`, for each point.
    configurations : Coded
        Keys site, stock_group, configuration; in the order in which they are preferred. Measures: point, level (of the
        point's lead times, 0 = shortest), lead_time, lead_time_sd, wait (days), service_class (-1: none to choose).
    move_level : int array
        For each move, the level of its destination that it needs; -1 where its goods reach no stock point.
    variance_to_mean : float array
        Of each product.
    request_variance : float array
        Variance to mean of each request.
    """

    points: Keys
    group: Ints
    mix: Floats
    stocked: Bools
    fill_rate: Floats
    factor: Floats
    request_class: Ints
    outbound_class: Ints
    present: Bools
    sharing: Ints
    configurations: Coded
    move_level: Ints
    variance_to_mean: Floats
    request_variance: Floats

    @property
    def axes(self) -> Mapping[str, Axis]:
        """site, stock_group, configuration."""
        return self.configurations.index.axes

    @property
    def decisions(self) -> int:
        """Yes-or-no decisions on stock that a program begins with: configurations, and classes that do not pool."""
        point = self.configurations.measures["point"]
        own = self.present.sum(axis=1) * (self.sharing != SHARING.index("pooled"))
        return len(point) + int(own[point].sum())

    def point_of(self, site: Ints, product: Ints) -> Positions:
        """Stock point of each site and product; -1 where there is none."""
        keys = Keys.make(self.points.axes, site=np.maximum(site, 0), stock_group=self.group[product])
        return np.where(self.stocked[site, product] & (site >= 0), self.points.find(keys), -1)


def planned(t: Tables) -> bool:
    """Whether stock is planned: some promise states a fill rate or a safety factor."""
    return any(bool(np.isfinite(t.column("promises", c)).any()) for c in ("fill_rate", "safety_factor"))


def stocking(t: Tables, who: Supply, promised: Coded, wanted: Coded, ways: Ways) -> Stocking | None:
    """Stock points and their configurations; None where no stock is planned."""
    if not planned(t):
        return None
    group, mix, groups = _groups(t, wanted)
    fill, factor, of_request, outbound = _classes(t, who, promised, wanted)
    stocked, points, present = _points(t, who, ways, groups, group, of_request, outbound, len(fill))
    outbound = np.where(stocked, outbound, BLANK).astype(np.int32)
    place = np.full(stocked.shape, BLANK, dtype=np.int64)
    site, product = np.nonzero(stocked)
    place[site, product] = points.locate(Keys.make(points.axes, site=site, stock_group=group[product]))
    sharing = _sharing(t, place, len(points))
    found = levels(t, who, ways.moves, place, len(points))
    configurations = _configurations(t, points, ways, place, present, sharing, found, fill, factor)
    stated = t.column("demand", "variance_to_mean")[wanted.measures["row"]]
    of_product = _variance_to_mean(t, wanted, stated)
    own = np.where(np.isnan(stated), of_product[wanted.index["product"]], stated)
    return Stocking(points, group, mix, stocked, fill, factor, of_request, outbound, present, sharing, configurations,
                    found.of_move, of_product, own)


def _groups(t: Tables, wanted: Coded) -> tuple[Ints, Floats, Axis]:
    """Stock group of each product, its share in it, and the groups."""
    names = t.axes["product"].labels
    stated = t.column("products", "stock_group")
    label = np.where(stated == "", names, stated)
    axis = Axis("stock_group", sorted(set(label.tolist())))
    group = axis.codes(label)
    units = np.bincount(wanted.index["product"], weights=wanted.measures["quantity"], minlength=len(names))
    total = np.bincount(group, weights=units, minlength=len(axis))[group]
    members = np.bincount(group, minlength=len(axis))[group]
    return group, np.where(total > 0, units / np.where(total > 0, total, 1.0), 1.0 / members), axis


def _classes(t: Tables, who: Supply, promised: Coded, wanted: Coded) -> tuple[Floats, Floats, Ints, Ints]:
    """Fill rate and factor of the classes, best first; the class of each request, and of goods for other sites."""
    promise = wanted.measures["promise"]
    rate, factor = (demanded(promised, promise, c) for c in ("fill_rate", "safety_factor"))
    rate = np.nan_to_num(rate)
    if t.settings["stock_rule"] == "curve":
        factor = np.full(len(rate), np.nan)
    listed = t.frames["site_products"]
    kept = np.full(who.handles.shape, np.nan)
    at = t.axes["site"].codes(listed["site"]), t.axes["product"].codes(listed["product"])
    kept[at] = listed["replenishment_fill_rate"].to_numpy(dtype=float)
    for_sites = np.isfinite(kept)
    pairs = np.concatenate([np.stack([rate, np.nan_to_num(factor, nan=-1.0)], axis=1),
                            np.stack([kept[for_sites], np.full(int(for_sites.sum()), -1.0)], axis=1)])
    distinct, found = np.unique(-pairs, axis=0, return_inverse=True)  # ascending of the negative: best first
    place: Ints = found.ravel().astype(np.int32)
    outbound: Ints = np.full(kept.shape, BLANK, dtype=np.int32)
    outbound[for_sites] = place[len(rate):]
    factors = -distinct[:, 1]
    return 0.0 - distinct[:, 0], np.where(factors < 0, np.nan, factors), place[:len(rate)], outbound


def _points(t: Tables, who: Supply, ways: Ways, groups: Axis, group: Ints, of_request: Ints, outbound: Ints,
            classes: int) -> tuple[Bools, Keys, Bools]:
    """Where a product is stocked, the stock points, and the classes that each may serve."""
    may = who.handles & ~who.to_order & (t.column("sites", "kind") != "supplier")[:, None]
    keys, moved = ways.deliveries.index, ways.moves.index
    reached = np.zeros(may.shape, dtype=bool)
    reached[keys["site"], keys["product"]] = True
    sends = np.zeros(may.shape, dtype=bool)
    sends[moved["origin"], moved["product"]] = True
    stocked = may & (reached | (sends & (outbound >= 0)))
    site, product = np.nonzero(stocked)
    axes = {"site": t.axes["site"], "stock_group": groups}
    points = Keys.make(axes, site=site, stock_group=group[product]).distinct("site", "stock_group")
    present = np.zeros((len(points), classes), dtype=bool)
    here = stocked[keys["site"], keys["product"]]
    of_way = Keys.make(axes, site=keys["site"][here], stock_group=group[keys["product"][here]])
    present[points.locate(of_way), of_request[ways.deliveries.measures["request"][here]]] = True
    site, product = np.nonzero(stocked & sends & (outbound >= 0))
    for_sites = points.locate(Keys.make(axes, site=site, stock_group=group[product]))
    present[for_sites, outbound[site, product]] = True
    return stocked, points, present


def _sharing(t: Tables, place: Positions, points: int) -> Ints:
    """How stock is shared at each point: as its members state (checks see to it that they agree), else as usual."""
    listed = t.frames["site_products"]
    result = np.full(points, SHARING.index(str(t.settings["stock_sharing"])), dtype=np.int32)
    at = place[t.axes["site"].codes(listed["site"]), t.axes["product"].codes(listed["product"])]
    stated = listed["stock_sharing"].to_numpy(dtype=object)
    for code, name in enumerate(SHARING):
        mine = at[stated == name]
        result[mine[mine >= 0]] = code
    return result


def _configurations(t: Tables, points: Keys, ways: Ways, place: Positions, present: Bools, sharing: Ints,
                    found: Levels, fill: Floats, factor: Floats) -> Coded:
    """Every lead time x wait x class of each point, in the order in which equal ones are preferred."""
    keys = ways.deliveries.index
    longest = np.zeros(len(points), dtype=np.int64)
    if "wait" in ways.deliveries.measures:
        at = place[keys["site"], keys["product"]]
        np.maximum.at(longest, at[at >= 0], ways.deliveries.measures["wait"][at >= 0].astype(np.int64))
    offered = present & (sharing == SHARING.index("pooled"))[:, None]
    to_choose = np.maximum(offered.sum(axis=1), 1)
    waits = longest[found.point] + 1
    each = waits * to_choose[found.point]
    level = np.repeat(np.arange(len(found.point)), each)
    within = np.arange(len(level)) - np.repeat(np.cumsum(each) - each, each)
    point = found.point[level]
    wait, nth = np.divmod(within, to_choose[point])
    chosen = np.argsort(~offered, axis=1, kind="stable")[point, nth]
    chosen = np.where(offered[point, 0:].any(axis=1), chosen, BLANK)
    label = _labels(found.lead_time[level], wait, chosen, fill, factor)
    axis = Axis("configuration", sorted(set(label.tolist())))
    axes = {**points.axes, "configuration": axis}
    index = Keys.make(axes, site=points["site"][point], stock_group=points["stock_group"][point],
                      configuration=axis.codes(label))
    return Coded(index, {"point": point, "level": found.level[level], "lead_time": found.lead_time[level],
                         "lead_time_sd": found.sd[level], "wait": wait, "service_class": chosen})


def _labels(lead_time: Floats, wait: Positions, chosen: Positions, fill: Floats, factor: Floats) -> Floats:
    """Names of configurations: `lead 5.4 wait 1 fill 0.98`."""
    names = class_labels(fill, factor)
    parts = [np.char.add("lead ", np.array([f"{days:.12g}" for days in lead_time.tolist()], dtype=str))]
    if wait.any():
        parts.append(np.char.add(" wait ", wait.astype(str)))
    if (chosen >= 0).any():
        parts.append(np.where(chosen >= 0, np.char.add(" fill ", np.append(names, "").astype(str)[chosen]), ""))
    result = parts[0]
    for part in parts[1:]:
        result = np.char.add(result, part)
    return np.asarray(result, dtype=object)


def class_labels(fill: Floats, factor: Floats) -> list[str]:
    """Names of service classes: their fill rate, and their safety factor where one is stated."""
    return [f"{rate:.12g}" + ("" if np.isnan(k) else f" factor {k:.12g}") for rate, k in zip(fill, factor, strict=True)]


def _variance_to_mean(t: Tables, wanted: Coded, stated: Floats) -> Floats:
    """Of each product: as stated, else the mean of its demand rows by quantity."""
    own = t.column("products", "variance_to_mean")
    known = np.isfinite(stated)
    product, quantity = wanted.index["product"][known], wanted.measures["quantity"][known]
    units = np.bincount(product, weights=quantity, minlength=len(own))
    sums = np.bincount(product, weights=quantity * stated[known], minlength=len(own))
    return np.where(np.isnan(own), np.where(units > 0, sums / np.where(units > 0, units, 1.0), 0.0), own)
