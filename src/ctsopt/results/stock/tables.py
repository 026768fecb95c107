"""Stock of a plan: what each site keeps of each product for each service class, what it is worth and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import scipy.sparse as sp

from ctsopt.formulation.build import stock_of
from ctsopt.formulation.stock.curves import policies
from ctsopt.formulation.stock.declared import Sources
from ctsopt.formulation.stock.value import StockModel
from ctsopt.keys import BLANK, Axis, Floats, Ints, Keys, Positions
from ctsopt.networks.stock.points import SHARING
from ctsopt.networks.supply import holding_cost
from ctsopt.results.lines import lines_with
from ctsopt.results.plan import Plan
from ctsopt.results.stock.check import exact_check
from ctsopt.results.stock.shares import Charges, class_shares, cycle_charges, fixed_charges, safety_charges

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

OTHER_SITES = "other sites"
"""Stands among the tiers for goods that are moved to other sites."""

_CYCLE, _SAFETY, _PIPELINE, _FIXED = lines_with("cycle", "safety", "pipeline", "fixed")
LINES = (_CYCLE, _SAFETY, _PIPELINE, _FIXED)
"""Cost lines of stock, as columns."""

_TEXTS = ("site", "product", "service_class")
_FIGURES = ("lead_time", "lead_time_sd", "wait", "volume", "cycle", "safety", "pipeline", "value", "cost", *LINES,
            "days_of_supply", "turns", "reserve", "fill_rate_given", "exact_safety", "exact_fill_rate")
COLUMNS = (*_TEXTS, "fill_rate", "tiers", "sharing", *_FIGURES)
"""Columns of the table."""

Parts = list[tuple[Keys, str, Floats]]
"""Amounts of a column by site, product and class."""


def stock(net: Network, plan: Plan) -> pd.DataFrame:
    """Cycle, safety and pipeline stock: one row for each site, product and service class; empty where none is planned.

    Columns: site, product, service_class, fill_rate (promised), tiers, sharing, lead_time, lead_time_sd, wait (days,
    of the configuration), volume (units per day that go out), cycle, safety, pipeline (units, mean over the horizon),
    value (money), cost (money over the horizon) and its lines, days_of_supply, turns (of cycle and safety stock),
    reserve (units on hand that are kept for better classes), fill_rate_given, exact_safety (units), exact_fill_rate.
    Goods on the way that no stock is sized on have rows with a blank class.
    """
    model = stock_of(plan.program, net)
    if model is None:
        texts = (*_TEXTS, "tiers", "sharing")
        return pd.DataFrame({c: pd.Series(dtype=str if c in texts else float) for c in COLUMNS})
    room = _Room(net, plan, model)
    parts = [*room.kept(), *room.sent(), *room.on_the_way()]
    keys = Keys({c: np.concatenate([part[0][c] for part in parts]) for c in _TEXTS}, room.axes)
    index = keys.distinct(*_TEXTS)
    columns = {c: np.zeros(len(index)) for c in (*LINES, "volume", "cycle", "safety", "pipeline")}
    for some, column, amount in parts:
        np.add.at(columns[column], index.locate(some), amount)
    frame = _worded(net, model, index, columns, room)
    shown = (frame[["cycle", "safety", "pipeline", "volume", "cost"]] != 0).any(axis=1)
    return frame.loc[shown, list(COLUMNS)].reset_index(drop=True)


def _worded(net: Network, model: StockModel, index: Keys, columns: dict[str, Floats], room: _Room) -> pd.DataFrame:
    """The table: what is given, and what follows from the amounts."""
    stocking, service = model.declared.stocking, index["service_class"]
    frame = index.frame().assign(**columns)
    point = np.where(service >= 0, stocking.points.find(room.points_of(index)), BLANK)
    chosen = np.append(model.of(room.plan.values).configuration, BLANK)[point]
    of = stocking.configurations.measures
    frame["fill_rate"] = np.append(stocking.fill_rate, np.nan)[service]
    frame["tiers"] = room.tiers(index)
    frame["sharing"] = np.where(chosen >= 0, np.asarray([*SHARING, ""], dtype=object)[
        np.append(stocking.sharing, len(SHARING))[point]], "")
    for column in ("lead_time", "lead_time_sd", "wait"):
        frame[column] = np.append(of[column].astype(np.float64), np.nan)[chosen]
    held = columns["cycle"] + columns["safety"]
    frame["value"] = (held + columns["pipeline"]) * net.tables.column("products", "unit_value")[index["product"]]
    frame["cost"] = sum(columns[line] for line in LINES)
    volume = columns["volume"]
    frame["days_of_supply"] = np.where(volume > 0, held / np.where(volume > 0, volume, 1.0), np.nan)
    frame["turns"] = np.where(held > 0, volume * 365 / np.where(held > 0, held, 1.0), np.nan)
    pooled = np.append(of["service_class"], BLANK)[chosen]
    given = np.append(stocking.fill_rate, np.nan)[np.where(pooled >= 0, pooled, service)]
    frame["fill_rate_given"] = np.where(chosen >= 0, given, np.nan)
    frame["exact_safety"], frame["exact_fill_rate"], frame["reserve"] = exact_check(net, model, room.plan, index, point)
    return frame


@dataclass(frozen=True, eq=False)
class _Room:
    """A plan with its stock, and the keys of the table."""

    net: Network
    plan: Plan
    model: StockModel

    @property
    def axes(self) -> dict[str, Axis]:
        """site, product, service_class."""
        return {"site": self.net.axes["site"], "product": self.net.axes["product"],
                "service_class": self.model.declared.layers.volumes.index.axes["service_class"]}

    def keys(self, site: Ints | Positions, product: Ints | Positions, service: Ints | Positions) -> Keys:
        """Keys of the table."""
        return Keys.make(self.axes, site=site, product=product, service_class=service)

    def points_of(self, index: Keys) -> Keys:
        """Site and stock group of each."""
        stocking = self.model.declared.stocking
        return Keys.make(stocking.points.axes, site=index["site"], stock_group=stocking.group[index["product"]])

    # ---- what is kept --------------------------------------------------------------------------------------------

    def kept(self) -> Parts:
        """Cycle and safety stock in units and money, and what stock points cost as a whole."""
        model, plan = self.model, self.plan.values
        fixed = fixed_charges(model, plan)
        parts = [*self._line(cycle_charges(model, plan), _CYCLE, "cycle"),
                 *self._line(safety_charges(model, plan), _SAFETY, "safety")]
        stocking = model.declared.stocking
        cost = np.where(stocking.stocked, policies(self.net).fixed, 0.0) * self.net.horizon / 365
        site, product = np.nonzero(cost > 0)
        point = stocking.point_of(site.astype(np.int32), product.astype(np.int32))
        place = np.full(len(stocking.points), BLANK)
        place[fixed.point] = np.arange(len(fixed))
        on = np.flatnonzero(place[point] >= 0)
        share = class_shares(self.net, model, plan, fixed, by_variance=False)
        parts.append(self._spread(share, place[point[on]], product[on], _FIXED, cost[site[on], product[on]],
                                  point[on]))
        return parts

    def _line(self, charges: Charges, line: str, units: str) -> Iterator[tuple[Keys, str, Floats]]:
        """Units of every product in every charge, and money."""
        made, net = self.model.declared, self.net
        share = class_shares(net, self.model, self.plan.values, charges, by_variance=line == _SAFETY)
        curves = made.units.cycle if line == _CYCLE else made.units.safety
        first = np.searchsorted(made.units.layer, np.arange(len(made.layers)))  # rows of a layer, product by product
        members = np.bincount(made.units.layer, minlength=len(made.layers))[charges.layer]
        item = np.repeat(np.arange(len(charges)), members)
        within = np.arange(len(item)) - np.repeat(np.cumsum(members) - members, members)
        row = first[charges.layer[item]] + within
        less = np.where(charges.less[item] >= 0, first[charges.less[item]] + within, BLANK)
        amount = Charges(row, less, charges.volume[item], *(getattr(charges, c)[item] for c in (
            "point", "best", "worst", "period"))).amount(curves.value)
        product = made.units.product[row]
        days = net.tables.column("periods", "days")
        lasting = np.where(charges.period == BLANK, net.horizon, days[np.maximum(charges.period, 0)])[item]
        yield self._spread(share, item, product, units, amount * lasting / net.horizon, charges.point[item])
        yield self._spread(share, item, product, line, amount * holding_cost(net.content)[product] * lasting / 365,
                           charges.point[item])

    def _spread(self, share: sp.csr_array, row: Positions, product: Positions, column: str, amount: Floats,
                point: Positions) -> tuple[Keys, str, Floats]:
        """Amounts of charges, split over the classes that bear them."""
        stocking = self.model.declared.stocking
        split = sp.csr_array(share[row])
        item = np.repeat(np.arange(len(row)), np.diff(split.indptr))
        keys = self.keys(stocking.points["site"][point][item], product[item], split.indices)
        return keys, column, amount[item] * split.data

    # ---- what goes out -------------------------------------------------------------------------------------------

    def _flows(self) -> Iterator[tuple[str, Keys, Keys, Floats, Sources]]:
        """Deliveries and moves: their keys, those of the table, their units, and what of them stock is sized on."""
        for name, coded, sources, end in (
                ("deliver", self.net.ways.deliveries, self.model.declared.deliveries, "site"),
                ("move", self.net.ways.moves, self.model.declared.moves, "origin")):
            service = np.full(len(coded), BLANK, dtype=np.int64)
            if name == "deliver":
                service = self.model.declared.stocking.request_class[coded.measures["request"]].astype(np.int64)
            service[sources.way] = sources.service_class
            keys = self.keys(coded.index[end], coded.index["product"], service)
            yield name, coded.index, keys, self.model.flow(name, self.plan.values), sources

    def sent(self) -> Parts:
        """Units per day that go out of stock."""
        parts: Parts = []
        for _, _, keys, units, sources in self._flows():
            on = sources.way[units[sources.way] > 0]
            parts.append((keys.take(on), "volume", units[on] / self.net.horizon))
        return parts

    def tiers(self, index: Keys) -> list[str]:
        """Who is served by each row."""
        tiers = self.net.axes["tier"].labels
        order = self.net.tables.column("tiers", "rank")
        names = np.append(tiers[np.lexsort((tiers.astype(str), order))], OTHER_SITES)
        rank = np.empty(len(tiers), dtype=np.int64)
        rank[np.lexsort((tiers.astype(str), order))] = np.arange(len(tiers))
        served = np.zeros((len(index), len(names)), dtype=bool)
        for name, ways, keys, units, _ in self._flows():
            row = index.find(keys)
            on = (units > 0) & (row >= 0)
            served[row[on], rank[ways["tier"][on]] if name == "deliver" else len(tiers)] = True
        row, place = np.nonzero(served)
        words = pd.Series(names[place], dtype=object).groupby(row).agg(" | ".join)
        return [str(text) for text in words.reindex(range(len(index)), fill_value="")]

    # ---- what is on the way --------------------------------------------------------------------------------------

    def on_the_way(self) -> Parts:
        """Pipeline stock: of moves by the classes of what goes out where they come in, of deliveries by their own."""
        counted = {"none": (), "moves": ("move",), "all": ("move", "deliver")}[str(self.net.settings["pipeline_on"])]
        out = list(self._flows())
        parts: Parts = []
        for name, ways, keys, units, _ in out:
            if name not in counted:
                continue
            on = np.flatnonzero(units > 0)
            coded = self.net.ways.moves if name == "move" else self.net.ways.deliveries
            days = coded.measures["lead_time" if name == "move" else "in_transit"][on]
            daily = units[on] * days / self.net.horizon
            cost = units[on] * days * holding_cost(self.net.content)[ways["product"][on]] / 365
            if name == "deliver":
                parts += [(keys.take(on), "pipeline", daily), (keys.take(on), _PIPELINE, cost)]
                continue
            moves = ways.take(on)
            item, end, share = self._ends(moves["destination"], moves["product"], out)
            parts += [(end, "pipeline", daily[item] * share), (end, _PIPELINE, cost[item] * share)]
        return parts

    def _ends(self, site: Ints, product: Ints, out: list[tuple[str, Keys, Keys, Floats, Sources]]
              ) -> tuple[Positions, Keys, Floats]:
        """Split goods that come in over the classes of what goes out there: item, key, share."""
        parts = [(keys.take(units > 0), units[units > 0]) for _, _, keys, units, _ in out]
        both = Keys({c: np.concatenate([keys[c] for keys, _ in parts]) for c in _TEXTS}, self.axes)
        index, place = both.grouped(*_TEXTS)
        volume = np.bincount(place, weights=np.concatenate([units for _, units in parts]), minlength=len(index))
        code = site.astype(np.int64) * len(self.axes["product"]) + product
        known = index["site"].astype(np.int64) * len(self.axes["product"]) + index["product"]
        gather = sp.csr_array((volume, (known, np.arange(len(index)))),
                              shape=(len(self.axes["site"]) * len(self.axes["product"]), len(index)))
        mine = sp.csr_array(gather[code])
        total = np.asarray(mine.sum(axis=1), dtype=np.float64).ravel()
        item = np.repeat(np.arange(len(code)), np.diff(mine.indptr))
        stays = np.flatnonzero(total <= 0)  # what comes in and does not leave
        end = Keys({c: np.concatenate([index[c][mine.indices], rest]) for c, rest in (
            ("site", site[stays]), ("product", product[stays]),
            ("service_class", np.full(len(stays), BLANK, dtype=np.int32)))}, self.axes)
        return np.concatenate([item, stays]), end, np.concatenate([mine.data / total[item], np.ones(len(stays))])
