"""Logistics to mathematics: the table of contents of the program, and the function that puts it together.

Every family is a pure function of named variables and the network. Its name is the name of its rows, of their duals,
of the Pyomo component and of the LP-file rows; its docstring is the mathematics with the unit. A family that does not
apply returns None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ctsopt.errors import UsageError
from ctsopt.formulation import (
    carried,
    contracts,
    costs,
    flow,
    lanes,
    service,
    sites,
    sourcing,
    variables,
)
from ctsopt.formulation.cells import KINDS, Cell
from ctsopt.formulation.family import (
    CostFamily,
    Goods,
    LineMarks,
    RowFamily,
    RowMarks,
    StockFamily,
    VariableFamily,
    Variables,
    line_marks,
    row_marks,
)
from ctsopt.formulation.stock import decisions, from_stock
from ctsopt.formulation.stock.declared import declared
from ctsopt.formulation.stock.value import StockModel
from ctsopt.programs.algebra import Expr, Rows, Variable
from ctsopt.programs.program import Program, RowBlock
from ctsopt.programs.ranges import Sources

if TYPE_CHECKING:
    from ctsopt.formulation.stock.segments import Breakpoints
    from ctsopt.networks.network import Network

STOCK: tuple[StockFamily, ...] = decisions.VARIABLES
VARIABLES: tuple[VariableFamily, ...] = (*variables.VARIABLES, *sites.VARIABLES, *carried.VARIABLES,
                                          *lanes.VARIABLES)
ROWS: tuple[RowFamily, ...] = (*flow.ROWS, *sites.ROWS, *carried.ROWS, *decisions.ROWS, *from_stock.ROWS, *lanes.ROWS,
                               *sourcing.ROWS, *service.ROWS, *contracts.ROWS)
COSTS: tuple[CostFamily, ...] = costs.COSTS


def build(net: Network, extra: Sequence[RowFamily] = (), breakpoints: Breakpoints | None = None,
          extra_costs: Sequence[CostFamily] = ()) -> Program:
    """The program of a network.

    Parameters
    ----------
    net : Network
    extra : sequence of functions, optional
        A user's own row families `f(x, net) -> Rows`.
    breakpoints : Breakpoints, optional
        Where the lines below the declared curves of stock meet. Without them stock is not decided, only valued: the
        cost lines of stock have no terms, and come to the curves at a plan's own volumes.
    extra_costs : sequence of functions, optional
        A user's own cost lines `f(x, net) -> Expr`, marked by `ctsopt.formulation.family.line`.

    Returns
    -------
    Program
        Variables, rows (lazy ones marked) and cost lines by name.
    """
    program, x = _with_variables(net)
    program.sources = sources(extra)
    choice = program.variables["open"].variable
    x.choice = np.asarray(choice.upper) > np.asarray(choice.lower)
    _add_stock(program, x, net, breakpoints)
    for cost in (*COSTS, *extra_costs):
        parts = cost(x, net)
        if parts is not None:
            _require_terms(cost, parts)
            marks = line_marks(cost)
            program.add_cost(cost.__name__, parts, marks.behaviour, cost.__doc__ or "", marks)
    x.cash = _cash(program)
    for rule in (*ROWS, *extra):
        rows = rule(x, net)
        if rows is not None:
            _require_rows(rule, rows)
            about = row_marks(rule)
            program.add_rows(rule.__name__, rows, getattr(rule, "anchor", ""), rule.__doc__ or "", about,
                             about.ordered_by)
    return program


def decisions_alone(net: Network) -> Program:
    """The variables of a network's program alone, those of stock left out: what a plan decides, by its keys."""
    return _with_variables(net)[0]


def _with_variables(net: Network) -> tuple[Program, Variables]:
    program, x = Program(str(net.settings["name"])), Variables()
    for family in VARIABLES:
        _add_variable(program, x, family.__name__, family(net))
    return program, x


def _add_stock(program: Program, x: Variables, net: Network, breakpoints: Breakpoints | None) -> None:
    """Stock comes last, so that plans with and without it have the same first columns."""
    x.stock = x.segments = None
    if net.derived.stocking is not None:
        made = declared(net)
        x.stock = StockModel(x, net, made)
        x.segments = breakpoints.segments(made) if breakpoints is not None else None
    for family in STOCK:
        _add_variable(program, x, family.__name__, family(net, x.segments) if x.segments is not None else None)


