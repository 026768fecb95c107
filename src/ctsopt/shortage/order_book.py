"""The tables of a shortage as arrays: open lines, supply that may be shared, and who may be served from where."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ctsopt.errors import DataError, Finding, Findings
from ctsopt.keys import Floats, Positions
from ctsopt.networks.network import Network
from ctsopt.shortage import schema
from ctsopt.shortage.days import days
from ctsopt.shortage.settling import Sources
from ctsopt.shortage.ways import kinds_and_ways
from ctsopt.tables.cast import cast_tables
from ctsopt.tables.columns import ALL
from ctsopt.tables.io import Source, read_tables


@dataclass(frozen=True, eq=False)
class OrderBook:
    """Open lines and supply, typed.

    Attributes
    ----------
    lines : DataFrame
        The open order lines in the order in which they were given, with `tier`, `product_class`, `needed` and `placed`
        (days from now, NaN where not stated) and the columns of the policy that holds for them.
    supply : DataFrame
        Supply that may be shared, with `day`.
    held : DataFrame
        Supply that may not, with `why`.
    sources : Sources
        Who may be served from what.
    history : DataFrame
        What customers usually take; empty where none was given.
    given : frozenset of str
        Tables that were given.
    today : date or None
        The date of day 0.
    findings : Findings
        What is worth a look.
    """

    lines: pd.DataFrame
    supply: pd.DataFrame
    held: pd.DataFrame
    sources: Sources
    history: pd.DataFrame
    given: frozenset[str]
    today: dt.date | None
    findings: Findings


@dataclass
class _Reading:
    """Tables as they are typed, with everything that is wrong so far."""

    today: dt.date | None
    findings: list[Finding] = field(default_factory=list)

    def days_of(self, table: str, frame: pd.DataFrame, column: str) -> Floats:
        """A column of days as numbers."""
        found, faults = days(table, column, frame[column].tolist(), frame.index.tolist(), self.today)
        self.findings += faults
        return found

    def done(self) -> None:
        """Every fault so far, at once."""
        if Findings(self.findings).errors:
            raise DataError(Findings(self.findings))

    def fault(self, rule: str, table: str, column: str, message: str, mend: str, frame: pd.DataFrame,
              wrong: pd.Series[bool] | np.typing.NDArray[np.bool_], values: str = "",
              severity: str = "error") -> None:
        """One finding about some rows, if there are any."""
        rows = frame[np.asarray(wrong, dtype=bool)]
        if len(rows):
            self.findings.append(Finding(rule, table, column, message, mend, rows.index.tolist(),
                                         rows[values or column].astype(str).tolist(),
                                         severity="warning" if severity == "warning" else "error"))


def order_book(source: Source, *, net: Network | None = None, today: dt.date | None = None,
               horizon: float = np.inf) -> OrderBook:
    """Type the tables, look up tiers and policy, and say who may be served from what.

    Parameters
    ----------
    source : path or mapping of str to DataFrame
        Folder of tables, workbook, or frames by the names of `ctsopt.shortage.schema.SCHEMA`.
    net : Network, optional
        Where tiers, ranks and product classes come from that the tables do not say.
    today : date, optional
        The date of day 0.
    horizon : float
        The last day whose supply is shared.

    Raises
    ------
    DataError
        With every fault of every table at once.
    """
    raw, of_reading = read_tables(source, schema.SCHEMA)
    typed, of_cells = cast_tables(raw)
    read = _Reading(today, [*of_reading, *of_cells])
    read.done()
    # In the order in which they were given; the index is the row as the user sees it.
    stock, lines, rules, allowed, usual, who, what = (
        typed.frames[name].set_index(pd.Index(typed.rows[name])).sort_index() for name in schema.SCHEMA.names)
    if net is not None:
        who = net.tables["customers"] if "customers" not in typed.given else who
        what = net.tables["products"] if "products" not in typed.given else what
        rules = net.tables["tiers"].assign(product_class=ALL) if "policy" not in typed.given else rules
    stock["day"] = read.days_of("supply", stock, "available_on")
    lines["product"] = _the_only_one(read, lines, stock)
    lines["needed"] = read.days_of("orders", lines, "requested_date")
    lines["placed"] = read.days_of("orders", lines, "order_date")
    read.done()
    lines = _with_policy(read, _with_tiers(lines, who, what), rules,
                         given="policy" in typed.given or net is not None)
    _look(read, stock, lines)
    read.done()
    lines = lines[lines["status"] == "open"].reset_index(names="row")
    status = stock["status"].to_numpy(dtype=object)
    why = np.select([status == "quality_hold", status == "capacity", (stock["day"] > horizon).to_numpy()],
                    ["it is on quality hold", "it would have to be made", "it comes after the horizon"], "")
    held = stock[why != ""].assign(why=why[why != ""])
    stock = stock[why == ""].reset_index(names="row")
    sources = kinds_and_ways(lines, stock, allowed if "eligible" in typed.given else None)
    return OrderBook(lines, stock, held, sources, usual, typed.given, today, Findings(read.findings))


def _the_only_one(read: _Reading, lines: pd.DataFrame, stock: pd.DataFrame) -> pd.Series[str]:
    """Products of the lines; a blank one is the only one that there is."""
    blank, names = lines["product"] == "", stock["product"].unique()
    if len(names) != 1:
        read.fault("which_one", "orders", "product", f"the cell is blank, and there are {len(names)} products in the "
                   "table supply", "write the product", lines, blank)
    return lines["product"].where(~blank, str(names[0]) if len(names) else "goods")


def _with_tiers(lines: pd.DataFrame, customers: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    tier = _looked_up(lines["customer"], customers["customer"], customers["tier"], "")
    return lines.assign(tier=np.where(lines["tier"] == "", tier, lines["tier"]), product_class=_looked_up(
        lines["product"], products["product"], products["product_class"], "all"))


def _looked_up(names: pd.Series[str], known: pd.Series[str], values: pd.Series[str],
               otherwise: str) -> np.typing.NDArray[np.object_]:
    """The value of each name, and another where the name is not known."""
    found = pd.Index(known.to_numpy(dtype=object)).get_indexer(pd.Index(names.to_numpy(dtype=object)))
    return np.asarray(np.append(values.to_numpy(dtype=object), otherwise)[found], dtype=object)


def _with_policy(read: _Reading, lines: pd.DataFrame, rules: pd.DataFrame, *, given: bool) -> pd.DataFrame:
    """The row of the policy that holds for each line: its tier before all tiers, its class before all classes."""
    blank = {c.name: c.default if isinstance(c.default, float) else "" for c in schema.POLICY.columns if not c.is_key}
    rules = rules.assign(**{name: rules.get(name, value) for name, value in blank.items()})
    names = pd.MultiIndex.from_frame(rules[["tier", "product_class"]].astype(object))
    every = np.full(len(lines), ALL, dtype=object)
    tier, product_class = (lines[name].to_numpy(dtype=object) for name in ("tier", "product_class"))
    row = np.full(len(lines), -1)
    for keys in ((tier, product_class), (tier, every), (every, product_class), (every, every)):
        row = np.where(row >= 0, row, names.get_indexer(pd.MultiIndex.from_arrays(keys)))
    if given:
        lost = (row < 0) & (lines["status"] == "open")
        read.fault("no_tier", "orders", "customer", "the customer has no tier, and the policy has no row for all",
                   "give its tier in the table customers", lines, lost & (lines["tier"] == ""))
        read.fault("no_policy", "orders", "tier", "the policy has no row for the tier",
                   "add a row for the tier, or one for all of them (*)", lines, lost & (lines["tier"] != ""))
    for name, value in blank.items():
        stated = np.append(rules[name].to_numpy(dtype=type(value) if isinstance(value, float) else object), value)
        lines[name] = stated[row]  # the last one, of no row, is what a blank cell means
    return lines


def _look(read: _Reading, stock: pd.DataFrame, lines: pd.DataFrame) -> None:
    """What is taken as it stands, and worth a look."""
    read.fault("unordered_product", "supply", "product", "nobody ordered the product",
               "check its name, or leave the row out", stock, ~stock["product"].isin(lines["product"]),
               severity="warning")
    read.fault("no_supply", "orders", "product", "there is no supply of the product at all",
               "check its name, or add its supply", lines,
               ~lines["product"].isin(stock["product"]) & (lines["status"] == "open"), severity="warning")
    sizes = lines.groupby("product")["case_size"].transform("nunique")
    read.fault("case_sizes_differ", "orders", "case_size", "lines of one product have different case sizes",
               "write one size for the product", lines, (sizes > 1).to_numpy(), "case_size")
    inside = lines.groupby("rank")["rule_inside"].transform("nunique")
    read.fault("rules_differ", "policy", "rule_inside", "tiers of one rank have different rules inside the rank",
               "write one rule for the rank, or give the tiers ranks of their own", lines,
               ((inside > 1) & (lines["status"] == "open")).to_numpy(), "tier")


def turns(lines: pd.DataFrame) -> tuple[Positions, Positions]:
    """Place of each line by order date and then key, and by order date alone; a blank date goes last."""
    placed = lines["placed"].fillna(np.inf).to_numpy()
    keys = [lines[name].to_numpy(dtype=object).astype(str) for name in ("line", "order", "customer")]
    order = np.lexsort((*keys, placed))
    place = np.empty(len(lines), dtype=np.int64)
    place[order] = np.arange(len(lines))
    _, early = np.unique(placed, return_inverse=True)
    return place, np.asarray(early, dtype=np.int64)
