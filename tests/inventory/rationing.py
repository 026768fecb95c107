"""Simulations of stock under critical levels, for tests of the formulas; that of gamma demand within the day is in
`benchmarks/rationing.py`.
"""

from __future__ import annotations

from collections import deque

import numpy as np


def simulate_batches(reorder_point, levels, volume, variance_to_mean, lead_time, lot, *, days, replications, seed=0):
    """Fill rates of the (R=1, s, nQ) policy, demand gamma in each day and tier, day by day.

    Start of a day: review, orders of whole lots, arrivals. Arrivals clear backorders from the best tier down, each
    once the level of its own is full again. A day's demand comes at once, best tiers first; a tier is served while more
    than its level is on hand.
    """
    rng = np.random.default_rng(seed)
    level, volume = np.asarray(levels, float), np.asarray(volume, float)
    tiers, mean = len(level), volume.sum()
    position = reorder_point + lot * (1 - rng.random(replications))
    on_hand, backlog = position.copy(), np.zeros((tiers, replications))
    pipe = np.zeros((lead_time + 1, replications))
    demanded, served = np.zeros(tiers), np.zeros(tiers)
    warm = 3 * (lead_time + 1) + int(lot / mean) + 20
    for day in range(days + warm):
        below = np.maximum(np.ceil((reorder_point - position) / lot + 1e-12), 0.0) * (position <= reorder_point)
        order = lot * below
        position += order
        pipe[day % (lead_time + 1)] = order
        arrived = pipe[(day + 1) % (lead_time + 1)] if lead_time else order
        on_hand += arrived
        for t in range(tiers):
            cleared = np.clip(on_hand - level[t], 0.0, backlog[t])
            on_hand -= cleared
            backlog[t] -= cleared
        demand = rng.gamma(volume[:, None] / variance_to_mean, variance_to_mean, (tiers, replications))
        position -= demand.sum(axis=0)
        given = np.zeros_like(demand)
        for t in range(tiers):
            given[t] = np.clip(on_hand - level[t], 0.0, demand[t])
            on_hand -= given[t]
        backlog += demand - given
        if day >= warm:
            demanded += demand.sum(axis=1)
            served += given.sum(axis=1)
    return served / demanded


def simulate_units(reorder_point, lot, levels, share, mean, *, customers, seed=0, threshold):
    """Fill rates of two tiers under the (r, Q) policy: single units, Poisson demand of 1 a day, lead time `mean` days.

    `threshold`: backorders and the reserve of the better tier are filled in the order of their demand; else those of
    the better tier first, then the reserve, then the others.
    """
    rng = np.random.default_rng(seed)
    times, better = np.cumsum(rng.exponential(1.0, customers)).tolist(), (rng.random(customers) < share).tolist()
    reserve_level = levels[1]
    common, reserve = reorder_point + lot - reserve_level, reserve_level
    waiting, arrivals = deque(), deque()
    owed = [0, 0]
    position = reorder_point + lot
    count, served = [0, 0], [0, 0]
    for n, (time, best) in enumerate(zip(times, better, strict=True)):
        while arrivals and arrivals[0] <= time:
            arrivals.popleft()
            for _ in range(lot):
                if threshold:
                    if not waiting:
                        common += 1
                    elif waiting.popleft():
                        owed[0], reserve = (owed[0] - 1, reserve) if owed[0] else (0, reserve + 1)
                elif owed[0]:
                    owed[0] -= 1
                elif reserve < reserve_level:
                    reserve += 1
                elif owed[1]:
                    owed[1] -= 1
                else:
                    common += 1
        if common > 0:
            common, fine = common - 1, True
        elif best:
            fine = reserve > 0
            reserve, owed[0] = (reserve - 1, owed[0]) if fine else (0, owed[0] + 1)
            waiting.append(True)
        else:
            fine = False
            owed[1] += 1
            waiting.append(False)
        position -= 1
        if position == reorder_point:
            position += lot
            arrivals.append(time + mean)
        if n > customers // 20:
            count[not best] += 1
            served[not best] += fine
    return [s / c for s, c in zip(served, count, strict=True)]
