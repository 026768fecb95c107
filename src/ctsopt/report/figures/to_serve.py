"""Cost-to-serve of one plan: by tier as a P&L, and line by line as a waterfall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ctsopt.errors import UsageError, did_you_mean
from ctsopt.report.figures.bridges import bridge
from ctsopt.report.figures.comparison import ROW, legend_below, rows_axis
from ctsopt.report.figures.drawing import Drawing, bar
from ctsopt.report.figures.space import of_bars
from ctsopt.report.figures.theme import amount, figure, label, labels, line_colours, line_name, listed
from ctsopt.report.once import once

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution


@once
def tier_table(solution: Solution) -> pd.DataFrame:
    """Cost-to-serve by tier, with what serves nobody and the total: the P&L of the plan.

    Columns: tier; units; the cost lines that arise; cost (cash); penalties; total; cost_per_unit; share_of_units,
    share_of_cost (of the cash).
    """
    frame = solution.cost_to_serve(by=["tier"]).rename_axis("tier").reset_index()
    lines = solution.costs["line"].tolist()
    frame = frame.drop(columns=[line for line in lines if not frame[line].abs().gt(0).any()])
    last = frame.iloc[-1]
    for share, of in (("share_of_units", "units"), ("share_of_cost", "cost")):
        frame[share] = frame[of] / last[of] if last[of] else float("nan")
    return frame


def _lines(solution: Solution, frame: pd.DataFrame) -> list[str]:
    return [line for line in solution.costs["line"].tolist() if line in frame.columns]


def tier_costs(solution: Solution) -> Drawing:
    """What each tier costs to serve, for a unit of it, line by line; bars are as long as the average of the tier."""
    frame = tier_table(solution)
    lines = _lines(solution, frame)
    frame = frame[frame["units"] > 0].reset_index(drop=True)
    names, colours = labels(frame["tier"].tolist()), line_colours(solution.costs["line"])
    per_unit = frame[lines].div(frame["units"], axis=0)
    place = list(range(len(frame)))
    traces = [bar(x=listed(per_unit[line]), y=place, orientation="h", name=line_name(line), hoverinfo="text",
                  marker={"color": colours[line], "line": {"color": "#ffffff", "width": 0.5}},
                  hovertext=[f"{name}: {line_name(line)} {amount(value, 3)} a unit"
                             for name, value in zip(names, per_unit[line], strict=True)]) for line in lines]
    whole = frame[lines].sum(axis=1) / frame["units"]
    low, high = per_unit.clip(upper=0).sum(axis=1).tolist(), per_unit.clip(lower=0).sum(axis=1).tolist()
    values = [f"<b>{amount(float(value), 2)}</b>" for value in whole]
    height = 40 + (ROW + 12) * len(frame)
    return figure(traces, x=f"{label(solution.net.settings['currency'])} per unit delivered, penalties included",
                  height=height + 160, barmode="relative", bargap=0.3, yaxis=rows_axis(names),
                  **of_bars(low, high, values, names), **legend_below(height))


def waterfall_table(solution: Solution, tier: str = "", *, per_unit: bool = False) -> pd.DataFrame:
    """Cost lines as steps that add up to what the plan, or a tier of it, costs to serve.

    Parameters
    ----------
    solution : Solution
    tier : str
        Blank for the whole plan.
    per_unit : bool
        For a unit delivered, in place of the whole amount.

    Returns
    -------
    DataFrame
        The columns of a bridge, see `ctsopt.report.figures.bridges.STEPS`.

    Raises
    ------
    UsageError
        If there is no such tier.
    """
    frame = tier_table(solution)
    rows = frame.iloc[[-1]] if not tier else frame.iloc[:-1][frame.iloc[:-1]["tier"] == tier]
    if rows.empty:
        names = frame["tier"].iloc[:-1].tolist()
        raise UsageError(f"tier {tier!r}: there is no such tier in the plan" + did_you_mean(tier, names, listed=True))
    row, lines = rows.iloc[0], _lines(solution, frame)
    units = float(row["units"]) if per_unit else 1.0
    steps = pd.DataFrame({"part": [line_name(line) for line in lines],
                          "point": [float(row[line]) / units if units else float("nan") for line in lines],
                          "kind": "step"})
    steps = steps[steps["point"] != 0]
    name = "cost to serve" + (f" {tier}" if tier else "") + (", a unit" if per_unit else "")
    end = pd.DataFrame({"part": [name], "point": [steps["point"].sum()], "kind": ["end"]})
    return pd.concat([steps, end], ignore_index=True).assign(low=float("nan"), high=float("nan"))


def waterfall(solution: Solution, tier: str = "", *, per_unit: bool = False) -> Drawing:
    """The cost lines of a plan, or of a tier, as a waterfall; see `waterfall_table`."""
    return bridge(waterfall_table(solution, tier, per_unit=per_unit), str(solution.net.settings["currency"]))
