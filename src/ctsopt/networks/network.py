"""The network: validated tables that do not change, and everything that follows from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

from ctsopt.errors import DataError, Finding, Findings
from ctsopt.keys import Axis, Coded, Ints, Positions
from ctsopt.networks.checks import check_tables
from ctsopt.networks.requests import promises, requests
from ctsopt.networks.schema import SCHEMA, SETTINGS
from ctsopt.notebook import shown_in_notebook
from ctsopt.progress import Tell, Teller
from ctsopt.tables.cast import cast_tables
from ctsopt.tables.io import Source, read_tables
from ctsopt.tables.raw import Raw
from ctsopt.tables.typed import Frames, Setting, Tables
from ctsopt.tables.writing import Format, write

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    from ctsopt.networks.summary import Summary
    from ctsopt.networks.way import Ways
    from ctsopt.networks.ways import Derived
    from ctsopt.tables.edits.parts import Edit

IMPOSSIBLE = frozenset({"unreachable_customer", "demand_above_supply", "no_usable_site", "contract_impossible",
                        "tier_without_mode"})
"""Rules that say that there can be no plan, not that a table is written wrongly."""


class Network:
    """A supply network whose tables are free of faults. `read` and `network` make one; edits return a new one.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        Every table of the data dictionary, typed, with all columns, sorted by key (periods in the order of their
        rows). Each look-up hands out a copy, to read or to edit and give to `with_table`; an edit that goes nowhere
        gives a warning.
    given : frozenset of str
        Tables that the user gave; the others hold the defaults of the schema.
    content : Tables
        The typed tables as they were checked: what everything that follows from them is made of.
    """

    tables: Frames
    given: frozenset[str]
    content: Tables
    _of_tables: Callable[[], Findings]

    def __init__(self, content: Tables, of_tables: Callable[[], Findings], *, whole: bool = False) -> None:
        self.__dict__.update(content=content, tables=Frames(content), given=content.given,
                             _of_tables=of_tables)
        if not whole and self.findings.errors:
            raise DataError(self.findings)

    @cached_property
    def _derived(self) -> Derived:
        from ctsopt.networks.ways import derive

        return derive(self.content)

    @cached_property
    def findings(self) -> Findings:
        """What is worth a look: warnings, and what looks odd."""
        return self._of_tables() + self._derived.findings

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a network does not change, {name} cannot be set; with_table and with_settings return a "
                             "new network")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a network does not change, {name} cannot be deleted")

    # ---- content -------------------------------------------------------------------------------------------------

    @property
    def settings(self) -> Mapping[str, Setting]:
        """Every setting of the data dictionary: text, or a float."""
        return MappingProxyType(self.content.settings)

    @property
    def axes(self) -> Mapping[str, Axis]:
        """Names of each kind.

        Kinds: site, customer, product, tier, period, mode, profile, contract, product_class, zone, site_group; and
        end, the customers as ends of lanes (`customer:NAME` where a site has the same name).
        """
        return MappingProxyType(self.content.axes)

    @property
    def rows(self) -> Mapping[str, Positions]:
        """Row numbers as the user sees them, for each row of each table."""
        return MappingProxyType(self.content.rows)

    @property
    def horizon(self) -> float:
        """Length of all periods together, in days."""
        return float(self.content.number("periods", "days").sum())

    def codes(self, table: str, column: str, axis: str | None = None) -> Ints:
        """Codes of a column of keys on their axis, one per row; -1 where blank, `*`, or a name of another kind.

        Parameters
        ----------
        table, column : str
        axis : str, optional
            Needed where the column holds names of several kinds: `codes("lanes", "destination", "customer")`.
        """
        return self.content.codes(table, column, axis)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the content with defaults resolved, in hexadecimal digits.

        The same for CSV, Parquet and Excel, for any order of rows (but of periods, whose order is content), and on
        any machine.
        """
        return self.content.content_hash()

    # ---- what follows from it ------------------------------------------------------------------------------------

    @cached_property
    def requests(self) -> Coded:
        """What each customer wants: keys customer, tier, product, period; quantity in units."""
        # Of a saved plan they are asked for without the ways, which take long to make.
        return self._derived.requests if "_derived" in self.__dict__ else requests(self.content, self.promises)

    @cached_property
    def promises(self) -> Coded:
        """Promises with coded keys: tier, product_class, period."""
        return self._derived.promises if "_derived" in self.__dict__ else promises(self.content)

    @property
    def derived(self) -> Derived:
        """Everything that follows from the tables."""
        return self._derived

    @property
    def ways(self) -> Ways:
        """Every way to move and to deliver, with its cost, lead time and on-time probability."""
        return self._derived.ways

    @property
    def pruned(self) -> pd.DataFrame:
        """How many ways were left out, and why.

        A program leaves out more: `Solution.pruned`.
        """
        return self._derived.pruned

    def summary(self) -> Summary:
        """What the network holds, which ways were left out and why, which requests have the fewest choices.

        Returns
        -------
        Summary
            Prints as text; `frame()` has the figures, `requests` the choices and the slack in time of every request.
        """
        from ctsopt.networks.summary import summary

        return summary(self)

    def graph(self) -> nx.MultiDiGraph:
        """The network as a graph of networkx.

        Returns
        -------
        networkx.MultiDiGraph
            Nodes are sites and customers by name, with kind (plant, supplier, dc, crossdock, customer), demand (units
            over the horizon), coordinates and what the tables say of them; edges are lanes, keyed by mode, with
            distance (in settings.distance_unit), duty_rate and `to` (site, customer).
        """
        from ctsopt.networks.graph import graph

        return graph(self)

    # ---- edits ---------------------------------------------------------------------------------------------------

    def with_table(self, name: str, frame: pd.DataFrame | None) -> Network:
        """A new network with another table in the place of `name`; None takes the table away.

        Raises
        ------
        UsageError
            If there is no table of this name.
        DataError
            If the new network has faults. Rows of the new table are counted from 0.
        """
        SCHEMA.known(name)
        tables: dict[str, object] = {n: self.content.raw(n) for n in self.given if n != name}
        if frame is not None:
            tables[name] = frame
        return network({**tables, SETTINGS.name: self._stated()})

    def _stated(self) -> dict[str, Setting]:
        """Settings as a user would state them: no limit is left out."""
        return {name: value for name, value in self.settings.items() if value != float("inf")}

    def with_settings(self, **settings: Setting) -> Network:
        """A new network with other settings: `net.with_settings(circuity=1.3)`.

        Raises
        ------
        DataError
            If there is no such setting, or its value is not valid.
        """
        tables: dict[str, object] = {n: self.content.raw(n) for n in self.given}
        return network({**tables, SETTINGS.name: {**self._stated(), **settings}})

    def with_edits(self, *edits: Edit | Mapping[str, Any]) -> Network:
        """A new network with some cells and rows of its tables changed, in the grammar of pack files.

        Parameters
        ----------
        *edits : mapping or Edit
            One operation each, in order: `{"table": "modes", "where": {"mode": "truck"}, "scale": {"per_distance":
            1.1}}`. Operations: set, scale, add, cap_min, cap_max, insert, update, drop; for tiers merge and split; for
            sites close, open and keep; fuel.

        Raises
        ------
        DataError
            If an edit has a fault or selects no row, or the new network has faults.
        """
        from ctsopt.networks.edits import with_edits

        done = with_edits(self.content, edits)
        found = [fault.finding(f"edit {number + 1}") for number, fault in done.faults]
        if any(finding.severity == "error" for finding in found):
            raise DataError(Findings(found))
        return network(done.tables)

    def write(self, path: str | os.PathLike[str], format: Format = "csv") -> Path:
        """Write to a folder (CSV or Parquet files with `model.yaml`) or to a file ending in `.xlsx`.

        See Also
        --------
        ctsopt.tables.writing.write : what is left out, and what is never overwritten.
        """
        self.tables.warn_of_lost_edits()
        return write(self.content, path, format)

    # ---- identity ------------------------------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        return self.hash == other.hash if isinstance(other, Network) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.hash)

    def __repr__(self) -> str:
        return f"<Network {self.settings['name']!r}: {self._sizes()}>"

    def __str__(self) -> str:
        warnings = sum(f.count for f in self.findings.warnings)
        pruned = int(self.pruned["ways"].sum())
        return "\n".join((
            f"{self.settings['name']}: {self._sizes()}",
            f"horizon {self.horizon:g} days in {len(self.axes['period'])} "
            f"{'period' if len(self.axes['period']) == 1 else 'periods'}, currency {self.settings['currency']}",
            f"{len(self.ways.deliveries):,} ways to deliver, {len(self.ways.moves):,} ways to move, "
            f"{pruned:,} left out",
            f"{warnings:,} {'warning' if warnings == 1 else 'warnings'}"))

    def _repr_html_(self) -> str:
        heading, *lines = str(self).splitlines()
        return shown_in_notebook(heading, lines)

    def _sizes(self) -> str:
        kinds = [f"{count} {kind}" for kind, count in self.tables["sites"]["kind"].value_counts().sort_index().items()]
        counts = [f"{len(self.axes[axis]):,} {axis}{'' if len(self.axes[axis]) == 1 else 's'}"
                  for axis in ("customer", "product", "tier", "mode")]
        return f"{len(self.axes['site']):,} sites ({', '.join(kinds)}), " + ", ".join(counts)


