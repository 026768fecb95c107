"""The strategy for large programs: rows and columns that come in as they are needed, and branching of our own.

The linear relaxation is solved by some of the rows and columns (`solving.bounds.relaxation`). Choices near it, dives
and local search give plans; where they are not near enough to the bound, branch and bound over the whole columns goes
on. All phases end by counts of what was done, so that the same program gives the same plan; a time limit alone ends
by the clock.
"""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace

import numpy as np

from ctsopt.keys import Floats
from ctsopt.programs.program import Program
from ctsopt.programs.sentinel import admit
from ctsopt.programs.status import StoppedBy
from ctsopt.solving.bounds.designs import Designs
from ctsopt.solving.bounds.finish import finished, rest
from ctsopt.solving.bounds.parts import Parts, parts
from ctsopt.solving.bounds.relaxation import Relaxed
from ctsopt.solving.bounds.tree import Tree
from ctsopt.solving.strategies.direct import Direct
from ctsopt.solving.strategies.first_plan import FirstPlan
from ctsopt.solving.strategies.strategy import Found, Problem

_log = logging.getLogger("ctsopt.solve")

_OF_GAP = 0.02
"""Share of the gap asked for that the rounds of rows and columns at the root may leave."""

_MOVES = 200
"""Choices that are valued between two looks at the tree."""

_ROOT_SHARE = 0.5
"""Share of the time limit for the relaxation, so that time is left to find a plan."""

_SMALL = 100_000
"""Coefficients of what is left at which the solver's own search is quicker: it has cuts of other kinds."""

_DIGIT = 1e-6
"""Share of the gap that is kept for the last digit of a difference."""

_NODES = 50
"""Nodes between two looks for plans nearby."""


class Columns:
    """Find the best plan of a large program whose whole columns are its design."""

    def find(self, problem: Problem) -> Found:
        """See `Strategy`. A program that is none for this strategy is searched directly, and the notes say why."""
        admit()
        why = "there are costs beside the program" if problem.value is not None or problem.cuts is not None else (
            "a relaxation is asked for" if problem.options.relax else None)
        some = parts(problem.program) if why is None else why
        if isinstance(some, str):
            return _directly(problem, some)
        run = _Run(problem, some)
        try:
            run.search()
        except KeyboardInterrupt:  # between two runs: HiGHS hears those that come while it works
            run.interrupted = True
        if run.known:
            return run.found()
        limit = problem.options.time_limit
        left = problem if limit is None else replace(problem, options=replace(problem.options, time_limit=run.left))
        return _directly(left, run.why_none)


def _directly(problem: Problem, why: str) -> Found:
    """The direct search, and why it is one."""
    _log.info("searched directly: %s", why)
    found = Direct(first=FirstPlan(problem.program, problem.watch.teller.plan, problem.options.gap)).find(problem)
    return replace(found, notes={**found.notes, "strategy": {"asked": "columns", "taken": "direct", "why": why}})


