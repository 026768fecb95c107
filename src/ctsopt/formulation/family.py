"""Marks of a family: all that is known of it beyond its name, its mathematics and its docstring.

Tables, the cost cube, reports, the recheck, explanations and the docs read the marks; none of them knows a family by
its name. A family without marks, such as one of a user's own, has the usual ones.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ctsopt.formulation.cells import Cell
from ctsopt.keys import Bools, Floats, Keys
from ctsopt.programs.algebra import Expr, Rows, Variable

if TYPE_CHECKING:
    import pandas as pd

    from ctsopt.formulation.stock.segments import Segments
    from ctsopt.formulation.stock.value import StockModel
    from ctsopt.networks.network import Network


class Variables:
    """The variables of the program by name: `x.deliver`, `x.open`.

    A decision that is given by the data is a constant expression (`assigned`); one that nothing asks for is None
    (`source`). `choice` says for each site whether the study leaves a choice about it. `stock` is the stock of the
    program's plans by the declared curves, `segments` says where the lines below them begin and end.
    """

    open: Expr
    make: Expr
    move: Expr
    deliver: Expr
    unserved: Expr
    assigned: Expr
    source: Expr | None
    group_source: Expr | None
    level: Expr | None
    carry: Expr | None
    use_lane: Expr | None
    loads: Expr | None
    config: Expr | None
    stock_segment: Expr | None
    stock_volume: Expr | None
    stock: StockModel | None
    segments: Segments | None
    cash: tuple[Expr, ...]
    choice: Bools


VariableFamily = Callable[["Network"], "Variable | Expr | None"]
StockFamily = Callable[["Network", "Segments"], "Variable | None"]
RowFamily = Callable[[Variables, "Network"], "Rows | None"]
CostFamily = Callable[[Variables, "Network"], "Expr | tuple[Expr, ...] | None"]

_F = TypeVar("_F", bound=Callable[..., Any])

Behaviour = Literal["variable", "step", "fixed", "one_off", "penalty"]

Stock = Literal["", "cycle", "safety", "fixed", "pipeline", "carried"]

Columns = Mapping[str, tuple[str, ...]]
"""Columns such as `sites.capacity` that figures come from, by the variable they stand before; blank: any other one;
`side` (`ctsopt.programs.ranges.SIDE`): the sides of rows.
"""

Anew = Callable[["Network", "Mapping[str, pd.DataFrame]"], float]
"""From the network and the tables of a plan to the amount of a cost line, by a way of its own."""


@dataclass(frozen=True, eq=False)
class Figures:
    """What a limit holds against what a plan uses.

    Attributes
    ----------
    index : Keys
    used, least, most : float arrays
        One number per key.
    """

    index: Keys
    used: Floats
    least: Floats
    most: Floats


Limit = Callable[["Variables", "Network", Floats], "Figures | None"]
"""From the variables, the network and the values of all columns to the figures of a limit."""

Stands = Callable[["Network", Keys], Bools]
"""From the network and the keys of the rows to those whose side is the figure of the tables."""

Goods = Literal["", "places", "requests"]

Leg = Literal["", "between", "last"]


@dataclass(frozen=True)
class LineMarks:
    """What a cost line is.

    Attributes
    ----------
    behaviour : {"variable", "step", "fixed", "one_off", "penalty"}
        A penalty is never mixed with cash.
    driver : str
        By what it is shared where it is the cost of a site, lane, load, tier, customer or mode as a whole; blank: the
        usual driver of such things. Costs of flows need none.
    shown_on : str or None
        Table of a solution that shows it too, `flows` or `sites` (in a column of its name), or table and column,
        `sites.fixed_cost`; blank: none. None: `flows` where it is a cost of moves or deliveries, `sites` where it is
        one of sites.
    stock : {"", "cycle", "safety", "fixed", "pipeline", "carried"}
        Which part of the cost of stock it is. Carried stock goes where the goods go; cycle, safety and fixed cost are
        what the declared curves say.
    sources : mapping of str to tuple of str
        Columns of the tables that its figures come from, by variable.
    anew : function, optional
        Its amount from the tables of the network and of the plan alone, for the recheck.
    whole : bool
        Whether that is so of whole plans only, and not of relaxations.
    leg : {"", "between", "last"}
        Which legs of the ways it is the tariff of: those up to the last site, or the last one to the customer.
    """

    behaviour: Behaviour = "variable"
    driver: str = ""
    shown_on: str | None = None
    stock: Stock = ""
    sources: Columns = field(default_factory=dict)
    anew: Anew | None = None
    whole: bool = False
    leg: Leg = ""


@dataclass(frozen=True)
class RowMarks:
    """What a family of rows is.

    Attributes
    ----------
    words : str
        What it holds plans to, in the planner's words.
    limit : bool or function
        Whether the table of limits shows it: what the rows use beside their sides, or figures of its own.
    unit : str
        Of its sides: units, kg, sites, money, ...
    sources : mapping of str to tuple of str
        Columns of the tables that its figures come from, by variable.
    ordered_by : str
        Attribute of the ways, such as `wait`, by which its rows differ; blank: none. Wherever a whole plan may use a
        way, it may use one that is like it but for more of the attribute: between such ways these rows are not compared
        (see `ctsopt.programs.dominance`).
    cell : Cell, optional
        Where it stands in the tables, if it is a limit that an explanation may name and let give way. A rule of one's
        own has no cell: it is named as a whole.
    promise : str
        What is promised that it holds plans to, and that goes short where no plan keeps everything: `demand`, or a
        column of the table `promises`; blank: nothing.
    goods : {"", "places", "requests"}
        Whether its rows are where goods are, or who asks for them: together they say what flows from where to where.
    stands : function, optional
        Which rows have the figure of the tables as their side; None: all. The others hold no more than could ever come.
    """

    words: str = ""
    limit: bool | Limit = True
    unit: str = "units"
    sources: Columns = field(default_factory=dict)
    ordered_by: str = ""
    cell: Cell | None = None
    promise: str = ""
    goods: Goods = ""
    stands: Stands | None = None


_UNIT = re.compile(r"\[([^\[\]\n]+)\]\s*$")


def line(behaviour: Behaviour, *, driver: str = "", shown_on: str | None = None, stock: Stock = "",
         sources: Columns | None = None, anew: Anew | None = None, whole: bool = False,
         leg: Leg = "") -> Callable[[_F], _F]:
    """Mark a cost line, see `LineMarks`."""
    marks = LineMarks(behaviour, driver, shown_on, stock, sources or {}, anew, whole, leg)

    def mark(family: _F) -> _F:
        family.line = marks  # type: ignore[attr-defined]
        return family

    return mark


def rows(words: str, *, limit: bool | Limit = False, sources: Columns | None = None, ordered_by: str = "",
         cell: Cell | None = None, promise: str = "", goods: Goods = "", stands: Stands | None = None
         ) -> Callable[[_F], _F]:
    """Mark a family of rows, see `RowMarks`; its unit is the one in its docstring."""
    marks = RowMarks(words, limit, sources=sources or {}, ordered_by=ordered_by, cell=cell, promise=promise,
                     goods=goods, stands=stands)

    def mark(family: _F) -> _F:
        family.rows = replace(marks, unit=unit_of(family))  # type: ignore[attr-defined]
        return family

    return mark


def bounds(*columns: str) -> Callable[[_F], _F]:
    """Mark a family of variables whose bounds come from columns of the tables."""

    def mark(family: _F) -> _F:
        family.bounds = columns  # type: ignore[attr-defined]
        return family

    return mark


def unit_of(family: Callable[..., Any]) -> str:
    """The unit at the end of a family's mathematics, such as units, kg or sites; units where none is said."""
    found = _UNIT.search((inspect.getdoc(family) or "").partition("\n\n")[0])
    return found.group(1) if found else "units"


def line_marks(family: Callable[..., Any]) -> LineMarks:
    """The marks of a cost line."""
    marks: LineMarks = getattr(family, "line", None) or LineMarks()
    return marks


def row_marks(family: Callable[..., Any]) -> RowMarks:
    """The marks of a family of rows."""
    marks: RowMarks | None = getattr(family, "rows", None)
    return marks or RowMarks(family.__name__.replace("_", " "), unit=unit_of(family))


def strengthens(anchor: str) -> Callable[[_F], _F]:
    """Mark a family whose rows hold for every whole plan that keeps the rows `anchor`.

    They only tighten the bound: a strategy may leave them out and bring in those that are violated.
    """

    def mark(family: _F) -> _F:
        family.anchor = anchor  # type: ignore[attr-defined]
        return family

    return mark
