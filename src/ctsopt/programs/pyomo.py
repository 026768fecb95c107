"""The second path: the same program as a Pyomo model, one named component per block, indexed by business keys.

For reading, for other solvers, and for rules written in Pyomo. Beside this module, `pyomo_rules` and `pyomo_solver`
import pyomo, and nobody else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
import scipy.sparse as sp
from pyomo.common.gc_manager import PauseGC
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from ctsopt.errors import KeyMismatch
from ctsopt.keys import Floats, Keys, Positions
from ctsopt.programs.algebra import Expr
from ctsopt.programs.program import Arrays, Program, VariableBlock


def to_pyomo(program: Program) -> pyo.ConcreteModel:
    """The program as a Pyomo ConcreteModel.

    Every block of variables becomes a `Var`, every family of rows (lazy ones included) a `Constraint`, every cost line
    an `Expression`, each indexed by its business keys; `total_cost` is the objective. The model compiles back to the
    same matrix, sides and costs.

    Names follow those of the program. Variables stand in the model itself, rows in its block `rows`, cost lines in its
    block `costs`, so that a variable, a family of rows and a cost line may have the same name: `model.open["West"]`,
    `model.rows.serve_demand["A", "gold", "box", "year"]`, `model.costs.last_mile`. `doc` of each component lists its
    key columns. A name that Pyomo keeps for itself has an underscore behind it: `model.config_`.

    Returns
    -------
    pyomo.environ.ConcreteModel

    Raises
    ------
    KeyMismatch
        If a block of variables has one of the names of the model's own: `rows`, `costs`, `total_cost`.
    """
    model = pyo.ConcreteModel(name=program.name or "ctsopt")
    taken = [name for name in ("rows", "costs", "total_cost") if name in program.variables]
    if taken:
        raise KeyMismatch(f"variables named {taken[0]} cannot be told from the {taken[0]} of the Pyomo model")
    model.rows, model.costs = pyo.Block(), pyo.Block()
    with PauseGC():
        columns = [v for block in program.variables.values() for v in _variables(model, block)]
        _constraints(model, program, columns)
        _costs(model, program, columns)
    return model


_EMPTY = pyo.ConcreteModel()


def component_name(name: str) -> str:
    """The name of a block in the Pyomo model: with an underscore where a model has an attribute of that name."""
    return f"{name}_" if hasattr(_EMPTY, name) else name


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
    doc = _doc(block.name, block.index)
    component = (pyo.Var(keys, domain=domain, dense=True, doc=doc) if block.index.names
                 else pyo.Var(domain=domain, doc=doc))
    model.add_component(component_name(block.name), component)
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
        _add(model.rows, block.name, pyo.Constraint, bodies, block.index)


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
            _add(model.costs, name, pyo.Expression, _bodies(part, columns), part.index)
            if (expression := model.costs.component(component_name(name))) is not None:
                total.append(expression)
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


def _add(home: Any, name: str, kind: Any, bodies: dict[Any, Any], index: Keys) -> None:
    def rule(_: Any, *key: Any) -> Any:
        return bodies[key[0] if len(key) == 1 else key or None]

    doc = _doc(name, index)
    if index.names:
        home.add_component(component_name(name), kind(list(bodies), rule=rule, doc=doc))
    elif bodies:
        home.add_component(component_name(name), kind(rule=rule, doc=doc))


def _doc(name: str, index: Keys) -> str:
    return f"{name}[{', '.join(index.names)}]" if index.names else name


@dataclass(frozen=True, eq=False)
class Compiled:
    """A model as arrays.

    Attributes
    ----------
    arrays : Arrays
        One column per variable asked for, one row per constraint.
    constraints : list of ConstraintData
        The constraint of each row. Constraints without terms or without sides have no row.
    strange : list of str
        Names of variables in the model that were not asked for; their terms are not in the arrays.
    """

    arrays: Arrays
    constraints: list[Any]
    strange: list[str]


def compiled_model(model: pyo.ConcreteModel, order: list[Any]) -> Compiled:
    """Compile a linear model to arrays over the variables `order`."""
    column = {id(v): j for j, v in enumerate(order)}
    form = LinearStandardFormCompiler().write(model, mixed_form=True, column_order=order)
    columns = np.array([column.get(id(v), -1) for v in form.columns], dtype=np.int64)
    constraints = list({id(entry.constraint): entry.constraint for entry in form.rows}.values())
    row = {id(constraint): i for i, constraint in enumerate(constraints)}
    rows = np.array([row[id(entry.constraint)] for entry in form.rows], dtype=np.int64)
    kinds = np.array([entry.bound_type for entry in form.rows], dtype=np.int64)
    sides = {-1: np.full(len(constraints), -np.inf), 1: np.full(len(constraints), np.inf)}
    for kind, side in sides.items():
        here = (kinds == kind) | (kinds == 0)
        side[rows[here]] = np.asarray(form.rhs)[here]
    _, first = np.unique(rows, return_index=True)  # a constraint with two sides has two entries of the same terms
    terms = sp.coo_array(form.A.tocsr()[first])
    known = columns[terms.col] >= 0
    matrix = sp.csr_array(sp.coo_array(
        (terms.data[known], (rows[first][terms.row[known]], columns[terms.col[known]])),
        shape=(len(constraints), len(order))))
    cost = np.zeros(len(order))
    cost[columns[columns >= 0]] = form.c.toarray()[0][columns >= 0]
    ends = np.array([v.bounds for v in order], dtype=np.float64).reshape(-1, 2)  # None becomes NaN: no limit
    arrays = Arrays(matrix, cost, float(form.c_offset[0]), np.where(np.isnan(ends[:, 0]), -np.inf, ends[:, 0]),
                    np.where(np.isnan(ends[:, 1]), np.inf, ends[:, 1]),
                    np.array([v.is_integer() for v in order], dtype=bool), sides[-1], sides[1])
    return Compiled(arrays, constraints, [v.name for v, j in zip(form.columns, columns, strict=True) if j < 0])


def compiled(program: Program, model: pyo.ConcreteModel) -> Arrays:
    """A model made by `to_pyomo`, compiled to arrays in the order of the program's columns and rows.

    Rows without terms, and rows without sides, do not exist in the model; their sides come back as no limit. This is
    how a test sees what a solver will be given.

    Raises
    ------
    KeyMismatch
        If the model has constraints or variables that the program does not have.
    """
    form = compiled_model(model, variables(program, model))
    row = row_of(program, model)
    strange = form.strange + [c.name for c in form.constraints if id(c) not in row]
    if strange:
        raise KeyMismatch(f"the model has {', '.join(strange[:5])}, which the program has not")
    return in_rows(form.arrays, np.array([row[id(c)] for c in form.constraints], dtype=np.int64), program.row_count)


def in_rows(arrays: Arrays, rows: Positions, count: int) -> Arrays:
    """The same arrays with row i at `rows[i]` of `count`; the others have no terms and no sides."""
    terms = sp.coo_array(arrays.matrix)
    matrix = sp.csr_array(sp.coo_array((terms.data, (rows[terms.row], terms.col)),
                                       shape=(count, arrays.matrix.shape[1])))
    lower, upper = np.full(count, -np.inf), np.full(count, np.inf)
    lower[rows], upper[rows] = arrays.row_lower, arrays.row_upper
    return replace(arrays, matrix=matrix, row_lower=lower, row_upper=upper)


def variables(program: Program, model: pyo.ConcreteModel) -> list[Any]:
    """The variables of a model made by `to_pyomo`, in the order of the program's columns."""
    return [v for block in program.variables.values() for v in _members(model, block.name, block.index)]


