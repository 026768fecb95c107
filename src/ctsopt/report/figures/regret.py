"""What a choice may cost: regret over states of demand, and one thing varied at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from ctsopt.report.figures.comparison import ROW, legend_below, rows_axis
from ctsopt.report.figures.drawing import Drawing, bar, scatter
from ctsopt.report.figures.space import of_bars
from ctsopt.report.figures.theme import (
    INK,
    PALETTE,
    VERDICTS,
    amount,
    decimals_of,
    figure,
    label,
    labels,
    listed,
    nothing,
    scale_of,
    signed,
)

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison

_MARKS = ("circle", "diamond", "square", "cross", "star", "hexagon", "pentagon", "bowtie")


def regret(comparison: Comparison) -> Drawing:
    """How much dearer each scenario is than the cheapest one, in every state of demand; the worst with its proof."""
    if comparison.regret.empty:
        return nothing("No scenario was solved in states of demand.")
    worst = comparison.regret.sort_values("worst_point", kind="stable").reset_index(drop=True)
    place = {name: number for number, name in enumerate(worst["scenario"])}
    cells = comparison.states[comparison.states["scenario"].isin(place)]
    scale, word = scale_of(worst["worst_high"])
    marks = worst["minimax"].map({"proven": " *", "possible": " (*)"}).fillna("")
    names = [f"{name}{mark}" for name, mark in zip(labels(worst["scenario"].tolist()), marks, strict=True)]
    traces = [bar(
        x=listed(worst["worst_point"] / scale), y=list(range(len(worst))), orientation="h", name="worst regret",
        marker={"color": "#c9d6e3"}, hoverinfo="text",
        hovertext=[f"{name}: worst {amount(p / scale, 2)}, proven between {amount(a / scale, 2)} and "
                   f"{amount(b / scale, 2)}" for name, p, a, b in
                   zip(names, worst["worst_point"], worst["worst_low"], worst["worst_high"], strict=True)],
        error_x={"type": "data", "symmetric": False, "color": INK, "thickness": 1.3, "width": 4,
                 "array": listed((worst["worst_high"] - worst["worst_point"]) / scale),
                 "arrayminus": listed((worst["worst_point"] - worst["worst_low"]) / scale)})]
    for number, (state, part) in enumerate(cells.groupby("state", sort=False)):
        traces.append(scatter(
            x=listed(part["regret_point"] / scale), y=[place[name] for name in part["scenario"]], mode="markers",
            name=label(state), hoverinfo="text",
            hovertext=[f"{label(name)} in {label(state)}: {amount(value / scale, 2)}"
                       for name, value in zip(part["scenario"], part["regret_point"], strict=True)],
            marker={"size": 9, "symbol": _MARKS[number % len(_MARKS)], "color": PALETTE[number % len(PALETTE)],
                    "line": {"color": "#ffffff", "width": 1}}))
    decimals = decimals_of(worst["worst_high"], scale)
    values = [amount(value / scale, decimals) for value in worst["worst_point"]]
    return figure(traces, x=f"worst regret, {word}{label(comparison.currency)}", height=130 + ROW * len(worst),
                  bargap=0.4, yaxis=rows_axis(names),
                  **of_bars([0.0] * len(worst), (worst["worst_high"] / scale).tolist(), values, names),
                  **legend_below(ROW * len(worst)))


def tornado(comparison: Comparison, sweep: str = "", meanings: Mapping[str, tuple[str, str]] | None = None
            ) -> Drawing:
    """One thing varied at a time: by how much dearer or cheaper, the widest at the top, with whiskers of the proof.

    What changes no cost is not drawn. The name of each axis stands above its bars, its value and what it does beside.

    Parameters
    ----------
    comparison : Comparison
    sweep : str
        Of the table `comparison.tornado`; blank for its first one.
    meanings : mapping of str to (str, str), optional
        By scenario: what is varied, and its value with the unit, in words; by default as the pack calls them.
    """
    bars = comparison.tornado[comparison.tornado["point"].notna()]
    bars = bars[bars["sweep"] == (sweep or (bars["sweep"].iloc[0] if len(bars) else ""))]
    bars = bars[(bars[["low", "point", "high"]] != 0).any(axis=1)].reset_index(drop=True)
    if bars.empty:
        return nothing("Nothing that is varied one at a time changes the cost.")
    known = meanings or {}
    told = [known.get(case, (axis, value)) for case, axis, value in bars[["scenario", "axis", "value"]].itertuples(
        index=False)]
    bars = bars.assign(what=[what for what, _ in told], shown=[label(value, _VALUE) for _, value in told])
    order = list(dict.fromkeys(zip(bars["axis"], bars["what"], strict=True)))
    place = [order.index(each) for each in zip(bars["axis"], bars["what"], strict=True)]
    scale, word = scale_of([*bars["low"], *bars["high"]])
    decimals = 2 if scale > 1 else 0
    words = [f"{label(what, _MEANING)} {value}: {signed(p / scale, decimals)}, proven between "
             f"{signed(a / scale, decimals)} and {signed(b / scale, decimals)}"
             for what, value, a, p, b in bars[["what", "shown", "low", "point", "high"]].itertuples(index=False)]
    trace = bar(
        x=listed(bars["point"] / scale), y=place, orientation="h", hoverinfo="text", hovertext=words, width=0.5,
        marker={"color": [VERDICTS["dearer" if value > 0 else "cheaper"] for value in bars["point"]],
                "line": {"color": "#ffffff", "width": 1}},
        error_x={"type": "data", "symmetric": False, "color": INK, "thickness": 1.3, "width": 4,
                 "array": listed((bars["high"] - bars["point"]) / scale),
                 "arrayminus": listed((bars["point"] - bars["low"]) / scale)})
    low, high = bars[["low", "point"]].min(axis=1) / scale, bars[["high", "point"]].max(axis=1) / scale
    outer = _outermost(bars, place)
    values = [f"{value}: {signed(point / scale, decimals)}"
              for value, point in bars.loc[outer, ["shown", "point"]].itertuples(index=False)]
    heads = [{"xref": "paper", "x": 0, "xanchor": "left", "y": number - 0.48, "yanchor": "middle", "showarrow": False,
               "text": f"<b>{label(what, _MEANING)}</b>", "font": {"size": 12, "color": INK},
               "bgcolor": "rgba(255,255,255,0.8)"} for number, (_, what) in enumerate(order)]
    return figure([trace], x=f"dearer than {label(bars['from'].iloc[0])} by, {word}{label(comparison.currency)}",
                  height=90 + _PITCH * len(order), showlegend=False, barmode="overlay",
                  yaxis={"visible": False, "range": [len(order) - 0.5, -0.8]},
                  **of_bars(low[outer].tolist(), high[outer].tolist(), values, rows=[place[at] for at in outer],
                            notes=heads))


def _outermost(bars: pd.DataFrame, place: Sequence[int]) -> list[int]:
    """Of several bars of one axis on one side, the longest: the others lie under it, and say their values when they are
    pointed at.
    """
    side = bars["point"] > 0
    longest = bars["point"].abs().groupby([pd.Series(place, index=bars.index), side]).idxmax()
    return sorted(longest.tolist())


_PITCH, _VALUE, _MEANING = 58, 18, 60
"""Pixels of an axis and its name; letters of a value and of a name."""