def read(path: str | os.PathLike[str], progress: Tell | None = None) -> Network:
    """Read a network from a folder of CSV or Parquet files with `model.yaml`, or from a workbook (.xlsx).

    Parameters
    ----------
    path : path
    progress : callable, optional
        Called with a `ctsopt.Progress` whenever a phase begins: reading, checking, ways.

    Raises
    ------
    UsageError
        If there is no such folder or file.
    DataError
        If the tables have faults; `findings` lists all of them.
    """
    teller = Teller(progress)
    teller.phase("reading")
    return _build(*read_tables(path, SCHEMA), teller)


def network(tables: Mapping[str, Any]) -> Network:
    """Make a network from DataFrames.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables by name. The key `settings` holds a dict, or a DataFrame with columns setting and value. Rows are
        counted from 0 in findings.

    Raises
    ------
    DataError
        If the tables have faults; `findings` lists all of them.
    """
    return _build(*read_tables(tables, SCHEMA), Teller())


def check(source: Source) -> Findings:
    """Everything that is wrong with a network, or worth a look; never raises for faults in the data.

    Parameters
    ----------
    source : path or mapping of str to DataFrame
        As for `read` and `network`.

    Raises
    ------
    UsageError
        If there is no such folder or file.
    """
    try:
        return _build(*read_tables(source, SCHEMA), Teller()).findings
    except DataError as error:
        return error.findings


