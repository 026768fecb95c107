"""Scenarios beside each other: what each costs, what is proven, and what it gives for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.packs.roles import SENSITIVITY
from ctsopt.report.figures.drawing import Drawing, bar, scatter
from ctsopt.report.figures.space import NARROW, WIDE, Frame, beside_points, narrow, of_bars, step_of
from ctsopt.report.figures.theme import (
    FAINT,
    INK,
    LAND,
    PALETTE,
    VERDICTS,
    amount,
    decimals_of,
    figure,
    label,
    labels,
    line_colours,
    line_name,
    listed,
    nothing,
    percent,
    scale_of,
    signed,
)

if TYPE_CHECKING:
    from ctsopt.comparing.comparison import Comparison

ROW = 26
"""Pixels of a row of a figure with one row per scenario."""

NAMED = {"cheaper": "proven cheaper", "dearer": "proven dearer", "tie": "not told apart", "same": "the same"}
"""What a verdict is called in a legend."""


def plans(comparison: Comparison) -> pd.DataFrame:
    """The scenarios that have a plan, in order."""
    return comparison.scenarios[comparison.scenarios["cost"].notna()].reset_index(drop=True)


def differences(comparison: Comparison) -> Drawing:
    """By how much each scenario is dearer than the one compared with: the plans' difference, and what is proven.

    A scenario is proven cheaper or dearer where its whiskers do not reach 0. One that costs the same to the cent is not
    drawn; and what may happen, but is nobody's choice, is in `risks`.
    """
    rows = plans(comparison)
    return _apart(rows[(rows["scenario"] != comparison.against) & (rows["role"] != SENSITIVITY)], comparison,
                  ("low", "point", "high", "verdict"), f"dearer than {labels([comparison.against])[0]} by")


def risks(comparison: Comparison) -> Drawing:
    """By how much dearer every sensitivity is than the scenario that it starts from; those of tornados are in these."""
    rows = plans(comparison)
    bars = set(comparison.tornado["scenario"])
    own = rows[(rows["role"] == SENSITIVITY) & rows["parent_point"].notna() & ~rows["scenario"].isin(bars)]
    bases = own["parent"].unique().tolist()
    than = labels(bases)[0] if len(bases) == 1 else "what it starts from"
    return _apart(own, comparison, ("parent_low", "parent_point", "parent_high", "parent_verdict"),
                  f"dearer than {than} by")


def _apart(rows: pd.DataFrame, comparison: Comparison, columns: Sequence[str], than: str) -> Drawing:
    """Bars from 0, with their values and with whiskers of the proof."""
    some = rows[list(columns)].set_axis(["low", "point", "high", "verdict"], axis=1).assign(scenario=rows["scenario"])
    some = some[(some[["low", "point", "high"]] != 0).any(axis=1)].reset_index(drop=True)
    if some.empty:
        return nothing("There is no plan of another cost to compare with.")
    scale, word = scale_of([*some["low"], *some["high"]])
    decimals = 2 if scale > 1 else 0
    names = labels(some["scenario"].tolist())
    traces = []
    for verdict, part in some.groupby("verdict", sort=False):
        words = [f"{names[place]}: {signed(p / scale, decimals)}, proven between {signed(a / scale, decimals)} and "
                 f"{signed(b / scale, decimals)}"
                 for place, p, a, b in zip(part.index, part["point"], part["low"], part["high"], strict=True)]
        traces.append(bar(
            x=listed(part["point"] / scale), y=part.index.tolist(), orientation="h", name=NAMED[str(verdict)],
            hoverinfo="text", hovertext=words, marker={"color": VERDICTS[str(verdict)]}, width=0.6,
            error_x={"type": "data", "symmetric": False, "array": listed((part["high"] - part["point"]) / scale),
                     "arrayminus": listed((part["point"] - part["low"]) / scale), "thickness": 1.3, "width": 4,
                     "color": INK}))
    low, high = some[["low", "point"]].min(axis=1) / scale, some[["high", "point"]].max(axis=1) / scale
    values = [signed(value / scale, decimals) for value in some["point"]]
    return figure(traces, x=f"{than}, {word}{label(comparison.currency)}", height=120 + ROW * len(some),
                  yaxis=rows_axis(names), **of_bars(low.tolist(), high.tolist(), values, names),
                  **legend_below(ROW * len(some)))


def rows_axis(names: Sequence[str]) -> dict[str, Any]:
    """An axis with one row per name, the first at the top."""
    return {"tickmode": "array", "tickvals": list(range(len(names))), "ticktext": list(names),
            "range": [len(names) - 0.5, -0.5], "showgrid": False, "zeroline": False}


def legend_below(height: int) -> dict[str, Any]:
    """A legend under the title of the axis of a figure whose plot is so many pixels high."""
    return {"legend": {"orientation": "h", "yanchor": "top", "y": -55 / max(height, 120), "x": 0, "xanchor": "left",
                       "font": {"size": 12}}}


def cost_lines(comparison: Comparison) -> Drawing:
    """Every plan's cost, line by line; the parts of a bar add up to the cost of the plan."""
    rows, lines = plans(comparison), lines_of(comparison)
    scale, word = scale_of(rows["cost"])
    names, colours = labels(rows["scenario"].tolist()), line_colours(lines)
    place = list(range(len(rows)))
    traces = [bar(x=listed(rows[line].fillna(0.0) / scale), y=place, orientation="h", name=line_name(line),
                  marker={"color": colours[line], "line": {"color": "#ffffff", "width": 0.5}}, hoverinfo="text",
                  hovertext=[f"{name}: {line_name(line)} {amount(value / scale, 2)}"
                             for name, value in zip(names, rows[line].fillna(0.0), strict=True)])
              for line in lines if rows[line].fillna(0.0).abs().max() > 0]
    parts = rows[lines].fillna(0.0) / scale
    low, high = parts.clip(upper=0).sum(axis=1).tolist(), parts.clip(lower=0).sum(axis=1).tolist()
    decimals = decimals_of(rows["cost"], scale)
    values = [amount(value / scale, decimals) for value in rows["cost"]]
    return figure(traces, x=f"{word}{label(comparison.currency)}", height=170 + ROW * len(rows), barmode="relative",
                  yaxis=rows_axis(names), bargap=0.3, **of_bars(low, high, values, names),
                  **legend_below(ROW * len(rows)))


