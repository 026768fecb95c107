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
from ctsopt.formulation import contracts, costs, flow, lanes, service, sites, sourcing, stock, variables
from ctsopt.formulation.family import CostFamily, RowFamily, VariableFamily, Variables
from ctsopt.formulation.sources import SOURCES
from ctsopt.program.algebra import Expr, Rows, Variable
from ctsopt.program.program import Program

if TYPE_CHECKING:
    from ctsopt.network.network import Network

VARIABLES: tuple[VariableFamily, ...] = (*variables.VARIABLES, *sites.VARIABLES, *stock.VARIABLES,
                                          *lanes.VARIABLES)
ROWS: tuple[RowFamily, ...] = (*flow.ROWS, *sites.ROWS, *stock.ROWS, *lanes.ROWS, *sourcing.ROWS, *service.ROWS,
                               *contracts.ROWS)
COSTS: tuple[CostFamily, ...] = costs.COSTS


def build(net: Network, extra: Sequence[RowFamily] = ()) -> Program:
    """The program of a network.

    Parameters
    ----------
    net : Network
    extra : sequence of functions, optional
        A user's own row families `f(x, net) -> Rows`.

    Returns
    -------
    Program
        Variables, rows (lazy ones marked) and cost lines by name.
    """
    program = Program(str(net.settings["name"]))
    program.sources = SOURCES
    x = Variables()
    for family in VARIABLES:
        _add_variable(program, x, family.__name__, family(net))
    choice = program.variables["open"].variable
    x.choice = np.asarray(choice.upper) > np.asarray(choice.lower)
    for cost in COSTS:
        parts = cost(x, net)
        if parts is not None:
            program.add_cost(cost.__name__, parts, cost.behaviour, cost.__doc__ or "")  # type: ignore[attr-defined]
    x.cash = tuple(part for block in program.costs.values() if block.behaviour != "penalty" for part in block.parts)
    for rule in (*ROWS, *extra):
        rows = rule(x, net)
        if rows is not None:
            _require_rows(rule, rows)
            program.add_rows(rule.__name__, rows, getattr(rule, "anchor", ""), rule.__doc__ or "")
    return program


def _add_variable(program: Program, x: Variables, name: str, made: Variable | Expr | None) -> None:
    """A family of variables gives a block, a constant where the decision is not one, or nothing."""
    setattr(x, name, program.add_variable(name, made) if isinstance(made, Variable) else made)


def _require_rows(rule: RowFamily, rows: object) -> None:
    if not isinstance(rows, Rows):
        raise UsageError(f"the rule {rule.__name__} gave {type(rows).__name__}, not rows: end it with <=, >= or == "
                         "between expressions, or return None where it does not apply")
