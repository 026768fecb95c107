"""Ranges of a program's figures: where very large and very small ones meet, answers lose digits.

A solver computes with some 16 digits and calls small figures zero. A figure that is a thousand million times another
one of its kind usually is a slip: another unit, or "no limit" written as a large number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ctsopt.keys import Floats, Ints, Positions

if TYPE_CHECKING:
    from ctsopt.programs.program import Program

WIDE = 1e9
"""Figures of one kind whose ratio is above this are warned of."""

COLUMNS = ["part", "name", "count", "least", "most", "ratio", "least_at", "most_at", "least_from", "most_from"]
"""Columns of the table of ranges."""

SIDE = "side"
"""What stands for the sides of rows, in the place of a variable, in `Sources`."""

Sources = Mapping[str, Mapping[str, Mapping[str, tuple[str, ...]]]]
"""Table columns that figures come from: part (matrix, cost, bounds) -> name of rows, cost line or variables -> variable
(blank: any other one; `side`: the sides of the rows) -> columns such as `sites.capacity`.
"""


@dataclass(frozen=True, eq=False)
class Ranges:
    """The least and the most figure of every kind. Prints as a table with its warnings below.

    Attributes
    ----------
    table : DataFrame
        part (matrix, sides, cost, bounds), name (family of rows, cost line, `all` costs, variables), count of figures
        that are neither 0 nor infinite, least and most (absolute), ratio of the two, where each of them stands, and the
        table columns that it comes from.
    """

    table: pd.DataFrame

    def frame(self) -> pd.DataFrame:
        """The ranges as a table."""
        return self.table.copy()

    @property
    def warnings(self) -> list[str]:
        """A plain word on every range wider than 1e9."""
        return [_warning(row) for row in self.table[self.table["ratio"] > WIDE].itertuples(index=False)]

    def __str__(self) -> str:
        shown = self.table[["part", "name", "count", "least", "most", "ratio"]]
        formats = {"least": "{:.3g}".format, "most": "{:.3g}".format, "ratio": "{:.2g}".format, "count": "{:,}".format}
        text = shown.to_string(index=False, formatters=formats)
        warnings = self.warnings or [f"no range is wider than {WIDE:.0e}"]
        return "\n".join([text, *warnings])

    def __repr__(self) -> str:
        return str(self)


def ranges(program: Program) -> Ranges:
    """The ranges of a program, see `Program.ranges`."""
    found = [*_matrix(program), *_sides(program), *_costs(program), *_bounds(program)]
    frame = pd.DataFrame([row for row in found if row is not None], columns=COLUMNS)
    return Ranges(frame.astype({"count": int, "least": float, "most": float, "ratio": float}))


Found = tuple[str, str, int, float, float, float, str, str, str, str]


class _Kind:
    """The figures of one kind: absolute values, and how to say where the one at a position stands."""

    def __init__(self, program: Program, part: str, name: str) -> None:
        self.program, self.part, self.name = program, part, name

    def row(self, figures: Floats, row: Positions, column: Positions | Ints) -> Found | None:
        """The line of the table; -1 where a figure stands in no row, or in no column."""
        size = np.abs(figures)
        usual = np.flatnonzero((size > 0) & np.isfinite(size))
        if not len(usual):
            return None
        low, high = (usual[pick(size[usual])] for pick in (np.argmin, np.argmax))
        ends = [(float(size[k]), *self._where(int(row[k]), int(column[k]))) for k in (low, high)]
        (least, least_at, least_from), (most, most_at, most_from) = ends
        return (self.part, self.name, len(usual), least, most, most / least, least_at, most_at, least_from, most_from)

    def _where(self, row: int, column: int) -> tuple[str, str]:
        """Where a figure stands, and the table columns behind it."""
        words, variable = [], SIDE
        if row >= 0:
            rows = next(b for b in self.program.rows.values() if b.span.start <= row < b.span.stop)
            words.append(_label(rows.name, rows.index.labels([row - rows.start])[0]))
        if column >= 0:
            block = next(b for b in self.program.variables.values() if b.span.start <= column < b.span.stop)
            words.append(_label(block.name, block.index.labels([column - block.start])[0]))
            variable = block.name
        part = "matrix" if self.part == "sides" else self.part
        known = self.program.sources.get(part, {}).get(self.name, {})
        return " x ".join(words), ", ".join(known.get(variable, known.get("", ()) if column >= 0 else ()))


def _label(name: str, key: tuple[str, ...]) -> str:
    return f"{name}[{','.join(key)}]" if key else name


def _matrix(program: Program) -> Iterator[Found | None]:
    matrix = program.matrix()
    for block in program.rows.values():
        span = slice(int(matrix.indptr[block.span.start]), int(matrix.indptr[block.span.stop]))
        row = np.repeat(np.arange(block.span.start, block.span.stop),
                        np.diff(matrix.indptr[block.span.start:block.span.stop + 1]))
        yield _Kind(program, "matrix", block.name).row(matrix.data[span], row, matrix.indices[span])


def _sides(program: Program) -> Iterator[Found | None]:
    for block in program.rows.values():
        ends = np.concatenate([block.rows.lower, block.rows.upper])
        row = np.tile(np.arange(block.span.start, block.span.stop), 2)
        yield _Kind(program, "sides", block.name).row(ends, row, np.full(len(row), -1))


def _costs(program: Program) -> Iterator[Found | None]:
    found = []
    for line, block in program.costs.items():
        terms = [some for part in block.parts for some in part.terms]
        figures = np.concatenate([np.empty(0), *(some.coef for some in terms)])
        column = np.concatenate([np.empty(0, dtype=np.int64), *(some.col for some in terms)])
        found.append(_Kind(program, "cost", line).row(figures, np.full(len(column), -1), column))
    yield from found
    yield _all([row for row in found if row is not None])


def _all(found: list[Found]) -> Found | None:
    """All costs together: they stand in one objective."""
    if not found:
        return None
    low, high = min(found, key=lambda row: row[3]), max(found, key=lambda row: row[4])
    return ("cost", "all", sum(row[2] for row in found), low[3], high[4], high[4] / low[3],
            f"{low[1]} of {low[6]}", f"{high[1]} of {high[7]}", low[8], high[9])


def _bounds(program: Program) -> Iterator[Found | None]:
    for block in program.variables.values():
        ends = [np.broadcast_to(np.asarray(end, dtype=np.float64), len(block.index))
                for end in (block.variable.lower, block.variable.upper)]
        column = np.tile(np.arange(block.span.start, block.span.stop), 2)
        yield _Kind(program, "bounds", block.name).row(np.concatenate(ends), np.full(len(column), -1), column)


def _warning(row: Any) -> str:
    """A plain word on one line of the table."""
    least, most = (f"{value:.3g} at {at}" + (f" (from {source})" if source else "")
                   for value, at, source in ((row.least, row.least_at, row.least_from),
                                             (row.most, row.most_at, row.most_from)))
    return (f"warning: the figures of {row.name} ({row.part}) run from {least} to {most}: digits may be lost. Is one "
            "of them in another unit? Leave a cell blank where there is no limit, instead of a large number.")