class _Run:
    """One search."""

    def __init__(self, problem: Problem, some: Parts) -> None:
        self._program: Program = problem.program
        self._problem, self._options, self._parts = problem, problem.options, some
        self._teller = problem.watch.teller
        limit = problem.options.time_limit
        self._deadline = math.inf if limit is None else time.monotonic() + limit
        self._relaxation = some.relaxation(some.begin())
        self._designs: Designs | None = None
        self._tree: Tree | None = None
        self._root = -math.inf
        self.interrupted = False
        self._handed = self._nodes = 0

    @property
    def known(self) -> bool:
        """Whether anything was found, or the search was cut off before that."""
        return self._cost < math.inf or self._cut_off

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return max(self._deadline - time.monotonic(), 0.0)

    @property
    def why_none(self) -> str:
        """Why there is no plan."""
        return "its relaxation has no plan" if self._designs is None else "no plan was found"

    @property
    def _cut_off(self) -> bool:
        return self._interrupted or time.monotonic() >= self._deadline

    @property
    def _interrupted(self) -> bool:
        heard = self._relaxation.model.interrupted
        return self.interrupted or heard or (self._designs is not None and self._designs.flows.model.interrupted)

    @property
    def _cost(self) -> float:
        return math.inf if self._designs is None else self._designs.cost

    @property
    def _bound(self) -> float:
        return self._root if self._tree is None else max(self._root, self._tree.bound)

    # ---- phases ----------------------------------------------------------------------------------------------------

    def search(self) -> None:
        """The whole of it."""
        self._teller.phase("relaxation")
        gap = self._options.gap
        deadline = self._deadline if math.isinf(self._deadline) else time.monotonic() + _ROOT_SHARE * self.left
        root = self._relaxation.solve(near=max(_OF_GAP * gap, 1e-9), worth=_OF_GAP * gap, deadline=deadline)
        self._root = root.bound
        if root.plan is None or not math.isfinite(root.bound) or self._interrupted:
            return
        self._teller.bound(root.bound)
        self._teller.phase("first plan")
        designs = self._designs = Designs(self._parts, self._relaxation.active[1], self._teller.plan, self._good,
                                          self._deadline)
        self._first(designs, root)
        if self._ends() is not None or self._cut_off:
            return
        tree = self._tree = Tree(self._parts, self._relaxation, designs, self._allowed, self._told)
        tree.root(root)
        self._teller.phase("search")
        self._branched(tree, designs)

    def _first(self, designs: Designs, root: Relaxed) -> None:
        """Plans: that to start from, those near the relaxation, and those near them."""
        assert root.plan is not None
        arrays, whole = self._parts.arrays, self._parts.whole
        low, high = arrays.lower[whole], arrays.upper[whole]
        start = self._started()
        if start is not None:
            designs.value(start)
        if root.ended:  # what is known of the relaxation by then says little of which sites are worth having
            made = self._sites_first()
            if made is not None:
                designs.value(made)
        else:
            designs.rounded(root.plan[whole], low, high)
        if not root.ended and not self._good(designs.cost):
            designs.dive(self._relaxation, root, low, high)
        designs.improve(np.ones(len(whole), dtype=bool), _MOVES)

    def _sites_first(self) -> Floats | None:
        """The whole columns of a plan that is made without a relaxation."""
        first = FirstPlan(self._program, self._teller.plan, self._options.gap)
        first.find(self._problem.start, self.left)
        self.interrupted |= first.interrupted
        return None if first.plan is None else np.round(first.plan[self._parts.kept[self._parts.whole]])

    def _branched(self, tree: Tree, designs: Designs) -> None:
        while self._ends() is None and not self._cut_off and not tree.done and not tree.ended:
            cost = designs.cost
            tree.run(_NODES, self._deadline)
            if self._ends() is None and designs.cost < cost:
                tree.narrow()
                low, high = tree.fixed
                designs.improve(high > low, _MOVES)
                tree.narrow()
            if self._ends() is None and designs.plan is not None and self._finish(tree, designs):
                break

    def _finish(self, tree: Tree, designs: Designs) -> bool:
        """Hand over what is left to the solver's own search, where it is small; whether that was done."""
        assert designs.plan is not None
        left = rest(self._parts, tree.fixed, self._relaxation.active[0])
        if left.size > _SMALL:
            return False
        self._handed = left.size
        known = tree.enough  # of what was left off, and of what will not be looked at here
        outcome, heard = finished(left, designs.plan, self._options, self._teller, self._deadline)
        self.interrupted |= heard
        if outcome.plan is not None:
            chosen = np.zeros(len(self._parts.arrays.cost))
            chosen[left.columns] = outcome.plan
            designs.value(np.round(chosen[self._parts.whole]))
        self._nodes = outcome.nodes
        proven = math.inf if outcome.stopped_by == "infeasible" else outcome.bound
        self._root = max(self._root, min(proven, known))
        return True

    def _started(self) -> Floats | None:
        """The whole columns of a plan to start from."""
        if self._problem.start is None:
            return None
        columns, values = self._problem.start
        plan = np.full(self._program.columns, np.nan)
        plan[columns] = values
        chosen = plan[self._parts.kept[self._parts.whole]]
        if not np.isfinite(chosen).all():
            return None
        arrays, whole = self._parts.arrays, self._parts.whole
        return np.clip(np.round(chosen), arrays.lower[whole], arrays.upper[whole])

    # ---- ends ------------------------------------------------------------------------------------------------------

    def _allowed(self, cost: float) -> float:
        """The bound at which a plan of some cost is good enough."""
        if not math.isfinite(cost):
            return math.inf if self._options.decide is None else self._options.decide * (1 + 1e-9)
        return cost - (1 - _DIGIT) * self._options.slack(cost)

    def _ends(self) -> StoppedBy | None:
        return self._options.ends(self._cost, self._bound)

    def _good(self, cost: float) -> bool:
        return self._cut_off or self._options.ends(cost, self._bound) is not None

    def _told(self, bound: float, nodes: int) -> None:
        self._teller.search(self._cost, max(bound, self._root), nodes)

    def found(self) -> Found:
        """What is known by now."""
        relaxation, tree, designs = self._relaxation, self._tree, self._designs
        rows, columns = relaxation.active
        end: StoppedBy = self._ends() or ("interrupt" if self._interrupted else
                                         "time_limit" if self._cut_off else "tolerance")
        plan = None if designs is None or designs.plan is None else self._parts.spread(designs.plan)
        notes = {"strategy": {"asked": "columns", "taken": "columns", "root_bound": self._root,
                              "columns_in": int(columns.sum()), "rows_in": int(rows.sum()),
                              "choices_valued": 0 if designs is None else designs.tried,
                              "left_free": len(self._parts.whole) if tree is None else tree.free,
                              "handed_over": self._handed}}
        flows = None if designs is None else designs.flows
        return Found(plan, min(self._bound, self._cost), end, "rows and columns as they were needed", rows,
                     self._nodes + (0 if tree is None else tree.nodes),
                     relaxation.iterations + (0 if flows is None else flows.iterations),
                     relaxation.rounds + (0 if flows is None else flows.rounds), None, relaxation.model.small[1],
                     notes=notes)
