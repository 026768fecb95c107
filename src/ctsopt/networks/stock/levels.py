"""Lead times of replenishment that each stock point may choose between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.keys import BLANK, Coded, Floats, Ints, Positions
from ctsopt.tables.typed import Tables

if TYPE_CHECKING:
    from ctsopt.networks.supply import Supply


@dataclass(frozen=True, eq=False)
class Levels:
    """Lead times by point, shortest first.

    Attributes
    ----------
    point, level : int arrays
        Stock point, and the number of the level there, from 0.
    lead_time, sd : float arrays
        Days.
    of_move : int array
        For each move, the level that its destination must have for it; -1 where it reaches no point.
    """

    point: Positions
    level: Positions
    lead_time: Floats
    sd: Floats
    of_move: Ints


def levels(t: Tables, who: Supply, moves: Coded, place: Positions, points: int) -> Levels:
    """Levels of every point.

    Parameters
    ----------
    moves : Coded
        Moves with lead_time and transit_sd.
    place : int array, shape (sites, products)
        Stock point of each site and product; -1 where there is none.
    points : int
        Number of points.
    """
    keys = moves.index
    at = place[keys["destination"], keys["product"]]
    days = moves.measures["lead_time"] + who.processing[keys["origin"]]
    days = days + np.where(who.to_order, who.make_days, 0.0)[keys["origin"], keys["product"]]
    stated, stated_sd = (_largest(t, c, place, points) for c in ("replenishment_days", "replenishment_sd"))
    made = np.zeros(points)
    site, product = np.nonzero(who.makes & (place >= 0))
    np.maximum.at(made, place[site, product], who.make_days[site, product])
    single = np.isfinite(stated)
    single[place[site, product]] = True
    coming = at >= 0
    point, lead_time, sd, ends = _cut(at[coming], days[coming], moves.measures["transit_sd"][coming], single,
                                      int(float(t.settings["lead_time_levels"])))
    slowest = np.zeros(points)
    np.maximum.at(slowest, point, lead_time)
    lead_time = np.where(single[point], np.where(np.isnan(stated), np.maximum(slowest, made), stated)[point], lead_time)
    sd = np.where(np.isfinite(stated[point]), 0.0, sd)
    lonely = np.setdiff1d(np.arange(points), point)  # no way in: made there, or nothing but stock from the beginning
    alone = np.where(np.isnan(stated[lonely]), made[lonely], stated[lonely])
    point, lead_time, sd = (np.concatenate(pair) for pair in ((point, lonely), (lead_time, alone),
                                                              (sd, np.zeros(len(lonely)))))
    order = np.lexsort((lead_time, point))
    point, lead_time, sd = point[order], lead_time[order], sd[order]
    sd = np.where(np.isfinite(stated_sd[point]), stated_sd[point], sd)
    first = np.searchsorted(point, np.arange(points))
    level = np.arange(len(point)) - first[point]
    of_move = np.full(len(keys), BLANK, dtype=np.int32)
    of_move[coming] = np.where(single[at[coming]], 0, ends)
    return Levels(point, level, lead_time, sd, of_move)


def _largest(t: Tables, column: str, place: Positions, points: int) -> Floats:
    """The largest figure that the members of each point state; not a number where none does."""
    listed = t.frames["site_products"]
    at = place[t.axes["site"].codes(listed["site"]), t.axes["product"].codes(listed["product"])]
    value = listed[column].to_numpy(dtype=float)
    some = (at >= 0) & np.isfinite(value)
    result = np.full(points, -np.inf)
    np.maximum.at(result, at[some], value[some])
    return np.where(np.isinf(result), np.nan, result)


def _cut(point: Positions, days: Floats, sd: Floats, single: np.ndarray[tuple[int], np.dtype[np.bool_]],
         most: int) -> tuple[Positions, Floats, Floats, Positions]:
    """Cut the sorted lead times of each point at its largest gaps.

    Returns point, lead time and standard deviation of each part, and for each way in the number of its part.
    """
    if not len(point):
        return point, days, sd, np.empty(0, dtype=np.int64)
    order = np.lexsort((days, point))
    point, days, sd = point[order], days[order], sd[order]
    fresh = np.append(True, point[1:] != point[:-1])
    gap = np.where(fresh, 0.0, days - np.append(0.0, days[:-1]))
    by_gap = np.lexsort((-np.arange(len(gap)), -gap, point))  # of equal gaps the later one
    start = np.flatnonzero(fresh)
    rank = np.empty(len(gap), dtype=np.int64)
    rank[by_gap] = np.arange(len(gap)) - np.repeat(start, np.diff(np.append(start, len(gap))))
    begins = fresh | ((rank < most - 1) & (gap > 0) & ~single[point])
    part = np.cumsum(begins) - 1
    last = np.append(np.flatnonzero(begins)[1:], len(point)) - 1
    spread = np.zeros(len(last))
    np.maximum.at(spread, part, sd)
    group, level_of = point[last], part - part[start][np.cumsum(fresh) - 1]
    for _ in range(most - 1):  # a level bears the standard deviation of all ways that it allows
        later = np.append(False, group[1:] == group[:-1])
        spread = np.where(later, np.maximum(spread, np.append(0.0, spread[:-1])), spread)
    back = np.empty(len(order), dtype=np.int64)
    back[order] = level_of
    return group, days[last], spread, back
