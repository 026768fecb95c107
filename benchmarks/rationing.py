"""Rationed stock simulated: `python -m benchmarks.rationing`.

Stock points with two or three classes, drawn at random: volumes, lots, reviews, lead times, demand from smooth to
lumpy. Each has the stock that plans count for its promises, and is simulated until the standard errors are small. The
table says what each class is promised, what the formula says it gets, and what it gets.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ctsopt.inventory.rationing import Stocks, class_fill_rates
from ctsopt.inventory.reserve import reserve
from ctsopt.inventory.safety_stock import safety_stock

SLICES = 15
"""Parts of a day in which the orders of all classes come together."""

REPLICATIONS = 4000


@dataclass(frozen=True)
class Point:
    """A stock point: units per day of each class, best first, their fill rates, and how it is replenished."""

    volume: np.ndarray
    fill_rate: np.ndarray
    ratio: float
    lead_time: int
    review: int
    lot: float

    def supply(self):
        """As the functions of stock want it, after the volume."""
        return self.ratio, self.lead_time, self.review, self.lot, 0.0

    def declared(self):
        """Reorder point and critical levels that plans count."""
        best, rate = np.cumsum(self.volume), self.fill_rate
        layers = reserve(rate[:-1], rate[1:], best[:-1], *self.supply())
        levels = np.concatenate([[0.0], np.cumsum(layers)])
        bottom = float(safety_stock(rate[-1], best[-1], *self.supply()))
        return bottom + levels[-1] + best[-1] * (self.lead_time + self.review), levels

    @property
    def orders_a_year(self):
        """Of the class that orders most seldom; an order of mean size has half of the variance to mean."""
        return 365 * self.volume.min() / (self.ratio / 2)


USUAL = (0.95, 0.97, 0.98, 0.99, 0.995), (0.8, 0.85, 0.9, 0.93)
LOW = (0.7, 0.8, 0.9), (0.3, 0.4, 0.5, 0.6)
"""Promises of the best class and of the worst."""


def drawn(rng, promises=USUAL):
    """A stock point at random."""
    classes = int(rng.choice([2, 2, 3]))
    total = np.exp(rng.uniform(np.log(2), np.log(300)))
    volume = total * np.maximum(rng.dirichlet(np.full(classes, 0.8)), 0.01)
    ratio = min(np.exp(rng.uniform(np.log(0.5), np.log(100))), 3 * total)
    lot = float(rng.choice([0, 0.3, 1, 2, 4, 8, 15, 30])) * total * np.exp(rng.normal(0, 0.3))
    best, worst = (float(rng.choice(some)) for some in promises)
    rates = [best, worst] if classes == 2 else [best, round((best + worst) / 2, 4), worst]
    return Point(volume, np.array(rates), ratio, int(rng.choice([1, 2, 4, 7, 10, 14, 21])),
                 int(rng.choice([1, 1, 1, 2, 5, 7])), lot)


def simulated(point, reorder_point, levels, *, days=100, replications=REPLICATIONS, seed=0):
    """Fill rates and their standard errors under the (R, s, nQ) policy with critical levels, day by day.

    Start of a day: what was ordered at the review `lead_time` days ago is there, and goes first to what the better
    classes wait for, each up to its level. Then demand in slices, of all classes together; a class is served while more
    than its level is on hand. Slices are drawn only on days in which the stock comes near the highest level.
    """
    rng, classes = np.random.default_rng(seed), len(point.volume)
    position = reorder_point + point.lot * (1 - rng.random(replications))
    on_hand, backlog = position.copy(), np.zeros((classes, replications))
    pipeline = np.zeros((point.lead_time + 1, replications))
    demanded, served = np.zeros((2, classes, replications))
    warm = -(-(3 * (point.lead_time + point.review) + 20) // point.review) * point.review
    for day in range(warm + days // point.review * point.review):
        order = np.zeros(replications)
        if day % point.review == 0:
            below = reorder_point - position
            order = np.where(below >= 0, point.lot * (np.floor(below / point.lot) + 1) if point.lot else below, 0.0)
        position += order
        pipeline[day % (point.lead_time + 1)] = order
        on_hand += pipeline[(day + 1) % (point.lead_time + 1)]
        for t in range(classes):
            cleared = np.clip(on_hand - levels[t], 0.0, backlog[t])
            on_hand -= cleared
            backlog[t] -= cleared
        demand = rng.gamma(point.volume[:, None] / point.ratio, point.ratio, (classes, replications))
        given, rest = demand.copy(), on_hand - demand.sum(axis=0)
        near = np.flatnonzero(rest < levels[-1])
        if len(near):
            given[:, near], rest[near] = _through_a_day(point, levels, demand[:, near], on_hand[near], rng)
        on_hand = rest
        position -= demand.sum(axis=0)
        backlog += demand - given
        if day >= warm:
            demanded += demand
            served += given
    rate = served.sum(axis=1) / demanded.sum(axis=1)
    spread = ((demanded - served) - (1 - rate)[:, None] * demanded).std(axis=1)
    return rate, spread / np.sqrt(replications) / demanded.mean(axis=1)


def _through_a_day(point, levels, demand, on_hand, rng):
    """What each class gets of a day's demand, and what is left."""
    classes, count = demand.shape
    parts = rng.gamma((point.volume / point.ratio / SLICES)[:, None, None], 1.0, (classes, SLICES, count))
    total = parts.sum(axis=1)
    nothing = np.nonzero(total < 1e-290)                  # so lumpy that every slice was rounded to 0: it is in one
    parts[nothing[0], rng.integers(SLICES, size=len(nothing[0])), nothing[1]] = 1.0
    parts *= (demand / parts.sum(axis=1))[:, None, :]
    given, left = np.zeros_like(demand), on_hand.copy()
    for part in range(SLICES):
        wanted, rest = parts[:, part], np.ones(count)     # share of the slice that is still to come
        for t in range(classes - 1, -1, -1):
            active = wanted[:t + 1].sum(axis=0)
            share = np.minimum(rest, np.maximum(left - levels[t], 0.0) / np.maximum(active, 1e-300))
            given[:t + 1] += share * wanted[:t + 1]
            left = left - share * active
            rest = rest - share
    return given, left


