"""How a rule is written down, and how the rules are run.

A rule is a function from tables to faults. Its name is the id that findings carry, its docstring says what it checks:
the documentation lists both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ctsopt.errors import Finding, Severity
from ctsopt.keys import Bools, Positions
from ctsopt.networks.schema import BY_NAME
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


RULES: list[Rule] = []


def rule(*needs: str) -> Callable[[Check], Check]:
    """Register a rule. It is left out where one of the tables `needs` could not be read in full."""
    def register(check: Check) -> Check:
        RULES.append(Rule(check, frozenset(needs)))
        return check
    return register


def check_tables(tables: Tables) -> list[Finding]:
    """Run every rule over the tables."""
    found = []
    for each in RULES:
        if not each.needs & tables.partial:
            found += [finding for fault in each.check(tables) if (finding := _finding(each.name, fault, tables))]
    return found


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
    names = [column] if column in frame.columns else BY_NAME[table].keys
    parts = []
    for name in names:
        cells = frame[name].to_numpy(dtype=object)[positions]
        parts.append([number_text(c) if isinstance(c, float) else ("yes" if c else "no") if isinstance(c, bool) else c
                      for c in cells])
    return [", ".join(cells) for cells in zip(*parts, strict=True)]