def _add_variable(program: Program, x: Variables, name: str, made: Variable | Expr | None) -> None:
    """A family of variables gives a block, a constant where the decision is not one, or nothing."""
    setattr(x, name, program.add_variable(name, made) if isinstance(made, Variable) else made)


def _require_rows(rule: RowFamily, rows: object) -> None:
    if not isinstance(rows, Rows):
        raise UsageError(f"the rule {rule.__name__} gave {type(rows).__name__}, not rows: end it with <=, >= or == "
                         "between expressions, or return None where it does not apply")


def _require_terms(cost: CostFamily, parts: object) -> None:
    several = parts if isinstance(parts, tuple) else (parts,)
    strange = [part for part in several if not hasattr(part, "amount")]
    if strange:
        raise UsageError(f"the cost line {cost.__name__} gave {type(strange[0]).__name__}, not an expression of "
                         "variables: give amounts of money by key, or None where it does not apply")


def _cash(program: Program) -> tuple[Expr, ...]:
    return tuple(part for block in program.costs.values() if block.behaviour != "penalty" for part in block.parts)


def sources(extra: Sequence[RowFamily] = ()) -> Sources:
    """Which table columns the figures of the program come from, for the report on their ranges."""
    bounds = {family.__name__: getattr(family, "bounds", ()) for family in (*VARIABLES, *STOCK)}
    return {"matrix": {rule.__name__: row_marks(rule).sources for rule in (*ROWS, *extra)},
            "cost": {cost.__name__: line_marks(cost).sources for cost in COSTS},
            "bounds": {name: {name: columns} for name, columns in bounds.items() if columns}}


def marks_of_lines(program: Program | None = None) -> dict[str, LineMarks]:
    """Marks of all cost lines by name, in P&L order; those of a program that are nobody's here come last."""
    marks = {cost.__name__: line_marks(cost) for cost in COSTS}
    if program is not None:
        marks |= {name: block.marks or LineMarks(block.behaviour)  # type: ignore[arg-type]
                  for name, block in program.costs.items()}
    return marks


def marks_of_rows(program: Program) -> dict[str, RowMarks]:
    """Marks of all families of rows by name; those of a program that are nobody's here come last."""
    marks = {rule.__name__: row_marks(rule) for rule in ROWS}
    return marks | {name: block.marks or RowMarks(name.replace("_", " ")) for name, block in program.rows.items()}


def cells(program: Program) -> dict[str, Cell]:
    """Where the limits of a program stand in the tables, those first that a designer can change first."""
    found = {name: marks.cell for name, marks in marks_of_rows(program).items()
             if marks.cell is not None and name in program.rows}
    return dict(sorted(found.items(), key=lambda item: KINDS.index(item[1].kind)))


def without_cell(program: Program) -> list[str]:
    """Families of a program that give way as a whole: limits that stand in no table, and rules of a user's own."""
    marks, known = marks_of_rows(program), {rule.__name__ for rule in ROWS}
    return [name for name in program.rows if marks[name].cell is None and (name not in known or marks[name].limit)]


def keeps(promise: str) -> str:
    """The family of rows that keeps a promise: `demand`, or a column of the table `promises`."""
    return next(rule.__name__ for rule in ROWS if row_marks(rule).promise == promise)


def rows_of_goods(program: Program, goods: Goods) -> RowBlock:
    """The rows where goods are (`places`), or of who asks for them (`requests`)."""
    return next(program.rows[rule.__name__] for rule in ROWS if row_marks(rule).goods == goods)


def variables_of(program: Program, net: Network) -> Variables:
    """The variables of a program by name, as the families had them; stock by the declared curves."""
    x = Variables()
    for name in (family.__name__ for family in (*VARIABLES, *STOCK)):
        block = program.variables.get(name)
        setattr(x, name, None if block is None else Expr.block(block.index, block.start))
    x.assigned = variables.assigned(net)
    x.segments, x.stock, x.cash = None, stock_of(program, net), _cash(program)
    choice = program.variables["open"].variable
    x.choice = np.asarray(choice.upper) > np.asarray(choice.lower)
    return x


def stock_of(program: Program, net: Network) -> StockModel | None:
    """The stock of a program's plans by the declared curves; None where no stock is planned."""
    if net.derived.stocking is None:
        return None
    x = Variables()
    blocks = [program.variables[name] for name in ("deliver", "move")]
    x.deliver, x.move = (Expr.block(block.index, block.start) for block in blocks)
    return StockModel(x, net, declared(net))
