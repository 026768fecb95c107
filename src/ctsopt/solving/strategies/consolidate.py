"""Consolidation: a plan made better by stocking less, where the transport that this takes costs less than the stock.

A stock point has a price from its first unit on, and pooled stock is held for the best class that is served from it. A
search by relaxed straight lines hardly sees either. Here they are tried: no more deliveries of the best classes (or of
any class) from a stock point, no more deliveries from a site at all, or deliveries of more classes from a point. What
a step is worth is estimated from reduced costs and the declared curves; then flows are solved again by linear costs,
with stock at the slope of its curve at the plan's volumes, and the plan is valued by the curves. Only a plan that costs
less is kept. (Successive linear programs for concave costs; drop and add steps after Kuehn and Hamburger 1963.)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.formulation.stock.layers import LINES
from ctsopt.formulation.stock.value import StockModel
from ctsopt.keys import BLANK, Bools, Floats, Positions
from ctsopt.programs.program import Program
from ctsopt.solving.strategies.stocked_flows import StockedFlows

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_PASSES = 50
"""Rounds of candidates, at the most."""

_TRIED = 64
"""Candidates of a round that are looked at, the best first."""

_WORTH = 1e-7
"""Share of the plan's cost below which a gain is none."""

DROP, ADD, CLOSE = range(3)


@dataclass(frozen=True, eq=False)
class Steps:
    """What may be tried: to drop classes from a point, all of a site, or to add classes to a point.

    Attributes
    ----------
    kind : int array
        DROP, ADD or CLOSE.
    point : int array
        Stock point (close: site).
    service_class : int array
        Drop this class and all better ones; add this class and all worse ones.
    gain : float array
        Money that is saved, as estimated.
    """

    kind: Positions
    point: Positions
    service_class: Positions
    gain: Floats

    def best(self, worth: float) -> list[tuple[int, int, int]]:
        """Those that gain, the best first."""
        order = np.argsort(-self.gain, kind="stable")
        order = order[self.gain[order] > worth]
        rows = np.stack([self.kind, self.point, self.service_class], axis=1)[order].tolist()
        return [(kind, point, service) for kind, point, service in rows]


@dataclass(frozen=True, eq=False)
class Priced:
    """Linear costs at a plan.

    Attributes
    ----------
    reduced : float array
        Reduced cost of each column, stock at its slope included.
    slope : float array
        What stock adds to the cost of each column.
    shut : bool array
        Columns that the configurations of the plan do not allow.
    added : float array, shape (classes, columns)
        Flows that a point would take on with a class and all worse ones.
    adding : list of float arrays
        What stock adds to the cost of each column, with those flows.
    """

    reduced: Floats
    slope: Floats
    shut: Bools
    added: Floats
    adding: list[Floats]


def _begins(group: Positions) -> Bools:
    """Where a group begins, in numbers of groups that are in order: of 0 0 0 1 1 2 the first, fourth and sixth."""
    return np.append(True, group[1:] != group[:-1])[:len(group)]


