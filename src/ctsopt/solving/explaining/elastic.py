"""The program with room to give way: by how much of what is promised goes short, and by how much each limit is passed.

Every shortfall is counted in the share of what was asked, so that units of money, weight or CO2 change nothing. The
columns that let a row give way are held at 0; whoever asks a question lifts the bounds of some of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from ctsopt.formulation.build import cells, keeps, marks_of_rows, without_cell
from ctsopt.formulation.cells import KEPT_OPEN, Cell
from ctsopt.keys import Bools, Floats, Keys, Positions
from ctsopt.programs.program import Arrays, Program, RowBlock
from ctsopt.programs.scaling import holding

if TYPE_CHECKING:
    from ctsopt.networks.network import Network


@dataclass(frozen=True, eq=False)
class Giving:
    """Rows of one limit (a row of a table) that may give way together.

    Attributes
    ----------
    family : str
        Family of rows, or `may_close`.
    limit : Cell or None
        Where it stands in the tables; None for a rule of one's own.
    key : tuple of str
        Names of the row of the table.
    columns : int array
        Columns of the elastic program; of `may_close`, the column of the site.
    names : tuple of str
        Names of the keys of the family's rows.
    rows : list of tuple of str
        Keys of the family's row behind each column.
    size : float array
        Amount that each column stands for when it is 1.
    sign : float array
        1 where more is needed than the limit has, -1 where it asks for more than there is.
    own : tuple of str
        Words and unit of a rule of one's own.
    """

    family: str
    limit: Cell | None
    key: tuple[str, ...]
    columns: Positions
    names: tuple[str, ...]
    rows: list[tuple[str, ...]]
    size: Floats
    sign: Floats
    own: tuple[str, str] = ("", "")

    @property
    def bound(self) -> bool:
        """Whether it is the bound of a column, and no row."""
        return self.limit is KEPT_OPEN


@dataclass(frozen=True, eq=False)
class Elastic:
    """The elastic program of a network.

    Attributes
    ----------
    arrays : Arrays
        The program without lazy rows, with columns for what may give way, all held at 0.
    columns : int
        Columns of the program itself; those that give way come after them.
    short : int array
        Column of the share of each request that goes short.
    late : int array
        Column of the share of each promise on the share on time that is late.
    late_promise : int array
        Row of the promises behind each of `late`.
    late_size : float array
        Units of demand that each promise on the share on time is about.
    limits : list of Giving
    """

    arrays: Arrays
    columns: int
    short: Positions
    late: Positions
    late_promise: Positions
    late_size: Floats
    limits: list[Giving]


class _More:
    """Columns and rows that are added to a program."""

    def __init__(self, program: Program) -> None:
        self.program, self.matrix = program, program.matrix()
        self.columns = program.columns
        self.parts: list[tuple[Positions, Positions, Floats]] = []
        self.integer: list[Bools] = []
        self.below: list[tuple[Positions, Positions, Floats]] = []

    def add(self, rows: Positions, coefficient: Floats, whole: Bools | None = None) -> Positions:
        """A new column for each row."""
        made = np.arange(self.columns, self.columns + len(rows))
        self.columns += len(rows)
        self.parts.append((rows, made, coefficient))
        self.integer.append(np.zeros(len(rows), dtype=bool) if whole is None else whole)
        return made

    def also(self, rows: Positions, columns: Positions, coefficient: Floats) -> None:
        """Columns that are there already stand in more rows."""
        self.parts.append((rows, columns, coefficient))

    def only_when(self, columns: Positions, switch: Positions, most: Floats) -> None:
        """A column may only give way where a whole column is on: column <= most * switch."""
        self.below.append((columns, switch, most))

    def arrays(self) -> Arrays:
        """The program with what was added, without its lazy rows."""
        program, before = self.program.arrays, self.program.columns
        more = self.columns - before
        rows, columns, values = (np.concatenate([part[k] for part in self.parts]) for k in range(3))
        added = sp.csr_array(sp.coo_array((values, (rows, columns - before)), shape=(self.program.row_count, more)))
        matrix = sp.csr_array(sp.hstack([self.matrix, added]))[~self.program.lazy]
        lower, upper = program.row_lower[~self.program.lazy], program.row_upper[~self.program.lazy]
        if self.below:
            column, switch, most = (np.concatenate([part[k] for part in self.below]) for k in range(3))
            at = np.arange(len(column))
            tie = sp.csr_array(sp.coo_array((np.append(np.ones(len(at)), -most), (np.append(at, at),
                               np.append(column, switch))), shape=(len(at), self.columns)))
            matrix = sp.csr_array(sp.vstack([matrix, tie]))
            lower, upper = np.append(lower, np.full(len(at), -np.inf)), np.append(upper, np.zeros(len(at)))
        return Arrays(matrix, np.append(program.cost, np.zeros(more)), 0.0, np.append(program.lower, np.zeros(more)),
                      np.append(program.upper, np.zeros(more)),
                      np.concatenate([program.integer, *self.integer]), lower, upper)


def elastic(net: Network, program: Program) -> Elastic:
    """The program of a network with room to give way.

    Parameters
    ----------
    net : Network
    program : Program
        With or without rules of one's own, which may give way like any limit.
    """
    more = _More(program)
    quantity = net.requests.measures["quantity"]
    demand = program.rows[keeps("demand")].span
    short = more.add(np.arange(demand.start, demand.stop), np.asarray(quantity, dtype=np.float64))
    late, late_promise, late_size = _late(net, program, more)
    limits = [giving for name in [*cells(program), *without_cell(program)]
              for giving in _limits(net, program, more, name)]
    limits += _kept_open(program)
    return Elastic(more.arrays(), program.columns, short, late, late_promise, late_size, limits)


def _late(net: Network, program: Program, more: _More) -> tuple[Positions, Positions, Floats]:
    """Columns for the promises on the share on time."""
    block = program.rows.get(keeps("on_time_share"))
    if block is None:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0)
    place = net.promises.index.locate(block.index)
    promise = net.requests.measures["promise"]
    quantity: Floats = net.requests["quantity"].values[promise >= 0]
    units = np.asarray(np.bincount(promise[promise >= 0], quantity, len(net.promises))[place], dtype=np.float64)
    rows = np.arange(block.span.start, block.span.stop)
    return more.add(rows, units), place, units


def _limits(net: Network, program: Program, more: _More, name: str) -> list[Giving]:
    """One limit for each row of its table; a rule of one's own as a whole."""
    block, marks = program.rows[name], marks_of_rows(program)[name]
    limit = marks.cell
    rows = np.arange(block.span.start, block.span.stop)
    size, most = _sizes(net, program, more.matrix, block)
    binding = np.isfinite(np.stack([block.rows.lower, block.rows.upper]))
    if marks.stands is not None:  # no limit where there is room for all that could come
        binding &= marks.stands(net, block.index)
    whole = ~holding(more.matrix, ~program.arrays.integer)[rows]
    size = np.where(whole, 1.0, size)
    columns, keys, sizes, signs = [], [], [], []
    for side, sign in ((0, 1.0), (1, -1.0)):
        at = np.flatnonzero(binding[side])
        made = more.add(rows[at], sign * size[at], whole[at])
        if limit is not None and len(at):
            _tie(program, more, limit, block.index.take(at), made, size[at], most[at])
        columns.append(made)
        keys.append(at)
        sizes.append(size[at])
        signs.append(np.full(len(at), -sign))
    column, row, amount, sign_of = (np.concatenate(parts) for parts in (columns, keys, sizes, signs))
    every = block.index.labels()
    labels = [every[at] for at in row.tolist()]  # both sides of an equation have the key of its row
    own = (marks.words, marks.unit) if limit is None else ("", "")
    names = list(block.index.names)
    parts: dict[tuple[str, ...], list[int]] = {}
    for place, label in enumerate(labels):
        key = tuple(label[names.index(k)] for k in limit.keys) if limit is not None else ()
        parts.setdefault(key, []).append(place)
    return [Giving(name, limit, key, column[at], tuple(names), [labels[i] for i in at], amount[at], sign_of[at],
                   own)
            for key, at in parts.items()]


