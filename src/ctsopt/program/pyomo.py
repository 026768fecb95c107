"""The second path: the same program as a Pyomo model, one named component per block, indexed by business keys.

For reading, for other solvers, and for rules that only Pyomo can say. The only module that imports pyomo.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC
from pyomo.core.expr.numeric_expr import LinearExpression

from ctsopt.keys import Keys
from ctsopt.program.algebra import Expr
from ctsopt.program.program import Program, VariableBlock


def to_pyomo(program: Program) -> pyo.ConcreteModel:
    """The program as a Pyomo ConcreteModel.

    Every block of variables becomes a `Var`, every family of rows (lazy ones included) a `Constraint`, every cost line
    an `Expression`, each indexed by its business keys; `total_cost` is the objective. The model compiles back to the
    same matrix, sides and costs.

    Returns
    -------
    pyomo.environ.ConcreteModel
    """
    model = pyo.ConcreteModel(name=program.name or "ctsopt")
    with PauseGC():
        columns = [v for block in program.variables.values() for v in _variables(model, block)]
        _constraints(model, program, columns)
        _costs(model, program, columns)
    return model


def _keys(index: Keys) -> list[Any]:
    """Keys as Pyomo takes them: a text for one column, a tuple for several, None for a single thing."""
    labels = index.labels()
    width = len(index.names)
    if width == 0:
        return [None] * len(labels)
    return [label[0] for label in labels] if width == 1 else list(labels)


def _variables(model: pyo.ConcreteModel, block: VariableBlock) -> list[Any]:
    variable = block.variable
    lower = np.broadcast_to(np.asarray(variable.lower, dtype=float), len(block.index)).tolist()
    upper = np.broadcast_to(np.asarray(variable.upper, dtype=float), len(block.index)).tolist()
    zero_one = variable.integer and all(low >= 0 for low in lower) and all(high <= 1 for high in upper)
    domain = pyo.Binary if zero_one else pyo.Integers if variable.integer else pyo.Reals
    keys = _keys(block.index)
    component = pyo.Var(keys, domain=domain, dense=True) if block.index.names else pyo.Var(domain=domain)
    model.add_component(block.name, component)
    members = [component[key] for key in keys]
    for member, low, high in zip(members, lower, upper, strict=True):
        member.setlb(None if math.isinf(low) else low)
        member.setub(None if math.isinf(high) else high)
    return members


def _constraints(model: pyo.ConcreteModel, program: Program, columns: list[Any]) -> None:
    arrays = program.arrays
    start, index, data = arrays.matrix.indptr.tolist(), arrays.matrix.indices.tolist(), arrays.matrix.data.tolist()
    lower, upper = arrays.row_lower.tolist(), arrays.row_upper.tolist()
    for block in program.rows.values():
        keys = _keys(block.index)
        bodies = {}
        for i, key in enumerate(keys, start=block.start):
            part = slice(start[i], start[i + 1])
            if part.start == part.stop:
                continue
            body = LinearExpression(constant=0, linear_coefs=data[part], linear_vars=[columns[j] for j in index[part]])
            bodies[key] = _relation(lower[i], body, upper[i])
        _add(model, block.name, pyo.Constraint, bodies, indexed=bool(block.index.names))


def _relation(lower: float, body: Any, upper: float) -> Any:
    if lower == upper:
        return (body, lower)
    return (None if math.isinf(lower) else lower, body, None if math.isinf(upper) else upper)


def _costs(model: pyo.ConcreteModel, program: Program, columns: list[Any]) -> None:
    """One named Expression per cost line (`line_haul_2` for a second part over other keys), and their sum."""
    total = []
    for line in program.costs.values():
        for number, part in enumerate(line.parts, start=1):
            name = line.name if number == 1 else f"{line.name}_{number}"
            _add(model, name, pyo.Expression, _bodies(part, columns), indexed=bool(part.index.names))
            total.append(model.component(name))
    model.total_cost = pyo.Objective(expr=pyo.quicksum(pyo.quicksum(part.values()) for part in total))


def _bodies(expr: Expr, columns: list[Any]) -> dict[Any, Any]:
    """The linear expression of each key."""
    order = np.argsort(expr.rows, kind="stable")
    ends = np.cumsum(np.bincount(expr.rows, minlength=len(expr.index))).tolist()
    col, coef = expr.col[order].tolist(), expr.coef[order].tolist()
    constant = [0.0] * len(expr.index) if expr.constant is None else expr.constant.tolist()
    bodies, begin = {}, 0
    for key, end, fixed in zip(_keys(expr.index), ends, constant, strict=True):
        bodies[key] = LinearExpression(constant=fixed, linear_coefs=coef[begin:end],
                                       linear_vars=[columns[j] for j in col[begin:end]])
        begin = end
    return bodies


def _add(model: pyo.ConcreteModel, name: str, kind: Any, bodies: dict[Any, Any], *, indexed: bool) -> None:
    def rule(_: Any, *key: Any) -> Any:
        return bodies[key[0] if len(key) == 1 else key or None]

    if indexed:
        model.add_component(name, kind(list(bodies), rule=rule))
    elif bodies:
        model.add_component(name, kind(rule=rule))
