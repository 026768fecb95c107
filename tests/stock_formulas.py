"""The stock that a fill rate needs, written from docs/stock.md alone; imports nothing of ctsopt.

Plain Python, scipy.stats for the gamma distribution and scipy.optimize.brentq for the reorder point. Readings where the
page leaves room carry a letter:

A. `R is at least 0.01` holds wherever R stands in the formula of the safety stock, T included; the cycle stock takes R
   as it is.
B. The demand over no time at all is 0, whatever the standard deviation of the lead time.
"""

from __future__ import annotations

import math
from functools import cache, partial

from scipy import stats
from scipy.integrate import quad
from scipy.optimize import brentq

STEPS_PER_DOUBLING = 8
LEAST_VOLUME = 2.0**-6
LEAST_REVIEW = 0.01


def partial_expectations(x: float, mean: float, variance: float) -> tuple[float, float]:
    """E[max(D - x, 0)] and half of E[max(D - x, 0)^2] of a gamma demand."""
    if mean == 0:  # reading B
        return max(-x, 0.0), max(-x, 0.0) ** 2 / 2
    if variance == 0 and x > 0:
        return max(mean - x, 0.0), max(mean - x, 0.0) ** 2 / 2
    if x <= 0:
        return mean - x, ((mean - x) ** 2 + variance) / 2
    shape, scale = mean**2 / variance, variance / mean
    plain, once, twice = stats.gamma.sf(x, [shape, shape + 1, shape + 2], scale=scale)
    first = mean * once - x * plain
    second = (shape * (shape + 1) * scale**2 * twice - 2 * x * mean * once + x**2 * plain) / 2
    return float(first), float(second)


def lead_time_demand(days: float, volume: float, variance_to_mean: float, lead_time_sd: float) -> tuple[float, float]:
    """Mean and variance of demand over so many days."""
    return volume * days, variance_to_mean * volume * days + (lead_time_sd * volume) ** 2


def fill_rate(s: float, lot: float, volume: float, variance_to_mean: float, lead_time: float, review: float,
              wait: float = 0.0, lead_time_sd: float = 0.0) -> float:
    """Fill rate of the (R, s, nQ) policy."""
    exposed, before = max(lead_time + review - wait, 0.0), max(lead_time - wait, 0.0)
    over = lead_time_demand(exposed, volume, variance_to_mean, lead_time_sd)
    under = lead_time_demand(before, volume, variance_to_mean, lead_time_sd)
    if lot == 0:
        short = partial_expectations(s, *over)[0] - partial_expectations(s, *under)[0]
        return 1 - short / (volume * review)
    short = sum(sign * partial_expectations(x, *law)[1] for x, law, sign in
                ((s, over, 1), (s + lot, over, -1), (s, under, -1), (s + lot, under, 1)))
    return 1 - short / (lot * volume * review)


@cache
def safety_stock(target: float, volume: float, variance_to_mean: float, lead_time: float, review: float,
                 lot_size: float, order_interval: float, wait: float = 0.0, lead_time_sd: float = 0.0) -> float:
    """S(b, m) of the page, units."""
    if lead_time + review <= wait:
        return 0.0
    review = max(review, LEAST_REVIEW)  # reading A
    exposed = max(lead_time + review - wait, 0.0)
    if target == 0 or volume == 0 or exposed == 0 or (variance_to_mean == 0 and lead_time_sd == 0):
        return 0.0
    lot = max(lot_size, volume * order_interval)
    mean, variance = lead_time_demand(exposed, volume, variance_to_mean, lead_time_sd)

    def beyond(s: float) -> float:
        return fill_rate(s, lot, volume, variance_to_mean, lead_time, review, wait, lead_time_sd) - target

    if beyond(mean) >= 0:
        return 0.0
    step = math.sqrt(variance)
    while beyond(mean + step) < 0:
        step *= 2
    return float(brentq(beyond, mean, mean + step, xtol=1e-13 * (mean + step), rtol=1e-14)) - mean


