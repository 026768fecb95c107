"""Maps of one plan: who is served how soon, and from where. The outlines are drawn as lines; nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from ctsopt.errors import UsageError
from ctsopt.keys import Floats
from ctsopt.report.figures.customers import customer_table
from ctsopt.report.figures.drawing import Drawing, Trace, scatter
from ctsopt.report.figures.space import NARROW, WIDE, Frame, beside_points, narrow
from ctsopt.report.figures.theme import DAYS, FAINT, INK, LAND, PALETTE, amount, figure, label, listed, nothing
from ctsopt.report.outlines import Projection, frame_of, outlines

if TYPE_CHECKING:
    from ctsopt.results.solution import Solution

NO_PLACES = "The tables state no coordinates, so there is no map."
HEIGHT = 480
ON_TELEPHONE = 0.62
"""Of the height, on a telephone; as in `report.js`."""

NO_PROMISE = "no promise on time"
_FINE = 4000.0
"""Parts into which the width of a map is divided: coordinates are rounded to such a part."""

_BEYOND = 0.35
"""How far outlines are drawn beyond the places to the sides, as a share of the extent."""

_MOST_SOURCES = 16
"""Sites with a colour of their own; the others share one."""

_NAMED = 25
"""Customers, the largest ones, that are named on a map where there is room."""

_LARGEST, _SMALLEST = 11.0, 3.0
_SITE = {"plant": "triangle-up", "supplier": "triangle-down", "dc": "square", "crossdock": "diamond"}
_LEAST_ON_TIME = -1e-9


@dataclass(frozen=True)
class Ground:
    """The plane of a map: how places lie on it, what is seen, and the outlines under it."""

    projection: Projection
    window: tuple[float, float, float, float]

    @classmethod
    def under(cls, solution: Solution) -> Ground | None:
        """The plane for all places of a network; None where no customer or no site states coordinates."""
        tables = solution.net.tables
        both = [tables[name][["latitude", "longitude"]].dropna().astype(float) for name in ("customers", "sites")]
        if any(each.empty for each in both):
            return None
        places = pd.concat(both)
        projection = Projection.around(places["longitude"], places["latitude"])
        return cls(projection, frame_of(*projection(places["longitude"], places["latitude"])))

    def lie(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The table with x and y, in kilometres, in place of its latitude and longitude; without what has none."""
        known = frame[frame["latitude"].notna() & frame["longitude"].notna()].reset_index(drop=True)
        x, y = self.projection(known["longitude"].astype(float), known["latitude"].astype(float))
        return known.assign(x=x, y=y)

    @property
    def digits(self) -> int:
        """Digits after the point that a coordinate needs."""
        return int(max(0, np.ceil(-np.log10((self.window[1] - self.window[0]) / _FINE))))

    def numbers(self, values: Iterable[float]) -> list[float | int | None]:
        """Coordinates as plotly wants them, with no more digits than can be seen."""
        rounded = listed(values, self.digits)
        return [None if value is None else int(value) if self.digits == 0 else value for value in rounded]

    def figure(self, traces: list[Trace], named: pd.DataFrame, shown: pd.DataFrame | None = None) -> Drawing:
        """A map with the outlines under some traces, and names of some places (site, x, y), in their order.

        No name lies upon the mark of another site of those that are shown (site, x, y).
        """
        left, right, bottom, top = self.window
        hidden = {"visible": False}
        others = named[:0] if shown is None else shown[~shown["site"].isin(named["site"])]
        clear = others["x"].tolist(), others["y"].tolist()
        x, y, names = named["x"].tolist(), named["y"].tolist(), [label(name) for name in named["site"]]
        on_desk, on_telephone = (
            beside_points(Frame.of_map(self.window, width, height), x, y, names, size, clear)
            for width, height, size in ((WIDE, HEIGHT, 12), (NARROW, HEIGHT * ON_TELEPHONE, 10)))
        return figure([*_outlines(self), *traces], height=HEIGHT, margin={"l": 0, "r": 0, "t": 0, "b": 0},
                      xaxis={"range": [left, right], **hidden}, annotations=on_desk,
                      yaxis={"range": [bottom, top], "scaleanchor": "x", "scaleratio": 1, **hidden},
                      legend={"orientation": "h", "yanchor": "top", "y": -0.01, "x": 0, "itemsizing": "constant",
                              "font": {"size": 12}}, **narrow(annotations=on_telephone))


