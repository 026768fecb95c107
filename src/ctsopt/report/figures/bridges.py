"""From one cost to another: steps that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.report.figures.drawing import Drawing, bar, scatter
from ctsopt.report.figures.theme import (
    INK,
    PALETTE,
    VERDICTS,
    amount,
    decimals_of,
    figure,
    label,
    labels,
    line_name,
    listed,
    scale_of,
    signed,
)

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison

STEPS = ["part", "kind", "low", "point", "high"]
"""Columns of a bridge: `kind` is `start` or `end` where it begins and ends; every other row is a step between. `low`
and `high` are what is proven of a step, not a number where nothing is."""

TOTALS = ("start", "end")


def cost_bridge_table(comparison: Comparison, scenario: str, base: str = "") -> pd.DataFrame:
    """From the cost of one plan to that of another, cost line by cost line; the columns are `STEPS`.

    Parameters
    ----------
    comparison : Comparison
    scenario : str
        Where the bridge ends.
    base : str
        Where it begins; blank for the scenario compared with.

    Raises
    ------
    UsageError
        If there is no plan of one of the names.
    """
    base = base or comparison.against
    costs = comparison.scenarios.set_index("scenario")["cost"].dropna()
    for name in (base, scenario):
        if name not in costs.index:
            raise UsageError(f"bridge: there is no plan {name!r}" + did_you_mean(name, costs.index))
    by_line = comparison.differences.pivot(index="line", columns="scenario", values="amount")
    by_line[comparison.against] = 0.0
    apart = (by_line[scenario] - by_line[base]).reindex(list(dict.fromkeys(comparison.differences["line"])))
    apart = apart[apart != 0]
    rows = [(base, "start", costs[base]), *((line_name(line), "line", value) for line, value in apart.items()),
            (scenario, "end", costs[scenario])]
    return pd.DataFrame(rows, columns=["part", "kind", "point"]).assign(low=np.nan, high=np.nan)[STEPS]


def cost_bridge(comparison: Comparison, scenario: str, base: str = "") -> Drawing:
    """From the cost of one plan to that of another, cost line by cost line; see `cost_bridge_table`."""
    return bridge(cost_bridge_table(comparison, scenario, base), comparison.currency)


def bridge(steps: pd.DataFrame, currency: str) -> Drawing:
    """A waterfall from one cost to another, with whiskers where a step is proven to lie between two ends.

    Parameters
    ----------
    steps : DataFrame
        One row per step in order, see `STEPS`; rows of kind `difference` are passed over. Where there are columns
        `from` and `to`, as in a bridge of `Comparison.bridges`, the ends have the names that stand there.
    currency : str
    """
    steps = _named(steps[steps["kind"] != "difference"].reset_index(drop=True))
    total = steps["kind"].isin(TOTALS)
    size = steps["point"].astype(float)
    scale, word = scale_of(size)
    decimals = decimals_of(size, scale)
    # A step floats at the height that those before it came to; a total stands on the ground.
    start = 0.0 if not total.iloc[0] else float(size.iloc[0])
    reached = size.where(~total, 0.0).cumsum() + start
    base, top = (reached - size).where(~total, 0.0), reached.where(~total, size)
    # Without a cost to begin with, steps are what a cost consists of, and none of them is dearer than anything.
    composed = not total.iloc[0]
    colours = [INK if one else PALETTE[0] if composed and up > 0 else VERDICTS["dearer" if up > 0 else "cheaper"]
               for one, up in zip(total, size, strict=True)]
    words = [amount(value / scale, decimals) if one or composed else signed(value / scale, decimals)
             for one, value in zip(total, size, strict=True)]
    names, place = labels(steps["part"].tolist()), list(range(len(steps)))
    bars = bar(x=listed((top - base) / scale), base=listed(base / scale), y=place, orientation="h", text=words,
               marker={"color": colours}, textposition="outside", cliponaxis=False, hoverinfo="text",
               hovertext=[f"{name}: {value}" for name, value in zip(names, words, strict=True)])
    low, high = _window(pd.concat([base[~total], top]))
    cut = "; the axis does not begin at 0" if low > 0 else ""
    return figure([bars, *_whiskers(steps, reached, ~total, scale)], x=f"{word}{label(currency)}{cut}",
                  height=80 + 28 * len(steps), showlegend=False, bargap=0.35,
                  yaxis={"tickmode": "array", "tickvals": place, "ticktext": names, "autorange": "reversed",
                         "showgrid": False}, xaxis={"range": [low / scale, high / scale]})


def _named(steps: pd.DataFrame) -> pd.DataFrame:
    """The steps, with the names of the two scenarios at the ends."""
    for kind, column in (("start", "from"), ("end", "to")):
        if column in steps:
            steps = steps.assign(part=steps["part"].where(steps["kind"] != kind, steps[column]))
    return steps


def _whiskers(steps: pd.DataFrame, reached: pd.Series[float], step: pd.Series[bool], scale: float) -> list[Any]:
    """What is proven of the steps that have a proof of their own."""
    low, high, size = (steps[name].astype(float) for name in ("low", "high", "point"))
    some = step & (high - low > 0)
    if not some.any():
        return []
    return [scatter(
        x=listed((reached / scale)[some]), y=[int(place) for place in some.to_numpy().nonzero()[0]], mode="markers",
        marker={"size": 5, "color": INK}, error_x={
            "type": "data", "symmetric": False, "array": listed(((high - size) / scale)[some]),
            "arrayminus": listed(((size - low) / scale)[some]), "color": INK, "thickness": 1.3, "width": 4},
        hoverinfo="skip")]


def _window(ends: pd.Series[float]) -> tuple[float, float]:
    """The ends of the axis: from 0, or around the ends of the steps where these are small beside the totals."""
    low, high = float(ends.min()), float(ends.max())
    extent = (high - low) or abs(high) or 1.0
    if low > 1.5 * extent:
        return low - 0.6 * extent, high + 0.35 * extent
    return min(low - 0.2 * extent, 0.0) if low < 0 else 0.0, high + 0.2 * max(extent, high)
