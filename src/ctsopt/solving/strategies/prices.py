"""Cheap ways through a network at prices: every request takes its cheapest way, and what is scarce becomes dearer.

The flows of a program are read from two families of rows, which their marks tell: one has the places where goods are,
the other the requests. All other rows get prices, which rise where the flows of a round break them (multipliers of a
Lagrangian relaxation; Fisher, Management Science 27, 1981). What is paid once, such as a site, is charged by the unit
at the volume of the rounds before (slope scaling; Kim and Pardalos, Operations Research Letters 24, 1999). The mean of
the rounds serves all demand, and often comes to keep all rows (Barahona and Anbil, Mathematical Programming 87, 2000).
No linear program is solved: a round takes milliseconds where that takes seconds to minutes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from ctsopt.formulation.build import rows_of_goods
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.program import Program

_ECHELONS = 12
"""Most legs of a way from where goods are made to where they are delivered from."""

_CALM = 10.0
"""After so many rounds prices move half as much as in the first."""

_NEW, _SLOW = 0.3, 0.1
"""Share of the flows of a round in the mean: while sites are chosen, and while the mean is to keep all rows."""

_EAGER, _GENTLE = 2.0, 0.6
"""How far prices move in the first round where a row is broken by all that it has: the same two."""

_INSIDE = 0.03
"""Share of what a row has by which the mean is led to the inside of it."""

_TRICKLE = 1e-3
"""Share of its room at which the cost of a site is spread over no less volume."""

_KEPT = 1e-9
"""Share of what a row has by which the mean may be off and still keeps it."""


_PATIENCE, _WORTH = 8, 1e-4
"""A bound that rises by less than this share in so many rounds is done."""

_DUST = 1e-12
"""Share of the terms of a reduced cost below which it is rounding."""

_SAFE = 1e-7
"""Share of a bound that is left off for the rounding of its sums."""


@dataclass(frozen=True, eq=False)
class Choice:
    """What some rounds of prices led to.

    Attributes
    ----------
    flow : float array
        Mean flows, for each column; whole columns are 0.
    used : bool array
        Columns that carried flow in any round.
    holds : bool
        Whether the mean keeps every row of the program, with the whole columns that were given.
    """

    flow: Floats
    used: Bools
    holds: bool


class Ways:
    """The flows of a program as a graph of places, and the rows that bear prices.

    Parameters
    ----------
    program : Program
    """

    def __init__(self, program: Program) -> None:
        arrays = program.arrays
        self._cost, self._integer = arrays.cost, arrays.integer
        places, requests = (np.arange(program.row_count)[rows_of_goods(program, goods).span]
                            for goods in ("places", "requests"))
        matrix = sp.csr_array(arrays.matrix)
        self._wanted, self._places = arrays.row_upper[requests], len(places)
        self._read(sp.csc_array(matrix[places]), sp.csc_array(matrix[requests]), arrays.upper)
        priced = ~program.lazy
        priced[places] = priced[requests] = False
        rows = np.flatnonzero(priced)
        self._rows = sp.csr_array(matrix[rows])
        self._lower, self._upper = arrays.row_lower[rows], arrays.row_upper[rows]
        self._arrays, self._hard = arrays, sp.csr_array(matrix[np.flatnonzero(~program.lazy)].T)
        self._of = np.concatenate([rows, places, requests])
        self._place = np.searchsorted(np.flatnonzero(~program.lazy), self._of)
        whole = np.flatnonzero(self._integer)
        part = self._rows[:, whole].tocoo()
        self._on = whole[part.col], part.row, part.data
        goods = sp.csr_array(self._rows @ sp.diags_array((~self._integer).astype(float)))
        self._columns, self._sizes = sp.csr_array(goods.T), abs(goods)
        self._largest = np.maximum(np.asarray(self._sizes.max(axis=1).todense(), dtype=float).ravel(), 1e-12)

    def _read(self, balance: sp.csc_array, serve: sp.csc_array, upper: Floats) -> None:
        """Which columns are sources, legs and deliveries: one entry where goods come in, at most one where they go."""
        goods = ~self._integer & (upper > 0)
        head, into, first = _single(balance, 1.0)
        tail, out, second = _single(balance, -1.0)
        request, asked, third = _single(serve, 1.0)
        plain = goods & first & second & third & (out <= 1) & (into + asked == 1)
        self._source = np.flatnonzero(plain & (into == 1) & (out == 0))
        self._leg = np.flatnonzero(plain & (into == 1) & (out == 1))
        ends = np.flatnonzero(plain & (asked == 1))
        self._end = ends[np.argsort(request[ends], kind="stable")]
        self._tail, self._head = tail, head
        self._from = np.where(out[self._end] == 1, tail[self._end], self._places)  # unserved comes from nowhere
        self._request = request[self._end]

    def paths(self, price: Floats, shut: Bools) -> tuple[Positions, Positions, Floats]:
        """The last leg of every way to a request, the request, and what a unit costs on the cheapest way that ends so.

        Parameters
        ----------
        price : float array
            Prices of all rows; those of places and requests are not looked at.
        shut : bool array
            Columns that goods may not come by; last legs may be among them.
        """
        cost = self._cost - self._columns @ price[self._of[:len(self._lower)]]
        best, _ = self._potentials(cost, self._source[~shut[self._source]], self._leg[~shut[self._leg]])
        return self._end, self._request, cost[self._end] + best[self._from]

    @property
    def wanted(self) -> Floats:
        """Quantity of each request."""
        return self._wanted

    @cached_property
    def _terms(self) -> sp.csr_array:
        return abs(self._hard)

    def choose(self, on: Floats, rounds: int) -> Choice:
        """Rounds of prices that lead flows to few sites.

        Parameters
        ----------
        on : float array
            Values of the whole columns, for each column: which sites there may be.
        rounds : int
        """
        return self._rounds(on, rounds, _NEW, _EAGER, 0.0, spread=True)

    def settle(self, on: Floats, rounds: int) -> Choice:
        """Rounds of prices that lead to a plan with these whole columns; they end when the mean is one."""
        return self._rounds(on, rounds, _SLOW, _GENTLE, _INSIDE, spread=False)

    def prove(self, on: Floats, rounds: int) -> float:
        """The most that rounds of prices prove: no plan costs less. They end when it hardly rises any more."""
        once = self._by_the_unit(None, on)
        mean, best = np.zeros(len(self._cost)), np.full(rounds, -math.inf)
        fixed, ends = self._rows @ np.where(self._integer, on, 0.0), self._there(on)
        price = np.zeros(len(once))
        for k in range(rounds):
            flow = self._cheapest(self._cost - self._columns @ (price + once), ends)
            mean += max(_NEW, 1 / (k + 1)) * (flow - mean)
            goods, size = self._columns.T @ mean, self._sizes @ mean
            price = self._dearer(price, goods + fixed, size, _GENTLE / (1 + k / _CALM), 0.0, mean)
            best[k] = self._bound(price + once, ends)
            least, before = best[:k + 1].max(), best[:max(k - _PATIENCE, 0)].max(initial=-math.inf)
            if math.isfinite(before) and least - before < _WORTH * abs(least):
                break
        least = float(best.max(initial=-math.inf))
        return least - _SAFE * abs(least) if math.isfinite(least) else -math.inf

    def _rounds(self, on: Floats, rounds: int, new: float, eager: float, inside: float, *, spread: bool) -> Choice:
        used, mean = np.zeros(len(self._cost), dtype=bool), np.zeros(len(self._cost))
        price = np.zeros(len(self._lower))
        once = self._by_the_unit(None, on) if spread else price
        fixed = self._rows @ np.where(self._integer, on, 0.0)
        ends = self._there(on)
        holds = False
        for k in range(rounds):
            flow = self._cheapest(self._cost - self._columns @ (price + once), ends)
            used |= flow > 0
            mean += max(new, 1 / (k + 1)) * (flow - mean)
            goods, size = self._columns.T @ mean, self._sizes @ mean
            if not spread and self._keeps(goods + fixed, size, mean):
                holds = True
                break
            price = self._dearer(price, goods + fixed, size, eager / (1 + k / _CALM), inside, mean)
            once = self._by_the_unit(goods, on) if spread else once
        return Choice(mean, used, holds)

    def _cheapest(self, cost: Floats, ends: tuple[Positions, Positions, Positions, Positions]) -> Floats:
        """Every request by its cheapest way, and what that takes from the places before."""
        sources, legs, there, begin = ends
        best, by = self._potentials(cost, sources, legs)
        flow = np.zeros(len(cost))
        if not len(there):
            return flow
        end, request = self._end[there], self._request[there]
        way = cost[end] + best[self._from[there]]
        least = np.repeat(np.minimum.reduceat(way, begin), np.diff(np.append(begin, len(way))))
        at = np.flatnonzero((way == least) & np.isfinite(way))
        at = at[np.append(True, request[at][1:] != request[at][:-1])] if len(at) else at
        flow[end[at]] = self._wanted[request[at]]
        need = np.bincount(self._from[there][at], weights=flow[end[at]], minlength=self._places + 1)[:self._places]
        for _ in range(_ECHELONS):
            here = np.flatnonzero((need > 0) & (by >= 0))
            if not len(here):
                break
            np.add.at(flow, by[here], need[here])
            before = self._tail[by[here]]
            need = np.bincount(before[before >= 0], weights=need[here][before >= 0], minlength=self._places)
        return flow

    def _potentials(self, cost: Floats, sources: Positions, legs: Positions) -> tuple[Floats, Positions]:
        """The least cost of a unit at each place (0 at nowhere), and the column by which it comes; -1 where none."""
        best, by = np.full(self._places, np.inf), np.full(self._places, -1, dtype=np.int64)
        columns, value = sources, cost[sources]
        for _ in range(_ECHELONS):
            head = self._head[columns]
            order = np.lexsort((value, head))
            first = order[np.append(True, head[order][1:] != head[order][:-1])] if len(order) else order
            better = first[value[first] < best[head[first]]]
            best[head[better]], by[head[better]] = value[better], columns[better]
            if not len(better):
                break
            # A leg that costs less than nothing could be gone round and round.
            columns, value = legs, np.maximum(cost[legs], 0.0) + best[self._tail[legs]]
        return np.append(best, 0.0), by

    def _bound(self, price: Floats, ends: tuple[Positions, Positions, Positions, Positions]) -> float:
        """What every plan costs at the least: weak duality of linear programs, with the prices as duals.

        Places and requests get the duals that go with the prices: what a unit costs there at the least. Any duals of
        the right signs would give a bound.
        """
        arrays, (sources, legs, there, begin) = self._arrays, ends
        cost = self._cost - self._columns @ price
        best, _ = self._potentials(cost, sources, legs)
        way = cost[self._end[there]] + best[self._from[there]]
        wanted = np.zeros(len(self._wanted))
        wanted[self._request[there][begin]] = np.minimum.reduceat(way, begin) if len(begin) else 0.0
        known = np.concatenate([best[:-1], wanted])
        far = 10 * np.abs(known[np.isfinite(known)]).max(initial=1.0)
        duals = np.zeros(self._hard.shape[1])
        duals[self._place] = np.concatenate([price, np.where(np.isfinite(known), known, far)])
        left = self._cost - self._hard @ duals
        size = np.abs(self._cost) + self._terms @ np.abs(duals)
        left = np.where((left < 0) & (left > -_DUST * size), 0.0, left)
        upper = arrays.upper.copy()
        upper[self._end] = np.minimum(upper[self._end], self._wanted[self._request])
        sides = np.where(duals[self._place] > 0, arrays.row_lower[self._of], arrays.row_upper[self._of])
        ends_of = np.where(left > 0, arrays.lower, upper)
        return float(duals[self._place][duals[self._place] != 0] @ sides[duals[self._place] != 0]
                     + left[left != 0] @ ends_of[left != 0]) + arrays.offset

    def _dearer(self, price: Floats, activity: Floats, size: Floats, step: float, inside: float,
                flow: Floats) -> Floats:
        """Prices that rise where a row is broken, by the share by which it is, and fall where it is slack."""
        margin = inside * size
        over, under = activity - self._upper + margin, self._lower - activity + margin
        move = np.where((over > 0) | ((price < 0) & (under <= 0)), -over, 0.0)
        move = np.where((under > 0) | ((price > 0) & (over <= 0)), under, move)
        sides = np.maximum(_finite(self._upper), _finite(self._lower))
        share = np.clip(move / np.maximum(size + sides, 1e-12), -1.0, 1.0)
        unit = abs(float(self._cost @ flow)) / max(float(self._wanted.sum()), 1e-12) / self._largest
        moved = price + step * unit * np.where(np.isfinite(share), share, 0.0)
        moved = np.where(np.isfinite(self._lower), moved, np.minimum(moved, 0.0))
        return np.asarray(np.where(np.isfinite(self._upper), moved, np.maximum(moved, 0.0)))

    def _keeps(self, activity: Floats, size: Floats, flow: Floats) -> bool:
        """Whether every row is kept: those with prices, all demand, and the balance of every place."""
        off = np.maximum(activity - self._upper, self._lower - activity)
        sides = np.maximum(_finite(self._upper), _finite(self._lower))
        if (off > _KEPT * np.maximum(size, sides)).any():
            return False
        served = np.bincount(self._request, weights=flow[self._end], minlength=len(self._wanted))
        return bool((np.abs(served - self._wanted) <= _KEPT * self._wanted).all())

    def _by_the_unit(self, goods: Floats | None, on: Floats) -> Floats:
        """What a unit of each row costs, where goods need something that is paid once: a site, a lane, a load."""
        column, row, room = self._on
        needs = (room < 0) & (self._cost[column] > 0) & (on[column] > 0) & (self._upper[row] < np.inf)
        column, row, room = column[needs], row[needs], -room[needs]
        count = np.bincount(column, minlength=len(self._cost))[column]
        volume = room if goods is None else np.clip(goods[row], _TRICKLE * room, room)
        charge = np.full(len(self._lower), np.inf)
        np.minimum.at(charge, row, self._cost[column] / count / volume)
        return -_finite(charge)

    def _there(self, on: Floats) -> tuple[Positions, Positions, Positions, Positions]:
        """Sources, legs and ends of what is there, and where the ends of each request begin."""
        column, row, room = self._on
        linked, kept = np.zeros((2, len(self._lower)), dtype=bool)
        linked[row[room < 0]] = True
        kept[row[(room < 0) & (on[column] > 0)]] = True
        shut = np.asarray(self._sizes.T @ (linked & ~kept & (self._upper <= 0)).astype(float)) > 0
        there = np.flatnonzero(~shut[self._end])
        request = self._request[there]
        begin = np.flatnonzero(np.append(True, request[1:] != request[:-1])) if len(there) else there
        return self._source[~shut[self._source]], self._leg[~shut[self._leg]], there, begin


def _finite(values: Floats) -> Floats:
    """Sizes of the values, 0 where there is no limit."""
    return np.where(np.isfinite(values), np.abs(values), 0.0)


def _single(matrix: sp.csc_array, sign: float) -> tuple[Positions, Positions, Bools]:
    """For each column: the row of its entry of a sign (-1 where none), how many there are, and that it is 1 in size."""
    row = np.full(matrix.shape[1], -1, dtype=np.int64)
    column = np.repeat(np.arange(matrix.shape[1]), np.diff(matrix.indptr))
    mine = np.flatnonzero(matrix.data * sign > 0)
    row[column[mine]] = matrix.indices[mine]
    count = np.bincount(column[mine], minlength=matrix.shape[1]).astype(np.int64)
    unit = np.ones(matrix.shape[1], dtype=bool)
    unit[column[mine[np.abs(matrix.data[mine]) != 1]]] = False
    return row, count, unit