@lru_cache(maxsize=4)
def _outlines(ground: Ground) -> tuple[Trace, ...]:
    """The outlines as lines; those of one plane are drawn, and written, once."""
    strokes: Mapping[str, float] = {"states": 0.6, "countries": 1.0}
    left, right, bottom, top = ground.window
    # A window that is wider or higher than the places are is filled too.
    wide, high = (right - left) * _BEYOND, (top - bottom) * _BEYOND / 2
    seen = left - wide, right + wide, bottom - high, top + high
    return tuple(scatter(x=ground.numbers(x), y=ground.numbers(y), mode="lines", hoverinfo="skip", showlegend=False,
                         line={"color": LAND, "width": strokes[name]}, connectgaps=False)
                 for name, (x, y) in sorted(outlines(ground.projection, seen).items(), reverse=True) if len(x))


def _sizes(volume: pd.Series[float], most: float) -> list[float | None]:
    """Diameters of marks whose areas are as the volumes."""
    return listed(_SMALLEST + (_LARGEST - _SMALLEST) * np.sqrt(volume / most), 1)


def _bands(figures: Floats, edges: tuple[float, ...], words: tuple[str, ...]) -> pd.Series[str]:
    """The band of each figure: at most the first edge, at most the second one, ..., above the last one."""
    place = np.searchsorted(np.asarray(edges) + 1e-9, figures, side="left")
    named = np.asarray([*words, NO_PROMISE], dtype=object)
    return pd.Series(named[np.where(np.isnan(figures), len(words), place)])


def service_map(solution: Solution, colour: Literal["days", "slack"] = "days") -> Drawing:
    """Customers on the map: marks as large as their volume, coloured by days or by slack to the promise.

    Parameters
    ----------
    solution : Solution
    colour : {"days", "slack"}
        Mean lead time; or the promised lead time less the mean lead time of the slowest way that serves the customer.
    """
    if colour not in ("days", "slack"):
        raise UsageError(f"colour = {colour!r}: days or slack")
    ground = Ground.under(solution)
    if ground is None:
        return nothing(NO_PLACES)
    table = ground.lie(customer_table(solution))
    most = float(table["units"].max())
    traces = [_customers(ground, part, str(word), shade, most, colour)
              for word, shade, part in _coloured(table, colour)]
    sites = ground.lie(solution.net.tables["sites"].merge(solution.sites[["site", "open", "throughput"]], on="site"))
    some = _largest(sites[sites["open"] & (sites["kind"] == "dc")])
    traces.append(scatter(
        x=ground.numbers(some["x"]), y=ground.numbers(some["y"]), mode="markers", name="open dc", hoverinfo="text",
        hovertext=[label(name, 60) for name in some["site"]],
        marker={"symbol": "square", "size": 9, "color": INK, "line": {"color": "#ffffff", "width": 1}}))
    largest = table.sort_values(["units", "customer"], ascending=[False, True], kind="stable").head(_NAMED)
    return ground.figure(traces, pd.concat([some, largest.rename(columns={"customer": "site"})], ignore_index=True))


def _largest(sites: pd.DataFrame) -> pd.DataFrame:
    """Sites, those with the most throughput first."""
    return sites.sort_values(["throughput", "site"], ascending=[False, True], kind="stable", ignore_index=True)


def _coloured(table: pd.DataFrame, colour: str) -> list[tuple[str, str, pd.DataFrame]]:
    """Customers by band: the word for it, its colour, and who is in it."""
    if colour == "days":
        edges: tuple[float, ...] = (1.0, 2.0, 3.0, 5.0)
        words: tuple[str, ...] = ("up to 1 day", "up to 2 days", "up to 3 days", "up to 5 days", "over 5 days")
        shades = dict(zip(words, DAYS, strict=True))
        bands = _bands(table["lead_time"].to_numpy(dtype=float), edges, words)
    else:
        edges, words = (_LEAST_ON_TIME, 0.5, 1.0, 2.0), ("late", "up to half a day to spare", "up to 1 day to spare",
                                                         "up to 2 days to spare", "more to spare")
        shades = dict(zip(words, reversed(DAYS), strict=True))
        bands = _bands(table["slack"].to_numpy(dtype=float), edges, words)
    return [(word, shades.get(word, FAINT), table[(bands == word).to_numpy()]) for word in (*words, NO_PROMISE)
            if (bands == word).any()]


def _customers(ground: Ground, part: pd.DataFrame, word: str, shade: str, most: float, colour: str) -> Trace:
    spare = part["slack"].map(lambda days: "" if np.isnan(days) else f", {days:+.2f} days to spare")
    return scatter(
        x=ground.numbers(part["x"]), y=ground.numbers(part["y"]), mode="markers", name=word, hoverinfo="text",
        hovertext=[f"{label(name, 60)} ({label(tier)}): {days:.2f} days{rest}, {amount(units)} units"
                   for name, tier, days, rest, units in
                   zip(part["customer"], part["tier"], part["lead_time"], spare, part["units"], strict=True)],
        marker={"color": shade, "size": _sizes(part["units"], most), "line": {"color": "#ffffff", "width": 0.5},
                "symbol": "x" if (colour, word) == ("slack", "late") else "circle", "opacity": 0.9})


