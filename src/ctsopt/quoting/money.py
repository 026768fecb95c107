"""The arithmetic of a quote: what a cost means a unit and over the years of a contract, and whether a price pays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ctsopt.certified import Certified
from ctsopt.errors import UsageError
from ctsopt.networks.everyday import recovery


def with_one_off(yearly: Certified, one_off: float, rate: float, years: float) -> Certified:
    """A yearly cost with a sum that is spent once, paid back over the years of the contract [money a year].

    Examples
    --------
    >>> with_one_off(Certified(16_800, 18_400, 19_200), 30_000, 0.08, 3).high.__round__(2)
    30841.01
    """
    more = recovery(rate, years) * one_off if one_off else 0.0
    return yearly + Certified(more, more, more)


def keeps_margin(cost: float, margin_now: float, revenue_now: float, units: float, margin: float) -> float:
    """Price a unit, on top of today's, at which the margin stays a share of the revenue.

    (m R - (M - cost)) / (V (1 - m)): a price that covers the cost alone makes the share smaller.

    Parameters
    ----------
    cost : float
        What the change costs [money a year].
    margin_now, revenue_now : float
        Margin and revenue today [money a year].
    units : float
        Units a year.
    margin : float
        Margin to be kept, as a share of the revenue.

    Examples
    --------
    >>> round(keeps_margin(19_200, 63_000, 420_000, 60_000, 0.15), 5)
    0.37647
    """
    if not margin < 1 or not units > 0:
        raise UsageError("a margin below 1 and units above 0 are needed")
    return (margin * revenue_now - (margin_now - cost)) / (units * (1 - margin))


@dataclass(frozen=True)
class Chance:
    """With what probability a price pays, where some states are not proven either way.

    Attributes
    ----------
    least, most : float
        Probability of the states in which it is proven to pay, and of those in which it is not proven to lose.
    cost : Certified
        The mean of the cost.
    """

    least: float
    most: float
    cost: Certified


def chance_to_pay(price: float, states: Sequence[tuple[float, Certified]]) -> Chance:
    """Whether a price pays over states of demand, each with its probability and its cost.

    Parameters
    ----------
    price : float
        What is charged [money a year].
    states : sequence of (float, Certified)
        Probability and cost of each state; the probabilities add up to 1.

    Examples
    --------
    >>> states = [(0.5, Certified(15, 16, 18)), (0.3, Certified(20, 21, 23)), (0.2, Certified(26, 27, 28))]
    >>> chance = chance_to_pay(21, states)
    >>> (chance.least, chance.most, round(chance.cost.low, 9), round(chance.cost.high, 9))
    (0.5, 0.8, 18.7, 21.5)
    """
    total = math.fsum(weight for weight, _ in states)
    if not states or abs(total - 1) > 1e-9:
        raise UsageError(f"the probabilities of the states add up to {total:g}, not to 1")
    said = [(weight, cost.verdict(price)) for weight, cost in states]
    ends = [math.fsum(weight * end for weight, end in ((w, getattr(cost, name)) for w, cost in states))
            for name in ("low", "point", "high")]
    return Chance(math.fsum(w for w, verdict in said if verdict == "pays"),
                  math.fsum(w for w, verdict in said if verdict != "loses"), Certified(*ends))


def best_offer(cost: float, steepness: float, level: float) -> tuple[float, float, float]:
    """Price with the largest expected gain where acceptance falls with it: w(p) = 1 / (1 + exp(level + steepness p)).

    The best price is cost + (1 + W(exp(-(level + steepness cost) - 1))) / steepness, W being Lambert's function
    (Phillips, Pricing and Revenue Optimization, on the logit bid response).

    Returns
    -------
    tuple of float
        Price, probability that it is accepted, expected gain.

    Examples
    --------
    >>> [round(value, 2) for value in best_offer(18_000, 2e-4, -6)]
    [29048.3, 0.55, 6048.3]
    """
    from scipy.special import lambertw

    if not steepness > 0:
        raise UsageError("steepness is how fast acceptance falls with the price: give a number above 0")
    price = cost + (1 + float(lambertw(math.exp(-(level + steepness * cost) - 1)).real)) / steepness
    accepted = 1 / (1 + math.exp(level + steepness * price))
    return price, accepted, accepted * (price - cost)
