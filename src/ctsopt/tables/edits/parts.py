"""What an edit of tables consists of: a table, an operation, a filter, and what is expected of it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ctsopt.errors import Finding, Severity

CHANGES = ("set", "scale", "add", "cap_min", "cap_max")
"""Operations on single columns: a new value, a factor, an amount, a lower and an upper limit."""

WHOLE_ROWS = ("insert", "update", "drop")
"""Operations on rows: new ones, values by key, and taking away."""

PLAIN = (*CHANGES, *WHOLE_ROWS)
"""Operations that every table knows; a schema may have some of its own, which come to these."""

COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "gte": operator.ge, "gt": operator.gt, "lte": operator.le, "lt": operator.lt}
TESTS = ("is", *COMPARISONS, "ne", "like", "is_null", "in_group")

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class EditFault:
    """What is wrong with an edit, and where in it.

    Attributes
    ----------
    rule : str
    path : tuple
        Keys and positions that lead to the place in the mapping, such as ("where", "regoin").
    table, column : str
    message, mend, value : str
    candidates : sequence of str
    severity : {"error", "warning"}
    """

    rule: str
    path: Path
    table: str
    column: str
    message: str
    mend: str
    value: str = ""
    candidates: Sequence[str] = ()
    severity: Severity = "error"

    def finding(self, place: str) -> Finding:
        """As a finding at a place."""
        return Finding(self.rule, self.table, self.column, self.message, self.mend, (None,) if self.value else (),
                       (self.value,) if self.value else (), tuple(self.candidates), self.severity, place=place)


@dataclass(frozen=True)
class Condition:
    """A test of one column: equal to any of `values` (`is`), a comparison, a pattern, blank or not, in a group."""

    column: str
    test: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Rows of a table by a name of their own, for `in_group`."""

    table: str
    where: tuple[Condition, ...]


@dataclass(frozen=True)
class Expect:
    """How many rows the filter must select."""

    relation: str
    rows: int

    def holds(self, count: int) -> bool:
        """Whether so many are right."""
        return {">=": count >= self.rows, "<=": count <= self.rows, "==": count == self.rows}[self.relation]


@dataclass(frozen=True)
class Edit:
    """One operation on one table.

    Attributes
    ----------
    table, op : str
    values : mapping of str to str
        Column to value, factor or amount; what an operation of a schema's own takes.
    rows : tuple of mappings
        Rows of `insert` and `update`.
    where : tuple of Condition
        All of them must hold.
    groups : mapping of str to Group
        Groups that the conditions name.
    expect : Expect or None
    on_conflict : {"error", "last"}
        Whether the edit may write a cell that an edit of the same level has written.
    source : str
        Where it comes from: the name of an override.
    level : int
        Edits of a higher level may write over those of a lower one.
    """

    table: str
    op: str
    values: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[Mapping[str, str], ...] = ()
    where: tuple[Condition, ...] = ()
    groups: Mapping[str, Group] = field(default_factory=dict)
    expect: Expect | None = None
    on_conflict: str = "error"
    source: str = ""
    level: int = 0
