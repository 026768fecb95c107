"""What a site less, a site more, or one for another would come to: estimates for all of them from one linear program.

With the duals of a design's flows every request has a price for each site that might serve it. A site that closes loses
its requests to the second cheapest that is open; one that opens wins those for which it is cheaper, as far as it has
room; one for another is both, and each request of the one goes where it is then cheapest (the fast interchange of
Whitaker, INFOR 21, 1983). What is scarce is priced by the duals, not counted: the session says what a move is worth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ctsopt.keys import Bools, Floats, Positions
from ctsopt.programs.outcome import Outcome
from ctsopt.solving.plans.valued import Designs
from ctsopt.solving.strategies.prices import Ways

_LEARNS = 0.7
"""Share of what an estimate was off by that is believed of the next one with the same site."""

_HOPELESS = 0.1
"""What a move without a plan is taken to cost, as a share of the cost of the plan."""


class Learned:
    """By how much estimates were off, for each site that closed and each that opened.

    A site whose requests have nowhere to go looks cheap to close, time and again; tried once, it does so no more.

    Parameters
    ----------
    count : int
        Design columns.
    """

    def __init__(self, count: int) -> None:
        self._shut, self._opened = np.zeros(count + 1), np.zeros(count + 1)

    def of(self, moves: Moves) -> Floats:
        """What is to be added to the estimates of moves."""
        return np.asarray(self._shut[moves.shut] + self._opened[moves.opened])

    def add(self, moves: Moves, k: int, off: float) -> None:
        """Move `k` came to this much more than was estimated, what had been learned included."""
        shut, opened = int(moves.shut[k]), int(moves.opened[k])
        each = _LEARNS * off / ((shut >= 0) + (opened >= 0))
        self._shut[shut] += each if shut >= 0 else 0.0
        self._opened[opened] += each if opened >= 0 else 0.0


@dataclass(frozen=True, eq=False)
class Moves:
    """Moves from a design.

    Attributes
    ----------
    shut, opened : int array
        Places in the design of the site that closes and the one that opens; -1 for none.
    change : float array
        Estimated change of cost.
    """

    shut: Positions
    opened: Positions
    change: Floats

    def to(self, design: Floats, k: int) -> Floats:
        """The design after a move."""
        moved = design.copy()
        if self.shut[k] >= 0:
            moved[self.shut[k]] = 0.0
        if self.opened[k] >= 0:
            moved[self.opened[k]] = 1.0
        return moved


def moves_from(designs: Designs, ways: Ways, design: Floats, flows: Outcome) -> Moves:
    """All moves from a design, with estimates at the duals of its flows."""
    gates, count = designs.gates, len(design)
    once = designs.arrays.cost[gates.design]
    end, request, unit = _ends(designs, ways, design, flows)
    gate, reached = _gates_of(designs, design, end)
    end, request, unit, gate = end[reached], request[reached], unit[reached], gate[reached]
    is_open = (gate < 0) | (design[gate] > 0)
    flow = np.zeros(designs.program.columns) if flows.plan is None else flows.plan
    now, second, owner = _served(len(ways.wanted), request, unit, gate, is_open, flow[end])
    wanted = ways.wanted
    lost = np.where(np.isfinite(second - now), wanted * np.maximum(second - now, 0.0), 0.0)
    hopeless = np.bincount(owner[(owner >= 0) & np.isinf(second)], minlength=count) > 0
    drop = np.bincount(owner[owner >= 0], weights=lost[owner >= 0], minlength=count) - once
    at = np.flatnonzero(~is_open & np.isfinite(unit))
    saved = wanted[request[at]] * np.maximum(now[request[at]] - unit[at], 0.0)
    load = np.asarray(designs.gates.load[gate[at], end[at]]).ravel() * wanted[request[at]]
    fits = _fitting(gate[at], saved, load, gates.room)
    add = once - np.bincount(gate[at], weights=saved * fits, minlength=count)
    # A request of the site that closes goes to the new one, where that is cheaper than the second.
    mine = owner[request[at]]
    more = wanted[request[at]] * (np.minimum(second[request[at]], unit[at])
                                  - np.where(np.isfinite(second[request[at]]), second[request[at]], now[request[at]]))
    more = np.where(mine >= 0, more + saved, 0.0)
    both = np.bincount(np.maximum(mine, 0) * count + gate[at], weights=more, minlength=count**2).reshape(count, count)
    alone = drop + np.where(hopeless, _HOPELESS * abs(flows.value), 0.0)
    return _all(design, gates.free, alone, add, drop[:, None] + add[None, :] + both)


def _ends(designs: Designs, ways: Ways, design: Floats, flows: Outcome) -> tuple[Positions, Positions, Floats]:
    program, gates = designs.program, designs.gates
    price = np.zeros(program.row_count)
    assert flows.row_dual is not None
    price[designs.rows] = flows.row_dual
    price[gates.rows[design[gates.of_row] <= 0]] = 0.0
    return ways.paths(price, gates.closed(design))


def _gates_of(designs: Designs, design: Floats, end: Positions) -> tuple[Positions, Bools]:
    """The gate of each last leg, the closed one where there is one (-1 for none); and whether one at most is closed."""
    by_column = designs.gates.load[:, end].tocsc()
    column = np.repeat(np.arange(len(end)), np.diff(by_column.indptr))
    shut = design[by_column.indices] <= 0
    closed = np.bincount(column[shut], minlength=len(end))
    gate = np.full(len(end), -1, dtype=np.int64)
    gate[column[~shut]] = by_column.indices[~shut]
    gate[column[shut]] = by_column.indices[shut]
    return gate, closed <= 1


def _served(requests: int, request: Positions, unit: Floats, gate: Positions, is_open: Bools,
            flow: Floats) -> tuple[Floats, Floats, Positions]:
    """For each request: what it costs now, at the second cheapest of the other sites, and the site that serves it."""
    here = np.flatnonzero(is_open)
    order = here[np.lexsort((unit[here], -flow[here], request[here]))]
    first = order[np.append(True, request[order][1:] != request[order][:-1])] if len(order) else order
    now, owner = np.full(requests, np.inf), np.full(requests, -1, dtype=np.int64)
    now[request[first]], owner[request[first]] = unit[first], gate[first]
    other = here[gate[here] != owner[request[here]]]
    second = np.full(requests, np.inf)
    np.minimum.at(second, request[other], unit[other])
    return now, second, owner


def _fitting(gate: Positions, saved: Floats, load: Floats, room: Floats) -> Floats:
    """The share of each request that a new site has room for, those first of which a unit saves most."""
    order = np.lexsort((-saved / np.maximum(load, 1e-12), gate))
    taken = np.cumsum(np.where(saved[order] > 0, load[order], 0.0))
    begin = np.append(True, gate[order][1:] != gate[order][:-1]) if len(order) else np.empty(0, dtype=bool)
    before = taken - np.where(saved[order] > 0, load[order], 0.0)
    start = np.maximum.accumulate(np.where(begin, before, 0.0))
    left = room[gate[order]] - (before - start)
    share = np.empty(len(order))
    share[order] = np.clip(left / np.maximum(load[order], 1e-12), 0.0, 1.0)
    return share


def _all(design: Floats, free: Bools, drop: Floats, add: Floats, swap: Floats) -> Moves:
    is_open, is_shut = np.flatnonzero(free & (design > 0)), np.flatnonzero(free & (design <= 0))
    pairs = np.repeat(is_open, len(is_shut)), np.tile(is_shut, len(is_open))
    return Moves(np.concatenate([is_open, np.full(len(is_shut), -1), pairs[0]]),
                 np.concatenate([np.full(len(is_open), -1), is_shut, pairs[1]]),
                 np.concatenate([drop[is_open], add[is_shut], swap[pairs]]))


def missed(value: float, best: float) -> float:
    """By how much a design costs more than the best; what has no plan counts as far off."""
    return min(value - best, _HOPELESS * abs(best))