def _tie(program: Program, more: _More, limit: Cell, index: Keys, made: Positions, size: Floats,
         most: Floats) -> None:
    """A limit that gives way does so in every family that binds at it, and only where something is switched on."""
    for family in limit.links:
        if family in program.rows:
            place = program.rows[family].index.find(index)
            hit = place >= 0
            more.also(program.rows[family].start + place[hit], made[hit], -size[hit])
    switch = program.variables.get(limit.when)
    if switch is None:
        return
    place = switch.index.find(index)
    lower = np.broadcast_to(np.asarray(switch.variable.lower, dtype=np.float64), len(switch.index))
    free = np.flatnonzero((place >= 0) & (lower[place] < 1))
    more.only_when(made[free], switch.start + place[free], most[free] / size[free])


def _sizes(net: Network, program: Program, matrix: sp.csr_array, block: RowBlock) -> tuple[Floats, Floats]:
    """What each row asks for, and more than can ever pass it.

    What it asks for is its side; where that is 0, the limit that stands with a site, level or lane; where that is 0,
    too, all goods.
    """
    sides = np.stack([block.rows.lower, block.rows.upper])
    side = np.where(np.isfinite(sides), np.abs(sides), 0.0).max(axis=0, initial=0.0)
    rows = matrix[np.arange(block.span.start, block.span.stop)]
    switched = np.zeros(program.columns, dtype=bool)
    for name in ("open", "level", "use_lane"):
        if name in program.variables:
            switched[program.variables[name].span] = True
    on = np.asarray(abs(rows[:, switched]).max(axis=1).todense(), dtype=np.float64).ravel() if switched.any() else side
    goods = np.asarray(abs(rows[:, ~program.arrays.integer]).max(axis=1).todense(), dtype=np.float64).ravel()
    every = goods * float(net.requests.measures["quantity"].sum() + net.derived.supply.opening.sum())
    every = np.where(every > 0, every, 1.0)
    return np.asarray(np.where(side > 0, side, np.where(on > 0, on, every))), every


def _kept_open(program: Program) -> list[Giving]:
    """Sites that are open today and may not be closed."""
    block = program.variables["open"]
    held = np.flatnonzero(np.asarray(block.variable.lower) > 0)
    one = np.ones(1)
    return [Giving("may_close", KEPT_OPEN, name, np.array([block.start + at]), ("site",), [name], one, -one)
            for at, name in zip(held.tolist(), block.index.labels(held), strict=True)]