def formula(point, reorder_point, levels):
    """What `exact_fill_rate` says."""
    one = (np.array([float(x)]) for x in (point.ratio, point.lead_time, point.review, point.lot, 0.0, 0.0))
    return class_fill_rates(Stocks(np.array([float(reorder_point)]), levels[None, :], point.volume[None, :], *one))[0]


def row_of(number, point, most_error, most_runs):
    """One row for each class of a point, simulated until the standard error is small."""
    reorder_point, levels = point.declared()
    runs = []
    while len(runs) < most_runs:
        runs.append(simulated(point, reorder_point, levels, seed=1000 * number + len(runs)))
        rate = np.mean([one[0] for one in runs], axis=0)
        error = np.sqrt(np.mean([one[1] ** 2 for one in runs], axis=0) / len(runs))
        if error.max() <= most_error:
            break
    exact = formula(point, reorder_point, levels)
    return [{"point": number, "class": t + 1, "volume": point.volume[t], "ratio": point.ratio, "lead": point.lead_time,
             "review": point.review, "lot": point.lot, "reserve": levels[t], "orders a year": point.orders_a_year,
             "promised": 100 * point.fill_rate[t], "exact": 100 * exact[t], "simulated": 100 * rate[t],
             "error": 100 * error[t], "short by": 100 * (point.fill_rate[t] - rate[t]),
             "formula off": 100 * (exact[t] - rate[t])} for t in range(len(exact))]


def by_class(frame):
    """The worst of each class of points with as many: how short of its promise, and how far off the formula is."""
    groups = frame.assign(of=frame.groupby("point")["class"].transform("max")).groupby(["of", "class"])
    return groups.agg(points=("point", "nunique"), short=("short by", "max"), lowest=("formula off", "min"),
                      highest=("formula off", "max"), beyond=("formula off", lambda off: int((off.abs() > 0.3).sum())),
                      error=("error", "max"))


def main():
    """Draw, simulate, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--low", action="store_true", help="promises of 30 to 90 %% in place of 80 to 99.5 %%")
    parser.add_argument("--error", type=float, default=0.07, help="standard error, points")
    parser.add_argument("--runs", type=int, default=40, help="of 4000 times 100 days each, at most")
    told = parser.parse_args()
    rng, rows = np.random.default_rng(told.seed), []
    for number in range(told.points):
        rows += row_of(number, drawn(rng, LOW if told.low else USUAL), told.error / 100, told.runs)
        sys.stderr.write(f"\r{number + 1} of {told.points}")
    frame = pd.DataFrame(rows)
    sys.stdout.write(frame.round(2).to_string(index=False) + "\n\n")
    sys.stdout.write(by_class(frame).round(2).to_string() + "\n\n")
    sys.stdout.write(f"short of a promise by at most {frame['short by'].max():.2f} points, formula off by at most "
                     f"{frame['formula off'].abs().max():.2f}, standard error at most {frame['error'].max():.2f}\n")


if __name__ == "__main__":
    main()
