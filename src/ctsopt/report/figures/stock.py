"""Stock of one plan: what lies where, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsopt.errors import UsageError
from ctsopt.report.figures.comparison import ROW, legend_below, rows_axis
from ctsopt.report.figures.drawing import Drawing, bar
from ctsopt.report.figures.space import of_bars
from ctsopt.report.figures.theme import PALETTE, amount, decimals_of, figure, labels, listed, nothing, scale_of

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.results.solution import Solution

KINDS = ("cycle", "safety", "pipeline")
"""Kinds of stock: of lots, against uncertainty, on the way."""

_DAYS = 365.0

_KEYS = {"site": "site", "tier": "tiers", "product": "product"}


def has_stock(solution: Solution) -> bool:
    """Whether the plan states its stock: plans that were saved before ctsopt knew of stock do not."""
    table = solution.tables.get("stock")
    return table is not None and len(table) > 0


def stock_table(solution: Solution, by: str = "site") -> pd.DataFrame:
    """Stock by site, tier or product, largest first.

    Parameters
    ----------
    solution : Solution
    by : {"site", "tier", "product"}
        Stock that several tiers share stands in a row of its own, with all their names.

    Returns
    -------
    DataFrame
        The key; cycle, safety, pipeline (units, mean); units (their sum); value (money); volume (units a day that go
        out); turns (units that go out in a year over cycle and safety stock).

    Raises
    ------
    UsageError
        If the plan states no stock, or there is no such key.
    """
    if by not in _KEYS:
        raise UsageError(f"by = {by!r}: one of {', '.join(_KEYS)}")
    if not has_stock(solution):
        raise UsageError("the plan states no stock")
    frame = solution.tables["stock"]
    sums = frame.groupby(_KEYS[by], observed=True, sort=True)[[*KINDS, "value", "volume"]].sum()
    sums.insert(len(KINDS), "units", sums[list(KINDS)].sum(axis=1))
    kept = sums["cycle"] + sums["safety"]
    sums["turns"] = _DAYS * sums["volume"] / kept.where(kept > 0)
    return sums.sort_values("units", ascending=False, kind="stable").rename_axis(by).reset_index()


def stock(solution: Solution, by: str = "site") -> Drawing:
    """Stock in units by site, tier or product: cycle, safety, and on the way; see `stock_table`."""
    if not has_stock(solution):
        return nothing("This plan states no stock.")
    frame = stock_table(solution, by)
    frame = frame[frame["units"] > 0].reset_index(drop=True)
    scale, word = scale_of(frame["units"])
    names, place = labels(frame[by].tolist()), list(range(len(frame)))
    traces = [bar(x=listed(frame[kind] / scale), y=place, orientation="h", name=kind, hoverinfo="text",
                  marker={"color": PALETTE[number]},
                  hovertext=[f"{name}: {kind} {amount(value, 0)} units"
                             for name, value in zip(names, frame[kind], strict=True)])
              for number, kind in enumerate(KINDS)]
    whole = (frame["units"] / scale).tolist()
    decimals = decimals_of(frame["units"], scale)
    values = [amount(value, decimals) for value in whole]
    return figure(traces, x=f"{word}units, on average", height=140 + ROW * len(frame), barmode="relative", bargap=0.3,
                  yaxis=rows_axis(names), **of_bars([0.0] * len(frame), whole, values, names),
                  **legend_below(ROW * len(frame)))
