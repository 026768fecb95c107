"""How even the shares are, who envies whom, and what a rule costs against the one that looks at money alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ctsopt.errors import DataError
from ctsopt.keys import Floats
from ctsopt.shortage.rules import COMPARED

if TYPE_CHECKING:
    from ctsopt.shortage.allocation import Allocation

NOTHING = 1e-6


def jain(fill: npt.ArrayLike) -> float:
    """(sum r)^2 / (n sum r^2): 1 where all fill ratios are equal, 1/n where one has everything.

    Examples
    --------
    >>> jain([1, 1, 0, 0])
    0.5
    """
    ratios = np.asarray(fill, dtype=np.float64)
    squares = float((ratios**2).sum())
    return float(ratios.sum()) ** 2 / (len(ratios) * squares) if squares else 1.0


def gini(fill: npt.ArrayLike) -> float:
    """Gini coefficient of fill ratios: 0 where all are equal.

    Examples
    --------
    >>> gini([1, 0])
    0.5
    """
    ratios = np.sort(np.asarray(fill, dtype=np.float64))
    total, count = float(ratios.sum()), len(ratios)
    place = np.arange(1, count + 1)
    return float((2 * place - count - 1) @ ratios) / (count * total) if total else 0.0


def by_customer(alloc: Allocation) -> pd.DataFrame:
    """What each customer asked for and got: tier, customer, asked, share, got, short, fill, fill_of_shares."""
    table = alloc.table
    sums = table.groupby(["tier", "customer"], as_index=False)[["asked", "share", "whole", "short"]].sum()
    sums = sums.rename(columns={"whole": "got"})
    return sums.assign(fill=_ratio(sums["got"], sums["asked"]), fill_of_shares=_ratio(sums["share"], sums["asked"]))


def fairness(alloc: Allocation) -> pd.DataFrame:
    """One row per tier and one for all.

    Returns
    -------
    DataFrame
        tier, customers, lines, lines_in_full, asked, got, short, fill (of units), least and most (fill of a customer),
        gini and jain of customers, the same of real shares (`least_of_shares`, `jain_of_shares`), value_asked and
        value_got where prices are known, and penalty.
    """
    table = alloc.table.assign(price=alloc.book.lines["unit_price"], penalty=alloc.book.lines["penalty"].fillna(0.0))
    people = by_customer(alloc)
    rows = [_measures(str(tier), part, people[people["tier"] == tier]) for tier, part in table.groupby("tier")]
    return pd.DataFrame([*rows, _measures("all", table, people)])


def _measures(name: str, lines: pd.DataFrame, people: pd.DataFrame) -> dict[str, object]:
    asked, got = float(lines["asked"].sum()), float(lines["whole"].sum())
    return {"tier": name, "customers": people["customer"].nunique(), "lines": len(lines),
            "lines_in_full": int((lines["short"] <= NOTHING).sum()), "asked": asked, "got": got, "short": asked - got,
            "fill": got / asked if asked else 1.0, "least": people["fill"].min(), "most": people["fill"].max(),
            "gini": gini(people["fill"]), "jain": jain(people["fill"]),
            "least_of_shares": people["fill_of_shares"].min(), "jain_of_shares": jain(people["fill_of_shares"]),
            "value_asked": float((lines["asked"] * lines["price"]).sum(skipna=False)),
            "value_got": float((lines["whole"] * lines["price"]).sum(skipna=False)),
            "penalty": float((lines["short"] * lines["penalty"]).sum())}


def compared(alloc: Allocation, rules: Iterable[str] = COMPARED) -> pd.DataFrame:
    """Rules side by side, one row each.

    Returns
    -------
    DataFrame
        rule, chosen, got, lines_in_full, fill, least, gini, jain (of whole cases, over customers), least_of_shares,
        jain_of_shares, penalty, `price` (its penalty less that of the rule `value`; NaN where penalties are not known),
        and `borne_by_smallest`: the part of the shortage that falls on the third of the customers that asks least.
        Rules that look at something that the tables do not hold are left out.
    """
    named = list(dict.fromkeys([alloc.rule, *rules]))
    found = {}
    for rule in named:
        other = alloc if rule == alloc.rule else _under(alloc, rule)
        if other is not None:
            found[rule] = other
    rows = []
    for rule in [*(r for r in rules if r in found), *(r for r in found if r not in set(rules))]:
        whole = fairness(found[rule]).iloc[-1]
        rows.append({"rule": rule, "chosen": rule == alloc.rule}
                    | {name: whole[name] for name in ("got", "lines_in_full", "fill", "least", "gini", "jain",
                                                      "least_of_shares", "jain_of_shares", "penalty")}
                    | {"borne_by_smallest": borne_by_smallest(found[rule])})
    table = pd.DataFrame(rows)
    best = found.get("value") or _under(alloc, "value")
    return table.assign(price=table["penalty"] - (np.nan if best is None else best.penalty))


def side_by_side(alloc: Allocation, rules: Iterable[str] = COMPARED) -> pd.DataFrame:
    """What each line gets under each rule, in whole cases: order, line, customer, tier, asked, one column per rule."""
    table = alloc.table[["order", "line", "customer", "tier", "asked"]].copy()
    for rule in rules:
        other = alloc if rule == alloc.rule else _under(alloc, rule)
        if other is not None:
            table[rule] = other.table["whole"]
    return table


def _under(alloc: Allocation, rule: str) -> Allocation | None:
    """The allocation under another rule; None where the tables do not say what the rule looks at."""
    try:
        return alloc.under(rule)
    except DataError:
        return None


def borne_by_smallest(alloc: Allocation) -> float:
    """Part of the shortage that falls on the third of the customers that asks least."""
    people = by_customer(alloc).groupby("customer")[["asked", "short"]].sum().sort_values("asked", kind="stable")
    total = float(people["short"].sum())
    return float(people["short"].iloc[:len(people) // 3].sum()) / total if total > NOTHING else 0.0


def envy(alloc: Allocation) -> pd.DataFrame:
    """Short lines with a better served line of the same rank in the same pool, by more than one case.

    Returns
    -------
    DataFrame
        order, line, fill, envied (order), its fill, and the `step` that decided: no row is without one.
    """
    table = alloc.table.assign(fill=_ratio(alloc.table["whole"], alloc.table["asked"]))
    first = table["fill"].groupby([table["pool"], table["rank"]]).transform("idxmax").to_numpy()
    best = table.loc[first]
    case = alloc.case_size / np.maximum(table["asked"].to_numpy(), 1e-300)
    gap = best["fill"].to_numpy() - table["fill"].to_numpy()
    found = table.assign(envied=best["order"].to_numpy(), fill_of_envied=best["fill"].to_numpy())[gap > case + 1e-9]
    steps = alloc.reasons[["order", "line", "step"]]
    names = ["order", "line", "fill", "envied", "fill_of_envied"]
    listed: pd.DataFrame = found[names]
    return listed.merge(steps, on=["order", "line"], how="left")


def repeat_victims(alloc: Allocation, earlier: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Customers that are short now and were before: customer, product, times, fill now.

    Parameters
    ----------
    alloc : Allocation
        What is shared now.
    earlier : sequence of DataFrame
        Tables of earlier allocations (`Allocation.table`), the last ones that count.
    """
    keys = ["customer", "product"]

    def short(table: pd.DataFrame) -> pd.Series[float]:
        return (table.groupby(keys)["short"].sum() > NOTHING).astype(float)

    sums = alloc.table.groupby(keys)[["asked", "whole", "short"]].sum()
    before = sum((short(table).reindex(sums.index).fillna(0.0) for table in earlier), pd.Series(0.0, index=sums.index))
    found = sums.assign(times=before.astype(int), fill=_ratio(sums["whole"], sums["asked"]))
    again = found.loc[(found["short"] > NOTHING) & (found["times"] > 0), ["times", "fill"]]
    return pd.DataFrame(again.reset_index()).sort_values("times", ascending=False, kind="stable", ignore_index=True)


def _ratio(got: pd.Series[float], asked: pd.Series[float]) -> Floats:
    """Fill ratios; who asked for nothing has all of it."""
    return np.divide(got.to_numpy(), asked.to_numpy(), out=np.ones(len(got)), where=asked.to_numpy() > 0)
