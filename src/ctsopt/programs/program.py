"""A mixed-integer linear program made of named blocks: variables, rows and cost lines over business keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from ctsopt.errors import KeyMismatch
from ctsopt.keys import Bools, Floats, Ints, Keys, Positions
from ctsopt.programs.algebra import Expr, Rows, Variable
from ctsopt.programs.stacking import stacked

if TYPE_CHECKING:
    from pathlib import Path

    from ctsopt.programs.ranges import Ranges, Sources


@dataclass(frozen=True, eq=False)
class VariableBlock:
    """Variables of one name: columns `start` to `start + len(index)` of the program."""

    name: str
    start: int
    variable: Variable

    @property
    def index(self) -> Keys:
        """The keys, one variable each."""
        return self.variable.index

    @property
    def span(self) -> slice:
        """The columns of the block."""
        return slice(self.start, self.start + len(self.index))

    def holds(self, columns: Ints | Positions) -> Bools:
        """Which columns of the program are of this block."""
        return np.asarray((columns >= self.start) & (columns < self.start + len(self.index)))


@dataclass(frozen=True, eq=False)
class RowBlock:
    """Rows of one name. A lazy block only strengthens: `anchor` names the rows that hold the same whole plans.

    `ordered_by` names an attribute of columns by which the rows differ, such that a column with more of it may be used
    in a whole plan wherever one with less may (see `ctsopt.programs.dominance`).
    `marks` are for who reads the program; mathematics does not look at them.
    """

    name: str
    start: int
    rows: Rows
    anchor: str = ""
    meaning: str = ""
    marks: Any = None
    ordered_by: str = ""

    @property
    def index(self) -> Keys:
        """The keys, one row each."""
        return self.rows.lhs.index

    @property
    def lazy(self) -> bool:
        """Whether the rows only strengthen the program."""
        return bool(self.anchor)

    @property
    def span(self) -> slice:
        """The rows of the block."""
        return slice(self.start, self.start + len(self.index))


@dataclass(frozen=True, eq=False)
class CostBlock:
    """A cost line, in money over the horizon: one expression per key; in several parts where keys are of several
    kinds. `marks` are for who reads the program.
    """

    name: str
    parts: tuple[Expr, ...]
    behaviour: str
    meaning: str = ""
    marks: Any = None


@dataclass(frozen=True, eq=False)
class Arrays:
    """The program as arrays: minimise cost @ x + offset with lower <= x <= upper and row_lower <= A x <= row_upper.

    The matrix of a program is stored by columns, as HiGHS keeps it; `Program.matrix()` has it by rows. Columns that
    are `left_out` are 0, and a solver is not given them.
    """

    matrix: sp.csc_array | sp.csr_array
    cost: Floats
    offset: float
    lower: Floats
    upper: Floats
    integer: Bools
    row_lower: Floats
    row_upper: Floats
    left_out: Bools | None = None

    def with_rows(self, keep: Bools | Ints | Positions) -> Arrays:
        """The same program with only some of its rows."""
        return replace(self, matrix=self.matrix[keep], row_lower=self.row_lower[keep], row_upper=self.row_upper[keep])

    def with_columns(self, keep: Bools | Ints | Positions) -> Arrays:
        """The same program with only some of its columns; the others are 0."""
        matrix = self.matrix if self.matrix.format == "csc" else self.matrix.tocsc()
        return replace(self, matrix=matrix[:, keep], cost=self.cost[keep], lower=self.lower[keep],
                       upper=self.upper[keep], integer=self.integer[keep],
                       left_out=None if self.left_out is None else self.left_out[keep])

    def with_more(self, matrix: sp.csr_array) -> Arrays:
        """The same program with more rows, each of which is at least 0."""
        if not matrix.shape[0]:
            return self
        both = sp.vstack([self.matrix, matrix], format=self.matrix.format)
        return replace(self, matrix=both, row_lower=np.append(self.row_lower, np.zeros(matrix.shape[0])),
                       row_upper=np.append(self.row_upper, np.full(matrix.shape[0], np.inf)))


class Program:
    """Named blocks that make up a mixed-integer linear program.

    Attributes
    ----------
    variables, rows, costs : dict
        The blocks by name, in the order in which they were added.
    sources : mapping
        Table columns that figures come from, for the report on their ranges.
    left_out : bool array or None
        Columns that a solver is not given; they are 0.
    stand_in : int array or None
        For each column the one that has what would be on it: another one where it is left out.
    """

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.variables: dict[str, VariableBlock] = {}
        self.rows: dict[str, RowBlock] = {}
        self.costs: dict[str, CostBlock] = {}
        self.columns = 0
        self.row_count = 0
        self.sources: Sources = {}
        self.left_out: Bools | None = None
        self.stand_in: Positions | None = None

    def add_variable(self, name: str, variable: Variable) -> Expr:
        """Add a block of variables and return them as expressions."""
        if name in self.variables:
            raise KeyMismatch(f"two blocks of variables are named {name}")
        block = VariableBlock(name, self.columns, variable)
        self.variables[name] = block
        self.columns += len(variable.index)
        return Expr.block(variable.index, block.start)

    def add_rows(self, name: str, rows: Rows, anchor: str = "", meaning: str = "", marks: Any = None,
                 ordered_by: str = "") -> None:
        """Add a family of rows; `anchor` marks it lazy and names the rows that make it redundant for whole plans,
        `ordered_by` is an attribute of columns by which its rows differ (see `RowBlock`).

        Raises
        ------
        KeyMismatch
            If a row has no terms and its sides exclude 0: it could never hold, whatever the plan.
        """
        if name in self.rows:
            raise KeyMismatch(f"two families of rows are named {name}")
        if anchor and anchor not in self.rows:
            raise KeyMismatch(f"{name} is lazy, but its anchor {anchor} is not in the program")
        if anchor and self.rows[anchor].lazy:
            raise KeyMismatch(f"{name} is lazy, and so is its anchor {anchor}: an anchor is always present")
        _refuse_empty(name, rows)
        self.rows[name] = RowBlock(name, self.row_count, rows, anchor, meaning, marks, ordered_by)
        self.row_count += len(rows.lhs.index)

    def add_cost(self, name: str, parts: Expr | tuple[Expr, ...], behaviour: str, meaning: str = "",
                 marks: Any = None) -> None:
        """Add a cost line."""
        if name in self.costs:
            raise KeyMismatch(f"two cost lines are named {name}")
        self.costs[name] = CostBlock(name, parts if isinstance(parts, tuple) else (parts,), behaviour, meaning,
                                     marks)

    def fixed(self, name: str, values: Floats) -> Program:
        """The same program with the variables of one name held at some values."""
        return self.bounded({name: (values, values)})

    def bounded(self, bounds: Mapping[str, tuple[Floats, Floats]]) -> Program:
        """The same program with other bounds of the variables of some names."""
        twin = self._copy()
        twin.variables = self.variables | {
            name: replace(block, variable=replace(block.variable, lower=lower, upper=upper))
            for name, (lower, upper) in bounds.items() for block in (self.variables[name],)}
        return twin

    def without(self, name: str, stand_in: Positions) -> Program:
        """The same program, of which a solver is not given some of the variables of one name: they are 0.

        Parameters
        ----------
        name : str
        stand_in : int array
            For each variable of the name the position of the one that stands in for it, its own where it stays.
        """
        twin, arrays, span = self._copy(), self.arrays, self.variables[name].span
        every = np.arange(self.columns)
        before, here = every if self.stand_in is None else self.stand_in, every.copy()
        here[span] = span.start + stand_in
        twin.stand_in = here[before]
        left_out = twin.stand_in != every
        twin.left_out = left_out
        twin.__dict__["arrays"] = replace(arrays, left_out=left_out, lower=np.where(left_out, 0.0, arrays.lower),
                                          upper=np.where(left_out, 0.0, arrays.upper))
        return twin

    def with_sides(self, upper: Floats) -> Program:
        """The same program with other upper sides of its rows, one for each, in its arrays alone."""
        twin = self._copy()
        twin.__dict__["arrays"] = replace(self.arrays, row_upper=upper)
        return twin

    def _copy(self) -> Program:
        """The same program, whose arrays are to be made anew."""
        twin = Program(self.name)
        twin.__dict__.update({key: value for key, value in self.__dict__.items() if key != "arrays"})
        return twin

    @cached_property
    def arrays(self) -> Arrays:
        """The program as arrays, lazy rows included."""
        cost = np.zeros(self.columns)
        offset = 0.0
        for part in (part for line in self.costs.values() for part in line.parts):
            for some in part.terms:
                if some.first is None:
                    cost += np.bincount(some.col, weights=some.coef, minlength=self.columns)
                else:
                    cost[some.first:some.first + len(some.col)] += some.coef
            offset += 0.0 if part.constant is None else float(part.constant.sum())
        terms = ((block.start, some) for block in self.rows.values() for some in block.rows.lhs.terms)
        matrix = stacked(terms, (self.row_count, self.columns))
        blocks = list(self.variables.values())
        spread = [(np.broadcast_to(np.asarray(end, dtype=np.float64), len(b.index)))
                  for b in blocks for end in (b.variable.lower, b.variable.upper)]
        integer = [np.full(len(b.index), b.variable.integer) for b in blocks]
        lower = np.concatenate([np.empty(0), *(r.rows.lower for r in self.rows.values())])
        upper = np.concatenate([np.empty(0), *(r.rows.upper for r in self.rows.values())])
        ends = [np.concatenate([np.empty(0), *spread[one::2]]) for one in (0, 1)]
        if self.left_out is not None:
            ends = [np.where(self.left_out, 0.0, end) for end in ends]
        return Arrays(matrix, cost, offset, ends[0], ends[1], np.concatenate([np.empty(0, dtype=bool), *integer]),
                      lower, upper, self.left_out)

    def matrix(self) -> sp.csr_array:
        """Coefficients of all rows, lazy ones included, shape (rows, columns)."""
        return sp.csr_array(self.arrays.matrix)

    @property
    def lazy(self) -> Bools:
        """For each row, whether it is lazy."""
        return np.concatenate([np.empty(0, dtype=bool),
                               *(np.full(len(b.index), b.lazy) for b in self.rows.values())])

    def column_names(self) -> Iterator[str]:
        """Readable names of the columns: `deliver[D1,,C1,gold,...]`."""
        for block in self.variables.values():
            yield from (f"{block.name}[{','.join(key)}]" if key else block.name for key in block.index.labels())

    def row_names(self) -> Iterator[str]:
        """Readable names of the rows: `serve_demand[C1,gold,P1,year]`."""
        for block in self.rows.values():
            yield from (f"{block.name}[{','.join(key)}]" if key else block.name for key in block.index.labels())

    def ranges(self) -> Ranges:
        """The least and the most coefficient, side, cost and bound of every kind, and a warning where they differ by
        more than a factor of 1e9.

        Returns
        -------
        Ranges
            Prints as a table with its warnings; `frame()` says also where the figures stand and which columns of which
            tables they come from.
        """
        from ctsopt.programs.ranges import ranges

        return ranges(self)

    def write_lp(self, path: str | Path) -> None:
        """Write the program as an LP file with readable names (see `ctsopt.programs.lp`)."""
        from ctsopt.programs.lp import write_lp

        write_lp(self, path)

    def __repr__(self) -> str:
        whole = int(self.arrays.integer.sum())
        return (f"Program {self.name}: {self.columns:,} columns ({whole:,} whole), {self.row_count:,} rows "
                f"({int(self.lazy.sum()):,} lazy), {self.arrays.matrix.nnz:,} coefficients\n"
                f"  variables {', '.join(self.variables)}\n  rows {', '.join(self.rows)}\n"
                f"  costs {', '.join(self.costs)}")


def _refuse_empty(name: str, rows: Rows) -> None:
    never = (rows.lower > 0) | (rows.upper < 0)
    if never.any():
        for part in rows.lhs.terms:
            never[part.rows] = False
    if never.any():
        examples = ", ".join("/".join(k) for k in rows.lhs.index.labels(np.flatnonzero(never)[:5]))
        raise KeyMismatch(f"{int(never.sum())} rows of {name} have no terms and cannot hold, such as {examples}")
