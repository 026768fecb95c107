"""The tables of a book of promises, typed: receipts split into quotas, ways, and order lines as they ask."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.errors import DataError, Finding, Findings, UsageError, unknown_name
from ctsopt.keys import Floats
from ctsopt.shortage import schema
from ctsopt.shortage.days import days
from ctsopt.shortage.shelves import Plan, Request
from ctsopt.tables.cast import cast_tables
from ctsopt.tables.columns import ALL, Column
from ctsopt.tables.io import Source, read_tables

if TYPE_CHECKING:
    from ctsopt.tables.schema import Schema


@dataclass(frozen=True)
class Policy:
    """What is looked up for an order line.

    Attributes
    ----------
    tiers : mapping of str to str
        Tier of each customer.
    classes : mapping of str to str
        Class of each product.
    ranks : mapping of (tier, class) to float
    products : sequence of str
        Products of which there is supply.
    """

    tiers: Mapping[str, str]
    classes: Mapping[str, str]
    ranks: Mapping[tuple[str, str], float]
    products: Sequence[str]

    def rank(self, tier: str, product: str) -> float:
        """1 comes first; a tier without a row of its own has that of all tiers, and else comes first, too."""
        known = self.classes.get(product, "all")
        for key in ((tier, known), (tier, ALL), (ALL, known), (ALL, ALL)):
            if key in self.ranks:
                return self.ranks[key]
        return 1.0

    def as_text(self) -> dict[str, Any]:
        """Lists and texts, for a journal."""
        return {"tiers": dict(self.tiers), "classes": dict(self.classes), "products": list(self.products),
                "ranks": [[*key, rank] for key, rank in self.ranks.items()]}

    @classmethod
    def from_text(cls, text: Mapping[str, Any]) -> Policy:
        """The policy that a journal holds."""
        return cls(text["tiers"], text["classes"], {(tier, product): rank for tier, product, rank in text["ranks"]},
                   text["products"])


def opening(source: Source, consumption: str, today: dt.date | None) -> tuple[Plan, Policy, Findings]:
    """Receipts, quotas, ways and policy.

    Raises
    ------
    DataError
        With every fault of every table at once.
    """
    frames, findings = _typed(source, schema.PROMISING)
    supply, wrong = frames["supply"], findings
    supply["day"], faults = days("supply", "available_on", supply["available_on"].tolist(), supply.index.tolist(),
                                 today)
    wrong += faults
    _look(frames, wrong)
    _done(wrong)
    free = supply[supply["status"] != "quality_hold"]
    policy = _policy(frames, free)
    receipts = list(zip(free["site"], free["product"], free["day"], free["quantity"], free["status"], strict=True))
    held, kept, tiers = _split(free, frames["quotas"], policy)
    shelves = _shelves(receipts, frames["transfers"])
    ways = frames["eligible"].replace({"customer": {ALL: ""}, "product": {ALL: ""}})
    rows = list(zip(*(ways[name] for name in ("site", "customer", "product", "days", "cost")), strict=True))
    return Plan(receipts, tiers, held, kept, shelves, rows, consumption), policy, Findings(wrong)


def requests(source: Source, policy: Policy, today: dt.date | None) -> tuple[list[Request], Findings]:
    """Open order lines as they ask, in the order in which they were given.

    Raises
    ------
    DataError
        With every fault at once.
    """
    frames, wrong = _typed(source, schema.REQUESTS)
    lines = frames["orders"]
    for name, column in (("requested", "requested_date"), ("placed", "order_date")):
        lines[name], faults = days("orders", column, lines[column].tolist(), lines.index.tolist(), today)
        wrong += faults
    blank = (lines["product"] == "").to_numpy()
    if blank.any() and len(policy.products) != 1:
        rows = lines[blank].index.tolist()
        wrong.append(Finding("which_one", "orders", "product", f"the cell is blank, and there are "
                             f"{len(policy.products)} products in the table supply", "write the product", rows,
                             [""] * len(rows)))
    _done(wrong)
    lines["product"] = lines["product"].where(~blank, policy.products[0] if policy.products else "")
    lines = lines[lines["status"] == "open"].fillna({"requested": math.inf, "placed": math.inf})
    cells = (lines[name].astype(object).tolist() for name in _ASKED)
    return [_request(policy, *row) for row in zip(*cells, strict=True)], Findings(wrong)


def one_request(cells: Mapping[str, Any], policy: Policy, today: dt.date | None) -> Request:
    """One order line, from the values of columns of the table `orders`; much quicker than a table.

    Raises
    ------
    UsageError
        With what is wrong with it.
    """
    wrong = [unknown_name("column", name, _COLUMNS) for name in cells if name not in _COLUMNS]
    row = {name: cells.get(name, column.default) for name, column in _COLUMNS.items()}
    for name, column in _COLUMNS.items():
        value = row[name]
        if column.kind == "number" and not (isinstance(value, int | float) and _within(value, column)):
            wrong.append(f"{name} is {value!r}: write a number from {column.low:g} to {column.high:g}")
        elif column.kind == "choice" and value not in column.choices:
            wrong.append(f"{name} is {value!r}: {', '.join(column.choices)}")
    for name in ("requested_date", "order_date"):
        text = "" if row[name] in (None, math.inf) else str(row[name])
        found, faults = days("orders", name, [text], [1], today)
        row[name] = math.inf if math.isnan(found[0]) else float(found[0])
        wrong += [f"{name} is {text!r}: {fault.message}; {fault.mend}" for fault in faults]
    if not row["product"] and len(policy.products) != 1:
        wrong.append(f"product is blank, and there are {len(policy.products)}: write the product")
    if wrong:
        raise UsageError("; ".join(wrong))
    return _request(policy, row["order"], row["line"], row["customer"], row["product"] or policy.products[0],
                    float(row["quantity"]), row["tier"], row["requested_date"], row["site"], row["order_date"],
                    row["strategy"], row["complete_only"], float(row["minimum"]), float(row["case_size"]))


_COLUMNS = {column.name: column for column in schema.ORDERS.columns}


def _within(value: float, column: Column) -> bool:
    if math.isnan(value):
        return column.default != column.default
    return math.isfinite(value) and column.low <= value <= column.high


_ASKED = ("order", "line", "customer", "product", "quantity", "tier", "requested", "site", "placed", "strategy",
          "complete_only", "minimum", "case_size")


def _request(policy: Policy, order: str, line: str, customer: str, product: str, quantity: float, tier: str,
             requested: float, site: str, placed: float, *rest: Any) -> Request:
    tier = tier or policy.tiers.get(customer, "")
    return Request(order, line, customer, product, quantity, tier, requested, site, policy.rank(tier, product), placed,
                   *rest)


def _shelves(receipts: Sequence[tuple[str, str, float, float, str]], transfers: pd.DataFrame
             ) -> list[tuple[str, str, float, int]]:
    """From where each receipt can leave: its site, and where capacity is, all sites that can be supplied from there."""
    near = {site: list(zip(rows["destination"], rows["days"], strict=True))
            for site, rows in transfers.groupby("origin")}
    return [(place, product, day + days, number)
            for number, (site, product, day, _, status) in enumerate(receipts)
            for place, days in [(site, 0.0), *(near.get(site, []) if status == "capacity" else [])]]


def _typed(source: Source, wanted: Schema) -> tuple[dict[str, pd.DataFrame], list[Finding]]:
    """Tables by name, their rows by the row that the user sees, in the order in which they were given."""
    raw, of_reading = read_tables(source, wanted)
    typed, of_cells = cast_tables(raw)
    wrong = [*of_reading, *of_cells]
    _done(wrong)
    return {name: frame.set_index(pd.Index(typed.rows[name])).sort_index()
            for name, frame in typed.frames.items()}, wrong


def _done(wrong: list[Finding]) -> None:
    if Findings(wrong).errors:
        raise DataError(Findings(wrong))


def _look(frames: Mapping[str, pd.DataFrame], wrong: list[Finding]) -> None:
    quotas = frames["quotas"]
    total = quotas.groupby(["site", "product", "status"])["share"].transform("sum")
    over = quotas[total > 1 + 1e-9]
    if len(over):
        wrong.append(Finding("more_than_all", "quotas", "share", "the quotas of a site and product add up to more than "
                             "1", "write shares that add up to 1 at most", over.index.tolist(),
                             [f"{share:g}" for share in over["share"]]))


def _policy(frames: Mapping[str, pd.DataFrame], supply: pd.DataFrame) -> Policy:
    customers, products, rules = frames["customers"], frames["products"], frames["policy"]
    return Policy(dict(zip(customers["customer"], customers["tier"], strict=True)),
                  dict(zip(products["product"], products["product_class"], strict=True)),
                  dict(zip(zip(rules["tier"], rules["product_class"], strict=True), rules["rank"], strict=True)),
                  list(dict.fromkeys(supply["product"])))


def _split(supply: pd.DataFrame, quotas: pd.DataFrame, policy: Policy
           ) -> tuple[list[list[float]], list[list[float]], list[tuple[str, float]]]:
    """Units of each receipt by tier and open, what of them is protected, and the tiers with their ranks, best first."""
    names = sorted(set(quotas["tier"]), key=lambda tier: (policy.rank(tier, ""), tier))
    share, fence = (_by_tier(supply, quotas, names, column) for column in ("share", "protected"))
    parts = np.column_stack([share, np.maximum(1 - share.sum(axis=1), 0.0)])
    cells = _whole(parts * supply["quantity"].to_numpy(dtype=float)[:, None], supply["quantity"].to_numpy(dtype=float))
    kept = cells * np.column_stack([fence, np.zeros(len(supply))])
    return cells.tolist(), kept.tolist(), [(tier, policy.rank(tier, "")) for tier in names]


def _by_tier(supply: pd.DataFrame, quotas: pd.DataFrame, names: Sequence[str], column: str) -> Floats:
    """A figure for each receipt and tier: of the rows of its site and product, or of all sites or all products."""
    found = np.full((len(supply), len(names)), np.nan)
    for keys in _NEAREST:
        rows = quotas[np.logical_and.reduce([(quotas[key] != ALL) == (key in keys) for key in _NEAREST[0]])]
        if rows.empty:
            continue
        # "all" on both sides makes a table by key of what holds for everything, too
        both = [frame.assign(all="")[[*keys, "all"]] for frame in (rows, supply)]
        at = pd.MultiIndex.from_frame(both[1])
        for place, tier in enumerate(names):
            mine = (rows["tier"] == tier).to_numpy()
            known = pd.Series(rows.loc[mine, column].to_numpy(), pd.MultiIndex.from_frame(both[0][mine]))
            found[:, place] = np.where(np.isnan(found[:, place]), known.reindex(at).to_numpy(), found[:, place])
    filled: Floats = np.nan_to_num(found)
    return filled


_NEAREST: Sequence[list[str]] = (
    ["site", "product", "status"], ["site", "product"], ["site", "status"], ["product", "status"], ["site"],
    ["product"], ["status"], [])
"""Keys by which a quota is looked up: the row that says most comes first."""


def _whole(cells: Floats, total: Floats) -> Floats:
    """Where a receipt is a whole number of units, so are its quotas: largest remainders, the better tier first."""
    low = np.floor(cells + 1e-9)
    missing = np.rint(total - low.sum(axis=1))
    place = np.argsort(np.argsort(-(cells - low).round(9), axis=1, kind="stable"), axis=1, kind="stable")
    whole = low + (place < missing[:, None])
    is_whole = np.abs(total - np.rint(total)) < 1e-9
    found: Floats = np.where(is_whole[:, None], whole, cells)
    return found


