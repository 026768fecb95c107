"""Customers of one plan: who is dear to serve, who pays for whom at one rate, who is worth the service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ctsopt.report.figures.drawing import Drawing, scatter
from ctsopt.report.figures.theme import FAINT, INK, PALETTE, amount, figure, label, listed, nothing, scale_of
from ctsopt.report.once import once
from ctsopt.results.cube import UNASSIGNED

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution


@once
def customer_table(solution: Solution) -> pd.DataFrame:
    """Every customer that gets goods.

    Returns
    -------
    DataFrame
        customer, tier, latitude, longitude; units delivered; value (money, units x unit_value; not a number unless
        every product that is delivered states one); cost (cash) and cost_per_unit (an average, no price); lead_time
        (days, mean by volume); slack (days, promised lead time less mean lead time, of the way that has least; not a
        number without a promise on time); source (the site that delivers most).
    """
    net = solution.net
    flows = solution.flows[solution.flows["kind"] == "delivery"]
    flows = flows.assign(slack=promised(solution, flows) - flows["lead_time"], days=flows["quantity"]
                         * flows["lead_time"], value=flows["quantity"] * _unit_value(solution, flows))
    by = flows.groupby("customer", observed=True)
    cube = solution.cube
    cash = cube[(cube["customer"] != UNASSIGNED) & (cube["behaviour"] != "penalty")]
    table = net.tables["customers"][["customer", "tier", "latitude", "longitude"]].set_index("customer")
    table["units"] = by["quantity"].sum()
    table["value"] = by["value"].sum(min_count=1)
    table["cost"] = cash.groupby("customer", observed=True)["amount"].sum()
    table = table[table["units"] > 0]
    table["cost"] = table["cost"].fillna(0.0)
    if table["value"].isna().any() or not (table["value"] > 0).all():
        table["value"] = np.nan
    table["cost_per_unit"] = table["cost"] / table["units"]
    table["lead_time"] = by["days"].sum() / table["units"]
    table["slack"] = by["slack"].min()
    table["source"] = _main_source(flows)
    return table.reset_index()


def _unit_value(solution: Solution, flows: pd.DataFrame) -> pd.Series[float]:
    """Value of one unit of each flow; not a number where the product states none."""
    value = solution.net.tables["products"].set_index("product")["unit_value"].astype(float)
    return flows["product"].map(value.where(value > 0)).astype(float)


def promised(solution: Solution, flows: pd.DataFrame, column: str = "lead_time") -> pd.Series[float]:
    """What each delivery is promised: lead time (days) or another column; not a number where nothing is.

    The promise of a tier to a class of products comes before its promise to all of them.
    """
    tables = solution.net.tables
    promises = tables["promises"].set_index(["tier", "product_class"])[column].astype(float)
    classes = flows["product"].map(tables["products"].set_index("product")["product_class"]).astype(str)
    own, others = (pd.MultiIndex.from_arrays([flows["tier"].astype(str), names])
                   for names in (classes, pd.Series("*", index=flows.index)))
    given = np.where(own.isin(promises.index), promises.reindex(own), promises.reindex(others))
    return pd.Series(np.where(np.isinf(given), np.nan, given), index=flows.index)


def _main_source(flows: pd.DataFrame) -> pd.Series[str]:
    """The site that delivers most to each customer; of two that deliver as much, the first by name."""
    sums = flows.groupby(["customer", "origin"], observed=True)["quantity"].sum().reset_index()
    sums = sums.sort_values(["customer", "quantity", "origin"], ascending=[True, False, True], kind="stable")
    return sums.drop_duplicates("customer").set_index("customer")["origin"]


def basis_of(table: pd.DataFrame) -> str:
    """What customers are weighed by: `value`, where every product that is delivered states a unit value, or `units`."""
    return "value" if len(table) and table["value"].notna().all() else "units"


@once
def whale_table(solution: Solution) -> pd.DataFrame:
    """The whale curve: who pays for whom if everybody paid one rate that just covers the cost.

    The tables state no revenue. So the rate is the same for everybody: all cash that serves somebody over all value
    (units x unit_value) or, where products state no value, over all units. A customer that costs less than that rate
    pays for others; one that costs more is paid for. Customers are ranked by what they cost for one of that.

    Returns
    -------
    DataFrame
        rank, customer, tier; units or value; cost; at_one_rate (what the rate comes to); surplus (at_one_rate less
        cost); cumulative (of the surplus; it ends at 0).
    """
    table = customer_table(solution)
    basis = basis_of(table)
    dear = (table["cost"] / table[basis]).rename("dear")
    table = table.assign(dear=dear).sort_values(["dear", "customer"], kind="stable").reset_index(drop=True)
    rate = float(table["cost"].sum() / table[basis].sum()) if len(table) else np.nan
    table["at_one_rate"] = table[basis] * rate
    table["surplus"] = table["at_one_rate"] - table["cost"]
    table["cumulative"] = table["surplus"].cumsum()
    table["rank"] = np.arange(1, len(table) + 1)
    return table[["rank", "customer", "tier", basis, "cost", "at_one_rate", "surplus", "cumulative"]]


def whale(solution: Solution) -> Drawing:
    """The whale curve over customers, at one rate for everybody; see `whale_table`."""
    table = whale_table(solution)
    if table.empty:
        return nothing("No customer gets goods.")
    scale, word = scale_of(table["cumulative"])
    share = 100 * table["rank"] / len(table)
    words = [f"{label(name)} ({label(tier)}): pays {amount(rate, 0)} at one rate, costs {amount(cost, 0)}"
             for name, tier, rate, cost in table[["customer", "tier", "at_one_rate", "cost"]].itertuples(index=False)]
    line = scatter(x=[0.0, *listed(share, 2)], y=[0.0, *listed(table["cumulative"] / scale, 4)], mode="lines",
                   fill="tozeroy", fillcolor="rgba(31,95,168,0.15)", line={"color": PALETTE[0], "width": 2.5},
                   hoverinfo="text", hovertext=["", *words])
    top = int(table["cumulative"].to_numpy().argmax())
    note = {"x": float(share.iloc[top]), "y": float(table["cumulative"].iloc[top] / scale), "showarrow": True,
            "arrowhead": 0, "ax": 0, "ay": -22, "font": {"size": 12, "color": INK},
            "text": f"{amount(float(table['cumulative'].iloc[top]) / scale, 2 if scale > 1 else 0)} {word}".rstrip()}
    return figure([line], x="customers, cheapest to serve first, %", height=380, showlegend=False, annotations=[note],
                  y=f"paid for others so far, {word}{label(solution.net.settings['currency'])}",
                  yaxis={"rangemode": "tozero"})


def quadrant(solution: Solution) -> Drawing:
    """Customers by what they take and what they cost to serve; lines at the median size and at the average cost."""
    table, money = customer_table(solution), label(solution.net.settings["currency"])
    if table.empty:
        return nothing("No customer gets goods.")
    basis = basis_of(table)
    table["dear"] = table["cost"] / table[basis]
    of = "one of value" if basis == "value" else "a unit"
    traces = []
    tiers = solution.net.tables["tiers"].sort_values(["rank", "tier"], kind="stable")["tier"].tolist()
    for place, tier in enumerate(tiers):
        part = table[table["tier"] == tier]
        words = [f"{label(name)}: {amount(size, 0)} {basis}, {amount(dear, 3)} for {of}"
                 for name, size, dear in part[["customer", basis, "dear"]].itertuples(index=False)]
        if len(part):
            traces.append(scatter(
                x=listed(part[basis], 1), y=listed(part["dear"], 4), mode="markers", name=label(tier), hoverinfo="text",
                hovertext=words, marker={"size": 8, "color": PALETTE[place % len(PALETTE)], "opacity": 0.8,
                                         "symbol": ("circle", "diamond", "square", "cross")[place % 4],
                                         "line": {"color": "#ffffff", "width": 0.6}}))
    middle, average = float(table[basis].median()), float(table["cost"].sum() / table[basis].sum())
    line = {"line": {"color": FAINT, "width": 1, "dash": "dash"}}
    shapes = [{"type": "line", "x0": middle, "x1": middle, "yref": "paper", "y0": 0, "y1": 1, **line},
              {"type": "line", "y0": average, "y1": average, "xref": "paper", "x0": 0, "x1": 1, **line}]
    what = f"{basis} delivered, {money}" if basis == "value" else "units delivered"
    return figure(traces, x=f"{what} (logarithmic)", y=f"cost to serve {of}, {money}", height=460, shapes=shapes,
                  xaxis={"type": "log", **_decades(table[basis])}, annotations=_corners(),
                  legend={"orientation": "h", "yanchor": "top", "y": -0.18, "x": 0})


def _decades(size: pd.Series[float]) -> dict[str, object]:
    """Ticks of a logarithmic axis: powers of ten, and twos and fives where there are few of these."""
    low, high = np.log10(float(size.min())), np.log10(float(size.max()))
    powers = 10.0 ** np.arange(np.floor(low), np.ceil(high) + 1)
    ticks = powers if high - low > _MOST_DECADES else np.outer(powers, [1, 2, 5]).ravel()
    room = 0.05 * (high - low) + 0.05
    return {"tickvals": [float(tick) for tick in ticks], "range": [low - room, high + room]}


_MOST_DECADES = 2.5


def _corners() -> list[dict[str, object]]:
    """What the four parts of the picture are for."""
    corners = ((0.01, 0.99, "small and dear", "left", "top"), (0.99, 0.99, "large and dear", "right", "top"),
               (0.01, 0.01, "small and cheap", "left", "bottom"), (0.99, 0.01, "large and cheap", "right", "bottom"))
    return [{"xref": "paper", "yref": "paper", "x": x, "y": y, "text": text, "showarrow": False, "xanchor": side,
             "yanchor": end, "font": {"size": 12, "color": FAINT}} for x, y, text, side, end in corners]
