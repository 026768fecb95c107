"""Stock that a plan asks for, worked out from the tables and the flows alone, to check what is reported.

Volumes are added up from the table of flows, and every stock is worked out by the formula at the two declared volumes
next to its own. Nothing of the program, its curves or their lines is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.inventory.demand import crossing_lead_time_sd
from ctsopt.inventory.on_hand import held_stock
from ctsopt.inventory.safety_stock import safety_stock
from ctsopt.keys import Bools, Floats, Keys, Positions
from ctsopt.networks.schema import ALL

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

_TO_A_DOUBLING, _SMALLEST = 8, -48
"""Declared volumes are 0 and 2^(j/8), from j = -48 on (docs/stock.md)."""


@dataclass(frozen=True)
class _Spans:
    """Daily volumes of stock points, shape (points, classes, spans): units, and their variance; days of the spans."""

    units: Floats
    variance: Floats
    days: Floats
    names: list[str]


class StockBook:
    """What leaves each stock point, and what its configuration is.

    Parameters
    ----------
    solution : Solution
        Of a network in which stock is planned.
    """

    def __init__(self, solution: Solution) -> None:
        self.solution, self.net = solution, solution.net
        net = self.net
        assert net.derived.stocking is not None
        self.stocking = net.derived.stocking
        self._rule, self._level = str(net.settings["stock_rule"]), str(net.settings["stock_level"])
        self._products = net.tables["products"].set_index("product")
        self.group = self._products["stock_group"].where(self._products["stock_group"] != "",
                                                          self._products.index.to_series())
        self.listed = net.tables["site_products"].set_index(["site", "product"])
        self._q, self._share = self._variance_to_mean(), self._mix()
        self.flow = self._flows()
        stock = solution.stock[solution.stock["sharing"] != ""]
        stock = stock.assign(group=stock["product"].map(self.group))
        self.configured = stock.groupby(["site", "group"])[["lead_time", "lead_time_sd", "wait", "sharing"]].first()
        leaving = pd.MultiIndex.from_frame(self.flow[["site", "group"]].drop_duplicates()).sort_values()
        known = leaving.isin(self.configured.index)
        self.points, self.without = leaving[known], leaving[~known]

    # ---- from the tables -----------------------------------------------------------------------------------------

    def _variance_to_mean(self) -> pd.Series[float]:
        demand = self.net.tables["demand"].dropna(subset="variance_to_mean")
        sums = (demand["quantity"] * demand["variance_to_mean"]).groupby(demand["product"]).sum()
        volume = demand.groupby("product")["quantity"].sum()
        mean = (sums / volume.where(volume > 0)).reindex(self._products.index)
        return self._products["variance_to_mean"].fillna(mean).fillna(0.0)

    def _mix(self) -> pd.Series[float]:
        volume = self.net.tables["demand"].groupby("product")["quantity"].sum().reindex(self._products.index,
                                                                                         fill_value=0.0)
        total, count = volume.groupby(self.group).transform("sum"), volume.groupby(self.group).transform("size")
        return (volume / total.where(total > 0)).fillna(1 / count)

    def stated(self, site: pd.Series[str], product: pd.Series[str], column: str, usual: float) -> Floats:
        """A figure of sites and products: as listed, else the usual one."""
        found = self.listed[column].reindex(pd.MultiIndex.from_arrays([site, product]))
        return found.fillna(usual).to_numpy(dtype=float)

    def setting(self, name: str) -> float:
        """A figure of the settings."""
        return float(self.net.settings[name])

    def _flows(self) -> pd.DataFrame:
        """What stock is sized on: site, group, product, period, quantity, variance, rate, factor, kind."""
        net, flow = self.net, self.solution.flows
        kinds = net.tables["sites"].set_index("site")["kind"]
        keys = pd.MultiIndex.from_frame(flow[["origin", "product"]])
        stocks = self.listed["can_stock"].reindex(keys).fillna(True).to_numpy(dtype=bool)
        frame = flow[stocks & (flow["origin"].map(kinds) != "supplier").to_numpy(dtype=bool)].copy()
        frame["site"], frame["group"] = frame["origin"], frame["product"].map(self.group)
        onward = self.stated(frame["site"], frame["product"], "replenishment_fill_rate", np.nan)
        delivery = (frame["kind"] == "delivery").to_numpy(dtype=bool)
        frame["rate"], frame["factor"] = self._promised(frame)
        frame["rate"] = np.where(delivery, frame["rate"], onward)
        frame.loc[~delivery, "factor"] = np.nan
        if self._rule == "curve":
            frame["factor"] = np.nan
        demand = net.tables["demand"].set_index(["customer", "product", "period"])["variance_to_mean"]
        own = demand.reindex(pd.MultiIndex.from_frame(frame[["customer", "product", "period"]])).to_numpy(dtype=float)
        of_product = frame["product"].map(self._q).to_numpy(dtype=float)
        frame["variance"] = frame["quantity"] * np.where(np.isnan(own), of_product, own)
        return frame[delivery | np.isfinite(onward)]

    def _promised(self, frame: pd.DataFrame) -> tuple[Floats, Floats]:
        """Fill rate (0 where none is promised) and safety factor of each delivery."""
        promises = self.net.tables["promises"].set_index(["tier", "product_class"])[["fill_rate", "safety_factor"]]
        kinds = frame["product"].map(self._products["product_class"])
        own = pd.MultiIndex.from_arrays([frame["tier"], kinds])
        star = pd.MultiIndex.from_arrays([frame["tier"], np.full(len(frame), ALL)])
        known = own.isin(promises.index)
        found = np.where(known[:, None], promises.reindex(own).to_numpy(dtype=float),
                         promises.reindex(star).to_numpy(dtype=float))
        return np.nan_to_num(found[:, 0]), found[:, 1]

    def fixed_days(self, flow: pd.DataFrame) -> Floats:
        """Processing at the origin, and making there to order."""
        stated = self.net.tables["sites"].set_index("site")["processing_time"]
        days = flow["origin"].map(stated).fillna(self.setting("processing_time")).to_numpy(dtype=float)
        keys = pd.MultiIndex.from_frame(flow[["origin", "product"]])
        stocks = self.listed["can_stock"].reindex(keys).fillna(True).to_numpy(dtype=bool)
        return days + np.where(stocks, 0.0, self.stated(flow["origin"], flow["product"], "make_days", 0.0))

    # ---- what has to be kept -------------------------------------------------------------------------------------

    def _spans(self) -> tuple[_Spans, Floats, Floats]:
        """Daily volumes by class, best first, with the fill rates and factors of the classes."""
        periods, flow = self.net.tables["periods"], self.flow
        wanted = np.stack([self.stocking.fill_rate, np.nan_to_num(self.stocking.factor, nan=-1.0)], axis=1)
        classes = pd.MultiIndex.from_arrays([-wanted[:, 0], -wanted[:, 1]]).sort_values()
        service = classes.get_indexer(pd.MultiIndex.from_arrays([-flow["rate"], -flow["factor"].fillna(-1.0)]))
        at = (self.points.get_indexer(pd.MultiIndex.from_frame(flow[["site", "group"]])), service,
              pd.Index(periods["period"]).get_indexer(flow["period"]))
        units, variance = (np.zeros((len(self.points), len(classes), len(periods))) for _ in range(2))
        known = at[0] >= 0
        place = tuple(column[known] for column in at)
        np.add.at(units, place, flow["quantity"].to_numpy(dtype=float)[known])
        np.add.at(variance, place, flow["variance"].to_numpy(dtype=float)[known])
        days = periods["days"].to_numpy(dtype=float)
        if self._level == "average":
            total = [part.sum(axis=2, keepdims=True) / days.sum() for part in (units, variance)]
            spans = _Spans(total[0], total[1], np.array([days.sum()]), [""])
        else:
            spans = _Spans(units / days, variance / days, days, periods["period"].tolist())
        levels = classes.to_frame(index=False).to_numpy(dtype=float)
        return spans, -levels[:, 0], np.where(levels[:, 1] > 0, np.nan, -levels[:, 1])

    def kept(self) -> pd.DataFrame:
        """Cycle and safety stock: site, product, period (blank: always), cycle, safety (units), days, price."""
        spans, rate, factor = self._spans()
        served = spans.units.sum(axis=2) > 0
        present = self.stocking.present[self.stocking.points.locate(self._coded())]
        parts = [self._layers(spans, served, present, sharing) for sharing in ("pooled", "separate", "rationed")]
        rows = pd.concat(parts, ignore_index=True)
        if self._level == "peak":
            keys = ["point", "candidate", "upper", "lower", "bears"]
            rows = rows.groupby(keys, sort=False)[["units", "variance"]].max().reset_index().assign(
                span=0, days=spans.days.sum())
        rows = self._sized(rows[rows["units"] > 0], rate, self._factors(rate, factor, present))
        rows["money"] = (rows["cycle"] + rows["safety"]) * rows["price"] * rows["days"]
        total = rows.groupby(["point", "candidate"])["money"].sum().reset_index()
        best = total.sort_values(["point", "money", "candidate"], kind="stable").groupby("point")["candidate"].first()
        rows = rows[(rows["candidate"] == rows["point"].map(best)).to_numpy(dtype=bool)]
        names = [""] if self._level == "peak" else spans.names
        rows = rows.assign(site=self.points.get_level_values("site")[rows["point"]],
                           period=np.asarray(names, dtype=object)[rows["span"]])
        keys = ["site", "product", "period", "days", "price"]
        return rows.groupby(keys, sort=True)[["cycle", "safety"]].sum().reset_index()

    def _coded(self) -> Keys:
        axes = self.stocking.points.axes
        return Keys.make(axes, site=axes["site"].codes(self.points.get_level_values("site")),
                         stock_group=axes["stock_group"].codes(self.points.get_level_values("group")))

    def _layers(self, spans: _Spans, served: Bools, present: Bools, sharing: str) -> pd.DataFrame:
        """Layers of the points that share in one way: volumes, the classes between which each is, cycle stock."""
        said = self.configured["sharing"].reindex(self.points).to_numpy(dtype=object) == sharing
        classes = served.shape[1]
        if sharing == "pooled":  # at any class at least as good as the best served
            point, upper = np.nonzero(present & said[:, None] & (np.arange(classes) <= served.argmax(axis=1)[:, None]))
            units, variance = (part.sum(axis=1)[point] for part in (spans.units, spans.variance))
            lower, bears, candidate = np.full(len(point), -1), np.ones(len(point), dtype=bool), upper
        else:
            point, upper = np.nonzero((served if sharing == "separate" else present) & said[:, None])
            own = (spans.units, spans.variance) if sharing == "separate" else (
                spans.units.cumsum(axis=1), spans.variance.cumsum(axis=1))
            units, variance = (part[point, upper] for part in own)
            last = np.append(point[1:] != point[:-1], True) if len(point) else np.zeros(0, dtype=bool)
            following = np.append(upper[1:], -1)[:len(upper)]
            lower = np.where(last | (sharing == "separate"), -1, following)
            bears, candidate = last | (sharing == "separate"), np.full(len(point), -1)
        size, count = len(point), spans.units.shape[2]
        once = {"point": point, "candidate": candidate, "upper": upper, "lower": lower, "bears": bears}
        return pd.DataFrame({**{c: np.repeat(v, count) for c, v in once.items()},
                             "span": np.tile(np.arange(count), size), "days": np.tile(spans.days, size),
                             "units": units.ravel(), "variance": variance.ravel()})

    def _members(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows for every product of the group, with what its stock depends on."""
        at = self.points[rows["point"]]
        rows = rows.assign(site=at.get_level_values("site"), group=at.get_level_values("group"))
        configured = self.configured.reindex(at)
        for column in ("lead_time", "lead_time_sd", "wait"):
            rows[column] = configured[column].to_numpy(dtype=float)
        members = pd.DataFrame({"product": self._products.index, "group": self.group.to_numpy(dtype=object)})
        rows = rows.merge(members, on="group")
        rate = self._products["holding_rate"].fillna(self.setting("holding_rate"))
        for column, of in (("share", self._share), ("q", self._q), ("price", self._products["unit_value"] * rate)):
            rows[column] = rows["product"].map(of).astype(float)
        for column, usual in (("review_time", self.setting("review_time")), ("lot_size", 0.0), ("nominal_volume", 0.0),
                              ("order_interval", self.setting("order_interval"))):
            rows[column] = self.stated(rows["site"], rows["product"], column, usual)
        return rows

    def _sized(self, rows: pd.DataFrame, rate: Floats, factor: Floats) -> pd.DataFrame:
        """Cycle and safety stock of every product in every layer, units."""
        rows = self._members(rows)
        low, high, part = _neighbours(rows["units"].to_numpy(dtype=float))
        upper, lower = rows["upper"].to_numpy(), rows["lower"].to_numpy()
        if self._rule == "curve":
            # The first unit on the shelf has the price of the next: below the smallest volume the curve is level.
            ends = (np.maximum(low, 2.0 ** (_SMALLEST / _TO_A_DOUBLING)), high)
            least, most = (np.where(lower < 0, self._held(rows, rate, upper, end),
                                    self._reserve(rows, rate[upper], np.append(rate, 0.0)[lower], end)) for end in ends)
            rows["safety"] = (1 - part) * least + part * most
        else:
            k = np.append(factor, np.zeros((len(factor), 1)), axis=1)
            point = rows["point"].to_numpy()
            late = (1 - part) * low * self._late(rows, low) + part * high * self._late(rows, high)
            spread = np.sqrt(_exposed(rows) * rows["variance"]) + late
            rows["safety"] = (k[point, upper] - k[point, lower]) * rows["share"] * spread
        early = self._early()
        cycle = (1 - part) * _cycle(rows, low, early=early) + part * _cycle(rows, high, early=early)
        rows["cycle"] = np.where(rows["bears"], cycle, 0.0)
        return rows

    def _early(self) -> bool:
        """Whether goods leave before a quoted wait is over."""
        return self._rule == "curve" and self.net.settings["early_dispatch"] == "yes"

    def _late(self, rows: pd.DataFrame, volume: Floats) -> Floats:
        """Standard deviation of the lead time as it counts: less where orders may overtake each other."""
        sd = rows["lead_time_sd"].to_numpy(dtype=float)
        ordering = (rows[c].to_numpy(dtype=float) for c in ("review_time", "lot_size", "order_interval"))
        own = rows["share"].to_numpy(dtype=float) * volume
        return crossing_lead_time_sd(sd, own, *ordering) if self.net.settings["order_crossing"] == "yes" else sd

    def _held(self, rows: pd.DataFrame, rate: Floats, service: Positions, volume: Floats) -> Floats:
        """Safety stock at the fill rate of a class (-1: none)."""
        policy = self._policy(rows, volume)
        safety = safety_stock(np.append(rate, 0.0)[service], *policy)
        return np.where(service >= 0, held_stock(safety, *policy).safety if self._early() else safety, 0.0)

    def _reserve(self, rows: pd.DataFrame, rate: Floats, below: Floats, volume: Floats) -> Floats:
        """What is kept for better classes beyond the stock of the next, whatever that takes (docs/stock.md)."""
        days, own = _exposed(rows).to_numpy(dtype=float), rows["share"].to_numpy(dtype=float) * volume
        half = rows["q"].to_numpy(dtype=float) / (2 * np.where(days > 0, days, 1.0))
        most = np.zeros(len(rows))
        for times in 2.0 ** np.arange(13):
            policy, whole = self._policy(rows, times * volume), times * own + half
            more = safety_stock(rate, *policy) - safety_stock(below, *policy)
            most = np.maximum(most, more * np.sqrt((own + half) / np.where(whole > 0, whole, 1.0)))
        return most

    def _policy(self, rows: pd.DataFrame, volume: Floats) -> tuple[Floats, ...]:
        """What the formula takes beside the fill rate."""
        q, lead, review, lot, interval, wait = (rows[c].to_numpy(dtype=float) for c in (
            "q", "lead_time", "review_time", "lot_size", "order_interval", "wait"))
        own = rows["share"].to_numpy(dtype=float) * volume
        return own, q, lead, review, lot, interval, self._late(rows, volume), wait

    def _factors(self, rate: Floats, factor: Floats, present: Bools) -> Floats:
        """Safety factor of every class at every point: as stated, else what the fill rate needs at nominal volume."""
        table = np.zeros(present.shape)
        if self._rule == "curve":
            return table
        rows = self._members(pd.DataFrame({"point": np.arange(len(self.points))}))
        nominal = rows.groupby("point")["nominal_volume"].transform("sum").to_numpy(dtype=float)
        own = nominal * rows["share"].to_numpy(dtype=float)
        variance = rows["q"] * own * _exposed(rows) + (self._late(rows, nominal) * own) ** 2
        spread = np.sqrt(variance.to_numpy(dtype=float))
        for service, b in enumerate(rate):
            units = safety_stock(b, *self._policy(rows, nominal))
            k = np.divide(units, spread, out=np.zeros(len(rows)), where=spread > 0)
            np.maximum.at(table[:, service], rows["point"].to_numpy(), k)
        table = np.where(np.isnan(factor), table, factor)
        shared = self.configured["sharing"].reindex(self.points).to_numpy(dtype=object) != "separate"
        merged = np.maximum.accumulate(np.where(present, table, 0.0)[:, ::-1], axis=1)[:, ::-1]
        return np.where(shared[:, None], merged, table)

    # ---- what does not depend on volumes ---------------------------------------------------------------------------

    def fixed(self) -> float:
        """Fixed cost of all stock points with any volume."""
        site, product = np.nonzero(self.stocking.stocked)
        names = pd.Series(self.net.axes["site"].names(site)), pd.Series(self.net.axes["product"].names(product))
        cost = self.stated(*names, "stock_fixed_cost", 0.0)
        used = pd.MultiIndex.from_arrays([names[0], names[1].map(self.group)]).isin(self.points)
        return float(cost[used].sum()) * self.net.horizon / 365

    def pipeline(self) -> float:
        """Money for what is on the way, by pipeline_on."""
        counted = {"none": [], "moves": ["move"], "all": ["move", "delivery"]}[str(self.net.settings["pipeline_on"])]
        flow = self.solution.flows
        flow = flow[flow["kind"].isin(counted)]
        days = flow["lead_time"].to_numpy(dtype=float)
        days = days - np.where(flow["kind"] == "delivery", self.fixed_days(flow), 0.0)
        rate = self._products["holding_rate"].fillna(self.setting("holding_rate"))
        price = flow["product"].map(self._products["unit_value"] * rate).to_numpy(dtype=float)
        return float((flow["quantity"].to_numpy(dtype=float) * days * price).sum()) / 365


