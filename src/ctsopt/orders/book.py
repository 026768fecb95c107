"""A book of orders: cleaned lines, returns matched to their sales, masters, and an account of every row."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from ctsopt.errors import DataError, Finding, Findings
from ctsopt.keys import Bools, Floats
from ctsopt.orders import cleaning
from ctsopt.orders.files import RawLines, Source, read_raw
from ctsopt.orders.identity import renamed, same_categories, settle
from ctsopt.orders.mapping import PLAIN, read_mapping
from ctsopt.orders.measures import in_currency, unit_factors
from ctsopt.orders.returns import match
from ctsopt.orders.schema import SCHEMA
from ctsopt.orders.shipped import of_no_line
from ctsopt.orders.typing import LISTED, Typed, typed
from ctsopt.tables.raw import Texts

ReturnsRule = Literal["match", "net", "ignore"]
_NAMES = ("order", "line", "customer", "product")


@dataclass(frozen=True, eq=False)
class Orders:
    """A cleaned book of orders.

    Attributes
    ----------
    lines : DataFrame
        Order lines of customers, in the order of the file (`ctsopt.orders.dictionary.LINES`): `row`, the texts of the
        schema as categories, `order_date`, `requested_date` and `confirmed_date` to the second, `demand_date`
        (requested where it is stated, else ordered), `quantity` in the unit of the product (`stated_quantity`
        in that of the line), `returned`, `kept`
        (quantity less what came back), `price` of one unit in the currency of the book (NaN: not known), `gross`
        (price x kept), `discount` (its part for what was kept), `revenue` (gross less discount), `cost` (unit cost x
        kept), `counted` (False for codes that are no product: they count in money and not in units).
    products_only : DataFrame
        Lines without a customer, with the same columns: they count for their product alone.
    returns : DataFrame
        What came back, from the table and from lines below 0: order, line, customer, product, date, quantity, price,
        `matched` (units that took away from a sale), `how` (named, alike, blank), `sale` (position of the line in
        `lines`, -1 where there is none), `unmatched_value` (it lowers value, not demand).
    shipments, customers, ship_tos, products : DataFrame
        As in the schema (customer_master and product_master); without rows where they are not given.
    audit : DataFrame
        rule, rows, units, money, meaning, done, example (row), mend: `rows_in` is `used` and all rules together.
    set_aside : DataFrame
        row and rule of every row of order lines that is not used.
    findings : Findings
        What is worth a look.
    given : frozenset of str
        Columns of the order lines that were given: a feature that needs another one is blank.
    currency : str
        Currency of all money; blank where none is named.
    start, end : Timestamp
        First and last moment of demand, orders and returns.
    returns_rule : str
        match, net or ignore.
    """

    lines: pd.DataFrame
    products_only: pd.DataFrame
    returns: pd.DataFrame
    shipments: pd.DataFrame
    customers: pd.DataFrame
    ship_tos: pd.DataFrame
    products: pd.DataFrame
    audit: pd.DataFrame
    set_aside: pd.DataFrame
    findings: Findings
    given: frozenset[str]
    currency: str
    start: pd.Timestamp
    end: pd.Timestamp
    returns_rule: str

    def __repr__(self) -> str:
        """Span, counts and the account of the rows."""
        head = (f"{len(self.lines):,} order lines of {self.lines['customer'].nunique():,} customers, "
                f"{self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}{', ' if self.currency else ''}{self.currency}")
        return head + "\n" + self.audit[["rule", "rows", "units", "money", "done"]].to_string(index=False)


def read_orders(source: Source, *, mapping: str | os.PathLike[str] | Mapping[str, Any] | None = None,
                returns: ReturnsRule = "match", duplicates: cleaning.Duplicates = "keep",
                no_products: Collection[str] | str = (), currency: str = "") -> Orders:
    """Read a book of orders, clean it by named rules, and match what came back to what it was sold by.

    Parameters
    ----------
    source : path, DataFrame, or mapping of str to DataFrame
        A folder of CSV or Parquet files named like the tables, one such file of order lines, a workbook, the frame of
        order lines, or frames by table.
    mapping : path or mapping, optional
        How the columns of an export are named and written; `propose_mapping` proposes one.
    returns : {"match", "net", "ignore"}
        match: a return takes away its sale, else it lowers value; net: it lowers value when it comes, and demand
        stays what was ordered; ignore: it does nothing.
    duplicates : {"keep", "drop"}
        What becomes of rows that are the same as an earlier one in every column.
    no_products : names, or a regular expression
        Codes that are no product (postage, fees): they count in money, and not in units.
    currency : str
        Currency of the book, where rows have several.

    Returns
    -------
    Orders

    Raises
    ------
    DataError
        Where the tables cannot be used at all: a required column is missing, a key is there twice in a master, a
        currency has no rate, aliases contradict each other.
    """
    raw = read_raw(source, read_mapping(mapping))
    if "order_lines" not in raw:
        raise DataError(Findings([Finding("missing_table", "order_lines", "", "there is no table order_lines",
                                          "add it, or say in a mapping which file holds it")]))
    tables = {name: typed(SCHEMA.by_name[name], raw.get(name, _absent())) for name in SCHEMA.names}
    findings = [found for table in tables.values() for found in table.findings]
    findings += [found for name in ("customer_master", "ship_tos", "product_master", "units", "currencies")
                 for found in _repeated_keys(name, tables[name])]
    aliases, wrong = settle(tables["aliases"])
    findings += wrong
    lines = _with_identities(tables["order_lines"], aliases)
    rate, book_currency, wrong = in_currency(lines, tables["currencies"].frame, currency)
    findings += wrong
    if Findings(findings).errors:
        raise DataError(Findings(findings))
    return _Book(tables, lines, aliases, findings, raw["order_lines"].ragged).done(
        rate, book_currency, returns, duplicates, no_products)


def _absent() -> RawLines:
    return RawLines({}, np.zeros(0, dtype=np.int64), PLAIN)


def _with_identities(table: Typed, aliases: pd.DataFrame) -> Typed:
    frame = table.frame
    systems = frame.get("system")
    changed = {name: renamed(frame[name], systems, aliases, name) for name in ("customer", "product") if name in frame}
    return Typed(frame.assign(**changed), table.rows, table.bad, table.given, table.findings)


def _repeated_keys(name: str, table: Typed) -> list[Finding]:
    """Rows of a master with one key: nobody knows which of them holds."""
    keys = list(SCHEMA.by_name[name].keys)
    twice = table.frame.duplicated(keys, keep=False).to_numpy()
    if not twice.any():
        return []
    shown = table.frame.loc[twice, keys].astype(str).agg(", ".join, axis=1).tolist()
    return [Finding("duplicate_key", name, ", ".join(keys), f"{int(twice.sum())} rows share a key",
                    "keep one row for each", table.rows[twice].tolist()[:LISTED], shown[:LISTED],
                    total=int(twice.sum()))]


class _Book:
    """A book on its way."""

    def __init__(self, tables: Mapping[str, Typed], lines: Typed, aliases: pd.DataFrame, findings: list[Finding],
                 ragged: np.ndarray) -> None:
        self.tables, self.typed, self.aliases, self.findings, self.ragged = tables, lines, aliases, findings, ragged

    def done(self, rate: Floats, currency: str, rule: ReturnsRule, duplicates: cleaning.Duplicates,
             no_products: Collection[str] | str) -> Orders:
        """Fates, returns, lines, and what is said of them."""
        lines = self.typed
        frame = lines.frame
        factor = unit_factors(frame, self.tables["product_master"].frame, self.tables["units"].frame)
        quantity = frame["quantity"].to_numpy()
        with np.errstate(divide="ignore", invalid="ignore"):
            price = np.where(np.isnan(frame["unit_price"]), frame["amount"] / quantity, frame["unit_price"])
        repeated = cleaning.repeated_rows(frame, sorted(lines.given & set(frame.columns)))
        fate = cleaning.fates(lines, factor, price, repeated, duplicates=duplicates)
        units, each = quantity * factor, price * rate / factor
        account = cleaning.audit(fate, len(self.ragged), lines.rows, units, np.abs(units) * each, repeated,
                                 int(self.ragged[0]) if len(self.ragged) else -1)
        full = self._lines(frame, units, each, frame["unit_cost"].to_numpy() * rate / factor,
                           frame["discount"].to_numpy() * rate, no_products)
        sent = self.tables["shipments"]
        self.findings += of_no_line(sent.frame, sent.rows, full)
        back = self._returns(full, fate == cleaning.NAMES.index("is_return"), factor)
        used = full[fate == 0].reset_index(drop=True)
        alone = full[fate == cleaning.NAMES.index("no_customer")].reset_index(drop=True)
        used, back = same_categories([used, back], _NAMES)
        taken, back = match(used, back) if rule == "match" else (
            np.zeros(len(used)), back.assign(matched=0.0, how="", sale=-1))
        lost = (back["quantity"] - back["matched"]) * back["price"].fillna(0.0)
        back = back.assign(unmatched_value=0.0 if rule == "ignore" else lost)
        moments = [used["order_date"], used["demand_date"], alone["order_date"], back["date"]]
        known = pd.concat([m for m in moments if len(m)] or [pd.Series(dtype="datetime64[s]")])
        gone = fate != 0
        aside = pd.DataFrame({"row": np.r_[self.ragged, lines.rows[gone]],
                              "rule": np.r_[["ragged_row"] * len(self.ragged), np.array(cleaning.NAMES)[fate[gone]]]})
        return Orders(_with_money(used, taken), _with_money(alone, np.zeros(len(alone))), back,
                      self.tables["shipments"].frame, self._master("customer_master"), self._master("ship_tos"),
                      self._master("product_master"), account, aside,
                      Findings(self.findings), lines.given, currency, known.min(), known.max(), rule)

    def _lines(self, frame: pd.DataFrame, units: Floats, price: Floats, cost: Floats, discount: Floats,
               no_products: Collection[str] | str) -> pd.DataFrame:
        """All rows with what follows from them, the line numbered where it is not stated."""
        blank = np.asarray(frame["line"] == "", dtype=bool)
        line = frame["line"]
        if blank.any():
            number = frame.groupby(frame["order"].cat.codes.to_numpy(), sort=False).cumcount().to_numpy() + 1
            texts = Texts.of(np.array([str(i) for i in range(int(number.max()) + 1)], dtype=object))
            named = line.astype(object).where(~blank, texts.values()[number]) if not blank.all() else None
            line = (pd.Series(pd.Categorical.from_codes(number.astype(np.int32),
                                                        categories=pd.Index(texts.labels, dtype="str")))
                    if named is None else named.astype("str").astype("category"))
        ship_to = frame["ship_to"]
        demand = frame["requested_date"].where(frame["requested_date"].notna(), frame["order_date"])
        other = ("unit_price", "amount", "unit_cost", "discount", "quantity", "line", "unit", "currency")
        return pd.DataFrame({
            "row": self.typed.rows, "order": frame["order"], "line": line, "ship_to": ship_to, "demand_date": demand,
            **{name: frame[name] for name in frame.columns if name not in (*other, "order", "ship_to")},
            "quantity": units, "stated_quantity": frame["quantity"], "price": price, "unit_cost": cost,
            "discount": discount, "counted": ~_no_product(frame["product"], no_products)})

    def _returns(self, lines: pd.DataFrame, below: Bools, factor: Floats) -> pd.DataFrame:
        """Returns of the table, and lines below 0 that are returns."""
        table = _with_identities(self.tables["returns"], self.aliases)
        stated = table.frame
        names = ["order", "line", "customer", "product", "date", "quantity", "price", "row", "table"]
        missing = sum((table.blank(name) for name in ("customer", "product", "date", "quantity")),
                      np.zeros(len(stated), dtype=bool))
        if missing.any():
            self.findings.append(Finding(
                "unusable_return", "returns", "", "a return without customer, product, date or quantity is left out",
                "fill it in", table.rows[missing].tolist()[:LISTED], [""] * min(int(missing.sum()), LISTED),
                severity="warning", total=int(missing.sum())))
        stated = stated.assign(price=stated["credit"] / stated["quantity"], row=table.rows, table="returns")[~missing]
        sent = lines[below]
        sent = sent.assign(date=sent["order_date"], quantity=-sent["quantity"], table="order_lines")
        # The order of a line below 0 is the paper of the return, not that of the sale.
        blank = pd.Categorical.from_codes(np.zeros(len(sent), dtype=np.int32), categories=pd.Index([""], dtype="str"))
        sent = sent.assign(order=blank, line=blank)
        parts = same_categories([stated[names], sent[names]], _NAMES)
        return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)

    def _master(self, name: str) -> pd.DataFrame:
        """A master; texts as plain texts."""
        table = _with_identities(self.tables[name], self.aliases)
        texts = [c for c in table.frame.columns if isinstance(table.frame[c].dtype, pd.CategoricalDtype)]
        return table.frame.astype(dict.fromkeys(texts, "str")).reset_index(drop=True)


def _no_product(products: pd.Series, what: Collection[str] | str) -> Bools:
    labels = products.cat.categories
    named = labels.str.fullmatch(what) if isinstance(what, str) and what else labels.isin(list(what))
    return np.asarray(named, dtype=bool)[products.cat.codes.to_numpy()]


def _with_money(lines: pd.DataFrame, taken: Floats) -> pd.DataFrame:
    kept = lines["quantity"].to_numpy() - taken
    gross = lines["price"].to_numpy() * kept
    discount = lines["discount"].to_numpy() * kept / lines["quantity"].to_numpy()
    return lines.assign(returned=taken, kept=kept, gross=gross, discount=discount, revenue=gross - discount,
                        cost=lines["unit_cost"].to_numpy() * kept)
