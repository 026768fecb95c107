"""Shares over several sites and dates: which lines compete for what, and how far the level rises for each of them.

Lines that may be served from the same supplies are of one *kind*. A rule is settled by halves: all lines of a part are
taken for one pool; if what they then get cannot be sent, those who ask for more than reaches them (by a minimum cut)
are a part of their own with all that can reach them, and everybody else shares the rest. What remains are pools in
which everything is used up by the lines of the pool alone: whoever is short knows against whom. Every program is one of
flows with coefficients of 1; no weight ever stands for a rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from ctsopt.errors import SolverError
from ctsopt.keys import Axis, Bools, Floats, Keys, Positions
from ctsopt.programs.algebra import Rows, Variable
from ctsopt.programs.highs import Highs
from ctsopt.programs.program import Program
from ctsopt.shortage.levels import Rise, pool_levels, sums

NOTHING = 1e-9
"""Share of the largest amount that is taken for nothing."""


@dataclass(frozen=True, eq=False)
class Sources:
    """What there is, and who may be served from it.

    Attributes
    ----------
    supply : float array
        Amount of each source: a product at a site from a day on.
    kind : int array
        Kind of each line.
    kinds : int
        How many kinds there are.
    way_kind, way_source : int array
        One entry for each kind and each source from which it may be served.
    way_cost : float array
        Cost per unit of each of them.
    """

    supply: Floats
    kind: Positions
    kinds: int
    way_kind: Positions
    way_source: Positions
    way_cost: Floats

    def with_supply(self, supply: Floats) -> Sources:
        """The same with other amounts."""
        return Sources(supply, self.kind, self.kinds, self.way_kind, self.way_source, self.way_cost)

    def components(self) -> Positions:
        """Lines that may compete, if only through others, have one number."""
        size = self.kinds + len(self.supply)
        links = sp.coo_array((np.ones(len(self.way_kind)), (self.way_kind, self.kinds + self.way_source)), (size, size))
        _, label = connected_components(links, directed=False)
        return np.asarray(label[:self.kinds], dtype=np.int64)[self.kind]


@dataclass(frozen=True, eq=False)
class Settled:
    """Shares under a rule, with the pools in which they were settled.

    Attributes
    ----------
    share : float array
        What each line gets.
    pool : int array
        Pool of each line: lines that share their sources with nobody else.
    level : float array
        Level of each pool; infinite where there is enough.
    supply : float array
        What there is in each pool.
    source_pool : int array
        Pool of each source.
    """

    share: Floats
    pool: Positions
    level: Floats
    supply: Floats
    source_pool: Positions


def settle(rise: Rise, sources: Sources) -> Settled:
    """Shares that rise together until what there is is used up, wherever it can reach them."""
    part = Parts(sources)
    for _ in range(sources.kinds + len(sources.supply) + 1):
        pool = part.of_kind[sources.kind]
        supply = sums(part.of_source, sources.supply, part.count)
        level = pool_levels(rise, pool, supply)
        share = rise.at(level[pool])
        asked = sums(sources.kind, share, sources.kinds)
        if not part.split(asked):
            return Settled(share, pool, level, supply, part.of_source)
    raise SolverError("the pools of a shortage could not be told apart")


class Parts:
    """Kinds and sources in parts, which are split until each of them is a pool.

    Attributes
    ----------
    count : int
        How many numbers parts have had.
    of_kind, of_source : int array
        Part of each kind and of each source.
    """

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        size = sources.kinds + len(sources.supply)
        links = sp.coo_array((np.ones(len(sources.way_kind)),
                              (sources.way_kind, sources.kinds + sources.way_source)), (size, size))
        self.count, label = connected_components(links, directed=False)
        self.of_kind = label[:sources.kinds].astype(np.int64)
        self.of_source = label[sources.kinds:].astype(np.int64)

    def split(self, asked: Floats) -> bool:
        """Set apart those who ask for more than can reach them; whether there were any."""
        sources = self.sources
        open_ = self.of_kind[sources.way_kind] == self.of_source[sources.way_source]
        unsure = self.unsure(open_)
        if not unsure.any():
            return False
        used = open_ & unsure[self.of_kind[sources.way_kind]]
        few = sources.way_kind[used], sources.way_source[used]
        flow = most_flow(*few, np.where(unsure[self.of_kind], asked, 0.0), sources.supply)
        served = sums(few[0], flow, sources.kinds)
        size = sums(self.of_kind, asked, self.count)
        lacking = unsure[self.of_kind] & (asked - served > NOTHING * np.maximum(size, 1e-300)[self.of_kind])
        if not lacking.any():
            return False
        small = NOTHING * size[self.of_kind[few[0]]]
        kinds, reached = _reached(lacking, few, flow > small, len(sources.supply))
        whole = np.bincount(self.of_kind, weights=~kinds, minlength=self.count) + np.bincount(
            self.of_source, weights=~reached, minlength=self.count) == 0
        kinds &= ~whole[self.of_kind]
        reached &= ~whole[self.of_source]
        if not kinds.any():
            return False
        new = np.full(self.count, -1)
        split = np.unique(self.of_kind[kinds])
        new[split] = self.count + np.arange(len(split))
        self.of_kind = np.where(kinds, new[self.of_kind], self.of_kind)
        self.of_source = np.where(reached, new[self.of_source], self.of_source)
        self.count += len(split)
        return True

    def unsure(self, open_: Bools | None = None) -> Bools:
        """Parts in which somebody cannot be served from everywhere: the others are single pools by nature."""
        open_ = np.ones(len(self.sources.way_kind), dtype=bool) if open_ is None else open_
        part = self.of_kind[self.sources.way_kind][open_]
        ways = np.bincount(part, minlength=self.count)
        kinds = np.bincount(self.of_kind, minlength=self.count)
        return np.asarray(ways < kinds * np.bincount(self.of_source, minlength=self.count), dtype=bool)


def _reached(lacking: Bools, way: tuple[Positions, Positions], carries: Bools,
             sources: int) -> tuple[Bools, Bools]:
    """Kinds and sources from which those who lack something could still take it: one side of a minimum cut."""
    kinds, seen = lacking.copy(), np.zeros(sources, dtype=bool)
    while True:
        seen[way[1][kinds[way[0]]]] = True
        more = carries & seen[way[1]] & ~kinds[way[0]]
        if not more.any():
            return kinds, seen
        kinds[way[0][more]] = True


def flow_program(kind: Positions, source: Positions, asked: Floats, supply: Floats, cost: Floats | None) -> Program:
    """What goes from each source to each kind of line: as much as can be or, with costs, all at the least cost."""
    axes = {"kind": Axis("kind", [str(i) for i in range(len(asked))]),
            "source": Axis("source", [str(i) for i in range(len(supply))])}
    program = Program("shares")
    serve = program.add_variable("serve", Variable(Keys.make(axes, kind=kind, source=source)))
    program.add_rows("supply_of", (by := serve.by("source")) <= supply[by.index["source"]])
    got = serve.by("kind")
    wanted = asked[got.index["kind"]]
    # A share is a sum of floating numbers: a millionth of a millionth less can always be sent.
    program.add_rows("demand_of", got <= wanted if cost is None else Rows(got, wanted * (1 - 1e-12), wanted))
    program.add_cost("served", serve * -1.0 if cost is None else serve * cost, "variable")
    return program


def most_flow(kind: Positions, source: Positions, asked: Floats, supply: Floats) -> Floats:
    """The largest flow from sources to kinds of lines, for each way."""
    return _flow(flow_program(kind, source, asked, supply, None), asked, supply)


def cheapest_flow(sources: Sources, settled: Settled) -> Floats:
    """How the shares are sent at the least cost: the flow on each way."""
    asked = sums(sources.kind, settled.share, sources.kinds)
    program = flow_program(sources.way_kind, sources.way_source, asked, sources.supply, sources.way_cost)
    return _flow(program, asked, sources.supply)


def _flow(program: Program, asked: Floats, supply: Floats) -> Floats:
    if not program.columns:
        return np.zeros(0)
    outcome = Highs(program.arrays).run()
    if outcome.plan is None or outcome.stopped_by != "gap":
        raise SolverError(f"the flow of a shortage was not found: {outcome.detail}")
    return np.maximum(outcome.plan, 0.0)
