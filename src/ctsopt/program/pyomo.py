"""The second path: the same program as a Pyomo model, one named component per block, indexed by business keys.

For reading, for other solvers, and for rules that only Pyomo can say. The only module that imports pyomo.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from pyomo.common.gc_manager import PauseGC
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from ctsopt.errors import KeyMismatch
from ctsopt.keys import Floats, Keys
from ctsopt.program.algebra import Expr
from ctsopt.program.program import Arrays, Program, VariableBlock


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
    arrays, matrix = program.arrays, program.matrix()
    start, index, data = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    lower, upper = arrays.row_lower.tolist(), arrays.row_upper.tolist()
    for block in program.rows.values():
        keys = _keys(block.index)
        bodies = {}
        for i, key in enumerate(keys, start=block.start):
            part = slice(start[i], start[i + 1])
            if part.start == part.stop or (math.isinf(lower[i]) and math.isinf(upper[i])):
                continue  # Pyomo knows no row without terms, and none without sides
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
            name = _part_name(line.name, number)
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


def compiled(program: Program, model: pyo.ConcreteModel) -> Arrays:
    """A model made by `to_pyomo`, compiled to arrays in the order of the program's columns and rows.

    Rows without terms, and rows without sides, do not exist in the model; their sides come back as no limit. This is
    how a test (or a user who has added rules to the model) sees what the solver will be given.

    Raises
    ------
    KeyMismatch
        If the model has constraints or variables that the program does not have.
    """
    order = [v for block in program.variables.values() for v in _members(model, block.name, block.index)]
    column = {id(v): j for j, v in enumerate(order)}
    row = {id(member): block.start + i for block in program.rows.values()
           for i, member in enumerate(_members(model, block.name, block.index)) if member is not None}
    form = LinearStandardFormCompiler().write(model, mixed_form=True, column_order=order)
    strange = [v.name for v in form.columns if id(v) not in column]
    strange += [entry.constraint.name for entry in form.rows if id(entry.constraint) not in row]
    if strange:
        raise KeyMismatch(f"the model has {', '.join(strange[:5])}, which the program has not")
    columns = np.array([column[id(v)] for v in form.columns], dtype=np.int64)
    rows = np.array([row[id(entry.constraint)] for entry in form.rows], dtype=np.int64)
    kinds = np.array([entry.bound_type for entry in form.rows], dtype=np.int64)
    sides = {-1: np.full(program.row_count, -np.inf), 1: np.full(program.row_count, np.inf)}
    for kind, side in sides.items():
        here = (kinds == kind) | (kinds == 0)
        side[rows[here]] = np.asarray(form.rhs)[here]
    _, first = np.unique(rows, return_index=True)
    terms = sp.coo_array(form.A.tocsr()[first])
    matrix = sp.csr_array(sp.coo_array((terms.data, (rows[first][terms.row], columns[terms.col])),
                                       shape=(program.row_count, program.columns)))
    cost = np.zeros(program.columns)
    cost[columns] = form.c.toarray()[0]
    ends = np.array([v.bounds for v in order], dtype=np.float64).reshape(-1, 2)  # None becomes NaN: no limit
    return Arrays(matrix, cost, float(form.c_offset[0]), np.where(np.isnan(ends[:, 0]), -np.inf, ends[:, 0]),
                  np.where(np.isnan(ends[:, 1]), np.inf, ends[:, 1]),
                  np.array([v.is_integer() for v in order], dtype=bool), sides[-1], sides[1])


def line_values(program: Program, model: pyo.ConcreteModel, plan: Floats) -> dict[str, float]:
    """The value of each cost line's named expressions in a model made by `to_pyomo`, at a plan."""
    for block in program.variables.values():
        for variable, value in zip(_members(model, block.name, block.index), plan[block.span].tolist(), strict=True):
            variable.set_value(value, skip_validation=True)
    return {name: sum(pyo.value(member) for number in range(1, len(line.parts) + 1)
                      for member in model.component(_part_name(name, number)).values())
            for name, line in program.costs.items()}


def _part_name(line: str, number: int) -> str:
    return line if number == 1 else f"{line}_{number}"


def _members(model: pyo.ConcreteModel, name: str, index: Keys) -> list[Any]:
    """The members of a component in the order of `index`; None where there is none."""
    component = model.component(name)
    return [component[key] if component is not None and key in component else None for key in _keys(index)]
