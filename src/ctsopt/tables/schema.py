"""A schema: tables that belong together, which reading, casting, rules, writing, templates and edits go by.

A room with tables of its own (a network, a book of orders) writes one down, and gets all of that for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ctsopt.errors import UsageError, unknown_name
from ctsopt.tables.columns import Column, Table

if TYPE_CHECKING:
    from ctsopt.keys import Axis

Cells = Any
"""A column while tables are cast: `Texts`, or an array of numbers, flags or days."""

TypedColumns = Mapping[str, MutableMapping[str, Cells]]
"""Tables by name, columns by name."""


@dataclass(frozen=True, eq=False)
class Schema:
    """Tables that belong together.

    Attributes
    ----------
    thing : str
        What the tables are, in messages: `network`.
    tables : tuple of Table
    settings : Table, optional
        Columns of which there is one value each.
    settings_file : str
        File in a folder of tables that holds the settings.
    axes_of_columns : mapping of str to pairs of str
        Kinds of names that no table lists: the tables and columns that hold them.
    more_axes : function, optional
        From the axes of tables and columns to further ones.
    looked_up_on : mapping of (column, axis) to str
        Axis on which the names of a column are found where one asks for another.
    settle : function, optional
        Puts columns that speak of each other into one spelling, before keys are compared.
    """

    thing: str
    tables: tuple[Table, ...]
    settings: Table | None = None
    settings_file: str = "settings.yaml"
    axes_of_columns: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    more_axes: Callable[[Mapping[str, Axis]], Mapping[str, Axis]] | None = None
    looked_up_on: Mapping[tuple[str, str], str] = field(default_factory=dict)
    settle: Callable[[TypedColumns], None] | None = None

    @cached_property
    def by_name(self) -> Mapping[str, Table]:
        """Every table, the settings first where there are any."""
        return {t.name: t for t in ((self.settings, *self.tables) if self.settings else self.tables)}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the tables, without the settings."""
        return tuple(t.name for t in self.tables)

    @cached_property
    def settings_name(self) -> str:
        """Name of the settings; blank where there are none."""
        return self.settings.name if self.settings else ""

    @property
    def settings_columns(self) -> tuple[Column, ...]:
        """The settings."""
        return self.settings.columns if self.settings else ()

    @cached_property
    def listed(self) -> frozenset[str]:
        """Tables whose names stand in lists elsewhere, so that none of them may hold the separator."""
        return frozenset(target for t in self.tables for c in t.columns if c.kind == "names" for target in c.refers)

    def known(self, name: str) -> str:
        """The name of a table.

        Raises
        ------
        UsageError
            If there is none of this name.
        """
        if name not in self.names:
            raise UsageError(unknown_name("table", name, self.names))
        return name

    def axis_of(self, table: str, column: str) -> str:
        """Axis on which the names of a column lie.

        Raises
        ------
        UsageError
            If they lie on none, or on several.
        """
        found = self.by_name[table].column(column)
        targets = found.refers or ((table,) if found.is_key else ())
        axes = [axis for target in targets if (axis := self.by_name[target].axis)]
        if found.axis or len(targets) == len(axes) == 1:
            return found.axis or axes[0]
        raise UsageError(f"{table}.{column} does not lie on one axis; say which: "
                         f"{', '.join(axes) or 'it holds no keys'}")
