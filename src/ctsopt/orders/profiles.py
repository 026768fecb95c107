"""Profiles: one row for each customer, with everything in which customers differ for a supply chain."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ctsopt.errors import Finding, Findings, UsageError, unknown_name
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.orders.book import Orders
from ctsopt.orders.delivered import delivered
from ctsopt.orders.dictionary import FEATURES
from ctsopt.orders.periods import Bucket, bucket_of, quantiles, series, span

Reference = Literal["requested", "confirmed"]
MONTH = 30.4375


@dataclass(frozen=True, eq=False)
class Profiles:
    """What customers are like.

    Attributes
    ----------
    table : DataFrame
        One row for each customer (or group), by name, with the columns of `ctsopt.orders.dictionary.FEATURES`.
    by, bucket, reference : str
        Whose rows they are, the period of `adi` and `cv2`, and the date that `on_time` and `otif` are measured against.
    as_of : Timestamp
        The day of the profiles.
    whole_periods : bool
        Whether periods that the file covers in part were left out.
    findings : Findings
        Features without figures, and what else is worth a look.
    """

    table: pd.DataFrame
    by: str
    bucket: Bucket
    reference: Reference
    as_of: pd.Timestamp
    whole_periods: bool
    findings: Findings


def profiles(book: Orders, *, as_of: str | dt.date | None = None, by: str = "customer", bucket: Bucket = "week",
             whole_periods: bool = False, reference: Reference = "requested",
             lead_times: Mapping[str, float] | None = None, cost_to_serve: pd.DataFrame | None = None) -> Profiles:
    """Profile customers.

    Parameters
    ----------
    book : Orders
    as_of : date, optional
        The day of the profiles; the day after the last one of the book, if not given.
    by : str
        `customer`, `ship_to`, `product`, or a column of the customer master such as `group`.
    bucket : {"day", "week", "month", "quarter"}
    whole_periods : bool
        Leave out periods that the file covers in part.
    reference : {"requested", "confirmed"}
        The date that deliveries are measured against.
    lead_times : mapping of str to float, optional
        Promised lead time in days by tier, for `rush_share`.
    cost_to_serve : DataFrame, optional
        Indexed by customer, with `cost` and `cost_per_unit`, as `Solution.cost_to_serve("customer")` has it.
    """
    codes, names, owner = _whose(book, by)
    moment = pd.Timestamp(as_of) if as_of is not None else book.end.normalize() + pd.Timedelta(days=1)
    work = _Work(book, codes, len(names), moment)
    first, last = span(book.start, book.end, bucket, whole=whole_periods)
    columns = {**work.counts(), **work.of_orders(), **work.in_periods(bucket, first, last, _active(book, names, by)),
               **work.requested(lead_times), **work.money(), "concentration": work.concentration()}
    columns |= delivered(book, codes, len(names), reference, moment)
    columns |= _of_master(book, names, by)
    columns |= work.returned(owner)
    columns["gross_margin"] = columns["revenue"] - columns["unmatched_returns"] - columns.pop("cost")
    columns["estimated"] = _estimate(columns)
    table = pd.DataFrame({f.name: columns.get(f.name, np.full(len(names), np.nan)) for f in FEATURES},
                         index=pd.Index(names, name=by))
    table = _with_net(table, cost_to_serve)
    there = np.isin(np.arange(len(names)), codes) | (table["unmatched_returns"].fillna(0) > 0).to_numpy()
    return Profiles(table[there], by, bucket, reference, moment, whole_periods,
                    Findings([*_blank_features(table[there]), *_odd(book, first, last)]))


def _whose(book: Orders, by: str) -> tuple[Positions, list[str], Positions]:
    """Code of each line, the names, and code of each return."""
    if by in {"customer", "product", "ship_to"}:
        column = book.lines[by]
        if by == "ship_to":
            ship, who = column.astype(object), book.lines["customer"].astype(object)
            column = ship.where(ship != "", who).astype("str").astype("category")
            back = np.full(len(book.returns), -1, dtype=np.int64)
        else:
            back = book.returns[by].cat.codes.to_numpy().astype(np.int64)
        return column.cat.codes.to_numpy().astype(np.int64), [*map(str, column.cat.categories)], back
    if by not in book.customers.columns:
        known = ["customer", "product", "ship_to", *book.customers.columns]
        raise UsageError(unknown_name("column to profile by", by, known))
    group = _said(book, by)
    labels = book.lines["customer"].cat.categories.astype(object)
    of_label, names = pd.factorize(group.reindex(labels).fillna("").to_numpy(dtype=object), sort=True)
    codes = [of_label[frame["customer"].cat.codes.to_numpy()].astype(np.int64) for frame in (book.lines, book.returns)]
    return codes[0], [*map(str, names)], codes[1]


def _said(book: Orders, column: str) -> pd.Series:
    """A column of the master by customer."""
    return pd.Series(book.customers[column].to_numpy(), index=book.customers["customer"].to_numpy(dtype=object))


def _active(book: Orders, names: list[str], by: str) -> np.ndarray:
    """First day on which each could order, as its master says; not a time elsewhere."""
    if by != "customer" or not len(book.customers):
        return np.full(len(names), np.datetime64("NaT"), dtype="datetime64[D]")
    return _said(book, "active_from").reindex(names).to_numpy().astype("datetime64[D]")


class _Work:
    """Arrays of the lines that count: those of which something was kept."""

    def __init__(self, book: Orders, codes: Positions, count: int, as_of: pd.Timestamp) -> None:
        lines = book.lines
        kept: Bools = (lines["kept"] > 0).to_numpy()
        self.book, self.n, self.kept, self.as_of = book, count, kept, as_of
        self.all_codes, self.code = codes, codes[kept]
        self.lines = lines if kept.all() else lines[kept]
        self.day = self.lines["order_date"].to_numpy().astype("datetime64[D]")
        self.units = np.where(self.lines["counted"], self.lines["kept"], 0.0)
        orders = self.lines["order"].cat.codes.to_numpy().astype(np.int64)
        pairs = self.code * (len(self.lines["order"].cat.categories) + 1) + orders
        self.order, distinct = pd.factorize(pairs)
        self.of_order = np.asarray(distinct) // (len(self.lines["order"].cat.categories) + 1)
        self.size = np.bincount(self.order, self.units, minlength=len(distinct))

    def per(self, values: Floats | None = None) -> Floats:
        """Sum over the lines of each."""
        return np.bincount(self.code, values, minlength=self.n).astype(float)

    def counts(self) -> dict[str, Any]:
        """How often, how much, since when."""
        number = self.day.astype(np.int64)
        first, last = np.full(self.n, np.iinfo(np.int64).max), np.full(self.n, np.iinfo(np.int64).min)
        np.minimum.at(first, self.code, number)
        np.maximum.at(last, self.code, number)
        none = first > last
        low = int(number.min()) if len(number) else 0
        width = int(number.max()) - low + 1 if len(number) else 1
        days = np.bincount(pd.unique(self.code * width + number - low) // width, minlength=self.n).astype(float)
        orders = np.bincount(self.of_order, minlength=self.n).astype(float)
        today = self.as_of.to_datetime64().astype("datetime64[D]").astype(np.int64)
        exposure = np.where(none, np.nan, (today - np.where(none, 0, first)) / MONTH)
        self.first = np.where(none, low, first)
        dates = [np.where(none, np.datetime64("NaT"), np.where(none, 0, d).astype("datetime64[D]"))
                 for d in (first, last)]
        with np.errstate(divide="ignore", invalid="ignore"):
            return {"orders": orders, "order_days": days, "lines": self.per(), "units": self.per(self.units),
                    "first_order": dates[0].astype("datetime64[s]"), "last_order": dates[1].astype("datetime64[s]"),
                    "recency": np.where(none, np.nan, today - np.where(none, 0, last)),
                    "interval": np.where(days > 1, (last - first) / np.maximum(days - 1, 1), np.nan),
                    "exposure": exposure,
                    "order_rate": np.where(exposure > 0, np.maximum(orders - 1, 0) / exposure, np.nan)}

    def of_orders(self) -> dict[str, Any]:
        """Sizes of orders."""
        n = np.bincount(self.of_order, minlength=self.n)
        total = np.bincount(self.of_order, self.size, minlength=self.n)
        squares = np.bincount(self.of_order, self.size**2, minlength=self.n)
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = total / n
            spread = np.bincount(self.of_order, (self.size - mean[self.of_order]) ** 2, minlength=self.n)
            return {"units_per_order": mean, "lines_per_order": self.per() / n, "units_per_line": total / self.per(),
                    "order_size_cv": np.where(n > 1, np.sqrt(spread / (n - 1)) / mean, np.nan),
                    "variance_to_mean": squares / total}

    def in_periods(self, bucket: Bucket, first: int, last: int, active: np.ndarray) -> dict[str, Any]:
        """ADI and CV2 on the full grid, from the first order or the day from which it could order."""
        demand = self.lines["demand_date"].to_numpy()
        begins = np.where(np.isnat(active), self.first.astype("datetime64[D]"), active)
        grid = np.maximum(bucket_of(begins, bucket), first)
        found = series(self.code, self.n, bucket_of(demand, bucket), self.units, grid, last)
        return {name: found[name] for name in ("periods", "periods_with_demand", "adi", "cv2")}

    def requested(self, lead_times: Mapping[str, float] | None) -> dict[str, Any]:
        """Lead times that were asked for."""
        if "requested_date" not in self.book.given:
            return {}
        asked = self.lines["requested_date"].to_numpy().astype("datetime64[D]")
        days = np.where(np.isnat(asked), np.nan, (asked - self.day).astype(float))
        stated = ~np.isnan(days)
        p50, p90 = quantiles(self.code, self.n, days, (0.5, 0.9))
        n, total = self.per(stated.astype(float)), self.per(np.where(stated, days, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.where(stated, days - (total / n)[self.code], 0.0)
            found: dict[str, Any] = {
                "requested_lead_time_p50": p50, "requested_lead_time_p90": p90,
                "requested_lead_time_sd": np.where(n > 1, np.sqrt(self.per(off**2) / (n - 1)), np.nan)}
            if lead_times and len(self.book.customers):
                tier = _said(self.book, "tier")
                customers = self.lines["customer"].cat.categories.astype(object)
                limit = tier.reindex(customers).map(dict(lead_times)).to_numpy(float)
                limit = limit[self.lines["customer"].cat.codes.to_numpy()]
                known = stated & ~np.isnan(limit)
                found["rush_share"] = self.per(self.units * (known & (days < limit))) / self.per(self.units * known)
        return found

    def money(self) -> dict[str, Any]:
        """Revenue, its growth, and cost of goods; blank where a price or a cost is not known."""
        revenue = self.lines["revenue"].to_numpy()
        cost = self.lines["unit_cost"].to_numpy(dtype=float)
        if len(self.book.products):
            stated = pd.Series(self.book.products["unit_cost"].to_numpy(),
                               index=self.book.products["product"].to_numpy(dtype=object))
            of_master = stated.reindex(self.lines["product"].cat.categories.astype(object)).to_numpy(float)
            cost = np.where(np.isnan(cost), of_master[self.lines["product"].cat.codes.to_numpy()], cost)
        start, end = (m.to_datetime64().astype("datetime64[D]").astype(np.int64)
                      for m in (self.book.start, self.book.end))
        late = self.day.astype(np.int64) >= start + (end - start + 1) / 2
        earlier, later = self.per(np.where(late, 0.0, revenue)), self.per(np.where(late, revenue, 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            growth = np.where(earlier > 0, later / earlier - 1, np.nan)
        return {"revenue": self.per(revenue), "growth": growth, "cost": self.per(cost * self.lines["kept"].to_numpy())}

    def concentration(self) -> Floats:
        """Weighted share in the demand for its products."""
        product = self.lines["product"].cat.codes.to_numpy().astype(np.int64)
        width = len(self.lines["product"].cat.categories) + 1
        pair, distinct = pd.factorize(self.code * width + product)
        units = np.bincount(pair, self.units, minlength=len(distinct))
        who, what = np.asarray(distinct) // width, np.asarray(distinct) % width
        of_product, own = np.bincount(what, units, minlength=width), self.per(self.units)
        with np.errstate(divide="ignore", invalid="ignore"):
            parts = units / of_product[what] * units / own[who]
        return np.bincount(who, np.nan_to_num(parts), minlength=self.n) / np.where(own > 0, 1.0, np.nan)

    def returned(self, owner: Positions) -> dict[str, Any]:
        """Units and value that came back."""
        back = self.book.returns
        known = owner >= 0
        units = np.bincount(owner[known], back["quantity"].to_numpy()[known], minlength=self.n)
        value = np.bincount(owner[known], back["unmatched_value"].to_numpy()[known], minlength=self.n)
        sold = np.bincount(self.all_codes, self.book.lines["quantity"].to_numpy(), minlength=self.n)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {"unmatched_returns": value, "return_rate": np.where(sold > 0, units / sold, np.nan)}


def _of_master(book: Orders, names: list[str], by: str) -> dict[str, Any]:
    """What the master says of each customer."""
    columns = ("payment_days", "strategic", "stock_out_sensitivity")
    if by != "customer" or not len(book.customers):
        return {}
    return {name: _said(book, name).reindex(names).to_numpy(dtype=float) for name in columns}


def _estimate(columns: dict[str, Any]) -> np.ndarray:
    """Fill in what may be estimated where nobody stated it, and say so."""
    guess = columns.pop("shrinking", None)
    count = len(np.asarray(columns["orders"]))
    stated = np.asarray(columns.get("stock_out_sensitivity", np.full(count, np.nan)), dtype=float)
    said = np.full(count, "", dtype=object)
    if guess is not None:
        taken = np.isnan(stated) & ~np.isnan(np.asarray(guess, dtype=float))
        columns["stock_out_sensitivity"] = np.where(taken, 5 * np.asarray(guess, dtype=float), stated)
        said[taken] = "stock_out_sensitivity"
    return said


def _with_net(table: pd.DataFrame, costs: pd.DataFrame | None) -> pd.DataFrame:
    """Differences of other columns, and the cost-to-serve of a plan."""
    revenue = table["revenue"] - table["unmatched_returns"]
    if costs is not None:
        found = costs.reindex(table.index)
        table = table.assign(cost_to_serve=found["cost"].to_numpy(), cost_per_unit=found["cost_per_unit"].to_numpy())
    margin = table["gross_margin"]
    return table.assign(net_revenue=revenue, margin_rate=margin / revenue.where(revenue != 0),
                        net_value=margin - table["cost_to_serve"])


def _blank_features(table: pd.DataFrame) -> list[Finding]:
    blank = [f for f in FEATURES if f.name != "estimated" and table[f.name].isna().all()]
    if not blank or not len(table):
        return []
    needs = sorted({need for f in blank for need in f.needs})
    return [Finding("no_figure_for_feature", "order_lines", "", "features are blank, as nothing is known for them: "
                    + ", ".join(f.name for f in blank), f"give {', '.join(needs) or 'more history'}",
                    severity="odd")]


def _odd(book: Orders, first: int, last: int) -> list[Finding]:
    found = []
    if first == last:
        found.append(Finding("one_period", "order_lines", "order_date", "all orders lie in one period: how often "
                             "customers order, and in which periods, cannot be had from it",
                             "give a longer history, or a shorter bucket", severity="warning"))
    early = (book.lines["requested_date"].to_numpy().astype("datetime64[D]")
             < book.lines["order_date"].to_numpy().astype("datetime64[D]"))
    if early.any():
        rows = book.lines["row"].to_numpy()[early]
        found.append(Finding("requested_before_ordered", "order_lines", "requested_date", "goods are wanted before "
                             "they are ordered", "correct one of the two dates", rows[:1000].tolist(),
                             severity="warning", total=len(rows)))
    return found
