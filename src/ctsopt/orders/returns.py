"""Returns matched to their sales: by name first, then the latest earlier sale that is alike; the rest lowers value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.keys import Bools, Floats, Positions

Codes = npt.NDArray[np.integer]


def group_codes(columns: Sequence[npt.NDArray[np.generic]]) -> Positions:
    """One number for each distinct row of several columns."""
    codes = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        part, labels = pd.factorize(column)
        codes = codes * (len(labels) + 1) + part + 1
        codes = np.asarray(pd.factorize(codes)[0], dtype=np.int64)
    return codes


def latest_first(group: Positions, moment: npt.NDArray[np.int64], is_return: Bools) -> tuple[Positions, Positions]:
    """Each return takes the latest sale of its group that is not later and that no earlier return took.

    Sales are opening and returns closing brackets, in the order of time; of one moment, sales come first.

    Parameters
    ----------
    group, moment, is_return : arrays
        One entry for each sale and each return.

    Returns
    -------
    positions of the returns that are matched, positions of their sales
    """
    order = np.lexsort((is_return, moment, group))
    ordered, closing = group[order], is_return[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]] if len(order) else np.zeros(0, dtype=bool)
    step = np.where(closing, -1, 1)
    total = np.cumsum(step)
    starts = np.flatnonzero(first)
    lengths = np.diff(np.r_[starts, len(order)])
    total -= np.repeat(total[starts] - step[starts], lengths) if len(starts) else 0
    # The lowest level so far in the group, by a minimum over everything once groups are put far below each other.
    shift = np.repeat(np.arange(len(starts)), lengths) * (len(order) + 1)
    lowest = np.minimum(np.minimum.accumulate(total - shift) + shift, 0)
    before = np.where(first, 0, np.r_[0, lowest[:-1]] if len(order) else lowest)
    matched = closing & (total >= before)  # others close what nothing opened
    level = total - lowest + matched
    taking = np.flatnonzero(matched | ~closing)
    by_level = taking[np.lexsort((taking, level[taking], ordered[taking]))]
    last = np.flatnonzero(matched[by_level])
    return order[by_level[last]], order[by_level[last - 1]]


def match(lines: pd.DataFrame, returns: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """What is taken away from each line, and the returns with what became of them.

    Parameters
    ----------
    lines : DataFrame
        order, line, customer, product (one set of categories with those of the returns), order_date, quantity, price.
    returns : DataFrame
        order, line, customer, product, date, quantity, price (NaN: not known).

    Returns
    -------
    float array
        Units returned of each line.
    DataFrame
        The returns with `matched` (units), `how` (named, alike, or blank) and `sale` (position of the line, -1: none).
    """
    taken, matched = np.zeros(len(lines)), np.zeros(len(returns))
    sale, how = np.full(len(returns), -1), np.full(len(returns), "", dtype=object)
    if len(lines) and len(returns):
        _by_name(lines, returns, taken, matched, sale)
        how[sale >= 0] = "named"
        for priced in (True, False):
            left = np.flatnonzero((sale < 0) & (returns["price"].notna().to_numpy() == priced))
            free = np.flatnonzero(taken == 0)
            if len(left) and len(free):
                _alike(lines, returns, left, free, priced=priced, sale=sale)
                found = left[sale[left] >= 0]
                matched[found] = returns["quantity"].to_numpy()[found]
                taken[sale[found]] = matched[found]
                how[found] = "alike"
    return taken, returns.assign(matched=matched, how=how, sale=sale)


def _by_name(lines: pd.DataFrame, returns: pd.DataFrame, taken: Floats, matched: Floats, sale: Positions) -> None:
    """Returns that name their order and line (or their order, where it has one line of the product), in part too."""
    count = len(returns)
    for last in ("line", "product"):
        names = ["order", last]
        left = np.flatnonzero((sale < 0) & _stated(returns, names)
                              & (_stated(returns, ["line"]) if last == "line" else ~_stated(returns, ["line"])))
        if not len(left):
            continue
        keys = group_codes([np.r_[lines[name].cat.codes.to_numpy(), returns[name].cat.codes.to_numpy()]
                            for name in names])
        of_line = pd.Series(np.arange(len(lines)), index=keys[:-count])
        of_line = of_line[~of_line.index.duplicated(keep=False)]
        at = of_line.reindex(keys[-count:][left]).fillna(-1).to_numpy(dtype=np.int64)
        right = at >= 0
        # A line of somebody else, or of another product, is not what was sent back.
        for name in ("customer", "product"):
            right &= (lines[name].cat.codes.to_numpy()[at] == returns[name].cat.codes.to_numpy()[left])
        left, at = left[right], at[right]
        order = np.lexsort((returns["date"].to_numpy()[left], at))
        left, at = left[order], at[order]
        back = pd.Series(returns["quantity"].to_numpy()[left])
        room = lines["quantity"].to_numpy()[at] - taken[at] - (back.groupby(at).cumsum() - back).to_numpy()
        part = np.clip(back.to_numpy(), 0, np.maximum(room, 0))
        sale[left], matched[left] = at, part
        np.add.at(taken, at, part)


def _stated(returns: pd.DataFrame, names: list[str]) -> Bools:
    return np.asarray((returns[names].astype(object) != "").all(axis=1), dtype=bool)


def _alike(lines: pd.DataFrame, returns: pd.DataFrame, left: Positions, free: Positions, *, priced: bool,
           sale: Positions) -> None:
    """The latest earlier line of the same customer, product, quantity and, where it is known, price."""
    names = ["customer", "product", "quantity", *(["price"] if priced else [])]
    wanted = returns.iloc[left]
    # Only lines of a customer and product that sent something back can be it.
    pair = [lines[name].cat.codes.to_numpy().astype(np.int64) for name in ("customer", "product")]
    back = [wanted[name].cat.codes.to_numpy().astype(np.int64) for name in ("customer", "product")]
    width = int(max(pair[1].max(), back[1].max())) + 2
    free = free[np.isin(pair[0][free] * width + pair[1][free], np.unique(back[0] * width + back[1]))]
    if not len(free):
        return
    offered = lines.iloc[free]
    columns = [np.r_[_plain(offered[name]), _plain(wanted[name])] for name in names]
    moments = np.r_[offered["order_date"].to_numpy().astype("datetime64[s]").astype(np.int64),
                    wanted["date"].to_numpy().astype("datetime64[s]").astype(np.int64)]
    is_return = np.r_[np.zeros(len(free), dtype=bool), np.ones(len(left), dtype=bool)]
    given, got = latest_first(group_codes(columns), moments, is_return)
    sale[left[given - len(free)]] = free[got]


def _plain(values: pd.Series) -> npt.NDArray[np.generic]:
    return values.cat.codes.to_numpy() if isinstance(values.dtype, pd.CategoricalDtype) else values.to_numpy()
