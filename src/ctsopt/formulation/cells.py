"""Where a limit stands in the tables: what a family of rows says of itself to explanations and to shadow prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from ctsopt.networks.network import Network

Edit = Mapping[str, Any]
"""An edit of tables in the grammar of pack files."""

Mend = Callable[["Network", tuple[str, ...], float], "list[Edit]"]
"""From the network, the keys of a cell and the largest share that it has to give way by to edits."""

Kind = Literal["capacity", "agreement", "rule", "cap"]
KINDS: tuple[Kind, ...] = ("capacity", "agreement", "rule", "cap")
"""What limits are, those first that a designer can change first."""


@dataclass(frozen=True)
class Cell:
    """Where a limit stands in the tables, how it is spoken of, and what mends it.

    Attributes
    ----------
    table, column : str
        Where it stands.
    keys : tuple of str
        Keys of the family's rows that name the row of the table.
    kind : {"capacity", "agreement", "rule", "cap"}
        A conflict keeps what can be changed first, and leaves out the others where it can.
    unit : str
        Unit of its amounts: a plain text, or `capacity_unit`, `currency`.
    words : str
        What it is, with `{}` for the name of the row.
    yearly : bool
        Whether the table holds a figure per year, of which a period or the horizon has its share.
    links : tuple of str
        Families that bind at the same figure, and give way with it.
    when : str
        Variable that has to be on before there is anything that may give way.
    picks : str
        Variable that says which of several rows of the table counts, by the last of its keys.
    rate : bool
        Whether a little more of it saves a little: not so of what is counted whole, or is a share.
    mend : str, mapping or function
        `move` the figure, `add` to all rows of it, `drop` the row; a mapping sets other columns; blank: no cell mends
        it.
    """

    table: str
    column: str
    keys: tuple[str, ...]
    kind: Kind
    unit: str
    words: str
    yearly: bool = True
    links: tuple[str, ...] = ()
    when: str = ""
    picks: str = ""
    rate: bool = True
    mend: Literal["move", "add", "drop", ""] | Mapping[str, Any] | Mend = "move"


    def unit_at(self, net: Network, key: tuple[str, ...]) -> str:
        """Unit of its amounts at one of its keys."""
        if self.unit == "capacity_unit":
            units = dict(zip(net.tables["sites"]["site"], net.tables["sites"]["capacity_unit"], strict=True))
            return str(units[key[0]])
        return str(net.settings["currency"]) if self.unit == "currency" else self.unit


KEPT_OPEN = Cell("sites", "may_close", ("site",), "rule", "sites", "that {} stays open", yearly=False, rate=False,
                 mend={"may_close": "yes"})
"""A site that is open today and may not be closed: a bound, not a row."""


def more_sources(net: Network, key: tuple[str, ...], share: float) -> list[Edit]:
    """As many more sources of a customer as are needed."""
    customer, more = key[0], int(np.round(share))
    at = int(net.axes["customer"].codes([customer])[0])
    single = net.tables.column("customers", "single_source")[at] != "no"
    most = 1 if single else int(net.tables.column("customers", "max_sources")[at])
    return [{"table": "customers", "where": {"customer": customer},
             "set": {"single_source": "no", "max_sources": most + more}}]