class Consolidation:
    """Better plans near one.

    Parameters
    ----------
    net : Network
    program : Program
        The program without stock decisions.
    stock : StockModel
        Of that program.
    cost, holds : functions
        Of a plan: its cost by the curves, and whether it keeps budget and storage.
    """

    def __init__(self, net: Network, program: Program, stock: StockModel, cost: Callable[[Floats], float],
                 holds: Callable[[Floats], bool]) -> None:
        self._net, self._program, self._stock, self._cost, self._holds = net, program, stock, cost, holds
        self._flows = StockedFlows(net, program, stock)
        ways, declared = net.ways.deliveries, stock.declared
        self._out, self._column = declared.deliveries, program.variables["deliver"].start + declared.deliveries.way
        self._request = ways.measures["request"].astype(np.int64)
        self._of_way = np.full(len(ways), BLANK, dtype=np.int64)
        self._of_way[self._out.way] = self._out.point
        self._tabu: set[tuple[int, int, int]] = set()

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C was heard."""
        return self._flows.interrupted

    def better(self, plan: Floats, seconds: float) -> Floats | None:
        """A plan that costs less by the curves; None where none is found.

        Parameters
        ----------
        plan : float array
            A plan of the program, whole columns whole.
        seconds : float
            Time to look for it; infinite where there is no limit.
        """
        self._deadline, self._found = time.monotonic() + seconds, plan
        with self._hearing():
            self._improve()
        return None if self._found is plan else self._found

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        """Ctrl-C ends the steps between two runs; HiGHS hears those that come while it works."""
        try:
            yield
        except KeyboardInterrupt:
            self._flows.interrupted = True

    def _improve(self) -> None:
        self._tabu.clear()
        self._flows.begin(self._found)
        for _ in range(_PASSES):
            priced, new = self._priced(self._found)
            if priced is None:
                break
            self._found = self._found if new is None else new
            stepped = self._step(self._found, priced)
            if stepped is None:
                break
            self._found = stepped

    # ---- one round -------------------------------------------------------------------------------------------------

    def _step(self, plan: Floats, priced: Priced) -> Floats | None:
        """The plan after the steps that gain; None where none does."""
        worth = _WORTH * abs(self._cost(plan))
        parts = [self._drops(plan, priced), self._adds(plan, priced), self._closes(plan, priced)]
        steps = Steps(*(np.concatenate([getattr(p, n) for p in parts])
                         for n in ("kind", "point", "service_class", "gain")))
        listed = [one for one in steps.best(worth) if one not in self._tabu]
        while listed:
            chosen = self._together(plan, listed[:_TRIED], priced)
            while chosen and not self._over():
                new = self._tried(plan, chosen, priced)
                if new is not None:
                    return new
                if len(chosen) == 1:
                    self._tabu.add(chosen[0])
                chosen = chosen[:len(chosen) // 2]
            if self._over():
                return None
            listed = [one for one in listed if one not in self._tabu]
        return None

    def _together(self, plan: Floats, steps: list[tuple[int, int, int]], priced: Priced) -> list[tuple[int, int, int]]:
        """Of some steps, those that do not get into each other's way: each point in one, none gives what it takes."""
        gives = np.zeros(len(self._stock.declared.stocking.points), dtype=bool)
        takes, flowing = gives.copy(), plan[self._column] > 0
        best = self._elsewhere(priced)[1]
        chosen = []
        for step in steps:
            kind, _, service = step
            mine, takers = self._points(step), np.zeros_like(gives)
            if kind == ADD:
                takers = mine
            else:
                left = mine[self._out.point] & flowing & ((kind == CLOSE) | (self._out.service_class <= service))
                takers[best[left][best[left] >= 0]] = True
            if (mine & (gives | takes)).any() or (takers & gives).any():
                continue
            gives, takes = gives | (mine & (kind != ADD)), takes | takers
            chosen.append(step)
        return chosen

    def _points(self, step: tuple[int, int, int]) -> Bools:
        """Stock points that a step is about."""
        kind, at, _ = step
        points = self._stock.declared.stocking.points
        return np.asarray(points["site"] == at if kind == CLOSE else np.arange(len(points)) == at)

    def _tried(self, plan: Floats, steps: list[tuple[int, int, int]], priced: Priced) -> Floats | None:
        """The plan after some steps, where it costs less."""
        shut, slope = priced.shut.copy(), priced.slope.copy()
        for step in steps:
            kind, _, service = step
            mine = self._points(step)[self._out.point]
            if kind == ADD:
                mine &= self._out.service_class >= service
                shut[self._column[mine]] = False
                slope[self._column[mine]] = priced.adding[service][self._column[mine]]
            else:
                shut[self._column[mine & ((kind == CLOSE) | (self._out.service_class <= service))]] = True
        new, _ = self._flows.solved(shut, slope, self._deadline - time.monotonic())
        return new if new is not None and self._improves(new, plan) else None

    def _improves(self, new: Floats, plan: Floats) -> bool:
        before = self._cost(plan)
        return self._cost(new) < before - _WORTH * abs(before) and self._holds(new)

    def _over(self) -> bool:
        return self._flows.interrupted or time.monotonic() >= self._deadline

    # ---- candidates ----------------------------------------------------------------------------------------------

    def _priced(self, plan: Floats) -> tuple[Priced | None, Floats | None]:
        """Linear costs at a plan, and the plan that is the least by them, where it costs less by the curves too."""
        valued = self._stock.of(plan)
        slope, shut = self._flows.slope(plan, valued), self._flows.shut(plan, valued)
        new, reduced = self._flows.solved(shut, slope, self._deadline - time.monotonic())
        if reduced is None:
            return None, None
        better = new if new is not None and self._improves(new, plan) else None
        at = plan if better is None else better
        if better is not None:
            valued = self._stock.of(at)
            shut = self._flows.shut(at, valued)
        added = self._added(at, reduced, shut)
        adding = [self._flows.slope(at + more, self._stock.of(at + more)) for more in added]
        return Priced(reduced, slope, shut, added, adding), better

    def _stock_cost(self, plan: Floats) -> Floats:
        """Cost of the stock of each point, by the curves."""
        declared, valued = self._stock.declared, self._stock.of(plan)
        layers = declared.layers
        on = np.flatnonzero(valued.active)
        point = declared.stocking.configurations.measures["point"][layers.configuration[on]]
        total = np.where(valued.configuration != BLANK, declared.fixed, 0.0)
        for line in LINES:
            np.add.at(total, point, declared.money[line].value(on, valued.volume[layers.volume[on]]))
        return total

    def _elsewhere(self, priced: Priced) -> tuple[Floats, Positions]:
        """For each delivery from stock, the least reduced cost of its request from another point, and that point.

        Ways in the order of their requests, and of their prices within each; the second best is looked for among the
        ways of other points than the best one's:

            order      ways   4  1  2  |  0  3  |  5
            request           0  0  0  |  1  1  |  2
            price             7  8  9  |  5  6  |  3
            point             A  A  B  |  B  C  |  A
            first             ^           ^        ^       best of each request: 7 at A, 5 at B, 3 at A
            rest                    9  |     6  |          without the ways of that point
            second                  ^        ^             next: 9 at B, 6 at C, and none

        A delivery from A of request 0 is replaced at 9, one from B at 7.
        """
        block = self._program.variables["deliver"]
        column = np.arange(block.start, block.start + len(self._request))
        price = np.where(priced.shut[column] | (self._flows.held.upper[column] <= 0), np.inf, priced.reduced[column])
        requests = len(self._net.requests)
        order = np.lexsort((price, self._request))
        first = order[_begins(self._request[order])]
        one, at = np.full(requests, np.inf), np.full(requests, -2)
        one[self._request[first]], at[self._request[first]] = price[first], self._of_way[first]
        other, then = np.full(requests, np.inf), np.full(requests, -2)
        rest = order[self._of_way[order] != at[self._request[order]]]
        second = rest[_begins(self._request[rest])]
        other[self._request[second]], then[self._request[second]] = price[second], self._of_way[second]
        left = self._program.variables["unserved"].span
        unserved = np.where(self._flows.held.upper[left] > 0, priced.reduced[left], np.inf)
        request = self._request[self._out.way]
        same = at[request] == self._out.point
        least, point = np.where(same, other[request], one[request]), np.where(same, then[request], at[request])
        return np.minimum(least, unserved[request]), np.where(unserved[request] < least, -2, point)

    def _loss(self, plan: Floats, priced: Priced) -> Floats:
        """What it costs more to deliver from elsewhere what now comes from stock, for each delivery."""
        flow = plan[self._column]
        least = self._elsewhere(priced)[0]
        dearer = np.maximum(least - priced.reduced[self._column], 0.0)
        return np.where(flow > 0, flow * np.where(flow > 0, dearer, 0.0), 0.0)

    def _drops(self, plan: Floats, priced: Priced) -> Steps:
        """No more deliveries of a class, or a better one, from a point."""
        points, classes = len(self._stock.declared.stocking.points), len(self._stock.declared.stocking.fill_rate)
        before, flow = self._stock_cost(plan), plan[self._column]
        loss = self._loss(plan, priced) + flow * priced.slope[self._column]
        parts = []
        for service in range(classes):
            some = (self._out.service_class <= service) & (flow > 0)
            here = np.flatnonzero(np.bincount(self._out.point[some & (self._out.service_class == service)],
                                              minlength=points))
            without = plan.copy()
            without[self._column[some]] = 0.0
            saved = before - self._stock_cost(without)
            lost = np.bincount(self._out.point[some], weights=loss[some], minlength=points)
            parts.append(Steps(np.full_like(here, DROP), here, np.full_like(here, service), (saved - lost)[here]))
        return Steps(*(np.concatenate([getattr(p, n) for p in parts])
                        for n in ("kind", "point", "service_class", "gain")))

    def _closes(self, plan: Floats, priced: Priced) -> Steps:
        """No more deliveries from stock at a site that may be closed."""
        opened, site = self._program.variables["open"], self._stock.declared.stocking.points["site"]
        column, size = np.arange(opened.start, opened.start + len(opened.index)), len(opened.index)
        flow, without = plan[self._column], plan.copy()
        without[self._column] = 0.0
        saved = np.bincount(site, weights=self._stock_cost(plan) - self._stock_cost(without), minlength=size)
        lost = np.bincount(site[self._out.point], minlength=size,
                           weights=self._loss(plan, priced) + flow * priced.slope[self._column])
        arrays = self._program.arrays
        here = np.flatnonzero((arrays.lower[column] <= 0) & (plan[column] >= 0.5) & (arrays.cost[column] > 0))
        gain = (saved - lost + arrays.cost[column])[here]
        return Steps(np.full_like(here, CLOSE), here, np.full_like(here, BLANK), gain)

    def _added(self, plan: Floats, reduced: Floats, shut: Bools) -> Floats:
        """Flows that each point would take on with a class and all worse ones: all of the requests that gain by it.

        Of the ways by which a point could take on a request, the cheapest one takes what the point does not deliver of
        it yet. With 10 units wanted of request 0, of which point A delivers 4 by another way:

            code (point x requests + request)   A0  A0  A1  B0       in the order of code, then of reduced cost
            reduced cost                        -3  -1  -2  -5
            first                                ^       ^   ^       one way for each point and request
            more                                 6      ..  10
        """
        declared = self._stock.declared
        classes, requests = len(declared.stocking.fill_rate), len(self._net.requests)
        site = declared.stocking.points["site"][self._out.point]
        able = plan[self._program.variables["open"].span][site] >= 0.5
        able &= shut[self._column] & (reduced[self._column] < 0) & (self._flows.held.upper[self._column] > 0)
        some = np.flatnonzero(able)
        request = self._request[self._out.way]
        code = self._out.point * requests + request
        order = some[np.lexsort((reduced[self._column[some]], code[some]))]
        first = order[_begins(code[order])]
        there, place = np.unique(code, return_inverse=True)
        held = np.bincount(place, weights=plan[self._column], minlength=len(there))[place[first]]
        added = np.zeros((classes, len(plan)))
        more = np.maximum(self._net.requests.measures["quantity"][request[first]] - held, 0.0)
        for service in range(classes):
            worse = self._out.service_class[first] >= service
            added[service, self._column[first[worse]]] = more[worse]
        return added

    def _adds(self, plan: Floats, priced: Priced) -> Steps:
        """Deliveries of a class, and of worse ones, from a point that does not serve it yet."""
        points = len(self._stock.declared.stocking.points)
        before, parts = self._stock_cost(plan), []
        for service, more in enumerate(priced.added):
            flow = more[self._column]
            worth = -flow * (priced.reduced - priced.slope)[self._column]
            saved = np.bincount(self._out.point, weights=worth, minlength=points)
            new = (flow > 0) & (self._out.service_class == service)
            here = np.flatnonzero(np.bincount(self._out.point[new], minlength=points))
            gain = saved - (self._stock_cost(plan + more) - before)
            parts.append(Steps(np.full_like(here, ADD), here, np.full_like(here, service), gain[here]))
        return Steps(*(np.concatenate([getattr(p, n) for p in parts])
                        for n in ("kind", "point", "service_class", "gain")))


