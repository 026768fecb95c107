"""Dominance: a delivery that another one beats in everything that matters need not be in the program."""

from __future__ import annotations

import numpy as np

from ctsopt.keys import BLANK, Bools, Coded, Floats, Positions


def dominated(deliveries: Coded, cost: Floats, on_time_counts: Bools, emitted: Floats, wait: Floats,
              signature: Positions, minimum: Bools) -> Bools:
    """Deliveries for which another one of the same site and request is never worse.

    Way a goes for way b if b's cost is no higher, b's on-time probability is no lower (where the promise counts shares
    on time), b's CO2 is no higher (where it is capped), b leaves
    no less time to wait for stock, b takes no cross-dock that a does not take, b takes no shared
    resource (limited or priced lane, whole load, capped mode) unless a takes the very same, and a is not wanted on a
    resource with a minimum. Of two equal ways the faster one stays, then the first.

    Parameters
    ----------
    deliveries : Coded
        With keys site, via, ... and measures request, on_time, certain, lead_time.
    cost : float array
        Money per unit, all linear lines together.
    on_time_counts : bool array
        Whether a share on time is promised for the delivery's request.
    emitted : float array
        CO2 per unit where it is capped, else 0.
    wait : float array
        Longest wait for stock that leaves the promise kept, in days.
    signature : int array
        Which shared resources the way takes, 0 = none.
    minimum : bool array
        Whether one of its resources has a minimum.
    """
    keys, measures = deliveries.index, deliveries.measures
    on_time = np.where(on_time_counts, measures["on_time"], 1.0)
    certain = np.where(on_time_counts, measures["certain"], 1.0)
    group = measures["request"].astype(np.int64) * (len(keys.axes["site"]) + 1) + keys["site"]
    order = np.argsort(group, kind="stable")
    group = group[order]

    def never_worse(one: Positions, other: Positions) -> Bools:
        better = (cost[one] <= cost[other]) & (on_time[one] >= on_time[other]) & (certain[one] >= certain[other])
        better &= (keys["via"][one] == BLANK) | (keys["via"][one] == keys["via"][other])
        free = (signature[one] == 0) & ~minimum[other]
        better &= wait[one] >= wait[other]
        better &= (emitted[one] <= emitted[other]) & (free | (signature[one] == signature[other]))
        return np.asarray(better)

    beaten = np.zeros(len(order), dtype=bool)
    for step in range(1, _largest_group(group)):
        pairs = np.flatnonzero(group[:-step] == group[step:])
        first, second = order[pairs], order[pairs + step]
        one, other = never_worse(first, second), never_worse(second, first)
        quicker = measures["lead_time"][second] < measures["lead_time"][first]
        beaten[second[one & ~(other & quicker)]] = True
        beaten[first[other & ~(one & ~quicker)]] = True
    return beaten


def _largest_group(group: np.ndarray[tuple[int], np.dtype[np.int64]]) -> int:
    if not len(group):
        return 0
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    return int(np.diff(np.append(starts, len(group))).max())
