"""Other sites for a plan with stock: those of a relaxation, then a site more, a site less, or one for another.

What a site would come to depends on what is stocked there, by curves that have a price from the first unit on. Flows
are priced by linear programs with the stock of the plan at its slope; a site that opens takes, at each of its stock
points, the classes that gain most by it. Every design that is tried is brought to a plan by the steps of
`consolidate`, and valued by the curves. (Add, drop and interchange: Kuehn and Hamburger, Management Science 9, 1963.)
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.formulation.stock.value import StockModel
from ctsopt.keys import BLANK, Floats, Positions
from ctsopt.programs.program import Program
from ctsopt.programs.scaling import holding
from ctsopt.solving.plans.gates import Gates
from ctsopt.solving.strategies.consolidate import Consolidation, Priced

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

_log = logging.getLogger("ctsopt.solve")

_PARTS = (0.5, 0.1)
"""A site of a relaxation is there where more than this part of it is open."""

_MEANT = 0.5
"""A delivery of a relaxation that is at least this part of a request shows where stock is to be kept."""

_TRIES = 12
"""Moves in a row that are tried in vain."""

_FAR = 0.01
"""A plan that costs more than the best by more than this share, as soon as its flows are known, is given up."""

_PER_COEFFICIENT = 3.0
"""What a run costs for each coefficient of the program beside its steps; a step costs 1 for each row."""


class SiteMoves(Consolidation):
    """Better plans with other sites; for the rest see `Consolidation`."""

    def __init__(self, net: Network, program: Program, stock: StockModel, cost: Callable[[Floats], float],
                 holds: Callable[[Floats], bool]) -> None:
        super().__init__(net, program, stock, cost, holds)
        self._gates = Gates(program)
        self._by_row = sp.csr_array(program.arrays.matrix)
        self._only_whole = ~holding(program.arrays.matrix, ~program.arrays.integer)
        self._seen: set[bytes] = set()

    @property
    def work(self) -> float:
        """What was done so far: a measure of effort that is the same on every machine, about 1e8 a second."""
        arrays = self._program.arrays
        return (float(self._flows.steps) * float((~self._program.lazy).sum())
                + self._flows.runs * _PER_COEFFICIENT * arrays.matrix.nnz)

    def near(self, relaxed: Floats, best: float, seconds: float) -> Floats | None:
        """A plan with the sites of a relaxation that costs less than the best; None where none is found.

        Parameters
        ----------
        relaxed : float array
            Values of the columns in a relaxation.
        best : float
            What the best plan costs.
        seconds : float
            Time to look for it; infinite where there is no limit.
        """
        self._deadline, found = time.monotonic() + seconds, None
        part, meant = relaxed[self._gates.design], self._meant(relaxed)
        with self._hearing():
            for least in _PARTS:
                design = np.clip((part > least).astype(float), self._gates.lower, self._gates.upper)
                plan = self._with_sites(meant, design, best) if self._is_new(design) else None
                if plan is not None and self._cost(plan) < best:
                    best, found = self._cost(plan), plan
        return found

    def moved(self, plan: Floats, work: float, seconds: float) -> Floats | None:
        """A plan with other sites that costs less; None where no move that was tried leads to one.

        Parameters
        ----------
        plan : float array
            A plan of the program, whole columns whole.
        work : float
            Most work (see `work`).
        seconds : float
            Time to look for it; infinite where there is no limit.
        """
        self._deadline, end, found = time.monotonic() + seconds, self.work + work, plan
        self._seen.add(self._key(plan[self._gates.design]))
        with self._hearing():
            while self.work < end and not self._over():
                better = next((one for one in self._neighbours(found, end) if self._improves(one, found)), None)
                if better is None:
                    break
                _log.debug("moved to a plan of %.9g", self._cost(better))
                found = better
        return None if found is plan else found

    # ---- moves -----------------------------------------------------------------------------------------------------

    def _neighbours(self, plan: Floats, end: float) -> Iterator[Floats]:
        """Plans with a site more, a site less, or one for another, those first that look best."""
        opening = self._opening(plan)
        if opening is None:
            return
        best, at = self._cost(plan), plan[self._gates.design]
        for _, shut, opened in self._moves(plan, opening)[:_TRIES]:
            if self.work >= end or self._over():
                return
            design = at.copy()
            design[[site for site in (shut, opened) if site >= 0]] = [0.0] * (shut >= 0) + [1.0] * (opened >= 0)
            if not self._is_new(design):
                continue
            if shut < 0:
                one = self._with_more(plan, opening, opened, best)
            else:
                rough = plan if opened < 0 else self._handed_over(plan, opening, shut, opened)
                one = self._with_sites(rough, design, best)
            if one is not None:
                yield one

    def _moves(self, plan: Floats, opening: Priced) -> list[tuple[float, int, int]]:
        """What moves would save, the most first; the site that closes and the one that opens, -1 for none."""
        gains = self._gains(plan, opening)
        moves = [(float(gains[site]), -1, site) for site in np.flatnonzero(np.isfinite(gains)).tolist()]
        closes, swaps = self._closes(plan, opening), self._swaps(plan, opening)
        moves += [(gain, site, -1) for gain, site in zip(closes.gain.tolist(), closes.point.tolist(), strict=True)]
        moves += [(float(swaps[one, other]), one, other) for one, other in np.argwhere(np.isfinite(swaps)).tolist()]
        return sorted(moves, key=lambda move: (-move[0], move[1:]))

    def _swaps(self, plan: Floats, opening: Priced) -> Floats:
        """Money saved where a site (row) closes and another one (column) opens; -inf where that cannot be.

        The new site keeps the stock of the old one, as far as it takes over its requests; each goes to where it is
        then cheapest, the new site or one that delivers as it is.
        """
        arrays, columns, (cheapest, _) = self._program.arrays, self._gates.design, self._by_site(opening)
        site, span = self._program.variables["deliver"].index["site"], self._program.variables["deliver"].span
        size, at = len(self._program.variables["open"].index), plan[columns]
        fixed, gains = arrays.cost[columns[:size]], np.full((size, size), -np.inf)
        flow, reduced = plan[span], opening.reduced[span]
        ready = np.full(cheapest.shape, np.inf)
        able = ~opening.shut[span] & (at[site] > 0) & (self._flows.held.upper[span] > 0)
        np.minimum.at(ready, (self._request[able], site[able]), np.maximum(reduced[able], 0.0))
        closed = np.flatnonzero((at[:size] < 1) & (arrays.upper[columns[:size]] > 0))
        for one in np.flatnonzero((at[:size] > 0) & (arrays.lower[columns[:size]] <= 0)).tolist():
            mine = np.flatnonzero((flow > 0) & (site == one))
            if not len(mine):
                continue
            request, own = self._request[mine], (opening.reduced - opening.slope)[span][mine]
            others = ready[request].copy()
            others[:, one] = np.inf
            other = others.min(axis=1) + opening.slope[span][mine]
            dearer = np.minimum(cheapest[request][:, closed] - own[:, None], other[:, None])
            gains[one, closed] = fixed[one] - fixed[closed] - flow[mine] @ dearer
        return gains

    def _by_site(self, opening: Priced) -> tuple[Floats, Positions]:
        """For each request and site the least price of a delivery without stock, and the delivery; -1 for none."""
        block = self._program.variables["deliver"]
        price = np.where(self._flows.held.upper[block.span] > 0, (opening.reduced - opening.slope)[block.span], np.inf)
        site = block.index["site"]
        shape = (len(self._net.requests), len(self._program.variables["open"].index))
        least, way = np.full(shape, np.inf), np.full(shape, BLANK)
        order = np.lexsort((price, site, self._request))
        code = self._request[order] * shape[1] + site[order]
        first = order[np.append(True, code[1:] != code[:-1])] if len(order) else order
        least[self._request[first], site[first]] = price[first]
        way[self._request[first], site[first]] = first
        return least, way

    def _handed_over(self, plan: Floats, opening: Priced, one: int, other: int) -> Floats:
        """Nearly a plan: another site delivers what a site delivers now."""
        block = self._program.variables["deliver"]
        mine = np.flatnonzero((plan[block.span] > 0) & (block.index["site"] == one))
        way = self._by_site(opening)[1][self._request[mine], other]
        there = way >= 0
        rough = plan.copy()
        np.add.at(rough, block.start + way[there], plan[block.start + mine[there]])
        return rough

    def _with_sites(self, rough: Floats, design: Floats, best: float) -> Floats | None:
        """A plan with these sites, and with stock as the flows of what is nearly a plan have it."""
        gates, rough = self._gates, rough.copy()
        rough[gates.design] = design
        rough[gates.closed(design)] = 0.0
        self._flows.begin(rough)
        valued = self._stock.of(rough)
        slope = self._flows.slope(rough, valued)
        for shut in (self._flows.shut(rough, valued), gates.closed(design)):
            new, _ = self._flows.solved(shut, slope, self._deadline - time.monotonic())
            if new is not None or self._over():
                break
        return self._improved(new, best)

    def _with_more(self, plan: Floats, opening: Priced, site: int, best: float) -> Floats | None:
        """A plan with one more site, which takes what gains most by it."""
        design = plan[self._gates.design].copy()
        design[site] = 1.0
        every = plan.copy()
        every[self._gates.design] = design
        self._flows.begin(every)
        steps = self._adds(plan, opening)
        mine = np.flatnonzero((steps.gain > 0) & (self._site[steps.point] == site))
        order = mine[np.lexsort((-steps.gain[mine], steps.point[mine]))]
        first = order[np.append(True, np.diff(steps.point[order]) != 0)] if len(order) else order
        shut, slope = opening.shut.copy(), opening.slope.copy()
        for k in first.tolist():
            columns = self._column[(self._out.point == steps.point[k])
                                   & (self._out.service_class >= steps.service_class[k])]
            shut[columns] = False
            slope[columns] = opening.adding[steps.service_class[k]][columns]
        new, _ = self._flows.solved(shut, slope, self._deadline - time.monotonic())
        return self._improved(new, best)

    def _improved(self, new: Floats | None, best: float) -> Floats | None:
        """What steps make of new flows, where they are a plan and not far from the best."""
        if new is None or not self._holds(new) or not self._kept(new) or self._cost(new) > best * (1 + _FAR):
            return None
        self._found = new
        self._improve()
        return self._found

    # ---- what a site would take ------------------------------------------------------------------------------------

    def _opening(self, plan: Floats) -> Priced | None:
        """Prices at a plan, and what the points of closed sites would take on."""
        valued = self._stock.of(plan)
        self._flows.begin(plan)
        slope, shut = self._flows.slope(plan, valued), self._flows.shut(plan, valued)
        new, _ = self._flows.solved(shut, slope, self._deadline - time.monotonic())
        if new is None or self._flows.row_dual is None:
            return None
        reduced = self._reduced(plan, slope)
        every = plan.copy()
        every[self._gates.design] = self._gates.upper
        at_closed = self._gates.closed(plan[self._gates.design])
        added = self._added(every, reduced, shut) * at_closed
        adding = [self._flows.slope(plan + more, self._stock.of(plan + more)) for more in added]
        return Priced(reduced, slope, shut, added, adding)

    def _reduced(self, plan: Floats, slope: Floats) -> Floats:
        """Reduced costs as if every site were open: without what it would be worth that a closed one had room.

        Goods at a site that has none may have any price up to what it costs to bring them there; they are given the
        highest.
        """
        matrix, dual = self._flows.held.matrix.tocsr(), self._flows.row_dual
        assert dual is not None
        integer = self._program.arrays.integer
        whole = np.where(integer, plan, 0.0)
        closed = (abs(matrix) @ whole == 0) & holding(matrix, integer)
        dual = np.where(closed, 0.0, dual)
        reduced = self._flows.held.cost + slope - matrix.T @ dual
        span = self._program.rows["site_balance"].span
        place = np.flatnonzero(~self._program.lazy)
        rows = np.flatnonzero((place >= span.start) & (place < span.stop))
        balance = matrix[rows].tocoo()
        into = (balance.data > 0) & (self._flows.held.upper[balance.col] > 0)
        rise = np.full(len(rows), np.inf)
        np.minimum.at(rise, balance.row[into], np.maximum(reduced[balance.col[into]], 0.0) / balance.data[into])
        return np.asarray(reduced - matrix[rows].T @ np.where(np.isfinite(rise), rise, 0.0))

    def _gains(self, plan: Floats, opening: Priced) -> Floats:
        """Money that each closed site would save, its own cost taken off; -inf where it would not open."""
        arrays, columns = self._program.arrays, self._gates.design
        steps = self._adds(plan, opening)
        most = np.zeros(len(self._stock.declared.stocking.points))
        np.maximum.at(most, steps.point, steps.gain)
        sites = np.bincount(self._site, weights=most, minlength=len(self._net.axes["site"]))
        opens = (plan[columns] < 1) & (arrays.upper[columns] > 0)
        gains = np.full(len(columns), -np.inf)
        size = len(self._program.variables["open"].index)
        gains[:size] = np.where(opens[:size] & (sites > 0), sites - arrays.cost[columns[:size]], -np.inf)
        return gains

    @property
    def _site(self) -> Positions:
        """Site of each stock point."""
        return np.asarray(self._stock.declared.stocking.points["site"])

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _meant(self, relaxed: Floats) -> Floats:
        """A relaxation without the deliveries that are a small part of a request: no stock is kept for them."""
        meant, span = relaxed.copy(), self._program.variables["deliver"].span
        quantity = self._net.requests.measures["quantity"][self._request]
        meant[span] = np.where(relaxed[span] >= _MEANT * quantity, relaxed[span], 0.0)
        return meant

    def _kept(self, plan: Floats) -> bool:
        """Whether a plan keeps the rows that are about whole columns alone."""
        arrays = self._program.arrays
        value = self._by_row @ np.where(arrays.integer, plan, 0.0)
        held = (value >= arrays.row_lower - 1e-9) & (value <= arrays.row_upper + 1e-9)
        return bool(held[self._only_whole].all())

    def _is_new(self, design: Floats) -> bool:
        """Whether a design has not been tried; it has been, from now on."""
        key = self._key(design)
        new = key not in self._seen
        self._seen.add(key)
        return new

    @staticmethod
    def _key(design: Floats) -> bytes:
        return np.round(design).astype(np.int8).tobytes()
