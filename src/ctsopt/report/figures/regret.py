"""What a choice may cost: regret over states of demand, and one thing varied at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ctsopt.report.extra import require
from ctsopt.report.figures.comparison import ROW, legend_below, rows_axis
from ctsopt.report.figures.theme import (
    INK,
    PALETTE,
    VERDICTS,
    amount,
    figure,
    label,
    labels,
    listed,
    nothing,
    scale_of,
    signed,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from ctsopt.scenarios.comparison import Comparison

_MARKS = ("circle", "diamond", "square", "cross", "star", "hexagon", "pentagon", "bowtie")


def regret(comparison: Comparison) -> go.Figure:
    """How much dearer each scenario is than the cheapest one, in every state of demand; the worst with its proof."""
    go = require("plotly.graph_objects")
    if comparison.regret.empty:
        return nothing("No scenario was solved in states of demand.")
    worst = comparison.regret.sort_values("worst_point", kind="stable").reset_index(drop=True)
    place = {name: number for number, name in enumerate(worst["scenario"])}
    cells = comparison.states[comparison.states["scenario"].isin(place)]
    scale, word = scale_of(worst["worst_high"])
    marks = worst["minimax"].map({"proven": " *", "possible": " (*)"}).fillna("")
    names = [f"{name}{mark}" for name, mark in zip(labels(worst["scenario"].tolist()), marks, strict=True)]
    traces = [go.Bar(
        x=listed(worst["worst_point"] / scale), y=list(range(len(worst))), orientation="h", name="worst regret",
        marker={"color": "#c9d6e3"}, hoverinfo="text",
        hovertext=[f"{name}: worst {amount(p / scale, 2)}, proven between {amount(a / scale, 2)} and "
                   f"{amount(b / scale, 2)}" for name, p, a, b in
                   zip(names, worst["worst_point"], worst["worst_low"], worst["worst_high"], strict=True)],
        error_x={"type": "data", "symmetric": False, "color": INK, "thickness": 1.3, "width": 4,
                 "array": listed((worst["worst_high"] - worst["worst_point"]) / scale),
                 "arrayminus": listed((worst["worst_point"] - worst["worst_low"]) / scale)})]
    for number, (state, part) in enumerate(cells.groupby("state", sort=False)):
        traces.append(go.Scatter(
            x=listed(part["regret_point"] / scale), y=[place[name] for name in part["scenario"]], mode="markers",
            name=label(state), hoverinfo="text",
            hovertext=[f"{label(name)} in {label(state)}: {amount(value / scale, 2)}"
                       for name, value in zip(part["scenario"], part["regret_point"], strict=True)],
            marker={"size": 9, "symbol": _MARKS[number % len(_MARKS)], "color": PALETTE[number % len(PALETTE)],
                    "line": {"color": "#ffffff", "width": 1}}))
    return figure(traces, x=f"regret, {word}{label(comparison.currency)}", height=130 + ROW * len(worst), bargap=0.4,
                  yaxis=rows_axis(names), **legend_below(ROW * len(worst)))


def tornado(comparison: Comparison, sweep: str = "") -> go.Figure:
    """One thing varied at a time: by how much dearer or cheaper, the widest at the top, with whiskers of the proof.

    Parameters
    ----------
    comparison : Comparison
    sweep : str
        Of the table `comparison.tornado`; blank for its first one.
    """
    bars = comparison.tornado[comparison.tornado["point"].notna()]
    bars = bars[bars["sweep"] == (sweep or (bars["sweep"].iloc[0] if len(bars) else ""))]
    if bars.empty:
        return nothing("Nothing is varied one at a time.")
    go = require("plotly.graph_objects")
    order = list(dict.fromkeys(bars["axis"]))
    place = {name: number for number, name in enumerate(order)}
    scale, word = scale_of([*bars["low"], *bars["high"]])
    decimals = 2 if scale > 1 else 0
    names = labels(order)
    words = [f"{names[place[axis]]} {label(value)}: {signed(p / scale, decimals)}, proven between "
             f"{signed(a / scale, decimals)} and {signed(b / scale, decimals)}"
             for axis, value, a, p, b in bars[["axis", "value", "low", "point", "high"]].itertuples(index=False)]
    traces = [go.Bar(
        x=listed(bars["point"] / scale), y=[place[axis] for axis in bars["axis"]], orientation="h", hoverinfo="text",
        hovertext=words, text=[label(value, 12) for value in bars["value"]], textposition="inside",
        insidetextanchor="end", textfont={"color": "#ffffff"},
        marker={"color": [VERDICTS["dearer" if value > 0 else "cheaper"] for value in bars["point"]],
                "line": {"color": "#ffffff", "width": 1}},
        error_x={"type": "data", "symmetric": False, "color": INK, "thickness": 1.3, "width": 4,
                 "array": listed((bars["high"] - bars["point"]) / scale),
                 "arrayminus": listed((bars["point"] - bars["low"]) / scale)})]
    return figure(traces, x=f"dearer than {label(bars['from'].iloc[0])} by, {word}{label(comparison.currency)}",
                  height=100 + 34 * len(order), showlegend=False, barmode="overlay", bargap=0.35,
                  yaxis=rows_axis(names), xaxis={"zeroline": True, "zerolinewidth": 2})