def even_impossible(source: Source) -> Network:
    """A network of which it is plain from its tables alone that its promises cannot be kept, or any other.

    Raises
    ------
    DataError
        If a table is written wrongly.
    """
    raw, findings = read_tables(source, SCHEMA)
    tables, of_cells = cast_tables(raw)
    found = _found(tables, [*findings, *of_cells])
    if any(finding.rule not in IMPOSSIBLE for finding in found.errors):
        raise DataError(found)
    net = Network(tables, partial(_same, found), whole=True)
    if any(finding.rule not in IMPOSSIBLE for finding in net.findings.errors):
        raise DataError(net.findings)
    return net


def _build(raw: Raw, findings: list[Finding], teller: Teller) -> Network:
    teller.phase("checking")
    tables, of_cells = cast_tables(raw)
    found = _found(tables, [*findings, *of_cells])
    if found.errors:
        raise DataError(found)
    teller.phase("ways")
    return Network(tables, partial(_same, found))


def _found(tables: Tables, before: Sequence[Finding]) -> Findings:
    return Findings([*before, *check_tables(tables)])


def _same(found: Findings) -> Findings:
    return found


def reopened(path: str | os.PathLike[str]) -> Network:
    """A network as it was saved, known to be the one that was free of faults then.

    What follows from its tables, and what is worth a look in them, is worked out when it is asked for: whoever looks at
    the plans of a pack needs little of it.

    Raises
    ------
    DataError
        If a table cannot be read.
    """
    raw, findings = read_tables(path, SCHEMA)
    tables, of_cells = cast_tables(raw)
    found = Findings([*findings, *of_cells])
    if found.errors:
        raise DataError(found)
    return Network(tables, partial(_found, tables, [*findings, *of_cells]), whole=True)