def leave_out(program: Program, model: pyo.ConcreteModel) -> None:
    """Fix the variables of a model made by `to_pyomo` that the program leaves out: no solver is given them."""
    if program.left_out is not None:
        columns = variables(program, model)
        for j in np.flatnonzero(program.left_out).tolist():
            columns[j].fix(0.0)


def row_of(program: Program, model: pyo.ConcreteModel) -> dict[int, int]:
    """Row of the program for the id of each constraint of a model made by `to_pyomo`."""
    return {id(member): block.start + i for block in program.rows.values()
            for i, member in enumerate(_members(model.rows, block.name, block.index)) if member is not None}


def line_values(program: Program, model: pyo.ConcreteModel, plan: Floats) -> dict[str, float]:
    """The value of each cost line's named expressions in a model made by `to_pyomo`, at a plan."""
    for variable, value in zip(variables(program, model), plan.tolist(), strict=True):
        variable.set_value(value, skip_validation=True)
    parts = {name: [model.costs.component(component_name(_part_name(name, number)))
                    for number in range(1, len(line.parts) + 1)] for name, line in program.costs.items()}
    return {name: sum(pyo.value(member) for part in line if part is not None for member in part.values())
            for name, line in parts.items()}


def _part_name(line: str, number: int) -> str:
    return line if number == 1 else f"{line}_{number}"


def _members(home: Any, name: str, index: Keys) -> list[Any]:
    """The members of a component in the order of `index`; None where there is none."""
    component = home.component(component_name(name))
    return [component[key] if component is not None and key in component else None for key in _keys(index)]
