"""The relaxation of one program with lines after the other: rows, cuts and basis are kept from each to the next.

Programs of one network differ in their segments alone. What the last relaxation needed is put into the next one from
the start, by the keys of rows and columns; rows and cuts that were slack at its end are left behind. A segment that was
cut in parts hands its cuts to all of them, and its place in the basis to the part in which its volume was.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ctsopt.formulation.stock.cuts import SegmentCuts, columns_on
from ctsopt.formulation.stock.declared import Declared
from ctsopt.formulation.stock.segments import Segments
from ctsopt.keys import BLANK, Bools, Floats, Ints, Keys, Positions
from ctsopt.programs.highs import AT_LOWER, BASIC, Basis
from ctsopt.programs.program import Program, RowBlock, VariableBlock
from ctsopt.programs.reduced import Reduced
from ctsopt.solving.options import Options
from ctsopt.solving.strategies.relaxation import Ended, Relaxation, Relaxed

_TIGHT = 1e-7
"""A row that leaves over less than this share of its terms is tight."""

_WORTH = 1e-4
"""Cuts are looked for as long as a round lifts the bound by this share."""


@dataclass(frozen=True, eq=False)
class _Ended:
    """A relaxation as it ended.

    Attributes
    ----------
    program, segments, cuts
        What it was of.
    plan : float array
        Values of all columns.
    columns, rows, cut_rows : int arrays
        The solver's numbers for each column, row and cut; slack for a row that was not in.
    active : bool array
        Rows of the program that were in and are tight, or are always in.
    tight : int array
        Cuts that are tight.
    """

    program: Program
    segments: Segments
    cuts: SegmentCuts | None
    plan: Floats
    columns: Ints
    rows: Ints
    cut_rows: Ints
    active: Bools
    tight: Positions


class KeptRoot:
    """Relaxations of the programs of one network; see above.

    Parameters
    ----------
    declared : Declared
    options : Options
    """

    def __init__(self, declared: Declared, options: Options) -> None:
        self._declared, self._options = declared, options
        self._before: _Ended | None = None

    def solve(self, program: Program, segments: Segments, cuts: SegmentCuts | None,
              deadline: float) -> tuple[Relaxed, Floats | None]:
        """The relaxation of a program, up to a moment on the monotonic clock, and the values of all columns."""
        before, active, model = self._before, ~program.lazy, Reduced.of(program)
        if self._options.links == "all":
            active = np.ones_like(active)
        step = None if before is None else _Step(self._declared, before, program, segments)
        columns = rows = np.empty(0, dtype=np.int32)
        if step is not None:
            active = active | step.active()
            columns, rows = step.basis(active, cuts)
        candidates = ~active if self._options.links in ("auto", "lazy") else np.zeros_like(active)
        relaxation = Relaxation(model, active, candidates, self._options, cuts, worth=_WORTH, keeps=True)
        if step is not None:
            relaxation.begin_at(_whole(columns[_kept(program)], rows))
        relaxed, ended = relaxation.solve(deadline), relaxation.ended_at()
        if ended is None:
            return relaxed, None
        plan = model.spread(ended.plan)
        self._keep(program, segments, cuts, plan, ended)
        return relaxed, plan

    def carried(self, program: Program, segments: Segments, cuts: SegmentCuts | None) -> Bools | None:
        """Rows of a program that are needed, going by the last relaxation; None where there was none.

        The cuts of that relaxation are taken over.
        """
        if self._before is None:
            return None
        step = _Step(self._declared, self._before, program, segments)
        if cuts is not None and self._before.cuts is not None:
            cuts.take_over(self._before.cuts, self._before.tight, step.parent, step.same)
        return np.asarray(~program.lazy | step.active())

    def knows(self, segments: Segments) -> bool:
        """Whether the last relaxation was of these segments."""
        before = self._before
        return before is not None and len(before.segments) == len(segments) and bool(
            (before.segments.high == segments.high).all())

    @property
    def active(self) -> Bools | None:
        """Rows of the last program that its relaxation needs; None where there was none."""
        return None if self._before is None else self._before.active

    def _keep(self, program: Program, segments: Segments, cuts: SegmentCuts | None, plan: Floats,
              ended: Ended) -> None:
        (of_columns, of_rows), order = ended.basis.numbers(), ended.order
        columns = np.full(program.columns, AT_LOWER, dtype=np.int32)
        columns[_kept(program)] = of_columns
        known = sp.csr_array((0, program.columns)) if cuts is None else cuts.known()
        known = known[:int((order < 0).sum())]  # those that were in
        rows, cut_rows = (np.full(size, BASIC, dtype=np.int32) for size in (program.row_count, known.shape[0]))
        rows[order[order >= 0]] = of_rows[order >= 0]
        cut_rows[-1 - order[order < 0]] = of_rows[order < 0]
        arrays, inside = program.arrays, ~program.lazy
        inside[order[order >= 0]] = True
        value, size = np.asarray(arrays.matrix @ plan), np.asarray(abs(arrays.matrix) @ np.abs(plan))
        tight = np.minimum(arrays.row_upper - value, value - arrays.row_lower) <= _TIGHT * np.maximum(size, 1.0)
        value, size = np.asarray(known @ plan), np.asarray(abs(known) @ np.abs(plan))
        cut_tight = value <= _TIGHT * np.maximum(size, 1.0)
        self._before = _Ended(program, segments, cuts, plan, columns, rows, cut_rows,
                              ~program.lazy | (inside & tight), np.flatnonzero(cut_tight))


class _Step:
    """From the relaxation of one program to that of another with other segments.

    Attributes
    ----------
    parent : int array
        For each segment the one of the program before that it is part of.
    same : int
        Columns that both programs begin with.
    """

    def __init__(self, declared: Declared, before: _Ended, program: Program, segments: Segments) -> None:
        self._before, self._program = before, program
        old = before.segments
        scale = 1.0 + float(np.concatenate([old.high, segments.high]).max(initial=1.0))
        middle = (segments.low + segments.high) / 2
        # Segments are in the order of their layers, and of their volumes within each.
        self.parent = np.searchsorted(old.layer * 2.0 + old.low / scale, segments.layer * 2.0 + middle / scale,
                                      side="right") - 1
        on = columns_on(declared, old, before.program)
        volume = before.plan[before.program.variables["stock_volume"].span]
        chosen = before.plan[on]
        at = np.where(chosen > 0, volume / np.maximum(chosen, 1e-12), 0.0)[self.parent]
        here = (segments.low <= at) & (at <= segments.high)
        last = np.full(len(old), BLANK)
        np.maximum.at(last, self.parent, np.where(here, np.arange(len(here)), BLANK))
        self._main = last[self.parent] == np.arange(len(here))
        self.same = min(program.variables[name].start for name in ("stock_segment", "stock_volume")
                        if name in program.variables)

    def active(self) -> Bools:
        """Rows of the program that were active before."""
        active = np.zeros(self._program.row_count, dtype=bool)
        for block, place, _ in self._rows():
            known = place >= 0
            active[block.span] = known & self._before.active[np.maximum(place, 0)]
        return active

    def basis(self, active: Bools, cuts: SegmentCuts | None) -> tuple[Ints, Ints]:
        """Where to begin, for all columns, and for the rows that are active and the cuts, which are taken over."""
        before = self._before
        columns = np.full(self._program.columns, AT_LOWER, dtype=np.int32)
        rows = np.full(self._program.row_count, BASIC, dtype=np.int32)
        for block, place, main in self._columns():
            there = np.flatnonzero(main & (place >= 0))
            columns[block.start + there] = before.columns[place[there]]
        for family, place, main in self._rows():
            there = np.flatnonzero(main & (place >= 0))
            rows[family.start + there] = before.rows[place[there]]
        cut_rows = np.empty(0, dtype=np.int32)
        if cuts is not None and before.cuts is not None:
            row, child = cuts.take_over(before.cuts, before.tight, self.parent, self.same)
            cut_rows = np.where(self._main[child], before.cut_rows[before.tight[row]], BASIC).astype(np.int32)
        return columns, np.append(rows[active], cut_rows)

    def _columns(self) -> list[tuple[VariableBlock, Positions, Bools]]:
        """Blocks of columns, for each column its place in the program before, and whether it takes that over."""
        old = self._before.program.variables
        return [(block, *self._places(block.index, old[name].index, old[name].start))
                for name, block in self._program.variables.items() if name in old]

    def _rows(self) -> list[tuple[RowBlock, Positions, Bools]]:
        """The same of rows."""
        old = self._before.program.rows
        return [(block, *self._places(block.index, old[name].index, old[name].start))
                for name, block in self._program.rows.items() if name in old]

    def _places(self, new: Keys, old: Keys, start: int) -> tuple[Positions, Bools]:
        main = np.ones(len(new), dtype=bool)
        columns = {name: np.asarray(new[name], dtype=np.int64) for name in new.names}
        if "segment" in new.names:
            segment = _matched(self._program.variables["stock_volume"].index, columns)
            number = self._before.program.variables["stock_volume"].index["segment"]
            columns["segment"] = number[self.parent[segment]].astype(np.int64)
            main = self._main[segment]
        if not columns:  # one row, or column, without a key
            return np.full(len(new), start, dtype=np.int64), main
        place = _matched(old, columns)
        return np.where(place >= 0, start + place, BLANK), main


def _matched(there: Keys, wanted: dict[str, Positions]) -> Positions:
    """For each of some keys its place in others, by codes; -1 where it is none of them."""
    code, known = (np.zeros(size, dtype=np.int64) for size in (len(there), len(next(iter(wanted.values())))))
    for name, column in wanted.items():
        size = max(int(there[name].max(initial=0)), int(column.max(initial=0))) + 2
        code, known = code * size + there[name] + 1, known * size + column + 1
    if not len(code):
        return np.full(len(known), BLANK, dtype=np.int64)
    order = np.argsort(code, kind="stable")
    at = np.minimum(np.searchsorted(code[order], known), len(code) - 1)
    return np.where(code[order][at] == known, order[at], BLANK)


def _whole(columns: Ints, rows: Ints) -> Basis:
    """A basis of as many columns and rows as there are rows: slack rows where there are too few, the last columns at
    their ends where there are too many.
    """
    lacking = len(rows) - int((columns == BASIC).sum()) - int((rows == BASIC).sum())
    if lacking > 0:
        rows[np.flatnonzero(rows != BASIC)[-lacking:]] = BASIC
    elif lacking < 0:
        columns[np.flatnonzero(columns == BASIC)[lacking:]] = AT_LOWER
    return Basis.of(columns, rows)


def _kept(program: Program) -> Positions:
    """Columns that a solver is given."""
    left_out = program.arrays.left_out
    return np.arange(program.columns) if left_out is None else np.flatnonzero(~left_out)