def reserve(beyond, volume: float, variance_to_mean: float, days: float) -> float:
    """What is kept for a volume beyond the stock of the next class; `beyond(times)`: what so many times it needs."""
    half_an_order = variance_to_mean / (2 * days) if days > 0 else 0.0
    if not volume:
        return 0.0
    return max(max(beyond(times), 0.0) * math.sqrt((volume + half_an_order) / (times * volume + half_an_order))
               for times in (2**k for k in range(13)))


def plain_reserve(target: float, below: float, volume: float, variance_to_mean: float, lead_time: float, review: float,
                  lot_size: float, order_interval: float) -> float:
    """The reserve where lead times do not vary and nobody waits."""
    stock = partial(safety_stock, variance_to_mean=variance_to_mean, lead_time=lead_time, review=review,
                    lot_size=lot_size, order_interval=order_interval)
    return reserve(lambda times: stock(target, volume * times) - stock(below, volume * times), volume,
                   variance_to_mean, lead_time + review)


def cycle_stock(volume: float, review: float, lot_size: float, order_interval: float) -> float:
    """Cycle stock of a volume, units."""
    return (max(lot_size, volume * order_interval) + volume * review) / 2 if volume > 0 else 0.0


def overtaking_sd(lead_time_sd: float, volume: float, review: float, lot_size: float, order_interval: float) -> float:
    """Standard deviation of lead times that counts where orders may overtake each other."""
    apart = max(review, order_interval, lot_size / volume if volume else 0.0)
    return math.sqrt(lead_time_sd * min(lead_time_sd, apart / math.sqrt(math.pi)))


@cache
def on_hand(safety: float, volume: float, variance_to_mean: float, lead_time: float, review: float, lot_size: float,
            order_interval: float, wait: float = 0.0, lead_time_sd: float = 0.0) -> float:
    """Mean units on hand where goods leave as soon as they are there."""
    review = max(review, LEAST_REVIEW)
    lot = max(lot_size, volume * order_interval)
    s = volume * max(lead_time + review - wait, 0.0) + safety

    def left(days: float) -> float:
        mean, variance = lead_time_demand(days, volume, variance_to_mean, lead_time_sd)
        short = partial_expectations(s, mean, variance), partial_expectations(s + lot, mean, variance)
        return s + lot / 2 - mean + ((short[0][1] - short[1][1]) / lot if lot else short[0][0])

    return float(quad(left, lead_time, lead_time + review, epsrel=1e-10, limit=200)[0]) / review


def safety_factor(target: float, volume: float, variance_to_mean: float, lead_time: float, review: float,
                  lot_size: float, order_interval: float, wait: float = 0.0, lead_time_sd: float = 0.0) -> float:
    """Safety stock over the standard deviation of demand over the protection interval."""
    exposed = max(lead_time + max(review, LEAST_REVIEW) - wait, 0.0)
    deviation = math.sqrt(lead_time_demand(exposed, volume, variance_to_mean, lead_time_sd)[1])
    units = safety_stock(target, volume, variance_to_mean, lead_time, review, lot_size, order_interval, wait,
                         lead_time_sd)
    return units / deviation if deviation else 0.0


def on_the_grid(curve, volume: float, first: float | None = None) -> float:
    """A declared curve: `curve(m)` at m = 2^(j/8), straight lines between; below 2^-6 level, or straight from `first`
    just above 0."""
    if volume <= LEAST_VOLUME:
        end = curve(LEAST_VOLUME)
        start = end if first is None else first
        return start + (end - start) * volume / LEAST_VOLUME if volume > 0 else 0.0
    step = math.floor(STEPS_PER_DOUBLING * math.log2(volume))
    low, high = 2 ** (step / STEPS_PER_DOUBLING), 2 ** ((step + 1) / STEPS_PER_DOUBLING)
    share = (volume - low) / (high - low)  # a little below 0 where the logarithm was rounded up: the same line
    return (1 - share) * curve(low) + share * curve(high)