def sourcing_map(solution: Solution) -> Drawing:
    """Who is served from where: a line for every pair that goods go between, in the colour of the site they leave.

    Deliveries are thin lines, moves between sites dashed ones; goods that go over a cross-dock are drawn over it. Sites
    that the plan does not open, or closes, are hollow.
    """
    ground = Ground.under(solution)
    if ground is None:
        return nothing(NO_PLACES)
    tables = solution.net.tables
    sites = ground.lie(tables["sites"][["site", "kind", "latitude", "longitude"]].merge(
        solution.sites[["site", "open", "decision", "throughput", "capacity_unit"]], on="site"))
    customers = ground.lie(tables["customers"][["customer", "latitude", "longitude"]])
    axes = solution.net.axes
    ends = customers.assign(name=axes["end"].names(axes["customer"].codes(customers["customer"])))
    at = pd.concat([sites.rename(columns={"site": "name"}), ends]).set_index("name")[["x", "y"]]
    legs = _legs(solution, at)
    by_volume = legs[legs["kind"] == "delivery"].groupby("origin")["quantity"].sum().sort_values(
        ascending=False, kind="stable").index.tolist()
    colours = {name: PALETTE[place] if place < _MOST_SOURCES else FAINT for place, name in enumerate(by_volume)}
    moves = legs[legs["kind"] == "move"]
    traces = [_lines(ground, moves, "moves between sites", INK, 0.8, "dot")] if len(moves) else []
    own = legs[legs["kind"] == "delivery"]
    traces += [_lines(ground, own[own["origin"] == name], label(name), colours[name], 1.0, "solid")
               for name in by_volume[:_MOST_SOURCES]]
    rest = own[own["origin"].isin(by_volume[_MOST_SOURCES:])]
    if len(rest):
        traces.append(_lines(ground, rest, "other sites", FAINT, 1.0, "solid"))
    return ground.figure([*traces, *_sites(ground, sites, colours)], _largest(sites[sites["open"]]), sites)


def _legs(solution: Solution, at: pd.DataFrame) -> pd.DataFrame:
    """Pairs of places that goods go between: kind, origin, the ends x, y, to_x, to_y, quantity."""
    flows = solution.flows
    direct, over = flows[flows["via"] == ""], flows[flows["via"] != ""]
    # The second leg of a delivery over a cross-dock keeps the colour of the site that the goods come from.
    parts = [direct.assign(start=direct["origin"], end=direct["destination"]),
             over.assign(start=over["origin"], end=over["via"]), over.assign(start=over["via"],
                                                                             end=over["destination"])]
    legs = pd.concat(parts, ignore_index=True)
    sums = legs.groupby(["kind", "origin", "start", "end"], observed=True)["quantity"].sum().reset_index()
    known = sums[sums["start"].isin(at.index) & sums["end"].isin(at.index)].reset_index(drop=True)
    ends = {side: at.reindex(known[side]).reset_index(drop=True) for side in ("start", "end")}
    return known.assign(x=ends["start"]["x"], y=ends["start"]["y"], to_x=ends["end"]["x"], to_y=ends["end"]["y"])


def _lines(ground: Ground, legs: pd.DataFrame, name: str, colour: str, width: float, dash: str) -> Trace:
    gap = np.full(len(legs), np.nan)
    x, y = (np.column_stack([legs[one], legs[two], gap]).ravel() for one, two in (("x", "to_x"), ("y", "to_y")))
    return scatter(
        x=ground.numbers(x), y=ground.numbers(y), mode="lines", name=name, hoverinfo="skip", opacity=0.75,
        line={"color": colour, "width": width, "dash": dash})


def _sites(ground: Ground, sites: pd.DataFrame, colours: Mapping[str, str]) -> list[Trace]:
    """The sites: open ones filled, the others hollow."""
    traces = []
    for is_open, part in sites.groupby("open", sort=False):
        symbols = part["kind"].map(_SITE).tolist()
        traces.append(scatter(
            x=ground.numbers(part["x"]), y=ground.numbers(part["y"]), mode="markers", hoverinfo="text",
            name="open site" if is_open else "site not open", showlegend=not is_open,
            hovertext=[f"{label(name, 60)} ({kind}): {decision}, {amount(through)} {unit} through"
                       for name, kind, decision, through, unit in part[
                           ["site", "kind", "decision", "throughput", "capacity_unit"]].itertuples(index=False)],
            marker={"size": 11 if is_open else 7, "line": {"color": INK, "width": 1},
                    "symbol": symbols if is_open else [f"{symbol}-open" for symbol in symbols],
                    "color": [colours.get(name, INK) for name in part["site"]] if is_open else FAINT}))
    return traces
