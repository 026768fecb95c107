"""Marks of a family: what it is for, beyond its name and its docstring."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ctsopt.keys import Bools
from ctsopt.programs.algebra import Expr, Rows, Variable

if TYPE_CHECKING:
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


def strengthens(anchor: str) -> Callable[[_F], _F]:
    """Mark a family whose rows hold for every whole plan that keeps the rows `anchor`.

    They only tighten the bound: a strategy may leave them out and bring in those that are violated.
    """

    def mark(family: _F) -> _F:
        family.anchor = anchor  # type: ignore[attr-defined]
        return family

    return mark


def piecewise(family: StockFamily) -> StockFamily:
    """Mark a family of variables that depends on where the lines below the declared curves meet."""
    family.piecewise = True  # type: ignore[attr-defined]
    return family


def line(behaviour: str) -> Callable[[_F], _F]:
    """Mark a cost line: `variable`, `fixed`, `one_off`, or `penalty` (never mixed with cash)."""

    def mark(family: _F) -> _F:
        family.behaviour = behaviour  # type: ignore[attr-defined]
        return family

    return mark
