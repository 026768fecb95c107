"""What each class gets from one stock under critical levels: the policy followed through a lead time.

Class t is served while more than K_t units are on hand, K_1 = 0 <= K_2 <= .. <= K_n (class 1 is the best). Goods that
come in go first to what the better classes wait for, then to the reserve up to K_n, then to the next class.

The worst class is served by a stock with the reorder point s − K_n: its fill rate is exact. For a better class the
goods of one order are followed, from the review on. All demand takes the stock down to K_n at some time; from then on
only the better classes take from it, until the next goods come, or until the next level, and so on:

    short = sum over times of P(K_n is reached then) × P(no goods come after that) × E[demand beyond the layer].

Two things make it near to simulations also where demand is lumpy. The order that reaches a level takes more than was
left. What is beyond (the overshoot) has the mean that Wald's identity says for that time; it lies between nothing,
the overshoot of a level far away (density E1(x/q)/q), and an exponential one; and it is of a better class with the
share of the better classes. And goods that come in make up for what the better classes have taken: counted as soon
as they are as many as the layer and what a class that is most of the demand carries over, q w² / (1 − w) / 2.

Demand is a gamma process. Left out: order sizes other than those of that process, and orders that cross.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from ctsopt.inventory.over_lot import mean_over_lot

Floats = npt.NDArray[np.float64]

_STEPS = 48
"""Parts of the time in which a level is reached."""

_POSITIONS = 32
"""Stock positions after ordering at which it is looked at."""

_ARRIVALS = 40
"""Orders under way that are told apart; more reviews in a lead time are taken together."""

_NEVER = 1e-12
"""Demand that is exceeded so seldom is the most there is."""

_CERTAIN = 1e-6

_SELDOM = 1e-7
"""A level that is reached so seldom before some time is counted as not reached before."""

_HALVINGS = 12

_CARRIED = 0.5
"""Goods that come in do not at once make up for a shortage of classes that are most of the demand."""

_TOGETHER = 200
"""Stocks that are worked out at a time."""

_TINY = 1e-300


def _overshoots() -> tuple[tuple[Floats, Floats], ...]:
    """Nodes and weights of overshoots over q: none, that of a far level, an exponential one; means 0, 1/2, 1."""
    part, share = np.polynomial.legendre.leggauss(16)
    size, weight = np.polynomial.laguerre.laggauss(24)
    node, mass = np.outer((part + 1) / 2, size).ravel(), np.outer(share / 2, weight).ravel()
    return (np.zeros(1), np.ones(1)), _gauss(node, mass, 10), _gauss(size, weight, 10)


def _gauss(node: Floats, mass: Floats, count: int) -> tuple[Floats, Floats]:
    """The Gauss rule of a measure that is given by many nodes (Stieltjes' procedure)."""
    last, now, norm = np.zeros_like(node), np.ones_like(node), float(mass.sum())
    middle, beside = np.zeros(count), np.zeros(count)
    for step in range(count):
        middle[step] = float(mass @ (node * now**2)) / norm
        last, now = now, (node - middle[step]) * now - (beside[step - 1] if step else 0.0) * last
        beside[step], norm = float(mass @ now**2) / norm, float(mass @ now**2)
    side = np.sqrt(beside[:-1])
    values, vectors = np.linalg.eigh(np.diag(middle) + np.diag(side, 1) + np.diag(side, -1))
    return np.asarray(values), np.asarray(vectors[0] ** 2 * mass.sum())


_OVERSHOOTS = _overshoots()


@dataclass(frozen=True, eq=False)
class Stocks:
    """Stocks under critical levels, one element for each; the classes along the last axis, from best to worst.

    Attributes
    ----------
    reorder_point : float array, shape (stocks,)
    levels, volume : float arrays, shape (stocks, classes)
        Critical levels, rising from 0, and units per day (> 0).
    ratio, lead_time, review_time, lot, lead_time_sd, wait : float arrays, shape (stocks,)
        Of all demand; `lot` in units, with what `order_interval` asks for; `review_time` above 0.
    """

    reorder_point: Floats
    levels: Floats
    volume: Floats
    ratio: Floats
    lead_time: Floats
    review_time: Floats
    lot: Floats
    lead_time_sd: Floats
    wait: Floats

    def at(self, some: slice) -> Stocks:
        """Some of the stocks."""
        return Stocks(*(getattr(self, field.name)[some] for field in fields(self)))

    @property
    def total(self) -> Floats:
        """All demand, units per day."""
        return np.asarray(self.volume.sum(axis=-1))

    @property
    def whole(self) -> Floats:
        """Protection interval, days."""
        return np.maximum(self.lead_time + self.review_time - self.wait, 0.0)

    @property
    def before(self) -> Floats:
        """Its part before the goods of the last review come, days."""
        return np.maximum(self.lead_time - self.wait, 0.0)

    def variance(self, days: Floats) -> Floats:
        """Of all demand over some days (stocks first); that of the lead time grows until goods come."""
        total, before = self.total, np.where(self.before > 0, self.before, self.whole)
        total, before, ratio, sd = (_beside(part, days) for part in (total, before, self.ratio, self.lead_time_sd))
        return np.asarray(ratio * total * days + (sd * total) ** 2 * np.minimum(days / np.maximum(before, _TINY), 1.0))


def class_fill_rates(stocks: Stocks) -> Floats:
    """Fill rate of each class, shape (stocks, classes).

    Notes
    -----
    Nahmias and Demmy (1981) and Deshpande, Cohen and Donohue (2003) for critical levels; Arslan, Graves and Roemer
    (2007) for many classes as a row of stages. The law of jumps over a level: Bertoin (1996), Lévy Processes, III.2.
    """
    parts = [_fill_rates(stocks.at(slice(start, start + _TOGETHER)))
             for start in range(0, len(stocks.reorder_point), _TOGETHER)]
    return np.concatenate(parts) if parts else np.zeros_like(stocks.volume)


def _fill_rates(stocks: Stocks) -> Floats:
    best, top = np.cumsum(stocks.volume, axis=-1), stocks.levels[:, -1]
    found = np.empty_like(stocks.volume)
    found[:, -1] = 1.0 - _short_of_all(stocks, top) / (stocks.total * stocks.review_time)
    # Demand that is certain is one that varies hardly.
    stocks = replace(stocks, ratio=np.maximum(stocks.ratio, _CERTAIN * stocks.total * stocks.whole))
    for one in range(stocks.volume.shape[-1] - 1):
        layers, volumes = np.diff(stocks.levels, axis=-1)[:, one:][:, ::-1], best[:, one:][:, ::-1]
        short = _Exposed(stocks, layers, volumes, stocks.whole, stocks.review_time, late=False).short()
        if (stocks.before > 0).any():
            short = short - _Exposed(stocks, layers, volumes, stocks.before, stocks.review_time, late=True).short()
        found[:, one] = 1.0 - short / np.maximum(best[:, one] * stocks.review_time, _TINY)
    for one in range(stocks.volume.shape[-1] - 2, -1, -1):   # without a reserve a class is served like the next
        alike = stocks.levels[:, one] == stocks.levels[:, one + 1]
        found[alike, one] = found[alike, one + 1]
    # No class gets less than a worse one: what rounding of the sums may leave.
    return np.asarray(np.maximum.accumulate(np.clip(found, 0.0, 1.0)[:, ::-1], axis=-1)[:, ::-1])


def _short_of_all(stocks: Stocks, top: Floats) -> Floats:
    """Units of all demand in a review that find no more than the highest level."""
    loss = [mean_over_lot(stocks.reorder_point - top, stocks.lot, stocks.total * days,
                          np.sqrt(stocks.variance(days)), "gamma")[0] for days in (stocks.whole, stocks.before)]
    return loss[0] - loss[1]


class _Exposed:
    """What is short at a time after a review, of the classes behind some layers, shape (stocks, ..).

    Parameters
    ----------
    layers : float array, shape (stocks, layers)
        From the highest level down.
    volumes : float array, shape (stocks, layers + 1)
        Of those who take from the stock above the first level, then between the levels, then below the last.
    end : float array
        Days after the review.
    late : bool
        Count only the reviews that order nothing: where goods come at the end, they are counted as having come.
    """

    def __init__(self, stocks: Stocks, layers: Floats, volumes: Floats, end: Floats, review: Floats, *,
                 late: bool) -> None:
        self._stocks, self._layers, self._volumes, self._end, self._late = stocks, layers, volumes, end, late
        self._review = review
        part = np.arange(_STEPS + 1) / _STEPS
        self._begin = _earliest(stocks, end)
        self._left = (end - self._begin)[:, None] * part        # days from when a level is reached
        self._time = self._begin[:, None] + self._left
        self._position, self._weight = _positions(stocks)
        share = volumes[:, -1] / volumes[:, 0]
        least = layers[:, -1] + _CARRIED * stocks.ratio * share**2 / np.maximum(1.0 - share, 1e-9)
        lots = np.floor(least / np.where(stocks.lot > 0, stocks.lot, 1.0)) * stocks.lot
        most = stocks.reorder_point + stocks.lot + np.where(stocks.lot > 0, lots, least)
        self._room = most[:, None] - self._position

    def short(self) -> Floats:
        """Mean units, over all positions after ordering."""
        return np.asarray(((self._without_goods() + self._after_goods()) * self._weight).sum(axis=1))

    def _quiet(self, days: Floats) -> Floats:
        """Probability that hardly anything was ordered in the last so many days, shape (stocks, positions, times)."""
        mean = (self._stocks.total[:, None] * days)[:, None, :]
        return np.where(mean > 0, special.gammainc(
            np.maximum(mean / self._stocks.ratio[:, None, None], _TINY),
            np.maximum(self._room, 0.0)[:, :, None] / self._stocks.ratio[:, None, None]), 1.0)

    def _without_goods(self) -> Floats:
        """The level is reached and nothing comes in after that."""
        stocks, time = self._stocks, self._time
        below = self._position - stocks.levels[:, -1:]
        already, reached, overshoot = _crossing(below, stocks.total[:, None] * time, stocks.variance(time),
                                                stocks.ratio)
        middle = (time[:, 1:] + time[:, :-1]) / 2
        gone = np.ceil((stocks.before[:, None] - middle) / self._review[:, None] - 1e-12)
        days = np.maximum(gone, 1.0 if self._late else 0.0) * self._review[:, None]
        beyond = _beyond(self._left, self._layers, self._volumes, stocks.ratio)
        rest = [(part[:, 1:] + part[:, :-1])[:, ::-1] / 2 for part in beyond[1:]]
        quiet, short = self._quiet(days), np.zeros_like(reached)
        for weight, part in zip(_mixture(overshoot), rest, strict=True):
            short += weight * part[:, None, :]
        return np.asarray((reached * quiet * short).sum(axis=2) + already * quiet[:, :, 0] * beyond[0][:, -1:])

    def _after_goods(self) -> Floats:
        """The level was reached before goods came in last: from then on everything counts."""
        stocks, review = self._stocks, self._review[:, None]
        orders = np.ceil(np.maximum(stocks.before, 0.0) / self._review - 1e-12)
        count = int(min(orders.max(initial=0.0), _ARRIVALS))
        if count == 0:
            return np.zeros_like(self._position)
        stride = np.maximum(np.ceil(orders / _ARRIVALS), 1.0)[:, None]
        number = np.arange(count) * stride
        come = stocks.before[:, None] - number * review
        chance = self._quiet(number * review) - self._quiet((number + stride) * review)
        chance = np.where((come > 0)[:, None, :], chance, 0.0)
        if self._late:
            chance[:, :, 0] = 0.0
        come = np.maximum(come, 0.0)
        low = (self._position - stocks.levels[:, -1:])[:, :, None]
        reached = _tail(low, (stocks.total[:, None] * come)[:, None, :], stocks.variance(come)[:, None, :])
        beyond = _beyond(self._left, self._layers, self._volumes, stocks.ratio)[0]
        rest = _between(beyond, (self._end[:, None] - come) / np.maximum(self._left[:, -1:], _TINY))
        return np.asarray((chance * reached * rest[:, None, :]).sum(axis=2))


def _earliest(stocks: Stocks, end: Floats) -> Floats:
    """Days after the review before which hardly any demand reaches the highest level, from any position."""
    low, high, level = np.zeros_like(end), end.copy(), stocks.reorder_point - stocks.levels[:, -1]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        late = _tail(level, stocks.total * middle, stocks.variance(middle)) < _SELDOM
        low, high = np.where(late, middle, low), np.where(late, high, middle)
    return np.minimum(low, 0.98 * end)


def _positions(stocks: Stocks) -> tuple[Floats, Floats]:
    """Positions after ordering from which a level may be reached, and their weights."""
    node, weight = np.polynomial.legendre.leggauss(_POSITIONS)
    mean = stocks.total * stocks.whole
    scale = stocks.variance(stocks.whole) / np.maximum(mean, _TINY)
    most = special.gammainccinv(mean / scale, _NEVER) * scale
    width = np.clip(most - stocks.reorder_point + stocks.levels[:, -1], 0.0, stocks.lot)
    share = np.where(stocks.lot > 0, width / np.where(stocks.lot > 0, stocks.lot, 1.0), 1.0)
    return stocks.reorder_point[:, None] + width[:, None] * (node + 1) / 2, share[:, None] * weight / 2


def _crossing(level: Floats, mean: Floats, variance: Floats, ratio: Floats) -> tuple[Floats, Floats, Floats]:
    """Probability that demand has passed a level before, or does in each part of time, and the mean overshoot over q.

    Shapes: level (stocks, positions), mean and variance (stocks, times). By Wald, the mean of what is beyond the level
    grows by the demand of the time in which it is passed already, and by the overshoots.
    """
    level, mean, variance = level[:, :, None], mean[:, None, :], variance[:, None, :]
    passed = np.maximum.accumulate(_tail(level, mean, variance), axis=2)
    loss = _loss(level, mean, variance / np.maximum(mean, _TINY))
    new = np.diff(passed, axis=2)
    over = np.diff(loss, axis=2) - np.diff(mean, axis=2) * (passed[:, :, 1:] + passed[:, :, :-1]) / 2
    return passed[:, :, 0], new, _share_of_exponential(over, new, ratio[:, None, None])


def _beyond(time: Floats, layers: Floats, volumes: Floats, ratio: Floats) -> tuple[Floats, ...]:
    """What the classes behind some layers are short of, at times after the first level is reached.

    Without an overshoot, and with each of the laws of an overshoot, which is of these classes with their share.
    """
    share = (volumes[:, 1] / volumes[:, 0])[:, None]
    mean, scale = volumes[:, 1, None] * time, np.broadcast_to(ratio[:, None], time.shape)
    first = layers[:, 0, None]
    loss = [(weight * _loss((first - ratio[:, None] * node)[:, None, :], mean[:, :, None], scale[:, :, None])
             ).sum(axis=2) for node, weight in _OVERSHOOTS]
    loss = [(1 - share) * loss[0] + share * part for part in loss]
    if layers.shape[1] == 1:
        return loss[0], *loss
    tails = [(weight * _tail((first - ratio[:, None] * node)[:, None, :], mean[:, :, None],
                             (scale * mean)[:, :, None])).sum(axis=2) for node, weight in _OVERSHOOTS]
    tails = [(1 - share) * tails[0] + share * part for part in tails]
    after = _beyond(time, layers[:, 1:], volumes[:, 1:], ratio)
    found = [_following(passed, lost, mean, ratio, after) for passed, lost in zip(tails, loss, strict=True)]
    return found[0], *found


def _following(passed: Floats, lost: Floats, mean: Floats, ratio: Floats, after: tuple[Floats, ...]) -> Floats:
    """What is short behind the next layers, where a layer is passed with these probabilities up to each time."""
    new = np.diff(passed, axis=1, prepend=0.0)
    over = np.diff(lost, axis=1, prepend=0.0)
    over[:, 1:] -= np.diff(mean, axis=1) * (passed[:, 1:] + passed[:, :-1]) / 2
    size = _share_of_exponential(over, new, ratio[:, None])
    total = np.zeros_like(passed)
    for weight, rest in zip(_mixture(size), after[1:], strict=True):
        total += new[:, :1] * weight[:, :1] * rest
        middle = (rest[:, 1:] + rest[:, :-1]) / 2
        for step in range(1, passed.shape[1]):
            total[:, step:] += (new * weight)[:, step, None] * middle[:, :passed.shape[1] - step]
    return total


def _share_of_exponential(over: Floats, passed: Floats, ratio: Floats) -> Floats:
    """Mean overshoot over q, from what is beyond the level in the mean and how often it is passed."""
    known = np.clip(over / np.maximum(passed, _TINY) / ratio, 0.0, 1.0)
    return np.where(passed > 1e-12, known, 0.5)


def _mixture(mean: Floats) -> tuple[Floats, Floats, Floats]:
    """Weights of the laws of an overshoot with which it has this mean."""
    none, far = np.clip(1.0 - 2.0 * mean, 0.0, 1.0), np.clip(2.0 * mean - 1.0, 0.0, 1.0)
    return none, 1.0 - none - far, far


def _between(values: Floats, place: Floats) -> Floats:
    """Values on the steps of time, at places in [0, 1], by straight lines."""
    at = np.clip(place, 0.0, 1.0) * _STEPS
    low = np.minimum(at.astype(np.int64), _STEPS - 1)
    left, right = np.take_along_axis(values, low, axis=1), np.take_along_axis(values, low + 1, axis=1)
    return np.asarray(left + (at - low) * (right - left))


def _tail(level: Floats, mean: Floats, variance: Floats) -> Floats:
    """P(demand > level), gamma; demand of nothing is 0."""
    some = (mean > 0) & (variance > 0)
    shape = np.where(some, mean**2 / np.where(some, variance, 1.0), 1.0)
    scale = np.where(some, variance / np.where(some, mean, 1.0), 1.0)
    found = special.gammaincc(np.maximum(shape, _TINY), np.maximum(level, 0.0) / scale)
    return np.where(level <= 0, np.where(some | (level < 0), 1.0, 0.0), np.where(some, found, 0.0))


def _loss(level: Floats, mean: Floats, scale: Floats) -> Floats:
    """E[max(demand - level, 0)], gamma."""
    some = mean > 0
    size, over = np.where(some, scale, 1.0), np.maximum(level, 0.0)
    shape = np.maximum(np.where(some, mean / np.where(size > 0, size, 1.0), 1.0), _TINY)
    place = over / size
    found = mean * special.gammaincc(shape + 1.0, place) - over * special.gammaincc(shape, place)
    return np.where(level <= 0, mean - level, np.where(some, np.maximum(found, 0.0), 0.0))


def _beside(part: Floats, days: Floats) -> Floats:
    """One figure of each stock, in the shape of times."""
    return part.reshape(part.shape + (1,) * (days.ndim - 1))