def _neighbours(volume: Floats) -> tuple[Floats, Floats, Floats]:
    """Declared volumes below and above each volume, and how far between them it lies."""
    step = np.floor(_TO_A_DOUBLING * np.log2(volume))
    low, high = (2.0 ** (np.maximum(step + more, _SMALLEST) / _TO_A_DOUBLING) for more in (0, 1))
    low = np.where(step < _SMALLEST, 0.0, low)
    return low, high, (volume - low) / (high - low)


def _exposed(rows: pd.DataFrame) -> pd.Series[float]:
    """Protection interval, days."""
    return (rows["lead_time"] + rows["review_time"] - rows["wait"]).clip(lower=0.0)


def _cycle(rows: pd.DataFrame, volume: Floats, *, early: bool) -> Floats:
    share = rows["share"].to_numpy(dtype=float)
    own = share * volume
    lot = np.maximum(rows["lot_size"].to_numpy(dtype=float), own * rows["order_interval"].to_numpy(dtype=float))
    gone = own * rows["wait"].to_numpy(dtype=float) if early else 0.0
    # Nothing is kept of a product of the group that nobody wants.
    cycle = np.maximum((lot + own * rows["review_time"].to_numpy(dtype=float)) / 2 - gone, 0.0)
    return np.where(share > 0, cycle, 0.0)