def lines_of(comparison: Comparison) -> list[str]:
    """The cost lines of the plans, in P&L order."""
    known = comparison.kpis.reset_index()
    return known.loc[known["kpi"] == "cost_line", "by"].astype(str).loc[lambda names: names.isin(
        comparison.scenarios.columns)].tolist()


_STATUS = {"front": (PALETTE[0], "circle", "on the front"),
           "perhaps dominated": (FAINT, "circle-open", "perhaps dominated"),
           "dominated": (VERDICTS["dearer"], "x", "proven dominated"),
           "other demand": (LAND, "diamond-open", "of another demand")}

_SAME = 1e-6
"""Demands that differ by a smaller share are the same."""


def measure_name(measure: str) -> str:
    """A measure of service in words: `share of demand that comes within 2 days`."""
    known = {"on_time": "comes within its promised lead time", "served": "is served",
             "fill_rate": "is in stock when it is asked for"}
    days = measure.removeprefix("within_")
    return f"share of demand that {known.get(measure, f'comes within {days} day' + ('' if days == '1' else 's'))}"


def frontier(comparison: Comparison, measure: str = "") -> Drawing:
    """Cost against service: the front of the plans that no other one beats in both, and what is proven dominated.

    Parameters
    ----------
    comparison : Comparison
    measure : str
        Of the table `comparison.pareto`; blank for its first one, that of the pack.

    Raises
    ------
    UsageError
        If there is no such measure.
    """
    known = list(dict.fromkeys(comparison.pareto["measure"]))
    measure = measure or (known[0] if known else "")
    if measure not in known:
        raise UsageError(f"measure = {measure!r}: one of {', '.join(known)}")
    table = comparison.pareto[comparison.pareto["measure"] == measure].reset_index(drop=True)
    alike = same_demand(comparison).reindex(table["scenario"]).to_numpy(dtype=bool)
    table["status"] = table["status"].where(alike, "other demand")
    scale, word = scale_of(table["cost"])
    names = pd.Series(labels(table["scenario"].tolist()), index=table.index)
    edge = table[table["status"] == "front"].sort_values(["service", "cost"]).drop_duplicates(["service", "cost"])
    order = [status for status in _STATUS if (table["status"] == status).any()]
    traces = [scatter(x=listed(100 * edge["service"], 3), y=listed(edge["cost"] / scale), mode="lines",
                      line={"color": PALETTE[0], "width": 1.5, "shape": "vh", "dash": "dot"}, showlegend=False,
                      hoverinfo="skip"),
              *(_standing(table[table["status"] == status], names, status, scale) for status in order)]
    # Names are placed in the order of what they matter: those on the front first.
    table = table.assign(name=names, rank=table["status"].map({status: at for at, status in enumerate(_STATUS)}))
    table = table.sort_values(["rank", "cost"], kind="stable")
    x, y = (100 * table["service"]).tolist(), (table["cost"] / scale).tolist()
    left, right = _with_room(x, 100.0)
    low, high = _with_room([*y, *(table["bound"] / scale)])
    on_desk, on_telephone = (
        beside_points(Frame(left, right, low, high, width - _BESIDE, _FRONTIER - _BELOW), x, y, table["name"].tolist(),
                      size) for width, size in ((WIDE, 11), (NARROW, 10)))
    step = step_of(right - left)
    ticks = [step * number for number in range(math.ceil(left / step), math.floor(min(right, 100.0) / step) + 1)]
    return figure(traces, x=f"{measure_name(measure)}, % (better to the right)",
                  y=f"{word}{label(comparison.currency)}", height=_FRONTIER, annotations=on_desk,
                  xaxis={"range": [left, right], "tickvals": listed(ticks)},
                  yaxis={"range": [low, high]}, **narrow(annotations=on_telephone),
                  legend={"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0, "font": {"size": 12}})


_FRONTIER, _BESIDE, _BELOW = 500, 90, 120
"""Pixels of the figure, and what axes and legend take of them to the side and below."""


def _with_room(values: Sequence[float], most: float = math.inf) -> tuple[float, float]:
    """Ends of an axis with room around its points, not far beyond the most that there can be.

    A bound of which nothing is proven is no point.
    """
    points = [value for value in values if math.isfinite(value)]
    low, high = min(points), max(points)
    apart = high - low if high - low > 1e-9 * abs(high) else 0.0  # less is the rounding of one figure
    room = 0.08 * (apart or abs(high) * 0.02 or 1.0)
    return low - room, min(high + room, most + 0.6 * room)


def same_demand(comparison: Comparison) -> pd.Series[bool]:
    """Which plans meet the demand of the one compared with: only these are held against it."""
    rows = plans(comparison).set_index("scenario")
    demand = rows["cost"] / rows["cost_per_unit"] / rows["served"]
    alike: pd.Series[bool] = (demand / demand[comparison.against] - 1).abs() < _SAME
    return alike


def _standing(part: pd.DataFrame, names: pd.Series[str], status: str, scale: float) -> Any:
    """The plans of one status, with whiskers down to what no plan can cost less than."""
    colour, symbol, meaning = _STATUS[status]
    words = [f"{names[place]}: {percent(service)}; {amount(cost / scale, 2)}, no plan costs less than "
             f"{amount(bound / scale, 2)}" + (f"; beaten by {label(by)}" if by else "")
             for place, service, cost, bound, by in
             part[["service", "cost", "bound", "dominated_by"]].itertuples()]
    below = ((part["cost"] - part["bound"]) / scale).clip(lower=0.0)
    return scatter(
        x=listed(100 * part["service"], 3), y=listed(part["cost"] / scale), mode="markers", name=meaning,
        hoverinfo="text", hovertext=words, marker={"color": colour, "symbol": symbol, "size": 10, "line": {"width": 2}},
        error_y={"type": "data", "symmetric": False, "array": [0.0] * len(part), "arrayminus": listed(below),
                 "width": 4, "thickness": 1.2, "color": colour})
