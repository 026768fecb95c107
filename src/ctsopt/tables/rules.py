"""Rules about tables as a whole: how one is written down, how they are run, and those that every schema has.

A rule is a function from tables to faults. Its name is the id that findings carry, its docstring says what it checks:
the documentation lists both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from ctsopt.errors import Finding, Severity
from ctsopt.keys import Bools, Positions
from ctsopt.tables.columns import ALL
from ctsopt.tables.dates import date_text
from ctsopt.tables.raw import number_text
from ctsopt.tables.typed import Tables


@dataclass(frozen=True, eq=False)
class Fault:
    """What a rule has found in one column.

    Attributes
    ----------
    table, column : str
        Where; `column` is blank where whole rows are meant.
    message, mend : str
    where : bool or int array, or None
        Rows of the table, as a mask or as positions; none marked means that there is no fault. None where the fault is
        about the table as a whole.
    values : sequence of str, optional
        What to show, one per row of `where`; without it, what stands in the column.
    candidates : sequence of str
    severity : {"error", "warning", "odd"}
    """

    table: str
    column: str
    message: str
    mend: str
    where: Bools | Positions | None = None
    values: Sequence[str] | None = None
    candidates: Sequence[str] = ()
    severity: Severity = "error"


Check = Callable[[Tables], Iterable[Fault]]


@dataclass(frozen=True)
class Rule:
    """A rule and the tables that must be complete for it to be meaningful."""

    check: Check
    needs: frozenset[str]

    @property
    def name(self) -> str:
        """The id that findings carry."""
        return self.check.__name__

    @property
    def meaning(self) -> str:
        """What it checks."""
        return " ".join((self.check.__doc__ or "").split())


class Rules(Sequence[Rule]):
    """The rules of a schema, in the order in which they were written down."""

    def __init__(self) -> None:
        self._all: list[Rule] = []

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, item: int) -> Rule: ...

    @overload
    def __getitem__(self, item: slice) -> Sequence[Rule]: ...

    def __getitem__(self, item: int | slice) -> Rule | Sequence[Rule]:
        return self._all[item]

    def rule(self, *needs: str) -> Callable[[Check], Check]:
        """Register a rule. It is left out where one of the tables `needs` could not be read in full."""
        def register(check: Check) -> Check:
            self._all.append(Rule(check, frozenset(needs)))
            return check
        return register

    def check(self, tables: Tables) -> list[Finding]:
        """Run every rule over the tables."""
        return [finding for each in self._all if not each.needs & tables.partial
                for fault in each.check(tables) if (finding := _finding(each.name, fault, tables))]


# ---- rules that every schema has -------------------------------------------------------------------------------


def names_of(t: Tables, *tables: str) -> list[str]:
    """The names in the first key of these tables."""
    return [label for table in tables for label in t.texts(table, t.schema.by_name[table].keys[0]).labels if label]


def unknown(t: Tables, table: str, column: str, known: Iterable[str]) -> Bools:
    """Rows whose text is neither known, nor blank, nor `*`."""
    texts = t.texts(table, column)
    fine = {*known, "", ALL}
    return texts.where([label not in fine for label in texts.labels])


def unknown_references(t: Tables, also: Callable[[str, str], Iterable[str]] = lambda table, column: ()
                       ) -> Iterator[Fault]:
    """Names that refer to a row of another table and are not found there; `also` gives what else a column may hold."""
    for table in t.schema.tables:
        for column in table.columns:
            if not column.refers or column.kind == "names" or t.partial.intersection(column.refers):
                continue
            known = [*names_of(t, *column.refers), *also(table.name, column.name)]
            where = " or ".join(column.refers)
            yield Fault(table.name, column.name, f"there is no such row in {where}",
                        f"correct the name, or add it to {where}", unknown(t, table.name, column.name, known),
                        candidates=known)


def _finding(name: str, fault: Fault, tables: Tables) -> Finding | None:
    rows: list[int] = []
    values: list[str] = list(fault.values or ())
    if fault.where is not None:
        marked = np.asarray(fault.where)
        positions = np.flatnonzero(marked) if marked.dtype == bool else marked.astype(np.int64)
        if not len(positions):
            return None
        order = np.argsort(tables.rows[fault.table][positions], kind="stable")
        shown = values or _shown(tables, fault.table, fault.column, positions)
        values = [shown[i] for i in order]
        if fault.table in tables.given:
            rows = tables.rows[fault.table][positions[order]].tolist()
    return Finding(name, fault.table, fault.column, fault.message, fault.mend, rows, values, tuple(fault.candidates),
                   fault.severity)


def _shown(tables: Tables, table: str, column: str, positions: Positions) -> list[str]:
    """What stands in a column; the key of the row where no column is meant."""
    frame = tables.frames[table]
    names = [column] if column in frame.columns else tables.schema.by_name[table].keys
    parts = []
    for name in names:
        if tables.schema.by_name[table].column(name).kind == "date":
            parts.append([date_text(day) for day in tables.days(table, name)[positions]])
            continue
        cells = frame[name].to_numpy(dtype=object)[positions]
        parts.append([number_text(c) if isinstance(c, float) else ("yes" if c else "no") if isinstance(c, bool) else c
                      for c in cells])
    return [", ".join(cells) for cells in zip(*parts, strict=True)]
