"""The rules by which rows of order lines are used or set aside: every row has one fate, and every rule its account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.keys import Bools, Floats
from ctsopt.orders.typing import Typed

Duplicates = Literal["keep", "drop"]
USED = "used"
Fates = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Rule:
    """Why a row is set aside.

    Attributes
    ----------
    name, meaning, done, mend : str
        `done` says what becomes of its rows.
    """

    name: str
    meaning: str
    done: str
    mend: str


RULES: tuple[Rule, ...] = (
    Rule("ragged_row", "the line of the file has another number of cells than the header", "set aside",
         "put text that holds the separator between quotation marks"),
    Rule("unreadable_cell", "the quantity, price, amount, discount, unit, status or order date cannot be read",
         "set aside",
         "correct the cell, or say in the mapping how numbers and dates are written"),
    Rule("no_product", "the line names no product", "set aside", "name it"),
    Rule("no_date", "the line has no order date", "set aside", "give the date"),
    Rule("no_quantity", "the line has no quantity", "set aside", "give the quantity"),
    Rule("cancelled", "the line was cancelled before it was sent", "set aside", "nothing, where that is so"),
    Rule("unknown_unit", "there is no factor for the unit of measure", "set aside",
         "add the unit to the table units (product `*` holds for all products)"),
    Rule("exact_duplicate", "the row is the same as an earlier one in every column", "set aside, as was asked",
         "delete it where it was written twice"),
    Rule("return_without_customer", "goods came back, and nobody knows from whom", "set aside", "name the customer"),
    Rule("is_return", "the quantity is below 0 and there is a price: goods that came back", "moved to the returns",
         "nothing, where that is so"),
    Rule("no_sale", "the quantity is 0, or below 0 without a price: a correction of stock", "set aside",
         "nothing, where that is so"),
    Rule("no_price", "the price is 0 or less: a sample or a correction", "set aside",
         "give the price, where it was a sale"),
    Rule("no_customer", "the line names no customer", "kept for products alone", "name the customer"),
)
"""In the order in which they are asked: the first that holds is the fate of the row."""

NAMES = (USED, *(rule.name for rule in RULES))


def fates(lines: Typed, factor: Floats, price: Floats, repeated: Bools, *, duplicates: Duplicates) -> Fates:
    """For each row the position of its fate in `NAMES`; 0 where it is used."""
    quantity, blank = lines.frame["quantity"].to_numpy(), lines.blank
    unreadable = np.zeros(len(lines.rows), dtype=bool)
    for name in ("quantity", "unit_price", "amount", "discount", "unit", "status", "order_date"):
        if name in lines.bad:
            unreadable |= lines.bad[name]
    back = (quantity < 0) & (price > 0)
    tests: dict[str, Callable[[], Bools]] = {
        "unreadable_cell": lambda: unreadable,
        "no_product": lambda: blank("product"),
        "no_date": lambda: blank("order_date"),
        "no_quantity": lambda: np.isnan(quantity),
        "cancelled": lambda: np.asarray(lines.frame["status"] == "cancelled", dtype=bool),
        "unknown_unit": lambda: np.isnan(factor),
        "exact_duplicate": lambda: repeated if duplicates == "drop" else np.zeros(len(repeated), dtype=bool),
        "return_without_customer": lambda: back & blank("customer"),
        "is_return": lambda: back,
        "no_sale": lambda: quantity <= 0,
        "no_price": lambda: price <= 0,
        "no_customer": lambda: blank("customer"),
    }
    fate = np.zeros(len(lines.rows), dtype=np.int8)
    for name, test in tests.items():
        fate[(fate == 0) & test()] = NAMES.index(name)
    return fate


def repeated_rows(frame: pd.DataFrame, columns: list[str]) -> Bools:
    """Rows that are the same as an earlier one in all of these columns.

    Rows are first compared by one number each; only those that agree in it are compared in full.
    """
    mixed = np.zeros(len(frame), dtype=np.uint64)
    parts = {}
    for name in columns:
        values = frame[name]
        plain = values.cat.codes.to_numpy() if isinstance(values.dtype, pd.CategoricalDtype) else values.to_numpy()
        bits = (plain + 0.0).view(np.uint64) if plain.dtype.kind == "f" else plain.astype(np.int64).view(np.uint64)
        mixed = (mixed ^ bits) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        parts[name] = plain
    near = pd.Series(mixed).duplicated(keep=False).to_numpy()
    found = np.zeros(len(frame), dtype=bool)
    found[near] = pd.DataFrame({name: plain[near] for name, plain in parts.items()}).duplicated().to_numpy()
    return found


def audit(fate: Fates, ragged: int, rows: np.ndarray, units: Floats, money: Floats, repeated: Bools,
          first_ragged: int) -> pd.DataFrame:
    """One row for each fate that some row has: rule, rows, units, money, what was done, an example, the mend.

    The rows in, the rows used and the rows of each rule stand in it, so that they can be added up.
    """
    def line(rule: str, mask: Bools, meaning: str, done: str, mend: str) -> tuple[object, ...]:
        at = np.flatnonzero(mask)
        return (rule, len(at), float(np.nansum(units[at])), float(np.nansum(money[at])), meaning, done,
                int(rows[at[0]]) if len(at) else -1, mend)

    everything = np.ones(len(fate), dtype=bool)
    table = [line("rows_in", everything, "all rows", "", ""),
             line(USED, fate == 0, "order lines of customers", "used", "")]
    table[0] = (table[0][0], len(fate) + ragged, *table[0][2:])
    for number, rule in enumerate(RULES, start=1):
        if rule.name == "ragged_row" and ragged:
            table.append((rule.name, ragged, 0.0, 0.0, rule.meaning, rule.done, first_ragged, rule.mend))
        elif (fate == number).any():
            table.append(line(rule.name, fate == number, rule.meaning, rule.done, rule.mend))
    if repeated.any() and not (fate == NAMES.index("exact_duplicate")).any():
        table.append(line("equal_rows", repeated, "the row is the same as an earlier one in every column",
                          "kept: two lines may be equal", "read with duplicates=drop where rows were written twice"))
    return pd.DataFrame(table, columns=["rule", "rows", "units", "money", "meaning", "done", "example", "mend"])
