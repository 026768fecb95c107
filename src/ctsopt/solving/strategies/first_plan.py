"""A plan before the search: sites that suffice, then flows, in a share of the time that the search would take to one.

`FirstPlan` keeps the best plan that it has made, and can be asked at two moments: `find` before anything else has run,
and `near` once a linear relaxation is solved. Nothing depends on it: where it finds nothing, the search goes on as if
it had not been asked. It counts rounds, iterations and nodes, not seconds, so that the same program gives the same plan
on every machine, unless a time limit ends it.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from ctsopt.errors import SolverError
from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.highs import Highs
from ctsopt.programs.outcome import Outcome
from ctsopt.programs.program import Arrays, Program
from ctsopt.programs.scaling import holding, quantity_scale
from ctsopt.programs.session import asked_by
from ctsopt.solving.plans.gates import design_columns
from ctsopt.solving.plans.search import good_designs, rounded
from ctsopt.solving.plans.valued import Designs
from ctsopt.solving.polish import idle_columns
from ctsopt.solving.strategies.prices import Ways

_log = logging.getLogger("ctsopt.solve")

_SMALL = 5_000
"""Programs of fewer columns are left to the search: it has a plan at once."""

_CHOOSE, _SETTLE, _PROVE = 40, 100, 40
"""Rounds of prices: to choose sites, at most to find flows for them, and at most for a bound."""

_SHARES = (0.02, 0.0)
"""A site is there where more than this share of its room is used; the second where the first gives no plan."""

_SHARE = 0.2
"""Share of the time limit for a plan before the search, and again for one near the relaxation."""

_ITERATIONS, _NODES = 100_000, 100
"""Most steps of the simplex method for flows, and nodes to make the rest whole."""

_WHOLE = 1e-6
"""How near to whole the columns of a relaxation are where it is taken for a plan."""

_HOLDS = 1e-7
"""By so much, in the units that the solver counts in, a row may be off; it is what a solver allows."""

_LARGE = 150_000
"""Programs of more columns are searched for better designs before a relaxation, which may take long."""

_WORK, _MOST_WORK, _DESIGNS, _NEAR = 2_000.0, 1e9, 3, 2e-3
"""Work for better designs, for each coefficient of the program and at the most; how many of the best are made plans
where more than sites is whole, and how near these plans come to the best with their sites."""

_CLOSE, _USUAL, _DEAR = 0.01, 15_000, 2e-3
"""How near to the bound a plan has to be so that better designs are left to the search; columns of a program below
which there is less work for them; and by what share of the cost a plan may use a flow that is dearer than others."""

_RELAXED = 1e-6
"""Share of the cost by which what a relaxation came to may be above what it proves."""

_LARGEST = ("source", "group_source")
"""Whole columns of which one is chosen: where most comes from. The other keys say among which."""

_OF = {"source": ("customer", "product"), "group_source": ("contract",)}


class FirstPlan:
    """Plans of a program that are made without branching.

    Parameters
    ----------
    program : Program
    tell : callable, optional
        Told the cost of every plan that is better than those before.
    gap : float
        A plan as near to the bound as this is good enough.

    Attributes
    ----------
    plan : float array or None
        The best plan; whole columns are whole, and every row holds to the accuracy of a solver.
    cost : float
        Its cost; infinite where there is none.
    bound : float
        Proven on the way: no plan costs less.
    interrupted : bool
        Whether Ctrl-C was heard.
    """

    def __init__(self, program: Program, tell: Callable[[float], None] | None = None, gap: float = 0.0) -> None:
        self._program, self._tell, self._gap = program, tell, gap
        self.plan: Floats | None = None
        self.cost, self.bound = math.inf, -math.inf
        self.interrupted = False
        self._used = np.zeros(program.columns, dtype=bool)
        self._deadline = math.inf
        self._ways: Ways | None = None

    @property
    def small(self) -> bool:
        """Whether the program is left to the search."""
        return self._program.columns < _SMALL

    def find(self, start: tuple[Positions, Floats] | None, limit: float) -> None:
        """Look for a plan before anything else is known.

        Parameters
        ----------
        start : pair of arrays, optional
            Columns and values of a plan to start from: the sites there are.
        limit : float
            Seconds of the whole search.
        """
        if start is not None and len(start[0]) == self._program.columns:
            self._take(start[1])
        if self.small:
            return
        self._deadline = time.monotonic() + _SHARE * limit
        ways, allowed = Ways(self._program), self._allowed(start)
        self._ways = ways
        choice = ways.choose(allowed, _CHOOSE)
        self._used |= choice.used
        tried = list(self._whole(choice.flow, allowed))
        if not self._settled(ways, tried) and not any(self._flows(whole) for whole in tried):
            self._searched()
        if self.plan is not None and self._left() > 0 and not self.interrupted:
            self.bound = ways.prove(self._allowed(None), _PROVE)
        if self._program.columns >= _LARGE:  # before a relaxation that may take minutes
            self._improve(None)

    def _settled(self, ways: Ways, tried: list[Floats]) -> bool:
        """A plan by prices alone, with the first of some whole columns that have one; whether there is any."""
        for whole in tried:
            if self._left() <= 0:
                break
            settled = ways.settle(whole, _SETTLE)
            self._used |= settled.used
            if settled.holds and self._take(self._tightened(settled.flow, whole)):
                return True
        return False

    def near(self, relaxed: Floats, limit: float) -> None:
        """Look for a plan near the solution of a linear relaxation.

        Parameters
        ----------
        relaxed : float array
            Values of the columns.
        limit : float
            Seconds of the whole search.
        """
        arrays = self._program.arrays
        self._deadline = time.monotonic() + _SHARE * limit
        part = relaxed[arrays.integer]
        whole = np.where(arrays.integer, np.round(relaxed), 0.0)
        if (np.abs(part - np.round(part)) <= _WHOLE).all():
            if not self._take(np.where(arrays.integer, whole, relaxed)):
                self._used |= relaxed > 0
                self._flows(whole)
        elif not self.small:
            self._used |= relaxed > 0
            self.bound = max(self.bound, float(arrays.cost @ relaxed) + arrays.offset - _RELAXED * abs(self.cost))
            for whole in self._whole(np.where(arrays.integer, 0.0, relaxed), self._allowed(None)):
                if self._flows(whole):
                    break
            self._improve(relaxed)

    def _improve(self, relaxed: Floats | None) -> None:
        """Look for better designs, and plans with them; once, as far as the work for it goes."""
        program, arrays = self._program, self._program.arrays
        if self._ways is None or self.enough or self._left() <= 0 or self.interrupted:
            return
        ways, self._ways = self._ways, None
        columns = design_columns(program)
        others = arrays.integer.copy()
        others[columns] = False

        def tell(_design: Floats, flows: Outcome) -> None:
            if flows.plan is not None and not others.any():
                self._take(np.where(arrays.integer, np.round(flows.plan), flows.plan))

        designs = Designs(program, self._used, self._deadline, tell)
        starts = [] if self.plan is None else [np.round(self.plan[columns])]
        starts += [] if relaxed is None else rounded(designs, relaxed)
        work = min(_WORK * arrays.matrix.nnz * min(1.0, program.columns / _USUAL) ** 2, _MOST_WORK)
        for design in good_designs(designs, ways, starts, work, _DESIGNS) if designs.gates.free.any() else ():
            if others.any() and designs.value(design) < self.cost:
                self._complete(designs, design)
        self.interrupted |= designs.session.interrupted

    def _complete(self, designs: Designs, design: Floats) -> None:
        """A plan with a design where other columns are to be whole: by rounding, then by a small search."""
        arrays, flows = self._program.arrays, designs.flows(design)
        if flows is None or flows.plan is None or flows.col_dual is None:
            return
        columns = designs.gates.design
        self._used |= flows.plan > 0
        whole = self._rounded(np.where(arrays.integer, 0.0, flows.plan), self._allowed((columns, design)), None)
        if whole is not None:
            self._flows(whole)
        asked = asked_by(arrays)
        size = np.where(asked >= 0, arrays.row_lower[asked], 0.0)
        near = (flows.col_dual * size <= _DEAR * abs(flows.value)) & ~designs.gates.closed(design)[:len(size)]
        goods = (near | self._not_delivered) & ~arrays.integer
        held = replace(arrays, lower=arrays.lower.copy(), upper=arrays.upper.copy())
        held.lower[columns] = held.upper[columns] = design
        plan = self._solved(held, np.flatnonzero(goods | self._needed_by(goods)), relax=False, mip_rel_gap=_NEAR,
                            mip_max_nodes=_NODES)
        if plan is not None:
            self._take(np.where(arrays.integer, np.round(plan), plan))

    def _needed_by(self, goods: Bools) -> Bools:
        """Whole columns but those that only make room for flows which are not there."""
        column, row, _ = self._room
        flow = holding(self._program.arrays.matrix, goods)
        makes, used = np.zeros((2, self._program.columns), dtype=bool)
        makes[column] = True
        used[column[flow[row]]] = True
        return np.asarray(self._program.arrays.integer & (~makes | used))

    @property
    def enough(self) -> bool:
        """Whether the plan is as near to the bound as was asked for, or as the search soon comes."""
        return self.cost - self.bound <= max(self._gap, _CLOSE) * abs(self.cost)

    # ---- whole columns ---------------------------------------------------------------------------------------------

    def _allowed(self, start: tuple[Positions, Floats] | None) -> Floats:
        """Every whole column at the most that it may be; sites as in a plan to start from."""
        arrays = self._program.arrays
        most = np.where(np.isfinite(arrays.upper), arrays.upper, float(np.abs(arrays.row_lower[
            np.isfinite(arrays.row_lower)]).sum()) + 1.0)
        allowed = np.where(arrays.integer, most, 0.0)
        if start is not None:
            allowed[start[0]] = np.clip(start[1], arrays.lower[start[0]], arrays.upper[start[0]])
        return allowed

    def _whole(self, flow: Floats, allowed: Floats) -> Iterator[Floats]:
        """Whole columns that go with flows: fewer sites first, all that are allowed last."""
        before: list[Floats] = []
        for share in (*_SHARES, None):
            whole = self._rounded(flow, allowed, share)
            if whole is not None and not any((whole == one).all() for one in before):
                before.append(whole)
                yield whole

    def _rounded(self, flow: Floats, allowed: Floats, share: float | None) -> Floats | None:
        """Whole columns that go with flows; `share` of its room that a site has to use, None for all sites."""
        program, arrays = self._program, self._program.arrays
        goods, room = self._goods(flow), self._room
        whole = np.where(arrays.integer, np.clip(allowed, arrays.lower, arrays.upper), 0.0)
        design = program.variables["open"].span
        part = np.zeros(program.columns)
        np.maximum.at(part, room[0], goods[room[1]] / room[2])
        if share is not None:
            whole[design] = np.maximum(arrays.lower[design], np.where(part[design] > share, whole[design], 0.0))
        counted = self._counted(whole[design], part[design])
        if counted is None:
            return None
        whole[design] = counted
        for name in ("use_lane", "loads", "level", *_LARGEST):
            if name in program.variables:
                whole[program.variables[name].span] = self._of_block(name, flow, goods, part, whole)
        return whole

    def _of_block(self, name: str, flow: Floats, goods: Floats, part: Floats, whole: Floats) -> Floats:
        block = self._program.variables[name]
        if name == "use_lane":
            return (part[block.span] > 0).astype(float)
        if name == "loads":
            return whole[block.span]
        if name == "level":
            return self._levels(part[block.span], whole)
        index = block.index
        site = index["site"]
        open_ = whole[self._program.variables["open"].span][site] > 0
        through = np.zeros(self._program.columns)
        np.add.at(through, self._room[0], goods[self._room[1]])
        _, place = index.grouped(*_OF[name])
        order = np.lexsort((-through[block.span], ~open_, place))
        first = order[np.append(True, place[order][1:] != place[order][:-1])] if len(order) else order
        one = np.zeros(len(site))
        one[first] = open_[first]
        return one

    def _levels(self, part: Floats, whole: Floats) -> Floats:
        """The cheapest size that has room for the flows at each open site; the largest where none has."""
        block, arrays = self._program.variables["level"], self._program.arrays
        site = block.index["site"]
        cost = arrays.cost[block.span]
        order = np.lexsort((np.where(part <= 1, cost, part), part > 1, site))
        first = order[np.append(True, site[order][1:] != site[order][:-1])]
        one = np.zeros(len(site))
        one[first] = whole[self._program.variables["open"].span][site[first]]
        return one

    def _counted(self, opened: Floats, part: Floats) -> Floats | None:
        """The sites nearest to those that are wanted, as many as agreed; None where that cannot be."""
        program, arrays = self._program, self._program.arrays
        design = program.variables["open"].span
        only = ~holding(arrays.matrix, np.arange(program.columns) >= design.stop) & ~program.lazy
        rows = np.flatnonzero(only & holding(arrays.matrix, np.arange(program.columns) < design.stop))
        matrix = sp.csr_array(arrays.matrix)[rows][:, np.arange(design.start, design.stop)]
        value = matrix @ opened
        if ((value <= arrays.row_upper[rows]) & (value >= arrays.row_lower[rows])).all():
            return opened
        cost = np.where(opened > 0, -1.0 - part, 1.0 - part / (1 + part.max(initial=0.0)))
        small = Arrays(matrix, cost, 0.0, arrays.lower[design], arrays.upper[design],
                       np.ones(len(opened), dtype=bool), arrays.row_lower[rows], arrays.row_upper[rows])
        plan = Highs(small, mip_max_nodes=_NODES).run(self._left()).plan
        return None if plan is None else np.round(plan)

    def _tightened(self, flow: Floats, whole: Floats) -> Floats:
        """Flows with as many loads, and as few lanes, as they need."""
        goods, (column, row, room) = self._goods(flow), self._room
        need = np.zeros(self._program.columns)
        np.maximum.at(need, column, goods[row] / room)
        for name in ("use_lane", "loads"):
            if name in self._program.variables:
                span = self._program.variables[name].span
                whole[span] = np.minimum(whole[span], np.ceil(need[span] * (1 - 1e-12)))
        return whole + flow

    # ---- plans -----------------------------------------------------------------------------------------------------

    def _flows(self, whole: Floats) -> bool:
        """Flows of least cost by the columns that were used so far, with these whole columns; whether there are any."""
        arrays = self._program.arrays
        keep = self._pool(whole)
        loads = self._program.variables.get("loads")
        held = arrays.integer.copy()
        if loads is not None:
            held[loads.span] = False
        low, high = np.where(held, whole, arrays.lower), np.where(held, whole, arrays.upper)
        plan = self._solved(replace(arrays, lower=low, upper=high), keep, relax=True)
        if plan is None:
            return False
        return self._take(self._tightened(np.where(arrays.integer, 0.0, plan), whole))

    def _searched(self) -> bool:
        """The first plan that the solver finds in the columns that were used so far; whether there is any."""
        arrays = self._program.arrays
        plan = self._solved(arrays, self._pool(np.where(arrays.integer, 1.0, 0.0)), relax=False)
        return plan is not None and self._take(np.where(arrays.integer, np.round(plan), plan))

    def _pool(self, whole: Floats) -> Positions:
        """Columns that were used, all but deliveries, and the deliveries by sources that were chosen."""
        program = self._program
        keep = self._used | program.arrays.integer | self._not_delivered
        chosen = np.zeros(program.columns)
        for name in _LARGEST:
            if name in program.variables:
                chosen[program.variables[name].span] = whole[program.variables[name].span]
        column, row, _ = self._room
        mine = np.zeros(program.row_count)
        mine[row[chosen[column] > 0]] = 1.0
        return np.flatnonzero(keep | (np.asarray(abs(program.arrays.matrix).T @ mine) > 0))

    @cached_property
    def _not_delivered(self) -> Bools:
        """All columns but deliveries, of which there are most."""
        keep = np.zeros(self._program.columns, dtype=bool)
        for name, block in self._program.variables.items():
            keep[block.span] = name != "deliver"
        return keep

    def _solved(self, arrays: Arrays, keep: Positions, *, relax: bool, **options: object) -> Floats | None:
        """A plan of some of the columns; None where the solver finds none in its share of steps."""
        some = arrays.with_rows(~self._program.lazy).with_columns(keep)
        if self._left() <= 0 or self.interrupted:
            return None
        try:
            model = Highs(some, relax=relax)
            if relax:
                model.set(simplex_iteration_limit=_ITERATIONS)
            else:
                model.set(**(options or {"mip_max_improving_sols": 1, "mip_max_nodes": _NODES}))
            found = model.run(self._left())
        except SolverError as error:  # no search is lost for a plan that would have been welcome
            _log.info("no first plan: %s", error)
            return None
        self.interrupted |= model.interrupted
        if found.plan is None:
            return None
        plan = np.zeros(self._program.columns)
        plan[keep] = np.clip(found.plan, some.lower, some.upper)
        return plan

    def _take(self, plan: Floats) -> bool:
        """Keep a plan where every row holds, and where it is the best; whether it holds."""
        program, arrays = self._program, self._program.arrays
        plan = np.clip(plan, arrays.lower, arrays.upper)
        if not self._holds(plan):
            return False
        plan[idle_columns(program, plan, min(1.0, quantity_scale(arrays)))] = 0.0
        cost = float(arrays.cost @ plan) + arrays.offset
        if cost < self.cost:
            self.plan, self.cost = plan, cost
            _log.info("first plan of %.9g", cost)
            if self._tell is not None:
                self._tell(cost)
        return True

    def _holds(self, plan: Floats) -> bool:
        arrays = self._program.arrays
        activity = arrays.matrix @ plan
        over = np.maximum(activity - arrays.row_upper, arrays.row_lower - activity)
        hard = ~self._program.lazy
        size = np.maximum(quantity_scale(arrays), 1e-3 * np.asarray(abs(arrays.matrix) @ plan))
        return bool((over <= _HOLDS * size)[hard].all())

    # ---- parts -----------------------------------------------------------------------------------------------------

    def _left(self) -> float:
        return self._deadline - time.monotonic()

    def _goods(self, flow: Floats) -> Floats:
        """What flows through each row, without its whole columns."""
        return np.asarray(self._program.arrays.matrix @ np.where(self._program.arrays.integer, 0.0, flow))

    @cached_property
    def _room(self) -> tuple[Positions, Positions, Floats]:
        """Whole columns, the rows in which they make room, and how much."""
        arrays = self._program.arrays
        whole = np.flatnonzero(arrays.integer)
        part = sp.coo_array(arrays.matrix[:, whole])
        makes = (part.data < 0) & (arrays.row_upper[part.row] < np.inf) & ~self._program.lazy[part.row]
        return whole[part.col[makes]], np.asarray(part.row[makes], dtype=np.int64), -part.data[makes]
