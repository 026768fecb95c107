"""A stock under a replenishment policy: its arguments, checked and laid side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from ctsopt.errors import UsageError
from ctsopt.inventory.arguments import at_least_zero, checked_probabilities, known
from ctsopt.inventory.demand import DISTRIBUTIONS, WHOLE_UNITS, choose_distribution
from ctsopt.inventory.over_lot import mean_over_lot

Floats = npt.NDArray[np.float64]

POLICIES = ("rsnq", "rs", "sq")
"""(R, s, nQ): reviewed every R days, in lots; (R, S): reviewed every R days, up to S; (s, Q): watched all the time."""


class PolicyOptions(TypedDict, total=False):
    """What the measures of a stock take beside reorder point, demand and lead time: as in `fill_rate`."""

    policy: str
    review_time: npt.ArrayLike
    lot_size: npt.ArrayLike
    distribution: str
    lead_time_sd: npt.ArrayLike
    lead_time_probabilities: npt.ArrayLike | None
    orders_per_day: npt.ArrayLike


class Stock(NamedTuple):
    """One element for each stock; with a mixture of lead times they are along a last axis."""

    policy: str
    distribution: str
    point: Floats       # reorder point, order-up-to level with rs
    lot: Floats
    mean: Floats        # per day
    sd: Floats          # per square root of a day
    lead: Floats        # days from review to goods, as stated
    review: Floats
    lead_sd: Floats
    wait: Floats
    orders: Floats      # order lines per day, infinite where demand is not in whole units

    @property
    def whole(self) -> bool:
        """Demand comes in whole units."""
        return self.distribution in WHOLE_UNITS

    @property
    def low(self) -> Floats:
        """The position after ordering is above this, by at most `width` (at it, where the width is 0)."""
        return self.point - 1 if self.whole and self.policy == "rs" else self.point

    @property
    def width(self) -> Floats:
        """Spread of positions after ordering."""
        return np.ones_like(self.lot) if self.whole and self.policy == "rs" else self.lot

    def before(self) -> Floats:
        """Days from an order until its goods come, less the wait."""
        return np.maximum(self.lead - self.wait, 0.0)

    def protection(self) -> Floats:
        """Days from a review until the goods of the next one come, less the wait."""
        return np.maximum(self.lead + self.review - self.wait, 0.0)

    def demand(self, days: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of demand over `days`; over none there is none."""
        spread = np.sqrt(self.sd**2 * days + (self.mean * self.lead_sd) ** 2)
        return self.mean * days, np.where(days > 0, spread, 0.0)

    def over_lot(self, days: Floats) -> tuple[Floats, Floats]:
        """Mean shortage and tail of demand over `days`, over the positions after ordering."""
        return mean_over_lot(self.low, self.width, *self.demand(days), self.distribution)

    def at(self, chosen: npt.NDArray[np.bool_], distribution: str) -> Stock:
        """These stocks only."""
        return Stock(self.policy, distribution, *(column[chosen] for column in self[2:]))


def measure(rule: Callable[[Stock], Floats], reorder_point: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike,
            lead_time: npt.ArrayLike, options: PolicyOptions, wait: npt.ArrayLike = 0.0) -> Floats:
    """`rule` of each stock, by its distribution, as a mean over its possible lead times."""
    stock, weights = _prepared(reorder_point, mean, sd, lead_time, options, wait)
    if stock.distribution == "auto":
        names = choose_distribution(*stock.demand(stock.protection()), stock.orders)
        found = np.empty(stock.point.shape)
        for name in DISTRIBUTIONS:
            chosen = names == name
            if chosen.any():
                found[chosen] = rule(_in_whole_units(stock.at(chosen, name)))
    else:
        found = rule(_in_whole_units(stock))
    return found if weights is None else found @ weights


def _prepared(reorder_point: npt.ArrayLike, mean: npt.ArrayLike, sd: npt.ArrayLike, lead_time: npt.ArrayLike,
              options: PolicyOptions, wait: npt.ArrayLike) -> tuple[Stock, Floats | None]:
    policy = known(options.get("policy", "rsnq"), POLICIES, "policy")
    distribution = known(options.get("distribution", "gamma"), (*DISTRIBUTIONS, "auto"), "distribution of demand")
    point = np.asarray(reorder_point, dtype=np.float64)
    if not np.isfinite(point).all():
        raise UsageError("a reorder point is not a number")
    review = 0.0 if policy == "sq" else options.get("review_time", 1.0)
    lot, m, sigma, lead, interval, lead_sd, waited = at_least_zero(
        lot_size=options.get("lot_size", 0.0), mean=mean, sd=sd, lead_time=lead_time, review_time=review,
        lead_time_sd=options.get("lead_time_sd", 0.0), wait=wait)
    _check_policy(policy, lot, interval, m)
    probabilities = options.get("lead_time_probabilities")
    weights = None if probabilities is None else checked_probabilities(probabilities, lead)
    parts = [_expanded(part, weights is not None) for part in (point, lot, m, sigma)]
    orders = np.asarray(options.get("orders_per_day", np.inf), dtype=np.float64)
    rest = [_expanded(part, weights is not None) for part in (interval, lead_sd, waited, orders)]
    return Stock(policy, distribution, *np.broadcast_arrays(*parts, lead, *rest)), weights


def _expanded(array: Floats, mixture: bool) -> Floats:
    return array[..., None] if mixture else array


def _check_policy(policy: str, lot: Floats, review: Floats, mean: Floats) -> None:
    if not (mean > 0).all():
        raise UsageError("mean is 0: without demand there is nothing to measure")
    if policy == "rs" and (lot > 0).any():
        raise UsageError("policy 'rs' orders what is missing and has no lot_size: take 'rsnq', or leave it out")
    if policy == "sq" and not (lot > 0).all():
        raise UsageError("policy 'sq' needs a lot_size above 0 (in whole units 1, with which it is a base stock)")
    if policy != "sq" and not (review > 0).all():
        raise UsageError(f"policy {policy!r} needs a review_time above 0 days; stock watched all the time is 'sq'")


def _in_whole_units(stock: Stock) -> Stock:
    if stock.whole:
        for name, values in (("reorder_point", stock.point), ("lot_size", stock.width)):
            if (values != np.rint(values)).any():
                raise UsageError(f"{name} must be a whole number where demand comes in whole units")
        if (stock.width < 1).any():
            raise UsageError("lot_size must be at least 1 where demand comes in whole units")
    return stock
