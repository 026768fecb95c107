"""Units of measure and currencies: one unit for each product, one currency for the book."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ctsopt.errors import Finding
from ctsopt.keys import Floats
from ctsopt.orders.returns import group_codes
from ctsopt.orders.typing import Typed
from ctsopt.tables.columns import ALL


def unit_factors(lines: pd.DataFrame, products: pd.DataFrame, units: pd.DataFrame) -> Floats:
    """Units of the product in one unit of each row; NaN where nobody says so.

    A row without a unit, or with that of its product, counts 1; else the row of the table for its product holds, then
    that for all products (`*`).
    """
    measure, product = lines["unit"], lines["product"]
    if not len(lines) or set(measure.cat.categories) <= {""}:
        return np.ones(len(lines))
    pairs = group_codes([product.cat.codes.to_numpy(), measure.cat.codes.to_numpy()])
    _, first = np.unique(pairs, return_index=True)
    names, texts = (series.iloc[first].astype(object).to_numpy() for series in (product, measure))
    own = pd.Series(products["unit"].astype(object).to_numpy(), index=products["product"].astype(object).to_numpy())
    stated = pd.Series(units["factor"].to_numpy(), index=pd.MultiIndex.from_arrays(
        [units["product"].astype(object), units["unit"].astype(object)]))
    factor = np.full(len(first), np.nan)
    for keys in ([ALL] * len(first), names):
        found = stated.reindex(pd.MultiIndex.from_arrays([keys, texts])).to_numpy(dtype=float)
        factor = np.where(np.isnan(found), factor, found)
    factor[(texts == "") | (own.reindex(names).to_numpy(dtype=object) == texts)] = 1.0
    return np.asarray(factor[pairs] if np.array_equal(pairs[first], np.arange(len(first))) else
                      pd.Series(factor, index=pairs[first]).reindex(pairs).to_numpy(), dtype=np.float64)


def in_currency(lines: Typed, currencies: pd.DataFrame, book: str) -> tuple[Floats, str, list[Finding]]:
    """Money of the book for one unit of the money of each row, the currency of the book, and what is wrong.

    The currency of the book is the one that is asked for, or the only one without a rate.
    """
    column = lines.frame["currency"]
    codes, labels = column.cat.codes.to_numpy(), column.cat.categories.astype(object).to_numpy()
    there = [str(labels[code]) for code in np.unique(codes) if labels[code] != ""]
    rates = dict(zip(currencies["currency"].astype(object), currencies["rate"], strict=True))
    without = [name for name in there if name not in rates]
    if not book:
        book = without[0] if len(without) == 1 else ""
    wrong = [name for name in without if name != book]
    findings = []
    if wrong:
        rows = lines.rows[np.isin(codes, [list(labels).index(name) for name in wrong])]
        findings.append(Finding("no_rate", "order_lines", "currency", "there are several currencies, and no rate for "
                                + ", ".join(wrong), "add the rate to the table currencies, or name the currency of the "
                                "book", rows[:1000].tolist(), wrong * min(1, len(wrong)), total=len(rows)))
    rate = np.array([1.0 if name in ("", book) else float(rates.get(name, np.nan)) for name in labels])
    return rate[codes] if len(codes) else np.zeros(0), book, findings
